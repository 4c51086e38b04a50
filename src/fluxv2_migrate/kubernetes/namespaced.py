"""Which objects live in a namespace, so that the API server refuses them without one."""

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


def is_namespaced(group: str, kind: str) -> bool:
    """Gives whether it is known that a kind lives in a namespace; of others only their definition tells.

    >>> is_namespaced("", "ConfigMap"), is_namespaced("cert-manager.io", "ClusterIssuer")
    (True, False)
    """
    in_group = group.endswith(_FLUX) or group in _GROUPS
    return kind in _KINDS or (in_group and not kind.startswith("Cluster"))
