"""Transformers that a kustomization lists: what labels, names, places and counts can be told from texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kubernetes import annotations_of, as_list, as_object, mapping_at
from fluxv2_migrate.kustomize.configurations import field_spec
from fluxv2_migrate.kustomize.field_specs import ANNOTATIONS, COMMON_LABELS, FieldSpec
from fluxv2_migrate.kustomize.kustomization import TRANSFORMERS, Kustomization
from fluxv2_migrate.kustomize.resources import PatchUse, Resource
from fluxv2_migrate.kustomize.transformers import (
    add_affix,
    by_names,
    put_into_namespace,
    set_pairs,
    set_replicas,
    twice,
)
from fluxv2_migrate.kustomize.values import is_null, read_value, text_of
from fluxv2_migrate.yaml_text import document_texts

TRANSFORMER_API: Final = "builtin"
"""The API version of transformers that are part of kustomize."""
_GIVEN: Final[Mapping[str, str]] = {"AnnotationsTransformer": "annotations", "LabelTransformer": "labels"}
"""By its kind, the field with what a transformer gives."""
_OF_PODS: Final = tuple(
    spec for spec in (*ANNOTATIONS, *COMMON_LABELS) if not spec.path.startswith("metadata/")
)
_RELEASE: Final = "HelmRelease"


class Texts(Protocol):
    """Where the texts of transformers come from."""

    def is_file(self, path: str) -> bool:
        """Says whether there is such a file."""

    def text(self, path: str) -> str:
        """Gives the text of a file that is there."""


@dataclass(frozen=True, slots=True)
class ListedTransformer:
    """A transformer that does the same to all that have a field.

    Attributes:
        path: its file; empty where it stands in the kustomization itself.
        value: as it is written there.
    """

    path: str
    value: Mapping[str, Any]
    fields: tuple[FieldSpec, ...]

    @property
    def kind(self) -> str:
        """What it does."""
        return str(self.value.get("kind"))

    @property
    def pairs(self) -> Mapping[str, Any]:
        """The labels or annotations that it gives."""
        return as_object(self.value.get(_GIVEN.get(self.kind, "")))

    def carry_out(self, resources: Sequence[Resource]) -> None:
        """Does to objects what it does.

        Raises:
            InvalidManifest: kustomize fails with it.

        Source: kustomize api 0.21 `internal/builtins`.
        """
        match self.kind:
            case "NamespaceTransformer":
                self._place(resources)
            case "PrefixTransformer" | "SuffixTransformer":
                name = "prefix" if self.kind == "PrefixTransformer" else "suffix"
                for resource in resources:
                    add_affix(resource, **{name: str(self.value.get(name) or "")}, fields=self.fields)
            case "ReplicaCountTransformer":
                set_replicas(by_names(resources), mapping_at(self.value, "replica"), self.fields)
            case _:
                set_pairs(resources, self.pairs, self.fields)

    def _place(self, resources: Sequence[Resource]) -> None:
        namespace = text_of(mapping_at(self.value, "metadata").get("namespace") or "")
        only_unset = self.value.get("unsetOnly") is True
        for resource in resources if namespace else ():
            put_into_namespace(resource, namespace, self.fields, only_unset=only_unset)
        for identity in twice(resources) if namespace else ():
            raise InvalidManifest(f"the namespace makes {identity} there twice")

    def changes_others(self, resource: Resource) -> bool:
        """Gives whether it may change a value of an object at a place that it does not name.

        What gave the same to an object and to its pods left one node in two places.

        Source: kustomize api 0.21 `filters/filtersutil/setters.go` `SetEntry`.
        """
        if not any(spec.is_for(resource) for spec in _OF_PODS):
            return False
        metadata = mapping_at(resource.manifest, "metadata")
        known = (as_object(metadata.get(name)) for name in _GIVEN.values())
        return any(each.get(key, value) != value for each in known for key, value in self.pairs.items())


def listed_transformers(kustomization: Kustomization, texts: Texts) -> tuple[ListedTransformer, ...] | None:
    r"""Gives what the transformers of a kustomization do.

    Returns:
        The transformers, in order; nothing where one does what cannot be told from texts.

    Source: kustomize api 0.21 `internal/target/kusttarget.go` `configureExternalTransformers`,
    `AnnotationsTransformer`, `LabelTransformer`.

    >>> from fluxv2_migrate.kustomize import KustomizeTree
    >>> given = "apiVersion: builtin\nkind: AnnotationsTransformer\nannotations: {team: shop}\n"
    >>> given += "fieldSpecs: [{path: metadata/annotations, create: true}]\n"
    >>> tree = KustomizeTree({"kustomization.yaml": "transformers: [a.yaml]\n", "a.yaml": given})
    >>> listed_transformers(tree.kustomizations[""], tree)[0].pairs
    {'team': 'shop'}
    """
    found: list[ListedTransformer] = []
    for entry in kustomization.entries(TRANSFORMERS):
        is_inline = "\n" in entry.entry or "{" in entry.entry
        if not is_inline and (entry.path is None or not texts.is_file(entry.path)):
            return None
        path = "" if is_inline else entry.path or ""
        use = PatchUse(kustomization.path, TRANSFORMERS, entry.index, path, 0, "configuration")
        try:
            values = [read_value(each) for each in document_texts(texts.text(path) if path else entry.entry)]
        except InvalidManifest:
            return None
        for value in values:
            if is_null(value):
                continue
            known = _read(value, use)
            if known is None:
                return None
            found.append(known)
    return tuple(found)


def _read(value: Any, use: PatchUse) -> ListedTransformer | None:
    if not isinstance(value, Mapping) or value.get("apiVersion") != TRANSFORMER_API or annotations_of(value):
        return None
    specs = list(_specs(value, use))
    found = ListedTransformer(use.path, value, tuple(specs))
    if not all(map(_is_followed, specs)) or not all(isinstance(each, str) for each in found.pairs.values()):
        return None
    return found if _is_told(found) else None


def _is_told(found: ListedTransformer) -> bool:
    """Gives whether what a transformer does is what `carry_out` does."""
    value, fields = found.value, found.fields
    match found.kind:
        case "AnnotationsTransformer" | "LabelTransformer":
            return True
        case "NamespaceTransformer":
            # Not every release of kustomize lets the second one pass.
            is_default = value.get("setRoleBindingSubjects") in (None, "", "defaultOnly")
            return is_default and all(spec.path != "subjects" for spec in fields)
        case "PrefixTransformer" | "SuffixTransformer":
            # kustomize refuses one without any.
            affixes = (value.get(name, "") for name in ("prefix", "suffix"))
            return bool(fields) and all(isinstance(each, str) for each in affixes)
        case "ReplicaCountTransformer":
            return all(spec.kind and not (spec.group or spec.version) for spec in fields)
    return False


def _specs(value: Mapping[str, Any], use: PatchUse) -> Iterator[FieldSpec]:
    for spec in as_list(value.get("fieldSpecs")):
        yield field_spec(as_object(spec), None, use)


def _is_followed(spec: FieldSpec) -> bool:
    """Gives whether a path is the same in a release whose API becomes another one, or is for none."""
    return bool(spec.path) and (spec.use is None or spec.kind not in ("", _RELEASE))
