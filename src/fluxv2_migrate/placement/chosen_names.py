"""Names of sources that a person chose, and that something else has."""

from __future__ import annotations

from collections.abc import Iterable

from fluxv2_migrate.placement.sources import ExistingSource, PlacedRequest
from fluxv2_migrate.settings.options import MigrationOptions


def clashing_names(
    requests: Iterable[PlacedRequest], existing: Iterable[ExistingSource], options: MigrationOptions
) -> dict[PlacedRequest, str]:
    """Gives the requests whose chosen name is taken, each with the reason."""
    there = sorted(existing, key=repr)
    wanted: dict[tuple[str, str, str, str], set[tuple[object, ...]]] = {}
    named: list[tuple[PlacedRequest, tuple[str, str, str, str]]] = []
    for placed in requests:
        request = placed.request
        if request.source_name is not None:
            for cluster, namespace in placed.wanted(options):
                place = (cluster, str(request.kind), namespace, request.source_name)
                wanted.setdefault(place, set()).add(request.identity)
                named.append((placed, place))
    clashes: dict[PlacedRequest, str] = {}
    for placed, place in named:
        cluster, kind, namespace, name = place
        request = placed.request
        others = (
            source
            for source in there
            if (source.kind, source.name) == (kind, name)
            and source.is_at(cluster, namespace)
            and (source.key, source.ref) != (request.key, request.ref)
        )
        other = next(others, None)
        if other is not None:
            clashes[placed] = f"the {kind} {namespace}/{name} is there already, with the URL {other.key}"
        elif len(wanted[place]) > 1:
            clashes[placed] = f"{kind} {namespace}/{name} is given as the name of several sources"
    return clashes
