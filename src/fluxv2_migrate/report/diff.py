"""Diffs as git writes them."""

from __future__ import annotations

import difflib
import re
from typing import Final

__all__ = ["unified_diff"]

_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
_PLAIN_PATH: Final = re.compile(r"[!#-\[\]-~ ]+")


def unified_diff(path: str, before: str | None, after: str | None) -> str:
    r"""Gives the difference of one file, as `git apply` takes it.

    Args:
        path: of the file.
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
    hunks = difflib.unified_diff(
        old,
        new,
        "/dev/null" if before is None else _quote("a/" + path) + _tab(path),
        "/dev/null" if after is None else _quote("b/" + path) + _tab(path),
    )
    for line in hunks:
        lines.append(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n")
    return "".join(lines)


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
