"""What a person must know of sync paths: which are guesses, and where both Fluxes part over them."""

from __future__ import annotations

from collections.abc import Iterable

from fluxv2_migrate.clusters import AppliedDifferences, AppliedObject, SyncPath, compare_applied
from fluxv2_migrate.finding_groups import FindingGroups
from fluxv2_migrate.surroundings import Surroundings

__all__ = ["tell_of_syncing"]

_SHOWN = 5


def tell_of_syncing(
    around: Surroundings, findings: FindingGroups, *, is_something_done: bool
) -> dict[SyncPath, AppliedDifferences]:
    """Adds what is to be known of sync paths.

    Args:
        around: what is known of the repository.
        findings: where it is told.
        is_something_done: whether anything is migrated, so that it matters where it goes.

    Returns:
        What fluxd applied of the sync paths whose files it read; of objects without a namespace nothing is
        told yet.
    """
    clusters = around.clusters
    if is_something_done and not clusters.given:
        paths = dict.fromkeys(synced.path for view in clusters.clusters for synced in view.sync_paths)
        shown = ", ".join(path or "the repository's root" for path in paths)
        findings.say("RP009", f"sync paths were not given: what is generated goes under {shown}")
    if is_something_done and clusters.candidates:
        shown = ", ".join(clusters.candidates)
        findings.say("RP017", f"these may be one cluster or several, and each is taken for one: {shown}")
    applied: dict[SyncPath, AppliedDifferences] = {}
    for view in clusters.clusters:
        for synced in view.sync_paths:
            if synced.files != "none" and synced not in applied:
                applied[synced] = _tell_differences(synced, around, findings)
    return applied


def _tell_differences(synced: SyncPath, around: Surroundings, findings: FindingGroups) -> AppliedDifferences:
    repository = around.repository
    clusters = around.clusters
    apart = clusters.apart if synced.files == "rest" else frozenset()
    found = compare_applied(synced, repository.texts, repository.documents, clusters.tree, apart)
    path = synced.path or "/"
    if found.refused:
        places = [str(place) for place, _ in found.refused]
        first, reason = found.refused[0]
        message = (
            f"fluxd passed over {len(places)} document(s) of {path} with which kustomize-controller applies "
            f"nothing at all: {_list(places)}; the first: {reason}"
        )
        findings.say("DA020", message, first.path, first.line, places[1:], found.proposal)
    if found.left_out:
        places = [str(each.place) for each in found.left_out]
        message = (
            f"fluxd applied {len(places)} object(s) of {path} that kustomize-controller leaves out, because "
            f"a kustomization beside them does not list them: {_list(places)}"
        )
        place = found.left_out[0].place
        findings.say("RP015", message, place.path, place.line, places[1:], found.proposal)
    for one, other in found.doubles:
        message = f"{_name(one)} is defined in {one.place} too: kustomize-controller refuses both"
        findings.say("RP016", message, other.place.path, other.place.line, [str(one.place)])
    return found


def _name(each: AppliedObject) -> str:
    return f"{each.kind} {each.namespace}/{each.name}"


def _list(places: Iterable[str]) -> str:
    every = list(places)
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return ", ".join(every[:_SHOWN]) + more
