"""The chart of a `FluxHelmRelease`, whose repository stands in the flags of the first helm-operators."""

from __future__ import annotations

import posixpath
from typing import Final

from fluxv2_migrate.rules.chart import draft_git_source, tell_of_flux_1
from fluxv2_migrate.rules.chart_source import ChartSourceRequest, clean_chart_path
from fluxv2_migrate.rules.draft import Draft

_PATH: Final = ("spec", "chartGitPath")
_CHART: Final = ("spec", "chart", "spec")


def draft_first_chart(draft: Draft) -> ChartSourceRequest | None:
    """Writes the chart down, and gives the source that it needs; nothing where nobody says where it is.

    Source: fluxcd/flux helm-0.4.0 `cmd/helm-operator/main.go` (`--git-url`, `--git-branch`,
    `--git-charts-path`), `integrations/helm/release/release.go`: the chart is below the path of the charts.
    """
    operator = draft.settings.helm_operator
    given = draft.spec.get("chartGitPath")
    if operator.git_url is None:
        message = "where its chart is stands in the operator's flags"
        draft.note("HR002", message, _PATH, group=message)
        return None
    if not given:
        message = "chartGitPath is not given: the helm-operator refused such a release"
        draft.note("HR061", message, _PATH)
        return None
    folder = clean_chart_path(posixpath.join(draft.settings.git_charts_path, given.lstrip("/")))
    if folder is None:
        draft.note("HR061", f"the chart's path {given!r} leaves the repository", _PATH)
        return None
    chart = {"git": operator.git_url, "path": folder}
    tell_of_flux_1(draft, chart, _PATH, is_git=True)
    draft.move(_PATH, (*_CHART, "chart"), "chart-from-operator")
    if folder != given:
        draft.set((*_CHART, "chart"), folder, "chart-from-operator", "spec.chartGitPath")
    if draft.options.reconcile_strategy == "Revision":
        draft.set((*_CHART, "reconcileStrategy"), "Revision", "chart-from-operator", "spec.chartGitPath")
    return draft_git_source(draft, chart, _PATH, branch=draft.settings.git_branch)
