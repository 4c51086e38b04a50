"""Edits of texts in every form that people write, and the forms that are refused."""

from __future__ import annotations

import pickle
from unittest import mock

import pytest
from ruamel.yaml.error import YAMLError

import fluxv2_migrate as fm
from fluxv2_migrate.errors import AmbiguousTag, InvalidManifest
from fluxv2_migrate.placement.source_names import source_names
from fluxv2_migrate.plan import Move, Plan, Remove, Set, apply_to_mapping, apply_to_text
from fluxv2_migrate.repository.reading import read_documents
from fluxv2_migrate.rules import ChartSourceRequest
from fluxv2_migrate.yaml_text import (
    CannotEdit,
    Place,
    Style,
    compose,
    composer,
    read_document,
    resolve_plain_scalar,
)
from fluxv2_migrate.yaml_text.composer import MAXIMUM_SIZE
from fluxv2_migrate.yaml_text.lines import Unsure
from fluxv2_migrate.yaml_text.parser import parse


def edit(text: str, *plan: Plan | Set | Move | Remove) -> str:
    root = compose(text)
    assert root is not None
    return apply_to_text(plan, text, root, Style()).text  # type: ignore[arg-type]


EDITS: list[tuple[str, str, tuple[Set | Move | Remove, ...], str]] = [
    ("a flow mapping is opened", "a: {b: 1, c: }\n", (Set(("a", "d"), 2),), "a:\n  b: 1\n  c:\n  d: 2\n"),
    ("its comment stays", "a: {b: 1} # x\n", (Set(("a", "d"), 2),), "a: # x\n  b: 1\n  d: 2\n"),
    ("an empty value becomes a mapping", "a: # x\nb: 1\n", (Set(("a", "c"), 2),), "a: # x\n  c: 2\nb: 1\n"),
    ("an empty value at the end", "a:", (Set(("a", "c"), 2),), "a:\n  c: 2"),
    ("a null becomes a mapping", "a: ~\n", (Set(("a", "c"), 2),), "a:\n  c: 2\n"),
    ("an anchor that stays", "a: &x\n  b: 1\nc: *x\n", (Set(("d",), 1),), "a: &x\n  b: 1\nc: *x\nd: 1\n"),
    ("an empty last item", "a:\n- 1\n-\nb: 1\n", (Remove(("b",)),), "a:\n- 1\n-\n"),
    ("a kept block scalar", "a: |+\n  x\n\n\nb: 1\n", (Set(("b",), 2),), "a: |+\n  x\n\n\nb: 2\n"),
    (
        "a comment behind a block scalar",
        "a: |\n  x\n  # text\n# comment\nb: 1\n",
        (Remove(("a",)),),
        "# comment\nb: 1\n",
    ),
    (
        "a block scalar moves",
        "a: |\n  x\n   y\nb: 1\n",
        (Move(("a",), ("b2", "c")),),
        "b: 1\nb2:\n  c: |\n    x\n     y\n",
    ),
    ("a mapping is replaced", "a: # one\n  b: 1 # two\n", (Set(("a",), 3),), "# one\n# two\na: 3\n"),
    (
        "an opened mapping is replaced",
        "a:\n  b: 1 # two\n  c: 2 # three\n",
        (Set(("a", "b"), 2), Set(("a",), 3)),
        "# two\n# three\na: 3\n",
    ),
    (
        "an opened mapping is removed",
        "a:\n  b:\n    c: 1 # x\nd: 1\n",
        (Set(("a", "b", "e"), 2), Remove(("a",))),
        "# x\nd: 1\n",
    ),
    (
        "an opened mapping moves",
        "a:\n  b: 1\nc: 1\n",
        (Set(("a", "d"), 2), Move(("a",), ("x", "z"))),
        "c: 1\nx:\n  z:\n    b: 1\n    d: 2\n",
    ),
    ("what is not there is not removed", "a: 1\n", (Remove(("b", "c")), Remove(("d",))), "a: 1\n"),
    (
        "a field moves out",
        "a:\n  b: # x\n    c: 1\n    # y\n",
        (Move(("a", "b"), ("b",)), Remove(("a",))),
        "b: # x\n  c: 1\n  # y\n",
    ),
    ("tabs and emoji", "a: 1\t# 🙂\nb: '🙂'\n", (Set(("b",), "🙂"),), 'a: 1\t# 🙂\nb: "🙂"\n'),
    ("no end of the only line", "a: 1", (Set(("b",), 1),), "a: 1\nb: 1"),
    ("an empty item with a comment", "a:\n-\n- b # x\nc: 1\n", (Set(("a",), 1),), "a: 1 # x\nc: 1\n"),
    ("a tag before a key", "a: 1\n!!str b: 2\n", (Set(("c",), 1),), "a: 1\n!!str b: 2\nc: 1\n"),
    ("a quoted sharp is no comment", "a: 'x # y' # z\n", (Set(("a",), 1),), "a: 1 # z\n"),
    ("no end of the last line", "a: 1\n# end", (Set(("b",), 1),), "a: 1\nb: 1\n# end"),
    ("an item with a comment", "a:\n- b # x\nc: 1\n", (Set(("a",), ["d"]),), "# x\na:\n- d\nc: 1\n"),
    ("an alias goes", "a: &x 1\nb: *x # c\n", (Set(("b",), 2),), "a: &x 1\nb: 2 # c\n"),
    (
        "a field beside a merge key",
        "x: &x {a: 1}\nw:\n  <<: *x\n  b: 1\n",
        (Set(("w", "c"), 1, Place(first=True)), Set(("w", "a"), 2), Move(("w", "b"), ("w", "z", "b"))),
        "x: &x {a: 1}\nw:\n  <<: *x\n  c: 1\n  a: 2\n  z:\n    b: 1\n",
    ),
    (
        "a flow mapping over lines",
        (
            "a: { # one\n  b: 1, # two\n  # three\n  c: [1,\n\n  2], # f\n    d: 'x # y\n  z' # four\n"
            "  # five\n  } # six\nz: 1\n"
        ),
        (Set(("a", "e"), 1),),
        (
            "a: # six\n  # one\n  b: 1\n  # two\n  # three\n  c: [1,\n\n    2]\n  # f\n"
            "  d: 'x # y\n    z'\n  e: 1\n  # four\n  # five\nz: 1\n"
        ),
    ),
    (
        "a document in flow style",
        '# top\n--- {"a": 1, # one\n "b": {\n   "c": [1,\n\t2\n   ]\n }, "d": {}} # two\n# three\n...\n',
        (Set(("b", "e"), 1), Set(("f",), 2)),
        (
            '# top\n---\n"a": 1\n# one\n"b":\n  "c": [1,\n    \t2\n       ]\n  e: 1\n"d": {}\nf: 2\n'
            "# two\n# three\n...\n"
        ),
    ),
    (
        "a document in flow style, as programs write it",
        '{\n  "a": {\n    "b": {\n      "c": 1\n    }\n  },\n  "d": [\n    1\n  ]\n}',
        (Set(("a", "e"), 1),),
        '"a":\n  "b": {\n      "c": 1\n    }\n  e: 1\n"d": [\n    1\n  ]',
    ),
    ("a document in flow style with an anchor", "&x {a: 1}\n", (Set(("c",), 1),), "a: 1\nc: 1\n"),
    (
        "a flow mapping with anchors, tags and keys of all kinds",
        "z: &z 1\na: {b: *z,\n c: &y [*z, 2], d: , 'e': *y, f: !!str 1, \"g\":*z, h}\n",
        (Set(("a", "k"), 1),),
        "z: &z 1\na:\n  b: *z\n  c: &y [*z, 2]\n  d:\n  'e': *y\n  f: !!str 1\n  \"g\": *z\n  h:\n  k: 1\n",
    ),
    (
        "an anchor that moves before its alias",
        "a:\n  b: &x 1\nc: *x\n",
        (Move(("a", "b"), ("a", "d", "e")),),
        "a:\n  d:\n    e: &x 1\nc: *x\n",
    ),
    (
        "aliases that move",
        "a: &x 1\nb: [*x]\nc: *x\nd: 1\n",
        (Move(("b",), ("e", "b")), Move(("c",), ("e", "c"))),
        "a: &x 1\nd: 1\ne:\n  b: [*x]\n  c: *x\n",
    ),
    (
        "a list that ends with an alias",
        "a: &x 1\nb:\n- *x # c\n# d\nc: 1\n",
        (Move(("b",), ("d", "e")),),
        "a: &x 1\n# d\nc: 1\nd:\n  e:\n  - *x # c\n",
    ),
    (
        "a list that ends with an alias of its own",
        "b:\n- &x 1\n- *x\n\n# d\nc: 1\n",
        (Move(("b",), ("d", "e")),),
        "\n# d\nc: 1\nd:\n  e:\n  - &x 1\n  - *x\n",
    ),
    (
        "an anchor on a mapping that is opened",
        "a: &x\n  b: 1\n  c: 2\nd: *x\n",
        (Set(("d",), {"e": 1}), Set(("a", "b"), 3)),
        "a: &x\n  b: 3\n  c: 2\nd:\n  e: 1\n",
    ),
    (
        "an anchor on a flow mapping",
        "a: &x {b: 1}\nc: *x\n",
        (Set(("a", "d"), 1),),
        "a:\n  b: 1\n  d: 1\nc: {b: 1}\n",
    ),
    (
        "an anchor whose alias others are",
        "a: &x\n  b: 1\nc: *x\n",
        (Set(("a", "b"), 2),),
        'a: \n  b: 2\nc: {"b": 1}\n',
    ),
    (
        "an alias in place of a mapping",
        "a: &x {b: 1}\nc: *x\n",
        (Set(("c", "d"), 1),),
        "a: &x {b: 1}\nc:\n  b: 1\n  d: 1\n",
    ),
    ("an anchor that moves", "a: &x 1\nb: *x\n", (Move(("a",), ("c", "d")),), "b: 1\nc:\n  d: 1\n"),
    (
        "an alias that moves before its anchor",
        "a: &x 1\nb: *x\nc: {}\n",
        (Move(("a",), ("c", "d")),),
        "b: 1\nc:\n  d: 1\n",
    ),
    ("an anchor that others need", "a: &x 1\nb: *x\n", (Set(("a",), 2),), "a: 2\nb: 1\n"),
]


