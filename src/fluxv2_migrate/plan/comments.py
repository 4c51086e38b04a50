"""Comments written above fields of a document."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from fluxv2_migrate.plan.operations import Path
from fluxv2_migrate.yaml_text import (
    CannotEdit,
    Node,
    SequenceNode,
    Style,
    pair_of,
    read_value,
    value_of,
)

__all__ = ["write_comments"]

_BREAK: Final = re.compile(r"[\r\n]+")
_INDENT: Final = re.compile(r"[ \t]*")


def write_comments(text: str, comments: Iterable[tuple[Path, str]], *, root: Node, style: Style) -> str:
    r"""Gives a document's text with comments on lines of their own above fields.

    Args:
        text: the document.
        comments: field and text; a field that is not there gets its comment above what holds it.
        root: its root node, of `compose`.
        style: how lines end.

    Raises:
        CannotEdit: the text with its comments would not mean the same.

    >>> from fluxv2_migrate.yaml_text import compose
    >>> text = "a:\n  image: b\n"
    >>> print(write_comments(text, [(("a", "image"), "locked")], root=compose(text), style=Style()), end="")
    a:
      # locked
      image: b
    """
    lines: dict[int, list[str]] = {}
    for path, comment in comments:
        start = text.rfind("\n", 0, _start(root, path)) + 1
        line = f"{_indent(text, start)}# {_BREAK.sub(' ', comment.strip())}{style.newline}"
        if line not in lines.setdefault(start, []):
            lines[start].append(line)
    result = text
    for start, written in sorted(lines.items(), reverse=True):
        result = result[:start] + "".join(written) + result[start:]
    if result != text and read_value(result) != value_of(root):
        raise CannotEdit("the text with its comments would not mean the same")
    return result


def _indent(text: str, start: int) -> str:
    found = _INDENT.match(text, start)
    return found[0] if found is not None else ""


def _start(root: Node, path: Path) -> int:
    """Gives where the key of a field begins, or the item of a list."""
    node, start = root, root.start
    for key in path:
        if isinstance(node, SequenceNode) and key.isdecimal() and int(key) < len(node.value):
            node = node.value[int(key)]
            start = node.start
            continue
        found = pair_of(node, key)
        if found is None:
            break
        start, node = found[0].start, found[1]
    return start
