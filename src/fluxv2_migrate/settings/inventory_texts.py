"""What the tools of a cluster and of a registry print, read as an inventory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from fluxv2_migrate.errors import InvalidInventory
from fluxv2_migrate.given import checked_mapping, checked_text
from fluxv2_migrate.kubernetes import mapping_at
from fluxv2_migrate.quoting import plural
from fluxv2_migrate.settings.helm_texts import HelmTexts, records_of_helm_list, records_of_secrets
from fluxv2_migrate.settings.kubernetes_texts import (
    flux1_releases,
    flux2_objects,
    images_of_workloads,
    namespaces_of_cluster,
)
from fluxv2_migrate.settings.tool_output import Row, read_values, unlike, without_colours
from fluxv2_migrate.yaml_text import BYTE_ORDER_MARK

_READERS: Final[Mapping[str, tuple[str, str, Callable[[str, str], tuple[list[Any], str]]]]] = {
    "helm_releases": ("flux1_releases", "HelmRelease", flux1_releases),
    "namespaces": ("namespaces", "namespace", namespaces_of_cluster),
    "workloads": ("images", "image", images_of_workloads),
    "flux": ("flux2_objects", "object", flux2_objects),
}
_TAG_LINE: Final = re.compile(r"(?:\S+/\S+:)?([A-Za-z0-9_][\w.-]{0,127})", re.ASCII)
_LISTS: Final = ("Tags", "tags", "results", "imageDetails")
"""Of skopeo, the registry's own API and Quay, Docker Hub, and Amazon ECR."""
_TAGS: Final = ("tags", "imageTags", "tag")
"""Lists in which Harbor, gcloud, Amazon ECR and GCR's API give the tags of one image."""
_BUILD_TIMES: Final = (
    "created",
    "createdAt",
    "created_at",
    "createdTime",
    "timeCreated",
    "timeCreatedMs",
    "last_updated",
    "start_ts",
    "tag_last_pushed",
    "imagePushedAt",
    "push_time",
    "lastUpdateTime",
)
_MILLISECONDS: Final = 10**11
"""A number beyond this counts milliseconds since 1970, and not seconds."""


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
        rows, form = _tags_of_registry(_as_printed(text, what), what)
        known[image] = tuple(rows)
        understood.append(f"tags of {image}: {len(rows)}, as {form}")
    return {**found, "tags": known, "understood": tuple(understood)}


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


def _tags_of_registry(text: str, what: str) -> tuple[list[Row], str]:
    """Reads what `crane ls`, `skopeo list-tags` or the API of a registry print.

    Raises:
        InvalidInventory: it is something else, or cut off.
    """
    read = read_values(text, what)
    if read is None:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        found = [_TAG_LINE.fullmatch(line) for line in lines]
        if not lines or not all(found):
            raise unlike(text, what, "`crane ls` or `skopeo list-tags`")
        return [{"tag": match[1]} for match in found if match], "lines"
    return [row for value in read[0] for row in _tags_of(value, what)], read[1]


def _tags_of(value: Any, what: str) -> Iterator[Row]:
    if isinstance(value, dict):
        manifests = mapping_at(value, "manifest")
        key = next((key for key in _LISTS if key in value), None)
        # An image repository without tags has `null`.
        value = manifests or (None if key is None else value[key] or [])
        if isinstance(value, dict):
            value = list(value.values())
    if not isinstance(value, list):
        raise InvalidInventory(f"{what} is no list of tags of a registry")
    for each in value:
        yield from _of_entry(each, what)


def _of_entry(entry: Any, what: str) -> Iterator[Row]:
    if isinstance(entry, str):
        yield {"tag": entry}
        return
    if not isinstance(entry, dict):
        raise InvalidInventory(f"{what} holds something that is no tag")
    created = _created(entry, what)
    container = mapping_at(entry, "metadata", "container")
    several = next((part[key] for part in (container, entry) for key in _TAGS if key in part), None)
    if isinstance(several, list):
        for each in several:
            for row in _of_entry(each, what):
                yield {"created": created, **row} if created else row
    elif isinstance(entry.get("name"), str):
        yield {"tag": entry["name"], "created": created}
    elif "imageDigest" not in entry and "digest" not in entry:
        raise InvalidInventory(f"{what} holds something that is no tag")


def _created(entry: Mapping[str, Any], what: str) -> datetime | str | None:
    value = next((entry[key] for key in _BUILD_TIMES if entry.get(key)), None)
    value = mapping_at(entry, "timestamp").get("datetime") if value is None else value
    if isinstance(value, int | float) or (isinstance(value, str) and value.isdecimal()):
        try:
            value = float(value)
            return datetime.fromtimestamp(value / 1000 if value > _MILLISECONDS else value, UTC)
        except (OverflowError, ValueError, OSError):
            raise InvalidInventory(f"{what} holds a time that is none") from None
    return value if isinstance(value, str) else None
