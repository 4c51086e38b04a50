"""Patches that tie releases together which stay to others: they are split by what they are for.

What stays keeps its patch in v1 form, and its neighbours need not wait for it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from fluxv2_migrate.clusters import Closure, DocumentKey, builds_alike
from fluxv2_migrate.clusters.flux_kustomizations import FLUX_PATCH_FIELDS
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kustomize import PatchUse, add_patch, list_patch_file
from fluxv2_migrate.plan import edit_fields
from fluxv2_migrate.releases.patch_targets import narrowed, places_at
from fluxv2_migrate.releases.patched import HeldBack
from fluxv2_migrate.repository.workspace import RearrangedTexts
from fluxv2_migrate.surroundings.known import Surroundings
from fluxv2_migrate.yaml_text import CannotEdit, document_texts, edit_document, replace_text


@dataclass(slots=True)
class Ties:
    """Collects which releases stay by themselves, of those that hang together with others.

    Attributes:
        staying: by the closure.
    """

    staying: dict[Closure, set[DocumentKey]] = field(default_factory=dict)

    def stay(self, closure: Closure, documents: Collection[DocumentKey]) -> None:
        """Notes what of a closure stays whatever becomes of the rest."""
        self.staying.setdefault(closure, set()).update(documents)

    def split(self, around: Surroundings) -> RearrangedTexts:
        """Gives the patches split between what stays and the rest, where every build stays the same."""
        files: dict[str, str] = {}
        releases: set[str] = set()
        for closure, staying in self.staying.items():
            rest = set(closure.documents) - staying
            if not rest:
                continue
            # A patch that is put behind others may come too late for one of the two.
            for moved, kept in ((staying, rest), (rest, staying)):
                try:
                    made = _Splitter(closure, moved, kept, around, dict(files)).split()
                except (CannotEdit, HeldBack, InvalidManifest):
                    break
                if made == files:
                    break
                if builds_alike(around.clusters.tree, around.clusters.builds, made):
                    files = made
                    releases |= {path for path, _ in rest}
                    break
        return RearrangedTexts(files, frozenset(releases))


@dataclass(slots=True)
class _Splitter:
    """Splits the patches of one closure.

    Attributes:
        moved: the releases that get patches of their own.
        kept: those that keep the ones that are there.
        around: what is known of the repository.
        files: those that change or are new.
        copies: of files of patches, by the path of these.
    """

    closure: Closure
    moved: Collection[DocumentKey]
    kept: Collection[DocumentKey]
    around: Surroundings
    files: dict[str, str]
    copies: dict[str, str] = field(default_factory=dict)

    def split(self) -> dict[str, str]:
        shared = {use.path for use in self.closure.patches if use.path and self._places(use, self.kept)}
        for use in self.closure.patches:
            moved, kept = self._places(use, self.moved), self._places(use, self.kept)
            if use.kind not in ("merge", "json") and moved and kept:
                raise CannotEdit("what is no patch ties them")
            if moved and kept:
                self._split(use, moved, kept)
            elif moved and use.path in shared and use.field not in FLUX_PATCH_FIELDS and self._is_alone(use):
                self._repoint(use, moved)
        return self.files

    def _places(self, use: PatchUse, documents: Iterable[DocumentKey]) -> set[tuple[str, str]]:
        if use.kind in ("merge", "json"):
            return places_at(use, self.closure, documents)
        reached = {
            key for key in documents for way in self.closure.ways[key] if use in way.built.replacements
        }
        return {("", path) for path, _ in reached}

    def _is_alone(self, use: PatchUse) -> bool:
        """Gives whether a file holds one patch alone, so that all of it can be another one."""
        return len(document_texts(self.around.clusters.tree.text(use.path))) == 1

    def _repoint(self, use: PatchUse, moved: set[tuple[str, str]]) -> None:
        """Gives releases a file of their own, where they share one."""
        place = self.around.clusters.tree.patch_place(use)
        if place.around:
            raise CannotEdit(
                "a transformer that is a text inside its kustomization patches with a shared file"
            )
        path = self._copied_for(use, moved)
        self._edit(place.file, lambda text: replace_text(text, place.said, path), place.document)

    def _copied_for(self, use: PatchUse, moved: set[tuple[str, str]]) -> str:
        """Gives the copy of the file of a patch, as its kustomization writes it."""
        copy = self._copy(use.path, min(name for _, name in moved))
        return posixpath.relpath(copy, posixpath.dirname(use.kustomization) or ".")

    def _split(self, use: PatchUse, moved: set[tuple[str, str]], kept: set[tuple[str, str]]) -> None:
        patch = self.around.clusters.tree.patch_entry(use)
        if patch is None or patch.target is None or use.field != "patches":
            raise CannotEdit("a patch that is for several releases, and names none")
        target = dict(patch.target)
        own, others = narrowed(kept, moved), narrowed(moved, kept)
        at = (use.field, use.entry, "target")
        self._edit(use.kustomization, lambda text: edit_fields(text, at, own))
        target |= others
        if use.path:
            path = self._copied_for(use, moved)
            self._edit(use.kustomization, lambda text: list_patch_file(text, path, target=target))
        else:
            self._edit(use.kustomization, lambda text: add_patch(text, patch.inline, target))

    def _copy(self, path: str, name: str) -> str:
        """Gives a file that holds the same patch, called after a release that it is for."""
        if path not in self.copies:
            tree = self.around.clusters.tree
            stem, ending = posixpath.splitext(path)
            names = (f"{stem}-{name}{number}{ending}" for number in ("", "-2", "-3"))
            free = next((each for each in names if each not in tree.files and each not in self.files), None)
            if free is None:
                raise CannotEdit("the names of a copy are taken")
            self.files[free] = tree.text(path)
            self.copies[path] = free
        return self.copies[path]

    def _edit(self, path: str, edit: Callable[[str], str], document: int = 0) -> None:
        text = self.files.get(path, self.around.repository.texts[path])
        self.files[path] = edit_document(text, edit, document)
