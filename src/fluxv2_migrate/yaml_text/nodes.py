"""The nodes of a YAML document: what is written, how, and where; what it means is decided by who reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Self

_FEW: Final = 32


class Node:
    """A value as it stands in a text.

    Attributes:
        value: of a scalar its text, of a list its items, of a mapping its keys and values in pairs; an alias
            is the node of its anchor.
        tag: the tag that is written before it, else empty.
        start: the offset of its first character, anchor and tag included.
        end: the offset behind its last one; comments and line ends behind it are no part of it.
        is_flow: whether it is a collection in brackets.
    """

    __slots__ = ("end", "start", "tag", "value")

    value: Any
    tag: str
    start: int
    end: int
    is_flow: bool


class ScalarNode(Node):
    """A text, a number or the like.

    Attributes:
        style: empty for a plain one, else the quote or the `|` or `>` that it begins with.
    """

    __slots__ = ("style",)

    value: str
    style: str
    is_flow = False

    def __init__(self, value: str, style: str, start: int, end: int, tag: str = "") -> None:
        self.value = value
        self.style = style
        self.start = start
        self.end = end
        self.tag = tag


class _Collection(Node):
    """A node that holds others; what these are may be read only once somebody asks for them."""

    __slots__ = ("is_flow", "read")

    read: Callable[[int, int], Any]

    def __init__(self, value: Any, start: int, end: int, *, is_flow: bool = False, tag: str = "") -> None:
        self.value = value
        self.start = start
        self.end = end
        self.is_flow = is_flow
        self.tag = tag

    @classmethod
    def unread(cls, start: int, end: int, read: Callable[[int, int], Any]) -> Self:
        """Gives a collection in block style of which only the place is known.

        Args:
            read: gives what it holds, by its begin and its end.
        """
        node = cls.__new__(cls)
        node.start, node.end, node.is_flow, node.tag, node.read = start, end, False, "", read
        return node

    def __getattr__(self, name: str) -> Any:
        """Reads what it holds, which is asked for here where it is not known yet."""
        if name != "value":
            raise AttributeError(name)
        self.value = self.read(self.start, self.end)
        return self.value


class SequenceNode(_Collection):
    """A list."""

    __slots__ = ()

    value: list[Node]


class MappingNode(_Collection):
    """A mapping."""

    __slots__ = ("_found",)

    value: list[tuple[Any, Node]]
    _found: dict[str, tuple[Any, Node]]

    def find(self, key: str) -> tuple[Any, Node] | None:
        """Gives the first key that is written so, and its value."""
        if len(self.value) <= _FEW:
            for pair in self.value:
                if pair[0].value == key:
                    return pair
            return None
        if not hasattr(self, "_found"):
            # Each of many keys may be looked up once.
            self._found = {str(pair[0].value): pair for pair in reversed(self.value)}
        return self._found.get(key)
