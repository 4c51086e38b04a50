"""Every kind of a single mistake in a migrated repository is seen."""

from __future__ import annotations

import pytest

import fluxv2_migrate as fm
from mistaken_repositories import Migrated, repositories
from single_mistakes import KINDS, is_harmless, verified


def test_there_is_a_repository_for_each_kind() -> None:
    assert len(KINDS) > 100
    assert [
        name for name, kind in KINDS.items() if not any(any(kind(each)) for each in repositories(None))
    ] == []


@pytest.mark.parametrize("migrated", repositories(None), ids=lambda migrated: migrated.name)
def test_without_a_mistake_all_is_well(migrated: Migrated) -> None:
    report = verified(migrated, migrated.after)
    assert report.ok, report.to_markdown()


def test_what_is_synced_tells_which_branch_is_checked_out_where_nobody_names_one() -> None:
    known = repositories(None)[0]
    clusters = tuple(each.model_copy(update={"branch": None}) for each in known.options.clusters)
    options = known.options.model_copy(update={"clusters": clusters})
    assert fm.verify_migration(known.before, known.after, options, declared=known.declared).ok
    path = "apps/images/flux-system-automation.yaml"
    wrong = {**known.after, path: str(known.after[path]).replace("branch: main", "branch: other")}
    report = fm.verify_migration(known.before, wrong, options, declared=known.declared)
    assert {each.field for entry in report.workloads for each in entry.differences} == {"image.branch"}


@pytest.mark.parametrize("name", KINDS)
def test_a_single_mistake_is_seen(name: str) -> None:
    for migrated in repositories(None):
        candidates = (files for files in KINDS[name](migrated) if files != migrated.after)
        mistake = next((files for files in candidates if not is_harmless(migrated, files)), None)
        if mistake is not None:
            assert not verified(migrated, mistake).ok
            return
    raise AssertionError("no repository makes such a mistake possible")
