"""Manifests of Flux v1 as people write them, for tests of whole texts."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["AUTOMATED", "CHART", "fluxd_text", "release_text", "workload_text"]

AUTOMATED = 'fluxcd.io/automated: "true"'
CHART = """\
  helmVersion: v3
  chart:
    repository: https://charts.example.com
    name: web
    version: 1.2.3
"""


def _metadata(name: str, namespace: str, annotations: Iterable[str]) -> str:
    lines = "".join(f"    {each}\n" for each in annotations)
    where = f"  namespace: {namespace}\n" if namespace else ""
    return f"metadata:\n  name: {name}\n{where}" + (f"  annotations:\n{lines}" if lines else "")


def release_text(spec: str, *annotations: str, name: str = "web", namespace: str = "shop") -> str:
    """Gives a HelmRelease with the lines of its spec."""
    metadata = _metadata(name, namespace, annotations)
    return f"apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\n{metadata}spec:\n{spec}"


def workload_text(
    *annotations: str,
    name: str = "web",
    namespace: str = "shop",
    container: str = "app",
    image: str = "ghcr.io/acme/web:1.4.7",
    kind: str = "Deployment",
) -> str:
    """Gives a workload with one container."""
    metadata = _metadata(name, namespace, annotations)
    return (
        f"apiVersion: apps/v1\nkind: {kind}\n{metadata}spec:\n  template:\n    spec:\n      containers:\n"
        f"      - name: {container}\n        image: {image}\n"
    )


def fluxd_text(*arguments: str, namespace: str = "flux", image: str = "docker.io/fluxcd/flux:1.25.4") -> str:
    """Gives the Deployment of fluxd, or of another program of Flux v1, with its arguments."""
    lines = "".join(f"        - {each}\n" for each in arguments)
    workload = workload_text(name="flux", namespace=namespace, container="flux", image=image)
    return workload + (f"        args:\n{lines}" if lines else "")
