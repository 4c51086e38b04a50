"""A migration from its parts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fluxv2_migrate.applied.references import MigratedRelease, tell_of_result
from fluxv2_migrate.applied.result import Result, tell_of_broken_kustomizations
from fluxv2_migrate.clusters import DocumentKey
from fluxv2_migrate.cutover.expected_release import expected_releases, manifests_of_clusters
from fluxv2_migrate.cutover.left_releases import LeftReleases
from fluxv2_migrate.cutover.syncs import SyncLayout
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.flux2.constraints import refused_fields
from fluxv2_migrate.flux2.releases import is_of_flux2
from fluxv2_migrate.given import as_text, like_given
from fluxv2_migrate.images.automation import MigratedImages
from fluxv2_migrate.images.git_syncs import source_ignores
from fluxv2_migrate.kubernetes import mapping_at
from fluxv2_migrate.placement import Generated, Needed, note_needed
from fluxv2_migrate.releases.decisions import DecidedReleases
from fluxv2_migrate.releases.patch_texts import ReleaseText
from fluxv2_migrate.releases.patched import PatchedRelease
from fluxv2_migrate.releases.reading import with_text_annotations
from fluxv2_migrate.releases.release import ReadRelease
from fluxv2_migrate.releases.texts import ConvertedReleases
from fluxv2_migrate.report.context import MigrationContext
from fluxv2_migrate.report.declared import DeclaredFields, sources_by_key
from fluxv2_migrate.report.finding_list import Findings
from fluxv2_migrate.report.migration import MigratedManifest, Migration, StayingRelease
from fluxv2_migrate.repository.reading import Document, is_old_release, is_partial_release
from fluxv2_migrate.repository.workspace import Workspace
from fluxv2_migrate.surroundings.known import Surroundings


def tell_of_outcome(
    around: Surroundings,
    workspace: Workspace,
    converted: ConvertedReleases,
    decided: DecidedReleases,
    images: MigratedImages,
    syncs: SyncLayout,
    findings: FindingGroups,
    told: Collection[str],
) -> None:
    """Says what clusters do not get of what was converted and made.

    Args:
        told: files of which it is told already that kustomizations leave them out.
    """
    result = Result(around.clusters, around.repository, workspace.differing, source_ignores(around))
    made = (*converted.layout.generated, *images.objects, *syncs.generated)
    # Where sync paths are guesses, a twin that lies outside of them may be applied nevertheless.
    removed = decided.removed if around.clusters.given else ()
    migrated = [
        *(replace(_migrated(each.release), specs=_specs(each)) for each in converted.texts),
        *(_migrated(each.release, each.twin.document) for each in removed),
    ]
    tell_of_result(result, migrated, made, findings, told)
    tell_of_broken_kustomizations(result, findings)
    around.clusters.tree.let_trials_go()


def _migrated(release: ReadRelease, twin: Document | None = None) -> MigratedRelease:
    document = release.document
    seen = tuple((sighting, release.name_in(sighting)) for sighting in release.sightings)
    place = "" if twin is None else f"{twin.path}:{twin.line}"
    return MigratedRelease(document, release.resource, seen, place)


def _specs(text: ReleaseText) -> Mapping[str, Mapping[str, Any]]:
    """Gives the spec that each cluster must get of a release without patches; others were built to check."""
    if isinstance(text.release, PatchedRelease):
        return {}
    return {name: mapping_at(text.seen_by(name), "spec") for name in text.release.clusters}


def assemble(
    files: Mapping[str, str | bytes],
    around: Surroundings,
    workspace: Workspace,
    converted: ConvertedReleases,
    images: MigratedImages,
    syncs: SyncLayout,
    left: Mapping[str, LeftReleases],
    findings: FindingGroups,
    context: MigrationContext,
    originals: Mapping[str, str],
    staying: tuple[StayingRelease, ...],
) -> Migration:
    """Gives the migration.

    Args:
        originals: the texts of files that were written as Flux v1 read them before anything else was done.
    """
    made = (*converted.layout.generated, *images.objects, *syncs.generated)
    _tell_refused(made, around, findings)
    manifests = tuple(_manifests(made, around, converted))
    needed: Needed = {}
    note_needed(needed, (*images.prerequisites, *syncs.prerequisites))
    before = {**around.repository.texts, **originals}
    created, deleted = workspace.created, workspace.deleted
    texts = {path: workspace.text(path) for path in (*workspace.changed, *originals)}
    changed = {path: text for path, text in texts.items() if text is not None and text != before[path]}
    return Migration(
        # What was written as Flux v1 read it, and is not kept so, stands as it was.
        files=_files_after(files, {**originals, **changed, **created}, deleted),
        changed=changed,
        created=created,
        deleted=deleted,
        findings=Findings(findings.all()),
        changes=workspace.changes,
        _written=manifests,
        prerequisites=tuple(needed.values()),
        context=context,
        before={path: before[path] for path in {*changed, *deleted}},
        staying=staying,
        expected=tuple(expected_releases(converted, around)),
        syncs=syncs.syncs,
        left=tuple(left.values()),
        inventories=around.inventories(),
        _declared_fields=_declared(around, converted, manifests, findings),
    )


def _declared(
    around: Surroundings,
    converted: ConvertedReleases,
    manifests: Sequence[MigratedManifest],
    findings: FindingGroups,
) -> DeclaredFields:
    """Gives what differs as findings say, with the releases as clusters get them."""
    sources = [document.manifest for document in around.repository.source_documents()]
    sources += [each.manifest for each in manifests if each.manifest["kind"] != "HelmRelease"]
    built = {
        (text.release.document.path, text.release.resource): tuple(manifests_of_clusters(text))
        for text in converted.texts
        if len({(each.namespace, each.name) for each in text.release.sightings}) > 1
        or any(each.patches for each in text.release.sightings)
    }
    written = {(each.path, each.before): (("", each.manifest),) for each in manifests}
    namespaces = {around.settings(view).default_namespace for view in around.clusters.clusters}
    return DeclaredFields(
        dict(sorted(findings.declared.items())),
        {**written, **built},
        sources_by_key(sources),
        around.versions,
        namespaces.pop() if len(namespaces) == 1 else "",
        frozenset(built),
    )


def over_given_files(
    migration: Migration,
    files: Mapping[str, str | bytes],
    prepared: Mapping[str, str],
    deleted: Collection[str],
) -> Migration:
    """Gives a migration as one of the given files, where a prepared copy of them was migrated.

    Args:
        prepared: the files that were written or changed before; those that count.
        deleted: files that go, because nothing of them is left to do.
    """
    left = {*migration.deleted, *deleted}
    texts = {**prepared, **migration.changed, **migration.created}
    # What was written before, of patches of Flux v1 itself, leaves with it.
    texts = {path: text for path, text in texts.items() if path not in left}
    gone = {path for path in left if path in files}
    changed = {path: text for path, text in texts.items() if path in files and text != as_text(files[path])}
    created = {path: text for path, text in texts.items() if path not in files}
    return replace(
        migration,
        files=_files_after(files, {**changed, **created}, gone),
        changed=changed,
        created=created,
        deleted=tuple(sorted(gone)),
        before={path: as_text(files[path]) for path in {*changed, *gone}},
    )


def _files_after(
    files: Mapping[str, str | bytes], texts: Mapping[str, str], gone: Collection[str]
) -> dict[str, str | bytes]:
    """Gives a repository with other texts, and without the files that go."""
    after = {path: content for path, content in files.items() if path not in gone}
    after |= {path: like_given(text, files.get(path)) for path, text in texts.items() if path not in gone}
    return after


def staying_releases(around: Surroundings, going: Collection[DocumentKey]) -> Iterator[StayingRelease]:
    """Gives the releases of Flux v1 that are left as they are; patches of releases are none.

    Args:
        going: the documents of those that are migrated, that Flux v2 has already, or that ran Flux v1 itself.
    """
    made = around.clusters.outputs
    for path, documents in sorted(around.repository.documents.items()):
        for document in documents if path not in made else ():
            manifest = document.manifest
            if document.key in going or not is_old_release(manifest) or is_partial_release(manifest):
                continue
            seen = around.clusters.sightings.get(document.key, ())
            if path in around.clusters.patch_files and not seen:
                continue
            clusters = tuple(sorted({sighting.cluster for sighting in seen}))
            yield StayingRelease(document.resource, path, document.line, clusters)


def _tell_refused(made: Iterable[Generated], around: Surroundings, findings: FindingGroups) -> None:
    """Says of generated objects that the API server refuses them; a release like that is held back before."""
    for each in made:
        for field, reason in refused_fields(each.manifest, around.oldest(each.clusters)):
            findings.say("RP042", f"{field} of {each.resource} {reason}", each.file)


def _manifests(
    made: Iterable[Generated], around: Surroundings, converted: ConvertedReleases
) -> Iterator[MigratedManifest]:
    for each in converted.texts:
        release = each.release
        for seen, names in each.results or ((each.text.value, release.clusters),):
            cluster = around.clusters.told(names)
            yield MigratedManifest(
                with_text_annotations(seen), release.document.path, release.resource, cluster
            )
    for generated in made:
        # ConfigMaps that hold values are made, too.
        if is_of_flux2(generated.manifest):
            cluster = around.clusters.told(generated.clusters)
            yield MigratedManifest(generated.manifest, generated.file, cluster=cluster)