@pytest.mark.parametrize(
    ("text", "plan", "expected"), [row[1:] for row in EDITS], ids=[row[0] for row in EDITS]
)
def test_edits_change_what_is_asked_and_nothing_beside(
    text: str, plan: tuple[Set | Move | Remove, ...], expected: str
) -> None:
    assert edit(text, *plan) == expected


@pytest.mark.parametrize(
    ("text", "plan", "expected"), [row[1:] for row in EDITS], ids=[row[0] for row in EDITS]
)
def test_edits_are_the_same_without_the_scanner(
    text: str, plan: tuple[Set | Move | Remove, ...], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(composer, "_scanned", mock.Mock(side_effect=Unsure))
    assert edit(text, *plan) == expected


REFUSED: list[tuple[str, str, tuple[Set | Move | Remove, ...]]] = [
    ("a carriage return alone", "a: 1\rb: 2\n", (Set(("c",), 1),)),
    ("a document without a field", "{}\n", (Set(("c",), 1),)),
    ("a merge key behind a key", "x: &x {a: 1}\nw:\n  b: 1\n  <<: *x\n", (Set(("w", "c"), 1),)),
    ("a merge key behind a key of the document", "x: &x {a: 1}\nb: 1\n<<: *x\n", (Set(("c",), 1),)),
    ("a merged field", "x: &x {a: 1}\nw:\n  <<: *x\n", (Remove(("w", "a")),)),
    ("an explicit key", "? a\n: 1\n", (Set(("c",), 1),)),
    ("an explicit key behind others", "a: 1\n? b\n: 2\n", (Set(("c",), 1),)),
    ("an alias under a comment", "a: &x 1\nb: # c\n  *x\nc: 1\n", (Set(("c",), 2),)),
    ("a text left of its key", "a:\n  b: 'x\n y'\n", (Move(("a", "b"), ("b",)),)),
    ("a mapping behind a dash's column", "a: !!map\n  b: 1\nc: !!map {d: 1}\n", (Set(("c", "e"), 1),)),
    ("an explicit key in flow style", "a: {? b : 1}\n", (Set(("a", "d"), 1),)),
    ("an anchor on a key in flow style", "a: {&x b: 1}\n", (Set(("a", "d"), 1),)),
    ("a text in place of a mapping", "a: 1\n", (Set(("a", "b"), 1),)),
    ("a comment in place of a value", "a:\n  # x\nb: 1\n", (Set(("a", "c"), 1),)),
    ("a field that is not there", "a: 1\n", (Move(("b",), ("c", "d")),)),
    ("a place that is taken", "a: 1\nb: {c: 1}\n", (Move(("a",), ("b", "c")),)),
    ("a name that is taken", "a: 1\nb: 2\n", (Move(("a",), ("b",)),)),
    ("a value that was just written", "a: 1\n", (Set(("b",), {"c": 1}), Set(("b", "d"), 1))),
]


@pytest.mark.parametrize(("text", "plan"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_cannot_be_edited_is_refused(text: str, plan: tuple[Set | Move | Remove, ...]) -> None:
    with pytest.raises(CannotEdit):
        edit(text, *plan)


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [*x]\n",
        "a: &a [1,1,1,1,1,1,1,1,1,1]\n"
        + "".join(
            f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 10)}]\n" for n in range(6)
        ),
        "a: " + "x" * MAXIMUM_SIZE,
        "a: 1\n? [b]\n: 1\n",
        "1: a\n'1': b\n",
        "a: " + "[" * 300,
        "".join(f"{' ' * column}a:\n" for column in range(150)),
        "-   " * 150 + "a",
        "".join(f"{' ' * column}a:\n" for column in range(900)),
        "\n".join(f"a{n}: &a{n} {'[' * 40}{f'*a{n - 1}' if n else ''}{']' * 40}" for n in range(4)),
        "\n".join(f"a{n}: &a{n} {'[' * 60}{f'*a{n - 1}' if n else ''}{']' * 60}" for n in range(2)),
    ],
    ids=[
        "self-reference",
        "bomb",
        "size",
        "list as key",
        "key twice",
        "brackets",
        "columns",
        "dashes",
        "more columns than Python follows",
        "aliases of aliases",
        "an alias far in",
    ],
)
def test_what_would_explode_is_refused(text: str) -> None:
    with pytest.raises(InvalidManifest):
        read_document(text)


