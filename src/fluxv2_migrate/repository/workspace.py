"""The texts of a repository as they become, with each change that was done to them."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import chain
from operator import itemgetter
from typing import Final, TypeAlias

from fluxv2_migrate.folders import folders_of
from fluxv2_migrate.plan import Operation, Path, Remove, Set
from fluxv2_migrate.repository.reading import Document
from fluxv2_migrate.yaml_text import BYTE_ORDER_MARK, Style, splice, split_documents

_OF_PATCHES: Final = "patch"
"""A patch says what is left of all rules for the release that it patches: none of them alone."""
_HEADER: Final = re.compile(r"((?:[ \t]*(?:#.*)?\r?\n)+)---(?=[ \t\r\n])")
_MARKERS: Final = ("", "---", "...")
_AddAll: TypeAlias = Callable[[str, Sequence[str]], str]
_INDEX: Final = itemgetter(0)
_Span: TypeAlias = tuple[int, int, int, str]
"""The index of a document, its begin and end, and what comes there."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was done, and what it was computed from.

    Attributes:
        rule: which rule did it.
        resource: `kind namespace/name` of the v1 resource.
        path: the v1 file; empty for what is computed from no file.
        line: in that file, 1-based.
        fields: the v1 fields, dotted.
        target_path: the file that it went to.
        target_field: the v2 field, dotted; empty where something was removed.
    """

    rule: str
    resource: str
    path: str
    line: int
    fields: tuple[str, ...]
    target_path: str
    target_field: str


def kustomization_change(path: str) -> Change:
    """Gives what is done where a kustomization lists other files, or patches other objects, than before."""
    return Change("kustomization", f"Kustomization {path}", path, 1, (), path, "resources")


def change_of(operation: Operation, resource: str, path: str, line: int, target_path: str) -> Change:
    """Gives what an operation did, as provenance."""
    if isinstance(operation, Set):
        fields, target = operation.because, dotted(operation.path)
    elif isinstance(operation, Remove):
        fields, target = (dotted(operation.path),), ""
    else:
        fields, target = (dotted(operation.source),), dotted(operation.target)
    return Change(operation.rule or _OF_PATCHES, resource, path, line, fields, target_path, target)


@lru_cache(maxsize=256)
def dotted(path: Path) -> str:
    """Gives a field as changes name it: the same few change in all releases, and each is held once.

    >>> dotted(("spec", "timeout"))
    'spec.timeout'
    """
    return ".".join(path)


@dataclass(frozen=True, slots=True)
class RearrangedTexts:
    """Files of which what is built stays the same.

    Attributes:
        files: those that change or are new.
        owners: the files of the releases and workloads for which they are.
        is_needed: whether they are written although nothing else of them changes.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    owners: frozenset[str] = frozenset()
    is_needed: bool = False

    def with_more(self, other: RearrangedTexts) -> RearrangedTexts:
        """Gives these with those that were written afterwards."""
        return RearrangedTexts({**self.files, **other.files}, self.owners | other.owners)

    def stay(self, touched: Collection[str]) -> bool:
        """Gives whether they stay, once it is known which files the migration changes or makes."""
        return self.is_needed or not {*self.files, *self.owners}.isdisjoint(touched)


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it is by now.

    Attributes:
        base: the text that the offsets are of; that of the repository until the whole file is written anew.
        spans: of the documents that have another text, in their order; a mapping would take twice as much.
        gone: the indices of the documents that go.
        tail: what comes behind all documents.
        shift: the documents that went before the base was written.
        is_gone: whether the whole file goes.
    """

    base: str
    spans: tuple[_Span, ...] = ()
    gone: tuple[int, ...] = ()
    tail: str = ""
    shift: tuple[int, ...] | None = None
    is_gone: bool = False

    @property
    def is_left(self) -> bool:
        """Whether there is such a file; most lose no document, and need not be written for that."""
        return not self.is_gone and (not self.gone or self.text is not None)

    @property
    def text(self) -> str | None:
        """The file; nothing where nothing is left of it that anybody would miss."""
        if self.is_gone:
            return None
        body = with_spans(self.base, [span[1:] for span in self.spans])
        if self.gone and not self.tail:
            bare = [
                (start, end, "" if index in self.gone else text) for index, start, end, text in self.spans
            ]
            if _is_left_empty(with_spans(self.base, bare)):
                return None
        ends = not body.removeprefix(BYTE_ORDER_MARK) or body.endswith("\n")
        gap = "" if ends or not self.tail else _common_style([body]).newline
        return body + gap + self.tail

    def text_at(self, index: int) -> str | None:
        """Gives what comes in the place of a document; nothing where it has the text that it had."""
        at = bisect_left(self.spans, index, key=_INDEX)
        return self.spans[at][3] if at < len(self.spans) and self.spans[at][0] == index else None

    def with_text(self, document: Document, text: str) -> tuple[_Span, ...]:
        """Gives the spans with one for a document, in place of the one that it had."""
        index = document.index
        begin, end = (find(self.spans, index, key=_INDEX) for find in (bisect_left, bisect_right))
        return (*self.spans[:begin], (index, *self.place_of(document), text), *self.spans[end:])

    def place_of(self, document: Document) -> tuple[int, int]:
        """Gives begin and end of a document in the base."""
        if self.shift is None:
            return document.start, document.start + len(document.text)
        index = document.index - sum(each < document.index for each in self.shift)
        span = split_documents(self.base.removeprefix(BYTE_ORDER_MARK))[index]
        return span.start, span.end


class Workspace:
    r"""The one place that knows what the texts of a repository look like by now.

    Args:
        texts: of every file that is UTF-8, as they were.
        taken: paths of all other files, so that no new one takes their place.

    >>> from fluxv2_migrate.repository.reading import read_documents
    >>> texts = {"a.yaml": "a: 1\n---\nb: 2\n"}
    >>> workspace = Workspace(texts)
    >>> first, second = read_documents("a.yaml", texts["a.yaml"])[0]
    >>> workspace.replace(second, "---\nb: 3\n")
    >>> workspace.delete(first)
    >>> workspace.create("b.yaml", "---\nc: 4\n")
    >>> workspace.changed, workspace.created, workspace.deleted
    ({'a.yaml': '---\nb: 3\n'}, {'b.yaml': '---\nc: 4\n'}, ())
    """

    def __init__(self, texts: Mapping[str, str], taken: Collection[str] = ()) -> None:
        self._texts = texts
        self._taken = taken
        # Most paths are in small letters already.
        self._lowered = frozenset(low for path in chain(texts, taken) if (low := path.lower()) != path)
        self._files: dict[str, _File] = {}
        # Branches share it: each asks for its own files.
        self._written: dict[str, tuple[_File, str | None]] = {}
        self._folders_of_files: set[str] = set()
        # Those of a branch are its own: all of them would be as many again for each branch.
        self._changes: dict[Change, None] = {}
        self._waiting: dict[str, tuple[_AddAll, list[str]]] = {}

    def branch(self) -> Workspace:
        """Gives a workspace that begins with what this one holds by now, to try something in."""
        self._settle_all()
        other = copy(self)
        other._waiting = {}
        other._files, other._changes = dict(self._files), {}
        other._folders_of_files = set(self._folders_of_files)
        return other

    def adopt(self, branch: Workspace) -> None:
        """Takes all that was done in a branch of it, in which nothing is done any more."""
        branch._settle_all()
        self._waiting.clear()
        self._files = branch._files
        self.note(*branch._changes)
        self._folders_of_files = branch._folders_of_files

    # What is there

    def text(self, path: str) -> str | None:
        """Gives the text of a file by now; nothing where there is none, or none any more."""
        self._settle(path)
        file = self._files.get(path)
        if file is None:
            return self._texts.get(path)
        known = self._written.get(path)
        if known is None or known[0] is not file:
            # Many ask what a file looks like, and few change it.
            known = self._written[path] = (file, file.text)
        return known[1]

    def has(self, path: str) -> bool:
        """Gives whether there is such a file by now."""
        file = self._files.get(path)
        if file is None:
            return path in self._texts
        return file.is_left

    def is_taken(self, path: str) -> bool:
        """Gives whether a path has or had a file, so that it is none for a new one, in whatever letters."""
        low = path.lower()
        is_there = any(low in paths for paths in (self._lowered, self._texts, self._taken))
        return is_there or path in self._files

    def is_new(self, path: str) -> bool:
        """Gives whether a file is one that was created."""
        return path in self._files and path not in self._texts

    def has_below(self, folder: str) -> bool:
        """Gives whether a folder has or had a file with a text in it, however deep."""
        return folder in self._folders or folder in self._folders_of_files

    def has_in_other_letters(self, folder: str) -> bool:
        """Gives whether some disks would take a folder for another one that is there, which it is not."""
        return folder.lower() in self._lowered_folders and not self.has_below(folder)

    def paths(self) -> Iterator[str]:
        """Gives the paths of all files that had or have a text."""
        yield from self._texts
        yield from (path for path in self._files if path not in self._texts)

    @cached_property
    def _lowered_folders(self) -> set[str]:
        """All folders that are not written in small letters, in these."""
        folders = folders_of(chain(self._texts, self._taken))
        return {low for folder in folders if (low := folder.lower()) != folder}

    @cached_property
    def _folders(self) -> set[str]:
        """All folders in which there was a text, and those that these lie in."""
        return folders_of(self._texts)

    def text_of(self, document: Document) -> str:
        """Gives the text of a document by now."""
        self._settle(document.path)
        file = self._files.get(document.path)
        if file is None:
            return document.text
        edited = file.text_at(document.index)
        if edited is not None:
            return edited
        start, end = file.place_of(document)
        return file.base.removeprefix(BYTE_ORDER_MARK)[start:end]

    # What is done

    def replace(self, document: Document, text: str, *changes: Change) -> None:
        """Puts another text in the place of a document."""
        file = self._file(document.path)
        self._keep(document.path, replace(file, spans=file.with_text(document, text)), changes)

    def delete(self, document: Document, *changes: Change) -> None:
        """Takes a document out of its file; a file of which nothing is left goes."""
        file = self._file(document.path)
        spans, gone = file.with_text(document, _kept_of(document)), (*file.gone, document.index)
        self._keep(document.path, replace(file, spans=spans, gone=gone), changes)

    def create(self, path: str, text: str, *changes: Change) -> None:
        """Puts a new document into a new file, or behind what a file holds, with that one's line ends."""
        file = self._file(path)
        if file.base:
            lines = text.split("\r\n") if "\r\n" in text else text.split("\n")
            text = _common_style([file.base]).newline.join(lines)
        self._keep(path, replace(file, tail=file.tail + text), changes)

    def rewrite(self, path: str, text: str, *changes: Change) -> None:
        """Takes the text of a whole file that was edited in the order of its documents, or is new."""
        file = self._file(path)
        gone = (*(file.shift or ()), *(index for index in file.gone if not file.text_at(index)))
        self._keep(path, _File(text, shift=gone), changes)

    def remove(self, path: str, *changes: Change) -> None:
        """Takes a whole file away."""
        self._keep(path, replace(self._file(path), is_gone=True), changes)

    def edit(self, path: str, function: Callable[[str], str], *changes: Change) -> None:
        """Edits the text of a whole file.

        Args:
            function: gives the file as it becomes.

        Raises:
            CannotEdit: the function does.
        """
        before = self.text(path) or ""
        after = function(before)
        if after != before:
            self.rewrite(path, after, *changes)

    def add(self, path: str, entry: str, function: _AddAll, *changes: Change) -> None:
        """Adds an entry to a file: the first one at once, and those behind it once somebody looks at it.

        Args:
            entry: one that can be added wherever the one before it could.
            function: gives a file with more entries.

        Raises:
            CannotEdit: the function does.
        """
        known = self._waiting.get(path)
        if known is not None and known[0] is function:
            known[1].append(entry)
            self.note(*changes)
            return
        before = self.text(path)
        self.edit(path, lambda text: function(text, [entry]), *changes)
        if self.text(path) != before:
            # Each reads the whole file, and there may be thousands.
            self._waiting[path] = (function, [])

    def _settle(self, path: str) -> None:
        """Puts into a file what waits for it."""
        function, entries = self._waiting.pop(path, (None, ()))
        if function is not None and entries:
            self.edit(path, lambda text: function(text, entries))

    def _settle_all(self) -> None:
        for path in list(self._waiting):
            self._settle(path)

    def note(self, *changes: Change) -> None:
        """Notes what was done."""
        self._changes.update(dict.fromkeys(changes))

    def _file(self, path: str) -> _File:
        self._settle(path)
        return self._files.get(path) or _File(self._texts.get(path, ""))

    def _keep(self, path: str, file: _File, changes: Iterable[Change]) -> None:
        if path not in self._files:
            self._folders_of_files |= folders_of([path])
        self._files[path] = file
        self.note(*changes)

    # What came of it

    @property
    def changed(self) -> dict[str, str]:
        """The new texts of changed files."""
        self._settle_all()
        found = ((path, self.text(path)) for path in self._files if path in self._texts)
        return {path: text for path, text in found if text not in (None, self._texts[path])}

    @property
    def created(self) -> dict[str, str]:
        """The texts of new files."""
        self._settle_all()
        found = ((path, self.text(path)) for path in self._files if path not in self._texts)
        return {path: text for path, text in found if text is not None}

    @property
    def deleted(self) -> tuple[str, ...]:
        """The files that go, sorted."""
        return tuple(sorted(path for path, file in self._files.items() if not file.is_left))

    @property
    def differing(self) -> dict[str, str | None]:
        """The new texts of all files that are not as they were; nothing for those that go."""
        return {**self.changed, **self.created, **dict.fromkeys(self.deleted)}

    @property
    def changes(self) -> tuple[Change, ...]:
        """What was done, each thing once."""
        return tuple(self._changes)

    @property
    def style(self) -> Style:
        """The style of new files beside those that change."""
        return _common_style([self._texts[path] for path in self._files if path in self._texts])


