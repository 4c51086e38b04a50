"""Comments of what is edited, wherever YAML lets them stand: each is in the result, or nothing is edited."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxv2_migrate.plan import Move, Operation, Remove, Set, apply_to_any_text, apply_to_mapping, edit_fields
from fluxv2_migrate.yaml_text import CannotEdit, detect_style, read_document, read_nodes
from fluxv2_migrate.yaml_text.flow import Flow
from fluxv2_migrate.yaml_text.nodes import comments_in, scalar_spans

KEYS = st.sampled_from("abcde")
LEAVES: st.SearchStrategy[Any] = st.sampled_from([1, "x", [1, 2]])
VALUES = st.recursive(
    LEAVES, lambda inner: st.dictionaries(KEYS, inner, min_size=1, max_size=3), max_leaves=8
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, min_size=1, max_size=3)
PATHS = st.lists(KEYS, min_size=1, max_size=3).map(tuple)
OPERATIONS = st.one_of(
    st.builds(Set, PATHS, st.sampled_from([5, "new", {"q": 1}, [3]])),
    st.builds(Remove, PATHS),
    st.builds(Move, PATHS, PATHS),
)


class Writer:
    """Writes a document, and puts comments wherever one may stand."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.count = 0

    def comment(self) -> str:
        self.count += 1
        return f"# c{self.count}, {{x: [y"

    def gap(self, indent: int) -> str:
        """Gives what may stand between two marks of a collection in braces."""
        which = self.draw(st.sampled_from(["blank", "blank", "line", "comment"]))
        if which == "blank":
            return " "
        return (f" {self.comment()}" if which == "comment" else "") + "\n" + " " * indent

    def in_braces(self, value: Any, indent: int) -> str:
        if isinstance(value, list):
            return f"[{','.join(self.gap(indent) + str(each) for each in value)}]"
        if not isinstance(value, dict):
            return str(value)
        parts = [
            f"{self.gap(indent)}{key}:{self.gap(indent + 2)}{self.in_braces(item, indent + 2)}"
            for key, item in value.items()
        ]
        return f"{{{self.gap(indent).join(f'{each},' for each in parts)[:-1]}{self.gap(indent)}}}"

    def in_lines(self, value: dict[str, Any], indent: int) -> str:
        lines = ""
        blanks = " " * indent
        for key, item in value.items():
            above = f"{blanks}{self.comment()}\n" if self.draw(st.booleans()) else ""
            beside = f" {self.comment()}" if self.draw(st.booleans()) else ""
            if isinstance(item, dict) and self.draw(st.booleans()):
                lines += f"{above}{blanks}{key}:{beside}\n{self.in_lines(item, indent + 2)}"
            else:
                gap = self.gap(indent + 2)
                lines += f"{above}{blanks}{key}:{gap}{self.in_braces(item, indent + 2)}{beside}\n"
        return lines


@st.composite
def texts(draw: st.DrawFn) -> str:
    value, writer = draw(DOCUMENTS), Writer(draw)
    return writer.in_lines(value, 0) if draw(st.booleans()) else writer.in_braces(value, 0) + "\n"


def comments_of(text: str) -> Counter[str]:
    root, _ = read_document(text)
    assert root is not None
    return Counter(comments_in(text, scalar_spans(text, root)))


@given(texts(), st.lists(OPERATIONS, min_size=1, max_size=3))
def test_no_edit_loses_a_comment(text: str, plan: list[Operation]) -> None:
    root, value = read_document(text)
    try:
        wanted = apply_to_mapping(tuple(plan), value)
        after = apply_to_any_text(tuple(plan), text, root, detect_style(text), value).text
    except (ValueError, KeyError, TypeError, AttributeError):
        return
    assert read_document(after)[1] == wanted
    assert comments_of(after) == comments_of(text), after


BETWEEN = "spec: # of all\n  {a: 1, b: 2}\nc: 3\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (BETWEEN, "spec: # of all\n  a: 1\n  b: 5\nc: 3\n"),
        (
            BETWEEN.replace("2}", "2} # end"),
            "spec: # of all\n  # end\n  a: 1\n  b: 5\nc: 3\n",
        ),
        (
            BETWEEN.replace("all\n", "all\n  # more\n"),
            "spec: # of all\n  # more\n  a: 1\n  b: 5\nc: 3\n",
        ),
        (
            "{spec: # of all\n  {a: 1, b: # two\n   2}, c: 3}\n",
            "{spec: # of all\n  {a: 1, b:  # two\n   5}, c: 3}\n",
        ),
    ],
)
def test_a_comment_between_a_key_and_its_braces_stays(text: str, expected: str) -> None:
    root, value = read_document(text)
    plan = (Set(("spec", "b"), 5),)
    assert apply_to_any_text(plan, text, root, detect_style(text), value).text == expected


def test_comments_of_fields_that_go_stay_in_braces() -> None:
    text = "a:\n- b: {c: d, # c, or d\n    e: f, # e\n    g: h # g\n  }\n"
    wanted = "a:\n- b: { # c, or d\n    e: f # e\n     # g\n  }\n"
    assert edit_fields(text, ("a", 0, "b"), {}, ["c", "g"]) == wanted


def test_entries_between_comments_are_told_apart_without_these() -> None:
    text = "{a: b, # c, d\n  e: f}\n"
    node = read_nodes(text)
    assert node is not None
    with pytest.raises(CannotEdit, match="told apart"):
        Flow.of(text, node).entries()
    entries = Flow.of(text, node).without_comments().entries()
    assert [text[start:end] for start, end in entries] == ["a: b", "e: f"]
