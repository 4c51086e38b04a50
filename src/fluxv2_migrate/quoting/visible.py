"""Texts as people read them: nothing obeys a character of theirs, and long lists are cut."""

from __future__ import annotations

import re
from collections.abc import Iterable
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


def plural(number: int, noun: str, several: str = "") -> str:
    """Gives a number with its noun.

    >>> plural(1, "release"), plural(2, "release"), plural(2, "policy", "policies")
    ('1 release', '2 releases', '2 policies')
    """
    return f"{number} {noun if number == 1 else several or noun + 's'}"


def few(names: Iterable[str], shown: int) -> str:
    """Gives the first of some names, and how many more there are.

    >>> few(["a.yaml", "b.yaml", "c.yaml"], 2), few(["a.yaml"], 2)
    ('a.yaml, b.yaml and 1 more', 'a.yaml')
    """
    every = list(names)
    more = f" and {len(every) - shown} more" if len(every) > shown else ""
    return ", ".join(every[:shown]) + more


def shown_folder(path: str) -> str:
    """Names a folder or file of the repository, whose root has the empty path.

    >>> shown_folder("apps/prod"), shown_folder("")
    ('apps/prod', '/')
    """
    return path or "/"


def shown_folders(paths: Iterable[str]) -> str:
    """Names folders or files in a list.

    >>> shown_folders(["apps", ""])
    'apps, /'
    """
    return ", ".join(map(shown_folder, paths))
