"""Overlays that give objects other names: each names what is made for it as its cluster does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import fluxv2_migrate as fm
from applied_sync_paths import hold_sync_paths
from fluxv2_migrate.releases import patched
from fluxv2_migrate.releases.release import ClustersDisagree
from manifest_texts import workload_text
from patched_overlays import CHART, IMAGE, Files, hold_commuting, migrate, release
from real_kustomize import build_all, write_tree

PREFIX = "namePrefix: {name}-\n"
SUFFIX = "nameSuffix: -{name}\n"
MOVED = "namespace: {name}\n"
FILE = "patches: [path: more.yaml]\n"
TARGET = """\
patches:
- target: {{kind: HelmRelease}}
  patch: '[{{"op": "add", "path": "/spec/timeout", "value": 60}}]'
"""
MORE = """\
apiVersion: helm.fluxcd.io/v1
kind: HelmRelease
metadata: {name: web, namespace: shop}
spec:
  values: {replicas: 2}
"""
GIT = """\
  helmVersion: v3
  chart:
    git: https://git.example.com/acme/charts
    path: web
    ref: main
"""
DEPLOYMENT = workload_text(image="ghcr.io/acme/web:1.2.3")
AUTOMATED = "  annotations:\n    fluxcd.io/automated: 'true'\n    filter.fluxcd.io/{container}: {filter}\n"
TAGS = {"ghcr.io/acme/web": ["1.2.3", "1.2.9", "1.4.7"]}


def overlays(base: str, dev: str, prod: str) -> Files:
    """Two overlays; where one gives a namespace, the base has none."""
    dev, prod = dev.format(name="dev"), prod.format(name="prod")
    is_moved = "namespace:" in dev
    base, more = (each.replace("  namespace: shop\n", "") if is_moved else each for each in (base, MORE))
    return {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": base,
        "dev/kustomization.yaml": f"resources: [../base]\n{dev}",
        "dev/more.yaml": more,
        "prod/kustomization.yaml": f"resources: [../base]\n{prod}",
    }


@pytest.mark.parametrize("chart", [CHART, GIT], ids=["helm", "git"])
@pytest.mark.parametrize(
    ("dev", "prod"),
    [
        (PREFIX, PREFIX),
        (PREFIX, ""),
        (PREFIX, SUFFIX),
        (PREFIX + FILE, PREFIX),
        (PREFIX + TARGET, PREFIX + TARGET),
        (PREFIX + MOVED, SUFFIX + MOVED),
        (SUFFIX + MOVED, MOVED),
    ],
)
def test_each_overlay_names_its_source(dev: str, prod: str, chart: str, tmp_path: Path) -> None:
    files = overlays(release(chart), dev, prod)
    assert hold_commuting(files, ("dev", "prod"), tmp_path) == (2, 0)
    roots = fm.MigrationOptions(sync_roots=("dev", "prod"))
    migration = fm.migrate_repository(files, roots)
    assert migration.ok
    assert fm.verify_migration(files, migration.files, roots, declared=migration.declared).ok
    # What all see names it as the overlays do without what they add.
    assert re.search(r"  name: (?:example|charts)\n", str(migration.files["base/web.yaml"]))


def test_releases_that_share_a_source_share_its_names(tmp_path: Path) -> None:
    files = overlays(release(CHART), PREFIX, PREFIX)
    files["base/api.yaml"] = release(CHART, "api")
    files["base/kustomization.yaml"] = "resources: [web.yaml, api.yaml]\n"
    files["test/kustomization.yaml"] = "resources: [../base/web.yaml]\n"
    assert hold_commuting(files, ("dev", "prod", "test"), tmp_path) == (5, 0)
    created = fm.migrate_repository(files, {"sync_roots": ("dev", "prod", "test")}).created
    assert sum("kind: HelmRepository" in text for text in created.values()) == 3


def test_a_build_of_two_clusters_with_sources_of_other_names_is_told() -> None:
    files = overlays(release(CHART), PREFIX, PREFIX)
    clusters = (
        fm.Cluster(name="dev", sync_paths=("dev",)),
        fm.Cluster(name="more", sync_paths=("dev", "more")),
    )
    migration = fm.migrate_repository(files, fm.MigrationOptions(clusters=clusters))
    (error,) = [each for each in migration.findings if each.severity == "error"]
    assert "one build would have to name the sources of several clusters" in error.message
    assert migration.files == files


def test_a_release_that_cannot_be_another_one_in_each_build_has_no_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: Any) -> None:
        raise ClustersDisagree("no", ())

    monkeypatch.setattr(patched, "read_patched_release", refuse)
    migration = migrate(overlays(release(CHART), PREFIX, PREFIX), "dev", "prod")
    assert [each.code for each in migration.findings if each.severity == "error"] == ["RP014"]


def automated(base: str, container: str) -> str:
    return base.replace("spec:\n", AUTOMATED.format(container=container, filter="semver:~1.2") + "spec:\n", 1)


@pytest.mark.parametrize(
    "base",
    [automated(DEPLOYMENT, "app"), automated(release(CHART + IMAGE), "chart-image")],
    ids=["workload", "release"],
)
@pytest.mark.parametrize(
    ("dev", "prod"),
    [(PREFIX, PREFIX), (PREFIX, ""), (PREFIX + MOVED, SUFFIX + MOVED), (MOVED, PREFIX + MOVED)],
)
@pytest.mark.parametrize("is_wider", [False, True])
def test_each_overlay_names_its_policy(
    dev: str, prod: str, base: str, is_wider: bool, tmp_path: Path
) -> None:
    files = overlays(base, dev, prod)
    if is_wider:
        annotations = {"filter.fluxcd.io/chart-image": "semver:~1", "filter.fluxcd.io/app": "semver:~1"}
        listed = str(files["dev/kustomization.yaml"]) + f"commonAnnotations: {json.dumps(annotations)}\n"
        files["dev/kustomization.yaml"] = listed
    migration = migrate(files, "dev", "prod")
    assert migration.ok
    options = fm.MigrationOptions(sync_roots=("dev", "prod"))
    assert fm.verify_migration(files, migration.files, options, declared=migration.declared).ok
    after = {path: text for path, text in migration.files.items() if isinstance(text, str)}
    write_tree({**after, **fm.simulate_image_update(after, TAGS)}, tmp_path)
    shown = [json.dumps(each.objects) for each in build_all(tmp_path / name for name in ("dev", "prod"))]
    tags = [set(re.findall(r'(?:"tag": "|acme/web:)(1[.0-9]+)', each)) for each in shown]
    assert tags == [{"1.4.7"} if is_wider else {"1.2.9"}, {"1.2.9"}]


def test_a_cluster_that_may_refer_to_no_other_namespace_names_all_objects(tmp_path: Path) -> None:
    files = overlays(automated(DEPLOYMENT, "app"), PREFIX, PREFIX)
    clusters = tuple(
        fm.Cluster(
            name=name, sync_paths=(name,), fluxd=fm.Fluxd(git_url="ssh://git@git.example.com/acme/fleet")
        )
        for name in ("dev", "prod")
    )
    options = fm.MigrationOptions(clusters=clusters, cross_namespace_refs=False)
    migration = fm.migrate_repository(files, options)
    assert migration.ok
    write_tree(migration.files, tmp_path)
    for name, build in zip(
        ("dev", "prod"), build_all(tmp_path / each for each in ("dev", "prod")), strict=True
    ):
        names = {each["metadata"]["name"] for each in build.objects}
        assert all(each.startswith(f"{name}-") for each in names)
        assert {f"{name}-web"} <= names


@pytest.mark.parametrize("patch", ["", "patches: [{path: more.yaml}]\n"])
def test_an_overlay_says_over_what_the_root_says_that_it_is_built_on(patch: str, tmp_path: Path) -> None:
    files: Files = {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": release(CHART),
        "us/kustomization.yaml": f"resources: [../base]\n{patch}",
        "us/more.yaml": release("  timeout: 60\n"),
        "eu/kustomization.yaml": "resources: [../us]\nnamePrefix: eu-\n",
        "north/kustomization.yaml": f"resources: [../eu]\nnamespace: north\n{patch}",
        "north/more.yaml": release("  wait: true\n"),
    }
    if not patch:
        del files["us/more.yaml"], files["north/more.yaml"]
    # What moves everything has no place for sources.
    clusters = [fm.Cluster(name=name, sync_paths=(name, f"more/{name}")) for name in ("us", "eu", "north")]
    options = fm.MigrationOptions(clusters=tuple(clusters))
    held = hold_sync_paths(files, options, tmp_path)
    assert held.migration.ok
    assert held.counted["migrated"] == 3
    after = held.migration.files
    assert fm.verify_migration(files, after, options, declared=held.migration.declared).ok
    assert fm.migrate_repository(after, options).changed == {}
