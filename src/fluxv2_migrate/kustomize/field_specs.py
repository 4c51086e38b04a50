"""Where kustomize's transformers write: paths into objects, for all kinds or for some."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kustomize.resources import PatchUse, Resource
from fluxv2_migrate.kustomize.values import is_null, same_or


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A path into objects.

    Attributes:
        path: keys with slashes between them; lists are passed through; a slash in a key has a backslash.
        kind: of the objects that have it; empty for all.
        group: of their API; empty for all.
        version: of their API; empty for all.
        create: whether what is missing on the way is made.
        use: of the configuration that adds it; nothing where kustomize has it built in, or where it says the
            same of an object whose API becomes another one.
    """

    path: str
    kind: str = ""
    group: str = ""
    version: str = ""
    create: bool = False
    use: PatchUse | None = None

    def is_for(self, resource: Resource) -> bool:
        """Says whether an object is of the kinds that have this path."""
        if self.kind and self.kind != resource.kind:
            return False
        group, version = resource.group_and_version
        return self.group in ("", group) and self.version in ("", version)

    @property
    def keys(self) -> list[str]:
        """The keys of the path."""
        return keys_of_path(self.path)


def keys_of_path(path: str) -> list[str]:
    r"""Gives the keys of a path of a field spec.

    >>> keys_of_path(r"metadata/annotations/example.com\/owner")
    ['metadata', 'annotations', 'example.com/owner']
    """
    return [key.replace("\0", "/") for key in path.replace("\\/", "\0").split("/")]


def visit(
    resource: Resource,
    spec: FieldSpec,
    change: Callable[[Any], Any],
    new: Callable[[], Any] | None = None,
) -> None:
    """Changes the values at a path.

    Args:
        change: gets each value, gives what takes its place.
        new: gives the value that is made where there is none and the path is to be created.

    Raises:
        InvalidManifest: there is a scalar where the path goes on.

    Source: kustomize api 0.21 `filters/fieldspec/fieldspec.go`.
    """
    if spec.is_for(resource):
        before = resource.manifest
        resource.manifest = _changed(before, spec.keys, change, new if spec.create else None)
        if spec.use is not None and resource.manifest is not before:
            resource.replacements += (spec.use,)


def _changed(value: Any, keys: list[str], change: Callable[[Any], Any], new: Callable[[], Any] | None) -> Any:
    """Gives a value with what is at a path changed; itself where nothing is."""
    if is_null(value):
        return value
    if isinstance(value, list):
        return same_or(value, [_changed(element, keys, change, new) for element in value])
    if not isinstance(value, dict):
        raise InvalidManifest(f"a scalar where a mapping with {keys[0]} is expected")
    key = keys[0].removesuffix("[]")
    is_list = key != keys[0]
    old = value.get(key)
    if is_null(old):
        if new is None or is_list:
            return {**value, key: change(old)} if key in value and len(keys) == 1 else value
        old = {} if len(keys) > 1 else new()
    result = change(old) if len(keys) == 1 else _changed(old, keys[1:], change, new)
    return same_or(value, {**value, key: result})


def _for_kinds(path: str, *kinds: str, group: str = "") -> tuple[FieldSpec, ...]:
    return tuple(FieldSpec(path, kind, group, create=True) for kind in kinds)


_AFFINITIES: Final = tuple(
    FieldSpec(f"spec/template/spec/{path}/matchLabels", kind, "apps")
    for kind in ("Deployment", "StatefulSet")
    for path in (
        "affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector",
        "affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector",
        "affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector",
        "affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector",
        "topologySpreadConstraints/labelSelector",
    )
)
TEMPLATE_LABELS: Final = (
    FieldSpec("metadata/labels", create=True),
    FieldSpec("spec/template/metadata/labels", "ReplicationController", "", "v1", create=True),
    *_for_kinds("spec/template/metadata/labels", "Deployment", "ReplicaSet", "DaemonSet"),
    *_for_kinds("spec/template/metadata/labels", "StatefulSet", group="apps"),
    *_for_kinds("spec/template/metadata/labels", "Job", group="batch"),
    *_for_kinds("spec/jobTemplate/metadata/labels", "CronJob", group="batch"),
    *_for_kinds("spec/jobTemplate/spec/template/metadata/labels", "CronJob", group="batch"),
)
COMMON_LABELS: Final = (
    FieldSpec("spec/selector", "Service", "", "v1", create=True),
    FieldSpec("spec/selector", "ReplicationController", "", "v1", create=True),
    *_for_kinds("spec/selector/matchLabels", "Deployment", "ReplicaSet", "DaemonSet"),
    *_for_kinds("spec/selector/matchLabels", "StatefulSet", group="apps"),
    *_AFFINITIES,
    FieldSpec("spec/selector/matchLabels", "Job", "batch"),
    FieldSpec("spec/jobTemplate/spec/selector/matchLabels", "CronJob", "batch"),
    FieldSpec("spec/selector/matchLabels", "PodDisruptionBudget", "policy"),
    FieldSpec("spec/podSelector/matchLabels", "NetworkPolicy", "networking.k8s.io"),
    FieldSpec("spec/ingress/from/podSelector/matchLabels", "NetworkPolicy", "networking.k8s.io"),
    FieldSpec("spec/egress/to/podSelector/matchLabels", "NetworkPolicy", "networking.k8s.io"),
    *TEMPLATE_LABELS,
    *_for_kinds("spec/volumeClaimTemplates[]/metadata/labels", "StatefulSet", group="apps"),
)
ANNOTATIONS: Final = (
    FieldSpec("metadata/annotations", create=True),
    FieldSpec("spec/template/metadata/annotations", "ReplicationController", "", "v1", create=True),
    *_for_kinds("spec/template/metadata/annotations", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet"),
    *_for_kinds("spec/template/metadata/annotations", "Job", group="batch"),
    *_for_kinds("spec/jobTemplate/metadata/annotations", "CronJob", group="batch"),
    *_for_kinds("spec/jobTemplate/spec/template/metadata/annotations", "CronJob", group="batch"),
)
IMAGES: Final = tuple(
    FieldSpec(f"{pod}/{path}", create=True)
    for pod in ("spec", "spec/template/spec")
    for path in ("containers[]/image", "initContainers[]/image", "volumes[]/image/reference")
)
NAMES: Final = (FieldSpec("metadata/name"),)
REPLICAS: Final = _for_kinds(
    "spec/replicas", "Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"
)
