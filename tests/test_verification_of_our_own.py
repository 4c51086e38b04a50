"""Our own migrations, held against what both Fluxes do: what differs is what was declared, both ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fluxv2_migrate as fm
from fluxv2_migrate.yaml_text import Style
from generated_releases import ANY_RELEASES
from reference_trees import DEFINED_VERSIONS, PLAIN_TREES, definitions_of, read_tree, refusals
from test_laws_of_migration import text_of

OPTIONS = st.builds(
    fm.MigrationOptions,
    flux_version=st.sampled_from(DEFINED_VERSIONS),
    defaults=st.sampled_from(["keep", "flux2"]),
    failure_handling=st.sampled_from(["safe", "exact"]),
    reconcile_strategy=st.sampled_from(["Revision", "ChartVersion"]),
    suspend_releases=st.booleans(),
    # Releases of Helm 2 have been converted.
    overrides=st.just((fm.Override(accept=("HR030",)),)),
)


def hold(shared: Path, examples: int) -> None:
    """Holds of releases that what is made of them is valid, and that what differs is what is declared."""

    @settings(max_examples=examples)
    @given(ANY_RELEASES, OPTIONS)
    def law(manifest: dict[str, Any], options: fm.MigrationOptions) -> None:
        text = text_of(manifest, Style())
        migration = fm.migrate_text(text, options=options)
        for each in migration.resources:
            crds = definitions_of(shared, str(options.flux_version))
            assert refusals(crds, each.resource.to_manifest()) == []
        if not migration.changed:
            return
        files = {"manifest.yaml": text}
        report = fm.verify_migration(files, migration.files, options, declared=migration.declared)
        for entry in report.releases:
            assert (entry.status, entry.outcome) == ("declared", "adopted"), entry
            assert entry.undue == (), entry

    law()


def test_what_is_made_is_valid_and_what_differs_is_what_is_declared(shared: Path) -> None:
    hold(shared, 700)


@pytest.mark.thorough
def test_it_is_of_many_releases(shared: Path) -> None:
    hold(shared, 3_000)


@pytest.mark.parametrize("name", [*PLAIN_TREES, "homelab-half-migrated", "enterprise-overlays"])
def test_every_release_of_a_real_tree_is_adopted(shared: Path, name: str) -> None:
    files = read_tree(shared / "corpus" / name / "v1")
    migration = fm.migrate_repository(files)
    report = fm.verify_migration(files, migration.files, declared=migration.declared)
    converted = {(each.path, each.before) for each in migration.resources if each.before}
    assert converted <= {(entry.path, entry.resource) for entry in report.releases}
    for entry in report.releases:
        if (entry.path, entry.resource) not in converted:
            # It stays as it was, and was never migrated.
            assert entry.status in ("missing", "unknown", "unmanaged"), entry
        elif entry.status == "missing":
            # What stops a whole path is told with an error, and it stopped fluxd's successor before, too.
            assert entry.reason.startswith("kustomize cannot build it"), entry
            assert not migration.ok
        elif entry.status != "unmanaged":
            assert (entry.status, entry.outcome, entry.undue) == ("declared", "adopted", ()), entry


def test_a_release_of_another_name_is_found_out() -> None:
    text = text_of(
        {
            "apiVersion": "helm.fluxcd.io/v1",
            "kind": "HelmRelease",
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {
                "chart": {"repository": "https://charts.example.com", "name": "web", "version": "1.2.3"}
            },
        },
        Style(),
    )
    migration = fm.migrate_text(text)
    wrong = {
        path: content.replace("releaseName: shop-web", "releaseName: web")
        for path, content in migration.files.items()
        if isinstance(content, str)
    }
    (entry,) = fm.verify_migration({"manifest.yaml": text}, wrong, declared=migration.declared).releases
    assert entry.status == "different"
    assert entry.outcome != "adopted"
