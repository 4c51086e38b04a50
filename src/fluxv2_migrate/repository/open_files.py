"""Files of a workspace that are edited in many places: each document is read once for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from fluxv2_migrate.kustomize import add_patch, add_patches
from fluxv2_migrate.repository.workspace import Change, Workspace
from fluxv2_migrate.yaml_text import OpenDocument, PartEdit, detect_style, document_texts, edit_document

_AddedPatch: TypeAlias = tuple[str | Mapping[str, Any], Mapping[str, Any]]
"""A patch, and what it is for."""


@dataclass(slots=True)
class OpenFiles:
    """Files that are being edited; what was edited is in the workspace once they are closed."""

    workspace: Workspace
    _open: dict[str, dict[int, OpenDocument]] = field(default_factory=dict)
    _added: dict[str, list[_AddedPatch]] = field(default_factory=dict)

    def edit_part(self, path: str, index: int, edit: PartEdit, change: Change) -> None:
        """Edits a part of a document.

        Args:
            index: of the document in its file.
            change: what is done, where that makes a difference.

        Raises:
            CannotEdit: the document is written in a form in which this is not safe.
        """
        document = self._document(path, index)
        part = edit(document)
        if not document.takes(part):
            # Its place is where another part was written.
            self.close(path)
            document = self._document(path, index)
            part = edit(document)
        if document.put(part):
            self.workspace.note(change)

    def add_patch(
        self, path: str, patch: str | Mapping[str, Any], target: Mapping[str, Any], change: Change
    ) -> None:
        """Adds a patch to a kustomization, behind all that stand there, as `add_patch` does."""
        self._added.setdefault(path, []).append((patch, target))
        self.workspace.note(change)

    def edit(self, path: str, function: Callable[[str], str], change: Change) -> None:
        """Edits the text of a whole file, as `Workspace.edit` does."""
        self.close(path)
        self.workspace.edit(path, function, change)

    def close(self, path: str) -> None:
        """Puts a file into the workspace.

        Raises:
            CannotEdit: it would not mean what was decided.
        """
        for index, document in self._open.pop(path, {}).items():
            self._write(path, index, document.written())
        added = self._added.pop(path, [])
        if added:
            self.workspace.edit(path, lambda text: _with_patches(text, added))

    def _write(self, path: str, index: int, written: str) -> None:
        self.workspace.edit(path, lambda text: edit_document(text, lambda _: written, index))

    def close_all(self) -> None:
        """Puts all files into the workspace.

        Raises:
            CannotEdit: one would not mean what was decided.
        """
        for path in (*self._open, *self._added):
            self.close(path)

    def _document(self, path: str, index: int) -> OpenDocument:
        documents = self._open.setdefault(path, {})
        if index not in documents:
            documents[index] = OpenDocument((document_texts(self.workspace.text(path) or "") or [""])[index])
        return documents[index]


def _with_patches(text: str, added: Sequence[_AddedPatch]) -> str:
    """Gives a kustomization with patches behind all others, each in the style of the text before it."""
    together = add_patches(text, added)
    if detect_style(together) == detect_style(text):
        return together
    for patch, target in added:
        text = add_patch(text, patch, target)
    return text
