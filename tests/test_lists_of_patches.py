"""Patches that stand in a list: its items are patches as documents are, and become documents."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import fluxv2_migrate as fm
from fluxv2_migrate.yaml_text import CannotEdit, items_as_documents
from patched_overlays import CHART, Files, hold_commuting, migrate, release, tree
from test_flux_kustomizations import kustomization

WEB = release("  # slow\n  timeout: 90 # at night\n  values: {a: [1,  2]}\n")
API = release("  releaseName: own\n  values:\n    b: [3]\n", "api")
OTHER = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: site, namespace: shop}\ndata: {a: b}\n"


def item(text: str, dash: int = 0) -> str:
    rows = text.splitlines(keepends=True)
    return "".join(f"{' ' * dash}{'- ' if not index else '  '}{row}" for index, row in enumerate(rows))


def listed(*texts: str, head: str = "apiVersion: v1\nkind: List\n", dash: int = 0) -> str:
    return f"{head}items:\n" + "".join(item(each, dash) for each in texts)


IN_BRACKETS = json.dumps({"apiVersion": "v1", "kind": "List", "items": [yaml.safe_load(WEB)]})
LISTS = {
    "one": listed(WEB),
    "two": listed(WEB, API),
    "deeper, and something else": listed(OTHER, WEB, dash=2),
    "comments": listed(WEB, API, head="# all\napiVersion: v1 # core\nkind: List # of two\n# these\n"),
    "items first": f"items:\n{item(WEB)}{item(API)}kind: List # two\napiVersion: v1\n",
    "in a list": listed(listed(WEB), API),
    "another kind": listed(WEB, API, head="apiVersion: helm.fluxcd.io/v1\nkind: HelmReleaseList\n"),
    "beside a document": f"{API}---\n# more\n{listed(WEB)}",
    "json": f"{IN_BRACKETS}\n",
    "brackets": f"apiVersion: v1\nkind: List\nitems: [{json.dumps(yaml.safe_load(API))}]",
    "other line ends": listed(WEB, API).replace("\n", "\r\n"),
}


def overlay(patch: str, text: str) -> Files:
    files = tree(f"- api.yaml\n- site.yaml\n{patch}", patch=text)
    return {**files, "prod/api.yaml": release(CHART, "api"), "prod/site.yaml": OTHER}


@pytest.mark.parametrize("patch", ["patches:\n- path: patch.yaml\n", "patchesStrategicMerge: [patch.yaml]\n"])
@pytest.mark.parametrize("text", LISTS.values(), ids=LISTS)
def test_what_a_list_patches_is_built_as_before(text: str, patch: str, tmp_path: Path) -> None:
    files = overlay(patch, text)
    assert hold_commuting(files, ("prod",), tmp_path) == (2, 0)
    after = str(migrate(files).files["prod/patch.yaml"])
    assert "kind: List" not in after
    assert after.count("#") == text.count("#")
    assert after.endswith("\n") == text.endswith("\n")
    assert after.count("\n") == after.count("\r\n") or "\r\n" not in text


@pytest.mark.parametrize("beside", ["", "  target: {kind: HelmRelease, name: web}\n"])
def test_a_list_that_stands_in_a_kustomization(beside: str, tmp_path: Path) -> None:
    lines = "".join(f"    {row}\n" for row in listed(WEB).splitlines())
    files = overlay(f"patches:\n- patch: |-\n{lines}{beside}", "")
    assert hold_commuting(files, ("prod",), tmp_path) == (2, 0)
    after = str(migrate(files).files["prod/kustomization.yaml"])
    assert "List" not in after
    assert "# at night" in after
    assert "values: {a: [1,  2]}" in after


def test_a_list_that_stands_in_a_kustomization_of_flux_2() -> None:
    given = kustomization("./apps", patches=[{"patch": listed(WEB)}])
    files: Files = {
        "clusters/prod/sync.yaml": kustomization("./clusters/prod"),
        "clusters/prod/apps.yaml": given,
        "apps/web.yaml": release(CHART),
    }
    migration = fm.migrate_repository(files)
    assert migration.ok
    after = str(migration.files["clusters/prod/apps.yaml"])
    assert "List" not in after
    assert "timeout: 1m30s" in after
    assert fm.verify_migration(files, migration.files, declared=migration.declared).ok


@pytest.mark.parametrize("together", [listed, lambda *texts: "---\n".join(texts)], ids=["list", "documents"])
@pytest.mark.parametrize("is_file", [True, False])
def test_values_of_several_patches_are_read_as_flux_1_read_them(
    is_file: bool, together: Callable[..., str]
) -> None:
    text = together(WEB, release("  values:\n    b: yes\n", "api"))
    if is_file:
        files = overlay("patches:\n- path: patch.yaml\n", text)
    else:
        files = overlay("patches:\n- patch: |\n" + "".join(f"    {row}\n" for row in text.splitlines()), "")
    migration = migrate(files)
    assert migration.ok
    assert "b: true" in str(migration.files["prod/patch.yaml" if is_file else "prod/kustomization.yaml"])
    options = fm.MigrationOptions(sync_roots=("prod",))
    assert fm.verify_migration(files, migration.files, options, declared=migration.declared).ok


COMMENTED = IN_BRACKETS.replace('"items": [', '"items": [ # why\n')
SHARED = (
    "- &x\n  apiVersion: helm.fluxcd.io/v1\n  kind: HelmRelease\n  metadata: {name: web, namespace: shop}\n"
)


@pytest.mark.parametrize(
    "text",
    [
        f"apiVersion: v1\nkind: List\nitems:\n{SHARED}  spec: {{timeout: &t 90}}\n"
        + item(API.replace("  releaseName: own\n", "  timeout: *t\n")),
        COMMENTED,
        listed(WEB).replace("- api", "-\n  api"),
    ],
    ids=["alias", "comment in brackets", "dash alone"],
)
def test_one_question_where_a_list_cannot_be_written_as_documents(text: str) -> None:
    files = overlay("patches:\n- path: patch.yaml\n", text)
    migration = migrate(files)
    (error,) = [each for each in migration.findings if each.severity == "error"]
    assert error.code == "RP008"
    assert "prod/patch.yaml patches them in a list that cannot be written as documents" in error.message
    assert "prod/patch.yaml" not in migration.changed
    assert "base/web.yaml" not in migration.changed


@pytest.mark.parametrize("text", [listed(WEB), COMMENTED], ids=["documents", "list"])
def test_a_list_that_patches_nothing_is_told_as_other_patches_are(text: str) -> None:
    target = "patches:\n- path: patch.yaml\n  target: {kind: HelmRelease, name: none}\n"
    migration = migrate(overlay(target, text))
    assert migration.ok
    assert [each.path for each in migration.findings if each.code == "RP070"] == ["prod/patch.yaml"]


def test_what_names_a_list_and_lists_no_patch_stays() -> None:
    """A file of another kustomization's own, and a kustomization of patches that are none."""
    files = overlay("patches:\n- path: patch.yaml\n", f"# List\n{WEB}")
    files["more/kustomization.yaml"] = "# List of helm.fluxcd.io/v1\npatches: [{path: ../x.yaml}]\n"
    files["more/apps.yaml"] = (
        kustomization("./apps", patches=[{"path": "x"}]) + "# List of helm.fluxcd.io/v1\n"
    )
    migration = migrate(files)
    assert "# List\n" in str(migration.files["prod/patch.yaml"])
    assert migration.files["more/kustomization.yaml"] == files["more/kustomization.yaml"]
    assert migration.files["more/apps.yaml"] == files["more/apps.yaml"]


def test_a_list_of_whole_releases_stays() -> None:
    migration = migrate({**overlay("", ""), "prod/api.yaml": listed(release(CHART, "api"))})
    assert [each.code for each in migration.findings if each.severity == "error"] == ["RP008"]


@pytest.mark.parametrize("text", ["- a\n", "items: 1\n", "items: []\n", "a: &x [1]\nitems: *x\n"])
def test_no_documents_of_what_is_no_list(text: str) -> None:
    with pytest.raises(CannotEdit, match="items"):
        items_as_documents(text, "items")


def test_an_item_that_would_be_several_documents_stays() -> None:
    with pytest.raises(CannotEdit, match="something else by itself"):
        items_as_documents("items:\n- one\n  --- two\n", "items")


def test_comments_below_an_item_go_with_it() -> None:
    text = "---\nitems: # some\n  - a: 1\n    # of a\n  # above b\n  - b: 2\n    # of b\n# end\nkind: List\n"
    wanted = "---\n# some\n# end\na: 1\n# of a\n---\n# above b\nb: 2\n# of b\n"
    assert items_as_documents(text, "items") == wanted
