"""Settings of Flux v1 that something else fills in, or that a person gives."""

from __future__ import annotations

import re
from typing import Any

import pytest

import fluxv2_migrate as fm
from manifest_texts import CHART, fluxd_text, release_text

Files = dict[str, str | bytes]


URL = "--git-url=git@git.example.com:acme/fleet"
PATH = "--git-path=prod"
RELEASE = release_text(f"  releaseName: web\n{CHART}")


def migrated(*arguments: str, **settings: Any) -> fm.Migration:
    files: Files = {"flux/flux.yaml": fluxd_text(*arguments), "prod/web.yaml": RELEASE}
    cluster = {"name": "prod", "sync_paths": ["prod"], **settings}
    options: dict[str, Any] = {"clusters": [cluster]} if settings else {}
    return fm.migrate_repository(files, fm.MigrationOptions.model_validate(options))


def told(migration: fm.Migration, code: str) -> list[str]:
    return [each.message for each in migration.findings if each.code == code]


@pytest.mark.parametrize(
    ("argument", "settings"),
    [
        ("--sops=${SOPS}", {"fluxd": {"sops": True}}),
        ("'--git-readonly={{ .readonly }}'", {"fluxd": {"read_only": True}}),
        ("--registry-exclude-image=$(EXCLUDED)", {"fluxd": {"exclude_images": ["*"]}}),
        ("--k8s-default-namespace=$NAMESPACE", {"default_namespace": "shop"}),
        ("--git-ci-skip-message=$(MESSAGE)", {"fluxd": {"commit_suffix": "[skip ci]"}}),
        ("--sync-garbage-collection=$(COLLECT)", {"fluxd": {"garbage_collection": True}}),
        ("--k8s-secret-data-key=$(KEY)", {"fluxd": {"secret_data_key": "id_rsa"}}),
    ],
)
def test_a_setting_that_nobody_knows_is_told_until_it_is_given(
    argument: str, settings: dict[str, Any]
) -> None:
    (message,) = told(migrated(URL, PATH, argument), "DA065")
    (name, *_) = re.findall(r"--[a-z0-9-]+", argument)
    assert name in message
    assert not told(migrated(URL, PATH, argument, **settings), "DA065")


def test_a_setting_that_is_known_or_does_nothing_is_not_told() -> None:
    assert not told(migrated(URL, PATH, "--git-branch=live", "--memcached-hostname=$(CACHE)"), "DA065")
    assert [each.code for each in fm.convert_fluxd([URL, "--git-email=$(E)"]).findings] == ["DA065"]


@pytest.mark.parametrize(
    "command",
    [
        "helm upgrade -i flux fluxcd/flux --set git.url={url},git.path=clusters,git.branch=live\n",
        "fluxctl install --git-url={url} --git-path=clusters --git-branch=live | kubectl apply -f -\n",
    ],
)
@pytest.mark.parametrize(
    ("url", "known"),
    [
        ("git@git.example.com:$TEAM/fleet", ""),
        (
            "'https://$(GIT_AUTHUSER):$(GIT_AUTHKEY)@git.example.com/acme/fleet'",
            "https://git.example.com/acme/fleet",
        ),
    ],
)
def test_paths_that_a_command_names_count_whatever_fills_in_its_url(
    command: str, url: str, known: str
) -> None:
    files: Files = {"install.sh": command.format(url=url), "clusters/prod/web.yaml": RELEASE}
    migration = fm.migrate_repository(files)
    (cluster,) = migration.context.as_clusters()
    assert (cluster.sync_paths, cluster.branch, cluster.fluxd.git_url) == (
        ("clusters",),
        "live",
        known or None,
    )
    assert told(migration, "DA028")
    assert bool(told(migration, "DA045")) is not bool(known)
    made = [each.resource.spec for each in migration.resources if each.resource.kind == "GitRepository"]
    assert [(each.url, each.secret_ref and each.secret_ref.name) for each in made] == [
        (known, "flux-system")
    ] * bool(known)


FROM_VARIABLES = fluxd_text("'--git-url=$(URL)'", "'--git-path=$(PATHS)'", "'--git-branch=$(BRANCH)'") + (
    "        envFrom:\n        - configMapRef:\n            name: fluxd\n"
)
FROM_VALUES = (
    "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {name: flux, namespace: flux}\nspec:\n"
    "  chart: {repository: https://charts.fluxcd.io, name: flux, version: 1.13.3}\n"
    "  valuesFrom: [{configMapKeyRef: {name: fluxd}}]\n"
)


