"""Terraform's language, as far as blocks and their values can be read without running anything.

Source: HashiCorp, HCL Native Syntax Specification.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fluxv2_migrate.flux1.shell_text import HereDocuments
from fluxv2_migrate.given import MAXIMUM_DEPTH

# Of what may be without an end only the beginning: where it ends is looked for once.
_TOKEN: Final = re.compile(
    r"(?P<comment>#[^\n]*|//[^\n]*)|(?P<long_comment>/\*)"
    r"|(?P<here><<-?\s*(?P<mark>\w+)\r?\n)"
    r'|(?P<text>")'
    r"|(?P<line>\n)|(?P<word>[\w.*-]+)|(?P<other>=>|[^\s])"
)
_INSIDE: Final = re.compile(r'(?:\\.|\$\{[^{}]*\}|[^"\\\n])*+', re.DOTALL)
"""What stands in a quoted text; a line ends it, but for what it fills in."""
_KINDS: Final = ("comment", "long_comment", "here", "text", "line", "word", "other")
_OPENING: Final = {"{": "}", "[": "]", "(": ")"}
_KNOWN_WORDS: Final[Mapping[str, Any]] = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function."""

    name: str
    arguments: tuple[Any, ...]


@dataclass(slots=True)
class Block:
    """A block.

    Attributes:
        kind: the word that it begins with.
        labels: the texts behind that.
        values: its attributes; a reference, and what nobody can tell, is `${…}` in a text.
    """

    kind: str
    labels: tuple[str, ...]
    line: int
    values: dict[str, Any] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int


def read_blocks(text: str) -> Block:
    r"""Gives the blocks and attributes of a file, as those of one block without a kind.

    >>> found = read_blocks('a = "b"\nresource "x" "y" {\n  z = [var.c, f(1)] # d\n}\n')
    >>> found.values, found.blocks[0].labels, found.blocks[0].values
    ({'a': 'b'}, ('x', 'y'), {'z': ['${var.c}', Call(name='f', arguments=('1',))]})
    """
    return _BlockReader(list(_up_to_the_deepest(_Lexer(text, HereDocuments(text), len(text)).tokens()))).body(
        Block("", (), 1)
    )


@dataclass(slots=True)
class _Lexer:
    """Takes a text apart; what has no end is looked for once, and its first character stands for itself.

    Attributes:
        documents: where its here-documents end.
        without_comment: from where on no comment ends.
        without_quote: up to where no quoted text ends.
    """

    text: str
    documents: HereDocuments
    without_comment: int
    without_quote: int = 0

    def tokens(self) -> Iterator[_Token]:
        at, line, counted = 0, 1, 0
        while (match := _TOKEN.search(self.text, at)) is not None:
            line += self.text.count("\n", counted, match.start())
            counted = match.start()
            kind = next(name for name in _KINDS if match[name])
            read = self._read(kind, match)
            if read is None:
                kind, read = "other", (match[0][0], match.start() + 1)
            value, at = read
            if kind not in ("comment", "long_comment"):
                yield _Token(kind, value, line)

    def _read(self, kind: str, match: re.Match[str]) -> tuple[str, int] | None:
        """Gives what a token means and where it ends; nothing where it has no end."""
        if kind == "long_comment":
            return self._comment(match.end())
        if kind == "here":
            return self._here(match)
        return self._quoted(match.end()) if kind == "text" else (match[0], match.end())

    def _comment(self, start: int) -> tuple[str, int] | None:
        end = self.text.find("*/", start) if start < self.without_comment else -1
        if end < 0:
            self.without_comment = min(start, self.without_comment)
            return None
        return "", end + 2

    def _here(self, match: re.Match[str]) -> tuple[str, int] | None:
        ends = self.documents.end(match["mark"], match.end())
        return None if ends is None else (textwrap.dedent(self.text[match.end() : ends[0]]), ends[1])

    def _quoted(self, start: int) -> tuple[str, int] | None:
        inside = _INSIDE.match(self.text, start) if start > self.without_quote else None
        if inside is None or self.text[inside.end() : inside.end() + 1] != '"':
            self.without_quote = max(self.without_quote, start if inside is None else inside.end())
            return None
        escaped = re.sub(r"\\(.)", lambda each: {"n": "\n", "t": "\t"}.get(each[1], each[1]), inside[0])
        return escaped, inside.end() + 1


