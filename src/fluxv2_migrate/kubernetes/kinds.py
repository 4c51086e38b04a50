"""Which kinds live in a namespace and are refused without one, and which APIs are gone."""

from __future__ import annotations

from typing import Final

_KINDS: Final = frozenset(
    {
        "ConfigMap",
        "CronJob",
        "DaemonSet",
        "Deployment",
        "Endpoints",
        "Event",
        "FluxHelmRelease",
        "HelmRelease",
        "HorizontalPodAutoscaler",
        "Ingress",
        "Job",
        "Lease",
        "LimitRange",
        "NetworkPolicy",
        "PersistentVolumeClaim",
        "Pod",
        "PodDisruptionBudget",
        "ReplicaSet",
        "ReplicationController",
        "ResourceQuota",
        "Role",
        "RoleBinding",
        "Secret",
        "Service",
        "ServiceAccount",
        "StatefulSet",
    }
)
_GROUPS: Final = frozenset(
    {
        "acme.cert-manager.io",
        "argoproj.io",
        "bitnami.com",
        "cert-manager.io",
        "certmanager.k8s.io",
        "external-secrets.io",
        "flagger.app",
        "kubernetes-client.io",
        "monitoring.coreos.com",
        "networking.istio.io",
        "security.istio.io",
        "traefik.containo.us",
        "traefik.io",
    }
)
"""Groups of which only kinds like `ClusterIssuer` live in none."""
_FLUX: Final = ".toolkit.fluxcd.io"
_ANY: Final = ""
_WORKLOADS: Final = "1.16"
_BETA: Final = "1.22"
_REMOVED: Final = {
    "admissionregistration.k8s.io/v1beta1": {
        "MutatingWebhookConfiguration": _BETA,
        "ValidatingWebhookConfiguration": _BETA,
    },
    "apiextensions.k8s.io/v1beta1": {_ANY: _BETA},
    "apiregistration.k8s.io/v1beta1": {_ANY: _BETA},
    "apps/v1beta1": {_ANY: _WORKLOADS},
    "apps/v1beta2": {_ANY: _WORKLOADS},
    "authentication.k8s.io/v1beta1": {"TokenReview": _BETA},
    "authorization.k8s.io/v1beta1": {_ANY: _BETA},
    "autoscaling/v2beta1": {_ANY: "1.25"},
    "autoscaling/v2beta2": {_ANY: "1.26"},
    "batch/v1beta1": {_ANY: "1.25"},
    "batch/v2alpha1": {_ANY: "1.21"},
    "certificates.k8s.io/v1beta1": {"CertificateSigningRequest": _BETA},
    "coordination.k8s.io/v1beta1": {"Lease": _BETA},
    "discovery.k8s.io/v1beta1": {_ANY: "1.25"},
    "events.k8s.io/v1beta1": {_ANY: "1.25"},
    "extensions/v1beta1": {"Ingress": _BETA, _ANY: _WORKLOADS},
    "flowcontrol.apiserver.k8s.io/v1beta1": {_ANY: "1.26"},
    "flowcontrol.apiserver.k8s.io/v1beta2": {_ANY: "1.29"},
    "flowcontrol.apiserver.k8s.io/v1beta3": {_ANY: "1.32"},
    "networking.k8s.io/v1beta1": {"Ingress": _BETA, "IngressClass": _BETA},
    "node.k8s.io/v1alpha1": {_ANY: "1.24"},
    "node.k8s.io/v1beta1": {_ANY: "1.25"},
    "policy/v1beta1": {_ANY: "1.25"},
    "rbac.authorization.k8s.io/v1alpha1": {_ANY: "1.23"},
    "rbac.authorization.k8s.io/v1beta1": {_ANY: _BETA},
    "scheduling.k8s.io/v1alpha1": {"PriorityClass": "1.23"},
    "scheduling.k8s.io/v1beta1": {_ANY: _BETA},
    "settings.k8s.io/v1alpha1": {_ANY: "1.20"},
    "storage.k8s.io/v1beta1": {
        "CSIDriver": _BETA,
        "CSINode": _BETA,
        "CSIStorageCapacity": "1.27",
        "StorageClass": _BETA,
        "VolumeAttachment": _BETA,
    },
}
"""By API and kind the release; other kinds of an API stand under no name where all are gone."""
REMOVED_APIS: Final = tuple(_REMOVED)


def is_namespaced(group: str, kind: str) -> bool:
    """Gives whether it is known that a kind lives in a namespace; of others only their definition tells.

    >>> is_namespaced("", "ConfigMap"), is_namespaced("cert-manager.io", "ClusterIssuer")
    (True, False)
    """
    in_group = group.endswith(_FLUX) or group in _GROUPS
    return kind in _KINDS or (in_group and not kind.startswith("Cluster"))


def removed_with(api: object, kind: object) -> str:
    """Gives the release of Kubernetes since which an API has this kind no more; empty if there is none.

    Source: Kubernetes, Deprecated API Migration Guide; of alpha versions, which it leaves out, changelogs.

    >>> removed_with("extensions/v1beta1", "Ingress"), removed_with("extensions/v1beta1", "Deployment")
    ('1.22', '1.16')
    >>> removed_with("networking.k8s.io/v1", "Ingress")
    ''
    """
    kinds = _REMOVED.get(str(api), {})
    return kinds.get(str(kind)) or kinds.get(_ANY, "")
