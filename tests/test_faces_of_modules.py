"""What modules offer to others: all of it is asked for by somebody, and nothing else is public."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted(path for path in (ROOT / "src").rglob("*.py") if path.name not in ("__init__.py", "api.py"))
PUBLIC = ("fluxv2_migrate", "flux1", "flux2", "golang", "testing")
"""What people ask for, whatever asks for it here."""
READERS = [
    path
    for folder in ("src", "tests", "docs", "examples", "benchmarks")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in (".py", ".md", ".ipynb") and path.name != Path(__file__).name
]


@cache
def readers_of() -> Mapping[str, set[Path]]:
    """Gives for each word the files that have it."""
    found: dict[str, set[Path]] = defaultdict(set)
    for path in READERS:
        for word in set(re.findall(r"\w+", path.read_text("utf-8"))):
            found[word].add(path)
    return found


def defined(tree: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    """Gives each name that a module defines at its top, imports left out."""
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, node
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name, node
            case ast.Assign(targets=targets):
                for target in targets:
                    names = target.elts if isinstance(target, ast.Tuple) else [target]
                    yield from ((name.id, node) for name in names if isinstance(name, ast.Name))


def offered(tree: ast.Module) -> list[str]:
    """Gives what a module offers: all that has no underscore."""
    return [name for name, _ in defined(tree) if not name.startswith("_")]


def mentioned(node: ast.stmt) -> set[str]:
    """Gives what is in the bases, signatures, fields and docstrings of a definition."""
    found: set[str] = set()
    for each in ast.walk(node):
        match each:
            case ast.FunctionDef() as function:
                annotations = [
                    argument.annotation
                    for argument in ast.walk(function.args)
                    if isinstance(argument, ast.arg)
                ]
                for annotation in (*annotations, function.returns):
                    found |= set(re.findall(r"\w+", "" if annotation is None else ast.unparse(annotation)))
            case ast.AnnAssign(annotation=annotation):
                found |= set(re.findall(r"\w+", ast.unparse(annotation)))
        if isinstance(each, ast.ClassDef):
            found |= {ast.unparse(base) for base in each.bases}
        if isinstance(each, ast.FunctionDef | ast.ClassDef):
            found |= set(re.findall(r"\w+", ast.get_docstring(each) or ""))
    return found


def name_of(path: Path) -> str:
    return path.relative_to(ROOT / "src" / "fluxv2_migrate").as_posix()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_what_a_module_offers_is_what_others_ask_for(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    names = offered(tree)
    # The faces of public rooms alone have one; here it would say again what underscores say.
    assert "__all__" not in {name for name, _ in defined(tree)}
    for name in names:
        beside = (mentioned(node) for other, node in defined(tree) if other in names and other != name)
        assert readers_of()[name] - {path} or any(name in words for words in beside), name


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_what_a_module_keeps_to_itself_it_uses(path: Path) -> None:
    text = path.read_text("utf-8")
    for name, _ in defined(ast.parse(text)):
        if name.startswith("_") and not name.startswith("__"):
            assert len(re.findall(rf"\b{name}\b", text)) > 1, name


FACES = [path for path in sorted((ROOT / "src").rglob("__init__.py")) if path.parent.name not in PUBLIC]


@cache
def asked() -> dict[str, set[str]]:
    """Gives for each module the names that are imported from it."""
    found: dict[str, set[str]] = {}
    for path in READERS:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))) if path.suffix == ".py" else ():
            if isinstance(node, ast.ImportFrom):
                found.setdefault(node.module or "", set()).update(alias.name for alias in node.names)
    return found


@pytest.mark.parametrize("path", FACES, ids=lambda path: path.parent.name)
def test_what_the_face_of_a_room_gives_once_more_is_asked_of_it(path: Path) -> None:
    module = ".".join(path.parent.relative_to(ROOT / "src").parts)
    tree = ast.parse(path.read_text("utf-8"))
    # Its imports say it already.
    assert "__all__" not in {name for name, _ in defined(tree)}
    given = {
        alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("fluxv2_migrate")
        for alias in node.names
    }
    assert given <= asked().get(module, set())
