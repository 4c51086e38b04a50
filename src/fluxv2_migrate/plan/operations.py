"""What can be done to a manifest, and its interpreter over mappings. What no operation names is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fluxv2_migrate.yaml_text import Place, insertion_index

_AT_THE_END: Final = Place()
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Set:
    """Gives a field a value; a new field goes to its place, an old one keeps its own.

    Attributes:
        value: its value, in JSON's types.
        place: where it goes if it is new.
        because: the v1 fields it is computed from.
        rule: the rule that asks for it.
        text: a document of this entry alone, as people wrote it elsewhere, with its comments; empty where
            the value is written anew.
    """

    path: Path
    value: Any
    place: Place = field(default_factory=Place)
    because: tuple[str, ...] = ()
    rule: str = ""
    text: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Move:
    """Moves a field's text with its comments; within one mapping it keeps its position."""

    source: Path
    target: Path
    place: Place = field(default_factory=Place)
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Remove:
    """Takes a field out; its comments stay, unless they go to `comments_to`, a new object's field."""

    path: Path
    comments_to: str | None = None
    rule: str = ""


Operation = Set | Move | Remove
Plan = tuple[Operation, ...]


def source_of(operation: Operation) -> Path:
    """Gives the field that an operation is about, as it is called before.

    >>> source_of(Move(("a",), ("b",))), source_of(Remove(("c",)))
    (('a',), ('c',))
    """
    return operation.source if isinstance(operation, Move) else operation.path


def apply_to_mapping(plan: Plan, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Gives the manifest after the plan; the given one is not changed.

    Raises:
        KeyError: a field that moves is not there.

    >>> from fluxv2_migrate.plan import Move
    >>> apply_to_mapping((Move(("a", "b"), ("a", "c", "d")),), {"a": {"b": 1}})
    {'a': {'c': {'d': 1}}}
    """
    return _Copy(manifest).after(plan)


class _Copy:
    """A manifest that is changed; only what a path leads through is copied, and that once."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        self._root: dict[str, Any] = dict(manifest)
        # By their `id`; they are held, so that no other mapping gets the same.
        self._copied: dict[int, dict[str, Any]] = {}

    def after(self, plan: Plan) -> dict[str, Any]:
        for operation in plan:
            if isinstance(operation, Set):
                self._set(operation.path, operation.value, operation.place)
            elif isinstance(operation, Remove):
                parent = self._at(operation.path[:-1])
                if parent is not None:
                    parent.pop(operation.path[-1], None)
            else:
                self._move(operation)
        return self._root

    def _at(self, path: Path) -> dict[str, Any] | None:
        """Gives the mapping at a path, as one that may be changed."""
        mapping = self._root
        for key in path:
            if not isinstance(mapping.get(key), (dict, Mapping)):
                return None
            mapping = self._inner(mapping, key)
        return mapping

    def _inner(self, mapping: dict[str, Any], key: str) -> dict[str, Any]:
        inner = mapping[key]
        if id(inner) not in self._copied:
            mapping[key] = inner = dict(inner)
            self._copied[id(inner)] = inner
        return self._copied[id(inner)]

    def _set(self, path: Path, value: Any, place: Place) -> None:
        mapping = self._root
        for index, key in enumerate(path[:-1]):
            if mapping.get(key) is None:
                _insert(mapping, key, {}, place if index == 0 else _AT_THE_END)
            mapping = self._inner(mapping, key)
        _insert(mapping, path[-1], value, place)

    def _move(self, operation: Move) -> None:
        source, target = operation.source, operation.target
        parent = self._at(source[:-1])
        if parent is None:
            raise KeyError(source)
        if source[:-1] == target[:-1]:
            items = [(target[-1] if key == source[-1] else key, value) for key, value in parent.items()]
            parent.clear()
            parent.update(items)
            return
        self._set(target, parent.pop(source[-1]), operation.place)


def _insert(mapping: dict[str, Any], key: str, value: Any, place: Place) -> None:
    if key in mapping:
        mapping[key] = value
        return
    keys = list(mapping)
    mapping[key] = value
    for later in keys[insertion_index(keys, place) :]:
        mapping[later] = mapping.pop(later)
