"""Go's numbers: integers, and those decimal and hexadecimal ones as which image policies read tags."""

from __future__ import annotations

import math
import re

from fluxv2_migrate.errors import InvalidNumber
from fluxv2_migrate.given import checked_text

# An underscore stands between two digits, or between the hexadecimal prefix and the first digit.
_DIGITS = "[0-9](?:_?[0-9])*"
_HEX_DIGITS = "[0-9A-Fa-f](?:_?[0-9A-Fa-f])*"
_DECIMAL = re.compile(rf"[+-]?(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?")
# The exponent is what tells a hexadecimal number from anything else.
_HEXADECIMAL = re.compile(
    rf"[+-]?0[xX](?:_?{_HEX_DIGITS}(?:\.(?:{_HEX_DIGITS})?)?|\.{_HEX_DIGITS})[pP][+-]?{_DIGITS}"
)
_INTEGER = re.compile(r"[+-]?0*([0-9]{0,19})")
_INTEGERS = range(-(2**63), 2**63)
_SPECIAL = re.compile(r"[+-]?inf(?:inity)?|nan", re.ASCII | re.IGNORECASE)


def parse_integer(text: str) -> int | None:
    """Reads an integer of 64 bits as Go does; nothing where it is none.

    Source: Go `strconv.ParseInt` with the base 10.

    >>> parse_integer("-07"), parse_integer("--5"), parse_integer("9" * 5000)
    (-7, None, None)
    """
    match = _INTEGER.fullmatch(text)
    if match is None or not text[-1:].isdecimal():
        return None
    value = int(match[1] or "0") * (-1 if text[0] == "-" else 1)
    return value if value in _INTEGERS else None


def parse_number(s: str) -> float:
    """Reads a number of 64 bits as Go does; under the policy `numerical`, what is refused here is no number.

    Args:
        s: the text, all of which must be the number.

    Returns:
        The nearest number that 64 bits hold; infinite or not a number only where the text says so.

    Raises:
        InvalidNumber: it is no number, or beyond the range of 64 bits.

    Source: Go `strconv.ParseFloat`; image-reflector-controller 1.2 `internal/policy/numerical.go`.

    >>> parse_number("20210102"), parse_number("1_000.5"), parse_number("0x1p4"), parse_number("Inf")
    (20210102.0, 1000.5, 16.0, inf)
    >>> parse_number("1e309")
    Traceback (most recent call last):
    fluxv2_migrate.errors.InvalidNumber: parsing "1e309": value out of range
    """
    checked_text(s, "a number", InvalidNumber)
    digits = s.replace("_", "")
    if _DECIMAL.fullmatch(s):
        value = float(digits)
    elif _HEXADECIMAL.fullmatch(s):
        try:
            value = float.fromhex(digits)
        except OverflowError:
            value = math.inf
    elif _SPECIAL.fullmatch(s):
        return float(s)
    else:
        raise InvalidNumber(f'parsing "{s}": invalid syntax')
    if math.isinf(value):
        raise InvalidNumber(f'parsing "{s}": value out of range')
    return value
