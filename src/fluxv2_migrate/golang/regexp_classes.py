"""Sets of code points for regular expressions: classes of Perl, POSIX and Unicode, simple case folding."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby

from fluxv2_migrate.golang.regexp_scripts import SCRIPTS

Ranges = tuple[tuple[int, int], ...]
"""Code points as ascending pairs of first and last that neither overlap nor touch."""

LAST = 0x10FFFF
ANY: Ranges = ((0, LAST),)
ANY_BUT_NEWLINE: Ranges = ((0, 9), (11, LAST))


def normalize(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Gives the same code points in ascending ranges that neither overlap nor touch.

    >>> normalize([(5, 9), (1, 2), (3, 6)])
    ((1, 9),)
    """
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            if last > merged[-1][1]:
                merged[-1] = (merged[-1][0], last)
        else:
            merged.append((first, last))
    return tuple(merged)


def invert(ranges: Ranges) -> Ranges:
    """Gives every code point that is not in normalized ranges.

    >>> invert(((0, 64), (91, 1114111)))
    ((65, 90),)
    """
    inverted: list[tuple[int, int]] = []
    following = 0
    for first, last in ranges:
        if following < first:
            inverted.append((following, first - 1))
        following = last + 1
    if following <= LAST:
        inverted.append((following, LAST))
    return tuple(inverted)


def contains(ranges: Ranges, point: int) -> bool:
    """Tells whether a code point is in normalized ranges.

    >>> contains(((48, 57), (97, 102)), ord("e"))
    True
    """
    index = bisect_right(ranges, (point, LAST)) - 1
    return index >= 0 and point <= ranges[index][1]


def overlap(left: Ranges, right: Ranges) -> bool:
    """Tells whether two normalized ranges have a code point in common.

    >>> overlap(((48, 57),), ((57, 60),)), overlap(((48, 57),), ((58, 60),))
    (True, False)
    """
    at_left = at_right = 0
    while at_left < len(left) and at_right < len(right):
        if left[at_left][1] < right[at_right][0]:
            at_left += 1
        elif right[at_right][1] < left[at_left][0]:
            at_right += 1
        else:
            return True
    return False


def _ascii(*spans: str) -> Ranges:
    return normalize((ord(span[0]), ord(span[-1])) for span in spans)


_DIGIT = _ascii("09")
_SPACE = _ascii("\t\n", "\f\r", " ")
_WORD = _ascii("09", "AZ", "_", "az")

PERL_CLASSES: dict[str, Ranges] = {
    "d": _DIGIT,
    "D": invert(_DIGIT),
    "s": _SPACE,
    "S": invert(_SPACE),
    "w": _WORD,
    "W": invert(_WORD),
}
"""Perl's classes by their letter: ASCII only, and `\\s` without the vertical tab."""

POSIX_CLASSES: dict[str, Ranges] = {
    "alnum": _ascii("09", "AZ", "az"),
    "alpha": _ascii("AZ", "az"),
    "ascii": _ascii("\x00\x7f"),
    "blank": _ascii("\t", " "),
    "cntrl": _ascii("\x00\x1f", "\x7f"),
    "digit": _DIGIT,
    "graph": _ascii("!~"),
    "lower": _ascii("az"),
    "print": _ascii(" ~"),
    "punct": _ascii("!/", ":@", "[`", "{~"),
    "space": _ascii("\t\r", " "),
    "upper": _ascii("AZ"),
    "word": _WORD,
    "xdigit": _ascii("09", "AF", "af"),
}
"""POSIX' classes by the name between `[:` and `:]`."""


# The dotted and the dotless i have no simple folding, though Python lowers and raises them to ASCII.
_UNFOLDED = frozenset("\u0130\u0131")
# No letter above folds (Adlam's small letters end here).
_LAST_FOLDED = 0x1E943


@lru_cache(maxsize=1)
def _orbits() -> dict[int, tuple[int, ...]]:
    """Code points that are equal under simple case folding: each to all of its class, itself included."""
    orbits: dict[int, set[int]] = {}
    for point in range(_LAST_FOLDED + 1):
        char = chr(point)
        if char in _UNFOLDED:
            continue
        for other in (char.lower(), char.upper(), char.title(), char.casefold()):
            if other != char and len(other) == 1 and other not in _UNFOLDED:
                merged = orbits.get(point, {point}) | orbits.get(ord(other), {ord(other)})
                for member in merged:
                    orbits[member] = merged
    return {point: tuple(sorted(orbit)) for point, orbit in sorted(orbits.items())}


