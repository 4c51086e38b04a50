"""Kustomizations of Flux v2 for folders above, below and under the paths of fluxd, and for bases of these."""

from __future__ import annotations

import re
from itertools import product

import pytest

import fluxv2_migrate as fm
from fluxv2_migrate.applied.result import Result
from fluxv2_migrate.clusters.reading import see_repository
from fluxv2_migrate.folders import normal_path
from fluxv2_migrate.kustomize import KustomizeTree, controller_build
from fluxv2_migrate.repository.reading import read_repository
from manifest_texts import AUTOMATED, CHART, fluxd_text, release_text, workload_text
from reference_trees import documents_of

Files = dict[str, str | bytes]
URL = "git.example.com/acme/fleet"
BUILDS = "version: 1\n{}:\n  generators:\n  - command: kustomize build .\n{}"
PLAIN_BUILD = BUILDS.format("commandUpdated", "")
PATCHED_BUILD = BUILDS.format("patchUpdated", "  patchFile: over.yaml\n")
SETTINGS = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: shop}\n"
VALUES = release_text("  values: {replicas: 2}\n")
# Whose the Kustomization is: of fluxd's folder, of what fluxd applies, of what it applies itself, of nobody.
PLACES = ("flux/apps.yaml", "{fluxd}/apps.yaml", "{path}/apps.yaml", "management/apps.yaml")


def release(name: str = "web") -> str:
    return release_text(CHART, name=name)


def base(path: str, *more: str) -> Files:
    source = (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n"
        "metadata: {name: flux-system, namespace: flux-system}\n"
        f"spec: {{interval: 1m, url: 'ssh://git@{URL}', ref: {{branch: main}}}}\n"
    )
    arguments = (f"--git-url=git@{URL.replace('/', ':', 1)}", "--git-branch=main", f"--git-path={path}")
    return {"flux/flux.yaml": fluxd_text(*arguments, *more), "flux/source.yaml": source}


def sync(path: str, spec: str = "") -> str:
    return (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        "metadata: {name: apps, namespace: flux-system}\n"
        f"spec: {{interval: 10m, path: './{path}', prune: false{spec}, "
        "sourceRef: {kind: GitRepository, name: flux-system}}\n"
    )


def listing(*entries: str, more: str = "") -> str:
    return f"resources: [{', '.join(entries)}]\n{more}"


def above(place: str, inner: str) -> Files:
    """Gives a Kustomization for `p`, where fluxd syncs `p/sub`, and a release in `p/other`."""
    file = place.format(fluxd="p/sub", path="p")
    files = base("p/sub") | {"p/sub/web.yaml": release(), "p/other/api.yaml": release("api"), file: sync("p")}
    if inner != "plain":
        own = ("apps.yaml",) if file == "p/sub/apps.yaml" else ()
        files["p/sub/kustomization.yaml"] = listing("web.yaml", *own)
    if inner == "listed":
        own = ("apps.yaml",) if file == "p/apps.yaml" else ()
        files["p/kustomization.yaml"] = listing("sub", "other/api.yaml", *own)
    return files


def under(place: str, over: str, config: str) -> Files:
    """Gives a Kustomization for a base, and fluxd that builds an overlay of it."""
    file = place.format(fluxd="prod", path="base")
    own = {folder: ("apps.yaml",) if file == f"{folder}/apps.yaml" else () for folder in ("prod", "base")}
    return base("prod", "--manifest-generation=true") | {
        "base/kustomization.yaml": listing("web.yaml", *own["base"]),
        "base/web.yaml": release(),
        "prod/kustomization.yaml": listing("../base", *own["prod"], more=over),
        "prod/.flux.yaml": config,
        **({"prod/over.yaml": VALUES} if config == PATCHED_BUILD else {}),
        file: sync("base"),
    }


def hold_everything_is_told(files: Files, *, with_builds: bool = True) -> fm.Migration:
    """Holds that what is migrated builds wherever Flux v2 syncs it, and is verified, or that it is told."""
    migration = fm.migrate_repository(files)
    if not migration.ok:
        return migration
    report = fm.verify_migration(files, migration.files, declared=migration.declared)
    assert report.ok, report.to_markdown()
    tree = KustomizeTree(migration.files)
    for _, manifest in documents_of(migration.files) if with_builds else ():
        if manifest.get("kind") == "Kustomization" and "sourceRef" in (manifest.get("spec") or {}):
            build = controller_build(tree, normal_path(manifest["spec"]["path"]))
            assert build.ok, build.problems
    again = fm.migrate_repository(migration.files)
    assert dict(again.files) == dict(migration.files)
    return migration


