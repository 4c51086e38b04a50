"""Fluxd, the helm-operator and a `.flux.yaml`, one at a time, in every form."""

from __future__ import annotations

from typing import Any

import pytest

import fluxv2_migrate as fm

ARGUMENTS = [
    "--git-url=git@git.example.com:acme/fleet",
    "--git-branch=live",
    "--git-path=apps,k8s/Infra",
    "--git-poll-interval=2m",
    "--git-timeout=1h30m",
    "--sync-interval=4m",
    "--sync-timeout=3m",
    "--sops",
    "--git-verify-signatures",
]
VALUES: dict[str, Any] = {
    "git": {
        "url": "git@git.example.com:acme/fleet",
        "branch": "live",
        "path": "apps,k8s/Infra",
        "pollInterval": "2m",
        "timeout": "1h30m",
        "verifySignatures": True,
    },
    "sync": {"interval": "4m", "timeout": "3m"},
    "sops": {"enabled": True},
}
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "flux", "namespace": "flux"},
    "spec": {
        "template": {
            "spec": {"containers": [{"name": "flux", "image": "fluxcd/flux:1.25.4", "args": ARGUMENTS}]}
        }
    },
}
RELEASE = {
    "apiVersion": "helm.fluxcd.io/v1",
    "kind": "HelmRelease",
    "metadata": {"name": "flux", "namespace": "flux"},
    "spec": {
        "chart": {"repository": "https://charts.fluxcd.io", "name": "flux", "version": "1.13.3"},
        "values": VALUES,
    },
}


def specs(made: fm.Flux1Conversion) -> dict[str, Any]:
    return {f"{each.kind} {each.metadata.name}": each.to_manifest()["spec"] for each in made.resources}


@pytest.mark.parametrize(
    "manifest", [ARGUMENTS, VALUES, DEPLOYMENT, RELEASE], ids=["arguments", "values", "deployment", "chart"]
)
def test_a_fluxd_of_any_form_becomes_the_same_objects(manifest: Any) -> None:
    made = fm.convert_fluxd(manifest)
    of_all = {
        "interval": "4m",
        "prune": False,
        "sourceRef": {"kind": "GitRepository", "name": "flux-system"},
        "timeout": "3m",
        "decryption": {"provider": "sops", "secretRef": {"name": "sops-keys"}},
    }
    assert specs(made) == {
        "GitRepository flux-system": {
            "interval": "2m",
            "url": "ssh://git@git.example.com/acme/fleet",
            "ref": {"branch": "live"},
            "timeout": "90m",
            "secretRef": {"name": "flux-system"},
            "verify": {"mode": "HEAD", "secretRef": {"name": "git-signatures"}},
        },
        "Kustomization flux-system": {**of_all, "path": "./apps"},
        "Kustomization k8s-infra": {**of_all, "path": "./k8s/Infra"},
    }
    assert sorted(each.code for each in made.findings) == ["DA046", "DA048"]
    assert [(each.name, each.keys) for each in made.prerequisites] == [
        ("flux-system", ("identity", "known_hosts"))
    ]
    assert made.cluster.fluxd.sync_interval == "4m"


def test_the_flux_release_decides_versions_and_modes() -> None:
    made = fm.convert_fluxd(ARGUMENTS, {"flux_version": "2.0", "flux_namespace": "gitops"})
    assert specs(made)["GitRepository flux-system"]["verify"]["mode"] == "head"
    assert {each.metadata.namespace for each in made.resources} == {"gitops"}


@pytest.mark.parametrize(
    ("url", "written", "keys"),
    [
        ("https://git.example.com/acme/fleet", "https://git.example.com/acme/fleet", ()),
        (
            "https://$(GIT_USER):$(GIT_KEY)@git.example.com/acme/fleet",
            "https://git.example.com/acme/fleet",
            ("username", "password"),
        ),
        ("https://me:secret@git.example.com/a/b", "https://git.example.com/a/b", ("username", "password")),
        (
            "ssh://git@git.example.com:7999/a/b.git",
            "ssh://git@git.example.com:7999/a/b.git",
            ("identity", "known_hosts"),
        ),
        ("$(GIT_URL)", "", ()),
        ("git://git.example.com/a/b", "", ()),
    ],
)
def test_a_url_becomes_one_that_source_controller_takes(
    url: str, written: str, keys: tuple[str, ...]
) -> None:
    made = fm.convert_fluxd([f"--git-url={url}"])
    if not written:
        code = "DA045" if "$" in url else "RP041"
        assert (made.resources, [each.code for each in made.findings]) == ((), [code])
        return
    assert specs(made)["GitRepository flux-system"]["url"] == written
    assert tuple(key for each in made.prerequisites for key in each.keys) == keys
    assert "secret@" not in repr(made)


