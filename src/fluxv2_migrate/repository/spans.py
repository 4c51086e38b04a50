"""Parts of a file that are replaced."""

from __future__ import annotations

from collections.abc import Iterable

from fluxv2_migrate.yaml_text import BYTE_ORDER_MARK, splice


def with_spans(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    """Gives a file with parts of it replaced.

    Args:
        spans: begin, end and what comes there, none within another one; offsets are those of the text
            without its byte order mark.

    >>> with_spans("a b c", [(0, 1, "x"), (4, 5, "z")])
    'x b z'
    """
    mark = BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
    return mark + splice(text[len(mark) :], spans)
