"""Tag patterns as policies: what orders the tags, and that nothing moves by accident."""

from __future__ import annotations

import itertools
import pickle
import random
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fluxv2_migrate as fm
from fluxv2_migrate import PolicyCandidate
from fluxv2_migrate.flux1 import TaggedImage, TagPattern
from fluxv2_migrate.flux2 import FLUX_VERSIONS
from fluxv2_migrate.golang import VersionRange, regexp_syntax
from fluxv2_migrate.golang.versions import compare_versions, parse_version
from fluxv2_migrate.tags.policies import exactly
from fluxv2_migrate.tags.trials import Trial
from generated_registries import DISTURBANCES, SCHEMES, history
from measured import OWN, cases

REVIEWED: list[tuple[str, str, str, str, str, str, str]] = [
    tuple(row) for row in cases(OWN, "reviewed_tag_patterns")
]
"""Patterns of real repositories with tags as their images have them, and the policies that a person read.

Each has pattern and current tag; confidence and what orders; the policy (a range, or the kind of order), its
filter and its extraction.
"""
RANGE_PARTS = st.from_regex(
    r"(=|!=|>|<|>=|<=|=>|~|~>|\^|) ?v?(0|1|2|x|\*)(\.(0|1|2|3|03|x)){0,2}(-0|-rc\.1|-a)?", fullmatch=True
)
RANGES_OF_FLUX_1 = st.lists(
    st.builds(
        lambda separator, parts: separator.join(parts),
        st.sampled_from([" ", ", ", ",", ""]),
        st.lists(RANGE_PARTS, min_size=1, max_size=3),
    )
    | st.sampled_from(["1.0.0-0 - 2.1", "1.0 - 2.0 3.0", "0.1 - 1", "~1."]),
    min_size=1,
    max_size=2,
).map(lambda groups: "semver:" + " || ".join(groups))
PRERELEASES = ("", "-0", "-a", "-a.1", "-rc", "-rc.1", "-rc.2", "-zz")
VERSIONS = st.sampled_from(
    [
        f"{major}.{minor}.{patch}{prerelease}"
        for major, minor, patch, prerelease in itertools.product(range(4), range(5), range(5), PRERELEASES)
    ]
)
ORDERS: list[tuple[str, str, str, str | None, str]] = [
    (r"regexp:^(1\.[0-9]+\.[0-9]+-12-minimal)$", "1.16.4-12-minimal", "a version", "$v", "structural"),
    (
        r"regexp:^(1\.[0-9]+\.[0-9]+\.[0-9]+-.*)$",
        "1.2.3.4-ls45",
        "a version of four parts",
        "$v-$n.$n1",
        "structural",
    ),
    ("regexp:^(v2.[0-9]+.[0-9]+-ls.*)$", "v2.1.0-ls45", "a version and a build", "$v-$n", "structural"),
    (r"regexp:^v([0-9]+\.[0-9]+)", "v1.22", "a version of two parts", "$v.0", "structural"),
    (r"regexp:v[0-9]{1,3}\.[0-9]?[0-9]$", "r-v1.22", "a version of two parts", "$v.0", "structural"),
    ("regex:^3.10.*", "3.10.4", "a version", "$v", "structural"),
    ("regexp:^[a-z]+-[0-9]+$", "main-12", "a number", "$n", "guess"),
    ("glob:main-*", "main-3f1c2ab-1602225929", "a timestamp", "$n", "structural"),
    ("glob:prod-*", "prod-20201101101010-3f1c2ab", "a date", "$n", "structural"),
    ("glob:RELEASE.*", "RELEASE.2020-12-10T01-54-29Z", "a date", "$d", "structural"),
    ("glob:*", "2020-12-10-nightly", "a date", "$d", "structural"),
    ("glob:build-*", "build-113", "a number", "$n", "guess"),
    ("v*", "v1.2.3", "a version", "$v", "structural"),
    ("1.2.3", "1.2.3", "one tag", None, "structural"),
    ("semver:~1", "1.10", "versions", "$v.0", "structural"),
    ("semver:~1", "v2", "versions", "$v.0.0", "none"),
    ("semver:>=1", "2", "versions", "$v.0.0", "structural"),
    ("semver:>=1-0", "v1.2-rc.1", "versions", "$v.0$r", "structural"),
    ("glob:*", "main-20201010101010-abc1234", "a date", "$n", "structural"),
    ("glob:*", "20201010.3", "a date", "$a.$b.0", "structural"),
    ("glob:*", "build-7-20201010", "a date", "$a.$b.0", "structural"),
    ("glob:*", "2020.08.01", "a date", "$a.$b.$c", "structural"),
    ("glob:*", "2020-12-10-113", "a date", "$a.$b.$c-$d", "structural"),
    ("glob:*", "2020-99-10", "numbers", "$a.$b.$c", "guess"),
    ("glob:*", "1602225929123456789", "a number", "$n", "guess"),
    ("glob:*", "1.02-3", "a version of two parts", "$a.$b.$c", "structural"),
    ("glob:*", "1.2-3", "a version of two parts", "$v.$n", "structural"),
    ("glob:*", "arm64-1.2.3", "a version", "$v", "structural"),
    ("glob:*", "main-12-1", "numbers", "$a.$b.0", "guess"),
    (r"regexp:^(?:main|dev)-(\d+)(?:-(?:a|b)+)?$", "dev-12-ab", "a number", "$n", "guess"),
    (r"regexp:^r[0-9.]+$", "r1.2.3", "a version", "$v", "structural"),
    (r"regexp:^[a-z]*[0-9]*-[0-9]{1,3}$", "-12", "a number", "$n", "guess"),
]