@pytest.mark.parametrize(("place", "inner"), list(product(PLACES, ("plain", "kustomized", "listed"))))
def test_a_folder_above_that_of_fluxd(place: str, inner: str) -> None:
    migration = hold_everything_is_told(above(place, inner))
    if not place.startswith("management"):
        assert migration.ok
        # Both paths have one source, and what is there already syncs both.
        assert sorted(migration.created) == sorted(
            {"p/sources/example.yaml", *(("p/sources/kustomization.yaml",) if inner == "listed" else ())}
        )


def test_nobody_s_folder_above_that_of_fluxd() -> None:
    files = above("management/apps.yaml", "plain")
    migration = fm.migrate_repository(files)
    (told,) = (each for each in migration.findings if each.code == "RP057")
    assert told.path == "management/apps.yaml"
    assert "HelmRepository flux-system/example is there twice" in told.message
    known = fm.MigrationOptions(clusters=(fm.Cluster(name="one", sync_paths=("p", "p/sub")),))
    assert fm.migrate_repository(files, known).ok


@pytest.mark.parametrize(
    ("place", "over", "config"),
    list(product(PLACES, ("", "namespace: prod\n", "nameSuffix: -eu\n"), (PLAIN_BUILD, PATCHED_BUILD))),
)
def test_a_base_of_what_fluxd_builds(place: str, over: str, config: str) -> None:
    files = under(place, over, config)
    if over and config == PATCHED_BUILD:
        files["prod/over.yaml"] = (
            VALUES.replace("name: web", "name: web-eu")
            if "Suffix" in over
            else VALUES.replace("shop", "prod")
        )
    migration = hold_everything_is_told(files)
    codes = {each.code for each in migration.findings if each.severity == "error"}
    if place.startswith("management"):
        assert "RP052" in codes
    elif "Suffix" in over and not place.startswith("{path}"):
        # The base alone is another release, and each keeps the name under which it runs.
        assert migration.ok
        text = "".join(map(str, migration.changed.values()))
        assert sorted(re.findall(r"path: /spec/releaseName\n *value: (.*)", text)) == [
            "shop-web",
            "shop-web-eu",
        ]
    elif over:
        # What moves all that is put there has no place for a source, or none that both have.
        assert codes == {"RP014"}
    elif config == PATCHED_BUILD:
        # The same release with other values: the two would take turns.
        assert codes == {"RP080"}
    else:
        assert migration.ok


@pytest.mark.parametrize("place", PLACES[:3])
def test_objects_that_take_turns(place: str) -> None:
    files = under(place, "", PLAIN_BUILD)
    kustomization = str(files["base/kustomization.yaml"])
    files["base/kustomization.yaml"] = kustomization.replace("[web.yaml", "[web.yaml, settings.yaml")
    files["base/settings.yaml"] = SETTINGS
    files["prod/kustomization.yaml"] = f"{files['prod/kustomization.yaml']!s}commonLabels: {{stage: prod}}\n"
    migration = fm.migrate_repository(files)
    (told,) = (each for each in migration.findings if each.code == "RP080")
    assert told.path == place.format(fluxd="prod", path="base")
    assert "HelmRelease shop/web" in told.message
    assert "ConfigMap shop/settings" in told.message
    answer = fm.Override(path=told.path, accept=("RP080",))
    assert fm.migrate_repository(files, fm.MigrationOptions(overrides=(answer,))).ok


def test_the_sync_of_fluxd_s_path_stands_in_it() -> None:
    files = under("flux/apps.yaml", "", PATCHED_BUILD)
    migration = fm.migrate_repository(files)
    assert "prod/flux-system/gotk-sync.yaml" in migration.created
    assert "base/sources/example.yaml" in migration.created


