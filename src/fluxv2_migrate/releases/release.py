"""A release of Flux v1 that is read, and one that is on its way."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fluxv2_migrate.clusters import Sighting
from fluxv2_migrate.findings.groups import Notice
from fluxv2_migrate.flux2.releases import FLUX_VERSIONS, FluxVersion, preferred_api_version, serving_releases
from fluxv2_migrate.kubernetes import named
from fluxv2_migrate.kustomize import Step, steps_apart
from fluxv2_migrate.meaning.release_names import installed_name
from fluxv2_migrate.meaning.served_fields import split_served_fields
from fluxv2_migrate.placement import Affixes, PlacedRequest
from fluxv2_migrate.plan import Set, apply_to_mapping
from fluxv2_migrate.releases.values_of_urls import values_of_urls
from fluxv2_migrate.repository.reading import Document
from fluxv2_migrate.rules import (
    ChartSourceRequest,
    ReleaseDraft,
    SeenRelease,
    ValuesConfigMap,
    draft_helm_release,
)
from fluxv2_migrate.settings.of_clusters import ReleaseSettings
from fluxv2_migrate.settings.options import MigrationOptions, Override
from fluxv2_migrate.surroundings.known import Surroundings


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


class ClustersDisagree(ValueError):
    """One manifest would have to be several releases; says why, and of which field."""

    def __init__(self, reason: str, path: tuple[str, ...]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path


@dataclass(frozen=True, slots=True)
class NameElsewhere:
    """A release name that one kustomization gives, because clusters give a release different names.

    Attributes:
        step: the kustomization, with the release as it enters it.
    """

    step: Step
    release_name: str


@dataclass(frozen=True, slots=True)
class DraftOfClusters:
    """What becomes of a release.

    Attributes:
        draft: for some of its clusters, or for all.
        settings: of one of these.
        version: the Flux release that they run.
        names: release names that stand in kustomizations.
    """

    draft: ReleaseDraft
    settings: ReleaseSettings
    version: FluxVersion
    sightings: tuple[Sighting, ...]
    names: tuple[NameElsewhere, ...] = ()


def draft_for_clusters(document: Document, around: Surroundings, override: Override) -> DraftOfClusters:
    """Says what becomes of a release in all clusters that see it.

    Raises:
        ClustersDisagree: clusters see what one manifest cannot be.
    """
    sightings = tuple(around.clusters.sightings[document.key])
    oldest = around.oldest(sighting.cluster for sighting in sightings)
    drafts = _drafts(document, around, override, sightings)
    if len(drafts) == 1:
        # So it is for almost every release: all clusters see it alike.
        return drafts[0]
    names: tuple[NameElsewhere, ...] = ()
    if len({(each.draft.release_name.v1, each.draft.release_name.storage_namespace) for each in drafts}) > 1:
        names = _names_elsewhere(drafts)
        drafts = [_named_elsewhere(each, document, around, override) for each in drafts]
    # What the oldest Flux release reads, the others read too.
    of_oldest = [each for each in drafts if each.version == oldest]
    chosen = max(of_oldest, key=lambda each: len(each.draft.operations)) if names else of_oldest[0]
    hold_one_release(chosen.draft, [each.draft for each in drafts], named=bool(names))
    hold_one_api({each.version for each in drafts}, oldest)
    draft = common_draft(chosen.draft, [each.draft for each in drafts], named=bool(names))
    return replace(chosen, draft=draft, sightings=sightings, names=names)


def hold_one_api(versions: Collection[FluxVersion], oldest: FluxVersion) -> None:
    """Raises where one manifest cannot be for all clusters that have it.

    Raises:
        ClustersDisagree: no API of HelmRelease is served by all of them.
    """
    served_by = serving_releases("HelmRelease", preferred_api_version("HelmRelease", oldest))
    running = [version for version in FLUX_VERSIONS if version in versions]
    if not set(running) <= set(served_by):
        shown = " and ".join(f"Flux {version}" for version in running)
        message = f"its clusters run {shown}, and no API of HelmRelease is served by all of them"
        raise ClustersDisagree(message, ("apiVersion",))


def hold_served_fields(drafts: Iterable[tuple[ReleaseDraft, FluxVersion]], oldest: FluxVersion) -> None:
    """Raises where a cluster needs a field that the one API which all of them serve does not have.

    Raises:
        ClustersDisagree: a newer Flux release needs it, and would drop it or refuse the release.
    """
    api = preferred_api_version("HelmRelease", oldest)
    for draft, version in drafts:
        if version == oldest:
            continue
        written = (each for each in draft.operations if isinstance(each, Set) and each.path[0] == "spec")
        made = apply_to_mapping(tuple(written), {"spec": {}})
        refused = split_served_fields({**made, "apiVersion": api}, version)[1]
        if refused:
            message = (
                f"its clusters run Flux {oldest} and Flux {version}, and {api}, which both serve, has no "
                f"{refused[0]}"
            )
            raise ClustersDisagree(message, ("apiVersion",))


def _drafts(
    document: Document, around: Surroundings, override: Override, sightings: Iterable[Sighting]
) -> list[DraftOfClusters]:
    drafts: dict[tuple[object, ...], DraftOfClusters] = {}
    for sighting in sightings:
        view = around.clusters.view(sighting.cluster)
        settings, version = around.settings(view), around.versions[view.name]
        is_made = bool(sighting.steps) or sighting.is_moved
        same = (replace(settings, cluster=""), id(settings.inventory), version)
        here = values_of_urls(sighting.manifest, document.identity[1], view, around)
        key = (sighting.namespace, sighting.name, is_made, same, repr(here))
        if key not in drafts:
            seen = SeenRelease(sighting.namespace, sighting.name) if is_made else None
            draft = draft_helm_release(
                document.manifest, around.options, version, override, settings, seen, here
            )
            drafts[key] = DraftOfClusters(draft, settings, version, (sighting,))
        else:
            drafts[key] = replace(drafts[key], sightings=(*drafts[key].sightings, sighting))
    return list(drafts.values())


def _named_elsewhere(
    known: DraftOfClusters, document: Document, around: Surroundings, override: Override
) -> DraftOfClusters:
    first = known.sightings[0]
    seen = SeenRelease(first.namespace, first.name, is_named_elsewhere=True)
    options, settings = around.options, known.settings
    view = around.clusters.view(first.cluster)
    here = values_of_urls(first.manifest, document.identity[1], view, around)
    draft = draft_helm_release(document.manifest, options, known.version, override, settings, seen, here)
    return replace(known, draft=draft)


def _names_elsewhere(drafts: Iterable[DraftOfClusters]) -> tuple[NameElsewhere, ...]:
    """Gives for each release name the outermost kustomization that sees the release under that name alone."""
    wanted = [
        (sighting.steps, each.draft.release_name.spec_release_name)
        for each in drafts
        for sighting in each.sightings
    ]
    found: set[NameElsewhere] = set()
    for (_, release_name), own in zip(wanted, steps_apart(wanted, goes_over=True), strict=True):
        if not own:
            message = "clusters give it different release names, and no kustomization tells them apart"
            raise ClustersDisagree(message, ("metadata", "name"))
        found.add(NameElsewhere(own[-1], release_name))
    return tuple(sorted(found, key=lambda each: (each.step.path, each.step.name)))


def hold_one_release(draft: ReleaseDraft, others: Iterable[ReleaseDraft], *, named: bool = False) -> None:
    """Raises where clusters make different releases of one manifest.

    Args:
        named: whether clusters give the release different names.

    Raises:
        ClustersDisagree: their settings or Flux releases do.
    """
    # Flux releases differ in the API that they prefer.
    ignored: list[tuple[str, ...]] = [("apiVersion",)]
    if named:
        # A storage namespace that is the release's own is the default there, and says the same.
        ignored.append(("spec", "storageNamespace"))
    own, *kept = (
        (each.source, [one for one in each.operations if getattr(one, "path", ()) not in ignored])
        for each in (draft, *others)
    )
    if any(each != own for each in kept):
        message = "the settings or Flux releases of its clusters make different releases of it"
        raise ClustersDisagree(message, ("spec",))


def common_draft(draft: ReleaseDraft, others: Sequence[ReleaseDraft], *, named: bool = False) -> ReleaseDraft:
    """Gives a draft that says what is to be known of a release in any of its clusters.

    Args:
        named: whether clusters give the release different names.
    """
    notices: dict[tuple[object, ...], Notice] = {}
    differences: dict[str, None] = {}
    for each in (draft, *others):
        differences |= dict.fromkeys(each.differences)
        for notice in each.notices:
            notices.setdefault((notice.code, notice.message, notice.path), notice)
    found = tuple(notices.values())
    if named:
        # One word for all clusters would give a name to those that have another one.
        found = tuple(
            replace(each, answer=None)
            if each.answer is not None and each.answer.release_name is not None
            else each
            for each in found
        )
    return replace(draft, notices=found, differences=tuple(differences))
