"""Kustomizations of Flux v2 that apply nothing as Git has them, and those that sync another repository."""

from __future__ import annotations

from typing import Any

import pytest

import fluxv2_migrate as fm
from manifest_texts import CHART, fluxd_text, release_text

Files = dict[str, str | bytes]
WORKLOAD = (
    "apiVersion: apps/v1\nkind: Deployment\n"
    "metadata: {name: web, namespace: shop, annotations: {fluxcd.io/automated: 'true'}}\n"
    "spec: {template: {spec: {containers: [{name: app, image: 'ghcr.io/acme/web:1.4.7'}]}}}\n"
)
OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: shop}\n"
OURS = "ssh://git@git.example.com/acme/fleet"
THEIRS = "https://git.example.com/team/app"
SUSPENDED = {"suspend": "true"}
DISABLED = {"annotations": "{kustomize.toolkit.fluxcd.io/reconcile: disabled}"}
FOR_ALL = {"commonMetadata": DISABLED["annotations"]}
RESTS = (SUSPENDED, DISABLED, FOR_ALL)


def release(name: str = "web") -> str:
    return release_text(f"  releaseName: {name}\n{CHART}", name=name)


def fluxd(paths: str, *more: str) -> str:
    url = "--git-url=git@git.example.com:acme/fleet"
    return fluxd_text(url, "--git-branch=main", f"--git-path={paths}", *more)


def source(name: str, url: str) -> str:
    return (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n"
        f"metadata: {{name: {name}, namespace: flux-system}}\n"
        f"spec: {{interval: 1m, url: '{url}', ref: {{branch: main}}, secretRef: {{name: {name}}}}}\n"
    )


def sync(name: str, path: str, of: str = "flux-system", *, prune: str = "false", **rest: str) -> str:
    annotations = f", annotations: {rest['annotations']}" if "annotations" in rest else ""
    common = (
        f", commonMetadata: {{annotations: {rest['commonMetadata']}}}" if "commonMetadata" in rest else ""
    )
    suspend = ", suspend: true" if "suspend" in rest else ""
    return (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        f"metadata: {{name: {name}, namespace: flux-system{annotations}}}\n"
        f"spec: {{interval: 10m, path: '{path}', prune: {prune}{suspend}{common}, "
        f"sourceRef: {{kind: GitRepository, name: {of}}}}}\n"
    )


def flux_2(path: str = "prod") -> Files:
    text = f"{source('flux-system', OURS)}---\n{sync('flux-system', f'./{path}')}"
    return {f"{path}/flux-system/gotk-sync.yaml": text}


def checked(files: Files, **options: Any) -> fm.Migration:
    """A migration of which the verification says what it says itself."""
    given = fm.MigrationOptions.model_validate(options)
    migration = fm.migrate_repository(files, given)
    report = fm.verify_migration(files, migration.files, options=given, declared=migration.declared)
    assert report.ok is migration.ok, report.to_markdown()
    assert fm.migrate_repository(migration.files, given).files == migration.files
    return migration


def told(migration: fm.Migration, code: str) -> list[str]:
    return [each.path for each in migration.findings if each.code == code]


@pytest.mark.parametrize("rest", RESTS)
def test_what_fluxd_applied_and_a_resting_kustomization_shall_apply_is_an_error(rest: dict[str, str]) -> None:
    files = flux_2() | {"prod/apps.yaml": sync("apps", "./apps", **rest), "apps/settings.yaml": OBJECT}
    migration = checked({**files, "flux.yaml": fluxd("prod,apps")})
    assert told(migration, "DA062") == ["prod/apps.yaml"]
    # Nothing shows that a fluxd applied them, and Flux v2 rests as it did before.
    assert checked({**files, "prod/web.yaml": release()}).ok
    given = [{"name": "prod", "sync_paths": ["prod", "apps"]}]
    assert told(checked({**files, "prod/web.yaml": release()}, clusters=given), "DA062") == ["prod/apps.yaml"]


@pytest.mark.parametrize("rest", RESTS)
def test_a_source_is_made_where_a_kustomization_applies_it(rest: dict[str, str]) -> None:
    files = flux_2() | {"prod/apps.yaml": sync("apps", "./apps", **rest), "apps/settings.yaml": OBJECT}
    migration = checked({**files, "prod/web.yaml": release()})
    assert migration.ok
    assert [path.startswith("prod/") for path in migration.created] == [True]


