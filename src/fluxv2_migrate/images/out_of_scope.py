"""What fluxd did with objects that are outside of the scope, and nobody does once it is stopped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from fluxv2_migrate.clusters import DocumentKey, Sighting
from fluxv2_migrate.findings.groups import FindingGroups, Notice
from fluxv2_migrate.findings.table import FINDINGS
from fluxv2_migrate.flux1 import read_policies
from fluxv2_migrate.flux1.policies import is_annotated
from fluxv2_migrate.flux2.apply_annotations import is_disabled, is_kept
from fluxv2_migrate.flux2.releases import is_of_flux2
from fluxv2_migrate.kubernetes import annotations_of, named, namespace_and_name, objects_in, resource_of
from fluxv2_migrate.repository.reading import Document
from fluxv2_migrate.rules import draft_image_automation
from fluxv2_migrate.surroundings.known import Surroundings, is_in_scope, is_item_in_scope

_ANNOTATIONS: Final = ("metadata", "annotations")
_UPDATED: Final = "fluxd updates images of what is outside of the scope, and once it is stopped nothing does"
_IGNORED: Final = {
    "managed": (
        "fluxd ignores what is outside of the scope, and Flux v2 applies it without"
        " `kustomize.toolkit.fluxcd.io/reconcile: disabled`"
    ),
    "sync.prune": (
        "fluxd keeps what is outside of the scope when it leaves Git, and Flux v2 deletes it when it prunes,"
        " without `kustomize.toolkit.fluxcd.io/prune: disabled`"
    ),
}
"""What differs of an object that fluxd left alone, with the words for it."""


def tell_out_of_scope(around: Surroundings, findings: FindingGroups) -> frozenset[DocumentKey]:
    """Says what of the objects outside of the scope only fluxd was told.

    It is stopped for all of a cluster, and what they say to it is not written for Flux v2 yet.

    Returns:
        The documents whose images only fluxd updates.
    """
    updated: set[DocumentKey] = set()
    for key, sightings in sorted(around.clusters.sightings.items()):
        document = around.repository.document(*key)
        if is_of_flux2(document.manifest) or not any(is_annotated(each.manifest) for each in sightings):
            continue
        if is_in_scope(document, around) or findings.decided(document).leave:
            continue
        if any(_is_updated(document, each, around) for each in sightings):
            updated.add(key)
            _ask(document, Notice("IM041", _UPDATED, _ANNOTATIONS, "all"), "image", sightings, findings)
        for field in dict.fromkeys(_ignored(sightings, around)):
            notice = Notice("RP088", _IGNORED[field], _ANNOTATIONS, field)
            _ask(document, notice, field, sightings, findings)
    for path, resource, field in dict.fromkeys(_generated(around)):
        if not findings.say("RP088", f"{resource}: {_IGNORED[field]}", path):
            findings.declare_object(resource, field)
    return frozenset(updated)


def _ask(
    document: Document, notice: Notice, field: str, sightings: Sequence[Sighting], findings: FindingGroups
) -> None:
    """Asks something of an object, and notes what differs of it where a person wants that."""
    findings.add(document, document.resource, notice)
    if findings.accepts(notice.code, document):
        for sighting in sightings:
            for _, manifest in objects_in(sighting.manifest):
                kind, (_, name) = str(manifest.get("kind")), namespace_and_name(manifest)
                findings.declare_object(named(kind, sighting.namespace, name), field)


def _is_updated(document: Document, sighting: Sighting, around: Surroundings) -> bool:
    """Gives whether the fluxd of a cluster updates an image of an object, as far as anybody can tell."""
    drafts = draft_image_automation(
        sighting.manifest,
        around.options,
        around.versions[sighting.cluster],
        seen_namespace=sighting.namespace or None,
        cluster=around.clusters.view(sighting.cluster).settings,
        file=document.path,
        written=document.written,
    )
    return any(
        each.stopped
        or any(image.fields for image in each.images)
        or any(FINDINGS[notice.code].severity == "error" for notice in each.notices)
        for each in drafts
    )


def _ignored(sightings: Sequence[Sighting], around: Surroundings) -> Iterator[str]:
    """Gives what Flux v2 does with an object that fluxd left alone, and is not told to leave it."""
    for sighting in sightings:
        # What Flux v2 applies already it goes on to apply so.
        if not around.clusters.view(sighting.cluster).flux2_file:
            for _, manifest in objects_in(sighting.manifest):
                yield from _done_by_flux2(manifest)


def _generated(around: Surroundings) -> Iterator[tuple[str, str, str]]:
    """Gives the same of what kustomizations generate, each with the kustomization."""
    for built in around.clusters.built():
        if not built.path and built.steps:
            kustomization = around.repository.document(built.steps[0].path, 0)
            if not is_item_in_scope(built.manifest, kustomization, around):
                for field in _done_by_flux2(built.manifest):
                    yield kustomization.path, resource_of(built.manifest), field


def _done_by_flux2(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Gives what differs of an object that fluxd left alone, and that nothing tells Flux v2 to leave."""
    policies = read_policies(annotations_of(manifest))
    if policies.ignored and not is_disabled(manifest):
        yield "managed"
    if policies.sync_only and not is_kept(manifest):
        yield "sync.prune"
