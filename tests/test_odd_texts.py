"""Texts as nobody would write them: whatever is in a file, it stops nothing else."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fluxv2_migrate as fm
from fuzz_entry_points import ENTRY_POINTS, mutated, seeds, use
from mutated_texts import ALL_SEEDS, mutate_files

RANDOMS = st.randoms(use_true_random=False)
SEEDS = list(seeds())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(ALL_SEEDS), RANDOMS)
def test_nothing_in_a_file_raises(seed: dict[str, str], draw: random.Random) -> None:
    files = mutate_files(seed, draw)
    migration = fm.migrate_repository(files)
    assert migration.diff() or not (migration.changed or migration.created or migration.deleted)
    assert migration.to_markdown()
    # Where a text was spoilt so far that nothing of Flux v1 is left, there is nothing to do.
    assert migration.runbook().steps or not (migration.findings or migration.changed)
    assert isinstance(migration.answers(), list)
    assert len(migration.resources) == len(migration.manifests)
    fm.verify_migration(files, migration.files, declared=migration.declared)
    fm.flux2.check_markers(migration.files)
    fm.simulate_image_update(migration.files, {"ghcr.io/acme/app": ["master-aaaaaaa"], "acme/web": ["1.2.9"]})
    for path, content in files.items():
        if path not in migration.changed and path not in migration.deleted:
            assert migration.files[path] == content


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SEEDS), st.integers(0, 2**32))
def test_only_errors_of_this_library_come_out(seed: bytes, number: int) -> None:
    use(mutated(seed, number))


def test_every_entry_point_is_tried() -> None:
    assert {seed[0] for seed in SEEDS} == set(range(len(ENTRY_POINTS)))
    use(b"")


LISTED = "resources: [web.yaml]\npatches:\n- target: {kind: Deployment}\n  patch: '%s'\n"
WEB = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n"
INSTALL = 'resource "helm_release" "flux" {\n  chart = "flux"\n  repository = "https://charts.fluxcd.io"\n'


@pytest.mark.parametrize(
    ("path", "text"),
    [
        *(("a/x.tf", INSTALL + f"  values = {opening * 5000}") for opening in ("{a=", "[", "f(", "a {\n")),
        *(("a/x.tf", opening * 5000 + INSTALL) for opening in ("{a=", "x {\n", "a = [")),
        ("a/x.sh", "helm upgrade -i flux fluxcd/flux --set git.url=" + "$(" * 5000),
        ("a/kustomization.yaml", LISTED % ("[" * 20000)),
        (
            "a/kustomization.yaml",
            LISTED % ('[{"op": "add", "path": "/a", "value": ' + "[" * 500 + "]" * 500 + "}]"),
        ),
        ("a/web.yaml", WEB + 'spec: 1 # {"$imagepolicy": ' + "[" * 20000),
        ("a/web.yaml", "a: " + "[" * 5000),
        ("a/web.json", '{"a":' * 5000),
    ],
)
def test_what_is_nested_without_end_stops_nothing_else(path: str, text: str) -> None:
    files = {"a/web.yaml": WEB, "b/web.yaml": WEB, path: text}
    migration = fm.migrate_repository(files)
    assert migration.files == files
    fm.verify_migration(files, files)
    fm.flux2.check_markers(files)
