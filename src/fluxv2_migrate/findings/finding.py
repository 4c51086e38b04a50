"""One finding: a question or a fact, with its place and the answer that settles it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from fluxv2_migrate.findings.finding_page import finding_fragment
from fluxv2_migrate.findings.table import FINDINGS, Severity
from fluxv2_migrate.quoting import visible, without_credentials
from fluxv2_migrate.settings.options import Override


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
        return finding_fragment(self)
