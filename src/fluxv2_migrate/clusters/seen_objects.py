"""The releases and sources of a repository, as each of its clusters has them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fluxv2_migrate.clusters import ClusterMap, DocumentKey, Sighting, broken_build, unknown_generator
from fluxv2_migrate.clusters.reconciled import DISABLED, ReconciledCluster
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux1.apis import RELEASE_GROUPS
from fluxv2_migrate.flux2.apply_annotations import is_disabled
from fluxv2_migrate.folders import is_below
from fluxv2_migrate.kubernetes import group_of, namespace_and_name, objects_in, resource_of, with_namespace
from fluxv2_migrate.kustomize import Build, built_files
from fluxv2_migrate.quoting import shown_folder
from fluxv2_migrate.repository.reading import Document, Repository, is_old_release, lines_of_old_releases
from fluxv2_migrate.yaml_text import BYTE_ORDER_MARK, compose, line_of, split_documents, value_of

# Where an object of Flux begins; the definitions of Flux's own kinds do not say it.
_API: Final = r"[\"']?apiVersion[\"']?\s*:\s*[\"']?"
_V1_GROUPS: Final = "|".join(map(re.escape, RELEASE_GROUPS))
_CONCERNS: Final = re.compile(rf"{_API}({_V1_GROUPS}|helm\.toolkit\.fluxcd\.io|source\.toolkit\.fluxcd\.io)/")


@dataclass(frozen=True, slots=True)
class SeenObject:
    """An object as one cluster has it, and where it stands.

    Attributes:
        line: where it begins there, 1-based.
        manifest: as the cluster gets it, with its namespace where that is known.
        cluster: its name; empty where any may have it; `None` where no cluster applies it.
        document: which document of the repository it is.
        obstacle: why the cluster may not get it, or gets something else; empty where nothing is in the way.
        is_placed: whether it names its namespace by itself, so that no default decides.
    """

    path: str
    line: int
    manifest: Mapping[str, Any]
    cluster: str | None
    document: DocumentKey
    obstacle: str = ""
    is_placed: bool = True

    @property
    def identity(self) -> tuple[str, str]:
        """Namespace and name in the cluster."""
        return namespace_and_name(self.manifest)

    @property
    def resource(self) -> str:
        """Names it as findings do."""
        return resource_of(self.manifest)


@dataclass(frozen=True, slots=True)
class UnreadDocument:
    """A document that speaks of Flux v1 and cannot be read."""

    path: str
    line: int
    reason: str


@dataclass(slots=True)
class SeenRepository:
    """What clusters have of a repository.

    Attributes:
        clusters: who sees what.
        old: the releases of Flux v1.
        new: the releases of Flux v2.
        sources: of charts, of Flux v2.
        unread: what may be a release of Flux v1 and cannot be read.
    """

    clusters: ClusterMap
    old: list[SeenObject] = field(default_factory=list)
    new: list[SeenObject] = field(default_factory=list)
    sources: list[SeenObject] = field(default_factory=list)
    unread: list[UnreadDocument] = field(default_factory=list)


@dataclass(slots=True)
class _Obstacles:
    """Why clusters may not have got objects of fluxd; what goes the same way has the same in its way."""

    clusters: ClusterMap
    known: dict[tuple[str, ...], str] = field(default_factory=dict)
    troubled: list[tuple[tuple[str, str], Build, frozenset[str]]] | None = None

    def _troubled(self) -> list[tuple[tuple[str, str], Build, frozenset[str]]]:
        """Gives the builds with problems, with their files."""
        if self.troubled is None:
            builds = self.clusters.builds.items()
            self.troubled = [(key, each, frozenset(each.files)) for key, each in builds if each.problems]
        return self.troubled

    def of(self, sighting: Sighting) -> str:
        way = (sighting.cluster, sighting.sync_path, *(step.path for step in sighting.steps))
        if way not in self.known:
            # Another cluster's build may go wrong over the same base.
            builds = {key: build for key, build, files in self._troubled() if files.issuperset(way[2:])}
            broken = broken_build([sighting], replace(self.clusters, builds=builds))
            unknown = unknown_generator([sighting], self.clusters)
            self.known[way] = f"kustomize cannot build it: {broken}" if broken else unknown or ""
        return self.known[way]


@dataclass(slots=True)
class _Absence:
    """Why a cluster does not get an object that stands in the repository."""

    clusters: ClusterMap
    reconciled: Mapping[str, ReconciledCluster]
    reached: dict[str, frozenset[str]] = field(default_factory=dict)

    def of(self, path: str, sighting: Sighting) -> str:
        tree = self.clusters.tree
        own = self.reconciled.get(sighting.cluster)
        if own is None and (broken := broken_build([sighting], self.clusters)):
            return f"kustomize cannot build it: {broken}"
        for within in () if own is None else own.paths:
            if within.obstacle and (path in within.build.files or is_below(path, within.path)):
                return within.obstacle
        if path not in tree.artifact().files:
            return (
                f"source-controller leaves {path} out of its artifact, as .sourceignore or its defaults say"
            )
        root = sighting.sync_path
        if root not in self.reached:
            self.reached[root] = built_files(root, tree)
        file = sighting.steps[-1].path if sighting.steps else path
        place = posixpath.dirname(file) if sighting.steps else path
        is_reached = file in self.reached[root]
        folder = posixpath.dirname(place)
        while not is_reached and is_below(place, root) and is_below(folder, root):
            if folder in tree.kustomizations:
                return f"no kustomization that is built for {shown_folder(root)} lists {place}"
            if not folder:
                break
            folder = posixpath.dirname(folder)
        return "" if own is None else f"nothing that {sighting.cluster} syncs lists {path}"


def see_objects(
    repository: Repository,
    clusters: ClusterMap,
    reconciled: Mapping[str, ReconciledCluster] | None = None,
) -> SeenRepository:
    """Gives what clusters have of a repository.

    Args:
        reconciled: by cluster, what kustomize-controller applies; where fluxd applies it, nothing.
    """
    seen = SeenRepository(clusters)
    obstacles, absence = _Obstacles(clusters), _Absence(clusters, reconciled or {})
    patches = set(_patches(clusters.builds.values()))
    patching = set(_patches(within.build for each in (reconciled or {}).values() for within in each.paths))
    for path in repository.opaque:
        seen.unread.append(UnreadDocument(path, 1, "the file is not UTF-8: it may be encrypted"))
    for path in sorted(repository.errors):
        seen.unread.extend(_unread(path, repository.texts[path]))
    for path, documents in sorted(repository.documents.items()):
        for document in documents:
            is_patch = path in patches and document.key not in clusters.sightings
            is_had = any(document.key in each.objects for each in (reconciled or {}).values())
            if is_patch or (path in patching and not is_had):
                # What it says is in what it patches.
                continue
            found = (
                _seen(document, clusters, obstacles)
                if reconciled is None
                else _reconciled(document, clusters, reconciled, absence)
            )
            for each in found:
                _file(seen, each)
    return seen


def _patches(builds: Iterable[Build]) -> Iterator[str]:
    """Gives the files of which builds patch something, or take it out."""
    for build in builds:
        for each in (*build.objects, *build.removed):
            for use in each.patches:
                if use.path:
                    yield use.path


def _unread(path: str, text: str) -> Iterator[UnreadDocument]:
    text = text.removeprefix(BYTE_ORDER_MARK)
    for span in split_documents(text):
        part = text[span.start : span.end]
        if any(lines_of_old_releases(part)):
            try:
                value_of(compose(part, path=path, line=span.line))
            except InvalidManifest as error:
                yield UnreadDocument(path, error.line or span.line, f"it is no YAML: {error.reason}")


def _line(document: Document) -> int:
    begins = _CONCERNS.search(document.text)
    return document.line + (line_of(document.text, begins.start()) if begins else 0)


def _seen(document: Document, clusters: ClusterMap, obstacles: _Obstacles) -> Iterator[SeenObject]:
    line = _line(document)
    sightings = clusters.sightings.get(document.key)
    if not sightings:
        yield from _unseen(document, line, clusters)
        return
    told: list[SeenObject] = []
    for sighting in sightings:
        obstacle = obstacles.of(sighting)
        for each in _sighted(document, line, sighting, obstacle):
            if each not in told:
                told.append(each)
    yield from told


def _unseen(document: Document, line: int, clusters: ClusterMap) -> Iterator[SeenObject]:
    for _, manifest in objects_in(document.manifest):
        anybody = None if clusters.clusters else ""
        yield SeenObject(document.path, line, manifest, anybody, document.key)


def _sighted(document: Document, line: int, sighting: Sighting, obstacle: str) -> Iterator[SeenObject]:
    for _, manifest in objects_in(sighting.manifest):
        own = namespace_and_name(manifest)[0] if manifest is not sighting.manifest else ""
        placed = _placed(manifest, own or sighting.namespace)
        names_it = bool(namespace_and_name(manifest)[0])
        yield SeenObject(document.path, line, placed, sighting.cluster, document.key, obstacle, names_it)


def _reconciled(
    document: Document,
    clusters: ClusterMap,
    reconciled: Mapping[str, ReconciledCluster],
    absence: _Absence,
) -> Iterator[SeenObject]:
    """Gives a document as clusters get it, and for those that do not get it, why."""
    line = _line(document)
    having: set[str] = set()
    for name, cluster in reconciled.items():
        # What is anybody's is that of a known cluster first.
        for each in cluster.objects.get(document.key, ()) if name or not having else ():
            having.add(name)
            names_it = bool(namespace_and_name(each.manifest)[0])
            key = document.key
            yield SeenObject(document.path, line, each.manifest, name, key, each.obstacle, names_it)
    sightings = clusters.sightings.get(document.key, [])
    told: list[SeenObject] = [] if sightings or having else list(_unseen(document, line, clusters))
    for sighting in sightings:
        is_of_nobody = not sighting.cluster or sighting.cluster not in reconciled
        if sighting.cluster in having or (is_of_nobody and having):
            continue
        obstacle = absence.of(document.path, sighting) if sighting.cluster else ""
        told += [each for each in _sighted(document, line, sighting, obstacle) if each not in told]
    for one in told:
        yield replace(one, obstacle=DISABLED) if is_disabled(one.manifest) else one


def _placed(manifest: Mapping[str, Any], namespace: str) -> Mapping[str, Any]:
    if not namespace or namespace_and_name(manifest)[0] == namespace:
        return manifest
    return with_namespace(manifest, namespace)


def _file(seen: SeenRepository, found: SeenObject) -> None:
    kind = found.manifest.get("kind")
    group = group_of(found.manifest)
    if is_old_release(found.manifest):
        seen.old.append(found)
    elif group == "helm.toolkit.fluxcd.io" and kind == "HelmRelease":
        seen.new.append(found)
    elif group == "source.toolkit.fluxcd.io":
        seen.sources.append(found)
