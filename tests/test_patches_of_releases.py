"""Releases and what patches them: what is built is what the rules make of what was built before."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

import fluxv2_migrate as fm
from fluxv2_migrate.kustomize import KustomizeTree
from fluxv2_migrate.releases.patch_entries import KustomizationEdit
from fluxv2_migrate.releases.patch_texts import convert_closure
from manifest_texts import release_text
from patched_overlays import CHART, IMAGE, Files, hold_commuting, migrate, release, releases, tree
from patched_releases import patched_repositories
from real_kustomize import build_all, write_tree

# The session `thorough` asks for more.
EXAMPLES = int(os.environ.get("GENERATED_TREES", "12"))


@settings(max_examples=EXAMPLES, deadline=None)
@given(patched_repositories())
def test_overlays_build_what_their_releases_become(
    tmp_path_factory: pytest.TempPathFactory, drawn: tuple[Files, tuple[str, ...]]
) -> None:
    hold_commuting(*drawn, tmp_path_factory.mktemp("commuting"))


def test_of_a_patch_of_values_the_api_changes_and_nothing_else() -> None:
    patch = release('  # three\n  values:\n    a: [1,  "x"] # odd\n    b: >-\n      folded\n      text\n')
    files = tree("patchesStrategicMerge:\n- more.yaml\n", more=patch)
    migration = migrate(files)
    assert migration.ok
    wanted = patch.replace("helm.fluxcd.io/v1", "helm.toolkit.fluxcd.io/v2")
    assert migration.changed["prod/more.yaml"] == wanted


@pytest.mark.parametrize(
    ("patch", "written"),
    [
        # A mapping of which nothing is left goes.
        ("  helmVersion: v3\n", ""),
        ("  chart:\n    version: 2.0.0 # newer\n", "  chart:\n    spec:\n      version: 2.0.0 # newer\n"),
        ("  timeout: 900 # slow\n", "  timeout: 15m # slow\n"),
        ("  releaseName: own\n", "  releaseName: own\n"),
        ("  maxHistory: null\n", ""),
    ],
)
def test_fields_of_a_patch_become_those_of_flux_2(patch: str, written: str) -> None:
    migration = migrate(tree("patches:\n- path: more.yaml\n", more=release(patch)))
    text = migration.changed["prod/more.yaml"]
    assert text.partition("  namespace: shop\n")[2] == (f"spec:\n{written}" if written else "")


@pytest.mark.parametrize(
    ("patch", "written"),
    [
        (release("  timeout: 900\n"), "timeout: 15m"),
        (
            release("  rollback:\n    enable: true\n  timeout: 900\n"),
            "\n  timeout: 15m",
        ),
        (
            "- {op: add, path: /spec/timeout, value: 900}\n- {op: test, path: /spec/timeout, value: 900}\n",
            "value: 15m",
        ),
    ],
)
def test_what_a_patch_says_again_it_says_again_to_flux_2(patch: str, written: str) -> None:
    target = "  target: {kind: HelmRelease}\n"
    listed = f"patches:\n- path: more.yaml\n{target}- path: again.yaml\n{target}"
    files = tree(listed, more=release("  timeout: 900\n")) | {"prod/again.yaml": patch}
    migration = migrate(files)
    assert written in migration.changed["prod/again.yaml"]
    # It holds whatever becomes of the patch before it.
    text = str(migration.files["prod/kustomization.yaml"]).replace(f"- path: more.yaml\n{target}", "")
    (built,) = KustomizeTree({**migration.files, "prod/kustomization.yaml": text}).build("prod").objects[:1]
    assert built.manifest["spec"]["timeout"] == "15m"


@pytest.mark.parametrize(
    "text",
    [
        "{resources: [../base], namePrefix: live-, patches: [{path: more.yaml}]}\n",
        json.dumps({"resources": ["../base"], "patchesStrategicMerge": ["more.yaml"]}, indent=2) + "\n",
        "resources: [\n  ../base,\n]\npatches: [\n  {path: more.yaml},\n]\n",
    ],
    ids=["braces", "json", "brackets"],
)
def test_a_kustomization_in_braces_is_edited(text: str, tmp_path: Path) -> None:
    files = tree("", more=release("  timeout: 90\n"))
    assert hold_commuting({**files, "prod/kustomization.yaml": text}, ("prod",), tmp_path) == (1, 0)


def test_releases_that_one_patch_gives_one_name_are_told_by_it() -> None:
    files = tree(
        "- api.yaml\npatches:\n- path: more.yaml\n  target: {kind: HelmRelease}\n", api=release(CHART, "api")
    )
    migration = migrate(files | {"prod/more.yaml": release("  releaseName: own\n")})
    (error,) = [each for each in migration.findings if each.code == "HR113"]
    assert error.message == "HelmRelease shop/api has the same release name 'own'"
    assert (error.path, error.related) == ("base/web.yaml", ("prod/api.yaml:6",))


def test_a_release_that_a_patch_takes_out_goes_with_the_patch() -> None:
    patch = release("  {}\n").replace("metadata:", "$patch: delete\nmetadata:").partition("spec:")[0]
    migration = migrate(tree("patches:\n- path: less.yaml\n", less=patch))
    assert migration.ok
    assert "helm.toolkit.fluxcd.io/v2" in migration.changed["base/web.yaml"]
    assert "$patch: delete" in migration.changed["prod/less.yaml"]
    assert not fm.migrate_repository(migration.files).changed


def test_a_release_that_one_cluster_takes_out_is_there_for_the_other() -> None:
    patch = release("  {}\n").replace("metadata:", "$patch: delete\nmetadata:").partition("spec:")[0]
    files = tree("patchesStrategicMerge: [less.yaml]\n", less=patch)
    files |= {"dev/kustomization.yaml": "resources: [../base]\n"}
    migration = migrate(files, "dev", "prod")
    assert migration.ok
    options = fm.MigrationOptions(sync_roots=("dev", "prod"))
    assert fm.verify_migration(files, migration.files, options=options, declared=migration.declared).ok


@pytest.mark.parametrize(
    ("operations", "written"),
    [
        ('[{"op": "replace", "path": "/spec/chart/version", "value": "2.0.0"}]', "/spec/chart/spec/version"),
        ('[{"op": "add", "path": "/spec/values", "value": {"a": 1}}]', "/spec/values"),
        ('[{"op": "test", "path": "/spec/helmVersion", "value": "v3"}]', "/kind"),
        ('[{"op": "add", "path": "/spec/timeout", "value": 900}]', '"15m"'),
    ],
)
def test_operations_point_to_where_fields_are(operations: str, written: str) -> None:
    target = "  target: {group: helm.fluxcd.io, version: v1, kind: HelmRelease, name: web}\n"
    migration = migrate(tree(f"patches:\n- patch: '{operations}'\n{target}"))
    assert migration.ok
    text = migration.changed["prod/kustomization.yaml"]
    assert written in text
    assert "group: helm.toolkit.fluxcd.io, version: v2" in text


@pytest.mark.parametrize(
    ("operation", "says"),
    [
        ({"op": "add", "path": "/spec", "value": {"chart": {}}}, "as a whole"),
        (
            {"op": "add", "path": "/metadata", "value": {"name": "web", "namespace": "shop"}},
            "writes /metadata",
        ),
        ({"op": "replace", "path": "", "value": {}}, "as a whole"),
        ({"op": "remove", "path": "/spec"}, "as a whole"),
        ({"op": "move", "from": "/metadata", "path": "/spec"}, "writes /spec"),
    ],
)
def test_what_no_operation_can_say_holds_the_release_back(operation: dict[str, Any], says: str) -> None:
    target = "  target: {kind: HelmRelease, name: web}\n"
    files = tree(f"patches:\n- patch: '{json.dumps([operation])}'\n{target}")
    migration = migrate(files)
    assert dict(migration.files) == files
    errors = [each for each in migration.findings if each.severity == "error"]
    assert all(each.code != "RP004" or says in each.message for each in errors)
    assert errors


RELEASE_WITH_VALUES = f"{CHART}  values: {{a: 1, b: x}}\n"
CHART_VALUE = {"repository": "https://charts.example.com", "name": "web", "version": "1.2.3"}
RETRIES = {"enable": True, "retry": True, "maxRetries": 3}


@pytest.mark.parametrize(
    ("specs", "operation", "written"),
    [
        # A value that comes from elsewhere is written out.
        (
            [RELEASE_WITH_VALUES],
            {"op": "copy", "from": "/spec/chart/version", "path": "/spec/values/b"},
            '"value": "1.2.3"',
        ),
        (
            [RELEASE_WITH_VALUES],
            {"op": "move", "from": "/spec/values/b", "path": "/spec/releaseName"},
            '{"op": "remove", "path": "/spec/values/b"}',
        ),
        # So is all that a release specifies.
        (
            [f"{CHART}  values: {{other: {{timeout: 60, chart: {json.dumps(CHART_VALUE)}}}}}\n"],
            {"op": "move", "from": "/spec/values/other", "path": "/spec"},
            '"path": "/spec", "value": {"interval": "5m", "releaseName": "shop-web-0", "timeout": "1m"',
        ),
        ([CHART], {"op": "copy", "from": "/spec", "path": "/spec"}, '"path": "/spec", "value": {"interval"'),
        # What is around a field comes with it.
        (
            ["  helmVersion: v3\n"],
            {"op": "add", "path": "/spec/chart", "value": CHART_VALUE},
            '"path": "/spec/chart", "value": {"spec": {',
        ),
        # Where a field of Flux v1 goes, its default is written.
        ([f"{CHART}  releaseName: own\n"], {"op": "remove", "path": "/spec/releaseName"}, '"shop-web-0"'),
        # What only one release has goes from that one, and what is around a field only in one stays there.
        (
            [CHART, f"{CHART}  rollback: {{enable: true, wait: true}}\n"],
            {"op": "add", "path": "/spec/rollback", "value": {"enable": False}},
            "rollback: null",
        ),
        (
            [CHART, f"{CHART}  rollback: {{enable: true}}\n  wait: true\n"],
            {"op": "add", "path": "/spec/rollback", "value": RETRIES},
            "retries: 3",
        ),
    ],
)
def test_operations_do_what_they_did_to_each_release(
    specs: list[str], operation: dict[str, Any], written: str, tmp_path: Path
) -> None:
    files = tree(f"patches:\n- patch: '{json.dumps([operation])}'\n  target: {{kind: HelmRelease}}\n")
    for number, spec in enumerate(specs):
        files[f"base/web-{number}.yaml"] = release(spec, f"web-{number}")
    names = ", ".join(f"web-{number}.yaml" for number in range(len(specs)))
    files["base/kustomization.yaml"] = f"resources: [{names}]\n"
    assert hold_commuting(files, ("prod",), tmp_path) == (len(specs), 0)
    assert written in migrate(files).changed["prod/kustomization.yaml"]


WHOLE = """\
patches:
- target: {kind: HelmRelease}
  patch: |
    # all of it
    - op: replace # another one
      path: /spec
      value:
        releaseName: own-web
        timeout: 60 # slow
        # the chart
        chart:
          repository: https://charts.example.com
          name: web # its name
          version: 1.2.3
        values: {a: [1, 2]} # few
    - {op: add, path: /spec/values/b, value: 1}
    - op: remove
      path: /spec/timeout
