"""Patches of Kustomizations of Flux v2 over releases: whoever has them, they work afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import fluxv2_migrate as fm
from manifest_texts import AUTOMATED, workload_text
from patched_overlays import CHART, Files, alone, effective, release, releases
from real_kustomize import build_all, write_tree
from test_flux_kustomizations import BRACKETS, kustomization

VERSION = {"patch": release("  chart: {version: 2.0.0}\n")}
TIMEOUT = {"patch": release("  timeout: 30\n")}
GONE = {"patch": release("  {}\n").replace("metadata:", "$patch: delete\nmetadata:")}
SYNCED = {f"clusters/{name}/gotk-sync.yaml": kustomization(f"./clusters/{name}") for name in ("eu", "us")}


def tree(more: Mapping[str, str], **patches: list[Any]) -> Files:
    """Clusters whose Kustomizations sync one folder, each with its own patches over it."""
    return {
        "apps/kustomization.yaml": "resources: [web.yaml, api.yaml]\n",
        "apps/web.yaml": release(CHART),
        "apps/api.yaml": release(CHART, "api"),
        **{
            f"clusters/{name}/apps.yaml": kustomization("./apps", patches=each)
            for name, each in patches.items()
        },
        **more,
    }


def built(files: Mapping[str, str | bytes], folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Gives what kustomize-controller builds for each Kustomization, with what its cluster has beside it."""
    texts = {path: text for path, text in files.items() if path.endswith("/apps.yaml")}
    more: dict[str, str | bytes] = {}
    for path, text in texts.items():
        spec = yaml.safe_load(text)["spec"]
        patched = {"resources": ["../apps"], "patches": spec["patches"]}
        own = path.removesuffix("apps.yaml")
        beside = [f"../{each}" for each in files if each.startswith(own) and each != path]
        more[f"{path.replace('/', '-')}/kustomization.yaml"] = json.dumps(patched)
        everything = {"resources": [f"../{path.replace('/', '-')}", *beside]}
        more[f"all-{path.replace('/', '-')}/kustomization.yaml"] = json.dumps(everything)
    write_tree({**files, **more}, folder)
    found = build_all(folder / f"all-{path.replace('/', '-')}" for path in texts)
    assert [each.error for each in found] == [""] * len(texts)
    return {path: list(each.objects) for path, each in zip(texts, found, strict=True)}


@pytest.mark.parametrize(
    ("more", "roots", "patches"),
    [
        ({}, (), {"eu": [VERSION], "us": [TIMEOUT]}),
        ({}, ("apps",), {"eu": [VERSION]}),
        ({}, (), {"eu": [VERSION], "us": []}),
        (SYNCED, (), {"eu": [TIMEOUT], "us": [GONE]}),
        (SYNCED, ("apps",), {"eu": [VERSION], "us": [TIMEOUT]}),
    ],
    ids=["two", "given", "one without", "synced, one takes it out", "synced and given"],
)
def test_each_cluster_gets_what_its_patches_make(
    more: dict[str, str], roots: tuple[str, ...], patches: dict[str, Any], tmp_path: Path
) -> None:
    files = tree(more, **patches)
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=roots))
    assert migration.ok
    before, after = built(files, tmp_path / "before"), built(migration.files, tmp_path / "after")
    for path, objects in before.items():
        was, becomes = releases(objects, "helm.fluxcd.io"), releases(after[path], "helm.toolkit.fluxcd.io")
        assert was.keys() == becomes.keys()
        for name, manifest in becomes.items():
            assert effective(manifest, after[path]) == alone(was[name])


def test_clusters_of_flux_2_that_share_a_folder_stay_apart() -> None:
    files = tree(SYNCED, eu=[VERSION], us=[TIMEOUT])
    clusters = fm.migrate_repository(files).context.clusters
    assert [each.sync_paths for each in clusters] == [("clusters/eu", "apps"), ("clusters/us", "apps")]


