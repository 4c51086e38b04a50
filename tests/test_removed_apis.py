"""Manifests of APIs that Kubernetes has given up."""

from __future__ import annotations

import pytest

import fluxv2_migrate as fm
from built_clusters import Files, release

APPS = fm.MigrationOptions(sync_roots=("apps",))


def manifest(api: str, kind: str = "Ingress", more: str = "") -> str:
    return f"apiVersion: {api}\nkind: {kind}\nmetadata:\n  name: one\n  namespace: shop\n{more}"


def told(files: Files, options: fm.MigrationOptions = APPS) -> list[tuple[str, str]]:
    findings = fm.migrate_repository({"apps/web.yaml": release(), **files}, options).findings
    return [(each.path, each.message.split()[1]) for each in findings if each.code == "RP087"]


@pytest.mark.parametrize(
    ("api", "kind", "removed"),
    [
        ("extensions/v1beta1", "Ingress", "1.22"),
        ("extensions/v1beta1", "DaemonSet", "1.16"),
        ("networking.k8s.io/v1beta1", "Ingress", "1.22"),
        ("networking.k8s.io/v1beta1", "IPAddress", ""),
        ("networking.k8s.io/v1", "Ingress", ""),
        ("policy/v1beta1", "PodSecurityPolicy", "1.25"),
        ("node.k8s.io/v1beta1", "RuntimeClass", "1.25"),
        ("certificates.k8s.io/v1beta1", "CertificateSigningRequest", "1.22"),
        ("certificates.k8s.io/v1beta1", "ClusterTrustBundle", ""),
        ("rbac.authorization.k8s.io/v1alpha1", "Role", "1.23"),
        ("flowcontrol.apiserver.k8s.io/v1beta2", "FlowSchema", "1.29"),
        ("apps/v1", "Deployment", ""),
    ],
)
def test_an_api_that_is_gone_is_told_with_the_release_that_gave_it_up(
    api: str, kind: str, removed: str
) -> None:
    found = told({"apps/one.yaml": manifest(api, kind)})
    assert found == ([("apps/one.yaml", removed)] if removed else [])


@pytest.mark.parametrize(
    "more", ["fluxcd.io/ignore: 'true'", "kustomize.toolkit.fluxcd.io/reconcile: disabled"]
)
def test_what_is_not_applied_asks_for_no_api(more: str) -> None:
    text = manifest("policy/v1beta1", more=f"  annotations: {{{more}}}\n")
    assert told({"apps/one.yaml": text}) == []


def test_only_what_a_cluster_applies_is_told() -> None:
    item = "{apiVersion: batch/v1beta1, kind: CronJob, metadata: {name: one, namespace: shop}}"
    files: Files = {
        "apps/kustomization.yaml": "resources: [web.yaml, listed.yaml]\n",
        "apps/listed.yaml": f"apiVersion: v1\nkind: List\nitems:\n- {item}\n",
        "else/other.yaml": manifest("policy/v1beta1"),
    }
    assert told(files) == [("apps/listed.yaml", "1.25")]


def test_each_release_of_kubernetes_is_told_once() -> None:
    files: Files = {f"apps/{name}.yaml": manifest("policy/v1beta1", "PodDisruptionBudget") for name in "ab"}
    files["apps/c.yaml"] = manifest("extensions/v1beta1")
    assert told(files) == [("apps/a.yaml", "1.25"), ("apps/c.yaml", "1.22")]


def test_what_flux_2_syncs_already_is_not_told() -> None:
    metadata = "metadata: {name: flux-system, namespace: flux-system}\n"
    sync = f"apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n{metadata}"
    sync += "spec: {path: ./prod, prune: true, interval: 5m,"
    sync += " sourceRef: {kind: GitRepository, name: flux-system}}\n---\n"
    sync += f"apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n{metadata}"
    sync += "spec: {url: https://example.com/a, interval: 1m}\n"
    files: Files = {"prod/one.yaml": manifest("policy/v1beta1"), "prod/flux-system/gotk-sync.yaml": sync}
    assert told(files, fm.MigrationOptions()) == []
