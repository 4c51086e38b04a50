"""Objects that are made: where each goes, how it is written, and with which comments."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any, Literal

from fluxv2_migrate.placement.homes import Homes
from fluxv2_migrate.repository.workspace import Change, Workspace
from fluxv2_migrate.yaml_text import Style, emit_mapping


@dataclass(frozen=True, slots=True)
class FieldComment:
    """A comment that belongs to a field of what is made.

    Attributes:
        fields: dotted, the first that is there counts; of a mapping its first value.
        text: with its `#`.
    """

    fields: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Unplaced:
    """An object that is made, before it has a file.

    Attributes:
        rule: that makes it, as changes name it.
        folder: the name of the folder for files of its kind.
        stems: what its file in that folder may be called, the best first.
        group: what else shares its file: all that has the same group.
        comments: that belong to its fields.
        where: in a file of its folder, beside a file that needs it, or in that file.
        near: files that need it, each with the clusters that see it there.
        stems_beside: what its file beside one of those may be called.
    """

    rule: str
    manifest: Mapping[str, Any]
    clusters: tuple[str, ...]
    folder: str
    stems: tuple[str, ...]
    group: tuple[str, ...]
    comments: tuple[FieldComment, ...] = ()
    where: Literal["folder", "beside", "same"] = "folder"
    near: tuple[tuple[str, tuple[str, ...]], ...] = ()
    stems_beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Generated:
    """An object that is made, in its file.

    Attributes:
        rule: that makes it, as changes name it.
        file: that holds it; its end, where that is a file that was there before.
        clusters: that see it there, sorted.
        comments: that belong to its fields.
        written: as it stands in its file, where kustomizations add something to its name.
    """

    rule: str
    manifest: Mapping[str, Any]
    file: str
    clusters: tuple[str, ...]
    comments: tuple[FieldComment, ...] = ()
    written: Mapping[str, Any] | None = None

    @property
    def resource(self) -> str:
        """Names it as changes do."""
        metadata = self.manifest["metadata"]
        name = "/".join(metadata[key] for key in ("namespace", "name") if key in metadata)
        return f"{self.manifest['kind']} {name}"


_Place = tuple[str, tuple[str, ...], Mapping[str, Any] | None]
"""A file, the clusters that see an object there, and how it is written there if that is another name."""


@dataclass(slots=True)
class Places:
    """Gives objects their files, and lists these where their clusters build a kustomization."""

    homes: Homes
    _files: dict[tuple[str, ...], str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)

    def place(self, wanted: Unplaced) -> tuple[Generated, ...]:
        """Gives an object in each of the files in which its clusters see it once.

        Raises:
            NoHome: there is no place where it would stay what it is.
            CannotEdit: a kustomization that must list it cannot be edited.
        """
        places = list(self._near(wanted) if wanted.where != "folder" else ()) or list(self._at_home(wanted))
        return tuple(
            Generated(wanted.rule, wanted.manifest, file, clusters, wanted.comments, written)
            for file, clusters, written in places
        )

    def _near(self, wanted: Unplaced) -> Iterator[_Place]:
        for file, clusters in wanted.near:
            if self.homes.leaves_alone(file, wanted.manifest):
                yield file if wanted.where == "same" else self._beside(file, wanted), clusters, None
                return

    def _beside(self, file: str, wanted: Unplaced) -> str:
        key = (file, *wanted.group)
        if key not in self._files:
            path = self._free(posixpath.dirname(file), wanted.stems_beside)
            self.homes.list_beside(file, path)
            self._take(key, path)
        return self._files[key]

    def _at_home(self, wanted: Unplaced) -> Iterator[_Place]:
        for home, clusters in self.homes.choose(wanted.clusters, wanted.manifest):
            key = (home, *wanted.group)
            if key not in self._files:
                folder = self.homes.folder(home, wanted.folder, wanted.manifest)
                path = self._free(folder, wanted.stems)
                self.homes.list_file(home, path)
                self._take(key, path)
            yield self._files[key], clusters, self.homes.written(home, wanted.manifest)

    def _take(self, key: tuple[str, ...], path: str) -> None:
        self._files[key] = path
        # Some disks take two names for one that differ in their letters alone.
        self._taken.add(path.lower())

    def _free(self, folder: str, stems: Sequence[str]) -> str:
        paths = (posixpath.join(folder, f"{stem}.yaml") for stem in stems)
        counted = (posixpath.join(folder, f"{stems[0]}-{number}.yaml") for number in count(2))
        return next(path for path in chain(paths, counted) if self._is_free(path))

    def _is_free(self, path: str) -> bool:
        workspace = self.homes.workspace
        # A folder of that name leaves no room for a file.
        is_there = workspace.is_taken(path) or workspace.has_below(path)
        return path.lower() not in self._taken and not is_there


def write_generated(generated: Sequence[Generated], workspace: Workspace) -> None:
    """Writes what is made."""
    style = workspace.style
    # What clusters have in common is one object, and one text.
    texts: dict[tuple[int, tuple[FieldComment, ...]], str] = {}
    for each in generated:
        manifest = each.written or each.manifest
        key = (id(manifest), each.comments)
        if key not in texts:
            texts[key] = generated_text(manifest, each.comments, style)
        workspace.create(each.file, texts[key], Change(each.rule, each.resource, "", 1, (), each.file, ""))


def generated_text(manifest: Mapping[str, Any], comments: Iterable[FieldComment], style: Style) -> str:
    """Gives an object as a document.

    Args:
        comments: one alone stands behind the value of its field, several of a field stand above it.

    >>> policy = {"spec": {"policy": {"semver": {"range": "~1.4"}}}}
    >>> print(generated_text(policy, [FieldComment(("spec.policy",), "# never 2.x")], Style()), end="")
    ---
    spec:
      policy:
        semver:
          range: ~1.4 # never 2.x
    """
    lines = [f"---{style.newline}", *emit_mapping(manifest, style).splitlines(keepends=True)]
    fields = list(_fields(lines))
    by_line: dict[int, list[str]] = {}
    for comment in comments:
        by_line.setdefault(_line_of(comment, fields), []).append(comment.text)
    for index in sorted(by_line, reverse=True):
        texts = list(dict.fromkeys(by_line[index]))
        if len(texts) == 1:
            lines[index] = f"{lines[index].rstrip()} {texts[0]}{style.newline}"
        else:
            indent = lines[index][: len(lines[index]) - len(lines[index].lstrip())]
            lines[index:index] = [f"{indent}{text}{style.newline}" for text in texts]
    return "".join(lines)


def _fields(lines: Iterable[str]) -> Iterator[str]:
    """Gives for each line the field whose value stands in it, dotted; nothing where none does."""
    above: list[tuple[int, str]] = []
    for line in lines:
        key, _, value = line.strip().partition(":")
        indent = len(line) - len(line.lstrip())
        above = [*(each for each in above if each[0] < indent), (indent, key)]
        yield ".".join(name for _, name in above) if value else ""


def _line_of(comment: FieldComment, fields: Sequence[str]) -> int:
    for wanted in comment.fields:
        for index, each in enumerate(fields):
            if each == wanted or each.startswith(f"{wanted}."):
                return index
    return 0
