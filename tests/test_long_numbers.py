"""Numbers that no computer counts with, wherever a file has an index, a label, a version or a tag."""

from __future__ import annotations

import pytest

import fluxv2_migrate as fm
from built_clusters import Files, release
from fluxv2_migrate.kustomize import KustomizeTree

# Python refuses to read as many digits.
DIGITS = "9" * 5000
AUTOMATED = '  annotations: {fluxcd.io/automated: "true"}\n'
DEPLOYMENT = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop, labels: {number: '%s'}}\n"
    "spec: {template: {spec: {containers: [{name: web, image: acme/web:1.0.0}]}}}\n"
)
LISTED = "resources: [web.yaml, deployment.yaml]\n"
CONTAINER = f"spec.template.spec.containers.{DIGITS}.image"


VARIABLE = (
    "vars:\n- {name: A, objref: {kind: Deployment, name: web, apiVersion: apps/v1},"
    f" fieldref: {{fieldpath: {CONTAINER}}}}}\n"
    'patches: [{target: {kind: HelmRelease}, patch: \'[{"op": "add", "path": "/spec/releaseName",'
    ' "value": "$(A)"}]\'}]\n'
)


def migrated(files: Files) -> fm.Migration:
    migration = fm.migrate_repository(files, {"sync_roots": ["apps"]})
    fm.verify_migration(files, migration.files, {"sync_roots": ["apps"]}, declared=migration.declared)
    return migration


def built(kustomization: str, label: str = "1") -> Files:
    return {
        "apps/.flux.yaml": "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build .\n",
        "apps/kustomization.yaml": LISTED + kustomization,
        "apps/web.yaml": release(),
        "apps/deployment.yaml": DEPLOYMENT % label,
    }


def patch(target: str, path: str, operation: str = "replace") -> str:
    return (
        f"patches:\n- target: {{{target}}}\n  patch: |\n    - {{op: {operation}, path: {path}, value: x}}\n"
    )


def replacement(of_source: str, field: str) -> str:
    return (
        f"replacements:\n- source: {{kind: Deployment{of_source}}}\n"
        f"  targets: [{{select: {{kind: Deployment}}, fieldPaths: [{field}]}}]\n"
    )


@pytest.mark.parametrize(
    "kustomization",
    [
        patch("kind: Deployment", "/" + CONTAINER.replace(".", "/")),
        patch("kind: HelmRelease", f"/spec/valuesFrom/{DIGITS}/secretKeyRef/name", "add"),
        patch(f"labelSelector: number>{DIGITS}", "/metadata/name"),
        replacement(f", fieldPath: {CONTAINER}", "spec.releaseName"),
        replacement("", CONTAINER),
        VARIABLE,
    ],
)
def test_what_an_index_does_not_reach_is_told_of_the_kustomization(kustomization: str) -> None:
    (told,) = (each for each in migrated(built(kustomization)).findings if each.severity == "error")
    assert "apps/kustomization.yaml" in told.message


@pytest.mark.parametrize("label", [DIGITS, f"-{DIGITS}", "--7", "x"])
def test_a_label_that_is_no_number_is_above_and_below_none(label: str) -> None:
    for sign in "<>":
        files = built(patch(f"labelSelector: number{sign}5", "/metadata/name"), label)
        texts = {path.removeprefix("apps/"): text for path, text in files.items()}
        build = KustomizeTree(texts).build("")
        assert build.ok
        assert {each.manifest["metadata"]["name"] for each in build.objects} == {"web"}


@pytest.mark.parametrize("version", [DIGITS, f"1.{DIGITS}", f"0.{DIGITS}"])
def test_a_chart_of_any_version_may_be_fluxd(version: str) -> None:
    chart = f"    repository: https://charts.fluxcd.io\n    name: flux\n    version: '{version}'\n"
    values = (
        "  values: {git: {url: git@git.example.com:acme/fleet, path: apps}, helmOperator: {create: true}}\n"
    )
    metadata = "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {name: flux, namespace: flux}\n"
    fluxd = f"{metadata}spec:\n  helmVersion: v3\n  chart:\n{chart}{values}"
    migration = fm.migrate_repository({"flux/flux.yaml": fluxd, "apps/web.yaml": release()})
    assert migration.context.clusters[0].sync_paths == ("apps",)


@pytest.mark.parametrize("tag", [DIGITS, f"main-{DIGITS}", f"2021.01.{DIGITS}", f"main-{DIGITS}-abcdef0"])
def test_a_tag_that_no_registry_takes_stops_nothing(tag: str) -> None:
    text = release().replace("metadata:\n", f"metadata:\n{AUTOMATED}", 1)
    files: Files = {"apps/web.yaml": f"{text}  values: {{image: {{repository: acme/web, tag: '{tag}'}}}}\n"}
    assert "helm.toolkit.fluxcd.io" in str(migrated(files).files["apps/web.yaml"])


def test_a_build_time_beyond_all_calendars_is_refused() -> None:
    printed = f'{{"results": [{{"name": "1.0.0", "last_updated": "{DIGITS}"}}]}}'
    with pytest.raises(fm.InvalidInventory, match="holds a time that is none"):
        fm.Inventory.from_texts(tags={"acme/web": printed})
