"""Versions as Masterminds/semver reads and orders them, which is looser than SemVer itself.

Source: Masterminds/semver v1.4.2, v3.1.1, v3.2.1, v3.3.1 and v3.4.0 `version.go`; fluxcd/pkg
`version/version.go`.
"""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

import semver

VersionReading = Literal["legacy", "lenient", "no-leading-zeros"]
"""How loosely versions are read: v1.4.2; v3 in general; v3.3.1, which takes no leading zeros."""

_LENIENT: Final = re.compile(
    r"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
)
_PADDED: Final = re.compile(r"(?:^|\.)0[0-9]+(?:\.|$)")
_DIGITS: Final = re.compile(r"[0-9]+")
_SIGNED: Final = re.compile(r"[+-]?[0-9]+")
_UNSIGNED_LIMIT: Final = 2**64
_SIGNED_LIMIT: Final = 2**63
_LONGEST_NUMBER: Final = 20
"""Digits of the largest number of 64 bits."""


class Version(NamedTuple):
    """A version as its parts; build metadata has no part in the order.

    Attributes:
        major: first number.
        minor: second number, 0 where none is given.
        patch: third number, 0 where none is given.
        prerelease: behind the hyphen, or empty.
    """

    major: int
    minor: int
    patch: int
    prerelease: str
    original: str

    @property
    def numbers(self) -> tuple[int, int, int]:
        """The three numbers."""
        return (self.major, self.minor, self.patch)


def parse_version(text: str, reading: VersionReading = "lenient") -> Version | None:
    """Gives a version as the library reads it, or nothing where it refuses.

    >>> parse_version("v1.2-rc.1").numbers, parse_version("1.2.3.4"), parse_version("1.0.0-01")
    ((1, 2, 0), None, None)
    """
    match = _LENIENT.fullmatch(text)
    if match is None:
        return None
    if reading == "lenient" and len(text) < _LONGEST_NUMBER:
        # Most versions are short, and nothing in a short one can be too large.
        prerelease = match[4] or ""
        if prerelease and _PADDED.search(prerelease):
            return None
        return Version(int(match[1]), int(match[2] or 0), int(match[3] or 0), prerelease, text)
    return _bounded_version(match, text, reading)


def _bounded_version(match: re.Match[str], text: str, reading: VersionReading) -> Version | None:
    """Gives a version of which each number fits into 64 bits and has the zeros that the reading takes."""
    signed = reading == "legacy"
    texts = [part or "0" for part in match.group(1, 2, 3)]
    major, minor, patch = (_integer(part, signed=signed) for part in texts)
    if major is None or minor is None or patch is None:
        return None
    prerelease = match[4] or ""
    if prerelease and not signed and _PADDED.search(prerelease):
        return None
    if reading == "no-leading-zeros" and any(part[0] == "0" and len(part) > 1 for part in texts):
        return None
    return Version(major, minor, patch, prerelease, text)


def _integer(digits: str, *, signed: bool = False) -> int | None:
    """Gives a number that Go holds in 64 bits, or nothing where it is too large."""
    # Python refuses thousands of digits with an error of its own, so the length is looked at first.
    significant = digits.lstrip("+-0")
    if len(significant) > _LONGEST_NUMBER:
        return None
    number = int(significant or "0")
    if not signed:
        return number if number < _UNSIGNED_LIMIT else None
    if digits[0] == "-":
        return -number if number <= _SIGNED_LIMIT else None
    return number if number < _SIGNED_LIMIT else None


def parse_strict_version(text: str, reading: VersionReading) -> Version | None:
    """Gives a version that Flux 2.0 to 2.6 take for an image: SemVer itself behind an optional `v`.

    >>> parse_strict_version("v1.2.3", "lenient") is not None, parse_strict_version("1.2", "lenient")
    (True, None)
    """
    return parse_version(text, reading) if semver.Version.is_valid(text.removeprefix("v")) else None


def compare_versions(one: Version, other: Version, reading: VersionReading = "lenient") -> int:
    """Gives -1, 0 or 1, as the first version is lower than, equal to or higher than the second.

    >>> compare_versions(parse_version("1.0.0-rc.9"), parse_version("1.0.0-rc.10"))
    -1
    """
    if one.numbers != other.numbers:
        return -1 if one.numbers < other.numbers else 1
    if one.prerelease == other.prerelease:
        return 0
    if not one.prerelease or not other.prerelease:
        return 1 if not one.prerelease else -1
    return compare_prereleases(one.prerelease, other.prerelease, reading)


def order_key(version: Version) -> tuple[object, ...]:
    """Gives a key that sorts versions as `compare_versions` orders them, but for the legacy reading.

    >>> texts = ["1.0.0", "1.0.0-rc.10", "1.0.0-rc.9", "1.0.0-rc"]
    >>> sorted(texts, key=lambda text: order_key(parse_version(text)))
    ['1.0.0-rc', '1.0.0-rc.9', '1.0.0-rc.10', '1.0.0']
    """
    if not version.prerelease:
        return (version.major, version.minor, version.patch, 1)
    parts = (
        (1, 0, part) if (number := _number(part)) is None else (0, number, "")
        for part in version.prerelease.split(".")
    )
    return (version.major, version.minor, version.patch, 0, *parts)


def compare_prereleases(one: str, other: str, reading: VersionReading = "lenient") -> int:
    """Gives -1, 0 or 1 for two prereleases, of which either may be empty.

    >>> compare_prereleases("rc.2", "rc.11"), compare_prereleases("1", "a"), compare_prereleases("a.b", "a")
    (-1, -1, 1)
    """
    ours, theirs = one.split("."), other.split(".")
    length = max(len(ours), len(theirs))
    for mine, its in zip(
        ours + [""] * (length - len(ours)), theirs + [""] * (length - len(theirs)), strict=True
    ):
        if mine == its:
            continue
        if not mine or not its:
            return 1 if mine else -1
        number, its_number = _number(mine, reading), _number(its, reading)
        if number is None and its_number is None:
            return 1 if mine > its else -1
        if number is None or its_number is None:
            return 1 if number is None else -1
        # Two spellings of one number are not equal: the library asks only whether the first is higher.
        return 1 if number > its_number else -1
    return 0


def _number(part: str, reading: VersionReading = "lenient") -> int | None:
    signed = reading == "legacy"
    expression = _SIGNED if signed else _DIGITS
    return _integer(part, signed=signed) if expression.fullmatch(part) else None
