"""A block mapping as entries of text, so that entries move, change and go while the rest stays as it is.

Every character of the document belongs to exactly one entry's text (or to what stands before the first
and behind the last), so what no operation touches comes back byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.yaml_text.composer import read_nodes, value_of
from fluxv2_migrate.yaml_text.emitter import Style, emit_scalar, emit_value
from fluxv2_migrate.yaml_text.flow import Flow
from fluxv2_migrate.yaml_text.nodes import (
    CannotEdit,
    MappingNode,
    Node,
    SequenceNode,
    colon_end,
    column_of,
    comments_in,
    content_end,
    deeper_comments,
    is_alias,
    line_end,
    line_start,
    reindent,
    scalar_spans,
)
from fluxv2_migrate.yaml_text.readers import key_of

_LINE_INSIDE: Final = re.compile(r"\n( *)(?=[^ \r\n])")
_MERGE: Final = "<<"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a new entry goes among the others.

    Attributes:
        after: behind the last of these that is there; else
        before: before the first of these that is there; else
        first: at the beginning, or at the end.
    """

    after: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    first: bool = False


_AT_THE_END: Final = Place()


def insertion_index(keys: Sequence[str], place: Place) -> int:
    """Gives the index at which a new key goes: one rule for mappings and for text.

    >>> insertion_index(["chart", "values"], Place(before=("values",)))
    1
    """
    if place.after:
        for index in range(len(keys) - 1, -1, -1):
            if keys[index] in place.after:
                return index + 1
    if place.before:
        for index, key in enumerate(keys):
            if key in place.before:
                return index
    return 0 if place.first else len(keys)


def _at_least(text: str, indent: int) -> str:
    """Gives a value in flow style, in which blanks before lines mean nothing, with all lines as deep."""
    missing = indent - min((len(blanks) for blanks in _LINE_INSIDE.findall(text)), default=indent)
    return _LINE_INSIDE.sub(lambda line: "\n" + " " * missing + line[1], text) if missing > 0 else text


@dataclass(slots=True)
class Entry:
    """One entry: the comments above it, its key with the colon, and all that follows.

    Attributes:
        key: the key as a value.
        lead: blank and comment lines above, verbatim.
        body: from behind the colon to the end of its last line; comments indented deeper belong to it.
        node: the value's node in the original text, if it came from there.
        mapping: the value as entries, once something inside it was touched; then `body` is not used.
    """

    key: str
    lead: str
    head: str
    body: str
    node: Node | None = None
    key_node: Node | None = None
    mapping: BlockMapping | None = None

    def render(self) -> str:
        """Gives the text."""
        return self.lead + self.head + (self.body if self.mapping is None else self.mapping.render())


@dataclass(frozen=True, slots=True)
class MappingPart:
    """A block mapping that is the value of a key anywhere in a document, within its text.

    Attributes:
        before: the text up to it, the key's colon included.
    """

    before: str
    mapping: BlockMapping
    after: str

    def render(self) -> str:
        """Gives the text of the whole document."""
        return self.before + self.mapping.render() + self.after


