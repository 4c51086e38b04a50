"""Of all that is of Flux v1 and stays as it is somebody is told, at its place."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
import yaml

import fluxv2_migrate as fm
from fluxv2_migrate.flux1.apis import RELEASE_APIS
from fluxv2_migrate.flux1.policies import meant_domain
from fluxv2_migrate.repository.reading import misspelt_api
from manifest_texts import AUTOMATED, fluxd_text, workload_text

METADATA = {"name": "web", "namespace": "shop"}
CHART = {"repository": "https://charts.example.com", "name": "web", "version": "1.2.3"}
RELEASE = {
    "apiVersion": "helm.fluxcd.io/v1",
    "kind": "HelmRelease",
    "metadata": METADATA,
    "spec": {"helmVersion": "v3", "chart": CHART},
}
TEXT = yaml.safe_dump(RELEASE, sort_keys=False)
BLOCK = "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata:\n  name: web\n"
KUSTOMIZATION = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n"


def places(migration: fm.Migration, code: str) -> list[str]:
    """Gives all places that findings of a code name."""
    found = (each for each in migration.findings if each.code == code)
    return [place for each in found for place in (f"{each.path}:{each.line}", *each.related)]


FLUXD = fluxd_text("--git-path=apps")
SYNC = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec: {interval: 5m, path: ./apps, prune: false, sourceRef: {kind: GitRepository, name: flux-system}}
"""


@pytest.mark.parametrize(
    "text", [FLUXD, FLUXD.replace("docker.io/", ""), "- --git-url=a\n- fluxcd/a\n", SYNC]
)
@pytest.mark.parametrize("path", ["flux/a.yaml", "apps/a.yaml"])
def test_what_sets_flux_up_and_cannot_be_read_is_one_error(text: str, path: str) -> None:
    files: dict[str, str | bytes] = {path: f"{text}x: [\n", "apps/web.yaml": TEXT}
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("apps",)))
    assert [(each.code, each.path) for each in migration.findings if each.severity == "error"] == [
        ("RP003", path)
    ]
    told = next(each for each in migration.findings if each.code == "RP003")
    assert "fix the file" not in told.message, "the remedy says what to do"
    assert migration.files[path] == files[path]


def test_a_comment_sets_nothing_up() -> None:
    text = f"x: [\n{''.join(f'# {line}' for line in (FLUXD + SYNC).splitlines(keepends=True))}"
    migration = fm.migrate_repository({"flux/a.yaml": text, "apps/web.yaml": TEXT})
    assert migration.ok


@pytest.mark.parametrize(
    "name",
    [
        "a.yaml.tpl",
        "a.tmpl",
        "a.yml.j2",
        "a.gotmpl",
        "a.example",
        "a.jsonnet",
        "a.tf",
        "a.ts",
        "a.sh",
        "Tiltfile",
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        BLOCK,
        "x = { apiVersion: 'helm.fluxcd.io/v1', kind: 'HelmRelease' }",
        'body = { "apiVersion" = "flux.weave.works/v1beta1" }',
        "  annotations: {'fluxcd.io/automated': 'true'}",
        '"flux.weave.works/tag.app" = "glob:*"',
    ],
)
def test_what_another_tool_makes_is_told_in_one_finding(name: str, text: str) -> None:
    files = {f"m/{name}": f"#\n{text}", f"n/{name}": text, "README.md": BLOCK, "b/x.yaml": TEXT}
    migration = fm.migrate_repository(files)
    assert places(migration, "RP036") == [f"m/{name}:2", f"n/{name}:1"]
    assert migration.ok
    assert set(migration.changed) == {"b/x.yaml"}


def test_json_counts_where_kustomize_lists_it() -> None:
    loose = fm.migrate_repository({"a/web.json": json.dumps(RELEASE)})
    assert (places(loose, "RP037"), loose.ok, loose.changed) == (["a/web.json:1"], True, {})
    listed = fm.migrate_repository(
        {"a/web.json": json.dumps(RELEASE), "a/kustomization.yaml": f"{KUSTOMIZATION}- web.json\n"}
    )
    assert places(listed, "RP037") == []
    assert set(listed.changed) == {"a/web.json"} or not listed.ok


