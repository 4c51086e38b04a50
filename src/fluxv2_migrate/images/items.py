"""The objects of one document: one alone, or the items of a list that kustomize takes apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fluxv2_migrate.clusters import Sighting
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
    own: Mapping[str, Any] = manifest if sighting.item is None else manifest["items"][sighting.item]
    return own
