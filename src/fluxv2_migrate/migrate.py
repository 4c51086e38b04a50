"""The conductor: read, plan, apply, report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final

from pydantic import ValidationError
from ruamel.yaml.nodes import Node

from fluxv2_migrate.convert import changes_of
from fluxv2_migrate.documents import Document
from fluxv2_migrate.findings import FINDINGS, Finding
from fluxv2_migrate.flux1 import HelmRelease as HelmReleaseV1
from fluxv2_migrate.flux2 import GitRepository, HelmRelease, HelmRepository
from fluxv2_migrate.flux2.releases import FLUX_VERSIONS, FluxVersion
from fluxv2_migrate.migration import Change, MigratedResource, Migration, MigrationContext
from fluxv2_migrate.options import MigrationOptions, Override
from fluxv2_migrate.placement import GeneratedSource, PlacedRequest, SourceLayout, place_sources
from fluxv2_migrate.plan import AppliedText, Move, Plan, apply_to_text
from fluxv2_migrate.repository import OLD_API_VERSIONS, Repository, is_old_release, read_repository
from fluxv2_migrate.rules import ChartSourceRequest, Notice, ReleaseDraft, draft_helm_release
from fluxv2_migrate.sync_roots import infer_sync_roots, root_of
from fluxv2_migrate.yaml_text import CannotEdit, Style, detect_style, emit_entry

__all__ = ["migrate_repository", "migrate_text"]

_SEVERITIES: Final = ("error", "warning", "info")


@dataclass(slots=True)
class _Release:
    """A v1 release on its way."""

    document: Document
    manifest: Mapping[str, Any]
    draft: ReleaseDraft
    source: ChartSourceRequest
    nodes: Node
    root: str = ""

    @property
    def resource(self) -> str:
        return f"HelmRelease {self.draft.namespace}/{self.draft.name}"

    @property
    def placed(self) -> PlacedRequest:
        return PlacedRequest(self.source, self.draft.namespace, self.document.path, self.root)


@dataclass(slots=True)
class _Findings:
    """Collects findings; what is one question is one finding."""

    groups: dict[tuple[str, ...], list[Finding]] = field(default_factory=dict)
    declared: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def add(self, document: Document, resource: str, notice: Notice) -> None:
        line, column = document.position(notice.path)
        finding = Finding(
            notice.code,
            notice.message,
            path=document.path,
            line=line,
            column=column,
            resource=resource,
            field=".".join(notice.path),
            answer=notice.answer,
        )
        if notice.declares:
            self.declared.setdefault((document.path, resource), []).extend(notice.declares)
        own = (notice.group,) if notice.group else ("", document.path, str(document.line), notice.message)
        self.groups.setdefault((notice.code, *own), []).append(finding)

    def say(self, code: str, message: str, path: str = "", line: int = 1) -> None:
        finding = Finding(code, message, path=path, line=line)
        self.groups.setdefault((code, path, str(line), message), []).append(finding)

    def all(self) -> tuple[Finding, ...]:
        merged = []
        for members in self.groups.values():
            members = sorted(members, key=lambda each: (each.path, each.line))
            first = members[0]
            places = dict.fromkeys(f"{each.path}:{each.line}" for each in members[1:])
            merged.append(
                Finding(
                    first.code,
                    first.message,
                    first.path,
                    first.line,
                    first.column,
                    first.cluster,
                    first.resource,
                    first.field,
                    tuple(places),
                    first.answer,
                )
            )
        return tuple(
            sorted(
                merged,
                key=lambda each: (
                    _SEVERITIES.index(each.severity),
                    each.code,
                    each.path,
                    each.line,
                    each.message,
                ),
            )
        )


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
    findings = _Findings()
    flux_version, reasons = _flux_version(repository, options)
    releases = _read_releases(repository, options, flux_version, findings)
    roots = options.sync_roots or infer_sync_roots(
        (release.document.path, release.resource) for release in releases
    )
    for release in releases:
        release.root = root_of(release.document.path, roots)
    releases = _without_doubles(releases, repository, roots, findings)
    releases, applied, layout = _apply(releases, repository, options, flux_version, findings)
    if releases and not options.sync_roots:
        shown = ", ".join(root or "the repository's root" for root in roots)
        findings.say("RP009", f"sync paths were not given: sources go under {shown}")
    sync = "as given" if options.sync_roots else "the folders that hold the releases"
    reasons.append(f"sync paths: {', '.join(root or '/' for root in roots) or 'none'} ({sync})")
    return _result(
        files,
        repository,
        releases,
        applied,
        layout,
        findings,
        MigrationContext(flux_version, tuple(roots), tuple(reasons)),
    )


def _flux_version(repository: Repository, options: MigrationOptions) -> tuple[FluxVersion, list[str]]:
    found = repository.flux_release
    inferred = next((version for version in FLUX_VERSIONS if found and version == found[0]), None)
    if options.flux_version is not None:
        return options.flux_version, [f"Flux {options.flux_version} (as given)"]
    if inferred is not None and found is not None:
        return inferred, [f"Flux {inferred} ({found[1]})"]
    return FLUX_VERSIONS[-1], [f"Flux {FLUX_VERSIONS[-1]} (the newest: the repository names none)"]


def _read_releases(
    repository: Repository, options: MigrationOptions, flux_version: FluxVersion, findings: _Findings
) -> list[_Release]:
    releases: list[_Release] = []
    for path in repository.opaque:
        findings.say("RP002", "the file names the API of Flux v1 and is not UTF-8", path)
    for path, error in sorted(repository.errors.items()):
        lines = repository.old_lines(path)
        if lines and repository.chart_around(path) is not None:
            findings.say("RP001", "a chart's template makes a release of Flux v1", path, lines[0])
        elif lines:
            findings.say("RP003", f"the file stays as it is: {error.reason}", path, error.line or 1)
    matched: set[int] = set()
    for path, documents in sorted(repository.documents.items()):
        for document in documents:
            manifest = document.manifest
            version = manifest.get("apiVersion")
            items = manifest.get("items")
            if str(manifest.get("kind")).endswith("List") and isinstance(items, list):
                if any(isinstance(item, dict) and is_old_release(item) for item in items):
                    _stop(findings, document, "RP008", "releases of Flux v1 stand in a list", ("items",))
                continue
            if version not in OLD_API_VERSIONS or manifest.get("kind") != OLD_API_VERSIONS[version]:
                continue
            override = _override(document, options, matched)
            if override.leave or path in repository.errors:
                continue
            release = _read_release(document, repository, options, flux_version, override, findings)
            if release is not None:
                releases.append(release)
    for index, given in enumerate(options.overrides):
        if index not in matched:
            patterns = given.model_dump(exclude_defaults=True)
            findings.say("RP010", f"no release of Flux v1 matches the override {patterns}")
    return releases


def _override(document: Document, options: MigrationOptions, matched: set[int]) -> Override:
    metadata = document.manifest.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    namespace = metadata.get("namespace") or options.default_namespace or ""
    given: dict[str, Any] = {}
    accepted: tuple[str, ...] = ()
    for index, override in enumerate(options.overrides):
        if (
            fnmatchcase(str(namespace), override.namespace)
            and fnmatchcase(str(metadata.get("name") or ""), override.name)
            and fnmatchcase(document.path, override.path)
        ):
            matched.add(index)
            accepted += override.accept
            given.update(override.model_dump(exclude_defaults=True))
    return Override(**{**given, "accept": accepted})


def _stop(
    findings: _Findings, document: Document, code: str, message: str, path: tuple[str, ...] = ()
) -> None:
    metadata = document.manifest.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    resource = (
        f"{document.manifest.get('kind')} {metadata.get('namespace') or ''}/{metadata.get('name') or ''}"
    )
    findings.add(document, resource, Notice(code, message, path))


def _read_release(
    document: Document,
    repository: Repository,
    options: MigrationOptions,
    flux_version: FluxVersion,
    override: Override,
    findings: _Findings,
) -> _Release | None:
    if repository.chart_around(document.path) is not None:
        _stop(findings, document, "RP001", "the release belongs to a chart, whose values fill it in")
        return None
    if document.path in repository.kustomized:
        by = repository.kustomized[document.path]
        _stop(findings, document, "RP004", f"{by} lists or patches with this file")
        return None
    if document.manifest["kind"] == "FluxHelmRelease":
        _stop(findings, document, "HR002", "where its chart is stands in the operator's flags")
        return None
    if "sops" in document.manifest:
        _stop(findings, document, "RP011", "sops signed the file, and no edit is signed", ("sops",))
        return None
    manifest = _with_text_annotations(document.manifest)
    try:
        HelmReleaseV1.model_validate(manifest)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        field_path = tuple(str(part) for part in problem["loc"])
        message = f"{'.'.join(field_path) or 'the release'}: {problem['msg']}"
        _stop(findings, document, "RP006", message, field_path)
        return None
    draft = draft_helm_release(document.manifest, options, flux_version, override)
    if draft.stopped or draft.source is None or document.root is None:
        # What a release that stays would do under Flux v2 is no concern yet.
        for notice in draft.notices:
            if FINDINGS[notice.code].severity == "error":
                findings.add(document, f"HelmRelease {draft.namespace}/{draft.name}", notice)
        return None
    return _Release(document, manifest, draft, draft.source, document.root)


def _with_text_annotations(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Fluxd also read annotations that are no text, which Kubernetes and the models refuse."""
    result = dict(manifest)
    metadata = manifest.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("annotations"), dict):
        texts = {
            key: value if value is None or isinstance(value, str) else _json_text(value)
            for key, value in metadata["annotations"].items()
        }
        result["metadata"] = {**metadata, "annotations": texts}
    return result


