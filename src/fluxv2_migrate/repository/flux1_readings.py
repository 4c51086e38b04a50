"""Documents in which both Fluxes read what Flux v1 read, put in the place of those where they do not."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux1.apis import RELEASE_KINDS
from fluxv2_migrate.flux1.policies import is_annotated, is_of_fluxd
from fluxv2_migrate.flux2.releases import is_of_flux2
from fluxv2_migrate.folders import is_kustomization_file
from fluxv2_migrate.given import like_given
from fluxv2_migrate.kubernetes import as_list, group_of, named, objects_in
from fluxv2_migrate.kustomize.fields import PATCH_FIELDS, in_own_letters
from fluxv2_migrate.kustomize.listed_transformers import TRANSFORMER_API
from fluxv2_migrate.repository.reading import Document, Repository, is_old_release, read_documents, read_file
from fluxv2_migrate.repository.workspace import Change, with_spans
from fluxv2_migrate.yaml_text import (
    BYTE_ORDER_MARK,
    YAML_ENDINGS,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    column_of,
    compose,
    line_of,
    read_nodes,
    reading_of,
    split_documents,
    value_of,
)
from fluxv2_migrate.yaml_text.readings import (
    ScalarReadOtherwise,
    may_be_read_otherwise,
    scalars_read_otherwise,
    with_flux1_readings,
)

_IN_QUOTES: Final = {
    '"': re.compile(r"\\(?:x..|u.{4}|U.{8}|.)|."),
    "'": re.compile(r"''|."),
}
"""What stands for one character in quotes."""


@dataclass(frozen=True, slots=True)
class RewrittenDocument:
    """A document that Flux v2 would read otherwise, and how it is written so that it does not.

    Attributes:
        document: as it is read by now.
        original: its text as it was.
        patched: of a JSON patch, the names of the releases that it is for, as the patterns of its targets.
    """

    document: Document
    original: str
    scalars: tuple[ScalarReadOtherwise, ...]
    patched: tuple[str, ...] = ()

    def span(self) -> tuple[int, int, str]:
        """Gives begin and end of the document as it was, and what comes there."""
        start = self.document.start
        return start, start + len(self.original), with_flux1_readings(self.original, self.scalars)

    @property
    def is_for_fluxd(self) -> bool:
        """Whether nothing is written otherwise but what fluxd alone reads."""
        return all(map(is_told_to_fluxd, self.scalars))

    def line(self, scalar: ScalarReadOtherwise) -> int:
        """Gives the line of a scalar in its file; writing it otherwise moves no line."""
        return self.document.line + line_of(self.original, scalar.start)

    def changes(self) -> Iterator[Change]:
        """Gives what was done, one change for each scalar."""
        manifest, path = self.document.manifest, self.document.path
        resource = named(str(manifest.get("kind") or "Kustomization"), *self.document.identity)
        for scalar in self.scalars:
            field = ".".join(scalar.path)
            yield Change("flux1-reading", resource, path, self.line(scalar), (field,), path, field)


@dataclass(frozen=True, slots=True)
class Flux1Readings:
    """A repository in which both Fluxes read what Flux v1 read.

    Attributes:
        documents: those that are written otherwise than they were.
        unwritten: releases of Flux v1 that would be, if they were not to stay as they are.
        originals: by path, the texts of their files as they were.
    """

    files: Mapping[str, str | bytes]
    documents: tuple[RewrittenDocument, ...] = ()
    unwritten: tuple[RewrittenDocument, ...] = ()
    originals: Mapping[str, str] = field(default_factory=dict)


def write_flux1_readings(
    files: Mapping[str, str | bytes], repository: Repository, which: Literal["releases", "all", "none"]
) -> Flux1Readings:
    """Puts documents in which both Fluxes read what Flux v1 read into a repository.

    Args:
        repository: as it was read; it holds the new documents afterwards.
        which: the releases of Flux v1, all manifests but those of Flux v2 and kustomizations, or none; the
            annotations of fluxd are read so in any case.
    """
    written: list[RewrittenDocument] = []
    unwritten: list[RewrittenDocument] = []
    originals: dict[str, str] = {}
    after = dict(files)
    patches = _json_patch_files(repository)
    for path, documents in _candidates(repository, patches, everything=which == "all"):
        patched = patches.get(path, ())
        found = [
            RewrittenDocument(each, each.text, scalars, patched if _is_json_patch(each) else ())
            for each in documents
            if (scalars := _looked_at(each, patches, everything=which == "all"))
        ]
        if which == "none":
            unwritten += [each for each in found if not each.is_for_fluxd]
            found = [each for each in found if each.is_for_fluxd]
        if not found:
            continue
        text = repository.texts[path]
        changed = with_spans(text, [each.span() for each in found])
        originals[path] = text
        after[path] = like_given(changed, files[path])
        by_index = {each.document.index: each for each in found}
        written += [
            replace(by_index[each.index], document=each)
            for each in _read_again(repository, path, changed)
            if each.index in by_index
        ]
    return Flux1Readings(after, tuple(written), tuple(unwritten), originals)


def is_told_to_fluxd(scalar: ScalarReadOtherwise) -> bool:
    """Gives whether a scalar is what fluxd is told by an annotation, which means nothing to Flux v2."""
    below = path_in_object(scalar.path)
    return below[:2] == ("metadata", "annotations") and is_of_fluxd(".".join(below[2:3]))


def path_in_object(path: tuple[str, ...]) -> tuple[str, ...]:
    """Gives a field of a document as the object has it that the field is of, be it in lists.

    >>> path_in_object(("items", "0", "items", "3", "data", "a"))
    ('data', 'a')
    """
    while path[:1] == ("items",):
        path = path[2:]
    return path


def _json_patch_files(repository: Repository) -> Mapping[str, tuple[str, ...]]:
    """Gives the files that hold JSON patches of releases, each with the names in its targets."""
    found: dict[str, tuple[str, ...]] = {}
    for path, text in sorted(repository.texts.items()):
        # Most kustomizations have no such patch and need not be read.
        if not is_kustomization_file(path) or "HelmRelease" not in text:
            continue
        spelled = in_own_letters(text)
        known = repository.documents.get(path) if spelled == text else None
        for document in known or read_documents(path, spelled)[0]:
            for name, pattern in _patches_of_releases(document.manifest):
                file = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
                found[file] = (*found.get(file, ()), pattern)
    return found


def _patches_of_releases(kustomization: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for field_name in ("patches", "patchesJson6902"):
        entries = kustomization.get(field_name)
        for entry in as_list(entries):
            target = entry.get("target") if isinstance(entry, dict) else None
            if not (isinstance(target, dict) and isinstance(entry.get("path"), str)):
                continue
            if target.get("kind") in RELEASE_KINDS:
                yield entry["path"], str(target.get("name") or ".*")


def _is_json_patch(document: Document) -> bool:
    return isinstance(document.value, list)


def _looked_at(
    document: Document, patches: Collection[str], *, everything: bool
) -> tuple[ScalarReadOtherwise, ...]:
    """Gives the scalars of a document that are to be written otherwise."""
    if document.path in patches and _is_json_patch(document):
        return _scalars(document)
    if is_kustomization_file(document.path):
        return tuple(_in_patches(document))
    if _is_manifest(document) if everything else is_old_release(document.manifest):
        return _scalars(document)
    # What kustomize built for fluxd it read so, too.
    is_of_both = is_annotated(document.manifest) and not is_of_flux2(document.manifest)
    return tuple(filter(is_told_to_fluxd, _scalars(document))) if is_of_both else ()


def _in_patches(document: Document) -> Iterator[ScalarReadOtherwise]:
    """Gives the scalars of patches of releases that stand in a kustomization."""
    # Letters move nothing, so that places in the one text are those in the other.
    root = compose(in_own_letters(document.text))
    for name, index, entry, node in _inline_patches(root):
        target = entry.get("target") if isinstance(entry, dict) else None
        kind = target.get("kind") if isinstance(target, dict) else None
        inside = [
            replace(each, start=span.start + each.start, end=span.start + each.end)
            for span in split_documents(node.value)
            for each in _in_patch(node.value[span.start : span.end], kind)
        ]
        starts = [_outside(document.text, node, each.start, each.written) for each in inside]
        ends = [start + len(each.written) for start, each in zip(starts, inside, strict=True)]
        at = (name, str(index))
        if any(
            start < 0 or document.text[start:end] != each.written
            for start, end, each in zip(starts, ends, inside, strict=True)
        ):
            # Where one stands cannot be told, and all of the text is written anew.
            first, whole = inside[0], json.dumps(with_flux1_readings(node.value, inside), ensure_ascii=False)
            path = (*at, *first.path)
            yield replace(first, start=node.start, end=node.end, path=path, replacement=whole)
            continue
        for start, end, each in zip(starts, ends, inside, strict=True):
            quoted = _quoted(each.replacement, node.style)
            yield replace(each, start=start, end=end, path=(*at, *each.path), replacement=quoted)


def _in_patch(text: str, kind: Any) -> Sequence[ScalarReadOtherwise]:
    """Gives the scalars of a patch, if it is one of releases.

    Args:
        kind: of what it is for, where its kustomization says so.
    """
    try:
        root = compose(text)
    except InvalidManifest:
        return ()
    value = value_of(root)
    is_for_releases = kind in RELEASE_KINDS
    if isinstance(value, dict):
        is_for_releases = any(is_old_release(each) for _, each in objects_in(value))
    return scalars_read_otherwise(text, root) if is_for_releases else ()


def _inline_patches(root: Node | None) -> Iterator[tuple[str, int, Any, ScalarNode]]:
    for key, entries in root.value if isinstance(root, MappingNode) else ():
        if key.value not in PATCH_FIELDS or not isinstance(entries, SequenceNode):
            continue
        for index, entry in enumerate(entries.value):
            node: Any = entry
            if isinstance(entry, MappingNode):
                node = next((value for name, value in entry.value if name.value == "patch"), None)
            if isinstance(node, ScalarNode):
                yield key.value, index, value_of(entry), node


def _outside(text: str, node: ScalarNode, offset: int, written: str) -> int:
    """Gives where a scalar of a text within a document stands in that; -1 where it cannot be told."""
    if node.style != "|":
        return _outside_of_lines(text, node, offset, written)
    first = text.index("\n", node.start) + 1
    line, column = line_of(node.value, offset), column_of(node.value, offset)
    rows = text[first : node.end].split("\n")
    indent = min(len(row) - len(row.lstrip(" ")) for row in rows if row.strip())
    return first + sum(len(row) + 1 for row in rows[:line]) + indent + column


def _outside_of_lines(text: str, node: ScalarNode, offset: int, written: str) -> int:
    raw = text[node.start : node.end]
    begin = raw.find(node.style) + 1 if node.style in _IN_QUOTES else 0
    characters = list(_IN_QUOTES[node.style].finditer(raw, begin, len(raw) - 1)) if begin else []
    if "\n" not in raw and len(characters) == len(node.value):
        return node.start + characters[offset].start()
    # Folds change no word, but where it stands.
    word = re.compile(re.escape(written))
    inside = [found.start() for found in word.finditer(node.value)]
    outside = [found.start() for found in word.finditer(text, node.start, node.end)]
    is_known = len(inside) == len(outside) and offset in inside
    return outside[inside.index(offset)] if is_known else -1


def _quoted(replacement: str, style: str) -> str:
    """Gives a text as it stands within quotes."""
    if style == '"':
        return json.dumps(replacement)[1:-1]
    return replacement.replace("'", "''") if style == "'" else replacement


def _candidates(
    repository: Repository, patches: Collection[str], *, everything: bool
) -> Iterator[tuple[str, Sequence[Document]]]:
    for path, text in sorted(repository.texts.items()):
        is_kustomization = is_kustomization_file(path)
        if not (everything or is_kustomization or path in repository.documents or path in patches):
            continue
        known = repository.documents.get(path)
        # Texts in kustomizations are read for themselves.
        is_alike = known is not None and not is_kustomization and all(each.is_alike for each in known)
        if is_alike or not may_be_read_otherwise(text):
            continue
        if known is not None:
            yield path, known
        elif (path.endswith(YAML_ENDINGS) or is_kustomization) and repository.chart_around(path) is None:
            yield path, read_documents(path, text)[0]


def _is_manifest(document: Document) -> bool:
    manifest = document.manifest
    is_of_kustomize = (
        group_of(manifest) == "kustomize.config.k8s.io" or manifest.get("apiVersion") == TRANSFORMER_API
    )
    is_read_by_kustomize = is_of_flux2(manifest) or is_of_kustomize
    return bool(manifest.get("apiVersion") and manifest.get("kind")) and not is_read_by_kustomize


def _scalars(document: Document) -> tuple[ScalarReadOtherwise, ...]:
    if document.is_alike or not may_be_read_otherwise(document.text):
        return ()
    # Not the document's own nodes, which would be kept until it is edited.
    return scalars_read_otherwise(document.text, read_nodes(document.text))


def _read_again(repository: Repository, path: str, text: str) -> Sequence[Document]:
    if path in repository.documents:
        read_file(repository, path, text)
        return repository.documents[path]
    repository.texts[path] = text
    return read_documents(path, text)[0]


def read_otherwise(text: str, indices: Collection[int]) -> Iterator[tuple[int, int, ScalarReadOtherwise]]:
    r"""Gives each scalar of a file that Flux v2 would read otherwise, with its document's index and its line.

    Args:
        indices: of the documents that are asked for.

    >>> [(index, line, each.path) for index, line, each in read_otherwise("a: b\n---\na: no\n", {0, 1})]
    [(1, 3, ('a',))]
    """
    body = text.removeprefix(BYTE_ORDER_MARK)
    for index, span in enumerate(split_documents(body)):
        part = body[span.start : span.end]
        if index not in indices or not may_be_read_otherwise(part):
            continue
        try:
            # Most was read before, with the ends of lines that kustomize reads.
            is_alike = reading_of(part.replace("\r\n", "\n")).is_alike
        except InvalidManifest:
            # Fluxd applied it, and kustomize refuses it as a whole: that is told of the file.
            continue
        for scalar in () if is_alike else scalars_read_otherwise(part, read_nodes(part)):
            yield index, span.line + line_of(part, scalar.start), scalar
