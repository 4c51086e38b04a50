"""Manifests in any form that people have them in, as typed models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

import fluxv2_migrate.flux1 as flux1
import fluxv2_migrate.flux2 as flux2
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux2.releases import is_of_flux2
from fluxv2_migrate.given import checked_manifest, checked_text
from fluxv2_migrate.kubernetes import KubernetesModel, KubernetesObject, Unstructured, fault_of
from fluxv2_migrate.repository.reading import Document, read_documents

_V1: Final[Mapping[tuple[str, str], type[KubernetesObject]]] = {
    ("helm.fluxcd.io/v1", "HelmRelease"): flux1.HelmRelease,
    ("flux.weave.works/v1beta1", "HelmRelease"): flux1.HelmRelease,
    ("helm.integrations.flux.weave.works/v1alpha2", "FluxHelmRelease"): flux1.FluxHelmRelease,
}
_V2: Final[Mapping[str, type[KubernetesObject]]] = {
    name: model
    for name in flux2.__all__
    if isinstance(model := getattr(flux2, name), type) and issubclass(model, KubernetesObject)
}


def model_of(manifest: Mapping[str, Any]) -> type[KubernetesObject]:
    """Gives the model for a manifest; `Unstructured` for kinds that are foreign to Flux.

    >>> model_of({"apiVersion": "helm.fluxcd.io/v1", "kind": "HelmRelease"}).__module__
    'fluxv2_migrate.flux1.models'
    """
    version, kind = manifest.get("apiVersion"), manifest.get("kind")
    if not isinstance(version, str) or not isinstance(kind, str):
        return Unstructured
    if kind in _V2 and is_of_flux2(manifest):
        return _V2[kind]
    return _V1.get((version, kind), Unstructured)


def parse_manifests(text: str, *, path: str = "manifest.yaml") -> tuple[KubernetesObject, ...]:
    r"""Gives every document of a YAML text as a typed model.

    Args:
        text: a stream of documents; a byte order mark may stand before it.
        path: its file, for the messages of errors.

    Returns:
        Models of `flux1` and `flux2`, and `Unstructured` for foreign kinds; none for empty documents.

    Raises:
        InvalidManifest: a document is no YAML, no object of Kubernetes, or a field has the wrong type.

    >>> [type(model).__name__ for model in parse_manifests("{apiVersion: v1, kind: Secret}\n---\n")]
    ['Unstructured']
    """
    checked_text(text, "a stream of manifests", InvalidManifest)
    documents, errors = read_documents(path, text)
    if errors:
        raise errors[0]
    return tuple(_validate(document) for document in documents if document.value is not None)


def _validate(document: Document) -> KubernetesObject:
    if not isinstance(document.value, dict):
        raise InvalidManifest(
            "a manifest is a mapping, and this is none", path=document.path, line=document.line
        )
    try:
        return model_of(document.value).model_validate(document.value)
    except ValidationError as error:
        field, reason = fault_of(error)
        raise InvalidManifest(
            f"{'.'.join(field) or 'the manifest'}: {reason}",
            path=document.path,
            line=document.position(field)[0],
        ) from None


def manifest_of(manifest: Mapping[str, Any] | str | KubernetesModel) -> dict[str, Any]:
    r"""Gives a manifest as a mapping, whether it is one, a YAML text of one document, or a model.

    Raises:
        InvalidManifest: a text that is not exactly one mapping, or something else.

    >>> manifest_of("kind: Secret\n")
    {'kind': 'Secret'}
    """
    if isinstance(manifest, KubernetesModel):
        return manifest.to_manifest()
    if isinstance(manifest, Mapping):
        checked_manifest(manifest, error=InvalidManifest)
        return dict(manifest)
    checked_text(manifest, "a manifest that is no mapping and no model", InvalidManifest)
    documents, errors = read_documents("manifest.yaml", manifest)
    if errors:
        raise errors[0]
    found = [document.value for document in documents if document.value is not None]
    if len(found) != 1 or not isinstance(found[0], dict):
        raise InvalidManifest("one document with one mapping is wanted", path="manifest.yaml", line=1)
    return found[0]
