"""A scanner of YAML as people write it: fast, and it says so where it does not know for certain.

What it gives is what a whole parser gives: the same tree, styles and offsets. It reads block collections,
scalars in one line, block scalars and collections in brackets; all else (anchors, tags, tabs, scalars over
several lines, explicit keys, directives) is for the parser.
"""

from __future__ import annotations

import re
from functools import lru_cache, partial
from typing import Any, Final

from fluxv2_migrate.yaml_text.large_parts import NO_PARTS, Parts
from fluxv2_migrate.yaml_text.nodes import MappingNode, Node, ScalarNode, SequenceNode

_DEEPEST: Final = 60
_LONGEST_KEY: Final = 1000
"""Parsers take no key of more than 1,024 characters."""
_DOUBLE: Final = r'"(?:[^"\\\r\n]|\\[^\r\n])*+"'
_SINGLE: Final = r"'(?:[^'\r\n]|'')*+'"
_QUOTED_LINES: Final = r'"(?:[^"\\]|\\(?:[^\r\n]|\r?\n))*+"|' + r"'(?:[^']|'')*+'"
# Blanks, colons and `#` may stand in a plain scalar where they do not end it.
_PLAIN_ON: Final = r"[^\s:#]*+(?:(?::(?=\S)|#| ++(?=[^\s:#]))[^\s:#]*+)*+"
_PLAIN: Final = rf"(?:[^\s\-?:,\[\]{{}}#&*!|>'\"%@`]|[-?:](?=[^\s:#])){_PLAIN_ON}"
_PLAIN_IN_FLOW: Final = (
    r"(?:[^\s\-?:,\[\]{}#&*!|>'\"%@`]|-(?=[^\s:#,\[\]{}?]))[^\s:#,\[\]{}?]*+"
    r"(?:(?::(?=[^\s:#,\[\]{}?])| ++(?=[^\s:#,\[\]{}?]))[^\s:#,\[\]{}?]*+)*+"
)
# A comment and the end of a line, then lines without content, the last of which may have no end.
_END: Final = r"(?: *+(?<=[ \n])#[^\n]*+)?+ *+\r?+(?:\n|\Z)"
_GAP: Final = r"(?: *+(?:#[^\n]*+)?+\r?+\n)*+(?: *+(?:#[^\n]*+)?+\Z)?+"
# Indentation, dashes, key and value.
_LINE: Final = re.compile(
    rf"( *+)((?:- ++)*+(?:-(?=\r?(?:\n|\Z)))?+)"
    rf"(?:({_PLAIN}|{_DOUBLE}|{_SINGLE}) *+:(?: ++|(?=\r?(?:\n|\Z))))?+"
    rf"({_PLAIN}|{_QUOTED_LINES}|[|>][-+]?+(?=[ \r\n])|[\[{{][^\n]*+)?+{_END}{_GAP}",
    re.ASCII,
)
_BEGIN: Final = re.compile(rf"{_GAP}(---{_END}{_GAP})?+")
# Lines that go on with a plain scalar.
_MORE: Final = re.compile(rf"((?: *+\r?\n)++)( *+)([^\s:#]{_PLAIN_ON})", re.ASCII)
_REST: Final = re.compile(_END + _GAP)
_GAPS: Final = re.compile(_GAP)
# Of a collection in brackets: punctuation, or a scalar with the colon of a key.
_TOKEN: Final = re.compile(
    rf"(?: |\r?\n)*+(?:([\[{{\]}},])|({_PLAIN_IN_FLOW}|{_DOUBLE}|{_SINGLE})(:(?=[ \r\n]))?+)",
    re.ASCII,
)
_MARKER: Final = re.compile(r"\n(?:---|\.\.\.)")
_FOLD: Final = re.compile(r"[ \t]*\r?\n((?:[ \t]*\r?\n)*)[ \t]*")
# In double quotes: an escaped character, the escaped end of a line, or an end of a line that is folded.
_IN_QUOTES: Final = re.compile(
    r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|\r?\n((?:[ \t]*\r?\n)*)[ \t]*|(.))"
    r"|[ \t]*\r?\n((?:[ \t]*\r?\n)*)[ \t]*"
)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "/": "/", " ": " "}
_PRINTABLE: Final = bytes([9, 10, 13, *range(32, 127)])
# Characters that parsers refuse, take for line ends, or do not agree on.
_UNUSUAL: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]"
)
_LONE_RETURN: Final = re.compile(r"\r(?!\n)")
_FIRST_OF_BLOCK: Final = re.compile(r"(?:\r?\n)*+( ++)[^ \r\n]")
_STYLES: Final = frozenset("\"'|>[{")
_BLANKS_LEFT: Final = re.compile(r"\n +(?=\n|\Z)")


class Unsure(Exception):
    """The text has something that the scanner does not know for certain."""


