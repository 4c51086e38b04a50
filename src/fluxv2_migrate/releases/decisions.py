"""What becomes of each release that could be read: it is migrated, waits, goes, or stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from fluxv2_migrate.clusters import DocumentKey, take_out
from fluxv2_migrate.findings.groups import FindingGroups, Notice
from fluxv2_migrate.placement import ExistingSource, PlacedRequest, clashing_names, name_sources
from fluxv2_migrate.releases.live_records import HelmRelease, hold_against_clusters
from fluxv2_migrate.releases.patched import PatchedRelease
from fluxv2_migrate.releases.release import MigratingRelease, ReadRelease
from fluxv2_migrate.releases.twins import Twin, TwinDiffers, Twins, differences_of_twin
from fluxv2_migrate.repository.reading import Document
from fluxv2_migrate.repository.workspace import Change, Workspace
from fluxv2_migrate.rules import SourceReference
from fluxv2_migrate.settings.options import MigrationOptions
from fluxv2_migrate.surroundings.known import Surroundings


@dataclass(frozen=True, slots=True)
class RemovedRelease:
    """A release of Flux v1 that goes, because one of Flux v2 is there for it.

    Attributes:
        differences: the fields of its meaning that differ as they do in every release that is migrated.
    """

    release: ReadRelease
    twin: Twin
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DecidedReleases:
    """What becomes of each release.

    Attributes:
        waiting: those that would be if a person answered what their findings ask.
        removed: those whose twin of Flux v2 is there and means the same.
    """

    migrating: tuple[MigratingRelease, ...]
    waiting: tuple[MigratingRelease, ...]
    removed: tuple[RemovedRelease, ...]


def decide_releases(
    releases: Sequence[ReadRelease],
    existing: Sequence[ExistingSource],
    around: Surroundings,
    findings: FindingGroups,
) -> DecidedReleases:
    """Says what becomes of each release, and tells why those stay that would be one object twice."""
    twins = Twins.of_repository(around.repository, around.clusters)
    removed: list[RemovedRelease] = []
    left: list[MigratingRelease] = []
    for release in releases:
        found = twins.find(release.draft, release.sightings)
        if found:
            try:
                differing = _differences_of_twins(release, found, twins, around)
            except TwinDiffers as error:
                if not release.draft.accepts("RP007"):
                    findings.stop(release.document, "RP007", str(error))
                    continue
                differing = error.fields
            removed.append(RemovedRelease(release, found[0], differing))
        elif isinstance(release, MigratingRelease):
            left.append(release)
        else:
            # What a release that stays would do under Flux v2 is no concern yet.
            for notice in release.draft.notices:
                if release.draft.stops(notice):
                    told = release.telling(notice)
                    findings.add(release.document, release.resource, notice, told.related, at=told.at)
    left = _without_doubles(left, existing, around.options, findings)
    contradicted = hold_against_clusters(left, _helm_releases, around, findings)
    migrating: list[MigratingRelease] = []
    waiting: list[MigratingRelease] = []
    for each in left:
        waits = each.draft.stopped or each.document.key in contradicted
        (waiting if waits else migrating).append(each)
    return DecidedReleases(tuple(migrating), tuple(waiting), tuple(removed))


def _differences_of_twins(
    release: ReadRelease, found: Sequence[Twin], twins: Twins, around: Surroundings
) -> tuple[str, ...]:
    """Gives the fields in which twins differ that may take a release over in all of its clusters."""
    if isinstance(release, PatchedRelease):
        raise TwinDiffers(f"{found[0].document.path} holds it already, and patches reach this one")
    version = around.oldest(release.clusters)
    fields: dict[str, None] = {}
    for twin in found:
        fields |= dict.fromkeys(differences_of_twin(release.document.manifest, release, twin, twins, version))
    everywhere = any(twin.cluster == "" for twin in found)
    if not everywhere and {twin.cluster for twin in found} != set(release.clusters):
        raise TwinDiffers(f"{found[0].document.path} holds it for some of its clusters only")
    return tuple(fields)


def _without_doubles(
    releases: Iterable[MigratingRelease],
    existing: Sequence[ExistingSource],
    options: MigrationOptions,
    findings: FindingGroups,
) -> list[MigratingRelease]:
    """Leaves out what would be one Helm release, one chart or one source under two objects."""
    releases = list(releases)
    by_release: dict[HelmRelease, set[DocumentKey]] = {}
    resources = {release.document.key: release.resource for release in releases}
    for release in releases:
        for each in _helm_releases(release):
            by_release.setdefault(each, set()).add(release.document.key)
    with_chart = _with_chart(releases, existing, options)
    requests = [placed for release in releases for placed in release.requests]
    clashing = clashing_names(requests, existing, options)
    left: list[MigratingRelease] = []
    doubles: dict[str, dict[str, list[_Double]]] = {"HR113": {}, "HR114": {}}
    for release in releases:
        draft, own = release.draft, {release.resource}
        # One object in two files is told as such: it is no second release.
        same = {
            resources[key]: name
            for cluster, namespace, name in _helm_releases(release)
            for key in by_release[cluster, namespace, name]
            if resources[key] not in own
        }
        charts = with_chart.get(release.document.key, set()) - own
        if same:
            names = ", ".join(sorted({repr(name) for name in same.values()}))
            message = f"{', '.join(sorted(same))} has the same release name {names}"
            double = _Double(release.document, message, ("spec", "releaseName"), frozenset(same))
            doubles["HR113"].setdefault(release.resource, []).append(double)
        elif charts:
            message = f"{', '.join(sorted(charts))} has the HelmChart {draft.namespace}-{draft.name} too"
            double = _Double(release.document, message, ("metadata", "name"), frozenset(charts))
            doubles["HR114"].setdefault(release.resource, []).append(double)
        elif clash := next((clashing[each] for each in release.requests if each in clashing), ""):
            findings.stop(release.document, "HR120", clash, ("spec", "chart"))
        else:
            left.append(release)
    for code, found in doubles.items():
        _tell_doubles(found, code, findings)
    return left


@dataclass(frozen=True, slots=True)
class _Double:
    """A release that cannot be beside others.

    Attributes:
        path: of the field that says so.
        others: their resources.
    """

    document: Document
    message: str
    path: tuple[str, ...]
    others: frozenset[str]


def _tell_doubles(doubles: Mapping[str, Sequence[_Double]], code: str, findings: FindingGroups) -> None:
    """Tells once of all that cannot be beside each other, where the first of it stands."""
    told: set[str] = set()
    for resource, (first, *_) in doubles.items():
        if resource in told:
            continue
        together, more = {resource}, set(first.others)
        while more:
            together |= more
            more = {each for one in more for double in doubles.get(one, ()) for each in double.others}
            more -= together
        told |= together
        documents = [double.document for each in sorted(together) for double in doubles.get(each, ())]
        places = (
            f"{each.path}:{each.position(first.path)[0]}" for each in documents if each is not first.document
        )
        findings.stop(first.document, code, first.message, first.path, places)


def _helm_releases(release: MigratingRelease) -> Iterable[HelmRelease]:
    for sighting in release.sightings:
        yield (sighting.cluster, release.stored_in(sighting), release.name_in(sighting))


def _with_chart(
    releases: Iterable[MigratingRelease], existing: Sequence[ExistingSource], options: MigrationOptions
) -> Mapping[DocumentKey, set[str]]:
    """Gives for each release the resources of all that would have its HelmChart; nothing where all differ."""
    releases = list(releases)
    by_name: dict[tuple[str, ...], set[str]] = {}
    for release in releases:
        for cluster, _, name in _helm_charts(release, {}):
            by_name.setdefault((cluster, name), set()).add(release.resource)
    if all(len(resources) == 1 for resources in by_name.values()):
        # So it is in almost every repository, and then nobody need find a source for each release.
        return {}
    requests = [placed for release in releases for placed in release.requests]
    references = name_sources(requests, existing, options).references
    by_chart: dict[tuple[str, ...], set[str]] = {}
    for release in releases:
        for chart in _helm_charts(release, references):
            by_chart.setdefault(chart, set()).add(release.resource)
    return {
        release.document.key: {
            resource for chart in _helm_charts(release, references) for resource in by_chart[chart]
        }
        for release in releases
    }


def _helm_charts(
    release: MigratingRelease, references: Mapping[PlacedRequest, SourceReference]
) -> Iterable[tuple[str, str, str]]:
    """Gives cluster, namespace and name of each HelmChart; the namespace is that of a source, where known."""
    # helm-controller makes the HelmChart in the namespace of the source.
    for sighting in release.sightings:
        namespace = sighting.namespace or release.draft.namespace
        source = references.get(release.placed)
        where = (source.namespace if source is not None else "") or namespace
        yield sighting.cluster, where, f"{namespace}-{sighting.name}"


def remove_twins(
    decided: DecidedReleases, around: Surroundings, workspace: Workspace, findings: FindingGroups
) -> DecidedReleases:
    """Takes the releases that have a twin out of their files, and these out of what lists them.

    A release stays where something would not build without it.

    Returns:
        What becomes of each release now.
    """
    removed = list(decided.removed)
    while True:
        tried = workspace.branch()
        tried.note(*map(_change, removed))
        reasons = take_out((each.release.document for each in removed), tried, around.clusters)
        if not reasons:
            workspace.adopt(tried)
            for each in removed:
                findings.declare(each.release.document, each.release.resource, each.differences)
            return replace(decided, removed=tuple(removed))
        for each in removed:
            release = each.release
            if (reason := reasons.get(release.document.path)) is not None:
                message = f"{each.twin.document.path} means the same, and without this one {reason}"
                # Nobody can accept what does not build.
                notice = Notice("RP007", message, (), is_acceptable=False)
                findings.add(release.document, release.resource, notice)
        removed = [each for each in removed if each.release.document.path not in reasons]


def _change(removed: RemovedRelease) -> Change:
    document, there = removed.release.document, removed.twin.document.path
    line = document.position(())[0]
    return Change("twin", removed.release.resource, document.path, line, (), there, "")
