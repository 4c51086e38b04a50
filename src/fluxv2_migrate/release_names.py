"""The Helm release name of a HelmRelease, on either side."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

__all__ = ["ReleaseName", "resolve_release_name"]


@dataclass(frozen=True, slots=True)
class ReleaseName:
    """Under which name and where a release runs, and what to write so that it is found.

    Attributes:
        v1: the name that the helm-operator uses.
        v2_default: what helm-controller would choose without `spec.releaseName`.
        spec_release_name: what to write: always given.
        target_namespace: `spec.targetNamespace` to write, or `None`.
        storage_namespace: `spec.storageNamespace` to write, or `None`.
        rule: which rule gave the v1 name.
    """

    v1: str
    v2_default: str
    spec_release_name: str
    target_namespace: str | None
    storage_namespace: str | None
    rule: Literal["explicit", "namespace-name", "namespace-target-name"]


def resolve_release_name(
    *,
    name: str,
    namespace: str,
    release_name: str | None = None,
    target_namespace: str | None = None,
    api_version: str = "helm.fluxcd.io/v1",
) -> ReleaseName:
    """Gives the release name and the namespaces under which helm-controller adopts a release.

    Args:
        name: `metadata.name`.
        namespace: `metadata.namespace`.
        release_name: `spec.releaseName`, if set.
        target_namespace: `spec.targetNamespace`, if set; the older APIs have none.
        api_version: of the v1 object.

    Source: helm-operator 1.4.4 `types_helmrelease.go`; helm-controller 1.6.3 `internal/release/name.go`.

    >>> resolve_release_name(name="web", namespace="teams", target_namespace="shop").v1
    'teams-shop-web'
    """
    own = namespace or "default"
    target = (target_namespace or own) if api_version == "helm.fluxcd.io/v1" else own
    rule: Literal["explicit", "namespace-name", "namespace-target-name"]
    if release_name:
        v1, rule = release_name, "explicit"
    elif target == own:
        v1, rule = f"{own}-{name}", "namespace-name"
    else:
        v1, rule = f"{own}-{target}-{name}", "namespace-target-name"
    default = release_name or (f"{target_namespace}-{name}" if target_namespace else name)
    differs = target != own
    return ReleaseName(
        v1=v1,
        v2_default=_shorten(default),
        spec_release_name=v1,
        target_namespace=target if differs else None,
        storage_namespace=target if differs else None,
        rule=rule,
    )


def _shorten(name: str) -> str:
    if len(name) <= 53:
        return name
    return name[:40] + "-" + hashlib.sha256(name.encode()).hexdigest()[:12]
