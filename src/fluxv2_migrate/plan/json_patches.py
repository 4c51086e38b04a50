"""The text of a JSON 6902 patch, of which operations stay, change, go and come."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fluxv2_migrate.plan.flow_documents import apply_to_any_text
from fluxv2_migrate.plan.merge_patches import plan_between
from fluxv2_migrate.plan.operations import Plan
from fluxv2_migrate.yaml_text import (
    CannotEdit,
    Node,
    Place,
    SequenceNode,
    Style,
    detect_style,
    emit_item,
    ended_like,
    line_end,
    line_start,
    read_again,
    read_document,
    read_edited,
    splice,
)
from fluxv2_migrate.yaml_text.extents import reindent
from fluxv2_migrate.yaml_text.flow import Flow

_COMMENT: Final = re.compile(r"\s#")


@dataclass(frozen=True, slots=True)
class PatchOperation:
    """An operation as it becomes.

    Attributes:
        source: the index of the old one, of whose text stays what means the same; `None` for a new one.
        moves: what moves within it, with its comments.
    """

    value: Mapping[str, Any]
    source: int | None = None
    moves: Plan = ()


def write_operations(text: str, operations: Sequence[PatchOperation]) -> str:
    r"""Gives a JSON 6902 patch with other operations; those that stay keep their text.

    Raises:
        CannotEdit: the text is written in a form in which this is not safe.

    >>> text = '[{"op": "remove", "path": "/a"}, {"op": "remove", "path": "/b"}]'
    >>> kept = PatchOperation({"op": "remove", "path": "/b"}, 1)
    >>> write_operations(text, [kept, PatchOperation({"op": "remove", "path": "/c"})])
    '[{"op": "remove", "path": "/b"}, {"op": "remove", "path": "/c"}]'
    """
    root, before = read_document(text)
    if not isinstance(root, SequenceNode) or not root.value:
        raise CannotEdit("a JSON patch that is no list")
    write = _in_brackets if root.is_flow else _in_lines
    result = write(text, root, before, operations)
    return read_again(result, [dict(each.value) for each in operations])


def _in_brackets(
    text: str, root: SequenceNode, before: Sequence[Any], operations: Sequence[PatchOperation]
) -> str:
    flow = Flow.of(text, root)
    spans = flow.entries()
    inner = text[flow.start + 1 : spans[0][0]]
    between = text[spans[0][1] : spans[1][0]] if len(spans) > 1 else f",{inner or ' '}"
    parts = []
    for each in operations:
        lines = "" if each.source is None else text[slice(*spans[each.source])]
        if each.source is None or before[each.source] != each.value:
            _refuse_comments(lines)
            lines = json.dumps(dict(each.value), ensure_ascii=False)
        parts.append(lines)
    return splice(text, [(spans[0][0], spans[-1][1], between.join(parts))])


def _in_lines(
    text: str, root: SequenceNode, before: Sequence[Any], operations: Sequence[PatchOperation]
) -> str:
    style = detect_style(text)
    spans = [_lines_of(text, item) for item in root.value]
    dash = text.index("-", spans[0][0]) - spans[0][0]
    kept = {each.source for each in operations if each.source is not None}
    parts: list[str] = []
    position = 0
    pending = list(operations)
    for index, (start, end) in enumerate(spans):
        parts.append(text[position:start])
        position = end
        if index in kept:
            while pending[0].source != index:
                parts.append(_written(pending.pop(0), dash, style))
            rewritten = _edited(text[start:end], dash, before[index], pending.pop(0), style)
            parts.append(_ended(rewritten, style))
        elif not any(each in kept for each in range(index + 1, len(spans))):
            parts += [_written(each, dash, style) for each in pending]
            pending = []
    parts += [_written(each, dash, style) for each in pending]
    return ended_like("".join(parts) + text[position:], text)


def _lines_of(text: str, item: Node) -> tuple[int, int]:
    start = line_start(text, item.start)
    if text[start : item.start].strip(" ") != "-":
        raise CannotEdit("an item that does not stand behind its dash")
    return start, line_end(text, item.end)


def _edited(lines: str, dash: int, before: Mapping[str, Any], operation: PatchOperation, style: Style) -> str:
    """Gives the lines of an operation in which the fields that change have other values."""
    if before == operation.value:
        return lines
    # Without its dash an item is a document.
    text = reindent(lines.replace("-", " ", 1), -dash - 2)
    plan = plan_between(before, operation.value, operation.moves, Place(before=("values",)), ())
    try:
        root, value = read_edited(text)
        edited = apply_to_any_text(plan, text, root, style, value).text
    except CannotEdit:
        _refuse_comments(lines)
        return _written(operation, dash, style)
    return f"{' ' * dash}-{reindent(edited, dash + 2)[dash + 1 :]}"


def _refuse_comments(lines: str) -> None:
    """Refuses to write an operation anew that may hold comments: they would be lost."""
    if _COMMENT.search(lines):
        raise CannotEdit("an operation with comments that has to be written anew")


def _ended(text: str, style: Style) -> str:
    return text if text.endswith("\n") else text + style.newline


def _written(operation: PatchOperation, dash: int, style: Style) -> str:
    return emit_item(dict(operation.value), dash, style)