@dataclass(slots=True)
class BlockMapping:
    """A block mapping that can be edited.

    Attributes:
        opening: what stands before the first entry: the rest of the key's line, or a document's start.
        entries: the entries in the order of the text.
        tail: comments and blank lines behind the last entry.
    """

    text: str
    indent: int
    style: Style
    opening: str
    entries: list[Entry] = field(default_factory=list)
    tail: str = ""

    @classmethod
    def of_document(cls, text: str, root: Node | None, style: Style) -> BlockMapping:
        """Takes a document's text and root node apart; one in braces, such as JSON, is opened.

        Raises:
            CannotEdit: the document is no mapping, or a block mapping that begins in the middle of a line.
        """
        if re.search(r"\r(?!\n)", text):
            raise CannotEdit("a line ends with a carriage return alone")
        if isinstance(root, MappingNode) and root.is_flow and root.value:
            return cls._of_braces(text, root, style)
        return cls._of_node(text, root, style, 0, len(text))

    @classmethod
    def _of_braces(cls, text: str, root: MappingNode, style: Style) -> BlockMapping:
        mapping = cls._of_flow(text, root, style, 0)
        before, (behind, _, after) = text[: root.start], text[root.end :].partition("\n")
        if before and not before.endswith("\n"):
            # Such as the `--- ` that begins the document.
            before = before.rstrip(" \t") + style.newline
        mapping.opening = before
        mapping.tail += mapping._own_lines(comments_in(behind, ())) + after
        return mapping

    @classmethod
    def of_value(cls, text: str, key: Node, value: Node, style: Style) -> MappingPart:
        """Takes the value of a key apart, wherever in the document it stands.

        Raises:
            CannotEdit: the value is no block mapping that begins on its own line.
        """
        start = colon_end(text, key)
        end = line_end(text, content_end(text, key, value))
        end += deeper_comments(text[end:], column_of(text, key.start))
        return MappingPart(text[:start], cls._of_node(text, value, style, start, end), text[end:])

    @classmethod
    def _of_node(cls, text: str, node: Node | None, style: Style, start: int, end: int) -> BlockMapping:
        if not isinstance(node, MappingNode) or node.is_flow or not node.value:
            raise CannotEdit("not a mapping in block style")
        first = node.value[0][0].start
        indent = first - line_start(text, first)
        if text[first - indent : first].strip(" ") or first - indent < start:
            raise CannotEdit("a mapping that begins in the middle of a line")
        mapping = cls(text, indent, style, text[start : first - indent])
        position = first - indent
        lines = [line_start(text, key.start) for key, _ in node.value]
        for index, (key, value) in enumerate(node.value):
            if index and key.value == _MERGE and not key.style:
                # Some readers let the merged fields win over what stands above them.
                raise CannotEdit("a merge key (`<<`) behind other keys")
            line, limit = lines[index], lines[index + 1] if index + 1 < len(lines) else end
            colon = colon_end(text, key)
            value_end = line_end(text, content_end(text, key, value, colon))
            if text[line : key.start].strip(" ") or not position <= line < value_end <= limit:
                # An alias as a key, for one, is the node of its anchor.
                raise CannotEdit("an entry that does not stand on lines of its own")
            body_end = value_end
            if value_end < limit:
                body_end += deeper_comments(text[value_end:limit], indent)
            lead, head, body = text[position:line], text[line:colon], text[colon:body_end]
            mapping.entries.append(Entry(key_of(key), lead, head, body, value, key))
            position = body_end
        mapping.tail = text[position:end]
        # The first entry's lead is the opening's comments: they belong to what follows them.
        return mapping

    def render(self) -> str:
        """Gives the text."""
        newline = self.style.newline
        parts = [self.opening]
        for entry in self.entries:
            if parts[-1] and not parts[-1].endswith("\n"):
                parts.append(newline)
            parts.append(entry.render())
        return "".join(parts) + self.tail

    def keys(self) -> list[str]:
        """Gives the keys in the order of the text."""
        return [entry.key for entry in self.entries]

    def entry(self, key: str) -> Entry | None:
        """Gives the entry under a key, if there is one."""
        for entry in self.entries:
            if entry.key == key:
                return entry
        return None

    def child(self, key: str, place: Place | None = None) -> BlockMapping:
        """Gives the mapping under a key as entries; a missing one is made at `place`."""
        entry = self.entry(key)
        if entry is None:
            entry = Entry(key, "", self._head(key), "")
            self.entries.insert(self._index(place), entry)
        if entry.mapping is None:
            entry.mapping = self._open(entry)
        return entry.mapping

    def _index(self, place: Place | None) -> int:
        keys = self.keys()
        index = insertion_index(keys, place or _AT_THE_END)
        # What stands above a merge key, its fields may win over.
        return 1 if not index and keys and keys[0] == _MERGE else index

    def _open(self, entry: Entry) -> BlockMapping:
        inner = self.indent + self.style.step
        node, key = entry.node, entry.key_node
        if node is None or key is None:
            if entry.body.strip():
                return self._open_again(entry, inner)
            return BlockMapping(self.text, inner, self.style, entry.body or self.style.newline)
        if is_alias(key, node):
            raise CannotEdit("an alias in place of a mapping")
        if isinstance(node, MappingNode) and not node.is_flow:
            start = colon_end(self.text, key)
            return BlockMapping._of_node(self.text, node, self.style, start, start + len(entry.body))
        if isinstance(node, MappingNode):
            return self._open_flow(self.text, key, node, entry.body, inner)
        if (value_of(node) is None and "\n" in entry.body[:-1].rstrip()) or value_of(node) is not None:
            raise CannotEdit("a value that is no mapping in place of one")
        comment = "".join(comments_in(entry.body, ()))
        return BlockMapping(
            self.text, inner, self.style, (f" {comment}" if comment else "") + self.style.newline
        )

    def _open_again(self, entry: Entry, inner: int) -> BlockMapping:
        """Opens a flow mapping that stood in another one, or that was written before."""
        text = "x:" + entry.body
        try:
            root = read_nodes(text)
        except InvalidManifest:
            # An alias, for one, whose anchor stands elsewhere.
            root = None
        key, node = root.value[0] if isinstance(root, MappingNode) else (None, None)
        if key is None or not isinstance(node, MappingNode) or not node.is_flow:
            raise CannotEdit("a value that was written before is opened")
        return self._open_flow(text, key, node, entry.body, inner)

    def _open_flow(self, text: str, key: Node, node: MappingNode, body: str, inner: int) -> BlockMapping:
        mapping = BlockMapping._of_flow(text, node, self.style, inner)
        colon = colon_end(text, key)
        rest = body[node.end - colon :]
        mapping.opening = rest if rest.strip() else self.style.newline
        if above := comments_in(text[colon : node.start], ()):
            first, *others = (*above, *comments_in(rest, ()))
            mapping.opening = f" {first}{self.style.newline}{mapping._own_lines(others)}"
        return mapping

    @classmethod
    def _of_flow(cls, text: str, node: MappingNode, style: Style, indent: int) -> BlockMapping:
        """Gives a mapping in braces with each entry in lines of its own."""
        if not text.startswith("{", node.start):
            raise CannotEdit("a flow mapping with an anchor or a tag")
        mapping = cls(text, indent, style, "")
        flow, position = Flow.of(text, node).without_comments(), node.start + 1
        for (own, _), (begin, stop) in zip(node.value, flow.entries(), strict=True):
            if own.end <= own.start or text[own.start] in "?*&!":
                raise CannotEdit("a flow mapping with a key in an unusual form")
            lead = mapping._own_lines(comments_in(text[position:begin], ()))
            is_alone = ":" not in flow.masked[own.end : stop]
            value = text[own.end if is_alone else colon_end(text, own) : stop].strip()
            position = stop
            value = _at_least(value, indent + style.step)
            head = " " * indent + text[own.start : own.end].strip() + ":"
            gap = "" if not value else " "
            mapping.entries.append(Entry(key_of(own), lead, head, gap + value + style.newline))
        mapping.tail = mapping._own_lines(comments_in(text[position : node.end - 1], ()))
        return mapping

    def _head(self, key: str) -> str:
        return " " * self.indent + emit_scalar(key) + ":"

    def set(self, key: str, value: Any, place: Place | None = None) -> None:
        """Gives a key a value: comments of a value that was there stay."""
        entry = self.entry(key)
        body = emit_value(value, self.indent, self._style_of(entry))
        if entry is None:
            self.entries.insert(self._index(place), Entry(key, "", self._head(key), body))
            return
        comments = [] if entry.mapping else comments_in(entry.body, self._scalars_of(entry))
        if entry.mapping is not None:
            comments = entry.mapping.comments()
        scalar = not body.startswith(("\r", "\n"))
        if scalar and len(comments) == 1 and entry.body.rstrip("\r\n").endswith(comments[0]):
            stripped = entry.body.rstrip("\r\n")[: -len(comments[0])]
            gap = stripped[len(stripped.rstrip()) :]
            body = body.rstrip("\r\n") + gap + comments[0] + self.style.newline
        else:
            entry.lead += self._own_lines(comments)
        entry.body, entry.mapping, entry.node, entry.key_node = body, None, None, None

    def _style_of(self, entry: Entry | None) -> Style:
        # A list that is there shows better how its new form is written than the rest of the file.
        node = None if entry is None else entry.node
        if not isinstance(node, SequenceNode) or node.is_flow or not node.value:
            return self.style
        return replace(self.style, flush=column_of(self.text, node.start) <= self.indent)

    def _scalars_of(self, entry: Entry) -> list[tuple[int, int]]:
        if entry.key_node is None or entry.node is None or "#" not in entry.body:
            return []
        if is_alias(entry.key_node, entry.node):
            return []
        colon = colon_end(self.text, entry.key_node)
        return [(start - colon, end - colon) for start, end in scalar_spans(self.text, entry.node)]

    def _own_lines(self, comments: Iterable[str]) -> str:
        return "".join(" " * self.indent + comment + self.style.newline for comment in comments)

    def comments(self) -> list[str]:
        """Gives every comment in it, in order."""
        found = comments_in(self.opening, ())
        for entry in self.entries:
            found += comments_in(entry.lead, ())
            if entry.mapping is not None:
                found += entry.mapping.comments()
            else:
                found += comments_in(entry.body, self._scalars_of(entry))
        return found + comments_in(self.tail, ())

    def remove(self, key: str, *, keep_comments: bool = True) -> list[str]:
        """Takes an entry out; the comments above it stay, those in it become lines of their own.

        Returns:
            The comments that stood in the entry; with `keep_comments=False` they are nowhere else.
        """
        entry = self.entry(key)
        if entry is None:
            return []
        index = self.entries.index(entry)
        comments = (
            entry.mapping.comments()
            if entry.mapping is not None
            else comments_in(entry.body, self._scalars_of(entry))
        )
        left = entry.lead if entry.lead.strip() else ""
        if keep_comments:
            left += self._own_lines(comments)
        del self.entries[index]
        if index < len(self.entries):
            self.entries[index].lead = left + self.entries[index].lead
        else:
            self.tail = left + self.tail
        return comments

    def take(self, key: str) -> Entry:
        """Takes an entry out with its comments, to be put elsewhere."""
        entry: Entry = _some(self.entry(key))
        self.entries.remove(entry)
        return entry

    def put(self, key: str, entry: Entry, indent: int, place: Place | None = None) -> None:
        """Puts an entry that was taken from a mapping at `indent` in here, under another key."""
        if self.entry(key) is not None:
            raise CannotEdit("a field that moves to where one is")
        if entry.mapping is not None:
            entry.body, entry.mapping = entry.mapping.render(), None
        delta = self.indent - indent
        moved = Entry(
            key, reindent(entry.lead, delta), self._head(key), reindent(entry.body, delta, rest_only=True)
        )
        if not moved.body.endswith("\n"):
            moved.body += self.style.newline
        self.entries.insert(self._index(place), moved)

    def rename(self, key: str, target: str) -> None:
        """Gives an entry another key, in its place."""
        entry: Entry = _some(self.entry(key))
        if target != key and self.entry(target) is not None:
            raise CannotEdit("a field that moves to where one is")
        entry.key, entry.head = target, self._head(target)


def _some(value: Any) -> Any:
    if value is None:
        raise CannotEdit("a field that is not there")
    return value
