"""Objects that annotations of Flux v2 keep from being applied, and that fluxd, which knew none, applied."""

from __future__ import annotations

from typing import Any

import pytest

import fluxv2_migrate as fm
from built_clusters import release

Files = dict[str, str | bytes]
OPTIONS: dict[str, Any] = {"sync_roots": ["apps"]}
NEVER = ("reconcile: disabled", "ssa: Ignore", "ssa: ignore")
ONCE = "ssa: IfNotPresent"
IGNORED = '    fluxcd.io/ignore: "true"\n'
AUTOMATED = '    fluxcd.io/automated: "true"\n'
CONTENTS = {
    "ConfigMap": "apiVersion: v1\nkind: ConfigMap\n{metadata}data: {{colour: green}}\n",
    "Deployment": (
        "apiVersion: apps/v1\nkind: Deployment\n{metadata}spec:\n  template:\n    spec:\n"
        "      containers: [{{name: api, image: acme/api:1.0.0}}]\n"
    ),
}
GENERATED = """generatorOptions:
  annotations: {kustomize.toolkit.fluxcd.io/reconcile: disabled}
  disableNameSuffixHash: true
configMapGenerator:
- name: settings
  namespace: shop
  literals: [colour=green]
"""


def of_flux2(name: str, path: str) -> str:
    return (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        f"metadata: {{name: {name}, namespace: flux-system}}\nspec:\n  interval: 5m\n  path: ./{path}\n"
        "  prune: false\n  sourceRef: {kind: GitRepository, name: flux-system}\n"
    )


def annotated(kind: str, *annotations: str) -> str:
    lines = "".join(annotations)
    metadata = f"metadata:\n  name: settings\n  namespace: shop\n  annotations:\n{lines}"
    return CONTENTS[kind].format(metadata=metadata)


def own(annotation: str) -> str:
    return f"    kustomize.toolkit.fluxcd.io/{annotation}\n"


def judged(files: Files, options: dict[str, Any]) -> tuple[fm.Migration, fm.VerificationReport]:
    before: Files = {"apps/web.yaml": release(), **files}
    migration = fm.migrate_repository(before, options)
    return migration, fm.verify_migration(before, migration.files, options, declared=migration.declared)


def errors(migration: fm.Migration) -> list[fm.Finding]:
    return [each for each in migration.findings if each.severity == "error"]


@pytest.mark.parametrize("kind", CONTENTS)
@pytest.mark.parametrize("annotation", [*NEVER, ONCE])
@pytest.mark.parametrize("automated", ["", AUTOMATED])
def test_what_flux_2_leaves_alone_was_applied_by_fluxd(kind: str, annotation: str, automated: str) -> None:
    files: Files = {"apps/other.yaml": annotated(kind, automated, own(annotation))}
    migration, report = judged(files, OPTIONS)
    (found,) = errors(migration)
    assert (found.code, found.path, found.resource) == ("RP058", "apps/other.yaml", f"{kind} shop/settings")
    assert not report.ok


@pytest.mark.parametrize("mark", [*NEVER, ONCE])
def test_labels_count_as_annotations_do(mark: str) -> None:
    text = annotated("ConfigMap", own(mark)).replace("annotations:", "labels:")
    migration, report = judged({"apps/other.yaml": text}, OPTIONS)
    (found,) = errors(migration)
    assert (found.code, found.field) == (
        "RP058",
        f"metadata.labels.kustomize.toolkit.fluxcd.io/{mark.partition(':')[0]}",
    )
    assert "its label kustomize.toolkit.fluxcd.io/" in found.message
    assert not report.ok


@pytest.mark.parametrize("field", ["labels", "annotations"])
def test_what_is_kept_may_be_marked_in_either_way(field: str) -> None:
    files: Files = {
        "clusters/prod/flux-system/gotk-sync.yaml": of_flux2("flux-system", "clusters/prod"),
        "clusters/prod/apps.yaml": of_flux2("apps", "apps").replace("prune: false", "prune: true"),
    }
    text = release().replace("metadata:\n", "metadata:\n  annotations: {fluxcd.io/ignore: sync_only}\n")
    before: Files = {**files, "apps/web.yaml": text}
    migration = fm.migrate_repository(before)
    for value, is_ok in (("Disabled", True), ("enabled", False)):
        written = str(migration.files["apps/web.yaml"]).replace("prune: disabled", f"prune: {value}")
        after = {**migration.files, "apps/web.yaml": written.replace("annotations:", f"{field}:")}
        assert fm.verify_migration(before, after, declared=migration.declared).ok is is_ok


@pytest.mark.parametrize(
    ("collects", "override", "is_told"),
    [(True, {}, True), (False, {}, False), (True, {"leave": True}, False)],
)
def test_what_fluxd_never_deleted_keeps_that_when_pruning_begins(
    collects: bool, override: dict[str, Any], is_told: bool
) -> None:
    fluxd = {"git_url": "ssh://git@git.example.com/a/b", "garbage_collection": collects}
    clusters = [{"name": "prod", "sync_paths": ["apps"], "fluxd": fluxd}]
    options = {"clusters": clusters, "overrides": [{"name": "settings", **override}] if override else []}
    before: Files = {
        "apps/web.yaml": release(),
        "apps/other.yaml": annotated("ConfigMap", "    fluxcd.io/ignore: sync_only\n"),
    }
    migration = fm.migrate_repository(before, options)
    assert fm.verify_migration(before, migration.files, options, declared=migration.declared).ok
    written = str(migration.files["apps/other.yaml"]).replace("prune: disabled", "prune: enabled")
    after = {**migration.files, "apps/other.yaml": written}
    report = fm.verify_migration(before, after, options, declared=migration.declared)
    told = [str(each) for entry in report.sync_paths for each in entry.differences]
    assert told == ["sync.prune at ConfigMap shop/settings: false → true"] * is_told


