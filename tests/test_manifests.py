"""A manifest may be a mapping, a text or a model, and is the same in each form."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

import fluxv2_migrate as fm
from manifest_texts import release_text

TEXT = release_text(
    """\
  helmVersion: v3
  targetNamespace: shop
  chart:
    repository: https://charts.example.com/
    name: web
    version: 1.4.2
  values:
    gone: null
""",
    namespace="teams",
)


def manifest() -> dict[str, Any]:
    (model,) = fm.parse_manifests(TEXT)
    return model.to_manifest()


def test_each_form_of_a_release_is_converted_to_the_same() -> None:
    (model,) = fm.parse_manifests(TEXT)
    conversions = [fm.convert_helm_release(form) for form in (TEXT, model, manifest())]
    assert conversions[0].release is not None
    assert conversions[0].release.to_manifest()["spec"]["values"] == {"gone": None}
    assert conversions[0] == conversions[1] == conversions[2]
    assert pickle.loads(pickle.dumps(conversions[0])) == conversions[0]


def test_a_conversion_changes_nothing_of_what_it_is_given() -> None:
    given = manifest()
    fm.convert_helm_release(given)
    assert given == manifest()


@pytest.mark.parametrize(
    ("document", "model"),
    [
        ("{apiVersion: helm.fluxcd.io/v1, kind: HelmRelease}", fm.flux1.HelmRelease),
        ("{apiVersion: flux.weave.works/v1beta1, kind: HelmRelease}", fm.flux1.HelmRelease),
        (
            "{apiVersion: helm.integrations.flux.weave.works/v1alpha2, kind: FluxHelmRelease}",
            fm.flux1.FluxHelmRelease,
        ),
        ("{apiVersion: source.toolkit.fluxcd.io/v1, kind: Bucket}", fm.flux2.Bucket),
        ("{apiVersion: apps/v1, kind: Deployment}", fm.Unstructured),
        # Kinds of the same names, of others.
        ("{apiVersion: kustomize.config.k8s.io/v1beta1, kind: Kustomization}", fm.Unstructured),
        ("{apiVersion: example.com/v1, kind: HelmRelease}", fm.Unstructured),
    ],
)
def test_a_document_becomes_the_model_of_its_group_and_kind(document: str, model: type) -> None:
    (parsed,) = fm.parse_manifests(document)
    assert type(parsed) is model


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("apiVersion: v1\nkind: Secret\n---\n- 1\n", 3),
        ("{kind: 1}\n", 1),
        ("a: [\n", 2),
        ("a: 1\na: 2\n", 2),
        (TEXT.replace("version: 1.4.2", "version: [1]"), 12),
    ],
)
def test_what_is_no_manifest_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(fm.InvalidManifest) as refused:
        fm.parse_manifests(text, path="web.yaml")
    assert (refused.value.path, refused.value.line) == ("web.yaml", line)


@pytest.mark.parametrize("text", ["", "---\n---\n", TEXT + "---\n" + TEXT, "- 1\n", "a: [\n"])
def test_a_text_that_is_not_one_manifest_is_not_converted(text: str) -> None:
    with pytest.raises(fm.InvalidManifest):
        fm.convert_helm_release(text)