"""


@pytest.mark.parametrize("op", ["replace", "add"])
@pytest.mark.parametrize("names", [("web",), ("web", "api")])
def test_an_operation_writes_all_that_a_release_specifies(
    op: str, names: tuple[str, ...], tmp_path: Path
) -> None:
    kustomization = WHOLE.replace("op: replace", f"op: {op}")
    if len(names) > 1:
        kustomization = kustomization.replace("        releaseName: own-web\n", "")
    files = tree(kustomization)
    files["base/kustomization.yaml"] = f"resources: [{', '.join(f'{name}.yaml' for name in names)}]\n"
    files |= {f"base/{name}.yaml": release(f"{CHART}  maxHistory: 3\n", name) for name in names}
    assert hold_commuting(files, ("prod",), tmp_path) == (len(names), 0)
    after = migrate(files).changed["prod/kustomization.yaml"]
    assert [each for each in kustomization.split() if each == "#"] == [
        each for each in after.split() if each == "#"
    ]
    assert "values: {a: [1, 2]} # few" in after


def test_what_differs_between_releases_no_operation_takes_from_elsewhere() -> None:
    operation = {"op": "copy", "from": "/spec/chart/version", "path": "/spec/values/b"}
    files = tree(f"patches:\n- patch: '{json.dumps([operation])}'\n  target: {{kind: HelmRelease}}\n")
    files["base/kustomization.yaml"] = "resources: [web.yaml, api.yaml]\n"
    files["base/web.yaml"] = release(RELEASE_WITH_VALUES)
    files["base/api.yaml"] = release(RELEASE_WITH_VALUES.replace("1.2.3", "2.0.0"), "api")
    migration = migrate(files)
    assert dict(migration.files) == files
    assert any("differs between releases" in each.message for each in migration.findings)


def test_an_operation_that_needs_what_a_replacement_writes_below_cannot_be_followed() -> None:
    operation = {"op": "test", "path": "/spec/values/b", "value": "own"}
    files = tree(f"patches:\n- patch: '{json.dumps([operation])}'\n  target: {{kind: HelmRelease}}\n")
    files["base/web.yaml"] = release(RELEASE_WITH_VALUES)
    files["base/kustomization.yaml"] = (
        "resources: [web.yaml, names.yaml]\nreplacements:\n- source: {kind: ConfigMap, fieldPath: data.a}\n"
        "  targets: [{select: {kind: HelmRelease}, fieldPaths: [spec.values.b]}]\n"
    )
    files["base/names.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: names}\ndata: {a: own}\n"
    migration = migrate(files)
    assert migration.files["base/web.yaml"] == files["base/web.yaml"]
    assert any("a patch cannot be followed" in each.message for each in migration.findings)


def test_an_operation_may_need_what_a_kustomization_gives_below(tmp_path: Path) -> None:
    operation = {"op": "add", "path": "/metadata/labels/x", "value": "y"}
    files = tree(f"patches:\n- patch: '{json.dumps([operation])}'\n  target: {{kind: HelmRelease}}\n")
    files["base/kustomization.yaml"] = "resources: [web.yaml]\ncommonLabels: {team: a}\n"
    assert hold_commuting(files, ("prod",), tmp_path) == (1, 0)


def test_a_target_finds_no_more_than_it_found() -> None:
    other = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: other\n"
    files = tree(
        "- other.yaml\npatches:\n- path: more.yaml\n  target: {group: helm.fluxcd.io, kind: HelmRelease}\n",
        other=f"{other}  namespace: shop\n",
        more=release("  timeout: 60\n", "all"),
    )
    migration = migrate(files)
    assert migration.ok
    assert "name: web}" in migration.changed["prod/kustomization.yaml"]
    assert "prod/other.yaml" not in migration.changed


AUTOMATED = "  annotations:\n    fluxcd.io/automated: 'true'\n    filter.fluxcd.io/chart-image: semver:~1.2\n"


LOCK = """\
apiVersion: helm.fluxcd.io/v1
kind: HelmRelease
metadata:
  name: web
  namespace: shop
  annotations:
    fluxcd.io/locked: 'true'
