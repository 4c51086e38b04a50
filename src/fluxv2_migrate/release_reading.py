"""The releases of Flux v1 that a repository holds, as clusters see them, and what becomes of each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError
from ruamel.yaml.nodes import Node

from fluxv2_migrate.chart_dependencies import aliased_dependency
from fluxv2_migrate.clusters import (
    Closure,
    DocumentKey,
    Sighting,
    broken_build,
    patched_closures,
    unknown_generator,
)
from fluxv2_migrate.documents import Document
from fluxv2_migrate.finding_groups import FindingGroups
from fluxv2_migrate.findings import FINDINGS
from fluxv2_migrate.flux1 import FluxHelmRelease, HelmRelease
from fluxv2_migrate.options import MigrationOptions, Override
from fluxv2_migrate.overrides import override_for
from fluxv2_migrate.placement import ExistingSource, PlacedRequest, clashing_names, name_sources
from fluxv2_migrate.release_drafts import ClustersDisagree, NameElsewhere, draft_for_clusters
from fluxv2_migrate.repository import Repository, is_old_release, is_partial_release, runs_flux_1
from fluxv2_migrate.rules import (
    ChartSourceRequest,
    Notice,
    ReleaseDraft,
    SourceReference,
)
from fluxv2_migrate.scope import is_in_scope, tell_of_scope
from fluxv2_migrate.settings import ReleaseSettings
from fluxv2_migrate.surroundings import Surroundings
from fluxv2_migrate.twins import Twin, TwinDiffers, Twins, differences_of_twin

__all__ = [
    "DecidedReleases",
    "MigratingRelease",
    "ReadRelease",
    "RemovedRelease",
    "decide_releases",
    "read_releases",
    "with_text_annotations",
]


# Go and Python read no other spelling as a number; in text of values they may stand in a word, too.
_NOT_FINITE: Final = re.compile(r"\.(?:inf|nan)", re.IGNORECASE)


@dataclass(slots=True)
class ReadRelease:
    """A release of Flux v1 that could be read.

    Attributes:
        document: where it stands.
        draft: what becomes of it.
        settings: those of its cluster.
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
        return f"{self.document.manifest['kind']} {self.draft.namespace}/{self.draft.name}"

    @property
    def clusters(self) -> tuple[str, ...]:
        """The clusters that see it, sorted."""
        return tuple(sorted({sighting.cluster for sighting in self.sightings}))

    def slots(self) -> tuple[tuple[str, str], ...]:
        """Gives each cluster with the namespace in which it has the release, sorted."""
        found = {(each.cluster, each.namespace or self.settings.default_namespace) for each in self.sightings}
        return tuple(sorted(found))


@dataclass(slots=True)
class MigratingRelease(ReadRelease):
    """A release of Flux v1 on its way.

    Attributes:
        source: what it needs of a source.
        nodes: of the document.
        placed: what it needs of a source, and where it is.
    """

    source: ChartSourceRequest
    nodes: Node
    placed: PlacedRequest = field(init=False)

    def __post_init__(self) -> None:
        self.placed = PlacedRequest(self.source, self.document.path, self.slots())


@dataclass(frozen=True, slots=True)
class RemovedRelease:
    """A release of Flux v1 that goes, because one of Flux v2 is there for it.

    Attributes:
        release: that goes.
        twin: that is there.
        differences: the fields of its meaning that differ as they do in every release that is migrated.
    """

    release: ReadRelease
    twin: Twin
    differences: tuple[str, ...]


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
    removed: tuple[RemovedRelease, ...]


