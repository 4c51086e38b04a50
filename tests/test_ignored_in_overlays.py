"""What fluxd ignored in one overlay only, Flux v2 leaves there and nowhere else, whoever says so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import fluxv2_migrate as fm
from fluxv2_migrate.flux1 import read_policies
from fluxv2_migrate.flux2.apply_annotations import PRUNE, RECONCILE
from fluxv2_migrate.preparation import ignored_objects
from manifest_texts import workload_text
from patched_overlays import CHART, Files, migrate, release
from real_kustomize import build_all, write_tree

MARKS = "  annotations:\n    fluxcd.io/ignore: '{value}'\n"
DEPLOYMENT = workload_text("team: a", image="ghcr.io/acme/web:1.2.3")
PATCH = "apiVersion: {api}\nkind: {kind}\nmetadata:\n  name: web\n  namespace: shop\n"
OPERATION = '[{{"op": "add", "path": "/metadata/annotations/fluxcd.io~1ignore", "value": "{value}"}}]'


def given_by(form: str, kind: str, value: str) -> Files:
    """Two overlays over one object, of which one says that fluxd ignores it."""
    marked = release(CHART).replace("spec:", "  annotations: {team: a}\nspec:", 1)
    text = DEPLOYMENT if kind == "Deployment" else marked
    api = text.partition("\n")[0].removeprefix("apiVersion: ")
    patch = PATCH.format(api=api, kind=kind) + MARKS.format(value=value)
    lines = patch.replace("\n", "\n    ").rstrip()
    overlays = {
        "file": "patchesStrategicMerge: [more.yaml]\n",
        "inline": f"patches:\n- patch: |-\n    {lines}\n",
        "target": f"patches:\n- target: {{kind: {kind}}}\n  patch: |-\n    {lines}\n",
        "operation": f"patches:\n- target: {{kind: {kind}}}\n  patch: '{OPERATION.format(value=value)}'\n",
        "common": f"commonAnnotations: {{fluxcd.io/ignore: '{value}'}}\n",
    }
    return {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": text,
        "dev/kustomization.yaml": f"resources: [../base]\n{overlays[form]}",
        "prod/kustomization.yaml": "resources: [../base]\n",
        **({"dev/more.yaml": patch} if form == "file" else {}),
    }


def _is_web(manifest: Mapping[str, Any]) -> bool:
    """Gives whether it is the object, with the hash in its name where it is generated."""
    return str(manifest["metadata"]["name"]).partition("-")[0] == "web"


def hold_ignored(files: Files, folder: Path, *roots: str) -> fm.Migration:
    """Holds that each root leaves under Flux v2 what it left under fluxd."""
    migration = migrate(files, *roots)
    assert migration.ok
    for name, tree in (("before", files), ("after", migration.files)):
        write_tree(tree, folder / name)
    builds = [build_all(folder / name / root for root in roots) for name in ("before", "after")]
    for was, becomes in zip(*builds, strict=True):
        assert not was.error + becomes.error
        (old,) = filter(_is_web, was.objects)
        (new,) = filter(_is_web, becomes.objects)
        policies = read_policies(old["metadata"].get("annotations"))
        marks = new["metadata"].get("annotations") or {}
        assert (marks.get(RECONCILE) == "disabled") == policies.ignored
        assert (marks.get(PRUNE) == "disabled") == policies.sync_only
        if "spec" not in new:
            # It is generated, and a file that patches it stays as it is.
            continue
        # Where the pods have it too, it stays: they would be started anew.
        pods = (new["spec"].get("template") or {}).get("metadata") or {}
        assert ("fluxcd.io/ignore" in marks) == ("fluxcd.io/ignore" in (pods.get("annotations") or {}))
    return migration


@pytest.mark.parametrize(("kind", "value"), [("HelmRelease", "true"), ("Deployment", "sync_only")])
@pytest.mark.parametrize("form", ["file", "inline", "target", "operation", "common"])
def test_an_overlay_ignores_what_it_ignored(form: str, kind: str, value: str, tmp_path: Path) -> None:
    hold_ignored(given_by(form, kind, value), tmp_path, "dev", "prod")


@pytest.mark.parametrize(
    ("kind", "value"), [("HelmRelease", "null"), ("HelmRelease", "sync_only"), ("Deployment", "'false'")]
)
def test_an_overlay_takes_back_what_its_base_ignores(kind: str, value: str, tmp_path: Path) -> None:
    files = given_by("file", kind, "true")
    text = str(files["base/web.yaml"])
    files["base/web.yaml"] = text.replace("{team: a}", "{team: a, fluxcd.io/ignore: 'true'}")
    files["dev/more.yaml"] = str(files["dev/more.yaml"]).replace("'true'", value)
    hold_ignored(files, tmp_path, "dev", "prod")


@pytest.mark.parametrize("form", ["inline", "operation", "common"])
def test_an_overlay_ignores_an_item_of_a_list(form: str, tmp_path: Path) -> None:
    files = given_by(form, "Deployment", "true")
    items = (DEPLOYMENT, DEPLOYMENT.replace("name: web", "name: other"))
    lines = "".join("- " + each.replace("\n", "\n  ").rstrip() + "\n" for each in items)
    files["base/web.yaml"] = f"apiVersion: v1\nkind: List\nitems:\n{lines}"
    hold_ignored(files, tmp_path, "dev", "prod")


def generated(form: str, kind: str) -> Files:
    """Two overlays over what is generated."""
    generator = "- {name: web, namespace: shop, literals: [a=b], options: {annotations: {team: a}}}\n"
    files = given_by(form, kind, "true")
    del files["base/web.yaml"]
    return {
        **{path: str(text).replace("helm.fluxcd.io/", "") for path, text in files.items()},
        "base/kustomization.yaml": f"{kind[0].lower()}{kind[1:]}Generator:\n{generator}",
    }


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
@pytest.mark.parametrize("form", ["file", "inline", "target", "operation", "common"])
def test_an_overlay_ignores_what_is_generated(form: str, kind: str, tmp_path: Path) -> None:
    hold_ignored(generated(form, kind), tmp_path, "dev", "prod")


def test_a_region_says_once_what_all_of_its_clusters_ignore(tmp_path: Path) -> None:
    files = given_by("inline", "HelmRelease", "true")
    for name in ("dev-1", "dev-2"):
        files[f"{name}/kustomization.yaml"] = "resources: [../dev]\n"
    migration = hold_ignored(files, tmp_path, "dev-1", "dev-2", "prod")
    assert sum(str(text).count(RECONCILE) for text in migration.files.values()) == 2


def test_a_release_that_stays_keeps_all_of_its_overlays() -> None:
    files = given_by("inline", "HelmRelease", "true")
    files["base/web.yaml"] = str(files["base/web.yaml"]).replace("v3", "v2")
    assert dict(migrate(files, "dev", "prod").files) == files


@pytest.mark.parametrize(
    "files", [given_by("inline", "Deployment", "true"), generated("inline", "ConfigMap")]
)
def test_what_is_put_off_stays(files: Files) -> None:
    options = fm.MigrationOptions(sync_roots=("dev", "prod"), scope=fm.Scope(names=("other",)))
    assert fm.migrate_repository(files, options).files == files


@pytest.mark.parametrize(("field", "is_left"), [("patches:", True), ("resources:", False)])
def test_an_overlay_whose_patches_cannot_be_edited_is_left(field: str, *, is_left: bool) -> None:
    files = given_by("inline", "Deployment", "true")
    files["dev/kustomization.yaml"] = str(files["dev/kustomization.yaml"]).replace(field, f"{field} &x")
    migration = migrate(files, "dev", "prod")
    assert ("RP004" in {each.code for each in migration.findings}) is is_left
    assert (dict(migration.files) == files) is is_left


@pytest.mark.parametrize(
    ("api", "namespace"), [("extensions/v1beta1", "shop"), ("apps/v1", "more")], ids=["group", "namespace"]
)
@pytest.mark.parametrize("form", ["inline", "operation"])
def test_another_object_of_the_same_name_is_not_ignored(form: str, api: str, namespace: str) -> None:
    own = {
        path: re.sub("\n *namespace: shop(?=\n)", "", str(text))
        for path, text in given_by(form, "Deployment", "true").items()
    }
    other = DEPLOYMENT.replace("apps/v1", api).replace("namespace: shop", f"namespace: {namespace}")
    listed = own["dev/kustomization.yaml"].replace("[../base]", "[../base, other.yaml]")
    target = "target: {group: apps, kind: Deployment, namespace: default}"
    files = {
        **own,
        "dev/other.yaml": other,
        "dev/kustomization.yaml": listed.replace("target: {kind: Deployment}", target),
    }
    options = fm.MigrationOptions(sync_roots=("dev", "prod"), overrides=(fm.Override(accept=("DA015",)),))
    migration = fm.migrate_repository(files, options)
    assert migration.ok
    assert fm.verify_migration(files, migration.files, options, declared=migration.declared).ok
    assert [
        text.count(RECONCILE) for path, text in sorted(migration.files.items()) if isinstance(text, str)
    ] == [0, 0, 1, 0, 0]


def test_what_a_build_would_not_take_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ignored_objects, "builds_alike", lambda *_: False)
    migration = migrate(given_by("inline", "Deployment", "true"), "dev", "prod")
    assert "RP004" in {each.code for each in migration.findings if each.severity == "error"}


def test_a_workload_that_waits_has_its_overlays_said_once() -> None:
    """Its own annotations stay as well, and are asked again in the next run."""
    marks = MARKS.format(value="true") + "    fluxcd.io/automated: 'true'\n"
    waiting = workload_text(image="ghcr.io/Acme/web:1.2.3").replace("spec:\n", f"{marks}spec:\n", 1)
    patch = PATCH.format(api="apps/v1", kind="Deployment") + MARKS.format(value="sync_only")
    lines = patch.replace("\n", "\n    ").rstrip()
    files: Files = {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": waiting,
        "dev/kustomization.yaml": f"resources: [../base]\npatches:\n- patch: |-\n    {lines}\n",
    }
    migration = migrate(files, "dev")
    assert {each.code for each in migration.findings if each.severity == "error"} == {"IM029"}
    assert f"{RECONCILE}: null" in str(migration.files["dev/kustomization.yaml"])
    assert migrate(dict(migration.files), "dev").files == migration.files
