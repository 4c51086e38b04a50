"""A finding as HTML: its severity, its answers and its proposal, alone and as part of a page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from fluxv2_migrate.findings.table import Severity
from fluxv2_migrate.pages import Html, badge, code_block, element, facts, fold, fragment, joined, prose
from fluxv2_migrate.quoting import plural
from fluxv2_migrate.settings.overrides import as_python, entry_of

if TYPE_CHECKING:
    from fluxv2_migrate.findings.finding import Finding
    from fluxv2_migrate.settings.options import Override

_LONGEST_OPEN: Final = 40
"""A proposal of at most so many lines is shown unfolded."""


def severity_badge(severity: Severity) -> Html:
    """Gives the word for a severity; an error is a question to whoever reads it."""
    return badge("question" if severity == "error" else severity, severity)


def answers_fold(answers: Iterable[Override], *, is_open: bool = False) -> Iterator[Html]:
    """Gives answers as data and as Python, and nothing where there are none."""
    given = [entry_of(answer) for answer in answers]
    if given:
        # JSON is YAML, too: with a dash before it, it is an entry of the list that the file holds.
        data = [f"- {json.dumps(each, ensure_ascii=False)}" for each in given]
        block = joined(
            [
                element("p", "For the file of answers:"),
                code_block(data),
                element("p", "In Python:"),
                code_block(map(as_python, given)),
            ]
        )
        yield fold("answer" if len(given) == 1 else f"{len(given)} answers", block, is_open=is_open)


def proposal_fold(proposal: str) -> Iterator[Html]:
    """Gives the text of a proposed file, and nothing where there is none."""
    if proposal:
        lines = proposal.splitlines()
        title = f"proposed, {plural(len(lines), 'line')}"
        yield fold(title, code_block(lines), is_open=len(lines) <= _LONGEST_OPEN)


def finding_fragment(finding: Finding) -> Html:
    """Gives what a notebook shows of one finding."""
    places = [f"{finding.path}:{finding.line}"] if finding.path else []
    about = facts(
        [
            ("where", ", ".join([*places, *finding.related]) or "the repository"),
            ("cluster", finding.cluster),
            ("resource", finding.resource),
            ("field", finding.field),
        ]
    )
    answers = [] if finding.answer is None else [finding.answer]
    return fragment(
        f"{finding.code} {finding.slug}",
        element("p", severity_badge(finding.severity), " ", element("strong", prose(finding.message))),
        element("p", prose(finding.remedy)),
        about,
        *answers_fold(answers, is_open=True),
        *proposal_fold(finding.proposal),
    )
