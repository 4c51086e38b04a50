"""Transformers that a kustomization lists: what gives labels and annotations can be told from texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kubernetes import annotations_of, as_list, as_object, mapping_at
from fluxv2_migrate.kustomize.configurations import field_spec
from fluxv2_migrate.kustomize.field_specs import ANNOTATIONS, COMMON_LABELS, FieldSpec
from fluxv2_migrate.kustomize.kustomization import TRANSFORMERS, Kustomization
from fluxv2_migrate.kustomize.resources import PatchUse, Resource
from fluxv2_migrate.kustomize.values import is_null, read_value
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
    """A transformer that gives the same labels or annotations to all that have a field.

    Attributes:
        path: its file; empty where it stands in the kustomization itself.
        pairs: what it gives.
    """

    path: str
    pairs: Mapping[str, Any]
    fields: tuple[FieldSpec, ...]

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
    name = _GIVEN.get(str(value.get("kind")))
    specs = list(_specs(value, use))
    if name is None or not all(map(_is_followed, specs)):
        return None
    pairs = as_object(value.get(name))
    if not all(isinstance(each, str) for each in pairs.values()):
        return None
    return ListedTransformer(use.path, pairs, tuple(specs))


def _specs(value: Mapping[str, Any], use: PatchUse) -> Iterator[FieldSpec]:
    for spec in as_list(value.get("fieldSpecs")):
        yield field_spec(as_object(spec), None, use)


def _is_followed(spec: FieldSpec) -> bool:
    """Gives whether a path is the same in a release whose API becomes another one, or is for none."""
    return bool(spec.path) and (spec.use is None or spec.kind not in ("", _RELEASE))
