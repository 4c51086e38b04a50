"""Transformers that kustomizations list: they give labels and annotations, as the real kustomize does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import fluxv2_migrate as fm
from fluxv2_migrate.kustomize import KustomizeTree, try_object
from manifest_texts import CHART, release_text, workload_text
from patched_overlays import Files, hold_commuting
from real_kustomize import build_all, difference, write_tree

ALL = {"path": "metadata/annotations", "create": True}
MARKS = {"fluxcd.io/automated": "true", "filter.fluxcd.io/chart-image": "semver:~1"}
TEAM = {"team": "shop", "cost": "7"}
OPTIONS = fm.MigrationOptions(sync_roots=("dev", "prod"))


def transformer(
    annotations: Any, *specs: dict[str, Any], kind: str = "AnnotationsTransformer", **more: Any
) -> str:
    given = {"annotations" if kind == "AnnotationsTransformer" else "labels": annotations}
    made = {"apiVersion": "builtin", "kind": kind, "metadata": {"name": "notes"}, **given, **more}
    return json.dumps({**made, "fieldSpecs": [*specs]})


NAME = {"path": "metadata/name"}
REPLICAS = {"path": "spec/replicas", "kind": "Deployment", "create": True}
BINDING = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reading, namespace: shop}
subjects:
- {kind: ServiceAccount, name: default, namespace: other}
- {kind: ServiceAccount, name: default}
- {kind: ServiceAccount, name: web}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reading}
"""
PLACELESS = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {where: shop}\n"
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"


def doing(kind: str, *specs: dict[str, Any], namespace: str = "", **more: Any) -> str:
    """Gives a transformer of another kind."""
    metadata = {"name": "notes", **({"namespace": namespace} if namespace else {})}
    fields = {"fieldSpecs": [*specs]} if specs else {}
    return json.dumps({"apiVersion": "builtin", "kind": kind, "metadata": metadata, **more, **fields})


def labels(*specs: dict[str, Any]) -> str:
    return transformer(TEAM, *specs, kind="LabelTransformer")


def tree(*texts: str, own: str = "") -> Files:
    values = "  values: {image: {repository: ghcr.io/acme/web, tag: 1.2.3}}\n"
    files: Files = {f"dev/notes-{number}.yaml": text for number, text in enumerate(texts)}
    listed = ", ".join(f"notes-{number}.yaml" for number in range(len(texts)))
    return {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": release_text(CHART + values),
        "dev/kustomization.yaml": f"resources: [../base]\ntransformers: [{listed}]\n{own}",
        "prod/kustomization.yaml": "resources: [../base]\n",
        **files,
    }


def inline(text: str) -> Files:
    return {**tree(), "dev/kustomization.yaml": f"resources: [../base]\ntransformers:\n- |-\n  {text}\n"}


IN_LINES = """\
apiVersion: builtin
kind: AnnotationsTransformer
metadata: {name: notes}
annotations: # all
  fluxcd.io/automated: 'true' # on
  filter.fluxcd.io/chart-image: semver:~1
fieldSpecs:
- {path: metadata/annotations, create: true}
"""


@pytest.mark.parametrize(
    "files",
    [
        tree(transformer(TEAM, ALL)),
        tree(transformer(TEAM, ALL), labels({"path": "metadata/labels", "create": True})),
        tree(transformer(TEAM, {"path": "metadata/annotations"})),
        tree(transformer(TEAM)),
        tree(transformer({}, ALL)),
        tree(IN_LINES.replace("'true'", "y").replace("fluxcd.io/", "example.com/")),
        tree(transformer(TEAM, {**ALL, "kind": "Deployment", "group": "apps"})),
        tree(
            transformer(
                TEAM, {"path": "spec/template/metadata/annotations", "kind": "Deployment", "create": True}
            )
        ),
        tree(
            labels(
                {"path": "spec/selector/matchLabels", "kind": "Deployment", "version": "v1", "create": True}
            )
        ),
        tree(transformer(TEAM, ALL), own="commonAnnotations: {team: shop}\nnamePrefix: dev-\n"),
        tree(f"---\n{transformer(TEAM, ALL)}\n---\n# nothing\n---\n{labels(ALL)}\n"),
        inline(transformer(TEAM, ALL)),
    ],
)
def test_what_is_given_is_what_kustomize_gives(files: Files, tmp_path: Path) -> None:
    files["base/web.yaml"] = str(files["base/web.yaml"]) + "---\n" + workload_text(name="front")
    write_tree(files, tmp_path)
    (real,) = build_all([tmp_path / "dev"])
    assert not real.error
    build = KustomizeTree(files).build("dev")
    assert build.is_complete
    assert difference(real, build) == ""


