"""A page of its own, and what a notebook shows."""

from __future__ import annotations

from fluxv2_migrate.pages.elements import Html, element
from fluxv2_migrate.pages.style import STYLE


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


_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
