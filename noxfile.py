"""The project's checks. Nothing here downloads an interpreter: what the machine has is what is tested."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nox

SUPPORTED = ("3.11", "3.12", "3.13", "3.14")
PROBE = "import platform; print(platform.python_implementation(), platform.python_version())"


def find_interpreter(version: str) -> Path | None:
    """Gives a CPython of this version that runs, from PATH, from pyenv, or the one that runs this file."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = [
        *os.environ["PATH"].split(os.pathsep),
        *map(str, sorted(pyenv.glob("versions/*/bin"))),
        str(Path(sys.executable).parent),
    ]
    for folder in folders:
        executable = shutil.which(f"python{version}", path=folder)
        if executable is None:
            continue
        # A shim of pyenv is there for versions that are not switched on, and fails when it is called.
        answer = subprocess.run([executable, "-c", PROBE], capture_output=True, text=True, check=False)
        if answer.stdout.startswith(f"CPython {version}."):
            return Path(executable)
    return None


FOUND = {version: path for version in SUPPORTED if (path := find_interpreter(version))}
# Sessions are named by version; this makes nox and its backends find the interpreter that runs before a shim.
os.environ["PATH"] = os.pathsep.join([*(str(path.parent) for path in FOUND.values()), os.environ["PATH"]])
# With none found nox says which one is missing.
PYTHONS = list(FOUND) or [SUPPORTED[0]]

PROJECT = nox.project.load_toml("pyproject.toml")
CODE = ("src", "tests", "examples", "docs", "benchmarks", "noxfile.py", "conftest.py")

nox.options.download_python = "never"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = True
nox.options.sessions = ["lint", "types", "tests", "docs", "example"]


def install(session: nox.Session, group: str) -> None:
    session.install("-e", ".", *nox.project.dependency_groups(PROJECT, group))


@nox.session(python=list(dict.fromkeys((PYTHONS[0], PYTHONS[-1]))))
def tests(session: nox.Session) -> None:
    """All tests, docstrings, README and documentation included, on the oldest and the newest interpreter."""
    _test(session)


@nox.session(python=PYTHONS[1:-1] or PYTHONS[:1])
def between(session: nox.Session) -> None:
    """The same on the interpreters between these."""
    _test(session)


def _test(session: nox.Session) -> None:
    install(session, "test")
    # Files are kept together: the code blocks of a page build on one another.
    session.run("pytest", "-n", "auto", "--dist", "loadfile", *session.posargs)


@nox.session(python=PYTHONS[0])
def coverage(session: nox.Session) -> None:
    """Which branches are taken."""
    install(session, "test")
    session.run("coverage", "run", "-m", "pytest")
    session.run("coverage", "report", "--fail-under=100")


@nox.session(python=PYTHONS[0])
def fuzz(session: nox.Session) -> None:
    """Texts that nobody would write, led by what they reach; `-max_total_time=3600` for an hour."""
    install(session, "test")
    session.install("atheris>=3.0")
    session.run("python", "tests/fuzzing.py", *session.posargs)


@nox.session(python=PYTHONS[0])
def lint(session: nox.Session) -> None:
    session.install(*nox.project.dependency_groups(PROJECT, "lint"))
    code = [path for path in CODE if Path(path).exists()]
    session.run("ruff", "check", *code)
    session.run("ruff", "format", "--check", *code)
    session.run("lint-imports", env={"PYTHONPATH": "src"})


@nox.session(python=PYTHONS[0])
def types(session: nox.Session) -> None:
    install(session, "types")
    session.run("mypy")
    # A second run, because it is a module named conftest like that of the tests.
    session.run("mypy", "conftest.py")


@nox.session(python=PYTHONS[0])
def docs(session: nox.Session) -> None:
    install(session, "docs")
    session.run("sphinx-build", "-W", "--keep-going", "-b", "html", "docs", "docs/_build/html")


@nox.session(python=PYTHONS[0])
def example(session: nox.Session) -> None:
    """What the migration of a repository of two clusters looks like: the diff and the report."""
    session.install("-e", ".")
    session.run("python", "examples/migrate_repository.py", "examples/two-clusters")


@nox.session(python=PYTHONS[0])
def thorough(session: nox.Session) -> None:
    """Laws on thousands of repositories, and single mistakes of every kind: which of them are seen."""
    install(session, "test")
    session.run("pytest", "-m", "thorough", "-n", "auto")
    session.run("python", "tests/single_mistakes.py", "../shared", *(session.posargs or ("3",)))
    # A thousand generated overlays build, with the real kustomize, what their releases become.
    session.run("pytest", "tests/test_patches_of_releases.py", env={"GENERATED_TREES": "1000"})


@nox.session(python=PYTHONS[0])
def benchmarks(session: nox.Session) -> None:
    install(session, "test")
    missed = [
        path.name
        for path in sorted(Path("benchmarks").glob("*.py"))
        if path.name != "generated.py"
        and session.run("python", str(path), success_codes=[0, 1], silent=False) is False
    ]
    if missed:
        session.error(f"not as fast or as small as wanted: {', '.join(missed)}")
