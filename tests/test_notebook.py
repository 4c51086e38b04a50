"""The notebook of the documentation says what its cells give."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

NOTEBOOK = Path(__file__).parent.parent / "docs" / "image-automation.ipynb"


def run(source: str, names: dict[str, Any]) -> list[str]:
    """Runs a cell and gives what it shows: its last line, if that is an expression."""
    tree = ast.parse(source)
    last = tree.body[-1]
    if not isinstance(last, ast.Expr):
        exec(compile(tree, str(NOTEBOOK), "exec"), names)
        return []
    exec(compile(ast.Module(tree.body[:-1], []), str(NOTEBOOK), "exec"), names)
    return [repr(eval(compile(ast.Expression(last.value), str(NOTEBOOK), "eval"), names))]


def test_every_cell_of_the_notebook_gives_what_stands_below_it() -> None:
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    names: dict[str, Any] = {}
    shown = 0
    for cell in cells:
        if cell["cell_type"] == "code":
            expected = [text for output in cell["outputs"] for text in output["data"]["text/plain"]]
            assert run("".join(cell["source"]), names) == expected
            shown += len(expected)
    assert shown > 5
