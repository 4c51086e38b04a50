"""The runbook: true for each repository, and no step that it does not need."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

import fluxv2_migrate as fm
from real_kustomize import write_tree
from test_flux1_leaves import Files, fluxd, migrate, operator, release

WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app
  namespace: shop
  annotations: {fluxcd.io/automated: "true", fluxcd.io/tag.app: "semver:~1.4"}
spec:
  template:
    spec:
      containers:
      - name: app
        image: registry.example.com/shop/app:1.4.2
"""


def two_clusters() -> Files:
    files: Files = {"common/web.yaml": release()}
    for name in ("eu", "us"):
        paths = f"--git-path=common,{name}"
        files[f"flux/{name}.yaml"] = fluxd(paths, "--sync-garbage-collection", namespace=f"ops-{name}")
        files[f"{name}/operator.yaml"] = operator(namespace=f"ops-{name}")
        files[f"{name}/app.yaml"] = WORKLOAD
    return files


def commands(migration: fm.Migration) -> list[str]:
    return [command for step in migration.runbook().steps for command in step.commands]


def titles(migration: fm.Migration) -> list[str]:
    return [step.title for step in migration.runbook().steps]


def position(found: list[str], pattern: str) -> int:
    return next(index for index, each in enumerate(found) if re.search(pattern, each))


REPOSITORIES: dict[str, tuple[Files, dict[str, Any]]] = {
    "two clusters": (two_clusters(), {}),
    "served on": (
        {
            "prod/flux.yaml": fluxd("--git-path=prod"),
            "prod/o.yaml": operator(),
            "prod/a.yaml": release("a"),
            "prod/b.yaml": release("b"),
        },
        {"overrides": (fm.Override(name="b", leave=True),)},
    ),
    "nothing known": ({"web.yaml": release()}, {}),
    "odd names": (
        {"a b;$(x)/web.yaml": release(), "c/web.yaml": release("db")},
        {"sync_roots": ("a b;$(x)", "c")},
    ),
    "no objects": (
        {
            "prod/flux.yaml": fluxd("--git-path=prod", "--sync-garbage-collection", "--sops"),
            "prod/a.yaml": release(),
        },
        {"sync_objects": False},
    ),
}


@pytest.mark.parametrize("name", REPOSITORIES)
def test_each_command_is_one_that_a_shell_takes(name: str) -> None:
    files, options = REPOSITORIES[name]
    found = commands(migrate(files, **options))
    script = "\n".join(found)
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0
    for command in found:
        done = subprocess.run(["bash", "-n", "-c", command], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), command
    assert not re.search(r"delete\b.*toolkit", script)
    assert not re.search(r"^flux\b.* (delete|uninstall)\b", script, re.MULTILINE)


def test_two_clusters_step_by_step() -> None:
    migration = migrate(two_clusters())
    found = commands(migration)
    for tool in ("kubectl", "flux", "helm"):
        option = "--kube-context" if tool == "helm" else "--context"
        spoken = [each for each in found if each.startswith(f"{tool} ")]
        assert spoken
        assert all(re.match(rf"{tool} {option} (eu|us|common)", each) for each in spoken), spoken
    merge = position(found, "git merge")
    stops = [
        index for index, each in enumerate(found) if re.search("scale deployment flux --replicas=0", each)
    ]
    assert len(stops) == 2
    assert max(stops) < merge
    assert (
        position(found, "kubectl --context eu diff")
        < merge
        < position(found, "apply --server-side -f ./eu/flux-system")
    )
    definitions = position(found, "delete crd helmreleases.helm.fluxcd.io")
    assert position(found, r"test -z .*get pods -l app=helm-operator") < definitions
    assert not any("--ignore-not-found" in each for each in found[:definitions])
    held = position(found, "scale deployment image-automation-controller --replicas=0")
    started = position(found, "scale deployment image-automation-controller --replicas=1")
    assert held < merge < definitions < started < position(found, "suspend kustomization --all")
    assert "git push origin :refs/tags/flux-sync :refs/notes/flux" in found
    assert all("ops-eu" in each or "ops-us" in each for each in found if "deployment flux " in each)