@pytest.mark.parametrize("installed", [FROM_VARIABLES, FROM_VALUES])
@pytest.mark.parametrize("is_built", [False, True])
def test_each_cluster_has_the_config_map_that_stands_nearest(installed: str, *, is_built: bool) -> None:
    files: Files = {}
    for name in ("eu", "us"):
        path, url = f"clusters/{name}", "git@git.example.com:acme/fleet"
        values = f"git: {{url: '{url}', path: {path}, branch: {name}}}"
        data = f"  {{URL: '{url}', PATHS: {path}, BRANCH: {name}, values.yaml: \"{values}\"}}\n"
        settings = (
            f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: fluxd, namespace: flux}}\ndata:\n{data}"
        )
        files |= {f"setup/{name}/settings.yaml": settings, f"{path}/web.yaml": RELEASE.replace("web", name)}
        files[f"setup/{name}/flux.yaml"] = installed
        if is_built:
            del files[f"setup/{name}/flux.yaml"]
            files["base/flux.yaml"] = installed
            files["base/kustomization.yaml"] = "resources: [flux.yaml]\n"
            files[f"setup/{name}/kustomization.yaml"] = "resources: [../../base]\n"
    clusters = fm.migrate_repository(files).context.clusters
    found = [(each.sync_paths, each.branch) for each in clusters]
    assert found == [(("clusters/eu",), "eu"), (("clusters/us",), "us")]


@pytest.mark.parametrize("folders", [["live"], ["live", "old"], []])
def test_a_config_map_is_what_the_nearest_kustomization_makes_of_it(folders: list[str]) -> None:
    """Its base says something else, and fluxd itself stands in no build."""
    data = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: fluxd, namespace: flux}}\ndata:\n{}"
    known = "  {{URL: 'git@git.example.com:acme/fleet', PATHS: clusters/{0}, BRANCH: {0}}}\n"
    files: Files = {
        "live/flux.yaml": FROM_VARIABLES,
        "base/settings.yaml": data.format(known.format("base")),
        "base/kustomization.yaml": "resources: [settings.yaml]\n",
        **{f"clusters/{each}/web.yaml": RELEASE for each in ("base", "live", "old")},
    }
    for each in folders:
        files[f"{each}/build/kustomization.yaml"] = "resources: [../../base]\npatches: [{path: more.yaml}]\n"
        files[f"{each}/build/more.yaml"] = data.format(known.format(each))
    (found,) = (each for each in fm.migrate_repository(files).context.clusters if each.branch)
    assert found.branch == (folders[0] if folders else "base")


IMAGE = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
  namespace: shop
  annotations:
    fluxcd.io/automated: "true"
    fluxcd.io/tag.shop: semver:^1
spec:
  template:
    spec:
      containers:
      - name: shop
        image: registry.example.com/shop:1.0.0
