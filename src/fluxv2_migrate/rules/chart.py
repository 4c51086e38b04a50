"""The chart of a release: from a Helm repository or from git."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from fluxv2_migrate.clusters.fluxd_clusters import repository_key
from fluxv2_migrate.flux1.charts import Flux1Chart, program_of_chart_name
from fluxv2_migrate.flux2.constraints import is_chart_name
from fluxv2_migrate.golang.urls import fault_of_url
from fluxv2_migrate.meaning.locations import COMMIT, RETIRED_REPOSITORIES, USUAL_BRANCHES
from fluxv2_migrate.plan import Path
from fluxv2_migrate.rules.chart_source import (
    ChartSourceRequest,
    clean_chart_path,
    git_secret_keys,
    git_url_key,
    helm_url_key,
    inside_repository,
    source_timeout,
    split_url,
    to_flux_git_url,
)
from fluxv2_migrate.rules.draft import Draft, FieldRow, present
from fluxv2_migrate.settings.options import ImportedRepository

_CHART: Final = ("spec", "chart")
_FIRST_CHART: Final = ("spec", "chartGitPath")
"""Of a `FluxHelmRelease`; the repository of its chart stands in the flags of the first helm-operators."""
_GIT_FIELDS: Final = ("git", "ref", "path", "secretRef", "skipDepUpdate")
_REPOSITORY_FIELDS: Final = ("repository", "name", "version", "chartPullSecret")
_EXACT_VERSION: Final = re.compile(r"v?\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")
_SHORT_COMMIT: Final = re.compile(r"(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{7,39}")
# What git allows in no name (`git check-ref-format`), so that it can only be an expression.
# `HEAD` is no branch: it is whatever the default branch is at the moment.
_NO_REF_NAME: Final = re.compile(r"[~^:?*\[\\\s]|@\{|\.\.|^(?:@|HEAD)$")
CHART_FIELDS: Final = (
    FieldRow(
        "spec.chart.git",
        ("GitRepository.spec.url",),
        ("DA022", "HR043", "HR044", "HR054", "HR059", "HR060", "HR061", "HR062", "HR064", "HR120"),
    ),
    FieldRow(
        "spec.chart.ref",
        ("GitRepository.spec.ref",),
        ("HR052", "HR053", "HR060"),
        "40 hexadecimal digits are a commit, refs/… a name, three numbers as in v1.2.3 a tag, "
        "all else a branch, unless an override says so",
    ),
    FieldRow(
        "spec.chart.path", ("spec.chart.spec.chart",), ("HR060", "HR061", "HR063"), "cleaned; the root is `.`"
    ),
    FieldRow(
        "spec.chart.secretRef", ("GitRepository.spec.secretRef",), ("HR056", "HR057", "HR060"), is_later=True
    ),
    FieldRow(
        "spec.chart.secretRef.name", ("GitRepository.spec.secretRef.name",), ("HR056", "HR057", "HR130")
    ),
    FieldRow(
        "spec.chart.secretRef.namespace", (), ("HR056", "HR130"), "a copy of the Secret is a prerequisite"
    ),
    FieldRow("spec.chart.skipDepUpdate", (), ("HR058", "HR060")),
    FieldRow(
        "spec.chart.repository",
        ("HelmRepository.spec.url",),
        ("DA022", "HR043", "HR044", "HR045", "HR046", "HR049", "HR060", "HR061", "HR120"),
    ),
    FieldRow("spec.chart.name", ("spec.chart.spec.chart",), ("HR048", "HR061")),
    FieldRow("spec.chart.version", ("spec.chart.spec.version",), ("HR041", "HR042", "HR061")),
    FieldRow("spec.chart.chartPullSecret", (), ("HR047",)),
    FieldRow("spec.chart.chartPullSecret.name", (), ("HR047",)),
    FieldRow(
        "spec.chartGitPath",
        ("spec.chart.spec.chart", "GitRepository.spec.url", "GitRepository.spec.ref"),
        ("DA022", "HR002", "HR061", "HR063"),
        "of FluxHelmRelease; repository, branch and the path above are those of the operator's flags",
    ),
)
"""What becomes of the fields that are read here."""


def draft_chart(draft: Draft) -> ChartSourceRequest | None:
    """Writes the chart down, and gives the source that it needs; nothing where there is none.

    Source: helm-operator 1.4.4 `pkg/release/release.go` `prepareChart`: git wins, each half must be whole.
    """
    chart = present(draft.spec.get("chart"))
    is_git = bool(chart.get("git") and chart.get("path"))
    is_named = bool(chart.get("repository") and chart.get("name"))
    if is_git or is_named:
        _tell_of_flux_1(draft, chart, _CHART, is_git=is_git)
    if is_git:
        return _from_git(draft, chart)
    if is_named and chart.get("version"):
        return _from_repository(draft, chart)
    if is_named and not chart.get("git"):
        message = "chart.version is not given: the helm-operator refused such a release"
        draft.note("HR041", message, _CHART)
    else:
        message = f"{_missing(chart)} is not given: the helm-operator refused such a release"
        draft.note("HR061", message, _CHART)
    return None


def draft_first_chart(draft: Draft) -> ChartSourceRequest | None:
    """Writes the chart down, and gives the source that it needs; nothing where nobody says where it is.

    Source: fluxcd/flux helm-0.4.0 `cmd/helm-operator/main.go` (`--git-url`, `--git-branch`,
    `--git-charts-path`), `integrations/helm/release/release.go`: the chart is below the path of the charts.
    """
    operator = draft.settings.helm_operator
    given = draft.spec.get("chartGitPath")
    if operator.git_url is None:
        message = "where its chart is stands in the operator's flags"
        draft.note("HR002", message, _FIRST_CHART, group=message)
        return None
    if not given:
        message = "chartGitPath is not given: the helm-operator refused such a release"
        draft.note("HR061", message, _FIRST_CHART)
        return None
    folder = clean_chart_path(posixpath.join(draft.settings.git_charts_path, given.lstrip("/")))
    if folder is None:
        draft.note("HR061", f"the chart's path {given!r} leaves the repository", _FIRST_CHART)
        return None
    chart = {"git": operator.git_url, "path": folder}
    _tell_of_flux_1(draft, chart, _FIRST_CHART, is_git=True)
    draft.move(_FIRST_CHART, (*_CHART, "spec", "chart"), "chart-from-operator")
    if folder != given:
        draft.set((*_CHART, "spec", "chart"), folder, "chart-from-operator", "spec.chartGitPath")
    if draft.options.reconcile_strategy == "Revision":
        draft.set(
            (*_CHART, "spec", "reconcileStrategy"), "Revision", "chart-from-operator", "spec.chartGitPath"
        )
    return _git_source(draft, chart, _FIRST_CHART, branch=draft.settings.git_branch)


def _missing(chart: Mapping[str, Any]) -> str:
    """Gives what half of a chart lacks, in words."""
    if chart.get("git"):
        return "chart.path beside chart.git"
    if not (chart.get("repository") or chart.get("name")):
        return "a chart"
    return " and ".join(f"chart.{name}" for name in ("repository", "name", "version") if not chart.get(name))


def _tell_of_flux_1(draft: Draft, chart: Mapping[str, Any], path: Path, *, is_git: bool) -> None:
    """Says where a chart installs fluxd or the helm-operator."""
    name = chart["path"].rstrip("/").rpartition("/")[2] if is_git else chart["name"]
    source = chart["git"] if is_git else chart["repository"]
    if program_of_chart_name(Flux1Chart(name, source), present(draft.spec.get("values"))) is not None:
        draft.note("DA022", "the release is Flux v1 itself, and Flux v2 would start it again", path)


def _drop(draft: Draft, name: str, rule: str) -> None:
    if name in (draft.spec.get("chart") or {}):
        draft.remove((*_CHART, name), rule)


def _from_repository(draft: Draft, chart: dict[str, Any]) -> ChartSourceRequest:
    ignored = [name for name in _GIT_FIELDS if chart.get(name)]
    if ignored:
        listed = ", ".join(f"chart.{name}" for name in ignored)
        draft.note("HR060", f"{listed} had no effect beside a Helm repository", (*_CHART, ignored[0]))
    for name in _GIT_FIELDS:
        _drop(draft, name, "chart-from-repository")
    url, host = _repository_url(draft, chart["repository"].strip())
    _judge_chart(draft, chart)
    for key in draft.spec["chart"]:
        if key == "repository":
            draft.remove((*_CHART, "repository"), "chart-from-repository", comments_to="url")
        elif key == "name":
            draft.move((*_CHART, "name"), (*_CHART, "spec", "chart"), "chart-from-repository")
        elif key == "version":
            draft.move((*_CHART, "version"), (*_CHART, "spec", "version"), "chart-from-repository")
        elif key == "chartPullSecret":
            draft.remove((*_CHART, key), "chart-pull-secret")
    known = _imported(draft, url, host)
    return ChartSourceRequest(
        "HelmRepository",
        helm_url_key(url),
        url,
        secret_name=draft.override.secret_name,
        source_name=draft.override.source_name,
        keys=_secret_keys(draft, known),
        passes_credentials=known is not None and known.login and known.pass_credentials_all,
    )


def _repository_url(draft: Draft, url: str) -> tuple[str, str]:
    """Gives the URL of a Helm repository as Flux v2 takes it, and its host; says where it takes none."""
    path: Path = (*_CHART, "repository")
    scheme, authority, rest = split_url(url) or ("", "", "")
    if scheme not in ("http", "https", "oci"):
        message = f"{url} is served by a Helm plugin, which Flux v2 has not"
        draft.note("HR043", message, path, group=helm_url_key(url))
    elif fault := _fault_of("repository", url, authority):
        draft.note("HR043", fault, path, group=helm_url_key(url))
    if scheme:
        # Go reads a scheme in any letters, and the definition of a HelmRepository takes small ones alone.
        url = f"{scheme}://{authority}{rest}"
    user, _, host = authority.rpartition("@")
    if user or "?" in rest:
        what = "a user" if user else "a query"
        draft.note("HR044", f"the URL of the repository {host} holds {what}", path, group=helm_url_key(url))
    if (home := RETIRED_REPOSITORIES.get(f"https://{host.lower()}")) is not None:
        message = f"{host} was switched off; its charts are at {home}"
        draft.note("HR045", message, path, group=host.lower(), declares=("chart.served",))
    return url, host


def _judge_chart(draft: Draft, chart: Mapping[str, Any]) -> None:
    """Says what a person must know of the name, the version and the secret of a chart."""
    name, version = chart["name"], chart["version"]
    if not is_chart_name(name, draft.flux_version):
        draft.note("HR048", f"Flux v2 refuses the chart name {name!r}", (*_CHART, "name"))
    if not _EXACT_VERSION.fullmatch(version):
        message = f"{version!r} is a range: Flux v2 installs each new version of it"
        draft.note("HR042", message, (*_CHART, "version"), group=version)
    if chart.get("chartPullSecret"):
        message = "the helm-operator never read chartPullSecret"
        draft.note("HR047", message, (*_CHART, "chartPullSecret"), group="all")


def _fault_of(what: str, url: str, authority: str) -> str:
    """Gives what is wrong with a URL, in words: what stands between its scheme and its path, or all of it."""
    # A user and a port are no host.
    if not authority.rpartition("@")[2].partition(":")[0]:
        return f"no host stands in the URL of the {what}"
    fault = fault_of_url(url)
    return f"the URL of the {what} is none: {fault}" if fault else ""


def _imported(draft: Draft, url: str, host: str) -> ImportedRepository | None:
    """Gives what the operator knew of a Helm repository beside its URL.

    Source: helm-operator 1.4.4 `pkg/helm/v3/repository.go` and Helm 3.7 `pkg/repo`: by its URL.
    """
    key = helm_url_key(url)
    imported = draft.settings.helm_operator.repositories
    known = next((each for each in imported if helm_url_key(each.url.strip()) == key), None)
    if known is not None and known.insecure_skip_tls_verify:
        message = f"the operator did not check the certificate of {host}, and Flux v2 always does"
        draft.note("HR049", message, (*_CHART, "repository"), group=key)
    return known


def _secret_keys(draft: Draft, known: ImportedRepository | None) -> tuple[str, ...]:
    """Gives the keys that a repository's Secret must have.

    Source: source-controller 1.9.1 `internal/helm/getter/client_opts.go`; before Flux 2.1 there was one
    Secret for all, with the names of repositories.yaml.
    """
    if known is None:
        return ()
    keys = ["username", "password"] if known.login else []
    names = draft.runs("2.1")
    if known.client_certificate:
        keys += ["tls.crt", "tls.key"] if names else ["certFile", "keyFile"]
    if known.ca_certificate or known.insecure_skip_tls_verify:
        keys.append("ca.crt" if names else "caFile")
    return tuple(keys)


def _from_git(draft: Draft, chart: dict[str, Any]) -> ChartSourceRequest:
    if chart.get("repository"):
        draft.note("HR060", "both git and a Helm repository are given: git was used", (*_CHART, "git"))
    for name in _REPOSITORY_FIELDS:
        _drop(draft, name, "chart-from-git")
    folder = clean_chart_path(chart["path"])
    if folder is None:
        draft.note("HR061", f"the chart's path {chart['path']!r} leaves the repository", (*_CHART, "path"))
        folder = "."
    request = _git_source(draft, chart, _CHART)
    for key in draft.spec["chart"]:
        if key == "path":
            draft.move((*_CHART, "path"), (*_CHART, "spec", "chart"), "chart-from-git")
            if folder != chart["path"]:
                draft.set((*_CHART, "spec", "chart"), folder, "chart-from-git", "spec.chart.path")
        elif key in _GIT_FIELDS:
            comments_to = {"git": "url", "ref": "ref"}.get(key)
            draft.remove((*_CHART, key), "chart-from-git", comments_to=comments_to)
    if draft.options.reconcile_strategy == "Revision":
        draft.set((*_CHART, "spec", "reconcileStrategy"), "Revision", "chart-from-git", "spec.chart.git")
    return request


def _git_source(
    draft: Draft, chart: Mapping[str, Any], path: Path, *, branch: str | None = None
) -> ChartSourceRequest:
    """Gives what a chart from git needs of its source, and says what a person must know of it.

    Args:
        chart: its `git`, `ref`, `secretRef` and `skipDepUpdate`.
        path: of the field that is shown where a field of the chart does not stand in the manifest.
        branch: where it is known to be one.
    """
    url = to_flux_git_url(chart["git"])
    scheme, authority, rest = split_url(url) or ("", "", "")
    here = (*path, "git") if path == _CHART else path
    if scheme not in ("http", "https", "ssh"):
        draft.note("HR043", f"Flux v2 cannot fetch {chart['git']!r}", here, group=url)
    elif fault := _fault_of("git repository", url, authority):
        draft.note("HR043", fault, here, group=url)
    if authority.rpartition("@")[1] and scheme in ("http", "https"):
        host = authority.rpartition("@")[2]
        draft.note("HR044", f"the URL of the repository at {host} holds a user", here, group=f"{host}{rest}")
    ref = _git_ref(draft, chart.get("ref"), url) if branch is None else (("branch", branch),)
    secret = None
    reference = present(chart.get("secretRef"))
    if reference.get("name"):
        if scheme == "https":
            secret = (reference.get("namespace") or draft.namespace, reference["name"])
        else:
            draft.note(
                "HR057",
                f"secretRef was not used for {scheme}: it is left out",
                (*_CHART, "secretRef"),
                group=git_url_key(url),
            )
    skips = bool(chart.get("skipDepUpdate"))
    if skips or not draft.settings.update_chart_deps:
        why = "; it has no skipDepUpdate" if skips else ", and the operator was told not to"
        draft.note(
            "HR058",
            f"Flux v2 fetches missing dependencies of a chart{why}",
            (*_CHART, "skipDepUpdate") if skips else here,
            group="skipDepUpdate" if skips else "update_chart_deps",
            declares=("chart.fetches_dependencies",),
        )
    _revisions(draft, here, pinned=ref[0][0] == "commit")
    return ChartSourceRequest(
        "GitRepository",
        git_url_key(url),
        url,
        ref,
        secret,
        secret_name=draft.override.secret_name,
        source_name=draft.override.source_name,
        keys=git_secret_keys(url) if scheme == "ssh" else (),
        interval=draft.settings.git_interval,
        timeout=source_timeout(draft.settings.git_timeout),
    )


def _revisions(draft: Draft, path: Path, *, pinned: bool) -> None:
    """Says what makes a new chart of one from git, and what that does to its version."""
    declares = () if pinned else ("chart.new_chart_on",)
    if draft.options.reconcile_strategy == "ChartVersion":
        message = "a git chart is upgraded only when the version in its Chart.yaml changes"
        draft.note("HR064", message, path, group="all", declares=declares)
        return
    message = "every commit to the repository of a git chart upgrades the release, also one elsewhere in it"
    draft.note("HR059", message, path, group="all", declares=declares)
    message = "the version of a git chart becomes `x.y.z+<commit>`"
    draft.note("HR062", message, path, group="all", declares=("chart.version_metadata",))


def _git_ref(draft: Draft, given: str | None, url: str) -> tuple[tuple[str, str], ...]:
    # The operators before 1.0 had no flag for it.
    default = draft.settings.git_default_ref if draft.is_of_last_api else "master"
    ref, kind = given or default, draft.override.ref_kind
    path: Path = (*_CHART, "ref")
    abbreviated = _SHORT_COMMIT.fullmatch(ref) is not None and kind not in ("branch", "tag")
    if _NO_REF_NAME.search(ref) or abbreviated or (kind == "commit" and not COMMIT.fullmatch(ref)):
        what = "is an abbreviated commit or an expression"
        if not (_NO_REF_NAME.search(ref) or _SHORT_COMMIT.fullmatch(ref)):
            what = "is said to be a commit, and has no 40 hexadecimal digits"
        draft.note(
            "HR053",
            f"{ref!r} {what}, which Flux v2 does not resolve",
            path,
            group=f"{git_url_key(url)} {ref} {what}",
        )
        return (("branch", ref),)
    if ref.startswith("refs/"):
        return (("name", ref),)
    if kind is not None:
        return ((kind, ref),)
    if COMMIT.fullmatch(ref):
        return (("commit", ref),)
    if _is_version_of(ref, draft.running_chart):
        return (("tag", ref),)
    likely: Literal["branch", "tag"] = "tag" if _EXACT_VERSION.fullmatch(ref) else "branch"
    if (repository_key(url), ref) in draft.settings.known_branches:
        return (("branch", ref),)
    if given and ref not in USUAL_BRANCHES:
        draft.note(
            "HR052",
            f"is {ref!r} of {url} a branch or a tag? It is written as a {likely}",
            path,
            group=f"{git_url_key(url)} {ref}",
            answer=draft.answer(ref_kind=likely),
        )
    return ((likely, ref),)


def _is_version_of(ref: str, running_chart: str) -> bool:
    """Gives whether a ref is the version of the chart that runs: no branch would still be at it.

    >>> _is_version_of("v1.2.3", "web-1.2.3"), _is_version_of("web-1.2.3", "web-1.2.3")
    (True, True)
    >>> _is_version_of("1.2.3", "web-1.2.4"), _is_version_of("1.2.3", "")
    (False, False)
    """
    version = ref.removeprefix("v")
    return ref == running_chart or (
        _EXACT_VERSION.fullmatch(version) is not None
        and running_chart.endswith((f"-{version}", f"-v{version}"))
    )


def chart_file_path(folder: str, path: str) -> str | None:
    """Gives a values file of a chart from git, from the root of its repository.

    >>> chart_file_path("./charts/web", "../prod.yaml")
    './charts/prod.yaml'
    """
    return inside_repository(posixpath.join(folder, path.lstrip("/")))
