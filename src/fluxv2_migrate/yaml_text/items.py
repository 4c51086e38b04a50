"""Parts of a document that become documents of their own: the items of a list, or one entry."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.yaml_text.block import BlockMapping
from fluxv2_migrate.yaml_text.composer import read_document, read_nodes
from fluxv2_migrate.yaml_text.documents import document_texts
from fluxv2_migrate.yaml_text.edits import ended_like, read_edited
from fluxv2_migrate.yaml_text.emitter import detect_style
from fluxv2_migrate.yaml_text.field_paths import pair_of
from fluxv2_migrate.yaml_text.flow import Flow
from fluxv2_migrate.yaml_text.nodes import (
    CannotEdit,
    MappingNode,
    Node,
    SequenceNode,
    column_of,
    comments_in,
    deeper_comments,
    is_alias,
    line_end,
    line_start,
    reindent,
    scalar_spans,
)
from fluxv2_migrate.yaml_text.readings import scalars_read_otherwise

_START: Final = re.compile(r"\A\s*(?:---[^\n]*\n)?|\A[ \t]*(?=#)")


def items_as_documents(text: str, key: str) -> str:
    r"""Gives the items of a list under a key of a document's mapping as documents; all other keys go.

    Comments stay: those of what goes stand above the first item.

    >>> text = "# two\nkind: List # all\nitems:\n- kind: A\n  a: 1 # one\n# next\n- {kind: B}\n"
    >>> print(items_as_documents(text, "items"), end="")
    # two
    # all
    kind: A
    a: 1 # one
    ---
    # next
    {kind: B}
    """
    root, value = read_document(text)
    key_node, node = pair_of(root, key) or (None, None)
    if not isinstance(root, MappingNode) or key_node is None or not isinstance(node, SequenceNode):
        raise CannotEdit(f"{key} is no list")
    if not node.value or is_alias(key_node, node):
        raise CannotEdit(f"{key} has no items of its own")
    newline = detect_style(text).newline
    head, texts = (_in_brackets if node.is_flow else _in_lines)(text, root, node)
    made = [each if each.endswith("\n") else f"{each}{newline}" for each in texts]
    result = ended_like(head + f"---{newline}".join(made), text)
    if [read_edited(each)[1] for each in document_texts(result)] != value[key]:
        raise CannotEdit("an item that means something else by itself")
    return result


def _in_brackets(text: str, root: MappingNode, node: SequenceNode) -> tuple[str, list[str]]:
    """Gives what stands above the documents, and these, of items in brackets."""
    if _comments(text, root, root.start, len(text)):
        raise CannotEdit("a list in brackets with comments")
    entries = Flow.of(text, node).entries()
    return text[: root.start], [text[start:end] for start, end in entries]


def _in_lines(text: str, root: MappingNode, node: SequenceNode) -> tuple[str, list[str]]:
    """Gives what stands above the documents, and these, of items behind their dashes."""
    column = column_of(text, node.start)
    dashes = [_dash(text, item, column) for item in node.value]
    starts = [line_start(text, dashes[0])]
    for item, dash in zip(node.value, dashes[1:], strict=False):
        behind = line_end(text, item.end)
        # What stands above an item is said of it.
        starts.append(behind + deeper_comments(text[behind:dash], column))
    end = line_end(text, node.end)
    end += deeper_comments(text[end:], column)
    newline = detect_style(text).newline
    around = (*_comments(text, root, root.start, starts[0]), *_comments(text, root, end, len(text)))
    head = text[: root.start] + "".join(f"{comment}{newline}" for comment in around)
    parts = zip(node.value, dashes, starts, [*starts[1:], end], strict=True)
    return head, [_item(text, item, dash, start, until) for item, dash, start, until in parts]


def _comments(text: str, root: Node, start: int, end: int) -> list[str]:
    spans = [(first - start, last - start) for first, last in scalar_spans(text, root)]
    return comments_in(text[start:end], spans)


def _dash(text: str, item: Node, column: int) -> int:
    """Gives the offset of the dash that an item stands behind."""
    line = line_start(text, item.start)
    if text[line : item.start].strip(" ") != "-" or text[line + column] != "-":
        raise CannotEdit("an item that does not stand behind its dash")
    return line + column


def _item(text: str, item: Node, dash: int, start: int, end: int) -> str:
    # Without its dash an item is a document.
    return reindent(f"{text[start:dash]} {text[dash + 1 : end]}", -column_of(text, item.start))


def entry_text(text: str, path: Sequence[str]) -> str:
    r"""Gives one entry of a document as a document of its own, with the comments that belong to it.

    Returns:
        The text; an empty one where it cannot be taken out as it stands, or where kustomize reads a scalar in
        it otherwise than Flux v1 did.

    >>> print(entry_text("# of the shop\na:\n  # two\n  b: 2 # since May\nc: 3\n", ["a", "b"]), end="")
    # two
    b: 2 # since May
    """
    try:
        root = read_nodes(text)
        if scalars_read_otherwise(text, root):
            return ""
        mapping = BlockMapping.of_document(text, root, detect_style(text))
        for key in path[:-1]:
            mapping = mapping.child(key)
        entry = mapping.entry(path[-1])
        if entry is None:
            return ""
        opening = _START.sub("", mapping.opening) if mapping.entries[0] is entry else ""
        found = reindent(f"{opening}{entry.lead}{entry.head}{entry.body}", -mapping.indent)
        # An alias, for one, means nothing without the rest.
        read_document(found)
    except (CannotEdit, InvalidManifest):
        return ""
    return found.lstrip("\r\n")
