"""Aliases of a document, written out where what they stand for changes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from fluxv2_migrate.yaml_text.composer import value_of
from fluxv2_migrate.yaml_text.edits import splice
from fluxv2_migrate.yaml_text.nodes import (
    CannotEdit,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    colon_end,
    content_end,
    is_alias,
)

_Path = tuple[str | int, ...]
_BEHIND_COLON: Final = re.compile(r"\s*(\*[^\s,\[\]{}]+)")
_ANCHOR: Final = re.compile(r"&\S+[ \t]*")
# What is a tag or an anchor there, or has more than a line, has to be written in another form.
_NOT_COPIED: Final = re.compile(r"\A[!|>]|\n|[&*#]")
_ITEM: Final = re.compile(r"(?:[\s,\[-]|(?<=\s)#[^\n]*)*(\*[^\s,\[\]{}]+)")


class _Alias(NamedTuple):
    """An alias: where it stands, and the node that it stands for."""

    path: _Path
    node: Node
    start: int
    end: int


def write_out(text: str, root: Node | None, is_touched: Callable[[_Path], bool]) -> str:
    r"""Gives a document in which aliases of what is touched are written out, and it has no anchors.

    Args:
        is_touched: of a path, whether something there, in it or around it changes.

    Raises:
        CannotEdit: an alias is written in a form in which it cannot be found.

    >>> from fluxv2_migrate.yaml_text import compose
    >>> text = "a: &x 300\nb: {c: *x}\nd: &y [1]\ne: *y\n"
    >>> print(write_out(text, compose(text), lambda path: path[:1] == ("a",)), end="")
    a: 300
    b: {c: 300}
    d: &y [1]
    e: *y
    """
    places: dict[int, tuple[_Path, Node]] = {}
    aliases = list(_aliases(text, root, (), places))
    pieces = [
        (each.start, each.end, _written(text, each.node))
        for each in aliases
        if is_touched(each.path) or is_touched(places[id(each.node)][0])
    ]
    anchors = (_ANCHOR.match(text, node.start) for path, node in places.values() if is_touched(path))
    return splice(text, [*pieces, *((*each.span(), "") for each in anchors if each)])


def alias_places(text: str, root: Node | None) -> Iterator[tuple[_Path, _Path]]:
    r"""Gives where each alias of a document stands, and where its anchor does.

    Raises:
        CannotEdit: an alias is written in a form in which it cannot be found.

    >>> from fluxv2_migrate.yaml_text import compose
    >>> text = "a: &x 1\nb: {c: *x}\n"
    >>> list(alias_places(text, compose(text)))
    [(('b', 'c'), ('a',))]
    """
    places: dict[int, tuple[_Path, Node]] = {}
    for each in _aliases(text, root, (), places):
        yield each.path, places[id(each.node)][0]


def _aliases(
    text: str, node: Node | None, path: _Path, places: dict[int, tuple[_Path, Node]]
) -> Iterator[_Alias]:
    """Gives the aliases in a node.

    Args:
        places: where each node stands itself; those in this one are added.
    """
    if node is None:
        return
    places[id(node)] = path, node
    if isinstance(node, MappingNode):
        for key, value in node.value:
            here = (*path, key.value) if isinstance(key, ScalarNode) else path
            if is_alias(key, value):
                yield _found(_BEHIND_COLON.match(text, colon_end(text, key)), here, value)
            else:
                yield from _aliases(text, value, here, places)
    elif isinstance(node, SequenceNode):
        position = node.start
        for index, item in enumerate(node.value):
            if item.start < position:
                alias = _found(_ITEM.match(text, position), (*path, index), item)
                position = alias.end
                yield alias
            else:
                yield from _aliases(text, item, (*path, index), places)
                position = item.end


def _found(match: re.Match[str] | None, path: _Path, node: Node) -> _Alias:
    if match is None:
        raise CannotEdit("an alias that cannot be found")
    return _Alias(path, node, *match.span(1))


def _written(text: str, node: Node) -> str:
    """Gives what a node is, in one line."""
    end = content_end(text, None, node)
    anchor = _ANCHOR.match(text, node.start)
    is_in_line = isinstance(node, ScalarNode) or node.is_flow
    written = text[anchor.end() if anchor else node.start : end].lstrip()
    if is_in_line and not _NOT_COPIED.search(written):
        return written
    return json.dumps(value_of(node), ensure_ascii=False)
