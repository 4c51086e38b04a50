"""What syncs a cluster once fluxd is gone, and how Flux v1 leaves the repository."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

import fluxv2_migrate as fm
from fluxv2_migrate.kustomize import KustomizeTree
from manifest_texts import AUTOMATED, CHART, release_text, workload_text
from real_kustomize import build_all

Files = dict[str, str | bytes]


def release(name: str = "web", more: str = "") -> str:
    chart = CHART.replace("name: web", f"name: {name}")
    return release_text(f"  releaseName: {name}\n{chart}{more}", name=name)


def workload(
    image: str, arguments: Iterable[str] = (), name: str = "flux", namespace: str = "flux", more: str = ""
) -> str:
    lines = "".join(f"        - {each}\n" for each in arguments)
    args = f"        args:\n{lines}" if lines else ""
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {namespace}
spec:
  template:
    metadata:
      labels: {{app: {name}}}
    spec:
{more}      containers:
      - name: {name}
        image: {image}
{args}"""


def fluxd(*arguments: str, **about: Any) -> str:
    given = ["--git-url=git@git.example.com:acme/fleet", "--git-branch=main", *arguments]
    return workload("docker.io/fluxcd/flux:1.25.4", given, **about)


def operator(**about: Any) -> str:
    return workload(
        "docker.io/fluxcd/helm-operator:1.4.4", ["--enabled-helm-versions=v3"], "helm-operator", **about
    )


def migrate(files: Files, **options: Any) -> fm.Migration:
    migration = fm.migrate_repository(files, fm.MigrationOptions(**options))
    again = fm.migrate_repository(migration.files, fm.MigrationOptions(**options))
    assert again.files == migration.files
    return migration


def codes(migration: fm.Migration) -> set[str]:
    return {each.code for each in migration.findings}


def said(migration: fm.Migration, code: str) -> str:
    (found,) = (each.message for each in migration.findings if each.code == code)
    return found


def documents(text: str) -> list[dict[str, Any]]:
    return [each for each in YAML(typ="safe", pure=True).load_all(text) if each]


# The sync


def test_a_cluster_whose_fluxd_goes_gets_what_flux_bootstrap_would_write() -> None:
    files: Files = {
        "prod/flux/flux.yaml": fluxd(
            "--git-path=prod", "--git-poll-interval=2m", "--sync-garbage-collection", "--sync-timeout=3m"
        ),
        "prod/web.yaml": release(),
    }
    migration = migrate(files)
    text = migration.created["prod/flux-system/gotk-sync.yaml"]
    assert "prune: false # fluxd collected garbage: set true when every release is ready\n" in text
    source, kustomization = documents(text)
    assert (
        source["metadata"] == kustomization["metadata"] == {"name": "flux-system", "namespace": "flux-system"}
    )
    assert (source["spec"]["interval"], kustomization["spec"]["timeout"]) == ("2m", "3m")
    assert migration.deleted == ("prod/flux/flux.yaml",)
    assert {each.resource.kind for each in migration.resources} >= {"GitRepository", "Kustomization"}
    assert [each.resource for each in migration.changes if each.rule == "flux-1"] == ["Deployment flux/flux"]


@given(
    paths=st.lists(
        st.lists(st.sampled_from(["common", "a", "b", "c"]), unique=True, min_size=1, max_size=3),
        min_size=1,
        max_size=3,
    )
)
def test_only_its_own_cluster_applies_a_sync(paths: list[list[str]]) -> None:
    files: Files = {f"{each}/{each}.yaml": release(each) for own in paths for each in own}
    for number, own in enumerate(paths):
        text = fluxd(f"--git-path={','.join(own)}", namespace=f"flux-{number}")
        files[f"bootstrap/{number}.yaml"] = text
    migration = fm.migrate_repository(files)
    if migration.ok:
        assert fm.migrate_repository(migration.files).files == migration.files
    for sync in migration.syncs:
        view = next(each for each in migration.context.clusters if each.name == sync.cluster)
        assert {path for _, path in sync.kustomizations} == set(view.sync_paths)
        if sync.state == "written":
            folder = sync.file.partition("/")[0]
            appliers = [each for each in migration.context.clusters if folder in each.sync_paths]
            assert appliers == [view]
            named = documents(migration.created[sync.file])
            assert [(each["kind"], each["metadata"]["name"]) for each in named[:2]] == [
                ("GitRepository", "flux-system"),
                ("Kustomization", "flux-system"),
            ]
            assert named[1]["spec"]["path"] == f"./{folder}"
        else:
            others = [each for each in migration.context.clusters if each != view]
            assert all(any(path in each.sync_paths for each in others) for path in view.sync_paths)
            assert "DA057" in codes(migration)


@pytest.mark.parametrize("paths", [["common", "common,b"], ["common,a", "common", "common,b"]])
def test_clusters_that_share_a_path_are_told_apart_as_long_as_something_is_left(paths: list[str]) -> None:
    files: Files = {
        "op.yaml": operator(),
        "common/web.yaml": release(),
        "common/old.yaml": release("old").replace("helmVersion: v3", "helmVersion: v2"),
        **{f"{each}/{each}.yaml": release(each) for each in "ab"},
    }
    for number, path in enumerate(paths):
        files[f"flux/{number}.yaml"] = fluxd(f"--git-path={path}", namespace=f"flux-{number}")
    migration = migrate(files)
    assert "helm.toolkit" in str(migration.files["common/web.yaml"])
    assert {f"flux/{number}.yaml" for number in range(len(paths))} <= migration.files.keys()
    # With the last release all of them leave.
    del files["common/old.yaml"]
    left = fm.migrate_repository(files).files
    assert not [path for path in left if path.startswith("flux/")]


def test_a_path_that_is_built_lists_its_sync(tmp_path: Path) -> None:
    files: Files = {
        "prod/kustomization.yaml": "resources:\n- web.yaml\n- flux\n",
        "prod/web.yaml": release(),
        "prod/flux/kustomization.yaml": "resources:\n- flux.yaml\n- operator.yaml\n",
        "prod/flux/flux.yaml": fluxd("--git-path=prod", "--manifest-generation"),
        "prod/flux/operator.yaml": operator(),
        "prod/.flux.yaml": "version: 1\ncommandUpdated:\n  generators: [{command: kustomize build .}]\n",
    }
    migration = migrate(files)
    assert migration.deleted == (
        "prod/.flux.yaml",
        "prod/flux/flux.yaml",
        "prod/flux/kustomization.yaml",
        "prod/flux/operator.yaml",
    )
    assert (
        migration.changed["prod/kustomization.yaml"] == "resources:\n- web.yaml\n- sources\n- flux-system\n"
    )
    for path, text in migration.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(str(text))
    (build,) = build_all([tmp_path / "prod"])
    assert not build.error
    assert sorted(each["kind"] for each in build.objects) == [
        "GitRepository",
        "HelmRelease",
        "HelmRepository",
        "Kustomization",
    ]


def test_a_cluster_that_flux_2_syncs_gets_nothing() -> None:
    files: Files = {"prod/flux.yaml": fluxd("--git-path=prod"), "prod/web.yaml": release()}
    once = migrate(files)
    there = {**files, "prod/sync.yaml": once.created["prod/flux-system/gotk-sync.yaml"]}
    migration = migrate(there)
    assert "prod/flux-system/gotk-sync.yaml" not in migration.created
    assert [each.state for each in migration.syncs] == ["there"]
    assert not any("gotk-sync" in path for path in migrate(files, sync_objects=False).created)


SYNC = (
    "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n"
    "metadata: {name: all, namespace: flux-system}\n"
    "spec: {interval: 5m, url: 'ssh://git@git.example.com/acme/fleet', ref: {branch: main}}\n---\n"
    "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
    "metadata: {name: infra, namespace: flux-system}\n"
    "spec: {interval: 5m, path: ./prod, prune: false, sourceRef: {kind: GitRepository, name: all}}\n"
)


