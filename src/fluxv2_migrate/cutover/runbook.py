"""The ordered steps of the cut-over."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fluxv2_migrate.findings.finding import Finding
from fluxv2_migrate.flux2 import HelmRelease
from fluxv2_migrate.placement import Prerequisite
from fluxv2_migrate.quoting import as_code_block, as_markdown_text, command, word

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
            lines += [f"{number}. **{as_markdown_text(step.title)}.** {as_markdown_text(step.why)}", ""]
            if step.commands:
                lines += [*as_code_block(step.commands, "sh", "   "), ""]
        return "\n".join(lines)

    def _repr_markdown_(self) -> str:
        return self.to_markdown()


def write_runbook(
    releases: Sequence[HelmRelease],
    prerequisites: Sequence[Prerequisite],
    findings: Sequence[Finding],
    *,
    updates_images: bool = False,
) -> Runbook:
    """Gives the steps of the cut-over for these releases.

    Names of Deployments and namespaces of Flux v1 are those of its own manifests; those of a Helm
    installation differ.

    Args:
        releases: that were migrated.
        prerequisites: what must exist first.
        findings: of the migration.
        updates_images: whether image automation was migrated.

    Source: helm-operator 1.4.4 `pkg/operator/operator.go`: a running operator uninstalls the release of an
    object that is removed; helm-controller 1.6.3 `internal/reconcile`, `internal/action/verify.go`: what is
    found is upgraded, what is not is installed, and a name that changes later is uninstalled.
    """
    steps: list[RunbookStep] = []
    if any(finding.severity == "error" for finding in findings):
        why = "What they concern is not migrated and stays what it is."
        steps.append(RunbookStep("Answer the questions of the report", (), why))
    steps += [*_BEFORE, _install(updates_images=updates_images), *_secrets(prerequisites)]
    steps.append(
        RunbookStep(
            "Check that each release is found under its name",
            tuple(_status(release) for release in releases),
            "A record that is not found stops nothing: the release is installed a second time beside what "
            "runs, or takes its objects over, and a name that is corrected later is uninstalled. Compare all "
            "names and namespaces with releases-before.txt, or suspend the releases until that is done. "
            "Each must be `deployed`.",
        )
    )
    return Runbook((*steps, *_AFTER))


def _install(*, updates_images: bool) -> RunbookStep:
    why = "A sync that starts before the migration is merged applies the repository of Flux v1."
    install = "flux install"
    if updates_images:
        install += " --components-extra=image-reflector-controller,image-automation-controller"
        why += (
            " The key of the GitRepository must be one that may write: the automation pushes to its branch."
        )
    return RunbookStep("Install Flux v2 without a sync", ("flux check --pre", install), why)


def _status(release: HelmRelease) -> str:
    namespace = release.spec.storage_namespace or release.metadata.namespace or "default"
    return command("helm", "-n", namespace, "status", name=release.spec.release_name)


def _secrets(prerequisites: Sequence[Prerequisite]) -> list[RunbookStep]:
    commands: list[str] = []
    for need in prerequisites:
        target = ("kubectl", "-n", need.namespace)
        if need.copy_of:
            origin, _, name = need.copy_of.partition("/")
            fields = f"{{apiVersion, kind, type, data, metadata: {{name: {json.dumps(need.name)}}}}}"
            read = command("kubectl", "-n", origin, "get", "secret", name=name, options=["-o", "json"])
            commands.append(f"{read} | jq {word(fields)} | {command(*target, 'apply', '-f', '-')}")
        else:
            files = [f"--from-file={key}=./{key}" for key in need.keys]
            # The type of a Secret cannot be changed later, and no other is taken for one that pulls images.
            typed = [f"--type={_PULLS}"] if ".dockerconfigjson" in need.keys else []
            create = (*target, "create", "secret", "generic")
            commands.append(command(*create, name=need.name, options=[*typed, *files]))
    why = "Without them a source is not ready, and its releases wait."
    return [RunbookStep("Create the Secrets that the sources need", tuple(commands), why)] if commands else []


_PULLS: Final = "kubernetes.io/dockerconfigjson"
_BEFORE = (
    RunbookStep(
        "Freeze, and write down what runs",
        (
            "kubectl get helmreleases.helm.fluxcd.io -A -o yaml > releases-v1.yaml",
            "helm list -A -a -m 0 > releases-before.txt",
            "kubectl get secrets -A -l owner=helm -o yaml > release-records.yaml",
            "git tag pre-flux2",
        ),
        "`status.releaseName` of each object must be the name in the report. Without `-m 0` Helm lists 256 "
        "releases and no more. Repair every release that is not `deployed`.",
    ),
    RunbookStep(
        "Repair the records that Flux v2 cannot heal",
        ("helm list -A -a -m 0 | grep -E '[[:space:]](uninstalled|uninstalling|unknown)[[:space:]]'",),
        "What is `failed`, `superseded` or pending is upgraded, too. Over a record that is `uninstalled` the "
        "install is refused (`helm uninstall` once more deletes the record), and over one that is "
        "`uninstalling` or `unknown` each upgrade fails (`helm rollback` to a revision that was deployed "
        "heals them).",
    ),
    RunbookStep(
        "Make sure that no release of Helm 2 is left",
        ("kubectl -n kube-system get configmaps,secrets -l OWNER=TILLER",),
        "Nothing may be listed: Flux v2 does not find records of Helm 2.",
    ),
    RunbookStep(
        "Stop fluxd, then the helm-operator, and wait until they are gone",
        (
            "kubectl -n flux scale deployment flux --replicas=0",
            "kubectl -n flux wait --for=delete pod -l name=flux --timeout=120s",
            "kubectl -n flux scale deployment helm-operator --replicas=0",
            "kubectl -n flux get pods",
        ),
        "A running fluxd removes objects that leave Git, and a running operator uninstalls what is removed. "
        "The manifests of both must leave the synced path, or something starts them again.",
    ),
)
_AFTER = (
    RunbookStep(
        "Merge the migration, and let Flux sync it with `prune: false`",
        ("flux get all -A",),
        "Each release is upgraded once, also where nothing changed. An event that says Install and not "
        "Upgrade means that the record was not found: suspend that release at once, and do not delete it.",
    ),
    RunbookStep(
        "Compare what runs",
        ("helm list -A -a -m 0 | diff releases-before.txt -",),
        "Only revisions may differ: a new name is a second copy.",
    ),
    RunbookStep(
        "Turn pruning on",
        ("flux get kustomizations -A",),
        "From now on what leaves Git leaves the cluster.",
    ),
    RunbookStep(
        "Delete the helm-operator, and only then its definitions",
        (
            "kubectl -n flux delete deployment helm-operator flux --ignore-not-found",
            "kubectl delete crd helmreleases.helm.fluxcd.io helmreleases.flux.weave.works --ignore-not-found",
        ),
        "While it runs, it uninstalls what is deleted. Never delete `helmreleases.helm.toolkit.fluxcd.io`.",
    ),
    RunbookStep(
        "To go back: suspend before anything else",
        ("flux suspend kustomization --all -n flux-system", "git revert --no-commit pre-flux2..HEAD"),
        "A HelmRelease of Flux v2 that is deleted while it is not suspended uninstalls its release.",
    ),
)
