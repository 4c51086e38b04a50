"""Dependencies of charts that only the helm-operator could find."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fluxv2_migrate as fm
from built_clusters import Files
from manifest_texts import release_text

OWN = "https://git.example.com/acme/gitops"


def release(git: str = OWN, path: str = "charts/web", ref: str = "") -> str:
    more = f"    ref: {ref}\n" if ref else ""
    return release_text(f"  helmVersion: v3\n  chart:\n    git: {git}\n    path: {path}\n{more}")


def requirement(name: str = "redis", repository: Any = "@bitnami", **more: str) -> dict[str, Any]:
    return {"name": name, "version": "1.0.0", "repository": repository, **more}


def listing(*requirements: Any) -> str:
    return json.dumps({"name": "web", "version": "1.0.0", "dependencies": list(requirements)})


def found(files: Files, text: str = "", *, branch: str | None = None, url: str | None = OWN) -> list[str]:
    cluster = fm.Cluster(name="prod", sync_paths=("apps",), branch=branch, fluxd=fm.Fluxd(git_url=url))
    options = fm.MigrationOptions(clusters=(cluster,))
    migration = fm.migrate_repository({**files, "apps/web.yaml": text or release()}, options)
    told = [each for each in migration.findings if each.code == "HR063"]
    assert bool(migration.changed) is migration.ok
    return [each.message for each in told]


CHART: Files = {"charts/web/Chart.yaml": listing(requirement())}
TOLD = ["the chart's dependency redis comes from '@bitnami', an alias that only the operator knew"]


@pytest.mark.parametrize(
    ("repository", "refused"),
    [
        ("@bitnami", True),
        ("alias:bitnami", True),
        ("https://charts.bitnami.com/bitnami", False),
        ("oci://registry.example.com/charts", False),
        ("file://../redis", False),
        ("", False),
        (None, False),
    ],
)
@pytest.mark.parametrize("file", ["Chart.yaml", "requirements.yaml", "Chart.lock", "requirements.lock"])
def test_an_alias_is_refused_wherever_it_stands(file: str, repository: Any, refused: bool) -> None:
    other = requirement("db", "https://charts.example.com")
    assert bool(found({f"charts/web/{file}": listing(other, requirement(repository=repository))})) is refused


def test_the_lock_file_counts() -> None:
    locked: Files = {"charts/web/Chart.lock": listing(requirement(repository="https://charts.example.com"))}
    assert found({**CHART, **locked}) == []


@pytest.mark.parametrize(
    ("git", "path", "ref", "branch", "told"),
    [
        (OWN, "charts/web", "", None, True),
        (f"{OWN}.git/", "/charts/web/", "", None, True),
        ("git@git.example.com:acme/gitops", "charts/web", "", None, True),
        ("ssh://git@Git.example.com/acme/gitops.git", "charts/web", "", None, True),
        ("https://me@git.example.com/acme/gitops", "charts/web", "", None, True),
        ("https://git.example.com/acme/other", "charts/web", "", None, False),
        (OWN, "charts/db", "", None, False),
        (OWN, "../charts/web", "", None, False),
        (OWN, "charts/web", "v1", None, True),
        # At another ref the chart may be another one.
        (OWN, "charts/web", "v1", "master", False),
        (OWN, "charts/web", "master", "master", True),
        (OWN, "charts/web", "", "master", True),
        (OWN, "charts/web", "", "prod", False),
    ],
)
def test_only_a_chart_of_this_repository_is_read(
    git: str, path: str, ref: str, branch: str | None, told: bool
) -> None:
    assert found(CHART, release(git, path, ref), branch=branch) == (TOLD if told else [])


def test_a_chart_of_a_helm_repository_is_not_read() -> None:
    from_helm = release().replace(f"git: {OWN}\n    path: charts/web", f"repository: {OWN}\n    name: web")
    assert found(CHART, f"{from_helm}    version: 1.2.3\n") == []


def test_nothing_is_read_where_nobody_says_which_repository_this_is() -> None:
    assert found(CHART, url=None) == []


@pytest.mark.parametrize(
    "broken", ["dependencies: [", "[]", "dependencies: {a: b}", "dependencies: [a, 1]", ""]
)
def test_a_chart_that_nobody_can_read_is_no_matter(broken: str) -> None:
    assert found({"charts/web/Chart.yaml": broken}) == []


NAMES = st.lists(st.sampled_from(["redis", "db", "web-db"]), unique=True, max_size=3)


@given(NAMES, NAMES, NAMES, st.booleans())
def test_what_stands_in_the_chart_is_not_fetched(
    wanted: list[str], packed: list[str], unpacked: list[str], renamed: bool
) -> None:
    requirements = [
        requirement(f"{name}-chart", alias=name) if renamed else requirement(name) for name in wanted
    ]
    files: Files = {"charts/web/Chart.yaml": listing(*requirements)}
    files |= {f"charts/web/charts/{name}-1.0.0-rc.1.tgz": b"\x1f\x8b" for name in packed}
    files |= {f"charts/web/charts/{name}-folder/Chart.yaml": f"name: {name}\n" for name in unpacked}
    files |= {"charts/web/charts/readme.txt": "", "charts/web/charts/x/templates/a.yaml": ""}
    there = [*packed, *unpacked]
    missing = [name for name in wanted if name not in there] if len(there) != len(wanted) else []
    assert bool(found(files)) is bool(missing)


def test_a_chart_of_the_first_api_is_read_too() -> None:
    text = json.dumps(
        {
            "apiVersion": "helm.integrations.flux.weave.works/v1alpha2",
            "kind": "FluxHelmRelease",
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"chartGitPath": "web"},
        }
    )
    cluster = fm.Cluster(
        name="prod",
        sync_paths=("apps",),
        fluxd=fm.Fluxd(git_url=OWN),
        helm_operator=fm.HelmOperator(git_url=OWN),
    )
    options = fm.MigrationOptions(clusters=(cluster,), overrides=(fm.Override(accept=("HR030",)),))
    migration = fm.migrate_repository({**CHART, "apps/web.yaml": text}, options)
    assert [each.message for each in migration.findings if each.severity == "error"] == TOLD
