"""The objects of a file as fluxd reads them, and whether kustomize reads them too.

Most documents of a repository are plain: their lines show that they are YAML, that no key stands in a
mapping twice, and what object they are. The others are read in full.

Source: fluxcd/flux 1.25.4 `pkg/cluster/kubernetes/resource/load.go`; kustomize api 0.21
`resource/factory.go`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kubernetes import group_of
from fluxv2_migrate.kustomize.accumulating import LOCAL_CONFIG
from fluxv2_migrate.kustomize.values import read_manifests
from fluxv2_migrate.repository.documents import Document
from fluxv2_migrate.yaml_text import (
    BYTE_ORDER_MARK,
    MappingNode,
    Node,
    ScalarNode,
    key_of,
    read_nodes,
    read_value,
    split_documents,
    value_of,
)

_PLAIN: Final = r"(?![-?:](?: |$))[^\s\"'{}\[\]&*!|>%@`#][^\n]*"
_TRAIL: Final = r"[ ]*(?:#[^\n]*)?"
_VALUE: Final = (
    rf"(?:{_PLAIN}|\"[^\"\\\n]*\"{_TRAIL}|'[^'\n]*'{_TRAIL}"
    rf"|\{{[^{{}}\[\]\n\"']*\}}{_TRAIL}|\[[^{{}}\[\]\n]*\]{_TRAIL}|#[^\n]*)"
)
# Of each line of a plain document: what stands before its key, the key and its value; what stands before an
# item that is a scalar; or nothing, where the line holds neither.
_LINE: Final = re.compile(
    r"^(?:([ ]*(?:- +)*)((?!(?:true|false|null)\b)[A-Za-z_/$][\w./$-]*):"
    rf"(?: +({_VALUE})| *)|{_TRAIL}|---{_TRAIL}"
    r"|([ ]*(?:- +)+)[^\s\"'{}\[\]&*!|>%@`#:?-][^\n:]*(?::[^\s][^\n:]*)*)$",
    re.MULTILINE,
)
_NESTED: Final = re.compile(r":(?:\s|$)")
# What no line shows: breaks that are none of `str`, and what no text of YAML may hold.
_UNPLAIN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
# What YAML may read as something else than text.
_NO_TEXT: Final = re.compile(r"[\d.+-].*|~|true|false|null|yes|no|on|off|y|n", re.IGNORECASE)
# A key that is no text, and stands below another one.
_NUMBER: Final = r"(?:[\d.+~-][^\s:,{}]*|[Tt]rue|TRUE|[Ff]alse|FALSE|[Nn]ull|NULL)[ ]*:[\s]"
_NO_TEXT_KEY: Final = re.compile(rf"\n[ -]*{_NUMBER}")
_NO_TEXT_FLOW_KEY: Final = re.compile(rf"[{{,]\s*{_NUMBER}")
_FLOW: Final = re.compile(r"[{\[]([^{}\[\]]*)[}\]]")
_FLOW_ENTRY: Final = re.compile(
    r"[ ]*(?:([A-Za-z_/$][\w./$-]*): +)?"
    r"(?:\"[^\"\\]*\"|'[^']*'|[^\s\"'&*!|>%@`#:?-][^:#]*(?::[^\s:#][^:#]*)*)[ ]*"
)
# A text may go on in the next line, which is then further in.
_KIND: Final = re.compile(r"^kind:[ ]*[\"']?([A-Za-z]\w*)[\"']?[ ]*(?:#.*)?$(?!\n[ ]+\S)", re.MULTILINE)
_API: Final = re.compile(r"^apiVersion:[ ]*[\"']?([\w./-]+)[\"']?[ ]*(?:#.*)?$(?!\n[ ]+\S)", re.MULTILINE)
_METADATA: Final = re.compile(r"^metadata:[ ]*(?:#.*)?\n((?:(?: +.*|[ ]*#.*|)\n)*(?: +.+)?)", re.MULTILINE)
_INDENT: Final = re.compile(r"^( +)[^\s#-]", re.MULTILINE)
_FIELD: Final = r"^{indent}{name}:[ ]*[\"']?([^\s\"'#{{}}&*!|>]+)[\"']?[ ]*(?:#.*)?$(?!\n{indent}[ ]+\S)"

_ENCRYPTED: Final = re.compile(r"^(?:kind|apiVersion):[ ]*[\"']?ENC\[", re.MULTILINE)
_ENCRYPTED_NAME: Final = re.compile(r"^[ ]+name(?:space)?:[ ]*[\"']?ENC\[", re.MULTILINE)
_MAC: Final = re.compile(r"^[ ]+mac:[ ]*[\"']?(ENC\[[^\n\"']*)", re.MULTILINE)


# Tuples, because a repository has thousands of them.
class Place(NamedTuple):
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
    """

    place: Place
    group: str
    kind: str
    namespace: str
    name: str
    document: int = 0
    is_local: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """A document that kustomize refuses.

    Attributes:
        is_applied: whether fluxd applied it nevertheless.
    """

    place: Place
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
            place = Place(path, document.line)
            text = document.text
            is_list = str(document.manifest.get("kind")).endswith("List")
            if is_list or _NO_TEXT_KEY.search(text) or ("{" in text and _NO_TEXT_FLOW_KEY.search(text)):
                yield from _in_full(place, text.replace("\r\n", "\n"), document.index)
            else:
                yield from _of_value(place, document.value, document.index)
        return
    body = text.removeprefix(BYTE_ORDER_MARK).replace("\r\n", "\n")
    for index, span in enumerate(split_documents(body)):
        place = Place(path, span.line)
        part = body[span.start : span.end]
        quick = _at_a_glance(place, part, index)
        if quick is not None:
            yield quick
        else:
            yield from _in_full(place, part, index)


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


