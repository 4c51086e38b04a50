"""The objects of a file as fluxd reads them, and whether kustomize reads them too.

Source: fluxcd/flux 1.25.4 `pkg/cluster/kubernetes/resource/load.go`; kustomize api 0.21
`resource/factory.go`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux1.policies import read_policies
from fluxv2_migrate.flux2.apply_annotations import is_disabled
from fluxv2_migrate.kubernetes import as_object, group_of, namespace_and_name
from fluxv2_migrate.kustomize.accumulating import LOCAL_CONFIG
from fluxv2_migrate.kustomize.values import read_manifests
from fluxv2_migrate.repository.reading import Document
from fluxv2_migrate.yaml_text import (
    BYTE_ORDER_MARK,
    MappingNode,
    Node,
    ScalarNode,
    key_of,
    read_nodes,
    read_value,
    reading_once,
    split_documents,
    value_of,
)

_METADATA: Final = re.compile(r"^metadata:[ ]*(?:#.*)?\n((?:(?: +.*|[ ]*#.*|)\n)*(?: +.+)?)", re.MULTILINE)
_ENCRYPTED: Final = re.compile(r"^(?:kind|apiVersion):[ ]*[\"']?ENC\[", re.MULTILINE)
_ENCRYPTED_NAME: Final = re.compile(r"^[ ]+name(?:space)?:[ ]*[\"']?ENC\[", re.MULTILINE)
_MAC: Final = re.compile(r"^[ ]+mac:[ ]*[\"']?(ENC\[[^\n\"']*)", re.MULTILINE)


# Tuples, because a repository has thousands of them.
class DocumentPlace(NamedTuple):
    """A document: its file, and the line where it begins."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


class AppliedObject(NamedTuple):
    """An object that fluxd applied.

    Attributes:
        namespace: that it names, or empty.
        document: its index in its file.
        is_local: whether kustomize takes it for something that is not to be applied.
        is_alike: whether it is certain that kustomize reads each scalar of it as fluxd did.
        is_left_alone: whether fluxd was told to leave it alone, or kustomize-controller is.
    """

    place: DocumentPlace
    group: str
    kind: str
    namespace: str
    name: str
    document: int = 0
    is_local: bool = False
    is_alike: bool = False
    is_left_alone: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """A document that kustomize refuses.

    Attributes:
        is_applied: whether fluxd applied it nevertheless.
    """

    place: DocumentPlace
    reason: str
    is_applied: bool = False


def read_objects(
    path: str, text: str, known: Sequence[Document] | None = None
) -> Iterator[AppliedObject | Refusal]:
    r"""Gives the objects of a file that fluxd applied, and the documents that kustomize refuses.

    Args:
        known: its documents, where all of them were read already.

    >>> text = "kind: A\napiVersion: v1\nmetadata:\n  name: a\n---\nreplicas: 2\n"
    >>> [type(each).__name__ for each in read_objects("a.yaml", text)]
    ['AppliedObject', 'Refusal']
    """
    if "ENC[" in text:
        yield from _encrypted_too_much(path, text)
    if known is not None:
        for document in known:
            place = DocumentPlace(path, document.line)
            yield from _of_document(place, document.text, document.index, document.value, document.is_alike)
        return
    body = text.removeprefix(BYTE_ORDER_MARK).replace("\r\n", "\n")
    for index, span in enumerate(split_documents(body)):
        part = body[span.start : span.end]
        try:
            value, _, is_alike = reading_once(part)
        except InvalidManifest:
            value, is_alike = None, False
        yield from _of_document(DocumentPlace(path, span.line), part, index, value, is_alike)


def _of_document(
    place: DocumentPlace, text: str, index: int, value: Any, is_alike: bool
) -> Iterator[AppliedObject | Refusal]:
    is_list = isinstance(value, Mapping) and str(value.get("kind")).endswith("List")
    if not is_alike or is_list:
        yield from _in_full(place, text.replace("\r\n", "\n"), index, is_alike=is_alike)
        return
    reason = None if value in (None, {}) else _why_no_object(value)
    if reason is None:
        yield from _objects(place, value, index, is_alike=True)
    else:
        yield Refusal(place, reason)


