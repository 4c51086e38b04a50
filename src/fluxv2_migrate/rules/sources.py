"""Where each rule comes from: the component of Flux, its version and its file."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_OPERATOR: Final = "helm-operator 1.4.4"
_FLUXD: Final = "fluxd 1.25.4"
_NAMES: Final = f"{_OPERATOR} `pkg/apis/helm.fluxcd.io/v1/types_helmrelease.go` GetReleaseName"
_TYPES: Final = f"{_OPERATOR} `pkg/apis/helm.fluxcd.io/v1/types_helmrelease.go`"
_VALUES: Final = f"{_OPERATOR} `pkg/release/values.go`, `types_helmrelease.go` GetValuesFromSources"
_RELEASE: Final = f"{_OPERATOR} `pkg/release/release.go`"
_IMAGES: Final = f"{_FLUXD} `pkg/policy/policy.go`, `pkg/cluster/kubernetes/images.go`"
_APPLY: Final = f"{_FLUXD} `pkg/cluster/kubernetes/sync.go`; kustomize-controller 1.9 `internal/controller`"

RULE_SOURCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "actions": f"{_TYPES}; helm-controller 1.6.3 `api/v2/helmrelease_types.go`",
        "annotations": _IMAGES,
        "api-version": "helm-controller 1.6.3 `api/v2/groupversion_info.go`, by Flux release",
        "chart-from-git": f"{_RELEASE} prepareChart; source-controller 1.9.1 `api/v1/gitrepository_types.go`",
        "chart-from-operator": "helm-operator 0.4.0 `cmd/helm-operator/main.go`",
        "chart-from-repository": f"{_RELEASE} prepareChart, `pkg/helm/v3/repository.go`",
        "chart-pull-secret": f"{_RELEASE}: nothing reads it",
        "explicit": _NAMES,
        "flux1-reading": f"{_FLUXD} `pkg/cluster/kubernetes/resource/load.go`: YAML 1.1",
        "helm-version": f"{_TYPES} GetHelmVersion",
        "flux-1": "fluxd 1.25.4 `deploy`; helm-operator 1.4.4 `deploy`, `chart`",
        "history": f"{_TYPES} GetMaxHistory",
        "image-automation": f"{_IMAGES}; image-automation-controller 1.2 `api`",
        "install": f"{_TYPES} GetWait; {_OPERATOR} `pkg/helm/v3/upgrade.go`",
        "interval": f"{_OPERATOR} `cmd/helm-operator/main.go` --charts-sync-interval",
        "kind": "helm-controller 1.6.3 `api/v2/helmrelease_types.go`",
        "kustomization": "kustomize 5.8 `api/types/kustomization.go`",
        "live-field": "Kubernetes 1.25 `apimachinery/pkg/apis/meta/v1/types.go` ObjectMeta",
        "marker": "image-automation-controller 1.2 `internal/update/setters.go`",
        "namespace": f"{_APPLY}: fluxd filled in its default namespace",
        "namespace-name": _NAMES,
        "namespace-object": f"{_APPLY}: an object needs its namespace",
        "namespace-target-name": _NAMES,
        "number-tag": f"{_FLUXD} `pkg/cluster/kubernetes/resource/helmrelease.go`: a tag is a text",
        "release-name-in-kustomization": _NAMES,
        "patch": "kustomize 5.8 `api/internal/builtins`: what the release has with the patch and not without",
        "rollback": f"{_TYPES} Rollback; helm-controller 1.6.3 `internal/reconcile`",
        "source": "source-controller 1.9.1 `api/v1`",
        "suspend": "helm-controller 1.6.3 `api/v2/helmrelease_types.go`",
        "sync": "kustomize-controller 1.9 `api/v1`; source-controller 1.9.1 `api/v1`",
        "target-namespace": f"{_TYPES} GetTargetNamespace",
        "test": f"{_TYPES} Test; helm-controller 1.6.3 `api/v2/helmrelease_types.go`",
        "timeout": f"{_TYPES} GetTimeout",
        "twin": "helm-controller 1.6.3 `internal/reconcile/state.go`",
        "unknown-field": f"{_TYPES}: it has no such field",
        "upgrade": f"{_TYPES} GetWait; {_OPERATOR} `pkg/helm/v3/upgrade.go`",
        "value-file-secrets": _VALUES,
        "values-files": _VALUES,
        "values-from": _VALUES,
        "values-of-a-file": _VALUES,
    }
)
"""By the rule that a change names; a rule that only this library has gives what it keeps to."""
