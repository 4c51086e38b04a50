"""URLs under which hosts of git repositories serve single files."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

_URL: Final = re.compile(
    r"https?://(?P<host>[^/?#]+)/(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#.*)?", re.IGNORECASE
)
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_MARKS: Final = ("raw", "blob", "src", "plain")
_KINDS: Final = ("branch", "heads", "refs")
# What hosts put before and between owners, name and file.
_OF_HOSTS: Final = frozenset(
    {"-", "api", "v4", "projects", "repos", "users", "scm", "repository", "files", "items", "_git", "_apis"}
    | {"git", "repositories"}
)
_REF_KEYS: Final = ("at", "ref", "version", "versionDescriptor.version", "versionDescriptor[version]", "h")
_PATH_KEYS: Final = ("path", "scopePath")


@dataclass(frozen=True, slots=True)
class RawFile:
    """A file of a git repository, as its URL names it.

    Attributes:
        host: that serves it, in lower case, without user and port.
        repository: its owners and its name, as far as the URL shows them, joined by `/`.
        ref: the branch, tag or commit; empty where the URL names none.
    """

    host: str
    repository: str
    ref: str
    path: str


def raw_files(url: str, files: Collection[str]) -> Iterator[RawFile]:
    """Gives the files that a URL may name, the longest path first.

    A ref may hold slashes, so several files of a repository can fit.

    Args:
        files: of a repository; those whose path ends the URL's are given.

    >>> url = "https://raw.githubusercontent.com/acme/fleet/main/values/web.yaml"
    >>> list(raw_files(url, {"values/web.yaml"}))
    [RawFile(host='raw.githubusercontent.com', repository='acme/fleet', ref='main', path='values/web.yaml')]
    >>> [each.ref for each in raw_files("https://git.x/a/b/-/raw/c/d/e.yaml?inline=false", {"e.yaml"})]
    ['c/d']
    """
    match = _URL.fullmatch(url.strip())
    if match is None:
        return
    host = match["host"].rpartition("@")[2].partition(":")[0].lower()
    query = dict(part.partition("=")[::2] for part in (match["query"] or "").split("&"))
    query = {_plain(key): _plain(value) for key, value in query.items()}
    of_query = next((query[key] for key in _REF_KEYS if query.get(key)), "")
    asked = next((query[key] for key in _PATH_KEYS if query.get(key)), "").strip("/")
    segments = [part for part in _plain(match["path"]).split("/") if part]
    if asked:
        if asked in files:
            yield RawFile(host, _repository(_apart(segments)[0]), _ref(of_query.split("/")), asked)
        return
    if segments[-1:] == ["raw"] and "files" in segments:
        # GitLab's API has the file in the middle.
        segments = segments[:-1]
    for first in range(1, len(segments)):
        path = "/".join(segments[first:])
        if path in files:
            repository, ref = _apart(segments[:first])
            yield RawFile(host, _repository(repository), _ref(of_query.split("/") if of_query else ref), path)


def _apart(before: list[str]) -> tuple[list[str], list[str]]:
    """Gives the segments of the repository, and those of the ref behind it."""
    before = [segment for segment in before if segment not in _OF_HOSTS]
    for index, segment in enumerate(before):
        if segment in _MARKS and index > 1:
            return before[:index], before[index + 1 :]
    return before[:2], before[2:]


def _repository(segments: list[str]) -> str:
    return "/".join(part.removesuffix(".git") for part in segments)


def _ref(segments: list[str]) -> str:
    while segments and segments[0] in _KINDS:
        segments = segments[1:]
    return "/".join(segments)


def _plain(text: str) -> str:
    """Gives a text without percent-encoding."""
    octets = text.encode("utf-8", "surrogatepass").decode("latin-1")
    octets = _ESCAPE.sub(lambda each: chr(int(each[1], 16)), octets)
    return octets.encode("latin-1").decode("utf-8", "replace")
