"""The report: what was done, what is asked, what differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from fluxv2_migrate.findings.finding import Finding
from fluxv2_migrate.flux2 import HelmRelease, ImagePolicy
from fluxv2_migrate.quoting import as_cell, as_code, as_code_block, as_markdown_text

if TYPE_CHECKING:
    from fluxv2_migrate.report.migration import MigratedResource, Migration

__all__ = ["report_markdown"]

_NO_INVENTORY: Final = (
    "**No inventory**: nothing has compared the release names with what the clusters run, and a wrong name "
    "installs a second copy. Give what `helm list -A -a -m 0 -o json` prints as `inventory`."
)


def report_markdown(migration: Migration) -> str:
    """Gives the report of a migration; the first screen says whether it can be merged."""
    releases = [each for each in migration.resources if isinstance(each.resource, HelmRelease)]
    kinds = [each.resource.kind for each in migration.resources]
    sources = kinds.count("HelmRepository") + kinds.count("GitRepository")
    policies = kinds.count("ImagePolicy")
    errors = [finding for finding in migration.findings if finding.severity == "error"]
    others = [finding for finding in migration.findings if finding.severity != "error"]
    done = f"{_count(len(releases), 'release')}, {_count(sources, 'source')}"
    if policies:
        done += f", {policies} image {'policy' if policies == 1 else 'policies'}"
    left = f"{_count(len(errors), 'question')}, {_count(len(others), 'thing')} to know"
    lines = ["# Migration to Flux v2", "", f"{done}; {left}.", ""]
    if migration.first_hour().without_inventory:
        lines += [_NO_INVENTORY, ""]
    lines += _section("Questions: these stay as they are until somebody acts", errors)
    if migration.prerequisites:
        lines += ["## What must exist first", ""]
        for need in migration.prerequisites:
            copied = f", a copy of {as_code(need.copy_of)}" if need.copy_of else ""
            keys = ", ".join(map(as_code, need.keys))
            users = as_markdown_text(", ".join(need.used_by))
            lines.append(
                f"- {need.kind} {as_code(f'{need.namespace}/{need.name}')} with {keys}{copied}, for {users}"
            )
        lines.append("")
    lines += _section("What to know", others)
    lines += _releases(releases)
    lines += _policies(migration.resources)
    reasons = [f"- {as_markdown_text(reason)}" for reason in migration.context.reasons]
    lines += ["## What was assumed", "", *reasons, ""]
    return "\n".join(lines)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _section(title: str, findings: Iterable[Finding]) -> list[str]:
    lines = [line for finding in findings for line in _finding(finding)]
    return [f"## {title}", "", *lines] if lines else []


def _finding(finding: Finding) -> list[str]:
    place = as_code(f"{finding.path}:{finding.line}") if finding.path else "the repository"
    what = f" ({as_markdown_text(finding.resource)})" if finding.resource else ""
    said = f"{as_markdown_text(finding.message)}. {as_markdown_text(finding.remedy)}"
    lines = [f"- **{finding.code} {finding.slug}**: {said}", f"  - {place}{what}"]
    lines += [f"  - {as_code(place)}" for place in finding.related]
    if finding.answer is not None:
        given = finding.answer.model_dump(exclude_defaults=True)
        arguments = ", ".join(f"{key}={value!r}" for key, value in given.items())
        lines.append(f"  - answer: {as_code(f'Override({arguments})')}")
    if finding.proposal:
        lines += ["  - proposed:", "", *as_code_block(finding.proposal.splitlines(), "yaml", "    ")]
    return [*lines, ""]


def _policies(resources: Sequence[MigratedResource]) -> list[str]:
    policies = [each for each in resources if isinstance(each.resource, ImagePolicy)]
    if not policies:
        return []
    lines = [
        "## Image policies",
        "",
        "| ImagePolicy | filter | order | cluster | file |",
        "|---|---|---|---|---|",
    ]
    for each in policies:
        manifest = each.resource.to_manifest()
        metadata, spec = manifest["metadata"], manifest["spec"]
        tags = as_code(spec["filterTags"]["pattern"]) if "filterTags" in spec else ""
        ((kind, chosen),) = spec["policy"].items()
        order = f"{kind} {as_code(chosen['range'])}" if "range" in chosen else kind
        name = f"{metadata['namespace']}/{metadata['name']}"
        lines.append(_row(as_markdown_text(name), tags, order, *_texts(each.cluster, each.path)))
    return [*lines, ""]


def _row(*cells: str) -> str:
    return f"| {' | '.join(map(as_cell, cells))} |"


def _texts(*texts: str) -> Iterator[str]:
    return map(as_markdown_text, texts)


def _releases(releases: Sequence[MigratedResource]) -> list[str]:
    if not releases:
        return []
    lines = [
        "## Releases",
        "",
        "| HelmRelease | release name | storage namespace | chart source | file |",
        "|---|---|---|---|---|",
    ]
    for each in releases:
        manifest = each.resource.to_manifest()
        metadata, spec = manifest["metadata"], manifest["spec"]
        namespace = metadata.get("namespace") or ""
        source = spec["chart"]["spec"]["sourceRef"]
        origin = f"{source['kind']} {source.get('namespace') or namespace}/{source['name']}"
        name, stored = f"{namespace}/{metadata['name']}", spec.get("storageNamespace") or namespace
        lines.append(_row(*_texts(name, spec["releaseName"], stored, origin, each.path)))
    return [*lines, ""]