def _common_style(texts: Sequence[str]) -> Style:
    r"""Gives the style of new files beside these.

    >>> _common_style(["a\r\n", "b\r\n", "c\n"]).newline
    '\r\n'
    """
    crlf = sum("\r\n" in text for text in texts)
    return Style(newline="\r\n" if crlf * 2 > len(texts) else "\n")


def _kept_of(document: Document) -> str:
    """Gives what stays of a document that goes: comments above the first marker, which may be about all."""
    header = _HEADER.match(document.text) if document.start == 0 else None
    return header[1] if header else ""


def _is_left_empty(text: str) -> bool:
    r"""Gives whether nothing is left of a file that anybody would miss.

    >>> _is_left_empty("---\n\n"), _is_left_empty("# replicas: 2\n"), _is_left_empty("---\na: 1\n")
    (True, False, False)
    """
    return all(line.strip() in _MARKERS for line in text.removeprefix(BYTE_ORDER_MARK).splitlines())


def with_spans(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    """Gives a file with parts of it replaced.

    Args:
        spans: begin, end and what comes there, none within another one; offsets are those of the text
            without its byte order mark.

    >>> with_spans("a b c", [(0, 1, "x"), (4, 5, "z")])
    'x b z'
    """
    mark = BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
    return mark + splice(text[len(mark) :], spans)