@pytest.mark.parametrize(("pattern", "current", "order", "extract", "confidence"), ORDERS)
def test_the_part_that_orders_is_found(
    pattern: str, current: str, order: str, extract: str | None, confidence: str
) -> None:
    found = fm.translate_tag_pattern(pattern, current_tag=current)
    assert found.confidence == confidence
    if confidence == "none":
        assert found.filter_tags == {"pattern": f"^{current}$"}
        assert found.candidates[0].order == order
        return
    assert (found.order, (found.filter_tags or {}).get("extract")) == (order, extract)


PINNED = [
    ("glob:*", "3f1c2ab"),
    ("glob:*", "stable"),
    ("glob:main-*", "other"),
    ("regexp:*b", "1.2.3"),
    ("glob:*", "1.2.3rc1"),
    ("glob:*", "1234567"),
    ("glob:*", "latest"),
    ("regexp:^[0-9a-f]{7}$", "1234567"),
    (r"regexp:^v[0-9]+\b", "v1"),
    ("regexp:^[a-z0-9]{3}$", "a12"),
    ("glob:*", "1.99999999999999999999"),
    ("glob:*", "é"),
    ("glob:stable", "1.2.3"),
    ("regexp:" + "(" * 60 + "[0-9]+" + ")" * 60, "1"),
    ("regexp:^" + "a?b?" * 200 + "[0-9]+$", "ab1"),
    ("regexp:^x$", "y"),
    ("semver:nonsense", "1.2.3"),
    ("semver:1.0v2.0", "1.2.3"),
    # What orders them is one for several builds.
    ("glob:*", "20201010-abc1234"),
    ("glob:*", "abc1234-20201010"),
    ("glob:*", "main-abc1234-20201010"),
    ("glob:*", "2020-12-10-abc1234"),
    ("glob:*", "2022.4.8-abc1234"),
    ("glob:*", "202010101530-abc1234"),
    ("glob:*", "2020-12-10T01-54-abc1234"),
    ("glob:*", "20201010.3-abc1234"),
    ("glob:*", "1.2.3-abc1234"),
    ("glob:*", "v1.2.3-rc.1-abc1234"),
    ("glob:*", "master-1.4-abc1234"),
    ("glob:*", "v1.2.3-4-g3f1c2ab"),
    ("glob:*", "main-17-abc1234"),
    ("glob:*", "1.2.3-x7y8z9q"),
    ("glob:*", "08.04.2022"),
    ("glob:*", "04-08-2022"),
    ("glob:*", "08042022"),
    ("glob:*", "q2-2022"),
    (r"regexp:^r[0-9a-z.-]+$", "r1.2.3-abc1234"),
    (r"regexp:^[a-z]{2}-[0-9]+$", "eu-12"),
    (r"regexp:^[0-9a-f]{7}-[0-9]+$", "1234567-12"),
]
UNIQUE = [
    ("glob:*", "main-abc1234-1602225929", "main-fffffff-1602225930"),
    ("glob:*", "1602225929123-abc1234", "1602225929124-fffffff"),
    ("glob:*", "20201010101010-abc1234", "20201010101011-000000a"),
    ("glob:*", "20201010-101010-abc1234", "20201010-101011-000000a"),
    ("glob:*", "2020-12-10T01-54-29Z-abc1234", "2020-12-10T01-54-30Z-000000a"),
    ("glob:*", "main-1234", "main-1235"),
    ("glob:*", "20201010", "20201011"),
    ("glob:*", "202010101530", "202010101531"),
    ("glob:*", "20201010.3", "20201010.4"),
    ("glob:*", "1.2.3-45", "1.2.3-46"),
    ("glob:*", "1.2.3-2022", "1.2.3-2023"),
    ("glob:*", "1.2.3", "1.2.4"),
]


