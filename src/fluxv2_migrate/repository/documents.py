"""The documents of a repository, each with its text, its nodes and its value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux2.releases import is_of_flux2
from fluxv2_migrate.kubernetes import namespace_and_name, resource_of
from fluxv2_migrate.plan import Path
from fluxv2_migrate.yaml_text import (
    BYTE_ORDER_MARK,
    Node,
    Parts,
    ScalarNode,
    column_of,
    content_start,
    find_field,
    line_of,
    metadata_span,
    read_nodes,
    read_outline,
    read_value,
    reading_of,
    split_documents,
)
from fluxv2_migrate.yaml_text.readings import may_be_read_otherwise


@dataclass(slots=True)
class Document:
    """One document of a file.

    Attributes:
        index: which document of the file it is, empty ones and those that cannot be read counted.
        start: offset of its text in the file, without byte order mark.
        line: of its first character in the file, 1-based.
        key: what tells it from all other documents of a repository.
        value: in JSON's types; `None` for an empty document.
        is_alike: whether it is certain that kustomize reads each scalar of it as Flux v1 does.
    """

    path: str
    index: int
    start: int
    text: str
    line: int
    value: Any
    is_alike: bool = field(default=False, repr=False, compare=False)
    key: tuple[str, int] = field(init=False, repr=False, compare=False)
    _parts: Parts = field(default_factory=dict, repr=False, compare=False)
    _root: Node | None = field(default=None, repr=False, compare=False)
    _positions: dict[Path, tuple[int, int]] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.key = (self.path, self.index)

    @property
    def root(self) -> Node | None:
        """Its nodes, which are kept once somebody has asked for them: most documents are never edited."""
        if self._root is None:
            self._root = read_outline(self.text, self._parts)
        return self._root

    def let_nodes_go(self, asked: Iterable[Path] = ()) -> None:
        """Lets go of its nodes; who asks for them again has them read again.

        Args:
            asked: fields whose positions will be asked for, and are known without the nodes.
        """
        self._positions = {path: self.position(path) for path in asked} or self._positions
        self._root = None

    @property
    def identity(self) -> tuple[str, str]:
        """Namespace and name of the object, empty where there are none."""
        return namespace_and_name(self.manifest)

    @property
    def resource(self) -> str:
        """Names the object as findings do."""
        return resource_of(self.manifest)

    @property
    def manifest(self) -> Mapping[str, Any]:
        """The value, if it is a mapping; else an empty one."""
        return self.value if isinstance(self.value, dict) else {}

    def written(self, path: Path) -> str | None:
        """Gives the text of a scalar as it stands in the file, without quotes; `None` where there is none."""
        node = find_field(self.root, path)[1]
        return node.value if isinstance(node, ScalarNode) else None

    def position(self, path: Path) -> tuple[int, int]:
        """Gives line and column of a field in the file, or of what is nearest above it; 1-based."""
        if self._positions is not None and path in self._positions:
            return self._positions[path]
        start = self._start_of(path)
        return self.line + line_of(self.text, start), column_of(self.text, start) + 1

    def _start_of(self, path: Path) -> int:
        """Gives the offset of a field, or of what is nearest above it."""
        begin, root = 0, self._root
        if root is None and len(path) < 2:
            # Most often it is asked where the document itself begins, which its nodes are not needed for.
            start = content_start(self.text)
            if start is not None and (not path or self.text.startswith(f"{path[0]}: ", start)):
                return start
        if root is None and path[:1] == ("metadata",) and (span := metadata_span(self.text)) is not None:
            begin, root = span[0], read_nodes(self.text[span[0] : span[1]])
        found = find_field(self.root if root is None else root, path)[0]
        return begin if found is None else begin + found.start


def read_documents(
    path: str, text: str, *, by_kustomize: bool = False
) -> tuple[tuple[Document, ...], tuple[InvalidManifest, ...]]:
    r"""Gives every document of a file, and what is wrong with those that cannot be read.

    Documents of Flux v2's APIs are read as kustomize reads them, all others as fluxd did.

    Args:
        by_kustomize: whether all documents are of a repository of Flux v2.

    >>> documents, errors = read_documents("a.yaml", "a: 1\n---\nb: [\n")
    >>> documents[0].value, len(errors)
    ({'a': 1}, 1)
    """
    documents: list[Document] = []
    errors: list[InvalidManifest] = []
    text = text.removeprefix(BYTE_ORDER_MARK)
    for index, span in enumerate(split_documents(text)):
        part = text[span.start : span.end]
        try:
            value, parts, is_alike = reading_of(part, path=path, line=span.line)
        except InvalidManifest as error:
            errors.append(error)
            continue
        by_both = is_alike or not (by_kustomize or (isinstance(value, dict) and is_of_flux2(value)))
        if not by_both and may_be_read_otherwise(part):
            value = read_value(part, path=path, line=span.line, reader="kustomize")
        documents.append(Document(path, index, span.start, part, span.line, value, is_alike, parts))
    return tuple(documents), tuple(errors)