@pytest.mark.parametrize(
    "rest",
    [", suspend: true", ", commonMetadata: {annotations: {kustomize.toolkit.fluxcd.io/reconcile: disabled}}"],
)
def test_what_applies_nothing_makes_no_path(rest: str) -> None:
    files = above("flux/apps.yaml", "plain") | {"flux/apps.yaml": sync("p", rest)}
    paths = {path for each in fm.migrate_repository(files).context.clusters for path in each.sync_paths}
    assert "p" not in paths


def test_a_path_that_brings_nothing_makes_none() -> None:
    files = above("flux/apps.yaml", "plain")
    del files["p/other/api.yaml"]
    (cluster,) = fm.migrate_repository(files).context.clusters
    assert cluster.sync_paths == ("p/sub",)


def test_paths_of_paths() -> None:
    # What fluxd applies syncs a folder in which the next Kustomization stands.
    files = base("prod") | {
        "prod/web.yaml": release(),
        "prod/more.yaml": sync("more"),
        "more/apps.yaml": sync("apps").replace("name: apps", "name: further"),
        "more/settings.yaml": release("api"),
        "apps/db.yaml": release("db"),
    }
    migration = hold_everything_is_told(files)
    (cluster,) = migration.context.clusters
    assert cluster.sync_paths == ("prod", "more", "apps")
    assert migration.ok


def source(spec: str = "") -> str:
    return (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n"
        "metadata: {name: flux-system, namespace: flux-system}\n"
        f"spec: {{interval: 1m, url: 'ssh://git@{URL}', ref: {{branch: main}}{spec}}}\n"
    )


def fleet(path: str = "apps") -> Files:
    """Gives two clusters that share a path, and the source of one of them."""
    return {
        **{f"{name}/flux.yaml": base(f"{path},{name}")["flux/flux.yaml"] for name in ("north", "south")},
        "north/source.yaml": source(),
        "north/web.yaml": release(),
        "south/web.yaml": release(),
        "apps/api.yaml": release("api"),
    }


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        (", targetNamespace: other", "RP080"),
        (", patches: [{patch: '- {op: add, path: /spec/timeout, value: 9}', target: {name: api}}]", "RP080"),
        (", suspend: true", "DA062"),
    ],
    ids=["moved", "patched", "suspended"],
)
@pytest.mark.parametrize("cluster", ["north", "south"])
def test_what_the_kustomization_of_one_cluster_does_to_a_path_that_two_have(
    spec: str, code: str, cluster: str
) -> None:
    files = fleet() | {f"{cluster}/apps.yaml": sync("apps", spec)}
    migration = fm.migrate_repository(files)
    told = [each for each in migration.findings if each.severity == "error"]
    assert (told[0].code, told[0].path) == (code, f"{cluster}/apps.yaml")
    # Of the other cluster nothing is told, and it gets what fluxd applied.
    (other,) = {"north", "south"} - {cluster}
    assert not any(other in each.message or each.cluster == other for each in told)
    report = fm.verify_migration(files, migration.files, declared=migration.declared)
    assert {each.status for each in report.releases if each.cluster == other} <= {"declared"}


def test_kustomizations_of_two_clusters_that_move_one_path_elsewhere() -> None:
    files = fleet()
    for name in ("north", "south"):
        files[f"{name}/apps.yaml"] = sync("apps", f", targetNamespace: {name}")
    told = [each for each in fm.migrate_repository(files).findings if each.severity == "error"]
    assert [(each.code, each.path) for each in told] == [
        ("RP080", f"{name}/apps.yaml") for name in ("north", "south")
    ]


@pytest.mark.parametrize("listed", [False, True])
def test_a_source_that_is_there_is_the_source(listed: bool) -> None:
    files = base("prod") | {"prod/web.yaml": release(), "prod/source.yaml": source()}
    del files["flux/source.yaml"]
    if listed:
        files["prod/kustomization.yaml"] = listing("web.yaml", "source.yaml")
    migration = hold_everything_is_told(files)
    assert migration.ok
    made = str(migration.created["prod/flux-system/gotk-sync.yaml"])
    assert "kind: GitRepository\nmetadata" not in made


