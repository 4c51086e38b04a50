"""The conductor: read, plan, apply, report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fluxv2_migrate.convert import changes_of
from fluxv2_migrate.documents import BYTE_ORDER_MARK
from fluxv2_migrate.finding_groups import FindingGroups
from fluxv2_migrate.flux2.releases import FluxVersion
from fluxv2_migrate.flux_release import infer_flux_release
from fluxv2_migrate.migration import Change, MigratedManifest, Migration, MigrationContext
from fluxv2_migrate.options import MigrationOptions
from fluxv2_migrate.placement import SourceLayout, common_style, place_sources, source_text
from fluxv2_migrate.plan import AppliedText, Move, Plan, apply_to_text
from fluxv2_migrate.release_reading import (
    DecidedReleases,
    MigratingRelease,
    decide_releases,
    read_releases,
    with_text_annotations,
)
from fluxv2_migrate.removal import is_left_empty, removal_of
from fluxv2_migrate.repository import Repository, read_repository
from fluxv2_migrate.rules import Notice
from fluxv2_migrate.sync_roots import infer_sync_roots, root_of
from fluxv2_migrate.yaml_text import CannotEdit, detect_style

__all__ = ["migrate_repository", "migrate_text"]


def migrate_text(
    text: str, *, path: str = "manifest.yaml", options: MigrationOptions | None = None
) -> Migration:
    r"""Gives one file after its migration, and the files of its sources.

    Args:
        text: exactly as stored.
        path: relative to the repository root.
        options: how to migrate.

    >>> migration = migrate_text("kind: Secret\n")
    >>> migration.files, migration.ok
    ({'manifest.yaml': 'kind: Secret\n'}, True)
    """
    return migrate_repository({path: text}, options)


def migrate_repository(
    files: Mapping[str, str | bytes], options: MigrationOptions | None = None
) -> Migration:
    r"""Gives a whole repository after its migration, and all that a person must know about it.

    Args:
        files: POSIX path relative to the repository root to the text exactly as stored, or to bytes.
        options: how to migrate.

    Returns:
        The migration. Nothing that is *in* a file raises: what cannot be migrated stays as it was, with a
        finding.

    >>> migration = migrate_repository({"web.yaml": '''apiVersion: helm.fluxcd.io/v1
    ... kind: HelmRelease
    ... metadata:
    ...   name: web
    ...   namespace: shop
    ... spec:
    ...   helmVersion: v3
    ...   chart:
    ...     repository: https://charts.example.com
    ...     name: web
    ...     version: 1.2.3
    ... '''})
    >>> sorted(migration.created), migration.ok
    (['sources/example.yaml'], True)
    >>> print(migration.changed["web.yaml"].partition("  chart:")[0], end="")
    apiVersion: helm.toolkit.fluxcd.io/v2
    kind: HelmRelease
    metadata:
      name: web
      namespace: shop
    spec:
      interval: 5m
      releaseName: shop-web
    """
    options = options or MigrationOptions()
    repository = read_repository(files)
    findings = FindingGroups(options)
    inferred = infer_flux_release(repository, options)
    flux_version, reasons = inferred.version, [inferred.reason]
    judged = [infer_flux_release(repository, options, cluster) for cluster in options.clusters] or [inferred]
    for contradiction in (each for release in judged for each in release.contradictions):
        place = (contradiction.path, contradiction.line, contradiction.related)
        findings.say("RP013", contradiction.message, *place)
    read = read_releases(repository, options, flux_version, findings)
    given = options.sync_roots or [
        path for cluster in options.clusters for path in cluster.sync_paths or ("",)
    ]
    roots = given or infer_sync_roots(
        (release.document.path, release.resource) for release in read if isinstance(release, MigratingRelease)
    )
    for release in read:
        release.root = root_of(release.document.path, roots)
    decided = decide_releases(read, repository, roots, options, flux_version, findings)
    applied, layout = _apply(decided.migrating, repository, roots, options, flux_version, findings)
    _tell([each.release for each in applied], layout, findings)
    if decided.waiting:
        # What an answer would bring is said at once.
        everything = [*decided.migrating, *decided.waiting]
        whole = _layout(everything, repository, roots, options, flux_version)
        _tell(decided.waiting, whole, findings)
    if (applied or decided.waiting) and not given:
        shown = ", ".join(root or "the repository's root" for root in roots)
        findings.say("RP009", f"sync paths were not given: sources go under {shown}")
    sync = "as given" if given else "the folders that hold the releases"
    reasons.append(f"sync paths: {', '.join(root or '/' for root in roots) or 'none'} ({sync})")
    context = MigrationContext(flux_version, tuple(roots), tuple(reasons))
    return _result(files, repository, applied, decided, layout, findings, context)


@dataclass(frozen=True, slots=True)
class _Applied:
    """A release with the text that it becomes."""

    release: MigratingRelease
    plan: Plan
    text: AppliedText


def _apply(
    releases: Sequence[MigratingRelease],
    repository: Repository,
    roots: Sequence[str],
    options: MigrationOptions,
    flux_version: FluxVersion,
    findings: FindingGroups,
) -> tuple[list[_Applied], SourceLayout]:
    styles = {
        path: detect_style(repository.texts[path]) for path in {each.document.path for each in releases}
    }
    left = list(releases)
    while True:
        layout = _layout(left, repository, roots, options, flux_version)
        made = {(source.root, source.reference) for source in layout.generated}
        applied: list[_Applied] = []
        for release in left:
            document, reference = release.document, layout.references[release.placed]
            plan = release.draft.plan(reference, source_is_new=(release.root, reference) in made)
            style = styles[document.path]
            try:
                text = apply_to_text(plan, document.text, release.nodes, style, document.manifest)
            except CannotEdit as error:
                findings.stop(document, "RP005", f"the text cannot be edited: {error}")
                continue
            applied.append(_Applied(release, plan, text))
        if len(applied) == len(left):
            return applied, layout
        # A source that nobody uses is not made, so its name and file may go to another one.
        left = [each.release for each in applied]


def _layout(
    releases: Sequence[MigratingRelease],
    repository: Repository,
    roots: Sequence[str],
    options: MigrationOptions,
    flux_version: FluxVersion,
) -> SourceLayout:
    placed = [release.placed for release in releases]
    existing = sorted(repository.sources(roots), key=repr)
    return place_sources(placed, existing, options, flux_version, repository.texts.__contains__)


def _tell(releases: Sequence[MigratingRelease], layout: SourceLayout, findings: FindingGroups) -> None:
    """Adds what is to be known of releases."""
    for release in releases:
        for notice in (*release.draft.notices, _differences(release), *_credentials(release, layout)):
            if not release.draft.stopped:
                findings.declare(release.document, release.resource, notice.declares)
            if not release.draft.accepts(notice.code):
                findings.add(release.document, release.resource, notice)


def _differences(release: MigratingRelease) -> Notice:
    draft, code = release.draft, "HR118"
    message = (
        "a failed install is left as it is, upgrades take over objects of other releases, what is removed is "
        "waited for, and from Flux 2.8 on installs are applied by the server"
    )
    return Notice(code, message, ("spec",), "all", draft.acceptance(code), draft.differences)


def _credentials(release: MigratingRelease, layout: SourceLayout) -> Iterable[Notice]:
    reference = layout.references[release.placed]
    user = f"{reference.kind} {reference.namespace}/{reference.name}"
    path, declares = ("spec", "chart", "git"), ("chart.credentials",)
    for need in layout.prerequisites:
        name = f"{need.namespace}/{need.name}"
        if user in need.used_by and need.copy_of:
            message = f"the Secret {need.copy_of} must be copied to {name}"
            yield Notice("HR056", message, path, name, release.draft.acceptance("HR056"), declares)
        elif user in need.used_by and "identity" in need.keys:
            message = f"the operator had the SSH key: {user} needs it in the Secret {name}"
            yield Notice("HR054", message, path, name, release.draft.acceptance("HR054"), declares)


def _result(
    files: Mapping[str, str | bytes],
    repository: Repository,
    applied: Sequence[_Applied],
    decided: DecidedReleases,
    layout: SourceLayout,
    findings: FindingGroups,
    context: MigrationContext,
) -> Migration:
    edits: dict[str, list[tuple[int, int, str]]] = {}
    comments: dict[tuple[str, object], list[tuple[str, str]]] = {}
    changes: list[Change] = []
    migrated: list[MigratedManifest] = []
    for each in applied:
        release, document = each.release, each.release.document
        end = document.start + len(document.text)
        edits.setdefault(document.path, []).append((document.start, end, each.text.text))
        reference = layout.references[release.placed]
        comments.setdefault((release.root, reference), []).extend(each.text.comments)
        for operation in each.plan:
            source = operation.source if isinstance(operation, Move) else operation.path
            line = document.position(source)[0]
            changes.append(changes_of(operation, release.resource, document.path, line, document.path))
        manifest = with_text_annotations(each.text.value)
        migrated.append(MigratedManifest(manifest, document.path, release.resource))
    deleted = _remove(decided, repository, edits, changes)
    changed = {path: _edit(repository.texts[path], spans) for path, spans in edits.items()}
    created: dict[str, str] = {}
    style = common_style([repository.texts[path] for path in sorted(edits)])
    for generated in layout.generated:
        reference = generated.reference
        text = source_text(generated, comments.get((generated.root, reference), ()), style)
        if generated.file in changed:
            before = changed[generated.file]
            gap = "" if before.endswith("\n") else style.newline
            changed[generated.file] = before + gap + text
        else:
            created[generated.file] = created.get(generated.file, "") + text
        migrated.append(MigratedManifest(generated.manifest, generated.file))
        made = f"{reference.kind} {reference.namespace}/{reference.name}"
        changes.append(Change("source", made, "", 1, (), generated.file, ""))
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


def _remove(
    decided: DecidedReleases,
    repository: Repository,
    edits: dict[str, list[tuple[int, int, str]]],
    changes: list[Change],
) -> set[str]:
    """Takes the releases out that have a twin, and gives the files of which nothing is left."""
    removals: dict[str, list[tuple[int, int, str]]] = {}
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
