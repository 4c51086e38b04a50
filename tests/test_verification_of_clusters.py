"""What became of each release in each cluster, as kustomizations and settings make it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fluxv2_migrate as fm
from built_clusters import Files, check, release
from manifest_texts import CHART, release_text
from test_migration_of_kustomize_trees import trees

TOLERATES, RETRIES = "values_from.tolerates", "upgrade.remediation.retries"
ROLLBACK = "  rollback: {enable: true, retry: true}\n"
# In which a release is an object of its own, which each cluster has once.
PLACED = fm.Placement(namespace="release")
BESIDE = fm.MigrationOptions(sources=PLACED)


def told(report: fm.VerificationReport) -> list[tuple[str, str, str | None]]:
    return [(each.cluster, each.status, each.outcome) for each in report.releases]


def migrated(files: Files, options: fm.MigrationOptions = BESIDE) -> tuple[fm.Migration, Files]:
    migration = fm.migrate_repository(files, options)
    assert migration.ok, migration.findings
    return migration, dict(migration.files)


def verify(
    before: Files, after: Files, migration: fm.Migration, options: fm.MigrationOptions = BESIDE
) -> fm.VerificationReport:
    return fm.verify_migration(before, after, options, declared=migration.declared)


OVERLAYS: Files = {
    "base/kustomization.yaml": "resources: [web.yaml]\n",
    "base/web.yaml": release(namespace=""),
    "prod/kustomization.yaml": "namespace: prod\nresources:\n- ../base\n",
    "test/kustomization.yaml": "namespace: test\nresources:\n- ../base\n",
}


@settings(max_examples=150, deadline=None)
@given(trees(), st.booleans(), st.sampled_from(["flux", "release"]), st.sampled_from(["folder", "beside"]))
def test_what_we_migrate_is_adopted_in_every_cluster(
    files: Files, given_paths: bool, namespace: Any, file: Any
) -> None:
    roots = tuple(sorted({"/".join(path.split("/")[:2]) for path in files if path.startswith("clusters")}))
    options = fm.MigrationOptions(
        sync_roots=roots if given_paths else (), sources=fm.Placement(namespace=namespace, file=file)
    )
    migration = fm.migrate_repository(files, options)
    check(files, migration)
    assert fm.migrate_repository(migration.files, options).files == migration.files
    report = verify(files, dict(migration.files), migration, options)
    converted = {each.path for each in migration.resources if each.before}
    for entry in report.releases:
        if entry.path in converted and "/" not in entry.resource:
            # Nobody says in which namespace it is.
            assert (entry.status, entry.outcome, entry.undue) == ("unknown", "adopted", ()), entry
            assert entry.unknown[0] == "target_namespace"
        elif entry.path in converted:
            assert (entry.status, entry.outcome, entry.undue) == ("declared", "adopted", ()), entry
        else:
            assert entry.status in ("missing", "unknown"), entry
            assert entry.reason in ("it is still a release of Flux v1", "") or entry.status == "unknown", (
                entry
            )
    assert converted <= {entry.path for entry in report.releases}


@settings(max_examples=60, deadline=None)
@given(trees(), st.data())
def test_a_patch_that_changes_a_release_in_one_cluster_is_said_of_that_one(
    files: Files, data: st.DataObject
) -> None:
    migration = fm.migrate_repository(files, BESIDE)
    clusters = sorted(path for path in files if path.startswith("clusters/"))
    spoiled = data.draw(st.sampled_from(clusters))
    after = dict(migration.files)
    patch = [{"op": "add", "path": "/spec/maxHistory", "value": 99}]
    target = {
        "target": {"group": "helm.toolkit.fluxcd.io", "kind": "HelmRelease"},
        "patch": json.dumps(patch),
    }
    text = str(after[spoiled])
    if "patches:" in text:
        after[spoiled] = text.replace("patches:\n", f"patches:\n- {json.dumps(target)}\n")
    else:
        after[spoiled] = f"{text}patches:\n- {json.dumps(target)}\n"
    name = spoiled.rpartition("/")[0]
    having = {
        entry.path: entry.cluster or "all"
        for entry in verify(files, after, migration).releases
        if "max_history" in {each.field for each in entry.differences}
    }
    converted = {each.path for each in migration.resources if each.before}
    seen = {path for path in converted if f"- ../../{path.rpartition('/')[0]}\n" in str(files[spoiled])}
    assert set(having) == seen
    assert set(having.values()) <= {name, "all"}
    if len(clusters) > 1:
        assert set(having.values()) <= {name}


def test_a_release_name_that_one_overlay_lacks_is_said_of_its_cluster() -> None:
    migration, after = migrated(OVERLAYS)
    assert told(verify(OVERLAYS, after, migration)) == [
        ("prod", "declared", "adopted"),
        ("test", "declared", "adopted"),
    ]
    after["test/kustomization.yaml"] = str(after["test/kustomization.yaml"]).replace(
        "value: test-web", "value: web"
    )
    report = verify(OVERLAYS, after, migration)
    assert told(report) == [("prod", "declared", "adopted"), ("test", "different", "renamed")]
    assert [str(each) for each in report.releases[1].differences] == ["release_name: test-web → web"]
    assert [entry.resource for entry in report.releases] == ["HelmRelease prod/web", "HelmRelease test/web"]
    assert "  - **HelmRelease test/web** in test, renamed (`base/web.yaml`)" in report.to_markdown()


def test_what_clusters_have_alike_is_said_once() -> None:
    files = {**OVERLAYS, "base/web.yaml": release()}
    for path in ("prod/kustomization.yaml", "test/kustomization.yaml"):
        files[path] = "resources:\n- ../base\n"
    migration, after = migrated(files, fm.MigrationOptions())
    report = verify(files, after, migration, fm.MigrationOptions())
    assert told(report) == [("", "declared", "adopted")]


def test_a_release_that_one_overlay_lists_no_more_is_missing_there() -> None:
    files = {**OVERLAYS, "test/own.yaml": release("own", "test")}
    files["test/kustomization.yaml"] = "namespace: test\nresources:\n- ../base\n- own.yaml\n"
    migration, after = migrated(files)
    text = str(after["test/kustomization.yaml"])
    after["test/kustomization.yaml"] = text.replace("- own.yaml\n", "")
    (own,) = [each for each in verify(files, after, migration).releases if each.path == "test/own.yaml"]
    assert (own.cluster, own.status) == ("test", "missing")
    assert own.reason == "test/own.yaml holds it, and nothing that is synced lists that"
    after["test/kustomization.yaml"] = text.replace("- ../base\n", "")
    statuses = {
        (each.resource, each.cluster): each.status for each in verify(files, after, migration).releases
    }
    assert statuses == {
        ("HelmRelease prod/web", "prod"): "declared",
        ("HelmRelease test/web", "test"): "missing",
        ("HelmRelease test/own", "test"): "declared",
    }


def test_a_release_that_a_cluster_gets_on_top_is_extra_there() -> None:
    files = {**OVERLAYS, "prod/own.yaml": release("own", "prod")}
    files["prod/kustomization.yaml"] = "namespace: prod\nresources:\n- ../base\n- own.yaml\n"
    migration, after = migrated(files)
    after["test/own.yaml"] = after["prod/own.yaml"]
    after["test/kustomization.yaml"] = str(after["test/kustomization.yaml"]).replace(
        "- ../base", "- ../base\n- own.yaml"
    )
    extra = [each for each in verify(files, after, migration).releases if each.status == "extra"]
    assert [(each.cluster, each.resource, each.after_path) for each in extra] == [
        ("test", "HelmRelease test/own", "test/own.yaml")
    ]


GENERATES_NOTHING = "configMapGenerator: [{files: [gone]}]\n"


def test_a_release_that_two_sync_paths_bring_is_one() -> None:
    cluster = fm.Cluster(name="prod", sync_paths=("prod", "prod/inner"))
    options = fm.MigrationOptions(clusters=(cluster,), sources=PLACED)
    files: Files = {"prod/inner/web.yaml": release()}
    migration, after = migrated(files, options)
    assert told(verify(files, after, migration, options)) == [("", "declared", "adopted")]


def test_what_nobody_applies_stands_for_nothing_that_is_applied() -> None:
    options = fm.MigrationOptions(sync_roots=("prod",), sources=PLACED)
    files: Files = {"prod/web.yaml": release()}
    migration, after = migrated(files, options)
    after["draft/web.yaml"] = after["prod/web.yaml"]
    report = verify(files, after, migration, options)
    assert [(each.status, each.after_path) for each in report.releases] == [
        ("extra", "draft/web.yaml"),
        ("declared", "prod/web.yaml"),
    ]
    # And what nobody applied before is compared with it.
    unsynced: Files = {**files, "draft/web.yaml": files["prod/web.yaml"]}
    again = verify(unsynced, after, migration, options)
    assert {each.after_path for each in again.releases} == {"draft/web.yaml", "prod/web.yaml"}
    assert {each.path for each in again.releases} == {"draft/web.yaml", "prod/web.yaml"}


def test_a_build_that_fails_is_said_of_its_cluster() -> None:
    migration, after = migrated(OVERLAYS)
    after["test/kustomization.yaml"] = str(after["test/kustomization.yaml"]) + GENERATES_NOTHING
    report = verify(OVERLAYS, after, migration)
    assert told(report) == [("prod", "declared", "adopted"), ("test", "missing", None)]
    assert report.releases[1].reason.startswith("kustomize cannot build it: test/kustomization.yaml:")
    before = {
        **OVERLAYS,
        "test/kustomization.yaml": str(OVERLAYS["test/kustomization.yaml"]) + GENERATES_NOTHING,
    }
    unknown = [each for each in verify(before, after, migration).releases if each.cluster == "test"]
    assert [each.status for each in unknown] == ["unknown"]


def test_what_an_unknown_generator_prints_is_unknown() -> None:
    files: Files = {
        "prod/.flux.yaml": "version: 1\ncommandUpdated:\n  generators: [{command: make it}]\n",
        "prod/web.yaml": release(),
    }
    options = fm.MigrationOptions(sync_roots=("prod",))
    (entry,) = fm.verify_migration(files, {"prod/web.yaml": "a: b"}, options).releases
    assert (entry.status, entry.reason) == ("unknown", "fluxd generates what it applies of prod: make it")


def with_sources(migration: fm.Migration, listed: str) -> str:
    """Gives a kustomization of `prod` that lists some resources, and the sources that were made there."""
    made = [path.removeprefix("prod/") for path in migration.created if path.startswith("prod/")]
    return json.dumps({"resources": [*filter(None, listed.strip("[]").split(",")), *made]})


@pytest.mark.parametrize(
    ("listed", "status"), [("[web.yaml]", "declared"), ("[other.yaml]", "missing"), ("[]", "missing")]
)
@pytest.mark.parametrize("folder", ["", "deeper/"])
def test_a_file_that_fluxd_read_and_a_kustomization_leaves_out_is_missing(
    folder: str, listed: str, status: str
) -> None:
    other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\n"
    files: Files = {f"prod/{folder}web.yaml": release(), "prod/other.yaml": other}
    options = fm.MigrationOptions(sync_roots=("prod",))
    migration, after = migrated(files, options)
    after["prod/kustomization.yaml"] = with_sources(migration, listed.replace("web", folder + "web"))
    (entry,) = verify(files, after, migration, options).releases
    assert entry.status == status
    left_out = f"no kustomization that is built for prod lists prod/{folder}web.yaml"
    assert entry.reason == (left_out if status == "missing" else "")


def test_a_release_whose_source_is_not_applied_is_missing() -> None:
    files: Files = {"prod/kustomization.yaml": "resources: [web.yaml]\n", "prod/web.yaml": release()}
    options = fm.MigrationOptions(sync_roots=("prod",))
    migration, after = migrated(files, options)
    after["prod/kustomization.yaml"] = files["prod/kustomization.yaml"]
    (entry,) = verify(files, after, migration, options).releases
    assert entry.status == "missing"
    assert entry.reason.startswith("its source HelmRepository flux-system/example is not applied: no kustom")


LOST: Mapping[str, tuple[Mapping[str, str], str]] = {
    "its annotation": (
        {"prod/web.yaml": "metadata:\n  annotations: {kustomize.toolkit.fluxcd.io/reconcile: Disabled}\n"},
        "it is never applied, as its annotation kustomize.toolkit.fluxcd.io/reconcile",
    ),
    "its artifact": (
        {".sourceignore": "/prod/web.yaml\n"},
        "source-controller leaves prod/web.yaml out of its artifact, as .sourceignore or its defaults say",
    ),
    "its build": (
        {"prod/values.yaml": "a: 1\n"},
        "kustomize cannot build it: prod/values.yaml:1: ",
    ),
    "its Kustomization": (
        {"flux/prod.yaml": "suspend: true"},
        "the Kustomization in flux/prod.yaml is suspended",
    ),
}
SYNC = """apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: prod, namespace: flux-system}
spec:
  path: ./prod
  prune: false
  interval: 5m
  sourceRef: {kind: GitRepository, name: flux-system}