@pytest.mark.parametrize("at", ["data: {x: %s}", "spec: {list: [{a: 1}, {b: %s}]}"])
def test_texts_inside_of_objects_are_told(at: str) -> None:
    text = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n" + at % json.dumps(BLOCK) + "\n"
    assert places(fm.migrate_repository({"a.yaml": text, "b.yaml": text}), "RP038") == [
        "a.yaml:4",
        "b.yaml:4",
    ]
    live = RELEASE | {"metadata": METADATA | {"annotations": {"example.com/copy": TEXT}}}
    assert places(fm.migrate_repository({"a.yaml": json.dumps(live)}), "RP038") == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.yaml", "apiVersion: acme.example/v1\nkind: Template\nmetadata: {name: a}\nspec: %s\n"),
        ("a.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {x: '%s'}\n"),
        ("kustomization.yaml", "configMapGenerator:\n- name: a\n  literals: ['x=%s']\n"),
    ],
)
def test_releases_inside_of_objects_and_generators_are_told(path: str, text: str) -> None:
    migration = fm.migrate_repository({path: text % json.dumps(RELEASE)})
    assert len(places(migration, "RP038")) == 1


def test_releases_in_comments_are_good_to_know() -> None:
    commented = "".join(f"# {line}\n" for line in BLOCK.splitlines())
    migration = fm.migrate_repository(
        {"a.yaml": f"a: 1\n---\n{commented}", "c/Chart.yaml": "", "c/a.yaml": commented}
    )
    assert places(migration, "RP039") == ["a.yaml:3"]
    assert migration.ok


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("helm.fluxcd.io/v1", "helmrelease"),
        ("helm.fluxcd.io/v1", "FluxHelmRelease"),
        ("helm.fluxcd.io/v1", "HelmReleases"),
        ("helm.fluxcd.io/v1beta1", "HelmRelease"),
        ("Helm.fluxcd.io/v1", "HelmRelease"),
        ("helm.fluxd.io/v1", "HelmRelease"),
        ("flux.weave.works/v1", "HelmRelease"),
        ("flux.weave.works/v1beta1", "FluxHelmRelease"),
        ("helm.integrations.flux.weave.works/v1alpha2", "HelmRelease"),
        ("v1", "HelmRelease"),
        ("null", "HelmRelease"),
        ("acme.example/v1", "helmrelease"),
    ],
)
def test_a_near_miss_of_the_api_is_an_error(version: str, kind: str) -> None:
    text = f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: web, namespace: shop}}\n"
    text += "spec: {chart: {repository: https://charts.example.com}}\n"
    files = {"a.yaml": text, "b.yaml": TEXT.replace("name: web", "name: db")}
    migration = fm.migrate_repository(files)
    assert places(migration, "RP040") == ["a.yaml:1"]
    assert not migration.ok
    (asked,) = (each for each in migration.findings if each.code == "RP040")
    assert asked.answer is not None
    for options in (
        fm.MigrationOptions(overrides=(asked.answer,)),
        fm.MigrationOptions(overrides=(fm.Override(path="a.yaml", leave=True),)),
        fm.MigrationOptions(scope=fm.Scope(names=("db",))),
    ):
        settled = fm.migrate_repository(files, options)
        assert settled.ok
        assert set(settled.changed) == {"b.yaml"}


def test_one_misspelt_api_is_one_question() -> None:
    names = ("web", "db", "api")
    wrong = TEXT.replace("helm.fluxcd.io/v1", "helm.fluxcd.io/v1beta1")
    files = {f"{name}.yaml": wrong.replace("name: web", f"name: {name}", 1) for name in names}
    files["other.yaml"] = wrong.replace("v1beta1", "v2").replace("namespace: shop", "namespace: pay")
    migration = fm.migrate_repository(files)
    asked = [each for each in migration.findings if each.code == "RP040"]
    assert [len(each.related) for each in asked] == [2, 0]
    assert fm.migrate_repository(files, {"overrides": migration.answers()}).ok


def test_a_release_whose_kind_is_misspelt_as_a_key_is_one_that_was_meant() -> None:
    migration = fm.migrate_repository({"apps/web.yaml": TEXT.replace("kind:", "Kind:")})
    (asked,) = (each for each in migration.findings if each.code == "RP040")
    assert (asked.path, asked.line) == ("apps/web.yaml", 1)
    assert "helm.fluxcd.io/v1 without a kind" in asked.message
    assert misspelt_api({"apiVersion": "v1"}) is None


