"""A YAML document as nodes with offsets, and as the values that Kubernetes' tools read from it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final, Literal, NamedTuple

from ruamel.yaml.error import YAMLError

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.given import MAXIMUM_DEPTH
from fluxv2_migrate.yaml_text.kept import kept, let_go_at_the_end
from fluxv2_migrate.yaml_text.large_parts import NO_PARTS, KnownParts, Parts
from fluxv2_migrate.yaml_text.lines import Unsure
from fluxv2_migrate.yaml_text.nodes import Node, ScalarNode, SequenceNode, line_of
from fluxv2_migrate.yaml_text.parser import parse
from fluxv2_migrate.yaml_text.readers import READERS
from fluxv2_migrate.yaml_text.scalars import refusal_of_tag
from fluxv2_migrate.yaml_text.scanner import scan, scan_outline
from fluxv2_migrate.yaml_text.value_scanner import scan_value

Reader = Literal["flux1", "kustomize"]
"""Whose reading a value is: fluxd's and kubectl's, or kustomize's, which builds every path of Flux v2."""
_AnyReader = Literal["flux1", "kustomize", "both"]
"""Both have a reading only of what each of them reads as the other does."""
MAXIMUM_SIZE: Final = 10_000_000
"""Characters of a document; Kubernetes takes no object of more than 1.5 MB."""
_SHORT: Final = 2_000
"""Characters of most documents at the most."""
_READABLE_DEPTH: Final = 500
"""Levels, or what looks like them, for which it is worth while to ask the parser."""
_DEEP: Final = re.compile(rf"\n[ \t\-?:]{{{MAXIMUM_DEPTH + 1}}}")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
# YAML 1.1, which all Go reads, ends lines at more characters than 1.2 does.
_REFUSED_CHARACTERS: Final = (
    (_SURROGATE, "half a character: this was no UTF-8; fix the file"),
    (
        re.compile("[\x85\u2028\u2029]"),
        "U+0085, U+2028 or U+2029, which ends a line for some readers and not for others; remove it",
    ),
)
_ESCAPE: Final = re.compile(r"\\u[dD][89a-fA-F]|\\U0000[dD][89a-fA-F]")
# Directives before the first document, and those that follow the end of one.
_FIRST_DIRECTIVE: Final = re.compile(r"(?:[ \t\r]*(?:#[^\n]*)?\n)*%")
_END: Final = re.compile(r"(?:\A|\n)\.\.\.[ \t\r]*(?:#[^\n]*)?\n")
_DIRECTIVE: Final = re.compile(r"^%(YAML[ \t]+1\.1[ \t]*(?:#.*)?\r?$|TAG\b)", re.MULTILINE)
# What the parser raises of escapes that no character has, and of more levels than Python follows.
_FAULTS: Final = (YAMLError, ValueError, OverflowError, RecursionError)
_MAXIMUM_ALIASED_NODES: Final = 100_000
"""Nodes that aliases may repeat in one document, so that a small text cannot become a huge value."""


class Reading(NamedTuple):
    """What a document means to a reader.

    Attributes:
        value: it is shared by all who ask for it, and must not be changed.
        parts: large ones, which `read_outline` leaves out.
        is_alike: whether it is certain that kustomize reads each scalar of it as Flux v1 does.
    """

    value: Any
    parts: Parts
    is_alike: bool


def _reason(error: Exception) -> str:
    if isinstance(error, ValueError | OverflowError):
        return "an escape stands for no character"
    return str(error).split("\n", 1)[0]


def compose(text: str, *, path: str | None = None, line: int = 1) -> Node | None:
    r"""Gives the root node of the one document in a text; its marks are offsets in that text.

    Args:
        line: the line of its first character in the file, 1-based.

    Returns:
        The root node, or `None` for a document without content.

    Raises:
        InvalidManifest: the text is no YAML, nests too deeply, is too large, repeats a key or a NUL.

    >>> compose("a: 1\n").value[0][0].value
    'a'
    """
    return read_document(text, path=path, line=line)[0]


def read_document(
    text: str, *, path: str | None = None, line: int = 1, reader: Reader = "flux1"
) -> tuple[Node | None, Any]:
    r"""Gives the root node of a document, as `compose` does, and its value, as `value_of` does.

    Args:
        path: its file, for the message of an error.
        line: the line of its first character in the file, 1-based.

    >>> read_document("a: 1\n")[1]
    {'a': 1}
    """
    node = read_nodes(text, path=path, line=line)
    if node is None:
        return None, None
    _check_tags(node, text, path, line)
    value = _Values(text, path, line, reader).of(node)
    if "*" in text and _height_of(value) > MAXIMUM_DEPTH:
        raise _too_deep(path, line)
    return node, value


