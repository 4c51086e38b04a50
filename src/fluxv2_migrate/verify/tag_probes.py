"""Tags around a filter: those that are known, and those that would show where two filters part."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

_NUMBERS: Final = re.compile(r"\d+")
_VERSION: Final = re.compile(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?")
_LONGEST: Final = 200
_MOST_VERSIONS: Final = 12
_ALWAYS: Final = ("latest", "1", "1.2", "1.2.3", "2.0.0", "v1.2.3", "main", "master-abc1234", "dev", "x")


def probe_tags(texts: Iterable[str], tags: Iterable[str]) -> tuple[str, ...]:
    """Gives tags to try two filters with, each once, those that are known first.

    Args:
        texts: filters and ranges as they are written.

    >>> found = probe_tags(["~1.4"], ["1.4.2"])
    >>> "1.4.3" in found, "1.5.0" in found, "2.0.0" in found, "1.4.2-rc.1" in found
    (True, True, True, True)
    """
    known = list(dict.fromkeys(tags))
    found = dict.fromkeys(known)
    written = list(texts)
    for text in (*written, *known[:_MOST_VERSIONS]):
        found.update(dict.fromkeys(_around_versions(text)))
    for tag in known[:_MOST_VERSIONS]:
        found.update(dict.fromkeys(_around(tag)))
    for text in written:
        found.update(dict.fromkeys(_out_of_globs(text)))
    found.update(dict.fromkeys(_ALWAYS))
    return tuple(tag for tag in found if 0 < len(tag) <= _LONGEST)


def _around_versions(text: str) -> Iterator[str]:
    """Gives the versions next to those that a text names, in the forms in which people write them."""
    named = [tuple(int(part or 0) for part in each.groups()) for each in _VERSION.finditer(text[:_LONGEST])]
    for major, minor, patch in list(dict.fromkeys(named))[:_MOST_VERSIONS]:
        near = [
            (major, minor, patch),
            (major, minor, patch + 1),
            (major, minor, patch + 17),
            (major, minor, max(patch - 1, 0)),
            (major, minor + 1, 0),
            (major, max(minor - 1, 0), 0),
            (major, minor, 0),
            (major + 1, 0, 0),
            (max(major - 1, 0), minor, patch),
        ]
        for one, two, three in dict.fromkeys(near):
            version = f"{one}.{two}.{three}"
            yield from (
                version,
                f"v{version}",
                f"{version}-rc.1",
                f"{version}-alpine",
                f"{one}.{two}",
                f"{one}",
            )


def _around(tag: str) -> Iterator[str]:
    """Gives tags that differ from one in a single place."""
    yield from (
        f"{tag}x",
        f"x{tag}",
        tag[1:],
        tag[:-1],
        tag.upper(),
        f"{tag}.sig",
        f"dev-{tag}",
        f"{tag}-dev",
    )
    for found in _NUMBERS.finditer(tag[:_LONGEST]):
        for number in (str(int(found[0]) + 1).zfill(len(found[0])), "x"):
            yield tag[: found.start()] + number + tag[found.end() :]
    for word in re.finditer(r"[a-zA-Z]{2,}", tag[:_LONGEST]):
        yield tag[: word.start()] + "other" + tag[word.end() :]


def _out_of_globs(text: str) -> Iterator[str]:
    """Gives tags that a pattern with stars takes, and such that miss it by a character."""
    pattern = text.partition(":")[2] or text
    if "*" in pattern:
        for filling in ("", "1", "1.2.3", "20240101", "abc"):
            tag = pattern.replace("*", filling)
            yield from (tag, f"{tag}x", f"x{tag}")
