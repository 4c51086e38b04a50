"""The operations over mappings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluxv2_migrate.plan.operations import Move, Path, Plan, Remove, Set
from fluxv2_migrate.yaml_text import Place, insertion_index

__all__ = ["apply_to_mapping"]


def apply_to_mapping(plan: Plan, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Gives the manifest after the plan; the given one is not changed.

    Raises:
        KeyError: a field that moves is not there.

    >>> from fluxv2_migrate.plan import Move
    >>> apply_to_mapping((Move(("a", "b"), ("a", "c", "d")),), {"a": {"b": 1}})
    {'a': {'c': {'d': 1}}}
    """
    # Only what a path leads through is copied; values are large and stay as they are.
    result: dict[str, Any] = dict(manifest)
    for operation in plan:
        if isinstance(operation, Set):
            _set(result, operation.path, operation.value, operation.place)
        elif isinstance(operation, Remove):
            parent = _own(result, operation.path[:-1])
            if parent is not None:
                parent.pop(operation.path[-1], None)
        else:
            _move(result, operation)
    return result


def _own(mapping: dict[str, Any], path: Path) -> dict[str, Any] | None:
    """Gives the mapping at a path, as one that may be changed."""
    for key in path:
        value = mapping.get(key)
        if not isinstance(value, Mapping):
            return None
        mapping[key] = mapping = dict(value)
    return mapping


def _insert(mapping: dict[str, Any], key: str, value: Any, place: Place) -> None:
    if key in mapping:
        mapping[key] = value
        return
    items = list(mapping.items())
    items.insert(insertion_index(list(mapping), place), (key, value))
    mapping.clear()
    mapping.update(items)


def _set(mapping: dict[str, Any], path: Path, value: Any, place: Place) -> None:
    for index, key in enumerate(path[:-1]):
        if mapping.get(key) is None:
            _insert(mapping, key, {}, place if index == 0 else Place())
        mapping[key] = mapping = dict(mapping[key])
    _insert(mapping, path[-1], value, place)


def _move(result: dict[str, Any], operation: Move) -> None:
    source, target = operation.source, operation.target
    parent = _own(result, source[:-1])
    if parent is None:
        raise KeyError(source)
    if source[:-1] == target[:-1]:
        items = [(target[-1] if key == source[-1] else key, value) for key, value in parent.items()]
        parent.clear()
        parent.update(items)
        return
    _set(result, target, parent.pop(source[-1]), operation.place)
