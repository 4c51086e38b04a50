"""Fields of one mapping anywhere in a document, taken out and set, while the rest stays as it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.plan.flow_text import edit_flow
from fluxv2_migrate.yaml_text import (
    BlockMapping,
    CannotEdit,
    MappingNode,
    Node,
    detect_style,
    emit_scalar,
    node_at,
    pair_of,
    read_document,
    read_value,
    with_value,
)

__all__ = ["edit_fields"]


def edit_fields(
    text: str, path: tuple[str | int, ...], values: Mapping[str, str], removed: Collection[str] = ()
) -> str:
    r"""Gives a document in which the fields of a mapping have other values.

    Args:
        text: one document, without byte order mark.
        path: of the mapping; the last key is a name.
        values: texts that fields get.
        removed: fields that go.

    Raises:
        CannotEdit: the text is written in a form in which this is not safe.

    >>> edit_fields("a:\n- b: {c: d, e: f}\n", ("a", 0, "b"), {"c": "x"}, ["e"])
    'a:\n- b: {c: x}\n'
    """
    root, before = read_document(text)
    holder = node_at(root, path[:-1])
    key, node = _pair(holder, str(path[-1]))
    known = before
    for step in path:
        known = known[step]
    gone = [name for name in removed if name in known]
    if node.is_flow:
        result = edit_flow(text, node, gone, {name: emit_scalar(value) for name, value in values.items()})
    else:
        part = BlockMapping.of_value(text, key, node, detect_style(text))
        for name, value in values.items():
            part.mapping.set(name, value)
        for name in gone:
            part.mapping.remove(name)
        result = part.render()
        if not text.endswith("\n"):
            result = result.removesuffix("\n").removesuffix("\r")
    expected = {**{name: value for name, value in known.items() if name not in gone}, **values}
    try:
        after: Any = read_value(result)
    except InvalidManifest as error:
        raise CannotEdit(f"an edit that would leave no YAML: {error.reason}") from None
    if after != with_value(before, path, expected):
        raise CannotEdit("an edit that would change something else")
    return result


def _pair(holder: Node, name: str) -> tuple[Node, MappingNode]:
    key, value = pair_of(holder, name) or (None, None)
    if key is None or not isinstance(value, MappingNode):
        raise CannotEdit(f"{name} is no mapping")
    if value.start < key.start:
        raise CannotEdit("an alias in place of a mapping")
    return key, value
