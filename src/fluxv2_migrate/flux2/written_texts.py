"""The text of a file once the image updater has written values behind its markers.

Source: image-automation-controller 1.2.0 `internal/update/setters.go`.
"""

from __future__ import annotations

from collections.abc import Callable

from fluxv2_migrate.flux2.markers import Marker, placed_markers
from fluxv2_migrate.flux2.updater_scalars import written_value


def with_marked_values(text: str, value_of: Callable[[Marker], str | None]) -> str:
    r"""Gives a text with other values in the fields that are marked; nothing else changes.

    Args:
        value_of: gives what is written for a marker, or nothing where its field stays.

    >>> text = 'image: a:1 # {"$imagepolicy": "flux-system:a"}\n'
    >>> with_marked_values(text, lambda marker: "a:2" if marker.policy == "a" else None)
    'image: a:2 # {"$imagepolicy": "flux-system:a"}\n'
    """
    parts: list[str] = []
    position = 0
    for marker, scalar in sorted(
        ((marker, scalar) for marker, scalar in placed_markers(text) if scalar is not None),
        key=lambda each: each[1].start,
    ):
        value = value_of(marker)
        if value is None or value == scalar.value:
            continue
        if scalar.style in ("|", ">"):
            body = text[scalar.end : scalar.block_end]
            header, _, rest = body.partition("\n")
            blanks = rest[: len(rest) - len(rest.lstrip(" "))]
            written = f"{header}\n{blanks}{value}" + ("\n" if body.endswith("\n") else "")
            start, end = scalar.end, scalar.block_end
        else:
            written, start, end = written_value(scalar, value), scalar.start, scalar.end
        parts += [text[position:start], written]
        position = end
    return "".join(parts) + text[position:]
