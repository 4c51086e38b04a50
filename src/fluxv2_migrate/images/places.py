"""Where the text of an image stands that a cluster sees: in its manifest, in a patch, in `images:`."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from fluxv2_migrate.clusters import Sighting
from fluxv2_migrate.clusters.flux_kustomizations import FLUX_PATCH_FIELDS, FluxKustomization, file_over
from fluxv2_migrate.kubernetes import as_list, value_at
from fluxv2_migrate.kustomize import TRANSFORMERS, KustomizeTree, PatchUse, listed_transformers
from fluxv2_migrate.rules import AutomatedImage, MarkedField
from fluxv2_migrate.surroundings.known import Surroundings
from fluxv2_migrate.yaml_text import document_texts, read_value

_FieldPath = tuple[str | int, ...]
_CONTAINERS: Final = {"containers", "initContainers"}


@dataclass(frozen=True, slots=True)
class ImagePlace:
    """Where the fields of an image stand.

    Attributes:
        index: of the document in it.
        image: with the fields as that document has them.
        in_kustomization: whether they are those of an `images:` entry.
    """

    path: str
    index: int
    image: AutomatedImage
    in_kustomization: bool = False


class _ImagesOver(NamedTuple):
    """The `images` of a kustomization, or of a Kustomization of Flux v2, or the image of a transformer.

    Attributes:
        document: the index of the document in it.
        at: the field; empty for a transformer.
        entries: the list; of a transformer its field with the image.
    """

    path: str
    document: int
    at: tuple[str, ...]
    entries: Any


@dataclass(frozen=True, slots=True)
class NoPlace:
    """Why no marker can stand where the fields of an image are written.

    Attributes:
        path: the file in which they are written; empty where that is not known.
        kustomization: that writes them, if a patch of it could write them once more.
        former: the name by which the image is written, where a kustomization gives it another one alone.
    """

    reason: str
    path: str = ""
    kustomization: str = ""
    former: str = ""


def place_image(
    image: AutomatedImage,
    key: tuple[str, int],
    own: Mapping[str, Any],
    sighting: Sighting,
    around: Surroundings,
) -> ImagePlace | NoPlace:
    """Gives where an image's fields stand, or why no marker can stand there.

    Source: kustomize api 0.21 `internal/target/kusttarget_configplugin.go`: what is outermost wins, and in
    one kustomization `images` come after the patches. fluxcd/pkg `kustomize/kustomize_generator.go`: those of
    a Kustomization of Flux v2 come last.
    """
    tree = around.clusters.tree
    outer = {step.path for step in sighting.steps}
    # Those of a `.flux.yaml` and of a Kustomization of Flux v2 belong to no kustomization.
    over = [use for use in sighting.patches if use.kustomization not in outer]
    of_container = any(_CONTAINERS & {*each.path[-3:-2]} for each in image.fields)
    images_over = _images_over(sighting, around) if of_container else None
    if images_over is not None:
        found = _in_images(image, images_over)
        if found is not None:
            return found
    inside_out = (
        _in_step(image, step.path, over, sighting, tree, of_container) for step in sighting.steps[::-1]
    )
    found = next((each for each in inside_out if each is not None), None)
    found = found or _in_patches(image, over, sighting, tree)
    if found is not None:
        return found
    fields = _fields_in(image, sighting.manifest, own)
    if fields is None:
        return NoPlace("what the cluster gets is made of it on a way that is not followed")
    at: _FieldPath = () if sighting.item is None else ("items", sighting.item)
    fields = tuple(replace(each, path=(*at, *each.path)) for each in fields)
    return ImagePlace(*key, replace(image, fields=fields))


def place_tag(
    image: AutomatedImage,
    key: tuple[str, int],
    own: Mapping[str, Any],
    sighting: Sighting,
    around: Surroundings,
) -> ImagePlace | NoPlace:
    """Gives where the tag of an image stands, also of one that gets another name than it is written with.

    The marker of another cluster can stand there, and moves the tag of this one too.
    """
    names = {image.image.name}
    placed = place_image(image, key, own, sighting, around)
    while isinstance(placed, NoPlace) and placed.former and placed.former not in names:
        names.add(placed.former)
        image = _called(image, placed.former)
        placed = place_image(image, key, own, sighting, around)
    return placed


def _called(image: AutomatedImage, name: str) -> AutomatedImage:
    """Gives an image under another name."""
    fields = tuple(
        replace(each, value=name + each.value.removeprefix(image.image.name)) for each in image.fields
    )
    return replace(image, image=replace(image.image, domain="", image=name), fields=fields)


def _in_step(
    image: AutomatedImage,
    step: str,
    over: Sequence[PatchUse],
    sighting: Sighting,
    tree: KustomizeTree,
    of_container: bool,
) -> ImagePlace | NoPlace | None:
    """Gives where a kustomization, or what goes over the build, has the fields of an image."""
    given = _in_transformers(image, step, sighting, tree, of_container)
    if given is not None:
        return given
    # `images` change what stands in lists of containers alone, and no values of a release.
    found = _in_images(image, _images_of(step, tree)) if of_container else None
    if found is None or not _comes_last(step, over, sighting):
        found = _in_patches(image, over, sighting, tree) or found
    if found is None or _renames(found, tree):
        # An image that a patch gives with its later name is none of those that `images` rename.
        uses = [use for use in _patches_at(step, sighting) if use.field != TRANSFORMERS]
        given = _in_patches(image, uses, sighting, tree)
        found = given if found is None or isinstance(given, ImagePlace) else found
    return found


def _patches_at(step: str, sighting: Sighting) -> list[PatchUse]:
    return [use for use in sighting.patches if use.kustomization == step]


def _in_transformers(
    image: AutomatedImage, step: str, sighting: Sighting, tree: KustomizeTree, of_container: bool
) -> ImagePlace | NoPlace | None:
    """Gives where the transformers of a kustomization, which come last, have the fields of an image."""
    kustomization = tree.kustomizations[posixpath.dirname(step)]
    for each in reversed(listed_transformers(kustomization, tree) or ()):
        if each.patches:
            numbers = {patch.index for patch in each.patches}
            uses = [use for use in _patches_at(step, sighting) if use.field == TRANSFORMERS]
            found = _in_patches(image, [use for use in uses if use.entry in numbers], sighting, tree)
        else:
            is_for = of_container or {field.path for field in image.fields} & {
                tuple(spec.keys) for spec in each.fields
            }
            entries = {"imageTag": each.image} if each.image and is_for else {}
            found = _in_images(image, _ImagesOver(each.path, each.document, (), entries))
            if isinstance(found, ImagePlace) and not each.path:
                reason = f"it stands in a transformer inside {step}, where the updater sees no marker"
                found = NoPlace(reason, step)
        if found is not None:
            return found
    return None


def _renames(found: ImagePlace | NoPlace, tree: KustomizeTree) -> bool:
    """Gives whether it is an entry of `images` that gives another name."""
    if isinstance(found, NoPlace) or not found.in_kustomization:
        return isinstance(found, NoPlace) and bool(found.former)
    entries = tree.kustomizations[posixpath.dirname(found.path)].document["images"]
    entry = entries[found.image.fields[0].path[1]]
    return entry.get("newName") not in (None, entry.get("name"))


def _comes_last(step: str, over: Sequence[PatchUse], sighting: Sighting) -> bool:
    """Gives whether the `images` of a kustomization come after the patches that go over the build.

    What a Kustomization of Flux v2 adds, kustomize-controller writes into the kustomization of its path.
    """
    return posixpath.dirname(step) == sighting.sync_path and all(
        use.field in FLUX_PATCH_FIELDS for use in over
    )


def _in_patches(
    image: AutomatedImage, uses: Sequence[PatchUse], sighting: Sighting, tree: KustomizeTree
) -> ImagePlace | NoPlace | None:
    """Gives where the last of some patches has the fields of an image; nothing where none says anything."""
    found = (_in_patch(image, use, sighting, tree) for use in reversed(uses))
    return next((each for each in found if each is not None), None)


def _images_of(path: str, tree: KustomizeTree) -> _ImagesOver:
    return _ImagesOver(
        path, 0, ("images",), tree.kustomizations[posixpath.dirname(path)].document.get("images")
    )


def _images_over(sighting: Sighting, around: Surroundings) -> _ImagesOver | None:
    """Gives the `images` of the Kustomization of Flux v2 through which a cluster sees an object.

    Returns:
        Nothing where there are none, or several Kustomizations sync that folder.
    """
    overlays = {each.overlay for each in around.clusters.paths_to(sighting)}
    overlay = overlays.pop() if len(overlays) == 1 else ""
    for document in around.repository.documents.get(file_over(overlay), ()):
        known = FluxKustomization.of_document(document)
        if known is not None and known.overlay == overlay:
            entries = value_at(document.manifest, ("spec", "images"))
            return _ImagesOver(document.path, document.index, ("spec", "images"), entries)
    return None


def _in_images(image: AutomatedImage, images: _ImagesOver) -> ImagePlace | NoPlace | None:
    path, document, at, entries = images
    numbered = entries.items() if isinstance(entries, Mapping) else enumerate(as_list(entries))
    for index, entry in numbered:
        if not isinstance(entry, Mapping):
            continue
        name, tag = entry.get("newName") or entry.get("name"), entry.get("newTag")
        if name != image.image.name:
            continue
        if tag is None and entry.get("digest") is None:
            if not entry.get("newName"):
                continue
            reason = f"the image has its name from {path} and its tag from elsewhere"
            return NoPlace(reason, path, path if len(at) == 1 else "", str(entry.get("name")))
        if image.image.digest or tag is None or str(tag) != image.tag:
            if entry.get("name") != name:
                # It is for an image of another name, and this one came with its own.
                continue
            return NoPlace(f"what {path} says of the image is not followed", path)
        fields = [MarkedField((*at, index, "newTag"), "tag", str(tag))]
        if entry.get("newName"):
            fields.insert(0, MarkedField((*at, index, "newName"), "name", str(name)))
        return ImagePlace(path, document, replace(image, fields=tuple(fields)), in_kustomization=True)
    return None


def _in_patch(
    image: AutomatedImage, use: PatchUse, sighting: Sighting, tree: KustomizeTree
) -> ImagePlace | NoPlace | None:
    found = _of_patch(image, use, sighting, tree)
    if found is None:
        return None
    # Those operations, and what transformers do, come after all patches.
    again = "" if use.field in ("patchesJson6902", TRANSFORMERS) else use.kustomization
    if not use.path:
        file = tree.patch_place(use).file
        return NoPlace(f"it stands in a patch inside {file}, where the updater sees no marker", file, again)
    if use.kustomization not in {step.path for step in sighting.steps}:
        return NoPlace(
            f"it stands in {use.path}, which fluxd patches with and Flux v2 does not read", use.path
        )
    if isinstance(found, NoPlace):
        return replace(found, kustomization=again)
    return ImagePlace(use.path, use.document, replace(image, fields=found))


def _of_patch(
    image: AutomatedImage, use: PatchUse, sighting: Sighting, tree: KustomizeTree
) -> tuple[MarkedField, ...] | NoPlace | None:
    """Gives the fields of an image in a patch; nothing where the patch says nothing of it."""
    text = tree.text(use.path) if use.path else use.inline
    if use.kind == "json":
        # An operation may write a container whole, or the image alone.
        written = any(part in text for part in (image.image.image, image.tag or image.image.image))
        place = use.path or use.kustomization
        return NoPlace(f"it stands in the JSON patch {place}", place) if written else None
    # kustomize merged it, so it is a mapping that can be read.
    value = read_value(document_texts(text)[use.document])
    return _fields_in(image, sighting.manifest, value)


def _fields_in(
    image: AutomatedImage, seen: Mapping[str, Any], own: Mapping[str, Any]
) -> tuple[MarkedField, ...] | None:
    """Gives the fields of an image as another document has them: the same values, the tag among them or none.

    The name may stand elsewhere: an update changes the tag alone.
    """
    fields: list[MarkedField] = []
    for each in image.fields:
        path = tuple(_paths_in(each.path, seen, own))
        value = value_at(own, path)
        if path == () or value is None or (isinstance(value, str) and value != each.value):
            if each.part == "name":
                continue
            return None
        fields.append(replace(each, path=path))
    return tuple(fields)


def _paths_in(path: _FieldPath, seen: Any, own: Any) -> Iterator[str | int]:
    """Gives a field of one manifest as another one has it, in which containers may be in another order."""
    for key in path:
        inner = value_at(seen, (key,))
        here = key
        if isinstance(key, int) and isinstance(inner, Mapping) and inner.get("name") is not None:
            # Mostly nothing has another order.
            same = value_at(own, (key,))
            is_there = isinstance(same, Mapping) and same.get("name") == inner["name"]
            here = key if is_there else _index_of(inner["name"], own)
        yield here
        seen, own = inner, value_at(own, (here,))


def _index_of(name: Any, items: Any) -> int:
    for index, item in enumerate(items if isinstance(items, Sequence) else ()):
        if isinstance(item, Mapping) and item.get("name") == name:
            return index
    return -1
