"""Flux v2 Kustomizations whose patches stand in fields that its API had once, beside `patches` or alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fluxv2_migrate as fm
from fluxv2_migrate.preparation import old_patch_fields
from patched_overlays import CHART, Files, alone, effective, release, releases
from real_kustomize import build_all, write_tree
from test_flux_kustomizations import kustomization

FILE = "clusters/prod/apps.yaml"
OWN = {"patches": [{"patch": release("  timeout: 30\n  maxHistory: 7\n")}]}
API = {"group": "helm.fluxcd.io", "version": "v1", "kind": "HelmRelease", "name": "web"}
SPECS = st.fixed_dictionaries(
    {},
    optional={
        "timeout": st.sampled_from([60, 90]),
        "maxHistory": st.sampled_from([3, 5]),
        "wait": st.booleans(),
        "values": st.sampled_from([{"a": 1}, {"b": "on"}]),
    },
)


def merged(spec: dict[str, Any]) -> str:
    return release("").rstrip() + f" {json.dumps(spec)} # beside\n"


def operated(spec: dict[str, Any]) -> str:
    lines = (
        f"- op: add # {key}\n  path: /spec/{key}\n  value: {json.dumps(item)}\n" for key, item in spec.items()
    )
    return "# first\n" + "".join(lines) if spec else "- op: test\n  path: /kind\n  value: HelmRelease\n"


def indented(text: str, blanks: int) -> str:
    return "".join(f"{' ' * blanks}{line}\n" for line in text.splitlines())


def fields(
    merges: Iterable[str], listed: Iterable[str], operations: Iterable[str], *, order: Iterable[int]
) -> str:
    """Gives the three fields of a Kustomization, in any order."""
    target = f"  - target: {json.dumps(API)}\n    # why\n"
    items = (
        ("patchesStrategicMerge", [f"  - {indented(each, 4).lstrip()}" for each in merges]),
        ("patches", [f"{target}    patch: |\n{indented(each, 6)}" for each in listed]),
        ("patchesJson6902", [f"{target}    patch: # of it\n{indented(each, 4)}" for each in operations]),
    )
    found = [items[index] for index in order]
    return "".join(f"  # above\n  {name}: # list\n{''.join(each)}" for name, each in found if each)


def tree(own: Mapping[str, Any], spec: str, **more: Any) -> Files:
    text = kustomization("./apps", "v1beta2", **more)
    return {
        "apps/kustomization.yaml": json.dumps({"resources": ["web.yaml"], **own}),
        "apps/web.yaml": release(CHART),
        "clusters/prod/sync.yaml": kustomization("./clusters/prod"),
        FILE: f"{text.rstrip()}\n{spec}",
    }


def built(files: Mapping[str, str | bytes], folder: Path) -> list[Mapping[str, Any]]:
    """Gives what kustomize-controller builds: what a Kustomization lists stands behind what is there."""
    spec = yaml.safe_load(str(files[FILE]))["spec"]
    own = yaml.safe_load(str(files["apps/kustomization.yaml"]))
    text_of: dict[str, Callable[[Any], Any]] = {
        "patches": dict,
        "patchesStrategicMerge": json.dumps,
        "patchesJson6902": as_text,
    }
    for name, written in text_of.items():
        own[name] = [*own.get(name, ()), *map(written, spec.get(name) or ())]
    if "targetNamespace" in spec:
        own["namespace"] = spec["targetNamespace"]
    write_tree({**files, "apps/kustomization.yaml": json.dumps(own)}, folder)
    (build,) = build_all([folder / "apps"])
    assert not build.error, build.error
    beside = (yaml.safe_load_all(str(text)) for path, text in files.items() if path.startswith("clusters/"))
    return [*build.objects, *(each for of_file in beside for each in of_file if each.get("metadata"))]


def as_text(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {**entry, "patch": json.dumps(entry["patch"])}


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(SPECS, max_size=2),
    st.lists(SPECS, max_size=2),
    st.lists(SPECS, max_size=2),
    st.permutations([0, 1, 2]),
    st.sampled_from([{}, OWN]),
    st.sampled_from([{}, {"targetNamespace": "team"}]),
)
def test_all_are_listed_where_what_is_built_stays_the_same(
    tmp_path_factory: Any, merges: Any, listed: Any, operations: Any, order: Any, own: Any, more: Any
) -> None:
    folder: Path = tmp_path_factory.mktemp("trees")
    own_texts = [merged(each) for each in merges]
    targeted = ([operated(each) for each in of] for of in (listed, operations))
    files = tree(own, fields(own_texts, *targeted, order=order), **more)
    before = built(files, folder / "before")
    migration = fm.migrate_repository(files)
    after = built(migration.files, folder / "after")
    if not migration.ok:
        assert before == after
        assert own
        assert merges
        assert {each.code for each in migration.findings if each.severity == "error"} == {"RP004"}
        return
    spec = yaml.safe_load(str(migration.files[FILE]))["spec"]
    assert not spec.keys() & {"patchesStrategicMerge", "patchesJson6902"}
    assert fm.migrate_repository(migration.files).files == migration.files
    for comment in ("# above", "# list", "# why", "# of it", "# first"):
        assert str(migration.files[FILE]).count(comment) == str(files[FILE]).count(comment)
    was, becomes = releases(before, "helm.fluxcd.io"), releases(after, "helm.toolkit.fluxcd.io")
    assert was.keys() == becomes.keys()
    for name, manifest in becomes.items():
        assert effective(manifest, after) == alone(was[name])
    assert fm.verify_migration(files, migration.files, declared=migration.declared).ok


@pytest.mark.parametrize(
    "more",
    [
        "  patchesJson6902: [x]\n",
        "  patchesJson6902: x\n",
        "  patchesJson6902:\n  - target: {kind: HelmRelease}\n",
        "  patches:\n  - {}\n",
    ],
)
def test_what_is_no_patch_stays_beside_those_that_are(more: str) -> None:
    files = tree({}, fields([merged({"timeout": 60})], [], [], order=[0]) + more)
    migration = fm.migrate_repository(files)
    assert "patchesJson6902" not in more or migration.files[FILE] == files[FILE]
    assert "patchesJson6902" not in more or not migration.ok


def test_what_would_be_built_otherwise_stays_where_it_is() -> None:
    # What the folder's own patches say comes after a merge, and would come before it in `patches`.
    files = tree(OWN, fields([merged({"timeout": 60})], [], [], order=[0]))
    migration = fm.migrate_repository(files)
    assert {each.code for each in migration.findings if each.severity == "error"} == {"RP004"}
    assert migration.files[FILE] == files[FILE]


def test_comments_of_what_has_to_be_written_anew_are_not_lost() -> None:
    aliased = release("  timeout: *slow # for now\n").replace("metadata:", "metadata: # of it")
    files = tree({}, "  timeout: &slow 60s\n" + fields([aliased], [], [], order=[0]))
    migration = fm.migrate_repository(files)
    assert not migration.ok
    assert migration.files[FILE] == files[FILE]


def test_a_list_that_would_be_another_one_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    files = tree({}, fields([merged({"timeout": 60})], [], [], order=[0]))
    assert fm.migrate_repository(files).ok
    assert not old_patch_fields._is_same({"patch": "a"}, {"patch": "a", "target": {}})
    monkeypatch.setattr(old_patch_fields, "_is_same", lambda *_: False)
    migration = fm.migrate_repository(files)
    assert not migration.ok
    assert migration.files[FILE] == files[FILE]
