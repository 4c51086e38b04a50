"""The operations over the text of one document, and comments above its fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from fluxv2_migrate.plan.operations import Move, Operation, Path, Plan, Remove, Set, apply_to_mapping
from fluxv2_migrate.yaml_text import (
    BlockMapping,
    CannotEdit,
    Node,
    Place,
    Style,
    ended_like,
    find_field,
    line_start,
    metadata_span,
    read_again,
    read_nodes,
    splice,
    stands_alone,
    value_of,
    write_out,
)

_BREAK: Final = re.compile(r"[\r\n]+")
_INDENT: Final = re.compile(r"[ \t]*")


@dataclass(frozen=True, slots=True)
class AppliedText:
    """A document after a plan.

    Attributes:
        comments: comments that go to a new object, by the field they go to.
    """

    text: str
    comments: tuple[tuple[str, str], ...]
    value: dict[str, Any]


def apply_to_text(
    plan: Plan, text: str, root: Node | None, style: Style, value: Mapping[str, Any] | None = None
) -> AppliedText:
    r"""Gives a document's text after the plan; what the plan does not name is the same bytes.

    Args:
        root: its root node, of `compose`.
        value: of the document, where it is known.

    Raises:
        CannotEdit: the text is written in a form that cannot be edited; nothing is done.

    >>> from fluxv2_migrate.plan import Move
    >>> from fluxv2_migrate.yaml_text import compose
    >>> text = "a:\n  b: 1 # one\nc: 2\n"
    >>> print(apply_to_text((Move(("a", "b"), ("a", "d", "e")),), text, compose(text), Style()).text, end="")
    a:
      d:
        e: 1 # one
    c: 2
    """
    try:
        return _applied(plan, text, root, style, value)
    except CannotEdit:
        # What people wrote elsewhere may not do here; its value does. An anchor that changes or moves leaves
        # its aliases behind.
        anew = tuple(replace(each, text="") if isinstance(each, Set) else each for each in plan)
        written = write_out(text, root, partial(_is_touched, plan)) if "&" in text else text
        if written == text and not any(isinstance(each, Set) and each.text for each in plan):
            raise
        return _applied(anew, written, read_nodes(written), style, value)


def _is_touched(plan: Plan, path: tuple[str | int, ...]) -> bool:
    """Gives whether a plan changes something at a path, in it or around it."""
    return any(path[: len(other)] == other[: len(path)] for each in plan for other in _paths_of(each))


def _applied(
    plan: Plan, text: str, root: Node | None, style: Style, value: Mapping[str, Any] | None
) -> AppliedText:
    document = BlockMapping.of_document(text, root, style)
    comments: list[tuple[str, str]] = []
    for operation in plan:
        if isinstance(operation, Set):
            parent = _parent(document, operation.path, operation.place)
            if operation.text and parent.entry(operation.path[-1]) is None:
                _put_text(parent, operation, style)
            else:
                parent.set(operation.path[-1], operation.value, operation.place)
        elif isinstance(operation, Remove):
            holder = _existing(document, operation.path)
            if holder is not None:
                keep = operation.comments_to is None
                removed = holder.remove(operation.path[-1], keep_comments=keep)
                comments.extend((operation.comments_to or "", comment) for comment in removed if not keep)
        elif operation.source[:-1] == operation.target[:-1]:
            _parent(document, operation.source).rename(operation.source[-1], operation.target[-1])
        else:
            origin = _parent(document, operation.source)
            entry = origin.take(operation.source[-1])
            goal = _parent(document, operation.target, operation.place)
            goal.put(operation.target[-1], entry, origin.indent, operation.place)
    result = ended_like(document.render(), text)
    before = value_of(root) if value is None else value
    expected = apply_to_mapping(plan, before)
    # Whoever reads the document next finds it read.
    read_again(result, expected)
    return AppliedText(result, tuple(comments), expected)


def _put_text(parent: BlockMapping, operation: Set, style: Style) -> None:
    """Puts an entry as it was written elsewhere."""
    origin = BlockMapping.of_document(operation.text, read_nodes(operation.text), style)
    entry = origin.take(operation.path[-1])
    entry.lead = origin.opening + entry.lead
    parent.put(operation.path[-1], entry, 0, operation.place)


def apply_to_metadata(plan: Plan, text: str, style: Style, value: Mapping[str, Any]) -> AppliedText | None:
    r"""Gives a document's text after a plan for its metadata, of which alone the nodes are read.

    Returns:
        What `apply_to_text` gives; nothing where there are other operations in the plan, or the text is not
        written as almost all are.

    Raises:
        CannotEdit: the text is written in a form that cannot be edited; nothing is done.

    >>> text = "kind: Deployment\nmetadata:\n  name: web\n  labels: {}\nspec: {}\n"
    >>> plan = (Remove(("metadata", "labels")),)
    >>> value = {"kind": "Deployment", "metadata": {"name": "web", "labels": {}}, "spec": {}}
    >>> print(apply_to_metadata(plan, text, Style(), value).text, end="")
    kind: Deployment
    metadata:
      name: web
    spec: {}
    """
    if any(path[0] != "metadata" for operation in plan for path in _paths_of(operation)):
        return None
    span = metadata_span(text)
    if span is None:
        return None
    start, end = span
    before = text[start:end]
    metadata = {"metadata": value["metadata"]}
    applied = apply_to_text(plan, before, read_nodes(before), style, metadata)
    if not stands_alone(applied.text):
        return None
    result = splice(text, [(start, end, applied.text)])
    return AppliedText(result, applied.comments, {**value, **applied.value})


def _paths_of(operation: Operation) -> tuple[Path, ...]:
    return (operation.source, operation.target) if isinstance(operation, Move) else (operation.path,)


def _parent(document: BlockMapping, path: Path, place: Place | None = None) -> BlockMapping:
    mapping = document
    for index, key in enumerate(path[:-1]):
        mapping = mapping.child(key, place if index == 0 else None)
    return mapping


def _existing(document: BlockMapping, path: Path) -> BlockMapping | None:
    mapping = document
    for key in path[:-1]:
        if mapping.entry(key) is None:
            return None
        mapping = mapping.child(key)
    return mapping


def write_comments(text: str, comments: Iterable[tuple[Path, str]], *, root: Node, style: Style) -> str:
    r"""Gives a document's text with comments on lines of their own above fields.

    Args:
        comments: field and text; a field that is not there gets its comment above what holds it.

    Raises:
        CannotEdit: the text with its comments would not mean the same.

    >>> from fluxv2_migrate.yaml_text import compose
    >>> text = "a:\n  image: b\n"
    >>> print(write_comments(text, [(("a", "image"), "locked")], root=compose(text), style=Style()), end="")
    a:
      # locked
      image: b
    """
    lines: dict[int, list[str]] = {}
    for path, comment in comments:
        begin = find_field(root, path)[0] or root
        start = line_start(text, begin.start)
        line = f"{_indent(text, start)}# {_BREAK.sub(' ', comment.strip())}{style.newline}"
        if line not in lines.setdefault(start, []):
            lines[start].append(line)
    pieces = [(start, start, "".join(written)) for start, written in lines.items()]
    return read_again(splice(text, pieces), value_of(root)) if pieces else text


def _indent(text: str, start: int) -> str:
    found = _INDENT.match(text, start)
    return found[0] if found is not None else ""
