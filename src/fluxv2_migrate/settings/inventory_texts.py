"""What the tools of a cluster and of a registry print, read as an inventory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from fluxv2_migrate.errors import InvalidInventory
from fluxv2_migrate.settings.tool_output import Table, read_tables, read_values

__all__ = ["read_inventory"]

_Row = dict[str, Any]
_NOTHING: Final = re.compile(r"^No resources found", re.MULTILINE)
_LABELS: Final = re.compile(r"map\[([^\]]*)\]|(\S+=\S+)")
_NAMESPACE_LINE: Final = re.compile(r"namespaces?/([a-z0-9][-a-z0-9]*)")
_TAG_LINE: Final = re.compile(r"[A-Za-z0-9_][\w.-]{0,127}")
_HELM_LIMIT: Final = 256
"""Releases that `helm list` prints unless it is told `-m 0`."""
_CONTAINERS: Final = ("initContainers", "containers")
_BUILD_TIMES: Final = ("created", "createdAt", "created_at", "last_updated", "tag_last_pushed", "timeCreated")


def read_inventory(
    *,
    helm_list: str | None,
    helm_releases: str | None,
    release_secrets: str | None,
    namespaces: str | None,
    workloads: str | None,
    flux: str | None,
    tags: Mapping[str, str],
) -> dict[str, Any]:
    """Gives the fields of an inventory; those of which no text was given are left out.

    Raises:
        InvalidInventory: a text is not what it should be.
    """
    found: dict[str, Any] = {}
    understood: list[str] = []
    records: list[_Row] = []
    for what, text, read, noun in (
        ("helm_list", helm_list, _records_of_helm, "release"),
        ("release_secrets", release_secrets, _records_of_secrets, "release"),
        ("helm_releases", helm_releases, _flux1_releases, "HelmRelease"),
        ("namespaces", namespaces, _namespaces, "namespace"),
        ("workloads", workloads, _images, "image"),
        ("flux", flux, _flux2_objects, "object"),
    ):
        if text is None:
            continue
        rows, form = read(text, what)
        understood.append(f"{what}: {len(rows)} {noun}{'' if len(rows) == 1 else 's'}, as {form}")
        if read in (_records_of_helm, _records_of_secrets):
            records += rows
        else:
            found[_FIELDS[what]] = tuple(rows)
    if helm_list is not None or release_secrets is not None:
        found["records"] = _last_records(records)
    known: dict[str, tuple[_Row, ...]] = {}
    for image, text in tags.items():
        rows, form = _tags(text, f"tags of {image}")
        known[image] = tuple(rows)
        understood.append(f"tags of {image}: {len(rows)}, as {form}")
    return {**found, "tags": known, "understood": tuple(understood)}


_FIELDS: Final = {
    "helm_releases": "flux1_releases",
    "namespaces": "namespaces",
    "workloads": "images",
    "flux": "flux2_objects",
}


def _last_records(records: list[_Row]) -> tuple[_Row, ...]:
    """Gives the last record of each release; of two texts that know the same one, what either says counts."""
    found: dict[tuple[str, str], _Row] = {}
    for each in records:
        key = (each["namespace"], each["name"])
        known = found.get(key)
        if known is None or (each["revision"] or 0) > (known["revision"] or 0):
            found[key] = each
        elif each["chart"] and not known["chart"] and each["revision"] == known["revision"]:
            known["chart"] = each["chart"]
    return tuple(found[key] for key in sorted(found))


# Helm


def _records_of_helm(text: str, what: str) -> tuple[list[_Row], str]:
    read = read_values(text, what)
    if read is None:
        tables = read_tables(text, ["NAME"])
        if not tables or (tables[0] and "REVISION" not in tables[0][0]):
            raise _unknown(text, what, "`helm list -A -a -m 0 -o json`")
        rows = [{key.lower(): value for key, value in row.items()} for table in tables for row in table]
        form = "a table"
    else:
        rows = [row for value in read[0] for row in _rows(value, what)]
        form = read[1]
    if len(rows) == _HELM_LIMIT:
        raise InvalidInventory(
            f"{what} holds {_HELM_LIMIT} releases, as many as Helm prints at most unless it is told `-m 0`"
        )
    return [_record(row, what) for row in rows], form


def _rows(value: Any, what: str) -> Iterator[_Row]:
    rows = value if isinstance(value, list) else [value]
    for row in rows:
        if not isinstance(row, dict):
            raise InvalidInventory(f"{what} is no list of releases: `helm list -q` prints names only")
        yield row


def _record(row: _Row, what: str) -> _Row:
    name, namespace = str(row.get("name") or ""), str(row.get("namespace") or "")
    if not name or not namespace:
        raise InvalidInventory(f"{what} holds a release without name or namespace")
    return {
        "name": name,
        "namespace": namespace,
        "revision": _revision(row.get("revision"), what),
        "status": str(row.get("status") or ""),
        "chart": str(row.get("chart") or ""),
    }


def _revision(value: Any, what: str) -> int | None:
    text = str(value if value is not None else "").strip()
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII):
        raise InvalidInventory(f"{what} holds a revision that is no number")
    return int(text)


def _records_of_secrets(text: str, what: str) -> tuple[list[_Row], str]:
    read = read_values(text, what)
    if read is not None:
        objects = [_metadata(each) for value in read[0] for each in _objects(value, what)]
        labelled = [(str(each.get("namespace") or ""), each.get("labels")) for each in objects]
        form = read[1]
    else:
        tables = read_tables(text, ["NS", "NAMESPACE"])
        if not tables and not _NOTHING.search(text):
            raise _unknown(text, what, "`kubectl get secrets -A -l owner=helm -o json`")
        labelled = [
            (row.get("NS") or row.get("NAMESPACE", ""), _labels(row.get("LABELS", "")))
            for table in tables
            for row in table
        ]
        form = "a table"
    records = [
        _record({**labels, "namespace": namespace, "revision": labels.get("version")}, what)
        for namespace, labels in labelled
        if isinstance(labels, dict) and labels.get("owner") == "helm"
    ]
    return records, form


def _labels(text: str) -> dict[str, str]:
    """Reads labels as Go prints a map, or as `--show-labels` does."""
    found: dict[str, str] = {}
    for inside, shown in _LABELS.findall(text):
        for pair in inside.split() if inside else shown.split(","):
            key, _, value = pair.partition(":" if inside else "=")
            found[key] = value
    return found


# kubectl


def _objects(value: Any, what: str) -> Iterator[Mapping[str, Any]]:
    """Gives the objects of a list, or the one that it is."""
    items = value.get("items", [value]) if isinstance(value, dict) else value
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise InvalidInventory(f"{what} is no list of objects as `kubectl get -o json` prints it")
    yield from items


def _part(manifest: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    part: Any = manifest
    for key in keys:
        part = part.get(key) if isinstance(part, dict) else None
    return part if isinstance(part, dict) else {}


def _metadata(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    return _part(manifest, "metadata")


def _named(manifest: Mapping[str, Any], what: str) -> dict[str, str]:
    metadata = _metadata(manifest)
    if not metadata.get("name"):
        raise InvalidInventory(f"{what} holds an object without a name")
    return {"namespace": str(metadata.get("namespace") or ""), "name": str(metadata["name"])}


def _of_kubectl(
    text: str, what: str, of_object: Callable[[Mapping[str, Any], str], list[_Row]], command: str
) -> tuple[list[_Row], str]:
    read = read_values(text, what)
    if read is None:
        if _NOTHING.search(text):
            return [], "nothing found"
        raise _unknown(text, what, command)
    objects = [each for value in read[0] for each in _objects(value, what)]
    return [row for each in objects for row in of_object(each, what)], read[1]


def _flux1_releases(text: str, what: str) -> tuple[list[_Row], str]:
    return _of_kubectl(text, what, _flux1_release, "`kubectl get helmreleases.helm.fluxcd.io -A -o json`")


def _flux1_release(manifest: Mapping[str, Any], what: str) -> list[_Row]:
    group = str(manifest.get("apiVersion") or "").partition("/")[0]
    if group.endswith("toolkit.fluxcd.io"):
        raise InvalidInventory(
            f"{what} holds HelmReleases of Flux v2; ask with the full name, helmreleases.helm.fluxcd.io"
        )
    spec, status = _part(manifest, "spec"), _part(manifest, "status")
    row: _Row = {
        **_named(manifest, what),
        "api_version": str(manifest.get("apiVersion") or ""),
        "release_name": str(status.get("releaseName") or spec.get("releaseName") or ""),
        "target_namespace": str(spec.get("targetNamespace") or ""),
        "helm_version": str(spec.get("helmVersion") or ""),
    }
    return [row]


def _namespaces(text: str, what: str) -> tuple[list[Any], str]:
    read = read_values(text, what)
    if read is not None:
        objects = [each for value in read[0] for each in _objects(value, what)]
        return sorted({_named(each, what)["name"] for each in objects}), read[1]
    names = _NAMESPACE_LINE.findall(text)
    if names:
        return sorted(set(names)), "names"
    tables = read_tables(text, ["NAME"])
    if not tables:
        raise _unknown(text, what, "`kubectl get namespaces -o json`")
    return sorted({row["NAME"] for table in tables for row in table}), "a table"


def _images(text: str, what: str) -> tuple[list[_Row], str]:
    return _of_kubectl(text, what, _images_of, "`kubectl get deployments -A -o json`")


def _images_of(manifest: Mapping[str, Any], what: str) -> list[_Row]:
    template = ("jobTemplate", "spec", "template") if manifest.get("kind") == "CronJob" else ("template",)
    pod = _part(manifest, "spec", *template, "spec")
    identity = {"kind": str(manifest.get("kind") or ""), **_named(manifest, what)}
    return [
        {**identity, "container": str(each.get("name") or ""), "image": str(each.get("image") or "")}
        for group in _CONTAINERS
        for each in pod.get(group) or []
        if isinstance(each, dict)
    ]


# Flux v2


def _flux2_objects(text: str, what: str) -> tuple[list[_Row], str]:
    if read_values(text, what) is None:
        tables = read_tables(text, ["NAMESPACE", "NAME"])
        if tables:
            return [row for table in tables for row in _of_flux_get(table)], "tables"
    return _of_kubectl(text, what, _flux2_object, "`flux get all -A`")


def _of_flux_get(table: Table) -> Iterator[_Row]:
    for row in table:
        kind, slash, name = row.get("NAME", "").partition("/")
        yield {
            "kind": kind if slash else "",
            "namespace": row.get("NAMESPACE", ""),
            "name": name if slash else kind,
            "ready": {"True": True, "False": False}.get(row.get("READY", "")),
            "suspended": row.get("SUSPENDED") == "True",
            "message": row.get("MESSAGE", ""),
        }


def _flux2_object(manifest: Mapping[str, Any], what: str) -> list[_Row]:
    conditions = _part(manifest, "status").get("conditions") or []
    ready = next((each for each in conditions if isinstance(each, dict) and each.get("type") == "Ready"), {})
    row: _Row = {
        **_named(manifest, what),
        "kind": str(manifest.get("kind") or "").lower(),
        "ready": {"True": True, "False": False}.get(str(ready.get("status"))),
        "suspended": _part(manifest, "spec").get("suspend") is True,
        "message": str(ready.get("message") or ""),
    }
    return [row]


# Registries


def _tags(text: str, what: str) -> tuple[list[_Row], str]:
    read = read_values(text, what)
    if read is None:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if not all(_TAG_LINE.fullmatch(line) for line in lines):
            raise _unknown(text, what, "`crane ls` or `skopeo list-tags`")
        return [{"tag": line} for line in lines], "lines"
    return [row for value in read[0] for row in _tags_of(value, what)], read[1]


def _tags_of(value: Any, what: str) -> Iterator[_Row]:
    if isinstance(value, dict):
        # skopeo, the registry's own API, Docker Hub and Quay, in this order.
        value = next((value[key] for key in ("Tags", "tags", "results") if key in value), None)
    if not isinstance(value, list):
        raise InvalidInventory(f"{what} is no list of tags of a registry")
    for each in value:
        if isinstance(each, str):
            yield {"tag": each}
        elif isinstance(each, dict) and isinstance(each.get("name"), str):
            created = next((each[key] for key in _BUILD_TIMES if isinstance(each.get(key), str)), None)
            yield {"tag": each["name"], "created": created}
        else:
            raise InvalidInventory(f"{what} holds something that is no tag")


def _unknown(text: str, what: str, command: str) -> InvalidInventory:
    if not text.strip():
        return InvalidInventory(f"{what} is empty; give what {command} prints")
    return InvalidInventory(f"{what} is not what {command} prints: it may be an error of the tool", line=1)
