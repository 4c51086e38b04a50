"""Version ranges and image policies, held against what Flux's own code answered."""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxv2_migrate import (
    AmbiguousTag,
    InvalidDuration,
    InvalidNumber,
    InvalidPolicy,
    InvalidRange,
    flux1,
    flux2,
)
from fluxv2_migrate.flux2 import FLUX_VERSIONS
from fluxv2_migrate.golang import VersionRange, parse_duration, parse_number
from fluxv2_migrate.golang.ranges import only_in
from fluxv2_migrate.golang.versions import compare_versions, order_key, parse_strict_version, parse_version
from measured import OWN, cases

READINGS: dict[str, Any] = {"flux1-legacy": "legacy", "flux2-2.5": "no-leading-zeros"}
READINGS |= dict.fromkeys(("flux1", "flux2", "flux2-early"), "lenient")
DIALECTS: dict[str, Any] = {
    "v3.1.1": "flux1",
    "v3.latest": "flux2",
    "v1.4.2": "flux1-legacy",
    "v3.3.0": "flux2-early",
    "v3.2.1": "flux2-early",
    "v3.3.1": "flux2-2.5",
}


def check_range(case: dict[str, Any]) -> None:
    given, expected = case["input"], case["expected"]
    dialect = DIALECTS[given["lib"]]
    try:
        parsed = VersionRange.parse(given["constraint"], dialect)
    except InvalidRange:
        assert not expected["valid"], given["constraint"]
        return
    assert expected["valid"], given["constraint"]
    for result in expected["results"]:
        assert parsed.check(result["v"]) == result["check"], (given["constraint"], result)
        assert (parse_version(result["v"], READINGS[dialect]) is not None) == result["parse_ok"], result


# The releases that one measurement stands for; `expected_go121` is what those with an older Go answer.
SHARED: dict[str, tuple[Any, ...]] = {
    "2.3": ("2.0", "2.1", "2.2", "2.3"),
    "2.5": ("2.5",),
    "2.6": ("2.4", "2.6"),
    "": ("2.7", "2.8", "2.9"),
}


def check_latest(case: dict[str, Any]) -> None:
    for flux_version in SHARED[case["input"].get("flux", "")]:
        older = flux_version in ("2.0", "2.1", "2.2") and "expected_go121" in case
        check_latest_of(case["input"], case["expected_go121" if older else "expected"], flux_version)


def check_latest_of(given: dict[str, Any], expected: dict[str, Any], flux_version: Any) -> None:
    candidates: list[str] | None = None
    wanted = expected["latest" if "flux" in given else "latest_db"]
    ambiguous = expected["candidates" if "flux" in given else "candidates_db"]
    try:
        found = flux2.latest_tag(given["tags"], given["policy"], given["filter"], flux_version=flux_version)
    except InvalidPolicy:
        assert expected["error_kind"] == "invalid_policy", given
        return
    except AmbiguousTag as error:
        candidates = sorted(error.candidates)
    assert candidates == (sorted(ambiguous) if expected["ambiguous"] else None), given
    if candidates is not None:
        return
    assert expected["error_kind"] in (None, "no_latest"), given
    assert found == wanted, given
    if "any_order" in expected:
        # What other orders of the registry could give: with few tags all of them are tried.
        orders = itertools.permutations(given["tags"]) if len(given["tags"]) < 5 else [given["tags"]]
        others = {
            flux2.latest_tag(tags, given["policy"], given["filter"], flux_version=flux_version)
            for tags in orders
        } - {None}
        assert others <= set(expected["any_order"]), given
        assert len(given["tags"]) >= 5 or others == set(expected["any_order"]), given
    ordered = flux2.sort_tags(given["tags"], given["policy"], given["filter"], flux_version=flux_version)
    if "nan" not in [tag.lower().lstrip("+-") for tag in ordered]:
        assert (ordered[0] if ordered else None) == found, given


def check_version(case: dict[str, Any]) -> None:
    given = case["input"]
    for result in case["expected"]["results"]:
        tag = result["tag"]
        if "flux" in given:
            found = parse_strict_version(tag, "no-leading-zeros" if given["flux"] == "2.5" else "lenient")
        else:
            found = parse_version(tag) if tag.count(".") >= 2 else None
        assert (found is not None) == result["ok"], tag
        if found is not None:
            numbers = (int(result["major"]), int(result["minor"]), int(result["patch"]))
            assert (found.numbers, found.prerelease) == (numbers, result["prerelease"])


