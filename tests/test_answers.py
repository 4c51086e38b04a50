"""The law of answers: filling in a finding's answer settles that finding, and nothing else changes."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fluxv2_migrate as fm
from counted_work import calls_of
from fluxv2_migrate import LiveFlux1Release
from fluxv2_migrate.settings.overrides import Subject, override_for
from pages_of_findings import PAGES, example_of

# The session `thorough` asks for more.
EXAMPLES_OF_COMPANY = int(os.environ.get("GENERATED_TREES", "30"))

HELM = "repository: https://charts.example.com\n    name: web\n    version: 1.2.3"
GIT = "git: https://git.example.com/acme/charts\n    ref: main\n    path: web"
SSH = "git: git@git.example.com:acme/charts\n    ref: main\n    path: web"


def release(
    name: str = "web",
    namespace: str = "shop",
    chart: str = HELM,
    more: str = "",
    version: str = "  helmVersion: v3\n",
    annotations: str = "",
) -> str:
    where = f"  namespace: {namespace}\n" if namespace else ""
    return (
        f"apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata:\n  name: {name}\n{where}{annotations}"
        f"spec:\n{version}  chart:\n    {chart}\n{more}"
    )


def annotated(text: str) -> str:
    return f"  annotations:\n    {text}\n"


SECRET = "\n    secretRef:\n      name: key\n      namespace: ops"
TWIN = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: shop}
spec: {interval: 5m}
"""
GATEWAY = """\
apiVersion: mesh.example.com/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {mirror: yes}
"""
LEFT_OVER = TWIN.replace("name: web", 'annotations: {fluxcd.io/automated: "true"}, name: other')


def imported(**known: bool) -> fm.HelmOperator:
    return fm.HelmOperator(repositories=(fm.ImportedRepository(url="https://charts.example.com/", **known),))


OF_HELM_2 = LiveFlux1Release(api_version="helm.fluxcd.io/v1", namespace="shop", name="web", helm_version="v2")


def running(**known: Any) -> dict[str, Any]:
    """Gives a cluster in which Helm has one release."""
    record = {"name": "shop-web", "namespace": "shop", "status": "deployed", "chart": "web-1.2.3", **known}
    return {"inventory": fm.Inventory(records=(fm.HelmRecord.model_validate(record),))}


