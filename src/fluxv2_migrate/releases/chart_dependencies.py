"""Dependencies of charts that stand in the repository itself."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from fluxv2_migrate.clusters import ClusterView, repository_key
from fluxv2_migrate.folders import normal_path
from fluxv2_migrate.repository.reading import Document, read_documents
from fluxv2_migrate.rules import clean_chart_path
from fluxv2_migrate.surroundings.known import Surroundings

_ALIAS: Final = re.compile(r"@|alias:")
# A lock file comes before what it locks.
_DEPENDENCIES: Final = ("Chart.lock", "requirements.lock", "Chart.yaml", "requirements.yaml")
_PACKED: Final = re.compile(r"(.+?)-v?\d+(?:\.\d+)*(?:[-+].*)?\.tgz")


def aliased_dependency(document: Document, around: Surroundings) -> str | None:
    """Gives the dependency of a release's chart for which Flux v2 would look under an alias.

    Only a chart of the very repository that is migrated can be read, where a cluster says which one that is.

    Returns:
        One sentence, or `None` where there is none or nobody can tell.

    Source: source-controller 1.9.1 `internal/helm/chart/dependency_manager.go` (what is missing is fetched,
    the lock file counts), `internal/helm/repository/utils.go` (aliases are refused).
    """
    for name in around.clusters.seeing(document.key):
        view = around.clusters.view(name)
        folder = _own_folder(document, view, around)
        if folder is not None:
            for dependency in _missing(folder, around):
                repository = dependency.get("repository")
                if isinstance(repository, str) and _ALIAS.match(repository):
                    what = f"the chart's dependency {dependency.get('name')} comes from {repository!r}"
                    return f"{what}, an alias that only the operator knew"
    return None


def _own_folder(document: Document, view: ClusterView, around: Surroundings) -> str | None:
    """Gives the folder of a release's chart, if that is in this repository as the cluster syncs it."""
    own, spec = view.settings.fluxd.git_url, document.manifest.get("spec")
    if own is None or not isinstance(spec, Mapping):
        return None
    settings = around.settings(view)
    operator, chart = settings.helm_operator, spec.get("chart")
    if document.manifest["kind"] == "FluxHelmRelease":
        path = posixpath.join(settings.git_charts_path, str(spec.get("chartGitPath") or "").lstrip("/"))
        chart = {"git": operator.git_url, "path": path, "ref": settings.git_branch}
    if not isinstance(chart, Mapping) or not chart.get("git") or not chart.get("path"):
        return None
    ref = chart.get("ref") or settings.git_default_ref
    # People push over one protocol and read over another.
    if repository_key(str(chart["git"])) != repository_key(own) or view.settings.branch not in (None, ref):
        return None
    folder = clean_chart_path(str(chart["path"]))
    return None if folder is None else normal_path(folder)


def _missing(folder: str, around: Surroundings) -> Iterator[Mapping[str, Any]]:
    """Gives the dependencies that do not stand in the chart."""
    files = [posixpath.join(folder, name) for name in _DEPENDENCIES]
    found = next((path for path in files if "dependencies" in _read(path, around)), "")
    wanted = _read(found, around).get("dependencies")
    wanted = wanted if isinstance(wanted, list) else []
    there = list(_vendored(posixpath.join(folder, "charts"), around))
    if len(there) != len(wanted):
        for each in wanted:
            if isinstance(each, Mapping) and (each.get("alias") or each.get("name")) not in there:
                yield each


def _vendored(folder: str, around: Surroundings) -> Iterator[str]:
    """Gives the names of the charts in a folder, packed ones too."""
    for path in around.clusters.tree.files:
        if not path.startswith(f"{folder}/"):
            continue
        parts = path.removeprefix(f"{folder}/").split("/")
        packed = _PACKED.fullmatch(parts[0])
        if len(parts) == 1 and packed is not None:
            yield packed[1]
        elif parts[1:] == ["Chart.yaml"]:
            yield str(_read(path, around).get("name") or parts[0])


def _read(path: str, around: Surroundings) -> Mapping[str, Any]:
    documents, _ = read_documents(path, around.repository.texts.get(path, ""))
    return documents[0].manifest if documents else {}
