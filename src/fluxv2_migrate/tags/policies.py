"""A policy for tags, before it is known whether it may be written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fluxv2_migrate.frozen import frozen

PRERELEASES: Final[Mapping[str, Any]] = {"semver": {"range": ">=0.0.0-0"}}
RELEASES: Final[Mapping[str, Any]] = {"semver": {"range": ">=0.0.0"}}
HIGHEST: Final[Mapping[str, Any]] = {"numerical": {"order": "asc"}}
LAST: Final[Mapping[str, Any]] = {"alphabetical": {"order": "asc"}}
PINNED: Final = "none: pinned"
"""The order of a policy that holds the tag that runs."""


@dataclass(frozen=True, slots=True)
class PolicyCandidate:
    """A policy that fits the tags that are known.

    Attributes:
        policy: the `spec.policy`.
        filter_tags: the `spec.filterTags`, or `None`.
        order: what orders the tags, in words.
        wrong_pairs: how many pairs of tags it puts in another order than their build times; `None` where no
            times are known.
    """

    policy: Mapping[str, Any]
    filter_tags: Mapping[str, str] | None
    order: str
    wrong_pairs: int | None = None

    def __post_init__(self) -> None:
        for name in ("policy", "filter_tags"):
            object.__setattr__(self, name, frozen(getattr(self, name)))


_SPECIAL: Final = re.compile(r"([\\.+*?()|\[\]{}^$])")
_ONE_TAG: Final = re.compile(r"\^(?:\\[\\.+*?()|\[\]{}^$]|[^\\.+*?()|\[\]{}^$])+\$")


def escape(text: str) -> str:
    r"""Gives the regular expression of a text.

    >>> escape("1.2-rc")
    '1\\.2-rc'
    """
    return _SPECIAL.sub(r"\\\1", text)


def exactly(tag: str) -> Mapping[str, str]:
    r"""Gives the filter that one tag passes.

    >>> exactly("1.2")
    {'pattern': '^1\\.2$'}
    """
    return {"pattern": f"^{escape(tag)}$"}


def holds_one_tag(filter_tags: Mapping[str, str] | None) -> bool:
    r"""Gives whether one tag alone passes a filter: a policy with it moves no image.

    >>> holds_one_tag(exactly("1.2+a")), holds_one_tag({"pattern": "^1\\.[0-9]+$"}), holds_one_tag(None)
    (True, False, False)
    """
    return filter_tags is not None and _ONE_TAG.fullmatch(filter_tags.get("pattern", "")) is not None
