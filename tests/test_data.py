"""Results as data: what other tools read keeps to its schema, and says no secret."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

import fluxv2_migrate as fm
from fluxv2_migrate.rules.sources import RULE_SOURCES
from reference_trees import TREES, read_tree

FILES = {
    "apps/web.yaml": """\
apiVersion: helm.fluxcd.io/v1
kind: HelmRelease
metadata:
  name: web
  namespace: shop
  annotations:
    fluxcd.io/automated: "true"
    filter.fluxcd.io/chart-image: semver:~1
spec:
  timeout: 600
  helmVersion: v3
  chart: {git: "https://bot:t0ken@git.example.com/acme/charts", ref: v1, path: web}
  valuesFrom:
  - chartFileRef: {path: extra.yaml}
  values:
    image: ghcr.io/acme/web:1.2.3
    adminPassword: hunter2
""",
    "apps/ä b.yaml": """\
apiVersion: helm.fluxcd.io/v1
kind: HelmRelease
metadata: {name: old, namespace: shop}
spec:
  helmVersion: v2
  chart: {repository: "https://charts.example.com", name: web, version: 1.2.3}
""",
}
OPTIONS = {"sync_roots": ["apps"]}


def migrated() -> fm.Migration:
    return fm.migrate_repository(FILES, OPTIONS)


def check(value: Any, schema: Mapping[str, Any]) -> None:
    """Holds that a value is what a schema says, and has nothing of which it says nothing."""
    jsonschema_rs.validator_for(closed(schema)).validate(json.loads(json.dumps(value)))


def closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    more = {"additionalProperties": False} if "properties" in schema else {}
    return {**{key: closed(value) for key, value in schema.items()}, **more}


def as_data(migration: fm.Migration, files: Mapping[str, str | bytes], options: Any) -> dict[str, Any]:
    verified = fm.verify_migration(files, migration.files, options=options, declared=migration.declared)
    return {
        "migration": migration.to_dict(),
        "findings": migration.findings.to_records(),
        "first_hour": migration.first_hour().to_dict(),
        "verification": verified.to_dict(),
    }


def test_results_are_what_their_schemas_say() -> None:
    data = as_data(migrated(), FILES, OPTIONS)
    assert data.keys() == fm.schemas.keys()
    for name, value in data.items():
        schema = fm.schemas[name]
        assert json.loads(json.dumps(schema)) == schema
        check(value, schema)
        assert "hunter2" not in json.dumps(value)
        assert "t0ken" not in json.dumps(value)


@pytest.mark.parametrize("name", TREES)
def test_results_of_real_trees_are_what_their_schemas_say(shared: Path, name: str) -> None:
    files = read_tree(shared / "corpus" / name / "v1")
    migration = fm.migrate_repository(files)
    for what, value in as_data(migration, files, None).items():
        check(value, fm.schemas[what])
    assert {each.rule for each in migration.changes} <= RULE_SOURCES.keys()
    for resource in migration.resources:
        assert fm.explain(resource, "apiVersion").source


def test_the_data_of_a_migration_says_what_it_is() -> None:
    migration = migrated()
    data = migration.to_dict()
    assert json.loads(migration.to_json()) == data
    assert json.loads(migration.first_hour().to_json()) == migration.first_hour().to_dict()
    assert (data["schema_version"], data["ok"], data["changed"]) == (1, False, ["apps/web.yaml"])
    assert data["created"] == sorted(migration.created)
    assert data["answers"] == migration.answers()
    assert data["resources"][0] == {
        "kind": "HelmRelease",
        "namespace": "shop",
        "name": "web",
        "path": "apps/web.yaml",
        "cluster": "",
        "before": "HelmRelease shop/web",
    }
    assert data["staying"] == [
        {"resource": "HelmRelease shop/old", "path": "apps/ä b.yaml", "line": 1, "clusters": ["apps"]}
    ]
    assert data["clusters"][0]["sync_paths"] == ["apps"]


def test_findings_are_a_tuple_that_gives_records() -> None:
    findings = migrated().findings
    assert findings == tuple(findings)
    assert tuple(findings) == findings
    assert pickle.loads(pickle.dumps(findings)) == findings
    assert type(pickle.loads(pickle.dumps(findings))) is fm.Findings
    for finding, record in zip(findings, findings.to_records(), strict=True):
        for name in ("code", "slug", "severity", "remedy", "fingerprint", "message", "path", "line"):
            assert record[name] == getattr(finding, name)
        assert (record["answer"] is None) == (finding.answer is None)
    assert "HR030 helm-2" in findings._repr_html_()


def test_sarif_leads_to_the_lines() -> None:
    findings = fm.Findings([*migrated().findings, fm.Finding("RP009", "of the whole repository")])
    (run,) = json.loads(findings.to_sarif())["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len(run["results"]) == len(findings)
    for finding, result in zip(findings, run["results"], strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == finding.code
        assert result["level"] == {"error": "error", "warning": "warning", "info": "note"}[finding.severity]
        place = result["locations"][0]["physicalLocation"]
        assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", place["artifactLocation"]["uri"])
        assert place["region"] == {"startLine": finding.line, "startColumn": finding.column}
        assert len(result.get("relatedLocations", [])) == len(finding.related)
        assert result["partialFingerprints"] == {"fluxv2-migrate/v1": finding.fingerprint}
    uris = {each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in run["results"]}
    assert {"apps/%C3%A4%20b.yaml", "."} <= uris


def test_code_quality_has_a_fingerprint_for_each_finding() -> None:
    twice = fm.Finding("RP009", "of the whole repository")
    findings = fm.Findings([*migrated().findings, twice, twice])
    report = json.loads(findings.to_code_quality())
    assert len({each["fingerprint"] for each in report}) == len(findings)
    assert {each["severity"] for each in report} <= {"info", "minor", "major"}
    assert report[-1]["location"] == {"path": ".", "lines": {"begin": 1}}


def release() -> fm.MigratedResource:
    return next(each for each in migrated().resources if each.before)


@pytest.mark.parametrize(
    ("field", "value", "rule", "places", "fields"),
    [
        ("spec.timeout", "10m", "timeout", ("apps/web.yaml:10",), ("spec.timeout",)),
        ("spec.values.image", "ghcr.io/acme/web:1.2.3", "marker", ("apps/web.yaml:16",), ()),
        ("spec.helmVersion", None, "helm-version", ("apps/web.yaml:11",), ("spec.helmVersion",)),
        ("metadata.name", "web", "kept", (), ("metadata.name",)),
        ("spec.chart.spec.valuesFiles.0", "./web/values.yaml", "values-files", ("apps/web.yaml:12",), ()),
        ("spec.install.disableWait", True, "install", ("apps/web.yaml:9",), ()),
    ],
)
def test_a_field_is_explained(
    field: str, value: object, rule: str, places: tuple[str, ...], fields: tuple[str, ...]
) -> None:
    why = fm.explain(release(), field)
    assert (why.value, why.rule, why.path) == (value, rule, "apps/web.yaml")
    if places:
        assert why.places == places
    assert set(fields) <= set(why.v1_fields)
    assert bool(why.source) == (rule != "kept")
    assert why.to_markdown() == why._repr_markdown_()
    assert f"value: {'removed' if value is None else ''}" in str(why)
    assert "<script" not in why._repr_html_()


def test_a_row_of_the_table_of_fields_is_part_of_an_explanation() -> None:
    why = fm.explain(release(), "spec.timeout")
    assert [row.field for row in why.rows] == ["spec.timeout"]
    assert "findings: HR068, HR069, HR121" in str(why)


def test_what_was_made_is_explained_by_what_made_it() -> None:
    source = next(each for each in migrated().resources if each.resource.kind == "GitRepository")
    why = fm.explain(source, "spec.url")
    assert (why.rule, why.v1_fields, why.places) == ("source", (), ())
    assert why.rows[0].field == "spec.chart.git"
    assert "t0ken" not in str(why) + why.to_markdown() + why._repr_html_()


def test_secrets_are_not_told_by_an_explanation() -> None:
    why = fm.explain(release(), "spec.values.adminPassword")
    assert "hunter2" not in str(why) + why.to_markdown() + why._repr_html_()


@pytest.mark.parametrize("field", ["spec.nothing", "spec.timeout.inside", ""])
def test_a_field_that_is_not_there_is_refused(field: str) -> None:
    with pytest.raises(fm.MigrationError, match="has no field"):
        fm.explain(release(), field)