@pytest.mark.parametrize("is_listed_twice", [False, True])
def test_a_source_that_only_a_resting_kustomization_applies_is_told_of(is_listed_twice: bool) -> None:
    charts = (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\n"
        "metadata: {name: charts, namespace: flux-system}\n"
        "spec: {interval: 10m, url: https://charts.example.com}\n"
    )
    files = flux_2() | {"prod/apps.yaml": sync("apps", "./apps", **SUSPENDED), "apps/charts.yaml": charts}
    if is_listed_twice:
        files |= {"prod/charts.yaml": charts}
    migration = fm.migrate_repository({**files, "prod/web.yaml": release()})
    assert told(migration, "RP055") == ([] if is_listed_twice else ["prod/web.yaml"])
    if not is_listed_twice:
        checked({**files, "prod/web.yaml": release()})


def test_where_all_of_a_cluster_rests_what_is_made_rests_with_it() -> None:
    files = flux_2() | {"prod/web.yaml": release()}
    files["prod/flux-system/gotk-sync.yaml"] = sync("flux-system", "./prod", **SUSPENDED)
    migration = checked(files)
    assert told(migration, "DA062") == ["prod/flux-system/gotk-sync.yaml"]
    assert [path.startswith("prod/") for path in migration.created] == [True]


@pytest.mark.parametrize("path", ["./", "", "./deploy"])
@pytest.mark.parametrize("prune", ["false", "true"])
def test_what_flux_2_syncs_of_a_tenant_is_not_in_this_repository(path: str, prune: str) -> None:
    tenant = f"{source('team', THEIRS)}---\n{sync('team', path, 'team', prune=prune)}"
    ours: Files = {"prod/tenant.yaml": tenant, "prod/web.yaml": release(), "deploy/settings.yaml": OBJECT}
    migration = checked({**ours, "prod/flux.yaml": fluxd("prod")})
    assert migration.ok
    assert OURS in str(migration.created["prod/flux-system/gotk-sync.yaml"])
    # Where no fluxd names the repository, that which syncs itself from a folder does.
    migration = checked(ours | flux_2())
    assert migration.ok
    assert [each.sync_paths for each in migration.context.clusters] == [("prod",)]


def test_a_repository_that_only_has_another_owner_by_now_may_be_this_one() -> None:
    moved = f"{source('flux-system', OURS.replace('acme', 'group'))}---\n{sync('flux-system', './')}"
    files: Files = {"flux-system/gotk-sync.yaml": moved, "apps/web.yaml": release(), "flux.yaml": fluxd(".")}
    migration = fm.migrate_repository(files)
    assert migration.created.keys() == {"sources/example.yaml"}
    assert told(migration, "RP062") == ["flux-system/gotk-sync.yaml"]


def both(what: str, instead: str) -> Files:
    """What fluxd and Flux v2 sync together, with something else in the sync of Flux v2."""
    (path, text), *_ = flux_2().items()
    assert what in str(text)
    return {
        path: str(text).replace(what, instead),
        "prod/flux.yaml": fluxd("prod"),
        "prod/settings.yaml": OBJECT,
        "prod/web.yaml": release(),
    }


@pytest.mark.parametrize(
    ("what", "instead", "is_told"),
    [
        ("ref: {branch: main}", "ref: {branch: main}", False),
        ("ref: {branch: main}", "ref: {name: refs/heads/main}", False),
        ("ref: {branch: main}", "ref: {branch: flux-2}", True),
        ("ref: {branch: main}", "ref: {tag: v1.0.0}", True),
        (", ref: {branch: main}", "", True),
        (OURS, OURS.replace("acme", "group"), False),
        (OURS, OURS.replace("fleet", "infra"), True),
        ("prune: false", "prune: false, targetNamespace: team", True),
        ("prune: false", "prune: false, namePrefix: x-", True),
        ("prune: false", "prune: false, images: [{name: web, newTag: '1'}]", False),
        ("prune: false", "prune: false, postBuild: {substitute: {a: b}}", False),
    ],
)
def test_what_flux_2_does_otherwise_than_fluxd_is_told(what: str, instead: str, is_told: bool) -> None:
    files = both(what, instead)
    migration = fm.migrate_repository(files)
    assert told(migration, "RP080") == ["prod/flux-system/gotk-sync.yaml"] * is_told
    if is_told:
        (finding,) = (each for each in migration.findings if each.code == "RP080")
        assert finding.answer is not None
        assert fm.migrate_repository(files, fm.MigrationOptions(overrides=(finding.answer,))).ok
    else:
        assert migration.ok


