"""Objects that one Flux applied and the other leaves alone: for their annotations, or their namespaces."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from fluxv2_migrate.clusters import ClusterView, DocumentKey, paths_of
from fluxv2_migrate.clusters.cluster_map import ClusterObject
from fluxv2_migrate.findings.groups import FindingGroups, Notice
from fluxv2_migrate.flux1.apis import RELEASE_GROUPS
from fluxv2_migrate.flux1.policies import is_ignored
from fluxv2_migrate.flux2.apply_annotations import holding_mark, is_applied_once, is_disabled
from fluxv2_migrate.kubernetes import (
    group_of,
    is_namespaced,
    named,
    namespace_and_name,
    objects_in,
    resource_of,
)
from fluxv2_migrate.quoting import few
from fluxv2_migrate.surroundings.known import Surroundings, is_in_scope

_FLAGS = ("k8s-allow-namespace", "k8s-namespace-whitelist")
_SHOWN = 5


def tell_of_annotated_objects(around: Surroundings, findings: FindingGroups) -> None:
    """Says which objects nobody would apply from now on as fluxd did.

    What fluxd ignored as well is told where its annotation becomes one of Flux v2, and of releases that are
    never applied it is told where each cluster is looked at.

    Source: fluxcd/pkg `ssa/manager_apply.go`; fluxcd/flux 1.25.4 `pkg/cluster/kubernetes/sync.go`, which
    knows no annotation but its own.
    """
    for view in around.clusters.clusters:
        # What Flux v2 applies already it goes on to apply so.
        for each, manifest, (field, key, value) in () if view.flux2_file else _held_back(view, around):
            what = "only makes it where it is not there" if is_applied_once(manifest) else "never does"
            message = f"fluxd applied it, and Flux v2 {what}: its {field[:-1]} {key} says {value!r}"
            if not each.path:
                # What a generator makes has its annotations from a kustomization.
                findings.say("RP058", f"{resource_of(manifest)}: {message}", each.steps[0].path)
                continue
            document = around.repository.document(*each.key)
            if is_in_scope(document, around) and not findings.decided(document).leave:
                notice = Notice("RP058", message, ("metadata", field, key))
                findings.add(document, resource_of(manifest), notice)


def _held_back(
    view: ClusterView, around: Surroundings
) -> Iterator[tuple[ClusterObject, Mapping[str, Any], tuple[str, str, str]]]:
    """Gives the objects of a cluster that kustomize-controller leaves alone and fluxd did not, and why."""
    programs = {each.key for each in around.clusters.programs}
    for each in around.clusters.objects(view, around.repository.documents):
        # Flux v1 itself goes.
        for _, manifest in () if each.key in programs else objects_in(each.manifest):
            is_told = group_of(manifest) in RELEASE_GROUPS and is_disabled(manifest)
            mark = holding_mark(manifest)
            if mark is not None and not is_told and not is_ignored(manifest):
                yield each, manifest, mark


def tell_of_disallowed_objects(
    taken_out: Collection[DocumentKey], around: Surroundings, findings: FindingGroups
) -> None:
    """Says which objects fluxd left alone that Flux v2 applies from now on.

    Args:
        taken_out: documents that leave the repository.
    """
    for view in around.clusters.clusters:
        given, own = _allowed_namespaces(view, around)
        if not given or view.flux2_file:
            continue
        outside = dict(_outside(given | own, taken_out, view, around))
        if outside:
            message = (
                f"fluxd was kept in {', '.join(sorted(given))}, and Flux v2 applies what it left alone: "
                f"{few(dict.fromkeys(outside.values()), _SHOWN)}"
            )
            findings.say_at("DA038", message, outside)


def _allowed_namespaces(view: ClusterView, around: Surroundings) -> tuple[set[str], set[str]]:
    """Gives the namespaces in which the fluxds of a cluster were kept, and their own.

    None are given where one of them was free. What is in their own was applied by hand: it is Flux v1's.
    """
    paths = None if view.flux1.fluxd is None else paths_of(view.flux1.fluxd)
    fluxds = [
        each for each in around.clusters.programs if each.program == "fluxd" and paths_of(each) == paths
    ]
    given = [{name for flag in _FLAGS for name in each.items(flag)} for each in fluxds]
    return set().union(*given) if all(given) else set(), {each.namespace for each in fluxds}


def _outside(
    allowed: Collection[str], taken_out: Collection[DocumentKey], view: ClusterView, around: Surroundings
) -> Iterator[tuple[str, str]]:
    """Gives the places and the names of the objects of a cluster that are in none of some namespaces."""
    default = around.clusters.default_namespace(view.name)
    for each in (each for each in around.every_object(view) if each.key not in taken_out):
        document = around.repository.document(*each.key) if each.path else None
        for at, manifest in objects_in(each.manifest):
            group, kind = group_of(manifest), str(manifest.get("kind") or "")
            namespace, name = namespace_and_name(manifest)
            namespace = namespace or (default if is_namespaced(group, kind) else "")
            # Of a Namespace its name decides; what else is in none was applied.
            checked = name if (group, kind) == ("", "Namespace") else namespace
            if checked and checked not in allowed and not (is_ignored(manifest) or is_disabled(manifest)):
                line = document.position(at)[0] if document is not None else 1
                yield f"{each.path or each.synced.path}:{line}", named(kind, namespace, name)
