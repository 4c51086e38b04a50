"""Migrates a checked-out GitOps repository from Flux v1 to Flux v2.

The library reads and writes nothing; this is the part that does. Copy it and make it yours.

    python migrate_repository.py path/to/repository            shows the diff and the report
    python migrate_repository.py path/to/repository --write    writes the files as well

The diff and the report go into files of their own, for a review, where that is asked for:

    python migrate_repository.py path/to/repository --diff migration.diff --report report.md

What the repository cannot tell is asked, and answered in a file that needs no Python:

    python migrate_repository.py path/to/repository --questions answers.yaml    writes what is asked
    python migrate_repository.py path/to/repository --answers answers.yaml      takes it back, filled in

What is migrated only with these answers may ask more, and files of answers count together:

    python migrate_repository.py path/to/repository --answers answers.yaml --questions more.yaml
    python migrate_repository.py path/to/repository --answers answers.yaml --answers more.yaml

A page for the browser has the report, the diff and the commands of the cut-over:

    python migrate_repository.py path/to/repository --page migration.html

What was read of the clusters is kept for later runs, which do not find Flux v1 any more:

    python migrate_repository.py path/to/repository --clusters clusters.json --write    writes it as well
    python migrate_repository.py path/to/repository --clusters clusters.json            takes it back

Release names are compared with what `helm list -A -a -m 0 -o json` prints in each cluster:

    python migrate_repository.py path/to/repository --helm-list helm-list.json
    python migrate_repository.py path/to/repository --helm-list eu=eu.json --helm-list us=us.json
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

import fluxv2_migrate as fm

PROGRESS_EVERY = 500


def walk(folder: Path) -> Iterator[Path]:
    """Gives every regular file of a folder in a stable order, but nothing of `.git` and no link."""
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or path.name == ".git":
            continue
        if path.is_dir():
            yield from walk(path)
        elif path.is_file():
            yield path


def read(folder: Path) -> dict[str, str | bytes]:
    """Gives the files as they are stored: text where it is UTF-8, line ends untouched, otherwise bytes."""
    files: dict[str, str | bytes] = {}
    for path in walk(folder):
        content = path.read_bytes()
        try:
            files[path.relative_to(folder).as_posix()] = content.decode("utf-8")
        except UnicodeDecodeError:
            files[path.relative_to(folder).as_posix()] = content
        if len(files) % PROGRESS_EVERY == 0:
            print(f"{len(files)} files read", file=sys.stderr)
    return files


def write(folder: Path, migration: fm.Migration) -> None:
    """Writes what changed and what is new, and removes what is not needed any more."""
    for path in (*migration.changed, *migration.created):
        content = migration.files[path]
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    for path in migration.deleted:
        (folder / path).unlink()


def read_answers(path: Path) -> list[dict[str, Any]]:
    """Gives the answers of a file of YAML or JSON; a file in which nothing is left has none.

    Raises:
        ValueError: it is neither, or holds something else than entries.
    """
    try:
        answers = YAML(typ="safe", pure=True).load(path.read_bytes()) or []
    except YAMLError as error:
        raise ValueError(f"{path}: {error}") from error
    if not isinstance(answers, list) or not all(isinstance(answer, dict) for answer in answers):
        raise ValueError(f"{path} is no list of answers")
    return answers


def reason_of(error: Exception) -> str:
    """Gives what is wrong with the options: which field of which entry it is, and why."""
    if not isinstance(error, ValidationError):
        return str(error)
    return "; ".join(
        # The files have lists, and entries that people count from one.
        f"{place_of(each['loc'])}: {each['msg'].replace('tuple', 'list')}"
        for each in error.errors()
    )


def place_of(location: Sequence[str | int]) -> str:
    """Gives the option, and the entry and the field of its file, that something is about."""
    first, *rest = location
    words = [f"entry {each + 1}" if isinstance(each, int) else each for each in rest]
    return ": ".join(["answers" if first == "overrides" else str(first), *words])


def options_of(arguments: argparse.Namespace) -> fm.MigrationOptions:
    """Gives the options that were asked for; what was not keeps the library's default."""
    given = {
        "flux_version": arguments.flux_version,
        "flux_namespace": arguments.flux_namespace,
        "sync_roots": arguments.sync_root,
        "overrides": [answer for path in arguments.answers for answer in read_answers(path)],
    }
    if arguments.clusters is not None and arguments.clusters.exists():
        given["clusters"] = json.loads(arguments.clusters.read_bytes())
    return fm.MigrationOptions.model_validate({k: v for k, v in given.items() if v is not None})


