"""One manifest that several clusters have, each with its own settings and its own Flux."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import fluxv2_migrate as fm
from built_clusters import Files, check, release
from patched_overlays import effective, releases
from real_kustomize import build_all, write_tree
from test_migrate_repository import errors

SCRIPT = "version: 1\ncommandUpdated:\n  generators:\n  - command: {}\n"
BASE: Files = {"base/web.yaml": release(), "base/kustomization.yaml": "resources: [web.yaml]\n"}


def clusters(*versions: Any) -> fm.MigrationOptions:
    return fm.MigrationOptions(
        clusters=tuple(
            fm.Cluster(name=name, sync_paths=("apps", name), flux_version=version)
            for name, version in zip(("eu", "us"), versions, strict=True)
        )
    )


@pytest.mark.parametrize("command", ["./render.sh", "kustomize build . | sed s/a/b/"])
@pytest.mark.parametrize("roots", [(), ("eu",)])
def test_what_a_command_makes_of_a_base_is_not_known(command: str, roots: tuple[str, ...]) -> None:
    files = {
        **BASE,
        "eu/kustomization.yaml": "resources: [../base]\n",
        "eu/.flux.yaml": SCRIPT.format(command),
    }
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=roots))
    assert errors(migration) == ["RP018"]
    assert migration.files == files


def test_a_command_at_the_root_is_not_for_what_a_folder_below_builds() -> None:
    files = {
        **BASE,
        "old/kustomization.yaml": "resources: [web.yaml]\nnamePrefix: x-\n",
        "old/web.yaml": release("old"),
        ".flux.yaml": SCRIPT.format("./render.sh"),
        "eu/kustomization.yaml": "resources: [../base]\n",
        "eu/.flux.yaml": SCRIPT.format("kustomize build ."),
    }
    migration = fm.migrate_repository(files)
    assert [(each.code, each.path) for each in migration.findings if each.severity == "error"] == [
        ("RP018", ".flux.yaml")
    ]
    assert set(migration.changed) == {"base/web.yaml", "eu/kustomization.yaml"}


def test_a_release_of_helm_2_in_one_cluster_stays_in_all() -> None:
    files: Files = {"apps/web.yaml": str(release()).replace("  helmVersion: v3\n", "")}
    options = fm.MigrationOptions(
        clusters=tuple(
            fm.Cluster(
                name=name,
                sync_paths=("apps",),
                helm_operator=fm.HelmOperator.model_validate({"helm_versions": (version,)}),
            )
            for name, version in (("eu", "v3"), ("us", "v2"))
        )
    )
    migration = fm.migrate_repository(files, options)
    assert errors(migration) == ["HR030"]
    assert migration.files == files


def test_a_namespace_that_one_cluster_does_not_know_is_not_guessed() -> None:
    files: Files = {
        **BASE,
        "base/web.yaml": release(namespace=""),
        "eu/kustomization.yaml": "resources: [../base]\nnamespace: eu\n",
        "us/kustomization.yaml": "resources: [../base]\nconfigMapGenerator: [{name: x, literals: [a=b]}]\n",
    }
    options = fm.MigrationOptions(sources=fm.Placement(namespace="release"))
    migration = fm.migrate_repository(files, options)
    asked = [each for each in migration.findings if each.code == "HR017"]
    assert errors(migration) == ["HR017"]
    assert migration.files == files
    # One name would be given to the release in both clusters.
    assert [each.answer for each in asked] == [None]
    known = options.model_copy(update={"default_namespace": "us"})
    assert fm.migrate_repository(files, known).ok


@pytest.mark.parametrize(
    ("versions", "message"),
    [
        (("2.0", "2.9"), "make different releases"),
        (("2.4", "2.9"), "make different releases"),
        (("2.5", "2.9"), ""),
        (("2.3", "2.4"), ""),
    ],
)
def test_a_manifest_of_two_flux_releases_is_one_that_both_read_alike(
    versions: tuple[str, str], message: str
) -> None:
    files: Files = {"apps/web.yaml": release()}
    options = clusters(*versions)
    migration = fm.migrate_repository(files, options)
    found = [each.message for each in migration.findings if each.severity == "error"]
    assert [message in each for each in found] == ([True] if message else [])
    report = fm.verify_migration(files, migration.files, options, declared=migration.declared)
    assert report.ok is not bool(message)


@pytest.mark.parametrize(("versions", "stays"), [(("2.4", "2.9"), True), (("2.5", "2.9"), False)])
def test_what_is_patched_is_one_that_the_flux_of_each_cluster_reads_alike(
    versions: tuple[str, str], stays: bool
) -> None:
    patch = "- op: add\n      path: /spec/values\n      value: {a: 1}\n"
    target = "  target: {kind: HelmRelease, group: helm.fluxcd.io}\n"
    files: Files = {
        "apps/web.yaml": release(),
        "apps/kustomization.yaml": f"resources:\n- web.yaml\npatches:\n- patch: |-\n    {patch}{target}",
    }
    migration = fm.migrate_repository(files, clusters(*versions))
    assert ("apps/web.yaml" in migration.changed) is not stays
    found = [each.message for each in migration.findings if each.severity == "error"]
    assert ["make different releases of it" in each for each in found] == [True] * stays


def test_no_api_for_all_clusters_is_an_error() -> None:
    files: Files = {"apps/web.yaml": release()}
    options = clusters("2.0", "2.9").model_copy(update={"defaults": "flux2"})
    migration = fm.migrate_repository(files, options)
    assert errors(migration) == ["RP020"]
    assert migration.findings[0].message == (
        "its clusters run Flux 2.0 and Flux 2.9, and no API of HelmRelease is served by all of them"
    )


@pytest.mark.parametrize("versions", [("2.0", "2.9"), (None, "2.0")])
def test_each_release_is_verified_for_the_flux_of_its_cluster(versions: tuple[Any, Any]) -> None:
    files: Files = {"eu/web.yaml": release(), "us/web.yaml": release()}
    options = clusters(*versions)
    migration = fm.migrate_repository(files, options)
    report = fm.verify_migration(files, migration.files, options, declared=migration.declared)
    assert report.ok
    assert [each.undue for each in report.releases] == [(), ()]


def test_a_kustomization_that_lists_overlays_is_the_cluster_and_not_their_base() -> None:
    files: Files = {
        "base/web.yaml": release(namespace=""),
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "prod/kustomization.yaml": "resources: [eu, us]\n",
        "prod/eu/kustomization.yaml": "resources: [../../base]\nnamespace: eu\n",
        "prod/us/kustomization.yaml": "resources: [../../base]\nnamespace: us\n",
    }
    migration = fm.migrate_repository(files)
    assert [each.sync_paths for each in migration.context.clusters] == [("prod",)]
    assert migration.ok
    assert set(migration.created) == {"prod/sources/example.yaml", "prod/sources/kustomization.yaml"}
    check(files, migration)
    report = fm.verify_migration(files, migration.files, declared=migration.declared)
    assert [(each.status, each.outcome) for each in report.releases] == [("declared", "adopted")] * 2


OVERLAYS: Files = {
    **BASE,
    **{f"{name}/kustomization.yaml": "resources: [../base]\n" for name in ("eu", "us")},
}
MORE = "spec:\n  timeout: 90\n"


def made(files: Files, options: fm.MigrationOptions, folder: Path) -> None:
    """Holds that each cluster gets what its own settings and its own Flux make of its release."""
    migration = fm.migrate_repository(files, options)
    assert migration.ok
    assert fm.migrate_repository(migration.files, options).files == dict(migration.files)
    assert fm.verify_migration(files, migration.files, options, declared=migration.declared).ok
    write_tree(files, folder / "before")
    write_tree(migration.files, folder / "after")
    for cluster in options.clusters:
        old, new = build_all(folder / each / cluster.name for each in ("before", "after"))
        (was,) = releases(old.objects, "helm.fluxcd.io").values()
        (becomes,) = releases(new.objects, "helm.toolkit.fluxcd.io").values()
        own = fm.MigrationOptions(flux_version=cluster.flux_version, helm_operator=cluster.helm_operator)
        alone = fm.convert_helm_release(json.loads(json.dumps(dict(was))), own)
        assert alone.release is not None
        assert alone.source is not None
        wanted = effective(alone.release.to_manifest(), [alone.source.to_manifest()])
        assert effective(becomes, new.objects) == wanted


def patched_overlays(patched: str) -> Files:
    """Gives both overlays, of which one or the base patches the release, too; empty for none."""
    files = dict(OVERLAYS)
    if patched:
        path = f"{patched}/kustomization.yaml"
        files[path] = str(files[path]) + "patches: [{path: more.yaml}]\n"
        files[f"{patched}/more.yaml"] = str(release()).partition("spec:\n")[0] + MORE
    return files


def with_releases(versions: tuple[Any, Any]) -> fm.MigrationOptions:
    """Gives a cluster for each overlay, with a Flux release of its own."""
    clusters = (
        fm.Cluster(name=name, sync_paths=(name,), flux_version=version)
        for name, version in zip(("eu", "us"), versions, strict=True)
    )
    return fm.MigrationOptions(clusters=tuple(clusters))


@pytest.mark.parametrize("patched", ["", "eu", "base"])
@pytest.mark.parametrize("versions", [("2.3", "2.5"), ("2.9", "2.4"), ("2.4", "2.3"), ("2.5", "2.9")])
def test_each_overlay_has_what_the_flux_of_its_cluster_reads(
    versions: tuple[Any, Any], patched: str, tmp_path: Path
) -> None:
    files, options = patched_overlays(patched), with_releases(versions)
    made(files, options, tmp_path)


def test_each_overlay_has_what_the_operator_of_its_cluster_did(tmp_path: Path) -> None:
    options = fm.MigrationOptions(
        clusters=(
            fm.Cluster(
                name="eu", sync_paths=("eu",), helm_operator=fm.HelmOperator(charts_sync_interval="9m")
            ),
            fm.Cluster(name="us", sync_paths=("us",), helm_operator=fm.HelmOperator(version="1.0.0")),
        )
    )
    made(OVERLAYS, options, tmp_path)


@pytest.mark.parametrize("patched", ["", "eu", "us", "base"])
@pytest.mark.parametrize("versions", [("2.0", "2.5"), ("2.8", "2.1"), ("2.2", "2.6")])
def test_what_one_flux_needs_and_the_api_of_all_has_not(versions: tuple[Any, Any], patched: str) -> None:
    # Flux 2.0 and 2.5 both serve v2beta1, which cannot say that an install takes over nothing.
    files, options = patched_overlays(patched), with_releases(versions)
    migration = fm.migrate_repository(files, options)
    assert errors(migration) == ["RP020"]
    assert migration.files == files
