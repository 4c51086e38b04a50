"""Closures: they are read as a whole, or stay as a whole with one error that names what it holds back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from fluxv2_migrate.clusters import Closure, DocumentKey, Sighting
from fluxv2_migrate.findings.groups import FindingGroups, Notice
from fluxv2_migrate.kubernetes import named
from fluxv2_migrate.releases.decisions import DecidedReleases
from fluxv2_migrate.releases.patched import (
    NoChart,
    closure_places,
    closures_of,
    put_over,
    read_patched_release,
    taken_out,
)
from fluxv2_migrate.releases.release import ClustersDisagree, ReadRelease
from fluxv2_migrate.releases.ties import Ties
from fluxv2_migrate.repository.reading import Document
from fluxv2_migrate.settings.options import Override
from fluxv2_migrate.surroundings.known import Surroundings

_Reason = tuple[str, str, tuple[str, ...]]
_WhyItStays = Callable[[Document, Surroundings, Iterable[Sighting]], _Reason | None]


def read_closure(
    closure: Closure,
    overrides: Mapping[DocumentKey, Override],
    around: Surroundings,
    findings: FindingGroups,
    why_it_stays: _WhyItStays,
    ties: Ties,
) -> list[ReadRelease]:
    """Gives the releases of a closure; none where something of it stays whatever is decided.

    Args:
        overrides: what a person decided for each release that is migrated now.
        why_it_stays: of a document that no rule need be asked about, with how Kustomizations of Flux v2
            patch it, or how clusters would see it if no patch took it out.
    """
    documents = [around.repository.document(*key) for key in closure.documents]
    if not overrides.keys() & set(closure.documents):
        return []
    left = [each for each in documents if each.key not in overrides]
    ties.stay(closure, [each.key for each in left])
    if left:
        place = _places(left)[0]
        hold_back(closure, f"{place} stays, which hangs together with it", around, findings)
        return []
    staying = list(_staying(documents, closure, around, why_it_stays))
    ties.stay(closure, [document.key for document, _ in staying])
    if staying:
        document, reason = staying[0]
        # Of a command it is told once, where it stands.
        if reason[0] != "RP018":
            _stop(closure, document, reason, around, findings)
        return []
    releases = list(_read(documents, closure, overrides, around, findings, ties))
    return releases if len(releases) == len(documents) else []


def _staying(
    documents: Iterable[Document],
    closure: Closure,
    around: Surroundings,
    why_it_stays: _WhyItStays,
) -> Iterator[tuple[Document, _Reason]]:
    """Gives the documents that stay whatever the rules say, each with the reason."""
    for document in documents:
        known = around.clusters.sightings.get(document.key, ())
        over = put_over(known, document.key, closure, around)
        # What no cluster has because a patch takes it out goes with that patch.
        gone = () if known else taken_out(document.key, closure, around)
        reason = why_it_stays(document, around, (*over, *gone))
        if reason is not None:
            yield document, reason


def _read(
    documents: Iterable[Document],
    closure: Closure,
    overrides: Mapping[DocumentKey, Override],
    around: Surroundings,
    findings: FindingGroups,
    ties: Ties,
) -> Iterator[ReadRelease]:
    """Gives the releases that can be read, up to the first one that holds back all of the closure."""
    for document in documents:
        try:
            yield read_patched_release(document, closure, around, overrides[document.key])
        except ClustersDisagree as error:
            ties.stay(closure, [document.key])
            _stop(closure, document, ("RP020", error.reason, error.path), around, findings)
            return
        except NoChart as error:
            ties.stay(closure, [document.key])
            _tell_stops(document, error, findings)


def _tell_stops(document: Document, error: NoChart, findings: FindingGroups) -> None:
    draft = error.draft
    resource = named(str(document.manifest["kind"]), draft.namespace, draft.name)
    for notice in draft.notices:
        if draft.stops(notice):
            told = error.told[notice]
            findings.add(document, resource, notice, told.related, at=told.at)


def _stop(
    closure: Closure, document: Document, reason: _Reason, around: Surroundings, findings: FindingGroups
) -> None:
    code, message, path = reason
    findings.stop(document, code, message, path, _related(closure, document, path, around))


def _related(closure: Closure, document: Document, path: tuple[str, ...], around: Surroundings) -> list[str]:
    """Gives the places of a closure beside the one at which something is told."""
    own = f"{document.path}:{document.position(path)[0]}"
    places = closure_places(closure, around.repository, around.clusters.tree)
    return [each for each in places if each != own]


def hold_back(
    closure: Closure, reason: str, around: Surroundings, findings: FindingGroups, code: str = "RP004"
) -> None:
    """Says why a closure stays, and what it holds back."""
    document = around.repository.document(*closure.documents[0])
    related = _related(closure, document, (), around)
    count = len(closure.documents)
    what = "the release stays" if count == 1 else f"{count} releases stay together"
    notice = Notice(code, f"{what} with all that patches them: {reason}", ())
    findings.add(document, document.resource, notice, related)


def together(
    decided: DecidedReleases, around: Surroundings, findings: FindingGroups, ties: Ties
) -> DecidedReleases:
    """Gives what becomes of each release, where closures go as a whole."""
    everything = (*decided.migrating, *decided.waiting, *(each.release for each in decided.removed))
    migrating = {each.document.key for each in decided.migrating}
    waiting = {each.document.key for each in decided.waiting}
    stay: set[DocumentKey] = set()
    for closure in closures_of(everything):
        missing = set(closure.documents) - migrating
        if not missing:
            continue
        stay |= set(closure.documents)
        ties.stay(closure, missing)
        if not missing <= waiting:
            first = min(missing - waiting)
            place = _places([around.repository.document(*first)])[0]
            hold_back(closure, f"{place} stays, which hangs together with it", around, findings)
    return replace(
        decided,
        migrating=tuple(each for each in decided.migrating if each.document.key not in stay),
        removed=tuple(each for each in decided.removed if each.release.document.key not in stay),
    )


def _places(documents: Iterable[Document]) -> list[str]:
    return [f"{each.path}:{each.position(())[0]}" for each in documents]