@pytest.mark.parametrize("spec", [", suspend: true", ", sparseCheckout: [other]", ", ref: {tag: v1}"])
def test_a_source_that_is_there_and_fetches_something_else(spec: str) -> None:
    text = source(spec) if "ref" not in spec else source().replace("{branch: main}", "{tag: v1}")
    files = base("prod") | {"prod/web.yaml": release(), "prod/source.yaml": text}
    del files["flux/source.yaml"]
    migration = fm.migrate_repository(files)
    (told,) = (each for each in migration.findings if each.severity == "error")
    assert (told.code, told.path, told.related) == ("DA061", "flux/flux.yaml", ("prod/source.yaml:1",))
    assert "prod/flux-system/gotk-sync.yaml" not in migration.files


def test_a_kustomization_that_bears_the_name_of_the_sync() -> None:
    more = sync("more").replace("name: apps", "name: flux-system")
    settings = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: shop}\n"
    files = base("prod") | {
        "prod/web.yaml": release(),
        "prod/more.yaml": more,
        "more/settings.yaml": settings,
    }
    # What Flux v2 applied before is nothing that comes with the migration.
    migration = hold_everything_is_told(files)
    assert migration.ok
    assert "kind: Kustomization\nmetadata:\n  name: prod\n" in str(
        migration.created["prod/flux-system/gotk-sync.yaml"]
    )


def test_what_is_made_for_a_path_and_is_there_already() -> None:
    # Nothing makes such an object; were it made, kustomize-controller would apply nothing of the path.
    inner = {"prod/inner/kustomization.yaml": "resources: [source.yaml]\nnamespace: flux-system\n"}
    inner["prod/inner/source.yaml"] = source().replace(", namespace: flux-system", "")
    files = base("prod") | {"prod/web.yaml": release(), **inner}
    repository = read_repository(files)
    clusters = see_repository(files, repository, fm.MigrationOptions())
    texts = {"prod/made.yaml": source(), "prod/other.yaml": source().replace("name: flux", "name: our")}
    ((_, applied),) = Result(clusters, repository, texts).by_cluster()
    (problem,) = applied.problems
    assert (problem.path, problem.reason) == (
        "prod/made.yaml",
        "GitRepository flux-system/flux-system is there twice, also in prod/inner/source.yaml",
    )
    # It is known before anything is made.
    assert "kind: GitRepository\nmetadata" not in str(
        hold_everything_is_told(files).created["prod/flux-system/gotk-sync.yaml"]
    )


def test_a_kustomization_of_nobody_that_names_a_release_otherwise() -> None:
    # One moves the path elsewhere, for which the release is named; the other one leaves it where it is.
    files: Files = {
        "p/web.yaml": release(),
        "p/sync.yaml": sync("p", ", targetNamespace: moved"),
        "management/p.yaml": sync("p").replace("name: apps", "name: p"),
    }
    migration = fm.migrate_repository(files)
    (told,) = (each for each in migration.findings if each.severity == "error")
    assert (told.code, told.path) == ("RP052", "management/p.yaml")
    alike = files | {
        "management/p.yaml": sync("p", ", targetNamespace: moved").replace("name: apps", "name: p")
    }
    assert fm.migrate_repository(alike).ok


def test_an_overlay_of_nobody_names_the_release_of_a_base_otherwise() -> None:
    files = base("prod") | {
        "prod/api.yaml": release("api"),
        "flux/apps.yaml": sync("base"),
        "base/kustomization.yaml": listing("web.yaml"),
        "base/web.yaml": release(),
        "over/kustomization.yaml": listing("../base"),
        "management/over.yaml": sync("over", ", targetNamespace: moved"),
    }
    errors = [each for each in fm.migrate_repository(files).findings if each.severity == "error"]
    assert [(each.code, each.path) for each in errors] == [("RP052", "over/kustomization.yaml")]
    files["management/over.yaml"] = sync("over")
    assert fm.migrate_repository(files).ok


def test_a_path_that_is_built_by_nothing_is_no_part_of_another_one() -> None:
    # kustomize fails with the folder that has no kustomization, and nothing but fluxd applied it.
    files = base("p/sub") | {
        "p/sub/web.yaml": release(),
        "p/kustomization.yaml": listing("sub", "apps.yaml"),
        "p/apps.yaml": sync("p"),
    }
    migration = fm.migrate_repository(files)
    assert any("path: ./p/sub\n" in str(text) for text in migration.created.values())
    # What syncs it stands beside the one that applies nothing.
    assert [each.code for each in migration.findings if each.severity == "error"] == ["RP054"]


