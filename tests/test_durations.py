"""Durations with Go's meaning: laws against exact arithmetic, and what Go's documentation promises."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxv2_migrate import errors
from fluxv2_migrate.golang import HOUR, MINUTE, SECOND, format_duration, parse_duration

UNITS = {
    "ns": 1,
    "us": 1000,
    "µs": 1000,
    "\u03bcs": 1000,
    "ms": 10**6,
    "s": SECOND,
    "m": MINUTE,
    "h": HOUR,
}
DURATIONS = st.integers(-(2**63), 2**63 - 1) | st.integers(-HOUR, HOUR) | st.integers(-2000, 2000)


@given(DURATIONS)
def test_what_is_written_is_read_back(nanoseconds: int) -> None:
    assert parse_duration(format_duration(nanoseconds)) == nanoseconds


@given(DURATIONS)
def test_what_is_written_has_the_greatest_units_it_can(nanoseconds: int) -> None:
    text = format_duration(nanoseconds)
    assert ("h" in text) == (abs(nanoseconds) >= HOUR)
    assert text.startswith("-") == (nanoseconds < 0)
    if abs(nanoseconds) >= MINUTE:
        minutes = int(text.lstrip("-").partition("h")[2].partition("m")[0] or 0) if "h" in text else 0
        assert minutes < 60
        assert 0 <= Fraction(text.partition("m")[2].removesuffix("s")) < 60


@given(
    st.sampled_from(["", "-", "+"]),
    st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from(sorted(UNITS))), min_size=1, max_size=5),
)
def test_terms_are_added(sign: str, terms: list[tuple[int, str]]) -> None:
    total = sum(number * UNITS[unit] for number, unit in terms)
    text = sign + "".join(f"{number}{unit}" for number, unit in terms)
    assert parse_duration(text) == (-total if sign == "-" else total)


@given(st.integers(0, 1000), st.text("0123456789", min_size=1, max_size=30), st.sampled_from(sorted(UNITS)))
def test_fractions_are_cut_to_nanoseconds(whole: int, fraction: str, unit: str) -> None:
    exact = (Fraction(f"{whole}.{fraction}")) * UNITS[unit]
    # Go reckons with floating point, which may come out one below or above.
    assert abs(parse_duration(f"{whole}.{fraction}{unit}") - int(exact)) <= 1


@given(st.text("0123456789.+-nuµmsh x", max_size=8))
def test_only_durations_are_read(text: str) -> None:
    try:
        nanoseconds = parse_duration(text)
    except errors.InvalidDuration:
        return
    assert parse_duration(format_duration(nanoseconds)) == nanoseconds
    assert set(text.lstrip("+-")) <= set("0123456789.nuµmsh")
    assert len(text) - len(text.lstrip("+-")) <= 1


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0", 0),
        ("+0", 0),
        ("-0", 0),
        ("0s", 0),
        ("-0s", 0),
        ("5s", 5 * SECOND),
        ("1478s", 1478 * SECOND),
        ("5.s", 5 * SECOND),
        (".5s", SECOND // 2),
        ("-.5s", -SECOND // 2),
        ("1.004s", 1_004_000_000),
        ("100.00100s", 100_001_000_000),
        ("1h1m0.5s", HOUR + MINUTE + SECOND // 2),
        ("0.100000000000000000000h", 6 * MINUTE),
        ("0.3333333333333333333h", 20 * MINUTE),
        ("0.9223372036854775807h", 3_320_413_933_267),
        ("0.9223372036854775808h", 3_320_413_933_267),
        ("0.9223372036854775809h", 3_320_413_933_267),
        ("9007199254740993ns", 2**53 + 1),
        ("9223372036854775807ns", 2**63 - 1),
        ("-9223372036854775808ns", -(2**63)),
        ("-9223372036854775.808us", -(2**63)),
        ("-9223372036s854ms775us808ns", -(2**63)),
        ("0000000000000000000000001m", MINUTE),
        ("1m1h1m", HOUR + 2 * MINUTE),
        ("2562047h47m16.854775807s", 2**63 - 1),
    ],
)
def test_durations(text: str, nanoseconds: int) -> None:
    assert parse_duration(text) == nanoseconds


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "invalid duration"),
        ("-", "invalid duration"),
        ("+", "invalid duration"),
        ("--1s", "invalid duration"),
        ("1s-1s", 'unknown unit "s-" in'),
        ("3", "missing unit in"),
        ("00", "missing unit in"),
        ("0.0", "missing unit in"),
        ("1h3", "missing unit in"),
        ("1.2.3s", "missing unit in"),
        ("s", "invalid duration"),
        (".", "invalid duration"),
        ("-.", "invalid duration"),
        (".s", "invalid duration"),
        ("+.s", "invalid duration"),
        ("1d", 'unknown unit "d" in'),
        ("1S", 'unknown unit "S" in'),
        ("1 s", 'unknown unit " s" in'),
        (" 1s", "invalid duration"),
        ("1s ", 'unknown unit "s " in'),
        ("1s\n", 'unknown unit "s\n" in'),
        ("١s", "invalid duration"),
        ("1e3s", 'unknown unit "e" in'),
        ("9223372036854775808ns", "invalid duration"),
        ("-9223372036854775809ns", "invalid duration"),
        ("9223372036854775809ns", "invalid duration"),
        ("9223372036854775.808us", "invalid duration"),
        ("-9223372036854775808us", "invalid duration"),
        ("-2562047h47m16.854775809s", "invalid duration"),
        ("3000000h", "invalid duration"),
        ("9" * 5000 + "s", "invalid duration"),
    ],
)
def test_refusals(text: str, reason: str) -> None:
    with pytest.raises(errors.InvalidDuration) as refused:
        parse_duration(text)
    assert refused.value.reason.startswith(reason)


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (1, "1ns"),
        (1100, "1.1µs"),
        (2_200_000, "2.2ms"),
        (3_300_000_000, "3.3s"),
        (4 * MINUTE + 5 * SECOND, "4m5s"),
        (4 * MINUTE + 5_001_000_000, "4m5.001s"),
        (5 * HOUR + 6 * MINUTE + 7_001_000_000, "5h6m7.001s"),
        (8 * MINUTE + 1, "8m0.000000001s"),
        (HOUR, "1h0m0s"),
        (-5 * MINUTE, "-5m0s"),
        (2**63 - 1, "2562047h47m16.854775807s"),
        (-(2**63), "-2562047h47m16.854775808s"),
    ],
)
def test_texts(nanoseconds: int, text: str) -> None:
    assert format_duration(nanoseconds) == text


@pytest.mark.parametrize("nanoseconds", [2**63, -(2**63) - 1])
def test_what_64_bits_do_not_hold_is_not_written(nanoseconds: int) -> None:
    with pytest.raises(errors.InvalidDuration):
        format_duration(nanoseconds)
