"""Patches as they become: operations of JSON 6902 patches, and strategic merge patches merged as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from fluxv2_migrate.frozen import SCALARS
from fluxv2_migrate.plan.flow_text import apply_to_any_text
from fluxv2_migrate.plan.operations import Operation, Path, Plan, Remove, Set, apply_to_mapping
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
    write_out,
)
from fluxv2_migrate.yaml_text.flow import Flow
from fluxv2_migrate.yaml_text.nodes import comments_in, reindent, scalar_spans

Leaves: TypeAlias = dict[Path, Any]
"""Fields with their values, or `REMOVED`; none of them lies in another one."""


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

    >>> text = '[{"op": "remove", "path": "/a"}, {"op": "remove", "path": "/b"}]'
    >>> kept = PatchOperation({"op": "remove", "path": "/b"}, 1)
    >>> write_operations(text, [kept, PatchOperation({"op": "remove", "path": "/c"})])
    '[{"op": "remove", "path": "/b"}, {"op": "remove", "path": "/c"}]'
    """
    root, before = read_document(text)
    try:
        return _edited_text(text, root, before, operations)
    except CannotEdit:
        if "&" not in text:
            raise
    # An anchor that changes or goes leaves its aliases behind.
    same = {
        each.source for each in operations if each.source is not None and before[each.source] == each.value
    }
    # One that stands for a whole operation has no lines of its own.
    written = write_out(text, root, lambda path: len(path) == 1 or (bool(path) and path[0] not in same))
    return _edited_text(written, *read_edited(written), operations)


def _edited_text(text: str, root: Node | None, before: Any, operations: Sequence[PatchOperation]) -> str:
    if not isinstance(root, SequenceNode) or not root.value:
        raise CannotEdit("a JSON patch that is no list")
    write = _in_brackets if root.is_flow else _in_lines
    result = write(text, root, before, operations)
    return read_again(result, [dict(each.value) for each in operations])


def _in_brackets(
    text: str, root: SequenceNode, before: Sequence[Any], operations: Sequence[PatchOperation]
) -> str:
    flow = Flow.of(text, root)
    if flow.comments(flow.start, flow.end):
        raise CannotEdit("operations in brackets with comments")
    spans = flow.entries()
    inner = text[flow.start + 1 : spans[0][0]]
    between = text[spans[0][1] : spans[1][0]] if len(spans) > 1 else f",{inner or ' '}"
    parts = []
    for each in operations:
        lines = "" if each.source is None else text[slice(*spans[each.source])]
        if each.source is None or before[each.source] != each.value:
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
        before_it = []
        while index in kept and pending[0].source != index:
            before_it.append(_written(pending.pop(0), dash, style))
        gap = text[position:start]
        # What stands above an operation is said of it, but what stands above all of them may be of the file.
        parts += [gap, *before_it] if index == 0 else [*before_it, gap]
        position = end
        comments = _own_lines(text[start:end], root.value[index], start, dash, style)
        if index in kept:
            rewritten = _edited(text[start:end], dash, before[index], pending.pop(0), style, comments)
            parts.append(rewritten if rewritten.endswith("\n") else rewritten + style.newline)
        else:
            # What was said of one that goes may well be true of those that do the same from now on.
            parts.append(comments)
    parts += [_written(each, dash, style) for each in pending]
    return ended_like("".join(parts) + text[position:], text)


def _lines_of(text: str, item: Node) -> tuple[int, int]:
    # The dash may stand alone on a line above.
    start = line_start(text, text.rfind("-", 0, item.start))
    if text[start : item.start].split() != ["-"]:
        raise CannotEdit("an item that does not stand behind its dash")
    return start, line_end(text, item.end)


def _own_lines(lines: str, item: Node, start: int, dash: int, style: Style) -> str:
    """Gives the comments of an operation, as lines of their own."""
    spans = (
        ((first - start, last - start) for first, last in scalar_spans(lines, item)) if "#" in lines else ()
    )
    return "".join(f"{' ' * dash}{comment}{style.newline}" for comment in comments_in(lines, spans))


