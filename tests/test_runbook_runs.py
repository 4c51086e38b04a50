"""Runbooks that are run: each command against clusters that answer, with everything in its order."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

import fluxv2_migrate as fm
from cutover_world import FakeCluster, World, build, definition, running_world
from real_kustomize import write_tree
from reference_trees import LOADER, read_tree
from test_flux1_leaves import fluxd, operator, release
from test_runbook import two_clusters

EXAMPLE = Path(__file__).parents[1] / "examples/two-clusters"
Files = dict[str, str | bytes]


def begin(world: World, files: Files, migration: fm.Migration, branch: str) -> None:
    """The repository as fluxd has it, and a branch that holds the migration."""
    environment = {"GIT_CONFIG_GLOBAL": str(world.folder / "gitconfig"), "PATH": "/usr/bin:/bin"}

    def git(*words: str, folder: str = "clone") -> None:
        subprocess.run(
            ["git", *words], cwd=world.folder / folder, env=environment, check=True, capture_output=True
        )

    git("init", "-q", "--bare", "-b", branch, "origin", folder=".")
    git("clone", "-q", str(world.folder / "origin"), "clone", folder=".")
    clone = world.folder / "clone"
    git("switch", "-q", "-c", branch)
    write_tree(files, clone)
    git("add", "-A")
    git("commit", "-qm", "Flux v1")
    git("tag", "flux-sync")
    git("push", "-q", "-u", "origin", branch, "flux-sync")
    git("switch", "-qc", "flux2-migration")
    for path in migration.deleted:
        (clone / path).unlink()
    write_tree({**migration.changed, **migration.created}, clone)
    git("add", "-A")
    git("commit", "-qm", "Flux v2")
    git("push", "-qu", "origin", "flux2-migration")
    git("switch", "-q", branch)
    world.see_git()


def fill(cluster: FakeCluster, files: Files, paths: Iterable[str], migration: fm.Migration) -> None:
    """The cluster as fluxd and the operator left it, with what people have at hand."""
    for name in ("helmreleases.helm.fluxcd.io", "helmreleases.flux.weave.works"):
        cluster.put(definition(name))
    for path in paths:
        found = build(files, path) if not path.endswith(".yaml") else yaml.load_all(files[path], LOADER)
        for each in found:
            cluster.put(each)
    for each in migration.first_hour().releases:
        if each.cluster in ("", cluster.name):
            cluster.records.add((each.storage_namespace, each.release_name))
    for need in migration.prerequisites:
        clone = cluster.world.folder / "clone"
        write_tree({f"{need.name}/{key}": "of a person" for key in need.keys if not need.copy_of}, clone)
        names = [need.copy_of] if need.copy_of else []
        for namespace, _, name in (each.partition("/") for each in names):
            about = {"name": name, "namespace": namespace}
            cluster.put({"apiVersion": "v1", "kind": "Secret", "metadata": about, "data": {"a": "YQ=="}})
    for each in cluster.running("fluxcd/flux:"):
        about = {"name": "flux-git-deploy", "namespace": each["metadata"]["namespace"]}
        data = {"identity": "a2V5"}
        cluster.put({"apiVersion": "v1", "kind": "Secret", "metadata": about, "data": data})


CASES: Mapping[str, tuple[Files, Mapping[str, tuple[str, ...]], dict[str, Any]]] = {
    "the example": (
        read_tree(EXAMPLE),
        {f"clusters/{name}": (f"clusters/{name}", f"secrets/{name}") for name in ("production", "staging")},
        {},
    ),
    "two clusters": (
        two_clusters(),
        {name: (f"flux/{name}.yaml", "common", name) for name in ("eu", "us")},
        {},
    ),
    "a release that stays": (
        {
            "prod/flux.yaml": fluxd("--git-path=prod", "--sync-garbage-collection"),
            "prod/o.yaml": operator(),
            "prod/a.yaml": release("a"),
            "prod/b.yaml": release("b"),
        },
        {"prod": ("prod",)},
        {"overrides": (fm.Override(name="b", leave=True),)},
    ),
    "no sync in Git": (
        {
            "prod/flux.yaml": fluxd(
                "--git-path=prod",
                "--sync-garbage-collection",
                "--sops",
                "--sync-timeout=3m",
                "--git-timeout=30s",
                "--git-verify-signatures",
            ),
            "prod/o.yaml": operator(),
            "prod/a.yaml": release("a"),
        },
        {"prod": ("prod",)},
        {"sync_objects": False},
    ),
}


def run(world: World, steps: Iterable[fm.RunbookStep]) -> None:
    for step in steps:
        for command in step.commands:
            done = world.run(command)
            assert done.returncode == 0, (step.title, command, done.stdout, done.stderr)
            assert world.wrongs == [], (step.title, command)


@contextmanager
def at_the_start(name: str, folder: Path) -> Iterator[tuple[World, tuple[fm.RunbookStep, ...]]]:
    files, paths, options = CASES[name]
    migration = fm.migrate_repository(files, options=fm.MigrationOptions(**options))
    with running_world(folder, paths) as world:
        begin(world, files, migration, "main")
        for cluster in world.clusters.values():
            fill(cluster, files, paths[cluster.name], migration)
            cluster.staying = ("b", "helm-operator") if name == "a release that stays" else ()
        before = {each.name: set(each.records) for each in world.clusters.values()}
        yield world, migration.runbook().steps
        assert {each.name: each.records for each in world.clusters.values()} == before
        # Nothing else than what was there is taken up, and all of it.
        for cluster in world.clusters.values():
            taken = cluster.all("HelmRelease", "helm.toolkit.fluxcd.io")
            expected = [
                each for each in migration.first_hour().releases if each.cluster in ("", cluster.name)
            ]
            assert len(taken) == len(expected) > 0


@pytest.mark.parametrize("name", CASES)
def test_a_runbook_leads_from_one_flux_to_the_other(name: str, tmp_path: Path) -> None:
    with at_the_start(name, tmp_path) as (world, (*steps, _)):
        run(world, steps)
        for cluster in world.clusters.values():
            is_served = bool(cluster.staying)
            assert len(cluster.running("fluxcd/(flux|helm-operator):|memcached")) == is_served
            services = [each["metadata"]["name"] for each in cluster.all("Service", "")]
            assert "memcached" not in services
            synced = cluster.all("Kustomization", "kustomize.toolkit.fluxcd.io")
            assert all(each["spec"]["prune"] and not each["spec"].get("suspend") for each in synced)


@pytest.mark.parametrize("name", ["two clusters"])
def test_flux_1_takes_everything_up_again(name: str, tmp_path: Path) -> None:
    with at_the_start(name, tmp_path) as (world, steps):
        stop = next(index for index, each in enumerate(steps) if each.title == "Compare what runs")
        run(world, [*steps[: stop + 1], steps[-1]])
        assert world.git("diff", "--stat", "pre-flux2", "origin/main") == ""
        for cluster in world.clusters.values():
            assert len(cluster.running("fluxcd/(flux|helm-operator):")) == 2
            taken = cluster.all("HelmRelease", "helm.toolkit.fluxcd.io")
            assert all(each["spec"]["suspend"] for each in taken)
            assert not any("helm.fluxcd.io" in each for each in cluster.deleted)
