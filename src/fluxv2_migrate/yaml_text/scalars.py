"""What a scalar means to each reader: to fluxd and kubectl by YAML 1.1, to kustomize by its own typing.

fluxd decoded its files with go-yaml v2 and applied the result. Under Flux v2 kustomize builds every path: it
reads and writes with go-yaml v3, which takes YAML 1.1's booleans for texts and dates for times.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from typing import Final

from fluxv2_migrate.yaml_text.folded import folded_by_kustomize
from fluxv2_migrate.yaml_text.nodes import ScalarNode

Scalar = None | bool | int | float | str

_WORDS: Final[dict[str, Scalar]] = {
    **dict.fromkeys(["", "~", "null", "Null", "NULL"], None),
    **dict.fromkeys(["true", "True", "TRUE", "y", "Y", "yes", "Yes", "YES", "on", "On", "ON"], True),
    **dict.fromkeys(["false", "False", "FALSE", "n", "N", "no", "No", "NO", "off", "Off", "OFF"], False),
    **dict.fromkeys([".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"], math.inf),
    **dict.fromkeys(["-.inf", "-.Inf", "-.INF"], -math.inf),
    **dict.fromkeys([".nan", ".NaN", ".NAN"], math.nan),
}
# What YAML 1.1 calls a boolean and YAML 1.2 does not.
_TEXTS_OF_KUSTOMIZE: Final = frozenset(_WORDS) - frozenset(
    ["", "~", "null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE"]
    + [word for word, value in _WORDS.items() if isinstance(value, float)]
)
_TIME: Final = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:(?:[Tt](?=.*(?:Z|[-+]\d\d:\d\d)\Z)| +(?=[^-+Z]*\Z))(\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,](\d+))?"
    r"(Z|[-+]\d{2}:\d{2})?)?",
    re.ASCII,
)
_WHOLE_FLOAT: Final = 1e21
"""From here on Go writes a float with an exponent."""
_NO_KIND: Final = "!"
"""A tag that names no kind: it makes a text of what has no quotes, but only for Flux v1."""
_YAML_TAG: Final = "tag:yaml.org,2002:"
_RESOLVED_TAGS: Final = frozenset({"int", "float", "bool", "null", "timestamp"})
_NUMBER_START: Final = frozenset("+-.0123456789")
_DECIMAL: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_OCTAL: Final = re.compile(r"[-+]?0[oO]?[0-7]+")
_HEXADECIMAL: Final = re.compile(r"[-+]?0[xX][0-9a-fA-F]+")
_BINARY: Final = re.compile(r"[-+]?0[bB][01]+")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_FRACTION: Final = re.compile(r"\.[0-9](?:_?[0-9])*(?:[eE][-+]?[0-9](?:_?[0-9])*)?")
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
    (True, '1.4.0', '2020-01-01')
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_START or (text[0] == "." and not _FRACTION.fullmatch(text)):
        return text
    number = text.replace("_", "")
    for pattern, base in ((_DECIMAL, 10), (_OCTAL, 8), (_HEXADECIMAL, 16), (_BINARY, 2)):
        if pattern.fullmatch(number):
            # Longer ones do not fit into Go's 64 bits, and Python refuses to read them.
            whole = int(number.lower().replace("o", ""), base) if len(number) <= _LONGEST_NUMBER else None
            # With a plus it is read as a number that may be negative, too.
            limit = 2**63 if number[0] == "+" else 2**64
            if whole is not None and -(2**63) <= whole < limit:
                return whole
            break
    if _FLOAT.fullmatch(number) and math.isfinite(real := float(number)):
        return real
    return text


@lru_cache(maxsize=4096)
def read_by_kustomize(text: str) -> Scalar:
    """Gives the value that kustomize reads from a plain scalar, and so what Flux v2 applies.

    Args:
        text: the scalar as it stands in the file, without comment and surrounding blanks.

    Source: kustomize kyaml 0.21 over go-yaml v3 `resolve.go`, measured with `kubectl kustomize`.

    >>> read_by_kustomize("no"), read_by_kustomize("2020-01-01"), read_by_kustomize("1.0")
    ('no', '2020-01-01T00:00:00Z', 1)
    """
    if text in _TEXTS_OF_KUSTOMIZE:
        return text
    value = resolve_plain_scalar(text)
    if isinstance(value, float):
        return _without_point(value)
    if isinstance(value, str):
        return _time(text) or text
    return value


def _without_point(value: float) -> int | float:
    """Gives a float as it is read once it is written with the digits that tell it from others."""
    is_whole = abs(value) < _WHOLE_FLOAT and value.is_integer()
    return int(Decimal(repr(value))) if is_whole else value


def is_key_to_kustomize(node: ScalarNode) -> bool:
    """Gives whether kustomize takes a scalar for a text, so that it can write it as a key below another one.

    >>> is_key_to_kustomize(ScalarNode("22", "", 0, 2)), is_key_to_kustomize(ScalarNode("22", '"', 0, 4))
    (False, True)
    """
    if node.style and not node.tag:
        return True
    is_time = node.tag.rpartition(":")[2] in ("", "timestamp") and _time(node.value) is not None
    return isinstance(scalar_by_kustomize(node), str) and not is_time


def is_same_scalar(one: Scalar, other: Scalar) -> bool:
    """Gives whether two readers mean the same by a scalar.

    >>> is_same_scalar(1, 1.0), is_same_scalar(1, True)
    (True, False)
    """
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    # Not a number is what neither can apply.
    return one == other or (one != one and other != other)


def _time(text: str) -> str | None:
    """Gives a date or a time as Go writes it in JSON, or nothing of another text."""
    match = _TIME.fullmatch(text) if text[:4].isdigit() and text[4:5] == "-" else None
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    zone = match[8] or "Z"
    offset = timedelta(0)
    if zone != "Z":
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6])) * (-1 if zone[0] == "-" else 1)
    try:
        # Python has no year 0, which is a leap year to Go.
        datetime(year or 4, month, day, hour, minute, second, tzinfo=timezone(offset))
    except ValueError:
        return None
    fraction = (match[7] or "").rstrip("0")[:9]
    written = f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}" + (
        f".{fraction}" if fraction else ""
    )
    return written + ("Z" if not offset else zone)


def scalar_by_flux1(node: ScalarNode) -> Scalar:
    """Gives what fluxd and kubectl read of a scalar, whatever its quotes and tags."""
    if node.tag:
        return _tagged(node.tag, node.value, resolve_plain_scalar)
    return node.value if node.style else resolve_plain_scalar(node.value)


def scalar_by_kustomize(node: ScalarNode) -> Scalar:
    """Gives what kustomize reads of a scalar, whatever its quotes and tags."""
    text = folded_by_kustomize(node.value) if node.style == ">" else node.value
    if node.tag and node.tag != _NO_KIND:
        value = _tagged(node.tag, text, read_by_kustomize)
        return _without_point(value) if isinstance(value, float) else value
    return text if node.style else read_by_kustomize(text)


def _tagged(tag: str, text: str, resolve: Callable[[str], Scalar]) -> Scalar:
    """Gives what a tag makes of a scalar, whatever the quotes say: `!!int "3"` is a number."""
    kind = tag.removeprefix(_YAML_TAG)
    if kind == "binary":
        return _decoded(text) or ""
    value = resolve(text) if kind in _RESOLVED_TAGS else text
    return float(value) if kind == "float" and isinstance(value, int) else value


def refusal_of_tag(node: ScalarNode) -> str:
    """Gives why no reader takes a scalar for what its tag says that it is; nothing where some do.

    Source: go-yaml v2.4 `decode.go`, `resolve.go`, and v3 alike; measured with `kubectl`.

    >>> refusal_of_tag(ScalarNode("abc", "", 0, 9, "tag:yaml.org,2002:int"))
    'a value that is not what its tag `!!int` says'
    >>> refusal_of_tag(ScalarNode("12", '"', 0, 10, "tag:yaml.org,2002:int"))
    ''
    """
    kind, text = node.tag.removeprefix(_YAML_TAG), node.value
    if kind == node.tag or _is_of_kind(kind, text):
        return ""
    return f"a value that is not what its tag `!!{kind}` says"


def is_bool_to_flux1_alone(node: ScalarNode) -> bool:
    """Gives whether a scalar has the tag of a boolean, and kustomize knows its word for none: it fails.

    >>> is_bool_to_flux1_alone(ScalarNode("on", "", 0, 9, "tag:yaml.org,2002:bool"))
    True
    """
    return node.tag == f"{_YAML_TAG}bool" and node.value in _TEXTS_OF_KUSTOMIZE


def _is_of_kind(kind: str, text: str) -> bool:
    value = resolve_plain_scalar(text)
    match kind:
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case "float":
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case "bool":
            return isinstance(value, bool)
        case "null":
            return value is None
        case "timestamp":
            return _time(text) is not None
        case "binary":
            return _decoded(text) is not None
    return True


def _decoded(text: str) -> str | None:
    """Gives what base64 stands for, in which Go passes over ends of lines alone."""
    try:
        data = base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)
    except ValueError:
        return None
    return data.decode("utf-8", "replace")
