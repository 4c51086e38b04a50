"""Tags under policies, ranges and filters, beside what other libraries take for the same."""

from __future__ import annotations

import random
import re
import sys
import time
from collections.abc import Callable

import re2
import semver

from fluxv2_migrate import flux2
from fluxv2_migrate.golang import Regexp, VersionRange

TAGS = 100_000
FILTERED = 10_000


def seconds(work: Callable[[], object]) -> float:
    """Gives the best of three runs."""
    measured: list[float] = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        measured.append(time.perf_counter() - start)
    return min(measured)


def main() -> int:
    """Measures each pair in one run."""
    chance = random.Random(20201124)
    tags = [
        f"{chance.randrange(30)}.{chance.randrange(50)}.{chance.randrange(200)}"
        + chance.choice(["", "", f"-rc.{chance.randrange(20)}"])
        for _ in range(TAGS)
    ]
    ours = seconds(lambda: flux2.sort_tags(tags, {"semver": {"range": ">=0.0.0-0"}}))
    theirs = seconds(lambda: sorted(set(tags), key=semver.Version.parse))
    print(
        f"sorting {TAGS} tags: {ours:.2f} s, python-semver {theirs:.2f} s: {theirs / ours:.1f} times as fast"
    )
    wanted = VersionRange.parse(">=1.2.0-0 <20 !=3.0.0")
    ours = seconds(lambda: [wanted.check(tag) for tag in tags])
    theirs = seconds(lambda: [semver.Version.parse(tag) for tag in tags])
    print(
        f"a range over {TAGS} tags: {ours:.2f} s, python-semver parses in {theirs:.2f} s: {theirs / ours:.1f}"
    )
    builds = [f"main-{chance.randrange(16**7):07x}-{1_600_000_000 + index}" for index in range(FILTERED)]
    pattern = "^main-[0-9a-f]+-(?P<ts>[0-9]+)$"
    mine, python, google = Regexp.compile(pattern), re.compile(pattern), re2.compile(pattern)
    ours = seconds(lambda: [mine.matches(tag) for tag in builds])
    python_time = seconds(lambda: [python.search(tag) for tag in builds])
    google_time = seconds(lambda: [google.search(tag) for tag in builds])
    print(
        f"a filter over {FILTERED} tags: {1000 * ours:.1f} ms, re {1000 * python_time:.1f} ms, "
        f"google-re2 {1000 * google_time:.1f} ms"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
