"""What a scope leaves out, and which of its patterns stand for nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fluxv2_migrate as fm
from built_clusters import release

FILES: dict[str, str | bytes] = {
    "a/web.yaml": release("web"),
    "b/db.yaml": release("db", "tools"),
    "v2.yaml": (
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: new, namespace: n}\n"
    ),
}
KNOWN = {
    "namespaces": {"shop": "a/web.yaml", "tools": "b/db.yaml"},
    "names": {"web": "a/web.yaml", "db": "b/db.yaml"},
    "paths": {"a/web.yaml": "a/web.yaml", "b/db.yaml": "b/db.yaml"},
}


def told(migration: fm.Migration) -> list[str]:
    return [finding.message for finding in migration.findings if finding.code == "RP021"]


BESIDE = fm.Placement(namespace="release")
PATTERNS = {
    field: st.lists(st.sampled_from([*known, "*", "[ab]*", "new", "n", "v2.yaml", "Web"]), max_size=3)
    for field, known in KNOWN.items()
}


@given(st.fixed_dictionaries(PATTERNS))
def test_a_pattern_is_told_of_exactly_where_it_alone_would_migrate_nothing(
    patterns: dict[str, list[str]],
) -> None:
    found = told(fm.migrate_repository(FILES, fm.MigrationOptions(scope=fm.Scope.model_validate(patterns))))
    expected = []
    for field, each in patterns.items():
        for pattern in dict.fromkeys(each):
            scope = fm.Scope.model_validate({field: [pattern]})
            alone = fm.migrate_repository(FILES, fm.MigrationOptions(scope=scope))
            if not alone.changed:
                expected.append(f"nothing of Flux v1 matches {pattern!r} among the {field} of the scope")
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize(("pattern", "found"), [("pr*", 0), ("shop", 1)])
def test_namespaces_are_those_that_clusters_see(pattern: str, found: int) -> None:
    files: dict[str, str | bytes] = {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": release("web"),
        "prod/kustomization.yaml": "resources: [../base]\nnamespace: prod\n",
    }
    scope = fm.Scope(namespaces=(pattern,))
    migration = fm.migrate_repository(files, fm.MigrationOptions(scope=scope, sources=BESIDE))
    assert len(told(migration)) == found
    assert bool(migration.changed) is not bool(found)


def test_a_workload_of_fluxd_is_something() -> None:
    workload = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: api\n  namespace: shop\n"
        '  annotations: {fluxcd.io/automated: "true"}\n'
    )
    scope = fm.Scope(names=("api", "web"))
    migration = fm.migrate_repository({**FILES, "api.yaml": workload}, fm.MigrationOptions(scope=scope))
    assert told(migration) == []
