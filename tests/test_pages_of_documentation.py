"""Every public name is in the reference, and every link of the documentation leads somewhere."""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, get_args, get_type_hints

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from pydantic import BaseModel

import fluxv2_migrate as fm
import fluxv2_migrate.api as api

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
REFERENCE = "\n".join(path.read_text("utf-8") for path in sorted((DOCS / "reference").glob("*.md")))
DESCRIBED = re.findall(r"^\.\. (?:auto|py:)\w+:: (fluxv2_migrate\.[\w.]+)$", REFERENCE, re.MULTILINE)
MODULES: dict[str, ModuleType] = {"flux1": fm.flux1, "flux2": fm.flux2, "golang": fm.golang}
PUBLIC = [
    *(f"fluxv2_migrate.{name}" for name in api.__all__ if name not in MODULES),
    *(f"fluxv2_migrate.{module}.{name}" for module, each in MODULES.items() for name in each.__all__),
]
PAGES = [
    path
    for path in (*sorted(DOCS.rglob("*.md")), *sorted(ROOT.glob("*.md")))
    if "_build" not in path.parts and "_generated" not in path.parts
]
MARKDOWN = MarkdownIt("commonmark").enable("table")
URLS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["urls"]


def links_of(tokens: list[Token]) -> list[str]:
    """Gives the targets of all links and pictures."""
    found: list[str] = []
    for token in tokens:
        target = token.attrGet("href") or token.attrGet("src")
        if isinstance(target, str):
            found.append(target)
        found += links_of(token.children or [])
    return found


def anchors_of(page: Path) -> set[str]:
    """Gives the anchors of the headings, as the pages are built with them."""
    tokens = MARKDOWN.parse(page.read_text("utf-8"))
    titles = [after.content for token, after in pairwise(tokens) if token.tag in ("h1", "h2", "h3")]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_public_name_is_in_the_reference_once() -> None:
    assert sorted(DESCRIBED) == sorted(PUBLIC)


def types_of(hint: Any) -> Iterator[type]:
    """Gives the classes of which a type consists."""
    if isinstance(hint, type):
        yield hint
    for part in get_args(hint):
        yield from types_of(part)


# What one room hands to another, and the nodes of a regular expression.
FOR_THE_LIBRARY_ITSELF = {"ClusterSync", "ExpectedRelease", "LeftReleases"}


@pytest.mark.parametrize("name", PUBLIC)
def test_what_a_public_name_holds_takes_and_gives_is_public(name: str) -> None:
    found = public(name)
    if not isinstance(found, type | FunctionType):
        return
    if isinstance(found, type) and issubclass(found, BaseModel):
        # Its fields name models that stand below it.
        found.model_rebuild()
    said = [found, *(each for key, each in functions_in(name).items() if key != name)]
    hints = [hint for each in said for key, hint in get_type_hints(each).items() if not key.startswith("_")]
    unknown = {
        each.__name__
        for hint in hints
        for each in types_of(hint)
        if each.__module__.startswith("fluxv2_migrate.") and not each.__name__.startswith("_")
    } - {each.rpartition(".")[2] for each in PUBLIC}
    assert unknown <= FOR_THE_LIBRARY_ITSELF


def test_names_are_completed_by_public_ones_alone() -> None:
    assert {name for name in dir(fm) if not name.startswith("_")} == set(api.__all__)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_to_a_page_and_a_heading(page: Path) -> None:
    for target in links_of(MARKDOWN.parse(page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        other = (page.parent / path).resolve() if path else page
        assert other.exists(), target
        assert other.is_relative_to(DOCS) or page.parent == ROOT, f"{target} is not among the pages"
        assert not anchor or anchor in anchors_of(other), target


def test_links_of_the_readme_work_on_an_index() -> None:
    for target in links_of(MARKDOWN.parse((ROOT / "README.md").read_text("utf-8"))):
        assert target.startswith("https://"), target
        for base in (f"{URLS['Source']}/blob/main/", f"{URLS['Source']}/tree/main/"):
            if target.startswith(base):
                assert (ROOT / target.removeprefix(base)).exists(), target
        if target.startswith(URLS["Documentation"]):
            name = target.removeprefix(f"{URLS['Documentation']}/en/latest/").removesuffix(".html")
            assert any((DOCS / f"{name}{ending}").exists() for ending in (".md", ".ipynb")), target


def public(name: str) -> Any:
    """Gives what stands behind a public name."""
    found: Any = fm
    for part in name.split(".")[1:]:
        found = getattr(found, part)
    return found


def functions_in(name: str) -> dict[str, FunctionType]:
    """Gives the functions that stand behind a public name: itself, or its methods."""
    found = public(name)
    members = {name: found}
    if isinstance(found, type):
        own = [(each, getattr(method, "__func__", method)) for each, method in list(vars(found).items())]
        members = {f"{name}.{each}": method for each, method in own if not each.startswith("_")}
    return {each: method for each, method in members.items() if isinstance(method, FunctionType)}


FUNCTIONS = {name: function for each in PUBLIC for name, function in functions_in(each).items()}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_what_people_call_says_what_it_takes_and_shows_what_it_gives(name: str) -> None:
    said = inspect.getdoc(FUNCTIONS[name]) or ""
    taken = {each for each in inspect.signature(FUNCTIONS[name]).parameters if each not in ("self", "cls")}
    assert set(re.findall(r"^    \*{0,2}(\w+): ", said, re.MULTILINE)) >= taken
    assert ">>> " in said


def test_the_addresses_that_owners_replace_stand_only_where_contributors_are_told() -> None:
    told = {"pyproject.toml", "README.md", "examples/two-clusters/README.md"}
    folders = ("", "docs", "docs/reference", "docs/findings", "examples", "examples/two-clusters", "tests")
    texts = {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
        for folder in folders
        for path in (ROOT / folder).glob("*.*")
        if path.suffix in (".md", ".py", ".toml", ".ipynb")
    }
    address = re.compile("github\\.com/fluxv2-migrate|fluxv2-migrate\\.readthedocs")
    having = {path for path, text in texts.items() if address.search(text)}
    assert having - {"CONTRIBUTING.md"} == told
    assert all(f"`{path}`" in texts["CONTRIBUTING.md"] for path in told)
