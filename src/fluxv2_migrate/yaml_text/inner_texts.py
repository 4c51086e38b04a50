"""Texts of several lines that are the value of a field: a patch in a kustomization, for one."""

from __future__ import annotations

import json
import re
from typing import Final

from fluxv2_migrate.yaml_text.composer import read_document
from fluxv2_migrate.yaml_text.edits import read_again, splice
from fluxv2_migrate.yaml_text.emitter import detect_style, emit_scalar
from fluxv2_migrate.yaml_text.extents import CannotEdit, line_end, line_start
from fluxv2_migrate.yaml_text.field_paths import entry_at, value_in, with_value
from fluxv2_migrate.yaml_text.nodes import ScalarNode

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
    root, before = read_document(text)
    node = entry_at(root, path)[1]
    old = value_in(before, path)
    if not isinstance(node, ScalarNode) or not isinstance(old, str):
        raise CannotEdit("a patch that is no text")
    value = value.rstrip("\n") + old[len(old.rstrip("\n")) :]
    if node.style in ("|", ">"):
        result = _in_block(text, node, value)
    else:
        written = json.dumps(value, ensure_ascii=False) if node.style == '"' else emit_scalar(value)
        if node.style == "'" and "\n" not in value:
            written = "'" + value.replace("'", "''") + "'"
        result = splice(text, [(node.start, node.end, written)])
    return read_again(result, with_value(before, path, value))


def _in_block(text: str, node: ScalarNode, value: str) -> str:
    newline = detect_style(text).newline
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
    if not text[:end].endswith("\n"):
        body = body.removesuffix(newline)
    return splice(text, [(bar, end, f"|{chomping}{header[2]}{newline}{body}")])
