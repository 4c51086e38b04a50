"""Who sees what: sync paths, clusters, what hangs together, and what fluxd read of a file."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import fluxv2_migrate as fm
from built_clusters import release
from fluxv2_migrate.clusters import (
    AppliedObject,
    ClusterMap,
    Refusal,
    SyncPath,
    compare_applied,
    patched_closures,
    read_sync_path,
)
from fluxv2_migrate.clusters.manifests_of_files import read_objects
from fluxv2_migrate.clusters.reading import see_repository
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.folders import is_below, normal_path
from fluxv2_migrate.kustomize import Build, BuiltObject, KustomizeTree, PatchUse
from fluxv2_migrate.kustomize.values import read_manifests
from fluxv2_migrate.repository.reading import read_repository
from fluxv2_migrate.yaml_text import read_document, split_documents
from manifest_texts import CHART, fluxd_text, release_text, workload_text

Files = dict[str, str | bytes]
NAMES = st.sampled_from(["a", "b", "ab", "c.d"])
PATHS = st.lists(NAMES, max_size=3).map("/".join)


def see(files: Files, **options: Any) -> ClusterMap:
    return see_repository(files, read_repository(files), fm.MigrationOptions(**options))


def generator(command: str, patch_file: str = "") -> str:
    body: dict[str, Any] = {"generators": [{"command": command}]}
    mode = "commandUpdated"
    if patch_file:
        mode, body["patchFile"] = "patchUpdated", patch_file
    return yaml.safe_dump({"version": 1, mode: body})


@pytest.mark.parametrize("migrated", [[], ["dev"], ["dev", "stage"]])
def test_environments_beside_each_other_are_clusters_whatever_is_migrated(migrated: list[str]) -> None:
    files: Files = {"shop/notes.yaml": release("other")}
    for name in ("dev", "prod", "stage"):
        for each in ("web", "api"):
            text = release(each)
            if each == "api" and name in migrated:
                rest = text.partition("HelmRelease\n")[2]
                text = f"apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n{rest}"
            files[f"shop/{name}/{each}.yaml"] = text
    assert [view.name for view in see(files).clusters] == ["shop/dev", "shop/prod", "shop/stage"]
    migration = fm.migrate_repository(files)
    assert not migration.ok
    assert "shop/notes.yaml" in {each.path for each in migration.findings if each.severity == "error"}


@pytest.mark.parametrize("listed", ["../base", "../base/web.yaml"])
def test_a_base_is_no_cluster_because_a_file_in_it_is_not_listed(listed: str) -> None:
    files: Files = {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": release("web"),
        "base/api.yaml": release("api"),
        "prod/.flux.yaml": generator("kustomize build ."),
        "prod/kustomization.yaml": f"namespace: shop\nresources: [{listed}]\n",
    }
    if listed == "../base":
        files["base/patches/dev/db.yaml"] = release("db")
    else:
        del files["base/kustomization.yaml"]
    assert [view.name for view in see(files).clusters] == ["prod"]
    migration = fm.migrate_repository(files)
    assert not migration.ok
    assert "base/api.yaml" in {each.path for each in migration.findings if each.severity == "error"}


# Paths


@given(path=PATHS, before=st.sampled_from(["", "/", "./", " "]), after=st.sampled_from(["", "/", "/.", " "]))
def test_a_folder_is_one_however_it_is_written(path: str, before: str, after: str) -> None:
    assert normal_path(before + path + after) == path
    assert normal_path(normal_path(before + path)) == path


@given(one=PATHS, other=PATHS)
def test_a_path_is_below_a_folder_whose_parts_it_begins_with(one: str, other: str) -> None:
    parts = other.split("/") if other else []
    assert is_below(one, other) == (one.split("/")[: len(parts)] == parts)


# Sync paths


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (generator("kustomize build ."), SyncPath("p", ("p",), files="none", unwritten="p/.flux.yaml")),
        (
            generator("kustomize build ./web", "../patch.yaml"),
            SyncPath("p", ("p/web",), files="none", patch_file="patch.yaml"),
        ),
        (generator("helm template ."), SyncPath("p", unknown="helm template .")),
        ("version: 1\nscanForFiles: {}\n", SyncPath("p", files="all")),
        (
            "version: 2\n",
            SyncPath("p", unknown="fluxd refuses p/.flux.yaml: a .flux.yaml needs `version: 1`"),
        ),
        (
            "version: 1\n",
            SyncPath(
                "p",
                unknown="fluxd refuses p/.flux.yaml: "
                "a .flux.yaml needs one of commandUpdated, patchUpdated and scanForFiles",
            ),
        ),
    ],
)
@pytest.mark.parametrize("encoded", [False, True])
def test_a_flux_yaml_says_what_a_sync_path_is(text: str, expected: SyncPath, encoded: bool) -> None:
    files: Files = {"p/.flux.yaml": text.encode() if encoded else text, "p/web.yaml": release()}
    tree = KustomizeTree(files)
    assert read_sync_path("p", files, tree, generates=True) == expected
    # Without the flag, fluxd reads all files.
    assert read_sync_path("p", files, tree, generates=False) == SyncPath("p", files="all")


def test_a_path_that_others_include_is_synced_on_its_own_too() -> None:
    files: Files = {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": release(),
        "base/more.yaml": release("more"),
        "prod/kustomization.yaml": "namespace: prod\nresources: [../base]\n",
    }
    found = see(files, sync_roots=("base", "prod"))
    assert [(each.cluster, each.namespace) for each in found.sightings["base/web.yaml", 0]] == [
        ("base", "shop"),
        ("prod", "prod"),
    ]
    assert [each.cluster for each in found.sightings["base/more.yaml", 0]] == ["base"]


# Clusters


def test_paths_of_a_fluxd_that_are_not_there_are_of_another_repository() -> None:
    found = see({"flux/fluxd.yaml": fluxd_text("--git-path=nowhere"), "apps/web.yaml": release()})
    assert [view.reason for view in found.clusters] == ["a folder that holds what Flux v1 deployed"]


def test_a_fluxd_that_would_see_one_thing_twice_is_of_another_repository() -> None:
    files: Files = {"fluxd.yaml": fluxd_text("--git-path=apps")}
    files |= {"apps/a/web.yaml": release(), "apps/b/web.yaml": release()}
    assert [view.name for view in see(files).clusters] == ["apps/a", "apps/b"]
    # Of a chart it reads nothing.
    files |= {"apps/b/Chart.yaml": "name: b\n", "apps/b/values.yaml": "a: 1\n"}
    assert [view.sync_paths[0].path for view in see(files).clusters] == ["apps"]


def test_the_settings_of_a_fluxd_are_those_of_its_cluster() -> None:
    flags = (
        "--git-path=apps",
        "--git-branch=prod",
        "--git-url=ssh://git@example.com/a",
        "--git-user=Bot",
        "--git-email=bot@example.com",
        "--automation-interval=1m",
        "--registry-exclude-image=a/*, b/*",
        "--registry-include-image=c/*",
        "--registry-ecr-region=eu-west-1,us-east-1",
        "--registry-ecr-include-id=1",
        "--registry-ecr-include-id=2",
        "--registry-ecr-exclude-id=3",
        "--k8s-default-namespace=team",
        "--git-readonly",
        "--git-ci-skip",
    )
    (view,) = see({"fluxd.yaml": fluxd_text(*flags), "apps/web.yaml": release()}).clusters
    assert (view.settings.branch, view.settings.default_namespace) == ("prod", "team")
    assert view.settings.fluxd == fm.Fluxd(
        version="1.25.4",
        manifest_generation=False,
        garbage_collection=False,
        sops=False,
        git_url="ssh://git@example.com/a",
        git_user="Bot",
        git_email="bot@example.com",
        automation_interval="1m",
        exclude_images=("a/*", "b/*"),
        include_images=("c/*",),
        ecr_regions=("eu-west-1", "us-east-1"),
        ecr_include_ids=("1", "2"),
        ecr_exclude_ids=("3",),
        read_only=True,
        commit_suffix="\n\n[ci skip]",
    )


@pytest.mark.parametrize(
    "flag",
    [
        "--automation-interval=$(INTERVAL)",
        "--automation-interval=often",
        "--k8s-default-namespace=${NAMESPACE}",
        "--k8s-default-namespace=No_Name",
        "--git-branch=",
        "--git-branch={{ .Values.branch }}",
        "--git-url=",
        "--git-email=$(EMAIL)",
        "--git-ci-skip-message=",
    ],
)
def test_a_flag_of_which_the_value_is_not_known_counts_as_not_given(flag: str) -> None:
    (view,) = see({"fluxd.yaml": fluxd_text("--git-path=apps", flag), "apps/web.yaml": release()}).clusters
    (plain,) = see({"fluxd.yaml": fluxd_text("--git-path=apps"), "apps/web.yaml": release()}).clusters
    assert plain.settings.branch == "master"
    branch = "master" if "branch" not in flag else None
    assert view.settings == plain.settings.model_copy(update={"branch": branch})


def test_a_message_that_skips_builds_is_kept() -> None:
    flags = ("--git-path=apps", "--git-ci-skip", "--git-ci-skip-message=[skip]")
    (view,) = see({"fluxd.yaml": fluxd_text(*flags), "apps/web.yaml": release()}).clusters
    assert view.settings.fluxd.commit_suffix == "[skip]"


def test_a_fluxd_that_a_kustomization_patches_has_the_flags_that_it_gets() -> None:
    patch = "- {op: add, path: /spec/template/spec/containers/0/args/-, value: --git-path=apps}"
    files: Files = {
        "flux/kustomization.yaml": yaml.safe_dump(
            {"resources": ["fluxd.yaml"], "patches": [{"patch": patch, "target": {"kind": "Deployment"}}]}
        ),
        "flux/fluxd.yaml": fluxd_text("--git-branch=main"),
        "apps/web.yaml": release(),
        "more/web.yaml": release("more"),
    }
    names = [view.name for view in see(files).clusters]
    assert names == ["apps", "more"]


def test_a_patch_that_finds_its_fluxd_no_more_says_what_fluxd_was_told() -> None:
    """The kustomize of fluxd's days matched names alone; that of today wants the namespace, too."""
    patch = fluxd_text("--git-path=apps", "--git-url=git@git.example.com:acme/fleet")
    files: Files = {
        "base/kustomization.yaml": "resources: [fluxd.yaml]\n",
        "base/fluxd.yaml": fluxd_text("--git-url=git@git.example.com:somebody/example"),
        "install/kustomization.yaml": (
            "namespace: tools\nresources: [../base]\npatchesStrategicMerge: [patch.yaml]\n"
        ),
        "install/patch.yaml": patch.replace("namespace: flux", "labels: {a: b}"),
        "apps/web.yaml": release(),
        "more/web.yaml": release("more"),
    }
    assert "namespace" not in files["install/patch.yaml"]
    found = see(files)
    assert [view.name for view in found.clusters] == ["apps", "more"]
    assert not found.other_programs
    migration = fm.migrate_repository(files)
    assert {"base/fluxd.yaml", "install/patch.yaml"} <= set(migration.deleted)
    assert fm.migrate_repository(migration.files).files == migration.files


