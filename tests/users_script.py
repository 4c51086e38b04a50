# pyright: strict
"""A script as users write it, which mypy and pyright must understand where the package is only installed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_type

import fluxv2_migrate as fm


def plan(files: Mapping[str, str | bytes]) -> list[str]:
    """Gives what a person has to do before the migration can be merged."""
    options = fm.MigrationOptions(
        sync_roots=("clusters/eu",),
        clusters=(
            fm.Cluster(
                name="eu", sync_paths=("clusters/eu",), fluxd=fm.Fluxd(git_url="ssh://git@example.com/fleet")
            ),
        ),
        overrides=(fm.Override(namespace="shop", name="web", release_name="web"),),
    )
    migration = fm.migrate_repository(files, options)
    assert_type(migration, fm.Migration)
    assert_type(migration.ok, bool)
    assert_type(migration.files, Mapping[str, str | bytes])
    assert_type(migration.findings[0].answer, fm.Override | None)
    assert_type(migration.findings.to_records(), list[dict[str, Any]])
    assert_type(migration.context.as_clusters(), tuple[fm.Cluster, ...])
    assert_type(migration.to_html(), str)
    for each in migration.resources:
        if isinstance(each.resource, fm.flux2.HelmRelease):
            assert_type(each.resource.spec.release_name, str | None)
    report = fm.verify_migration(files, migration.files, options, declared=migration.declared)
    assert_type(report.releases, tuple[fm.ReleaseVerification, ...])
    assert_type(fm.flux1.sort_tags([fm.flux1.TaggedImage("1.0.0")], "semver:~1"), tuple[str, ...])
    return [f"{need.namespace}/{need.name}" for need in migration.prerequisites]
