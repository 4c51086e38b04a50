"""The releases of Flux v1 that a repository holds, and those that can be migrated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from ruamel.yaml.nodes import Node

from fluxv2_migrate.documents import Document
from fluxv2_migrate.finding_groups import FindingGroups
from fluxv2_migrate.findings import FINDINGS
from fluxv2_migrate.flux1 import FluxHelmRelease, HelmRelease
from fluxv2_migrate.flux2.releases import FluxVersion
from fluxv2_migrate.options import MigrationOptions, Override
from fluxv2_migrate.overrides import override_for
from fluxv2_migrate.placement import PlacedRequest, clashing_names, place_sources
from fluxv2_migrate.repository import Repository, is_old_release, runs_flux_1
from fluxv2_migrate.rules import ChartSourceRequest, ReleaseDraft, draft_helm_release
from fluxv2_migrate.settings import ReleaseSettings, cluster_of, settings_of
from fluxv2_migrate.sync_roots import is_synced
from fluxv2_migrate.twins import Twin, Twins, why_twin_differs

__all__ = [
    "DecidedReleases",
    "MigratingRelease",
    "ReadRelease",
    "decide_releases",
    "read_releases",
    "with_text_annotations",
]


@dataclass(slots=True)
class ReadRelease:
    """A release of Flux v1 that could be read.

    Attributes:
        document: where it stands.
        draft: what becomes of it.
        settings: those of its cluster.
        override: what a person decided for it.
        root: the sync path that reaches its file.
    """

    document: Document
    draft: ReleaseDraft
    settings: ReleaseSettings
    override: Override
    root: str = field(default="", kw_only=True)

    @property
    def resource(self) -> str:
        """Names it as findings do."""
        return f"{self.document.manifest['kind']} {self.draft.namespace}/{self.draft.name}"


@dataclass(slots=True)
class MigratingRelease(ReadRelease):
    """A release of Flux v1 on its way.

    Attributes:
        source: what it needs of a source.
        nodes: of the document.
    """

    source: ChartSourceRequest
    nodes: Node

    @property
    def placed(self) -> PlacedRequest:
        """What it needs of a source, and where it stands."""
        return PlacedRequest(self.source, self.draft.namespace, self.document.path, self.root)


@dataclass(frozen=True, slots=True)
class DecidedReleases:
    """What becomes of each release.

    Attributes:
        migrating: those that are migrated.
        waiting: those that would be if a person answered what their findings ask.
        removed: those whose twin of Flux v2 is there and means the same.
    """

    migrating: tuple[MigratingRelease, ...]
    waiting: tuple[MigratingRelease, ...]
    removed: tuple[tuple[ReadRelease, Twin], ...]


def read_releases(
    repository: Repository, options: MigrationOptions, flux_version: FluxVersion, findings: FindingGroups
) -> list[ReadRelease]:
    """Gives the releases that can be read, and says of all others why they stay.

    Args:
        repository: as it was read.
        options: how to migrate.
        flux_version: the Flux release that will run.
        findings: where what stays is told.
    """
    _tell_unread(repository, findings)
    releases: list[ReadRelease] = []
    matched: set[int] = set()
    for path, documents in sorted(repository.documents.items()):
        for document in documents:
            if runs_flux_1(document.manifest):
                findings.stop(document, "DA022", "the workload is Flux v1 itself, which Flux v2 would start")
            if _holds_releases(document):
                findings.stop(document, "RP008", "releases of Flux v1 stand in a list", ("items",))
            if not is_old_release(document.manifest):
                continue
            override, indices = override_for(findings.subject(document), options.overrides)
            matched |= indices
            if override.leave or path in repository.errors:
                continue
            reason = _why_it_stays(document, repository, options)
            if reason is None:
                releases.append(_read_release(document, options, flux_version, override))
            elif not (reason[0] in override.accept and FINDINGS[reason[0]].acceptable):
                findings.stop(document, *reason)
    for index, given in enumerate(options.overrides):
        if index not in matched:
            patterns = given.model_dump(exclude_defaults=True)
            findings.say("RP010", f"no release of Flux v1 matches the override {patterns}")
    return releases


def _tell_unread(repository: Repository, findings: FindingGroups) -> None:
    for path in repository.opaque:
        findings.say("RP002", "the file names the API of Flux v1 and is not UTF-8", path)
    for path, error in sorted(repository.errors.items()):
        lines = repository.old_lines(path)
        if lines and repository.chart_around(path) is not None:
            findings.say("RP001", "a chart's template makes a release of Flux v1", path, lines[0])
        elif lines:
            findings.say("RP003", f"the file stays as it is: {error.reason}", path, error.line or 1)


def _holds_releases(document: Document) -> bool:
    items = document.manifest.get("items")
    if not str(document.manifest.get("kind")).endswith("List") or not isinstance(items, list):
        return False
    return any(isinstance(item, dict) and is_old_release(item) for item in items)


def _why_it_stays(
    document: Document, repository: Repository, options: MigrationOptions
) -> tuple[str, str, tuple[str, ...]] | None:
    if repository.chart_around(document.path) is not None:
        return "RP001", "the release belongs to a chart, whose values fill it in", ()
    if document.path in repository.kustomized:
        return "RP004", f"{repository.kustomized[document.path]} lists or patches with this file", ()
    if options.clusters and cluster_of(options, document.path) is None:
        return "RP012", "the file is under no sync path of the given clusters", ()
    if options.sync_roots and not is_synced(document.path, options.sync_roots):
        return "RP012", "the file is under none of the given sync paths", ()
    if "sops" in document.manifest:
        return "RP011", "sops signed the file, and no edit is signed", ("sops",)
    try:
        model = FluxHelmRelease if document.manifest["kind"] == "FluxHelmRelease" else HelmRelease
        model.model_validate(with_text_annotations(document.manifest))
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        path = tuple(str(part) for part in problem["loc"])
        return "RP006", f"{'.'.join(path) or 'the release'}: {problem['msg']}", path
    return None


def _read_release(
    document: Document, options: MigrationOptions, flux_version: FluxVersion, override: Override
) -> ReadRelease:
    settings = settings_of(options, cluster_of(options, document.path))
    draft = draft_helm_release(document.manifest, options, flux_version, override, settings)
    if draft.source is None or document.root is None or not (draft.answerable or not draft.stopped):
        return ReadRelease(document, draft, settings, override)
    return MigratingRelease(document, draft, settings, override, draft.source, document.root)


def with_text_annotations(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Gives a manifest whose annotations are texts, as fluxd also read those that Kubernetes refuses.

    >>> with_text_annotations({"metadata": {"annotations": {"fluxcd.io/ignore": True}}})
    {'metadata': {'annotations': {'fluxcd.io/ignore': 'true'}}}
    """
    result = dict(manifest)
    metadata = manifest.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("annotations"), dict):
        texts = {
            key: value if value is None or isinstance(value, str) else _text(value)
            for key, value in metadata["annotations"].items()
        }
        result["metadata"] = {**metadata, "annotations": texts}
    return result


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def decide_releases(
    releases: Sequence[ReadRelease],
    repository: Repository,
    roots: Sequence[str],
    options: MigrationOptions,
    flux_version: FluxVersion,
    findings: FindingGroups,
) -> DecidedReleases:
    """Says what becomes of each release, and tells why those stay that would be one object twice.

    Args:
        releases: with their sync roots.
        repository: as it was read.
        roots: the folders that Flux syncs.
        options: how to migrate.
        flux_version: the Flux release that will run.
        findings: where what stays is told.
    """
    twins = Twins.of_repository(repository, roots, options)
    removed: list[tuple[ReadRelease, Twin]] = []
    left: list[MigratingRelease] = []
    for release in releases:
        twin = twins.find(release.draft, release.root)
        if twin is not None:
            reason = why_twin_differs(release.document.manifest, release, twin, twins, flux_version)
            if reason is None or release.draft.accepts("RP007"):
                removed.append((release, twin))
            else:
                findings.stop(release.document, "RP007", reason)
        elif isinstance(release, MigratingRelease):
            left.append(release)
        else:
            # What a release that stays would do under Flux v2 is no concern yet.
            for notice in release.draft.notices:
                if release.draft.stops(notice):
                    findings.add(release.document, release.resource, notice)
    left = _without_doubles(left, repository, roots, options, flux_version, findings)
    return DecidedReleases(
        tuple(release for release in left if not release.draft.stopped),
        tuple(release for release in left if release.draft.stopped),
        tuple(removed),
    )


