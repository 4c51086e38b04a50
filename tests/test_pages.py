"""Parts of pages: what comes from anywhere is text, and each part can be read without seeing colours."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from fluxv2_migrate import pages
from fluxv2_migrate.pages import Html
from fluxv2_migrate.pages.style import STYLE

NASTY = "</code></td>\"'><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[31m`"


class Tags(HTMLParser):
    """The names of the elements, of which none stays open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        assert not {name for name, _ in attrs if name.startswith("on")}
        if tag not in ("meta", "input", "br", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize(
    "part",
    [
        pages.badge(NASTY, "error"),
        pages.code(NASTY),
        pages.code_block([NASTY, NASTY]),
        pages.element("a", NASTY, href=NASTY),
        pages.fold(NASTY, NASTY, is_open=True),
        pages.fragment(NASTY, NASTY),
        pages.joined([NASTY]),
        pages.listed([NASTY], NASTY),
        pages.prose(f"a `{NASTY} and {NASTY}"),
        pages.section(NASTY, NASTY, id_=NASTY),
        pages.table(NASTY, (NASTY, NASTY), [(NASTY, NASTY)], strong=[0]),
        pages.page(NASTY, NASTY),
    ],
)
def test_no_text_comes_into_a_part_unescaped(part: str) -> None:
    tags = Tags()
    tags.feed(part)
    tags.close()
    assert tags.open == []
    assert not tags.seen & {"script", "img"}
    assert "\x1b" not in part


def test_a_table_has_headers_of_columns_and_rows_and_can_be_scrolled_by_keyboard() -> None:
    shown = pages.table("Tags", ("tag", "rank"), [("1.9", "2"), ("1.10", "1")], strong=[1])
    assert re.findall(r'<th scope="col">(.*?)</th>', shown) == ["tag", "rank"]
    assert re.findall(r'<th scope="row">(.*?)</th>', shown) == ["1.9", "1.10"]
    assert '<tr class="strong"><th scope="row">1.10' in shown
    assert 'role="region" tabindex="0" aria-label="Tags"' in shown


def test_a_page_needs_nothing_but_itself() -> None:
    shown = pages.page("Report", Html("<main>x</main>"), script="let a = 1 < 2;")
    assert not re.search(r"https?:|url\(|@import|src=", shown)
    assert "<script>let a = 1 < 2;</script></body>" in shown
    assert '<html lang="en">' in shown


def test_the_style_of_a_notebook_stays_within_what_it_shows() -> None:
    rules = STYLE
    # One at-rule may stand in another.
    for _ in range(2):
        rules = re.sub(r"@\w+ [^{]*\{((?:[^{}@]*\{[^{}]*\})*)\s*\}", r"\1", rules)
    selectors = [
        each for found in re.findall(r"([^{}]+)\{", rules) for each in re.split(r",(?![^(]*\))", found)
    ]
    assert [each for each in selectors if ".fm" not in each and each.strip() != "html"] == []


def _contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
        parts = [int(digits[index : index + 2], 16) / 255 for index in (0, 2, 4)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, bright = sorted((light(one), light(other)))
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1])
def test_colours_can_be_told_from_what_is_behind_them(theme: int) -> None:
    schemes = re.findall(r"\{(--ink[^}]*)\}", STYLE)
    colours = dict(re.findall(r"--([a-z-]+):(#[0-9a-f]+)", schemes[theme]))
    for name, behind in (
        *((name, shade) for name in ("ink", "soft", "link") for shade in ("paper", "shade")),
        *((name, f"{name}-shade") for name in ("bad", "warn", "info", "good")),
        ("bad", "paper"),
        ("info", "shade"),
        ("ink", "warn-shade"),
    ):
        # WCAG 2.2, 1.4.3
        assert _contrast(colours[name], colours[behind]) >= 4.5, (name, behind)
