"""A JSON 6902 patch of a release of Flux v1 as one of the release of Flux v2 that it is for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kustomize import apply_operations, keys_of_pointer, pointer_to
from fluxv2_migrate.plan import REMOVED, Leaves, Move, PatchOperation, Path, leaf_at
from fluxv2_migrate.rules.patches import CARRIED, VALUES, FormStep, repeated_leaves, shared_leaves

_ANNOTATIONS: Final = ("metadata", "annotations")
_SPEC: Final = ("spec",)
_LeftOut: TypeAlias = tuple[int, int, Mapping[str, Any]]
"""How many operations stand before one that is left out, its index, and the operation."""
_NOTHING: Final = PatchOperation({"op": "test", "path": "/kind", "value": "HelmRelease"})
"""A patch of no operations is none to kustomize."""


class NotFollowed(ValueError):
    """An operation does what cannot be said of a release of Flux v2; says which."""


@dataclass(frozen=True, slots=True)
class OldStep:
    """A release before a JSON patch, in both forms, and after it.

    Attributes:
        manifest: the release of Flux v1 before it.
        form: what it is under Flux v2 before it and after it.
    """

    manifest: Mapping[str, Any]
    form: FormStep


@dataclass(frozen=True, slots=True)
class JsonPatchDraft:
    """A JSON 6902 patch as it becomes.

    Attributes:
        effective: those on fields other than values and metadata.
    """

    operations: tuple[PatchOperation, ...]
    effective: tuple[Mapping[str, Any], ...]


@dataclass(slots=True)
class _Drafter:
    """Goes through one patch."""

    steps: Sequence[OldStep]
    goes: Callable[[str], bool]
    old: list[dict[str, Any]] = field(init=False)
    new: list[dict[str, Any]] = field(init=False)
    found: list[PatchOperation] = field(default_factory=list)
    effective: list[Mapping[str, Any]] = field(default_factory=list)
    left: list[_LeftOut] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.old = [dict(step.manifest) for step in self.steps]
        self.new = [dict(step.form.before) for step in self.steps]

    def draft(self, operations: Sequence[Mapping[str, Any]]) -> JsonPatchDraft:
        for index, operation in enumerate(operations):
            after = self._operation(index, operation)
            if after is None:
                self.left.append((len(self.found), index, operation))
            else:
                self.found.append(after)
            for number, manifest in enumerate(self.old):
                self.old[number] = _applied(manifest, operation)
        leaves = shared_leaves(
            [(now, step.form.after) for now, step in zip(self.new, self.steps, strict=True)]
        )
        leaves |= repeated_leaves([step.form for step in self.steps], leaves)
        added = sorted(map(self._placed, _operations(leaves, self.new)), key=lambda each: each[:2])
        for place, _, each in reversed(added):
            self.found.insert(place, each)
        self.effective += [each.value for _, _, each in added]
        return JsonPatchDraft(tuple(self.found) or (_NOTHING,), tuple(self.effective))

    def _placed(self, operation: Mapping[str, Any]) -> tuple[int, int, PatchOperation]:
        """Gives where an operation goes that is new, before which old one, and what it is there.

        It takes the place of one that wrote the same field, or else of the first one that is left out.
        """
        for place, index, old in reversed(self.left):
            if old.get("path") == operation["path"] and {operation["op"], old.get("op")} <= {
                "add",
                "replace",
            }:
                return place, index, PatchOperation({**operation, "op": old["op"]}, index)
        place = self.left[0][0] if self.left else len(self.found)
        return place, -1, PatchOperation(operation)

    def _operation(self, index: int, operation: Mapping[str, Any]) -> PatchOperation | None:
        """Gives what becomes of an operation by itself; what is left of it, all of them write together."""
        name, path = operation.get("op"), keys_of_pointer(str(operation.get("path")))
        origin = keys_of_pointer(str(operation.get("from"))) if name in ("move", "copy") else None
        if path[:2] == _ANNOTATIONS:
            return self._of_annotations(index, operation, path)
        if path == _SPEC and name in ("add", "replace") and isinstance(operation.get("value"), Mapping):
            return self._whole(index, operation)
        if path == _SPEC and origin is not None and (name == "copy" or origin[:1] == _SPEC):
            # The form of what is there may be another one.
            whole = self._whole(
                index, {"op": "add", "path": "/spec", "value": self._taken(operation, origin)}
            )
            return PatchOperation(whole.value)
        if name == "test" and len(path) < 2:
            # It holds in every build.
            return None
        if path == _SPEC and name == "remove":
            self.new = [{key: value for key, value in now.items() if key != "spec"} for now in self.new]
            self.effective.append(operation)
            return PatchOperation(operation, index)
        if len(path) < 2 and path != ("apiVersion",) and path != ("kind",):
            raise NotFollowed(f"a JSON patch writes {operation.get('path') or 'a release as a whole'}")
        if _is_kept(path):
            if origin is None or _is_kept(origin):
                return PatchOperation(operation, index)
            return self._from_elsewhere(operation, origin)
        if origin is not None and name == "move" and _is_kept(origin):
            return PatchOperation({"op": "remove", "path": operation["from"]})
        target = CARRIED.get(path)
        if target is None or name not in ("add", "replace", "remove"):
            return None
        return self._carried(index, operation, path, target)

    def _of_annotations(self, index: int, operation: Mapping[str, Any], path: Path) -> PatchOperation | None:
        """Gives what becomes of an operation on annotations, some of which the releases have no more."""
        value = operation.get("value")
        if len(path) > len(_ANNOTATIONS):
            return None if self.goes(path[2]) else PatchOperation(operation, index)
        if isinstance(value, Mapping) and any(map(self.goes, value)):
            left = {key: item for key, item in value.items() if not self.goes(key)}
            return PatchOperation({**operation, "value": left}) if left else None
        known = [leaf_at(manifest, _ANNOTATIONS) for manifest in self.old]
        if operation.get("op") == "remove" and all(
            isinstance(each, Mapping) and all(map(self.goes, each)) for each in known
        ):
            return None
        return PatchOperation(operation, index)

    def _whole(self, index: int, operation: Mapping[str, Any]) -> PatchOperation:
        """Gives what writes all that a release specifies, as far as that is the same for all of them."""
        own = {"spec": operation["value"]}
        forms = [step.form.after for step in self.steps]
        spec = _common([form["spec"] for form in forms])
        self.new = [{**now, "spec": spec} for now in self.new]
        self.effective.append({**operation, "value": spec})
        moves: dict[Path, Move] = {}
        for source, target in CARRIED.items():
            if source != target and leaf_at(own, source) == leaf_at({"spec": spec}, target) is not REMOVED:
                moves.setdefault(target, Move(("value", *source[1:]), ("value", *target[1:])))
        values = {key: operation["value"][key] for key in VALUES[1:] if key in operation["value"]}
        return PatchOperation({**operation, "value": {**spec, **values}}, index, tuple(moves.values()))

    def _carried(
        self, index: int, operation: Mapping[str, Any], path: Path, target: Path
    ) -> PatchOperation | None:
        value = REMOVED if operation["op"] == "remove" else operation.get("value")
        fits = all(leaf_at(step.form.after, target) == value for step in self.steps)
        there = all(leaf_at(now, target[:-1]) is not REMOVED for now in self.new)
        if value is REMOVED:
            there = all(leaf_at(now, target) is not REMOVED for now in self.new)
        if not fits or not there:
            return None
        changed = {**operation, "path": pointer_to(target)}
        self.new = [apply_operations(now, [changed]) for now in self.new]
        self.effective.append(changed)
        return PatchOperation(changed, index)

    def _from_elsewhere(self, operation: Mapping[str, Any], origin: Path) -> PatchOperation:
        """Gives what writes into values what stood elsewhere, where it may have another form now."""
        return PatchOperation(
            {"op": "add", "path": operation["path"], "value": self._taken(operation, origin)}
        )

    def _taken(self, operation: Mapping[str, Any], origin: Path) -> Any:
        """Gives the value that an operation takes from elsewhere."""
        values = [leaf_at(manifest, origin) for manifest in self.old]
        if any(value is REMOVED or value != values[0] for value in values):
            raise NotFollowed(f"a JSON patch takes {operation.get('from')}, which differs between releases")
        return values[0]


def draft_json_patch(
    operations: Sequence[Mapping[str, Any]], steps: Sequence[OldStep], goes: Callable[[str], bool]
) -> JsonPatchDraft:
    """Gives what becomes of a JSON 6902 patch.

    Operations on values and metadata stay. Those on fields that move point to where these are. Of all else it
    writes what makes each release that it reaches what it must be, as far as that is the same for all.

    Args:
        steps: of each release that it reaches, in each build.
        goes: of an annotation, whether the releases have it no more.

    Raises:
        NotFollowed: an operation does what cannot be said.
    """
    return _Drafter(steps, goes).draft(operations)


def _applied(manifest: dict[str, Any], operation: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return apply_operations(manifest, [dict(operation)])
    except InvalidManifest:
        # What transformers make of the metadata is not known here.
        return manifest


def _is_kept(path: Path) -> bool:
    return path[:1] == ("metadata",) or path[:2] == VALUES


def _operations(leaves: Leaves, states: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Gives the operations that write fields, each with what it needs around it."""
    made: dict[Path, Any] = {}
    for path, value in leaves.items():
        if value is REMOVED:
            if all(leaf_at(state, path) is not REMOVED for state in states):
                yield {"op": "remove", "path": pointer_to(path)}
            continue
        depths = {_depth(state, path) for state in states}
        if len(depths) > 1:
            # What is made around it in one release would replace what is there in another one.
            continue
        top = path[: depths.pop()]
        if top == path:
            made[top] = value
            continue
        holder = made.setdefault(top, {})
        for key in path[len(top) : -1]:
            holder = holder.setdefault(key, {})
        holder[path[-1]] = value
    for top, value in made.items():
        yield {"op": "add", "path": pointer_to(top), "value": value}


def _common(values: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Gives what mappings have in common."""
    first, *others = values
    found: dict[str, Any] = {}
    for key, value in first.items():
        there = [other.get(key, REMOVED) for other in others]
        if isinstance(value, Mapping) and all(isinstance(each, Mapping) for each in there):
            found[key] = _common([value, *there])
        elif all(each.__class__ is value.__class__ and each == value for each in there):
            found[key] = value
    return found


def _depth(state: Mapping[str, Any], path: Path) -> int:
    """Gives how many keys of a path an operation names, so that all before the last one are there."""
    depth = 1
    while depth < len(path) and isinstance(leaf_at(state, path[:depth]), Mapping):
        depth += 1
    return depth
