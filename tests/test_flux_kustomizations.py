"""Kustomizations of Flux v2: what each cluster sees of a half-migrated tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import fluxv2_migrate as fm
from built_clusters import release
from fluxv2_migrate.clusters.flux_kustomizations import FluxKustomization, annotated_fields, overlaid_build
from fluxv2_migrate.kustomize import KustomizeTree
from fluxv2_migrate.repository.reading import read_documents
from real_kustomize import build_all, write_tree
from reference_trees import LOADER

Files = dict[str, str | bytes]
PATCH = "- op: add\n  path: /spec/timeout\n  value: 90\n"
TARGET = {"kind": "HelmRelease", "name": "web"}
BRACKETS = 'patches: [{target: {kind: Secret}, patch: \'[{"op": "remove", "path": "/data"}]\'}]'


def kustomization(path: str, api: str = "v1", **spec: Any) -> str:
    return yaml.safe_dump(
        {
            "apiVersion": f"kustomize.toolkit.fluxcd.io/{api}",
            "kind": "Kustomization",
            "metadata": {"name": path.rpartition("/")[2], "namespace": "flux-system"},
            "spec": {"path": path, "interval": "10m", "prune": False, **spec},
        }
    )


def timeouts(migration: fm.Migration) -> list[object]:
    """Gives the timeout of each converted release."""
    return [each.resource.to_manifest()["spec"].get("timeout") for each in migration.resources if each.before]


def tree(more: Mapping[str, str] | None = None, **spec: Any) -> Files:
    return {
        "clusters/prod/sync.yaml": kustomization("./clusters/prod"),
        "clusters/prod/apps.yaml": kustomization("./apps", **spec),
        "apps/web.yaml": release(),
        "apps/db.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: db\n  namespace: shop\n",
        **(more or {}),
    }


def codes(migration: fm.Migration) -> set[str]:
    return {finding.code for finding in migration.findings}


def overlay_of(text: str) -> str:
    (document,), _ = read_documents("apps.yaml", text)
    read = FluxKustomization.of_document(document)
    assert read is not None
    return read.overlay


def test_a_kustomization_without_anything_over_its_path_changes_nothing() -> None:
    migration = fm.migrate_repository(tree())
    assert migration.ok
    assert sorted(migration.changed) == ["apps/web.yaml"]
    assert [cluster.sync_paths for cluster in migration.context.clusters] == [("clusters/prod", "apps")]


@pytest.mark.parametrize("one", [{"targetNamespace": "one"}, {"namePrefix": "one-"}])
@pytest.mark.parametrize("other", [{"targetNamespace": "two"}, {"namePrefix": "two-"}, {"wait": True}])
@pytest.mark.parametrize("is_named", [False, True])
def test_two_of_one_folder_make_two_releases(
    one: dict[str, Any], other: dict[str, Any], is_named: bool
) -> None:
    more = kustomization("./apps", **other).replace("name: apps", "name: more")
    files = tree({"clusters/prod/more.yaml": more}, **one)
    if is_named:
        files["apps/web.yaml"] = release(more="  releaseName: web\n  targetNamespace: web\n")
    migration = fm.migrate_repository(files)
    # Nothing but these Kustomizations tells the names apart under which it runs, so that these say them.
    assert ("releaseName" in str(migration.files["clusters/prod/more.yaml"])) != is_named
    assert "apps/web.yaml" in migration.changed
    assert migration.ok
    assert fm.verify_migration(files, migration.files, declared=migration.declared).ok
    assert [cluster.sync_paths for cluster in migration.context.clusters] == [("clusters/prod", "apps")]


def test_what_it_builds_is_looked_at_with_the_patch_as_it_is_now() -> None:
    patch = yaml.safe_load(release()) | {"spec": {"timeout": 90}}
    migration = fm.migrate_repository(tree(patches=[{"patch": yaml.safe_dump(patch)}]))
    # Neither does the build of the result fail, nor is there something that it leaves as it was.
    assert codes(migration) & {"RP004", "RP056", "RP057"} == set()
    assert "helm.toolkit.fluxcd.io/v2" in migration.changed["clusters/prod/apps.yaml"]


@pytest.mark.parametrize(
    "spec",
    [
        {"patches": [{"patch": PATCH, "target": TARGET}]},
        {"patches": [{"patch": yaml.safe_dump(yaml.safe_load(release()) | {"spec": {"timeout": 90}})}]},
    ],
)
def test_a_release_that_it_patches_goes_with_its_patch(spec: dict[str, Any]) -> None:
    migration = fm.migrate_repository(tree(**spec))
    assert migration.ok
    (entry,) = yaml.safe_load(migration.changed["clusters/prod/apps.yaml"])["spec"]["patches"]
    assert "helm.fluxcd.io" not in str(entry).replace("helm.toolkit.fluxcd.io", "")
    assert timeouts(migration) == ["1m30s"]


OLD_MERGES = """\
  patchesStrategicMerge:
  - apiVersion: helm.fluxcd.io/v1
    kind: HelmRelease
    metadata: {name: web, namespace: shop}
    spec:
      # slow
      timeout: 90
  - {apiVersion: helm.fluxcd.io/v1, kind: HelmRelease, metadata: {name: web, namespace: shop}, spec: {}}
