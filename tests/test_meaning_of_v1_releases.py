"""What a release means to the helm-operator, one test for each fact."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

import fluxv2_migrate as fm
from fluxv2_migrate.meaning import (
    GitReference,
    Remediation,
    RunningOperator,
    ValuesSource,
    meaning_of_v1_release,
    meaning_of_v2_release,
)
from fluxv2_migrate.meaning.durations import duration_text, parse_duration, seconds
from fluxv2_migrate.meaning.release import Tolerance
from reference_trees import LOADER
from release_manifests import GIT_CHART, at, leaves, put, v1_release, v2_release

MINUTES = timedelta(minutes=5)
ANY: tuple[Tolerance, ...] = ("missing object", "missing key", "invalid YAML")
UNDONE = Remediation("uninstall", -1, None, None)

# What a spec says, the field that it decides, and the effective value.
FACTS: list[tuple[dict[str, Any], str, Any]] = [
    ({}, "release_name", "shop-web"),
    ({"releaseName": "front"}, "release_name", "front"),
    ({"targetNamespace": "shop"}, "release_name", "shop-web"),
    ({"targetNamespace": "other"}, "release_name", "shop-other-web"),
    ({}, "target_namespace", "shop"),
    ({"targetNamespace": "other"}, "target_namespace", "other"),
    ({"targetNamespace": "other"}, "storage_namespace", "other"),
    ({"helmVersion": "v2"}, "helm_version", "v2"),
    ({"helmVersion": None}, "assumed", ("helm_version",)),
    ({}, "assumed", ()),
    # The chart.
    ({}, "chart.kind", "helm"),
    ({}, "chart.url", "https://charts.example.com"),
    ({}, "chart.version", "1.2.3"),
    ({}, "chart.credentials", "none"),
    (
        {"chart": {"repository": "https://me:pw@x.io", "name": "a", "version": "1"}},
        "chart.credentials",
        "url",
    ),
    (
        {"chart": {"repository": "https://me:pw@x.io", "name": "a", "version": "1"}},
        "chart.url",
        "https://x.io",
    ),
    (
        {"chart": {"repository": "https://x.io?a=b", "name": "a", "version": "1"}},
        "chart.url",
        "https://x.io?a=b",
    ),
    ({"chart": {"repository": "no url/", "name": "a", "version": "1"}}, "chart.url", "no url"),
    ({"chart": {"repository": "https://x.io", "name": "a", "version": ""}}, "chart", None),
    ({"chart": {"repository": "https://x.io", "name": "a"}}, "unknown", ("chart",)),
    ({"chart": {"git": "https://x.io/a"}}, "chart", None),
    ({"chart": None}, "chart", None),
    (
        {"chart": {**GIT_CHART, "repository": "https://x.io", "name": "a", "version": "1"}},
        "chart.kind",
        "git",
    ),
    ({"chart": GIT_CHART}, "chart.url", "ssh://git@example.com/acme/charts"),
    ({"chart": GIT_CHART}, "chart.chart", "charts/web"),
    ({"chart": {**GIT_CHART, "path": "/"}}, "chart.chart", "."),
    ({"chart": {**GIT_CHART, "path": "./charts/web/"}}, "chart.chart", "charts/web"),
    # Nobody calls a tag so.
    ({"chart": GIT_CHART}, "chart.reference", GitReference("branch", "main")),
    ({"chart": GIT_CHART}, "assumed", ()),
    ({"chart": {**GIT_CHART, "ref": None}}, "chart.reference", GitReference("branch", "master")),
    ({"chart": {**GIT_CHART, "ref": "v1"}}, "chart.reference", GitReference("revision", "v1")),
    ({"chart": {**GIT_CHART, "ref": "v1"}}, "assumed", ("chart.reference",)),
    ({"chart": {**GIT_CHART, "ref": "a" * 40}}, "chart.reference", GitReference("commit", "a" * 40)),
    ({"chart": {**GIT_CHART, "ref": "a" * 40}}, "chart.new_chart_on", "never"),
    ({"chart": {**GIT_CHART, "ref": "refs/tags/v1"}}, "chart.reference", GitReference("tag", "v1")),
    (
        {"chart": {**GIT_CHART, "ref": "refs/pull/1/head"}},
        "chart.reference",
        GitReference("name", "refs/pull/1/head"),
    ),
    ({"chart": GIT_CHART}, "chart.new_chart_on", "commit-to-path"),
    ({"chart": GIT_CHART}, "chart.credentials", "operator"),
    ({"chart": {**GIT_CHART, "secretRef": {"name": "s"}}}, "chart.credentials", "operator"),
    (
        {"chart": {**GIT_CHART, "git": "https://x.io/a", "secretRef": {"name": "s"}}},
        "chart.credentials",
        "Secret shop/s",
    ),
    (
        {"chart": {**GIT_CHART, "git": "https://x.io/a", "secretRef": {"name": "s", "namespace": "o"}}},
        "chart.credentials",
        "Secret o/s",
    ),
    (
        {"chart": {**GIT_CHART, "git": "http://x.io/a", "secretRef": {"name": "s"}}},
        "chart.credentials",
        "none",
    ),
    ({"chart": {**GIT_CHART, "git": "https://u:p@x.io/a"}}, "chart.credentials", "url"),
    ({"chart": GIT_CHART}, "chart.fetches_dependencies", True),
    ({"chart": {**GIT_CHART, "skipDepUpdate": True}}, "chart.fetches_dependencies", False),
    ({}, "chart.default_values", True),
    ({}, "chart.version_metadata", ""),
    # The values.
    ({}, "values", {}),
    ({"values": {"a": None, "b": [1]}}, "values", {"a": None, "b": [1]}),
    (
        {"valueFileSecrets": [{"name": "s"}]},
        "values_from",
        (ValuesSource("Secret", "s", "shop", "values.yaml"),),
    ),
    (
        {
            "valueFileSecrets": [{"name": "s"}],
            "valuesFrom": [{"configMapKeyRef": {"name": "c", "key": "k", "namespace": "o"}}],
        },
        "values_from",
        (ValuesSource("Secret", "s", "shop", "values.yaml"), ValuesSource("ConfigMap", "c", "o", "k")),
    ),
    (
        {"valuesFrom": [{"secretKeyRef": {"name": "s", "optional": True}}]},
        "values_from",
        (ValuesSource("Secret", "s", "shop", "values.yaml", ANY),),
    ),
    (
        {"valuesFrom": [{"secretKeyRef": {"name": "s"}, "configMapKeyRef": {"name": "c"}}]},
        "values_from",
        (ValuesSource("ConfigMap", "c", "shop", "values.yaml"),),
    ),
    (
        {"valuesFrom": [{"chartFileRef": {"path": "p"}, "externalSourceRef": {"url": "https://x.io/v"}}]},
        "values_from",
        (ValuesSource("URL", "https://x.io/v"),),
    ),
    (
        {"valuesFrom": [{"externalSourceRef": {"url": "u", "optional": True}}]},
        "values_from",
        (ValuesSource("URL", "u", tolerates=ANY),),
    ),
    ({"valuesFrom": [{}]}, "values_from", ()),
    (
        {"valuesFrom": [{"chartFileRef": {"path": "prod.yaml"}}]},
        "values_from",
        (ValuesSource("ChartFile", "prod.yaml"),),
    ),
    ({"valuesFrom": [{"chartFileRef": {"path": "prod.yaml", "optional": True}}]}, "values_from", ()),
    (
        {"chart": GIT_CHART, "valuesFrom": [{"chartFileRef": {"path": "../prod.yaml", "optional": True}}]},
        "values_from",
        (ValuesSource("ChartFile", "charts/prod.yaml", tolerates=ANY),),
    ),
    # The actions.
    ({}, "install.timeout", MINUTES),
    ({"timeout": 90}, "install.timeout", timedelta(seconds=90)),
    ({"timeout": 90}, "upgrade.timeout", timedelta(seconds=90)),
    ({"timeout": 90}, "uninstall.timeout", timedelta(seconds=90)),
    ({"timeout": 0}, "upgrade.timeout", "unlimited"),
    ({"timeout": -1}, "upgrade.timeout", timedelta(seconds=-1)),
    ({}, "install.wait", False),
    ({}, "wait_engine", None),
    ({"wait": True}, "upgrade.wait", True),
    ({"wait": True}, "upgrade.wait_for_jobs", False),
    ({"wait": True}, "wait_engine", "helm"),
    ({"rollback": {"enable": True}}, "install.wait", True),
    ({"test": {"enable": True}}, "upgrade.wait", True),
    ({"wait": False, "rollback": {"enable": True}}, "upgrade.wait", False),
    ({"wait": False, "rollback": {"enable": True, "wait": True}}, "wait_engine", "helm"),
    ({"rollback": {"enabled": True}}, "upgrade.wait", False),
    ({}, "max_history", 10),
    ({"maxHistory": 0}, "max_history", 0),
    ({}, "install.crds", "Create"),
    ({"skipCRDs": True}, "install.crds", "Skip"),
    ({}, "upgrade.crds", "Skip"),
    ({"forceUpgrade": True}, "upgrade.force", True),
    ({"resetValues": False}, "upgrade.reuse_values", True),
    ({"resetValues": True}, "upgrade.reuse_values", False),
    ({}, "upgrade.reuse_values", False),
    ({"disableOpenAPIValidation": True}, "install.openapi_validation", False),
    ({"disableOpenAPIValidation": True}, "upgrade.openapi_validation", True),
    ({}, "install.remediation", UNDONE),
    ({}, "install.take_ownership", False),
    ({}, "install.server_side_apply", False),
    # Rollbacks.
    ({}, "upgrade.remediation", Remediation("none")),
    ({"rollback": {"retry": True, "maxRetries": 3}}, "upgrade.remediation", Remediation("none")),
    ({"rollback": {"enable": True}}, "upgrade.remediation", Remediation("rollback", 0, True)),
    ({"rollback": {"enable": True}}, "upgrade.rolls_back_adoption", True),
    ({"rollback": {"enable": True, "retry": True}}, "upgrade.remediation", Remediation("rollback", 5, True)),
    (
        {"rollback": {"enable": True, "retry": True, "maxRetries": 2}},
        "upgrade.remediation",
        Remediation("rollback", 2, True),
    ),
    (
        {"rollback": {"enable": True, "retry": True, "maxRetries": 0}},
        "upgrade.remediation",
        Remediation("rollback", -1, None),
    ),
    (
        {"rollback": {"enable": True, "retry": True, "maxRetries": -1}},
        "upgrade.remediation",
        Remediation("rollback", 0, True),
    ),
    ({}, "rollback", None),
    ({"rollback": {"enable": True}, "timeout": 9}, "rollback.timeout", MINUTES),
    ({"rollback": {"enable": True, "timeout": 60}}, "rollback.timeout", timedelta(minutes=1)),
    ({"rollback": {"enable": True}}, "rollback.wait", False),
    ({"rollback": {"enable": True, "wait": True}}, "rollback.wait_for_jobs", False),
    ({"rollback": {"enable": True, "force": True}}, "rollback.force", False),
    ({"rollback": {"enable": True, "recreate": True}}, "rollback.recreate", True),
    ({"rollback": {"enable": True, "disableHooks": True}}, "rollback.hooks", False),
    # Tests.
    ({}, "test.enabled", False),
    ({"test": {"timeout": 60}}, "test.timeout", None),
    ({"test": {"enable": True}, "timeout": 9}, "test.timeout", MINUTES),
    ({"test": {"enable": True, "timeout": 60}}, "test.timeout", timedelta(minutes=1)),
    ({"test": {"enable": True}}, "test.ignore_failures", False),
    ({"test": {"enable": True}}, "install.remediation.counts_tests", True),
    ({"test": {"enable": True, "ignoreFailures": True}}, "install.remediation.counts_tests", False),
    ({"test": {"enable": True}, "rollback": {"enable": True}}, "upgrade.remediation.counts_tests", True),
    # Deletion, and what Flux v1 never did.
    ({}, "uninstall.wait", False),
    ({}, "uninstall.keep_history", False),
    ({}, "suspended", False),
    ({}, "dependencies", ()),
    ({}, "service_account", ""),
    ({}, "drift_detection", "disabled"),
    ({}, "additional", {}),
    ({}, "refused", ()),
]


@pytest.mark.parametrize(
    ("spec", "field", "value"), FACTS, ids=lambda each: json.dumps(each, default=str)[:70]
)
def test_a_spec_means_what_the_operator_does_with_it(spec: dict[str, Any], field: str, value: Any) -> None:
    manifest = v1_release(spec)
    given = copy.deepcopy(manifest)
    meaning = meaning_of_v1_release(manifest)
    assert at(meaning, field) == value
    assert manifest == given
    assert pickle.loads(pickle.dumps(meaning)) == meaning


WAITING = {"wait": True, "rollback": {"enable": False}}
ROLLING = {"rollback": {"enable": True, "retry": True}}
# Which operator changed the effective value of which field, and to what.
OPERATORS: list[tuple[str, dict[str, Any], str, Any]] = [
    ("v1.4.4", ROLLING, "install.wait", True),
    ("1.1.0", ROLLING, "install.wait", False),
    ("1.1.0", ROLLING, "upgrade.wait", True),
    ("1.1.0", {"wait": False, **ROLLING}, "upgrade.wait", True),
    ("1.0.0-rc9", WAITING, "install.wait", True),
    ("1.0.0-rc4", WAITING, "upgrade.wait", False),
    ("1.0.0-rc4", ROLLING, "install.wait", False),
    ("1.0.0-rc4", ROLLING, "upgrade.wait", True),
    ("1.0.0-rc4", {}, "helm_version", "v2"),
    ("1.0.0-rc5", {}, "helm_version", "v3"),
    ("1.0.0-rc8", {"maxHistory": 3}, "max_history", 3),
    ("1.0.0-rc7", {"maxHistory": 3}, "assumed", ("max_history",)),
    ("1.0.0-rc9", ROLLING, "upgrade.remediation.retries", 5),
    ("1.0.0-rc8", ROLLING, "upgrade.remediation.retries", 0),
    ("1.0.0-rc9", {"skipCRDs": True}, "install.crds", "Skip"),
    ("1.0.0-rc8", {"skipCRDs": True}, "install.crds", "Create"),
    ("1.0.0", {"resetValues": False}, "upgrade.reuse_values", True),
    ("1.0.0-rc9", {"resetValues": False}, "upgrade.reuse_values", False),
    ("1.2.0", {"test": {"enable": True}}, "test.enabled", True),
    ("1.1.0", {"test": {"enable": True}}, "test.enabled", False),
    ("1.2.0", {"disableOpenAPIValidation": True}, "install.openapi_validation", False),
    ("1.1.0", {"disableOpenAPIValidation": True}, "install.openapi_validation", True),
]


@pytest.mark.parametrize(("version", "spec", "field", "value"), OPERATORS)
def test_an_older_operator_did_what_it_knew(
    version: str, spec: dict[str, Any], field: str, value: Any
) -> None:
    meaning = meaning_of_v1_release(v1_release(spec), operator=RunningOperator(version=version))
    assert at(meaning, field) == value


@pytest.mark.parametrize(
    ("version", "secret"),
    [("1.1.0", "Secret o/s"), ("1.0.0", "Secret shop/s"), ("1.0.0-rc7", "none")],
)
def test_credentials_of_charts_came_by_and_by(version: str, secret: str) -> None:
    chart = {**GIT_CHART, "git": "https://x.io/a", "secretRef": {"name": "s", "namespace": "o"}}
    operator = RunningOperator(version=version)
    meaning = meaning_of_v1_release(v1_release({"chart": chart}), operator=operator)
    assert at(meaning, "chart.credentials") == secret


def test_values_of_other_namespaces_came_with_rc9() -> None:
    manifest = v1_release({"valuesFrom": [{"secretKeyRef": {"name": "s", "namespace": "o"}}]})
    for version, namespace in (("1.0.0-rc9", "o"), ("1.0.0-rc8", "shop")):
        meaning = meaning_of_v1_release(manifest, operator=RunningOperator(version=version))
        assert meaning.values_from[0].namespace == namespace


def test_the_flags_of_the_operator_decide_what_the_manifest_leaves_open() -> None:
    chart = {**GIT_CHART, "ref": ""}
    manifest = v1_release({"chart": chart, "helmVersion": None})
    operator = RunningOperator(helm_version="v2", git_default_ref="trunk", updates_dependencies=False)
    meaning = meaning_of_v1_release(manifest, operator=operator)
    assert meaning.helm_version == "v2"
    assert at(meaning, "chart.reference") == GitReference("revision", "trunk")
    assert at(meaning, "chart.fetches_dependencies") is False


def test_no_version_of_an_operator_is_an_error() -> None:
    with pytest.raises(fm.MigrationError, match=r"'new' is no version"):
        meaning_of_v1_release(v1_release(), operator=RunningOperator(version="new"))


def test_the_release_before_version_one_is_of_helm_2_and_knows_little() -> None:
    manifest = v1_release(
        {
            "chart": {**GIT_CHART, "ref": None},
            "targetNamespace": "other",
            "resetValues": False,
            "maxHistory": 2,
            "rollback": {"enable": True, "retry": True},
            "test": {"enable": True},
        },
        apiVersion="flux.weave.works/v1beta1",
    )
    meaning = meaning_of_v1_release(manifest, operator=RunningOperator(git_default_ref="trunk"))
    assert (meaning.release_name, meaning.target_namespace) == ("shop-web", "shop")
    assert meaning.helm_version == "v2"
    assert not meaning.upgrade.reuse_values
    assert meaning.upgrade.remediation == Remediation("rollback", 0, True)
    assert not meaning.test.enabled
    # The default was a constant then.
    assert at(meaning, "chart.reference.value") == "master"
    assert set(meaning.assumed) == {"max_history"}


def first_api(spec: dict[str, Any]) -> dict[str, Any]:
    return v1_release(
        apiVersion="helm.integrations.flux.weave.works/v1alpha2",
        kind="FluxHelmRelease",
        metadata={"name": "web", "namespace": "shop"},
        spec=spec,
    )


def test_the_first_api_takes_its_chart_from_the_flags() -> None:
    spec = {
        "chartGitPath": "web",
        "valueFileSecrets": [{"name": "s"}],
        "values": {"a": 1},
        "releaseName": "w",
    }
    operator = RunningOperator(
        git_url="git@example.com:acme/charts.git", git_branch="prod", git_charts_path="c"
    )
    meaning = meaning_of_v1_release(first_api(spec), operator=operator)
    assert at(meaning, "chart.url") == "ssh://git@example.com/acme/charts"
    assert (at(meaning, "chart.chart"), at(meaning, "chart.reference.value")) == ("c/web", "prod")
    assert (meaning.release_name, meaning.values, len(meaning.values_from)) == ("w", {"a": 1}, 1)


def test_without_the_flags_the_chart_of_the_first_api_is_not_known() -> None:
    meaning = meaning_of_v1_release(first_api({"chartGitPath": "web"}))
    assert meaning.unknown == ("chart.url", "chart.credentials")
    assert (at(meaning, "chart.url"), at(meaning, "chart.credentials")) == (None, None)
    assert meaning_of_v1_release(first_api({})).chart is None


def test_a_person_knows_better() -> None:
    manifest = v1_release({"chart": GIT_CHART})
    meaning = meaning_of_v1_release(manifest, release_name="live", ref_kind="tag")
    assert meaning.release_name == "live"
    assert at(meaning, "chart.reference") == GitReference("tag", "main")
    assert meaning.assumed == ()


def test_a_missing_namespace_is_the_given_one_or_the_operators() -> None:
    manifest = v1_release(metadata={"name": "web"})
    assert meaning_of_v1_release(manifest, default_namespace="apps").release_name == "apps-web"
    assumed = meaning_of_v1_release(manifest)
    assert (assumed.release_name, assumed.assumed) == ("default-web", ("target_namespace",))


def test_annotations_that_are_no_text_spoil_nothing() -> None:
    metadata = {"name": "web", "namespace": "shop", "annotations": {"fluxcd.io/automated": True}}
    assert meaning_of_v1_release(v1_release(metadata=metadata)).release_name == "shop-web"


@pytest.mark.parametrize("manifest", [v1_release({"timeout": "90"}), v1_release(kind="Secret"), {}])
def test_what_the_api_server_refuses_has_no_meaning(manifest: dict[str, Any]) -> None:
    with pytest.raises(fm.InvalidManifest):
        meaning_of_v1_release(manifest)


def test_the_meaning_does_not_change_with_the_manifest() -> None:
    manifest = v1_release({"values": {"a": {"b": 1}}})
    meaning = meaning_of_v1_release(manifest)
    manifest["spec"]["values"]["a"]["b"] = 2
    assert meaning.values == {"a": {"b": 1}}


def check_names(vectors: Path) -> int:
    checked = 0
    for line in vectors.read_text("utf-8").splitlines():
        vector = json.loads(line)
        given, expected = vector["input"]["v1"], vector["expected"]
        metadata = {"name": given["name"], "namespace": given["namespace"]}
        spec = {key: given[key] for key in ("releaseName", "targetNamespace")}
        before = meaning_of_v1_release(v1_release(spec, metadata=metadata))
        assert (before.release_name, before.target_namespace) == (
            expected["v1"],
            expected["v1_target_namespace"],
        )
        assert before.storage_namespace == before.target_namespace
        after = meaning_of_v2_release(v2_release(spec, metadata=metadata), {})
        assert after.release_name == expected["v2_short"]
        assert (after.target_namespace or "") == expected["v2_release_namespace"]
        assert (after.storage_namespace or "") == expected["v2_storage_namespace"]
        checked += 1
    return checked


def test_every_measured_name_is_the_one_that_is_meant(shared: Path) -> None:
    assert check_names(shared / "vectors" / "release_name.jsonl") > 200


def test_a_selection_of_the_measured_names() -> None:
    assert check_names(Path(__file__).parent / "vectors" / "release_name.jsonl") > 20


# What the helm-operator never looked at.
MEANINGLESS = {("chart", "chartPullSecret", "name"), ("rollback", "force"), ("test", "cleanup")}


def samples(schema: dict[str, Any]) -> list[Any]:
    by_type: dict[str | None, list[Any]] = {"boolean": [True, False], "integer": [7], "object": [{"a": 1}]}
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        return by_type["object"]
    return list(schema.get("enum") or by_type.get(schema.get("type"), ["sample"]))


def test_no_field_of_the_api_is_left_unread(shared: Path) -> None:
    definition = yaml.load((shared / "crds" / "v1" / "helm-operator-1.4.4.yaml").read_text("utf-8"), LOADER)
    versions = definition["spec"].get("versions") or [{"schema": definition["spec"]["validation"]}]
    spec_schema = versions[0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    busy = {"rollback": {"enable": True, "retry": True}, "test": {"enable": True}}
    https = {**GIT_CHART, "git": "https://x.io/a", "secretRef": {"name": "s"}}
    bases = [
        {**v1_release()["spec"], **busy},
        {**v1_release()["spec"], **busy, "chart": https},
        *(
            {**v1_release({"chart": https, "valuesFrom": [{kind: {"name": "n"}}]})["spec"]}
            for kind in ("configMapKeyRef", "secretKeyRef", "externalSourceRef", "chartFileRef")
        ),
    ]
    unread = set()
    for path, schema in leaves(spec_schema):
        meanings = [
            (
                meaning_of_v1_release(v1_release(base)),
                meaning_of_v1_release(v1_release(put(base, path, value))),
            )
            for base in bases
            for value in samples(schema)
        ]
        if all(one == other for one, other in meanings):
            unread.add(path)
    assert unread == MEANINGLESS


@pytest.mark.parametrize(
    ("url", "location"),
    [
        # Nobody knows who fluxd was there; Flux v2 is git.
        ("example.com:acme/web", "ssh://git@example.com/acme/web"),
        ("ssh://git:pw@Example.com:22/acme/web.git/", "ssh://git@example.com/acme/web"),
        ("https://example.com:8443/web", "https://example.com:8443/web"),
        ("/srv/git/web", "/srv/git/web"),
        ("file:///srv/git/web.git", "file:///srv/git/web"),
    ],
)
def test_a_git_repository_is_the_same_however_it_is_written(url: str, location: str) -> None:
    meaning = meaning_of_v1_release(v1_release({"chart": {**GIT_CHART, "git": url}}))
    assert at(meaning, "chart.url") == location


def test_durations_are_gos() -> None:
    assert seconds(2**34) == timedelta(microseconds=-1_266_874_889_709_552)
    assert parse_duration("1.5h") == timedelta(minutes=90)
    assert parse_duration("1d") is None
    assert parse_duration("9999999h") is None
    assert duration_text(timedelta(seconds=-90)) == "-1m30s"
    assert duration_text(timedelta()) == "0s"


@pytest.mark.parametrize(
    ("revision", "known", "same"),
    [
        ("abcd", GitReference("commit", "abcd" + "0" * 36), True),
        ("abc", GitReference("commit", "abcd" + "0" * 36), False),
        ("v1", GitReference("branch", "v1"), True),
        ("v1", GitReference("tag", "v2"), False),
        ("v1", GitReference("semver", "v1"), False),
        ("v1", GitReference("revision", "v1"), True),
    ],
)
def test_a_revision_can_be_what_git_resolves_it_to(revision: str, known: GitReference, same: bool) -> None:
    text = GitReference("revision", revision)
    assert (text.may_be(known), known.may_be(text)) == (same, same)
