"""What two revisions of the package make of the same repositories: nothing but what is meant may differ.

`python tests/compare_results.py main` compares the revision `main` with the files as they are, over the
reference data, the examples and generated repositories; with `-n 500` over as many of each kind, with folders
after the revision over every repository in these, too. Ends with 1 where something differs, and says what.
"""

from __future__ import annotations

import argparse
import difflib
import io
import json
import os
import pickle
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
Repository = tuple[str, dict[str, str | bytes], Any]
"""Its name, its files and its options."""


def _read(folder: Path) -> dict[str, str | bytes]:
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in paths
        if ".git" not in path.relative_to(folder).parts
    }


def _cases() -> Iterator[Repository]:
    from ruamel.yaml import YAML

    for path in sorted((SHARED / "cases").glob("*.yaml")):
        case = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
        yield f"case {path.stem}", case["files"], case.get("options") or {}


def _generated(count: int) -> Iterator[Repository]:
    """Gives repositories that are the same each time."""
    sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests"), str(ROOT / "benchmarks")]
    import generated
    from hypothesis import HealthCheck, given, settings

    from combined_overlays import FEATURES, combined_repositories
    from generated_automation import automated_repositories
    from generated_overlays import overlaid_repositories
    from patched_releases import patched_repositories

    for kind, (made, _) in generated.GROWING.items():
        files, options = made(12)
        yield f"generated {kind}", dict(files), options.model_dump(mode="json", exclude_unset=True)
    found: list[Repository] = []

    def add(kind: str, files: Mapping[str, str | bytes], **options: Any) -> None:
        found.append((f"generated {kind} {len(found)}", dict(files), options))

    def draw(strategy: Any, add_drawn: Callable[[Any], None]) -> None:
        @settings(
            max_examples=count, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
        )
        @given(strategy)
        def drawing(drawn: Any) -> None:
            add_drawn(drawn)

        drawing()

    def add_combined(drawn: Any) -> None:
        add("combined", drawn.files, **drawn.options.model_dump(mode="json", exclude_unset=True))

    def add_automated(drawn: Any) -> None:
        tags = {
            image: [each.model_dump(mode="json") for each in known]
            for image, known in drawn.image_tags.items()
        }
        add("automated", drawn.files, image_tags=tags)

    draw(combined_repositories(tuple(FEATURES)), add_combined)
    draw(automated_repositories(), add_automated)
    draw(patched_repositories(), lambda drawn: add("patched", drawn[0], sync_roots=drawn[1]))
    for patch_file in (False, True):
        draw(
            overlaid_repositories(patch_file=patch_file),
            lambda drawn: add("overlaid", drawn[0], sync_roots=drawn[1]),
        )
    yield from found


def repositories(count: int, folders: Iterable[Path]) -> Iterator[Repository]:
    """Gives all repositories that are compared.

    Args:
        count: how many of each kind are generated.
        folders: of which each folder is a repository.
    """
    for path in (*sorted(SHARED.glob("corpus/*/v1")), *sorted((ROOT / "examples").glob("*/"))):
        yield path.relative_to(path.parents[1]).as_posix(), _read(path), {}
    yield from _cases()
    yield from _generated(count)
    for folder in folders:
        for path in sorted(folder.glob("*/")):
            yield path.name, _read(path), {}


def _result(repository: Repository) -> tuple[str, dict[str, str]]:
    """Gives all that people and programs read of a migration and of its verification."""
    import fluxv2_migrate as fm

    name, files, options = repository
    try:
        migration = fm.migrate_repository(files, options)
        verified = fm.verify_migration(files, migration.files, options=options, declared=migration.declared)
    except Exception as error:
        return name, {"raised": repr(error)}
    return name, {
        "data": json.dumps(migration.to_dict(), indent=1, sort_keys=True, default=repr),
        "files": "".join(f"=== {path}\n{text!s}\n" for path, text in sorted(migration.files.items())),
        "changes": "\n".join(map(repr, (each.changes for each in migration.resources))),
        "report": migration.to_markdown(),
        "runbook": migration.runbook().to_markdown(),
        "first hour": repr(migration.first_hour()),
        "verification": verified.to_markdown() + json.dumps(verified.to_dict(), indent=1, default=repr),
    }


def _run(source: str, given: str, results: str) -> None:
    sys.path.insert(0, source)
    repositories: list[Repository] = pickle.loads(Path(given).read_bytes())
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = dict(pool.map(_result, repositories, chunksize=4))
    Path(results).write_bytes(pickle.dumps(found))


def _source_of(revision: str, folder: Path) -> Path:
    archive = subprocess.run(
        ["git", "archive", revision, "src"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        packed.extractall(folder, filter="data")
    return folder / "src"


def _tell_differences(before: Mapping[str, dict[str, str]], after: Mapping[str, dict[str, str]]) -> int:
    count = 0
    for name, results in before.items():
        for part in sorted({*results, *after[name]}):
            one, other = (each.get(part, "") for each in (results, after[name]))
            if one != other:
                count += 1
                lines = difflib.unified_diff(one.splitlines(), other.splitlines(), "before", "after", n=1)
                shown = [line[:300] for line in lines][:20]
                sys.stdout.write("\n  ".join((f"{name}: {part}", *shown)) + "\n")
    return count


def main() -> int:
    """Compares what the command names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("revision", help="what the files as they are, are compared with")
    parser.add_argument("folders", nargs="*", type=Path, help="each folder in them is a repository")
    parser.add_argument("-n", type=int, default=100, help="how many repositories of each kind are generated")
    arguments = parser.parse_intermixed_args()
    given = list(repositories(arguments.n, arguments.folders))
    found: list[dict[str, dict[str, str]]] = []
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "given").write_bytes(pickle.dumps(given))
        # Each in a process of its own, so that only one of them is imported there.
        for source in (_source_of(arguments.revision, work), ROOT / "src"):
            results = work / "results"
            command = [sys.executable, __file__, "--run", str(source), str(work / "given"), str(results)]
            subprocess.run(command, check=True)
            found.append(pickle.loads(results.read_bytes()))
    count = _tell_differences(*found)
    sys.stdout.write(f"{len(given)} repositories, {count} results differ\n")
    return 1 if count else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        _run(*sys.argv[2:5])
    else:
        sys.exit(main())
