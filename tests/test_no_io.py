"""The library is a function of its arguments: no file, socket, environment, clock or process."""

from __future__ import annotations

import ast
import ctypes
import os
import socket
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import fluxv2_migrate as fm
from fluxv2_migrate import flux1
from fluxv2_migrate.plan import Move, Set, apply_to_text
from fluxv2_migrate.yaml_text import Style, compose

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))

# The same list that import-linter holds against.
FORBIDDEN_MODULES: frozenset[str] = frozenset(
    module
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    if contract["id"] == "no-io"
    for module in contract["forbidden_modules"]
)

FORBIDDEN_CALLS = frozenset(
    {"open", "input", "print", "breakpoint", "exec", "eval", "compile", "__import__"}
    | {f"datetime.{name}" for name in ("now", "utcnow", "today")}
    | {f"date.{name}" for name in ("today",)}
)


def forbidden_in(source: str) -> Iterator[str]:
    """Gives what a module imports or calls although it must not."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                imported = [alias.name for alias in names]
            case ast.ImportFrom(module=str(module), level=0):
                imported = [module]
            case ast.Call(func=ast.Name() | ast.Attribute() as function):
                # The last two names of a.b.c(): `datetime.datetime.now` and `datetime.now` are one thing.
                called = ".".join(ast.unparse(function).split(".")[-2:])
                if called in FORBIDDEN_CALLS:
                    yield f"{node.lineno}: {called}()"
                continue
            case _:
                continue
        for module in imported:
            if module.partition(".")[0] in FORBIDDEN_MODULES:
                yield f"{node.lineno}: import {module}"


@pytest.mark.parametrize(
    "source",
    [
        "import os",
        "import os.path as p",
        "from pathlib import PurePosixPath",
        "def f():\n    import time",
        "from urllib.parse import urlsplit",
        "x = open('a')",
        "print(1)",
        "datetime.now()",
        "datetime.datetime.now(tz)",
        "date.today()",
    ],
)
def test_the_static_check_sees(source: str) -> None:
    assert list(forbidden_in(source))


@pytest.mark.parametrize(
    "source",
    [
        "from fluxv2_migrate.io_words import x",
        "from . import os",
        "import re",
        "x.open()",
        "re.compile('a')",
        "document.print()",
        "datetime.fromisoformat('2020-01-01')",
        "(lambda: 1)()",
    ],
)
def test_the_static_check_does_not_mind(source: str) -> None:
    assert not list(forbidden_in(source))


def test_sources_neither_import_nor_call_what_does_io() -> None:
    assert SOURCES
    found = {
        f"{path.relative_to(ROOT)}:{what}"
        for path in SOURCES
        for what in forbidden_in(path.read_text("utf-8"))
    }
    assert found == set()


# Looks at an object of this process, and at nothing outside.
HARMLESS = frozenset({"builtins.id"})


class _Watch:
    """Collects the audit events of one thread while it is switched on; a hook cannot be removed again."""

    def __init__(self) -> None:
        self.thread: int | None = None
        self.events: list[str] = []

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.thread == threading.get_ident() and event not in HARMLESS:
            self.events.append(f"{event} {arguments!r}")


WATCH = _Watch()
sys.addaudithook(WATCH)


@contextmanager
def watched() -> Iterator[list[str]]:
    """Gives the list that the audit events of the block go to."""
    WATCH.events = []
    WATCH.thread = threading.get_ident()
    try:
        yield WATCH.events
    finally:
        WATCH.thread = None


def events_of(act: Callable[[], object]) -> list[str]:
    """Gives the audit events of what is done for the second time: the first time may import."""
    act()
    with watched() as events:
        act()
    return list(events)


@pytest.mark.parametrize(
    ("act", "event"),
    [
        (lambda: Path(os.devnull).open().close(), "open"),
        (lambda: list(os.scandir(ROOT)), "os.scandir"),
        (lambda: os.putenv("NOTHING_READS_THIS", "1"), "os.putenv"),
        (lambda: socket.socket().close(), "socket.__new__"),
        (lambda: subprocess.run([sys.executable, "-c", ""], check=True), "subprocess.Popen"),
        (lambda: ctypes.CDLL(None), "ctypes.dlopen"),
        (lambda: compile("1", "text", "eval"), "compile"),
    ],
)
def test_the_watch_sees(act: Callable[[], object], event: str) -> None:
    assert any(seen.startswith(f"{event} ") for seen in events_of(act))


def test_the_watch_minds_no_other_thread() -> None:
    def read() -> None:
        Path(os.devnull).open().close()

    thread = threading.Thread(target=read)
    with watched() as events:
        thread.start()
        thread.join()
    assert not [event for event in events if event.startswith("open ")]


def test_editing_a_manifest_does_no_io() -> None:
    text = "a: 1 # one\nb: [1, 2]\n"

    def edit() -> None:
        node = compose(text)
        assert node is not None
        apply_to_text((Set(("c",), 1), Move(("a",), ("d", "e"))), text, node, Style())

    assert events_of(edit) == []


def test_reading_and_writing_a_model_does_no_io() -> None:
    manifest = {
        "apiVersion": "helm.fluxcd.io/v1",
        "kind": "HelmRelease",
        "metadata": {"name": "web", "namespace": "teams"},
        "spec": {"chart": {"git": "git@example.com:org/charts", "path": "web"}, "values": {"a": None}},
    }
    assert events_of(lambda: flux1.HelmRelease.model_validate(manifest).to_manifest()) == []


def test_migrating_a_repository_does_no_io() -> None:
    fleet = ROOT / "examples" / "two-clusters"
    files = {
        path.relative_to(fleet).as_posix(): path.read_bytes().decode()
        for path in sorted(fleet.rglob("*"))
        if path.is_file()
    }

    def migrate() -> None:
        migration = fm.migrate_repository(files)
        assert migration.changed
        migration.diff()
        migration.to_markdown()
        migration.runbook()
        repr(migration)

    assert events_of(migrate) == []
