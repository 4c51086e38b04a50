"""Runs the Python blocks of the Markdown files."""

from __future__ import annotations

import gc
from doctest import ELLIPSIS

from sybil import Sybil
from sybil.parsers.myst import PythonCodeBlockParser

# It needs what builds the pages, which the tests do not install.
collect_ignore = ["docs/conf.py"]

pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(doctest_optionflags=ELLIPSIS)],
    patterns=["README.md", "docs/*.md", "docs/**/*.md"],
).pytest()

# What is collected stays until the end: to look through it for garbage takes a quarter of the time.
gc.disable()


def pytest_collection() -> None:
    """Loads the package: a module that pytest imports by its path, for its docstrings, is there twice else.

    Classes of one of both cannot be pickled then.
    """
    # Not above: what is loaded before a run begins, counts as not covered.
    import fluxv2_migrate as fm

    for name in dir(fm):
        getattr(fm, name)


def pytest_collection_finish() -> None:
    """Keeps what was collected out of what is looked through while tests run."""
    gc.freeze()
    gc.enable()
