"""Tables of tags, for a terminal, for a pull request and for a notebook."""

from __future__ import annotations

from collections.abc import Sequence

from fluxv2_migrate.quoting import as_cell, as_code, as_html_text, visible

__all__ = ["as_html", "as_markdown", "as_text"]


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


def as_html(
    caption: str, head: Sequence[str], rows: Sequence[Sequence[str]], strong: Sequence[int] = ()
) -> str:
    """Gives a table of HTML; some of its rows stand out.

    >>> as_html("", ("tag",), [("<b>",)], strong=[0])
    '<table><caption></caption><tr><th>tag</th></tr><tr><td><strong>&lt;b&gt;</strong></td></tr></table>'
    """
    lines = ["".join(f"<th>{as_html_text(cell)}</th>" for cell in head)]
    for index, row in enumerate(rows):
        begin, end = ("<strong>", "</strong>") if index in strong else ("", "")
        lines.append("".join(f"<td>{begin}{as_html_text(cell)}{end}</td>" for cell in row))
    inner = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><caption>{as_html_text(caption)}</caption>{inner}</table>"
