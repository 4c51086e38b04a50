"""The programs of Flux v1 that the manifests of a repository run: fluxd and the helm-operator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fluxv2_migrate.flux1.charts import Flux1Chart, programs_of_chart
from fluxv2_migrate.flux1.installation import Flux1Program, Locate, nowhere, programs_of_workload
from fluxv2_migrate.flux1.release_name import default_release_name, release_namespace

__all__ = ["ChartRelease", "programs_of_manifest"]

_VALUES: Final = ("spec", "values")


class ChartRelease:
    """A HelmRelease of any API, as far as it tells which chart it installs and how it is called."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        """Reads a HelmRelease.

        Args:
            manifest: of any of its APIs.
        """
        metadata, spec = _mapping(manifest.get("metadata")), _mapping(manifest.get("spec"))
        chart = _mapping(spec.get("chart"))
        inner = _mapping(chart.get("spec"))
        path = chart.get("path") or spec.get("chartGitPath") or ""
        name = chart.get("name") or inner.get("chart") or path
        self.chart_folder = str(path)
        self.chart = Flux1Chart(
            str(name).rstrip("/").rpartition("/")[2],
            f"{chart.get('repository') or ''} {chart.get('git') or ''}",
        )
        own, target = str(metadata.get("namespace") or ""), str(spec.get("targetNamespace") or "")
        self.namespace = release_namespace(namespace=own, target_namespace=target or None)
        self.release_name = str(spec.get("releaseName") or "") or default_release_name(
            name=str(metadata.get("name") or ""), namespace=own, target_namespace=target or None
        )
        self.values = _mapping(spec.get("values"))


def programs_of_manifest(manifest: Mapping[str, Any], locate: Locate = nowhere) -> Iterator[Flux1Program]:
    """Gives the programs of Flux v1 that a manifest runs, as far as it tells by itself.

    Args:
        manifest: a workload, or a HelmRelease of any API.
        locate: gives file and line of a field of it.

    >>> chart = {"repository": "https://charts.fluxcd.io", "name": "flux", "version": "1.13.3"}
    >>> spec = {"chart": chart, "releaseName": "flux", "values": {"git": {"path": "prod"}}}
    >>> [each.items("git-path") for each in programs_of_manifest({"kind": "HelmRelease", "spec": spec})]
    [('prod',)]
    """
    if manifest.get("kind") not in ("HelmRelease", "FluxHelmRelease"):
        yield from programs_of_workload(manifest, locate)
        return
    release = ChartRelease(manifest)
    yield from programs_of_chart(
        release.chart,
        release.values,
        release_name=release.release_name,
        namespace=release.namespace,
        locate=lambda path: locate((*_VALUES, *path) if path else ()),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
