"""What hangs together: a release, every patch that reaches it, and every other release that these reach."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from fluxv2_migrate.clusters.cluster_map import DocumentKey
from fluxv2_migrate.kustomize import Build, BuiltObject, PatchUse


@dataclass(frozen=True, slots=True)
class Way:
    """How one build comes to a release.

    Attributes:
        build: its folder, and what goes over it.
        built: the release as it is built.
        is_removed: whether a patch takes it out.
    """

    build: tuple[str, str]
    built: BuiltObject
    is_removed: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """Documents that can only be converted together.

    Attributes:
        documents: of releases, sorted.
        patches: that reach them, and replacements, sorted.
        ways: of each release all builds that come to it.
    """

    documents: tuple[DocumentKey, ...]
    patches: tuple[PatchUse, ...]
    ways: Mapping[DocumentKey, tuple[Way, ...]]


def patched_closures(
    builds: Mapping[tuple[str, str], Build], releases: Collection[DocumentKey]
) -> dict[DocumentKey, Closure]:
    """Gives the closure of each release that a patch reaches; one that none reaches hangs on nothing.

    Args:
        builds: all that kustomize builds of the repository, also what no known cluster syncs: a build that
            works today shall work afterwards.
        releases: the documents that are releases of Flux v1.
    """
    groups: dict[object, tuple[set[DocumentKey], set[PatchUse]]] = {}
    ways: dict[DocumentKey, list[Way]] = {}
    for place, build in builds.items():
        for built in (*build.objects, *build.removed):
            key = built.key
            if key not in releases:
                continue
            is_removed = any(built is each for each in build.removed)
            ways.setdefault(key, []).append(Way(place, built, is_removed))
            # What a replacement looks for is not there any more when the API is another one.
            uses = (*built.patches, *built.replacements)
            if not uses:
                continue
            documents, patches = {key}, set(uses)
            for node in (key, *uses, *_texts(uses)):
                known = groups.get(node)
                if known is not None:
                    documents |= known[0]
                    patches |= known[1]
            group = (documents, patches)
            for node in (*documents, *patches, *_texts(patches)):
                groups[node] = group
    closures: dict[int, Closure] = {}
    found: dict[DocumentKey, Closure] = {}
    for key in releases:
        known = groups.get(key)
        if known is not None and id(known) not in closures:
            documents, patches = known
            order = sorted(patches, key=lambda use: (use.kustomization, use.field, use.entry, use.document))
            own = {each: tuple(ways[each]) for each in sorted(documents)}
            closures[id(known)] = Closure(tuple(own), tuple(order), own)
        if known is not None:
            found[key] = closures[id(known)]
    return found


def closure_of_one(builds: Mapping[tuple[str, str], Build], release: DocumentKey) -> Closure:
    """Gives the closure of a release that no patch reaches."""
    ways = (
        Way(place, built)
        for place, build in builds.items()
        for built in build.objects
        if built.key == release
    )
    return Closure((release,), (), {release: tuple(ways)})


def _texts(uses: Iterable[PatchUse]) -> Iterator[tuple[str, str, int]]:
    """Gives the texts of patches: a file that is listed twice is edited once."""
    return (("text", use.path, use.document) for use in uses if use.path)