@pytest.mark.parametrize(("pattern", "current"), PINNED)
def test_where_nothing_orders_the_tag_is_held(pattern: str, current: str) -> None:
    found = fm.translate_tag_pattern(pattern, current_tag=current)
    assert found.confidence == "none"
    assert found.filter_tags == exactly(current)
    assert "IM005" in [finding.code for finding in found.findings]
    assert fm.flux2.latest_tag([current, "zzz", "9.9.9"], found.policy, found.filter_tags) == current


@pytest.mark.parametrize(("pattern", "current", "newer"), UNIQUE)
def test_a_key_of_one_build_moves(pattern: str, current: str, newer: str) -> None:
    found = fm.translate_tag_pattern(pattern, current_tag=current)
    assert found.confidence != "none"
    for tags in ([current, newer], [newer, current]):
        assert fm.flux2.latest_tag(tags, found.policy, found.filter_tags) == newer


SHARED_KEYS = (
    "{n}-{h} {h}-{n} main-{n}-{h} v{n}.{n}.{n}-{h} {d}-{h} main-{h}-{d} {n}.{n}-{h} 2022.{n}.{n}-{h} "
    "{d}1530-{h}"
)
TIMES = "1602225929-{h} {h}-1602225929 main-{h}-{d}153059 {d}-153059-{h}"


@given(
    scheme=st.sampled_from([*SHARED_KEYS.split(), *TIMES.split()]),
    number=st.integers(0, 99),
    built=st.sampled_from(["abc1234", "3ef75c1", "6737b62"]),
    pattern=st.sampled_from(["glob:*", "regexp:.*"]),
)
def test_of_several_builds_with_one_key_none_is_taken(
    scheme: str, number: int, built: str, pattern: str
) -> None:
    hashes = ("abc1234", "3ef75c1", "6737b62", "0aaaaaa")
    tags = [scheme.format(n=number, h=each, d="20220408") for each in hashes]
    current = scheme.format(n=number, h=built, d="20220408")
    # That a time to the second is one for several builds only known tags show.
    images = [TaggedImage(tag) for tag in tags] if scheme in TIMES.split() else []
    found = fm.translate_tag_pattern(pattern, current_tag=current, images=images)
    assert (found.confidence, found.filter_tags) == ("none", exactly(current))
    for order in (tags, tags[::-1]):
        assert fm.flux2.latest_tag(order, found.policy, found.filter_tags) == current


def test_without_any_tag_nothing_is_selected() -> None:
    found = fm.translate_tag_pattern("glob:*")
    assert fm.flux2.latest_tag(["1", "a"], found.policy, found.filter_tags) is None
    assert fm.translate_tag_pattern("semver:*").policy == {"semver": {"range": "*"}}


