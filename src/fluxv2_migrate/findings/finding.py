"""One finding: a question or a fact, with its place and the answer that settles it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from fluxv2_migrate.findings.table import FINDINGS, Severity
from fluxv2_migrate.pages import Html, badge, code_block, element, facts, fold, fragment, joined, prose
from fluxv2_migrate.quoting import plural, visible, without_credentials
from fluxv2_migrate.settings.options import Override
from fluxv2_migrate.settings.overrides import as_python, entry_of

_LONGEST_OPEN: Final = 40
"""A proposal of at most so many lines is shown unfolded."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One question or fact, however many resources it concerns.

    Attributes:
        code: of `FINDINGS`.
        message: what is the matter, in one line that shows no credentials of a URL.
        path: the file, or empty for the whole repository.
        line: 1-based line in the input.
        column: 1-based column in the input.
        cluster: the cluster that sees it, or empty where all do.
        resource: `kind namespace/name`.
        field: dotted path in the v1 manifest.
        related: other places, as `path:line`.
        answer: the override that would settle it, ready to fill in.
        proposal: the text of a file that would settle it, where there is one.
    """

    code: str
    message: str
    path: str = ""
    line: int = 1
    column: int = 1
    cluster: str = ""
    resource: str = ""
    field: str = ""
    related: tuple[str, ...] = ()
    answer: Override | None = None
    proposal: str = ""

    def __post_init__(self) -> None:
        """Keeps what files hold out of terminals, and what is secret out of everything that is printed."""
        object.__setattr__(self, "message", visible(without_credentials(self.message)))

    @property
    def slug(self) -> str:
        """The code in words."""
        return FINDINGS[self.code].slug

    @property
    def severity(self) -> Severity:
        """How much it matters."""
        return FINDINGS[self.code].severity

    @property
    def remedy(self) -> str:
        """What to do."""
        return FINDINGS[self.code].remedy

    @property
    def fingerprint(self) -> str:
        """Names the finding also when lines move.

        >>> len(Finding("HR014", "too long").fingerprint)
        16
        """
        text = "\0".join((self.code, self.path, self.resource, self.field, self.message))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def _repr_html_(self) -> str:
        return _fragment(self)


# What pages and notebooks show


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


def _fragment(finding: Finding) -> Html:
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
