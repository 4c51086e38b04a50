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
    result: dict[str, Any] = _copy(manifest)
    for operation in plan:
        if isinstance(operation, Set):
            _set(result, operation.path, _copy(operation.value), operation.place)
        elif isinstance(operation, Remove):
            parent = _find(result, operation.path[:-1])
            if parent is not None:
                parent.pop(operation.path[-1], None)
        else:
            _move(result, operation)
    return result


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_copy(item) for item in value]
    return value


def _find(value: Any, path: Path) -> dict[str, Any] | None:
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return None
        value = value[key]
    return value if isinstance(value, dict) else None


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
        mapping = mapping[key]
    _insert(mapping, path[-1], value, place)


def _move(result: dict[str, Any], operation: Move) -> None:
    source, target = operation.source, operation.target
    parent = _find(result, source[:-1])
    if parent is None:
        raise KeyError(source)
    if source[:-1] == target[:-1]:
        items = [(target[-1] if key == source[-1] else key, value) for key, value in parent.items()]
        parent.clear()
        parent.update(items)
        return
    _set(result, target, parent.pop(source[-1]), operation.place)
