"""Markers of image automation written into the text of a document."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Final

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux2.marker_places import FieldPath, read_comments_of
from fluxv2_migrate.flux2.markers import SETTER, placed_markers, read_policy
from fluxv2_migrate.flux2.updater_scalars import plain_kind
from fluxv2_migrate.given import item_index
from fluxv2_migrate.plan.flow_text import OpenedFlow
from fluxv2_migrate.plan.marker_edits import (
    MarkedText,
    MarkerEdit,
    RefusalReason,
    RefusedMarker,
    WrittenMarker,
)
from fluxv2_migrate.yaml_text import (
    CannotEdit,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    Style,
    detect_style,
    key_of,
    line_start,
    nodes_of_edited,
    outline_of,
    read_nodes,
    read_value,
    resolve_plain_scalar,
    splice,
    step_into,
)
from fluxv2_migrate.yaml_text.flow import Flow
from fluxv2_migrate.yaml_text.nodes import COMMENT, scalar_span

_COMMENT: Final = re.compile(r"[ \t]*(#[^\r\n]*)?")
_PLAIN_OPENER: Final = re.compile(r"([ ]*(?:- +)*[A-Za-z_][\w./-]*:) *")
"""What stands before nearly all values: a key with its blanks and dashes."""
_PROPERTY: Final = re.compile(r"[&!]\S*")
# What other readers of YAML 1.1 take for a number, a boolean or a value of its own.
_OTHER_KINDS: Final = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|[yYnN]|=")


_NAMING: Final = frozenset(("apiVersion", "kind", "name", "namespace"))
"""Keys of what says which object, container or image something is."""


_Placed = tuple[Node, FieldPath, Node | None]


class _Refused(Exception):
    def __init__(self, reason: RefusalReason, message: str) -> None:
        super().__init__(message)
        self.reason: RefusalReason = reason


@dataclass(frozen=True, slots=True)
class _Target:
    """A field of which the value is marked."""

    edit: MarkerEdit
    node: ScalarNode
    path: FieldPath
    content: int
    end: int
    flow: Node | None

    @property
    def needs_quotes(self) -> bool:
        value: str = self.node.value
        return not self.node.style and not self.node.tag and _is_no_text(value)


def write_markers(text: str, edits: Iterable[MarkerEdit], *, style: Style | None = None) -> MarkedText:
    r"""Gives a document's text with markers behind the values of fields.

    A comment that stands behind a value moves to a line of its own above. A value that is no text is quoted,
    since an update would keep its type. Mappings and lists in one line are written in block style as far as a
    field in them is marked. All else keeps its bytes.

    Args:
        style: how new lines are written; as the text is by default.

    Raises:
        CannotEdit: the edited text would not mean the same; nothing is done.

    >>> text = "image:\n  tag: 1.10 # never 2\n"
    >>> marked = write_markers(text, [MarkerEdit(("image", "tag"), "flux-system:web:tag")])
    >>> print(marked.text, end="")
    image:
      # never 2
      tag: "1.10" # {"$imagepolicy": "flux-system:web:tag"}
    >>> marked.markers[0].quoted
    '1.10'
    """
    wanted = tuple(edits)
    if not wanted:
        return MarkedText(text, (), ())
    try:
        nodes = outline_of(text)
    except InvalidManifest as error:
        return MarkedText(
            text, (), tuple(RefusedMarker(each, "unparseable", error.reason) for each in wanted)
        )
    writer = _Writer(text, nodes, style or detect_style(text))
    refused: list[RefusedMarker] = []
    targets: list[_Target] = []
    for edit in wanted:
        try:
            targets.append(writer.add(edit))
        except _Refused as error:
            refused.append(RefusedMarker(edit, error.reason, str(error)))
    result = writer.render()
    if result == text and not targets:
        return MarkedText(text, (), tuple(refused))
    return MarkedText(result, tuple(_written(writer, text, result, nodes, targets)), tuple(refused))


def _written(
    writer: _Writer, text: str, result: str, before: Node | None, targets: Sequence[_Target]
) -> Iterator[WrittenMarker]:
    after = nodes_of_edited(result)
    quoted = {id(target.node) for target in targets if target.needs_quotes}
    # A value that is quoted now is another one, so that nodes are compared then, and not what they mean.
    is_kept = is_same(before, after, quoted) if quoted else _means_the_same(text, result)
    if not is_kept:
        raise CannotEdit("the edited text would not mean what was decided")
    seen = {
        (marker.path, _policy(marker.namespace, marker.policy, marker.part)): marker.line
        for marker, scalar in placed_markers(result, read_comments_of(result, after))
        if scalar is not None
    }
    for target in targets:
        line = seen.get((target.path, target.edit.policy))
        if line is None:
            raise CannotEdit("the updater would not see the marker")
        yield WrittenMarker(
            target.edit,
            target.path,
            line,
            target.node.value if target.needs_quotes else None,
            id(target.node) not in writer.unchanged,
        )


def _means_the_same(before: str, after: str) -> bool:
    try:
        return bool(read_value(before) == read_value(after))
    except InvalidManifest:
        # Of a key that is there twice the nodes are known, and not what they mean.
        return is_same(read_nodes(before), read_nodes(after))


def _policy(namespace: str, policy: str, part: str) -> str:
    return f"{namespace}:{policy}:{part}" if part else f"{namespace}:{policy}"


def _is_no_text(value: str) -> bool:
    return (
        not isinstance(resolve_plain_scalar(value), str)
        or plain_kind(value) != "str"
        or _OTHER_KINDS.fullmatch(value) is not None
    )


class _Writer:
    """Collects the replacements in one document."""

    def __init__(self, text: str, root: Node | None, style: Style) -> None:
        self._text = text
        self._root = root
        self._style = style
        self._replaced: dict[tuple[int, int], str] = {}
        self._above: dict[int, list[str]] = {}
        self._flows: dict[int, OpenedFlow] = {}
        self._marked: dict[int, _Target] = {}
        self.unchanged: set[int] = set()

    @cached_property
    def _scalars(self) -> list[ScalarNode]:
        """All scalars, in the order of the text."""
        return [node for node, _, _ in self._places.values() if isinstance(node, ScalarNode)]

    @cached_property
    def _places(self) -> dict[int, _Placed]:
        """All nodes as `_at` gives them, where an alias is the node of its anchor; most texts need none."""
        places: dict[int, _Placed] = {}
        assert self._root is not None
        self._walk(self._root, (), None, places)
        return places

    @cached_property
    def _names(self) -> Mapping[int, list[FieldPath]]:
        """The fields that name something, by the node of each, which aliases share."""
        found: dict[int, list[FieldPath]] = {}
        for node, path, _ in self._places.values():
            for key, value in node.value if isinstance(node, MappingNode) else ():
                if isinstance(key, ScalarNode) and key.value in _NAMING and isinstance(value, ScalarNode):
                    found.setdefault(id(value), []).append((*path, key.value))
        return found

    def _walk(self, node: Node, path: FieldPath, flow: Node | None, places: dict[int, _Placed]) -> None:
        if id(node) in places:
            return
        places[id(node)] = (node, path, flow)
        if isinstance(node, ScalarNode):
            return
        flow = node if flow is None and node.is_flow else flow
        if isinstance(node, SequenceNode):
            for index, item in enumerate(node.value):
                self._walk(item, (*path, index), flow, places)
            return
        for key, value in node.value:
            below = (*path, key_of(key) if isinstance(key, ScalarNode) else "")
            self._walk(key, (*below, ""), flow, places)
            self._walk(value, below, flow, places)

    def _at(self, path: FieldPath) -> _Placed:
        """Gives what stands at a path, with its own path and the outermost braces around it."""
        node: Node | None = self._root
        own: list[str | int] = []
        flow: Node | None = None
        for key in path:
            flow = node if flow is None and node is not None and node.is_flow else flow
            inner = _child(node, key)
            # The index of an item may be given as a text.
            own.append((item_index(key, len(node.value)) or 0) if isinstance(node, SequenceNode) else key)
            node = inner
        assert node is not None
        return self._places[id(node)] if "&" in self._text else (node, tuple(own), flow)

    def add(self, edit: MarkerEdit) -> _Target:
        """Plans a marker."""
        target = self._target(edit)
        other = self._marked.get(id(target.node))
        if other is not None:
            if other.edit.policy != edit.policy:
                message = "an alias makes it one value with another field, which has a policy of its own"
                raise _Refused("shared-value", message)
            return target
        if target.flow is None:
            self._mark_in_block(target)
        elif "\n" in self._text[target.flow.start : target.flow.end]:
            self._mark_in_lines(target)
        else:
            self._mark_in_one_line(target, target.flow)
        self._marked[id(target.node)] = target
        return target

    def _target(self, edit: MarkerEdit) -> _Target:
        if not isinstance(self._root, MappingNode):
            raise _Refused("no-scalar", "the document is no mapping")
        node, path, flow = self._at(edit.path)
        if not isinstance(node, ScalarNode):
            raise _Refused("no-scalar", "the field is a mapping or a list")
        kind = "str" if node.style or node.tag else plain_kind(node.value)
        if kind == "null":
            raise _Refused("empty-value", 'the field has no value; write ""')
        named = self._names.get(id(node), ()) if "&" in self._text else ()
        # The field itself may stand elsewhere, too, by an alias of what is around it.
        if any(each[-1] != edit.path[-1] for each in named):
            message = "an alias makes it one value with a name, which fluxd did not write"
            raise _Refused("shared-value", message)
        if node.tag and node.tag.rpartition(":")[2] != "str":
            raise _Refused("text-form", "a tag before the value says that it is no text")
        return _Target(edit, node, path, *scalar_span(self._text, node), flow)

    def _mark_in_block(self, target: _Target) -> None:
        text = self._text
        start: int = target.node.start
        comments: list[str] = []
        # Whether the value stands on a line below its key, or comments stand between them.
        opener = self._opener(start)
        gap = text[opener:start]
        inner = text[start : target.content]
        joined = "\n" in gap or "\n" in inner
        behind = _COMMENT.match(text, target.end)
        comment = behind[1] if behind is not None else None
        entry = line_start(self._text, opener - 1)
        if joined:
            comments += COMMENT.findall(gap + inner)
            for each in comments:
                self._refuse_other(each, target.edit)
            comments = [each for each in comments if read_policy(each) is None]
            properties = "".join(f"{each} " for each in _PROPERTY.findall(COMMENT.sub("", inner)))
            self._replaced[(opener, target.content)] = f" {properties}"
        keeps = comment is not None and self._is_marked(comment, target.edit)
        if comment is not None and not keeps:
            comments += self._rest_of(comment, target.edit)
        if target.needs_quotes:
            self._replaced[(target.content, target.end)] = f'"{target.node.value}"'
        if not keeps:
            stop = target.end if behind is None or comment is None else behind.end()
            self._replaced[(target.end, stop)] = f" {target.edit.comment}"
        elif not joined and not target.needs_quotes:
            self.unchanged.add(id(target.node))
        self._put_above(entry, comments)

    def _opener(self, start: int) -> int:
        """Gives the offset behind the colon or the dash that opens a value."""
        position = start
        while True:
            line = line_start(self._text, position)
            if (plain := _PLAIN_OPENER.fullmatch(self._text, line, position)) is not None:
                return plain.end(1)
            before = COMMENT.sub("", self._masked(line, position)).rstrip()
            if before.strip():
                if before[-1] not in ":-":
                    raise _Refused("text-form", "the value begins in a form that is not known")
                return line + len(before)
            if line == 0:
                raise _Refused("text-form", "the value begins in a form that is not known")
            position = line - 1

    def _masked(self, start: int, end: int) -> str:
        row = self._text[start:end]
        # They are in the order of the text.
        first = bisect_left(self._scalars, start, key=attrgetter("start"))
        for index in range(first, bisect_left(self._scalars, end, lo=first, key=attrgetter("start"))):
            left, right = self._scalars[index].start, self._scalars[index].end
            if left < right <= end:
                row = row[: left - start] + "x" * (right - left) + row[right - start :]
        return row

    def _mark_in_lines(self, target: _Target) -> None:
        text, newline = self._text, self._newline(target.end)
        comma = re.compile(r"[ \t]*,?").match(text, target.end)
        stop = target.end if comma is None else comma.end()
        behind = _COMMENT.match(text, stop)
        end = stop if behind is None else behind.end()
        comment = None if behind is None else behind[1]
        if target.needs_quotes:
            self._replaced[(target.content, target.end)] = f'"{target.node.value}"'
        if comment is not None and self._is_marked(comment, target.edit):
            if not target.needs_quotes:
                self.unchanged.add(id(target.node))
            return
        line = line_start(self._text, target.content)
        if comment is not None:
            self._put_above(line, self._rest_of(comment, target.edit))
        if end < len(text) and text[end] not in "\r\n":
            # What follows goes to a line of its own, since the comment takes the rest of this one.
            row = text[line : target.content]
            blanks = row[: len(row) - len(row.lstrip(" "))] or " " * self._style.step
            self._replaced[(stop, end)] = f" {target.edit.comment}{newline}{blanks}"
        else:
            self._replaced[(stop, end)] = f" {target.edit.comment}"

    def _mark_in_one_line(self, target: _Target, flow: Node) -> None:
        opened = self._flows.get(id(flow))
        if opened is None:
            masked = self._masked(0, len(self._text))
            opened = OpenedFlow(Flow(self._text, masked, flow), self._style, self._newline(target.end))
            behind = _COMMENT.match(self._text, flow.end)
            comment = None if behind is None else behind[1]
            if comment is not None and (policy := read_policy(comment)) is not None:
                if policy != target.edit.policy:
                    raise _Refused("other-marker", f"a marker for {policy} stands behind the line")
                comment = None
            opened.comment = comment
            opened.end = flow.end if behind is None else behind.end()
            self._flows[id(flow)] = opened
        value = self._text[target.node.start : target.end]
        if target.needs_quotes:
            properties = self._text[target.node.start : target.content]
            value = f'{properties}"{target.node.value}"'
        opened.mark(target.node.start, value, target.edit.comment)

    def _is_marked(self, comment: str, edit: MarkerEdit) -> bool:
        self._refuse_other(comment, edit)
        return read_policy(comment) == edit.policy

    def _refuse_other(self, comment: str, edit: MarkerEdit) -> None:
        policy = read_policy(comment)
        inner = SETTER.search(comment)
        found = policy or (None if inner is None else read_policy("#" + inner[0]))
        if (found or "$imagepolicy" in comment) and found != edit.policy:
            raise _Refused("other-marker", f"another marker stands there: {comment}")

    def _rest_of(self, comment: str, edit: MarkerEdit) -> list[str]:
        """Gives a comment without the marker that is in it."""
        self._refuse_other(comment, edit)
        if "$imagepolicy" not in comment:
            return [comment.rstrip()]
        rest = SETTER.sub("", comment).lstrip("#").strip()
        return [f"# {' '.join(rest.split())}"] if rest else []

    def _put_above(self, line: int, comments: list[str]) -> None:
        if comments:
            self._above.setdefault(line, []).extend(comments)

    def render(self) -> str:
        """Gives the text with everything that is planned."""
        replaced = dict(self._replaced)
        for opened in self._flows.values():
            start, end, written, above = opened.render()
            replaced[(start, end)] = written
            self._put_above(line_start(self._text, start), above)
        for line, comments in self._above.items():
            row = self._text[line:]
            blanks = row[: len(row) - len(row.lstrip(" "))]
            newline = self._newline(line)
            replaced[(line, line)] = "".join(f"{blanks}{each}{newline}" for each in comments)
        return splice(self._text, ((*span, written) for span, written in replaced.items()))

    def _newline(self, position: int) -> str:
        end = self._text.find("\n", position)
        if end < 0:
            return self._style.newline
        return "\r\n" if self._text[end - 1 : end] == "\r" else "\n"


def _child(node: Node | None, key: str | int) -> Node:
    found = step_into(node, key)
    if found is not None:
        return found[1]
    if isinstance(node, MappingNode) and any(name.value == "<<" for name, _ in node.value):
        raise _Refused("merge-key", "the field comes from a merge key (`<<`); write the values out")
    raise _Refused("not-there", "the field is not there")


def is_same(before: Node | None, after: Node | None, quoted: Collection[int] = ()) -> bool:
    r"""Gives whether two documents are one but for the form of collections and the quotes of some scalars.

    Args:
        quoted: the `id` of each scalar that stands in double quotes in the other one.

    >>> from fluxv2_migrate.yaml_text import compose
    >>> is_same(compose("a: {b: c}"), compose("a:\n  b: c")), is_same(compose("a: b"), compose("a: 'b'"))
    (True, False)
    """
    if before is None or after is None:
        return before is after
    pending = [(before, after)]
    known: dict[int, int] = {}
    while pending:
        old, new = pending.pop()
        if id(old) in known:
            # An alias: it has to be one of the same anchor.
            if known[id(old)] != id(new):
                return False
            continue
        known[id(old)] = id(new)
        if old.__class__ is not new.__class__ or old.tag != new.tag:
            return False
        if isinstance(old, ScalarNode) and isinstance(new, ScalarNode):
            style = '"' if id(old) in quoted else old.style or ""
            if (old.value, style) != (new.value, new.style or ""):
                return False
        elif len(old.value) != len(new.value):
            return False
        elif isinstance(old, MappingNode):
            for left, right in zip(old.value, new.value, strict=True):
                pending += zip(left, right, strict=True)
        else:
            pending += zip(old.value, new.value, strict=True)
    return True
