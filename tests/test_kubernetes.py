"""Laws of Kubernetes objects as values."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fluxv2_migrate.kubernetes import (
    JsonValue,
    KubernetesModel,
    KubernetesObject,
    ObjectMeta,
    OwnerReference,
    Sequence,
    Unstructured,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
TEXTS = st.none() | st.dictionaries(st.text(), st.none() | st.text(), max_size=3)
OBJECTS = st.fixed_dictionaries(
    {"apiVersion": st.text(), "kind": st.text()},
    optional={
        "metadata": st.fixed_dictionaries(
            {},
            optional={
                "name": st.none() | st.text(),
                "labels": TEXTS,
                "annotations": TEXTS,
                "generation": st.none() | st.integers(),
                "finalizers": st.none() | st.lists(st.text(), max_size=2),
                "ownerReferences": st.lists(
                    st.fixed_dictionaries({}, optional={"blockOwnerDeletion": st.none() | st.booleans()}),
                    max_size=2,
                ),
                "managedFields": st.lists(st.dictionaries(st.text(), JSON, max_size=2), max_size=2),
                "future": JSON,
            },
        ),
        "spec": JSON,
        "data": JSON,
    },
)


def exactly(value: Any) -> Any:
    """Tells `1`, `1.0` and `True` apart, which Python calls equal."""
    if isinstance(value, dict):
        return {key: exactly(item) for key, item in value.items()}
    if isinstance(value, list):
        return [exactly(item) for item in value]
    return type(value).__name__, value


@given(OBJECTS)
def test_what_is_read_is_what_is_written(manifest: dict[str, Any]) -> None:
    read = Unstructured.model_validate(manifest)
    assert exactly(read.to_manifest()) == exactly(manifest)
    assert Unstructured.model_validate(read.to_manifest()) == read
    assert pickle.loads(pickle.dumps(read)) == read
    assert exactly(pickle.loads(pickle.dumps(read)).to_manifest()) == exactly(manifest)


@given(OBJECTS, OBJECTS)
def test_objects_are_equal_when_their_manifests_are(one: dict[str, Any], other: dict[str, Any]) -> None:
    equal = Unstructured.model_validate(one) == Unstructured.model_validate(other)
    assert equal == (one == other)


def test_a_null_is_not_the_same_as_nothing() -> None:
    assert ObjectMeta(labels=None) != ObjectMeta()
    assert ObjectMeta() == ObjectMeta()
    assert ObjectMeta() != OwnerReference()
    assert ObjectMeta() != {}


def test_both_spellings_are_read_and_kubernetes_spelling_is_written() -> None:
    read = ObjectMeta.model_validate({"resource_version": "7", "owner_references": [{"api_version": "v1"}]})
    assert read.to_manifest() == {"resourceVersion": "7", "ownerReferences": [{"apiVersion": "v1"}]}


def test_one_field_in_both_spellings_is_refused() -> None:
    with pytest.raises(ValidationError, match="resource_version and resourceVersion are one field"):
        ObjectMeta.model_validate({"resource_version": "7", "resourceVersion": "8"})


def test_a_foreign_field_with_an_underscore_stays_as_it_is() -> None:
    assert ObjectMeta.model_validate({"my_field": 1, "myField": 2}).to_manifest() == {
        "my_field": 1,
        "myField": 2,
    }


def test_the_order_of_the_fields_stays() -> None:
    manifest = {
        "metadata": {"namespace": "b", "name": "a"},
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "data": {"z": "1", "a": "2"},
    }
    written = Unstructured.model_validate(manifest).to_manifest()
    assert repr(written) == repr(manifest)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": 1},
        {"kind": None},
        {"apiVersion": 1.0},
        {"metadata": None},
        {"metadata": []},
        {"metadata": {"name": 1}},
        {"metadata": {"name": True}},
        {"metadata": {"name": b"web"}},
        {"metadata": {"generation": "1"}},
        {"metadata": {"generation": True}},
        {"metadata": {"generation": 1.0}},
        {"metadata": {"labels": {"a": True}}},
        {"metadata": {"labels": {1: "a"}}},
        {"metadata": {"annotations": {"fluxcd.io/automated": True}}},
        {"metadata": {"annotations": []}},
        {"metadata": {"finalizers": "text"}},
        {"metadata": {"finalizers": {"a"}}},
        {"metadata": {"ownerReferences": [None]}},
        {"metadata": {"ownerReferences": [{"controller": "true"}]}},
        {"metadata": {"managedFields": [1]}},
        {"data": {1: 2}},
        {"data": [{"a": {True: 2}}]},
        {"data": float("nan")},
        {"data": [float("inf")]},
        {"data": (1, 2)},
        {"data": {"a": b"text"}},
    ],
)
def test_what_json_or_the_api_server_would_not_take_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Unstructured.model_validate({"apiVersion": "v1", "kind": "ConfigMap", **change})


def test_an_object_names_its_kind() -> None:
    with pytest.raises(ValidationError):
        Unstructured.model_validate({"apiVersion": "v1"})


def test_later_changes_of_what_was_given_or_got_change_nothing() -> None:
    manifest: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"labels": {"a": "b"}, "finalizers": ["x"]},
        "data": {"a": [1]},
    }
    read = Unstructured.model_validate(manifest)
    before = read.to_manifest()
    manifest["data"]["a"].append(2)
    manifest["metadata"]["labels"]["c"] = "d"
    manifest["metadata"]["finalizers"].append("y")
    assert read.to_manifest() == before
    got = read.to_manifest()
    got["data"]["a"].append(3)
    got["metadata"]["finalizers"].append("z")
    assert read.to_manifest() == before


def test_models_cannot_be_changed() -> None:
    meta = ObjectMeta(name="web")
    with pytest.raises(ValidationError, match="frozen"):
        meta.name = "other"
    assert meta.model_copy(update={"name": "other"}).to_manifest() == {"name": "other"}


def test_models_without_open_objects_are_hashable() -> None:
    assert len({ObjectMeta(name="web"), ObjectMeta(name="web")}) == 1


def test_any_mapping_and_models_are_taken() -> None:
    manifest: Mapping[str, Any] = MappingProxyType(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": MappingProxyType({"name": "a"})}
    )
    read = Unstructured.model_validate(manifest)
    assert read.to_manifest() == {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    assert Unstructured.model_validate(read) is read
    assert (
        KubernetesObject(api_version="v1", kind="ConfigMap", metadata=read.metadata).metadata is read.metadata
    )


def test_lists_may_be_given_as_tuples() -> None:
    assert ObjectMeta(finalizers=("a",)).to_manifest() == {"finalizers": ["a"]}


def test_the_representation_shows_what_was_set() -> None:
    assert repr(ObjectMeta.model_validate({"name": "web", "other": 1})) == "ObjectMeta(name='web', other=1)"


def test_json_text_is_read_too() -> None:
    text = '{"name":"web","finalizers":["a"],"labels":{"a":null}}'
    assert ObjectMeta.model_validate_json(text).to_manifest() == {
        "name": "web",
        "finalizers": ["a"],
        "labels": {"a": None},
    }


def test_a_value_of_any_type_keeps_its_type() -> None:
    class Holder(KubernetesModel):
        value: JsonValue = None

    for value in (None, True, 1, 1.0, "1", [1], {"a": None}):
        assert exactly(Holder.model_validate({"value": value}).to_manifest()) == exactly({"value": value})


def test_many_threads_may_use_a_model_for_the_first_time() -> None:
    class Inner(KubernetesModel):
        values: Sequence[ObjectMeta] | None = None

    class Outer(KubernetesModel):
        inner: Inner | None = None

    manifest = {"inner": {"values": [{"name": "a"}]}}
    start = Barrier(8)

    def read(_number: int) -> dict[str, Any]:
        start.wait()
        return Outer.model_validate(manifest).to_manifest()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read, range(8))) == [manifest] * 8
