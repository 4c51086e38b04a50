"""Edits of texts do what was asked and nothing else, or are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fluxv2_migrate.plan import PatchOperation, Remove, apply_to_any_text, edit_fields, write_operations
from fluxv2_migrate.yaml_text import (
    CannotEdit,
    Style,
    compose,
    edit_document,
    edit_documents,
    find_field,
    pair_of,
    replace_text,
)

UNDEFINED = "would be invalid: found undefined alias"
OTHER = "would not mean what was decided"
ANCHORED = "a:\n  b: &x {c: d}\n  e: *x\n"
A, B, C = ({"op": "remove", "path": f"/{name}"} for name in "abc")
TWO = "- op: remove\n  path: /a\n# two\n- op: remove\n  path: /b\n"


@pytest.mark.parametrize(
    ("text", "path", "value", "expected"),
    [
        ("a: 'x'\n", ("a",), "it's", "a: 'it''s'\n"),
        ("a: |\n  foo\n\n\nb: 1\n", ("a",), "bar\n\nbaz", "a: |\n  bar\n\n  baz\n\n\nb: 1\n"),
        ("a: |\n  foo", ("a",), "bar", "a: |\n  bar"),
        ("a: >-\n  foo\n  bar\n", ("a",), "bar\nbaz", "a: |-\n  bar\n  baz\n"),
        ("- a\n- x: foo\n", (1, "x"), "bar", "- a\n- x: bar\n"),
    ],
)
def test_a_text_within_a_text_is_replaced(
    text: str, path: tuple[str | int, ...], value: str, expected: str
) -> None:
    assert replace_text(text, path, value) == expected


@pytest.mark.parametrize(
    ("text", "key", "value", "reason"),
    [
        ("a: 1\n", "b", "x", "there is no b"),
        ("a: 1\n", "a", "x", "a patch that is no text"),
        ("a: &x foo\nb: *x\n", "a", "bar", UNDEFINED),
        ("a: &x |\n  foo\nb: *x\n", "a", "bar\n", OTHER),
        ("a: |2\n   foo\n", "a", "bar", "unusual beginning"),
        ("a: |\n\n\nb: 1\n", "a", "bar", "would be invalid"),
        ("a: 'foo'\n", "a", "x\x00", "would be invalid"),
    ],
)
def test_a_text_within_a_text_stays_where_a_new_one_would_change_more(
    text: str, key: str, value: str, reason: str
) -> None:
    with pytest.raises(CannotEdit, match=reason):
        replace_text(text, (key,), value)


@pytest.mark.parametrize(
    ("text", "path", "removed", "reason"),
    [
        (ANCHORED, ("a", "e"), [], "an alias in place of a value"),
        (ANCHORED, ("a", "b"), [], OTHER),
        ("a: 1\n", ("a",), [], "a is no mapping"),
        ("a:\n  b: {c: &x d}\n  e: *x\n", ("a", "b"), ["c"], UNDEFINED),
        # An alias as a key is the node of its anchor, and stands nowhere else.
        ("a:\n  b: &x c\n  *x : d\n", ("a",), ["b"], "lines of its own"),
    ],
)
def test_fields_stay_where_others_depend_on_them(
    text: str, path: tuple[str | int, ...], removed: list[str], reason: str
) -> None:
    with pytest.raises(CannotEdit, match=reason):
        edit_fields(text, path, {} if removed else {"c": "x"}, removed)


def operations(*given: tuple[dict[str, Any], int | None]) -> list[PatchOperation]:
    return [PatchOperation(value, source) for value, source in given]


@pytest.mark.parametrize(
    ("text", "wanted", "expected"),
    [
        (
            TWO,
            operations((A, 0), (C, None), (B, 1)),
            "- op: remove\n  path: /a\n- op: remove\n  path: /c\n# two\n- op: remove\n  path: /b\n",
        ),
        (TWO, operations((C, None), (A, 0)), "- op: remove\n  path: /c\n- op: remove\n  path: /a\n# two\n"),
        (TWO, operations((C, None), (B, 1)), "- op: remove\n  path: /c\n# two\n- op: remove\n  path: /b\n"),
        (TWO.rstrip("\n"), operations((A, 0)), "- op: remove\n  path: /a\n# two"),
        (
            TWO.rstrip("\n"),
            operations((B, 1), (C, None)),
            "# two\n- op: remove\n  path: /b\n- op: remove\n  path: /c",
        ),
        ("- op: remove # 1\n  path: /a # 2\n", operations((C, 0)), "- op: remove # 1\n  path: /c # 2\n"),
        ("- {op: remove, path: /a} # 1\n", operations((C, 0)), "- {op: remove, path: /c} # 1\n"),
        (
            "# 0\n- op: remove # 1\n  # 2\n  path: /a # 3\n# 4\n- op: remove\n  path: /b\n# 5\n",
            operations((C, None), (B, 1)),
            "# 0\n# 1\n# 2\n# 3\n- op: remove\n  path: /c\n# 4\n- op: remove\n  path: /b\n# 5\n",
        ),
        (
            "- op: remove\n  path: /a\n# 1\n- op: remove # 2\n  path: /b\n# 3\n",
            operations((A, 0), (C, None)),
            "- op: remove\n  path: /a\n# 1\n# 2\n- op: remove\n  path: /c\n# 3\n",
        ),
        (
            "- {op: &x remove, path: /b}\n- {op: *x, path: /a} # 2\n",
            operations((B, 0), (C, 1)),
            "- {op: &x remove, path: /b}\n# 2\n- op: remove\n  path: /c\n",
        ),
        ("-\n  op: remove\n  path: /a # 1\n", operations((C, 0)), "-\n  op: remove\n  path: /c # 1\n"),
        (
            "-\n    op: remove\n    path: /a # 1\n",
            operations((C, 0)),
            "-\n    op: remove\n    path: /c # 1\n",
        ),
        (
            "- &x {op: remove, path: /a}\n- *x\n",
            operations((A, 0), (A, 1), (C, None)),
            "- {op: remove, path: /a}\n- {op: remove, path: /a}\n- op: remove\n  path: /c\n",
        ),
        (
            "- &x\n  op: remove\n  path: &y /a\n- op: test\n  path: *y\n",
            operations(({"op": "test", "path": "/a"}, 1)),
            "- op: test\n  path: /a\n",
        ),
        (
            "- &x {op: add, path: /a}\n- <<: *x\n  path: /b # 1\n",
            operations(({"op": "add", "path": "/c"}, 1)),
            "# 1\n- op: add\n  path: /c\n",
        ),
        ("[{op: remove, path: /a}]\n", operations((C, 0)), f"[{json.dumps(C)}]\n"),
        (
            "- {op: &x remove, path: /b}\n- {op: *x, path: /a}\n",
            operations((B, 0), (C, 1)),
            "- {op: &x remove, path: /b}\n- op: remove\n  path: /c\n",
        ),
        (
            "[{op: remove, path: /a},]\n",
            operations((A, 0), (C, None)),
            '[{op: remove, path: /a}, {"op": "remove", "path": "/c"},]\n',
        ),
    ],
)
def test_operations_that_stay_keep_their_text(text: str, wanted: list[PatchOperation], expected: str) -> None:
    assert write_operations(text, wanted) == expected


@pytest.mark.parametrize(
    ("text", "wanted", "reason"),
    [
        ("a: 1\n", operations((A, None)), "a JSON patch that is no list"),
        ("- # 1\n  op: remove\n  path: /a\n", operations((C, None)), "does not stand behind its dash"),
        ("[{op: remove, path: /a} # a, b\n, {op: remove, path: /b}]\n", operations((A, 0)), "with comments"),
        ("[{op: remove, # 1\n  path: /a}]\n", operations((C, 0)), "with comments"),
    ],
)
def test_operations_stay_where_others_depend_on_them(
    text: str, wanted: list[PatchOperation], reason: str
) -> None:
    with pytest.raises(CannotEdit, match=reason):
        write_operations(text, wanted)


@pytest.mark.parametrize(
    ("text", "index", "expected"),
    [
        ("", 0, "<>"),
        ("\ufeff", 0, "\ufeff<>"),
        ("\ufeffa: 1\n---\nb: 2\n", 1, "\ufeffa: 1\n<---\nb: 2\n>"),
        ("a: 1\r\n---\r\nb: 2", 0, "<a: 1\r\n>---\r\nb: 2"),
    ],
)
def test_one_document_of_a_file_is_edited(text: str, index: int, expected: str) -> None:
    assert edit_document(text, "<{}>".format, index) == expected
    assert edit_documents(text, str) == text


def test_a_document_in_braces_stays_where_others_depend_on_what_goes() -> None:
    text = '{"a": &x 1, "b": *x}\n'
    with pytest.raises(CannotEdit, match=UNDEFINED):
        apply_to_any_text((Remove(("a",)),), text, compose(text), Style(), {"a": 1, "b": 1})


@pytest.mark.parametrize(
    ("path", "begin", "is_there"),
    [(("a", 0, "b"), 5, True), (("a", "0", "b"), 5, True), (("a", 1), 0, False), (("a", "x"), 0, False)],
)
def test_a_field_is_found_or_what_is_nearest_above_it(
    path: tuple[str | int, ...], begin: int, is_there: bool
) -> None:
    found, value = find_field(compose("a:\n- b: 1\n"), path)
    assert found is not None
    assert (found.start, value is not None) == (begin, is_there)


def test_a_key_is_found_by_what_it_reads() -> None:
    root = compose("yes: 1\n'yes': 2\n")
    found = pair_of(root, "true"), pair_of(root, "yes"), pair_of(root, "no")
    assert [pair and pair[1].value for pair in found] == ["1", "2", None]
