"""A document that is edited in many places: it is read before the first edit and after the last one."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from fluxv2_migrate.yaml_text.composer import read_document
from fluxv2_migrate.yaml_text.edits import read_again, splice
from fluxv2_migrate.yaml_text.emitter import Style, detect_style
from fluxv2_migrate.yaml_text.field_paths import value_in
from fluxv2_migrate.yaml_text.nodes import Node


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a document as it becomes.

    Attributes:
        pieces: begin, end and what comes there.
        path: of the value that is another one then.
        value: that one.
    """

    pieces: tuple[tuple[int, int, str], ...]
    path: tuple[str | int, ...]
    value: Any


@dataclass
class OpenDocument:
    """A document on its way.

    Attributes:
        text: as it was.
        root: its nodes, which are those of that text.
        value: what it means by now.
    """

    text: str
    root: Node | None = field(init=False)
    value: Any = field(init=False)
    _pieces: list[tuple[int, int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.root, self.value = read_document(self.text)

    @cached_property
    def style(self) -> Style:
        """The style of the text."""
        return detect_style(self.text)

    def takes(self, part: Part) -> bool:
        """Gives whether nothing was written yet where a part stands."""
        return all(self._is_free(start, end) for start, end, _ in part.pieces)

    def _is_free(self, start: int, end: int) -> bool:
        index = bisect_left(self._pieces, (start,))
        is_apart = index == 0 or self._pieces[index - 1][1] <= start
        following = self._pieces[index][0] if index < len(self._pieces) else None
        return is_apart and (following is None or (following >= end and following != start))

    def put(self, part: Part) -> bool:
        """Puts a part into its place, and gives whether it is another one than it was."""
        for piece in part.pieces:
            insort(self._pieces, piece)
        if part.path:
            # What was read here is nobody else's.
            value_in(self.value, part.path[:-1])[part.path[-1]] = part.value
        else:
            self.value = part.value
        return any(self.text[start:end] != written for start, end, written in part.pieces)

    def written(self) -> str:
        """Gives the text with all that was put into it.

        Raises:
            CannotEdit: it would not mean what was decided.
        """
        return read_again(splice(self.text, self._pieces), self.value)


PartEdit: TypeAlias = Callable[[OpenDocument], Part]
"""Gives what a part of a document becomes; raises `CannotEdit` where that is not safe."""


def edit_part(text: str, edit: PartEdit) -> str:
    """Gives a document in which one part is edited.

    Args:
        text: one document, without byte order mark.

    Raises:
        CannotEdit: the text is written in a form in which this is not safe.
    """
    document = OpenDocument(text)
    document.put(edit(document))
    return document.written()
