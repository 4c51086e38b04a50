"""Kubernetes objects as values: what was read is what is written, and nothing is coerced."""

import math
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Final, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StrictBool,
    StrictInt,
    StrictStr,
    model_validator,
)
from pydantic.functional_validators import ModelWrapValidatorHandler

from fluxv2_migrate.frozen import FrozenDict, FrozenList
from fluxv2_migrate.given import MAXIMUM_DEPTH
from fluxv2_migrate.quoting.confidential import PrintedModel

_SPELLINGS: Final = {
    "disable_open_api_validation": "disableOpenAPIValidation",
    "from_": "from",
    "match_oidc_identity": "matchOIDCIdentity",
    "skip_crds": "skipCRDs",
}


@cache
def _camel_case(name: str) -> str:
    """Gives Kubernetes' spelling of a field.

    >>> _camel_case("release_name"), _camel_case("skip_crds")
    ('releaseName', 'skipCRDs')
    """
    first, *others = name.split("_")
    return _SPELLINGS.get(name) or first + "".join(word.capitalize() for word in others)


@cache
def _names_of(model: type[BaseModel]) -> dict[str, str]:
    return {_camel_case(name): name for name in model.__pydantic_fields__}


@cache
def _other_spellings(model: type[BaseModel]) -> dict[str, str]:
    """Gives Kubernetes' spelling of each field that Python spells differently."""
    return {name: alias for alias, name in _names_of(model).items() if name != alias}


def _copy_json(value: Any) -> Any:
    return _copied(value, 0)


def _copied(value: Any, depth: int) -> Any:
    # A copy, so that what a caller does to the given mapping later does not change the model.
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        raise ValueError("JSON has no infinite numbers and no NaN")
    if depth == MAXIMUM_DEPTH:
        raise ValueError(f"it is nested in more than {MAXIMUM_DEPTH} levels")
    if isinstance(value, (dict, Mapping)):
        for key in value:
            if not isinstance(key, str):
                raise ValueError(f"the key {key!r} is a {type(key).__name__}; the keys of JSON are strings")
        return FrozenDict({key: _copied(item, depth + 1) for key, item in value.items()})
    if isinstance(value, list):
        return FrozenList([_copied(item, depth + 1) for item in value])
    raise ValueError(f"JSON has no {type(value).__name__}")


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


_Item = TypeVar("_Item")

JsonValue = Annotated[Any, BeforeValidator(_copy_json)]
"""Any value of JSON, kept as it is."""
JsonObject = Annotated[dict[StrictStr, Any], BeforeValidator(_copy_json), AfterValidator(FrozenDict)]
"""An open object of JSON, kept as it is, nulls included."""
Sequence = Annotated[tuple[_Item, ...], Strict(), BeforeValidator(_as_tuple)]
"""A list of Kubernetes, as a tuple."""
Texts = Annotated[dict[StrictStr, StrictStr | None], AfterValidator(FrozenDict)]
"""Labels, annotations and the like; Kubernetes reads a null there as the empty string."""


def _to_json(value: Any) -> Any:
    if isinstance(value, KubernetesModel):
        return value.to_manifest()
    if isinstance(value, dict):
        return {key: _to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_to_json(item) for item in value]
    return value


class KubernetesModel(PrintedModel):
    """A part of a Kubernetes object.

    Kubernetes' camelCase and Python's snake_case are both read; a value of the wrong type is refused, as
    the API server refuses it; fields that are not known are kept. Any optional field may be null, which
    the API server reads as absent.

    >>> meta = ObjectMeta.model_validate({"name": "web", "labels": None, "future": [1]})
    >>> meta.to_manifest()
    {'name': 'web', 'labels': None, 'future': [1]}
    """

    model_config = ConfigDict(
        frozen=True,
        extra="allow",
        alias_generator=_camel_case,
        populate_by_name=True,
        defer_build=True,
    )

    # Older releases of pydantic look up the names of a text here in the module of each model, where they are
    # unknown. So annotations of this module are no texts.
    __pydantic_extra__: dict[str, JsonValue] = Field(init=False)

    @model_validator(mode="wrap")
    @classmethod
    def _keep_order(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(data, (dict, Mapping)):
            return handler(data)
        names, other_spellings = _names_of(cls), _other_spellings(cls)
        if not other_spellings.keys().isdisjoint(data):
            for key in data:
                if (alias := other_spellings.get(key)) is not None and alias in data:
                    raise ValueError(f"{key} and {alias} are one field: give one of them")
        model = handler(dict(data))
        # The fields of a manifest come back in the order in which they were given.
        values = model.__dict__
        ordered = {name: values[name] for key in data if (name := names.get(key, key)) in values}
        ordered.update(values)
        values.clear()
        values.update(ordered)
        return model

    def to_manifest(self) -> dict[str, Any]:
        """Gives the object as Kubernetes has it: what was set, and nothing else.

        Returns:
            A mapping of JSON's types in Kubernetes' spelling, which the caller may change.

        >>> ObjectMeta(name="web", resource_version="1").to_manifest()
        {'name': 'web', 'resourceVersion': '1'}
        """
        manifest = {
            _camel_case(name): _to_json(value)
            for name, value in self.__dict__.items()
            if name in self.model_fields_set
        }
        manifest.update(_to_json(self.model_extra or {}))
        return manifest

    def __eq__(self, other: object) -> bool:
        # A null that was given and a field that was not are different manifests.
        return (
            isinstance(other, KubernetesModel)
            and self.model_fields_set == other.model_fields_set
            and super().__eq__(other)
        )


class OwnerReference(KubernetesModel):
    """An object on which another one depends."""

    api_version: StrictStr | None = None
    kind: StrictStr | None = None
    name: StrictStr | None = None
    uid: StrictStr | None = None
    controller: StrictBool | None = None
    block_owner_deletion: StrictBool | None = None


class ObjectMeta(KubernetesModel):
    """The metadata of an object."""

    name: StrictStr | None = None
    generate_name: StrictStr | None = None
    namespace: StrictStr | None = None
    labels: Texts | None = None
    annotations: Texts | None = None
    finalizers: Sequence[StrictStr] | None = None
    owner_references: Sequence[OwnerReference] | None = None
    uid: StrictStr | None = None
    resource_version: StrictStr | None = None
    generation: StrictInt | None = None
    self_link: StrictStr | None = None
    creation_timestamp: StrictStr | None = None
    deletion_timestamp: StrictStr | None = None
    deletion_grace_period_seconds: StrictInt | None = None
    managed_fields: Sequence[JsonObject] | None = None


class KubernetesObject(KubernetesModel):
    """What every object of Kubernetes has."""

    api_version: StrictStr
    kind: StrictStr
    metadata: ObjectMeta = Field(default_factory=ObjectMeta)


class Unstructured(KubernetesObject):
    """An object of a kind that is foreign to Flux; all of it is kept.

    >>> manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "data": {"a": "Yg=="}}
    >>> Unstructured.model_validate(manifest).to_manifest() == manifest
    True
    """