def test_a_path_that_flux_2_does_not_sync_yet_gets_a_kustomization_of_its_own() -> None:
    files: Files = {
        "prod/flux.yaml": fluxd("--git-path=prod,infra,prod/apps"),
        "prod/sync.yaml": SYNC,
        "prod/web.yaml": release(),
        "prod/apps/api.yaml": release("api"),
        "infra/dns.yaml": release("dns"),
    }
    migration = migrate(files)
    assert "prod/flux.yaml" in migration.deleted
    (path,) = (each for each, text in migration.created.items() if "Kustomization" in text)
    (made,) = YAML(typ="safe").load_all(migration.created[path])
    assert path == "prod/further-sync.yaml"
    assert made["metadata"] == {"name": "infra-2", "namespace": "flux-system"}
    assert made["spec"]["path"] == "./infra"
    assert made["spec"]["prune"] is False
    assert made["spec"]["sourceRef"] == {"kind": "GitRepository", "name": "all"}
    assert migration.ok
    lines = "namePrefix: x-\nresources: [sync.yaml, web.yaml, apps/api.yaml]\n"
    renamed: Files = {**files, "prod/kustomization.yaml": lines}
    for told in (migrate(files, sync_objects=False), migrate(renamed)):
        assert "infra" in said(told, "DA061")
        assert not told.ok


def test_nothing_is_put_into_a_chart_that_fluxd_was_pointed_at() -> None:
    files: Files = {
        "flux.yaml": fluxd("--git-path=charts/web"),
        "charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
        "charts/web/values.yaml": "{}\n",
        "releases/web.yaml": release(),
    }
    migration = migrate(files)
    assert not any(path.startswith("charts/") for path in (*migration.created, *migration.changed))
    assert "is a chart" in said(migration, "DA057")
    again = migrate(dict(migration.files))
    assert dict(again.files) == dict(migration.files)


@pytest.mark.parametrize("values", ["", "charts/web/values.yaml"])
def test_a_sync_in_a_chart_is_a_template(values: str) -> None:
    files: Files = {
        "flux.yaml": fluxd("--git-path=charts/web,infra"),
        "charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
        "charts/web/templates/sync.yaml": SYNC.replace("./prod", "./charts/web"),
        "infra/web.yaml": release(),
        **({values: "{}\n"} if values else {}),
    }
    migration = migrate(files)
    if values:
        assert not any(path.startswith("charts/") for path in (*migration.created, *migration.changed))
        assert "infra/flux-system/gotk-sync.yaml" in migration.created
    else:
        # fluxd took no folder without values for a chart, Helm does.
        assert "is part of a chart" in said(migration, "DA061")


def test_a_suspended_sync_is_none() -> None:
    files: Files = {"prod/flux.yaml": fluxd("--git-path=prod"), "prod/web.yaml": release()}
    files["prod/sync.yaml"] = SYNC.replace("interval: 5m, path", "suspend: true, interval: 5m, path")
    migration = migrate(files)
    (told,) = (each for each in migration.findings if each.code == "DA062")
    assert (told.path, told.severity) == ("prod/sync.yaml", "error")
    assert told.answer is not None
    assert migrate(files, overrides=(told.answer,)).ok


def test_a_suspended_sync_of_what_fluxd_never_synced_is_no_concern() -> None:
    files: Files = {"prod/flux.yaml": fluxd("--git-path=prod"), "prod/web.yaml": release()}
    other = (
        SYNC.partition("---\n")[2]
        .replace("infra", "other")
        .replace("path: ./prod", "suspend: true, path: ./x")
    )
    files["prod/sync.yaml"] = f"{SYNC}---\n{other}"
    assert "DA062" not in codes(migrate(files))


@pytest.mark.parametrize(("path", "is_told"), [("apps", True), ("other", False)])
def test_a_suspended_sync_of_releases_applies_none_of_them(path: str, is_told: bool) -> None:
    other = (
        SYNC.partition("---\n")[2]
        .replace("infra", "apps")
        .replace("path: ./prod", f"suspend: true, path: ./{path}")
    )
    applied = other.replace("suspend: true, ", "").replace(f"./{path}", "./apps").replace("apps,", "others,")
    files: Files = {
        "prod/sync.yaml": SYNC,
        "prod/apps.yaml": other if is_told else f"{other}---\n{applied}",
        "apps/web.yaml": release(),
        "other/settings.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\n",
    }
    migration = migrate(files)
    told = [each for each in migration.findings if each.code == "DA062"]
    assert [(each.path, each.related) for each in told] == [
        ("prod/apps.yaml", ("apps/web.yaml:1",))
    ] * is_told
    assert migration.ok is not is_told
    report = fm.verify_migration(files, migration.files, declared=migration.declared)
    assert [each.status for each in report.releases] == ["missing" if is_told else "declared"]


def test_without_a_url_nothing_is_written_and_the_runbook_asks_for_it() -> None:
    text = fluxd("--git-path=prod").replace("git@git.example.com:acme/fleet", "$(GIT_URL)")
    migration = migrate({"prod/flux.yaml": text, "prod/web.yaml": release()})
    assert not any("gotk-sync" in path for path in migration.created)
    assert "DA045" in codes(migration)
    assert '--url="$GIT_URL" --export > sync.yaml' in migration.runbook().to_markdown()


# Flux v1 leaves


