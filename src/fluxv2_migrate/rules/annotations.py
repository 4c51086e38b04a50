"""The annotations of fluxd: what becomes of each, and what never worked."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from fluxv2_migrate.flux1 import WorkloadPolicies
from fluxv2_migrate.flux1.policies import FLUXD_DOMAINS, is_annotated, is_of_fluxd, meant_domain
from fluxv2_migrate.flux2.apply_annotations import PRUNE, RECONCILE
from fluxv2_migrate.kubernetes import as_object, mapping_at
from fluxv2_migrate.plan import (
    REMOVED,
    Move,
    Operation,
    Path,
    Remove,
    Set,
    apply_to_mapping,
    leaf_at,
    source_of,
)
from fluxv2_migrate.rules.images import CommentAbove, Workload
from fluxv2_migrate.yaml_text import Place

_POD_TEMPLATES: Final = (("template",), ("jobTemplate", "spec", "template"), ("jobTemplate",))
"""Where the spec of a workload holds what pods, or jobs, are made of."""
WORKLOAD_KINDS: Final = ("Deployment", "DaemonSet", "StatefulSet", "CronJob", "HelmRelease")
"""The kinds whose images fluxd could update."""

_ANNOTATIONS: Final = ("metadata", "annotations")
_POLICIES: Final = ("fluxcd.io", "flux.weave.works")
_FOREIGN: Final = ("helm.fluxcd.io", "reconcile.fluxcd.io")
_MACHINE: Final = ("sync-checksum", "sync-gc-mark", "sync-hwm")
_KNOWN: Final = ("automated", "locked", "locked_user", "locked_msg", "ignore", "tag_all", *_MACHINE)
_PATTERNS: Final = ("glob:", "regexp:", "regex:", "semver:")
_ON: Final = frozenset(("true", "yes", "on", "y", "t", "1"))
_OFF: Final = frozenset(("", "false", "no", "off", "n", "f", "0"))


def has_annotated_pods(manifest: Mapping[str, Any]) -> bool:
    """Gives whether the pods, or the jobs, that an object is a template of have annotations of fluxd.

    >>> pods = {"template": {"metadata": {"annotations": {"fluxcd.io/automated": "true"}}}}
    >>> has_annotated_pods({"kind": "Deployment", "spec": pods})
    True
    """
    spec: Any = manifest.get("spec")
    return any(is_annotated({"metadata": mapping_at(spec, *at, "metadata")}) for at in _POD_TEMPLATES)


def policy_comments(container: str) -> str:
    """Gives where the comments of a container's filter go: to what selects the tag in its policy.

    >>> policy_comments("app")
    'ImagePolicy:app'
    """
    return f"ImagePolicy:{container}"


def draft_annotations(workload: Workload, containers: Iterable[str]) -> WorkloadPolicies | None:
    """Says what is the matter with the annotations of fluxd.

    Returns:
        What the annotations ask of fluxd, or nothing where fluxd chose at random: then they stay.

    Source: fluxcd/flux 1.25.4 `pkg/policy/policy.go`, `pkg/cluster/kubernetes/resource/resource.go`.
    """
    annotations, policies = workload.annotations, workload.policies
    _pod_template(workload)
    if _conflicts(workload, policies, set(containers)):
        return None
    is_workload = workload.kind in WORKLOAD_KINDS
    if is_workload:
        _automation(workload, policies, set(containers))
    for key in annotations:
        _annotation(workload, key, policies, is_workload=is_workload)
    _labels(workload)
    return policies


def replace_annotations(
    workload: Workload, policies: WorkloadPolicies, images: Iterable[Path], selected: Collection[str]
) -> None:
    """Writes the annotations that mean the same to Flux v2, and takes those of fluxd out unless they stay.

    Args:
        images: the fields of its images, above which it is said who locked them.
        selected: the containers that get an image policy, to which the comments of their filters go.

    Source: fluxcd/pkg `ssa/manager_apply.go`, `ssa/manager_delete.go`.
    """
    moves = not workload.options.keep_annotations
    moved = _translate_ignore(workload, policies, moves=moves)
    if not moves:
        return
    gone = [key for key in workload.annotations if is_of_fluxd(key) and key != moved]
    for key in gone:
        container = _container_of(key)
        to = policy_comments(container) if container in selected else None
        workload.operations.append(Remove((*workload.at, *_path(key)), to, "annotations"))
    if gone and len(gone) == len(workload.annotations):
        workload.operations.append(Remove((*workload.at, *_ANNOTATIONS), rule="annotations"))
    _remove_marks(workload)
    if policies.locked and workload.kind in WORKLOAD_KINDS:
        for path in tuple(images) or (("metadata", "name"),):
            workload.comments.append(CommentAbove((*workload.at, *path), _lock_text(policies)))


def remaining_operations(plan: Iterable[Operation], value: Mapping[str, Any]) -> list[Operation]:
    """Gives the operations on what is still there: the rules of releases took some annotations out before."""
    kept = [each for each in plan if isinstance(each, Set) or leaf_at(value, source_of(each)) is not REMOVED]
    goes = Remove(_ANNOTATIONS, rule="annotations")
    if kept and goes not in kept and leaf_at(apply_to_mapping(tuple(kept), value), _ANNOTATIONS) == {}:
        kept.append(goes)
    return kept


def _path(key: str) -> Path:
    return (*_ANNOTATIONS, key)


def _key_of(annotations: Mapping[str, Any], *names: str) -> str:
    """Gives the annotation that stands for a policy; there is one."""
    keys = [f"{prefix}/{name}" for name in names for prefix in _POLICIES]
    keys += [f"filter.fluxcd.io/{name[4:]}" for name in names if name.startswith("tag.")]
    return next(key for key in keys if key in annotations)


def _conflicts(workload: Workload, policies: WorkloadPolicies, containers: set[str]) -> bool:
    names = ["ignore"]
    if workload.kind in WORKLOAD_KINDS:
        names += ["automated", "locked"]
        if _is_updated(policies):
            names += [f"tag.{container}" for container in sorted(containers)]
    found = False
    for name in names:
        values = policies.conflicts.get(name)
        if values is None:
            continue
        container = name[4:] if name.startswith("tag.") else None
        if container is not None and workload.decided(container).policy:
            continue
        shown = " and ".join(map(repr, values))
        message = f"two annotations say {shown} for {name}, and fluxd took one at random"
        answer = None
        if container is not None:
            answer = workload.answer(container=container, policy={}, filter_tags={})
        workload.note("AN010", message, _path(_key_of(workload.annotations, name)), answer=answer)
        found = True
    return found


def _automation(workload: Workload, policies: WorkloadPolicies, containers: set[str]) -> None:
    annotations = workload.annotations
    for container in policies.tag_patterns:
        key = _key_of(annotations, f"tag.{container}")
        if key.startswith("filter.fluxcd.io/tag."):
            continue
        if not policies.automated:
            message = "filters of workloads that are not automated had no effect"
            workload.note("AN008", message, _path(key), group="all")
        elif container not in containers:
            others = f", only of {', '.join(sorted(containers))}" if containers else ", and none at all"
            message = f"fluxd finds no image of the container {container!r}{others}: no effect"
            workload.note("AN009", message, _path(key))
    value = policies.policies.get("automated", "")
    if value.strip().lower() in _ON and value != "true":
        message = f"fluxd takes only `true`: {value!r} did not automate the workload"
        workload.note("AN005", message, _path(_key_of(annotations, "automated")), group=value)
    lock = policies.policies.get("locked", "")
    if lock.strip().lower() in _ON and lock != "true" and _is_updated(policies):
        message = f"fluxd takes only `true`: {lock!r} did not lock the workload, and its images were updated"
        workload.note("AN021", message, _path(_key_of(annotations, "locked")))
    if policies.locked:
        key = _key_of(annotations, "locked")
        if policies.automated:
            message = f"the workload is {_lock_text(policies)}: no image of it is updated"
            workload.note("AN006", message, _path(key))
        else:
            message = "locks of workloads that are not automated had no effect; they become comments"
            workload.note("AN007", message, _path(key), group="all")


def _is_updated(policies: WorkloadPolicies) -> bool:
    return policies.automated and not policies.locked and not policies.ignored


def _lock_text(policies: WorkloadPolicies) -> str:
    by = f" by {policies.locked_user}" if policies.locked_user else ""
    why = f": {policies.locked_msg}" if policies.locked_msg else ""
    # A message may have several lines, and goes to a comment of one and to a finding.
    return " ".join(f"locked{by}{why}".split())


def _annotation(workload: Workload, key: str, policies: WorkloadPolicies, *, is_workload: bool) -> None:
    domain, _, name = key.partition("/")
    mistake = _mistake(domain, name)
    if mistake is not None:
        is_updated = is_workload and _is_updated(policies)
        is_restraint = is_updated and _restrains(workload, key, mistake, policies)
        _misspelt(workload, key, mistake, is_restraint=is_restraint)
    elif domain in _POLICIES and name == "tag_all":
        workload.note("AN011", "fluxd never read tag_all from a file", _path(key), group="all")
    elif domain in _POLICIES and name in _MACHINE:
        workload.note("AN014", f"{key} is fluxd's own mark, for live objects", _path(key), group=key)
    elif domain in _POLICIES and name == "ignore":
        _ignore(workload, key, policies)
    elif is_of_fluxd(key) and not is_workload:
        what = workload.kind or "such an object"
        workload.note("AN012", f"fluxd read {key} of no {what}", _path(key), group=workload.kind)


def _mistake(domain: str, name: str) -> str | None:
    """Gives what an annotation was meant to be that fluxd does not know, empty where nobody can tell.

    Nothing where fluxd knows it, or where it is meant for somebody else.
    """
    if domain.endswith((".fluxcd.io", ".flux.weave.works")) and domain not in FLUXD_DOMAINS:
        if domain in _FOREIGN and (name in _KNOWN or name.startswith("tag.")):
            return f"fluxcd.io/{name}"
        is_foreign = domain in _FOREIGN or domain.endswith("toolkit.fluxcd.io")
        return None if is_foreign else ""
    if not name:
        return "" if domain in FLUXD_DOMAINS else None
    if meant := meant_domain(domain):
        return f"{meant}/{name}"
    if domain == "filter.fluxcd.io" and name.startswith("tag."):
        return f"filter.fluxcd.io/{name[4:]}"
    if domain in _POLICIES and name not in _KNOWN and not name.startswith("tag."):
        return _meant(name)
    return None


def _restrains(workload: Workload, key: str, meant: str, policies: WorkloadPolicies) -> bool:
    """Gives whether an annotation was meant to hold images, or some of their tags, and nothing else does."""
    container = _container_of(meant)
    if container:
        return container not in policies.tag_patterns and not workload.decided(container).policy
    # Where nobody can tell what was meant, the value tells a filter.
    is_filter = str(workload.annotations[key]).startswith(_PATTERNS) and not policies.tag_patterns
    return is_filter or meant in ("fluxcd.io/locked", "fluxcd.io/ignore")


def _misspelt(workload: Workload, key: str, meant: str, *, is_restraint: bool) -> None:
    advice = f": {meant} was meant" if meant else ""
    if is_restraint:
        message = f"fluxd knows no annotation {key}{advice}, and it updated the images without it"
        workload.note("AN021", message, _path(key))
    else:
        workload.note("AN013", f"fluxd knows no annotation {key}{advice}", _path(key), group=key)


def _meant(name: str) -> str:
    if name.startswith("filter."):
        return f"filter.fluxcd.io/{name[7:]}"
    close = difflib.get_close_matches(name, ("automated", "ignore", "locked"), 1, 0.75)
    return f"fluxcd.io/{close[0]}" if close else ""


def _ignore(workload: Workload, key: str, policies: WorkloadPolicies) -> None:
    value = policies.policies.get("ignore", "")
    if policies.ignored:
        message = (
            "when it prunes, Flux v2 reads `reconcile: disabled` on the live object only: what it has "
            "applied before is deleted once it leaves Git"
        )
        workload.note("AN001", message, _path(key), group="all")
    elif not policies.sync_only and value.strip().lower() not in _OFF:
        message = f"fluxd takes only `true` and `sync_only`: {value!r} did not ignore the object"
        workload.note("AN003", message, _path(key), group=value)


def marks_of_ignored(policies: WorkloadPolicies) -> Mapping[str, str]:
    """Gives the annotations with which Flux v2 leaves what fluxd left.

    Source: fluxcd/pkg `ssa/manager_apply.go`, `ssa/manager_delete.go`.

    >>> from fluxv2_migrate.flux1 import read_policies
    >>> marks_of_ignored(read_policies({"fluxcd.io/ignore": "sync_only"}))
    {'kustomize.toolkit.fluxcd.io/prune': 'disabled'}
    """
    if policies.ignored or policies.sync_only:
        return {RECONCILE if policies.ignored else PRUNE: "disabled"}
    return {}


def _translate_ignore(workload: Workload, policies: WorkloadPolicies, *, moves: bool) -> str:
    """Writes what means the same to Flux v2; gives the annotation that it took the place of, if one."""
    mark = next(iter(marks_of_ignored(policies)), None)
    if mark is None:
        return ""
    key = _key_of(workload.annotations, "ignore")
    target = (*workload.at, *_path(mark))
    there = workload.annotations.get(target[-1])
    if there == "disabled":
        return ""
    moves = moves and there is None
    if moves:
        # Moved before it is set, so that its comments and its place stay.
        workload.operations.append(Move((*workload.at, *_path(key)), target, rule="annotations"))
    because = (".".join(_path(key)),)
    operation = Set(target, "disabled", Place(after=(key,)), because, "annotations")
    workload.operations.append(operation)
    return key if moves else ""


def _container_of(key: str) -> str:
    domain, _, name = key.partition("/")
    if domain == "filter.fluxcd.io":
        return name
    return name[4:] if domain in _POLICIES and name.startswith("tag.") else ""


def _marks(workload: Workload) -> list[str]:
    labels = as_object(workload.metadata.get("labels"))
    return [key for key in labels if key.partition("/")[0] in _POLICIES and key.endswith("/sync-gc-mark")]


def _labels(workload: Workload) -> None:
    for key in _marks(workload):
        path = ("metadata", "labels", key)
        workload.note("AN014", f"{key} is fluxd's own mark, for live objects", path, group=key)


def _remove_marks(workload: Workload) -> None:
    marks = _marks(workload)
    for key in marks:
        path = (*workload.at, "metadata", "labels", key)
        workload.operations.append(Remove(path, rule="annotations"))
    if marks and len(marks) == len(workload.metadata["labels"]):
        workload.operations.append(Remove((*workload.at, "metadata", "labels"), rule="annotations"))


def _pod_template(workload: Workload) -> None:
    spec: Any = workload.manifest.get("spec")
    for path in _POD_TEMPLATES:
        for key in mapping_at(spec, *path, "metadata", "annotations"):
            if is_of_fluxd(key):
                message = (
                    f"fluxd read {key} of the workload itself and not of its pods; it stays, "
                    "for without it the pods would be started anew"
                )
                place = ("spec", *path, "metadata", "annotations", key)
                workload.note("AN012", message, place, group=f"pods {key}")
