"""What kustomize-controller applies of a repository for each cluster, as its Kustomizations say.

A sync path that no Kustomization of the repository syncs is taken for one that is synced from elsewhere, with
nothing put over it.

Source: fluxcd/pkg `kustomize/kustomize_generator.go`, `sourceignore/sourceignore.go`;
kustomize-controller 1.9.4 `internal/controller/kustomization_controller.go`.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, Final

from fluxv2_migrate.clusters.cluster_map import DocumentKey
from fluxv2_migrate.clusters.flux_kustomizations import FluxKustomization, overlaid_build
from fluxv2_migrate.clusters.model import ClusterView, Owners, Sighting, SyncPath
from fluxv2_migrate.flux2.apply_annotations import RECONCILE, SSA, is_disabled
from fluxv2_migrate.folders import is_below, kustomization_files, nearest, normal_path
from fluxv2_migrate.kubernetes import as_list, mapping_at, namespace_and_name, with_namespace
from fluxv2_migrate.kustomize import Build, KustomizeTree, controller_build
from fluxv2_migrate.quoting import shown_folder
from fluxv2_migrate.repository.reading import Document

_FOLDER: Final = ".flux-file"
# By these a GitRepository says which files of the repository are taken.
_TAKEN: Final = frozenset(("ignore", "sparseCheckout"))
DISABLED: Final = f"it is never applied, as its annotation {RECONCILE} or {SSA} says"
"""Why an object is not applied that says so itself."""
# Of these there is one for all namespaces, so that no target namespace moves them.
_WITHOUT_NAMESPACE: Final = frozenset(
    {
        "APIService",
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "IngressClass",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "StorageClass",
        "ValidatingWebhookConfiguration",
    }
)


@dataclass(frozen=True, slots=True)
class ReconciledPath:
    """A folder that kustomize-controller builds for a cluster.

    Attributes:
        path: the folder; empty for the root.
        sync_path: of the cluster, for which it is built.
        by: the Kustomization that says so; nothing where none of the repository does.
        build: what it gives.
        obstacle: why nothing of it is applied; empty where nothing is in the way.
    """

    path: str
    sync_path: str
    by: FluxKustomization | None
    build: Build = field(repr=False)
    obstacle: str = ""


_Pending = tuple[str, str, FluxKustomization | None]
"""A folder that is to be built, the sync path for which it is, and what says so."""


@dataclass(frozen=True, slots=True)
class ReconciledObject:
    """An object that kustomize-controller has for a cluster.

    Attributes:
        manifest: as it is applied, in the target namespace where there is one.
        path: the file where its text stands.
        within: the folder that is built.
        obstacle: why it is not applied; empty where nothing is in the way.
    """

    manifest: Mapping[str, Any]
    path: str
    index: int
    within: ReconciledPath
    obstacle: str = ""

    @property
    def key(self) -> tuple[str, int]:
        """The document that it stems from."""
        return self.path, self.index


@dataclass(frozen=True, slots=True)
class ReconciledCluster:
    """What kustomize-controller has for a cluster.

    Attributes:
        objects: by document, in the order of the builds.
    """

    paths: tuple[ReconciledPath, ...]
    objects: Mapping[DocumentKey, Sequence[ReconciledObject]]

    def all(self) -> Iterator[ReconciledObject]:
        """Gives all objects."""
        for each in self.objects.values():
            yield from each


@dataclass(slots=True)
class Reconciler:
    """Follows the Kustomizations of a repository.

    Attributes:
        documents: those that name Flux, by file.
        views: the clusters, with the paths that they shall get.
        foreign: the Kustomizations that sync another repository.
        resumed: those that apply what they sync although they rest, by namespace and name.
    """

    tree: KustomizeTree
    documents: Mapping[str, Sequence[Document]]
    views: Sequence[ClusterView]
    foreign: Collection[DocumentKey] = frozenset()
    resumed: Collection[tuple[str, str]] = ()
    _builds: dict[tuple[str, str, str | None], Build] = field(default_factory=dict)
    _owners: Owners | None = None
    # Each of many clusters asks for all of them.
    _own_ones: list[FluxKustomization] | None = None
    _known: list[FluxKustomization] | None = None
    _repositories: dict[str, list[Document]] | None = None
    _clusters: dict[str, ReconciledCluster] = field(default_factory=dict)

    @property
    def kustomizations(self) -> Sequence[FluxKustomization]:
        """The Kustomizations of Flux v2 that stand in files and sync a folder of this repository."""
        if self._known is None:
            self._known = [each for each in self._own_kustomizations() if self._is_of_files(each)]
        return self._known

    def _own_kustomizations(self) -> Sequence[FluxKustomization]:
        if self._own_ones is None:
            self._own_ones = list(self._found())
        return self._own_ones

    def _found(self) -> Iterator[FluxKustomization]:
        for path, documents in sorted(self.documents.items()):
            if self.tree.patchers(path) or not self._is_applied(path):
                continue
            for document in documents:
                each = FluxKustomization.of_document(document)
                if each is not None and document.key not in self.foreign:
                    yield each

    def without_folder(self, view: ClusterView) -> Sequence[FluxKustomization]:
        """Gives the Kustomizations of a cluster that name no folder, or one that is not there."""
        return self._own([each for each in self._own_kustomizations() if not self._is_of_files(each)], view)

    def _is_applied(self, path: str) -> bool:
        """Gives whether a file is applied by something; what syncs a cluster somebody applied in any case."""
        return any(view.flux2_file == path for view in self.views) or not self.tree.passes_over(path)

    def _is_of_files(self, each: FluxKustomization) -> bool:
        return bool(each.path) and self.tree.is_folder(normal_path(each.path))

    def syncing(self, target: str, view: ClusterView) -> list[FluxKustomization]:
        """Gives the Kustomizations that sync a folder for a cluster.

        Else those of the nearest folder above it, and else those of folders that are built of it.
        """
        by_path: dict[str, list[FluxKustomization]] = {}
        for each in self.kustomizations:
            path = normal_path(each.path)
            if is_below(target, path):
                by_path.setdefault(path, []).append(each)
        if not by_path:
            including = set(self.tree.ancestors(target))
            return self._own(
                [each for each in self.kustomizations if normal_path(each.path) in including], view
            )
        return self._own(by_path[max(by_path, key=len)], view)

    def _own(self, found: list[FluxKustomization], view: ClusterView) -> list[FluxKustomization]:
        """Gives those that a cluster has, as far as the places of their files tell."""
        if self._owners is None:
            self._owners = Owners(self.views)
        files = self._owners.own((each.file for each in found), view.name)
        return [each for each in found if each.file in files]

    def of_all(self, views: Iterable[ClusterView]) -> dict[str, ReconciledCluster]:
        """Gives what kustomize-controller has for each of some clusters.

        What a Kustomization syncs of which nothing tells whose it is may be anybody's: it has an empty name.
        """
        found = {view.name: self.reconcile(view) for view in views}
        reached = {
            each.by.file for cluster in found.values() for each in cluster.paths if each.by is not None
        }
        others = [each for each in self.kustomizations if each.file not in reached]
        if found and others:
            found[""] = self._followed([(normal_path(each.path), "", each) for each in others])
        return found

    def agrees(self, view: ClusterView, sightings: Mapping[DocumentKey, Sequence[Sighting]]) -> bool:
        """Gives whether kustomize-controller would apply of a cluster's paths what fluxd applied of them."""
        cluster = self.reconcile(view)
        if any(each.obstacle for each in cluster.paths):
            return False
        return all(
            {each.name for each in seen if each.cluster == view.name}
            == {namespace_and_name(each.manifest)[1] for each in cluster.objects.get(key, ())}
            and sum(each.cluster == view.name for each in seen) == len(cluster.objects.get(key, ()))
            for key, seen in sightings.items()
        )

    def goes_beyond(self, view: ClusterView, sightings: Mapping[DocumentKey, Sequence[Sighting]]) -> bool:
        """Gives whether the paths of a cluster hold what is known to be another one's alone."""
        objects = self.reconcile(view).objects
        return any(
            key in objects and view.name not in {each.cluster for each in seen}
            for key, seen in sightings.items()
        )

    def reconcile(self, view: ClusterView) -> ReconciledCluster:
        """Gives what kustomize-controller has for a cluster."""
        if view.name in self._clusters:
            return self._clusters[view.name]
        pending: list[_Pending] = []
        for synced in view.sync_paths:
            for target in _targets(synced):
                found = self.syncing(target, view)
                pending += [(normal_path(each.path), synced.path, each) for each in found]
                if not found:
                    pending.append((self._including(target, synced.path), synced.path, None))
        self._clusters[view.name] = self._followed(pending)
        return self._clusters[view.name]

    def _including(self, target: str, path: str) -> str:
        """Gives the sync path where its own kustomization takes in what fluxd built elsewhere."""
        own = self.tree.kustomizations.get(path)
        return path if own is not None and path in self.tree.ancestors(target) else target

    def _followed(self, pending: list[_Pending]) -> ReconciledCluster:
        """Gives what comes of some paths, and of the Kustomizations in them."""
        paths: dict[tuple[str, FluxKustomization | None, tuple[str, str]], ReconciledPath] = {}
        while pending:
            path, sync_path, by = pending.pop(0)
            key = (path, by, ("", "") if by is None else namespace_and_name(by.manifest))
            if key in paths:
                continue
            paths[key] = self._path(path, sync_path, by)
            for built in paths[key].build.objects:
                inner = FluxKustomization.of_manifest(built.manifest, built.path)
                is_ours = built.key not in self.foreign
                if inner is not None and is_ours and self._is_of_files(inner):
                    pending.append((normal_path(inner.path), sync_path, inner))
        objects: dict[DocumentKey, list[ReconciledObject]] = {}
        for within in paths.values():
            for each in _objects(within):
                known = objects.setdefault(each.key, [])
                if not any(each.manifest == one.manifest and each.obstacle == one.obstacle for one in known):
                    known.append(each)
        return ReconciledCluster(tuple(paths.values()), objects)

    def _path(self, path: str, sync_path: str, by: FluxKustomization | None) -> ReconciledPath:
        source = {} if by is None else self._source(by)
        ignore = source.get("ignore") if isinstance(source.get("ignore"), str) else None
        key = (path, "" if by is None else by.overlay, ignore)
        if key not in self._builds:
            self._builds[key] = self._build(path, key[1], ignore)
        build = self._builds[key]
        problem = build.failure
        obstacle = ""
        if problem is not None:
            obstacle = f"kustomize cannot build it: {problem}"
        elif by is not None and by.rest is not None and namespace_and_name(by.manifest) not in self.resumed:
            obstacle = f"the Kustomization in {by.file} {by.rest.why}"
        elif not is_checked_out(path, source):
            obstacle = f"sparseCheckout of its GitRepository leaves {shown_folder(path)} out"
        return ReconciledPath(path, sync_path, by, build, obstacle)

    def _build(self, path: str, overlay: str, ignore: str | None) -> Build:
        artifact = self.tree.artifact(ignore)
        if overlay:
            return overlaid_build(artifact, path, overlay)
        if path in artifact.files:
            # A git path of fluxd may be a file, for which somebody has to write a kustomization.
            entry = json.dumps(posixpath.relpath(path, _FOLDER))
            build = artifact.with_files({kustomization_files(_FOLDER)[0]: f"resources: [{entry}]"}).build(
                _FOLDER
            )
            return replace(build, files=(path,))
        return controller_build(self.tree, path, ignore=ignore)

    def _source(self, by: FluxKustomization) -> Mapping[str, Any]:
        """Gives `spec` of the GitRepository of a Kustomization, or of a patch of it, if that takes files."""
        if self._repositories is None:
            self._repositories = {}
            for document in chain.from_iterable(self.documents.values()):
                if document.manifest.get("kind") == "GitRepository":
                    self._repositories.setdefault(document.identity[1], []).append(document)
        found = self._repositories.get(by.source[1], ())
        taking = [each for each in found if _TAKEN.intersection(mapping_at(each.manifest, "spec"))]
        # Each of many clusters may have one of that name; a patch of it has no URL.
        whole = [each for each in found if mapping_at(each.manifest, "spec").get("url")] if taking else []
        if whole:
            own = nearest(by.file, whole)
            taking = [own] if own in taking else [each for each in taking if nearest(each.path, whole) is own]
        return mapping_at(taking[0].manifest, "spec") if taking else {}


