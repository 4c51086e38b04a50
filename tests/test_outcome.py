"""What clusters get of a migrated repository: what they do not get is an error at its place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import fluxv2_migrate as fm
from built_clusters import Files, release
from fluxv2_migrate.applied.references import MigratedRelease, tell_of_result
from fluxv2_migrate.applied.result import Result
from fluxv2_migrate.clusters.reading import see_repository
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.placement import Generated
from fluxv2_migrate.repository.reading import read_documents, read_repository
from manifest_texts import AUTOMATED, workload_text
from real_kustomize import build_all, write_tree
from test_folders_and_pruning import found

CODES = ("RP053", "RP054", "RP055", "RP056", "RP057", "RP077")
DEPLOYMENT = workload_text(AUTOMATED, "fluxcd.io/tag.app: semver:~1")
GIT = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec:
  url: ssh://git@example.com/fleet
  ignore: |
    /apps/sources/
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec:
  path: ./apps
  prune: false
  sourceRef: {kind: GitRepository, name: flux-system}
"""
SYNC = re.sub(r"  ignore: .*\n.*\n", "", GIT.replace("name: apps", "name: flux-system"))
VENDOR = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: vendor, namespace: flux-system}
spec: {url: "https://charts.example.com"}
"""

TWIN = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: shop}
spec:
  interval: 5m
  releaseName: shop-web
  chart:
    spec:
      chart: web
      version: 1.2.3
      sourceRef: {kind: HelmRepository, name: vendor, namespace: flux-system}
  maxHistory: 10
  install: {disableTakeOwnership: true, disableWait: true}
  upgrade: {crds: Skip, disableWait: true}
"""


def overlay(operation: str, **target: str) -> Files:
    """An overlay whose patch is for releases of Flux v2, so that it begins to work with the migration."""
    selects = {"group": "helm.toolkit.fluxcd.io", "kind": "HelmRelease", **target}
    shown = ", ".join(f"{key}: {value}" for key, value in selects.items())
    return {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": release(more="  releaseName: web\n"),
        "apps/kustomization.yaml": (
            "namespace: shop\nresources:\n- ../base\npatches:\n"
            f"- target: {{{shown}}}\n  patch: '[{operation}]'\n"
        ),
    }


CASES: list[tuple[str, Files, str, str, dict[str, Any]]] = [
    (
        "source-controller leaves it out",
        {"apps/web.yaml": release(), "apps/b/db.yaml": release("db"), ".sourceignore": "/apps/b/\n"},
        "RP053",
        "apps/b/db.yaml",
        {},
    ),
    (
        "what stands for it already lies elsewhere",
        {"apps/web.yaml": release(), "apps/b.yaml": release("b"), "new/web.yaml": TWIN + "---\n" + VENDOR},
        "RP053",
        "apps/web.yaml",
        {},
    ),
    (
        "source-controller leaves out what is made",
        {"apps/web.yaml": release(), ".sourceignore": "sources\n"},
        "RP054",
        "apps/sources/example.yaml",
        {},
    ),
    (
        "the sync path is a file, beside which nothing is applied",
        {"apps/web.yaml": release()},
        "RP054",
        "apps/sources/example.yaml",
        {"sync_roots": ["apps/web.yaml"]},
    ),
    (
        "the GitRepository leaves out what is made",
        {"apps/web.yaml": release(), "apps/sync.yaml": GIT},
        "RP054",
        "apps/sources/example.yaml",
        {},
    ),
    (
        "image policies are left out",
        {"apps/web.yaml": DEPLOYMENT, ".sourceignore": "/apps/images/web*\n"},
        "RP054",
        "apps/images/web.yaml",
        {},
    ),
    (
        "a person chose a source that lies elsewhere",
        {"apps/web.yaml": release(), "infra/vendor.yaml": VENDOR},
        "RP055",
        "apps/web.yaml",
        {"overrides": [{"name": "web", "source_name": "vendor"}]},
    ),
    (
        "a patch gives it another source",
        overlay('{"op": "replace", "path": "/spec/chart/spec/sourceRef/name", "value": "other"}'),
        "RP055",
        "base/web.yaml",
        {},
    ),
    (
        "a patch gives it another release name",
        overlay('{"op": "replace", "path": "/spec/releaseName", "value": "other"}'),
        "RP056",
        "base/web.yaml",
        {},
    ),
    (
        "a patch gives it another field",
        overlay('{"op": "add", "path": "/spec/driftDetection", "value": {"mode": "warn"}}'),
        "RP077",
        "base/web.yaml",
        {},
    ),
    (
        "a patch gives it other values",
        overlay('{"op": "add", "path": "/spec/values", "value": {"more": 1}}'),
        "RP077",
        "base/web.yaml",
        {},
    ),
    (
        "a patch fails",
        overlay('{"op": "remove", "path": "/spec/none"}'),
        "RP057",
        "apps/kustomization.yaml",
        {},
    ),
]


