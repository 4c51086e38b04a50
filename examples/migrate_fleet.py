"""Migrates many checked-out repositories side by side, with one report and one file of answers for all.

Each folder is a repository. Copy this file and `migrate_repository.py`, and make them yours.

    python migrate_fleet.py repositories/*                            shows one report for all
    python migrate_fleet.py repositories/* --questions answers.yaml   writes each question once
    python migrate_fleet.py repositories/* --answers answers.yaml     takes it back, for all of them
    python migrate_fleet.py repositories/* --write                    writes the files as well

Processes of this machine do the work. With `--dask tcp://scheduler:8786` the workers of that Dask cluster do
it: they need fluxv2-migrate and none of the files, since texts travel to them and what changed travels back.
"""

from __future__ import annotations

import argparse
import gc
import io
import sys
import textwrap
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from fnmatch import fnmatchcase
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from migrate_repository import read, read_answers, reason_of, show, write, write_questions
from ruamel.yaml import YAML

import fluxv2_migrate as fm

Files = Mapping[str, str | bytes]
Task = tuple[str, Files, fm.MigrationOptions]

_HEAD = """\
# Answers to the questions of all repositories. Each entry counts for the repositories that it names, which
# may be globs; one that names none counts for all. Fill in what is empty, and split an entry where
# repositories differ.
"""


def migrate_one(files: Files, options: fm.MigrationOptions) -> fm.Migration:
    """Migrates one repository; gives what is worth to travel between processes."""
    return fm.migrate_repository(files, options).slim()


def on_processes(tasks: Sequence[Task], jobs: int | None = None) -> Iterator[tuple[str, fm.Migration]]:
    """Gives each repository as soon as a process of this machine has migrated it."""
    # A copy needs no imports, which take as long as a repository. A copy of threads may never come to an end.
    copies = sys.platform == "linux" and threading.active_count() == 1
    # Nor need copies look for garbage in what was there before them.
    gc.freeze()
    try:
        with ProcessPoolExecutor(jobs, get_context("fork" if copies else "spawn")) as pool:
            names = {
                pool.submit(migrate_one, files, options): name
                for name, files, options in largest_first(tasks)
            }
            for done in as_completed(names):
                yield names[done], done.result()
    finally:
        gc.unfreeze()


def on_dask(tasks: Sequence[Task], address: str) -> Iterator[tuple[str, fm.Migration]]:
    """Gives each repository as soon as a worker of a Dask cluster has migrated it."""
    import distributed

    with distributed.Client(address) as client:
        names = {}
        for name, files, options in largest_first(tasks):
            # Functions of the library alone: workers need no file of ours.
            whole = client.submit(fm.migrate_repository, files, options, pure=False)
            names[client.submit(fm.Migration.slim, whole, pure=False)] = name
        for done in distributed.as_completed(names):
            yield names[done], done.result()


def largest_first(tasks: Sequence[Task]) -> list[Task]:
    """Gives the tasks in an order in which no large one is left over at the end."""
    return sorted(tasks, key=lambda task: -sum(map(len, task[1].values())))


def read_fleet_answers(path: Path) -> list[dict[str, Any]]:
    """Gives the entries of a file of answers.

    Raises:
        ValueError: it holds something else than entries, or `repositories` is no list.
    """
    answers = read_answers(path)
    for answer in answers:
        if not isinstance(answer.get("repositories", []), list):
            raise ValueError(f"{path}: repositories is a list of names or globs")
    return answers


