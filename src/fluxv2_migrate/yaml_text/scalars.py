"""What a plain YAML scalar means to Kubernetes' tools, which read with Go's YAML (mostly YAML 1.1)."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Final

__all__ = ["Scalar", "resolve_plain_scalar"]

Scalar = None | bool | int | float | str

_WORDS: Final[dict[str, Scalar]] = {
    **dict.fromkeys(["", "~", "null", "Null", "NULL"], None),
    **dict.fromkeys(["true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"], True),
    **dict.fromkeys(["false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"], False),
    **dict.fromkeys([".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"], math.inf),
    **dict.fromkeys(["-.inf", "-.Inf", "-.INF"], -math.inf),
    **dict.fromkeys([".nan", ".NaN", ".NAN"], math.nan),
}
_NUMBER_START: Final = frozenset("+-.0123456789")
_DECIMAL: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_OCTAL: Final = re.compile(r"[-+]?0o?[0-7]+")
_HEXADECIMAL: Final = re.compile(r"[-+]?0[xX][0-9a-fA-F]+")
_BINARY: Final = re.compile(r"[-+]?0b[01]+")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_LONGEST_NUMBER: Final = 70
"""Characters of the longest number of 64 bits: one in binary, with sign and prefix."""


@lru_cache(maxsize=4096)
def resolve_plain_scalar(text: str) -> Scalar:
    """Gives the value that Go's YAML reads from a plain (unquoted) scalar.

    Args:
        text: the scalar as it stands in the file, without comment and surrounding blanks.

    Returns:
        `None`, a `bool`, an `int`, a `float`, or the text itself. Dates stay texts, as in JSON.

    Source: go-yaml v2.4 `resolve.go`, as sigs.k8s.io/yaml uses it.

    >>> resolve_plain_scalar("yes"), resolve_plain_scalar("010"), resolve_plain_scalar("1.10")
    (True, 8, 1.1)
    >>> resolve_plain_scalar("y"), resolve_plain_scalar("1.4.0"), resolve_plain_scalar("2020-01-01")
    ('y', '1.4.0', '2020-01-01')
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_START:
        return text
    number = text.replace("_", "")
    for pattern, base in ((_DECIMAL, 10), (_OCTAL, 8), (_HEXADECIMAL, 16), (_BINARY, 2)):
        if pattern.fullmatch(number):
            # Longer ones do not fit into Go's 64 bits, and Python refuses to read them.
            whole = int(number.replace("o", ""), base) if len(number) <= _LONGEST_NUMBER else None
            if whole is not None and -(2**63) <= whole < 2**64:
                return whole
            break
    if _FLOAT.fullmatch(number) and math.isfinite(real := float(number)):
        return real
    return text
