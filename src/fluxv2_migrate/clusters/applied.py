"""What fluxd applied of a sync path, and what kustomize-controller makes of the same files.

Source: fluxcd/flux 1.25.4 `pkg/cluster/kubernetes/resource/load.go`; fluxcd/pkg
`kustomize/kustomize_generator.go`, `sourceignore/sourceignore.go`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from fluxv2_migrate.clusters.model import SyncPath
from fluxv2_migrate.clusters.reach import reach_of
from fluxv2_migrate.clusters.units import is_below
from fluxv2_migrate.documents import Document
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kustomize import KustomizeTree
from fluxv2_migrate.yaml_text import read_document, split_documents

__all__ = ["AppliedDifferences", "AppliedObject", "Place", "compare_applied"]

_YAML: Final = (".yaml", ".yml")
_KUSTOMIZATIONS: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_KIND: Final = re.compile(r"^kind:[ \t]*[\"']?([A-Za-z]\w*)[\"']?[ \t]*(?:#.*)?\r?$", re.MULTILINE)
_API: Final = re.compile(r"^apiVersion:[ \t]*[\"']?([\w./-]+)[\"']?[ \t]*(?:#.*)?\r?$", re.MULTILINE)
_METADATA: Final = re.compile(
    r"^metadata:[ \t]*(?:#.*)?\r?\n((?:(?: +.*|[ \t]*#.*|)\r?\n)*(?: +.+)?)", re.MULTILINE
)
_INDENT: Final = re.compile(r"^( +)[^\s#-]", re.MULTILINE)
_FIELD: Final = r"^{indent}{name}:[ \t]*[\"']?([^\s\"'#{{}}&*!|>]+)[\"']?[ \t]*(?:#.*)?\r?$"
# Of these the API server knows that they live in a namespace; of others only their definition tells.
_NAMESPACED: Final = frozenset(
    {
        "ConfigMap",
        "CronJob",
        "DaemonSet",
        "Deployment",
        "Endpoints",
        "Event",
        "FluxHelmRelease",
        "HelmRelease",
        "HorizontalPodAutoscaler",
        "Ingress",
        "Job",
        "Lease",
        "LimitRange",
        "NetworkPolicy",
        "PersistentVolumeClaim",
        "Pod",
        "PodDisruptionBudget",
        "ReplicaSet",
        "ReplicationController",
        "ResourceQuota",
        "Role",
        "RoleBinding",
        "Secret",
        "Service",
        "ServiceAccount",
        "StatefulSet",
    }
)
# What source-controller leaves out of an artifact where nothing else is said.
_LEFT_OUT: Final = re.compile(
    r"(?:^|/)(?:\.github|\.circleci)/|(?:^|/)(?:\.travis\.yml|\.gitlab-ci\.yml|appveyor\.yml|\.drone\.yml"
    r"|cloudbuild\.yaml|codeship-services\.yml|codeship-steps\.yml|\.goreleaser\.yml|\.sops\.yaml|\.flux\.yaml)$"
)


@dataclass(frozen=True, slots=True)
class Place:
    """A document: its file, and the line where it begins."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class AppliedObject:
    """An object that fluxd applied."""

    place: Place
    group: str
    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class AppliedDifferences:
    """Where fluxd and kustomize-controller part over a sync path.

    Attributes:
        sync_path: the folder.
        objects: that fluxd applied.
        refused: documents with which kustomize-controller applies nothing of the whole path, with the reason.
        left_out: objects that fluxd applied and kustomize-controller leaves out, because a kustomization does
            not list them or the file is not in the artifact.
        doubles: objects that two documents define, so that neither Flux applies any.
        without_namespace: objects that name no namespace and need one.
        proposal: a `kustomization.yaml` for the folder that lists what fluxd applied; empty where files
            as they are do.
    """

    sync_path: str
    objects: tuple[AppliedObject, ...] = field(repr=False)
    refused: tuple[tuple[Place, str], ...]
    left_out: tuple[AppliedObject, ...]
    doubles: tuple[tuple[AppliedObject, AppliedObject], ...]
    without_namespace: tuple[AppliedObject, ...]
    proposal: str


