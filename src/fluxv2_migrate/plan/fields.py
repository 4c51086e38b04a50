"""Fields of one mapping anywhere in a document, taken out and set, while the rest stays as it is."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

from fluxv2_migrate.plan.flow_text import flow_pieces
from fluxv2_migrate.yaml_text import (
    BlockMapping,
    CannotEdit,
    MappingNode,
    OpenDocument,
    Part,
    ScalarNode,
    edit_part,
    emit_scalar,
    ended_like,
    entry_at,
    value_in,
)


def edit_fields(
    text: str, path: tuple[str | int, ...], values: Mapping[str, str], removed: Collection[str] = ()
) -> str:
    r"""Gives a document in which the fields of a mapping have other values.

    Args:
        path: of the mapping; the last key is a name.

    >>> edit_fields("a:\n- b: {c: d, e: f}\n", ("a", 0, "b"), {"c": "x"}, ["e"])
    'a:\n- b: {c: x}\n'
    >>> edit_fields('{"b": {"c": "d"}}', ("b",), {"c": "x"})
    '{"b": {"c": "x"}}'
    """
    return edit_part(text, lambda document: fields_part(document, path, values, removed))


def fields_part(
    document: OpenDocument,
    path: tuple[str | int, ...],
    values: Mapping[str, str],
    removed: Collection[str] = (),
) -> Part:
    """Gives the part of a document in which the fields of a mapping have other values."""
    text = document.text
    key, node = entry_at(document.root, path)
    if not isinstance(node, MappingNode):
        raise CannotEdit(f"{path[-1]} is no mapping")
    known = value_in(document.value, path)
    gone = [name for name in removed if name in known]
    if node.is_flow:
        is_json = all(isinstance(each, ScalarNode) and each.style == '"' for each, _ in node.value)
        new = {
            name: json.dumps(value, ensure_ascii=False) if is_json else emit_scalar(value)
            for name, value in values.items()
        }
        pieces = flow_pieces(text, node, gone, new, quoted=is_json)
    else:
        part = BlockMapping.of_value(text, key, node, document.style)
        for name, value in values.items():
            part.mapping.set(name, value)
        for name in gone:
            part.mapping.remove(name)
        written = part.mapping.render()
        written = written if part.after else ended_like(written, text)
        pieces = [(len(part.before), len(text) - len(part.after), written)]
    becomes = {**{name: value for name, value in known.items() if name not in gone}, **values}
    return Part(tuple(pieces), path, becomes)
