"""Findings on a page: an entry for each code, with its places, their lines, and the answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from fluxv2_migrate.findings.finding import Finding
from fluxv2_migrate.findings.table import Concern
from fluxv2_migrate.pages import Html, badge, code_block, element, fold, joined, listed, prose
from fluxv2_migrate.report.html_files import FileViews
from fluxv2_migrate.report.outline import Entry, plural

__all__ = ["entry_groups", "finding_table"]

_EXCERPTS: Final = 2
"""Of so many places of one message the lines are shown."""
_PROPOSAL: Final = 40


def entry_groups(
    groups: Iterable[tuple[Concern, str, tuple[Entry, ...]]], views: FileViews, level: int
) -> Iterator[Html]:
    """Gives the entries under the headings of what they block, or of the harm that they may do.

    Args:
        groups: of an outline.
        views: the files.
        level: of the headings.
    """
    for concern, title, entries in groups:
        cards = [_card(entry, views, level + 1) for entry in entries]
        if concern == "nothing":
            yield fold(f"{title} ({len(entries)})", *cards)
        else:
            yield joined([element(f"h{level}", title), *cards])


def _card(entry: Entry, views: FileViews, level: int) -> Html:
    severity = entry.type.severity
    name = "question" if severity == "error" else severity
    number = f" {len(entry.findings)} times" if len(entry.findings) > 1 else ""
    title = joined(
        [f"{entry.code} {entry.type.slug} ", badge(name, severity), element("span", number, class_="soft")]
    )
    remedy = element("p", prose(entry.type.remedy))
    parts = [element(f"h{level}", title)] if len(entry.said) == 1 else [element(f"h{level}", title), remedy]
    for message, places in entry.said:
        parts.append(element("p", element("strong", prose(message))))
        parts += [remedy] if len(entry.said) == 1 else []
        parts.append(element("p", "in every release") if entry.is_common else _places(places, views))
    parts += _answers(entry)
    for finding in entry.findings:
        if finding.proposal:
            lines = finding.proposal.splitlines()
            parts.append(
                fold(f"proposed, {len(lines)} lines", code_block(lines), is_open=len(lines) <= _PROPOSAL)
            )
    return element("article", *parts, class_=f"card of-{severity}", data_severity=severity)


def _places(places: Sequence[str], views: FileViews) -> Html:
    shown = [joined([views.place(place), views.excerpt(place)]) for place in places[:_EXCERPTS]]
    rest = places[_EXCERPTS:]
    parts = [listed(shown, class_="places")] if shown else [element("p", "the repository")]
    if rest:
        parts.append(fold(f"{plural(len(rest), 'more place')}", listed(map(views.place, rest))))
    return joined(parts)


def _answers(entry: Entry) -> Iterator[Html]:
    given = [answer.model_dump(mode="json", exclude_unset=True) for answer in entry.answers]
    if given:
        data = [json.dumps(each, ensure_ascii=False) for each in given]
        title = "answer" if len(given) == 1 else f"{len(given)} answers"
        block = joined(
            [
                element("p", "For the file of overrides:"),
                code_block(data),
                element("p", "In Python:"),
                code_block(map(_as_python, given)),
            ]
        )
        yield fold(title, block)


def _as_python(answer: Mapping[str, Any]) -> str:
    return f"Override({', '.join(f'{key}={value!r}' for key, value in answer.items())})"


def finding_table(findings: Iterable[Finding]) -> Iterator[tuple[Html, str, str, str, Html]]:
    """Gives a row for each finding: severity, code, where, what of, and the message."""
    for each in findings:
        place = f"{each.path}:{each.line}" if each.path else ""
        more = f" and {len(each.related)} more" if each.related else ""
        severity = badge("question" if each.severity == "error" else each.severity, each.severity)
        yield severity, f"{each.code} {each.slug}", place + more, each.resource, prose(each.message)
