"""What verification says of every release, as values and as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from fluxv2_migrate.flux2.releases import FluxVersion
from fluxv2_migrate.meaning import OUTCOMES, Difference, Outcome
from fluxv2_migrate.quoting import as_code, as_markdown_text

__all__ = ["ReleaseVerification", "VerificationReport", "VerificationStatus"]

VerificationStatus = Literal["same", "declared", "unmanaged", "different", "missing", "extra", "unknown"]
"""`same`: nothing differs. `declared`: what differs was said. `unmanaged`: neither Flux applies it.
`different`: something else differs. `missing`: nothing that is applied stands for it afterwards. `extra`:
nothing stood for it before. `unknown`: a file cannot be read, or what decides is not in the repository."""

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
_LONGEST_SHOWN: Final = 120


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
class VerificationReport:
    """What became of every release.

    Attributes:
        releases: one entry for each v1 release, and for each v2 release that stands for none; several where
            clusters differ.
        flux_version: the Flux release whose behaviour was compared.
    """

    releases: tuple[ReleaseVerification, ...]
    flux_version: FluxVersion

    @property
    def ok(self) -> bool:
        """Whether every release means the same, but for what was declared.

        >>> VerificationReport((), "2.9").ok
        True
        """
        return all(each.status in _FINE for each in self.releases)

    def counts(self) -> dict[VerificationStatus, int]:
        """Gives how many releases have each status, the worst first; those that none has are left out.

        >>> VerificationReport((ReleaseVerification("same", "HelmRelease shop/web"),), "2.9").counts()
        {'same': 1}
        """
        found = Counter(each.status for each in self.releases)
        return {status: found[status] for status in _STATUSES if found[status]}

    def to_markdown(self) -> str:
        """Gives the report as Markdown; what needs a look comes first.

        >>> print(VerificationReport((), "2.9").to_markdown().splitlines()[2])
        No release of Flux v1, compared with Flux 2.9.
        """
        counts = self.counts()
        done = ", ".join(f"{number} {status}" for status, number in counts.items())
        lines = [
            "# Verification",
            "",
            f"{done or 'No release of Flux v1'}, compared with Flux {self.flux_version}.",
        ]
        for status in _STATUSES:
            members = [each for each in self.releases if each.status == status]
            if members:
                lines += ["", f"## {status.capitalize()}", ""]
                lines += [line for each in members for line in _entry(each)]
        return "\n".join(lines) + "\n"

    def _repr_markdown_(self) -> str:
        return self.to_markdown()


def _entry(entry: ReleaseVerification) -> Iterator[str]:
    files = " → ".join(as_code(path) for path in dict.fromkeys((entry.path, entry.after_path)) if path)
    outcome = f", {entry.outcome}" if entry.outcome else ""
    where = f" in {as_markdown_text(entry.cluster)}" if entry.cluster else ""
    yield f"- **{as_markdown_text(entry.resource)}**{where}{outcome} ({files})"
    if entry.reason:
        yield f"  - {as_markdown_text(entry.reason)}"
    for difference in entry.differences:
        yield f"  - {_cut(difference)}: {difference.consequence}"
    if entry.outcome not in (None, "adopted"):
        yield f"  - {entry.outcome}: {OUTCOMES[entry.outcome]}"
    for difference in entry.declared:
        yield f"  - declared: {_cut(difference)}"
    for title, names in (
        ("declared, and the same", entry.undue),
        ("assumed", entry.assumed),
        ("not known", entry.unknown),
    ):
        if names:
            yield f"  - {title}: {as_markdown_text(', '.join(names))}"


def _cut(difference: Difference) -> str:
    text = str(difference)
    return as_code(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…")
