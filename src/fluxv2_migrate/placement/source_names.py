"""Names for chart sources as people choose them: the vendor, the repository."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from fluxv2_migrate.kubernetes import short_digest
from fluxv2_migrate.rules import ChartSourceRequest
from fluxv2_migrate.rules.chart_source import split_url

_LONGEST: Final = 53
"""A Secret or file may be named after it, with something behind."""
_GENERIC: Final = frozenset(
    {
        "api",
        "artifactory",
        "catalog",
        "chart",
        "chartmuseum",
        "chartrepo",
        "charts",
        "dev",
        "docs",
        "download",
        "downloads",
        "helm",
        "helm-chart",
        "helm-charts",
        "helm-repo",
        "helmcharts",
        "incubator",
        "index",
        "kubernetes-charts",
        "library",
        "main",
        "master",
        "packages",
        "pages",
        "public",
        "release",
        "releases",
        "repo",
        "repos",
        "repository",
        "stable",
        "storage",
        "v1",
        "v2",
        "web",
        "www",
    }
)
_VERSION: Final = re.compile(r"[vV]?\d+(?:[.\-]\d+)*(?:[-+][0-9A-Za-z.-]+)?")
_PROVIDERS: Final = frozenset(
    {
        "amazonaws",
        "azure",
        "azurecr",
        "bitbucket",
        "cloudfront",
        "digitaloceanspaces",
        "gitlab",
        "github",
        "githubusercontent",
        "googleapis",
        "jfrog",
        "netlify",
        "quay",
        "windows",
    }
)
_KNOWN: Final = {
    ("charts.helm.sh", "/stable"): "stable",
    ("charts.helm.sh", "/incubator"): "incubator",
    ("kubernetes-charts.storage.googleapis.com", ""): "stable",
    ("kubernetes-charts-incubator.storage.googleapis.com", ""): "incubator",
}
_SECOND_LEVEL: Final = frozenset({"ac", "co", "com", "edu", "gov", "net", "org"})
_COMMUNITIES: Final = frozenset(("kubernetes", "kubernetes-sigs", "kubernetes-incubator"))


def source_names(request: ChartSourceRequest, *, known: bool = False) -> Iterator[str]:
    """Gives names for a source, the best first; the last one holds a hash and is always free.

    Args:
        known: whether the same repository has a source already, with another ref or Secret.

    >>> def first(url):
    ...     return next(source_names(ChartSourceRequest("HelmRepository", url, url)))
    >>> [first(url) for url in ("https://charts.bitnami.com/bitnami", "https://charts.rook.io/release",
    ...                         "https://kubernetes.github.io/ingress-nginx", "https://helm.min.io")]
    ['bitnami', 'rook', 'ingress-nginx', 'minio']
    """
    words = _git_words(request, known=known) if request.kind == "GitRepository" else _helm_words(request.key)
    given: set[str] = set()
    for text in words:
        name = _valid(text)
        if name and name not in given:
            given.add(name)
            yield name
    best = next(iter(sorted(given)), "charts")
    yield f"{best[: _LONGEST - 9]}-{short_digest(repr(request.identity))}"


def _valid(text: str) -> str:
    # Kubernetes takes lower case letters, digits and hyphens, and begins and ends with no hyphen.
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:_LONGEST].strip("-")


def _shown_parts(url: str) -> tuple[str, str, str]:
    """Gives scheme, host and path; a user and a query are secrets, which no name may repeat."""
    scheme, authority, rest = split_url(url) or ("", "", url.rpartition("@")[2])
    return scheme, authority.rpartition("@")[2], re.split("[?#]", rest, maxsplit=1)[0]


def _helm_words(url: str) -> Iterator[str]:
    scheme, authority, path = _shown_parts(url)
    host = authority[1:].partition("]")[0] if authority.startswith("[") else authority.partition(":")[0]
    if (host, path) in _KNOWN:
        yield _KNOWN[host, path]
    segments = [segment for segment in path.split("/") if segment]
    telling = [segment for segment in segments if not _says_nothing(segment)]
    vendor = _vendor(host)
    if host.endswith((".github.io", ".gitlab.io")) and vendor not in _COMMUNITIES:
        yield vendor
    elif telling:
        yield telling[0] if host in ("raw.githubusercontent.com", "github.com", "ghcr.io") else telling[-1]
    if vendor:
        yield vendor
        if telling:
            yield f"{vendor}-{telling[-1]}"
        if segments:
            yield f"{vendor}-{'-'.join(segments)}"
    yield f"{host}-{'-'.join(segments)}"
    yield f"{scheme}-{host}-{'-'.join(segments)}"


def _says_nothing(word: str) -> bool:
    """Gives whether a part of a URL names nobody: one that many have, or a version."""
    return word.lower() in _GENERIC or _VERSION.fullmatch(word) is not None


def _vendor(host: str) -> str:
    labels = host.split(".")
    if len(labels) < 2 or re.fullmatch(r"[0-9.]+", host):
        return host
    if host.endswith((".github.io", ".gitlab.io")):
        # Whoever runs the pages has some as well.
        return labels[1] if _says_nothing(labels[0]) else labels[0]
    # A country's second level (`co.uk`) is no vendor.
    domain = labels[:-2] if len(labels) > 2 and labels[-2] in _SECOND_LEVEL else labels[:-1]
    telling = [label for label in domain if not _says_nothing(label) and label.lower() not in _PROVIDERS]
    if not telling:
        return domain[-1]
    if _PROVIDERS & set(domain):
        return telling[0]
    name = telling[-1]
    # `min.io` is known as minio: a short domain is read together with its end.
    return name + labels[-1] if len(name) <= 3 and len(domain) <= 2 else name


def _git_words(request: ChartSourceRequest, *, known: bool) -> Iterator[str]:
    _, authority, path = _shown_parts(request.url)
    segments = [segment for segment in path.removesuffix(".git").strip("/").split("/") if segment]
    segments = segments or [authority]
    repository, owner = segments[-1], segments[-2] if len(segments) > 1 else authority
    ref = request.ref[0][1].removeprefix("refs/") if request.ref else ""
    ref = ref[:12] if request.ref and request.ref[0][0] == "commit" else ref
    yield repository
    if known:
        # Another ref or Secret of a repository that has the plain name.
        if request.secret is not None:
            yield f"{repository}-{request.secret[1]}"
        yield f"{repository}-{ref}"
    yield f"{owner}-{repository}"
    yield f"{owner}-{repository}-{ref}"
