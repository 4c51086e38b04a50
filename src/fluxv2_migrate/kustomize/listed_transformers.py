"""Transformers that a kustomization lists: all that can be told of them from texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kubernetes import annotations_of, as_list, as_object, mapping_at
from fluxv2_migrate.kustomize.field_specs import ANNOTATIONS, COMMON_LABELS, FieldSpec, field_spec
from fluxv2_migrate.kustomize.kustomization import (
    TRANSFORMERS,
    Kustomization,
    KustomizationPatch,
    PatchPlace,
    is_in_place,
    join_path,
)
from fluxv2_migrate.kustomize.resources import PatchUse, Resource
from fluxv2_migrate.kustomize.transformers import (
    add_affix,
    by_names,
    put_into_namespace,
    set_images,
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
_IMAGE: Final = "imageTag"
_LISTS: Final = frozenset({"apiVersion", "kind", "metadata", "resources"})
"""The fields of a kustomization that does nothing but list."""
_TEXTS: Final[Mapping[str, str]] = {
    "PatchJson6902Transformer": "jsonOp",
    "PatchStrategicMergeTransformer": "patches",
    "PatchTransformer": "patch",
}
"""By the kinds of transformers that patch, the field with the text of a patch."""
_FORMS: Final[Mapping[str, str]] = {
    "PatchJson6902Transformer": "patchesJson6902",
    "PatchStrategicMergeTransformer": "patchesStrategicMerge",
    "PatchTransformer": "patches",
}
"""By the same kinds, the field of a kustomization that does the same."""


class Texts(Protocol):
    """Where the texts of transformers come from."""

    def is_file(self, path: str) -> bool:
        """Says whether there is such a file."""

    def text(self, path: str) -> str:
        """Gives the text of a file that is there."""

    def kustomization(self, folder: str) -> Kustomization | InvalidManifest | None:
        """Gives the kustomization of a folder, why it is none, or `None` if there is none."""


@dataclass(frozen=True, slots=True)
class ListedTransformer:
    """A transformer.

    Attributes:
        path: its file; empty where it stands in the kustomization itself.
        listing: the kustomizations that lead to that file.
        document: its index in it.
        value: as it is written there.
        fields: to which it does something.
        patches: with which it patches; any other one does the same to all that have a field.
    """

    path: str
    listing: tuple[str, ...]
    document: int
    value: Mapping[str, Any]
    fields: tuple[FieldSpec, ...]
    patches: tuple[KustomizationPatch, ...] = ()

    @property
    def kind(self) -> str:
        """What it does."""
        return str(self.value.get("kind"))

    @property
    def identity(self) -> tuple[str, str, str]:
        """By what kustomize tells it from others that one kustomization lists."""
        metadata = mapping_at(self.value, "metadata")
        return self.kind, text_of(metadata.get("name") or ""), text_of(metadata.get("namespace") or "")

    @property
    def pairs(self) -> Mapping[str, Any]:
        """The labels or annotations that it gives."""
        return as_object(self.value.get(_GIVEN.get(self.kind, "")))

    @property
    def image(self) -> Mapping[str, Any] | None:
        """What it makes of an image, as an entry of `images` says it; nothing of another one."""
        return mapping_at(self.value, _IMAGE) if self.kind == "ImageTagTransformer" else None

    def carry_out(self, resources: Sequence[Resource]) -> None:
        """Does to objects what it does, unless it patches.

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
            case "ImageTagTransformer":
                set_images(resources, self.image or {}, self.fields)
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
    >>> given = "apiVersion: builtin\nkind: AnnotationsTransformer\nmetadata: {name: a}\n"
    >>> given += "annotations: {team: shop}\nfieldSpecs: [{path: metadata/annotations}]\n"
    >>> tree = KustomizeTree({"kustomization.yaml": "transformers: [a.yaml]\n", "a.yaml": given})
    >>> listed_transformers(tree.kustomizations[""], tree)[0].pairs
    {'team': 'shop'}
    """
    try:
        return _listed(kustomization, texts)
    except InvalidManifest:
        return None


def _listed(kustomization: Kustomization, texts: Texts) -> tuple[ListedTransformer, ...] | None:
    found: list[ListedTransformer] = []
    names: set[tuple[str, str, str]] = set()
    for text in _texts(kustomization, texts):
        if text is None:
            return None
        for index, document in enumerate(document_texts(text.text)):
            value = read_value(document)
            if is_null(value):
                continue
            first = sum(len(each.patches) for each in found)
            known = _read(value, text, index, first, kustomization)
            if known is None or known.identity in names:
                return None
            names.add(known.identity)
            found.append(known)
    return tuple(found)


class _Text(NamedTuple):
    """A text in which transformers stand.

    Attributes:
        entry: the index of what leads to it.
        path: its file; empty where it stands in the kustomization itself.
        listing: the kustomizations that lead to it.
    """

    entry: int
    path: str
    text: str
    listing: tuple[str, ...] = ()


def _texts(kustomization: Kustomization, texts: Texts) -> Iterator[_Text | None]:
    """Gives the texts of transformers in order, and nothing for one that cannot be read."""
    # kustomize reads those first that stand there in the place of a path.
    for entry in sorted(kustomization.entries(TRANSFORMERS), key=lambda each: not is_in_place(each.entry)):
        if is_in_place(entry.entry):
            yield _Text(entry.index, "", entry.entry)
            continue
        for file in _files(entry.path, texts, ()):
            yield None if file is None else _Text(entry.index, file[0], texts.text(file[0]), file[1:])


def _files(path: str | None, texts: Texts, listing: tuple[str, ...]) -> Iterator[tuple[str, ...] | None]:
    """Gives the files that are listed, each with the kustomizations that do; nothing for what is no file."""
    known = texts.kustomization(path) if path is not None and not texts.is_file(path) else None
    if path is not None and texts.is_file(path):
        yield path, *listing
    elif not isinstance(known, Kustomization) or known.path in listing or known.document.keys() - _LISTS:
        # What a kustomization makes of transformers stands nowhere.
        yield None
    else:
        for entry in known.resources:
            yield from _files(entry.path, texts, (*listing, known.path))


def _read(
    value: Any, text: _Text, index: int, first: int, kustomization: Kustomization
) -> ListedTransformer | None:
    if not isinstance(value, Mapping) or value.get("apiVersion") != TRANSFORMER_API or annotations_of(value):
        return None
    place = PatchPlace(text.path, index, (), ())
    if not text.path:
        place = PatchPlace(kustomization.path, 0, (), (), (TRANSFORMERS, text.entry), index)
    use = PatchUse(kustomization.path, TRANSFORMERS, text.entry, text.path, 0, "configuration")
    specs = list(_specs(value, use))
    patches = _patches_of_transformer(value, kustomization.folder, first, place)
    if patches is None:
        return None
    found = ListedTransformer(text.path, text.listing, place.document, value, tuple(specs), patches)
    if not all(map(_is_followed, specs)) or not all(isinstance(each, str) for each in found.pairs.values()):
        return None
    return found if found.identity[1] and (patches or _is_told(found)) else None


def _is_told(found: ListedTransformer) -> bool:
    """Gives whether what a transformer does is what `carry_out` does."""
    value, fields = found.value, found.fields
    match found.kind:
        case "ImageTagTransformer":
            return isinstance(value.get(_IMAGE), Mapping)
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


def _patches_of_transformer(
    value: Mapping[str, Any], folder: str, first: int, place: PatchPlace
) -> tuple[KustomizationPatch, ...] | None:
    """Gives the patches of a transformer.

    Args:
        folder: of the kustomization that lists it, from which the paths of files lead.
        first: the index of its first patch among all of that kustomization's transformers.

    Returns:
        The patches; none of a transformer that does something else, and nothing where it holds what is none.

    Source: kustomize api 0.21 `PatchTransformer`, `PatchStrategicMergeTransformer`,
    `PatchJson6902Transformer`.

    >>> value = {"kind": "PatchTransformer", "path": "web.yaml", "target": {"kind": "HelmRelease"}}
    >>> (patch,) = _patches_of_transformer(value, "prod", 0, PatchPlace("prod/more.yaml", 0, (), ()))
    >>> patch.path, patch.form, patch.place.said
    ('prod/web.yaml', 'patches', ('path',))
    """
    kind = str(value.get("kind"))
    if kind not in _TEXTS:
        return ()
    found: list[KustomizationPatch] = []
    for said, text, is_file in _said(value, kind):
        if not isinstance(text, str):
            return None
        path = (join_path(folder, text) or text) if is_file else ""
        target, options = value.get("target"), value.get("options")
        if not all(each is None or isinstance(each, Mapping) for each in (target, options)):
            return None
        found.append(
            KustomizationPatch(
                TRANSFORMERS,
                first + len(found),
                path,
                "" if is_file else text,
                target,
                options or {},
                _FORMS[kind],
                place._replace(said=said),
            )
        )
    # kustomize refuses one that says nothing, or two things where it takes one.
    return tuple(found) if found and (len(found) == 1 or kind == "PatchStrategicMergeTransformer") else None


def _said(value: Mapping[str, Any], kind: str) -> Iterator[tuple[tuple[str | int, ...], Any, bool]]:
    """Gives the texts and the files of patches, each with where it stands and whether it is a file."""
    if kind == "PatchStrategicMergeTransformer":
        for index, entry in enumerate(as_list(value.get("paths"))):
            yield ("paths", index), entry, not (isinstance(entry, str) and is_in_place(entry))
    elif value.get("path"):
        yield ("path",), value["path"], True
    if value.get(_TEXTS[kind]):
        yield (_TEXTS[kind],), value[_TEXTS[kind]], False
