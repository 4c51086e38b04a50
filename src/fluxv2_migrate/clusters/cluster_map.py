"""Who sees what: the clusters that a repository serves, and how each sees its documents."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fluxv2_migrate.clusters.flux_kustomizations import FluxKustomization
from fluxv2_migrate.clusters.model import ClusterNotice, ClusterView, Owners, Sighting, SyncPath
from fluxv2_migrate.clusters.units import chart_folders
from fluxv2_migrate.flux1.installation import Flux1Program
from fluxv2_migrate.folders import folder_around, is_below
from fluxv2_migrate.kubernetes import namespace_and_name
from fluxv2_migrate.kustomize import Build, BuiltObject, KustomizeTree, PatchUse, Step
from fluxv2_migrate.repository.reading import Document

DocumentKey = tuple[str, int]
"""A file, and the index of the document in it."""
_SIGNATURE = "sops"


@dataclass(frozen=True, slots=True)
class ClusterObject:
    """An object as a cluster has it.

    Attributes:
        synced: the sync path that leads to it.
        manifest: as it is applied.
        namespace: in the cluster; empty where it is not known.
        name: in the cluster.
        path: the file where its text stands; empty for what a generator makes.
        index: of its document in that file.
        item: which item of its document it is, where that is a list that kustomize takes apart.
        build: that holds it; nothing where its file is read on its own.
        steps: the kustomizations that it goes through, the innermost first.
        patches: that reach it on the way.
    """

    synced: SyncPath
    manifest: Mapping[str, Any]
    namespace: str
    name: str
    path: str
    index: int
    item: int | None = None
    build: Build | None = None
    steps: tuple[Step, ...] = ()
    patches: tuple[PatchUse, ...] = ()

    @property
    def key(self) -> tuple[str, int]:
        """The document that it stems from."""
        return self.path, self.index


@dataclass(frozen=True, slots=True)
class SyncedFiles:
    """What of a repository each Flux takes for itself: the one answer to what a cluster has.

    Attributes:
        build_of: gives what is built of a folder for a sync path.
        claimed: gives the files that belong to builds, so that they mean nothing on their own.
        charts: folders of Helm charts, of which fluxd reads nothing.
    """

    build_of: Callable[[SyncPath, str], Build]
    claimed: Callable[[], Collection[str]]
    charts: Collection[str]

    def builds(self, synced: SyncPath) -> list[Build]:
        """Gives all that is built for a sync path."""
        return [self.build_of(synced, folder) for folder in synced.builds]

    def is_known(self, synced: SyncPath) -> bool:
        """Gives whether all that is built for a sync path is known: no build of it fails."""
        return all(build.is_complete for build in self.builds(synced))

    def read_alone(self, synced: SyncPath, paths: Iterable[str]) -> Iterator[str]:
        """Gives those of some files that are read one by one for a sync path."""
        if synced.files == "none":
            return
        claimed: Collection[str] = ()
        built: frozenset[str] = frozenset()
        if synced.files == "rest":
            claimed = self.claimed()
            built = frozenset(file for build in self.builds(synced) for file in build.files)
        # What the commands of a `.flux.yaml` write is no manifest.
        elsewhere = built.union(synced.outputs)
        for path in paths:
            is_there = is_below(path, synced.path) and path not in claimed and path not in elsewhere
            if is_there and folder_around(path, self.charts) is None:
                yield path

    def objects(
        self,
        sync_paths: Iterable[SyncPath],
        default: str,
        documents: Mapping[str, Iterable[Document]] | None = None,
    ) -> Iterator[ClusterObject]:
        """Gives the objects of a cluster.

        Args:
            default: the namespace of manifests that name none, or empty.
            documents: by file, those that count where a file is read on its own; a list among them is one
                object.
        """
        for synced in sync_paths:
            for build in self.builds(synced):
                for built in build.objects:
                    yield ClusterObject(
                        synced,
                        built.manifest,
                        *place_of(built.manifest, default, synced),
                        built.path,
                        built.index,
                        built.item,
                        build,
                        built.steps,
                        built.patches,
                    )
            given = documents or {}
            for path in self.read_alone(synced, given):
                for document in given[path]:
                    place = place_of(document.manifest, default, synced)
                    yield ClusterObject(synced, document.manifest, *place, path, document.index)


def place_of(manifest: Mapping[str, Any], default: str, synced: SyncPath | None = None) -> tuple[str, str]:
    """Gives the namespace and the name of an object in the cluster.

    Args:
        default: the namespace of what names none.
        synced: the path that leads to it; nothing where it is taken as it is written.

    >>> place_of({"metadata": {"name": "web"}}, "default")
    ('default', 'web')
    """
    namespace, name = namespace_and_name(manifest)
    target = synced.target_namespace if synced is not None else ""
    return target or namespace or default, name


@dataclass(slots=True, weakref_slot=True)
class ClusterMap:
    """Who sees what.

    Attributes:
        given: whether a person named them.
        sightings: by document, how each cluster sees it; none for what no cluster applies.
        patch_files: the files that kustomizations patch with, and the kustomizations.
        apart: the files that belong to what kustomize builds, so that they mean nothing on their own.
        builds: what kustomize builds, by its folder and what goes over it; that of a sync path is given by
            `build_of`.
        fallback_namespace: of manifests that name none, in clusters that name none either; or empty.
        candidates: sync paths that may belong to one cluster, where nothing tells them apart.
        notices: what a person must know of how the clusters were found.
        programs: the fluxds that sync this repository, and the helm-operators.
        other_programs: the fluxds that sync another one.
        filled_in: those of the fluxds of which something else fills in the paths, where nothing but folders
            shows clusters.
        install_texts: the files that are no manifests and say how a program was installed.
        own_urls: what is compared of the URLs of this repository.
        foreign: the Kustomizations of Flux v2 that sync another one.
        syncing: by folder, the Kustomizations of Flux v2 that sync it, each with the key of its document.
    """

    clusters: tuple[ClusterView, ...] = ()
    given: bool = False
    sightings: dict[DocumentKey, list[Sighting]] = field(default_factory=dict)
    patch_files: dict[str, str] = field(default_factory=dict)
    apart: frozenset[str] = frozenset()
    builds: dict[tuple[str, str], Build] = field(default_factory=dict)
    tree: KustomizeTree = field(default_factory=lambda: KustomizeTree({}))
    fallback_namespace: str = ""
    candidates: tuple[str, ...] = ()
    notices: tuple[ClusterNotice, ...] = ()
    programs: tuple[Flux1Program, ...] = ()
    other_programs: tuple[Flux1Program, ...] = ()
    filled_in: tuple[Flux1Program, ...] = ()
    install_texts: frozenset[str] = frozenset()
    own_urls: Collection[str] = frozenset()
    foreign: Collection[DocumentKey] = frozenset()
    syncing: Mapping[str, Sequence[tuple[DocumentKey, FluxKustomization]]] = field(default_factory=dict)
    _broken: dict[str, str] | None = None
    _synced: SyncedFiles | None = None
    # Each sighting asks for its cluster; while clusters are looked for, others take their places.
    _by_name: tuple[tuple[ClusterView, ...], Mapping[str, ClusterView]] = ((), {})
    _owners: tuple[tuple[ClusterView, ...], Owners] = ((), Owners(()))

    @property
    def broken(self) -> Mapping[str, str]:
        """By each file of a build of which nobody can tell what it gives, the place and the reason."""
        if self._broken is None:
            self._broken = {}
            for build in self.builds.values():
                for problem in build.problems:
                    told = str(problem)
                    if problem.fails:
                        self._broken = {**dict.fromkeys(build.files, told), **self._broken}
                    elif problem.path in build.files and "transformers" in problem.reason:
                        self._broken.setdefault(problem.path, told)
        return self._broken

    def built(self, *, removed: bool = False) -> Iterator[BuiltObject]:
        """Gives all that any build gives, also of folders that no known cluster syncs.

        Args:
            removed: whether to give what patches take out, too.
        """
        for build in self.builds.values():
            yield from build.objects
            if removed:
                yield from build.removed

    def sync_paths(self) -> Iterator[tuple[ClusterView, SyncPath]]:
        """Gives the sync paths of all clusters, each with its cluster."""
        return ((view, synced) for view in self.clusters for synced in view.sync_paths)

    def paths_to(self, sighting: Sighting) -> Iterator[SyncPath]:
        """Gives the sync paths of a cluster that lead to a document as it sees it."""
        paths = self.view(sighting.cluster).sync_paths
        return (each for each in paths if each.path == sighting.sync_path)

    def build_of(self, synced: SyncPath, folder: str) -> Build:
        """Gives what is built of a folder for a sync path of a cluster, with what goes over it there."""
        return self.builds[folder, synced.over]

    def afterwards(self, cluster: str, synced: SyncPath) -> SyncPath:
        """Gives a path of a cluster as Flux v2 applies it: fluxd knew nothing of what Kustomizations do."""
        known = ((folder, self._syncing(cluster, folder)) for folder in synced.folders)
        found = next(((folder, own[0]) for folder, own in known if _is_shaped(own)), None)
        is_known = synced.overlay or synced.target_namespace or synced.patch_file
        if found is None or is_known or len(synced.builds) > 1:
            return synced
        folder, kustomization = found
        return kustomization.of_path(synced, folder)

    def resting(self, cluster: str, folder: str) -> str:
        """Gives why Flux v2 applies nothing of a folder in a cluster; empty where nothing says so."""
        own = self._syncing(cluster, folder)
        rests = [each.rest for each in own]
        first = rests[0] if rests and all(rests) else None
        return "" if first is None else f"the Kustomization in {own[0].file} {first.why}"

    def _syncing(self, cluster: str, folder: str) -> Sequence[FluxKustomization]:
        """Gives the Kustomizations that sync a folder for a cluster, or else those that may be anybody's."""
        known = [(self.having(key), each) for key, each in self.syncing.get(folder, ())]
        own = [each for names, each in known if cluster in names]
        return own or [each for names, each in known if not names]

    @property
    def outputs(self) -> frozenset[str]:
        """The files that commands of a `.flux.yaml` write: they are no manifests."""
        return frozenset(file for _, synced in self.sync_paths() for file in synced.outputs)

    def runs_flux_1(self, document: Document) -> bool:
        """Gives whether a document is the operator, this repository's fluxd, or a release of its chart."""
        return document.key in {each.key for each in self.programs if not each.is_part}

    @property
    def synced(self) -> SyncedFiles:
        """What of the repository each cluster takes."""
        if self._synced is None:
            # A circle would hold every document until the collector of garbage comes by.
            own = weakref.proxy(self)
            self._synced = SyncedFiles(
                lambda synced, folder: own.build_of(synced, folder),
                lambda: own.apart,
                chart_folders(self.tree.files),
            )
        return self._synced

    def objects(
        self, view: ClusterView, documents: Mapping[str, Iterable[Document]] | None = None
    ) -> Iterator[ClusterObject]:
        """Gives the objects of a cluster, with what holds each and where its text stands.

        Args:
            documents: by file, those that count where a file is read on its own; none where only what is
                built is wanted.
        """
        return self.synced.objects(view.sync_paths, self.default_namespace(view.name), documents)

    def seen(self, document: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Gives each cluster that has a document, and the document as it sees it.

        What no known cluster has may be anybody's: that is told by an empty name.
        """
        sightings = self.sightings.get(document.key)
        if not sightings:
            yield "", document.manifest
        for sighting in sightings or ():
            yield sighting.cluster, _in_its_namespace(sighting)

    def may_have(self, key: DocumentKey, cluster: str) -> bool:
        """Gives whether a cluster has a document, or may: none is known to, and its place names no other."""
        seen = self.sightings.get(key)
        return (
            any(each.cluster == cluster for each in seen) if seen else self.owners.may_be_of(key[0], cluster)
        )

    def seeing(self, key: DocumentKey) -> list[str]:
        """Gives the clusters that see a document, each once."""
        return list(dict.fromkeys(each.cluster for each in self.sightings.get(key, ())))

    def having(self, key: DocumentKey) -> set[str]:
        """Gives the clusters that have a document: those that see it, or else those whose its place is."""
        return set(self.seeing(key)) or self.owners.of(key[0])

    @property
    def owners(self) -> Owners:
        """Whose files are that no known cluster sees."""
        if self._owners[0] is not self.clusters:
            self._owners = (self.clusters, Owners(self.clusters))
        return self._owners[1]

    def default_namespace(self, cluster: str) -> str:
        """Gives the namespace of manifests that name none, where one is known for a cluster."""
        view = self._views().get(cluster)
        return (view and view.settings.default_namespace) or self.fallback_namespace

    def told(self, names: Collection[str]) -> str:
        """Gives how findings speak of some clusters: not at all, where they are all of them."""
        return "" if len(set(names)) == len(self.clusters) else ", ".join(names)

    def view(self, name: str) -> ClusterView:
        """Gives a cluster by its name."""
        return self._views()[name]

    def _views(self) -> Mapping[str, ClusterView]:
        if self._by_name[0] is not self.clusters:
            self._by_name = (self.clusters, {each.name: each for each in reversed(self.clusters)})
        return self._by_name[1]


def _in_its_namespace(sighting: Sighting) -> Mapping[str, Any]:
    """Gives an object in the namespace that a cluster has it in, which a build need not know."""
    manifest = sighting.manifest
    own = namespace_and_name(manifest)[0]
    if not (own and sighting.namespace) or own == sighting.namespace:
        return manifest
    return {**manifest, "metadata": {**manifest["metadata"], "namespace": sighting.namespace}}


def _is_shaped(own: Sequence[FluxKustomization]) -> bool:
    """Gives whether all Kustomizations of a folder make one thing of it that it is not without them."""
    return len({each.shape for each in own}) == 1 and bool(own[0].overlay or own[0].target_namespace)


def may_be_encrypted(synced: SyncPath, clusters: ClusterMap) -> bool:
    """Gives whether a file that a sync path holds, or that its builds read, may be encrypted by sops."""
    files = clusters.tree.files
    built = {path for build in clusters.synced.builds(synced) for path in build.files}
    here = {path for path in files if is_below(path, synced.path)}
    return any(isinstance(text := files.get(path), str) and _SIGNATURE in text for path in here | built)
