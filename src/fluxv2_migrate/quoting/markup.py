"""Texts in Markdown and in HTML; none shows the credentials of a URL."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Final

from fluxv2_migrate.quoting.confidential import without_credentials
from fluxv2_migrate.quoting.visible import visible

_CODE: Final = re.compile(r"(?<!`)`(?!`)[^`]+`(?!`)")
_BACK_QUOTES: Final = re.compile("`+")
# What begins an emphasis, a link, a cell, HTML or a character; `_` does between words only.
_MARKS: Final = re.compile(r"[\\`*\[\]|~<>&@]|(?<![^\W_])_|_(?![^\W_])")
_NAMED: Final = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "&#64;"}
_LINE_START: Final = re.compile(r"^(\s*)(?:([#+=-])|([0-9]+)([.)]))")


def as_code(text: str) -> str:
    r"""Gives a text as code of Markdown, in one line.

    >>> print(as_code("apps/web.yaml"), as_code("a`b"), as_code("a\nb"))
    `apps/web.yaml` `` a`b `` `a\nb`
    """
    text = _shown(text)
    if not text:
        return ""
    longest = max((len(found) for found in _BACK_QUOTES.findall(text)), default=0)
    marks = "`" * (longest + 1)
    # A code span that is not blank loses a blank on both sides; it ends at as many back quotes as it begins.
    padding = " " if longest or (text.strip(" ") and (text[0] == " " or text[-1] == " ")) else ""
    return f"{marks}{padding}{text}{padding}{marks}"


def as_markdown_text(text: str) -> str:
    r"""Gives a text for a paragraph of Markdown, in one line; what stands between back quotes stays code.

    >>> print(as_markdown_text("`ok` <script> *a* [b](c) # d"))
    `ok` &lt;script&gt; \*a\* \[b\](c) # d
    """
    text = _shown(text)
    pieces: list[str] = []
    end = 0
    for code in _CODE.finditer(text):
        pieces += [_escaped(text[end : code.start()]), code[0]]
        end = code.end()
    return _LINE_START.sub(_escaped_start, "".join([*pieces, _escaped(text[end:])]))


def _escaped(text: str) -> str:
    return _MARKS.sub(lambda found: _NAMED.get(found[0]) or f"\\{found[0]}", text)


def _escaped_start(found: re.Match[str]) -> str:
    blank, mark, number, behind = found.groups()
    return f"{blank}\\{mark}" if mark else f"{blank}{number}\\{behind}"


def as_cell(text: str) -> str:
    r"""Gives what is Markdown already as a cell of a table.

    >>> print(as_cell(as_code("a|b")), as_cell(as_markdown_text("a|b")))
    `a\|b` a\|b
    """
    # A bar ends a cell, also within code.
    return re.sub(r"(?<!\\)\|", r"\\|", text)


def as_code_block(lines: Sequence[str], language: str, indent: str = "") -> list[str]:
    r"""Gives the lines of a code block, which nothing in it closes.

    >>> print("\n".join(as_code_block(["a", "```"], "sh")))
    ````sh
    a
    ```
    ````
    """
    longest = max((len(found) for line in lines for found in _BACK_QUOTES.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    inner = [f"{indent}{visible(line)}" for line in lines]
    return [f"{indent}{fence}{language}", *inner, f"{indent}{fence}"]


def as_html_text(text: str) -> str:
    """Gives a text for HTML, in elements and attributes; line ends stay.

    >>> as_html_text('<b title="x">')
    '&lt;b title=&quot;x&quot;&gt;'
    """
    return html.escape("\n".join(map(_shown, text.split("\n"))))


def _shown(text: str) -> str:
    return visible(without_credentials(text))
