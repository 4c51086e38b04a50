"""The release name under which helm-controller finds what the helm-operator installed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args

from fluxv2_migrate.flux1 import release_name as flux1_names
from fluxv2_migrate.flux1.models import FluxHelmRelease, HelmRelease
from fluxv2_migrate.flux1.release_name import ReleaseNameRule
from fluxv2_migrate.flux2 import release_name as flux2_names
from fluxv2_migrate.given import checked_choice, checked_text
from fluxv2_migrate.kubernetes import mapping_at

_APIS: Final[tuple[str, ...]] = tuple(
    version
    for model in (HelmRelease, FluxHelmRelease)
    for version in get_args(model.model_fields["api_version"].annotation)
)


@dataclass(frozen=True, slots=True)
class ReleaseName:
    """Under which name and where a release runs, and what to write so that it is found.

    Attributes:
        v1: the name that the helm-operator uses.
        v2_default: what helm-controller would choose for the same fields.
        spec_release_name: what to write: always given.
        target_namespace: `spec.targetNamespace` to write, or `None` where none is needed.
        storage_namespace: `spec.storageNamespace` to write, or `None` where none is needed.
        rule: which rule gave the v1 name.
    """

    v1: str
    v2_default: str
    spec_release_name: str
    target_namespace: str | None
    storage_namespace: str | None
    rule: ReleaseNameRule


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
        namespace: `metadata.namespace`; empty where the manifest names none.
        release_name: `spec.releaseName`, if set.
        target_namespace: `spec.targetNamespace`, if set; the APIs before `helm.fluxcd.io/v1` have none.
        api_version: of the v1 object.

    Returns:
        Both names, and what to write. Helm keeps the release in its target namespace, where
        helm-controller looks only if `spec.storageNamespace` says so.

    Raises:
        MigrationError: a name is no text, or no release of Flux v1 has such an `api_version`.

    Source: helm-operator 1.4.4 `types_helmrelease.go`; helm-controller 1.6.3 `internal/release/name.go`.

    >>> resolved = resolve_release_name(name="web", namespace="teams", target_namespace="shop")
    >>> resolved.v1, resolved.v2_default, resolved.storage_namespace
    ('teams-shop-web', 'shop-web', 'shop')
    """
    for text, of_what in (
        (name, "the name of an object"),
        (namespace, "the namespace of an object"),
        (release_name or "", "a release name"),
        (target_namespace or "", "a target namespace"),
    ):
        checked_text(text, of_what)
    checked_choice(api_version, _APIS, "API of releases of Flux v1")
    target = target_namespace if api_version == "helm.fluxcd.io/v1" else None
    own = flux1_names.release_namespace(namespace=namespace)
    installed = flux1_names.release_namespace(namespace=namespace, target_namespace=target)
    elsewhere = installed if installed != own else None
    default = flux1_names.default_release_name(name=name, namespace=namespace, target_namespace=target)
    v1 = release_name or default
    rule: ReleaseNameRule
    if release_name:
        rule = "explicit"
    elif elsewhere is None:
        rule = "namespace-name"
    else:
        rule = "namespace-target-name"
    v2 = release_name or flux2_names.default_release_name(name=name, target_namespace=target)
    return ReleaseName(
        v1=v1,
        v2_default=flux2_names.shorten_release_name(v2),
        spec_release_name=v1,
        target_namespace=elsewhere,
        storage_namespace=elsewhere,
        rule=rule,
    )


def installed_name(
    manifest: Mapping[str, Any], namespace: str, name: str, release_name: str | None = None
) -> str:
    """Gives the release name under which the helm-operator runs a release that a cluster has as an object.

    Args:
        namespace: of the object in the cluster, as `name` is its name there.
        release_name: that a person gave, over that of the manifest.

    Raises:
        MigrationError: as `resolve_release_name` does.
    """
    spec = mapping_at(manifest, "spec")
    return resolve_release_name(
        name=name,
        namespace=namespace,
        release_name=release_name or spec.get("releaseName"),
        target_namespace=spec.get("targetNamespace"),
        api_version=str(manifest.get("apiVersion")),
    ).v1
