"""The project's checks. Nothing here downloads an interpreter: what the machine has is what is tested."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

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
# The oldest releases of what users get along with the package, as it promises to work with them.
OLDEST = [
    requirement.replace(">=", "==")
    for requirement in (
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["testing"],
    )
]
CODE = ("src", "tests", "examples", "docs", "benchmarks", "noxfile.py", "conftest.py")

nox.options.download_python = "never"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = True
nox.options.sessions = ["lint", "types", "tests", "docs", "example"]


def install(session: nox.Session, group: str) -> None:
    session.install("-e", ".", *nox.project.dependency_groups(PROJECT, group))


@nox.session(python=list(dict.fromkeys((PYTHONS[0], PYTHONS[-1]))))
def tests(session: nox.Session) -> None:
    """All tests, docstrings, README and documentation included, on the oldest and the newest interpreter.

    Reference data beside the project, which say the same on each, are read on the oldest one alone.
    """
    _test(session, {} if session.python == PYTHONS[0] else {"REFERENCE_DATA": "none"})


@nox.session(python=PYTHONS[1:-1] or PYTHONS[:1])
def between(session: nox.Session) -> None:
    """The same on the interpreters between these."""
    _test(session)


def _test(session: nox.Session, env: Mapping[str, str] = MappingProxyType({})) -> None:
    install(session, "test")
    # Files are kept together: the code blocks of a page build on one another.
    session.run("pytest", "-n", "auto", "--dist", "loadfile", *session.posargs, env=env)


@nox.session(python=PYTHONS[0])
def lowest(session: nox.Session) -> None:
    """The same with the oldest releases of all that the package needs."""
    session.install("-e", ".", *nox.project.dependency_groups(PROJECT, "test"), *OLDEST)
    session.run("pytest", "-n", "auto", "--dist", "loadfile", *session.posargs)


@nox.session(python=PYTHONS[0])
def coverage(session: nox.Session) -> None:
    """Which branches are taken."""
    install(session, "test")
    report = ("--cov", "--cov-report=term-missing:skip-covered", "--cov-fail-under=100")
    session.run("pytest", "-n", "auto", "--dist", "loadfile", *report, *session.posargs)


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
    # Answers in a thousand companies, and as many overlays that build what their releases become.
    laws = (
        "tests/test_answers.py",
        "tests/test_patches_of_releases.py",
        "tests/test_combined_overlays.py",
        "tests/test_migration_of_kustomize_trees.py",
    )
    session.run("pytest", *laws, env={"GENERATED_TREES": "1000"})


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


@nox.session(python=PYTHONS[0])
def outside(session: nox.Session) -> None:
    """What mypy and pyright say of scripts that use the package as it is installed."""
    session.install(".", "mypy>=1.14", "pyright[nodejs]>=1.1.390")
    scripts = [Path(name).resolve() for name in ("examples/migrate_repository.py", "tests/users_script.py")]
    # Elsewhere, so that no checker finds the project above the scripts.
    with TemporaryDirectory() as folder, session.chdir(folder):
        for script in scripts:
            shutil.copy(script, folder)
            session.run("mypy", "--strict", script.name)
            session.run("pyright", "--warnings", script.name)


@nox.session(python=PYTHONS[0])
def pyodide(session: nox.Session) -> None:
    """Every example of the pages and docstrings in WebAssembly, as a browser would run them."""
    session.install("pip")
    folder = Path(session.create_tmp())
    installed = folder / "installed"
    shutil.rmtree(installed, ignore_errors=True)
    wanted = [*PROJECT["project"]["dependencies"], "hypothesis", "pytest", "sybil"]
    target = ("--platform", "pyemscripten_2026_0_wasm32", "--python-version", "3.14", "--abi", "cp314")
    session.run(
        "python",
        "-m",
        "pip",
        "install",
        "-q",
        "--target",
        installed,
        *target,
        "--only-binary",
        ":all:",
        *wanted,
    )
    session.run("npm", "install", "--silent", "--prefix", folder, "pyodide@314", external=True)
    shutil.copy("tests/pyodide.mjs", folder)
    session.run(
        "node", folder / "pyodide.mjs", installed, Path.cwd(), "README.md", "docs", "src", external=True
    )


@nox.session(python=PYTHONS[0])
def release(session: nox.Session) -> None:
    """Builds what is uploaded, twice to the same bytes, and tests it as those get it who download it."""
    session.install(*nox.project.dependency_groups(PROJECT, "release"))
    committed = session.run("git", "log", "-1", "--format=%ct", external=True, silent=True)
    # Archives say when their files were made: that of the commit, so that whoever builds it gets the same.
    env = {"SOURCE_DATE_EPOCH": str(committed).strip()}
    shutil.rmtree("dist", ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", "dist", env=env)
    # The second time from what the first one packed, and elsewhere: it holds all that a build needs.
    again = Path(session.create_tmp()) / "again"
    session.run("python", "-m", "build", "--outdir", again / "dist", unpacked(again), env=env)
    built = sorted(Path("dist").iterdir())
    for path in built:
        if path.read_bytes() != (again / "dist" / path.name).read_bytes():
            session.error(f"{path.name} is not the same when it is built again")
    session.run("twine", "check", "--strict", *built)
    version = packed().name.removesuffix(".tar.gz").partition("-")[2]
    if f"\n## {version}\n" not in Path("CHANGELOG.md").read_text("utf-8"):
        session.error(f"CHANGELOG.md says nothing of {version}")
    session.notify(f"released_oldest-{PYTHONS[0]}")
    session.notify(f"released_newest-{PYTHONS[-1]}")


@nox.session(python=PYTHONS[0])
def released_oldest(session: nox.Session) -> None:
    """The tests of the built sdist with the oldest releases of all that the package needs."""
    _test_released(session, *OLDEST)


@nox.session(python=PYTHONS[-1])
def released_newest(session: nox.Session) -> None:
    """The same with the newest."""
    _test_released(session)


def _test_released(session: nox.Session, *pinned: str) -> None:
    folder = unpacked(Path(session.create_tmp()) / "sdist")
    (wheel,) = Path("dist").glob("*.whl")
    session.install(str(wheel), *nox.project.dependency_groups(PROJECT, "test"), *pinned)
    session.chdir(folder)
    # What is tested is what was installed: the source beside the tests is not on the path.
    installed = ("-o", "pythonpath=tests", "tests", "docs", "README.md")
    session.run("pytest", "-n", "auto", "--dist", "loadfile", *installed, *session.posargs)


def packed() -> Path:
    """Gives the built sdist."""
    (sdist,) = Path("dist").glob("*.tar.gz")
    return sdist


def unpacked(folder: Path) -> Path:
    """Unpacks the built sdist into this folder, which is emptied; gives the project in it."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.unpack_archive(packed(), folder, filter="data")
    return folder / packed().name.removesuffix(".tar.gz")
