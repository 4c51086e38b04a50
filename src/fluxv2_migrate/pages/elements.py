"""Elements of HTML, into which no text comes unescaped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from fluxv2_migrate.quoting import as_html_text

_VOID: Final = frozenset({"br", "input", "link", "meta"})


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