def _json_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _without_doubles(
    releases: Sequence[_Release], repository: Repository, roots: Sequence[str], findings: _Findings
) -> list[_Release]:
    """Leaves out what would be one Helm release, or one chart, under two objects."""
    by_release: dict[tuple[str, ...], set[str]] = {}
    by_chart: dict[tuple[str, ...], set[str]] = {}
    for release in releases:
        draft = release.draft
        stored = draft.release_name.storage_namespace or draft.namespace
        by_release.setdefault((release.root, stored, draft.release_name.v1), set()).add(release.resource)
        chart = f"{draft.namespace}-{draft.name}"
        by_chart.setdefault((release.root, chart), set()).add(release.resource)
    twins = {
        (root_of(document.path, roots), *_identity(document.manifest))
        for document in repository.new_releases()
    }
    left: list[_Release] = []
    for release in releases:
        draft = release.draft
        stored = draft.release_name.storage_namespace or draft.namespace
        same = by_release[release.root, stored, draft.release_name.v1] - {release.resource}
        charts = by_chart[release.root, f"{draft.namespace}-{draft.name}"] - {release.resource}
        if (release.root, draft.namespace, draft.name) in twins:
            _stop(findings, release.document, "RP007", "a v2 release of the same name and namespace is there")
        elif same:
            message = f"{', '.join(sorted(same))} has the same release name {draft.release_name.v1!r}"
            _stop(findings, release.document, "HR113", message, ("spec", "releaseName"))
        elif charts:
            message = f"{', '.join(sorted(charts))} has the HelmChart {draft.namespace}-{draft.name} too"
            _stop(findings, release.document, "HR114", message, ("metadata", "name"))
        else:
            left.append(release)
    return left


