"""The releases of Flux v1 that a repository holds, as clusters see them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError

from fluxv2_migrate.clusters import (
    Closure,
    Sighting,
    broken_build,
    patched_closures,
    unknown_generator,
)
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.findings.notice import Notice
from fluxv2_migrate.flux1 import FluxHelmRelease, HelmRelease
from fluxv2_migrate.meaning.release_names import resolve_release_name
from fluxv2_migrate.placement import PlacedRequest
from fluxv2_migrate.releases.chart_dependencies import aliased_dependency
from fluxv2_migrate.releases.drafts import ClustersDisagree, NameElsewhere, draft_for_clusters
from fluxv2_migrate.repository.documents import Document
from fluxv2_migrate.repository.reading import (
    Repository,
    is_old_release,
    is_partial_release,
    misspelt_api,
)
from fluxv2_migrate.rules import ChartSourceRequest, ReleaseDraft
from fluxv2_migrate.settings.of_clusters import ReleaseSettings
from fluxv2_migrate.settings.options import Override
from fluxv2_migrate.surroundings.known import Surroundings
from fluxv2_migrate.surroundings.scope import is_in_scope, is_item_in_scope, tell_of_scope
from fluxv2_migrate.surroundings.unread import tell_of_unread
from fluxv2_migrate.yaml_text import Node

__all__ = [
    "MigratingRelease",
    "ReadRelease",
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

    def name_in(self, sighting: Sighting) -> str:
        """Gives the release name under which it runs in a cluster.

        Args:
            sighting: how that cluster sees it.
        """
        if not self.names:
            return self.draft.release_name.v1
        manifest = sighting.manifest
        spec = manifest.get("spec")
        given = spec if isinstance(spec, Mapping) else {}
        return resolve_release_name(
            name=sighting.name,
            namespace=sighting.namespace or self.draft.namespace,
            release_name=self.override.release_name or given.get("releaseName"),
            target_namespace=given.get("targetNamespace"),
            api_version=str(manifest.get("apiVersion")),
        ).v1

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


def read_releases(around: Surroundings, findings: FindingGroups) -> list[ReadRelease]:
    """Gives the releases that can be read, and says of all others why they stay.

    Args:
        around: what is known before.
        findings: where what stays is told.
    """
    repository = around.repository
    tell_of_unread(around, findings)
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
            if around.clusters.runs_flux_1(document):
                findings.stop(document, "DA022", "it is Flux v1 itself, which Flux v2 would start again")
                continue
            if document.key not in old:
                _tell_of_others(document, around, findings)
                continue
            if not is_in_scope(document, around):
                continue
            override = findings.decided(document)
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
            elif reason[0] == "RP035":
                _tell_left(document, reason[1], findings)
            else:
                findings.stop(document, *reason)
    tell_of_scope(around, findings)
    return releases


def _tell_of_others(document: Document, around: Surroundings, findings: FindingGroups) -> None:
    """Says of what is no release by itself that it holds some, or was meant to be one."""
    manifest = document.manifest
    held = [item for item in _items(manifest) if is_old_release(item)]
    misspelt = misspelt_api(manifest) if around.repository.chart_around(document.path) is None else None
    if not held and misspelt is None:
        return
    if not (is_in_scope(document, around) or any(is_item_in_scope(item, document, around) for item in held)):
        return
    if findings.decided(document).leave:
        return
    if held:
        findings.stop(document, "RP008", "releases of Flux v1 stand in a list", ("items",))
    if misspelt is not None:
        findings.stop(document, "RP040", f"{misspelt}: fluxd applied nothing of it", ("apiVersion",))


def _tell_left(document: Document, why: str, findings: FindingGroups) -> None:
    """Says that a release stays in v1 form; those of one folder are one question."""
    namespace, name = document.identity
    resource = f"{document.manifest.get('kind')} {namespace}/{name}"
    group = f"{why} {posixpath.dirname(document.path)}"
    findings.add(document, resource, Notice("RP035", why, (), group, Override(leave=True)))


def _items(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    items = manifest.get("items") if str(manifest.get("kind")).endswith("List") else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


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
    if any(not sighting.name for sighting in sightings):
        return "RP006", "metadata.name: the release has no name", ("metadata",)
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
        return "RP035", "the file is under no sync path of the given clusters", ()
    return "RP035", "no kustomization that anything syncs lists the file", ()


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
