"""A repository as the clusters are looked for in it: its files, documents and builds."""

from __future__ import annotations

import re
import weakref
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from fluxv2_migrate.clusters.builds import build_with
from fluxv2_migrate.clusters.cluster_map import DocumentKey, SyncedFiles, place_of
from fluxv2_migrate.clusters.flux_kustomizations import FluxKustomization
from fluxv2_migrate.clusters.model import ClusterView, Sighting, SyncPath
from fluxv2_migrate.clusters.units import chart_folders, shapes_objects
from fluxv2_migrate.flux1.charts import Flux1Chart
from fluxv2_migrate.given import as_text
from fluxv2_migrate.kubernetes import as_object
from fluxv2_migrate.kustomize import Build, BuiltObject, KustomizeTree
from fluxv2_migrate.repository.reading import Document, read_documents
from fluxv2_migrate.settings.options import MigrationOptions

# A name that an object may have; nothing of it where `name` is followed by something else.
_NAME: Final = re.compile(r"""\bname\b(?:["']?\s*:\s*["']?([\w.-]+)(?=["'\s,}]|$))?""")


@dataclass(frozen=True, slots=True)
class _Named:
    """Files that may hold objects of a kind.

    Attributes:
        paths: all of them.
        by_name: the places in these of files, by the names that stand in them.
        others: the places of files in which a name may be written in some other way.
    """

    paths: tuple[str, ...]
    by_name: Mapping[str, Sequence[int]]
    others: Sequence[int]

    def called(self, name: str) -> list[str]:
        return [self.paths[each] for each in sorted({*self.by_name.get(name, ()), *self.others})]


