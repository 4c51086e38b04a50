"""Elements of HTML, into which no text comes unescaped, and what every page is made of."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from fluxv2_migrate.pages.style import STYLE
from fluxv2_migrate.quoting import as_html_text

_VOID: Final = frozenset({"br", "input", "link", "meta"})
_CODE: Final = re.compile(r"(?<!`)`(?!`)([^`]+)`(?!`)")
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"


class Html(str):
    """A text that is HTML already; every other text is escaped where it comes into an element.

    >>> joined(["<b>", Html("<b>")])
    '&lt;b&gt;<b>'
    """

    __slots__ = ()


def joined(children: Iterable[str]) -> Html:
    """Gives texts and elements one behind the other."""
    return Html("".join(each if isinstance(each, Html) else as_html_text(each) for each in children))


def element(name: str, /, *children: str, **attributes: str | bool) -> Html:
    """Gives an element.

    Args:
        attributes: by name, with `_` for `-` and behind names that are words of Python; `True` stands for one
            without a value, and one that is empty or `False` is left out.

    >>> element("a", "x < y", href="#a&b", class_="place", hidden=False)
    '<a href="#a&amp;b" class="place">x &lt; y</a>'
    """
    given = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{as_html_text(value)}"')
        for key, value in attributes.items()
        if value
    )
    if name in _VOID:
        return Html(f"<{name}{given}>")
    return Html(f"<{name}{given}>{joined(children)}</{name}>")


# Parts of pages


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


# Whole pages


def fragment(title: str, *children: str) -> Html:
    """Gives what a notebook shows of a result: it brings its style, and changes nothing around it.

    >>> fragment("Tags", "none").endswith("<h2>Tags</h2>none</section>")
    True
    """
    style = element("style", Html(STYLE))
    return element("section", style, element("h2", title), *children, class_="fm", aria_label=title)


def page(title: str, *children: str, script: str = "") -> str:
    """Gives a page that needs nothing but itself: no network, and no script to be read.

    Args:
        children: what stands on it, its landmarks included.
        script: what makes it more convenient; a constant, never a text of anybody else.

    >>> page("Report").startswith("<!DOCTYPE html>")
    True
    """
    head = [
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        # Whatever a text should be taken for, it reaches nobody.
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", Html(STYLE)),
    ]
    body = [*children, *([element("script", Html(script))] if script else [])]
    html = element("html", element("head", *head), element("body", *body, class_="fm page"), lang="en")
    return f"<!DOCTYPE html>\n{html}\n"
