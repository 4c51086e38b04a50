"""What fluxd writes into a manifest when it updates an image.

Source: fluxcd/flux 1.25.4 `pkg/cluster/kubernetes/resource/helmrelease.go` `SetContainerImage`, `spec.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluxv2_migrate.errors import InvalidImageReference
from fluxv2_migrate.flux1.containers import FieldPath, find_images
from fluxv2_migrate.flux1.images import ImageRef
from fluxv2_migrate.frozen import thawed
from fluxv2_migrate.given import checked_kind


def set_image(manifest: Mapping[str, Any], container: str, image: ImageRef) -> dict[str, Any]:
    """Gives a workload after fluxd has given one of its containers another image.

    Args:
        manifest: the workload, or a list of workloads; it is not changed.
        container: the name by which annotations speak of the container; of several, the first one.
        image: the new image.

    Returns:
        A copy with the new image in the fields where the old one stood.

    Raises:
        InvalidImageReference: fluxd finds no image of that container.

    Source: fluxcd/flux 1.25.4 `helmrelease.go` `SetContainerImage`.

    >>> values = {"image": {"repository": "acme/web", "tag": "1.0"}}
    >>> release = {"kind": "HelmRelease", "spec": {"values": values}}
    >>> set_image(release, "chart-image", ImageRef.parse("acme/web:1.1"))["spec"]["values"]
    {'image': {'repository': 'acme/web', 'tag': '1.1'}}
    """
    checked_kind(image, ImageRef, "an image", InvalidImageReference)
    for found in find_images(manifest):
        if found.container == container:
            break
    else:
        raise InvalidImageReference(f"no image of a container {container!r} is found")
    paths = found.paths
    name = image.image if paths.registry is not None else image.name
    result: Any = thawed(manifest)
    if paths.registry is not None:
        _put(result, paths.registry, image.domain)
    if paths.tag is not None:
        _put(result, paths.tag, image.tag)
        _put(result, paths.repository, name)
    else:
        # Of a tag and a digest fluxd writes the digest, and beside a registry the tag.
        is_by_digest = image.digest and paths.registry is None
        end = f"@{image.digest}" if is_by_digest else f":{image.tag}" if image.tag or paths.registry else ""
        _put(result, paths.repository, name + end)
    copied: dict[str, Any] = result
    return copied


def _put(manifest: Any, path: FieldPath, value: str) -> None:
    for key in path[:-1]:
        manifest = manifest[key]
    manifest[path[-1]] = value