def check_order(case: dict[str, Any]) -> None:
    expected = case["expected"]
    versions = [parse_version(text) for text in expected["sorted"]]
    for one, other, equal in zip(versions, versions[1:], expected["equal_to_next"], strict=False):
        assert one is not None
        assert other is not None
        assert compare_versions(one, other) == (0 if equal else -1), (one, other)
    assert all(parse_version(text) is None for text in expected["skipped"])


CHECKS = {
    "constraint": check_range,
    "constraint_early": check_range,
    "constraint_v142": check_range,
    "v2_latest": check_latest,
    "v2_latest_early": check_latest,
    "v2_parse_version": check_version,
    "v2_parse_version_early": check_version,
    "sort_semver": check_order,
}
COUNTS = {
    "constraint": 3306,
    "constraint_early": 972,
    "constraint_v142": 410,
    "v2_latest": 1402,
    "v2_latest_early": 644,
    "v2_parse_version": 216,
    "v2_parse_version_early": 157,
    "sort_semver": 211,
}


@pytest.mark.parametrize("name", CHECKS)
def test_every_measured_case(shared: Path, name: str) -> None:
    checked = 0
    for case in cases(shared / "vectors", name):
        CHECKS[name](case)
        checked += 1
    assert checked == COUNTS[name]


@pytest.mark.parametrize("name", CHECKS)
def test_a_selection_of_measured_cases(name: str) -> None:
    checked = 0
    for case in cases(OWN, name):
        CHECKS[name](case)
        checked += 1
    assert checked > 5


TAGS = st.lists(
    st.from_regex(r"v?[0-3](\.[0-9]{1,2}){0,3}(-rc\.?[0-9]|-[a-f]{2})?", fullmatch=True), max_size=6
)
POLICIES = st.sampled_from(
    [
        {"semver": {"range": "*"}},
        {"semver": {"range": ">=0.0.0-0"}},
        {"alphabetical": {"order": "asc"}},
        {"alphabetical": {"order": "desc"}},
        {"numerical": {"order": "asc"}},
        {"numerical": {}},
    ]
)


@given(TAGS, POLICIES, st.sampled_from(FLUX_VERSIONS))
def test_the_latest_tag_is_the_first_of_the_sorted_ones(
    tags: list[str], policy: Any, flux_version: Any
) -> None:
    ordered = flux2.sort_tags(tags, policy, flux_version=flux_version)
    assert flux2.latest_tag(tags, policy, flux_version=flux_version) == (ordered[0] if ordered else None)
    assert set(ordered) <= set(tags)


@given(TAGS, POLICIES, st.randoms(use_true_random=False))
def test_the_order_of_tags_makes_no_difference_from_2_7_on(tags: list[str], policy: Any, chance: Any) -> None:
    shuffled = list(tags)
    chance.shuffle(shuffled)
    assert flux2.sort_tags(shuffled, policy) == flux2.sort_tags(tags, policy)


@settings(max_examples=200)
@given(st.text("0123xX*v.-+~^<>=!|, \tra", max_size=20), st.sampled_from(sorted(set(DIALECTS.values()))))
def test_every_text_is_a_range_or_refused(text: str, dialect: Any) -> None:
    try:
        parsed = VersionRange.parse(text, dialect)
    except InvalidRange:
        return
    assert parsed.check("nothing") is False


VERSIONS = st.from_regex(
    r"v?[0-3](\.[0-9]){0,2}(-[0-9a-z-]{1,3}(\.([0-9]|[a-z]|-|99999999999999999999)){0,2})?", fullmatch=True
)


@given(VERSIONS, VERSIONS)
def test_the_key_orders_as_the_comparison_does(one: str, other: str) -> None:
    left, right = parse_version(one), parse_version(other)
    if left is not None and right is not None:
        first, second = order_key(left), order_key(right)
        assert compare_versions(left, right) == (first > second) - (first < second)


def test_models_are_taken_as_well_as_mappings() -> None:
    policy = flux2.ImagePolicyChoice.model_validate({"semver": {"range": "1.x"}})
    filter_tags = flux2.TagFilter.model_validate({"pattern": "^r-(.*)$", "extract": "$1"})
    assert flux2.latest_tag(["r-1.0.0", "r-1.1.0", "2.0.0"], policy, filter_tags) == "r-1.1.0"


def test_a_new_spelling_of_groups_is_refused_by_old_releases() -> None:
    named = {"pattern": "^(?<n>.*)$", "extract": "$n"}
    assert flux2.latest_tag(["1"], {"numerical": {}}, named, flux_version="2.3") == "1"
    with pytest.raises(InvalidPolicy):
        flux2.latest_tag(["1"], {"numerical": {}}, named, flux_version="2.2")


