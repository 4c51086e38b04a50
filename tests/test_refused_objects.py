"""Objects of Flux v2 that people wrote by hand, and with which nothing of a path is applied."""

from __future__ import annotations

import pytest

import fluxv2_migrate as fm
from manifest_texts import CHART, release_text

RELEASE = release_text(f"  releaseName: web\n{CHART}")
BY_HAND = (
    "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n"
    "metadata: {{name: db, namespace: shop{metadata}}}\n"
    "spec:\n  interval: 5m\n  releaseName: db\n{more}"
    "  chart:\n    spec:\n      chart: db\n      sourceRef: {{kind: HelmRepository, name: charts}}\n"
)
SYNC = (
    "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
    "metadata: {name: flux-system, namespace: flux-system}\n"
    "spec: {interval: 5m, path: ./prod, prune: false, sourceRef: {kind: GitRepository, name: flux-system}}\n"
)


def refused(text: str, **more: str) -> list[fm.Finding]:
    files = {"prod/web.yaml": RELEASE, "prod/db.yaml": text, **more}
    options = fm.MigrationOptions.model_validate({"clusters": [{"name": "prod", "sync_paths": ["prod"]}]})
    migration = fm.migrate_repository(files, None if more else options)
    return [each for each in migration.findings if each.code == "RP006"]


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ("  rollback: {enable: true}\n  valueFileSecrets: [{name: s}]\n", "spec.rollback.enable"),
        ("  timeout: 300\n", "spec.timeout"),
        ("  timeout: [x]\n", "spec.timeout"),
        ("  releaseName: ''\n", "spec.releaseName"),
    ],
)
def test_what_was_left_of_flux_1_by_hand_is_told_once_of_each_object(more: str, named: str) -> None:
    text = BY_HAND.format(metadata="", more=more)
    (found,) = refused(text.replace("  releaseName: db\n", "") if "releaseName" in more else text)
    assert (found.path, found.severity) == ("prod/db.yaml", "error")
    assert named in found.message


@pytest.mark.parametrize(
    "text",
    [
        BY_HAND.format(metadata="", more=""),
        BY_HAND.format(metadata="", more="  values: {rollback: {enable: true}}\n"),
        BY_HAND.format(metadata="", more="  timeout: ${TIMEOUT}\n"),
        BY_HAND.format(metadata="", more="  timeout: 300\n").replace(
            "metadata:", "sops: {mac: x}\nmetadata:"
        ),
        BY_HAND.format(
            metadata=", annotations: {kustomize.toolkit.fluxcd.io/reconcile: disabled}",
            more="  timeout: 300\n",
        ),
        "apiVersion: notification.toolkit.fluxcd.io/v1\nkind: Receiver\nmetadata: {name: a, namespace: b}\n",
    ],
)
def test_what_is_taken_or_not_known_is_not_told(text: str) -> None:
    assert refused(text) == []


def test_what_flux_2_applies_already_is_no_question() -> None:
    assert refused(BY_HAND.format(metadata="", more="  timeout: 300\n"), **{"prod/sync.yaml": SYNC}) == []


def test_what_no_fluxd_is_known_to_have_applied_is_no_question() -> None:
    # Who applies it is not here, and may patch it.
    by_hand = BY_HAND.format(metadata=", annotations: {fluxcd.io/automated: a}", more="  timeout: 300\n")
    files = {
        "old/web.yaml": RELEASE,
        "old/kustomization.yaml": "resources: [web.yaml]\n",
        "base/db.yaml": by_hand,
        "base/kustomization.yaml": "resources: [db.yaml]\n",
        **{f"{name}/kustomization.yaml": "resources: [../base]\n" for name in ("dev", "prod")},
    }
    migration = fm.migrate_repository(files)
    assert {each.name for each in migration.context.clusters} == {"old", "dev", "prod"}
    assert "RP006" not in {each.code for each in migration.findings}
    files["old/kustomization.yaml"] = "resources: [web.yaml, ../base]\n"
    assert "RP006" in {each.code for each in fm.migrate_repository(files).findings}
