"""What `kubectl get` and `flux get` print of the objects of a cluster."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

from fluxv2_migrate.errors import InvalidInventory
from fluxv2_migrate.flux2.releases import is_of_flux2
from fluxv2_migrate.kubernetes import mapping_at
from fluxv2_migrate.settings.tool_output import (
    NOTHING_FOUND,
    Row,
    Table,
    objects_of,
    read_tables,
    read_values,
    unlike,
)

_NAME: Final = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_NAMESPACE_LINE: Final = re.compile(f"namespaces?/({_NAME})")
_ALWAYS: Final = frozenset({"default", "kube-system"})
_CONTAINERS: Final = ("initContainers", "containers")
# What is still at work is not ready yet.
_READY: Final = {"True": True, "False": False, "Unknown": False}
_POD: Final[Mapping[str, tuple[str, ...]]] = {
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    "Pod": ("spec",),
}
_WORKLOADS: Final = frozenset(
    {"DaemonSet", "Deployment", "Job", "ReplicaSet", "ReplicationController", "StatefulSet", *_POD}
)


def _objects(value: Any, what: str, kinds: Collection[str]) -> list[Mapping[str, Any]]:
    """Gives the objects of these kinds; a list of others only is not what was asked for."""
    objects = list(objects_of(value, what))
    found = [each for each in objects if not each.get("kind") or each["kind"] in kinds]
    if objects and not found:
        raise InvalidInventory(
            f"{what} holds objects of the kind {objects[0]['kind']} and none that it is about"
        )
    return found


def _named(manifest: Mapping[str, Any], what: str) -> dict[str, str]:
    metadata = mapping_at(manifest, "metadata")
    if not metadata.get("name"):
        raise InvalidInventory(f"{what} holds an object without a name")
    return {"namespace": str(metadata.get("namespace") or ""), "name": str(metadata["name"])}


def _of_kubectl(
    text: str,
    what: str,
    kinds: Collection[str],
    of_object: Callable[[Mapping[str, Any], str], list[Row]],
    of_table: Callable[[Table], Iterator[Row]],
    columns: Collection[str],
    command: str,
) -> tuple[list[Row], str]:
    read = read_values(text, what)
    if read is not None:
        objects = [each for value in read[0] for each in _objects(value, what, kinds)]
        return [row for each in objects for row in of_object(each, what)], read[1]
    tables = read_tables(text, columns)
    if tables:
        return [row for table in tables for row in of_table(table)], "a table"
    if NOTHING_FOUND.search(text):
        return [], "nothing found"
    raise unlike(text, what, command)


# Flux v1


def flux1_releases(text: str, what: str) -> tuple[list[Row], str]:
    """Reads HelmReleases of Flux v1: what they are called, and no values.

    Raises:
        InvalidInventory: it is something else, or cut off.

    Source: helm-operator 1.4.4 `pkg/apis/helm.fluxcd.io/v1/types_helmrelease.go`: the columns of the table.
    """
    return _of_kubectl(
        text,
        what,
        ("HelmRelease", "FluxHelmRelease"),
        _flux1_release,
        _flux1_releases_of_table,
        ("NAMESPACE", "NAME", "RELEASE"),
        "`kubectl get helmreleases.helm.fluxcd.io -A -o json`",
    )


def _flux1_release(manifest: Mapping[str, Any], what: str) -> list[Row]:
    if is_of_flux2(manifest):
        raise InvalidInventory(
            f"{what} holds HelmReleases of Flux v2; ask with the full name, helmreleases.helm.fluxcd.io"
        )
    spec, status = mapping_at(manifest, "spec"), mapping_at(manifest, "status")
    row: Row = {
        **_named(manifest, what),
        "api_version": str(manifest.get("apiVersion") or ""),
        "release_name": str(status.get("releaseName") or spec.get("releaseName") or ""),
        "target_namespace": str(spec.get("targetNamespace") or ""),
        "helm_version": str(spec.get("helmVersion") or ""),
    }
    return [row]


def _flux1_releases_of_table(table: Table) -> Iterator[Row]:
    for row in table:
        named = {"namespace": row.get("NAMESPACE", ""), "name": row.get("NAME", "")}
        # It does not say which API they are of, nor where the release goes.
        yield {**named, "api_version": "", "release_name": row.get("RELEASE", ""), "target_namespace": None}


# Namespaces and workloads


def namespaces_of_cluster(text: str, what: str) -> tuple[list[Any], str]:
    """Reads the names of namespaces, as objects, as a table or one after the other.

    Raises:
        InvalidInventory: it is something else, or cut off.
    """
    read = read_values(text, what)
    if read is not None:
        objects = [each for value in read[0] for each in _objects(value, what, ("Namespace",))]
        return sorted({_named(each, what)["name"] for each in objects}), read[1]
    tables = read_tables(text, ("NAME",))
    if tables:
        return sorted({row["NAME"] for table in tables for row in table}), "a table"
    names = _NAMESPACE_LINE.findall(text)
    words = text.split()
    # Each cluster has these namespaces, and no error of a tool is made of such words alone.
    if not names and {*words} >= _ALWAYS and all(re.fullmatch(_NAME, word) for word in words):
        names = words
    if not names:
        raise unlike(text, what, "`kubectl get namespaces -o json`")
    return sorted(set(names)), "names"


def images_of_workloads(text: str, what: str) -> tuple[list[Row], str]:
    """Reads the images of workloads, or of pods, with their containers.

    Raises:
        InvalidInventory: it is something else, shows no images, or is cut off.

    Source: kubernetes 1.20 `pkg/printers/internalversion/printers.go`: the columns that `-o wide` adds.
    """
    return _of_kubectl(
        text,
        what,
        _WORKLOADS,
        _images_of,
        _images_of_table,
        ("NAMESPACE", "NAME", "CONTAINERS", "IMAGES"),
        "`kubectl get deployments,statefulsets,daemonsets,cronjobs -A -o json`",
    )


def _images_of(manifest: Mapping[str, Any], what: str) -> list[Row]:
    kind = str(manifest.get("kind") or "")
    pod = mapping_at(manifest, *_POD.get(kind, ("spec", "template", "spec")))
    identity = {"kind": kind, **_named(manifest, what)}
    return [
        {**identity, "container": str(each.get("name") or ""), "image": str(each.get("image") or "")}
        for group in _CONTAINERS
        for each in pod.get(group) or []
        if isinstance(each, dict)
    ]


def _images_of_table(table: Table) -> Iterator[Row]:
    kinds = {kind.lower(): kind for kind in _WORKLOADS}
    for row in table:
        resource, _, name = row.get("NAME", "").rpartition("/")
        identity = {
            "kind": kinds.get(resource.partition(".")[0], ""),
            "namespace": row.get("NAMESPACE", ""),
            "name": name,
        }
        names, images = row.get("CONTAINERS", "").split(","), row.get("IMAGES", "").split(",")
        for container, image in zip(names, images, strict=False):
            yield {**identity, "container": container, "image": image}


# Flux v2


def flux2_objects(text: str, what: str) -> tuple[list[Row], str]:
    """Reads objects of Flux v2 and what their conditions say.

    Raises:
        InvalidInventory: it is something else, or cut off.

    Source: flux2 2.9 `cmd/flux/get.go`.
    """
    read = read_values(text, what)
    if read is None:
        tables = read_tables(text, ("NAME",))
        if tables:
            return [_row_of_flux(row) for table in tables for row in table], "tables"
        if NOTHING_FOUND.search(text):
            return [], "nothing found"
        raise unlike(text, what, "`flux get all -A`")
    objects = [each for value in read[0] for each in objects_of(value, what)]
    return [
        _flux2_object(each, what) if "metadata" in each else _row_of_flux(each) for each in objects
    ], read[1]


def _row_of_flux(row: Mapping[str, Any]) -> Row:
    """Reads a row of a table of `flux get`, or the same as JSON."""
    cells = {str(key).upper(): str(value) for key, value in row.items()}
    kind, slash, name = cells.get("NAME", "").partition("/")
    return {
        "kind": kind if slash else "",
        "namespace": cells.get("NAMESPACE", ""),
        "name": name if slash else kind,
        "ready": _READY.get(cells.get("READY", "")),
        "suspended": cells.get("SUSPENDED") == "True",
        "message": cells.get("MESSAGE", ""),
    }


def _flux2_object(manifest: Mapping[str, Any], what: str) -> Row:
    conditions = mapping_at(manifest, "status").get("conditions") or []
    ready = next((each for each in conditions if isinstance(each, dict) and each.get("type") == "Ready"), {})
    return {
        **_named(manifest, what),
        "kind": str(manifest.get("kind") or "").lower(),
        "ready": _READY.get(str(ready.get("status"))),
        "suspended": mapping_at(manifest, "spec").get("suspend") is True,
        "message": str(ready.get("message") or ""),
    }