def scan(text: str) -> Node | None:
    r"""Gives the root node of the one document in a text.

    Args:
        text: one document, without byte order mark.

    Returns:
        The root node, or `None` for a document without content.

    Raises:
        Unsure: a parser has to read it, and to say whether it is YAML.

    >>> scan("a: 1 # one\n").value[0][1].end
    4
    """
    if text.encode("ascii").translate(None, _PRINTABLE) if text.isascii() else _UNUSUAL.search(text):
        raise Unsure
    if "\r" in text and _LONE_RETURN.search(text):
        raise Unsure
    begin = _BEGIN.match(text)
    position = 0 if begin is None else begin.end()
    if position < len(text):
        return _Document(text, position).root()
    if begin is not None and begin[1]:
        # An empty value behind a marker.
        raise Unsure
    return None


def scan_outline(text: str, parts: Parts) -> Node | None:
    r"""Gives what `scan` gives, and reads large collections only once somebody asks for what they hold.

    Args:
        text: that was scanned before.
        parts: what `large_parts` gave of it.

    >>> text = "a:\n  b: " + 500 * "c" + "\nd: 1\n"
    >>> from fluxv2_migrate.yaml_text.large_parts import large_parts
    >>> root = scan_outline(text, large_parts(scan(text)))
    >>> root.value[1][1].value, root.value[0][1].end, root.value[0][1].value[0][0].value
    ('1', 508, 'b')
    """
    begin = _BEGIN.match(text)
    return _Document(text, 0 if begin is None else begin.end(), parts).root()


def content_start(text: str) -> int | None:
    r"""Gives the offset of the root node of a document, if that is certain without reading it.

    Args:
        text: one document, without byte order mark.

    >>> content_start("# ours\na: 1\n"), content_start("- a\n")
    (7, None)
    """
    begin = _BEGIN.match(text)
    position = 0 if begin is None else begin.end()
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
            return self._in_brackets()
        match_line = _LINE.match
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
                behind = begin + len(key)
                if behind - begin > _LONGEST_KEY:
                    raise Unsure
                style = key[0]
                if style in "\"'":
                    name = ScalarNode(_unquoted(key, style), style, begin, behind)
                else:
                    name = ScalarNode(key, "", begin, behind)
                if value is None:
                    self._waits, self._key, self._end = True, name, text.index(":", behind) + 1
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
        return self._behind(end)

    def _in_brackets(self) -> Node:
        """Gives the value of a document that is one collection in brackets."""
        text, position = self._text, self._position
        node = _flow(text, _token(text, position), 0)
        if _MARKER.search(text, position) or self._behind(node.end) < len(text):
            raise Unsure
        return node

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
        if len(self._stack) > _DEEPEST:
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
        behind = begin + len(dashes)
        if key is not None:
            self._open(MappingNode([], behind, behind), column + len(dashes))
        elif value is None:
            self._waits, self._key, self._end = True, None, begin + last + 1
        return behind

    def _value(self, value: str, begin: int) -> Node:
        """Gives a value that begins on its key's line."""
        style = value[0]
        end = begin + len(value)
        self._waits, self._key = False, None
        if style not in _STYLES:
            self._end = end
            return ScalarNode(value, "", begin, end)
        if style in "\"'":
            if "\n" in value and _MARKER.search(value):
                raise Unsure
            self._end = end
            return ScalarNode(_unquoted(value, style), style, begin, end)
        if style in "|>":
            scalar, self._position = _block_scalar(self._text, value, begin, self._column)
            self._end = scalar.end
            return scalar
        node = _flow(self._text, _token(self._text, begin), 0)
        if _MARKER.search(self._text, begin, node.end):
            raise Unsure
        self._end = node.end
        self._position = self._behind(node.end)
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
        text, position = self._text, scalar.end
        more = _MORE.match(text, position)
        while more is not None and len(more[2]) > self._column:
            scalar.value += ("\n" * (more[1].count("\n") - 1) or " ") + more[3]
            position = more.end()
            more = _MORE.match(text, position)
        if position == scalar.end:
            raise Unsure
        scalar.end = self._end = position
        return self._behind(position)

    def _behind(self, position: int) -> int:
        """Gives where the next line with content begins."""
        rest = _REST.match(self._text, position)
        if rest is None:
            raise Unsure
        return rest.end()


def _part(text: str, parts: Parts, start: int, end: int) -> Any:
    """Gives what a collection holds that was left out."""
    return _Document(text, text.rfind("\n", 0, start) + 1, parts, end).root().value


def _unquoted(text: str, quote: str) -> str:
    inner = text[1:-1]
    if quote == '"' and "\\" in inner:
        return _IN_QUOTES.sub(_unescape, inner)
    if "\n" in inner:
        inner = _FOLD.sub(_folded_break, inner)
    return inner.replace("''", "'") if quote == "'" else inner


def _folded_break(found: re.Match[str]) -> str:
    return "\n" * found[1].count("\n") or " "


def _unescape(found: re.Match[str]) -> str:
    if found[5] is not None:
        return "\n" * found[5].count("\n") or " "
    if found[3] is not None:
        return "\n" * found[3].count("\n")
    code = found[1] or found[2]
    character = chr(int(code, 16)) if code else _ESCAPES.get(found[4])
    if character is None or "\ud800" <= character <= "\udfff":
        raise Unsure
    return character


