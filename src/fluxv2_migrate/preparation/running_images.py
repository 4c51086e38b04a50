"""The `images` of a kustomization that say something else than what runs.

fluxd put its patches over all that kustomize gave, so what they say of an image is what runs. In a
kustomization `images` come after all patches, and would win.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from fluxv2_migrate.errors import InvalidImageReference
from fluxv2_migrate.flux1.images import FieldPath, ImageRef, containers_of
from fluxv2_migrate.kubernetes import as_list, metadata_of, namespace_and_name
from fluxv2_migrate.kustomize import Build, Kustomization, remove_entry, replace_entry
from fluxv2_migrate.yaml_text import Style, edit_document, emit_mapping, read_value, replace_text

_Place = tuple[str, str, str, FieldPath]


@dataclass(frozen=True, slots=True)
class _RunningImages:
    """A kustomization that lets run what runs.

    Attributes:
        patches: for images of which it says nothing any more, since several run.
        overruled: what it said otherwise, in words.
    """

    text: str
    patches: tuple[str, ...] = ()
    overruled: tuple[str, ...] = ()


def with_running_images(own: Kustomization, text: str, running: Build, built: Build) -> _RunningImages:
    """Gives a kustomization whose `images` say what runs.

    An entry that stands for one image gets what runs of it. One that stands for several goes, and each
    container that it was for gets a patch.

    Args:
        text: of it by now, with the same `images`.
    """
    images, now = dict(_images(running)), dict(_images(built))
    entries = own.document.get("images")
    said: list[str] = []
    patched: set[_Place] = set()
    for entry in as_list(entries):
        name = str(entry.get("newName") or entry.get("name"))
        places = [place for place, image in now.items() if image.name == name and place in images]
        other = sorted({str(images[place]) for place in places if images[place] != now[place]})
        if not other:
            continue
        runs = ", ".join(image.removeprefix(f"{name}:") for image in other)
        said.append(f"{own.path} says {now[places[0]]}, and {runs} runs, as fluxd's patches say")
        if len({images[place] for place in places}) == 1:
            text = _with_image(text, entry, images[places[0]])
        else:
            text = remove_entry(text, "images", entry)
            patched.update(places)
    return _RunningImages(text, tuple(_patches(running, patched)), tuple(said))


def _images(build: Build) -> Iterator[tuple[_Place, ImageRef]]:
    for built in build.objects:
        kind, names = str(built.manifest.get("kind")), namespace_and_name(built.manifest)
        for path, container in containers_of(built.manifest):
            try:
                yield (kind, *names, path), ImageRef.parse(str(container.get("image") or ""))
            except InvalidImageReference:
                continue


def _with_image(text: str, entry: dict[str, Any], image: ImageRef) -> str:
    fields = {"name": entry.get("name")}
    if image.name != fields["name"] or entry.get("newName") == image.name:
        fields["newName"] = image.name
    fields |= {key: value for key, value in (("newTag", image.tag), ("digest", image.digest)) if value}
    if {**entry, "newTag": image.tag} != fields:
        return replace_entry(text, "images", entry, fields)

    def edit(document: str) -> str:
        index = read_value(document)["images"].index(entry)
        return replace_text(document, ("images", index, "newTag"), image.tag)

    return edit_document(text, edit)


def _patches(running: Build, places: Collection[_Place]) -> Iterator[str]:
    """Gives for each workload a patch with the images that run in some of its containers."""
    for built in running.objects:
        kind, names = str(built.manifest.get("kind")), namespace_and_name(built.manifest)
        pod: dict[str, Any] = {}
        above: FieldPath = ()
        for path, container in containers_of(built.manifest):
            if (kind, *names, path) in places:
                above, field = path[:-2], str(path[-2])
                own = {"name": container.get("name"), "image": container.get("image")}
                pod.setdefault(field, []).append(own)
        if pod:
            value: Any = pod
            for key in reversed(above):
                value = {str(key): value}
            patch = {
                "apiVersion": built.manifest.get("apiVersion"),
                "kind": kind,
                "metadata": metadata_of(*names),
                **value,
            }
            yield emit_mapping(patch, Style())
