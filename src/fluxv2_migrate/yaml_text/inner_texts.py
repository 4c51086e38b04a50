"""Texts of several lines that are the value of a field: a patch in a kustomization, for one."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.yaml_text.composer import pair_of, read_document
from fluxv2_migrate.yaml_text.emitter import detect_style, emit_scalar
from fluxv2_migrate.yaml_text.extents import CannotEdit, line_end, line_start
from fluxv2_migrate.yaml_text.nodes import Node, ScalarNode, SequenceNode

__all__ = ["node_at", "replace_text", "with_value"]

_HEADER: Final = re.compile(r"[|>]([+-]?[1-9]?[+-]?)([ \t]*(?:#[^\r\n]*)?)\r?\n")


def node_at(root: Node | None, path: tuple[str | int, ...]) -> Node:
    """Gives the node of a field.

    Raises:
        CannotEdit: it is not there.
    """
    node = root
    for key in path:
        found: Node | None = None
        if isinstance(node, SequenceNode) and isinstance(key, int) and key < len(node.value):
            found = node.value[key]
        elif (pair := pair_of(node, key)) is not None:
            found = pair[1]
        node = found
    if node is None:
        raise CannotEdit(f"there is no {'.'.join(map(str, path))}")
    return node


def replace_text(text: str, path: tuple[str | int, ...], value: str) -> str:
    r"""Gives a document in which a field has another text; a block of lines stays one.

    Args:
        text: one document, without byte order mark.
        path: of the field, whose value is a text.
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
    node = node_at(root, path)
    old = _at(before, path)
    if not isinstance(node, ScalarNode) or not isinstance(old, str):
        raise CannotEdit("a patch that is no text")
    value = value.rstrip("\n") + old[len(old.rstrip("\n")) :]
    if node.style in ("|", ">"):
        result = _in_block(text, node, value)
    else:
        written = json.dumps(value, ensure_ascii=False) if node.style == '"' else emit_scalar(value)
        if node.style == "'" and "\n" not in value:
            written = "'" + value.replace("'", "''") + "'"
        start, end = int(node.start), int(node.end)
        result = text[:start] + written + text[end:]
    try:
        after = read_document(result)[1]
    except InvalidManifest as error:
        raise CannotEdit(f"an edit that would leave no YAML: {error.reason}") from None
    if after != with_value(before, path, value):
        raise CannotEdit("an edit that would change something else")
    return result


def _in_block(text: str, node: ScalarNode, value: str) -> str:
    newline = detect_style(text).newline
    bar = text.index(str(node.style), int(node.start))
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
    return f"{text[:bar]}|{chomping}{header[2]}{newline}{body}{text[end:]}"


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def with_value(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    """Gives a value in which another one stands at a path.

    >>> with_value({"a": [1, 2]}, ("a", 0), 3)
    {'a': [3, 2]}
    """
    if not path:
        return new
    key, *rest = path
    if isinstance(value, list):
        return [
            with_value(item, tuple(rest), new) if index == key else item for index, item in enumerate(value)
        ]
    return {name: with_value(item, tuple(rest), new) if name == key else item for name, item in value.items()}
