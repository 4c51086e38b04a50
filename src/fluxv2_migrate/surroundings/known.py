"""What is known of a repository before anything in it is migrated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from fluxv2_migrate.clusters import ClusterMap, ClusterView
from fluxv2_migrate.clusters.cluster_objects import ClusterObject
from fluxv2_migrate.clusters.fluxd_clusters import repository_key
from fluxv2_migrate.flux2.releases import FluxVersion, oldest_of
from fluxv2_migrate.kubernetes import mapping_at
from fluxv2_migrate.meaning.flux2_chart import checked_out_of
from fluxv2_migrate.placement import ExistingImageObject, ExistingSource
from fluxv2_migrate.repository.reading import Repository
from fluxv2_migrate.settings.inventory import Inventory
from fluxv2_migrate.settings.of_clusters import ReleaseSettings, settings_of
from fluxv2_migrate.settings.options import MigrationOptions
from fluxv2_migrate.yaml_text import YAML_ENDINGS


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known before a release is read.

    Attributes:
        versions: the Flux release that will run in each cluster.
    """

    repository: Repository
    clusters: ClusterMap
    options: MigrationOptions
    versions: Mapping[str, FluxVersion]
    _settings: dict[str, ReleaseSettings] = field(default_factory=dict, compare=False, repr=False)

    def settings(self, view: ClusterView) -> ReleaseSettings:
        """Gives the settings of a cluster."""
        if not self._settings:
            branches = frozenset(self._known_branches())
            for each in self.clusters.clusters:
                settings = settings_of(self.options, each.settings)
                self._settings[each.name] = replace(settings, known_branches=branches)
        return self._settings[view.name]

    def _known_branches(self) -> Iterator[tuple[str, str]]:
        """Gives the branches that something syncs: fluxd, or a GitRepository of Flux v2."""
        for view in self.clusters.clusters:
            url, branch = view.settings.fluxd.git_url, view.settings.branch
            if url and branch:
                yield repository_key(url), branch
        for document in self.repository.source_documents():
            url = mapping_at(document.manifest, "spec").get("url")
            is_of_git = document.manifest.get("kind") == "GitRepository"
            checked_out = checked_out_of(document.manifest) if is_of_git else None
            if isinstance(url, str) and checked_out is not None and checked_out.kind == "branch":
                yield repository_key(url), checked_out.value

    def oldest(self, clusters: Iterable[str]) -> FluxVersion:
        """Gives the oldest Flux release of some clusters: what it reads, the others read too."""
        found = {self.versions[name] for name in clusters}
        return oldest_of(found or self.versions.values())

    def inventories(self) -> dict[str, Inventory]:
        """Gives what runs in each cluster, of which anybody said it."""
        given = {view.name: self.settings(view) for view in self.clusters.clusters}
        given = given or {"": settings_of(self.options)}
        return {name: each.inventory for name, each in given.items() if each.inventory is not None}

    def every_object(self, view: ClusterView) -> Iterator[ClusterObject]:
        """Gives all objects of a cluster, also those of files that do not name Flux."""
        repository = self.repository
        paths = (
            path
            for path in repository.texts
            if path.endswith(YAML_ENDINGS) and repository.has_documents(path)
        )
        documents = {path: repository.all_documents(path) for path in paths}
        yield from self.clusters.objects(view, documents)


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
