"""Namespaces that fluxd filled in, written into the manifests that name none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import fluxv2_migrate as fm
from fluxv2_migrate.clusters import AppliedObject, Place
from fluxv2_migrate.namespaces import with_namespaces
from reference_trees import LOADER
from test_migration_of_kustomize_trees import release

Files = dict[str, str | bytes]
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: db # ours\n"
WRITTEN = CONFIG + "  namespace: shop\n"


def migrate(files: Files, **options: Any) -> fm.Migration:
    options = {"default_namespace": "shop", "write_missing_namespaces": True, **options}
    migration = fm.migrate_repository(files, fm.MigrationOptions(**options))
    again = fm.migrate_repository(migration.files, fm.MigrationOptions(**options))
    assert again.files == migration.files
    return migration


def told(migration: fm.Migration) -> list[str]:
    """The places of all objects that still name no namespace."""
    return [
        place
        for finding in migration.findings
        if finding.code == "DA015"
        for place in (f"{finding.path}:{finding.line}", *finding.related)
    ]


def test_nothing_is_written_unless_it_is_wanted() -> None:
    files: Files = {"apps/web.yaml": release(), "apps/db.yaml": CONFIG}
    migration = migrate(files, write_missing_namespaces=False)
    assert told(migration) == ["apps/db.yaml:1"]
    assert migration.files["apps/db.yaml"] == CONFIG


def test_a_namespace_is_written_behind_the_name_and_no_longer_told() -> None:
    files: Files = {"apps/web.yaml": release(), "apps/db.yaml": CONFIG.encode()}
    migration = migrate(files)
    assert told(migration) == []
    assert migration.files["apps/db.yaml"] == WRITTEN.encode()
    (change,) = (each for each in migration.changes if each.rule == "namespace")
    assert (change.resource, change.path, change.line) == ("ConfigMap shop/db", "apps/db.yaml", 1)
    assert change.target_field == "metadata.namespace"


def test_a_release_of_the_same_file_is_migrated_beside_it() -> None:
    migration = migrate({"apps/web.yaml": CONFIG + "---\n" + release()})
    assert migration.ok
    assert told(migration) == []
    text = migration.changed["apps/web.yaml"]
    assert text.startswith(WRITTEN + "---\napiVersion: helm.toolkit.fluxcd.io/v2\n")


def test_the_namespace_of_its_fluxd_is_written() -> None:
    container = {
        "name": "flux",
        "image": "docker.io/fluxcd/flux:1.25.4",
        "args": ["--git-path=apps", "--k8s-default-namespace=team"],
    }
    fluxd = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "flux", "namespace": "flux"},
        "spec": {"template": {"spec": {"containers": [container]}}},
    }
    files: Files = {"flux.yaml": yaml.safe_dump(fluxd), "apps/web.yaml": release(), "apps/db.yaml": CONFIG}
    migration = migrate(files, default_namespace=None)
    assert migration.files["apps/db.yaml"] == CONFIG + "  namespace: team\n"


SHARED: Files = {"apps/web.yaml": release(), "apps/db.yaml": CONFIG}


@pytest.mark.parametrize(
    ("namespaces", "expected"),
    [(("shop", "shop"), WRITTEN), (("shop", "team"), CONFIG), (("shop", None), CONFIG)],
)
def test_clusters_of_one_path_must_agree(namespaces: tuple[str | None, ...], expected: str) -> None:
    clusters = tuple(
        fm.Cluster(name=name, sync_paths=("apps",), default_namespace=namespace)
        for name, namespace in zip(("eu", "us"), namespaces, strict=True)
    )
    migration = migrate(SHARED, clusters=clusters, default_namespace=None)
    assert migration.files["apps/db.yaml"] == expected
    assert told(migration) == ([] if expected == WRITTEN else ["apps/db.yaml:1"])


def test_clusters_of_several_paths_have_their_own() -> None:
    files: Files = {}
    for name in ("eu", "us"):
        files |= {f"{name}/web.yaml": release(), f"{name}/db.yaml": CONFIG}
    clusters = tuple(
        fm.Cluster(name=name, sync_paths=(name,), default_namespace=f"shop-{name}") for name in ("eu", "us")
    )
    migration = migrate(files, clusters=clusters)
    for name in ("eu", "us"):
        assert migration.files[f"{name}/db.yaml"] == f"{CONFIG}  namespace: shop-{name}\n"
    assert told(migration) == []


def test_a_cluster_that_builds_the_file_must_agree() -> None:
    files: Files = {
        "base/kustomization.yaml": "resources: [db.yaml]\n",
        "base/db.yaml": CONFIG,
        "base/web.yaml": release(),
        "base/.flux.yaml": "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build .\n",
        "all/web.yaml": release(),
    }
    clusters = (
        fm.Cluster(name="eu", sync_paths=("all",), default_namespace="shop"),
        fm.Cluster(name="us", sync_paths=("base",), default_namespace="team"),
    )
    # Only what is read one by one is told of; what kustomize builds is not written for one cluster alone.
    assert migrate(files, clusters=clusters).files["base/db.yaml"] == CONFIG


def test_a_kustomization_that_only_lists_is_none_that_moves() -> None:
    files: Files = {
        "apps/kustomization.yaml": "resources: [web.yaml, db.yaml]\n",
        "apps/web.yaml": release(),
        "apps/db.yaml": CONFIG,
    }
    migration = migrate(files, sync_roots=("apps",))
    assert migration.files["apps/db.yaml"] == WRITTEN
    assert told(migration) == []


@pytest.mark.parametrize(
    "more", ["namespace: team\n", "namePrefix: a-\n", "patches: [{patch: '{}', target: {}}]\n"]
)
def test_what_a_kustomization_shapes_keeps_its_namespace_to_itself(more: str) -> None:
    files: Files = {
        "apps/web.yaml": release(),
        "apps/flux.yaml": yaml.safe_dump(
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "flux", "namespace": "flux"},
                "spec": {
                    "template": {
                        "spec": {
                            "containers": [
                                {"name": "f", "image": "fluxcd/flux:1.25.4", "args": ["--git-path=apps"]}
                            ]
                        }
                    }
                },
            }
        ),
        "apps/base/kustomization.yaml": "resources: [db.yaml]\n" + more,
        "apps/base/db.yaml": CONFIG,
    }
    # This fluxd reads the file on its own, although a kustomization lists it.
    migration = migrate(files)
    assert migration.files["apps/base/db.yaml"] == CONFIG
    assert told(migration) == ["apps/base/db.yaml:1"]


@pytest.mark.parametrize(
    "text",
    [
        CONFIG + "sops:\n  mac: x\n",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: db, labels: &l {a: b}}, data: *l}\n",
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: db}\n",
        CONFIG + "---\n" + WRITTEN,
    ],
    ids=["signed", "flow", "list", "there already"],
)
def test_what_cannot_be_written_is_told(text: str) -> None:
    migration = migrate({"apps/web.yaml": release(), "apps/db.yaml": text})
    assert migration.files["apps/db.yaml"] == text
    assert told(migration) == ["apps/db.yaml:1"]


def test_objects_that_live_in_no_namespace_get_none() -> None:
    text = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n"
    migration = migrate({"apps/web.yaml": release(), "apps/shop.yaml": text})
    assert migration.files["apps/shop.yaml"] == text


def documents() -> st.SearchStrategy[list[dict[str, Any]]]:
    metadata = st.fixed_dictionaries(
        {"name": st.sampled_from(["web", "db"])},
        optional={"labels": st.just({"a": "b"}), "namespace": st.sampled_from(["shop", ""])},
    )
    kinds = st.sampled_from(["ConfigMap", "Secret"])
    document = st.fixed_dictionaries({"apiVersion": st.just("v1"), "kind": kinds, "metadata": metadata})
    return st.lists(document | st.just({"replicas": 2}), max_size=4)


def named(document: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    metadata = document.get("metadata")
    if metadata is None or metadata.get("namespace"):
        return dict(document)
    return {**document, "metadata": {**metadata, "namespace": namespace}}


@given(values=documents(), flow=st.sampled_from([False, None]), windows=st.booleans(), mark=st.booleans())
def test_exactly_the_wanted_documents_get_it(
    values: list[dict[str, Any]], flow: bool | None, windows: bool, mark: bool
) -> None:
    text = yaml.safe_dump_all(values, default_flow_style=flow, sort_keys=False)
    text = ("\ufeff" if mark else "") + (text.replace("\n", "\r\n") if windows else text)
    objects = [
        AppliedObject(Place("a.yaml", 1), "", kind, "", name)
        for kind in ("ConfigMap", "Secret")
        for name in ("web", "db")
    ]
    after, written = with_namespaces(text, objects, "shop")
    expected = [named(document, "shop") for document in values]
    assert list(yaml.load_all(after.removeprefix("\ufeff"), LOADER)) == expected
    assert bool(written) == (expected != values)
    assert with_namespaces(after, objects, "shop") == (after, set())
