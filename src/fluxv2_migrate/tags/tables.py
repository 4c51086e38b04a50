"""Tables of tags, for a terminal and for a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from fluxv2_migrate.quoting import as_cell, as_code, visible


def as_text(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Gives a table in columns.

    >>> print(as_text(("tag", "rank"), [("1.10", "1"), ("1.9", "2")]))
    tag   rank
    1.10  1
    1.9   2
    """
    rows = [list(map(visible, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)
    )
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def as_markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    r"""Gives a table of Markdown, in which no cell is read as anything but text.

    >>> print(as_markdown(("tag",), [("a|b*",)]))
    | tag |
    |---|
    | `a\|b*` |
    """
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [f"| {' | '.join(as_cell(as_code(cell)) for cell in row)} |" for row in rows]
    return "\n".join(lines)
