"""A migration from its parts: texts of documents, generated documents, edited kustomizations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fluxv2_migrate.applied.namespaces import settle_namespaces
from fluxv2_migrate.applied.pruning import tell_of_pruning
from fluxv2_migrate.applied.syncing import compare_sync_paths, tell_of_syncing
from fluxv2_migrate.applied.unsynced import tell_of_unsynced
from fluxv2_migrate.clusters import ClusterMap, DocumentKey
from fluxv2_migrate.cutover.expected_release import expected_releases
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.images.automation import MigratedImages
from fluxv2_migrate.images.texts import WorkloadText
from fluxv2_migrate.placement import PlacedRequest, common_style, image_object_text, source_text
from fluxv2_migrate.plan import Move
from fluxv2_migrate.releases.decisions import DecidedReleases
from fluxv2_migrate.releases.reading import with_text_annotations
from fluxv2_migrate.releases.texts import ConvertedReleases
from fluxv2_migrate.report.migration import MigratedManifest, Migration, MigrationContext
from fluxv2_migrate.repository.changes import Change
from fluxv2_migrate.repository.reading import Repository
from fluxv2_migrate.repository.removal import is_left_empty, removal_of
from fluxv2_migrate.repository.spans import with_spans
from fluxv2_migrate.rules import policy_comments
from fluxv2_migrate.single.helm_release import changes_of
from fluxv2_migrate.surroundings.known import Surroundings
from fluxv2_migrate.yaml_text import Style

__all__ = ["assemble"]

_Spans = dict[str, list[tuple[int, int, str]]]


def assemble(
    files: Mapping[str, str | bytes],
    around: Surroundings,
    converted: ConvertedReleases,
    decided: DecidedReleases,
    images: MigratedImages,
    findings: FindingGroups,
    context: MigrationContext,
) -> Migration:
    """Gives the migration.

    Args:
        files: the repository as it was.
        around: what is known of it.
        converted: the releases that are migrated.
        decided: the releases that go because their twin is there.
        images: the image automation, and the texts that are marked for it.
        findings: all that a person must know.
        context: what was inferred.
    """
    repository, layout = around.repository, converted.layout
    edits: _Spans = {}
    changes: list[Change] = []
    migrated: list[MigratedManifest] = []
    marked = {each.document.key: each for each in images.texts}
    for each in converted.texts:
        release, document, resource = each.release, each.release.document, each.release.resource
        text, value = each.text.text, each.text.value
        if document.key in marked:
            text, value = marked[document.key].text, dict(marked[document.key].value)
        end = document.start + len(document.text)
        edits.setdefault(document.path, []).append((document.start, end, text))
        for operation in each.plan:
            source = operation.source if isinstance(operation, Move) else operation.path
            line = document.position(source)[0]
            changes.append(changes_of(operation, resource, document.path, line, document.path))
        for named in release.names:
            because = ("metadata.namespace", "metadata.name")
            place = (document.path, document.line, because, named.kustomization, "spec.releaseName")
            changes.append(Change("release-name-in-kustomization", resource, *place))
        manifest = with_text_annotations(value)
        cluster = _cluster(release.clusters, around.clusters)
        migrated.append(MigratedManifest(manifest, document.path, resource, cluster))
    releases = {each.release.document.key for each in converted.texts}
    for written in images.texts:
        document = written.document
        if document.key not in releases:
            edits.setdefault(document.path, []).append(written.span)
        changes += _changes_of_images(written)
    deleted = _remove(decided, repository, edits, changes)
    changed = {path: with_spans(repository.texts[path], spans) for path, spans in edits.items()}
    created: dict[str, str] = {}
    style = common_style([repository.texts[path] for path in sorted(edits)])
    comments_of: dict[PlacedRequest, list[tuple[str, str]]] = {}
    for each in converted.texts:
        if each.text.comments:
            comments_of.setdefault(each.release.placed, []).extend(each.text.comments)
    for generated in layout.generated:
        comments = [comment for member in generated.source.members for comment in comments_of.get(member, ())]
        text = source_text(generated.manifest, comments, style)
        _append(generated.file, text, changed, created, repository, style)
        cluster = _cluster(generated.clusters, around.clusters)
        migrated.append(MigratedManifest(generated.manifest, generated.file, cluster=cluster))
        reference = generated.source.reference
        made = f"{reference.kind} {reference.namespace}/{reference.name}"
        changes.append(Change("source", made, "", 1, (), generated.file, ""))
    comments_of_filters: dict[tuple[DocumentKey, str], list[str]] = {}
    for written in images.texts:
        for to, comment in written.comments:
            comments_of_filters.setdefault((written.document.key, to), []).append(comment)
    for placed in images.objects:
        of_filter = [
            comment
            for key, container in placed.containers
            for comment in comments_of_filters.get((key, policy_comments(container)), ())
        ]
        text = image_object_text(placed.manifest, of_filter, style)
        _append(placed.file, text, changed, created, repository, style)
        cluster = _cluster(placed.clusters, around.clusters)
        migrated.append(MigratedManifest(placed.manifest, placed.file, cluster=cluster))
        metadata = placed.manifest["metadata"]
        made = f"{placed.kind} {metadata['namespace']}/{metadata['name']}"
        changes.append(Change("image-automation", made, "", 1, (), placed.file, ""))
    applied = compare_sync_paths(around)
    kustomizations = dict(images.kustomizations)
    changes += settle_namespaces(applied, around, changed, created, kustomizations, findings)
    for path, text in kustomizations.items():
        (changed if path in repository.texts else created)[path] = text
        changes.append(Change("kustomization", f"Kustomization {path}", path, 1, (), path, "resources"))
    is_something_done = bool(converted.texts or decided.waiting or images.texts)
    tell_of_syncing(applied, around, findings, created=created, is_something_done=is_something_done)
    going = {each.release.document.key for each in converted.texts}
    going |= {each.release.document.key for each in decided.removed}
    tell_of_pruning(going, around, findings)
    tell_of_unsynced(going, around, findings)
    findings.tell_unmatched()
    after: dict[str, str | bytes] = {path: text for path, text in files.items() if path not in deleted}
    for path, text in {**changed, **created}.items():
        after[path] = text.encode("utf-8") if isinstance(files.get(path), bytes) else text
    return Migration(
        files=after,
        changed=changed,
        created=created,
        deleted=tuple(sorted(deleted)),
        findings=findings.all(),
        changes=tuple(changes),
        manifests=tuple(migrated),
        prerequisites=images.prerequisites,
        context=context,
        before={path: repository.texts[path] for path in {*changed, *deleted}},
        expected=tuple(expected_releases(converted, around)),
        inventories=around.inventories(),
        declared={key: tuple(fields) for key, fields in sorted(findings.declared.items())},
    )


def _append(
    path: str,
    text: str,
    changed: dict[str, str],
    created: dict[str, str],
    repository: Repository,
    style: Style,
) -> None:
    """Puts a document behind what a file holds."""
    if path in changed or path in repository.texts:
        before = changed.get(path, repository.texts.get(path, ""))
        # The file's own line ends, whatever those of most files are.
        own = common_style([before]).newline
        gap = "" if before.endswith("\n") else own
        changed[path] = before + gap + text.replace(style.newline, own)
    else:
        created[path] = created.get(path, "") + text


def _changes_of_images(written: WorkloadText) -> Iterator[Change]:
    path, document = written.document.path, written.document
    for each in written.objects:
        for operation in each.draft.operations:
            source = operation.source if isinstance(operation, Move) else operation.path
            yield changes_of(operation, each.draft.resource, path, document.position(source)[0], path)
    for use, marker in written.markers:
        if marker.changed:
            target = ".".join(map(str, marker.path))
            line = document.position(tuple(map(str, marker.path)))[0]
            yield Change("marker", use.resource, path, line, (target,), path, target)


def _cluster(names: Sequence[str], clusters: ClusterMap) -> str:
    return "" if len(set(names)) == len(clusters.clusters) else ", ".join(names)


def _remove(
    decided: DecidedReleases, repository: Repository, edits: _Spans, changes: list[Change]
) -> set[str]:
    """Takes the releases out that have a twin, and gives the files of which nothing is left."""
    removals: _Spans = {}
    for each in decided.removed:
        document = each.release.document
        removals.setdefault(document.path, []).append(removal_of(document))
        line, there = document.position(())[0], each.twin.document.path
        changes.append(Change("twin", each.release.resource, document.path, line, (), there, ""))
    deleted: set[str] = set()
    for path, spans in removals.items():
        bare = [*edits.get(path, ()), *((start, end, "") for start, end, _ in spans)]
        if is_left_empty(with_spans(repository.texts[path], bare)):
            deleted.add(path)
        else:
            edits.setdefault(path, []).extend(spans)
    return deleted
