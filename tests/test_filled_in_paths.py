"""A fluxd of which something else fills in the paths: nobody can tell what Flux v2 shall sync."""

from __future__ import annotations

import pytest

import fluxv2_migrate as fm
from test_syncs_of_others import OURS, Files, checked, fluxd, release, source, sync, told

SYNC = f"{source('flux-system', OURS)}---\n{sync('flux-system', './prod')}"


def files(*paths: str, placeholder: str = "$(GIT_PATH)", **more: str) -> Files:
    found: Files = {"flux/flux.yaml": fluxd(placeholder)}
    for path in paths:
        found[f"{path}/web.yaml"] = release()
    return found | {f"prod/{name}.yaml": text for name, text in more.items()}


@pytest.mark.parametrize("placeholder", ["$(GIT_PATH)", "${GIT_PATH}", "clusters/$(CLUSTER)", "'{{ path }}'"])
@pytest.mark.parametrize("paths", [("prod",), ("prod", "test")])
def test_nothing_is_synced_of_paths_that_nobody_knows(placeholder: str, paths: tuple[str, ...]) -> None:
    given = files(*paths, placeholder=placeholder)
    migration = fm.migrate_repository(given)
    assert [each.code for each in migration.findings if each.severity == "error"] == ["RP085"]
    assert told(migration, "RP085") == ["flux/flux.yaml"]
    assert not any("kind: Kustomization" in text for text in migration.created.values())
    assert migration.files["flux/flux.yaml"] == given["flux/flux.yaml"]
    assert "helm.toolkit.fluxcd.io/v2" in str(migration.files["prod/web.yaml"])
    assert fm.migrate_repository(migration.files).files == migration.files


def test_a_person_gives_the_paths() -> None:
    migration = checked(files("prod"), clusters=[{"name": "prod", "sync_paths": ["prod"]}])
    assert migration.ok
    assert "  path: ./prod\n" in "".join(migration.created.values())
    assert migration.deleted == ("flux/flux.yaml",)


def test_flux_2_or_a_flux_yaml_says_the_path_too() -> None:
    assert told(checked(files("prod", sync=SYNC)), "RP085") == []
    command = "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build .\n"
    build: Files = {"prod/kustomization.yaml": "resources: [web.yaml]\n", "prod/.flux.yaml": command}
    assert told(fm.migrate_repository(files("prod") | build), "RP085") == []


@pytest.mark.parametrize(
    ("source", "values"),
    [
        ("secretKeyRef: {name: flux-values}", None),
        ("externalSourceRef: {url: 'https://charts.example.com/values.yaml'}", None),
        (
            "externalSourceRef: {url: 'https://raw.githubusercontent.com/acme/fleet/main/v.yaml'}",
            "git: {path: [\n",
        ),
    ],
)
def test_values_that_are_not_here_or_cannot_be_read_may_hold_the_paths(
    source: str, values: str | None
) -> None:
    text = (
        "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {name: flux, namespace: flux}\nspec:\n"
        "  helmVersion: v3\n  chart: {repository: 'https://charts.fluxcd.io', name: flux, version: 1.2.0}\n"
        f"  valuesFrom:\n  - {source}\n  values:\n    git: {{url: 'git@git.example.com:acme/fleet'%s}}\n"
    )
    given = files("prod") | {"flux/flux.yaml": text % "", **({} if values is None else {"v.yaml": values})}
    migration = fm.migrate_repository(given)
    assert told(migration, "RP085") == ["flux/flux.yaml"]
    assert not migration.ok
    assert migration.files["flux/flux.yaml"] == given["flux/flux.yaml"]
    # What stands in the release itself goes over its other values.
    given["flux/flux.yaml"] = text % ", path: prod, branch: main"
    migration = fm.migrate_repository(given)
    assert told(migration, "RP085") == []
    assert migration.context.clusters[0].sync_paths == ("prod",)
