"""A manifest as its model, or as the one reason why the API server refuses it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kubernetes.models import KubernetesModel

__all__ = ["as_object", "metadata_of", "read"]

_Model = TypeVar("_Model", bound=KubernetesModel)


def read(model: type[_Model], manifest: Mapping[str, Any]) -> _Model:
    """Gives a manifest as a model.

    Raises:
        InvalidManifest: a field has another type than the API server takes.

    >>> from fluxv2_migrate.flux2 import Test
    >>> read(Test, {"enable": "yes"})
    Traceback (most recent call last):
        ...
    fluxv2_migrate.errors.InvalidManifest: enable: Input should be a valid boolean
    """
    try:
        return model.model_validate(manifest)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in problem["loc"])
        raise InvalidManifest(f"{field}: {problem['msg']}") from None


def as_object(value: Any) -> Mapping[str, Any]:
    """Gives a value if it is a mapping, else an empty one.

    >>> as_object({"a": 1}), as_object(None)
    ({'a': 1}, {})
    """
    return value if isinstance(value, Mapping) else {}


def metadata_of(manifest: Mapping[str, Any]) -> tuple[str, str]:
    """Gives namespace and name, empty where there are none.

    >>> metadata_of({"metadata": {"name": "web"}})
    ('', 'web')
    """
    metadata = as_object(manifest.get("metadata"))
    return str(metadata.get("namespace") or ""), str(metadata.get("name") or "")
