"""Patches that tie releases together, of which one stays: they are split, and its neighbours go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import fluxv2_migrate as fm
from patched_overlays import CHART, Files, alone, effective, release, releases
from real_kustomize import build_all, write_tree
from test_flux_kustomizations import kustomization
from test_twins import SOURCE, twin

OLD = CHART.replace("v3", "v2")
MORE = release("  timeout: 60\n  chart: {version: 9.9.9}\n", "any")
OPERATION = '[{"op": "replace", "path": "/spec/chart/version", "value": "9.9.9"}]'
SAME = release("  timeout: 90\n", "db")
ALL = "  target: {kind: HelmRelease}\n"


def tree(kustomization: str, **files: str) -> Files:
    """Three releases of which one is of Helm 2, and an overlay over them."""
    return {
        "base/kustomization.yaml": "resources: [api.yaml, db.yaml, web.yaml]\n",
        "base/api.yaml": release(CHART, "api"),
        "base/db.yaml": release(OLD, "db"),
        "base/web.yaml": release(CHART),
        "prod/kustomization.yaml": f"resources: [../base]\n{kustomization}",
        **{f"prod/{name}.yaml": text for name, text in files.items()},
    }


def hold(files: Files, folder: Path, *roots: str, **options: Any) -> list[str]:
    """Holds that what goes is right and what stays is what it was; gives the names of what stays."""
    given = fm.MigrationOptions(sync_roots=roots or ("prod",), **options)
    migration = fm.migrate_repository(files, given)
    assert fm.migrate_repository(migration.files, given).files == dict(migration.files)
    write_tree(files, folder / "before")
    write_tree(migration.files, folder / "after")
    stay: set[str] = set()
    for root in roots or ("prod",):
        before, after = build_all([folder / "before" / root, folder / "after" / root])
        assert (before.error, after.error) == ("", "")
        was = releases(before.objects, "helm.fluxcd.io")
        becomes, left = (
            releases(after.objects, group) for group in ("helm.toolkit.fluxcd.io", "helm.fluxcd.io")
        )
        assert was.keys() == becomes.keys() | left.keys()
        assert all(manifest == was[name] for name, manifest in left.items())
        for name, manifest in becomes.items():
            assert effective(manifest, after.objects) == alone(was[name])
        stay |= set(left)
    return sorted(stay)


SPLIT: dict[str, Files] = {
    "a file": tree(f"patches:\n- path: more.yaml\n{ALL}", more=MORE),
    "operations": tree(f"patches:\n- patch: '{OPERATION}'\n{ALL.replace('{', '{version: v1, ')}"),
    "a file of operations": tree(f"patches:\n- path: more.json\n{ALL}") | {"prod/more.json": OPERATION},
    "a block": tree(f"patches:\n- patch: |-\n    {MORE.rstrip().replace(chr(10), chr(10) + '    ')}\n{ALL}"),
    "one file for two": tree(
        "patches:\n- {path: more.yaml, target: {kind: HelmRelease, name: db}}\n"
        "- {path: more.yaml, target: {kind: HelmRelease, name: web}}\n",
        more=MORE,
    ),
    "a component": {
        **tree("components: [../part]\n"),
        "part/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
        f"patches:\n- path: more.yaml\n{ALL}",
        "part/more.yaml": MORE,
    },
    "an order": tree(f"patches:\n- path: more.yaml\n{ALL}- path: own.yaml\n", more=MORE, own=SAME),
    "a taken name": tree(f"patches:\n- path: more.yaml\n{ALL}", more=MORE) | {"prod/more-db.yaml": "a: 1\n"},
}


@pytest.mark.parametrize("name", sorted(SPLIT))
def test_what_stays_keeps_its_patch_and_the_others_go(name: str, tmp_path: Path) -> None:
    assert hold(SPLIT[name], tmp_path) == ["shop/db"]


def test_an_environment_with_helm_2_holds_its_release_back_alone(tmp_path: Path) -> None:
    files = tree(f"patches:\n- path: more.yaml\n{ALL}", more=MORE)
    files |= {
        "base/db.yaml": release(CHART, "db"),
        "dev/kustomization.yaml": "resources: [../base]\npatches: [{path: old.yaml}]\n",
        "dev/old.yaml": release("  helmVersion: v2\n", "web"),
    }
    assert hold(files, tmp_path, "prod", "dev") == ["shop/web"]


def test_a_release_that_a_person_leaves_holds_nobody_back(tmp_path: Path) -> None:
    files = tree(f"patches:\n- path: more.yaml\n{ALL}", more=MORE) | {"base/db.yaml": release(CHART, "db")}
    left = [fm.Override(name="web", leave=True)]
    assert hold(files, tmp_path, overrides=left) == ["shop/web"]


TIED: dict[str, Files] = {
    # What comes later for each of them would come before it then.
    "an order": tree(
        f"patches:\n- path: more.yaml\n{ALL}- path: own.yaml\n- path: its.yaml\n",
        more=MORE,
        own=SAME,
        its=SAME.replace("name: db", "name: web"),
    ),
    "a replacement": tree(
        "replacements:\n- sourceValue: '9'\n  targets:\n  - select: {kind: HelmRelease}\n"
        "    fieldPaths: [spec.chart.version]\n"
    ),
    "names": tree(f"patches:\n- path: more.yaml\n{ALL}", more=MORE)
    | {f"prod/more-db{each}.yaml": "a: 1\n" for each in ("", "-2", "-3")},
    "one name": tree("- ../other\npatches:\n- path: more.yaml\n" + ALL, more=MORE)
    | {
        "prod/kustomization.yaml": f"resources: [../base, ../other]\npatches:\n- path: more.yaml\n{ALL}",
        "other/kustomization.yaml": "resources: [a.yaml, b.yaml]\n",
        "other/a.yaml": release(OLD, "api").replace("namespace: shop", "namespace: other"),
        "other/b.yaml": release(CHART, "db").replace("namespace: shop", "namespace: other"),
    },
}


@pytest.mark.parametrize("name", sorted(TIED))
def test_what_cannot_be_split_stays_together(name: str) -> None:
    files = TIED[name]
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("prod",)))
    assert dict(migration.files) == files
    assert not migration.ok


def test_patches_of_a_kustomization_of_flux_2_stay_together() -> None:
    files = {path: text for path, text in tree("").items() if path.startswith("base/")} | {
        "clusters/apps.yaml": kustomization(
            "./base",
            patches=[{"patch": json.dumps(json.loads(OPERATION)), "target": {"kind": "HelmRelease"}}],
        )
    }
    migration = fm.migrate_repository(files)
    assert dict(migration.files) == files
    assert not migration.ok


REPLACED = (
    "replacements:\n- sourceValue: '9'\n  targets:\n  - select: {kind: HelmRelease}\n"
    "    fieldPaths: [spec.chart.version]\n"
)
ONE_CLUSTER = fm.MigrationOptions(clusters=(fm.Cluster(name="live", sync_paths=("prod", "new")),))


@pytest.mark.parametrize("is_twin", [False, True])
@pytest.mark.parametrize("ties", [REPLACED, f"patches:\n- path: more.yaml\n{ALL}"])
def test_what_flux_has_twice_stays_and_its_neighbours_go_where_they_can(ties: str, is_twin: bool) -> None:
    files = tree(ties, more=MORE.replace("  chart: {version: 9.9.9}\n", ""))
    files["base/kustomization.yaml"] = "resources: [api.yaml, web.yaml]\n"
    del files["base/db.yaml"]
    if is_twin:
        files |= {"new/web.yaml": twin(), "new/source.yaml": SOURCE}
    else:
        files["new/old.yaml"] = release(CHART + "  releaseName: shop-web\n", "old")
    migration = fm.migrate_repository(files, ONE_CLUSTER)
    told = {(each.code, each.path): each for each in migration.findings if each.severity == "error"}
    assert ("RP007" if is_twin else "HR113", "base/web.yaml") in told
    assert migration.files["base/web.yaml"] == files["base/web.yaml"]
    held = told.get(("RP004", "base/api.yaml"))
    assert (held is None) == ("base/api.yaml" in migration.changed) == (ties != REPLACED)
    assert held is None or "base/web.yaml:1 stays, which hangs together with it" in held.message


def test_a_release_whose_source_has_no_place_holds_back_what_hangs_together_with_it() -> None:
    hourly = '[{"op": "replace", "path": "/spec/interval", "value": "1h"}]'
    changed = f"patches:\n- target: {{kind: HelmRepository, name: example}}\n  patch: '{hourly}'\n"
    files: Files = {
        "prod/kustomization.yaml": f"resources: [web.yaml, api.yaml]\n{REPLACED}{changed}",
        "prod/web.yaml": release(CHART),
        "prod/api.yaml": release(CHART.replace("charts.example.com", "charts.example.net/other"), "api"),
    }
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("prod",)))
    assert dict(migration.files) == files
    told = {(each.code, each.path) for each in migration.findings if each.severity == "error"}
    assert ("RP014", "prod/web.yaml") in told
    assert ("RP014", "prod/api.yaml") not in told
