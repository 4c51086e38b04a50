"""What Helm's own records say, as `helm list` prints them or as the labels of their Secrets do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fluxv2_migrate.errors import InvalidInventory
from fluxv2_migrate.kubernetes import mapping_at
from fluxv2_migrate.settings.tool_output import (
    NOTHING_FOUND,
    Row,
    objects_of,
    read_tables,
    read_values,
    unlike,
)

_HELM_LIMIT: Final = 256
"""Releases that `helm list` prints unless it is told `-m 0`."""
_LIST: Final = "`helm list -A -a -m 0 -o json`"
_SECRETS: Final = "`kubectl get secrets -A -l owner=helm -o json`"
_LABELS: Final = re.compile(r"map\[([^\]]*)\]?|\S+=\S*(?:,\S+=\S*)+")
_NAMESPACES: Final = ("NS", "NAMESPACE")
_PREFIX: Final = "sh.helm.release.v1."


@dataclass(frozen=True, slots=True)
class HelmTexts:
    """What one text says of Helm's releases.

    Attributes:
        records: those of Helm 3 or later; several of one release where the text holds its history.
        helm2_names: the names of releases of Helm 2.
        form: in which the text is.
    """

    records: list[Row] = field(default_factory=list)
    helm2_names: list[str] = field(default_factory=list)
    form: str = ""


def records_of_helm_list(text: str, what: str) -> HelmTexts:
    """Reads what `helm list` prints, of Helm 2 also.

    Raises:
        InvalidInventory: it is something else, or cut off.

    Source: helm 2.17 `cmd/helm/list.go`; helm 3 and 4 `pkg/cmd/list.go`.
    """
    read = read_values(text, what)
    if read is None:
        tables = read_tables(text, ("NAME", "NAMESPACE", "REVISION", "STATUS", "CHART"))
        if not tables:
            raise unlike(text, what, _LIST)
        rows = [{key.lower(): value for key, value in row.items()} for table in tables for row in table]
        if not all(row.get("chart") for row in rows):
            raise InvalidInventory(f"{what} holds a row that ends before its chart: it is cut off")
        form = "a table"
    else:
        rows = [row for value in read[0] for row in _rows(value, what)]
        form = read[1]
    if len(rows) == _HELM_LIMIT:
        raise InvalidInventory(
            f"{what} holds {_HELM_LIMIT} releases, as many as Helm prints at most unless it is told `-m 0`"
        )
    found = HelmTexts(form=form)
    for row in rows:
        # Helm 2 writes its states in capitals.
        if str(row.get("status") or "").isupper():
            found.helm2_names.append(_record(row, what)["name"])
        else:
            found.records.append(_record(row, what))
    return found


def _rows(value: Any, what: str) -> Iterator[Row]:
    if isinstance(value, dict) and isinstance(value.get("Releases"), list):
        value = [
            {str(key).lower(): item for key, item in row.items()} if isinstance(row, dict) else row
            for row in value["Releases"]
        ]
    for row in value if isinstance(value, list) else [value]:
        if not isinstance(row, dict):
            raise InvalidInventory(f"{what} is no list of releases: `helm list -q` prints names only")
        yield row


def _record(row: Row, what: str) -> Row:
    name, namespace = str(row.get("name") or ""), str(row.get("namespace") or "")
    if not name or not namespace:
        raise InvalidInventory(f"{what} holds a release without name or namespace")
    if not any(row.get(key) for key in ("revision", "status", "chart")):
        raise InvalidInventory(f"{what} says nothing of the release {name}: it is not what {_LIST} prints")
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


def records_of_secrets(text: str, what: str) -> HelmTexts:
    """Reads namespace and labels of the Secrets or ConfigMaps that hold Helm's records, and nothing else.

    Raises:
        InvalidInventory: it is something else, shows no labels, or is cut off.

    Source: helm 3 `pkg/storage/driver/secrets.go` and helm 2.17 `pkg/storage/driver/cfgmaps.go`,
    `newSecretsObject` and `newConfigMapsObject`: which labels they have.
    """
    read = read_values(text, what)
    if read is None:
        labelled = list(_labelled_lines(text, what))
        if not labelled and not NOTHING_FOUND.search(text) and not read_tables(text, ("LABELS",)):
            raise unlike(text, what, _SECRETS)
        form = "a table"
    else:
        labelled = [_labelled(each, what) for value in read[0] for each in objects_of(value, what)]
        form = read[1]
    found = HelmTexts(form=form)
    for namespace, labels in labelled:
        if str(labels.get("OWNER")) == "TILLER":
            found.helm2_names.append(str(labels.get("NAME") or ""))
        elif labels.get("owner") == "helm":
            if not all(labels.get(key) for key in ("name", "status", "version")):
                raise InvalidInventory(f"{what} holds labels of a release that are not whole: it is cut off")
            row = {"namespace": namespace, "revision": labels["version"]}
            found.records.append(_record({"name": labels["name"], "status": labels["status"], **row}, what))
    return found


def _labelled(manifest: Mapping[str, Any], what: str) -> tuple[str, Mapping[str, Any]]:
    metadata, labels = mapping_at(manifest, "metadata"), mapping_at(manifest, "metadata", "labels")
    if str(metadata.get("name")).startswith(_PREFIX) and not labels:
        raise InvalidInventory(f"{what} shows no labels of Helm's Secrets: ask with {_SECRETS}")
    return str(metadata.get("namespace") or ""), labels


def _labelled_lines(text: str, what: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Gives what stands in tables, whichever column comes first, and without a header also."""
    place = 0
    for line in text.splitlines():
        found = _LABELS.search(line)
        if found is None:
            names = [word.upper() for word in line.split() if word.upper() != "LABELS"]
            place = next((names.index(name) for name in _NAMESPACES if name in names), place)
            continue
        if found[0].startswith("map[") and not found[0].endswith("]"):
            raise InvalidInventory(f"{what} ends within the labels of a release: it is cut off")
        cells = [*line[: found.start()].split(), *line[found.end() :].split()]
        yield cells[place] if place < len(cells) else "", _labels(found)


def _labels(found: re.Match[str]) -> dict[str, str]:
    """Reads labels as Go prints a map, or as `--show-labels` does."""
    pairs = found[0].split(",") if found[1] is None else found[1].split()
    parts = [pair.partition("=" if found[1] is None else ":") for pair in pairs]
    return {key: value for key, _, value in parts}
