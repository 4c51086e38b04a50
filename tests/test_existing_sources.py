"""Sources that are there already and do more than what is made: they are used where nothing is lost."""

from __future__ import annotations

import pytest

from test_syncs_of_others import OURS, Files, checked, fluxd, release, source, sync

SYNC = f"{source('flux-system', OURS)}---\n{sync('flux-system', './prod')}"
CHARTS = (
    "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\n"
    "metadata: {name: vendor, namespace: flux-system}\n"
    "spec: {interval: 10m, url: https://charts.example.com}\n"
)
OWN = release().replace(
    "    repository: https://charts.example.com\n    name: web\n    version: 1.2.3\n",
    "    git: git@git.example.com:acme/fleet\n    path: charts/web\n    ref: main\n",
)


def files(**more: str) -> Files:
    found: Files = {"flux.yaml": fluxd("prod"), "prod/sync.yaml": SYNC, "prod/web.yaml": release()}
    return found | {f"prod/{name}.yaml": text for name, text in more.items()}


@pytest.mark.parametrize(
    "field",
    [
        "passCredentials: true",
        "certSecretRef: {name: tls}",
        "secretRef: {name: login}",
        "provider: aws",
        "timeout: 2m",
    ],
)
def test_a_helm_repository_that_is_there_is_used_with_all_that_it_has(field: str) -> None:
    migration = checked(files(charts=CHARTS.replace("interval: 10m", f"interval: 10m, {field}")))
    assert migration.ok
    assert "        name: vendor\n" in str(migration.files["prod/web.yaml"])


@pytest.mark.parametrize(
    ("field", "is_used"),
    [
        ("recurseSubmodules: true", True),
        ("provider: azure", True),
        ("verify: {mode: HEAD, secretRef: {name: keys}}", True),
        ("ignore: /charts", False),
        ("sparseCheckout: [prod]", False),
    ],
)
def test_a_git_repository_that_leaves_files_out_serves_no_chart(field: str, is_used: bool) -> None:
    given = files(sync=SYNC.replace("interval: 1m", f"interval: 1m, {field}", 1), web=OWN)
    given["charts/web/Chart.yaml"] = "apiVersion: v2\nname: web\nversion: 0.1.0\n"
    migration = checked(given)
    assert migration.ok
    assert ("        name: flux-system\n" in str(migration.files["prod/web.yaml"])) is is_used