"""


def two_clusters() -> Files:
    """A cluster whose fluxd updates an image, and one over it whose fluxd leaves it."""
    lines = LOCK.replace("\n", "\n    ").rstrip()
    return {
        "dev/kustomization.yaml": "resources:\n- web.yaml\n",
        "dev/web.yaml": release(CHART + IMAGE).replace("spec:\n", f"{AUTOMATED}spec:\n", 1),
        "prod/kustomization.yaml": f"resources:\n- ../dev\npatches:\n- patch: |-\n    {lines}\n",
    }


@pytest.mark.parametrize("has_patch", [True, False])
def test_a_cluster_whose_fluxd_does_something_else_gets_a_text_of_its_own(has_patch: bool) -> None:
    files = two_clusters()
    if has_patch:
        files["prod/kustomization.yaml"] = "resources:\n- ../dev\npatches:\n- path: lock.yaml\n"
        files["prod/lock.yaml"] = LOCK
    migration = migrate(files, "dev", "prod")
    assert migration.ok
    own = "prod/lock.yaml" if has_patch else "prod/web-image.yaml"
    assert 'tag: "1.2.3"\n' in str(migration.files[own])
    assert "tag: 1.2.3 # {" in migration.changed["dev/web.yaml"]


@pytest.mark.parametrize(
    ("target", "codes"),
    [("{kind: HelmRelease}", ["IM016"]), ("{kind: HelmRelease, name: web}", [])],
)
def test_a_text_that_is_also_of_what_fluxd_leaves_is_not_marked(target: str, codes: list[str]) -> None:
    files: Files = {
        "prod/kustomization.yaml": "resources: [web.yaml, api.yaml]\npatches:\n- path: more.yaml\n"
        f"  target: {target}\n",
        "prod/web.yaml": release(CHART + IMAGE).replace("spec:\n", f"{AUTOMATED}spec:\n", 1),
        "prod/api.yaml": release(CHART + IMAGE, "api"),
        "prod/more.yaml": release("  values:\n    image:\n      tag: 1.2.4\n", "any"),
    }
    migration = migrate(files)
    errors = [each for each in migration.findings if each.severity == "error"]
    assert [each.code for each in errors] == codes
    assert all("HelmRelease shop/api" in each.message for each in errors)
    assert ("# {" in migration.changed["prod/more.yaml"]) is not bool(codes)


def test_a_text_of_one_release_is_marked_beside_one_that_several_share() -> None:
    automated = release(CHART + IMAGE).replace("spec:\n", f"{AUTOMATED}spec:\n", 1)
    tag = "  values:\n    image:\n      tag: 1.2.4\n"
    files: Files = {
        "prod/kustomization.yaml": "resources: [web.yaml, api.yaml, db.yaml]\npatches:\n- path: more.yaml\n"
        "  target: {kind: HelmRelease, name: web|api}\n- path: db-tag.yaml\n",
        "prod/web.yaml": automated,
        "prod/api.yaml": release(CHART + IMAGE, "api"),
        "prod/db.yaml": automated.replace("name: web\n", "name: db\n", 1),
        "prod/more.yaml": release(tag, "any"),
        "prod/db-tag.yaml": release(tag, "db"),
    }
    migration = migrate(files)
    assert [each.code for each in migration.findings if each.severity == "error"] == ["IM016"]
    assert "# {" not in str(migration.files["prod/more.yaml"])
    assert "# {" in str(migration.files["prod/db-tag.yaml"])


HALF = "  helmVersion: v3\n  timeout: 60\n"
SOURCE = "  chart:\n    repository: https://charts.example.com\n    name: web\n"


@pytest.mark.parametrize(
    ("base", "patches"),
    [
        (HALF, [SOURCE + "    version: 1.2.3\n"]),
        (HALF + "  chart: {version: 1.2.3}\n", [SOURCE]),
        (HALF, ["  chart: {version: 1.2.3}\n", SOURCE]),
    ],
    ids=["no chart", "a version alone", "two patches"],
)
def test_a_base_gets_its_chart_from_its_overlay(base: str, patches: list[str], tmp_path: Path) -> None:
    names = [f"own-{number}" for number in range(len(patches))]
    files = tree(
        "patches:\n" + "".join(f"- path: {name}.yaml\n" for name in names),
        **{name: release(patch) for name, patch in zip(names, patches, strict=True)},
    )
    assert hold_commuting({**files, "base/web.yaml": release(base)}, ("prod",), tmp_path) == (1, 0)


def test_a_release_that_every_cluster_takes_out_goes_with_each_of_the_patches() -> None:
    patch = release("  {}\n").replace("metadata:", "$patch: delete\nmetadata:").partition("spec:")[0]
    files = tree("patches:\n- path: less.yaml\n", less=patch)
    files |= {path.replace("prod/", "dev/"): text for path, text in files.items() if path.startswith("prod/")}
    migration = migrate(files, "dev", "prod")
    assert migration.ok
    assert "helm.toolkit.fluxcd.io/v2" in migration.changed["base/web.yaml"]
    for name in ("dev", "prod"):
        assert "helm.toolkit.fluxcd.io/v2" in migration.changed[f"{name}/less.yaml"]


def test_a_target_that_loses_an_annotation_names_the_namespace_too(tmp_path: Path) -> None:
    files: Files = {
        "prod/kustomization.yaml": "resources: [web.yaml, other.yaml]\npatches:\n- path: more.yaml\n"
        "  target: {kind: HelmRelease, annotationSelector: fluxcd.io/locked=true}\n",
        "prod/web.yaml": release(CHART).replace(
            "spec:\n", "  annotations:\n    fluxcd.io/locked: 'true'\nspec:\n", 1
        ),
        "prod/other.yaml": release(CHART).replace("shop", "team"),
        "prod/more.yaml": release("  timeout: 60\n"),
    }
    migration = migrate(files)
    assert migration.ok
    assert "{kind: HelmRelease, name: web, namespace: shop}" in migration.changed["prod/kustomization.yaml"]
    write_tree(migration.files, tmp_path)
    (build,) = build_all([tmp_path / "prod"])
    found = releases(build.objects, "helm.toolkit.fluxcd.io")
    assert {name: each["spec"].get("timeout") for name, each in found.items()} == {
        "shop/web": "1m",
        "team/web": None,
    }


def test_a_whole_release_that_patches_nothing_is_told_as_an_unused_patch() -> None:
    files = tree("patches:\n- path: more.yaml\n  target: {name: nobody}\n", more=release(CHART, "more"))
    migration = migrate(files)
    assert [(each.code, each.path) for each in migration.findings if each.severity != "info"] == [
        ("RP070", "prod/more.yaml")
    ]
    assert "prod/more.yaml" not in migration.changed


def test_what_an_api_server_would_refuse_once_it_is_patched_stays() -> None:
    named = f"  releaseName: web\n  targetNamespace: {'a' * 64}\n"
    files = tree("patches:\n- path: more.yaml\n", more=release(named))
    migration = migrate(files)
    assert dict(migration.files) == files
    (error,) = (each for each in migration.findings if each.severity == "error")
    assert error.code == "RP004"
    assert "spec.storageNamespace of what HelmRelease shop/web becomes" in error.message


def test_what_is_declared_of_a_patched_release_is_declared_with_its_value() -> None:
    chart = "  helmVersion: v3\n  chart: {git: https://git.example.com/charts, ref: main, path: web}\n"
    files = tree("patches:\n- path: more.yaml\n", more=release("  timeout: 60\n"))
    files["base/web.yaml"] = release(chart)
    migration = migrate(files)
    declared = migration.declared["base/web.yaml", "HelmRelease shop/web"]
    assert declared["chart.new_chart_on"] == "commit"
    wrong = dict(migration.files)
    wrong["base/web.yaml"] = str(wrong["base/web.yaml"]).replace(
        "reconcileStrategy: Revision", "interval: 1m"
    )
    options = fm.MigrationOptions(sync_roots=("prod",))
    (entry,) = fm.verify_migration(files, wrong, options, declared=migration.declared).releases
    assert [each.field for each in entry.differences] == ["chart.new_chart_on"]


VALUES_OF_OTHERS = """\
patches:
- patch: |-
    apiVersion: helm.toolkit.fluxcd.io/v2
    kind: HelmRelease
    metadata: {name: web, namespace: shop}
    spec: {values: {b: 1}}
