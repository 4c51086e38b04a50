"""The patches that fluxd put over a build become patches of its kustomization, by the names known there."""

from __future__ import annotations

from pathlib import Path

import pytest

import fluxv2_migrate as fm
from fluxv2_migrate.clusters.reading import see_repository
from fluxv2_migrate.preparation.fluxd_patches import list_fluxd_patches
from fluxv2_migrate.repository.reading import read_repository
from real_kustomize import build_all, write_tree

Files = dict[str, str | bytes]
FLUX_YAML = """\
version: 1
patchUpdated:
  generators:
  - command: kustomize build .
  patchFile: flux-patch.yaml
"""
WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: app
        image: ghcr.io/acme/web:1.4.7
"""


def patch(name: str, namespace: str) -> str:
    return f"""\
---
apiVersion: apps/v1
kind: Deployment
metadata:
  annotations:
    fluxcd.io/automated: "true"
    fluxcd.io/tag.app: semver:~1.4
  name: {name}
{namespace}spec:
  template:
    spec:
      $setElementOrder/containers:
      - name: app
      containers:
      - image: ghcr.io/acme/web:1.4.9
        name: app
"""


@pytest.mark.parametrize("folder", ["", "prod/"])
@pytest.mark.parametrize(
    ("own", "name", "namespace", "earlier"),
    [
        ("", "web", "", ""),
        ("namespace: shop\n", "web", "  namespace: shop\n", ""),
        ("images: [{name: other, newTag: '1'}]\n", "web", "", ""),
        ("namespace: shop\n", "web", "  namespace: shop\n", "  namespace: base\n"),
    ],
)
def test_what_fluxd_patched_is_patched_by_kustomize(
    tmp_path: Path, folder: str, own: str, name: str, namespace: str, earlier: str
) -> None:
    files: Files = {
        f"{folder}.flux.yaml": FLUX_YAML,
        f"{folder}kustomization.yaml": f"{own}resources:\n- base\n",
        f"{folder}base/kustomization.yaml": "resources:\n- web.yaml\n",
        f"{folder}base/web.yaml": WEB.replace("  name: web\n", f"  name: web\n{earlier}", 1),
        f"{folder}flux-patch.yaml": patch(name, namespace),
    }
    options = fm.MigrationOptions(sync_roots=(folder.rstrip("/"),))
    migration = fm.migrate_repository(files, options)
    assert migration.ok
    write_tree(migration.files, tmp_path)
    (build,) = build_all([tmp_path / folder])
    (found,) = [each for each in build.objects if each["kind"] == "Deployment"]
    assert found["metadata"] == {"name": name} | ({"namespace": "shop"} if namespace else {})
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == "ghcr.io/acme/web:1.4.9"
    text = migration.files[f"{folder}flux-patch.yaml"]
    assert isinstance(text, str)
    assert '$imagepolicy": "' in text
    assert fm.migrate_repository(migration.files, options).files == migration.files


def test_a_patch_names_what_is_renamed_behind_it() -> None:
    files: Files = {
        ".flux.yaml": FLUX_YAML,
        "kustomization.yaml": "namePrefix: eu-\nnamespace: shop\nresources:\n- web.yaml\n",
        "web.yaml": WEB,
        "flux-patch.yaml": patch("eu-web", "  namespace: shop\n"),
    }
    repository = read_repository(files)
    patches = list_fluxd_patches(files, see_repository(files, repository, fm.MigrationOptions()))
    (listed,) = patches.listed
    assert listed.patches == patch("web", "")
    assert listed.text.endswith("- path: flux-patch.yaml\n")


def test_releases_are_patched_by_their_earlier_names() -> None:
    release = """\
apiVersion: helm.fluxcd.io/v1
kind: HelmRelease
metadata:
  name: web
spec:
  helmVersion: v3
  releaseName: web
  chart:
    repository: https://charts.example.com
    name: web
    version: 1.2.3
"""
    over = "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata:\n  name: web\n  namespace: shop\n"
    files: Files = {
        "prod/.flux.yaml": FLUX_YAML,
        "prod/kustomization.yaml": "namespace: shop\nresources:\n- web.yaml\n",
        "prod/web.yaml": release,
        "prod/flux-patch.yaml": f"{over}spec:\n  values:\n    replicas: 3 # as deployed\n",
    }
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("prod",)))
    assert migration.ok
    assert migration.files["prod/flux-patch.yaml"] == (
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: web\n"
        "spec:\n  values:\n    replicas: 3 # as deployed\n"
    )
    assert "flux-patch.yaml" in str(migration.files["prod/kustomization.yaml"])
    assert fm.verify_migration(files, migration.files, declared=migration.declared).ok


ALONE: Files = {
    ".flux.yaml": FLUX_YAML,
    "kustomization.yaml": "resources:\n- web.yaml\n",
    "web.yaml": WEB,
    "flux-patch.yaml": patch("web", ""),
}
DELETED = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\n$patch: delete\n"


@pytest.mark.parametrize(
    ("files", "roots", "reason"),
    [
        (
            {f"prod/{path}": text for path, text in ALONE.items()}
            | {"dev/kustomization.yaml": "resources: [../prod]\n"},
            ("prod", "dev"),
            "other kustomizations build on prod/kustomization.yaml",
        ),
        (
            ALONE
            | {
                "kustomization.yaml": "replicas: [{name: web, count: 2}]\nresources: [web.yaml]\n",
                "flux-patch.yaml": patch("web", "") + "  replicas: 3\n",
            },
            ("",),
            "kustomization.yaml would build something else with it",
        ),
        # What a patch takes out has another name before the build, which nothing tells.
        (
            ALONE
            | {
                "kustomization.yaml": "namespace: shop\nresources: [web.yaml]\n",
                "web.yaml": f"{WEB}---\n{WEB.replace('name: web', 'name: api')}",
                "flux-patch.yaml": patch("web", "  namespace: shop\n")
                + DELETED.replace("name: api", "name: api, namespace: shop"),
            },
            ("",),
            "kustomization.yaml would build something else with it",
        ),
    ],
)
def test_a_patch_that_no_kustomization_can_list_is_told(
    files: Files, roots: tuple[str, ...], reason: str
) -> None:
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=roots))
    assert any(each.code == "RP071" and reason in each.message for each in migration.findings)


def test_a_patch_without_the_namespace_that_the_build_gives_stays_as_it_is() -> None:
    files = ALONE | {"kustomization.yaml": "namespace: shop\nresources:\n- web.yaml\n"}
    repository = read_repository(files)
    patches = list_fluxd_patches(files, see_repository(files, repository, fm.MigrationOptions()))
    assert patches.listed[0].patches == files["flux-patch.yaml"]


def test_only_tags_of_images_that_run_are_told_otherwise() -> None:
    names = "{name: ghcr.io/acme/web, newTag: 1.4.7}, {name: other, newTag: '1'}, {name: b, newName: c}"
    files = ALONE | {"kustomization.yaml": f"images: [{names}]\nresources:\n- web.yaml\n"}
    migration = fm.migrate_repository(files)
    (told,) = (each for each in migration.findings if each.code == "RP072")
    assert "ghcr.io/acme/web:1.4.7, and 1.4.9 runs" in told.message
