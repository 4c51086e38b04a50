"""What every page is made of: sections, tables, folds, code and words that stand out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from fluxv2_migrate.pages.elements import Html, element, joined

_CODE: Final = re.compile(r"(?<!`)`(?!`)([^`]+)`(?!`)")


def code(text: str) -> Html:
    """Gives a text as code within a line."""
    return element("code", text)


def code_block(lines: Iterable[str]) -> Html:
    """Gives lines as a block of code, which the keyboard can scroll."""
    return element("pre", element("code", "\n".join(lines)), tabindex="0")


def prose(text: str) -> Html:
    """Gives a sentence; what stands between back quotes is code.

    >>> prose("give `ref` <now>")
    'give <code>ref</code> &lt;now&gt;'
    """
    pieces = _CODE.split(text)
    return joined(code(piece) if index % 2 else piece for index, piece in enumerate(pieces))


def badge(text: str, kind: str) -> Html:
    """Gives a word that stands out.

    Args:
        text: the word, which says it without a colour, too.
        kind: `error`, `warning`, `info`, `good`, or none.
    """
    return element("span", text, class_=f"badge {kind}".rstrip())


def listed(items: Iterable[str], class_: str = "") -> Html:
    """Gives a list.

    >>> listed(["a", "b"])
    '<ul><li>a</li><li>b</li></ul>'
    """
    return element("ul", *(element("li", item) for item in items), class_=class_)


def facts(pairs: Iterable[tuple[str, str]]) -> Html:
    """Gives what is known of something, each fact under its name; an empty one is left out.

    >>> facts([("file", "a.yaml"), ("cluster", "")])
    '<dl><dt>file</dt><dd>a.yaml</dd></dl>'
    """
    told = ((element("dt", name), element("dd", text)) for name, text in pairs if text)
    return element("dl", *(part for each in told for part in each))


def fold(summary: str, *children: str, is_open: bool = False) -> Html:
    """Gives what is shown when somebody asks for it; no script is needed for that.

    >>> fold("2 places", "a.yaml:1")
    '<details><summary>2 places</summary>a.yaml:1</details>'
    """
    return element("details", element("summary", summary), *children, open=is_open)


def section(title: str, *children: str, level: int = 2, id_: str = "") -> Html:
    """Gives a part of a page under its heading, a region of its own for screen readers."""
    heading = element(f"h{level}", title)
    return element("section", heading, *children, id=id_, aria_label=title)


def picture(label: str, svg: str) -> Html:
    """Gives a picture, which scrolls where a page is too narrow.

    Args:
        svg: of our own making, with every text in it escaped.
    """
    return element("div", Html(svg), class_="scroll", role="region", tabindex="0", aria_label=label)


def table(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], strong: Collection[int] = ()
) -> Html:
    """Gives a table with headers of its columns and rows; in a narrow window each row is a list of its own.

    Args:
        head: the titles of the columns, which a narrow window shows beside each cell.
        rows: their cells; the first of each names the row.

    >>> table("tags", ("tag",), [("<b>",)], strong=[0]).count("&lt;b&gt;")
    1
    """
    body = []
    for index, (first, *others) in enumerate(rows):
        named = zip(others, head[1:], strict=True)
        cells = [
            element("th", first, scope="row"),
            *(element("td", cell, data_title=title) for cell, title in named),
        ]
        body.append(element("tr", *cells, class_="strong" if index in strong else ""))
    titles = element("tr", *(element("th", title, scope="col") for title in head))
    inner = [element("caption", caption), element("thead", titles), element("tbody", *body)]
    return element(
        "div", element("table", *inner), class_="scroll", role="region", tabindex="0", aria_label=caption
    )
