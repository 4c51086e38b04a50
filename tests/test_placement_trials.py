"""What a build makes of an object that is put somewhere: a trial says what the whole build says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

import fluxv2_migrate as fm
from fluxv2_migrate.kustomize import KustomizeTree, try_object
from kustomize_trees import folders_of, kustomize_trees
from manifest_texts import release_text
from real_kustomize import build_all, write_tree

SOURCE: dict[str, Any] = {
    "apiVersion": "source.toolkit.fluxcd.io/v1",
    "kind": "HelmRepository",
    "metadata": {"name": "example", "namespace": "flux-system"},
    "spec": {"url": "https://charts.example.com"},
}
COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
RELEASE = release_text("""\
  helmVersion: v3
  releaseName: web
  chart: {repository: "https://charts.example.com", name: web, version: 1.2.3}
""")


@given(files=kustomize_trees())
def test_a_trial_says_what_the_build_says(files: dict[str, str]) -> None:
    tree = KustomizeTree(files)
    for home in folders_of(files):
        kustomization = tree.kustomizations.get(home)
        if kustomization is None or kustomization.is_component:
            continue
        listed = [*(kustomization.document.get("resources") or ()), "tried.yaml"]
        text = json.dumps({**kustomization.document, "resources": listed})
        edited = {**files, kustomization.path: text, f"{home}/tried.yaml": json.dumps(SOURCE)}
        whole = KustomizeTree(edited)
        for folder in (home, *tree.ancestors(home)):
            build = whole.build(folder)
            if build.ok:
                made = [each.manifest for each in build.objects if each.path == f"{home}/tried.yaml"]
                assert list(try_object(tree, tree.kustomizations[folder], home, SOURCE) or ()) == made


@given(files=kustomize_trees())
def test_a_second_trial_says_what_a_first_one_would(files: dict[str, str]) -> None:
    tree = KustomizeTree(files)
    others = [
        {**SOURCE, "metadata": {"name": "other"}},
        {**SOURCE, "metadata": {"name": "other", "namespace": "flux-system"}, "spec": {}},
        {**SOURCE, "apiVersion": "example.com/v1"},
    ]
    for home, kustomization in tree.kustomizations.items():
        for each in (SOURCE, *others, SOURCE, *others):
            fresh = KustomizeTree(files)
            first = try_object(fresh, fresh.kustomizations[home], home, each)
            assert try_object(tree, kustomization, home, each) == first


@given(files=kustomize_trees(), others=kustomize_trees())
def test_a_tree_that_shares_builds_what_one_of_its_own_builds(
    files: dict[str, str], others: dict[str, str]
) -> None:
    tree = KustomizeTree(files)
    for folder in tree.roots:
        tree.build(folder)
    for changes in ({path: text for path, text in others.items() if path in files}, others, files):
        shared, fresh = tree.with_files(changes), KustomizeTree({**files, **changes})
        for folder in fresh.roots:
            assert shared.build(folder) == fresh.build(folder)
            assert shared.build(folder) == tree.with_files(changes).build(folder)
    tree.let_trials_go()
    for folder in tree.roots:
        assert tree.with_files({}).build(folder) == KustomizeTree(files).build(folder)


def test_what_a_transformer_of_a_file_does_is_not_known() -> None:
    tree = KustomizeTree({"a/kustomization.yaml": "transformers: [prefix.yaml]\nresources: [web.yaml]\n"})
    assert try_object(tree, tree.kustomizations["a"], "a", SOURCE) is None


@pytest.mark.parametrize(
    "shape",
    [
        "components: [../broken]\n",
        "patches: [{path: gone.yaml}]\n",
        "patches: [{patch: 'a: ['}]\n",
    ],
)
def test_what_cannot_be_read_leaves_an_object_alone(shape: str) -> None:
    tree = KustomizeTree({"a/kustomization.yaml": shape, "broken/kustomization.yaml": "components: [\n"})
    assert try_object(tree, tree.kustomizations["a"], "a", SOURCE) == (SOURCE,)


@pytest.mark.parametrize(
    ("shape", "is_left_alone"),
    [
        # The source is called what the kustomization makes of its name.
        ("namePrefix: eu-\n", True),
        ("nameSuffix: -eu\n", True),
        # The source goes to the namespace of its release.
        ("namespace: shop\n", True),
        ("namespace: flux-system\n", True),
        ("commonLabels: {team: a}\n", True),
        (
            'patches:\n- target: {kind: HelmRepository}\n  patch: \'[{"op": "remove", "path": "/spec"}]\'\n',
            False,
        ),
        ('patches:\n- target: {kind: Secret}\n  patch: \'[{"op": "remove", "path": "/spec"}]\'\n', True),
    ],
)
@pytest.mark.parametrize("where", ["of its own", "in a component"])
def test_a_release_is_converted_where_its_source_stays_what_it_is(
    shape: str, where: str, is_left_alone: bool, tmp_path: Path
) -> None:
    files: dict[str, str | bytes] = {"apps/web.yaml": RELEASE}
    listing = "resources:\n- web.yaml\n"
    if where == "of its own":
        files["apps/kustomization.yaml"] = listing + shape
    else:
        files["apps/kustomization.yaml"] = f"{listing}components:\n- ../parts\n"
        files["parts/kustomization.yaml"] = COMPONENT + shape
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("apps",)))
    refused = "RP014" in {finding.code for finding in migration.findings}
    assert refused != is_left_alone
    if refused:
        return
    write_tree(migration.files, tmp_path)
    (build,) = build_all([tmp_path / "apps"])
    assert not build.error
    (release,) = (each for each in build.objects if each["kind"] == "HelmRelease")
    reference = release["spec"]["chart"]["spec"]["sourceRef"]
    sources = [each["metadata"] for each in build.objects if each["kind"] == reference["kind"]]
    namespace = reference.get("namespace", release["metadata"]["namespace"])
    assert [(each["namespace"], each["name"]) for each in sources] == [(namespace, reference["name"])]
