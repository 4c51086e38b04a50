"""Names of sources that a person chose, and that something else has."""

from __future__ import annotations

from collections.abc import Iterable

from fluxv2_migrate.options import MigrationOptions
from fluxv2_migrate.placement.sources import ExistingSource, PlacedRequest

__all__ = ["clashing_names"]


def clashing_names(
    requests: Iterable[PlacedRequest], existing: Iterable[ExistingSource], options: MigrationOptions
) -> dict[PlacedRequest, str]:
    """Gives the requests whose chosen name is taken, each with the reason.

    Args:
        requests: of all releases.
        existing: the sources of the repository.
        options: the namespaces of sources.
    """
    there = sorted(existing, key=repr)
    wanted: dict[tuple[str, str, str, str], set[tuple[object, ...]]] = {}
    named: list[tuple[PlacedRequest, str, tuple[str, str, str, str]]] = []
    for placed in requests:
        name = placed.request.source_name
        if name is not None:
            namespace = options.flux_namespace if options.sources.namespace == "flux" else placed.namespace
            place = (placed.root, str(placed.request.kind), namespace, name)
            wanted.setdefault(place, set()).add(placed.request.identity)
            named.append((placed, name, place))
    clashes: dict[PlacedRequest, str] = {}
    for placed, name, place in named:
        root, kind, namespace, _ = place
        request = placed.request
        other = next(
            (
                source
                for source in there
                if (source.kind, source.name) == (kind, name)
                and source.namespace in (namespace, "")
                and source.root in (root, "")
                and (source.key, source.ref) != (request.key, request.ref)
            ),
            None,
        )
        if other is not None:
            clashes[placed] = f"the {kind} {namespace}/{name} is there already, with the URL {other.key}"
        elif len(wanted[place]) > 1:
            clashes[placed] = f"{kind} {namespace}/{name} is given as the name of several sources"
    return clashes
