"""Documents that go from their files."""

from __future__ import annotations

import re
from typing import Final

from fluxv2_migrate.repository.documents import Document
from fluxv2_migrate.yaml_text import BYTE_ORDER_MARK

_HEADER: Final = re.compile(r"((?:[ \t]*(?:#.*)?\r?\n)+)---(?=[ \t\r\n])")
_MARKERS: Final = ("", "---", "...")


def kept_of(document: Document) -> str:
    """Gives what stays of a document that goes: comments above the first marker, which may be about all."""
    header = _HEADER.match(document.text) if document.start == 0 else None
    return header[1] if header else ""


def is_left_empty(text: str) -> bool:
    r"""Gives whether nothing is left of a file that anybody would miss.

    >>> is_left_empty("---\n\n"), is_left_empty("# replicas: 2\n"), is_left_empty("---\na: 1\n")
    (True, False, False)
    """
    return all(line.strip() in _MARKERS for line in text.removeprefix(BYTE_ORDER_MARK).splitlines())