"""
OLD_OPERATIONS = """\
  patchesJson6902:
  - target: {kind: HelmRelease, name: web}
    patch:
    - op: add
      path: /spec/timeout
      value: 90
  - target: {kind: HelmRelease, name: web}
    patch: [{op: add, path: /spec/wait, value: false}]
"""


@pytest.mark.parametrize("api", ["v1beta1", "v1beta2"])
@pytest.mark.parametrize("fields", [OLD_MERGES, OLD_OPERATIONS, OLD_MERGES + OLD_OPERATIONS])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_patches_in_fields_that_flux_has_no_more_are_listed(fields: str, api: str, newline: str) -> None:
    files = tree()
    text = kustomization("./apps", api).replace("spec:\n", f"spec:\n{fields}")
    files["clusters/prod/apps.yaml"] = text.replace("\n", newline)
    migration = fm.migrate_repository(files)
    assert migration.ok
    assert fm.verify_migration(files, migration.files, declared=migration.declared).ok
    assert fm.migrate_repository(migration.files).files == migration.files
    after = migration.changed["clusters/prod/apps.yaml"]
    assert after.count("# slow") == fields.count("# slow")
    spec = yaml.safe_load(after)["spec"]
    assert not spec.keys() & {"patchesStrategicMerge", "patchesJson6902"}
    assert len(spec["patches"]) == fields.count("\n  - ")
    assert timeouts(migration) == ["1m30s"]


OPERATIONS = '[{"op": "test", "path": "/kind"}]'
BESIDE = f"spec:\n  patches: [{{target: {{kind: Secret, name: x}}, patch: '{OPERATIONS}'}}]"


@pytest.mark.parametrize(
    ("old", "new", "is_listed"),
    [
        ("spec:\n", f"{BESIDE}\n", True),
        ("spec:\n", f"{BESIDE} # c\n", False),
        ("Merge:\n", "Merge: # old\n", True),
        ("Merge:\n", "Merge: &x\n", False),
        ("  - {", "  -\n    # c\n    {", False),
        ("metadata: {name: web", "metadata: &x {name: web", True),
        ("metadata: {name: web", "metadata: &x {name: web # c\n      ", True),
    ],
    ids=["both", "comment in brackets", "comment", "anchor", "dash alone", "alias", "alias with a comment"],
)
def test_patches_that_cannot_be_listed_stay_with_their_releases(old: str, new: str, is_listed: bool) -> None:
    files = tree()
    text = kustomization("./apps", "v1beta2").replace("spec:\n", f"spec:\n{OLD_MERGES}")
    text = text.replace(old, new, 1)
    if "&x {" in new:
        text = text.replace("metadata: {name: web, namespace: shop}, spec", "metadata: *x, spec")
    migration = fm.migrate_repository({**files, "clusters/prod/apps.yaml": text})
    assert migration.ok == is_listed
    told = [each.message for each in migration.findings if each.code == "RP004"]
    assert all("clusters/prod/apps.yaml" in each for each in told)
    assert bool(told) != migration.ok


@pytest.mark.parametrize(
    ("old", "new", "is_listed"),
    [
        ("    patch:\n    - op", "    patch: # c\n    # d\n    - op", True),
        ("[{op", "[ # c\n      {op", False),
        ("patch: [{", "patch: &x [{", True),
    ],
)
def test_operations_take_their_comments_with_them(old: str, new: str, is_listed: bool) -> None:
    text = kustomization("./apps", "v1beta2").replace("spec:\n", f"spec:\n{OLD_OPERATIONS}").replace(old, new)
    migration = fm.migrate_repository({**tree(), "clusters/prod/apps.yaml": text})
    assert migration.ok == is_listed
    after = str(migration.files["clusters/prod/apps.yaml"])
    assert after.count("# ") == text.count("# ")
    assert ("patchesJson6902" in after) != is_listed


def test_old_fields_stay_where_they_patch_no_release_of_flux_1() -> None:
    files = tree()
    text = kustomization("./apps", "v1beta2").replace("spec:\n", f"spec:\n{OLD_MERGES}")
    text = text.replace("helm.fluxcd.io/v1", "v1").replace("HelmRelease", "ConfigMap").replace("web", "db")
    migration = fm.migrate_repository({**files, "clusters/prod/apps.yaml": text})
    assert "clusters/prod/apps.yaml" not in migration.changed


def test_a_patch_of_something_else_stops_no_release() -> None:
    other = {"patch": PATCH, "target": {"kind": "ConfigMap"}}
    migration = fm.migrate_repository(tree(patches=[other]))
    assert "RP004" not in codes(migration)
    assert "apps/web.yaml" in migration.changed


def test_a_patch_of_one_kustomization_reaches_nothing_of_another() -> None:
    """Two clusters have releases of one name, and the patch of one of them names it."""
    files = tree(patches=[{"patch": PATCH, "target": TARGET}])
    files |= {
        "clusters/test/sync.yaml": kustomization("./clusters/test"),
        "clusters/test/apps.yaml": kustomization("./other", targetNamespace="shop"),
        "other/web.yaml": release(),
    }
    migration = fm.migrate_repository(files)
    assert migration.ok
    assert "helm.fluxcd.io/v1" not in "".join(map(str, migration.files.values()))


@pytest.mark.parametrize("value", ["true", "sync_only"])
def test_a_patched_release_that_fluxd_ignored_is_ignored_by_flux_2(value: str) -> None:
    files = tree(patches=[{"patch": PATCH, "target": TARGET}])
    ignored = f'  annotations:\n    fluxcd.io/ignore: "{value}"\n'
    files["apps/web.yaml"] = release().replace("  namespace: shop\n", f"  namespace: shop\n{ignored}", 1)
    migration = fm.migrate_repository(files)
    assert migration.ok
    word = {"true": "reconcile", "sync_only": "prune"}[value]
    assert f"kustomize.toolkit.fluxcd.io/{word}: disabled" in migration.changed["apps/web.yaml"]


@pytest.mark.parametrize(
    "spec",
    [
        {"components": ["../missing"]},
        {"patches": [{"patch": "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {name: web}\n"}]},
        {"patches": [{"patch": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: gone}\n"}]},
    ],
)
def test_a_kustomization_that_never_built_is_named(spec: dict[str, Any]) -> None:
    files = tree(**spec)
    (found,) = (each for each in fm.migrate_repository(files).findings if each.severity == "error")
    assert (found.code, found.path, found.resource) == (
        "RP073",
        "clusters/prod/apps.yaml",
        "Kustomization flux-system/apps",
    )
    assert fm.migrate_repository(files, {"scope": {"names": ["elsewhere"]}}).ok
    broken = files | {"apps/kustomization.yaml": "resources: [missing.yaml]\n"}
    assert "RP073" not in codes(fm.migrate_repository(broken))
    del files["apps/web.yaml"]
    assert fm.migrate_repository(files).ok


def test_names_are_those_that_its_prefix_gives() -> None:
    migration = fm.migrate_repository(tree(namePrefix="eu-"))
    text = migration.changed["apps/web.yaml"]
    assert yaml.safe_load(text)["spec"]["releaseName"] == "shop-eu-web"
    # Under the prefix the source would be another one.
    assert sorted(migration.created) == ["clusters/prod/sources/example.yaml"]


def test_a_target_namespace_counts_where_nothing_syncs_its_kustomization() -> None:
    files = tree(targetNamespace="team")
    del files["clusters/prod/sync.yaml"]
    for options in (fm.MigrationOptions(), fm.MigrationOptions(sync_roots=("apps",))):
        migration = fm.migrate_repository(files, options)
        assert migration.ok
        assert "  releaseName: team-web\n" in str(migration.files["apps/web.yaml"])
        assert fm.verify_migration(files, migration.files, options, declared=migration.declared).ok


def test_a_target_namespace_moves_no_source() -> None:
    migration = fm.migrate_repository(tree(targetNamespace="team"))
    assert yaml.safe_load(migration.changed["apps/web.yaml"])["spec"]["releaseName"] == "team-web"
    assert sorted(migration.created) == ["clusters/prod/sources/example.yaml"]


@pytest.mark.parametrize("more", [{}, {"apps/kustomization.yaml": "resources: [web.yaml, db.yaml]\n"}])
@pytest.mark.parametrize("place", ["beside", "same"])
def test_what_it_moves_takes_in_no_source(more: dict[str, str], place: str) -> None:
    files = tree(more, targetNamespace="prod")
    migration = fm.migrate_repository(files, {"sources": {"file": place}})
    assert migration.ok
    (made,) = migration.created
    assert made.startswith("clusters/prod/")
    plain = fm.migrate_repository(tree(more), {"sources": {"file": place}})
    assert sorted(plain.created) == (["apps/example-helmrepository.yaml"] if place == "beside" else [])


def test_components_are_part_of_what_it_builds() -> None:
    component = (
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
        "patches:\n- target: {kind: HelmRelease}\n"
        "  patch: |\n    kind: HelmRelease\n    metadata: {name: all}\n    spec: {timeout: 9}\n"
    )
    files = tree({"parts/slow/kustomization.yaml": component}, components=["../parts/slow"])
    migration = fm.migrate_repository(files)
    assert migration.ok
    assert "timeout: 9s" in migration.changed["parts/slow/kustomization.yaml"]


def test_variables_are_told_of_where_they_stand_in_releases() -> None:
    text = release(more="  values: {owner: '${team}'}\n")
    for spec, found in (({}, False), ({"postBuild": {"substitute": {"team": "a"}}}, True)):
        migration = fm.migrate_repository(tree({"apps/web.yaml": text}, **spec))
        assert ("RP023" in codes(migration)) == found
    assert "RP023" not in codes(fm.migrate_repository(tree(postBuild={"substitute": {"team": "a"}})))
    (finding,) = (each for each in migration.findings if each.code == "RP023")
    assert (finding.path, finding.related) == ("clusters/prod/apps.yaml", ("apps/web.yaml:1",))


WORKLOAD = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "api", "namespace": "shop", "annotations": {"fluxcd.io/automated": "true"}},
    "spec": {"template": {"spec": {"containers": [{"name": "api", "image": "ghcr.io/acme/api:1.0.0"}]}}},
}
NEW_IMAGE = "/spec/template/spec/containers/0/image"
IMAGE_PATCHES = [
    {**WORKLOAD, "spec": {"template": {"spec": {"containers": [{"name": "api", "image": "acme/api:2"}]}}}},
    [{"op": "replace", "path": NEW_IMAGE, "value": "acme/api:2"}],
]


@pytest.mark.parametrize("listed", [{}, {"apps/kustomization.yaml": "resources: [api.yaml]\n"}])
@pytest.mark.parametrize("patch", IMAGE_PATCHES, ids=["merge", "json"])
def test_an_image_that_its_patch_sets_is_not_marked_where_the_patch_overrides_it(
    patch: Any, listed: dict[str, str]
) -> None:
    target = {"target": {"kind": "Deployment"}} if isinstance(patch, list) else {}
    patches = [{"patch": yaml.safe_dump(patch), **target}]
    migration = fm.migrate_repository(
        tree({"apps/api.yaml": yaml.safe_dump(WORKLOAD), **listed}, patches=patches)
    )
    (told,) = (each for each in migration.findings if each.code == "IM011")
    assert told.path == "apps/api.yaml"
    assert [place.rpartition(":")[0] for place in told.related] == ["clusters/prod/apps.yaml"]
    assert "$imagepolicy" not in "".join(map(str, migration.files.values()))


@pytest.mark.parametrize("given", [{"patches": [{"patch": PATCH, "target": TARGET}]}, {"namePrefix": "x-"}])
def test_what_stands_beside_what_it_changes_is_read_like_any_other(given: dict[str, Any]) -> None:
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "default", "namespace": "shop"},
        "imagePullSecrets": [{"name": "registry"}],
    }
    more = {"apps/api.yaml": yaml.safe_dump(WORKLOAD), "apps/account.yaml": yaml.safe_dump(account)}
    for missing in (False, True):
        options = fm.MigrationOptions(write_missing_namespaces=missing)
        migration = fm.migrate_repository(tree(more, **given), options)
        assert "ghcr.io/acme/api:1.0.0 # {" in str(migration.files["apps/api.yaml"])
        # With a prefix it is another ServiceAccount, which no Pod uses.
        needed = {each.name for each in migration.prerequisites}
        assert ("registry" in needed) is ("namePrefix" not in given)


def test_what_is_no_kustomization_of_flux_is_none() -> None:
    for text in ("kind: Kustomization\n", release(), "a: 1\n"):
        assert FluxKustomization.of_document(read_documents("a.yaml", text)[0][0]) is None
    for spec in ("", "spec: x\n", "spec: {patches: x, components: null}\n"):
        text = f"apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n{spec}"
        assert overlay_of(text) == ""


def test_a_kustomization_that_cannot_be_read_is_not_built_over() -> None:
    files: Files = {"apps/kustomization.yaml": "resources: {\n", "apps/web.yaml": release()}
    overlay = overlay_of(kustomization("apps", patches=[{"patch": PATCH, "target": TARGET}]))
    assert not overlaid_build(KustomizeTree(files), "apps", overlay).ok


PATCHES = st.lists(
    st.sampled_from(
        [
            {"patch": PATCH, "target": TARGET},
            {"patch": PATCH, "target": {"kind": "HelmRelease"}},
            {"patch": "- {op: replace, path: /metadata/name, value: other}", "target": {"kind": "ConfigMap"}},
            {"patch": yaml.safe_dump({**yaml.safe_load(release()), "spec": {"values": {"a": 1}}})},
        ]
    ),
    max_size=2,
)


@given(
    patches=PATCHES,
    own=PATCHES,
    prefix=st.sampled_from([{}, {"namePrefix": "eu-"}, {"nameSuffix": "-1"}]),
    has_own=st.booleans(),
    component=st.booleans(),
)
@settings(max_examples=25)
def test_the_view_is_what_the_real_kustomize_builds(
    tmp_path_factory: pytest.TempPathFactory,
    patches: list[dict[str, Any]],
    own: list[dict[str, Any]],
    prefix: dict[str, str],
    has_own: bool,
    component: bool,
) -> None:
    files = tree()
    files["parts/kustomization.yaml"] = (
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamespace: part\n"
    )
    spec: dict[str, Any] = {"patches": patches, **prefix}
    if component:
        spec["components"] = ["../parts"]
    written: dict[str, Any] = {"resources": ["db.yaml", "web.yaml"]}
    if has_own:
        written["patches"] = own
        files["apps/kustomization.yaml"] = yaml.safe_dump(written)
    overlay = overlay_of(kustomization("./apps", **spec))
    kustomize = KustomizeTree(files)
    ours = overlaid_build(kustomize, "apps", overlay) if overlay else kustomize.build("apps")
    # As kustomize-controller writes it: its own entries go behind those of the file.
    merged = {**written, **prefix, "patches": [*written.get("patches", ()), *patches]}
    merged |= {"components": spec["components"]} if component else {}
    folder = tmp_path_factory.mktemp("tree")
    write_tree({**files, "apps/kustomization.yaml": yaml.safe_dump(merged)}, folder)
    (real,) = build_all([folder / "apps"])
    if not overlay and not has_own:
        return
    assert bool(real.error) != ours.ok
    if ours.ok:
        key = str
        assert sorted(map(key, (yaml.safe_load(yaml.safe_dump(each.manifest)) for each in ours.objects))) == (
            sorted(map(key, (yaml.load(yaml.safe_dump(each), LOADER) for each in real.objects)))
        )
        places = {use.kustomization for each in ours.objects for use in each.patches}
        assert places <= {"apps.yaml", "apps/kustomization.yaml"}


@pytest.mark.parametrize("value", [5, 1.5, "x", ["x", 5], {"a": "b"}, True, None])
@pytest.mark.parametrize("field", ["patches", "components", "namePrefix", "path", "targetNamespace"])
def test_fields_of_another_type_stop_nothing(field: str, value: Any) -> None:
    manifest = yaml.safe_load(kustomization("./apps"))
    manifest["spec"][field] = value
    files = tree() | {"clusters/prod/apps.yaml": yaml.safe_dump(manifest)}
    migration = fm.migrate_repository(files)
    fm.verify_migration(files, migration.files)


def test_a_patch_that_is_written_as_an_object_annotates() -> None:
    marked = {"metadata": {"annotations": {"fluxcd.io/automated": "true"}}}
    value = yaml.safe_load(kustomization("./apps", patchesStrategicMerge=[{"kind": "Deployment"}, marked]))
    assert list(annotated_fields(value)) == [("spec", "patchesStrategicMerge", "1")]


def test_a_patch_that_is_no_yaml_annotates_nothing() -> None:
    value = yaml.safe_load(kustomization("./apps", patches=[{"patch": "a: ["}]))
    assert list(annotated_fields(value)) == []
