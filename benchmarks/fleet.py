"""Twelve repositories on two processes, against the same one after another, and on Dask where it is there.

Prints the ratios, and ends with 1 where two processes are less than 1.6 times as fast or a result differs.
Each way is measured three times, and the best time counts: what else the machine does is noise.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import fluxv2_migrate as fm

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "examples"))

from migrate_fleet import Task, migrate_one, on_dask, on_processes  # noqa: E402
from migrate_repository import read  # noqa: E402

REPOSITORIES = 12
RELEASES = 150
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


def measured(run: Callable[[], dict[str, fm.Migration]]) -> tuple[float, dict[str, fm.Migration]]:
    """Gives how many seconds it took, at best, and what came of it."""
    times = []
    result: dict[str, fm.Migration] = {}
    for _ in range(ROUNDS):
        start = time.perf_counter()
        result = run()
        times.append(time.perf_counter() - start)
    return min(times), result


def main() -> int:
    """Measures; gives 1 where it is too slow or where a result differs."""
    tasks = repositories()
    one, expected = measured(lambda: {name: migrate_one(files, options) for name, files, options in tasks})
    side, found = measured(lambda: dict(on_processes(tasks, JOBS)))
    print(f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"one after another {one:.2f} s, on {JOBS} processes {side:.2f} s: {one / side:.2f} times as fast")
    good = found == expected and one / side >= WANTED
    if importlib.util.find_spec("distributed") is not None:
        from distributed import LocalCluster

        with LocalCluster(n_workers=JOBS, threads_per_worker=1, dashboard_address=None) as cluster:
            dask, remote = measured(lambda: dict(on_dask(tasks, cluster.scheduler_address)))
        print(
            f"on {JOBS} workers of Dask {dask:.2f} s: {one / dask:.2f} times as fast, "
            f"{'equal' if remote == expected else 'not equal'}"
        )
        good = good and remote == expected
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
