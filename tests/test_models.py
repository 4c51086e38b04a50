"""Laws of all models, against the schemas of Flux and against real manifests."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_snake
from pydantic.fields import FieldInfo

import fluxv2_migrate as fm
from fluxv2_migrate import flux1, flux2
from fluxv2_migrate.kubernetes import KubernetesModel, KubernetesObject
from reference_trees import DEFINED_VERSIONS
from test_kubernetes import JSON, TEXTS, exactly

KINDS: dict[tuple[str, str], type[KubernetesObject]] = {
    ("helm.fluxcd.io", "HelmRelease"): flux1.HelmRelease,
    ("flux.weave.works", "HelmRelease"): flux1.HelmRelease,
    ("helm.integrations.flux.weave.works", "FluxHelmRelease"): flux1.FluxHelmRelease,
    ("helm.toolkit.fluxcd.io", "HelmRelease"): flux2.HelmRelease,
    ("source.toolkit.fluxcd.io", "HelmRepository"): flux2.HelmRepository,
    ("source.toolkit.fluxcd.io", "GitRepository"): flux2.GitRepository,
    ("source.toolkit.fluxcd.io", "Bucket"): flux2.Bucket,
    ("source.toolkit.fluxcd.io", "OCIRepository"): flux2.OCIRepository,
    ("source.toolkit.fluxcd.io", "HelmChart"): flux2.HelmChart,
    ("source.toolkit.fluxcd.io", "ExternalArtifact"): flux2.ExternalArtifact,
    ("kustomize.toolkit.fluxcd.io", "Kustomization"): flux2.Kustomization,
    ("image.toolkit.fluxcd.io", "ImageRepository"): flux2.ImageRepository,
    ("image.toolkit.fluxcd.io", "ImagePolicy"): flux2.ImagePolicy,
    ("image.toolkit.fluxcd.io", "ImageUpdateAutomation"): flux2.ImageUpdateAutomation,
    ("notification.toolkit.fluxcd.io", "Provider"): flux2.Provider,
    ("notification.toolkit.fluxcd.io", "Alert"): flux2.Alert,
    ("notification.toolkit.fluxcd.io", "Receiver"): flux2.Receiver,
}
EXAMPLES: dict[tuple[str, str], str] = {
    group_and_kind: group_and_kind[0]
    + (
        "/v1alpha2"
        if "integrations" in group_and_kind[0]
        else "/v1beta1"
        if "weave" in group_and_kind[0]
        else "/v1"
    )
    for group_and_kind in KINDS
}

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class TimestampsAsTexts(LOADER):  # type: ignore[misc,valid-type]
    """Reads dates as JSON has them."""


TimestampsAsTexts.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: node.value)


def field_of(model: type[BaseModel], alias: str) -> FieldInfo | None:
    model.model_rebuild()
    return next((field for field in model.model_fields.values() if field.alias == alias), None)


def types_in(annotation: Any) -> Iterator[Any]:
    """The types in an annotation, without Annotated, tuples and None."""
    arguments = get_args(annotation)
    if not arguments:
        yield annotation
    for argument in arguments:
        if isinstance(argument, type) or get_args(argument):
            yield from types_in(argument)


def model_in(annotation: Any) -> type[KubernetesModel] | None:
    return next(
        (t for t in types_in(annotation) if isinstance(t, type) and issubclass(t, KubernetesModel)), None
    )


JSON_TYPES: dict[str, type] = {"string": str, "boolean": bool, "integer": int}


def missing(schema: dict[str, Any], model: type[KubernetesModel], path: str) -> Iterator[str]:
    for name, inner in schema.get("properties", {}).items():
        here = f"{path}.{name}"
        field = field_of(model, name)
        if field is None:
            yield f"{here} is no field of {model.__name__}"
            continue
        yield from mismatches(inner, field.annotation, here)


def mismatches(schema: dict[str, Any], annotation: Any, path: str) -> Iterator[str]:
    types = set(types_in(annotation))
    if schema.get("type") == "array":
        if tuple not in {getattr(t, "__origin__", t) for t in nested(annotation)}:
            yield f"{path} is no list"
        yield from mismatches(schema["items"], annotation, f"{path}[]")
    elif "properties" in schema:
        model = model_in(annotation)
        if model is None:
            yield f"{path} is no model"
        else:
            yield from missing(schema, model, path)
    elif "additionalProperties" in schema or schema.get("x-kubernetes-preserve-unknown-fields"):
        if annotation is not Any and not any(text in str(annotation) for text in ("dict[", "_copy_json")):
            yield f"{path} is no open object: {annotation}"
    elif (wanted := JSON_TYPES.get(schema.get("type", ""))) is not None:
        literal = "Literal" in str(annotation)
        if wanted not in types and not (literal and wanted is str):
            yield f"{path} is no {wanted.__name__}: {annotation}"
        if wanted is int and bool in types:
            yield f"{path} is also a bool"


def nested(annotation: Any) -> Iterator[Any]:
    yield annotation
    for argument in get_args(annotation):
        yield from nested(argument)


def definitions(shared: Path) -> Iterator[tuple[str, str, str, str, dict[str, Any]]]:
    for path in sorted((shared / "crds").glob("*/*.yaml")):
        for definition in yaml.load_all(path.read_text(encoding="utf-8"), LOADER):
            spec = definition["spec"]
            for version in spec["versions"]:
                yield (
                    path.parent.name,
                    spec["group"],
                    spec["names"]["kind"],
                    version["name"],
                    version["schema"]["openAPIV3Schema"],
                )


def test_every_field_of_every_schema_is_a_typed_field(shared: Path) -> None:
    seen = set()
    problems: set[str] = set()
    for release, group, kind, version, schema in definitions(shared):
        seen.add(release)
        model = KINDS[group, kind]
        properties = dict(schema["properties"])
        # Everybody's metadata, of which CRDs say nothing; what controllers write is kept as it is.
        del properties["metadata"]
        if group != "helm.fluxcd.io":
            del properties["status"]
        problems.update(missing({"properties": properties}, model, f"{kind} {version}"))
    assert seen == {*DEFINED_VERSIONS, "v1"}
    assert problems == set()


def test_the_walk_over_schemas_finds_what_is_wrong() -> None:
    wrong = {
        "suspend": {"type": "string"},
        "interval": {"type": "integer"},
        "noSuchField": {"type": "string"},
        "values": {"type": "object", "properties": {"a": {"type": "string"}}},
        "chart": {"properties": {"spec": {"properties": {"chart": {"type": "boolean"}}}}},
        "timeout": {"type": "array", "items": {"type": "string"}},
        "maxHistory": {"additionalProperties": {"type": "string"}},
        "dependsOn": {"type": "array", "items": {"properties": {"noSuchField": {"type": "string"}}}},
    }
    assert len(list(missing({"properties": wrong}, flux2.HelmReleaseSpec, "spec"))) == len(wrong)


def fields_of(model: type[KubernetesModel]) -> Iterator[tuple[type[KubernetesModel], str, FieldInfo]]:
    seen: set[type[KubernetesModel]] = set()
    queue = [model]
    while queue:
        model = queue.pop()
        if model in seen:
            continue
        seen.add(model)
        for name, field in model.model_fields.items():
            yield model, name, field
            inner = model_in(field.annotation)
            if inner is not None:
                queue.append(inner)


def test_every_model_is_documented_in_a_line() -> None:
    for kind in KINDS.values():
        for model, _name, _field in fields_of(kind):
            line = (model.__doc__ or "").partition("\n")[0]
            assert line.endswith("."), model
            assert model.__doc__ != KubernetesModel.__doc__, model


def strategy(annotation: Any, depth: int) -> st.SearchStrategy[Any]:
    """Values of JSON that a field takes."""
    text = str(annotation)
    inner = model_in(annotation)
    value: st.SearchStrategy[Any]
    if inner is not None:
        value = manifests(inner, depth - 1)
    elif "dict" in text and "Any" in text:
        value = st.dictionaries(st.text(), JSON, max_size=3)
    elif "dict" in text:
        return TEXTS
    elif "Literal" in text:
        value = st.sampled_from([a for n in nested(annotation) for a in get_args(n) if isinstance(a, str)])
    elif str in set(types_in(annotation)):
        value = st.text()
    elif bool in set(types_in(annotation)):
        value = st.booleans()
    elif int in set(types_in(annotation)):
        value = st.integers()
    else:
        value = JSON
    if any(getattr(t, "__origin__", None) is tuple for t in nested(annotation)):
        value = st.lists(value, max_size=2)
    return st.none() | value


def manifests(model: type[KubernetesModel], depth: int = 5) -> st.SearchStrategy[dict[str, Any]]:
    model.model_rebuild()
    optional: dict[str, st.SearchStrategy[Any]] = {"notYetKnown": JSON}
    if depth:
        for field in model.model_fields.values():
            assert field.alias is not None
            optional[field.alias] = st.deferred(
                lambda annotation=field.annotation: strategy(annotation, depth)  # type: ignore[misc]
            )

    # Few fields at once, of many: a manifest with all of them would take long to make.
    @st.composite
    def some(draw: st.DrawFn) -> dict[str, Any]:
        names = draw(st.lists(st.sampled_from(sorted(optional)), max_size=5, unique=True))
        return {name: draw(optional[name]) for name in names}

    return some()


WRONG: dict[str, list[Any]] = {
    "list": ["text", {}, 1, [None]],
    "model": ["text", [], 1, True],
    "object": ["text", [], 1, True, {1: "a"}],
    "str": [1, 1.5, True, [], {}, b"text"],
    "bool": ["true", 1, 0, 1.0, []],
    "int": ["1", True, 1.0, 1.5, []],
}


def type_of(annotation: Any) -> str:
    types = set(types_in(annotation))
    if any(getattr(t, "__origin__", None) is tuple for t in nested(annotation)):
        return "list"
    if model_in(annotation) is not None:
        return "model"
    if "dict[" in str(annotation):
        return "object"
    if "Literal" in str(annotation) or str in types:
        return "str"
    return next((t.__name__ for t in (bool, int) if t in types), "any")


def test_every_field_may_be_null_and_takes_no_other_type() -> None:
    seen: dict[str, int] = {}
    for kind in KINDS.values():
        for model, name, field in fields_of(kind):
            if issubclass(model, KubernetesObject):
                continue
            model.model_rebuild()
            assert field.default is None, (model, name)
            alias = model.model_fields[name].alias
            assert model.model_validate({alias: None}).to_manifest() == {alias: None}
            expected = type_of(field.annotation)
            seen[expected] = seen.get(expected, 0) + 1
            wrong = WRONG.get(expected, [])
            if "patches_strategic_merge" in name:
                wrong = ["text", {}, 1]
            for value in wrong:
                try:
                    taken = model.model_validate({alias: value})
                except ValidationError:
                    continue
                pytest.fail(f"{taken!r} of {name} = {value!r}")
    assert seen.keys() == {"list", "model", "object", "str", "bool", "int", "any"}


@st.composite
def objects(draw: st.DrawFn) -> tuple[type[KubernetesObject], dict[str, Any]]:
    group, kind = draw(st.sampled_from(sorted(KINDS)))
    model = KINDS[group, kind]
    spec = model.model_fields["spec"].annotation
    assert isinstance(spec, type)
    assert issubclass(spec, KubernetesModel)
    manifest = {
        "apiVersion": EXAMPLES[group, kind],
        "kind": kind,
        "metadata": {"name": draw(st.text())},
        "spec": draw(manifests(spec)),
    }
    return model, manifest


def snake_case(value: Any, model: type[KubernetesModel] | None) -> Any:
    """The same in Python's spelling, as far as the fields are known."""
    if isinstance(value, list):
        return [snake_case(item, model) for item in value]
    if not isinstance(value, dict) or model is None:
        return value
    names = {field.alias: (name, field) for name, field in model.model_fields.items()}
    result = {}
    for key, item in value.items():
        if key in names:
            name, field = names[key]
            result[name] = snake_case(item, model_in(field.annotation))
        else:
            result[key] = item
    return result


