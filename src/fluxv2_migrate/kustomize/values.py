"""The values that kustomize reads from YAML: its own types, and which nulls were written out."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kubernetes import annotations_of, as_list
from fluxv2_migrate.yaml_text import (
    BYTE_ORDER_MARK,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    content_start,
    line_of,
    read_nodes,
    reading_of,
    split_documents,
)
from fluxv2_migrate.yaml_text.lines import Unsure
from fluxv2_migrate.yaml_text.readings import may_be_read_otherwise
from fluxv2_migrate.yaml_text.scalars import (
    is_bool_to_flux1_alone,
    is_key_to_kustomize,
    read_by_kustomize,
    refusal_of_tag,
    scalar_by_kustomize,
)
from fluxv2_migrate.yaml_text.value_scanner import scan_value

Manifest: TypeAlias = dict[str, Any]

_UNREAD: Final = object()
NOTHING_READ: Final[Mapping[str, Any]] = MappingProxyType({})
"""No documents whose values are known."""


class _Empty:
    __slots__ = ()


EMPTY: Final = _Empty()
"""A null of which nothing is written (`key:`); patches drop it, unlike `key: null`."""
EMPTY_TEXT: Final = _Empty()
"""The same in braces and in annotations, where a build without patches makes an empty text of it."""


def is_null(value: Any) -> bool:
    """Says whether a value is a null, written or not."""
    return value is None or value.__class__ is _Empty


def text_of(value: Any) -> str:
    """Gives the text of a scalar as kustomize compares it.

    >>> text_of(80), text_of(True), text_of("80"), text_of(EMPTY)
    ('80', 'true', '80', '')
    """
    if isinstance(value, str):
        return value
    if value.__class__ is _Empty:
        return ""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if isinstance(value, (dict, list)) else str(value)


def copy_value(value: Any) -> Any:
    """Gives a value that shares no mapping and no list with the given one."""
    if value.__class__ is dict:
        return {key: item if item.__class__ is str else copy_value(item) for key, item in value.items()}
    if value.__class__ is list:
        return [copy_value(item) for item in value]
    return value


def same_or(old: Any, new: Any) -> Any:
    """Gives a mapping or list itself where the new one holds the same objects, so that builds share it."""
    if old.__class__ is list:
        return old if len(old) == len(new) and all(map(operator.is_, old, new)) else new
    is_same = old.keys() == new.keys() and all(map(operator.is_, old.values(), map(new.get, old)))
    return old if is_same else new


def json_value(value: Any) -> Any:
    """Gives a value in JSON's types alone; what is of these already is the same object.

    >>> json_value({"a": [EMPTY, EMPTY_TEXT, 1]})
    {'a': [None, '', 1]}
    """
    if value.__class__ is dict:
        changed = {
            key: after
            for key, item in value.items()
            # Most of what a manifest holds are texts.
            if item.__class__ is not str and (after := json_value(item)) is not item
        }
        return {**value, **changed} if changed else value
    if value.__class__ is list:
        return same_or(value, [json_value(item) for item in value])
    if value is EMPTY_TEXT:
        return ""
    return None if value is EMPTY else value


def is_common(value: Any) -> bool:
    """Gives whether a value is of JSON's types alone, and no key in it is an empty text.

    >>> is_common({"a": [1, {"b": None}]}), is_common({"a": [EMPTY]}), is_common({"": 1})
    (True, False, False)
    """
    if value.__class__ is dict:
        if "" in value:
            return False
        value = value.values()
    elif value.__class__ is not list:
        return value.__class__ is not _Empty
    # Most of what a manifest holds are texts.
    return all(map(is_common, [item for item in value if item.__class__ is not str]))


def read_value(
    text: str, *, path: str | None = None, line: int = 1, values: Mapping[str, Any] = NOTHING_READ
) -> Any:
    r"""Gives the value of one document, as kustomize reads it.

    Unlike the API server's, its booleans are those of YAML 1.2, and a date becomes a time.

    Args:
        line: the line of its first character in the file, 1-based.
        values: of documents that Flux v1 read already, by their texts: each is held once.

    Returns:
        JSON's types, and `EMPTY` or `EMPTY_TEXT` for a null that is not written out. It must not be changed.

    Raises:
        InvalidManifest: kustomize cannot read it.

    Source: kustomize kyaml 0.21 `kio/byteio_reader.go` over go-yaml v3.

    >>> read_value("a: yes\nb: 2020-01-01\nc: ~\nd: 1.0")
    {'a': 'yes', 'b': '2020-01-01T00:00:00Z', 'c': None, 'd': 1}
    """
    is_alike, known = False, values.get(text, _UNREAD)
    if known is _UNREAD:
        known, _, is_alike = reading_of(text, path=path, line=line)
    # Hardly a document is another one to kustomize, and most were read before.
    is_alike = is_alike or not may_be_read_otherwise(text)
    if _begins_with_key(text, known) and is_alike and _is_the_same_to_both(known):
        return known
    with suppress(Unsure, InvalidManifest):
        # Of keys at the top more is allowed, which is not asked for here.
        in_braces = partial(_ValueReader("", path, line).value, depth=1)
        found = scan_value(text, plain_value, _plain_key, in_braces)[0]
        return EMPTY if found is None else found
    node = read_nodes(text, path=path, line=line)
    return EMPTY if node is None else _ValueReader(text, path, line).value(node, 0)


def _begins_with_key(text: str, value: Any) -> bool:
    """Gives whether a document has no tags, and the first key of it is written as Flux v1 read it."""
    start = content_start(text)
    first = next(iter(value), None) if isinstance(value, dict) else None
    return start is not None and first is not None and text.startswith(first, start) and "!" not in text


def _is_the_same_to_both(value: Any) -> bool:
    """Gives whether a value holds nothing but texts, booleans and integers."""
    if value.__class__ is dict:
        value = value.values()
    elif value.__class__ is not list:
        return value.__class__ in (bool, int)
    return all(map(_is_the_same_to_both, [item for item in value if item.__class__ is not str]))


class _ValueReader:
    def __init__(self, text: str, path: str | None, line: int) -> None:
        self._text = text
        self._path = path
        self._line = line
        self._has_aliases = "*" in text
        self._known: dict[int, tuple[Any, int]] = {}
        self._nodes = 0

    def value(self, node: Node, depth: int) -> Any:
        if isinstance(node, ScalarNode):
            reason = refusal_of_tag(node) if node.tag else ""
            if is_bool_to_flux1_alone(node):
                reason = f"`!!bool {node.value}`, which kustomize takes for no boolean: write true or false"
            if reason:
                line = self._line + line_of(self._text, node.start)
                raise InvalidManifest(reason, path=self._path, line=line)
            return _scalar(node)
        if not self._has_aliases:
            return self._collection(node, depth)
        # `compose` has counted what aliases repeat and refused what would explode.
        known = self._known.get(id(node))
        if known is not None:
            return copy_value(known[0])
        value = self._collection(node, depth)
        self._known[id(node)] = (value, 0)
        return value

    def _collection(self, node: Node, depth: int) -> Any:
        if isinstance(node, SequenceNode):
            return [self.value(child, depth + 1) for child in node.value]
        assert isinstance(node, MappingNode)
        result: Manifest = {}
        merged: Manifest = {}
        for key, child in node.value:
            if key.value == "<<" and not key.style:
                for item in child.value if isinstance(child, SequenceNode) else [child]:
                    value = self.value(item, depth + 1)
                    merged = {**value, **merged} if isinstance(value, dict) else merged
                continue
            name = _scalar(key)
            if not is_key_to_kustomize(key):
                if depth:
                    raise InvalidManifest(
                        f"the key {key.value} is no text, which kustomize cannot write: put it in quotes",
                        path=self._path,
                        line=self._line + line_of(self._text, key.start),
                    )
                name = str(key.value)
            value = self.value(child, depth + 1)
            result[name] = EMPTY_TEXT if value is EMPTY and node.is_flow else value
        return {**merged, **result} if merged else result


@lru_cache(maxsize=4096)
def _plain_key(text: str) -> str:
    """Gives a key without quotes that is a text to kustomize wherever it stands."""
    if not is_key_to_kustomize(ScalarNode(text, "", 0, 0)):
        raise Unsure
    return text


def _scalar(node: ScalarNode) -> Any:
    if not node.value and not node.style and node.tag.rpartition(":")[2] in ("", "null"):
        return EMPTY
    return scalar_by_kustomize(node)


def plain_value(text: str) -> Any:
    """Gives what kustomize reads from a scalar without quotes."""
    return read_by_kustomize(text) if text else EMPTY


def read_manifests(
    text: str,
    *,
    path: str | None = None,
    is_patch: bool = False,
    values: Mapping[str, Any] = NOTHING_READ,
) -> tuple[tuple[int, int | None, int, Manifest], ...]:
    r"""Gives the objects of a file as kustomize reads them, those of lists one by one.

    Args:
        is_patch: whether it is a patch, in which a null of an annotation deletes it.
        values: of documents that Flux v1 read already, by their texts.

    Returns:
        For each object the index of its document, its index in a list or `None`, its line, its value.

    Raises:
        InvalidManifest: kustomize refuses the file.

    Source: kustomize api 0.21 `resource/factory.go` `SliceFromBytes`.

    >>> [found[3]["kind"] for found in read_manifests("kind: A\nmetadata: {name: a}\n---\n# nothing\n")]
    ['A']
    """
    found: list[tuple[int, int | None, int, Manifest]] = []
    text = text.removeprefix(BYTE_ORDER_MARK).replace("\r\n", "\n")
    for index, span in enumerate(split_documents(text)):
        value = read_value(text[span.start : span.end], path=path, line=span.line, values=values)
        if is_null(value) or value == {}:
            continue
        pending: list[tuple[int | None, Any]] = [(None, value)]
        position = 0
        while pending:
            item, manifest = pending.pop(0)
            _check(manifest, path, span.line)
            items = manifest.get("items", False) if text_of(manifest["kind"]).endswith("List") else False
            if items is False:
                found.append((index, item, span.line, _with_texts(manifest, is_patch)))
                continue
            if not isinstance(items, list) and not is_null(items):
                raise InvalidManifest("the items of a list are no list", path=path, line=span.line)
            for child in as_list(items):
                if not is_null(child):
                    pending.append((position, child))
                    position += 1
    return tuple(found)


def _check(manifest: Any, path: str | None, line: int) -> None:
    if not isinstance(manifest, Mapping):
        raise InvalidManifest("a document that is no mapping, which kustomize refuses", path=path, line=line)
    kind = manifest.get("kind")
    if is_null(kind) or not text_of(kind):
        raise InvalidManifest("an object without kind, which kustomize refuses", path=path, line=line)
    if text_of(kind).endswith("List"):
        return
    metadata = manifest.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if is_null(name) or not text_of(name):
        raise InvalidManifest(
            "an object without metadata.name, which kustomize refuses", path=path, line=line
        )


def _with_texts(manifest: Manifest, is_patch: bool) -> Manifest:
    """Gives an object with its annotations as texts."""
    # kustomize writes all annotations anew at the end of a build, as the texts that stand in the files.
    annotations = annotations_of(manifest)
    if all(value.__class__ is str for value in annotations.values()):
        return manifest
    texts = {
        key: EMPTY_TEXT
        if value.__class__ is _Empty
        else value
        if is_patch and value is None
        else text_of(value)
        for key, value in annotations.items()
    }
    return {**manifest, "metadata": {**manifest["metadata"], "annotations": texts}}
