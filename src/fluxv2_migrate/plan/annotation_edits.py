"""Annotations taken from objects and given to them, in the text of a document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fluxv2_migrate.plan.flow_text import edit_flow
from fluxv2_migrate.yaml_text import (
    BlockMapping,
    MappingNode,
    Node,
    Style,
    detect_style,
    emit_scalar,
    ended_like,
    entry_at,
    read_again,
    read_document,
    read_nodes,
    step_into,
    value_in,
    value_of,
    with_value,
)


@dataclass(frozen=True, slots=True)
class AnnotationEdit:
    """What becomes of the annotations of one object.

    Attributes:
        values: the keys that are set, with their values.
        resource: where the object stands in its document: empty, or `("items", 0)` in a list.
        keep_comments: whether comments of what goes stay, on lines of their own.
    """

    remove: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    resource: tuple[str | int, ...] = ()
    keep_comments: bool = True


@dataclass(frozen=True, slots=True)
class AnnotatedText:
    """A document after its annotations were edited.

    Attributes:
        comments: comments that stood in annotations that went, with the annotation's key; they are still in
            the text unless the edit says otherwise.
    """

    text: str
    comments: tuple[tuple[str, str], ...]
    value: Any


def edit_annotations(
    text: str, edits: Iterable[AnnotationEdit], *, style: Style | None = None
) -> AnnotatedText:
    r"""Gives a document's text with annotations removed and set; all else keeps its bytes.

    An `annotations:` that would be left empty goes too. A comment above an annotation stays where it is.

    Args:
        edits: one for each object in it.
        style: how new lines are written; as the text is by default.

    Raises:
        CannotEdit: the text is written in a form that cannot be edited; nothing is done.

    >>> text = "metadata:\n  name: web\n  annotations:\n    fluxcd.io/automated: 'true' # always\nspec: {}\n"
    >>> edited = edit_annotations(text, [AnnotationEdit(("fluxcd.io/automated",), keep_comments=False)])
    >>> print(edited.text, end="")
    metadata:
      name: web
    spec: {}
    >>> edited.comments
    (('fluxcd.io/automated', '# always'),)
    """
    comments: list[tuple[str, str]] = []
    nodes, value = read_document(text)
    for edit in edits:
        edited = _edited(text, nodes, edit, style or detect_style(text), comments)
        if edited != text:
            value = _expected(value, edit)
            text = read_again(edited, value)
            nodes = read_nodes(text)
    return AnnotatedText(text, tuple(comments), value)


def _expected(value: Any, edit: AnnotationEdit) -> Any:
    known = value_in(value, (*edit.resource, "metadata"))
    metadata = {key: item for key, item in known.items() if key != "annotations"}
    there = known.get("annotations") or {}
    annotations = {key: item for key, item in there.items() if key not in edit.remove} | dict(edit.values)
    if annotations:
        metadata["annotations"] = annotations
    return with_value(value, (*edit.resource, "metadata"), metadata)


def _edited(
    text: str, root: Node | None, edit: AnnotationEdit, style: Style, comments: list[tuple[str, str]]
) -> str:
    metadata_key, metadata = entry_at(root, (*edit.resource, "metadata"))
    has_annotations = step_into(metadata, "annotations") is not None
    annotations = entry_at(metadata, ("annotations",))[1] if has_annotations else None
    there = value_of(annotations) or {}
    removed = [key for key in edit.remove if key in there]
    if not removed and not edit.values:
        return text
    is_empty = len(removed) == len(there) and not edit.values
    if isinstance(metadata, MappingNode) and metadata.is_flow and (is_empty or annotations is None):
        return _edited_flow_metadata(text, metadata, edit, is_empty=is_empty)
    if isinstance(annotations, MappingNode) and annotations.is_flow and not is_empty:
        return edit_flow(
            text, annotations, removed, {key: emit_scalar(item) for key, item in edit.values.items()}
        )
    part = BlockMapping.of_value(text, metadata_key, metadata, style)
    comments += _edit_block(part.mapping, edit, removed, is_empty=is_empty)
    return ended_like(part.render(), text)


def _edited_flow_metadata(text: str, metadata: MappingNode, edit: AnnotationEdit, *, is_empty: bool) -> str:
    """Takes the annotations out of metadata in one line, or writes them where none were."""
    if is_empty:
        return edit_flow(text, metadata, ["annotations"], {})
    written = ", ".join(f"{emit_scalar(key)}: {emit_scalar(item)}" for key, item in edit.values.items())
    return edit_flow(text, metadata, [], {"annotations": f"{{{written}}}"})


def _edit_block(
    metadata: BlockMapping, edit: AnnotationEdit, removed: list[str], *, is_empty: bool
) -> list[tuple[str, str]]:
    """Edits annotations that stand in lines of their own, and gives the comments that go with them."""
    if is_empty:
        name = "annotations" if len(removed) > 1 else removed[0]
        return [
            (name, comment) for comment in metadata.remove("annotations", keep_comments=edit.keep_comments)
        ]
    comments: list[tuple[str, str]] = []
    holder = metadata.child("annotations")
    for key in removed:
        comments += [(key, comment) for comment in holder.remove(key, keep_comments=edit.keep_comments)]
    for key, item in edit.values.items():
        holder.set(key, item)
    return comments
