"""What Flux v2 applies of a migrated repository for each cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, Final

from fluxv2_migrate.clusters import ClusterMap, ClusterView, DocumentKey, SyncPath
from fluxv2_migrate.clusters.builds import build_with
from fluxv2_migrate.clusters.flux_kustomizations import FluxKustomization, file_over, overlay_then
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.folders import is_below, normal_path
from fluxv2_migrate.kubernetes import group_of, namespace_and_name, objects_in
from fluxv2_migrate.kustomize import Build, BuildProblem, KustomizeTree, generated_resources
from fluxv2_migrate.quoting import shown_folder
from fluxv2_migrate.repository.reading import Document, Repository, read_documents

# To kustomize what names no namespace is there.
_DEFAULT: Final = "default"
Identity = tuple[str, str, str]
"""Kind with the group of its API, namespace and name."""


_Parts = tuple[list[str], list[str], str]
"""The folders that are built for a sync path, the files that are applied as they are, what goes over it."""


def identity_of(manifest: Mapping[str, Any], namespace: str = "") -> Identity:
    """Gives by what a cluster tells an object from others.

    >>> identity_of({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}, "shop")
    ('Secret', 'shop', 'a')
    """
    group = group_of(manifest)
    own, name = namespace_and_name(manifest)
    kind = f"{manifest.get('kind')}.{group}" if group else str(manifest.get("kind"))
    return kind, namespace or own, name


def shown_identity(key: Identity) -> str:
    """Names an object as findings do.

    >>> shown_identity(("HelmRelease.helm.toolkit.fluxcd.io", "shop", "web"))
    'HelmRelease shop/web'
    """
    kind, namespace, name = key
    return f"{kind.partition('.')[0]} {namespace}/{name}"


@dataclass(slots=True)
class AppliedByCluster:
    """What a cluster gets.

    Attributes:
        artifact: what source-controller leaves of the repository.
        objects: those of builds, and of other files those that concern Flux.
        made_of: what a document becomes, or the first object that it holds.
        files: those that are applied, or read by a build.
        resting: those of the objects that nothing applies but Kustomizations which apply nothing as Git has
            them, with the reason.
        is_complete: whether nothing that the cluster gets is unknown.
        is_broken: whether one of the builds fails, which is told where it does.
        problems: with which kustomize fails now, and did not before.
        old_problems: with which it failed before, too, in folders that commands built.
    """

    artifact: KustomizeTree
    objects: dict[Identity, Mapping[str, Any]] = field(default_factory=dict)
    made_of: dict[DocumentKey, Identity] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    resting: dict[Identity, str] = field(default_factory=dict)
    is_complete: bool = True
    is_broken: bool = False
    problems: list[BuildProblem] = field(default_factory=list)
    old_problems: list[BuildProblem] = field(default_factory=list)


@dataclass(slots=True)
class Result:
    """A repository after its migration; what has not changed is neither read nor built again.

    Attributes:
        clusters: who saw what before.
        repository: as it was read.
        texts: of the files that are changed or new, and nothing for those that are gone.
        ignores: `spec.ignore` of the GitRepository of each cluster that has one.
    """

    clusters: ClusterMap
    repository: Repository
    texts: Mapping[str, str | None]
    ignores: Mapping[str, str] = field(default_factory=dict)
    tree: KustomizeTree = field(init=False)
    _builds: dict[tuple[str | None, str, str], Build] = field(default_factory=dict)
    _documents: dict[str, tuple[Document, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tree = self.clusters.tree.with_files(self.texts)

    def by_cluster(self) -> Iterator[tuple[ClusterView, AppliedByCluster]]:
        """Gives what Flux v2 applies for each cluster, were each of its sync paths a Kustomization.

        What is built is kept for as long as another cluster needs it.

        Source: fluxcd/pkg `kustomize/kustomize_generator.go`, `sourceignore/sourceignore.go`.
        """
        views = self.clusters.clusters
        paths = [
            [self.clusters.afterwards(view.name, synced) for synced in view.sync_paths] for view in views
        ]
        parts = [
            [(synced, self._parts(synced, view)) for synced in of_view]
            for view, of_view in zip(views, paths, strict=True)
        ]
        last = {
            (self.ignores.get(view.name), folder, over): view.name
            for view, of_view in zip(views, parts, strict=True)
            for _, (folders, _, over) in of_view
            for folder in folders
        }
        for view, of_view in zip(views, parts, strict=True):
            yield view, self._applied(view, of_view)
            for key in [key for key in self._builds if last[key] == view.name]:
                del self._builds[key]
                self.tree.artifact(key[0]).let_build_go(key[1])

    def _applied(self, view: ClusterView, parts: Iterable[tuple[SyncPath, _Parts]]) -> AppliedByCluster:
        ignore = self.ignores.get(view.name)
        default = self.clusters.default_namespace(view.name)
        found = AppliedByCluster(self.tree.artifact(ignore))
        working: set[Identity] = set()
        for synced, (folders, files, over) in parts:
            resting = self.clusters.resting(view.name, synced.path)
            seen: dict[Identity, None] = {}
            if synced.unknown:
                found.is_complete = False
            for folder in folders:
                seen |= self._take(found, self._build(ignore, folder, over), synced, default)
                # What a command that nobody knows built is told already, and may be gone.
                if not synced.unknown:
                    self._compare(found, ignore, folder, synced, over)
            found.files.update(files)
            found.problems += self._doubles(folders, files, ignore, over) if files else ()
            for document, manifest in self._alone(files):
                key = _in(identity_of(manifest, synced.target_namespace), default)
                found.objects.setdefault(key, manifest)
                found.made_of.setdefault(document.key, key)
                seen[key] = None
            if resting:
                found.resting |= dict.fromkeys(seen, resting)
            else:
                working.update(seen)
        found.resting = {key: why for key, why in found.resting.items() if key not in working}
        return found

    def _doubles(
        self, folders: Iterable[str], files: Iterable[str], ignore: str | None, over: str
    ) -> Iterator[BuildProblem]:
        """Gives what is made for a path without a kustomization, though it stands in another file there."""
        built = (
            (each.manifest, each.path)
            for folder in folders
            for each in self._build(ignore, folder, over).objects
        )
        alone = ((manifest, document.path) for document, manifest in self._alone(files))
        known: dict[tuple[str, ...], str] = {}
        for manifest, path in chain(built, alone):
            kind, namespace, name = identity_of(manifest)
            key = (str(manifest.get("apiVersion")), kind, namespace or _DEFAULT, name)
            first = known.setdefault(key, path)
            # Of what stood there twice it is told where both Fluxes are compared.
            if first != path and (first in self.texts or path in self.texts):
                yield BuildProblem(
                    "conflict",
                    path,
                    1,
                    f"{shown_identity((kind, namespace, name))} is there twice, also in {first}",
                )

    def _alone(self, files: Iterable[str]) -> Iterator[tuple[Document, Mapping[str, Any]]]:
        """Gives the objects of files that are read one by one, each with its document."""
        for path in files:
            for document in self._read(path):
                if document.manifest:
                    yield from ((document, manifest) for _, manifest in objects_in(document.manifest))

    def _take(
        self, found: AppliedByCluster, build: Build, synced: SyncPath, default: str
    ) -> dict[Identity, None]:
        """Adds what is built of a folder, and gives what that is."""
        found.is_complete = found.is_complete and build.is_complete
        found.is_broken = found.is_broken or build.failure is not None
        found.files.update(build.files)
        seen: dict[Identity, None] = {}
        for built in build.objects:
            key = _in(identity_of(built.manifest, synced.target_namespace), default)
            found.objects.setdefault(key, built.manifest)
            found.made_of.setdefault(built.key, key)
            seen[key] = None
        return seen

    def _build(self, ignore: str | None, folder: str, over: str) -> Build:
        key = (ignore, folder, over)
        if key not in self._builds:
            artifact = self.tree.artifact(ignore)
            known = self.clusters.builds.get((folder, over))
            is_same = (
                known is not None
                and known.is_complete
                and not any(path in self.texts or path not in artifact.files for path in known.files)
            )
            self._builds[key] = known if known and is_same else build_with(artifact, folder, over)
        return self._builds[key]

    def _parts(self, synced: SyncPath, view: ClusterView) -> _Parts:
        artifact, over = self.tree.artifact(self.ignores.get(view.name)), self._overlay(synced)
        folders = dict.fromkeys(synced.builds)
        if synced.files == "none":
            return list(folders), [], over
        if synced.path in artifact.files:
            return list(folders), [synced.path], over
        if artifact.has_kustomization_file(synced.path):
            return list({synced.path: None, **folders}), [], over
        # kustomize-controller lists these folders itself, and none whose kustomization is gone.
        folders = {each: None for each in folders if not self._is_unlisted(each)}
        entries = generated_resources(artifact, synced.path)
        folders |= dict.fromkeys(each for each in entries if each not in artifact.files)
        return list(folders), [each for each in entries if each in artifact.files], over

    def _is_unlisted(self, folder: str) -> bool:
        """Gives whether the migration removes the kustomization of a folder."""
        before = self.clusters.tree
        return before.has_kustomization_file(folder) and not self.tree.has_kustomization_file(folder)

    def _overlay(self, synced: SyncPath) -> str:
        """Gives what goes over a path now: the Kustomization of Flux v2 may have been edited."""
        file = file_over(synced.overlay)
        text = self.texts.get(file)
        return synced.overlay if text is None else overlay_then(synced.overlay, {file: text}, self.repository)

    def _compare(
        self, found: AppliedByCluster, ignore: str | None, folder: str, synced: SyncPath, now: str
    ) -> None:
        problem = self._build(ignore, folder, now).failure
        if problem is None:
            return
        if build_with(self.clusters.tree.artifact(ignore), folder, synced.overlay).ok:
            found.problems.append(problem)
        # Where fluxd read plain files, and where Flux v2 puts something over a path, it is told of that.
        elif synced.files == "none" and not synced.overlay:
            found.old_problems.append(problem)

    def _read(self, path: str) -> tuple[Document, ...]:
        text = self.texts.get(path)
        if text is None:
            return self.repository.documents.get(path, ())
        if path not in self._documents:
            self._documents[path] = read_documents(path, text)[0]
        return self._documents[path]


def _in(key: Identity, namespace: str) -> Identity:
    kind, own, name = key
    return kind, own or namespace, name


def tell_of_broken_kustomizations(result: Result, findings: FindingGroups) -> None:
    """Says which Kustomizations apply nothing any more, though nothing tells whose they are.

    What is made for clusters goes where each of them gets it once; something else that takes in the paths of
    several gets it twice.
    """
    changed = {path: text for path, text in result.texts.items() if text is not None}
    for document, own in _unknown(result):
        path = normal_path(own.path)
        before = own.built(result.clusters.tree)
        is_touched = any(is_below(each, path) for each in result.texts)
        if before.failure is not None or not (is_touched or not result.texts.keys().isdisjoint(before.files)):
            continue
        then = replace(own, overlay=overlay_then(own.overlay, changed, result.repository))
        problem = then.built(result.tree).failure
        if problem is not None:
            message = (
                f"it applies {shown_folder(path)}, and kustomize fails after the migration: {problem.reason}"
            )
            findings.stop(document, "RP057", message, ("spec", "path"))


def _unknown(result: Result) -> Iterator[tuple[Document, FluxKustomization]]:
    """Gives the Kustomizations of folders that are no sync paths; of these it is told for each cluster."""
    clusters = result.clusters
    known = {folder for _, synced in clusters.sync_paths() for folder in synced.folders}
    for _, document in result.repository.new_objects():
        own = FluxKustomization.of_document(document)
        if own is None or not own.path or document.key in clusters.foreign:
            continue
        path = normal_path(own.path)
        if path not in known and clusters.tree.is_folder(path):
            yield document, own
