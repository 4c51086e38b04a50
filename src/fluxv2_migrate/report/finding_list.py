"""The findings of a migration: a tuple that other tools read, too."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Final

from fluxv2_migrate.findings.finding import Finding
from fluxv2_migrate.findings.table import FINDINGS, Severity
from fluxv2_migrate.pages import fragment
from fluxv2_migrate.quoting import plural
from fluxv2_migrate.quoting.records import as_data
from fluxv2_migrate.report.data import finding_record
from fluxv2_migrate.report.html_parts import finding_table

_TOOL: Final = "fluxv2-migrate"
_LEVELS: Final[dict[Severity, str]] = {"error": "error", "warning": "warning", "info": "note"}
_GRADES: Final[dict[Severity, str]] = {"error": "major", "warning": "minor", "info": "info"}
_ROOT: Final = "."
"""Stands for a place where a finding is about the whole repository: both forms want one."""
_UNRESERVED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")


class Findings(tuple[Finding, ...]):
    """Findings, the questions first.

    >>> found = Findings([Finding("HR042", "'1.x' is a range", "web.yaml", 9)])
    >>> found == (found[0],), found.to_records()[0]["slug"]
    (True, 'version-is-a-range')
    """

    __slots__ = ()

    def to_records(self) -> list[dict[str, Any]]:
        """Gives a flat mapping for each finding, as `pandas.DataFrame` takes them.

        >>> [each["code"] for each in Findings([Finding("HR032", "which Helm?")]).to_records()]
        ['HR032']
        """
        return [as_data(finding_record(each)) for each in self]

    def to_sarif(self) -> str:
        """Gives them as SARIF 2.1.0, which GitHub and editors show at the lines.

        Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0.

        >>> json.loads(Findings().to_sarif())["version"]
        '2.1.0'
        """
        codes = sorted({each.code for each in self})
        driver = {"name": _TOOL, "rules": [_sarif_rule(code) for code in codes]}
        results = [_sarif_result(each, codes.index(each.code)) for each in self]
        run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
        schema = "https://json.schemastore.org/sarif-2.1.0.json"
        return _json({"$schema": schema, "version": "2.1.0", "runs": [run]})

    def to_code_quality(self) -> str:
        """Gives them as a report of GitLab's code quality, which merge requests show.

        Source: GitLab 18 `doc/ci/testing/code_quality.md`, "Code Quality report format".

        >>> json.loads(Findings([Finding("HR042", "a range", "a.yaml", 2)]).to_code_quality())[0]["location"]
        {'path': 'a.yaml', 'lines': {'begin': 2}}
        """
        met: Counter[str] = Counter()
        report = []
        for each in self:
            met[each.fingerprint] += 1
            # GitLab takes two of one fingerprint for one.
            number = met[each.fingerprint]
            report.append(
                {
                    "description": f"{each.message}. {each.remedy}",
                    "check_name": f"{each.code} {each.slug}",
                    "fingerprint": each.fingerprint + (f"-{number}" if number > 1 else ""),
                    "severity": _GRADES[each.severity],
                    "location": {"path": each.path or _ROOT, "lines": {"begin": each.line}},
                }
            )
        return _json(report)

    def _repr_html_(self) -> str:
        return fragment("Findings", finding_table(plural(len(self), "finding"), self))


def _sarif_rule(code: str) -> dict[str, Any]:
    row = FINDINGS[code]
    return {
        "id": code,
        "name": "".join(word.capitalize() for word in row.slug.split("-")),
        "shortDescription": {"text": row.slug.replace("-", " ")},
        "help": {"text": row.remedy},
        "defaultConfiguration": {"level": _LEVELS[row.severity]},
    }


def _sarif_result(finding: Finding, index: int) -> dict[str, Any]:
    place: dict[str, Any] = _sarif_place(finding.path or _ROOT, finding.line, finding.column)
    if finding.resource:
        place["logicalLocations"] = [{"fullyQualifiedName": finding.resource, "kind": "resource"}]
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message}. {finding.remedy}"},
        "locations": [place],
        "partialFingerprints": {f"{_TOOL}/v1": finding.fingerprint},
    }
    related = []
    for each in finding.related:
        path, _, line = each.rpartition(":")
        has_line = bool(path) and line.isdecimal()
        related.append(_sarif_place(path if has_line else each, int(line) if has_line else 1))
    if related:
        result["relatedLocations"] = [{"id": number, **each} for number, each in enumerate(related, start=1)]
    return result


def _sarif_place(path: str, line: int, column: int = 1) -> dict[str, Any]:
    artifact = {"uri": _as_uri(path), "uriBaseId": "%SRCROOT%"}
    region = {"startLine": line, "startColumn": column}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


def _as_uri(path: str) -> str:
    data = path.encode("utf-8", "surrogateescape")
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in data)


def _json(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=True) + "\n"
