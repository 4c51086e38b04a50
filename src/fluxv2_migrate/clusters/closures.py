"""What hangs together: a release, every patch that reaches it, and every other release that these reach."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from fluxv2_migrate.clusters.cluster_map import DocumentKey
from fluxv2_migrate.kustomize import Build, PatchUse

__all__ = ["Closure", "patched_closures"]


@dataclass(frozen=True, slots=True)
class Closure:
    """Documents that can only be converted together.

    Attributes:
        documents: of releases, sorted.
        patches: that reach them, and replacements, sorted.
    """

    documents: tuple[DocumentKey, ...]
    patches: tuple[PatchUse, ...]


def patched_closures(
    builds: Iterable[Build], releases: Collection[DocumentKey]
) -> dict[DocumentKey, Closure]:
    """Gives the closure of each release that a patch reaches; one that none reaches hangs on nothing.

    Args:
        builds: all that kustomize builds of the repository, also what no known cluster syncs: a build that
            works today shall work afterwards.
        releases: the documents that are releases of Flux v1.
    """
    groups: dict[object, tuple[set[DocumentKey], set[PatchUse]]] = {}
    for build in builds:
        for built in build.objects:
            key = (built.path, built.index)
            # What a replacement looks for is not there any more when the API is another one.
            uses = (*built.patches, *built.replacements)
            if key not in releases or not uses:
                continue
            documents, patches = {key}, set(uses)
            for node in (key, *uses):
                known = groups.get(node)
                if known is not None:
                    documents |= known[0]
                    patches |= known[1]
            group = (documents, patches)
            for node in (*documents, *patches):
                groups[node] = group
    closures: dict[int, Closure] = {}
    found: dict[DocumentKey, Closure] = {}
    for key in releases:
        known = groups.get(key)
        if known is not None:
            documents, patches = known
            order = sorted(patches, key=lambda use: (use.kustomization, use.field, use.index, use.document))
            found[key] = closures.setdefault(id(known), Closure(tuple(sorted(documents)), tuple(order)))
    return found
