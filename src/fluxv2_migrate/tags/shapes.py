"""What a tag looks like, in pieces, under the pattern that let it through.

Every tag that looks alike passes the pattern too, so a filter that is put together from the pieces selects
nothing that fluxd refused.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from typing import Literal as OneOf

from fluxv2_migrate.errors import InvalidPattern
from fluxv2_migrate.flux1.tags import TagPattern
from fluxv2_migrate.golang.regexp import Regexp
from fluxv2_migrate.golang.regexp_classes import ANY, ANY_BUT_NEWLINE
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
)
from fluxv2_migrate.tags.policies import escape

_Ranges = tuple[tuple[int, int], ...]
_DIGITS: Final[_Ranges] = ((48, 57),)
_HEXADECIMAL: Final[_Ranges] = ((48, 57), (97, 102))
_ALPHANUMERIC: Final[_Ranges] = ((48, 57), (65, 90), (97, 122))
_WORD: Final = re.compile(r"[0-9A-Za-z]+|(?s:.)")
_HASH: Final = re.compile(r"g?(?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9])[0-9a-f]{6,40}")
_NUMBERED: Final = re.compile(r"[A-Za-z]*[0-9]*")
_TIME: Final = re.compile(r"[0-9]+T[0-9]+Z?|[0-9]+Z")
_TOKEN: Final = re.compile(r"[0-9]+|[A-Za-z]+")
_MOST_SHAPES: Final = 200
_MOST_TURNS: Final = 8
_MOST_NODES: Final = 300
_DEEPEST: Final = 50


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of what a tag looks like.

    Attributes:
        expression: of what may stand here.
        kind: a text without numbers; a number; a hash or the like, which orders nothing; or a word of mixed
            letters and digits, of which it is not known what it says.
        free: whether the pattern allows any text here.
    """

    expression: str
    text: str
    kind: OneOf["fixed", "number", "hash", "mixed"]
    free: bool = False

    @property
    def varies(self) -> bool:
        """Whether something else may stand here."""
        return self.expression != escape(self.text)

    @property
    def is_number(self) -> bool:
        """Whether digits stand here, always the same ones or others."""
        return self.kind == "number" or (self.kind == "fixed" and bool(re.fullmatch("[0-9]", self.text)))


def pieces_of(pattern: TagPattern, tag: str) -> tuple[Piece, ...] | None:
    """Gives what a tag looks like under a pattern, or nothing where it does not pass or cannot be followed.

    >>> [each.text for each in pieces_of(TagPattern.parse("glob:v*"), "v1.20") if each.kind == "number"]
    ['1', '20']
    """
    if pattern.kind == "glob":
        return _of_glob(pattern.pattern, tag)
    shapes = _shapes(Regexp.compile(pattern.pattern).tree)
    return next((found for shape in shapes if (found := _of_shape(shape, tag)) is not None), None)


def _of_glob(pattern: str, tag: str) -> tuple[Piece, ...] | None:
    first, *rest = pattern.split("*")
    # Each piece is looked for once and not gone back on, so that time stays linear.
    between = "".join(f"(?>(.*?){re.escape(each)})" for each in rest[:-1])
    last = f"(.*){re.escape(rest[-1])}" if rest else ""
    match = re.fullmatch(f"{re.escape(first)}{between}{last}", tag, re.DOTALL)
    if match is None:
        return None
    pieces = _fixed(first)
    for text, piece in zip(match.groups(), rest, strict=True):
        pieces += [*_free(text, ANY), *_fixed(piece)]
    return tuple(pieces)


def _fixed(text: str) -> list[Piece]:
    return [Piece(escape(letter), letter, "fixed") for letter in text]


# Regular expressions


def _shapes(node: Node, depth: int = 0) -> list[tuple[Node, ...]]:
    """Gives the ways through an expression as nodes after each other, without choices, as far as they go."""
    if depth > _DEEPEST:
        return []
    match node:
        case Empty():
            return [()]
        case Capture():
            return _shapes(node.body, depth + 1)
        case Concat():
            return _sequences([_shapes(part, depth + 1) for part in node.parts])
        case Alternate():
            return [shape for option in node.options for shape in _shapes(option, depth + 1)][:_MOST_SHAPES]
        case Repeat() if not isinstance(node.body, CharClass):
            turns = _shapes(node.body, depth + 1)
            limit = _MOST_TURNS if node.maximum is None else min(node.maximum, _MOST_TURNS)
            counts = range(limit, node.minimum - 1, -1)
            return [shape for count in counts for shape in _sequences([turns] * count)][:_MOST_SHAPES]
        case _:
            return [(node,)]


def _sequences(choices: Sequence[list[tuple[Node, ...]]]) -> list[tuple[Node, ...]]:
    chosen = itertools.islice(itertools.product(*choices), _MOST_SHAPES)
    return [tuple(node for part in parts for node in part) for parts in chosen]


