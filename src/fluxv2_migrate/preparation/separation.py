"""Texts of image tags of their own, for clusters that share one and whose fluxds do not write the same.

A marker is one text for all that build on it. Where one cluster has another filter, or holds an image still,
its overlay gets the tag as a patch; what is built stays the same.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fluxv2_migrate.clusters import Sighting, builds_alike
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux1 import read_policies
from fluxv2_migrate.flux2.releases import FLUX_VERSIONS, new_object
from fluxv2_migrate.images.items import objects_of, own_manifest
from fluxv2_migrate.images.places import ImagePlace, place_image, place_tag
from fluxv2_migrate.images.reading import aliases_of, as_automated
from fluxv2_migrate.kubernetes import annotations_of, as_object, metadata_of
from fluxv2_migrate.kustomize import PatchUse, Step, list_patch_file, steps_apart
from fluxv2_migrate.placement import Affixes, Homes
from fluxv2_migrate.plan import Set, apply_to_text
from fluxv2_migrate.repository.reading import Document
from fluxv2_migrate.repository.workspace import RearrangedTexts, Workspace
from fluxv2_migrate.rules import AutomatedImage, find_written_images
from fluxv2_migrate.settings.overrides import Subject, override_for
from fluxv2_migrate.surroundings.known import Surroundings
from fluxv2_migrate.yaml_text import CannotEdit, Style, detect_style, edit_document, emit_mapping


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the fluxd of one cluster does with one text.

    Attributes:
        sighting: how the cluster sees it.
        policy: what Flux v2 needs one policy for; nothing where fluxd leaves the image.
        place: of the text; nothing where no marker can stand at it.
        kustomization: whose patch writes it, where that is why.
    """

    sighting: Sighting
    image: AutomatedImage
    policy: str | None
    place: tuple[object, ...] | None
    kustomization: str = ""


def separate_texts(around: Surroundings) -> RearrangedTexts:
    """Gives clusters texts of tags of their own, where their fluxds do not do the same with a shared one.

    One that stands where no marker can stand is written once more, in a file.
    """
    files: dict[str, str] = {}
    owners: set[str] = set()
    fluxds = _Fluxds(around)
    for document in around.repository.every_document():
        sightings = around.clusters.sightings.get(document.key, ())
        # Only where something is built can a text be told apart.
        if not any(each.steps for each in sightings):
            continue
        if not any(read_policies(annotations_of(each.manifest)).automated for each in sightings):
            continue
        objects = [_wanted(document, each, fluxds) for each in objects_of(sightings)]
        apart = (each for wanted in objects for each in (*_apart(wanted), *_unmarked(wanted)))
        for step, each in apart:
            try:
                made = dict(_written(step, each, files, around))
            except (CannotEdit, InvalidManifest):
                continue
            if builds_alike(around.clusters.tree, around.clusters.builds, {**files, **made}):
                files.update(made)
                owners.add(document.path)
    return RearrangedTexts(files, frozenset(owners))


