"""Edits of the lists of a document: an item is added or goes, and every other byte stays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from fluxv2_migrate.yaml_text.composer import read_document, read_nodes, read_value
from fluxv2_migrate.yaml_text.edits import read_again, splice
from fluxv2_migrate.yaml_text.emitter import Style, detect_style
from fluxv2_migrate.yaml_text.field_paths import pair_of
from fluxv2_migrate.yaml_text.flow import Flow
from fluxv2_migrate.yaml_text.nodes import (
    CannotEdit,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    colon_end,
    column_of,
    comments_in,
    content_end,
    is_alias,
    line_end,
    line_start,
    scalar_spans,
)

_PLAIN_FLOW: Final = re.compile(r"\[[^#&*]*\]")
_LINE_BREAK: Final = re.compile(r"[ \t]*\r?\n[ \t]*")


def append_item(text: str, key: str, item: Sequence[str], value: Any) -> str:
    r"""Adds an item to the list under a key of a document's mapping, behind its last one.

    A list that is not there is made at the end of the document; one in brackets is opened, and so is a
    document in braces. Comments stay where they are: what stands under the last item stands under the new one
    then.

    Args:
        text: one document, without byte order mark; it may be empty but for comments.
        item: the lines of the item without line ends; what is indented is indented from its dash on.
        value: what the item means.

    Returns:
        The text with the item.

    >>> append_item("resources:\n- a.yaml # first\n# end\n", "resources", ["b.yaml"], "b.yaml")
    'resources:\n- a.yaml # first\n- b.yaml\n# end\n'
    """
    return append_items(text, key, [(item, value)])


def append_items(text: str, key: str, items: Iterable[tuple[Sequence[str], Any]]) -> str:
    r"""Adds items to the list under a key of a document's mapping, as `append_item` adds one.

    Args:
        items: the lines of each, and what it means.

    >>> append_items("a: [1]\n", "a", [(["2"], 2), (["b: 3", "c: 4"], {"b": 3, "c": 4})])
    'a:\n- 1\n- 2\n- b: 3\n  c: 4\n'
    """
    root, before = read_nodes(text), read_value(text)
    if isinstance(root, MappingNode) and root.is_flow:
        text = _in_lines(text, root)
        root = read_nodes(text)
    style = detect_style(text)
    lines, values = [], []
    for item, value in items:
        lines += [f"- {item[0]}", *(f"  {line}" if line else "" for line in item[1:])]
        values.append(value)
    if root is None or (isinstance(root, ScalarNode) and not root.value and not root.style):
        result = _at_end(text, [f"{key}:", *_indented(lines, 0 if style.flush else style.step)], style)
        return read_again(result, {key: values})
    if not isinstance(before, dict) or not isinstance(root, MappingNode):
        raise CannotEdit("a document that is no mapping")
    old = before.get(key)
    if old is not None and not isinstance(old, list):
        raise CannotEdit(f"{key} is no list")
    expected = {**before, key: [*(old or ()), *values]}
    key_node, node = pair_of(root, key) or (None, None)
    indent = column_of(text, root.value[0][0].start)
    dash = indent + (0 if style.flush else style.step)
    if node is None:
        result = _at_end(text, _indented([f"{key}:", *_indented(lines, dash - indent)], indent), style)
    elif isinstance(node, SequenceNode) and not node.is_flow:
        if is_alias(_some(key_node), node):
            raise CannotEdit("an alias in place of a list")
        end = line_end(text, content_end(text, key_node, node))
        result = _insert(text, end, _indented(lines, column_of(text, node.start)), style)
    else:
        result = _opened(text, _some(key_node), node, _indented(lines, dash), dash, style)
    return read_again(result, expected)


def _in_lines(text: str, root: MappingNode) -> str:
    """Gives a document that is a mapping in braces with each of its entries in a line, as far as that is one.

    Raises:
        CannotEdit: it has an anchor, or comments between its entries.
    """
    flow = Flow.of(text, root)
    between = flow.masked[root.start : root.end]
    entries = [(text[key.start : key.end], text[value.start : value.end]) for key, value in root.value]
    inner = "".join(value for _, value in entries)
    if not entries or flow.start != root.start or "#" in between or re.search(r"\n(?=\S)", inner):
        raise CannotEdit("a document in braces with an anchor, a comment or lines that are not indented")
    newline = detect_style(text).newline
    lines = newline.join(f"{key}: {value}".rstrip() for key, value in entries)
    start = line_start(text, root.start)
    # Nothing of a mapping in lines stands behind the `---`.
    before = (
        text[:start] if not text[start : root.start].strip() else f"{text[: root.start].rstrip()}{newline}"
    )
    return f"{before}{lines}{text[root.end :]}"


def remove_item(text: str, key: str, index: int) -> str:
    r"""Takes an item out of the list under a key of a document's mapping.

    Comments above it stay, comments in it become lines of their own; a list without items is `[]`.

    Returns:
        The text without the item.

    Raises:
        CannotEdit: the text is written in a form in which this is not safe, or there is no such item.

    >>> remove_item("resources:\n- a.yaml # first\n- b.yaml\n", "resources", 0)
    'resources:\n# first\n- b.yaml\n'
    """
    root, before = read_document(text)
    key_node, node = pair_of(root, key) or (None, None)
    old = before.get(key) if isinstance(before, dict) else None
    if key_node is None or not isinstance(node, SequenceNode) or not isinstance(old, list):
        raise CannotEdit(f"{key} is no list")
    if not 0 <= index < len(old) or is_alias(key_node, node):
        raise CannotEdit(f"{key} has no item of its own there")
    expected = {**before, key: [*old[:index], *old[index + 1 :]]}
    if node.is_flow:
        start, end, items = _flow_items(text, node)
        del items[index]
        return read_again(splice(text, [(start, end, f"[{', '.join(items)}]")]), expected)
    child = node.value[index]
    if _is_alias_item(node, index):
        raise CannotEdit("an alias as an item")
    start = line_start(text, _dash(text, node, index))
    end = line_end(text, _item_end(text, node, index))
    inside = text[start:end]
    scalars = [(first - start, last - start) for first, last in scalar_spans(text, child)]
    comments = comments_in(inside, scalars)
    newline = detect_style(text).newline
    kept = "".join(f"{' ' * column_of(text, node.start)}{comment}{newline}" for comment in comments)
    if not inside.endswith("\n"):
        kept = kept.removesuffix(newline)
    pieces = [(start, end, kept)]
    if len(old) == 1:
        colon = colon_end(text, key_node)
        pieces.append((colon, colon, " []"))
    result = splice(text, pieces)
    if not inside.endswith("\n") and not kept:
        # The text had no end of its last line, and the line before is the last one now.
        result = result.removesuffix("\n").removesuffix("\r")
    return read_again(result, expected)


def _some(node: Node | None) -> Node:
    assert node is not None
    return node


def _indented(lines: Sequence[str], blanks: int) -> list[str]:
    return [" " * blanks + line if line else "" for line in lines]


def _insert(text: str, position: int, lines: Sequence[str], style: Style) -> str:
    added = style.newline.join(lines)
    is_ended = not position or text[position - 1] == "\n"
    return splice(text, [(position, position, added + style.newline if is_ended else style.newline + added)])


def _at_end(text: str, lines: Sequence[str], style: Style) -> str:
    return _insert(text, len(text), lines, style)


def _opened(text: str, key: Node, node: Node, lines: list[str], dash: int, style: Style) -> str:
    """Gives the text with the list under a key, which is empty or in brackets, in block style."""
    colon = colon_end(text, key)
    if is_alias(key, node):
        raise CannotEdit("an alias in place of a list")
    if isinstance(node, SequenceNode):
        start, end, items = _flow_items(text, node)
        lines = [*_indented([f"- {item}" for item in items], dash), *lines]
    else:
        end = colon + len(text[colon : node.end].rstrip()) if node.value else colon
        start = node.start if node.value else colon
    if text[colon:start].strip():
        raise CannotEdit("an anchor, a tag or a comment before a list")
    rest = text[end : line_end(text, end)]
    if rest.strip() and not rest.lstrip(" \t").startswith("#"):
        raise CannotEdit("something behind a list in brackets")
    if not rest.strip():
        end += len(rest.rstrip("\r\n"))
    text = splice(text, [(colon, end, "")])
    return _insert(text, line_end(text, colon), lines, style)


def _flow_items(text: str, node: SequenceNode) -> tuple[int, int, list[str]]:
    start, end = node.start, node.end
    if not _PLAIN_FLOW.fullmatch(text[start:end]):
        raise CannotEdit("a list in brackets with comments, anchors or aliases")
    # Between brackets a line break is as good as a blank.
    items = (text[slice(*span)] for span in Flow.of(text, node).entries())
    return start, end, [_LINE_BREAK.sub(" ", item) for item in items]


def _is_alias_item(node: SequenceNode, index: int) -> bool:
    return bool(node.value[index].start < node.start) or any(
        node.value[index] is other for other in node.value[:index]
    )


def _dash(text: str, node: SequenceNode, index: int) -> int:
    """The offset of an item's dash, which stands alone before it on its line or on one above."""
    begin = node.value[index].start
    dash = text.rfind("-", 0, begin)
    column = column_of(text, node.start)
    if dash < 0 or text[dash + 1 : begin].strip() or dash - line_start(text, dash) != column:
        raise CannotEdit("an item that does not stand behind its dash")
    if text[line_start(text, dash) : dash].strip():
        raise CannotEdit("an item that begins in the middle of a line")
    return dash


def _item_end(text: str, node: SequenceNode, index: int) -> int:
    child = node.value[index]
    if isinstance(child, ScalarNode) and not child.style and not child.value:
        raise CannotEdit("an empty item")
    return content_end(text, None, child)
