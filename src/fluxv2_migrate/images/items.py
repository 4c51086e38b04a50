"""The objects of one document: one alone, or the items of a list that kustomize takes apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fluxv2_migrate.clusters import Sighting
from fluxv2_migrate.kubernetes import as_list, as_object
from fluxv2_migrate.repository.documents import Document


def objects_of(sightings: Iterable[Sighting]) -> Iterable[Sequence[Sighting]]:
    """Gives how each object of one document is seen."""
    found: dict[int | None, list[Sighting]] = {}
    for each in sightings:
        found.setdefault(each.item, []).append(each)
    return found.values()


def own_manifest(document: Document, sighting: Sighting) -> Mapping[str, Any]:
    """Gives an object as its file says it."""
    manifest = document.manifest
    return manifest if sighting.item is None else _items(manifest)[sighting.item]


def is_in_an_inner_list(document: Document, sighting: Sighting) -> bool:
    """Gives whether an object is an item of a list that is an item itself."""
    outer = [each for each in as_list(document.manifest.get("items")) if each is not None]
    return sighting.item is not None and sighting.item >= len(outer)


def _items(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Gives the items of a list as kustomize counts them: those of a list in it come last.

    Source: kustomize api 0.21 `resource/factory.go` `inlineAnyEmbeddedLists`.
    """
    found: list[Mapping[str, Any]] = []
    pending = [manifest]
    while pending:
        items = [as_object(each) for each in as_list(pending.pop(0).get("items")) if each is not None]
        found += items
        pending += [each for each in items if str(each.get("kind")).endswith("List")]
    return found
