"""What a tree says beside its builds: who includes whom, where an object comes from, what is not seen."""

from __future__ import annotations

import pytest
from hypothesis import given

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kustomize import (
    KustomizeTree,
    PatchUse,
    Step,
    artifact_files,
    controller_build,
    read_kustomization,
)
from fluxv2_migrate.kustomize.generators import name_hash
from fluxv2_migrate.kustomize.resources import Resource
from kustomize_trees import folders_of, kustomize_trees

RELEASE = "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {name: web}\n"
TREE = {
    "base/kustomization.yaml": "resources: [web.yaml]\nnamePrefix: a-\n",
    "base/web.yaml": f"# the first\n---\n{RELEASE}",
    "part/kustomization.yaml": (
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n- path: p.yaml\n"
        "  target: {kind: HelmRelease}\n"
    ),
    "part/p.yaml": "- {op: add, path: /spec, value: {a: 1}}\n",
    "prod/kustomization.yaml": (
        "bases: [../base]\ncomponents: [../part]\nnamespace: prod\npatchesStrategicMerge: [p.yaml]\n"
    ),
    "prod/p.yaml": "---\n" + RELEASE + "spec: {b: 2}\n",
    "cluster/kustomization.yaml": "resources: [../prod]\nimages: [{name: a, newTag: b}]\n",
    "flux/kustomization.yaml": (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\n"
    ),
}


def test_an_object_says_what_happened_to_it() -> None:
    (built,) = KustomizeTree(TREE).build("cluster").objects
    assert built.manifest["metadata"] == {"name": "a-web", "namespace": "prod"}
    assert built.manifest["spec"] == {"a": 1, "b": 2}
    assert (built.path, built.index, built.item) == ("base/web.yaml", 0, None)
    assert built.steps == (
        Step("base/kustomization.yaml", "", "web"),
        Step("part/kustomization.yaml", "", "a-web"),
        Step("prod/kustomization.yaml", "", "a-web"),
        Step("cluster/kustomization.yaml", "prod", "a-web"),
    )
    assert built.patches == (
        PatchUse("part/kustomization.yaml", "patches", 0, "part/p.yaml", 0, "json"),
        PatchUse("prod/kustomization.yaml", "patchesStrategicMerge", 0, "prod/p.yaml", 0, "merge"),
    )


def test_a_build_says_what_it_reads() -> None:
    ours = KustomizeTree(TREE).build("prod")
    assert ours.is_complete
    assert ours.files == tuple(
        sorted(path for path in TREE if path.split("/")[0] in ("base", "part", "prod"))
    )


def test_the_tree_is_walked_upwards() -> None:
    tree = KustomizeTree(TREE)
    assert list(KustomizeTree(TREE).kustomizations) == ["base", "cluster", "part", "prod"]
    assert [each.folder for each in tree.includers("base")] == ["prod"]
    assert [each.folder for each in tree.includers("part")] == ["prod"]
    assert [each.folder for each in tree.includers("base/web.yaml")] == ["base"]
    assert [each.folder for each in tree.patchers("prod/p.yaml")] == ["prod"]
    assert tree.patchers("base/web.yaml") == tree.includers("nothing") == ()
    assert tree.ancestors("base") == ("cluster", "prod")
    assert tree.roots == ("cluster",)


def test_circles_have_an_end() -> None:
    tree = KustomizeTree(
        {"a/kustomization.yaml": "resources: [../b, ../b]\n", "b/kustomization.yaml": "resources: [../a]\n"}
    )
    assert tree.ancestors("a") == ("a", "b")
    assert {problem.kind for problem in tree.build("a").problems} == {"cycle"}
    assert tree.build("a").problems == tree.build("a").problems
    # What is included by itself is a circle too where it was built before.
    later = KustomizeTree(
        {
            "a/kustomization.yaml": "resources: [../c]\n",
            "c/kustomization.yaml": "resources: [d.yaml, ../e]\n",
            "c/d.yaml": RELEASE,
            "e/kustomization.yaml": "resources: [../a/f]\n",
            "a/f/kustomization.yaml": "resources: []\n",
        }
    )
    assert later.build("c").ok
    assert later.build("a").ok


def test_a_remote_base_is_no_failure_and_hides_what_patches_are_for() -> None:
    url = "https://example.com/a.yaml"
    files = {
        "kustomization.yaml": (
            f"resources: [{url}, r.yaml]\ncomponents: ['git@example.com:a/b']\npatches: [{{path: p.yaml}}]\n"
        ),
        "r.yaml": RELEASE,
        "p.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nspec: {a: 1}\n",
    }
    ours = KustomizeTree(files).build("")
    assert ours.ok
    assert not ours.is_complete
    assert [(problem.kind, problem.line) for problem in ours.problems] == [
        ("remote", 1),
        ("remote", 2),
        ("remote", 3),
    ]
    assert [item.manifest["kind"] for item in ours.objects] == ["HelmRelease"]
    kustomization = KustomizeTree(files).kustomizations[""]
    assert [entry.entry for entry in kustomization.remote_entries] == [url, "git@example.com:a/b"]
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"
    for remote in ({url: secret}, {url: secret}.get):
        known = KustomizeTree(files, remote=remote).build("")
        assert [item.manifest.get("spec") for item in known.objects] == [{"a": 1}, None]
        assert known.objects[0].path == ""
    broken = KustomizeTree(files, remote={url: "a: 1\n"}).build("")
    assert [problem.kind for problem in broken.problems][:1] == ["invalid"]