def test_what_flux_2_cannot_build_of_fluxds_path_is_corrected_and_not_accepted() -> None:
    files = both("prune: false", "prune: false, components: [../lost]")
    (finding,) = (each for each in checked(files).findings if each.severity == "error")
    assert (finding.code, finding.path, finding.answer) == ("RP073", "prod/flux-system/gotk-sync.yaml", None)
    assert checked(both("prune: false", "prune: false")).ok


def test_nothing_is_told_of_a_revision_that_cannot_be_read() -> None:
    assert told(fm.migrate_repository(both("ref: {branch: main}", "ref: [main]")), "RP080") == []


def test_a_repository_that_named_no_key_before_is_as_it_was() -> None:
    assert checked(both(", secretRef: {name: flux-system}", "")).ok


def test_variables_that_flux_2_replaces_are_told_where_there_are_any() -> None:
    files = both("prune: false", "prune: false, postBuild: {substitute: {a: b}}")
    files["prod/settings.yaml"] = OBJECT + "data: {script: 'echo ${HOME}'}\n"
    (finding,) = (each for each in fm.migrate_repository(files).findings if each.code == "RP080")
    assert "ConfigMap shop/settings" in finding.message


def test_a_branch_that_the_cluster_shall_follow_is_no_question() -> None:
    files = both("branch: main", "branch: flux-2")
    given = [{"name": "prod", "sync_paths": ["prod"], "branch": "flux-2"}]
    assert checked(files, clusters=given).ok


@pytest.mark.parametrize(
    ("what", "instead"),
    [
        ("spec: {interval: 1m", "spec: {suspend: true, interval: 1m"),
        ("spec: {interval: 1m", "spec: {sparseCheckout: [apps], interval: 1m"),
    ],
)
def test_a_repository_of_which_nothing_is_fetched_is_told(what: str, instead: str) -> None:
    files = both(what, instead)
    assert told(checked(files), "DA062") == ["prod/flux-system/gotk-sync.yaml"]
    del files["prod/flux.yaml"]
    assert told(checked(files), "DA062") == ["prod/flux-system/gotk-sync.yaml"]


# A sync that was written by hand

GOTK = "prod/flux-system/gotk-sync.yaml"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("path: ./prod", "path: ./prd", "names ./prd, which is not there"),
        ("  path: ./prod\n", "", "names no path, and syncs the whole repository"),
        ("    name: flux-system\n", "    name: fleet\n", "flux-system/fleet"),
        ("    name: flux-system\n", "    name: flux-system\n    namespace: flux\n", "flux/flux-system"),
        (
            "kind: GitRepository\nmetadata:\n  name: flux-system",
            "kind: GitRepository\nmetadata:\n  name: fleet",
            "",
        ),
    ],
)
def test_a_sync_that_finds_nothing_is_told(old: str, new: str, said: str) -> None:
    files = {"flux/flux.yaml": fluxd("prod"), "prod/web.yaml": release()}
    migration = fm.migrate_repository(files)
    assert fm.verify_migration(files, migration.files, declared=migration.declared).ok
    text = str(migration.files[GOTK])
    # The last one is that of the Kustomization.
    first, found, last = text.rpartition(old)
    assert found
    after = {**migration.files, GOTK: f"{first}{new}{last}"}
    report = fm.verify_migration(files, after, declared=migration.declared)
    assert not report.ok
    assert said in report.to_markdown()


