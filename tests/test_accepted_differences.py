"""What a person accepted, or was only told, is no difference to a verification of the same repositories."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import fluxv2_migrate as fm
from manifest_texts import workload_text
from test_syncs_of_others import OBJECT, OURS, Files, both, checked, flux_2, fluxd, release, source, sync

LISTED = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [settings.yaml]\n"
OTHER = OBJECT.replace("settings", "other")
IGNORING = source("flux-system", "https://git.example.com/acme/fleet").replace(
    "interval: 1m", "ignore: /prod/web.yaml, interval: 1m"
)
IGNORING_SHOP = IGNORING.replace("web.yaml", "shop.yaml")
SYNC = sync("flux-system", "./prod")
TWIN = (
    "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web, namespace: shop}\n"
    "spec:\n  interval: 5m\n  releaseName: web\n"
    "  chart: {spec: {chart: web, version: 1.2.3, sourceRef: {kind: HelmRepository, name: charts}}}\n"
)
CHARTS = (
    "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\n"
    "metadata: {name: charts, namespace: shop}\n"
    "spec: {interval: 1h, url: https://charts.example.com}\n"
)
PATCHED = (
    "prune: false, patches: [{patch: '{kind: ConfigMap, apiVersion: v1, "
    "metadata: {name: settings, namespace: shop}, data: {a: b}}'}]"
)

AUTOMATED = ("fluxcd.io/automated: 'true'", "fluxcd.io/tag.app: semver:~1.4")
SHOP = workload_text(*AUTOMATED, name="shop")
LISTING_SHOP = LISTED.replace("settings", "shop")
LOCAL = "config.kubernetes.io/local-config: 'true'"
SHAPING = (
    "images: [{name: ghcr.io/acme/web, newTag: 1.4.9}]\n",
    "commonLabels: {a: b}\n",
    "namePrefix: x-\n",
    "namespace: team\n",
)
"""What a kustomization may do to a workload."""
SHAPING_ALL = (
    "namePrefix: x-",
    "targetNamespace: team",
    "images: [{name: ghcr.io/acme/web, newTag: 1.4.9}]",
)
"""What a Kustomization of Flux v2 may do to all that it applies."""


def syncing_shop(shaping: str) -> Files:
    """A release and a workload of fluxd, and a Kustomization of Flux v2 that makes others of them."""
    text = sync("flux-system", "./prod").replace("prune: false", f"prune: false, {shaping}")
    return {
        "flux.yaml": fluxd("prod"),
        "clusters/sync.yaml": f"{source('flux-system', OURS)}---\n{text}",
        "prod/shop.yaml": SHOP,
        "prod/web.yaml": release(),
    }


def built_shop(shaping: str) -> Files:
    """The same of what the command of a `.flux.yaml` builds, and the Kustomization syncs that folder."""
    command = "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build ../overlay\n"
    text = sync("flux-system", "./overlay").replace("prune: false", f"prune: false, {shaping}")
    return {
        "flux.yaml": fluxd("prod", "--manifest-generation"),
        "clusters/sync.yaml": f"{source('flux-system', OURS)}---\n{text}",
        "prod/.flux.yaml": command,
        "overlay/kustomization.yaml": "resources: [shop.yaml, web.yaml]\n",
        "overlay/shop.yaml": SHOP,
        "overlay/web.yaml": release(),
    }


def of_fluxd(**files: str) -> Files:
    found: Files = {"prod/flux.yaml": fluxd("prod"), "prod/web.yaml": release()}
    return found | {f"prod/apps/{name}.yaml": text for name, text in files.items()}


@pytest.mark.parametrize(
    ("code", "files"),
    [
        ("RP015", of_fluxd(kustomization=LISTED, settings=OBJECT, other=OTHER)),
        ("RP015", of_fluxd(kustomization=LISTED, settings=OBJECT, db=release("db"))),
        ("RP022", of_fluxd(kustomization=LISTED + "namespace: team\n", settings=OBJECT)),
        ("RP022", of_fluxd(kustomization=LISTED + "commonLabels: {a: b}\n", settings=OBJECT)),
        ("RP053", {"prod/sync.yaml": f"{IGNORING}---\n{SYNC}", "prod/web.yaml": release()}),
        ("RP007", flux_2() | {"prod/web.yaml": release(), "prod/v2.yaml": TWIN, "prod/charts.yaml": CHARTS}),
        ("RP080", both("branch: main", "branch: flux-2")),
        ("RP080", both("prune: false", PATCHED)),
        ("RP015", of_fluxd(kustomization=LISTED, settings=OBJECT, shop=SHOP)),
        ("RP024", of_fluxd(shop=SHOP) | {".sourceignore": "/prod/apps/shop.yaml\n"}),
        ("RP024", of_fluxd(shop=SHOP.replace("annotations:\n", f"annotations:\n    {LOCAL}\n"))),
        ("RP024", {**syncing_shop("force: false"), "clusters/sync.yaml": f"{IGNORING_SHOP}---\n{SYNC}"}),
        *(("RP022", of_fluxd(kustomization=LISTING_SHOP + shaping, shop=SHOP)) for shaping in SHAPING),
        *(("RP080", syncing_shop(shaping)) for shaping in SHAPING_ALL),
        *(("RP080", built_shop(shaping)) for shaping in SHAPING_ALL),
        ("DA062", built_shop("suspend: true")),
    ],
)
def test_what_a_person_accepts_is_declared(code: str, files: Files) -> None:
    migration = checked(files)
    assert {each.code for each in migration.findings if each.severity == "error"} == {code}
    answers = [each.answer for each in migration.findings if each.severity == "error"]
    settled = checked(files, overrides=[each.model_dump(exclude_unset=True) for each in answers if each])
    assert settled.ok


@pytest.mark.parametrize("policy", ["automated", "locked", "ignore"])
@pytest.mark.parametrize("text", [SHOP, release("shop")])
def test_of_what_fluxd_took_at_random_nobody_knows_whether_it_is_the_same(policy: str, text: str) -> None:
    both_ways = f"annotations:\n    fluxcd.io/{policy}: 'true'\n    flux.weave.works/{policy}: 'false'\n"
    if "annotations:" not in text:
        text = text.replace("  namespace: shop\n", "  namespace: shop\n  annotations:\n")
    lines = text.replace(f"    fluxcd.io/{policy}: 'true'\n", "")
    files = of_fluxd(shop=lines.replace("annotations:\n", both_ways))
    migration = checked(files)
    assert [each.code for each in migration.findings if each.severity == "error"] == ["AN010"]
    assert checked(files, overrides=[{"name": "shop", "leave": True}]).ok


@pytest.mark.parametrize(
    "shaping", ["targetNamespace: shop", "postBuild: {substitute: {A: b}}", "wait: true"]
)
@pytest.mark.parametrize("shop", [syncing_shop, built_shop])
def test_what_changes_nothing_of_what_fluxd_applied_needs_no_answer(
    shop: Callable[[str], Files], shaping: str
) -> None:
    assert checked(shop(shaping)).ok


def test_nothing_else_is_declared_with_what_a_person_accepts() -> None:
    files = of_fluxd(kustomization=LISTED, settings=OBJECT, other=OTHER) | {
        "prod/more.yaml": OBJECT.replace("settings", "more")
    }
    options = fm.MigrationOptions(overrides=(fm.Override(accept=("RP015",)),))
    migration = fm.migrate_repository(files, options)
    for path in ("prod/more.yaml", "prod/apps/settings.yaml"):
        lost = {each: text for each, text in migration.files.items() if each != path}
        assert not fm.verify_migration(files, lost, options=options, declared=migration.declared).ok
    edited = {**migration.files, "prod/more.yaml": str(files["prod/more.yaml"]) + "data: {a: b}\n"}
    assert not fm.verify_migration(files, edited, options=options, declared=migration.declared).ok


@pytest.mark.parametrize("namespace", [", namespace: shop", ""])
def test_a_value_of_which_nobody_knows_what_it_is_is_told_and_declared(namespace: str) -> None:
    gateway = (
        f"apiVersion: example.com/v1\nkind: Gateway\nmetadata: {{name: edge{namespace}}}\n"
        "spec: {mirror: yes}\n"
    )
    migration = checked(of_fluxd(gateway=gateway))
    assert migration.ok
    assert "RP027" in {each.code for each in migration.findings}


def test_such_a_value_behind_a_document_that_cannot_be_read_is_told_as_well() -> None:
    twice = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\ndata: {a: b}\ndata: {}\n"
    gateway = (
        "apiVersion: example.com/v1\nkind: Gateway\nmetadata: {name: edge, namespace: shop}\n"
        "spec: {mirror: yes}\n"
    )
    migration = fm.migrate_repository(of_fluxd(gateway=f"{twice}---\n{gateway}"))
    assert "RP027" in {each.code for each in migration.findings}
    assert migration.files["prod/apps/gateway.yaml"] == f"{twice}---\n{gateway}"


def test_a_build_of_flux_yaml_that_fails_is_told_though_nothing_else_is_of_flux_1() -> None:
    command = "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build .\n"
    migration = checked({".flux.yaml": command, "kustomization.yaml": "resources: [apps, infra]\n"})
    assert [(each.code, each.path) for each in migration.findings] == [("RP019", "kustomization.yaml")]


def test_a_release_that_names_no_namespace_is_fine_on_neither_side() -> None:
    files: Files = {"prod/web.yaml": release().replace("  namespace: shop\n", "")}
    migration = checked(files)
    assert [each.code for each in migration.findings if each.severity == "error"] == ["HR015"]
    assert checked(files, default_namespace="shop").ok


def test_what_is_made_for_a_path_that_does_not_build_is_not_told_a_second_time() -> None:
    command = "version: 1\ncommandUpdated:\n  generators:\n  - command: kustomize build .\n"
    files: Files = {
        "flux.yaml": fluxd("prod", "--manifest-generation"),
        "prod/.flux.yaml": command,
        "prod/web.yaml": release(),
    }
    told = {each.code for each in checked(files).findings if each.severity == "error"}
    assert "RP019" in told
    assert "RP054" not in told
