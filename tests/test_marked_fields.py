"""Every field that fluxd writes is marked afterwards, or a finding at its line says why not; and no other is.

What fluxd writes and where markers stand is found by readings of their own.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

import fluxv2_migrate as fm
from fields_fluxd_writes import plain, read_documents
from fluxv2_migrate.flux2 import FLUX_VERSIONS
from generated_overlays import overlaid_repositories
from marked_fields import (
    IMAGE_GROUP,
    Row,
    clusters_of,
    found_markers,
    hold_marks,
    hold_policies,
    hold_the_rest,
    is_of_flux,
    written,
)
from reference_trees import TREES, definitions_of, documents_of, read_tree, refusals

PAGE = Path(__file__).parent.parent / "docs" / "images.md"
# What fluxd was told to sync, where the repository shows it to a reader and not to a program.
GIT_PATHS: Mapping[str, tuple[str, ...]] = {
    "get-started": ("namespaces", "workloads", "releases"),
    "kustomize-example": ("staging", "production"),
}


# What readers, who do not have the trees, are told that these are.
IN_WORDS: Mapping[str, str] = {
    "homelab": "a home lab",
    "homelab-crlf": "another home lab, in two clusters",
    "homelab-half-migrated": "the first one, half migrated",
    "get-started": "a tutorial of fluxd",
    "helm-operator-get-started": "a tutorial of the helm-operator",
    "enterprise-overlays": "a company's four environments, with overlays",
    "kustomize-example": "an example with `.flux.yaml`",
    "multi-tenancy": "an example of teams",
    "progressive-delivery": "an example of canaries",
}
# Workloads, containers, fields that fluxd writes, those that are marked, and the others by what says why.
TABLE: Mapping[str, Row] = {
    "homelab": Row(17, 20, 35, 28, {"IM017": 3, "RP003": 4}),
    "homelab-crlf": Row(16, 18, 36, 36, {}),
    "homelab-half-migrated": Row(10, 12, 21, 14, {"IM017": 3, "RP003": 4}),
    "get-started": Row(1, 2, 2, 2, {}),
    "helm-operator-get-started": Row(3, 3, 6, 6, {}),
    "enterprise-overlays": Row(81, 111, 164, 132, {"IM008": 26, "IM017": 6}),
    "kustomize-example": Row(1, 2, 2, 2, {}),
    "multi-tenancy": Row(0, 0, 0, 0, {}),
    "progressive-delivery": Row(0, 0, 0, 0, {}),
}


@cache
def tree_of(folder: Path) -> dict[str, str | bytes]:
    return read_tree(folder)


@cache
def migrated(folder: Path) -> fm.Migration:
    return fm.migrate_repository(tree_of(folder))


def folders_of(tree: str, migration: fm.Migration) -> tuple[str, ...]:
    return GIT_PATHS.get(tree) or migration.context.sync_roots or ("",)


def test_the_page_about_images_shows_the_table() -> None:
    lines = [
        "| repository | workloads | containers | fields | marked | not marked |",
        "|---|---|---|---|---|---|",
    ]
    for tree, row in TABLE.items():
        excepted = ", ".join(f"{number} {code}" for code, number in sorted(row.excepted.items()))
        counted = f"{row.workloads} | {row.containers} | {row.fields} | {row.marked}"
        lines.append(f"| {IN_WORDS[tree]} | {counted} | {excepted} |")
    assert "\n".join(lines) + "\n" in PAGE.read_text("utf-8")


@pytest.mark.parametrize("tree", TREES)
def test_what_fluxd_writes_is_marked_or_told(tree: str, shared: Path) -> None:
    folder = shared / "corpus" / tree / "v1"
    migration = migrated(folder)
    assert hold_marks(tree_of(folder), migration, folders_of(tree, migration)) == TABLE[tree]


@pytest.mark.parametrize("tree", TREES)
def test_annotations_go_with_the_last_marker(tree: str, shared: Path) -> None:
    folder = shared / "corpus" / tree / "v1"
    migration = migrated(folder)
    marked = found_markers(migration.files)
    fields: dict[tuple[str, int], list[bool]] = {}
    for place, field in written(tree_of(folder), folders_of(tree, migration)).items():
        fields.setdefault(field.of, []).append(place in marked)
    for (path, number), marks in fields.items():
        if all(marks):
            metadata = plain((read_documents(path, migration.files[path]) or [])[number]["metadata"])
            assert not [each for each in metadata.get("annotations") or () if is_of_flux(each)], path


@pytest.mark.parametrize("tree", TREES)
def test_each_marker_has_its_policy_and_its_automation(tree: str, shared: Path) -> None:
    hold_policies(migrated(shared / "corpus" / tree / "v1"))


@pytest.mark.parametrize("version", FLUX_VERSIONS)
@pytest.mark.parametrize("tree", TREES)
def test_all_objects_are_valid_for_every_flux(tree: str, version: Any, shared: Path) -> None:
    files = tree_of(shared / "corpus" / tree / "v1")
    migration = fm.migrate_repository(files, fm.MigrationOptions(flux_version=version))
    for _, manifest in documents_of({**migration.changed, **migration.created}):
        if str(manifest.get("apiVersion")).startswith(IMAGE_GROUP):
            assert refusals(definitions_of(shared, version), manifest) == []


@pytest.mark.parametrize("tree", TREES)
def test_a_second_migration_changes_nothing(tree: str, shared: Path) -> None:
    migration = migrated(shared / "corpus" / tree / "v1")
    assert fm.migrate_repository(migration.files).files == migration.files


@pytest.mark.parametrize("tree", TREES)
def test_nothing_else_changes(tree: str, shared: Path) -> None:
    folder = shared / "corpus" / tree / "v1"
    hold_the_rest(tree_of(folder), migrated(folder))


OPTIONS = [
    {
        "images": {"namespace": namespace, "file": file},
        "cross_namespace_refs": across,
        # Objects in other namespaces need a GitRepository beside them.
        "overrides": [{"git_url": "ssh://git@git.example.com/acme/fleet"}],
    }
    for namespace, file, across in itertools.product(
        ("flux", "release"), ("folder", "beside", "same"), (True, False)
    )
]


@pytest.mark.parametrize("options", [*OPTIONS, {"keep_annotations": True}])
@pytest.mark.parametrize("tree", ["helm-operator-get-started", "get-started"])
def test_options_mark_the_same_fields(tree: str, options: Any, shared: Path) -> None:
    folder = shared / "corpus" / tree / "v1"
    migration = fm.migrate_repository(tree_of(folder), fm.MigrationOptions.model_validate(options))
    assert found_markers(migration.files).keys() == found_markers(migrated(folder).files).keys()
    hold_policies(migration)
    hold_the_rest(tree_of(folder), migration)


def test_overlays_are_marked_where_their_images_stand() -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=200)
    @given(overlaid_repositories(patch_file=False))
    def law(drawn: tuple[dict[str, str | bytes], tuple[str, ...]]) -> None:
        files, folders = drawn
        options = fm.MigrationOptions(clusters=clusters_of(folders))
        migration = fm.migrate_repository(files, options)
        row = hold_marks(files, migration, folders)
        hold_policies(migration)
        hold_the_rest(files, migration)
        assert fm.migrate_repository(migration.files, options).files == migration.files
        seen.update(row.excepted)
        seen["fields"] += row.fields
        seen["marked"] += row.marked

    law()
    assert seen["fields"] > 100, seen
    assert seen["marked"] * 2 > seen["fields"], seen
