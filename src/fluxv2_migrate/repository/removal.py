"""Documents that go from their files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from fluxv2_migrate.repository.documents import BYTE_ORDER_MARK, Document

__all__ = ["is_left_empty", "removal_of", "without_documents"]

_HEADER: Final = re.compile(r"((?:[ \t]*(?:#.*)?\r?\n)+)---(?=[ \t\r\n])")
_MARKERS: Final = ("", "---", "...")


def removal_of(document: Document) -> tuple[int, int, str]:
    """Gives what an edit of a document's file needs to take it out: begin, end and what stays.

    Comments above the first marker of a file may be about all of it, and stay.
    """
    header = _HEADER.match(document.text) if document.start == 0 else None
    return document.start, document.start + len(document.text), header[1] if header else ""


def without_documents(text: str, documents: Iterable[Document]) -> str | None:
    r"""Gives a file without some of its documents; nothing where nothing is left of it.

    >>> from fluxv2_migrate.repository.documents import read_documents
    >>> text = "a: 1\n---\nb: 2\n"
    >>> without_documents(text, read_documents("a.yaml", text)[0][:1])
    '---\nb: 2\n'
    """
    mark = BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
    body = bare = text.removeprefix(BYTE_ORDER_MARK)
    for start, end, kept in sorted(map(removal_of, documents), reverse=True):
        body = body[:start] + kept + body[end:]
        bare = bare[:start] + bare[end:]
    return None if is_left_empty(bare) else mark + body


def is_left_empty(text: str) -> bool:
    r"""Gives whether nothing is left of a file that anybody would miss.

    >>> is_left_empty("---\n\n"), is_left_empty("# replicas: 2\n"), is_left_empty("---\na: 1\n")
    (True, False, False)
    """
    return all(line.strip() in _MARKERS for line in text.removeprefix(BYTE_ORDER_MARK).splitlines())
