"""The conductor: read, plan, apply, report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fluxv2_migrate.convert import changes_of
from fluxv2_migrate.documents import BYTE_ORDER_MARK
from fluxv2_migrate.finding_groups import FindingGroups
from fluxv2_migrate.flux2.releases import FLUX_VERSIONS, FluxVersion
from fluxv2_migrate.migration import Change, MigratedManifest, Migration, MigrationContext
from fluxv2_migrate.options import MigrationOptions
from fluxv2_migrate.placement import SourceLayout, common_style, place_sources, source_text
from fluxv2_migrate.plan import AppliedText, Move, Plan, apply_to_text
from fluxv2_migrate.release_reading import (
    MigratingRelease,
    read_releases,
    with_text_annotations,
    without_doubles,
)
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
    findings = FindingGroups()
    flux_version, reasons = _flux_version(repository, options)
    releases = read_releases(repository, options, flux_version, findings)
    roots = options.sync_roots or infer_sync_roots(
        (release.document.path, release.resource) for release in releases
    )
    for release in releases:
        release.root = root_of(release.document.path, roots)
    releases = without_doubles(releases, repository, roots, options, findings)
    applied, layout = _apply(releases, repository, roots, options, flux_version, findings)
    _tell(applied, layout, findings)
    if applied and not options.sync_roots:
        shown = ", ".join(root or "the repository's root" for root in roots)
        findings.say("RP009", f"sync paths were not given: sources go under {shown}")
    sync = "as given" if options.sync_roots else "the folders that hold the releases"
    reasons.append(f"sync paths: {', '.join(root or '/' for root in roots) or 'none'} ({sync})")
    context = MigrationContext(flux_version, tuple(roots), tuple(reasons))
    return _result(files, repository, applied, layout, findings, context)


def _flux_version(repository: Repository, options: MigrationOptions) -> tuple[FluxVersion, list[str]]:
    newest = FLUX_VERSIONS[-1]
    if options.flux_version is not None:
        return options.flux_version, [f"Flux {options.flux_version} (as given)"]
    if repository.flux_release is None:
        return newest, [f"Flux {newest} (the newest: the repository names none)"]
    named, path = repository.flux_release
    known = next((version for version in FLUX_VERSIONS if version == named), None)
    if known is None:
        return newest, [f"Flux {newest} (the newest that is known: {path} names {named})"]
    return known, [f"Flux {known} ({path})"]


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
    existing = sorted(repository.sources(roots), key=repr)
    styles = {
        path: detect_style(repository.texts[path]) for path in {each.document.path for each in releases}
    }
    left = list(releases)
    while True:
        layout = place_sources(
            [release.placed for release in left],
            existing,
            options,
            flux_version,
            repository.texts.__contains__,
        )
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


def _tell(applied: Sequence[_Applied], layout: SourceLayout, findings: FindingGroups) -> None:
    """Adds what is to be known of the releases that are migrated."""
    for each in applied:
        release = each.release
        for notice in (*release.draft.notices, _differences(release), *_credentials(release, layout)):
            findings.declare(release.document, release.resource, notice.declares)
            if not release.draft.accepts(notice.code):
                findings.add(release.document, release.resource, notice)


def _differences(release: MigratingRelease) -> Notice:
    return Notice("HR118", release.draft.differ_all, ("spec",), "all", declares=release.draft.differences)


def _credentials(release: MigratingRelease, layout: SourceLayout) -> Iterable[Notice]:
    reference = layout.references[release.placed]
    user = f"{reference.kind} {reference.namespace}/{reference.name}"
    path, declares = ("spec", "chart", "git"), ("chart.credentials",)
    for need in layout.prerequisites:
        name = f"{need.namespace}/{need.name}"
        if user in need.used_by and need.copy_of:
            message = f"the Secret {need.copy_of} must be copied to {name}"
            yield Notice("HR056", message, path, name, declares=declares)
        elif user in need.used_by and "identity" in need.keys:
            message = f"the operator had the SSH key: {user} needs it in the Secret {name}"
            yield Notice("HR054", message, path, name, declares=declares)


def _result(
    files: Mapping[str, str | bytes],
    repository: Repository,
    applied: Sequence[_Applied],
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
    after: dict[str, str | bytes] = dict(files)
    for path, text in {**changed, **created}.items():
        after[path] = text.encode("utf-8") if isinstance(files.get(path), bytes) else text
    return Migration(
        files=after,
        changed=changed,
        created=created,
        deleted=(),
        findings=findings.all(),
        changes=tuple(changes),
        manifests=tuple(migrated),
        prerequisites=layout.prerequisites,
        context=context,
        before={path: repository.texts[path] for path in changed},
        declared={key: tuple(fields) for key, fields in sorted(findings.declared.items())},
    )


def _edit(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    # Offsets are those of the text without its byte order mark.
    mark = BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
    body = text[len(mark) :]
    for start, end, replacement in sorted(spans, reverse=True):
        body = body[:start] + replacement + body[end:]
    return mark + body
