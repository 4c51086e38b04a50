"""URLs, folders and git references, as what is compared of them."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import Final

from fluxv2_migrate.meaning.release import GitReference

_URL: Final = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*)://([^/?#]*)([^?#]*)(.*)", re.DOTALL)
_SCP: Final = re.compile(r"(?:([^@:/\[]+)@)?(\[[^\]@/]+\]|[^@:/\[]+):(?!//|:)(.+)", re.DOTALL)
_PORTS: Final = {"http": "80", "https": "443", "ssh": "22"}
RETIRED_REPOSITORIES: Final = {
    "https://kubernetes-charts.storage.googleapis.com": "https://charts.helm.sh/stable",
    "https://kubernetes-charts-incubator.storage.googleapis.com": "https://charts.helm.sh/incubator",
}
"""Helm repositories that were switched off, with the archive that has their charts."""
COMMIT: Final = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Location:
    """Where a repository is.

    Attributes:
        url: without what makes no difference, and without a password.
        scheme: of the URL, or empty.
        login: whether the URL itself holds a user for http.
    """

    url: str
    scheme: str = ""
    login: bool = False


def helm_location(url: str) -> Location:
    """Gives where a Helm repository is: no case of the host, no usual port, no slash at the end.

    A query is kept: it can decide what is served.

    >>> helm_location("https://me:secret@Charts.example.com:443/stable/?a=b")
    Location(url='https://charts.example.com/stable?a=b', scheme='https', login=True)
    """
    text = url.strip()
    match = _URL.fullmatch(text)
    if match is None:
        return Location(text.rstrip("/"))
    scheme, authority, path, rest = match.groups()
    scheme = scheme.lower()
    login, _, host = authority.rpartition("@")
    host = host.lower().removesuffix(f":{_PORTS.get(scheme)}")
    user = login.partition(":")[0] if scheme == "ssh" else ""
    shown = f"{user}@{host}" if user else host
    return Location(
        f"{scheme}://{shown}{path.rstrip('/')}{rest}", scheme, bool(login) and scheme in ("http", "https")
    )


def git_location(url: str, *, default_user: str = "") -> Location:
    """Gives where a git repository is, whichever of its forms the URL has.

    Args:
        default_user: of SSH, where the URL names none.

    Source: source-controller 1.9.1 `api/v1/gitrepository_types.go` and fluxcd/pkg `git` for the user.

    >>> git_location("git@github.com:acme/web.git") == git_location("ssh://git@GitHub.com/acme/web/")
    True
    """
    text = url.strip()
    short = None if _URL.fullmatch(text) else _SCP.fullmatch(text)
    if short is not None:
        user, host, path = short.groups()
        text = f"ssh://{f'{user}@' if user else ''}{host}/{path.lstrip('/')}"
    location = helm_location(text)
    found = location.url.removesuffix(".git").rstrip("/")
    if default_user and location.scheme == "ssh" and "@" not in found:
        found = found.replace("ssh://", f"ssh://{default_user}@", 1)
    return Location(found, location.scheme, location.login)


def chart_folder(path: str, *, clamped: bool = False) -> str:
    """Gives the folder of a chart, from the root of its repository.

    Args:
        clamped: whether `..` stops at the root, as in source-controller.

    >>> chart_folder("./charts/web/"), chart_folder("/")
    ('charts/web', '.')
    >>> chart_folder("../x"), chart_folder("../x", clamped=True)
    ('../x', 'x')
    """
    clean = posixpath.normpath(f"/{path.strip()}" if clamped else path.strip().lstrip("/") or ".")
    return clean.lstrip("/") or "."


def file_in_folder(folder: str, path: str) -> str:
    """Gives a file beside or below a chart, from the root of its repository.

    >>> file_in_folder("charts/web", "../prod.yaml")
    'charts/prod.yaml'
    """
    return posixpath.normpath(posixpath.join(folder, path.lstrip("/")))


USUAL_BRANCHES: Final = ("main", "master")
"""Names that nobody gives a tag."""


def git_reference(text: str) -> GitReference:
    """Gives what a text means where a branch, a tag or a commit may stand.

    >>> git_reference("refs/heads/main"), git_reference("v1")
    (GitReference(kind='branch', value='main'), GitReference(kind='revision', value='v1'))
    """
    if COMMIT.fullmatch(text):
        return GitReference("commit", text)
    if text.startswith("refs/heads/"):
        return GitReference("branch", text.removeprefix("refs/heads/"))
    if text.startswith("refs/tags/"):
        return GitReference("tag", text.removeprefix("refs/tags/"))
    if text in USUAL_BRANCHES:
        return GitReference("branch", text)
    return GitReference("name" if text.startswith("refs/") else "revision", text)
