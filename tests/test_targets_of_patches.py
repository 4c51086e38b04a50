"""What patches are for: after the migration they find what they found, whatever goes or comes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import fluxv2_migrate as fm
from manifest_texts import AUTOMATED, workload_text
from patched_overlays import CHART, Files, migrate, release
from real_kustomize import build_all, write_tree

VERSION = '[{"op": "replace", "path": "/spec/chart/version", "value": "2.0.0"}]'
LABEL = '[{"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}]'
MARKED = "  annotations: {fluxcd.io/automated: 'true'}\nspec:\n"
DEPLOYMENT = workload_text(AUTOMATED, name="app", image="ghcr.io/acme/app:1.2.3")
OTHER = DEPLOYMENT.replace("name: app\n  n", "name: other\n  n").replace('"true"', '"false"')


def tree(target: str, operations: str, more: str = "") -> Files:
    image = "  values: {image: {repository: ghcr.io/acme/web, tag: 1.2.3}}\n"
    return {
        "prod/kustomization.yaml": f"resources: [api.yaml, web.yaml, app.yaml, other.yaml]\n{more}"
        f"patches:\n- target: {target}\n  patch: '{operations}'\n",
        "prod/api.yaml": release(CHART, "api"),
        "prod/web.yaml": release(CHART + image).replace("spec:\n", MARKED, 1),
        "prod/app.yaml": DEPLOYMENT,
        "prod/other.yaml": DEPLOYMENT.replace("name: app\n  n", "name: other\n  n").replace(
            '"true"', '"false"'
        ),
    }


def patched(files: Mapping[str, str | bytes], folder: Path, operations: str) -> set[str]:
    """Gives the names of what the patch reached."""
    write_tree(files, folder)
    (built,) = build_all([folder / "prod"])
    assert built.error == ""
    found = set()
    for each in (one for one in built.objects if one["kind"] in ("HelmRelease", "Deployment")):
        if operations == LABEL and each["metadata"].get("labels") == {"a": "b"}:
            found.add(f"{each['kind']} {each['metadata']['name']}")
        if operations == VERSION and "2.0.0" in yaml.safe_dump(each):
            found.add(f"{each['kind']} {each['metadata']['name']}")
    return found


@pytest.mark.parametrize(
    ("target", "operations"),
    [
        ("{annotationSelector: fluxcd.io/automated=true}", LABEL),
        ("{kind: HelmRelease, annotationSelector: fluxcd.io/automated}", VERSION),
        ("{kind: Deployment, annotationSelector: 'fluxcd.io/automated in (true)'}", LABEL),
        ("{kind: Deployment, annotationSelector: fluxcd.io/automated=none}", LABEL),
        ("{kind: Helm.*}", VERSION),
        ("{kind: Helm.*}", LABEL),
        ("{group: 'helm\\.fluxcd\\.io|apps'}", LABEL),
        ("{name: web|app}", LABEL),
        ("{version: v1, group: helm.*}", VERSION),
    ],
)
def test_a_patch_finds_what_it_found(target: str, operations: str, tmp_path: Path) -> None:
    files = tree(target, operations)
    before = patched(files, tmp_path / "before", operations)
    migration = migrate(files)
    assert patched(migration.files, tmp_path / "after", operations) == before
    assert "helm.toolkit.fluxcd.io/v2" in str(migration.files["prod/web.yaml"])


def test_what_no_name_tells_apart_keeps_its_target() -> None:
    selected = "{kind: Deployment, annotationSelector: fluxcd.io/automated=true}"
    same = DEPLOYMENT.replace('"true"', '"false"').replace("namespace: shop", "namespace: default")
    files = tree(selected, LABEL) | {
        "prod/app.yaml": DEPLOYMENT.replace("  namespace: shop\n", ""),
        "prod/other.yaml": same,
    }
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("prod",)))
    target: Any = yaml.safe_load(str(migration.files["prod/kustomization.yaml"]))["patches"][0]["target"]
    assert "name" not in target


def test_in_a_base_a_patch_names_what_it_found_there() -> None:
    base = tree("{annotationSelector: fluxcd.io/automated=true}", LABEL)
    files: Files = {
        **{path.replace("prod/", "base/"): text for path, text in base.items()},
        "prod/kustomization.yaml": "resources: [../base]\n",
        "dev/kustomization.yaml": "resources: [app.yaml]\n",
        "dev/app.yaml": DEPLOYMENT,
    }
    migration = migrate(files, "prod", "dev")
    target: Any = yaml.safe_load(str(migration.files["base/kustomization.yaml"]))["patches"][0]["target"]
    assert "annotationSelector" not in target
    assert "name" in target