def _identity(manifest: Mapping[str, Any]) -> tuple[str, str]:
    metadata = manifest.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    return str(metadata.get("namespace") or ""), str(metadata.get("name") or "")


@dataclass(frozen=True, slots=True)
class _Applied:
    plan: Plan
    text: AppliedText


def _apply(
    releases: Sequence[_Release],
    repository: Repository,
    options: MigrationOptions,
    flux_version: FluxVersion,
    findings: _Findings,
) -> tuple[list[_Release], list[_Applied], SourceLayout]:
    existing = sorted(repository.sources(), key=repr)
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
        made = {source.reference for source in layout.generated}
        applied: list[_Applied] = []
        fit: list[_Release] = []
        for release in left:
            reference = layout.references[release.placed]
            plan = release.draft.plan(reference, source_is_new=reference in made)
            document = release.document
            try:
                text = apply_to_text(
                    plan, document.text, release.nodes, styles[document.path], document.manifest
                )
            except CannotEdit as error:
                _stop(findings, document, "RP005", f"{error} stands where the release is edited")
                continue
            fit.append(release)
            applied.append(_Applied(plan, text))
        if len(fit) == len(left):
            for release in fit:
                for notice in (*release.draft.notices, _differences(release.draft)):
                    findings.add(release.document, release.resource, notice)
            _source_findings(fit, layout, findings)
            return fit, applied, layout
        # A source that nobody uses is not made, so its name and file may go to another one.
        left = fit


def _differences(draft: ReleaseDraft) -> Notice:
    message = (
        "a failed install is left as it is, upgrades take over objects of other releases, what is removed is "
        "waited for, and from Flux 2.8 on installs are applied by the server"
    )
    return Notice("HR118", message, ("spec",), "all", declares=draft.differences)


