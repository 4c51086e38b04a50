"""Objects that fluxd never applied, because it was kept in other namespaces.

Source: fluxcd/flux 1.25.4 `cmd/fluxd/main.go`, `pkg/cluster/kubernetes/kubernetes.go` `IsAllowedResource`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from fluxv2_migrate.clusters import ClusterView, DocumentKey, paths_of
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.flux1.policies import read_policies
from fluxv2_migrate.flux2.apply_annotations import is_disabled
from fluxv2_migrate.kubernetes import (
    annotations_of,
    group_of,
    is_namespaced,
    named,
    namespace_and_name,
    objects_in,
)
from fluxv2_migrate.quoting import few
from fluxv2_migrate.surroundings.known import Surroundings

_FLAGS = ("k8s-allow-namespace", "k8s-namespace-whitelist")
_SHOWN = 5


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
            namespace = _checked_namespace(manifest, default)
            is_applied = not (read_policies(annotations_of(manifest)).ignored or is_disabled(manifest))
            if namespace and namespace not in allowed and is_applied:
                line = document.position(at)[0] if document is not None else 1
                yield f"{each.path or each.synced.path}:{line}", _name(manifest, default)


def _checked_namespace(manifest: Mapping[str, Any], default: str) -> str:
    """Gives the namespace that decides whether fluxd applied an object; empty where none does."""
    kind, (namespace, name) = str(manifest.get("kind") or ""), namespace_and_name(manifest)
    if (group_of(manifest), kind) == ("", "Namespace"):
        return name
    return namespace or (default if is_namespaced(group_of(manifest), kind) else "")


def _name(manifest: Mapping[str, Any], default: str) -> str:
    kind, (namespace, name) = str(manifest.get("kind") or ""), namespace_and_name(manifest)
    return named(kind, namespace or (default if is_namespaced(group_of(manifest), kind) else ""), name)
