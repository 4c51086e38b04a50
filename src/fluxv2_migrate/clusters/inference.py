"""Which clusters a repository serves: as a person says, or as the repository shows."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fluxv2_migrate.clusters.builds import build_with
from fluxv2_migrate.clusters.cluster_map import ClusterMap, DocumentKey
from fluxv2_migrate.clusters.flux1_programs import programs_of_manifest
from fluxv2_migrate.clusters.flux_kustomizations import FluxKustomization
from fluxv2_migrate.clusters.fluxd_settings import cluster_of_fluxd
from fluxv2_migrate.clusters.model import ClusterView, Sighting, SyncPath
from fluxv2_migrate.clusters.units import (
    chart_folders,
    flux_yaml_folders,
    is_below,
    is_in_folder,
    normal_path,
    read_sync_path,
    shapes_objects,
    unguided_sync_path,
)
from fluxv2_migrate.flux1.flux_yaml import FLUX_YAML
from fluxv2_migrate.flux1.installation import Flux1Program
from fluxv2_migrate.kustomize import Build, BuiltObject, KustomizeTree
from fluxv2_migrate.repository.documents import Document
from fluxv2_migrate.settings.options import Cluster, MigrationOptions
from fluxv2_migrate.settings.sync_roots import infer_sync_roots, root_of

__all__ = ["read_clusters"]

_Identity = tuple[str, str, str]


@dataclass(slots=True)
class _Reader:
    """Reads one repository."""

    files: Mapping[str, str | bytes]
    documents: Mapping[str, tuple[Document, ...]]
    concerns: Mapping[DocumentKey, Document]
    places: Collection[DocumentKey]
    tree: KustomizeTree
    options: MigrationOptions
    builds: dict[tuple[str, str], Build] = field(default_factory=dict)
    charts: frozenset[str] = field(init=False)
    _claimed: set[str] | None = None

    def __post_init__(self) -> None:
        self.charts = chart_folders(self.files.keys())

    def build(self, folder: str, over: str = "") -> Build:
        key = (folder, over)
        if key not in self.builds:
            self.builds[key] = build_with(self.tree, folder, over)
        return self.builds[key]

    def build_of(self, synced: SyncPath, folder: str) -> Build:
        return self.build(folder, synced.over)

    def matters(self, built: BuiltObject) -> bool:
        return (built.path, built.index) in self.concerns

    def claimed(self) -> set[str]:
        """Gives the files that belong to what kustomize builds, so that they are not read on their own."""
        if self._claimed is None:
            self._claimed = {
                file
                for folder in self.tree.roots
                if shapes_objects(self.tree.kustomizations[folder], self.tree)
                for file in self.build(folder).files
            }
        return self._claimed


def read_clusters(
    files: Mapping[str, str | bytes],
    documents: Mapping[str, tuple[Document, ...]],
    concerns: Mapping[DocumentKey, Document],
    places: Collection[DocumentKey],
    tree: KustomizeTree,
    options: MigrationOptions,
) -> ClusterMap:
    """Gives the clusters, and how each sees the documents that concern a migration.

    Args:
        files: of the repository.
        documents: those that were read, by file.
        concerns: those of them that a migration reads.
        places: those of them that show where clusters are.
        tree: the kustomizations.
        options: what a person says of clusters.
    """
    reader = _Reader(files, documents, concerns, places, tree, options)
    found = ClusterMap(
        given=bool(options.clusters or options.sync_roots),
        fallback_namespace=options.default_namespace or "",
    )
    for kustomization in tree.kustomizations.values():
        for patch in kustomization.patches:
            if patch.path:
                found.patch_files.setdefault(patch.path, kustomization.path)
    if found.given:
        found.clusters = tuple(_given(reader))
        for view in found.clusters:
            _add(found.sightings, _sight(view, reader))
    else:
        _infer(reader, found)
    for view in found.clusters:
        for synced in view.sync_paths:
            if synced.patch_file in files:
                found.patch_files.setdefault(synced.patch_file, posixpath.join(synced.path, FLUX_YAML))
    for folder in tree.roots:
        reader.build(folder)
    found.tree = tree
    found.apart = frozenset(reader.claimed() | set(found.patch_files))
    found.builds = reader.builds
    return found


def _given(reader: _Reader) -> Iterator[ClusterView]:
    options = reader.options
    given = options.clusters or tuple(
        Cluster(name=normal_path(path) or "cluster", sync_paths=(path,)) for path in options.sync_roots
    )
    for cluster in given:
        paths = [normal_path(path) for path in cluster.sync_paths] or [""]
        synced = tuple(read_sync_path(path, reader.files, reader.tree) for path in dict.fromkeys(paths))
        yield ClusterView(cluster, synced, "as given")


def _add(sightings: dict[DocumentKey, list[Sighting]], new: Iterable[tuple[DocumentKey, Sighting]]) -> None:
    for key, sighting in new:
        sightings.setdefault(key, []).append(sighting)


# How a cluster sees documents


def _sight(view: ClusterView, reader: _Reader) -> Iterator[tuple[DocumentKey, Sighting]]:
    default = view.settings.default_namespace or reader.options.default_namespace or ""
    for synced in view.sync_paths:
        built_files: set[str] = set()
        for folder in synced.builds:
            build = reader.build_of(synced, folder)
            built_files.update(build.files)
            for built in build.objects:
                if reader.matters(built):
                    place = _place(built.manifest, default, synced)
                    key = (built.path, built.index)
                    written = _place(reader.concerns[key].manifest, default, SyncPath(""))
                    yield (
                        key,
                        Sighting(
                            view.name,
                            synced.path,
                            *place,
                            built.manifest,
                            built.steps,
                            built.patches,
                            built.item,
                            place != written,
                        ),
                    )
        if synced.files == "none":
            continue
        apart = reader.claimed() | built_files if synced.files == "rest" else set()
        for key, document in reader.concerns.items():
            if is_below(document.path, synced.path) and document.path not in apart:
                if is_in_folder(posixpath.dirname(document.path), reader.charts):
                    continue
                place = _place(document.manifest, default, synced)
                moved = place != _place(document.manifest, default, SyncPath(""))
                yield key, Sighting(view.name, synced.path, *place, document.manifest, is_moved=moved)


def _is_new(manifest: Mapping[str, Any]) -> bool:
    return str(manifest.get("apiVersion")).partition("/")[0].endswith(".toolkit.fluxcd.io")


def _resource(manifest: Mapping[str, Any]) -> str:
    # A release of Flux v1 and its twin of Flux v2 may both be in one cluster.
    group = str(manifest.get("apiVersion")).partition("/")[0]
    return f"{manifest.get('kind')}.{group} {'/'.join(_place(manifest, '', SyncPath('')))}"


def _place(manifest: Mapping[str, Any], default: str, synced: SyncPath) -> tuple[str, str]:
    metadata = manifest.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    namespace = synced.target_namespace or str(metadata.get("namespace") or "") or default
    return namespace, str(metadata.get("name") or "")


# What the repository shows


def _infer(reader: _Reader, found: ClusterMap) -> None:
    views: list[ClusterView] = []
    for attempt in (_of_kustomizations, _of_fluxd, _of_flux_yaml):
        views = list(attempt(reader))
        if views:
            break
    # A sighting tells its cluster by the name, so names are told apart before anything is seen.
    views = list(_with_own_names(views, set()))
    for view in views:
        _add(found.sightings, _sight(view, reader))
    rest = list(_with_own_names(_of_the_rest(reader, found, views), {view.name for view in views}))
    known = set(found.sightings)
    for view in rest:
        # What a known cluster has does not make up another one.
        _add(found.sightings, (each for each in _sight(view, reader) if each[0] not in known))
    found.clusters = (*views, *rest)
    uncertain = [view for view in found.clusters if view.reason.startswith(_UNIT)]
    if len(uncertain) > 1:
        seen = {view.name: _resources(view, reader) for view in uncertain}
        apart = all(
            seen[one.name] & seen[other.name]
            for index, one in enumerate(uncertain)
            for other in uncertain[:index]
        )
        found.candidates = () if apart else tuple(view.sync_paths[0].path or "/" for view in uncertain)


_UNIT: Final = "a folder that kustomize builds on its own"


def _resources(view: ClusterView, reader: _Reader) -> set[_Identity]:
    return {
        (str(built.manifest.get("kind")), *_place(built.manifest, "", synced))
        for synced in view.sync_paths
        for folder in synced.builds
        for built in reader.build_of(synced, folder).objects
    }


def _with_own_names(views: Iterable[ClusterView], taken: Collection[str]) -> Iterator[ClusterView]:
    names = set(taken)
    for view in list(views):
        name, number = view.name, 2
        while name in names:
            name, number = f"{view.name}-{number}", number + 1
        names.add(name)
        settings = view.settings.model_copy(update={"name": name})
        yield view if name == view.name else ClusterView(settings, view.sync_paths, view.reason)


def _folders(files: Iterable[str]) -> set[str]:
    found = {""}
    for path in files:
        folder = posixpath.dirname(path)
        while folder not in found:
            found.add(folder)
            folder = posixpath.dirname(folder)
    return found


def _of_kustomizations(reader: _Reader) -> Iterator[ClusterView]:
    """Those of Flux v2: one whose path holds its own file begins a cluster."""
    folders = _folders(reader.files)
    documents = (document for _, each in sorted(reader.documents.items()) for document in each)
    read = (FluxKustomization.of_document(document) for document in documents)
    known = [
        (each, target) for each in read if each is not None and (target := normal_path(each.path)) in folders
    ]
    roots = [(each.file, target, each) for each, target in known if is_below(each.file, target)]
    taken: set[str] = set()
    for path, root, own in sorted(roots, key=lambda each: (len(each[1]), each[:2])):
        if root in taken:
            continue
        taken.add(root)
        synced = {root: _synced_by(own, root, reader.tree)}
        pending = [root]
        while pending:
            folder = pending.pop()
            for each, target in known:
                if is_below(each.file, folder) and target not in synced and not is_below(target, root):
                    synced[target] = _synced_by(each, target, reader.tree)
                    pending.append(target)
        yield ClusterView(
            Cluster(name=root or "cluster", sync_paths=tuple(synced)),
            tuple(synced.values()),
            f"{path} is a Kustomization of Flux v2 that syncs itself",
        )


def _synced_by(kustomization: FluxKustomization, folder: str, tree: KustomizeTree) -> SyncPath:
    synced = unguided_sync_path(folder, tree)
    if kustomization.overlay:
        synced = SyncPath(folder, (folder,), files="none", overlay=kustomization.overlay)
    return replace(
        synced,
        target_namespace=kustomization.target_namespace,
        substituted_by=kustomization.file if kustomization.substitutes else "",
    )


def _of_fluxd(reader: _Reader) -> list[ClusterView]:
    """Those whose fluxd stands in the repository, unless it would then see one thing twice."""
    folders = _folders(reader.files) | set(reader.files)
    found: dict[tuple[object, ...], ClusterView] = {}
    for path, fluxd in _fluxds(reader):
        paths = tuple(normal_path(each) for each in fluxd.items("git-path")) or ("",)
        if not all(each in folders for each in paths):
            continue
        generates = fluxd.switch("manifest-generation")
        synced = tuple(read_sync_path(each, reader.files, reader.tree, generates=generates) for each in paths)
        settings = cluster_of_fluxd(fluxd, paths)
        found.setdefault(
            (paths, fluxd.text("git-branch")), ClusterView(settings, synced, f"{path} runs its fluxd")
        )
    narrower = [view for view in found.values() if view.sync_paths[0].path] or list(found.values())
    for view in narrower:
        seen: dict[_Identity, DocumentKey] = {}
        for key, sighting in _sight(view, reader):
            identity = (str(sighting.manifest.get("kind")), sighting.namespace, sighting.name)
            if seen.setdefault(identity, key) != key:
                # fluxd refuses to sync at all then, so its flags come from elsewhere.
                return []
    return narrower


def _fluxds(reader: _Reader) -> Iterator[tuple[str, Flux1Program]]:
    built: set[str] = set()
    for folder in reader.tree.roots:
        for each in reader.build(folder).objects:
            for program in _fluxds_of(each.manifest):
                built.add(each.path)
                yield each.path, program
    for path, documents in sorted(reader.documents.items()):
        for document in documents:
            if path not in built:
                yield from ((path, program) for program in _fluxds_of(document.manifest))


def _fluxds_of(manifest: Mapping[str, Any]) -> Iterator[Flux1Program]:
    return (each for each in programs_of_manifest(manifest) if each.program == "fluxd")


def _of_flux_yaml(reader: _Reader) -> Iterator[ClusterView]:
    """Those whose `.flux.yaml` builds its own folder, or the folders below that nothing else includes."""
    config_folders = flux_yaml_folders(reader.files)
    for folder in config_folders:
        own = read_sync_path(folder, reader.files, reader.tree)
        paths = [folder]
        if own.builds and not any(build in reader.tree.kustomizations for build in own.builds):
            # It is heeded from each sync path below it, and the command runs there.
            paths = [
                path
                for path in reader.tree.roots
                if is_below(path, folder)
                and max((each for each in config_folders if is_below(path, each)), key=len) == folder
            ]
        for path in paths:
            synced = read_sync_path(path, reader.files, reader.tree)
            if synced.unknown:
                inner = [each for each in config_folders if each != path and is_below(each, path)]
                builds = (each for each in synced.builds if not any(is_below(each, one) for one in inner))
                synced = replace(synced, builds=tuple(builds))
            settings = Cluster(name=path or "cluster", sync_paths=(path,))
            yield ClusterView(settings, (synced,), f"{_UNIT}, as its .flux.yaml says")


def _of_the_rest(reader: _Reader, found: ClusterMap, views: Sequence[ClusterView]) -> Iterator[ClusterView]:
    """What no known cluster sees: folders that surely are one cluster each."""
    claimed = reader.claimed()
    old = {
        reader.concerns[key].identity for key in reader.places if not _is_new(reader.concerns[key].manifest)
    }
    plain = [
        (document.path, _resource(document.manifest))
        for key, document in reader.concerns.items()
        if key in reader.places
        # A release of Flux v2 may stand anywhere for one of Flux v1 that is still there.
        and not (_is_new(document.manifest) and document.identity in old)
        and key not in found.sightings
        and document.path not in claimed
        and document.path not in found.patch_files
        and not _is_left_out(document.path, reader.tree)
        and not is_in_folder(posixpath.dirname(document.path), reader.charts)
    ]
    units: dict[str, list[str]] = {}
    for folder in reader.tree.roots:
        if not shapes_objects(reader.tree.kustomizations[folder], reader.tree):
            continue
        objects = [
            built for built in reader.build(folder).objects if (built.path, built.index) in reader.places
        ]
        if any((built.path, built.index) not in found.sightings for built in objects):
            units[folder] = [_resource(built.manifest) for built in objects]
    pairs = [
        (posixpath.join(folder, "kustomization.yaml"), each)
        for folder, all_ in units.items()
        for each in all_
    ]
    known = [(synced.path, "") for view in views for synced in view.sync_paths]
    known += [
        (posixpath.dirname(file), folder)
        for folder in reader.tree.roots
        if shapes_objects(reader.tree.kustomizations[folder], reader.tree)
        for file in reader.build(folder).files
    ]
    roots = infer_sync_roots([*plain, *pairs])
    roots = tuple(sorted({each for root in roots for each in _apart(root, known, [*plain, *pairs])}))
    with_files = {root_of(path, roots) for path, _ in plain}
    for root in sorted(with_files):
        synced = unguided_sync_path(root, reader.tree)
        builds = tuple(folder for folder in synced.builds if folder in units)
        settings = Cluster(name=root or "cluster", sync_paths=(root,))
        yield ClusterView(settings, (SyncPath(root, builds),), "a folder that holds releases")
    for folder in units:
        if root_of(posixpath.join(folder, "kustomization.yaml"), roots) not in with_files:
            settings = Cluster(name=folder or "cluster", sync_paths=(folder,))
            yield ClusterView(settings, (SyncPath(folder, (folder,), files="none"),), _UNIT)


def _is_left_out(path: str, tree: KustomizeTree) -> bool:
    """Gives whether a file lies at or below a kustomization that shapes what it lists, and is not listed."""
    folder = posixpath.dirname(path)
    while folder not in tree.kustomizations:
        if not folder:
            return False
        folder = posixpath.dirname(folder)
    return shapes_objects(tree.kustomizations[folder], tree)


def _apart(root: str, known: Sequence[tuple[str, str]], pairs: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Gives the folders into which a root falls, so that none holds what belongs to something outside.

    Args:
        root: a folder.
        known: folders, each with the one that takes it in; empty for a cluster that is known.
        pairs: path and resource of what lies in the root.
    """
    if not any(is_below(path, root) and not (taker and is_below(taker, root)) for path, taker in known):
        yield root
        return
    inner: dict[str, list[tuple[str, str]]] = {}
    for path, resource in pairs:
        folder = posixpath.dirname(path)
        if is_below(folder, root):
            rest = folder[len(root) + 1 :] if root else folder
            child = posixpath.join(root, rest.partition("/")[0]) if rest else root
            inner.setdefault(child, []).append((path, resource))
    for child, members in sorted(inner.items()):
        if child == root:
            yield root
        else:
            yield from _apart(child, known, members)
