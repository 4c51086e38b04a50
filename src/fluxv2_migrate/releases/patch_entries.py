"""Patches in kustomizations: their texts there, what they are for, and new ones for single releases."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, TypeAlias

from fluxv2_migrate.clusters import Way
from fluxv2_migrate.kustomize import PatchPlace, Step, add_patch, merged_with, remove_entry, steps_apart
from fluxv2_migrate.plan import Leaves, as_patch, fields_part, merge_difference
from fluxv2_migrate.releases.configured_fields import FieldEdit, LiteralEdit, SelectionEdit
from fluxv2_migrate.releases.patch_targets import target_of
from fluxv2_migrate.releases.release import ClustersDisagree
from fluxv2_migrate.repository.open_files import OpenFiles
from fluxv2_migrate.repository.workspace import kustomization_change
from fluxv2_migrate.yaml_text import (
    OpenDocument,
    Part,
    PartEdit,
    edit_document,
    edit_part,
    text_part,
    value_in,
)


@dataclass(frozen=True, slots=True)
class KustomizationEdit:
    """An edit of a whole kustomization.

    Attributes:
        edit: gives its text as it becomes; raises `CannotEdit` where that is not safe.
    """

    path: str
    edit: Callable[[str], str]

    def write(self, files: OpenFiles) -> None:
        """Edits the file."""
        files.edit(self.path, self.edit, kustomization_change(self.path))


@dataclass(frozen=True, slots=True)
class _EntryEdit:
    """An edit of a part of a kustomization; what stands elsewhere in it keeps its place.

    Attributes:
        document: the index of the kustomization in its file.
        edit: gives the part as it becomes.
    """

    path: str
    document: int
    edit: PartEdit

    def write(self, files: OpenFiles) -> None:
        """Edits the file."""
        files.edit_part(self.path, self.document, self.edit, kustomization_change(self.path))


@dataclass(frozen=True, slots=True)
class _AddedPatch:
    """A patch that a kustomization gets behind all others.

    Attributes:
        patch: its text, or its value.
        target: what it is for.
    """

    path: str
    patch: str | Mapping[str, Any]
    target: Mapping[str, Any]

    def write(self, files: OpenFiles) -> None:
        """Edits the file."""
        files.add_patch(self.path, self.patch, self.target, kustomization_change(self.path))


KustomizationChange: TypeAlias = KustomizationEdit | _EntryEdit | _AddedPatch
"""What is done to a kustomization."""


@dataclass(slots=True)
class Unfinished:
    """A release in one of its ways, of which something may be left to be written.

    Attributes:
        form: what it is by now, without values.
        wanted: what it shall be.
    """

    way: Way
    form: Mapping[str, Any]
    wanted: Mapping[str, Any]

    @property
    def leaves(self) -> Leaves:
        """What is left to be written."""
        return merge_difference(self.form, self.wanted)

    def write(self, leaves: Leaves) -> None:
        """Writes fields."""
        self.form = merged_with(dict(self.form), as_patch(leaves))


@dataclass(slots=True)
class KustomizationEdits:
    """Collects the edits of kustomizations.

    Attributes:
        made: what is to be done, in order.
    """

    made: list[KustomizationChange] = field(default_factory=list)

    def replace_inline(
        self, place: PatchPlace, rewrite: Callable[[str], str], documents: Iterable[int]
    ) -> None:
        """Gives a patch that stands in a kustomization, or in a transformer, another text.

        Args:
            rewrite: gives it; of several documents in one text each may be another one's.
            documents: the indices of the documents of the file that have it.
        """
        # It is written in a trial, and once more where that went well.
        rewritten = lru_cache(maxsize=1)(rewrite)

        def edit(known: OpenDocument) -> Part:
            return text_part(known, place.said, rewritten(str(value_in(known.value, place.said)).strip()))

        self._edit_at(place, edit, documents)

    def retarget(
        self, place: PatchPlace, values: Mapping[str, str], removed: Collection[str], documents: Iterable[int]
    ) -> None:
        """Gives the target of a patch other fields.

        Args:
            documents: the indices of the documents of the file that have it.
        """
        path = (*place.entry, "target")
        self._edit_at(place, partial(fields_part, path=path, values=values, removed=removed), documents)

    def _edit_at(self, place: PatchPlace, edit: PartEdit, documents: Iterable[int]) -> None:
        def around(known: OpenDocument) -> Part:
            text = str(value_in(known.value, place.around))
            after = edit_document(text, lambda document: edit_part(document, edit), place.inner)
            return text_part(known, place.around, after)

        part = around if place.around else edit
        self.made += (_EntryEdit(place.file, each, part) for each in documents)

    def point(self, edit: FieldEdit | SelectionEdit) -> None:
        """Points a part of a kustomization to where fields are."""
        part: PartEdit = (
            partial(fields_part, path=edit.path, values=edit.values, removed=edit.removed)
            if isinstance(edit, SelectionEdit)
            else partial(text_part, path=edit.path, value=edit.text)
        )
        self.made.append(_EntryEdit(edit.file, 0, part))

    def write_literals(self, edit: LiteralEdit) -> None:
        """Writes what a replacement wrote, which goes."""
        for target, operations in edit.patches:
            self._edit(edit.file, partial(add_patch, patch=operations, target=target))
        self._edit(edit.file, lambda known: remove_entry(known, "replacements", edit.entry))

    def _edit(self, kustomization: str, edit: Callable[[str], str]) -> None:
        self.made.append(KustomizationEdit(kustomization, edit))

    def add_leaves(self, left: Iterable[Unfinished], api_version: str) -> None:
        """Has the outermost kustomizations write what is to be written for one release alone.

        Args:
            left: the release in each of its ways.
            api_version: of releases of Flux v2.

        Raises:
            ClustersDisagree: no kustomization tells two ways apart in which it is another release.
        """
        # What is written further out goes over what is written further in.
        ways = sorted(left, key=lambda each: len(each.way.built.steps))
        apart = steps_apart(((each.way.built.steps, each.leaves) for each in ways), goes_over=True)
        for index, (each, own) in enumerate(zip(ways, apart, strict=True)):
            leaves = each.leaves
            if leaves and not own:
                message = "it is another release in each build, and no kustomization tells them apart"
                raise ClustersDisagree(message, ("spec",))
            if leaves:
                self._add(own[-1], leaves, api_version)
            for other in ways[index + 1 :] if leaves else ():
                if any(step.path == own[-1].path for step in other.way.built.steps):
                    other.write(leaves)

    def _add(self, step: Step, leaves: Leaves, api_version: str) -> None:
        target = target_of(step)
        patch: str | dict[str, Any]
        if all(len(path) == 2 and isinstance(value, str) for path, value in leaves.items()):
            patch = "".join(
                f"- op: add\n  path: /{'/'.join(path)}\n  value: {value}\n" for path, value in leaves.items()
            )
        else:
            head = {"apiVersion": api_version, "kind": "HelmRelease", "metadata": {"name": step.name}}
            patch = {**head, **as_patch(leaves)}
        self.made.append(_AddedPatch(step.path, patch, target))
