"""The nodes of a YAML document: what is written, how and where; what it means is decided by who reads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Self

_FEW: Final = 32
_ALIAS: Final = re.compile(r"\s*\*[^\s,\[\]{}]+")
COMMENT: Final = re.compile(r"(?:^|(?<=[ \t\r\n]))#[^\r\n]*")
_BLOCK_HEADER: Final = re.compile(r"[|>][-+0-9]*")
_PROPERTIES: Final = re.compile(r"(?:[&!]\S*(?:[ \t\r\n]|(?<=[ \t\r\n])#[^\r\n]*)+)*")
"""Anchors and tags, and the comments that may stand between them and their value."""
# What the rest of a document may have to do with: anchors, aliases, tabs, and scalars that end with the blank
# lines behind them. Behind letters and the like a plain scalar goes on, and no anchor or alias begins; nor is
# there one without a name.
_NOT_ALONE: Final = re.compile(r"[&*](?<![\w=/.-][&*])(?=\S)|\t|[|>][0-9]*\+")
_LINE_END: Final = r"[ \t]*(?:(?<![^ \t\n])#[^\n]*|\r?)\n"
# Comments and fields of one word, so that no bracket, quote or scalar is open behind them any more;
# then `metadata` with all lines that are indented below it.
_METADATA: Final = re.compile(
    rf"(?:(?:---|[a-zA-Z]+: +[a-zA-Z0-9][\w./-]*)?{_LINE_END})*"
    rf"(metadata:{_LINE_END}(?:[ ][^\n]*\n|\r?\n)++)(?=[^\s#]|\Z)"
)


class Node:
    """A value as it stands in a text.

    Attributes:
        value: of a scalar its text, of a list its items, of a mapping its keys and values in pairs; an alias
            is the node of its anchor.
        tag: the tag that is written before it, else empty.
        start: the offset of its first character, anchor and tag included.
        end: the offset behind its last one; comments and line ends behind it are no part of it.
        is_flow: whether it is a collection in brackets.
    """

    __slots__ = ("end", "start", "tag", "value")

    value: Any
    tag: str
    start: int
    end: int
    is_flow: bool


class ScalarNode(Node):
    """A text, a number or the like.

    Attributes:
        style: empty for a plain one, else the quote or the `|` or `>` that it begins with.
    """

    __slots__ = ("style",)

    value: str
    style: str
    is_flow = False

    def __init__(self, value: str, style: str, start: int, end: int, tag: str = "") -> None:
        self.value = value
        self.style = style
        self.start = start
        self.end = end
        self.tag = tag


class _Collection(Node):
    """A node that holds others; what these are may be read only once somebody asks for them."""

    __slots__ = ("is_flow", "read")

    read: Callable[[int, int], Any]

    def __init__(self, value: Any, start: int, end: int, *, is_flow: bool = False, tag: str = "") -> None:
        self.value = value
        self.start = start
        self.end = end
        self.is_flow = is_flow
        self.tag = tag

    @classmethod
    def unread(cls, start: int, end: int, read: Callable[[int, int], Any]) -> Self:
        """Gives a collection in block style of which only the place is known.

        Args:
            read: gives what it holds, by its begin and its end.
        """
        node = cls.__new__(cls)
        node.start, node.end, node.is_flow, node.tag, node.read = start, end, False, "", read
        return node

    def __getattr__(self, name: str) -> Any:
        """Reads what it holds, which is asked for here where it is not known yet."""
        if name != "value":
            raise AttributeError(name)
        self.value = self.read(self.start, self.end)
        return self.value


class SequenceNode(_Collection):
    """A list."""

    __slots__ = ()

    value: list[Node]


class MappingNode(_Collection):
    """A mapping."""

    __slots__ = ("_found",)

    value: list[tuple[Any, Node]]
    _found: dict[str, tuple[Any, Node]]

    def find(self, key: str) -> tuple[Any, Node] | None:
        """Gives the first key that is written so, and its value."""
        if len(self.value) <= _FEW:
            for pair in self.value:
                if pair[0].value == key:
                    return pair
            return None
        if not hasattr(self, "_found"):
            # Each of many keys may be looked up once.
            self._found = {str(pair[0].value): pair for pair in reversed(self.value)}
        return self._found.get(key)


class CannotEdit(ValueError):
    """A text is written in a form that cannot be edited without writing it anew; says which."""


def scalar_span(text: str, node: ScalarNode) -> tuple[int, int]:
    """Gives where a scalar begins, behind its properties, and where it ends; a block counts up to its header.

    >>> from fluxv2_migrate.yaml_text import read_document
    >>> scalar_span("!!str 1", read_document("!!str 1")[0])
    (6, 7)
    """
    start, end = node.start, node.end
    properties = _PROPERTIES.match(text, start) if text[start] in "&!" else None
    content = start if properties is None else properties.end()
    header = _BLOCK_HEADER.match(text, content) if node.style in ("|", ">") else None
    return content, end if header is None else header.end()


def line_start(text: str, index: int) -> int:
    """Gives the offset of the first character of the line that an offset is in."""
    return text.rfind("\n", 0, index) + 1


def line_of(text: str, index: int) -> int:
    """Gives the line that an offset is in, counted from 0."""
    return text.count("\n", 0, index)


def column_of(text: str, index: int) -> int:
    """Gives how many characters stand before an offset on its line."""
    return index - line_start(text, index)


def line_end(text: str, index: int) -> int:
    """Gives the offset behind the line's end that an offset comes before."""
    end = text.find("\n", index)
    return len(text) if end < 0 else end + 1


