"""Strategic merge patches of objects that are merged as JSON: what they change, how they become others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from fluxv2_migrate.frozen import SCALARS
from fluxv2_migrate.plan.operations import Operation, Path, Plan, Remove, Set, apply_to_mapping
from fluxv2_migrate.yaml_text import Place


class _Removed:
    __slots__ = ()

    def __repr__(self) -> str:
        return "REMOVED"


REMOVED: Final = _Removed()
"""What a patch says of a field that it takes away, and what is at a path where nothing is."""
Leaves: TypeAlias = dict[Path, Any]
"""Fields with their values, or `REMOVED`; none of them lies in another one."""


def leaf_at(value: Any, path: Path) -> Any:
    """Gives what is at a path, or `REMOVED`.

    >>> leaf_at({"a": {"b": 1}}, ("a", "b")), leaf_at({"a": 1}, ("a", "b"))
    (1, REMOVED)
    """
    for key in path:
        # Nearly all are dicts, and it takes long to find out that something else is a mapping.
        if not isinstance(value, (dict, Mapping)) or key not in value:
            return REMOVED
        value = value[key]
    return value


def merge_difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> Leaves:
    """Gives the fields that a patch has to write to make the other of the one; empty mappings are nothing.

    >>> merge_difference({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "d": [3]}})
    {('a', 'd'): [3], ('a', 'c'): REMOVED}
    """
    return dict(_difference(before, after, ()))


def _difference(before: Any, after: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, Any]]:
    known = before if isinstance(before, (dict, Mapping)) else {}
    for key, value in after.items():
        old = known.get(key, REMOVED)
        if value.__class__ not in SCALARS and isinstance(value, (dict, Mapping)):
            yield from _difference(old, value, (*path, key))
        elif old.__class__ is not value.__class__ or old != value:
            yield (*path, key), value
    for key, value in known.items():
        if key not in after and not _is_empty(value):
            yield (*path, key), REMOVED


def _is_empty(value: Any) -> bool:
    return isinstance(value, (dict, Mapping)) and all(map(_is_empty, value.values()))


def as_patch(leaves: Leaves) -> dict[str, Any]:
    """Gives the mapping of a patch that writes fields.

    >>> as_patch({("a", "b"): 1, ("a", "c"): REMOVED})
    {'a': {'b': 1, 'c': None}}
    """
    patch: dict[str, Any] = {}
    for path, value in leaves.items():
        holder = patch
        for key in path[:-1]:
            holder = holder.setdefault(key, {})
        holder[path[-1]] = None if value is REMOVED else value
    return patch


def plan_between(
    before: Mapping[str, Any], after: Mapping[str, Any], moves: Plan, place: Place, kept: Path
) -> Plan:
    """Gives the operations that make one mapping of the other.

    Args:
        moves: what is done first, so that fields take their comments with them.
        place: where new fields of a mapping of the second level go.
        kept: the path of what is the same in both, and is not looked at; empty where all is.
    """
    moved = apply_to_mapping(moves, before)
    sets: list[Operation] = []
    removes: list[Operation] = []
    _between(moved, after, (), place, kept, sets, removes)
    # A mapping is never empty in between.
    return (*moves, *sets, *removes)


def _between(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    path: Path,
    place: Place,
    kept: Path,
    sets: list[Operation],
    removes: list[Operation],
) -> None:
    if path and path == kept:
        return
    for key, value in after.items():
        here, old = (*path, key), before.get(key)
        if isinstance(value, (dict, Mapping)) and value and isinstance(old, (dict, Mapping)) and old:
            _between(old, value, here, place, kept, sets, removes)
        elif key not in before or old.__class__ is not value.__class__ or old != value:
            sets.append(Set(here, value, place if len(here) == 2 else Place()))
    removes += (Remove((*path, key)) for key in before if key not in after)
