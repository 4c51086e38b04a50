"""Where keys, values and comments begin and end in a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

__all__ = [
    "CannotEdit",
    "colon_end",
    "comments_in",
    "content_end",
    "deeper_comments",
    "is_alias",
    "line_end",
    "line_start",
    "reindent",
    "scalar_spans",
    "stands_alone",
]

_ALIAS: Final = re.compile(r"\s*\*[^\s,\[\]{}]+")
_COMMENT: Final = re.compile(r"(?:^|(?<=[ \t\r\n]))#[^\r\n]*")
_ITEM_ALIAS: Final = re.compile(r"^[ -]*(\*[^\s,\[\]{}]+)[ \t]*(?:#[^\n]*)?\r?$", re.MULTILINE)
# What the rest of a document may have to do with: anchors, aliases, tabs, and scalars that end with the blank
# lines behind them. Behind letters and the like a plain scalar goes on, and no anchor or alias begins.
_NOT_ALONE: Final = re.compile(r"[&*](?<![\w=/.][&*])|\t|[|>][0-9]*\+")


class CannotEdit(ValueError):
    """A text is written in a form that cannot be edited without writing it anew; says which."""


def line_start(text: str, index: int) -> int:
    """Gives the offset of the first character of the line that an offset is in."""
    return text.rfind("\n", 0, index) + 1


def line_end(text: str, index: int) -> int:
    """Gives the offset behind the line's end that an offset comes before."""
    end = text.find("\n", index)
    return len(text) if end < 0 else end + 1


def colon_end(text: str, key: Node) -> int:
    """Gives the offset behind the colon of a key."""
    end = key.end_mark.index
    colon = text.find(":", end)
    start = key.start_mark.index
    before = text[line_start(text, start) : start].rstrip(" ")
    if colon < 0 or text[end:colon].strip() or before.endswith("?"):
        raise CannotEdit("a key that is written in the explicit form (`? key`)")
    return colon + 1


def is_alias(key: Node, value: Node) -> bool:
    """Gives whether the value of a key is an alias."""
    # An alias is composed as its anchor's node, which stands before the key.
    return bool(value.start_mark.index < key.end_mark.index)


def content_end(text: str, key: Node | None, node: Node, colon: int | None = None) -> int:
    """Gives the offset behind the last character of a value, without comments and line ends behind it."""
    if key is not None and is_alias(key, node):
        match = _ALIAS.match(text, colon or colon_end(text, key))
        if match is None:
            raise CannotEdit("an alias that cannot be found")
        return match.end()
    if isinstance(node, ScalarNode):
        if node.style in ("|", ">"):
            return _block_scalar_end(text, node)
        if not node.style and not node.value and key is not None:
            # The mark of an empty value is where its reader noticed; anchors and tags may precede it.
            return colon or colon_end(text, key)
        return int(node.end_mark.index)
    if getattr(node, "flow_style", False):
        return int(node.end_mark.index)
    if isinstance(node, MappingNode):
        last_key, last = node.value[-1]
        return content_end(text, last_key, last)
    last = node.value[-1]
    previous = node.value[-2].end_mark.index if len(node.value) > 1 else node.start_mark.index
    if last.start_mark.index < previous:
        return _alias_end(text, node)
    if isinstance(last, ScalarNode) and not last.style and not last.value:
        return len(text[: node.end_mark.index].rstrip())
    return content_end(text, None, last)


def _alias_end(text: str, node: Node) -> int:
    """The offset behind the alias that a list in block style ends with."""
    found = list(_ITEM_ALIAS.finditer(text, node.start_mark.index, node.end_mark.index))
    if not found:
        # No text is known to come here.
        raise CannotEdit("an alias that cannot be found")  # pragma: no cover
    return found[-1].end(1)


def _block_scalar_end(text: str, node: ScalarNode) -> int:
    position = line_end(text, node.start_mark.index)
    last = position - 1 if text[position - 1 : position] == "\n" else position
    limit = int(node.end_mark.index)
    keep = "+" in text[node.start_mark.index : position].split("#", maxsplit=1)[0]
    while position < limit:
        end = line_end(text, position)
        row = text[position:end].rstrip("\r\n")
        if row.strip(" "):
            last = position + len(row)
        elif keep:
            last = position
        position = end
    return min(last, limit) if limit > last else last


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
        yield node.start_mark.index, content_end(text, None, node)
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
    return [match.group().rstrip() for match in _COMMENT.finditer(text)]


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
