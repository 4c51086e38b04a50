"""Which helm-operator runs in which cluster."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import replace

from fluxv2_migrate.clusters.fluxd_clusters import Flux1Programs
from fluxv2_migrate.clusters.model import ClusterView
from fluxv2_migrate.clusters.reader import ClusterReader
from fluxv2_migrate.clusters.shown_settings import show_cluster
from fluxv2_migrate.clusters.units import is_below
from fluxv2_migrate.flux1.installation import Flux1Installation, Flux1Program

__all__ = ["with_operators"]


def with_operators(
    views: Sequence[ClusterView], programs: Flux1Programs, reader: ClusterReader
) -> Iterator[ClusterView]:
    """Gives clusters with what their helm-operators say of them.

    An operator is that of the clusters that sync its file, else of those whose fluxd stands beside it. Of a
    cluster that has none, all those count of which no cluster is known, where they say the same; those of
    manifests before those that only a text tells of.

    Args:
        views: the clusters.
        programs: that the repository shows.
        reader: of the repository.
    """
    synced = {
        id(each): [one for one in programs.operators if _is_synced(one, each, reader)] for each in views
    }
    claimed = {id(one) for each in synced.values() for one in each}
    free = [one for one in programs.operators if id(one) not in claimed]
    free = [one for one in free if not one.is_text] or free
    for view in views:
        operators = synced[id(view)] or [one for one in free if _is_beside(one, view)] or free
        if operators:
            yield _with_operators(view, operators)
        else:
            yield view


def _with_operators(view: ClusterView, operators: Sequence[Flux1Program]) -> ClusterView:
    fluxds = () if view.flux1.fluxd is None else (view.flux1.fluxd,)
    shown = show_cluster(view.name, fluxds, operators)
    update = {"helm_operator": shown.settings.helm_operator, "flux1_is": shown.settings.flux1_is}
    places = {
        name: place
        for name, place in shown.places.items()
        if name.startswith(("helm_operator.", "flux1_is."))
    }
    return replace(
        view,
        settings=view.settings.model_copy(update=update),
        flux1=Flux1Installation(view.flux1.fluxd, operators[0], (*view.flux1.others, *operators[1:])),
        places={**view.places, **places},
    )


def _is_synced(operator: Flux1Program, view: ClusterView, reader: ClusterReader) -> bool:
    return any(
        (synced.files != "none" and is_below(operator.path, synced.path))
        or any(operator.path in reader.build_of(synced, folder).files for folder in synced.builds)
        for synced in view.sync_paths
        if not operator.is_text
    )


def _is_beside(operator: Flux1Program, view: ClusterView) -> bool:
    fluxd = view.flux1.fluxd
    return fluxd is not None and posixpath.dirname(operator.path) == posixpath.dirname(fluxd.path)
