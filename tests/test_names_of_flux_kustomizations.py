"""Kustomizations of Flux v2 that sync one folder, and each gives its releases another name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

import fluxv2_migrate as fm
from manifest_texts import CHART, release_text
from patched_overlays import Files
from real_kustomize import build_all, write_tree
from test_flux_kustomizations import BRACKETS, kustomization

PREFIXES = ({"namePrefix": "eu-"}, {"namePrefix": "us-"})
NAMESPACES = ({"targetNamespace": "eu"}, {"targetNamespace": "us"})
LISTED: tuple[dict[str, Any], ...] = (
    {"namePrefix": "eu-", "patches": [{"patch": release_text("  timeout: 90\n")}]},
    {},
)
SYNCED = kustomization("./clusters/prod")


def tree(specs: tuple[dict[str, Any], ...], *, apart: bool, listed: bool, namespace: str = "shop") -> Files:
    texts = [
        kustomization("./apps", **spec).replace("name: apps", f"name: apps-{number}")
        for number, spec in enumerate(specs)
    ]
    files: Files = {
        "apps/web.yaml": release_text(CHART, namespace=namespace),
        "apps/api.yaml": release_text(f"{CHART}  releaseName: own-api\n", name="api", namespace=namespace),
    }
    if listed:
        files["apps/kustomization.yaml"] = "resources: [web.yaml]\n"
        del files["apps/api.yaml"]
    if apart:
        files |= {f"clusters/{name}/apps.yaml": text for name, text in zip(("eu", "us"), texts, strict=True)}
        return files | {
            f"clusters/{name}/sync.yaml": kustomization(f"./clusters/{name}") for name in ("eu", "us")
        }
    return files | {"clusters/prod/apps.yaml": "---\n".join(texts), "clusters/prod/sync.yaml": SYNCED}


def names(files: Files, folder: Path) -> set[tuple[str, str]]:
    """Gives the releases that kustomize-controller applies, each with its release name."""
    more: Files = {}
    for path in [path for path in files if path.endswith("/apps.yaml")]:
        for number, each in enumerate(yaml.safe_load_all(str(files[path]))):
            spec = each["spec"]
            over = {name: spec[name] for name in ("namePrefix", "patches") if name in spec}
            over["namespace"] = spec.get("targetNamespace") or "shop"
            more[f"over/{path}-{number}/kustomization.yaml"] = json.dumps(
                {"resources": ["../../../../apps"], **over}
            )
    more.setdefault(
        "apps/kustomization.yaml", files.get("apps/kustomization.yaml", "resources: [web.yaml, api.yaml]")
    )
    write_tree({**files, **more}, folder)
    found = build_all(folder / path.rpartition("/")[0] for path in more if path.startswith("over/"))
    assert [each.error for each in found] == [""] * len(found)
    return {
        ("{namespace}/{name}".format(**each["metadata"]), each["spec"]["releaseName"])
        for one in found
        for each in one.objects
        if each["kind"] == "HelmRelease"
    }


@pytest.mark.parametrize("listed", [True, False], ids=["kustomization", "plain files"])
@pytest.mark.parametrize("apart", [True, False], ids=["two clusters", "one cluster"])
@pytest.mark.parametrize(
    ("specs", "namespace", "wanted"),
    [
        (PREFIXES, "shop", {("shop/eu-web", "shop-eu-web"), ("shop/us-web", "shop-us-web")}),
        (NAMESPACES, "", {("eu/web", "eu-web"), ("us/web", "us-web")}),
        (NAMESPACES, "shop", {("eu/web", "eu-web"), ("us/web", "us-web")}),
        (LISTED, "shop", {("shop/eu-web", "shop-eu-web"), ("shop/web", "shop-web")}),
    ],
    ids=["prefixes", "namespaces", "namespaces over others", "patches"],
)
def test_each_says_the_name_under_which_its_release_runs(
    specs: tuple[dict[str, Any], ...],
    namespace: str,
    wanted: set[tuple[str, str]],
    apart: bool,
    listed: bool,
    tmp_path: Path,
) -> None:
    files = tree(specs, apart=apart, listed=listed, namespace=namespace)
    migration = fm.migrate_repository(files)
    assert migration.ok
    assert fm.verify_migration(files, migration.files, declared=migration.declared).ok
    assert fm.migrate_repository(migration.files).files == dict(migration.files)
    found = names(dict(migration.files), tmp_path)
    assert {each for each in found if "api" not in each[0]} == wanted
    assert {name for place, name in found if "api" in place} == (set() if listed else {"own-api"})


def test_what_is_the_same_for_all_stands_in_the_release(tmp_path: Path) -> None:
    files = tree(NAMESPACES, apart=False, listed=True)
    files["apps/web.yaml"] = release_text(f"{CHART}  targetNamespace: web\n")
    migration = fm.migrate_repository(files)
    assert migration.ok
    assert "storageNamespace: web" in str(migration.files["apps/web.yaml"])
    assert fm.verify_migration(files, migration.files, declared=migration.declared).ok
    assert names(dict(migration.files), tmp_path) == {("eu/web", "eu-web-web"), ("us/web", "us-web-web")}


@pytest.mark.parametrize("specs", [PREFIXES, NAMESPACES])
def test_no_name_is_given_to_two_that_nobody_syncs(specs: tuple[dict[str, Any], ...]) -> None:
    files = tree(specs, apart=False, listed=True)
    del files["clusters/prod/sync.yaml"]
    migration = fm.migrate_repository(files)
    assert not migration.ok
    assert migration.files["apps/web.yaml"] == files["apps/web.yaml"]
    assert migration.files["clusters/prod/apps.yaml"] == files["clusters/prod/apps.yaml"]


def test_patches_in_brackets_hold_the_release_back() -> None:
    files = tree(PREFIXES, apart=True, listed=True)
    path = "clusters/eu/apps.yaml"
    files[path] = str(files[path]).replace("spec:\n", f"spec:\n  {BRACKETS}\n")
    migration = fm.migrate_repository(files)
    assert "RP020" in {each.code for each in migration.findings}
    assert migration.files["apps/web.yaml"] == files["apps/web.yaml"]


def test_a_release_whose_namespace_nobody_knows_is_not_named() -> None:
    files = tree(PREFIXES, apart=True, listed=True, namespace="")
    migration = fm.migrate_repository(files)
    assert not migration.ok
    assert not migration.changed