"""


@pytest.mark.parametrize("way", LOST)
def test_what_is_not_applied_does_not_count(way: str) -> None:
    files: Files = {"prod/web.yaml": release(), "flux/prod.yaml": SYNC}
    options = fm.MigrationOptions(sync_roots=("prod",))
    migration, after = migrated(files, options)
    assert told(verify(files, after, migration, options)) == [("", "declared", "adopted")]
    edits, reason = LOST[way]
    for path, text in edits.items():
        known = str(after.get(path, ""))
        if text.startswith("metadata:"):
            after[path] = known.replace("metadata:\n", text)
        else:
            after[path] = f"{known}  {text}\n" if known else text
    (entry,) = verify(files, after, migration, options).releases
    assert (entry.status, entry.outcome) == ("missing", None)
    assert entry.reason.startswith(reason)


def test_a_kustomization_that_is_not_applied_itself_applies_nothing() -> None:
    files: Files = {"prod/web.yaml": release(), "flux/prod.yaml": SYNC}
    options = fm.MigrationOptions(sync_roots=("prod",))
    migration, after = migrated(files, options)
    disabled = "metadata: {annotations: {kustomize.toolkit.fluxcd.io/reconcile: Disabled}, name: prod"
    after["flux/prod.yaml"] = str(after["flux/prod.yaml"]).replace("metadata: {name: prod", disabled)
    (entry,) = verify(files, after, migration, options).releases
    assert entry.status == "missing"
    assert entry.reason.startswith("the Kustomization in flux/prod.yaml is not applied: its annotation")


def test_a_patch_that_fluxd_would_have_read_as_a_manifest_is_no_release_of_its_own() -> None:
    files: Files = {"prod/web.yaml": release()}
    known = fm.Cluster(name="a", sync_paths=("prod",), fluxd=fm.Fluxd(manifest_generation=False))
    options = fm.MigrationOptions(clusters=(known,))
    migration, after = migrated(files, options)
    after["prod/patch.yaml"] = (
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web, namespace: shop}\n"
        "spec: {maxHistory: 3}\n"
    )
    listed = ", ".join(path.removeprefix("prod/") for path in migration.files)
    after["prod/kustomization.yaml"] = f"resources: [{listed}]\npatches: [{{path: patch.yaml}}]\n"
    (entry,) = verify(files, after, migration, options).releases
    assert (entry.path, entry.status) == ("prod/web.yaml", "different")


def test_of_a_sync_path_that_is_a_file_only_that_file_is_applied() -> None:
    files: Files = {"prod/web.yaml": release()}
    options = fm.MigrationOptions(clusters=(fm.Cluster(name="a", sync_paths=("prod/web.yaml",)),))
    migration = fm.migrate_repository(files, options)
    (entry,) = verify(files, dict(migration.files), migration, options).releases
    assert entry.reason.endswith("nothing that a syncs lists prod/sources/example.yaml")


def test_a_target_namespace_of_the_path_moves_what_it_syncs() -> None:
    files: Files = {"prod/web.yaml": release(), "flux/prod.yaml": SYNC}
    options = fm.MigrationOptions(sync_roots=("prod",))
    migration, after = migrated(files, options)
    after["flux/prod.yaml"] = SYNC + "  targetNamespace: other\n"
    (entry,) = verify(files, after, migration, options).releases
    assert (entry.status, entry.outcome) == ("different", "reinstalled")


def test_what_was_declared_is_what_a_target_namespace_makes_of_it() -> None:
    source = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n"
    source += "metadata: {name: flux-system, namespace: flux-system}\nspec: {interval: 1m, url: https://a.example/b}\n"
    own = SYNC.replace("name: prod,", "name: flux-system,").replace("./prod", "./flux")
    chart = "  chart: {git: git@git.example.com:acme/charts, path: charts/web, ref: main}\n"
    files: Files = {
        "flux/sync.yaml": f"{source}---\n{own}",
        "flux/prod.yaml": SYNC + "  targetNamespace: other\n",
        "prod/web.yaml": release().partition("  chart:")[0] + chart,
    }
    options = fm.MigrationOptions(sources=fm.Placement(namespace="release"))
    migration = fm.migrate_repository(files, options)
    assert migration.ok
    (declared,) = migration.declared.values()
    assert declared["chart.credentials"] == "Secret other/charts"
    assert verify(files, dict(migration.files), migration, options).ok


def test_an_ignored_release_is_nobody_s_on_both_sides() -> None:
    ignored = release().replace("metadata:\n", "metadata:\n  annotations: {fluxcd.io/ignore: 'true'}\n")
    files: Files = {"prod/web.yaml": ignored}
    options = fm.MigrationOptions(sync_roots=("prod",))
    migration, after = migrated(files, options)
    report = verify(files, after, migration, options)
    assert report.ok
    assert told(report) == [("", "unmanaged", None)]
    disabled = "kustomize.toolkit.fluxcd.io/reconcile: disabled"
    after["prod/web.yaml"] = str(after["prod/web.yaml"]).replace(disabled, "fluxcd.io/other: 'yes'")
    (entry,) = verify(files, after, migration, options).releases
    assert entry.status == "different"
    assert [each.field for each in entry.differences] == ["managed"]


def test_a_release_of_flux_1_beside_its_successor_is_seen() -> None:
    files: Files = {"prod/web.yaml": release()}
    options = fm.MigrationOptions(sync_roots=("prod",))
    migration, after = migrated(files, options)
    after["prod/old.yaml"] = files["prod/web.yaml"]
    (entry,) = verify(files, after, migration, options).releases
    assert entry.status == "different"
    shown = "managers: helm-operator → helm-operator (prod/old.yaml) and helm-controller"
    assert [str(each) for each in entry.differences] == [shown]
    # Under another name it is the same Helm release.
    after["prod/old.yaml"] = release("old", more="  releaseName: shop-web\n")
    report = verify(files, after, migration, options)
    assert [
        (each.status, each.resource, each.reason) for each in report.releases if each.status == "extra"
    ] == [("extra", "HelmRelease shop/old", "it is a release of Flux v1 that was not there before")]


@pytest.mark.parametrize("shape", ["", "namespace: shop\n"])
@pytest.mark.parametrize(("listed", "status"), [("[inner]", "declared"), ("[other.yaml]", "missing")])
def test_a_folder_that_a_kustomization_leaves_out_is_missing(shape: str, listed: str, status: str) -> None:
    files: Files = {
        "prod/inner/kustomization.yaml": f"{shape}resources: [web.yaml]\n",
        "prod/inner/web.yaml": release(),
    }
    options = fm.MigrationOptions(sync_roots=("prod",), sources=PLACED)
    migration, after = migrated(files, options)
    after["prod/kustomization.yaml"] = with_sources(migration, listed)
    (entry,) = verify(files, after, migration, options).releases
    assert entry.status == status
    assert bool(entry.reason) is (status == "missing")


def test_a_kustomization_above_the_sync_path_leaves_nothing_out() -> None:
    options = fm.MigrationOptions(sync_roots=("prod/deeper",))
    files: Files = {"prod/deeper/web.yaml": release()}
    migration, after = migrated(files, options)
    after["prod/kustomization.yaml"] = "resources: []\n"
    assert told(verify(files, after, migration, options)) == [("", "declared", "adopted")]


def test_a_patch_means_nothing_by_itself() -> None:
    files: Files = {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": release(),
        "prod/kustomization.yaml": "resources: [../base]\npatchesStrategicMerge: [more.yaml, gone.yaml]\n",
        "prod/more.yaml": patch_of("web"),
        "prod/gone.yaml": patch_of("elsewhere"),
    }
    entries = {each.path: each for each in fm.verify_migration(files, files).releases}
    assert sorted(entries) == ["base/web.yaml"]


def patch_of(name: str) -> str:
    return (
        "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\n"
        f"metadata: {{name: {name}, namespace: shop}}\nspec: {{maxHistory: 3}}\n"
    )


def test_a_patch_counts_on_both_sides() -> None:
    after_release = {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"interval": "5m", "releaseName": "shop-web", "maxHistory": 10},
    }
    before: Files = {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": release(),
        "prod/kustomization.yaml": "resources: [../base]\npatchesStrategicMerge: [more.yaml]\n",
        "prod/more.yaml": patch_of("web"),
    }
    after = {**before, "base/web.yaml": json.dumps(after_release), "prod/more.yaml": ""}

    def history(patched: Files) -> list[str]:
        (entry,) = fm.verify_migration(before, {**after, **patched}).releases
        return [str(each) for each in entry.differences if each.field == "max_history"]

    assert history({}) == ["max_history: 3 → 10"]
    patch = patch_of("web").replace("helm.fluxcd.io/v1", "helm.toolkit.fluxcd.io/v2")
    assert history({"prod/more.yaml": patch}) == []


def test_what_moves_with_its_clusters_is_found_again() -> None:
    migration, after = migrated(OVERLAYS)
    moved = {
        path.replace("base/", "apps/base/")
        .replace("prod/", "apps/prod/")
        .replace("test/", "apps/test/"): content
        for path, content in after.items()
    }
    report = verify(OVERLAYS, moved, migration)
    assert [(each.cluster, each.status, each.outcome, each.after_path) for each in report.releases] == [
        ("prod", "declared", "adopted", "apps/base/web.yaml"),
        ("test", "declared", "adopted", "apps/base/web.yaml"),
    ]


def test_what_moves_to_one_place_for_all_is_found_again() -> None:
    files = {**OVERLAYS, "base/web.yaml": release()}
    for path in ("prod/kustomization.yaml", "test/kustomization.yaml"):
        files[path] = "resources:\n- ../base\n"
    migration, after = migrated(files, fm.MigrationOptions())
    moved: Files = {
        "all/web.yaml": after["base/web.yaml"],
        "all/sources.yaml": after["prod/sources/example.yaml"],
    }
    assert told(verify(files, moved, migration, fm.MigrationOptions())) == [("", "declared", "adopted")]
    given_paths = fm.MigrationOptions(sync_roots=("prod", "test"))
    assert told(verify(files, moved, migration, given_paths)) == [("", "missing", None)]


def cluster(name: str, **known: Any) -> fm.Cluster:
    return fm.Cluster(name=name, sync_paths=(name,), **known)


def plain(**more: str) -> Files:
    text = release(namespace="").replace("  helmVersion: v3\n", "")
    return {
        f"{name}/web.yaml": text.replace("spec:\n", f"spec:\n{more.get(name, '')}") for name in ("eu", "us")
    }


def test_each_cluster_has_its_own_default_namespace() -> None:
    v3 = fm.HelmOperator(helm_versions=("v3",))
    clusters = (cluster("eu", default_namespace="shop"), cluster("us", default_namespace="store"))
    options = fm.MigrationOptions(clusters=clusters, sources=PLACED, helm_operator=v3)
    migration, after = migrated(plain(), options)
    report = verify(plain(), after, migration, options)
    assert told(report) == [("eu", "declared", "adopted"), ("us", "declared", "adopted")]
    assert [each.resource for each in report.releases] == ["HelmRelease shop/web", "HelmRelease store/web"]
    wrong = {**after, "us/web.yaml": str(after["us/web.yaml"]).replace("store-web", "shop-web")}
    assert told(verify(plain(), wrong, migration, options))[1] == ("us", "different", "renamed")


def test_each_cluster_has_its_own_operator() -> None:
    charts = "git: https://git.example.com/charts\n    path: web"
    text = (
        release().replace("  helmVersion: v3\n", "").partition("  chart:\n")[0] + f"  chart:\n    {charts}\n"
    )
    files: Files = {"eu/web.yaml": text, "us/web.yaml": text}
    v3: Mapping[str, Any] = {"helm_versions": ("v3",)}
    known = {
        "eu": fm.HelmOperator(**v3, git_default_ref="test"),
        "us": fm.HelmOperator(**v3, git_default_ref="prod"),
    }
    options = fm.MigrationOptions(clusters=tuple(cluster(name, helm_operator=known[name]) for name in known))
    migration, after = migrated(files, options)
    report = verify(files, after, migration, options)
    assert told(report) == [("eu", "declared", "adopted"), ("us", "declared", "adopted")]
    # The repository does not tell that a ref is a branch; the flags tell which one it is.
    assert {each.assumed for each in report.releases} == {("chart.reference",)}
    # Whoever says nothing of operators has that of the options.
    alone = fm.MigrationOptions(clusters=(cluster("eu"), cluster("us")), helm_operator=known["eu"])
    assert [each[1] for each in told(verify(files, after, migration, alone))] == ["declared", "different"]
    # And what is given with the call holds for every cluster.
    operator = fm.HelmOperator(helm_versions=("v2",), git_default_ref="prod")
    report = fm.verify_migration(files, after, options, declared=migration.declared, operator=operator)
    assert [each.outcome for each in report.releases] == ["reinstalled", "reinstalled"]


def test_each_cluster_has_its_own_flux_release() -> None:
    files = {
        name: str(text).replace("name: web #", "name: web\n  namespace: shop #")
        for name, text in plain().items()
    }
    options = fm.MigrationOptions(
        clusters=(cluster("eu", flux_version="2.9"), cluster("us", flux_version="2.1"))
    )
    after = fm.migrate_repository(files, fm.MigrationOptions(flux_version="2.9")).files
    entries = fm.verify_migration(files, after, options).releases
    refused = {each.cluster: [d.after for d in each.differences if d.field == "refused"] for each in entries}
    assert refused["eu"] == []
    assert refused["us"] != []


def test_an_override_of_a_cluster_is_for_that_one() -> None:
    v3 = fm.HelmOperator(helm_versions=("v3",))
    override = fm.Override(cluster="us", release_name="live")
    options = fm.MigrationOptions(
        clusters=(cluster("eu"), cluster("us")),
        overrides=(override,),
        default_namespace="shop",
        helm_operator=v3,
    )
    migration, after = migrated(plain(), options)
    assert "releaseName: live" in str(after["us/web.yaml"])
    assert [each[1:] for each in told(verify(plain(), after, migration, options))] == [
        ("declared", "adopted")
    ] * 2
    nobody = options.model_copy(update={"overrides": ()})
    assert told(verify(plain(), after, migration, nobody))[1] == ("us", "different", "renamed")


@pytest.mark.parametrize(
    ("pattern", "known"), [("prod, test", True), ("prod", False), ("*", True), ("p*", False)]
)
def test_an_override_for_all_that_have_a_release_is_for_each(pattern: str, known: bool) -> None:
    files = {**OVERLAYS, "base/web.yaml": release(more="  releaseName: wrong\n")}
    for path in ("prod/kustomization.yaml", "test/kustomization.yaml"):
        files[path] = "resources:\n- ../base\n"
    live = fm.MigrationOptions(overrides=(fm.Override(release_name="live"),))
    migration, after = migrated(files, live)
    options = fm.MigrationOptions(overrides=(fm.Override(cluster=pattern, release_name="live"),))
    told_again = fm.migrate_repository(files, options)
    assert ("RP010" in {each.code for each in told_again.findings}) is not known
    outcomes = {each.outcome for each in verify(files, after, migration, options).releases}
    assert outcomes == ({"adopted"} if known else {"adopted", "renamed"})


def test_what_was_answered_for_a_release_of_two_names_counts_for_both() -> None:
    old = release().replace("helm.fluxcd.io/v1", "flux.weave.works/v1beta1")
    files: Files = {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": old.replace("  helmVersion: v3\n", "  releaseName: live\n"),
        "eu/kustomization.yaml": "resources: [../base]\nnamespace: eu\n",
        "us/kustomization.yaml": "resources: [../base]\nnamespace: us\n",
    }
    given: dict[str, Any] = {"sync_roots": ["eu", "us"], "sources": {"namespace": "release"}}
    given = {**given, "overrides": [{"namespace": "shop", "name": "web", "accept": ["HR030"]}]}
    options = fm.MigrationOptions.model_validate(given)
    migration, after = migrated(files, options)
    assert verify(files, after, migration, options).ok


def test_a_workload_of_the_first_api_is_looked_for_under_the_kind_that_it_becomes() -> None:
    files: Files = {
        "apps/web.yaml": "apiVersion: helm.integrations.flux.weave.works/v1alpha2\nkind: FluxHelmRelease\n"
        "metadata:\n  name: web\n  namespace: shop\n  annotations:\n    fluxcd.io/automated: 'true'\n"
        "    fluxcd.io/tag.chart-image: semver:~1\nspec:\n  releaseName: live\n  chartGitPath: web\n"
        "  values:\n    image: ghcr.io/acme/web:1.2.3\n"
    }
    url = "https://git.example.com/acme/fleet"
    operator = {"git_url": url, "helm_versions": ["v3"]}
    cluster = {"name": "prod", "sync_paths": ["apps"], "fluxd": {"version": "1.17.0", "git_url": url}}
    options = fm.MigrationOptions.model_validate(
        {"clusters": [{**cluster, "helm_operator": operator}], "overrides": [{"accept": ["HR030"]}]}
    )
    migration, after = migrated(files, options)
    assert verify(files, after, migration, options).ok


def test_what_the_api_server_refused_before_is_no_news() -> None:
    old = SYNC.replace("  interval: 5m\n", "")
    files: Files = {"prod/web.yaml": release(), "flux/prod.yaml": old}
    options = fm.MigrationOptions(sync_roots=("prod",))
    migration, after = migrated(files, options)
    assert "sync.refused" not in differences(verify(files, after, migration, options))
    worse = {**after, "flux/prod.yaml": str(after["flux/prod.yaml"]).replace("fluxcd.io/v1", "fluxcd.io/v0")}
    assert "sync.refused" in differences(verify(files, worse, migration, options))


@pytest.mark.parametrize(
    ("kind", "spec", "is_refused"),
    [
        ("ImageRepository", "{image: a.example.com/b, interval: 5m}", False),
        ("ImageRepository", "{image: a.example.com/b}", True),
        ("ImageRepository", "{image: a.example.com/b, interval: [5m]}", True),
        ("ImageRepository", "{image: a.example.com/b, interval: 5m, tag: x}", True),
        ("ImagePolicy", "{imageRepositoryRef: {name: a}, policy: {semver: {range: 1.x}}}", False),
        (
            "ImagePolicy",
            "{imageRepositoryRef: {name: a}, policy: {semver: {range: 1.x}}, digestReflectionPolicy: Always}",
            True,
        ),
        (
            "ImageUpdateAutomation",
            "{interval: 5m, sourceRef: {kind: GitRepository, name: a}, git: {commit: {author: {email: b}}}}",
            False,
        ),
        (
            "ImageUpdateAutomation",
            "{interval: 5m, sourceRef: {kind: GitRepository, name: a}, commit: {authorEmail: b}}",
            True,
        ),
        ("Alert", "{}", False),
        ("Alarm", "{}", True),
    ],
)
def test_what_the_api_server_refuses_stops_the_path(kind: str, spec: str, is_refused: bool) -> None:
    files: Files = {"prod/web.yaml": release(), "flux/prod.yaml": SYNC}
    options = fm.MigrationOptions(sync_roots=("prod",))
    migration, after = migrated(files, options)
    api = f"apiVersion: image.toolkit.fluxcd.io/v1\nkind: {kind}\nmetadata: {{name: a, namespace: shop}}\n"
    report = verify(files, {**after, "prod/image.yaml": f"{api}spec: {spec}\n"}, migration, options)
    assert ("sync.refused" in differences(report)) == is_refused


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  interval: 5m", "  interval: 5m\n  targetNamespace: ''"),
        ("  upgrade:\n", "  upgrade:\n    remediation: {retries: 0, strategy: reinstall}\n"),
        ("  interval: 5m", "  interval: 5m\n  waitStrategy: {name: fast}"),
    ],
)
def test_a_release_that_the_api_server_refuses_stops_the_path(old: str, new: str) -> None:
    files: Files = {"prod/web.yaml": release(), "flux/prod.yaml": SYNC}
    options = fm.MigrationOptions(sync_roots=("prod",))
    migration, after = migrated(files, options)
    assert old in str(after["prod/web.yaml"])
    worse = {**after, "prod/web.yaml": str(after["prod/web.yaml"]).replace(old, new)}
    assert "sync.refused" in differences(verify(files, worse, migration, options))


@pytest.mark.parametrize(("flux_version", "is_refused"), [("2.5", True), ("2.6", False)])
def test_a_field_is_refused_before_the_flux_release_that_has_it(flux_version: str, is_refused: bool) -> None:
    files: Files = {"prod/web.yaml": release(), "flux/prod.yaml": SYNC}
    options = fm.MigrationOptions.model_validate({"sync_roots": ["prod"], "flux_version": flux_version})
    migration, after = migrated(files, options)
    source = (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: a, namespace: shop}\n"
        "spec: {interval: 1m, url: https://git.example.com/acme/a, sparseCheckout: [web]}\n"
    )
    report = verify(files, {**after, "prod/source.yaml": source}, migration, options)
    told = [str(each) for entry in report.sync_paths for each in entry.differences]
    assert any("spec.sparseCheckout is no field of" in each for each in told) == is_refused


def differences(report: fm.VerificationReport) -> set[str]:
    return {each.field for entry in report.sync_paths for each in entry.differences}


TWO_PATHS: Files = {
    "prod/web.yaml": release(),
    "base/web.yaml": release("other"),
    "flux/prod.yaml": SYNC,
    "flux/base.yaml": SYNC.replace("prod", "base"),
}
PATHS = ("prod", "base")


@pytest.mark.parametrize("named", ["{name: base}", "{name: base, namespace: flux-system}"])
def test_a_path_may_wait_for_what_is_applied(named: str) -> None:
    options = fm.MigrationOptions(sync_roots=PATHS)
    migration, after = migrated(TWO_PATHS, options)
    waiting = str(after["flux/prod.yaml"]) + f"  dependsOn: [{named}]\n"
    report = verify(TWO_PATHS, {**after, "flux/prod.yaml": waiting}, migration, options)
    assert "sync.dependencies" not in differences(report)
    nobody = verify(
        TWO_PATHS, {**after, "flux/prod.yaml": waiting.replace("base", "gone")}, migration, options
    )
    assert "sync.dependencies" in differences(nobody)


def test_a_path_that_waits_for_itself_waits_for_ever() -> None:
    options = fm.MigrationOptions(sync_roots=PATHS)
    migration, after = migrated(TWO_PATHS, options)
    own = str(after["flux/prod.yaml"]) + "  dependsOn: [{name: prod}]\n"
    assert "sync.dependencies" in differences(
        verify(TWO_PATHS, {**after, "flux/prod.yaml": own}, migration, options)
    )
    # So do two that wait for one another.
    circle: Files = {
        **after,
        "flux/prod.yaml": str(after["flux/prod.yaml"]) + "  dependsOn: [{name: base}]\n",
        "flux/base.yaml": str(after["flux/base.yaml"]) + "  dependsOn: [{name: prod}]\n",
    }
    blamed = verify(TWO_PATHS, circle, migration, options).sync_paths
    assert [[each.field for each in entry.differences] for entry in blamed] == [["sync.dependencies"]] * 2


def test_a_path_that_waits_for_two_that_wait_for_one_another_waits_for_ever() -> None:
    options = fm.MigrationOptions(sync_roots=PATHS)
    migration, after = migrated(TWO_PATHS, options)
    a, b = (SYNC.replace("name: prod", f"name: {each}").replace("./prod", "./empty") for each in "ab")
    waiting: Files = {
        **after,
        "flux/prod.yaml": str(after["flux/prod.yaml"]) + "  dependsOn: [{name: a}]\n",
        "base/more.yaml": f"{a}  dependsOn: [{{name: b}}]\n---\n{b}  dependsOn: [{{name: a}}]\n",
    }
    report = verify(TWO_PATHS, waiting, migration, options)
    told = {entry.resource: [each.field for each in entry.differences] for entry in report.sync_paths}
    assert told == {"sync path prod": ["sync.dependencies"], "sync path base": []}
    # A row that comes to an end is none of it.
    row: Files = {**waiting, "base/more.yaml": f"{a}  dependsOn: [{{name: b}}]\n---\n{b}"}
    assert "sync.dependencies" not in differences(verify(TWO_PATHS, row, migration, options))


def test_clusters_may_wait_for_paths_of_one_name_in_another_order() -> None:
    files: Files = {}
    for cluster in ("eu", "us"):
        for name in ("apps", "infra"):
            files[f"{cluster}/{name}/web.yaml"] = release(f"{cluster}-{name}")
            sync = SYNC.replace("name: prod", f"name: {name}").replace("./prod", f"./{cluster}/{name}")
            files[f"{cluster}/flux/{name}.yaml"] = sync
    clusters = tuple(
        fm.Cluster(name=each, sync_paths=(f"{each}/apps", f"{each}/infra")) for each in ("eu", "us")
    )
    options = fm.MigrationOptions(clusters=clusters)
    migration, after = migrated(files, options)
    for path, name in (("eu/flux/apps.yaml", "infra"), ("us/flux/infra.yaml", "apps")):
        after[path] = str(after[path]) + f"  dependsOn: [{{name: {name}}}]\n"
    assert "sync.dependencies" not in differences(verify(files, after, migration, options))
    after["eu/flux/infra.yaml"] = str(after["eu/flux/infra.yaml"]) + "  dependsOn: [{name: apps}]\n"
    blamed = verify(files, after, migration, options).sync_paths
    assert [each.cluster for each in blamed if each.differences] == ["eu", "eu"]


ONE_CLUSTER = fm.MigrationOptions(clusters=(fm.Cluster(name="main", sync_paths=PATHS),))


def test_one_kustomization_may_take_in_all_paths_of_a_cluster() -> None:
    migration, after = migrated(TWO_PATHS, ONE_CLUSTER)
    without = {path: text for path, text in after.items() if not path.startswith("flux/")}
    root: Files = {**without, "flux/all.yaml": SYNC.replace("path: ./prod", "path: ./")}
    assert verify(TWO_PATHS, root, migration, ONE_CLUSTER).ok


def test_a_path_that_another_one_is_built_of_is_synced_with_it() -> None:
    files: Files = {
        **TWO_PATHS,
        **{f"{each}/kustomization.yaml": "resources: [web.yaml]\n" for each in PATHS},
    }
    migration, after = migrated(files, ONE_CLUSTER)
    without = {path: text for path, text in after.items() if not path.startswith("flux/")}
    sync = SYNC.replace("path: ./prod", "path: ./all")
    both: Files = {
        **without,
        "flux/all.yaml": sync,
        "all/kustomization.yaml": "resources: [../prod, ../base]\n",
    }
    assert verify(files, both, migration, ONE_CLUSTER).ok
    one: Files = {**both, "all/kustomization.yaml": "resources: [../prod]\n"}
    lost = [
        each for each in verify(files, one, migration, ONE_CLUSTER).sync_paths if each.status == "missing"
    ]
    assert [each.resource for each in lost] == ["sync path base"]


@pytest.mark.parametrize(
    ("api", "is_told"), [("helm.fluxcd.io/v1", True), ("helm.toolkit.fluxcd.io/v2", False)]
)
def test_a_path_that_waits_for_a_release_of_flux_1_waits_in_vain(api: str, *, is_told: bool) -> None:
    files: Files = {"prod/web.yaml": release(), "flux/prod.yaml": SYNC}
    options = fm.MigrationOptions(sync_roots=("prod",))
    migration, after = migrated(files, options)
    check = f"{{apiVersion: {api}, kind: HelmRelease, name: web, namespace: shop}}"
    waiting: Files = {**after, "flux/prod.yaml": f"{SYNC}  healthChecks: [{check}]\n"}
    assert ("sync.health_checks" in differences(verify(files, waiting, migration, options))) == is_told


def test_a_source_that_stood_in_the_repository_is_missed() -> None:
    source = (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n"
        "metadata: {name: flux-system, namespace: flux-system}\n"
        "spec: {interval: 5m, url: 'https://git.example.com/acme/fleet', ref: {branch: main}}\n"
    )
    files: Files = {"prod/web.yaml": release(), "flux/prod.yaml": SYNC, "flux/source.yaml": source}
    options = fm.MigrationOptions(sync_roots=("prod",))
    migration, after = migrated(files, options)
    assert "sync.source" not in differences(verify(files, after, migration, options))
    without = {path: text for path, text in after.items() if path != "flux/source.yaml"}
    assert "sync.source" in differences(verify(files, without, migration, options))


@pytest.mark.parametrize(
    ("labels", "is_refused"),
    [("{a: '1'}", False), ("{a: null}", False), ("{a: 1}", True), ("{a: true}", True)],
)
def test_a_label_that_is_no_text_is_refused(labels: str, *, is_refused: bool) -> None:
    files: Files = {"prod/web.yaml": release(), "flux/prod.yaml": SYNC}
    options = fm.MigrationOptions(sync_roots=("prod",))
    migration, after = migrated(files, options)
    config = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, namespace: shop, labels: {labels}}}\n"
    report = verify(files, {**after, "prod/config.yaml": config}, migration, options)
    assert ("sync.refused" in differences(report)) == is_refused


def test_a_path_that_only_folders_showed_may_go_and_what_stands_elsewhere_is_named() -> None:
    automated = release().replace("metadata:\n", "metadata:\n  annotations: {fluxcd.io/automated: 'true'}\n")
    files: Files = {"old/web.yaml": f"{automated}  values: {{image: 'ghcr.io/acme/web:1.0.0'}}\n"}
    migration = fm.migrate_repository(files)
    after: Files = {f"new/{path}": text for path, text in migration.files.items()}
    report = fm.verify_migration(files, after, declared=migration.declared)
    assert [each.status for each in report.sync_paths] == ["same"]
    assert "folders" in report.sync_paths[0].notes[0]
    (workload,) = report.workloads
    assert (workload.status, workload.reason) == ("missing", "nothing that is synced lists new/old/web.yaml")


@pytest.mark.parametrize(("ref", "is_refused"), [("{branch: main}", False), ("next", True)])
def test_a_source_that_nothing_is_known_to_apply_is_looked_at_too(ref: str, *, is_refused: bool) -> None:
    files: Files = {"prod/web.yaml": release(), "flux/prod.yaml": SYNC}
    options = fm.MigrationOptions(sync_roots=("prod",))
    migration, after = migrated(files, options)
    source = (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n"
        "metadata: {name: flux-system, namespace: flux-system}\n"
        f"spec: {{interval: 5m, url: 'https://git.example.com/acme/fleet', ref: {ref}}}\n"
    )
    report = verify(files, {**after, "bootstrap/source.yaml": source}, migration, options)
    assert ("sync.refused" in differences(report)) == is_refused


def test_a_release_that_patches_take_out_everywhere_is_nobody_s() -> None:
    api = "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\n"
    gone = f"$patch: delete\n{api}metadata: {{name: web, namespace: shop}}\n"
    files: Files = {
        "base/web.yaml": release(),
        "base/kustomization.yaml": "resources: [web.yaml]\nnameSuffix: -base\n",
        "eu/gone.yaml": gone,
        "eu/kustomization.yaml": "resources: [../base]\npatches: [{path: gone.yaml}]\n",
    }
    options = fm.MigrationOptions(sync_roots=("eu",))
    migration, after = migrated(files, options)
    report = verify(files, after, migration, options)
    assert report.ok
    assert told(report) == [("", "unmanaged", None)]
    after["eu/kustomization.yaml"] = str(after["eu/kustomization.yaml"]).partition("patches:")[0]
    assert not verify(files, after, migration, options).ok


def test_what_no_cluster_has_is_read_by_the_oldest_flux_release() -> None:
    files = {**plain(), "base/web.yaml": release()}
    clusters = (cluster("eu", flux_version="2.9"), cluster("us", flux_version="2.1"))
    after = fm.migrate_repository(files, fm.MigrationOptions(flux_version="2.9")).files
    entries = fm.verify_migration(files, after, fm.MigrationOptions(clusters=clusters)).releases
    (entry,) = (each for each in entries if each.path == "base/web.yaml")
    assert "refused" in {each.field for each in entry.differences}


PATCHED = fm.MigrationOptions(sync_roots=("dev", "prod"))
WAITING, NOT_WAITING = "  wait: true\n", "  wait: false\n"
VALUES_FROM = "  valuesFrom:\n  - configMapKeyRef: {name: site, optional: true}\n"
NEEDED = VALUES_FROM.replace("true", "false")


@pytest.mark.parametrize(
    ("spec", "patch", "cluster", "old", "new", "field"),
    [
        (VALUES_FROM, NEEDED, "dev", "    optional: true\n", "", TOLERATES),
        (
            VALUES_FROM,
            NEEDED,
            "prod",
            "site",
            "site\n    optional: true",
            TOLERATES,
        ),
        ("", VALUES_FROM, "prod", "    optional: true\n", "", TOLERATES),
        (
            "  valueFileSecrets: [{name: site}]\n",
            VALUES_FROM,
            "prod",
            "name: site\n  - ",
            "name: site\n    optional: true\n  - ",
            TOLERATES,
        ),
        (
            "  wait: true\n",
            "  wait: false\n",
            "prod",
            "disableWait: true",
            "disableWait: false",
            "install.wait",
        ),
        (
            "  wait: true\n",
            "  wait: false\n",
            "dev",
            "disableWaitForJobs: true",
            "disableWait: true",
            "install.wait",
        ),
        (ROLLBACK, ROLLBACK.replace("true", "false"), "dev", "retries: 5", "retries: 3", RETRIES),
    ],
)
def test_what_clusters_declare_counts_for_each_alone(
    spec: str, patch: str, cluster: str, old: str, new: str, field: str
) -> None:
    """Where it differs between clusters, another value in one of them is no declared one."""
    files: Files = {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": release_text(CHART + spec),
        "dev/kustomization.yaml": "resources: [../base]\n",
        "prod/kustomization.yaml": "resources: [../base]\npatches: [{path: web.yaml}]\n",
        "prod/web.yaml": release_text(patch),
    }
    migration, after = migrated(files, PATCHED)
    assert verify(files, after, migration, PATCHED).ok
    path = "prod/web.yaml" if cluster == "prod" else "base/web.yaml"
    text = str(after[path])
    assert old in text
    report = verify(files, {**after, path: text.replace(old, new)}, migration, PATCHED)
    assert not report.ok
    wrong = [each for each in report.releases if each.status == "different"]
    assert field in {difference.field for each in wrong for difference in each.differences}
    assert cluster in {name for each in wrong for name in (each.cluster or "dev, prod").split(", ")}
