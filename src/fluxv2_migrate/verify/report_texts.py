"""What people read of a verification: what is different first, and each difference once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from fluxv2_migrate.meaning import OUTCOMES, Difference
from fluxv2_migrate.pages import Html, badge, code, element, fragment, joined, listed, prose, table
from fluxv2_migrate.quoting import as_code, as_markdown_text, few

if TYPE_CHECKING:
    from fluxv2_migrate.verify.report import Entry

_LONGEST_SHOWN: Final = 120
_MOST_NAMED: Final = 8
_ATTENTION: Final = ("different", "missing", "extra", "unknown")


def report_markdown(entries: Sequence[Entry], summary: str) -> str:
    """Gives a report as Markdown."""
    lines = ["# Verification", "", summary]
    for status in _ATTENTION:
        members = [each for each in entries if each.status == status]
        if members:
            lines += ["", f"## {status.capitalize()}", ""]
            lines += _differing(members) if status == "different" else _with_reasons(members)
    for status in ("declared", "unmanaged", "same"):
        members = [each for each in entries if each.status == status]
        if members:
            lines += ["", f"## {status.capitalize()}", ""]
            lines += _with_reasons(members)
        if status == "declared":
            lines += _declared(entries)
    return "\n".join(lines) + "\n"


def _differing(members: Sequence[Entry]) -> Iterator[str]:
    for difference, having in _by_difference((each, each.differences) for each in members).items():
        text, consequence = difference
        yield f"- {text}: {consequence}"
        yield from (f"  - {_named(each)}" for each in having)
    outcomes = {outcome for each in members if (outcome := _outcome(each)) not in (None, "adopted")}
    yield from (f"- {outcome}: {text}" for outcome, text in OUTCOMES.items() if outcome in outcomes)
    for each in members:
        yield from _more(each)


def _with_reasons(members: Sequence[Entry]) -> Iterator[str]:
    by_reason: dict[str, list[Entry]] = {}
    for each in members:
        by_reason.setdefault(each.reason, []).append(each)
    for reason, having in by_reason.items():
        if reason:
            yield f"- {as_markdown_text(reason)}"
        for each in having:
            yield f"{'  ' if reason else ''}- {_named(each)}"
            yield from (f"{'  ' if reason else ''}{line}" for line in _more(each))


def _more(entry: Entry) -> Iterator[str]:
    for note in getattr(entry, "notes", ()):
        yield f"  - {as_markdown_text(note)}"
    for title, name in (
        ("declared, and the same", "undue"),
        ("assumed", "assumed"),
        ("not known", "unknown"),
    ):
        names = getattr(entry, name, ())
        if names:
            yield f"  - {title}: {as_markdown_text(', '.join(names))}"


def _declared(entries: Sequence[Entry]) -> Iterator[str]:
    """Gives what was declared: each difference once, with those that have it where these are few."""
    found = _by_difference((each, each.declared) for each in entries)
    if not found:
        return
    having_any = [each for each in entries if each.declared]
    yield from ("", "What differs as it was declared, with the number of those that have it:", "")
    for (text, consequence), having in found.items():
        if len(having) == len(having_any):
            who = f"all {len(having)}"
        else:
            names = few((as_markdown_text(each.resource) for each in having), _MOST_NAMED)
            who = f"{len(having)}, {names}"
        yield f"- {text} ({who}): {consequence}"


def _by_difference(
    members: Iterable[tuple[Entry, Sequence[Difference]]],
) -> Mapping[tuple[str, str], list[Entry]]:
    found: dict[tuple[str, str], list[Entry]] = {}
    for entry, differences in members:
        for each in differences:
            found.setdefault((_cut(each), each.consequence), []).append(entry)
    return found


def _named(entry: Entry) -> str:
    files = " → ".join(as_code(path) for path in dict.fromkeys((entry.path, entry.after_path)) if path)
    outcome = _outcome(entry)
    where = f" in {as_markdown_text(entry.cluster)}" if entry.cluster else ""
    place = f" ({files})" if files else ""
    return f"**{as_markdown_text(entry.resource)}**{where}{f', {outcome}' if outcome else ''}{place}"


def _outcome(entry: Entry) -> str | None:
    found: str | None = getattr(entry, "outcome", None)
    return found


def _cut(difference: Difference) -> str:
    text = str(difference)
    return as_code(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…")


def report_html(entries: Sequence[Entry], summary: str) -> str:
    """Gives a report as a table of HTML: what needs a look first."""
    order = [*_ATTENTION, "declared", "unmanaged", "same"]
    rows = []
    for each in sorted(entries, key=lambda entry: order.index(entry.status)):
        what = [prose(each.reason)] if each.reason else []
        what += [
            joined([code(str(difference)), f": {difference.consequence}"]) for difference in each.differences
        ]
        if each.declared:
            what.append(Html(f"{len(each.declared)} declared"))
        kind = "error" if each.status in _ATTENTION else "good"
        shown = (each.cluster, _outcome(each) or "", each.path)
        # What differs stands where a narrow page shows it, too.
        rows.append(
            (badge(each.status, kind), each.resource, listed(what) if len(what) > 1 else joined(what), *shown)
        )
    head = ("status", "resource", "what differs", "cluster", "outcome", "file")
    return fragment("Verification", element("p", summary), table("What became of each", head, rows))