@pytest.mark.parametrize("agrees", [True, False])
def test_what_a_release_of_flux_1_does_not_tell_a_text_that_installs_it_does(*, agrees: bool) -> None:
    """The values are at a URL that leads nowhere by now; the script still has their file."""

    def chart(name: str) -> str:
        url = f"https://raw.githubusercontent.com/acme/fleet/master/gone/{name}.yaml"
        return json.dumps(
            {
                "apiVersion": "helm.fluxcd.io/v1",
                "kind": "HelmRelease",
                "metadata": {"name": name, "namespace": "flux"},
                "spec": {
                    "helmVersion": "v3",
                    "chart": {"repository": "https://charts.fluxcd.io", "name": name, "version": "1.2.0"},
                    "valuesFrom": [{"externalSourceRef": {"url": url}}],
                },
            }
        )

    tasks = "- shell: helm upgrade -i flux fluxcd/flux -n flux -f values/flux.yaml\n"
    files: Files = {
        "system/flux.json": chart("flux"),
        "setup/tasks.yml": tasks,
        "values/flux.yaml": "git: {url: 'git@github.com:acme/fleet'}\n",
        "apps/web.yaml": release(),
    }
    if not agrees:
        files["more/tasks.yml"] = tasks.replace("flux.yaml", "other.yaml")
        files["values/other.yaml"] = "git: {url: 'git@github.com:acme/other'}\n"
    found = see(files)
    (view,) = found.clusters
    told = [each for each in found.notices if each.message.startswith("not all values of")]
    assert [(each.code, each.path) for each in told] == ([("DA028", "setup/tasks.yml")] if agrees else [])
    assert view.settings.fluxd.git_url == ("git@github.com:acme/fleet" if agrees else None)
    if agrees:
        migration = fm.migrate_repository(files)
        assert "flux-system/gotk-sync.yaml" in migration.created
        assert migration.files["setup/tasks.yml"] == tasks
        assert fm.migrate_repository(migration.files).files == migration.files


