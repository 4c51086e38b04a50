"""Image references as fluxd reads them.

Source: fluxcd/flux 1.25.4 `pkg/image/image.go`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from fluxv2_migrate.errors import InvalidImageReference
from fluxv2_migrate.given import checked_text

_LABEL: Final = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
# Nothing anchors it: a first part that holds such a name anywhere is a domain.
_DOMAIN: Final = re.compile(rf"localhost|{_LABEL}(?:\.{_LABEL})+")
_DOCKER_HUB: Final = "index.docker.io"
_ECR: Final = re.compile(r"([^.]+)\.dkr\.ecr\.([^.]+)\.amazonaws\.com(?:\.cn)?")


@dataclass(frozen=True, slots=True)
class ImageRef:
    """An image as it is written in a manifest.

    Attributes:
        domain: of the registry as it is written, or empty.
        image: the path in the registry as it is written.
        tag: or empty.
        digest: with its algorithm, or empty.
    """

    domain: str
    image: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> ImageRef:
        """Reads an image reference.

        Args:
            text: the reference.

        Returns:
            Its parts, none of them completed.

        Raises:
            InvalidImageReference: fluxd refuses it.

        Source: fluxcd/flux 1.25.4 `pkg/image/image.go` `ParseRef`.

        >>> ref = ImageRef.parse("ghcr.io/org/app:1.0")
        >>> ref.domain, ref.image, ref.tag, str(ref)
        ('ghcr.io', 'org/app', '1.0', 'ghcr.io/org/app:1.0')
        >>> ImageRef.parse("nginx").registry, ImageRef.parse("nginx").repository
        ('index.docker.io', 'library/nginx')
        """
        checked_text(text, "an image reference", InvalidImageReference)
        if not text:
            raise InvalidImageReference("an image reference must not be empty")
        if text.startswith("/") or text.endswith("/"):
            raise InvalidImageReference(f"{text!r} begins or ends with a slash")
        first, slash, rest = text.partition("/")
        if not slash or ("/" not in rest and _DOMAIN.search(first) is None):
            domain, image = "", text
        else:
            domain, image = first, rest
        image, mark, digest = image.partition("@sha256:")
        parts = image.split(":")
        if len(parts) > 2 or (len(parts) == 2 and not all(parts)) or (mark and not (image and digest)):
            raise InvalidImageReference(f"{text!r} is neither <image>:<tag> nor <image>")
        return cls(domain, parts[0], parts[1] if len(parts) == 2 else "", f"sha256:{digest}" if mark else "")

    @property
    def registry(self) -> str:
        """The host from which the image comes."""
        return _DOCKER_HUB if self.domain in ("", "docker.io") else self.domain

    @property
    def repository(self) -> str:
        """The path in the registry, completed as Docker Hub's own images are."""
        is_own = self.registry == _DOCKER_HUB and "/" not in self.image
        return f"library/{self.image}" if is_own else self.image

    @property
    def name(self) -> str:
        """The reference without tag and digest, as it is written."""
        return f"{self.domain}/{self.image}" if self.domain else self.image

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.name}{tag}{'@' if self.digest else ''}{self.digest}"


def ecr_place(image: ImageRef) -> tuple[str, str] | None:
    """Gives the account and the region of an image in Amazon's registry, as fluxd tells them.

    Source: fluxcd/flux 1.25.4 `pkg/registry/aws.go` `ImageCredsWithAWSAuth`.

    >>> ecr_place(ImageRef.parse("123.dkr.ecr.eu-west-1.amazonaws.com/web:1"))
    ('123', 'eu-west-1')
    """
    found = _ECR.fullmatch(image.registry)
    return None if found is None else (found[1], found[2])
