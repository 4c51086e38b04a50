"""Where a generated object can live so that a build leaves it alone and each cluster gets it once."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from types import MappingProxyType
from typing import Any

from fluxv2_migrate.clusters import (
    ClusterMap,
    ClusterView,
    SyncPath,
    affixes_of,
    becomes,
    builds_with,
    is_left_alone,
)
from fluxv2_migrate.clusters.units import chart_folders
from fluxv2_migrate.folders import folder_around, folders_of, is_below, kustomization_files, normal_path
from fluxv2_migrate.kubernetes import as_name, numbered
from fluxv2_migrate.kustomize import Kustomization, KustomizeTree, add_resources, new_kustomization
from fluxv2_migrate.repository.workspace import Workspace, kustomization_change

Affixes = tuple[str, str]
"""What kustomizations put before a name, and behind it."""


class NoHome(ValueError):
    """An object has no place in a cluster where it would stay what it is; says why.

    Attributes:
        affixes: by cluster, what comes before and behind its name wherever it is put, if that is all that
            changes in any of them.
    """

    def __init__(self, reason: str, affixes: Mapping[str, Affixes] = MappingProxyType({})) -> None:
        super().__init__(reason)
        self.affixes = affixes


@dataclass(slots=True)
class Homes:
    """Finds places, and lists what is placed.

    Attributes:
        tree: the kustomizations as they were.
        workspace: the texts by now; kustomizations are edited there.
        first: folders that are taken before others that serve as many clusters.
    """

    clusters: ClusterMap
    tree: KustomizeTree
    workspace: Workspace
    first: Collection[str] = ()
    _reached: dict[str, frozenset[str]] | None = None
    _builds: dict[str, Sequence[tuple[Kustomization, str]]] = field(default_factory=dict)

    def choose(
        self, wanted: Iterable[str], manifest: Mapping[str, Any]
    ) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Gives the folders that together show an object to each of the clusters once.

        Returns:
            Folders, each with the clusters that it serves.

        Raises:
            NoHome: a cluster has no folder that would leave the object alone.
        """
        left = set(wanted)
        chosen: list[tuple[str, tuple[str, ...]]] = []
        for exact in (True, False):
            # A folder that others see too is taken only where a cluster has none for itself.
            for folder, served in self._candidates(left) if left else ():
                is_twice = any(served.intersection(names) for _, names in chosen)
                fits = served & left and (served <= left if exact else not is_twice)
                if fits and self.written(folder, manifest) is not None:
                    chosen.append((folder, tuple(sorted(served))))
                    left -= served
        if left:
            shown = ", ".join(sorted(left))
            reason = f"every sync path of {shown} is a chart, or renames or moves what is put there"
            raise NoHome(reason, self.affixes(set(wanted), manifest))
        return tuple(sorted(chosen))

    def written(self, folder: str, manifest: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Gives how an object is written in a folder so that everything that builds it gives that object.

        Returns:
            The object, without what kustomizations add to its name; nothing where they do something else.
        """
        builds = self._builds_of(folder)
        if is_left_alone(manifest, builds, self.tree):
            return manifest
        found = affixes_of(manifest, builds, self.tree)
        own = None if found is None else without_affixes(str(manifest["metadata"]["name"]), found)
        if own is None:
            return None
        written = {**manifest, "metadata": {**manifest["metadata"], "name": own}}
        return written if becomes(written, manifest, builds, self.tree) else None

    def affixes(self, wanted: Collection[str], manifest: Mapping[str, Any]) -> Mapping[str, Affixes]:
        """Gives what places add to a name, by cluster; nothing where one of them has no such place."""
        found: dict[str, Affixes] = {}
        for folder, served in self._candidates(set(wanted)):
            builds = self._builds_of(folder)
            is_same = is_left_alone(manifest, builds, self.tree)
            added = ("", "") if is_same else affixes_of(manifest, builds, self.tree)
            if added is None:
                continue
            for name in served.intersection(wanted):
                # A place that adds nothing is the best one.
                found[name] = min(found.get(name, added), added, key=any)
        return found if found.keys() == set(wanted) else {}

    def _candidates(self, wanted: set[str]) -> list[tuple[str, frozenset[str]]]:
        found = [(folder, clusters) for folder, clusters in self._folders().items() if clusters & wanted]
        return sorted(found, key=lambda each: (-len(each[1] & wanted), each[0] not in self.first, each[0]))

    def _folders(self) -> dict[str, frozenset[str]]:
        """Gives for each folder where something can be put the clusters that then see it."""
        if self._reached is None:
            served: dict[str, set[str]] = {}
            charts = chart_folders(self.tree.files)
            for view in self.clusters.clusters:
                for home in chain.from_iterable(map(self._homes, self._working(view))):
                    # What is put into a chart is taken for one of its templates.
                    if folder_around(f"{home}/", charts) is None:
                        served.setdefault(home, set()).add(view.name)
            building: dict[str, set[str]] = {}
            reading: dict[str, set[str]] = {}
            for view, synced in self.clusters.sync_paths():
                for build in synced.builds:
                    building.setdefault(build, set()).add(view.name)
                # kustomize-controller lists all that lies below a folder without a kustomization.
                if synced.files != "none" or not self.tree.has_kustomization_file(synced.path):
                    reading.setdefault(synced.path, set()).add(view.name)
            for folder, names in served.items():
                for above in (folder, *self.tree.ancestors(folder)):
                    names |= building.get(above, set())
                # What lies below a folder whose files are read is read too.
                for above in folders_of([f"{folder}/"]):
                    names |= reading.get(above, set())
            self._reached = {folder: frozenset(names) for folder, names in served.items()}
        return self._reached

    def _working(self, view: ClusterView) -> Sequence[SyncPath]:
        """Gives the sync paths of a cluster that Flux v2 applies, or all where it applies none yet."""
        paths = view.sync_paths
        return [each for each in paths if not self.clusters.resting(view.name, each.path)] or paths

    def _homes(self, synced: SyncPath) -> tuple[str, ...]:
        if synced.files == "none" and synced.builds:
            return synced.builds
        # fluxd took files as well; a Kustomization of Flux v2 has a folder.
        return (posixpath.dirname(synced.path) if synced.path in self.tree.files else synced.path,)

    def _builds_of(self, folder: str) -> Sequence[tuple[Kustomization, str]]:
        """Gives what is built with a folder in it for clusters."""
        if folder not in self._builds:
            self._builds[folder] = tuple(builds_with(folder, self._synced(folder), self.tree))
        return self._builds[folder]

    def _synced(self, folder: str) -> Iterator[SyncPath]:
        """Gives the sync paths that show what is put into a folder."""
        above = {folder, *self.tree.ancestors(folder)}
        for view, synced in self.clusters.sync_paths():
            if is_below(folder, synced.path) or not above.isdisjoint(synced.builds):
                yield self.clusters.afterwards(view.name, synced)

    def seen_by(self, file: str) -> frozenset[str]:
        """Gives the clusters that see what stands in a file."""
        sightings = self.clusters.sightings.items()
        return frozenset(each.cluster for (path, _), seen in sightings if path == file for each in seen)

    def leaves_alone(self, file: str, manifest: Mapping[str, Any]) -> bool:
        """Gives whether what lists a file, and what goes over that, would leave an object beside it alone."""
        folders = [kustomization.folder for kustomization in self.tree.includers(file)]
        return all(
            is_left_alone(manifest, self._builds_of(folder), self.tree)
            for folder in folders or [posixpath.dirname(file)]
        )

    def folder(self, home: str, name: str, manifest: Mapping[str, Any]) -> str:
        """Gives a folder below a home for new files: one whose own kustomization, if any, does for them.

        Args:
            name: of the folder, where that one does.
        """
        folders = (posixpath.join(home, stem) for stem in numbered(name, f"flux-{name}"))
        return next(each for each in folders if self._is_usable(each, home, manifest))

    def _is_usable(self, folder: str, home: str, manifest: Mapping[str, Any]) -> bool:
        if self.workspace.is_taken(folder) or self.workspace.has_in_other_letters(folder):
            return False
        files = [path for path in kustomization_files(folder) if self.workspace.has(path)]
        if not files or self.workspace.is_new(files[0]):
            return True
        own = self.tree.kustomizations.get(folder)
        if own is None or own.is_component:
            return False
        if not is_left_alone(manifest, builds_with(folder, (), self.tree), self.tree):
            return False
        return home not in self.tree.kustomizations or home in self.tree.ancestors(folder)

    def list_file(self, home: str, path: str) -> None:
        """Lists a new file, so that what is built of its home holds it once.

        Raises:
            CannotEdit: a kustomization is written in a form that cannot be edited.
        """
        folder = posixpath.dirname(path)
        inner = self._kustomization_text(folder) if folder != home else None
        if inner is not None:
            self._add(inner, posixpath.basename(path))
            return
        outer = self._kustomization_text(home)
        if outer is None:
            return
        if folder == home or self.workspace.has_below(folder):
            self._add(outer, posixpath.relpath(path, home or "."))
            return
        new = kustomization_files(folder)[0]
        newline = "\r\n" if "\r\n" in (self.workspace.text(outer) or "") else "\n"
        text = new_kustomization([posixpath.basename(path)], newline)
        self.workspace.rewrite(new, text, kustomization_change(new))
        self._add(outer, posixpath.relpath(folder, home or "."))

    def list_beside(self, listed: str, path: str) -> None:
        """Lists a new file wherever another file of its folder is listed.

        Raises:
            CannotEdit: a kustomization is written in a form that cannot be edited.
        """
        for kustomization in self.tree.includers(listed):
            self._add(kustomization.path, posixpath.relpath(path, kustomization.folder or "."))

    def _kustomization_text(self, folder: str) -> str | None:
        for path in kustomization_files(folder):
            if self.workspace.has(path) and (
                self.workspace.is_new(path) or folder in self.tree.kustomizations
            ):
                return path
        return None

    def _add(self, kustomization: str, entry: str) -> None:
        self.workspace.add(kustomization, entry, add_resources, kustomization_change(kustomization))


def with_affixes(name: str, affixes: Affixes) -> str:
    """Gives what places make of a name.

    >>> with_affixes("web", ("dev-", "-eu"))
    'dev-web-eu'
    """
    return name.join(affixes)


def without_affixes(name: str, affixes: Affixes) -> str | None:
    """Gives what is written so that a name comes of it; nothing where it does not begin and end so.

    >>> without_affixes("dev-web", ("dev-", "")), without_affixes("web", ("dev-", ""))
    ('web', None)
    """
    before, behind = affixes
    own = name[len(before) : len(name) - len(behind)]
    return own if own and name == with_affixes(own, affixes) else None


def covers(path: str, file: str) -> bool:
    """Gives whether a file is in a folder, or is it.

    >>> covers("./apps", "apps/web.yaml"), covers("", "web.yaml"), covers("./app", "apps/web.yaml")
    (True, True, False)
    """
    return is_below(file, normal_path(path))


def update_path(file: str, sync_paths: Sequence[str], others: Collection[str]) -> str:
    """Gives the folder that holds a file and belongs to one sync path, or to none.

    Args:
        sync_paths: of the cluster; the whole repository where there are none.
        others: the sync paths of all clusters.

    Returns:
        The sync path that holds it; for what lies outside of them, such as a base, the widest folder without
        a sync path of any cluster.

    Source: fluxcd/flux 1.25.4 `pkg/manifests/configaware.go`: files below the git paths are written.

    >>> update_path("clusters/prod/web.yaml", ("clusters/prod",), ("clusters/prod",))
    './clusters/prod'
    >>> update_path("apps/base/web/web.yaml", ("apps/prod",), ("apps/prod", "apps/test"))
    './apps/base'
    """
    folders = {posixpath.normpath(path) for path in sync_paths or (".",)}
    for folder in sorted(folders, key=len, reverse=True):
        if covers(folder, file):
            return "./" if folder == "." else f"./{folder}"
    found = file
    while found and not any(covers(posixpath.dirname(found), path) for path in others):
        found = posixpath.dirname(found)
    return f"./{found}"


def automation_name(sync: str, path: str, *, is_alone: bool) -> str:
    """Gives the name of the automation of a folder.

    Args:
        is_alone: whether it is the only one of its cluster, and no other cluster's too.

    >>> automation_name("flux-system", "./env/common", is_alone=False)
    'flux-system-env-common'
    """
    slug = "" if is_alone else as_name(path)
    return f"{sync}-{slug}" if slug else sync