def test_other_apis_are_no_near_misses() -> None:
    known = [{"apiVersion": version, "kind": kind} for version, kind in RELEASE_APIS.items()]
    foreign: list[dict[str, Any]] = [
        {"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease"},
        {"apiVersion": "application.kubesphere.io/v1alpha1", "kind": "HelmRelease"},
        {"apiVersion": "helm.fluxcd.io/v1", "kind": "HelmReleaseList"},
        {"apiVersion": 1, "kind": "HelmRelease"},
        {"kind": "HelmRelease", "spec": {"chart": {"spec": {}}}},
    ]
    assert [misspelt_api(each) for each in (*known, *foreign)] == [None] * 8


@pytest.mark.parametrize(
    ("domain", "meant"),
    [
        ("flux.weave.work", "flux.weave.works"),
        ("flux.weaves.works", "flux.weave.works"),
        ("fluxdc.io", "fluxcd.io"),
        ("flux.cd.io", "fluxcd.io"),
        ("fluxcd.com", "fluxcd.io"),
    ],
)
@pytest.mark.parametrize(("name", "value"), [("automated", "true"), ("locked", "true"), ("tag.app", "1.*")])
def test_one_misspelt_annotation_is_told_where_nothing_else_names_flux(
    domain: str, meant: str, name: str, value: str
) -> None:
    metadata = METADATA | {"annotations": {f"{domain}/{name}": value}}
    workload = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata}
    migration = fm.migrate_repository({"a.yaml": json.dumps(workload)})
    said = [each.message for each in migration.findings if each.code == "AN013"]
    assert said == [f"fluxd knows no annotation {domain}/{name}: {meant}/{name} was meant"]


def test_a_misspelt_domain_is_told_even_alone() -> None:
    annotations = {"fluxd.io/automated": "true", "filter.fluxd.io/app": "semver:~1"}
    workload = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": METADATA | {"annotations": annotations},
    }
    migration = fm.migrate_repository({"a.yaml": json.dumps(workload)})
    said = [each.message for each in migration.findings if each.code == "AN013"]
    assert sorted(said) == sorted(
        f"fluxd knows no annotation {key}: {key.replace('fluxd', 'fluxcd')} was meant" for key in annotations
    )
    assert not migration.changed
    assert meant_domain("weave.works") == "flux.weave.works"
    assert [meant_domain(each) for each in ("helm.fluxcd.io", "linkerd.io", "cert-manager.io")] == [""] * 3


def test_every_release_that_is_left_is_named_and_can_be_left() -> None:
    names = ("one", "two", "three")
    files = {f"old/{name}.yaml": TEXT.replace("name: web", f"name: {name}") for name in names}
    files |= {"other/one.yaml": TEXT, "new/web.yaml": TEXT.replace("name: web", "name: new")}
    options = fm.MigrationOptions(sync_roots=("new",))
    migration = fm.migrate_repository(files, options)
    assert not migration.ok
    assert sorted(places(migration, "RP035")) == sorted(
        [*(f"old/{name}.yaml:1" for name in names), "other/one.yaml:1"]
    )
    answered = {"sync_roots": ["new"], "overrides": migration.answers()}
    settled = fm.migrate_repository(files, fm.MigrationOptions.model_validate(answered))
    assert settled.ok
    assert set(settled.changed) == {"new/web.yaml"}
    scoped = options.model_copy(update={"scope": fm.Scope(paths=("new/*",))})
    assert fm.migrate_repository(files, scoped).ok


def test_where_no_answer_fits_all_each_release_is_asked_about() -> None:
    """Two folders hold releases that nothing tells apart but their files."""
    files: dict[str, str | bytes] = dict.fromkeys(("a/x.yaml", "a/b/x.yaml", "a/y.yaml"), TEXT)
    files["a/y.yaml"] = TEXT.replace("namespace: shop", "namespace: pay")
    options = {"sync_roots": ["elsewhere"]}
    migration = fm.migrate_repository(files, fm.MigrationOptions.model_validate(options))
    assert all(each.answer is not None for each in migration.findings if each.severity == "error")
    given = fm.MigrationOptions.model_validate({**options, "overrides": migration.answers()})
    assert fm.migrate_repository(files, given).ok


