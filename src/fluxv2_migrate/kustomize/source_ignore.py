"""Which files of a repository reach the controllers: `.sourceignore`, and what is left out anyway."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from fluxv2_migrate.given import as_text

_IGNORE_FILE: Final = ".sourceignore"
_VERSION_CONTROL: Final = (".git/", ".gitignore", ".gitmodules", ".gitattributes")
_DEFAULT_IGNORES: Final = (
    *("*.jpg", "*.jpeg", "*.gif", "*.png", "*.wmv", "*.flv", "*.tar.gz", "*.zip"),
    *(".github/", ".circleci/", ".travis.yml", ".gitlab-ci.yml", "appveyor.yml", ".drone.yml"),
    *("cloudbuild.yaml", "codeship-services.yml", "codeship-steps.yml"),
    *("**/.goreleaser.yml", "**/.sops.yaml", "**/.flux.yaml"),
)
"""The patterns that count as long as a repository and its GitRepository have none of their own."""
# What is in a path that one of these patterns matches: most paths hold none of it.
_PERHAPS: Final = re.compile(
    r"\.(?:git|jpe?g|gif|png|wmv|flv|tar|zip|circleci|travis|drone|goreleaser|sops|flux)"
    r"|appveyor|cloudbuild|codeship"
)


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A line of a `.sourceignore`, as go-git reads it.

    Attributes:
        domain: the folder in which the file lies, as its parts.
        includes: whether it begins with an exclamation mark.
        folders_only: whether it ends with a slash.
        expressions: what Go makes of each part; nothing where it refuses one.
    """

    domain: tuple[str, ...]
    parts: tuple[str, ...]
    includes: bool
    folders_only: bool
    expressions: tuple[re.Pattern[str] | None, ...]

    @classmethod
    def parse(cls, line: str, domain: tuple[str, ...]) -> _Pattern:
        includes = line.startswith("!")
        line = line[includes:]
        if not line.endswith("\\ "):
            line = line.rstrip(" ")
        folders_only = line.endswith("/")
        parts = tuple(line.removesuffix("/").split("/"))
        return cls(domain, parts, includes, folders_only, tuple(map(_expression, parts)))

    def matches(self, path: Sequence[str]) -> bool:
        """Says whether a file is meant, by its own name or a folder's above it."""
        if tuple(path[: len(self.domain)]) != self.domain:
            return False
        path = path[len(self.domain) :]
        if len(self.parts) == 1:
            for index, name in enumerate(path):
                if _fits(self.expressions[0], name):
                    return not (self.folders_only and index == len(path) - 1)
            return False
        return self._matches_path(list(path))

    def _matches_path(self, path: list[str]) -> bool:
        matched = passes = False
        for index, (part, expression) in enumerate(zip(self.parts, self.expressions, strict=True)):
            if part == "":
                passes = False
            elif part == "**":
                passes = index < len(self.parts) - 1
            elif "**" in part or not path:
                return False
            elif passes:
                passes = matched = False
                while path and not matched:
                    matched = _fits(expression, path.pop(0))
            else:
                if not _fits(expression, path.pop(0)):
                    return False
                matched = True
        return matched and not (self.folders_only and not path)


@lru_cache(maxsize=1024)
def _expression(pattern: str) -> re.Pattern[str] | None:
    """Gives what Go's `filepath.Match` makes of a pattern; nothing where Go refuses it."""
    parts, position = [""], 0
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if character == "*":
            parts.append("")
        elif character == "?":
            parts[-1] += "[^/]"
        elif character == "[":
            choice = _class(pattern, position)
            if choice is None:
                return None
            parts[-1] += choice[0]
            position = choice[1]
        elif character != "\\":
            parts[-1] += re.escape(character)
        elif position < len(pattern):
            parts[-1] += re.escape(pattern[position])
            position += 1
        else:
            return None
    first, *others = parts
    # What fits earliest leaves the most to the others, so that no star is tried a second time.
    stars = [f"(?>[^/]*?{each})" for each in others[:-1]] + [f"[^/]*{each}" for each in others[-1:]]
    return re.compile(first + "".join(stars))


def _class(pattern: str, position: int) -> tuple[str, int] | None:
    """Gives a class of characters that begins behind its bracket, and where it ends."""
    negated = pattern.startswith("^", position)
    position += negated
    begin, ranges = position, ""
    while not pattern.startswith("]", position) or position == begin:
        low, position = _bound(pattern, position)
        high = low
        if pattern.startswith("-", position):
            high, position = _bound(pattern, position + 1)
        if not low or not high or position >= len(pattern):
            return None
        if low <= high:
            ranges += f"{re.escape(low)}-{re.escape(high)}"
    if not ranges:
        return "[^/]" if negated else "(?!)", position + 1
    return f"[{'^' if negated else ''}{ranges}]", position + 1


def _bound(pattern: str, position: int) -> tuple[str, int]:
    """Gives a character of a class, and where the next one stands; an empty one where Go refuses it."""
    if pattern.startswith(("-", "]"), position):
        return "", position
    position += pattern.startswith("\\", position)
    return pattern[position : position + 1], position + 1


def _fits(expression: re.Pattern[str] | None, name: str) -> bool:
    return expression is not None and expression.fullmatch(name) is not None


def artifact_files(files: Mapping[str, str | bytes], *, ignore: str | None = None) -> dict[str, str | bytes]:
    r"""Gives the files of a repository that source-controller puts into its artifact.

    Args:
        ignore: `spec.ignore` of the GitRepository, if it has one.

    Returns:
        The files that are left; without any pattern of the user's own the default ones count.

    Source: fluxcd/pkg `sourceignore/sourceignore.go` 0.3 to 0.18, go-git v5 `plumbing/format/gitignore`.

    >>> list(artifact_files({".flux.yaml": "", "web.yaml": "", ".github/ci.yaml": ""}))
    ['web.yaml']
    >>> list(artifact_files({".sourceignore": "/docs/\n", "docs/a.yaml": "", ".flux.yaml": ""}))
    ['.sourceignore', '.flux.yaml']
    """
    own: list[_Pattern] = []
    for path in sorted(files, key=lambda path: (path.count("/"), path)):
        if posixpath.basename(path) == _IGNORE_FILE:
            # Those of folders that are ignored count, too.
            own += _patterns(_lines(as_text(files[path])), tuple(path.split("/")[:-1]))
    own += _patterns(_lines(ignore or ""), ())
    patterns = _patterns(_VERSION_CONTROL if own else (*_VERSION_CONTROL, *_DEFAULT_IGNORES), ()) + own
    return {
        path: content
        for path, content in files.items()
        if not ((own or _PERHAPS.search(path)) and _is_ignored(path.split("/"), patterns))
    }


def _lines(text: str) -> list[str]:
    """Gives lines as Go's `bufio.ScanLines` does."""
    return [line.removesuffix("\r") for line in text.split("\n")]


def _patterns(lines: Sequence[str], domain: tuple[str, ...]) -> list[_Pattern]:
    return [_Pattern.parse(line, domain) for line in lines if not line.startswith("#") and line.strip()]


def _is_ignored(path: Sequence[str], patterns: Sequence[_Pattern]) -> bool:
    for pattern in reversed(patterns):
        if pattern.matches(path):
            return not pattern.includes
    return False
