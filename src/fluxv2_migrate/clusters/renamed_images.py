"""Objects of image automation under the names that kustomizations give them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fluxv2_migrate.flux2.image_objects import IMAGE_GROUP, ImageObject, ImageObjects
from fluxv2_migrate.kubernetes import group_of, namespace_and_name


def add_renamed(objects: ImageObjects, built: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Adds repositories and policies that kustomizations give other names than stand in their files.

    Args:
        built: what clusters get, each with its file.
    """
    kinds = {"ImageRepository": objects.repositories, "ImagePolicy": objects.policies}
    there = {kind: {(each.namespace, each.name) for each in found} for kind, found in kinds.items()}
    for path, manifest in built:
        kind = str(manifest.get("kind"))
        if kind not in kinds or group_of(manifest) != IMAGE_GROUP:
            continue
        identity = namespace_and_name(manifest)
        if identity not in there[kind]:
            there[kind].add(identity)
            kinds[kind].append(ImageObject.of_manifest(path, manifest))
