"""Mappings and lists that stand in one line, and documents that stand in braces as a whole, as JSON does."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fluxv2_migrate.plan.operations import Plan, apply_to_mapping
from fluxv2_migrate.plan.text import AppliedText, apply_to_text
from fluxv2_migrate.yaml_text import (
    CannotEdit,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    Style,
    emit_scalar,
    key_of,
    line_start,
    read_again,
    read_edited,
    splice,
)
from fluxv2_migrate.yaml_text.flow import Flow


@dataclass(slots=True)
class OpenedFlow:
    """A collection in flow style that is written in block style as far as values in it are marked.

    Attributes:
        newline: the end of its line.
        comment: what stands behind it.
        end: the offset behind that.
        marks: for the offset of each marked scalar, its new text and the marker.
    """

    flow: Flow
    style: Style
    newline: str
    comment: str | None = None
    end: int = 0
    marks: dict[int, tuple[str, str]] = field(default_factory=dict)

    def mark(self, start: int, value: str, comment: str) -> None:
        """Puts a marker behind a scalar."""
        self.marks[start] = (value, comment)

    def render(self) -> tuple[int, int, str, list[str]]:
        """Gives what is replaced, from where to where, by what, and comments for the line above."""
        text, start = self.flow.text, self.flow.start
        line = line_start(text, start)
        before = text[line:start]
        stripped = before.rstrip(" \t")
        is_sequence = isinstance(self.flow.node, SequenceNode)
        if not stripped.strip(" -") and not stripped.startswith("---"):
            # An item of a list, or the whole document: its first entry takes its place.
            rows = self._rows(self.flow, len(before))
            above = [] if self.comment is None else [self.comment]
            return start, self.end, self._joined(rows, len(before)), above
        key = stripped.lstrip(" -")
        indent = 0 if stripped.startswith("---") else len(stripped) - len(key)
        is_deeper = ":" in key and not (is_sequence and self.style.flush)
        inner = indent + self.style.step if is_deeper else indent
        comment = "" if self.comment is None else f" {self.comment}"
        rows = self._rows(self.flow, inner)
        written = f"{comment}{self.newline}{' ' * inner}{self._joined(rows, inner)}"
        return line + len(stripped), self.end, written, []

    def _joined(self, rows: list[str], indent: int) -> str:
        return (self.newline + " " * indent).join(rows)

    def _rows(self, flow: Flow, indent: int) -> list[str]:
        """Gives its entries without the indentation of their first lines."""
        rows: list[str] = []
        is_mapping = isinstance(flow.node, MappingNode)
        children = [value for _, value in flow.node.value] if is_mapping else flow.node.value
        for (start, end), child in zip(flow.entries(), children, strict=True):
            if not is_mapping:
                rows.append("-" + self._value(child, start, end, indent + 2, is_item=True))
                continue
            colon = flow.masked.find(":", start, end)
            if colon < 0:
                rows.append(flow.text[start:end] + ":")
                continue
            value_start = end - len(flow.text[colon + 1 : end].lstrip(" \t"))
            head = flow.text[start:colon].rstrip(" \t") + ":"
            rows.append(head + self._value(child, value_start, end, indent, is_item=False))
        return rows

    def _value(self, node: Node, start: int, end: int, indent: int, *, is_item: bool) -> str:
        if start >= end:
            return ""
        if not any(start <= mark < end for mark in self.marks):
            return " " + self.flow.text[start:end]
        if start in self.marks:
            value, comment = self.marks[start]
            return f" {value} {comment}"
        inner = Flow(self.flow.text, self.flow.masked, node)
        properties = self.flow.text[start : inner.start].rstrip(" \t")
        if is_item and not properties:
            return " " + self._joined(self._rows(inner, indent), indent)
        flush = isinstance(node, SequenceNode) and self.style.flush and not is_item
        deeper = indent if flush or is_item else indent + self.style.step
        head = f" {properties}" if properties else ""
        return f"{head}{self.newline}{' ' * deeper}{self._joined(self._rows(inner, deeper), deeper)}"


def edit_flow(
    text: str, node: Node, removed: Collection[str], added: Mapping[str, str], *, quoted: bool = False
) -> str:
    """Takes entries out of a flow mapping, and puts others at its end, without another line for them.

    Args:
        added: keys of entries that come or change, with their texts.
        quoted: whether keys are written as JSON has them.
    """
    return splice(text, flow_pieces(text, node, removed, added, quoted=quoted))


def flow_pieces(
    text: str, node: Node, removed: Collection[str], added: Mapping[str, str], *, quoted: bool = False
) -> list[tuple[int, int, str]]:
    """Gives the pieces of a text with which entries of a flow mapping go and come, as `edit_flow` does."""
    with_comments = Flow.of(text, node)
    flow = with_comments.without_comments()
    spans = flow.entries()
    keys = [key_of(key) for key, _ in node.value]
    kept = [index for index, key in enumerate(keys) if key not in removed or key in added]
    cuts = _cuts(flow, keys, kept, added, quoted=quoted)
    write = json.dumps if quoted else emit_scalar
    fresh = ", ".join(f"{write(key)}: {item}" for key, item in added.items() if key not in keys)
    if fresh:
        at = max([spans[index][1] for index in kept], default=flow.start + 1)
        cuts.append((at, at, f", {fresh}" if kept else fresh))
    return [(start, end, with_comments.comments(start, end) + written) for start, end, written in cuts]


def _cuts(
    flow: Flow, keys: Sequence[str], kept: Sequence[int], added: Mapping[str, str], *, quoted: bool
) -> list[tuple[int, int, str]]:
    """Gives what goes of a flow mapping, and what comes in the place of values, as spans with their texts."""
    text, spans = flow.text, flow.entries()
    cuts: list[tuple[int, int, str]] = []
    for index, (start, end) in enumerate(spans):
        if keys[index] in added:
            colon = flow.masked.index(":", start, end) + 1
            kept_blanks = len(text[colon:end]) - len(text[colon:end].lstrip())
            blank = "" if kept_blanks or quoted else " "
            cuts.append((colon + kept_blanks, end, blank + added[keys[index]]))
        elif index not in kept:
            if index + 1 < len(spans):
                cuts.append((start, spans[index + 1][0], ""))
            else:
                before = spans[kept[-1]][1] if kept else flow.start + 1
                cuts = [each for each in cuts if each[0] < before]
                cuts.append((before, end, ""))
    return cuts


def apply_to_any_text(
    plan: Plan, text: str, root: Node | None, style: Style, value: Mapping[str, Any]
) -> AppliedText:
    r"""Gives a document's text after the plan, also where it stands in braces as a whole.

    What is new in braces stands at their end; all else is the same bytes.

    Raises:
        CannotEdit: the text is written in a form that cannot be edited; nothing is done.

    >>> from fluxv2_migrate.plan import Set
    >>> from fluxv2_migrate.yaml_text import compose
    >>> text = '{"a": {"b": 1}, "c": [ 2 ]}\n'
    >>> plan = (Set(("a", "b"), "x"), Set(("d",), {"e": None}))
    >>> value = {"a": {"b": 1}, "c": [2]}
    >>> apply_to_any_text(plan, text, compose(text), Style(), value).text
    '{"a": {"b": "x"}, "c": [ 2 ], "d": {"e": null}}\n'
    """
    if not isinstance(root, MappingNode) or not root.is_flow:
        return apply_to_text(plan, text, root, style, value)
    expected = apply_to_mapping(plan, value)
    quoted = all(isinstance(key, ScalarNode) and key.style == '"' for key, _ in root.value)
    result, seen = text, {text}
    while (found := _differing(*read_edited(result), expected)) is not None:
        node, removed, added = found
        written = {name: _written(item, quoted=quoted) for name, item in added.items()}
        result = edit_flow(result, node, removed, written, quoted=quoted)
        if result in seen:
            raise CannotEdit("a document in braces that says one thing for several")
        seen.add(result)
    return AppliedText(read_again(result, expected), (), expected)


def _differing(
    node: Any, value: Any, expected: Mapping[str, Any]
) -> tuple[MappingNode, Sequence[str], Mapping[str, Any]] | None:
    """Gives the first mapping of which the entries differ, with those that go and those that come."""
    removed = [key for key in value if key not in expected]
    added = {key: item for key, item in expected.items() if key not in value or _is_another(value[key], item)}
    if removed or added:
        return node, removed, added
    for key, child in node.value:
        old, new = value.get(key_of(key)), expected.get(key_of(key))
        if isinstance(child, MappingNode) and _are_mappings(old, new) and old != new:
            return _differing(child, old, new or {})
    return None


def _are_mappings(*values: Any) -> bool:
    return all(isinstance(each, Mapping) for each in values)


def _is_another(old: Any, new: Any) -> bool:
    """Gives whether a value is to be written anew; in a mapping only what differs is."""
    if old and _are_mappings(old, new):
        return False
    return old.__class__ is not new.__class__ or bool(old != new)


def _written(value: Any, *, quoted: bool) -> str:
    if quoted:
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        items = (f"{emit_scalar(key)}: {_written(item, quoted=quoted)}" for key, item in value.items())
        return f"{{{', '.join(items)}}}"
    if isinstance(value, list):
        return f"[{', '.join(_written(item, quoted=quoted) for item in value)}]"
    return emit_scalar(value)
