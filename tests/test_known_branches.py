"""Refs of charts that the repository itself shows to be branches, so that nobody is asked."""

from __future__ import annotations

import pytest

import fluxv2_migrate as fm
from built_clusters import Files
from manifest_texts import fluxd_text

CHART = """\
apiVersion: helm.fluxcd.io/v1
kind: HelmRelease
metadata:
  name: NAME
  namespace: shop
spec:
  helmVersion: v3
  releaseName: NAME
  chart:
    git: URL
    ref: REF
    path: charts/web
"""


def fluxd(name: str) -> str:
    url = "git@git.example.com:acme/fleet"
    return fluxd_text(f"--git-url={url}", f"--git-branch={name}", f"--git-path={name}", namespace=name)


def chart(ref: str, url: str = "git@git.example.com:acme/fleet", name: str = "web") -> str:
    return CHART.replace("NAME", name).replace("URL", url).replace("REF", ref)


def asked(files: Files, options: fm.MigrationOptions | None = None) -> list[str]:
    """Gives the files of releases of which the kind of the ref is asked."""
    migration = fm.migrate_repository(files, options or fm.MigrationOptions())
    assert fm.verify_migration(files, migration.files, options, declared=migration.declared).ok
    return [each.path for each in migration.findings if each.code == "HR052"]


@pytest.mark.parametrize(
    ("url", "ref", "is_asked"),
    [
        ("git@git.example.com:acme/fleet", "live", False),
        ("https://git.example.com/Acme/fleet.git", "live", False),
        ("git@git.example.com:acme/fleet", "next", True),
        ("git@git.example.com:acme/other", "live", True),
    ],
)
def test_the_branch_that_fluxd_syncs_is_one(url: str, ref: str, *, is_asked: bool) -> None:
    files: Files = {"live/flux.yaml": fluxd("live"), "live/web.yaml": chart(ref, url)}
    assert asked(files) == ["live/web.yaml"] * is_asked


def test_a_branch_of_any_cluster_is_one_for_all() -> None:
    files: Files = {
        "live/flux.yaml": fluxd("live"),
        "test/flux.yaml": fluxd("test"),
        "live/web.yaml": chart("test"),
        "test/web.yaml": chart("live", name="db"),
    }
    assert asked(files) == []


def test_a_branch_that_a_source_of_flux_2_names_is_one() -> None:
    source = (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n"
        "metadata: {name: charts, namespace: flux-system}\n"
        "spec: {interval: 1m, url: 'https://git.example.com/acme/charts', ref: {branch: live}}\n"
    )
    url = "https://git.example.com/acme/charts"
    files: Files = {
        "apps/source.yaml": source,
        "apps/web.yaml": chart("live", url),
        "apps/db.yaml": chart("next", url, "db"),
    }
    options = fm.MigrationOptions(sync_roots=("apps",))
    assert asked(files, options) == ["apps/db.yaml"]
    named = source.replace("branch: live", "name: refs/heads/live")
    assert asked({**files, "apps/source.yaml": named}, options) == ["apps/db.yaml"]
    tagged = source.replace("branch: live", "tag: live")
    assert asked({**files, "apps/source.yaml": tagged}, options) == ["apps/db.yaml", "apps/web.yaml"]
