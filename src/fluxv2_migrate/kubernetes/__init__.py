"""Objects of Kubernetes as values: what was read is what is written, and nothing is coerced."""

from fluxv2_migrate.kubernetes.manifests import as_object, metadata_of, read
from fluxv2_migrate.kubernetes.models import (
    LABEL_PATTERN,
    LONGEST_LABEL,
    LONGEST_NAME,
    NAME_PATTERN,
    JsonObject,
    JsonValue,
    KubernetesModel,
    KubernetesObject,
    ObjectMeta,
    OwnerReference,
    Sequence,
    Texts,
    Unstructured,
    is_namespace_name,
    is_object_name,
)

__all__ = [
    "LABEL_PATTERN",
    "LONGEST_LABEL",
    "LONGEST_NAME",
    "NAME_PATTERN",
    "JsonObject",
    "JsonValue",
    "KubernetesModel",
    "KubernetesObject",
    "ObjectMeta",
    "OwnerReference",
    "Sequence",
    "Texts",
    "Unstructured",
    "as_object",
    "is_namespace_name",
    "is_object_name",
    "metadata_of",
    "read",
]
