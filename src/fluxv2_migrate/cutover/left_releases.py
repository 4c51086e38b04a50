"""What a cluster's helm-operator still serves once the migration is merged."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from fluxv2_migrate.clusters import DocumentKey
from fluxv2_migrate.clusters.obstacles import clusters_patching_elsewhere
from fluxv2_migrate.cutover.running import other_fluxds
from fluxv2_migrate.folders import is_below
from fluxv2_migrate.kubernetes import named, objects_in
from fluxv2_migrate.repository.reading import is_old_release, is_partial_release
from fluxv2_migrate.surroundings.known import Surroundings


@dataclass(frozen=True, slots=True)
class LeftReleases:
    """What a cluster's helm-operator still serves.

    Attributes:
        resources: the releases of Flux v1 that are left, as findings name them, and other syncs of Flux v1.
        places: where they stand, as `path:line`.
    """

    cluster: str
    resources: tuple[str, ...]
    places: tuple[str, ...]


def left_releases(around: Surroundings, going: Collection[DocumentKey]) -> Mapping[str, LeftReleases]:
    """Gives for each cluster the releases of Flux v1 that are left, whatever the reason.

    Args:
        going: the documents of releases that are migrated, or have a twin of Flux v2.
    """
    # Without a cluster that is known whatever is left may be what runs.
    names = [view.name for view in around.clusters.clusters] or [""]
    found: dict[str, list[tuple[str, str]]] = {name: [] for name in names}
    for cluster, what, place in (
        *_left_documents(names, around, going),
        *_other_syncs(around),
        *_unread_files(around),
    ):
        found[cluster].append((what, place))
    return {
        name: LeftReleases(name, tuple(each for each, _ in left), tuple(place for _, place in left if place))
        for name, left in found.items()
    }


def _left_documents(
    names: Sequence[str], around: Surroundings, going: Collection[DocumentKey]
) -> Iterator[tuple[str, str, str]]:
    """Gives the releases that are left: the cluster, the release and its place."""
    clusters, outputs = around.clusters, around.clusters.outputs
    for path, documents in sorted(around.repository.documents.items()):
        for document in documents:
            is_old = any(is_old_release(each) for _, each in objects_in(document.manifest))
            is_going = document.key in going or clusters.runs_flux_1(document)
            if not is_old or is_going or path in outputs:
                continue
            resource = named("HelmRelease", *document.identity)
            seen = clusters.seeing(document.key)
            if not seen and not is_partial_release(document.manifest):
                seen = _broken_over(path, around)
            seen = seen or list(clusters_patching_elsewhere(document, clusters))
            for cluster in dict.fromkeys(seen if clusters.clusters else names):
                yield cluster, resource, f"{path}:{document.line}"


def _broken_over(path: str, around: Surroundings) -> list[str]:
    """Gives the clusters that may have what a file holds: a build of a sync path above it fails."""
    clusters = around.clusters
    return [
        view.name
        for view, synced in clusters.sync_paths()
        if is_below(path, synced.path) and not clusters.synced.is_known(synced)
    ]


def _other_syncs(around: Surroundings) -> Iterator[tuple[str, str, str]]:
    """Gives what other fluxds sync to a cluster, which stands nowhere here."""
    for view in around.clusters.clusters:
        for other in other_fluxds(view, around):
            yield view.name, f"what fluxd {other.namespace}/{other.name} syncs: {other.syncs}", ""


def _unread_files(around: Surroundings) -> Iterator[tuple[str, str, str]]:
    """Gives the files that speak of releases of Flux v1 and cannot be read."""
    repository, clusters = around.repository, around.clusters.clusters
    for path in repository.errors:
        lines = repository.old_lines(path)
        for view in clusters if lines else ():
            if view.syncs(path):
                yield view.name, path, f"{path}:{lines[0]}"
        if lines and not clusters:
            yield "", path, f"{path}:{lines[0]}"
