"""A migration as a page of its own, and as what a notebook shows: the same parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from fluxv2_migrate.cutover.runbook import steps_of_page
from fluxv2_migrate.pages import (
    Html,
    badge,
    code,
    element,
    facts,
    fold,
    fragment,
    joined,
    listed,
    page,
    picture,
    prose,
    section,
    table,
)
from fluxv2_migrate.report.context import context_parts
from fluxv2_migrate.report.html_parts import FileViews, entry_groups, prerequisite_table
from fluxv2_migrate.report.outline import Outline, outline_of, policy_cells, texts_of
from fluxv2_migrate.report.verdict import risks_of, summary_of, verdict_of

if TYPE_CHECKING:
    from fluxv2_migrate.report.migration import Migration

_TITLE: Final = "Migration to Flux v2"
_NOWHERE: Final = "in no sync path"
_SCRIPT: Final = """
"use strict";
const form = document.getElementById("filter");
const cards = [...document.querySelectorAll("[data-severity]")];
const rows = [...document.querySelectorAll("main tbody tr, [data-row]")];
const text = new Map([...cards, ...rows].map(each => [each, each.textContent.toLowerCase()]));
function show() {
  const words = form.elements.words.value.toLowerCase().split(/\\s+/).filter(Boolean);
  const has = each => words.every(word => text.get(each).includes(word));
  let shown = 0;
  for (const card of cards) {
    card.hidden = !(form.elements[card.dataset.severity].checked && has(card));
    shown += !card.hidden;
  }
  for (const row of rows) row.hidden = !has(row);
  document.getElementById("shown").textContent = `${shown} of ${cards.length} entries`;
}
form.hidden = false;
form.addEventListener("input", show);
form.addEventListener("submit", event => event.preventDefault());
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach(each => each.open = true));
show();
""".strip()


def migration_page(migration: Migration) -> str:
    """Gives the page of a migration."""
    outline = outline_of(migration)
    views = FileViews(_before(migration), texts_of(migration))
    parts = list(_sections(migration, outline, views, level=2))
    diffs = list(views.diffs())
    if diffs:
        parts.append(("changes", "Changes", section("Changes", *diffs, id_="changes")))
    links = [element("a", title, href=f"#{id_}") for id_, title, _ in parts]
    header = element("header", element("h1", _TITLE), *_first_screen(migration, outline))
    nav = element("nav", listed(links), aria_label="Contents", class_="contents")
    main = element("main", _filter(), *(part for _, _, part in parts), id="content")
    skip = element("a", "Skip to the content", href="#content", class_="skip")
    return page(_TITLE, skip, header, nav, main, script=_SCRIPT)


def migration_fragment(migration: Migration) -> str:
    """Gives what a notebook shows of a migration: the page without the diff."""
    outline = outline_of(migration)
    shown = list(_first_screen(migration, outline))
    for id_, title, part in _sections(migration, outline, FileViews(_before(migration), {}), level=3):
        shown.append(part if id_ in ("outcome", "questions") else fold(title, part))
    return fragment(_TITLE, *shown)


def _before(migration: Migration) -> Mapping[str, str | bytes]:
    return {**migration.files, **migration.before}


def _first_screen(migration: Migration, outline: Outline) -> Iterator[Html]:
    yield element("p", f"{summary_of(migration, outline)}.")
    kind = "error" if outline.blocks else "warning" if outline.questions else "good"
    yield element("p", badge(verdict_of(migration, outline), kind), class_="verdict")
    risks = [(title, prose(text)) for title, text in risks_of(migration, outline)]
    if risks:
        yield facts(risks)


def _filter() -> Html:
    boxes = [
        element("label", element("input", type="checkbox", name=severity, checked=True), f" {name}")
        for severity, name in (("error", "questions"), ("warning", "warnings"), ("info", "infos"))
    ]
    words = element("label", "Filter ", element("input", type="search", name="words", autocomplete="off"))
    shown = element("output", id="shown", aria_live="polite", class_="soft")
    # A script shows it: without one it would do nothing.
    return element(
        "form", words, *boxes, shown, id="filter", role="search", class_="filter only-screen", hidden=True
    )


def _sections(
    migration: Migration, outline: Outline, views: FileViews, level: int
) -> Iterator[tuple[str, str, Html]]:
    def part(id_: str, title: str, *children: str) -> tuple[str, str, Html]:
        # Notebooks hold many results; none of them may take the links of another.
        return id_, title, section(title, *children, level=level, id_=id_ if level == 2 else "")

    yield part("outcome", "Outcome by cluster", *_outcome(migration, outline))
    if outline.questions:
        how = [element("p", prose(outline.how_to_answer))] if outline.how_to_answer else []
        yield part("questions", "Questions", *how, *entry_groups(outline.questions, views, level + 1))
    if migration.prerequisites:
        yield part("first", "What must exist first", *prerequisite_table(migration.prerequisites))
    if outline.differences:
        how = [element("p", prose(outline.how_to_accept))]
        yield part("know", "What to know", *how, *entry_groups(outline.differences, views, level + 1))
    if outline.releases:
        head = ("HelmRelease", "release name", "storage namespace", "chart source", "cluster", "file")
        rows = [(*each[:-1], views.place(each.path)) for each in outline.releases]
        yield part("releases", "Releases", table("Migrated releases", head, rows))
    if outline.policies:
        yield part("policies", "Image policies", _policies(outline, views))
    if migration.staying:
        rows_of_staying = [
            (each.resource, ", ".join(each.clusters) or _NOWHERE, views.place(f"{each.path}:{each.line}"))
            for each in migration.staying
        ]
        shown = table("Releases that stay in Flux v1", ("release", "cluster", "file"), rows_of_staying)
        yield part("staying", "What stays in Flux v1", shown)
    if migration.manifests:
        yield part(
            "cutover", "Cut-over", fold("The steps in their order", steps_of_page(migration.runbook().steps))
        )
    yield part("known", "What was read and assumed", *context_parts(migration.context))


def _outcome(migration: Migration, outline: Outline) -> Iterator[Html]:
    hour = migration.first_hour()
    migrated = Counter(each.cluster for each in migration.expected)
    risky = Counter(each.cluster for each in hour.releases if each.risk == "high")
    staying = Counter(name for each in migration.staying for name in each.clusters or (_NOWHERE,))
    names = [cluster.name for cluster in migration.context.clusters]
    policies = Counter(
        name for each in outline.policies for name in (each.cluster.split(", ") if each.cluster else names)
    )
    names += sorted({*migrated, *staying} - {*names})
    rows = [
        (name or "the cluster", *(str(counts[name]) for counts in (migrated, risky, staying, policies)))
        for name in names
    ]
    head = ("cluster", "migrated", "at high risk", "stay in Flux v1", "image policies")
    yield table("Releases and policies", head, rows)
    if hour.releases:
        yield element("p", "What Flux v2 does with each release when it first sees it:")
        yield picture("The first hour", hour.to_svg())


def _policies(outline: Outline, views: FileViews) -> Html:
    rows = []
    for each in outline.policies:
        name, tags, kind, wanted = policy_cells(each)
        order = joined([f"{kind} ", code(wanted)]) if wanted else Html(kind)
        rows.append((name, code(tags) if tags else "", order, each.cluster or "all", views.place(each.path)))
    return table("Policies for images", ("ImagePolicy", "filter", "order", "cluster", "file"), rows)
