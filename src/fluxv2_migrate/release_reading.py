"""The releases of Flux v1 that a repository holds, and those that can be migrated."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from pydantic import ValidationError
from ruamel.yaml.nodes import Node

from fluxv2_migrate.documents import Document
from fluxv2_migrate.finding_groups import FindingGroups
from fluxv2_migrate.flux1 import HelmRelease
from fluxv2_migrate.flux2.releases import FluxVersion
from fluxv2_migrate.options import MigrationOptions, Override
from fluxv2_migrate.placement import PlacedRequest
from fluxv2_migrate.repository import Repository, is_old_release, runs_flux_1
from fluxv2_migrate.rules import ChartSourceRequest, ReleaseDraft, draft_helm_release
from fluxv2_migrate.sync_roots import is_synced, root_of

__all__ = ["MigratingRelease", "read_releases", "with_text_annotations", "without_doubles"]

# Go and Python read no other spelling as a number; in text of values they may stand in a word, too.
_NOT_FINITE: Final = re.compile(r"\.(?:inf|nan)", re.IGNORECASE)


@dataclass(slots=True)
class MigratingRelease:
    """A release of Flux v1 on its way.

    Attributes:
        document: where it stands.
        draft: what becomes of it.
        source: what it needs of a source.
        nodes: of the document.
        root: the sync path that reaches its file.
    """

    document: Document
    draft: ReleaseDraft
    source: ChartSourceRequest
    nodes: Node
    root: str = ""

    @property
    def resource(self) -> str:
        """Names it as findings do."""
        return f"HelmRelease {self.draft.namespace}/{self.draft.name}"

    @property
    def placed(self) -> PlacedRequest:
        """What it needs of a source, and where it stands."""
        return PlacedRequest(self.source, self.draft.namespace, self.document.path, self.root)


def read_releases(
    repository: Repository, options: MigrationOptions, flux_version: FluxVersion, findings: FindingGroups
) -> list[MigratingRelease]:
    """Gives the releases that can be migrated, and says of all others why they stay.

    Args:
        repository: as it was read.
        options: how to migrate.
        flux_version: the Flux release that will run.
        findings: where what stays is told.
    """
    _tell_unread(repository, findings)
    releases: list[MigratingRelease] = []
    matched: set[int] = set()
    for path, documents in sorted(repository.documents.items()):
        for document in documents:
            if runs_flux_1(document.manifest):
                findings.stop(document, "DA022", "the workload is Flux v1 itself, which Flux v2 would start")
            if _holds_releases(document):
                findings.stop(document, "RP008", "releases of Flux v1 stand in a list", ("items",))
            if not is_old_release(document.manifest):
                continue
            override = _override_for(document, options, matched)
            if override.leave or path in repository.errors:
                continue
            reason = _why_it_stays(document, repository, options)
            if reason is not None:
                findings.stop(document, *reason)
                continue
            release = _read_release(document, options, flux_version, override, findings)
            if release is not None:
                releases.append(release)
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


def _override_for(document: Document, options: MigrationOptions, matched: set[int]) -> Override:
    namespace, name = document.identity
    given: dict[str, Any] = {}
    accepted: tuple[str, ...] = ()
    for index, override in enumerate(options.overrides):
        if (
            fnmatchcase(namespace or options.default_namespace or "", override.namespace)
            and fnmatchcase(name, override.name)
            and fnmatchcase(document.path, override.path)
        ):
            matched.add(index)
            accepted += override.accept
            given.update(override.model_dump(exclude_defaults=True))
    return Override(**{**given, "accept": accepted})


def _why_it_stays(
    document: Document, repository: Repository, options: MigrationOptions
) -> tuple[str, str, tuple[str, ...]] | None:
    if repository.chart_around(document.path) is not None:
        return "RP001", "the release belongs to a chart, whose values fill it in", ()
    if document.path in repository.kustomized:
        return "RP004", f"{repository.kustomized[document.path]} lists or patches with this file", ()
    if options.sync_roots and not is_synced(document.path, options.sync_roots):
        return "RP012", "the file is under none of the given sync paths", ()
    if document.manifest["kind"] == "FluxHelmRelease":
        return "HR002", "where its chart is stands in the operator's flags", ()
    if "sops" in document.manifest:
        return "RP011", "sops signed the file, and no edit is signed", ("sops",)
    try:
        HelmRelease.model_validate(_to_validate(document))
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        path = tuple(str(part) for part in problem["loc"])
        return "RP006", f"{'.'.join(path) or 'the release'}: {problem['msg']}", path
    return None


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
    document: Document,
    options: MigrationOptions,
    flux_version: FluxVersion,
    override: Override,
    findings: FindingGroups,
) -> MigratingRelease | None:
    draft = draft_helm_release(document.manifest, options, flux_version, override)
    if draft.stopped or draft.source is None or document.root is None:
        # What a release that stays would do under Flux v2 is no concern yet.
        for notice in draft.notices:
            if draft.stops(notice):
                findings.add(document, f"HelmRelease {draft.namespace}/{draft.name}", notice)
        return None
    return MigratingRelease(document, draft, draft.source, document.root)


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


def without_doubles(
    releases: Sequence[MigratingRelease],
    repository: Repository,
    roots: Sequence[str],
    options: MigrationOptions,
    findings: FindingGroups,
) -> list[MigratingRelease]:
    """Leaves out what would be one Helm release, or one chart, under two objects."""
    by_release: dict[tuple[str, ...], set[str]] = {}
    by_chart: dict[tuple[str, ...], set[str]] = {}
    for release in releases:
        by_release.setdefault(_helm_release(release), set()).add(release.resource)
        by_chart.setdefault(_helm_chart(release, options), set()).add(release.resource)
    twins: dict[tuple[str, str], set[str]] = {}
    for document in repository.new_releases():
        twins.setdefault(document.identity, set()).add(root_of(document.path, roots))
    left: list[MigratingRelease] = []
    for release in releases:
        draft = release.draft
        same = by_release[_helm_release(release)] - {release.resource}
        charts = by_chart[_helm_chart(release, options)] - {release.resource}
        # One under no sync path that is known may be anybody's, this cluster's too.
        if twins.get((draft.namespace, draft.name), set()) & {release.root, ""}:
            findings.stop(release.document, "RP007", "a v2 release of the same name and namespace is there")
        elif same:
            message = f"{', '.join(sorted(same))} has the same release name {draft.release_name.v1!r}"
            findings.stop(release.document, "HR113", message, ("spec", "releaseName"))
        elif charts:
            message = f"{', '.join(sorted(charts))} has the HelmChart {draft.namespace}-{draft.name} too"
            findings.stop(release.document, "HR114", message, ("metadata", "name"))
        else:
            left.append(release)
    return left


def _helm_release(release: MigratingRelease) -> tuple[str, ...]:
    names = release.draft.release_name
    return (release.root, names.storage_namespace or release.draft.namespace, names.v1)


def _helm_chart(release: MigratingRelease, options: MigrationOptions) -> tuple[str, ...]:
    # helm-controller makes the HelmChart in the namespace of the source.
    draft = release.draft
    namespace = options.flux_namespace if options.sources.namespace == "flux" else draft.namespace
    return (release.root, namespace, f"{draft.namespace}-{draft.name}")
