"""What the tools of a cluster and of a registry print, read as an inventory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from fluxv2_migrate.errors import InvalidInventory
from fluxv2_migrate.given import checked_mapping, checked_text
from fluxv2_migrate.quoting import plural
from fluxv2_migrate.settings.helm_texts import HelmTexts, records_of_helm_list, records_of_secrets
from fluxv2_migrate.settings.kubernetes_texts import (
    flux1_releases,
    flux2_objects,
    images_of_workloads,
    namespaces_of_cluster,
)
from fluxv2_migrate.settings.registry_texts import tags_of_registry
from fluxv2_migrate.settings.tool_output import Row, without_colours
from fluxv2_migrate.yaml_text import BYTE_ORDER_MARK


def read_inventory(given: Mapping[str, str | None], tags: Mapping[str, str]) -> dict[str, Any]:
    """Gives the fields of an inventory; those of which no text was given are left out.

    Args:
        given: what the tools of the cluster print.
        tags: what those of registries print, by image repository.

    Raises:
        InvalidInventory: a text is not what it should be.
    """
    found: dict[str, Any] = {}
    understood: list[str] = []
    helm: list[HelmTexts] = []
    for what, read_helm in (("helm_list", records_of_helm_list), ("release_secrets", records_of_secrets)):
        if (text := given[what]) is not None:
            read = read_helm(_as_printed(text, what), what)
            helm.append(read)
            understood += _helm_understood(read, what)
    for what, (field, noun, read_objects) in _READERS.items():
        if (text := given[what]) is not None:
            rows, form = read_objects(_as_printed(text, what), what)
            found[field] = tuple(rows)
            understood.append(f"{what}: {plural(len(rows), noun)}, as {form}")
    found |= _of_helm(helm)
    known: dict[str, tuple[Row, ...]] = {}
    checked_mapping(tags, "tags", InvalidInventory)
    for image, text in tags.items():
        what = f"tags of {image}"
        rows, form = tags_of_registry(_as_printed(text, what), what)
        known[image] = tuple(rows)
        understood.append(f"tags of {image}: {len(rows)}, as {form}")
    return {**found, "tags": known, "understood": tuple(understood)}


_READERS: Final[Mapping[str, tuple[str, str, Callable[[str, str], tuple[list[Any], str]]]]] = {
    "helm_releases": ("flux1_releases", "HelmRelease", flux1_releases),
    "namespaces": ("namespaces", "namespace", namespaces_of_cluster),
    "workloads": ("images", "image", images_of_workloads),
    "flux": ("flux2_objects", "object", flux2_objects),
}


def _as_printed(text: object, what: str) -> str:
    """Gives a text without what terminals and editors put into it: colours, and a mark at its beginning."""
    checked_text(text, what, InvalidInventory)
    return without_colours(str(text).removeprefix(BYTE_ORDER_MARK))


def _helm_understood(read: HelmTexts, what: str) -> list[str]:
    said = []
    if read.records or not read.helm2_names:
        said.append(f"{what}: {plural(len(read.records), 'release')}, as {read.form}")
    if read.helm2_names:
        said.append(f"{what}: {plural(len(read.helm2_names), 'release')} of Helm 2, as {read.form}")
    return said


def _of_helm(texts: list[HelmTexts]) -> dict[str, Any]:
    """Gives the records of Helm 3, where a text is about them, and the names of releases of Helm 2."""
    found: dict[str, Any] = {}
    if any(each.records or not each.helm2_names for each in texts):
        found["records"] = _last_records([record for each in texts for record in each.records])
    if names := {name for each in texts for name in each.helm2_names}:
        found["helm2_releases"] = tuple(sorted(names))
    return found


def _last_records(records: list[Row]) -> tuple[Row, ...]:
    """Gives the last record of each release; of two texts that know the same one, the first counts."""
    found: dict[tuple[str, str], Row] = {}
    for each in records:
        key = (each["namespace"], each["name"])
        known = found.get(key)
        if known is None or (each["revision"] or 0) > (known["revision"] or 0):
            found[key] = each
    return tuple(found[key] for key in sorted(found))
