"""Documents that go from their files."""

from __future__ import annotations

import re
from typing import Final

from fluxv2_migrate.documents import Document

__all__ = ["is_left_empty", "removal_of"]

_HEADER: Final = re.compile(r"((?:[ \t]*(?:#.*)?\r?\n)+)---(?=[ \t\r\n])")
_MARKERS: Final = ("", "---", "...")


def removal_of(document: Document) -> tuple[int, int, str]:
    """Gives what an edit of a document's file needs to take it out: begin, end and what stays.

    Comments above the first marker of a file may be about all of it, and stay.
    """
    header = _HEADER.match(document.text) if document.start == 0 else None
    return document.start, document.start + len(document.text), header[1] if header else ""


def is_left_empty(text: str) -> bool:
    r"""Gives whether nothing is left of a file that anybody would miss.

    >>> is_left_empty("---\n\n"), is_left_empty("# replicas: 2\n"), is_left_empty("---\na: 1\n")
    (True, False, False)
    """
    return all(line.strip() in _MARKERS for line in text.removeprefix("\ufeff").splitlines())