@pytest.mark.parametrize(
    ("files", "code", "path", "options"), [each[1:] for each in CASES], ids=[each[0] for each in CASES]
)
def test_what_a_cluster_does_not_get_is_an_error_at_its_place(
    files: Files, code: str, path: str, options: dict[str, Any]
) -> None:
    given = {"sync_roots": ["apps"], **options}
    (finding,) = found(files, *CODES, **given)
    assert (finding.code, finding.path, finding.severity) == (code, path, "error")
    if code == "RP057":
        # Nobody can accept what does not build.
        assert finding.answer is None
        return
    assert finding.answer is not None
    overrides = [*options.get("overrides", ()), finding.answer.model_dump(exclude_defaults=True)]
    assert found(files, *CODES, "RP010", **{**given, "overrides": overrides}) == []


def test_one_cause_is_one_question() -> None:
    files: Files = {f"apps/team/{name}.yaml": release(name) for name in "abc"}
    files |= {"apps/other.yaml": release("other"), ".sourceignore": "/apps/team\n"}
    (finding,) = found(files, *CODES, sync_roots=["apps"])
    assert (finding.path, finding.related) == (
        "apps/team/a.yaml",
        ("apps/team/b.yaml:4", "apps/team/c.yaml:4"),
    )


def test_what_a_kustomization_leaves_out_is_told_once() -> None:
    files: Files = {f"apps/team/{name}.yaml": release(name) for name in ("web", "db")}
    files["apps/team/kustomization.yaml"] = "resources: [db.yaml]\n"
    assert [each.code for each in found(files, *CODES, "RP015", sync_roots=["apps"])] == ["RP015"]


@pytest.mark.parametrize(
    "files",
    [
        {"apps/web.yaml": release(), "apps/db.yaml": DEPLOYMENT.replace("name: web", "name: db", 1)},
        overlay('{"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}'),
        overlay('{"op": "replace", "path": "/spec/releaseName", "value": "other"}', name="db"),
        # A line that ends nothing makes no object.
        {f"apps/{name}.yaml": f"{release(name)}---\n" for name in ("web", "db")},
        # What lies elsewhere may hold whatever is missing.
        {
            "apps/kustomization.yaml": "resources: [web.yaml, 'https://example.com/more.yaml']\n",
            "apps/web.yaml": release(),
        },
    ],
)
def test_what_a_cluster_gets_is_not_told(files: Files, tmp_path: Path) -> None:
    assert found(files, *CODES, sync_roots=["apps"]) == []
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("apps",)))
    if "apps/kustomization.yaml" not in files or "https" in str(files["apps/kustomization.yaml"]):
        return
    write_tree(migration.files, tmp_path)
    (build,) = build_all([tmp_path / "apps"])
    releases = [each for each in build.objects if each["kind"] == "HelmRelease"]
    assert [each["spec"]["releaseName"] for each in releases] == ["web"]


NEW = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: shop}
spec:
  releaseName: shop-web
  chartRef: {kind: HelmChart, name: web}
  valuesFrom:
  - {kind: ConfigMap, name: values}
  - {kind: Secret, name: never-there}
