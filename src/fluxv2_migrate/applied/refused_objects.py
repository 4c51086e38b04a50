"""Objects of Flux v2 that are there, and with which the API server refuses a whole sync path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError

from fluxv2_migrate.findings.groups import FindingGroups, Notice
from fluxv2_migrate.flux2.apply_annotations import is_disabled
from fluxv2_migrate.flux2.constraints import refused_fields
from fluxv2_migrate.flux2.releases import FluxVersion
from fluxv2_migrate.kubernetes import fault_of
from fluxv2_migrate.meaning.served_fields import unknown_fields
from fluxv2_migrate.quoting import few
from fluxv2_migrate.repository.manifests import model_of
from fluxv2_migrate.repository.reading import Document, is_old_release
from fluxv2_migrate.surroundings.known import Surroundings, is_in_scope

_SHOWN: Final = 5


def tell_of_refused_objects(around: Surroundings, findings: FindingGroups) -> None:
    """Says which objects of Flux v2 the API server refuses that only fluxd applied up to now.

    kubectl, with which fluxd applied, refused the one object, as people write them by hand with fields of
    Flux v1; kustomize-controller applies nothing of a path then. What Flux v2 applies already it goes on to
    apply so.
    """
    ours = _clusters_of_flux1(around)
    for _, document in around.repository.new_objects():
        views = ours.intersection(around.clusters.seeing(document.key))
        names = [name for name in sorted(views) if not around.clusters.view(name).flux2_file]
        if names and _is_checked(document) and is_in_scope(document, around):
            refused = list(_refused(document.manifest, around.oldest(names)))
            if refused:
                shown = few((f"{'.'.join(path)} {reason}" for path, reason in refused), _SHOWN)
                message = (
                    f"only fluxd passed over it, and kustomize-controller applies nothing with it: {shown}"
                )
                findings.add(document, document.resource, Notice("RP006", message, refused[0][0]))


def _clusters_of_flux1(around: Surroundings) -> set[str]:
    """Gives the clusters that are known to have a fluxd, or releases for which there must be one.

    Of others a Kustomization of Flux v2 that is not in the repository may apply it, with patches.
    """
    clusters = around.clusters
    found = {each.name for each in clusters.clusters if clusters.given or each.flux1.fluxd is not None}
    for seen in clusters.sightings.values():
        found.update(each.cluster for each in seen if is_old_release(each.manifest))
    return found


def _is_checked(document: Document) -> bool:
    """Gives whether an object is applied as it stands: not encrypted, filled in elsewhere, or kept out."""
    return (
        "sops" not in document.manifest and "${" not in document.text and not is_disabled(document.manifest)
    )


def _refused(manifest: Mapping[str, Any], flux_version: FluxVersion) -> Iterator[tuple[tuple[str, ...], str]]:
    """Gives the fields that the API server refuses, each with the reason."""
    for field, reason in refused_fields(manifest, flux_version):
        yield tuple(field.split(".")), reason
    try:
        spec = getattr(model_of(manifest).model_validate(manifest), "spec", None)
    except ValidationError as error:
        yield fault_of(error)
        return
    for name in unknown_fields(spec) if spec is not None else ():
        yield ("spec", *name.split(".")), "is no field of Flux v2"
