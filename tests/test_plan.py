"""The interpreters of a plan agree, and bytes that no operation names stay."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.plan import (
    AppliedText,
    Move,
    Operation,
    Remove,
    Set,
    apply_to_mapping,
    apply_to_metadata,
    apply_to_text,
)
from fluxv2_migrate.yaml_text import CannotEdit, Place, Style, compose, value_of

DOCUMENT = """\
# head
---
a: # of a
  # above b
  b: 1 # one
  c:
    - x # first
    # between
    - "#y"
  # deeper than the key of c? no: beside it
  d: |
    # no comment
    text

# above e
e: {f: 1, g: [2]}
h: 'quoted # no comment' # comment
i:
"""
paths = st.sampled_from(
    [
        ("a", "b"),
        ("a", "c"),
        ("a", "d"),
        ("e", "f"),
        ("e", "g"),
        ("h",),
        ("a", "n", "m"),
        ("z",),
        ("e", "q"),
        ("i", "j"),
        ("i",),
        ("a",),
        ("e",),
    ]
)
operations = st.one_of(
    st.builds(
        Set,
        paths,
        st.sampled_from([1, "x", {"k": [1, {"l": "m"}]}, ["o"], None]),
        st.sampled_from([Place(), Place(first=True), Place(after=("b", "a"))]),
    ),
    st.builds(Remove, paths),
    st.builds(Move, paths, paths),
)


@given(st.lists(operations, max_size=5), st.sampled_from(["\n", "\r\n"]))
def test_text_and_mapping_agree_or_the_text_is_refused(plan: list[Operation], newline: str) -> None:
    text = DOCUMENT.replace("\n", newline)
    root = compose(text)
    assert root is not None
    try:
        result = apply_to_text(tuple(plan), text, root, Style(newline=newline))
    except (CannotEdit, KeyError, TypeError, AttributeError):
        return
    assert value_of(compose(result.text)) == apply_to_mapping(tuple(plan), value_of(root))
    if newline == "\r\n":
        assert result.text.count("\n") == result.text.count("\r\n")


def test_a_comment_is_never_lost() -> None:
    root = compose(DOCUMENT)
    assert root is not None
    plan = (Set(("a", "c"), 1), Remove(("a", "d")), Move(("a", "b"), ("e", "b")), Remove(("h",)))
    text = apply_to_text(plan, DOCUMENT, root, Style()).text
    for comment in (
        "# head",
        "# of a",
        "# above b",
        "# one",
        "# first",
        "# between",
        "# above e",
        "# comment",
    ):
        assert comment in text, text


def test_nothing_to_do_changes_no_byte() -> None:
    root = compose(DOCUMENT)
    assert root is not None
    assert apply_to_text((), DOCUMENT, root, Style()).text == DOCUMENT


BODIES = [
    "\n{}    b: 'text # no comment'\n    c:\n    - d: {{e: 1, f: [2]}}\n    # last\n",
    " # of v\n{}    a: one\n      two\n    b: |\n      # no comment\n\n      text\n",
    "\n{}    a: |+\n      kept\n",
    "\n{}    a: >2+\n        kept\n\n\n",
    "\n{}    a: &x one\n    b: *x\n",
    "\n{}    a: *w\n",
    "\n{}    a: http://example.com/?one=1&two=2\n    b: '*'\n",
    "\n{}    a: 1\t# tab\n    b: 'a\n  b'\n",
    "\n  - a: 1\n{}",
    " {{a: 1,\n    b: 2}}\n",
    " !!map\n{}    a: 1\n",
    " &y\n{}    a: 1\n",
    "\n{}    <<: {{a: 1}}\n    b: 1\n",
]
FILLER = "".join(f"    long-{index}: {'x' * 20}\n" for index in range(4))
around = st.sampled_from(
    [("s", "a"), ("s", "n", "m"), ("s", "z"), ("s", "v", "b"), ("s", "v"), ("t",), ("s", "w")]
)
edits_around = st.lists(
    st.one_of(
        st.builds(Set, around, st.sampled_from([1, {"k": [1, {"l": "m"}]}]), st.just(Place(before=("v",)))),
        st.builds(Remove, around),
        st.builds(Move, around, around),
    ),
    max_size=4,
)


@settings(max_examples=400)
@given(
    st.sampled_from(BODIES),
    st.sampled_from(["", "  z: |\n    1\n", "\n  # between\n  z: 1\n", "  z: 1\n\n\n"]),
    st.sampled_from(["", "t: 1\n", "# end\n", "t: 'one\n  two'\n"]),
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
    edits_around,
)
def test_what_stands_around_an_edit_means_what_it_meant(
    body: str, behind: str, end: str, ended: bool, newline: str, plan: list[Operation]
) -> None:
    text = f"s:\n  a: &w 1\n  v:{body.format(FILLER)}{behind}{end}".replace("\n", newline)
    text = text if ended else text.rstrip()
    try:
        root = compose(text)
    except InvalidManifest:
        return
    assert root is not None
    try:
        result = apply_to_text(tuple(plan), text, root, Style(newline=newline))
    except (CannotEdit, KeyError, TypeError, AttributeError):
        return
    assert value_of(compose(result.text)) == apply_to_mapping(tuple(plan), value_of(root))


@pytest.mark.parametrize(("end", "operation"), [("", Set(("t",), 1)), ("\nt: 1", Remove(("t",)))])
def test_a_text_at_an_end_without_a_line_end_is_not_changed_by_its_surroundings(
    end: str, operation: Operation
) -> None:
    text = f"s:\n  v:\n{FILLER}    b: |\n      text{end}"
    root = compose(text)
    assert root is not None
    with pytest.raises(CannotEdit, match="not mean"):
        apply_to_text((operation,), text, root, Style())


def test_a_large_value_gets_another_key_or_the_place_of_another_one() -> None:
    text = f"s:\n  v:\n{FILLER}o: 1\n"
    root = compose(text)
    assert root is not None
    renamed = apply_to_text((Move(("s", "v"), ("s", "w")),), text, root, Style())
    assert renamed.text == text.replace("  v:", "  w:")
    plan = (Set(("s", "a"), 1), Remove(("o",)), Move(("s",), ("o",)))
    assert apply_to_text(plan, text, root, Style()).text == f"o:\n  v:\n{FILLER}  a: 1\n"


HEADS = [
    "",
    "---\n# ours\n\nkind: Deployment # one\n",
    "--- # ours\napiVersion: apps/v1\n",
    "a: 'one\n  two'\n",
    "a: |+\n  one\n\n",
    "a: &x one\n",
    "a: [1,\n  2]\n",
    "a: one\n  two\n",
    'a: "x\n  metadata:\n    y"\n',
]
METADATA = [
    "metadata:\n  name: web\n  annotations: # of fluxd\n    b: 'true' # one\n    # above c\n    c: d\n",
    "metadata: # of ours\n\n    annotations:\n        b: c\n    # behind\n    name: web\n\n",
    "metadata:\n  name: web\n  annotations: {b: c, d: e}\n",
    "metadata: {name: web, annotations: {b: c}}\n",
    "metadata:\n  name: &x web\n  annotations:\n    b: c\n",
    "metadata:\n  annotations:\n    b: |+\n      one\n\n",
    "metadata:\n  annotations:\n    b: |\n      one\n\n",
    "metadata:\n  name: web\n# outside\n  annotations:\n    b: c\n",
    "metadata:\n  annotations:\n\n    b: c\n# behind\n",
    "metadata:\n  name: web\t# tab\n  annotations:\n    b: c\n",
]
RESTS = ["", "spec: {metadata: 1}\n", "\n# of the spec\nspec:\n  b: 1", "spec: *x\n", "...\n"]
PLANS: list[tuple[Operation, ...]] = [
    (Remove(("metadata", "annotations")),),
    (Remove(("metadata", "annotations", "b")),),
    (Remove(("metadata", "annotations", "b"), "to"), Set(("metadata", "annotations", "z"), "1")),
    (Set(("metadata", "namespace"), "shop", Place(after=("name",))),),
    (Move(("metadata", "annotations", "b"), ("metadata", "annotations", "n")),),
]


def outcome(edit: Callable[[], AppliedText | None]) -> AppliedText | str | None:
    try:
        return edit()
    except CannotEdit as error:
        return str(error)


def test_metadata_is_edited_as_the_whole_document_would_be() -> None:
    edited = left = 0
    for *parts, newline in product(HEADS, METADATA, RESTS, ("\n", "\r\n")):
        text, style = "".join(parts).replace("\n", newline), Style(newline=newline)
        try:
            root = compose(text)
        except InvalidManifest:
            continue
        assert root is not None
        for plan in PLANS:
            found = outcome(partial(apply_to_metadata, plan, text, style, value_of(root)))
            if found is None:
                left += 1
            else:
                edited += 1
                assert found == outcome(partial(apply_to_text, plan, text, root, style)), text
    assert edited > 300
    assert left > 300


@pytest.mark.parametrize("head", ["a: 'one\n  two'\n", "a: |+\n  one\n", "a: [1,\n  2]\n", "a: one\n  two\n"])
def test_metadata_is_not_edited_alone_where_something_may_be_open_before_it(head: str) -> None:
    text = head + METADATA[0]
    assert apply_to_metadata(PLANS[0], text, Style(), value_of(compose(text))) is None


def test_metadata_is_not_edited_alone_where_the_plan_goes_beyond_it() -> None:
    text = METADATA[0] + "spec: {}\n"
    for operation in (Set(("spec", "a"), 1), Move(("metadata", "name"), ("spec", "name"))):
        assert apply_to_metadata((operation,), text, Style(), value_of(compose(text))) is None


@pytest.mark.parametrize("value", ["*x", "&x"])
def test_metadata_is_not_edited_alone_where_what_is_written_may_name_something_outside(value: str) -> None:
    text = METADATA[0] + "spec: {}\n"
    plan = (Set(("metadata", "annotations", "z"), value),)
    assert apply_to_metadata(plan, text, Style(), value_of(compose(text))) is None
    assert apply_to_metadata((Set(plan[0].path, "x"),), text, Style(), value_of(compose(text))) is not None


def test_a_flow_mapping_with_an_alias_from_elsewhere_is_not_opened() -> None:
    text = "spec: &all {a: b}\nmetadata: {annotations: {k: *all}}\n"
    root = compose(text)
    assert root is not None
    plan = (Set(("metadata", "annotations", "new"), "v"),)
    with pytest.raises(CannotEdit):
        apply_to_text(plan, text, root, Style())


def test_text_that_does_not_say_its_value_is_written_anew() -> None:
    text = "b: 1\n"
    after = apply_to_text((Remove(("b",)), Set(("a",), 1, text="a: 2\n")), text, compose(text), Style()).text
    assert after == "a: 1\n"