"""


@pytest.mark.parametrize("settings", [{}, {"default_namespace": "shop"}])
def test_no_branch_is_guessed_where_something_else_fills_it_in(settings: dict[str, Any]) -> None:
    files = {
        "flux/flux.yaml": fluxd_text(URL, PATH, "--git-branch=$(BRANCH)"),
        "prod/web.yaml": RELEASE,
        "prod/shop.yaml": IMAGE,
    }
    cluster = {"name": "prod", "sync_paths": ["prod"], **settings}
    options = fm.MigrationOptions.model_validate({"clusters": [cluster]} if settings else {})
    migration = fm.migrate_repository(files, options)
    assert [each.code for each in migration.findings if each.severity == "error"] == ["DA066", "DA066"]
    # The release is converted; what syncs the branch or pushes to it is not, and fluxd can still tell.
    assert set(migration.changed) == {"prod/web.yaml"}
    assert set(migration.files) - set(files) == {"prod/sources/example.yaml"}
    assert "'--branch=$(BRANCH)'" in migration.runbook().to_markdown()
    assert fm.migrate_repository(migration.files, options).files == migration.files

    given = migrated(URL, PATH, "--git-branch=$(BRANCH)", branch="master")
    assert given.ok
    assert "branch: master" in str(given.files["prod/flux-system/gotk-sync.yaml"])


def test_a_sync_that_is_there_does_not_say_which_branch_fluxd_follows() -> None:
    first = migrated(URL, PATH, "--git-branch=live")
    fluxd = {"flux/flux.yaml": fluxd_text(URL, PATH, "--git-branch=$(BRANCH)"), "prod/shop.yaml": IMAGE}
    migration = fm.migrate_repository({**first.files, **fluxd})
    assert [each.code for each in migration.findings if each.severity == "error"] == ["DA066"]
    assert "flux/flux.yaml" in migration.files


def test_fluxd_alone_is_not_converted_without_its_branch() -> None:
    unknown = [URL, "--git-branch=$(BRANCH)"]
    made = fm.convert_fluxd(unknown)
    assert [each.code for each in made.findings] == ["DA066"]
    assert not made.resources
    given = fm.convert_fluxd(unknown, {"clusters": [{"name": "prod", "sync_paths": ["."], "branch": "live"}]})
    assert not given.findings
    assert given.resources[0].model_dump()["spec"]["ref"]["branch"] == "live"


@pytest.mark.parametrize(
    "url",
    [
        "git://git.example.com/acme/fleet",
        "/srv/git/fleet",
        "ftp://example.com/a",
        "ssh://git@[fe80::1%eth0]/acme/fleet",
        "ssh://git@[::1/acme/fleet",
        "git@[fe80::1%eth0]:acme/fleet",
    ],
)
def test_a_repository_that_flux_2_cannot_fetch_is_an_error_until_a_url_is_given(url: str) -> None:
    migration = migrated(f"--git-url={url}", PATH)
    (message,) = told(migration, "RP041")
    assert url in message
    assert not migration.ok
    assert not told(migration, "DA045")
    given = migrated(f"--git-url={url}", PATH, fluxd={"git_url": "https://git.example.com/acme/fleet"})
    assert given.ok
    assert "url: https://git.example.com/acme/fleet" in str(given.files["prod/flux-system/gotk-sync.yaml"])


@pytest.mark.parametrize(
    ("arguments", "settings", "name", "key"),
    [
        ((), {}, "flux-git-deploy", "identity"),
        (("--k8s-secret-data-key=id_rsa",), {}, "flux-git-deploy", "id_rsa"),
        (("--k8s-secret-name=key", "--k8s-secret-data-key=id.rsa"), {}, "key", r"id\.rsa"),
        ((), {"fluxd": {"secret_name": "mine", "secret_data_key": "own"}}, "mine", "own"),
    ],
)
def test_the_runbook_takes_the_key_of_fluxd_from_where_it_is(
    arguments: tuple[str, ...], settings: dict[str, Any], name: str, key: str
) -> None:
    runbook = migrated(URL, PATH, *arguments, **settings).runbook().to_markdown()
    assert f"get secret {name} -o 'jsonpath={{.data.{key}}}' | base64 -d > fluxd-identity" in runbook


def test_annotations_of_pods_alone_are_told_and_stay() -> None:
    workload = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: app, namespace: shop}\n"
        "spec:\n  template:\n    metadata:\n      annotations:\n"
        '        fluxcd.io/automated: "true"\n'
        "    spec:\n      containers: [{name: app, image: 'ghcr.io/acme/app:1.2.3'}]\n"
    )
    files: Files = {"flux/flux.yaml": fluxd_text(URL, PATH), "prod/app.yaml": workload}
    migration = fm.migrate_repository(files)
    assert [each.line for each in migration.findings if each.code == "AN012"] == [8]
    assert migration.files["prod/app.yaml"] == workload


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ({"sops": True}, "DA048"),
        ({"signing_key": "ABC"}, "DA049"),
        ({"verify_signatures": "all"}, "DA046"),
        ({"verify_signatures": "none"}, ""),
    ],
)
def test_what_a_person_says_of_fluxd_is_told_as_if_it_were_shown(setting: dict[str, Any], code: str) -> None:
    files: Files = {"prod/web.yaml": RELEASE}
    url = "ssh://git@git.example.com/acme/fleet"
    cluster = {"name": "prod", "sync_paths": ["prod"], "fluxd": {"git_url": url, **setting}}
    options = fm.MigrationOptions.model_validate({"clusters": [cluster]})
    migration = fm.migrate_repository(files, options)
    codes = {each.code for each in migration.findings} & {"DA046", "DA048", "DA049"}
    assert codes == ({code} if code else set())
    # Once it is there, its objects say the same.
    again = fm.migrate_repository(migration.files, options)
    assert not {each.code for each in again.findings} & {"DA046", "DA048", "DA049"}
