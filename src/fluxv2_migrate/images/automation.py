"""All image automation of a repository: read, laid out, written, placed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fluxv2_migrate.clusters import DocumentKey
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.findings.notice import Notice
from fluxv2_migrate.flux2.marker_checks import has_merge_key
from fluxv2_migrate.images.git_syncs import git_syncs
from fluxv2_migrate.images.reading import ReadImages
from fluxv2_migrate.images.texts import WorkloadText, WorkloadTexts
from fluxv2_migrate.placement import (
    Homes,
    ImageLayout,
    PlacedImageObject,
    Prerequisite,
    layout_images,
    place_image_objects,
)
from fluxv2_migrate.plan import AppliedText
from fluxv2_migrate.releases.texts import ConvertedReleases
from fluxv2_migrate.repository.documents import read_documents
from fluxv2_migrate.repository.spans import with_spans
from fluxv2_migrate.surroundings.known import Surroundings, existing_image_objects

__all__ = ["MigratedImages", "migrate_images"]


@dataclass(frozen=True, slots=True)
class MigratedImages:
    """What updates the images of a repository, and the texts that are marked for it.

    Attributes:
        texts: the documents that change.
        objects: that are made, each in its file.
        prerequisites: what must exist first, for releases and images.
        kustomizations: those that change or are made, with what was done to them before.
    """

    texts: tuple[WorkloadText, ...]
    objects: tuple[PlacedImageObject, ...]
    prerequisites: tuple[Prerequisite, ...]
    kustomizations: Mapping[str, str]


def migrate_images(
    read: ReadImages, around: Surroundings, converted: ConvertedReleases, findings: FindingGroups
) -> MigratedImages:
    """Gives the image automation that fluxd's annotations stand for.

    Args:
        read: of the annotations.
        around: what is known before.
        converted: the releases that are migrated, with what was made for them.
        findings: where it is told what a person must know.
    """
    releases = {each.release.document.key: each.text for each in converted.texts}
    read.keep(releases)
    for document, resource, notice, accepted in read.notices:
        findings.add(document, resource, notice, accepted=accepted)
    kustomizations = dict(converted.layout.kustomizations)
    if not read.objects:
        return MigratedImages((), (), converted.layout.prerequisites, kustomizations)
    texts = WorkloadTexts(around, read, {**releases, **_edited(kustomizations, around)}, findings)
    existing = existing_image_objects(around)
    syncs, needed = git_syncs(around), converted.layout.prerequisites
    while True:
        layout = layout_images(texts.uses(), existing, syncs, around.options, around.oldest(()), needed)
        written = texts.write(layout)
        if written is None:
            continue
        homes = _homes(around, kustomizations, written)
        taken = {*around.clusters.tree.files, *around.repository.texts, *homes.texts}
        taken.update(each.file for each in converted.layout.generated)
        objects, homeless = place_image_objects(layout.generated, homes, around.options, taken)
        if not homeless:
            break
        texts.refuse_clusters(homeless)
    for each in written:
        for resource in each.rewritten:
            findings.declare(each.document, resource, ("values",))
        _tell_merge_keys(each, texts, findings)
    texts.tell()
    _tell_layout(texts, layout, findings)
    return MigratedImages(tuple(written), objects, layout.prerequisites, homes.changed)


def _edited(kustomizations: Mapping[str, str], around: Surroundings) -> dict[DocumentKey, AppliedText]:
    """Gives the first documents of kustomizations that were edited before."""
    return {
        (path, document.index): AppliedText(document.text, (), dict(document.manifest))
        for path, text in kustomizations.items()
        if path in around.repository.texts
        for document in read_documents(path, text)[0][:1]
    }


def _homes(around: Surroundings, kustomizations: Mapping[str, str], written: list[WorkloadText]) -> Homes:
    texts = {**around.repository.texts, **kustomizations}
    changed = dict(kustomizations)
    kustomized = {each.path for each in around.clusters.tree.kustomizations.values()}
    for each in written:
        path = each.document.path
        if path in kustomized:
            texts[path] = changed[path] = with_spans(around.repository.texts[path], [each.span])
    return Homes(around.clusters, around.clusters.tree, texts, changed)


def _tell_merge_keys(written: WorkloadText, texts: WorkloadTexts, findings: FindingGroups) -> None:
    if written.markers and "<<" in written.text and has_merge_key(written.text):
        use, marker = written.markers[0]
        message = "with the first update of the file `<<` is written as `!!merge <<`, which means the same"
        notice = Notice("IM036", message, tuple(map(str, marker.path)), "all")
        findings.add(written.document, use.resource, notice, accepted=_accepted(texts)[use.place])


def _accepted(texts: WorkloadTexts) -> Mapping[str, tuple[str, ...]]:
    """Gives the codes that a person has accepted, by the place of each image."""
    return {use.place: each.draft.accepted for each in texts.read.objects for use in each.uses}


def _tell_layout(texts: WorkloadTexts, layout: ImageLayout, findings: FindingGroups) -> None:
    accepted = _accepted(texts)
    for use, notice in layout.notices:
        findings.add(texts.document_of(use), use.resource, notice, accepted=accepted[use.place])
