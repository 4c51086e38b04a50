"""The values of a release, from wherever they stand in the tree.

Source: helm-operator 1.4.4 `pkg/release/values.go`: the entries in their order, then those of the release.
"""

from __future__ import annotations

import base64
import binascii
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fluxv2_migrate.clusters.reader import ClusterReader
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux1.apis import VALUES_SELECTORS
from fluxv2_migrate.flux1.charts import merged_values
from fluxv2_migrate.flux1.raw_files import RawFile, raw_files
from fluxv2_migrate.folders import in_common
from fluxv2_migrate.kubernetes import as_object, mapping_at, mappings_in
from fluxv2_migrate.kustomize import Build
from fluxv2_migrate.repository.reading import Document, read_documents
from fluxv2_migrate.yaml_text import read_last_ones

_BLOCK: Final = re.compile(r":[ \t]*\|[-+0-9]*[ \t]*(?:#.*)?$")
_VALUES_FILE: Final = "values.yaml"


@dataclass(frozen=True, slots=True)
class ValueSource:
    """Values as they stand in one place.

    Attributes:
        line: of the field that holds them, 1-based.
        document: in which each of them has its own line; `None` where they are a text inside of another.
        place: the field that holds them, in the document.
        above: lines above the document, where it is a text inside of another.
    """

    values: Mapping[str, Any] = field(repr=False)
    path: str
    line: int = 1
    document: Document | None = field(default=None, repr=False)
    place: tuple[str, ...] = ()
    above: int = 0

    def locate(self, key: Sequence[str]) -> tuple[str, int]:
        """Gives file and line of a value, or of what is nearest above it."""
        if self.document is not None:
            return self.path, self.above + self.document.position((*self.place, *key))[0]
        return self.path, self.line

    def holds(self, key: Sequence[str]) -> bool:
        """Gives whether it has a value."""
        found: Any = self.values
        for part in key:
            if not isinstance(found, Mapping) or part not in found:
                return False
            found = found[part]
        return True


def values_of_sources(sources: Sequence[ValueSource]) -> dict[str, Any]:
    """Gives what the sources give together: maps are merged, of all else the later one counts.

    >>> one, other = ValueSource({"a": {"b": 1, "c": 2}}, "x"), ValueSource({"a": {"b": 3}}, "y")
    >>> values_of_sources([one, other])
    {'a': {'b': 3, 'c': 2}}
    """
    merged: dict[str, Any] = {}
    for source in sources:
        merged = merged_values(merged, source.values)
    return merged


# Where they are


def value_sources(
    manifest: Mapping[str, Any],
    namespace: str,
    near: str,
    reader: ClusterReader,
    is_own: Callable[[RawFile], bool],
    build: Build | None,
) -> Iterator[ValueSource | str]:
    """Gives the sources of a release's values that the tree has, in the order in which they are merged.

    Args:
        near: the file of the release: clusters have objects of one name, each in its own folder.
        is_own: whether a raw file is one of this repository.
        build: in which the release is, if it is in one: a ConfigMap may be generated there.

    Returns:
        Each source; a text instead of one that the tree has not says which it is.
    """
    spec = as_object(manifest.get("spec"))
    for entry in _entries(spec):
        for kind in ("ConfigMap", "Secret"):
            if (name := entry.get(kind)) is not None:
                place = entry.get("namespace") or namespace
                found = _of_object(kind, name, place, near, entry["key"], reader, build)
                yield found or f"{kind} {name}"
        if (url := entry.get("url")) is not None:
            yield _of_url(url, reader, is_own) or url
        if (path := entry.get("file")) is not None:
            yield _of_chart_file(path, spec, reader) or path