def test_keys_are_texts_whatever_yaml_makes_of_them() -> None:
    value = read_document(
        "1: a\nyes: b\nno: c\n~: d\n1.5: e\n2.0: f\n!!str 3: g\nx: &a {k: [1]}\nw: *a\nz: !!int 3\n"
    )[1]
    assert value.pop("z") == 3
    assert list(value) == ["1", "true", "false", "null", "1.5", "2", "3", "x", "w"]
    assert value["x"] == value["w"] == {"k": [1]}
    assert value["x"] is not value["w"]


def test_merge_keys_are_applied_and_own_keys_win() -> None:
    text = "a: &a {x: 1, w: 1}\nb: &b {z: 1}\nc: {<<: [*a, *b], x: 2}\nd: {<<: *a}\n"
    value = read_document(text)[1]
    assert value["c"] == {"x": 2, "w": 1, "z": 1}
    assert value["d"] == {"x": 1, "w": 1}


NUMBERS: dict[str, float | str] = {
    "0o17": 15,
    "0x1F": 31,
    "0b101": 5,
    "1_000": 1000,
    ".5": 0.5,
    "18446744073709551615": 2**64 - 1,
    # What does not fit into 64 bits is a real number, and what is none either is a text.
    "18446744073709551616": 2.0**64,
    "1e999": "1e999",
    "0x" + "f" * 17: "0x" + "f" * 17,
    "9" * 5000: "9" * 5000,
}