def _of_shape(shape: Sequence[Node], tag: str) -> tuple[Piece, ...] | None:
    begins = bool(shape) and shape[0] == Assertion("begin_text")
    ends = bool(shape) and shape[-1] == Assertion("end_text")
    inner = shape[1 if begins else 0 : len(shape) - 1 if ends else len(shape)]
    printed = [text for node in inner if (text := _print(node)) is not None]
    if len(printed) < len(inner) or len(inner) > _MOST_NODES:
        return None
    whole = ("" if begins else "((?s:.*?))") + "".join(f"({text})" for text in printed)
    try:
        found = Regexp.compile(f"^{whole}{'' if ends else '((?s:.*))'}$").find_submatch(tag)
    except InvalidPattern:
        # What is repeated was written out, and can be too large for Go then.
        return None
    if found is None:
        return None
    texts = [text or "" for text in found[1:]]
    pieces = [] if begins else _free(texts.pop(0), ANY)
    for node, expression, text in zip(inner, printed, texts, strict=False):
        pieces += _of_node(node, expression, text)
    return tuple(pieces if ends else [*pieces, *_free(texts[-1], ANY)])


def _print(node: Node) -> str | None:
    """Gives the text of a node, of the few kinds that are left without choices."""
    if isinstance(node, Literal):
        return escape(node.text)
    if isinstance(node, CharClass):
        if node.ranges in (ANY, ANY_BUT_NEWLINE):
            return "." if node.ranges == ANY_BUT_NEWLINE else "(?s:.)"
        return "[0-9]" if node.ranges == _DIGITS else f"[{''.join(map(_print_span, node.ranges))}]"
    if isinstance(node, Repeat):
        return f"{_print(node.body)}{_print_limits(node)}"
    return None


def _print_span(span: tuple[int, int]) -> str:
    low, high = (chr(end) if chr(end).isascii() and chr(end).isalnum() else f"\\x{{{end:x}}}" for end in span)
    return low if low == high else f"{low}-{high}"


def _print_limits(node: Repeat) -> str:
    known = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((node.minimum, node.maximum))
    return known or f"{{{node.minimum},{'' if node.maximum is None else node.maximum}}}"


def _of_node(node: Node, expression: str, text: str) -> list[Piece]:
    if isinstance(node, Literal):
        return _fixed(text)
    inner = node.body if isinstance(node, Repeat) else node
    ranges = inner.ranges if isinstance(inner, CharClass) else ()
    unlimited = isinstance(node, Repeat) and node.maximum is None and node.minimum <= 1
    if _within(ranges, _DIGITS):
        return [Piece(expression, text, "number")] if text else []
    if _within(_HEXADECIMAL, ranges) and not _within(_ALPHANUMERIC[2:], ranges):
        return [Piece(expression, text, "hash")]
    if unlimited:
        return _free(text, ranges)
    if ranges in (ANY, ANY_BUT_NEWLINE):
        # A dot stands for the one character it is.
        return _fixed(text)
    # A class that holds letters too says little by its digits.
    digits = any(low <= end and start <= high for start, end in ranges for low, high in _DIGITS)
    return [Piece(expression, text, "mixed" if digits else "fixed")]


def _within(inner: _Ranges, outer: _Ranges) -> bool:
    return all(any(low <= start and end <= high for low, high in outer) for start, end in inner)


# Where any text may stand


def _free(text: str, ranges: _Ranges) -> list[Piece]:
    """Gives the pieces of a text where the pattern allows any text of a class."""
    pieces: list[Piece] = []
    free = ranges in (ANY, ANY_BUT_NEWLINE)
    for match in _WORD.finditer(text):
        word = match[0]
        if _HASH.fullmatch(word) and _within(_HEXADECIMAL, ranges):
            prefix = "g" if word.startswith("g") else ""
            pieces.append(Piece(f"{prefix}[0-9a-f]+", word, "hash", free))
        elif _NUMBERED.fullmatch(word) or _TIME.fullmatch(word):
            pieces += [_token(token, ranges) for token in _TOKEN.findall(word)]
        elif word.isascii() and word.isalnum() and _within(_ALPHANUMERIC, ranges):
            pieces.append(Piece("[0-9A-Za-z]+", word, "mixed", free))
        else:
            pieces.append(Piece(escape(word), word, "fixed", free))
    return pieces


def _token(token: str, ranges: _Ranges) -> Piece:
    free = ranges in (ANY, ANY_BUT_NEWLINE)
    if token.isdigit() and _within(_DIGITS, ranges):
        return Piece("[0-9]+", token, "number", free)
    return Piece(escape(token), token, "fixed", free)