def _entries(spec: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Gives the references of both Fluxes in one form: kind to name with key and namespace, `url`, `file`."""
    for each in mappings_in(spec.get("valueFileSecrets")):
        yield {"Secret": str(each.get("name")), "key": _VALUES_FILE}
    for each in mappings_in(spec.get("valuesFrom")):
        for old, kind in VALUES_SELECTORS.items():
            if isinstance(given := each.get(old), Mapping):
                key = str(given.get("key") or _VALUES_FILE)
                yield {
                    kind: str(given.get("name")),
                    "key": key,
                    "namespace": str(given.get("namespace") or ""),
                }
        if isinstance(given := each.get("externalSourceRef"), Mapping):
            yield {"url": str(given.get("url") or "")}
        if isinstance(given := each.get("chartFileRef"), Mapping):
            yield {"file": str(given.get("path") or "")}
        if each.get("kind") in VALUES_SELECTORS.values() and not each.get("targetPath"):
            yield {
                str(each["kind"]): str(each.get("name")),
                "key": str(each.get("valuesKey") or _VALUES_FILE),
            }


def config_map_data(
    name: str, namespace: str, near: str, reader: ClusterReader, build: Build | None = None
) -> Mapping[str, Any]:
    """Gives the data of a ConfigMap of the tree; nothing where it has none of that name.

    Args:
        near: the file of what refers to it.
    """
    found = next(_objects("ConfigMap", name, namespace, near, reader, build), None)
    return as_object(found[0].get("data")) if found is not None else {}


def _objects(
    kind: str, name: str, namespace: str, near: str, reader: ClusterReader, build: Build | None
) -> Iterator[tuple[Mapping[str, Any], str, Document | None]]:
    """Gives the objects of a name, each with its file and, where it is no generated one, its document."""
    if build is not None:
        called = reader.built_called(build, kind, name)
        there = (
            each
            for each in called
            if str(mapping_at(each.manifest, "metadata").get("namespace") or namespace) == namespace
        )
        for built in there:
            path = built.path or next((step.path for step in built.steps[:1]), "")
            yield built.manifest, path or reader.tree.kustomizations[build.folder].path, None
    documents = [each for each in reader.documents_called(kind, name) if each.identity[0] in ("", namespace)]
    documents.sort(key=lambda each: in_common(near, each.path), reverse=True)
    yield from (found for document in documents for found in _as_built(document, near, reader))


def _as_built(
    document: Document, near: str, reader: ClusterReader
) -> Sequence[tuple[Mapping[str, Any], str, Document | None]]:
    """Gives what kustomizations make of an object, those that stand nearest first; else the object itself."""
    kind, name = str(document.manifest.get("kind")), document.identity[1]
    roots = sorted(reader.tree.roots, key=lambda each: in_common(near, f"{each}/"), reverse=True)
    made = [
        (built.manifest, document.path, None)
        for folder in roots
        for built in reader.built_called(reader.build(folder), kind, name)
        if (built.path, built.index) == document.key and built.patches
    ]
    return made or [(document.manifest, document.path, document)]


def _of_object(
    kind: str, name: str, namespace: str, near: str, key: str, reader: ClusterReader, build: Build | None
) -> ValueSource | None:
    for manifest, path, document in _objects(kind, name, namespace, near, reader, build):
        holder = next((each for each in ("data", "stringData") if key in as_object(manifest.get(each))), "")
        line = 1 if document is None else document.position((holder, key))[0]
        text = _data(manifest, key)
        found = _parsed(text, path, line)
        if found is not None:
            is_block = document is not None and _is_block(reader.text(path), line)
            return _with_lines(found, read_documents(path, text)[0], line) if is_block else found
    return None


def _data(manifest: Mapping[str, Any], key: str) -> str:
    """Gives the text of a key; an empty one where it is not there, or cannot be read."""
    plain = as_object(manifest.get("stringData")).get(key)
    given = as_object(manifest.get("data")).get(key)
    if isinstance(plain, str):
        return plain
    if not isinstance(given, str):
        return ""
    if manifest.get("kind") != "Secret":
        return given
    try:
        return base64.b64decode(given, validate=False).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""


def _of_url(url: str, reader: ClusterReader, is_own: Callable[[RawFile], bool]) -> ValueSource | None:
    for raw in raw_files(url, reader.files.keys()):
        if is_own(raw) and (found := _parsed(reader.text(raw.path), raw.path, 1)) is not None:
            return _with_lines(found, reader.documents_of(raw.path), 0)
    return None


def _of_chart_file(path: str, spec: Mapping[str, Any], reader: ClusterReader) -> ValueSource | None:
    folder = str(as_object(spec.get("chart")).get("path") or "").strip("/")
    file = posixpath.normpath(posixpath.join(folder, path))
    found = _parsed(reader.text(file), file, 1) if file in reader.files else None
    return None if found is None else _with_lines(found, reader.documents_of(file), 0)


def _with_lines(found: ValueSource, documents: Sequence[Document], above: int) -> ValueSource:
    """Gives values with the document that tells the line of each of them, where there is one."""
    return replace(found, document=documents[0], above=above) if len(documents) == 1 else found


def _is_block(text: str, line: int) -> bool:
    """Gives whether the lines below one are a text of their own, as they stand."""
    rows = text.splitlines()
    return 0 < line <= len(rows) and _BLOCK.search(rows[line - 1]) is not None


def _parsed(text: str, path: str, line: int) -> ValueSource | None:
    if not text.strip() or "ENC[" in text:
        return None
    try:
        value = read_last_ones(text)
    except InvalidManifest:
        return None
    return ValueSource(value, path, line) if isinstance(value, Mapping) else None
