"""Features of kustomize and of both Fluxes that meet in one repository.

Each repository builds, with the real kustomize, what its releases become. A second migration changes nothing,
and what verification compares of it is as it was.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
from hypothesis import given, settings

import fluxv2_migrate as fm
from applied_sync_paths import hold_sync_paths
from combined_overlays import FEATURES, Drawn, combined_repositories, some_features

# The session `thorough` asks for more.
EXAMPLES = int(os.environ.get("GENERATED_TREES", "12"))
# Clusters that cannot share a release, what stands in no field that moves or in a way that no patch of a
# kustomization says, a build that kustomize or Flux v2 refuses, and what fluxd did after all that a
# kustomization does.
REASONS = {"HR113", "RP004", "RP018", "RP019", "RP020", "RP071", "RP073"}
AS_IT_WAS = ("same", "declared", "unmanaged")


def test_features_that_meet(tmp_path_factory: pytest.TempPathFactory) -> None:
    counted: Counter[str] = Counter()
    met: Counter[str] = Counter()
    for number in range(EXAMPLES):
        # The first example is the smallest one.
        @settings(max_examples=2, deadline=None)
        @given(combined_repositories(some_features(number)))
        def hold(drawn: Drawn) -> None:
            held = hold_sync_paths(drawn.files, drawn.options, tmp_path_factory.mktemp("combined"))
            assert held.reasons <= REASONS
            assert bool(held.reasons) >= bool(held.counted["stays"])
            migration = held.migration
            again = fm.migrate_repository(migration.files, drawn.options)
            assert dict(again.files) == dict(migration.files)
            report = fm.verify_migration(
                drawn.files, migration.files, drawn.options, declared=migration.declared
            )
            different = {each.resource for each in report.entries if each.status not in AS_IT_WAS}
            assert not (migration.ok and different)
            counted.update(held.counted)
            met.update(drawn.features)

        hold()
    assert counted["migrated"]
    if EXAMPLES > 100:
        assert met.keys() == FEATURES.keys()
        assert counted["stays"] <= 0.05 * (counted["stays"] + counted["migrated"])
