"""Clusters, what they sync, and how each sees a document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from fluxv2_migrate.kustomize import PatchUse, Step
from fluxv2_migrate.settings.options import Cluster

__all__ = ["ClusterView", "Sighting", "SyncPath"]


@dataclass(frozen=True, slots=True)
class SyncPath:
    """A folder of the repository that a cluster syncs.

    Attributes:
        path: relative to the repository root; empty for the root.
        builds: the folders that kustomize builds for it.
        files: which files are read one by one: all of them, the rest that belongs to no build, or none.
        patch_file: patches over that build, of `.flux.yaml`; empty where there is none.
        unknown: the command of a `.flux.yaml` whose output nobody can tell; empty where there is none.
        target_namespace: of a Kustomization of Flux v2, for all that is in the path.
        overlay: what a Kustomization of Flux v2 puts over the build, as JSON; empty where it puts nothing.
        substituted_by: the file of a Kustomization of Flux v2 that replaces variables in what is built.
    """

    path: str
    builds: tuple[str, ...] = ()
    files: Literal["all", "rest", "none"] = "rest"
    patch_file: str = ""
    unknown: str = ""
    target_namespace: str = ""
    overlay: str = ""
    substituted_by: str = ""

    @property
    def over(self) -> str:
        """What goes over each build: with the folder it tells one build from all others."""
        return self.patch_file or self.overlay


@dataclass(frozen=True, slots=True)
class ClusterView:
    """A cluster, and what of the repository reaches it.

    Attributes:
        settings: what is known of it.
        sync_paths: in the order in which they were named.
        reason: how it became known, in a sentence.
    """

    settings: Cluster
    sync_paths: tuple[SyncPath, ...]
    reason: str

    @property
    def name(self) -> str:
        """How findings speak of it."""
        return self.settings.name


@dataclass(frozen=True, slots=True)
class Sighting:
    """A document as one cluster sees it.

    Attributes:
        cluster: its name.
        sync_path: the path that leads to it.
        namespace: in the cluster; empty where it is not known.
        name: in the cluster.
        manifest: as it is applied.
        steps: the kustomizations that it goes through, the innermost first.
        patches: that reach it on the way.
        item: which item of its document it is, where that is a list that kustomize takes apart.
        is_moved: whether the sync path as a whole gives it another namespace or name.
    """

    cluster: str
    sync_path: str
    namespace: str
    name: str
    manifest: Mapping[str, Any]
    steps: tuple[Step, ...] = field(default=(), repr=False)
    patches: tuple[PatchUse, ...] = ()
    item: int | None = None
    is_moved: bool = False
