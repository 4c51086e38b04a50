"""Configurations of a kustomization: fields that its transformers change beside those that they know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kubernetes import as_list, as_object
from fluxv2_migrate.kustomize.field_specs import (
    ANNOTATIONS,
    COMMON_LABELS,
    IMAGES,
    REPLICAS,
    TEMPLATE_LABELS,
    FieldSpec,
)
from fluxv2_migrate.kustomize.resources import Identity, PatchUse
from fluxv2_migrate.kustomize.values import text_of
from fluxv2_migrate.yaml_text import read_document

REFERENCES: Final = "nameReference"
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
_SPEC: Final = frozenset({"path", "kind", "group", "version", "create"})
_LASTING: Final = ("metadata/", "spec/values/")
"""Fields that an object keeps when its API becomes another one."""


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
