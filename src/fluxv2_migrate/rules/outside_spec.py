"""What stands in a release outside of `spec`: fields of the live object, and fields that no object has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fluxv2_migrate.plan import Path
from fluxv2_migrate.rules.draft import Draft, FieldRow, present

_OBJECT: Final = frozenset({"apiVersion", "kind", "metadata", "spec", "status"})
LIVE: Final = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
)
"""The fields of `metadata` that only the API server writes."""
METADATA: Final = frozenset(
    {"annotations", "finalizers", "generateName", "labels", "name", "namespace", "ownerReferences"}
)
"""The fields of an object's `metadata` that can be written down."""
_LIVE_ANNOTATION: Final = "kubectl.kubernetes.io/last-applied-configuration"
_GONE_ANNOTATIONS: Final = ("helm.fluxcd.io/migrate", "helm.fluxcd.io/antecedent")
FIELDS_OUTSIDE_SPEC: Final = (
    FieldRow("apiVersion", ("apiVersion",), ("HR002", "HR030"), "that of the Flux release"),
    FieldRow("kind", ("kind",), ("HR002",), "a FluxHelmRelease becomes a HelmRelease"),
    FieldRow(
        "metadata",
        ("metadata",),
        ("AN018", "HR110", "RP063"),
        "the annotations helm.fluxcd.io/antecedent and helm.fluxcd.io/migrate go",
    ),
    FieldRow(
        "metadata.name",
        ("metadata.name", "spec.releaseName"),
        ("HR014", "HR015", "HR016", "HR017", "HR113", "HR114", "HR131", "RP006", "RP007"),
    ),
    FieldRow(
        "metadata.namespace",
        ("metadata.namespace", "spec.releaseName"),
        ("HR015", "HR017", "HR119", "HR131", "RP006"),
        "default_namespace is written where none is given",
    ),
    FieldRow("status", (), ("HR124", "HR125"), "the cluster writes its own"),
)
"""What becomes of the fields that are read here."""


def draft_outside_spec(draft: Draft, manifest: Mapping[str, Any]) -> None:
    """Takes out what belongs to the live object of Flux v1, and what the API server does not know.

    kubectl, with which fluxd applied, left out what it did not know. Server-side apply, with which
    kustomize-controller applies, refuses unknown fields, `managedFields`, and the `uid` or `resourceVersion`
    of another object.

    Source: Kubernetes 1.25 `apimachinery/pkg/apis/meta/v1/types.go` ObjectMeta; fluxcd/pkg `ssa`.
    """
    metadata = manifest.get("metadata") or {}
    live: list[Path] = [("metadata", key) for key in LIVE if key in metadata]
    if "status" in manifest:
        live.append(("status",))
    for path in live:
        draft.remove(path, "live-field")
    annotations = metadata.get("annotations") or {}
    _annotations(draft, annotations)
    if _LIVE_ANNOTATION in annotations:
        live.append(("metadata", "annotations", _LIVE_ANNOTATION))
    if live:
        shown = ", ".join(".".join(path) for path in live)
        message = f"fields of the live object, as an export holds them, are taken out: {shown}"
        draft.note("HR124", message, live[0], group="all")
    unknown: list[Path] = [(key,) for key in manifest if key not in _OBJECT]
    unknown += [("metadata", key) for key in metadata if key not in METADATA and key not in LIVE]
    for path in unknown:
        dotted = ".".join(path)
        draft.remove(path, "unknown-field")
        message = f"{dotted} is no field of any object, and the API server refuses it: it is left out"
        draft.note("HR003", message, path, group=dotted)


def _annotations(draft: Draft, annotations: Mapping[str, Any]) -> None:
    for key, value in annotations.items():
        path = ("metadata", "annotations", key)
        if value is not None and not isinstance(value, str):
            draft.note("AN018", f"the annotation {key} is no text", path, group=key)
        if key == "helm.fluxcd.io/migrate":
            draft.note("HR110", "the release was to be converted from Helm 2", path, group="all")
    gone = [key for key in annotations if key in _GONE_ANNOTATIONS or key == _LIVE_ANNOTATION]
    if gone and len(gone) == len(annotations):
        draft.remove(("metadata", "annotations"), "annotations")
    else:
        for key in gone:
            draft.remove(("metadata", "annotations", key), "annotations")


def installed_name(manifest: Mapping[str, Any]) -> str:
    """Gives the name under which the operator of an exported release has installed it, or an empty one.

    Source: fluxcd/helm-operator 1.4.4 `pkg/apis/helm.fluxcd.io/v1/types_helmrelease.go`
    `HelmReleaseStatus.ReleaseName`.

    >>> installed_name({"status": {"releaseName": "web"}}), installed_name({})
    ('web', '')
    """
    status = manifest.get("status")
    name = present(status).get("releaseName") if isinstance(status, Mapping) else None
    return name if isinstance(name, str) else ""
