"""Folders with releases which are migrated, that no known cluster syncs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from fluxv2_migrate.clusters import ClusterMap, DocumentKey
from fluxv2_migrate.clusters.flux_kustomizations import FluxKustomization
from fluxv2_migrate.clusters.reconciled import in_namespace
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.folders import is_below, normal_path
from fluxv2_migrate.kubernetes import namespace_and_name
from fluxv2_migrate.kustomize import BuiltObject
from fluxv2_migrate.quoting import plural, shown_folder
from fluxv2_migrate.repository.reading import Document
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
    # What Kustomizations make of the paths of fluxd is told there.
    fluxds = {
        folder
        for view, path in clusters.sync_paths()
        for folder in path.folders
        if view.flux1.fluxd is not None or clusters.given
    }
    named = _named_paths(around)
    told: set[str] = set()
    for document, kustomization in _kustomizations(around):
        # What a known cluster has of it comes with what that one has of other paths.
        is_known = bool(clusters.having(document.key))
        if normal_path(kustomization.path) in fluxds:
            continue
        folder, applied = normal_path(kustomization.path), kustomization.built(tree)
        # What comes out of a folder that is synced comes with all that is made there.
        found = [
            each
            for each in (applied.objects if applied.ok else ())
            if each.key in migrated
            and not (
                _is_seen(each, kustomization, clusters)
                and (is_known or _is_read(each.path, folder, clusters) or _goes_through(each, synced))
            )
        ]
        if found:
            told.add(folder)
            by = named.get(folder, document.path)
            own = tree.kustomizations.get(folder)
            place = (document.path, document.line) if own is None else (own.path, 1)
            _say("RP052", folder, found, place, by, findings)
    for folder in tree.roots:
        build = clusters.builds.get((folder, ""))
        if build is None or folder in told or _is_synced(folder, clusters):
            continue
        found = [each for each in build.objects if each.key in migrated and not _goes_through(each, synced)]
        by = next((file for path, file in named.items() if is_below(folder, path)), "")
        place = (tree.kustomizations[folder].path, 1)
        _say("RP052" if by else "RP051", folder, found, place, by, findings)


def _say(
    code: str,
    folder: str,
    found: Sequence[BuiltObject],
    place: tuple[str, int],
    by: str,
    findings: FindingGroups,
) -> None:
    if not found:
        return
    message = (
        f"{shown_folder(folder)} builds {plural(len(found), 'migrated release')}, and no cluster is known to "
        "sync it: sources that they need are made for other clusters only"
    )
    related = list(dict.fromkeys(f"{each.path}:1" for each in found))
    if by:
        message, related = f"{message}; {by} names it", [f"{by}:1", *related]
    findings.say(code, message, *place, related)


def _kustomizations(around: Surroundings) -> Iterator[tuple[Document, FluxKustomization]]:
    """Gives the Kustomizations of Flux v2 that may apply a folder, but those of known clusters that rest."""
    clusters = around.clusters
    for _, document in around.repository.new_objects():
        own = FluxKustomization.of_document(document)
        if own is None or document.key in clusters.foreign:
            continue
        rests = own.rest is not None and clusters.having(document.key)
        if own.path and clusters.tree.is_folder(normal_path(own.path)) and not rests:
            yield document, own


def _is_seen(each: BuiltObject, kustomization: FluxKustomization, clusters: ClusterMap) -> bool:
    """Gives whether a known cluster has a release where a Kustomization has it, so that it is named alike."""
    namespace, name = namespace_and_name(in_namespace(each.manifest, kustomization.target_namespace))
    return any(
        # What names no namespace has that of its cluster.
        (one.namespace_afterwards, one.name)
        in ((namespace, name), (namespace or clusters.default_namespace(one.cluster), name))
        for one in clusters.sightings.get(each.key, ())
    )


def _goes_through(each: BuiltObject, synced: Collection[str]) -> bool:
    """Gives whether a kustomization takes part that is built for a known cluster."""
    return any(step.path in synced for step in each.steps)


def _is_read(path: str, folder: str, clusters: ClusterMap) -> bool:
    """Gives whether a file lies where all files are read for a cluster, and for who syncs a folder, too."""
    is_listed = clusters.tree.has_kustomization_file(folder)
    return any(
        folder in synced.folders or (not is_listed and synced.files != "none" and is_below(path, synced.path))
        for _, synced in clusters.sync_paths()
    )


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
