"""A cluster afterwards: each release one revision on, none doubled, none left in Flux v1."""

from __future__ import annotations

import json
from typing import Any

import pytest

import fluxv2_migrate as fm

TEXT = """\
apiVersion: helm.fluxcd.io/v1
kind: HelmRelease
metadata: {name: web, namespace: shop}
spec:
  helmVersion: v3
  chart: {repository: https://charts.example.com, name: web, version: 1.2.3}
"""


def listed(name: str, revision: int, status: str = "deployed", chart: str = "web-1.2.3") -> dict[str, Any]:
    return {
        "name": name,
        "namespace": "shop",
        "revision": str(revision),
        "status": status,
        "chart": chart,
    }


def inventory(*releases: dict[str, Any], **texts: Any) -> fm.Inventory:
    return fm.Inventory.from_texts(helm_list=json.dumps(releases), **texts)


BEFORE = inventory(listed("shop-web", 4))
MIGRATION = fm.migrate_repository({"web.yaml": TEXT}, fm.MigrationOptions(inventory=BEFORE))


@pytest.mark.parametrize(
    ("releases", "statuses"),
    [
        ([listed("shop-web", 5)], ["as-expected"]),
        ([listed("shop-web", 7)], ["as-expected"]),
        ([listed("shop-web", 4)], ["not-yet"]),
        ([listed("shop-web", 5, "failed")], ["failed"]),
        ([], ["missing"]),
        ([listed("shop-web", 5), listed("web", 1)], ["doubled", "as-expected"]),
        ([listed("shop-web", 5), listed("other", 1, chart="nginx-1.0.0")], ["as-expected"]),
        ([listed("shop-web", 5, "pending-upgrade")], ["not-yet"]),
        ([listed("shop-web", 5, chart="web-1.2.2")], ["not-yet"]),
        ([listed("shop-web", 5), listed("web", 1, chart="")], ["doubled", "as-expected"]),
        ([listed("shop-web", 5), listed("web", 1, "uninstalled")], ["as-expected"]),
        ([listed("shop-web", 5), {**listed("web", 1), "namespace": "office"}], ["as-expected"]),
    ],
)
def test_each_release_is_compared(releases: list[dict[str, Any]], statuses: list[str]) -> None:
    report = fm.verify_cluster(MIGRATION, inventory(*releases))
    assert [each.status for each in report.releases] == statuses
    assert report.ok == (set(statuses) == {"as-expected"})
    assert all(bool(each.what_to_do) != (each.status == "as-expected") for each in report.releases)
    assert ("**" in report.to_markdown()) != report.ok
    assert report._repr_markdown_() == report.to_markdown()


def test_what_was_there_before_is_no_double() -> None:
    before = inventory(listed("shop-web", 4), listed("blue", 9))
    migration = fm.migrate_repository({"web.yaml": TEXT}, fm.MigrationOptions(inventory=before))
    assert fm.verify_cluster(migration, inventory(listed("shop-web", 5), listed("blue", 9))).ok


def test_without_an_inventory_before_no_revision_is_compared() -> None:
    migration = fm.migrate_repository({"web.yaml": TEXT})
    assert fm.verify_cluster(migration, inventory(listed("shop-web", 4))).ok


def test_a_suspended_release_is_not_waited_for() -> None:
    options = fm.MigrationOptions(inventory=BEFORE, suspend_releases=True)
    assert fm.verify_cluster(fm.migrate_repository({"web.yaml": TEXT}, options), BEFORE).ok


def test_objects_that_are_left_and_objects_that_are_not_ready_are_told() -> None:
    old = {"apiVersion": "helm.fluxcd.io/v1", "metadata": {"name": "web", "namespace": "shop"}}
    tables = (
        "NAMESPACE  \tNAME           \tLATEST IMAGE\tREADY\tMESSAGE\n"
        "flux-system\timagepolicy/web\t            \tFalse\tno tag\n"
        "shop       \thelmrelease/web\t1.2.3       \tFalse\tstalled\n"
    )
    live = inventory(listed("shop-web", 5), helm_releases=json.dumps(old), flux=tables)
    report = fm.verify_cluster(MIGRATION, live)
    assert [each.status for each in report.releases] == ["left-in-v1", "unready", "unready", "as-expected"]
    assert "no image is updated" in report.releases[1].what_to_do


def test_an_inventory_that_cannot_be_compared_is_refused() -> None:
    with pytest.raises(fm.InvalidInventory, match="helm_list or release_secrets"):
        fm.verify_cluster(MIGRATION, fm.Inventory())
    files = {f"{name}/web.yaml": TEXT for name in ("eu", "us")}
    migration = fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("eu", "us")))
    with pytest.raises(fm.InvalidInventory, match="which cluster"):
        fm.verify_cluster(migration, inventory(listed("shop-web", 5)))
    assert fm.verify_cluster(migration, inventory(listed("shop-web", 5)), cluster="eu").ok
    with pytest.raises(fm.InvalidInventory, match="no release was migrated for a cluster 'asia'"):
        fm.verify_cluster(migration, inventory(listed("shop-web", 5)), cluster="asia")


@pytest.mark.parametrize(
    ("tables", "absent"),
    [
        ("NAMESPACE\tNAME\tREADY\nshop\thelmrelease/web\tTrue\n", []),
        ("NAMESPACE\tNAME\tREADY\nshop\thelmrelease/other\tTrue\n", ["helmrelease shop/web"]),
        ("NAMESPACE\tNAME\tREADY\nshop\thelmrepository/a\tTrue\n", ["helmrepository flux-system/example"]),
        # Without namespaces nobody can tell.
        ("NAME\tREADY\nhelmrelease/other\tTrue\n", []),
    ],
)
def test_objects_that_a_cluster_lists_none_of_are_not_applied_yet(tables: str, absent: list[str]) -> None:
    report = fm.verify_cluster(MIGRATION, inventory(listed("shop-web", 5), flux=tables))
    assert [each.resource for each in report.releases if each.status == "not-yet"] == absent


def test_what_is_still_at_work_is_not_ready() -> None:
    table = "NAMESPACE\tNAME\tREADY\tMESSAGE\nshop\thelmrelease/web\tUnknown\tReconciliation in progress\n"
    report = fm.verify_cluster(MIGRATION, inventory(listed("shop-web", 5), flux=table))
    assert [each.status for each in report.releases] == ["unready", "as-expected"]
