"""Workloads and releases as texts with markers, and without the annotations of fluxd."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fluxv2_migrate.clusters import DocumentKey
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.findings.groups import FindingGroups, Notice
from fluxv2_migrate.findings.table import FINDINGS
from fluxv2_migrate.flux1 import TagPattern
from fluxv2_migrate.flux2 import UNSEEN_REASONS, find_markers
from fluxv2_migrate.flux2.image_objects import PATH_ANNOTATION
from fluxv2_migrate.images.reading import AnnotatedObject, ReadImages
from fluxv2_migrate.kubernetes import annotations_of, objects_in
from fluxv2_migrate.placement import Affixes, ImageLayout, ImageUse
from fluxv2_migrate.plan import (
    AnnotationEdit,
    AppliedText,
    MarkerEdit,
    Operation,
    Plan,
    RefusedMarker,
    Remove,
    WrittenMarker,
    apply_to_metadata,
    apply_to_text,
    edit_annotations,
    write_comments,
    write_markers,
    write_out_shared,
)
from fluxv2_migrate.repository.reading import Document
from fluxv2_migrate.repository.workspace import Workspace, with_spans
from fluxv2_migrate.rules import numbers_as_texts, policy_comments, remaining_operations
from fluxv2_migrate.settings.options import Override
from fluxv2_migrate.surroundings.known import Surroundings
from fluxv2_migrate.tags.policies import PINNED
from fluxv2_migrate.yaml_text import CannotEdit, Style, detect_style, read_nodes, read_value, step_into

_DIRECTIVE: Final = re.compile(r"^\ufeff?%", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class WorkloadText:
    """A document after what concerns its images.

    Attributes:
        document: as it was.
        text: as it becomes.
        value: what it means then.
        objects: those of the document whose annotations are taken out.
        markers: that stand in it, each with the image that it is for.
        comments: of filters, by the place of the image whose policy they go to.
    """

    document: Document
    text: str
    value: Mapping[str, Any]
    objects: tuple[AnnotatedObject, ...] = ()
    markers: tuple[tuple[ImageUse, WrittenMarker], ...] = ()
    comments: tuple[tuple[str, str], ...] = ()

    @property
    def span(self) -> tuple[int, int, str]:
        """Begin and end of the document in its file, and what comes there."""
        start = self.document.start
        return start, start + len(self.document.text), self.text


@dataclass(slots=True)
class _Refusals:
    """What cannot be marked, with the reason; documents whose annotations stay; and those that stay whole."""

    places: dict[str, tuple[str, str]] = field(default_factory=dict)
    annotations: dict[DocumentKey, str] = field(default_factory=dict)
    documents: dict[DocumentKey, str] = field(default_factory=dict)


@dataclass(slots=True)
class WorkloadTexts:
    """Writes markers, and takes annotations out.

    Attributes:
        around: what is known of the repository.
        read: what was read of its annotations.
        values: what releases that are migrated mean by now.
        findings: where it is told what cannot be marked.
    """

    around: Surroundings
    read: ReadImages
    workspace: Workspace
    values: Mapping[DocumentKey, Mapping[str, Any]]
    findings: FindingGroups
    _refused: _Refusals = field(default_factory=_Refusals)
    _at_home: set[str] = field(default_factory=set)
    _affixes: dict[str, Affixes] = field(default_factory=dict)
    _read: set[DocumentKey] = field(default_factory=set)

    def uses(self) -> list[ImageUse]:
        """Gives the images that may be marked, as far as is known by now."""
        refused = self._refused
        return [
            replace(
                use,
                in_own_namespace=use.place in self._at_home,
                affixes=self._affixes.get(use.cluster, use.affixes),
            )
            for each in self.read.objects
            if not each.draft.stopped
            for use in each.uses
            if use.place not in refused.places and each.document.key not in refused.documents
        ]

    def write(self, layout: ImageLayout) -> list[WorkloadText] | None:
        """Gives the documents with their markers; nothing where some of them turn out to be impossible.

        Args:
            layout: the policies; of what cannot be marked `uses` is rid after a refusal.
        """
        known = (len(self._refused.places), len(self._refused.documents))
        objects: dict[DocumentKey, list[AnnotatedObject]] = {}
        uses: dict[DocumentKey, dict[str, ImageUse]] = {}
        for one in self.read.objects:
            objects.setdefault(one.document.key, []).append(one)
            for use in one.uses:
                uses.setdefault(use.document, {})[use.place] = use
        takers = _takers(layout)
        written = [
            self._write(
                document,
                objects.get(key, ()),
                [use for place, use in uses.get(key, {}).items() if place in layout.policies],
                layout,
                takers.get(key, ()),
            )
            for key, document in sorted(self._documents().items(), key=lambda item: item[0])
        ]
        texts = [each for each in written if each is not None]
        self._refuse_unseen(texts)
        if (len(self._refused.places), len(self._refused.documents)) != known:
            return None
        return [each for each in texts if each.text != self.workspace.text_of(each.document)]

    def keep(self, documents: Collection[DocumentKey]) -> bool:
        """Leaves annotations of documents, which something else reads; gives whether any went before."""
        more = {each.document.key for each in self.read.objects} & set(documents) - self._read
        self._read |= more
        return bool(more)

    def rename(self, affixes: Mapping[str, Affixes]) -> bool:
        """Gives objects the names that their places make of them; gives whether any has another one now.

        Args:
            affixes: what all places of a cluster add to a name.
        """
        known = dict(self._affixes)
        self._affixes |= {cluster: added for cluster, added in affixes.items() if any(added)}
        return self._affixes != known

    def bring_home(self, clusters: Collection[str]) -> bool:
        """Puts objects that have no place in the Flux namespace beside their workloads; gives whether any.

        A marker is one text, so what several clusters see goes there only where they agree on the namespace.

        Args:
            clusters: in which the objects have no place.
        """
        if self.around.options.images.namespace == "release":
            return False
        uses = self.uses()
        namespaces: dict[str, set[str]] = {}
        for use in uses:
            namespaces.setdefault(use.place, set()).add(use.subject.namespace)
        brought = {
            use.place for use in uses if use.cluster in clusters and len(namespaces[use.place] - {""}) == 1
        }
        moved = brought - self._at_home
        self._at_home |= moved
        return bool(moved)

    def refuse_clusters(self, reasons: Mapping[str, tuple[str, str]]) -> None:
        """Gives up what is marked for clusters in which the objects have no place, or cannot be written."""
        for use in self.uses():
            if use.cluster in reasons:
                self._refused.places[use.place] = reasons[use.cluster]

    def settled(self, layout: ImageLayout) -> set[DocumentKey]:
        """Gives the documents of which nothing is lost with the annotations of their objects."""
        refused = {*self._refused.annotations, *self._refused.documents}
        found: dict[DocumentKey, bool] = {}
        for each in self.read.objects:
            key = each.document.key
            fine = not each.draft.stopped and key not in refused and self._is_settled(each, layout)
            found[key] = found.get(key, True) and fine
        return {key for key, fine in found.items() if fine}

    def document_of(self, use: ImageUse) -> Document:
        """Gives the document that holds the fields of an image."""
        return self._documents()[use.document]

    def tell(self) -> None:
        """Says what could not be marked or edited."""
        for each in self.read.objects:
            key = each.document.key
            if key in self._read:
                message = "annotations of fluxd stay, since a kustomization copies them"
                notice = Notice("AN004", message, ("metadata", "annotations"), "read")
                self.findings.add(each.document, each.draft.resource, notice)
            reason = self._refused.annotations.get(key, self._refused.documents.get(key))
            if reason is not None:
                what = "the text" if key in self._refused.documents else "the text of the annotations"
                message = f"{what} cannot be edited: {reason}"
                notice = Notice("RP005", message, ("metadata", "annotations"))
                self.findings.add(each.document, each.draft.resource, notice)
            for use in each.uses:
                if use.place in self._refused.places:
                    code, why = self._refused.places[use.place]
                    document = self.document_of(use)
                    notice = _notice_of_refusal(use, code, why)
                    self.findings.add(document, use.resource, notice, of=use.subject)
                    if code == "IM034" and self.findings.accepts(code, document, of=use.subject):
                        self.findings.declare_object(use.resource, "image")

    # One document

    def _documents(self) -> dict[DocumentKey, Document]:
        return {**{each.document.key: each.document for each in self.read.objects}, **self.read.documents}

    def _value(self, document: Document, text: str) -> Mapping[str, Any]:
        """Gives what a document means by now."""
        if document.key in self.values:
            return self.values[document.key]
        value: Mapping[str, Any] = document.manifest if text == document.text else read_value(text)
        return value

    def _write(
        self,
        document: Document,
        objects: Sequence[AnnotatedObject],
        marked: Sequence[ImageUse],
        layout: ImageLayout,
        takers: Collection[str],
    ) -> WorkloadText | None:
        # Where annotations are not to be had from a text, its images may be marked all the same.
        for refused in (self._refused.annotations, self._refused.documents):
            if document.key in self._refused.documents:
                break
            try:
                return self._edit(document, objects, marked, layout, takers)
            except (CannotEdit, InvalidManifest) as error:
                refused.setdefault(document.key, str(error))
        return None

    def _edit(
        self,
        document: Document,
        objects: Sequence[AnnotatedObject],
        marked: Sequence[ImageUse],
        layout: ImageLayout,
        takers: Collection[str],
    ) -> WorkloadText:
        text = self.workspace.text_of(document)
        style = detect_style(text)
        handled = self._handled(document, text, objects, layout)
        comments: list[tuple[str, str]] = []
        value = self._value(document, text)
        plan = remaining_operations(
            [
                *_planned(objects, handled, takers),
                *(each for use in marked for each in numbers_as_texts(use.image, value)),
            ],
            value,
        )
        if plan:
            applied = _applied(tuple(plan), text, style, value)
            text, value = applied.text, applied.value
            comments += applied.comments
        in_lists = [_edit_in_list(each) for each in handled if each.draft.at]
        if any(each.remove or each.values for each in in_lists):
            edited = edit_annotations(text, in_lists, style=style)
            text, value = edited.text, edited.value
        above = [(each.path, each.text) for one in handled for each in one.draft.comments]
        if above and (root := read_nodes(text)) is not None:
            text = write_comments(text, above, root=root, style=style)
        if not marked:
            return WorkloadText(document, text, value, tuple(handled), (), _taken(comments))
        edits = {
            MarkerEdit(each.path, layout.policies[use.place] + (f":{each.part}" if each.part else "")): use
            for use in marked
            for each in use.image.fields
        }
        result = write_markers(write_out_shared(text, edits), edits, style=style)
        self._refuse(result.refused, edits)
        return WorkloadText(
            document,
            result.text,
            # Markers are comments, and what they change of a value is that it is a text.
            read_value(result.text) if any(each.quoted is not None for each in result.markers) else value,
            tuple(handled),
            tuple((edits[each.edit], each) for each in result.markers),
            (*_taken(comments), *_pins(marked)),
        )

    def _handled(
        self, document: Document, text: str, objects: Sequence[AnnotatedObject], layout: ImageLayout
    ) -> list[AnnotatedObject]:
        """Gives the objects whose annotations go.

        Raises:
            CannotEdit: the annotations stay, and so do the images.
        """
        if document.key in self._read:
            return []
        if document.key not in self._refused.annotations:
            return [each for each in objects if not each.draft.stopped and self._is_settled(each, layout)]
        if any(_is_in_flow(text, (*each.draft.at, "metadata")) for each in objects):
            # Once a marker has opened the line, its annotations could be edited after all.
            raise CannotEdit(self._refused.annotations[document.key])
        return []

    def _is_settled(self, each: AnnotatedObject, layout: ImageLayout) -> bool:
        """Gives whether nothing is lost with the annotations: all that fluxd updated is updated."""
        return each.places <= layout.policies.keys() and not any(
            FINDINGS[image.exception].severity == "error"
            and not self.findings.accepts(
                image.exception, each.document, of=each.draft.subject, container=image.container
            )
            for image in each.draft.images
            if image.exception
        )

    def _refuse(self, refused: Iterable[RefusedMarker], edits: Mapping[MarkerEdit, ImageUse]) -> None:
        for each in refused:
            code = {"other-marker": "IM034", "shared-value": "IM016"}.get(each.reason, "IM011")
            self._refused.places[edits[each.edit].place] = (code, each.message)

    def _has_path_annotation(self, path: str) -> bool:
        documents = self.around.repository.documents.get(path, ())
        objects = (each for document in documents for _, each in objects_in(document.manifest))
        return any(PATH_ANNOTATION in annotations_of(each) for each in objects)

    def _refuse_unseen(self, texts: Iterable[WorkloadText]) -> None:
        """Gives up markers that the updater would not see because of what else is in their file."""
        by_path: dict[str, list[WorkloadText]] = {}
        for each in texts:
            if each.markers:
                by_path.setdefault(each.document.path, []).append(each)
        for path, members in by_path.items():
            if self._has_path_annotation(path):
                # It is not this file alone that is updated no more.
                why = f"an annotation {PATH_ANNOTATION} of the file stops every update; remove it"
                for use in (use for member in members for use, _ in member.markers):
                    self._refused.places[use.place] = ("IM011", why)
                continue
            is_alone = len(self.around.repository.documents.get(path, ())) == 1
            is_list = str(members[0].value.get("kind")).endswith("List")
            if is_alone and not (is_list or _DIRECTIVE.search(self.around.repository.texts[path])):
                # In its own document each marker was seen.
                continue
            spans = [each.span for each in members]
            found = find_markers(with_spans(self.around.repository.texts[path], spans))
            seen = {(marker.document, marker.path) for marker in found if marker.seen}
            reasons = [marker.reason for marker in found if marker.reason is not None]
            for member in members:
                for use, written in member.markers:
                    if (member.document.index, written.path) not in seen:
                        self._refused.places[use.place] = (
                            "IM011",
                            UNSEEN_REASONS[next(iter(reasons), "unparseable")],
                        )


def _takers(layout: ImageLayout) -> Mapping[DocumentKey, set[str]]:
    """Gives for each document the places of comments to which a new policy of its images answers."""
    found: dict[DocumentKey, set[str]] = {}
    for made in layout.generated:
        for key, container in made.containers if made.kind == "ImagePolicy" else ():
            found.setdefault(key, set()).add(policy_comments(container))
    return found


def _planned(
    objects: Iterable[AnnotatedObject], handled: Collection[AnnotatedObject], takers: Collection[str]
) -> list[Operation]:
    """Gives what is done to an object that is a document of its own."""
    operations = (
        operation
        for each in objects
        if not each.draft.at and each in handled
        for operation in each.draft.operations
    )
    return [
        # A comment that no new policy takes stays where it is.
        replace(each, comments_to=None)
        if isinstance(each, Remove) and each.comments_to not in takers
        else each
        for each in operations
    ]


def _applied(plan: Plan, text: str, style: Style, value: Mapping[str, Any]) -> AppliedText:
    in_metadata = apply_to_metadata(plan, text, style, value)
    return in_metadata or apply_to_text(plan, text, read_nodes(text), style, value)


def _is_in_flow(text: str, path: Iterable[str]) -> bool:
    """Gives whether a field is a mapping in flow style, or stands in something in flow style."""
    node = read_nodes(text)
    for key in path:
        if node is None or node.is_flow:
            break
        found = step_into(node, key)
        node = None if found is None else found[1]
    return node is not None and node.is_flow


def _pins(marked: Iterable[ImageUse]) -> Iterator[tuple[str, str]]:
    """Gives what is said at policies that hold a tag: the filter of fluxd, which stands nowhere else then."""
    for use in marked:
        if use.request.order == PINNED:
            pattern, tag = use.image.tag_pattern, use.image.tag
            selects = tag is None or TagPattern.parse(pattern).selects(tag)
            # A comment has one line, whatever the filter has.
            shown = " ".join(pattern.split()) or "the filter"
            why = f"nothing orders those of {shown}" if selects else f"{shown} excludes it"
            yield policy_comments(use.image.container), f"# holds the tag: {why}"


def _taken(comments: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((to, comment) for to, comment in comments if to)


def _edit_in_list(each: AnnotatedObject) -> AnnotationEdit:
    at = tuple(int(key) if key.isdecimal() else key for key in each.draft.at)
    return AnnotationEdit(each.draft.removed_annotations, each.draft.new_annotations, at)


def _notice_of_refusal(use: ImageUse, code: str, why: str) -> Notice:
    if code == "RP041":
        # One question for all images of the cluster.
        return Notice(code, why, use.field, "all", Override(git_url=""))
    if code == "DA066":
        return Notice(code, why, use.field, "all")
    can = "is marked already" if code == "IM034" else "cannot be marked"
    message = f"the image {use.image.image} {can}: {why}"
    return Notice(code, message, use.field, use.place, container=use.image.container)
