"""Diffs as git writes them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final

_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
_CONTEXT: Final = 3
_MOST_COMPARED: Final = 500
"""Lines without one that stands once on each side, up to which each is compared with each."""
_PLAIN_PATH: Final = re.compile(r"[!#-\[\]-~ ]+")


def unified_diff(path: str, before: str | None, after: str | None) -> str:
    r"""Gives the difference of one file, as `git apply` takes it.

    Args:
        before: its text, or `None` where it is new.
        after: its text, or `None` where it is removed.

    >>> print(unified_diff("a.yaml", "a: 1\n", "a: 2"), end="")
    diff --git a/a.yaml b/a.yaml
    --- a/a.yaml
    +++ b/a.yaml
    @@ -1 +1 @@
    -a: 1
    +a: 2
    \ No newline at end of file
    """
    # Only a line feed ends a line for git; Python knows more.
    old, new = _LINE.findall(before or ""), _LINE.findall(after or "")
    lines = [f"diff --git {_quote('a/' + path)} {_quote('b/' + path)}\n"]
    if before is None:
        lines.append("new file mode 100644\n")
    elif after is None:
        lines.append("deleted file mode 100644\n")
    hunks = list(_hunks(old, new, _changes(old, new)))
    if hunks:
        lines.append(f"--- {'/dev/null' if before is None else _quote('a/' + path) + _tab(path)}\n")
        lines.append(f"+++ {'/dev/null' if after is None else _quote('b/' + path) + _tab(path)}\n")
    for line in hunks:
        lines.append(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n")
    return "".join(lines)


_Range = tuple[int, int, int, int]
"""First and last line of a part of the one text, and of the other; the last ones are no part of it."""


def _changes(old: Sequence[str], new: Sequence[str]) -> list[_Range]:
    """Gives what differs, in order: a patience diff, since texts with many equal lines are long, too."""
    found: list[_Range] = []
    pending: list[_Range] = [(0, len(old), 0, len(new))]
    while pending:
        start, end, left, right = pending.pop()
        while start < end and left < right and old[start] == new[left]:
            start, left = start + 1, left + 1
        while start < end and left < right and old[end - 1] == new[right - 1]:
            end, right = end - 1, right - 1
        if start == end or left == right:
            if start < end or left < right:
                found.append((start, end, left, right))
            continue
        anchors = _anchors(old, new, (start, end, left, right))
        if not anchors and max(end - start, right - left) <= _MOST_COMPARED:
            matcher = SequenceMatcher(None, old[start:end], new[left:right], autojunk=False)
            for tag, *part in matcher.get_opcodes():
                if tag != "equal":
                    found.append((start + part[0], start + part[1], left + part[2], left + part[3]))
        elif not anchors:
            found.append((start, end, left, right))
        for line, other in anchors:
            pending.append((start, line, left, other))
            start, left = line + 1, other + 1
        if anchors:
            pending.append((start, end, left, right))
    return sorted(found)


def _anchors(old: Sequence[str], new: Sequence[str], part: _Range) -> list[tuple[int, int]]:
    """Gives the longest row of lines that stand once on each side, in the same order."""
    start, end, left, right = part
    once = {line for line, number in Counter(old[start:end]).items() if number == 1}
    there = {line for line, number in Counter(new[left:right]).items() if number == 1} & once
    places = {new[index]: index for index in range(left, right) if new[index] in there}
    pairs = [(index, places[old[index]]) for index in range(start, end) if old[index] in there]
    # Of the rows of each length the one that ends first, and for each pair the one before it.
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for number, (_, other) in enumerate(pairs):
        length = bisect_left(ends, other)
        ends[length : length + 1] = [other]
        last[length : length + 1] = [number]
        before.append(last[length - 1] if length else -1)
    row: list[tuple[int, int]] = []
    number = last[-1] if last else -1
    while number >= 0:
        row.append(pairs[number])
        number = before[number]
    return row[::-1]


def _hunks(old: Sequence[str], new: Sequence[str], changes: Sequence[_Range]) -> Iterator[str]:
    """Gives the lines of the hunks, with what stands around each of them."""
    groups: list[list[_Range]] = []
    for change in changes:
        if groups and change[0] - groups[-1][-1][1] <= 2 * _CONTEXT:
            groups[-1].append(change)
        else:
            groups.append([change])
    for group in groups:
        above = min(_CONTEXT, group[0][0])
        below = min(_CONTEXT, len(old) - group[-1][1])
        start, end = group[0][0] - above, group[-1][1] + below
        left, right = group[0][2] - above, group[-1][3] + below
        yield f"@@ -{_span(start, end)} +{_span(left, right)} @@\n"
        for first, last, other, following in group:
            yield from (f" {line}" for line in old[start:first])
            yield from (f"-{line}" for line in old[first:last])
            yield from (f"+{line}" for line in new[other:following])
            start = last
        yield from (f" {line}" for line in old[start:end])


def _span(start: int, end: int) -> str:
    length = end - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"


def _tab(path: str) -> str:
    # Without it a path that holds a blank ends at the blank.
    return "\t" if " " in path else ""


def _quote(path: str) -> str:
    if _PLAIN_PATH.fullmatch(path):
        return path
    data = path.encode("utf-8", "surrogateescape")
    return '"' + "".join(_quote_byte(byte) for byte in data) + '"'


def _quote_byte(byte: int) -> str:
    if byte in b'"\\':
        return "\\" + chr(byte)
    return chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"
