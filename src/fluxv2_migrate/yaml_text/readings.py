"""Scalars that Flux v2 would read otherwise than Flux v1 did, and how both read them as Flux v1 did.

fluxd and the helm-operator read YAML 1.1; under Flux v2 kustomize builds every path. `metrics: no` was false
and becomes the text `"no"`, which a chart takes for true; a date becomes a time; the key `on` was the key
`"true"`; a number as a key makes the build fail.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from fluxv2_migrate.yaml_text.emitter import emit_quoted, emit_scalar
from fluxv2_migrate.yaml_text.folded import not_folded
from fluxv2_migrate.yaml_text.kept import kept
from fluxv2_migrate.yaml_text.nodes import MappingNode, Node, ScalarNode
from fluxv2_migrate.yaml_text.readers import key_of
from fluxv2_migrate.yaml_text.scalars import (
    Scalar,
    is_bool_to_flux1_alone,
    is_key_to_kustomize,
    is_same_scalar,
    scalar_by_flux1,
    scalar_by_kustomize,
)

# A word of YAML 1.1 where a scalar may begin, with the end of one behind it. Within texts that only costs a
# look, and each pattern begins with few characters, so that Python comes through a repository in no time.
_WORD: Final = re.compile(
    r"[yYnNoO](?<![\w./@\"'%$)\]#+=\\].)(?:es|ES|o|O|n|N|ff|FF)?(?=[ \t]*(?:[\r\n:,\]}#]|\Z))"
)
# The day of a date whose year begins a scalar without quotes.
_DATE: Final = re.compile(r"-[0-9](?<=[0-9]{4}-.)(?<![^\s:,\[{][0-9]{4}-.)[0-9]?-[0-9]")
_TAG: Final = re.compile(r"!(?:bool|timestamp|<|(?<=[\s,\[]!)(?:\s|\Z))")
# A key that is no text, which kustomize cannot write: a number, not a number, a date or nothing.
_NO_TEXT: Final = r"(?:[-+.~0-9][-+.0-9a-fA-FiInNoOtTxXzZ_]*|[tT]rue|TRUE|[fF]alse|FALSE|[nN]ull|NULL)[ ]*:\s"
# What comes before one is not given back: nearly all lines hold none. A minus of a number is no dash.
_KEYS: Final = tuple(
    re.compile(begin + _NO_TEXT) for begin in (r"\n *+(?:-[ \t]++)*+", r"\{[ \n]*+", r",[ \n]*+", r"\? ++")
)
# An entry in braces that has no value, of which kustomize makes an empty text. Braces behind a letter, `-`,
# `$` or a quote are part of a text, and so are those within these; two of them are of a template, since no
# reader takes a mapping for a key. What follows a comma is an entry only in braces: the last one before it
# opens these, closes something in them, or stands in quotes or in a comment.
_BEHIND_COMMA: Final = r"[^{}]*,[ ]*[\w./-]+[ ]*[,}]"
_EMPTY: Final = (
    re.compile(r":[ \t]*[,}]"),
    re.compile(r"\{(?<![\w\-$\"'{]\{)[ ]*[\w./-]+[ ]*[,}]"),
    re.compile(rf"\{{{_BEHIND_COMMA}"),
    re.compile(rf"\}}(?:(?:[\s\]]|#[^\n]*)*+(?=,)|[^{{}}\"']*[\"']){_BEHIND_COMMA}"),
    re.compile(rf"#[^\n]*\}}{_BEHIND_COMMA}"),
)
_FOLDED: Final = re.compile(r">(?<=\s>)[-+1-9]*[ \t]*(?:#[^\n]*)?\r?\n")
_CANDIDATES: Final = (_WORD, _DATE, _TAG, _FOLDED, *_KEYS)
_COLON: Final = re.compile(r"[ \t]*:")
# Anchors stay, tags go with the value that they are about.
_ANCHOR: Final = re.compile(r"(?:!\S*[ \t]+)?(&\S+[ \t]+)?(?:!\S*[ \t]+)?")


@dataclass(frozen=True, slots=True)
class ScalarReadOtherwise:
    """A scalar of a document that Flux v2 would read otherwise.

    Attributes:
        start: offset of it.
        end: offset behind it.
        path: the field; of a key, the field that it names as Flux v1 read it.
        written: as it stands there.
        value: as Flux v1 read it.
        replacement: how both read it so.
    """

    start: int
    end: int
    path: tuple[str, ...]
    written: str
    value: Scalar
    replacement: str


@kept(1024)
def may_be_read_otherwise(text: str) -> bool:
    r"""Gives whether a text may hold such a scalar: most do not, and need not be read for it.

    >>> may_be_read_otherwise("a: 1"), may_be_read_otherwise("a: no"), may_be_read_otherwise("a:\n  22: x")
    (False, True, True)
    """
    if any(pattern.search(text) is not None for pattern in _CANDIDATES):
        return True
    return "{" in text and any(pattern.search(text) is not None for pattern in _EMPTY)


def scalars_read_otherwise(text: str, root: Node | None) -> tuple[ScalarReadOtherwise, ...]:
    r"""Gives the scalars of a document that Flux v2 would read otherwise, in the order of the text.

    Source: measured with `kubectl` (the reading by YAML 1.1) and `kubectl kustomize`.

    >>> from fluxv2_migrate.yaml_text import compose
    >>> text = "a: no\nb: 2021-01-01\nc: [on, 1]\nd:\n  22: x\n"
    >>> [(each.path, each.replacement) for each in scalars_read_otherwise(text, compose(text))]
    [(('a',), 'false'), (('b',), '"2021-01-01"'), (('c', '0'), 'true'), (('d', '22'), '"22"')]
    """
    return tuple(sorted(_walk(text, root), key=lambda each: each.start))


def _walk(text: str, root: Node | None) -> Iterator[ScalarReadOtherwise]:
    pending: list[tuple[Node, tuple[str, ...], int]] = [] if root is None else [(root, (), 0)]
    known: set[int] = set()
    while pending:
        node, path, depth = pending.pop()
        if id(node) in known:
            # An alias is the node of its anchor.
            continue
        known.add(id(node))
        if isinstance(node, ScalarNode):
            yield from _value(text, node, path)
        elif isinstance(node, MappingNode):
            inner: list[tuple[Node, tuple[str, ...], int]] = []
            for key, value in node.value:
                name = key_of(key) if isinstance(key, ScalarNode) else ""
                if isinstance(key, ScalarNode) and id(key) not in known:
                    known.add(id(key))
                    yield from _key(text, key, (*path, name), depth)
                if node.is_flow and _is_empty(value):
                    yield _without_value(text, key, (*path, name))
                inner.append((value, (*path, name), depth + 1))
            # Anchors are met before their aliases.
            pending += reversed(inner)
        else:
            items = [(item, (*path, str(index)), depth + 1) for index, item in enumerate(node.value)]
            pending += reversed(items)


def _is_empty(node: Node) -> bool:
    return isinstance(node, ScalarNode) and not (node.value or node.style or node.tag)


def _without_value(text: str, key: Node, path: tuple[str, ...]) -> ScalarReadOtherwise:
    """Gives an entry in braces without a value: a null to Flux v1, an empty text to kustomize."""
    colon = _COLON.match(text, key.end)
    at = key.end if colon is None else colon.end()
    return ScalarReadOtherwise(at, at, path, "", None, ": null" if colon is None else " null")


def _value(text: str, node: ScalarNode, path: tuple[str, ...]) -> Iterator[ScalarReadOtherwise]:
    if node.style not in ("", ">") and not node.tag:
        return
    value = scalar_by_flux1(node)
    if is_bool_to_flux1_alone(node) or not is_same_scalar(value, scalar_by_kustomize(node)):
        yield _written(text, node, path, value)


def _key(text: str, node: ScalarNode, path: tuple[str, ...], depth: int) -> Iterator[ScalarReadOtherwise]:
    if (node.style and not node.tag) or node.value == "<<":
        return
    name = path[-1]
    # At the top kustomize takes any key for a text; below it fails where one is none.
    if scalar_by_kustomize(node) != name if is_key_to_kustomize(node) else depth or node.value != name:
        yield _written(text, node, path, name)


def _written(text: str, node: ScalarNode, path: tuple[str, ...], value: Scalar) -> ScalarReadOtherwise:
    start, end = node.start, node.end
    properties = _ANCHOR.match(text, start, end)
    anchor = (properties[1] or "") if properties is not None else ""
    if node.style == ">":
        written = not_folded(text[start:end], node.value, emit_quoted(node.value))
        return ScalarReadOtherwise(start, end, path, text[start:end], value, written)
    replacement = emit_quoted(value) if isinstance(value, str) else emit_scalar(value)
    return ScalarReadOtherwise(start, end, path, text[start:end], value, anchor + replacement)


def with_flux1_readings(text: str, found: Iterable[ScalarReadOtherwise]) -> str:
    """Gives a document in which both Fluxes read what Flux v1 read."""
    parts: list[str] = []
    position = 0
    for each in found:
        parts += [text[position : each.start], each.replacement]
        position = each.end
    return "".join(parts) + text[position:]
