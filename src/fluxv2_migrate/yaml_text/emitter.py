"""New YAML text in the style of the file that it goes into."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from fluxv2_migrate.yaml_text.scalars import read_by_kustomize, resolve_plain_scalar

_PLAIN: Final = re.compile(
    r"[A-Za-z0-9_./^~$][A-Za-z0-9_./@+^~$()*=<>-]*(?:[ :][A-Za-z0-9_./@+^~$()*=<>-]+)*"
)
# Lines of which none ends with a blank or holds what must be escaped, and the first says how deep all are.
_ESCAPED: Final = r"\x00-\x1f\x7f-\xa0\ud800-\udfff\ufeff\u2028\u2029"
_LINES: Final = re.compile(rf"(?! |\n)(?:(?:[^{_ESCAPED}]*[^ {_ESCAPED}])?\n)+(?<!\n\n)")
# Read as numbers by YAML readers other than Go's, sexagesimals and dates among them.
_NUMBER_LIKE: Final = re.compile(r"[-+.0-9][-+.0-9:_eExXoO]*(?:[0-9a-fA-F]*)|[yYnN]|=|<<")
# A key without a value on its line, and what the next line begins with: a dash, or a key with its colon.
# That most keys have a value is seen at once.
_BELOW: Final = re.compile(
    r":(?![ ][^ \t#\r\n])[ \t]*(?:#[^\n]*)?\r?\n( *)(?:(-) |(?=[\w./-]+(:)(?: |\r?\n)))"
)


class BlockText(str):
    """A text of several lines that is written as these lines, where YAML allows that."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Style:
    r"""How a file is written.

    Attributes:
        step: blanks for each level of mappings.
        flush: whether the dashes of a list stand under their key's first letter.
    """

    step: int = 2
    flush: bool = True
    newline: str = "\n"


def detect_style(text: str) -> Style:
    r"""Gives the style in which most of a text is written.

    >>> detect_style("a:\n    b:\n        c: 1\n    d:\n      - 1\n")
    Style(step=4, flush=False, newline='\n')
    """
    default = Style()
    steps: dict[int, int] = {}
    flush = indented = counted = 0
    for match in _BELOW.finditer(text):
        colon, below = match.start(), len(match[1])
        if match[2]:
            if below > _indent_at(text, colon):
                indented += 1
            else:
                flush += 1
        elif below and colon >= counted:
            # Of keys that stand directly below one another the first two show one step.
            counted = match.end(3)
            step = below - _indent_at(text, colon)
            if step > 0:
                steps[step] = steps.get(step, 0) + 1
    crlf = text.count("\r\n")
    return Style(
        step=max(sorted(steps), key=lambda step: steps[step]) if steps else default.step,
        flush=default.flush if flush == indented else flush > indented,
        newline=("\r\n" if crlf * 2 > text.count("\n") else "\n") if "\n" in text else default.newline,
    )


def _indent_at(text: str, index: int) -> int:
    """Gives the column of the first letter of a line's key; dashes before it belong to its list."""
    start = text.rfind("\n", 0, index) + 1
    line = text[start:index]
    return len(line) - len(line.lstrip(" -"))


def emit_scalar(value: str | int | float | bool | None) -> str:
    """Gives a scalar as people write it: plain where every reader takes it for that value.

    >>> emit_scalar("1.10"), emit_scalar("monitoring-grafana"), emit_scalar(10), emit_scalar("a: b")
    ('"1.10"', 'monitoring-grafana', '10', '"a: b"')
    """
    if not isinstance(value, str):
        return str(value) if type(value) is int else json.dumps(value)
    return _emit_text(value)


@lru_cache(maxsize=4096)
def _emit_text(value: str) -> str:
    # The same few keys and values are written into each release.
    plain = (
        _PLAIN.fullmatch(value)
        and ": " not in value
        and not _NUMBER_LIKE.fullmatch(value)
        and resolve_plain_scalar(value) == value
        and read_by_kustomize(value) == value
    )
    return value if plain else emit_quoted(value)


def emit_quoted(value: str) -> str:
    r"""Gives a text in double quotes.

    >>> emit_quoted("2021-01-01")
    '"2021-01-01"'
    """
    return '"' + "".join(map(_escape, value)) + '"'


def _escape(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable() and character != "\ufeff":
        return character
    # YAML has no surrogate pairs, so JSON's escapes do not do for characters beyond the first plane.
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"


def emit_mapping(value: Mapping[str, Any], style: Style, indent: int = 0) -> str:
    r"""Gives the lines of a mapping's entries, the last line's end included.

    >>> print(emit_mapping({"kind": "List", "items": []}, Style()), end="")
    kind: List
    items: []
    """
    return "".join(emit_entry(key, item, indent, style) for key, item in value.items())


def emit_entry(key: str, value: Any, indent: int, style: Style) -> str:
    r"""Gives the lines of a mapping's entry, the last line's end included.

    >>> print(emit_entry("ref", {"branch": "main"}, 2, Style()), end="")
      ref:
        branch: main
    """
    return " " * indent + _emit_text(key) + ":" + emit_value(value, indent, style)


def emit_value(value: Any, indent: int, style: Style) -> str:
    """Gives what stands behind the colon of an entry at that indent, the last line's end included."""
    end = style.newline
    if isinstance(value, BlockText) and _LINES.fullmatch(value):
        blanks = " " * (indent + style.step)
        lines = value.removesuffix("\n").split("\n")
        return f" |{end}" + "".join(f"{blanks if line else ''}{line}{end}" for line in lines)
    if isinstance(value, str):
        return " " + _emit_text(str(value)) + end
    if value is None or value.__class__ in (bool, int, float):
        return " " + emit_scalar(value) + end
    if isinstance(value, (dict, Mapping)):
        if not value:
            return " {}" + end
        return end + emit_mapping(value, style, indent + style.step)
    if not value:
        return " []" + end
    dash = indent if style.flush else indent + style.step
    return end + "".join(emit_item(item, dash, style) for item in value)


def emit_item(item: Any, dash: int, style: Style) -> str:
    """Gives the lines of an item of a list whose dashes stand behind that many blanks."""
    if isinstance(item, Mapping) and item:
        lines = emit_mapping(item, style, dash + 2)
        return " " * dash + "- " + lines[dash + 2 :]
    if isinstance(item, Sequence) and not isinstance(item, str) and item:
        lines = "".join(emit_item(inner, dash + 2, style) for inner in item)
        return " " * dash + "- " + lines[dash + 2 :]
    return " " * dash + "-" + emit_value(item, dash, style)