def _check_tags(node: Node, text: str, path: str | None, line: int) -> None:
    for each in scalars_of(node) if "!" in text else ():
        if each.tag and (reason := refusal_of_tag(each)):
            at = line + line_of(text, each.start)
            raise InvalidManifest(f"{reason}; fix the file", path=path, line=at)


def read_value(text: str, *, path: str | None = None, line: int = 1, reader: Reader = "flux1") -> Any:
    r"""Gives the value of a document, which is shared by all who ask for it and must not be changed.

    Args:
        line: the line of its first character in the file, 1-based.

    >>> read_value("a: 1\n")
    {'a': 1}
    """
    return reading_of(text, path=path, line=line, reader=reader).value


def reading_of(text: str, *, path: str | None = None, line: int = 1, reader: Reader = "flux1") -> Reading:
    r"""Gives what `read_value` gives, with what else was seen of the text.

    >>> reading_of("a: 1\n").is_alike, reading_of("a: no\n").is_alike
    (True, False)
    """
    try:
        return _reading_of_text(text, reader)
    except InvalidManifest as error:
        raise InvalidManifest(error.reason, path=path, line=line + (error.line or 1) - 1) from None


def reading_once(text: str, reader: Reader = "flux1") -> Reading:
    r"""Gives what `reading_of` gives of a text that hardly anybody asks for again.

    >>> reading_once("a: 1\n").value
    {'a': 1}
    """
    return _reading(text, reader, None)


def _reading(text: str, reader: Reader, known: Mapping[_AnyReader, KnownParts] | None) -> Reading:
    if len(text) <= MAXIMUM_SIZE:
        # Most documents are alike, and what is not is read again; their nodes show what is wrong with others.
        for each in ("both", reader) if reader == "flux1" else (reader,):
            plain, _, _, plain_key = READERS[each]
            of_flow = _Values("", None, 1, each).of
            with suppress(Unsure, InvalidManifest):
                value, parts = scan_value(
                    text, plain, plain_key, of_flow, None if known is None else known[each]
                )
                return Reading(value, parts, each == "both")
    return Reading(read_document(text, reader=reader)[1], NO_PARTS, False)


_PARTS: Final[Mapping[_AnyReader, KnownParts]] = {
    "flux1": KnownParts(),
    "kustomize": KnownParts(),
    "both": KnownParts(),
}
for _parts in _PARTS.values():
    let_go_at_the_end(_parts.let_go)


@kept(512)
def _reading_of_text(text: str, reader: Reader) -> Reading:
    return _reading(text, reader, _PARTS)


def read_outline(text: str, parts: Parts) -> Node | None:
    r"""Gives the root node of a document that was read before; what large parts hold is read when asked for.

    Args:
        parts: large ones of the text, as `reading_of` gives them.

    >>> read_outline("a: 1\n", reading_of("a: 1\n").parts).value[0][1].value
    '1'
    """
    return scan_outline(text, parts) if parts else read_nodes(text)


def outline_of(text: str) -> Node | None:
    r"""Gives the root node of a document; what large parts hold is read when somebody asks for it.

    Raises:
        InvalidManifest: as `read_nodes` does.

    >>> outline_of("a: 1\na: 2\n").value[1][1].value
    '2'
    """
    try:
        parts = reading_of(text).parts
    except InvalidManifest:
        # What it means is not known where a key stands twice, and its nodes are.
        parts = NO_PARTS
    return read_outline(text, parts)


def read_nodes(text: str, *, path: str | None = None, line: int = 1) -> Node | None:
    r"""Gives the root node of a document, whatever its values: keys may stand in it twice.

    Args:
        path: its file, for the message of an error.
        line: the line of its first character in the file, 1-based.

    Raises:
        InvalidManifest: the text is no YAML, nests too deeply, is too large, or holds a NUL.

    >>> len(read_nodes("a: 1\na: 2\n").value)
    2
    """
    if len(text) > MAXIMUM_SIZE:
        raise InvalidManifest(
            f"the document has more than {MAXIMUM_SIZE} characters; split it", path=path, line=line
        )
    try:
        return _scanned(text)
    except Unsure:
        _guard_characters(text, path, line)
    is_deep = _guard_depth(text, path, line)
    plain = _without_directives(text, path, line)
    try:
        node = _parsed(plain)
        if _ESCAPE.search(text) and any(_SURROGATE.search(each.value) for each in scalars_of(node)):
            raise ValueError("an escape that stands for half a character")
    except _FAULTS as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        reason = getattr(error, "problem", None) or _reason(error)
        at = line + (mark.line if mark is not None else 0)
        raise InvalidManifest(f"no valid YAML: {reason}; fix the file", path=path, line=at) from None
    if is_deep and sum(1 for _ in _levels_of(node)) > MAXIMUM_DEPTH + 1:
        raise _too_deep(path, line)
    return node


