"""Rules that propose clusters, each from one kind of evidence."""

from __future__ import annotations

import json
import posixpath
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from fluxv2_migrate.clusters.cluster_map import ClusterMap, DocumentKey, place_of
from fluxv2_migrate.clusters.flux_kustomizations import FluxKustomization
from fluxv2_migrate.clusters.model import ClusterView, Owners, Sighting, SyncPath
from fluxv2_migrate.clusters.reader import ClusterReader, sight
from fluxv2_migrate.clusters.units import (
    flux_yaml_folders,
    read_sync_path,
    shapes_objects,
    unguided_sync_path,
)
from fluxv2_migrate.flux1.flux_yaml import FLUX_YAML
from fluxv2_migrate.flux1.images import find_images
from fluxv2_migrate.flux2.releases import is_of_flux2
from fluxv2_migrate.folders import folder_around, folders_of, is_below, kustomization_files, normal_path
from fluxv2_migrate.kustomize import KustomizeTree
from fluxv2_migrate.settings.options import Cluster
from fluxv2_migrate.settings.sync_roots import SyncRoots, infer_sync_roots

UNIT: Final = "a folder that kustomize builds on its own"
"""How the reasons of clusters begin that may be parts of one."""
_Seen = tuple[DocumentKey, Sighting]


def of_flux_yaml(reader: ClusterReader) -> Iterator[ClusterView]:
    """Gives those whose `.flux.yaml` builds its own folder, or folders below that nothing else includes."""
    config_folders = flux_yaml_folders(reader.files)
    for folder in config_folders:
        for synced in _paths_of_flux_yaml(folder, config_folders, reader):
            path = synced.path
            if synced.unknown:
                inner = [each for each in config_folders if each != path and is_below(each, path)]
                builds = (each for each in synced.builds if not any(is_below(each, one) for one in inner))
                synced = replace(synced, builds=tuple(builds))
            if not synced.builds and not synced.unknown and _holds_only_flux_yaml(path, reader):
                continue
            settings = Cluster(name=path or "cluster", sync_paths=(path,))
            yield ClusterView(settings, (synced,), f"{UNIT}, as its .flux.yaml says")


def _holds_only_flux_yaml(folder: str, reader: ClusterReader) -> bool:
    """Gives whether a folder shows nothing of a cluster, and is gone from Git with its `.flux.yaml`."""
    return all(posixpath.basename(each) == FLUX_YAML for each in reader.files if is_below(each, folder))


def _paths_of_flux_yaml(
    folder: str, config_folders: Collection[str], reader: ClusterReader
) -> Iterator[SyncPath]:
    """Gives what may be sync paths of a `.flux.yaml`: its own folder, or those in which it builds."""
    own = read_sync_path(folder, reader.files, reader.tree)
    if not own.builds or any(build in reader.tree.kustomizations for build in own.builds):
        yield own
        return
    # It is heeded from each sync path below it, and the command runs there.
    for path in sorted(folders_of(reader.files)):
        if (
            is_below(path, folder)
            and max((each for each in config_folders if is_below(path, each)), key=len) == folder
        ):
            synced = read_sync_path(path, reader.files, reader.tree)
            # It builds something there, which is no base.
            if synced.builds and set(synced.builds) <= set(reader.tree.roots):
                yield synced


def of_flux_2(reader: ClusterReader) -> Iterator[ClusterView]:
    """Gives those that Flux v2 syncs: a Kustomization whose path holds its own file begins one.

    One without a path, or that is only patched with, syncs nothing by itself; one in a chart is a template.
    """
    known = list(_syncing_kustomizations(reader))
    roots = [(each.file, target, each) for each, target in known if is_below(each.file, target)]
    taken: set[str] = set()
    for path, root, own in sorted(roots, key=lambda each: (len(each[1]), each[:2])):
        if root in taken:
            continue
        taken.add(root)
        synced = _synced_from(root, own, known, reader.tree)
        yield ClusterView(
            Cluster(name=root or "cluster", sync_paths=tuple(dict.fromkeys(each.path for each in synced))),
            tuple(synced),
            f"{path} is a Kustomization of Flux v2 that syncs itself",
            flux2_file=path,
        )


