"""Lines of YAML as people write it: their patterns, and the values that stand in them.

What is not known here for certain (anchors, tags, tabs, explicit keys, directives) is for the parser.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from fluxv2_migrate.yaml_text.folded import fold
from fluxv2_migrate.yaml_text.nodes import MappingNode, Node, ScalarNode, SequenceNode

DEEPEST: Final = 60
LONGEST_KEY: Final = 1000
"""Parsers take no key of more than 1,024 characters."""
_DOUBLE: Final = r'"(?:[^"\\\r\n]|\\[^\r\n])*+"'
_SINGLE: Final = r"'(?:[^'\r\n]|'')*+'"
_QUOTED_LINES: Final = r'"(?:[^"\\]|\\(?:[^\r\n]|\r?\n))*+"|' + r"'(?:[^']|'')*+'"
# Written out: a set of single characters is looked up at once, one with a class in it is gone through.
_WHITE: Final = r" \t\n\r\f\v"
# Blanks, colons and `#` may stand in a plain scalar where they do not end it.
_PLAIN_ON: Final = rf"[^{_WHITE}:#]*+(?:(?::(?=\S)|#| ++(?=[^{_WHITE}:#]))[^{_WHITE}:#]*+)*+"
_PLAIN: Final = rf"(?:[^{_WHITE}\-?:,\[\]{{}}#&*!|>'\"%@`]|[-?:](?=[^{_WHITE}:#])){_PLAIN_ON}"
_PLAIN_IN_FLOW: Final = (
    r"(?:[^\s\-?:,\[\]{}#&*!|>'\"%@`]|-(?=[^\s:#,\[\]{}?]))[^\s:#,\[\]{}?]*+"
    r"(?:(?::(?=[^\s:#,\[\]{}?])| ++(?=[^\s:#,\[\]{}?]))[^\s:#,\[\]{}?]*+)*+"
)
# What nearly all keys are made of.
_WORD: Final = r"[A-Za-z_][A-Za-z0-9_./-]*+(?=:)"
# A comment and the end of a line, then lines without content, the last of which may have no end.
_END: Final = r"(?: *+(?<=[ \n])#[^\n]*+)?+ *+\r?+(?:\n|\Z)"
_GAP: Final = r"(?: *+(?:#[^\n]*+)?+\r?+\n)*+(?: *+(?:#[^\n]*+)?+\Z)?+"
# Indentation, dashes, key and value.
LINE: Final = re.compile(
    rf"( *+)((?:- ++)*+(?:-(?=\r?(?:\n|\Z)))?+)"
    rf"(?:({_WORD}|{_PLAIN}|{_DOUBLE}|{_SINGLE}) *+:(?: ++|(?=\r?(?:\n|\Z))))?+"
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
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\", " ": " "}
_PRINTABLE: Final = bytes([9, 10, 13, *range(32, 127)])
# Characters that parsers refuse, take for line ends, or do not agree on.
_UNUSUAL: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]"
)
_LONE_RETURN: Final = re.compile(r"\r(?!\n)")
_FIRST_OF_BLOCK: Final = re.compile(r"(?:\r?\n)*+( ++)[^ \t\r\n]")
STYLES: Final = frozenset("\"'|>[{")
_BLANKS_LEFT: Final = re.compile(r"\n +(?=\n|\Z)")


class Unsure(Exception):
    """The text has something that is not known here for certain."""


def begin_of(text: str) -> int:
    r"""Gives where the first line with content begins, behind the marker of a document.

    >>> begin_of("# ours\n---\na: 1\n"), begin_of("# ours\n")
    (11, 7)
    """
    begin = _BEGIN.match(text)
    return 0 if begin is None else begin.end()


def certain_begin(text: str) -> int | None:
    r"""Gives the same of a text that has no character on which readers part; nothing where it has no content.

    Raises:
        Unsure: a parser has to read it, and to say whether it is YAML.

    >>> certain_begin("a: 1\n"), certain_begin("# ours\n")
    (0, None)
    """
    if text.encode("ascii").translate(None, _PRINTABLE) if text.isascii() else _UNUSUAL.search(text):
        raise Unsure
    if "\r" in text and _LONE_RETURN.search(text):
        raise Unsure
    begin = _BEGIN.match(text)
    position = 0 if begin is None else begin.end()
    if position < len(text):
        return position
    if begin is not None and begin[1]:
        # An empty value behind a marker.
        raise Unsure
    return None


def behind(text: str, position: int) -> int:
    r"""Gives where the next line with content begins, if nothing but a comment stands behind a value.

    Raises:
        Unsure: something else does.

    >>> behind("a: 1 # one\n\nb: 2\n", 4)
    12
    """
    rest = _REST.match(text, position)
    if rest is None:
        raise Unsure
    return rest.end()


def go_on(text: str, scalar: str, position: int, column: int) -> tuple[str, int]:
    r"""Gives a plain scalar with the lines below that go on with it, and where it ends.

    Args:
        scalar: its first line.
        position: where that ends.
        column: of the collection that it stands in.

    Raises:
        Unsure: no line goes on with it.

    >>> go_on("a: b\n  c\n", "b", 4, 0)
    ('b c', 8)
    """
    more = _MORE.match(text, position)
    if more is None or len(more[2]) <= column:
        raise Unsure
    while more is not None and len(more[2]) > column:
        scalar += ("\n" * (more[1].count("\n") - 1) or " ") + more[3]
        position = more.end()
        more = _MORE.match(text, position)
    return scalar, position


def flow_value(text: str, begin: int) -> Node:
    r"""Gives a collection in brackets that is a value in a block collection.

    Raises:
        Unsure: it is not certain what it holds.

    >>> flow_value("a: [b]\n", 3).end
    6
    """
    node = _flow_node(text, _token(text, begin), 0)
    if _MARKER.search(text, begin, node.end):
        raise Unsure
    return node


def flow_document(text: str, begin: int) -> Node:
    r"""Gives the value of a document that is one collection in brackets.

    Raises:
        Unsure: it is not certain what it holds, or something stands behind it.

    >>> flow_document("[b]\n", 0).end
    3
    """
    node = _flow_node(text, _token(text, begin), 0)
    if _MARKER.search(text, begin) or behind(text, node.end) < len(text):
        raise Unsure
    return node


def unquoted(text: str, quote: str) -> str:
    r"""Gives what a scalar in quotes says.

    Args:
        text: with its quotes, of one line or of several.

    Raises:
        Unsure: an escape is rare, or a line in it looks like a marker.

    >>> unquoted('"a\\tb"', '"'), unquoted("'it''s'", "'")
    ('a\tb', "it's")
    """
    if "\n" in text and _MARKER.search(text):
        raise Unsure
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


def _flow_node(text: str, found: re.Match[str], depth: int) -> Node:
    """Gives a value in brackets that begins with a token."""
    mark, scalar, colon = found.groups()
    if scalar is not None and colon is None:
        return _flow_scalar(scalar, found.start(2))
    if depth > DEEPEST or mark not in ("[", "{"):
        raise Unsure
    return (_flow_sequence if mark == "[" else _flow_mapping)(text, found.start(1), depth + 1)


def _flow_scalar(text: str, begin: int) -> ScalarNode:
    style, end = text[0], begin + len(text)
    if style in "\"'":
        return ScalarNode(unquoted(text, style), style, begin, end)
    return ScalarNode(text, "", begin, end)


def _flow_sequence(text: str, begin: int, depth: int) -> SequenceNode:
    items: list[Node] = []
    found = _token(text, begin + 1)
    while found[1] != "]":
        items.append(_flow_node(text, found, depth))
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
        if found[3] is None or len(found[2]) > LONGEST_KEY:
            raise Unsure
        key = _flow_scalar(found[2], found.start(2))
        pairs.append((key, _flow_node(text, _token(text, found.end()), depth)))
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


def block_scalar(text: str, header: str, begin: int, column: int) -> tuple[ScalarNode, int]:
    r"""Gives a block scalar, and where the next line with content begins.

    Args:
        header: that it begins with, without an indentation.
        column: of the collection that it stands in.

    Raises:
        Unsure: it has no lines, or blank ones of another length.

    >>> scalar, behind_it = block_scalar("a: |\n  b\nc: d\n", "|", 3, 0)
    >>> scalar.value, behind_it
    ('b\n', 9)
    """
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
        kept = fold(kept)
    if header[-1] == "+":
        kept += breaks
    elif header[-1] != "-":
        kept += breaks[:1]
    gap = _GAPS.match(text, end)
    return (
        ScalarNode(kept, header[0], begin, block_scalar_end(text, begin, end)),
        end if gap is None else gap.end(),
    )


@lru_cache(maxsize=64)
def _lines_of_block(blanks: int) -> re.Pattern[str]:
    """Gives the pattern of lines that are indented so far, or blank; the last one may have no end."""
    return re.compile(rf"(?:(?: {{{blanks}}}[^\n]*+| {{0,{blanks}}}+\r?+)\n)*+(?: {{{blanks}}}[^\n]++)?+")


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