def _without_doubles(
    releases: Sequence[MigratingRelease],
    repository: Repository,
    roots: Sequence[str],
    options: MigrationOptions,
    flux_version: FluxVersion,
    findings: FindingGroups,
) -> list[MigratingRelease]:
    """Leaves out what would be one Helm release, one chart or one source under two objects."""
    by_release: dict[tuple[str, ...], set[str]] = {}
    for release in releases:
        by_release.setdefault(_helm_release(release), set()).add(release.resource)
    by_chart = _charts_of_one_name(releases, repository, roots, options, flux_version)
    clashing = clashing_names([release.placed for release in releases], repository.sources(roots), options)
    left: list[MigratingRelease] = []
    for release in releases:
        draft = release.draft
        same = by_release[_helm_release(release)] - {release.resource}
        charts = by_chart.get((release.document.path, release.document.line), frozenset())
        if same:
            message = f"{', '.join(sorted(same))} has the same release name {draft.release_name.v1!r}"
            findings.stop(release.document, "HR113", message, ("spec", "releaseName"))
        elif charts:
            message = f"{', '.join(sorted(charts))} has the HelmChart {draft.namespace}-{draft.name} too"
            findings.stop(release.document, "HR114", message, ("metadata", "name"))
        elif release.placed in clashing:
            findings.stop(release.document, "HR120", clashing[release.placed], ("spec", "chart"))
        else:
            left.append(release)
    return left


def _helm_release(release: MigratingRelease) -> tuple[str, ...]:
    names = release.draft.release_name
    return (release.root, names.storage_namespace or release.draft.namespace, names.v1)


def _charts_of_one_name(
    releases: Sequence[MigratingRelease],
    repository: Repository,
    roots: Sequence[str],
    options: MigrationOptions,
    flux_version: FluxVersion,
) -> dict[tuple[str, int], frozenset[str]]:
    """Gives, by file and line of a release, the others whose HelmChart would be the same object."""
    by_name: dict[tuple[str, str], list[MigratingRelease]] = {}
    for release in releases:
        name = f"{release.draft.namespace}-{release.draft.name}"
        by_name.setdefault((release.root, name), []).append(release)
    alike = [each for each in by_name.values() if len({release.resource for release in each}) > 1]
    if not alike:
        return {}
    # helm-controller makes the HelmChart in the namespace of the source.
    references = place_sources(
        [release.placed for release in releases],
        repository.sources(roots),
        options,
        flux_version,
        repository.texts.__contains__,
    ).references
    found: dict[tuple[str, int], frozenset[str]] = {}
    for group in alike:
        for release in group:
            namespace = references[release.placed].namespace
            there = {each.resource for each in group if references[each.placed].namespace == namespace}
            place = (release.document.path, release.document.line)
            found[place] = frozenset(there - {release.resource})
    return found
