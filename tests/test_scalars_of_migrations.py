"""Repositories in which both Fluxes read what Flux v1 read: what is written, and what stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

import fluxv2_migrate as fm
from manifest_texts import release_text

RELEASE = release_text(
    """\
  releaseName: web
  helmVersion: v3
  wait: yes
  chart:
    repository: https://charts.example.com
    name: web
    version: 1.2.3
  values:
    metrics: no # not yet
    since: 2021-01-01
    list: [off, 1]
    rules:
      on: push
    ports:
      22: git
    text: |
      no
""",
    "example.com/on: yes",
)
WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: agent
  namespace: shop
spec:
  template:
    spec:
      hostNetwork: yes
"""


def migrate(files: Mapping[str, str | bytes], **options: Any) -> fm.Migration:
    return fm.migrate_repository(
        files, fm.MigrationOptions.model_validate({"sync_roots": ("apps",), **options})
    )


def found(migration: fm.Migration) -> dict[str, fm.Finding]:
    return {each.code: each for each in migration.findings if each.code.startswith("RP02")}


def test_what_many_files_say_alike_is_told_once() -> None:
    release = RELEASE.replace("metrics: no # not yet", "metrics: off")
    migration = migrate({f"apps/{index}.yaml": release.replace("web", f"web-{index}") for index in "abc"})
    told = found(migration)["RP025"]
    assert told.message.count("spec.values.metrics: off") == 1
    assert {place.partition(":")[0] for place in told.related} == {f"apps/{index}.yaml" for index in "abc"}


def test_a_release_says_what_flux_1_read_in_one_edit_of_each_scalar() -> None:
    migration = migrate({"apps/web.yaml": RELEASE})
    text = migration.changed["apps/web.yaml"]
    values = text[text.index("  values:") :]
    assert values == (
        '  values:\n    metrics: false # not yet\n    since: "2021-01-01"\n    list: [false, 1]\n'
        '    rules:\n      "true": push\n    ports:\n      "22": git\n    text: |\n      no\n'
    )
    assert "example.com/on: true\n" in text
    assert migration.ok
    told = found(migration)["RP025"]
    assert "spec.values.metrics: no" in told.message
    assert (told.path, told.line) == ("apps/web.yaml", 7)
    assert len(told.related) == 6
    fields = [each.fields for each in migration.changes if each.rule == "flux1-reading"]
    assert ("spec.values.since",) in fields
    assert len(fields) == 7
    assert fm.verify_migration(
        {"apps/web.yaml": RELEASE}, migration.files, migration_options(), declared=migration.declared
    ).ok
    again = migrate(dict(migration.files))
    assert not again.changed
    assert "RP025" not in found(again)


def migration_options() -> fm.MigrationOptions:
    return fm.MigrationOptions(sync_roots=("apps",))


def test_line_ends_and_neighbours_stay() -> None:
    neighbour = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\ndata: {a: 'no'}\n"
    text = (RELEASE + "---\n" + neighbour).replace("\n", "\r\n")
    changed = migrate({"apps/web.yaml": text}).changed["apps/web.yaml"]
    assert changed.endswith(("---\n" + neighbour).replace("\n", "\r\n"))
    assert "metrics: false # not yet\r\n" in changed
    assert "\n" not in changed.replace("\r\n", "")


def test_what_is_held_back_stays_as_it_was() -> None:
    held = RELEASE.replace("helmVersion: v3", "helmVersion: v2")
    other = RELEASE.replace("name: web\n  namespace", "name: other\n  namespace").replace(
        "releaseName: web", "releaseName: other"
    )
    migration = migrate({"apps/all.yaml": held + "---\n" + other})
    text = migration.changed["apps/all.yaml"]
    assert text.startswith(held)
    assert "metrics: false" in text.partition("---\n")[2]
    for content in (held, held.encode()):
        files: dict[str, str | bytes] = {"apps/web.yaml": content}
        alone = migrate(files)
        assert alone.changed == {}
        assert alone.files == files


def test_with_none_it_is_told_instead() -> None:
    # With a number as a key kustomize would build nothing.
    files = {"apps/web.yaml": RELEASE.replace("    ports:\n      22: git\n", "")}
    migration = migrate(files, write_what_flux1_read="none")
    assert "metrics: no # not yet" in migration.changed["apps/web.yaml"]
    assert set(found(migration)) >= {"RP028"}
    report = fm.verify_migration(files, migration.files, migration_options(), declared=migration.declared)
    assert any("metrics" in str(each) for each in report.releases[0].declared)


