"""Documents that stand in braces as a whole: JSON, and YAML in one line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fluxv2_migrate.plan.flow_text import edit_flow
from fluxv2_migrate.plan.operations import Plan, apply_to_mapping
from fluxv2_migrate.plan.text import AppliedText, apply_to_text
from fluxv2_migrate.yaml_text import (
    CannotEdit,
    MappingNode,
    Node,
    ScalarNode,
    Style,
    emit_scalar,
    key_of,
    read_again,
    read_edited,
)


def apply_to_any_text(
    plan: Plan, text: str, root: Node | None, style: Style, value: Mapping[str, Any]
) -> AppliedText:
    r"""Gives a document's text after the plan, also where it stands in braces as a whole.

    What is new in braces stands at their end; all else is the same bytes.

    Raises:
        CannotEdit: the text is written in a form that cannot be edited; nothing is done.

    >>> from fluxv2_migrate.plan import Set
    >>> from fluxv2_migrate.yaml_text import compose
    >>> text = '{"a": {"b": 1}, "c": [ 2 ]}\n'
    >>> plan = (Set(("a", "b"), "x"), Set(("d",), {"e": None}))
    >>> value = {"a": {"b": 1}, "c": [2]}
    >>> apply_to_any_text(plan, text, compose(text), Style(), value).text
    '{"a": {"b": "x"}, "c": [ 2 ], "d": {"e": null}}\n'
    """
    if not isinstance(root, MappingNode) or not root.is_flow:
        return apply_to_text(plan, text, root, style, value)
    expected = apply_to_mapping(plan, value)
    quoted = all(isinstance(key, ScalarNode) and key.style == '"' for key, _ in root.value)
    result, seen = text, {text}
    while (found := _differing(*read_edited(result), expected)) is not None:
        node, removed, added = found
        written = {name: _written(item, quoted=quoted) for name, item in added.items()}
        result = edit_flow(result, node, removed, written, quoted=quoted)
        if result in seen:
            raise CannotEdit("a document in braces that says one thing for several")
        seen.add(result)
    return AppliedText(read_again(result, expected), (), expected)


def _differing(
    node: Any, value: Any, expected: Mapping[str, Any]
) -> tuple[MappingNode, Sequence[str], Mapping[str, Any]] | None:
    """Gives the first mapping of which the entries differ, with those that go and those that come."""
    removed = [key for key in value if key not in expected]
    added = {key: item for key, item in expected.items() if key not in value or _is_another(value[key], item)}
    if removed or added:
        return node, removed, added
    for key, child in node.value:
        old, new = value.get(key_of(key)), expected.get(key_of(key))
        if isinstance(child, MappingNode) and _are_mappings(old, new) and old != new:
            return _differing(child, old, new or {})
    return None


def _are_mappings(*values: Any) -> bool:
    return all(isinstance(each, Mapping) for each in values)


def _is_another(old: Any, new: Any) -> bool:
    """Gives whether a value is to be written anew; in a mapping only what differs is."""
    if old and _are_mappings(old, new):
        return False
    return old.__class__ is not new.__class__ or bool(old != new)


def _written(value: Any, *, quoted: bool) -> str:
    if quoted:
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        items = (f"{emit_scalar(key)}: {_written(item, quoted=quoted)}" for key, item in value.items())
        return f"{{{', '.join(items)}}}"
    if isinstance(value, list):
        return f"[{', '.join(_written(item, quoted=quoted) for item in value)}]"
    return emit_scalar(value)
