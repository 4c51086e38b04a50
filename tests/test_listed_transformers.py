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
    doing("ImageTagTransformer", imageTag={"name": "ghcr.io/acme/web", "newTag": "3.0.0"}),
    doing(
        "ImageTagTransformer",
        {"path": "data/where", "kind": "ConfigMap"},
        imageTag={"name": "shop", "newName": "store", "newTag": "3"},
    ),
)


MORE = release_text("  timeout: 600\n  values: {a: {b: 1}}\n")
INLINE = release_text("  maxHistory: 4\n  values: {a: {c: 1}}\n")
OPERATIONS = "- {op: add, path: /spec/wait, value: true}\n- {op: add, path: /spec/values/x, value: 1}\n"
OLD = {"group": "helm.fluxcd.io", "version": "v1", "kind": "HelmRelease"}
PATCHING = (
    (
        doing("PatchTransformer", path="more.yaml"),
        doing("PatchTransformer", path="more.yaml", target=OLD),
        doing("PatchTransformer", patch=INLINE, options={"allowNameChange": False}),
        doing("PatchTransformer", path="operations.yaml", target={"kind": "HelmRelease"}),
        doing(
            "PatchTransformer", patch=OPERATIONS.replace("wait", "skipCRDs"), target={**OLD, "name": "web"}
        ),
    ),
    (
        doing("PatchStrategicMergeTransformer", paths=["more.yaml", INLINE]),
        doing("PatchStrategicMergeTransformer", patches=f"{INLINE}---\n{INLINE.replace('c: 1', 'd: 2')}"),
        doing("PatchJson6902Transformer", path="operations.yaml", target={**OLD, "name": "web"}),
        doing("PatchJson6902Transformer", jsonOp=OPERATIONS.replace("x", "y"), target={**OLD, "name": "web"}),
    ),
)
FILES = {"dev/more.yaml": MORE, "dev/operations.yaml": OPERATIONS}
SLOW = """\
# how dev is
apiVersion: builtin
kind: PatchTransformer
metadata: {name: slow}
target: {group: helm.fluxcd.io, kind: HelmRelease, name: web} # one
patch: |-
  - op: add # slow
    path: /spec/timeout
    value: 700
"""


@pytest.mark.parametrize("texts", PATCHING)
def test_patches_are_those_of_kustomize_and_become_those_of_flux_2(
    texts: tuple[str, ...], tmp_path: Path
) -> None:
    named = [text.replace("notes", f"patch-{number}") for number, text in enumerate(texts)]
    affix = doing("PrefixTransformer", NAME, prefix="eu-")
    files = {**tree(affix, *named, own="namePrefix: dev-\nnamespace: team\n"), **FILES}
    write_tree(files, tmp_path / "before")
    (real,) = build_all([tmp_path / "before/dev"])
    assert not real.error
    build = KustomizeTree(files).build("dev")
    assert build.is_complete
    assert difference(real, build) == ""
    assert hold_commuting(files, ("dev", "prod"), tmp_path / "after") == (2, 0)


def test_a_patch_inside_a_transformer_is_edited_where_it_stands() -> None:
    """All else of its file stays as it is, and who lists it does not matter."""
    becomes = SLOW.replace("helm.fluxcd.io", "helm.toolkit.fluxcd.io").replace("700", "11m40s")
    folder = {"all/slow.yaml": SLOW, "all/kustomization.yaml": "resources: [slow.yaml]\n"}
    files = {**tree(), **folder}
    files["dev/kustomization.yaml"] = "resources: [../base]\ntransformers: [../all]\n"
    files["prod/kustomization.yaml"] = "resources: [../base]\ntransformers: [../all/slow.yaml]\n"
    migration = fm.migrate_repository(files, OPTIONS)
    assert migration.ok
    assert migration.changed["all/slow.yaml"] == becomes
    assert fm.verify_migration(files, migration.files, OPTIONS, declared=migration.declared).ok
    assert fm.migrate_repository(migration.files, OPTIONS).changed == {}

    def listed(text: str) -> str:
        return "resources: [../base]\ntransformers:\n- |-\n  " + text.replace("\n", "\n  ").rstrip() + "\n"

    migration = fm.migrate_repository({**tree(), "dev/kustomization.yaml": listed(SLOW)}, OPTIONS)
    assert migration.ok
    assert listed(becomes).partition("transformers")[2] in migration.changed["dev/kustomization.yaml"]


def test_what_stands_in_the_kustomization_comes_first(tmp_path: Path) -> None:
    files = tree(doing("PatchTransformer", path="more.yaml"))
    files["dev/more.yaml"] = MORE
    first = doing("PatchTransformer", patch=MORE.replace("600", "900")).replace("notes", "first")
    files["dev/kustomization.yaml"] = (
        f"resources: [../base]\ntransformers:\n- notes-0.yaml\n- |-\n  {first}\n"
    )
    write_tree(files, tmp_path)
    (real,) = build_all([tmp_path / "dev"])
    assert difference(real, KustomizeTree(files).build("dev")) == ""
    assert real.objects[0]["spec"]["timeout"] == 600


HELM_2 = release_text("  helmVersion: v2\n")