def fold(ranges: Ranges) -> Ranges:
    r"""Gives the code points and all that differ from them only in case, by Unicode's simple folding.

    >>> [chr(first) for first, _ in fold(((ord("k"), ord("k")),))] == ["K", "k", "\N{KELVIN SIGN}"]
    True
    """
    if all(last < 65 or first > _LAST_FOLDED for first, last in ranges) or ranges == ANY:
        return ranges
    if all(last < 128 for _, last in ranges):
        letters = [chr(point) for first, last in ranges for point in range(max(first, 65), last + 1)]
        foreign = {"k": "\u212a", "s": "\u017f"}
        folded = [char.swapcase() for char in letters]
        folded += [foreign[char.lower()] for char in letters if char.lower() in foreign]
        return normalize([*ranges, *((ord(char), ord(char)) for char in folded)])
    orbits = _orbits()
    added = [(other, other) for point in orbits if contains(ranges, point) for other in orbits[point]]
    return normalize([*ranges, *added])


@lru_cache(maxsize=1)
def _categories() -> dict[str, Ranges]:
    categories: dict[str, list[tuple[int, int]]] = {}
    first = 0
    for category, run in groupby(map(unicodedata.category, map(chr, range(LAST + 1)))):
        following = first + sum(1 for _ in run)
        categories.setdefault(category, []).append((first, following - 1))
        first = following
    return {category: tuple(ranges) for category, ranges in categories.items()}


_CATEGORY_NAMES = {
    "C": "other",
    "Cc": "control cntrl",
    "Cf": "format",
    "Cn": "unassigned",
    "Co": "privateuse",
    "Cs": "surrogate",
    "L": "letter",
    "LC": "casedletter",
    "Ll": "lowercaseletter",
    "Lm": "modifierletter",
    "Lo": "otherletter",
    "Lt": "titlecaseletter",
    "Lu": "uppercaseletter",
    "M": "mark combiningmark",
    "Mc": "spacingmark",
    "Me": "enclosingmark",
    "Mn": "nonspacingmark",
    "N": "number",
    "Nd": "decimalnumber digit",
    "Nl": "letternumber",
    "No": "othernumber",
    "P": "punctuation punct",
    "Pc": "connectorpunctuation",
    "Pd": "dashpunctuation",
    "Pe": "closepunctuation",
    "Pf": "finalpunctuation",
    "Pi": "initialpunctuation",
    "Po": "otherpunctuation",
    "Ps": "openpunctuation",
    "S": "symbol",
    "Sc": "currencysymbol",
    "Sk": "modifiersymbol",
    "Sm": "mathsymbol",
    "So": "othersymbol",
    "Z": "separator",
    "Zl": "lineseparator",
    "Zp": "paragraphseparator",
    "Zs": "spaceseparator",
}
_CATEGORY_BY_NAME = {
    name: category
    for category, names in _CATEGORY_NAMES.items()
    for name in (category.lower(), *names.split())
}
_SCRIPT_BY_NAME = {name.replace("_", "").lower(): name for name in SCRIPTS}

_OLD_CATEGORY = re.compile(r"C[cfos]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?|Any")


def go_of_class(name: str) -> tuple[int, int]:
    r"""Gives the release of Go that first took a name of a class; `(1, 0)` where all did.

    Source: the release notes of Go 1.25.

    >>> go_of_class("Greek"), go_of_class("greek")
    ((1, 0), (1, 25))
    """
    return (1, 0) if name in SCRIPTS or _OLD_CATEGORY.fullmatch(name) else (1, 25)


@lru_cache(maxsize=256)
def unicode_class(name: str) -> Ranges | None:
    r"""Gives the code points of a Unicode general category or script, or `None` where Go knows no such name.

    Names are compared as Go 1.25 does: without regard to case, spaces, `_` and `-`; categories have long
    names too. Categories are those of Python's own Unicode version, scripts those of Unicode 15.0.

    Args:
        name: what stands between the braces of `\p{...}`, without `^`.

    Source: Go 1.25 `regexp/syntax/parse.go`, `unicode/tables.go`.

    >>> unicode_class("Zl"), unicode_class("line_separator"), unicode_class("Klingon")
    (((8232, 8232),), ((8232, 8232),), None)
    """
    key = name.translate({ord(ignored): None for ignored in " _-"}).lower()
    if key == "any":
        return ANY
    if key == "ascii":
        return POSIX_CLASSES["ascii"]
    if key == "assigned":
        return invert(_categories()["Cn"])
    if key in _CATEGORY_BY_NAME:
        category = _CATEGORY_BY_NAME[key]
        wanted = ("Lu", "Ll", "Lt") if category == "LC" else category
        return normalize(
            one for known, ranges in _categories().items() if known.startswith(wanted) for one in ranges
        )
    if key in _SCRIPT_BY_NAME:
        spans = (span.split("-") for span in SCRIPTS[_SCRIPT_BY_NAME[key]].split())
        return normalize((int(span[0], 16), int(span[-1], 16)) for span in spans)
    return None
