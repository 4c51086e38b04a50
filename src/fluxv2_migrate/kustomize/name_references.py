"""References to objects by name, which follow the names that transformers change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kubernetes import as_list, mapping_at
from fluxv2_migrate.kustomize.field_specs import FieldSpec, visit
from fluxv2_migrate.kustomize.resources import Identity, Resource
from fluxv2_migrate.kustomize.values import is_null, text_of

_PODS: Final = {
    "Pod": "spec",
    "PodTemplate": "template/spec",
    "Deployment": "spec/template/spec",
    "ReplicaSet": "spec/template/spec",
    "DaemonSet": "spec/template/spec",
    "StatefulSet": "spec/template/spec",
    "Job": "spec/template/spec",
    "CronJob": "spec/jobTemplate/spec/template/spec",
}
# Some kinds of pods are missing where only a part of a pod's references is known.
_PODS_OF_ACCOUNTS: Final = {
    **{kind: path for kind, path in _PODS.items() if kind not in ("PodTemplate", "ReplicaSet")},
    "ReplicationController": "spec/template/spec",
}


def _in_pods(*paths: str, pods: dict[str, str] = _PODS) -> tuple[FieldSpec, ...]:
    return tuple(FieldSpec(f"{start}/{path}", kind) for kind, start in pods.items() for path in paths)


def _fields(*pairs: tuple[str, str]) -> tuple[FieldSpec, ...]:
    return tuple(FieldSpec(path, kind) for path, kind in pairs)


_SCALE_TARGET: Final = _fields(("spec/scaleTargetRef/name", "HorizontalPodAutoscaler"))
_RBAC: Final = "rbac.authorization.k8s.io"
_ADMISSION: Final = "admissionregistration.k8s.io"
_NGINX: Final = r"metadata/annotations/nginx.ingress.kubernetes.io\/"

_REFERENCES: Final[tuple[tuple[Identity, tuple[FieldSpec, ...]], ...]] = (
    *(
        (Identity("", "", kind, "", ""), _SCALE_TARGET)
        for kind in ("Deployment", "ReplicationController", "ReplicaSet", "StatefulSet")
    ),
    (
        Identity("", "v1", "ConfigMap", "", ""),
        (
            *_in_pods(
                "volumes/configMap/name",
                "containers/env/valueFrom/configMapKeyRef/name",
                "initContainers/env/valueFrom/configMapKeyRef/name",
                "containers/envFrom/configMapRef/name",
                "initContainers/envFrom/configMapRef/name",
                "volumes/projected/sources/configMap/name",
            ),
            *_fields(
                ("spec/configSource/configMap", "Node"),
                ("rules/resourceNames", "Role"),
                ("rules/resourceNames", "ClusterRole"),
                (_NGINX + "fastcgi-params-configmap", "Ingress"),
            ),
        ),
    ),
    (
        Identity("", "v1", "Secret", "", ""),
        (
            *_in_pods(
                "volumes/secret/secretName",
                "containers/env/valueFrom/secretKeyRef/name",
                "initContainers/env/valueFrom/secretKeyRef/name",
                "containers/envFrom/secretRef/name",
                "initContainers/envFrom/secretRef/name",
                "imagePullSecrets/name",
                "volumes/projected/sources/secret/name",
            ),
            *_fields(
                ("spec/tls/secretName", "Ingress"),
                (r"metadata/annotations/ingress.kubernetes.io\/auth-secret", "Ingress"),
                (_NGINX + "auth-secret", "Ingress"),
                (_NGINX + "auth-tls-secret", "Ingress"),
                ("imagePullSecrets/name", "ServiceAccount"),
                ("parameters/secretName", "StorageClass"),
                ("parameters/adminSecretName", "StorageClass"),
                ("parameters/userSecretName", "StorageClass"),
                ("parameters/secretRef", "StorageClass"),
                ("rules/resourceNames", "Role"),
                ("rules/resourceNames", "ClusterRole"),
                ("spec/azureFile/secretName", "PersistentVolume"),
            ),
            FieldSpec(
                "spec/template/spec/containers/env/valueFrom/secretKeyRef/name",
                "Service",
                "serving.knative.dev",
                "v1",
            ),
        ),
    ),
    (
        Identity("", "v1", "Service", "", ""),
        (
            FieldSpec("spec/serviceName", "StatefulSet", "apps"),
            *_fields(
                ("spec/rules/http/paths/backend/serviceName", "Ingress"),
                ("spec/backend/serviceName", "Ingress"),
                ("spec/rules/http/paths/backend/service/name", "Ingress"),
                ("spec/defaultBackend/service/name", "Ingress"),
            ),
            FieldSpec("spec/service/name", "APIService", "apiregistration.k8s.io"),
            FieldSpec("webhooks/clientConfig/service", "ValidatingWebhookConfiguration", _ADMISSION),
            FieldSpec("webhooks/clientConfig/service", "MutatingWebhookConfiguration", _ADMISSION),
        ),
    ),
    (Identity(_RBAC, "", "Role", "", ""), (FieldSpec("roleRef/name", "RoleBinding", _RBAC),)),
    (
        Identity(_RBAC, "", "ClusterRole", "", ""),
        (
            FieldSpec("roleRef/name", "RoleBinding", _RBAC),
            FieldSpec("roleRef/name", "ClusterRoleBinding", _RBAC),
        ),
    ),
    (
        Identity("", "v1", "ServiceAccount", "", ""),
        (
            FieldSpec("subjects", "RoleBinding", _RBAC),
            FieldSpec("subjects", "ClusterRoleBinding", _RBAC),
            *_in_pods("serviceAccountName", pods=_PODS_OF_ACCOUNTS),
        ),
    ),
    (
        Identity("", "v1", "PersistentVolumeClaim", "", ""),
        _in_pods("volumes/persistentVolumeClaim/claimName", pods=_PODS_OF_ACCOUNTS),
    ),
    (
        Identity("", "v1", "PersistentVolume", "", ""),
        _fields(("spec/volumeName", "PersistentVolumeClaim"), ("rules/resourceNames", "ClusterRole")),
    ),
    (
        Identity("storage.k8s.io", "v1", "StorageClass", "", ""),
        _fields(
            ("spec/storageClassName", "PersistentVolume"),
            ("spec/storageClassName", "PersistentVolumeClaim"),
            ("spec/volumeClaimTemplates/spec/storageClassName", "StatefulSet"),
        ),
    ),
    (
        Identity("scheduling.k8s.io", "v1", "PriorityClass", "", ""),
        _in_pods("priorityClassName", pods=_PODS_OF_ACCOUNTS),
    ),
    (
        Identity(_ADMISSION, "", "ValidatingAdmissionPolicy", "", ""),
        (FieldSpec("spec/policyName", "ValidatingAdmissionPolicyBinding", _ADMISSION),),
    ),
)


def fix_references(resources: Sequence[Resource], more: Sequence[tuple[Identity, FieldSpec]]) -> None:
    """Lets references follow the names that a build has changed.

    Flux's own objects have none that kustomize knows: the names in `valuesFrom` or `sourceRef` stay, unless a
    configuration speaks of them.

    Args:
        more: what configurations say: the kind that is referred to, and a field that does.

    Raises:
        InvalidManifest: several objects could be meant.

    Source: kustomize api 0.21 `filters/nameref/nameref.go`.
    """
    renamed = [resource for resource in resources if resource.previous]
    kinds = {kind for resource in renamed for _, _, kind in resource.previous}
    known = (*_REFERENCES, *((target, (spec,)) for target, spec in more))
    for target, fields in known if renamed else ():
        if target.kind not in kinds:
            continue
        candidates = [resource for resource in renamed if _was(resource, target)]
        for spec in fields if candidates else ():
            for referrer in resources:
                if spec.is_for(referrer):
                    _fix(referrer, spec, candidates)


def _was(resource: Resource, target: Identity) -> bool:
    group, version = resource.group_and_version
    return (
        target.group in ("", group)
        and target.version in ("", version)
        and any(kind == target.kind for _, _, kind in resource.previous)
    )


def _fix(referrer: Resource, spec: FieldSpec, candidates: list[Resource]) -> None:
    reachable = [
        candidate
        for candidate in candidates
        if referrer.is_cluster_scoped
        or candidate.is_cluster_scoped
        or candidate.effective_namespace == referrer.effective_namespace
        or (candidate.kind == "ServiceAccount" and candidate.namespace in _namespaces_of_subjects(referrer))
    ]
    if spec.path.endswith("roleRef/name"):
        role = mapping_at(referrer.manifest, "roleRef")
        if role.get("apiGroup") and role.get("kind"):
            reachable = [
                candidate
                for candidate in reachable
                if candidate.group_and_version[0] == role["apiGroup"]
                and any(kind == role["kind"] for _, _, kind in candidate.previous)
            ]

    def change(value: Any) -> Any:
        if isinstance(value, list):
            return [change(element) for element in value]
        if isinstance(value, dict):
            return _changed_mapping(referrer, value, reachable)
        if is_null(value):
            return value
        found = _choose(referrer, text_of(value), reachable, by_namespace=False)
        if found is not None and spec.use is not None:
            # A configuration names the API of what is referred to.
            found.replacements += (spec.use,)
        return value if found is None else found.name

    visit(referrer, spec, change)


def _namespaces_of_subjects(referrer: Resource) -> set[str]:
    subjects = referrer.manifest.get("subjects") if referrer.kind == "RoleBinding" else None
    return {
        text_of(subject["namespace"])
        for subject in as_list(subjects)
        if isinstance(subject, dict) and subject.get("kind") == "ServiceAccount" and "namespace" in subject
    }


def _changed_mapping(referrer: Resource, value: dict[str, Any], reachable: list[Resource]) -> Any:
    if "name" not in value:
        raise InvalidManifest("a reference without a name")
    if "namespace" in value:
        namespace = text_of(value["namespace"])
        originally = [
            candidate for candidate in reachable if candidate.original.namespace == (namespace or "default")
        ]
        reachable = originally or [
            candidate for candidate in reachable if candidate.effective_namespace == namespace
        ]
    found = _choose(referrer, text_of(value["name"]), reachable, by_namespace=True)
    if found is None:
        return value
    changed = {**value, "name": found.name}
    return {**changed, "namespace": found.namespace} if found.namespace else changed


def _choose(
    referrer: Resource, name: str, candidates: list[Resource], *, by_namespace: bool
) -> Resource | None:
    found = [
        candidate for candidate in candidates if any(known == name for _, known, _ in candidate.previous)
    ]
    if len(found) > 1:
        found = [candidate for candidate in found if _same_affixes(referrer, candidate, lenient=True)]
    if len(found) > 1:
        found = [candidate for candidate in found if _same_affixes(referrer, candidate, lenient=False)]
    names = {(other.name, other.namespace if by_namespace else "") for other in found}
    if len(names) > 1:
        raise InvalidManifest(f"several objects could be meant by {name}")
    return found[0] if found else None


def _same_affixes(first: Resource, second: Resource, *, lenient: bool) -> bool:
    for one, other in ((first.prefixes, second.prefixes), (first.suffixes, second.suffixes)):
        if lenient and (not one or not other):
            continue
        length = min(len(one), len(other))
        if (not length and one != other) or one[len(one) - length :] != other[len(other) - length :]:
            return False
    return True
