"""The project's checks; nothing here downloads an interpreter."""

from __future__ import annotations

import nox

nox.options.download_python = "never"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["tests", "lint", "types"]

PROJECT = nox.project.load_toml("pyproject.toml")


def install(session: nox.Session, group: str) -> None:
    session.install("-e", ".", *nox.project.dependency_groups(PROJECT, group))


@nox.session
def tests(session: nox.Session) -> None:
    install(session, "test")
    session.run("pytest", "tests", "src", "README.md", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    session.install(*nox.project.dependency_groups(PROJECT, "lint"))
    session.run("ruff", "check", "src", "tests", "noxfile.py")
    session.run("ruff", "format", "--check", "src", "tests", "noxfile.py")


@nox.session
def types(session: nox.Session) -> None:
    install(session, "types")
    session.run("mypy", "src", "tests", "noxfile.py")