def _flow(text: str, found: re.Match[str], depth: int) -> Node:
    """Gives a value in brackets that begins with a token."""
    mark, scalar, colon = found.groups()
    if scalar is not None and colon is None:
        return _flow_scalar(scalar, found.start(2))
    if depth > _DEEPEST or mark not in ("[", "{"):
        raise Unsure
    return (_flow_sequence if mark == "[" else _flow_mapping)(text, found.start(1), depth + 1)


def _flow_scalar(text: str, begin: int) -> ScalarNode:
    style, end = text[0], begin + len(text)
    if style in "\"'":
        return ScalarNode(_unquoted(text, style), style, begin, end)
    return ScalarNode(text, "", begin, end)


def _flow_sequence(text: str, begin: int, depth: int) -> SequenceNode:
    items: list[Node] = []
    found = _token(text, begin + 1)
    while found[1] != "]":
        items.append(_flow(text, found, depth))
        found = _token(text, items[-1].end)
        if found[1] == ",":
            found = _token(text, found.end())
        elif found[1] != "]":
            raise Unsure
    return SequenceNode(items, begin, found.end(), is_flow=True)


def _flow_mapping(text: str, begin: int, depth: int) -> MappingNode:
    pairs: list[tuple[Node, Node]] = []
    found = _token(text, begin + 1)
    while found[1] != "}":
        if found[3] is None or len(found[2]) > _LONGEST_KEY:
            raise Unsure
        key = _flow_scalar(found[2], found.start(2))
        pairs.append((key, _flow(text, _token(text, found.end()), depth)))
        found = _token(text, pairs[-1][1].end)
        if found[1] == ",":
            found = _token(text, found.end())
        elif found[1] != "}":
            raise Unsure
    return MappingNode(pairs, begin, found.end(), is_flow=True)


def _token(text: str, position: int) -> re.Match[str]:
    found = _TOKEN.match(text, position)
    if found is None:
        raise Unsure
    return found


def _block_scalar(text: str, header: str, begin: int, column: int) -> tuple[ScalarNode, int]:
    """Gives a block scalar in a collection at a column, and where the next line with content begins."""
    body = text.find("\n", begin) + 1
    first = _FIRST_OF_BLOCK.match(text, body) if body else None
    blanks = 0 if first is None else len(first[1])
    if blanks <= column:
        raise Unsure
    lines = _lines_of_block(blanks).match(text, body)
    end = body if lines is None else lines.end()
    value = "\n" + text[body:end]
    if "\r" in value:
        value = value.replace("\r\n", "\n")
    value = value.replace("\n" + " " * blanks, "\n")
    if _BLANKS_LEFT.search(value):
        # Blank lines with fewer blanks than the others have before them, or with more.
        raise Unsure
    kept = value[1:].rstrip("\n")
    breaks = value[len(kept) + 1 :]
    if header[0] == ">":
        kept = _folded(kept)
    if header[-1] == "+":
        kept += breaks
    elif header[-1] != "-":
        kept += breaks[:1]
    behind = _GAPS.match(text, end)
    return (
        ScalarNode(kept, header[0], begin, block_scalar_end(text, begin, end)),
        end if behind is None else behind.end(),
    )


@lru_cache(maxsize=64)
def _lines_of_block(blanks: int) -> re.Pattern[str]:
    """Gives the pattern of lines that are indented so far, or blank; the last one may have no end."""
    return re.compile(rf"(?:(?: {{{blanks}}}[^\n]*+| {{0,{blanks}}}+\r?+)\n)*+(?: {{{blanks}}}[^\n]++)?+")


def _folded(text: str) -> str:
    """Gives the text of a folded scalar from its lines without indentation."""
    if "\n" not in text:
        return text
    parts: list[str] = []
    breaks, is_first, was_flush = 0, True, False
    for line in text.split("\n"):
        if not line:
            breaks += 1
            continue
        is_flush = line[0] not in " \t"
        if is_first:
            parts.append("\n" * breaks)
        elif was_flush and is_flush:
            parts.append("\n" * breaks or " ")
        else:
            parts.append("\n" * (breaks + 1))
        parts.append(line)
        breaks, is_first, was_flush = 0, False, is_flush
    return "".join(parts)


def block_scalar_end(text: str, begin: int, limit: int) -> int:
    """Gives the offset behind a block scalar that begins with a header there.

    Args:
        begin: where its `|` or `>` stands.
        limit: where its last line ends, blank lines included.
    """
    body = text.find("\n", begin) + 1 or len(text)
    lines = text[body:limit].rstrip(" \r\n")
    end = text.find("\n", body + len(lines), limit) if lines else body - 1
    end = limit if end < 0 else end
    if lines:
        end -= text[end - 1] == "\r"
    if "+" in text[begin:body].partition("#")[0]:
        # Its value has the blank lines; the last one's end is that of the line.
        end = max(end, text.rfind("\n", end, limit - 1) + 1)
    return end
