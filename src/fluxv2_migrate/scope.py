"""What is migrated now, where a person wants less than everything."""

from __future__ import annotations

from fnmatch import fnmatchcase

from fluxv2_migrate.documents import Document
from fluxv2_migrate.surroundings import Surroundings

__all__ = ["is_in_scope"]


def is_in_scope(document: Document, around: Surroundings) -> bool:
    """Gives whether a document is in scope, in all clusters that see it."""
    scope = around.options.scope
    seen = around.clusters.sightings.get(document.key, ())
    written = document.identity
    namespaces = {sighting.namespace for sighting in seen} or {written[0]}
    names = {sighting.name for sighting in seen} or {written[1]}
    return all(
        not patterns or all(any(fnmatchcase(text, pattern) for pattern in patterns) for text in texts)
        for patterns, texts in (
            (scope.namespaces, namespaces),
            (scope.names, names),
            (scope.paths, {document.path}),
        )
    )
