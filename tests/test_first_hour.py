"""What the first reconciliation does, as helm-controller's own code decided it, and what is shown of it."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

import fluxv2_migrate as fm
from fluxv2_migrate import LiveFlux1Release
from fluxv2_migrate.cutover.expected_release import ExpectedRelease
from fluxv2_migrate.cutover.first_hour import foresee_first_hour, foresee_release
from fluxv2_migrate.flux2 import FLUX_VERSIONS
from reference_data import SHARED

OWN = Path(__file__).parent / "vectors" / "first_reconciliation.jsonl"
REFERENCE = SHARED / "vectors" / "adoption.jsonl"


def measured() -> list[dict[str, Any]]:
    return [json.loads(line) for line in OWN.read_text("utf-8").splitlines()]


def measured_elsewhere() -> list[dict[str, Any]]:
    if not REFERENCE.exists():
        return []
    found = []
    for line in REFERENCE.read_text("utf-8").splitlines():
        case = json.loads(line)
        given, expected = case["input"], case["expected"]
        if given["v2"]:
            rounds = expected["rounds"] or [{"actions": [], "result": ""}]
            afterwards = [
                each["version"]
                for each in expected["records_after"]
                if (each["name"], each["namespace"]) == (expected["v2_name"], expected["v2_storage"])
            ]
            answer = {
                "name": expected["v2_name"],
                "namespace": expected["v2_namespace"],
                "storage": expected["v2_storage"],
                "state": expected["state"],
                "actions": rounds[0]["actions"],
                "result": rounds[0]["result"],
                "revision": max(afterwards, default=0),
            }
            records = {"flux": given["flux"], "v2": given["v2"], "records": given["records_before"]}
            found.append({"id": case["id"], "input": records, "expected": answer})
    return found


def action_of(expected: dict[str, Any]) -> str:
    if expected["state"] == "(suspended)":
        return "nothing"
    refused = "has no deployed releases" in expected["result"] or "name that is still" in expected["result"]
    if refused:
        return "fail"
    return "upgrade" if "upgrade" in expected["actions"] else "install"


@pytest.mark.parametrize(
    "case", [*measured(), *measured_elsewhere()], ids=lambda case: f"{case['id']}-{case['input']['flux']}"
)
def test_the_first_reconciliation_is_the_one_that_was_measured(case: dict[str, Any]) -> None:
    given, expected = case["input"], case["expected"]
    release = ExpectedRelease.of_manifest(yaml.safe_load(given["v2"]), "", given["flux"])
    named = (release.release_name, release.target_namespace, release.storage_namespace)
    assert named == (expected["name"], expected["namespace"], expected["storage"])
    last = {
        (each["namespace"], each["name"]): each
        for each in sorted(given["records"], key=lambda each: int(each["version"]))
    }
    records = tuple(
        fm.HelmRecord(
            name=name,
            namespace=namespace,
            revision=each["version"],
            status=each["status"],
            chart="app-1.0.0",
        )
        for (namespace, name), each in last.items()
    )
    told = foresee_release(release, fm.Inventory(records=records), [release])
    assert told.action == action_of(expected)
    if told.action == "upgrade" and expected["result"] == "ok":
        assert told.revision == expected["revision"]
    if told.action == "install" and records:
        assert ("second copy" in told.why) or ("takes over" in told.why)


def expected(name: str, **fields: Any) -> ExpectedRelease:
    known: dict[str, Any] = {
        "cluster": "eu",
        "resource": f"HelmRelease shop/{name}",
        "release_name": name,
        "target_namespace": "shop",
        "storage_namespace": "shop",
        "chart": "web",
        "version": "1.2.3",
        "follows_commits": False,
        "suspended": False,
        "ignored": False,
        "uninstalls_failed_installs": False,
        "flux_version": FLUX_VERSIONS[-1],
    }
    return ExpectedRelease(**{**known, **fields})


def running(status: str = "deployed", chart: str = "web-1.2.3", name: str = "web") -> fm.Inventory:
    record = fm.HelmRecord(name=name, namespace="shop", revision=4, status=status, chart=chart)
    return fm.Inventory(records=(record,))


LIVE = fm.Inventory(
    flux1_releases=(
        LiveFlux1Release(api_version="helm.fluxcd.io/v1", namespace="shop", name="web", release_name="web"),
    )
)


@pytest.mark.parametrize(
    ("fields", "inventory", "action", "risk", "why"),
    [
        ({}, running(), "upgrade", "low", "is found"),
        ({}, None, "upgrade", "medium", "no inventory"),
        ({}, fm.Inventory(), "upgrade", "medium", "no inventory"),
        ({}, LIVE, "upgrade", "medium", "own HelmRelease has this name"),
        ({"release_name": "other"}, LIVE, "upgrade", "medium", "no inventory"),
        ({"suspended": True}, None, "nothing", "low", "suspended"),
        ({"ignored": True}, None, "nothing", "low", "does not apply"),
        ({}, running("pending-upgrade"), "upgrade", "medium", "unlocked first"),
        ({"flux_version": "2.1"}, running("pending-upgrade"), "stuck", "high", "roll back with Helm"),
        ({}, running("failed"), "upgrade", "medium", "refused to go on"),
        ({}, running("unknown"), "fail", "high", "no deployed releases"),
        ({"chart": "nginx"}, running(), "upgrade", "high", "the chart becomes nginx"),
        ({"version": "1.x"}, running(), "upgrade", "low", "is found"),
        (
            {"storage_namespace": "live", "target_namespace": "live"},
            running(),
            "install",
            "high",
            "second copy",
        ),
        ({"version": "2.0.0"}, running(), "upgrade", "medium", "from 1.2.3 to 2.0.0"),
        ({"follows_commits": True, "chart": "./web"}, running(), "upgrade", "medium", "gains the commit"),
        ({}, fm.Inventory(records=()), "install", "high", "installed anew"),
        ({"release_name": "x"}, running(), "install", "high", "a second copy"),
        ({"storage_namespace": "live"}, running(), "install", "high", "takes over"),
        (
            {"storage_namespace": "live", "uninstalls_failed_installs": True},
            running(),
            "install",
            "high",
            "is uninstalled with it",
        ),
    ],
)
def test_what_decides_is_said(
    fields: dict[str, Any], inventory: fm.Inventory | None, action: str, risk: str, why: str
) -> None:
    told = foresee_release(expected("web", **fields), inventory)
    assert (told.action, told.risk) == (action, risk)
    assert why in told.why
    assert bool(told.look_at) == (action != "nothing")


TEXT = """\
apiVersion: helm.fluxcd.io/v1
kind: HelmRelease
metadata: {name: NAME, namespace: shop}
spec:
  helmVersion: v3
  releaseName: NAME
  chart: {repository: https://charts.example.com, name: web, version: 1.2.3}
"""


def test_the_riskiest_comes_first_and_nothing_is_shown_raw() -> None:
    releases = (expected("web"), expected("d|b<b>", resource="HelmRelease shop/d|b<b>"))
    hour = fm.FirstHour(
        tuple(foresee_release(each, running(), releases) for each in reversed(releases)), ("us",)
    )
    table = hour.to_markdown()
    assert "No inventory says what runs in us" in table
    assert "d\\|b" in table
    picture = ElementTree.fromstring(hour.to_svg())
    assert picture.tag.endswith("svg")
    assert "<b>" not in hour._repr_html_()
    assert hour._repr_markdown_() == table


def test_a_migration_foresees_its_first_hour() -> None:
    files = {f"{name}.yaml": TEXT.replace("NAME", name) for name in ("web", "db", "mq")}
    text = json.dumps(
        [
            {"name": name, "namespace": "shop", "revision": "4", "status": status, "chart": "web-1.2.3"}
            for name, status in (("web", "deployed"), ("mq", "pending-upgrade"))
        ]
    )
    inventory = fm.Inventory.from_texts(helm_list=text)
    told = fm.migrate_repository(files, fm.MigrationOptions(inventory=inventory)).first_hour()
    assert [(each.resource, each.action, each.revision) for each in told.releases] == [
        ("HelmRelease shop/db", "install", 1),
        ("HelmRelease shop/mq", "upgrade", 5),
        ("HelmRelease shop/web", "upgrade", 5),
    ]
    unknown = fm.migrate_repository(files)
    assert unknown.first_hour().without_inventory
    assert "Not compared" in "\n".join(unknown.to_markdown().splitlines()[:8])


def test_a_contradiction_is_told_of_the_cluster_that_it_is_about() -> None:
    finding = fm.Finding("IN001", "another chart runs", cluster="us", resource="HelmRelease shop/web")
    told = foresee_first_hour((), {"eu": running(), "us": running()}, (finding,))
    assert [(each.cluster, each.action, each.risk) for each in told.releases] == [("us", "nothing", "high")]


def test_what_travels_is_small_and_says_the_same() -> None:
    files = {
        "web.yaml": TEXT.replace("NAME", "web"),
        "broken.yaml": TEXT + "  a: 1\n  a: 2\n",
        "notes.md": "text\n" * 50_000,
    }
    migration = fm.migrate_repository(files)
    slim = migration.slim()
    assert len(pickle.dumps(slim)) * 5 < len(pickle.dumps(migration))
    assert pickle.loads(pickle.dumps(slim)).diff() == migration.diff()
    assert (slim.findings, slim.ok, slim.to_markdown()) == (
        migration.findings,
        migration.ok,
        migration.to_markdown(),
    )
    # The page shows lines of a file that stays as it is.
    assert not slim.ok
    assert slim.to_html() == migration.to_html()
    assert sorted(slim.files) == ["broken.yaml", "sources/example.yaml", "web.yaml"]