@pytest.mark.parametrize(
    ("path", "content"), [("a/x.yaml", f"{BLOCK}a: [\n"), ("a/x.yaml", f"{BLOCK}\xff".encode("latin-1"))]
)
def test_files_that_cannot_be_read_can_be_left_or_are_out_of_scope(path: str, content: str | bytes) -> None:
    files = {path: content, "c/b.yaml": TEXT}
    options = fm.MigrationOptions(sync_roots=("c",))
    assert not fm.migrate_repository(files, options).ok
    left = options.model_copy(update={"overrides": (fm.Override(path=path, leave=True),)})
    assert fm.migrate_repository(files, left).ok
    scoped = options.model_copy(update={"scope": fm.Scope(paths=("c/*",))})
    assert fm.migrate_repository(files, scoped).ok


def test_a_list_of_releases_out_of_scope_is_no_error() -> None:
    files = {"a.yaml": json.dumps({"apiVersion": "v1", "kind": "List", "items": [RELEASE]}), "b.yaml": TEXT}
    assert places(fm.migrate_repository(files), "RP008") == ["a.yaml:1"]
    outside = fm.MigrationOptions(scope=fm.Scope(names=("db",)))
    assert places(fm.migrate_repository(files, outside), "RP008") == []
    inside = fm.MigrationOptions(scope=fm.Scope(names=("web",)))
    assert places(fm.migrate_repository(files, inside), "RP008") == ["a.yaml:1"]


