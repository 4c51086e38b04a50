"""The text of a file once the image updater has written values behind its markers.

Source: image-automation-controller 1.2.0 `internal/update/setters.go`.
"""

from __future__ import annotations

from collections.abc import Callable

from fluxv2_migrate.flux2.markers import Marker, placed_markers
from fluxv2_migrate.flux2.updater_scalars import gets_quotes, written_block, written_value


def with_marked_values(text: str, value_of: Callable[[Marker], str | None]) -> str:
    r"""Gives a text with other values in the fields that are marked; nothing else changes.

    Args:
        value_of: gives what is written for a marker, or nothing where its field stays.

    >>> text = 'image: a:1 # {"$imagepolicy": "flux-system:a"}\n'
    >>> with_marked_values(text, lambda marker: "a:2" if marker.policy == "a" else None)
    'image: a:2 # {"$imagepolicy": "flux-system:a"}\n'
    """
    placed = [
        (scalar, value)
        for marker, scalar in placed_markers(text)
        if scalar is not None and (value := value_of(marker)) is not None
    ]
    if all(scalar.value == value for scalar, value in placed):
        return text
    parts: list[str] = []
    position = 0
    for scalar, value in sorted(placed, key=lambda each: each[0].start):
        if scalar.value == value and not gets_quotes(scalar, value):
            continue
        if scalar.style in ("|", ">"):
            start, end = scalar.start, scalar.block_end
            written = written_block(scalar, value, text[scalar.end : end])
        else:
            written, start, end = written_value(scalar, value), scalar.start, scalar.end
        parts += [text[position:start], written]
        position = end
    return "".join(parts) + text[position:]