@pytest.mark.parametrize("first", ["prod/team.yaml", "prod/a.yaml"])
def test_a_sync_of_another_repository_is_known_wherever_it_stands_afterwards(first: str) -> None:
    tenant = f"{source('team', THEIRS)}---\n{sync('team', './deploy', 'team')}"
    files: Files = {
        "flux/flux.yaml": fluxd("prod"),
        "prod/web.yaml": release(),
        "prod/team.yaml": tenant,
        "deploy/settings.yaml": OBJECT,
    }
    migration = checked(files)
    after = dict(migration.files)
    # The documents change their places, and so may the file.
    del after["prod/team.yaml"]
    after[first] = f"{sync('team', './deploy', 'team')}---\n{source('team', THEIRS)}"
    assert fm.verify_migration(files, after, declared=migration.declared).ok


# What a person accepts of a sync


def flux_2_and_1(of_source: str = "", of_sync: str = "") -> Files:
    text = f"{source('flux-system', OURS)}---\n{sync('flux-system', './prod')}"
    text = text.replace("ref: {branch: main}", f"ref: {{branch: main}}{of_source}")
    text = text.replace("prune: false", f"prune: false{of_sync}")
    return {
        "prod/flux-system/gotk-sync.yaml": text,
        "prod/flux.yaml": fluxd("prod"),
        "prod/settings.yaml": OBJECT,
        "prod/web.yaml": release(),
    }


def test_a_sync_that_replaces_variables_of_what_a_generator_makes_is_told() -> None:
    files = flux_2_and_1("", ", postBuild: {substitute: {a: b}}")
    files["prod/kustomization.yaml"] = (
        "resources: [flux-system/gotk-sync.yaml, flux.yaml, web.yaml]\n"
        "configMapGenerator: [{name: made, namespace: shop, literals: ['url=${a}']}]\n"
    )
    files["prod/.flux.yaml"] = "version: 1\ncommandUpdated: {generators: [{command: kustomize build .}]}\n"
    (finding,) = (each for each in fm.migrate_repository(files).findings if each.code == "RP080")
    assert "ConfigMap shop/made" in finding.message


@pytest.mark.parametrize("suspended", [("", ", suspend: true"), (", suspend: true", "")])
def test_a_sync_that_may_rest_is_looked_at_as_if_it_did_not(suspended: tuple[str, str]) -> None:
    files = flux_2_and_1(*suspended)
    assert told(checked(files), "DA062")
    accepted = (fm.Override(accept=("DA062",)),)
    migration = checked(files, overrides=accepted)
    assert migration.ok
    after = {**migration.files, "prod/settings.yaml": OBJECT.replace("name: settings", "name: others")}
    options = fm.MigrationOptions(overrides=accepted)
    assert not fm.verify_migration(files, after, options, declared=migration.declared).ok


def test_what_is_accepted_of_a_revision_says_nothing_of_the_rest() -> None:
    files = flux_2_and_1()
    files["prod/flux-system/gotk-sync.yaml"] = str(files["prod/flux-system/gotk-sync.yaml"]).replace(
        "branch: main", "branch: next"
    )
    accepted = (fm.Override(accept=("RP080",)),)
    migration = checked(files, overrides=accepted)
    assert migration.ok
    path = "prod/flux-system/gotk-sync.yaml"
    after = {**migration.files, path: str(migration.files[path]).replace("prune: false", "prune: true")}
    options = fm.MigrationOptions(overrides=accepted)
    report = fm.verify_migration(files, after, options, declared=migration.declared)
    assert [each.field for entry in report.sync_paths for each in entry.differences] == ["sync.prune"]


# Files of sops


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("kind: Secret", "kind: ENC[AES256_GCM,data:x,type:str]", 2),
        ("name: key", "name: ENC[AES256_GCM,data:x,type:str]", 4),
        ("---", "---", 21),
        ("mac: ENC[AES256_GCM,data:2", "mac: ENC[AES256_GCM,data:3", 0),
    ],
)
def test_what_only_fluxd_could_decrypt_is_told(old: str, new: str, line: int) -> None:
    secret = (
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: key\n  namespace: shop\n"
        "data:\n  a: ENC[AES256_GCM,data:1,type:str]\n"
        "sops:\n  lastmodified: '2020-05-15T00:00:00Z'\n  mac: ENC[AES256_GCM,data:2,type:str]\n"
    )
    text = f"{secret}---\n{secret.replace('name: key', 'name: other')}"
    if line < 20:
        # Each document for itself.
        first, _, second = text.rpartition("data:2")
        text = f"{first}data:4{second}"
    text = text.replace(old, new, 1)
    files: Files = {
        "prod/flux.yaml": fluxd("prod").replace("--git-branch=main", "--git-branch=main, --sops"),
        "prod/secrets.yaml": text,
        "prod/web.yaml": release(),
    }
    migration = checked(files)
    found = [each.line for each in migration.findings if each.code == "DA024"]
    assert found == ([line] if line else [])


