"""A migration leaves nothing to the collector of garbage, and leaves it alone."""

from __future__ import annotations

import gc

import pytest

import fluxv2_migrate as fm
from fluxv2_migrate.preparation import prepared
from fluxv2_migrate.repository.reading import Repository, read_repository
from manifest_texts import release_text

RELEASE = release_text(
    """\
  releaseName: app-{number}
  helmVersion: v3
  chart:
    repository: https://charts.example.com
    name: app
    version: 1.2.3
  values:
    image: {{repository: example.com/app, tag: "1.0"}} # ours
""",
    name="app-{number}",
)


def test_python_collects_garbage_for_other_threads_while_a_repository_is_migrated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[bool] = []

    def observe(files: dict[str, str | bytes]) -> Repository:
        seen.append(gc.isenabled())
        return read_repository(files)

    monkeypatch.setattr(prepared, "read_repository", observe)
    fm.migrate_repository({"app.yaml": RELEASE.format(number=1)})
    assert seen == [True]


def test_migrations_leave_no_garbage_that_grows_with_the_repository() -> None:
    left: list[int] = []
    for releases in (5, 50):
        files = {f"{number}.yaml": RELEASE.format(number=number) for number in range(releases)}
        fm.migrate_repository(files)
        gc.collect()
        gc.disable()
        migration = fm.migrate_repository(files)
        assert len(migration.changed) == releases
        left.append(gc.collect())
        gc.enable()
    assert left[1] - left[0] < 45
