"""Codes of findings, and findings as values."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import fluxv2_migrate as fm

ROOT = Path(__file__).parent.parent


def test_every_code_is_used_and_every_used_code_is_known() -> None:
    sources = [path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py") if path.name != "table.py"]
    used = set(re.findall(r'"([A-Z]{2}\d{3})"', "\n".join(sources)))
    assert used == set(fm.FINDINGS)


def test_the_table_is_in_the_order_of_the_codes() -> None:
    assert list(fm.FINDINGS) == sorted(fm.FINDINGS)
    # A row that stands twice would be overruled by the second one without a word.
    table = (ROOT / "src/fluxv2_migrate/findings/table.py").read_text("utf-8")
    assert re.findall(r'^    FindingType\("(\w+)"', table, re.MULTILINE) == list(fm.FINDINGS)


def test_slugs_are_unique_and_findings_are_values() -> None:
    assert len({kind.slug for kind in fm.FINDINGS.values()}) == len(fm.FINDINGS)
    finding = fm.Finding("HR014", "too long", answer=fm.Override(name="a"))
    assert pickle.loads(pickle.dumps(finding)) == finding
    assert (finding.severity, finding.slug) == ("error", "release-name-too-long")
    assert finding.remedy == fm.FINDINGS["HR014"].remedy
