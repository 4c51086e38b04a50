"""A release of Flux v1 that is read, and one that is on its way."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from fluxv2_migrate.clusters import Sighting
from fluxv2_migrate.findings.notice import Notice
from fluxv2_migrate.kubernetes import named
from fluxv2_migrate.meaning.release_names import installed_name
from fluxv2_migrate.placement import Affixes, PlacedRequest
from fluxv2_migrate.releases.drafts import NameElsewhere
from fluxv2_migrate.repository.documents import Document
from fluxv2_migrate.rules import ChartSourceRequest, ReleaseDraft, ValuesConfigMap
from fluxv2_migrate.settings.of_clusters import ReleaseSettings
from fluxv2_migrate.settings.options import MigrationOptions, Override


@dataclass(frozen=True, slots=True)
class Told:
    """Where something is told of a release.

    Attributes:
        at: path, line and column, where that is not in its own document.
        related: other places that it is about, as `path:line`.
    """

    at: tuple[str, int, int] | None = None
    related: tuple[str, ...] = ()


@dataclass(slots=True)
class ReadRelease:
    """A release of Flux v1 that could be read.

    Attributes:
        override: what a person decided for it.
        sightings: how each cluster sees it.
        names: release names that stand in kustomizations.
    """

    document: Document
    draft: ReleaseDraft
    settings: ReleaseSettings
    override: Override
    sightings: tuple[Sighting, ...] = field(kw_only=True)
    names: tuple[NameElsewhere, ...] = field(default=(), kw_only=True)

    @property
    def resource(self) -> str:
        """Names it as findings do."""
        return named(str(self.document.manifest["kind"]), self.draft.namespace, self.draft.name)

    @property
    def clusters(self) -> tuple[str, ...]:
        """The clusters that see it, sorted."""
        return tuple(sorted({sighting.cluster for sighting in self.sightings}))

    def slots(self) -> tuple[tuple[str, str], ...]:
        """Gives each cluster with the namespace in which it has the release, sorted."""
        default = self.settings.default_namespace
        found = {(each.cluster, each.namespace_afterwards or default) for each in self.sightings}
        return tuple(sorted(found))

    def name_in(self, sighting: Sighting) -> str:
        """Gives the release name under which it runs in a cluster."""
        if not self.names:
            return self.draft.release_name.v1
        namespace = sighting.namespace or self.draft.namespace
        return installed_name(sighting.manifest, namespace, sighting.name, self.override.release_name)

    def stored_in(self, sighting: Sighting) -> str:
        """Gives the namespace of its Helm records in a cluster."""
        return self.draft.release_name.storage_namespace or sighting.namespace or self.draft.namespace

    def config_maps(self) -> Iterator[tuple[ValuesConfigMap, tuple[tuple[str, str], ...]]]:
        """Gives the ConfigMaps that are made for it, each with the clusters and namespaces that need it."""
        for each in self.draft.config_maps:
            yield each, self.slots()

    def values_files(self) -> tuple[str, ...]:
        """Gives the files of the repository whose values it has now."""
        return self.draft.values_files

    def telling(self, notice: Notice) -> Told:
        """Gives where something is told of it, and what else is named: all is told where it stands."""
        return Told()


@dataclass(slots=True)
class MigratingRelease(ReadRelease):
    """A release of Flux v1 on its way.

    Attributes:
        source: what it needs of a source.
        placed: what it needs of a source, and where it is.
        requests: what its clusters need of sources: that, and others where they have other charts.
    """

    source: ChartSourceRequest
    placed: PlacedRequest = field(init=False)
    requests: tuple[PlacedRequest, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.placed = PlacedRequest(self.source, self.document.path, self.slots())
        self.requests = (self.placed,)

    def rename(self, renamed: Mapping[PlacedRequest, Mapping[str, Affixes]]) -> bool:
        """Gives sources the names that their places make of them; says whether any has another one now.

        Args:
            renamed: what the places of each cluster add to a name.
        """
        named = tuple(one for each in self.requests for one in each.with_affixes(renamed.get(each, {})))
        is_renamed = named != self.requests
        self.placed, self.requests = named[0], named
        return is_renamed

    def bring_home(self, displaced: Collection[PlacedRequest], options: MigrationOptions) -> bool:
        """Puts sources that have no place in the Flux namespace into its own; gives whether any moved."""
        moved = tuple(
            replace(each, in_own_namespace=True)
            if each in displaced and each.wanted(options) != each.slots
            else each
            for each in self.requests
        )
        is_moved = moved != self.requests
        self.placed, self.requests = moved[0], moved
        return is_moved
