"""Edits of kustomization files: what is asked changes, and every other byte stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kustomize import add_patch, add_resources, read_kustomization, remove_entry
from fluxv2_migrate.kustomize.fields import in_own_letters
from fluxv2_migrate.yaml_text import CannotEdit, append_item, read_document, remove_item, split_documents
from reference_trees import read_tree

RESOURCES = [
    ("flush", "resources:\n- a.yaml\n", "resources:\n- a.yaml\n- new.yaml\n"),
    ("indented", "resources:\n  - a.yaml\n", "resources:\n  - a.yaml\n  - new.yaml\n"),
    ("windows", "resources:\r\n- a.yaml\r\n", "resources:\r\n- a.yaml\r\n- new.yaml\r\n"),
    ("no end of the last line", "resources:\n- a.yaml", "resources:\n- a.yaml\n- new.yaml"),
    ("no end, windows", "a: 1\r\nresources:\r\n- a", "a: 1\r\nresources:\r\n- a\r\n- new.yaml"),
    ("byte order mark", "\ufeffresources:\n- a\n", "\ufeffresources:\n- a\n- new.yaml\n"),
    ("comment behind", "resources:\n- a # x\nb: 1\n", "resources:\n- a # x\n- new.yaml\nb: 1\n"),
    ("comment under", "resources:\n- a\n# - b\n\n# x\n", "resources:\n- a\n- new.yaml\n# - b\n\n# x\n"),
    ("only bases", "bases:\n- ../a\n", "bases:\n- ../a\nresources:\n- new.yaml\n"),
    ("only bases, indented", "bases:\n  - ../a\n", "bases:\n  - ../a\nresources:\n  - new.yaml\n"),
    ("nothing", "", "resources:\n- new.yaml\n"),
    ("only comments", "# x\n", "# x\nresources:\n- new.yaml\n"),
    ("a comment without end", "# x", "# x\nresources:\n- new.yaml"),
    ("an empty list", "resources: [] # x\nb: 1\n", "resources: # x\n- new.yaml\nb: 1\n"),
    ("a null", "resources: ~\n", "resources:\n- new.yaml\n"),
    ("no value", "resources: # x\nb: 1\n", "resources: # x\n- new.yaml\nb: 1\n"),
    ("no value at the end", "b: 1\nresources:", "b: 1\nresources:\n- new.yaml"),
    ("brackets", "resources: [a, 'b c']\n", "resources:\n- a\n- 'b c'\n- new.yaml\n"),
    ("blanks behind brackets", "resources: [a]  \nb: 1\n", "resources:\n- a\n- new.yaml\nb: 1\n"),
    ("only a start marker", "---\n", "---\nresources:\n- new.yaml\n"),
    ("a start marker", "---\nresources:\n- a\n", "---\nresources:\n- a\n- new.yaml\n"),
    ("a second document", "resources: [a]\n---\nb: 1\n", "resources:\n- a\n- new.yaml\n---\nb: 1\n"),
    ("listed already", "bases:\n- ./new.yaml\n", "bases:\n- ./new.yaml\n"),
    ("an indented document", "  resources:\n  - a\n", "  resources:\n  - a\n  - new.yaml\n"),
    ("an indented document without", "  b: 1\n", "  b: 1\n  resources:\n  - new.yaml\n"),
    ("quoted items", "resources:\n- 'a'\nb: 1\n", "resources:\n- 'a'\n- new.yaml\nb: 1\n"),
    ("brackets in lines", "resources: [a,\n  b,\n]\n", "resources:\n- a\n- b\n- new.yaml\n"),
    ("braces", "{resources: [a], b: 'x, y'} # c\n", "resources:\n- a\n- new.yaml\nb: 'x, y' # c\n"),
    ("braces without", "# c\n{b: {c: d}}", "# c\nb: {c: d}\nresources:\n- new.yaml"),
    ("indented braces", "  {b: , c: d}\n", "b:\nc: d\nresources:\n- new.yaml\n"),
    ("braces behind a start", "--- {b: 1}\n", "---\nb: 1\nresources:\n- new.yaml\n"),
    ("JSON", '{"b":"c",\n "resources":[\n  "a"\n ]}\n', '"b": "c"\n"resources":\n- "a"\n- new.yaml\n'),
    (
        "JSON, windows",
        '{\r\n "resources": ["a"],\r\n "b": {\r\n  "c": 1\r\n }\r\n}\r\n',
        '"resources":\r\n- "a"\r\n- new.yaml\r\n"b": {\r\n  "c": 1\r\n }\r\n',
    ),
]


@pytest.mark.parametrize(
    ("text", "expected"), [row[1:] for row in RESOURCES], ids=[row[0] for row in RESOURCES]
)
def test_a_resource_is_added_in_the_style_of_the_file(text: str, expected: str) -> None:
    assert add_resources(text, ["new.yaml"]) == expected
    assert add_resources(expected, ["new.yaml"]) == expected


REFUSED = [
    "&x {resources: [a]}\n",
    "{resources: [a], # x\n b: 1}\n",
    "{resources: [a], b: {\n}}\n",
    "{}\n",
    "resources: [a, # x\n  b]\n",
    "a: &x [b]\nresources: *x\n",
    "resources: &x [a]\n",
    "resources: a\n",
    "- a\n",
    "resources: # x\n  [a]\n",
    "a: 1\n...\n",
    "a: |\n  x",
    "resources: {a: b}\n",
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_edited_safely_is_refused(text: str) -> None:
    with pytest.raises(CannotEdit):
        add_resources(text, ["new.yaml"])


def test_a_text_that_is_no_yaml_is_refused() -> None:
    with pytest.raises(InvalidManifest):
        add_resources("a: [\n", ["new.yaml"])


REMOVALS = [
    ("resources:\n- a\n- b # x\n- c\n", "resources:\n- a\n# x\n- c\n"),
    ("resources:\n- a\n# above\n- b\nc: 1\n", "resources:\n- a\n# above\nc: 1\n"),
    ("resources: # x\n- b\nc: 1\n", "resources: [] # x\nc: 1\n"),
    ("resources: [a, b]\n", "resources: [a]\n"),
    ("resources:\n- a\n- b", "resources:\n- a"),
    ("resources:\r\n- a\r\n- b", "resources:\r\n- a"),
    ("resources:\n- a\n- b # x", "resources:\n- a\n# x"),
    ("resources:\n  -  ./b\n  - c\n", "resources:\n  - c\n"),
    ("\ufeffresources:\n-\n  b\n- c\n", "\ufeffresources:\n- c\n"),
]


@pytest.mark.parametrize(("text", "expected"), REMOVALS)
def test_an_entry_goes_and_comments_stay(text: str, expected: str) -> None:
    assert remove_entry(text, "resources", "b") == expected


@pytest.mark.parametrize(
    "text",
    [
        "resources:\n- a\n",
        "a: 1\n",
        "",
        "resources: b\n",
        "a: &x\n- b\nresources: *x\n",
        "resources:\n- &x b\n- *x\n",
        "resources:\n- - b\n- b: 1\n",
        "resources: [b, # x\n c]\n",
    ],
)
def test_what_cannot_be_removed_safely_is_refused(text: str) -> None:
    with pytest.raises(CannotEdit):
        remove_entry(text, "resources", "b")


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("a:\n-\n- b\n", 0),
        ("a:\n- b\n", 1),
        ("a:\n- b\n", -1),
        ("c: &x b\na:\n- *x\n", 0),
        ("a:\n- - b\n- c\n", 5),
        ("a: 1\n", 0),
        ("- a\n", 0),
        ("b: &x\n- c\na: *x\n", 0),
    ],
)
def test_items_that_are_not_there_are_refused(text: str, index: int) -> None:
    with pytest.raises(CannotEdit):
        remove_item(text, "a", index)


@pytest.mark.parametrize(
    "text",
    [
        "a:\n- # above\n  b\n- c\n",
        "a: !!seq\n- b\n- c\n",
        "? a\n: - b\n  - c\n",
        "a:\n- &x b\n- c\nd: *x\n",
        "e: &x f\na:\n- &x b\n- c\nd: *x\n",
    ],
)
def test_items_in_unusual_forms_are_refused(text: str) -> None:
    with pytest.raises(CannotEdit):
        remove_item(text, "a", 0)


def test_an_anchor_that_nobody_names_goes_with_its_item() -> None:
    assert remove_item("a:\n- &x b\n- c\n", "a", 0) == "a:\n- c\n"


@pytest.mark.parametrize("text", ["b: &x\n- c\na: *x\n", "a: &x\nb: 1\n", "a: !!null\n"])
def test_a_list_that_is_not_written_out_gets_no_item(text: str) -> None:
    with pytest.raises(CannotEdit):
        append_item(text, "a", ["- new"], "new")


def test_nested_items_go() -> None:
    assert remove_item("a:\n- b: |\n    x # y\n  c: 1 # z\n- d\n", "a", 0) == "a:\n# z\n- d\n"
    assert remove_entry("a:\n- {b: 1}\n- c\n", "a", {"b": 1}) == "a:\n- c\n"
    assert remove_item("a:\n- - b\n- c\n", "a", 0) == "a:\n- c\n"


def test_a_patch_is_added_as_a_block() -> None:
    patch = {"apiVersion": "helm.fluxcd.io/v1", "kind": "HelmRelease", "metadata": {"name": "any"}}
    text = "resources:\n    - a\nlabels:\n    - pairs:\n          a: b\n"
    assert add_patch(text, patch, {"kind": "HelmRelease", "name": "web"}) == text + (
        "patches:\n    - target:\n          kind: HelmRelease\n          name: web\n      patch: |-\n"
        "          apiVersion: helm.fluxcd.io/v1\n          kind: HelmRelease\n          metadata:\n"
        "            name: any\n"
    )
    after = "patches:\r\n- path: a.yaml\r\n"
    assert add_patch(after, "- op: remove\n\n  path: /a\n", {"kind": "A"}) == after + (
        "- target:\r\n    kind: A\r\n  patch: |-\r\n    - op: remove\r\n\r\n      path: /a\r\n"
    )


@pytest.mark.parametrize("patch", ["", "  a: 1", "a:\t1", "a: 1\r\nb: 2"])
def test_a_patch_that_no_block_holds_is_refused(patch: str) -> None:
    with pytest.raises(CannotEdit):
        add_patch("resources: [a]\n", patch, {"kind": "A"})


@st.composite
def kustomization_texts(draw: st.DrawFn) -> str:
    """Kustomization files in the styles in which people write them."""
    comments = st.sampled_from(["", "", "", "# note\n", "\n", "#- old.yaml\n"])
    blanks = draw(st.sampled_from(["", "  ", "    "]))
    rows = [draw(st.sampled_from(["", "---\n", "# head\n", "apiVersion: kustomize.config.k8s.io/v1beta1\n"]))]
    fields = draw(st.lists(st.sampled_from(["resources", "bases", "patches", "namespace"]), unique=True))
    for field in fields:
        if field == "namespace":
            rows.append("namespace: 'prod' # where\n")
            continue
        rows.append(draw(comments))
        form = draw(st.sampled_from(["block", "block", "flow", "empty", "null"]))
        if form == "block":
            rows.append(f"{field}:{draw(st.sampled_from(['', ' # list']))}\n")
            for item in draw(
                st.lists(st.sampled_from(["a.yaml", "../base", '"b c"']), min_size=1, max_size=3)
            ):
                rows.append(f"{blanks}- {item}{draw(st.sampled_from(['', ' # why', '  ']))}\n")
                rows.append(draw(comments))
        elif form == "flow":
            rows.append(f"{field}: [a.yaml, '../base']\n")
        else:
            rows.append(f"{field}:{' []' if form == 'empty' else ''}\n")
    rows.append(draw(comments))
    text = "".join(rows)
    text = text.removesuffix("\n") if draw(st.booleans()) else text
    text = text.replace("\n", "\r\n") if draw(st.booleans()) else text
    return ("\ufeff" if draw(st.booleans()) else "") + text


def first_value(text: str) -> dict[str, Any]:
    plain = text.removeprefix("\ufeff")
    spans = split_documents(plain)
    return read_document(plain[: spans[0].end] if spans else "")[1] or {}


def is_subsequence(rows: list[str], others: list[str]) -> bool:
    remaining = iter(others)
    return all(row in remaining for row in rows)


@given(text=kustomization_texts(), entry=st.sampled_from(["new.yaml", "./x y.yaml", "../../yes", "1.0"]))
def test_adding_adds_lines_and_changes_none(text: str, entry: str) -> None:
    after = add_resources(text, [entry])
    before = first_value(text)
    assert first_value(after) == {**before, "resources": [*(before.get("resources") or []), entry]}
    # Lists in brackets are opened; all other lines are the same, in the same order.
    plain, plain_after = (each.removeprefix("\ufeff") for each in (text, after))
    kept = [row for row in plain.splitlines() if "[" not in row]
    assert is_subsequence(kept, plain_after.splitlines())
    assert after.startswith("\ufeff") == text.startswith("\ufeff")
    assert after.endswith("\n") == (text.endswith("\n") or not text.removeprefix("\ufeff"))
    if "\r\n" in text:
        assert after.count("\n") == after.count("\r\n")


@given(
    text=kustomization_texts(),
    entries=st.lists(st.sampled_from(["new.yaml", "./x y.yaml", "./new.yaml", "1.0", "a"]), max_size=3),
)
def test_what_is_added_behind_another_entry_can_be_added_together(text: str, entries: list[str]) -> None:
    first = one_by_one = add_resources(text, ["first.yaml"])
    for each in entries:
        one_by_one = add_resources(one_by_one, [each])
    assert add_resources(first, entries) == one_by_one


@given(text=kustomization_texts(), data=st.data())
def test_what_was_added_goes_without_a_trace(text: str, data: st.DataObject) -> None:
    after = add_resources(text, ["new.yaml"])
    back = remove_entry(after, "resources", "new.yaml")
    before = first_value(text)
    assert first_value(back) == {**before, "resources": before.get("resources") or []}
    if isinstance(before.get("resources"), list) and before["resources"] and "resources: [" not in text:
        assert back == text
    entries = first_value(after)["resources"]
    index = data.draw(st.integers(0, len(entries) - 1))
    gone = remove_item(after.removeprefix("\ufeff"), "resources", index)
    assert first_value(gone)["resources"] == entries[:index] + entries[index + 1 :]
    assert gone.count("#") == after.count("#")


@given(text=kustomization_texts())
def test_a_patch_is_read_back_as_it_was_given(text: str) -> None:
    patch, target = "kind: A\nspec:\n  a: |\n    b\n\n    c", {"kind": "A", "name": "a.*"}
    before = first_value(text)
    wanted = [*(before.get("patches") or []), {"target": target, "patch": patch}]
    assert first_value(add_patch(text, patch, target)) == {**before, "patches": wanted}


def test_the_kustomizations_of_real_repositories_take_an_entry(shared: Path) -> None:
    count = 0
    for folder in (shared / "corpus").iterdir():
        for path, content in read_tree(folder).items() if folder.is_dir() else ():
            if path.endswith("kustomization.yaml") and b"kustomize.config" in content:
                text = content.decode("utf-8") if isinstance(content, bytes) else content
                after = add_resources(text, ["fluxv2.yaml"])
                assert is_subsequence(text.splitlines(), after.splitlines())
                assert (
                    remove_entry(after, "resources", "fluxv2.yaml").startswith(text)
                    or "resources" not in text
                )
                count += 1
    assert count > 70


def test_an_edit_that_would_change_something_else_is_refused() -> None:
    # The last value of the file would get an end of line that it has not.
    with pytest.raises(CannotEdit):
        append_item("a: |\n  x", "b", ["c"], "c")
    with pytest.raises(CannotEdit):
        append_item("a:\n- b\n", "a", ["c: ["], "c")


def test_a_field_in_two_spellings_is_refused_at_its_line() -> None:
    with pytest.raises(InvalidManifest, match="namePrefix stands twice, once as nameprefix") as raised:
        read_kustomization("kustomization.yaml", "resources: [a.yaml]\nnamePrefix: a-\nnameprefix: b-\n")
    assert raised.value.line == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Resources: [a.yaml]\n", "resources: [a.yaml]\n"),
        ("\ufeff'NamePrefix': a- # x\r\n", "\ufeff'namePrefix': a- # x\r\n"),
        (
            "images: [{Name: a, newtag: b}]\n---\nImages: c\n",
            "images: [{name: a, newTag: b}]\n---\nImages: c\n",
        ),
        ("patches:\n- Patch: |\n    Kind: A\n", "patches:\n- patch: |\n    Kind: A\n"),
        ("commonLabels: {Kind: a}\n", "commonLabels: {Kind: a}\n"),
        ("nameprefix: a\nnamePrefix: b\n", "nameprefix: a\nnamePrefix: b\n"),
        ("Resources: [\n", "Resources: [\n"),
        ("Images: a\nresources: {Kind: b}\n", "images: a\nresources: {Kind: b}\n"),
        ("? {Kind: a}\n: Name\nImages: []\n", "? {Kind: a}\n: Name\nImages: []\n"),
    ],
)
def test_fields_get_the_letters_of_kustomize_and_nothing_moves(text: str, expected: str) -> None:
    assert in_own_letters(text) == expected
    assert len(text) == len(expected)
