"""Fluxd and the helm-operator as arguments, workloads and charts show them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fluxv2_migrate as fm
from fluxv2_migrate.clusters.flux1_programs import programs_of_manifest
from fluxv2_migrate.flux1.chart_tables import VALUE_FLAGS
from fluxv2_migrate.flux1.flags import FLAGS, Program, shell_words
from fluxv2_migrate.flux1.installation import (
    Flux1Program,
    Setting,
    program_of_arguments,
    programs_of_workload,
)
from manifest_texts import AUTOMATED, CHART, fluxd_text, release_text, workload_text

WORDS = st.sampled_from(["prod", "a,b", "x=y", "1m", "https://example.com"])
NAMES = st.sampled_from(["git-branch", "git-url", "git-path", "sync-interval", "registry-exclude-image"])
SWITCHES = st.sampled_from(["sops", "git-readonly", "manifest-generation"])


def values_of(program: Flux1Program) -> dict[str, str]:
    return {name: setting.value for name, setting in program.settings.items()}


def of_manifest(manifest: dict[str, Any]) -> dict[Program, Flux1Program]:
    return {each.program: each for each in programs_of_manifest(manifest)}


@given(
    given=st.lists(st.tuples(NAMES, WORDS), max_size=5),
    switches=st.lists(SWITCHES, max_size=2),
    dashes=st.sampled_from(["-", "--"]),
    joined=st.booleans(),
)
def test_flags_say_the_same_in_all_ways_of_writing_them(
    given: list[tuple[str, str]], switches: list[str], dashes: str, joined: bool
) -> None:
    arguments = [f"{dashes}{name}" for name in switches]
    for name, value in given:
        arguments += [f"{dashes}{name}={value}"] if joined else [f"{dashes}{name}", value]
    fluxd = program_of_arguments([*arguments, "stray", "--"], "fluxd")
    for name, value in given:
        values = [each for known, each in given if known == name]
        is_list = FLAGS["fluxd"][name].form == "list"
        assert fluxd.text(name) == (",".join(values) if is_list else values[-1]), value
    assert {name for name in switches if fluxd.switch(name)} == set(switches)
    paths = [path for name, value in given if name == "git-path" for path in value.split(",")]
    assert fluxd.items("git-path") == tuple(paths)


@given(words=st.lists(st.sampled_from(["--git-path", "a b", "it's", 'x="y"', "$(B)", "\\"]), max_size=6))
def test_a_shell_gets_the_words_that_were_quoted_for_it(words: list[str]) -> None:
    quoted = ["'" + word.replace("'", "'\\''") + "'" for word in words]
    assert [word for word, _ in shell_words(" \\\n ".join(quoted))] == words


def test_words_are_where_they_stand() -> None:
    text = ' a "b c" \\\n  d'
    assert [(word, text[start:][:1]) for word, start in shell_words(text)] == [
        ("a", "a"),
        ("b c", '"'),
        ("d", "d"),
    ]


def test_what_is_not_given_is_what_fluxd_takes() -> None:
    fluxd = program_of_arguments([], "fluxd")
    assert (fluxd.text("git-url"), fluxd.text("git-branch"), fluxd.items("git-path")) == ("", "master", ())
    assert not fluxd.switch("manifest-generation")
    assert fluxd.items("registry-exclude-image") == ("k8s.gcr.io/*",)


def flags_of_table(facts: Path, begin: str, end: str) -> set[str]:
    text = facts.read_text(encoding="utf-8").partition(begin)[2].partition(end)[0]
    cells = [row.split("|")[1] for row in text.splitlines() if row.startswith("|")]
    return {flag for cell in cells for flag in re.findall(r"`--([a-z0-9-]+)", cell)}


def test_each_flag_that_the_facts_name_is_in_the_table(shared: Path) -> None:
    named = flags_of_table(shared / "facts" / "v1-daemon-and-fluxyaml.md", "## 1.", "## 2.")
    assert named == set(FLAGS["fluxd"])
    assert len(named) == 68
    named = flags_of_table(shared / "facts" / "v1-helmrelease.md", "## 8.", "## 9.")
    assert set(FLAGS["helm-operator"]) - named == {"git-branch", "git-charts-path", "git-url"}
    assert named <= set(FLAGS["helm-operator"])


@pytest.mark.parametrize("program", ["fluxd", "helm-operator"])
def test_each_value_of_a_chart_becomes_a_flag_that_there_is(program: Program) -> None:
    assert set(VALUE_FLAGS[program].values()) <= set(FLAGS[program])


def deployment(*containers: Any, kind: str = "Deployment") -> dict[str, Any]:
    template = {"metadata": {"labels": {"name": "flux"}}, "spec": {"containers": list(containers)}}
    return {"kind": kind, "metadata": {"name": "sync", "namespace": "ops"}, "spec": {"template": template}}


def test_the_flags_of_a_workload_are_those_of_the_container_that_is_fluxd() -> None:
    other = {"name": "x", "image": "memcached:1", "args": ["--git-path=no"]}
    container = {
        "image": "weaveworks/flux:1.2",
        "command": ["/usr/local/bin/fluxd"],
        "args": ["--git-path=a", 1],
    }
    found = of_manifest(deployment(other, "no mapping", {"image": ""}, {"image": 1}, container))["fluxd"]
    assert values_of(found) == {"git-path": "a"}
    assert (found.namespace, found.name, found.labels, found.version) == (
        "ops",
        "sync",
        {"name": "flux"},
        "1.2",
    )
    for manifest in (deployment(other), deployment(), {"kind": "Deployment"}, {"kind": "Secret"}, {}):
        assert of_manifest(manifest) == {}
    assert of_manifest({"kind": "Deployment", "spec": {"template": {"spec": {"containers": 1}}}}) == {}


@pytest.mark.parametrize(
    "container",
    [
        {"image": "docker.io/fluxcd/flux:1.25.4", "args": ["--git-branch", "live"]},
        {"image": "mirror.example.com/infra/fluxcd/flux:1.25.4", "args": ["--git-branch=live"]},
        {"image": "mirror.example.com/infra/flux:1.25.4", "args": ["--git-branch=live"]},
        {"image": "mirror.example.com/gitops:2", "command": ["fluxd", "--git-branch=live"]},
        {"image": "example.com/our-flux:3", "args": ["--git-branch=live", "--git-url=git@example.com:a/b"]},
        {"image": "x/gitops:2", "command": ["sh", "-c"], "args": ["exec fluxd \\\n --git-branch='live'"]},
        {
            "image": "fluxcd/flux:1",
            "args": ["--git-branch=$(BRANCH)"],
            "env": [{"name": "BRANCH", "value": "live"}],
        },
    ],
)
def test_a_container_is_fluxd_in_each_way_of_starting_it(container: dict[str, Any]) -> None:
    found = of_manifest(deployment(container))["fluxd"]
    assert found.text("git-branch") == "live"


@pytest.mark.parametrize(
    "container",
    [
        {"image": "example.com/ops/flux:7", "args": ["--speed=9"]},
        {"image": "example.com/ops/flux:7"},
        {"image": "example.com/fluxcd/flux-cli:2", "args": ["--git-branch=live"]},
        {"image": "a:b:c", "args": ["--git-branch=live"]},
        {"image": "example.com/our-flux:3", "args": ["--git-branch=live"]},
        {"image": "example.com/our-flux:3", "args": ["--git-url=a", "--speed=9"]},
        {"image": "example.com/other:3", "args": ["--git-branch=live", "--git-url=git@example.com:a/b"]},
        {"args": ["--git-branch=live"]},
        {"command": ["fluxd"]},
    ],
)
def test_other_containers_are_no_fluxd(container: dict[str, Any]) -> None:
    assert of_manifest(deployment(container)) == {}


def test_what_a_pod_fills_in_from_elsewhere_counts_as_not_given() -> None:
    env = [{"name": "BRANCH", "valueFrom": {"fieldRef": {"fieldPath": "x"}}}, "stray"]
    container = {"image": "fluxcd/flux:1", "args": ["--git-branch=$(BRANCH)"], "env": env}
    found = of_manifest(deployment(container))["fluxd"]
    assert found.given("git-branch") is None
    assert found.settings["git-branch"].is_placeholder
    assert found.text("git-branch") == "master"


def test_a_pod_takes_variables_from_config_maps_that_are_known() -> None:
    config_maps: dict[str, dict[str, Any]] = {
        "one": {"branch": "live", "other": 1},
        "all": {"PATH": "prod", "OTHER": 2},
    }
    env = [
        {"name": "BRANCH", "valueFrom": {"configMapKeyRef": {"name": "one", "key": "branch"}}},
        {"name": "USER", "valueFrom": {"configMapKeyRef": {"name": "one", "key": "other"}}},
        {"name": "MAIL", "valueFrom": {"secretKeyRef": {"name": "one", "key": "branch"}}},
    ]
    container = {
        "image": "fluxcd/flux:1",
        "args": [
            "--git-branch=$(BRANCH)",
            "--git-path=$(GIT_PATH)",
            "--git-user=$(USER)",
            "--git-email=$(MAIL)",
        ],
        "env": env,
        "envFrom": [{"configMapRef": {"name": "all"}, "prefix": "GIT_"}, {"secretRef": {"name": "one"}}],
    }
    (found,) = programs_of_workload(deployment(container), config_maps=lambda name: config_maps.get(name, {}))
    assert (found.text("git-branch"), found.items("git-path")) == ("live", ("prod",))
    assert found.given("git-user") is None
    assert found.given("git-email") is None
    # Where no ConfigMap is known, all of that comes from elsewhere.
    (found,) = programs_of_workload(deployment(container))
    assert found.given("git-branch") is None
    assert found.settings["git-path"].is_placeholder


@pytest.mark.parametrize(
    ("args", "versions"),
    [([], ("v3",)), (["--enabled-helm-versions=v2"], ("v2",))],
)
def test_the_operator_takes_its_helm_versions_from_the_environment(
    args: list[str], versions: tuple[str, ...]
) -> None:
    env = [{"name": "HELM_VERSION", "value": "v3"}]
    container = {"image": "fluxcd/helm-operator:1.4.4", "args": args, "env": env}
    assert of_manifest(deployment(container))["helm-operator"].items("enabled-helm-versions") == versions


def release(chart: dict[str, Any] | None, values: dict[str, Any] | None = None) -> dict[str, Any]:
    spec = {"releaseName": "sync", "chart": chart, "values": values}
    return {"kind": "HelmRelease", "metadata": {"name": "x", "namespace": "ops"}, "spec": spec}


@pytest.mark.parametrize("image", ["${IMAGE}", "{{ image }}", "$(REGISTRY)/ops:1.25.4"])
def test_arguments_tell_a_program_whose_image_is_filled_in(image: str) -> None:
    assert "fluxd" in of_manifest(deployment({"image": image, "args": ["--git-path=prod"]}))
    assert not of_manifest(deployment({"image": image, "args": ["--listen=:80"]}))


@pytest.mark.parametrize(
    ("given", "versions"),
    [({}, ("v2", "v3", "v3")), ({"versions": ""}, ("v3",)), ({"versions": "v3"}, ("v3", "v3"))],
)
def test_the_chart_of_the_operator_gives_its_versions_before_the_other_arguments(
    given: dict[str, str], versions: tuple[str, ...]
) -> None:
    chart = {"repository": "https://charts.fluxcd.io", "name": "helm-operator"}
    values = {"helm": given, "additionalArgs": ["--enabled-helm-versions", "v3"]}
    found = of_manifest(release(chart, values))["helm-operator"]
    assert found.items("enabled-helm-versions") == versions


@pytest.mark.parametrize(
    "chart",
    [
        {"repository": "https://charts.fluxcd.io", "name": "flux"},
        {"git": "git@github.com:fluxcd/flux", "path": "chart/flux/"},
        {"repository": "https://mirror.example.com", "name": "flux"},
        {"git": "git@git.example.com:acme/fleet", "path": "vendor/flux"},
        {"spec": {"chart": "flux"}},
    ],
)
def test_the_flags_of_a_chart_are_its_values(chart: dict[str, Any]) -> None:
    values = {
        "git": {"url": "u", "branch": "b", "path": ["a", "b"], "readonly": True, "user": "", "email": None},
        "manifestGeneration": True,
        "registry": {"excludeImage": ["x/*", "y/*"], "disableScanning": False},
        "additionalArgs": ["--git-path=c", "--k8s-default-namespace=n"],
    }
    found = of_manifest(release(chart, values))["fluxd"]
    assert values_of(found) == {
        "git-url": "u",
        "git-branch": "b",
        "git-path": "a,b,c",
        "git-readonly": "true",
        "manifest-generation": "true",
        "registry-exclude-image": "x/*,y/*",
        "registry-disable-scanning": "false",
        "k8s-default-namespace": "n",
        "k8s-secret-name": "sync-flux-git-deploy",
        "memcached-hostname": "sync-flux-memcached",
        "registry-rps": "200",
        "registry-burst": "125",
    }
    assert (found.name, found.memcached) == ("sync-flux", "sync-flux-memcached")
    assert (found.release_name, found.namespace, found.labels) == (
        "sync",
        "ops",
        {"app": "flux", "release": "sync"},
    )
    assert found.values["git.path"] == Setting("a,b")


def test_the_chart_of_fluxd_makes_more_of_its_values() -> None:
    values = {
        "image": {"repository": "quay.io/weaveworks/flux", "tag": "1.13.3"},
        "git": {"pollInterval": "2m", "verifySignatures": True, "verifySignaturesMode": "all"},
        "syncGarbageCollection": {"enabled": True, "dry": True},
        "clusterRole": {"create": False},
        "allowedNamespaces": ["shop"],
        "registry": {
            "pollInterval": "9m",
            "automationInterval": "1m",
            "ecr": {"require": True},
            "dockercfg": {"enabled": True},
        },
        "gpgKeys": {"secretName": "keys"},
        "token": "t",
        "fullnameOverride": "gitops",
        "nameOverride": "git",
    }
    found = of_manifest(release({"name": "agent", "repository": "https://example.com"}, values))["fluxd"]
    given = values_of(found)
    expected = {
        "git-poll-interval": "2m",
        "sync-interval": "2m",
        "git-verify-signatures-mode": "all",
        "sync-garbage-collection-dry": "true",
        "k8s-allow-namespace": "shop,ops",
        "automation-interval": "9m",
        "registry-require": "ecr",
        "docker-config": "/dockercfg/config.json",
        "git-gpg-key-import": "/root/gpg-import/private",
        "connect": "wss://cloud.weave.works/api/flux",
    }
    assert expected.items() <= given.items()
    assert not {"sync-garbage-collection", "git-verify-signatures"} & given.keys()
    assert (found.name, found.labels["app"], found.version) == ("gitops", "git", "1.13.3")


def test_the_chart_of_the_operator_makes_flags_of_its_values() -> None:
    values = {
        "helm": {"versions": "v3"},
        "git": {"defaultRef": "main"},
        "updateChartDeps": False,
        "clusterRole": {"create": False},
        "configureRepositories": {"enable": True},
    }
    found = of_manifest(release({"name": "helm-operator", "repository": "https://example.com"}, values))
    assert values_of(found["helm-operator"]) == {
        "enabled-helm-versions": "v3",
        "git-default-ref": "main",
        "update-chart-deps": "false",
        "allow-namespace": "ops",
        "helm-repository-import": "v3:/root/.helm/repository/repositories.yaml",
        "workers": "4",
        "status-update-interval": "30s",
    }
    assert found["helm-operator"].name == "sync-helm-operator"


def test_the_first_charts_of_fluxd_bring_the_operator_along() -> None:
    values = {
        "helmOperator": {
            "create": True,
            "tag": "0.10.1",
            "repository": "docker.io/fluxcd/helm-operator",
            "chartsSyncInterval": "9m",
        }
    }
    found = of_manifest(release({"repository": "https://charts.fluxcd.io", "name": "flux"}, values))
    operator = found["helm-operator"]
    assert (operator.name, operator.version, operator.text("charts-sync-interval")) == (
        "sync-flux-helm-operator",
        "0.10.1",
        "9m",
    )
    # Those from 1.0 on pass over what is left of it in the values.
    for version, programs in (
        ("0.14.1", ["fluxd", "helm-operator"]),
        ("1.5.0", ["fluxd"]),
        ("^1.2", ["fluxd"]),
        ("v10.0.1", ["fluxd"]),
        ("*", ["fluxd", "helm-operator"]),
    ):
        chart = {"repository": "https://charts.fluxcd.io", "name": "flux", "version": version}
        assert list(of_manifest(release(chart, values))) == programs, version
    values["helmOperator"]["create"] = False
    assert list(of_manifest(release({"repository": "https://charts.fluxcd.io", "name": "flux"}, values))) == [
        "fluxd"
    ]


def test_other_charts_are_no_fluxd() -> None:
    for chart, values in (
        ({"repository": "https://charts.fluxcd.io", "name": "web"}, {"git": {"url": "x"}}),
        ({"repository": "https://example.com", "name": "flux"}, {"git": {"path": "x"}}),
        ({"repository": "https://example.com", "name": "web"}, {"image": {"repository": "fluxcd/flux-cli"}}),
        (None, None),
    ):
        assert of_manifest(release(chart, values)) == {}


INLINE = (
    "helmCharts:\n- {name: flux, repo: https://charts.fluxcd.io, namespace: flux, "
    "valuesInline: {git: {path: prod}}}\n"
)
ARGO = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: flux, namespace: argocd}
spec:
  destination: {namespace: flux}
  source:
    repoURL: https://charts.fluxcd.io
    chart: flux
    helm:
      {values: "git: {path: prod, readonly: false}", parameters: [{name: git.readonly, value: "true"}]}
"""


