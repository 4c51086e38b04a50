"""Findings on a page: an entry for each code, with its places, their lines, and the answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from fluxv2_migrate.findings.finding import Finding, answers_fold, proposal_fold, severity_badge
from fluxv2_migrate.findings.table import Concern
from fluxv2_migrate.pages import Html, element, fold, joined, listed, prose, table
from fluxv2_migrate.quoting import plural
from fluxv2_migrate.report.html_files import FileViews
from fluxv2_migrate.report.outline import Entry

_ALWAYS: Final = 2
"""A table of findings always has its first columns, the severity and the code."""
_EXCERPTS: Final = 2
"""Of so many places of one message the lines are shown."""


def entry_groups(
    groups: Iterable[tuple[Concern, str, tuple[Entry, ...]]], views: FileViews, level: int
) -> Iterator[Html]:
    """Gives the entries under the headings of what they block, or of the harm that they may do."""
    for concern, title, entries in groups:
        cards = [_card(entry, views, level + 1) for entry in entries]
        if concern == "nothing":
            yield fold(f"{title} ({len(entries)})", *cards)
        else:
            yield joined([element(f"h{level}", title), *cards])


def _card(entry: Entry, views: FileViews, level: int) -> Html:
    severity = entry.type.severity
    number = f" {len(entry.findings)} times" if len(entry.findings) > 1 else ""
    title = joined(
        [f"{entry.code} {entry.type.slug} ", severity_badge(severity), element("span", number, class_="soft")]
    )
    remedy = element("p", prose(entry.type.remedy))
    parts = [element(f"h{level}", title)] if len(entry.said) == 1 else [element(f"h{level}", title), remedy]
    for message, places in entry.said:
        parts.append(element("p", element("strong", prose(message))))
        parts += [remedy] if len(entry.said) == 1 else []
        parts.append(element("p", "in every release") if entry.is_common else _places(places, views))
    parts += answers_fold(entry.answers)
    for finding in entry.findings:
        parts += proposal_fold(finding.proposal)
    return element("article", *parts, class_=f"card of-{severity}", data_severity=severity)


def _places(places: Sequence[str], views: FileViews) -> Html:
    shown = [joined([views.place(place), views.excerpt(place)]) for place in places[:_EXCERPTS]]
    rest = places[_EXCERPTS:]
    parts = [listed(shown, class_="places")] if shown else [element("p", "the repository")]
    if rest:
        parts.append(fold(f"{plural(len(rest), 'more place')}", listed(map(views.place, rest))))
    return joined(parts)


def finding_table(caption: str, findings: Iterable[Finding]) -> Html:
    """Gives a row for each finding, and no column for what none of them says."""
    rows = [
        (
            severity_badge(each.severity),
            f"{each.code} {each.slug}",
            (f"{each.path}:{each.line}" if each.path else "")
            + (f" and {len(each.related)} more" if each.related else ""),
            each.resource,
            element("span", prose(each.message), class_="message"),
        )
        for each in findings
    ]
    head = ("severity", "finding", "where", "resource", "message")
    said = [index for index in range(len(head)) if index < _ALWAYS or any(row[index] for row in rows)]
    return table(caption, [head[index] for index in said], [[row[index] for index in said] for row in rows])
