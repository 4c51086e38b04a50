"""The steps in which Flux v1 stops and Flux v2 begins."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from fluxv2_migrate.cutover.cutover_cluster import (
    DEFINITION,
    LISTED,
    MIGRATION,
    Clusters,
    CutoverCluster,
    RunbookStep,
    branches_of,
    each_of,
    nothing_runs,
    nothing_serves,
    step,
)
from fluxv2_migrate.flux1.flags import Program
from fluxv2_migrate.quoting import command, word
from fluxv2_migrate.rules import DECRYPTION_SECRET, SYNC_NAME, git_repository_manifest

_MAY_DIFFER: Final = "|| test $? -eq 1"
"""Behind what ends with 1 where something differs, and with more where it cannot tell."""


def _stop(cluster: CutoverCluster, kind: Program) -> Iterator[str]:
    for running in cluster.programs(kind):
        namespace = running.namespace
        yield cluster.scaled(running, 0)
        if running.selector:
            wait = ("wait", "--for=delete", "pod", "-l", running.selector, "--timeout=120s")
            yield cluster.kubectl(namespace, *wait)
        if kind == "helm-operator":
            yield nothing_runs(cluster, running)
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
    running = [each for cluster in own for each in cluster.programs("fluxd")]
    everywhere = "every fluxd" if len(own) == 1 else "fluxd in every cluster that follows the branch"
    which = "fluxd" if len(running) == 1 else everywhere
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
            yield from nothing_serves(cluster)
            for each in cluster.expected:
                namespace, name = each.identity
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
        for each in sync.existing if sync.state == "there" else ():
            diff = cluster.flux(
                "diff",
                "kustomization",
                name=each.name,
                options=[f"--path=./{each.path}"],
                namespace=each.namespace,
            )
            yield f"{diff} {_MAY_DIFFER}"
        file = word(f"./{sync.file}") if sync.file else cluster.file("sync", "yaml")
        if sync.state == "commands":
            yield from _exported(cluster, file)
        for name, path in sync.kustomizations:
            yield f"{_difference(cluster, name, path, file)} {_MAY_DIFFER}"

    found = list(each_of(clusters, commands))
    why = "It is what the server would take, before anything is changed."
    if any(not each.sync.settings.url and each.sync.state == "commands" for each in clusters):
        why += " The URL of the repository is not known: GIT_URL is it."
    if found:
        found.insert(0, f"git switch {MIGRATION}")
    return step("Look on the branch of the migration at what Flux v2 will change", found, why)


def _difference(cluster: CutoverCluster, name: str, path: str, file: str) -> str:
    """Gives a command that shows what a Kustomization would change that no cluster has yet.

    Source: flux2 2.9.4 `internal/build/build.go`: `flux diff` stops where the cluster does not have it.
    """
    options = ["--dry-run", f"--path=./{path}", "--kustomization-file"]
    built = cluster.flux("build", "kustomization", name=name, options=options)
    shown = cluster.kubectl("", "diff", "--server-side", "--force-conflicts", "-f", "-")
    return f"{built} {file} | {shown}"


def _exported(cluster: CutoverCluster, file: str) -> Iterator[str]:
    """Gives the commands that write the sync into a file, as the migration would have.

    What `flux create` has no flags for is added to what it gives.
    """
    sync = cluster.sync
    settings = sync.settings
    url = command(f"--url={settings.url}") if settings.url else '--url="$GIT_URL"'
    source = [f"--branch={settings.branch}", f"--interval={settings.git_interval}"]
    source += [f"--secret-ref={SYNC_NAME}"] if settings.keys else []
    source += [f"--fetch-timeout={settings.git_timeout}"] if settings.git_timeout else []
    source += ["--recurse-submodules"] if settings.has_submodules else []
    made = cluster.flux("create", "source", "git", name=SYNC_NAME, options=source)
    manifest = git_repository_manifest(settings, sync.flux_version, namespace=sync.namespace)
    further = {"verify": manifest["spec"]["verify"]} if settings.is_verified else {}
    yield f"{_completed(f'{made} {url} --export', further)} > {file}"
    for name, path in sync.kustomizations:
        options = [f"--source=GitRepository/{SYNC_NAME}", f"--path=./{path}", "--prune=false"]
        options += [f"--interval={settings.interval}"]
        if settings.is_decrypted:
            options += ["--decryption-provider=sops", f"--decryption-secret={DECRYPTION_SECRET}"]
        made = cluster.flux("create", "kustomization", name=name, options=[*options, "--export"])
        yield f"{_completed(made, {'timeout': settings.timeout} if settings.timeout else {})} >> {file}"


def _completed(exported: str, spec: Mapping[str, object]) -> str:
    """Gives a command that gives what another one does, with further fields."""
    if not spec:
        return exported
    patch = command("kubectl", "patch", "--local", "-f", "-", "--type=merge", "-o", "yaml", "-p")
    added = word(json.dumps({"spec": spec}, separators=(",", ":")))
    return f"{{ echo ---; {exported} | {patch} {added}; }}"


def merge(clusters: Clusters) -> RunbookStep | None:
    """The migration is in Git."""
    commands = [
        each
        for branch in branches_of(clusters)
        for each in (
            command("git", "switch", branch),
            f"git merge --no-ff --no-edit {MIGRATION}",
            command("git", "push", "origin", branch),
        )
    ]
    return step(
        "Merge the migration",
        commands,
        f"{MIGRATION} is the branch that holds it. Nothing of Flux v1 may run any more.",
    )


def start_sync(clusters: Clusters) -> RunbookStep | None:
    """Flux v2 syncs."""

    def commands(cluster: CutoverCluster) -> Iterator[str]:
        sync = cluster.sync
        if sync.state == "there":
            if sync.by_hand:
                # No commit reaches it.
                yield f"{cluster.kubectl('', 'apply', '--server-side', '-f')} {word(f'./{sync.by_hand}')}"
            for namespace in cluster.namespaces_of_sync:
                yield cluster.flux("resume", "kustomization", "--all", namespace=namespace)
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