@pytest.mark.parametrize(("url", "branch"), [("fleet", "prod"), ("other", None)])
def test_a_text_says_the_rest_of_a_fluxd_of_its_repository_and_stays(url: str, branch: str | None) -> None:
    chart = "  chart: {repository: https://charts.fluxcd.io, name: flux, version: 1.3.0}\n"
    install = (
        f"helm upgrade -i flux fluxcd/flux --set git.url=git@github.com:acme/{url} --set git.branch=prod\n"
    )
    files: Files = {
        "flux/flux.yaml": (
            "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {name: flux, namespace: flux}\n"
            f"spec:\n  helmVersion: v3\n{chart}  valuesFrom: [{{secretKeyRef: {{name: flux}}}}]\n"
            "  values: {git: {url: 'https://github.com/acme/fleet.git'}}\n"
        ),
        "README.md": install,
        "web.yaml": release(),
    }
    (view,) = see(files).clusters
    assert (view.settings.fluxd.git_url, view.settings.branch) == (
        "https://github.com/acme/fleet.git",
        branch,
    )
    migration = fm.migrate_repository(files)
    # Values of a Secret that is not here may say the paths; a text of the same repository says all there is.
    is_known = branch is not None
    assert migration.deleted == (("flux/flux.yaml",) if is_known else ())
    assert ("RP085" in {each.code for each in migration.findings}) is not is_known
    assert migration.files["README.md"] == install


