"""What fluxd applied of a sync path, and what kustomize-controller makes of the same files.

Source: fluxcd/flux 1.25.4 `pkg/cluster/kubernetes/resource/load.go`; fluxcd/pkg
`kustomize/kustomize_generator.go`, `sourceignore/sourceignore.go`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fluxv2_migrate.clusters.manifests_of_files import AppliedObject, DocumentPlace, Refusal, read_objects
from fluxv2_migrate.clusters.model import SyncPath
from fluxv2_migrate.clusters.units import chart_folders, shapes_objects
from fluxv2_migrate.folders import folder_around, is_below, is_kustomization_file, kustomization_files
from fluxv2_migrate.kubernetes import group_of, is_namespaced, named, namespace_and_name
from fluxv2_migrate.kustomize import Build, BuiltObject, KustomizeTree, new_kustomization
from fluxv2_migrate.kustomize.values import json_value
from fluxv2_migrate.plan import merge_difference
from fluxv2_migrate.repository.reading import Document
from fluxv2_migrate.yaml_text import YAML_ENDINGS

_Document = tuple[str, int]
_Identity = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class _Made:
    """What kustomizations make of a document.

    Attributes:
        step: the kustomization that listed it.
        taker: the one with which kustomize-controller begins.
    """

    built: BuiltObject
    step: str
    taker: str

    @property
    def identity(self) -> _Identity:
        return _identity(self.built.manifest)


_Built = Mapping[_Document, Sequence[_Made]]


@dataclass(frozen=True, slots=True)
class ShapedObject:
    """An object that a kustomization makes another one than its file says, or that stands in no file.

    Attributes:
        place: of the document, or the kustomization of what stands in none.
        kustomization: with which kustomize-controller begins to build it.
        before: `kind namespace/name` as fluxd applied it; empty where it applied no such object.
        after: the same as kustomize-controller applies it.
        field: the first field that is not as its file says, where both are called the same.
    """

    place: DocumentPlace
    kustomization: str
    before: str
    after: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class AppliedDifferences:
    """Where fluxd and kustomize-controller part over a sync path.

    Attributes:
        refused: documents that fluxd passed over, and with which kustomize-controller applies nothing.
        broken: documents that fluxd applied, and with which kustomize-controller applies nothing.
        unbuildable: kustomizations with which it applies nothing.
        left_out: objects that fluxd applied and kustomize-controller leaves out, because a kustomization does
            not list them.
        ignored: those that it leaves out because their files do not reach it, or because they are marked as
            local.
        shaped: objects that a kustomization makes other ones, or makes beside them.
        doubles: objects that two documents define, so that neither Flux applies any.
        without_namespace: objects that name no namespace, and that fluxd put into its default one.
        faulty: files with a document that kustomize refuses.
    """

    sync_path: str
    objects: tuple[AppliedObject, ...] = field(repr=False)
    refused: tuple[Refusal, ...]
    broken: tuple[Refusal, ...]
    unbuildable: tuple[Refusal, ...]
    left_out: tuple[AppliedObject, ...]
    ignored: tuple[AppliedObject, ...]
    shaped: tuple[ShapedObject, ...]
    doubles: tuple[tuple[AppliedObject, AppliedObject], ...]
    without_namespace: tuple[AppliedObject, ...]
    faulty: frozenset[str] = frozenset()

    def without(self, files: Collection[str], documents: Collection[_Document]) -> AppliedDifferences:
        """Gives the same without what leaves the repository, of which nothing needs to be known any more."""
        leaving = {each.place for each in self.objects if (each.place.path, each.document) in documents}

        def stays(each: AppliedObject | ShapedObject) -> bool:
            return each.place.path not in files and each.place not in leaving

        return replace(
            self,
            objects=tuple(filter(stays, self.objects)),
            left_out=tuple(filter(stays, self.left_out)),
            ignored=tuple(filter(stays, self.ignored)),
            shaped=tuple(filter(stays, self.shaped)),
            doubles=tuple(each for each in self.doubles if all(map(stays, each))),
            without_namespace=tuple(filter(stays, self.without_namespace)),
        )

    def proposal(self, created: Iterable[str] = ()) -> str:
        """Gives a `kustomization.yaml` for the folder that lists what fluxd applied; empty where files do.

        Args:
            created: files that come to the repository, and are applied too where they lie in the folder.
        """
        if not (self.refused or self.left_out):
            return ""
        new = (path for path in created if is_below(path, self.sync_path))
        return _proposal(self.sync_path, tuple(_listed(self.objects, new)), self.faulty)


def _listed(objects: Iterable[AppliedObject], created: Iterable[str]) -> Iterator[str]:
    """Gives what a kustomization lists: files, and folders that have a kustomization of their own."""
    new = sorted(created)
    own = [posixpath.dirname(path) for path in new if is_kustomization_file(path)]
    found = dict.fromkeys(each.place.path for each in objects)
    for path in new:
        found[next((folder for folder in own if is_below(path, folder)), path)] = None
    yield from found


def compare_applied(
    synced: SyncPath,
    texts: Mapping[str, str],
    documents: Mapping[str, Sequence[Document]],
    tree: KustomizeTree,
    builds: Mapping[tuple[str, str], Build],
    apart: Collection[str],
    ignore: str | None = None,
    gone: Collection[str] = (),
) -> AppliedDifferences:
    """Says what changes because kustomize-controller builds what fluxd only read.

    Args:
        documents: of the files that were read without an error.
        builds: what is built already, by folder and file of patches.
        apart: files that were not read on their own.
        ignore: `spec.ignore` of the GitRepository, if it has one.
        gone: files that leave: they are in nobody's way, and a kustomization among them keeps nothing out.
    """
    return _Comparison(synced, texts, documents, tree, builds, apart, tree.artifact(ignore), gone).result()


@dataclass(slots=True)
class _Comparison:
    """Compares one sync path."""

    synced: SyncPath
    texts: Mapping[str, str]
    documents: Mapping[str, Sequence[Document]]
    tree: KustomizeTree
    builds: Mapping[tuple[str, str], Build]
    apart: Collection[str]
    artifact: KustomizeTree
    gone: Collection[str]
    objects: list[AppliedObject] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    broken: list[Refusal] = field(default_factory=list)
    unbuildable: list[Refusal] = field(default_factory=list)
    ignored: list[AppliedObject] = field(default_factory=list)
    scanned: list[AppliedObject] = field(default_factory=list)
    listed: list[AppliedObject] = field(default_factory=list)
    takers: set[str] = field(default_factory=set)
    faulty: set[str] = field(default_factory=set)

    def result(self) -> AppliedDifferences:
        self._read()
        built = self._build()
        left_out, shaped = self._of_kustomizations(built)
        stays = [each for each in self.scanned if not each.is_local]
        self.ignored += [each for each in self.objects if each.is_local]
        without = tuple(
            each
            for each in self.objects
            if not (each.namespace or each.is_left_alone) and is_namespaced(each.group, each.kind)
        )
        return AppliedDifferences(
            self.synced.path,
            tuple(self.objects),
            tuple(self.refused),
            tuple(self.broken),
            tuple(self.unbuildable),
            tuple(left_out),
            tuple(self.ignored),
            tuple(shaped),
            tuple(self._doubles(stays, built)),
            without,
            frozenset(self.faulty),
        )

    def _read(self) -> None:
        """Reads all files as fluxd did, and sorts them by what kustomize-controller does with them."""
        root = self.synced.path
        artifact = self.artifact.files
        charts = chart_folders(self.texts.keys())
        for path in sorted(artifact.keys() - self.texts.keys()):
            is_scanned = is_below(path, root) and self._taker(posixpath.dirname(path)) is None
            if is_scanned and path.endswith(YAML_ENDINGS):
                self.refused.append(Refusal(DocumentPlace(path, 1), "the file is no UTF-8"))
        # Most folders hold several files, and what is asked of a folder is the same for all of them.
        folders: dict[str, tuple[str | None, bool]] = {}
        inside = f"{root}/" if root else ""
        for path in sorted(path for path in self.texts if path.startswith(inside) or path == root):
            folder = path.rpartition("/")[0]
            if folder not in folders:
                folders[folder] = (self._taker(folder), folder_around(f"{folder}/", charts) is not None)
            taker, in_chart = folders[folder]
            if taker is not None:
                self.takers.add(taker)
            if not path.endswith(YAML_ENDINGS) or path in self.apart:
                continue
            is_scanned = taker is None and path in artifact
            if in_chart:
                if is_scanned:
                    reason = "it belongs to a chart, which fluxd left alone"
                    self.refused.append(Refusal(DocumentPlace(path, 1), reason))
            elif not is_kustomization_file(path):
                group = self.scanned if is_scanned else self.listed if path in artifact else self.ignored
                self._read_file(path, group, is_scanned=is_scanned)

    def _read_file(self, path: str, group: list[AppliedObject], *, is_scanned: bool) -> None:
        for each in read_objects(path, self.texts[path], self.documents.get(path)):
            if isinstance(each, AppliedObject):
                self.objects.append(each)
                group.append(each)
                continue
            self.faulty.add(path)
            if is_scanned and path not in self.gone:
                (self.broken if each.is_applied else self.refused).append(each)

    def _taker(self, folder: str) -> str | None:
        """Gives the outermost folder between a folder and the root that has a kustomization."""
        artifact = self.artifact
        taker: str | None = None
        while True:
            if artifact.has_kustomization_file(folder, self.gone):
                taker = folder
            if folder == self.synced.path or not folder:
                return taker
            folder = posixpath.dirname(folder)

    def _build(self) -> _Built:
        """Gives what kustomizations below the path make of each document, and in which of them."""
        found: dict[_Document, list[_Made]] = {}
        artifact = self.artifact
        for folder in sorted(self.takers):
            if self._is_left_to_fluxd(folder):
                continue
            build = self.builds.get((folder, ""))
            if build is None or (artifact is not self.tree and not artifact.files.keys() >= set(build.files)):
                build = artifact.build(folder)
            problem = build.failure
            if problem is not None:
                self.unbuildable.append(Refusal(DocumentPlace(problem.path, problem.line), problem.reason))
            own = self.tree.kustomizations.get(folder)
            taker = kustomization_files(folder)[0] if own is None else own.path
            for built in build.objects:
                step = built.steps[-1].path if built.steps else taker
                found.setdefault(built.key, []).append(_Made(built, step, taker))
        return found

    def _is_left_to_fluxd(self, folder: str) -> bool:
        """Gives whether it is for another sync path, or was built by fluxd too, that a folder is built."""
        kustomization = self.tree.kustomizations.get(folder)
        if self.synced.files == "all" or kustomization is None or folder == self.synced.path:
            return False
        return shapes_objects(kustomization, self.tree) or bool(self.tree.includers(folder))

    def _of_kustomizations(self, built: _Built) -> tuple[list[AppliedObject], list[ShapedObject]]:
        """Gives the objects that kustomizations leave out, and those that they make other ones."""
        left_out: list[AppliedObject] = []
        shaped: list[ShapedObject] = []
        if self.unbuildable:
            # What the kustomizations would do is known when all of them build.
            return left_out, shaped
        for each in self.listed:
            made_of = built.get((each.place.path, each.document), ())
            made = [one for one in made_of if one.identity[:2] == _of(each)[:2]]
            same = next((one for one in made if one.identity == _of(each)), None)
            if same is not None:
                shaped += self._changed(each, same)
                # Another kustomization makes one more of it.
                others = {one.identity: one for one in made if one.identity != same.identity}
                shaped += [
                    ShapedObject(each.place, one.taker, "", _name(one.identity)) for one in others.values()
                ]
            elif made or each.is_local:
                shaped += [
                    ShapedObject(each.place, one.taker, _name(_of(each)), _name(one.identity)) for one in made
                ]
            else:
                left_out.append(each)
        known = {(each.place.path, each.document) for each in self.objects}
        for document, made_of in built.items():
            if document in known or document[0] in self.apart:
                continue
            for one in made_of:
                place = DocumentPlace(document[0] or one.step, 1)
                shaped.append(ShapedObject(place, one.taker, "", _name(one.identity)))
        return left_out, shaped

    def _changed(self, each: AppliedObject, made: _Made) -> Iterator[ShapedObject]:
        """Gives an object that is called as before where a kustomization changes a field of it."""
        own = next((one for one in self.tree.resources(each.place.path) if one.index == each.document), None)
        changes = {} if own is None else merge_difference(json_value(own.manifest), made.built.manifest)
        field = next(iter(changes), None)
        if field is not None:
            name = _name(_of(each))
            yield ShapedObject(each.place, made.taker, name, name, ".".join(field))

    def _doubles(
        self, stays: Iterable[AppliedObject], built: _Built
    ) -> Iterable[tuple[AppliedObject, AppliedObject]]:
        """Gives the objects that a Flux would get twice."""
        of_document = {(each.place.path, each.document): each for each in self.objects}
        made = [
            (_as_kustomize_sees(one.identity), of_document[document])
            for document, made_of in built.items()
            if document in of_document
            for one in made_of
        ]
        found: dict[tuple[AppliedObject, AppliedObject], None] = {}
        for group in (
            [(_of(each), each) for each in self.objects],
            [*((_as_kustomize_sees(_of(each)), each) for each in stays), *made],
        ):
            seen: dict[_Identity, AppliedObject] = {}
            for identity, each in group:
                if identity in seen:
                    found[seen[identity], each] = None
                seen.setdefault(identity, each)
        return found


def _of(each: AppliedObject) -> _Identity:
    return each.group, each.kind, each.namespace, each.name


def _as_kustomize_sees(identity: _Identity) -> _Identity:
    group, kind, namespace, name = identity
    return group, kind, namespace or "default", name


def _identity(manifest: Mapping[str, Any]) -> _Identity:
    return group_of(manifest), str(manifest.get("kind")), *namespace_and_name(manifest)


def _name(identity: _Identity) -> str:
    _, kind, namespace, name = identity
    return named(kind, namespace, name)


def _proposal(root: str, kept: Sequence[str], broken: Collection[str]) -> str:
    entries = ((path, posixpath.relpath(path, root or ".")) for path in kept)
    # The text says where it belongs: a finding may stand in any file of the path.
    return f"# {posixpath.join(root, 'kustomization.yaml')}\n" + new_kustomization(
        entry + (" # a document in it must go first" if path in broken else "") for path, entry in entries
    )
