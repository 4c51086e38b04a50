"""A YAML document as nodes with offsets, and as the values that Kubernetes' tools read from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ruamel.yaml.composer import Composer
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.parser import Parser
from ruamel.yaml.reader import Reader
from ruamel.yaml.scanner import Scanner
from ruamel.yaml.tag import Tag

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.yaml_text.scalars import resolve_plain_scalar

try:
    from _ruamel_yaml import CParser
except ImportError:  # pragma: no cover - the session without the C parser covers it
    CParser = None

__all__ = ["MAXIMUM_DEPTH", "MAXIMUM_SIZE", "compose", "value_of"]

MAXIMUM_SIZE: Final = 10_000_000
"""Characters of a document; Kubernetes takes no object of more than 1.5 MB."""
MAXIMUM_DEPTH: Final = 200
"""Levels of nesting."""
MAXIMUM_ALIASED_NODES: Final = 100_000
"""Nodes that aliases may repeat in one document, so that a small text cannot become a huge value."""


class _NoTags:
    """A resolver that resolves nothing: what a scalar means is decided by Go's rules, later."""

    def resolve(self, _kind: object, _value: object, _implicit: object) -> str:
        return ""

    def descend_resolver(self, _current: object, _index: object) -> None:
        return None

    def ascend_resolver(self) -> None:
        return None


class _NoTagObjects(_NoTags):
    """The same for the parser in Python, which keeps tags as objects."""

    processing_version = (1, 2)

    def resolve(self, _kind: object, _value: object, _implicit: object) -> Any:
        return Tag(suffix="")


class _PureLoader(Reader, Scanner, Parser, Composer):
    """ruamel's parser in Python, put together without `YAML()`, which looks for plug-ins on disk."""

    processing_version = (1, 2)
    max_depth = None
    comment_handling = None

    def __init__(self, text: str) -> None:
        self._resolver = _NoTagObjects()
        self._version = None
        # The scanner looks at the text as soon as it is made.
        Reader.__init__(self, text, loader=self)
        Scanner.__init__(self, loader=self)
        Parser.__init__(self, loader=self)
        Composer.__init__(self, loader=self)

    @property
    def resolver(self) -> _NoTagObjects:
        return self._resolver


def _compose_pure(text: str) -> Node | None:
    loader = _PureLoader(text)
    node = loader.get_single_node()
    return node if isinstance(node, Node) else None


if CParser is not None:

    class _CLoader(CParser):  # type: ignore[misc]
        def __init__(self, text: str) -> None:
            CParser.__init__(self, text)
            self.resolver = self
            self._parser = self._composer = self

        resolve = _NoTags.resolve
        descend_resolver = _NoTags.descend_resolver
        ascend_resolver = _NoTags.ascend_resolver

    def _compose_fast(text: str) -> Node | None:
        node = _CLoader(text).get_single_node()
        return node if isinstance(node, Node) else None

else:  # pragma: no cover - the session without the C parser covers it
    _compose_fast = _compose_pure


