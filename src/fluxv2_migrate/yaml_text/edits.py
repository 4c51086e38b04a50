"""What edits of texts are made of: pieces that are put in, a document of a file, and a second reading."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.yaml_text.composer import outline_of, read_document, read_value
from fluxv2_migrate.yaml_text.documents import BYTE_ORDER_MARK, document_texts
from fluxv2_migrate.yaml_text.nodes import CannotEdit, Node

_Read = TypeVar("_Read")


def splice(text: str, pieces: Iterable[tuple[int, int, str]]) -> str:
    """Gives a text in which parts are replaced.

    Args:
        pieces: begin, end and what comes there; none lies within another one.

    >>> splice("a b c", [(4, 5, "z"), (0, 1, "x")])
    'x b z'
    """
    parts: list[str] = []
    position = 0
    for start, end, written in sorted(pieces):
        parts += [text[position:start], written]
        position = end
    # A text that is replaced as a whole is held once.
    return "".join([part for part in (*parts, text[position:]) if part])


def read_again(text: str, expected: Any) -> str:
    r"""Gives an edited document if it means what was decided: another one is never given out.

    Raises:
        CannotEdit: it means something else.

    >>> read_again("a: [1, 2]\n", {"a": [1]})
    Traceback (most recent call last):
        ...
    fluxv2_migrate.yaml_text.nodes.CannotEdit: the edited text would not mean what was decided
    """
    value = _of_edited(read_value, text)
    if value != expected:
        raise CannotEdit("the edited text would not mean what was decided")
    return text


def read_edited(text: str) -> tuple[Node | None, Any]:
    """Gives the root node and the value of an edited document.

    Raises:
        CannotEdit: it is no YAML any more.
    """
    return _of_edited(read_document, text)


def nodes_of_edited(text: str) -> Node | None:
    r"""Gives the root node of an edited document, as `outline_of` does.

    Raises:
        CannotEdit: it is no YAML any more.

    >>> nodes_of_edited("a: 1\n").end
    4
    """
    return _of_edited(outline_of, text)


def _of_edited(read: Callable[[str], _Read], text: str) -> _Read:
    try:
        return read(text)
    except InvalidManifest as error:
        reason = error.reason.removeprefix("no valid YAML: ").partition(";")[0]
        raise CannotEdit(f"the edited text would be invalid: {reason}") from None


def ended_like(result: str, text: str) -> str:
    r"""Gives an edited text whose last line has an end only where that of the text before had one.

    >>> ended_like("a: 2\n", "a: 1"), ended_like("a: 2\n", "a: 1\n")
    ('a: 2', 'a: 2\n')
    """
    if text.endswith("\n") or not result.endswith("\n"):
        return result
    return result[:-1].removesuffix("\r")


def edit_document(text: str, edit: Callable[[str], str], index: int = 0) -> str:
    r"""Gives a file in which one document is edited; its byte order mark and the other documents stay.

    >>> edit_document("a\n---\nb\n", str.upper, 1)
    'a\n---\nB\n'
    """
    # A file without a character holds no document, and yet it may get one.
    parts = document_texts(text) or [""]
    parts[index] = edit(parts[index])
    return _mark_of(text) + "".join(parts)


def edit_documents(text: str, edit: Callable[[str], str]) -> str:
    r"""Gives a file in which each document is edited; its byte order mark stays.

    >>> edit_documents("a\n---\nb\n", str.upper)
    'A\n---\nB\n'
    """
    return _mark_of(text) + "".join(map(edit, document_texts(text)))


def _mark_of(text: str) -> str:
    return BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