def test_what_installs_flux_1_is_no_cluster_of_its_own() -> None:
    cache = workload_text(name="memcached", namespace="flux", image="docker.io/memcached:1.6")
    files: Files = {
        "install/kustomization.yaml": "namespace: flux\nresources: [flux.yaml, cache.yaml]\n",
        "install/flux.yaml": fluxd_text("--git-path=apps"),
        "install/cache.yaml": cache,
        "apps/web.yaml": release(),
    }
    assert [view.name for view in see(files).clusters] == ["apps"]
    # With anything else in it, it may be one.
    files["install/kustomization.yaml"] = "namespace: flux\nresources: [flux.yaml, cache.yaml, web.yaml]\n"
    files["install/web.yaml"] = release("web")
    assert [view.name for view in see(files).clusters] == ["apps", "install"]


@pytest.mark.parametrize("broken", [False, True])
def test_what_a_flux_yaml_builds_beside_known_fluxds_is_a_cluster_only_where_something_shows_one(
    *, broken: bool
) -> None:
    listed = "[../base, psp.yaml, gone.yaml]" if broken else "[../base, psp.yaml]"
    files: Files = {
        ".flux.yaml": generator("kustomize build ."),
        "base/kustomization.yaml": "resources: [fluxd.yaml]\n",
        "base/fluxd.yaml": fluxd_text("--git-path=prod", "--manifest-generation=true"),
        "prod/kustomization.yaml": "resources: [web.yaml]\n",
        "prod/web.yaml": release(),
        # Flux v1 itself, whose base lies elsewhere, with plain objects.
        "install/kustomization.yaml": f"resources: {listed}\n",
        "install/psp.yaml": "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata: {name: a}\n",
        # Nothing but plain objects.
        "config/kustomization.yaml": f"resources: {listed.replace('../base', 'map.yaml')}\n",
        "config/psp.yaml": "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata: {name: b}\n",
        "config/map.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n",
    }
    assert [view.name for view in see(files).clusters] == ["prod"]
    files["config/map.yaml"] = release("more")
    assert [view.name for view in see(files).clusters] == ["prod", "config"]
    # Where no fluxd says what it syncs, plain objects may be all that a cluster has.
    del files["base/fluxd.yaml"]
    files["base/kustomization.yaml"] = "resources: [map.yaml]\n"
    files["base/map.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n"
    assert [view.name for view in see(files).clusters] == ["config", "install", "prod"]


def test_clusters_of_two_branches_are_two() -> None:
    files: Files = {"apps/web.yaml": release()}
    files |= {
        f"flux/{name}.yaml": fluxd_text("--git-path=apps", f"--git-branch={name}") for name in ("eu", "us")
    }
    found = see(files)
    assert [(view.name, view.settings.branch) for view in found.clusters] == [
        ("apps", "eu"),
        ("apps-2", "us"),
    ]
    assert {each.cluster for each in found.sightings["apps/web.yaml", 0]} == {"apps", "apps-2"}
    assert found.view("apps-2").settings.branch == "us"
    # Of a cluster that a person names with one of the branches, the fluxd of that branch is known.
    (view,) = see(files, clusters=(fm.Cluster(name="a", sync_paths=("apps",), branch="us"),)).clusters
    assert view.reason == "as given; flux/us.yaml runs its fluxd"


def test_paths_that_something_else_fills_in_are_told_as_such() -> None:
    command = (
        "fluxctl install --git-url=git@git.example.com:acme/fleet --git-path={{ path }} --git-branch=one\n"
    )
    (notice,) = see({"a.sh": command, "deploy/web.yaml": release()}).notices
    assert notice.message.endswith(": paths that something else fills in of one")


def test_a_build_with_transformers_has_names_that_nobody_can_tell() -> None:
    files: Files = {
        "c/.flux.yaml": generator("kustomize build ."),
        "c/kustomization.yaml": "resources: [web.yaml]\ntransformers: [prefix.yaml]\n",
        "c/web.yaml": release(),
        "c/prefix.yaml": "apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: a}\nprefix: a-\n",
    }
    assert "`transformers` cannot be followed" in see(files).broken["c/kustomization.yaml"]


@pytest.mark.parametrize("folder", ["", "prod/"])
@pytest.mark.parametrize("entry", ["plain.yaml", "./plain.yaml"])
def test_a_file_that_a_command_writes_for_its_build_is_not_known(folder: str, entry: str) -> None:
    command = "sops -d secret.yaml > plain.yaml && kustomize build ."
    config = yaml.safe_load(generator(command))
    config["commandUpdated"]["updaters"] = [{"containerImage": {"command": "true"}}]
    files: Files = {
        f"{folder}.flux.yaml": yaml.safe_dump(config),
        f"{folder}kustomization.yaml": f"resources: [web.yaml, {entry}]\n",
        f"{folder}web.yaml": release(),
        f"{folder}secret.yaml": "a: b\n",
    }
    (view,) = see(files, sync_roots=(folder,)).clusters
    assert [synced.unknown for synced in view.sync_paths] == [command]


def test_a_fluxd_takes_variables_from_a_config_map_of_the_repository() -> None:
    env = "        env: [{name: BRANCH, valueFrom: {configMapKeyRef: {name: known, key: branch}}}]\n"
    items = fluxd_text("--git-path=apps", "--git-branch=$(BRANCH)") + env
    known = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: known, namespace: flux}\ndata: {branch: live}\n"
    )
    listed = {"apiVersion": "v1", "kind": "List", "items": [yaml.safe_load(items)]}
    for text in (items, yaml.safe_dump(listed)):
        for more, branch in (({"flux/known.yaml": known}, "live"), ({}, "master")):
            (view,) = see({"apps/web.yaml": release(), "flux/flux.yaml": text, **more}).clusters
            assert (view.settings.branch or "master") == branch


