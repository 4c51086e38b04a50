"""Version ranges in the dialects of the Masterminds/semver releases that Flux has used.

Source: Masterminds/semver v1.4.2, v3.1.1, v3.2.1, v3.3.1 and v3.4.0 `constraints.go`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal

from fluxv2_migrate.errors import InvalidRange
from fluxv2_migrate.given import checked_choice, checked_kind, checked_text
from fluxv2_migrate.golang.regexp import Regexp
from fluxv2_migrate.golang.versions import (
    Version,
    VersionReading,
    compare_prereleases,
    compare_versions,
    parse_version,
)

MANY: Final = 200
"""Comparisons of a range that nobody writes; what is looked at for each pair of some is not for so many."""
RangeDialect = Literal["flux2", "flux2-early", "flux2-2.5", "flux1", "flux1-legacy"]
_ZERO: Final = (0, 0, 0)
_PART: Final = r"[0-9|x|X|\*]+"
_IDENTIFIERS: Final = r"[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*"
_VERSION: Final = rf"v?({_PART})(\.{_PART})?(\.{_PART})?(-{_IDENTIFIERS})?(?:\+{_IDENTIFIERS})?"
_BARE: Final = _VERSION.replace("(", "(?:").replace("(?:?:", "(?:")
_OPERATOR: Final = r"=||!=|>|<|>=|=>|<=|=<|~|~>|\^"
_ONE: Final = rf"^\s*({_OPERATOR})\s*(?:{_VERSION})\s*$"
_FIND: Final = rf"(?:{_OPERATOR})\s*(?:{_BARE})"
_GLUED: Final = rf"^(?:\s*(?:{_OPERATOR})\s*(?:{_BARE})\s*,?)+$"
_SEPARATED: Final = (
    rf"^(?:\s*(?:{_OPERATOR})\s*(?:{_BARE})\s*)(?:(?:\s+|,\s*)(?:{_OPERATOR})\s*(?:{_BARE})\s*)*$"
)
_HYPHEN: Final = rf"\s*({_BARE})\s+-\s+({_BARE})\s*"


@dataclass(frozen=True, slots=True)
class _Dialect:
    """What differs between the releases of the library.

    Attributes:
        only_commas: an AND is a comma, and nothing else (1.4.2).
        glued: the parts of an AND need nothing between them, and a comma may end it (3.1.1).
        wildcard_keeps_prerelease: `*-0` names a prerelease (since 3.2).
        exact_zero_caret: `^0.0.3` is `0.0.3` alone (since 3.2).
        group_prereleases: one prerelease in an AND opts all of it in, and `!=` needs it too (since 3.4).
    """

    reading: VersionReading = "lenient"
    only_commas: bool = False
    glued: bool = False
    wildcard_keeps_prerelease: bool = True
    exact_zero_caret: bool = True
    group_prereleases: bool = False

    @property
    def legacy(self) -> bool:
        return self.only_commas


_DIALECTS: Final[dict[RangeDialect, _Dialect]] = {
    "flux2": _Dialect(group_prereleases=True),
    "flux2-early": _Dialect(),
    "flux2-2.5": _Dialect(reading="no-leading-zeros"),
    "flux1": _Dialect(glued=True, wildcard_keeps_prerelease=False, exact_zero_caret=False),
    "flux1-legacy": _Dialect(
        reading="legacy", only_commas=True, wildcard_keeps_prerelease=False, exact_zero_caret=False
    ),
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One operator with its version.

    Attributes:
        operator: as it is written; empty where none is.
        version: what it stands before, with zeros where a part is missing.
        dirty: whether a part is missing, or any.
        minor_dirty: whether all behind the first part is.
        patch_dirty: whether the third part is.
    """

    operator: str
    version: Version
    dirty: bool
    minor_dirty: bool
    patch_dirty: bool


