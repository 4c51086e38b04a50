"""What YAML as people write it means, read without nodes: most documents are never edited.

It reads what the scanner of nodes reads, in half the time, and gives up where that does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from fluxv2_migrate.yaml_text.folded import folded_by_kustomize
from fluxv2_migrate.yaml_text.large_parts import LARGE, LEVELS, NO_PARTS, KnownPart, KnownParts, Parts
from fluxv2_migrate.yaml_text.lines import (
    DEEPEST,
    LINE,
    LONGEST_KEY,
    STYLES,
    Unsure,
    behind,
    block_scalar,
    certain_begin,
    flow_document,
    flow_value,
    go_on,
    unquoted,
)
from fluxv2_migrate.yaml_text.nodes import MappingNode, Node, SequenceNode

_Line: TypeAlias = re.Match[str] | None
"""A line of the document; nothing where it has no more lines."""


def scan_value(
    text: str,
    plain: Callable[[str], Any],
    plain_key: Callable[[str], str],
    of_flow: Callable[[Node], Any],
    known: KnownParts | None = None,
) -> tuple[Any, Parts]:
    r"""Gives the value of the one document in a text, and its large collections near the root.

    Args:
        plain: what a scalar without quotes means to the reader whose value is asked for.
        plain_key: what a key without quotes is to it.
        of_flow: the value of a collection in brackets.
        known: what the reader knows of large collections in other texts, and gets to know of those in this.

    Raises:
        Unsure: its nodes have to be read, and to say what is wrong with it.

    >>> scan_value("a: 1 # one\n", int, str, str)[0]
    {'a': 1}
    """
    position = certain_begin(text)
    if position is None:
        return None, NO_PARTS
    if text.startswith(("{", "["), position):
        return of_flow(flow_document(text, position)), NO_PARTS
    document = _Document(text, plain, plain_key, of_flow, known)
    return document.value(position), document.parts or NO_PARTS


class _Document:
    """Reads one document; what each line needs stands in one loop, since a call costs time.

    Attributes:
        parts: its large collections near the root.
    """

    __slots__ = ("_end", "_known", "_last", "_of_flow", "_plain", "_plain_key", "_text", "parts")

    def __init__(
        self,
        text: str,
        plain: Callable[[str], Any],
        plain_key: Callable[[str], str],
        of_flow: Callable[[Node], Any],
        known: KnownParts | None,
    ) -> None:
        self._text = text
        self._known = known
        self._plain = plain
        self._plain_key = plain_key
        self._of_flow = of_flow
        # Where the content of what was read last ends: with the value of a line, or there.
        self._last: re.Match[str] | None = None
        self._end = 0
        self.parts: dict[int, tuple[int, type[SequenceNode] | type[MappingNode]]] = {}

    def value(self, position: int) -> Any:
        """Gives the document's value, whose first line begins at a position."""
        line = self._line(position)
        if line is None or not (line[2] or line[3]) or self._is_marker(position):
            raise Unsure
        blanks, dashes, key, value = line.groups()
        read: Any
        if dashes:
            read, following = self._list(line, len(blanks), dashes, 0)
        else:
            read, following = self._mapping(line, key, value, len(blanks), 0, True)
        if following is not None:
            raise Unsure
        return read

    def _line(self, position: int) -> _Line:
        """Gives the line that begins there."""
        if position >= len(self._text):
            return None
        line = LINE.match(self._text, position)
        if line is None:
            raise Unsure
        return line

    def _is_marker(self, position: int) -> bool:
        return self._text.startswith(("---", "..."), position)

    def _mapping(
        self,
        line: re.Match[str],
        key: str | None,
        value: str | None,
        column: int,
        depth: int,
        is_near: bool,
    ) -> tuple[dict[str, Any], _Line]:
        """Gives a mapping whose first key and value stand in a line, and the line behind it."""
        text, plain, plain_key = self._text, self._plain, self._plain_key
        length, match_line = len(text), LINE.match
        if depth > DEEPEST:
            raise Unsure
        made: dict[str, Any] = {}
        while True:
            if key is None:
                raise Unsure
            name = plain_key(key) if key[0] not in "\"'" else unquoted(key, key[0])
            if name in made or key == "<<" or len(key) > LONGEST_KEY:
                raise Unsure
            if value is None:
                made[name], following = self._below(line, column, depth, is_near, in_mapping=True)
            elif value[0] in STYLES:
                made[name], following = self._styled(line, value, column)
            else:
                position = line.end()
                following = match_line(text, position) if position < length else None
                if following is not None and following.end(1) <= position + column:
                    made[name] = plain(value)
                    self._last = line
                else:
                    made[name], following = self._plain_value(line, value, column)
            if following is None:
                return made, None
            blanks, dashes, key, value = following.groups()
            inside = len(blanks)
            if inside < column or dashes:
                return made, following
            if inside > column or (not column and self._is_marker(following.start())):
                raise Unsure
            line = following

    def _list(self, line: re.Match[str], column: int, dashes: str, depth: int) -> tuple[list[Any], _Line]:
        """Gives a list of which the first item stands behind dashes in a line, and the line behind it."""
        if depth > DEEPEST:
            raise Unsure
        made: list[Any] = []
        while True:
            _, _, key, value = line.groups()
            inner = dashes.find("-", 1)
            item: Any
            if inner > 0:
                item, following = self._list(line, column + inner, dashes[inner:], depth + 1)
            elif key is not None:
                item, following = self._mapping(line, key, value, column + len(dashes), depth + 1, False)
            elif value is None:
                item, following = self._below(line, column, depth, False, in_mapping=False)
            elif value[0] in STYLES:
                item, following = self._styled(line, value, column)
            else:
                item, following = self._plain_value(line, value, column)
            made.append(item)
            if following is None or (inside := len(following[1])) < column or not following[2]:
                return made, following
            if inside > column:
                raise Unsure
            line, dashes = following, following[2]

    def _below(
        self, line: re.Match[str], column: int, depth: int, is_near: bool, *, in_mapping: bool
    ) -> tuple[Any, _Line]:
        """Gives a value of which nothing stands in the line of its key or dash, and the line behind it."""
        first = self._line(line.end())
        if first is None:
            return self._nothing(line, column, in_mapping), None
        blanks, dashes, key, value = first.groups()
        inside = len(blanks)
        # The dashes of a list may stand below the first letter of its key.
        if inside < column or (inside == column and not (in_mapping and dashes)):
            return self._nothing(line, column, in_mapping), first
        is_near = is_near and depth < LEVELS
        begin = first.end(1)
        if is_near and len(self._text) - begin >= LARGE and (part := self._part(begin, inside)) is not None:
            return part
        made: Any
        if dashes:
            made, following = self._list(first, inside, dashes, depth + 1)
        elif key is not None:
            made, following = self._mapping(first, key, value, inside, depth + 1, is_near)
        elif value is None or value[0] in "|>":
            raise Unsure
        elif value[0] in STYLES:
            return self._styled(first, value, column)
        else:
            return self._plain_value(first, value, column)
        if is_near:
            self._remember(begin, inside, made)
        return made, following

    def _part(self, begin: int, column: int) -> tuple[Any, _Line] | None:
        """Gives what is known of the collection that begins at an offset, and the line behind it."""
        part = None if self._known is None else self._known.find(self._text, begin, column)
        if part is None:
            return None
        end = begin + part.end - part.begin
        try:
            following = self._behind(behind(self._text, end), column - 1)
        except Unsure:
            # Here it goes on.
            return None
        self._last, self._end = None, end
        self.parts[begin] = end, SequenceNode if isinstance(part.value, list) else MappingNode
        moved = begin - part.begin
        self.parts |= {at + moved: (stop + moved, kind) for at, (stop, kind) in part.inner.items()}
        return part.value, following

    def _nothing(self, line: re.Match[str], column: int, in_mapping: bool) -> Any:
        """Gives what a key or a dash means behind which nothing stands."""
        self._last = None
        self._end = self._text.index(":", line.end(3)) + 1 if in_mapping else line.start() + column + 1
        return self._plain("")

    def _remember(self, begin: int, column: int, value: Any) -> None:
        """Remembers a collection that was read just now, if it is large."""
        end = self._end if self._last is None else self._last.end(4)
        if end - begin < LARGE:
            return
        if self._known is not None:
            inner = {at: part for at, part in self.parts.items() if at > begin}
            self._known.remember(KnownPart(self._text, begin, end, column, value, inner or NO_PARTS))
        self.parts[begin] = end, SequenceNode if isinstance(value, list) else MappingNode

    def _plain_value(self, line: re.Match[str], value: str, column: int) -> tuple[Any, _Line]:
        """Gives a value without quotes, in a collection at a column, and the line behind it."""
        position = line.end()
        self._last = line
        if position >= len(self._text):
            return self._plain(value), None
        following = LINE.match(self._text, position)
        if following is not None and len(following[1]) <= column:
            return self._plain(value), following
        scalar, self._end = go_on(self._text, value, line.end(4), column)
        self._last = None
        return self._plain(scalar), self._behind(behind(self._text, self._end), column)

    def _styled(self, line: re.Match[str], value: str, column: int) -> tuple[Any, _Line]:
        """Gives a value in quotes, in brackets or of lines below, and the line behind it."""
        style, begin = value[0], line.start(4)
        self._last = None
        if style in "\"'":
            self._end = line.end(4)
            return unquoted(value, style), self._behind(line.end(), column)
        if style in "|>":
            scalar, position = block_scalar(self._text, value, begin, column)
            if style == ">" and folded_by_kustomize(scalar.value) != scalar.value:
                raise Unsure
            self._end = scalar.end
            return scalar.value, self._behind(position, column)
        node = flow_value(self._text, begin)
        self._end = node.end
        return self._of_flow(node), self._behind(behind(self._text, node.end), column)

    def _behind(self, position: int, column: int) -> _Line:
        """Gives the line behind a value that no line can go on with."""
        line = self._line(position)
        if line is not None and len(line[1]) > column:
            raise Unsure
        return line
