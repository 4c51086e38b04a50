"""What a scope leaves out, and which of its patterns stand for nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fluxv2_migrate as fm
from built_clusters import release
from manifest_texts import AUTOMATED, CHART, fluxd_text, release_text, workload_text

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


def test_what_a_scope_holds_in_one_cluster_alone_stays_and_is_told() -> None:
    files: dict[str, str | bytes] = {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": release("web"),
        **{
            f"{each}/kustomization.yaml": f"resources: [../base]\nnamespace: {each}\n"
            for each in ("eu", "us")
        },
    }
    scope = {"scope": {"namespaces": ["eu"]}, "sync_roots": ["eu", "us"]}
    migration = fm.migrate_repository(files, scope)
    assert not migration.changed
    assert [each.path for each in migration.findings if each.code == "RP021"] == ["base/web.yaml"]


def test_a_workload_of_fluxd_is_something() -> None:
    workload = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: api\n  namespace: shop\n"
        '  annotations: {fluxcd.io/automated: "true"}\n'
    )
    scope = fm.Scope(names=("api", "web"))
    migration = fm.migrate_repository({**FILES, "api.yaml": workload}, fm.MigrationOptions(scope=scope))
    assert told(migration) == []


def ignored(name: str, namespace: str, value: str = '"true"') -> str:
    return (
        f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: {namespace}\n"
        f"  annotations:\n    fluxcd.io/ignore: {value}\ndata:\n  level: debug\n"
    )


SYNCED: dict[str, str | bytes] = {
    "c/flux.yaml": fluxd_text(
        "--git-url=git@git.example.com:acme/fleet",
        "--git-branch=live",
        "--git-path=c",
        "--manifest-generation",
    ),
    "c/web.yaml": workload_text(AUTOMATED, "fluxcd.io/tag.app: semver:~1.4"),
    "c/api.yaml": workload_text(AUTOMATED, "fluxcd.io/tag.app: semver:~1.4", name="api", namespace="office"),
    "c/db.yaml": release_text(
        CHART + "  values: {image: 'acme/db:1.4.7'}\n", AUTOMATED, name="db", namespace="office"
    ),
    "c/locked.yaml": workload_text(AUTOMATED, 'fluxcd.io/locked: "true"', name="locked", namespace="office"),
    "c/ignored.yaml": ignored("ignored", "office"),
    "c/kept.yaml": ignored("kept", "office", "sync_only"),
    "c/known.yaml": ignored("known", "office").replace(
        "\ndata:", "\n    kustomize.toolkit.fluxcd.io/reconcile: disabled\ndata:"
    ),
    "c/plain.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: plain\ndata:\n  on: no\n",
    "c/new.yaml": (
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: new\n"
        "  namespace: office\n  annotations: {fluxcd.io/ignore: 'true'}\n"
        "spec: {interval: 5m, chartRef: {kind: OCIRepository, name: a}}\n"
    ),
}
WRITING = {"write_what_flux1_read": "all", "write_missing_namespaces": True, "default_namespace": "shop"}


@pytest.mark.parametrize("scope", [{"namespaces": ["shop"]}, {"paths": ["c/web.yaml"]}])
def test_what_lies_outside_stays_and_what_only_fluxd_did_is_asked(scope: dict[str, list[str]]) -> None:
    migration = fm.migrate_repository(SYNCED, {"scope": scope, **WRITING})
    # A manifest without a namespace is where fluxd put it.
    assert set(migration.changed) == {"c/web.yaml", *(["c/plain.yaml"] if "namespaces" in scope else [])}
    assert not migration.deleted
    asked = {(each.code, each.path): each.related for each in migration.findings if each.severity == "error"}
    assert asked == {
        **({} if "namespaces" in scope else {("DA015", "c/plain.yaml"): ()}),
        ("DA022", "c/flux.yaml"): (),
        ("IM041", "c/api.yaml"): ("c/db.yaml:6",),
        ("RP088", "c/ignored.yaml"): (),
        ("RP088", "c/kept.yaml"): (),
    }


def test_what_is_left_or_accepted_is_not_asked() -> None:
    overrides = [{"namespace": "office", "leave": True}, {"name": "flux", "accept": ["DA022"]}]
    files = {path: text for path, text in SYNCED.items() if path != "c/plain.yaml"}
    migration = fm.migrate_repository(files, {"scope": {"names": ["web"]}, "overrides": overrides})
    assert migration.ok


def test_a_fluxd_in_scope_leaves_and_what_a_fluxd_outside_reads_stays() -> None:
    flux_yaml = "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build .\n"
    files = {path: SYNCED[path] for path in ("c/flux.yaml", "c/web.yaml")} | {
        "c/.flux.yaml": flux_yaml,
        "c/kustomization.yaml": "resources: [flux.yaml, web.yaml]\nconfigMapGenerator:\n"
        "- {name: made, literals: [a=b], options: {annotations: {fluxcd.io/ignore: 'true'}}}\n"
        "- {name: open, namespace: shop, literals: [a=b]}\n",
    }
    outside = fm.migrate_repository(files, {"scope": {"names": ["web"]}})
    assert not outside.deleted
    assert [each.message[:14] for each in outside.findings if each.code == "RP088"] == ["ConfigMap made"]
    accepted = [{"name": "flux", "accept": ["DA022"]}, {"accept": ["RP088"]}]
    options = fm.MigrationOptions.model_validate({"scope": {"names": ["web"]}, "overrides": accepted})
    migration = fm.migrate_repository(files, options)
    assert migration.ok
    report = fm.verify_migration(files, migration.files, options=options, declared=migration.declared)
    assert [each.field for each in report.sync_paths[0].differences] == ["sync.flux1"]
    inside = fm.migrate_repository(files, {"scope": {"names": ["web", "flux", "made*"]}})
    assert set(inside.deleted) == {"c/.flux.yaml", "c/flux.yaml"}


def test_what_flux_2_applies_already_is_not_asked() -> None:
    sync = (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        "metadata: {name: c, namespace: flux-system}\n"
        "spec: {interval: 5m, path: ./c, prune: false, sourceRef: {kind: GitRepository, name: flux-system}}\n"
    )
    files = {path: SYNCED[path] for path in ("c/ignored.yaml", "c/web.yaml")} | {"c/sync.yaml": sync}
    migration = fm.migrate_repository(files, {"scope": {"names": ["web"]}})
    assert "RP088" not in {each.code for each in migration.findings}
    assert migration.changed
