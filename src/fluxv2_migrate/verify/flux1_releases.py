"""The releases of Flux v1 as each cluster has them, with what they mean."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from fluxv2_migrate.clusters.seen_objects import SeenObject
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kubernetes import as_object
from fluxv2_migrate.meaning import ReleaseMeaning, RunningOperator, meaning_of_v1_release
from fluxv2_migrate.verify.context import Context

_TEMPLATE: Final = re.compile(r"\{\{|\$\(|\$\{")


@dataclass(frozen=True, slots=True)
class Flux1Release:
    """A release of Flux v1 as a cluster has it, and its meaning, or why it has none."""

    found: SeenObject
    meaning: ReleaseMeaning | None
    reason: str = ""

    @property
    def is_partial(self) -> bool:
        """Whether it names no chart."""
        return self.meaning is not None and self.meaning.chart is None


def flux1_releases(context: Context) -> list[Flux1Release]:
    """Gives the releases of the repository as it was, each as often as clusters have it."""
    # Flux v1 itself is nothing that Flux v2 would have, and what a command wrote is no manifest.
    clusters = context.before.clusters
    own = {each.key for each in clusters.programs if not each.is_part}
    old = (each for each in context.before.old if each.document not in own)
    read = (_release(found, context) for found in old if found.path not in clusters.outputs)
    # A patch that nothing applies, and that patches nothing, meant nothing.
    sightings, patch_files = clusters.sightings, clusters.patch_files
    return [
        each
        for each in read
        if each.found.document in sightings or not (each.is_partial or each.found.path in patch_files)
    ]


def _release(found: SeenObject, context: Context) -> Flux1Release:
    if "sops" in found.manifest:
        return Flux1Release(found, None, "it is encrypted")
    if context.repository.chart_around(found.path) is not None:
        return Flux1Release(found, None, "it is a template of a chart, whose values fill it in")
    settings, override = context.settings(found.cluster), context.override(found)
    if (field := _filled_in(found.manifest, override.release_name)) is not None:
        return Flux1Release(found, None, f"a template fills in {field}")
    if found.obstacle:
        return Flux1Release(found, None, found.obstacle)
    operator = RunningOperator.of_settings(settings)
    if override.helm_versions:
        operator = replace(operator, helm_version=override.helm_versions[0])
    try:
        meaning = meaning_of_v1_release(
            found.manifest,
            operator=operator,
            default_namespace=settings.default_namespace,
            release_name=override.release_name or "",
            storage_namespace=override.storage_namespace or "",
            ref_kind=override.ref_kind,
            is_converted="HR030" in override.accept,
        )
    except InvalidManifest as error:
        return Flux1Release(found, None, f"the API server refuses it: {error.reason}")
    inventory, storage = settings.inventory, meaning.storage_namespace or ""
    if inventory is not None and inventory.is_of_helm_3(meaning.release_name, storage):
        assumed = tuple(each for each in meaning.assumed if each != "helm_version")
        meaning = replace(meaning, helm_version="v3", assumed=assumed)
    if meaning.chart is None:
        return Flux1Release(found, meaning, "it names no chart: what it is patched with stands elsewhere")
    return Flux1Release(found, meaning)


def _filled_in(manifest: Mapping[str, Any], release_name: str | None) -> str | None:
    """Gives the first field that names a release or its chart and is no text yet, nor given by a person."""
    spec = as_object(manifest.get("spec"))
    parts: tuple[tuple[str, Mapping[str, Any], Collection[str]], ...] = (
        ("metadata", as_object(manifest.get("metadata")), ("name", "namespace")),
        ("spec", spec, ("targetNamespace",) if release_name else ("releaseName", "targetNamespace")),
        ("spec.chart", as_object(spec.get("chart")), as_object(spec.get("chart"))),
    )
    return next(
        (
            f"{where}.{key}"
            for where, fields, keys in parts
            for key in keys
            if isinstance(fields.get(key), str) and _TEMPLATE.search(fields[key])
        ),
        None,
    )