def test_what_stops_a_release_is_told_where_a_transformer_writes_it() -> None:
    files = {**tree(doing("PatchTransformer", patch=HELM_2)), "dev/old.yaml": HELM_2}
    inline = doing("PatchTransformer", patch=HELM_2)
    places = {
        doing("PatchTransformer", patch=HELM_2): ("dev/notes-0.yaml", 1),
        doing("PatchTransformer", path="old.yaml"): ("dev/old.yaml", 7),
        "": ("dev/kustomization.yaml", 3),
    }
    for text, place in places.items():
        files["dev/notes-0.yaml"] = text
        if not text:
            files["dev/kustomization.yaml"] = f"resources: [../base]\ntransformers:\n- |-\n  {inline}\n"
        migration = fm.migrate_repository(files, OPTIONS)
        (told,) = (each for each in migration.findings if each.code == "HR030")
        assert (told.path, told.line) == place


@pytest.mark.parametrize("is_inline", [False, True])
def test_a_file_that_a_transformer_shares_with_what_goes_is_split(is_inline: bool, tmp_path: Path) -> None:
    text = doing("PatchTransformer", path="../more.yaml", target={"kind": "HelmRelease"})
    files = tree("---\n" + text)
    listed = f"\n- |-\n  {text}\n" if is_inline else " [notes-0.yaml]\n"
    files["dev/old.yaml"] = release_text(CHART.replace("v3", "v2"), name="old")
    files["dev/kustomization.yaml"] = f"resources: [old.yaml]\ntransformers:{listed}"
    files["prod/kustomization.yaml"] = (
        "resources: [../base]\npatches: [{path: ../more.yaml, target: {kind: HelmRelease}}]\n"
    )
    files["more.yaml"] = MORE
    migration = fm.migrate_repository(files, OPTIONS)
    errors = {each.code for each in migration.findings if each.severity == "error"}
    assert errors == {"HR030"}
    assert ("base/web.yaml" in migration.changed) == (not is_inline)
    if not is_inline:
        assert "more-old.yaml" in str(migration.changed["dev/notes-0.yaml"])
        assert migration.files["more-old.yaml"] == MORE
    write_tree(migration.files, tmp_path)
    dev, prod = build_all([tmp_path / "dev", tmp_path / "prod"])
    assert not dev.error + prod.error
    assert next(each for each in dev.objects if each["kind"] == "HelmRelease")["spec"]["timeout"] == 600


TAG = doing("ImageTagTransformer", imageTag={"name": "ghcr.io/acme/web", "newTag": "1.4.0"})
OWN_TAG = release_text("  values: {image: {repository: ghcr.io/acme/web, tag: 1.4.0}}\n")
AUTOMATED = ("fluxcd.io/automated: 'true'", "filter.fluxcd.io/app: semver:~1")
CHART_IMAGE = ("fluxcd.io/automated: 'true'", "filter.fluxcd.io/chart-image: semver:~1")


@pytest.mark.parametrize(
    ("web", "texts", "marked"),
    [
        (workload_text(*AUTOMATED), [TAG], "dev/notes-0.yaml"),
        # What comes first is no more what runs.
        (
            workload_text(*AUTOMATED),
            [TAG.replace("1.4.0", "1.3.0").replace("notes", "first"), TAG],
            "dev/notes-1.yaml",
        ),
        (release_text(CHART, *CHART_IMAGE), [doing("PatchTransformer", path="tag.yaml")], "dev/tag.yaml"),
        # A tag of containers is none of values.
        (
            release_text(
                CHART + "  values: {image: {repository: ghcr.io/acme/web, tag: 1.4.0}}\n", *CHART_IMAGE
            ),
            [TAG],
            "base/web.yaml",
        ),
        (workload_text(*AUTOMATED), [], ""),
    ],
)
def test_images_are_marked_where_transformers_write_them(web: str, texts: list[str], marked: str) -> None:
    files = {**tree(*texts), "base/web.yaml": web, "dev/tag.yaml": OWN_TAG}
    if not marked:
        files["dev/kustomization.yaml"] = f"resources: [../base]\ntransformers:\n- |-\n  {TAG}\n"
    options = fm.MigrationOptions(sync_roots=("dev",))
    migration = fm.migrate_repository(files, options)
    assert ("IM011" in {each.code for each in migration.findings}) == (not marked)
    assert [path for path, text in migration.changed.items() if '"$imagepolicy"' in text] == [
        path for path in (marked,) if path
    ]
    assert fm.verify_migration(files, migration.files, options, declared=migration.declared).ok == bool(
        marked
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
        transformer(TEAM, ALL, kind="HashTransformer"),
        transformer(TEAM, ALL, metadata={}),
        f"{labels(ALL)}\n---\n{labels(ALL)}\n",
        doing("ImageTagTransformer", NAME, imageTag=1),
        doing("PatchTransformer"),
        doing("PatchTransformer", path="more.yaml", patch="kind: A\n"),
        doing("PatchTransformer", patch=7),
        doing("PatchTransformer", patch="kind: A\n", target="HelmRelease"),
        doing("PatchStrategicMergeTransformer", paths=[1]),
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


@pytest.mark.parametrize(
    "listed", ["gone.yaml", "../base", "../other", "../round", "bytes.yaml", "https://example.com/notes.yaml"]
)
def test_what_stands_in_no_file_is_not_known(listed: str) -> None:
    files = tree()
    files["other/kustomization.yaml"] = "resources: [notes.yaml]\nnamePrefix: a-\n"
    files["other/notes.yaml"] = labels(ALL)
    files["round/kustomization.yaml"] = "resources: [../round]\n"
    files["dev/bytes.yaml"] = b"\xff"
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
        ([transformer(MARKS, ALL), transformer(TEAM, ALL, metadata={"name": "team"})], {"dev/notes-1.yaml"}),
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
