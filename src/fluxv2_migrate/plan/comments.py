"""Comments written above fields of a document."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from fluxv2_migrate.plan.operations import Path
from fluxv2_migrate.yaml_text import (
    Node,
    Style,
    find_field,
    line_start,
    read_again,
    splice,
    value_of,
)

_BREAK: Final = re.compile(r"[\r\n]+")
_INDENT: Final = re.compile(r"[ \t]*")


def write_comments(text: str, comments: Iterable[tuple[Path, str]], *, root: Node, style: Style) -> str:
    r"""Gives a document's text with comments on lines of their own above fields.

    Args:
        comments: field and text; a field that is not there gets its comment above what holds it.
        root: its root node, of `compose`.

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
        begin = find_field(root, path)[0] or root
        start = line_start(text, begin.start)
        line = f"{_indent(text, start)}# {_BREAK.sub(' ', comment.strip())}{style.newline}"
        if line not in lines.setdefault(start, []):
            lines[start].append(line)
    pieces = [(start, start, "".join(written)) for start, written in lines.items()]
    return read_again(splice(text, pieces), value_of(root)) if pieces else text


def _indent(text: str, start: int) -> str:
    found = _INDENT.match(text, start)
    return found[0] if found is not None else ""