def test_a_folder_that_syncs_itself_in_that_of_a_cluster_is_no_other_cluster() -> None:
    inner = {"clusters/eu/team/sync.yaml": kustomization("./clusters/eu/team")}
    far = {"clusters/eu/team/apps.yaml": kustomization("./more"), "more/web.yaml": release(CHART, "more")}
    migration = fm.migrate_repository(tree({**SYNCED, **inner, **far}, eu=[VERSION]))
    first, *_ = migration.context.clusters
    assert first.name == "clusters/eu"
    assert set(first.sync_paths) >= {"clusters/eu", "apps", "more"}


def test_a_kustomization_beside_another_one_in_its_file_keeps_its_own_patches() -> None:
    files = tree({"more/web.yaml": release(CHART, "more")}, eu=[VERSION])
    both = f"{kustomization('./more')}---\n{files['clusters/eu/apps.yaml']!s}"
    source = "  sourceRef: {kind: GitRepository, name: flux-system}\n"
    files["clusters/eu/apps.yaml"] = both.replace("  path:", f"{source}  path:")
    migration = fm.migrate_repository(files)
    assert migration.ok
    assert {"apps/web.yaml", "clusters/eu/apps.yaml", "more/web.yaml"} <= set(migration.changed)


def test_builds_of_one_folder_that_no_kustomization_tells_apart_hold_its_release_back() -> None:
    files = tree({}, eu=[], us=[])
    files["apps/kustomization.yaml"] = "resources: [web.yaml, api.yaml]\npatches: [{path: more.yaml}]\n"
    files["apps/more.yaml"] = release("  maxHistory: 3\n")
    for name in ("eu", "us"):
        text = kustomization("./apps", namePrefix=f"{name}-", targetNamespace=name)
        # Nothing can be added to what stands in brackets.
        files[f"clusters/{name}/apps.yaml"] = text.replace("spec:\n", f"spec:\n  {BRACKETS}\n")
    migration = fm.migrate_repository(files)
    (error,) = (each for each in migration.findings if each.path == "apps/web.yaml")
    assert error.code == "RP004"
    assert "no kustomization tells them apart" in error.message
    assert migration.files["apps/web.yaml"] == files["apps/web.yaml"]


def test_what_two_builds_of_one_overlay_need_alike_is_written_once(tmp_path: Path) -> None:
    files = tree({}, eu=[], us=[], asia=[])
    for name in ("eu", "us"):
        files[f"{name}/kustomization.yaml"] = f"resources: [../apps]\nnamespace: {name}\n"
    for number, (name, folder) in enumerate({"eu": "eu", "us": "us", "asia": "eu"}.items()):
        patch = {"patch": release(f"  timeout: {number + 1}0\n")}
        files[f"clusters/{name}/apps.yaml"] = kustomization(f"./{folder}", patches=[patch])
    migration = fm.migrate_repository(files)
    assert migration.ok
    write_tree(migration.files, tmp_path)
    for name, build in zip(("eu", "us"), build_all([tmp_path / "eu", tmp_path / "us"]), strict=True):
        found = releases(build.objects, "helm.toolkit.fluxcd.io")
        assert {each["spec"]["releaseName"] for each in found.values()} == {f"{name}-web", f"{name}-api"}
        assert str(migration.files[f"{name}/kustomization.yaml"]).count(f"{name}-web") == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("timeout", "10m"),
        ("maxHistory", "ten"),
        ("rollback", True),
        ("values", ["a"]),
        ("chart", {"secretRef": "a"}),
        ("valuesFrom", [{"secretKeyRef": {"name": 3}}]),
    ],
)
@pytest.mark.parametrize("roots", [(), ("apps",)])
def test_a_patch_with_what_the_api_server_refuses_holds_the_release_back(
    field: str, value: object, roots: tuple[str, ...]
) -> None:
    operation = json.dumps([{"op": "add", "path": f"/spec/{field}", "value": value}])
    patches = [{"target": {"kind": "HelmRelease", "name": "web"}, "patch": operation}]
    files = tree({}, eu=patches)
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=roots))
    (refused,) = (each for each in migration.findings if each.code == "RP006")
    assert refused.message.startswith(f"spec.{field}")
    assert ", as it is patched: " in refused.message
    assert "clusters/eu/apps.yaml:1" in refused.related
    assert migration.files["apps/web.yaml"] == files["apps/web.yaml"]