@pytest.mark.parametrize(
    "entry", ["files: [a.json=https://example.com/b.json]", "envs: [HTTP://example.com/e]"]
)
def test_what_a_generator_fetches_is_no_failure(entry: str) -> None:
    build = KustomizeTree({"kustomization.yaml": f"secretGenerator: [{{name: a, {entry}}}]\n"}).build("")
    assert build.ok
    assert not build.is_complete
    assert [(problem.kind, problem.line) for problem in build.problems] == [("remote", 1)]


def test_what_cannot_be_followed_is_said() -> None:
    files = {"kustomization.yaml": "resources: []\ncrds: [a.yaml]\nhelmCharts: [{name: a}]\n"}
    ours = KustomizeTree(files).build("")
    assert ours.ok
    assert [(problem.kind, problem.line) for problem in ours.problems] == [
        ("unsupported", 2),
        ("unsupported", 3),
    ]
    inside = {
        "kustomization.yaml": "resources: [a.yaml]\nreplacements:\n- sourceValue: x\n  targets:\n"
        "  - {select: {kind: ConfigMap}, fieldPaths: [data.a.b]}\n",
        "a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: 'b: 1'}\n",
    }
    assert [problem.kind for problem in KustomizeTree(inside).build("").problems] == ["unsupported"]


def test_what_a_kustomization_lists_is_read() -> None:
    text = "namespace: a\nlabels: [{pairs: {a: b}}]\nresources: [b, ../../c]\ncomponents: []\n"
    kustomization = read_kustomization("d/kustomization.yaml", text)
    assert kustomization.unfollowed == ()
    assert [entry.path for entry in kustomization.resources] == ["d/b", None]
    assert kustomization.line_of("none") == 1


def test_a_file_that_is_no_text_is_named() -> None:
    tree = KustomizeTree({"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": b"\xff"})
    (problem,) = tree.build("").problems
    assert (problem.kind, problem.path) == ("invalid", "a.yaml")
    assert isinstance(KustomizeTree({"kustomization.yaml": b"\xff"}).kustomization(""), InvalidManifest)


def test_generated_bytes_are_encoded() -> None:
    files: dict[str, str | bytes] = {
        "kustomization.yaml": "configMapGenerator: [{name: a, files: [a=b, c=d]}, {name: e, files: [b]}]\n",
        "b": b"\xff\x00",
        "d": b"text",
    }
    first, second = KustomizeTree(files).build("").objects
    assert first.manifest["data"] == {"c": "text"}
    assert first.manifest["binaryData"] == {"a": "/wA="}
    assert "data" not in second.manifest
    assert name_hash(first.manifest) != name_hash(second.manifest)
    assert first.path == ""


def test_metadata_is_made_where_there_is_none() -> None:
    resource = Resource({"kind": "A"}, "a.yaml", 0)
    resource.set_metadata("name", "a")
    assert resource.name == "a"


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        ("*.md", ["a/b.yaml", "a/c/d.yaml", "e.yaml"]),
        ("# a\n\n/a/", ["e.yaml", "x.md"]),
        ("a/c", ["a/b.yaml", "e.yaml", "x.md"]),
        ("c/", ["a/b.yaml", "e.yaml", "x.md"]),
        ("e.yaml/", ["a/b.yaml", "a/c/d.yaml", "e.yaml", "x.md"]),
        ("*\n!e.yaml", ["e.yaml"]),
        ("/**/d.yaml", ["a/b.yaml", "e.yaml", "x.md"]),
        ("a/**", ["e.yaml", "x.md"]),
        # Measured with source-controller 1.9.1: what stands for a folder may be a file.
        ("e.yaml/**", ["a/b.yaml", "a/c/d.yaml", "x.md"]),
        ("**/c/**/d.yaml", ["a/b.yaml", "e.yaml", "x.md"]),
        ("**/none/**", ["a/b.yaml", "a/c/d.yaml", "e.yaml", "x.md"]),
        ("**/none", ["a/b.yaml", "a/c/d.yaml", "e.yaml", "x.md"]),
        ("a/b**/c", ["a/b.yaml", "a/c/d.yaml", "e.yaml", "x.md"]),
        ("a/b.yaml/", ["a/b.yaml", "a/c/d.yaml", "e.yaml", "x.md"]),
        ("?.yaml", ["a/b.yaml", "a/c/d.yaml", "x.md"][2:]),
        ("[a-e].yaml\n\\x.md", []),
        ("[^e].yaml", ["e.yaml", "x.md"]),
        ("[e.yaml\n[z-a].yaml", ["a/b.yaml", "a/c/d.yaml", "e.yaml", "x.md"]),
        ("x.md   ", ["a/b.yaml", "a/c/d.yaml", "e.yaml"]),
        ("x.md\\ ", ["a/b.yaml", "a/c/d.yaml", "e.yaml", "x.md"]),
        ("a/c/d.yaml/e", ["a/b.yaml", "a/c/d.yaml", "e.yaml", "x.md"]),
    ],
)
def test_ignored_files_are_those_of_go_git(lines: str, left: list[str]) -> None:
    files = {"a/b.yaml": "", "a/c/d.yaml": "", "e.yaml": "", "x.md": ""}
    given = artifact_files({**files, ".sourceignore": lines})
    assert [path for path in given if path != ".sourceignore"] == left
    assert list(artifact_files(files, ignore=lines)) == left


