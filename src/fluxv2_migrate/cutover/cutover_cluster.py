"""Steps of the cut-over, and how their commands speak to a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from fluxv2_migrate.cutover.expected_release import ExpectedRelease
from fluxv2_migrate.cutover.left_releases import LeftReleases
from fluxv2_migrate.cutover.running import RunningProgram
from fluxv2_migrate.cutover.syncs import ClusterSync
from fluxv2_migrate.flux1.apis import RELEASE_DEFINITIONS
from fluxv2_migrate.flux1.flags import Program
from fluxv2_migrate.quoting import command, word

DEFINITION: Final = RELEASE_DEFINITIONS[0]
OLDER_DEFINITIONS: Final = RELEASE_DEFINITIONS[1:]
IMAGE_CONTROLLER: Final = "image-automation-controller"
MIGRATION: Final = "flux2-migration"
"""The branch that holds the migration."""
LISTED: Final = "jq -r '.[] | \"\\(.namespace) \\(.name) \\(.status)\"' | sort"
"""What of a list of releases must stay the same: revisions, dates and versions of charts change."""


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
class CutoverCluster:
    """A cluster, and how its commands speak to it.

    Attributes:
        sync: what syncs it.
        left: what of Flux v1 is left in it.
        has_context: whether commands must name it.
    """

    sync: ClusterSync
    left: LeftReleases
    expected: tuple[ExpectedRelease, ...]
    automations: tuple[str, ...]
    has_context: bool

    def kubectl(
        self, namespace: str, *words: str, name: str | None = None, options: Sequence[str] = ()
    ) -> str:
        """Gives a command of kubectl."""
        where = ("-n", namespace) if namespace else ()
        return command("kubectl", *self._context("--context"), *where, *words, name=name, options=options)

    def flux(
        self, *words: str, name: str | None = None, options: Sequence[str] = (), namespace: str = ""
    ) -> str:
        """Gives a command of flux, in the namespace in which Flux v2 runs where none is given."""
        where = () if "-A" in words else ("-n", namespace or self.sync.namespace)
        return command("flux", *self._context("--context"), *where, *words, name=name, options=options)

    def scaled(self, running: RunningProgram, replicas: int) -> str:
        """Gives a command that starts or stops a program."""
        options = [f"--replicas={replicas}"]
        return self.kubectl(running.namespace, "scale", "deployment", name=running.name, options=options)

    def helm(self, *words: str, name: str | None = None) -> str:
        """Gives a command of helm."""
        return command("helm", *self._context("--kube-context"), *words, name=name)

    def _context(self, option: str) -> tuple[str, ...]:
        return (option, self.sync.cluster) if self.has_context else ()

    def file(self, stem: str, extension: str) -> str:
        """Gives a name of a file for what the cluster says."""
        slug = "".join(each if each.isalnum() else "-" for each in self.sync.cluster.lower())
        return word(f"{stem}-{slug}.{extension}" if self.has_context else f"{stem}.{extension}")

    def program(self, kind: Program) -> RunningProgram:
        """Gives fluxd or the operator as it runs: the first, where there are several."""
        return self.programs(kind)[0]

    def programs(self, kind: Program) -> tuple[RunningProgram, ...]:
        """Gives all fluxds of this repository, or all operators: some have one for each namespace."""
        return tuple(each for each in self.sync.programs if each.program == kind and each.is_ours)

    @property
    def namespaces_of_sync(self) -> tuple[str, ...]:
        """Namespaces of the Kustomizations that are there already."""
        if self.sync.state != "there":
            return ()
        found = dict.fromkeys(each.namespace for each in self.sync.existing)
        return tuple(found) or (self.sync.namespace,)

    @property
    def others(self) -> tuple[RunningProgram, ...]:
        """Fluxds that sync other repositories."""
        return tuple(each for each in self.sync.programs if not each.is_ours)

    @property
    def had_fluxd(self) -> bool:
        """Whether a fluxd is there to be stopped: one that is shown, or that must have synced so far."""
        return not self.program("fluxd").is_assumed or self.sync.state != "there"

    @property
    def had_operator(self) -> bool:
        """Whether an operator is to be stopped: one that is shown, or that must have served releases."""
        return not self.program("helm-operator").is_assumed or bool(self.expected or self.left.resources)

    @property
    def is_served(self) -> bool:
        """Whether the operator serves on."""
        return bool(self.left.resources)


Clusters = Sequence[CutoverCluster]


def step(title: str, commands: Iterable[str], why: str) -> RunbookStep | None:
    """Gives a step; none where there is nothing to do."""
    found = tuple(commands)
    return RunbookStep(title, found, why) if found else None


def each_of(clusters: Clusters, of: Callable[[CutoverCluster], Iterable[str]]) -> Iterator[str]:
    """Gives the commands of all clusters."""
    for cluster in clusters:
        yield from of(cluster)


def branches_of(clusters: Clusters) -> Sequence[str]:
    """Gives the branches that clusters follow, each once."""
    return list(dict.fromkeys(each.sync.settings.branch for each in clusters))


def tag_of(branch: str, clusters: Clusters) -> str:
    """Gives the tag that says what a branch was before the migration."""
    return "pre-flux2" if len(branches_of(clusters)) == 1 else f"pre-flux2/{branch}"


def nothing_runs(cluster: CutoverCluster, operator: RunningProgram) -> str:
    """Gives a command that fails where a pod of an operator is left."""
    get = ("get", "pods", *(("-l", operator.selector) if operator.selector else ()), "-o", "name")
    pods = cluster.kubectl(operator.namespace, *get)
    if not operator.selector:
        pods += f" | grep -F {word(f'pod/{operator.name}-')} || true"
    return f'test -z "$({pods})"'


def nothing_serves(cluster: CutoverCluster) -> Iterator[str]:
    """Gives commands that fail where a pod of any operator is left."""
    for operator in cluster.programs("helm-operator"):
        yield nothing_runs(cluster, operator)


def prune_of(cluster: CutoverCluster, namespace: str, name: str, value: str) -> str:
    """Gives a command that turns the pruning of a Kustomization on or off."""
    what = f"kustomization.kustomize.toolkit.fluxcd.io/{name}"
    patch = f'{{"spec":{{"prune":{value}}}}}'
    return cluster.kubectl(namespace, "patch", what, "--type=merge", "-p", patch)