def test_a_sync_of_the_root_of_another_repository_is_told() -> None:
    files = {"flux/flux.yaml": fluxd(""), "prod/web.yaml": release()}
    migration = fm.migrate_repository(files)
    path = "flux-system/gotk-sync.yaml"
    after = {**migration.files, path: str(migration.files[path]).replace("acme/fleet", "group/fleet")}
    report = fm.verify_migration(files, after, declared=migration.declared)
    assert not report.ok
    assert "group/fleet" in report.to_markdown()


def test_a_sync_without_a_path_is_one_of_the_root() -> None:
    files = {"flux/flux.yaml": fluxd(""), "prod/web.yaml": release()}
    migration = fm.migrate_repository(files)
    path = "flux-system/gotk-sync.yaml"
    text = str(migration.files[path])
    assert "  path: ./\n" in text
    after = {**migration.files, path: text.replace("  path: ./\n", "")}
    assert fm.verify_migration(files, after, declared=migration.declared).ok


def apart(eu: str = "", us: str = "", text: str = OBJECT) -> Files:
    """Two clusters whose Kustomizations and sources stand apart from what they sync, under the same names."""
    files: Files = {}
    for name, more in (("eu", eu), ("us", us)):
        own = source("flux-system", OURS).replace("ref: {branch: main}", more or "ref: {branch: main}")
        files[f"clusters/{name}/flux-system.yaml"] = f"{own}---\n{sync('flux-system', f'./apps/{name}')}"
        files[f"apps/{name}/web.yaml"] = text
    return files


CLUSTERS = [{"name": name, "sync_paths": [f"apps/{name}"]} for name in ("eu", "us")]


@pytest.mark.parametrize("taken", ['ignore: "/apps/{}"', "sparseCheckout: [apps/{}]"])
def test_what_the_source_of_one_cluster_leaves_out_is_there_for_others(taken: str) -> None:
    of_each = [f"ref: {{branch: main}}, {taken.format(name)}" for name in ("eu", "us")]
    if taken.startswith("ignore"):
        # Each leaves out what the other one syncs.
        of_each.reverse()
    assert checked(apart(of_each[0], text=release()), clusters=CLUSTERS).ok
    assert checked(apart(of_each[0], of_each[1], release()), clusters=CLUSTERS).ok
    # A patch of a source counts for that one.
    patched = apart(text=release())
    patch = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: flux-system}\n"
    patched["clusters/us/patch.yaml"] = f"{patch}spec: {{{taken.format('eu')}}}\n"
    report = fm.verify_migration(patched, patched, fm.MigrationOptions.model_validate({"clusters": CLUSTERS}))
    told = {each.cluster: each.reason for each in report.sync_paths if each.status == "missing"}
    assert list(told) == ([] if taken.startswith("ignore") else ["us"]), told


@pytest.mark.parametrize("branches", [("main", "live"), ("live", "main")])
def test_images_are_pushed_to_the_branch_of_the_own_cluster(branches: tuple[str, str]) -> None:
    of_eu, of_us = (f"ref: {{branch: {branch}}}" for branch in branches)
    migration = fm.migrate_repository(
        apart(of_eu, of_us, WORKLOAD), fm.MigrationOptions.model_validate({"clusters": CLUSTERS})
    )
    pushed = {
        path.split("/")[1]: f"push:\n      branch: {branch}\n" in str(text)
        for path, text in migration.created.items()
        for branch in [dict(zip(("eu", "us"), branches, strict=True))[path.split("/")[1]]]
        if "ImageUpdateAutomation" in str(text)
    }
    assert pushed == {"eu": True, "us": True}