def colon_end(text: str, key: Node) -> int:
    """Gives the offset behind the colon of a key."""
    end = key.end
    colon = text.find(":", end)
    start = key.start
    before = text[line_start(text, start) : start].rstrip(" ")
    if colon < 0 or text[end:colon].strip() or before.endswith("?"):
        raise CannotEdit("a key that is written in the explicit form (`? key`)")
    return colon + 1


def is_alias(key: Node, value: Node) -> bool:
    """Gives whether the value of a key is an alias."""
    # An alias is composed as its anchor's node, which stands before the key.
    return bool(value.start < key.end)


def content_end(text: str, key: Node | None, node: Node, colon: int | None = None) -> int:
    """Gives the offset behind the last character of a value, without comments and line ends behind it."""
    if key is not None and is_alias(key, node):
        match = _ALIAS.match(text, colon or colon_end(text, key))
        if match is None:
            raise CannotEdit("an alias that cannot be found")
        return match.end()
    return node.end


def deeper_comments(gap: str, indent: int) -> int:
    """Gives the length of the lines at the beginning of a gap that belong to the entry above it."""
    length = position = 0
    for row in gap.splitlines(keepends=True):
        position += len(row)
        content = row.strip()
        if not content:
            continue
        if not content.startswith("#") or len(row) - len(row.lstrip(" ")) <= indent:
            break
        length = position
    return length


def scalar_spans(text: str, node: Node) -> Iterator[tuple[int, int]]:
    """Gives the offsets around each scalar of a value, keys included."""
    if isinstance(node, ScalarNode):
        yield node.start, content_end(text, None, node)
        return
    for child in node.value if isinstance(node, SequenceNode) else [n for pair in node.value for n in pair]:
        yield from scalar_spans(text, child)


def comments_in(text: str, scalars: Iterable[tuple[int, int]]) -> list[str]:
    """Gives the comments of a text; what is between the offsets of scalars is none."""
    if "#" not in text:
        return []
    for start, end in scalars:
        if 0 <= start < end <= len(text):
            # Of the same length and without a `#`, so that only comments are left to be found.
            text = text[:start] + "x" * (end - start) + text[end:]
    return [match.group().rstrip() for match in COMMENT.finditer(text)]


def reindent(text: str, delta: int, *, rest_only: bool = False) -> str:
    """Gives lines with more blanks before them, or with fewer."""
    rows = text.splitlines(keepends=True)
    result: list[str] = []
    for index, row in enumerate(rows):
        if (rest_only and index == 0) or not row.strip():
            result.append(row)
        elif delta >= 0:
            result.append(" " * delta + row)
        else:
            blanks = len(row) - len(row.lstrip(" "))
            if blanks < -delta and not row.lstrip().startswith("#"):
                raise CannotEdit("a value that is indented less than its key")
            result.append(row[min(blanks, -delta) :])
    return "".join(result)


def stands_alone(text: str) -> bool:
    """Gives whether the meaning of lines has nothing to do with the text around them.

    Args:
        text: whole lines that are indented deeper than what follows them.
    """
    # Hardly a value has one of the characters, and to look for one of them is faster than the pattern.
    return not any(mark in text for mark in "&*\t|>") or not _NOT_ALONE.search(text)


def metadata_span(text: str) -> tuple[int, int] | None:
    r"""Gives begin and end of the entry `metadata` of an object, where it can be read on its own.

    Returns:
        Its offsets; nothing where the text is not written as almost all are.

    >>> text = "kind: Service\nmetadata:\n  name: web\nspec: {}\n"
    >>> start, end = metadata_span(text)
    >>> text[start:end]
    'metadata:\n  name: web\n'
    """
    found = _METADATA.match(text)
    return found.span(1) if found is not None and stands_alone(found[1]) else None
