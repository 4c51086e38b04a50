"""The texts of a repository as they become: laws over any sequence of what is done to them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxv2_migrate import Change
from fluxv2_migrate.repository.reading import read_documents
from fluxv2_migrate.repository.workspace import Workspace
from fluxv2_migrate.yaml_text import BYTE_ORDER_MARK, CannotEdit

CHANGE = Change("source", "made", "", 1, (), "a.yaml", "")


@given(
    newline=st.sampled_from(["\n", "\r\n"]),
    mark=st.sampled_from(["", BYTE_ORDER_MARK]),
    becomes=st.lists(st.sampled_from(["as it was", "another", "gone"]), min_size=1, max_size=4),
    added=st.lists(st.sampled_from(["---\nc: 1\n", "---\nd: 2\n"]), max_size=2),
    rewritten_before=st.integers(0, 4),
)
def test_a_file_is_what_its_documents_became_and_what_was_added(
    newline: str, mark: str, becomes: list[str], added: list[str], rewritten_before: int
) -> None:
    parts = [f"---{newline}a: {number}{newline}" for number in range(len(becomes))]
    text = mark + "".join(parts)
    workspace = Workspace({"a.yaml": text})
    expected: list[str] = list(parts)
    for number, document in enumerate(read_documents("a.yaml", text)[0]):
        if number == rewritten_before and workspace.has("a.yaml"):
            # A document is found again in a file that was written anew.
            workspace.edit("a.yaml", lambda before: before.replace("a:", "whole:"))
            expected = [part.replace("a:", "whole:") for part in expected]
        assert workspace.text_of(document) == expected[number]
        if becomes[number] == "gone":
            expected[number] = ""
            workspace.delete(document)
        elif becomes[number] == "another":
            expected[number] = f"---{newline}b: {number}{newline}"
            workspace.replace(document, expected[number], CHANGE)
            assert workspace.text_of(document) == expected[number]
    for each in added:
        workspace.create("a.yaml", each, CHANGE)
        expected.append(each.replace("\n", newline))
    whole = "".join(expected)
    assert workspace.text("a.yaml") == (mark + whole if whole else None)
    assert workspace.changed == ({"a.yaml": mark + whole} if whole and mark + whole != text else {})
    assert workspace.deleted == (() if whole else ("a.yaml",))
    assert workspace.changes in ((), (CHANGE,))


def test_what_is_done_in_a_branch_is_seen_there_alone() -> None:
    workspace = Workspace({"a.yaml": "a: 1\n"}, taken=("a.yaml", "opaque.yaml"))
    branch = workspace.branch()
    branch.create("b.yaml", "---\nb: 1\n", CHANGE)
    branch.remove("a.yaml")
    assert (workspace.created, workspace.deleted, workspace.changes) == ({}, (), ())
    assert (branch.is_new("b.yaml"), branch.is_taken("b.yaml")) == (True, True)
    assert (branch.created, branch.deleted) == ({"b.yaml": "---\nb: 1\n"}, ("a.yaml",))
    assert sorted(branch.paths()) == ["a.yaml", "b.yaml"]
    assert (workspace.is_taken("opaque.yaml"), workspace.has("opaque.yaml")) == (True, False)
    workspace.adopt(branch)
    assert workspace.changes == (CHANGE,)
    workspace.create("b.yaml", "---\nc: 1\n")
    assert workspace.created == {"b.yaml": "---\nb: 1\n---\nc: 1\n"}


def test_a_comment_above_the_first_marker_keeps_its_file_only_beside_something() -> None:
    text = "# about all\n---\na: 1\n---\nb: 2\n"
    first, second = read_documents("a.yaml", text)[0]
    workspace = Workspace({"a.yaml": text})
    workspace.delete(first)
    assert workspace.changed == {"a.yaml": "# about all\n---\nb: 2\n"}
    workspace.delete(second)
    assert workspace.deleted == ("a.yaml",)


def test_an_addition_begins_on_a_line_of_its_own() -> None:
    workspace = Workspace({"a.yaml": "a: 1"})
    workspace.create("a.yaml", "---\nb: 1\n")
    assert workspace.changed == {"a.yaml": "a: 1\n---\nb: 1\n"}


def test_an_edit_that_changes_nothing_is_none() -> None:
    workspace = Workspace({"a.yaml": "a: 1\n"})
    workspace.edit("a.yaml", lambda text: text, CHANGE)
    assert (workspace.changed, workspace.changes) == ({}, ())


def test_a_folder_holds_what_lies_below_it_however_deep() -> None:
    workspace = Workspace({"apps/shop/web.yaml": "a: 1\n"})
    assert [workspace.has_below(each) for each in ("", "apps", "apps/shop", "app", "sources")] == [
        True,
        True,
        True,
        False,
        False,
    ]
    workspace.rewrite("sources/example.yaml", "a: 1\n")
    assert workspace.has_below("sources")
    assert workspace.branch().has_below("sources")


def test_a_branch_begins_with_what_there_is_and_goes_its_own_way() -> None:
    workspace = Workspace({"a.yaml": "a: 1\n"})
    workspace.rewrite("b.yaml", "b: 1\n")
    branch = workspace.branch()
    branch.rewrite("c.yaml", "c: 1\n")
    branch.remove("b.yaml")
    assert [workspace.has(path) for path in ("a.yaml", "b.yaml", "c.yaml")] == [True, True, False]
    assert [branch.has(path) for path in ("a.yaml", "b.yaml", "c.yaml")] == [True, False, True]


def test_a_path_is_taken_in_whatever_letters() -> None:
    workspace = Workspace({"Apps/Web.yaml": "a: 1\n", "db.yaml": "b: 1\n"}, ["logo.PNG"])
    workspace.create("new/One.yaml", "c: 1\n")
    taken = ("apps/web.yaml", "APPS/Web.yaml", "DB.yaml", "logo.png", "Logo.png", "new/One.yaml")
    assert all(map(workspace.is_taken, taken))
    assert not workspace.is_taken("apps/web.yml")


def joined(text: str, entries: Sequence[str]) -> str:
    """Gives a file with more lines; one with a `!` cannot be edited."""
    if "!" in text:
        raise CannotEdit("no")
    return text + "".join(f"{each}\n" for each in entries)


@given(st.lists(st.sampled_from(("add", "text", "branch", "edit", "other")), max_size=12))
def test_what_is_added_together_is_what_is_added_one_by_one(steps: list[str]) -> None:
    together, alone = Workspace({"a": "0\n"}), Workspace({"a": "0\n"})
    for index, step in enumerate(steps):
        if step == "add":
            together.add("a", str(index), joined)
            alone.edit("a", partial(joined, entries=[str(index)]))
        elif step == "text":
            assert together.text("a") == alone.text("a")
        elif step == "branch":
            branch = together.branch()
            branch.add("a", "b", joined)
            branch.add("a", "c", joined)
            together.adopt(branch)
            alone.edit("a", lambda text: joined(text, "bc"))
        elif step == "edit":
            together.edit("a", str.upper)
            alone.edit("a", str.upper)
        else:
            together.create("b", "1\n")
            alone.create("b", "1\n")
    assert together.differing == alone.differing


def test_whether_something_can_be_added_shows_with_the_first_of_it() -> None:
    workspace = Workspace({"a": "!\n"})
    with pytest.raises(CannotEdit):
        workspace.add("a", "1", joined)
    change = Change("kustomization", "a", "a", 1, (), "a", "resources")
    workspace = Workspace({"a": ""})
    for each in "123":
        workspace.add("a", each, joined, change)
    assert workspace.changes == (change,)
    assert workspace.changed == {"a": "1\n2\n3\n"}


def test_an_entry_that_changes_nothing_waits_for_no_other_one() -> None:
    workspace = Workspace({"a.yaml": "a: [b]\n"})
    seen: list[Sequence[str]] = []

    def known(text: str, entries: Sequence[str]) -> str:
        seen.append(list(entries))
        return text

    for entry in ("b", "c"):
        workspace.add("a.yaml", entry, known)
    assert seen == [["b"], ["c"]]
    assert workspace.text("a.yaml") == "a: [b]\n"
