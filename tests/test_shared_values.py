"""What values, builds and results have in common is held once, and nobody changes it."""

from __future__ import annotations

import gc
import json
import weakref
from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux2.image_objects import read_image_objects, read_mappings
from fluxv2_migrate.frozen import frozen
from fluxv2_migrate.kustomize import KustomizeTree
from fluxv2_migrate.kustomize.patches import read_patch
from fluxv2_migrate.plan import Move, Remove, Set, apply_to_mapping
from fluxv2_migrate.releases.forms import MadeOnce
from kustomize_trees import folders_of, kustomize_trees

SCALARS = st.one_of(st.none(), st.booleans(), st.sampled_from((0, 1, 0.0, -0.0, 1.0, "", "a", "1")))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner)),
    max_leaves=12,
)


def collections_in(value: Any) -> list[Any]:
    inner = list(value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())
    found = [each for item in inner for each in collections_in(item)]
    return [value, *found] if isinstance(value, (dict, list)) else found


@given(st.lists(VALUES, max_size=4))
def test_equals_are_one_and_nothing_else_is(values: list[Any]) -> None:
    written = [json.dumps(each) for each in values]
    known: dict[Any, Any] = {}
    after = [frozen(each, known) for each in values]
    # Neither a type nor the order of keys is another one, and what was given is what it was.
    assert [json.dumps(each) for each in after] == [json.dumps(each) for each in values] == written
    held: dict[str, int] = {}
    for each in collections_in(after)[1:]:
        assert held.setdefault(json.dumps(each), id(each)) == id(each)


@settings(max_examples=60)
@given(files=kustomize_trees())
def test_builds_change_nothing_of_what_they_share(files: dict[str, str]) -> None:
    """An overlay, however it patches, leaves its bases, its patches and all other builds as they were."""
    tree = KustomizeTree(files)
    folders = folders_of(files)
    alone = {folder: deepcopy(KustomizeTree(files).build(folder)) for folder in folders}
    texts = [text for path, text in files.items() if "patch" in path]
    read = [(text, deepcopy(found)) for text in texts if (found := patch_or_nothing(text)) is not None]
    for each in (*folders, *reversed(folders)):
        assert tree.build(each) == alone[each]
        # What is let go is built again from bases that are kept.
        tree.let_build_go(each)
    assert {each: tree.build(each) for each in folders} == alone
    assert all(read_patch(text) == found for text, found in read)


def patch_or_nothing(text: str) -> Any:
    try:
        return read_patch(text)
    except InvalidManifest:
        return None


PLANS = (
    (Set(("spec", "chart"), "web"), Move(("spec", "timeout"), ("spec", "install", "timeout"))),
    (Set(("spec", "interval"), "5m"), Remove(("spec", "timeout"))),
    (Set(("spec", "values", "replicas"), 3),),
    (Move(("spec", "values"), ("spec", "given")),),
)


def test_a_release_after_a_plan_is_what_the_plan_makes_of_it_alone() -> None:
    """What was made of another release is taken for no more than it has in common with this one."""
    spec = {"timeout": 5, "values": {"replicas": 1}, "rollback": {"enable": True}}
    release = {"kind": "HelmRelease", "metadata": {"name": "web"}, "spec": spec}
    others = (
        {**spec, "values": {"replicas": 2}},
        {**spec, "timeout": 6},
        {"values": {}, **spec},
        {"timeout": 5},
    )
    seen: list[dict[str, Any]] = [
        release,
        *({**release, "spec": each} for each in others),
        {**release, "metadata": {"name": "b"}},
    ]
    for plans in (PLANS[:2], PLANS[1::-1], PLANS):
        made = MadeOnce()
        for plan in plans:
            for each in (*seen, *seen):
                if not any(isinstance(one, Move) and one.source[1] not in each["spec"] for one in plan):
                    alone = apply_to_mapping(plan, each)
                    assert json.dumps(made.after(plan, each)) == json.dumps(alone)
    made = MadeOnce()
    one, other = (made.after(PLANS[1], each) for each in seen[:2])
    assert one["spec"]["rollback"] is other["spec"]["rollback"]
    assert one["metadata"] is other["metadata"]


def test_a_document_that_was_read_is_held_once() -> None:
    text = "kind: A\nmetadata: {name: a}\n"
    value = {"kind": "A", "metadata": {"name": "a"}}
    tree = KustomizeTree({"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": text})
    tree.know({text: value})
    assert tree.build("").objects[0].manifest is value
    assert tree.patch(text)[0][0].manifest is value
    tree.let_trials_go()
    assert tree.patch(text) is tree.patch(text)


def test_a_document_that_is_tried_is_what_its_edit_made_of_it() -> None:
    text = "kind: A\nmetadata: {name: a}\n"
    value = {"kind": "A", "metadata": {"name": "a"}}
    trial = KustomizeTree({"a.yaml": "kind: B\n"}).with_files({"a.yaml": text})
    trial.know_edited({text: value})
    assert trial.resources("a.yaml")[0].manifest is value
    assert trial.patch(text)[0][0].manifest is value
    trial.let_trials_go()
    assert trial.patch(text)[0][0].manifest is not value
    assert trial.patch(text)[0][0].manifest == value


def test_documents_of_two_repositories_are_held_once() -> None:
    texts = [f"kind: A\nmetadata: {{name: {name}}}\n" for name in ("a", "b")]
    values = [{"kind": "A", "metadata": {"name": name}} for name in ("a", "b")]
    before = KustomizeTree({"a.yaml": texts[0]})
    before.know({texts[0]: values[0]})
    after = before.with_files({"a.yaml": texts[1]})
    after.know({texts[1]: values[1]})
    assert [
        tree.resources("a.yaml")[0].manifest is value
        for tree, value in zip((before, after), values, strict=True)
    ] == [True, True]


def test_image_automation_is_taken_from_what_was_read() -> None:
    text = "apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImagePolicy\nmetadata: {name: web}\nspec: {a: 1}\n"
    (value,) = read_mappings(text)
    (policy,) = read_image_objects({"a.yaml": text}, {text: value}).policies
    assert policy.spec is value["spec"]
    (alone,) = read_image_objects({"a.yaml": text}).policies
    assert alone == policy


def test_patches_of_a_repository_are_read_once_and_those_of_a_trial_go_with_it() -> None:
    patch, other = (f"kind: A\nmetadata: {{name: a}}\nb: {value}" for value in (1, 2))
    kustomization = "resources: [a.yaml]\npatches: [{{patch: {}}}]\n"
    files = {
        "kustomization.yaml": kustomization.format(json.dumps(patch)),
        "a.yaml": "kind: A\nmetadata: {name: a}\n",
    }
    tree = KustomizeTree(files)
    tree.build("")
    held, trial = (
        tree.patch(patch),
        tree.with_files({"kustomization.yaml": kustomization.format(json.dumps(other))}),
    )
    assert trial.build("").objects[0].manifest["b"] == 2
    tried = trial.patch(other)
    trial.let_build_go("")
    read_patch.cache_clear()
    assert tree.patch(patch) is held
    assert trial.patch(other) is not tried
    assert trial.patch(other) == tried


def test_what_is_built_goes_with_its_tree() -> None:
    """Nobody waits for the collector of garbage: a tree holds every document."""
    gc.collect()
    gc.disable()
    try:
        tree = KustomizeTree({"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": "kind: A\n"})
        assert tree.artifact() is tree
        tree.with_files({"b.yaml": ""}).artifact().build("")
        held = weakref.ref(tree)
        del tree
        assert held() is None
    finally:
        gc.enable()
