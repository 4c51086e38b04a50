"""What the settings of helm-operators decide, for one cluster and for several."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fluxv2_migrate as fm
from fluxv2_migrate.flux2 import FLUX_VERSIONS
from fluxv2_migrate.repository.reading import read_documents
from fluxv2_migrate.settings.of_clusters import ClustersOfFiles, settings_of
from fluxv2_migrate.yaml_text import Style
from generated_releases import NAMES, RELEASES
from manifest_texts import fluxd_text
from test_laws_of_migration import STYLES, VERSIONS, text_of
from test_migrate_repository import codes, errors, git, migrate, release

FIRST_API = "helm.integrations.flux.weave.works/v1alpha2"
OPERATOR = fm.HelmOperator(git_url="git@git.example.com:acme/shop", git_branch="prod", git_charts_path="/c/")
ACCEPTED = (fm.Override(accept=("HR030",)),)


def first(spec: str = "  chartGitPath: web\n") -> str:
    return (
        f"apiVersion: {FIRST_API}\nkind: FluxHelmRelease\n"
        f"metadata:\n  name: web\n  namespace: shop\nspec:\n{spec}"
    )


def test_a_release_of_the_first_api_becomes_one_of_a_git_repository() -> None:
    migration = migrate({"a.yaml": first()}, helm_operator=OPERATOR, overrides=ACCEPTED)
    assert migration.ok
    assert codes(migration) == ["HR054", "HR059", "HR062"]
    changed = migration.changed["a.yaml"]
    assert "kind: HelmRelease\n" in changed
    assert "releaseName: shop-web\n" in changed
    assert "      chart: ./c/web\n" in changed
    source = migration.created["sources/shop.yaml"]
    assert "  url: ssh://git@git.example.com/acme/shop\n  ref:\n    branch: prod\n" in source


def test_nothing_of_the_first_api_is_migrated_before_both_questions_are_answered() -> None:
    # It is one question, however many releases wait for it.
    asked = migrate({"a.yaml": first(), "b.yaml": first().replace("name: web", "name: more")})
    assert errors(asked) == ["HR002"]
    told = migrate({"a.yaml": first()}, helm_operator=OPERATOR)
    assert errors(told) == ["HR030"]
    assert told.changed == {}


@pytest.mark.parametrize(
    ("spec", "charts", "code"),
    [
        ("  values: {}\n", "charts", "HR061"),
        ("  chartGitPath: ../../x\n", "charts", "HR061"),
        ("  chartGitPath: /flux\n", "fluxcd/flux/chart", "DA022"),
    ],
)
def test_a_chart_of_the_first_api_must_be_one(spec: str, charts: str, code: str) -> None:
    url = "https://github.com/weaveworks/flux"
    operator = fm.HelmOperator(git_url=url, git_charts_path=charts)
    migration = migrate({"a.yaml": first(spec)}, helm_operator=operator, overrides=ACCEPTED)
    assert errors(migration) == [code]
    assert migration.changed == {}


def test_the_chart_may_be_the_root_of_the_repository() -> None:
    operator = fm.HelmOperator(git_url="https://x.example/charts", git_charts_path=".")
    conversion = fm.convert_helm_release(
        first("  chartGitPath: ./\n"), fm.MigrationOptions(helm_operator=operator, overrides=ACCEPTED)
    )
    assert conversion.release is not None
    spec = conversion.release.to_manifest()["spec"]
    assert spec["chart"]["spec"]["chart"] == "."
    same = first("  chartGitPath: ./web\n")
    conversion = fm.convert_helm_release(
        same, fm.MigrationOptions(helm_operator=operator, overrides=ACCEPTED)
    )
    assert conversion.release is not None
    assert conversion.release.to_manifest()["spec"]["chart"]["spec"]["chart"] == "./web"


def first_api(manifest: dict[str, Any]) -> dict[str, Any]:
    spec = {key: value for key, value in manifest["spec"].items() if key in FIRST_FIELDS}
    return {
        **manifest,
        "apiVersion": FIRST_API,
        "kind": "FluxHelmRelease",
        "spec": {**spec, "chartGitPath": manifest["metadata"]["name"]},
    }


FIRST_FIELDS = {"releaseName", "valueFileSecrets", "values", "timeout", "targetNamespace", "unknown"}
FIRST_RELEASES = RELEASES.map(first_api)
SECOND_RELEASES = RELEASES.map(lambda each: {**each, "apiVersion": "flux.weave.works/v1beta1"})


@settings(max_examples=150)
@given(FIRST_RELEASES | SECOND_RELEASES, STYLES, VERSIONS, st.sampled_from(["keep", "flux2"]))
def test_text_and_value_of_old_apis_become_the_same_release(
    manifest: dict[str, Any], style: Style, flux_version: Any, defaults: Any
) -> None:
    options = fm.MigrationOptions(
        flux_version=flux_version, defaults=defaults, helm_operator=OPERATOR, overrides=ACCEPTED
    )
    migration = fm.migrate_text(text_of(manifest, style), options=options)
    conversion = fm.convert_helm_release(manifest, options)
    if conversion.release is None:
        assert migration.changed == {}
        return
    (document,) = read_documents("manifest.yaml", migration.changed["manifest.yaml"])[0]
    assert document.value == conversion.release.to_manifest()


@settings(max_examples=200)
@given(FIRST_RELEASES | SECOND_RELEASES, st.sampled_from(FLUX_VERSIONS), st.sampled_from(["keep", "flux2"]))
def test_what_differs_of_old_apis_is_what_is_declared(
    manifest: dict[str, Any], flux_version: Any, defaults: Any
) -> None:
    text = text_of(manifest, Style())
    options = fm.MigrationOptions(
        flux_version=flux_version, defaults=defaults, helm_operator=OPERATOR, overrides=ACCEPTED
    )
    migration = fm.migrate_text(text, options=options)
    if not migration.changed:
        return
    operator = fm.HelmOperator(git_url=OPERATOR.git_url, git_branch="prod", git_charts_path="/c/")
    report = fm.verify_migration(
        {"manifest.yaml": text}, migration.files, options, declared=migration.declared, operator=operator
    )
    (entry,) = report.releases
    assert (entry.status, entry.undue) == ("declared", ()), entry


VERSIONS_OF_HELM: list[tuple[tuple[str, ...], str, list[str]]] = [
    ((), "", ["HR032"]),
    (("v3",), "", []),
    (("v3", "v2"), "", []),
    (("v2", "v3"), "", ["HR030"]),
    (("v2",), "  helmVersion: v3\n", ["HR135"]),
    (("v3",), "  helmVersion: v2\n", ["HR030"]),
]


@pytest.mark.parametrize(("enabled", "version", "found"), VERSIONS_OF_HELM)
def test_the_versions_of_the_operator_decide_for_releases_that_name_none(
    enabled: Any, version: str, found: list[str]
) -> None:
    text = release().replace("  helmVersion: v3\n", version)
    migration = fm.migrate_repository(
        {"a.yaml": text}, fm.MigrationOptions(helm_operator=fm.HelmOperator(helm_versions=enabled))
    )
    assert codes(migration) == found


def test_an_operator_of_helm_3_never_read_the_older_apis() -> None:
    text = release().replace("helm.fluxcd.io/v1", "flux.weave.works/v1beta1")
    assert "HR030" in codes(migrate({"a.yaml": text}, helm_operator=fm.HelmOperator(helm_versions=("v3",))))


def test_the_operator_has_a_ref_an_interval_and_may_leave_dependencies_alone() -> None:
    operator = fm.HelmOperator(git_default_ref="prod", charts_sync_interval="3m", update_chart_deps=False)
    text = release(chart="git: https://x.example/c\n    path: web")
    migration = migrate({"a.yaml": text}, helm_operator=operator)
    assert codes(migration) == ["HR058", "HR059", "HR062"]
    assert "  interval: 3m\n" in migration.changed["a.yaml"]
    assert "    branch: prod\n" in migration.created["sources/c.yaml"]
    assert "chart.fetches_dependencies" in migration.declared["a.yaml", "HelmRelease shop/web"]


def test_git_charts_are_fetched_as_often_and_with_as_much_time_as_the_operator_had() -> None:
    image = "docker.io/fluxcd/helm-operator:1.4.4"
    arguments = ("--enabled-helm-versions=v3", "--git-poll-interval=9m", "--git-timeout=1h30m")
    files: dict[str, str | bytes] = {
        "operator.yaml": fluxd_text(*arguments, image=image),
        "web.yaml": release(chart="git: https://x.example/c\n    path: web"),
    }
    migration = migrate(files)
    (source,) = (text for path, text in migration.created.items() if path.endswith("c.yaml"))
    assert "  interval: 9m\n" in source
    assert "  timeout: 90m\n" in source
    operator = fm.HelmOperator(git_timeout="5m")
    assert (
        "timeout: 5m\n"
        in migrate({"a.yaml": files["web.yaml"]}, helm_operator=operator).created["sources/c.yaml"]
    )


def test_a_default_ref_can_be_a_tag_and_no_commit_of_a_few_letters() -> None:
    text = release(chart="git: https://x.example/c\n    path: web")
    operator = fm.HelmOperator(git_default_ref="v1.0")
    tagged = migrate({"a.yaml": text}, helm_operator=operator, overrides=(fm.Override(ref_kind="tag"),))
    assert "    tag: v1.0\n" in tagged.created["sources/c.yaml"]
    commit = (fm.Override(ref_kind="commit"),)
    assert errors(migrate({"a.yaml": text}, helm_operator=operator, overrides=commit)) == ["HR053"]
    assert errors(migrate({"a.yaml": text}, overrides=commit)) == ["HR053"]


def test_what_says_itself_what_it_is_needs_no_word() -> None:
    files: dict[str, str | bytes] = {"a.yaml": release(chart=git("refs/tags/v1"))}
    tagged = migrate(files, overrides=(fm.Override(ref_kind="tag"),))
    assert "    name: refs/tags/v1\n" in tagged.created["sources/charts.yaml"]


def test_a_release_that_the_operator_never_saw_goes_on_doing_nothing() -> None:
    operator = fm.HelmOperator(allow_namespace="tools")
    files: dict[str, str | bytes] = {"a.yaml": release(), "b.yaml": release("b", "tools")}
    migration = migrate(files, helm_operator=operator)
    assert codes(migration) == ["HR119"]
    assert "  suspend: true\n" in migration.changed["a.yaml"]
    assert "suspend" not in migration.changed["b.yaml"]
    report = fm.verify_migration(files, migration.files, declared=migration.declared)
    assert {entry.status for entry in report.releases} == {"declared"}


@pytest.mark.parametrize(("enabled", "is_suspended"), [(("v2",), True), (("v2", "v3"), False), ((), False)])
def test_a_release_of_a_helm_that_was_off_goes_on_doing_nothing(
    enabled: tuple[Literal["v2", "v3"], ...], is_suspended: bool
) -> None:
    files: dict[str, str | bytes] = {"a.yaml": release()}
    operator = fm.HelmOperator(helm_versions=enabled)
    migration = migrate(files, helm_operator=operator)
    assert migration.ok
    assert codes(migration) == (["HR135"] if is_suspended else [])
    assert ("  suspend: true\n" in migration.changed["a.yaml"]) is is_suspended
    assert fm.verify_migration(files, migration.files, declared=migration.declared).ok
    served = migrate(files, helm_operator=operator, overrides=(fm.Override(helm_versions=("v3",)),))
    assert codes(served) == []
    assert "suspend" not in served.changed["a.yaml"]


def test_each_cluster_has_its_own_operator() -> None:
    clusters = (
        fm.Cluster(
            name="eu",
            sync_paths=("clusters/eu",),
            default_namespace="web-eu",
            helm_operator=fm.HelmOperator(helm_versions=("v3",), charts_sync_interval="1m"),
        ),
        fm.Cluster(name="us", sync_paths=("clusters/us",)),
    )
    text = release().replace("  namespace: shop\n", "").replace("  helmVersion: v3\n", "")
    files: dict[str, str | bytes] = {
        "clusters/eu/a.yaml": text,
        "clusters/us/a.yaml": text,
        "old/a.yaml": release("old"),
    }
    migration = migrate(
        files,
        clusters=clusters,
        default_namespace="web",
        helm_operator=fm.HelmOperator(helm_versions=("v3",)),
    )
    assert codes(migration) == ["RP035", "HR131", "HR131"]
    assert "  interval: 1m\n  releaseName: web-eu-web\n" in migration.changed["clusters/eu/a.yaml"]
    assert "  interval: 5m\n  releaseName: web-web\n" in migration.changed["clusters/us/a.yaml"]
    assert migration.context.sync_roots == ("clusters/eu", "clusters/us")
    assert {"clusters/eu/sources/example.yaml", "clusters/us/sources/example.yaml"} == set(migration.created)
    named = migrate(files, clusters=clusters, default_namespace="web")
    (asked,) = (finding for finding in named.findings if finding.code == "HR032")
    assert asked.cluster == "us"


def test_overrides_are_about_one_cluster_or_kind() -> None:
    clusters = (fm.Cluster(name="eu", sync_paths=("eu",)), fm.Cluster(name="us", sync_paths=("us",)))
    files: dict[str, str | bytes] = {"eu/a.yaml": release(), "us/a.yaml": release()}
    migration = migrate(
        files, clusters=clusters, overrides=(fm.Override(cluster="e*", kind="Helm*", release_name="live"),)
    )
    assert "  releaseName: live\n" in migration.changed["eu/a.yaml"]
    assert "  releaseName: shop-web\n" in migration.changed["us/a.yaml"]
    assert errors(migrate(files, overrides=(fm.Override(kind="FluxHelmRelease"),))) == ["RP010"]


def test_the_deepest_sync_path_decides_the_cluster() -> None:
    clusters = (
        fm.Cluster(name="deep", sync_paths=("a/b", "./x/")),
        fm.Cluster(name="flat", sync_paths=("a",)),
    )
    options = fm.MigrationOptions(clusters=clusters)
    clusters_of_files = ClustersOfFiles(options)
    found = [clusters_of_files.of(path) for path in ("a/b/c", "a/c", "x/y", "z")]
    assert found == ["deep", "flat", "deep", None]
    assert settings_of(options, None).cluster == ""
    assert settings_of(options, clusters[1]).cluster == "flat"


def test_a_release_is_found_where_its_record_is_said_to_be() -> None:
    files: dict[str, str | bytes] = {"a.yaml": release()}
    overrides = (fm.Override(storage_namespace="tools"),)
    migration = migrate(files, overrides=overrides)
    assert "  releaseName: shop-web\n  storageNamespace: tools\n" in migration.changed["a.yaml"]
    options = fm.MigrationOptions(overrides=overrides)
    (entry,) = fm.verify_migration(files, migration.files, options, declared=migration.declared).releases
    assert (entry.status, entry.outcome) == ("declared", "adopted")
    (entry,) = fm.verify_migration(files, migration.files, declared=migration.declared).releases
    assert entry.outcome == "taken-over"


def test_a_record_in_the_namespace_of_the_release_needs_no_word() -> None:
    text = release(more="  targetNamespace: tools\n")
    assert "  storageNamespace: tools\n" in migrate({"a.yaml": text}).changed["a.yaml"]
    own = migrate({"a.yaml": text}, overrides=(fm.Override(storage_namespace="shop"),))
    assert "storageNamespace" not in own.changed["a.yaml"]


def test_a_source_has_the_name_that_a_person_gave_it() -> None:
    other = release("b", chart="repository: https://other.example\n    name: web\n    version: 1.2.3")
    files: dict[str, str | bytes] = {"a.yaml": release(), "b.yaml": other}
    migration = migrate(files, overrides=(fm.Override(name="b", source_name="example"),))
    assert migration.ok
    assert "url: https://other.example" in migration.created["sources/example.yaml"]
    assert "name: example\n" in migration.changed["b.yaml"]
    assert "name: example\n" not in migration.changed["a.yaml"]


def test_a_name_that_is_taken_is_given_to_nobody_else() -> None:
    other = release("b", chart="repository: https://other.example\n    name: web\n    version: 1.2.3")
    files: dict[str, str | bytes] = {"a.yaml": release(), "b.yaml": other}
    migration = migrate(files, overrides=(fm.Override(source_name="vendor"),))
    assert errors(migration) == ["HR120", "HR120"]
    assert migration.changed == {}
    there = (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\n"
        "metadata: {name: vendor, namespace: flux-system}\nspec: {url: https://charts.example.com}\n"
    )
    used = migrate({"a.yaml": release(), "s.yaml": there}, overrides=(fm.Override(source_name="vendor"),))
    assert used.ok
    assert used.created == {}
    taken = migrate({**files, "s.yaml": there}, overrides=(fm.Override(name="b", source_name="vendor"),))
    assert errors(taken) == ["HR120"]
    beside = migrate(
        {"a.yaml": release(), "s.yaml": there},
        sources=fm.Placement(namespace="release"),
        overrides=(fm.Override(source_name="vendor"),),
    )
    assert beside.ok


@given(NAMES)
def test_any_fitting_namespace_is_accepted(name: str) -> None:
    assert fm.Override(storage_namespace=name).storage_namespace == name