@given(objects())
def test_what_is_read_is_what_is_written(case: tuple[type[KubernetesObject], dict[str, Any]]) -> None:
    model, manifest = case
    read = model.model_validate(manifest)
    assert exactly(read.to_manifest()) == exactly(manifest)
    assert model.model_validate(snake_case(manifest, model)) == read
    assert exactly(model.model_validate(snake_case(manifest, model)).to_manifest()) == exactly(manifest)
    again = pickle.loads(pickle.dumps(read))
    assert again == read
    assert exactly(again.to_manifest()) == exactly(manifest)


def test_names_are_python_spellings_of_kubernetes_names() -> None:
    odd = set()
    for kind in KINDS.values():
        for model, name, _field in fields_of(kind):
            model.model_rebuild()
            alias = model.model_fields[name].alias
            assert alias is not None
            if to_snake(alias) != name:
                odd.add((name, alias))
    assert odd == {
        ("from_", "from"),
        ("skip_crds", "skipCRDs"),
        ("patches_json6902", "patchesJson6902"),
    }


@pytest.mark.parametrize("group_and_kind", sorted(KINDS))
def test_an_object_of_another_kind_or_group_is_refused(group_and_kind: tuple[str, str]) -> None:
    model = KINDS[group_and_kind]
    manifest = {"apiVersion": EXAMPLES[group_and_kind], "kind": group_and_kind[1]}
    assert model.model_validate(manifest).to_manifest() == manifest
    for wrong in ({"kind": "Secret"}, {"apiVersion": "v1"}, {"apiVersion": "x" + manifest["apiVersion"]}):
        with pytest.raises(ValidationError):
            model.model_validate({**manifest, **wrong})


