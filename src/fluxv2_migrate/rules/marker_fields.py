"""Which fields of an image take a marker, and what of the image each of them holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fluxv2_migrate.flux1 import ContainerImage
from fluxv2_migrate.flux1.containers import FieldPath
from fluxv2_migrate.flux2 import MarkerPart

__all__ = ["MarkerChoice", "MarkerException", "MarkerField", "marker_fields"]

MarkerException = Literal["registry-beside-reference", "digest", "registry-no-text"]


@dataclass(frozen=True, slots=True)
class MarkerField:
    """A field that takes a marker.

    Attributes:
        path: the field.
        part: what of the image it holds: everything, its name or its tag.
    """

    path: FieldPath
    part: MarkerPart


@dataclass(frozen=True, slots=True)
class MarkerChoice:
    """The markers of one image.

    Attributes:
        fields: where they go; none where the image cannot be updated.
        exception: why it cannot.
        number_tag: whether the tag is a number, which fluxd took for no tag at all and never updated.
    """

    fields: tuple[MarkerField, ...]
    exception: MarkerException | None = None
    number_tag: bool = False


def marker_fields(image: ContainerImage, manifest: Mapping[str, Any]) -> MarkerChoice:
    """Gives the fields of an image that take a marker, so that Flux v2 writes what fluxd wrote.

    Args:
        image: of `flux1.find_images`.
        manifest: the workload in which it was found, or the list of workloads.

    Returns:
        The whole reference in one field; name and tag each in its own; of an image with its registry apart
        only the tag, since a marker would write the registry into the name as well.

    >>> from fluxv2_migrate.flux1 import find_images
    >>> values = {"image": {"registry": "quay.io", "repository": "acme/web", "tag": "1.0"}}
    >>> release = {"kind": "HelmRelease", "spec": {"values": values}}
    >>> marker_fields(find_images(release)[0], release).fields
    (MarkerField(path=('spec', 'values', 'image', 'tag'), part='tag'),)
    """
    paths = image.paths
    if image.image.digest:
        return MarkerChoice((), "digest")
    beside = _at(manifest, paths.repository[:-1])
    in_values = isinstance(beside, Mapping) and image.resource.startswith("HelmRelease ")
    tag_path, number_tag = paths.tag, False
    if in_values and tag_path is None and _is_number(beside.get("tag")) and not image.image.tag:
        tag_path, number_tag = (*paths.repository[:-1], "tag"), True
    if paths.registry is not None:
        if tag_path is None:
            return MarkerChoice((), "registry-beside-reference")
        return MarkerChoice((MarkerField(tag_path, "tag"),), number_tag=number_tag)
    if in_values and _is_number(beside.get("registry")):
        return MarkerChoice((), "registry-no-text")
    if tag_path is None:
        return MarkerChoice((MarkerField(paths.repository, ""),))
    fields = (MarkerField(paths.repository, "name"), MarkerField(tag_path, "tag"))
    return MarkerChoice(fields, number_tag=number_tag)


def _at(value: Any, path: FieldPath) -> Any:
    for key in path:
        value = value[key]
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float))
