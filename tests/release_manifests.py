"""Releases of both Fluxes, for tests that look at what they mean."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from fluxv2_migrate.flux2 import FLUX_VERSIONS, FluxVersion, preferred_api_version
from fluxv2_migrate.meaning import ReleaseMeaning, SourceKey, meaning_of_v2_release

__all__ = [
    "GIT_CHART",
    "HELM_CHART",
    "SOURCES",
    "at",
    "leaves",
    "put",
    "v1_release",
    "v2_meaning",
    "v2_release",
]

HELM_CHART = {"repository": "https://charts.example.com/", "name": "web", "version": "1.2.3"}
GIT_CHART = {"git": "git@example.com:acme/charts", "ref": "main", "path": "charts/web"}
SOURCES: Mapping[SourceKey, Mapping[str, Any]] = {
    ("HelmRepository", "shop", "example"): {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "HelmRepository",
        "metadata": {"name": "example", "namespace": "shop"},
        "spec": {"interval": "10m", "url": "https://charts.example.com"},
    },
    ("GitRepository", "shop", "charts"): {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": {"name": "charts", "namespace": "shop"},
        "spec": {
            "interval": "10m",
            "url": "ssh://git@example.com/acme/charts",
            "ref": {"branch": "main"},
            "secretRef": {"name": "key"},
        },
    },
}


def v1_release(spec: Mapping[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Gives a v1 release with a chart from a Helm repository, unless the spec says otherwise."""
    return {
        "apiVersion": "helm.fluxcd.io/v1",
        "kind": "HelmRelease",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"chart": HELM_CHART, "helmVersion": "v3", **(spec or {})},
        **changes,
    }


def v2_release(
    spec: Mapping[str, Any] | None = None, flux_version: FluxVersion = FLUX_VERSIONS[-1], **changes: Any
) -> dict[str, Any]:
    """Gives a v2 release with a chart from a Helm repository, unless the spec says otherwise."""
    source = {"kind": "HelmRepository", "name": "example"}
    chart = {"spec": {"chart": "web", "version": "1.2.3", "sourceRef": source}}
    return {
        "apiVersion": preferred_api_version("HelmRelease", flux_version),
        "kind": "HelmRelease",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"interval": "5m", "releaseName": "shop-web", "chart": chart, **(spec or {})},
        **changes,
    }


def v2_meaning(
    spec: Mapping[str, Any] | None = None,
    flux_version: FluxVersion = FLUX_VERSIONS[-1],
    sources: Mapping[SourceKey, Mapping[str, Any]] = SOURCES,
) -> ReleaseMeaning:
    """Gives what a v2 release means."""
    return meaning_of_v2_release(v2_release(spec, flux_version), sources, flux_version=flux_version)


def at(meaning: Any, field: str) -> Any:
    """Gives the value of a dotted field."""
    for name in field.split("."):
        meaning = getattr(meaning, name)
    return copy.deepcopy(meaning)


def leaves(
    schema: dict[str, Any], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Gives every field of a schema that holds no others; `[]` stands for an item of a list."""
    if schema.get("type") == "array":
        yield from leaves(schema["items"], (*path, "[]"))
    elif "properties" in schema:
        for key, inner in schema["properties"].items():
            yield from leaves(inner, (*path, key))
    else:
        yield path, schema


def put(value: Any, path: tuple[str, ...], leaf: Any) -> Any:
    """Gives a value with one field of it set; `[]` stands for the first item of a list."""
    if not path:
        return leaf
    key, *rest = path
    if key == "[]":
        items = value if isinstance(value, list) else [{}]
        return [put(items[0], tuple(rest), leaf), *items[1:]]
    inner = value if isinstance(value, dict) else {}
    return {**inner, key: put(inner.get(key), tuple(rest), leaf)}