def _scanned(text: str) -> Node | None:
    return _scan_short(text) if len(text) <= _SHORT else _scan_long(text)


# What is read is edited, told of by its lines and looked at again soon; all nodes of a repository would take
# many times the memory of its texts.
_scan_short = kept(16)(scan)
_scan_long = kept(2)(scan)
_parsed = kept(2)(parse)


def _guard_characters(text: str, path: str | None, line: int) -> None:
    """Refuses what no YAML of any reader has, before a parser looks at it."""
    if "\0" in text:
        at = line + line_of(text, text.index("\0"))
        raise InvalidManifest("a NUL character: this is no text; fix the file", path=path, line=at)
    for pattern, reason in () if text.isascii() else _REFUSED_CHARACTERS:
        found = pattern.search(text)
        if found is not None:
            at = line + line_of(text, found.start())
            raise InvalidManifest(reason, path=path, line=at)


def _guard_depth(text: str, path: str | None, line: int) -> bool:
    """Gives whether a text may nest deeply; parsers recurse, so one that may nest out of reach is refused."""
    if text.count("[") + text.count("{") <= MAXIMUM_DEPTH and not _DEEP.search("\n" + text):
        return False
    depth = brackets = columns = 0
    for row in text.split("\n"):
        columns = max(columns, len(row) - len(row.lstrip(" \t-?:")))
        for character in row:
            if character in "[{":
                brackets += 1
                depth = max(depth, brackets)
            elif character in "]}":
                brackets = max(0, brackets - 1)
    if depth + columns > _READABLE_DEPTH:
        raise _too_deep(path, line)
    return True


def _levels_of(node: Node | None) -> Iterator[list[Node]]:
    """Gives the nodes of each level of nesting, those that aliases repeat once."""
    known: set[int] = set()
    level = [] if node is None else [node]
    while level:
        yield level
        inner: list[Node] = []
        for each in level:
            if id(each) not in known and not isinstance(each, ScalarNode):
                known.add(id(each))
                for child in each.value:
                    inner += child if isinstance(child, tuple) else (child,)
        level = inner


def scalars_of(node: Node | None) -> Iterator[ScalarNode]:
    """Gives the scalars of a document, those that aliases repeat once."""
    return (each for level in _levels_of(node) for each in level if isinstance(each, ScalarNode))


def _too_deep(path: str | None, line: int) -> InvalidManifest:
    return InvalidManifest(
        f"the document nests deeper than {MAXIMUM_DEPTH} levels; Kubernetes has no such objects",
        path=path,
        line=line,
    )


def _without_directives(text: str, path: str | None, line: int) -> str:
    """Gives a document with comments in place of the directives behind it, which belong to the next one.

    Source: kustomize splits files at `---` alone, and fails on a part that begins with a directive; fluxd
    read a stream, and of versions 1.1 alone.
    """
    if "%" not in text:
        return text
    first = _FIRST_DIRECTIVE.match(text)
    if first is not None:
        reason = "a directive at the beginning of the file, with which kustomize fails; remove it"
        raise InvalidManifest(reason, path=path, line=line + line_of(text, first.end()))
    end = _END.search(text)
    if end is None:
        return text
    return text[: end.end()] + _DIRECTIVE.sub(r"#\1", text[end.end() :])


