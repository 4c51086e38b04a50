"""Documents, values and entries of real and generated YAML texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kustomize.values import read_manifests
from fluxv2_migrate.yaml_text import (
    BlockMapping,
    CannotEdit,
    Style,
    compose,
    composer,
    detect_style,
    emit_entry,
    read_document,
    read_value,
    split_documents,
    value_of,
)
from fluxv2_migrate.yaml_text.lines import Unsure

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-9, 99)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    | st.sampled_from(["1.10", "on", "a: b", "#", "-"])
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6), inner, max_size=3
        )
    ),
    max_leaves=8,
)
styles = st.builds(
    Style, step=st.sampled_from([2, 4]), flush=st.booleans(), newline=st.sampled_from(["\n", "\r\n"])
)


def corpus_documents(shared: Path) -> list[tuple[Path, str]]:
    found: list[tuple[Path, str]] = []
    for path in sorted((shared / "corpus").rglob("*.y*ml")):
        try:
            text = path.read_bytes().decode().removeprefix("\ufeff")
        except (UnicodeDecodeError, IsADirectoryError):
            continue
        found.extend((path, text[span.start : span.end]) for span in split_documents(text))
    return found


@given(st.text(alphabet="a:-#. \n\r\t%", max_size=40))
def test_documents_cover_the_text(text: str) -> None:
    assert "".join(text[span.start : span.end] for span in split_documents(text)) == text


@given(
    st.dictionaries(st.text(alphabet="abc-/.", min_size=1, max_size=6), values, min_size=1, max_size=4),
    styles,
)
def test_what_is_emitted_is_read_back(value: dict[str, object], style: Style) -> None:
    text = "".join(emit_entry(key, item, 0, style) for key, item in value.items())
    assert value_of(compose(text)) == value
    assert yaml.safe_load(text) == value


def test_an_untouched_document_is_rendered_byte_for_byte(shared: Path) -> None:
    rendered = refused = 0
    for path, text in corpus_documents(shared):
        try:
            root = compose(text)
        except InvalidManifest:
            continue
        if root is None or not isinstance(value_of(root), dict):
            continue
        try:
            mapping = BlockMapping.of_document(text, root, detect_style(text))
            for key in ("metadata", "spec"):
                if mapping.entry(key):
                    mapping.child(key)
        except CannotEdit:
            refused += 1
            continue
        assert mapping.render() == text, path
        rendered += 1
    assert rendered > 1000
    assert refused < rendered / 50


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: 1\na: 2\n", "twice"),
        ("a: &a {b: 1}\nc:\n  <<: *a\n  <<: {d: 1}\n", "two merge keys"),
        ("a: &a {b: 1}\nc:\n  b: 2\n  <<: [{d: 1}, *a]\n", "'b' stands above a merge key"),
        ("a: &a {b: 1}\nc:\n  <<: [*a, 1]\n", "something else than mappings"),
        ("a: |\n  \tb\n", "a tab where a block scalar begins"),
        ("a: \0\n", "NUL"),
        ("a: [\n", "no valid YAML"),
        ("[" * 300 + "]" * 300, "deeper"),
        ("? [a]\n: b\n", "key"),
        (
            "a: &a ["
            + "x," * 100
            + "]\nb: &b ["
            + "*a," * 100
            + "]\nc: &c ["
            + "*b," * 100
            + "]\nd: ["
            + "*c," * 100
            + "]\n",
            "aliases",
        ),
    ],
)
def test_what_kubernetes_could_not_read_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidManifest, match=reason):
        compose(text, path="a.yaml")


def test_a_removed_field_leaves_its_comments() -> None:
    text = "a: 1 # one\n# above b\nb: # of b\n  c: 2 # two\n  # deeper\nd: 4\n"
    mapping = BlockMapping.of_document(text, compose(text), Style())
    mapping.remove("b")
    assert mapping.render() == "a: 1 # one\n# above b\n# of b\n# two\n# deeper\nd: 4\n"


def test_many_brackets_that_close_again_are_not_deep() -> None:
    text = "".join(f"key-{index}: [[1], {{a: 2}}] ]\n"[:-3] + "\n" for index in range(200))
    node, value = read_document(text)
    assert node is not None
    assert value["key-199"] == [[1], {"a": 2}]


def test_a_line_that_only_looks_nested_says_nothing_of_the_style() -> None:
    assert detect_style("a:\n    b: x:\n    c: 1\n").step == 4


@pytest.mark.parametrize(
    "text",
    [
        'a: "\\UFFFFFFFF"',
        'a: "\\U00110000"',
        'a: "\\ud800"',
        'a: "\\uD83D\\uDE00"',
        "# caf\udce9\na: 1",
        "a: \x85b: c",
        "# a\u2028b: c",
    ],
)
def test_what_is_no_character_is_no_yaml(text: str) -> None:
    with pytest.raises(InvalidManifest):
        read_document(text)


def test_levels_that_python_does_not_follow_are_no_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composer, "_scanned", mock.Mock(side_effect=Unsure))
    monkeypatch.setattr(composer, "_parsed", mock.Mock(side_effect=RecursionError("too many levels")))
    with pytest.raises(InvalidManifest, match="too many levels"):
        read_document("a: 1\n")


def test_a_merge_key_brings_what_stands_nowhere_else() -> None:
    merged = "a: &a {b: 1, d: 4}\nc:\n  b: 1\n  <<: [*a, {d: 5, e: 6}]\n  d: 2\n"
    assert read_value(merged)["c"] == read_value(merged, reader="kustomize")["c"] == {"b": 1, "d": 2, "e": 6}


# Measured as go-yaml 2 and 3 read it, by sigs.k8s.io/yaml 1.6 and kyaml 0.21.
def test_blank_lines_of_any_length_come_before_the_text_of_a_block_scalar() -> None:
    assert read_value("a: |\n \n\n   \n    b\nc: >\n  \n    d\n") == {"a": "\n\n\nb\n", "c": "\nd\n"}


# Measured as `kubectl label --local` and `kubectl kustomize` read it, which agree.
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!!binary aGkK", "hi\n"),
        ("!!binary |\n  aG\n  kK\n", "hi\n"),
        ("!!int '12'", 12),
        ("!!float 1", 1),
        ("!!bool 'true'", True),
        ("!!null ''", None),
        ("!!str 1", "1"),
        ("!!int [1]", [1]),
        ("!x:int abc", "abc"),
        ("!<int> abc", "abc"),
        ("&a-b_1 c", "c"),
    ],
)
@pytest.mark.parametrize("reader", ["flux1", "kustomize"])
def test_a_value_is_what_its_tag_says(text: str, value: Any, reader: Any) -> None:
    assert read_value(f"a: {text}\n", reader=reader) == {"a": value}


@pytest.mark.parametrize(
    "text",
    [
        "!!binary aGk",
        "!!binary aG k=",
        "!!binary \u00e9",
        *(f"!!int {each}" for each in ("abc", "1.5", "18446744073709551616", "true")),
        "!!float x",
        "!!float no",
        "!!bool maybe",
        "!!null x",
        "!!timestamp soon",
        "&a.b c",
        "&a:b c",
        "&\u00e9 c",
    ],
)
def test_a_document_that_no_reader_takes_is_refused(text: str) -> None:
    for read in (lambda: read_value(f"a: [{text}]\n"), lambda: read_manifests(f"kind: A\na: {text}\n")):
        with pytest.raises(InvalidManifest, match=r"tag `!!|anchor"):
            read()


def test_a_key_with_a_tag_is_a_text_to_kustomize() -> None:
    assert read_value("!!str 1: a\n'2': b\n", reader="kustomize") == {"1": "a", "2": "b"}


def test_a_directive_belongs_to_the_next_document() -> None:
    for ends in ("\n", "\r\n"):
        text = ends.join(["a: 1", "... # the first", "# why", "%YAML 1.1", "---", 'b: "50', '%TAG"'])
        parts = [text[span.start : span.end] for span in split_documents(text)]
        assert [read_document(part)[1] for part in parts] == [{"a": 1}, {"b": "50 %TAG"}]
    for text in (
        "%YAML 1.1\n---\na: 1\n",
        "# c\r\n\r\n%TAG ! x:\r\n---\r\na: 1\r\n",
        "a: 1\n...\n%YAML 1.2\n",
    ):
        with pytest.raises(InvalidManifest):
            read_document(text)
    with pytest.raises(InvalidManifest, match="document start"):
        read_document("a: 1\n%YAML 1.1\n")


# Read by `kubectl label --local` and by `kubectl kustomize` (kubectl 1.37.1, go-yaml 2 and 3) alike.
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a:\tb\n", {"a": "b"}),
        ("a\t:\t b\t\nc: d # e\n", {"a": "b", "c": "d"}),
        ("a: b\t# c\n", {"a": "b"}),
        ("a: {b:\tc,\td: e\t}\t\n", {"a": {"b": "c", "d": "e"}}),
        ("a: |-\t\n  b\t\n", {"a": "b\t"}),
        ("a: b\t\n  c\t\nd:\t\n  e: &f\tg\n", {"a": "b c", "d": {"e": "g"}}),
        ("a: b\tc \td\t# e\nf: b\n  \t\n\n  c\n", {"a": "b\tc \td", "f": "b\n\nc"}),
        ("a: !!str\t1\nb: &c\t2\nd: *c\t\n", {"a": "1", "b": 2, "d": 2}),
        ("- a\n-\tb\n", None),
        ("a: b\n\t\nc: d\n", None),
        ("\ta: b\n", None),
        ("a: b\n\t# c\n", None),
    ],
)
def test_a_tab_stands_where_go_takes_it_for_a_blank(text: str, value: Any) -> None:
    if value is not None:
        assert read_document(text)[1] == value
        return
    with pytest.raises(InvalidManifest, match="cannot start any token"):
        read_document(text)