@pytest.mark.parametrize(("text", "value"), NUMBERS.items(), ids=[text[:20] for text in NUMBERS])
def test_numbers_are_read_as_go_reads_them(text: str, value: float | str) -> None:
    assert resolve_plain_scalar(text) == value


TABS: dict[str, object] = {
    "a: 1\t\nb:\t # x\n- c\t#y": {"a": 1, "b": ["c"]},
    "a: 'x\t#'\t#\n": {"a": "x\t#"},
    "a: 1\t\nb: 2\n": {"a": 1, "b": 2},
}


@pytest.mark.parametrize(("text", "value"), TABS.items())
def test_tabs_before_comments_and_line_ends_are_blanks(text: str, value: object) -> None:
    assert read_document(text)[1] == value


def test_other_tabs_are_refused() -> None:
    with pytest.raises(YAMLError):
        parse("a: 1\n\tb: 2\n")


def test_a_move_of_what_is_not_there_is_an_error_for_values_too() -> None:
    with pytest.raises(KeyError):
        apply_to_mapping((Move(("a", "b"), ("c", "d")),), {})


def test_positions_lead_to_the_nearest_field() -> None:
    (document,), _ = read_documents("a.yaml", "\n\na:\n- b: 1\n- c: 2\n")
    assert document.position(("a", "1", "c")) == (5, 3)
    assert document.position(("a", "7")) == (3, 1)
    (empty,), _ = read_documents("a.yaml", "# nothing\n")
    assert empty.position(("a",)) == (1, 1)
    assert empty.manifest == {}


