"""ruamel's parser of YAML in Python, for what the scanner does not know for certain."""

from __future__ import annotations

import re
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, Final

from ruamel.yaml import nodes as parsed
from ruamel.yaml.composer import Composer
from ruamel.yaml.parser import Parser
from ruamel.yaml.reader import Reader
from ruamel.yaml.scanner import Scanner, ScannerError
from ruamel.yaml.tag import Tag

from fluxv2_migrate.yaml_text.lines import block_scalar_end
from fluxv2_migrate.yaml_text.nodes import MappingNode, Node, ScalarNode, SequenceNode

# A tab behind content, or behind what says how a block scalar is read, with nothing but a comment after it.
_REST_OF_LINE: Final = re.compile(r"[+\-0-9]*[ \t]*(?=[#\0]|\r?\n)")
_COLON: Final = re.compile(r"(?:\s|(?<=\s)#[^\n]*)*:")
_DASH: Final = re.compile(r"(?:\s|(?<=\s)#[^\n]*)*-")
# An alias, and what may stand between it and the content before it.
_ALIAS: Final = re.compile(r"(?:[\s,:?\[{-]|(?<=\s)#[^\n]*)*\*[^\s,\[\]{}]+")
# A tag that names no kind, which the parser takes for none, and an anchor that may stand before it.
_TAG_ALONE: Final = re.compile(r"(?:&\S+\s+)?!(?=\s|\Z)")
# Blanks within a line of a plain scalar, a tab among them.
_TABS: Final = re.compile(r"[ ]*\t[ \t]*(?=[^\s#])")
# The name of an anchor.
_NAME: Final = re.compile(r"[0-9A-Za-z_-]+")
# A tag or an anchor with a tab behind it.
_PROPERTY: Final = re.compile(r"[!&*]\S*\t")
# Source: go-yaml 2.4 and 3.0 `scannerc.go` `yaml_parser_scan_flow_scalar`, by which both Fluxes read.
_ESCAPES: Final = {
    **{escape: text for escape, text in Scanner.ESCAPE_REPLACEMENTS.items() if escape != "/"},
    "'": "'",
}
# One object for all nodes without a tag of their own: there are many of them.
_NO_TAG: Final = Tag(suffix="")


class _NoTags:
    """A resolver that resolves nothing: what a scalar means is decided by who reads it, later."""

    processing_version = (1, 2)

    @staticmethod
    def resolve(_kind: object, _value: object, _implicit: object) -> Tag:
        return _NO_TAG

    @staticmethod
    def descend_resolver(*_unused: object) -> None:
        return None

    ascend_resolver = descend_resolver


class _Loader(Reader, Scanner, Parser, Composer):
    """Put together without `YAML()`, which looks for plug-ins on disk."""

    processing_version = (1, 2)
    max_depth = None
    comment_handling = None

    def __init__(self, text: str) -> None:
        self._resolver = _NoTags()
        self._version = None
        self.ESCAPE_REPLACEMENTS = _ESCAPES
        # Its scanner notes there what `%YAML` says.
        self.doc_infos = [SimpleNamespace(doc_version=None)]
        # The scanner looks at the text as soon as it is made.
        Reader.__init__(self, text, loader=self)
        Scanner.__init__(self, loader=self)
        Parser.__init__(self, loader=self)
        Composer.__init__(self, loader=self)
        # An anchor that is set anew is no fault: aliases mean the last one before them.
        self.warn_double_anchors = False

    @property
    def resolver(self) -> _NoTags:
        return self._resolver

    def scan_to_next_token(self) -> None:
        # Where a key may begin a tab would be indentation.
        # Source: go-yaml 2.4 and 3.0 `scannerc.go` `yaml_parser_scan_to_next_token`.
        super().scan_to_next_token()
        while self.peek() == "\t" and not self.allow_simple_key:
            self.forward()
            super().scan_to_next_token()

    def scan_plain_spaces(self, indent: Any, start_mark: Any) -> Any:
        # Source: go-yaml 2.4 and 3.0 `scannerc.go` `yaml_parser_scan_plain_scalar`.
        self._blank_tabs(_REST_OF_LINE)
        self._blank_tabs(_blank_lines(indent))
        tabs = _TABS.match(self.buffer, self.pointer)
        if tabs is None:
            return super().scan_plain_spaces(indent, start_mark)
        self.forward(len(tabs[0]))
        return [tabs[0]]

    def scan_block_scalar_indicators(self, start_mark: Any) -> Any:
        self._blank_tabs(_REST_OF_LINE)
        return super().scan_block_scalar_indicators(start_mark)

    def scan_block_scalar_indentation(self) -> Any:
        # Blank lines of any length may come first, as long as none is longer than the indentation.
        # Source: go-yaml 2.4 and 3.0 `scannerc.go` `yaml_parser_scan_block_scalar_breaks`.
        breaks, deepest, end = [], 0, self.get_mark()
        while self.peek() in " \r\n":
            if self.peek() == " ":
                self.forward()
                deepest = max(deepest, self.column)
            else:
                breaks.append(self.scan_line_break())
                end = self.get_mark()
        if self.peek() == "\t":
            raise ScannerError(problem="a tab where a block scalar begins", problem_mark=self.get_mark())
        return breaks, deepest, end

    def scan_tag(self) -> Any:
        self._blank_tabs(_PROPERTY)
        return super().scan_tag()

    def scan_anchor(self, kind: Any) -> Any:
        # Source: go-yaml 2.4 and 3.0 `scannerc.go` `yaml_parser_scan_anchor`.
        self._blank_tabs(_PROPERTY)
        mark, token = self.get_mark(), super().scan_anchor(kind)
        if not _NAME.fullmatch(token.value):
            problem = f"the anchor {token.value!r}, which has more than letters, digits, `_` and `-`"
            raise ScannerError(problem=problem, problem_mark=mark)
        return token

    def _blank_tabs(self, part: re.Pattern[str]) -> None:
        """Puts blanks in the place of tabs in what stands here: nothing moves."""
        found = part.match(self.buffer, self.pointer)
        if found is not None and "\t" in found[0]:
            blanks = found[0].replace("\t", " ")
            self.buffer = self.buffer[: found.start()] + blanks + self.buffer[found.end() :]


