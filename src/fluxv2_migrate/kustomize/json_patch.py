"""JSON 6902 patches, as kustomize applies them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.given import item_index
from fluxv2_migrate.kustomize.values import Manifest, copy_value, json_value

_INDEX: Final = re.compile(r"-?[0-9]+")
_MISSING: Final = object()


def is_operations(value: Any) -> bool:
    """Says whether a value is a list of operations.

    >>> is_operations([{"op": "remove", "path": "/a"}]), is_operations({"kind": "A"})
    (True, False)
    """
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def keys_of_pointer(pointer: str) -> tuple[str, ...]:
    """Gives the keys of a JSON pointer; whatever stands before its first slash is left out.

    >>> keys_of_pointer("/metadata/annotations/a~1b")
    ('metadata', 'annotations', 'a/b')
    """
    return tuple(key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:])


def pointer_to(keys: Iterable[str]) -> str:
    """Gives the JSON pointer that leads along keys.

    >>> pointer_to(("metadata", "annotations", "a/b"))
    '/metadata/annotations/a~1b'
    """
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)


def apply_operations(manifest: Manifest, operations: Sequence[Manifest]) -> Manifest:
    """Applies operations to an object, which stays as it is, and gives what it becomes.

    Raises:
        InvalidManifest: an operation cannot be applied.

    Source: evanphx/json-patch v4.13 `patch.go`.

    >>> apply_operations({"a": [1, 2]}, [{"op": "replace", "path": "/a/0", "value": 3}])
    {'a': [3, 2]}
    """
    document: Any = copy_value(json_value(manifest))
    for operation in operations:
        document = _apply(document, operation)
    if not isinstance(document, dict):
        raise InvalidManifest("a JSON patch leaves no object")
    return document


def _apply(document: Any, operation: Manifest) -> Any:
    name, path = operation.get("op"), operation.get("path")
    if not isinstance(path, str):
        raise InvalidManifest("an operation of a JSON patch has no path")
    value = copy_value(json_value(operation.get("value")))
    if name in ("copy", "move"):
        source = operation.get("from")
        if not isinstance(source, str):
            raise InvalidManifest(f"an operation {name} of a JSON patch has no `from`")
        value = copy_value(_get(document, source, default=None))
        if name == "move":
            _remove(document, source)
        name = "add"
    if name == "add":
        return _add(document, path, value)
    if name == "replace":
        if path == "":
            return value
        # A key that is not there is as good as one that is, unlike an index.
        parent, key = _parent(document, path)
        parent[_position(parent, key) if isinstance(parent, list) else key] = value
    elif name == "remove":
        _remove(document, path)
    elif name == "test":
        if _get(document, path, default=None) != value:
            raise InvalidManifest(f"the test of {path} in a JSON patch fails")
    else:
        raise InvalidManifest(f"an operation {name!r}, which JSON patches have not")
    return document


def _position(parent: list[Any], key: str, *, adds: bool = False) -> int:
    if adds and key == "-":
        return len(parent)
    if not _INDEX.fullmatch(key):
        raise InvalidManifest(f"{key!r} is no index of a list")
    limit = len(parent) + adds
    # A minus counts from the end: -1 is the last one.
    position = item_index(key.removeprefix("-"), limit + 1)
    if position is not None and key.startswith("-") and position:
        position = limit - position
    if position is None or position >= limit:
        raise InvalidManifest(f"the index {key} of a JSON patch lies outside of its list")
    return position


def _parent(document: Any, path: str) -> tuple[Any, str]:
    if not path.startswith("/"):
        raise InvalidManifest(f"the path {path!r} of a JSON patch does not begin with a slash")
    *keys, last = keys_of_pointer(path)
    for key in keys:
        document = _step(document, key)
        if not isinstance(document, (dict, list)):
            raise InvalidManifest(f"the path {path} of a JSON patch leads nowhere")
    return document, last


def _step(parent: Any, key: str) -> Any:
    if isinstance(parent, list):
        return parent[_position(parent, key)]
    return parent.get(key, _MISSING) if isinstance(parent, dict) else _MISSING


def _get(document: Any, path: str, *, default: Any = _MISSING) -> Any:
    parent, key = _parent(document, path)
    value = _step(parent, key)
    value = default if value is _MISSING else value
    if value is _MISSING:
        raise InvalidManifest(f"there is nothing at {path}, which a JSON patch asks for")
    return value


def _add(document: Any, path: str, value: Any) -> Any:
    parent, key = _parent(document, path)
    if isinstance(parent, list):
        parent.insert(_position(parent, key, adds=True), value)
    else:
        parent[key] = value
    return document


def _remove(document: Any, path: str) -> None:
    _get(document, path)
    parent, key = _parent(document, path)
    if isinstance(parent, list):
        del parent[_position(parent, key)]
    else:
        del parent[key]
