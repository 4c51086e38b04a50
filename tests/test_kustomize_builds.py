"""What the library builds is what the real kustomize builds: real repositories, drawn trees, corners."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import Phase, given, settings

from fluxv2_migrate.kustomize import KustomizeTree, controller_build, generated_resources
from kustomize_trees import folders_of, kustomize_trees
from real_kustomize import NAMES, build_all, difference, kubectl, with_stubs, write_tree
from reference_data import SHARED
from reference_trees import read_tree

CORPUS = SHARED / "corpus"
TREES = sorted(path.name for path in CORPUS.iterdir() if path.is_dir()) if CORPUS.is_dir() else []


def test_every_kustomization_of_the_real_repositories_builds_the_same(tmp_path: Path, shared: Path) -> None:
    same = failing = objects = 0
    different: list[str] = []
    for name in TREES:
        files = with_stubs(read_tree(shared / "corpus" / name))
        write_tree(files, tmp_path / name)
        tree = KustomizeTree(files)
        folders = folders_of(files)
        for folder, real in zip(folders, build_all(tmp_path / name / each for each in folders), strict=True):
            ours = tree.build(folder)
            assert not [problem for problem in ours.problems if problem.kind in ("remote", "unsupported")]
            reason = difference(real, ours)
            different += [f"{name}/{reason}"] if reason else []
            same += not reason and ours.ok
            failing += not ours.ok
            objects += len(ours.objects)
    assert not different, "\n".join(different)
    # Nothing fails, and nothing is empty: the comparison is one of everything.
    assert (same, failing) == (sum(len(folders_of(read_tree(shared / "corpus" / name))) for name in TREES), 0)
    assert objects > 5 * same


@settings(max_examples=30, phases=[Phase.generate])
@given(files=kustomize_trees())
def test_drawn_trees_build_the_same(tmp_path_factory: pytest.TempPathFactory, files: dict[str, str]) -> None:
    folder = tmp_path_factory.mktemp("tree")
    write_tree(files, folder)
    tree = KustomizeTree(files)
    folders = folders_of(files)
    for each, real in zip(folders, build_all(folder / each for each in folders), strict=True):
        assert not difference(real, tree.build(each))
        # Whoever asks alone gets what he gets among others.
        assert KustomizeTree(files).build(each) == tree.build(each)


def _found_by_the_controller(folder: Path) -> list[str]:
    """What fluxcd's generator finds, written down once more, on a real folder."""
    found: list[str] = []
    for place in sorted(folder.iterdir(), key=lambda place: place.name):
        if place.is_dir() and any((place / name).is_file() for name in NAMES):
            found.append(place.name)
        elif place.is_dir():
            found += [f"{place.name}/{inner}" for inner in _found_by_the_controller(place)]
        elif place.suffix in (".yaml", ".yml"):
            found.append(place.name)
    return found


@pytest.mark.parametrize("name", TREES)
def test_paths_without_a_kustomization_are_built_as_the_controller_does(
    name: str, tmp_path: Path, shared: Path
) -> None:
    tree = KustomizeTree(with_stubs(read_tree(shared / "corpus" / name))).artifact()
    write_tree(tree.files, tmp_path)
    folders = sorted(
        folder for folder in tree.folders if "/" not in folder and not tree.has_kustomization_file(folder)
    )
    wanted: list[tuple[str, list[str]]] = []
    for folder in folders:
        expected = _found_by_the_controller(tmp_path / folder)
        start = f"{folder}/" if folder else ""
        assert [start + path for path in expected] == list(generated_resources(tree, folder))
        wanted.append((folder, expected))
    # One after the other: the file of an outer folder would change an inner one.
    for folder, expected in wanted:
        file = tmp_path / folder / "kustomization.yaml"
        file.write_text(yaml.safe_dump({"resources": expected}) if expected else "", "utf-8")
        (real,) = build_all([tmp_path / folder])
        file.unlink()
        assert not difference(real, controller_build(tree, folder))


SCALARS = """\
apiVersion: helm.fluxcd.io/v1
kind: HelmRelease
metadata:
  name: x
  annotations: {a: true, b: , d: 5, fluxcd.io/automated: yes}
  labels: {e: "6"}
spec:
  a: yes
  b: 2001-01-01
  b2: 2001-1-1 1:2:3.40 +01:00
  b3: 2001-13-01
  b4: 2001-12-14t21:59:43.10-05:00
  b5: 2001-01-01x
  b6: 2001-01-01T01:02:03Z
  b7: 2001-01-01T01:02:03
  b8: 2001-01-01 01:02:03.50
  c: 0777
  d: 1_000
  e:
  f: ~
  g: 1.0
  h: 1e3
  i: 0o7
  j: 12:30:45
  l: 0x1F
  m: "yes"
  n: 1.10
  o: y
  p: True
  r: !!binary aGVsbG8=
  r2: !!str 5
  r3: !!int "5"
  s: {a: , b: [{c: }], d: ""}
  s2: [{a: }, b, ~]
  s3:
  - {i: ~}
  - k:
  -
  t: &anchor {u: [1, ]}
  v: *anchor
  w:
    <<: *anchor
    x: 1
"""


PATCHES = """\
resources: [../plain]
patches:
- patch: |
    apiVersion: helm.fluxcd.io/v1
    kind: HelmRelease
    metadata: {name: x, labels: {q: 7}}
    spec: {zz: {a: null, b: }, f: , yy: [1, {b: }]}
- target: {kind: HelmRelease}
  patch: |
    apiVersion: a/v1
    kind: HelmRelease
    metadata: {name: any, annotations: {n: 5, d: null, m: }, labels: {w: 7}}
"""


def test_values_are_those_that_kustomize_reads(tmp_path: Path) -> None:
    files = {
        "plain/kustomization.yaml": "resources: [x.yaml]\n",
        "plain/x.yaml": SCALARS,
        "patched/kustomization.yaml": PATCHES,
    }
    write_tree(files, tmp_path)
    tree = KustomizeTree(files)
    reals = build_all([tmp_path / "plain", tmp_path / "patched"])
    for folder, real in zip(("plain", "patched"), reals, strict=True):
        assert not real.error
        assert not difference(real, tree.build(folder))


def test_the_real_kustomize_is_there() -> None:
    assert kubectl()


@pytest.mark.parametrize(
    ("entry", "is_kept"),
    [("https://example.com/base.yaml", True), ("missing.yaml", False), ("own.yaml", True)],
)
def test_what_reads_no_file_that_changes_is_built_once(entry: str, is_kept: bool) -> None:
    own = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"
    files = {"a/kustomization.yaml": f"resources: [{entry}]\n", "a/own.yaml": own, "b.yaml": own}
    before = KustomizeTree(files).build("a")
    tree = KustomizeTree(files)
    built = tree.build("a")
    after = tree.with_files({"b.yaml": own.replace("name: a", "name: b")})
    assert built == before == after.build("a")
    assert (after.build("a") is built) is is_kept
    # What was not there may come.
    there = tree.with_files({"a/missing.yaml": own}).build("a")
    assert bool(there.objects) is (entry != "https://example.com/base.yaml")