RANGES: list[tuple[str, Any, str]] = [
    ("~1.", "2.9", "~1"),
    ("~v0.", "2.9", "~v0"),
    (">=1.0.0-0 <2.0.0", "2.9", ">=1.0.0 <2.0.0"),
    (">1.0.0-0 <=2.0.0-0 1.5.x", "2.9", ">=1.0.0 <2.0.0 1.5"),
    # An exact `!=` let prereleases pass in Flux v1.
    (">1.0.0-0 <=2.0.0-0 !=1.5.0", "2.9", ">1.0.0-0 <=2.0.0-0 !=1.5.0"),
    ("*-0", "2.9", "*"),
    ("<2.x !=1.2.3-rc !=1.3-0", "2.9", "<2"),
    ("^0.0.3", "2.9", "^0.0.3"),
    (">=2021.01.01", "2.5", ">=2021.1.1"),
    ("1.0 - 2.0 3.0", "2.9", ">=1.0 <=2.3.0"),
    ("> =1.2", "2.9", ">=1.2"),
    ("==V1.2", "2.9", "=v1.2"),
    ("!=1.2.3", "2.9", ">=0.0.0-0 !=1.2.3"),
    ("!=1.2.3", "2.6", "!=1.2.3"),
    (">=1<2", "2.9", ">=1 <2"),
    (">=1,<2,", "2.5", ">=1 <2"),
    (">=1, <2 || 3.x", "2.9", ">=1, <2 || 3.x"),
    ("1.0 - 2.0", "2.9", "1.0 - 2.0"),
]


@pytest.mark.parametrize(("text", "flux_version", "expected"), RANGES)
def test_a_range_is_written_so_that_it_means_the_same(text: str, flux_version: Any, expected: str) -> None:
    found = fm.translate_tag_pattern(f"semver:{text}", flux_version=flux_version)
    assert found.policy == {"semver": {"range": expected}}


START = datetime(2020, 1, 1, tzinfo=UTC)


def built(*tags: str) -> list[TaggedImage]:
    return [TaggedImage(tag, START + timedelta(days=day)) for day, tag in enumerate(tags)]


def test_build_times_prove_an_order() -> None:
    images = built("main-a1b2c3-9", "main-b1c2d3-10", "main-c1d2e3-11", "main-d1e2f3-100")
    found = fm.translate_tag_pattern("glob:main-*", current_tag="main-c1d2e3-11", images=images)
    assert (found.confidence, found.order) == ("proved", "a number")
    assert (
        fm.flux2.latest_tag([each.tag for each in images], found.policy, found.filter_tags) == images[-1].tag
    )


def test_a_rebuild_does_not_defeat_the_right_order() -> None:
    tags = [*(f"v1.{minor}.0" for minor in range(1, 9)), "v1.3.1", "v1.9.0"]
    found = fm.translate_tag_pattern("glob:v*", current_tag=tags[-1], images=built(*tags))
    assert found.order == "a version"
    # It is not proved: the hotfix is newer than what stands above it.
    assert found.confidence == "guess"
    assert found.candidates == ()


def test_what_is_newest_but_not_highest_is_held() -> None:
    tags = [*(f"v1.{minor}.0" for minor in range(1, 9)), "v1.3.1"]
    found = fm.translate_tag_pattern("glob:v*", current_tag="v1.3.1", images=built(*tags))
    assert (found.confidence, found.filter_tags) == ("none", {"pattern": r"^v1\.3\.1$"})
    (finding,) = found.findings
    assert "'v1.8.0' would be selected" in finding.message
    assert finding.answer is not None
    assert (finding.answer.policy, finding.answer.filter_tags) == (found.policy, found.filter_tags)
    assert found.candidates[0].policy == {"semver": {"range": ">=0.0.0"}}


def test_a_number_that_orders_nothing_is_refuted_by_build_times() -> None:
    images = built("r-9", "r-3", "r-8", "r-1", "r-7", "r-2")
    found = fm.translate_tag_pattern("glob:r-*", current_tag="r-2", images=images)
    assert found.confidence == "none"
    assert "not in the order of their builds" in found.findings[0].message


def test_build_times_bear_out_a_number_that_could_be_a_hash() -> None:
    images = built(*(f"r-{number}" for number in range(1234567, 1234577)))
    found = fm.translate_tag_pattern("glob:r-*", current_tag="r-1234576", images=images)
    assert (found.order, found.confidence) == ("a number", "proved")


def test_branches_are_ordered_together_where_fluxd_did_so() -> None:
    tags = [f"{'main' if number % 2 else 'dev-x'}-{number + 1602225929}" for number in range(9)]
    found = fm.translate_tag_pattern("glob:*", current_tag=tags[-1], images=built(*tags))
    assert (found.order, found.confidence) == ("a timestamp", "proved")
    assert found.filter_tags == {"pattern": "^.+-(?P<n>[0-9]{10})$", "extract": "$n"}


