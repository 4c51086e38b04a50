"""Every code has a page that shows it, and what the documentation says is what the library does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import fluxv2_migrate as fm

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = {
    path.stem: path.read_text("utf-8") for path in (DOCS / "findings").glob("*.md") if path.stem != "index"
}
SHOWN = re.compile(r"^```\{code-block\} \w+\n:caption: (.+)\n\n((?:.*\n)*?)```$", re.MULTILINE)


def test_each_code_has_a_page_and_each_page_a_code() -> None:
    assert set(PAGES) == set(fm.FINDINGS)


@pytest.mark.parametrize("code", sorted(fm.FINDINGS))
def test_a_page_begins_with_code_slug_and_severity(code: str) -> None:
    finding = fm.FINDINGS[code]
    assert PAGES[code].startswith(f"# {code} {finding.slug}\n\n**{finding.severity}**: ")
    _, heading, what_to_do = PAGES[code].partition("\n## What to do\n")
    assert heading
    # Whoever may settle an error by a look is told so, or is given the answer, where it says what to do.
    assert re.search("accept|:caption: answer", what_to_do, re.IGNORECASE) or not finding.settled_by_a_look


@pytest.mark.parametrize("code", sorted(fm.FINDINGS))
def test_migrating_the_example_of_a_page_gives_its_finding(code: str) -> None:
    files = dict(SHOWN.findall(PAGES[code]))
    if not files:
        # Then a block that is run as a test shows it.
        assert f"['{code}']" in PAGES[code]
        return
    options = fm.MigrationOptions.model_validate_json(files.pop("options", "{}"))
    files.pop("answer", None)
    found = {finding.code: finding for finding in fm.migrate_repository(files, options).findings}
    assert code in found
    errors = {other for other, finding in found.items() if finding.severity == "error"}
    assert errors <= {code}, "an example shows one error"


@pytest.mark.parametrize("code", sorted(code for code, page in PAGES.items() if ":caption: answer\n" in page))
def test_the_answer_of_a_page_settles_its_finding_alone(code: str) -> None:
    files = dict(SHOWN.findall(PAGES[code]))
    answer = fm.Override.model_validate_json(files.pop("answer"))
    asked = {finding.code: finding for finding in fm.migrate_repository(files).findings}
    settled = fm.migrate_repository(files, fm.MigrationOptions(overrides=(answer,)))
    assert {finding.code for finding in settled.findings} - {"RP009", "HR118"} == set(asked) - {
        code,
        "RP009",
        "HR118",
    }
    assert settled.changed or settled.deleted
    # What is filled in may differ; what it is for is what the finding itself offers.
    offered = asked[code].answer
    assert offered is not None
    assert answer.model_fields_set == offered.model_fields_set


def test_continuous_integration_runs_the_command_of_the_readme() -> None:
    commands = re.findall(
        r"^python3 -m venv .+/nox -s .+$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE
    )
    assert len(commands) == 2
    assert (ROOT / ".ci" / "run").read_text("utf-8").rstrip().endswith(f"\n{commands[-1]}")
