"""Tag patterns of fluxd, and the order in which it ranks tags.

Source: fluxcd/flux 1.25.4 `pkg/policy/pattern.go`, `pkg/update/filter.go`, `pkg/image/image.go`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal

from fluxv2_migrate.errors import InvalidPattern, InvalidRange, MissingBuildTime
from fluxv2_migrate.given import checked_list, checked_text
from fluxv2_migrate.golang.ranges import VersionRange
from fluxv2_migrate.golang.regexp import Regexp
from fluxv2_migrate.golang.versions import order_key, parse_version

_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TaggedImage:
    """A tag with the time at which its image was built.

    Attributes:
        tag: the tag.
        created: an aware time, or `None` where the image names none.
        missing: whether the registry gave no metadata at all; fluxd then gives up.
    """

    tag: str
    created: datetime | None = None
    missing: bool = False


@dataclass(frozen=True, slots=True)
class TagPattern:
    """A filter of fluxd for the tags of an image.

    Attributes:
        kind: how it matches.
        pattern: the text behind the prefix.
        valid: whether fluxd could read it; if not, it matches everything that it could order.
    """

    kind: Literal["glob", "semver", "regexp"]
    pattern: str
    valid: bool
    _range: VersionRange | None = field(default=None, repr=False)
    _regexp: Regexp | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, text: str) -> TagPattern:
        """Reads a pattern; none is refused.

        Args:
            text: with its prefix `semver:`, `glob:`, `regexp:` or `regex:`; without one it is a glob.

        Source: fluxcd/flux 1.25.4 `pkg/policy/pattern.go` `NewPattern`.

        >>> TagPattern.parse("semver:~1.0").matches("1.0.7"), TagPattern.parse("semver:~1.").valid
        (True, False)
        """
        checked_text(text, "a tag pattern", InvalidPattern)
        prefix, colon, rest = text.partition(":")
        if colon and prefix == "semver":
            try:
                found = VersionRange.parse(rest, "flux1")
            except InvalidRange:
                return cls("semver", rest, valid=False)
            return cls("semver", rest, valid=True, _range=found)
        if colon and prefix in ("regexp", "regex"):
            try:
                regexp = Regexp.compile(rest)
            except InvalidPattern:
                return cls("regexp", rest, valid=False)
            if regexp.needs_go > (1, 0):
                return cls("regexp", rest, valid=False)
            return cls("regexp", rest, valid=True, _regexp=regexp)
        return cls("glob", rest if colon and prefix == "glob" else text, valid=True)

    @property
    def requires_timestamp(self) -> bool:
        """Whether tags are ordered by build time."""
        return self.kind != "semver"

    def matches(self, tag: str) -> bool:
        """Gives whether a tag matches.

        Args:
            tag: of the image.

        >>> [TagPattern.parse(text).matches("1.2-alpine") for text in ("glob:1.*-alpine", "regexp:^v")]
        [True, False]
        """
        checked_text(tag, "a tag")
        if self.kind == "semver":
            version = parse_version(tag)
            return version is not None and (self._range is None or self._range.holds(version))
        if self.kind == "regexp":
            return self._regexp is None or self._regexp.matches(tag)
        return _glob(self.pattern).fullmatch(tag) is not None

    def selects(self, tag: str) -> bool:
        """Gives whether fluxd would take a tag into its choice: all patterns but its own leave out `latest`.

        Args:
            tag: of the image.

        Source: fluxcd/flux 1.25.4 `pkg/update/filter.go` `FilterAndSort`.

        >>> TagPattern.parse("*").selects("latest"), TagPattern.parse("latest").selects("latest")
        (False, True)
        """
        checked_text(tag, "a tag")
        if tag.lower() == "latest" and not (self.kind == "glob" and self.pattern == "latest"):
            return False
        return self.matches(tag)

    def __str__(self) -> str:
        return f"{self.kind}:{self.pattern}"


def matches_glob(glob: str, text: str) -> bool:
    """Gives whether fluxd's globs, in which `*` stands for any text, match a text.

    >>> matches_glob("k8s.gcr.io/*", "k8s.gcr.io/pause"), matches_glob("*", "")
    (True, True)
    """
    return TagPattern.parse(f"glob:{glob}").matches(text)


@functools.lru_cache(maxsize=256)
def _glob(pattern: str) -> re.Pattern[str]:
    # Each piece is looked for once and no later choice is gone back on, so that time stays linear.
    pieces = [re.escape(piece) for piece in pattern.split("*")]
    if len(pieces) == 1:
        return re.compile(pieces[0])
    first, *middle, last = pieces
    inner = "".join(f"(?>.*?{piece})" for piece in middle)
    return re.compile(f"{first}{inner}.*{last}", re.DOTALL)


def sort_tags(images: Iterable[TaggedImage], pattern: TagPattern | str) -> tuple[str, ...]:
    """Gives the tags that pass a pattern, in the order of fluxd: the one that it would roll out first.

    Args:
        images: the tags, with their build times.
        pattern: a pattern, or its text.

    Returns:
        The tags, newest first.

    Raises:
        MissingBuildTime: a tag that passes has no metadata: fluxd selects none then.

    Source: fluxcd/flux 1.25.4 `pkg/image/image.go` `NewerByCreated`, `NewerBySemver`.

    >>> sort_tags([TaggedImage("1.9"), TaggedImage("1.10")], "semver:*")
    ('1.10', '1.9')
    """
    chosen = pattern if isinstance(pattern, TagPattern) else TagPattern.parse(pattern)
    passing = [image for image in checked_list(images, "images", TaggedImage) if chosen.selects(image.tag)]
    for image in passing:
        if image.missing:
            raise MissingBuildTime(f"no metadata is known of the tag {image.tag!r}, and fluxd gives up")
    if chosen.requires_timestamp:
        passing.sort(key=lambda image: _bytes(image.tag))
        passing.sort(key=lambda image: image.created or _NEVER, reverse=True)
        return tuple(image.tag for image in passing)
    tags = sorted((image.tag for image in passing), key=_bytes, reverse=True)
    versions = [(version, tag) for tag in tags if (version := parse_version(tag)) is not None]
    versions.sort(key=lambda each: order_key(each[0]), reverse=True)
    return tuple(tag for _, tag in versions)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
