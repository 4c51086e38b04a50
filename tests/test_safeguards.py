"""What no repository is known to lead to is refused all the same, and nothing is written then."""

from __future__ import annotations

from typing import Any

import pytest

import fluxv2_migrate as fm
from fluxv2_migrate import InvalidManifest
from fluxv2_migrate.clusters.flux_kustomizations import FLUX_PATCHES
from fluxv2_migrate.kustomize import BuiltObject, PatchUse
from fluxv2_migrate.preparation import names
from fluxv2_migrate.releases import patch_texts, twins
from fluxv2_migrate.releases.patched import HeldBack
from fluxv2_migrate.releases.replacement_entries import selects
from fluxv2_migrate.report.declared import DeclaredFields
from fluxv2_migrate.repository.reading import read_repository
from manifest_texts import AUTOMATED, workload_text
from patched_overlays import CHART, Files, migrate, release

PATCHED = release("  timeout: 60\n")
OVERLAY: Files = {
    "prod/kustomization.yaml": "resources: [web.yaml]\npatches:\n- path: more.yaml\n",
    "prod/web.yaml": release(CHART),
    "prod/more.yaml": PATCHED,
}


def test_a_target_by_names_is_not_written_where_something_else_would_be_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target = "{kind: Deployment, annotationSelector: fluxcd.io/automated=true}"
    files: Files = {
        "prod/kustomization.yaml": "resources: [web.yaml]\npatches:\n- target: " + target + "\n"
        """  patch: '[{"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}]'\n""",
        "prod/web.yaml": workload_text(AUTOMATED, name="web", image="ghcr.io/acme/web:1.2.3"),
    }
    assert target not in migrate(files).changed["prod/kustomization.yaml"]
    monkeypatch.setattr(names, "builds_alike", lambda *_: False)
    assert target in migrate(files).files["prod/kustomization.yaml"]


def test_a_patch_that_would_not_be_merged_holds_the_release_back(monkeypatch: pytest.MonkeyPatch) -> None:
    assert migrate(OVERLAY).ok

    def refuse(*_: Any) -> None:
        raise InvalidManifest("nobody can merge it")

    monkeypatch.setattr(patch_texts, "merged_with", refuse)
    migration = migrate(OVERLAY)
    assert not migration.changed
    assert any(
        "would not be merged any more: nobody can merge it" in each.message for each in migration.findings
    )


def test_a_twin_that_does_not_adopt_the_running_release_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    converted = fm.migrate_repository({"web.yaml": release(CHART)}).files
    both = {**{f"v2/{path}": text for path, text in converted.items()}, "v1/web.yaml": release(CHART)}
    assert fm.migrate_repository(both).deleted == ("v1/web.yaml",)
    monkeypatch.setattr(twins, "outcome_in_the_cluster", lambda *_: "reinstalled")
    migration = fm.migrate_repository(both)
    assert migration.deleted == ()
    assert any("the running release would be reinstalled" in each.message for each in migration.findings)


def test_a_target_that_cannot_be_read_selects_nothing() -> None:
    manifest = {"apiVersion": "helm.fluxcd.io/v1", "kind": "HelmRelease", "metadata": {"name": "web"}}
    built = BuiltObject(manifest, "web.yaml", 0, None, (), (), ())
    assert selects({"select": {"name": "web"}}, built)
    assert not selects({"select": {"name": "("}}, built)


def test_a_release_that_cannot_be_read_has_no_declared_values() -> None:
    key = ("web.yaml", "HelmRelease shop/web")
    manifest = {"kind": "HelmRelease", "metadata": {"name": "web"}, "spec": {"values": "none"}}
    declared = DeclaredFields({key: ("timeout",)}, {key: (("", manifest),)}, versions={"prod": "2.9"})
    assert declared.with_values() == {key: {"timeout": None}}


def test_a_kustomization_that_cannot_list_image_objects_keeps_the_annotations() -> None:
    files = {
        "prod/kustomization.yaml": "resources: &all [web.yaml]\nmetadata: {annotations: {of: x}}\n"
        "configMapGenerator: [{name: a, files: *all}]\n",
        "prod/web.yaml": workload_text(AUTOMATED, name="web", image="ghcr.io/acme/web:1.2.3"),
    }
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("prod",)))
    assert not migration.changed
    assert any("has no place" in each.message for each in migration.findings)


def test_a_patch_that_no_kustomization_of_flux_v2_lists_holds_the_release_back() -> None:
    use = PatchUse("prod/sync.yaml", FLUX_PATCHES, 0, "", 0, "json", "- op: test")
    with pytest.raises(HeldBack):
        patch_texts._flux_documents(use, read_repository({}), ())
