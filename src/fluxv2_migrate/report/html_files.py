"""Files on a page: the lines around a place, and the diff, to which each place leads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from fluxv2_migrate.given import as_text
from fluxv2_migrate.pages import Html, code, element, fold, joined
from fluxv2_migrate.quoting import without_secrets
from fluxv2_migrate.repository.diff import unified_diff

_AROUND: Final = 2
"""So many lines are shown above and below a place."""
_OPEN: Final = 400
"""A diff of fewer lines is shown unfolded."""
_CLASSES: Final = {"+": "added", "-": "removed", "@": "hunk"}


@dataclass(frozen=True, slots=True)
class FileViews:
    """The files of a repository, before and after.

    Attributes:
        before: the texts, as findings name their lines; what is missing is shown by its path alone.
        changes: the text of each file that changes, before and after; `None` where there is none.
    """

    before: Mapping[str, str | bytes]
    changes: Mapping[str, tuple[str | None, str | None]]
    _anchors: dict[str, str] = field(default_factory=dict)
    # Many places stand in one file, which is cut into lines and compared once.
    _lines: dict[str, list[str]] = field(default_factory=dict)
    _diffs: dict[str, list[str]] = field(default_factory=dict)
    _shown: dict[str, frozenset[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._anchors.update((path, f"file-{number}") for number, path in enumerate(sorted(self.changes)))

    def place(self, place: str) -> Html:
        """Gives a place, `path:line`, as a link to where its file changes."""
        path, line = _parts(place)
        anchor = self._anchors.get(path)
        if anchor is None:
            return code(place)
        if path not in self._shown:
            self._shown[path] = frozenset(number for _, number in _numbered(self._diff(path)) if number)
        is_shown = line in self._shown[path]
        return element("a", code(place), href=f"#{anchor}-{line}" if is_shown else f"#{anchor}")

    def excerpt(self, place: str) -> Html:
        """Gives the lines around a place, with its own marked; nothing where the text is not there."""
        path, number = _parts(place)
        content = self.before.get(path)
        if content is None:
            # A command may name a file that is not in the repository.
            return Html("")
        if path not in self._lines:
            self._lines[path] = as_text(content).split("\n")
        lines = self._lines[path]
        first = max(number - _AROUND, 1)
        shown = []
        for index, line in enumerate(lines[first - 1 : number + _AROUND], start=first):
            told = f"{index:>4}  {_shown(line)}"
            shown.append(
                element(
                    "mark" if index == number else "span",
                    told,
                    class_="line here" if index == number else "line",
                )
            )
        return element("pre", element("code", *shown), tabindex="0", aria_label=f"lines around {place}")

    def diffs(self) -> Iterator[Html]:
        """Gives the diff of each file, folded where all are long together."""
        diffs = {path: self._diff(path) for path in sorted(self.changes)}
        is_open = sum(map(len, diffs.values())) < _OPEN
        for path, lines in diffs.items():
            before, after = self.changes[path]
            what = "new" if before is None else "removed" if after is None else "changed"
            anchor = self._anchors[path]
            inner = element(
                "pre",
                element("code", *_diff_lines(lines, anchor)),
                tabindex="0",
                aria_label=f"diff of {path}",
            )
            added = sum(line.startswith("+") and not line.startswith("+++") for line in lines)
            removed = sum(line.startswith("-") and not line.startswith("---") for line in lines)
            summary = joined([code(path), f" {what}, +{added} −{removed}"])
            yield element("div", fold(summary, inner, is_open=is_open), id=anchor, data_row=True)

    def _diff(self, path: str) -> list[str]:
        if path not in self._diffs:
            self._diffs[path] = unified_diff(path, *self.changes[path]).split("\n")[:-1]
        return self._diffs[path]


def _parts(place: str) -> tuple[str, int]:
    path, _, line = place.rpartition(":")
    return (path, int(line)) if line.isdecimal() and path else (place, 1)


def _shown(line: str) -> str:
    return without_secrets(line.rstrip("\r")) if line.strip() else ""


def _diff_lines(lines: list[str], anchor: str) -> Iterator[Html]:
    for line, number in _numbered(lines):
        # The sign is told apart also where no colour is seen, and read aloud.
        name = _CLASSES.get(line[:1], "line")
        yield element(
            "span", line[:1] + _shown(line[1:]), class_=name, id=f"{anchor}-{number}" if number else ""
        )


def _numbered(lines: list[str]) -> Iterator[tuple[str, int]]:
    """Gives the lines of hunks with the numbers that they had before; 0 where they are new."""
    number, is_hunk = 0, False
    for line in lines:
        if line.startswith("@@ "):
            number, is_hunk = int(line.split()[1][1:].partition(",")[0]), True
            yield line, 0
        elif is_hunk:
            is_old = line[:1] in (" ", "-")
            yield line, number if is_old else 0
            number += is_old