DOING = (
    doing("PrefixTransformer", NAME, prefix="eu-"),
    doing("PrefixTransformer", NAME, prefix=""),
    doing("SuffixTransformer", {**NAME, "kind": "HelmRelease"}, suffix="-eu"),
    doing("SuffixTransformer", NAME, {"path": "data/where", "kind": "ConfigMap"}, suffix="-eu"),
    doing("NamespaceTransformer", namespace="eu"),
    doing("NamespaceTransformer"),
    doing("NamespaceTransformer", namespace="eu", unsetOnly=True),
    doing("NamespaceTransformer", {"path": "data/where", "kind": "ConfigMap"}, namespace="eu"),
    doing(
        "NamespaceTransformer",
        {"path": "metadata/namespace", "create": True},
        {"path": "metadata/name", "kind": "Namespace", "create": True},
        namespace="eu",
        setRoleBindingSubjects="defaultOnly",
    ),
    doing("ReplicaCountTransformer", REPLICAS, replica={"name": "front", "count": 3}),
)


@pytest.mark.parametrize("text", DOING)
@pytest.mark.parametrize("own", ["", "namePrefix: dev-\nnamespace: team\n"])
def test_what_is_done_is_what_kustomize_does(text: str, own: str, tmp_path: Path) -> None:
    files = tree(text, own=own)
    more = (workload_text(name="front"), BINDING, PLACELESS, NAMESPACE)
    files["base/web.yaml"] = "---\n".join([str(files["base/web.yaml"]), *more])
    write_tree(files, tmp_path)
    (real,) = build_all([tmp_path / "dev"])
    assert not real.error
    build = KustomizeTree(files).build("dev")
    assert build.is_complete
    assert difference(real, build) == ""


@pytest.mark.parametrize(
    "text",
    [
        doing("ReplicaCountTransformer", REPLICAS, replica={"name": "gone", "count": 3}),
        doing("PrefixTransformer", {"path": "data", "kind": "ConfigMap"}, prefix="a-"),
        doing("NamespaceTransformer", namespace="other"),
        doing("NamespaceTransformer", {"path": "data", "kind": "ConfigMap"}, namespace="eu"),
    ],
)
def test_what_kustomize_fails_with(text: str, tmp_path: Path) -> None:
    files = tree(text)
    more = (PLACELESS, PLACELESS.replace("settings}", "settings, namespace: other}"))
    files["base/web.yaml"] = "---\n".join([str(files["base/web.yaml"]), *more])
    write_tree(files, tmp_path)
    (real,) = build_all([tmp_path / "dev"])
    assert real.error
    assert KustomizeTree(files).build("dev").failure is not None


@pytest.mark.parametrize("own", ["namespace: eu", "namePrefix: a-"])
def test_configurations_that_name_no_text(own: str, tmp_path: Path) -> None:
    files = {**tree(own=f"{own}\nconfigurations: [places.yaml]\n"), "base/web.yaml": PLACELESS}
    name = own.partition(":")[0]
    files["dev/places.yaml"] = f"{name}: [{{path: data, kind: ConfigMap}}]\n"
    write_tree(files, tmp_path)
    (real,) = build_all([tmp_path / "dev"])
    assert real.error
    assert KustomizeTree(files).build("dev").failure is not None


@pytest.mark.parametrize("text", DOING[:9])
def test_releases_that_they_rename_and_move(text: str, tmp_path: Path) -> None:
    files = tree(text)
    assert hold_commuting(files, ("dev", "prod"), tmp_path) == (2, 0)


@pytest.mark.parametrize(
    "text",
    [
        transformer({"a": 1}, ALL),
        transformer(TEAM, ALL, metadata={"name": "a", "annotations": {"config.kubernetes.io/function": "x"}}),
        transformer(TEAM, {**ALL, "group": "helm.fluxcd.io"}),
        transformer(TEAM, {"path": "spec/annotations", "create": True}),
        transformer(TEAM, {"create": True}),
        transformer(TEAM, ALL, apiVersion="example.com/v1"),
        transformer(TEAM, ALL, kind="PatchTransformer"),
        doing("PrefixTransformer", prefix="eu-"),
        doing("PrefixTransformer", NAME, prefix=1),
        doing("SuffixTransformer", {"path": "spec/releaseName"}, suffix="-eu"),
        doing("NamespaceTransformer", setRoleBindingSubjects="none", namespace="eu"),
        doing(
            "NamespaceTransformer", {"path": "spec/targetNamespace", "kind": "HelmRelease"}, namespace="eu"
        ),
        doing("ReplicaCountTransformer", {"path": "spec/replicas"}, replica={"name": "front", "count": 3}),
        "a: [\n",
        "- a\n",
    ],
)
def test_what_others_do_is_not_known(text: str) -> None:
    files = tree(text)
    build = KustomizeTree(files).build("dev")
    assert not build.is_complete
    source = {"kind": "HelmRepository", "metadata": {"name": "example"}}
    known = KustomizeTree(files)
    assert try_object(known, known.kustomizations["dev"], "dev", source) is None
    migration = fm.migrate_repository(files, OPTIONS)
    assert "RP019" in {each.code for each in migration.findings}