def test_an_operator_of_a_manifest_may_leave_dependencies_alone() -> None:
    operator = fluxd_text("--update-chart-deps=false", image="docker.io/fluxcd/helm-operator:1.4.4")
    files: Files = {"apps/web.yaml": release(), "flux/operator.yaml": operator}
    (view,) = see({**files, "flux/flux.yaml": fluxd_text("--git-path=apps")}).clusters
    assert view.settings.helm_operator.update_chart_deps is False


@pytest.mark.parametrize("root", ["prod", ""])
def test_patches_of_a_flux_yaml_go_over_what_it_builds(root: str) -> None:
    start = f"{root}/" if root else ""
    patch = yaml.safe_dump({**yaml.safe_load(release()), "spec": {"timeout": 9}})
    files: Files = {
        f"{start}.flux.yaml": generator("kustomize build .", "flux-patch.yaml"),
        f"{start}kustomization.yaml": "resources: [web.yaml]\npatchesStrategicMerge: [own.yaml]\n",
        f"{start}web.yaml": release(),
        f"{start}own.yaml": patch.replace("timeout: 9", "wait: true"),
        f"{start}flux-patch.yaml": patch,
    }
    found = see(files)
    (sighting,) = found.sightings[f"{start}web.yaml", 0]
    assert sighting.manifest["spec"]["timeout"] == 9
    assert sighting.manifest["spec"]["wait"] is True
    assert {use.path for use in sighting.patches} == {f"{start}own.yaml", f"{start}flux-patch.yaml"}
    assert [step.path for step in sighting.steps] == [f"{start}kustomization.yaml"]
    assert found.patch_files[f"{start}flux-patch.yaml"] == f"{start}.flux.yaml"


def test_patches_over_a_root_without_kustomization_build_nothing() -> None:
    files: Files = {
        ".flux.yaml": generator("kustomize build .", "flux-patch.yaml"),
        "web.yaml": release(),
        "flux-patch.yaml": release(),
    }
    found = see(files, sync_roots=("",))
    assert found.sightings == {}
    assert [build.ok for build in found.builds.values()] == [False]


def test_a_flux_yaml_above_runs_in_the_folder_where_its_commands_find_what_they_build() -> None:
    commands = {"generators": [{"command": f"kustomize build {name}"} for name in ("shop", "team")]}
    files: Files = {".flux.yaml": yaml.safe_dump({"version": 1, "commandUpdated": commands})}
    for name in ("shop", "team"):
        files[f"base/{name}/kustomization.yaml"] = "resources: [web.yaml]\n"
        files[f"base/{name}/web.yaml"] = release()
        files[f"dev/{name}/kustomization.yaml"] = f"namespace: {name}\nresources: [../../base/{name}]\n"
    found = see(files)
    assert [view.name for view in found.clusters] == ["dev"]
    assert all(build.ok for build in found.builds.values())
    (sighting,) = found.sightings["base/team/web.yaml", 0]
    assert (sighting.cluster, sighting.namespace) == ("dev", "team")


def test_a_flux_yaml_above_is_for_each_folder_below_that_has_none_of_its_own() -> None:
    files: Files = {".flux.yaml": generator("kustomize build .")}
    for name in ("eu", "us"):
        files[f"{name}/kustomization.yaml"] = f"namespace: {name}\nresources: [web.yaml]\n"
        files[f"{name}/web.yaml"] = release()
    files["us/.flux.yaml"] = generator("kustomize build .")
    found = see(files)
    assert [(view.name, view.reason) for view in found.clusters] == [
        ("eu", "a folder that kustomize builds on its own, as its .flux.yaml says"),
        ("us", "a folder that kustomize builds on its own, as its .flux.yaml says"),
    ]
    # They hold different things, so they may be one cluster.
    assert found.candidates == ("eu", "us")


def test_two_flux_yaml_of_one_folder_are_one_cluster() -> None:
    files: Files = {
        ".flux.yaml": generator("kustomize build ."),
        "eu/.flux.yaml": generator("kustomize build ."),
        "eu/kustomization.yaml": "namespace: eu\nresources: [web.yaml]\n",
        "eu/web.yaml": release(),
    }
    assert [view.name for view in see(files).clusters] == ["eu"]