def test_a_target_that_loses_an_annotation_names_what_it_found() -> None:
    patch = {"patch": TIMEOUT["patch"], "target": {"annotationSelector": "fluxcd.io/locked=true"}}
    files = tree({}, eu=[patch])
    locked = "  annotations:\n    fluxcd.io/locked: 'true'\nspec:\n"
    files["apps/web.yaml"] = release(CHART).replace("spec:\n", locked, 1)
    files["apps/api.yaml"] = release(CHART).replace("namespace: shop", "namespace: team")
    migration = fm.migrate_repository(files)
    assert migration.ok
    spec = yaml.safe_load(str(migration.files["clusters/eu/apps.yaml"]))["spec"]
    assert spec["patches"][0]["target"] == {"name": "web", "namespace": "shop"}


MARKS = "  annotations:\n    fluxcd.io/automated: 'true'\n    filter.fluxcd.io/app: semver:~1\n"
MARKED = workload_text().replace("spec:\n", f"{MARKS}spec:\n", 1)
OPERATIONS = (
    "- {op: add, path: /metadata/annotations, value: {}}\n"
    "- {op: add, path: /metadata/annotations/fluxcd.io~1automated, value: 'true'}\n"
)
ALL = "- {op: add, path: /metadata/annotations, value: {fluxcd.io/automated: 'true'}}\n"


@pytest.mark.parametrize("is_listed", [True, False], ids=["kustomization", "plain files"])
@pytest.mark.parametrize(
    "more",
    [
        {"patches": [{"patch": workload_text().replace("spec:\n", f"{MARKS}spec:\n", 1)}]},
        {
            "patches": [
                {"patch": workload_text().replace("spec:\n", f"{MARKS}spec:\n", 1), "target": {"kind": "D.*"}}
            ]
        },
        {"patches": [{"patch": OPERATIONS, "target": {"kind": "Deployment|HelmRelease"}}]},
        {"patches": [{"patch": ALL, "target": {"kind": "Deployment|HelmRelease"}}]},
        {"patches": [{"patch": release("").replace("spec:", f"{MARKS}spec: {{}}")}]},
        {"commonMetadata": {"annotations": {"fluxcd.io/automated": "true"}}},
    ],
)
def test_annotations_that_fluxd_never_saw_update_no_image(more: dict[str, Any], is_listed: bool) -> None:
    """Fluxd read what it is told of images from files, and Flux v2 alone applies these patches."""
    values = "  values: {image: {repository: ghcr.io/acme/web, tag: 1.2.3}}\n"
    files: Files = {
        "apps/web.yaml": release(CHART + values),
        "apps/front.yaml": workload_text(),
        "clusters/prod/apps.yaml": kustomization("./apps", **more),
    }
    if is_listed:
        files["apps/kustomization.yaml"] = "resources: [web.yaml, front.yaml]\n"
    migration = fm.migrate_repository(files)
    assert migration.ok
    assert [(each.path, each.code) for each in migration.findings if each.severity == "warning"] == [
        ("clusters/prod/apps.yaml", "AN004")
    ]
    assert "imagepolicy" not in "".join(map(str, migration.files.values()))
    assert migration.files["apps/front.yaml"] == files["apps/front.yaml"]
    assert fm.verify_migration(files, migration.files, declared=migration.declared).ok


