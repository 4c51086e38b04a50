"""A repository as the clusters are looked for in it: its files, documents and builds."""

from __future__ import annotations

import re
import weakref
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from fluxv2_migrate.clusters.builds import build_with
from fluxv2_migrate.clusters.cluster_map import DocumentKey
from fluxv2_migrate.clusters.cluster_objects import SyncedFiles
from fluxv2_migrate.clusters.model import SyncPath
from fluxv2_migrate.clusters.units import chart_folders, shapes_objects
from fluxv2_migrate.flux1.charts import Flux1Chart
from fluxv2_migrate.kustomize import Build, KustomizeTree
from fluxv2_migrate.repository.documents import Document, read_documents
from fluxv2_migrate.settings.options import MigrationOptions

__all__ = ["ClusterReader"]


@dataclass(slots=True, weakref_slot=True)
class ClusterReader:
    """Reads one repository.

    Attributes:
        files: of the repository.
        documents: those that were read, by file.
        concerns: those of them that a migration reads.
        places: those of them that show where clusters are.
        tree: the kustomizations.
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
    _concerning: dict[str, list[Document]] | None = None
    _read: dict[str, tuple[Document, ...]] = field(default_factory=dict)
    _kinds: dict[str, tuple[str, ...]] = field(default_factory=dict)

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

    def text(self, path: str) -> str:
        """Gives the text of a file; an empty one where it is none."""
        content = self.files.get(path, "")
        return content if isinstance(content, str) else content.decode("utf-8", "replace")

    def files_with(self, kind: str) -> tuple[str, ...]:
        """Gives the YAML and JSON files in which something may be of a kind."""
        if kind not in self._kinds:
            named = re.compile(rf"kind[\"']?\s*:\s*[^\n]*{re.escape(kind)}")
            self._kinds[kind] = tuple(
                path
                for path in self.files
                if path.endswith((".yaml", ".yml", ".json")) and named.search(self.text(path)) is not None
            )
        return self._kinds[kind]

    def documents_of(self, path: str) -> tuple[Document, ...]:
        """Gives the documents of a file that can be read, also of one that does not name Flux."""
        if path in self.documents:
            return self.documents[path]
        if path not in self._read:
            self._read[path] = read_documents(path, self.text(path))[0]
        return self._read[path]
