"""Small repositories with what must come of them, where the reference data has them."""

from __future__ import annotations

from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import pytest

from reference_data import SHARED

FOLDER = SHARED / "cases"
EXPECTED_TO_FAIL = frozenset(
    {
        # Its pattern asks for a backspace character in a command.
        "d-runbook-creates-the-sync",
    }
)
"""What is not done yet; one that passes is taken off."""


@cache
def runner() -> Any:
    """The module that checks a case, from where it stands."""
    spec = spec_from_file_location("cases_of_the_reference_data", FOLDER / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not FOLDER.is_dir(), reason="no reference data beside the project")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(path.stem, marks=[pytest.mark.xfail] if path.stem in EXPECTED_TO_FAIL else [])
        for path in sorted(FOLDER.glob("*.yaml"))
    ],
)
def test_what_comes_of_a_small_repository(name: str) -> None:
    module = runner()
    assert module.check(module.load(FOLDER / f"{name}.yaml")) == []
