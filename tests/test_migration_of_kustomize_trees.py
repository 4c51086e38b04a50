"""Repositories that kustomize builds: what each cluster gets afterwards."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fluxv2_migrate as fm
from built_clusters import Files, check, identity, release
from fluxv2_migrate.kustomize import KustomizeTree
from fluxv2_migrate.kustomize.fields import in_own_letters
from real_kustomize import build_all, with_stubs, write_tree
from reference_trees import TREES, read_tree

# The session `thorough` asks for more.
EXAMPLES = int(os.environ.get("GENERATED_TREES", "8"))


@pytest.mark.parametrize("name", TREES)
def test_real_trees_build_as_before(shared: Path, name: str) -> None:
    files = read_tree(shared / "corpus" / name / "v1")
    check(files, fm.migrate_repository(files))


def test_a_base_of_two_clusters_is_converted_once_with_a_source_in_each() -> None:
    files: Files = {
        "base/kustomization.yaml": "resources:\n- web.yaml # ours\n",
        "base/web.yaml": release(),
        "clusters/a/kustomization.yaml": "resources:\n- ../../base\n",
        "clusters/b/kustomization.yaml": "# B\nresources:\n  - ../../base\n",
    }
    migration = fm.migrate_repository(files)
    check(files, migration)
    assert migration.ok
    assert sorted(migration.created) == [
        "clusters/a/sources/example.yaml",
        "clusters/a/sources/kustomization.yaml",
        "clusters/b/sources/example.yaml",
        "clusters/b/sources/kustomization.yaml",
    ]
    assert (
        migration.changed["clusters/b/kustomization.yaml"] == "# B\nresources:\n  - ../../base\n  - sources\n"
    )
    assert [each.cluster for each in migration.resources] == ["", "clusters/a", "clusters/b"]
    again = fm.migrate_repository(migration.files)
    assert again.files == migration.files


def test_each_overlay_gives_its_own_release_name() -> None:
    files: Files = {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": release(namespace=""),
        "prod/kustomization.yaml": "namespace: prod\nresources:\n- ../base\n",
        "test/kustomization.yaml": "namespace: test\nresources:\n- ../base\n",
    }
    placement = fm.Placement(namespace="release")
    migration = fm.migrate_repository(files, fm.MigrationOptions(sources=placement))
    check(files, migration)
    assert migration.ok
    assert "releaseName" not in migration.changed["base/web.yaml"]
    assert "value: prod-web" in migration.changed["prod/kustomization.yaml"]
    assert "one for each cluster" in migration.to_markdown()


def test_a_release_stays_where_an_overlay_cannot_take_its_name() -> None:
    files: Files = {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": release(namespace=""),
        "prod/kustomization.yaml": "namespace: prod\nresources:\n- ../base\npatches: [ # none\n]\n",
        "test/kustomization.yaml": "namespace: test\nresources:\n- ../base\n",
    }
    placement = fm.Placement(namespace="release")
    migration = fm.migrate_repository(files, fm.MigrationOptions(sources=placement))
    (finding,) = (each for each in migration.findings if each.severity == "error")
    assert (finding.code, finding.path, migration.files) == ("RP014", "base/web.yaml", files)
    assert finding.message.startswith("a kustomization cannot be edited: ")


def test_a_source_whose_name_another_cluster_has_given_away_is_not_used() -> None:
    source = (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\n"
        "metadata: {name: ours, namespace: flux-system}\nspec: {url: https://%s.example.com}\n"
    )
    files: Files = {
        "base/kustomization.yaml": "resources:\n- web.yaml\n",
        "base/web.yaml": release(),
        "clusters/a/kustomization.yaml": "resources:\n- ../../base\n- source.yaml\n",
        "clusters/a/source.yaml": source % "charts",
        "clusters/b/kustomization.yaml": "resources:\n- ../../base\n- source.yaml\n",
        "clusters/b/source.yaml": source % "charts",
    }
    migration = fm.migrate_repository(files)
    check(files, migration)
    assert ("name: ours\n" in migration.changed["base/web.yaml"], migration.created) == (True, {})
    # The two clusters see one manifest, so the name must mean the same in both.
    other: Files = {**files, "clusters/b/source.yaml": source % "other"}
    migration = fm.migrate_repository(other)
    check(other, migration)
    assert "name: example\n" in migration.changed["base/web.yaml"]
    assert {f"clusters/{name}/sources/example.yaml" for name in "ab"} <= set(migration.created)


def test_releases_that_are_one_object_twice_are_not_built() -> None:
    config = (
        "version: 1\npatchUpdated:\n  generators:\n  - command: kustomize build .\n  patchFile: more.yaml\n"
    )
    files: Files = {
        "prod/.flux.yaml": config,
        "prod/kustomization.yaml": "resources: [a.yaml, b.yaml]\n",
        "prod/a.yaml": release(),
        "prod/b.yaml": release(),
    }
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("prod",)))
    assert migration.files == files
    # One cause is one error, which names all that it holds back.
    (error,) = [each for each in migration.findings if each.severity == "error"]
    assert (error.code, error.path, error.related) == ("RP019", "prod/a.yaml", ("prod/b.yaml:1",))
    assert error.message == "prod/kustomization.yaml:1: HelmRelease shop/web is there twice"


def test_a_sync_path_that_does_not_build_is_told_though_nothing_in_it_is_migrated() -> None:
    config = "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build .\n"
    plain = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\n"
    files: Files = {
        ".flux.yaml": config,
        "prod/kustomization.yaml": "resources: [web.yaml]\n",
        "prod/web.yaml": release(),
        "common/kustomization.yaml": "resources:\n- a.yaml\n- b.yaml\n",
        "common/a.yaml": plain,
        "common/b.yaml": plain,
    }
    options = fm.MigrationOptions(clusters=(fm.Cluster(name="prod", sync_paths=("prod", "common")),))
    migration = fm.migrate_repository(files, options)
    (error,) = [each for each in migration.findings if each.severity == "error"]
    assert (error.code, error.path) == ("RP019", "common/kustomization.yaml")
    assert error.message == "common/kustomization.yaml:3: ConfigMap shop/a is there twice"
    assert not fm.verify_migration(files, migration.files, options, declared=migration.declared).ok
    # What holds a release back tells it once, where the release stands.
    files |= {"common/more.yaml": release("more")}
    files["common/kustomization.yaml"] = "resources:\n- a.yaml\n- b.yaml\n- more.yaml\n"
    found = fm.migrate_repository(files, options).findings
    told = [(each.code, each.path) for each in found if each.severity == "error"]
    assert told == [("RP019", "common/more.yaml")]


@pytest.mark.parametrize("patch", ["", "patches:\n- path: more.yaml\n"])
@pytest.mark.parametrize(
    "affixes", ["namePrefix: a-\n", "nameSuffix: -b\n", "namePrefix: a-\nnameSuffix: -b\n"]
)
def test_a_source_has_the_name_that_kustomizations_make_of_it(
    affixes: str, patch: str, tmp_path: Path
) -> None:
    files: Files = {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": release(),
        "base/api.yaml": release("api"),
        "prod/kustomization.yaml": f"{affixes}{patch}resources: [../base, ../base/api.yaml]\n",
        "prod/more.yaml": release(more="  timeout: 60\n").partition("  chart:")[0],
    }
    options = fm.MigrationOptions(sync_roots=("prod",))
    migration = fm.migrate_repository(files, options)
    assert migration.ok
    assert fm.migrate_repository(migration.files, options).files == migration.files
    assert fm.verify_migration(files, migration.files, options=options, declared=migration.declared).ok
    write_tree(migration.files, tmp_path)
    (build,) = build_all([tmp_path / "prod"])
    assert not build.error
    found = {each["kind"]: each for each in build.objects}
    names = {each["metadata"]["name"] for each in build.objects if each["kind"] == "HelmRepository"}
    assert names == {"example".join(part.partition("example")[::2]) for part in names}
    assert {found["HelmRelease"]["spec"]["chart"]["spec"]["sourceRef"]["name"]} == names


@pytest.mark.parametrize("file", ["folder", "beside", "same"])
def test_a_source_goes_where_kustomizations_move_its_release(file: Any, tmp_path: Path) -> None:
    files: Files = {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": release(namespace=""),
        "eu/kustomization.yaml": "resources: [../base]\nnamespace: eu\n",
        "us/kustomization.yaml": "resources: [../base]\nnamespace: us\n",
    }
    options = fm.MigrationOptions(sources=fm.Placement(file=file))
    migration = fm.migrate_repository(files, options)
    assert migration.ok
    check(files, migration)
    write_tree(migration.files, tmp_path)
    for namespace, real in zip(("eu", "us"), build_all([tmp_path / "eu", tmp_path / "us"]), strict=True):
        made = [identity(each)[1:] for each in real.objects]
        assert ("HelmRepository", namespace, "example") in made
    assert fm.migrate_repository(migration.files, options).changed == {}


SHAPES = st.sampled_from(
    ["", "namespace: prod\n", "namespace: shop\n", "namePrefix: a-\n", "commonLabels: {team: shop}\n"]
)


@st.composite
def trees(draw: st.DrawFn) -> Files:
    files: Files = {}
    bases = draw(st.lists(st.sampled_from(["web", "db", "api"]), min_size=1, max_size=3, unique=True))
    for base in bases:
        namespace = draw(st.sampled_from(["shop", "", "blog"]))
        more = draw(st.sampled_from(["", "  releaseName: x\n", "  targetNamespace: other\n"]))
        more = more.replace("x\n", f"{base}-x\n")
        files[f"base/{base}/{base}.yaml"] = release(base, namespace, more)
        files[f"base/{base}/kustomization.yaml"] = f"{draw(SHAPES)}resources: [{base}.yaml]\n"
    for cluster in draw(st.sampled_from([("a",), ("a", "b"), ("a", "b", "c")])):
        chosen = draw(st.lists(st.sampled_from(bases), min_size=1, unique=True))
        entries = "".join(f"- ../../base/{base}\n" for base in chosen)
        files[f"clusters/{cluster}/kustomization.yaml"] = f"{draw(SHAPES)}resources:\n{entries}"
    return files


def built_by_kustomize(files: Files, folder: Path) -> dict[str, str]:
    """Gives the error of each build, empty where it works."""
    write_tree(files, folder)
    folders = sorted(KustomizeTree(files).kustomizations)
    return {
        name: built.error
        for name, built in zip(folders, build_all(folder / each for each in folders), strict=True)
    }


@pytest.mark.parametrize("name", TREES)
def test_the_real_kustomize_builds_what_it_built_before(shared: Path, tmp_path: Path, name: str) -> None:
    files = with_stubs(read_tree(shared / "corpus" / name / "v1"))
    migration = fm.migrate_repository(files)
    before = built_by_kustomize(files, tmp_path / "before")
    after = built_by_kustomize(dict(migration.files), tmp_path / "after")
    worked = {folder for folder, error in before.items() if not error}
    assert {folder: after[folder] for folder in worked if after[folder]} == {}
    # New kustomizations build as well.
    assert {folder: error for folder, error in after.items() if folder not in before and error} == {}


@settings(max_examples=EXAMPLES, deadline=None)
@given(trees())
def test_the_real_kustomize_builds_generated_trees_as_before(
    tmp_path_factory: pytest.TempPathFactory, files: Files
) -> None:
    migration = fm.migrate_repository(files)
    before = built_by_kustomize(files, tmp_path_factory.mktemp("before"))
    after = built_by_kustomize(dict(migration.files), tmp_path_factory.mktemp("after"))
    assert {folder for folder, error in before.items() if not error} <= {
        folder for folder, error in after.items() if not error
    }


def test_clusters_that_would_have_one_name_are_told_apart() -> None:
    files: Files = {}
    for folder in ("one/prod", "two/prod"):
        files[f"{folder}/.flux.yaml"] = (
            "version: 1\ncommandUpdated:\n  generators: [{command: kustomize build .}]\n"
        )
        files[f"{folder}/kustomization.yaml"] = "resources: [web.yaml]\n"
        files[f"{folder}/web.yaml"] = release()
    migration = fm.migrate_repository(files)
    names = [cluster.name for cluster in migration.context.clusters]
    assert len(set(names)) == len(names) == 2
    assert sorted(each.cluster for each in migration.resources if each.before) == sorted(names)


@pytest.mark.parametrize(
    ("source", "select", "field"),
    [
        ("sourceValue: 9.9.9", "kind: HelmRelease", "spec.chart.version"),
        ("sourceValue: https://x.example.com", "kind: HelmRelease", "spec.chart.repository"),
        ("source: {kind: HelmRelease, fieldPath: spec.chart.repository}", "kind: ConfigMap", "data.a"),
        ("sourceValue: x", "kind: HelmRelease", "spec.values.a"),
        ("sourceValue: x", "version: v1, name: web", "spec.values.a"),
        ("source: {kind: HelmRelease, fieldPath: spec.chart.version}", "kind: ConfigMap", "data.a"),
        ("source: {kind: HelmRelease}", "kind: ConfigMap", "data.a"),
    ],
)
def test_what_replacements_look_for_is_there_afterwards(
    source: str, select: str, field: str, tmp_path: Path
) -> None:
    replacement = f"{{{source}, targets: [{{select: {{{select}}}, fieldPaths: [{field}]}}]}}"
    files: Files = {
        "apps/kustomization.yaml": f"resources: [web.yaml, map.yaml]\nreplacements:\n- {replacement}\n",
        "apps/web.yaml": release(more="  values:\n    a: b\n"),
        "apps/map.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: map\ndata:\n  a: b\n",
    }
    migration = fm.migrate_repository(files)
    assert migration.ok
    check(files, migration)
    write_tree(files, tmp_path / "before")
    write_tree(migration.files, tmp_path / "after")
    before, after = build_all([tmp_path / "before/apps", tmp_path / "after/apps"])
    assert (before.error, after.error) == ("", "")


def test_patches_of_flux_1_that_stay_are_told_with_their_lines() -> None:
    files: Files = {
        "kustomization.yaml": "resources: [web.yaml]\npatches: [{path: more.yaml}]\n",
        "web.yaml": release(),
        "more.yaml": "# more\n---\n" + str(release()).partition("  chart:")[0] + "  timeout: -60\n",
    }
    migration = fm.migrate_repository(files)
    (finding,) = [each for each in migration.findings if each.severity == "error"]
    assert (finding.code, finding.path, finding.line) == ("HR068", "more.yaml", 10)
    assert finding.related == ("web.yaml:1", "more.yaml:3")
    assert migration.files == files


@pytest.mark.parametrize(
    ("inner", "listed", "folder"),
    [
        ("resources: []\n", True, "sources"),
        ("resources: []\n", False, "flux-sources"),
        ("resources: []\nnamePrefix: p-\n", True, "flux-sources"),
        ("resources: []\nnamespace: other\n", True, "flux-sources"),
        ("kind: Component\nresources: []\n", False, "flux-sources"),
        ("- no\n- kustomization\n", False, "flux-sources"),
    ],
)
def test_a_folder_of_the_name_is_taken_only_where_it_leaves_sources_alone(
    inner: str, listed: bool, folder: str, tmp_path: Path
) -> None:
    resources = "[web.yaml, sources]" if listed else "[web.yaml]"
    files: Files = {
        "apps/kustomization.yaml": f"resources: {resources}\nnamespace: ''\nnameSuffix: ''\n",
        "apps/web.yaml": release(),
        "apps/sources/kustomization.yaml": inner,
    }
    migration = fm.migrate_repository(files)
    assert migration.ok
    assert f"apps/{folder}/example.yaml" in migration.created
    write_tree(migration.files, tmp_path)
    (real,) = build_all([tmp_path / "apps"])
    made = [identity(each)[1:] for each in real.objects]
    assert sorted(made) == [("HelmRelease", "shop", "web"), ("HelmRepository", "flux-system", "example")]


def test_a_file_of_the_name_of_a_folder_is_no_folder() -> None:
    files: Files = {"apps/web.yaml": release(), "apps/sources": "of charts\n", "apps/flux-sources": ""}
    assert list(fm.migrate_repository(files).created) == ["apps/flux-sources-2/example.yaml"]


def test_annotations_of_a_kustomization_leave_a_source_what_it_is() -> None:
    files: Files = {
        "apps/kustomization.yaml": "resources: [web.yaml]\ncommonAnnotations: {team: shop}\n",
        "apps/web.yaml": release(),
    }
    migration = fm.migrate_repository(files)
    check(files, migration)
    assert migration.ok


def test_a_patch_of_fluxd_for_nothing_is_told_in_its_own_file() -> None:
    files: Files = {
        "apps/.flux.yaml": "version: 1\npatchUpdated:\n  generators:\n  - command: kustomize build .\n"
        "  patchFile: more.yaml\n",
        "apps/kustomization.yaml": "resources: [web.yaml]\nnamePrefix: ''\nbases: []\n",
        "apps/web.yaml": release(),
        "apps/more.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x, namespace: z}\n",
    }
    findings = fm.migrate_repository(files).findings
    (message,) = [each.message for each in findings if each.code == "RP019"]
    assert message.startswith("apps/more.yaml:1: ")


RESPELLED = """\
Resources: [web.yaml]
Patches:
- Target: {Kind: HelmRelease}
  Patch: |
    apiVersion: helm.fluxcd.io/v1
    kind: HelmRelease
    metadata: {name: web}
    spec:
      timeout: 300
      values: {a: yes}
