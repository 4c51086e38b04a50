"""What verification says as data in JSON's types: the records of which the published schema is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

from fluxv2_migrate.flux2.releases import FluxVersion
from fluxv2_migrate.meaning import Difference, Outcome
from fluxv2_migrate.quoting.records import record_of

if TYPE_CHECKING:
    from fluxv2_migrate.verify.report import Entry, VerificationReport

VerificationStatus = Literal["same", "declared", "unmanaged", "different", "missing", "extra", "unknown"]
"""`same`: nothing differs. `declared`: what differs was said. `unmanaged`: neither Flux applies it.
`different`: something else differs. `missing`: nothing that is applied stands for it afterwards. `extra`:
nothing stood for it before. `unknown`: a file cannot be read, or what decides is not in the repository."""


@dataclass(frozen=True, slots=True)
class DifferenceRecord:
    """A value that is not the same on both sides: the field, where in it, both values, what follows."""

    field: str
    at: tuple[str, ...]
    text: str
    consequence: str


@dataclass(frozen=True, slots=True)
class EntryRecord:
    """What became of anything."""

    status: VerificationStatus
    resource: str
    path: str
    line: int
    after_path: str
    differences: tuple[DifferenceRecord, ...]
    declared: tuple[DifferenceRecord, ...]
    reason: str
    cluster: str


_Record = TypeVar("_Record", bound=EntryRecord)


@dataclass(frozen=True, slots=True)
class ObjectRecord(EntryRecord):
    """What became of a workload, a sync path or a namespace."""

    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReleaseRecord(EntryRecord):
    """What became of a release."""

    outcome: Outcome | None
    undue: tuple[str, ...]
    assumed: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VerificationRecord:
    """What `VerificationReport.to_dict()` gives."""

    ok: bool
    flux_version: FluxVersion
    releases: tuple[ReleaseRecord, ...]
    workloads: tuple[ObjectRecord, ...]
    sync_paths: tuple[ObjectRecord, ...]
    namespaces: tuple[ObjectRecord, ...]


def verification_record(report: VerificationReport) -> VerificationRecord:
    """Gives what a verification says of everything."""
    return VerificationRecord(
        ok=report.ok,
        flux_version=report.flux_version,
        releases=tuple(_entry(ReleaseRecord, each) for each in report.releases),
        workloads=tuple(_entry(ObjectRecord, each) for each in report.workloads),
        sync_paths=tuple(_entry(ObjectRecord, each) for each in report.sync_paths),
        namespaces=tuple(_entry(ObjectRecord, each) for each in report.namespaces),
    )


def _entry(kind: type[_Record], entry: Entry) -> _Record:
    differences, declared = (tuple(map(_difference, each)) for each in (entry.differences, entry.declared))
    return record_of(kind, entry, differences=differences, declared=declared)


def _difference(found: Difference) -> DifferenceRecord:
    return DifferenceRecord(found.field, found.path, str(found), found.consequence)
