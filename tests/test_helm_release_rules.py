"""What becomes of each field of a release."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import fluxv2_migrate as fm
from fluxv2_migrate.rules import SeenRelease, ValuesOfUrl, draft_helm_release, read_by_draft
from fluxv2_migrate.settings.of_clusters import settings_of
from fluxv2_migrate.yaml_text import Style
from test_laws_of_migration import text_of

REPOSITORY = {"repository": "https://charts.example.com", "name": "web", "version": "1.2.3"}
GIT = {"git": "https://github.com/acme/charts", "ref": "main", "path": "charts/web"}
QUIET = {"helmVersion": "v3"}


def convert(
    spec: dict[str, Any],
    *,
    chart: dict[str, Any] | None = None,
    metadata: dict[str, Any] | None = None,
    api_version: str = "helm.fluxcd.io/v1",
    **options: Any,
) -> fm.HelmReleaseConversion:
    manifest = {
        "apiVersion": api_version,
        "kind": "HelmRelease",
        "metadata": metadata or {"name": "web", "namespace": "shop"},
        "spec": {**QUIET, "chart": REPOSITORY if chart is None else chart, **spec},
    }
    return fm.convert_helm_release(manifest, fm.MigrationOptions(**options))


def spec_of(conversion: fm.HelmReleaseConversion) -> dict[str, Any]:
    assert conversion.release is not None, conversion.findings
    spec: dict[str, Any] = conversion.release.to_manifest()["spec"]
    return spec


def codes(conversion: fm.HelmReleaseConversion) -> list[str]:
    return sorted(finding.code for finding in conversion.findings)


PARITY = {
    "maxHistory": 10,
    "install": {"disableTakeOwnership": True, "disableWait": True},
    "upgrade": {"crds": "Skip", "disableWait": True},
}


def test_a_plain_release_is_adopted_as_it_runs() -> None:
    conversion = convert({})
    assert codes(conversion) == []
    assert spec_of(conversion) == {
        "interval": "5m",
        "releaseName": "shop-web",
        "chart": {
            "spec": {
                "chart": "web",
                "version": "1.2.3",
                "sourceRef": {"kind": "HelmRepository", "name": "example", "namespace": "flux-system"},
            }
        },
        **PARITY,
    }
    assert conversion.source is not None
    assert conversion.source.to_manifest() == {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "HelmRepository",
        "metadata": {"name": "example", "namespace": "flux-system"},
        "spec": {"interval": "10m", "url": "https://charts.example.com"},
    }
    assert conversion.changes


WAITING = {"install": {"disableTakeOwnership": True, "disableWaitForJobs": True}}
ROWS: list[tuple[str, dict[str, Any], dict[str, Any], list[str]]] = [
    ("timeout", {"timeout": 600}, {"timeout": "10m"}, []),
    ("timeout of zero", {"timeout": 0}, {}, ["HR069"]),
    ("null timeout", {"timeout": None}, {}, []),
    ("history", {"maxHistory": 3}, {"maxHistory": 3}, []),
    ("unlimited history", {"maxHistory": 0}, {"maxHistory": 0}, []),
    ("null history", {"maxHistory": None}, {}, []),
    (
        "wait",
        {"wait": True},
        {**WAITING, "upgrade": {"crds": "Skip", "disableWaitForJobs": True}},
        [],
    ),
    ("no wait", {"wait": False}, {}, []),
    (
        "force",
        {"forceUpgrade": True},
        {"upgrade": {"crds": "Skip", "disableWait": True, "force": True}},
        ["HR074"],
    ),
    ("no force", {"forceUpgrade": False}, {}, []),
    (
        "reuse of values",
        {"resetValues": False},
        {"upgrade": {"crds": "Skip", "disableWait": True, "preserveValues": True}},
        ["HR075"],
    ),
    ("no reuse of values", {"resetValues": True}, {}, []),
    (
        "no definitions",
        {"skipCRDs": True},
        {"install": {"crds": "Skip", "disableTakeOwnership": True, "disableWait": True}},
        [],
    ),
    (
        "no validation",
        {"disableOpenAPIValidation": True},
        {
            "install": {
                "disableOpenAPIValidation": True,
                "disableTakeOwnership": True,
                "disableWait": True,
            },
            "upgrade": {"disableOpenAPIValidation": True, "crds": "Skip", "disableWait": True},
        },
        ["HR079"],
    ),
    ("no rollback", {"rollback": {"enable": False, "retry": True}}, {}, []),
    (
        "rollback",
        {"rollback": {"enable": True, "recreate": True, "disableHooks": True, "force": True, "timeout": 90}},
        {
            **WAITING,
            "upgrade": {
                "crds": "Skip",
                "disableWaitForJobs": True,
                "remediation": {"retries": 0, "remediateLastFailure": True},
            },
            "rollback": {"recreate": True, "disableHooks": True, "timeout": "1m30s", "disableWait": True},
        },
        ["HR081", "HR083", "HR084"],
    ),
    (
        "rollback with retries",
        {"timeout": 60, "wait": False, "rollback": {"enable": True, "retry": True, "wait": True}},
        {
            "timeout": "1m",
            "upgrade": {"crds": "Skip", "disableWait": True, "remediation": {"retries": 5}},
            "rollback": {"disableWaitForJobs": True, "timeout": "5m"},
        },
        ["HR081"],
    ),
    (
        "rollback with endless retries",
        {"wait": False, "rollback": {"enable": True, "retry": True, "maxRetries": 0, "recreate": None}},
        {
            "upgrade": {"crds": "Skip", "disableWait": True, "remediation": {"retries": -1}},
            "rollback": {"disableWait": True},
        },
        ["HR081"],
    ),
    ("no test", {"test": {"enable": False, "timeout": 3}}, {}, []),
    (
        "test",
        {"timeout": 60, "test": {"enable": True, "ignoreFailures": True, "cleanup": False, "timeout": None}},
        {
            "timeout": "1m",
            **WAITING,
            "upgrade": {"crds": "Skip", "disableWaitForJobs": True},
            "test": {"enable": True, "ignoreFailures": True, "timeout": "5m"},
        },
        [],
    ),
    (
        "secrets of values",
        {"valueFileSecrets": [{"name": "a"}], "valuesFrom": [{"configMapKeyRef": {"name": "b", "key": "k"}}]},
        {
            "valuesFrom": [
                {"kind": "Secret", "name": "a"},
                {"kind": "ConfigMap", "name": "b", "valuesKey": "k"},
            ]
        },
        [],
    ),
    (
        "secrets of values alone",
        {"valueFileSecrets": [{"name": "a"}]},
        {"valuesFrom": [{"kind": "Secret", "name": "a"}]},
        [],
    ),
    ("no secrets of values", {"valueFileSecrets": []}, {}, []),
    (
        "optional values",
        {"valuesFrom": [{"secretKeyRef": {"name": "a", "namespace": "shop", "optional": True}}]},
        {"valuesFrom": [{"kind": "Secret", "name": "a", "optional": True}]},
        ["HR093"],
    ),
    ("an empty source of values", {"valuesFrom": [{}]}, {}, ["HR101"]),
    (
        "two sources of values in one",
        {"valuesFrom": [{"secretKeyRef": {"name": "s"}, "configMapKeyRef": {"name": "c"}}]},
        {"valuesFrom": [{"kind": "ConfigMap", "name": "c"}]},
        ["HR101"],
    ),
    (
        "optional file of a packed chart",
        {"valuesFrom": [{"chartFileRef": {"path": "a.yaml", "optional": True}}]},
        {},
        ["HR098"],
    ),
    (
        "optional values from a URL",
        {
            "valuesFrom": [
                {"externalSourceRef": {"url": "https://x", "optional": True}},
                {"configMapKeyRef": {"name": "c"}},
            ]
        },
        {"valuesFrom": [{"kind": "ConfigMap", "name": "c"}]},
        ["HR102"],
    ),
    (
        "a misspelt field of a source of values",
        {"valuesFrom": [{"secretRef": {"name": "s"}}]},
        {},
        ["HR003", "HR101"],
    ),
    (
        "a misspelt field inside of a source of values",
        {"valuesFrom": [{"secretKeyRef": {"name": "s", "optionl": True}}]},
        {"valuesFrom": [{"kind": "Secret", "name": "s"}]},
        ["HR003"],
    ),
    (
        "values",
        {"values": {"a": None, "b": [1, {"c": "x"}]}},
        {"values": {"a": None, "b": [1, {"c": "x"}]}},
        [],
    ),
    ("values with variables", {"values": {"a": ["${x}"]}}, {"values": {"a": ["${x}"]}}, ["HR112"]),
    ("own target namespace", {"targetNamespace": "shop"}, {"targetNamespace": "shop"}, []),
    ("empty target namespace", {"targetNamespace": ""}, {}, []),
    ("explicit name", {"releaseName": "front"}, {"releaseName": "front"}, []),
    ("an unknown field", {"interval": "1s", "suspend": True}, {}, ["HR003", "HR003"]),
    ("an unknown field inside", {"rollback": {"enabled": True}}, {}, ["HR003"]),
    (
        "target namespace",
        {"targetNamespace": "front"},
        {"releaseName": "shop-front-web", "targetNamespace": "front", "storageNamespace": "front"},
        [],
    ),
]


@pytest.mark.parametrize(
    ("spec", "expected", "findings"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_each_field_becomes_what_means_the_same(
    spec: dict[str, Any], expected: dict[str, Any], findings: list[str]
) -> None:
    conversion = convert(spec)
    assert codes(conversion) == findings
    plain = spec_of(convert({}))
    assert spec_of(conversion) == {**plain, **expected}


STOPPED: list[tuple[str, dict[str, Any], list[str]]] = [
    ("Helm 2", {"spec": {"helmVersion": "v2"}}, ["HR030"]),
    ("negative timeout", {"spec": {"timeout": -1}}, ["HR068"]),
    ("values from a URL", {"spec": {"valuesFrom": [{"externalSourceRef": {"url": "https://x"}}]}}, ["HR095"]),
    ("a file of a packed chart", {"spec": {"valuesFrom": [{"chartFileRef": {"path": "a.yaml"}}]}}, ["HR096"]),
    (
        "values of another namespace",
        {"spec": {"valuesFrom": [{"secretKeyRef": {"name": "a", "namespace": "b"}}]}},
        ["HR092"],
    ),
    (
        "a key that is too long",
        {"spec": {"valuesFrom": [{"configMapKeyRef": {"name": "a", "key": "k" * 254}}]}},
        ["HR094"],
    ),
    ("values without a name", {"spec": {"valuesFrom": [{"secretKeyRef": {"key": "a"}}]}}, ["RP006"]),
    ("a Secret without a name", {"spec": {"valueFileSecrets": [{}]}}, ["RP006"]),
    (
        "a values file without a path",
        {"spec": {"valuesFrom": [{"chartFileRef": {}}]}, "chart": GIT},
        ["RP006"],
    ),
    ("an odd key", {"spec": {"valuesFrom": [{"secretKeyRef": {"name": "a", "key": "b c"}}]}}, ["HR094"]),
    ("no chart", {"chart": {}}, ["HR061"]),
    ("no version", {"chart": {"repository": "https://x.example", "name": "web"}}, ["HR041"]),
    ("no path", {"chart": {"git": "https://x.example/y"}}, ["HR061"]),
    ("a path that leaves", {"chart": {**GIT, "path": "../x"}}, ["HR061"]),
    ("a plugin's scheme", {"chart": {**REPOSITORY, "repository": "s3://bucket"}}, ["HR043"]),
    ("no URL", {"chart": {**REPOSITORY, "repository": "charts"}}, ["HR043"]),
    ("a port in letters", {"chart": {**REPOSITORY, "repository": "https://u:p/w@x.example"}}, ["HR043"]),
    ("a blank in a host", {"chart": {**GIT, "git": "https://x y.example/z"}}, ["HR043"]),
    ("a git scheme", {"chart": {**GIT, "git": "file:///x"}}, ["HR043"]),
    ("an odd chart name", {"chart": {**REPOSITORY, "name": "Web_App"}}, ["HR048"]),
    ("an abbreviated commit", {"chart": {**GIT, "ref": "abc1234"}}, ["HR053"]),
    ("an expression", {"chart": {**GIT, "ref": "v1~2"}}, ["HR053"]),
    ("a long name", {"spec": {"releaseName": "x" * 54}}, ["HR014"]),
    ("an upper-case name", {"spec": {"releaseName": "Web"}}, ["HR014"]),
    (
        "a long resource name",
        {"metadata": {"name": "x" * 64, "namespace": "a"}, "spec": {"releaseName": "x"}},
        ["HR016"],
    ),
    ("no namespace", {"metadata": {"name": "web"}}, ["HR017"]),
    ("a template", {"spec": {"releaseName": "{{ .x }}"}}, ["RP063"]),
    ("an old API", {"api_version": "flux.weave.works/v1beta1"}, ["HR030"]),
]


@pytest.mark.parametrize(("given", "findings"), [row[1:] for row in STOPPED], ids=[row[0] for row in STOPPED])
def test_what_would_be_lost_stops_the_release(given: dict[str, Any], findings: list[str]) -> None:
    conversion = convert(**{"spec": {}, **given})
    assert conversion.release is None
    assert conversion.source is None
    assert [code for code in codes(conversion) if fm.FINDINGS[code].severity == "error"] == findings


def test_a_chart_from_git_follows_every_commit_of_its_ref() -> None:
    conversion = convert({}, chart={**GIT, "secretRef": {"name": "token"}, "skipDepUpdate": True})
    assert codes(conversion) == ["HR058", "HR059", "HR062"]
    assert spec_of(conversion)["chart"] == {
        "spec": {
            "chart": "./charts/web",
            "reconcileStrategy": "Revision",
            "sourceRef": {"kind": "GitRepository", "name": "charts", "namespace": "flux-system"},
        }
    }
    assert conversion.source is not None
    assert conversion.source.to_manifest()["spec"] == {
        "interval": "10m",
        "url": "https://github.com/acme/charts",
        "ref": {"branch": "main"},
        "secretRef": {"name": "token"},
    }


@pytest.mark.parametrize(
    ("ref", "expected", "findings"),
    [
        (None, {"branch": "master"}, []),
        ("a" * 40, {"commit": "a" * 40}, []),
        ("refs/tags/v1", {"name": "refs/tags/v1"}, []),
        ("stable", {"branch": "stable"}, ["HR052"]),
    ],
)
def test_a_git_ref_is_what_it_shows_itself_to_be(
    ref: str | None, expected: dict[str, str], findings: list[str]
) -> None:
    chart = {**GIT, "ref": ref, "git": "git@github.com:acme/charts", "secretRef": {"name": "unused"}}
    conversion = convert({}, chart=chart)
    assert codes(conversion) == sorted([*findings, "HR057", "HR059", "HR062"])
    assert conversion.source is not None
    assert conversion.source.to_manifest()["spec"] == {
        "interval": "10m",
        "url": "ssh://git@github.com/acme/charts",
        "ref": expected,
        "secretRef": {"name": "charts"},
    }


def test_git_wins_over_a_repository() -> None:
    conversion = convert({}, chart={**REPOSITORY, **GIT, "chartPullSecret": {"name": "x"}})
    assert codes(conversion) == ["HR059", "HR060", "HR062"]
    assert spec_of(conversion)["chart"]["spec"]["chart"] == "./charts/web"


def test_a_repository_keeps_what_is_odd_and_says_so() -> None:
    chart = {
        "repository": "http://me@kubernetes-charts.storage.googleapis.com/?a=b",
        "name": "web",
        "version": "~1.2",
        "path": "left over",
        "chartPullSecret": {"name": "x"},
    }
    conversion = convert({}, chart=chart)
    assert codes(conversion) == ["HR042", "HR044", "HR045", "HR047", "HR060"]
    assert spec_of(conversion)["chart"]["spec"]["version"] == "~1.2"


def test_a_query_is_told_from_a_user() -> None:
    conversion = convert({}, chart={**REPOSITORY, "repository": "https://charts.example.com/?a=b"})
    assert [finding.message for finding in conversion.findings] == [
        "the URL of the repository charts.example.com holds a query"
    ]


def test_values_files_of_a_chart_from_git_come_first() -> None:
    sources: list[dict[str, Any]] = [
        {"chartFileRef": {"path": "prod.yaml"}},
        {"secretKeyRef": {"name": "s"}},
        {"chartFileRef": {"path": "../late.yaml"}},
    ]
    conversion = convert({"valuesFrom": sources}, chart=GIT)
    assert codes(conversion) == ["HR059", "HR062", "HR097", "HR100"]
    spec = spec_of(conversion)
    assert spec["chart"]["spec"]["valuesFiles"] == [
        "./charts/web/values.yaml",
        "./charts/web/prod.yaml",
        "./charts/late.yaml",
    ]
    assert spec["valuesFrom"] == [{"kind": "Secret", "name": "s"}]


def test_an_optional_values_file_needs_flux_2_3() -> None:
    spec = {"valuesFrom": [{"chartFileRef": {"path": "prod.yaml", "optional": True}}]}
    conversion = convert(spec, chart=GIT)
    assert spec_of(conversion)["chart"]["spec"]["ignoreMissingValuesFiles"] is True
    assert codes(conversion) == ["HR059", "HR062", "HR093"]
    old = convert(spec, chart=GIT, flux_version="2.2")
    assert old.release is None
    assert "HR099" in codes(old)


def test_optional_values_without_their_key_fail_before_flux_2_2() -> None:
    spec = {"valuesFrom": [{"secretKeyRef": {"name": "a", "optional": True}}]}
    told = {version: convert(spec, flux_version=version).findings[0].message for version in ("2.1", "2.2")}
    assert ["without their key" in told[version] for version in ("2.1", "2.2")] == [True, False]


def test_a_chart_from_git_can_follow_its_own_version_alone() -> None:
    spec = {"valuesFrom": [{"chartFileRef": {"path": "prod.yaml"}}]}
    plain = convert({}, chart=GIT, reconcile_strategy="ChartVersion")
    assert codes(plain) == ["HR064"]
    assert "reconcileStrategy" not in spec_of(plain)["chart"]["spec"]
    with_files = convert(spec, chart=GIT, reconcile_strategy="ChartVersion")
    assert codes(with_files) == ["HR062", "HR064", "HR100"]


def test_exact_failure_handling_is_asked_for() -> None:
    assert "remediation" not in spec_of(convert({}))["install"]
    conversion = convert({}, failure_handling="exact")
    assert codes(conversion) == ["HR080"]
    assert spec_of(conversion)["install"]["remediation"] == {"retries": -1}


def test_a_values_file_outside_the_repository_stops_the_release() -> None:
    conversion = convert({"valuesFrom": [{"chartFileRef": {"path": "../../../x"}}]}, chart=GIT)
    assert "HR096" in codes(conversion)
    assert conversion.release is None


def test_flux_2_defaults_write_nothing_and_say_what_changes() -> None:
    conversion = convert({}, defaults="flux2")
    assert codes(conversion) == ["HR117"]
    assert set(spec_of(conversion)) == {"interval", "releaseName", "chart"}
    # What a person wrote is kept whatever the defaults.
    explicit = spec_of(convert({"wait": False}, defaults="flux2"))
    assert explicit["install"] == explicit["upgrade"] == {"disableWait": True}


def test_a_reused_value_of_the_old_api_means_nothing() -> None:
    conversion = convert({"resetValues": False}, api_version="flux.weave.works/v1beta1")
    assert "HR075" not in codes(conversion)


def test_the_old_api_has_fewer_fields_and_waits_for_less() -> None:
    later: dict[str, Any] = {
        "wait": True,
        "targetNamespace": "front",
        "maxHistory": 3,
        "test": {"enable": True},
        "valuesFrom": [{"secretKeyRef": {"name": "s", "namespace": "other"}}],
        "rollback": {"enable": True, "retry": True},
    }
    manifest = {
        "apiVersion": "flux.weave.works/v1beta1",
        "kind": "HelmRelease",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"chart": {**GIT, "secretRef": {"name": "token"}}, **later},
    }
    options = fm.MigrationOptions(overrides=(fm.Override(accept=("HR030",)),))
    migration = fm.migrate_text(text_of(manifest, Style()), options=options)
    (spec,) = (each.resource.to_manifest()["spec"] for each in migration.resources[:1])
    assert spec["releaseName"] == "shop-web"
    assert spec["maxHistory"] == 10
    assert spec["install"] == {"disableTakeOwnership": True, "disableWait": True}
    assert spec["upgrade"]["disableWaitForJobs"] is True
    assert spec["upgrade"]["remediation"] == {"retries": 0, "remediateLastFailure": True}
    assert spec["valuesFrom"] == [{"kind": "Secret", "name": "s"}]
    assert not {"targetNamespace", "storageNamespace", "test"} & set(spec)
    assert sum(finding.code == "HR003" for finding in migration.findings) == 7


def test_older_releases_of_flux_get_what_they_know() -> None:
    old = spec_of(convert({"rollback": {"enable": True, "recreate": True}}, flux_version="2.0"))
    assert "disableTakeOwnership" not in old["install"]
    assert "HR083" not in codes(convert({"rollback": {"enable": True, "recreate": True}}, flux_version="2.7"))
    dotted = {**REPOSITORY, "name": "web.app"}
    assert convert({}, chart=dotted, flux_version="2.2").release is None
    assert convert({}, chart=dotted, flux_version="2.3").release is not None


def test_a_release_without_a_namespace_takes_the_given_one() -> None:
    conversion = convert({}, metadata={"name": "web"}, default_namespace="shop")
    assert conversion.release is not None
    assert conversion.release.metadata.namespace == "shop"
    assert conversion.release.spec.release_name == "shop-web"
    named = convert({"releaseName": "x"}, metadata={"name": "web"})
    assert codes(named) == ["HR015"]


def test_annotations_of_the_operator_go_and_those_of_fluxd_stay() -> None:
    annotations = {
        "helm.fluxcd.io/antecedent": "a",
        "fluxcd.io/automated": "true",
        "helm.fluxcd.io/migrate": "true",
    }
    conversion = convert({}, metadata={"name": "web", "namespace": "shop", "annotations": annotations})
    assert codes(conversion) == ["AN004", "HR110"]
    assert conversion.release is not None
    assert conversion.release.metadata.annotations == {"fluxcd.io/automated": "true"}
    alone = convert(
        {},
        metadata={"name": "web", "namespace": "shop", "annotations": {"helm.fluxcd.io/antecedent": "a"}},
    )
    assert alone.release is not None
    assert alone.release.metadata.annotations is None


def test_a_release_can_be_suspended_until_it_was_reviewed() -> None:
    spec = spec_of(convert({}, suspend_releases=True))
    assert list(spec)[:3] == ["interval", "suspend", "releaseName"]
    assert spec["suspend"] is True


def test_a_release_in_the_source_namespace_names_no_namespace() -> None:
    spec = spec_of(convert({}, sources=fm.Placement(namespace="release")))
    assert spec["chart"]["spec"]["sourceRef"] == {"kind": "HelmRepository", "name": "example"}


def test_any_form_of_a_manifest_gives_the_same() -> None:
    text = """
