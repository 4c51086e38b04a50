"""Every kind of a single mistake in a migrated repository is seen."""

from __future__ import annotations

import pytest

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


@pytest.mark.parametrize("name", KINDS)
def test_a_single_mistake_is_seen(name: str) -> None:
    for migrated in repositories(None):
        candidates = (files for files in KINDS[name](migrated) if files != migrated.after)
        mistake = next((files for files in candidates if not is_harmless(migrated, files)), None)
        if mistake is not None:
            assert not verified(migrated, mistake).ok
            return
    raise AssertionError("no repository makes such a mistake possible")
