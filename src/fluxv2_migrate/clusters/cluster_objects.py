"""The objects that a cluster has: out of what is built for it, and out of files that are read one by one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fluxv2_migrate.clusters.model import SyncPath
from fluxv2_migrate.folders import folder_around, is_below
from fluxv2_migrate.kubernetes import namespace_and_name
from fluxv2_migrate.kustomize import Build, PatchUse, Step
from fluxv2_migrate.repository.documents import Document


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
