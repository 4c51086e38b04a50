"""What is known of a repository before anything in it is migrated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fluxv2_migrate.clusters import ClusterMap, DocumentKey, read_clusters
from fluxv2_migrate.documents import Document
from fluxv2_migrate.flux2.releases import FLUX_VERSIONS, FluxVersion
from fluxv2_migrate.kustomize import KustomizeTree
from fluxv2_migrate.options import MigrationOptions
from fluxv2_migrate.placement import ExistingImageObject, ExistingSource
from fluxv2_migrate.repository import Repository, is_annotated, is_old_release, is_partial_release

__all__ = ["Surroundings", "existing_image_objects", "existing_sources", "see_repository"]


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
    tree = KustomizeTree(files)
    workloads = _workloads(repository, tree, concerns)
    if not (releases or workloads):
        return ClusterMap()
    # A patch of a release looks like one, and shows no place where releases are. Those of Flux v2 do, so that
    # what is migrated already is still where it was.
    whole = {document.key for document in releases if not is_partial_release(document.manifest)}
    whole = whole or {document.key for document in releases}
    whole |= workloads
    whole |= {document.key for document in repository.new_releases()}
    return read_clusters(files, repository.documents, concerns, whole, tree, options)


def _workloads(
    repository: Repository, tree: KustomizeTree, concerns: dict[DocumentKey, Document]
) -> set[DocumentKey]:
    """Gives the objects with annotations of fluxd; those that patches annotate are of concern, too."""
    annotated = {
        key
        for key, document in concerns.items()
        if not is_old_release(document.manifest)
        and not str(document.manifest.get("apiVersion")).partition("/")[0].endswith(".toolkit.fluxcd.io")
        and is_annotated(document.manifest)
        and repository.chart_around(document.path) is None
    }
    patching = {path for path, _ in annotated if tree.patchers(path)}
    roots = {
        root
        for path in patching
        for patcher in tree.patchers(path)
        for root in (patcher.folder, *tree.ancestors(patcher.folder))
        if root in tree.roots
    }
    whole = {key for key in annotated if key[0] not in patching}
    for root in sorted(roots):
        for built in tree.build(root).objects:
            key = (built.path, built.index)
            if built.path and any(use.path in patching for use in built.patches):
                document = concerns.setdefault(key, repository.adopt(*key))
                if not is_old_release(document.manifest):
                    whole.add(key)
    return whole


def existing_sources(around: Surroundings) -> list[ExistingSource]:
    """Gives the sources of charts that are there, as each cluster has them."""
    found = {
        source
        for document in around.repository.source_documents()
        for cluster, manifest in around.clusters.seen(document)
        if (source := ExistingSource.of_manifest(manifest, cluster)) is not None
    }
    return sorted(found, key=repr)


def existing_image_objects(around: Surroundings) -> list[ExistingImageObject]:
    """Gives the image automation that is there, as each cluster has it."""
    found = {
        existing
        for _, document in around.repository.new_objects()
        for cluster, manifest in around.clusters.seen(document)
        if (existing := ExistingImageObject.of_manifest(manifest, cluster)) is not None
    }
    return sorted(found, key=repr)
