"""Texts of several lines that are the value of a field: a patch in a kustomization, for one."""

from __future__ import annotations

import json
import re
from typing import Final

from fluxv2_migrate.yaml_text.emitter import emit_scalar
from fluxv2_migrate.yaml_text.extents import CannotEdit, line_end, line_start
from fluxv2_migrate.yaml_text.field_paths import entry_at, value_in
from fluxv2_migrate.yaml_text.nodes import ScalarNode
from fluxv2_migrate.yaml_text.open_documents import OpenDocument, Part, edit_part

_HEADER: Final = re.compile(r"[|>]([+-]?[1-9]?[+-]?)([ \t]*(?:#[^\r\n]*)?)\r?\n")


def replace_text(text: str, path: tuple[str | int, ...], value: str) -> str:
    r"""Gives a document in which a field has another text; a block of lines stays one.

    Args:
        text: one document, without byte order mark.
        value: the new one; how its last line ends is that of the old one.

    Raises:
        CannotEdit: the text is written in a form in which this is not safe.

    >>> print(replace_text("patch: |-\n  a: 1\n  b: 2\nc: 3\n", ("patch",), "a: 9\nd:\n  e: 1"), end="")
    patch: |-
      a: 9
      d:
        e: 1
    c: 3
    """
    return edit_part(text, lambda document: text_part(document, path, value))


def text_part(document: OpenDocument, path: tuple[str | int, ...], value: str) -> Part:
    """Gives the part of a document in which a field has another text, as `replace_text` writes it.

    Raises:
        CannotEdit: the text is written in a form in which this is not safe.
    """
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