@pytest.mark.parametrize("missing", [False, True])
def test_a_patch_that_is_left_over_does_not_become_the_cluster_of_what_is_migrated(missing: bool) -> None:
    files: Files = {
        "live/web.yaml": release(),
        "old/web.yaml": release().partition("  helmVersion")[0] + "  values: {replicas: 2}\n",
    }
    options = fm.MigrationOptions(write_missing_namespaces=missing)
    migration = fm.migrate_repository(files, options)
    (told,) = (each for each in migration.findings if each.severity != "info")
    assert told.code == "RP070"
    assert told.answer is not None
    seen = fm.migrate_repository(files, options.model_copy(update={"overrides": (told.answer,)}))
    assert {*seen.findings} == {*migration.findings} - {told}
    again = fm.migrate_repository(migration.files, options)
    assert again.files == migration.files
    assert [cluster.name for cluster in again.context.clusters] == ["live"]


def test_what_nobody_sees_may_be_anybodys() -> None:
    assert list(ClusterMap().seen(read_repository({"web.yaml": release()}).documents["web.yaml"][0])) == [
        ("", read_repository({"web.yaml": release()}).documents["web.yaml"][0].manifest)
    ]
    assert ClusterMap(fallback_namespace="x").default_namespace("any") == "x"


def test_one_path_of_two_kustomizations_of_flux_is_synced_once() -> None:
    text = (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        "metadata: {name: NAME, namespace: flux-system}\nspec: {path: ./PATH}\n"
    )
    files: Files = {
        "sync/one.yaml": text.replace("PATH", "sync").replace("NAME", "one"),
        "sync/two.yaml": text.replace("PATH", "sync/").replace("NAME", "two"),
        "sync/gone.yaml": text.replace("PATH", "gone").replace("NAME", "gone"),
        "sync/web.yaml": release(),
    }
    assert [view.settings.sync_paths for view in see(files).clusters] == [("sync",)]


# What hangs together


@given(reached=st.lists(st.tuples(st.sampled_from("abcd"), st.sets(st.sampled_from("pqrs"))), max_size=6))
def test_closures_are_what_patches_connect(reached: list[tuple[str, set[str]]]) -> None:
    def use(name: str) -> PatchUse:
        return PatchUse("kustomization.yaml", "patches", ord(name), name, 0, "merge")

    objects = tuple(
        BuiltObject({}, path, 0, None, (), tuple(use(name) for name in sorted(names)))
        for path, names in reached
    )
    builds = [Build(str(number), (built,), (), ()) for number, built in enumerate(objects)]
    keys = [(path, 0) for path in "abc"]
    found = patched_closures({(each.folder, ""): each for each in builds}, keys)
    # Another way: whatever shares a patch is one, until nothing changes.
    groups = [({path}, set(names)) for path, names in reached if path != "d" and names]
    for _ in groups:
        for one in groups:
            for other in groups:
                if one[0] & other[0] or one[1] & other[1]:
                    one[0].update(other[0])
                    one[1].update(other[1])
    expected = {
        (path, 0): (sorted(documents), sorted(patches)) for documents, patches in groups for path in documents
    }
    assert {
        key: ([path for path, _ in closure.documents], [each.path for each in closure.patches])
        for key, closure in found.items()
    } == expected
    for closure in found.values():
        assert all(found[key] is closure for key in closure.documents)


# What fluxd read of a file