def _source_findings(releases: Sequence[_Release], layout: SourceLayout, findings: _Findings) -> None:
    for need in layout.prerequisites:
        for release in releases:
            reference = layout.references[release.placed]
            if f"{reference.kind} {reference.namespace}/{reference.name}" not in need.used_by:
                continue
            name = f"{need.namespace}/{need.name}"
            path, credentials = ("spec", "chart", "git"), ("chart.credentials",)
            if need.copy_of:
                message = f"the Secret {need.copy_of} must be copied to {name}"
                findings.add(
                    release.document,
                    release.resource,
                    Notice("HR056", message, path, name, None, credentials),
                )
            elif "identity" in need.keys:
                message = f"the operator had the SSH key: {need.used_by[0]} needs it in the Secret {name}"
                findings.add(
                    release.document,
                    release.resource,
                    Notice("HR054", message, path, name, None, credentials),
                )


def _result(
    files: Mapping[str, str | bytes],
    repository: Repository,
    releases: Sequence[_Release],
    applied: Sequence[_Applied],
    layout: SourceLayout,
    findings: _Findings,
    context: MigrationContext,
) -> Migration:
    edits: dict[str, list[tuple[int, int, str]]] = {}
    comments: dict[tuple[str, str], list[tuple[str, str]]] = {}
    changes: list[Change] = []
    resources: list[MigratedResource] = []
    for release, done in zip(releases, applied, strict=True):
        document = release.document
        edits.setdefault(document.path, []).append(
            (document.start, document.start + len(document.text), done.text.text)
        )
        reference = layout.references[release.placed]
        comments.setdefault((reference.kind, reference.name), []).extend(done.text.comments)
        for operation in done.plan:
            source = operation.source if isinstance(operation, Move) else operation.path
            line = document.position(source)[0]
            changes.append(changes_of(operation, release.resource, document.path, line, document.path))
        converted = HelmRelease.model_validate(_with_text_annotations(done.text.value))
        resources.append(MigratedResource(converted, document.path, before=release.resource))
    changed: dict[str, str] = {}
    for path, spans in edits.items():
        changed[path] = _edit(repository.texts[path], spans)
    created: dict[str, str] = {}
    style = _common_style([repository.texts[path] for path in sorted(edits)])
    for generated in layout.generated:
        reference = generated.reference
        text = _source_text(generated, comments.get((reference.kind, reference.name), ()), style)
        if generated.file in changed:
            before = changed[generated.file]
            gap = "" if before.endswith("\n") else style.newline
            changed[generated.file] = before + gap + text
        else:
            created[generated.file] = created.get(generated.file, "") + text
        model = HelmRepository if reference.kind == "HelmRepository" else GitRepository
        resources.append(MigratedResource(model.model_validate(generated.manifest), generated.file))
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
        resources=tuple(resources),
        prerequisites=layout.prerequisites,
        context=context,
        before={path: repository.texts[path] for path in changed},
        declared={key: tuple(fields) for key, fields in sorted(findings.declared.items())},
    )


def _edit(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    # Offsets are those of the text without its byte order mark.
    mark = text[: len(text) - len(text.removeprefix("\ufeff"))]
    body = text[len(mark) :]
    for start, end, replacement in sorted(spans, reverse=True):
        body = body[:start] + replacement + body[end:]
    return mark + body


def _common_style(texts: Sequence[str]) -> Style:
    crlf = sum("\r\n" in text for text in texts)
    return Style(newline="\r\n" if crlf * 2 > len(texts) else "\n")


def _source_text(generated: GeneratedSource, comments: Iterable[tuple[str, str]], style: Style) -> str:
    lines = [f"---{style.newline}"]
    for key, value in generated.manifest.items():
        lines += emit_entry(key, value, 0, style).splitlines(keepends=True)
    for field_name, prefix in (("url", "  url:"), ("ref", "    ")):
        texts = list(dict.fromkeys(text for name, text in comments if name == field_name))
        starts = (number for number, line in enumerate(lines) if line.startswith(f"  {field_name}:"))
        index = next(starts, None)
        if not texts or index is None:
            continue
        index += field_name == "ref"
        if len(texts) == 1 and lines[index].startswith(prefix):
            lines[index] = f"{lines[index].rstrip()} {texts[0]}{style.newline}"
        else:
            lines[index:index] = [f"  {text}{style.newline}" for text in texts]
    return "".join(lines)
