"""Findings on their way: what is one question becomes one finding."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from fluxv2_migrate.documents import Document
from fluxv2_migrate.findings import Finding
from fluxv2_migrate.rules import Notice

__all__ = ["FindingGroups"]

_SEVERITIES: Final = ("error", "warning", "info")


@dataclass(slots=True)
class FindingGroups:
    """Collects findings.

    Attributes:
        groups: the findings of each question.
        declared: by path and resource, the fields of a release's meaning that differ as findings say.
    """

    groups: dict[tuple[str, ...], list[Finding]] = field(default_factory=dict)
    declared: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def add(self, document: Document, resource: str, notice: Notice) -> None:
        """Adds what is said of a field of a document."""
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
        own = (notice.group,) if notice.group else ("", document.path, str(document.line), notice.message)
        self.groups.setdefault((notice.code, *own), []).append(finding)

    def stop(self, document: Document, code: str, message: str, path: tuple[str, ...] = ()) -> None:
        """Adds why a document stays as it is."""
        namespace, name = document.identity
        self.add(document, f"{document.manifest.get('kind')} {namespace}/{name}", Notice(code, message, path))

    def say(self, code: str, message: str, path: str = "", line: int = 1) -> None:
        """Adds what is said of a file, or of the whole repository."""
        finding = Finding(code, message, path=path, line=line)
        self.groups.setdefault((code, path, str(line), message), []).append(finding)

    def declare(self, document: Document, resource: str, fields: tuple[str, ...]) -> None:
        """Notes fields of a release's meaning that differ, whether or not anybody wants to read of them."""
        if fields:
            self.declared.setdefault((document.path, resource), []).extend(fields)

    def all(self) -> tuple[Finding, ...]:
        """Gives one finding for each question, those that stop something first."""
        return tuple(sorted(map(_merge, self.groups.values()), key=_urgency))


def _merge(members: list[Finding]) -> Finding:
    first, *others = sorted(members, key=lambda each: (each.path, each.line))
    return replace(first, related=tuple(dict.fromkeys(f"{each.path}:{each.line}" for each in others)))


def _urgency(finding: Finding) -> tuple[int, str, str, int, str]:
    severity = _SEVERITIES.index(finding.severity)
    return (severity, finding.code, finding.path, finding.line, finding.message)
