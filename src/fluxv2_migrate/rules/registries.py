"""Images as registries know them: what fluxd scanned with which Secrets, and what Flux v2 would scan."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from fluxv2_migrate.flux1 import ContainerImage, ImageRef
from fluxv2_migrate.flux1.images import ecr_place, pod_of
from fluxv2_migrate.flux1.tags import matches_glob
from fluxv2_migrate.kubernetes import as_list, as_object
from fluxv2_migrate.settings.of_clusters import FluxdSettings

RegistryProvider = Literal["aws", "azure", "gcp"]

_ECR: Final = re.compile(r"[0-9]+\.dkr\.ecr(?:-fips)?\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?")
_REPOSITORY: Final = re.compile(r"[a-z0-9_./-]{2,255}")
_HOST: Final = re.compile(r"[A-Za-z0-9_.:-]+")
Lookup = Callable[[str, str, str], Mapping[str, Any] | None]
"""Gives the manifest of a kind, namespace and name, where the repository holds one."""


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

    Source: go-containerregistry 0.21 `pkg/name/repository.go`: lower case only, of 2 to 255 characters.

    >>> is_refused_name(ImageRef.parse("ghcr.io/Acme/web:1"))
    True
    >>> is_refused_name(ImageRef.parse("localhost/x:1"))
    False
    """
    if image.domain and not re.search(r"[.:]", image.domain):
        # To Flux v2 that is no host, but the beginning of the path.
        return not _REPOSITORY.fullmatch(image.name)
    return not (_REPOSITORY.fullmatch(image.repository) and _HOST.fullmatch(image.registry))


@dataclass(frozen=True, slots=True, order=True)
class PullSecret:
    """A Secret that holds the credentials of registries."""

    namespace: str
    name: str


def nothing_known(kind: str, namespace: str, name: str) -> Mapping[str, Any] | None:
    """Gives no manifest, whatever is looked for."""
    return None


def find_pull_secrets(
    manifest: Mapping[str, Any], namespace: str, image: ContainerImage, lookup: Lookup = nothing_known
) -> tuple[PullSecret, ...]:
    """Gives the Secrets with which the image of a workload is pulled; of two for one host the later counts.

    Returns:
        Those of the ServiceAccount before those of the pod; of a HelmRelease those of the namespace's default
        ServiceAccount before those that its values name.

    Source: fluxcd/flux 1.25.4 `pkg/cluster/kubernetes/images.go` `mergeCredentials`.

    >>> containers = [{"name": "a", "image": "ghcr.io/a/b:1"}]
    >>> pod = {"imagePullSecrets": [{"name": "registry"}], "containers": containers}
    >>> manifest = {"kind": "Deployment", "spec": {"template": {"spec": pod}}}
    >>> from fluxv2_migrate.flux1 import find_images
    >>> find_pull_secrets(manifest, "shop", find_images(manifest)[0])
    (PullSecret(namespace='shop', name='registry'),)
    """
    pod = pod_of(manifest)
    account = pod.get("serviceAccountName") or pod.get("serviceAccount") or "default"
    names = [*_names(as_object(lookup("ServiceAccount", namespace, str(account))).get("imagePullSecrets"))]
    names += _names(pod.get("imagePullSecrets"))
    if manifest.get("kind") == "HelmRelease":
        names += _names_in_values(manifest, image)
    return tuple(PullSecret(namespace, name) for name in dict.fromkeys(names))


def _names_in_values(manifest: Mapping[str, Any], image: ContainerImage) -> Iterator[str]:
    # Every chart has its own fields; these are the ones that most have, and nearest the image counts most.
    holder: Any = as_object(manifest.get("spec")).get("values")
    holders = [as_object(holder)]
    for key in image.paths.repository[2:-1]:
        holder = as_object(holder).get(str(key))
        holders.append(as_object(holder))
    for each in holders:
        for field in ("imagePullSecrets", "pullSecrets"):
            yield from _names(each.get(field))


def _names(references: Any) -> Iterator[str]:
    for reference in as_list(references):
        name = reference.get("name") if isinstance(reference, Mapping) else reference
        if isinstance(name, str) and name:
            yield name
