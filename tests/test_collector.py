"""The collector of garbage is paused during a migration, and only then."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

import pytest

import fluxv2_migrate as fm
from fluxv2_migrate import migrate
from fluxv2_migrate.repository.collector import paused_collector
from fluxv2_migrate.repository.reading import Repository, read_repository

RELEASE = """apiVersion: helm.fluxcd.io/v1
kind: HelmRelease
metadata:
  name: app-{number}
  namespace: shop
spec:
  releaseName: app-{number}
  helmVersion: v3
  chart:
    repository: https://charts.example.com
    name: app
    version: 1.2.3
  values:
    image: {{repository: example.com/app, tag: "1.0"}} # ours
"""


@pytest.fixture(autouse=True)
def _collecting() -> Iterator[None]:
    was_enabled = gc.isenabled()
    gc.enable()
    yield
    (gc.enable if was_enabled else gc.disable)()


def test_runs_again_after_an_exception() -> None:
    seen: list[bool] = []
    with contextlib.suppress(KeyError), paused_collector():
        seen.append(gc.isenabled())
        raise KeyError
    assert seen == [False]
    assert gc.isenabled()


def test_an_inner_use_does_not_end_the_outer_one() -> None:
    with paused_collector():
        with paused_collector():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_stays_off_where_somebody_has_switched_it_off() -> None:
    gc.disable()
    with paused_collector():
        pass
    assert not gc.isenabled()


def test_is_paused_while_a_repository_is_migrated(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def observe(files: dict[str, str | bytes]) -> Repository:
        seen.append(gc.isenabled())
        return read_repository(files)

    monkeypatch.setattr(migrate, "read_repository", observe)
    fm.migrate_repository({"app.yaml": RELEASE.format(number=1)})
    assert seen == [False]
    assert gc.isenabled()


def test_runs_again_after_a_migration_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_files: object) -> object:
        raise RuntimeError

    monkeypatch.setattr(migrate, "read_repository", fail)
    with pytest.raises(RuntimeError):
        fm.migrate_repository({})
    assert gc.isenabled()


def test_migrations_leave_no_garbage_that_grows_with_the_repository() -> None:
    """What makes the pause harmless: all that a migration makes is freed without the collector."""
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
