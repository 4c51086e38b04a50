"""Patches in transformers that a kustomization lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fluxv2_migrate.kubernetes import as_list
from fluxv2_migrate.kustomize.kustomization import (
    TRANSFORMERS,
    KustomizationPatch,
    PatchPlace,
    is_in_place,
    join_path,
)

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


def patches_of_transformer(
    value: Mapping[str, Any], folder: str, first: int, place: PatchPlace
) -> tuple[KustomizationPatch, ...] | None:
    """Gives the patches of a transformer.

    Args:
        folder: of the kustomization that lists it, from which the paths of files lead.
        first: the index of its first patch among all of that kustomization's transformers.
        place: where it stands.

    Returns:
        The patches; none of a transformer that does something else, and nothing where it holds what is none.

    Source: kustomize api 0.21 `PatchTransformer`, `PatchStrategicMergeTransformer`,
    `PatchJson6902Transformer`.

    >>> value = {"kind": "PatchTransformer", "path": "web.yaml", "target": {"kind": "HelmRelease"}}
    >>> (patch,) = patches_of_transformer(value, "prod", 0, PatchPlace("prod/more.yaml", 0, (), ()))
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