@pytest.mark.parametrize(
    ("files", "codes"),
    [
        ({"prod/flux.yaml": fluxd_text("--git-path=prod", "--git-readonly").replace("Depl", "Empl")}, set()),
        ({"setup/kustomization.yaml": INLINE.replace("path: prod", "path: prod, readonly: true")}, {"DA028"}),
        (
            {
                "setup/kustomization.yaml": (
                    "helmChartInflationGenerator:\n"
                    "- {chartName: flux, chartRepoUrl: https://charts.fluxcd.io, values: v.yaml}\n"
                ),
                "setup/v.yaml": "git: {path: prod, readonly: true}\n",
            },
            {"DA028"},
        ),
        (
            {
                "setup/kustomization.yaml": INLINE.replace("namespace: flux", "valuesFile: a.yaml"),
                "setup/a.yaml": "git: {path: other, readonly: true}\n",
            },
            {"DA028"},
        ),
        ({"setup/flux.yaml": ARGO}, set()),
        ({"setup/flux.yaml": ARGO.replace("  source:\n", "  sources:\n  - {path: other}\n  -\n")}, {"DA022"}),
    ],
    ids=["job", "helm charts", "generator", "file", "application", "sources"],
)
def test_a_fluxd_is_seen_wherever_it_runs(files: dict[str, str | bytes], codes: set[str]) -> None:
    workload = workload_text(AUTOMATED, "fluxcd.io/tag.app: semver:~1.4")
    migration = fm.migrate_repository({"prod/web.yaml": workload, **files})
    (cluster,) = migration.context.clusters
    assert cluster.sync_paths == ("prod",)
    assert {each.code for each in migration.findings} & {"DA022", "DA028", "IM008"} == {"IM008", *codes}