@pytest.mark.parametrize(
    "text",
    [
        "kind: A\n# ours\nmetadata:\n  name: web\n  labels:\n    a: b\nspec:\n  c: d\n",
        "# ours\n---\nkind: A\nmetadata: {name: web, labels: {a: b}}\nspec: {c: d}\n",
        "kind: A\r\nmetadata:\r\n  name: web\r\n  labels: {a: b}\r\nspec:\r\n  c: d\r\n",
        "x: &l {a: b}\nmetadata:\n  name: web\n  labels: *l\nspec: {c: d}\n",
    ],
)
def test_positions_are_the_same_with_nodes_and_without(text: str) -> None:
    paths = [(), ("kind",), ("metadata",), ("metadata", "name"), ("metadata", "labels", "a"), ("spec", "c")]
    (known,), _ = read_documents("a.yaml", text)
    assert known.root is not None
    wanted = [known.position(path) for path in paths]
    known.let_nodes_go(paths)
    (document,), _ = read_documents("a.yaml", text)
    without_nodes = []
    for path in paths:
        document.let_nodes_go()
        without_nodes.append(document.position(path))
    with mock.patch("fluxv2_migrate.repository.reading.read_nodes", side_effect=AssertionError):
        assert [known.position(path) for path in paths] == wanted == without_nodes


def test_errors_can_be_pickled_with_what_they_know() -> None:
    error = AmbiguousTag("random", ("a", "b"), path="x", line=3)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.candidates) == ("x:3: random", ("a", "b"))


NAMES = {
    "https://charts.helm.sh/stable": "stable",
    "https://kubernetes-charts-incubator.storage.googleapis.com/": "incubator",
    "https://grafana.github.io/helm-charts": "grafana",
    "https://kubernetes-sigs.github.io/external-dns": "external-dns",
    "https://acme.gitlab.io/charts": "acme",
    "https://charts.gitlab.io/": "gitlab",
    "https://raw.githubusercontent.com/acme/repo/master": "acme",
    "https://charts.example.co.uk": "example",
    "https://my-charts.s3.amazonaws.com/charts": "my-charts",
    "https://s3.amazonaws.com/charts": "s3",
    "https://charts.github.com": "github",
    "http://localhost:8080/charts": "localhost",
    "http://10.0.0.1/": "10-0-0-1",
    "oci://ghcr.io/acme/charts": "acme",
    "https://helm.min.io/": "minio",
}


@pytest.mark.parametrize(("url", "name"), NAMES.items())
def test_sources_are_named_as_people_name_them(url: str, name: str) -> None:
    key = url.rstrip("/")
    given = list(source_names(ChartSourceRequest("HelmRepository", key, url)))
    assert given[0] == name
    assert len(set(given)) == len(given)
    for each in given:
        assert len(each) <= 53
        assert each.strip("-") == each


def test_a_name_is_found_for_anything() -> None:
    nothing = list(source_names(ChartSourceRequest("HelmRepository", "", "")))
    assert len(nothing) == 1
    assert nothing[0].startswith("charts-")
    git = ChartSourceRequest("GitRepository", "x", "https://example.com", (("commit", "a" * 40),))
    assert list(source_names(git, known=True))[:2] == ["example-com", "example-com-aaaaaaaaaaaa"]


def test_only_kustomizations_of_kustomize_hide_a_file() -> None:
    files: dict[str, str | bytes] = {
        "a.yaml": "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {name: a, namespace: b}\n"
        "spec:\n  helmVersion: v3\n"
        "  chart:\n    repository: https://x.example\n    name: a\n    version: 1.0.0\n",
        "kustomization.yaml": "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nspec: {}\n"
        "resources: [a.yaml]\n",
    }
    migration = fm.migrate_repository(files)
    assert sorted(migration.changed) == ["a.yaml"]
    # By its name it is one to kustomize, which refuses it, and then nothing is applied.
    errors = [finding.code for finding in migration.findings if finding.severity == "error"]
    assert {"RP006", "RP019", "RP053"} <= set(errors)
