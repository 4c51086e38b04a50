"""Real repositories held against clusters that agree with them, and against some that do not."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

import fluxv2_migrate as fm
from cluster_inventories import (
    CONTRADICTIONS,
    REVISION,
    Contradicted,
    Running,
    agreeing,
    contradicted,
    inventory_of,
    options_with,
    told_of,
)
from reference_trees import TREES, read_tree

# Their clusters say themselves which Helm they have.
CONVERTED = (fm.Override(accept=("HR030", "HR032")),)


@cache
def known(folder: Path) -> tuple[dict[str, str | bytes], fm.Migration, list[Running]]:
    files = read_tree(folder)
    migration = fm.migrate_repository(files, fm.MigrationOptions(overrides=CONVERTED))
    return files, migration, agreeing(migration)


@pytest.mark.parametrize("name", TREES)
def test_a_cluster_that_agrees_is_not_spoken_of_and_all_is_adopted(shared: Path, name: str) -> None:
    files, base, running = known(shared / "corpus" / name / "v1")
    migration = fm.migrate_repository(files, options_with(base, running))
    assert told_of(migration) == {}
    assert {each.resource for each in migration.expected} == {each.resource for each in base.expected}
    for each in migration.first_hour().releases:
        assert (each.action, each.revision) in (("upgrade", REVISION + 1), ("nothing", None)), each
    for cluster in {each.cluster for each in migration.expected}:
        own = [each for each in running if each.release.cluster == cluster]
        assert fm.verify_cluster(migration, inventory_of(own, REVISION + 1), cluster=cluster).ok
        waiting = any(not (each.release.suspended or each.release.ignored) for each in own)
        assert fm.verify_cluster(migration, inventory_of(own, REVISION), cluster=cluster).ok != waiting


@pytest.mark.parametrize("name", TREES)
def test_each_contradiction_is_told_with_both_sides_and_nothing_else_is(shared: Path, name: str) -> None:
    files, base, running = known(shared / "corpus" / name / "v1")
    seen: set[str] = set()
    # In a large repository one round has each kind.
    for start in range(len(CONTRADICTIONS)) if len(running) < 40 else (0,):
        mixed = list(contradicted(running, start))
        now = [each.running if isinstance(each, Contradicted) else each for each in mixed]
        told = told_of(fm.migrate_repository(files, options_with(base, now)))
        for each in mixed:
            if isinstance(each, Running):
                assert each.key not in told
                continue
            (found,) = told[each.running.key].items()
            assert found[0] == each.code, (each, found)
            assert all(text in found[1] for text in each.named), (each, found)
            seen.add(each.code)
    if len(running) > len(CONTRADICTIONS):
        assert seen == {"IN001", "IN002", "IN003", "IN004", "IN005", "IN006", "IN007"}