def test_branches_are_not_ordered_together_where_the_pattern_is_narrower() -> None:
    tags = [f"{'main' if number % 2 else 'dev'}-{number + 1602225929}" for number in range(9)]
    found = fm.translate_tag_pattern("regexp:^[a-z0-9-]+$", current_tag=tags[-1], images=built(*tags))
    expressions = [found.filter_tags, *(each.filter_tags for each in found.candidates)]
    assert all(".+" not in str(each) for each in expressions)


def test_only_tags_that_name_no_build_are_followed() -> None:
    def reflection(pattern: str, flux_version: Any = "2.6") -> tuple[str, list[str]]:
        current = pattern.removeprefix("glob:")
        found = fm.translate_tag_pattern(pattern, current_tag=current, flux_version=flux_version)
        return found.digest_reflection, [finding.code for finding in found.findings]

    assert reflection("glob:latest") == reflection("stable") == ("Always", ["IM006"])
    assert reflection("glob:latest", "2.5") == ("Never", ["IM006"])
    assert reflection("v1.2.3") == ("Never", [])


def test_a_policy_under_which_the_controller_is_random_is_not_taken() -> None:
    images = [TaggedImage("build-5"), TaggedImage("build-05")]
    assert fm.translate_tag_pattern("glob:build-*", current_tag="build-5", images=images).confidence == "none"


def test_equal_numbers_among_which_the_controller_is_random_are_an_objection() -> None:
    images = [TaggedImage("1"), TaggedImage("1.0")]
    trial = Trial(TagPattern.parse("glob:*"), None, images, "2.9")
    candidate = PolicyCandidate({"numerical": {"order": "asc"}}, {"pattern": "^[0-9.]+$"}, "a number")
    assert trial.objection(candidate) == "ordered by a number, several tags are equal: 1, 1.0"


def test_known_tags_do_without_a_current_one() -> None:
    images = built("v1.0.0", "v1.1.0", "v1.2.0", "v1.10.0")
    found = fm.translate_tag_pattern("glob:v*", images=images)
    assert (found.order, found.confidence) == ("a version", "proved")
    assert fm.translate_tag_pattern("glob:v*", images=[TaggedImage("v1.0.0")]).order == "a version"
    five = fm.translate_tag_pattern("glob:*", current_tag="1.2.3.4.5")
    assert five.order == "a version of four parts"


def test_an_older_tag_is_never_selected() -> None:
    images = built("v9.0.0", "v1.0.0", "v1.1.0")
    found = fm.translate_tag_pattern("glob:v*", current_tag="v1.1.0", images=images)
    assert fm.flux2.latest_tag([each.tag for each in images], found.policy, found.filter_tags) == "v1.1.0"
    newer = fm.translate_tag_pattern("semver:>=1", current_tag="3.0.0", images=[TaggedImage("2.0.0")])
    assert newer.policy == {"semver": {"range": ">=1"}}
    older = fm.translate_tag_pattern("semver:<3", current_tag="3.0.0-1", images=[TaggedImage("2.0.0")])
    assert older.confidence == "none"


def test_what_is_too_large_when_written_out_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regexp_syntax, "_MAX_POINTS", 5000)
    found = fm.translate_tag_pattern(r"regexp:^(?:\pL-)*[0-9]+$", current_tag="é-ü-1")
    assert found.order == "none: pinned"


def test_where_fluxd_gave_up_nothing_is_known_of_what_it_selects() -> None:
    images = [TaggedImage("1.1.0", missing=True), TaggedImage("1.2.0")]
    found = fm.translate_tag_pattern("semver:~1", current_tag="1.0.0", images=images)
    assert found.policy == {"semver": {"range": "~1"}}


def test_what_the_pattern_refuses_is_an_objection() -> None:
    trial = Trial(TagPattern.parse("glob:a*"), "a1", [TaggedImage("b2")], "2.9")
    objection = trial.objection(PolicyCandidate({"alphabetical": {}}, None, "letters"))
    assert objection == "ordered by letters, 'b2' would be selected, which fluxd would not have"


@pytest.mark.parametrize(("pattern", "current"), PINNED)
def test_an_answer_that_is_taken_over_moves_nothing(pattern: str, current: str) -> None:
    found = fm.translate_tag_pattern(pattern, current_tag=current)
    (answer,) = (finding.answer for finding in found.findings if finding.code == "IM005")
    assert answer is not None
    assert (answer.policy, answer.filter_tags) == (found.policy, found.filter_tags)


