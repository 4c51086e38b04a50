"""Workloads of Flux v1, for tests of their images and annotations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import fluxv2_migrate as fm
from fluxv2_migrate.flux2 import FluxVersion
from fluxv2_migrate.rules import ImageAutomationDraft, Lookup, draft_image_automation
from fluxv2_migrate.rules.registries import nothing_known

__all__ = ["AUTOMATED", "codes", "cron_job", "deployment", "draft", "release"]

AUTOMATED: Mapping[str, Any] = {"fluxcd.io/automated": "true"}


def deployment(
    annotations: Mapping[str, Any] | None = None,
    images: Mapping[str, Any] | None = None,
    *,
    name: str = "web",
    namespace: str = "shop",
    kind: str = "Deployment",
    pod: Mapping[str, Any] | None = None,
    **metadata: Any,
) -> dict[str, Any]:
    """Gives a workload with the containers of the given images."""
    given = {"app": "ghcr.io/acme/web:1.4.7"} if images is None else images
    containers = [{"name": container, "image": image} for container, image in given.items()]
    about = {"name": name, "annotations": dict(AUTOMATED if annotations is None else annotations), **metadata}
    if namespace:
        about["namespace"] = namespace
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": about,
        "spec": {"template": {"spec": {"containers": containers, **(pod or {})}}},
    }


def cron_job(annotations: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Gives a CronJob with one container."""
    manifest = deployment(annotations, kind="CronJob")
    manifest["spec"] = {"jobTemplate": {"spec": manifest["spec"]}}
    return manifest


def release(
    annotations: Mapping[str, Any] | None = None,
    values: Mapping[str, Any] | None = None,
    api_version: str = "helm.fluxcd.io/v1",
    *,
    name: str = "web",
    namespace: str = "shop",
) -> dict[str, Any]:
    """Gives a HelmRelease with the given values."""
    given = {"image": {"repository": "ghcr.io/acme/web", "tag": "1.4.7"}} if values is None else values
    about = {
        "name": name,
        "namespace": namespace,
        "annotations": dict(AUTOMATED if annotations is None else annotations),
    }
    return {"apiVersion": api_version, "kind": "HelmRelease", "metadata": about, "spec": {"values": given}}


def draft(
    manifest: Mapping[str, Any],
    flux_version: FluxVersion = "2.9",
    *,
    cluster: fm.Cluster | None = None,
    file: str = "",
    lookup: Lookup = nothing_known,
    **options: Any,
) -> ImageAutomationDraft:
    """Reads the one object of a document."""
    (found,) = draft_image_automation(
        manifest,
        fm.MigrationOptions(**options),
        flux_version,
        cluster=cluster,
        file=file,
        lookup=lookup,
    )
    return found


def codes(found: ImageAutomationDraft) -> list[str]:
    """Gives the codes of what is to be known, in order."""
    return sorted(notice.code for notice in found.notices)