def _place(path: str, text: str, offset: int) -> Place:
    return Place(path, text.count("\n", 0, offset) + 1)


@lru_cache(maxsize=64)
def _field(name: str, indent: str) -> re.Pattern[str]:
    return re.compile(_FIELD.format(indent=indent, name=name), re.MULTILINE)


def _at_a_glance(place: Place, text: str, index: int) -> AppliedObject | None:
    """Reads a document by its lines alone, where these show all that is to be known."""
    kind, metadata, api = _KIND.search(text), _METADATA.search(text), _API.search(text)
    if kind is None or api is None or metadata is None or kind[1].endswith("List") or LOCAL_CONFIG in text:
        return None
    indent = _INDENT.search(metadata[1])
    if indent is None:
        return None
    name = _field("name", indent[1]).search(metadata[1])
    namespace = _field("namespace", indent[1]).search(metadata[1])
    if name is None or (namespace is None and "namespace" in metadata[1]) or not _is_plain(text):
        return None
    where = "" if namespace is None else namespace[1]
    if _NO_TEXT.fullmatch(name[1]) or _NO_TEXT.fullmatch(where):
        return None
    return AppliedObject(place, api[1].rpartition("/")[0], kind[1], where, name[1], index)


def _is_plain(text: str) -> bool:
    """Gives whether lines show that a document is YAML, and that no mapping of it holds a key twice."""
    lines = _LINE.findall(text)
    return len(lines) == text.count("\n") + 1 and _fit(lines) and _UNPLAIN.search(text) is None


