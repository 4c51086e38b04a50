"""Why nobody can tell what a cluster gets."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from typing import Final

from fluxv2_migrate.clusters.cluster_map import ClusterMap
from fluxv2_migrate.clusters.model import Sighting
from fluxv2_migrate.folders import is_below, normal_path
from fluxv2_migrate.given import as_text
from fluxv2_migrate.kustomize import Kustomization
from fluxv2_migrate.quoting import shown_folder
from fluxv2_migrate.repository.reading import Document

_GITMODULES: Final = ".gitmodules"
_SUBMODULE: Final = re.compile(r"^[ \t]*path[ \t]*=[ \t]*(\S+)", re.MULTILINE)
_QUOTED: Final = re.compile(r"`([^`]+)`")


def broken_build(sightings: Iterable[Sighting], clusters: ClusterMap) -> str | None:
    """Gives why kustomize builds nothing of what is seen, or what that is cannot be told.

    Returns:
        The place and the reason, or `None` where every build works.
    """
    steps = (step for sighting in sightings for step in sighting.steps)
    told = next((clusters.broken[step.path] for step in steps if step.path in clusters.broken), None)
    return None if told is None else told + in_submodule(told, clusters)


def in_submodule(told: str, clusters: ClusterMap) -> str:
    """Gives what is to be said more where a build misses what lies in a submodule; or nothing."""
    place, _, reason = told.partition(": ")
    folder = posixpath.dirname(place.rpartition(":")[0])
    text = clusters.tree.content(_GITMODULES) or b""
    for entry in _QUOTED.findall(reason):
        path = normal_path(posixpath.join(folder, entry))
        for submodule in map(normal_path, _SUBMODULE.findall(as_text(text))):
            if is_below(path, submodule):
                return f": it lies in the submodule {submodule}, of which no files were given"
    return ""


def unknown_generator(sightings: Iterable[Sighting], clusters: ClusterMap) -> str | None:
    """Gives the command of a `.flux.yaml` of which nobody knows what it prints, or `None` without one."""
    for sighting in sightings:
        for synced in clusters.paths_to(sighting):
            if synced.unknown:
                return f"fluxd generates what it applies of {shown_folder(synced.path)}: {synced.unknown}"
    return None


def clusters_building(kustomization: Kustomization, clusters: ClusterMap) -> tuple[str, ...]:
    """Gives the clusters that build a kustomization, directly or by way of another one."""
    above = {kustomization.folder, *clusters.tree.ancestors(kustomization.folder)}
    names = dict.fromkeys(
        view.name
        for view, each in clusters.sync_paths()
        if above & set(each.builds) or is_below(kustomization.path, each.path)
    )
    return tuple(names)


def clusters_patching_elsewhere(document: Document, clusters: ClusterMap) -> tuple[str, ...]:
    """Gives the clusters that patch with a document what nothing in the repository shows.

    Their kustomization takes something from outside of it, and kustomize fails where a patch that has no
    target finds nothing.
    """
    patchers = [
        each
        for each in clusters.tree.patchers(document.path)
        if any(patch.path == document.path and patch.target is None for patch in each.patches)
        and not clusters.tree.build(each.folder).is_complete
    ]
    is_used = any(
        (use.path, use.document) == document.key
        for built in (clusters.built(removed=True) if patchers else ())
        for use in built.patches
    )
    if is_used:
        return ()
    return tuple(dict.fromkeys(name for each in patchers for name in clusters_building(each, clusters)))
