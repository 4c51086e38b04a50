"""What helm-controller's own code did with releases that the helm-operator left behind, measured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import fluxv2_migrate as fm
from fluxv2_migrate.meaning import (
    OUTCOMES,
    ReleaseMeaning,
    compare_meanings,
    meaning_of_v1_release,
    meaning_of_v2_release,
    outcome_in_the_cluster,
)
from measured import OWN, cases
from reference_trees import LOADER

# What the recording of the Helm actions does not show.
NOT_MEASURED = ("wait_engine", "chart.", "upgrade.rolls_back_adoption")
NOT_HEALED = ("uninstalled", "uninstalling", "unknown")
BROKEN_CHARTS = ("reject", "dupobj", "dupkey", "hookdup", "schema")


@pytest.fixture(params=["selection", "all"])
def vectors(request: pytest.FixtureRequest) -> Path:
    return OWN if request.param == "selection" else request.getfixturevalue("shared") / "vectors"


def migrated(vectors: Path, name: str) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for case in cases(vectors, name):
        if case["input"]["v2"]:
            yield case.get("id", str(case)), case["input"], case["expected"]


def meanings(given: dict[str, Any], v2: str = "") -> tuple[ReleaseMeaning, ReleaseMeaning]:
    before, after = yaml.load(given["v1"], LOADER), yaml.load(v2 or given["v2"], LOADER)
    return meaning_of_v1_release(before), meaning_of_v2_release(after, {}, flux_version=given["flux"])


def written_now(given: dict[str, Any]) -> str:
    options = fm.MigrationOptions.model_validate({**given["options"], "flux_version": given["flux"]})
    release = fm.convert_helm_release(given["v1"], options).release
    assert release is not None
    return str(yaml.safe_dump(release.to_manifest()))


def names(before: ReleaseMeaning, after: ReleaseMeaning) -> tuple[str | None, ...]:
    where = (after.release_name, after.target_namespace, after.storage_namespace)
    return (before.release_name, before.target_namespace, *where)


def test_names_and_namespaces_are_those_that_both_controllers_use(vectors: Path) -> None:
    for name, given, expected in migrated(vectors, "adoption"):
        wanted = tuple(
            expected[key] for key in ("v1_name", "v1_namespace", "v2_name", "v2_namespace", "v2_storage")
        )
        assert names(*meanings(given)) == wanted, name
        if not given["edited"]:
            assert names(*meanings(given, written_now(given))) == wanted, name


def test_a_release_is_adopted_where_its_record_is_found(vectors: Path) -> None:
    for name, given, expected in migrated(vectors, "adoption"):
        before, after = meanings(given)
        outcome = outcome_in_the_cluster(before, after)
        kept = [
            each
            for each in given["records_before"]
            if (each["name"], each["namespace"]) == (after.release_name, after.storage_namespace)
        ]
        if after.suspended:
            assert expected["state"] == "(suspended)", name
            continue
        status = kept[-1]["status"] if kept else ""
        lost = not kept or status == "uninstalled"
        locked = status.startswith("pending")
        assert expected["state"] == ("Absent" if lost else "Locked" if locked else "Unmanaged"), name
        if outcome != "adopted":
            assert given["edited"], name
        elif given["records_before"]:
            assert kept, name


def test_what_an_outcome_does_is_what_was_seen(vectors: Path) -> None:
    for name, given, expected in migrated(vectors, "adoption"):
        outcome = outcome_in_the_cluster(*meanings(given))
        copied, gone = bool(expected["objects_new"]), bool(expected["objects_gone"])
        first = next((each["result"] for each in expected["rounds"]), "")
        says = OUTCOMES[outcome]
        if outcome == "renamed":
            assert "second time beside what runs" in says
            assert "fails to install, or takes" in says
            assert copied == (given["chart"] == "fullname"), name
        elif outcome == "reinstalled":
            assert "second time in the other namespace" in says
            assert (copied, gone) == (True, False), name
        elif outcome == "taken-over":
            assert "takes the running objects over" in says
            assert not copied, name
            assert first != "ok" or len({each["namespace"] for each in expected["records_after"]}) == 2, name


def test_the_runbook_names_each_state_that_is_not_healed(vectors: Path) -> None:
    failing = set()
    for name, given, expected in migrated(vectors, "adoption"):
        outcome = outcome_in_the_cluster(*meanings(given))
        result = next((each["result"] for each in expected["rounds"]), "ok")
        if outcome == "adopted" and given["chart_after"] not in BROKEN_CHARTS and given["records_before"]:
            status = given["records_before"][-1]["status"]
            assert (result == "ok") == (status not in NOT_HEALED), name
            failing |= {status} if result != "ok" else set()
    assert {"uninstalled", "uninstalling"} <= failing <= set(NOT_HEALED)
    release = next(given["v1"] for _, given, _ in migrated(vectors, "adoption"))
    runbook = fm.migrate_repository({"web.yaml": release}).runbook()
    (step,) = (each for each in runbook.steps if "cannot heal" in each.title)
    for state in NOT_HEALED:
        assert f"`{state}`" in step.why
        assert any(state in line for line in step.commands)


def test_every_effective_value_that_differs_is_told_and_no_other(vectors: Path) -> None:
    for name, given, expected in migrated(vectors, "effective"):
        for v2 in (given["v2"], written_now(given)):
            told = {difference.field for difference in compare_meanings(*meanings(given, v2))}
            measured = {field for field in told if not field.startswith(NOT_MEASURED)}
            assert measured == set(expected["differs"]), name
