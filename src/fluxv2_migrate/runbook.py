"""The ordered steps of the cut-over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fluxv2_migrate.findings import Finding
from fluxv2_migrate.flux2 import HelmRelease
from fluxv2_migrate.placement import Prerequisite

__all__ = ["Runbook", "RunbookStep", "write_runbook"]


@dataclass(frozen=True, slots=True)
class RunbookStep:
    """One step.

    Attributes:
        title: what is done.
        commands: to run, in this order.
        why: what goes wrong without it.
    """

    title: str
    commands: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Runbook:
    """The steps in their order."""

    steps: tuple[RunbookStep, ...]

    def to_markdown(self) -> str:
        """Gives the steps as a numbered list."""
        lines = ["# Cut-over", ""]
        for number, step in enumerate(self.steps, start=1):
            lines += [f"{number}. **{step.title}.** {step.why}", ""]
            if step.commands:
                lines += ["   ```sh", *(f"   {command}" for command in step.commands), "   ```", ""]
        return "\n".join(lines)

    def _repr_markdown_(self) -> str:
        return self.to_markdown()


def write_runbook(
    releases: Sequence[HelmRelease], prerequisites: Sequence[Prerequisite], findings: Sequence[Finding]
) -> Runbook:
    """Gives the steps of the cut-over for these releases.

    Source: helm-operator 1.4.4 `pkg/operator/operator.go`: a running operator uninstalls the release of an
    object that is removed; helm-controller 1.6.3 `internal/reconcile` for what is found.
    """
    steps: list[RunbookStep] = []
    if any(finding.severity == "error" for finding in findings):
        steps.append(
            RunbookStep(
                "Answer the questions of the report",
                (),
                "What they concern is not migrated and keeps running.",
            )
        )
    steps += [
        RunbookStep(
            "Note the live releases and keep a copy of their records",
            (
                "helm list --all-namespaces --all > releases-before.txt",
                "kubectl get secrets --all-namespaces -l owner=helm -o yaml > release-records.yaml",
            ),
            "Each release of the report must be in the list: the same name, in its storage namespace.",
        ),
        RunbookStep(
            "Stop fluxd and the helm-operator",
            (
                "kubectl -n flux scale deployment flux --replicas=0",
                "kubectl -n flux scale deployment helm-operator --replicas=0",
            ),
            "A running operator uninstalls a release when its object is removed, and fights over the others.",
        ),
    ]
    if prerequisites:
        steps.append(
            RunbookStep(
                "Create what the sources need",
                tuple(
                    f"kubectl -n {need.namespace} create secret generic {need.name} "
                    + " ".join(f"--from-file={key}=./{key}" for key in need.keys)
                    for need in prerequisites
                ),
                "Without it a source is not ready, and its releases wait.",
            )
        )
    checks = tuple(_record_check(release) for release in releases)
    steps += [
        RunbookStep(
            "Install Flux v2", ("flux check --pre", "flux install"), "Both versions can stand side by side."
        ),
        RunbookStep(
            "Check that each release is found under its name",
            checks,
            "A name that is not found is installed as a new release.",
        ),
        RunbookStep(
            "Merge the migration and let Flux sync it",
            ("flux get helmreleases --all-namespaces",),
            "Each release is upgraded once, also where nothing changed.",
        ),
        RunbookStep(
            "Compare the releases",
            ("helm list --all-namespaces --all | diff releases-before.txt -",),
            "Only revisions may differ: a new name is a second copy.",
        ),
        RunbookStep(
            "Remove the objects and the definitions of Flux v1",
            ("kubectl delete crd helmreleases.helm.fluxcd.io --ignore-not-found",),
            "Only with the operator gone: while it runs, it uninstalls what is deleted.",
        ),
    ]
    return Runbook(tuple(steps))


def _record_check(release: HelmRelease) -> str:
    spec, metadata = release.spec, release.metadata
    namespace = spec.storage_namespace or metadata.namespace
    return f"helm -n {namespace} status {spec.release_name}"
