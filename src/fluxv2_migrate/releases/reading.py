"""The releases of Flux v1 that a repository holds, as clusters see them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from fluxv2_migrate.clusters import DocumentKey, Sighting, broken_build, patched_closures, unknown_generator
from fluxv2_migrate.clusters.obstacles import clusters_patching_elsewhere
from fluxv2_migrate.findings.groups import FindingGroups, Notice
from fluxv2_migrate.flux1 import FluxHelmRelease, HelmRelease
from fluxv2_migrate.flux1.placeholders import placeholder_in_comment, placeholder_of_release
from fluxv2_migrate.kubernetes import annotations_of, fault_of, objects_in
from fluxv2_migrate.releases.chart_dependencies import aliased_dependency
from fluxv2_migrate.releases.closures import read_closure
from fluxv2_migrate.releases.patched import in_builds
from fluxv2_migrate.releases.release import (
    ClustersDisagree,
    MigratingRelease,
    ReadRelease,
    draft_for_clusters,
)
from fluxv2_migrate.releases.ties import Ties
from fluxv2_migrate.repository.reading import Document, is_old_release, is_partial_release, misspelt_api
from fluxv2_migrate.settings.options import Override
from fluxv2_migrate.surroundings.known import (
    Surroundings,
    is_in_scope,
    is_item_in_scope,
    tell_of_scope,
    tell_of_unread,
)

# Go and Python read no other spelling as a number; in text of values they may stand in a word, too.
_NOT_FINITE: Final = re.compile(r"\.(?:inf|nan)", re.IGNORECASE)


def read_releases(around: Surroundings, findings: FindingGroups, ties: Ties) -> list[ReadRelease]:
    """Gives the releases that can be read, and says of all others why they stay."""
    repository = around.repository
    tell_of_unread(around, findings)
    releases: list[ReadRelease] = []
    old = {each.key: each for each in repository.every_document() if is_old_release(each.manifest)}
    closures = patched_closures(around.clusters.builds, old.keys())
    patches = {use.path for closure in closures.values() for use in closure.patches if use.path}
    overrides: dict[DocumentKey, Override] = {}
    outputs = around.clusters.outputs
    for path, documents in sorted(repository.documents.items()):
        for document in documents if path not in outputs else ():
            if around.clusters.runs_flux_1(document) and not _lists_releases(document):
                # What becomes of Flux v1 itself is decided last, when it is known what is left.
                continue
            if document.key not in old:
                _tell_of_others(document, around, findings)
                continue
            if not is_in_scope(document, around):
                continue
            override = findings.decided(document)
            if override.leave or path in repository.errors:
                continue
            if document.key in closures:
                overrides[document.key] = override
                continue
            if document.path in patches and document.key not in around.clusters.sightings:
                # The finding of its closure names it.
                continue
            release = _release_unless_it_stays(document, around, override, findings)
            if release is not None:
                releases.append(release)
    for closure in {id(each): each for each in closures.values()}.values():
        releases += read_closure(closure, overrides, around, findings, _why_it_stays, ties)
    tell_of_scope(around, findings)
    return sorted(releases, key=lambda each: each.document.key)


def _lists_releases(document: Document) -> bool:
    """Gives whether a document is a list in which releases of Flux v1 stand."""
    return any(is_old_release(each) for each in _items(document.manifest))


def _release_unless_it_stays(
    document: Document, around: Surroundings, override: Override, findings: FindingGroups
) -> ReadRelease | None:
    """Gives the release of a document on its own; where it stays as it is, says why."""
    if document.key not in around.clusters.sightings and is_partial_release(document.manifest):
        _tell_unused_patch(document, around, findings)
        return None
    reason = _why_it_stays(document, around)
    is_patch = document.path in around.clusters.patch_files
    if reason is None:
        return _read_release(document, around, override, findings)
    if is_patch and reason[0] == "RP035":
        _tell_unused_patch(document, around, findings)
    elif reason[0] == "RP035":
        _tell_left(document, reason[1], findings)
    elif reason[0] != "RP018":
        # Of a command it is told once, where it stands.
        findings.stop(document, *reason)
    return None


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
    built = list(around.clusters.built(removed=True)) if held else []
    is_built = any(each.path == document.path for each in built)
    if held and document.path in around.clusters.patch_files and not is_built:
        # What is patched with it says so.
        if not any(use.path == document.path for each in built for use in each.patches):
            _tell_unused_patch(document, around, findings)
    elif held:
        findings.stop(document, "RP008", "releases of Flux v1 stand in a list", ("items",))
    if misspelt is not None:
        findings.stop(document, "RP040", f"{misspelt}: fluxd applied nothing of it", ("apiVersion",))


def _tell_left(document: Document, why: str, findings: FindingGroups) -> None:
    """Says that a release stays in v1 form; those of one folder are one question."""
    group = f"{why} {posixpath.dirname(document.path)}"
    findings.add(document, document.resource, Notice("RP035", why, (), group, Override(leave=True)))


def _items(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Gives the items of a list, and those of a list in it, which kustomize takes apart and fluxd did not."""
    items = [item for at, item in objects_in(manifest) if at]
    return [*items, *(each for item in items for each in _items(item))]