def read_releases(around: Surroundings, findings: FindingGroups) -> list[ReadRelease]:
    """Gives the releases that can be read, and says of all others why they stay.

    Args:
        around: what is known before.
        findings: where what stays is told.
    """
    repository, options = around.repository, around.options
    _tell_unread(repository, findings)
    releases: list[ReadRelease] = []
    old = {
        document.key: document
        for documents in repository.documents.values()
        for document in documents
        if is_old_release(document.manifest)
    }
    closures = patched_closures(around.clusters.builds.values(), old.keys())
    patches = {use.path for closure in closures.values() for use in closure.patches if use.path}
    for path, documents in sorted(repository.documents.items()):
        for document in documents:
            if runs_flux_1(document.manifest):
                findings.stop(document, "DA022", "the workload is Flux v1 itself, which Flux v2 would start")
            if _holds_releases(document):
                findings.stop(document, "RP008", "releases of Flux v1 stand in a list", ("items",))
            if document.key not in old or not is_in_scope(document, around):
                continue
            override, indices = override_for(findings.subject(document), options.overrides)
            findings.matched |= indices
            if override.leave or path in repository.errors:
                continue
            closure = closures.get(document.key)
            if closure is not None:
                _tell_patched(document, closure, repository, findings)
                continue
            if document.path in patches and document.key not in around.clusters.sightings:
                # The finding of its closure names it.
                continue
            if is_partial_release(document.manifest) and document.key not in around.clusters.sightings:
                _tell_unused_patch(document, findings)
                continue
            reason = _why_it_stays(document, around)
            if reason is None:
                release = _read_release(document, around, override, findings)
                if release is not None:
                    releases.append(release)
            elif not (reason[0] in override.accept and FINDINGS[reason[0]].acceptable):
                findings.stop(document, *reason)
    tell_of_scope(around, findings)
    return releases


def _tell_unread(repository: Repository, findings: FindingGroups) -> None:
    for path in repository.opaque:
        findings.say("RP002", "the file names the API of Flux v1 and is not UTF-8", path)
    for path, error in sorted(repository.errors.items()):
        lines = repository.old_lines(path)
        if lines and repository.chart_around(path) is not None:
            findings.say("RP001", "a chart's template makes a release of Flux v1", path, lines[0])
        elif lines or (repository.chart_around(path) is None and repository.marked_lines(path)):
            findings.say("RP003", f"the file stays as it is: {error.reason}", path, error.line or 1)


def _holds_releases(document: Document) -> bool:
    items = document.manifest.get("items")
    if not str(document.manifest.get("kind")).endswith("List") or not isinstance(items, list):
        return False
    return any(isinstance(item, dict) and is_old_release(item) for item in items)


def _tell_patched(
    document: Document, closure: Closure, repository: Repository, findings: FindingGroups
) -> None:
    first = closure.patches[0]
    shown = ", ".join(dict.fromkeys(use.path or use.kustomization for use in closure.patches))
    namespace, name = document.identity
    message = f"patches reach {len(closure.documents)} release(s), and patches are not converted: {shown}"
    group = f"{closure.documents[0]} {first.kustomization}"
    resource = f"{document.manifest.get('kind')} {namespace}/{name}"
    documents = [
        each
        for use in closure.patches
        for each in repository.documents.get(use.path, ())
        if each.index == use.document
    ]
    # They are of Flux v1 too, and stay as well.
    places = dict.fromkeys(f"{each.path}:{each.position(())[0]}" for each in documents)
    findings.add(document, resource, Notice("RP004", message, (), group), places)


def _tell_unused_patch(document: Document, findings: FindingGroups) -> None:
    message = "no chart is given: it looks like a patch, and nothing that is known is patched with it"
    resource = f"{document.manifest.get('kind')} {'/'.join(document.identity)}"
    findings.add(document, resource, Notice("HR061", message, ("spec",), "patch"))


def _why_it_stays(document: Document, around: Surroundings) -> tuple[str, str, tuple[str, ...]] | None:
    repository, clusters = around.repository, around.clusters
    if repository.chart_around(document.path) is not None:
        return "RP001", "the release belongs to a chart, whose values fill it in", ()
    sightings = clusters.sightings.get(document.key, ())
    if not sightings:
        return _why_unseen(document, around)
    broken = broken_build(sightings, clusters)
    if broken is not None:
        return "RP019", broken, ()
    unknown = unknown_generator(sightings, clusters)
    if unknown is not None:
        return "RP018", unknown, ()
    if "sops" in document.manifest:
        return "RP011", "sops signed the file, and no edit is signed", ("sops",)
    try:
        model = FluxHelmRelease if document.manifest["kind"] == "FluxHelmRelease" else HelmRelease
        model.model_validate(_to_validate(document))
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        path = tuple(str(part) for part in problem["loc"])
        return "RP006", f"{'.'.join(path) or 'the release'}: {problem['msg']}", path
    alias = aliased_dependency(document, around)
    if alias is not None:
        return "HR063", alias, ("spec", "chart", "path")
    return None


