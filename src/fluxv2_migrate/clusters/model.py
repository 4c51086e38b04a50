"""Clusters, what they sync, and how each sees a document."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from fluxv2_migrate.flux1.installation import Flux1Installation
from fluxv2_migrate.folders import is_below, overlap
from fluxv2_migrate.kustomize import PatchUse, Step
from fluxv2_migrate.settings.options import Cluster


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
        prints: globs of the files that a `.flux.yaml` prints as they are, where it prints no others.
        decrypts: the files that a `.flux.yaml` decrypts.
        outputs: the files that the commands of a `.flux.yaml` write, which are no manifests.
        submodules: whether a `.flux.yaml` fetches the repository's submodules.
        unwritten: the `.flux.yaml` that has commands and no updaters, so that fluxd wrote no image there.
    """

    path: str
    builds: tuple[str, ...] = ()
    files: Literal["all", "rest", "none"] = "rest"
    patch_file: str = ""
    unknown: str = ""
    target_namespace: str = ""
    overlay: str = ""
    substituted_by: str = ""
    prints: tuple[str, ...] = ()
    decrypts: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    submodules: bool = False
    unwritten: str = ""

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders of which a Kustomization of Flux v2 may sync what is applied of it."""
        return (self.path, *self.builds) if self.files == "none" else (self.path,)

    @property
    def over(self) -> str:
        """What goes over each build: with the folder it tells one build from all others.

        Where patches of a `.flux.yaml` go over several builds, these stand in further lines.
        """
        if self.patch_file and len(self.builds) > 1:
            return "\n".join((self.patch_file, *self.builds))
        return self.patch_file or self.overlay


@dataclass(frozen=True, slots=True)
class ClusterNotice:
    """What a person must know of how clusters were found, or of the Flux release that runs in them.

    Attributes:
        message: what it is.
        path: the file that shows it; empty where none does.
        line: in that file, 1-based.
        related: other places, as `path:line`.
    """

    code: str
    message: str
    path: str = ""
    line: int = 1
    related: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClusterView:
    """A cluster, and what of the repository reaches it.

    Attributes:
        settings: what is known of it: what was said, over what the repository shows.
        sync_paths: in the order in which they were named, those of which something is here.
        reason: how it became known, in a sentence.
        flux1: its fluxd and its helm-operator, as far as the repository shows them.
        places: for each setting that was read, by its dotted name, the file and line.
        notices: what a person must know of it.
        is_assumed: whether nothing but the folders themselves shows that it is one.
        flux2_file: the file of Flux v2's own sync of it, where there is one; empty else.
    """

    settings: Cluster
    sync_paths: tuple[SyncPath, ...]
    reason: str
    flux1: Flux1Installation = field(default_factory=Flux1Installation, repr=False)
    places: Mapping[str, str] = field(default_factory=dict, repr=False)
    notices: tuple[ClusterNotice, ...] = ()
    is_assumed: bool = False
    flux2_file: str = ""

    @property
    def name(self) -> str:
        """How findings speak of it."""
        return self.settings.name

    @property
    def paths(self) -> tuple[str, ...]:
        """The folders that it syncs, each once."""
        return tuple(dict.fromkeys(each.path for each in self.sync_paths))

    def syncs(self, path: str) -> bool:
        """Gives whether a path is one of its own, or lies in one."""
        return any(is_below(path, each.path) for each in self.sync_paths)

    def meets(self, path: str) -> bool:
        """Gives whether a path is one of its own, lies in one, or holds one."""
        return any(overlap(path, each.path) for each in self.sync_paths)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A document as one cluster sees it.

    Attributes:
        sync_path: the path that leads to it.
        namespace: in the cluster; empty where it is not known.
        name: in the cluster.
        manifest: as it is applied.
        steps: the kustomizations that it goes through, the innermost first.
        patches: that reach it on the way.
        item: which item of its document it is, where that is a list that kustomize takes apart.
        is_moved: whether the sync path as a whole gives it another namespace or name.
        applied_in: the namespace that a Kustomization of Flux v2 gives it, of which fluxd knew nothing.
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
    applied_in: str = ""

    @property
    def namespace_afterwards(self) -> str:
        """In the cluster, once Flux v2 applies it; empty where it is not known."""
        return self.applied_in or self.namespace


class Owners:
    """The clusters by what they sync, where their fluxd stands, and what they are called.

    >>> from fluxv2_migrate.settings.options import Cluster
    >>> owners = Owners([ClusterView(Cluster(name=name), (), "") for name in ("eu", "us")])
    >>> owners.of("clusters/eu/sync.yaml"), owners.may_be_of("clusters/eu/sync.yaml", "us")
    ({'eu'}, False)
    >>> owners.own(["clusters/us/sync.yaml", "sync.yaml"], "eu")
    ['sync.yaml']
    """

    def __init__(self, views: Iterable[ClusterView]) -> None:
        self._names: set[str] = set()
        self._by_folder: dict[str, set[str]] = {}
        for view in views:
            fluxd = view.flux1.fluxd
            beside = posixpath.dirname(fluxd.path) if fluxd is not None else ""
            self._names.add(view.name)
            for folder in {*view.paths, beside} - {""}:
                self._by_folder.setdefault(folder, set()).add(view.name)

    def of(self, file: str) -> set[str]:
        """Gives the clusters whose a file is; none where its place tells nothing."""
        parts = file.split("/")
        above = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
        return self._names.intersection(parts[:-1]).union(*(self._by_folder.get(each, ()) for each in above))

    def may_be_of(self, file: str, cluster: str) -> bool:
        """Gives whether a file may be a cluster's: its place does not tell that it is another one's."""
        owners = self.of(file)
        return not owners or cluster in owners

    def own(self, files: Iterable[str], cluster: str) -> list[str]:
        """Gives those of some files that are a cluster's, or else those that may be."""
        owners = {file: self.of(file) for file in files}
        own = [file for file, names in owners.items() if cluster in names]
        return own or [file for file, names in owners.items() if not names]
