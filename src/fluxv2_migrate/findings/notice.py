"""What a rule has to say, before it is known whom else it concerns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from fluxv2_migrate.findings.table import FINDINGS
from fluxv2_migrate.plan import Path
from fluxv2_migrate.settings.options import Override
from fluxv2_migrate.settings.overrides import Subject, is_about


@dataclass(frozen=True, slots=True)
class Notice:
    """What a rule has to say about one release; notices of one question become one finding.

    Attributes:
        message: what is the matter; the same for all notices of a group.
        group: what makes it the same question as that of another release; empty for a question of its own.
        answer: the override that would settle it.
        declares: the fields of a release's meaning that differ for this reason.
        is_acceptable: whether a person who has seen it settles it, if its code can be accepted at all.
        related: other places that it is about, as `path:line`.
        container: whose image it is about; empty where it is about the whole object.
    """

    code: str
    message: str
    path: Path = ("metadata", "name")
    group: str = ""
    answer: Override | None = None
    declares: tuple[str, ...] = ()
    is_acceptable: bool = True
    related: tuple[str, ...] = ()
    container: str = ""


def acceptance(code: str, **patterns: Any) -> Override | None:
    """Gives the answer that a person has seen a finding, where that settles it.

    Args:
        patterns: what the answer is about.

    >>> acceptance("HR032", name="web"), acceptance("HR095")
    (Override(name='web', accept=('HR032',)), None)
    """
    if not FINDINGS[code].acceptable:
        return None
    return Override(**patterns, accept=(code,)) if patterns else _acceptance_of_any(code)


@cache
def _acceptance_of_any(code: str) -> Override:
    return Override(accept=(code,))


def accepting(
    code: str, subject: Subject, overrides: Sequence[Override], container: str = ""
) -> frozenset[int]:
    """Gives which overrides settle a code for an object, as a person has seen it there.

    Args:
        container: whose image is asked about, or empty.

    Returns:
        The indices of the overrides.

    >>> web = Subject("", "HelmRelease", "shop", "web", "a.yaml")
    >>> accepting("HR032", web, [Override(name="web"), Override(accept=("HR032", "HR095"))])
    frozenset({1})
    >>> accepting("HR095", web, [Override(accept=("HR032", "HR095"))])
    frozenset()
    """
    return frozenset(
        index
        for index, override in enumerate(overrides)
        if code in override.accept
        and FINDINGS[code].is_accepted(override.accept)
        and is_about(override, subject, container or None)
    )
