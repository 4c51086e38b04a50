"""Variables of kustomizations: values of objects in the place of `$(NAME)`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kubernetes import value_at
from fluxv2_migrate.kustomize.field_specs import FieldSpec, visit
from fluxv2_migrate.kustomize.resources import PatchUse, Resource
from fluxv2_migrate.kustomize.values import is_null, same_or, text_of

_NOTHING: Final = object()
_USE: Final = re.compile(r"\$\$|\$\(([^)]*)\)")
_INDEX: Final = re.compile(r"\[(\d+)\]")
_PODS: Final = {
    "CronJob": "spec/jobTemplate/spec/template/spec",
    "DaemonSet": "spec/template/spec",
    "Deployment": "spec/template/spec",
    "Job": "spec/template/spec",
    "Pod": "spec",
    "ReplicaSet": "spec/template/spec",
    "StatefulSet": "spec/template/spec",
}
_IN_CONTAINERS: Final = ("args", "command", "env/value", "volumeMounts/mountPath")
_FIELDS: Final = (
    *(
        FieldSpec(f"{pod}/{containers}/{path}", kind)
        for kind, pod in _PODS.items()
        for containers in ("containers", "initContainers")
        for path in _IN_CONTAINERS
    ),
    *(FieldSpec(f"{pod}/volumes/nfs/server", kind) for kind, pod in _PODS.items() if kind != "StatefulSet"),
    FieldSpec("spec/volumeClaimTemplates/spec/nfs/server", "StatefulSet"),
    FieldSpec("spec/nfs/server", "PersistentVolume"),
    FieldSpec("spec/rules/host", "Ingress"),
    FieldSpec("spec/tls/hosts", "Ingress"),
    FieldSpec("spec/tls/secretName", "Ingress"),
    FieldSpec("spec/ports/port", "Service"),
    FieldSpec("spec/ports/targetPort", "Service"),
    FieldSpec("metadata/labels"),
    FieldSpec("metadata/annotations"),
)


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable as a kustomization defines it.

    Attributes:
        name: by which it is used.
        path: of the field that it takes, with dots.
    """

    name: str
    path: str


def bind_variables(
    resources: Iterable[Resource], entries: Sequence[Mapping[str, Any]], kustomization: str
) -> tuple[Variable, ...]:
    """Notes on objects which variables take values of them; gives the variables.

    Args:
        resources: the objects so far; they are changed.
        entries: the `vars` of a kustomization.

    Raises:
        InvalidManifest: a variable may mean several objects.

    Source: kustomize api 0.21 `internal/accumulator/resaccumulator.go` `MergeVars`.
    """
    objects = tuple(resources)
    found: list[Variable] = []
    for index, entry in enumerate(entries):
        name, reference = text_of(entry.get("name") or ""), entry.get("objref") or {}
        path = text_of((entry.get("fieldref") or {}).get("fieldpath") or "metadata.name")
        found.append(Variable(name, path))
        group, slash, version = text_of(reference.get("apiVersion") or "").partition("/")
        api = (group, version) if slash else ("", group)
        if not reference.get("apiVersion"):
            api = (text_of(reference.get("group") or ""), text_of(reference.get("version") or ""))
        wanted = (*api, text_of(reference.get("kind") or ""), text_of(reference.get("name") or ""))
        namespace = text_of(reference.get("namespace") or "")
        meant = [
            resource
            for resource in objects
            if any(
                known[:4] == wanted and namespace in ("", known.namespace) for known in resource.identities
            )
        ]
        if len(meant) > 1:
            raise InvalidManifest(f"the variable {name} may take its value from {len(meant)} objects")
        for resource in meant:
            resource.variables += (name,)
            resource.replacements += (PatchUse(kustomization, "vars", index, "", 0, "variable"),)
    return tuple(found)


def resolve_variables(
    resources: Sequence[Resource], variables: Iterable[Variable], more: Sequence[FieldSpec]
) -> None:
    """Puts the values of variables where they are used.

    Args:
        more: fields that configurations add to those in which variables are used.

    Raises:
        InvalidManifest: a variable has no value, or stands where none can.

    Source: kustomize api 0.21 `internal/accumulator/resaccumulator.go`, `filters/refvar/refvar.go`.
    """
    values = {each.name: _value(each, resources) for each in variables}
    for spec in (*_FIELDS, *more) if values else ():
        for resource in resources:
            visit(resource, spec, lambda value: _replaced(value, values))


def split_variable_path(path: str) -> list[str]:
    """Gives the keys of the field of a variable.

    >>> split_variable_path("spec.ports[0].port")
    ['spec', 'ports', '0', 'port']
    """
    return [key for key in _INDEX.sub(r".\1", path).split(".") if key]


def _value(variable: Variable, resources: Iterable[Resource]) -> Any:
    for resource in resources:
        if variable.name not in resource.variables:
            continue
        value = value_at(resource.manifest, split_variable_path(variable.path), _NOTHING)
        if value is _NOTHING:
            raise InvalidManifest(f"the object of the variable {variable.name} has no {variable.path}")
        return value
    raise InvalidManifest(f"there is no object of which the variable {variable.name} takes its value")


def _replaced(value: Any, values: Mapping[str, Any]) -> Any:
    if is_null(value):
        return value
    if isinstance(value, dict):
        changed = {
            key: _text_with(item, values) if isinstance(item, str) else item for key, item in value.items()
        }
        return same_or(value, changed)
    if isinstance(value, list):
        if not all(isinstance(item, str) for item in value):
            raise InvalidManifest("a variable may stand in texts alone")
        return same_or(value, [_text_with(item, values) for item in value])
    return _text_with(value, values) if isinstance(value, str) else value


def _text_with(text: str, values: Mapping[str, Any]) -> Any:
    if "$" not in text:
        return text
    whole = _USE.fullmatch(text)
    if any(isinstance(values.get(found[1]), (dict, list)) for found in _USE.finditer(text)):
        raise InvalidManifest(f"a variable in {text} takes what is no scalar")
    if whole is not None and whole[1] in values:
        return values[whole[1]]

    def put(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        return text_of(values[found[1]]) if found[1] in values else found[0]

    return _USE.sub(put, text)
