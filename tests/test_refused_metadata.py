"""Metadata of manifests, other than releases, for which nothing of a sync path is applied."""

from __future__ import annotations

import pytest

import fluxv2_migrate as fm
from built_clusters import Files, release

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\n  namespace: shop\n"
APPS = fm.MigrationOptions(sync_roots=("apps",))


def refused(files: Files, options: fm.MigrationOptions = APPS) -> list[tuple[str, ...]]:
    """Gives the fields that are told, each with its places."""
    findings = fm.migrate_repository({"apps/web.yaml": release(), **files}, options).findings
    return [(each.field, each.path, *each.related) for each in findings if each.code == "RP006"]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("resourceVersion: '12'", "metadata.resourceVersion"),
        ("uid: 11111111-2222-3333-4444-555555555555", "metadata.uid"),
        ("managedFields: [{manager: kubectl}]", "metadata.managedFields"),
        ("annotation: {a: b}", "metadata.annotation"),
        ("clusterName: prod", "metadata.clusterName"),
        ("namespce: shop", "metadata.namespce"),
        ("deletionTimestamp: 2024-01-01T00:00:00Z", "metadata.deletionTimestamp"),
        ("managedFields: []", "metadata.managedFields"),
        ("managedFields: null", ""),
        ("resourceVersion: ''", ""),
        ("creationTimestamp: null", ""),
        ("generation: 3", ""),
        ("annotations: {kustomize.toolkit.fluxcd.io/reconcile: disabled}\n  uid: a", ""),
        ("annotations: {uid: a}", ""),
        ("annotations: {fluxcd.io/ignore: 'true'}\n  uid: a", ""),
    ],
)
def test_what_the_api_server_refuses_of_metadata_stops_the_path(line: str, field: str) -> None:
    told = refused({"apps/one.yaml": f"{CONFIG}  {line}\n"})
    assert told == ([(field, "apps/one.yaml")] if field else [])


@pytest.mark.parametrize(
    "text",
    [
        "# ours\napiVersion: v1\nkind: ConfigMap\n\nmetadata: # these\n\n    name: one\n# and\n    uid: a",
        f"{CONFIG}  labels:\n    a: b\n  'uid': a\n".replace("\n", "\r\n"),
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one, uid: a}\n",
        'apiVersion: v1\nkind: ConfigMap\n"metadata":\n  name: one\n  uid: a\n',
        '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "uid": "a"}}\n',
        f"{CONFIG}---\n{CONFIG.replace('one', 'two')}  uid: a\n",
    ],
)
def test_metadata_is_read_in_whatever_form_it_is_written(text: str) -> None:
    assert refused({"apps/one.yaml": text}) == [("metadata.uid", "apps/one.yaml")]


def test_a_field_of_an_item_of_a_list_is_told_at_its_line() -> None:
    items = "".join(
        f"- apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: {name}\n    uid: a\n" for name in "ab"
    )
    files: Files = {
        "apps/web.yaml": release(),
        "apps/all.yaml": f"apiVersion: v1\nkind: List\nitems:\n{items}",
    }
    (told,) = (each for each in fm.migrate_repository(files, APPS).findings if each.code == "RP006")
    assert told.field == "items.0.metadata.uid"
    assert (told.line, told.related) == (8, ("apps/all.yaml:13",))


def test_one_field_is_told_once_for_all_manifests_that_have_it() -> None:
    files: Files = {
        "apps/one.yaml": f"{CONFIG}  uid: a\n---\n{CONFIG.replace('one', 'two')}  uid: b\n",
        "apps/three.yaml": f"{CONFIG.replace('one', 'three')}  uid: c\n",
    }
    assert refused(files) == [("metadata.uid", "apps/one.yaml", "apps/one.yaml:13", "apps/three.yaml:6")]


@pytest.mark.parametrize(
    "files",
    [
        {"other/one.yaml": f"{CONFIG}  uid: a\n"},
        {"apps/one.txt": f"{CONFIG}  uid: a\n"},
        {"apps/one.yaml": f"{CONFIG}data:\n  uid: a\n"},
        {"apps/one.yaml": f"{CONFIG}  uid: ENC[AES256_GCM,data:eA==,type:str]\nsops: {{mac: a}}\n"},
        {"apps/one.yaml": "uid: a\n"},
        {"apps/one.yaml": "kind: Kustomization\nuid: a\n"},
    ],
)
def test_what_is_not_applied_or_no_metadata_is_nothing(files: Files) -> None:
    assert refused(files) == []


def test_what_a_build_holds_counts_wherever_it_lies() -> None:
    files: Files = {
        "apps/.flux.yaml": "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build .\n",
        "apps/kustomization.yaml": "resources: [web.yaml, ../base]\n",
        "base/kustomization.yaml": "resources: [one.yaml]\n",
        "base/one.yaml": f"{CONFIG}  uid: a\n",
        "base/other.yaml": f"{CONFIG}  uid: a\n",
    }
    assert refused(files) == [("metadata.uid", "base/one.yaml")]


def test_nothing_is_told_of_what_is_left_out_of_scope_or_applied_by_flux_2() -> None:
    files: Files = {"apps/one.yaml": f"{CONFIG}  uid: a\n"}
    left = APPS.model_copy(update={"overrides": (fm.Override(path="apps/one.yaml", leave=True),)})
    assert refused(files, left) == []
    assert refused(files, APPS.model_copy(update={"scope": fm.Scope(names=("web",))})) == []
    sync = (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        "metadata: {name: apps, namespace: flux-system}\nspec: {interval: 5m, path: ./apps, prune: false,"
        " sourceRef: {kind: GitRepository, name: flux-system}}\n"
    )
    assert refused({**files, "apps/flux-system/gotk-sync.yaml": sync}, fm.MigrationOptions()) == []
