"""Texts of patches in every form that people write: braces, JSON, several documents, operations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

import fluxv2_migrate as fm
from fluxv2_migrate.plan import Move, Remove, Set, apply_to_any_text
from fluxv2_migrate.yaml_text import CannotEdit, Style, compose, read_document
from patched_overlays import CHART, Files, hold_commuting, migrate, release, tree

PATCH = {
    "apiVersion": "helm.fluxcd.io/v1",
    "kind": "HelmRelease",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"timeout": 60, "chart": {"version": "2.0.0"}, "values": {"a": [1, "on"]}},
}
BRACES = yaml.safe_dump(PATCH, default_flow_style=True, width=500, sort_keys=False)
FORMS = {
    "braces in a file": tree("patches: [{path: more.yaml}]\n", more=BRACES),
    "JSON in a file": tree("patchesStrategicMerge: [more.yaml]\n", more=json.dumps(PATCH, indent=2)),
    "JSON in one line": tree("patches: [{path: more.yaml}]\n", more=json.dumps(PATCH, separators=(",", ":"))),
    "JSON in the kustomization": tree(f"patches:\n- patch: '{json.dumps(PATCH)}'\n"),
    "a text in quotes": tree(f"patches:\n- patch: {json.dumps(yaml.safe_dump(PATCH))}\n"),
    "JSON in a list of texts": tree(f"patchesStrategicMerge:\n- '{json.dumps(PATCH)}'\n"),
}


@pytest.mark.parametrize("name", sorted(FORMS))
def test_a_patch_is_written_in_the_form_that_it_has(name: str, tmp_path: Path) -> None:
    files = FORMS[name]
    assert hold_commuting(files, ("prod",), tmp_path) == (1, 0)
    path = "prod/more.yaml" if "prod/more.yaml" in files else "prod/kustomization.yaml"
    text = str(migrate(files).changed[path])
    assert (": {" in text or ":{" in text) is ("{" in str(files[path]))


def test_of_documents_in_one_text_each_goes_with_its_release(tmp_path: Path) -> None:
    both = release("  timeout: 60\n") + "---\n" + release("  wait: true\n", "api")
    lines = both.rstrip().replace("\n", "\n    ")
    files: Files = {
        **tree(f"patches:\n- patch: |-\n    {lines}\n"),
        "base/kustomization.yaml": "resources: [web.yaml, api.yaml]\n",
        "base/api.yaml": release(CHART, "api"),
    }
    assert hold_commuting(files, ("prod",), tmp_path / "both") == (2, 0)
    files["base/api.yaml"] = release(CHART.replace("v3", "v2"), "api")
    assert hold_commuting(files, ("prod",), tmp_path / "one") == (1, 1)


def test_what_a_patch_replaces_as_a_whole_is_written_as_a_whole(tmp_path: Path) -> None:
    patch = release(f"  $patch: replace\n{CHART}  releaseName: own\n  values: {{b: 1}}\n")
    files = tree("patches: [{path: more.yaml}]\n", more=patch)
    files["base/web.yaml"] = release(f"{CHART}  timeout: 60\n  values: {{a: 1}}\n")
    assert hold_commuting(files, ("prod",), tmp_path) == (1, 0)


IGNORED = "  annotations: {fluxcd.io/automated: 'false', fluxcd.io/locked: 'true'}\nspec:\n"


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/metadata/annotations/fluxcd.io~1automated"},
        {"op": "replace", "path": "/metadata/annotations/fluxcd.io~1locked", "value": "false"},
        {"op": "test", "path": "/metadata/annotations/fluxcd.io~1locked", "value": "true"},
        {"op": "remove", "path": "/metadata/annotations"},
        {"op": "add", "path": "/metadata/annotations/a", "value": "b"},
        {"op": "add", "path": "/metadata/annotations", "value": {"a": "b"}},
    ],
)
def test_operations_on_annotations_that_go_go_with_them(operation: dict[str, object]) -> None:
    files = tree(f"patches:\n- patch: '{json.dumps([operation])}'\n  target: {{kind: HelmRelease}}\n")
    files["base/web.yaml"] = release(CHART).replace("spec:\n", IGNORED, 1)
    migration = migrate(files)
    assert "helm.toolkit.fluxcd.io/v2" in migration.changed["base/web.yaml"]
    assert not any("fluxcd.io/locked" in str(text) for text in migration.files.values())
    assert not {"RP004", "RP057"} & {each.code for each in migration.findings}


UPDATED = "  annotations: {fluxcd.io/automated: 'true', fluxcd.io/tag.chart-image: 'semver:~1'}\nspec:\n"


@pytest.mark.parametrize(
    ("annotations", "operation", "left"),
    [
        ("", {"op": "add", "value": {"a": "b", "fluxcd.io/automated": "false"}}, '"value": {"a": "b"}'),
        ("", {"op": "add", "value": {"fluxcd.io/automated": "false"}}, '"path": "/kind"'),
        (UPDATED, {"op": "remove"}, '"path": "/kind"'),
    ],
)
def test_of_all_annotations_at_once_only_those_of_fluxd_go(
    annotations: str, operation: dict[str, object], left: str
) -> None:
    written = json.dumps([{**operation, "path": "/metadata/annotations"}])
    files = tree(f"patches:\n- patch: '{written}'\n  target: {{kind: HelmRelease}}\n")
    text = release(f"{CHART}  values: {{image: {{repository: ghcr.io/acme/web, tag: 1.2.3}}}}\n")
    files["base/web.yaml"] = text.replace("spec:\n", annotations or "spec:\n", 1)
    migration = migrate(files)
    assert migration.ok
    assert left in migration.changed["prod/kustomization.yaml"]
    assert "fluxcd.io/automated" not in "".join(map(str, migration.files.values()))


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("{a: 1, b: {c: x}, d: 2}", "{b: {c: x, e: [1, {f: null}]}, d: z, g: 1}"),
        ('{"a": 1, "b": {"c": "x"}, "d":2}\n', '{"b": {"c": "x", "e": [1, {"f": null}]}, "d":"z", "g": 1}\n'),
        (
            '{\n  "a": 1,\n  "b": {"c": "x"},\n  "d": 2\n}\n',
            '{\n  "b": {"c": "x", "e": [1, {"f": null}]},\n  "d": "z", "g": 1\n}\n',
        ),
    ],
)
def test_in_braces_all_else_is_the_same_bytes(text: str, after: str) -> None:
    plan = (Move(("a",), ("g",)), Set(("b", "e"), [1, {"f": None}]), Set(("d",), "z"), Remove(("none",)))
    applied = apply_to_any_text(plan, text, compose(text), Style(), read_document(text)[1])
    assert applied.text == after
    assert applied.value == read_document(after)[1]


@pytest.mark.parametrize(
    ("text", "path"),
    [("{a: &x {b: 1}, c: *x}", ("a", "b")), ("{a: &x {b: {d: 1}}, c: {<<: *x, e: 1}}", ("c", "b", "d"))],
)
def test_what_braces_say_for_several_is_not_edited(text: str, path: tuple[str, ...]) -> None:
    with pytest.raises(CannotEdit):
        apply_to_any_text((Set(path, 2),), text, compose(text), Style(), read_document(text)[1])


def test_a_patch_in_braces_that_cannot_be_edited_holds_its_release_back() -> None:
    text = BRACES.replace("spec: {timeout", "spec: {chart: &x {version: 1}, timeout").replace(
        "chart: {version: 2.0.0}, ", ""
    )
    files = tree("patches: [{path: more.yaml}]\n", more=text.replace("values: {", "values: {b: *x, "))
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("prod",)))
    assert dict(migration.files) == files
    assert not migration.ok


WHOLE = "  path: /spec\n  value:\n" + "".join(
    f"  {line}\n" for line in f"{CHART}  timeout: 90\n  values: {{z: 1}}\n".splitlines()
)


@pytest.mark.parametrize(
    "operations",
    [
        f"- op: remove\n  path: /spec\n- op: add # anew\n{WHOLE}",
        f"- op: remove\n  path: /spec\n- op: add\n{WHOLE}- {{op: add, path: /spec/maxHistory, value: 4}}\n",
        f"- {{op: remove, path: /spec}}\n- op: add\n{WHOLE}- {{op: remove, path: /spec/timeout}}\n",
        "- op: test\n  path: /spec\n  value:\n"
        + "".join(f"  {line}\n" for line in CHART.splitlines())
        + "- {op: add, path: /spec/wait, value: true}\n",
        "- {op: copy, from: /spec, path: /spec/values}\n- {op: remove, path: /spec/values/chart}\n",
        "- {op: add, path: /spec/timeout, value: &t 90}\n- {op: add, path: /spec/maxHistory, value: *t}\n",
        (
            "- {op: add, path: /spec/values, value: &v {a: 1}}\n"
            "- {op: add, path: /spec/rollback, value: {<<: *v, enable: true}}\n"
        ),
        "- &o\n  op: add\n  path: /spec/timeout\n  value: 90\n- <<: *o # same\n  path: /spec/maxHistory\n",
        "- &o {op: add, path: /spec/timeout, value: 90}\n- *o\n- {op: add, path: /spec/wait, value: true}\n",
    ],
)
def test_operations_that_write_all_or_share_what_they_say(operations: str, tmp_path: Path) -> None:
    files = tree("patches: [{path: more.yaml, target: {kind: HelmRelease}}]\n", more=operations)
    assert hold_commuting(files, ("prod",), tmp_path) == (1, 0)
    after = str(migrate(files).files["prod/more.yaml"])
    assert after.count("# ") == operations.count("# ")
