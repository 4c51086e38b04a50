"""What is known of a repository before anything in it is migrated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fluxv2_migrate.clusters import ClusterMap, read_clusters
from fluxv2_migrate.flux2.releases import FLUX_VERSIONS, FluxVersion
from fluxv2_migrate.kustomize import KustomizeTree
from fluxv2_migrate.options import MigrationOptions
from fluxv2_migrate.placement import ExistingSource
from fluxv2_migrate.repository import Repository, is_old_release, is_partial_release

__all__ = ["Surroundings", "existing_sources", "see_repository"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known before a release is read.

    Attributes:
        repository: as it was read.
        clusters: who sees what.
        options: how to migrate.
        versions: the Flux release that will run in each cluster.
    """

    repository: Repository
    clusters: ClusterMap
    options: MigrationOptions
    versions: Mapping[str, FluxVersion]

    def oldest(self, clusters: Iterable[str]) -> FluxVersion:
        """Gives the oldest Flux release of some clusters: what it reads, the others read too."""
        found = {self.versions[name] for name in clusters}
        return min(found or set(self.versions.values()), key=FLUX_VERSIONS.index)


def see_repository(
    files: Mapping[str, str | bytes], repository: Repository, options: MigrationOptions
) -> ClusterMap:
    """Gives the clusters of a repository, and how each sees what concerns Flux.

    Args:
        files: of the repository.
        repository: as it was read.
        options: what a person says of clusters.
    """
    concerns = {
        document.key: document
        for documents in repository.documents.values()
        for document in documents
        if document.manifest
    }
    releases = [document for document in concerns.values() if is_old_release(document.manifest)]
    if not releases:
        return ClusterMap()
    # A patch of a release looks like one, and shows no place where releases are. Those of Flux v2 do, so that
    # what is migrated already is still where it was.
    whole = {document.key for document in releases if not is_partial_release(document.manifest)}
    whole = whole or {document.key for document in releases}
    whole |= {document.key for document in repository.new_releases()}
    return read_clusters(files, repository.documents, concerns, whole, KustomizeTree(files), options)


def existing_sources(around: Surroundings) -> list[ExistingSource]:
    """Gives the sources of charts that are there, as each cluster has them."""
    found = {
        source
        for document in around.repository.source_documents()
        for cluster, manifest in around.clusters.seen(document)
        if (source := ExistingSource.of_manifest(manifest, cluster)) is not None
    }
    return sorted(found, key=repr)