apiVersion: helm.fluxcd.io/v1
kind: HelmRelease
metadata: {name: web, namespace: shop}
spec:
  helmVersion: v3
  chart: {repository: "https://charts.example.com", name: web, version: 1.2.3}
status: {phase: Succeeded}
"""
    (model,) = fm.parse_manifests(text)
    assert isinstance(model, fm.flux1.HelmRelease)
    assert fm.convert_helm_release(text) == fm.convert_helm_release(model)
    assert fm.convert_helm_release(text) == fm.convert_helm_release(model.to_manifest())
    assert spec_of(fm.convert_helm_release(text)) == spec_of(convert({}))


VALUES: list[Any] = [
    None,
    {"replicas": 1},
    {"replicas": 2},
    {"a": "${REGION}"},
    {"image": {"repository": "docker.io/fluxcd/flux"}},
    {"image": {"repository": "docker.io/acme/web"}},
    {"git": {"url": "ssh://git@github.com/acme/cluster"}},
]
URL = "https://example.com/values.yaml"
FOR_DRAFTS: list[dict[str, Any]] = [
    {**QUIET, "chart": REPOSITORY},
    {"chart": REPOSITORY},
    {"chart": {**REPOSITORY, "name": "flux"}},
    {"chart": {**GIT, "path": "charts/helm-operator"}},
    {**QUIET, "chart": GIT, "valuesFrom": [{"externalSourceRef": {"url": URL}}]},
]


@pytest.mark.parametrize("spec", FOR_DRAFTS)
@pytest.mark.parametrize("has_file", [False, True])
def test_drafts_are_the_same_where_what_they_read_is_the_same(spec: dict[str, Any], has_file: bool) -> None:
    options = fm.MigrationOptions()
    here = {URL: ValuesOfUrl("values.yaml", {"replicas": 3, "b": 1}, "")} if has_file else {}
    found: dict[tuple[object, ...], set[str]] = {}
    drawn = 0
    for values in VALUES:
        for name in ("eu", "us"):
            own = {**spec, **({} if values is None else {"values": values})}
            manifest = {
                "apiVersion": "helm.fluxcd.io/v1",
                "kind": "HelmRelease",
                "metadata": {"name": "web"},
                "spec": own,
            }
            settings = settings_of(options, fm.Cluster(name=name))
            seen = SeenRelease("shop", "web")
            draft = draft_helm_release(manifest, options, "2.9", None, settings, seen, here)
            of_all = replace(settings, cluster="")
            shared = draft_helm_release(manifest, options, "2.9", None, of_all, seen, here)
            assert shared.asked_of(name) == draft
            # Where nothing is asked of a cluster, all have one.
            assert (shared.asked_of(name) is shared) == (shared == draft)
            found.setdefault(read_by_draft(manifest, of_all, here), set()).add(repr(shared))
            drawn += 1
    assert all(len(each) == 1 for each in found.values())
    # What only values tell apart that nobody reads is drafted once, for all clusters.
    if spec is FOR_DRAFTS[0] and not has_file:
        assert len(found) == 3 < drawn
