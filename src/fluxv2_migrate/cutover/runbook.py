"""The ordered steps of the cut-over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fluxv2_migrate.cutover import runbook_after, runbook_before, runbook_merge
from fluxv2_migrate.cutover.cutover_cluster import CutoverCluster, RunbookStep
from fluxv2_migrate.cutover.expected_release import ExpectedRelease
from fluxv2_migrate.cutover.left_releases import LeftReleases
from fluxv2_migrate.cutover.syncs import ClusterSync
from fluxv2_migrate.findings.finding import Finding
from fluxv2_migrate.pages import Html, code_block, element, fragment, joined, prose
from fluxv2_migrate.placement import Prerequisite
from fluxv2_migrate.quoting import as_code_block, as_markdown_text


@dataclass(frozen=True, slots=True)
class Runbook:
    """What people do in which order to hand a repository's clusters from Flux v1 to Flux v2.

    Attributes:
        steps: in their order.
    """

    steps: tuple[RunbookStep, ...]

    def to_markdown(self) -> str:
        """Gives the steps as a numbered list.

        >>> print(Runbook((RunbookStep("Merge", ("git merge",), "Flux v2 takes over."),)).to_markdown())
        # Cut-over
        <BLANKLINE>
        1. **Merge.** Flux v2 takes over.
        <BLANKLINE>
           ```sh
           git merge
           ```
        <BLANKLINE>
        """
        lines = ["# Cut-over", ""]
        for number, step in enumerate(self.steps, start=1):
            lines += [f"{number}. **{as_markdown_text(step.title)}.** {as_markdown_text(step.why)}", ""]
            if step.commands:
                commands = [line for command in step.commands for line in command.split("\n")]
                lines += [*as_code_block(commands, "sh", "   "), ""]
        return "\n".join(lines)

    _repr_markdown_ = to_markdown

    def _repr_html_(self) -> str:
        return fragment("Cut-over", steps_of_page(self.steps))


def steps_of_page(steps: Iterable[RunbookStep]) -> Html:
    """Gives the steps as a numbered list, each with its reason and its commands."""
    return element("ol", *(element("li", _step(step)) for step in steps), class_="steps")


def _step(step: RunbookStep) -> Html:
    commands = [line for command in step.commands for line in command.split("\n")]
    shown = [code_block(commands)] if commands else []
    return joined([element("strong", prose(step.title)), element("p", prose(step.why)), *shown])


@dataclass(frozen=True, slots=True)
class CutoverFacts:
    """What decides which steps a repository needs.

    Attributes:
        syncs: one for each cluster.
        left: what of Flux v1 is left in each cluster.
        expected: the migrated releases as each cluster will have them.
        prerequisites: what must exist first.
        automations: namespaces of the ImageUpdateAutomations that were made, by cluster; those of all
            clusters under an empty name.
    """

    syncs: tuple[ClusterSync, ...]
    left: tuple[LeftReleases, ...]
    expected: tuple[ExpectedRelease, ...]
    prerequisites: tuple[Prerequisite, ...]
    findings: tuple[Finding, ...]
    automations: Mapping[str, tuple[str, ...]]
    created: Mapping[str, str]


_ERRORS: Final = RunbookStep(
    "Answer the questions of the report", (), "What they concern is not migrated and stays what it is."
)


def write_runbook(facts: CutoverFacts) -> Runbook:
    """Gives the steps of the cut-over: those that this repository and its clusters need, and no others.

    Source: helm-operator 1.4.4 `pkg/operator/operator.go`: a running operator uninstalls the release of an
    object that is removed; helm-controller 1.6.3 `internal/reconcile`, `internal/action/verify.go`: what is
    found is upgraded, what is not is installed, and a name that changes later is uninstalled; flux2 2.9.4
    `cmd/flux` for the commands.
    """
    clusters = _clusters(facts)
    has_errors = any(finding.severity == "error" for finding in facts.findings)
    steps = (
        _ERRORS if has_errors else None,
        runbook_before.freeze(clusters),
        runbook_before.repair(clusters),
        runbook_before.helm_2(clusters),
        runbook_before.install(clusters),
        runbook_before.hold_images(clusters),
        runbook_before.secrets(clusters, facts.prerequisites),
        runbook_before.names(clusters),
        runbook_before.other_syncs(clusters),
        runbook_before.suspend_sync(clusters),
        # All fluxds that follow the branch stop before anything is merged into it.
        runbook_merge.stop_fluxd(clusters),
        runbook_merge.stop_operator(clusters),
        runbook_merge.part_with_migrated(clusters),
        runbook_merge.dry_run(clusters),
        runbook_merge.merge(clusters),
        runbook_merge.start_sync(clusters),
        runbook_merge.compare(clusters),
        runbook_after.restart_operator(clusters),
        runbook_after.prune(clusters, facts.created),
        runbook_after.remove_flux1(clusters),
        runbook_after.remove_marks(clusters),
        runbook_after.start_images(clusters),
        runbook_after.go_back(clusters),
    )
    return Runbook(tuple(step for step in steps if step is not None))


def _clusters(facts: CutoverFacts) -> Sequence[CutoverCluster]:
    left = {each.cluster: each for each in facts.left}
    is_alone = len(facts.syncs) == 1
    return [
        CutoverCluster(
            sync,
            left.get(sync.cluster, LeftReleases(sync.cluster, (), ())),
            tuple(each for each in facts.expected if is_alone or each.cluster in ("", sync.cluster)),
            tuple(sorted({*facts.automations.get("", ()), *facts.automations.get(sync.cluster, ())})),
            has_context=not is_alone,
        )
        for sync in facts.syncs
    ]
