"""The notebooks of the documentation say what their cells give."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "docs").glob("*.ipynb"))


def run(source: str, names: dict[str, Any]) -> object:
    """Runs a cell and gives the value of its last line, if that is an expression."""
    tree = ast.parse(source)
    last = tree.body[-1]
    if not isinstance(last, ast.Expr):
        exec(compile(tree, "cell", "exec"), names)
        return None
    exec(compile(ast.Module(tree.body[:-1], []), "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_of_a_notebook_gives_what_stands_below_it(
    notebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(notebook.parent)
    names: dict[str, Any] = {}
    shown = 0
    for cell in json.loads(notebook.read_text("utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        value = run("".join(cell["source"]), names)
        expected = [text for output in cell["outputs"] for text in output["data"]["text/plain"]]
        if expected:
            assert [repr(value)] == expected
            shown += 1
        else:
            # What shows itself as a page is shown where the documentation is built.
            assert value is None or hasattr(value, "_repr_html_")
    assert shown > 5