def test_what_is_secret_or_meant_for_fluxd_is_not_told() -> None:
    fluxd = "metadata: {name: c, annotations: {fluxcd.io/automated: yes}}\n"
    files = {
        "apps/web.yaml": RELEASE.replace("    metrics: no", "    password: no"),
        "apps/c.yaml": f"apiVersion: v1\nkind: ConfigMap\n{fluxd}",
    }
    told = found(migrate(files))
    assert "RP027" not in told
    assert "password: ***" in told["RP025"].message


def test_other_manifests_are_told_and_stay() -> None:
    gateway = "apiVersion: mesh.example.com/v1\nkind: Gateway\nmetadata: {name: g}\nspec: {a: no}\n"
    quiet = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: shop}\ndata:\n  a: |\n    b: no\n"
    )
    files = {
        "apps/web.yaml": RELEASE,
        "apps/agent.yaml": WORKLOAD,
        "apps/gateway.yaml": gateway,
        "apps/quiet.yaml": quiet,
        "elsewhere/agent.yaml": WORKLOAD,
    }
    migration = migrate(files)
    assert set(migration.changed) == {"apps/web.yaml"}
    told = found(migration)
    assert (told["RP026"].path, told["RP026"].line, told["RP026"].related) == ("apps/agent.yaml", 9, ())
    assert (told["RP027"].path, told["RP027"].severity) == ("apps/gateway.yaml", "warning")
    everything = migrate(files, write_what_flux1_read="all")
    assert set(everything.changed) == {"apps/web.yaml", "apps/agent.yaml", "apps/gateway.yaml"}
    assert everything.changed["apps/agent.yaml"] == WORKLOAD.replace("yes", "true")
    assert not {"RP026", "RP027"} & set(found(everything))
    assert not [each for each in everything.findings if each.severity == "error"]


def test_lines_that_kustomize_would_add_are_told_and_written_without_it() -> None:
    alert = "    alert: >-\n      {{ range .Alerts }}\n        Alert\n      {{ end }}\n"
    workload = WORKLOAD.replace("hostNetwork: yes", "schedulerName: >-\n        one\n          two")
    files = {"apps/web.yaml": RELEASE + alert, "apps/agent.yaml": workload}
    migration = migrate(files)
    assert alert.replace(">-", "|-") in str(migration.files["apps/web.yaml"])
    assert migration.files["apps/agent.yaml"] == workload
    told = found(migration)
    assert "spec.values.alert: >-" in migrate(files, write_what_flux1_read="none").to_json()
    # The API server takes any text there.
    assert "RP026" not in told
    assert told["RP027"].message.endswith("spec.template.spec.schedulerName: >-")


def test_bytes_stay_bytes() -> None:
    migration = fm.migrate_repository({"apps/web.yaml": RELEASE.encode()}, migration_options())
    assert b"metrics: false" in migration.files["apps/web.yaml"]
    assert migration.before["apps/web.yaml"] == RELEASE


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (RELEASE.replace("  annotations:\n    example.com/on: yes\n", ""), False),
        (
            (
                "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web}\n"
                "spec:\n  interval: 5m\n  values:\n    metrics: no\n"
            ),
            "no",
        ),
    ],
)
def test_each_side_is_read_as_its_controllers_read_it(text: str, value: object) -> None:
    (model,) = fm.parse_manifests(text)
    assert model.to_manifest()["spec"]["values"]["metrics"] == value
    assert yaml.safe_load(text)["spec"]["values"]["metrics"] is False


MERGE = """\
apiVersion: helm.fluxcd.io/v1
kind: HelmRelease
metadata: {name: web, namespace: shop}
spec:
  values:
    metrics: no   # not yet
"""
OPERATIONS = "- op: add\n  path: /spec/values/metrics\n  value: no\n"


def indented(text: str, by: int) -> str:
    return "".join(f"{' ' * by}{line}" for line in text.splitlines(keepends=True))