FLUX_1 = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: helm-operator, namespace: flux}
spec: {template: {spec: {containers: [{name: a, image: "docker.io/fluxcd/helm-operator:1.4.4"}]}}}
"""
UNREADABLE = BLOCK.replace("metadata:", "metadata:\n  namespace: shop") + "a: [\n"


def test_releases_that_stand_in_one_list_with_flux_1_are_told_as_in_any_other() -> None:
    items = [*yaml.safe_load_all(FLUX_1), RELEASE]
    files = {"a.yaml": json.dumps({"apiVersion": "v1", "kind": "List", "items": items})}
    migration = fm.migrate_repository(files)
    assert places(migration, "RP008") == ["a.yaml:1"]
    assert places(migration, "DA022") == ["a.yaml:1"]
    alone = {"a.yaml": json.dumps({"apiVersion": "v1", "kind": "List", "items": items[:1]}), "b.yaml": TEXT}
    assert places(fm.migrate_repository(alone), "RP008") == []


@pytest.mark.parametrize("put_off", ["paths", "names", "namespaces", "leave"])
def test_nothing_is_an_error_of_what_is_out_of_scope_or_left(put_off: str) -> None:
    files: dict[str, str | bytes] = {
        "a/web.yaml": TEXT,
        "a/flux.yaml": FLUX_1,
        "a/list.yaml": yaml.safe_dump({"kind": "List", "apiVersion": "v1", "items": [RELEASE]}),
        "a/near.yaml": TEXT.replace("io/v1", "io/v2"),
        "a/broken.yaml": UNREADABLE,
        "a/values.yaml": "replicas: 2\n",
    }
    asked = {each.code for each in fm.migrate_repository(files).findings if each.severity == "error"}
    assert asked >= {"RP003", "RP008", "RP040"}
    options: dict[str, Any] = {"overrides": [{"leave": True}]}
    if put_off != "leave":
        options = {"scope": {put_off: ["elsewhere"]}}
    migration = fm.migrate_repository(files, fm.MigrationOptions.model_validate(options))
    assert [each for each in migration.findings if each.severity == "error"] == []
    assert migration.files == files


def test_of_what_is_out_of_scope_nobody_is_told() -> None:
    files: dict[str, str | bytes] = {"a/web.yaml": TEXT, "a/x.yaml.tpl": TEXT, "b/x.yaml.tpl": TEXT}
    for paths, expected in (((), 2), (("a/*",), 1), (("a/*.yaml",), 0)):
        options = fm.MigrationOptions(scope=fm.Scope(paths=paths))
        assert len(places(fm.migrate_repository(files, options), "RP036")) == expected


@pytest.mark.parametrize("before", range(3))
@pytest.mark.parametrize(
    "text", [BLOCK, '  annotations: {"fluxcd.io/automated": "true"}', "'flux.weave.works/tag.a': glob:*"]
)
def test_texts_in_base64_are_told_and_nothing_of_them_is_shown(text: str, before: int) -> None:
    encoded = b64encode(("#" * before + "\n" + text + "\ntoken: hunter2\n").encode()).decode()
    secret = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\ndata:\n  a: YQ==\n  b: {encoded}\n"
    lines = "".join(f"    {encoded[at : at + 7]}\n" for at in range(0, len(encoded), 7))
    files = {
        "block.yaml": secret.replace(f"b: {encoded}\n", f"b: |\n{lines}"),
        "list.yaml": json.dumps({"kind": "List", "items": [yaml.safe_load(secret)]}),
        "map.yaml": secret.replace("Secret", "ConfigMap").replace("data", "binaryData"),
        "secret.yaml": secret,
        "cut.yaml": secret.replace(encoded, f"{encoded[:-1]}!"),
        "other.yaml": secret.replace("kind: Secret", "kind: Other"),
        "plain.yaml": secret.replace(encoded, "Secret"),
        "chart/Chart.yaml": "name: a\n",
        "chart/templates/secret.yaml": secret,
    }
    migration = fm.migrate_repository(files)
    told = ["block.yaml:6", "list.yaml:1", "map.yaml:6", "secret.yaml:6"]
    assert places(migration, "RP038") == told
    assert migration.ok
    (found,) = (each for each in migration.findings if each.code == "RP038")
    assert "hunter2" not in repr(found)
    assert migration.files == files


@pytest.mark.parametrize(
    ("text", "is_release"),
    [
        (UNREADABLE, True),
        (UNREADABLE.replace("io/v1", "io/v3"), True),
        ("{apiVersion: helm.fluxcd.io/v1, kind: HelmRelease, metadata: {name: web}\n", True),
        ('items: [{"kind": "HelmRelease", "apiVersion": "flux.weave.works/v1beta1"}\n', True),
        ("".join(f"# {line}" for line in UNREADABLE.splitlines(keepends=True)) + "a: [\n", False),
        ("a: 1 # apiVersion: helm.fluxcd.io/v1\nb: [\n", False),
    ],
)
def test_migration_and_verification_take_the_same_broken_texts_for_releases(
    text: str, is_release: bool
) -> None:
    files = {"a/broken.yaml": text}
    migration = fm.migrate_repository(files)
    assert {each.path for each in migration.findings if each.code == "RP003"} == (
        {"a/broken.yaml"} if is_release else set()
    )
    report = fm.verify_migration(files, migration.files)
    assert [each.status for each in report.releases] == (["unknown"] if is_release else [])
    left = fm.MigrationOptions(overrides=(fm.Override(path="a/*", leave=True),))
    assert fm.migrate_repository(files, left).ok
    assert fm.verify_migration(files, files, left).ok


ANNOTATED = workload_text(AUTOMATED, "fluxcd.io/tag.app: semver:~1")


@pytest.mark.parametrize(("text", "is_told_of_files"), [(TEXT, True), (ANNOTATED, False)])
def test_what_stands_in_a_list_in_a_list_is_told(text: str, *, is_told_of_files: bool) -> None:
    inner = {"apiVersion": "v1", "kind": "List", "items": [yaml.safe_load(text)]}
    nested = {"apiVersion": "v1", "kind": "List", "items": [inner]}
    files: dict[str, str | bytes] = {"apps/a.yaml": json.dumps(nested)}
    options = fm.MigrationOptions(sync_roots=("apps",))
    # fluxd took lists in lists for objects of no kind that it knew.
    alone = fm.migrate_repository(files, options)
    assert places(alone, "RP008") == (["apps/a.yaml:1"] if is_told_of_files else [])
    files |= {
        "apps/kustomization.yaml": "resources: [a.yaml]\n",
        "apps/.flux.yaml": "version: 1\ncommandUpdated: {generators: [{command: kustomize build .}]}\n",
    }
    built = fm.migrate_repository(files, options)
    assert places(built, "RP008") == ["apps/a.yaml:1"]
    assert built.files["apps/a.yaml"] == files["apps/a.yaml"]