def with_inventories(
    options: fm.MigrationOptions, context: fm.MigrationContext, helm_lists: Sequence[str]
) -> fm.MigrationOptions:
    """Gives the options with what each cluster says of itself.

    Raises:
        ValueError: a text is no output of Helm, or nobody knows of which cluster it is.
    """
    clusters = {cluster.name: cluster for cluster in context.as_clusters()}
    for given in helm_lists:
        name, separator, path = given.rpartition("=")
        if not separator and len(clusters) == 1:
            name = next(iter(clusters))
        if name not in clusters:
            raise ValueError(f"--helm-list is CLUSTER=FILE, where CLUSTER is one of {', '.join(clusters)}")
        try:
            inventory = fm.Inventory.from_texts(helm_list=Path(path).read_text("utf-8"))
        except fm.InvalidInventory as error:
            raise ValueError(f"{path}: {error}") from error
        clusters[name] = clusters[name].model_copy(update={"inventory": inventory})
    return options.model_copy(update={"clusters": tuple(clusters.values()), "sync_roots": ()})


def write_clusters(path: Path, context: fm.MigrationContext) -> None:
    """Writes what is known of the clusters, as a later run takes it."""
    known = [cluster.model_dump(mode="json", exclude_defaults=True) for cluster in context.as_clusters()]
    path.write_text(json.dumps(known, indent=2) + "\n", "utf-8", newline="\n")


def write_questions(path: Path, text: str) -> None:
    """Writes what is asked; a file that is there, and may be filled in by now, is kept beside it."""
    if path.exists() and path.read_text("utf-8") != text:
        names = (f"{path.name}.before{number or ''}" for number in count())
        kept = next(found for name in names if not (found := path.with_name(name)).exists())
        path.replace(kept)
        print(f"{path} was there already: it is kept as {kept}", file=sys.stderr)
    path.write_text(text, "utf-8", newline="\n")


def show(text: str) -> None:
    """Prints a text as UTF-8 and with the line ends that it has, whatever the terminal's settings are."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8"))
    sys.stdout.buffer.flush()


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the migration; gives 1 where a person has to act first, otherwise 0."""
    parser = argparse.ArgumentParser(description="Migrates a GitOps repository from Flux v1 to Flux v2.")
    parser.add_argument("folder", type=Path, help="the root of the checked-out repository")
    parser.add_argument("--write", action="store_true", help="write the files, instead of only showing them")
    parser.add_argument("--diff", type=Path, metavar="FILE", help="write the diff, instead of showing it")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the report, instead of showing it")
    parser.add_argument("--flux-version", help="the Flux release that will run, such as 2.6")
    parser.add_argument("--flux-namespace", help="the namespace where Flux runs")
    parser.add_argument(
        "--sync-root", action="append", metavar="PATH", help="a path that a cluster syncs; may be repeated"
    )
    parser.add_argument(
        "--questions", type=Path, metavar="FILE", help="write the questions, as YAML to be filled in"
    )
    parser.add_argument(
        "--answers",
        "--overrides",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="what you decided, as YAML or JSON; may be repeated",
    )
    parser.add_argument(
        "--clusters", type=Path, metavar="FILE", help="what is known of the clusters; --write keeps it there"
    )
    parser.add_argument(
        "--page", type=Path, metavar="FILE", help="write a page with the report, the diff and the cut-over"
    )
    parser.add_argument(
        "--helm-list",
        action="append",
        metavar="[CLUSTER=]FILE",
        help="what helm list -A -a -m 0 -o json prints",
    )
    arguments = parser.parse_args(argv)
    if not arguments.folder.is_dir():
        parser.error(f"{arguments.folder} is no folder")
    if arguments.questions in arguments.answers:
        parser.error("--questions would overwrite the answers: give it another file")
    try:
        options = options_of(arguments)
    except (OSError, ValueError) as error:
        parser.error(reason_of(error))

    files = read(arguments.folder)
    if len(files) >= PROGRESS_EVERY:
        print(f"{len(files)} files read, migrating", file=sys.stderr)
    migration = fm.migrate_repository(files, options=options)
    if arguments.helm_list:
        try:
            options = with_inventories(options, migration.context, arguments.helm_list)
        except (OSError, ValueError) as error:
            parser.error(str(error))
        migration = fm.migrate_repository(files, options=options)
    report = migration.to_markdown()
    shown = []
    for text, path in ((migration.diff(), arguments.diff), (report, arguments.report)):
        if path is None:
            shown.append(text)
        else:
            path.write_bytes(text.encode("utf-8"))
    show("\n".join(shown))
    if arguments.questions is not None:
        write_questions(arguments.questions, migration.questions())
    if arguments.page is not None:
        arguments.page.write_text(migration.to_html(), "utf-8", newline="\n")
    if arguments.write:
        write(arguments.folder, migration)
        if arguments.clusters is not None and not arguments.clusters.exists():
            write_clusters(arguments.clusters, migration.context)
    # Whatever was shown, its top is out of sight by now.
    print("\n\n".join(report.split("\n\n")[1:3]), file=sys.stderr)
    return 0 if migration.ok else 1


if __name__ == "__main__":
    sys.exit(main())
