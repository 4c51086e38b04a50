"""What stands in a release outside of `spec`, as exports and people have it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

import fluxv2_migrate as fm

CHART = {"repository": "https://charts.example.com", "name": "web", "version": "1.2.3"}
LIVE: dict[str, Any] = {
    "creationTimestamp": "2020-03-01T10:00:00Z",
    "deletionGracePeriodSeconds": 0,
    "deletionTimestamp": "2020-03-01T10:00:00Z",
    "generation": 3,
    "managedFields": [{"manager": "kubectl"}],
    "resourceVersion": "1234",
    "selfLink": "/apis/helm.fluxcd.io/v1/namespaces/shop/helmreleases/web",
    "uid": "11111111-2222-3333-4444-555555555555",
}
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def release(metadata: dict[str, Any] | None = None, **fields: Any) -> str:
    return yaml.safe_dump(
        {
            "apiVersion": "helm.fluxcd.io/v1",
            "kind": "HelmRelease",
            "metadata": {"name": "web", "namespace": "shop", **(metadata or {})},
            "spec": {"helmVersion": "v3", "chart": CHART},
            **fields,
        },
        sort_keys=False,
    )


@pytest.mark.parametrize("kept", [{}, {"example.com/a": "b"}])
def test_what_is_of_the_live_object_goes_with_a_finding(kept: dict[str, str]) -> None:
    exported = release({**LIVE, "annotations": {LAST_APPLIED: "{}", **kept}}, status={"phase": "Succeeded"})
    files = {"a.yaml": exported}
    migration = fm.migrate_repository(files)
    assert migration.ok
    (made,) = (each for each in migration.resources if isinstance(each.resource, fm.flux2.HelmRelease))
    manifest = made.resource.to_manifest()
    assert manifest["metadata"] == {
        "name": "web",
        "namespace": "shop",
        **({"annotations": kept} if kept else {}),
    }
    assert "status" not in manifest
    (told,) = (each.message for each in migration.findings if each.code == "HR124")
    assert all(word in told for word in (*LIVE, LAST_APPLIED, "status"))
    assert fm.verify_migration(files, migration.files, declared=migration.declared).ok
    assert "HR124" not in {each.code for each in fm.migrate_repository({"a.yaml": release()}).findings}


def test_patches_and_what_they_are_for_lose_them_too() -> None:
    patch = release(LIVE).replace("helmVersion: v3", "timeout: 90")
    files = {
        "kustomization.yaml": "resources: [web.yaml]\npatches: [{path: patch.yaml}]\n",
        "web.yaml": release({**LIVE, "annotation": {"a": "b"}}),
        "patch.yaml": patch.partition("  chart:")[0] + "status: {phase: Succeeded}\n",
    }
    migration = fm.migrate_repository(files, {"sync_roots": [""]})
    assert migration.ok
    for name in ("web.yaml", "patch.yaml"):
        metadata = yaml.safe_load(migration.changed[name])["metadata"]
        assert metadata == {"name": "web", "namespace": "shop"}


def test_fields_that_no_object_has_are_left_out() -> None:
    files = {"a.yaml": release({"annotation": {"a": "b"}, "clusterName": "prod"}, notes="see the wiki")}
    migration = fm.migrate_repository(files)
    told = {each.field for each in migration.findings if each.code == "HR003"}
    assert told == {"metadata.annotation", "metadata.clusterName", "notes"}
    assert all(word not in migration.changed["a.yaml"] for word in ("annotation", "clusterName", "notes"))


@pytest.mark.parametrize(
    ("status", "spec_name", "asks"),
    [
        ({"releaseName": "live"}, None, True),
        ({"releaseName": "live"}, "explicit", False),
        ({"releaseName": "shop-web"}, None, False),
        ({}, None, False),
        (None, None, False),
    ],
)
def test_the_name_of_an_export_is_asked_about(status: Any, spec_name: str | None, asks: bool) -> None:
    manifest = yaml.safe_load(release(status=status))
    if spec_name is not None:
        manifest["spec"]["releaseName"] = spec_name
    files = {"a.yaml": yaml.safe_dump(manifest, sort_keys=False)}
    migration = fm.migrate_repository(files)
    found = [each for each in migration.findings if each.code == "HR125"]
    assert bool(found) is asks
    assert migration.ok is not asks
    for finding in found:
        assert {"'shop-web'", "'live'"} <= set(finding.message.replace(",", "").split())
        assert finding.answer is not None
        settled = fm.migrate_repository(files, fm.MigrationOptions(overrides=(finding.answer,)))
        assert settled.ok
        assert "releaseName: live\n" in settled.changed["a.yaml"]
