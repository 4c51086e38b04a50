"""Which tag an ImagePolicy selects.

Source: image-reflector-controller 0.29 to 1.2 `internal/policy` and
`internal/controller/imagepolicy_controller.go`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fluxv2_migrate.errors import AmbiguousTag, InvalidNumber, InvalidPattern, InvalidPolicy, InvalidRange
from fluxv2_migrate.flux2.releases import FLUX_VERSIONS, FluxVersion, is_at_least
from fluxv2_migrate.given import checked_list, checked_manifest
from fluxv2_migrate.golang.numbers import parse_number
from fluxv2_migrate.golang.ranges import RangeDialect, VersionRange
from fluxv2_migrate.golang.regexp import Regexp
from fluxv2_migrate.golang.versions import (
    Version,
    VersionReading,
    compare_versions,
    order_key,
    parse_strict_version,
    parse_version,
)
from fluxv2_migrate.kubernetes import KubernetesModel

_Order = Literal["semver", "alphabetical", "numerical"]


@dataclass(frozen=True, slots=True)
class _Policy:
    kind: _Order
    range: VersionRange | None
    descending: bool


@dataclass(frozen=True, slots=True)
class _Filter:
    regexp: Regexp
    extract: str


def latest_tag(
    tags: Iterable[str],
    policy: Mapping[str, Any] | KubernetesModel,
    filter_tags: Mapping[str, Any] | KubernetesModel | None = None,
    *,
    flux_version: FluxVersion = FLUX_VERSIONS[-1],
) -> str | None:
    """Gives the tag that an ImagePolicy selects under a release of Flux.

    Args:
        tags: of the image; up to Flux 2.6 in the order of the registry, later in any order.
        policy: the `spec.policy`, as a model or as Kubernetes has it.
        filter_tags: the `spec.filterTags`, in the same form.
        flux_version: the release.

    Returns:
        The tag, or `None` where none passes.

    Raises:
        InvalidPolicy: the controller stalls: the policy, its range or its pattern is invalid.
        AmbiguousTag: the controller itself takes one of several at random.

    Source: image-reflector-controller 1.2.0 `internal/policy`.

    >>> latest_tag(["1.0.0", "1.2.0", "2.0.0"], {"semver": {"range": "^1"}})
    '1.2.0'
    >>> builds = {"pattern": "^main-[a-f0-9]+-(?P<n>[0-9]+)$", "extract": "$n"}
    >>> latest_tag(["main-ab-9", "main-cd-10"], {"numerical": {"order": "asc"}}, builds)
    'main-cd-10'
    """
    chosen = _read_policy(policy, flux_version)
    stored = _stored(checked_list(tags, "tags", str), flux_version)
    return _latest(stored, chosen, _read_filter(filter_tags, flux_version), flux_version)


def tags_taken_alone(
    tags: Iterable[str],
    policy: Mapping[str, Any],
    filter_tags: Mapping[str, Any] | None,
    flux_version: FluxVersion,
) -> frozenset[str]:
    """Gives the tags that an ImagePolicy would select if an image had no other one.

    Raises:
        InvalidPolicy: the controller stalls.

    >>> sorted(tags_taken_alone(["1.2.0", "2.0.0", "latest"], {"semver": {"range": "^1"}}, None, "2.9"))
    ['1.2.0']
    """
    chosen, tag_filter = _read_policy(policy, flux_version), _read_filter(filter_tags, flux_version)
    return frozenset(tag for tag in tags if _latest([tag], chosen, tag_filter, flux_version) is not None)


def _latest(
    tags: Sequence[str], chosen: _Policy, tag_filter: _Filter | None, flux_version: FluxVersion
) -> str | None:
    """Gives the tag that a policy selects of those that are stored."""
    kept = _kept(tags, tag_filter)
    values = list(kept)
    if not values:
        return None
    if chosen.kind == "numerical":
        numbers = _numbers(values)
        if numbers is None:
            return None
        best = _last_number(values, numbers, descending=chosen.descending)
        equal = [value for value in values if numbers[value] == numbers[best]]
        if any(math.isnan(number) for number in numbers.values()):
            # Nothing is less than what is no number, so any tag can be the last that is looked at.
            equal = values
    elif chosen.kind == "alphabetical":
        best = min(values, key=_bytes) if chosen.descending else max(values, key=_bytes)
        equal = [best]
    else:
        passing = _versions(values, chosen, flux_version)
        if not passing:
            return None
        best, version = passing[0]
        for value, other in passing[1:]:
            if compare_versions(other, version, _reading(flux_version)) > 0:
                best, version = value, other
        equal = [
            value for value, other in passing if compare_versions(other, version, _reading(flux_version)) == 0
        ]
    if tag_filter is not None and len(equal) > 1:
        candidates = tuple(sorted((kept[value] for value in equal), key=_bytes))
        raise AmbiguousTag("the controller takes one of several equal tags at random", candidates)
    return kept[best]


def sort_tags(
    tags: Iterable[str],
    policy: Mapping[str, Any] | KubernetesModel,
    filter_tags: Mapping[str, Any] | KubernetesModel | None = None,
    *,
    flux_version: FluxVersion = FLUX_VERSIONS[-1],
) -> tuple[str, ...]:
    """Gives the tags that pass an ImagePolicy, the one that it would select first.

    Args:
        tags: of the image.
        policy: the `spec.policy`.
        filter_tags: the `spec.filterTags`.
        flux_version: the release.

    Returns:
        The tags, best first; tags that are equal stand in the order in which they are looked at.

    Raises:
        InvalidPolicy: the controller stalls.

    Source: image-reflector-controller 1.2.0 `internal/policy`.

    >>> sort_tags(["1.0.0", "1.2.0", "latest"], {"semver": {"range": "*"}})
    ('1.2.0', '1.0.0')
    """
    chosen = _read_policy(policy, flux_version)
    stored = _stored(checked_list(tags, "tags", str), flux_version)
    kept = _kept(stored, _read_filter(filter_tags, flux_version))
    values = list(kept)
    if chosen.kind == "semver":
        passing = _versions(values, chosen, flux_version)
        ordered = [value for value, _ in sorted(passing, key=lambda each: order_key(each[1]), reverse=True)]
        # Of equal versions the first one is taken, and a reversed sort keeps equal ones as they are.
    elif chosen.kind == "alphabetical":
        ordered = sorted(values, key=_bytes, reverse=not chosen.descending)
    else:
        numbers = _numbers(values)
        if numbers is None:
            return ()
        sign = 1 if chosen.descending else -1
        finite = [value for value in values if not math.isnan(numbers[value])]
        # Of equal numbers the last one is taken.
        finite.reverse()
        ordered = sorted(finite, key=lambda value: sign * numbers[value])
        ordered += [value for value in values if math.isnan(numbers[value])]
    return tuple(kept[value] for value in ordered)


def _mapping(value: Any) -> Mapping[str, Any]:
    if isinstance(value, KubernetesModel):
        return value.to_manifest()
    if not isinstance(value, Mapping):
        raise InvalidPolicy(f"a mapping is wanted, not {value!r}")
    checked_manifest(value, "the fields of a policy", InvalidPolicy)
    return value


def _text_at(given: Mapping[str, Any], key: str, default: str = "") -> str:
    value = given.get(key) or default
    if not isinstance(value, str):
        raise InvalidPolicy(f"{key} is a text, not {value!r}")
    return value


def _reading(flux_version: FluxVersion) -> VersionReading:
    return "no-leading-zeros" if flux_version == "2.5" else "lenient"


def range_dialect(flux_version: FluxVersion) -> RangeDialect:
    """Gives how a release of Flux reads version ranges.

    >>> range_dialect("2.0"), range_dialect("2.5"), range_dialect("2.7")
    ('flux2-early', 'flux2-2.5', 'flux2')
    """
    if is_at_least(flux_version, "2.7"):
        return "flux2"
    return "flux2-2.5" if flux_version == "2.5" else "flux2-early"


def _go_of(flux_version: FluxVersion) -> tuple[int, int]:
    if is_at_least(flux_version, "2.7"):
        return (1, 25)
    return (1, 22) if is_at_least(flux_version, "2.3") else (1, 20)


def _read_policy(policy: Mapping[str, Any] | KubernetesModel, flux_version: FluxVersion) -> _Policy:
    choice = _mapping(policy)
    if choice.get("semver") is not None:
        try:
            found = VersionRange.parse(
                _text_at(_mapping(choice["semver"]), "range"), range_dialect(flux_version)
            )
        except InvalidRange as error:
            raise InvalidPolicy(f"the range is invalid: {error.reason}") from error
        return _Policy("semver", found, descending=False)
    kinds: tuple[_Order, ...] = ("alphabetical", "numerical")
    for kind in kinds:
        if choice.get(kind) is not None:
            order = _text_at(_mapping(choice[kind]), "order", "asc")
            if order.lower() not in ("asc", "desc"):
                raise InvalidPolicy(f"the order {order!r} is none of asc and desc")
            return _Policy(kind, None, order.lower() == "desc")
    raise InvalidPolicy("a policy is one of semver, alphabetical and numerical")


def _stored(tags: Iterable[str], flux_version: FluxVersion) -> list[str]:
    # From 2.7 on the controller sorts what it stores, the highest bytes first.
    return sorted(set(tags), key=_bytes, reverse=True) if is_at_least(flux_version, "2.7") else list(tags)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _read_filter(
    filter_tags: Mapping[str, Any] | KubernetesModel | None, flux_version: FluxVersion
) -> _Filter | None:
    if filter_tags is None:
        return None
    given = _mapping(filter_tags)
    pattern, extract = _text_at(given, "pattern"), _text_at(given, "extract")
    try:
        regexp = Regexp.compile(pattern)
    except InvalidPattern as error:
        raise InvalidPolicy(f"the filter's pattern is invalid: {error.reason}") from error
    if regexp.needs_go > _go_of(flux_version):
        raise InvalidPolicy(f"Go had no such pattern as {pattern!r} in Flux {flux_version}")
    return _Filter(regexp, extract)


def _kept(tags: Iterable[str], tag_filter: _Filter | None) -> dict[str, str]:
    """Gives what is compared of each tag, and the tag; the last one that gives the same wins."""
    if tag_filter is None:
        return {tag: tag for tag in tags}
    regexp, extract = tag_filter.regexp, tag_filter.extract
    kept: dict[str, str] = {}
    for tag in tags:
        if regexp.matches(tag):
            kept[(regexp.expand(extract, tag) or "") if extract else tag] = tag
    return kept


def _versions(values: Sequence[str], policy: _Policy, flux_version: FluxVersion) -> list[tuple[str, Version]]:
    passing: list[tuple[str, Version]] = []
    for value in values:
        if is_at_least(flux_version, "2.7"):
            # Three parts, however they are written.
            version = parse_version(value) if value.count(".") >= 2 else None
        else:
            version = parse_strict_version(value, _reading(flux_version))
        if version is not None and policy.range is not None and policy.range.holds(version):
            passing.append((value, version))
    return passing


def _numbers(values: Sequence[str]) -> dict[str, float] | None:
    """Gives the numbers; one tag that is none fails the whole policy."""
    try:
        return {value: parse_number(value) for value in values}
    except InvalidNumber:
        return None


def _last_number(values: Sequence[str], numbers: Mapping[str, float], *, descending: bool) -> str:
    latest = values[0]
    for value in values[1:]:
        number, before = numbers[value], numbers[latest]
        if not (number > before if descending else number < before):
            latest = value
    return latest