"""
CONFIGURATION = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: values, namespace: shop}\n"
POLICY = """\
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata: {name: web, namespace: shop}
spec: {imageRepositoryRef: {name: web}}
"""


def made(text: str, file: str) -> Generated:
    (document,) = read_documents(file, text)[0]
    return Generated("source", document.manifest, file, ("apps",))


def told(files: Files, after: dict[str, str], *generated: Generated) -> list[tuple[str, str, int, str]]:
    """What is said where a result is one that no migration gives today."""
    options = fm.MigrationOptions(sync_roots=("apps",))
    repository = read_repository(files)
    clusters = see_repository(files, repository, options)
    findings = FindingGroups(options, clusters)
    migrated = [
        MigratedRelease(each, "HelmRelease shop/web", ((sighting, "shop-web"),))
        for documents in repository.documents.values()
        for each in documents
        for sighting in clusters.sightings.get(each.key, ())
    ]
    tell_of_result(Result(clusters, repository, after), migrated, generated, findings, ())
    return [(each.code, each.path, each.line, each.message) for each in findings.all()]


def test_values_that_were_there_must_stay() -> None:
    before = {"apps/kustomization.yaml": "namespace: shop\nresources: [web.yaml, values.yaml]\n"}
    files: Files = {**before, "apps/web.yaml": release(), "apps/values.yaml": CONFIGURATION}
    assert told(files, {"apps/web.yaml": NEW}) == []
    after = {"apps/kustomization.yaml": "namespace: shop\nresources: [web.yaml]\n", "apps/web.yaml": NEW}
    message = "apps does not get ConfigMap shop/values any more, which holds values"
    assert told(files, after) == [("RP055", "apps/web.yaml", 6, message)]


def test_a_policy_must_find_the_tags_that_it_reads() -> None:
    files: Files = {"apps/web.yaml": release()}
    after = {"apps/web.yaml": NEW, "apps/policy.yaml": POLICY}
    message = "apps does not get ImageRepository shop/web, whose tags ImagePolicy shop/web reads"
    policy = made(POLICY, "apps/policy.yaml")
    assert told(files, after, policy) == [("RP055", "apps/policy.yaml", 1, message)]
    repository = POLICY.replace("ImagePolicy", "ImageRepository")
    assert told(files, {**after, "apps/repository.yaml": repository}, policy) == []


def test_a_marker_must_name_a_policy_of_the_clusters_that_get_its_file() -> None:
    files: Files = {"apps/web.yaml": release(), "other.yaml": "a: 1\n"}
    marked = DEPLOYMENT.replace("web:1.4.7", 'web:1.4.7 # {"$imagepolicy": "shop:web"}')
    after = {"apps/web.yaml": NEW, "apps/deployment.yaml": marked, "other.yaml": marked}
    message = "apps does not get ImagePolicy shop/web, which a marker names"
    assert told(files, after) == [("RP055", "apps/deployment.yaml", 14, message)]
    assert told(files, {**after, "apps/policy.yaml": POLICY}) == []


def test_what_is_made_must_be_what_the_cluster_gets() -> None:
    files: Files = {"apps/web.yaml": release(), "apps/kustomization.yaml": "resources: [web.yaml]\n"}
    source = made(VENDOR, "apps/z.yaml")
    after = {"apps/web.yaml": NEW, "apps/z.yaml": VENDOR, "apps/a.yaml": VENDOR.replace("charts", "other")}
    for listed, reason in (
        ("resources: [web.yaml, z.yaml]\n", ""),
        ("resources: [web.yaml]\n", "apps/kustomization.yaml does not list its file, or nothing builds that"),
        ("resources: [web.yaml, a.yaml]\n", "something that is there already takes its place"),
        (
            "resources: [web.yaml, z.yaml]\nnamePrefix: x-\n",
            "what is built makes HelmRepository flux-system/x-vendor of it",
        ),
    ):
        found = told(files, {**after, "apps/kustomization.yaml": listed}, source)
        message = f"apps does not get HelmRepository flux-system/vendor, made for it: {reason}"
        wanted = [("RP054", "apps/z.yaml", 1, message)] if reason else []
        assert [each for each in found if each[0] == "RP054"] == wanted
    outside = made(VENDOR, "sources/z.yaml")
    message = message.partition(": ")[0] + ": nothing that is applied of apps holds it"
    assert told(files, {"apps/web.yaml": NEW, "sources/z.yaml": VENDOR}, outside) == [
        ("RP054", "sources/z.yaml", 1, message)
    ]


def test_a_twin_that_the_cluster_gets_is_not_told() -> None:
    files: Files = {"apps/web.yaml": release(), "new/web.yaml": f"{TWIN}---\n{VENDOR}"}
    cluster = fm.Cluster(name="prod", sync_paths=("apps", "new"))
    migration = fm.migrate_repository(files, fm.MigrationOptions(clusters=(cluster,)))
    assert not {each.code for each in migration.findings} & set(CODES)
    assert migration.deleted == ("apps/web.yaml",)


@pytest.mark.parametrize("annotation", ["reconcile: disabled", "reconcile: Disabled", "ssa: Ignore"])
@pytest.mark.parametrize("ignored", [True, False])
@pytest.mark.parametrize("by_flux2", [True, False])
def test_a_release_that_kustomize_controller_passes_over_is_told_where_fluxd_applied_it(
    annotation: str, *, ignored: bool, by_flux2: bool
) -> None:
    annotations = f"  annotations:\n    kustomize.toolkit.fluxcd.io/{annotation}\n"
    annotations += '    fluxcd.io/ignore: "true"\n' * ignored
    files: Files = {"apps/web.yaml": release().replace("spec:", f"{annotations}spec:", 1)}
    if by_flux2:
        files["apps/flux-system/gotk-sync.yaml"] = SYNC
    migration = fm.migrate_repository(files)
    asked = [each for each in migration.findings if each.code == "RP053"]
    assert [(each.path, each.field) for each in asked] == [("apps/web.yaml", "metadata.annotations")] * (
        not ignored and not by_flux2
    )
    if asked:
        assert fm.migrate_repository(files, {"overrides": migration.answers()}).ok
