"""Policies tried with the tags that are known, before one is written."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from fluxv2_migrate.errors import AmbiguousTag, MissingBuildTime
from fluxv2_migrate.flux1.tags import TaggedImage, TagPattern
from fluxv2_migrate.flux1.tags import sort_tags as sort_as_fluxd
from fluxv2_migrate.flux2.releases import FluxVersion, is_at_least
from fluxv2_migrate.flux2.tags import latest_tag, sort_tags
from fluxv2_migrate.golang.regexp import Regexp
from fluxv2_migrate.golang.versions import compare_versions, parse_version
from fluxv2_migrate.tags.policies import PolicyCandidate

_ENOUGH: Final = 4
_ZEROS: Final = re.compile("(?<![0-9])0+(?=[0-9])")
"""Zeros in front of a number, which are nothing to its value."""


class Trial:
    """The tags on which policies are tried, and what fluxd makes of them."""

    __slots__ = (
        "_current",
        "_known",
        "_orders",
        "_pattern",
        "_version",
        "complete",
        "passing",
        "selected",
        "times",
    )

    def __init__(
        self,
        pattern: TagPattern,
        current_tag: str | None,
        images: Sequence[TaggedImage],
        flux_version: FluxVersion,
    ) -> None:
        self._pattern, self._current, self._version = pattern, current_tag, flux_version
        self._known = {image.tag: image for image in images}
        self.passing = [image for image in self._known.values() if pattern.selects(image.tag)]
        dated = self.passing if pattern.requires_timestamp else []
        self.times = {image.tag: image.created for image in dated if image.created is not None}
        self.complete = len(self.times) == len(self.passing)
        self.selected = self._selected_by_fluxd()
        tags = list(dict.fromkeys([*self._known, *([] if current_tag is None else [current_tag])]))
        self._orders = [tags]
        if not is_at_least(flux_version, "2.7"):
            # Which order the registry has is not known, and these releases keep it.
            self._orders += [sorted(tags), sorted(tags, reverse=True)]

    def _selected_by_fluxd(self) -> str | None:
        """Gives what fluxd selects, where it is known: with all build times, or by version."""
        if self._pattern.requires_timestamp and not self.complete:
            return None
        images = list(self._known.values())
        if not self._pattern.requires_timestamp and self._current is not None:
            images.append(TaggedImage(self._current))
        try:
            return next(iter(sort_as_fluxd(images, self._pattern)), None)
        except MissingBuildTime:
            return None

    def objection(self, candidate: PolicyCandidate) -> str | None:
        """Gives why a policy may not be written: a tag would move as fluxd would not have moved it."""
        order, policy, filter_tags = candidate.order, candidate.policy, candidate.filter_tags
        if (twins := self._twins(filter_tags)) is not None:
            one, other = twins
            return f"ordered by {order}, {one!r} and {other!r} are equal, and the older one could be taken"
        try:
            if self._current is not None:
                alone = latest_tag([self._current], policy, filter_tags, flux_version=self._version)
                if alone != self._current:
                    return f"ordered by {order}, {self._current!r}, which runs, would not be selected"
            for tags in self._orders:
                selected = latest_tag(tags, policy, filter_tags, flux_version=self._version)
                if selected not in (None, self._current) and not self._may_take(str(selected)):
                    return f"ordered by {order}, {selected!r} would be selected, which fluxd would not have"
        except AmbiguousTag as error:
            return f"ordered by {order}, several tags are equal: {', '.join(error.candidates)}"
        return None

    def _twins(self, filter_tags: Mapping[str, str] | None) -> tuple[str, str] | None:
        """Gives two known tags with one key, of which a policy knows one only."""
        if not filter_tags or "extract" not in filter_tags:
            return None
        expression = Regexp.compile(filter_tags["pattern"])
        found: dict[str, str] = {}
        for tag in self._orders[0]:
            key = expression.expand(filter_tags["extract"], tag)
            if key is not None and (other := found.setdefault(_ZEROS.sub("", key), tag)) != tag:
                return other, tag
        return None

    def proves(self, measured: Measured) -> bool:
        """Gives whether the build times of enough tags prove an order."""
        candidate = measured.candidate
        exact = self.complete and candidate.wrong_pairs == 0 and measured.kept == len(self.times)
        if not exact or not self.enough:
            return False
        selected = [
            latest_tag(tags, candidate.policy, candidate.filter_tags, flux_version=self._version)
            for tags in self._orders
        ]
        return all(tag == self.selected for tag in selected)

    @property
    def newest(self) -> str | None:
        """The tag that was built last, or any one where no build time is known."""
        if self.times:
            return max(self.times, key=lambda tag: (self.times[tag], tag))
        return next((image.tag for image in self.passing), None)

    @property
    def enough(self) -> bool:
        """Whether the build times are so many that they say something of an order."""
        return len(set(self.times.values())) >= _ENOUGH

    def _may_take(self, tag: str) -> bool:
        if not self._pattern.selects(tag):
            return False
        if self._current is None:
            return True
        if self._pattern.requires_timestamp:
            new, old = self.times.get(tag), self._created(self._current)
            older = new is not None and old is not None and new < old
            return not older and self.selected in (None, tag)
        # An invalid range let every version through, and what was meant is narrower.
        meant = not self._pattern.valid or self.selected is None or _same_version(self.selected, tag)
        return meant and not _is_lower(tag, self._current)

    def _created(self, tag: str) -> datetime | None:
        image = self._known.get(tag)
        return None if image is None else image.created


def _same_version(one: str, other: str) -> bool:
    first, second = parse_version(one), parse_version(other)
    return first is not None and second is not None and compare_versions(first, second) == 0


def _is_lower(one: str, other: str) -> bool:
    first, second = parse_version(one), parse_version(other)
    return first is not None and second is not None and compare_versions(first, second) < 0


@dataclass(frozen=True, slots=True)
class Measured:
    """A policy with what the known tags say of it.

    Attributes:
        kept: how many of the tags with a build time it passes.
        lost: the share of their pairs that it has in a wrong order, or does not have.
        wrong: the share of the pairs that it has, in a wrong order.
    """

    candidate: PolicyCandidate
    kept: int
    lost: float
    wrong: float


def ranked(candidates: Sequence[PolicyCandidate], trial: Trial, flux_version: FluxVersion) -> list[Measured]:
    """Gives policies with the pairs that they get wrong, the fewest first, where build times are known."""
    total = _pairs(len(trial.times))
    if total == 0:
        return [Measured(candidate, 0, 0.0, 0.0) for candidate in candidates]
    measured: list[Measured] = []
    for candidate in candidates:
        ordered = sort_tags(
            list(trial.times), candidate.policy, candidate.filter_tags, flux_version=flux_version
        )
        wrong, kept = wrong_pairs([trial.times[tag] for tag in ordered]), _pairs(len(ordered))
        # What leaves many tags out orders the few that are left easily: pairs that are gone count as wrong.
        lost = (wrong + total - kept) / total
        known = replace(candidate, wrong_pairs=wrong)
        measured.append(Measured(known, len(ordered), lost, wrong / kept if kept else 0.0))
    measured.sort(key=lambda each: each.lost)
    return measured


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


def wrong_pairs(times: Sequence[datetime]) -> int:
    """Gives how many pairs of times, which should be newest first, are the other way round.

    >>> from datetime import datetime
    >>> wrong_pairs([datetime(2020, 1, day) for day in (3, 1, 2)])
    1
    """
    seen: list[datetime] = []
    wrong = 0
    for time in times:
        wrong += bisect_left(seen, time)
        insort(seen, time)
    return wrong
