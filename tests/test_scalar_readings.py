"""What each Flux reads of a scalar, and texts that both read as Flux v1 did."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kustomize.values import read_value
from fluxv2_migrate.repository.flux1_readings import read_otherwise
from fluxv2_migrate.yaml_text import compose, read_document
from fluxv2_migrate.yaml_text.readings import (
    may_be_read_otherwise,
    scalars_read_otherwise,
    with_flux1_readings,
)
from real_kustomize import kubectl

BOOLEANS = """
y Y yes Yes YES n N no No NO true True TRUE false False FALSE on On ON off Off OFF nO oFF
""".split()  # noqa: SIM905
NULLS = ["~", "null", "Null", "NULL", '""', "''"]
NUMBERS = """
0 1 -1 +1 007 0644 0o644 0x1F 0b11 1_000 1__0 08 0888 -0 1e3 1. .5 -.5 1.10 09.5 1.0
12345678901234567890 123456789012345678901234 0o9 0x 1e400 1,000 = 12:30 12:30:45
0B11 -0B1 0O17 0b2 .5_0 ._5 .5e1_0 +0x8000000000000000 18446744073709551615 010000000000000000000008
""".split()  # noqa: SIM905
TIMES = [
    "2021-01-01",
    "2021-1-1",
    "2021-01-01T10:00:00Z",
    "2021-01-01 10:00:00",
    "2021-01-01T10:00:00+00:00",
    "2021-01-01T10:00:00.000Z",
    "2021-13-41",
    "2021-01",
    "2021-01-01  1:2:3",
    "2021-01-01T10:00:00,5Z",
    "0000-02-29",
]
TAGGED = [
    "!!str no",
    "!!str 1",
    '!!int "1"',
    "!!bool yes",
    "!!bool true",
    "!!binary aGk=",
    "!!null ''",
    "! 1",
    "! no",
    "!!float 1",
]
QUOTED = ["'no'", '"on"', "'2021-01-01'", '"22"', "web", "a b", "v1.2.3"]
SCALARS = [*BOOLEANS, *NULLS, *NUMBERS, *TIMES, *TAGGED, *QUOTED]
KEYS = [key for key in SCALARS if not key.startswith("!!")]
# Of these no tool of Flux v1 could make a key.
REFUSED = ("12345678901234567890", "18446744073709551615", "~", "null", "Null", "NULL")


def rewritten(text: str) -> str:
    root = compose(text)
    found = scalars_read_otherwise(text, root)
    assert not found or may_be_read_otherwise(text)
    return with_flux1_readings(text, found)


def read(text: str, reader: Any) -> Any:
    return read_document(text, reader=reader)[1]


# Texts behind `>` in which kustomize makes more lines, some in lists, with properties and comments.
FOLDED = [
    ">\n      one\n        two\n      three\n",
    ">- # why\n      one\n      two\n\n        three\n\n      four\n      five\n",
    ">+\n      one\n\n",
    ">+ # why\n      one\n      two\n\n\n",
    "&anchor >\n      one\n      \ttwo\n",
    ">4\n        one\n      two\n\n      three\n",
    "!!str >\n\n      one\n       two\n\n",
]
# Others in which it makes none, since it writes them in quotes or joins nothing.
KEPT = [
    ">\n      one\n      two\n\n      three\n",
    ">\n      one \n        two\n",
    ">-\n      one \U0001f600\n        two\n",
    ">+\n      one\n",
    "|+\n      one\n        two\n\n",
]


@pytest.mark.parametrize("scalar", [*FOLDED, *KEPT])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_both_read_the_lines_that_flux_1_read(scalar: str, newline: str) -> None:
    text = f"a:\n  b: {scalar}c:\n  - {scalar}d: 1\n".replace("\n", newline)
    after = rewritten(text)
    assert (after != text) == (scalar in FOLDED)
    assert read(after, "flux1") == read(after, "kustomize") == read(text, "flux1")
    assert after.count(newline) == after.count("\n") == text.count("\n")
    assert after.count("# why") == text.count("# why")


def test_a_folded_text_without_an_end_has_none_afterwards() -> None:
    text = "a: >\n  one\n  two\n   three"
    after = rewritten(text)
    assert after == "a: |-\n  one two\n   three\n"
    assert read(after, "kustomize") == read(text, "flux1") == {"a": "one two\n three"}


@pytest.mark.parametrize("scalar", SCALARS)
def test_both_read_what_flux_1_read(scalar: str) -> None:
    text = f"a: {scalar} # why\nb: [{scalar}, 1]\nc: &c {scalar}\nd: *c\ne:\n- {scalar}\n"
    after = rewritten(text)
    assert read(after, "flux1") == read(after, "kustomize") == read(text, "flux1")
    assert after.count("\n") == text.count("\n")
    assert " # why\n" in after


@pytest.mark.parametrize("key", KEYS)
def test_keys_are_the_texts_that_flux_1_made_of_them(key: str) -> None:
    text = f"a:\n  {key}: 1\nb: {{{key}: 2}}\n"
    after = rewritten(text)
    assert read(after, "flux1") == read(after, "kustomize") == read(text, "flux1")


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("a: {b: , c: 1}\n", "a: {b: null , c: 1}\n"),
        ("a: {b, c: 1} # why\n", "a: {b: null, c: 1} # why\n"),
        ("a: {c: 1, b}\n", "a: {c: 1, b: null}\n"),
        ("a: {b: }\n", "a: {b: null }\n"),
        ("a: {}\nb:\n", "a: {}\nb:\n"),
    ],
)
def test_an_entry_in_braces_without_a_value_is_a_null(text: str, after: str) -> None:
    assert rewritten(text) == after


def test_an_alias_in_the_place_of_a_key_stays() -> None:
    text = "&key web: 1\nother:\n  *key : 2\n"
    assert rewritten(text) == text


def test_what_both_take_alike_is_left_alone() -> None:
    text = "a: True\nb: ~\nc: 0644\nd: 1e3\ne: 12:30\nf: 'no'\ng: |\n  no\nh: nO\ni: \"2020-01-01\"\n22: x\n"
    assert rewritten(text) == text


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("1e6", "1e+06"),
        ("12345678.5", "1.2345678e+07"),
        ("123456.789", "123456.79"),
        ("0.0001", "0.0001"),
        ("0.00001", "1e-05"),
        ("-0.5", "-0.5"),
        ("1000.0", "1000"),
        ("1e39", ".inf"),
        ("-1e39", "-.inf"),
        (".nan", ".nan"),
    ],
)
def test_a_number_as_a_key_is_written_as_go_writes_it(key: str, text: str) -> None:
    assert read(f"{key}: 1", "flux1") == {text: 1}


def _kubectl(*arguments: str, stdin: str = "", folder: Path | None = None) -> str:
    done = subprocess.run(
        [kubectl(), *arguments], input=stdin, capture_output=True, text=True, check=False, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _as_json(digits: str) -> float:
    return float(digits)


def test_the_real_tools_read_it_so(tmp_path: Path) -> None:
    # One object with every spelling: as a value, in a list, in braces, as a key.
    forms = (
        "  v{}: {}\n",
        "  l{}: [{}]\n",
        "  m{}: {{x: {}}}\n",
        "  b{}:\n  - {}\n",
        "  d{}: {{a: [1, {}]}}\n",
    )
    lines = [form.format(index, scalar) for form in forms for index, scalar in enumerate(SCALARS)]
    lines += [
        "  e1: {a: , b: 1}\n",
        "  e2: {a, b: 1}\n",
        "  e3: {b: 1, a }\n",
        "  e4: {a: {b: }}\n",
        "  e5: {}\n",
    ]
    # An indentation that is written out is that of one place.
    for index, scalar in enumerate(each for each in [*FOLDED, *KEPT] if not each.startswith(">4")):
        lines += [f"  t{index}:\n    x: {scalar}", f"  u{index}:\n    - {scalar}"]
    keys = [key for key in KEYS if key not in REFUSED]
    lines += [f"  k{index}:\n    {key}: 1\n" for index, key in enumerate(keys)]
    lines += [f"  f{index}: {{{key}: 1}}\n" for index, key in enumerate(keys)]
    assert len(lines) > 500
    text = "apiVersion: example.com/v1\nkind: App\nmetadata:\n  name: a\nspec:\n" + "".join(lines)
    after = rewritten(text)
    before = json.loads(_kubectl("label", "--local", "-o", "json", "-f", "-", "x=y", stdin=text))
    (tmp_path / "a.yaml").write_text(after, "utf-8")
    (tmp_path / "kustomization.yaml").write_text("resources: [a.yaml]\n", "utf-8")
    built = _kubectl("kustomize", str(tmp_path))
    applied = json.loads(_kubectl("label", "--local", "-o", "json", "-f", "-", "x=y", stdin=built))
    assert applied["spec"] == before["spec"]
    # A number beyond 63 bits loses its digits on the way through JSON, in both Fluxes.
    ours = json.loads(json.dumps(read(text, "flux1")["spec"]), parse_int=_as_json)
    assert ours == json.loads(json.dumps(before["spec"]), parse_int=_as_json)


scalars = st.one_of(
    st.sampled_from(SCALARS),
    st.from_regex(r"\A[yYnNoO][a-zA-Z]{0,3}\Z"),
    st.from_regex(
        r"\A[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ][0-9]{1,2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,3})?(Z|\+01:00)?)?\Z"
    ),
    st.from_regex(r"\A[-+]?[0-9._xob]{1,8}\Z"),
)


@st.composite
def documents(draw: st.DrawFn) -> str:
    lines: list[str] = []
    for index in range(draw(st.integers(1, 5))):
        value = draw(scalars)
        form = draw(st.sampled_from(["value", "item", "flow", "key", "flow key", "comment", "deep"]))
        lines.append(
            {
                "value": f"a{index}: {value}\n",
                "item": f"a{index}:\n- {value}\n",
                "flow": f"a{index}: {{x: {value}, y1: [{value}]}}\n",
                "key": f"a{index}:\n  {value.strip(chr(32))}: 1\n",
                "flow key": f"a{index}: {{{value}: 1}}\n",
                "comment": f"a{index}: {value}   # {value}\n",
                "deep": f"a{index}:\n  b:\n    - c: {value}\n      d: {value}\n",
            }[form]
        )
    return "".join(lines)


@given(documents())
@settings(max_examples=300, deadline=None)
def test_drawn_documents_mean_to_both_what_they_meant_to_flux_1(text: str) -> None:
    try:
        before = read(text, "flux1")
    except InvalidManifest:
        return
    after = rewritten(text)
    assert repr(read(after, "flux1")) == repr(before)
    assert read(after, "kustomize") == before or repr(read(after, "kustomize")) == repr(before)
    assert rewritten(after) == after


def read_by_kustomize(text: str) -> str:
    try:
        return repr(read_value(text))
    except InvalidManifest as error:
        return error.reason


def assert_kustomize_reads_it_so(text: str) -> None:
    """Whether or not what Flux v1 read of a document is taken for what kustomize reads, it is the same."""
    with mock.patch("fluxv2_migrate.kustomize.values._begins_with_key", return_value=False):
        wanted = read_by_kustomize(text)
    assert read_by_kustomize(text) == wanted


@pytest.mark.parametrize("scalar", SCALARS)
@pytest.mark.parametrize(
    "form", ["a: {}\n", "a: [{}]\nb:\n- c: {}\n", "{}: 1\n", "a:\n  {}: 1\n", "a: {{b: {}}}\n"]
)
def test_what_flux_1_read_is_taken_for_what_kustomize_reads_only_where_it_is(form: str, scalar: str) -> None:
    assert_kustomize_reads_it_so(form.format(scalar, scalar))


def test_of_documents_of_a_file_the_lines_are_told_of_what_is_read_otherwise() -> None:
    text = "a: b # x, on\n---\na: yes\na: no\n---\nb: yes\n---\nc: no\n"
    assert may_be_read_otherwise("a: b # x, on\n")
    found = [(index, line, each.path) for index, line, each in read_otherwise(text, {0, 1, 2})]
    assert found == [(2, 6, ("b",))]


@given(documents())
@settings(max_examples=300, deadline=None)
def test_of_drawn_documents_kustomize_reads_what_it_reads(text: str) -> None:
    assert_kustomize_reads_it_so(text)


@pytest.mark.parametrize(
    "text",
    [
        "a:   on\t# why\n",
        "a: &b no\n",
        'a: !<tag:yaml.org,2002:timestamp> "2021-01-01"\n',
        "a: {b: [2021-1-1]}\n",
        '{"a":2021-01-01}',
        "a: {b}\n",
        "a: [{ b, c: 1 }]\n",
        "a:\n  null : 1\n",
        "a: {b: {c: 1}, d}\n",
        "a: {b: [{c: 1}], d: 2, e}\n",
        "a: {b: '{c} d', e}\n",
        'a: {b: "{{ c }} d", e}\n',
        "a: {b: {c: 1} # {d}\n  , e}\n",
        "a: {b: 1, # {c}\n  d: 2, e}\n",
        "a:\n  .inf: 1\n",
        "a:\n  0x1F: 1\n",
        "a:\n  -_0: 1\n",
        "a:\n- - -1: 2\n",
    ],
)
def test_what_may_be_read_otherwise_is_found(text: str) -> None:
    assert scalars_read_otherwise(text, compose(text))
    assert may_be_read_otherwise(text)


@pytest.mark.parametrize(
    "text",
    [
        "a: turn it on for all # as it is off by default\n",
        "a: '2021-01-07T10:04:30Z'\nb: RELEASE.2020-08-08T04-50-06Z\nc: pr-19-348\n",
        "a:\n  nullable: true\n",
        "a: mi-{{ .Values.global }}-rg\nb: '{{ item }}'\nc: ${NAME}\n",
        "a: '{{ range .b }}{{ .c }}{{ end }}'\n",
        "a: {b: 1}\nc: Services, Deployments, and Pods\n",
        'a: "of these: \\n"\n',
        "a:\n  1-web: b\n  10.0.0.1/24: c\n",
    ],
)
def test_most_texts_need_not_be_looked_at(text: str) -> None:
    assert not may_be_read_otherwise(text)
    assert not scalars_read_otherwise(text, compose(text))