@dataclass(frozen=True, slots=True)
class VersionRange:
    """A version range that its library accepts.

    Attributes:
        text: the range.
        dialect: of which library.
        groups: the comparisons; a version is in the range where all of one group hold.
    """

    text: str
    dialect: RangeDialect
    groups: tuple[tuple[Comparison, ...], ...]
    _turns: tuple[tuple[int, int, int], ...] = field(init=False, repr=False, compare=False)
    _releases: tuple[bool, ...] = field(init=False, repr=False, compare=False)
    _prereleases: tuple[bool | None, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Versions are looked up in what the comparisons answered once where the answer can turn; only the
        # prereleases of a bound's own numbers are asked each time, and ranges that turn without end.
        dialect = _DIALECTS[self.dialect]
        endless = dialect.legacy or any(_is_endless(dialect, each) for group in self.groups for each in group)
        bounds = [each.version for group in self.groups for each in group]
        turns = () if endless or len(bounds) > MANY else _turning_points(bounds)
        numbers = {bound.numbers for bound in bounds}
        releases = tuple(self._holds(Version(*turn, "", "")) for turn in turns)
        prereleases = tuple(
            None if turn in numbers else self._holds(Version(*turn, "0", "")) for turn in turns
        )
        for name, value in (("_turns", turns), ("_releases", releases), ("_prereleases", prereleases)):
            object.__setattr__(self, name, value)

    @classmethod
    def parse(cls, text: str, dialect: RangeDialect = "flux2") -> VersionRange:
        """Reads a version range.

        Args:
            text: the range.
            dialect: `"flux2"` for Flux 2.7 and later, `"flux2-early"` for 2.0 to 2.6 (`"flux2-2.5"` for 2.5,
                which takes no leading zeros), `"flux1"` for fluxd since 1.18, `"flux1-legacy"` before.

        Returns:
            The range.

        Raises:
            InvalidRange: the library refuses it.
            MigrationError: the dialect is none of these.

        Source: Masterminds/semver `constraints.go` `NewConstraint`.

        >>> VersionRange.parse("~1.2").check("v1.2.9"), VersionRange.parse(">=1.2 <2").check("2.0.0")
        (True, False)
        >>> VersionRange.parse(">=1<2", dialect="flux1").check("1.5.0")
        True
        """
        checked_text(text, "a version range", InvalidRange)
        checked_choice(dialect, _DIALECTS, "dialect")
        return _parse(text, dialect)

    def check(self, version: str) -> bool:
        """Gives whether a version is in the range; what is no version is in none.

        Args:
            version: as text.

        >>> VersionRange.parse("*").check("1.0-alpine")
        False
        """
        checked_text(version, "a version")
        read = parse_version(version, _DIALECTS[self.dialect].reading)
        return read is not None and self.holds(read)

    def holds(self, version: Version) -> bool:
        """Gives whether a version that was read is in the range.

        Args:
            version: as `parse_version` gives it.

        >>> VersionRange.parse("~1.4").holds(parse_version("1.4.7"))
        True
        """
        checked_kind(version, Version, "a version that was read")
        if self._turns:
            turn = bisect_right(self._turns, version[:3]) - 1
            known = self._prereleases[turn] if version[3] else self._releases[turn]
            if known is not None:
                return known
        return self._holds(version)

    def _holds(self, version: Version) -> bool:
        dialect = _DIALECTS[self.dialect]
        for group in self.groups:
            opted_in = any(each.version.prerelease for each in group)
            if all(_check(dialect, each, version, group_opts_in=opted_in) for each in group):
                return True
        return False


def _is_endless(dialect: _Dialect, comparison: Comparison) -> bool:
    if comparison.operator == "!=":
        # `!=1.2-0` compares the prerelease of every 1.2.x.
        return comparison.patch_dirty and bool(comparison.version.prerelease)
    # In Flux v1 `^0.0.3` holds 0.1.3 and 0.2.3.
    return comparison.operator == "^" and comparison.version.major == 0 and not dialect.exact_zero_caret


def _turning_points(versions: Iterable[Version]) -> tuple[tuple[int, int, int], ...]:
    """Gives the numbers, in order, at which the answer of a range with these versions can turn for releases.

    From one of them up to the next the answer is the same, whatever the operators are.

    >>> _turning_points([parse_version("1.4")])
    ((0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0), (1, 4, 0), (1, 4, 1), (1, 5, 0), (2, 0, 0))
    """
    points = {_ZERO, (0, 0, 1), (0, 1, 0), (1, 0, 0)}
    for major, minor, patch, _, _ in versions:
        points |= {(major, 0, 0), (major + 1, 0, 0), (major, minor, 0), (major, minor + 1, 0)}
        points |= {(major, minor, patch), (major, minor, patch + 1)}
    return tuple(sorted(points))


@lru_cache(maxsize=256)
def _parse(text: str, name: RangeDialect) -> VersionRange:
    dialect = _DIALECTS[name]
    groups: list[tuple[Comparison, ...]] = []
    for part in _rewrite_hyphens(text, dialect).split("||"):
        groups.append(tuple(_read_comparison(each, dialect) for each in _split(part, dialect)))
    return VersionRange(text, name, tuple(groups))


def _rewrite_hyphens(text: str, dialect: _Dialect) -> str:
    result = text
    end = " " if not dialect.glued and not dialect.only_commas else ""
    for whole, low, high in _find_all(_HYPHEN, text):
        # The first place with that text is replaced, wherever the range was found.
        result = result.replace(whole or "", f">= {low}, <= {high}{end}", 1)
    return result


def _find_all(pattern: str, text: str) -> Iterator[tuple[str | None, ...]]:
    regexp = Regexp.compile(pattern)
    while (spans := regexp.find(text)) is not None:
        yield tuple(text[span[0] : span[1]] if span is not None else None for span in spans)
        text = text[spans[0][1] :] if spans[0] is not None else ""


def _split(part: str, dialect: _Dialect) -> list[str]:
    if dialect.only_commas:
        return part.split(",")
    if not Regexp.compile(_GLUED if dialect.glued else _SEPARATED).matches(part):
        raise InvalidRange(f"improper constraint: {part}")
    return [found[0] or "" for found in _find_all(_FIND, part)]


def _read_comparison(text: str, dialect: _Dialect) -> Comparison:
    found = Regexp.compile(_ONE).find_submatch(text)
    if found is None:
        raise InvalidRange(f"improper constraint: {text}")
    operator, major, minor, patch = (part or "" for part in found[1:5])
    prerelease = found[5] or ""
    whole = text.strip(" \t\n\f\r").removeprefix(operator).lstrip(" \t\n\f\r")
    minor_dirty = patch_dirty = dirty = False
    if _is_wildcard(major):
        whole = f"0.0.0{prerelease if dialect.wildcard_keeps_prerelease else ''}"
        dirty = True
    elif _is_wildcard(minor[1:]) or not minor:
        whole = f"{major}.0.0{prerelease}"
        dirty = minor_dirty = True
    elif _is_wildcard(patch[1:]) or (not patch and not dialect.legacy):
        whole = f"{major}{minor}.0{prerelease}"
        dirty = patch_dirty = True
    version = parse_version(whole, dialect.reading)
    if version is None:
        raise InvalidRange(f"constraint parser error: {text}")
    return Comparison(operator, version, dirty, minor_dirty, patch_dirty)


def _is_wildcard(part: str) -> bool:
    return part in ("x", "X", "*")


def _check(dialect: _Dialect, comparison: Comparison, version: Version, *, group_opts_in: bool) -> bool:
    operator, bound = comparison.operator, comparison.version
    if dialect.legacy and operator in (">", ">=", "=>") and _is_zero(bound) and not _is_zero(version):
        return True
    if version.prerelease and not _takes_prereleases(dialect, comparison, group_opts_in=group_opts_in):
        return False
    order = compare_versions(version, bound, dialect.reading)
    match operator:
        case "!=":
            return _differs(dialect, comparison, version, order)
        case ">":
            return _is_greater(dialect, comparison, version, order)
        case ">=" | "=>":
            return order >= 0
        case "<" if not dialect.legacy or not comparison.dirty:
            return order < 0
        case "<=" | "=<" if not comparison.dirty:
            return order <= 0
        case "<" | "<=" | "=<":
            return _is_below(dialect, comparison, version)
        case "^":
            return order >= 0 and _has_caret(dialect, comparison, version)
        case "~" | "~>":
            return order >= 0 and _has_tilde(comparison, version)
        case _:
            return order >= 0 and _has_tilde(comparison, version) if comparison.dirty else order == 0


def _takes_prereleases(dialect: _Dialect, comparison: Comparison, *, group_opts_in: bool) -> bool:
    if dialect.group_prereleases:
        return group_opts_in
    # Before 3.4 an exact `!=` lets prereleases pass.
    is_exact_difference = comparison.operator == "!=" and not comparison.dirty
    return bool(comparison.version.prerelease) or is_exact_difference


def _is_zero(version: Version) -> bool:
    return version.numbers == (0, 0, 0) and not version.prerelease


def _differs(dialect: _Dialect, comparison: Comparison, version: Version, order: int) -> bool:
    bound = comparison.version
    if not comparison.dirty:
        return order != 0
    if bound.major != version.major:
        return True
    if comparison.minor_dirty:
        return False
    if bound.minor != version.minor:
        return True
    if dialect.legacy:
        return False
    if comparison.patch_dirty:
        return compare_prereleases(version.prerelease, bound.prerelease, dialect.reading) != 0
    return order != 0


def _is_greater(dialect: _Dialect, comparison: Comparison, version: Version, order: int) -> bool:
    bound = comparison.version
    if dialect.legacy or not comparison.dirty or version.major != bound.major:
        return order > 0
    if comparison.minor_dirty:
        return False
    if comparison.patch_dirty:
        return version.minor > bound.minor
    return order > 0


def _is_below(dialect: _Dialect, comparison: Comparison, version: Version) -> bool:
    bound = comparison.version
    if version.major > bound.major:
        return False
    within = dialect.legacy or version.major == bound.major
    return not (within and version.minor > bound.minor and not comparison.minor_dirty)


def _has_tilde(comparison: Comparison, version: Version) -> bool:
    bound = comparison.version
    if bound.numbers == (0, 0, 0) and not comparison.minor_dirty and not comparison.patch_dirty:
        return True
    return version.major == bound.major and (comparison.minor_dirty or version.minor == bound.minor)


def _has_caret(dialect: _Dialect, comparison: Comparison, version: Version) -> bool:
    bound = comparison.version
    if dialect.legacy or bound.major > 0 or comparison.minor_dirty or version.major > 0:
        return version.major == bound.major
    if bound.minor > 0 or comparison.patch_dirty:
        return version.minor == bound.minor
    if dialect.exact_zero_caret and version.minor > 0:
        return False
    return version.patch == bound.patch


def only_in(one: VersionRange, other: VersionRange) -> str | None:
    """Gives a version that the first range holds and the second does not, or nothing where there is none.

    Args:
        one: a range, in any dialect but the legacy one.
        other: another, in any of these dialects.

    Returns:
        The lowest release that tells them apart, otherwise a prerelease.

    >>> first = VersionRange.parse(">=1.0.0-0 <2.0.0", "flux2")
    >>> only_in(first, VersionRange.parse(">=1.0.0-0 <2.0.0", "flux1"))
    '1.0.0-0'
    >>> only_in(VersionRange.parse(">=1, <2"), VersionRange.parse("1.x"))
    """
    return next(
        (
            version.original
            for version in _tells(one, other)
            if one.holds(version) and not other.holds(version)
        ),
        None,
    )


def _tells(one: VersionRange, other: VersionRange) -> Iterator[Version]:
    comparisons = [each for given in (one, other) for group in given.groups for each in group]
    bounds = [each.version for each in comparisons]
    points = set(_turning_points(bounds))
    if any(each.operator == "^" and each.version.major == 0 for each in comparisons):
        # `^0.0.3` of Flux v1 turns at the third number of every 0.x.
        minors, patches = {minor for _, minor, _ in points}, {patch for _, _, patch in points}
        points |= {(0, minor, patch) for minor in minors for patch in patches}
    named = sorted({bound.prerelease for bound in bounds if bound.prerelease})
    # Just above a prerelease is the one with a zero behind it; the last one is above all.
    prereleases = ["0", *named, *(f"{each}.0" for each in named), "z" * (1 + max(map(len, named), default=0))]
    for numbers in sorted(points):
        yield _version(numbers, "")
    for numbers in sorted(points):
        for prerelease in prereleases:
            yield _version(numbers, prerelease)


def _version(numbers: tuple[int, int, int], prerelease: str) -> Version:
    text = ".".join(map(str, numbers))
    return Version(*numbers, prerelease, f"{text}-{prerelease}" if prerelease else text)
