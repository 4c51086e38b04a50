"""Strategic merge patches as kustomize applies them: by keys where Kubernetes has keys, else as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kustomize.values import Manifest, is_null, text_of

_DIRECTIVE: Final = "$patch"
_SCALARS: Final = (str, int, float, bool)
"""Types of values that are no null to anybody, and that nothing is merged into."""


class _Absent:
    __slots__ = ()


_ABSENT: Final = _Absent()
"""A field that is not there; as a result: one that goes away."""


@dataclass(frozen=True, slots=True)
class _Schema:
    """What of a type matters to a merge.

    Attributes:
        fields: the fields with something in them that matters.
        keys: of a list: by which its elements are told apart; a list of texts has the key ``""``.
        elements: of a list: the type of its elements.
    """

    fields: dict[str, _Schema] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    elements: _Schema | None = None


def _list(*keys: str, **fields: _Schema) -> _Schema:
    return _Schema(keys=keys, elements=_Schema(fields))


def _within(path: str, schema: _Schema) -> _Schema:
    for name in reversed(path.split("/")):
        schema = _Schema({name: schema})
    return schema


_CONTAINER: Final = {
    "env": _list("name"),
    "ports": _list("containerPort", "protocol"),
    "volumeDevices": _list("devicePath"),
    "volumeMounts": _list("mountPath"),
}
_EPHEMERAL: Final = {name: schema for name, schema in _CONTAINER.items() if name != "ports"}
_METADATA: Final = _Schema({"finalizers": _list(""), "ownerReferences": _list("uid")})
_POD: Final = _Schema(
    {
        "metadata": _METADATA,
        "spec": _Schema(
            {
                "containers": _list("name", **_CONTAINER),
                "ephemeralContainers": _list("name", **_EPHEMERAL),
                "hostAliases": _list("ip"),
                "imagePullSecrets": _list("name"),
                "initContainers": _list("name", **_CONTAINER),
                "topologySpreadConstraints": _list("topologyKey", "whenUnsatisfiable"),
                "volumes": _list("name"),
            }
        ),
    }
)
_TEMPLATE: Final = _Schema({"spec": _Schema({"template": _POD})})
_JOB_TEMPLATE: Final = _Schema(
    {"spec": _Schema({"jobTemplate": _Schema({"metadata": _METADATA, **_TEMPLATE.fields})})}
)
_WEBHOOKS: Final = _Schema({"webhooks": _list("name")})
_CONDITIONS: Final = _within("status/conditions", _list("type"))
_NOTHING: Final = _Schema()

# Only types of Kubernetes 1.21, which is what kustomize carries; all other kinds are merged as JSON.
_TYPES: Final = {
    ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"): _WEBHOOKS,
    ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"): _WEBHOOKS,
    ("admissionregistration.k8s.io/v1beta1", "MutatingWebhookConfiguration"): _WEBHOOKS,
    ("admissionregistration.k8s.io/v1beta1", "ValidatingWebhookConfiguration"): _WEBHOOKS,
    ("apps/v1", "DaemonSet"): _TEMPLATE,
    ("apps/v1", "Deployment"): _TEMPLATE,
    ("apps/v1", "ReplicaSet"): _TEMPLATE,
    ("apps/v1", "StatefulSet"): _TEMPLATE,
    ("batch/v1", "CronJob"): _JOB_TEMPLATE,
    ("batch/v1", "Job"): _TEMPLATE,
    ("batch/v1beta1", "CronJob"): _JOB_TEMPLATE,
    ("storage.k8s.io/v1", "CSINode"): _within("spec/drivers", _list("name")),
    ("v1", "ConfigMap"): _NOTHING,
    ("v1", "Namespace"): _CONDITIONS,
    ("v1", "PersistentVolume"): _NOTHING,
    ("v1", "PersistentVolumeClaim"): _CONDITIONS,
    ("v1", "Pod"): _POD,
    ("v1", "PodTemplate"): _Schema({"template": _POD}),
    ("v1", "ReplicationController"): _TEMPLATE,
    ("v1", "Secret"): _NOTHING,
    ("v1", "Service"): _within("spec/ports", _list("port", "protocol")),
    ("v1", "ServiceAccount"): _Schema({"secrets": _list("name")}),
}


def merge_patch(manifest: Manifest, patch: Manifest, *, is_common: bool = False) -> Manifest | None:
    """Merges a patch into an object.

    Args:
        manifest: the object; it stays as it is, and what the patch leaves alone of it is shared.
        patch: the patch; it stays as it is, and what it brings is shared.
        is_common: whether the object holds only what is written out, so that nothing of it goes by itself.

    Returns:
        The object as it is then, or `None` if the patch deletes it.

    Raises:
        InvalidManifest: kustomize refuses the merge: a list meets a mapping, or a directive is unknown.

    Source: kustomize kyaml 0.21 `yaml/merge2`, `yaml/walk`.

    >>> merge_patch({"spec": {"a": 1, "list": [1]}}, {"spec": {"a": None, "list": [2]}})
    {'spec': {'list': [2]}}
    """
    schema = _TYPES.get((text_of(manifest.get("apiVersion")), text_of(manifest.get("kind"))))
    if schema is not None:
        schema = _Schema({"metadata": _METADATA, **schema.fields})
    merged = _walk(manifest, patch, schema, is_common)
    return None if merged is _ABSENT or not merged else merged


def _is_missing(value: Any) -> bool:
    return value is _ABSENT or is_null(value)


def _kind(value: Any) -> str:
    return "mapping" if isinstance(value, dict) else "list" if isinstance(value, list) else "scalar"


def _left_alone(value: Any) -> Any:
    """Gives what no patch speaks of: a null that is not written goes, all else stays."""
    if not isinstance(value, dict):
        return value if value is None or not is_null(value) else _ABSENT
    kept: Manifest | None = None
    for name, item in value.items():
        # Most of what an object holds are texts.
        after = item if item.__class__ is str else _left_alone(item)
        if after is not item:
            kept = dict(value) if kept is None else kept
            kept[name] = after
    if kept is None:
        return value
    return {name: item for name, item in kept.items() if item is not _ABSENT}


def _walk(destination: Any, origin: Any, schema: _Schema | None, is_common: bool) -> Any:
    if destination.__class__ is dict and origin.__class__ is dict:
        return _walk_mapping(destination, origin, schema, is_common)
    if origin.__class__ in _SCALARS and destination.__class__ not in (dict, list):
        return origin
    kinds = [_kind(value) for value in (destination, origin) if not _is_missing(value)]
    if len(set(kinds)) > 1:
        raise InvalidManifest(f"a patch has a {kinds[1]} where the object has a {kinds[0]}")
    if not kinds or kinds[0] == "mapping":
        return _walk_mapping(destination, origin, schema, is_common)
    if kinds[0] == "list":
        if schema is not None and schema.keys:
            return _walk_keyed_list(destination, origin, schema, is_common)
        return destination if origin is _ABSENT else _ABSENT if is_null(origin) else origin
    return destination if origin is _ABSENT else _ABSENT if is_null(origin) else origin


def _walk_mapping(destination: Any, origin: Any, schema: _Schema | None, is_common: bool) -> Any:
    if _is_missing(destination):
        directive, patch = _directed(origin)
        if directive == "delete":
            return _ABSENT
        if origin is _ABSENT:
            # A null that the object itself has stays if it was written.
            return None if destination is None else _ABSENT
        destination = patch
    elif is_null(origin):
        return _ABSENT
    else:
        directive, patch = _directed(origin)
        if directive == "delete":
            return _ABSENT
        # What came from the patch itself goes without what it says is to be done.
        destination = patch if directive == "replace" or destination is origin else destination
    if not isinstance(destination, dict):
        return _ABSENT
    fields = {} if schema is None else schema.fields
    return _merge_fields(destination, patch if isinstance(patch, dict) else {}, fields, is_common)


def _merge_fields(destination: Manifest, patch: Manifest, fields: dict[str, _Schema], is_common: bool) -> Any:
    changed: Manifest = {}
    for name, item in () if is_common else destination.items():
        # Most of an object no patch speaks of, and most of that are texts.
        if item.__class__ is not str and name not in patch and name not in fields:
            after = _left_alone(item)
            if after is not item:
                changed[name] = after
    for name in sorted({*patch, *(name for name in fields if name in destination)} if fields else patch):
        item, new = destination.get(name, _ABSENT), patch.get(name, _ABSENT)
        is_text = new.__class__ is str and item.__class__ not in (dict, list)
        if is_text and new == item and item.__class__ is str:
            # A patch names its object, and so says again what is there.
            continue
        after = new if is_text else _walk(item, new, fields.get(name), is_common)
        if after is not item:
            changed[name] = after
    if not changed:
        # Builds share what no patch changes.
        return destination
    merged = {**destination, **changed}
    if _ABSENT in changed.values():
        return {name: item for name, item in merged.items() if item is not _ABSENT}
    return merged


def _directed(patch: Any) -> tuple[str, Any]:
    """Gives what a part of a patch says is to be done with it, and the part without that."""
    if not isinstance(patch, dict) or _DIRECTIVE not in patch:
        return "merge", patch
    rest = {name: item for name, item in patch.items() if name != _DIRECTIVE}
    return _known_directive(patch[_DIRECTIVE]), rest


def _known_directive(value: Any) -> str:
    if value not in ("delete", "replace", "merge"):
        raise InvalidManifest(f"an unknown strategy of a patch: {text_of(value)}")
    return str(value)


def _walk_keyed_list(destination: Any, origin: Any, schema: _Schema, is_common: bool) -> Any:
    if _is_missing(destination):
        destination = origin
    elif is_null(origin):
        return _ABSENT
    elif isinstance(origin, list):
        directive, origin = _directed_list(origin)
        if directive == "delete":
            return _ABSENT
        destination = origin if directive == "replace" else destination
    sources = [source for source in (origin, destination) if isinstance(source, list)]
    keys = list(schema.keys)
    values: list[list[str]] = []
    for source in sources:
        for element in source:
            if keys == [""]:
                found = [text_of(element)]
            else:
                found = [_key_text(element, key) for key in keys]
            if found not in values:
                values.append(found)
    if len(keys) > 1:
        _complete(values)
    return _merge_elements(destination, origin, keys, values, schema.elements, is_common)


def _key_text(element: Any, key: str) -> str:
    value = element.get(key) if isinstance(element, dict) else None
    return "" if is_null(value) else text_of(value)


def _directed_list(patch: list[Any]) -> tuple[str, list[Any]]:
    """Gives what an element of a list says is to be done with that, and the list without such elements."""
    for element in patch:
        if isinstance(element, dict) and _DIRECTIVE in element:
            if len(element) > 1:
                break
            directive = _known_directive(element[_DIRECTIVE])
            return directive, [
                other
                for other in patch
                if not (isinstance(other, dict) and other.get(_DIRECTIVE) == directive)
            ]
    return "merge", patch


def _complete(values: list[list[str]]) -> None:
    # A port without protocol is the port with one, if the rest is the same.
    for first, one in enumerate(values):
        for second, other in enumerate(values):
            if any(a != b and a and b for a, b in zip(one, other, strict=True)):
                continue
            if any(a == b for a, b in zip(one, other, strict=True)):
                both = [a or b for a, b in zip(one, other, strict=True)]
                values[first] = values[second] = one = both


def _merge_elements(
    destination: list[Any],
    origin: Any,
    keys: list[str],
    values: list[list[str]],
    schema: _Schema | None,
    is_common: bool,
) -> list[Any]:
    added: list[Any] = []
    destination = list(destination)
    used = keys
    for found in values:
        used, wanted = _used_keys(keys, values, found)
        element = _element(destination, used, wanted)
        patch = _element(origin, used, wanted) if isinstance(origin, list) else _ABSENT
        is_replaced = isinstance(patch, dict) and patch.get(_DIRECTIVE) == "replace"
        merged = _walk(element, patch, schema, is_common)
        if _is_missing(merged) or merged == {}:
            _set_element(destination, None, used, wanted)
            continue
        if isinstance(element, dict) and not is_replaced:
            destination = [merged if each is element else each for each in destination]
        _set_element(added, merged, used, wanted)
    if not values:
        return destination
    for element in destination:
        if used == [""]:
            _set_element(added, element, [""], [text_of(element)])
            continue
        texts = [text for key in used if (text := _key_text(element, key))]
        if not texts:
            added.append(element)
            continue
        if len(used) > 1:
            _set_element(added, None, used, texts)
        _set_element(added, element, used, texts)
    return added


def _used_keys(keys: list[str], values: list[list[str]], found: list[str]) -> tuple[list[str], list[str]]:
    valid = {key for texts in values for key, text in zip(keys, texts, strict=True) if text}
    if not valid:
        return keys, found
    return (
        [key for key in keys if key in valid],
        [text for key, text in zip(keys, found, strict=True) if text or key in valid],
    )


def _matches(element: Any, keys: list[str], texts: list[str], *, any_value: bool) -> bool:
    if keys == [""]:
        return not isinstance(element, (dict, list)) and text_of(element) == texts[0]
    if not isinstance(element, dict):
        return False
    # An element without one of the keys is looked for by those that it has.
    for key, text in zip(keys, texts, strict=False):
        if key not in element or (text_of(element[key]) != text and (text or not any_value)):
            return False
    return True


def _element(elements: list[Any], keys: list[str], texts: list[str]) -> Any:
    # The keys that an element lacks are no condition: a port may leave out its protocol.
    wanted = [(key, text) for key, text in zip(keys, texts, strict=True) if text]
    if wanted:
        keys, texts = [key for key, _ in wanted], [text for _, text in wanted]
    for element in elements:
        if _matches(element, keys, texts, any_value=False):
            return element
    return _ABSENT


def _set_element(elements: list[Any], element: Any, keys: list[str], texts: list[str]) -> None:
    result: list[Any] = []
    found = False
    for other in elements:
        if is_null(other) or other == {}:
            continue
        if not _matches(other, keys, texts, any_value=True):
            result.append(other)
            continue
        found = True
        if element is not None:
            result.append(element)
    if element is not None and not found:
        result.append(element)
    elements[:] = result
