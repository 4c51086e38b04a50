"""Why nobody can tell what a cluster gets."""

from __future__ import annotations

from collections.abc import Iterable

from fluxv2_migrate.clusters.cluster_map import ClusterMap
from fluxv2_migrate.clusters.model import Sighting

__all__ = ["broken_build", "unknown_generator"]


def broken_build(sightings: Iterable[Sighting], clusters: ClusterMap) -> str | None:
    """Gives why kustomize builds nothing of what is seen, or what that is cannot be told.

    Args:
        sightings: of one document.
        clusters: who sees what.

    Returns:
        The place and the reason, or `None` where every build works.
    """
    steps = (step for sighting in sightings for step in sighting.steps)
    return next((clusters.broken[step.path] for step in steps if step.path in clusters.broken), None)


def unknown_generator(sightings: Iterable[Sighting], clusters: ClusterMap) -> str | None:
    """Gives the command of a `.flux.yaml` of which nobody knows what it prints, or `None` without one.

    Args:
        sightings: of one document.
        clusters: who sees what.
    """
    for sighting in sightings:
        for synced in clusters.view(sighting.cluster).sync_paths:
            if synced.path == sighting.sync_path and synced.unknown:
                return f"fluxd generates what it applies of {synced.path or '/'}: {synced.unknown}"
    return None
