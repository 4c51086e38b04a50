"""How the time of a migration grows with the repository: by documents, clusters, bases and the like.

For each step the time grows by at most 1.3 times what the repository grows by; that holds for the migration,
its diff, its report, its page and the verification of its result. Ends with 1 where it does not.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable

from generated import GROWING

import fluxv2_migrate as fm

WANTED = 1.3
# A step is measured where its time can be.
SHORTEST = 0.05
ROUNDS = 2


def seconds(work: Callable[[], object]) -> float:
    """Gives the processor's time of the least disturbed of some runs."""
    times: list[float] = []
    for _ in range(ROUNDS):
        gc.collect()
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def measure(name: str, size: int) -> dict[str, float]:
    """Gives the times of what is done with a repository of a size."""
    make, _ = GROWING[name]
    files, options = make(size)
    migration = fm.migrate_repository(files, options=options)
    return {
        "migrate": seconds(lambda: fm.migrate_repository(files, options=options)),
        "diff": seconds(migration.diff),
        "report": seconds(migration.to_markdown),
        "page": seconds(migration.to_html),
        "verify": seconds(lambda: fm.verify_migration(files, migration.files, options)),
    }


def main(names: list[str]) -> int:
    """Measures what is named, or all; prints seconds, and growth by that of the size."""
    worst = 0.0
    for name, (_, sizes) in GROWING.items():
        if names and name not in names:
            continue
        before: dict[str, float] = {}
        for index, size in enumerate(sizes):
            times = measure(name, size)
            line = f"{name}, {size}:"
            for what, taken in times.items():
                line += f" {what} {taken:.2f} s"
                if index and before[what] >= SHORTEST:
                    growth = taken / before[what] / (size / sizes[index - 1])
                    worst = max(worst, growth)
                    line += f" ({growth:.2f})"
            print(line, flush=True)
            before = times
    print(f"at most {worst:.2f} times what the repository grows by; wanted: {WANTED}")
    return 0 if worst <= WANTED else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
