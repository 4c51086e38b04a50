"""Release names as the helm-operator and helm-controller compute them."""

from __future__ import annotations

import json
from pathlib import Path

from fluxv2_migrate import resolve_release_name


def test_every_measured_release_name(shared: Path) -> None:
    lines = (shared / "vectors" / "release_name.jsonl").read_text(encoding="utf-8").splitlines()
    assert lines
    for line in lines:
        case = json.loads(line)
        given, expected = case["input"]["v1"], case["expected"]
        name = resolve_release_name(
            name=given["name"],
            namespace=given["namespace"],
            release_name=given.get("releaseName"),
            target_namespace=given.get("targetNamespace"),
        )
        assert name.v1 == expected["v1"], line
        assert name.v2_default == expected["v2_short"], line
        assert (name.target_namespace or given["namespace"] or "default") == expected[
            "v1_target_namespace"
        ], line


def test_a_release_in_another_namespace_is_stored_there() -> None:
    name = resolve_release_name(name="web", namespace="teams", target_namespace="shop")
    assert (name.spec_release_name, name.target_namespace, name.storage_namespace) == (
        "teams-shop-web",
        "shop",
        "shop",
    )


def test_the_older_api_has_no_target_namespace() -> None:
    name = resolve_release_name(
        name="web", namespace="teams", target_namespace="shop", api_version="flux.weave.works/v1beta1"
    )
    assert name.v1 == "teams-web"
    assert name.storage_namespace is None
