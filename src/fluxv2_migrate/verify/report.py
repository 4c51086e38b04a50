"""What verification says of every release, workload, sync path and namespace, as values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeVar

from fluxv2_migrate.flux2.releases import FluxVersion
from fluxv2_migrate.meaning import Difference, Outcome
from fluxv2_migrate.quoting.records import as_data, json_text, record_of
from fluxv2_migrate.verify.declarations import Declaration
from fluxv2_migrate.verify.report_texts import report_html, report_markdown

_STATUSES: Final[Sequence[VerificationStatus]] = (
    "different",
    "missing",
    "extra",
    "unknown",
    "declared",
    "unmanaged",
    "same",
)
_FINE: Final = ("same", "declared", "unmanaged")
VerificationStatus = Literal["same", "declared", "unmanaged", "different", "missing", "extra", "unknown"]
"""`same`: nothing differs. `declared`: what differs was said. `unmanaged`: neither Flux applies it.
`different`: something else differs. `missing`: nothing that is applied stands for it afterwards. `extra`:
nothing stood for it before. `unknown`: a file cannot be read, or what decides is not in the repository."""


@dataclass(frozen=True, slots=True)
class ReleaseVerification:
    """What became of one release.

    Attributes:
        status: in a word.
        resource: `kind namespace/name`, of Flux v1 where there is one.
        path: its file before; empty for an extra one.
        line: where it stands in that file, 1-based.
        after_path: its file afterwards; empty where there is none.
        outcome: what the cluster does with the running release; `None` where nothing can be said.
        differences: that nobody declared.
        declared: differences that were declared.
        undue: fields that were declared for this release and do not differ.
        assumed: fields that were compared on the strength of something that is not in the repository.
        unknown: fields that could not be compared.
        reason: why the status is what it is, where no difference says so.
        cluster: those of which this is said, or empty where it is said of all.
    """

    status: VerificationStatus
    resource: str
    path: str = ""
    line: int = 1
    after_path: str = ""
    outcome: Outcome | None = None
    differences: tuple[Difference, ...] = ()
    declared: tuple[Difference, ...] = ()
    undue: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    reason: str = ""
    cluster: str = ""


@dataclass(frozen=True, slots=True)
class ObjectVerification:
    """What became of a workload whose images fluxd updated, of a sync path, or of a namespace.

    Attributes:
        status: in a word.
        resource: `kind namespace/name`, `sync path <path>`, or `Namespace <name>`.
        path: its file before, or the path itself.
        line: where it stands in that file, 1-based.
        after_path: its file afterwards; empty where there is none.
        differences: that nobody declared.
        declared: differences that were declared.
        notes: what holds now, each in a sentence.
        reason: why the status is what it is, where no difference says so.
        cluster: those of which this is said, or empty where it is said of all.
    """

    status: VerificationStatus
    resource: str
    path: str = ""
    line: int = 1
    after_path: str = ""
    differences: tuple[Difference, ...] = ()
    declared: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str = ""
    cluster: str = ""


Entry = ReleaseVerification | ObjectVerification
_Entry = TypeVar("_Entry", ReleaseVerification, ObjectVerification)


def judged(
    place: tuple[str, str, int, str],
    found: Sequence[Difference],
    declaration: Declaration,
    notes: Iterable[str],
    cluster: str,
) -> ObjectVerification:
    """Gives what is said of an object that is there on both sides.

    Args:
        place: resource, path and line before, and path afterwards.
    """
    left, declared = declaration.parted(found)
    status: VerificationStatus = "different" if left else "declared" if declared else "same"
    return ObjectVerification(status, *place, left, declared, tuple(notes), cluster=cluster)


def together(entries: Iterable[tuple[object, _Entry]], everywhere: Collection[str]) -> Iterator[_Entry]:
    """Gives what is said of each cluster, once for all clusters of which the same is said.

    Args:
        entries: each with what tells that of which it is said; those of one stand together.
    """
    told: dict[object, list[_Entry]] = {}
    for about, each in entries:
        told.setdefault(about, []).append(each)
    for group in told.values():
        yield from _joined(group, everywhere)


def _joined(entries: Iterable[_Entry], everywhere: Collection[str]) -> Iterator[_Entry]:
    groups: list[tuple[_Entry, set[str]]] = []
    for each in entries:
        same = replace(each, cluster="")
        clusters = next((clusters for entry, clusters in groups if entry == same), None)
        if clusters is None:
            clusters = set()
            groups.append((same, clusters))
        clusters.add(each.cluster)
    for entry, clusters in groups:
        named = clusters - {""}
        yield replace(entry, cluster="" if named == set(everywhere) else ", ".join(sorted(named)))


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """What became of everything that Flux v1 did.

    Attributes:
        releases: one entry for each v1 release, and for each v2 release that stands for none; several where
            clusters differ.
        flux_version: the Flux release whose behaviour was compared.
        workloads: one entry for each workload whose images fluxd updated, and for those that are updated on
            top.
        sync_paths: one entry for each sync path.
        namespaces: one entry for each namespace that fluxd filled in.
    """

    releases: tuple[ReleaseVerification, ...]
    flux_version: FluxVersion
    workloads: tuple[ObjectVerification, ...] = ()
    sync_paths: tuple[ObjectVerification, ...] = ()
    namespaces: tuple[ObjectVerification, ...] = ()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries, of releases, workloads, sync paths and namespaces."""
        return (*self.releases, *self.workloads, *self.sync_paths, *self.namespaces)

    @property
    def ok(self) -> bool:
        """Whether everything means the same, but for what was declared.

        >>> VerificationReport((), "2.9").ok
        True
        """
        return all(each.status in _FINE for each in self.entries)

    def counts(self) -> dict[VerificationStatus, int]:
        """Gives how many releases have each status, the worst first; those that none has are left out.

        >>> VerificationReport((ReleaseVerification("same", "HelmRelease shop/web"),), "2.9").counts()
        {'same': 1}
        """
        return _counts(self.releases)

    def to_dict(self) -> dict[str, Any]:
        """Gives the report in JSON's types; no secret of a value or URL is in it.

        >>> sorted(VerificationReport((), "2.9").to_dict())
        ['flux_version', 'namespaces', 'ok', 'releases', 'sync_paths', 'workloads']
        """
        return as_data(_verification_record(self))

    def to_json(self) -> str:
        """Gives the same as `to_dict` as a text of JSON.

        >>> import json
        >>> json.loads(VerificationReport((), "2.9").to_json())["ok"]
        True
        """
        return json_text(self.to_dict())

    def to_markdown(self) -> str:
        """Gives the report as Markdown: what is different first, each difference once with all that have it.

        >>> print(VerificationReport((), "2.9").to_markdown().splitlines()[2])
        No release of Flux v1, compared with Flux 2.9.
        """
        return report_markdown(self.entries, self._summary())

    _repr_markdown_ = to_markdown

    def _repr_html_(self) -> str:
        return report_html(self.entries, self._summary())

    def _summary(self) -> str:
        parts: list[str] = []
        for title, entries in (
            ("release", self.releases),
            ("workload", self.workloads),
            ("sync path", self.sync_paths),
            ("namespace", self.namespaces),
        ):
            counts = ", ".join(f"{number} {status}" for status, number in _counts(entries).items())
            if counts:
                parts.append(f"{title}s: {counts}")
        done = "; ".join(parts) if self.releases else "; ".join(["No release of Flux v1", *parts])
        return f"{done}, compared with Flux {self.flux_version}."


def _counts(entries: Iterable[Entry]) -> dict[VerificationStatus, int]:
    found = Counter(each.status for each in entries)
    return {status: found[status] for status in _STATUSES if found[status]}


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


def _verification_record(report: VerificationReport) -> VerificationRecord:
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
