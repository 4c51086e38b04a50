"""All image automation of a repository: read, laid out, written, placed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fluxv2_migrate.clusters import DocumentKey
from fluxv2_migrate.findings.groups import FindingGroups, Notice
from fluxv2_migrate.flux2.marker_checks import has_merge_key
from fluxv2_migrate.images.git_syncs import git_syncs
from fluxv2_migrate.images.kustomization_marks import read_marks, still_marked, take_out_marks
from fluxv2_migrate.images.reading import GIVEN_BY_KUSTOMIZATIONS, AnnotatedObject, ReadImages, ToldNotice
from fluxv2_migrate.images.texts import WorkloadText, WorkloadTexts
from fluxv2_migrate.placement import (
    FilterComments,
    Generated,
    Homes,
    ImageLayout,
    Prerequisite,
    layout_images,
    place_image_objects,
    write_generated,
)
from fluxv2_migrate.plan import source_of
from fluxv2_migrate.releases.texts import ConvertedReleases
from fluxv2_migrate.repository.workspace import Change, Workspace, change_of, dotted
from fluxv2_migrate.surroundings.known import Surroundings, existing_image_objects
from fluxv2_migrate.yaml_text import value_in


@dataclass(frozen=True, slots=True)
class MigratedImages:
    """What updates the images of a repository.

    Attributes:
        written: the documents that are marked for it, or lose annotations.
        releases: what those of them mean then that are releases which are migrated.
        objects: that are made, each in its file.
        prerequisites: what must exist first, for releases and images.
        staying: the documents whose annotations stay, as something would be lost with them; no releases that
            are migrated, which fluxd leaves alone.
    """

    written: frozenset[DocumentKey]
    releases: Mapping[DocumentKey, dict[str, Any]]
    objects: tuple[Generated, ...]
    prerequisites: tuple[Prerequisite, ...]
    staying: frozenset[DocumentKey] = frozenset()


def migrate_images(
    read: ReadImages,
    around: Surroundings,
    converted: ConvertedReleases,
    workspace: Workspace,
    findings: FindingGroups,
) -> MigratedImages:
    """Gives the image automation that fluxd's annotations stand for.

    Args:
        converted: the releases that are migrated, with what was made for them.
    """
    releases = {each.release.document.key: each.text for each in converted.texts}
    releases |= {each.document.key: each.text for each in converted.patches}
    read.keep(releases)
    for annotated in read.objects:
        # An answer for one object is to be about none of the others, also where nothing is asked of them.
        findings.subject(annotated.document)
    of_kustomizations = [each for each in read.notices if each[2].group == GIVEN_BY_KUSTOMIZATIONS]
    for document, resource, notice, of, cluster in read.notices:
        if notice.group != GIVEN_BY_KUSTOMIZATIONS:
            findings.add(document, resource, notice, cluster=cluster, of=of)
            if notice.declares:
                findings.declare_object(resource, *notice.declares)
    if not read.objects:
        take_out_marks(around, read.plain.keys() & releases.keys(), workspace)
        _tell_given(of_kustomizations, around, workspace, findings)
        return MigratedImages(frozenset(), {}, (), converted.layout.prerequisites)
    values = {key: text.value for key, text in releases.items()}
    texts = WorkloadTexts(around, read, workspace, values, findings)
    layout, written, objects = _laid_out(texts, around, converted.layout.prerequisites, workspace)
    for each in written:
        for annotated in _with_rewritten_tag(each, read.objects):
            findings.declare(annotated.document, annotated.draft.resource, ("values",))
        _tell_merge_keys(each, findings)
    texts.tell()
    _tell_layout(texts, layout, findings)
    settled = {*texts.settled(layout), *(read.plain.keys() & releases.keys())}
    take_out_marks(around, settled, workspace)
    _tell_given(of_kustomizations, around, workspace, findings)
    staying = frozenset(each.document.key for each in read.objects) - settled - releases.keys()
    own = {each.release.document.key for each in converted.texts}
    meanings = {each.document.key: dict(each.value) for each in written if each.document.key in own}
    keys = frozenset(each.document.key for each in written)
    return MigratedImages(keys, meanings, objects, layout.prerequisites, staying)


def with_markers(converted: ConvertedReleases, images: MigratedImages) -> ConvertedReleases:
    """Gives releases as they are with their markers, without the patches, of which nobody asks any more.

    A tag that was a number is a text behind one.
    """
    marked = images.releases
    texts = (
        replace(each, text=replace(each.text, value=marked.get(each.release.document.key, each.text.value)))
        for each in converted.texts
    )
    return replace(converted, texts=tuple(texts), patches=())


def _laid_out(
    texts: WorkloadTexts, around: Surroundings, needed: Sequence[Prerequisite], workspace: Workspace
) -> tuple[ImageLayout, Sequence[WorkloadText], tuple[Generated, ...]]:
    """Writes what can be marked and what that needs: all is laid out again while something is refused."""
    existing, syncs = existing_image_objects(around), git_syncs(around)
    while True:
        layout = layout_images(texts.uses(), existing, syncs, around.options, around.oldest(()), needed)
        if layout.refused:
            texts.refuse_clusters(layout.refused)
            continue
        written = texts.write(layout)
        if written is None:
            continue
        tried = workspace.branch()
        for each in written:
            tried.replace(each.document, each.text, *_changes(each))
        if texts.keep(read_marks(around, tried.differing)):
            continue
        homes = Homes(around.clusters, around.clusters.tree, tried)
        placed = place_image_objects(layout.generated, homes, around.options, _comments(written))
        if not placed.homeless:
            break
        if not (texts.rename(placed.renamed) or texts.bring_home(placed.displaced)):
            texts.refuse_clusters({cluster: ("RP014", why) for cluster, why in placed.homeless.items()})
    write_generated(placed.objects, tried)
    workspace.adopt(tried)
    return layout, written, placed.objects


def _with_rewritten_tag(
    written: WorkloadText, objects: Iterable[AnnotatedObject]
) -> Iterator[AnnotatedObject]:
    """Gives the releases of which a tag was a number, in their own text or in a patch, and is a text now."""
    before = written.document.manifest
    rewritten = {
        use.place for use, marker in written.markers if not isinstance(value_in(before, marker.path), str)
    }
    # Hardly a document has such a tag, and there may be thousands of both.
    for annotated in objects if rewritten else ():
        if annotated.places & rewritten:
            yield annotated


def _tell_given(
    notices: Collection[ToldNotice], around: Surroundings, workspace: Workspace, findings: FindingGroups
) -> None:
    """Says of objects that kustomizations still give them annotations of fluxd."""
    left = set(still_marked(around, workspace)) if notices else set()
    for document, resource, notice, of, cluster in notices:
        if document.key in left:
            findings.add(document, resource, notice, cluster=cluster, of=of)


def _changes(written: WorkloadText) -> Iterator[Change]:
    path, document = written.document.path, written.document
    for each in written.objects:
        for operation in each.draft.operations:
            line = document.position(source_of(operation))[0]
            yield change_of(operation, each.draft.resource, path, line, path)
    for use, marker in written.markers:
        if marker.changed:
            field = tuple(map(str, marker.path))
            target, line = dotted(field), document.position(field)[0]
            yield Change("marker", use.resource, path, line, (target,), path, target)


def _comments(written: Iterable[WorkloadText]) -> FilterComments:
    found: dict[tuple[DocumentKey, str], list[str]] = {}
    for each in written:
        for to, comment in each.comments:
            found.setdefault((each.document.key, to), []).append(comment)
    return found


def _tell_merge_keys(written: WorkloadText, findings: FindingGroups) -> None:
    if written.markers and "<<" in written.text and has_merge_key(written.text):
        use, marker = written.markers[0]
        message = "with the first update of the file `<<` is written as `!!merge <<`, which means the same"
        notice = Notice("IM036", message, tuple(map(str, marker.path)), "all")
        findings.add(written.document, use.resource, notice, of=use.subject)


def _tell_layout(texts: WorkloadTexts, layout: ImageLayout, findings: FindingGroups) -> None:
    for use, notice in layout.notices:
        own = replace(notice, container=use.image.container)
        document = texts.document_of(use)
        findings.add(document, use.resource, own, of=use.subject)
        if own.code == "RP086" and findings.accepts(
            own.code, document, of=use.subject, container=own.container
        ):
            findings.declare_object(use.resource, "image.branch")
