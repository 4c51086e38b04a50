"""Texts behind `>`, whose lines are joined by who reads them: kustomize writes more of them than it reads.

What it builds it writes with go-yaml v3 and reads again. That ends each line at the margin twice, so that the
reader joins nothing; but before an indented line, and at an end that `+` keeps, nothing would be joined.
"""

from __future__ import annotations

import re
from typing import Final

# What makes the writer take quotes: blanks at the end of a line, and characters that it does not print.
_IN_QUOTES: Final = re.compile(r" \n| \Z|[^\t\n -~\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]")
_LINE_AT_MARGIN: Final = re.compile(r"^([^ \t\n][^\n]*)\n", re.MULTILINE)
_FIRST_LINE: Final = re.compile(r"^([ \t]*)[^ \t\r\n]", re.MULTILINE)


def fold(text: str) -> str:
    r"""Gives the text of a folded scalar from its lines without indentation, the last one's end left out.

    >>> fold("a\nb\n\nc\n  d")
    'a b\nc\n  d'
    """
    if "\n" not in text:
        return text
    parts: list[str] = []
    breaks, is_first, was_flush = 0, True, False
    for line in text.split("\n"):
        if not line:
            breaks += 1
            continue
        is_flush = line[0] not in " \t"
        if is_first:
            parts.append("\n" * breaks)
        elif was_flush and is_flush:
            parts.append("\n" * breaks or " ")
        else:
            parts.append("\n" * (breaks + 1))
        parts.append(line)
        breaks, is_first, was_flush = 0, False, is_flush
    return "".join(parts)


def folded_by_kustomize(text: str) -> str:
    r"""Gives what is left of a folded scalar's text once kustomize has built it.

    Source: go-yaml 3.0 `emitterc.go` `yaml_emitter_write_folded_scalar`, which looks for a blank at the
    beginning of the whole text.

    >>> folded_by_kustomize("a\n  b\nc\n"), folded_by_kustomize("a b\nc\n")
    ('a\n\n  b\nc\n', 'a b\nc\n')
    """
    if not text.strip("\n") or _IN_QUOTES.search(text):
        return text
    written = _lines_written(text)
    kept = written.rstrip("\n")
    breaks = len(written) - len(kept) if text.endswith("\n\n") else text.endswith("\n")
    return fold(kept) + "\n" * breaks


def _lines_written(text: str) -> str:
    """Gives the lines that go-yaml v3 writes of a folded scalar's text, without indentation."""
    return text if text.lstrip("\n")[0] in " \t" else _LINE_AT_MARGIN.sub(r"\1\n\n", text)


def folded_again(written: str, text: str) -> str:
    r"""Gives a folded scalar as go-yaml v3 writes it, which says something else then.

    Args:
        written: the scalar, from its properties to the end of its last line.

    >>> folded_again("> # why\n    a\n      b\n    c", "a\n  b\nc\n")
    '> # why\n    a\n\n      b\n    c\n'
    """
    header, end, body = written.partition("\n")
    end = "\r\n" if header.endswith("\r") else end
    return end.join([header.rstrip("\r"), *_indented(_lines_written(text), _indentation(body, text))])


def _indentation(body: str, text: str) -> str:
    """Gives the blanks before each line of a text in the lines that stand behind its header."""
    inside, own = _FIRST_LINE.search(body), _FIRST_LINE.search(text)
    assert inside is not None
    assert own is not None
    return " " * (len(inside[1]) - len(own[1]))


def _indented(text: str, blanks: str) -> list[str]:
    return [f"{blanks if line else ''}{line}" for line in text.removesuffix("\n").split("\n")]


def not_folded(written: str, text: str, quoted: str) -> str:
    r"""Gives a folded scalar written otherwise, in as many lines; its properties and its comment stay.

    Args:
        written: the scalar, from its properties to the end of its last line.
        text: what it says.
        quoted: the same in quotes.

    >>> not_folded("> # why\n    a\n    b\n      c", "a b\n  c\n", "")
    '| # why\n    a b\n      c\n'
    >>> not_folded(">+ # why\n  a\n  b\n", "a b\n\n", r'"a b\n\n"')
    '"a b\\n\\n\\\n  \\\n  \\\n  " # why'
    """
    header, end, body = written.partition("\n")
    end = "\r\n" if header.endswith("\r") else end
    head, mark, comment = header.rstrip("\r").partition("#")
    properties, _, indicators = head.rpartition(">")
    blanks = _indentation(body, text)
    lines = _indented(text, blanks)
    joined = body.count("\n") + 1 - len(lines)
    if joined and "+" in indicators:
        # Blank lines behind it would be part of it.
        lines = [f"{properties}{quoted[:-1]}\\", *[f"{blanks}\\"] * body.count("\n")]
        return end.join([*lines, f'{blanks}"{f" {mark}{comment}" if mark else ""}'])
    # At the end of a file its last line may have no end, and blank lines behind it give it one.
    strip = "-" if joined and not text.endswith("\n") and "-" not in indicators else ""
    return end.join([f"{properties}|{strip}{indicators}{mark}{comment}", *lines, *[""] * joined])
