"""Registries as builds leave them behind: common schemes of tags, with what goes wrong in real ones."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fluxv2_migrate.flux1 import TaggedImage

__all__ = ["DISTURBANCES", "SCHEMES", "Scheme", "history"]

START = datetime(2020, 9, 1, 8, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Scheme:
    """How the builds of a project are tagged: the pattern that its users gave, and the tag of a build."""

    pattern: str
    tag: Callable[[random.Random, int, datetime], str]


def _hash(chance: random.Random) -> str:
    return f"{chance.randrange(16**7):07x}"


def _version(number: int) -> str:
    return f"{1 + number // 40}.{number % 40 // 5}.{number % 5}"


def _patched(tag: str) -> str:
    """Gives the tag of a fix to an old version, where the tag holds one."""
    return re.sub(r"(\d+\.\d+\.)(\d)(?!\d|\.)", lambda found: f"{found[1]}1{found[2]}", tag, count=1)


SCHEMES: dict[str, Scheme] = {
    "version": Scheme("glob:*", lambda chance, number, time: _version(number)),
    "v-version": Scheme("glob:v*", lambda chance, number, time: f"v{_version(number)}"),
    "version with suffix": Scheme(
        r"regexp:^[0-9]+\.[0-9]+\.[0-9]+-alpine$", lambda chance, number, time: f"{_version(number)}-alpine"
    ),
    "range of versions": Scheme("semver:>=1", lambda chance, number, time: _version(number)),
    "branch-sha-timestamp": Scheme(
        "glob:main-*", lambda chance, number, time: f"main-{_hash(chance)}-{int(time.timestamp())}"
    ),
    "date and time": Scheme("glob:prod-*", lambda chance, number, time: f"prod-{time:%Y%m%d-%H%M%S}"),
    "date": Scheme("glob:*", lambda chance, number, time: f"{time:%Y.%m.%d}"),
    "ISO date": Scheme("glob:RELEASE.*", lambda chance, number, time: f"RELEASE.{time:%Y-%m-%dT%H-%M-%SZ}"),
    "date and hash": Scheme("glob:*", lambda chance, number, time: f"{time:%Y%m%d}-{_hash(chance)}"),
    "build number": Scheme("glob:build-*", lambda chance, number, time: f"build-{number + 95}"),
    "four parts": Scheme("glob:*", lambda chance, number, time: f"3.0.{number // 7}.{1000 + number % 7}"),
    "linuxserver": Scheme(
        r"regexp:^(v2\.[0-9]+\.[0-9]+-ls[0-9]+)$",
        lambda chance, number, time: f"v2.{number // 20}.{number // 4 % 5}-ls{number + 95}",
    ),
    "describe": Scheme(
        "glob:*", lambda chance, number, time: f"v1.{number // 12}.0-{number % 12 + 1}-g{_hash(chance)}"
    ),
    "bare hash": Scheme("glob:*", lambda chance, number, time: _hash(chance)),
    "branch and hash": Scheme("glob:dev-*", lambda chance, number, time: f"dev-{_hash(chance)}"),
}

DISTURBANCES = ("none", "rebuild", "hotfix line", "branches", "clock skew", "foreign tags")


def history(chance: random.Random, scheme: Scheme, count: int, disturbance: str) -> Sequence[TaggedImage]:
    """Gives the images of a registry in the order in which they were pushed."""
    images: dict[str, TaggedImage] = {}
    time = START
    for number in range(count):
        time += timedelta(minutes=chance.randrange(60, 4000))
        created = time
        if disturbance == "clock skew" and chance.random() < 0.1:
            created -= timedelta(days=chance.randrange(1, 5))
        tag = scheme.tag(chance, number, time)
        if disturbance == "branches" and chance.random() < 0.4:
            tag = f"feature-{tag}" if scheme.pattern == "glob:*" else f"{tag}-feature"
        images[tag] = TaggedImage(tag, created)
        if disturbance == "rebuild" and chance.random() < 0.1:
            again = chance.choice(list(images))
            images[again] = TaggedImage(again, time + timedelta(minutes=30))
        if disturbance == "hotfix line" and number > 10 and chance.random() < 0.1:
            late = _patched(scheme.tag(chance, number // 2, time + timedelta(minutes=10)))
            images[late] = TaggedImage(late, time + timedelta(minutes=10))
        if disturbance == "foreign tags" and chance.random() < 0.2:
            foreign = chance.choice(["latest", "stable", f"pr-{number}", "sha256-abc.sig"])
            images[foreign] = TaggedImage(foreign, time + timedelta(minutes=5))
    return tuple(images.values())