- Path: ops.yaml
  TARGET: {kind: HelmRelease, name: web}
"""


@pytest.mark.parametrize("as_bytes", [False, True])
def test_kustomizations_in_other_letters_are_migrated_like_those_in_their_own(as_bytes: bool) -> None:
    spelled = in_own_letters(RESPELLED)
    assert spelled != RESPELLED
    other = "Resources: [a.yaml]\n"
    results = []
    for text in (spelled, RESPELLED):
        files: Files = {
            "prod/kustomization.yaml": text,
            "prod/web.yaml": release(),
            "prod/ops.yaml": "- {op: add, path: /spec/values/b, value: no}\n",
            "else/kustomization.yaml": other,
            "else/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\n",
        }
        if as_bytes:
            files = {path: str(content).encode() for path, content in files.items()}
        options = fm.MigrationOptions(sync_roots=("prod", "else"))
        migration = fm.migrate_repository(files, options)
        assert migration.ok
        assert migration.changed.keys() == {"prod/kustomization.yaml", "prod/web.yaml", "prod/ops.yaml"}
        # What nothing is done to keeps its letters.
        assert migration.files["else/kustomization.yaml"] == files["else/kustomization.yaml"]
        assert fm.verify_migration(files, migration.files, options, declared=migration.declared).ok
        results.append(dict(migration.files))
    assert results[0] == results[1]
