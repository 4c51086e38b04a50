"""The releases that laws are tried on: each field of Flux v1 is in enough of them to matter."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

import fluxv2_migrate as fm
from fluxv2_migrate.rules.table import FIELDS
from fluxv2_migrate.yaml_text import Style
from generated_releases import ANY_RELEASES, NOTHING_IS_RARE, fields_in
from test_laws_of_migration import text_of

OPTIONS = fm.MigrationOptions(overrides=(fm.Override(accept=("HR030",)),))
# A release of the first API says nothing of where its chart is.
NEEDS_MORE = {"spec.chartGitPath"}


def hold(examples: int, least: float) -> None:
    """Holds that each field is in a share of some examples, and of those that are migrated."""
    drawn: Counter[str] = Counter()
    migrated: Counter[str] = Counter()

    @seed(2_026)
    @settings(
        max_examples=examples,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize=False,
    )
    @given(ANY_RELEASES)
    def draw(manifest: dict[str, Any]) -> None:
        fields = {"an example", *fields_in(manifest)}
        drawn.update(fields)
        if fm.migrate_text(text_of(manifest, Style()), options=OPTIONS).changed:
            migrated.update(fields)

    draw()
    assert drawn["an example"] == examples
    # Of what stops a release there is enough to see, and not so much that the laws see little else.
    assert 0.5 * examples < migrated["an example"] < 0.95 * examples
    names = [row.field for row in FIELDS]
    assert {name for name in names if drawn[name] < least * examples} == set()
    enough = least * migrated["an example"]
    assert {name for name in names if migrated[name] < enough} <= NEEDS_MORE


def test_every_field_is_in_some_examples() -> None:
    # The shares of so few differ from one machine to another.
    hold(800, NOTHING_IS_RARE / 4)


@pytest.mark.thorough
def test_every_field_is_in_one_example_of_a_hundred_and_more() -> None:
    hold(2_000, NOTHING_IS_RARE)
