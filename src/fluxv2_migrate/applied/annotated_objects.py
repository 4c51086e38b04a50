"""Objects that fluxd applied, and that annotations which it did not know keep Flux v2 from applying."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fluxv2_migrate.clusters import ClusterView
from fluxv2_migrate.clusters.cluster_objects import ClusterObject
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.findings.notice import Notice
from fluxv2_migrate.flux1.apis import RELEASE_GROUPS
from fluxv2_migrate.flux1.policies import read_policies
from fluxv2_migrate.flux2.apply_annotations import holding_mark, is_applied_once, is_disabled
from fluxv2_migrate.kubernetes import annotations_of, group_of, objects_in, resource_of
from fluxv2_migrate.surroundings.known import Surroundings
from fluxv2_migrate.surroundings.scope import is_in_scope


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
            if mark is not None and not is_told and not read_policies(annotations_of(manifest)).ignored:
                yield each, manifest, mark