def _why_unseen(document: Document, around: Surroundings) -> tuple[str, str, tuple[str, ...]]:
    clusters, path = around.clusters, document.path
    if path in clusters.patch_files:
        return (
            "RP004",
            f"{clusters.patch_files[path]} patches with this file, and patches are not converted",
            (),
        )
    for build in clusters.builds.values():
        if path in build.files and not build.ok:
            problem = next(each for each in build.problems if each.fails)
            return "RP019", f"{problem.path}:{problem.line}: {problem.reason}", ()
    if clusters.given:
        return "RP012", "the file is under no sync path of the given clusters", ()
    return "RP012", "no kustomization that anything syncs lists the file", ()


def _to_validate(document: Document) -> dict[str, Any]:
    """Gives the manifest as the API server is to judge it, without values in which nothing could be wrong.

    They are most of a release, and the API asks only that they are an object of JSON: what was read from YAML
    is one, but for numbers that are not finite.
    """
    manifest = with_text_annotations(document.manifest)
    spec = manifest.get("spec")
    if (
        isinstance(spec, dict)
        and isinstance(spec.get("values"), dict)
        and not _NOT_FINITE.search(document.text)
    ):
        manifest["spec"] = {**spec, "values": {}}
    return manifest


def _read_release(
    document: Document, around: Surroundings, override: Override, findings: FindingGroups
) -> ReadRelease | None:
    """Reads a release as each cluster sees it; nothing where clusters see what one manifest cannot be."""
    try:
        found = draft_for_clusters(document, around, override)
    except ClustersDisagree as error:
        findings.stop(document, "RP020", error.reason, error.path)
        return None
    draft, settings = found.draft, found.settings
    sightings, names = found.sightings, found.names
    if draft.source is None or document.root is None or not (draft.answerable or not draft.stopped):
        return ReadRelease(document, draft, settings, override, sightings=sightings, names=names)
    return MigratingRelease(
        document, draft, settings, override, draft.source, document.root, sightings=sightings, names=names
    )


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
    existing: Sequence[ExistingSource],
    around: Surroundings,
    findings: FindingGroups,
) -> DecidedReleases:
    """Says what becomes of each release, and tells why those stay that would be one object twice.

    Args:
        releases: that could be read.
        existing: the sources of the repository.
        around: what is known before.
        findings: where what stays is told.
    """
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
                differing = ()
            removed.append(RemovedRelease(release, found[0], differing))
        elif isinstance(release, MigratingRelease):
            left.append(release)
        else:
            # What a release that stays would do under Flux v2 is no concern yet.
            for notice in release.draft.notices:
                if release.draft.stops(notice):
                    findings.add(release.document, release.resource, notice)
    left = _without_doubles(left, existing, around.options, findings)
    return DecidedReleases(
        tuple(release for release in left if not release.draft.stopped),
        tuple(release for release in left if release.draft.stopped),
        tuple(removed),
    )


def _differences_of_twins(
    release: ReadRelease, found: Sequence[Twin], twins: Twins, around: Surroundings
) -> tuple[str, ...]:
    """Gives the fields in which twins differ that may take a release over in all of its clusters."""
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
    by_release: dict[tuple[str, ...], set[DocumentKey]] = {}
    resources = {release.document.key: release.resource for release in releases}
    for release in releases:
        for each in _helm_releases(release):
            by_release.setdefault(each, set()).add(release.document.key)
    with_chart = _with_chart(releases, existing, options)
    clashing = clashing_names([release.placed for release in releases], existing, options)
    left: list[MigratingRelease] = []
    for release in releases:
        draft, own = release.draft, {release.resource}
        # One object in two files is told as such: it is no second release.
        same = {resources[key] for each in _helm_releases(release) for key in by_release[each]} - own
        charts = with_chart.get(release.document.key, set()) - own
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


def _helm_releases(release: MigratingRelease) -> Iterable[tuple[str, ...]]:
    names = release.draft.release_name
    for sighting in release.sightings:
        elsewhere = (
            each.release_name
            for each in release.names
            if any(step.path == each.kustomization for step in sighting.steps)
        )
        namespace = sighting.namespace or release.draft.namespace
        yield (sighting.cluster, names.storage_namespace or namespace, next(elsewhere, names.v1))


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
    references = name_sources([release.placed for release in releases], existing, options).references
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