def test_objects_cannot_be_changed() -> None:
    policy = flux2.ImagePolicy.model_validate(
        {"apiVersion": "image.toolkit.fluxcd.io/v1", "kind": "ImagePolicy", "spec": {}}
    )
    with pytest.raises(ValidationError, match="frozen"):
        policy.spec.suspend = True


def documents(shared: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted((shared / "corpus").rglob("*.y*ml")):
        try:
            found = list(yaml.load_all(path.read_bytes().decode("utf-8"), TimestampsAsTexts))
        except (UnicodeDecodeError, yaml.YAMLError):
            continue
        for document in found:
            if isinstance(document, dict):
                yield str(path.relative_to(shared / "corpus")), document


def test_every_flux_object_of_real_repositories_comes_back_as_it_was(shared: Path) -> None:
    count = 0
    refused = {}
    for path, document in documents(shared):
        group = str(document.get("apiVersion")).partition("/")[0]
        model = KINDS.get((group, str(document.get("kind"))))
        if model is None:
            continue
        count += 1
        try:
            read = model.model_validate(document)
        except ValidationError as error:
            refused[path] = [".".join(map(str, e["loc"])) for e in error.errors()]
        else:
            assert exactly(read.to_manifest()) == exactly(document), path
    assert count > 300
    # The API server refuses them too: fluxd never applied what it was told to ignore.
    by_hand = refused.pop("enterprise-overlays/pairs/neuvector__neuvector__0.v2.yaml")
    assert by_hand == ["spec.timeout"]
    assert {field for fields in refused.values() for field in fields} == {
        "metadata.annotations.fluxcd.io/ignore"
    }


@pytest.mark.parametrize("name", ["flux1", "flux2"])
def test_the_models_of_each_flux_are_there_without_an_import_of_their_own(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in a program that has imported nothing of it yet.
    monkeypatch.delitem(sys.modules, f"fluxv2_migrate.{name}")
    monkeypatch.delattr(fm, name)
    assert getattr(fm, name).__name__ == f"fluxv2_migrate.{name}"
