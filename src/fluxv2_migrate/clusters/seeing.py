"""How a cluster sees the documents of a repository."""

from __future__ import annotations

from collections.abc import Iterator

from fluxv2_migrate.clusters.cluster_map import DocumentKey
from fluxv2_migrate.clusters.cluster_objects import place_of
from fluxv2_migrate.clusters.model import ClusterView, Sighting
from fluxv2_migrate.clusters.reader import ClusterReader


def sight(view: ClusterView, reader: ClusterReader) -> Iterator[tuple[DocumentKey, Sighting]]:
    """Gives each document that concerns a migration and that a cluster has, as it has it."""
    default = view.settings.default_namespace or reader.options.default_namespace or ""
    for each in reader.synced.objects(view.sync_paths, default, reader.concerning):
        key = each.key
        document = reader.concerns.get(key)
        if document is not None:
            place = (each.namespace, each.name)
            moved = place != place_of(document.manifest, default)
            seen = (view.name, each.synced.path, *place, each.manifest, each.steps, each.patches, each.item)
            yield key, Sighting(*seen, moved)
