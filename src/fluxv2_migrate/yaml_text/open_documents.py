"""A document that is edited in many places: it is read before the first edit and after the last one."""

from __future__ import annotations

import json
import re
from bisect import bisect_left, insort
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeAlias

from fluxv2_migrate.yaml_text.composer import read_document
from fluxv2_migrate.yaml_text.edits import read_again, splice
from fluxv2_migrate.yaml_text.emitter import Style, detect_style, emit_scalar
from fluxv2_migrate.yaml_text.field_paths import entry_at, value_in
from fluxv2_migrate.yaml_text.nodes import CannotEdit, Node, ScalarNode, line_end, line_start

_HEADER: Final = re.compile(r"[|>]([+-]?[1-9]?[+-]?)([ \t]*(?:#[^\r\n]*)?)\r?\n")


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
    """Gives a document in which one part is edited."""
    document = OpenDocument(text)
    document.put(edit(document))
    return document.written()


def replace_text(text: str, path: tuple[str | int, ...], value: str) -> str:
    r"""Gives a document in which a field has another text; a block of lines stays one.

    Args:
        value: the new one; how its last line ends is that of the old one.

    >>> print(replace_text("patch: |-\n  a: 1\n  b: 2\nc: 3\n", ("patch",), "a: 9\nd:\n  e: 1"), end="")
    patch: |-
      a: 9
      d:
        e: 1
    c: 3
    """
    return edit_part(text, lambda document: text_part(document, path, value))


def text_part(document: OpenDocument, path: tuple[str | int, ...], value: str) -> Part:
    """Gives the part of a document in which a field has another text, as `replace_text` writes it."""
    node = entry_at(document.root, path)[1]
    old = value_in(document.value, path)
    if not isinstance(node, ScalarNode) or not isinstance(old, str):
        raise CannotEdit("a patch that is no text")
    value = value.rstrip("\n") + old[len(old.rstrip("\n")) :]
    if node.style in ("|", ">"):
        piece = _in_block(document, node, value)
    else:
        written = json.dumps(value, ensure_ascii=False) if node.style == '"' else emit_scalar(value)
        if node.style == "'" and "\n" not in value:
            written = "'" + value.replace("'", "''") + "'"
        piece = (node.start, node.end, written)
    return Part((piece,), path, value)


def _in_block(document: OpenDocument, node: ScalarNode, value: str) -> tuple[int, int, str]:
    text, newline = document.text, document.style.newline
    bar = text.index(node.style, node.start)
    header = _HEADER.match(text, bar)
    if header is None or any(each.isdigit() for each in header[1]):
        raise CannotEdit("a block of text with an unusual beginning")
    start = end = header.end()
    indent = 0
    while end < len(text):
        line = text[end : line_end(text, end)]
        blanks = len(line) - len(line.lstrip(" "))
        if line.strip():
            if not indent:
                indent = blanks
            if blanks < indent:
                break
        end += len(line)
    while end > start and not text[line_start(text, end - 1) : end].strip():
        end = line_start(text, end - 1)
    chomping = "".join(each for each in header[1] if each in "+-")
    lines = value.rstrip("\n").split("\n")
    body = "".join(f"{' ' * indent}{line}{newline}" if line else newline for line in lines)
    if not text.endswith("\n", 0, end):
        body = body.removesuffix(newline)
    return bar, end, f"|{chomping}{header[2]}{newline}{body}"
