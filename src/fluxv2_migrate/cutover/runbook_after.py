"""The steps after Flux v2 has taken up all releases, and the way back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fluxv2_migrate.cutover.cutover_cluster import (
    DEFINITION,
    IMAGE_CONTROLLER,
    MIGRATION,
    OLDER_DEFINITIONS,
    Clusters,
    CutoverCluster,
    RunbookStep,
    branches_of,
    each_of,
    nothing_serves,
    prune_of,
    step,
    tag_of,
)
from fluxv2_migrate.cutover.running import RunningProgram
from fluxv2_migrate.flux2.apply_annotations import RECONCILE
from fluxv2_migrate.quoting import command, word
from fluxv2_migrate.repository.diff import unified_diff


def restart_operator(clusters: Clusters) -> RunbookStep | None:
    """What is left of Flux v1 is served again."""
    served = [cluster for cluster in clusters if cluster.is_served]
    shown = ", ".join(dict.fromkeys(name for cluster in served for name in cluster.left.resources))
    return step(
        "Start the helm-operator again for what it still serves",
        (cluster.scaled(running, 1) for cluster in served for running in cluster.programs("helm-operator")),
        f"It serves {shown}.",
    )


def prune(clusters: Clusters, created: Mapping[str, str]) -> RunbookStep | None:
    """What leaves Git leaves the cluster again, as with fluxd."""

    def commands(cluster: CutoverCluster) -> Iterator[str]:
        sync = cluster.sync
        if not sync.settings.collected_garbage or sync.state == "there":
            return
        before = created.get(sync.file)
        if before is None:
            for name, _ in sync.kustomizations:
                yield prune_of(cluster, sync.namespace, name, "true")
            return
        lines = [
            line.replace("prune: false", "prune: true").partition(" #")[0].rstrip()
            + line[len(line.rstrip()) :]
            if line.strip().startswith("prune: false")
            else line
            for line in before.splitlines(keepends=True)
        ]
        diff = unified_diff(sync.file, before, "".join(lines))
        branch = sync.settings.branch
        yield command("git", "switch", branch)
        yield f"git apply <<'EOF'\n{diff}EOF"
        yield f"git commit -m 'Prune what leaves Git' -- {word(sync.file)}"
        yield command("git", "push", "origin", branch)

    return step(
        "Turn pruning on, when every release is ready",
        each_of(clusters, commands),
        "fluxd collected garbage: from now on what leaves Git leaves the cluster again.",
    )


def remove_flux1(clusters: Clusters) -> RunbookStep | None:
    """Flux v1 leaves the clusters: the operator, and only then its definitions."""

    def commands(cluster: CutoverCluster) -> Iterator[str]:
        goes = cluster.had_operator and not cluster.is_served
        if goes:
            yield from nothing_serves(cluster)
            for operator in cluster.programs("helm-operator"):
                yield from _uninstall(cluster, operator)
        for fluxd in cluster.programs("fluxd") if cluster.had_fluxd else ():
            yield from _uninstall(cluster, fluxd)
        if goes:
            yield cluster.kubectl("", "delete", "crd", name=DEFINITION)
            yield cluster.kubectl("", "delete", "crd", *OLDER_DEFINITIONS, "--ignore-not-found")

    served = any(cluster.is_served for cluster in clusters)
    has_operator = any(cluster.had_operator and not cluster.is_served for cluster in clusters)
    title = (
        "Remove the helm-operator and fluxd, and only then the definitions"
        if has_operator
        else "Remove fluxd"
    )
    why = (
        "Go on only where no pod of the operator is left: while it runs, it uninstalls what is deleted. "
        "Never delete `helmreleases.helm.toolkit.fluxcd.io`."
    )
    if served:
        why += " Where the operator serves on, it stays with its definitions."
    return step(title, each_of(clusters, commands), why)


def _uninstall(cluster: CutoverCluster, running: RunningProgram) -> Iterator[str]:
    if running.release_name:
        yield cluster.helm("-n", running.namespace, "uninstall", name=running.release_name)
        return
    yield cluster.kubectl(running.namespace, "delete", "deployment", name=running.name)
    if running.memcached:
        yield cluster.kubectl(running.namespace, "delete", "deployment", name=running.memcached)
    for kind, namespace, name in running.helpers:
        yield cluster.kubectl(namespace, "delete", kind.lower(), name=name)


def remove_marks(clusters: Clusters) -> RunbookStep | None:
    """Git no longer says what fluxd had synced."""
    own = [cluster for cluster in clusters if cluster.had_fluxd]
    refs = dict.fromkeys(ref for cluster in own for fluxd in cluster.programs("fluxd") for ref in fluxd.refs)
    return step(
        "Remove what fluxd left in Git",
        [command("git", "push", "origin", *(f":{ref}" for ref in refs))] if refs else [],
        "The tag and the notes say what fluxd had synced, and nobody reads them any more. Remove its deploy "
        "key, too, where Flux v2 has another one.",
    )


def start_images(clusters: Clusters) -> RunbookStep | None:
    """Images are updated again, last of all."""

    def commands(cluster: CutoverCluster) -> Iterator[str]:
        if cluster.automations:
            namespace = cluster.sync.namespace
            yield cluster.kubectl(namespace, "scale", "deployment", IMAGE_CONTROLLER, "--replicas=1")
            if cluster.sync.state == "there":
                yield cluster.kubectl(namespace, "annotate", "deployment", IMAGE_CONTROLLER, f"{RECONCILE}-")
            yield cluster.flux("get", "images", "all", "-A")

    return step(
        "Start image automation, when everything is ready",
        each_of(clusters, commands),
        "Look at its first commit: it writes all tags that came while everything was frozen.",
    )


def go_back(clusters: Clusters) -> RunbookStep | None:
    """Flux v1 can take everything up again."""

    def commands(cluster: CutoverCluster) -> Iterator[str]:
        for namespace in cluster.namespaces_of_sync or (cluster.sync.namespace,):
            yield cluster.flux("suspend", "kustomization", "--all", namespace=namespace)
        for namespace in dict.fromkeys(each.identity[0] for each in cluster.expected):
            yield cluster.flux("suspend", "helmrelease", "--all", namespace=namespace)
        for namespace in cluster.automations:
            yield cluster.flux("suspend", "image", "update", "--all", namespace=namespace)

    found = list(each_of(clusters, commands))
    for branch in branches_of(clusters):
        found += _revert(branch, tag_of(branch, clusters))
    for cluster in clusters:
        programs = [*cluster.programs("helm-operator")] if cluster.had_operator else []
        programs += cluster.programs("fluxd") if cluster.had_fluxd else ()
        found += (cluster.scaled(running, 1) for running in programs)
    return step(
        "To go back: suspend before anything else, and leave the suspended objects where they are",
        found,
        "A HelmRelease of Flux v2 that is removed while it is not suspended uninstalls its release. Roll "
        "back each release with Helm whose last record is not `deployed`: the operator takes up no other. "
        "Where fluxd and the operator are removed by then, install them again as Git has them after the "
        "revert, first of all their definitions and what the first step wrote down.",
    )


def _revert(branch: str, tag: str) -> Iterator[str]:
    """Gives the commands that take a branch back, whether it was merged or only moved on."""
    since = word(f"{tag}..HEAD")
    yield command("git", "switch", branch)
    yield (
        f"merge=$(git log -1 --merges --grep={MIGRATION} --format=%H {since}); "
        f'if [ -z "$merge" ]; then git revert --no-edit {since}; '
        'elif [ "$merge" = "$(git rev-parse HEAD)" ]; then git revert --no-edit -m 1 "$merge"; '
        'else git revert --no-edit "$merge"..HEAD && git revert --no-edit -m 1 "$merge"; fi'
    )
    yield command("git", "push", "origin", branch)
