"""Folders with releases which are migrated, that no known cluster syncs."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from fluxv2_migrate.clusters import ClusterMap, DocumentKey
from fluxv2_migrate.clusters.flux_kustomizations import FluxKustomization
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.folders import is_below, normal_path
from fluxv2_migrate.kustomize import controller_build
from fluxv2_migrate.quoting import plural, shown_folder
from fluxv2_migrate.surroundings.known import Surroundings


def tell_of_unsynced(
    migrated: Collection[DocumentKey], around: Surroundings, findings: FindingGroups
) -> None:
    """Says which folders build releases that are migrated, though no cluster is known to sync them.

    What the migration makes for a release goes to the clusters that are known; another one that builds the
    same base gets the release without it.
    """
    clusters, tree = around.clusters, around.clusters.tree
    synced = {
        tree.kustomizations[folder].path
        for _, path in clusters.sync_paths()
        for folder in (path.path, *path.builds)
        if folder in tree.kustomizations
    }
    named: dict[str, str] | None = None
    for folder in _unsynced(around):
        own = tree.kustomizations.get(folder)
        # What comes out of a folder that is synced comes with all that is made there.
        found = [
            each
            for each in controller_build(tree, folder).objects
            if each.key in migrated
            and synced.isdisjoint(step.path for step in each.steps)
            and not (own is None and _is_read(each.path, clusters))
        ]
        if not found:
            continue
        named = _named_paths(around) if named is None else named
        message = (
            f"{shown_folder(folder)} builds {plural(len(found), 'migrated release')}, and no cluster is "
            "known to sync it: sources that they need are made for other clusters only"
        )
        related = list(dict.fromkeys(f"{each.path}:1" for each in found))
        by = next((file for path, file in named.items() if is_below(folder, path)), None)
        if by is None and own is not None:
            findings.say("RP051", message, own.path, 1, related)
        elif by is not None:
            place = by if own is None else own.path
            findings.say("RP052", f"{message}; {by} names it", place, 1, [f"{by}:1", *related])


def _unsynced(around: Surroundings) -> Iterator[str]:
    """Gives the folders that may be built for somebody, and that no known cluster syncs."""
    clusters, tree = around.clusters, around.clusters.tree
    named = (
        normal_path(own.path)
        for _, document in around.repository.new_objects()
        # What a known cluster has of it comes with what that one has of other paths.
        if document.key not in clusters.foreign
        and not clusters.having(document.key)
        and (own := FluxKustomization.of_document(document)) is not None
        and own.path
    )
    for folder in dict.fromkeys((*tree.roots, *sorted(filter(tree.is_folder, named)))):
        if not _is_synced(folder, clusters):
            yield folder


def _is_read(path: str, clusters: ClusterMap) -> bool:
    """Gives whether a file lies where all files are read for a cluster, those that are made, too."""
    return any(synced.files != "none" and is_below(path, synced.path) for _, synced in clusters.sync_paths())


def _is_synced(folder: str, clusters: ClusterMap) -> bool:
    return any(
        folder in synced.builds or (synced.files != "none" and is_below(folder, synced.path))
        for _, synced in clusters.sync_paths()
    )


def _named_paths(around: Surroundings) -> dict[str, str]:
    """Gives the paths that a fluxd or a Kustomization of Flux v2 names and no known cluster syncs."""
    clusters = around.clusters
    known = {synced.path for _, synced in clusters.sync_paths()}
    fluxds = (each for each in clusters.programs if each.program == "fluxd")
    named = [(path, each.path) for each in fluxds for path in each.items("git-path")]
    for _, document in around.repository.new_objects():
        kustomization = FluxKustomization.of_document(document)
        if kustomization is not None and document.key not in clusters.foreign:
            named.append((kustomization.path, document.path))
    return {path: file for each, file in named if (path := normal_path(each)) and path not in known}
