"""What a repository shows of fluxd: its flags, and `.flux.yaml`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux1.flux_yaml import FluxYaml, find_flux_yaml, kustomize_build_folders
from fluxv2_migrate.flux1.fluxd import FluxdFlags, fluxd_of_manifest

WORDS = st.sampled_from(["prod", "a,b", "x=y", "1m", "https://example.com"])
FLAGS = st.sampled_from(["git-branch", "git-url", "git-path", "sync-interval", "registry-exclude-image"])
SWITCHES = st.sampled_from(["sops", "git-readonly", "manifest-generation"])


@given(
    given=st.lists(st.tuples(FLAGS, WORDS), max_size=5),
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
    flags = FluxdFlags.parse([*arguments, "stray", "--"])
    lists = ("git-path", "registry-exclude-image")
    for name, value in given:
        values = [each for known, each in given if known == name]
        assert flags.given[name] == (",".join(values) if name in lists else values[-1]), value
    assert {name for name in switches if flags.given[name] == "true"} == set(switches)
    paths = [path for name, value in given if name == "git-path" for path in value.split(",")]
    assert flags.git_paths == tuple(paths)


def test_what_is_not_given_is_what_fluxd_takes() -> None:
    flags = FluxdFlags()
    assert (flags.git_url, flags.git_branch, flags.git_paths, flags.default_namespace) == (
        "",
        "master",
        (),
        "",
    )
    assert (flags.manifest_generation, flags.read_only) == (False, False)
    assert FluxdFlags({"registry-disable-scanning": "true"}).read_only


def deployment(*containers: Any, kind: str = "Deployment") -> dict[str, Any]:
    return {"kind": kind, "spec": {"template": {"spec": {"containers": list(containers)}}}}


def test_the_flags_of_a_workload_are_those_of_the_container_that_is_fluxd() -> None:
    other = {"name": "x", "image": "memcached:1", "args": ["--git-path=no"]}
    container = {
        "image": "weaveworks/flux:1",
        "command": ["/usr/local/bin/fluxd"],
        "args": ["--git-path=a", 1],
    }
    found = fluxd_of_manifest(deployment(other, "no mapping", {"image": ""}, {"image": 1}, container))
    assert found is not None
    assert found.given == {"git-path": "a"}
    for manifest in (deployment(other), deployment(), {"kind": "Deployment"}, {"kind": "Secret"}, {}):
        assert fluxd_of_manifest(manifest) is None
    assert (
        fluxd_of_manifest({"kind": "Deployment", "spec": {"template": {"spec": {"containers": 1}}}}) is None
    )


@pytest.mark.parametrize(
    "chart",
    [
        {"repository": "https://charts.fluxcd.io", "name": "flux"},
        {"git": "git@github.com:fluxcd/flux", "path": "chart/flux/"},
    ],
)
def test_the_flags_of_a_chart_are_its_values(chart: dict[str, Any]) -> None:
    values = {
        "git": {"url": "u", "branch": "b", "path": ["a", "b"], "readonly": True, "user": "", "email": None},
        "manifestGeneration": True,
        "registry": {"excludeImage": ["x/*", "y/*"], "disableScanning": False},
        "additionalArgs": ["--git-path=c", "--k8s-default-namespace=n"],
    }
    found = fluxd_of_manifest({"kind": "HelmRelease", "spec": {"chart": chart, "values": values}})
    assert found is not None
    assert found.given == {
        "git-url": "u",
        "git-branch": "b",
        "git-path": "c",
        "git-readonly": "true",
        "manifest-generation": "true",
        "registry-exclude-image": "x/*,y/*",
        "k8s-default-namespace": "n",
    }
    assert found.manifest_generation


def test_other_charts_are_no_fluxd() -> None:
    for chart in (
        {"repository": "https://charts.fluxcd.io", "name": "helm-operator"},
        {"repository": "https://example.com", "name": "flux"},
        None,
    ):
        assert fluxd_of_manifest({"kind": "HelmRelease", "spec": {"chart": chart}}) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("version: 1\nscanForFiles: {}\ncommandUpdated: {generators: []}\n", FluxYaml("scanForFiles")),
        (
            "version: 1\ncommandUpdated:\n  generators: [{command: a}, {command: 1}, x]\n  updaters: [{}]\n",
            FluxYaml("commandUpdated", ("a",), updaters=True),
        ),
        ("version: 1\ncommandUpdated: {generators: 1}\n", FluxYaml("commandUpdated")),
        (
            "version: 1\npatchUpdated: {generators: [{command: a}], patchFile: p.yaml}\n",
            FluxYaml("patchUpdated", ("a",), "p.yaml"),
        ),
    ],
)
def test_a_flux_yaml_has_one_of_three_forms(text: str, expected: FluxYaml) -> None:
    assert FluxYaml.parse(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "version"),
        ("- a\n", "version"),
        ("version: 2\n", "version"),
        ("version: 1\n", "one of"),
        ("version: 1\ncommandUpdated: {}\npatchUpdated: {}\n", "one of"),
        ("version: [\n", "no valid YAML"),
    ],
)
def test_a_flux_yaml_that_fluxd_refuses_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidManifest, match=reason) as caught:
        FluxYaml.parse(text, path="a/.flux.yaml")
    assert caught.value.path == "a/.flux.yaml"


@given(
    folders=st.sets(st.sampled_from(["", "a", "a/b", "a/b/c", "d"])), path=st.sampled_from(["a/b/c", "", "a"])
)
def test_the_nearest_flux_yaml_above_counts(folders: set[str], path: str) -> None:
    files = {f"{folder}/.flux.yaml".lstrip("/") for folder in folders}
    above = [folder for folder in folders if not folder or f"{path}/".startswith(f"{folder}/")]
    found = find_flux_yaml(path, files.__contains__)
    assert found == (f"{max(above, key=len)}/.flux.yaml".lstrip("/") if above else None)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("kustomize build", ("p",)),
        ("./kustomize build ..", ("",)),
        ("cd web && kustomize build . ; kustomize build db", ("p/web", "p/web/db")),
        ("set -e\nkustomize build --reorder none web\n", ("p/web",)),
        ("kustomize build a b", None),
        ("kustomize build https://example.com/a", None),
        ("kustomize build . | sed s/a/b/", None),
        ("kustomize build ../..", None),
        ("kustomize build $FOLDER", None),
        ("helm template .", None),
        ("set -e", None),
        ("", None),
    ],
)
def test_only_commands_that_build_alone_are_followed(command: str, expected: tuple[str, ...] | None) -> None:
    assert kustomize_build_folders(command, "p") == expected
