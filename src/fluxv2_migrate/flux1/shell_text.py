"""Texts of shells, taken apart as far as the commands of a `.flux.yaml` need it: nothing is run.

Source: POSIX, Shell Command Language, 2.3 Token Recognition, 2.9.4 Compound Commands.
"""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

_COMMENT: Final = re.compile(r"^[ \t]*#[^\n]*", re.MULTILINE)
_TOKEN: Final = re.compile(
    r"(?P<loop>\bfor\s+(?P<name>\w+)\s+in\s)"
    r"""|(?P<quoted>'[^']*'|"(?:\\.|[^"\\])*"|\\.)|(?P<end>&&|;|\n)|\|\||[^'"\\&|;\n\s]+|.""",
    re.DOTALL,
)
_WHAT: Final = re.compile(r"[^;\n]*+")
_DO: Final = re.compile(r"[;\n]\s*do\s+")
_DONE: Final = re.compile(r"[;\n][^\S\n]*done\b")
_HERE: Final = re.compile(r"\$\(pwd\)|`pwd`|\$\{PWD\}|\$PWD\b")
_FOLDER: Final = re.compile(r"\$\(dirname \"?([^\s\"$`()]+)\"?\)")
_VARIABLE: Final = re.compile(r"\$\{(\w+)(?::?-([^}$`]*))?\}|\$(\w+)")
_FIRST_WORD: Final = re.compile(r"^[ \t]*(\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop over words.

    Attributes:
        what: the words, as they are written.
        body: what is done with each of them.
    """

    name: str
    what: str
    body: str
    text: str


def shell_parts(text: str) -> Iterator[str | Loop]:
    r"""Gives the commands of a text in their order, each without what joins it to the next.

    >>> list(shell_parts("cd a && sh -c 'x; y'\n# all\nz"))
    ['cd a', "sh -c 'x; y'", 'z']
    >>> [each.body for each in shell_parts("for f in a b; do cat $f; done")]
    ['cat $f']
    """
    text = _COMMENT.sub("", re.sub(r"\\\r?\n", " ", text))
    loops = _Loops(text)
    part, at = "", 0
    while (match := _TOKEN.match(text, at)) is not None:
        loop = loops.read(match)
        at = match.end() if loop is None else at + len(loop.text)
        if loop is not None and not part.strip():
            yield loop
        elif match["end"] is None:
            part += match[0] if loop is None else loop.text
        else:
            if part.strip():
                yield part.strip()
            part = ""
    if part.strip():
        yield part.strip()


@dataclass(slots=True)
class _Loops:
    """Reads the loops of a text; what has no end is looked for once.

    Attributes:
        without: up to where no loop begins.
    """

    text: str
    without: int = 0

    def read(self, begin: re.Match[str]) -> Loop | None:
        """Gives the loop that a token begins, if it begins one that ends."""
        if begin["loop"] is None or begin.start() < self.without:
            return None
        what = self.text[begin.end() : self._end_of_what(begin.end())]
        do = _DO.match(self.text, begin.end() + len(what))
        if do is None or not what.strip():
            self.without = begin.end() + len(what)
            return None
        # The body holds something.
        done = _DONE.search(self.text, do.end() + 1)
        if done is None:
            self.without = len(self.text)
            return None
        body = self.text[do.end() : done.start()].rstrip().removesuffix(";")
        return Loop(begin["name"], what.strip(), body, self.text[begin.start() : done.end()])

    def _end_of_what(self, start: int) -> int:
        found = _WHAT.match(self.text, start)
        return start if found is None else found.end()


def without_group(part: str) -> tuple[int, str, int]:
    """Gives a command without the parentheses of groups that begin before it or end behind it, and how many.

    >>> without_group("(cd a"), without_group("build $(x))")
    ((1, 'cd a', 0), (0, 'build $(x)', 1))
    """
    begin, end = 0, 0
    while part.startswith("("):
        begin, part = begin + 1, part[1:].lstrip()
    while part.endswith(")") and part.count("(") < part.count(")"):
        end, part = end + 1, part[:-1].rstrip()
    return begin, part, end


def filled_in(text: str, known: Mapping[str, str]) -> str:
    """Gives a text with the variables that are known, and with the folder it is in as `.`.

    Args:
        known: the variables, and the arguments of a script by their numbers.

    >>> filled_in("build $(pwd)/envs/${ENV}/${X:-a} $1", {"ENV": "prod"})
    'build ./envs/prod/${X:-a} $1'
    """
    text = _HERE.sub(".", text)
    text = _VARIABLE.sub(lambda each: known.get(each[1] or each[3], each[0]), text)
    return _FOLDER.sub(lambda each: posixpath.dirname(each[1]) or ".", text)


class HereDocuments:
    r"""The ends of the here-documents of a text, which is looked through once for all of them.

    >>> text = "cat <<EOF\na\nEOF\n"
    >>> found = HereDocuments(text)
    >>> text[10 : found.end("EOF", 10)[0]], found.end("END", 10)
    ('a\n', None)
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends: dict[str, list[tuple[int, int]]] | None = None

    def end(self, mark: str, start: int) -> tuple[int, int] | None:
        """Gives where the line begins that ends a here-document, and where its mark ends.

        Args:
            start: where the line behind the opening one begins.

        Returns:
            Both; `None` where nothing ends it.
        """
        if self._ends is None:
            self._ends = {}
            for match in _FIRST_WORD.finditer(self._text):
                self._ends.setdefault(match[1], []).append(match.span())
        known = self._ends.get(mark, [])
        index = bisect_left(known, (start, 0))
        return known[index] if index < len(known) else None