def answers_for(name: str, answers: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Gives the overrides that count for one repository."""
    return [
        {field: value for field, value in answer.items() if field != "repositories"}
        for answer in answers
        if any(fnmatchcase(name, pattern) for pattern in answer.get("repositories", ["*"]))
    ]


def questions_of(migrations: Mapping[str, fm.Migration]) -> list[tuple[dict[str, Any], list[fm.Finding]]]:
    """Gives each answer once, with the repositories that ask for it, and what they ask."""
    asked: list[tuple[dict[str, Any], list[str], list[fm.Finding]]] = []
    for name, migration in migrations.items():
        for finding in migration.findings:
            if finding.severity != "error" or finding.answer is None:
                continue
            given = finding.answer.model_dump(mode="json", exclude_unset=True)
            known = next((entry for entry in asked if entry[0] == given), None)
            if known is None:
                asked.append((given, [name], [finding]))
            else:
                known[1].append(name)
                known[2].append(finding)
    return [({"repositories": sorted(set(names)), **given}, found) for given, names, found in asked]


def _lines(text: str) -> list[str]:
    return textwrap.wrap(text, 108, break_long_words=False, break_on_hyphens=False)


def questions_text(migrations: Mapping[str, fm.Migration]) -> str:
    """Gives the file of answers for all repositories, to be filled in."""
    yaml = YAML()
    out = io.StringIO(_HEAD)
    out.seek(0, io.SEEK_END)
    questions = questions_of(migrations)
    for answer, findings in questions:
        first = findings[0]
        about = f"{first.code} {first.slug}: {first.message}. {first.remedy}"
        out.write("\n" + "".join(f"# {line}\n" for line in _lines(about)))
        yaml.dump([answer], out)
    if not questions:
        out.write("\n[]\n")
    edits = [
        f"{name}: {finding.code} {finding.slug} ({finding.path}:{finding.line})"
        for name, migration in migrations.items()
        for finding in migration.findings
        if finding.severity == "error" and finding.answer is None
    ]
    if edits:
        out.write("\n# What no answer settles, as the report says; the repository has to be edited:\n")
        out.writelines(f"# {each}\n" for each in edits)
    return out.getvalue()


def fleet_report(migrations: Mapping[str, fm.Migration]) -> str:
    """Gives one report: which repositories can be merged, what is asked, and each report behind its name."""
    ready = sum(migration.ok for migration in migrations.values())
    lines = [
        "# Migration of the fleet to Flux v2",
        "",
        (
            f"{len(migrations)} repositories, {ready} of them ready. "
            f"Questions that an answer settles: {len(questions_of(migrations))}."
        ),
        "",
        "| repository | ready | releases | files changed | questions | to know |",
        "|---|---|---|---|---|---|",
    ]
    for name, migration in migrations.items():
        # In several clusters it is one release.
        releases = len(
            {(each.path, each.name) for each in migration.manifests if each.manifest["kind"] == "HelmRelease"}
        )
        touched = len(migration.changed) + len(migration.created) + len(migration.deleted)
        errors = sum(finding.severity == "error" for finding in migration.findings)
        known = len(migration.findings) - errors
        ready_or_not = "yes" if migration.ok else "no"
        lines.append(f"| {name} | {ready_or_not} | {releases} | {touched} | {errors} | {known} |")
    for name, migration in migrations.items():
        lines += ["", f"<details><summary>{name}</summary>", "", migration.to_markdown(), "</details>"]
    return "\n".join(lines) + "\n"


def migrate_fleet(
    tasks: Sequence[Task], *, dask: str | None = None, jobs: int | None = None
) -> dict[str, fm.Migration]:
    """Migrates all repositories and tells of each as it is done; gives them in the order of the tasks."""
    done: dict[str, fm.Migration] = {}
    for name, migration in on_dask(tasks, dask) if dask else on_processes(tasks, jobs):
        done[name] = migration
        state = "ready" if migration.ok else "has questions"
        print(f"{len(done)}/{len(tasks)} {name}: {state}", file=sys.stderr)
    return {name: done[name] for name, _, _ in tasks}


def tasks_of(folders: Sequence[Path], answers: Sequence[Mapping[str, Any]]) -> list[Task]:
    """Reads the repositories, each with the options that count for it."""
    return [
        (
            folder.name,
            read(folder),
            fm.MigrationOptions.model_validate({"overrides": answers_for(folder.name, answers)}),
        )
        for folder in folders
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the migrations; gives 1 where a person has to act first, otherwise 0."""
    parser = argparse.ArgumentParser(description="Migrates many GitOps repositories from Flux v1 to Flux v2.")
    parser.add_argument("folders", type=Path, nargs="+", help="the roots of the checked-out repositories")
    parser.add_argument("--write", action="store_true", help="write the files, instead of only showing them")
    parser.add_argument("--questions", type=Path, metavar="FILE", help="write the questions of all of them")
    parser.add_argument("--answers", type=Path, metavar="FILE", help="what you decided, as YAML or JSON")
    parser.add_argument("--jobs", type=int, help="how many processes; one for each core when not given")
    parser.add_argument(
        "--dask", metavar="ADDRESS", help="the scheduler of a Dask cluster that does the work"
    )
    arguments = parser.parse_args(argv)
    folders = [folder.resolve() for folder in arguments.folders]
    for folder in folders:
        if not folder.is_dir():
            parser.error(f"{folder} is no folder")
    if len({folder.name for folder in folders}) < len(folders):
        parser.error("two repositories have one name: answers and the report could not tell them apart")
    try:
        tasks = tasks_of(folders, read_fleet_answers(arguments.answers) if arguments.answers else [])
    except (OSError, ValueError) as error:
        parser.error(reason_of(error))
    migrations = migrate_fleet(tasks, dask=arguments.dask, jobs=arguments.jobs)
    show(fleet_report(migrations))
    if arguments.questions is not None:
        write_questions(arguments.questions, questions_text(migrations))
    if arguments.write:
        for folder in folders:
            write(folder, migrations[folder.name])
    return 0 if all(migration.ok for migration in migrations.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
