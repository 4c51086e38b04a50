"""Nobody who reads a result changes it, at whatever depth."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from pydantic import BaseModel

import fluxv2_migrate as fm
from fluxv2_migrate.frozen import FrozenDict, FrozenList, frozen
from manifest_texts import AUTOMATED, workload_text

WORKLOAD = workload_text(AUTOMATED, "fluxcd.io/tag.web: semver:~1.4", container="web")
RELEASE = """\
apiVersion: helm.fluxcd.io/v1
kind: HelmRelease
metadata:
  name: web
  namespace: shop
  labels: {team: shop}
spec:
  helmVersion: v3
  chart: {repository: "https://charts.example.com", name: web, version: 1.2.3}
  values:
    ports: [{name: http, number: 80}]
    labels: {team: shop}
"""
VALUES = {"ports": [{"name": "http", "number": 80}], "labels": {"team": "shop"}}
OVERRIDE = {"name": "other", "policy": {"semver": {"range": "^1"}}, "filter_tags": {"pattern": "^1"}}
OPTIONS = {"image_tags": {"ghcr.io/acme/web": ["1.4.7", "1.4.8"]}, "overrides": [OVERRIDE]}


def migrated() -> fm.Migration:
    return fm.migrate_repository({"apps/web.yaml": RELEASE, "apps/deployment.yaml": WORKLOAD}, OPTIONS)


RESULTS: list[Callable[[], Any]] = [
    migrated,
    lambda: migrated().manifests,
    lambda: migrated().declared,
    lambda: migrated().resources,
    lambda: migrated().runbook(),
    lambda: migrated().first_hour(),
    lambda: fm.verify_migration({"a.yaml": RELEASE}, {"a.yaml": RELEASE}),
    lambda: fm.translate_annotations(WORKLOAD),
    lambda: fm.translate_tag_pattern("glob:main-*", current_tag="main-3f1c2ab-1602225929"),
    lambda: fm.convert_helm_release(RELEASE),
    lambda: fm.parse_manifests(WORKLOAD + "---\n" + RELEASE),
    lambda: fm.MigrationOptions.model_validate(OPTIONS),
    lambda: fm.Inventory.from_texts(tags={"ghcr.io/acme/web": '["1.0"]'}),
]


def inside(value: Any) -> Iterator[Any]:
    """Everything that a reader reaches from a result."""
    yield value
    if is_dataclass(value):
        parts: Any = [getattr(value, each.name) for each in fields(value) if not each.name.startswith("_")]
    elif isinstance(value, BaseModel):
        parts = [getattr(value, name) for name in type(value).model_fields]
        parts += (value.model_extra or {}).values()
    elif isinstance(value, Mapping):
        parts = [*value.keys(), *value.values()]
    elif isinstance(value, list | tuple | set | frozenset):
        parts = list(value)
    else:
        return
    for part in parts:
        yield from inside(part)


@pytest.mark.parametrize("result", RESULTS)
def test_nothing_in_a_result_can_be_changed(result: Callable[[], Any]) -> None:
    changeable = [
        each
        for each in inside(result())
        if isinstance(each, dict | list | set | bytearray) and not isinstance(each, FrozenDict | FrozenList)
    ]
    assert changeable == []


@pytest.mark.parametrize("result", RESULTS)
def test_a_result_travels_and_compares_by_value(result: Callable[[], Any]) -> None:
    first, second = result(), result()
    assert first == second
    assert pickle.loads(pickle.dumps(first)) == first
    assert copy.deepcopy(first) == first


def test_what_is_frozen_is_what_it_was() -> None:
    value = frozen(VALUES)
    assert value == VALUES
    assert json.dumps(value) == json.dumps(VALUES)
    assert repr(value) == repr(VALUES)
    before = copy.deepcopy(VALUES)
    with pytest.raises(TypeError, match="copy"):
        value["ports"][0]["number"] = 81
    with pytest.raises(TypeError, match="copy"):
        value["ports"] += [1]
    with pytest.raises(TypeError, match="copy"):
        value |= {"a": 1}
    assert value == before


def test_a_manifest_that_a_model_gives_may_be_changed() -> None:
    model = fm.parse_manifests(RELEASE)[0]
    manifest = model.to_manifest()
    manifest["spec"]["values"]["ports"].append({"name": "https"})
    assert model.to_manifest()["spec"]["values"] == VALUES
