"""Runs regular expressions in time linear in the text, whatever the pattern.

A pattern's tree becomes a program of a few kinds of instructions, and all ways through it are followed at
once, in the order of their priority (a Pike VM), so that each instruction is visited at most once for each
character. What one character does to an ordered list of threads is always the same, so it is remembered: the
next time, a character costs one look-up, and as many copies of capture positions as there are threads.
"""

from __future__ import annotations

from enum import IntEnum

from fluxv2_migrate.golang.regexp_classes import contains
from fluxv2_migrate.golang.regexp_instructions import ASSERT, CHAR, SAVE, SPLIT, Instructions
from fluxv2_migrate.golang.regexp_tree import Assertion, Capture, Concat, Empty, Literal, Node, Syntax

Spans = tuple[tuple[int, int], ...]
"""Where the whole match and each group begin and end; -1 twice for a group that took no part."""


class _Position(IntEnum):
    """What stands on one side of a position in the text."""

    EDGE = 0
    NEWLINE = 1
    WORD = 2
    OTHER = 3


_WORD_CHARS = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")


def _position(char: str) -> _Position:
    if char in _WORD_CHARS:
        return _Position.WORD
    return _Position.NEWLINE if char == "\n" else _Position.OTHER


def _holding(before: _Position, after: _Position) -> int:
    """The bits of the assertions that hold between two characters."""
    at_begin, at_end = before is _Position.EDGE, after is _Position.EDGE
    boundary = (before is _Position.WORD) != (after is _Position.WORD)
    return (
        at_begin * 1
        + at_end * 2
        + (at_begin or before is _Position.NEWLINE) * 4
        + (at_end or after is _Position.NEWLINE) * 8
        + (16 if boundary else 32)
    )


# Slots that are set on the way, the latest first: a pair of one and of those before it, so that a way through
# a thousand groups is not copied for each of them.
_Slots = tuple[()] | tuple[int, "_Slots"]
# The same for a thread: what it was before, the slots set since, and the position of that.
_History = tuple["_History", _Slots, int] | None


class _Move:
    """What one character, or the end of the text, does to the threads of a state.

    Attributes:
        accepted: the thread that matches before the character, with the slots that it sets on its way.
        state: the threads after the character, `None` where none is left.
        parents: for each of them the thread that it comes from, with the slots set; `None`: as they were.
    """

    __slots__ = ("accepted", "parents", "state")

    def __init__(
        self,
        accepted: tuple[int, _Slots] | None,
        state: _State | None,
        parents: tuple[tuple[int, _Slots], ...] | None,
    ) -> None:
        self.accepted = accepted
        self.state = state
        self.parents = parents


class _State:
    """Threads by priority, each the instruction where it stands, and what precedes them in the text."""

    __slots__ = ("before", "moves", "threads")

    def __init__(self, threads: tuple[int, ...], before: _Position) -> None:
        self.threads = threads
        self.before = before
        self.moves: dict[str, _Move] = {}


