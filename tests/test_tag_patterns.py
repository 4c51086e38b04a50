"""Tag patterns as policies: what orders the tags, and that nothing moves by accident."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fluxv2_migrate as fm
from fluxv2_migrate.flux1 import TaggedImage, TagPattern
from fluxv2_migrate.flux2.releases import FLUX_VERSIONS
from fluxv2_migrate.golang import Regexp

FOUR_PARTS = "a version of four parts"
ORDERS: list[tuple[str, str, str, str | None, str]] = [
    (r"regexp:^(1\.[0-9]+\.[0-9]+-12-minimal)$", "1.16.4-12-minimal", "a version", "$v", "structural"),
    (
        r"regexp:^(1\.[0-9]+\.[0-9]+\.[0-9]+-.*)$",
        "1.2.3.4-ls45",
        "a version of four parts",
        "$v-$n",
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
    ("regexp:^a|b", "a1"),
    ("regexp:(", "1.2.3"),
    ("regexp:^x$", "y"),
    ("semver:nonsense", "1.2.3"),
    ("semver:1.0v2.0", "1.2.3"),
]


@pytest.mark.parametrize(("pattern", "current"), PINNED)
def test_where_nothing_orders_the_tag_is_held(pattern: str, current: str) -> None:
    found = fm.translate_tag_pattern(pattern, current_tag=current)
    assert found.confidence == "none"
    assert found.filter_tags == {"pattern": f"^{re.escape(current)}$"}
    assert "IM005" in [finding.code for finding in found.findings]
    assert fm.flux2.latest_tag([current, "zzz", "9.9.9"], found.policy, found.filter_tags) == current


def test_without_any_tag_nothing_is_selected() -> None:
    found = fm.translate_tag_pattern("glob:*")
    assert fm.flux2.latest_tag(["1", "a"], found.policy, found.filter_tags) is None
    assert fm.translate_tag_pattern("semver:*").policy == {"semver": {"range": "*"}}


RANGES: list[tuple[str, Any, str]] = [
    ("~1.", "2.9", "~1"),
    ("~v0.", "2.9", "~v0"),
    (">=1.0.0-0 <2.0.0", "2.9", ">=1.0.0 <2.0.0"),
    (">1.0.0-0 <=2.0.0-0 !=1.5.0", "2.9", ">=1.0.0 <2.0.0 !=1.5.0"),
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
    assert [each.order for each in found.candidates] == ["a number"] * 3


def test_a_policy_under_which_the_controller_is_random_is_not_taken() -> None:
    images = [TaggedImage("build-5"), TaggedImage("build-05")]
    assert fm.translate_tag_pattern("glob:build-*", current_tag="build-5", images=images).confidence == "none"


def test_known_tags_do_without_a_current_one() -> None:
    images = built("v1.0.0", "v1.1.0", "v1.2.0")
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


PATTERNS = st.sampled_from(
    [
        *(row[0] for row in ORDERS),
        *(row[0] for row in PINNED),
        "latest",
        "glob:*-*",
        "regexp:.*",
        "regexp:^[a-z]*$",
    ]
)
TAGS = st.one_of(
    st.sampled_from([row[1] for row in ORDERS]),
    st.from_regex(r"v?[0-9]{1,2}(\.[0-9]{1,2}){0,3}(-ls[0-9]{1,2}|-[a-f0-9]{7})?", fullmatch=True),
    st.from_regex(r"[a-z]{1,5}-[a-f0-9]{7}-16[0-9]{8}", fullmatch=True),
)


def image(tag: str, day: int | None) -> TaggedImage:
    return TaggedImage(tag, None if day is None else START + timedelta(days=day))


IMAGES = st.lists(
    st.builds(image, TAGS, st.none() | st.integers(0, 99)), max_size=8, unique_by=lambda each: each.tag
)


def check(pattern: str, current: str, images: list[TaggedImage], flux_version: Any) -> None:
    found = fm.translate_tag_pattern(pattern, current_tag=current, images=images, flux_version=flux_version)
    chosen = TagPattern.parse(pattern)
    tags = list(dict.fromkeys([*(image.tag for image in images), current]))
    alone = fm.flux2.latest_tag([current], found.policy, found.filter_tags, flux_version=flux_version)
    selected = fm.flux2.latest_tag(tags, found.policy, found.filter_tags, flux_version=flux_version)
    if (found.policy.get("semver") and chosen.kind == "semver") or found.order == "one tag":
        # A policy that fluxd had as well may leave the tag that runs, where fluxd would have.
        assert alone in (current, None)
    else:
        assert alone == current
    if selected not in (None, current):
        assert selected is not None
        assert chosen.selects(selected)
        times = {image.tag: image.created for image in images}
        new, old = times.get(selected), times.get(current)
        assert chosen.kind == "semver" or new is None or old is None or new >= old
    if found.filter_tags is not None and found.confidence != "none" and chosen.valid:
        expression = Regexp.compile(found.filter_tags["pattern"])
        for tag in tags:
            assert not expression.matches(tag) or chosen.matches(tag), (tag, found)


@settings(max_examples=300)
@given(PATTERNS, TAGS, IMAGES, st.sampled_from(FLUX_VERSIONS))
def test_nothing_moves_by_accident(
    pattern: str, current: str, images: list[TaggedImage], flux_version: Any
) -> None:
    check(pattern, current, images, flux_version)


def test_patterns_in_the_wild_move_nothing_by_accident(shared: Path) -> None:
    lines = (shared / "facts" / "tag-patterns-in-the-wild.txt").read_text("utf-8").splitlines()
    patterns = [match[1] for line in lines if (match := re.match(r"\s*\d+\s+(\S.*)$", line))]
    assert len(patterns) > 60
    for pattern in patterns:
        for current in ("1.2.3", "v0.3.1", "1.16.4-12-minimal", "prod-3f1c2ab-1602225929", "latest"):
            check(pattern, current, built("1.2.2", current, "1.10.0", "v0.3.2"), "2.9")
