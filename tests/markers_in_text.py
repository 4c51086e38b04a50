"""The markers of a text, found by a reading of its own.

Only placements that always work count: the comment stands behind a scalar value, in the same line, and holds
nothing but JSON. The value is quoted where its plain form would be a number, a boolean or null.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import yaml

from fields_fluxd_writes import LOADER, NULL, NUMBER, Key

__all__ = ["FoundMarker", "markers_in"]

WORD: Final = "$imagepolicy"
POLICY: Final = re.compile(r"([a-z0-9.-]+:[a-z0-9.-]+)(?::(tag|name))?")
BREAKS: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class FoundMarker:
    """A marker.

    Attributes:
        path: the file.
        document: its number in the file, from 0; empty ones count.
        key: the keys to the value.
        policy: `namespace:name`.
        part: `tag`, `name`, or empty for the whole reference.
        value: the text of the value.
    """

    path: str
    document: int
    key: Key
    policy: str
    part: str
    value: str


def _scalars(node: yaml.Node, key: Key, seen: set[int]) -> Iterator[tuple[yaml.ScalarNode, Key | None]]:
    """Gives all scalars; keys of mappings without a path."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if isinstance(name, yaml.ScalarNode):
                yield name, None
                yield from _scalars(value, (*key, name.value), seen)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _scalars(item, (*key, index), seen)
    elif isinstance(node, yaml.ScalarNode):
        yield node, key


def markers_in(path: str, text: str | bytes) -> list[FoundMarker]:
    """Gives the markers of a file.

    Raises:
        AssertionError: a marker stands where it does not work.
    """
    text = text.decode("utf-8-sig") if isinstance(text, bytes) else text.removeprefix("\ufeff")
    if WORD not in text:
        return []
    lines = BREAKS.split(text)
    # The scalar that ends last in each line.
    last: dict[int, tuple[yaml.Mark, yaml.ScalarNode, int, Key | None]] = {}
    for number, root in enumerate(yaml.compose_all(text, LOADER)):
        for node, key in _scalars(root, (), set()):
            # Of a block the comment stands behind its header.
            mark = node.start_mark if node.style in ("|", ">") else node.end_mark
            known = last.get(mark.line)
            if known is None or known[0].column <= mark.column:
                last[mark.line] = (mark, node, number, key)
    found: list[FoundMarker] = []
    for index, line in enumerate(lines):
        if WORD not in line:
            continue
        where = (path, index + 1, line)
        assert index in last, where
        mark, node, number, key = last[index]
        behind = re.fullmatch(r"([|>][-+0-9]*)?[ \t]*,?[ \t]+#+(.*)", line[mark.column :])
        assert behind is not None, where
        assert key is not None, where
        content = json.loads(behind[2])
        assert list(content) == [WORD], where
        named = POLICY.fullmatch(content[WORD])
        if named is None:
            # Somebody's own that names no policy.
            continue
        special = NUMBER.fullmatch(node.value) or NULL.fullmatch(node.value)
        assert node.style or not special, where
        found.append(FoundMarker(path, number, key, named[1], named[2] or "", node.value))
    return found