class Program:
    """A compiled regular expression.

    Only what it remembers to be fast changes when it runs, never an answer; threads may share it.

    Attributes:
        visited: instructions looked at so far, which measures the work without a clock.
    """

    # Threads in all remembered states together; beyond that the memory is emptied and filled anew.
    REMEMBERED = 50_000

    def __init__(self, syntax: Syntax) -> None:
        self.visited = 0
        self._slot_count = 2 * len(syntax.subexp_names)
        instructions = Instructions(syntax.root)
        self._start = instructions.start
        self._operations = instructions.operations
        self._next = instructions.following
        self._argument = instructions.argument
        self._classes = instructions.classes
        self.size = len(self._operations)
        self._prefix, self._anchored = _leading(syntax.root)
        bits = {
            argument
            for operation, argument in zip(self._operations, self._argument, strict=True)
            if operation is ASSERT
        }
        # Without assertions that look at the character before, states need not be told apart by it.
        self._looks_behind = bool(bits - {1, 2})
        self._states: dict[tuple[tuple[int, ...], _Position], _State] = {}
        self._remembered = 0

    def matches(self, text: str) -> bool:
        """Tells whether a match is anywhere in the text."""
        begin = self._begin(text)
        if begin is None:
            return False
        state = self._state_at(text, begin)
        for char in text[begin:] if begin else text:
            move = state.moves.get(char) or self._advance(state, char)
            if move.accepted is not None:
                return True
            if move.state is None:
                return False
            state = move.state
        return (state.moves.get("") or self._advance(state, "")).accepted is not None

    def find(self, text: str) -> Spans | None:
        """Gives where the leftmost match and its groups begin and end, -1 where a group took no part."""
        begin = self._begin(text)
        if begin is None:
            return None
        found: _History = None
        state = self._state_at(text, begin)
        threads: list[_History] = [None]
        position = begin
        while True:
            # Beyond the last character this is the empty text, for the end, where nothing goes on.
            char = text[position : position + 1]
            move = state.moves.get(char) or self._advance(state, char)
            if move.accepted is not None:
                found = (threads[move.accepted[0]], move.accepted[1], position)
            if move.state is None:
                break
            if move.parents is not None:
                threads = [
                    ((threads[parent], slots, position) if slots else threads[parent])
                    if parent >= 0
                    else None
                    for parent, slots in move.parents
                ]
            state = move.state
            position += 1
        return None if found is None else self._spans(found)

    def _spans(self, history: _History) -> Spans:
        """Reads the history of the thread that matched from its end: what was set last counts."""
        positions = [-1] * self._slot_count
        while history is not None:
            history, slots, position = history
            while slots:
                slot, slots = slots
                if positions[slot] < 0:
                    positions[slot] = position
        return tuple(zip(positions[::2], positions[1::2], strict=True))

    def _begin(self, text: str) -> int | None:
        """Where the first match could begin at the earliest, judged by the text that each begins with."""
        if self._anchored:
            return 0 if text.startswith(self._prefix) else None
        begin = text.find(self._prefix)
        return begin if begin >= 0 else None

    def _state_at(self, text: str, begin: int) -> _State:
        before = self._before(text[begin - 1]) if begin else _Position.EDGE
        return self._state((self._start,), before)

    def _before(self, char: str) -> _Position:
        return _position(char) if self._looks_behind else _Position.OTHER

    def _state(self, threads: tuple[int, ...], before: _Position) -> _State:
        key = (threads, before)
        state = self._states.get(key)
        if state is None:
            state = self._states[key] = _State(threads, before)
            self._remember(len(threads))
        return state

    def _remember(self, threads: int) -> None:
        self._remembered += threads
        if self._remembered > self.REMEMBERED:
            # A new mapping and not a cleared one: another thread may be looking into the old one.
            self._states, self._remembered = {}, 0

    def _advance(self, state: _State, char: str) -> _Move:
        """Follows every thread over one character, or over the end of the text."""
        reached, accepted = self._follow(state, char)
        if char and not self._anchored and accepted is None and self._start in state.threads:
            # No match yet: one may begin after this character.
            reached[self._start] = (-1, ())
        move = _Move(accepted, None, None)
        if reached:
            move.state = self._state(tuple(reached), self._before(char))
            parents = tuple(reached.values())
            if parents != tuple((index, ()) for index in range(len(state.threads))):
                move.parents = parents
        state.moves[char] = move
        self._remember(1 + len(reached))
        return move

    def _follow(
        self, state: _State, char: str
    ) -> tuple[dict[int, tuple[int, _Slots]], tuple[int, _Slots] | None]:
        """Gives where the threads come to, in the order of their priority, and the one that matches.

        Of each: the thread that it comes from, and the slots that are set on the way.
        """
        holding = _holding(state.before, _position(char) if char else _Position.EDGE)
        point = ord(char) if char else -1
        operations, following, argument = self._operations, self._next, self._argument
        # Of each class that was asked for, whether the character is in it.
        members: dict[int, bool] = {}
        seen: set[int] = set()
        # Next instructions with their origin; the first of equals is kept.
        reached: dict[int, tuple[int, _Slots]] = {}
        accepted: tuple[int, _Slots] | None = None
        for parent, thread in enumerate(state.threads):
            pending: list[tuple[int, _Slots]] = [(thread, ())]
            while pending:
                at, slots = pending.pop()
                if at in seen:
                    continue
                seen.add(at)
                operation = operations[at]
                if operation == CHAR:
                    number = argument[at]
                    member = members.get(number)
                    if member is None:
                        member = members[number] = contains(self._classes[number], point)
                    if member and following[at] not in reached:
                        reached[following[at]] = (parent, slots)
                elif operation == SPLIT:
                    pending.append((argument[at], slots))
                    pending.append((following[at], slots))
                elif operation == SAVE:
                    pending.append((following[at], (argument[at], slots)))
                elif operation == ASSERT:
                    if argument[at] & holding:
                        pending.append((following[at], slots))
                else:
                    accepted = (parent, slots)
                    break
            if accepted is not None:
                # Threads behind the one that matches count less than it.
                break
        self.visited += len(seen)
        return reached, accepted


def _leading(root: Node) -> tuple[str, bool]:
    """Gives the text that every match begins with, and whether every match begins where the text does."""
    prefix = ""
    anchored = False
    pending = [root]
    while pending:
        node = pending.pop()
        match node:
            case Concat():
                pending.extend(reversed(node.parts))
            case Capture():
                pending.append(node.body)
            case Literal():
                prefix += node.text
            case Assertion(kind="begin_text") if not prefix:
                anchored = True
            case Empty():
                pass
            case _:
                break
    return prefix, anchored
