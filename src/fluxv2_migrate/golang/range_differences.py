"""Whether two version ranges hold the same versions, decided at the versions where an answer can turn."""

from __future__ import annotations

from collections.abc import Iterator

from fluxv2_migrate.golang.ranges import VersionRange, turning_points
from fluxv2_migrate.golang.versions import Version


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
    points = set(turning_points(bounds))
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
