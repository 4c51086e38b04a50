"""The report: what was done, what is asked, what differs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from fluxv2_migrate.findings.finding import Finding
from fluxv2_migrate.flux2 import HelmRelease, ImagePolicy

if TYPE_CHECKING:
    from fluxv2_migrate.report.migration import MigratedResource, Migration

__all__ = ["report_markdown"]


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
    lines += _section("Questions: these stay as they are until somebody acts", errors)
    if migration.prerequisites:
        lines += ["## What must exist first", ""]
        for need in migration.prerequisites:
            copied = f", a copy of `{need.copy_of}`" if need.copy_of else ""
            keys = ", ".join(f"`{key}`" for key in need.keys)
            lines.append(
                f"- {need.kind} `{need.namespace}/{need.name}` with {keys}"
                f"{copied}, for {', '.join(need.used_by)}"
            )
        lines.append("")
    lines += _section("What to know", others)
    lines += _releases(releases)
    lines += _policies(migration.resources)
    lines += ["## What was assumed", "", *(f"- {reason}" for reason in migration.context.reasons), ""]
    return "\n".join(lines)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _section(title: str, findings: Iterable[Finding]) -> list[str]:
    lines = [line for finding in findings for line in _finding(finding)]
    return [f"## {title}", "", *lines] if lines else []


def _finding(finding: Finding) -> list[str]:
    place = f"`{finding.path}:{finding.line}`" if finding.path else "the repository"
    what = f" ({finding.resource})" if finding.resource else ""
    lines = [
        f"- **{finding.code} {finding.slug}**: {finding.message}. {finding.remedy}",
        f"  - {place}{what}",
    ]
    lines += [f"  - `{place}`" for place in finding.related]
    if finding.answer is not None:
        given = finding.answer.model_dump(exclude_defaults=True)
        lines.append(
            f"  - answer: `Override({', '.join(f'{key}={value!r}' for key, value in given.items())})`"
        )
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
        tags = f"`{spec['filterTags']['pattern']}`" if "filterTags" in spec else ""
        ((kind, chosen),) = spec["policy"].items()
        order = f"{kind} `{chosen['range']}`" if "range" in chosen else kind
        name = f"{metadata['namespace']}/{metadata['name']}"
        lines.append(f"| {name} | {_cell(tags)} | {_cell(order)} | {each.cluster} | {_cell(each.path)} |")
    return [*lines, ""]


def _cell(text: str) -> str:
    # A bar would end the cell.
    return text.replace("|", "\\|")


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
        lines.append(
            f"| {namespace}/{metadata['name']} | {spec['releaseName']} "
            f"| {spec.get('storageNamespace') or namespace} "
            f"| {origin} | {_cell(each.path)} |"
        )
    return [*lines, ""]