@dataclass(slots=True, weakref_slot=True)
class ClusterReader:
    """Reads one repository.

    Attributes:
        documents: those that were read, by file.
        concerns: those of them that a migration reads.
        places: those of them that show where clusters are.
        options: what a person says of clusters.
        builds: what was built already, by its folder and what goes over it.
        charts: the folders that fluxd takes for charts.
        synced: what each sync path takes of the repository.
        charts_in_tree: what the tree says of charts, by their folders; many releases may come from one.
        foreign: the Kustomizations of Flux v2 that sync another repository.
    """

    files: Mapping[str, str | bytes]
    documents: Mapping[str, tuple[Document, ...]]
    concerns: Mapping[DocumentKey, Document]
    places: Collection[DocumentKey]
    tree: KustomizeTree
    options: MigrationOptions
    builds: dict[tuple[str, str], Build] = field(default_factory=dict)
    charts: frozenset[str] = field(init=False)
    synced: SyncedFiles = field(init=False)
    charts_in_tree: dict[str, Flux1Chart] = field(default_factory=dict)
    foreign: Collection[DocumentKey] = frozenset()
    _claimed: set[str] | None = None
    _flux_kustomizations: Sequence[tuple[DocumentKey, FluxKustomization]] | None = None
    _concerning: dict[str, list[Document]] | None = None
    _read: dict[str, tuple[Document, ...]] = field(default_factory=dict)
    _sorted: tuple[str, ...] = ()
    # Each release asks for its ConfigMaps and Secrets, and there may be as many of these as releases.
    _kinds: dict[str, _Named] = field(default_factory=dict)
    _called: dict[tuple[str, str], Sequence[Document]] = field(default_factory=dict)
    _built: dict[int, Mapping[tuple[str, str], Sequence[BuiltObject]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Looks for charts."""
        self.charts = chart_folders(self.files.keys())
        # A circle would hold every document until the collector of garbage comes by.
        own = weakref.proxy(self)
        self.synced = SyncedFiles(
            lambda synced, folder: own.build_of(synced, folder), lambda: own.claimed(), self.charts
        )

    def build(self, folder: str, over: str = "") -> Build:
        """Gives what is built of a folder."""
        key = (folder, over)
        if key not in self.builds:
            self.builds[key] = build_with(self.tree, folder, over)
        return self.builds[key]

    def build_of(self, synced: SyncPath, folder: str) -> Build:
        """Gives what is built of a folder for a sync path."""
        return self.build(folder, synced.over)

    @property
    def concerning(self) -> dict[str, list[Document]]:
        """The documents that concern a migration, by file."""
        if self._concerning is None:
            self._concerning = {}
            for document in self.concerns.values():
                self._concerning.setdefault(document.path, []).append(document)
        return self._concerning

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

    def every_document(self) -> Iterator[Document]:
        """Gives the documents of all files that name Flux."""
        return chain.from_iterable(self.documents.values())

    def flux_kustomizations(self) -> Iterator[FluxKustomization]:
        """Gives the Kustomizations of Flux v2 that a repository holds, and that sync it."""
        # Each folder asks that may be a cluster.
        if self._flux_kustomizations is None:
            self._flux_kustomizations = [
                (document.key, found)
                for document in self.every_document()
                if (found := FluxKustomization.of_document(document)) is not None
            ]
        return (found for key, found in self._flux_kustomizations if key not in self.foreign)

    def text(self, path: str) -> str:
        """Gives the text of a file; an empty one where it is none."""
        return as_text(self.files.get(path, ""))

    def files_below(self, folder: str) -> Sequence[str]:
        """Gives the files below a folder, sorted."""
        if not self._sorted:
            self._sorted = tuple(sorted(self.files))
        # No text that begins with the folder and a slash comes behind the next character.
        ends = (bisect_left(self._sorted, f"{folder}{mark}") for mark in "/0")
        return self._sorted[next(ends) : next(ends)]

    def documents_called(self, kind: str, name: str) -> Sequence[Document]:
        """Gives the documents that are objects of a kind with a name, in whatever namespace."""
        key = (kind, name)
        if key not in self._called:
            if kind not in self._kinds:
                self._kinds[kind] = self._named(kind)
            paths = [path for path in self._kinds[kind].called(name) if name in self.text(path)]
            found = (document for path in paths for document in self.documents_of(path))
            self._called[key] = tuple(
                each for each in found if each.manifest.get("kind") == kind and each.identity[1] == name
            )
        return self._called[key]

    def _named(self, kind: str) -> _Named:
        of_kind = re.compile(rf"kind[\"']?\s*:\s*[^\n]*{re.escape(kind)}")
        paths: list[str] = []
        by_name: dict[str, list[int]] = {}
        others: list[int] = []
        for path in self.files:
            text = self.text(path) if path.endswith((".yaml", ".yml", ".json")) else ""
            if of_kind.search(text) is None:
                continue
            for name in set(_NAME.findall(text)):
                (by_name.setdefault(name, []) if name else others).append(len(paths))
            paths.append(path)
        return _Named(tuple(paths), by_name, others)

    def built_called(self, build: Build, kind: str, name: str) -> Sequence[BuiltObject]:
        """Gives the objects of a kind in a build that have a name, or one that a generator made of it."""
        # The builds are kept here, so that no other one has the number of one of them.
        if id(build) not in self._built:
            found: dict[tuple[str, str], list[BuiltObject]] = {}
            for each in build.objects:
                of_kind = str(each.manifest.get("kind"))
                own = str(as_object(each.manifest.get("metadata")).get("name"))
                for known in dict.fromkeys((own, own.rpartition("-")[0])):
                    found.setdefault((of_kind, known), []).append(each)
            self._built[id(build)] = found
        return self._built[id(build)].get((kind, name), ())

    def documents_of(self, path: str) -> tuple[Document, ...]:
        """Gives the documents of a file that can be read, also of one that does not name Flux."""
        if path in self.documents:
            return self.documents[path]
        if path not in self._read:
            self._read[path] = read_documents(path, self.text(path))[0]
        return self._read[path]


def sight(view: ClusterView, reader: ClusterReader) -> Iterator[tuple[DocumentKey, Sighting]]:
    """Gives each document that concerns a migration and that a cluster has, as it has it."""
    default = view.settings.default_namespace or reader.options.default_namespace or ""
    for each in reader.synced.objects(view.sync_paths, default, reader.concerning):
        key = each.key
        document = reader.concerns.get(key)
        if document is not None:
            place = (each.namespace, each.name)
            moved = place != place_of(document.manifest, default)
            seen = (view.name, each.synced.path, *place, each.manifest, each.steps, each.patches, each.item)
            yield key, Sighting(*seen, moved)
