"""Results as data in JSON's types: the records of which the published schemas are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from fluxv2_migrate.cutover.first_hour import FirstHour
from fluxv2_migrate.findings.finding import Finding
from fluxv2_migrate.findings.table import Severity
from fluxv2_migrate.flux2.releases import FluxVersion
from fluxv2_migrate.kubernetes import namespace_and_name
from fluxv2_migrate.placement import Prerequisite
from fluxv2_migrate.quoting.records import record_of
from fluxv2_migrate.report.context import ContextReading
from fluxv2_migrate.repository.workspace import Change
from fluxv2_migrate.settings.overrides import entry_of

if TYPE_CHECKING:
    from fluxv2_migrate.report.migration import Migration


@dataclass(frozen=True, slots=True)
class FindingRecord:
    """A finding with everything that its code says.

    Attributes:
        code: of the table of codes.
        slug: the code in words.
        severity: how much it matters.
        message: what is the matter.
        remedy: what to do.
        path: the file, or empty for the whole repository.
        line: 1-based.
        column: 1-based.
        cluster: that sees it, or empty where all do.
        resource: `kind namespace/name`.
        field: dotted.
        related: other places, as `path:line`.
        fingerprint: the same when lines move.
        answer: the override that settles it, ready to fill in.
        proposal: the text of a file that would settle it.
    """

    code: str
    slug: str
    severity: Severity
    message: str
    remedy: str
    path: str
    line: int
    column: int
    cluster: str
    resource: str
    field: str
    related: tuple[str, ...]
    fingerprint: str
    answer: dict[str, Any] | None
    proposal: str


@dataclass(frozen=True, slots=True)
class ResourceRecord:
    """A v2 resource that stands in the repository because of the migration, without what it holds.

    Attributes:
        kind: of Kubernetes.
        namespace: of the object.
        name: of the object.
        path: its file.
        cluster: that sees it, or empty where all do.
        before: `kind namespace/name` of the v1 resource that it was, or empty.
    """

    kind: str
    namespace: str
    name: str
    path: str
    cluster: str
    before: str


@dataclass(frozen=True, slots=True)
class StayingRecord:
    """A release of Flux v1 that is left as it is."""

    resource: str
    path: str
    line: int
    clusters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClusterRecord:
    """A cluster that the repository serves, and how it became known."""

    name: str
    sync_paths: tuple[str, ...]
    branch: str | None
    flux_version: FluxVersion
    flux_namespace: str
    reason: str
    readings: tuple[ContextReading, ...]


@dataclass(frozen=True, slots=True)
class DeclaredRecord:
    """The fields of a release's meaning that differ as findings say."""

    path: str
    resource: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MigrationRecord:
    """What a migration did and asks; texts of files and manifests are not in it.

    Attributes:
        schema_version: of this form; another number means another form.
        ok: whether no finding is an error.
        flux_version: the Flux release that will run.
        changed: paths of changed files.
        created: paths of new files.
        deleted: paths of files to remove.
        findings: what a person must know, decide or do.
        answers: the overrides that settle the errors, ready to fill in.
        resources: the v2 resources that came of it.
        staying: the releases of Flux v1 that are left as they are.
        prerequisites: what must exist first.
        first_hour: what the first reconciliations do.
        clusters: that the repository serves.
        reasons: one sentence for each thing that was inferred.
        declared: what may differ, for a verification.
        changes: what was done, one for each thing.
    """

    schema_version: Literal[1]
    ok: bool
    flux_version: FluxVersion
    changed: tuple[str, ...]
    created: tuple[str, ...]
    deleted: tuple[str, ...]
    findings: tuple[FindingRecord, ...]
    answers: tuple[dict[str, Any], ...]
    resources: tuple[ResourceRecord, ...]
    staying: tuple[StayingRecord, ...]
    prerequisites: tuple[Prerequisite, ...]
    first_hour: FirstHour
    clusters: tuple[ClusterRecord, ...]
    reasons: tuple[str, ...]
    declared: tuple[DeclaredRecord, ...]
    changes: tuple[Change, ...]


def finding_record(finding: Finding) -> FindingRecord:
    """Gives a finding with everything that its code says."""
    answer = None if finding.answer is None else entry_of(finding.answer)
    return record_of(FindingRecord, finding, answer=answer)


def migration_record(migration: Migration) -> MigrationRecord:
    """Gives what a migration did and asks."""
    context = migration.context
    return MigrationRecord(
        schema_version=1,
        ok=migration.ok,
        flux_version=context.flux_version,
        changed=tuple(sorted(migration.changed)),
        created=tuple(sorted(migration.created)),
        deleted=tuple(sorted(migration.deleted)),
        findings=tuple(map(finding_record, migration.findings)),
        answers=tuple(migration.answers()),
        resources=tuple(map(_resource, migration.manifests)),
        staying=tuple(record_of(StayingRecord, each) for each in migration.staying),
        prerequisites=migration.prerequisites,
        first_hour=migration.first_hour(),
        clusters=tuple(record_of(ClusterRecord, each) for each in context.clusters),
        reasons=context.reasons,
        declared=tuple(
            DeclaredRecord(path, resource, tuple(told))
            for (path, resource), told in migration._declared_fields.fields.items()
        ),
        changes=migration.changes,
    )


def _resource(written: Any) -> ResourceRecord:
    namespace, name = namespace_and_name(written.manifest)
    return record_of(ResourceRecord, written, kind=written.manifest["kind"], namespace=namespace, name=name)