@pytest.mark.parametrize("is_release", [True, False])
def test_what_was_given_twice_has_one_node(is_release: bool, tmp_path: Path) -> None:
    """Kustomize changes it in both places, though the transformer names one."""
    files = tree(transformer(TEAM, ALL), own="commonAnnotations: {team: other}\n")
    if not is_release:
        files["base/web.yaml"] = workload_text()
    write_tree(files, tmp_path)
    (real,) = build_all([tmp_path / "dev"])
    assert "other" not in json.dumps(list(real.objects))
    build = KustomizeTree(files).build("dev")
    assert build.is_complete == is_release
    assert not is_release or difference(real, build) == ""


@pytest.mark.parametrize("listed", ["gone.yaml", "../base", "https://example.com/notes.yaml"])
def test_what_stands_in_no_file_is_not_known(listed: str) -> None:
    files = tree()
    files["dev/kustomization.yaml"] = f"resources: [../base]\ntransformers: [{listed}]\n"
    assert not KustomizeTree(files).build("dev").is_complete


def test_a_mapping_that_is_none_fails_the_build() -> None:
    given = {"path": "metadata/name", "kind": "Deployment"}
    files = {**tree(transformer(TEAM, given)), "base/web.yaml": workload_text()}
    build = KustomizeTree(files).build("dev")
    assert build.failure is not None
    assert "no mapping" in build.failure.reason


@pytest.mark.parametrize(
    ("texts", "left"),
    [
        ([transformer({**MARKS, **TEAM}, ALL)], {"dev/notes-0.yaml"}),
        ([transformer(MARKS, ALL)], set()),
        ([transformer(MARKS, ALL), transformer(TEAM, ALL)], {"dev/notes-1.yaml"}),
        ([f"{transformer(MARKS, ALL)}\n---\n{labels(ALL)}\n"], {"dev/notes-0.yaml"}),
        ([f"# why\n{transformer(MARKS, ALL)}\n"], {"dev/notes-0.yaml"}),
        ([IN_LINES], {"dev/notes-0.yaml"}),
        ([IN_LINES.replace("fieldSpecs", "  team: shop # own\nfieldSpecs")], {"dev/notes-0.yaml"}),
    ],
)
def test_annotations_of_fluxd_that_they_give_count_and_go(
    texts: list[str], left: set[str], tmp_path: Path
) -> None:
    files = tree(*texts)
    migration = fm.migrate_repository(files, OPTIONS)
    assert migration.ok
    assert "AN004" not in {each.code for each in migration.findings}
    after = dict(migration.files)
    assert not any(mark in str(text) for mark in MARKS for text in after.values())
    assert {path for path in after if "notes" in path} == left
    for path in left:
        assert str(after[path]).count("#") == str(files[path]).count("#")
    assert fm.verify_migration(files, after, OPTIONS, declared=migration.declared).ok
    updated = fm.simulate_image_update(after, {"ghcr.io/acme/web": ["1.2.3", "1.4.0", "2.0.0"]})
    write_tree(updated, tmp_path)
    dev, prod = (json.dumps(list(each.objects)) for each in build_all([tmp_path / "dev", tmp_path / "prod"]))
    assert '"tag": "1.4.0"' in dev
    assert '"tag": "1.2.3"' in prod


def test_kustomize_alone_reads_them() -> None:
    files = tree(IN_LINES.replace("'true'", "y").replace("fluxcd.io/", "example.com/"))
    migration = fm.migrate_repository(files, OPTIONS)
    assert migration.ok
    assert fm.verify_migration(files, migration.files, OPTIONS, declared=migration.declared).ok


def test_what_they_give_stays_the_same(tmp_path: Path) -> None:
    files = tree(transformer(TEAM, ALL), labels({"path": "metadata/labels", "create": True}))
    assert hold_commuting(files, ("dev", "prod"), tmp_path) == (2, 0)


def test_a_file_that_two_list_stays_while_one_needs_it() -> None:
    files = tree(transformer(MARKS, ALL))
    files["prod/kustomization.yaml"] = "resources: [../base]\ntransformers: [../dev/notes-0.yaml]\n"
    migration = fm.migrate_repository(files, OPTIONS)
    assert migration.ok
    assert "dev/notes-0.yaml" in migration.deleted
    files["prod/more.yaml"] = release_text(CHART.replace("v3", "v2"), name="old")
    files["prod/kustomization.yaml"] = (
        "resources: [../base, more.yaml]\ntransformers: [../dev/notes-0.yaml]\n"
    )
    migration = fm.migrate_repository(files, OPTIONS)
    assert migration.files["dev/notes-0.yaml"] == files["dev/notes-0.yaml"]