def _fit(lines: Sequence[tuple[str, str, str, str]]) -> bool:
    r"""Gives whether each line stands where a mapping or a list is open, or one may begin.

    Args:
        lines: what `_LINE` finds.

    >>> [_fit(_LINE.findall(text)) for text in ("a:\n- b: c\n  d: e\n", "a:\n  b: c\n- d", "a: b\n  c: d")]
    [True, False, False]
    """
    # What is open: its column, and its keys where it is a mapping.
    stack: list[tuple[int, set[str] | None]] = [(0, set())]
    # The column of the key without a value, or of the dash, that was read last.
    waiting: int | None = None
    for lead, key, value, dashes in lines:
        if not (key or dashes):
            continue
        before = lead or dashes
        column = len(before)
        if "-" in before:
            for dash in (at for at, each in enumerate(before) if each == "-"):
                # The items of a key may stand in its column.
                if waiting is not None and dash >= waiting:
                    stack.append((dash, None))
                elif _innermost(stack, dash, is_list=True) != (dash, None):
                    return False
                waiting = dash
        if not key:
            waiting = None
            continue
        if waiting is not None and column > waiting:
            stack.append((column, {key}))
        else:
            opened, keys = _innermost(stack, column, is_list=False)
            if opened != column or keys is None or key in keys:
                return False
            keys.add(key)
        if not value or value[0] == "#":
            waiting = column
            continue
        waiting = None
        if value[0] in "{[":
            if _is_doubtful(_FLOW.split(value, maxsplit=1)[1]):
                return False
        elif ":" in value and value[0] not in "\"'" and _NESTED.search(value.partition(" #")[0]):
            return False
    return True


def _innermost(
    stack: list[tuple[int, set[str] | None]], column: int, *, is_list: bool
) -> tuple[int, set[str] | None]:
    """Closes what ends before a column, and gives what is open there."""
    while len(stack) > 1:
        opened, keys = stack[-1]
        if opened < column or (opened == column and (keys is None) is is_list):
            break
        stack.pop()
    return stack[-1]


def _is_doubtful(flow: str) -> bool:
    entries = [_FLOW_ENTRY.fullmatch(entry) for entry in flow.split(",")] if flow.strip() else []
    if not all(entries):
        return True
    keys = [entry[1] for entry in entries if entry and entry[1]]
    return len(set(keys)) != len(keys) or any(map(_NO_TEXT.fullmatch, keys))


def _in_full(place: Place, text: str, index: int) -> Iterator[AppliedObject | Refusal]:
    path, line = place.path, place.line
    text = text.replace("\r\n", "\n")
    try:
        read_manifests(text, path=path)
        refused = None
    except InvalidManifest as error:
        refused = Refusal(Place(path, line + (error.line or 1) - 1), error.reason)
    try:
        value = read_value(text)
    except InvalidManifest as error:
        try:
            value = _last_ones(read_nodes(text))
        except InvalidManifest:
            yield Refusal(Place(path, line + (error.line or 1) - 1), error.reason)
            return
        refused = refused or Refusal(Place(path, line + (error.line or 1) - 1), error.reason)
    objects = tuple(_objects(place, value, index))
    if refused is not None:
        yield Refusal(refused.place, refused.reason, is_applied=bool(objects))
    yield from objects


def _of_value(place: Place, value: Any, index: int) -> Iterator[AppliedObject | Refusal]:
    """Reads a document whose value is known, and whose keys are texts that stand in it once each."""
    reason = None if value in (None, {}) else _why_no_object(value)
    if reason is None:
        yield from _objects(place, value, index)
    else:
        yield Refusal(place, reason)


def _why_no_object(value: Any) -> str | None:
    if not isinstance(value, Mapping):
        return "a document that is no mapping, which kustomize refuses"
    if value.get("kind") in (None, ""):
        return "an object without kind, which kustomize refuses"
    if not _has_name(value.get("metadata")):
        return "an object without metadata.name, which kustomize refuses"
    return None


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


def _objects(place: Place, value: Any, index: int) -> Iterator[AppliedObject]:
    kind = value.get("kind") if isinstance(value, Mapping) else None
    if kind in (None, ""):
        return
    items = value.get("items")
    if str(kind).endswith("List") and isinstance(items, list):
        for item in items:
            yield from _objects(place, item, index)
        return
    metadata = value.get("metadata")
    if not _has_name(metadata):
        return
    annotations = metadata.get("annotations")
    local = annotations.get(LOCAL_CONFIG, "false") if isinstance(annotations, Mapping) else "false"
    yield AppliedObject(
        place,
        group_of(value),
        str(kind),
        str(metadata.get("namespace") or ""),
        str(metadata["name"]),
        index,
        local not in (False, "false"),
    )
