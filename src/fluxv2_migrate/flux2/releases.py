"""Which release of Flux v2 serves which version of its APIs, and goes on with which record of Helm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final, Literal, get_args

from fluxv2_migrate.errors import MigrationError
from fluxv2_migrate.given import checked_choice
from fluxv2_migrate.kubernetes import group_of

FluxVersion = Literal["2.0", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7", "2.8", "2.9"]
"""A minor release of Flux v2."""
FLUX_VERSIONS: Final[tuple[FluxVersion, ...]] = get_args(FluxVersion)
"""Every minor release, the oldest first."""
_AGES: Final = {version: age for age, version in enumerate(FLUX_VERSIONS)}
FluxKind = Literal[
    "Alert",
    "Bucket",
    "ExternalArtifact",
    "GitRepository",
    "HelmChart",
    "HelmRelease",
    "HelmRepository",
    "ImagePolicy",
    "ImageRepository",
    "ImageUpdateAutomation",
    "Kustomization",
    "OCIRepository",
    "Provider",
    "Receiver",
]
"""A kind of Flux v2."""
_GROUPS: Final[dict[FluxKind, str]] = {
    "Alert": "notification",
    "Bucket": "source",
    "ExternalArtifact": "source",
    "GitRepository": "source",
    "HelmChart": "source",
    "HelmRelease": "helm",
    "HelmRepository": "source",
    "ImagePolicy": "image",
    "ImageRepository": "image",
    "ImageUpdateAutomation": "image",
    "Kustomization": "kustomize",
    "OCIRepository": "source",
    "Provider": "notification",
    "Receiver": "notification",
}
# Each kind's versions, the newest first, from the release on that a row names. Of those that a release
# serves, the first one is the one that it stores, and is never deprecated.
_SERVED: Final[dict[FluxKind, dict[FluxVersion, tuple[str, ...]]]] = {
    "Alert": {
        "2.0": ("v1beta2", "v1beta1"),
        "2.2": ("v1beta3", "v1beta2", "v1beta1"),
        "2.7": ("v1beta3", "v1beta2"),
        "2.9": ("v1beta3",),
    },
    "Bucket": {
        "2.0": ("v1beta2", "v1beta1"),
        "2.4": ("v1", "v1beta2", "v1beta1"),
        "2.7": ("v1", "v1beta2"),
        "2.8": ("v1",),
    },
    "ExternalArtifact": {"2.7": ("v1",)},
    "GitRepository": {"2.0": ("v1", "v1beta2", "v1beta1"), "2.7": ("v1", "v1beta2"), "2.8": ("v1",)},
    "HelmChart": {
        "2.0": ("v1beta2", "v1beta1"),
        "2.3": ("v1", "v1beta2", "v1beta1"),
        "2.7": ("v1", "v1beta2"),
        "2.8": ("v1",),
    },
    "HelmRelease": {
        "2.0": ("v2beta1",),
        "2.2": ("v2beta2", "v2beta1"),
        "2.3": ("v2", "v2beta2", "v2beta1"),
        "2.7": ("v2", "v2beta2"),
        "2.8": ("v2",),
    },
    "HelmRepository": {
        "2.0": ("v1beta2", "v1beta1"),
        "2.3": ("v1", "v1beta2", "v1beta1"),
        "2.7": ("v1", "v1beta2"),
        "2.8": ("v1",),
    },
    "ImagePolicy": {"2.0": ("v1beta2", "v1beta1"), "2.7": ("v1", "v1beta2"), "2.9": ("v1",)},
    "ImageRepository": {"2.0": ("v1beta2", "v1beta1"), "2.7": ("v1", "v1beta2"), "2.9": ("v1",)},
    "ImageUpdateAutomation": {
        "2.0": ("v1beta1",),
        "2.3": ("v1beta2", "v1beta1"),
        "2.7": ("v1", "v1beta2"),
        "2.9": ("v1",),
    },
    "Kustomization": {"2.0": ("v1", "v1beta2", "v1beta1"), "2.7": ("v1", "v1beta2"), "2.8": ("v1",)},
    "OCIRepository": {
        "2.0": ("v1beta2",),
        "2.6": ("v1", "v1beta2"),
        "2.8": ("v1",),
    },
    "Provider": {
        "2.0": ("v1beta2", "v1beta1"),
        "2.2": ("v1beta3", "v1beta2", "v1beta1"),
        "2.7": ("v1beta3", "v1beta2"),
        "2.9": ("v1beta3",),
    },
    "Receiver": {"2.0": ("v1", "v1beta2", "v1beta1"), "2.7": ("v1", "v1beta2"), "2.9": ("v1",)},
}
_KINDS: Final[Mapping[str, FluxKind]] = {kind: kind for kind in get_args(FluxKind)}
FirstAction = Literal["upgrade", "unlock", "locked", "refused", "no-upgrade"]
"""`upgrade`: the release gets its next revision. `unlock`: it does so after the record was unlocked.
`locked`: Helm holds the record, and this Flux release does not unlock it. `refused`: Helm installs nothing
under a name with records. `no-upgrade`: Helm finds nothing to upgrade."""
_UNLOCKS_SINCE: Final = "2.2"
_PENDING: Final = frozenset({"pending-install", "pending-upgrade", "pending-rollback"})
_UPGRADED: Final = frozenset({"deployed", "failed", "superseded"})


def is_at_least(flux_version: FluxVersion, since: FluxVersion) -> bool:
    """Gives whether a release of Flux is another one or a later one.

    >>> is_at_least("2.9", "2.6"), is_at_least("2.0", "2.6")
    (True, False)
    """
    checked_choice(flux_version, _AGES, "release of Flux")
    return _AGES[flux_version] >= _AGES[since]


def oldest_of(versions: Iterable[FluxVersion]) -> FluxVersion:
    """Gives the oldest of some releases of Flux, at least one: what it reads, the others read too.

    >>> oldest_of(["2.9", "2.1"])
    '2.1'
    """
    return min(versions, key=_AGES.__getitem__)


def is_of_flux2(manifest: Mapping[str, Any]) -> bool:
    """Gives whether a manifest is of an API of Flux v2.

    >>> [is_of_flux2({"apiVersion": each}) for each in ("helm.toolkit.fluxcd.io/v2", "helm.fluxcd.io/v1")]
    [True, False]
    """
    return group_of(manifest).endswith(".toolkit.fluxcd.io")


def served_api_versions(kind: FluxKind, flux_version: FluxVersion) -> tuple[str, ...]:
    """Gives every `apiVersion` under which a release of Flux knows a kind, the newest first.

    Args:
        kind: of Flux v2.
        flux_version: the minor release.

    Returns:
        The API versions; none where the release has no such kind.

    Source: the CRDs of the controllers that each release of flux2 installs.

    >>> served_api_versions("HelmRelease", "2.7")
    ('helm.toolkit.fluxcd.io/v2', 'helm.toolkit.fluxcd.io/v2beta2')
    >>> served_api_versions("ExternalArtifact", "2.6")
    ()
    """
    checked_choice(kind, _SERVED, "kind of Flux v2")
    checked_choice(flux_version, FLUX_VERSIONS, "release of Flux")
    return _served(kind, flux_version)


@cache
def _served(kind: FluxKind, flux_version: FluxVersion) -> tuple[str, ...]:
    """Gives what `served_api_versions` gives: each object is asked about, and there are few answers."""
    served: tuple[str, ...] = ()
    for since, versions in _SERVED[kind].items():
        if is_at_least(flux_version, since):
            served = versions
    return tuple(f"{_GROUPS[kind]}.toolkit.fluxcd.io/{version}" for version in served)


def serving_releases(kind: str, api_version: str) -> tuple[FluxVersion, ...]:
    """Gives every release of Flux that serves a kind under an API version, the oldest first.

    Returns:
        The releases; none where it is no object of Flux, or of none that is known.

    Source: the CRDs of the controllers that each release of flux2 installs.

    >>> serving_releases("HelmRelease", "helm.toolkit.fluxcd.io/v2beta2")
    ('2.2', '2.3', '2.4', '2.5', '2.6', '2.7')
    """
    known = _KINDS.get(kind)
    if known is None:
        return ()
    return tuple(each for each in FLUX_VERSIONS if api_version in served_api_versions(known, each))


def newest_serving_release(objects: Iterable[tuple[str, str]]) -> FluxVersion | None:
    """Gives the newest release of Flux that serves all objects of a cluster.

    Args:
        objects: kind and API version of each; those that no release serves have no say.

    Returns:
        The release; `None` where none serves all, or there is no object.

    >>> helm = ("HelmRelease", "helm.toolkit.fluxcd.io/v2beta1")
    >>> newest_serving_release([helm]), newest_serving_release([])
    ('2.6', None)
    >>> newest_serving_release([helm, ("ImagePolicy", "image.toolkit.fluxcd.io/v1")]) is None
    True
    """
    serving = [releases for releases in (serving_releases(*each) for each in objects) if releases]
    common = [each for each in FLUX_VERSIONS if serving and all(each in releases for releases in serving)]
    return common[-1] if common else None


def preferred_api_version(kind: FluxKind, flux_version: FluxVersion) -> str:
    """Gives the `apiVersion` to write for a kind: the newest, which no API server calls deprecated.

    Args:
        kind: of Flux v2.
        flux_version: the minor release that will run.

    Returns:
        The API version that the release stores.

    Raises:
        MigrationError: the release has no such kind.

    Source: the CRDs of the controllers that each release of flux2 installs.

    >>> preferred_api_version("HelmRelease", "2.9"), preferred_api_version("ImagePolicy", "2.6")
    ('helm.toolkit.fluxcd.io/v2', 'image.toolkit.fluxcd.io/v1beta2')
    """
    served = served_api_versions(kind, flux_version)
    if not served:
        raise MigrationError(f"Flux {flux_version} has no {kind}")
    return served[0]


def new_object(
    kind: FluxKind, namespace: str, name: str, flux_version: FluxVersion, spec: Mapping[str, Any]
) -> dict[str, Any]:
    """Gives the manifest of an object, under the `apiVersion` to write for it.

    >>> new_object("HelmRepository", "shop", "example", "2.9", {})
    {'apiVersion': 'source.toolkit.fluxcd.io/v1', 'kind': 'HelmRepository', 'metadata': {'name': 'example', \
'namespace': 'shop'}, 'spec': {}}
    """
    return {
        "apiVersion": preferred_api_version(kind, flux_version),
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": dict(spec),
    }


def first_action(status: str, flux_version: FluxVersion) -> FirstAction:
    """Gives what the controller does with a release without a history of its own.

    Args:
        status: of the last record, as Helm names it.

    Source: helm-controller 1.6.3 `internal/reconcile/state.go` `DetermineReleaseState` and
    `atomic_release.go`; records are unlocked since 0.37 (Flux 2.2).

    >>> first_action("pending-upgrade", "2.9"), first_action("pending-upgrade", "2.1")
    ('unlock', 'locked')
    >>> first_action("uninstalled", "2.9"), first_action("uninstalling", "2.9")
    ('refused', 'no-upgrade')
    """
    if status in _UPGRADED:
        return "upgrade"
    if status in _PENDING:
        return "unlock" if is_at_least(flux_version, _UNLOCKS_SINCE) else "locked"
    return "refused" if status == "uninstalled" else "no-upgrade"