def compose(text: str, *, path: str | None = None, line: int = 1) -> Node | None:
    r"""Gives the root node of the one document in a text; its marks are offsets in that text.

    Args:
        text: one document, without byte order mark.
        path: its file, for the message of an error.
        line: the line of its first character in the file, 1-based.

    Returns:
        The root node, or `None` for a document without content.

    Raises:
        InvalidManifest: the text is no YAML, nests too deeply, is too large, repeats a key or a NUL.

    >>> compose("a: 1\n").value[0][0].value
    'a'
    """
    if "\0" in text:
        at = line + text.count("\n", 0, text.index("\0"))
        raise InvalidManifest("a NUL character: this is no text; fix the file", path=path, line=at)
    if len(text) > MAXIMUM_SIZE:
        raise InvalidManifest(
            f"the document has more than {MAXIMUM_SIZE} characters; split it", path=path, line=line
        )
    _guard_depth(text, path, line)
    try:
        try:
            node = _compose_fast(text)
        except YAMLError:
            # The C parser refuses some texts that YAML allows (a tab before a comment, for one).
            node = _compose_pure(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        reason = getattr(error, "problem", None) or str(error).split("\n", 1)[0]
        at = line + (mark.line if mark is not None else 0)
        raise InvalidManifest(f"no valid YAML: {reason}; fix the file", path=path, line=at) from None
    if node is not None:
        _check(node, path, line)
    return node


def _guard_depth(text: str, path: str | None, line: int) -> None:
    # Parsers recurse. Only brackets or columns can nest, so a text with few of both is shallow.
    if text.count("[") + text.count("{") + text.count("- - ") <= MAXIMUM_DEPTH:
        deepest = 0
        for row in text.split("\n"):
            blanks = len(row) - len(row.lstrip(" -?"))
            deepest = max(deepest, blanks)
        if deepest <= MAXIMUM_DEPTH:
            return
    depth = brackets = 0
    columns = 0
    for row in text.split("\n"):
        columns = max(columns, len(row) - len(row.lstrip(" -?")))
        for character in row:
            if character in "[{":
                brackets += 1
                depth = max(depth, brackets)
            elif character in "]}":
                brackets = max(0, brackets - 1)
    if depth > MAXIMUM_DEPTH or columns > 4 * MAXIMUM_DEPTH:
        raise InvalidManifest(
            f"the document nests deeper than {MAXIMUM_DEPTH} levels; Kubernetes has no such objects",
            path=path,
            line=line,
        )


def _check(root: Node, path: str | None, line: int) -> None:
    """Refuses repeated keys and aliases that multiply: YAML readers disagree on the former."""
    sizes: dict[int, int] = {}
    repeated = 0
    stack: list[tuple[Node, bool]] = [(root, False)]
    while stack:
        node, done = stack.pop()
        if isinstance(node, ScalarNode):
            sizes[id(node)] = 1
            continue
        if done:
            sizes[id(node)] = 1 + sum(sizes.get(id(child), 1) for child in _children(node))
            continue
        if id(node) in sizes:
            repeated += sizes[id(node)]
            if repeated > MAXIMUM_ALIASED_NODES or sizes[id(node)] > MAXIMUM_ALIASED_NODES:
                raise InvalidManifest(
                    "aliases repeat too many nodes; write the values out", path=path, line=line
                )
            continue
        sizes[id(node)] = 1
        stack.append((node, True))
        if isinstance(node, MappingNode):
            _check_keys(node, path, line)
        stack.extend((child, False) for child in _children(node))


def _check_keys(node: MappingNode, path: str | None, line: int) -> None:
    seen: set[str] = set()
    for key, _value in node.value:
        if not isinstance(key, ScalarNode):
            raise InvalidManifest(
                "a mapping or list as a key, which JSON has not; fix the file",
                path=path,
                line=line + key.start_mark.line,
            )
        text = key.value
        if text in seen and text != "<<":
            raise InvalidManifest(
                f"the key {text!r} stands twice in one mapping: fluxd took the last one, kustomize "
                "fails; remove one",
                path=path,
                line=line + key.start_mark.line,
            )
        seen.add(text)


def _children(node: Node) -> Iterator[Node]:
    if isinstance(node, MappingNode):
        for key, value in node.value:
            yield key
            yield value
    elif isinstance(node, SequenceNode):
        yield from node.value


def value_of(node: Node | None) -> Any:
    r"""Gives the value of a node as Kubernetes' tools read it: JSON's types, merge keys applied.

    Args:
        node: a node of `compose`, or `None`.

    Returns:
        `dict`, `list`, `str`, `int`, `float`, `bool` or `None`.

    Source: sigs.k8s.io/yaml `yaml.go` over go-yaml v2.

    >>> value_of(compose("a: [yes, '1', 2, 2.5]\n2: ~\n"))
    {'a': [True, '1', 2, 2.5], '2': None}
    """
    if node is None:
        return None
    if isinstance(node, ScalarNode):
        return _scalar(node)
    if isinstance(node, SequenceNode):
        return [value_of(child) for child in node.value]
    merged: dict[str, Any] = {}
    own: dict[str, Any] = {}
    for key, child in node.value:
        if key.value == "<<" and not key.style:
            for parent in child.value if isinstance(child, SequenceNode) else [child]:
                value = value_of(parent)
                if isinstance(value, dict):
                    merged = {**value, **merged}
        else:
            own[_key(key)] = value_of(child)
    return {**merged, **own} if merged else own


def _scalar(node: ScalarNode) -> Any:
    text: str = node.value
    if node.style:
        return text
    tag = str(node.tag) if node.tag else ""
    if (tag and tag.rpartition(":")[2] in {"str", "binary"}) or tag == "!":
        return text
    return resolve_plain_scalar(text)


def _key(node: ScalarNode) -> str:
    value = _scalar(node)
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() else repr(value)
    return str(value)
