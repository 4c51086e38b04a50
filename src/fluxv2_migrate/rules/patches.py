"""A patch of a release of Flux v1 as one of the release of Flux v2 that it is for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from fluxv2_migrate.kubernetes import as_object
from fluxv2_migrate.kustomize import keys_of_pointer, merged_with
from fluxv2_migrate.plan import (
    REMOVED,
    Leaves,
    Move,
    Path,
    Plan,
    Remove,
    apply_to_mapping,
    as_patch,
    leaf_at,
    merge_difference,
    plan_between,
)
from fluxv2_migrate.rules.draft import BEFORE_VALUES
from fluxv2_migrate.rules.outside_spec import METADATA

VALUES: Final[Path] = ("spec", "values")
"""What a patch says of values means the same to both."""
CARRIED: Final[Mapping[Path, Path]] = MappingProxyType(
    {
        ("spec", "releaseName"): ("spec", "releaseName"),
        ("spec", "targetNamespace"): ("spec", "targetNamespace"),
        ("spec", "maxHistory"): ("spec", "maxHistory"),
        ("spec", "rollback", "recreate"): ("spec", "rollback", "recreate"),
        ("spec", "rollback", "disableHooks"): ("spec", "rollback", "disableHooks"),
        ("spec", "test", "enable"): ("spec", "test", "enable"),
        ("spec", "test", "ignoreFailures"): ("spec", "test", "ignoreFailures"),
        ("spec", "chart", "name"): ("spec", "chart", "spec", "chart"),
        ("spec", "chart", "path"): ("spec", "chart", "spec", "chart"),
        ("spec", "chart", "version"): ("spec", "chart", "spec", "version"),
    }
)
"""The fields of Flux v1 whose value stays the same in Flux v2, each with the field that it is there."""
_KEPT: Final = ("metadata", "$patch")


@dataclass(frozen=True, slots=True)
class FormStep:
    """What a release of Flux v2 is before a patch and after it, without its values.

    Attributes:
        before: the release as it is without the patch.
        after: the release as the patch makes it.
        unsaid: what it would be before it, if it did not say yet what the patch only says again; `None`
            where the patch says nothing again.
    """

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    unsaid: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class PatchDraft:
    """A strategic merge patch as it becomes.

    Attributes:
        plan: the operations on the patch.
        value: what it says then, without values of the release.
    """

    plan: Plan
    value: Mapping[str, Any]


def draft_merge_patch(patch: Mapping[str, Any], steps: Sequence[FormStep]) -> PatchDraft:
    """Gives what becomes of a strategic merge patch.

    What it says of fields that are the same in Flux v2 stays. Of all else it writes what makes each release
    that it reaches what it must be, as far as that is the same for all of them.

    Args:
        steps: of each release that it reaches, in each build.
    """
    head = {key: steps[0].after[key] for key in ("apiVersion", "kind") if key in patch}
    moves: list[Move] = []
    leaves: Leaves = {}
    for source, target in CARRIED.items():
        value = leaf_at(patch, source)
        if value is REMOVED or target in leaves:
            continue
        wanted = REMOVED if value is None else value
        if all(leaf_at(step.after, target) == wanted for step in steps):
            leaves[target] = value
            if source != target:
                moves.append(Move(source, target))
    kept = {**head, **_kept_of(patch)}
    leaves |= shared_leaves([(_merged(step.before, leaves), step.after) for step in steps])
    leaves |= repeated_leaves(steps, leaves)
    value = _with(kept, as_patch(leaves))
    if as_object(patch.get("spec")).get("$patch") == "replace":
        # What it writes is all that is left.
        whole = {"$patch": "replace", **steps[0].after["spec"]}
        value = {**kept, "spec": {**whole, **as_object(kept.get("spec"))}}
    plan = plan_between(patch, value, tuple(moves), BEFORE_VALUES, VALUES)
    spec = {key: item for key, item in as_object(value.get("spec")).items() if key != VALUES[1]}
    return PatchDraft(plan, {**value, "spec": spec} if spec else _without(value, "spec"))


def _kept_of(patch: Mapping[str, Any]) -> dict[str, Any]:
    """Gives what a patch says of fields that mean the same in Flux v2: metadata and values."""
    kept: dict[str, Any] = {key: patch[key] for key in _KEPT if key in patch}
    # kustomize refuses a patch without a name.
    kept["metadata"] = {key: item for key, item in patch["metadata"].items() if key in METADATA}
    if VALUES[1] in as_object(patch.get("spec")):
        kept["spec"] = {VALUES[1]: patch["spec"][VALUES[1]]}
    return kept


def shared_leaves(pairs: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> Leaves:
    """Gives what makes each object what it shall be, as far as it is right for all of them.

    Args:
        pairs: of each object what it is, and what it shall be.
    """
    known = list(pairs)
    found: Leaves = {}
    for before, after in known:
        for path, value in merge_difference(before, after).items():
            if path not in found and all(_is_at(other, path, value) for _, other in known):
                found[path] = value
    return {path: value for path, value in found.items() if not any(_lies_in(path, other) for other in found)}


def unsaid_state(state: Mapping[str, Any], patch: Any) -> dict[str, Any] | None:
    """Gives a release of Flux v1 without what a patch says of it that it says already.

    Args:
        patch: the mapping of a strategic merge patch, or the operations of a JSON patch.

    Returns:
        The release; `None` where the patch says nothing again but what stands in one field in both Fluxes.

    >>> unsaid_state({"spec": {"timeout": 5, "wait": True}}, {"spec": {"timeout": 5, "wait": False}})
    {'spec': {'wait': True}}
    >>> unsaid_state({"spec": {"timeout": 5}}, [{"op": "add", "path": "/spec/timeout", "value": 6}])
    """
    said = [leaf_at(patch, ("spec",))] if isinstance(patch, Mapping) else []
    leaves = [(("spec", *path), value) for each in said for path, value in _leaves_of(as_object(each), ())]
    for operation in () if isinstance(patch, Mapping) else patch:
        if operation.get("op") in ("add", "replace"):
            leaves.append((keys_of_pointer(str(operation.get("path"))), operation.get("value")))
    again = [
        path
        for path, value in leaves
        if path[:1] == ("spec",) and path[:2] != VALUES and path not in CARRIED and _is_at(state, path, value)
    ]
    return apply_to_mapping(tuple(map(Remove, again)), state) if again else None


def _leaves_of(value: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, Any]]:
    for key, each in value.items():
        if isinstance(each, Mapping):
            yield from _leaves_of(each, (*path, key))
        else:
            yield (*path, key), each


def repeated_leaves(steps: Iterable[FormStep], known: Leaves) -> Leaves:
    """Gives what a patch writes of what each object is already, since it said it before, too.

    Whoever wrote it wants it to hold, whatever becomes of what stands below.

    Args:
        known: what the patch writes in any case.
    """
    pairs = [(step.unsaid, step.after) for step in steps]
    found = shared_leaves([(unsaid, after) for unsaid, after in pairs if unsaid is not None])
    return {
        path: value
        for path, value in found.items()
        if value is not REMOVED
        and all(_is_at(after, path, value) for _, after in pairs)
        and not any(path == each or _lies_in(path, each) or _lies_in(each, path) for each in known)
    }


def _is_at(form: Mapping[str, Any], path: Path, value: Any) -> bool:
    there = leaf_at(form, path)
    return there is value if value is REMOVED else there.__class__ is value.__class__ and there == value


def _lies_in(path: Path, other: Path) -> bool:
    return len(path) > len(other) and path[: len(other)] == other


def _merged(form: Mapping[str, Any], leaves: Leaves) -> dict[str, Any]:
    return merged_with(dict(form), as_patch(leaves)) if leaves else dict(form)


def _without(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: item for key, item in value.items() if key != name}


def _with(patch: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in more.items():
        known = patch.get(key)
        both = isinstance(value, Mapping) and isinstance(known, Mapping)
        patch[key] = _with(dict(known), value) if both and known is not None else value
    return patch
