"""The law of the scanner: what it gives is what ruamel's parser gives, or it says that it does not know."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml.error import YAMLError

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kustomize.values import read_value as read_by_kustomize
from fluxv2_migrate.yaml_text import (
    MappingNode,
    Node,
    Parts,
    ScalarNode,
    SequenceNode,
    content_start,
    read_document,
    read_outline,
    read_value,
    reading_of,
    split_documents,
    value_of,
)
from fluxv2_migrate.yaml_text.composer import Reader
from fluxv2_migrate.yaml_text.large_parts import LEVELS, KnownParts
from fluxv2_migrate.yaml_text.lines import Unsure
from fluxv2_migrate.yaml_text.parser import parse
from fluxv2_migrate.yaml_text.readers import READERS
from fluxv2_migrate.yaml_text.readings import scalars_read_otherwise
from fluxv2_migrate.yaml_text.scanner import scan, scan_outline
from fluxv2_migrate.yaml_text.value_scanner import scan_value
from reference_data import SHARED
from reference_trees import read_tree

CORPUS = SHARED / "corpus"
EXAMPLES = Path(__file__).parents[1] / "examples"
BASE = """# a release
apiVersion: helm.fluxcd.io/v1
metadata:
  name: "web" # quoted
  annotations: {fluxcd.io/automated: 'true', "a b": c d}
spec:
  chart :
    version: 1.2.3
    args: [--one, "two", {three: 4}, ]
  values:
    hosts:
    - a.example.com
    -
    - - nested
      - deeper: x#y
        more: http://x:80/?a=b
    script: |
      #!/bin/sh

      exit 0
    folded: >-
      one
      two

      three
    kept: |+
      text

    words: some words
      on two lines
    "quoted": "some words
      on two lines\\u00e9"
    below:
      value
    empty:
"""
PIECES = (
    *(
        "a",
        "b: ",
        "- ",
        "-",
        "\n",
        "\n  ",
        "\n    ",
        "\n- ",
        "\n  - ",
        ": ",
        ":",
        " #c",
        "# c",
        "\n#c",
        "'x'",
    ),
    *('"y"', '"', "'", "[", "]", "{", "}", ", ", ",", "|", "|-", "|+", ">", ">-", "|2", "\n\n", "\r\n", "\r"),
    *(" ", "  ", "\t", "key:", "k: v", "---", "\n---\n", "\n...", "? ", "&a ", "*a", "!t ", "<<", "%", "@"),
    *("\\", "\\n", "\\x41", "é", "\u2028", "\xa0", "-x", ":x", "?x", "x y", "x:y", "x#y", "k : v"),
    *("\n      ", "{a: b}", "[a, 'b']", "it''s", "\x7f", "\ufeff", "\\ud800", "\\\n"),
    *("\u3000", "\u2003", "\x85", "\\ ", '"x \\\n\n  y"', '"x\\ \n \\  y"', '"\\\\\n z"', "\\\r\n"),
)


def flat(node: Node | None) -> Any:
    """Gives everything that a node says."""
    if node is None or isinstance(node, ScalarNode):
        return node and ("scalar", node.value, node.style, node.start, node.end, node.tag)
    children: list[Any] = []
    if isinstance(node, SequenceNode):
        children = [flat(child) for child in node.value]
    elif isinstance(node, MappingNode):
        children = [(flat(key), flat(value)) for key, value in node.value]
    return (type(node).__name__, node.start, node.end, node.is_flow, node.tag, children)


def large_parts(node: Node | None, level: int = 0) -> Parts:
    """Gives the block collections near the root, in mappings alone, by their begins."""
    found: dict[int, tuple[int, type[SequenceNode] | type[MappingNode]]] = {}
    if level < LEVELS and isinstance(node, MappingNode) and not node.is_flow:
        for _, value in node.value:
            if isinstance(value, (SequenceNode, MappingNode)) and not value.is_flow:
                found |= {value.start: (value.end, type(value)), **large_parts(value, level + 1)}
    return found


def knows(text: str) -> bool:
    """Holds both scanners to the law; gives whether they knew the text."""
    beginning = content_start(text)
    try:
        found = scan(text)
    except Unsure:
        with pytest.raises(Unsure):
            scan_value(text, str, str, value_of)
        return False
    try:
        expected = parse(text)
    except YAMLError as error:
        raise AssertionError(f"taken, and refused by ruamel: {error}") from None
    assert flat(found) == flat(expected)
    parts = large_parts(found)
    # What is left out is there as soon as it is asked for.
    assert flat(scan_outline(text, parts) if parts else found) == flat(found)
    assert beginning is None or (expected is not None and beginning == expected.start)
    means(text, found, parts)
    return True


def with_what_is_known(text: str, reader: Reader) -> tuple[Any, Parts]:
    """Gives what is read of a text once its parts are known, some of them from another text."""
    plain, _, _, plain_key = READERS[reader]
    of_flow = partial(value_of, reader=reader)
    known = KnownParts()
    with pytest.MonkeyPatch.context() as patch:
        for module in ("value_scanner", "large_parts"):
            patch.setattr(f"fluxv2_migrate.yaml_text.{module}.LARGE", 1)
        for each in (text, f"# ours\n{text}", BASE):
            with suppress(Unsure, InvalidManifest):
                scan_value(each, plain, plain_key, of_flow, known)
        found, parts = scan_value(text, plain, plain_key, of_flow, known)
    return found, dict(sorted(parts.items()))


def means(text: str, root: Node | None, parts: Parts) -> None:
    """Holds the scanner of values to what the nodes mean.

    Merge keys, some folded texts and what is wrong it leaves to these.
    """
    readers: tuple[Reader, ...] = ("flux1", "kustomize")
    for reader in readers:
        plain, _, _, plain_key = READERS[reader]
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("fluxv2_migrate.yaml_text.value_scanner.LARGE", 1)
                value, found = scan_value(text, plain, plain_key, partial(value_of, reader=reader))
        except (Unsure, InvalidManifest):
            try:
                value_of(root, reader)
            except InvalidManifest:
                continue
            assert "<<" in text or scalars_read_otherwise(text, root)
            continue
        # The same types, and keys in the same order.
        assert repr(value) == repr(value_of(root, reader))
        assert found == parts
        assert repr(with_what_is_known(text, reader)) == repr((value, dict(sorted(found.items()))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fluxv2_migrate.kustomize.values.scan_value", Mock(side_effect=Unsure))
        expected = built(text)
    assert built(text) == expected
    with suppress(InvalidManifest):
        assert not (reading_of(text).is_alike and scalars_read_otherwise(text, root))


def built(text: str) -> str:
    """Gives what kustomize reads, or why it refuses that."""
    try:
        return repr(read_by_kustomize(text))
    except InvalidManifest as error:
        return str(error)


def texts_of(folder: Path) -> list[str]:
    found: list[str] = []
    for path, content in read_tree(folder).items():
        if path.endswith((".yaml", ".yml", ".json")) and isinstance(content, bytes):
            text = content.decode("utf-8", "replace").removeprefix("\ufeff")
            found += [text[span.start : span.end] for span in split_documents(text)]
    return found


def test_the_examples_are_read_as_ruamel_reads_them() -> None:
    assert all(map(knows, texts_of(EXAMPLES)))


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the reference data is not there")
def test_real_documents_are_read_as_ruamel_reads_them() -> None:
    # One in eight, since ruamel takes half a minute for all of them.
    texts = texts_of(CORPUS)[::8]
    known = sum(len(text) for text in texts if knows(text))
    # Helm templates, which are no YAML, are a sixteenth.
    assert known > 0.9 * sum(map(len, texts))


def test_all_that_it_reads_is_in_one_document() -> None:
    assert knows(BASE)
    assert knows(BASE.replace("\n", "\r\n"))
    assert knows(BASE.rstrip("\n"))


def is_unread(node: Node) -> bool:
    """Gives whether it is not known yet what a collection holds; to ask for that has it read."""
    try:
        object.__getattribute__(node, "value")
    except AttributeError:
        return True
    return False


def test_large_parts_are_read_only_once_something_in_them_is_asked_for() -> None:
    text = f"a:\n  b: {500 * 'x'}\nc:\n- {500 * 'y'}\nd: [{500 * 'z'}]\n"
    value, parts, _ = reading_of(text)
    root = read_outline(text, parts)
    assert root is not None
    (_, mapping), (_, items), (_, flow) = root.value
    assert [is_unread(each) for each in (mapping, items, flow)] == [True, True, False]
    assert mapping.value[0][1].value == value["a"]["b"]
    assert [is_unread(each) for each in (mapping, items)] == [False, True]
    assert items.value[0].value == value["c"][0]
    assert not hasattr(mapping, "unknown")
    # Anchors are for the parser, which leaves nothing out.
    assert not reading_of(text.replace("- ", "- &y ")).parts
    assert not reading_of("a: 1\n").parts


def test_parts_are_read_once_where_several_texts_have_them() -> None:
    known, kept = KnownParts(), f"{500 * 'x'}\n  c: |+\n    d\n"
    text = f"a:\n  b: {500 * 'y'}\ne:\n  f: {kept}g: 1\n"
    first, parts = scan_value(text, str, str, str, known)
    edited = f"# ours\nh: 2\n{text}i: 3\n"
    second, moved = scan_value(edited, str, str, str, known)
    assert second == {"h": "2", **first, "i": "3"}
    assert moved == {at + 12: (end + 12, kind) for at, (end, kind) in parts.items()}
    assert second["a"] is first["a"]
    # What hangs on the lines behind it is read again, and so is what goes on, or stands elsewhere.
    assert second["e"] is not first["e"]
    longer = text.replace("\ne:", "z\ne:")
    assert scan_value(longer, str, str, str, known)[0]["a"] == {"b": f"{500 * 'y'}z"}
    for more in ("  b2: 1\n", "    more\n"):
        other, known_now = text.replace("e:\n", f"{more}e:\n"), KnownParts()
        scan_value(text, str, str, str, known_now)
        assert scan_value(other, str, str, str, known_now) == scan_value(other, str, str, str)
    indented = text.replace("a:\n  b:", "a:\n   b:")
    assert scan_value(indented, str, str, str, known)[0]["a"] is not first["a"]
    known.let_go()
    assert scan_value(text, str, str, str, known)[0]["a"] is not first["a"]


def test_a_value_is_that_of_its_nodes_also_where_a_star_stands_beside_brackets() -> None:
    text = "# *\n" + "".join(f"- [{number}, [{number}]]\n" for number in range(9))
    assert read_value(text) == [[number, [number]] for number in range(9)]


def test_of_a_document_that_is_too_large_nothing_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fluxv2_migrate.yaml_text.composer.MAXIMUM_SIZE", 5)
    with pytest.raises(InvalidManifest, match="more than 5 characters"):
        read_value("a: 12\n")


def test_a_value_shows_what_is_wrong_with_it_as_its_nodes_do() -> None:
    for text in ("a: 1\na: 2\n", "x: 1\nb: {a: 1, a: 2}\n", "x: 1\nb:\n- a: 1\n  a: 2\n"):
        with pytest.raises(InvalidManifest) as found:
            read_value(text)
        with pytest.raises(InvalidManifest) as expected:
            read_document(text)
        assert (found.value.reason, found.value.line) == (expected.value.reason, expected.value.line)
    assert read_value("a:\n  <<: {b: 1, c: 2}\n  c: 3\n") == {"a": {"b": 1, "c": 3}}


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
@example("a: 'x'#y")
@example("a: |\n  x\n \n   \n  y\n")
@example("a:\n- b\n-\nc:\n")
@example("- - - a\n    - b\n  - c\n- d: e\n  f:\n  - g\n")
@example("a: b\n c: d\n")
@example("--- a: b\n")
@example('a: "x\n---\n  y"\n')
@example("a: [x,\n--- ]\n")
@example("{a: b}\n")
@example("{a: b}: c\n")
@example("a: >\n  x\n   y\n\n   z\n  w\n")
@example("---\n")
@example("# ---\n")
@example('a: "b\\\n  c"\n')
@example('a: "b \\\n\n  \\ c\\ \n  d"\n')
@example("a: b\xa0\n")
@example("a: \xa0b\xa0: c #\xa0d\n\xa0e: f\n")
@example("a: [\xa0, b\u3000c]\n")
@example("a: b\n  \xa0c\n")
@example("a\xa0: b\n")
@example("a: |\n \xa0b\n")
@example("\xa0\n")
def test_texts_of_pieces_are_read_as_ruamel_reads_them(text: str) -> None:
    knows(text)


@settings(max_examples=150)
@given(st.data())
def test_changed_documents_are_read_as_ruamel_reads_them(data: st.DataObject) -> None:
    text = BASE
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = start + data.draw(st.integers(0, 6))
        text = text[:start] + data.draw(st.sampled_from((*PIECES, ""))) + text[end:]
    knows(text)


NOT_KNOWN = {
    "an anchor": "a: &x 1\nb: *x\n",
    "a tag": "a: !!str 1\n",
    "an explicit key": "? a\n: b\n",
    "a directive": "%YAML 1.1\n---\na: b\n",
    "a tab": "a:\tb\n",
    "an indentation indicator": "a: |2\n   b\n",
    "a line separator": "a: b\u2028\n",
    "a control character": "a: b\x7f\n",
    "a return alone": "a: b\rc: d\n",
    "a marker at the end": "a: b\n...\n",
    "a second document": "a: b\n---\nc: d\n",
    "an empty document behind a marker": "---\n",
    "a plain document": "a\n",
    "a block scalar as a document": "|\n  a\n",
    "a block scalar without lines": "a: |\nb: c\n",
    "quotes below their key": "a:\n  'b'\n  c\n",
    "a block scalar below its key": "a:\n  |\n  b\n",
    "blank lines of another length in a block scalar": "a: |\n  b\n \n  c\n",
    "a surrogate": 'a: "\\ud800"\n',
    "an escape that is cut off": 'a: "\\x y"\n',
    "an escape that is rare": 'a: "\\N"\n',
    "a key that is too long": f"{'a' * 1001}: b\n",
    "a long key in brackets": f"a: {{{'a' * 1001}: b}}\n",
    "many levels": "".join(" " * level + "a:\n" for level in range(99)),
    "many dashes": "- " * 99 + "a\n",
    "an item between two levels": "- - a\n - b\n",
    "many brackets": "a: " + "[" * 99 + "]" * 99 + "\n",
    "a single pair in brackets": "a: [b: c]\n",
    "a key without a value in braces": "a: {b}\n",
    "a comma too many": "a: [b,, c]\n",
    "text behind brackets": "a: [b] c\n",
    "text behind a document in brackets": "[b]\nc: d\n",
    "a bracket that does not end": "a: [b\n",
    "two values in brackets": "a: [b [c]]\n",
    "two values in braces": "a: {b: c [d]}\n",
    "a marker in brackets": "a: [b,\n--- ]\n",
    "a marker in quotes": "a: 'b\n---\n c'\n",
    "a mapping in a list": "- a\nb: c\n",
    "a list in a mapping": "a: b\n- c\n",
    "a line between two levels": "a:\n    b: c\n  d: e\n",
    "a line before the first level": "  a: b\nc: d\n",
    "words behind a mapping": "a: b\nc\n",
    "words behind quotes": "a: 'b'\n  c\n",
}


@pytest.mark.parametrize("text", NOT_KNOWN.values(), ids=NOT_KNOWN)
def test_what_it_does_not_know_for_certain_is_left_to_the_parser(text: str) -> None:
    with pytest.raises(Unsure):
        scan(text)
    with pytest.raises(Unsure):
        scan_value(text, str, str, str)


@pytest.mark.parametrize(
    ("escape", "value"),
    [
        ("'", "x'y"),
        ("x41", "xAy"),
        ("e", "x\x1by"),
        ("_", "x\xa0y"),
        ("/", None),
        ("q", None),
        ("uD800", None),
    ],
)
def test_escapes_are_those_of_the_yaml_of_go(escape: str, value: str | None) -> None:
    """Measured with kubectl kustomize 1.37.1; JSON's escaped slash is none, and breaks a build."""
    text = f'a: "x\\{escape}y"\n'
    if value is None:
        with pytest.raises(InvalidManifest):
            read_value(text)
    else:
        assert read_value(text) == {"a": value}