RBAC = """\
apiVersion: v1
kind: ServiceAccount
metadata: {name: flux, namespace: flux}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: flux}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: flux}
roleRef: {kind: ClusterRole, name: flux}
subjects: [{kind: ServiceAccount, name: flux, namespace: flux}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: readers}
roleRef: {kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: flux, namespace: flux}, {kind: Group, name: ops}]
"""
CACHE = """\
apiVersion: v1
kind: Service
metadata: {name: memcached, namespace: flux}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: memcached, namespace: flux}
spec: {template: {spec: {containers: [{name: memcached, image: "memcached:1.6.9"}]}}}
"""
DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: helmreleases.helm.fluxcd.io}
spec: {group: helm.fluxcd.io}
"""
ACCOUNT = "      serviceAccountName: flux\n"


def deploy() -> Files:
    return {
        "prod/flux/flux.yaml": fluxd("--git-path=prod", more=ACCOUNT),
        "prod/flux/account.yaml": RBAC,
        "prod/flux/memcached.yaml": CACHE,
        "prod/flux/operator.yaml": operator(),
        "prod/flux/crd.yaml": DEFINITION,
        "prod/flux/namespace.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: flux}\n",
        "prod/web.yaml": release(),
    }


def test_what_only_flux_1_needs_leaves_with_it() -> None:
    migration = migrate(deploy())
    assert migration.deleted == tuple(
        f"prod/flux/{each}.yaml" for each in ("crd", "flux", "memcached", "operator")
    )
    # An account that somebody else has rights through keeps these.
    assert [each["metadata"]["name"] for each in documents(migration.changed["prod/flux/account.yaml"])] == [
        "readers"
    ]
    assert "prod/flux/namespace.yaml" not in migration.changed
    assert len([each for each in migration.findings if each.code == "DA056"]) == 1
    commands = [each for step in migration.runbook().steps for each in step.commands]
    assert "kubectl -n flux delete deployment memcached" in commands


@pytest.mark.parametrize("is_shared", [False, True])
def test_services_and_config_maps_that_only_flux_1_needs_leave_with_it(*, is_shared: bool) -> None:
    head = "apiVersion: v1\nkind: {}\nmetadata: {{name: {}, namespace: flux}}\n"
    services = {
        each: head.format("Service", each) + f"spec: {{selector: {{app: {each}}}}}\n"
        for each in ("flux", "other")
    }
    settings = head.format("ConfigMap", "flux-ssh") + "data: {config: x}\n"
    volumes = "      volumes:\n      - {name: ssh, configMap: {name: flux-ssh}}\n"
    variables = "        envFrom:\n        - configMapRef: {name: flux-variables}\n"
    files: Files = {
        "prod/flux.yaml": fluxd("--git-path=prod", more=volumes) + variables,
        "prod/variables.yaml": head.format("ConfigMap", "flux-variables") + "data: {A: b}\n",
        "prod/service.yaml": services["flux"],
        "prod/other.yaml": services["other"],
        "prod/ssh.yaml": settings,
        "prod/web.yaml": release(),
    }
    if is_shared:
        files["prod/job.yaml"] = workload("alpine:3", name="job", more=volumes)
    migration = migrate(files)
    gone = {
        "prod/flux.yaml",
        "prod/service.yaml",
        "prod/variables.yaml",
        *(() if is_shared else ("prod/ssh.yaml",)),
    }
    assert set(migration.deleted) == gone
    assert fm.verify_migration(files, migration.files, declared=migration.declared).ok


def test_an_account_that_others_use_stays() -> None:
    files = deploy()
    files["apps/job.yaml"] = workload("example.com/job:1", name="job", more=ACCOUNT)
    assert "prod/flux/account.yaml" not in migrate(files).changed
    del files["apps/job.yaml"]
    files["prod/flux/job.yaml"] = workload("example.com/job:1", name="job", more=ACCOUNT)
    assert "prod/flux/account.yaml" not in migrate(files).changed


def test_all_of_it_stays_where_it_is_to_be_kept() -> None:
    migration = migrate(deploy(), flux1="keep")
    assert migration.deleted == ()
    told = [each for each in migration.findings if each.code == "DA022"]
    assert [each.resource for each in told] == ["Deployment flux/flux", "Deployment flux/helm-operator"]
    answers = [fm.Override(**each) for each in migration.answers()]
    assert migrate(deploy(), flux1="keep", overrides=tuple(answers)).ok
    left = fm.Override(namespace="flux", leave=True)
    assert set(migrate(deploy(), overrides=(left,)).deleted) == set()


@pytest.mark.parametrize("arguments", [["--registry-exclude-image=ghcr.io/acme/*"], ["--git-user=Bot"]])
@pytest.mark.parametrize(
    "held",
    [
        # Another container of the same workload has a name that Flux v2 refuses.
        workload_text(AUTOMATED) + "      - {name: other, image: ghcr.io/Acme/other:1.2.3}\n",
        workload_text(AUTOMATED) + "      - *nothing\n",
        release_text(CHART + "  timeout: -1\n  values: {image: 'ghcr.io/acme/web:1.2.3'}\n", AUTOMATED),
    ],
    ids=["workload", "unread", "release"],
)
def test_a_fluxd_that_limits_images_stays_while_some_are_left(held: str, arguments: list[str]) -> None:
    migration = migrate({"prod/flux.yaml": fluxd("--git-path=prod", *arguments), "prod/web.yaml": held})
    assert bool(migration.deleted) is ("--git-user=Bot" in arguments)
    if not migration.deleted:
        assert "which images of what is left it does not update" in said(migration, "DA022")
        # A later run marks no more than this one.
        assert fm.migrate_repository(migration.files).files == migration.files


def test_annotations_that_go_keep_no_fluxd_beside_a_release_that_is_left() -> None:
    held = release_text(CHART + "  timeout: -1\n")
    files: Files = {
        "prod/flux.yaml": fluxd("--git-path=prod", "--git-readonly"),
        "prod/web.yaml": f"{workload_text(AUTOMATED)}---\n{held}",
    }
    migration = migrate(files)
    assert migration.deleted == ("prod/flux.yaml",)
    assert fm.migrate_repository(migration.files).files == migration.files


@pytest.mark.parametrize("case", ["left", "held back", "out of scope", "another repository"])
def test_the_operator_stays_while_it_serves(case: str) -> None:
    files = deploy()
    options: dict[str, Any] = {}
    if case == "left":
        files["prod/api.yaml"] = release("api")
        options = {"overrides": (fm.Override(name="api", leave=True),)}
    elif case == "held back":
        files["prod/api.yaml"] = release("api", "  timeout: -1\n")
    elif case == "out of scope":
        files["prod/api.yaml"] = release("api")
        options = {"scope": fm.Scope(names=("web", "flux*", "memcached"))}
    else:
        files["prod/other.yaml"] = fluxd("--git-path=tenants", name="other").replace("fleet", "private")
    migration = migrate(files, **options)
    assert "prod/flux/operator.yaml" in migration.files
    assert "prod/flux/crd.yaml" in migration.files
    assert "prod/flux/flux.yaml" in migration.deleted
    assert ("acme/private" if case == "another repository" else "HelmRelease shop/api") in said(
        migration, "DA055"
    )
    runbook = migration.runbook().to_markdown()
    assert "delete crd" not in runbook
    assert "scale deployment helm-operator --replicas=1" in runbook
    assert "delete helmreleases.helm.fluxcd.io web" in runbook
    if case == "another repository":
        assert migration.files["prod/other.yaml"] == files["prod/other.yaml"]
        assert "fluxd flux/other syncs tenants of" in runbook


@pytest.mark.parametrize("case", ["a release that nothing lists", "a file that cannot be read"])
def test_the_operator_stays_where_no_cluster_is_known_and_something_is_left(case: str) -> None:
    files: Files = {
        "ops/operator.yaml": workload("docker.io/fluxcd/helm-operator:1.2.0", name="helm-operator"),
    }
    if case == "a release that nothing lists":
        files |= {
            "kustomization.yaml": "namespace: flux\nresources: [gone.yaml]\n",
            "web/api.yaml": release("api"),
        }
    else:
        files["web/api.yaml"] = release("api") + "  a: [\n"
    migration = migrate(files)
    assert migration.context.clusters == ()
    assert migration.files == files
    assert "DA055" in codes(migration)


def test_patches_of_what_leaves_leave_and_others_stay() -> None:
    patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: flux, namespace: flux}\n"
    files: Files = {
        "base/kustomization.yaml": "resources:\n- flux.yaml\n- web.yaml\n",
        "base/flux.yaml": fluxd("--git-path=prod", "--manifest-generation"),
        "base/web.yaml": release(),
        "prod/kustomization.yaml": (
            "resources:\n- ../base\npatchesStrategicMerge:\n- flux-patch.yaml\npatches:\n- path: all.yaml\n"
            "  target: {labelSelector: nothing=here}\n"
        ),
        "prod/flux-patch.yaml": patch + "spec: {replicas: 1}\n",
        "prod/all.yaml": "- op: add\n  path: /metadata/labels\n  value: {a: b}\n",
        "prod/.flux.yaml": "version: 1\ncommandUpdated:\n  generators: [{command: kustomize build .}]\n",
    }
    migration = migrate(files)
    assert migration.deleted == ("base/flux.yaml", "prod/.flux.yaml", "prod/flux-patch.yaml")
    assert "flux-patch" not in str(migration.files["prod/kustomization.yaml"])
    assert "path: all.yaml" in str(migration.files["prod/kustomization.yaml"])


def test_a_patch_without_a_file_leaves_with_what_it_reaches() -> None:
    patch = (
        "  - patch: |-\n      apiVersion: apps/v1\n      kind: Deployment\n"
        "      metadata: {name: flux, namespace: flux}\n      spec: {replicas: 1}\n"
    )
    files: Files = {
        "base/kustomization.yaml": "resources: [flux.yaml, web.yaml]\n",
        "base/flux.yaml": fluxd("--git-path=prod", "--manifest-generation"),
        "base/web.yaml": release(),
        "prod/kustomization.yaml": f"resources:\n- ../base\npatches:\n{patch}",
        "prod/.flux.yaml": "version: 1\ncommandUpdated:\n  generators: [{command: kustomize build .}]\n",
    }
    migration = migrate(files)
    assert migration.deleted == ("base/flux.yaml", "prod/.flux.yaml")
    assert "patch" not in str(migration.files["prod/kustomization.yaml"])


def test_a_patch_of_a_kustomization_of_flux_2_stays_when_flux_1_leaves() -> None:
    sync = (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        "metadata: {name: flux, namespace: flux-system}\nspec:\n  path: ./prod\n  prune: false\n"
        "  interval: 5m\n  sourceRef: {kind: GitRepository, name: flux-system}\n  patches:\n"
        "  - patch: |-\n      apiVersion: apps/v1\n      kind: Deployment\n"
        "      metadata: {name: flux, namespace: flux}\n      spec: {replicas: 1}\n"
    )
    files: Files = {
        "prod/flux.yaml": fluxd("--git-path=prod"),
        "prod/web.yaml": release(),
        "system/flux.yaml": sync,
    }
    migration = migrate(files)
    assert migration.deleted == ("prod/flux.yaml",)
    assert migration.files["system/flux.yaml"] == sync


FETCHED = "https://github.com/fluxcd/flux//deploy?ref=1.25.4"
ARGUMENTS = (
    "[--git-url=git@git.example.com:acme/fleet, --git-branch=main, --git-path=prod, --manifest-generation]"
)
MERGED = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: flux, namespace: flux}\nspec:\n  template:\n"
    f"    spec:\n      containers:\n      - name: flux\n        args: {ARGUMENTS}\n"
)
OPERATIONS = f"- op: add\n  path: /spec/template/spec/containers/0/args\n  value: {ARGUMENTS}\n"
PATCHES = {
    "a file that is merged": ("patchesStrategicMerge:\n- patch.yaml\n", MERGED),
    "a file of several that are merged": (
        "patchesStrategicMerge:\n- patch.yaml\n",
        f"{MERGED}---\napiVersion: v1\nkind: Service\nmetadata: {{name: flux, labels: {{team: a}}}}\n",
    ),
    "a file of operations": (
        "patchesJson6902:\n- path: patch.yaml\n  target: {version: v1, kind: Deployment, name: flux}\n",
        OPERATIONS,
    ),
    "operations in the kustomization": (
        "patches:\n- target: {kind: Deployment, name: flux}\n  patch: |-\n    "
        + OPERATIONS.rstrip().replace("\n", "\n    ")
        + "\n",
        "",
    ),
}


@pytest.mark.parametrize("others", ["", "- namespace.yaml\n", "- https://github.com/acme/base?ref=v1\n"])
@pytest.mark.parametrize("form", sorted(PATCHES))
def test_what_was_fetched_of_flux_1_leaves_with_its_patches(form: str, others: str) -> None:
    listed, patch = PATCHES[form]
    files: Files = {
        "prod/kustomization.yaml": "resources:\n- flux\n- web.yaml\n",
        "prod/.flux.yaml": "version: 1\ncommandUpdated:\n  generators: [{command: kustomize build .}]\n",
        "prod/web.yaml": release(),
        "prod/flux/kustomization.yaml": f"resources:\n- {FETCHED}\n{others}{listed}",
        "prod/flux/namespace.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: flux}\n",
    }
    if patch:
        files["prod/flux/patch.yaml"] = patch
    migration = migrate(files)
    (cluster,) = migration.context.clusters
    assert (cluster.sync_paths, cluster.branch) == (("prod",), "main")
    assert "prod/flux/patch.yaml" not in migration.files
    assert "fluxcd/flux//" not in "".join(map(str, migration.files.values()))
    assert (migration.files.get("prod/flux/kustomization.yaml") is None) == (not others)
    if others:
        assert migration.files["prod/flux/kustomization.yaml"] == f"resources:\n{others}"
    assert ("- flux\n" in str(migration.files["prod/kustomization.yaml"])) == bool(others)
    assert FETCHED.partition("?")[0] in said(migration, "DA056")


@pytest.mark.parametrize(
    ("field", "rest"),
    [
        ("resources", "resources: []\n"),
        ("bases", "resources: []\n"),
        ("namespace: flux\nbases", "namespace: flux\nresources: []\n"),
    ],
)
def test_a_sync_path_that_held_fluxd_alone_builds_afterwards(field: str, rest: str) -> None:
    files: Files = {
        ".flux.yaml": "version: 1\ncommandUpdated:\n  generators: [{command: kustomize build .}]\n",
        "flux/kustomization.yaml": f"{field}:\n- {FETCHED}\npatchesStrategicMerge:\n- patch.yaml\n",
        "flux/patch.yaml": MERGED.replace("--git-path=prod", "'--git-path=prod,flux'"),
        "prod/kustomization.yaml": "resources:\n- web.yaml\n",
        "prod/web.yaml": workload_text(),
    }
    migration = migrate(files, sync_objects=False)
    assert migration.files["flux/kustomization.yaml"] == rest
    assert KustomizeTree(migration.files).build("flux").ok


def test_what_is_fetched_of_others_keeps_its_patches() -> None:
    other = MERGED.replace("name: flux", "name: web").replace(ARGUMENTS, "[serve]")
    files: Files = {
        "flux/kustomization.yaml": (
            f"resources:\n- {FETCHED}\n- https://github.com/acme/base?ref=v1\n"
            "patches:\n- target: {kind: Deployment, name: web}\n  patch: '[{op: remove, path: /spec/a}]'\n"
            "- path: gone.yaml\n- path: both.yaml\n"
        ),
        "flux/both.yaml": f"{MERGED}---\n{other}",
        "prod/web.yaml": release(),
    }
    migration = migrate(files, sync_roots=("prod",))
    kept = str(migration.files["flux/kustomization.yaml"])
    assert "fluxcd/flux//" not in kept
    assert "name: web" in kept
    assert "both.yaml" in kept
    assert "gone.yaml" in kept
    assert migration.files["flux/both.yaml"] == f"---\n{other}"


@pytest.mark.parametrize("base", [FETCHED, "flux.yaml"])
def test_of_patches_in_one_file_those_leave_that_are_for_flux_1(base: str) -> None:
    settings = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: flux-git, namespace: flux}\n"
    files: Files = {
        "prod/.flux.yaml": "version: 1\ncommandUpdated:\n  generators: [{command: kustomize build .}]\n",
        "flux/kustomization.yaml": f"resources:\n- {base}\n- settings.yaml\n",
        "flux/settings.yaml": f"{settings}data: {{team: none}}\n",
        "prod/kustomization.yaml": ("resources: [../flux, web.yaml]\npatchesStrategicMerge: [patch.yaml]\n"),
        "prod/patch.yaml": f"{settings}data: {{team: a}}\n---\n{MERGED}",
        "prod/web.yaml": release(),
    }
    if base != FETCHED:
        files["flux/flux.yaml"] = fluxd("--git-path=none")
    migration = migrate(files, sync_roots=("prod",))
    assert migration.ok, codes(migration)
    assert migration.files["prod/patch.yaml"] == f"{settings}data: {{team: a}}\n"
    assert base not in str(migration.files["flux/kustomization.yaml"])


def test_a_fetched_operator_stays_while_it_serves_and_where_all_is_kept() -> None:
    fetched = "github.com/fluxcd/helm-operator//deploy?ref=v1.4.4"
    files: Files = {
        "prod/flux/kustomization.yaml": f"resources: ['{fetched}']\n",
        "prod/web.yaml": release(),
        "prod/api.yaml": release("api"),
    }
    left = fm.Override(name="api", leave=True)
    migration = migrate(files, sync_roots=("prod",), overrides=(left,))
    assert migration.files["prod/flux/kustomization.yaml"] == files["prod/flux/kustomization.yaml"]
    assert "shop/api" in said(migration, "DA055")
    kept = migrate(files, sync_roots=("prod",), flux1="keep")
    assert "DA022" in codes(kept)
    gone = migrate(files, sync_roots=("prod",))
    assert "prod/flux/kustomization.yaml" in gone.deleted
    # Nobody lists the folder any more, so its kustomization is not missed.
    assert gone.ok, codes(gone)


def test_what_is_fetched_by_a_kustomization_that_cannot_be_edited_stays() -> None:
    files: Files = {
        "prod/flux/kustomization.yaml": f"resources: &all\n- {FETCHED}\ncomponents: *all\n",
        "prod/web.yaml": release(),
    }
    migration = migrate(files, sync_roots=("prod",))
    assert migration.files["prod/flux/kustomization.yaml"] == files["prod/flux/kustomization.yaml"]
    assert "cannot be edited" in said(migration, "DA022")


def test_what_is_fetched_by_a_kustomization_that_cannot_all_be_read_stays() -> None:
    text = f"resources: ['{FETCHED}']\n---\na: [b\n"
    files: Files = {"prod/flux/kustomization.yaml": text, "prod/web.yaml": release()}
    assert migrate(files, sync_roots=("prod",)).files["prod/flux/kustomization.yaml"] == text


def test_what_serves_a_fluxd_of_another_repository_stays() -> None:
    other = ["--git-url=git@git.example.com:acme/private", "--git-path=tenants"]
    files: Files = {
        "prod/flux.yaml": fluxd("--git-path=prod"),
        "prod/other.yaml": workload("docker.io/fluxcd/flux:1.25.4", other, "other"),
        "prod/op.yaml": operator(),
        "prod/web.yaml": release(),
    }
    migration = migrate(files)
    assert migration.deleted == ("prod/flux.yaml",)
    assert fm.verify_migration(files, migration.files, declared=migration.declared).ok


@pytest.mark.parametrize("others", [[], ["apiVersion: v1\nkind: Namespace\nmetadata: {name: flux}\n"]])
def test_a_list_leaves_where_all_of_it_is_flux_1(others: list[str]) -> None:
    items = [fluxd("--git-path=prod"), operator(), *others]
    text = "".join("- " + "  ".join(each.splitlines(keepends=True)) for each in items)
    files: Files = {
        "prod/all.yaml": f"apiVersion: v1\nkind: List\nitems:\n{text}",
        "prod/web.yaml": release(),
    }
    migration = migrate(files)
    (cluster,) = migration.context.clusters
    assert (cluster.branch, cluster.settings.helm_operator.helm_versions) == ("main", ("v3",))
    assert ("prod/all.yaml" in migration.files) == bool(others) == ("DA022" in codes(migration))


def test_a_base_and_what_only_it_was_for_leave() -> None:
    chart = "  chart: {repository: https://charts.fluxcd.io, name: flux, version: 1.13.3}\n"
    head = (
        "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {name: flux, namespace: flux}\nspec:\n"
    )
    values = "  values:\n    git: {url: 'git@git.example.com:acme/fleet', path: nowhere}\n"
    files: Files = {
        "base/flux.yaml": f"{head}  releaseName: flux\n{chart}{values}",
        "base/kustomization.yaml": "resources: [flux.yaml]\n",
        "over/kustomization.yaml": "resources: [../base]\npatchesStrategicMerge: [patch.yaml]\n",
        "over/patch.yaml": f"{head}  values:\n    git: {{path: prod}}\n",
        "prod/web.yaml": release(),
    }
    migration = migrate(files)
    assert migration.context.clusters[0].sync_paths == ("prod",)
    assert migration.deleted == tuple(sorted(set(files) - {"prod/web.yaml"}))


def test_what_would_not_build_without_it_stays_and_is_told() -> None:
    files: Files = {
        "prod/kustomization.yaml": (
            "resources: [web.yaml, flux.yaml]\nconfigMapGenerator:\n- name: copy\n  files: [flux.yaml]\n"
        ),
        "prod/flux.yaml": fluxd("--git-path=prod"),
        "prod/web.yaml": release(),
    }
    migration = migrate(files)
    assert migration.files["prod/flux.yaml"] == files["prod/flux.yaml"]
    assert "prod would not build" in said(migration, "DA022")
    answer = next(each.answer for each in migration.findings if each.code == "DA022")
    assert answer is not None
    assert "DA022" not in codes(migrate(files, overrides=(answer,)))


VALUES = "git: {url: 'git@git.example.com:acme/fleet', path: apps}\n"


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("folder", ["bootstrap", "apps"])
def test_values_leave_where_nothing_else_names_them(folder: str, *, named: bool) -> None:
    chart = "  chart: {repository: https://charts.fluxcd.io, name: flux, version: 1.13.3}\n"
    lines = VALUES.replace("\n", "\n    ")
    files: Files = {
        f"{folder}/flux.yaml": (
            "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {name: flux, namespace: flux}\n"
            f"spec:\n  releaseName: flux\n{chart}  valuesFrom:\n  - configMapKeyRef: {{name: flux-values}}\n"
        ),
        f"{folder}/values.yaml": (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: flux-values, namespace: flux}\n"
            f"data:\n  values.yaml: |\n    {lines}"
        ),
        "apps/web.yaml": release(),
    }
    if named:
        files["install.sh"] = "kubectl get configmap flux-values\n"
    migration = migrate(files)
    assert fm.verify_migration(files, migration.files, declared=migration.declared).ok
    expected = (f"{folder}/flux.yaml",) if named else (f"{folder}/flux.yaml", f"{folder}/values.yaml")
    assert migration.deleted == expected
    assert "helm -n flux uninstall flux" in migration.runbook().to_markdown()


def test_what_a_flux_yaml_fetched_and_decrypted_is_fetched_and_decrypted() -> None:
    command = "git submodule update --init && kustomize build ."
    files: Files = {
        "prod/flux.yaml": fluxd("--git-path=prod", "--manifest-generation"),
        "prod/.flux.yaml": f"version: 1\ncommandUpdated:\n  generators: [{{command: {command}}}]\n",
        "prod/kustomization.yaml": "resources: [web.yaml]\n",
        "prod/web.yaml": release(),
    }
    assert "  recurseSubmodules: true\n" in migrate(files).created["prod/flux-system/gotk-sync.yaml"]
    files["prod/flux.yaml"] = fluxd("--git-path=prod", "--manifest-generation", "--sops")
    migration = migrate(files)
    text = migration.created["prod/flux-system/gotk-sync.yaml"]
    assert "  decryption:\n    provider: sops\n    secretRef:\n      name: sops-keys\n" in text
    needed = {(each.name, each.keys) for each in migration.prerequisites}
    assert needed == {("flux-system", ("identity", "known_hosts")), ("sops-keys", ("sops.asc",))}


@pytest.mark.parametrize("listed", [False, True])
def test_what_the_commands_of_a_flux_yaml_wrote_leaves_with_it(listed: bool) -> None:
    command = "kustomize build . > built.yaml && kustomize build ."
    files: Files = {
        "prod/flux.yaml": fluxd("--git-path=prod", "--manifest-generation"),
        "prod/.flux.yaml": f"version: 1\ncommandUpdated:\n  generators: [{{command: '{command}'}}]\n",
        "prod/kustomization.yaml": "resources: [web.yaml]\n",
        "prod/web.yaml": release(),
        "prod/built.yaml": release(),
    }
    if listed:
        files["other/kustomization.yaml"] = "namespace: other\nresources: [../prod/built.yaml]\n"
    migration = migrate(files)
    # What somebody lists stays what it is.
    for path in ("prod/.flux.yaml", "prod/built.yaml"):
        assert (path in migration.deleted) is not listed


def test_a_kustomization_with_a_second_document_stays() -> None:
    # kustomize reads the first one alone, and nobody knows what the other one is for.
    text = "Resources: ['https://github.com/fluxcd/flux//deploy?ref=1.25.4']\n"
    files: Files = {"prod/flux/kustomization.yaml": f"{text}---\na: b\n", "prod/web.yaml": release()}
    options = fm.MigrationOptions(sync_roots=("prod",))
    migration = fm.migrate_repository(files, options)
    assert "---\na: b\n" in str(migration.files["prod/flux/kustomization.yaml"])
    alone = fm.migrate_repository({**files, "prod/flux/kustomization.yaml": text}, options)
    assert alone.deleted == ("prod/flux/kustomization.yaml",)
    assert alone.ok, codes(alone)


OPERATOR_VALUES = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: operator-values, namespace: flux}\n"
    "data:\n  values.yaml: |\n    helm: {versions: v3}\n"
)
OPERATOR_CHART = (
    "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {name: helm-operator, namespace: flux}\n"
    "spec:\n  chart: {repository: 'https://charts.fluxcd.io', name: helm-operator, version: 1.2.0}\n"
    "  valuesFrom:\n  - configMapKeyRef: {name: operator-values, key: values.yaml}\n"
)


def test_a_listed_config_map_with_the_values_of_flux_1_leaves_with_its_entry() -> None:
    files: Files = {
        "flux/flux.yaml": fluxd("--git-path=apps", "--manifest-generation=true"),
        "apps/.flux.yaml": "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build .\n",
        "apps/kustomization.yaml": "resources:\n- operator\n- web.yaml\n",
        "apps/operator/kustomization.yaml": "resources:\n- operator.yaml\n- values.yaml\n- ns.yaml\n",
        "apps/operator/operator.yaml": OPERATOR_CHART,
        "apps/operator/values.yaml": OPERATOR_VALUES,
        "apps/operator/ns.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: team}\n",
        "apps/web.yaml": release(),
    }
    migration = migrate(files)
    assert migration.ok, codes(migration)
    assert {"apps/operator/operator.yaml", "apps/operator/values.yaml"} <= set(migration.deleted)
    assert migration.files["apps/operator/kustomization.yaml"] == "resources:\n- ns.yaml\n"
    named = migrate({**files, "install.sh": "helm upgrade -f apps/operator/values.yaml x\n"})
    assert "apps/operator/values.yaml" not in named.deleted
    assert named.ok
    # Where the entry cannot be taken out the ConfigMap stays.
    alias = "resources: [operator.yaml, &it values.yaml, ns.yaml]\ncommonAnnotations: {of: *it}\n"
    aliased = migrate({**files, "apps/operator/kustomization.yaml": alias})
    assert "apps/operator/values.yaml" not in aliased.deleted


def test_a_flux_yaml_that_fluxd_never_read_leaves_with_fluxd() -> None:
    files: Files = {
        "flux.yaml": fluxd(),
        ".flux.yaml": "version: 1\npatchUpdated:\n  generators:\n  - command: kustomize build .\n",
        "web/kustomization.yaml": "resources: [web.yaml]\npatchesStrategicMerge: [more.yaml]\n",
        "web/web.yaml": release(),
        "web/more.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: shop}\n",
    }
    migration = migrate(files)
    assert {".flux.yaml", "flux.yaml"} <= set(migration.deleted)


def test_a_patch_of_many_that_is_split_leaves_with_the_part_for_flux_1() -> None:
    chart = release("helm-operator").replace("https://charts.example.com", "https://charts.fluxcd.io")
    patch = (
        "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {name: any}\nspec: {helmVersion: v3}\n"
    )
    lines = "patches:\n- path: all.yaml\n  target: {kind: HelmRelease}\n"
    files: Files = {
        "apps/.flux.yaml": "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build .\n",
        "apps/kustomization.yaml": f"resources:\n- operator.yaml\n- web.yaml\n{lines}",
        "apps/operator.yaml": chart.replace("  helmVersion: v3\n", ""),
        "apps/web.yaml": release().replace("  helmVersion: v3\n", ""),
        "apps/all.yaml": patch,
    }
    migration = migrate(files)
    assert migration.ok, codes(migration)
    assert set(migration.deleted) <= set(files)
    assert not set(migration.created) & set(migration.deleted)
    assert "apps/operator.yaml" in migration.deleted


def test_every_flux_yaml_leaves_that_no_sync_path_heeds_any_more() -> None:
    build = "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build .\n"
    files: Files = {
        "flux.yaml": fluxd("--git-path=prod", "--manifest-generation=true"),
        ".flux.yaml": build,
        "prod/.flux.yaml": build,
        "prod/kustomization.yaml": "resources: [web]\n",
        "prod/web/.flux.yaml": build,
        "prod/web/kustomization.yaml": "resources: [web.yaml]\n",
        "prod/web/web.yaml": release(),
    }
    migration = migrate(files)
    assert migration.ok
    assert set(migration.deleted) == {"flux.yaml", ".flux.yaml", "prod/.flux.yaml", "prod/web/.flux.yaml"}


@pytest.mark.parametrize("above", ["envs/.flux.yaml", ".flux.yaml"])
def test_a_flux_yaml_leaves_with_those_above_that_only_it_kept_from_counting(above: str) -> None:
    build = "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build .\n"
    files: Files = {
        "flux.yaml": fluxd("--git-path=envs/prod", "--manifest-generation=true"),
        above: build,
        "envs/prod/.flux.yaml": "version: 1\nscanForFiles: {}\n",
        "envs/prod/web.yaml": release(),
    }
    migration = migrate(files)
    assert migration.ok
    assert set(migration.deleted) == {"flux.yaml", above, "envs/prod/.flux.yaml"}
    # What another path heeds, whose releases stay, keeps both.
    files["more.yaml"] = fluxd("--git-path=envs/more", "--manifest-generation=true").replace(
        "namespace: flux", "namespace: flux-more"
    )
    files["envs/more/kustomization.yaml"] = "resources: [web.yaml]\n"
    files["envs/more/web.yaml"] = release("other").replace("version: 1.2.3", "version: ''")
    kept = migrate(files)
    assert "envs/more/web.yaml" not in kept.changed
    assert not {above, "envs/prod/.flux.yaml"} & set(kept.deleted)


def test_a_folder_that_only_an_unknown_command_built_may_go_with_flux_1() -> None:
    command = "for name in ./*/; do echo; kustomize build --enable_alpha_plugins $name; done"
    files: Files = {
        "apps/.flux.yaml": f"version: 1\ncommandUpdated:\n  generators:\n  - command: {command}\n",
        "apps/flux/kustomization.yaml": "resources: [flux.yaml]\n",
        "apps/flux/flux.yaml": fluxd("--git-path=apps,infra", "--manifest-generation=true"),
        "infra/web.yaml": release(),
    }
    migration = migrate(files)
    assert "RP018" in codes(migration)
    assert "RP057" not in codes(migration)
    assert "apps/flux/kustomization.yaml" in migration.deleted


@pytest.mark.parametrize(
    ("own", "is_known"),
    [("acme/fleet", True), ("Acme/Fleet.git", True), ("xacme/fleet", False), ("acme/other", False)],
)
def test_values_of_fluxd_come_from_a_file_of_the_repository_that_its_url_names(
    own: str, *, is_known: bool
) -> None:
    url = "https://raw.githubusercontent.com/acme/fleet/main/flux-values.yaml"
    files: Files = {
        "flux.yaml": (
            "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {name: flux, namespace: flux}\n"
            "spec:\n  chart: {repository: https://charts.fluxcd.io, name: flux, version: 1.5.0}\n"
            f"  valuesFrom:\n  - externalSourceRef: {{url: {url}}}\n"
        ),
        "flux-values.yaml": f"git: {{url: 'git@github.com:{own}', path: apps, branch: main}}\n",
        "apps/web.yaml": release(),
    }
    (cluster,) = fm.migrate_repository(files).context.clusters
    assert (cluster.settings.fluxd.git_url is not None) is is_known


def test_a_kustomization_of_another_repository_syncs_nothing_here() -> None:
    """Its path is one of the other repository, whatever it is called."""
    other = SYNC.replace("acme/fleet", "acme/other").replace("prune: false", "prune: true")
    files: Files = {"prod/flux.yaml": fluxd("--git-path=prod"), "prod/web.yaml": release()}
    files["prod/o.yaml"] = operator()
    for path in ("v2/sync.yaml", "v2/deep/sync.yaml"):
        migration = migrate({**files, path: other})
        assert migration.ok, migration.findings
        assert "prod/flux-system/gotk-sync.yaml" in migration.created
        assert not migration.context.clusters[0].flux2_file
        assert fm.verify_migration({**files, path: other}, migration.files, declared=migration.declared).ok
    # With the same repository it does, and so does one that applies itself, whatever the URL.
    same = migrate({**files, "v2/sync.yaml": other.replace("acme/other", "acme/fleet")})
    assert "prod/flux-system/gotk-sync.yaml" not in same.created
    assert migrate({**files, "prod/sync.yaml": other}).context.clusters[0].flux2_file == "prod/sync.yaml"


@pytest.mark.parametrize("generates", [False, True])
def test_an_installation_of_a_remote_base_leaves_with_its_patch_and_is_no_cluster(*, generates: bool) -> None:
    arguments = ["--git-path=apps", "--git-url=git@git.example.com:acme/fleet", "--git-branch=main"]
    more = ["--manifest-generation=true"] if generates else []
    files: Files = {
        "install/kustomization.yaml": (
            "namespace: flux\nresources:\n- github.com/fluxcd/flux//deploy?ref=v1.20.0\n"
            "patchesStrategicMerge:\n- patch.yaml\n"
        ),
        "install/patch.yaml": workload("fluxcd/flux", [*arguments, *more]).replace(
            "        image: fluxcd/flux\n", ""
        ),
        "apps/kustomization.yaml": "resources: [web.yaml]\n",
        "apps/web.yaml": release(),
    }
    if generates:
        files[".flux.yaml"] = "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build .\n"
    migration = migrate(files)
    assert migration.ok, codes(migration)
    assert [each.sync_paths for each in migration.context.clusters] == [("apps",)]
    assert {"install/kustomization.yaml", "install/patch.yaml"} <= set(migration.deleted)


@pytest.mark.parametrize("direct", [True, False])
def test_a_patch_in_a_base_runs_no_fluxd_where_each_overlay_gives_it_other_arguments(*, direct: bool) -> None:
    def patch(paths: str) -> str:
        arguments = [f"--git-path={paths}", "--git-url=git@git.example.com:acme/fleet", "--git-branch=main"]
        text = workload("fluxcd/flux", [*arguments, "--manifest-generation=true"])
        return text.replace("        image: fluxcd/flux\n", "")

    def listing(resource: str) -> str:
        return f"namespace: flux\nresources:\n- {resource}\npatchesStrategicMerge:\n- patch.yaml\n"

    files: Files = {
        ".flux.yaml": "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build .\n",
        "install/base/kustomization.yaml": listing("github.com/fluxcd/flux//deploy?ref=v1.20.0"),
        "install/base/patch.yaml": patch("clusters/common"),
        "install/eu/kustomization.yaml": listing("../base"),
        "install/eu/patch.yaml": patch("clusters/common,clusters/eu"),
        "install/us/kustomization.yaml": listing("../base"),
        "install/us/patch.yaml": patch("clusters/common,clusters/us"),
        "clusters/common/kustomization.yaml": "resources: [ns.yaml]\n",
        "clusters/common/ns.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n",
    }
    for name in ("eu", "us"):
        files[f"clusters/{name}/kustomization.yaml"] = "resources: [web.yaml]\n"
        files[f"clusters/{name}/web.yaml"] = release()
    if not direct:
        # What is applied may include the overlay that says it.
        files["all/us/kustomization.yaml"] = "resources: [../../install/us]\n"
    migration = migrate(files)
    assert migration.ok, codes(migration)
    assert [each.name for each in migration.context.clusters] == ["clusters/eu", "clusters/us"]
    assert not any(path.startswith("install/") for path in migration.files)
    assert ".flux.yaml" not in migration.files
    assert migrate(dict(migration.files)).files == migration.files
    # Where somebody installs the base as it is, its fluxd runs.
    files["all/eu/kustomization.yaml"] = "resources: [../../install/base]\n"
    names = [each.name for each in migrate(files).context.clusters]
    assert names == ["clusters/common", "clusters/eu", "clusters/us"]


def test_an_operator_leaves_a_folder_of_its_own_below_a_path_that_is_guessed() -> None:
    """What is left of the folder is applied as before, and its access goes with it."""
    access = """\
