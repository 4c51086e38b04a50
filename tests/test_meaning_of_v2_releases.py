"""What a release means to Flux v2, one test for each fact, on the Flux releases that differ."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

import fluxv2_migrate as fm
from fluxv2_migrate.flux2 import FluxVersion, served_api_versions
from fluxv2_migrate.meaning import (
    GitReference,
    ReleaseMeaning,
    Remediation,
    SourceKey,
    ValuesSource,
    meaning_of_v2_release,
)
from fluxv2_migrate.meaning.release import Tolerance
from fluxv2_migrate.meaning.served_fields import split_served_fields
from reference_trees import DEFINED_VERSIONS, LOADER
from release_manifests import SOURCES, at, leaves, put, v2_meaning, v2_release

MINUTES = timedelta(minutes=5)
OPTIONAL: tuple[Tolerance, ...] = ("missing object", "missing key")
ROLLING = {"upgrade": {"remediation": {"retries": 3}}}
TESTED = {"test": {"enable": True}}


def chart(**fields: Any) -> dict[str, Any]:
    source = {"kind": "HelmRepository", "name": "example"}
    return {"chart": {"spec": {"chart": "web", "sourceRef": source, **fields}}}


def git_chart(**fields: Any) -> dict[str, Any]:
    source = {"kind": "GitRepository", "name": "charts"}
    return {"chart": {"spec": {"chart": "./charts/web", "sourceRef": source, **fields}}}


# The Flux release, what a spec says, the field that it decides, and the effective value.
FACTS: list[tuple[FluxVersion, dict[str, Any], str, Any]] = [
    ("2.9", {}, "release_name", "shop-web"),
    ("2.9", {"releaseName": None}, "release_name", "web"),
    ("2.9", {"releaseName": None, "targetNamespace": "shop"}, "release_name", "shop-web"),
    ("2.9", {"releaseName": "a" * 54}, "release_name", "a" * 40 + "-a3f01b693925"),
    ("2.9", {"releaseName": "a" * 54}, "refused", ("releaseName",)),
    ("2.9", {}, "target_namespace", "shop"),
    ("2.9", {"targetNamespace": "other"}, "target_namespace", "other"),
    ("2.9", {"targetNamespace": "other"}, "storage_namespace", "shop"),
    ("2.9", {"storageNamespace": "other"}, "storage_namespace", "other"),
    ("2.9", {}, "helm_version", "v3"),
    ("2.9", {"interval": None}, "unknown", ("interval",)),
    ("2.9", {"interval": "1d"}, "refused", ("interval",)),
    # The chart.
    ("2.9", {}, "chart.url", "https://charts.example.com"),
    ("2.9", chart(), "chart.version", "*"),
    ("2.9", chart(chart="Web"), "refused", ("chart.spec.chart",)),
    ("2.9", chart(chart="web.app"), "refused", ()),
    ("2.2", chart(chart="web.app"), "refused", ("chart.spec.chart",)),
    ("2.9", chart(chart=None), "chart.chart", None),
    ("2.9", chart(chart=None), "unknown", ("chart.chart", "chart.version")),
    ("2.9", chart(sourceRef=None), "unknown", ("chart.kind", "chart.url", "chart.credentials")),
    ("2.9", chart(sourceRef={"kind": "Secret", "name": "x"}), "refused", ("chart.spec.sourceRef.kind",)),
    ("2.9", chart(valuesFiles=["values.yaml"]), "chart.version_metadata", ""),
    ("2.9", chart(valuesFiles=["values.yaml", "a.yaml"]), "chart.version_metadata", "generation"),
    (
        "2.9",
        chart(valuesFiles=["values.yaml", "a.yaml"]),
        "values_from",
        (ValuesSource("ChartFile", "a.yaml"),),
    ),
    ("2.9", chart(valuesFiles=["values.yaml", "a.yaml"]), "chart.default_values", True),
    ("2.9", chart(valuesFiles=["a.yaml"]), "chart.default_values", False),
    (
        "2.9",
        chart(valuesFiles=["values.yaml", "a.yaml"], ignoreMissingValuesFiles=True),
        "values_from",
        (ValuesSource("ChartFile", "a.yaml", tolerates=("missing object",)),),
    ),
    ("2.1", chart(valuesFile="a.yaml"), "values_from", (ValuesSource("ChartFile", "a.yaml"),)),
    ("2.9", chart(valuesFile="a.yaml"), "refused", ("chart.spec.valuesFile",)),
    (
        "2.9",
        chart(verify={"provider": "cosign"}),
        "additional",
        {"chart.spec.verify": {"provider": "cosign"}},
    ),
    ("2.9", git_chart(), "chart.url", "ssh://git@example.com/acme/charts"),
    ("2.9", git_chart(), "chart.chart", "charts/web"),
    ("2.9", git_chart(chart="../../web"), "chart.chart", "web"),
    ("2.9", git_chart(chart="/charts/web"), "refused", ("chart.spec.chart",)),
    ("2.9", git_chart(chart=None), "chart.chart", None),
    ("2.9", git_chart(), "chart.reference", GitReference("branch", "main")),
    ("2.9", git_chart(), "chart.credentials", "Secret shop/key"),
    ("2.9", git_chart(), "chart.new_chart_on", "chart-version"),
    ("2.9", git_chart(reconcileStrategy="Revision"), "chart.new_chart_on", "commit"),
    ("2.9", git_chart(), "chart.version_metadata", ""),
    ("2.9", git_chart(reconcileStrategy="Revision"), "chart.version_metadata", "commit"),
    (
        "2.9",
        git_chart(reconcileStrategy="Revision", valuesFiles=["./charts/web/values.yaml", "a.yaml"]),
        "chart.version_metadata",
        "commit and generation",
    ),
    ("2.9", git_chart(valuesFiles=["charts/web/values.yaml", "a.yaml"]), "chart.default_values", True),
    (
        "2.9",
        git_chart(valuesFiles=["charts/web/values.yaml", "../a.yaml"]),
        "values_from",
        (ValuesSource("ChartFile", "a.yaml"),),
    ),
    ("2.9", git_chart(), "chart.fetches_dependencies", True),
    ("2.9", git_chart(), "chart.version", None),
    ("2.9", {"chart": None}, "chart", None),
    ("2.9", {"chart": None}, "unknown", ("chart",)),
    ("2.9", {"chartRef": {"kind": "OCIRepository", "name": "x"}}, "refused", ("chartRef",)),
    # The values.
    ("2.9", {"values": {"a": None}}, "values", {"a": None}),
    (
        "2.9",
        {
            "valuesFrom": [
                {"kind": "Secret", "name": "s", "valuesKey": "k", "targetPath": "a.b", "literal": True}
            ]
        },
        "values_from",
        (ValuesSource("Secret", "s", "shop", "k", (), "a.b", True),),
    ),
    (
        "2.9",
        {"valuesFrom": [{"kind": "ConfigMap", "name": "c", "optional": True}]},
        "values_from",
        (ValuesSource("ConfigMap", "c", "shop", "values.yaml", OPTIONAL),),
    ),
    (
        "2.1",
        {"valuesFrom": [{"kind": "ConfigMap", "name": "c", "optional": True}]},
        "values_from",
        (ValuesSource("ConfigMap", "c", "shop", "values.yaml", ("missing object",)),),
    ),
    (
        "2.9",
        {"valuesFrom": [{"kind": "Secret", "name": "s", "valuesKey": "a b"}]},
        "refused",
        ("valuesFrom[].valuesKey",),
    ),
    ("2.9", {"valuesFrom": [{"kind": "Pod", "name": "s"}]}, "refused", ("valuesFrom[].kind",)),
    ("2.9", {"valueFileSecrets": None}, "refused", ()),
    ("2.9", {"valuesFrom": [{"kind": "Secret"}]}, "refused", ("valuesFrom[].name",)),
    # Timeouts.
    ("2.9", {}, "install.timeout", MINUTES),
    ("2.9", {"timeout": "90s"}, "upgrade.timeout", timedelta(seconds=90)),
    ("2.9", {"timeout": "90s", "upgrade": {"timeout": "1m"}}, "upgrade.timeout", timedelta(minutes=1)),
    ("2.9", {"timeout": "90s"}, "uninstall.timeout", timedelta(seconds=90)),
    ("2.9", {"timeout": "90s", **TESTED}, "test.timeout", timedelta(seconds=90)),
    ("2.9", {"timeout": "90s", **ROLLING}, "rollback.timeout", timedelta(seconds=90)),
    ("2.9", {"timeout": "-1s"}, "refused", ("timeout",)),
    ("2.9", {"timeout": "0s"}, "install.timeout", timedelta()),
    ("2.7", {"timeout": "0s"}, "install.timeout", "unlimited"),
    ("2.9", {"timeout": "0s", "waitStrategy": {"name": "legacy"}}, "install.timeout", "unlimited"),
    # Waiting.
    ("2.9", {}, "install.wait", True),
    ("2.9", {}, "upgrade.wait", True),
    ("2.9", {}, "install.wait_for_jobs", True),
    ("2.9", {"install": {"disableWaitForJobs": True}}, "install.wait_for_jobs", False),
    ("2.9", {"install": {"disableWait": True}}, "install.wait", False),
    ("2.9", {"install": {"disableWait": True}}, "install.wait_for_jobs", None),
    ("2.9", {"upgrade": {"disableWait": True}}, "upgrade.wait_for_jobs", None),
    ("2.9", {"install": {"disableWait": True}, "upgrade": {"disableWait": True}}, "wait_engine", None),
    ("2.9", {}, "wait_engine", "kstatus"),
    ("2.7", {}, "wait_engine", "helm"),
    ("2.8", {"waitStrategy": {"name": "legacy"}}, "wait_engine", "helm"),
    ("2.8", {"waitStrategy": {"name": "poller"}}, "wait_engine", "kstatus"),
    ("2.9", {}, "uninstall.wait", True),
    ("2.9", {"uninstall": {"disableWait": True}}, "uninstall.wait", False),
    ("2.9", ROLLING, "rollback.wait", True),
    ("2.9", {**ROLLING, "rollback": {"disableWait": True}}, "rollback.wait", False),
    ("2.9", {**ROLLING, "rollback": {"disableWaitForJobs": True}}, "rollback.wait_for_jobs", False),
    # History and custom resource definitions.
    ("2.2", {}, "max_history", 5),
    ("2.1", {}, "max_history", 10),
    ("2.9", {"maxHistory": 0}, "max_history", 0),
    ("2.9", {}, "install.crds", "Create"),
    ("2.9", {"install": {"crds": "Skip"}}, "install.crds", "Skip"),
    ("2.9", {"install": {"crds": "CreateReplace"}}, "install.crds", "CreateReplace"),
    ("2.9", {"install": {"skipCRDs": True}}, "install.crds", "Create"),
    ("2.1", {"install": {"skipCRDs": True}}, "install.crds", "Skip"),
    ("2.1", {"install": {"skipCRDs": True, "crds": "Create"}}, "install.crds", "Create"),
    ("2.2", {}, "upgrade.crds", "Create"),
    ("2.1", {}, "upgrade.crds", "Skip"),
    # How objects are applied.
    ("2.9", {"upgrade": {"force": True}}, "upgrade.force", True),
    ("2.9", {"upgrade": {"force": True, "serverSideApply": "enabled"}}, "upgrade.force", False),
    ("2.9", {}, "upgrade.server_side_apply", False),
    ("2.8", {}, "install.server_side_apply", True),
    ("2.7", {}, "install.server_side_apply", False),
    ("2.9", {"install": {"serverSideApply": False}}, "install.server_side_apply", False),
    ("2.3", {}, "install.take_ownership", False),
    ("2.4", {}, "upgrade.take_ownership", True),
    ("2.5", {"install": {"disableTakeOwnership": True}}, "install.take_ownership", False),
    ("2.4", {"install": {"disableTakeOwnership": True}}, "install.take_ownership", True),
    ("2.4", {"install": {"disableTakeOwnership": True}}, "refused", ("install.disableTakeOwnership",)),
    ("2.9", {"upgrade": {"preserveValues": True}}, "upgrade.reuse_values", True),
    ("2.9", {"install": {"disableOpenAPIValidation": True}}, "install.openapi_validation", False),
    ("2.9", {"install": {"disableOpenAPIValidation": True}}, "upgrade.openapi_validation", True),
    ("2.9", {"upgrade": {"disableOpenAPIValidation": True}}, "upgrade.openapi_validation", False),
    ("2.9", {"install": {"createNamespace": True}}, "install.create_namespace", True),
    # Failures.
    ("2.9", {}, "install.remediation", Remediation("none")),
    (
        "2.9",
        {"install": {"remediation": {"retries": -1}}},
        "install.remediation",
        Remediation("uninstall", -1),
    ),
    (
        "2.9",
        {"install": {"remediation": {"retries": 2}}},
        "install.remediation",
        Remediation("uninstall", 2, False),
    ),
    (
        "2.9",
        {"install": {"remediation": {"remediateLastFailure": True}}},
        "install.remediation",
        Remediation("uninstall", 0, True),
    ),
    (
        "2.9",
        {"install": {"strategy": {"name": "RetryOnFailure"}}},
        "install.remediation",
        Remediation("retry"),
    ),
    ("2.9", {}, "upgrade.remediation", Remediation("none")),
    ("2.9", {}, "upgrade.rolls_back_adoption", None),
    ("2.9", ROLLING, "upgrade.remediation", Remediation("rollback", 3, True)),
    ("2.2", ROLLING, "upgrade.rolls_back_adoption", False),
    ("2.1", ROLLING, "upgrade.rolls_back_adoption", True),
    (
        "2.9",
        {"upgrade": {"remediation": {"retries": 3, "remediateLastFailure": False}}},
        "upgrade.remediation",
        Remediation("rollback", 3, False),
    ),
    (
        "2.9",
        {"upgrade": {"remediation": {"strategy": "uninstall"}}},
        "upgrade.remediation",
        Remediation("none"),
    ),
    (
        "2.9",
        {"upgrade": {"remediation": {"retries": 1, "strategy": "uninstall"}}},
        "upgrade.remediation",
        Remediation("uninstall", 1, True),
    ),
    ("2.9", {"upgrade": {"remediation": {"retries": 1, "strategy": "uninstall"}}}, "rollback", None),
    ("2.9", {**ROLLING, **TESTED}, "upgrade.remediation.counts_tests", True),
    (
        "2.9",
        {**ROLLING, "test": {"enable": True, "ignoreFailures": True}},
        "upgrade.remediation.counts_tests",
        False,
    ),
    (
        "2.9",
        {"upgrade": {"remediation": {"retries": 1, "ignoreTestFailures": True}}, **TESTED},
        "upgrade.remediation.counts_tests",
        False,
    ),
    ("2.9", {**ROLLING, "rollback": {"recreate": True}}, "rollback.recreate", False),
    ("2.7", {**ROLLING, "rollback": {"recreate": True}}, "rollback.recreate", True),
    ("2.9", {**ROLLING, "rollback": {"force": True}}, "rollback.force", True),
    ("2.9", {**ROLLING, "rollback": {"force": True, "serverSideApply": "enabled"}}, "rollback.force", False),
    # Tests.
    ("2.9", {}, "test.enabled", False),
    ("2.9", {"test": {"enable": True, "filters": [{"name": "a"}]}}, "test.filters", (("a", False),)),
    # What Flux v1 could not do.
    ("2.9", {"suspend": True}, "suspended", True),
    (
        "2.9",
        {"dependsOn": [{"name": "b"}, {"name": "a", "namespace": "x"}]},
        "dependencies",
        ("shop/b", "x/a"),
    ),
    ("2.9", {"dependsOn": [{"name": "b", "readyExpr": "true"}]}, "dependencies", ("shop/b when true",)),
    ("2.9", {"serviceAccountName": "me"}, "service_account", "me"),
    ("2.9", {"kubeConfig": {"secretRef": {"name": "k"}}}, "kube_config", "Secret k (value)"),
    ("2.9", {"kubeConfig": {"configMapRef": {"name": "k"}}}, "kube_config", "ConfigMap k"),
    ("2.9", {"kubeConfig": {}}, "kube_config", "Secret None (value)"),
    ("2.9", {"driftDetection": {"mode": "warn"}}, "drift_detection", "warn"),
    ("2.9", {"persistentClient": False, "postRenderers": []}, "additional", {}),
    # What nobody takes.
    (
        "2.9",
        {"rollback": {"enable": True}, "valueFileSecrets": [1]},
        "refused",
        ("rollback.enable", "valueFileSecrets"),
    ),
    (
        "2.9",
        {"valuesFrom": [{"kind": "Secret", "name": "s", "secretKeyRef": {}}]},
        "refused",
        ("valuesFrom[].secretKeyRef",),
    ),
]


@pytest.mark.parametrize(
    ("version", "spec", "field", "value"), FACTS, ids=lambda each: json.dumps(each, default=str)[:70]
)
def test_a_spec_means_what_the_controllers_do_with_it(
    version: FluxVersion, spec: dict[str, Any], field: str, value: Any
) -> None:
    manifest = v2_release(spec, version)
    given = copy.deepcopy(manifest)
    meaning = meaning_of_v2_release(manifest, SOURCES, flux_version=version)
    assert at(meaning, field) == value
    assert manifest == given
    assert pickle.loads(pickle.dumps(meaning)) == meaning


def source(kind: str, **spec: Any) -> dict[SourceKey, dict[str, Any]]:
    metadata = {"name": "src", "namespace": "flux-system"}
    manifest = {"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": kind, "metadata": metadata, "spec": spec}
    return {(kind, "flux-system", "src"): manifest}


def from_source(kind: str, **spec: Any) -> Callable[[], ReleaseMeaning]:
    reference = {"kind": kind, "name": "src", "namespace": "flux-system"}
    return lambda: v2_meaning(chart(sourceRef=reference), sources=source(kind, **spec))


GIT = "https://example.com/acme/charts.git"
SOURCE_FACTS: list[tuple[Callable[[], ReleaseMeaning], str, Any]] = [
    (from_source("HelmRepository", url="https://x.io/"), "chart.credentials", "none"),
    (from_source("HelmRepository", url="https://u:p@x.io"), "chart.credentials", "url"),
    (
        from_source("HelmRepository", url="https://u:p@x.io", secretRef={"name": "s"}),
        "chart.credentials",
        "Secret flux-system/s",
    ),
    (from_source("HelmRepository", url="s3://x"), "refused", ("source.url",)),
    (from_source("HelmRepository"), "refused", ("source.url",)),
    (
        from_source("HelmRepository", url="oci://x.io/charts", type="oci", provider="generic"),
        "additional",
        {},
    ),
    (
        from_source("HelmRepository", url="https://x.io", certSecretRef={"name": "c"}, suspend=True),
        "additional",
        {"source.certSecretRef": {"name": "c"}, "source.suspend": True},
    ),
    (from_source("GitRepository", url=GIT), "chart.url", "https://example.com/acme/charts"),
    (from_source("GitRepository", url=GIT), "chart.reference", GitReference("branch", "master")),
    (
        from_source("GitRepository", url=GIT, ref={"tag": "v1", "branch": "b"}),
        "chart.reference",
        GitReference("tag", "v1"),
    ),
    (
        from_source("GitRepository", url=GIT, ref={"tag": "v1", "semver": "*"}),
        "chart.reference",
        GitReference("tag", "v1"),
    ),
    (
        from_source("GitRepository", url=GIT, ref={"semver": "*", "branch": "b"}),
        "chart.reference",
        GitReference("semver", "*"),
    ),
    (
        from_source("GitRepository", url=GIT, ref={"name": "refs/heads/b", "tag": "t"}),
        "chart.reference",
        GitReference("branch", "b"),
    ),
    (
        from_source("GitRepository", url=GIT, ref={"name": "refs/tags/t"}),
        "chart.reference",
        GitReference("tag", "t"),
    ),
    (
        from_source("GitRepository", url=GIT, ref={"name": "refs/x"}),
        "chart.reference",
        GitReference("name", "refs/x"),
    ),
    (
        from_source("GitRepository", url=GIT, ref={"commit": "a" * 40, "branch": "b"}),
        "chart.reference",
        GitReference("commit", "a" * 40),
    ),
    (from_source("GitRepository", url=GIT, ref={"commit": "a" * 40}), "chart.new_chart_on", "never"),
    (from_source("GitRepository", url="ssh://example.com:22/a"), "chart.url", "ssh://git@example.com/a"),
    (from_source("GitRepository", url="git@example.com:a/b"), "refused", ("source.url",)),
    (
        from_source("GitRepository", url=GIT, recurseSubmodules=True),
        "additional",
        {"source.recurseSubmodules": True},
    ),
    (from_source("Bucket", bucketName="b", endpoint="s3.io"), "chart.url", "s3.io/b"),
    (
        from_source("Bucket", bucketName="b", endpoint="s3.io", secretRef={"name": "s"}),
        "chart.credentials",
        "Secret flux-system/s",
    ),
    (from_source("Bucket", bucketName="b", endpoint="s3.io"), "chart.kind", "bucket"),
]


@pytest.mark.parametrize(("meaning", "field", "value"), SOURCE_FACTS)
def test_a_source_means_what_source_controller_does_with_it(
    meaning: Callable[[], ReleaseMeaning], field: str, value: Any
) -> None:
    assert at(meaning(), field) == value


def test_a_source_that_is_not_there_leaves_open_what_it_says() -> None:
    helm = v2_meaning(sources={})
    assert helm.unknown == ("chart.url", "chart.credentials")
    assert (at(helm, "chart.url"), at(helm, "chart.credentials")) == (None, None)
    git = v2_meaning(git_chart(), sources={})
    assert git.unknown == ("chart.url", "chart.credentials", "chart.reference")
    assert at(git, "chart.reference") is None


def referring(kind: str, **changes: Any) -> dict[str, Any]:
    return {"chart": None, "chartRef": {"kind": kind, "name": "src", "namespace": "flux-system", **changes}}


@pytest.mark.parametrize(
    ("ref", "version"),
    [
        ({"tag": "1.0.0"}, "1.0.0"),
        ({"tag": "1.0.0", "semver": "1.x"}, "1.x"),
        ({"semver": "1.x", "digest": "sha256:0"}, "sha256:0"),
        (None, "latest"),
    ],
)
def test_a_chart_can_come_from_a_registry_alone(ref: dict[str, str] | None, version: str) -> None:
    sources = source("OCIRepository", url="oci://x.io/charts/web", ref=ref, secretRef={"name": "s"})
    meaning = v2_meaning(referring("OCIRepository"), sources=sources)
    assert (at(meaning, "chart.url"), at(meaning, "chart.chart")) == ("oci://x.io/charts", "web")
    assert at(meaning, "chart.version") == version
    assert at(meaning, "chart.credentials") == "Secret flux-system/s"
    assert at(meaning, "chart.version_metadata") == "digest"
    assert meaning.refused == ()


def test_a_registry_has_its_own_scheme() -> None:
    sources = source("OCIRepository", url="https://x.io/charts/web")
    assert v2_meaning(referring("OCIRepository"), sources=sources).refused == ("source.url",)


def test_a_chart_can_be_one_that_somebody_made() -> None:
    repository = source("HelmRepository", url="https://x.io")
    spec = {
        "chart": "web",
        "version": "1.0.0",
        "sourceRef": {"kind": "HelmRepository", "name": "src"},
        "interval": "1m",
        "verify": {"provider": "cosign"},
    }
    meaning = v2_meaning(referring("HelmChart"), sources={**repository, **source("HelmChart", **spec)})
    assert at(meaning, "chart.url") == "https://x.io"
    assert at(meaning, "chart.version") == "1.0.0"


@pytest.mark.parametrize("kind", ["ExternalArtifact", "HelmChart"])
def test_a_chart_of_which_nothing_is_known(kind: str) -> None:
    meaning = v2_meaning(referring(kind), sources={})
    assert (meaning.chart, meaning.unknown) == (None, ("chart",))
    nothing = v2_meaning({"chart": None, "chartRef": {}})
    assert nothing.chart is None


def test_a_missing_namespace_is_the_given_one_or_not_known() -> None:
    manifest = v2_release({"valuesFrom": [{"kind": "Secret", "name": "s"}]}, metadata={"name": "web"})
    given = meaning_of_v2_release(manifest, {}, default_namespace="shop")
    assert (given.target_namespace, given.storage_namespace) == ("shop", "shop")
    unknown = meaning_of_v2_release(manifest, {})
    assert (unknown.target_namespace, unknown.storage_namespace) == (None, None)
    assert {"target_namespace", "storage_namespace"} < set(unknown.unknown)


def test_the_name_is_a_label() -> None:
    metadata = {"name": "a" * 64, "namespace": "shop"}
    assert meaning_of_v2_release(v2_release(metadata=metadata), SOURCES).refused == ("metadata.name",)


def test_an_api_that_is_not_served_is_refused() -> None:
    manifest = v2_release(apiVersion="helm.toolkit.fluxcd.io/v2beta1")
    assert meaning_of_v2_release(manifest, SOURCES, flux_version="2.6").refused == ()
    assert meaning_of_v2_release(manifest, SOURCES, flux_version="2.7").refused == ("apiVersion",)
    later = v2_release(apiVersion="helm.toolkit.fluxcd.io/v3")
    assert meaning_of_v2_release(later, SOURCES).refused == ("apiVersion",)


@pytest.mark.parametrize("spec", [{"timeout": 90}, {"values": [1]}, {"chart": "web"}])
def test_what_the_api_server_refuses_has_no_meaning(spec: dict[str, Any]) -> None:
    with pytest.raises(fm.InvalidManifest):
        v2_meaning(spec)


@cache
def schemas(crds: Path, version: FluxVersion) -> dict[str, dict[str, Any]]:
    text = (crds / version / "helm.toolkit.fluxcd.io_helmreleases.yaml").read_text("utf-8")
    definition = next(each for each in yaml.load_all(text, LOADER) if each)
    return {
        each["name"]: each["schema"]["openAPIV3Schema"]["properties"]["spec"]
        for each in definition["spec"]["versions"]
        if each["served"]
    }


@pytest.mark.parametrize("version", DEFINED_VERSIONS)
def test_what_is_served_is_what_the_definitions_have(shared: Path, version: FluxVersion) -> None:
    everything = {
        path
        for release in DEFINED_VERSIONS
        for schema in schemas(shared / "crds", release).values()
        for path, _ in leaves(schema)
    }
    served = schemas(shared / "crds", version)
    assert {f"helm.toolkit.fluxcd.io/{name}" for name in served} == set(
        served_api_versions("HelmRelease", version)
    )
    checked = 0
    for name, schema in served.items():
        known = {path for path, _ in leaves(schema)}
        for path in everything:
            manifest = {"apiVersion": f"helm.toolkit.fluxcd.io/{name}", "spec": put({}, path, "x")}
            assert (split_served_fields(manifest, version)[1] == ()) == (path in known), (name, path)
            checked += 1
    assert checked > 100


def samples(schema: dict[str, Any]) -> list[Any]:
    if schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema:
        return [{"a": "b"}]
    if str(schema.get("pattern", "")).startswith("^([0-9]+"):
        return ["7m"]
    by_type: dict[str, list[Any]] = {
        "boolean": [True, False],
        "integer": [7],
        "object": [{"a": "b"}],
        "string": ["sample"],
    }
    return list(schema.get("enum") or by_type.get(schema.get("type", ""), [{"a": "b"}]))


# How often something is looked at changes nothing in the cluster, nor how often a client is made; a kind says
# which API it is of.
MEANINGLESS = {
    ("persistentClient",),
    ("interval",),
    ("chart", "spec", "interval"),
    ("chart", "spec", "sourceRef", "apiVersion"),
    ("chartRef", "apiVersion"),
    ("install", "skipCRDs"),
    ("rollback", "recreate"),
}


def test_no_field_of_the_api_is_left_unread(shared: Path) -> None:
    busy = {
        **chart(valuesFiles=["values.yaml", "a.yaml"]),
        **TESTED,
        "install": {"remediation": {"retries": 1}},
        "upgrade": {"remediation": {"retries": 1}},
        "dependsOn": [{"name": "db"}],
        "valuesFrom": [{"kind": "Secret", "name": "s"}],
    }
    bases: list[dict[str, Any]] = [
        busy,
        {**busy, **git_chart()},
        {**TESTED, **referring("HelmChart"), "upgrade": {"remediation": {"retries": 1}}},
    ]
    chart_spec = {"chart": "web", "sourceRef": {"kind": "HelmRepository", "name": "src"}}
    sources = {**SOURCES, **source("HelmChart", **chart_spec)}
    unread = set()
    for path, schema in leaves(schemas(shared / "crds", DEFINED_VERSIONS[-1])["v2"]):
        pairs = [
            (v2_meaning(base, sources=sources), v2_meaning(put(base, path, value), sources=sources))
            for base in bases
            # Two charts at once are refused, which would tell nothing of the field.
            if {path[0], "chart" if base.get("chart") else "chartRef"} != {"chart", "chartRef"}
            for value in samples(schema)
        ]
        if all(one == other for one, other in pairs):
            unread.add(path)
    assert unread == MEANINGLESS


@pytest.mark.parametrize("version", ["2.0", "2.1"])
def test_fields_that_went_away_were_read_before(version: FluxVersion) -> None:
    base = v2_meaning(ROLLING, version)
    assert v2_meaning({**ROLLING, "rollback": {"recreate": True}}, version) != base
    assert v2_meaning({**ROLLING, "install": {"skipCRDs": True}}, version) != base