def _up_to_the_deepest(tokens: Iterator[_Token]) -> Iterator[_Token]:
    """Gives tokens as long as they are not nested deeper than anybody writes."""
    depth = 0
    for token in tokens:
        if token.kind == "other":
            depth += (token.text in _OPENING) - (token.text in _OPENING.values())
        if depth > MAXIMUM_DEPTH:
            return
        yield token


@dataclass(slots=True)
class _BlockReader:
    tokens: list[_Token]
    at: int = 0

    def _peek(self) -> _Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else _Token("end", "", 0)

    def _next(self) -> _Token:
        token = self._peek()
        self.at += 1
        return token

    def _skip_lines(self) -> None:
        while self._peek().kind == "line":
            self.at += 1

    def body(self, block: Block) -> Block:
        """Reads attributes and blocks up to the end of the block."""
        while True:
            self._skip_lines()
            token = self._next()
            if token.kind == "end" or (token.kind == "other" and token.text == "}"):
                return block
            if token.kind not in ("word", "text"):
                continue
            labels: list[str] = []
            while self._peek().kind in ("word", "text"):
                labels.append(self._next().text)
            if self._is("="):
                block.values[token.text] = self.expression()
            elif self._is("{"):
                block.blocks.append(self.body(Block(token.text, tuple(labels), token.line)))

    def _is(self, text: str) -> bool:
        token = self._peek()
        found = token.kind == "other" and token.text == text
        self.at += found
        return found

    def expression(self) -> Any:
        """Reads a value; one with operators, or of several parts, is one that nobody can tell."""
        value = self._primary()
        token = self._peek()
        if token.kind in ("line", "end") or (token.kind == "other" and token.text in ",}])"):
            return value
        self._pass_over()
        return "${?}"

    def _primary(self) -> Any:
        token = self._next()
        if token.kind in ("text", "here"):
            return token.text
        if token.kind == "word":
            if self._is("("):
                return Call(token.text, tuple(self._items(")")))
            if token.text in _KNOWN_WORDS:
                return _KNOWN_WORDS[token.text]
            is_number = re.fullmatch(r"-?[0-9][0-9.]*", token.text) is not None
            return token.text if is_number else f"${{{token.text}}}"
        if token.kind == "other" and token.text == "[":
            return list(self._items("]"))
        if token.kind == "other" and token.text == "{":
            return self._object()
        return "${?}"

    def _items(self, closing: str) -> Iterator[Any]:
        while True:
            self._skip_lines()
            if self._peek().kind == "end" or self._is(closing):
                return
            if not self._is(","):
                before = self.at
                yield self.expression()
                self.at += self.at == before

    def _object(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while True:
            self._skip_lines()
            if self._peek().kind == "end" or self._is("}"):
                return found
            token = self._next()
            if token.kind in ("word", "text") and (self._is("=") or self._is(":")):
                found[token.text] = self.expression()

    def _pass_over(self) -> None:
        """Passes over the rest of an expression: to the end of its line, or to what closes around it."""
        depth: list[str] = []
        while self._peek().kind != "end":
            token = self._peek()
            if not depth and (token.kind == "line" or (token.kind == "other" and token.text in ",}])")):
                return
            if token.kind == "other" and token.text in _OPENING:
                depth.append(_OPENING[token.text])
            elif depth and token.kind == "other" and token.text == depth[-1]:
                depth.pop()
            self.at += 1
