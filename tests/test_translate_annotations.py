"""One workload at a time, in every form in which people have it."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

import fluxv2_migrate as fm
from workloads import AUTOMATED, deployment, release

FILTER = {**AUTOMATED, "fluxcd.io/tag.app": "semver:~1.4"}
TEXT = """apiVersion: helm.fluxcd.io/v1
kind: HelmRelease
metadata:
  name: web
  namespace: shop
  annotations:
    fluxcd.io/automated: "true"
    fluxcd.io/tag.chart-image: semver:~1.4
spec:
  chart: {repository: https://charts.example.com, name: web, version: 1.0.0}
  values:
    image: {repository: ghcr.io/acme/web, tag: 1.4.7}
"""


def test_a_text_a_mapping_and_a_model_are_read_alike() -> None:
    (model,) = fm.parse_manifests(TEXT)
    found = fm.translate_annotations(TEXT)
    assert fm.translate_annotations(model) == fm.translate_annotations(model.to_manifest()) == found
    assert found.markers == {
        "spec.values.image.repository": "flux-system:web:name",
        "spec.values.image.tag": "flux-system:web:tag",
    }
    assert [each.to_manifest()["metadata"] for each in (*found.repositories, *found.policies)] == [
        {"name": "web", "namespace": "flux-system"}
    ] * 2
    assert pickle.loads(pickle.dumps(found)) == found


def test_what_is_given_is_not_changed() -> None:
    manifest = deployment(FILTER)
    before = copy.deepcopy(manifest)
    fm.translate_annotations(manifest)
    assert manifest == before


def test_what_is_done_to_annotations_is_told() -> None:
    found = fm.translate_annotations(deployment({**FILTER, "fluxcd.io/ignore": "sync_only"}))
    assert [(change.rule, change.fields, change.target_field) for change in found.changes] == [
        (
            "annotations",
            ("metadata.annotations.fluxcd.io/ignore",),
            "metadata.annotations.kustomize.toolkit.fluxcd.io/prune",
        ),
        (
            "annotations",
            ("metadata.annotations.fluxcd.io/ignore",),
            "metadata.annotations.kustomize.toolkit.fluxcd.io/prune",
        ),
        ("annotations", ("metadata.annotations.fluxcd.io/automated",), ""),
        ("annotations", ("metadata.annotations.fluxcd.io/tag.app",), ""),
    ]


def test_nothing_comes_of_what_has_no_annotations() -> None:
    for manifest in ({"kind": "Secret"}, {"kind": "List", "items": [{"kind": "Secret"}, 1]}, deployment({})):
        assert fm.translate_annotations(manifest) == fm.ImageAutomation()


def test_a_text_that_is_no_manifest_is_refused() -> None:
    for text in ("a: [", "- 1", "a: 1\n---\nb: 2\n"):
        with pytest.raises(fm.InvalidManifest):
            fm.translate_annotations(text)


def test_the_workloads_of_a_list_stand_beside_each_other() -> None:
    items = [deployment(FILTER), deployment(FILTER, name="api"), {"kind": "Secret", "metadata": None}]
    found = fm.translate_annotations({"kind": "List", "items": items})
    # Both use one image with one filter, and so one policy, which bears the name of the image.
    assert found.markers == {
        "items.0.spec.template.spec.containers.0.image": "flux-system:web",
        "items.1.spec.template.spec.containers.0.image": "flux-system:web",
    }
    assert len(found.policies) == len(found.repositories) == 1


def test_accounts_and_secrets_of_a_list_are_found() -> None:
    account = {
        "kind": "ServiceAccount",
        "metadata": {"name": "default", "namespace": "shop"},
        "imagePullSecrets": [{"name": "registry"}, {"no": "name"}],
    }
    found = fm.translate_annotations({"kind": "List", "items": [account, deployment(FILTER)]})
    (need,) = found.prerequisites
    assert (need.name, need.copy_of) == ("registry", "shop/registry")
    assert [finding.code for finding in found.findings] == ["IM009"]


def test_one_question_is_one_finding() -> None:
    image = "acme.azurecr.io/web:1.4.7"
    two = {**FILTER, "fluxcd.io/tag.log": "semver:~1.4"}
    found = fm.translate_annotations(deployment(two, {"app": image, "log": image}))
    assert [finding.code for finding in found.findings] == ["IM010"]
    assert found.findings[0].resource == "Deployment shop/web"
    assert found.findings[0].field == "spec.template.spec.containers.0.image"


def test_what_a_person_accepts_is_not_told_again() -> None:
    manifest = deployment({**FILTER, "fluxcd.io/something": "true"}, {"app": "acme.azurecr.io/web:1.4.7"})
    for accept, left in (
        ((), ["AN013", "IM010"]),
        (("AN013",), ["IM010"]),
        (("IM010", "AN013"), []),
    ):
        options = fm.MigrationOptions(overrides=(fm.Override(name="web", accept=accept),))
        found = fm.translate_annotations(manifest, options)
        assert [finding.code for finding in found.findings] == left
    unknown = deployment(AUTOMATED, {"app": "ghcr.io/acme/web:3f1c2ab"})
    options = fm.MigrationOptions(overrides=(fm.Override(accept=("IM005",)),))
    assert [each.code for each in fm.translate_annotations(unknown, options).findings] == ["IM005"]


@pytest.mark.parametrize(
    ("options", "version"),
    [
        (fm.MigrationOptions(), "v1"),
        (fm.MigrationOptions(flux_version="2.6"), "v1beta2"),
        (fm.MigrationOptions(clusters=(fm.Cluster(name="a", flux_version="2.6"),)), "v1beta2"),
        (fm.MigrationOptions(clusters=(fm.Cluster(name="a"),)), "v1"),
    ],
)
def test_objects_have_the_version_of_the_flux(options: fm.MigrationOptions, version: str) -> None:
    found = fm.translate_annotations(deployment(FILTER), options)
    assert found.policies[0].api_version == f"image.toolkit.fluxcd.io/{version}"


def test_the_fluxd_of_the_cluster_decides_what_is_scanned() -> None:
    fluxd = fm.Fluxd(read_only=True)
    options = fm.MigrationOptions(clusters=(fm.Cluster(name="a", fluxd=fluxd),))
    found = fm.translate_annotations(release(FILTER), options)
    assert (found.markers, {each.code for each in found.findings}) == ({}, {"AN009", "IM008"})


def test_images_go_where_the_options_say() -> None:
    options = fm.MigrationOptions(images=fm.Placement(namespace="release"))
    found: Any = fm.translate_annotations(deployment(FILTER), options)
    assert set(found.markers.values()) == {"shop:web"}
    options = fm.MigrationOptions(flux_namespace="gitops")
    assert set(fm.translate_annotations(deployment(FILTER), options).markers.values()) == {"gitops:web"}
