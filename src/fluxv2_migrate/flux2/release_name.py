"""The Helm release that a HelmRelease of Flux v2 stands for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from fluxv2_migrate.kubernetes import mapping_at, namespace_and_name

MAXIMUM_RELEASE_NAME_LENGTH: Final = 53
"""How long Helm lets the name of a release be."""


def shorten_release_name(name: str) -> str:
    """Gives the release name as helm-controller hands it to Helm.

    Returns:
        The name, or where Helm would refuse it as too long its first 40 characters and a hash of it.

    Source: helm-controller 1.6.3 `internal/release/name.go` `ShortenName`.

    >>> shorten_release_name("shop-web")
    'shop-web'
    >>> shorten_release_name("a" * 54)
    'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-a3f01b693925'
    """
    # Go counts and cuts bytes.
    encoded = name.encode("utf-8", "surrogatepass")
    if len(encoded) <= MAXIMUM_RELEASE_NAME_LENGTH:
        return name
    return f"{encoded[:40].decode('utf-8', 'replace')}-{hashlib.sha256(encoded).hexdigest()[:12]}"


def default_release_name(*, name: str, target_namespace: str | None = None) -> str:
    """Gives the release name that helm-controller makes where `spec.releaseName` is empty, not shortened.

    Args:
        target_namespace: `spec.targetNamespace`, if set, even to the object's own namespace.

    Returns:
        `<target>-<name>`, or the name alone.

    Source: helm-controller 1.6.3 `api/v2/helmrelease_types.go` `GetReleaseName`.

    >>> default_release_name(name="web", target_namespace="shop")
    'shop-web'
    """
    return f"{target_namespace}-{name}" if target_namespace else name


def written_release_name(manifest: Mapping[str, Any]) -> str:
    """Gives the release name of a HelmRelease as helm-controller hands it to Helm, whatever is written in it.

    >>> written_release_name({"metadata": {"name": "web"}, "spec": {"targetNamespace": "shop"}})
    'shop-web'
    """
    spec, name = mapping_at(manifest, "spec"), namespace_and_name(manifest)[1]
    default = default_release_name(name=name, target_namespace=str(spec.get("targetNamespace") or ""))
    return shorten_release_name(str(spec.get("releaseName") or default))


def release_namespace(*, namespace: str, target_namespace: str | None = None) -> str:
    """Gives the namespace into which helm-controller installs.

    Args:
        target_namespace: `spec.targetNamespace`, if set.

    Returns:
        The target namespace, else that of the object.

    Source: helm-controller 1.6.3 `api/v2/helmrelease_types.go` `GetReleaseNamespace`.

    >>> release_namespace(namespace="teams", target_namespace="shop")
    'shop'
    """
    return target_namespace or namespace


def storage_namespace(*, namespace: str, storage_namespace: str | None = None) -> str:
    """Gives the namespace in which helm-controller keeps and looks for the record of a release.

    Args:
        storage_namespace: `spec.storageNamespace`, if set. The target namespace has no say in it.

    Returns:
        The storage namespace, else that of the object.

    Source: helm-controller 1.6.3 `api/v2/helmrelease_types.go` `GetStorageNamespace`.

    >>> storage_namespace(namespace="teams")
    'teams'
    """
    return storage_namespace or namespace
