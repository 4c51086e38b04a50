"""Which helm-operator runs in which cluster."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import replace

from fluxv2_migrate.clusters.fluxd_clusters import Flux1Programs
from fluxv2_migrate.clusters.model import ClusterNotice, ClusterView
from fluxv2_migrate.clusters.reader import ClusterReader
from fluxv2_migrate.clusters.shown_settings import show_cluster
from fluxv2_migrate.flux1.installation import Flux1Installation, Flux1Program
from fluxv2_migrate.folders import in_common, is_below


def with_operators(
    views: Sequence[ClusterView], programs: Flux1Programs, reader: ClusterReader
) -> Iterator[ClusterView]:
    """Gives clusters with what their helm-operators say of them.

    An operator is that of the clusters that sync its file, else of those whose fluxd stands beside it, else
    of those whose fluxd is nearer to it than all other fluxds. Of a cluster that has none, all those count
    of which no cluster is known, where they say the same; those of manifests before those that only a text
    tells of.
    """
    synced = {
        id(each): [one for one in programs.operators if _is_synced(one, each, reader)] for each in views
    }
    claimed = {id(one) for each in synced.values() for one in each}
    free = [one for one in programs.operators if id(one) not in claimed]
    fluxds = [*programs.own, *programs.others]
    manifests = [one for one in free if not one.is_text]
    namespaces = {view.flux1.fluxd.namespace for view in views if view.flux1.fluxd is not None}
    # Where each cluster has its own namespace for Flux v1, that tells the operators apart, too.
    is_apart = len(namespaces) == len(views) > 1
    for view in views:
        operators = synced[id(view)] or _near(view, free, fluxds) or manifests or free
        beside = _of_namespace(view, operators) if is_apart else operators
        yield _with_operators(view, beside) if beside else view


def _of_namespace(view: ClusterView, operators: Sequence[Flux1Program]) -> Sequence[Flux1Program]:
    """Gives the operators in the namespace of a cluster's fluxd, or all where none is."""
    fluxd = view.flux1.fluxd
    return [one for one in operators if fluxd is not None and one.namespace == fluxd.namespace] or operators


def _near(
    view: ClusterView, free: Sequence[Flux1Program], fluxds: Sequence[Flux1Program]
) -> list[Flux1Program]:
    """Gives the operators beside the fluxd of a cluster, else those to which it is the nearest one."""
    beside = [one for one in free if _is_beside(one, view)]
    return beside or [one for one in free if _is_nearest(view.flux1.fluxd, one, fluxds)]


def _with_operators(view: ClusterView, operators: Sequence[Flux1Program]) -> ClusterView:
    fluxds = () if view.flux1.fluxd is None else (view.flux1.fluxd,)
    shown = show_cluster(view.name, fluxds, operators)
    update = {"helm_operator": shown.settings.helm_operator, "flux1_is": shown.settings.flux1_is}
    places = {
        name: place
        for name, place in shown.places.items()
        if name.startswith(("helm_operator.", "flux1_is."))
    }
    notices = [
        _of_text(each) for each in operators[:1] if each.is_text and "helm_operator.helm_versions" in places
    ]
    return replace(
        view,
        notices=(*view.notices, *notices),
        settings=view.settings.model_copy(update=update),
        flux1=Flux1Installation(view.flux1.fluxd, operators[0], (*view.flux1.others, *operators[1:])),
        places={**view.places, **places},
    )


def _of_text(operator: Flux1Program) -> ClusterNotice:
    versions = ", ".join(operator.items("enabled-helm-versions"))
    message = (
        "what the helm-operator runs with was read from a text, which may not be how it was installed: "
        f"Helm {versions}"
    )
    return ClusterNotice("DA028", message, operator.path, operator.line)


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


def _is_nearest(fluxd: Flux1Program | None, operator: Flux1Program, fluxds: Sequence[Flux1Program]) -> bool:
    """Gives whether a fluxd shares more folders with an operator than all others do."""
    shared = {each.path: in_common(each.path, operator.path) for each in fluxds}
    most = max(shared.values(), default=0)
    nearest = [path for path, count in shared.items() if count == most]
    return fluxd is not None and len(shared) > 1 and nearest == [fluxd.path]
