"""The Helm release that a HelmRelease of Flux v1 stands for."""

from __future__ import annotations

from typing import Literal

ReleaseNameRule = Literal["explicit", "namespace-name", "namespace-target-name"]
"""Which rule gave a release name: `spec.releaseName`, or one of the helm-operator's two formulas."""


def release_namespace(*, namespace: str, target_namespace: str | None = None) -> str:
    """Gives the namespace into which the helm-operator installs, and where Helm 3 keeps the release.

    Args:
        namespace: `metadata.namespace`; empty where the manifest names none.
        target_namespace: `spec.targetNamespace`, if set.

    Returns:
        The target namespace, else that of the object, else `default`.

    Source: helm-operator 1.4.4 `types_helmrelease.go` `GetTargetNamespace`.

    >>> release_namespace(namespace="teams", target_namespace="shop")
    'shop'
    """
    return target_namespace or namespace or "default"


def default_release_name(*, name: str, namespace: str, target_namespace: str | None = None) -> str:
    """Gives the release name that the helm-operator makes where `spec.releaseName` is empty.

    The operators before 1.0 knew no target namespace and had the same formula without it. Nothing is
    shortened: a name of more than 53 characters could never be installed.

    Args:
        namespace: `metadata.namespace`; empty where the manifest names none.
        target_namespace: `spec.targetNamespace`, if set.

    Returns:
        `<namespace>-<name>`, or `<namespace>-<target>-<name>` where the two namespaces differ.

    Source: helm-operator 1.4.4 `types_helmrelease.go` `GetReleaseName`; fluxcd/flux helm-0.10.1.

    >>> default_release_name(name="web", namespace="teams")
    'teams-web'
    >>> default_release_name(name="web", namespace="teams", target_namespace="shop")
    'teams-shop-web'
    """
    own = namespace or "default"
    target = release_namespace(namespace=namespace, target_namespace=target_namespace)
    return f"{own}-{name}" if target == own else f"{own}-{target}-{name}"
