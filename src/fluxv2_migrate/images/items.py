"""The objects of one document, where it may be a list, and those that share a text."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from fluxv2_migrate.clusters import ClusterMap, DocumentKey, Sighting
from fluxv2_migrate.kubernetes import as_list, as_object
from fluxv2_migrate.placement import ImageUse
from fluxv2_migrate.repository.reading import Document

_User: TypeAlias = tuple[str, str, DocumentKey]
"""The place of a text, a cluster, and the document of an object that has it there."""


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


def places_of_others(
    uses: Iterable[tuple[DocumentKey, ImageUse]],
    sightings: Iterable[tuple[DocumentKey, Sighting]],
    places_in: Callable[[DocumentKey, Sighting], Collection[str]],
) -> Iterator[tuple[str, str]]:
    """Gives the places whose texts are those of objects, too, that fluxd does not update.

    Args:
        uses: what fluxd updates, with the document of each object.
        sightings: of all objects, as each cluster sees them.
        places_in: where the texts of the images of an object stand.

    Returns:
        Each place with an object that has its text, as kind, namespace and name.
    """
    shared: dict[str, set[str]] = {}
    users: set[_User] = set()
    for key, use in uses:
        users.add((use.place, use.cluster, key))
        # What stands in the manifest of an object is of that one alone.
        if use.document != key:
            shared.setdefault(use.file, set()).add(use.place)
    for key, sighting in sightings if shared else ():
        files = {*(use.path for use in sighting.patches), *(step.path for step in sighting.steps)}
        asked = {
            place
            for file in files & shared.keys()
            for place in shared[file]
            if (place, sighting.cluster, key) not in users
        }
        if asked:
            name = "/".join(filter(None, (sighting.namespace, sighting.name)))
            found = asked.intersection(places_in(key, sighting))
            yield from ((place, f"{sighting.manifest.get('kind')} {name}") for place in sorted(found))


def seen_by_clusters(clusters: ClusterMap) -> Iterator[tuple[DocumentKey, Sighting]]:
    """Gives objects as clusters see them, of what is built also those of which fluxd was told nothing."""
    for key, found in clusters.sightings.items():
        yield from ((key, each) for each in found)
    for view in clusters.clusters:
        for each in clusters.objects(view):
            if each.path and each.key not in clusters.sightings:
                place = (view.name, each.synced.path, each.namespace, each.name)
                yield each.key, Sighting(*place, each.manifest, each.steps, each.patches, each.item)
