"""Names of images as registries know them, and what a reference is made of.

Source: go-containerregistry `pkg/name`, which image-reflector-controller 1.2 reads images with.
"""

from __future__ import annotations

from typing import Final, NamedTuple

_DOCKER_HUB: Final = ("docker.io", "index.docker.io", "registry-1.docker.io")


class ImageParts(NamedTuple):
    """What a reference is made of; empty where it says nothing of it."""

    name: str
    tag: str
    digest: str


def parts_of_image(reference: str) -> ImageParts:
    """Gives the parts of a reference.

    >>> parts_of_image("host:5000/a/b:1.0@sha256:ab")
    ImageParts(name='host:5000/a/b', tag='1.0', digest='sha256:ab')
    """
    rest, _, digest = reference.partition("@")
    folder, slash, last = rest.rpartition("/")
    last, _, tag = last.partition(":")
    return ImageParts(f"{folder}{slash}{last}", tag, digest)


def canonical_image(name: str) -> str:
    """Gives the one name under which a registry knows an image.

    >>> canonical_image("nginx") == canonical_image("index.docker.io/library/nginx")
    True
    """
    first, slash, rest = name.partition("/")
    if not slash or not (set(".:") & set(first) or first == "localhost"):
        first, rest = _DOCKER_HUB[0], name
    if first in _DOCKER_HUB:
        return f"{_DOCKER_HUB[0]}/{rest}" if "/" in rest else f"{_DOCKER_HUB[0]}/library/{rest}"
    return f"{first}/{rest}"
