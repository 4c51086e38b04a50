"""Versions as Masterminds/semver reads and orders them, which is looser than SemVer itself.

Source: Masterminds/semver v1.4.2, v3.1.1, v3.2.1, v3.3.1 and v3.4.0 `version.go`; fluxcd/pkg
`version/version.go`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

import semver

__all__ = [
    "Version",
    "VersionReading",
    "compare_versions",
    "order_key",
    "parse_strict_version",
    "parse_version",
]

VersionReading = Literal["legacy", "lenient", "no-leading-zeros"]
"""How loosely versions are read: v1.4.2; v3 in general; v3.3.1, which takes no leading zeros."""

_LENIENT: Final = re.compile(
    r"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
)
_DIGITS: Final = re.compile(r"[0-9]+")
_SIGNED: Final = re.compile(r"[+-]?[0-9]+")
_UNSIGNED_LIMIT: Final = 2**64
_SIGNED_LIMIT: Final = 2**63


@dataclass(frozen=True, slots=True)
class Version:
    """A version as its parts; build metadata has no part in the order.

    Attributes:
        major: first number.
        minor: second number, 0 where none is given.
        patch: third number, 0 where none is given.
        prerelease: behind the hyphen, or empty.
        original: the text.
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


def _has_leading_zero(number: str) -> bool:
    return len(number) > 1 and number[0] == "0"


def parse_version(text: str, reading: VersionReading = "lenient") -> Version | None:
    """Gives a version as the library reads it, or nothing where it refuses.

    >>> parse_version("v1.2-rc.1").numbers, parse_version("1.2.3.4"), parse_version("1.0.0-01")
    ((1, 2, 0), None, None)
    """
    match = _LENIENT.fullmatch(text)
    if match is None:
        return None
    parts = [part or "0" for part in match.group(1, 2, 3)]
    limit = _SIGNED_LIMIT if reading == "legacy" else _UNSIGNED_LIMIT
    if any(int(part) >= limit for part in parts):
        return None
    prerelease = match[4] or ""
    if reading != "legacy" and any(
        _DIGITS.fullmatch(part) and _has_leading_zero(part) for part in prerelease.split(".")
    ):
        return None
    if reading == "no-leading-zeros" and any(map(_has_leading_zero, parts)):
        return None
    major, minor, patch = map(int, parts)
    return Version(major, minor, patch, prerelease, text)


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
        (0, int(part), "") if part.isdigit() and int(part) < _UNSIGNED_LIMIT else (1, 0, part)
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


def _number(part: str, reading: VersionReading) -> int | None:
    if reading == "legacy":
        number = int(part) if _SIGNED.fullmatch(part) else None
        return number if number is not None and -_SIGNED_LIMIT <= number < _SIGNED_LIMIT else None
    number = int(part) if _DIGITS.fullmatch(part) else None
    return number if number is not None and number < _UNSIGNED_LIMIT else None