@lru_cache(maxsize=64)
def _blank_lines(indent: int) -> re.Pattern[str]:
    """Gives the pattern of lines within a plain scalar that are blank; their margin has no tabs."""
    return re.compile(rf"[ ]*(?:\r?\n(?:[ ]{{{indent}}}[ \t]*)?(?=\r?\n))+")


def parse(text: str) -> Node | None:
    r"""Gives the root node of the one document in a text.

    Returns:
        The root node, or `None` for a document without content.

    Raises:
        YAMLError: the text is no YAML.
        OverflowError, ValueError: an escape that stands for no character.
        RecursionError: it nests more deeply than Python follows.

    >>> [alias.value for alias in parse("[&a b, *a]").value]
    ['b', 'b']
    """
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
    finally:
        # Its parts hold one another, and would be kept until garbage is collected.
        vars(loader).clear()
    return _Nodes(text).of(node) if isinstance(node, parsed.Node) else None


class _Nodes:
    """The nodes of a document, made from those of ruamel, whose ends are where the next token begins."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: dict[int, Node] = {}

    def of(self, node: Any) -> Node:
        start, end = int(node.start_mark.index), int(node.end_mark.index)
        tag = str(node.tag) if node.ctag.suffix else ""
        if isinstance(node, parsed.ScalarNode):
            if not tag and _TAG_ALONE.match(self._text, start):
                tag = "!"
            if node.style in ("|", ">"):
                end = block_scalar_end(self._text, start, end)
            self._known[id(node)] = scalar = ScalarNode(node.value, node.style or "", start, end, tag)
            return scalar
        is_flow = bool(node.flow_style)
        kind = MappingNode if isinstance(node, parsed.MappingNode) else SequenceNode
        made = kind([], start, end, is_flow=is_flow, tag=tag)
        # Before its children: an alias may stand inside its own anchor.
        self._known[id(node)] = made
        children: list[Any] = made.value
        for child in node.value:
            if isinstance(made, MappingNode):
                key, start = self._child(child[0], start, None)
                value, start = self._child(child[1], start, _COLON)
                children.append((key, value))
            else:
                item, start = self._child(child, start, _DASH)
                children.append(item)
        if not is_flow:
            made.end = start
        return made

    def _child(self, node: parsed.Node, position: int, opener: re.Pattern[str] | None) -> tuple[Node, int]:
        """Gives a node that stands behind a position, and where what stands there ends."""
        known = self._known.get(id(node))
        if known is not None:
            alias = _ALIAS.match(self._text, position)
            return known, position if alias is None else alias.end()
        made = self.of(node)
        is_empty = isinstance(made, ScalarNode) and not (made.value or made.style or made.tag)
        if is_empty and not self._text.startswith(("&", "!"), made.start):
            # Where it is noticed that nothing stands there is where the next token begins.
            opened = None if opener is None else opener.match(self._text, position)
            made.start = made.end = position if opened is None else opened.end()
        return made, made.end
