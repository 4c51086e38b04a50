"""What a kustomization takes from outside of the repository, as far as its patches show that."""

from __future__ import annotations

from fluxv2_migrate.clusters.cluster_map import ClusterMap
from fluxv2_migrate.folders import is_below
from fluxv2_migrate.kustomize import Kustomization
from fluxv2_migrate.repository.documents import Document


def clusters_building(kustomization: Kustomization, clusters: ClusterMap) -> tuple[str, ...]:
    """Gives the clusters that build a kustomization, directly or by way of another one."""
    above = {kustomization.folder, *clusters.tree.ancestors(kustomization.folder)}
    names = dict.fromkeys(
        view.name
        for view, each in clusters.sync_paths()
        if above & set(each.builds) or is_below(kustomization.path, each.path)
    )
    return tuple(names)


def clusters_patching_elsewhere(document: Document, clusters: ClusterMap) -> tuple[str, ...]:
    """Gives the clusters that patch with a document what nothing in the repository shows.

    Their kustomization takes something from outside of it, and kustomize fails where a patch that has no
    target finds nothing.
    """
    patchers = [
        each
        for each in clusters.tree.patchers(document.path)
        if any(patch.path == document.path and patch.target is None for patch in each.patches)
        and not clusters.tree.build(each.folder).is_complete
    ]
    is_used = any(
        (use.path, use.document) == document.key
        for built in (clusters.built(removed=True) if patchers else ())
        for use in built.patches
    )
    if is_used:
        return ()
    return tuple(dict.fromkeys(name for each in patchers for name in clusters_building(each, clusters)))
