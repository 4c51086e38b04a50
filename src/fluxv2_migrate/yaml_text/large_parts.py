"""Large collections of a document, whose places are remembered so that they can be left out later."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from fluxv2_migrate.yaml_text.nodes import MappingNode, Node, SequenceNode

_LEVELS: Final = 3
LARGE: Final = 400
"""Characters of a collection that is worth leaving out."""

Parts: TypeAlias = Mapping[int, tuple[int, type[SequenceNode] | type[MappingNode]]]
"""Large block collections of a document that the scanner has read: their ends and kinds, by their begins."""
NO_PARTS: Final[Parts] = MappingProxyType({})


def large_parts(root: Node | None) -> Parts:
    r"""Gives the large collections near the root of a document, so that they can be left out later.

    Args:
        root: of `scan`.

    >>> from fluxv2_migrate.yaml_text.scanner import scan
    >>> root = scan("a:\n  b: " + 500 * "c" + "\n")
    >>> [(begin, end, kind.__name__) for begin, (end, kind) in large_parts(root).items()]
    [(5, 508, 'MappingNode')]
    """
    found: dict[int, tuple[int, type[SequenceNode] | type[MappingNode]]] = {}
    level = [root] if isinstance(root, MappingNode) and not root.is_flow else []
    for _ in range(_LEVELS):
        below: list[MappingNode] = []
        for _, node in (pair for each in level for pair in each.value):
            if node.end - node.start < LARGE or node.is_flow:
                continue
            if isinstance(node, MappingNode):
                found[node.start] = (node.end, MappingNode)
                below.append(node)
            elif isinstance(node, SequenceNode):
                found[node.start] = (node.end, SequenceNode)
        level = below
    return found or NO_PARTS
