"""RE2's syntax as Go reads it: a pattern becomes a tree, or is refused with Go's reason."""

from __future__ import annotations

from typing import NamedTuple

from fluxv2_migrate.errors import InvalidPattern
from fluxv2_migrate.golang.regexp_classes import (
    ANY,
    ANY_BUT_NEWLINE,
    PERL_CLASSES,
    POSIX_CLASSES,
    Ranges,
    fold,
    go_of_class,
    invert,
    normalize,
    unicode_class,
)
from fluxv2_migrate.golang.regexp_tree import (
    Assertion,
    AssertionKind,
    Capture,
    Literal,
    Part,
    Repeat,
    Syntax,
    alternate,
    concat,
    one_character,
)

_MAX_REPEAT = 1000
_MAX_HEIGHT = 1000
# 128 MiB of Go's instructions of 40 bytes, and of its code points of 4 bytes.
_MAX_SIZE = (128 << 20) // 40
_MAX_POINTS = (128 << 20) // 4

_CONTROL_ESCAPES = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ASSERTION_ESCAPES: dict[str, AssertionKind] = {
    "A": "begin_text",
    "b": "word_boundary",
    "B": "no_word_boundary",
    "z": "end_text",
}
_OPERATORS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_ASCII_DIGITS = frozenset("0123456789")
_NAME_CHARS = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")


class _Flags(NamedTuple):
    fold_case: bool = False
    multi_line: bool = False
    dot_newline: bool = False
    ungreedy: bool = False


_FLAG_LETTERS = {"i": "fold_case", "m": "multi_line", "s": "dot_newline", "U": "ungreedy"}


class _Group:
    """An open parenthesis: what to restore, the options that are complete, the parts of the current one."""

    __slots__ = ("flags", "index", "name", "options", "parts")

    def __init__(self, flags: _Flags, index: int | None = None, name: str = "") -> None:
        self.flags = flags
        self.index = index
        self.name = name
        self.options: list[Part] = []
        self.parts: list[Part] = []


def parse(pattern: str) -> Syntax:
    """Reads a pattern as Go's `regexp.Compile` does.

    Returns:
        The tree, with the groups' names.

    Raises:
        InvalidPattern: Go refuses it; the reason is Go's text.

    Source: Go 1.25 `regexp/syntax/parse.go`.

    >>> parse("a(?P<n>[0-9])").subexp_names
    ('', 'n')
    >>> parse("ab|").root
    Alternate(options=(Literal(text='ab'), Empty()))
    """
    return _Parser(pattern).parse()