@pytest.mark.parametrize("form", ["namespace: flux-system", ""])
def test_each_cluster_follows_the_branch_of_its_own_source(form: str) -> None:
    files = apart("ref: {branch: main}", "ref: {branch: live}", release())
    files = {path: str(text).replace("namespace: flux-system", form) for path, text in files.items()}
    clusters = [each | {"branch": branch} for each, branch in zip(CLUSTERS, ("main", "live"), strict=True)]
    assert checked(files, clusters=clusters).ok
    crossed = [each | {"branch": branch} for each, branch in zip(CLUSTERS, ("live", "main"), strict=True)]
    options = fm.MigrationOptions.model_validate({"clusters": crossed})
    migration = fm.migrate_repository(files, options)
    report = fm.verify_migration(files, migration.files, options)
    branches = {
        each.cluster: (difference.before, difference.after)
        for each in report.sync_paths
        for difference in each.differences
        if difference.field == "sync.branch"
    }
    assert branches == {"eu": ("live", "main"), "us": ("main", "live")}


def commands(migration: fm.Migration, cluster: str, *words: str) -> list[str]:
    """The commands of the runbook for a cluster that hold some words."""
    found = (each for step in migration.runbook().steps for each in step.commands)
    return [each for each in found if f"--context {cluster} " in each and all(word in each for word in words)]


@pytest.mark.parametrize("beside_fluxd", [True, False])
def test_the_runbook_speaks_of_the_kustomizations_of_the_own_cluster(beside_fluxd: bool) -> None:
    files = apart(text=release()) | {
        "clusters/us/infra.yaml": sync("infra", "./infra"),
        "infra/x.yaml": OBJECT,
    }
    given: dict[str, Any] = {"clusters": CLUSTERS}
    names = {"eu": "eu", "us": "us"}
    if beside_fluxd:
        # The clusters are called after what they sync, and their fluxds stand beside their Kustomizations.
        files |= {f"clusters/{name}/fluxd.yaml": fluxd(f"apps/{name}") for name in names}
        given, names = {}, {name: f"apps/{name}" for name in names}
    migration = checked(files, **given)
    compared = {name: commands(migration, called, "diff kustomization") for name, called in names.items()}
    assert [(len(found), "infra" in str(found)) for found in compared.values()] == [(1, False), (2, True)]
    assert "./apps/us" not in str(compared["eu"])
    assert "./apps/eu" not in str(compared["us"])


def test_what_flux_2_syncs_to_another_cluster_is_synced_to_this_one_by_nothing() -> None:
    files: Files = {"apps/web.yaml": release(), "clusters/us/flux-system.yaml": sync("flux-system", "./apps")}
    clusters = [{"name": name, "sync_paths": ["apps"]} for name in ("eu", "us")]
    migration = fm.migrate_repository(files, fm.MigrationOptions.model_validate({"clusters": clusters}))
    assert commands(migration, "eu", "create kustomization", "--path=./apps")
    assert not commands(migration, "us", "create kustomization")


@pytest.mark.parametrize("folder", ["clusters/us", "clusters/all"])
def test_a_release_of_flux_2_in_the_folder_of_another_cluster_is_no_twin(folder: str) -> None:
    converted = fm.migrate_repository({"web.yaml": release()}).files["web.yaml"]
    twin = str(converted).replace("version: 1.2.3", "version: 9.9.9")
    files = apart(text=release()) | {f"{folder}/web.yaml": twin}
    migration = fm.migrate_repository(files, fm.MigrationOptions.model_validate({"clusters": CLUSTERS}))
    assert sorted(told(migration, "RP007")) == [
        f"apps/{name}/web.yaml" for name in ("eu", "us") if name == "us" or folder.endswith("all")
    ]


def test_clusters_that_share_a_path_follow_branches_of_their_own() -> None:
    shared: Files = {"apps/web.yaml": release()}
    for path, text in apart("ref: {branch: main}", "ref: {branch: live}").items():
        if path.startswith("clusters"):
            shared[path] = str(text).replace("./apps/eu", "./apps").replace("./apps/us", "./apps")
    clusters = [
        {"name": name, "sync_paths": ["apps"], "branch": branch}
        for name, branch in (("eu", "main"), ("us", "live"))
    ]
    assert told(checked(shared, clusters=clusters), "RP080") == []
    crossed = [{**each, "branch": "other"} if each["name"] == "us" else each for each in clusters]
    migration = fm.migrate_repository(shared, fm.MigrationOptions.model_validate({"clusters": crossed}))
    assert told(migration, "RP080") == ["clusters/us/flux-system.yaml"]


