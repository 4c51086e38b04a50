"""Replacements, and patches for other APIs, over releases that are migrated: what is built stays right."""

from __future__ import annotations

from pathlib import Path

import pytest

import fluxv2_migrate as fm
from test_patches_of_releases import CHART, Files, hold_commuting, release

FACTS = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: facts\n  namespace: shop\n"
    "data:\n  version: 4.0.1\n  other: site\n"
)
SOURCE = "source: {kind: ConfigMap, name: facts, fieldPath: data.%s}\n"
TARGET = "targets:\n- select: {kind: HelmRelease, group: helm.fluxcd.io}\n  fieldPaths: [%s]\n"
VALUES = "  valueFileSecrets: [{name: keys}]\n  valuesFrom: [{configMapKeyRef: {name: a}}]\n"
NEW = (
    "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: newer\n  namespace: shop\n"
    "spec:\n  interval: 5m\n  chart:\n    spec:\n      chart: x\n      version: 1.0.0\n"
    "      sourceRef: {kind: HelmRepository, name: x}\n"
)


def tree(replacements: str, more: str = "", **files: str) -> Files:
    return {
        "prod/kustomization.yaml": f"resources: [web.yaml, facts.yaml]\nreplacements:\n{replacements}",
        "prod/web.yaml": release(CHART + more),
        "prod/facts.yaml": FACTS,
        **{f"prod/{name}.yaml": text for name, text in files.items()},
    }


def inline(text: str) -> str:
    return "- " + text.replace("\n", "\n  ").rstrip() + "\n"


@pytest.mark.parametrize(
    ("key", "path", "more"),
    [
        ("version", "spec.chart.version", ""),
        ("other", "spec.valuesFrom.0.configMapKeyRef.name", VALUES),
        ("other", "spec.valuesFrom.*.configMapKeyRef.name", VALUES),
        ("other", "spec.valueFileSecrets.0.name", VALUES),
        ("other", r"spec.values.a\\.b", "  values: {a.b: c}\n"),
    ],
)
@pytest.mark.parametrize("has_file", [False, True])
def test_replacements_write_where_the_fields_are(
    key: str, path: str, more: str, has_file: bool, tmp_path: Path
) -> None:
    path = f'"{path}"' if "\\" in path else path
    text = SOURCE % key + TARGET % path
    listed = "- path: rules.yaml\n" if has_file else inline(text)
    files = tree(listed, more, **({"rules": text} if has_file else {}))
    assert hold_commuting(files, ("prod",), tmp_path) == (1, 0)


def test_replacements_of_a_file_stand_in_a_list_too(tmp_path: Path) -> None:
    rules = inline(SOURCE % "version" + TARGET % "spec.chart.version")
    rules += inline(
        "source: {kind: HelmRelease, name: web, fieldPath: spec.chart.name}\n"
        "targets:\n- select: {kind: ConfigMap}\n  fieldPaths: [data.other]\n"
    )
    files = tree("- path: rules.yaml\n", rules=rules)
    files["prod/kustomization.yaml"] = str(files["prod/kustomization.yaml"]) + "- path: rules.yaml\n"
    assert hold_commuting(files, ("prod",), tmp_path) == (1, 0)


def test_what_is_left_out_by_its_api_stays_left_out(tmp_path: Path) -> None:
    text = SOURCE % "version" + TARGET % "spec.chart.version"
    text = text.replace("  fieldPaths", "  reject: [{group: helm.fluxcd.io, name: api}]\n  fieldPaths")
    files = tree(inline(text.replace(", group: helm.fluxcd.io}", "}")), api=release(CHART, "api"))
    files["prod/kustomization.yaml"] = str(files["prod/kustomization.yaml"]).replace("web.", "api.yaml, web.")
    assert hold_commuting(files, ("prod",), tmp_path) == (2, 0)


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("spec.timeout", "  timeout: 60\n"),
        ("spec.valuesFrom.1.configMapKeyRef.name", "  valuesFrom: [{secretKeyRef: {name: a}}]\n"),
        ("spec.valuesFrom.*.secretKeyRef.name", VALUES),
        ("spec.valueFileSecrets.*.name", VALUES),
    ],
)
def test_what_has_no_counterpart_holds_the_release_back(path: str, more: str) -> None:
    files = tree(inline(SOURCE % "other" + TARGET % path), more)
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("prod",)))
    assert dict(migration.files) == files
    assert "RP004" in {each.code for each in migration.findings} or not migration.ok


HISTORY = 'patch: \'[{"op": "add", "path": "/spec/maxHistory", "value": 3}]\'\n'

MARKED = "{kind: HelmRelease, annotationSelector: '!fluxcd.io/automated'}"
LABEL = 'patch: \'[{"op": "add", "path": "/metadata/labels", "value": {}}]\'\n'


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (f"patches:\n- target: {{group: helm.toolkit.fluxcd.io}}\n  {HISTORY}", True),
        (f"patches:\n- target: {{version: v2, kind: HelmRelease}}\n  {HISTORY}", True),
        (
            f"patches:\n- target: {MARKED}\n  {HISTORY}",
            True,
        ),
        (f"patches:\n- target: {{group: helm.toolkit.fluxcd.io}}\n  {LABEL}", False),
        (f"patches:\n- target: {{group: helm.toolkit.fluxcd.io, name: newer}}\n  {HISTORY}", False),
        (f"patches:\n- target: {{group: helm.toolkit.fluxcd.io, labelSelector: a=b}}\n  {HISTORY}", False),
        (
            (
                "replacements:\n- source: {kind: ConfigMap, name: facts, fieldPath: data.version}\n"
                "  targets:\n  - select: {group: helm.toolkit.fluxcd.io}\n"
                "    fieldPaths: [spec.chart.spec.version]\n"
            ),
            True,
        ),
        (
            (
                "replacements:\n- source: {kind: ConfigMap, name: facts, fieldPath: data.version}\n"
                "  targets:\n  - select: {group: helm.toolkit.fluxcd.io}\n    reject: [{name: web}]\n"
                "    fieldPaths: [spec.chart.spec.version]\n"
            ),
            False,
        ),
    ],
)
def test_what_is_for_flux_2_alone_reaches_nothing_else_in_silence(fields: str, told: bool) -> None:
    files = tree("", newer=NEW)
    marked = "  annotations: {fluxcd.io/automated: 'true'}\nspec:\n"
    files["prod/web.yaml"] = str(files["prod/web.yaml"]).replace("spec:\n", marked, 1)
    files["prod/kustomization.yaml"] = f"resources: [web.yaml, facts.yaml, newer.yaml]\n{fields}"
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("prod",)))
    said = [each.message for each in migration.findings if each.code == "RP077"]
    assert bool(said) is told
    assert "prod/web.yaml" in migration.changed