def test_pruning_is_turned_on_by_a_commit_that_applies(tmp_path: Path) -> None:
    migration = migrate(two_clusters())
    for path, text in migration.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(str(text))
    (apply, *_) = [each for each in commands(migration) if each.startswith("git apply")]
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["bash", "-ec", apply], cwd=tmp_path, check=True)
    text = (tmp_path / "eu/flux-system/gotk-sync.yaml").read_text("utf-8")
    assert text.count("prune: true\n") == 2
    assert "prune: false" not in text


@pytest.mark.parametrize("way", ["a merge", "a merge that others follow", "a fast-forward"])
def test_going_back_gives_the_repository_of_flux_1(tmp_path: Path, way: str) -> None:
    files: Files = {
        "prod/flux.yaml": fluxd("--git-path=prod", "--sync-garbage-collection"),
        "prod/a.yaml": release("a"),
    }
    migration = migrate(files)
    found = commands(migration)

    def run(*lines: str) -> str:
        done = subprocess.run(
            ["bash", "-ec", "\n".join(lines)], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    write_tree(files, tmp_path)
    run(
        "git init -qb main",
        "git config user.name a",
        "git config user.email a@b",
        "git add -A",
        "git commit -qm a",
    )
    run("git tag pre-flux2", "git checkout -qb flux2-migration", f"git apply <<'EOF'\n{migration.diff()}EOF")
    run("git add -A", "git commit -qm b", "git switch -q main")
    run(f"git merge -q {'--ff-only' if way == 'a fast-forward' else '--no-ff'} flux2-migration")
    if way == "a merge that others follow":
        run(*(each for each in found if each.startswith(("git apply", "git commit"))))
    back = found.index(next(each for each in found if each.startswith("merge=")))
    run(found[back])
    assert run("git diff --stat pre-flux2 HEAD") == ""


def test_a_cluster_gets_only_the_secrets_that_its_sync_needs() -> None:
    files = two_clusters()
    files["flux/us.yaml"] = fluxd("--git-path=common,us", "--sops", namespace="ops-us")
    keys = [each for each in commands(migrate(files)) if "sops-keys" in each]
    assert [each.split()[2] for each in keys] == ["us"]


def test_a_repository_behind_a_login_is_read_with_that_login() -> None:
    text = fluxd("--git-path=prod").replace(
        "git@git.example.com:acme", "https://me:secret@git.example.com/acme"
    )
    files: Files = {"prod/flux.yaml": text, "prod/web.yaml": release(), "prod/o.yaml": operator()}
    found = commands(migrate(files))
    assert any('--username="$GIT_USERNAME"' in each for each in found)
    assert "secret@" not in "".join(found)


def test_a_secret_outside_the_namespace_of_the_sync_is_made_there() -> None:
    files: Files = {"prod/flux.yaml": fluxd("--git-path=prod"), "prod/web.yaml": release()}
    files["prod/o.yaml"] = operator()
    repositories = ({"url": "https://charts.example.com", "login": True},)
    known = fm.HelmOperator.model_validate({"helm_versions": ("v3",), "repositories": repositories})
    found = commands(migrate(files, sources=fm.Placement(namespace="release"), helm_operator=known))
    assert any("-n shop" in each and "create secret" in each for each in found)


def test_steps_that_are_not_needed_are_not_there() -> None:
    files: Files = {"prod/flux.yaml": fluxd("--git-path=prod", "--git-readonly"), "prod/o.yaml": operator()}
    files["prod/web.yaml"] = release()
    text = migrate(files).runbook().to_markdown()
    # No Helm 2, no images, no garbage collection, no tag in Git, one cluster.
    for word in ("TILLER", "image", "prune: true", "refs/tags", "--context"):
        assert word not in text, word
    without: Files = {"prod/flux.yaml": fluxd("--git-path=prod"), "prod/app.yaml": WORKLOAD}
    assert "helm" not in "\n".join(commands(migrate(without)))


def test_a_sync_that_is_there_waits_for_the_merge() -> None:
    files: Files = {"prod/flux.yaml": fluxd("--git-path=prod"), "prod/web.yaml": release()}
    once = migrate(files)
    there = migrate({**files, "prod/sync.yaml": once.created["prod/flux-system/gotk-sync.yaml"]})
    found = commands(there)
    assert position(found, "suspend kustomization --all") < position(
        found, "scale deployment flux --replicas=0"
    )
    assert position(found, "git merge") < position(found, "resume kustomization --all")
    assert not any(" install" in each or "create secret git" in each for each in found)


def test_names_that_a_person_gives_go_over_what_is_shown() -> None:
    files: Files = {"prod/flux.yaml": fluxd("--git-path=prod"), "prod/web.yaml": release()}
    given = {
        "name": "prod",
        "sync_paths": ["prod"],
        "flux1_is": {"namespace": "ops", "helm_operator_release": "hop"},
    }
    found = commands(migrate(files, clusters=[given]))
    assert "kubectl -n ops scale deployment flux --replicas=0" in found
    assert "helm -n ops uninstall hop" in found


def test_commands_write_what_the_migration_would() -> None:
    files, options = REPOSITORIES["no objects"]
    script = "\n".join(commands(migrate(files, **options)))
    assert "create source git flux-system --branch=main --interval=5m --secret-ref=flux-system" in script
    assert "--prune=false --interval=5m --decryption-provider=sops --decryption-secret=sops-keys" in script
    assert """patch kustomization.kustomize.toolkit.fluxcd.io/flux-system --type=merge""" in script


def test_a_sync_that_prunes_is_told_to_keep_everything_until_flux_1_is_stopped() -> None:
    files: Files = {"prod/flux.yaml": fluxd("--git-path=prod"), "prod/web.yaml": release()}
    files["prod/o.yaml"], files["prod/app.yaml"] = operator(), WORKLOAD
    sync = str(migrate(files).created["prod/flux-system/gotk-sync.yaml"]).replace(
        "prune: false", "prune: true"
    )
    found = commands(migrate({**files, "prod/sync.yaml": sync.replace("name: flux-system", "name: all")}))
    off = position(found, r"patch kustomization\S+/all .*prune.:false")
    assert (
        position(found, "suspend kustomization --all") < off < position(found, "helm-operator --replicas=0")
    )
    assert position(found, "git switch flux2-migration") < position(
        found, "diff kustomization all --path=./prod"
    )
    # What syncs Flux v2 itself starts no controller that waits.
    left = position(
        found, "annotate .*image-automation-controller kustomize.toolkit.fluxcd.io/reconcile=disabled"
    )
    assert left < position(found, "scale .*image-automation-controller --replicas=0")
    assert position(found, "annotate .*toolkit.fluxcd.io/reconcile-$") > position(
        found, "resume kustomization"
    )


def test_each_branch_is_merged_and_has_its_own_way_back() -> None:
    files: Files = {"eu/web.yaml": release(), "us/web.yaml": release()}
    for name in ("eu", "us"):
        text = fluxd(f"--git-path={name}", namespace=f"ops-{name}").replace("branch=main", f"branch={name}")
        files[f"flux/{name}.yaml"] = text
    found = commands(migrate(files))
    for name in ("eu", "us"):
        assert f"git tag pre-flux2/{name} {name}" in found
        switches = [index for index, each in enumerate(found) if each == f"git switch {name}"]
        assert found[switches[0] + 2] == f"git push origin {name}"
        assert f"git revert --no-edit pre-flux2/{name}..HEAD" in found[switches[-1] + 1]


def test_every_fluxd_and_every_operator_of_a_cluster_is_stopped_and_leaves() -> None:
    files: Files = {"apps/a.yaml": release("a"), "apps/b.yaml": release("b")}
    for name in ("a", "b"):
        files[f"flux/{name}.yaml"] = fluxd("--git-path=apps", f"--k8s-allow-namespace={name}", namespace=name)
        files[f"flux/o-{name}.yaml"] = operator(namespace=name)
    found = commands(migrate(files))
    merge = position(found, "git merge")
    for name in ("a", "b"):
        for program in ("flux", "helm-operator"):
            stop = found.index(f"kubectl -n {name} scale deployment {program} --replicas=0")
            assert stop < merge < found.index(f"kubectl -n {name} delete deployment {program}")
            assert f"kubectl -n {name} scale deployment {program} --replicas=1" in found


def test_each_cluster_has_the_operator_of_its_namespace() -> None:
    files: Files = {}
    for name in ("eu", "us"):
        files[f"{name}/web.yaml"] = release()
        files[f"flux/{name}.yaml"] = fluxd(f"--git-path={name}", namespace=name)
        files[f"flux/o-{name}.yaml"] = operator(namespace=name)
    found = commands(migrate(files))
    scaled = [each for each in found if "scale deployment helm-operator --replicas=0" in each]
    assert [each.split()[2:5] for each in scaled] == [["eu", "-n", "eu"], ["us", "-n", "us"]]