HUGE = "9" * 5000
ODD_DIGITS = st.lists(
    st.sampled_from(
        [
            *("1", "0", ".", "-", "v", "+", "x", "e", "p", "0x", "_", " ", "<", "~", "||"),
            "9" * 5000,
            "0" * 5000,
            *("\u0663", "\u0967", "\uff11", "\u00b2", "\U0001d7d9", "\ud800", "\n", "s", "h"),
        ]
    ),
    max_size=6,
).map("".join)


@given(ODD_DIGITS, ODD_DIGITS, st.sampled_from(FLUX_VERSIONS))
def test_digits_of_any_length_and_script_are_read_or_refused(one: str, other: str, flux_version: Any) -> None:
    for dialect in sorted(set(DIALECTS.values())):
        with contextlib.suppress(InvalidRange):
            VersionRange.parse(one, dialect).check(other)
    for prefix in ("semver", "regexp", "glob"):
        flux1.sort_tags([flux1.TaggedImage(other), flux1.TaggedImage(one)], f"{prefix}:{one}")
    policies: list[dict[str, Any]] = [{"semver": {"range": ">=0-0"}}, {"numerical": {}}]
    for policy in (*policies, {"semver": {"range": one}}):
        with contextlib.suppress(InvalidPolicy):
            flux2.latest_tag([one, other], policy, flux_version=flux_version)
    for read in (parse_number, parse_duration):
        with contextlib.suppress(InvalidNumber, InvalidDuration):
            read(one)
    version = parse_version(one)
    # Only the digits of ASCII are digits.
    assert version is None or one.isascii()


def test_numbers_beyond_64_bits_are_refused_however_long_they_are() -> None:
    for dialect in sorted(set(DIALECTS.values())):
        with pytest.raises(InvalidRange):
            VersionRange.parse(f">={HUGE}", dialect)
        assert VersionRange.parse("*", dialect).check(HUGE) is False
        assert VersionRange.parse("*", dialect).check("0" * 5000) == (dialect != "flux2-2.5")
    assert flux2.sort_tags([f"1.0.0-{HUGE}", "1.0.0-1"], {"semver": {"range": ">=0-0"}}) == (
        f"1.0.0-{HUGE}",
        "1.0.0-1",
    )
    # The legacy library reads parts of a prerelease with a sign.
    low, high = parse_version("1.0.0--9223372036854775808", "legacy"), parse_version("1.0.0-1", "legacy")
    assert low is not None
    assert high is not None
    assert compare_versions(low, high, "legacy") == -1
    assert flux2.latest_tag([f"{HUGE}.0.0"], {"semver": {"range": "*"}}) is None


RANGE_PARTS = st.from_regex(
    r"(=|!=|>|<|>=|<=|~|\^|)v?(0|1|2|x|\*)(\.(0|1|2|3|x)){0,2}(-0|-rc\.1|-a)?", fullmatch=True
)
RANGES = st.lists(
    st.lists(RANGE_PARTS, min_size=1, max_size=3).map(" ".join) | st.just("1.0.0-0 - 2.1"),
    min_size=1,
    max_size=2,
).map(" || ".join)
PRERELEASES = ("", "-0", "-a", "-a.1", "-rc", "-rc.1", "-rc.2", "-zz")
NEAR = st.sampled_from(
    [
        f"{major}.{minor}.{patch}{prerelease}"
        for major, minor, patch, prerelease in itertools.product(range(4), range(5), range(5), PRERELEASES)
    ]
)


@settings(max_examples=300)
@given(RANGES, st.sampled_from(["flux1", "flux2", "flux2-early", "flux2-2.5"]), st.lists(NEAR, min_size=5))
def test_what_is_looked_up_is_what_the_comparisons_say(text: str, dialect: Any, versions: list[str]) -> None:
    try:
        wanted = VersionRange.parse(text, dialect)
    except InvalidRange:
        return
    for text in versions:
        version = parse_version(text)
        assert version is not None
        assert wanted.holds(version) == wanted._holds(version), (wanted, text)


@given(RANGES, RANGES, st.data())
def test_where_no_version_tells_two_ranges_apart_none_does(one: str, other: str, data: Any) -> None:
    dialects = st.sampled_from(["flux1", "flux2", "flux2-early"])
    try:
        first = VersionRange.parse(one, data.draw(dialects))
        second = VersionRange.parse(data.draw(st.sampled_from([one, other])), data.draw(dialects))
    except InvalidRange:
        return
    found = only_in(first, second)
    if found is not None:
        assert first.check(found)
        assert not second.check(found)
        return
    for version in data.draw(st.lists(NEAR, min_size=30, max_size=30)):
        assert not first.check(version) or second.check(version), (first, second, version)
