"""Version ranges of fluxd as ranges that mean the same under the Flux release that will run.

Source: Masterminds/semver v3.1.1 (fluxd), v3.2.1, v3.3.0, v3.3.1 and v3.4.0 (Flux v2) `constraints.go`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from fluxv2_migrate.errors import InvalidRange
from fluxv2_migrate.flux2.releases import FluxVersion, is_at_least
from fluxv2_migrate.flux2.tags import range_dialect
from fluxv2_migrate.golang.ranges import MANY, Comparison, RangeDialect, VersionRange, only_in
from fluxv2_migrate.golang.versions import parse_version

_TYPING_ERRORS: Final = (
    (r"\.(?=\s*(?:$|,|\|\|))", ""),
    (r"==", "="),
    (r"([<>!])\s+=", r"\1="),
    (r"(^|[\s,|<>=!~^])V(?=[0-9])", r"\1v"),
)


@dataclass(frozen=True, slots=True)
class RangeTranslation:
    """A range of fluxd under another release of its library.

    Attributes:
        lost: a version that fluxd took and this range does not, where there is one.
    """

    text: str
    lost: str | None


def meant_range(text: str) -> str | None:
    """Gives the range that was probably meant by an invalid one.

    >>> meant_range("~1."), meant_range("> =v0.3."), meant_range("nonsense")
    ('~1', '>=v0.3', None)
    """
    meant = text.strip()
    for wrong, right in _TYPING_ERRORS:
        meant = re.sub(wrong, right, meant)
    try:
        VersionRange.parse(meant, "flux1")
    except InvalidRange:
        return None
    return meant


def translate_range(text: str, flux_version: FluxVersion) -> RangeTranslation | None:
    """Gives a range that holds what fluxd's range holds, or, where none does, one that holds less.

    Returns:
        The range, in its own words where these still mean the same; `None` where every one would hold a
        version that fluxd refused, and where one of very many parts means something else.

    >>> translate_range(">=1.0.0-0 <2.0.0", "2.9")
    RangeTranslation(text='>=1.0.0 <2.0.0', lost=None)
    >>> translate_range("^0.0.3", "2.9")
    RangeTranslation(text='^0.0.3', lost='0.1.3')
    """
    given, dialect = VersionRange.parse(text, "flux1"), range_dialect(flux_version)
    is_large = sum(map(len, given.groups)) > MANY
    if not is_large and _loss(given, text.strip(), dialect) == (True, None):
        return RangeTranslation(text.strip(), None)
    groups: list[str] = []
    is_kept = True
    for group in dict.fromkeys(given.groups):
        # Each group stands for itself: the whole holds what any of them holds.
        alone = VersionRange("", "flux1", (group,))
        tried = [(found, _loss(alone, found, dialect)) for found in _spellings(group)]
        safe = [(found, lost) for found, (narrow, lost) in tried if narrow]
        is_kept = is_kept and any(lost is None for _, lost in safe)
        if safe:
            groups.append(next((found for found, lost in safe if lost is None), safe[0][0]))
    if not groups or (is_large and not is_kept):
        return None
    written = " || ".join(dict.fromkeys(groups))
    return RangeTranslation(
        written, None if is_kept else only_in(given, VersionRange.parse(written, dialect))
    )


def _loss(given: VersionRange, text: str, dialect: RangeDialect) -> tuple[bool, str | None]:
    """Gives whether a range holds nothing that the given one does not, and what it lacks."""
    try:
        found = VersionRange.parse(text, dialect)
    except InvalidRange:
        return False, None
    return only_in(found, given) is None, only_in(given, found)


def _spellings(group: tuple[Comparison, ...]) -> Iterator[str]:
    yield " ".join(_write(each, each.version.prerelease) for each in group)
    # In Flux v1 each part had to name a prerelease, so one alone let none in.
    yield " ".join(_write_for_releases(each) for each in group if not _excludes_no_release(each))
    # Alone, `!=` let prereleases in.
    yield " ".join([">=0.0.0-0", *(_write(each, each.version.prerelease) for each in group)])


def _excludes_no_release(comparison: Comparison) -> bool:
    exact = comparison.patch_dirty or not comparison.dirty
    return comparison.operator == "!=" and bool(comparison.version.prerelease) and exact


def _write(comparison: Comparison, prerelease: str) -> str:
    major, minor, patch = comparison.version.numbers
    suffix = f"-{prerelease}" if prerelease else ""
    if comparison.minor_dirty:
        numbers = f"{major}"
    elif comparison.patch_dirty:
        numbers = f"{major}.{minor}"
    else:
        numbers = "*" if comparison.dirty else f"{major}.{minor}.{patch}"
    return f"{comparison.operator}{numbers}{suffix}"


def _write_for_releases(comparison: Comparison) -> str:
    written = _write(comparison, "")
    if not comparison.version.prerelease or comparison.dirty:
        return written
    # A release passes `>1.0.0-rc` from 1.0.0 on, and `<=2.0.0-rc` only below 2.0.0.
    return re.sub(r"^(?:<=|=<)", "<", re.sub(r"^>(?!=)", ">=", written))


def filter_of_versions(current_tag: str, flux_version: FluxVersion) -> Mapping[str, str] | None:
    r"""Gives the filter under which tags like the current one are versions to Flux v2, where they need one.

    Returns:
        The `spec.filterTags`, or `None` where such tags are versions as they are.

    >>> filter_of_versions("1.10", "2.9")
    {'pattern': '^(?P<v>[0-9]+\\.[0-9]+)$', 'extract': '$v.0'}
    >>> filter_of_versions("2021.08.01", "2.6")["extract"], filter_of_versions("2021.08.01", "2.7")
    ('$a.$b.$c', None)
    """
    version = parse_version(current_tag)
    if version is None:
        return None
    prefix = "v" if current_tag.startswith("v") else ""
    parts = current_tag.removeprefix("v").partition("-")[0].partition("+")[0].split(".")
    padded = any(len(part) > 1 and part.startswith("0") for part in parts)
    early = not is_at_least(flux_version, "2.7")
    if len(parts) == 3 and not (padded and early):
        return None
    if padded:
        names = "abc"[: len(parts)]
        core = r"\.".join(f"0*(?P<{name}>[0-9]+)" for name in names)
        extract = ".".join(f"${name}" for name in names)
    else:
        joined = r"\.".join(["[0-9]+"] * len(parts))
        core, extract = f"(?P<v>{prefix}{joined})", "$v"
        prefix = ""
    extract += ".0" * (3 - len(parts))
    if version.prerelease:
        return {"pattern": rf"^{prefix}{core}(?P<r>(?:-[0-9A-Za-z.-]+)?)$", "extract": f"{extract}$r"}
    return {"pattern": f"^{prefix}{core}$", "extract": extract}