def _syncing_kustomizations(reader: ClusterReader) -> Iterator[tuple[FluxKustomization, str]]:
    """Gives the Kustomizations of Flux v2 that sync a folder of the repository, with that folder."""
    folders = folders_of(reader.files)
    for path, documents in sorted(reader.documents.items()):
        if reader.tree.patchers(path) or folder_around(path, reader.charts) is not None:
            continue
        for document in documents:
            each = FluxKustomization.of_document(document)
            if each is None or not each.path or document.key in reader.foreign:
                continue
            target = normal_path(each.path)
            if target in folders:
                yield each, target


def _synced_from(
    root: str,
    own: FluxKustomization,
    known: Iterable[tuple[FluxKustomization, str]],
    tree: KustomizeTree,
) -> list[SyncPath]:
    """Gives what a cluster syncs whose Kustomization lies in its own path: also what those there sync.

    Several of them may sync one folder, each under other names or into another namespace.
    """
    synced = [_synced_by(own, root, tree)]
    ways = {(root, "{}", "")}
    pending = [root]
    while pending:
        folder = pending.pop()
        for each, target in known:
            way = (target, *each.shape)
            if is_below(each.file, folder) and way not in ways and not is_below(target, root):
                ways.add(way)
                pending.append(target)
                synced.append(_synced_by(each, target, tree))
    return synced


def _synced_by(kustomization: FluxKustomization, folder: str, tree: KustomizeTree) -> SyncPath:
    return kustomization.of_path(unguided_sync_path(folder, tree))


def of_folders(
    reader: ClusterReader, found: ClusterMap, views: Sequence[ClusterView]
) -> Iterator[ClusterView]:
    """Gives what no known cluster sees: folders that surely are one cluster each."""
    plain = _plain_objects(reader, found, views)
    units = _unseen_units(reader, found, views)
    pairs = [(kustomization_files(folder)[0], each) for folder, all_ in units.items() for each in all_]
    known = _taken_folders(reader, views)
    roots = infer_sync_roots([*plain, *pairs])
    own = reader.tree.kustomizations
    apart = SyncRoots(each for root in roots for each in _apart(root, known, [*plain, *pairs], own))
    with_files = {root for path, _ in plain if (root := apart.around(path)) is not None}
    for root in sorted(with_files):
        synced = unguided_sync_path(root, reader.tree)
        builds = synced.builds
        settings = Cluster(name=root or "cluster", sync_paths=(root,))
        yield ClusterView(
            settings,
            overlaid_paths(SyncPath(root, builds), reader),
            "a folder that holds what Flux v1 deployed",
            is_assumed=True,
        )
    for folder in units:
        if apart.around(kustomization_files(folder)[0]) not in with_files:
            settings = Cluster(name=folder or "cluster", sync_paths=(folder,))
            synced_paths = overlaid_paths(SyncPath(folder, (folder,), files="none"), reader)
            yield ClusterView(settings, synced_paths, UNIT, is_assumed=True)


def _plain_objects(
    reader: ClusterReader, found: ClusterMap, views: Sequence[ClusterView]
) -> list[tuple[str, str]]:
    """Gives path and resource of the objects that nobody sees, and that kustomize does not shape."""
    claimed = reader.claimed()
    flux_1 = _places_of_flux_1(found)
    placed = [reader.concerns[key] for key in reader.places]
    old = {each.identity for each in placed if not is_of_flux2(each.manifest)}
    new = Counter(each.identity for each in placed if is_of_flux2(each.manifest))
    return [
        (document.path, _resource(document.manifest))
        for key, document in reader.concerns.items()
        if key in reader.places
        # One of Flux v2 may stand anywhere for one of Flux v1 that is still there; two are of two clusters.
        and not (is_of_flux2(document.manifest) and document.identity in old and new[document.identity] == 1)
        and key not in found.sightings
        and key not in flux_1
        and document.path not in claimed
        and document.path not in found.patch_files
        and not _is_left_out(document.path, reader.tree)
        and not any(view.syncs(document.path) for view in views)
        and folder_around(document.path, reader.charts) is None
    ]


def _unseen_units(
    reader: ClusterReader, found: ClusterMap, views: Sequence[ClusterView]
) -> dict[str, list[str]]:
    """Gives the folders that kustomize builds on their own, and of which nobody sees all."""
    flux_1 = _places_of_flux_1(found)
    # What a command gives that nobody knows may be anything, and takes no folder from others.
    synced_paths = [synced.path for view in views for synced in view.sync_paths if not synced.unknown]
    units: dict[str, list[str]] = {}
    for folder in _shaping_roots(reader):
        # What a cluster's own kustomizations do not list is not another cluster's for that.
        if any(is_below(folder, path) for path in synced_paths):
            continue
        build = reader.build(folder)
        installs = any(built.key in flux_1 for built in build.objects)
        objects = [
            built
            for built in build.objects
            if built.key in reader.places
            and built.key not in flux_1
            and not (installs and _is_cache(built.manifest))
        ]
        if any(built.key not in found.sightings for built in objects):
            units[folder] = [_resource(built.manifest) for built in objects]
    return units


