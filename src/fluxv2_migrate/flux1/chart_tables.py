"""What the values of the charts of Flux v1 become, and which fluxd each chart installs.

Source: fluxcd/flux 1.25.4 `chart/flux/templates/deployment.yaml` and the `Chart.yaml` of each release of the
chart; helm-operator 1.4.4 `chart/helm-operator/templates/deployment.yaml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fluxv2_migrate.flux1.flags import Program

_FLUXD: Final = {
    "defaultNamespace": "k8s-default-namespace",
    "git.branch": "git-branch",
    "git.ciSkip": "git-ci-skip",
    "git.email": "git-email",
    "git.label": "git-label",
    "git.path": "git-path",
    "git.pollInterval": "git-poll-interval",
    "git.readonly": "git-readonly",
    "git.secret.enabled": "git-secret",
    "git.secretDataKey": "k8s-secret-data-key",
    "git.secretName": "k8s-secret-name",
    "git.setAuthor": "git-set-author",
    "git.signingKey": "git-signing-key",
    "git.timeout": "git-timeout",
    "git.url": "git-url",
    "git.user": "git-user",
    "git.verifySignatures": "git-verify-signatures",
    "git.verifySignaturesMode": "git-verify-signatures-mode",
    "logFormat": "log-format",
    "manifestGeneration": "manifest-generation",
    "memcached.hostnameOverride": "memcached-hostname",
    "registry.automationInterval": "automation-interval",
    "registry.burst": "registry-burst",
    "registry.cacheExpiry": "registry-cache-expiry",
    "registry.disableScanning": "registry-disable-scanning",
    "registry.ecr.excludeId": "registry-ecr-exclude-id",
    "registry.ecr.includeId": "registry-ecr-include-id",
    "registry.ecr.region": "registry-ecr-region",
    "registry.excludeImage": "registry-exclude-image",
    "registry.includeImage": "registry-include-image",
    "registry.insecureHosts": "registry-insecure-host",
    # The older name of the interval wins where both are given.
    "registry.pollInterval": "automation-interval",
    "registry.rps": "registry-rps",
    "registry.trace": "registry-trace",
    "registry.useTimestampLabels": "registry-use-labels",
    "sops.enabled": "sops",
    "ssh.keygen.format": "ssh-keygen-format",
    "sync.interval": "sync-interval",
    "sync.state": "sync-state",
    "sync.timeout": "sync-timeout",
    "syncGarbageCollection.dry": "sync-garbage-collection-dry",
    "syncGarbageCollection.enabled": "sync-garbage-collection",
    "token": "token",
}
_HELM_OPERATOR: Final = {
    "allowNamespace": "allow-namespace",
    "chartsSyncInterval": "charts-sync-interval",
    "convert.releaseStorage": "convert-release-storage",
    "convert.tillerOutCluster": "convert-tiller-out-cluster",
    "git.defaultRef": "git-default-ref",
    "git.pollInterval": "git-poll-interval",
    "git.timeout": "git-timeout",
    "helm.versions": "enabled-helm-versions",
    "logFormat": "log-format",
    "logReleaseDiffs": "log-release-diffs",
    "statusUpdateInterval": "status-update-interval",
    "tillerHost": "tiller-ip",
    "tillerNamespace": "tiller-namespace",
    "tillerPort": "tiller-port",
    "tls.enable": "tiller-tls-enable",
    "tls.hostname": "tiller-tls-hostname",
    "tls.verify": "tiller-tls-verify",
    "updateChartDeps": "update-chart-deps",
    "workers": "workers",
}
VALUE_FLAGS: Final[Mapping[Program, Mapping[str, str]]] = MappingProxyType(
    {"fluxd": MappingProxyType(_FLUXD), "helm-operator": MappingProxyType(_HELM_OPERATOR)}
)
"""The values of each chart that become a flag, by their dotted path."""
FLUXD_OF_CHARTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "0.5": "1.8",
        "0.6": "1.10",
        "0.7": "1.11",
        "0.8": "1.11",
        "0.9": "1.12",
        "0.10": "1.13",
        "0.11": "1.13",
        "0.12": "1.13",
        "0.13": "1.14",
        "0.14": "1.14",
        "0.15": "1.15",
        "0.16": "1.16",
        "1.0": "1.17",
        "1.1": "1.17",
        "1.2": "1.18",
        "1.3": "1.19",
        "1.4": "1.20",
        "1.5": "1.20",
        "1.6": "1.21",
        "1.7": "1.22",
        "1.8": "1.22",
        "1.9": "1.22",
        "1.10": "1.23",
        "1.11": "1.24",
        "1.12": "1.25",
        "1.13": "1.25",
    }
)
"""The `appVersion` of the chart `flux`, by its minor versions."""
