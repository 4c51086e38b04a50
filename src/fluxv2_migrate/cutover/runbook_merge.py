"""The steps in which Flux v1 stops and Flux v2 begins."""

from __future__ import annotations

from collections.abc import Iterator

from fluxv2_migrate.cutover.cutover_cluster import (
    DEFINITION,
    LISTED,
    Clusters,
    CutoverCluster,
    RunbookStep,
    each_of,
    nothing_runs,
    step,
)
from fluxv2_migrate.flux1.flags import Program
from fluxv2_migrate.quoting import command, word
from fluxv2_migrate.rules import DECRYPTION_SECRET, SYNC_NAME

__all__ = ["compare", "dry_run", "merge", "part_with_migrated", "start_sync", "stop_fluxd", "stop_operator"]


def _stop(cluster: CutoverCluster, kind: Program) -> Iterator[str]:
    running = cluster.program(kind)
    namespace = running.namespace
    yield cluster.kubectl(namespace, "scale", "deployment", name=running.name, options=["--replicas=0"])
    if running.selector:
        wait = ("wait", "--for=delete", "pod", "-l", running.selector, "--timeout=120s")
        yield cluster.kubectl(namespace, *wait)
    if kind == "helm-operator":
        yield nothing_runs(cluster)
    else:
        yield cluster.kubectl(namespace, "get", "pods")


def _assumed(clusters: list[CutoverCluster], kind: Program) -> str:
    if not any(cluster.program(kind).is_assumed for cluster in clusters):
        return ""
    return (
        " The repository does not show where it runs: these are the names of Flux v1's own manifests, and "
        "`kubectl get deployments -A` shows the real ones."
    )


def stop_fluxd(clusters: Clusters) -> RunbookStep | None:
    """No fluxd follows the branch any more."""
    own = [each for each in clusters if each.had_fluxd]
    which = "fluxd" if len(own) == 1 else "fluxd in every cluster that follows the branch"
    return step(
        f"Stop {which}, and wait until it is gone",
        each_of(own, lambda cluster: _stop(cluster, "fluxd")),
        "A running fluxd applies what is merged, and one that collects garbage removes what leaves Git."
        + _assumed(own, "fluxd"),
    )


def stop_operator(clusters: Clusters) -> RunbookStep | None:
    """No operator works on the releases any more."""
    own = [each for each in clusters if each.had_operator]
    return step(
        "Stop the helm-operator, and wait until it is gone",
        each_of(own, lambda cluster: _stop(cluster, "helm-operator")),
        "A running operator uninstalls the release of an object that is removed, and two operators would "
        "upgrade one release in turns." + _assumed(own, "helm-operator"),
    )


def part_with_migrated(clusters: Clusters) -> RunbookStep | None:
    """An operator that serves on finds nothing any more of what is migrated."""

    def commands(cluster: CutoverCluster) -> Iterator[str]:
        if cluster.is_served and cluster.expected:
            yield nothing_runs(cluster)
            for each in cluster.expected:
                namespace, _, name = each.resource.partition(" ")[2].partition("/")
                yield cluster.kubectl(namespace, "delete", DEFINITION, name=name)

    return step(
        "Take the objects of the migrated releases from the operator while it is down",
        each_of(clusters, commands),
        "It serves on, and no release may have an object of both Fluxes. While no pod of it is there, "
        "nothing is uninstalled.",
    )


# The merge


def dry_run(clusters: Clusters) -> RunbookStep | None:
    """What Flux v2 will do is seen before it does it."""

    def commands(cluster: CutoverCluster) -> Iterator[str]:
        sync = cluster.sync
        file = sync.file or cluster.file("sync", "yaml")
        if sync.state == "commands":
            yield from _exported(cluster, file)
        for name, path in sync.kustomizations:
            options = [f"--path=./{path}", f"--kustomization-file=./{file}"]
            yield cluster.flux("diff", "kustomization", name=name, options=options)

    found = list(each_of(clusters, commands))
    why = "It is what the server would take, before anything is changed; it ends with 1 where something is."
    if any(not each.sync.settings.url and each.sync.state == "commands" for each in clusters):
        why += " The URL of the repository is not known: GIT_URL is it."
    return step("Look on the branch of the migration at what Flux v2 will change", found, why)


def _exported(cluster: CutoverCluster, file: str) -> Iterator[str]:
    """Gives the commands that write the sync into a file, as the migration would have."""
    sync = cluster.sync
    settings = sync.settings
    url = command(f"--url={settings.url}") if settings.url else '--url="$GIT_URL"'
    source = [f"--branch={settings.branch}", f"--interval={settings.git_interval}"]
    source += [f"--secret-ref={SYNC_NAME}"] if settings.keys else []
    made = cluster.flux("create", "source", "git", name=SYNC_NAME, options=source)
    yield f"{made} {url} --export > {file}"
    for name, path in sync.kustomizations:
        options = [f"--source=GitRepository/{SYNC_NAME}", f"--path=./{path}", "--prune=false"]
        options += [f"--interval={settings.interval}"]
        options += [f"--timeout={settings.timeout}"] if settings.timeout else []
        if settings.is_decrypted:
            options += ["--decryption-provider=sops", f"--decryption-secret={DECRYPTION_SECRET}"]
        made = cluster.flux("create", "kustomization", name=name, options=[*options, "--export"])
        yield f"{made} >> {file}"


def merge(clusters: Clusters) -> RunbookStep | None:
    """The migration is in Git."""
    branches = list(dict.fromkeys(each.sync.settings.branch for each in clusters))
    commands = [
        each
        for branch in branches
        for each in (
            command("git", "switch", branch),
            "git merge --no-ff flux2-migration",
            command("git", "push", "origin", branch),
        )
    ]
    return step(
        "Merge the migration",
        commands,
        "flux2-migration is the branch that holds it. Nothing of Flux v1 may run any more.",
    )


def start_sync(clusters: Clusters) -> RunbookStep | None:
    """Flux v2 syncs."""

    def commands(cluster: CutoverCluster) -> Iterator[str]:
        sync = cluster.sync
        if sync.state == "there":
            yield cluster.flux("resume", "kustomization", "--all")
        else:
            file = word(f"./{sync.file}") if sync.file else cluster.file("sync", "yaml")
            yield f"{cluster.kubectl('', 'apply', '--server-side', '-f')} {file}"
            for name, _ in sync.kustomizations:
                yield cluster.flux("reconcile", "kustomization", name=name, options=["--with-source"])
        yield cluster.flux("get", "all", "-A")

    return step(
        "Let Flux v2 sync it with `prune: false`",
        each_of(clusters, commands),
        "Each release is upgraded once, also where nothing changed. An event that says Install and not "
        "Upgrade means that the record was not found: suspend that release at once, and do not delete it.",
    )


def compare(clusters: Clusters) -> RunbookStep | None:
    """The same releases run as before."""

    def commands(cluster: CutoverCluster) -> Iterator[str]:
        if not cluster.had_operator:
            return
        listed = cluster.helm("list", "-A", "-a", "-m", "0", "-o", "json")
        yield f"{listed} | {LISTED} | diff {cluster.file('releases-before', 'txt')} -"

    return step(
        "Compare what runs",
        each_of(clusters, commands),
        "Nothing may differ: a new name is a second copy. Revisions, dates and versions of charts are left "
        "out, since these change.",
    )
