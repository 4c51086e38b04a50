"""Kustomizations of Flux v2 that are there and prune what of Flux v1 leaves Git, or wait for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from fluxv2_migrate.clusters import DocumentKey
from fluxv2_migrate.clusters.flux_kustomizations import is_flux_kustomization
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.flux1.apis import RELEASE_APIS
from fluxv2_migrate.flux2.apply_annotations import is_kept
from fluxv2_migrate.folders import is_below, normal_path
from fluxv2_migrate.kubernetes import as_list, mapping_at, namespace_and_name
from fluxv2_migrate.quoting import few, plural, shown_folders
from fluxv2_migrate.repository.reading import Document, is_old_release
from fluxv2_migrate.surroundings.known import Surroundings

_SHOWN: Final = 5


def tell_of_pruning(going: Collection[DocumentKey], around: Surroundings, findings: FindingGroups) -> None:
    """Says which Kustomizations of Flux v2 prune releases of Flux v1, or their operator.

    The definitions of Flux v1 do not leave Git where something prunes.

    Args:
        going: the documents of releases of Flux v1 whose objects leave Git.

    Source: kustomize-controller 1.8 `internal/controller/kustomization_controller.go` `prune`: what the
    inventory has and the build has not is deleted; helm-operator 1.4.4 `pkg/operator/operator.go`: a release
    whose object is deleted is uninstalled.
    """
    leaving = list(_leaving(going, around))
    for _, kustomization in around.repository.new_objects():
        paths = set(_pruned_paths(kustomization, around))
        # Most objects of Flux v2 prune nothing, and there may be as many of them as leave.
        applied = leaving if paths else ()
        pruned = [each for each in applied if any(_is_applied(each, path, around) for path in paths)]
        if pruned:
            places = [f"{each.path}:{each.line}" for each in pruned]
            where = shown_folders(sorted(paths))
            leave = plural(len(places), "object of Flux v1 leaves", "objects of Flux v1 leave")
            message = (
                f"the Kustomization prunes what leaves {where}, and {leave} "
                f"it; a helm-operator that runs then uninstalls their releases: {few(places, _SHOWN)}"
            )
            findings.stop(kustomization, "RP050", message, ("spec", "prune"), related=places)


def prunes_what(document: Document, around: Surroundings) -> Document | None:
    """Gives the Kustomization of Flux v2 that deletes an object when it leaves Git, if there is one."""
    if is_kept(document.manifest):
        return None
    for _, kustomization in around.repository.new_objects():
        if any(_is_applied(document, path, around) for path in _pruned_paths(kustomization, around)):
            return kustomization
    return None


def _leaving(going: Collection[DocumentKey], around: Surroundings) -> Iterator[Document]:
    documents = list(around.repository.every_document())
    if not any(is_old_release(each.manifest) for each in documents):
        return
    programs = around.clusters.programs
    operators = {each.key for each in programs if each.program == "helm-operator"}
    for each in documents:
        if (each.key in going or each.key in operators) and not is_kept(each.manifest):
            yield each


def _pruned_paths(document: Document, around: Surroundings) -> Iterator[str]:
    """Gives the paths that a document prunes as a Kustomization of Flux v2, as clusters have it."""
    manifest, clusters = document.manifest, around.clusters
    if not is_flux_kustomization(manifest) or document.key in clusters.foreign:
        return
    if document.path in clusters.patch_files and document.key not in clusters.sightings:
        # What it says is in what it patches.
        return
    for _, seen in clusters.seen(document):
        spec = mapping_at(seen, "spec")
        if spec.get("prune") is True:
            yield normal_path(str(spec.get("path") or ""))


def _is_applied(document: Document, path: str, around: Surroundings) -> bool:
    """Gives whether a Kustomization of a path applies a document."""
    clusters, tree = around.clusters, around.clusters.tree
    if any(each.sync_path == path for each in clusters.sightings.get(document.key, ())):
        return True
    if path not in tree.kustomizations:
        return is_below(document.path, path)
    known = clusters.builds.get((path, ""))
    return document.path in (known or tree.build(path)).files


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
