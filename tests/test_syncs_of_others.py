"""Kustomizations of Flux v2 that apply nothing as Git has them, and those that sync another repository."""

from __future__ import annotations

from typing import Any

import pytest

import fluxv2_migrate as fm

Files = dict[str, str | bytes]
OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: shop}\n"
OURS = "ssh://git@git.example.com/acme/fleet"
THEIRS = "https://git.example.com/team/app"
SUSPENDED = {"suspend": "true"}
DISABLED = {"annotations": "{kustomize.toolkit.fluxcd.io/reconcile: disabled}"}
FOR_ALL = {"commonMetadata": DISABLED["annotations"]}
RESTS = (SUSPENDED, DISABLED, FOR_ALL)


def release(name: str = "web") -> str:
    return (
        "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\n"
        f"metadata: {{name: {name}, namespace: shop}}\n"
        f"spec:\n  helmVersion: v3\n  releaseName: {name}\n"
        "  chart: {repository: https://charts.example.com, name: web, version: 1.2.3}\n"
    )


def fluxd(paths: str) -> str:
    return (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: flux, namespace: flux}\n"
        "spec:\n  template:\n    spec:\n      containers:\n      - name: flux\n"
        "        image: docker.io/fluxcd/flux:1.25.4\n"
        f"        args: [--git-url=git@git.example.com:acme/fleet, --git-branch=main, '--git-path={paths}']\n"
    )


def source(name: str, url: str) -> str:
    return (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n"
        f"metadata: {{name: {name}, namespace: flux-system}}\n"
        f"spec: {{interval: 1m, url: '{url}', ref: {{branch: main}}, secretRef: {{name: {name}}}}}\n"
    )


def sync(name: str, path: str, of: str = "flux-system", *, prune: str = "false", **rest: str) -> str:
    annotations = f", annotations: {rest['annotations']}" if "annotations" in rest else ""
    common = (
        f", commonMetadata: {{annotations: {rest['commonMetadata']}}}" if "commonMetadata" in rest else ""
    )
    suspend = ", suspend: true" if "suspend" in rest else ""
    return (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        f"metadata: {{name: {name}, namespace: flux-system{annotations}}}\n"
        f"spec: {{interval: 10m, path: '{path}', prune: {prune}{suspend}{common}, "
        f"sourceRef: {{kind: GitRepository, name: {of}}}}}\n"
    )


def flux_2(path: str = "prod") -> Files:
    text = f"{source('flux-system', OURS)}---\n{sync('flux-system', f'./{path}')}"
    return {f"{path}/flux-system/gotk-sync.yaml": text}


def checked(files: Files, **options: Any) -> fm.Migration:
    """A migration of which the verification says what it says itself."""
    given = fm.MigrationOptions.model_validate(options)
    migration = fm.migrate_repository(files, given)
    report = fm.verify_migration(files, migration.files, options=given, declared=migration.declared)
    assert report.ok is migration.ok, report.to_markdown()
    assert fm.migrate_repository(migration.files, given).files == migration.files
    return migration


def told(migration: fm.Migration, code: str) -> list[str]:
    return [each.path for each in migration.findings if each.code == code]


@pytest.mark.parametrize("rest", RESTS)
def test_what_fluxd_applied_and_a_resting_kustomization_shall_apply_is_an_error(rest: dict[str, str]) -> None:
    files = flux_2() | {"prod/apps.yaml": sync("apps", "./apps", **rest), "apps/settings.yaml": OBJECT}
    migration = checked({**files, "flux.yaml": fluxd("prod,apps")})
    assert told(migration, "DA062") == ["prod/apps.yaml"]
    # Nothing shows that a fluxd applied them, and Flux v2 rests as it did before.
    assert checked({**files, "prod/web.yaml": release()}).ok
    given = [{"name": "prod", "sync_paths": ["prod", "apps"]}]
    assert told(checked({**files, "prod/web.yaml": release()}, clusters=given), "DA062") == ["prod/apps.yaml"]


@pytest.mark.parametrize("rest", RESTS)
def test_a_source_is_made_where_a_kustomization_applies_it(rest: dict[str, str]) -> None:
    files = flux_2() | {"prod/apps.yaml": sync("apps", "./apps", **rest), "apps/settings.yaml": OBJECT}
    migration = checked({**files, "prod/web.yaml": release()})
    assert migration.ok
    assert [path.startswith("prod/") for path in migration.created] == [True]


@pytest.mark.parametrize("is_listed_twice", [False, True])
def test_a_source_that_only_a_resting_kustomization_applies_is_told_of(is_listed_twice: bool) -> None:
    charts = (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\n"
        "metadata: {name: charts, namespace: flux-system}\n"
        "spec: {interval: 10m, url: https://charts.example.com}\n"
    )
    files = flux_2() | {"prod/apps.yaml": sync("apps", "./apps", **SUSPENDED), "apps/charts.yaml": charts}
    if is_listed_twice:
        files |= {"prod/charts.yaml": charts}
    migration = fm.migrate_repository({**files, "prod/web.yaml": release()})
    assert told(migration, "RP055") == [] if is_listed_twice else ["prod/web.yaml"]
    if not is_listed_twice:
        checked({**files, "prod/web.yaml": release()})


def test_where_all_of_a_cluster_rests_what_is_made_rests_with_it() -> None:
    files = flux_2() | {"prod/web.yaml": release()}
    files["prod/flux-system/gotk-sync.yaml"] = sync("flux-system", "./prod", **SUSPENDED)
    migration = checked(files)
    assert told(migration, "DA062") == ["prod/flux-system/gotk-sync.yaml"]
    assert [path.startswith("prod/") for path in migration.created] == [True]


@pytest.mark.parametrize("path", ["./", "", "./deploy"])
@pytest.mark.parametrize("prune", ["false", "true"])
def test_what_flux_2_syncs_of_a_tenant_is_not_in_this_repository(path: str, prune: str) -> None:
    tenant = f"{source('team', THEIRS)}---\n{sync('team', path, 'team', prune=prune)}"
    ours: Files = {"prod/tenant.yaml": tenant, "prod/web.yaml": release(), "deploy/settings.yaml": OBJECT}
    migration = checked({**ours, "prod/flux.yaml": fluxd("prod")})
    assert migration.ok
    assert OURS in str(migration.created["prod/flux-system/gotk-sync.yaml"])
    # Where no fluxd names the repository, that which syncs itself from a folder does.
    migration = checked(ours | flux_2())
    assert migration.ok
    assert [each.sync_paths for each in migration.context.clusters] == [("prod",)]


def test_a_repository_that_only_has_another_owner_by_now_may_be_this_one() -> None:
    moved = f"{source('flux-system', OURS.replace('acme', 'group'))}---\n{sync('flux-system', './')}"
    files: Files = {"flux-system/gotk-sync.yaml": moved, "apps/web.yaml": release(), "flux.yaml": fluxd(".")}
    migration = fm.migrate_repository(files)
    assert migration.created.keys() == {"sources/example.yaml"}
    assert told(migration, "RP062") == ["flux-system/gotk-sync.yaml"]
