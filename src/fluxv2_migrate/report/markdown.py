"""The report as Markdown: the first screen decides whether to merge, the rest is for who works through it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from fluxv2_migrate.findings.table import Severity
from fluxv2_migrate.quoting import as_cell, as_code, as_code_block, as_markdown_text, few, plural
from fluxv2_migrate.report.outline import Entry, Outline, ReleaseRow, assumptions_of, outline_of, policy_cells
from fluxv2_migrate.report.verdict import risks_of, summary_of, verdict_of
from fluxv2_migrate.settings.overrides import as_python, entry_of

if TYPE_CHECKING:
    from fluxv2_migrate.placement import Prerequisite
    from fluxv2_migrate.report.migration import Migration

_SHOWN: Final[Mapping[Severity, int]] = {"error": 3, "warning": 2, "info": 2}
"""So many places of an entry, or messages where they differ, are shown; `migration.findings` has all.

Of more places than that the first is told with the number of the others: one more example tells nothing.
"""
_USERS: Final = 3
_ROWS: Final = 12
"""A longer table is folded."""
_LONGEST: Final = 205
"""Of a longer message so much is shown."""
_LINES: Final = 20
"""So many lines of a proposed file are shown."""
_SHORT: Final = 120
"""A longer answer is shown only of a question, and is not written a second time, for Python."""


def report_markdown(migration: Migration) -> str:
    """Gives the report of a migration; the first screen says whether it can be merged."""
    outline = outline_of(migration)
    proposed: set[str] = set()
    parts = [
        ["# Migration to Flux v2"],
        [f"{summary_of(migration, outline)}."],
        [f"**{verdict_of(migration, outline)}**"],
        [f"- **{title}**: {as_markdown_text(text)}" for title, text in risks_of(migration, outline)],
        *_questions(outline, proposed),
        *_prerequisites(migration.prerequisites),
        *_differences(outline, proposed),
        *_releases(outline.releases),
        *_policies(outline),
        ["## What was assumed"],
        [f"- {_text(reason)}" for reason in assumptions_of(migration.context)],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _questions(outline: Outline, proposed: set[str]) -> Iterator[list[str]]:
    if not outline.questions:
        return
    yield ["## Questions"]
    if outline.how_to_answer:
        yield [outline.how_to_answer]
    asked = (entry for _, _, entries in outline.questions for entry in entries)
    # One example says how an answer is written in Python.
    example = next((entry for entry in asked if entry.answers), None)
    for _, title, entries in outline.questions:
        yield [f"### {title}"]
        yield _entries(entries, proposed, example)


def _differences(outline: Outline, proposed: set[str]) -> Iterator[list[str]]:
    if not outline.differences:
        return
    yield ["## What to know"]
    yield [outline.how_to_accept]
    for concern, title, entries in outline.differences:
        if concern == "nothing":
            yield _folded(title, _entries(entries, proposed))
        else:
            yield [f"### {title}"]
            yield _entries(entries, proposed)


def _entries(entries: Iterable[Entry], proposed: set[str], example: Entry | None = None) -> list[str]:
    return [
        line for entry in entries for line in (*_entry(entry, entry is example), *_proposals(entry, proposed))
    ]


def _entry(entry: Entry, is_example: bool) -> Iterator[str]:
    number = f" ({len(entry.findings)} times)" if len(entry.findings) > 1 else ""
    shown = _SHOWN[entry.type.severity]
    head = f"- **{entry.code} {entry.type.slug}**{number}:"
    remedy = as_markdown_text(entry.type.remedy)
    resources = {finding.resource for finding in entry.findings}
    what = (
        f" ({_text(resources.pop())})"
        if len(resources) == len(entry.places) == 1 and "" not in resources
        else ""
    )
    if len(entry.said) == 1:
        yield f"{head} {_text(entry.said[0][0])}. {remedy}"
        if entry.places:
            yield f"  - {'in every release' if entry.is_common else _places(entry.places, shown) + what}"
    else:
        yield f"{head} {remedy}"
        for message, places in entry.said[:shown]:
            yield f"  - {_text(message)}{': ' if places else ''}{_places(places, 1)}"
        if len(entry.said) > shown:
            yield f"  - and {len(entry.said) - shown} more"
    yield from _answer(entry, is_example)


def _proposals(entry: Entry, proposed: set[str]) -> Iterator[str]:
    """Gives the files that are proposed; what another finding proposed is not shown a second time."""
    texts = list(dict.fromkeys(finding.proposal for finding in entry.findings if finding.proposal))
    for text in texts[: _SHOWN[entry.type.severity]]:
        if text in proposed:
            yield "  - proposed: as above"
            continue
        proposed.add(text)
        lines = text.splitlines()
        cut = (
            [f"# and {len(lines) - _LINES} more lines, which the finding has"] if len(lines) > _LINES else []
        )
        yield "  - proposed:"
        yield ""
        yield from as_code_block([*lines[:_LINES], *cut], "yaml", "    ")
        yield ""


def _answer(entry: Entry, is_example: bool) -> Iterator[str]:
    if not entry.answers:
        return
    given = entry_of(entry.answers[0])
    shown = json.dumps(given, ensure_ascii=False)
    is_short = len(shown) <= _SHORT
    if not is_short and entry.type.severity != "error":
        return
    python = f", in Python {as_code(as_python(given))}" if is_short and is_example else ""
    others = len(entry.answers) - 1
    more = f", and {plural(others, 'other answer')}" if others else ""
    yield f"  - answer: {as_code(shown)}{python}{more}"


def _text(text: str) -> str:
    if len(text) <= _LONGEST:
        return as_markdown_text(text)
    cut = text[:_LONGEST]
    return as_markdown_text(f"{cut.rpartition(' ')[0] or cut} …")


def _places(places: Sequence[str], shown: int) -> str:
    return few(map(as_code, places), shown if len(places) <= shown else 1)


def _prerequisites(prerequisites: Sequence[Prerequisite]) -> Iterator[list[str]]:
    rows = []
    for need in prerequisites:
        copied = f", a copy of {as_code(need.copy_of)}" if need.copy_of else ""
        users = few(need.used_by, _USERS)
        keys = ", ".join(map(as_code, need.keys)) + copied
        rows.append([f"{need.kind} {as_code(f'{need.namespace}/{need.name}')}", keys, _text(users)])
    yield from _table("What must exist first", "objects", ("object", "with", "for"), rows)


def _folded(summary: str, lines: Sequence[str]) -> list[str]:
    # Without a blank line Markdown does not read on inside.
    return ["<details>", f"<summary>{summary}</summary>", "", *lines, "", "</details>"]


def _table(
    title: str, several: str, head: Sequence[str], rows: Sequence[Sequence[str]]
) -> Iterator[list[str]]:
    if rows:
        table = [_row(*head), "|" + "---|" * len(head), *(_row(*row) for row in rows)]
        yield [f"## {title}"]
        yield _folded(f"{len(rows)} {several}", table) if len(rows) > _ROWS else table


def _row(*cells: str) -> str:
    return f"| {' | '.join(map(as_cell, cells))} |"


def _releases(releases: Iterable[ReleaseRow]) -> Iterator[list[str]]:
    head = ("HelmRelease", "release name", "storage namespace", "chart source", "cluster", "file")
    rows = [list(map(as_markdown_text, each)) for each in releases]
    yield from _table("Releases", "releases", head, rows)


def _policies(outline: Outline) -> Iterator[list[str]]:
    rows = []
    for each in outline.policies:
        name, tags, kind, wanted = policy_cells(each)
        order = f"{kind} {as_code(wanted)}" if wanted else kind
        where = map(as_markdown_text, (each.cluster or "all", each.path))
        rows.append([as_markdown_text(name), as_code(tags), order, *where])
    head = ("ImagePolicy", "filter", "order", "cluster", "file")
    yield from _table("Image policies", "image policies", head, rows)
