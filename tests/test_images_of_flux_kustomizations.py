"""Images in Kustomizations of Flux v2: the tag that runs stands there, and is marked there."""

from __future__ import annotations

from typing import Any

import pytest

import fluxv2_migrate as fm
from patched_overlays import Files
from test_flux_kustomizations import kustomization

IMAGE = "registry.example.com/shop/api"
SOURCE = {"kind": "GitRepository", "name": "flux-system"}
MARKS = "  annotations:\n    fluxcd.io/automated: 'true'\n    filter.fluxcd.io/api: semver:~1\n"
WORKLOAD = f"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
  namespace: shop
{MARKS}spec:
  template:
    spec:
      containers:
      - name: api
        image: {IMAGE}:1.0.0
"""


def tree(*clusters: str, own: str = "", **image: Any) -> Files:
    """Clusters that sync one folder, each with a tag of its own."""
    files: Files = {
        "apps/kustomization.yaml": f"resources: [api.yaml]\n{own}",
        "apps/api.yaml": WORKLOAD,
    }
    for number, name in enumerate(clusters):
        images = [{"name": IMAGE, "newTag": f"1.{number + 3}.0", **image}]
        files[f"clusters/{name}/gotk-sync.yaml"] = kustomization(f"./clusters/{name}", sourceRef=SOURCE)
        # Another one stands before it in its file.
        other = kustomization("./more", suspend=True)
        own_one = kustomization("./apps", images=images, sourceRef=SOURCE)
        files[f"clusters/{name}/apps.yaml"] = f"{other}---\n{own_one}"
    return files


@pytest.mark.parametrize(
    ("files", "image"),
    [
        (tree("prod"), IMAGE),
        (tree("prod", "dev"), IMAGE),
        (tree("prod", own=f"images: [{{name: {IMAGE}, newTag: 1.2.0}}]\n"), IMAGE),
        (tree("prod", newName="mirror.example.com/api"), "mirror.example.com/api"),
    ],
    ids=["one cluster", "two clusters", "over images of the folder", "another name"],
)
def test_the_marker_stands_at_the_tag_that_runs(files: Files, image: str) -> None:
    migration = fm.migrate_repository(files)
    assert migration.ok
    assert "fluxcd.io" not in str(migration.files["apps/api.yaml"])
    assert fm.verify_migration(files, migration.files, declared=migration.declared).ok
    after = fm.simulate_image_update(migration.files, {image: ["1.0.0", "1.9.0", "2.0.0"]})
    changed = sorted(path for path in after if after[path] != migration.files[path])
    assert changed == sorted(path for path in files if path.endswith("/apps.yaml"))
    assert all("newTag: 1.9.0" in str(after[path]) for path in changed)


@pytest.mark.parametrize("image", [{"newTag": None}, {"newTag": None, "newName": "mirror.example.com/api"}])
def test_a_tag_from_elsewhere_is_none_of_it(image: dict[str, Any]) -> None:
    migration = fm.migrate_repository(tree("prod", **image))
    assert all(
        "$imagepolicy" not in str(migration.files[path]) for path in tree("prod") if "clusters" in path
    )


def test_two_that_sync_one_folder_hold_the_image_back() -> None:
    files = tree("prod")
    files["clusters/prod/more.yaml"] = str(files["clusters/prod/apps.yaml"]).replace("1.3.0", "1.4.0")
    migration = fm.migrate_repository(files)
    assert migration.files["apps/api.yaml"] == WORKLOAD
    assert not migration.ok


def test_a_marker_of_an_image_that_nobody_wrote_is_found_where_it_goes() -> None:
    files = tree("prod")
    migration = fm.migrate_repository(files)
    before = {**files, "apps/api.yaml": WORKLOAD.replace("spec:", "    fluxcd.io/locked: 'true'\nspec:", 1)}
    assert not fm.verify_migration(before, migration.files, declared=migration.declared).ok
