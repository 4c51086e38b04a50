"""The pages of findings, and the examples that they show."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import fluxv2_migrate as fm

__all__ = ["PAGES", "answer_of", "example_of"]

PAGES: Final = {
    path.stem: path.read_text("utf-8")
    for path in (Path(__file__).parent.parent / "docs" / "findings").glob("*.md")
    if path.stem != "index"
}
"""Their texts, by the codes."""
_SHOWN: Final = re.compile(r"^```\{code-block\} \w+\n:caption: (.+)\n\n((?:.*\n)*?)```$", re.MULTILINE)


def example_of(code: str) -> tuple[dict[str, str], fm.MigrationOptions]:
    """Gives the files and options that a page shows; no files where a block that runs shows its finding."""
    shown = dict(_SHOWN.findall(PAGES[code]))
    options = fm.MigrationOptions.model_validate_json(shown.pop("options", "{}"))
    return {path: text for path, text in shown.items() if path != "answer"}, options


def answer_of(code: str) -> fm.Override | None:
    """Gives the answer that a page shows, if one."""
    shown = dict(_SHOWN.findall(PAGES[code]))
    return fm.Override.model_validate_json(shown["answer"]) if "answer" in shown else None
