"""Images as registries know them: what fluxd scanned, and what Flux v2 would scan under the same text."""

from __future__ import annotations

import re
from typing import Final, Literal

from fluxv2_migrate.flux1 import ImageRef
from fluxv2_migrate.flux1.images import ecr_place
from fluxv2_migrate.flux1.tags import matches_glob
from fluxv2_migrate.settings.of_clusters import FluxdSettings

RegistryProvider = Literal["aws", "azure", "gcp"]

_ECR: Final = re.compile(r"[0-9]+\.dkr\.ecr(?:-fips)?\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?")
_REPOSITORY: Final = re.compile(r"[a-z0-9_./-]{2,255}")
_HOST: Final = re.compile(r"[A-Za-z0-9_.:-]+")


def canonical_name(image: ImageRef) -> str:
    """Gives the name by which fluxd compares images, whatever way they are written.

    Source: fluxcd/flux 1.25.4 `pkg/image/image.go` `CanonicalName`.

    >>> {canonical_name(ImageRef.parse(text)) for text in ("nginx:1", "docker.io/library/nginx:1")}
    {'index.docker.io/library/nginx'}
    """
    return f"{image.registry}/{image.repository}"


def registry_provider(image: ImageRef) -> RegistryProvider | None:
    """Gives the cloud whose registry holds an image, where fluxd had the credentials of its machine.

    Source: fluxcd/flux 1.25.4 `pkg/registry/{aws,gcp,azure}.go`; image-reflector-controller 1.2.0
    `api/v1/imagerepository_types.go`.

    >>> registry_provider(ImageRef.parse("123.dkr.ecr.eu-west-1.amazonaws.com/web:1"))
    'aws'
    >>> registry_provider(ImageRef.parse("ghcr.io/acme/web:1")) is None
    True
    """
    host = image.registry
    if _ECR.fullmatch(host):
        return "aws"
    if re.fullmatch(r"(?:.+\.)?gcr\.io|.+-docker\.pkg\.dev", host):
        return "gcp"
    return "azure" if re.fullmatch(r".+\.azurecr\.(?:io|cn|de|us)", host) else None


def is_scanned(image: ImageRef, fluxd: FluxdSettings) -> bool:
    """Gives whether fluxd looked for tags of an image; what it did not scan it never updated.

    Source: fluxcd/flux 1.25.4 `pkg/cluster/includelist.go`, `cmd/fluxd/main.go`; `pkg/registry/aws.go`
    `shouldScan`.

    >>> is_scanned(ImageRef.parse("k8s.gcr.io/pause:3.2"), FluxdSettings())
    False
    >>> there = FluxdSettings(ecr_regions=("us-east-1",))
    >>> is_scanned(ImageRef.parse("123.dkr.ecr.eu-west-1.amazonaws.com/web:1"), there)
    False
    """
    name = canonical_name(image)
    place = ecr_place(image)
    if place is not None:
        account, region = place
        is_left_out = account in fluxd.ecr_exclude_ids or account not in (fluxd.ecr_include_ids or (account,))
        if is_left_out or region not in (fluxd.ecr_regions or (region,)):
            return False
    if any(matches_glob(pattern, name) for pattern in fluxd.exclude_images):
        return False
    return not fluxd.include_images or any(matches_glob(pattern, name) for pattern in fluxd.include_images)


def is_read_differently(image: ImageRef) -> bool:
    """Gives whether Flux v2 asks another registry for the image than fluxd did.

    fluxd took the first of three parts for a host whatever it looked like; Flux v2 takes the first part
    only if it holds a dot or a colon.

    Source: fluxcd/flux 1.25.4 `pkg/image/image.go`; go-containerregistry 0.21 `pkg/name/repository.go`.

    >>> texts = ("foo/bar/baz:1", "quay.io/bar/baz:1", "bar/baz:1")
    >>> [is_read_differently(ImageRef.parse(text)) for text in texts]
    [True, False, False]
    >>> is_read_differently(ImageRef.parse("registry:5000/web"))
    True
    """
    # What fluxd read as an image with the tag `5000/web` is a host with a port.
    return "/" in image.tag or bool(image.domain and not re.search(r"[.:]", image.domain))


def is_refused_name(image: ImageRef) -> bool:
    """Gives whether Flux v2 refuses the name of an image.

    Source: go-containerregistry 0.21 `pkg/name/repository.go`: lower case only.

    >>> is_refused_name(ImageRef.parse("ghcr.io/Acme/web:1"))
    True
    >>> is_refused_name(ImageRef.parse("localhost/x:1"))
    False
    """
    if image.domain and not re.search(r"[.:]", image.domain):
        # To Flux v2 that is no host, but the beginning of the path.
        return not _REPOSITORY.fullmatch(image.name)
    return not (_REPOSITORY.fullmatch(image.repository) and _HOST.fullmatch(image.registry))