def test_options_go_over_what_the_manifest_says() -> None:
    cluster = {"name": "prod", "branch": "main", "fluxd": {"git_url": "https://git.example.com/other"}}
    made = specs(fm.convert_fluxd(ARGUMENTS, {"clusters": [cluster]}))["GitRepository flux-system"]
    assert (made["ref"], made["url"], made["interval"]) == (
        {"branch": "main"},
        "https://git.example.com/other",
        "2m",
    )


def test_what_runs_no_fluxd_is_refused() -> None:
    with pytest.raises(fm.InvalidManifest, match="it runs no fluxd"):
        fm.convert_fluxd({"kind": "Deployment", "spec": {}})
    with pytest.raises(fm.InvalidManifest, match="it runs no helm-operator"):
        fm.convert_helm_operator(DEPLOYMENT)


def test_an_operator_becomes_its_repositories_and_settings() -> None:
    entry = {"name": "acme", "url": "https://charts.example.com/acme", "username": "me", "password": "secret"}
    open_entry = {"name": "open", "url": "https://charts.example.org"}
    certified = {"name": "tls", "url": "https://charts.example.net", "certFile": "a.crt", "keyFile": "a.key"}
    values = {
        "helm": {"versions": "v3"},
        "chartsSyncInterval": "1m",
        "configureRepositories": {"enable": True, "repositories": [entry, open_entry, certified, entry]},
        "initPlugins": {"enable": True, "plugins": ["https://github.com/hypnoglow/helm-s3"]},
    }
    made = fm.convert_helm_operator(values)
    assert specs(made)["HelmRepository acme"]["secretRef"] == {"name": "acme"}
    assert [(each.name, each.keys) for each in made.prerequisites] == [
        ("acme", ("username", "password")),
        ("example", ("tls.crt", "tls.key", "ca.crt")),
    ]
    assert made.cluster.helm_operator.helm_versions == ("v3",)
    assert [each.code for each in made.findings] == ["DA052"]
    assert "secret'" not in repr(made)


@pytest.mark.parametrize(
    ("text", "paths", "codes"),
    [
        ("version: 1\nscanForFiles: {}\n", ["./prod"], []),
        ("version: 1\ncommandUpdated:\n  generators: [{command: kustomize build .}]\n", ["./prod"], []),
        (
            "version: 1\ncommandUpdated: {generators: [{command: kustomize build a && kustomize build b}]}\n",
            ["./prod/a", "./prod/b"],
            [],
        ),
        (
            "version: 1\npatchUpdated:\n  generators: [{command: kustomize build .}]\n  patchFile: p.yaml\n",
            ["./prod"],
            ["DA058"],
        ),
        ("version: 1\ncommandUpdated:\n  generators: [{command: jsonnet main.jsonnet}]\n", [], ["RP018"]),
    ],
)
def test_a_flux_yaml_becomes_what_it_builds(text: str, paths: list[str], codes: list[str]) -> None:
    made = fm.convert_flux_yaml(text, "prod")
    assert [each.to_manifest()["spec"]["path"] for each in made.resources] == paths
    assert [each.code for each in made.findings] == codes
    with pytest.raises(fm.InvalidManifest):
        fm.convert_flux_yaml("version: 2\n")
    with pytest.raises(fm.InvalidManifest, match="holds what JSON can hold"):
        fm.convert_flux_yaml({"version": {1}})
    assert (
        fm.convert_flux_yaml({"version": 1, "scanForFiles": {}}).resources[0].to_manifest()["spec"]["path"]
        == "./"
    )