def _edited(
    lines: str,
    dash: int,
    before: Mapping[str, Any],
    operation: PatchOperation,
    style: Style,
    comments: str,
) -> str:
    """Gives the lines of an operation in which the fields that change have other values.

    Args:
        comments: of the operation, which stand above it where it is written anew.
    """
    if before == operation.value:
        return lines
    # Without its dash an item is a document.
    text = reindent(lines.replace("-", " ", 1), -dash - 2)
    plan = plan_between(before, operation.value, operation.moves, Place(before=("values",)), ())
    try:
        root, value = read_edited(text)
        edited = apply_to_any_text(plan, text, root, style, value).text
    except CannotEdit:
        return comments + _written(operation, dash, style)
    return f"{' ' * dash}-{reindent(edited, dash + 2)[dash + 1 :]}"


def _written(operation: PatchOperation, dash: int, style: Style) -> str:
    return emit_item(dict(operation.value), dash, style)


class _Removed:
    __slots__ = ()

    def __repr__(self) -> str:
        return "REMOVED"


REMOVED: Final = _Removed()
"""What a patch says of a field that it takes away, and what is at a path where nothing is."""


def leaf_at(value: Any, path: Path) -> Any:
    """Gives what is at a path, or `REMOVED`.

    >>> leaf_at({"a": {"b": 1}}, ("a", "b")), leaf_at({"a": 1}, ("a", "b"))
    (1, REMOVED)
    """
    for key in path:
        # Nearly all are dicts, and it takes long to find out that something else is a mapping.
        if not isinstance(value, (dict, Mapping)) or key not in value:
            return REMOVED
        value = value[key]
    return value


def merge_difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> Leaves:
    """Gives the fields that a patch has to write to make the other of the one; empty mappings are nothing.

    >>> merge_difference({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "d": [3]}})
    {('a', 'd'): [3], ('a', 'c'): REMOVED}
    """
    return dict(_difference(before, after, ()))


def _difference(before: Any, after: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, Any]]:
    known = before if isinstance(before, (dict, Mapping)) else {}
    for key, value in after.items():
        old = known.get(key, REMOVED)
        if value.__class__ not in SCALARS and isinstance(value, (dict, Mapping)):
            yield from _difference(old, value, (*path, key))
        elif old.__class__ is not value.__class__ or old != value:
            yield (*path, key), value
    for key, value in known.items():
        if key not in after and not _is_empty(value):
            yield (*path, key), REMOVED


def _is_empty(value: Any) -> bool:
    return isinstance(value, (dict, Mapping)) and all(map(_is_empty, value.values()))


def as_patch(leaves: Leaves) -> dict[str, Any]:
    """Gives the mapping of a patch that writes fields.

    >>> as_patch({("a", "b"): 1, ("a", "c"): REMOVED})
    {'a': {'b': 1, 'c': None}}
    """
    patch: dict[str, Any] = {}
    for path, value in leaves.items():
        holder = patch
        for key in path[:-1]:
            holder = holder.setdefault(key, {})
        holder[path[-1]] = None if value is REMOVED else value
    return patch


def plan_between(
    before: Mapping[str, Any], after: Mapping[str, Any], moves: Plan, place: Place, kept: Path
) -> Plan:
    """Gives the operations that make one mapping of the other.

    Args:
        moves: what is done first, so that fields take their comments with them.
        place: where new fields of a mapping of the second level go.
        kept: the path of what is the same in both, and is not looked at; empty where all is.
    """
    moved = apply_to_mapping(moves, before)
    sets: list[Operation] = []
    removes: list[Operation] = []
    _between(moved, after, (), place, kept, sets, removes)
    # A mapping is never empty in between.
    return (*moves, *sets, *removes)


def _between(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    path: Path,
    place: Place,
    kept: Path,
    sets: list[Operation],
    removes: list[Operation],
) -> None:
    if path and path == kept:
        return
    for key, value in after.items():
        here, old = (*path, key), before.get(key)
        if isinstance(value, (dict, Mapping)) and value and isinstance(old, (dict, Mapping)) and old:
            _between(old, value, here, place, kept, sets, removes)
        elif key not in before or old.__class__ is not value.__class__ or old != value:
            sets.append(Set(here, value, place if len(here) == 2 else Place()))
    removes += (Remove((*path, key)) for key in before if key not in after)
