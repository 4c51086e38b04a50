"""What became of one object, as a notebook shows it: the same for a release, a program and a workload."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fluxv2_migrate.findings.finding import Finding
from fluxv2_migrate.kubernetes import KubernetesObject
from fluxv2_migrate.pages import Html, badge, element, fragment
from fluxv2_migrate.placement import Prerequisite
from fluxv2_migrate.report.html_parts import changes_fold, finding_table, prerequisite_table, resource_blocks
from fluxv2_migrate.repository.workspace import Change


def conversion_fragment(
    title: str,
    resources: Sequence[KubernetesObject],
    findings: Sequence[Finding],
    *parts: Html,
    prerequisites: Iterable[Prerequisite] = (),
    changes: Iterable[Change] = (),
) -> Html:
    """Gives what a notebook shows of a conversion: whether it can be used, the objects, and what to know.

    Args:
        parts: what else came of it, shown behind the objects.
    """
    questions = sum(finding.severity == "error" for finding in findings)
    if questions:
        verdict = badge(f"{questions} to be answered first", "error")
    elif resources:
        verdict = badge("converted", "good")
    else:
        verdict = badge("no object comes of it", "warning" if findings else "")
    shown = [element("p", verdict)]
    if findings:
        shown.append(finding_table("What to know", findings))
    shown += resource_blocks(resources)
    shown += parts
    shown += prerequisite_table(prerequisites)
    shown += changes_fold(changes)
    return fragment(title, *shown)
