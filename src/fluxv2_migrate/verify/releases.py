"""What became of each release: which one stands for it, and what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Final

from fluxv2_migrate.clusters import DocumentKey
from fluxv2_migrate.clusters.seen_objects import SeenObject, UnreadDocument
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux2.apply_annotations import is_applied_once, is_disabled
from fluxv2_migrate.kubernetes import as_object
from fluxv2_migrate.meaning import (
    Difference,
    ReleaseMeaning,
    SourceKey,
    compare_meanings,
    meaning_of_v2_release,
    outcome_in_the_cluster,
)
from fluxv2_migrate.meaning.locations import RETIRED_REPOSITORIES
from fluxv2_migrate.repository.reading import is_partial_release
from fluxv2_migrate.verify.applied_objects import changed_metadata
from fluxv2_migrate.verify.context import TAKEN_OUT, UNMANAGED, Context
from fluxv2_migrate.verify.declarations import Declaration
from fluxv2_migrate.verify.matching import Flux1Release, Matches, flux1_releases, match_releases
from fluxv2_migrate.verify.report import ReleaseVerification, VerificationStatus, together

_NO_NAMESPACE: Final = "(none)"
_Key = tuple[str, tuple[str, str]]
"""Cluster, and namespace and name there."""


_OfDocument = tuple[DocumentKey, ReleaseVerification]
"""A document, and what is said of a release that it holds."""
_Told = tuple[ReleaseVerification, tuple[str, ...] | None]
"""What is said of a release in one cluster, and all the fields that differ where both sides are known."""


def verify_releases(context: Context) -> list[ReleaseVerification]:
    """Gives one entry for each v1 release, or several where clusters differ, and those of v2 on top."""
    releases = flux1_releases(context)
    matches = match_releases(releases, context.after.new, context)
    still = _still_of_flux1(context)
    entries = [_unread_entry(unread, context) for unread in context.before.unread]
    told = [*_of_documents(releases, matches, still, context)]
    told += _extra(matches.without(context.after.new), context)
    told += _new_of_flux1(still, context)
    entries += together(told, context.every_cluster)
    entries.sort(key=lambda each: (each.path or each.after_path, each.line, each.resource, each.cluster))
    return entries


def _still_of_flux1(context: Context) -> Mapping[_Key, Sequence[SeenObject]]:
    """Gives the releases of Flux v1 that are there afterwards; a part of one is no release by itself."""
    still: dict[_Key, list[SeenObject]] = {}
    for each in context.after.old:
        if not is_partial_release(each.manifest):
            still.setdefault((each.cluster or "", each.identity), []).append(each)
    return still


def _of_documents(
    releases: Sequence[Flux1Release],
    matches: Matches,
    still: Mapping[_Key, Sequence[SeenObject]],
    context: Context,
) -> Iterator[_OfDocument]:
    """Gives what is said of each document that holds a release of Flux v1."""
    documents: dict[DocumentKey, list[int]] = {}
    for index, release in enumerate(releases):
        documents.setdefault(release.found.document, []).append(index)
    for document, members in documents.items():
        seen = [releases[index].found for index in members]
        resources = sorted({each.resource for each in seen})
        told = []
        for index in members:
            found = releases[index].found
            left = still.get((found.cluster or "", found.identity), [])
            partner, lost = matches.partners.get(index), matches.lost.get(index)
            declaration = context.declared.of(seen[0].path, resources, found.cluster or "")
            told.append(_verify(releases[index], partner, lost, left, declaration, context))
        declaration = context.declared.of(seen[0].path, resources)
        yield from ((document, each) for each in _with_undue(told, declaration))


def _new_of_flux1(still: Mapping[_Key, Sequence[SeenObject]], context: Context) -> Iterator[_OfDocument]:
    """Gives the releases of Flux v1 that were not there before, and that a cluster gets now."""
    known = {each.identity for each in context.before.old}
    for each in chain.from_iterable(still.values()):
        if each.identity not in known and each.cluster is not None and not each.obstacle:
            yield each.document, _on_top(each, "it is a release of Flux v1 that was not there before")


def _unread_entry(unread: UnreadDocument, context: Context) -> ReleaseVerification:
    is_left = context.is_file_left(unread.path)
    status: VerificationStatus = "declared" if is_left else "unknown"
    reason = f"{unread.reason}; it stays, as a person decided" if is_left else unread.reason
    return ReleaseVerification(status, "HelmRelease", unread.path, unread.line, reason=reason)


def _verify(
    release: Flux1Release,
    partner: SeenObject | None,
    lost: SeenObject | None,
    left: Sequence[SeenObject],
    declaration: Declaration,
    context: Context,
) -> _Told:
    found = release.found
    path = partner.path if partner is not None else ""
    entry = ReleaseVerification(
        "unknown", found.resource, found.path, found.line, path, cluster=found.cluster or ""
    )
    if context.was_unmanaged(found.manifest, found.cluster) and (partner is None or partner.obstacle):
        return replace(entry, status="unmanaged", reason=UNMANAGED), None
    if context.was_taken_out(found) and (partner is None or partner.cluster is None):
        return replace(entry, status="unmanaged", reason=TAKEN_OUT), None
    if release.meaning is None or release.meaning.chart is None:
        return replace(entry, reason=release.reason), None
    if partner is None and left and context.is_left(found):
        reason = "it is still a release of Flux v1, as a person decided"
        return replace(entry, status="declared", after_path=left[0].path, reason=reason), None
    reason = _why_missing(partner, lost, left, context)
    if reason and "applied" in declaration.every:
        return replace(entry, status="declared", reason=f"{reason}, as was declared"), None
    if partner is None or reason:
        return replace(entry, status="missing", reason=reason), None
    try:
        meaning = meaning_of_v2_release(
            partner.manifest,
            context.sources.near(partner.path, found.cluster),
            flux_version=context.version(found.cluster),
            default_namespace=context.settings(found.cluster).default_namespace,
        )
    except InvalidManifest as error:
        refusal = Difference("refused", (), (error.reason,))
        return replace(entry, status="different", differences=(refusal,)), None
    more = (*_around(release, partner, left, context), *_of_retired(meaning))
    return _compared(entry, release.meaning, meaning, more, declaration)


def _why_missing(
    partner: SeenObject | None, lost: SeenObject | None, left: Sequence[SeenObject], context: Context
) -> str:
    """Gives why a cluster has no release of Flux v2 that works; empty where it has one."""
    if partner is not None:
        return partner.obstacle or _without_source(partner, context)
    if left:
        return "it is still a release of Flux v1"
    if lost is not None:
        return f"{lost.path} holds it, and nothing that is synced lists that"
    return "no release of Flux v2 stands for it"


def _without_source(partner: SeenObject, context: Context) -> str:
    """Gives why a release comes to nothing because its cluster does not get the source of its chart."""
    default = partner.identity[0] or context.settings(partner.cluster).default_namespace
    spec = as_object(partner.manifest.get("spec"))
    reference = as_object(as_object(as_object(spec.get("chart")).get("spec")).get("sourceRef"))
    reference = reference or as_object(spec.get("chartRef"))
    kind, name = str(reference.get("kind")), str(reference.get("name"))
    key: SourceKey = (kind, str(reference.get("namespace") or default), name)
    if key in context.sources.near(partner.path, partner.cluster):
        return ""
    reason = context.sources.why_absent(key, partner.cluster)
    return f"its source {kind} {key[1]}/{name} is not applied: {reason}" if reason else ""


def _around(
    release: Flux1Release, partner: SeenObject, left: Sequence[SeenObject], context: Context
) -> Iterator[Difference]:
    """Gives what differs beside the meaning of a release."""
    found = release.found
    namespace = found.identity[0]
    if context.was_unmanaged(found.manifest, found.cluster):
        yield Difference("managed", False, True)
    if is_applied_once(partner.manifest) and not context.was_applied_once(found.manifest, found.cluster):
        yield Difference("sync.applied_once", False, True)
    if found.is_placed and not partner.is_placed:
        yield Difference("namespace", namespace, _NO_NAMESPACE)
    yield from changed_metadata(found.manifest, partner.manifest)
    applied = [each for each in left if not is_disabled(each.manifest)]
    if applied:
        yield Difference(
            "managers", "helm-operator", f"helm-operator ({applied[0].path}) and helm-controller"
        )


def _of_retired(after: ReleaseMeaning) -> Iterator[Difference]:
    """Gives that the repository of a chart was switched off."""
    url = after.chart.url if after.chart is not None else None
    if _origin(url) in RETIRED_REPOSITORIES:
        yield Difference("chart.served", True, False)


def _origin(url: str | None) -> str:
    return "https://" + "/".join((url or "").partition("://")[2].split("/")[:1])


def _goes_home(difference: Difference) -> bool:
    """Gives whether the URL of a repository that was switched off has become that of its archive."""
    if difference.field != "chart.url":
        return False
    home = RETIRED_REPOSITORIES.get(_origin(difference.before))
    return home is not None and home == str(difference.after)


def _compared(
    entry: ReleaseVerification,
    before: ReleaseMeaning,
    after: ReleaseMeaning,
    around: tuple[Difference, ...],
    declaration: Declaration,
) -> _Told:
    """Gives an entry with what differs of a release that is known on both sides."""
    found = (*(each for each in compare_meanings(before, after) if not _goes_home(each)), *around)
    left, declared = declaration.parted(found)
    unknown = tuple(
        name for name in dict.fromkeys((*before.unknown, *after.unknown)) if not declaration.knows(name)
    )
    status: VerificationStatus = "declared" if found else "same"
    if left:
        status = "different"
    elif unknown:
        status = "unknown"
    told = replace(
        entry,
        status=status,
        outcome=outcome_in_the_cluster(before, after),
        differences=left,
        declared=declared,
        assumed=tuple(dict.fromkeys((*before.assumed, *after.assumed))),
        unknown=unknown,
        reason="what decides is not in the repository" if status == "unknown" else "",
    )
    return told, tuple(each.field for each in found)


def _with_undue(told: Sequence[_Told], declaration: Declaration) -> Iterator[ReleaseVerification]:
    """Adds to each what was declared for the release and differs in no cluster."""
    undue = declaration.undue({field for _, fields in told for field in fields or ()})
    for entry, fields in told:
        yield entry if fields is None else replace(entry, undue=undue)


def _extra(left: Sequence[SeenObject], context: Context) -> Iterator[_OfDocument]:
    """Gives the v2 releases that stand for no v1 release and were not there before."""
    known: dict[tuple[str, str], set[str]] = {}
    for found in context.before.new:
        known.setdefault(found.identity, set()).add(found.cluster or "")
    applied = {_place(found) for found in context.after.new if not found.obstacle}
    for found in left:
        if found.obstacle and _place(found) in applied:
            # Something else that syncs it applies it.
            continue
        there = known.get(found.identity, set())
        # One that has no cluster is the same as any that was there.
        if not there or (found.cluster and not there & {found.cluster, ""}):
            entry = _on_top(found, "no release of Flux v1 stood for it")
            if "applied" in context.declared.of("", (found.resource,)).every:
                entry = replace(entry, status="declared", reason=f"{entry.reason}, as was declared")
            yield found.document, entry


def _place(found: SeenObject) -> tuple[object, ...]:
    return found.document, found.identity, found.cluster


def _on_top(found: SeenObject, reason: str) -> ReleaseVerification:
    """Gives what is said of a release that stands for none that was there before."""
    return ReleaseVerification(
        "extra",
        found.resource,
        line=found.line,
        after_path=found.path,
        reason=reason,
        cluster=found.cluster or "",
    )
