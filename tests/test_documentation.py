"""Every code has a page that shows it, and what the documentation says is what the library does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import fluxv2_migrate as fm
from pages_of_findings import PAGES, answer_of, example_of

ROOT = Path(__file__).parent.parent


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
    files, options = example_of(code)
    if not files:
        # Then a block that is run as a test shows it.
        assert f"['{code}']" in PAGES[code]
        return
    found = {finding.code: finding for finding in fm.migrate_repository(files, options).findings}
    assert code in found
    errors = {other for other, finding in found.items() if finding.severity == "error"}
    assert errors <= {code}, "an example shows one error"


@pytest.mark.parametrize("code", sorted(code for code in PAGES if answer_of(code) is not None))
def test_the_answer_of_a_page_settles_its_finding_alone(code: str) -> None:
    files, _ = example_of(code)
    answer = answer_of(code)
    assert answer is not None
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
