"""Where kustomize's transformers write: paths into objects, its own ones and those of configurations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kubernetes import as_list, as_object
from fluxv2_migrate.kustomize.resources import Identity, PatchUse, Resource
from fluxv2_migrate.kustomize.values import is_null, same_or, text_of
from fluxv2_migrate.yaml_text import read_document

REFERENCES: Final = "nameReference"
_SPEC: Final = frozenset({"path", "kind", "group", "version", "create"})
_LASTING: Final = ("metadata/", "spec/values/")
"""Fields that an object keeps when its API becomes another one."""


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


_BUILT_IN: Final[Mapping[str, Sequence[FieldSpec]]] = {
    "namePrefix": (),
    "nameSuffix": (),
    "namespace": (),
    "commonLabels": COMMON_LABELS,
    "labels": (FieldSpec("metadata/labels", create=True),),
    "templateLabels": TEMPLATE_LABELS,
    "commonAnnotations": ANNOTATIONS,
    "varReference": (),
    "images": IMAGES,
    "replicas": REPLICAS,
}
"""What a configuration may hold beside references, with the paths that kustomize knows."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What configurations say.

    Attributes:
        fields: of each of their fields but one the paths that it adds.
        references: the kinds that are referred to, each with a path that does.
    """

    fields: tuple[tuple[str, FieldSpec], ...] = ()
    references: tuple[tuple[Identity, FieldSpec], ...] = ()

    def of(self, name: str) -> tuple[FieldSpec, ...]:
        """Gives the paths that one of their fields adds."""
        return tuple(spec for known, spec in self.fields if known == name)

    def with_more(self, other: Configuration) -> Configuration:
        """Gives what both say; an accumulation has what all that it takes in say.

        Raises:
            InvalidManifest: one creates what the other does not.
        """
        if not (other.fields or other.references):
            return self
        for name, spec in other.fields:
            for known in (*_BUILT_IN[name], *self.of(name)):
                if _place(known) == _place(spec) and known.create != spec.create:
                    raise InvalidManifest(f"{spec.path} of {name} is created by one and not by another")
        return Configuration(
            tuple(dict.fromkeys((*self.fields, *other.fields))),
            tuple(dict.fromkeys((*self.references, *other.references))),
        )


def configured_entries(
    value: Any,
) -> Iterator[tuple[tuple[str | int, ...], str, Mapping[str, Any] | None, Mapping[str, Any]]]:
    """Gives the paths of a configuration, each with where it stands and of which field it is.

    Of a reference it also gives the kind that is referred to.

    >>> value = {"images": [{"path": "spec/image"}]}
    >>> list(configured_entries(value))
    [(('images', 0), 'images', None, {'path': 'spec/image'})]
    """
    for name, entries in value.items() if isinstance(value, Mapping) else ():
        for index, entry in enumerate(_mappings(entries)):
            if name != REFERENCES:
                yield (name, index), name, None, entry
                continue
            for number, spec in enumerate(_mappings(entry.get("fieldSpecs"))):
                yield (name, index, "fieldSpecs", number), name, entry, spec


def _mappings(value: Any) -> Sequence[Mapping[str, Any]]:
    return [as_object(each) for each in as_list(value)]


def read_configuration(text: str, use: PatchUse) -> Configuration:
    """Reads a configuration.

    Args:
        text: of its file, or as it stands in a kustomization.

    Raises:
        InvalidManifest: it is none.

    Source: kustomize api 0.21 `internal/plugins/builtinconfig/transformerconfig.go`.
    """
    value = read_document(text)[1]
    if value is not None and not isinstance(value, Mapping):
        raise InvalidManifest("a configuration that is no mapping")
    for name in value or {}:
        if name != REFERENCES and name not in _BUILT_IN:
            raise InvalidManifest(f"a configuration with the unknown field {name}")
    fields: list[tuple[str, FieldSpec]] = []
    references: list[tuple[Identity, FieldSpec]] = []
    for _, name, target, entry in configured_entries(value):
        if entry.keys() - _SPEC:
            raise InvalidManifest(f"{name} of a configuration has an unknown field")
        spec = field_spec(entry, target, use)
        if target is None:
            fields.append((name, spec))
        else:
            group, version, kind = _texts(target, ("group", "version", "kind"))
            references.append((Identity(group, version, kind, "", ""), spec))
    return Configuration(tuple(fields), tuple(references))


def _texts(entry: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    return [text_of(entry.get(name) or "") for name in names]


def _place(spec: FieldSpec) -> tuple[str, ...]:
    return spec.path, spec.kind, spec.group, spec.version


def field_spec(entry: Mapping[str, Any], target: Mapping[str, Any] | None, use: PatchUse) -> FieldSpec:
    """Reads a path into objects as people write one.

    Args:
        target: the kind that it refers to, where it does.
    """
    path, kind, group, version = _texts(entry, ("path", "kind", "group", "version"))
    lasts = path.startswith(_LASTING) and not (group or version or (target and target.get("group")))
    return FieldSpec(path, kind, group, version, entry.get("create") is True, None if lasts else use)