apiVersion: v1
kind: ServiceAccount
metadata: {name: helm-operator}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: helm-operator}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: helm-operator}
roleRef: {kind: ClusterRole, name: helm-operator}
subjects: [{kind: ServiceAccount, name: helm-operator, namespace: default}]
"""
    program = operator(more="      serviceAccountName: helm-operator\n").replace("  namespace: flux\n", "")
    files: Files = {
        "operator/.flux.yaml": "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build .\n",
        "operator/kustomization.yaml": (
            "namespace: tools\nresources:\n- ns.yaml\n- access.yaml\n- operator.yaml\n"
        ),
        "operator/ns.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: tools}\n",
        "operator/access.yaml": access,
        "operator/operator.yaml": program,
        "apps/web.yaml": release(),
        "more/web.yaml": release("more"),
    }
    migration = migrate(files)
    assert migration.ok, codes(migration)
    assert {"operator/access.yaml", "operator/operator.yaml"} <= set(migration.deleted)
    assert "operator/ns.yaml" in migration.files
    verification = fm.verify_migration(files, migration.files, declared=migration.declared)
    assert verification.ok, verification.to_markdown()


def test_fluxds_that_differ_over_an_image_stay_until_it_is_settled() -> None:
    filters = (AUTOMATED, "fluxcd.io/tag.app: semver:~1")
    files: Files = {
        "a.yaml": fluxd("--git-path=dev", "--git-readonly"),
        "b.yaml": fluxd("--git-path=dev,prod", namespace="two"),
        "dev/web.yaml": workload_text(*filters),
        "prod/web.yaml": workload_text(*filters, namespace="live"),
    }
    # One of them writes the image, and the other does not: a later run finds that, too.
    migration = migrate(files)
    assert {"IM016"} <= codes(migration)
    assert {"a.yaml", "b.yaml"} <= set(migration.files)
    # Without an image that both have, nothing depends on them any more.
    own = {"a.yaml": fluxd("--git-path=test", "--git-readonly"), "test/web.yaml": files["dev/web.yaml"]}
    alone = migrate({**files, **own})
    assert {"a.yaml", "b.yaml"} <= set(alone.deleted)


def test_a_patch_of_a_remote_base_leaves_its_kustomization_that_builds_more() -> None:
    arguments = ["--git-path=install", "--git-url=git@git.example.com:acme/fleet", "--manifest-generation"]
    files: Files = {
        "install/.flux.yaml": "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build .\n",
        "install/kustomization.yaml": (
            "resources:\n- github.com/fluxcd/flux//deploy?ref=v1.20.0\n- web.yaml\n"
            "patchesStrategicMerge:\n- patch.yaml\n"
        ),
        "install/patch.yaml": workload("fluxcd/flux", arguments).replace("        image: fluxcd/flux\n", ""),
        "install/web.yaml": release(),
    }
    migration = migrate(files)
    assert migration.ok, codes(migration)
    assert "patch.yaml" not in str(migration.files["install/kustomization.yaml"])


def test_a_config_map_with_values_stays_where_its_entry_cannot_be_taken_out() -> None:
    files: Files = {
        "flux/flux.yaml": fluxd("--git-path=apps", "--manifest-generation=true"),
        "apps/.flux.yaml": "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build .\n",
        "apps/kustomization.yaml": "resources:\n- operator.yaml\n- values\n- web.yaml\n",
        "apps/operator.yaml": OPERATOR_CHART,
        "apps/values/kustomization.yaml": (
            "resources: [&file values.yaml, ns.yaml]\ncommonAnnotations: {file: *file}\n"
        ),
        "apps/values/values.yaml": OPERATOR_VALUES,
        "apps/values/ns.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: team}\n",
        "apps/web.yaml": release(),
    }
    migration = migrate(files)
    assert "apps/operator.yaml" in migration.deleted
    assert migration.files["apps/values/values.yaml"] == OPERATOR_VALUES


def test_flux_1_stays_where_a_build_of_what_it_syncs_fails() -> None:
    files: Files = {
        ".flux.yaml": "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build .\n",
        "install/flux.yaml": fluxd("--git-path=apps", "--manifest-generation"),
        "install/operator.yaml": operator(),
        "apps/web.yaml": release(),
    }
    migration = migrate(files)
    assert {"RP019", "RP035", "DA055"} <= codes(migration)
    assert migration.deleted == ()
    assert migration.left[0].resources == ("HelmRelease shop/web",)
    built = migrate({**files, "apps/kustomization.yaml": "resources: [web.yaml]\n"})
    assert built.ok
    assert set(built.deleted) == {".flux.yaml", "install/flux.yaml", "install/operator.yaml"}


@pytest.mark.parametrize("are_alike", [False, True])
def test_fluxds_stay_where_nothing_else_says_whose_operator_is_whose(are_alike: bool) -> None:
    command = "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build .\n"
    files: Files = {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": release_text(CHART).replace("  helmVersion: v3\n", ""),
    }
    for name, versions in (("eu", "v3"), ("us", "v3" if are_alike else "v2")):
        files |= {
            f"{name}/flux/flux.yaml": fluxd(f"--git-path={name}/apps", "--manifest-generation"),
            f"{name}/flux/operator.yaml": operator().replace("=v3", f"={versions}"),
            f"{name}/apps/.flux.yaml": command,
            f"{name}/apps/kustomization.yaml": "resources: [../../base]\n",
        }
    migration = fm.migrate_repository(files)
    assert migration.ok is are_alike
    assert ("us/flux/flux.yaml" in migration.files) is not are_alike
    assert fm.migrate_repository(migration.files).files == migration.files


@pytest.mark.parametrize("shown", [(), ("--git-url=$(URL)",)])
def test_the_url_that_a_person_answers_is_that_of_the_sync_too(shown: tuple[str, ...]) -> None:
    image = "docker.io/fluxcd/flux:1.25.4"
    files: Files = {
        "flux.yaml": workload(image, [*shown, "--git-branch=main", "--git-path=prod"]),
        "prod/shop.yaml": workload_text(AUTOMATED, "fluxcd.io/tag.app: semver:~1.4", name="shop"),
    }
    assert "DA045" in codes(fm.migrate_repository(files))
    options = fm.MigrationOptions(overrides=(fm.Override(git_url="https://git.example.com/acme/fleet"),))
    migration = fm.migrate_repository(files, options)
    assert migration.ok
    assert "DA045" not in codes(migration)
    assert "  url: https://git.example.com/acme/fleet\n" in "".join(migration.created.values())
    assert fm.verify_migration(files, migration.files, options, declared=migration.declared).ok
    assert fm.migrate_repository(migration.files, options).files == migration.files


@pytest.mark.parametrize(
    ("beside", "code"),
    [
        ({"prod/flux/values.yaml": "replicas: 2\n"}, "DA020"),
        ({"prod/flux/more/values.yaml": "- 1\n"}, "DA020"),
        ({"prod/flux/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: a}\n"}, ""),
        ({"prod/flux/README.md": "Flux\n"}, ""),
    ],
)
def test_what_a_kustomization_kept_out_that_leaves_is_looked_at(beside: Files, code: str) -> None:
    files: Files = {
        "prod/web.yaml": release(),
        "prod/flux/fluxd.yaml": fluxd("--git-path=prod"),
        "prod/flux/kustomization.yaml": "resources:\n- fluxd.yaml\n",
        **beside,
    }
    migration = migrate(files)
    assert migration.deleted == ("prod/flux/fluxd.yaml", "prod/flux/kustomization.yaml")
    assert {each.code for each in migration.findings if each.severity == "error"} == (
        {code} if code else set()
    )
    report = fm.verify_migration(files, migration.files, declared=migration.declared)
    assert report.ok is migration.ok


def test_fluxd_stays_where_a_build_that_fails_may_hold_what_it_does() -> None:
    patch = workload_text(AUTOMATED, "fluxcd.io/tag.app: semver:~1")
    files: Files = {
        ".flux.yaml": (
            "version: 1\npatchUpdated:\n  generators:\n  - command: kustomize build .\n"
            "  patchFile: flux-patch.yaml\n"
        ),
        "base/web.yaml": workload_text(),
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "flux/prod.yaml": fluxd("--git-path=prod", "--manifest-generation", namespace="a"),
        "flux/staging.yaml": fluxd("--git-path=staging", "--manifest-generation", namespace="b"),
        "prod/kustomization.yaml": "resources: [../base]\n",
        "prod/flux-patch.yaml": patch,
        "staging/kustomization.yaml": "kind: Other\nresources: [../base]\n",
        "staging/flux-patch.yaml": patch,
    }
    migration = migrate(files)
    assert not migration.ok
    assert "flux/staging.yaml" in migration.files
    assert migration.files["staging/flux-patch.yaml"] == patch


def test_a_flux_yaml_stays_where_what_it_builds_fails() -> None:
    files: Files = {
        ".flux.yaml": "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build .\n",
        "kustomization.yaml": "resources: [nowhere]\npatchesStrategicMerge: [fluxd.yaml]\n",
        "fluxd.yaml": fluxd("--manifest-generation"),
        "web.yaml": workload_text(AUTOMATED),
    }
    migration = migrate(files)
    assert not migration.ok
    assert {".flux.yaml", "fluxd.yaml"} <= migration.files.keys()


@pytest.mark.parametrize("form", ["patchesStrategicMerge: [patch.yaml]", "patches: [{path: patch.yaml}]"])
def test_patches_of_bases_elsewhere_tell_what_stays_of_flux_1(form: str) -> None:
    patch = "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {name: web, namespace: shop}\n"
    files: Files = {
        ".flux.yaml": "version: 1\ncommandUpdated:\n  generators: [{command: kustomize build .}]\n",
        "prod/kustomization.yaml": (
            f"resources: [operator.yaml, api.yaml, 'https://git.example.com/acme/base?ref=v1']\n{form}\n"
        ),
        "prod/operator.yaml": operator(),
        "prod/api.yaml": release("api"),
        "prod/patch.yaml": f"{patch}spec: {{values: {{replicas: 3}}}}\n---\n{MERGED}",
    }
    migration = migrate(files, sync_roots=("prod",))
    (told,) = (each for each in migration.findings if each.code == "RP029")
    assert (told.path, told.line) == ("prod/patch.yaml", 1)
    # The operator goes on with what nobody sees.
    assert "HelmRelease shop/web" in said(migration, "DA055")
    assert "prod/operator.yaml" in migration.files
    assert "in a base outside of the repository" in said(migration, "DA022")
    assert migration.files["prod/patch.yaml"] == files["prod/patch.yaml"]
    alone = files | {"prod/patch.yaml": f"{patch}spec: {{timeout: 60}}\n"}
    # A target may select nothing.
    listed = str(files["prod/kustomization.yaml"])
    targeted = listed.replace(form, "patches: [{path: patch.yaml, target: {name: none}}]")
    assert "RP029" not in codes(migrate(alone | {"prod/kustomization.yaml": targeted}, sync_roots=("prod",)))
    # Where the base is here, the patch is converted with it.
    here = listed.replace("https://git.example.com/acme/base?ref=v1", "web.yaml")
    alone |= {"prod/kustomization.yaml": here, "prod/web.yaml": release()}
    assert "RP029" not in codes(migrate(alone, sync_roots=("prod",)))


@pytest.mark.parametrize(
    "others", ["", "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\n"]
)
@pytest.mark.parametrize("is_built", [False, True])
@pytest.mark.parametrize("is_written", [False, True])
def test_nothing_is_asked_of_what_leaves(others: str, *, is_built: bool, is_written: bool) -> None:
    faulty = fluxd("--git-path=prod", "--manifest-generation", "--git-user", "y").replace(
        "  namespace: flux\n", '  annotations: {config.kubernetes.io/local-config: "true"}\n' * (not is_built)
    )
    files: Files = {"prod/flux.yaml": faulty + others, "prod/web.yaml": release()}
    if is_built:
        files["prod/kustomization.yaml"] = "resources:\n- flux.yaml\n- web.yaml\n"
        files["prod/.flux.yaml"] = (
            "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build .\n"
        )
    migration = migrate(files, write_missing_namespaces=is_written)
    assert migration.ok, [each.message for each in migration.findings]
    assert migration.files.get("prod/flux.yaml", "") == others


@pytest.mark.parametrize("path", ["prod/cache/memcached.yaml", "elsewhere/memcached.yaml"])
@pytest.mark.parametrize("namespace", ["flux", "shop"])
def test_a_cache_in_another_folder_of_the_cluster_leaves_with_its_fluxd(path: str, namespace: str) -> None:
    cache = workload("memcached:1.5.15", name="memcached", namespace=namespace)
    migration = migrate({"prod/flux.yaml": fluxd("--git-path=prod"), "prod/web.yaml": release(), path: cache})
    is_its_own = namespace == "flux" and path.startswith("prod")
    assert (path in migration.deleted) is is_its_own
    assert ("delete deployment memcached" in migration.runbook().to_markdown()) is is_its_own


@pytest.mark.parametrize(
    ("roots", "leaving"),
    [
        (["eu"], {"flux/eu.yaml"}),
        (["eu", "us"], {"flux/eu.yaml", "flux/us.yaml", "flux/operator.yaml"}),
        (["elsewhere"], set()),
    ],
)
def test_what_serves_clusters_that_were_not_given_stays(roots: list[str], leaving: set[str]) -> None:
    files: Files = {f"flux/{name}.yaml": fluxd(f"--git-path={name}") for name in ("eu", "us")}
    files |= {f"{name}/web.yaml": release() for name in ("eu", "us")}
    files["flux/operator.yaml"] = operator()
    assert set(migrate(files, sync_roots=roots).deleted) == leaving
