"""Twelve repositories on two processes, against the same one after another, and on Dask where it is there.

Prints the ratios, and ends with 1 where two processes are less than 1.6 times as fast or a result differs.
Each way is measured three times, and the best time counts: what else the machine does is noise.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

import fluxv2_migrate as fm

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "examples"))

from migrate_fleet import Task, migrate_one, on_dask, on_processes  # noqa: E402
from migrate_repository import read  # noqa: E402

REPOSITORIES = 12
RELEASES = 250
ROUNDS = 3
JOBS = 2
WANTED = 1.6


def repositories() -> list[Task]:
    """Gives repositories of one shape: the example of two clusters, with more releases in its base."""
    example = read(ROOT / "examples" / "two-clusters")
    tasks: list[Task] = []
    for number in range(REPOSITORIES):
        files = dict(example)
        redis = str(files["base/shop/redis.yaml"])
        names = [f"redis-{number}-{each}" for each in range(RELEASES)]
        for name in names:
            files[f"base/shop/{name}.yaml"] = redis.replace("  name: redis\n", f"  name: {name}\n", 1)
        listed = "".join(f"- {name}.yaml\n" for name in names)
        files["base/shop/kustomization.yaml"] = str(files["base/shop/kustomization.yaml"]) + listed
        tasks.append((f"repository-{number}", files, fm.MigrationOptions()))
    return tasks


Results = dict[str, fm.Migration]


def compared(ways: Mapping[str, Callable[[], Results]]) -> dict[str, tuple[float, Results]]:
    """Gives of each way how many seconds it took at best, and what came of it."""
    best: dict[str, tuple[float, Results]] = {}
    for _ in range(ROUNDS):
        # In turn, so that whatever else the machine does meets all of them.
        for name, way in ways.items():
            start = time.perf_counter()
            result = way()
            took = time.perf_counter() - start
            best[name] = (min(took, best[name][0]) if name in best else took, result)
    return best


def main() -> int:
    """Measures; gives 1 where it is too slow or where a result differs."""
    tasks = repositories()
    ways: dict[str, Callable[[], Results]] = {
        "one after another": lambda: {name: migrate_one(files, options) for name, files, options in tasks},
        f"{JOBS} processes": lambda: dict(on_processes(tasks, JOBS)),
    }
    with ExitStack() as stack:
        if importlib.util.find_spec("distributed") is not None:
            from distributed import LocalCluster

            cluster = stack.enter_context(
                LocalCluster(n_workers=JOBS, threads_per_worker=1, dashboard_address=None)
            )
            ways[f"{JOBS} workers of Dask"] = lambda: dict(on_dask(tasks, cluster.scheduler_address))
        best = compared(ways)
    alone, expected = best["one after another"]
    print(f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for name, (seconds, result) in best.items():
        same = "equal" if result == expected else "NOT EQUAL"
        print(f"{name}: {seconds:.2f} s, {alone / seconds:.2f} times as fast, {same}")
    if any(result != expected for _, result in best.values()):
        return 1
    return 0 if alone / best[f"{JOBS} processes"][0] >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
