"""Annotations of fluxd that transformers give which stand in files, taken out of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from fluxv2_migrate.flux1.marks import is_of_fluxd
from fluxv2_migrate.kubernetes import mapping_at
from fluxv2_migrate.kustomize import Kustomization, KustomizeTree, listed_transformers, remove_entry
from fluxv2_migrate.plan import Set, apply_to_any_text, edit_fields
from fluxv2_migrate.repository.changes import kustomization_change
from fluxv2_migrate.repository.workspace import Workspace
from fluxv2_migrate.yaml_text import detect_style, document_texts, edit_documents, read_document, read_value

_GIVEN: Final = "annotations"


def marking_transformers(tree: KustomizeTree) -> Mapping[str, Sequence[Kustomization]]:
    """Gives the files of transformers that give annotations of fluxd, each with what lists it."""
    found: dict[str, list[Kustomization]] = {}
    for kustomization in tree.kustomizations.values():
        for each in listed_transformers(kustomization, tree) or ():
            if each.path and any(map(is_of_fluxd, each.pairs)):
                found.setdefault(each.path, []).append(kustomization)
    return found


def take_out_of_transformers(path: str, listing: Sequence[Kustomization], workspace: Workspace) -> None:
    """Takes the annotations of fluxd out of a file of transformers; one that gives nothing else goes.

    Raises:
        CannotEdit: a text is written in a form that cannot be edited.
    """
    texts = document_texts(workspace.text(path) or "")
    is_listed = all(path in {each.path for each in known.entries("transformers")} for known in listing)
    # A file that goes takes its comments along.
    is_left = len(texts) > 1 or "#" in texts[0] or not _gives_marks_alone(read_value(texts[0]))
    if is_left or not is_listed:
        workspace.edit(path, partial(edit_documents, edit=_without_marks), kustomization_change(path))
        return
    trial = workspace.branch()
    for kustomization in listing:
        for entry in kustomization.entries("transformers"):
            if entry.path == path:
                edit = partial(remove_entry, field=entry.field, entry=entry.entry)
                trial.edit(kustomization.path, edit, kustomization_change(kustomization.path))
    trial.remove(path, kustomization_change(path))
    workspace.adopt(trial)


def _gives_marks_alone(transformer: Mapping[str, Any]) -> bool:
    return all(map(is_of_fluxd, mapping_at(transformer, _GIVEN)))


def _without_marks(document: str) -> str:
    root, value = read_document(document)
    marks = [key for key in mapping_at(value or {}, _GIVEN) if is_of_fluxd(key)]
    if not marks:
        return document
    if not _gives_marks_alone(value):
        return edit_fields(document, (_GIVEN,), {}, marks)
    return apply_to_any_text((Set((_GIVEN,), {}),), document, root, detect_style(document), value).text
