"""Go's durations, as intervals and timeouts of Flux are written."""

from __future__ import annotations

import re

from fluxv2_migrate.errors import InvalidDuration
from fluxv2_migrate.given import checked_kind, checked_text

SECOND = 1_000_000_000
"""A second in nanoseconds."""
MINUTE = 60 * SECOND
"""A minute in nanoseconds."""
HOUR = 60 * MINUTE
"""An hour in nanoseconds."""

_UNITS = {
    "ns": 1,
    "us": 1_000,
    # The micro sign, and the Greek letter mu.
    "\u00b5s": 1_000,
    "\u03bcs": 1_000,
    "ms": 1_000_000,
    "s": SECOND,
    "m": MINUTE,
    "h": HOUR,
}
# A number, and as its unit everything up to the next one. `[0-9]` and not `\d`: only ASCII counts.
_TERM = re.compile(r"([0-9]*)(?:\.([0-9]*))?([^0-9.]*)")
# Durations are whole nanoseconds in 64 bits with a sign; of digits, one more may be read than a sum may have.
LARGEST = 2**63 - 1
"""The longest duration in nanoseconds: 292 years."""


def parse_duration(s: str) -> int:
    """Reads a duration as Go does: numbers with units after each other, and at most one sign before all.

    Args:
        s: the text, `1h30m` for example.

    Returns:
        The duration in nanoseconds.

    Raises:
        InvalidDuration: Go refuses it: a number without unit, an unknown unit, a blank, or over 64 bits.

    Source: Go `time.ParseDuration`.

    >>> parse_duration("1h30m") // MINUTE, parse_duration("1.5s"), parse_duration("-0")
    (90, 1500000000, 0)
    >>> parse_duration("5")
    Traceback (most recent call last):
    fluxv2_migrate.errors.InvalidDuration: missing unit in duration "5"
    """
    checked_text(s, "a duration", InvalidDuration)
    negative = s.startswith("-")
    terms = s[1:] if s[:1] in ("-", "+") else s
    if terms == "0":
        return 0
    if not terms:
        raise InvalidDuration(f'invalid duration "{s}"')
    total = position = 0
    while position < len(terms):
        term = _TERM.match(terms, position)
        # Each of the parts may be missing, so that there always is a match.
        assert term is not None
        total += _read_term(s, *term.groups(""))
        # What is subtracted may be greater by one, and so is the sum until its sign is known.
        if total > LARGEST + 1:
            raise InvalidDuration(f'invalid duration "{s}"')
        position = term.end()
    if negative:
        return -total
    if total > LARGEST:
        raise InvalidDuration(f'invalid duration "{s}"')
    return total


def _read_term(s: str, whole: str, fraction: str, unit: str) -> int:
    if not whole and not fraction:
        raise InvalidDuration(f'invalid duration "{s}"')
    # Twenty digits are beyond 64 bits; thousands would be refused by Python itself.
    significant = whole.lstrip("0")
    if len(significant) > 19 or int(significant or "0") > LARGEST + 1:
        raise InvalidDuration(f'invalid duration "{s}"')
    if not unit:
        raise InvalidDuration(f'missing unit in duration "{s}"')
    if unit not in _UNITS:
        raise InvalidDuration(f'unknown unit "{unit}" in duration "{s}"')
    return int(significant or "0") * _UNITS[unit] + _read_fraction(fraction, _UNITS[unit])


def _read_fraction(digits: str, unit: int) -> int:
    """Gives what the digits behind the point are of a unit; Go reckons with floating point here."""
    value, scale = 0, 1.0
    for digit in digits:
        if value > LARGEST // 10 or value * 10 + int(digit) > LARGEST + 1:
            # Further digits could not be held; they are dropped.
            break
        value = value * 10 + int(digit)
        scale *= 10
    return int(float(value) * (float(unit) / scale))


def format_duration(nanoseconds: int) -> str:
    """Writes a duration as Go does: hours, minutes and seconds, or one smaller unit below a second.

    Args:
        nanoseconds: the duration, 64 bits with a sign.

    Returns:
        The text, which `parse_duration` reads back.

    Raises:
        InvalidDuration: more than 64 bits hold.

    Source: Go `time.Duration.String`.

    >>> format_duration(5 * MINUTE), format_duration(90 * MINUTE), format_duration(1_500_000)
    ('5m0s', '1h30m0s', '1.5ms')
    """
    checked_kind(nanoseconds, int, "a number of nanoseconds", InvalidDuration)
    if not -LARGEST - 1 <= nanoseconds <= LARGEST:
        raise InvalidDuration("these nanoseconds are more than 64 bits hold")
    sign = "-" if nanoseconds < 0 else ""
    amount = abs(nanoseconds)
    if amount == 0:
        return "0s"
    if amount < SECOND:
        unit = next(unit for unit in ("ms", "\u00b5s", "ns") if amount >= _UNITS[unit])
        return f"{sign}{_write_number(amount, _UNITS[unit])}{unit}"
    minutes, rest = divmod(amount, MINUTE)
    hours, minutes = divmod(minutes, 60)
    text = f"{_write_number(rest, SECOND)}s"
    if hours or minutes:
        text = f"{minutes}m{text}"
    return f"{sign}{hours}h{text}" if hours else f"{sign}{text}"


def _write_number(amount: int, unit: int) -> str:
    whole, rest = divmod(amount, unit)
    fraction = str(unit + rest)[1:].rstrip("0")
    return f"{whole}.{fraction}" if fraction else str(whole)
