"""What Kustomizations of Flux v2 sync for clusters beside what fluxd syncs there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from fluxv2_migrate.clusters.cluster_map import DocumentKey
from fluxv2_migrate.clusters.flux_kustomizations import FluxKustomization
from fluxv2_migrate.clusters.model import ClusterView, Owners, Sighting, SyncPath
from fluxv2_migrate.clusters.proposals import syncing_kustomizations
from fluxv2_migrate.clusters.reader import ClusterReader, sight
from fluxv2_migrate.flux2.releases import is_of_flux2
from fluxv2_migrate.folders import folders_of, normal_path
from fluxv2_migrate.kustomize import KustomizeTree

_Seen = tuple[DocumentKey, Sighting]


def with_flux2_paths(views: Sequence[ClusterView], reader: ClusterReader) -> Iterator[ClusterView]:
    """Gives clusters with the paths that their Kustomizations of Flux v2 sync beside their own.

    A Kustomization that gives a cluster nothing of Flux v1 but what it has already, and as it has it, makes
    no path of its own.
    """
    owners = Owners(views)
    folders = folders_of(reader.files) if any(reader.flux_kustomizations()) else set()
    for view in views:
        yield _with_flux2_paths(view, owners, folders, reader) if folders else view


def _with_flux2_paths(
    view: ClusterView, owners: Owners, folders: set[str], reader: ClusterReader
) -> ClusterView:
    paths = list(view.sync_paths)
    seen = list(sight(view, reader))
    known: set[FluxKustomization] = set()
    while more := [each for each in _kustomizations(view, seen, owners, reader) if each not in known]:
        known.update(more)
        for each in more:
            target = normal_path(each.path)
            # What fluxd syncs, too, is taken over as it is.
            if each.rest is not None or target not in folders or target in view.paths:
                continue
            synced = _path_of(each, target, reader.tree)
            found = list(sight(replace(view, sync_paths=(synced,)), reader))
            if _brings(found, seen, reader):
                paths.append(synced)
                seen += found
    # What is said of the cluster names the paths of fluxd alone: these are found again, and read as here.
    return view if len(paths) == len(view.sync_paths) else replace(view, sync_paths=tuple(paths))


def _kustomizations(
    view: ClusterView, seen: Sequence[_Seen], owners: Owners, reader: ClusterReader
) -> Iterator[FluxKustomization]:
    """Gives the Kustomizations of a cluster: what it applies, and what stands where its own files stand."""
    applied = set()
    for key, sighting in seen:
        each = FluxKustomization.of_manifest(sighting.manifest, key[0])
        if each is not None and each.path and key not in reader.foreign:
            applied.add(key[0])
            yield each
    for each, _ in syncing_kustomizations(reader):
        is_own = each.file == view.flux2_file or view.name in owners.of(each.file)
        if is_own and each.file not in applied:
            yield each


def _path_of(kustomization: FluxKustomization, folder: str, tree: KustomizeTree) -> SyncPath:
    """Gives a folder as kustomize-controller builds it: it writes a kustomization where there is none."""
    synced = kustomization.of_path(SyncPath(folder, (folder,), files="none"))
    if synced.overlay or tree.has_kustomization_file(folder):
        return synced
    return replace(synced, overlay=json.dumps({"file": kustomization.file}))


def _brings(found: Sequence[_Seen], seen: Sequence[_Seen], reader: ClusterReader) -> bool:
    """Gives whether anything of Flux v1 is not among what is seen already."""
    known = [_thing(*each) for each in seen]
    return any(
        _thing(*each) not in known
        for each in found
        if each[0] in reader.places and not is_of_flux2(each[1].manifest)
    )


def _thing(key: DocumentKey, sighting: Sighting) -> tuple[object, ...]:
    return key, sighting.item, sighting.namespace, sighting.name, sighting.manifest