def _tell_unused_patch(document: Document, around: Surroundings, findings: FindingGroups) -> None:
    if clusters_patching_elsewhere(document, around.clusters):
        message = "it patches a release that is not in the repository, and which stays one of Flux v1"
        findings.stop(document, "RP029", message)
        return
    message = "it is a patch, or looks like one, and nothing that is known is patched with it"
    findings.add(document, document.resource, Notice("RP070", message, ("spec",), "patch"))


def _why_it_stays(
    document: Document, around: Surroundings, put_over: Iterable[Sighting] = ()
) -> tuple[str, str, tuple[str, ...]] | None:
    """Gives why nobody need ask a rule about a release; nothing where the rules decide.

    Args:
        put_over: the release as Kustomizations of Flux v2 patch it, beside how clusters see it; of one that
            patches take out everywhere, as clusters would see it.
    """
    repository, clusters = around.repository, around.clusters
    if repository.chart_around(document.path) is not None:
        return "RP001", "the release belongs to a chart, whose values fill it in", ()
    sightings, over = clusters.sightings.get(document.key, ()), tuple(put_over)
    if not sightings and not over:
        return _why_unseen(document, around)
    unknown = unknown_generator(sightings, clusters)
    if unknown is not None:
        return "RP018", unknown, ()
    broken = broken_build(sightings, clusters)
    if broken is not None:
        return "RP019", broken, ()
    if "sops" in document.manifest:
        return "RP011", "sops signed the file, and no edit is signed", ("sops",)
    filled = placeholder_in_comment(document.text)
    if filled is not None:
        return "RP063", filled.message, ()
    refused = _refused(document, sightings) or (_refused(document, over) if over else None)
    if refused is not None:
        filled = placeholder_of_release(document.manifest)
        return refused if filled is None else ("RP063", filled.message, filled.field)
    if any(not sighting.name for sighting in sightings):
        return "RP006", "metadata.name: the release has no name", ("metadata",)
    alias = aliased_dependency(document, around)
    if alias is not None:
        return "HR063", alias, ("spec", "chart", "path")
    return None


def _refused(document: Document, sightings: Sequence[Sighting]) -> tuple[str, str, tuple[str, ...]] | None:
    """Gives the field for which the API server refuses a release, as it is written or as patches make it."""
    model = FluxHelmRelease if document.manifest["kind"] == "FluxHelmRelease" else HelmRelease
    try:
        for manifest in _to_validate(document, sightings):
            model.model_validate(manifest)
    except ValidationError as error:
        path, reason = fault_of(error)
        is_patched = any(each.patches for each in sightings) and _refused(document, ()) is None
        where = f"{'.'.join(path) or 'the release'}{', as it is patched' if is_patched else ''}"
        return "RP006", f"{where}: {reason}", path
    return None


def _why_unseen(document: Document, around: Surroundings) -> tuple[str, str, tuple[str, ...]]:
    clusters, path = around.clusters, document.path
    for build in clusters.builds.values():
        if path in build.files and not build.ok:
            return "RP019", str(build.failure), ()
    if clusters.given:
        return "RP035", "the file is under no sync path of the given clusters", ()
    return "RP035", "no kustomization that anything syncs lists the file", ()


def _to_validate(document: Document, sightings: Iterable[Sighting]) -> Iterator[Mapping[str, Any]]:
    """Gives the manifest as the API server is to judge it, without values in which nothing could be wrong.

    They are most of a release, and the API asks only that they are an object of JSON: what was read from YAML
    is one, but for numbers that are not finite.
    """
    patched = [sighting.manifest for sighting in sightings if sighting.patches]
    for each in patched or [document.manifest]:
        manifest = with_text_annotations(each)
        spec = manifest.get("spec")
        if (
            isinstance(spec, dict)
            and isinstance(spec.get("values"), dict)
            and not _NOT_FINITE.search(document.text)
        ):
            manifest = {**manifest, "spec": {**spec, "values": {}}}
        yield manifest


def _read_release(
    document: Document, around: Surroundings, override: Override, findings: FindingGroups
) -> ReadRelease | None:
    """Reads a release as each cluster sees it; nothing where clusters see what one manifest cannot be."""
    try:
        found = draft_for_clusters(document, around, override)
    except ClustersDisagree as error:
        release = in_builds(document, around, override)
        if release is None:
            findings.stop(document, "RP020", error.reason, error.path)
        return release
    draft, settings = found.draft, found.settings
    sightings, names = found.sightings, found.names
    if draft.source is None or not (draft.answerable or not draft.stopped):
        return ReadRelease(document, draft, settings, override, sightings=sightings, names=names)
    return MigratingRelease(
        document, draft, settings, override, draft.source, sightings=sightings, names=names
    )


def with_text_annotations(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """Gives a manifest whose annotations are texts, as fluxd also read those that Kubernetes refuses.

    Args:
        manifest: itself, where they are.

    >>> with_text_annotations({"metadata": {"annotations": {"fluxcd.io/ignore": True}}})
    {'metadata': {'annotations': {'fluxcd.io/ignore': 'true'}}}
    """
    annotations = annotations_of(manifest)
    if all(value is None or isinstance(value, str) for value in annotations.values()):
        return manifest
    texts = {
        key: value if value is None or isinstance(value, str) else _text(value)
        for key, value in annotations.items()
    }
    return {**manifest, "metadata": {**manifest["metadata"], "annotations": texts}}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
