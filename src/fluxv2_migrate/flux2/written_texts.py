"""The text of a file once the image updater has written values behind its markers.

Source: image-automation-controller 1.2.0 `internal/update/setters.go`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from typing import Final

from fluxv2_migrate.flux2.markers import Marker, placed_markers
from fluxv2_migrate.flux2.updater_scalars import gets_quotes, written_block, written_value
from fluxv2_migrate.yaml_text import BYTE_ORDER_MARK, read_nodes, split_documents
from fluxv2_migrate.yaml_text.composer import scalars_of
from fluxv2_migrate.yaml_text.folded import folded_again, folded_by_kustomize

_TABS: Final = re.compile(r" *\t[ \t]*(?=#)")
_FOLDED: Final = re.compile(r"\s>[-+1-9]*[ \t]*(?:#[^\n]*)?\r?\n")


def with_marked_values(text: str, value_of: Callable[[Marker], str | None]) -> str:
    r"""Gives a text with other values in the fields that are marked.

    Nothing else changes but texts behind `>`, to some of which the updater adds lines whenever it writes.

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
    edits = [*_folded_again(text, {scalar.start for scalar, _ in placed})]
    for scalar, value in placed:
        if scalar.value == value and not gets_quotes(scalar, value):
            continue
        if scalar.style in ("|", ">"):
            start, end = scalar.start, scalar.block_end
            written = written_block(scalar, value, text[scalar.end : end])
        else:
            written, start, end = written_value(scalar, value), scalar.start, scalar.end
        # Before the comment it writes one blank.
        tabs = _TABS.match(text, end)
        edits.append((start, end, written) if tabs is None else (start, tabs.end(), f"{written} "))
    parts: list[str] = []
    position = 0
    for start, end, written in sorted(edits):
        parts += [text[position:start], written]
        position = end
    return "".join(parts) + text[position:]


def _folded_again(text: str, marked: Collection[int]) -> Iterator[tuple[int, int, str]]:
    """Gives where texts behind `>` stand that say something else once the updater has written them."""
    if _FOLDED.search(text) is None:
        return
    start = len(text) - len(text.removeprefix(BYTE_ORDER_MARK))
    for span in split_documents(text[start:]):
        # The updater has read all of them.
        for node in scalars_of(read_nodes(text[start + span.start : start + span.end])):
            if node.style == ">" and folded_by_kustomize(node.value) != node.value:
                begin, end = (start + span.start + each for each in (node.start, node.end))
                if not any(begin <= each < end for each in marked):
                    yield begin, end, folded_again(text[begin:end], node.value)