EXAMPLES: dict[str, tuple[str, dict[str, Any]]] = {
    "AN004": (release() + "---\n" + LEFT_OVER, {}),
    "AN018": (release(annotations=annotated("example.com/a: 1")), {}),
    "HR003": (release(more="  other: 1\n"), {}),
    "HR014": (release("a" * 60), {}),
    "HR015": (release(namespace="", more="  releaseName: live\n"), {}),
    "HR017": (release(namespace=""), {}),
    "HR030": (release(version="  helmVersion: v2\n"), {}),
    "HR032": (release(version=""), {}),
    "HR042": (release(chart=HELM.replace("1.2.3", '"1.x"')), {}),
    "HR044": (release(chart=HELM.replace("https://", "https://me@")), {}),
    "HR045": (
        release(chart=HELM.replace("charts.example.com", "kubernetes-charts.storage.googleapis.com")),
        {},
    ),
    "HR046": (release(), {"helm_operator": imported(login=True)}),
    "HR049": (release(), {"helm_operator": imported(insecure_skip_tls_verify=True)}),
    "HR047": (release(chart=HELM + "\n    chartPullSecret: {name: a}"), {}),
    "HR052": (release(chart=GIT.replace("main", "stable")), {}),
    "HR054": (release(chart=SSH), {}),
    "HR056": (release(chart=GIT + SECRET), {}),
    "HR057": (release(chart=SSH + SECRET), {}),
    "HR058": (release(chart=GIT + "\n    skipDepUpdate: true"), {}),
    "HR059": (release(chart=GIT), {}),
    "HR060": (release(chart=GIT + "\n    repository: https://charts.example.com"), {}),
    "HR062": (release(chart=GIT), {}),
    "HR069": (release(more="  timeout: 0\n"), {}),
    "HR074": (release(more="  forceUpgrade: true\n"), {}),
    "HR075": (release(more="  resetValues: false\n"), {}),
    "HR079": (release(more="  disableOpenAPIValidation: true\n"), {}),
    "HR081": (release(more="  rollback: {enable: true}\n"), {}),
    "HR083": (release(more="  rollback: {enable: true, recreate: true}\n"), {}),
    "HR084": (release(more="  rollback: {enable: true, force: true}\n"), {}),
    "HR093": (release(more="  valuesFrom:\n  - secretKeyRef: {name: a, optional: true}\n"), {}),
    "HR097": (
        release(
            chart=GIT, more="  valuesFrom:\n  - secretKeyRef: {name: a}\n  - chartFileRef: {path: a.yaml}\n"
        ),
        {},
    ),
    "HR098": (release(more="  valuesFrom:\n  - chartFileRef: {path: a.yaml, optional: true}\n"), {}),
    "HR100": (release(chart=GIT, more="  valuesFrom:\n  - chartFileRef: {path: a.yaml}\n"), {}),
    "HR101": (release(more="  valuesFrom:\n  - {}\n"), {}),
    "HR110": (release(annotations=annotated('helm.fluxcd.io/migrate: "true"')), {}),
    "HR112": (release(more="  values: {a: '${b}'}\n"), {}),
    "HR117": (release(), {"defaults": "flux2"}),
    "HR118": (release(), {}),
    "HR124": (release(annotations="  uid: 1-2\n"), {}),
    "HR125": (release() + "status: {releaseName: live}\n", {}),
    "HR119": (release(), {"helm_operator": fm.HelmOperator(allow_namespace="tools")}),
    "HR135": (release(), {"helm_operator": fm.HelmOperator(helm_versions=("v2",))}),
    "HR130": (release(more="  targetNamespace: a_b\n"), {}),
    "HR131": (release().replace("  namespace: shop\n", ""), {"default_namespace": "shop"}),
    "IN001": (release(), running(name="web")),
    "IN002": (release(more="  releaseName: shop-web\n"), running(namespace="live")),
    "IN003": (release(), {"inventory": fm.Inventory(flux1_releases=(OF_HELM_2,))}),
    "IN004": (release(), {"inventory": fm.Inventory(records=())}),
    "IN005": (release(), running(status="uninstalled")),
    "IN006": (release(), running(status="failed")),
    "IN007": (release(), running(chart="web-1.2.2")),
    "IN008": (release(), {"inventory": fm.Inventory(namespaces=("default",))}),
    "RP007": (release() + "---\n" + TWIN, {}),
    "RP009": (release(), {}),
    "RP035": (release(), {"sync_roots": ("elsewhere",)}),
    "RP039": ("# " + release().replace("\n", "\n# ") + "\n---\n" + release(), {}),
    "RP040": (release() + "---\n" + release("other").replace("io/v1", "io/v1beta1"), {}),
    "RP025": (release(more="  values: {metrics: no}\n"), {}),
    "RP027": (release() + "---\n" + GATEWAY, {"sync_roots": ("",)}),
    "RP028": (release(more="  values: {metrics: no}\n"), {"write_what_flux1_read": "none"}),
    "RP021": (release(), {"scope": fm.Scope(names=("absent", "w*"))}),
}
FILLED: dict[str, dict[str, Any]] = {code: {"release_name": "answered"} for code in ("HR014", "HR017")}
"""What stands where an answer is to be filled in."""


def check(
    files: dict[str, str | bytes],
    code: str,
    options: dict[str, Any],
    filled: dict[str, Any] | None = None,
    asked: fm.Migration | None = None,
) -> None:
    """Settles each finding of a code with its own answer, in which something may have to be filled in."""
    asked = asked or fm.migrate_repository(files, fm.MigrationOptions(**options))
    assert code in {finding.code for finding in asked.findings}
    for finding in asked.findings:
        assert finding.answer is not None or not fm.FINDINGS[finding.code].acceptable
        if finding.code != code or finding.answer is None:
            continue
        answer = finding.answer.model_copy(update=FILLED.get(code, {}) if filled is None else filled)
        answered = fm.MigrationOptions(**{**options, "overrides": (*options.get("overrides", ()), answer)})
        settled = fm.migrate_repository(files, answered)
        assert {each.fingerprint for each in settled.findings} == {
            each.fingerprint for each in asked.findings if each != finding
        }, finding


@pytest.mark.parametrize(
    "code", sorted(code for code in PAGES.keys() - EXAMPLES.keys() if fm.FINDINGS[code].acceptable)
)
def test_an_answer_settles_the_finding_of_a_page_alone(code: str) -> None:
    files, options = example_of(code)
    if files:
        check({**files}, code, {name: getattr(options, name) for name in options.model_fields_set})


NEIGHBOURS = {
    "a/other.yaml": release("other", "shop", GIT),
    "b/web.yaml": release("web", "tools", SSH, version=""),
    "z/last.yaml": release("last", "zoo", more="  forceUpgrade: true\n  other: 1\n  more: 2\n", version=""),
}


@pytest.mark.parametrize("code", sorted(EXAMPLES))
def test_an_answer_settles_its_finding_alone(code: str) -> None:
    text, options = EXAMPLES[code]
    check({"m/web.yaml": text}, code, options)


