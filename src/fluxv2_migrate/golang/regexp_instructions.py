"""From the tree of a regular expression to the instructions of a program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from fluxv2_migrate.golang.regexp_classes import Ranges
from fluxv2_migrate.golang.regexp_tree import (
    Alternate,
    Assertion,
    AssertionKind,
    Capture,
    CharClass,
    Concat,
    Empty,
    Literal,
    Node,
    Repeat,
)

# The kinds of instructions. Plain numbers: they are compared for each thread and character.
_MATCH, CHAR, SPLIT, SAVE, ASSERT = range(5)

_ASSERTION_BITS: Final[dict[AssertionKind, int]] = {
    "begin_text": 1,
    "end_text": 2,
    "begin_line": 4,
    "end_line": 8,
    "word_boundary": 16,
    "no_word_boundary": 32,
}

_Task = Callable[[int], int]


class Instructions:
    """The instructions of a pattern, emitted from the last to the first, so that each knows what follows it.

    A task takes the instruction that follows and returns the one to begin with. Tasks are on a stack of
    their own because a pattern may nest deeper than Python's functions.

    Attributes:
        operations: the kind of each.
        following: the next one, or the preferred one of a split.
        argument: the other one of a split, the class, the slot of a save, the bit of an assertion.
        classes: of characters, by their numbers.
        start: the instruction to begin with.
    """

    def __init__(self, root: Node) -> None:
        self.operations: list[int] = []
        self.following: list[int] = []
        self.argument: list[int] = []
        self.classes: list[Ranges] = []
        self._class_numbers: dict[Ranges, int] = {}
        self._nullable = _find_nullable(root)
        self._tasks: list[_Task] = []
        following = self._emit(_MATCH, 0)
        self._tasks.extend((self._save(0), self._node(root), self._save(1)))
        while self._tasks:
            following = self._tasks.pop()(following)
        self.start = following

    def _emit(self, operation: int, following: int, argument: int = 0) -> int:
        self.operations.append(operation)
        self.following.append(following)
        self.argument.append(argument)
        return len(self.operations) - 1

    def _emit_class(self, ranges: Ranges, following: int) -> int:
        number = self._class_numbers.setdefault(ranges, len(self.classes))
        if number == len(self.classes):
            self.classes.append(ranges)
        return self._emit(CHAR, following, number)

    def _emit_split(self, body: int, skip: int, *, greedy: bool) -> int:
        preferred, other = (body, skip) if greedy else (skip, body)
        return self._emit(SPLIT, preferred, other)

    # Tasks.

    def _save(self, slot: int) -> _Task:
        return lambda following: self._emit(SAVE, following, slot)

    def _node(self, node: Node) -> _Task:
        return lambda following: self._expand(node, following)

    def _split(self, skip: int, *, greedy: bool) -> _Task:
        return lambda body: self._emit_split(body, skip, greedy=greedy)

    def _expand(self, node: Node, following: int) -> int:
        match node:
            case Literal():
                for char in reversed(node.text):
                    following = self._emit_class(((ord(char), ord(char)),), following)
            case CharClass():
                return self._emit_class(node.ranges, following)
            case Assertion():
                return self._emit(ASSERT, following, _ASSERTION_BITS[node.kind])
            case Capture():
                begin, end = self._save(2 * node.index), self._save(2 * node.index + 1)
                self._tasks.extend((begin, self._node(node.body), end))
            case Concat():
                self._tasks.extend(map(self._node, node.parts))
            case Alternate():
                self._expand_alternate(node, following)
            case Repeat():
                return self._expand_repeat(node, following)
            case _:
                pass
        return following

    def _expand_alternate(self, node: Alternate, following: int) -> None:
        entries: list[int] = []

        def collect(entry: int) -> int:
            entries.append(entry)
            return following

        def join(_: int) -> int:
            joined = entries[0]
            for entry in entries[1:]:
                joined = self._emit_split(entry, joined, greedy=True)
            return joined

        self._tasks.append(join)
        for option in node.options:
            self._tasks.extend((collect, self._node(option)))

    def _expand_repeat(self, node: Repeat, following: int) -> int:
        body, is_nullable = self._node(node.body), self._nullable[id(node.body)]
        split = self._split(following, greedy=node.greedy)
        if node.maximum is not None:
            # x{2,4} is xx(x(x)?)?
            self._tasks.extend([body] * node.minimum)
            self._tasks.extend([split, body] * (node.maximum - node.minimum))
            return following
        loop = self._emit(SPLIT, following)

        def close(entry: int) -> int:
            preferred, other = (entry, following) if node.greedy else (following, entry)
            self.following[loop], self.argument[loop] = preferred, other
            return entry if node.minimum or is_nullable else loop

        if node.minimum:
            self._tasks.extend([body] * (node.minimum - 1))
        elif is_nullable:
            # x* is (x+)? where x may be empty: otherwise an empty x would count less than no x.
            self._tasks.append(split)
        self._tasks.extend((close, body))
        return loop


def _find_nullable(root: Node) -> dict[int, bool]:
    """Tells of every node, by its identity, whether it can match the empty text."""
    order: list[Node] = []
    pending = [root]
    while pending:
        node = pending.pop()
        order.append(node)
        match node:
            case Capture() | Repeat():
                pending.append(node.body)
            case Concat():
                pending.extend(node.parts)
            case Alternate():
                pending.extend(node.options)
            case _:
                pass
    nullable: dict[int, bool] = {}
    for node in reversed(order):
        match node:
            case Literal() | CharClass():
                result = False
            case Empty() | Assertion():
                result = True
            case Capture():
                result = nullable[id(node.body)]
            case Repeat():
                result = node.minimum == 0 or nullable[id(node.body)]
            case Concat():
                result = all(nullable[id(part)] for part in node.parts)
            case _:
                result = any(nullable[id(option)] for option in node.options)
        nullable[id(node)] = result
    return nullable
