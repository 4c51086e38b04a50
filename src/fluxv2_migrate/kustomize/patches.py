"""Patches as they are written: documents to be merged, or lists of operations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.given import checked_manifest
from fluxv2_migrate.kustomize.json_patch import is_operations
from fluxv2_migrate.kustomize.resources import Identity, Resource
from fluxv2_migrate.kustomize.values import NOTHING_READ, Manifest, read_manifests
from fluxv2_migrate.yaml_text import BYTE_ORDER_MARK, first_document, read_value
from fluxv2_migrate.yaml_text.kept import kept


class PatchDocument(NamedTuple):
    """A document of a strategic merge patch.

    Attributes:
        document: its index in the text.
        manifest: its value; it must not be changed.
        identity: of the object that it names.
        is_in_a_list: whether it is an item of a list, which kustomize takes for documents.
    """

    document: int
    manifest: Manifest
    identity: Identity
    is_in_a_list: bool


ReadPatch: TypeAlias = tuple[tuple[PatchDocument, ...], tuple[Manifest, ...]]
"""The documents of a strategic merge patch, and the operations of a JSON patch; one of the two is empty."""


@kept(512)
def read_patch(text: str) -> ReadPatch:
    r"""Reads a patch, of whichever form it is.

    Args:
        text: of its file, or as it stands in a kustomization.

    Returns:
        The documents of a strategic merge patch, and the operations of a JSON patch; one of the two is empty.
        Neither may be changed.

    Raises:
        InvalidManifest: it is neither.

    >>> read_patch("- {op: remove, path: /spec}")[1]
    ({'op': 'remove', 'path': '/spec'},)
    """
    return patch_of_known(text, NOTHING_READ)


def patch_of_known(text: str, values: Mapping[str, Any]) -> ReadPatch:
    """Reads a patch as `read_patch` does, of documents that are kept by whoever asks.

    Args:
        text: of its file, or as it stands in a kustomization.
        values: of documents that were read before, by their texts.

    Raises:
        InvalidManifest: it is none.
    """
    plain = text.removeprefix(BYTE_ORDER_MARK)
    if plain.startswith("["):
        return (), _json_operations(plain)
    first = first_document(text)
    try:
        value = values[first] if first in values else read_value(first)
    except InvalidManifest:
        value = None
    if is_operations(value):
        return (), tuple(value)
    documents = read_manifests(plain, is_patch=True, values=values)
    return tuple(
        PatchDocument(index, manifest, Resource(manifest, "", 0).identity, item is not None)
        for index, item, _, manifest in documents
    ), ()


def _json_operations(text: str) -> tuple[Manifest, ...]:
    # What begins with a bracket is JSON to kustomize, and no YAML.
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidManifest(f"a JSON patch in brackets that is no JSON: {error}") from None
    checked_manifest({"": value}, "a JSON patch's operations", InvalidManifest)
    if not is_operations(value):
        raise InvalidManifest("a JSON patch that is no list of operations")
    return tuple(value)