class _Values:
    """The values of one document; refuses what readers of YAML disagree on, and what would explode."""

    def __init__(self, text: str, path: str | None, line: int, reader: _AnyReader = "flux1") -> None:
        self._text = text
        self._path = path
        self._line = line
        self._has_aliases = "*" in text
        self._plain, self._scalar, self._key, self.plain_key = READERS[reader]
        self._known: dict[int, tuple[Any, int]] = {}
        self._nodes = 0
        self._repeated = 0

    def of(self, node: Node) -> Any:
        """Gives the value of a node."""
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        if self._has_aliases:
            return self._of_node_with_aliases(node)
        return self._of_collection(node)

    def _of_node_with_aliases(self, node: Node) -> Any:
        if id(node) in self._known:
            value, size = self._known[id(node)]
            self._repeated += size
            if not size:
                raise self._refused(node, "an alias stands inside its own anchor; write the value out")
            if self._repeated > _MAXIMUM_ALIASED_NODES:
                raise InvalidManifest(
                    "aliases repeat too many nodes; write the values out", path=self._path, line=self._line
                )
            if _height_of(value) > MAXIMUM_DEPTH:
                raise _too_deep(self._path, self._line)
            # Whoever changes a value must not change that of another alias.
            return _copy(value)
        self._known[id(node)] = (None, 0)
        before = self._nodes + self._repeated
        value = self._of_collection(node)
        self._known[id(node)] = (value, self._nodes + self._repeated - before + 1)
        return value

    def _repeat(self, key: Node, name: str) -> None:
        reason = f"the key {name!r} stands twice in one mapping: fluxd took the last one, kustomize fails"
        raise self._refused(key, f"{reason}; remove one")

    def _of_collection(self, node: Node) -> Any:
        self._nodes += len(node.value) + 1
        plain, scalar, plain_key = self._plain, self._scalar, self.plain_key
        if node.__class__ is SequenceNode:
            return [
                scalar(child) if isinstance(child, ScalarNode) else self.of(child) for child in node.value
            ]
        result: dict[str, Any] = {}
        merged: dict[str, Any] | None = None
        for key, child in node.value:
            if key.__class__ is not ScalarNode:
                raise self._refused(key, "a mapping or list as a key, which JSON has not; fix the file")
            name = key.value
            if name == "<<" and not key.style:
                merged = self._merged(key, child, result, merged)
                continue
            # Most of a document are keys and scalars, so no call is made for each that need not be.
            if key.tag:
                name = self._key(key)
            elif not key.style:
                name = plain_key(name)
            if name in result:
                self._repeat(key, name)
            if child.__class__ is not ScalarNode:
                result[name] = self.of(child)
            elif child.tag:
                result[name] = scalar(child)
            else:
                text = child.value
                result[name] = text if child.style else plain(text)
        return {**merged, **result} if merged else result

    def _merged(
        self, key: Node, child: Node, above: Mapping[str, Any], before: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """Gives what a merge key brings; refuses what the readers disagree on, and what none reads.

        Source: go-yaml v2.4 `decode.go` `merge`, which sets fields where it stands; kustomize kyaml 0.21
        `yaml/rnode.go` `getMergeTagValue`.
        """
        if before is not None:
            raise self._refused(
                key, "two merge keys (`<<`), of which kustomize takes one; make it one with a list"
            )
        merged: dict[str, Any] = {}
        for item in child.value if child.__class__ is SequenceNode else [child]:
            value = self.of(item)
            if not isinstance(value, dict):
                raise self._refused(
                    key, "a merge key (`<<`) brings something else than mappings; fix the file"
                )
            merged = {**value, **merged}
        for name in above:
            if name in merged and merged[name] != above[name]:
                reason = (
                    f"the key {name!r} stands above a merge key (`<<`) that brings it too: fluxd took what is"
                    " merged, kustomize what stands there; remove one"
                )
                raise self._refused(key, reason)
        return merged

    def _refused(self, node: Node, reason: str) -> InvalidManifest:
        line = self._line + line_of(self._text, node.start)
        return InvalidManifest(reason, path=self._path, line=line)


def _height_of(value: Any) -> int:
    """Gives the levels of nesting of a value."""
    level, height = [value], 0
    while level:
        height += 1
        inner: list[Any] = []
        for each in level:
            if isinstance(each, (dict, list)):
                inner += each.values() if isinstance(each, dict) else each
        level = inner
    return height


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


class _LastOnes(_Values):
    """The values of one document in which the last one counts of keys that stand twice."""

    def _repeat(self, key: Node, name: str) -> None:
        pass


def read_last_ones(text: str) -> Any:
    r"""Gives the value of a document as Helm and Flux v1 read it: of a key that stands twice the last counts.

    Source: go-yaml v2 `decode.go`, which is strict only where it is asked to be.

    >>> read_last_ones("a: 1\na: 2\n"), read_last_ones("# none\n")
    ({'a': 2}, None)
    """
    node = read_nodes(text)
    if node is None:
        return None
    _check_tags(node, text, None, 1)
    return _LastOnes(text, None, 1).of(node)


def value_of(node: Node | None, reader: Reader = "flux1") -> Any:
    r"""Gives the value of a node as Kubernetes' tools read it: JSON's types, merge keys applied.

    Returns:
        `dict`, `list`, `str`, `int`, `float`, `bool` or `None`.

    Source: sigs.k8s.io/yaml `yaml.go` over go-yaml v2.

    >>> value_of(compose("a: [yes, '1', 2, 2.5]\n2: ~\n"))
    {'a': [True, '1', 2, 2.5], '2': None}
    """
    return None if node is None else _Values("*", None, 1, reader).of(node)
