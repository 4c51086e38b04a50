"""The steps before anything of Flux v1 stops."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Final

from fluxv2_migrate.cutover.cutover_cluster import (
    DEFINITION,
    IMAGE_CONTROLLER,
    LISTED,
    Clusters,
    CutoverCluster,
    RunbookStep,
    branches_of,
    each_of,
    prune_of,
    step,
    tag_of,
)
from fluxv2_migrate.cutover.syncs import ClusterSync
from fluxv2_migrate.flux2.apply_annotations import RECONCILE
from fluxv2_migrate.placement import Prerequisite
from fluxv2_migrate.quoting import command, word
from fluxv2_migrate.rules import DECRYPTION_SECRET, SIGNATURE_SECRET, SYNC_NAME

_NOT_HEALED: Final = "grep -E '[[:space:]](uninstalled|uninstalling|unknown)[[:space:]]'"
_PULLS: Final = "kubernetes.io/dockerconfigjson"


def freeze(clusters: Clusters) -> RunbookStep | None:
    """Nobody deploys, and what runs is written down."""

    def commands(cluster: CutoverCluster) -> Iterator[str]:
        if not cluster.had_operator:
            return
        get = cluster.kubectl("", "get", DEFINITION, "-A", "-o", "yaml")
        yield f"{get} > {cluster.file('releases-v1', 'yaml')}"
        listed = cluster.helm("list", "-A", "-a", "-m", "0", "-o", "json")
        yield f"{listed} | {LISTED} > {cluster.file('releases-before', 'txt')}"
        records = cluster.kubectl("", "get", "secrets", "-A", "-l", "owner=helm", "-o", "yaml")
        yield f"{records} > {cluster.file('release-records', 'yaml')}"

    why = (
        "`status.releaseName` of each object must be the name in the report. Without `-m 0` Helm lists 256 "
        "releases and no more; Helm 4 has no `-a` and needs none. Repair each release that is not `deployed`."
    )
    if any(cluster.has_context for cluster in clusters):
        why += " The clusters are named here as in the report: put in the contexts of your kubeconfig."
    tags = [command("git", "tag", tag_of(branch, clusters), branch) for branch in branches_of(clusters)]
    found = [*each_of(clusters, commands), *tags]
    return step("Freeze, and write down what runs", found, why)


def repair(clusters: Clusters) -> RunbookStep | None:
    """No record is left that Flux v2 cannot go on with."""
    return step(
        "Repair the records that Flux v2 cannot heal",
        (
            f"! {each.helm('list', '-A', '-a', '-m', '0')} | {_NOT_HEALED}"
            for each in clusters
            if each.had_operator
        ),
        "It fails where one is left. What is `failed`, `superseded` or pending is upgraded, too. Over a "
        "record that is `uninstalled` the install is refused (`helm uninstall` once more deletes the "
        "record), and over one that is `uninstalling` or `unknown` each upgrade fails (`helm rollback` to a "
        "revision that was deployed heals them).",
    )


def helm_2(clusters: Clusters) -> RunbookStep | None:
    """No record of Helm 2 is left, where the operator took that, too."""
    return step(
        "Make sure that no release of Helm 2 is left",
        (
            each.kubectl("kube-system", "get", "configmaps,secrets", "-l", "OWNER=TILLER")
            for each in clusters
            if each.sync.has_helm_2 and each.had_operator
        ),
        "Nothing may be listed: Flux v2 does not find records of Helm 2.",
    )


def install(clusters: Clusters) -> RunbookStep | None:
    """Flux v2 runs, and syncs nothing yet."""

    def commands(cluster: CutoverCluster) -> Iterator[str]:
        extra = f"--components-extra=image-reflector-controller,{IMAGE_CONTROLLER}"
        if cluster.sync.state != "there":
            yield cluster.flux("check", "--pre")
            yield cluster.flux("install", options=[extra] if cluster.automations else [])

    why = "A sync that starts before the migration is merged applies the repository of Flux v1."
    if any(cluster.automations for cluster in clusters):
        why += (
            " The key of the GitRepository must be one that may write: the automation pushes to its branch."
        )
    return step("Install Flux v2 without a sync", each_of(clusters, commands), why)


def hold_images(clusters: Clusters) -> RunbookStep | None:
    """Image automation comes last."""

    def commands(cluster: CutoverCluster) -> Iterator[str]:
        if cluster.automations:
            namespace = cluster.sync.namespace
            if cluster.sync.state == "there":
                # What syncs Flux itself would start it again.
                yield cluster.kubectl(
                    namespace, "annotate", "deployment", IMAGE_CONTROLLER, f"{RECONCILE}=disabled"
                )
            yield cluster.kubectl(namespace, "scale", "deployment", IMAGE_CONTROLLER, "--replicas=0")

    return step(
        "Hold image automation until all releases are ready",
        each_of(clusters, commands),
        "Tags that were not deployed while everything was frozen would all be written at once.",
    )


def secrets(clusters: Clusters, prerequisites: Sequence[Prerequisite]) -> RunbookStep | None:
    """What the objects of Flux v2 refer to is there."""

    def commands(cluster: CutoverCluster) -> Iterator[str]:
        sync = cluster.sync
        yield from _key_of_sync(cluster)
        for need in prerequisites:
            if _needs(sync, need):
                yield _secret(cluster, need)

    found = list(each_of(clusters, commands))
    why = "Without them a source is not ready, and what it holds is not applied."
    if any("--from-file" in each for each in found):
        why += " What `--from-file` reads you have: put it into a folder with the name of the Secret first."
    if any(each.sync.settings.is_decrypted for each in clusters):
        why += f" The keys in {DECRYPTION_SECRET} are those that fluxd had."
    return step("Create the Secrets that the sources need", found, why)


def _needs(sync: ClusterSync, need: Prerequisite) -> bool:
    """Gives whether a Secret is still to be made for a cluster: what only a sync needs, its own asks for."""
    if need.namespace != sync.namespace:
        return True
    of_sync = {
        SYNC_NAME: sync.state == "there",
        DECRYPTION_SECRET: sync.settings.is_decrypted,
        SIGNATURE_SECRET: sync.settings.is_verified,
    }
    return of_sync.get(need.name, True)


def _key_of_sync(cluster: CutoverCluster) -> Iterator[str]:
    sync = cluster.sync
    settings = sync.settings
    if sync.state == "there" or not settings.keys:
        return
    create = ("create", "secret", "git")
    if "identity" in settings.keys:
        fluxd = cluster.program("fluxd")
        # A dot in the key of a Secret is no step of a path.
        key = fluxd.secret_key.replace(".", "\\.")
        options = ["-o", f"jsonpath={{.data.{key}}}"]
        get = cluster.kubectl(fluxd.namespace, "get", "secret", name=fluxd.secret_name, options=options)
        yield f"{get} | base64 -d > fluxd-identity"
        # The key of the server is looked up, and stands in the Secret as known_hosts.
        options = [f"--url={settings.url}", "--private-key-file=./fluxd-identity"]
        yield cluster.flux(*create, name=SYNC_NAME, options=options)
        yield "rm fluxd-identity"
    else:
        made = cluster.flux(*create, name=SYNC_NAME, options=[f"--url={settings.url}"])
        yield f'{made} --username="$GIT_USERNAME" --password="$GIT_PASSWORD"'


def _secret(cluster: CutoverCluster, need: Prerequisite) -> str:
    if need.copy_of:
        origin, _, name = need.copy_of.partition("/")
        fields = f"{{apiVersion, kind, type, data, metadata: {{name: {json.dumps(need.name)}}}}}"
        read = cluster.kubectl(origin, "get", "secret", name=name, options=["-o", "json"])
        return f"{read} | jq {word(fields)} | {cluster.kubectl(need.namespace, 'apply', '-f', '-')}"
    files = [f"--from-file={key}=./{need.name}/{key}" for key in need.keys]
    # The type of a Secret cannot be changed later, and no other is taken for one that pulls images.
    typed = [f"--type={_PULLS}"] if ".dockerconfigjson" in need.keys else []
    return cluster.kubectl(
        need.namespace, "create", "secret", "generic", name=need.name, options=[*typed, *files]
    )


def names(clusters: Clusters) -> RunbookStep | None:
    """Each release is found under the name that Flux v2 will use."""
    return step(
        "Check that each release is found under its name",
        (
            cluster.helm("-n", each.storage_namespace or "default", "status", name=each.release_name)
            for cluster in clusters
            for each in cluster.expected
        ),
        "A record that is not found stops nothing: the release is installed a second time beside what "
        "runs, or takes its objects over, and a name that is corrected later is uninstalled. Compare all "
        "names and namespaces with what was written down, or suspend the releases until that is done. "
        "Each must be `deployed`.",
    )


def other_syncs(clusters: Clusters) -> RunbookStep | None:
    """A fluxd that syncs another repository is not forgotten."""
    found = [(cluster, each) for cluster in clusters for each in cluster.others]
    if not found:
        return None
    shown = "; ".join(f"fluxd {each.namespace}/{each.name} syncs {each.syncs}" for _, each in found)
    commands = [
        cluster.kubectl(each.namespace, "get", "deployment", name=each.name) for cluster, each in found
    ]
    return step(
        "Leave the fluxds of other repositories running, or migrate those repositories first",
        commands,
        f"{shown}. Nothing here takes their part: each needs a GitRepository and a Kustomization of its own, "
        "and the helm-operator serves their releases.",
    )


def suspend_sync(clusters: Clusters) -> RunbookStep | None:
    """A Flux v2 that syncs already waits until Flux v1 is stopped, and prunes nothing of it."""

    def commands(cluster: CutoverCluster) -> Iterator[str]:
        for namespace in cluster.namespaces_of_sync:
            yield cluster.flux("suspend", "kustomization", "--all", namespace=namespace)
        for each in cluster.sync.existing:
            if each.prunes:
                yield prune_of(cluster, each.namespace, each.name, "false")

    why = "It would apply the merge while Flux v1 still runs."
    if any(each.prunes for cluster in clusters for each in cluster.sync.existing):
        why += (
            " What leaves Git would leave the cluster, too, and a running operator uninstalls what leaves: "
            "so that nothing of it is pruned, each waits with `prune: false`. Git turns it on again."
        )
    return step("Suspend the sync of Flux v2 that is there already", each_of(clusters, commands), why)