"""


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("x: [", "prod would not build: prod/kustomization.yaml:"),
        (VALUES_OF_OTHERS, "prod would build another HelmRelease shop/web: spec.values"),
        ("namePrefix: x-\n", "prod would build another HelmRelease shop/web: metadata.name"),
        ("configMapGenerator: [{name: x}]\n", "prod would hold other objects of its generators"),
    ],
)
def test_a_closure_whose_text_builds_something_else_stays(
    more: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No way to one is known; the trial is there for the ways that nobody knows."""

    def wrong(*given: Any) -> Any:
        made = convert_closure(*given)
        edit = KustomizationEdit("prod/kustomization.yaml", lambda text: text + more)
        return replace(made, edits=(*made.edits, edit))

    monkeypatch.setattr("fluxv2_migrate.releases.texts.convert_closure", wrong)
    files = tree("patchesStrategicMerge: [more.yaml]\n", more=release("  timeout: 60\n"))
    migration = migrate(files)
    assert dict(migration.files) == files
    (error,) = (each for each in migration.findings if each.severity == "error")
    assert error.code == "RP004"
    assert says in error.message


@pytest.mark.parametrize(
    ("path", "old", "new", "more"),
    [
        # The names of files for the patch are taken.
        ("", "", "", {"prod/web-image.yaml": "a: 1\n", "prod/web-chart-image.yaml": "a: 1\n"}),
        # A number would become a text.
        ("dev/web.yaml", "tag: 1.2.3", "tag: 12", {}),
        # A kustomization with an anchor at the list is not edited.
        ("prod/kustomization.yaml", "patches:", "patches: &x", {}),
    ],
)
def test_a_text_for_one_cluster_that_cannot_be_written_is_told(
    path: str, old: str, new: str, more: Files
) -> None:
    files = {**two_clusters(), **more}
    if path:
        files[path] = str(files[path]).replace(old, new)
    migration = migrate(files, "dev", "prod")
    assert any(
        each.code == "IM016" and "does not write it for prod" in each.message for each in migration.findings
    )
    assert "tag: " not in migration.changed["prod/kustomization.yaml"]


