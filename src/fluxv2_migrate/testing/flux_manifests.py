"""Manifests of both Fluxes themselves, and of what Flux v2 syncs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_FLUX2: Final = "flux-system"
CHARTS: Final[Mapping[str, Any]] = {
    "apiVersion": "source.toolkit.fluxcd.io/v1",
    "kind": "HelmRepository",
    "metadata": {"name": "charts", "namespace": _FLUX2},
    "spec": {"interval": "10m", "url": "https://charts.example.com"},
}
"""A source that Flux v2 has already."""


def flux1_programs(path: str, *, manifest_generation: bool) -> list[dict[str, Any]]:
    """Gives the Deployments of fluxd and of the helm-operator.

    Args:
        manifest_generation: whether it runs the commands of a `.flux.yaml`.

    >>> [each["metadata"]["name"] for each in flux1_programs("prod", manifest_generation=True)]
    ['flux', 'helm-operator']
    """
    arguments = {
        "flux": [
            "--git-url=git@git.example.com:acme/fleet",
            "--git-branch=main",
            f"--git-path={path}",
            f"--manifest-generation={str(manifest_generation).lower()}",
        ],
        "helm-operator": ["--enabled-helm-versions=v3"],
    }
    images = {"flux": "docker.io/fluxcd/flux:1.25.4", "helm-operator": "docker.io/fluxcd/helm-operator:1.4.4"}
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "namespace": "flux"},
            "spec": {
                "selector": {"matchLabels": {"name": name}},
                "template": {
                    "metadata": {"labels": {"name": name}},
                    "spec": {"containers": [{"name": name, "image": images[name], "args": arguments[name]}]},
                },
            },
        }
        for name in arguments
    ]


def sync_of_flux2(name: str, path: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Gives a Kustomization of Flux v2.

    Args:
        fields: more of its `spec`.

    >>> sync_of_flux2("apps", "apps/prod", {"prune": True})["spec"]["path"]
    './apps/prod'
    """
    source = {"kind": "GitRepository", "name": _FLUX2}
    return {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": name, "namespace": _FLUX2},
        "spec": {"interval": "10m", "path": f"./{path}", "prune": False, "sourceRef": source, **fields},
    }


def flux2_sync(path: str) -> list[dict[str, Any]]:
    """Gives what `flux bootstrap` commits for a cluster: its GitRepository and its Kustomization.

    >>> [each["kind"] for each in flux2_sync("clusters/prod")]
    ['GitRepository', 'Kustomization']
    """
    repository = {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": {"name": _FLUX2, "namespace": _FLUX2},
        "spec": {
            "interval": "1m",
            "ref": {"branch": "main"},
            "secretRef": {"name": _FLUX2},
            "url": "ssh://git@git.example.com/acme/fleet",
        },
    }
    return [repository, sync_of_flux2(_FLUX2, path, {})]
