"""Fields of one mapping anywhere in a document, taken out and set, while the rest stays as it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from fluxv2_migrate.plan.flow_text import edit_flow
from fluxv2_migrate.yaml_text import (
    BlockMapping,
    CannotEdit,
    MappingNode,
    detect_style,
    emit_scalar,
    ended_like,
    entry_at,
    read_again,
    read_document,
    value_in,
    with_value,
)


def edit_fields(
    text: str, path: tuple[str | int, ...], values: Mapping[str, str], removed: Collection[str] = ()
) -> str:
    r"""Gives a document in which the fields of a mapping have other values.

    Args:
        text: one document, without byte order mark.
        path: of the mapping; the last key is a name.

    Raises:
        CannotEdit: the text is written in a form in which this is not safe.

    >>> edit_fields("a:\n- b: {c: d, e: f}\n", ("a", 0, "b"), {"c": "x"}, ["e"])
    'a:\n- b: {c: x}\n'
    """
    root, before = read_document(text)
    key, node = entry_at(root, path)
    if not isinstance(node, MappingNode):
        raise CannotEdit(f"{path[-1]} is no mapping")
    known = value_in(before, path)
    gone = [name for name in removed if name in known]
    if node.is_flow:
        result = edit_flow(text, node, gone, {name: emit_scalar(value) for name, value in values.items()})
    else:
        part = BlockMapping.of_value(text, key, node, detect_style(text))
        for name, value in values.items():
            part.mapping.set(name, value)
        for name in gone:
            part.mapping.remove(name)
        result = ended_like(part.render(), text)
    expected = {**{name: value for name, value in known.items() if name not in gone}, **values}
    return read_again(result, with_value(before, path, expected))