def test_ignore_files_of_folders_count_in_them() -> None:
    # Those of folders that are ignored themselves, too, and then the usual patterns count no more.
    ignored: dict[str, str | bytes] = {".github/.sourceignore": "x.yaml\n", ".github/x.yaml": "", "a.png": ""}
    assert list(artifact_files(ignored)) == [".github/.sourceignore", "a.png"]
    files: dict[str, str | bytes] = {
        "a/.sourceignore": b"b.yaml\n",
        "a/b.yaml": "",
        "b.yaml": "",
        ".github/.sourceignore": "*.yaml\n",
        ".github/x.yaml": "",
        ".git/config": "",
    }
    assert list(artifact_files(files)) == [
        "a/.sourceignore",
        "b.yaml",
        ".github/.sourceignore",
    ]


def test_the_controller_does_not_see_what_is_ignored() -> None:
    files = {".flux.yaml": "version: 1\n", "a.yaml": RELEASE, "b/.travis.yml": "a: 1\n"}
    tree = KustomizeTree(files)
    ours = controller_build(tree, "")
    assert ours.ok
    assert [item.steps for item in ours.objects] == [()]
    assert tree.artifact() is tree.artifact()
    assert not controller_build(tree, "", ignore="/none\n").ok
    assert [problem.kind for problem in controller_build(tree, "b").problems] == ["missing"]
    empty = KustomizeTree({"a/b.txt": "", "c/kustomization.yaml": "resources: []\n"})
    assert [problem.kind for problem in controller_build(empty, "a").problems] == ["invalid"]
    assert controller_build(empty, "c").ok


@given(files=kustomize_trees())
def test_every_object_says_where_it_stands(files: dict[str, str]) -> None:
    tree = KustomizeTree(files)
    for folder in folders_of(files):
        ours = tree.build(folder)
        for item in ours.objects:
            if item.path:
                found = [
                    resource
                    for resource in tree.resources(item.path)
                    if (resource.index, resource.item) == (item.index, item.item)
                ]
                assert len(found) == 1
                assert item.path in ours.files
            assert all(step.path in ours.files for step in item.steps)
            assert all(use.path == "" or use.path in ours.files for use in item.patches)
        # Builds share objects, and no build changes what another one has.
        before = [str(item.manifest) for item in ours.objects]
        for other in folders_of(files):
            tree.build(other)
        assert [str(item.manifest) for item in KustomizeTree(files).build(folder).objects] == before
        assert [str(item.manifest) for item in tree.build(folder).objects] == before


@pytest.mark.parametrize(
    ("pattern", "matched", "left"),
    [
        ("[a-c]*.yaml", "b.yaml", "d.yaml"),
        ("[^a-c]x", "dx", "ax"),
        ("[]a]", None, "a"),
        ("[a-]", None, "a"),
        ("[-a]", None, "a"),
        ("[a", None, "a"),
        ("[c-a]", None, "b"),
        ("[^c-a]", "b", "bb"),
        (r"[\]\-]x", "]x", "ax"),
        ("[a-b&&c]", "&", "d"),
        ("a\\", None, "a"),
        (r"a\*b", "a*b", "aab"),
        ("a*b*c", "a1b2c", "a1c2b"),
        ("*a?c*", "xxabcx", "xxacx"),
    ],
)
def test_a_pattern_matches_what_go_matches(pattern: str, matched: str | None, left: str) -> None:
    """Source: Go `path/filepath` `Match`."""
    files = {".sourceignore": f"{pattern}\r\nnothing\n", left: ""} | ({matched: ""} if matched else {})
    assert sorted(artifact_files(files)) == sorted([".sourceignore", left])
