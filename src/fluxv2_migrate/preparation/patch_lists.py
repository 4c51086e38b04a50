"""Patches that stand in a `List`, written as documents, as other patches of several objects are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final, TypeAlias

from fluxv2_migrate.clusters.flux_kustomizations import FLUX_PATCHES, is_flux_kustomization
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux1.apis import RELEASE_APIS
from fluxv2_migrate.flux1.policies import FLUXD_DOMAINS, is_annotated
from fluxv2_migrate.folders import is_kustomization_file
from fluxv2_migrate.given import as_kept_text
from fluxv2_migrate.kubernetes import as_list, mapping_at, objects_in
from fluxv2_migrate.kustomize import KustomizeTree
from fluxv2_migrate.repository.reading import is_old_release, read_documents
from fluxv2_migrate.yaml_text import (
    CannotEdit,
    edit_document,
    edit_documents,
    items_as_documents,
    read_value,
    replace_text,
    value_in,
)

_ITEMS: Final = "items"
_Place: TypeAlias = tuple[int, tuple[str | int, ...]]
"""The index of a document, and where a patch stands in it."""


def write_lists_as_documents(files: Mapping[str, str | bytes]) -> dict[str, str]:
    r"""Gives the files in which patches of what Flux v1 reads stand in lists, with documents in their place.

    Source: kustomize api 0.21 `resource/factory.go` `inlineAnyEmbeddedLists`: both are the same to it.

    >>> web = "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {name: web}\n"
    >>> lines = web.replace("\n", "\n  ").rstrip()
    >>> files = {
    ...     "kustomization.yaml": "patchesStrategicMerge: [web.yaml]\n",
    ...     "web.yaml": f"kind: List\nitems:\n- {lines}\n",
    ... }
    >>> write_lists_as_documents(files) == {"web.yaml": web}
    True
    """
    # What is no UTF-8 is no manifest, and told of where it is read.
    texts = ((path, as_kept_text(content)) for path, content in files.items())
    words = (*RELEASE_APIS, *FLUXD_DOMAINS)
    concerned = {path: text for path, text in texts if "List" in text and any(map(text.__contains__, words))}
    if not concerned:
        return {}
    tree = KustomizeTree(files)
    listed = {each.path for known in tree.kustomizations.values() for each in known.patches}
    found: dict[str, str] = {}
    for path, text in concerned.items():
        after = text
        try:
            if path in listed:
                after = lists_as_documents(text)
            else:
                for index, at in _inline(path, text, tree):
                    after = edit_document(after, partial(_unpacked_text, at=at), index)
        except (CannotEdit, InvalidManifest):
            continue
        if after != text:
            found[path] = after
    return found


def lists_as_documents(text: str) -> str:
    """Gives a file of patches in which those that stand in lists are documents of their own.

    Raises:
        CannotEdit: a list cannot be taken apart.
        InvalidManifest: a document cannot be read.
    """
    return edit_documents(text, _unpacked)


def _inline(path: str, text: str, tree: KustomizeTree) -> Iterator[_Place]:
    """Gives where patches stand in a file that holds a kustomization, or Kustomizations of Flux v2."""
    if is_kustomization_file(path):
        known = next((each for each in tree.kustomizations.values() if each.path == path), None)
        for patch in known.patches if known is not None else ():
            if patch.inline:
                inner = () if patch.field == "patchesStrategicMerge" else ("patch",)
                yield 0, (patch.field, patch.index, *inner)
        return
    *holder, name = FLUX_PATCHES.split(".")
    for document in read_documents(path, text)[0]:
        entries = mapping_at(document.manifest, *holder).get(name)
        for index, entry in enumerate(as_list(entries) if is_flux_kustomization(document.manifest) else ()):
            if isinstance(entry, Mapping) and isinstance(entry.get("patch"), str):
                yield document.index, (*holder, name, index, "patch")


def _unpacked_text(document: str, at: tuple[str | int, ...]) -> str:
    """Gives a document with a patch in which documents stand in the place of a list."""
    known = str(value_in(read_value(document), at))
    after = edit_documents(known, _unpacked)
    return document if after == known else replace_text(document, at, after)


def _unpacked(text: str) -> str:
    """Gives a document, or those that are the items of its list."""
    value = read_value(text)
    items = list(objects_in(value)) if isinstance(value, Mapping) else []
    if not any(at for at, _ in items) or not any(_holds_some(item) for _, item in items):
        return text
    # A list may hold another one.
    return edit_documents(items_as_documents(text, _ITEMS), _unpacked)


def _holds_some(value: Mapping[str, object]) -> bool:
    items = list(objects_in(value))
    return any(is_old_release(item) or is_annotated(item) or (at and _holds_some(item)) for at, item in items)