@pytest.mark.parametrize("row", REVIEWED, ids=lambda row: f"{row[0]} {row[1]}")
def test_patterns_in_the_wild_become_what_was_reviewed(row: tuple[str, ...]) -> None:
    pattern, current, confidence, order, policy, expression, extract = row
    found = fm.translate_tag_pattern(pattern, current_tag=current)
    kind = found.policy["semver"]["range"] if "semver" in found.policy else next(iter(found.policy))
    filter_tags = found.filter_tags or {}
    assert (found.confidence, found.order, kind) == (confidence, order, policy)
    assert (filter_tags.get("pattern", ""), filter_tags.get("extract", "")) == (expression, extract)


def test_all_patterns_in_the_wild_were_reviewed(shared: Path) -> None:
    lines = (shared / "facts" / "tag-patterns-in-the-wild.txt").read_text("utf-8").splitlines()
    patterns = {match[1] for line in lines if (match := re.match(r"\s*\d+\s+(\S.*)$", line))}
    assert patterns == {row[0] for row in REVIEWED}


TAG_PIECES = st.sampled_from(
    [
        *("v", "main", "dev", "latest", "1", "2", "10", "07", "1.2", "1.2.3", ".", "-", "_", "-rc1", "-ls45"),
        *("3f1c2ab", "1234567", "abc", "1602225929", "20201010", "2020-12-10", "T01-54-29Z", "g3f1c2a", "é"),
    ]
)
TAGS = st.one_of(
    st.lists(TAG_PIECES, min_size=1, max_size=5).map("".join),
    st.sampled_from([row[1] for row in REVIEWED]),
    st.from_regex(r"v?[0-9]{1,2}(\.[0-9]{1,2}){0,3}(-ls[0-9]{1,2}|-[a-f0-9]{7})?", fullmatch=True),
    st.from_regex(r"[a-z]{1,5}-[a-f0-9]{7}-16[0-9]{8}", fullmatch=True),
)
GLOBS = (
    st.lists(st.one_of(st.just("*"), TAG_PIECES), min_size=1, max_size=4).map("".join).map("glob:{}".format)
)
EXPRESSIONS = st.lists(
    st.sampled_from(
        [
            *(
                "^",
                "$",
                "v",
                "v?",
                "main",
                "(main|dev)",
                "-",
                r"\.",
                ".",
                ".*",
                ".+",
                "[0-9]+",
                r"\d{1,2}",
                "1",
            ),
            *(
                "[a-z]*",
                "[0-9a-f]{7}",
                "[0-9a-f]+",
                "[0-9a-z.-]+",
                "(-rc[0-9]+)?",
                "([0-9]+\\.)+",
                "(?i:V)",
                "|",
            ),
            *("(-ls(?P<n>.*))", "[^0-9]+", r"\b", "(a|)", "[0-9]{2,}", "x{0,3}", "(1|2){2}"),
        ]
    ),
    min_size=1,
    max_size=7,
).map(lambda pieces: "regexp:" + "".join(pieces))
PATTERNS = st.one_of(
    GLOBS,
    EXPRESSIONS,
    RANGES_OF_FLUX_1,
    st.sampled_from([*(row[0] for row in REVIEWED), *(row[0] for row in PINNED), "latest", "glob:*-*"]),
)


def image(tag: str, day: int | None) -> TaggedImage:
    return TaggedImage(tag, None if day is None else START + timedelta(days=day))


IMAGES = st.one_of(
    st.lists(st.builds(image, TAGS, st.none() | st.integers(0, 99)), max_size=8),
    st.lists(st.builds(image, TAGS, st.integers(0, 99)), max_size=12),
)


@settings(max_examples=300)
@given(PATTERNS, TAGS, st.lists(TAGS, max_size=12), st.sampled_from(FLUX_VERSIONS))
def test_no_policy_passes_what_fluxd_refused(
    pattern: str, current: str, tags: list[str], flux_version: Any
) -> None:
    found = fm.translate_tag_pattern(pattern, current_tag=current, flux_version=flux_version)
    chosen = TagPattern.parse(pattern)
    for policy, filter_tags in [
        (found.policy, found.filter_tags),
        *((each.policy, each.filter_tags) for each in found.candidates),
    ]:
        passing = fm.flux2.sort_tags([*tags, current], policy, filter_tags, flux_version=flux_version)
        for tag in passing:
            assert chosen.selects(tag) or (found.confidence == "none" and tag == current), (tag, policy)


