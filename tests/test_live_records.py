"""Releases of a repository held against what their cluster says of them."""

from __future__ import annotations

from typing import Any

import pytest

import fluxv2_migrate as fm
from fluxv2_migrate.settings.inventory import LiveFlux1Release


def release(name: str, more: str = "", chart: str = "web") -> str:
    return (
        f"apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nmetadata: {{name: {name}, namespace: shop}}\n"
        f"spec:\n  helmVersion: v3\n{more}"
        f"  chart: {{repository: https://charts.example.com, name: {chart}, version: 1.2.3}}\n"
    )


def record(
    name: str, namespace: str = "shop", chart: str = "web-1.2.3", status: str = "deployed"
) -> fm.HelmRecord:
    return fm.HelmRecord(name=name, namespace=namespace, revision=3, status=status, chart=chart)


def live(**known: str) -> fm.Inventory:
    named = {"api_version": "helm.fluxcd.io/v1", "namespace": "shop", "name": "web", **known}
    return fm.Inventory(flux1_releases=(LiveFlux1Release.model_validate(named),))


def migrate(files: dict[str, str], inventory: fm.Inventory | None, *overrides: fm.Override) -> fm.Migration:
    return fm.migrate_repository(files, fm.MigrationOptions(inventory=inventory, overrides=overrides))


def told(migration: fm.Migration) -> dict[str, str]:
    return {each.code: each.message for each in migration.findings if each.code.startswith("IN")}


def test_what_the_cluster_confirms_is_not_spoken_of() -> None:
    files = {"a.yaml": release("web"), "b.yaml": release("db", "  releaseName: db\n")}
    inventory = fm.Inventory(
        records=(record("shop-web"), record("db")),
        flux1_releases=live(release_name="shop-web").flux1_releases,
        namespaces=("shop",),
    )
    migration = migrate(files, inventory)
    assert told(migration) == {}
    assert migration.files == migrate(files, None).files


@pytest.mark.parametrize(
    ("inventory", "code", "names", "answer"),
    [
        (fm.Inventory(records=(record("web"),)), "IN001", ["shop-web", "web"], {"release_name": "web"}),
        (
            fm.Inventory(records=(record("web"), record("old"))),
            "IN001",
            ["shop-web", "web", "old"],
            {"release_name": ""},
        ),
        (live(release_name="live-web"), "IN001", ["live-web", "shop-web"], {"release_name": "live-web"}),
        (
            fm.Inventory(records=(record("shop-web", "live"),)),
            "IN002",
            ["live/shop-web", "shop/shop-web"],
            {"storage_namespace": "live"},
        ),
        (live(target_namespace="live"), "IN002", ["live", "shop"], {"storage_namespace": "live"}),
    ],
)
def test_a_contradiction_names_both_sides_and_holds_the_release(
    inventory: fm.Inventory, code: str, names: list[str], answer: dict[str, Any]
) -> None:
    files = {"web.yaml": release("web")}
    migration = migrate(files, inventory)
    assert all(name in told(migration)[code] for name in names)
    assert dict(migration.files) == files
    assert not migration.ok
    offered = next(each.answer for each in migration.findings if each.code == code)
    assert offered is not None
    assert answer.items() <= offered.model_dump().items()


def test_an_answer_brings_the_name_of_the_cluster() -> None:
    inventory = fm.Inventory(records=(record("web"),))
    asked = migrate({"web.yaml": release("web")}, inventory)
    answer = next(each.answer for each in asked.findings if each.code == "IN001")
    assert answer is not None
    answered = migrate({"web.yaml": release("web")}, inventory, answer)
    assert answered.ok
    assert "releaseName: web\n" in answered.changed["web.yaml"]


def test_a_record_that_another_release_stands_for_is_no_candidate() -> None:
    files = {"a.yaml": release("web"), "b.yaml": release("db", "  releaseName: db\n")}
    assert list(told(migrate(files, fm.Inventory(records=(record("db"),))))) == ["IN004"]


def test_a_record_that_looks_like_another_release_is_no_candidate() -> None:
    files = {"a.yaml": release("web"), "b.yaml": release("db")}
    assert sorted(told(migrate(files, fm.Inventory(records=(record("web"),))))) == ["IN001", "IN004"]


def test_a_chart_whose_name_begins_alike_is_another_chart() -> None:
    inventory = fm.Inventory(records=(record("other", chart="web-server-1.2.3"),))
    assert list(told(migrate({"web.yaml": release("web")}, inventory))) == ["IN004"]


@pytest.mark.parametrize("status", ["uninstalled", "uninstalling", "unknown", ""])
def test_states_that_flux_2_cannot_heal_are_errors(status: str) -> None:
    migration = migrate(
        {"web.yaml": release("web")}, fm.Inventory(records=(record("shop-web", status=status),))
    )
    assert list(told(migration)) == ["IN005"]
    assert not migration.ok


@pytest.mark.parametrize("status", ["failed", "superseded", "pending-install", "pending-rollback"])
def test_states_that_flux_2_goes_on_from_are_told(status: str) -> None:
    migration = migrate(
        {"web.yaml": release("web")}, fm.Inventory(records=(record("shop-web", status=status),))
    )
    assert list(told(migration)) == ["IN006"]
    assert migration.ok


def test_a_chart_that_is_another_one_is_told() -> None:
    running = fm.Inventory(records=(record("shop-web", chart="nginx-1.0.0"),))
    assert "asks for web" in told(migrate({"web.yaml": release("web")}, running))["IN007"]
    git = release("web").replace(
        "repository: https://charts.example.com, name: web, version: 1.2.3",
        "git: https://git.example.com/a, ref: main, path: web",
    )
    assert told(migrate({"web.yaml": git}, running)) == {}


def test_each_cluster_is_held_against_its_own_inventory() -> None:
    files = {
        f"{name}/{kind}": text for name in ("eu", "us") for kind, text in (("web.yaml", release("web")),)
    }
    clusters = (
        fm.Cluster(name="eu", sync_paths=("eu",), inventory=fm.Inventory(records=(record("shop-web"),))),
        fm.Cluster(name="us", sync_paths=("us",), inventory=fm.Inventory(records=(record("web"),))),
        fm.Cluster(name="as", sync_paths=("as",)),
    )
    migration = fm.migrate_repository(files, fm.MigrationOptions(clusters=clusters))
    found = [each for each in migration.findings if each.code == "IN001"]
    assert [(each.path, each.cluster) for each in found] == [("us/web.yaml", "us")]
    assert set(migration.changed) == {"eu/web.yaml"}
