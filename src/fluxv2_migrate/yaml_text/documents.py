"""The documents of a YAML text, found by their lines alone."""

from __future__ import annotations

import re
from itertools import chain
from typing import Final, NamedTuple

BYTE_ORDER_MARK: Final = "\ufeff"
"""What a file may begin with, and no document does."""

YAML_ENDINGS: Final = (".yaml", ".yml")
"""How the names of files end that Flux and kustomize take for YAML."""

# At the first column `---` and `...` can be nothing but document markers (YAML 1.2, 9.1.2), so
# documents are found without parsing, and one that does not parse spoils none of its neighbours.
_FIRST_MARKER: Final = re.compile(r"(---|\.\.\.)(?=[ \t\r\n]|\Z)")
# Lines are found by the character that ends them: `^` is tried at each character, five times as slow.
_MARKER: Final = re.compile(rf"\n{_FIRST_MARKER.pattern}")


class DocumentSpan(NamedTuple):
    """Where a document stands in its text.

    Attributes:
        start: offset of its first character; the marker `---` belongs to the document it opens.
        end: offset behind its last character.
        line: line of its first character, 1-based.
    """

    start: int
    end: int
    line: int


def split_documents(text: str) -> tuple[DocumentSpan, ...]:
    r"""Gives the spans of all documents of a stream; together they cover the text.

    Returns:
        One span for each document, empty and comment-only ones included; none for an empty text.

    >>> [text_of.end - text_of.start for text_of in split_documents("a: 1\n---\nb: 2\n")]
    [5, 9]
    """
    if not text:
        return ()
    if "\n---" not in text and "\n..." not in text and not text.startswith("..."):
        # Most files hold one document.
        return (DocumentSpan(0, len(text), 1),)
    starts = [0]
    closed = False
    for marker in chain(filter(None, [_FIRST_MARKER.match(text)]), _MARKER.finditer(text)):
        start = marker.start(1)
        if marker[1] == "...":
            closed = True
            continue
        # What stands before the first marker is a document of its own only if it has content:
        # comments and directives there belong to the document that the marker opens.
        if len(starts) == 1 and not closed and not _has_content(text[:start]):
            continue
        starts.append(start)
        closed = False
    ends = [*starts[1:], len(text)]
    spans: list[DocumentSpan] = []
    line, counted = 1, 0
    for start, end in zip(starts, ends, strict=True):
        line += text.count("\n", counted, start)
        counted = start
        spans.append(DocumentSpan(start, end, line))
    return tuple(spans)


def document_texts(text: str) -> list[str]:
    r"""Gives the texts of all documents of a file.

    Args:
        text: the file; its byte order mark belongs to no document.

    >>> document_texts("a: 1\n---\nb: 2\n")
    ['a: 1\n', '---\nb: 2\n']
    """
    plain = text.removeprefix(BYTE_ORDER_MARK)
    return [plain[span.start : span.end] for span in split_documents(plain)]


def first_document(text: str) -> str:
    r"""Gives the text of the one document that kustomize reads of a kustomization.

    >>> first_document("a: 1\n---\nb: 2\n")
    'a: 1\n'
    """
    plain = text.removeprefix(BYTE_ORDER_MARK)
    return plain[: split_documents(plain)[0].end] if plain else ""


def _has_content(text: str) -> bool:
    return any(line.strip() and line.lstrip()[0] not in "#%" for line in text.split("\n"))