def _places_of_flux_1(found: ClusterMap) -> set[tuple[str, int | None]]:
    """Gives the documents in which Flux v1 itself stands; that is no cluster's folder."""
    return {each.key for each in (*found.programs, *found.other_programs)}


def _is_cache(manifest: Mapping[str, Any]) -> bool:
    """Gives whether a workload beside Flux v1 is the cache of its fluxd."""
    names = [each.image.repository.rpartition("/")[2] for each in find_images(manifest)]
    return bool(names) and set(names) == {"memcached"}


def _shaping_roots(reader: ClusterReader) -> Iterator[str]:
    for folder in reader.tree.roots:
        if shapes_objects(reader.tree.kustomizations[folder], reader.tree):
            yield folder


def _taken_folders(reader: ClusterReader, views: Sequence[ClusterView]) -> list[tuple[str, str]]:
    """Gives folders that belong to something, each with the build that takes it in, if one does."""
    known = [(synced.path, "") for view in views for synced in view.sync_paths]
    for folder in _shaping_roots(reader):
        # Many files lie in few folders.
        taken = dict.fromkeys(posixpath.dirname(file) for file in reader.build(folder).files)
        known += [(each, folder) for each in taken]
    return known


def overlaid_paths(synced: SyncPath, reader: ClusterReader) -> tuple[SyncPath, ...]:
    """Gives a sync path as Kustomizations of Flux v2 make it that sync it, once for each way to name objects.

    Of several that name them alike, what they patch is no difference of paths.
    """
    own = [
        each for each in reader.flux_kustomizations() if each.path and normal_path(each.path) == synced.path
    ]
    ways: dict[tuple[str, ...], list[FluxKustomization]] = {}
    for each in own:
        ways.setdefault(each.naming, []).append(each)
    found = [
        members[0].of_path(synced) if len(members) == 1 or any(naming) else synced
        for naming, members in ways.items()
    ]
    return tuple(found) or (synced,)


def _is_left_out(path: str, tree: KustomizeTree) -> bool:
    """Gives whether a file lies at or below a kustomization that shapes what it lists, and is not listed."""
    folder = folder_around(path, tree.kustomizations)
    return folder is not None and shapes_objects(tree.kustomizations[folder], tree)


def _apart(
    root: str,
    known: Sequence[tuple[str, str]],
    pairs: Sequence[tuple[str, str]],
    kustomizations: Collection[str],
) -> Iterator[str]:
    """Gives the folders into which a root falls, so that none holds what belongs to something outside.

    A folder of which something outside takes files is no cluster for those that it leaves, nor is one in
    which a cluster that is known has its own. What lies below one whose kustomization is taken is none
    either.

    Args:
        known: folders, each with the one that takes it in; empty for a cluster that is known.
        pairs: path and resource of what lies in the root.
    """
    known = [each for each in known if is_below(each[0], root)]
    if all(taker and is_below(taker, root) for _, taker in known):
        yield root
        return
    is_taken = any(folder == root for folder, _ in known)
    if is_taken and root in kustomizations:
        return
    inner: dict[str, list[tuple[str, str]]] = {}
    for path, resource in pairs:
        folder = posixpath.dirname(path)
        if is_below(folder, root):
            rest = folder[len(root) + 1 :] if root else folder
            child = posixpath.join(root, rest.partition("/")[0]) if rest else root
            inner.setdefault(child, []).append((path, resource))
    for child, members in sorted(inner.items()):
        if child != root:
            yield from _apart(child, known, members, kustomizations)
        elif not is_taken and all(taker for _, taker in known):
            yield root


def _resource(manifest: Mapping[str, Any]) -> str:
    # A release of Flux v1 and its twin of Flux v2 may both be in one cluster.
    group = str(manifest.get("apiVersion")).partition("/")[0]
    return f"{manifest.get('kind')}.{group} {'/'.join(place_of(manifest, ''))}"


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
    for each, _ in _syncing_kustomizations(reader):
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
