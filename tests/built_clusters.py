"""What clusters get of repositories that kustomize builds, before and after a migration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import fluxv2_migrate as fm
from fluxv2_migrate.kustomize import BuiltObject, KustomizeTree, controller_build

__all__ = [
    "V1",
    "Files",
    "applied",
    "check",
    "hold_name",
    "identity",
    "is_new",
    "release",
    "source_of",
    "touched",
]


Files = dict[str, str | bytes]

V1 = ("helm.fluxcd.io/v1", "flux.weave.works/v1beta1", "helm.integrations.flux.weave.works/v1alpha2")


def release(name: str = "web", namespace: str = "shop", more: str = "") -> str:
    where = f"  namespace: {namespace}\n" if namespace else ""
    return (
        "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata:\n"
        f"  name: {name} # ours\n{where}spec:\n  helmVersion: v3\n{more}  chart:\n"
        "    repository: https://charts.example.com\n    name: web\n    version: 1.2.3\n"
    )


def identity(manifest: Mapping[str, Any]) -> tuple[str, str, str, str]:
    metadata = manifest.get("metadata") or {}
    group = str(manifest.get("apiVersion")).rpartition("/")[0]
    return group, str(manifest.get("kind")), str(metadata.get("namespace") or ""), str(metadata.get("name"))


def applied(tree: KustomizeTree, context: fm.MigrationContext) -> dict[str, list[BuiltObject]]:
    """Gives what kustomize-controller applies of each cluster's sync paths."""
    return {
        cluster.name: [built for path in cluster.sync_paths for built in controller_build(tree, path).objects]
        for cluster in context.clusters
    }


def check(before: Files, migration: fm.Migration) -> None:
    """Holds what every migration of such a tree keeps."""
    old, new = KustomizeTree(before), KustomizeTree(migration.files)
    for folder in old.kustomizations:
        first, second = old.build(folder), new.build(folder)
        if first.ok:
            assert second.ok, (folder, second.problems)
    is_guessed = any(finding.code == "RP009" for finding in migration.findings)
    clusters, first_clusters = applied(new, migration.context), applied(old, migration.context)
    for cluster, objects in clusters.items():
        # Names of releases are those that the helm-operator gave, under the very same objects.
        releases = {identity(each.manifest)[2:]: each.manifest for each in objects if is_new(each)}
        for built in first_clusters[cluster]:
            manifest = built.manifest
            alike = {identity(each.manifest) for each in first_clusters[cluster] if each.path == built.path}
            if is_guessed and len(alike) > 1:
                # Nobody says what is synced, and a base stands beside what is built of it: one counts.
                continue
            if manifest.get("apiVersion") in V1 and identity(manifest)[2:] in releases:
                hold_name(manifest, releases[identity(manifest)[2:]])
        identities = [identity(each.manifest) for each in objects]
        doubled = {each for each in identities if identities.count(each) > 1}
        generated = {each.path for each in objects} & set(migration.created)
        assert not {identity(each.manifest) for each in objects if each.path in generated} & doubled, cluster
        for built in objects:
            if is_new(built) and identity(built.manifest)[2:] in touched(migration):
                assert source_of(built.manifest) in identities, (cluster, built.manifest)


def is_new(built: BuiltObject) -> bool:
    return identity(built.manifest)[:2] == ("helm.toolkit.fluxcd.io", "HelmRelease")


def touched(migration: fm.Migration) -> set[tuple[str, str]]:
    return {
        (str(each.namespace), str(each.name))
        for resource in migration.resources
        if resource.before
        for each in [resource.resource.metadata]
    }


def source_of(manifest: Mapping[str, Any]) -> tuple[str, str, str, str]:
    reference = manifest["spec"]["chart"]["spec"]["sourceRef"]
    namespace = reference.get("namespace") or identity(manifest)[2]
    return "source.toolkit.fluxcd.io", reference["kind"], namespace, reference["name"]


def hold_name(old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    spec = old.get("spec") or {}
    _, _, namespace, name = identity(old)
    wanted = fm.resolve_release_name(
        name=name,
        namespace=namespace,
        release_name=spec.get("releaseName"),
        target_namespace=spec.get("targetNamespace"),
        api_version=old["apiVersion"],
    )
    assert new["spec"].get("releaseName") == wanted.spec_release_name
    assert (new["spec"].get("storageNamespace") or namespace) == (wanted.storage_namespace or namespace)