K3S = """\
apiVersion: helm.cattle.io/v1
kind: HelmChart
metadata: {name: flux, namespace: kube-system}
spec:
  repo: https://charts.fluxcd.io
  chart: flux
  targetNamespace: flux
  valuesContent: "git: {path: prod}"
  set: {"additionalArgs[0]": --git-readonly}
"""


@pytest.mark.parametrize(
    ("text", "read_only"),
    [
        (ARGO.replace("git.readonly", '"additionalArgs[0]"').replace('"true"', "--git-readonly"), True),
        (
            ARGO.replace("values:", "valuesObject: {}, values:")
            .replace("readonly: false", "readonly: true")
            .replace("name: git.readonly", "name: git.path")
            .replace('"true"', "prod"),
            False,
        ),
        (K3S, True),
    ],
    ids=["application", "object", "k3s"],
)
def test_what_is_set_one_by_one_is_read_as_helm_reads_it(text: str, read_only: bool) -> None:
    workload = workload_text(AUTOMATED, "fluxcd.io/tag.app: semver:~1.4")
    (cluster,) = fm.migrate_repository({"prod/web.yaml": workload, "setup/flux.yaml": text}).context.clusters
    assert (cluster.sync_paths, cluster.settings.fluxd.read_only) == (("prod",), read_only)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("kustomization.yaml", INLINE.replace("namespace: flux", "valuesFile: ../v.yaml")),
        ("flux.yaml", ARGO.replace("values:", "valueFiles: [v.yaml], values:")),
    ],
)
def test_no_default_counts_where_values_of_a_chart_are_elsewhere(path: str, text: str) -> None:
    whole = text.replace("valuesFile: ../v.yaml, ", "").replace("valueFiles: [v.yaml], ", "")
    for known, branch in ((text, None), (whole, "master")):
        files: dict[str, str | bytes] = {f"setup/{path}": known, "prod/web.yaml": release_text(CHART)}
        (cluster,) = fm.migrate_repository(files).context.clusters
        assert (cluster.sync_paths, cluster.branch) == (("prod",), branch)