@pytest.mark.parametrize("code", sorted(EXAMPLES))
def test_an_answer_settles_its_finding_alone_among_others(code: str) -> None:
    text, options = EXAMPLES[code]
    check({**NEIGHBOURS, "m/web.yaml": text}, code, options)
    check({**NEIGHBOURS, "m/web.yaml": text, "n/again.yaml": text.replace("shop", "shop-eu")}, code, options)


@settings(max_examples=EXAMPLES_OF_COMPANY)
@given(
    texts=st.lists(st.sampled_from(sorted(EXAMPLES)), min_size=2, max_size=5, unique=True),
    names=st.permutations(["web", "db", "api", "job", "ui"]),
    namespaces=st.lists(st.sampled_from(["shop", "tools"]), min_size=5, max_size=5),
    folders=st.lists(st.sampled_from(["a", "a/b", "c"]), min_size=5, max_size=5),
)
def test_an_answer_settles_its_finding_alone_in_any_company(
    texts: list[str], names: list[str], namespaces: list[str], folders: list[str]
) -> None:
    files: dict[str, str | bytes] = {}
    for code, name, namespace, folder in zip(texts, names, namespaces, folders, strict=False):
        text = EXAMPLES[code][0].replace("name: web\n", f"name: {name}\n", 1)
        text = text.replace("namespace: shop\n", f"namespace: {namespace}\n")
        files[f"{folder}/{name}.yaml"] = text
    asked = fm.migrate_repository(files)
    for code in sorted({finding.code for finding in asked.findings}):
        check(files, code, {}, asked=asked)


def test_an_answer_names_no_more_than_it_must() -> None:
    def answers(files: dict[str, str | bytes], code: str, **options: Any) -> list[dict[str, Any]]:
        found = fm.migrate_repository(files, fm.MigrationOptions(**options)).findings
        asked = [finding.answer for finding in found if finding.code == code]
        return [answer.model_dump(exclude_unset=True) for answer in asked if answer is not None]

    forced = release(more="  forceUpgrade: true\n")
    again = forced.replace("name: web\n", "name: again\n", 1)
    files: dict[str, str | bytes] = {"a/x.yaml": forced, "a/y.yaml": again}
    assert answers(files, "HR074") == [{"namespace": "shop", "accept": ("HR074",)}]
    files["a/y.yaml"] = again.replace("shop", "tools")
    assert answers(files, "HR074") == [{"accept": ("HR074",)}]
    tag = release(chart=GIT.replace("main", "v1"))
    files = {"a[1]/x.yaml": tag, "a[1]/y.yaml": tag.replace("web", "db"), "b/z.yaml": release("other")}
    assert answers(files, "HR052", sync_roots=("",)) == [
        {"namespace": "shop", "path": "a[[]1]/*", "ref_kind": "branch"}
    ]
    (answer,) = answers({"x.yaml": tag, "y.yaml": tag.replace("web", "db"), "z.yaml": forced}, "HR052")
    assert str(answer["accept"]).startswith("('HR052:")
    clusters = (fm.Cluster(name="eu", sync_paths=("eu",)), fm.Cluster(name="us", sync_paths=("us",)))
    long = release("a" * 60)
    assert answers({"eu/x.yaml": long, "us/x.yaml": long}, "HR014", clusters=clusters) == [
        {"namespace": "shop", "name": "a" * 60, "path": "eu/x.yaml", "release_name": ""},
        {"namespace": "shop", "name": "a" * 60, "path": "us/x.yaml", "release_name": ""},
    ]


def test_no_answer_hides_a_release_that_stays() -> None:
    stopped = release("a" * 60)
    files: dict[str, str | bytes] = {"a.yaml": f"{stopped}---\n{stopped}"}
    asked = [finding for finding in fm.migrate_repository(files).findings if finding.code == "HR014"]
    assert [finding.answer for finding in asked] == [None, None]
    exact = tuple(f"HR014:{finding.fingerprint}" for finding in asked)
    hidden = fm.migrate_repository(files, fm.MigrationOptions(overrides=(fm.Override(accept=exact),)))
    assert not hidden.ok


def test_a_finding_of_several_clusters_names_none() -> None:
    clusters = (fm.Cluster(name="eu", sync_paths=("eu",)), fm.Cluster(name="us", sync_paths=("us",)))
    forced = release(more="  forceUpgrade: true\n")
    options = fm.MigrationOptions(clusters=clusters)
    both = fm.migrate_repository({"eu/a.yaml": forced, "us/a.yaml": forced}, options).findings
    assert {finding.cluster for finding in both if finding.code == "HR074"} == {""}
    one = fm.migrate_repository({"eu/a.yaml": forced, "us/a.yaml": release()}, options).findings
    assert {finding.cluster for finding in one if finding.code == "HR074"} == {"eu"}