@pytest.mark.parametrize("value", ["null", "'false'"])
def test_annotations_of_files_count_whatever_flux_2_puts_over_them(value: str) -> None:
    patch = workload_text(f"fluxcd.io/automated: {value}").partition("spec:")[0]
    files: Files = {
        "apps/kustomization.yaml": "resources: [front.yaml]\n",
        "apps/front.yaml": workload_text(AUTOMATED, "filter.fluxcd.io/app: semver:~1"),
        "clusters/prod/apps.yaml": kustomization(
            "./apps", patches=[{"patch": patch}], sourceRef={"kind": "GitRepository", "name": "flux-system"}
        ),
    }
    migration = fm.migrate_repository(files)
    assert migration.ok
    assert "$imagepolicy" in str(migration.files["apps/front.yaml"])
    assert fm.verify_migration(files, migration.files, declared=migration.declared).ok


def of_another_repository(path: str, *patches: Any) -> str:
    """Gives a Kustomization that syncs something else, with its source."""
    source = (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n"
        "metadata: {name: theirs, namespace: flux-system}\n"
        "spec: {interval: 1m, url: 'https://git.example.com/team/app'}\n"
    )
    sync = kustomization(path, patches=list(patches), sourceRef={"kind": "GitRepository", "name": "theirs"})
    return f"---\n{source}---\n{sync.replace('name: apps', 'name: theirs')}"


@pytest.mark.parametrize("spec", [{}, {"targetNamespace": "other"}, {"namePrefix": "b-"}], ids=str)
@pytest.mark.parametrize("patch", [TIMEOUT, VERSION], ids=["timeout", "version"])
def test_kustomizations_of_one_file_with_the_same_patch(spec: dict[str, str], patch: Any) -> None:
    files = tree(SYNCED, eu=[patch])
    second = kustomization("./apps", patches=[patch], **spec).replace("name: apps", "name: again")
    files["clusters/eu/apps.yaml"] = f"{files['clusters/eu/apps.yaml']!s}---\n{second}"
    migration = fm.migrate_repository(files)
    assert migration.ok
    assert "helm.fluxcd.io" not in str(migration.files["clusters/eu/apps.yaml"])
    assert fm.verify_migration(files, migration.files, declared=migration.declared).ok
    assert fm.migrate_repository(migration.files).files == dict(migration.files)


def test_the_same_patch_of_a_kustomization_of_another_repository_stays() -> None:
    own = (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n"
        "metadata: {name: flux-system, namespace: flux-system}\n"
        "spec: {interval: 1m, url: 'https://git.example.com/acme/fleet'}\n"
    )
    source = {"kind": "GitRepository", "name": "flux-system"}
    sync = kustomization("./clusters/eu", sourceRef=source)
    files = tree({"clusters/eu/gotk-sync.yaml": sync}, eu=[TIMEOUT])
    theirs = of_another_repository("./apps", TIMEOUT)
    files["clusters/eu/apps.yaml"] = f"{files['clusters/eu/apps.yaml']!s}---\n{own}{theirs}"
    migration = fm.migrate_repository(files)
    assert migration.ok
    text = str(migration.files["clusters/eu/apps.yaml"])
    assert text.count("helm.fluxcd.io") == 1
    assert text.endswith(theirs)


def test_a_sync_that_its_own_path_does_not_list_is_applied_by_hand() -> None:
    files = {
        "eu/kustomization.yaml": "resources: [web.yaml]\n",
        "eu/web.yaml": release(CHART),
        "eu/sync.yaml": kustomization("./eu", patches=[TIMEOUT], prune=False),
    }
    migration = fm.migrate_repository(files)
    assert migration.ok
    assert "timeout: 30s" in str(migration.changed["eu/sync.yaml"])
    assert fm.verify_migration(files, migration.files, declared=migration.declared).ok
    command = "kubectl apply --server-side -f ./eu/sync.yaml"
    assert command in migration.runbook().to_markdown()
    files["eu/kustomization.yaml"] = "resources: [web.yaml, sync.yaml]\n"
    assert command not in fm.migrate_repository(files).runbook().to_markdown()
