"""Where the chart of a release comes from, as something that several releases can share."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import Final, Literal

from fluxv2_migrate.golang.durations import parse_duration

_SCP: Final = re.compile(
    r"(?:(?P<user>[^@/:\s\[]+)@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^/:\s\[]+):(?P<path>(?!//|:).+)"
)
_URL: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<rest>.*)", re.S)


@dataclass(frozen=True, slots=True)
class SourceReference:
    """The source object that a release refers to."""

    kind: Literal["HelmRepository", "GitRepository"]
    name: str
    namespace: str


@dataclass(frozen=True, slots=True)
class ChartSourceRequest:
    """What a release needs of a source; two equal requests are served by one object.

    Attributes:
        key: the URL as what is compared: without what makes no difference.
        ref: of git, as pairs of the field and its value.
        secret: Secret that the helm-operator used, as namespace and name.
        secret_name: Secret of the new source that a person named.
        source_name: the name that a person gave the source.
        keys: of its Secret, where only the operator had what is in it.
        passes_credentials: whether it sends its login to the host of the charts, too.
        interval: after which it is looked at, where the operator had one; that of the options when empty.
        timeout: of one look, where the operator had one; that of source-controller when empty.
        written_by: the place of what a kustomization writes its URL or ref with; it is shared with nobody who
            has not the same written.
    """

    kind: Literal["HelmRepository", "GitRepository"]
    key: str
    url: str
    ref: tuple[tuple[str, str], ...] = ()
    secret: tuple[str, str] | None = None
    secret_name: str | None = None
    source_name: str | None = None
    keys: tuple[str, ...] = ()
    passes_credentials: bool = False
    # How often one looks makes no other source.
    interval: str = field(default="", compare=False)
    timeout: str = field(default="", compare=False)
    written_by: str = ""

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes two requests one source."""
        access = (self.secret, self.secret_name, self.keys, self.passes_credentials)
        written = (self.written_by,) if self.written_by else ()
        return (self.kind, self.key, self.ref, *access, self.source_name, *written)

    @property
    def certificates(self) -> tuple[str, ...]:
        """The keys of its Secret that a source reads as those of certificates."""
        return tuple(key for key in self.keys if key in ("tls.crt", "tls.key", "ca.crt"))


def source_timeout(duration: str) -> str:
    """Gives a duration as the timeouts of sources have it.

    >>> source_timeout("1h30m"), source_timeout("20s")
    ('90m', '20s')
    """
    if "h" not in duration:
        return duration
    return f"{round(parse_duration(duration) / 60_000_000_000)}m"


def split_url(url: str) -> tuple[str, str, str] | None:
    """Gives scheme, authority and the rest of a URL, or nothing where it is none.

    >>> split_url("HTTPS://user@Charts.example.com/a?b")
    ('https', 'user@Charts.example.com', '/a?b')
    """
    match = _URL.fullmatch(url.strip())
    return (match["scheme"].lower(), match["authority"], match["rest"]) if match else None


def helm_url_key(url: str) -> str:
    """Gives what is compared of a Helm repository's URL: no case of the host, no trailing slash.

    >>> helm_url_key("https://Charts.example.com/stable/") == helm_url_key("https://charts.example.com/stable")
    True
    """
    parts = split_url(url)
    if parts is None:
        return url.strip().rstrip("/")
    scheme, authority, rest = parts
    user, at, host = authority.rpartition("@")
    path, mark, query = rest.partition("?")
    return f"{scheme}://{user}{at}{host.lower()}{path.rstrip('/')}{mark}{query}"


def to_flux_git_url(url: str) -> str:
    """Gives a git URL in the form that Flux v2 takes: scp-like ones become `ssh://`.

    Source: source-controller 1.9.1 `api/v1/gitrepository_types.go`: the URL has a scheme.

    >>> to_flux_git_url("git@github.com:acme/charts")
    'ssh://git@github.com/acme/charts'
    >>> to_flux_git_url("git@[2001:db8::1]:acme/charts")
    'ssh://git@[2001:db8::1]/acme/charts'
    >>> to_flux_git_url("https://github.com/acme/charts")
    'https://github.com/acme/charts'

    What git leaves to a helper of another name stays, and is no URL of Flux's.

    >>> to_flux_git_url("codecommit::eu-west-1://charts")
    'codecommit::eu-west-1://charts'
    """
    url = url.strip()
    parts = split_url(url)
    if parts is not None:
        return f"{parts[0]}://{parts[1]}{parts[2]}"
    match = _SCP.fullmatch(url)
    # Without a user, `bot:t0ken@git.example.com/x` is a URL whose scheme somebody forgot.
    if match is None or (match["user"] is None and "@" in match["path"].lstrip("/").partition("/")[0]):
        return url
    user = f"{match['user']}@" if match["user"] else ""
    return f"ssh://{user}{match['host']}/{match['path'].lstrip('/')}"


def git_url_key(url: str) -> str:
    """Gives what is compared of a git URL: no case of the host, no `.git`, no trailing slash.

    >>> git_url_key("git@GitHub.com:acme/charts.git") == git_url_key("ssh://git@github.com/acme/charts/")
    True
    """
    return helm_url_key(to_flux_git_url(url)).removesuffix(".git")


def git_secret_keys(url: str) -> tuple[str, ...]:
    """Gives the keys that the Secret of a git repository holds: those of SSH, or of a login.

    Source: source-controller 1.9.1 `api/v1/gitrepository_types.go` `secretRef`.

    >>> git_secret_keys("ssh://git@github.com/acme/charts"), git_secret_keys("https://github.com/acme/charts")
    (('identity', 'known_hosts'), ('username', 'password'))
    """
    return ("identity", "known_hosts") if url.startswith("ssh://") else ("username", "password")


def clean_chart_path(path: str) -> str | None:
    """Gives a chart's folder as Flux v2 takes it, or nothing where it leaves the repository.

    Source: source-controller 1.9.1 `internal/helm/chart/builder_local.go`: no absolute path.

    >>> clean_chart_path("/charts/web/"), clean_chart_path("."), clean_chart_path("../x")
    ('./charts/web', '.', None)
    """
    clean = inside_repository(path.strip().lstrip("/") or ".")
    return "." if clean == "./." else clean


def inside_repository(path: str) -> str | None:
    """Gives a path from the root of a repository as Flux v2 writes it; nothing where it leads out of it.

    >>> inside_repository("charts/web/../prod.yaml"), inside_repository("../x")
    ('./charts/prod.yaml', None)
    """
    clean = posixpath.normpath(path)
    return None if clean == ".." or clean.startswith("../") else f"./{clean}"
