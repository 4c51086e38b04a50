"""Release names as the helm-operator and helm-controller compute them."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxv2_migrate import resolve_release_name
from fluxv2_migrate.flux1 import release_name as flux1_names
from fluxv2_migrate.flux2 import release_name as flux2_names

NAMES = st.text("abc-", min_size=1, max_size=60)
NAMESPACES = st.sampled_from(["", "default", "teams", "shop"])
OPTIONAL_NAMESPACES = st.none() | NAMESPACES


def check(vectors: Path) -> int:
    lines = vectors.read_text(encoding="utf-8").splitlines()
    for line in lines:
        case = json.loads(line)
        given, expected = case["input"]["v1"], case["expected"]
        name, namespace = given["name"], given["namespace"]
        explicit, target = given["releaseName"], given["targetNamespace"]
        resolved = resolve_release_name(
            name=name, namespace=namespace, release_name=explicit, target_namespace=target
        )
        installed = flux1_names.release_namespace(namespace=namespace, target_namespace=target)
        v2 = explicit or flux2_names.default_release_name(name=name, target_namespace=target)
        assert {
            "v1": resolved.v1,
            "v1_target_namespace": installed,
            "v2": v2,
            "v2_short": resolved.v2_default,
            "v2_release_namespace": flux2_names.release_namespace(
                namespace=namespace, target_namespace=target
            ),
            "v2_storage_namespace": flux2_names.storage_namespace(namespace=namespace),
        } == expected, line
        assert (resolved.target_namespace or namespace or "default") == installed, line
    return len(lines)


def test_every_measured_release_name(shared: Path) -> None:
    assert check(shared / "vectors" / "release_name.jsonl") > 200


def test_a_selection_of_the_measured_release_names() -> None:
    assert check(Path(__file__).parent / "vectors" / "release_name.jsonl") > 20


@given(NAMES, NAMESPACES, st.none() | NAMES, OPTIONAL_NAMESPACES)
def test_what_is_written_leads_helm_controller_to_the_installed_release(
    name: str, namespace: str, explicit: str | None, target: str | None
) -> None:
    resolved = resolve_release_name(
        name=name, namespace=namespace, release_name=explicit, target_namespace=target
    )
    # A manifest without namespace is applied to the default one.
    own = namespace or "default"
    installed = flux1_names.release_namespace(namespace=namespace, target_namespace=target)
    assert resolved.spec_release_name == resolved.v1
    assert (
        flux2_names.release_namespace(namespace=own, target_namespace=resolved.target_namespace) == installed
    )
    assert (
        flux2_names.storage_namespace(namespace=own, storage_namespace=resolved.storage_namespace)
        == installed
    )
    assert (resolved.storage_namespace is None) == (installed == own)
    assert pickle.loads(pickle.dumps(resolved)) == resolved


@given(st.text("abc-", max_size=80))
def test_a_shortened_name_is_one_that_helm_takes(name: str) -> None:
    short = flux2_names.shorten_release_name(name)
    assert len(short) <= flux2_names.MAXIMUM_RELEASE_NAME_LENGTH
    assert (short == name) == (len(name) <= flux2_names.MAXIMUM_RELEASE_NAME_LENGTH)
    assert flux2_names.shorten_release_name(short) == short


@pytest.mark.parametrize(
    ("explicit", "target", "rule"),
    [
        ("web", None, "explicit"),
        ("web", "shop", "explicit"),
        (None, None, "namespace-name"),
        ("", "", "namespace-name"),
        (None, "teams", "namespace-name"),
        (None, "shop", "namespace-target-name"),
    ],
)
def test_the_rule_says_where_the_name_comes_from(explicit: str | None, target: str | None, rule: str) -> None:
    resolved = resolve_release_name(
        name="web", namespace="teams", release_name=explicit, target_namespace=target
    )
    assert resolved.rule == rule


def test_a_release_in_another_namespace_is_stored_there() -> None:
    resolved = resolve_release_name(name="web", namespace="teams", target_namespace="shop")
    assert (resolved.spec_release_name, resolved.target_namespace, resolved.storage_namespace) == (
        "teams-shop-web",
        "shop",
        "shop",
    )


@pytest.mark.parametrize(
    "api_version", ["flux.weave.works/v1beta1", "helm.integrations.flux.weave.works/v1alpha2"]
)
def test_the_older_apis_have_no_target_namespace(api_version: str) -> None:
    resolved = resolve_release_name(
        name="web", namespace="teams", target_namespace="shop", api_version=api_version
    )
    assert (resolved.v1, resolved.v2_default, resolved.rule) == ("teams-web", "web", "namespace-name")
    assert resolved.target_namespace is None
    assert resolved.storage_namespace is None