def test_kustomizations_that_applied_nothing_go_on_to_apply_nothing() -> None:
    patch = ", patches: [{patch: '{apiVersion: v1, kind: Secret, metadata: {name: gone}}'}]"
    files = base("prod") | {
        "prod/web.yaml": release(),
        "prod/apps.yaml": sync("other", patch),
        "other/settings.yaml": SETTINGS,
        "alone/kustomization.yaml": listing("apps.yaml"),
        "alone/apps.yaml": sync("alone", patch).replace("name: apps", "name: alone"),
    }
    migration = hold_everything_is_told(files, with_builds=False)
    assert migration.ok


def test_what_is_made_twice_of_a_file_that_fluxd_read_once_is_told() -> None:
    files = base("") | {
        "base/kustomization.yaml": listing("web.yaml"),
        "base/web.yaml": release(),
        "over/kustomization.yaml": listing("../base", more="namespace: prod\n"),
    }
    migration = fm.migrate_repository(files)
    told = [each for each in migration.findings if each.severity == "error"]
    assert [(each.code, each.path) for each in told] == [("RP022", "over/kustomization.yaml")]
    assert "HelmRelease prod/web, which fluxd did not apply" in told[0].message


def test_a_kustomization_that_a_build_renames_is_the_one_that_was_there() -> None:
    patch = ", patches: [{patch: '{apiVersion: v1, kind: Secret, metadata: {name: gone}}'}]"
    files = base("prod", "--manifest-generation=true") | {
        "prod/.flux.yaml": PLAIN_BUILD,
        "prod/kustomization.yaml": listing("../base", "web.yaml", more="namePrefix: eu-\n"),
        "prod/web.yaml": release_text(f"  releaseName: web\n{CHART}"),
        "base/kustomization.yaml": listing("apps.yaml"),
        "base/apps.yaml": sync("other", patch),
        "other/settings.yaml": SETTINGS,
    }
    report = fm.verify_migration(files, fm.migrate_repository(files).files)
    assert {each.status for each in report.sync_paths} == {"same"}


def test_two_kustomizations_of_one_path_of_which_one_is_nobody_s() -> None:
    files = base("prod") | {
        "prod/web.yaml": release(),
        "flux/more.yaml": sync("more"),
        "management/more.yaml": sync("more").replace("name: apps", "name: more"),
        "more/api.yaml": release("api"),
    }
    assert hold_everything_is_told(files).ok


def test_a_kustomization_of_the_only_cluster_that_moves_what_it_does_not_know() -> None:
    # Of what fluxd syncs nothing is here, and the folders show a cluster.
    files = base("gone") | {
        "apps/web.yaml": release(),
        "other/api.yaml": release("api"),
        "flux/apps.yaml": sync("apps", ", targetNamespace: moved"),
        "management/apps.yaml": sync("apps").replace("name: apps", "name: more"),
    }
    errors = [each for each in fm.migrate_repository(files).findings if each.severity == "error"]
    assert "RP052" in {each.code for each in errors}


def test_what_a_suspended_kustomization_would_apply_too_is_no_release_too_many() -> None:
    files = base("") | {"p/web.yaml": release(), "q/apps.yaml": sync("p", ", suspend: true")}
    assert hold_everything_is_told(files).ok


def test_a_path_of_fluxd_that_people_sync_beside_a_kustomization_for_a_base() -> None:
    # What renames all that is put there leaves the sync to people.
    files = base("prod", "--manifest-generation=true") | {
        "prod/.flux.yaml": PLAIN_BUILD,
        "prod/kustomization.yaml": listing("../base", "web.yaml", "apps.yaml", more="namePrefix: eu-\n"),
        "prod/web.yaml": release_text(f"  releaseName: web\n{CHART}"),
        "prod/apps.yaml": sync("base"),
        "base/kustomization.yaml": listing("front.yaml"),
        "base/front.yaml": workload_text(AUTOMATED, name="front", image="ghcr.io/acme/front:1.2.3"),
    }
    migration = fm.migrate_repository(files)
    assert "DA057" in {each.code for each in migration.findings}
    report = fm.verify_migration(files, migration.files, declared=migration.declared)
    assert {each.status for each in report.sync_paths} == {"same"}
