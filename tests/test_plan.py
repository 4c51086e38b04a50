"""The interpreters of a plan agree, and bytes that no operation names stay."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fluxv2_migrate.plan import Move, Operation, Remove, Set, apply_to_mapping, apply_to_text
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
