"""The library is a function of its arguments: no file, socket, environment, clock or process."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

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


WATCH = """
import importlib, pkgutil, sys
import fluxv2_migrate as fm

for module in pkgutil.walk_packages(fm.__path__, "fluxv2_migrate."):
    if not module.name.startswith("fluxv2_migrate.testing"):
        importlib.import_module(module.name)

HARMLESS = {"import", "compile", "exec", "marshal.loads", "code.__new__", "object.__getattr__",
            "object.__setattr__", "object.__delattr__", "sys._getframe", "array.__new__", "builtins.id",
            "gc.get_referrers", "gc.get_referents", "gc.get_objects"}
watching = False
seen = []

def imports_a_module():
    frame = sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib."):
            return True
        frame = frame.f_back
    return False

def watch(event, arguments):
    global watching
    if watching and event not in HARMLESS:
        watching = False
        if not imports_a_module():
            seen.append(f"{event} {arguments!r}")
        watching = True

sys.addaudithook(watch)
watching = True
"""

REPORT = """
watching = False
print(*seen, sep="\\n")
"""


def events_of(program: str) -> list[str]:
    """Gives the audit events of a program, other than those of importing, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", WATCH + program + REPORT],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT / "src"), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[:-1] if done.stdout.strip() else []


@pytest.mark.parametrize(
    ("program", "event"),
    [
        ("open('/dev/null').close()", "open"),
        ("import os; os.listdir('/')", "os.listdir"),
        ("import socket; socket.socket().close()", "socket.__new__"),
        ("import subprocess; subprocess.run(['true'])", "subprocess.Popen"),
        ("import ctypes; ctypes.CDLL(None)", "ctypes.dlopen"),
    ],
)
def test_the_watch_sees(program: str, event: str) -> None:
    assert any(seen.startswith(f"{event} ") for seen in events_of(program))


def test_imports_alone_are_not_seen() -> None:
    assert events_of("import decimal, json.tool") == []


def test_editing_a_manifest_does_no_io() -> None:
    program = """
from fluxv2_migrate.plan import Move, Set, apply_to_text
from fluxv2_migrate.yaml_text import Style, compose
text = "a: 1 # one\\nb: [1, 2]\\n"
apply_to_text((Set(("c",), 1), Move(("a",), ("d", "e"))), text, compose(text), Style())
"""
    assert events_of(program) == []


def test_migrating_a_repository_does_no_io() -> None:
    shop = ROOT / "examples" / "small-shop"
    files = {
        path.relative_to(shop).as_posix(): path.read_bytes().decode()
        for path in sorted(shop.rglob("*"))
        if path.is_file()
    }
    program = f"""
migration = fm.migrate_repository({files!r})
migration.diff(), migration.to_markdown(), migration.runbook()
"""
    assert events_of(program) == []
