"""Texts of image tags of their own, for clusters that share one and whose fluxds do not write the same.

A marker is one text for all that build on it. Where one cluster has another filter, or holds an image still,
its overlay gets the tag as a patch; what is built stays the same.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fluxv2_migrate.clusters import Sighting, builds_alike
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux1.marks import is_of_fluxd
from fluxv2_migrate.flux2.releases import FLUX_VERSIONS
from fluxv2_migrate.images.places import ImagePlace, place_image
from fluxv2_migrate.images.reading import as_automated
from fluxv2_migrate.kubernetes import annotations_of
from fluxv2_migrate.kustomize import PatchUse, Step, list_patch_file
from fluxv2_migrate.plan import Set, apply_to_text
from fluxv2_migrate.repository.documents import Document
from fluxv2_migrate.repository.reading import is_old_release
from fluxv2_migrate.rules import AutomatedImage, draft_image_automation
from fluxv2_migrate.settings.options import MigrationOptions
from fluxv2_migrate.settings.overrides import Subject, override_for
from fluxv2_migrate.surroundings.known import Surroundings
from fluxv2_migrate.yaml_text import CannotEdit, Style, detect_style, edit_document, emit_mapping

__all__ = ["SeparatedTexts", "separate_texts"]

_NO_OPTIONS: Final = MigrationOptions()


@dataclass(frozen=True, slots=True)
class SeparatedTexts:
    """Files in which clusters have texts of their own.

    Attributes:
        files: those that change or are new.
        releases: the files of the releases whose tags they hold.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    releases: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the fluxd of one cluster does with one text."""

    sighting: Sighting
    image: AutomatedImage
    policy: str | None


def separate_texts(around: Surroundings) -> SeparatedTexts:
    """Gives clusters texts of tags of their own, where their fluxds do not do the same with a shared one."""
    files: dict[str, str] = {}
    releases: set[str] = set()
    for documents in around.repository.documents.values():
        for document in documents:
            sightings = around.clusters.sightings.get(document.key, ())
            if len(sightings) < 2 or not is_old_release(document.manifest):
                continue
            if _all_alike(sightings, document, around):
                continue
            for step, wanted in _apart(document, sightings, around):
                try:
                    made = dict(_written(document, step, wanted, files, around))
                except (CannotEdit, InvalidManifest):
                    continue
                if builds_alike(around.clusters.tree, around.clusters.builds, {**files, **made}):
                    files.update(made)
                    releases.add(document.path)
    return SeparatedTexts(files, frozenset(releases))


def _all_alike(sightings: Iterable[Sighting], document: Document, around: Surroundings) -> bool:
    """Gives whether no fluxd is told anything else than the others, and all or none of them write."""
    marks = [
        (
            {key: value for key, value in annotations_of(each.manifest).items() if is_of_fluxd(key)},
            _is_written(each, document, around),
        )
        for each in sightings
    ]
    return all(each == marks[0] for each in marks)


def _apart(
    document: Document, sightings: list[Sighting], around: Surroundings
) -> Iterator[tuple[Step, _Wanted]]:
    """Gives the kustomizations that need a text of their own, with what it is for."""
    by_place: dict[tuple[object, ...], list[_Wanted]] = {}
    for sighting in sightings:
        for wanted, place in _images(document, sighting, around):
            by_place.setdefault(place, []).append(wanted)
    for members in by_place.values():
        policies = {each.policy for each in members}
        if len(policies) < 2:
            continue
        # It belongs to whoever is nearest to it; of two that are equally near, to the one that leaves it.
        nearest = min(members, key=lambda each: (len(each.sighting.steps), each.policy or "")).policy
        by_step: dict[str, set[str | None]] = {}
        for each in members:
            for step in each.sighting.steps:
                by_step.setdefault(step.path, set()).add(each.policy)
        done: set[str] = set()
        for each in members:
            own = [step for step in each.sighting.steps if len(by_step[step.path]) == 1]
            if each.policy != nearest and own and own[-1].path not in done:
                done.add(own[-1].path)
                yield own[-1], each


def _images(
    document: Document, sighting: Sighting, around: Surroundings
) -> Iterator[tuple[_Wanted, tuple[object, ...]]]:
    writes = _is_written(sighting, document, around)
    own = {
        image.container: image.tag_pattern
        for draft in (
            draft_image_automation(sighting.manifest, _NO_OPTIONS, FLUX_VERSIONS[-1]) if writes else ()
        )
        for image in draft.images
        if image.fields
    }
    for draft in draft_image_automation(as_automated(sighting.manifest), _NO_OPTIONS, FLUX_VERSIONS[-1]):
        for image in draft.images:
            if not image.fields:
                continue
            placed = place_image(image, document.key, document.manifest, sighting, around.clusters.tree)
            if isinstance(placed, ImagePlace):
                place = (placed.path, placed.index, placed.image.fields[-1].path)
                yield _Wanted(sighting, image, own.get(image.container)), place


def _is_written(sighting: Sighting, document: Document, around: Surroundings) -> bool:
    """Gives whether a cluster's fluxd writes images, or a person wants them written from now on."""
    if not around.clusters.view(sighting.cluster).settings.fluxd.read_only:
        return True
    kind = str(sighting.manifest.get("kind"))
    subject = Subject(sighting.cluster, kind, sighting.namespace, sighting.name, document.path)
    return override_for(subject, around.options.overrides)[0].update_images


def _written(
    document: Document, step: Step, wanted: _Wanted, files: Mapping[str, str], around: Surroundings
) -> Iterator[tuple[str, str]]:
    """Gives the files with which a kustomization has a text of its own."""
    tag = wanted.image.fields[-1]
    keys = tuple(str(key) for key in tag.path)
    use = _own_patch(step, wanted.sighting, around)
    if use is not None and use.path not in files:
        patch = around.repository.document(use.path, use.document)
        plan = (Set(keys, tag.value),)
        style = detect_style(patch.text)
        after = apply_to_text(plan, patch.text, patch.root, style, patch.manifest).text
        yield use.path, edit_document(around.repository.texts[use.path], lambda _: after, use.document)
        return
    folder = posixpath.dirname(step.path)
    stems = (f"{step.name}-image", f"{step.name}-{wanted.image.container}")
    free = (
        path
        for stem in stems
        if (path := posixpath.join(folder, f"{stem}.yaml")) not in around.clusters.tree.files
        and path not in files
    )
    file = next(free, None)
    if file is None:
        raise CannotEdit("the name of its file is taken")
    metadata = {"name": step.name, **({"namespace": step.namespace} if step.namespace else {})}
    value: dict[str, Any] = {
        "apiVersion": document.manifest["apiVersion"],
        "kind": document.manifest["kind"],
        "metadata": metadata,
    }
    holder = value
    for key in keys[:-1]:
        holder = holder.setdefault(key, {})
    holder[keys[-1]] = tag.value
    yield file, emit_mapping(value, Style())
    kustomization = files.get(step.path) or around.clusters.tree.text(step.path)
    yield step.path, list_patch_file(kustomization, "patches", posixpath.basename(file))


def _own_patch(step: Step, sighting: Sighting, around: Surroundings) -> PatchUse | None:
    """Gives the last patch in a file that a kustomization has for the release alone."""
    for use in reversed(sighting.patches):
        if use.kustomization == step.path and use.kind == "merge" and use.path:
            users = [
                (built.path, built.index, other.kustomization)
                for build in around.clusters.builds.values()
                for built in build.objects
                for other in built.patches
                if (other.path, other.document) == (use.path, use.document)
            ]
            return use if len(set(users)) == 1 else None
    return None
