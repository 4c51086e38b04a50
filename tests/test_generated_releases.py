"""The releases that laws are tried on: each field of Flux v1 is in enough of them to matter."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

import fluxv2_migrate as fm
from fluxv2_migrate.rules.table import FIELDS
from fluxv2_migrate.yaml_text import Style
from generated_releases import ANY_RELEASES, NOTHING_IS_RARE, fields_in
from test_laws_of_migration import text_of

EXAMPLES = 2_000
OPTIONS = fm.MigrationOptions(overrides=(fm.Override(accept=("HR030",)),))
# A release of the first API says nothing of where its chart is.
NEEDS_MORE = {"spec.chartGitPath"}


def test_every_field_is_in_one_example_of_a_hundred_and_more() -> None:
    drawn: Counter[str] = Counter()
    migrated: Counter[str] = Counter()

    @seed(2_026)
    @settings(
        max_examples=EXAMPLES,
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
    assert drawn["an example"] == EXAMPLES
    # Of what stops a release there is enough to see, and not so much that the laws see little else.
    assert 0.5 * EXAMPLES < migrated["an example"] < 0.95 * EXAMPLES
    names = [row.field for row in FIELDS]
    assert {name for name in names if drawn[name] < NOTHING_IS_RARE * EXAMPLES} == set()
    enough = NOTHING_IS_RARE * migrated["an example"]
    assert {name for name in names if migrated[name] < enough} <= NEEDS_MORE