def compare_applied(
    synced: SyncPath,
    texts: Mapping[str, str],
    documents: Mapping[str, Sequence[Document]],
    tree: KustomizeTree,
    apart: Collection[str] = (),
) -> AppliedDifferences:
    """Says what changes because kustomize-controller builds what fluxd only read.

    Args:
        synced: whose files fluxd read one by one.
        texts: of the repository.
        documents: those that are read already.
        tree: the kustomizations.
        apart: files that were not read on their own.
    """
    charts = {
        posixpath.dirname(path)
        for path in texts
        if posixpath.basename(path) == "Chart.yaml"
        and posixpath.join(posixpath.dirname(path), "values.yaml") in texts
    }
    refused: list[tuple[Place, str]] = []
    objects: list[AppliedObject] = []
    kept: list[str] = []
    broken: set[str] = set()
    # Most folders hold several files, and what is asked of a folder is the same for all of them.
    folders: dict[str, tuple[bool, bool]] = {}
    for path in sorted(texts):
        if (
            not path.endswith(_YAML)
            or not is_below(path, synced.path)
            or path in apart
            or _LEFT_OUT.search(path)
        ):
            continue
        folder, _, name = path.rpartition("/")
        if folder not in folders:
            folders[folder] = (_is_scanned(folder, synced.path, tree), _is_in(folder, charts))
        scanned, in_chart = folders[folder]
        if in_chart:
            if scanned:
                refused.append((Place(path, 1), "it belongs to a chart, which fluxd left alone"))
            continue
        if name in _KUSTOMIZATIONS:
            continue
        has_objects = False
        for each in _objects_of(path, texts[path], documents.get(path)):
            if isinstance(each, AppliedObject):
                has_objects = True
                objects.append(each)
                continue
            broken.add(path)
            if scanned:
                refused.append(each)
        if has_objects:
            kept.append(path)
    listed = reach_of(synced.path, tree).listed
    left_out = tuple(
        each
        for each in objects
        if not folders[posixpath.dirname(each.place.path)][0] and each.place.path not in listed
    )
    seen: dict[tuple[str, ...], AppliedObject] = {}
    doubles: list[tuple[AppliedObject, AppliedObject]] = []
    for each in objects:
        first = seen.setdefault((each.group, each.kind, each.namespace, each.name), each)
        if first is not each:
            doubles.append((first, each))
    without = tuple(each for each in objects if not each.namespace and each.kind in _NAMESPACED)
    proposal = _proposal(synced.path, kept, broken) if refused or left_out else ""
    return AppliedDifferences(
        synced.path, tuple(objects), tuple(refused), left_out, tuple(doubles), without, proposal
    )


def _is_in(folder: str, charts: set[str]) -> bool:
    """Gives whether a folder is that of a chart, or lies in one."""
    while folder not in charts:
        if not folder:
            return False
        folder = posixpath.dirname(folder)
    return True


def _is_scanned(folder: str, root: str, tree: KustomizeTree) -> bool:
    """Gives whether files are applied for being there: no kustomization stands between them and the root."""
    while True:
        if folder in tree.kustomizations:
            return False
        if folder == root or not folder:
            return True
        folder = posixpath.dirname(folder)


def _objects_of(
    path: str, text: str, known: Sequence[Document] | None
) -> Iterator[AppliedObject | tuple[Place, str]]:
    body = text.removeprefix("\ufeff")
    read = {document.start: document.manifest for document in known or () if document.manifest}
    for span in split_documents(body):
        place = Place(path, span.line)
        manifest = read.get(span.start)
        if manifest is not None:
            yield from _of_value(place, manifest)
            continue
        part = body[span.start : span.end]
        quick = _at_a_glance(place, part)
        if quick is not None:
            yield quick
            continue
        try:
            value = read_document(part, path=path, line=span.line)[1]
        except InvalidManifest as error:
            yield Place(path, error.line or span.line), error.reason
            continue
        if value is None:
            continue
        if not isinstance(value, dict):
            yield place, "the document is no mapping"
            continue
        yield from _of_value(place, value)


@lru_cache(maxsize=64)
def _field(name: str, indent: str) -> re.Pattern[str]:
    return re.compile(_FIELD.format(indent=indent, name=name), re.MULTILINE)


def _at_a_glance(place: Place, text: str) -> AppliedObject | None:
    """Reads kind, namespace and name by their lines alone; most files of a repository need no more."""
    kind, metadata, api = _KIND.search(text), _METADATA.search(text), _API.search(text)
    if (
        kind is None
        or api is None
        or metadata is None
        or "{{" in text
        or "\t" in text
        or kind[1].endswith("List")
    ):
        return None
    indent = _INDENT.search(metadata[1])
    if indent is None:
        return None
    name = _field("name", indent[1]).search(metadata[1])
    if name is None:
        return None
    namespace = _field("namespace", indent[1]).search(metadata[1])
    if namespace is None and "namespace" in metadata[1]:
        return None
    return AppliedObject(place, _group(api[1]), kind[1], namespace[1] if namespace else "", name[1])


def _group(api_version: str) -> str:
    return api_version.rpartition("/")[0]


def _of_value(place: Place, manifest: Mapping[str, Any]) -> Iterator[AppliedObject | tuple[Place, str]]:
    kind, items = manifest.get("kind"), manifest.get("items")
    if not isinstance(kind, str) or not kind:
        yield place, "the document has no kind: fluxd passed over it"
        return
    if kind.endswith("List") and isinstance(items, list):
        for item in items:
            if isinstance(item, Mapping):
                yield from _of_value(place, item)
            else:
                yield place, "an entry of the list is no object"
        return
    metadata = manifest.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    if not metadata.get("name"):
        yield place, "the object has no metadata.name"
        return
    yield AppliedObject(
        place,
        _group(str(manifest.get("apiVersion"))),
        kind,
        str(metadata.get("namespace") or ""),
        str(metadata["name"]),
    )


def _proposal(root: str, kept: Sequence[str], broken: set[str]) -> str:
    lines = ["apiVersion: kustomize.config.k8s.io/v1beta1", "kind: Kustomization", "resources:"]
    for path in kept:
        entry = posixpath.relpath(path, root or ".")
        lines.append(f"- {entry}" + (" # a document in it must go first" if path in broken else ""))
    return "\n".join([*lines, ""])
