"""Where the comments of a YAML text belong, as the image updater's reader attaches them to values.

Source: kustomize kyaml 0.21 `fieldmeta`, `kio.ByteReader`; go-yaml v3 `scannerc.go`, `parserc.go`.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.yaml_text import (
    BYTE_ORDER_MARK,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    column_of,
    key_of,
    line_start,
    read_nodes,
    split_documents,
)
from fluxv2_migrate.yaml_text.nodes import COMMENT, scalar_span

# In JSON `$` may be written as an escape; files are screened for the text with its quotes all the same.
_WORD: Final = re.compile(r"(?:\$|\\u0024)imagepolicy")
_SCREENED_FOR: Final = '"$imagepolicy"'
_REST_OF_LINE: Final = re.compile(r"#[^\r\n]*")
_SEPARATOR: Final = re.compile(r"\n---([^\n]*)\n")
_DIRECTIVE: Final = re.compile(r"^%", re.MULTILINE)

FieldPath = tuple[str | int, ...]
UnseenReason = Literal[
    "unparseable",
    "no-mapping",
    "list-alone",
    "other-text",
    "no-json",
    "no-such-form",
    "inside-text",
    "behind-key",
    "behind-collection",
    "behind-alias",
    "empty-value",
    "above-key",
    "above-collection",
    "several-lines",
    "below",
    "screened-out",
    "second-key",
    "second-marker",
]


@dataclass(frozen=True, slots=True)
class MarkedScalar:
    """A scalar of a text.

    Attributes:
        start: offset of its first character, anchors and tags left out.
        end: offset behind its last one; of a block scalar, behind its header.
        path: the field, in its document.
        value: what is written, without quotes.
        style: how it is quoted: `'`, `"`, `|`, `>`, or nothing.
        tag: the tag that is written before it, or nothing.
        block_end: of a block scalar, offset behind its text.
    """

    start: int
    end: int
    path: FieldPath
    value: str
    style: str
    tag: str
    block_end: int


@dataclass(frozen=True, slots=True)
class PlacedComment:
    """A comment that speaks of an image policy, and the value that it belongs to.

    Attributes:
        offset: of its `#`.
        text: from the `#` to the end of the line.
        document: index of its document among those of the file.
        scalar: the value that it belongs to, if it is one that can be written.
        reason: why it belongs to none.
        once: whether it stands where the next rewrite moves it below the value.
    """

    offset: int
    text: str
    document: int = 0
    scalar: MarkedScalar | None = None
    reason: UnseenReason | None = None
    once: bool = False


class _Token(NamedTuple):
    """A scalar where it stands.

    Attributes:
        start: offset of its first character, anchors and tags included.
        content: the same without them.
        end: offset behind it, of a block scalar behind its header.
        last: offset behind all of it.
        role: `key`, `value` or `item`.
        reachable: whether the updater comes here.
        column: for an item that follows a collection, the column of the dash; else -1.
    """

    start: int
    content: int
    end: int
    last: int
    role: str
    node: ScalarNode
    path: FieldPath
    in_flow: bool
    reachable: bool
    column: int


def read_comments(text: str) -> tuple[PlacedComment, ...]:
    r"""Gives every comment of a file that speaks of an image policy, in the order of the text.

    >>> (found,) = read_comments('a:\n  b: c # {"$imagepolicy": "ns:app"}\n')
    >>> found.scalar.path, found.scalar.value
    (('a', 'b'), 'c')
    """
    if _WORD.search(text) is None:
        return ()
    skip = len(BYTE_ORDER_MARK) if text.startswith(BYTE_ORDER_MARK) else 0
    body = text[skip:]
    spans = split_documents(body)
    roots: list[Node | None] = []
    for span in spans:
        try:
            roots.append(read_nodes(body[span.start : span.end]))
        except InvalidManifest:
            return _unread(text, "unparseable")
    if _has_wrong_separator(body):
        return _unread(text, "unparseable")
    if not all(root is None or isinstance(root, MappingNode) or _is_null(root) for root in roots):
        return _unread(text, "no-mapping")
    whole: UnseenReason | None = "list-alone" if _is_list_alone(body, roots) else None
    found: list[PlacedComment] = []
    for index, (span, root) in enumerate(zip(spans, roots, strict=True)):
        part = body[span.start : span.end]
        if _WORD.search(part):
            document = _Document(part, root, index, skip + span.start, whole)
            found += document.comments()
    if _SCREENED_FOR not in text:
        found = [replace(each, reason=each.reason or "screened-out") for each in found]
    return tuple(found)


def read_comments_of(text: str, root: Node | None) -> tuple[PlacedComment, ...]:
    """Gives the same for one document of which the nodes are known, among others in its file."""
    return tuple(_Document(text, root, 0, 0, None).comments())


def _unread(text: str, reason: UnseenReason) -> tuple[PlacedComment, ...]:
    return tuple(
        PlacedComment(match.start(), match[0].rstrip(), reason=reason)
        for match in COMMENT.finditer(text)
        if _WORD.search(match[0])
    )


def _has_wrong_separator(body: str) -> bool:
    plain = body.replace("\r\n", "\n")
    rests = (match[1].strip() for match in _SEPARATOR.finditer(plain))
    return any(rest and not rest.startswith("#") for rest in rests) or _DIRECTIVE.search(plain) is not None


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and not node.style and node.value in ("", "~", "null", "Null", "NULL")


def _is_list_alone(body: str, roots: list[Node | None]) -> bool:
    if _SEPARATOR.search(body.replace("\r\n", "\n")) is not None or len(roots) != 1:
        return False
    root = roots[0]
    pairs = root.value if isinstance(root, MappingNode) else ()
    fields = {key.value: value for key, value in pairs if isinstance(key, ScalarNode)}
    kind = fields.get("kind")
    return (
        isinstance(kind, ScalarNode)
        and kind.value in ("List", "ResourceList")
        and bool({"items", "functionConfig"} & fields.keys())
    )


def _is_flow(node: Node) -> bool:
    return node.is_flow


class _Document:
    """One document: its scalars in the order of the text, and the comments between them."""

    def __init__(
        self, text: str, root: Node | None, index: int, offset: int, whole: UnseenReason | None
    ) -> None:
        self._text = text
        self._index = index
        self._offset = offset
        self._whole = whole
        self._known: set[int] = set()
        self._tokens: list[_Token] = []
        # Only scalars around comments are asked for; with aliases nodes stand in another order than the text.
        words = [] if "&" in text else [match.start() for match in _WORD.finditer(text)]
        self._first = line_start(text, words[0]) if words else 0
        self._last = self._line_end(words[-1]) if words else len(text)
        if root is not None:
            self._walk(root, (), "value", in_flow=False, reachable=True, column=-1)
        self._tokens.sort(key=lambda token: token.start)
        self._starts = [token.start for token in self._tokens]

    def _walk(
        self, node: Node, path: FieldPath, role: str, *, in_flow: bool, reachable: bool, column: int
    ) -> None:
        if id(node) in self._known:
            # An alias is composed as its anchor's node.
            return
        self._known.add(id(node))
        if isinstance(node, ScalarNode):
            self._add(node, path, role, in_flow=in_flow, reachable=reachable, column=column)
            return
        flow = in_flow or _is_flow(node)
        if isinstance(node, SequenceNode):
            column = -1
            for index, item in enumerate(node.value):
                self._walk(item, (*path, index), "item", in_flow=flow, reachable=reachable, column=column)
                # Below a collection, only a comment right above the next dash belongs to that.
                is_block = not isinstance(item, ScalarNode) and not _is_flow(item)
                column = column_of(self._text, node.start) if is_block and not flow else -1
            return
        begin, stop = self._near(node.value)
        names = {key.value if isinstance(key, ScalarNode) else "" for key, _ in node.value[:begin]}
        for key, value in node.value[begin:stop]:
            simple = isinstance(key, ScalarNode)
            below = (*path, key_of(key) if isinstance(key, ScalarNode) else "")
            self._walk(key, below, "key", in_flow=flow, reachable=False, column=-1)
            is_first = simple and key.value not in names
            names.add(key.value if simple else "")
            self._walk(value, below, "value", in_flow=flow, reachable=reachable and is_first, column=-1)

    def _near(self, pairs: Sequence[tuple[Node, Node]]) -> tuple[int, int]:
        """Gives which entries of a mapping hold a comment, or the last scalar before one, or the next one."""
        begin, stop = 0, len(pairs)
        while begin + 1 < stop and pairs[begin + 1][0].start < self._first:
            begin += 1
        while stop - 2 > begin and pairs[stop - 2][0].start > self._last:
            stop -= 1
        # A key that is not written is no scalar that anything stands behind.
        is_written = all(key.value for key, _ in (*pairs[begin : begin + 1], *pairs[stop - 1 : stop]))
        return (begin, stop) if is_written else (0, len(pairs))

    def _add(
        self, node: ScalarNode, path: FieldPath, role: str, *, in_flow: bool, reachable: bool, column: int
    ) -> None:
        if not node.style and not node.value:
            return
        content, end = scalar_span(self._text, node)
        token = _Token(node.start, content, end, node.end, role, node, path, in_flow, reachable, column)
        self._tokens.append(token)

    def comments(self) -> Iterator[PlacedComment]:
        """Gives the comments that speak of an image policy."""
        at = -1
        for match in _WORD.finditer(self._text):
            position = match.start()
            if position < at:
                continue
            line_end = self._line_end(position)
            inside = self._token_around(position)
            if inside is not None:
                hash_at = self._text.rfind("#", self._line_start(position), position)
                at = line_end
                if hash_at >= inside.content:
                    yield self._unseen(hash_at, line_end, "inside-text")
                continue
            before = self._token_before(position)
            line_start = self._line_start(position)
            behind = 0 if before is None else before.end if before.end <= position else before.start
            comment = self._comment(max(behind, line_start), before)
            if comment is None or comment.start() > position:
                continue
            at = comment.end()
            yield self._place(comment.start(), comment.end())

    def _comment(self, start: int, before: _Token | None) -> re.Match[str] | None:
        """Gives the comment that begins here or later in the line."""
        if before is not None and before.end == start and before.node.style in ("'", '"'):
            # Go's reader wants no blank behind a quote.
            tight = _REST_OF_LINE.match(self._text, start)
            if tight is not None:
                return tight
        return COMMENT.search(self._text, start)

    def _place(self, start: int, end: int) -> PlacedComment:
        if self._whole is not None:
            return self._unseen(start, end, self._whole)
        line_start = self._line_start(start)
        rest = self._text[line_start:start]
        if not rest.strip(" \t-") and not rest.lstrip().startswith("---"):
            return self._place_above(start, end, is_behind_dash="-" in rest)
        return self._place_behind(start, end)

    def _place_behind(self, start: int, end: int) -> PlacedComment:
        line_start = self._line_start(start)
        token = self._token_before(start)
        if token is not None and token.content > start:
            # Between an anchor or a tag and its value on the next line.
            return self._found(token, start, end)
        if token is not None and token.end <= line_start:
            token = None
        gap = self._text[line_start if token is None else token.end : start].strip()
        if token is not None and token.role != "key" and gap in (("", ",") if token.in_flow else ("",)):
            return self._found(token, start, end)
        if "*" in gap:
            return self._unseen(start, end, "behind-alias")
        if gap.endswith(("}", "]", "{", "[", ",")):
            return self._unseen(start, end, "behind-collection")
        if gap != ":" or token is None:
            return self._unseen(start, end, "behind-key")
        after = self._next_token(start)
        if after is None or after.path[: len(token.path)] != token.path:
            return self._unseen(start, end, "empty-value")
        if after.in_flow and after.path == token.path:
            return self._found(after, start, end)
        return self._unseen(start, end, "behind-key")

    def _place_above(self, start: int, end: int, *, is_behind_dash: bool) -> PlacedComment:
        above = self._line(self._line_start(start) - 1)
        position = self._line_end(end)
        below = self._line(position + 1)
        if below.startswith("#") or above.lstrip("- \t").startswith("#"):
            return self._unseen(start, end, "several-lines")
        token = self._next_token(start)
        if token is None:
            return self._unseen(start, end, "below")
        gap = self._text[end : token.start]
        if "#" in gap or (self._has_comment_above(start) and not self._is_later_item(token, gap)):
            # Another comment comes between them, or joins them from above.
            return self._unseen(start, end, "several-lines")
        if token.role == "key":
            kind: UnseenReason = "above-collection" if "-" in gap or is_behind_dash else "above-key"
            return self._unseen(start, end, kind)
        if not gap.strip(" \t\r\n-") and token.role == "item":
            return self._place_above_item(token, start, end, is_behind_dash=is_behind_dash)
        before = self._token_before(start)
        if token.role == "value" and before is not None and before.path == token.path and not gap.strip():
            return self._found(token, start, end, once=not token.in_flow)
        return self._unseen(start, end, "above-collection")

    def _place_above_item(
        self, token: _Token, start: int, end: int, *, is_behind_dash: bool
    ) -> PlacedComment:
        gap = self._text[end : token.start]
        is_nested = gap.count("-") + is_behind_dash > 1 and not self._is_next_dash(start, token.start)
        blank = "\n" in gap.strip(" \t\r").partition("\n")[2].partition("-")[0]
        own = start - self._line_start(start)
        dash = self._text[self._line_start(token.start) : token.start].find("-")
        is_first = token.path[-1] == 0 and ("-" in gap or is_behind_dash) and own >= dash
        is_right_above = "-" not in gap or token.column in (-1, own)
        if not is_nested and (is_first or not blank) and is_right_above:
            return self._found(token, start, end)
        return self._unseen(start, end, "above-collection" if is_nested else "below")

    def _has_comment_above(self, start: int) -> bool:
        before = self._token_before(start)
        above = self._text[0 if before is None else before.end : start]
        # What stands on the line of the value above is no comment of its own line.
        return "#" in above.partition("\n")[2]

    def _is_later_item(self, token: _Token, gap: str) -> bool:
        return token.role == "item" and token.path[-1] != 0 and "-" in gap

    def _is_next_dash(self, start: int, next_start: int) -> bool:
        """Whether the dash before a comment has no value, so that the comment belongs to the next item."""
        row = self._text[self._line_start(start) : start]
        next_row = self._text[self._line_start(next_start) : next_start]
        return row.rfind("-") == next_row.find("-") == next_row.rfind("-")

    def _found(self, token: _Token, start: int, end: int, *, once: bool = False) -> PlacedComment:
        if not token.reachable:
            return self._unseen(start, end, "second-key" if token.role != "key" else "behind-key")
        node = token.node
        return PlacedComment(
            self._offset + start,
            self._text[start:end].rstrip(),
            self._index,
            MarkedScalar(
                start=self._offset + token.content,
                end=self._offset + token.end,
                path=token.path,
                value=node.value,
                style=node.style or "",
                tag=node.tag if node.tag else "",
                block_end=self._offset + token.last,
            ),
            once=once,
        )

    def _unseen(self, start: int, end: int, reason: UnseenReason) -> PlacedComment:
        return PlacedComment(self._offset + start, self._text[start:end].rstrip(), self._index, reason=reason)

    def _token_around(self, position: int) -> _Token | None:
        index = bisect_right(self._starts, position) - 1
        token = self._tokens[index] if index >= 0 else None
        if token is None or not token.content <= position < token.last:
            return None
        # What stands behind the header of a block scalar is a comment.
        is_header = token.node.style in ("|", ">") and "\n" not in self._text[token.end : position]
        return None if is_header else token

    def _token_before(self, position: int) -> _Token | None:
        index = bisect_left(self._starts, position) - 1
        return self._tokens[index] if index >= 0 else None

    def _next_token(self, position: int) -> _Token | None:
        index = bisect_left(self._starts, position)
        return self._tokens[index] if index < len(self._tokens) else None

    def _line_start(self, position: int) -> int:
        return line_start(self._text, position)

    def _line_end(self, position: int) -> int:
        end = self._text.find("\n", position)
        return len(self._text) if end < 0 else end

    def _line(self, position: int) -> str:
        if not 0 <= position < len(self._text):
            return ""
        return self._text[self._line_start(position) : self._line_end(position)].strip()
