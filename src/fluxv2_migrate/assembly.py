"""A migration from its parts: texts of documents, generated documents, edited kustomizations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from fluxv2_migrate.clusters import AppliedDifferences, ClusterMap, SyncPath
from fluxv2_migrate.convert import changes_of
from fluxv2_migrate.documents import BYTE_ORDER_MARK
from fluxv2_migrate.finding_groups import FindingGroups
from fluxv2_migrate.migration import Change, MigratedManifest, Migration, MigrationContext
from fluxv2_migrate.namespaces import settle_namespaces
from fluxv2_migrate.placement import PlacedRequest, common_style, source_text
from fluxv2_migrate.plan import Move
from fluxv2_migrate.release_reading import DecidedReleases, with_text_annotations
from fluxv2_migrate.release_texts import ConvertedReleases
from fluxv2_migrate.removal import is_left_empty, removal_of
from fluxv2_migrate.repository import Repository
from fluxv2_migrate.surroundings import Surroundings

__all__ = ["assemble"]

_Spans = dict[str, list[tuple[int, int, str]]]


def assemble(
    files: Mapping[str, str | bytes],
    around: Surroundings,
    converted: ConvertedReleases,
    decided: DecidedReleases,
    findings: FindingGroups,
    context: MigrationContext,
    applied: Mapping[SyncPath, AppliedDifferences],
) -> Migration:
    """Gives the migration.

    Args:
        files: the repository as it was.
        around: what is known of it.
        converted: the releases that are migrated.
        decided: the releases that go because their twin is there.
        findings: all that a person must know.
        context: what was inferred.
        applied: what fluxd applied of the sync paths whose files it read.
    """
    repository, layout = around.repository, converted.layout
    edits: _Spans = {}
    changes: list[Change] = []
    migrated: list[MigratedManifest] = []
    for each in converted.texts:
        release, document = each.release, each.release.document
        end = document.start + len(document.text)
        edits.setdefault(document.path, []).append((document.start, end, each.text.text))
        for operation in each.plan:
            source = operation.source if isinstance(operation, Move) else operation.path
            line = document.position(source)[0]
            changes.append(changes_of(operation, release.resource, document.path, line, document.path))
        for named in release.names:
            because = ("metadata.namespace", "metadata.name")
            place = (document.path, document.line, because, named.kustomization, "spec.releaseName")
            changes.append(Change("release-name-in-kustomization", release.resource, *place))
        manifest = with_text_annotations(each.text.value)
        cluster = _cluster(release.clusters, around.clusters)
        migrated.append(MigratedManifest(manifest, document.path, release.resource, cluster))
    deleted = _remove(decided, repository, edits, changes)
    changed = {path: _edit(repository.texts[path], spans) for path, spans in edits.items()}
    created: dict[str, str] = {}
    style = common_style([repository.texts[path] for path in sorted(edits)])
    comments_of: dict[PlacedRequest, list[tuple[str, str]]] = {}
    for each in converted.texts:
        if each.text.comments:
            comments_of.setdefault(each.release.placed, []).extend(each.text.comments)
    for generated in layout.generated:
        comments = [comment for member in generated.source.members for comment in comments_of.get(member, ())]
        text = source_text(generated.manifest, comments, style)
        if generated.file in changed:
            before = changed[generated.file]
            gap = "" if before.endswith("\n") else style.newline
            changed[generated.file] = before + gap + text
        else:
            created[generated.file] = created.get(generated.file, "") + text
        cluster = _cluster(generated.clusters, around.clusters)
        migrated.append(MigratedManifest(generated.manifest, generated.file, cluster=cluster))
        reference = generated.source.reference
        made = f"{reference.kind} {reference.namespace}/{reference.name}"
        changes.append(Change("source", made, "", 1, (), generated.file, ""))
    kustomizations = dict(layout.kustomizations)
    changes += settle_namespaces(applied, around, changed, created, kustomizations, findings)
    for path, text in kustomizations.items():
        (changed if path in repository.texts else created)[path] = text
        changes.append(Change("kustomization", f"Kustomization {path}", path, 1, (), path, "resources"))
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
        prerequisites=layout.prerequisites,
        context=context,
        before={path: repository.texts[path] for path in {*changed, *deleted}},
        declared={key: tuple(fields) for key, fields in sorted(findings.declared.items())},
    )


def _cluster(names: Sequence[str], clusters: ClusterMap) -> str:
    return "" if len(set(names)) == len(clusters.clusters) else ", ".join(names)


def _remove(
    decided: DecidedReleases, repository: Repository, edits: _Spans, changes: list[Change]
) -> set[str]:
    """Takes the releases out that have a twin, and gives the files of which nothing is left."""
    removals: _Spans = {}
    for removed, twin in decided.removed:
        document = removed.document
        removals.setdefault(document.path, []).append(removal_of(document))
        line, there = document.position(())[0], twin.document.path
        changes.append(Change("twin", removed.resource, document.path, line, (), there, ""))
    deleted: set[str] = set()
    for path, spans in removals.items():
        bare = [*edits.get(path, ()), *((start, end, "") for start, end, _ in spans)]
        if is_left_empty(_edit(repository.texts[path], bare)):
            deleted.add(path)
        else:
            edits.setdefault(path, []).extend(spans)
    return deleted


def _edit(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    # Offsets are those of the text without its byte order mark.
    mark = BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
    body = text[len(mark) :]
    for start, end, replacement in sorted(spans, reverse=True):
        body = body[:start] + replacement + body[end:]
    return mark + body
