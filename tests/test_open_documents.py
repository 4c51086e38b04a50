"""What is edited in many places is what comes of the same edits one after another, and it is read once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fluxv2_migrate as fm
from counted_work import calls_of
from fluxv2_migrate import Change
from fluxv2_migrate.kustomize import add_patch
from fluxv2_migrate.plan import edit_fields, fields_part
from fluxv2_migrate.repository.open_files import OpenFiles
from fluxv2_migrate.repository.workspace import Workspace
from fluxv2_migrate.yaml_text import CannotEdit, OpenDocument, PartEdit, replace_text, text_part
from manifest_texts import CHART
from patched_overlays import Files, migrate, release

ENTRIES = (
    "- patch: |-\n    a: 1\n    b: 2\n  target:\n    kind: A # one\n    name: x\n",
    "- patch: |-\n    a: 1\n\n  target: {kind: A, name: x}\n",
    '- target:\n    kind: A\n    name: x\n  patch: "a: 1\\nb: 2"\n',
    "- {patch: 'a: 1', target: {name: x, kind: A}}\n",
)
ADDED: st.SearchStrategy[str | Mapping[str, Any]] = st.sampled_from(
    ["- op: remove\n  path: /a", {"kind": "A", "spec": {"a": {"b": {"c": 1}}}}]
)
TEXTS = st.sampled_from(["a: 2", "a: 2\nb:\n  c: 3", "c: 'it'"])
VALUES = st.dictionaries(
    st.sampled_from(["kind", "group", "version"]), st.sampled_from(["B", "1"]), max_size=2
)
CHANGE = Change("kustomization", "Kustomization a.yaml", "a.yaml", 1, (), "a.yaml", "patches")


@given(st.data())
def test_edits_of_several_parts_are_those_of_one_after_another(data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(ENTRIES), min_size=1, max_size=5))
    text = "# ours\npatches:\n" + "".join(chosen) + data.draw(st.sampled_from(["", "namespace: a\n"]))
    text = text.replace("\n", data.draw(st.sampled_from(["\n", "\r\n"])))
    text = text if data.draw(st.booleans()) else text.rstrip("\r\n")
    workspace, one_by_one = Workspace({"a.yaml": text}), text
    files = OpenFiles(workspace)
    for _ in range(data.draw(st.integers(1, 6))):
        at = ("patches", data.draw(st.integers(0, len(chosen) - 1)))
        edit: PartEdit
        if data.draw(st.integers(0, 3)) == 0:
            patch, target = data.draw(ADDED), data.draw(st.sampled_from([{}, {"kind": "A", "name": "y"}]))
            files.add_patch("a.yaml", patch, target, CHANGE)
            one_by_one = add_patch(one_by_one, patch, target)
            continue
        if data.draw(st.booleans()):
            value = data.draw(TEXTS)
            edit = partial(text_part, path=(*at, "patch"), value=value)
            one_by_one = replace_text(one_by_one, (*at, "patch"), value)
        else:
            values, removed = data.draw(VALUES), data.draw(st.sampled_from([(), ("name",), ("absent",)]))
            edit = partial(fields_part, path=(*at, "target"), values=values, removed=removed)
            one_by_one = edit_fields(one_by_one, (*at, "target"), values, removed)
        files.edit_part("a.yaml", 0, edit, CHANGE)
    files.close_all()
    assert workspace.text("a.yaml") == one_by_one
    assert workspace.changes == (() if one_by_one == text else (CHANGE,))


def test_other_documents_and_edits_of_the_whole_file_stay() -> None:
    workspace = Workspace({"a.yaml": "\ufeffa: 1\n---\nb: x\nc: v\n"})
    files = OpenFiles(workspace)
    files.edit_part("a.yaml", 1, partial(text_part, path=("b",), value="z"), CHANGE)
    files.edit_part("a.yaml", 1, partial(text_part, path=("c",), value="v"), CHANGE)
    files.edit("a.yaml", lambda text: f"{text}d: 1\n", CHANGE)
    files.edit_part("a.yaml", 1, partial(text_part, path=("b",), value="w"), CHANGE)
    files.close_all()
    assert workspace.text("a.yaml") == "\ufeffa: 1\n---\nb: w\nc: v\nd: 1\n"


def test_patches_are_added_in_the_style_that_each_finds() -> None:
    text = "namespace:\n    name: a\npatches:\n- patch: |-\n    a: 1\n"
    patch = {"kind": "A", "spec": {"a": {"b": 1}, "c": {"d": 1}}}
    workspace = Workspace({"a.yaml": text})
    files = OpenFiles(workspace)
    for _ in range(3):
        files.add_patch("a.yaml", patch, {}, CHANGE)
        text = add_patch(text, patch)
    files.close_all()
    assert workspace.text("a.yaml") == text
    assert "\n      kind: A" in text
    assert "\n    kind: A" in text


@pytest.mark.parametrize(
    ("pieces", "taken"),
    [((0, 1), False), ((2, 4), False), ((3, 3), False), ((4, 4), True), ((1, 2), True), ((5, 6), True)],
)
def test_nothing_is_written_twice_in_one_place(pieces: tuple[int, int], taken: bool) -> None:
    document = OpenDocument("a: xyz\n")
    part = text_part(document, ("a",), "q")
    document.put(part.__class__(((0, 1, "b"), (2, 4, "c")), (), {}))
    assert document.takes(part.__class__(((*pieces, ""),), (), {})) is taken


def test_an_edit_looks_at_no_entry_but_its_own() -> None:
    document = OpenDocument("patches:\n- patch: a\n- patch: b\n")
    patches, first = document.value["patches"], document.value["patches"][0]
    document.put(text_part(document, ("patches", 1, "patch"), "c"))
    assert document.value["patches"] is patches
    assert patches[0] is first
    assert document.written() == "patches:\n- patch: a\n- patch: c\n"


def test_what_would_mean_something_else_is_refused_when_it_is_closed() -> None:
    document = OpenDocument("a: x\n")
    part = text_part(document, ("a",), "y")
    document.put(part.__class__(part.pieces, part.path, "z"))
    with pytest.raises(CannotEdit, match="would not mean"):
        document.written()


def inline_patches(count: int, first: str = "|-") -> Files:
    """Releases that are patched in one kustomization; the first one by a text of a form of its own."""
    names = [f"web{index}" for index in range(count)]
    patches = "".join(
        f"- patch: {'|-' if index else first}\n"
        f"    apiVersion: helm.fluxcd.io/v1\n    kind: HelmRelease\n    metadata:\n"
        f"      name: {name}\n      namespace: shop\n    spec:\n      timeout: {index + 10}\n"
        for index, name in enumerate(names)
    )
    return {
        "base/kustomization.yaml": "resources:\n" + "".join(f"- {name}.yaml\n" for name in names),
        **{f"base/{name}.yaml": release(CHART, name) for name in names},
        "prod/kustomization.yaml": f"resources:\n- ../base\npatches:\n{patches}",
    }


def test_a_closure_whose_kustomization_cannot_be_edited_stays_alone() -> None:
    migration = migrate(inline_patches(3, "|2-"))
    text = str(migration.files["prod/kustomization.yaml"])
    assert text.count("helm.fluxcd.io/v1") == 1
    assert text.count("helm.toolkit.fluxcd.io/v2") == 2
    assert "helm.fluxcd.io/v1" in str(migration.files["base/web0.yaml"])
    (error,) = (each for each in migration.findings if each.severity == "error")
    assert (error.code, error.path) == ("RP004", "base/web0.yaml")


def test_patches_of_one_kustomization_grow_with_their_number() -> None:
    options = fm.MigrationOptions(sync_roots=("prod",))
    few, many = inline_patches(10), inline_patches(40)
    fm.migrate_repository(few, options)
    small = calls_of(lambda: fm.migrate_repository(few, options))
    assert calls_of(lambda: fm.migrate_repository(many, options)) < 5 * small
