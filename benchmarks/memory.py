"""The memory that a migration takes at its peak, by the size of the texts, which are not counted.

A plain tree takes at most 10 times its texts, and one of bases with 12 overlays each 46 times: what an
overlay builds is a patch of some 170 characters, and Python takes kilobytes for its values, for the object
that comes of them and for what happened to it. Of these the migration that is given holds 16 itself: what
was done and what came of it. Ends with 1 where one takes more.
"""

from __future__ import annotations

import gc
import sys
import tracemalloc

from generated import Repository, overlays, plain

import fluxv2_migrate as fm

REPOSITORIES = {"plain tree": (plain(1_500), 10.0), "12 overlays for each base": (overlays(200, 12), 46.0)}


def peak(repository: Repository) -> float:
    """Gives the peak of a migration, by the size of the texts."""
    files, options = repository
    gc.collect()
    tracemalloc.start()
    fm.migrate_repository(files, options=options)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most / sum(map(len, files.values()))


def main() -> int:
    """Measures both and prints what was measured."""
    # What is loaded once, and held by the models, is not the repository's.
    fm.migrate_repository(plain(20)[0])
    is_met = True
    for name, (repository, wanted) in REPOSITORIES.items():
        taken = peak(repository)
        is_met &= taken <= wanted
        print(f"{name}: {taken:.1f} times the texts; wanted: at most {wanted:.0f}")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
