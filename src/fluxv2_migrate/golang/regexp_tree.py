"""What a regular expression of Go is made of, and how it is put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal as OneOf
from typing import NamedTuple, TypeAlias

from fluxv2_migrate.golang.regexp_classes import Ranges, normalize

AssertionKind: TypeAlias = OneOf[
    "begin_text", "end_text", "begin_line", "end_line", "word_boundary", "no_word_boundary"
]


@dataclass(frozen=True, slots=True)
class Empty:
    """Matches the empty text."""


@dataclass(frozen=True, slots=True)
class Literal:
    """Matches exactly this text, at least one character of it."""

    text: str


@dataclass(frozen=True, slots=True)
class CharClass:
    """Matches one character of a set; no character at all where the set is empty."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Assertion:
    """Matches the empty text at certain positions."""

    kind: AssertionKind


@dataclass(frozen=True, slots=True)
class Capture:
    """A group that is numbered from 1, and perhaps named."""

    index: int
    name: str
    body: Node


@dataclass(frozen=True, slots=True)
class Repeat:
    """The body several times; without limit where `maximum` is `None`."""

    body: Node
    minimum: int
    maximum: int | None
    greedy: bool


@dataclass(frozen=True, slots=True)
class Concat:
    """Two or more nodes after each other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Alternate:
    """Two or more nodes of which the first that leads to a match counts."""

    options: tuple[Node, ...]


Node: TypeAlias = Empty | Literal | CharClass | Assertion | Capture | Repeat | Concat | Alternate


class Syntax(NamedTuple):
    """A pattern as a tree.

    Attributes:
        subexp_names: the names of the groups from number 0 on, empty where a group has none.
        go: the release of Go that first took every spelling in it; `(1, 0)` where all did.
    """

    root: Node
    subexp_names: tuple[str, ...]
    go: tuple[int, int]


class Part(NamedTuple):
    """A node with what Go limits: its height, its instructions, and the product of its nested counts."""

    node: Node
    height: int = 1
    size: int = 1
    copies: int = 1


def _points_of(node: Node) -> Ranges | None:
    """The set of a node that is always one character."""
    if isinstance(node, CharClass):
        return node.ranges
    if isinstance(node, Literal) and len(node.text) == 1:
        return ((ord(node.text), ord(node.text)),)
    return None


def one_character(ranges: Ranges) -> Node:
    """Gives the node that matches one character of a set."""
    single = len(ranges) == 1 and ranges[0][0] == ranges[0][1]
    return Literal(chr(ranges[0][0])) if single else CharClass(ranges)


def _merge_characters(options: Sequence[Part]) -> Sequence[Part]:
    """Makes one class of neighbours that are single characters, as Go does."""
    merged: list[Part] = []
    for single, neighbours in groupby(options, key=lambda option: _points_of(option.node) is not None):
        run = list(neighbours)
        if single and len(run) > 1:
            points = normalize(one for option in run for one in _points_of(option.node) or ())
            merged.append(Part(one_character(points)))
        else:
            merged.extend(run)
    return merged


def concat(parts: Sequence[Part]) -> Part:
    """Joins parts, with neighbouring characters as one text."""
    nodes: list[Node] = []
    height = 1
    for part in parts:
        inner = part.node.parts if isinstance(part.node, Concat) else (part.node,)
        height = max(height, part.height - isinstance(part.node, Concat))
        for node in inner:
            if nodes and isinstance(node, Literal) and isinstance(nodes[-1], Literal):
                nodes[-1] = Literal(nodes[-1].text + node.text)
            else:
                nodes.append(node)
    if not nodes:
        return Part(Empty())
    size = sum(part.size for part in parts)
    copies = max(part.copies for part in parts)
    if len(nodes) == 1:
        return Part(nodes[0], height, size, copies)
    return Part(Concat(tuple(nodes)), height + 1, size, copies)


def alternate(options: Sequence[Part]) -> Part:
    """Makes one part of those of which the first that leads to a match counts."""
    options = _merge_characters(options)
    if len(options) == 1:
        return options[0]
    nodes: list[Node] = []
    for option in options:
        # An alternation directly in an alternation is the same as its options here.
        nodes.extend(option.node.options if isinstance(option.node, Alternate) else (option.node,))
    return Part(
        Alternate(tuple(nodes)),
        max(option.height + (not isinstance(option.node, Alternate)) for option in options),
        sum(option.size for option in options) + len(options) - 1,
        max(option.copies for option in options),
    )