@pytest.mark.parametrize("annotation", NEVER)
@pytest.mark.parametrize("kind", CONTENTS)
def test_what_fluxd_ignored_too_is_no_question(kind: str, annotation: str) -> None:
    migration, report = judged({"apps/other.yaml": annotated(kind, IGNORED, own(annotation))}, OPTIONS)
    assert migration.ok
    assert report.ok


@pytest.mark.parametrize("annotation", [*NEVER, ONCE])
@pytest.mark.parametrize("kind", CONTENTS)
def test_what_flux_2_left_alone_before_it_may_leave_alone(kind: str, annotation: str) -> None:
    files: Files = {
        "apps/other.yaml": annotated(kind, AUTOMATED, own(annotation)),
        "clusters/prod/flux-system/gotk-sync.yaml": of_flux2("flux-system", "clusters/prod"),
        "clusters/prod/apps.yaml": of_flux2("apps", "apps"),
    }
    migration, report = judged(files, {})
    assert errors(migration) == []
    assert report.ok


@pytest.mark.parametrize(("annotation", "code"), [*((each, "RP053") for each in NEVER), (ONCE, "RP058")])
def test_a_release_that_flux_2_leaves_alone_is_missing(annotation: str, code: str) -> None:
    metadata = f"  annotations:\n{own(annotation)}"
    text = release().replace("metadata:\n", f"metadata:\n{metadata}")
    files: Files = {"apps/web.yaml": text}
    migration, report = judged(files, OPTIONS)
    assert [each.code for each in errors(migration)] == [code]
    assert [each.status for each in report.releases] == ["missing" if code == "RP053" else "different"]


def test_what_a_generator_makes_is_told_of_its_kustomization() -> None:
    files: Files = {
        "apps/kustomization.yaml": f"resources: [web.yaml]\n{GENERATED}",
        "apps/.flux.yaml": "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build .\n",
    }
    fluxd = {"fluxd": {"manifest_generation": True}, "name": "prod", "sync_paths": ["apps"]}
    migration, _ = judged(files, {"clusters": [fluxd]})
    found = [each for each in errors(migration) if each.code == "RP058"]
    assert [(each.path, each.message.partition(":")[0]) for each in found] == [
        ("apps/kustomization.yaml", "ConfigMap shop/settings")
    ]


@pytest.mark.parametrize(
    ("options", "told"),
    [({"scope": {"names": ["web"]}}, ["IM041"]), ({"overrides": [{"name": "settings", "leave": True}]}, [])],
    ids=["scope", "leave"],
)
def test_what_is_put_off_is_asked_of_only_where_fluxd_updates_it(
    options: dict[str, Any], told: list[str]
) -> None:
    files: Files = {"apps/other.yaml": annotated("Deployment", AUTOMATED, own(NEVER[0]))}
    migration, _ = judged(files, {**OPTIONS, **options})
    assert [each.code for each in errors(migration)] == told


def test_an_item_of_a_list_is_told_by_its_name() -> None:
    item = annotated("ConfigMap", own(NEVER[0])).replace("\n", "\n  ").rstrip()
    files: Files = {"apps/list.yaml": f"apiVersion: v1\nkind: List\nitems:\n- {item}\n"}
    migration, report = judged(files, OPTIONS)
    assert [(each.code, each.resource) for each in errors(migration)] == [
        ("RP058", "ConfigMap shop/settings")
    ]
    assert not report.ok


def test_each_cluster_that_misses_a_release_is_asked_about() -> None:
    text = release().replace("metadata:\n", f"metadata:\n  annotations:\n{own(NEVER[0])}")
    files: Files = {"base/web.yaml": text, "base/kustomization.yaml": "resources: [web.yaml]\n"}
    for name in ("eu", "us"):
        files[f"{name}/kustomization.yaml"] = "resources: [../base]\n"
    options: dict[str, Any] = {"sync_roots": ["eu", "us"]}
    migration = fm.migrate_repository(files, options)
    assert [(each.code, each.cluster) for each in errors(migration)] == [("RP053", "eu"), ("RP053", "us")]
    answers = migration.answers()
    assert [each["cluster"] for each in answers] == ["eu", "us"]
    assert fm.migrate_repository(files, {**options, "overrides": answers}).ok
    one = fm.migrate_repository(files, {**options, "overrides": answers[:1]})
    assert [each.cluster for each in errors(one)] == ["us"]


@pytest.mark.parametrize("leave", [True, False])
def test_what_fluxd_ignored_is_applied_only_if_a_person_leaves_it_so(leave: bool) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\n  namespace: shop\n"
    before = {
        "apps/web.yaml": release(),
        "apps/one.yaml": f"{text}  annotations: {{fluxcd.io/ignore: 'true'}}\n",
    }
    overrides = (fm.Override(path="apps/one.yaml", leave=True),) if leave else ()
    options = fm.MigrationOptions(sync_roots=("apps",), overrides=overrides)
    migration = fm.migrate_repository(before, options)
    assert migration.ok
    after = {**migration.files, "apps/one.yaml": before["apps/one.yaml"]}
    assert fm.verify_migration(before, after, options, declared=migration.declared).ok is leave
