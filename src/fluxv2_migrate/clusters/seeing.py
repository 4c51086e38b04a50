"""How a cluster sees the documents of a repository."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from fluxv2_migrate.clusters.cluster_map import DocumentKey
from fluxv2_migrate.clusters.model import ClusterView, Sighting, SyncPath
from fluxv2_migrate.clusters.reader import ClusterReader
from fluxv2_migrate.clusters.units import is_below, is_in_folder

__all__ = ["place_of", "sight"]


def sight(view: ClusterView, reader: ClusterReader) -> Iterator[tuple[DocumentKey, Sighting]]:
    """Gives each document that concerns a migration and that a cluster has, as it has it.

    Args:
        view: the cluster.
        reader: of the repository.
    """
    default = view.settings.default_namespace or reader.options.default_namespace or ""
    for synced in view.sync_paths:
        built_files: set[str] = set()
        for folder in synced.builds:
            build = reader.build_of(synced, folder)
            built_files.update(build.files)
            for built in build.objects:
                if reader.matters(built):
                    place = place_of(built.manifest, default, synced)
                    key = (built.path, built.index)
                    written = place_of(reader.concerns[key].manifest, default, SyncPath(""))
                    yield (
                        key,
                        Sighting(
                            view.name,
                            synced.path,
                            *place,
                            built.manifest,
                            built.steps,
                            built.patches,
                            built.item,
                            place != written,
                        ),
                    )
        if synced.files == "none":
            continue
        apart = reader.claimed() | built_files if synced.files == "rest" else set()
        for key, document in reader.concerns.items():
            if is_below(document.path, synced.path) and document.path not in apart:
                if is_in_folder(posixpath.dirname(document.path), reader.charts):
                    continue
                place = place_of(document.manifest, default, synced)
                moved = place != place_of(document.manifest, default, SyncPath(""))
                yield key, Sighting(view.name, synced.path, *place, document.manifest, is_moved=moved)


def place_of(manifest: Mapping[str, Any], default: str, synced: SyncPath) -> tuple[str, str]:
    """Gives the namespace and the name of an object in the cluster.

    Args:
        manifest: of the object.
        default: the namespace of what names none.
        synced: the path that leads to it.
    """
    metadata = manifest.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    namespace = synced.target_namespace or str(metadata.get("namespace") or "") or default
    return namespace, str(metadata.get("name") or "")