def test_a_number_that_becomes_the_text_of_a_tag_in_a_patch_is_declared_of_the_release() -> None:
    files = two_clusters()
    files["prod/kustomization.yaml"] = "resources:\n- ../dev\npatches:\n- path: tag.yaml\n"
    files["prod/tag.yaml"] = release("  values:\n    image:\n      tag: 1.10\n")
    migration = migrate(files, "dev", "prod")
    assert migration.ok
    # The chart got a number, which has no zero at its end.
    assert 'tag: "1.1" # {' in migration.changed["prod/tag.yaml"]
    options = fm.MigrationOptions(sync_roots=("dev", "prod"))
    assert fm.verify_migration(files, migration.files, options=options, declared=migration.declared).ok


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # An image without a tag has no field that is written.
        ("      tag: 1.2.3\n", "      other: 1\n"),
        # A tag that a replacement writes stands nowhere as a text of its own.
        ("", ""),
    ],
)
def test_an_image_that_has_no_field_to_write_needs_no_text_of_its_own(old: str, new: str) -> None:
    files = two_clusters()
    if old:
        files["dev/web.yaml"] = str(files["dev/web.yaml"]).replace(old, new)
    else:
        files["dev/kustomization.yaml"] = (
            "resources: [web.yaml, names.yaml]\n"
            "replacements:\n- source: {kind: ConfigMap, fieldPath: data.a}\n"
            "  targets: [{select: {kind: HelmRelease}, fieldPaths: [spec.values.image.tag]}]\n"
        )
        config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: names}\ndata: {a: 1.2.4}\n"
        files["dev/names.yaml"] = config
    migration = migrate(files, "dev", "prod")
    assert "tag: " not in migration.changed["prod/kustomization.yaml"]
    assert "prod/web-image.yaml" not in migration.files


def test_a_release_that_is_taken_out_and_that_nobody_can_read_holds_its_closure_back() -> None:
    files: dict[str, str | bytes] = {
        "base/kustomization.yaml": "resources: [web.yaml, jobs.yaml]\n",
        "base/web.yaml": release_text(CHART),
        "base/jobs.yaml": release_text(f"  targetNamespace: 1_000\n{CHART}", name="jobs"),
        "dev/kustomization.yaml": "resources: [../base]\npatchesStrategicMerge: [less.yaml]\n",
        "dev/less.yaml": release_text("  timeout: 60\n")
        + "---\n"
        + release_text("  timeout: 60\n", name="jobs").replace("metadata:", "$patch: delete\nmetadata:"),
    }
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("dev",)))
    assert [each.code for each in migration.findings if each.severity == "error"] == ["RP006"]
    assert "base/jobs.yaml" not in migration.changed
