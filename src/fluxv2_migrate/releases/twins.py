"""Releases of Flux v2 that stand for releases of Flux v1 already: half-migrated repositories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from fluxv2_migrate.clusters import ClusterMap, Sighting
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux2.release_name import written_release_name
from fluxv2_migrate.flux2.releases import FluxVersion
from fluxv2_migrate.kubernetes import mapping_at, named, namespace_and_name
from fluxv2_migrate.meaning import (
    ReleaseMeaning,
    RunningOperator,
    SourceKey,
    compare_meanings,
    meaning_of_v1_release,
    meaning_of_v2_release,
    outcome_in_the_cluster,
)
from fluxv2_migrate.repository.reading import Document, Repository
from fluxv2_migrate.rules import ReleaseDraft
from fluxv2_migrate.settings.of_clusters import ReleaseSettings
from fluxv2_migrate.settings.options import Override

_ON_TOP: Final = frozenset({"additional", "dependencies", "drift_detection"})
"""What Flux v1 could not do: nothing is lost where a twin does it."""


@dataclass(frozen=True, slots=True)
class Twin:
    """A release of Flux v2 as one cluster sees it.

    Attributes:
        cluster: the cluster; empty where none is known, so that any may have it.
        manifest: as the cluster sees it.
        namespace: in the cluster; empty where nobody knows.
    """

    document: Document
    cluster: str
    manifest: Mapping[str, Any]
    namespace: str = ""

    @property
    def identity(self) -> tuple[str, str]:
        """Namespace and name in the cluster."""
        return namespace_and_name(self.manifest)


class _Drafted(Protocol):
    """A release of Flux v1 with what is known of it."""

    draft: ReleaseDraft
    settings: ReleaseSettings
    override: Override


@dataclass(frozen=True, slots=True)
class Twins:
    """All releases of Flux v2, by what they are and by what they run.

    Attributes:
        by_name: by the name of the object.
        by_release: by namespace of the record and name of the Helm release.
        sources: of charts, each with its cluster; empty where any may have it.
    """

    by_name: Mapping[str, Sequence[Twin]]
    by_release: Mapping[tuple[str, str], Sequence[Twin]]
    sources: Sequence[tuple[str, Mapping[str, Any]]]
    clusters: ClusterMap

    @classmethod
    def of_repository(cls, repository: Repository, clusters: ClusterMap) -> Twins:
        """Finds them."""
        by_name: dict[str, list[Twin]] = {}
        by_release: dict[tuple[str, str], list[Twin]] = {}
        for document in repository.new_releases():
            if document.path in clusters.patch_files and document.key not in clusters.sightings:
                # A patch is no release, whatever name stands in it.
                continue
            for cluster, manifest in clusters.seen(document):
                twin = Twin(document, cluster, manifest)
                namespace, name = twin.identity
                namespace = namespace or clusters.default_namespace(cluster)
                twin = replace(twin, namespace=namespace)
                stored = mapping_at(manifest, "spec").get("storageNamespace") or namespace
                by_name.setdefault(name, []).append(twin)
                by_release.setdefault((str(stored), written_release_name(manifest)), []).append(twin)
        sources = [seen for document in repository.source_documents() for seen in clusters.seen(document)]
        return cls(by_name, by_release, sources, clusters)

    def find(self, draft: ReleaseDraft, sightings: Sequence[Sighting]) -> list[Twin]:
        """Gives the twins of a release in its clusters: the same object, else the same Helm release."""
        names = draft.release_name
        twins: list[Twin] = []
        for sighting in sightings:
            namespace = sighting.namespace or draft.namespace
            run = (names.storage_namespace or namespace, names.v1)
            named = [
                twin
                for twin in self.by_name.get(sighting.name, ())
                # A namespace that no manifest names comes from elsewhere, and may be this one.
                if twin.namespace == namespace or not (twin.namespace and namespace)
            ]
            named.sort(key=lambda twin: twin.namespace != namespace)
            found = [*named, *self.by_release.get(run, ())]
            # One that no known cluster has may be this cluster's, too, unless it stands in what is another's.
            twins += [
                twin
                for twin in found
                if twin.cluster in ("", sighting.cluster)
                and self.clusters.may_have(twin.document.key, sighting.cluster)
            ][:1]
        return twins

    def sources_for(self, cluster: str) -> dict[SourceKey, Mapping[str, Any]]:
        """Gives the sources that a cluster sees; its own ones before those that may be anybody's."""
        seen: dict[SourceKey, Mapping[str, Any]] = {}
        for where in ("", cluster):
            for found, manifest in self.sources:
                if found == where:
                    seen[(str(manifest.get("kind")), *namespace_and_name(manifest))] = manifest
        return seen


class TwinDiffers(ValueError):
    """Something would be lost if a twin took a release over; says which fields differ, and both values.

    Attributes:
        fields: those that differ, where they could be compared, and those of which nothing is known.
    """

    def __init__(self, reason: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.fields = fields


def differences_of_twin(
    manifest: Mapping[str, Any], release: _Drafted, twin: Twin, twins: Twins, flux_version: FluxVersion
) -> tuple[str, ...]:
    """Gives the fields in which a twin differs from a release as every migrated release would.

    Raises:
        TwinDiffers: it does not mean the same.
    """
    document = twin.document
    resource = named("HelmRelease", *twin.identity)
    here = f"{resource} is there already in {document.path}:{document.position(('metadata', 'name'))[0]}"
    try:
        before = _meaning(manifest, release)
        after = meaning_of_v2_release(
            twin.manifest,
            twins.sources_for(twin.cluster),
            flux_version=flux_version,
            default_namespace=release.settings.default_namespace,
        )
    except InvalidManifest as error:
        raise TwinDiffers(f"{here}, and cannot be compared: {error.reason}") from error
    draft = release.draft
    declared = {
        *draft.differences,
        *(field for notice in draft.notices for field in notice.declares if not draft.stops(notice)),
    }
    found = compare_meanings(before, after)
    differing = [str(each) for each in found if each.field not in declared | _ON_TOP]
    unknown = sorted({*before.unknown, *after.unknown} - {"interval"})
    told = (*(each.field for each in found), *unknown)
    if differing:
        raise TwinDiffers(f"{here}, and differs: {'; '.join(differing)}", told)
    if unknown:
        raise TwinDiffers(f"{here}, and the repository does not tell its {', '.join(unknown)}", told)
    outcome = outcome_in_the_cluster(before, after)
    if outcome != "adopted":
        raise TwinDiffers(f"{here}, and the running release would be {outcome}", told)
    return tuple(each.field for each in found)


def _meaning(manifest: Mapping[str, Any], release: _Drafted) -> ReleaseMeaning:
    override = release.override
    meaning = meaning_of_v1_release(
        manifest,
        operator=RunningOperator.of_settings(release.settings),
        default_namespace=release.settings.default_namespace,
        release_name=override.release_name or "",
        ref_kind=override.ref_kind,
    )
    if release.draft.accepts("HR030"):
        # It was converted: its record is one of Helm 3.
        meaning = replace(meaning, helm_version="v3")
    if override.storage_namespace is not None:
        meaning = replace(meaning, storage_namespace=override.storage_namespace)
    return meaning
