"""What registries and their tools say of the tags of an image repository."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from fluxv2_migrate.errors import InvalidInventory
from fluxv2_migrate.kubernetes import mapping_at
from fluxv2_migrate.settings.tool_output import Row, read_values, unlike

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


def tags_of_registry(text: str, what: str) -> tuple[list[Row], str]:
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