def test_a_value_that_nobody_filled_in_decides_nothing() -> None:
    files: dict[str, str | bytes] = {"a.yaml": release("a" * 60)}
    asked = fm.migrate_repository(files)
    (answer,) = (finding.answer for finding in asked.findings if finding.code == "HR014")
    assert answer is not None
    again = fm.migrate_repository(files, fm.MigrationOptions(overrides=(answer,)))
    assert again.findings == asked.findings


def test_a_single_release_is_answered_in_the_same_way() -> None:
    text = release("a" * 60, version="")
    asked = fm.convert_helm_release(text)
    assert [finding.code for finding in asked.findings] == ["HR014", "HR032"]
    overrides = tuple(
        finding.answer.model_copy(update=FILLED.get(finding.code, {}))
        for finding in asked.findings
        if finding.answer is not None
    )
    settled = fm.convert_helm_release(text, fm.MigrationOptions(overrides=overrides))
    assert settled.findings == ()
    assert settled.release is not None


def test_what_is_said_of_a_container_is_not_said_of_its_release() -> None:
    subject = Subject("eu, us", "HelmRelease", "shop", "web", "web.yaml")
    of_image = fm.Override(container="app", policy={"semver": {"range": "*"}}, leave=True)
    unfilled = fm.Override(policy={}, release_name="")
    everywhere = fm.Override(cluster="eu, us", accept=("HR032",))
    elsewhere = fm.Override(cluster="eu", accept=("HR074",))
    said = (of_image, unfilled, everywhere, elsewhere)
    assert override_for(subject, said) == (fm.Override(accept=("HR032",)), frozenset({1, 2}))
    decided, matched = override_for(subject, said, "app")
    assert (decided.policy, decided.leave, matched) == (of_image.policy, True, frozenset({0, 1, 2}))
    assert override_for(subject, said, "db")[1] == frozenset({1, 2})


def test_each_cluster_is_asked_once_what_its_operator_took() -> None:
    clusters = tuple(fm.Cluster(name=name, sync_paths=(name,)) for name in ("eu", "us"))
    files = {f"{folder}/{name}.yaml": release(name, version="") for folder in ("eu", "us") for name in "abc"}
    options = fm.MigrationOptions(clusters=clusters)
    asked = fm.migrate_repository(files, options)
    found = [finding for finding in asked.findings if finding.code == "HR032"]
    assert [(each.path, each.related, each.severity) for each in found] == [
        (f"{name}/a.yaml", (f"{name}/b.yaml:6", f"{name}/c.yaml:6"), "error") for name in ("eu", "us")
    ]
    answers = [{"cluster": name, "helm_versions": ["v3"]} for name in ("eu", "us")]
    assert asked.answers() == answers
    # They are migrated all the same: an operator of Helm 3 is what most people have.
    assert set(asked.changed) == set(files)
    given = {**options.model_dump(exclude_defaults=True), "overrides": answers}
    settled = fm.MigrationOptions.model_validate(given)
    migration = fm.migrate_repository(files, settled)
    assert migration.ok
    assert fm.verify_migration(files, migration.files, settled, declared=migration.declared).ok
    told = fm.Override(cluster="us", helm_versions=("v2", "v3"))
    other = fm.migrate_repository(files, options.model_copy(update={"overrides": (told,)}))
    (held,) = (finding for finding in other.findings if finding.code == "HR030")
    assert (held.path, held.related) == ("us/a.yaml", ("us/b.yaml:6", "us/c.yaml:6"))
    assert set(other.changed) == {"eu/a.yaml", "eu/b.yaml", "eu/c.yaml"}


def test_an_accepted_code_that_is_none_is_an_error() -> None:
    override = fm.Override(accept=("HR999", "HR118"))
    migration = fm.migrate_repository(
        {"a.yaml": release("web", "shop")}, fm.MigrationOptions(overrides=(override,))
    )
    (told,) = (each for each in migration.findings if each.code == "RP010")
    assert "'HR999'" in told.message
    assert "HR118" not in {each.code for each in migration.findings}


def test_an_answer_for_another_object_is_told_apart_by_its_name() -> None:
    """There may be hundreds of each, and every one is held against every other."""
    web = Subject("eu, us", "HelmRelease", "shop", "web", "a.yaml")
    about: dict[str, Any] = {"cluster": "eu, us", "kind": "HelmRelease", "namespace": "shop"}
    assert web.matches(fm.Override(**about, name="web"))
    other = fm.Override(**about, name="api")
    assert not web.matches(other)
    assert calls_of(lambda: web.matches(other)) < 15