def _encrypted_too_much(path: str, text: str) -> Iterator[Refusal]:
    r"""Gives what fluxd decrypted with its file, and no controller decrypts: of each kind one in a file.

    Source: kustomize-controller 1.9.4 `internal/decryptor`: it decrypts each object for itself, and has to
    know before what object it is.

    >>> [each.place.line for each in _encrypted_too_much("a.yaml", "a: b\nkind: ENC[AES256_GCM,data:x]\n")]
    [2]
    """
    named = (_ENCRYPTED_NAME.search(text, *about.span(1)) for about in _METADATA.finditer(text))
    found = [each.start() for each in (_ENCRYPTED.search(text), *named) if each is not None]
    if found:
        reason = "sops encrypted what object it is; it has to be encrypted again, its data alone"
        yield Refusal(_place(path, text, min(found)), reason, is_applied=True)
    known: set[str] = set()
    for match in _MAC.finditer(text):
        if match[1] in known:
            reason = "sops encrypted several documents as one; each has to be encrypted for itself"
            yield Refusal(_place(path, text, match.start()), reason, is_applied=True)
            return
        known.add(match[1])


def _place(path: str, text: str, offset: int) -> DocumentPlace:
    return DocumentPlace(path, text.count("\n", 0, offset) + 1)


def _in_full(
    place: DocumentPlace, text: str, index: int, *, is_alike: bool
) -> Iterator[AppliedObject | Refusal]:
    path, line = place.path, place.line
    try:
        read_manifests(text, path=path)
        refused = None
    except InvalidManifest as error:
        refused = Refusal(DocumentPlace(path, line + (error.line or 1) - 1), error.reason)
    try:
        value = read_value(text)
    except InvalidManifest as error:
        try:
            value = _last_ones(read_nodes(text))
        except InvalidManifest:
            yield Refusal(DocumentPlace(path, line + (error.line or 1) - 1), error.reason)
            return
        refused = refused or Refusal(DocumentPlace(path, line + (error.line or 1) - 1), error.reason)
    objects = tuple(_objects(place, value, index, is_alike=is_alike))
    if refused is not None:
        yield Refusal(refused.place, refused.reason, is_applied=bool(objects))
    yield from objects


def _why_no_object(value: Any) -> str | None:
    if not isinstance(value, Mapping):
        return "a document that is no mapping, which kustomize refuses"
    if _is_no_kind(value.get("kind")):
        return "an object without kind, which kustomize refuses"
    if not _has_name(value.get("metadata")):
        return "an object without metadata.name, which kustomize refuses"
    return None


def _is_no_kind(kind: Any) -> bool:
    return kind in (None, "") or isinstance(kind, (Mapping, list))


def _has_name(metadata: Any) -> bool:
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    return name not in (None, "") and not isinstance(name, (Mapping, list))


def _last_ones(node: Node | None) -> dict[str, Any]:
    """Gives what says which object a document is, where keys stand twice: the last one counts for fluxd."""
    found: dict[str, Any] = {}
    for key, child in node.value if isinstance(node, MappingNode) else ():
        if isinstance(key, ScalarNode):
            name = key_of(key)
            if name == "metadata":
                found[name] = _last_ones(child)
            elif isinstance(child, ScalarNode):
                found[name] = value_of(child)
    return found


def _objects(place: DocumentPlace, value: Any, index: int, *, is_alike: bool) -> Iterator[AppliedObject]:
    kind = value.get("kind") if isinstance(value, Mapping) else None
    if _is_no_kind(kind):
        return
    items = value.get("items")
    if str(kind).endswith("List") and isinstance(items, list):
        for item in items:
            yield from _objects(place, item, index, is_alike=is_alike)
        return
    metadata = value.get("metadata")
    if not _has_name(metadata):
        return
    annotations = as_object(metadata.get("annotations"))
    local = annotations.get(LOCAL_CONFIG, "false")
    yield AppliedObject(
        place,
        group_of(value),
        str(kind),
        *namespace_and_name(value),
        index,
        local not in (False, "false"),
        is_alike,
        (bool(annotations) and read_policies(annotations).ignored) or is_disabled(value),
    )