@settings(max_examples=300)
@given(PATTERNS, TAGS, IMAGES, st.sampled_from(FLUX_VERSIONS))
def test_nothing_moves_by_accident(
    pattern: str, current: str, images: list[TaggedImage], flux_version: Any
) -> None:
    images = list({each.tag: each for each in images}.values())
    check(pattern, current, images, flux_version)


def check(pattern: str, current: str, images: list[TaggedImage], flux_version: Any) -> None:
    found = fm.translate_tag_pattern(pattern, current_tag=current, images=images, flux_version=flux_version)
    chosen = TagPattern.parse(pattern)
    tags = list(dict.fromkeys([*(image.tag for image in images), current]))

    def select(tags: list[str]) -> str | None:
        return fm.flux2.latest_tag(tags, found.policy, found.filter_tags, flux_version=flux_version)

    assert select([current]) == current
    for given_tags in (tags, tags[::-1], sorted(tags)):
        selected = select(given_tags)
        assert selected is not None
        if selected == current:
            continue
        assert chosen.selects(selected)
        times = {image.tag: image.created for image in images}
        if chosen.kind == "semver":
            known = [*images, TaggedImage(current)]
            newest, mine = parse_version(fm.flux1.sort_tags(known, pattern)[0]), parse_version(selected)
            assert newest is not None
            assert mine is not None
            assert not chosen.valid or compare_versions(newest, mine) == 0
            before = parse_version(current)
            assert before is not None
            assert compare_versions(mine, before) >= 0
            continue
        new, old = times.get(selected), times.get(current)
        assert new is None or old is None or new >= old
        if all(image.created is not None for image in images if chosen.selects(image.tag)):
            assert selected == fm.flux1.sort_tags(images, pattern)[0]


def test_patterns_in_the_wild_move_nothing_by_accident() -> None:
    for pattern in dict.fromkeys(row[0] for row in REVIEWED):
        for current in ("1.2.3", "v0.3.1", "1.16.4-12-minimal", "prod-3f1c2ab-1602225929", "latest"):
            for flux_version in FLUX_VERSIONS:
                check(pattern, current, built("1.2.2", current, "1.10.0", "v0.3.2"), flux_version)


@settings(max_examples=300)
@given(RANGES_OF_FLUX_1, st.lists(VERSIONS, min_size=20, max_size=20), st.sampled_from(FLUX_VERSIONS))
def test_a_range_holds_what_it_held_or_a_finding_says_so(
    pattern: str, versions: list[str], flux_version: Any
) -> None:
    found = fm.translate_tag_pattern(pattern, flux_version=flux_version)
    chosen = TagPattern.parse(pattern)
    held = set(fm.flux2.sort_tags(versions, found.policy, found.filter_tags, flux_version=flux_version))
    wanted = {version for version in versions if chosen.selects(version)}
    assert held <= wanted
    said = [finding.message for finding in found.findings if finding.code in ("IM004", "IM019")]
    assert held == wanted or any(re.search("lacks|no range|invalid", text) for text in said)


def test_a_range_that_held_nothing_is_not_written() -> None:
    found = fm.translate_tag_pattern("semver:>=1, 1.2.3-0", current_tag="1.2.3-0")
    assert found.confidence == "none"
    assert [finding.code for finding in found.findings] == ["IM019", "IM005"]


@pytest.mark.parametrize("name", SCHEMES)
def test_what_is_proved_selects_what_fluxd_selects(name: str) -> None:
    scheme = SCHEMES[name]
    shares: Counter[str] = Counter()
    for seed, disturbance in itertools.product(range(6), DISTURBANCES):
        images = history(random.Random(seed), scheme, 30, disturbance)
        for pushed in (len(images) - 4, len(images)):
            running = fm.flux1.sort_tags(images[:pushed], scheme.pattern)[0]
            found = fm.translate_tag_pattern(scheme.pattern, current_tag=running, images=images)
            both = found.compare(images)
            assert both.selected_by_flux2 in (running, both.selected_by_flux1)
            if found.confidence == "proved":
                assert both.same
            if disturbance == "none":
                shares[found.confidence] += 1
    if name in ("bare hash", "branch and hash"):
        assert set(shares) == {"none"}
    elif name == "date and hash":
        # Builds of one day are in no order.
        assert set(shares) <= {"guess", "none"}
    elif name == "range of versions":
        assert set(shares) == {"structural"}
    else:
        assert shares["proved"] >= 10


