"""Objects of Kubernetes as values: what was read is what is written, and nothing is coerced."""

from fluxv2_migrate.kubernetes.kinds import REMOVED_APIS, is_namespaced, removed_with
from fluxv2_migrate.kubernetes.manifests import (
    annotations_of,
    as_list,
    as_object,
    fault_of,
    field_at,
    group_of,
    mapping_at,
    mappings_in,
    metadata_of,
    named,
    named_by,
    namespace_and_name,
    objects_in,
    read,
    resource_of,
    value_at,
    with_annotations,
    with_namespace,
)
from fluxv2_migrate.kubernetes.models import (
    JsonObject,
    JsonValue,
    KubernetesModel,
    KubernetesObject,
    ObjectMeta,
    OwnerReference,
    Sequence,
    Texts,
    Unstructured,
)
from fluxv2_migrate.kubernetes.names import (
    LABEL_PATTERN,
    LONGEST_LABEL,
    LONGEST_NAME,
    NAME_PATTERN,
    as_name,
    is_namespace_name,
    is_object_name,
    numbered,
    short_digest,
)
