"""What stands in a manifest: its parts, its objects, what they are called; and its model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.given import item_index
from fluxv2_migrate.kubernetes.models import KubernetesModel

_Model = TypeVar("_Model", bound=KubernetesModel)
# Nearly all are dicts, and it takes long to find out that something else is a mapping.
_MAPPING: Final = (dict, Mapping)


def as_object(value: Any) -> Mapping[str, Any]:
    """Gives a value if it is a mapping, else an empty one.

    >>> as_object({"a": 1}), as_object(None)
    ({'a': 1}, {})
    """
    if value.__class__ is dict:
        known: dict[str, Any] = value
        return known
    return value if value is not None and isinstance(value, Mapping) else {}


def as_list(value: Any) -> Sequence[Any]:
    """Gives a value if it is a list, else an empty one.

    >>> as_list([1]), as_list("a"), as_list(None)
    ([1], (), ())
    """
    return value if isinstance(value, list) else ()


def mappings_in(value: Any) -> list[Mapping[str, Any]]:
    """Gives the mappings of a list; none where it is no list.

    >>> mappings_in([{"a": 1}, "b"]), mappings_in({"a": 1})
    ([{'a': 1}], [])
    """
    return [each for each in as_list(value) if isinstance(each, Mapping)]


def mapping_at(value: Any, *path: str) -> Mapping[str, Any]:
    """Gives the mapping at a path, or an empty one where none is.

    >>> mapping_at({"metadata": {"labels": {"a": "b"}}}, "metadata", "labels")
    {'a': 'b'}
    """
    for key in path:
        # Most often what is asked for is not there.
        if value is None or (value.__class__ is not dict and not isinstance(value, Mapping)):
            return {}
        value = value.get(key)
    return as_object(value)


def field_at(value: Any, path: Iterable[str]) -> Any:
    """Gives what stands at a path through mappings alone: no key is the index of an item.

    >>> field_at({"a": {"b": 1}}, ("a", "b")), field_at({"a": [1]}, ("a", "0"))
    (1, None)
    """
    for key in path:
        value = as_object(value).get(key)
    return value


def value_at(value: Any, path: Iterable[str | int], missing: Any = None) -> Any:
    """Gives what stands at a path through mappings and lists.

    Args:
        path: keys, and indices of items, also as texts.
        missing: what is given where nothing is.

    >>> value_at({"a": [{"b": 1}]}, ("a", 0, "b")), value_at({"a": 1}, ("a", "b"))
    (1, None)
    """
    for key in path:
        if isinstance(value, _MAPPING):
            if key not in value:
                return missing
            value = value[key]
        elif isinstance(value, list) and (index := item_index(key, len(value))) is not None:
            value = value[index]
        else:
            return missing
    return value


def namespace_and_name(manifest: Mapping[str, Any]) -> tuple[str, str]:
    """Gives namespace and name, empty where there are none.

    >>> namespace_and_name({"metadata": {"name": "web"}})
    ('', 'web')
    """
    metadata = as_object(manifest.get("metadata"))
    namespace, name = metadata.get("namespace"), metadata.get("name")
    # Each object is asked, and nearly all have texts.
    if namespace.__class__ is str and name.__class__ is str:
        return namespace, name
    return _name_of(namespace), _name_of(name)


def _name_of(value: Any) -> str:
    """Gives a name that YAML may read as no text, as kustomize writes it; empty where there is none.

    >>> [_name_of(each) for each in ("web", 1e3, 2048, True, None)]
    ['web', '1000', '2048', 'true', '']
    """
    if value.__class__ is str:
        return str(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, (int, float, str)) else ""


def named_by(reference: Any, namespace: str) -> tuple[str, str]:
    """Gives namespace and name of what a reference names; without a namespace it is beside who refers to it.

    Args:
        namespace: of the object that holds the reference.

    >>> named_by({"name": "web"}, "shop"), named_by({"name": "web", "namespace": "flux-system"}, "shop")
    (('shop', 'web'), ('flux-system', 'web'))
    """
    given = as_object(reference)
    return str(given.get("namespace") or namespace), str(given.get("name"))


def metadata_of(namespace: str, name: str) -> dict[str, str]:
    """Gives the metadata of an object; one without a namespace names none.

    >>> metadata_of("shop", "web"), metadata_of("", "web")
    ({'name': 'web', 'namespace': 'shop'}, {'name': 'web'})
    """
    return {"name": name, "namespace": namespace} if namespace else {"name": name}


def resource_of(manifest: Mapping[str, Any]) -> str:
    """Names an object as findings do.

    >>> resource_of({"kind": "Secret", "metadata": {"namespace": "shop", "name": "key"}})
    'Secret shop/key'
    """
    return named(str(manifest.get("kind")), *namespace_and_name(manifest))


def named(kind: str, namespace: str, name: str) -> str:
    """Names an object of which this is known as findings do.

    >>> named("Secret", "shop", "key"), named("ClusterRole", "", "view")
    ('Secret shop/key', 'ClusterRole view')
    """
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


def group_of(manifest: Mapping[str, Any]) -> str:
    """Gives the group of an object's API; that of the first objects of Kubernetes is empty.

    >>> group_of({"apiVersion": "apps/v1"}), group_of({"apiVersion": "v1"})
    ('apps', '')
    """
    return str(manifest.get("apiVersion") or "").rpartition("/")[0]


def annotations_of(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """Gives the annotations of an object as they are written; what is no mapping holds none.

    >>> annotations_of({"metadata": {"annotations": {"fluxcd.io/automated": "true"}}})
    {'fluxcd.io/automated': 'true'}
    """
    return mapping_at(manifest, "metadata", "annotations")


def with_annotations(manifest: Mapping[str, Any], annotations: Mapping[str, Any]) -> dict[str, Any]:
    """Gives an object with these annotations and no others; one without any has no field for them.

    >>> with_annotations({"metadata": {"name": "web", "annotations": {"a": "b"}}}, {})
    {'metadata': {'name': 'web'}}
    """
    metadata = {
        key: value for key, value in as_object(manifest.get("metadata")).items() if key != "annotations"
    }
    given = {"annotations": dict(annotations)} if annotations else {}
    return {**manifest, "metadata": {**metadata, **given}}


def with_namespace(manifest: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    """Gives an object in another namespace.

    >>> with_namespace({"metadata": {"name": "web"}}, "shop")
    {'metadata': {'name': 'web', 'namespace': 'shop'}}
    """
    return {**manifest, "metadata": {**as_object(manifest.get("metadata")), "namespace": namespace}}


def objects_in(manifest: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Gives the objects of a document, with where they stand: itself, or the items of a list.

    Source: fluxcd/flux 1.25.4 `pkg/cluster/kubernetes/resource/load.go`: a list in a list is not unpacked.

    >>> list(objects_in({"kind": "List", "items": [{"kind": "Secret"}]}))
    [(('items', '0'), {'kind': 'Secret'})]
    """
    kind, items = manifest.get("kind"), manifest.get("items")
    if isinstance(kind, str) and kind.endswith("List") and isinstance(items, list):
        for index, item in enumerate(items):
            if isinstance(item, Mapping):
                yield ("items", str(index)), item
    else:
        yield (), manifest


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
        path, reason = fault_of(error)
        raise InvalidManifest(f"{'.'.join(path)}: {reason}") from None


def fault_of(error: ValidationError) -> tuple[tuple[str, ...], str]:
    """Gives the first field that a model refuses, and why; nothing of what stands there."""
    fault = error.errors(include_url=False, include_input=False)[0]
    return tuple(map(str, fault["loc"])), fault["msg"]
