"""Markers written into texts, and annotations taken from them: nothing else changes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxv2_migrate.flux2 import find_markers
from fluxv2_migrate.plan import (
    AnnotationEdit,
    MarkerEdit,
    Remove,
    apply_to_text,
    edit_annotations,
    write_markers,
)
from fluxv2_migrate.plan.markers import is_same
from fluxv2_migrate.yaml_text import CannotEdit, Style, compose, read_document, read_nodes
from marked_documents import WrittenDocument, written_documents

MARKER = '# {"$imagepolicy": "ns:app"}'
Path = tuple[str | int, ...]


def mark(text: str, *paths: Path, policy: str = "ns:app") -> str:
    marked = write_markers(text, [MarkerEdit(path, policy) for path in paths])
    assert not marked.refused
    return marked.text.replace(MARKER, "# P")


def at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def without_layout(text: str) -> str:
    """Gives what a text says, without its line ends, blanks, quotes, brackets, commas and markers."""
    return "".join(sorted(re.sub(r"[\s'\"{}\[\],-]", "", text.replace(MARKER, ""))))


@settings(max_examples=80)
@given(written_documents(), st.data())
def test_a_marked_document_means_the_same_and_its_markers_are_seen(
    document: WrittenDocument, data: st.DataObject
) -> None:
    paths = data.draw(st.lists(st.sampled_from(document.fields), min_size=1, max_size=4, unique=True))
    marked = write_markers(document.text, [MarkerEdit(path, "ns:app") for path in paths])
    assert not marked.refused
    assert {each.path for each in marked.markers} == set(paths)
    assert {marker.path for marker in find_markers(marked.text) if marker.seen} == set(paths)
    assert all(marker.is_quoted or marker.value for marker in find_markers(marked.text))

    before, after = read_document(document.text)[1], read_document(marked.text)[1]
    quoted = {each.path: each.quoted for each in marked.markers if each.quoted is not None}
    for path in document.fields:
        if path in quoted:
            assert at(after, path) == quoted[path]
        else:
            assert at(after, path) == at(before, path)
    # Nothing is lost but layout, not a letter of a comment.
    assert without_layout(document.text) == without_layout(marked.text)


@settings(max_examples=80)
@given(written_documents(), st.data())
def test_writing_markers_twice_is_writing_them_once(document: WrittenDocument, data: st.DataObject) -> None:
    edits = [
        MarkerEdit(path, "ns:app")
        for path in data.draw(st.lists(st.sampled_from(document.fields), min_size=1, max_size=3, unique=True))
    ]
    marked = write_markers(document.text, edits)
    again = write_markers(marked.text, edits)
    assert again.text == marked.text
    assert not again.refused
    assert not any(each.changed for each in again.markers)


@settings(max_examples=80)
@given(written_documents(), st.data())
def test_lines_without_a_marker_keep_their_bytes(document: WrittenDocument, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(document.fields))
    before = document.text.splitlines(keepends=True)
    after = write_markers(document.text, [MarkerEdit(path, "ns:app")]).text.splitlines(keepends=True)
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    # What is between is the value with its key and the comments between them, or one collection in a line.
    assert len(before) - head - tail <= 3
    assert any(MARKER in row for row in after[head : len(after) - tail])


@settings(max_examples=80)
@given(written_documents())
def test_a_document_without_edits_keeps_its_bytes(document: WrittenDocument) -> None:
    assert write_markers(document.text, []).text == document.text


WRITTEN: list[tuple[str, str, list[Path], str]] = [
    ("plain", "image: a/b:1\n", [("image",)], "image: a/b:1 # P\n"),
    ("a comment moves up", "a:\n  tag: 1.10 # x\n", [("a", "tag")], 'a:\n  # x\n  tag: "1.10" # P\n'),
    (
        "an item's comment",
        "c:\n- image: a # x\n  n: b\n",
        [("c", 0, "image")],
        "c:\n# x\n- image: a # P\n  n: b\n",
    ),
    ("a bare sharp", "image: a #\n", [("image",)], "#\nimage: a # P\n".replace("#\n", "#\n", 1)),
    ("tabs, CRLF and emoji", "a: 'b'\t# 🙂\r\nc: d\r\n", [("a",)], "# 🙂\r\na: 'b' # P\r\nc: d\r\n"),
    ("no end of the line", "image: a", [("image",)], "image: a # P"),
    ("a byte order mark is no text", "# x\nimage: a\n", [("image",)], "# x\nimage: a # P\n"),
    ("a value below its key", "a: # x\n  # y\n  b # z\nc: d\n", [("a",)], "# x\n# y\n# z\na: b # P\nc: d\n"),
    ("an anchor above its value", "a: &x\n  b\n", [("a",)], "a: &x b # P\n"),
    ("an alias", "a: &x 1.0\nb: *x\n", [("b",)], 'a: &x "1.0" # P\nb: *x\n'),
    ("an anchored mapping", "a: &x {b: c}\nd: *x\n", [("d", "b")], "a: &x\n  b: c # P\nd: *x\n"),
    ("a block", "a: >-\n  b\nc: d\n", [("a",)], "a: >- # P\n  b\nc: d\n"),
    (
        "a flow mapping",
        "a: {b: c, d: [1, 2], e: {f: g}} # x\nh: i\n",
        [("a", "b"), ("a", "d", 1)],
        'a: # x\n  b: c # P\n  d:\n  - 1\n  - "2" # P\n  e: {f: g}\nh: i\n',
    ),
    (
        "a flow item",
        "c:\n- {a: b, newTag: 1} # x\n",
        [("c", 0, "newTag")],
        'c:\n# x\n- a: b\n  newTag: "1" # P\n',
    ),
    ("a list in a flow item", "c:\n- [a, {b: d}]\n", [("c", 0, 1, "b")], "c:\n- - a\n  - b: d # P\n"),
    ("anchors in a flow", "a: {b: &x 1, c: d}\n", [("a", "b")], 'a:\n  b: &x "1" # P\n  c: d\n'),
    ("an anchored item", "c:\n- &x {a: b}\n", [("c", 0, "a")], "c:\n- &x\n  a: b # P\n"),
    ("an anchored part", "a: {b: &x {c: d}}\n", [("a", "b", "c")], "a:\n  b: &x\n    c: d # P\n"),
    ("an anchored part of a list", "a: [&x {c: d}]\n", [("a", 0, "c")], "a:\n- &x\n  c: d # P\n"),
    ("a flow with empty values", "a: {b, c: , d: e}\n", [("a", "d")], "a:\n  b:\n  c:\n  d: e # P\n"),
    ("the whole document", "{a: b, c: d}\n", [("a",)], "a: b # P\nc: d\n"),
    ("on its marker's line", "--- {a: b, c: d}\n", [("a",)], "---\na: b # P\nc: d\n"),
    ("a trailing comma", "a: {b: c,}\n", [("a", "b")], "a:\n  b: c # P\n"),
    ("keys as in JSON", 'a: {"b":"c"}\n', [("a", "b")], 'a:\n  "b": "c" # P\n'),
    ("JSON", '{\n  "a": "b",\n  "c": 1\n}\n', [("a",), ("c",)], '{\n  "a": "b", # P\n  "c": "1" # P\n}\n'),
    ("a comment in JSON", '{\n  "a": "b", # x\n}\n', [("a",)], '{\n  # x\n  "a": "b", # P\n}\n'),
    (
        "two entries a line",
        "a: {\n  b: c, d: e}\n",
        [("a", "b"), ("a", "d")],
        "a: {\n  b: c, # P\n  d: e # P\n  }\n",
    ),
    ("at the left", "a: {b: c,\nd: e}\n", [("a", "b")], "a: {b: c, # P\nd: e}\n"),
    ("a bracket at the left", "a: {\nd: e}\n", [("a", "d")], "a: {\nd: e # P\n  }\n"),
    ("an explicit key", "? a\n: b\n", [("a",)], "? a\n: b # P\n"),
    ("a tag that says text", "a: !!str 1.10\n", [("a",)], "a: !!str 1.10 # P\n"),
    ("a misplaced marker", f"a: {{b: c}} {MARKER}\n", [("a", "b")], "a:\n  b: c # P\n"),
    ("a marker among words", f"a: b # keep {MARKER[2:]} this\n", [("a",)], "# keep this\na: b # P\n"),
    ("a marker below its key", f"a:\n  {MARKER}\n  b\n", [("a",)], "a: b # P\n"),
    ("a marker of a number", f"a: 1.10 {MARKER}\n", [("a",)], 'a: "1.10" # P\n'),
    (
        "a marker of a number in a flow",
        f"a: {{\n  b: 1.10 {MARKER}\n}}\n",
        [("a", "b")],
        'a: {\n  b: "1.10" # P\n}\n',
    ),
    ("a marker that is there", f"a: 'b'   {MARKER}\n", [("a",)], "a: 'b'   # P\n"),
    ("the same field twice", "a: b\n", [("a",), ("a",)], "a: b # P\n"),
    ("a list in a list", "c:\n- -\n    x\n", [("c", 0, 0)], "c:\n- - x # P\n"),
    ("an indented list", "a:\n  - b\nc: [d]\n", [("c", 0)], "a:\n  - b\nc:\n  - d # P\n"),
]


@pytest.mark.parametrize(
    ("text", "paths", "expected"), [row[1:] for row in WRITTEN], ids=[row[0] for row in WRITTEN]
)
def test_markers_are_written_behind_values(text: str, paths: list[Path], expected: str) -> None:
    assert mark(text, *paths) == expected


@pytest.mark.parametrize(
    "value",
    ["1.10", "16", "on", "1e5", "2020-01-01", "0777", "0o7", "0x1F", "1:30", "y", "true", "1_000", "="],
)
def test_what_any_reader_takes_for_no_text_is_quoted(value: str) -> None:
    marked = write_markers(f"tag: {value}\n", [MarkerEdit(("tag",), "ns:app")])
    assert marked.text == f'tag: "{value}" {MARKER}\n'
    assert marked.markers[0].quoted == value


@pytest.mark.parametrize(
    "value", ["1.2.3", "v1", "main-12", "acme/web:1.10", "1.10-alpine", "'1.10'", '"16"']
)
def test_texts_stay_as_they_are(value: str) -> None:
    assert mark(f"tag: {value}\n", ("tag",)) == f"tag: {value} # P\n"


REFUSED: list[tuple[str, str, Path, str]] = [
    ("no value", "tag:\n", ("tag",), "empty-value"),
    ("a null", "tag: ~\n", ("tag",), "empty-value"),
    ("a mapping", "image: {tag: a}\n", ("image",), "no-scalar"),
    ("a document that is a list", "- a\n", (0,), "no-scalar"),
    ("an empty document", "# x\n", ("a",), "no-scalar"),
    ("a field that is not there", "a: b\n", ("c",), "not-there"),
    ("an item that is not there", "a: [b]\n", ("a", 1), "not-there"),
    ("a key of a scalar", "a: b\n", ("a", "c"), "not-there"),
    ("a merge key", "x: &x {a: b}\nw: {<<: *x}\n", ("w", "a"), "merge-key"),
    ("another marker", 'a: b # {"$imagepolicy": "ns:x"}\n', ("a",), "other-marker"),
    ("another marker above", 'a:\n  # {"$imagepolicy": "ns:x"}\n  b\n', ("a",), "other-marker"),
    ("another marker in a flow", 'a: {\n  b: c # {"$imagepolicy": "ns:x"}\n}\n', ("a", "b"), "other-marker"),
    ("another marker behind a flow", 'a: {b: c} # {"$imagepolicy": "ns:x"}\n', ("a", "b"), "other-marker"),
    ("another part", 'a: b # {"$imagepolicy": "ns:app:tag"}\n', ("a",), "other-marker"),
    ("a broken marker", 'a: b # {"$imagepolicy": ns}\n', ("a",), "other-marker"),
    ("a template", "{{- if x }}\na: b\n{{- end }}\n", ("a",), "unparseable"),
    ("the alias of a key", "&x web: b\nc: *x\n", ("c",), "text-form"),
    ("the alias of an explicit key", "? &x web\n: b\nc: *x\n", ("c",), "text-form"),
    ("a stray tab", "a: b\n\t\nc: d\n", ("a",), "unparseable"),
    ("a tag that says number", 'a: !!int "1"\n', ("a",), "text-form"),
]


@pytest.mark.parametrize(
    ("text", "path", "reason"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_where_no_marker_can_work_the_reason_is_given(text: str, path: Path, reason: str) -> None:
    marked = write_markers(text, [MarkerEdit(path, "ns:app")])
    assert marked.text == text
    assert not marked.markers
    assert [(each.edit.path, each.reason) for each in marked.refused] == [(path, reason)]


def test_one_refusal_does_not_hold_up_the_others() -> None:
    marked = write_markers("a: b\nc:\n", [MarkerEdit(("c",), "ns:app"), MarkerEdit(("a",), "ns:app")])
    assert marked.text == f"a: b {MARKER}\nc:\n"
    assert (len(marked.markers), len(marked.refused)) == (1, 1)


def test_an_alias_cannot_be_marked_with_two_policies() -> None:
    edits = [MarkerEdit(("a",), "ns:app"), MarkerEdit(("b",), "ns:other")]
    marked = write_markers("a: &x v\nb: *x\n", edits)
    assert [each.reason for each in marked.refused] == ["shared-value"]


def test_a_style_that_is_known_is_used() -> None:
    marked = write_markers("a: [b]\n", [MarkerEdit(("a", 0), "ns:app")], style=Style(flush=False))
    assert marked.text == f"a:\n  - b {MARKER}\n"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a: {b: c, ? d : e}\n", ("a", "b")),
        ("x:\n  ? - &x web\n  : b\nc: *x\n", ("c",)),
        ("x: {? [&x web] : b}\nc: *x\n", ("c",)),
    ],
)
def test_a_text_that_would_not_mean_the_same_is_never_given_out(text: str, path: Path) -> None:
    with pytest.raises(CannotEdit):
        write_markers(text, [MarkerEdit(path, "ns:app")])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a: b\n", "a: c\n"),
        ("a: b\n", "a: 'b'\n"),
        ("a: b\n", "a: !!str b\n"),
        ("a: b\n", "a: [b]\n"),
        ("a: [b]\n", "a: [b, c]\n"),
        ("a: b\n", "a: b\nc: d\n"),
        ("a: &x b\nc: *x\n", "a: b\nc: b\n"),
        ("a: b\n", ""),
    ],
)
def test_other_documents_are_not_the_same(before: str, after: str) -> None:
    assert not is_same(read_nodes(before), read_nodes(after))
    assert is_same(read_nodes(before), read_nodes(before))


def test_a_tag_before_a_value_is_the_same_to_both_parsers() -> None:
    # Only the second of them reads the first text.
    before = "a: [x:1]\nb: !!str y\n"
    assert is_same(read_nodes(before), read_nodes(before.replace("[x:1]", "\n- x:1")))
    assert not is_same(read_nodes(before), read_nodes("a:\n- x:1\nb: !!int y\n"))
    assert mark("a: [x:1]\nb: !!str y\n", ("a", 0), ("b",)) == "a:\n- x:1 # P\nb: !!str y # P\n"


KEYS = ("fluxcd.io/automated", "filter.fluxcd.io/app")
ANNOTATED: list[tuple[str, str, AnnotationEdit, str, tuple[tuple[str, str], ...]]] = [
    (
        "one of two",
        "metadata:\n  annotations:\n    fluxcd.io/automated: 'true'\n    a: b # c\n",
        AnnotationEdit(KEYS),
        "metadata:\n  annotations:\n    a: b # c\n",
        (),
    ),
    (
        "all",
        (
            "metadata:\n  name: a\n  annotations: # why\n"
            "    # above\n    fluxcd.io/automated: 'true' # x\nspec: {}\n"
        ),
        AnnotationEdit(KEYS),
        "metadata:\n  name: a\n  # why\n  # above\n  # x\nspec: {}\n",
        (
            ("fluxcd.io/automated", "# why"),
            ("fluxcd.io/automated", "# above"),
            ("fluxcd.io/automated", "# x"),
        ),
    ),
    (
        "both, without comments",
        (
            "metadata:\n  annotations:\n    fluxcd.io/automated: 'true' # x\n"
            "    filter.fluxcd.io/app: y # z\n  name: a\n"
        ),
        AnnotationEdit(KEYS, keep_comments=False),
        "metadata:\n  name: a\n",
        (("annotations", "# x"), ("annotations", "# z")),
    ),
    (
        "a filter's comment",
        "metadata:\n  annotations:\n    a: b\n    filter.fluxcd.io/app: semver:~1 # never 2.x\n",
        AnnotationEdit(KEYS, keep_comments=False),
        "metadata:\n  annotations:\n    a: b\n",
        (("filter.fluxcd.io/app", "# never 2.x"),),
    ),
    (
        "another value",
        "metadata:\n  annotations:\n    fluxcd.io/ignore: 'true'\n",
        AnnotationEdit(("fluxcd.io/ignore",), {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}),
        "metadata:\n  annotations:\n    kustomize.toolkit.fluxcd.io/reconcile: disabled\n",
        (),
    ),
    (
        "the first annotation",
        "metadata:\n  name: a\nspec: {}\n",
        AnnotationEdit(values={"a": "true"}),
        'metadata:\n  name: a\n  annotations:\n    a: "true"\nspec: {}\n',
        (),
    ),
    (
        "in a list",
        (
            "kind: List\nitems:\n- metadata:\n    name: a\n"
            "    annotations:\n      fluxcd.io/automated: 'true'\n  spec: {}\n- b: c\n"
        ),
        AnnotationEdit(KEYS, resource=("items", 0)),
        "kind: List\nitems:\n- metadata:\n    name: a\n  spec: {}\n- b: c\n",
        (),
    ),
    (
        "a flow mapping",
        "metadata:\n  annotations: {a: b, fluxcd.io/automated: 'true'} # x\n",
        AnnotationEdit(KEYS),
        "metadata:\n  annotations: {a: b} # x\n",
        (),
    ),
    (
        "the first in a flow mapping",
        "metadata:\n  annotations: {fluxcd.io/automated: 'true', a: b}\n",
        AnnotationEdit(KEYS),
        "metadata:\n  annotations: {a: b}\n",
        (),
    ),
    (
        "all of a flow mapping",
        "metadata:\n  annotations: {fluxcd.io/automated: 'true'} # x\n  name: a\n",
        AnnotationEdit(KEYS),
        "metadata:\n  # x\n  name: a\n",
        (("fluxcd.io/automated", "# x"),),
    ),
    (
        "a flow mapping in a flow mapping",
        "metadata: {name: a, annotations: {fluxcd.io/automated: 'true'}}\n",
        AnnotationEdit(KEYS),
        "metadata: {name: a}\n",
        (),
    ),
    (
        "the first annotation of a flow mapping",
        "metadata: {name: a}\n",
        AnnotationEdit(values={"a": "b"}),
        "metadata: {name: a, annotations: {a: b}}\n",
        (),
    ),
    (
        "a value in a flow mapping",
        "metadata:\n  annotations: {a: b, c: d}\n",
        AnnotationEdit(values={"a": "1", "e": "f"}),
        'metadata:\n  annotations: {a: "1", c: d, e: f}\n',
        (),
    ),
    (
        "instead of all in a flow mapping",
        "metadata:\n  annotations: {fluxcd.io/automated: 'true'}\n",
        AnnotationEdit(KEYS, {"a": "b"}),
        "metadata:\n  annotations: {a: b}\n",
        (),
    ),
    (
        "JSON",
        (
            '{\n  "metadata": {\n    "annotations": {\n      "fluxcd.io/automated": "true",\n'
            '      "a": "b"\n    }\n  }\n}\n'
        ),
        AnnotationEdit(KEYS),
        '{\n  "metadata": {\n    "annotations": {\n      "a": "b"\n    }\n  }\n}\n',
        (),
    ),
    (
        "the last ones in JSON",
        (
            '{"metadata": {\n  "annotations": {\n    "a": "b",\n    "fluxcd.io/automated": "true",\n'
            '    "filter.fluxcd.io/app": "x"\n  }\n}}\n'
        ),
        AnnotationEdit(KEYS),
        '{"metadata": {\n  "annotations": {\n    "a": "b"\n  }\n}}\n',
        (),
    ),
    (
        "nothing to do",
        "metadata:\n  annotations:\n    a: b\n",
        AnnotationEdit(KEYS),
        "metadata:\n  annotations:\n    a: b\n",
        (),
    ),
    (
        "no annotations",
        "metadata: {name: a}\n",
        AnnotationEdit(KEYS),
        "metadata: {name: a}\n",
        (),
    ),
    (
        "empty annotations",
        "metadata:\n  name: a\n  annotations:\nspec: {}\n",
        AnnotationEdit(values={"a": "b"}),
        "metadata:\n  name: a\n  annotations:\n    a: b\nspec: {}\n",
        (),
    ),
    (
        "no end of the line",
        "metadata:\n  name: a\n  annotations:\n    fluxcd.io/automated: 'true'",
        AnnotationEdit(KEYS),
        "metadata:\n  name: a",
        (),
    ),
    (
        "CRLF",
        "metadata:\r\n  annotations:\r\n    fluxcd.io/automated: 'true'\r\n    a: b\r\nx: y\n",
        AnnotationEdit(KEYS, {"c": "d"}),
        "metadata:\r\n  annotations:\r\n    a: b\r\n    c: d\r\nx: y\n",
        (),
    ),
]


@pytest.mark.parametrize(
    ("text", "edited", "expected", "comments"),
    [row[1:] for row in ANNOTATED],
    ids=[row[0] for row in ANNOTATED],
)
def test_annotations_go_and_come(
    text: str, edited: AnnotationEdit, expected: str, comments: tuple[tuple[str, str], ...]
) -> None:
    result = edit_annotations(text, [edited])
    assert (result.text, result.comments) == (expected, comments)
    assert result.value == read_document(expected)[1]


@pytest.mark.parametrize(
    "text",
    [
        "x: &x\n  a: b\nmetadata:\n  annotations: *x\n",
        "x: &x {annotations: {fluxcd.io/automated: 'true'}}\nmetadata: *x\n",
        "metadata:\n  annotations: &x {fluxcd.io/automated: 'true', a: b}\nz: *x\n",
        "metadata:\n  annotations: &x\n    fluxcd.io/automated: 'true'\n  x: *x\n",
        "metadata: {annotations: {<<: {fluxcd.io/automated: 'true'}}}\n",
        "metadata:\n  annotations:\n    fluxcd.io/automated: &x 'true'\n    b: *x\n",
        "spec: {}\n",
    ],
)
def test_annotations_that_cannot_be_edited_are_refused(text: str) -> None:
    with pytest.raises(CannotEdit):
        edit_annotations(text, [AnnotationEdit(("fluxcd.io/automated",), {"a": "c"})])


def test_a_comment_in_braces_stays_where_an_annotation_goes() -> None:
    text = "metadata:\n  annotations: {fluxcd.io/automated: 'true', # a, b\n    a: [b]}\n"
    edited = edit_annotations(text, [AnnotationEdit(("fluxcd.io/automated",), {"a": "c"})])
    assert edited.text == "metadata:\n  annotations: { # a, b\n    a: c}\n"


@settings(max_examples=80)
@given(written_documents(), st.data())
def test_annotations_of_any_document_come_and_go(document: WrittenDocument, data: st.DataObject) -> None:
    head = "---\n" if document.text.startswith("---") else ""
    rest = document.text.removeprefix("---\n").removeprefix("---\r\n")
    newline = "\r\n" if "\r\n" in rest else "\n"
    metadata = f"metadata:{newline}  name: a{newline}"
    text = head + metadata + rest
    given_values = {"b/c": data.draw(st.sampled_from(("true", "x", "1")))}
    added = edit_annotations(text, [AnnotationEdit(values=given_values)])
    assert added.value["metadata"]["annotations"] == given_values
    removed = edit_annotations(added.text, [AnnotationEdit(("b/c",))])
    assert removed.text == text


def test_a_plan_comes_first_and_markers_after_it() -> None:
    text = "metadata:\n  annotations:\n    fluxcd.io/automated: 'true'\nspec:\n  tag: 1.10\n"
    root = compose(text)
    assert root is not None
    planned = apply_to_text((Remove(("metadata",)),), text, root, Style()).text
    assert mark(planned, ("spec", "tag")) == 'spec:\n  tag: "1.10" # P\n'


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("metadata:\n  namespace: &a web\nspec:\n  image: *a\n", ("spec", "image")),
        ("spec:\n- name: &a web\n  image: *a\n", ("spec", 0, "image")),
        ("image: &a web\nkind: *a\n", ("image",)),
    ],
)
def test_no_name_is_written_for_an_image_that_is_its_alias(text: str, path: tuple[str | int, ...]) -> None:
    marked = write_markers(text, [MarkerEdit(path, "flux-system:web")])
    assert ([each.reason for each in marked.refused], marked.text) == (["shared-value"], text)


def test_an_image_that_is_called_a_name_is_written_with_its_aliases() -> None:
    text = "image:\n  name: &a web\nlabel: *a\n"
    marked = write_markers(text, [MarkerEdit(("image", "name"), "flux-system:web")])
    assert marked.text == text.replace("web\n", 'web # {"$imagepolicy": "flux-system:web"}\n')


@pytest.mark.parametrize("path", [("worker", "name"), ("image", "name")])
def test_a_name_of_an_image_below_an_alias_is_written(path: tuple[str, ...]) -> None:
    marked = write_markers("image: &a\n  name: web\nworker: *a\n", [MarkerEdit(path, "flux-system:web")])
    assert len(marked.markers) == 1
