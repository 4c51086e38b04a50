"""What fluxd's annotations ask for, of every object of a repository, as each cluster sees it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from fluxv2_migrate.clusters import DocumentKey, Sighting, broken_build, unknown_generator
from fluxv2_migrate.clusters.flux_kustomizations import annotated_fields
from fluxv2_migrate.findings.groups import FindingGroups, Notice
from fluxv2_migrate.flux1.policies import is_annotated
from fluxv2_migrate.flux2.image_objects import is_read
from fluxv2_migrate.flux2.releases import is_of_flux2
from fluxv2_migrate.images.credentials import credentials_in, files_of_credentials
from fluxv2_migrate.images.items import is_in_an_inner_list, own_manifest, places_of_others, seen_by_clusters
from fluxv2_migrate.images.kustomization_marks import unsaid_marks
from fluxv2_migrate.images.places import ImagePlace, NoPlace, place_image, place_tag
from fluxv2_migrate.kubernetes import annotations_of, as_list, as_object, objects_in
from fluxv2_migrate.placement import ImageUse, use_of
from fluxv2_migrate.plan import Path, Plan, source_of
from fluxv2_migrate.repository.reading import Document, is_old_release
from fluxv2_migrate.rules import (
    AutomatedImage,
    ImageAutomationDraft,
    Lookup,
    draft_image_automation,
    find_other_images,
    find_written_images,
    has_annotated_pods,
)
from fluxv2_migrate.settings.options import Override
from fluxv2_migrate.settings.overrides import Subject
from fluxv2_migrate.surroundings.known import Surroundings, is_in_scope
from fluxv2_migrate.tags.patterns import TagTranslations

GIVEN_BY_KUSTOMIZATIONS: Final = "kustomization"
"""The group of what is said of annotations that kustomizations give to what they build."""
ToldNotice: TypeAlias = tuple[Document, str, Notice, Subject | None, str]
"""A notice with the document, the object by its name and as one cluster sees it, and the only cluster."""


@dataclass(frozen=True, slots=True)
class AnnotatedObject:
    """An object with annotations of fluxd, where they stand.

    Attributes:
        draft: what becomes of its annotations; of the images what one cluster sees.
        uses: its images that are to be marked, as each cluster sees them.
        places: those of all images that must be marked before the annotations go.
    """

    document: Document
    draft: ImageAutomationDraft
    uses: tuple[ImageUse, ...] = ()
    places: frozenset[str] = frozenset()


@dataclass(slots=True)
class ReadImages:
    """What was read of all annotations.

    Attributes:
        objects: with annotations of fluxd, or whose patches have some.
        documents: those that hold the fields of images, beside those of the objects.
        plain: releases of which no image is updated, with what becomes of their annotations.
        notices: what a person must know, with the document, the object, and the cluster where it is said
            of one alone.
    """

    objects: list[AnnotatedObject] = field(default_factory=list)
    documents: dict[DocumentKey, Document] = field(default_factory=dict)
    plain: dict[DocumentKey, Plan] = field(default_factory=dict)
    notices: list[ToldNotice] = field(default_factory=list)

    def asked(self) -> dict[DocumentKey, set[Path]]:
        """Gives the fields whose places are told of, by their documents."""
        found: dict[DocumentKey, set[Path]] = {}
        for document, _, notice, *_ in self.notices:
            found.setdefault(document.key, set()).add(notice.path)
        for each in self.objects:
            found.setdefault(each.document.key, set()).update(map(source_of, each.draft.operations))
            for use in each.uses:
                found.setdefault(use.document, set()).update(each.field for each in use.image.fields)
        return found

    def keep(self, releases: Collection[DocumentKey]) -> None:
        """Forgets the releases that are not migrated after all: they keep their annotations."""
        self.objects = [each for each in self.objects if _is_kept(each.document, releases)]
        self.notices = [each for each in self.notices if _is_kept(each[0], releases)]


def read_images(
    around: Surroundings, releases: Collection[DocumentKey], findings: FindingGroups
) -> ReadImages:
    """Gives the objects with annotations of fluxd, and the fields that it would write.

    Args:
        releases: the documents of the releases of Flux v1 that are to be migrated.
    """
    return _ImageReader(around, releases, findings).read()


@dataclass(slots=True)
class _ImageReader:
    around: Surroundings
    releases: Collection[DocumentKey]
    findings: FindingGroups
    found: ReadImages = field(default_factory=ReadImages)
    _lookups: dict[str, Lookup] = field(default_factory=dict)
    _translations: TagTranslations = field(default_factory=TagTranslations)
    _credential_files: tuple[str, ...] | None = None
    _patched: dict[DocumentKey, AnnotatedObject] = field(default_factory=dict)

    def read(self) -> ReadImages:
        repository = self.around.repository
        for path, documents in sorted(repository.documents.items()):
            for document in documents:
                if self._is_read(document) and repository.chart_around(path) is None:
                    self._read(document)
        self._tell_generated()
        self._tell_of_flux_kustomizations()
        self._leave_texts_of_others()
        self.found.objects += self._patched.values()
        self.found.plain = {
            each.document.key: each.draft.operations for each in self.found.objects if _is_plain(each)
        }
        self.found.objects = [each for each in self.found.objects if not _is_plain(each)]
        return self.found

    def _is_read(self, document: Document) -> bool:
        sightings = self.around.clusters.sightings.get(document.key, ())
        is_meant = is_annotated(document.manifest) or has_annotated_pods(document.manifest)
        if not is_meant and not any(each.steps and is_annotated(each.manifest) for each in sightings):
            return False
        if is_old_release(document.manifest):
            # One that stays keeps its annotations, so that nothing is lost until it goes.
            return document.key in self.releases
        return is_in_scope(document, self.around)

    def _read(self, document: Document) -> None:
        manifest = document.manifest
        if is_of_flux2(manifest):
            message = "annotations of fluxd stay on objects of Flux v2, which does not read them"
            self._tell_of(document, Notice("AN004", message, ("metadata", "annotations"), "all"))
            return
        sightings = self.around.clusters.sightings.get(document.key, ())
        if not sightings:
            self._tell_unseen(document)
            return
        if document.path in self.around.repository.errors:
            # The finding of the file is about all of it.
            return
        if unknown_generator(sightings, self.around.clusters) is not None:
            # Of a command it is told where it stands.
            return
        why = self._why_it_stays(document, sightings)
        if why is not None:
            self._tell_of(document, why)
            return
        if self._ignores_elsewhere(document, sightings):
            message = "patches say of it whether fluxd ignores it, and are not converted"
            self._tell_of(document, Notice("RP004", message, ("metadata",)))
            return
        if any(is_in_an_inner_list(document, each) for each in sightings):
            message = "objects with annotations of fluxd stand in a list that is an item of another one"
            self._tell_of(document, Notice("RP008", message, ("items",)))
            return
        if any(at for patch in self._patches(sightings) for at, _ in objects_in(patch.manifest)):
            message = "a patch of it stands in a list that cannot be taken apart, and is not converted"
            self._tell_of(document, Notice("RP004", message, ("metadata",)))
            return
        objects = self._read_seen(document, sightings)
        self.found.objects += objects
        self._read_patches(document, objects, sightings)

    def _patches(self, sightings: Iterable[Sighting]) -> Iterator[Document]:
        """Gives the annotated documents of patches."""
        uses = {use for sighting in sightings for use in sighting.patches if use.path and use.kind == "merge"}
        for path, index in sorted({(use.path, use.document) for use in uses}):
            document = self.around.repository.document(path, index)
            if is_annotated(document.manifest):
                yield document

    def _ignores_elsewhere(self, document: Document, sightings: Iterable[Sighting]) -> bool:
        """Gives whether a build says whether fluxd ignores an object, and does not say it to Flux v2."""
        return any(
            unsaid_marks(own_manifest(document, each), each, self.around.repository) for each in sightings
        )

    def _read_patches(
        self, document: Document, objects: Sequence[AnnotatedObject], sightings: Iterable[Sighting]
    ) -> None:
        """Reads the annotations of patches; they go together with those of all objects that they reach."""
        patches = list(self._patches(sightings))
        images = tuple(image for each in objects for image in each.draft.images)
        places = frozenset(place for each in objects for place in each.places)
        stopped = any(each.draft.stopped for each in objects)
        for patch in patches:
            known = self._patched.get(patch.key)
            draft = known.draft if known is not None else self._own(patch, (), next(iter(sightings)))
            draft = replace(
                draft,
                images=images if known is None else (*known.draft.images, *images),
                stopped=draft.stopped or stopped,
            )
            places |= frozenset() if known is None else known.places
            self._patched[patch.key] = AnnotatedObject(patch, draft, places=places)
        if not patches and not is_annotated(document.manifest):
            message = "annotations of fluxd that a kustomization gives stay, and Flux v2 does not read them"
            self._tell_of(document, Notice("AN004", message, ("metadata",), GIVEN_BY_KUSTOMIZATIONS))

    def _read_seen(self, document: Document, sightings: Sequence[Sighting]) -> list[AnnotatedObject]:
        drafts: dict[tuple[str, ...], list[ImageAutomationDraft]] = {}
        uses: dict[tuple[str, ...], list[ImageUse]] = {}
        told: dict[str, list[ImageAutomationDraft]] = {}
        for sighting in sightings:
            for draft in self._drafts(document, sighting):
                at = draft.at if sighting.item is None else ("items", str(sighting.item))
                images: list[AutomatedImage] = []
                self.findings.matched |= draft.matched
                for image in draft.images:
                    placed = self._placed(document, draft, image, sighting)
                    images.append(image if placed is None else placed.image)
                    use = None if placed is None else _use(placed, draft, sighting)
                    if use is not None:
                        uses.setdefault(at, []).append(use)
                told.setdefault(sighting.cluster, []).append(draft)
                drafts.setdefault(at, []).append(replace(draft, images=tuple(images)))
        self._tell_each(document, told)
        objects: list[AnnotatedObject] = []
        for at, seen in drafts.items():
            draft = seen[0]
            if sightings[0].steps:
                # What is written is edited, and not what kustomize makes of it.
                draft = self._own(document, at, sightings[0])
            images = [image for each in seen for image in each.images]
            stopped = draft.stopped or any(each.stopped for each in seen)
            mine = uses.get(at, [])
            places = frozenset(use.place for use in mine)
            held = self._held_elsewhere(document, mine, sightings)
            for use in mine:
                if use.place in held:
                    message = f"the field is one for all, and fluxd does not write it for {held[use.place]}"
                    self._tell(document, use.resource, Notice("IM016", message, use.field, use.place))
            objects.append(
                AnnotatedObject(
                    document,
                    replace(draft, images=tuple(images), stopped=stopped),
                    tuple(use for use in mine if use.place not in held),
                    places,
                )
            )
        return objects

    def _held_elsewhere(
        self, document: Document, uses: Sequence[ImageUse], sightings: Sequence[Sighting]
    ) -> dict[str, str]:
        """Gives the places that a cluster sees whose fluxd does not write them, each with the cluster."""
        users: dict[str, set[str]] = {}
        for use in uses:
            users.setdefault(use.place, set()).add(use.cluster)
        held: dict[str, str] = {}
        aliases = aliases_of(sightings)
        for sighting in sightings:
            if all(sighting.cluster in clusters for clusters in users.values()):
                continue
            for where in self._places_in(document.key, sighting, aliases):
                if sighting.cluster not in users.get(where, {sighting.cluster}):
                    held[where] = sighting.cluster
        return held

    def _places_in(self, key: DocumentKey, sighting: Sighting, aliases: Mapping[str, str]) -> Iterator[str]:
        """Gives where the texts of all images of an object stand, be they updated or not."""
        own = own_manifest(self.around.repository.document(*key), sighting)
        written = find_written_images(as_automated(sighting.manifest, aliases), all_of_them=True)
        for image in (*written, *find_other_images(sighting.manifest)):
            placed = place_tag(image, key, own, sighting, self.around)
            if isinstance(placed, ImagePlace):
                yield _place_of(placed)

    def _leave_texts_of_others(self) -> None:
        """Leaves texts in patches and kustomizations that an object has, too, which fluxd does not update."""
        uses = ((each.document.key, use) for each in self.found.objects for use in each.uses)
        seen = seen_by_clusters(self.around.clusters)
        held = dict(
            places_of_others(uses, seen, lambda key, each: {*self._places_in(key, each, aliases_of([each]))})
        )
        for index, each in enumerate(self.found.objects if held else ()):
            for use in each.uses:
                if use.place in held:
                    message = f"the text is that of {held[use.place]}, too, of which fluxd does not write it"
                    notice = Notice("IM016", message, use.field, use.place)
                    self._tell(self.around.repository.document(*use.document), use.resource, notice)
            left = tuple(use for use in each.uses if use.place not in held)
            self.found.objects[index] = replace(each, uses=left)

    def _drafts(self, document: Document, sighting: Sighting) -> tuple[ImageAutomationDraft, ...]:
        view = self.around.clusters.view(sighting.cluster)
        return draft_image_automation(
            sighting.manifest,
            self.around.options,
            self.around.versions[sighting.cluster],
            seen_namespace=sighting.namespace or None,
            cluster=view.settings,
            file=document.path,
            lookup=self._lookup(sighting.cluster),
            written=document.written,
            translations=self._translations,
        )

    def _own(self, document: Document, at: tuple[str, ...], sighting: Sighting) -> ImageAutomationDraft:
        """Gives what becomes of the annotations that stand in a document itself."""
        drafts = self._drafts(document, replace(sighting, manifest=document.manifest))
        return next(each for each in drafts if each.at == at)

    def _placed(
        self, document: Document, draft: ImageAutomationDraft, image: AutomatedImage, sighting: Sighting
    ) -> ImagePlace | None:
        if not image.fields:
            return None
        own = own_manifest(document, sighting)
        placed = place_image(image, document.key, own, sighting, self.around)
        version = self.around.versions[sighting.cluster]
        if isinstance(placed, ImagePlace) and not is_read(placed.path, version):
            reason = f"it stands in {placed.path}, which the updater of Flux {version} does not open"
            placed = NoPlace(reason, placed.path)
        if isinstance(placed, NoPlace):
            path, message = (
                image.fields[0].field,
                f"the image {image.image} cannot be marked: {placed.reason}",
            )
            notice = Notice("IM011", message, path, related=self._line_of(image, placed, document))
            self._tell(document, draft.resource, notice, draft.subject)
            return ImagePlace(*document.key, replace(image, fields=(), policy=None, exception="IM011"))
        if placed.in_kustomization:
            path = image.fields[0].field
            message = f"the tag of {image.image.name} stands in {placed.path}, and is marked there"
            notice = Notice("IM012", message, path, f"{placed.path} {image.image.name}")
            self._tell(document, draft.resource, notice, draft.subject)
        key = (placed.path, placed.index)
        if key != document.key:
            self.found.documents[key] = self.around.repository.document(*key)
        return placed

    def _line_of(self, image: AutomatedImage, written: NoPlace, document: Document) -> tuple[str, ...]:
        """Gives where an image is written, if that is another file than its document's."""
        if written.path in ("", document.path):
            return ()
        lines = self.around.repository.texts.get(written.path, "").splitlines()
        numbers = (number for number, line in enumerate(lines, 1) if image.image.image in line)
        return (f"{written.path}:{next(numbers, 1)}",)

    def _lookup(self, cluster: str) -> Lookup:
        if cluster not in self._lookups:
            if self._credential_files is None:
                self._credential_files = files_of_credentials(self.around)
            self._lookups[cluster] = credentials_in(cluster, self.around, self._credential_files)
        return self._lookups[cluster]

    # What is told

    def _tell(
        self,
        document: Document,
        resource: str,
        notice: Notice,
        of: Subject | None = None,
        cluster: str = "",
    ) -> None:
        self.found.notices.append((document, resource, notice, of, cluster))

    def _tell_each(self, document: Document, seen: Mapping[str, list[ImageAutomationDraft]]) -> None:
        """Says what the drafts of all clusters say, and of what not all of them say, in which it is so."""
        said: dict[tuple[object, ...], list[tuple[str, Notice, ImageAutomationDraft]]] = {}
        having: dict[str, set[str]] = {}
        for cluster, drafts in seen.items():
            for draft in drafts:
                having.setdefault(draft.resource, set()).add(cluster)
                for notice in draft.notices:
                    key = (draft.resource, notice.code, notice.message, notice.path, repr(notice.answer))
                    said.setdefault(key, []).append((cluster, notice, draft))
        for each in said.values():
            alike = {cluster for cluster, *_ in each} == having[each[0][2].resource]
            for cluster, notice, draft in each:
                alone = "" if alike or notice.answer is None else cluster
                self._tell(document, draft.resource, notice, draft.subject, alone)

    def _tell_of(self, document: Document, notice: Notice) -> None:
        """Says something of an object of which no draft was made."""
        self._tell(document, document.resource, notice)

    def _tell_unseen(self, document: Document) -> None:
        clusters = self.around.clusters
        drafts = draft_image_automation(document.manifest, self.around.options, self.around.oldest(()))
        is_left = self.findings.decided(document).leave
        if is_left or document.path in clusters.patch_files or not any(draft.images for draft in drafts):
            return
        if document.path in clusters.outputs:
            return
        at = ("metadata", "annotations")
        if clusters.given or any(each.program == "fluxd" for each in clusters.programs):
            message = "no cluster syncs the file, so its annotations stay"
            self._tell_of(document, Notice("RP012", message, at))
        else:
            # Where nobody knows what fluxd read, it may have read this.
            message = "nothing shows that a cluster syncs the file, so its annotations stay"
            self._tell_of(document, Notice("RP035", message, at, message, Override(leave=True)))

    def _tell_generated(self) -> None:
        """Says of generated ConfigMaps and Secrets that fluxd read annotations of them."""
        clusters = self.around.clusters
        built = {path for build in clusters.builds.values() for path in build.files}
        for kustomization in clusters.tree.kustomizations.values():
            if kustomization.path not in built:
                continue
            for at in _annotated_generators(kustomization.document):
                message = "annotations of fluxd on what is generated stay, and Flux v2 does not read them"
                document = self.around.repository.document(kustomization.path, 0)
                self._tell_of(document, Notice("AN004", message, at, "generated"))

    def _tell_of_flux_kustomizations(self) -> None:
        """Says of what Kustomizations of Flux v2 put over objects that it holds annotations of fluxd."""
        message = "annotations of fluxd stay in what a Kustomization of Flux v2 gives: fluxd never saw it"
        for _, document in self.around.repository.new_objects():
            if is_in_scope(document, self.around):
                for at in annotated_fields(document.manifest):
                    self._tell_of(document, Notice("AN004", message, at, "of a Kustomization"))

    def _why_it_stays(self, document: Document, sightings: Sequence[Sighting]) -> Notice | None:
        broken = broken_build(sightings, self.around.clusters)
        if broken is not None:
            return Notice("RP019", broken, (), broken)
        if "sops" in document.manifest:
            return Notice("RP011", "sops signed the file, and no edit is signed", ("sops",))
        return None


