"""Collections in braces and brackets: where their entries stand in the text."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from fluxv2_migrate.yaml_text.edits import splice
from fluxv2_migrate.yaml_text.nodes import COMMENT, CannotEdit, MappingNode, Node, ScalarNode

_COMMENT_LINE: Final = re.compile(r"#[^\r\n]*\r?\n[ \t]*")


@dataclass(frozen=True, slots=True)
class Flow:
    r"""A collection in flow style.

    Attributes:
        masked: the same with letters in place of each scalar, so that only punctuation is left.

    >>> from fluxv2_migrate.yaml_text import compose
    >>> text = "{a: [1, 2], b: '}'}\n"
    >>> [text[start:end] for start, end in Flow.of(text, compose(text)).entries()]
    ['a: [1, 2]', "b: '}'"]
    """

    text: str
    masked: str
    node: Node

    @classmethod
    def of(cls, text: str, node: Node) -> Flow:
        """Masks what the collection holds."""
        pending, spans = [node], set[tuple[int, int]]()
        while pending:
            each = pending.pop()
            if isinstance(each, ScalarNode):
                spans.add((each.start, each.end))
            elif isinstance(each, MappingNode):
                pending += [child for pair in each.value for child in pair]
            else:
                pending += each.value
        masked = splice(text, ((start, end, "x" * (end - start)) for start, end in spans))
        return cls(text, masked, node)

    def without_comments(self) -> Flow:
        """Gives the same with blanks in place of comments, which stand between its entries then."""
        start, end = self.node.start, self.node.end
        inside = COMMENT.sub(lambda comment: " " * len(comment[0]), self.masked[start:end])
        return replace(self, masked=splice(self.masked, [(start, end, inside)]))

    def comments(self, start: int, end: int) -> str:
        """Gives the comments between two offsets, with line ends and the blanks behind these."""
        comments = COMMENT.finditer(self.masked[start:end])
        lines = (_COMMENT_LINE.match(self.text, start + each.start()) for each in comments)
        return "".join(f" {line[0]}" for line in lines if line is not None)

    @property
    def start(self) -> int:
        """The offset of its bracket; anchors and tags stand before it."""
        bracket = "{" if isinstance(self.node, MappingNode) else "["
        return self.masked.index(bracket, self.node.start)

    @property
    def end(self) -> int:
        """The offset behind its closing bracket."""
        return self.node.end

    def entries(self) -> list[tuple[int, int]]:
        """Gives where its entries stand, without blanks, line ends and commas.

        Raises:
            CannotEdit: they cannot be told apart.
        """
        found: list[tuple[int, int]] = []
        depth, begin = 0, self.start + 1
        for position in range(self.start + 1, self.end):
            character = self.masked[position]
            if depth == 0 and (character == "," or position == self.end - 1):
                start, end = self._stripped(begin, position)
                if start < end:
                    found.append((start, end))
                begin = position + 1
            elif character in "[{":
                depth += 1
            elif character in "]}":
                depth -= 1
        if len(found) != len(self.node.value):
            raise CannotEdit("a collection in brackets of which the entries cannot be told apart")
        return found

    def _stripped(self, start: int, end: int) -> tuple[int, int]:
        inner = self.masked[start:end]
        return end - len(inner.lstrip()), start + len(inner.rstrip())
