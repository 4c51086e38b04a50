"""Objects of Flux v2 that the API server refuses, and with them all that is applied together with them.

Source: kustomize-controller 1.9.4, fluxcd/pkg `ssa`: one manifest that the dry run refuses stops its stage.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, get_args

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux2.constraints import refused_fields
from fluxv2_migrate.flux2.releases import (
    FluxKind,
    FluxVersion,
    is_at_least,
    preferred_api_version,
    served_api_versions,
)
from fluxv2_migrate.kubernetes import as_object, group_of, mapping_at, namespace_and_name, read, resource_of
from fluxv2_migrate.meaning.served_fields import unknown_fields
from fluxv2_migrate.repository.manifests import model_of

_KINDS: Final[Sequence[FluxKind]] = (
    *("GitRepository", "HelmRepository", "ImagePolicy", "ImageRepository"),
    *("ImageUpdateAutomation", "Kustomization"),
)
_FLUX: Final = ".toolkit.fluxcd.io/"
# Fields that our models know and the stable API of a kind never had, or has since a Flux release alone.
_OLD: Final[Mapping[str, tuple[str, ...]]] = {
    "GitRepository": ("accessFrom", "gitImplementation"),
    "ImageUpdateAutomation": ("checkout", "commit", "push"),
    "Kustomization": ("patchesJson6902", "patchesStrategicMerge", "validation"),
}
_SINCE: Final[Mapping[str, Mapping[str, FluxVersion]]] = {
    "GitRepository": {
        "provider": "2.4",
        "proxySecretRef": "2.1",
        "serviceAccountName": "2.7",
        "sparseCheckout": "2.6",
    },
    "ImagePolicy": {"digestReflectionPolicy": "2.6", "interval": "2.6", "suspend": "2.7"},
    "ImageRepository": {"insecure": "2.2", "proxySecretRef": "2.4"},
    "ImageUpdateAutomation": {"policySelector": "2.3"},
    "Kustomization": {
        "buildMetadata": "2.9",
        "deletionPolicy": "2.5",
        "healthCheckExprs": "2.5",
        "ignore": "2.9",
        "ignoreMissingComponents": "2.7",
        "namePrefix": "2.3",
        "nameSuffix": "2.3",
    },
}


def refusals(manifest: Mapping[str, Any], flux_version: FluxVersion) -> Iterator[str]:
    """Gives what the API server refuses in an object of Flux v2.

    Fields that no release has are told where releases are compared, and of other kinds nothing but labels and
    annotations is known.
    """
    api = str(manifest.get("apiVersion"))
    shown = resource_of(manifest)
    for reason in _of_identity(manifest, api):
        yield f"{shown}: {reason}"
    for field in ("labels", "annotations"):
        for key, value in mapping_at(manifest, "metadata", field).items():
            if value is not None and not isinstance(value, str):
                yield f"{shown}: metadata.{field}.{key} is no text"
    if api == preferred_api_version("HelmRelease", flux_version):
        for field, reason in refused_fields(manifest, flux_version):
            yield f"{shown}: {field} {reason}"
    kind = next((each for each in _KINDS if each == manifest.get("kind")), None)
    if kind is None or _FLUX not in api:
        return
    if api not in served_api_versions(kind, flux_version):
        yield f"{shown}: apiVersion {api} is not served"
        return
    for field, reason in refused_fields(manifest, flux_version):
        yield f"{shown}: {field} {reason}"
    try:
        spec: Any = getattr(read(model_of(manifest), manifest), "spec", None)
    except InvalidManifest as error:
        yield f"{shown}: {error.reason}"
        return
    for name in unknown_fields(spec):
        yield f"{shown}: spec.{name} is no field of it"
    given = as_object(manifest.get("spec"))
    for name in _unserved(kind, api, given, flux_version):
        yield f"{shown}: spec.{name} is no field of {api} in Flux {flux_version}"
    if kind == "ImagePolicy" and (given.get("digestReflectionPolicy") == "Always") != ("interval" in given):
        yield f"{shown}: spec.interval goes with digestReflectionPolicy Always, and with nothing else"


def _of_identity(manifest: Mapping[str, Any], api: str) -> Iterator[str]:
    """Gives why nobody can tell which object of Flux v2 it is."""
    if _FLUX in api:
        # What becomes of a release without one is told with the release.
        if not namespace_and_name(manifest)[0] and manifest.get("kind") != "HelmRelease":
            yield "it names no namespace"
        if manifest.get("kind") not in get_args(FluxKind):
            yield f"{group_of(manifest)} has no such kind"


def undecryptable(objects: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[str]:
    """Gives what fluxd may have decrypted, and kustomize-controller cannot: it takes each for itself.

    Source: fluxcd/flux 1.25.4 `pkg/manifests/rawfiles.go`; kustomize-controller 1.9.4 `internal/decryptor`.

    >>> secret = {"apiVersion": "v1", "kind": "ENC[AES256_GCM,data:x]", "metadata": {"name": "a"}}
    >>> list(undecryptable([("a.yaml", secret)]))
    ['a.yaml: sops encrypted what object it is']
    """
    seen: set[tuple[str, str]] = set()
    for path, each in objects:
        about = mapping_at(each, "metadata")
        named = (each.get("kind"), each.get("apiVersion"), about.get("name"), about.get("namespace"))
        if any(str(name).startswith("ENC[") for name in named):
            yield f"{path}: sops encrypted what object it is"
        checksum = mapping_at(each, "sops").get("mac")
        if isinstance(checksum, str) and checksum:
            if (path, checksum) in seen:
                yield f"{path}: sops encrypted several documents as one"
            seen.add((path, checksum))


def _unserved(kind: FluxKind, api: str, given: Mapping[str, Any], flux_version: FluxVersion) -> Iterator[str]:
    """Gives the fields of a spec that its API does not have in a Flux release, though some API has them."""
    if api.endswith("/v1"):
        yield from (name for name in _OLD.get(kind, ()) if given.get(name) is not None)
    for name, since in _SINCE.get(kind, {}).items():
        if given.get(name) is not None and not is_at_least(flux_version, since):
            yield name