def _annotated_generators(kustomization: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Gives the fields of a kustomization with annotations of fluxd for what it generates."""
    options: dict[tuple[str, ...], Any] = {("generatorOptions",): kustomization.get("generatorOptions")}
    for field_name in ("configMapGenerator", "secretGenerator"):
        generators = kustomization.get(field_name)
        for index, generator in enumerate(as_list(generators)):
            given = generator.get("options") if isinstance(generator, Mapping) else None
            options[field_name, str(index), "options"] = given
    for at, metadata in options.items():
        if is_annotated({"metadata": metadata}):
            yield at


def _is_kept(document: Document, releases: Collection[DocumentKey]) -> bool:
    return document.key in releases or not is_old_release(document.manifest)


def _is_plain(each: AnnotatedObject) -> bool:
    draft = each.draft
    is_quiet = not (draft.images or draft.comments or draft.stopped or draft.at or each.places)
    return is_quiet and is_old_release(each.document.manifest)


def aliases_of(sightings: Iterable[Sighting]) -> Mapping[str, str]:
    """Gives the annotations with which any cluster names fields of images."""
    domains = ("registry.fluxcd.io", "repository.fluxcd.io", "tag.fluxcd.io")
    return {
        key: value
        for sighting in sightings
        for key, value in annotations_of(sighting.manifest).items()
        if key.partition("/")[0] in domains
    }


def as_automated(manifest: Mapping[str, Any], aliases: Mapping[str, str]) -> Mapping[str, Any]:
    """Gives an object as if fluxd updated all images of it.

    A list stays as it is: what clusters make of its objects one by one is seen one by one.
    """
    annotations = {**aliases, "fluxcd.io/automated": "true"}
    return {**manifest, "metadata": {**as_object(manifest.get("metadata")), "annotations": annotations}}


def _place_of(placed: ImagePlace) -> str:
    where = ".".join(placed.image.fields[0].field)
    return f"{placed.path}:{placed.index}#{where}"


def _use(placed: ImagePlace, draft: ImageAutomationDraft, sighting: Sighting) -> ImageUse | None:
    if not placed.image.fields:
        return None
    use = use_of(draft, placed.image, (placed.path, placed.index), _place_of(placed))
    return None if use is None else replace(use, applied_in=sighting.applied_in)