LINES = st.sampled_from(
    [
        *("a: 1", "a: 2", "b: x # y", "b:", 'c: "d"', "c: 'd'", "d: {e: 1, f: 2}", "d: {e: 1, e: 2}"),
        *("- a: 1", "- b: 2", "- c", "- - a: 1", "-", "1: x", "true: y", "g: [1, 2]", "h: |", "# a: 1", ""),
        *("'a': 1", '"b": 2', "a b: 1", "a : 3", "? a", "<<: {z: 1}", "x: &y 1", "k: *y", "---", "i: {1: a}"),
        *("text", "name: other", "kind: Other", "namespace: n", "a: b: c", "items: []", "~: 1", "1.5: x"),
    ]
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    head = draw(
        st.sampled_from(
            [
                "apiVersion: v1\nkind: A\nmetadata:\n  name: a\n",
                "apiVersion: v1\nkind: A\nmetadata: # c\n\n    name: 'a'\n    namespace: \"b\"\n",
                "apiVersion: v1\nkind: A\nmetadata:\n  name: {}\n",
                "apiVersion: v1\nkind: A\nmetadata: {name: a}\n",
                "apiVersion: v1\nkind: A\nmetadata:\n  name: yes\n  namespace: ~\n",
                "apiVersion: v1\nkind: AList\nitems:\n- kind: A\n  metadata: {name: a}\n- {}\n- x\n",
                "kind: A\nmetadata:\n  name: a\n",
                "apiVersion: v1\nkind: A\nmetadata:\n",
                "apiVersion: v1\nkind: A\nmetadata:\n  labels: {}\n",
            ]
        )
    )
    lines = draw(st.lists(st.tuples(st.integers(0, 3), LINES), max_size=6))
    return head + "".join(f"{'  ' * indent}{line}\n" for indent, line in lines)


def in_full(text: str) -> list[tuple[str, str, str]] | None:
    """What is read with the whole text; nothing where it is refused."""
    try:
        manifests = read_manifests(text)
        for span in split_documents(text):
            read_document(text[span.start : span.end])
    except InvalidManifest:
        return None
    return [
        (str(each["kind"]), str(each["metadata"].get("namespace") or ""), str(each["metadata"]["name"]))
        for *_, each in manifests
        if "metadata" in each
    ]


@given(text=texts(), crlf=st.booleans())
def test_what_lines_show_is_what_the_text_says(text: str, crlf: bool) -> None:
    written = text.replace("\n", "\r\n") if crlf else text
    found = list(read_objects("a.yaml", written))
    objects = [(each.kind, each.namespace, each.name) for each in found if isinstance(each, AppliedObject)]
    refused = [each for each in found if isinstance(each, Refusal)]
    expected = in_full(text)
    if expected is not None:
        assert not refused
        assert [each for each in objects if each[2] != "true"] == [
            each for each in expected if each[2] != "yes"
        ]
        return
    assert refused


@pytest.mark.parametrize(
    "broken",
    [
        "- a\n",
        "   b: c\n",
        "data: x/y\n  a: b\n",
        "data: x\n  - a: b\n",
        "data:\n    a: b\n  c: d\n",
        "data:\n  - a\n - b\n",
        "data:\n- - a\n  - b\n - c\n",
        "data:\n- a: b\n   c: d\n",
        "data:\n  a: b\n  - c\n",
        "data: a: b\n",
        "data: a:\n",
        "data: - a\n",
        "data: {a: b: c}\n",
        "data: [a, *b]\n",
        "data: ['a]\n",
        "data: a\x01b\n",
    ],
)
def test_a_document_whose_head_alone_is_yaml_is_refused(broken: str) -> None:
    (found,) = read_objects("a.yaml", f"apiVersion: v1\nkind: A\nmetadata:\n  name: a\n{broken}")
    assert isinstance(found, Refusal)
    assert not found.is_applied


def test_a_key_that_stands_twice_in_braces_is_refused() -> None:
    text = "apiVersion: v1\nkind: A\nmetadata:\n  name: a\ndata: {a: b, a: c}\n"
    refusal, each = read_objects("a.yaml", text)
    assert isinstance(refusal, Refusal)
    assert refusal.is_applied
    assert isinstance(each, AppliedObject)


@pytest.mark.parametrize(
    "plain",
    [
        "data:\n- a: b\n  c:\n  - d\n  - e: f\n- - g\n  - h: i\nz: y\n",
        "data:\n  a:\n    b: c\n  # d\n  e: 'f: g' # h: i\n  j: {k: l, m: [n]}\n",
        "data: {a: b, c: d} # e\nother: [a, 'b', c: d]\nthird: {}\nfourth: []\n",
        "data: https://a.example.com:80/b # c: d\n",
        "data:\nother:\n  a:\n",
    ],
)
def test_a_document_of_usual_lines_is_an_object(plain: str) -> None:
    (found,) = read_objects("a.yaml", f"apiVersion: v1\nkind: A\nmetadata:\n  name: a\n{plain}")
    assert isinstance(found, AppliedObject)


@given(text=texts())
def test_documents_that_are_read_already_say_the_same(text: str) -> None:
    repository = read_repository({"a.yaml": f"# fluxcd.io\n{text}"})
    if repository.errors:
        return
    text = repository.texts["a.yaml"]
    assert list(read_objects("a.yaml", text, repository.documents["a.yaml"])) == list(
        read_objects("a.yaml", text)
    )


def test_documents_that_are_no_objects_are_refused() -> None:
    text = "- fluxcd.io\n---\nreplicas: 2\n---\nkind: A\n---\nkind: A\nmetadata: {name: [a]}\n"
    documents = read_repository({"a.yaml": text}).documents["a.yaml"]
    for known in (documents, None):
        found = list(read_objects("a.yaml", text, known))
        assert [(type(each), each.place.line) for each in found] == [
            (Refusal, 1),
            (Refusal, 2),
            (Refusal, 4),
            (Refusal, 6),
        ]


def test_the_last_of_two_keys_says_what_fluxd_applied() -> None:
    text = "apiVersion: v1\nkind: A\n? [x]\n: y\nmetadata:\n  name: a\n  name: b\nkind: B\n"
    refusal, each = read_objects("a.yaml", text)
    assert isinstance(refusal, Refusal)
    assert refusal.is_applied
    assert isinstance(each, AppliedObject)
    assert (each.kind, each.name) == ("B", "b")


def compared(files: Files, synced: SyncPath) -> Any:
    texts = {path: text for path, text in files.items() if isinstance(text, str)}
    return compare_applied(synced, texts, {}, KustomizeTree(files), {}, ())


CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: db\n  namespace: shop\n"


def test_a_file_that_is_no_text_stops_what_is_scanned() -> None:
    files: Files = {"a/secret.yaml": b"\0\xff", "a/b.png": b"\xff", "b/c.yaml": b"\xff", "a/db.yaml": CONFIG}
    found = compared(files, SyncPath("a", files="all"))
    assert [(each.place.path, each.reason) for each in found.refused] == [
        ("a/secret.yaml", "the file is no UTF-8")
    ]


def test_the_artifact_decides_what_is_there() -> None:
    files: Files = {
        ".sourceignore": "/a/chart/\n/a/k/more.yaml\n",
        "a/chart/Chart.yaml": "name: x\n",
        "a/chart/values.yaml": "a: 1\n",
        "a/k/kustomization.yaml": "resources: [db.yaml, more.yaml]\n",
        "a/k/db.yaml": CONFIG,
        "a/k/more.yaml": CONFIG.replace("db", "more"),
    }
    found = compared(files, SyncPath("a", files="all"))
    assert found.refused == ()
    assert [each.name for each in found.ignored] == ["more"]
    assert [each.place.path for each in found.unbuildable] == ["a/k/kustomization.yaml"]


def test_an_object_is_one_with_and_without_the_namespace_default_to_kustomize() -> None:
    bare = CONFIG.replace("  namespace: shop\n", "")
    files: Files = {"a/one.yaml": bare, "a/two.yaml": CONFIG.replace("shop", "default")}
    ((one, other),) = compared(files, SyncPath("a", files="all")).doubles
    assert (one.place.path, other.place.path) == ("a/one.yaml", "a/two.yaml")


def test_what_two_kustomizations_build_is_there_twice() -> None:
    files: Files = {
        "a/base/kustomization.yaml": "resources: [db.yaml]\n",
        "a/base/db.yaml": CONFIG,
        "a/prod/kustomization.yaml": "resources: [../base]\n",
    }
    ((one, other),) = compared(files, SyncPath("a", files="all")).doubles
    assert one == other
    assert one.place.path == "a/base/db.yaml"


def test_files_beside_a_base_are_a_cluster_of_their_own() -> None:
    files: Files = {
        "apps/web.yaml": release("web"),
        "apps/base/kustomization.yaml": "resources: [db.yaml]\n",
        "apps/base/db.yaml": release("db"),
        "prod/.flux.yaml": generator("kustomize build ."),
        "prod/kustomization.yaml": "namespace: shop\nresources: [../apps/base]\n",
    }
    assert [view.name for view in see(files).clusters] == ["prod", "apps"]


@pytest.mark.parametrize(("other", "expected"), [("new", ["prod"]), ("old", ["prod/shop"])])
def test_a_fluxd_counts_though_somebody_began_to_migrate_in_its_path(other: str, expected: list[str]) -> None:
    text = release("web")
    rest = text.partition("HelmRelease\n")[2]
    new = f"apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n{rest}"
    files: Files = {
        "flux.yaml": fluxd_text("--git-path=prod", "--manifest-generation=false"),
        "prod/shop/web.yaml": text,
        "prod/shop/twin.yaml": new if other == "new" else text,
    }
    assert [view.name for view in see(files).clusters] == expected


def test_a_flux_yaml_whose_commands_build_nothing_of_a_folder_makes_it_no_cluster() -> None:
    loop = "for d in ./*/; do kustomize build ${d}lost; done"
    files: Files = {
        ".flux.yaml": generator(loop),
        "apps/web/kustomization.yaml": "resources: [web.yaml]\n",
        "apps/web/web.yaml": release(),
        "docs/notes.txt": "nothing\n",
    }
    assert [view.name for view in see(files).clusters] == ["apps/web"]


BESIDE: list[tuple[Files, list[str]]] = [({}, ["apps"]), ({"empty/web.yaml": release()}, ["apps", "empty"])]


@pytest.mark.parametrize(("beside", "clusters"), BESIDE)
def test_a_folder_with_nothing_but_a_flux_yaml_is_no_cluster(beside: Files, clusters: list[str]) -> None:
    files: Files = {
        "apps/.flux.yaml": "version: 1\nscanForFiles: {}\n",
        "apps/api.yaml": release(),
        "empty/.flux.yaml": "version: 1\nscanForFiles: {}\n",
        **beside,
    }
    assert [view.name for view in see(files).clusters] == clusters


@pytest.mark.parametrize("where", ["flux yaml", "fluxd"])
def test_what_lies_loose_beside_the_folders_of_known_clusters_is_of_none(where: str) -> None:
    files: dict[str, str | bytes] = {
        "prod/kustomization.yaml": "resources: [web.yaml]\n",
        "prod/web.yaml": release_text(CHART),
        "loose.yaml": release_text(CHART, name="db"),
    }
    if where == "fluxd":
        files["flux/fluxd.yaml"] = fluxd_text("--git-path=prod", "--git-url=git@git.example.com:acme/fleet")
    else:
        files["prod/.flux.yaml"] = (
            "version: 1\ncommandUpdated: {generators: [{command: kustomize build .}]}\n"
        )
    migration = fm.migrate_repository(files)
    assert [each.sync_paths for each in migration.context.clusters] == [("prod",)]
    errors = [(each.code, each.path) for each in migration.findings if each.severity == "error"]
    assert errors == [("RP035", "loose.yaml")]
