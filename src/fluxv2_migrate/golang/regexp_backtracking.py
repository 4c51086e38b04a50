"""Hands patterns to Python's `re` for which a proof over the tree says that this cannot be told from Go.

`re` tries one way through a pattern and goes back when it fails, in the same order of preference as Go, so
where it ends it finds the same match. What remains to be shown is that it goes back only briefly:

- wherever the pattern may go on in two ways, the next character (or the text that an option begins with)
  excludes one of them. Then a way that was not taken fails at once when it is tried later, and a single run
  takes time linear in the text;
- a search begins such a run at each position. That is linear too where only one position counts (`^`), where
  a run cannot be longer than the pattern, or where all that has no limit is a last repeat that cannot fail.

Everything else, assertions in the middle of a pattern included, is left to the program that follows all ways
at once. The tree and not the pattern's text is written for `re`, so that none of `re`'s syntax has a say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from fluxv2_migrate.golang.regexp_classes import ANY, LAST, Ranges, invert, normalize, overlap
from fluxv2_migrate.golang.regexp_program import Spans
from fluxv2_migrate.golang.regexp_tree import (
    Alternate,
    Assertion,
    Capture,
    CharClass,
    Concat,
    Empty,
    Literal,
    Node,
    Repeat,
    Syntax,
)

# `re` reads and compiles by recursion, and so does the proof.
_MAX_DEPTH = 40
# Options are compared with each other, and every node with what may follow it.
_MAX_NODES = 1000
_MAX_OPTIONS = 64
_MAX_RANGES = 64


class Backtracker:
    """A pattern that Python's `re` runs with Go's result in linear time."""

    __slots__ = ("_pattern",)

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern

    @classmethod
    def prove(cls, syntax: Syntax) -> Backtracker | None:
        """Gives what runs the pattern, or `None` where there is no proof.

        >>> from fluxv2_migrate.golang.regexp_syntax import parse
        >>> Backtracker.prove(parse("^v([0-9]+)$")).find("v12")
        ((0, 3), (1, 3))
        >>> Backtracker.prove(parse("^(a|a)*$")) is None
        True
        """
        if not _is_small(syntax.root) or not _is_linear(syntax.root):
            return None
        return cls(re.compile(_write(syntax.root)))

    def matches(self, text: str) -> bool:
        """Tells whether a match is anywhere in the text."""
        return self._pattern.search(text) is not None

    def find(self, text: str) -> Spans | None:
        """Gives where the leftmost match and its groups begin and end, -1 where a group took no part."""
        found = self._pattern.search(text)
        return None if found is None else found.regs


def _is_small(root: Node) -> bool:
    """Whether recursion may walk the tree, and nothing in it makes comparing expensive."""
    pending = [(root, 1)]
    nodes = 0
    while pending:
        node, depth = pending.pop()
        nodes += 1
        if depth > _MAX_DEPTH or nodes > _MAX_NODES:
            return False
        match node:
            case Capture() | Repeat():
                pending.append((node.body, depth + 1))
            case Concat():
                pending.extend((part, depth + 1) for part in node.parts)
            case Alternate():
                if len(node.options) > _MAX_OPTIONS:
                    return False
                pending.extend((option, depth + 1) for option in node.options)
            case CharClass():
                if not 0 < len(node.ranges) <= _MAX_RANGES:
                    return False
            case _:
                pass
    return True


def _is_linear(root: Node) -> bool:
    parts = [part for part in _opened(root) if not isinstance(part, Empty)]
    begin, end = 0, len(parts)
    while begin < end and parts[begin] == Assertion("begin_text"):
        begin += 1
    while begin < end and parts[end - 1] == Assertion("end_text"):
        end -= 1
    if not _decides_sequence(parts[begin:end], ()):
        return False
    if begin == 0 and end == len(parts) and end and _repeats_one_character(parts[-1]):
        # Once reached, it never fails.
        end -= 1
    return begin > 0 or all(_is_limited(part) for part in parts[:end])


def _opened(node: Node) -> Iterator[Node]:
    """The parts of a sequence; groups in it make no difference to what matches."""
    match node:
        case Concat():
            for part in node.parts:
                yield from _opened(part)
        case Capture():
            yield from _opened(node.body)
        case _:
            yield node


def _repeats_one_character(node: Node) -> bool:
    if not isinstance(node, Repeat):
        return False
    return isinstance(node.body, CharClass) or (isinstance(node.body, Literal) and len(node.body.text) == 1)


def _is_limited(node: Node) -> bool:
    """Whether what the node matches has a greatest length."""
    match node:
        case Concat():
            return all(map(_is_limited, node.parts))
        case Alternate():
            return all(map(_is_limited, node.options))
        case Capture():
            return _is_limited(node.body)
        case Repeat():
            return node.maximum is not None and _is_limited(node.body)
        case _:
            return True


def _first(node: Node) -> tuple[Ranges, bool]:
    """The characters that a match may begin with, and whether it may be empty."""
    match node:
        case Literal():
            return ((ord(node.text[0]), ord(node.text[0])),), False
        case CharClass():
            return node.ranges, False
        case Capture():
            return _first(node.body)
        case Repeat():
            points, empty = _first(node.body)
            return points, empty or node.minimum == 0
        case Concat():
            following: Ranges = ()
            empty = True
            for part in reversed(node.parts):
                following, skipped = _before(part, following)
                empty = empty and skipped
            return following, empty
        case Alternate():
            firsts = [_first(option) for option in node.options]
            points = normalize(one for ranges, _ in firsts for one in ranges)
            return points, any(empty for _, empty in firsts)
        case _:
            return (), True


def _before(node: Node, following: Ranges) -> tuple[Ranges, bool]:
    """The characters that may come next before a node, given those that may come after it."""
    points, empty = _first(node)
    return (normalize([*points, *following]) if empty else points), empty


def _decides_sequence(parts: Sequence[Node], following: Ranges) -> bool:
    for part in reversed(parts):
        if not _decides(part, following):
            return False
        following, _ = _before(part, following)
    return True


def _decides(node: Node, following: Ranges) -> bool:
    """Whether at most one way through the node goes on in any text, given what characters may follow it."""
    match node:
        case Assertion():
            return False
        case Concat():
            return _decides_sequence(node.parts, following)
        case Capture():
            return _decides(node.body, following)
        case Alternate():
            return _decides_options(node.options, following)
        case Repeat():
            return _decides_repeat(node, following)
        case _:
            return True


def _decides_options(options: Sequence[Node], following: Ranges) -> bool:
    firsts = [_first(option) for option in options]
    empty = sum(empty for _, empty in firsts)
    if empty > 1 or (empty and any(overlap(points, following) for points, _ in firsts)):
        return False
    for left, right in combinations(range(len(options)), 2):
        if overlap(firsts[left][0], firsts[right][0]) and not _differ(options[left], options[right]):
            return False
    return all(_decides(option, following) for option in options)


def _differ(left: Node, right: Node) -> bool:
    """Whether two options begin with texts of which neither is the beginning of the other."""
    one, other = _head(left), _head(right)
    return not one.startswith(other) and not other.startswith(one)


def _head(node: Node) -> str:
    part = next(_opened(node))
    return part.text if isinstance(part, Literal) else ""


def _decides_repeat(node: Repeat, following: Ranges) -> bool:
    points, empty = _first(node.body)
    fixed = node.minimum == node.maximum
    if empty or node.maximum == 0 or (not fixed and overlap(points, following)):
        return False
    if node.maximum == 1:
        return _decides(node.body, following)
    # What a group took in a time that failed is to be forgotten; no proof rests on how `re` does that.
    if not fixed and _has_capture(node.body):
        return False
    return _decides(node.body, normalize([*points, *following]))


def _has_capture(node: Node) -> bool:
    match node:
        case Capture():
            return True
        case Concat():
            return any(map(_has_capture, node.parts))
        case Alternate():
            return any(map(_has_capture, node.options))
        case Repeat():
            return _has_capture(node.body)
        case _:
            return False


def _write(node: Node) -> str:
    match node:
        case Literal():
            return re.escape(node.text)
        case CharClass():
            return _write_class(node.ranges)
        case Assertion():
            return r"\A" if node.kind == "begin_text" else r"\Z"
        case Capture():
            return f"({_write(node.body)})"
        case Concat():
            return "".join(map(_write, node.parts))
        case Alternate():
            return f"(?:{'|'.join(map(_write, node.options))})"
        case Repeat():
            counts = f"{node.minimum},{'' if node.maximum is None else node.maximum}"
            return f"(?:{_write(node.body)}){{{counts}}}{'' if node.greedy else '?'}"
        case _:
            return ""


def _write_class(ranges: Ranges) -> str:
    if ranges == ANY:
        return "(?s:.)"
    # `re` takes long to compile a class that is large, and not one that is all but a few.
    negated = ranges[-1][1] == LAST
    spans = (rf"\U{first:08x}-\U{last:08x}" for first, last in (invert(ranges) if negated else ranges))
    return f"[{'^' * negated}{''.join(spans)}]"