def test_a_cluster_without_a_sync_is_not_held_to_the_branch_of_another_one() -> None:
    files: Files = {
        "flux/aat.yaml": fluxd("aat"),
        "aat/web.yaml": WORKLOAD,
        "prod/web.yaml": release(),
        "prod/api.yaml": WORKLOAD.replace("name: web", "name: api"),
    }
    migration = fm.migrate_repository(files)
    assert [each.branch for each in migration.context.clusters] == ["main", None]
    assert fm.verify_migration(files, migration.files, declared=migration.declared).ok


@pytest.mark.parametrize(
    ("ref", "branch"),
    [
        ("branch: live", "live"),
        ("name: refs/heads/live", "live"),
        ("branch: live, tag: v1", "live"),
        # fluxd followed that one by default, and so does source-controller.
        ("", "master"),
        ("tag: v1", "master"),
    ],
)
def test_images_are_pushed_to_the_branch_that_the_source_checks_out(ref: str, branch: str) -> None:
    files = apart(f"ref: {{{ref}}}", text=WORKLOAD)
    migration = checked(files, clusters=CLUSTERS)
    automation = next(
        str(text) for path, text in migration.created.items() if path.startswith("apps/eu/images/flux")
    )
    assert automation.count(f"branch: {branch}\n") == 2


def test_of_two_paths_only_the_one_that_flux_2_moves_is_elsewhere() -> None:
    files: Files = {
        "flux/flux.yaml": fluxd("a,b"),
        "a/web.yaml": release(),
        "b/api.yaml": release("api"),
        "flux/a.yaml": sync("a", "./a").replace("prune: false", "prune: false, targetNamespace: other"),
    }
    migration = fm.migrate_repository(files)
    errors = [each for each in migration.findings if each.severity == "error"]
    assert [(each.code, each.path) for each in errors] == [("RP080", "flux/a.yaml")]
    assert errors[0].message.endswith("of a than what fluxd synced: HelmRelease shop/web")


@pytest.mark.parametrize("ignore", ["", ", ignore: '/*\n\n\n!/cluster/'"])
def test_what_is_synced_below_the_path_of_fluxd_shows_the_source_of_all(ignore: str) -> None:
    # Another protocol is another Secret, so that no URL tells that it is the same repository.
    url = "https://git.example.com/acme/fleet"
    text = source("fleet", url).replace("ref: {branch: main}", f"ref: {{branch: main}}{ignore}")
    files: Files = {
        "cluster/flux-system/sync.yaml": f"{text}---\n{sync('fleet', './cluster', 'fleet')}",
        "cluster/web.yaml": release(),
        "cluster/app.yaml": WORKLOAD,
        "flux/flux.yaml": fluxd(""),
    }
    migration = checked(files)
    made = (each.resource for each in migration.resources)
    (automation,) = (each for each in made if isinstance(each, fm.flux2.ImageUpdateAutomation))
    assert automation.spec.source_ref is not None
    assert automation.spec.source_ref.name == "fleet"
    assert bool(told(migration, "RP054")) == bool(ignore)
    # What leaves need not come into the artifact.
    assert "flux/flux.yaml" in migration.deleted
    assert told(migration, "RP024") == []


@pytest.mark.parametrize("is_shown", [False, True])
def test_of_a_cluster_that_is_given_alone_nobody_speaks_as_of_its_fluxd(*, is_shown: bool) -> None:
    moved = {
        path: str(text).replace("prune: false", "prune: false, targetNamespace: a")
        for path, text in flux_2().items()
    }
    given: dict[str, Any] = {"name": "prod", "sync_paths": ["prod"], "branch": "live"}
    files: Files = {**moved, "prod/web.yaml": release()}
    if is_shown:
        files["flux/flux.yaml"] = fluxd("prod")
    else:
        given["fluxd"] = {"git_url": "git@git.example.com:acme/other"}
    migration = fm.migrate_repository(files, fm.MigrationOptions.model_validate({"clusters": [given]}))
    messages = [each.message for each in migration.findings if each.code == "RP080"]
    assert len(messages) == (2 if is_shown else 3)
    assert all(("fluxd" in each) is is_shown for each in messages), messages
