"""Tabs that YAML's other readers allow and Go's does not, so that the image updater skips the file.

Source: go-yaml v3 `scannerc.go` `yaml_parser_scan_to_next_token`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final

from fluxv2_migrate.yaml_text import MappingNode, Node, ScalarNode

__all__ = ["has_stray_tab"]

# Among a line's first blanks, or behind the dashes at its beginning.
_TAB: Final = re.compile(r"^ *(?:- *)*\t", re.MULTILINE)


def has_stray_tab(text: str, root: Node | None) -> bool:
    r"""Gives whether a document has a tab where a token could begin, outside of brackets and quotes.

    >>> from fluxv2_migrate.yaml_text import compose
    >>> has_stray_tab("a: b\n\t\nc: d\n", compose("a: b\n\t\nc: d\n"))
    True
    >>> has_stray_tab("a: b\t# c\n", compose("a: b\t# c\n"))
    False
    """
    if "\t" not in text:
        return False
    spans = sorted(_spans(root))
    starts = [start for start, _ in spans]
    for match in _TAB.finditer(text):
        index = bisect_right(starts, match.start()) - 1
        inside = index >= 0 and match.start() < spans[index][1]
        if not inside or (match[0] == "\t" and text[spans[index][0]] in "|>"):
            return True
    return False


def _spans(root: Node | None) -> list[tuple[int, int]]:
    """Gives where the outermost flow collections, quoted texts and blocks of text stand."""
    found: list[tuple[int, int]] = []
    pending, known = [] if root is None else [root], set[int]()
    while pending:
        node = pending.pop()
        if id(node) in known:
            continue
        known.add(id(node))
        if isinstance(node, ScalarNode):
            if node.style:
                found.append((node.start, node.end))
        elif node.is_flow:
            found.append((node.start, node.end))
        elif isinstance(node, MappingNode):
            pending += [child for pair in node.value for child in pair]
        else:
            pending += node.value
    return found
