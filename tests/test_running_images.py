"""Images of a repository held against those that its cluster runs."""

from __future__ import annotations

import pytest

import fluxv2_migrate as fm
from fluxv2_migrate import LiveImage

RELEASE = """\
apiVersion: helm.fluxcd.io/v1
kind: HelmRelease
metadata: {name: web, namespace: shop}
spec:
  helmVersion: v3
  chart: {repository: https://charts.example.com, name: web, version: 1.2.3}
  targetNamespace: front
  values:
    image: {repository: ghcr.io/acme/front, tag: 1.0.0}
"""
WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
  namespace: shop
  annotations: {NOTE: "true"}
spec:
  template:
    spec:
      initContainers:
      - {name: setup, image: busybox}
      containers:
      - {name: api, image: "IMAGE"}
"""


def running(
    image: str, container: str = "api", kind: str = "Deployment", namespace: str = "shop"
) -> LiveImage:
    return LiveImage(kind=kind, namespace=namespace, name="api", container=container, image=image)


def told(files: dict[str, str], *images: LiveImage, **options: object) -> list[str]:
    given = fm.MigrationOptions.model_validate({"inventory": fm.Inventory(images=images), **options})
    migration = fm.migrate_repository({"web.yaml": RELEASE, **files}, given)
    return [each.message for each in migration.findings if each.code == "IN010"]


def workload(image: str = "ghcr.io/acme/api:1.4.2", note: str = "example.com/note") -> str:
    return WORKLOAD.replace("IMAGE", image).replace("NOTE", note)


@pytest.mark.parametrize(
    ("asked", "runs"),
    [
        ("ghcr.io/acme/api:1.4.2", "ghcr.io/acme/api:1.4.2"),
        ("nginx", "docker.io/library/nginx:latest"),
        ("ghcr.io/acme/api:1.4.2", "ghcr.io/acme/api:1.4.2@sha256:ab"),
        ("ghcr.io/acme/api@sha256:ab", "ghcr.io/acme/api:1.0@sha256:ab"),
    ],
)
def test_the_same_image_may_be_written_in_several_ways(asked: str, runs: str) -> None:
    assert told({"api.yaml": workload(asked)}, running(runs), running("busybox", "setup")) == []


@pytest.mark.parametrize(
    ("asked", "runs"),
    [
        ("ghcr.io/acme/api:1.4.2", "ghcr.io/acme/api:1.4.5"),
        ("ghcr.io/acme/api:1.4.2", "ghcr.io/acme/web:1.4.2"),
        ("ghcr.io/acme/api", "ghcr.io/acme/api:1.0"),
        ("ghcr.io/acme/api@sha256:ab", "ghcr.io/acme/api@sha256:cd"),
    ],
)
@pytest.mark.parametrize("note", ["example.com/note", "fluxcd.io/automated"])
def test_another_image_is_told_with_both(asked: str, runs: str, note: str) -> None:
    (message,) = told({"api.yaml": workload(asked, note)}, running(runs))
    assert runs in message
    assert asked in message
    # Tables do not say of which kind a workload is.
    assert len(told({"api.yaml": workload(asked, note)}, running(runs, kind=""))) == 1


def test_containers_and_lists_are_compared_one_by_one() -> None:
    items = workload().replace("\n", "\n  ").rstrip()
    files = {"list.yaml": f"apiVersion: v1\nkind: List\nitems:\n- {items}\n"}
    images = (running("ghcr.io/acme/api:1.4.2"), running("alpine", "setup"))
    assert len(told(files, *images)) == 1


def test_what_fluxd_ignored_and_what_is_elsewhere_is_not_compared() -> None:
    other = running("ghcr.io/acme/api:2.0.0")
    assert told({"api.yaml": workload(note="fluxcd.io/ignore")}, other) == []
    assert told({"api.yaml": workload()}, running("ghcr.io/acme/api:2.0.0", namespace="test")) == []
    assert told({"api.yaml": workload()}, running("ghcr.io/acme/api:2.0.0", kind="DaemonSet")) == []
    made = "configMapGenerator:\n- name: a\n  literals: [a=b]\nresources:\n- api.yaml\n"
    built = {"kustomization.yaml": f"{made}- web.yaml\n", "api.yaml": workload()}
    assert len(told(built, other)) == 1
    chart = {"chart/Chart.yaml": "name: a\nversion: 1.0.0\n", "chart/templates/api.yaml": workload()}
    assert told(chart, other) == []


def test_images_of_a_release_are_looked_for_in_its_target_namespace() -> None:
    newer = running("ghcr.io/acme/front:1.0.5", namespace="front")
    (message,) = told({}, newer)
    assert message.startswith("HelmRelease shop/web runs ghcr.io/acme/front:1.0.5")
    # One of several is as it should be.
    assert told({}, newer, running("ghcr.io/acme/front:1.0.0", namespace="front")) == []
    assert told({}, running("ghcr.io/acme/front:1.0.5", namespace="shop")) == []


def test_each_cluster_is_compared_with_what_it_runs() -> None:
    files = {f"{name}/web.yaml": RELEASE for name in ("eu", "us")}
    files |= {f"{name}/api.yaml": workload() for name in ("eu", "us")}
    clusters = [
        {"name": name, "sync_paths": [name], "inventory": inventory}
        for name, inventory in (
            ("eu", fm.Inventory(images=(running("ghcr.io/acme/api:2.0.0"),))),
            ("us", fm.Inventory(records=())),
        )
    ]
    options = fm.MigrationOptions.model_validate({"clusters": clusters})
    found = [each for each in fm.migrate_repository(files, options).findings if each.code == "IN010"]
    assert [(each.path, each.cluster) for each in found] == [("eu/api.yaml", "eu")]
    assert found[0].message.startswith("in eu: Deployment ")


def test_a_person_settles_it() -> None:
    accepted = fm.Override(kind="Deployment", accept=("IN010",))
    assert told({"api.yaml": workload()}, running("ghcr.io/acme/api:2.0.0"), overrides=[accepted]) == []