@dataclass(slots=True)
class _Fluxds:
    """What the fluxds of all clusters do with images, each thing found out once."""

    around: Surroundings
    _homes: Homes = field(init=False)
    _known: dict[tuple[str, str], Affixes | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._homes = Homes(self.around.clusters, self.around.clusters.tree, Workspace({}))

    def home(self, sighting: Sighting) -> tuple[str, Affixes]:
        """Gives the namespace to which the policies of a workload must go, and what is added to their names.

        That of Flux is empty, so that policies of several clusters are the same.
        """
        flux_namespace = self.around.options.flux_namespace
        found = self._affixes(sighting.cluster, flux_namespace)
        if found is not None:
            return "", found
        return sighting.namespace, self._affixes(sighting.cluster, sighting.namespace) or ("", "")

    def _affixes(self, cluster: str, namespace: str) -> Affixes | None:
        """Gives what all places of a cluster add to names; nothing where objects of a namespace have none."""
        key = (cluster, namespace)
        if key not in self._known:
            manifest = new_object("ImagePolicy", namespace, "image", FLUX_VERSIONS[-1], {})
            self._known[key] = self._homes.affixes([cluster], manifest).get(cluster)
        return self._known[key]


def _apart(wanted: Sequence[_Wanted]) -> Iterator[tuple[Step, _Wanted]]:
    """Gives the kustomizations that need a text of their own, with what it is for."""
    by_place: dict[tuple[object, ...], list[_Wanted]] = {}
    for each in wanted:
        if each.place is not None:
            by_place.setdefault(each.place, []).append(each)
    for members in by_place.values():
        policies = {each.policy for each in members}
        if len(policies) < 2:
            continue
        # It belongs to whoever is nearest to it; of two that are equally near, to the one that leaves it.
        nearest = min(members, key=lambda each: (len(each.sighting.steps), each.policy or "")).policy
        done: set[str] = set()
        for each, own in zip(members, _steps_apart(members), strict=True):
            if each.policy != nearest and own and own[-1].path not in done:
                done.add(own[-1].path)
                yield own[-1], each


def _unmarked(wanted: Sequence[_Wanted]) -> Iterator[tuple[Step, _Wanted]]:
    """Gives the kustomizations that write an image where no marker can stand, or come over one that does."""
    done: set[tuple[str, str]] = set()
    for each in wanted:
        if not each.kustomization or each.policy is None:
            continue
        own = _steps_apart([each, *(one for one in wanted if one.image.container == each.image.container)])[0]
        paths = [step.path for step in each.sighting.steps]
        # That of a Kustomization of Flux v2 is none of them.
        outer = paths[paths.index(each.kustomization) :] if each.kustomization in paths else ()
        step = next((step for step in own if step.path in outer), None)
        if step is not None and (step.path, each.image.container) not in done:
            done.add((step.path, each.image.container))
            yield step, each


def _steps_apart(members: Iterable[_Wanted]) -> list[list[Step]]:
    return steps_apart((each.sighting.steps, each.policy) for each in members)


def _wanted(document: Document, sightings: Sequence[Sighting], fluxds: _Fluxds) -> list[_Wanted]:
    aliases = aliases_of(sightings)
    found: list[_Wanted] = []
    for sighting in sightings:
        own = own_manifest(document, sighting)
        # The updater leaves a file that is only a list.
        documents = fluxds.around.repository.documents[document.path]
        is_list_alone = sighting.item is not None and len(documents) == 1
        patterns = _patterns(document, sighting, fluxds)
        for image in find_written_images(as_automated(sighting.manifest, aliases), all_of_them=True):
            pattern = patterns.get(image.container)
            # Where fluxd leaves an image, its name is of no concern: the tag must not move.
            place_in = place_tag if pattern is None else place_image
            placed = place_in(image, document.key, own, sighting, fluxds.around)
            policy = None
            if pattern is not None:
                of = f"{image.image.registry}/{image.image.repository}"
                policy = f"{pattern} {of} {fluxds.home(sighting)}"
            if isinstance(placed, ImagePlace) and placed.path == document.path and is_list_alone:
                found.append(_Wanted(sighting, image, policy, None, sighting.steps[0].path))
            elif isinstance(placed, ImagePlace):
                place = (placed.path, placed.index, placed.image.fields[-1].path)
                found.append(_Wanted(sighting, image, policy, place))
            else:
                found.append(_Wanted(sighting, image, policy, None, placed.kustomization))
    return found


def _patterns(document: Document, sighting: Sighting, fluxds: _Fluxds) -> Mapping[str, str]:
    """Gives the filter of each container whose image the fluxd of a cluster updates."""
    if not _is_written(sighting, document, fluxds.around):
        return {}
    return {image.container: image.tag_pattern for image in find_written_images(sighting.manifest)}


def _is_written(sighting: Sighting, document: Document, around: Surroundings) -> bool:
    """Gives whether a cluster's fluxd writes images, or a person wants them written from now on."""
    if not around.clusters.view(sighting.cluster).settings.fluxd.read_only:
        return True
    kind = str(sighting.manifest.get("kind"))
    subject = Subject(sighting.cluster, kind, sighting.namespace, sighting.name, document.path)
    return override_for(subject, around.options.overrides)[0].update_images


def _written(
    step: Step, wanted: _Wanted, files: Mapping[str, str], around: Surroundings
) -> Iterator[tuple[str, str]]:
    """Gives the files with which a kustomization has a text of its own."""
    tag = wanted.image.fields[-1]
    # In a list of containers a patch names the container.
    is_listed = any(isinstance(key, int) for key in tag.path)
    use = _own_patch(step, wanted.sighting, around) if wanted.place and not is_listed else None
    if use is not None and use.path not in files:
        yield use.path, _with_tag(use, tuple(map(str, tag.path)), tag.value, around)
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
    value: dict[str, Any] = {
        "apiVersion": wanted.sighting.manifest["apiVersion"],
        "kind": wanted.sighting.manifest["kind"],
        "metadata": metadata_of(step.namespace, step.name),
        **_nested(tag.path, tag.value, wanted.sighting.manifest),
    }
    kustomization = files.get(step.path) or around.clusters.tree.text(step.path)
    yield file, emit_mapping(value, Style(newline=detect_style(kustomization).newline))
    yield step.path, list_patch_file(kustomization, posixpath.basename(file))


def _with_tag(use: PatchUse, keys: tuple[str, ...], tag: str, around: Surroundings) -> str:
    """Gives a file of patches in which one of them sets a tag."""
    patch = around.repository.document(use.path, use.document)
    style = detect_style(patch.text)
    after = apply_to_text((Set(keys, tag),), patch.text, patch.root, style, patch.manifest).text
    return edit_document(around.repository.texts[use.path], lambda _: after, use.document)


def _nested(path: Sequence[str | int], value: str, seen: Any) -> Any:
    """Gives a field of an object with all that is around it in a patch."""
    if not path:
        return value
    key, *rest = path
    inner = _nested(rest, value, seen[key])
    if not isinstance(key, int):
        return {key: inner}
    names = [str(as_object(each).get("name") or "") for each in seen[: key + 1]]
    if not all(names):
        raise CannotEdit("a container without a name, which no patch finds")
    # What a patch lists comes first, so that it names all that come before: pods are started anew otherwise.
    return [*({"name": each} for each in names[:-1]), {"name": names[-1], **inner}]


def _own_patch(step: Step, sighting: Sighting, around: Surroundings) -> PatchUse | None:
    """Gives the last patch in a file that a kustomization has for the release alone."""
    for use in reversed(sighting.patches):
        if use.kustomization == step.path and use.kind == "merge" and use.path:
            users = [
                (built.path, built.index, other.kustomization)
                for built in around.clusters.built()
                for other in built.patches
                if (other.path, other.document) == (use.path, use.document)
            ]
            return use if len(set(users)) == 1 else None
    return None