class _Parser:
    """Reads from left to right with an explicit stack of groups, so that no nesting exhausts Python's own."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.position = 0
        self.flags = _Flags()
        self.names = [""]
        self.go = (1, 0)
        self.points = 0
        self.groups = [_Group(self.flags)]

    def refusal(self, reason: str, expression: str) -> InvalidPattern:
        return InvalidPattern(f"error parsing regexp: {reason}: `{expression}`")

    def parse(self) -> Syntax:
        pattern = self.pattern
        if any("\ud800" <= char <= "\udfff" for char in pattern):
            raise self.refusal("invalid UTF-8", pattern)
        last_repeat: int | None = None
        while self.position < len(pattern):
            start = self.position
            if pattern[start] in "*+?{":
                last_repeat = start if self.parse_repetition(start, last_repeat) else None
            else:
                self.parse_part(pattern[start])
                last_repeat = None
        if len(self.groups) > 1:
            raise self.refusal("missing closing )", pattern)
        return Syntax(self.alternate(self.groups[0]).node, tuple(self.names), self.go)

    def parse_part(self, char: str) -> None:
        if char == "[":
            self.parse_class()
        elif char == "\\":
            self.parse_escaped()
        elif self.pattern.startswith("(?", self.position):
            self.parse_flags()
        else:
            self.position += 1
            match char:
                case "(":
                    self.open_capture("")
                case "|":
                    self.finish_option(self.groups[-1])
                case ")":
                    self.close_group()
                case "^":
                    self.push_assertion("begin_line" if self.flags.multi_line else "begin_text")
                case "$":
                    self.push_assertion("end_line" if self.flags.multi_line else "end_text")
                case ".":
                    self.push_class(ANY if self.flags.dot_newline else ANY_BUT_NEWLINE)
                case _:
                    self.push_char(char)

    # What is on the stack.

    def push(self, part: Part) -> None:
        if part.size > _MAX_SIZE or self.points > _MAX_POINTS:
            raise self.refusal("expression too large", self.pattern)
        if part.height > _MAX_HEIGHT:
            raise self.refusal("expression nests too deeply", self.pattern)
        self.groups[-1].parts.append(part)

    def push_char(self, char: str) -> None:
        if self.flags.fold_case:
            ranges = fold(((ord(char), ord(char)),))
            if ranges != ((ord(char), ord(char)),):
                self.push_class(ranges)
                return
        self.push(Part(Literal(char)))

    def push_class(self, ranges: Ranges) -> None:
        self.points += 2 * len(ranges)
        self.push(Part(one_character(ranges)))

    def push_assertion(self, kind: AssertionKind) -> None:
        self.push(Part(Assertion(kind)))

    def finish_option(self, group: _Group) -> None:
        group.options.append(concat(group.parts))
        group.parts = []

    def alternate(self, group: _Group) -> Part:
        self.finish_option(group)
        return alternate(group.options)

    def open_capture(self, name: str) -> None:
        self.groups.append(_Group(self.flags, len(self.names), name))
        self.names.append(name)

    def close_group(self) -> None:
        if len(self.groups) == 1:
            raise self.refusal("unexpected )", self.pattern)
        group = self.groups.pop()
        body = self.alternate(group)
        self.flags = group.flags
        if group.index is None:
            self.push(body)
        else:
            node = Capture(group.index, group.name, body.node)
            self.push(Part(node, body.height + 1, body.size + 2, body.copies))

    # Repetition.

    def parse_repetition(self, start: int, last_repeat: int | None) -> bool:
        """Repeats the part before it; a brace that counts nothing is text."""
        operator = self.pattern[start]
        is_counted = operator == "{"
        counts = self.parse_counts() if is_counted else _OPERATORS[operator]
        if counts is None:
            self.push_char(operator)
        if counts is None or not is_counted:
            self.position = start + 1
        if counts is not None:
            self.repeat(*counts, start, last_repeat, counted=is_counted)
        return counts is not None

    def parse_counts(self) -> tuple[int, int | None] | None:
        """Reads `{n}`, `{n,}` or `{n,m}`; anything else is text."""
        end = self.pattern.find("}", self.position)
        lower, comma, upper = self.pattern[self.position + 1 : max(end, 0)].partition(",")
        for number in (lower, upper) if upper else (lower,):
            if not _ASCII_DIGITS.issuperset(number) or not number or (number[0] == "0" and number != "0"):
                return None
        # Comparing lengths first: Python refuses to convert thousands of digits.
        too_big = any(len(number) > 4 for number in (lower, upper))
        minimum = 0 if too_big else int(lower)
        maximum = None if too_big or (comma and not upper) else int(upper) if comma else minimum
        if too_big or max(minimum, maximum or 0) > _MAX_REPEAT or (maximum is not None and minimum > maximum):
            raise self.refusal("invalid repeat count", self.pattern[self.position : end + 1])
        self.position = end + 1
        return minimum, maximum

    def repeat(
        self, minimum: int, maximum: int | None, start: int, last_repeat: int | None, *, counted: bool
    ) -> None:
        pattern = self.pattern
        lazy = pattern.startswith("?", self.position)
        self.position += lazy
        if last_repeat is not None:
            raise self.refusal("invalid nested repetition operator", pattern[last_repeat : self.position])
        parts = self.groups[-1].parts
        if not parts:
            raise self.refusal("missing argument to repetition operator", pattern[start : self.position])
        body = parts.pop()
        copies = body.copies
        if counted:
            # What {0} repeats is never compiled, and {0,} is no count.
            copies = 1 if maximum == 0 else copies * max(minimum if maximum is None else maximum, 1)
        if maximum is not None:
            size = body.size + 1 if not counted else maximum * body.size + maximum - minimum
        elif minimum == 0:
            size = body.size + 2
        else:
            size = minimum * body.size + 1
        node = Repeat(body.node, minimum, maximum, greedy=lazy == self.flags.ungreedy)
        self.push(Part(node, body.height + 1, max(size, 1), copies))
        if counted and max(minimum, maximum or 0) >= 2 and copies > _MAX_REPEAT:
            raise self.refusal("invalid repeat count", pattern[start : self.position])

    # Groups and flags.

    def parse_flags(self) -> None:
        pattern, start = self.pattern, self.position
        # Go wants a character after `(?P<` to see a name there at all, and none after `(?<` but one.
        rest = len(pattern) - start
        name_start = None
        if pattern.startswith("(?P<", start) and rest > 4:
            name_start = start + 4
        elif pattern.startswith("(?<", start) and rest > 3:
            name_start = start + 3
            # Source: the release notes of Go 1.22.
            self.go = max(self.go, (1, 22))
        if name_start is not None:
            end = pattern.find(">", name_start)
            if end < 0:
                raise self.refusal("invalid named capture", pattern[start:])
            name = pattern[name_start:end]
            if not name or not _NAME_CHARS.issuperset(name):
                raise self.refusal("invalid named capture", pattern[start : end + 1])
            self.open_capture(name)
            self.position = end + 1
            return
        flags, value, seen = self.flags, True, False
        position = start + 2
        while position < len(pattern):
            char = pattern[position]
            position += 1
            if char in _FLAG_LETTERS:
                flags = flags._replace(**{_FLAG_LETTERS[char]: value})
                seen = True
            elif char == "-" and value:
                value, seen = False, False
            elif char in ":)" and (value or seen):
                if char == ":":
                    self.groups.append(_Group(self.flags))
                self.flags = flags
                self.position = position
                return
            else:
                break
        raise self.refusal("invalid or unsupported Perl syntax", pattern[start:position])

    # Escapes and classes.

    def parse_escaped(self) -> None:
        pattern, start = self.pattern, self.position
        letter = pattern[start + 1 : start + 2]
        if letter in _ASSERTION_ESCAPES:
            self.push_assertion(_ASSERTION_ESCAPES[letter])
            self.position += 2
        elif letter == "Q":
            end = pattern.find("\\E", start + 2)
            for char in pattern[start + 2 : end if end >= 0 else None]:
                self.push_char(char)
            self.position = end + 2 if end >= 0 else len(pattern)
        elif (ranges := self.parse_class_escape()) is not None:
            self.push_class(ranges)
        else:
            self.push_char(self.parse_char_escape())

    def parse_class_escape(self) -> Ranges | None:
        r"""Reads `\d`, `\pL` or `\p{Greek}`, where one stands."""
        pattern, start = self.pattern, self.position
        letter = pattern[start + 1 : start + 2] if pattern[start] == "\\" else ""
        if letter in PERL_CLASSES:
            self.position += 2
            positive = PERL_CLASSES[letter.lower()]
            if self.flags.fold_case:
                positive = fold(positive)
            return positive if letter.islower() else invert(positive)
        if letter not in ("p", "P"):
            return None
        if pattern.startswith("{", start + 2):
            end = pattern.find("}", start) + 1
            if end == 0:
                raise self.refusal("invalid character class range", pattern[start:])
            name = pattern[start + 3 : end - 1]
        else:
            end = start + 3
            name = pattern[start + 2 : end]
        ranges = unicode_class(name.removeprefix("^"))
        if ranges is None:
            raise self.refusal("invalid character class range", pattern[start:end])
        self.go = max(self.go, go_of_class(name.removeprefix("^")))
        self.position = end
        if self.flags.fold_case:
            ranges = fold(ranges)
        return invert(ranges) if (letter == "P") != name.startswith("^") else ranges

    def parse_char_escape(self) -> str:
        """Reads a backslash and what it makes one character of."""
        pattern, start = self.pattern, self.position
        if start + 1 == len(pattern):
            raise self.refusal("trailing backslash at end of expression", "")
        char = pattern[start + 1]
        position = start + 2
        if char in "01234567":
            # One digit that is no zero would be a backreference.
            end = position
            while end < position + 2 and pattern[end : end + 1] in tuple("01234567"):
                end += 1
            if char == "0" or end > position:
                self.position = end
                return chr(int(pattern[start + 1 : end], 8))
        elif char == "x":
            return self.parse_hex_escape()
        elif char in _CONTROL_ESCAPES:
            self.position = position
            return _CONTROL_ESCAPES[char]
        elif char.isascii() and not char.isalnum():
            self.position = position
            return char
        raise self.refusal("invalid escape sequence", pattern[start:position])

    def parse_hex_escape(self) -> str:
        pattern, start = self.pattern, self.position
        position = start + 2
        if pattern.startswith("{", position):
            value = 0
            for position in range(start + 3, len(pattern)):
                char = pattern[position]
                if char == "}" and position > start + 3:
                    self.position = position + 1
                    return chr(value)
                digit = _hex_value(char)
                value = value * 16 + max(digit, 0)
                if digit < 0 or value > 0x10FFFF:
                    break
            raise self.refusal("invalid escape sequence", pattern[start : position + 1])
        digits = pattern[position : position + 2]
        if len(digits) < 2 or any(_hex_value(digit) < 0 for digit in digits):
            raise self.refusal("invalid escape sequence", pattern[start : position + 2])
        self.position = position + 2
        return chr(int(digits, 16))

    def parse_class(self) -> None:
        pattern, start = self.pattern, self.position
        self.position += 1
        negated = pattern.startswith("^", self.position)
        self.position += negated
        ranges: list[tuple[int, int]] = []
        first = True
        while first or not pattern.startswith("]", self.position):
            first = False
            if self.position == len(pattern):
                raise self.refusal("missing closing ]", pattern[start:])
            members = self.parse_posix_class()
            if members is None:
                members = self.parse_class_escape()
            if members is None:
                members = self.parse_class_range()
            ranges += members
        self.position += 1
        clean = normalize(ranges)
        self.push_class(invert(clean) if negated else clean)

    def parse_posix_class(self) -> Ranges | None:
        pattern, start = self.pattern, self.position
        end = pattern.find(":]", start + 2) if pattern.startswith("[:", start) else -1
        if end < 0:
            return None
        name = pattern[start + 2 : end]
        positive = POSIX_CLASSES.get(name.removeprefix("^"))
        if positive is None:
            raise self.refusal("invalid character class range", pattern[start : end + 2])
        self.position = end + 2
        if self.flags.fold_case:
            positive = fold(positive)
        return invert(positive) if name.startswith("^") else positive

    def parse_class_range(self) -> Ranges:
        pattern, start = self.pattern, self.position
        first = last = self.parse_class_char()
        follows = pattern[self.position : self.position + 2]
        # A hyphen before the bracket is itself.
        if len(follows) == 2 and follows[0] == "-" and follows[1] != "]":
            self.position += 1
            last = self.parse_class_char()
            if last < first:
                raise self.refusal("invalid character class range", pattern[start : self.position])
        ranges = ((ord(first), ord(last)),)
        return fold(ranges) if self.flags.fold_case else ranges

    def parse_class_char(self) -> str:
        if self.pattern[self.position] == "\\":
            return self.parse_char_escape()
        self.position += 1
        return self.pattern[self.position - 1]


def _hex_value(char: str) -> int:
    return "0123456789abcdef".find(char.lower()) if char.isascii() else -1