@pytest.mark.parametrize(
    "patch",
    [
        "patchesStrategicMerge:\n- |\n" + indented(MERGE, 2),
        "patchesStrategicMerge:\n- patch.yaml\n",
        "patches:\n- target: {kind: HelmRelease, name: web}\n  path: patch.yaml\n",
        "patches:\n- target: {kind: HelmRelease, name: web}\n  path: operations.yaml\n",
        (
            "patchesJson6902:\n- path: operations.yaml\n"
            "  target: {group: helm.fluxcd.io, version: v1, kind: HelmRelease, name: web}\n"
        ),
        "patches:\n- target: {kind: HelmRelease, name: web}\n  patch: |\n" + indented(MERGE, 4),
        "patches:\n- target: {kind: HelmRelease, name: web}\n  patch: |-\n" + indented(OPERATIONS, 6),
    ],
)
def test_patches_say_what_flux_1_read(patch: str) -> None:
    files = {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": RELEASE.replace("  annotations:\n    example.com/on: yes\n", ""),
        "prod/kustomization.yaml": f"resources: [../base]\n{patch}",
        "prod/patch.yaml": MERGE,
        "prod/operations.yaml": OPERATIONS,
        "prod/.flux.yaml": (
            "version: 1\npatchUpdated:\n  generators: [{command: kustomize build .}]\n  patchFile: p.yaml\n"
        ),
    }
    for name in ("patch.yaml", "operations.yaml"):
        if name not in patch:
            del files[f"prod/{name}"]
    options = fm.MigrationOptions(sync_roots=("prod",))
    migration = fm.migrate_repository(files, options)
    changed = {path: str(text) for path, text in migration.files.items() if path.startswith("prod/")}
    texts = "".join(changed.values())
    assert ("metrics: false   # not yet" in texts) or ("value: false" in texts)
    assert "metrics: no" not in texts
    assert "RP025" in {finding.code for finding in migration.findings}
    assert fm.verify_migration(files, migration.files, options, declared=migration.declared).ok
    assert dict(fm.migrate_repository(migration.files, options).files) == dict(migration.files)


@pytest.mark.parametrize("name", ["web", "other"])
def test_a_file_of_operations_goes_with_the_release_that_it_reaches(name: str) -> None:
    held = RELEASE.replace("helmVersion: v3", "helmVersion: v2")
    other = RELEASE.replace("name: web\n  namespace", "name: other\n  namespace").replace(
        "releaseName: web", "releaseName: other"
    )
    target = f"{{group: helm.fluxcd.io, version: v1, kind: HelmRelease, name: {name}}}"
    files = {
        "apps/kustomization.yaml": "resources: [web.yaml, other.yaml]\npatchesJson6902:\n"
        f"- target: {target}\n  path: operations.yaml\n",
        "apps/web.yaml": held,
        "apps/other.yaml": other,
        "apps/operations.yaml": OPERATIONS,
        "apps/.flux.yaml": (
            "version: 1\npatchUpdated:\n  generators: [{command: kustomize build .}]\n  patchFile: p.yaml\n"
        ),
    }
    migration = migrate(files)
    assert "apps/web.yaml" not in migration.changed
    assert "apps/other.yaml" in migration.changed
    assert ("apps/operations.yaml" in migration.changed) == (name == "other")


@pytest.mark.parametrize(("name", "changes"), [("nothing", True), ("w.*", False), ("[", False)])
def test_a_file_of_operations_stays_where_it_may_reach_a_release_that_stays(name: str, changes: bool) -> None:
    files = {
        "apps/kustomization.yaml": "resources: [web.yaml]\npatches:\n"
        f"- target: {{kind: HelmRelease, name: '{name}'}}\n  path: operations.yaml\n",
        "apps/web.yaml": RELEASE.replace("helmVersion: v3", "helmVersion: v2"),
        "apps/operations.yaml": OPERATIONS,
        "apps/.flux.yaml": (
            "version: 1\npatchUpdated:\n  generators: [{command: kustomize build .}]\n  patchFile: p.yaml\n"
        ),
    }
    assert ("apps/operations.yaml" in migrate(files).changed) == changes


@pytest.mark.parametrize("patch", ["- |\n  a: [no\n", "- |1\n" + indented(MERGE, 2)])
def test_a_patch_in_a_kustomization_that_cannot_be_edited_stays(patch: str) -> None:
    kustomization = f"resources: [web.yaml]\npatchesStrategicMerge:\n{patch}"
    files = {"apps/web.yaml": RELEASE, "apps/kustomization.yaml": kustomization}
    assert patch in str(migrate(files).files["apps/kustomization.yaml"])


def test_a_patch_of_something_else_is_no_concern() -> None:
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: shop}\ndata: {a: no}\n"
    files = {
        "apps/web.yaml": RELEASE,
        "apps/kustomization.yaml": "resources: [web.yaml, c.yaml]\npatchesStrategicMerge:\n- |\n"
        + indented(config, 2),
        "apps/c.yaml": config.replace("no", "b"),
    }
    assert "data: {a: no}" in str(migrate(files).files["apps/kustomization.yaml"])