@pytest.mark.parametrize("disturbance", ["rebuild", "hotfix line"])
@pytest.mark.parametrize(
    "name", ["version", "v-version", "branch-sha-timestamp", "build number", "four parts"]
)
def test_rebuilds_and_hotfixes_do_not_defeat_the_right_order(name: str, disturbance: str) -> None:
    scheme = SCHEMES[name]
    wanted = fm.translate_tag_pattern(
        scheme.pattern, current_tag=history(random.Random(0), scheme, 9, "none")[-1].tag
    )
    for seed in range(8):
        images = history(random.Random(seed), scheme, 30, disturbance)
        running = fm.flux1.sort_tags(images, scheme.pattern)[0]
        found = fm.translate_tag_pattern(scheme.pattern, current_tag=running, images=images)
        order = found.order if found.confidence != "none" else found.candidates[0].order
        assert order == wanted.order


def test_a_translation_can_be_sent_to_another_process() -> None:
    for pattern, current in (
        ("semver:>=1.0.0-0 <2", "1.2"),
        ("glob:*", "3f1c2ab"),
        ("glob:latest", "latest"),
    ):
        found = fm.translate_tag_pattern(pattern, current_tag=current)
        assert pickle.loads(pickle.dumps(found)) == found
        both = found.compare(built("1.2", "3f1c2ab"))
        assert pickle.loads(pickle.dumps(both)) == both
    wanted = VersionRange.parse("^1")
    assert pickle.loads(pickle.dumps(wanted)) == wanted
    assert pickle.loads(pickle.dumps(wanted)).check("1.2")


def test_a_translation_shows_itself() -> None:
    found = fm.translate_tag_pattern("glob:<b>*|", current_tag="<b>3f1c2ab|")
    assert "&lt;b&gt;" in found._repr_html_()
    assert "<b>" not in found._repr_html_()
    assert found._repr_markdown_() == found.to_markdown()
    assert "glob:<b>*\\|" in found.to_markdown()
    assert "filterTags.pattern" in str(found)
    assert "digestReflectionPolicy" in str(fm.translate_tag_pattern("latest", current_tag="latest"))


def test_both_fluxes_are_shown_beside_each_other() -> None:
    found = fm.translate_tag_pattern("glob:v*", current_tag="v1.2.0")
    both = found.compare([*built("v1.2.0", "v1.10.0", "v1.3.0"), "<x>`"])
    assert (both.flux1, both.flux2) == (("v1.3.0", "v1.10.0", "v1.2.0"), ("v1.10.0", "v1.3.0", "v1.2.0"))
    assert (both.selected_by_flux1, both.selected_by_flux2, both.same) == ("v1.3.0", "v1.10.0", False)
    assert "Flux v1 selects v1.3.0, Flux v2 v1.10.0" in str(both)
    assert '<tr class="strong"><th scope="row">v1.10.0</th>' in both._repr_html_()
    assert "<x>" not in both._repr_html_()
    assert both._repr_markdown_() == both.to_markdown()
    assert "| `` <x>` `` |" in both.to_markdown()


def test_a_comparison_says_why_nothing_is_selected() -> None:
    tags = [TaggedImage("r1"), TaggedImage("r2", missing=True)]
    stalled = fm.compare_tags(tags, "glob:*", {"semver": {"range": "="}})
    assert (stalled.flux1, stalled.flux2, stalled.same) == ((), (), True)
    assert [note[:7] for note in stalled.notes] == ["Flux v1", "Flux v2"]
    random_one = fm.compare_tags(
        ["a1", "b01"], "glob:*", {"numerical": {}}, {"pattern": "^[ab](.*)$", "extract": "$1"}
    )
    assert "a1, b01" in random_one.notes[0]