def is_checked_out(path: str, source: Mapping[str, Any]) -> bool:
    """Gives whether a GitRepository checks a folder out; where it names some, no others are there."""
    folders = [normal_path(str(each)) for each in as_list(source.get("sparseCheckout"))]
    return not folders or any(is_below(path, folder) for folder in folders)


def _targets(synced: SyncPath) -> Iterable[str]:
    """Gives the folders that kustomize-controller has to build for what fluxd did with a path."""
    return dict.fromkeys(synced.builds if synced.files == "none" else (synced.path, *synced.builds))


def in_namespace(manifest: Mapping[str, Any], target_namespace: str) -> Mapping[str, Any]:
    """Gives an object as a Kustomization applies it that has a target namespace, or an empty one.

    >>> in_namespace({"kind": "Secret", "metadata": {"name": "a"}}, "shop")["metadata"]
    {'name': 'a', 'namespace': 'shop'}
    """
    if not target_namespace or manifest.get("kind") in _WITHOUT_NAMESPACE:
        return manifest
    return with_namespace(manifest, target_namespace)


def _objects(within: ReconciledPath) -> Iterator[ReconciledObject]:
    namespace = "" if within.by is None else within.by.target_namespace
    for built in within.build.objects:
        manifest = in_namespace(built.manifest, namespace)
        obstacle = within.obstacle
        if not obstacle and is_disabled(manifest):
            obstacle = DISABLED
        yield ReconciledObject(manifest, built.path, built.index, within, obstacle)
