"""The resources of the helm-operator."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from fluxv2_migrate import flux1

HEAD = {"apiVersion": "helm.fluxcd.io/v1", "kind": "HelmRelease", "metadata": {"name": "web"}}


def read(spec: dict[str, Any]) -> flux1.HelmRelease:
    return flux1.HelmRelease.model_validate({**HEAD, "spec": spec})


def test_a_release_of_each_source_of_values() -> None:
    release = read(
        {
            "chart": {"git": "git@host:org/repo", "path": "charts/web", "ref": "main"},
            "skipCRDs": True,
            "disableOpenAPIValidation": False,
            "valueFileSecrets": [{"name": "old"}],
            "valuesFrom": [
                {"secretKeyRef": {"name": "a", "key": "k", "namespace": "n", "optional": True}},
                {"configMapKeyRef": {"name": "b"}},
                {"externalSourceRef": {"url": "https://host/values.yaml"}},
                {"chartFileRef": {"path": "prod.yaml"}},
            ],
            "values": {"image": {"tag": None}},
        }
    )
    assert release.spec.chart is not None
    assert release.spec.chart.git == "git@host:org/repo"
    assert release.spec.skip_crds is True
    assert release.spec.disable_open_api_validation is False
    assert release.spec.values_from is not None
    secret = release.spec.values_from[0].secret_key_ref
    assert secret == flux1.SecretKeySelector(name="a", key="k", namespace="n", optional=True)
    assert release.spec.values == {"image": {"tag": None}}


@pytest.mark.parametrize(
    "spec",
    [
        {"chart": {"repository": "https://host", "name": "web", "version": 1.10}},
        {"chart": {"repository": "https://host", "name": "web", "version": 1}},
        {"chart": {"ref": 1234567}},
        {"chart": {"skipDepUpdate": "true"}},
        {"chart": "web"},
        {"releaseName": 1},
        {"releaseName": True},
        {"helmVersion": 3},
        {"helmVersion": "3"},
        {"timeout": "300"},
        {"timeout": "5m"},
        {"timeout": True},
        {"maxHistory": 1.5},
        {"wait": "yes"},
        {"wait": 1},
        {"values": []},
        {"values": "a: 1"},
        {"valuesFrom": {}},
        {"valuesFrom": [{"secretKeyRef": "name"}]},
        {"valueFileSecrets": ["name"]},
        {"rollback": True},
        {"rollback": {"maxRetries": "5"}},
        {"test": {"cleanup": 0}},
    ],
)
def test_what_the_api_server_refuses_is_refused(spec: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read(spec)


@pytest.mark.parametrize(
    "spec",
    [
        {"chart": None},
        {"chart": {"version": None, "secretRef": None}},
        {"values": None, "valuesFrom": None, "timeout": None, "wait": None, "helmVersion": None},
        {"values": {"key": None}},
        {"rollback": {"enabled": True}, "chart": {"appVersion": "1"}},
    ],
)
def test_nulls_and_unknown_fields_are_kept(spec: dict[str, Any]) -> None:
    assert read(spec).to_manifest() == {**HEAD, "spec": spec}


@pytest.mark.parametrize("api_version", ["helm.toolkit.fluxcd.io/v2", "helm.fluxcd.io/v2", "v1"])
def test_a_release_of_another_api_is_refused(api_version: str) -> None:
    with pytest.raises(ValidationError):
        flux1.HelmRelease.model_validate({**HEAD, "apiVersion": api_version})


def test_a_release_of_the_first_api() -> None:
    manifest = {
        "apiVersion": "helm.integrations.flux.weave.works/v1alpha2",
        "kind": "FluxHelmRelease",
        "metadata": {"name": "web"},
        "spec": {"chartGitPath": "web", "values": {}},
    }
    release = flux1.FluxHelmRelease.model_validate(manifest)
    assert release.spec.chart_git_path == "web"
    assert release.to_manifest() == manifest
