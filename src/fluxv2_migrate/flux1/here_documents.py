"""Where here-documents end, in shells and in Terraform's language.

Source: POSIX, Shell Command Language, 2.7.4 Here-Document; HashiCorp, HCL Native Syntax Specification,
Template Expressions.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import Final

_FIRST_WORD: Final = re.compile(r"^[ \t]*(\w+)", re.MULTILINE)


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
            mark: the word that ends it.
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
