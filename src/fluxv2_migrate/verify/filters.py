"""Whether a policy selects what fluxd's filter selected, and never what it refused."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fluxv2_migrate.errors import AmbiguousTag, InvalidPattern, InvalidPolicy
from fluxv2_migrate.flux1.tags import TaggedImage, TagPattern, sort_tags
from fluxv2_migrate.flux2.image_objects import DEFAULT_EXCLUSIONS
from fluxv2_migrate.flux2.releases import FluxVersion
from fluxv2_migrate.flux2.tags import latest_tag, tags_taken_alone
from fluxv2_migrate.golang.regexp import Regexp
from fluxv2_migrate.golang.versions import parse_version
from fluxv2_migrate.kubernetes import as_object
from fluxv2_migrate.settings.known_tags import KnownTag

_STALLED: Final = "(stalled)"
_NUMBERS: Final = re.compile(r"\d+")
_VERSION: Final = re.compile(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?")
_LONGEST: Final = 200
_MOST_VERSIONS: Final = 12
_ALWAYS: Final = ("latest", "1", "1.2", "1.2.3", "2.0.0", "v1.2.3", "main", "master-abc1234", "dev", "x")


@dataclass(frozen=True, slots=True)
class ImageFilter:
    """What decides which tags a policy of Flux v2 may take."""

    spec: Mapping[str, Any]
    excluded: Any
    flux_version: FluxVersion

    def texts(self) -> Iterator[str]:
        """Gives what is written in it of tags."""
        policy = as_object(self.spec.get("policy"))
        yield str(as_object(policy.get("semver")).get("range") or "")
        yield str(as_object(self.spec.get("filterTags")).get("pattern") or "")

    def kept(self, tags: Iterable[str]) -> list[str]:
        """Gives the tags that the ImageRepository does not leave out, whatever the policy."""
        given = self.excluded if isinstance(self.excluded, list) else DEFAULT_EXCLUSIONS
        return _without(tags, given or DEFAULT_EXCLUSIONS)

    def taken(self, tags: Iterable[str]) -> frozenset[str]:
        """Gives the tags that the policy selects where an image has no other one.

        Raises:
            InvalidPolicy: it stalls.
        """
        policy, filter_tags = as_object(self.spec.get("policy")), self.spec.get("filterTags")
        return tags_taken_alone(self.kept(tags), policy, filter_tags, self.flux_version)

    def latest(self, tags: Iterable[str]) -> str | None:
        """Gives the tag that the policy selects.

        Raises:
            InvalidPolicy: it stalls.
            AmbiguousTag: the controller takes one of several at random.
        """
        return latest_tag(
            self.kept(tags),
            as_object(self.spec.get("policy")),
            self.spec.get("filterTags"),
            flux_version=self.flux_version,
        )


def _without(tags: Iterable[str], excluded: Iterable[Any]) -> list[str]:
    patterns = [Regexp.compile(str(pattern)) for pattern in excluded]
    return [tag for tag in tags if not any(pattern.matches(tag) for pattern in patterns)]


def compare_filters(
    pattern: TagPattern, policy: ImageFilter, current: str, known: Sequence[str | KnownTag]
) -> Iterator[tuple[str, str, str]]:
    """Gives where a policy parts from fluxd's filter: the field, what fluxd did, and what the policy does.

    Args:
        known: tags of the image, with build times where they are known.
    """
    tags = [each if isinstance(each, str) else each.tag for each in known]
    probes = _probe_tags((pattern.pattern, *policy.texts()), (current, *tags))
    try:
        taken = policy.taken(probes)
        elected = policy.latest(tags) if tags else None
    except (InvalidPolicy, InvalidPattern) as error:
        yield "image.filter", str(pattern), f"{_STALLED} {error}"
        return
    except AmbiguousTag as error:
        yield "image.selection", str(pattern), f"(any of {', '.join(error.candidates)})"
        return
    refused = sorted(tag for tag in taken if not pattern.selects(tag) and tag != current)
    if refused:
        yield "image.filter", str(pattern), f"takes {refused[0]}, which fluxd refused"
    lost = [tag for tag in _wanted(pattern, policy, probes, current) if tag not in taken]
    if lost and _is_wanted(pattern, current, taken):
        yield "image.filter", str(pattern), f"does not take {lost[0]}"
    yield from _compare_policy(pattern, policy, elected)
    if elected is not None and not refused and not lost:
        yield from _compare_newest(pattern, elected, known)


def _compare_policy(
    pattern: TagPattern, policy: ImageFilter, elected: str | None
) -> Iterator[tuple[str, str, str]]:
    """Gives what a policy does that no filter of fluxd did."""
    orders = as_object(policy.spec.get("policy"))
    order = as_object(orders.get("numerical") or orders.get("alphabetical")).get("order")
    if order == "desc" and elected is None and not _takes_one(pattern):
        yield "image.order", "newest first", "oldest first"
    yield from compare_digests(pattern, policy.spec)


def compare_digests(pattern: TagPattern, spec: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Gives where a policy writes digests, which fluxd never did; one tag that moves is followed by them."""
    reflection = spec.get("digestReflectionPolicy") or "Never"
    if reflection != "Never" and not _takes_one(pattern):
        yield "image.digest", "Never", str(reflection)


def _takes_one(pattern: TagPattern) -> bool:
    return pattern.kind == "glob" and "*" not in pattern.pattern


def _is_wanted(pattern: TagPattern, current: str, taken: Collection[str]) -> bool:
    """Gives whether a tag counts as lost: any version does, and any tag where the policy takes no new one.

    What fluxd could not read let everything pass, and nobody meant that.
    """
    is_read = pattern.valid and pattern.selects(current)
    return is_read and (pattern.kind == "semver" or set(taken) <= {current})


def _wanted(pattern: TagPattern, policy: ImageFilter, probes: Iterable[str], current: str) -> list[str]:
    """Gives tags that fluxd would take and a policy of that kind can: of versions those that look alike."""
    # What every ImageRepository leaves out is no image.
    chosen = [tag for tag in _without(probes, DEFAULT_EXCLUSIONS) if tag != current and pattern.selects(tag)]
    if pattern.kind == "semver" and as_object(policy.spec.get("policy")).get("semver") is not None:
        return [tag for tag in chosen if _is_release_like(tag, current)]
    return chosen


def _is_release_like(tag: str, current: str) -> bool:
    """Gives whether a tag is a release that is written as the one that runs."""
    version = parse_version(tag)
    return (
        version is not None
        and not version.prerelease
        and tag.count(".") == current.count(".")
        and tag.startswith("v") == current.startswith("v")
    )


def _compare_newest(
    pattern: TagPattern, elected: str, known: Sequence[str | KnownTag]
) -> Iterator[tuple[str, str, str]]:
    newest = _newest(pattern, known)
    if newest is not None and newest != elected:
        yield "image.selection", newest, elected


def _newest(pattern: TagPattern, known: Sequence[str | KnownTag]) -> str | None:
    """Gives the tag that fluxd would deploy, where what is known tells."""
    images = [
        TaggedImage(each) if isinstance(each, str) else TaggedImage(each.tag, each.created) for each in known
    ]
    if pattern.requires_timestamp and any(each.created is None for each in images):
        return None
    return next(iter(sort_tags(images, pattern)), None)


# Tags around a filter: those that are known, and those that would show where two filters part


def _probe_tags(texts: Iterable[str], tags: Iterable[str]) -> tuple[str, ...]:
    """Gives tags to try two filters with, each once, those that are known first.

    Args:
        texts: filters and ranges as they are written.

    >>> found = _probe_tags(["~1.4"], ["1.4.2"])
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
