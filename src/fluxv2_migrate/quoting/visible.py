"""Characters that a terminal or a page obeys instead of showing them."""

from __future__ import annotations

import re
from typing import Final

_OBEYED: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters: escapes of terminals, line ends
    "\xad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\U000e0000-\U000e0fff"  # invisible ones, and those that turn the direction of writing
    "\ud800-\udfff]"  # halves of characters, which no page can hold
)
_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    r"""Gives a text in one line, with what Python writes for each character that does something.

    >>> print(visible("web\x1b[31m\n# now"))
    web\x1b[31m\n# now
    >>> print(visible("a\u202eb"))
    a\u202eb
    """
    return _OBEYED.sub(lambda found: _written(found[0]), text)


def _written(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
