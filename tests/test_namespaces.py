"""Namespaces that fluxd filled in, written into the manifests that name none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import fluxv2_migrate as fm
from built_clusters import check, release
from fluxv2_migrate.applied.namespaces import with_namespaces
from fluxv2_migrate.clusters import AppliedObject, DocumentPlace
from fluxv2_migrate.kustomize import KustomizeTree, controller_build
from manifest_texts import fluxd_text
from real_kustomize import build_all, write_tree
from reference_trees import LOADER, TREES, read_tree

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


ALLOWED = "--k8s-allow-namespace=shop"
OF_TOOLS = CONFIG + "  namespace: tools\n"
BUILD = "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build .\n"


@pytest.mark.parametrize(
    ("arguments", "files", "told"),
    [
        ((ALLOWED,), {"apps/db.yaml": WRITTEN}, []),
        ((ALLOWED,), {"apps/db.yaml": OF_TOOLS}, ["ConfigMap tools/db"]),
        (("--k8s-namespace-whitelist", "shop,tools"), {"apps/db.yaml": OF_TOOLS}, []),
        ((), {"apps/db.yaml": OF_TOOLS}, []),
        ((ALLOWED,), {"apps/db.yaml": OF_TOOLS, "more.yaml": fluxd_text("--git-path=apps")}, []),
        ((ALLOWED,), {"apps/db.yaml": OF_TOOLS + "  annotations: {fluxcd.io/ignore: 'true'}\n"}, []),
        (
            (ALLOWED,),
            {"apps/ns.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: tools}\n"},
            ["Namespace tools"],
        ),
        ((ALLOWED,), {"apps/ns.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"}, []),
        (
            (ALLOWED,),
            {"apps/crd.yaml": "apiVersion: a.example/v1\nkind: ClusterThing\nmetadata: {name: a}\n"},
            [],
        ),
        ((ALLOWED, "--k8s-default-namespace=tools"), {"apps/db.yaml": CONFIG}, ["ConfigMap tools/db"]),
        (
            (ALLOWED,),
            {"apps/all.yaml": "apiVersion: v1\nkind: List\nitems:\n- " + OF_TOOLS.replace("\n", "\n  ")},
            ["ConfigMap tools/db"],
        ),
        (
            (ALLOWED, "--manifest-generation"),
            {
                "apps/.flux.yaml": BUILD,
                "apps/kustomization.yaml": "resources: [web.yaml, db.yaml]\n"
                "configMapGenerator: [{name: a, namespace: b}]\n"
                "generatorOptions: {disableNameSuffixHash: true}\n",
                "apps/db.yaml": OF_TOOLS,
            },
            ["ConfigMap tools/db, ConfigMap b/a"],
        ),
    ],
)
def test_what_fluxd_was_kept_out_of_is_an_error_until_it_is_accepted(
    arguments: tuple[str, ...], files: Files, told: list[str]
) -> None:
    files = {"flux.yaml": fluxd_text("--git-path=apps", *arguments), "apps/web.yaml": release(), **files}
    found = [each for each in fm.migrate_repository(files).findings if each.code == "DA038"]
    assert [each.message.partition("left alone: ")[2] for each in found] == told
    for each in found:
        assert each.answer is not None
        settled = fm.migrate_repository(files, fm.MigrationOptions(overrides=(each.answer,)))
        assert "DA038" not in {one.code for one in settled.findings}


CONTEXT = "contexts: [{name: a, context: {namespace: team}}]\ncurrent-context: a\n"


@pytest.mark.parametrize(
    ("values", "more", "namespace"),
    [
        ({}, "", "default"),
        ({"kube": {"config": CONTEXT}}, "", "team"),
        ({"kube": {"config": CONTEXT.replace("t: a", "t: b")}}, "", "default"),
        ({"kube": {"config": "- no kubeconfig"}}, "", None),
        ({"kube": {"config": CONTEXT.replace("team", "$TEAM")}}, "", None),
        ({"kube": {"externalConfig": True}}, "", None),
        ({"clusterRole": {"create": False}, "kube": {"config": CONTEXT}}, "", "flux"),
        ({"defaultNamespace": "apps"}, "", "apps"),
        ({"additionalArgs": ["--k8s-default-namespace=$(NAMESPACE)"]}, "", None),
        ({}, "  valuesFrom: [{secretKeyRef: {name: known-to-nobody}}]\n", None),
    ],
)
def test_the_chart_of_fluxd_says_where_it_puts_what_names_no_namespace(
    values: dict[str, Any], more: str, namespace: str | None
) -> None:
    chart = "  chart: {repository: https://charts.fluxcd.io, name: flux, version: 1.13.3}\n"
    given = {
        "git": {"url": "git@git.example.com:acme/fleet", "path": "apps"},
        "allowedNamespaces": ["a"],
        **values,
    }
    files: Files = {
        "flux.yaml": "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\n"
        f"metadata: {{name: flux, namespace: flux}}\nspec:\n{chart}  values: {json.dumps(given)}\n{more}",
        "apps/web.yaml": release(),
    }
    migration = fm.migrate_repository(files)
    (cluster,) = migration.context.as_clusters()
    assert cluster.default_namespace == namespace
    # Without a ClusterRole fluxd is kept in these namespaces, else they mean nothing.
    limits = [each.message for each in migration.findings if each.code == "DA050"]
    assert bool(limits) is ("clusterRole" in values)


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
    fluxd = fluxd_text("--git-path=apps", "--k8s-default-namespace=team")
    files: Files = {"flux.yaml": fluxd, "apps/web.yaml": release(), "apps/db.yaml": CONFIG}
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
    # What kustomize builds is not written for one cluster alone.
    migration = migrate(files, clusters=clusters)
    assert migration.files["base/db.yaml"] == CONFIG
    assert told(migration) == ["base/db.yaml:1"]


BUILT: Files = {
    "base/kustomization.yaml": "resources: [web.yaml, db.yaml]\n",
    "base/web.yaml": release().replace("  namespace: shop\n", ""),
    "base/db.yaml": CONFIG,
    "prod/kustomization.yaml": "resources: [../base]\n",
    "prod/.flux.yaml": "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build .\n",
    "flux.yaml": fluxd_text(
        "--git-url=git@git.example.com:acme/fleet",
        "--git-path=prod",
        "--manifest-generation",
        "--k8s-default-namespace=shop",
    ),
}


@pytest.mark.parametrize("is_wanted", [False, True])
def test_what_fluxd_built_without_a_namespace_is_told_too(is_wanted: bool) -> None:
    options = fm.MigrationOptions(write_missing_namespaces=is_wanted)
    migration = fm.migrate_repository(BUILT, options)
    assert told(migration) == ["base/web.yaml:1", "base/db.yaml:1"]
    report = fm.verify_migration(BUILT, migration.files, options, declared=migration.declared)
    assert (migration.ok, report.ok) == (False, False)
    accepted = options.model_copy(update={"overrides": (fm.Override(accept=("DA015",)),)})
    migration = fm.migrate_repository(BUILT, accepted)
    report = fm.verify_migration(BUILT, migration.files, accepted, declared=migration.declared)
    assert (migration.ok, report.ok) == (True, True), report.to_markdown()


def test_what_a_kustomization_or_flux_2_puts_into_a_namespace_has_one() -> None:
    moved = {**BUILT, "prod/kustomization.yaml": "namespace: shop\nresources: [../base]\n"}
    assert told(fm.migrate_repository(moved)) == []
    sync = (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        "metadata: {name: prod, namespace: flux-system}\nspec: {interval: 5m, path: ./prod, prune: false, "
        "targetNamespace: shop, sourceRef: {kind: GitRepository, name: flux-system}}\n"
    )
    assert told(fm.migrate_repository({**BUILT, "clusters/sync.yaml": sync})) == []


@pytest.mark.parametrize(("target", "places"), [("", ["apps/db.yaml:1"]), ("  targetNamespace: shop\n", [])])
def test_what_flux_2_puts_into_a_namespace_already_needs_none(target: str, places: list[str]) -> None:
    sync = (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        "metadata: {name: apps, namespace: flux-system}\nspec:\n  interval: 5m\n  path: ./apps\n"
        f"  prune: false\n{target}  sourceRef: {{kind: GitRepository, name: flux-system}}\n"
    )
    files: Files = {"apps/web.yaml": release(), "apps/db.yaml": CONFIG, "apps/sync.yaml": sync}
    migration = fm.migrate_repository(files)
    assert (migration.ok, told(migration)) == (not places, places)
    assert fm.verify_migration(files, migration.files, declared=migration.declared).ok


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
        "apps/flux.yaml": fluxd_text("--git-path=apps"),
        "apps/base/kustomization.yaml": "resources: [db.yaml]\n" + more,
        "apps/base/db.yaml": CONFIG,
    }
    # This fluxd reads the file on its own, although a kustomization lists it.
    migration = migrate(files)
    assert migration.files["apps/base/db.yaml"] == CONFIG
    assert told(migration) == ["apps/base/db.yaml:1"]


def test_an_object_in_braces_gets_its_namespace_on_a_line_of_its_own() -> None:
    text = "{apiVersion: v1, kind: ConfigMap, metadata: {name: db, labels: &l {a: b}}, data: *l}\n"
    migration = migrate({"apps/web.yaml": release(), "apps/db.yaml": text})
    assert "\n  name: db\n  namespace: shop\n" in str(migration.files["apps/db.yaml"])
    assert told(migration) == []


@pytest.mark.parametrize(
    "text",
    [
        CONFIG + "sops:\n  mac: x\n",
        "apiVersion: v1\nkind: ConfigMap\n? metadata\n: {name: db}\n",
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: db}\n",
        CONFIG + "---\n" + WRITTEN,
    ],
    ids=["signed", "explicit", "list", "there already"],
)
def test_what_cannot_be_written_is_told(text: str) -> None:
    migration = migrate({"apps/web.yaml": release(), "apps/db.yaml": text})
    assert migration.files["apps/db.yaml"] == text
    assert told(migration) == ["apps/db.yaml:1"]


def test_what_can_be_written_is_written_beside_what_cannot() -> None:
    signed = CONFIG.replace("db", "api") + "sops:\n  mac: x\n"
    migration = migrate({"apps/web.yaml": release(), "apps/db.yaml": f"{CONFIG}---\n{signed}"})
    assert migration.files["apps/db.yaml"] == f"{WRITTEN}---\n{signed}"
    assert [each.resource for each in migration.changes if each.rule == "namespace"] == ["ConfigMap shop/db"]
    assert told(migration) == ["apps/db.yaml:5"]


def test_objects_that_live_in_no_namespace_get_none() -> None:
    text = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n"
    migration = migrate({"apps/web.yaml": release(), "apps/shop.yaml": text})
    assert migration.files["apps/shop.yaml"] == text


def namespaces(migration: fm.Migration) -> dict[str, list[str]]:
    """The namespaces that each cluster defines, as kustomize-controller applies them."""
    tree = KustomizeTree(migration.files)
    found: dict[str, list[str]] = {}
    for cluster in migration.context.clusters:
        builds = [controller_build(tree, path) for path in cluster.sync_paths]
        assert all(build.ok for build in builds), [build.problems for build in builds]
        found[cluster.name] = sorted(
            built.manifest["metadata"]["name"]
            for build in builds
            for built in build.objects
            if built.manifest["kind"] == "Namespace"
        )
    return found


NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n"


def test_a_namespace_that_nothing_defines_is_made() -> None:
    migration = migrate({"apps/web.yaml": release(), "apps/api.yaml": release("api", "team")})
    assert migration.created["apps/namespaces/shop.yaml"] == "---\n" + NAMESPACE
    assert namespaces(migration) == {"apps": ["shop", "team"]}
    assert [each.resource for each in migration.changes if each.rule == "namespace-object"] == [
        "Namespace shop",
        "Namespace team",
    ]


def test_no_namespace_is_made_unless_it_is_wanted_and_missing() -> None:
    files: Files = {"apps/web.yaml": release()}
    assert namespaces(migrate(files, write_missing_namespaces=False)) == {"apps": []}
    assert namespaces(migrate({**files, "apps/shop.yaml": NAMESPACE})) == {"apps": ["shop"]}


@pytest.mark.parametrize("namespace", ["default", "kube-system", "flux-system", "${team}"])
def test_namespaces_that_are_there_or_have_no_name_are_not_made(namespace: str) -> None:
    config = f"{CONFIG}  namespace: {namespace}\n"
    migration = migrate({"apps/web.yaml": release(), "apps/db.yaml": config})
    assert namespaces(migration) == {"apps": ["shop"]}


def test_namespaces_are_listed_once_where_kustomize_builds_the_path() -> None:
    files: Files = {
        "base/kustomization.yaml": "resources:\n- web.yaml\n- api.yaml\n",
        "base/web.yaml": release(),
        "base/api.yaml": release("api", "team"),
        "a/kustomization.yaml": "resources:\n- ../base # shared\n- shop.yaml\n",
        "a/shop.yaml": NAMESPACE,
        "b/kustomization.yaml": "resources:\n- ../base\n",
    }
    migration = migrate(files)
    assert migration.ok
    assert namespaces(migration) == {"a": ["shop", "team"], "b": ["shop", "team"]}
    assert migration.files["a/kustomization.yaml"] == (
        "resources:\n- ../base # shared\n- shop.yaml\n- sources\n- namespaces\n"
    )
    assert migration.created["b/namespaces/kustomization.yaml"].endswith("- shop.yaml\n- team.yaml\n")


def test_the_real_kustomize_builds_what_lists_namespaces(tmp_path: Path) -> None:
    files: Files = {
        "a/kustomization.yaml": "resources:\n- web.yaml\n- api.yaml\n",
        "a/web.yaml": release(),
        "a/api.yaml": release("api", "team"),
    }
    migration = migrate(files, sync_roots=("a",))
    write_tree(migration.files, tmp_path)
    (build,) = build_all([tmp_path / "a"])
    assert not build.error
    kinds = [each["metadata"]["name"] for each in build.objects if each["kind"] == "Namespace"]
    assert sorted(kinds) == ["shop", "team"]


@pytest.mark.parametrize("prefix", ["", "namePrefix: x-\n"])
def test_a_namespace_is_made_where_its_build_leaves_it_alone(prefix: str, tmp_path: Path) -> None:
    # kustomize gives a Namespace the namespace as its name, and no prefix.
    files: Files = {
        "a/kustomization.yaml": f"namespace: team\n{prefix}resources:\n- web.yaml\n- api\n",
        "a/web.yaml": release("web", ""),
        "a/api/kustomization.yaml": "resources: [shop.yaml]\n",
        "a/api/shop.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\n",
    }
    options: dict[str, Any] = {
        "sync_roots": ("a",),
        "sources": fm.Placement(namespace="release"),
        "default_namespace": None,
    }
    migration = migrate(files, **options)
    assert namespaces(migration) == {"a": ["team"]}
    write_tree(migration.files, tmp_path)
    (build,) = build_all([tmp_path / "a"])
    assert [each["metadata"]["name"] for each in build.objects if each["kind"] == "Namespace"] == ["team"]


def test_a_cluster_of_which_a_part_is_unknown_gets_none() -> None:
    files: Files = {
        "a/kustomization.yaml": "resources:\n- web.yaml\n- https://example.com/namespaces.yaml\n",
        "a/web.yaml": release(),
    }
    assert namespaces(migrate(files, sync_roots=("a",))) == {"a": []}


def test_a_namespace_is_not_made_where_a_cluster_that_has_it_would_see_it() -> None:
    files: Files = {"all/web.yaml": release(), "eu/shop.yaml": NAMESPACE}
    clusters = (fm.Cluster(name="eu", sync_paths=("all", "eu")), fm.Cluster(name="us", sync_paths=("all",)))
    migration = migrate(files, clusters=clusters)
    assert [each.message for each in migration.findings if each.code == "RP014"] == [
        "Namespace shop has no place: another cluster that defines it would see it too"
    ]


def test_a_file_of_the_same_name_is_kept() -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop, namespace: shop}\n"
    migration = migrate({"apps/web.yaml": release(), "apps/namespaces/shop.yaml": text})
    assert migration.files["apps/namespaces/shop.yaml"] == text
    assert "kind: Namespace" in migration.created["apps/namespaces/shop-namespace.yaml"]
    assert not [each for each in migration.findings if each.code == "RP014"]


@pytest.mark.parametrize("name", TREES)
def test_on_real_trees_every_namespace_is_there_once_and_every_build_still_works(
    shared: Path, name: str
) -> None:
    files = read_tree(shared / "corpus" / name / "v1")
    migration = migrate(files)
    check(files, migration)


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
        AppliedObject(DocumentPlace("a.yaml", 1), "", kind, "", name)
        for kind in ("ConfigMap", "Secret")
        for name in ("web", "db")
    ]
    after, written = with_namespaces(text, objects, "shop")
    expected = [named(document, "shop") for document in values]
    assert list(yaml.load_all(after.removeprefix("\ufeff"), LOADER)) == expected
    assert bool(written) == (expected != values)
    assert with_namespaces(after, objects, "shop") == (after, set())


def test_a_namespace_that_flux_2_puts_a_path_into_is_there() -> None:
    sync = (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n"
        "metadata:\n  name: flux-system\n  namespace: flux-system\n"
        "spec:\n  interval: 1m\n  ref: {branch: main}\n  url: ssh://git@git.example.com/acme/fleet\n---\n"
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        "metadata:\n  name: flux-system\n  namespace: flux-system\n"
        "spec:\n  interval: 10m\n  path: ./flux\n  prune: false\n"
        "  sourceRef: {kind: GitRepository, name: flux-system}\n"
    )
    apps = sync.partition("---\n")[2].replace("name: flux-system\n  namespace", "name: apps\n  namespace")
    marks = "  annotations:\n    fluxcd.io/automated: 'true'\n"
    values = "  values:\n    image:\n      repository: ghcr.io/acme/web\n      tag: 1.0.0\n"
    files: Files = {
        "flux/sync.yaml": sync,
        "flux/apps.yaml": apps.replace("./flux", "./apps") + "  targetNamespace: team\n",
        "apps/web.yaml": release(namespace="").replace("spec:\n", f"{marks}spec:\n", 1) + values,
        # It stays, so the next migration has something to do.
        "apps/old.yaml": release("old", "").replace("v3", "v2"),
    }
    migration = migrate(files, default_namespace=None, images=fm.Placement(namespace="release"))
    assert "namespace: team" in migration.created["apps/images/web.yaml"]
    assert not [path for path in migration.created if "namespaces" in path]


def test_nothing_is_told_of_a_built_object_that_fluxd_ignored() -> None:
    ignored = CONFIG.replace("  name: db", "  annotations: {fluxcd.io/ignore: 'true'}\n  name: db")
    files: Files = {
        "apps/kustomization.yaml": "resources: [web.yaml, db.yaml]\n",
        "apps/.flux.yaml": "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build .\n",
        "apps/web.yaml": release(),
        "apps/db.yaml": ignored,
    }
    assert told(migrate(files, sync_roots=("apps",), write_missing_namespaces=False)) == []
    files["apps/db.yaml"] = CONFIG
    assert told(migrate(files, sync_roots=("apps",), write_missing_namespaces=False)) == ["apps/db.yaml:1"]


@pytest.mark.parametrize("kustomization", ["", "resources: [web.yaml, db.yaml]\n"])
@pytest.mark.parametrize(("value", "is_told"), [('"true"', False), ("true", False), ("sync_only", True)])
def test_nothing_is_told_of_an_object_that_fluxd_read_and_ignored(
    kustomization: str, value: str, *, is_told: bool
) -> None:
    text = f"{CONFIG}  annotations:\n    fluxcd.io/ignore: {value}\n"
    files: Files = {"apps/web.yaml": release(), "apps/db.yaml": text}
    if kustomization:
        files["apps/kustomization.yaml"] = kustomization
    # It stays, so the next migration has something to do.
    files["apps/old.yaml"] = release("old").replace("v3", "v2")
    migration = migrate(files, write_missing_namespaces=False, sync_roots=("apps",))
    assert told(migration) == ["apps/db.yaml:1"] * is_told
    # What keeps Flux v2 from it now did not keep fluxd from it.
    again = migrate(dict(migration.files), write_missing_namespaces=False, sync_roots=("apps",))
    assert told(again) == told(migration)
