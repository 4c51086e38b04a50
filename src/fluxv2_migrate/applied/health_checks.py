"""Kustomizations of Flux v2 that wait for releases of Flux v1 which are none any more."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from fluxv2_migrate.clusters import DocumentKey
from fluxv2_migrate.clusters.flux_kustomizations import is_flux_kustomization
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.flux1.apis import RELEASE_APIS
from fluxv2_migrate.kubernetes import as_list, mapping_at, namespace_and_name
from fluxv2_migrate.repository.reading import is_old_release
from fluxv2_migrate.surroundings.known import Surroundings


def tell_of_health_checks(
    going: Collection[DocumentKey], around: Surroundings, findings: FindingGroups
) -> None:
    """Says which Kustomizations of Flux v2 name releases of Flux v1 in their health checks.

    Args:
        going: the documents of releases of Flux v1 whose objects leave Git.

    Source: kustomize-controller 1.9.4 `internal/controller/kustomization_controller.go` `checkHealth`: what
    is not found in time fails the check, and whatever depends on the Kustomization is not applied.
    """
    staying = {
        (*place, kind)
        for each in around.repository.every_document()
        if is_old_release(each.manifest) and each.key not in going
        for kind in (each.manifest["kind"],)
        for place in _places(each.key, each.manifest, around)
    }
    for _, document in around.repository.new_objects():
        if not is_flux_kustomization(document.manifest):
            continue
        for index, check in _checks(document.manifest):
            kind, namespace, name = (str(check.get(key) or "") for key in ("kind", "namespace", "name"))
            if (namespace, name, kind) not in staying:
                what = f"{kind} {namespace}/{name} of {check['apiVersion']}"
                path = ("spec", "healthChecks", str(index), "apiVersion")
                findings.stop(document, "RP074", f"it waits for {what}, which is not there any more", path)


def _places(key: DocumentKey, manifest: Mapping[str, Any], around: Surroundings) -> Iterator[tuple[str, str]]:
    """Gives namespace and name of an object, as it is written and as clusters have it."""
    yield namespace_and_name(manifest)
    for sighting in around.clusters.sightings.get(key, ()):
        yield sighting.namespace, sighting.name


def _checks(manifest: Mapping[str, Any]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Gives the health checks of a Kustomization that name an API of Flux v1."""
    checks = mapping_at(manifest, "spec").get("healthChecks")
    for index, check in enumerate(as_list(checks)):
        if isinstance(check, Mapping) and check.get("apiVersion") in tuple(RELEASE_APIS):
            yield index, check
