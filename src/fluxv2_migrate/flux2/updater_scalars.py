"""How the image updater writes a new value over an old one.

Source: kustomize kyaml 0.21 `yaml/compatibility.go` `FormatNonStringStyle`; go-yaml v3
`resolve.go`, `encode.go`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from datetime import date
from typing import Final

from fluxv2_migrate.flux2.marker_places import MarkedScalar
from fluxv2_migrate.flux2.markers import Marker, placed_markers
from fluxv2_migrate.yaml_text import BYTE_ORDER_MARK, read_nodes, resolve_plain_scalar, split_documents
from fluxv2_migrate.yaml_text.composer import scalars_of
from fluxv2_migrate.yaml_text.folded import folded_again, folded_by_kustomize

# Booleans of YAML 1.1 that are texts in 1.2.
_OLD_BOOLEANS: Final = re.compile(r"y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF")
_DATE: Final = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(?:\.[0-9]+)?[ \t]*(?:Z|[-+][0-9]{2}:[0-9]{2})?)?"
)
_FIRST_LINE: Final = re.compile(r"^( *)\S", re.MULTILINE)
_TABS: Final = re.compile(r" *\t[ \t]*(?=#)")
_FOLDED: Final = re.compile(r"\s>[-+1-9]*[ \t]*(?:#[^\n]*)?\r?\n")


def plain_kind(text: str) -> str:
    """Gives what the updater's reader makes of a plain scalar: `str`, `int`, `float`, `bool` and so on.

    >>> plain_kind("1.10"), plain_kind("16"), plain_kind("on"), plain_kind("2020-01-01"), plain_kind("v1")
    ('float', 'int', 'str', 'timestamp', 'str')
    """
    if text == "<<":
        return "merge"
    if _OLD_BOOLEANS.fullmatch(text):
        return "str"
    value = resolve_plain_scalar(text)
    if isinstance(value, str):
        return "timestamp" if _is_date(text) else "str"
    return "null" if value is None else type(value).__name__


def _is_date(text: str) -> bool:
    match = _DATE.fullmatch(text)
    if match is None:
        return False
    try:
        date(*(int(part) for part in match.groups()))
    except ValueError:
        return False
    return True


def written_value(scalar: MarkedScalar, value: str) -> str:
    """Gives what stands in place of a scalar's text once the updater has written a value.

    An unquoted number, boolean, date or null that is replaced by a text keeps its type as a tag, as the real
    updater writes it: the file cannot be read any more.

    Args:
        scalar: what is there, in one line or over several, but no block of text.

    >>> written_value(MarkedScalar(0, 4, ("tag",), "1.10", "", "", 4), "2.0.0-rc1")
    '!!float 2.0.0-rc1'
    >>> written_value(MarkedScalar(0, 6, ("tag",), "1.10", '"', "", 6), "2.0.0-rc1")
    '"2.0.0-rc1"'
    """
    if scalar.style == "'":
        return "'" + value.replace("'", "''") + "'"
    if scalar.style == '"':
        return f'"{value}"'
    old, new = _kind_of(scalar), plain_kind(value)
    if _gets_quotes(scalar, value):
        return f'"{value}"'
    if scalar.tag or new == old:
        return value
    return f'"{value}"' if old == "str" else f"!!{old} {value}"


def _written_block(scalar: MarkedScalar, value: str, body: str) -> str:
    r"""Gives what stands in place of a block of text once the updater has written a value.

    Args:
        scalar: a block with at least one line.
        body: what stands behind its header, from a comment to the end of its last line.

    >>> block = MarkedScalar(0, 2, ("tag",), "1.10", "|", "", 11)
    >>> _written_block(block, "1.11-a", " # why\n  1.10\n"), _written_block(block, "1.11", " # why\n  1.10\n")
    ('|- # why\n  1.11-a\n', '"1.11" # why\n')
    """
    comment, _, lines = body.partition("\n")
    first = _FIRST_LINE.search(lines)
    end = "\n" if body.endswith("\n") else ""
    if first is None or not value or _is_no_text(value):
        return f'"{value}"{comment}{end}'
    # The value has no line end, and the updater says so in the header.
    return f"{scalar.style}-{comment}\n{first[1]}{value}{end}"


def _gets_quotes(scalar: MarkedScalar, value: str) -> bool:
    """Gives whether the updater puts quotes around a value, even around one that stands there already.

    >>> plain = MarkedScalar(0, 4, ("tag",), "1.10", "", "", 4)
    >>> _gets_quotes(plain, "1.10"), _gets_quotes(plain, "1.10.0")
    (True, False)
    """
    return scalar.style not in ("'", '"') and _is_no_text(value) and _kind_of(scalar) != "null"


def _kind_of(scalar: MarkedScalar) -> str:
    if scalar.tag:
        return scalar.tag.rpartition(":")[2]
    return "str" if scalar.style else plain_kind(scalar.value)


def _is_no_text(value: str) -> bool:
    return bool(value) and not isinstance(resolve_plain_scalar(value), str)


def with_marked_values(text: str, value_of: Callable[[Marker], str | None]) -> str:
    r"""Gives a text with other values in the fields that are marked.

    Nothing else changes but texts behind `>`, to some of which the updater adds lines whenever it writes.

    Args:
        value_of: gives what is written for a marker, or nothing where its field stays.

    >>> text = 'image: a:1 # {"$imagepolicy": "flux-system:a"}\n'
    >>> with_marked_values(text, lambda marker: "a:2" if marker.policy == "a" else None)
    'image: a:2 # {"$imagepolicy": "flux-system:a"}\n'
    """
    placed = [
        (scalar, value)
        for marker, scalar in placed_markers(text)
        if scalar is not None and (value := value_of(marker)) is not None
    ]
    if all(scalar.value == value for scalar, value in placed):
        return text
    edits = [*_folded_again(text, {scalar.start for scalar, _ in placed})]
    for scalar, value in placed:
        if scalar.value == value and not _gets_quotes(scalar, value):
            continue
        if scalar.style in ("|", ">"):
            start, end = scalar.start, scalar.block_end
            written = _written_block(scalar, value, text[scalar.end : end])
        else:
            written, start, end = written_value(scalar, value), scalar.start, scalar.end
        # Before the comment it writes one blank.
        tabs = _TABS.match(text, end)
        edits.append((start, end, written) if tabs is None else (start, tabs.end(), f"{written} "))
    parts: list[str] = []
    position = 0
    for start, end, written in sorted(edits):
        parts += [text[position:start], written]
        position = end
    return "".join(parts) + text[position:]


def _folded_again(text: str, marked: Collection[int]) -> Iterator[tuple[int, int, str]]:
    """Gives where texts behind `>` stand that say something else once the updater has written them."""
    if _FOLDED.search(text) is None:
        return
    start = len(text) - len(text.removeprefix(BYTE_ORDER_MARK))
    for span in split_documents(text[start:]):
        # The updater has read all of them.
        for node in scalars_of(read_nodes(text[start + span.start : start + span.end])):
            if node.style == ">" and folded_by_kustomize(node.value) != node.value:
                begin, end = (start + span.start + each for each in (node.start, node.end))
                if not any(begin <= each < end for each in marked):
                    yield begin, end, folded_again(text[begin:end], node.value)
