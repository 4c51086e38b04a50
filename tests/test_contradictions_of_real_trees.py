"""Real repositories held against clusters that agree with them, and against some that do not."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

import fluxv2_migrate as fm
from cluster_inventories import (
    CONTRADICTIONS,
    REVISION,
    Contradicted,
    Running,
    agreeing,
    contradicted,
    inventory_of,
    options_with,
    told_of,
)
from fluxv2_migrate import LiveImage
from fluxv2_migrate.flux1 import find_images
from fluxv2_migrate.flux1.images import POD_SPECS
from fluxv2_migrate.kubernetes import named
from reference_trees import TREES, documents_of, read_tree

# Their clusters say themselves which Helm they have.
CONVERTED = (fm.Override(accept=("HR030", "HR032")),)


WITH_RELEASES = tuple(each for each in TREES if each not in ("kustomize-example", "multi-tenancy"))


@cache
def known(folder: Path) -> tuple[dict[str, str | bytes], fm.Migration, list[Running]]:
    files = read_tree(folder)
    migration = fm.migrate_repository(files, fm.MigrationOptions(overrides=CONVERTED))
    return files, migration, agreeing(migration)


@pytest.mark.parametrize("name", TREES)
def test_a_cluster_that_agrees_is_not_spoken_of_and_all_is_adopted(shared: Path, name: str) -> None:
    files, base, running = known(shared / "corpus" / name / "v1")
    migration = fm.migrate_repository(files, options_with(base, running))
    assert told_of(migration) == {}
    assert {each.resource for each in migration.expected} == {each.resource for each in base.expected}
    for each in migration.first_hour().releases:
        assert (each.action, each.revision) in (("upgrade", REVISION + 1), ("nothing", None)), each
    for cluster in {each.cluster for each in migration.expected}:
        own = [each for each in running if each.release.cluster == cluster]
        assert fm.verify_cluster(migration, inventory_of(own, REVISION + 1), cluster=cluster).ok
        waiting = any(not (each.release.suspended or each.release.ignored) for each in own)
        assert fm.verify_cluster(migration, inventory_of(own, REVISION), cluster=cluster).ok != waiting


@pytest.mark.parametrize("name", WITH_RELEASES)
def test_each_contradiction_is_told_with_both_sides_and_nothing_else_is(shared: Path, name: str) -> None:
    files, base, running = known(shared / "corpus" / name / "v1")
    assert running
    seen: set[str] = set()
    # In a large repository one round has each kind.
    for start in range(len(CONTRADICTIONS)) if len(running) < 40 else (0,):
        mixed = list(contradicted(running, start))
        now = [each.running if isinstance(each, Contradicted) else each for each in mixed]
        told = told_of(fm.migrate_repository(files, options_with(base, now)))
        for each in mixed:
            if isinstance(each, Running):
                assert each.key not in told
                continue
            (found,) = told[each.running.key].items()
            assert found[0] == each.code, (each, found)
            assert all(text in found[1] for text in each.named), (each, found)
            seen.add(each.code)
    if len(running) > len(CONTRADICTIONS):
        assert seen == {"IN001", "IN002", "IN003", "IN004", "IN005", "IN006", "IN007"}


@pytest.mark.parametrize("name", WITH_RELEASES)
def test_a_namespace_that_is_missing_is_told_of_each_release_there_unless_the_repository_makes_it(
    shared: Path, name: str
) -> None:
    files, base, running = known(shared / "corpus" / name / "v1")
    assert running
    there = sorted({namespace for each in running for namespace in each.namespaces})
    made = {
        manifest["metadata"]["name"]
        for _, manifest in documents_of(files)
        if manifest.get("kind") == "Namespace"
    }
    # In a large repository one round has all that nothing makes.
    rounds = [[each] for each in there] if len(running) < 40 else [there]
    for gone in rounds:
        now = [replace(each, namespaces=each.namespaces - {*gone}) for each in running]
        told = told_of(fm.migrate_repository(files, options_with(base, now)))
        assert {code for each in told.values() for code in each} <= {"IN008"}
        missing = {each.key for each in running if each.namespaces & ({*gone} - made)}
        assert missing <= told.keys()
        for each in running:
            if each.key in told:
                assert any(repr(namespace) in told[each.key]["IN008"] for namespace in gone)
            else:
                assert not each.namespaces & ({*gone} - made)


@pytest.mark.parametrize("name", ["get-started", "homelab", "kustomize-example", "progressive-delivery"])
def test_images_of_workloads_are_told_where_the_cluster_runs_others(shared: Path, name: str) -> None:
    files, base, _ = known(shared / "corpus" / name / "v1")
    images = [
        LiveImage(
            kind=manifest["kind"],
            namespace=manifest["metadata"].get("namespace") or "default",
            name=manifest["metadata"]["name"],
            container=each.container,
            image=str(each.image),
        )
        for _, manifest in documents_of(files)
        if manifest.get("kind") in POD_SPECS
        for each in find_images(manifest)
    ]

    def told(*running: LiveImage) -> list[str]:
        inventory = {"inventory": fm.Inventory(images=running)}
        clusters = tuple(each.settings.model_copy(update=inventory) for each in base.context.clusters)
        found = fm.migrate_repository(files, fm.MigrationOptions(clusters=clusters)).findings
        return [each.message for each in found if each.code == "IN010"]

    assert images
    assert told(*images) == []
    others = [each.model_copy(update={"image": f"{each.image.partition(':')[0]}:other"}) for each in images]
    messages = told(*others)
    # What a patch says of a workload is of the same container; of several clusters each is named.
    wanted = {
        f"{named(each.kind, each.namespace, each.name)} runs {each.image} as {each.container}"
        for each in others
    }
    assert {re.sub("^in [^:]+: ", "", message).partition(", and ")[0] for message in messages} == wanted
