"""A scanner of YAML as people write it: fast, and it says so where it does not know for certain.

What it gives is what a whole parser gives: the same tree, styles and offsets. It reads block collections,
scalars, block scalars and collections in brackets; all else is for the parser.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from fluxv2_migrate.yaml_text.large_parts import NO_PARTS, Parts
from fluxv2_migrate.yaml_text.lines import (
    DEEPEST,
    LINE,
    LONGEST_KEY,
    STYLES,
    Unsure,
    begin_of,
    behind,
    block_scalar,
    certain_begin,
    flow_document,
    flow_value,
    go_on,
    unquoted,
)
from fluxv2_migrate.yaml_text.nodes import MappingNode, Node, ScalarNode, SequenceNode


def scan(text: str) -> Node | None:
    r"""Gives the root node of the one document in a text.

    Returns:
        The root node, or `None` for a document without content.

    Raises:
        Unsure: a parser has to read it, and to say whether it is YAML.

    >>> scan("a: 1 # one\n").value[0][1].end
    4
    """
    position = certain_begin(text)
    return None if position is None else _Document(text, position).root()


def scan_outline(text: str, parts: Parts) -> Node | None:
    r"""Gives what `scan` gives, and reads large collections only once somebody asks for what they hold.

    Args:
        text: that was read before.
        parts: its large collections.

    >>> text = "a:\n  b: " + 500 * "c" + "\nd: 1\n"
    >>> root = scan_outline(text, {5: (508, MappingNode)})
    >>> root.value[1][1].value, root.value[0][1].end, root.value[0][1].value[0][0].value
    ('1', 508, 'b')
    """
    return _Document(text, begin_of(text), parts).root()


def content_start(text: str) -> int | None:
    r"""Gives the offset of the root node of a document, if that is certain without reading it.

    >>> content_start("# ours\na: 1\n"), content_start("- a\n")
    (7, None)
    """
    position = begin_of(text)
    first = text[position : position + 1]
    # Before other characters there may be an anchor or a tag, or nothing at all.
    return position if first.isascii() and first.isalpha() else None


class _Document:
    """Reads one document, line by line; what each line needs stands in one loop, since a call costs time."""

    __slots__ = (
        "_children",
        "_column",
        "_end",
        "_in_mapping",
        "_key",
        "_limit",
        "_node",
        "_parts",
        "_position",
        "_stack",
        "_text",
        "_waits",
    )

    def __init__(self, text: str, position: int, parts: Parts = NO_PARTS, limit: int | None = None) -> None:
        self._text = text
        self._position = position
        self._parts = parts
        self._limit = len(text) if limit is None else limit
        # The innermost open block collection with its column and its children, and those around it. The first
        # one is no collection: the document's value is its child.
        self._node: SequenceNode | MappingNode = SequenceNode([], position, position)
        self._column = -1
        self._children: list[Any] = self._node.value
        self._in_mapping = False
        self._stack: list[tuple[SequenceNode | MappingNode, int, list[Any], bool]] = []
        # Whether the last key or dash has its value on lines below, and which key; where the content ended.
        self._waits = True
        self._key: ScalarNode | None = None
        self._end = position

    def root(self) -> Node:
        """Gives the document's value."""
        text, position = self._text, self._position
        length, parts = self._limit, self._parts
        if text.startswith(("{", "["), position):
            return flow_document(text, position)
        match_line = LINE.match
        while position < length:
            found = match_line(text, position)
            if found is None:
                position = self._go_on()
                continue
            blanks, dashes, key, value = found.groups()
            column = len(blanks)
            begin = position + column
            self._position = found.end()
            if dashes or column != self._column or self._waits or not (column and self._in_mapping):
                if column > self._column and (not self._waits or (key is None and not dashes)):
                    position = self._below(value, begin)
                    continue
                if begin in parts and self._stack:
                    position = self._leave_out(begin)
                    continue
                self._place(begin, column, dashes)
                if dashes:
                    begin = self._itemize(begin, column, dashes, key, value)
            if key is not None:
                stop = begin + len(key)
                if stop - begin > LONGEST_KEY:
                    raise Unsure
                style = key[0]
                if style in "\"'":
                    name = ScalarNode(unquoted(key, style), style, begin, stop)
                else:
                    name = ScalarNode(key, "", begin, stop)
                if value is None:
                    self._waits, self._key, self._end = True, name, text.index(":", stop) + 1
                else:
                    self._children.append((name, self._value(value, found.start(4))))
            elif not dashes:
                raise Unsure
            elif value is not None:
                self._children.append(self._value(value, found.start(4)))
            position = self._position
        return self._at_the_end()

    def _leave_out(self, begin: int) -> int:
        """Adds a collection without reading it; gives where the next line with content begins."""
        end, kind = self._parts[begin]
        node = kind.unread(begin, end, partial(_part, self._text, self._parts))
        self._children.append((self._key, node))
        self._waits, self._key, self._end = False, None, end
        return behind(self._text, end)

    def _at_the_end(self) -> Node:
        """Closes all that is open, and gives the document's value."""
        if self._waits:
            self._add_empty()
        while self._stack:
            self._close()
        root: Node = self._children[0]
        return root

    def _place(self, begin: int, column: int, dashes: str) -> None:
        """Makes the collection that a line belongs to the innermost one."""
        if not column and self._text.startswith(("---", "..."), begin):
            raise Unsure
        if self._waits:
            if column > self._column or (dashes and self._in_mapping and column == self._column):
                self._open(
                    SequenceNode([], begin, begin) if dashes else MappingNode([], begin, begin), column
                )
                return
            self._add_empty()
        while column < self._column:
            self._close()
        if not dashes and not self._in_mapping:
            # The dashes of a list stand below its key's first letter.
            self._close()
        if column != self._column or self._in_mapping is bool(dashes):
            raise Unsure

    def _open(self, node: SequenceNode | MappingNode, column: int) -> None:
        if len(self._stack) > DEEPEST:
            raise Unsure
        self._children.append((self._key, node) if self._in_mapping else node)
        self._stack.append((self._node, self._column, self._children, self._in_mapping))
        self._node, self._column, self._children = node, column, node.value
        self._in_mapping = node.__class__ is MappingNode
        self._waits, self._key = False, None

    def _close(self) -> None:
        if not self._stack:
            raise Unsure
        self._node.end = self._end
        self._node, self._column, self._children, self._in_mapping = self._stack.pop()

    def _add_empty(self) -> None:
        empty = ScalarNode("", "", self._end, self._end)
        self._children.append((self._key, empty) if self._in_mapping else empty)
        self._waits, self._key = False, None

    def _itemize(self, begin: int, column: int, dashes: str, key: str | None, value: str | None) -> int:
        """Opens what the dashes of a line say, and gives the offset behind them."""
        last = 0
        while (following := dashes.find("-", last + 1)) > 0:
            last = following
            self._open(SequenceNode([], begin + last, begin + last), column + last)
        start = begin + len(dashes)
        if key is not None:
            self._open(MappingNode([], start, start), column + len(dashes))
        elif value is None:
            self._waits, self._key, self._end = True, None, begin + last + 1
        return start

    def _value(self, value: str, begin: int) -> Node:
        """Gives a value that begins on its key's line."""
        style = value[0]
        end = begin + len(value)
        self._waits, self._key = False, None
        if style not in STYLES:
            self._end = end
            return ScalarNode(value, "", begin, end)
        if style in "\"'":
            self._end = end
            return ScalarNode(unquoted(value, style), style, begin, end)
        if style in "|>":
            scalar, self._position = block_scalar(self._text, value, begin, self._column)
            self._end = scalar.end
            return scalar
        node = flow_value(self._text, begin)
        self._end, self._position = node.end, behind(self._text, node.end)
        return node

    def _below(self, value: str | None, begin: int) -> int:
        """Adds a line that is indented more; gives where the next line with content begins."""
        return self._value_below(value, begin) if self._waits else self._go_on()

    def _value_below(self, value: str | None, begin: int) -> int:
        """Adds a value that stands on a line of its own; gives where the next line with content begins."""
        if value is None or not self._stack or value[0] in "|>":
            raise Unsure
        key = self._key
        node = self._value(value, begin)
        self._children.append((key, node) if self._in_mapping else node)
        return self._position

    def _go_on(self) -> int:
        """Adds lines to the plain scalar above them; gives where the next line with content begins."""
        last = self._children[-1] if self._children and not self._waits else None
        scalar = last[1] if isinstance(last, tuple) else last
        if not isinstance(scalar, ScalarNode) or scalar.style or not scalar.value:
            raise Unsure
        scalar.value, scalar.end = go_on(self._text, scalar.value, scalar.end, self._column)
        self._end = scalar.end
        return behind(self._text, scalar.end)


def _part(text: str, parts: Parts, start: int, end: int) -> Any:
    """Gives what a collection holds that was left out."""
    return _Document(text, text.rfind("\n", 0, start) + 1, parts, end).root().value
