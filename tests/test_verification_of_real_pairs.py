"""Releases that people migrated by hand, as verification sees them: what they lost on the way."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import fluxv2_migrate as fm
from fluxv2_migrate.frozen import thawed
from fluxv2_migrate.meaning.comparison import ABSENT
from hand_made_pairs import read_pairs

# Their clusters ran a Flux before 2.0, whose defaults 2.0 still had.
OPTIONS = fm.MigrationOptions(flux_version="2.0")
# Values are edited and charts are bumped in the same commit as often as not.
EDITED = {"chart.version", "values"}


@pytest.fixture(scope="module")
def verified(shared: Path) -> list[fm.ReleaseVerification]:
    """What verification says of each pair, each taken for a repository of its own."""
    found: list[fm.ReleaseVerification] = []
    pairs = 0
    for index in sorted((shared / "corpus").glob("*/pairs/index.json")):
        for pair in json.loads(index.read_text("utf-8")):
            old, new = ((index.parent / f"{pair['base']}.{side}.yaml").read_bytes() for side in ("v1", "v2"))
            report = fm.verify_migration({pair["v1"]["path"]: old}, {pair["v2"]["path"]: new}, OPTIONS)
            found += report.releases
            pairs += 1
    assert pairs == 217
    return found


def test_no_pair_is_passed_over(verified: list[fm.ReleaseVerification]) -> None:
    assert Counter(each.status for each in verified) == {
        "different": 204,
        # Eight were moved to another namespace, where they are installed anew.
        "missing": 8,
        "extra": 8,
        # Four name no whole chart in v1 form; one file says a key twice.
        "unknown": 5,
    }


def test_what_becomes_of_the_running_releases(verified: list[fm.ReleaseVerification]) -> None:
    assert Counter(each.outcome for each in verified if each.outcome) == {
        "adopted": 193,
        # The name that the helm-operator had generated, or that stood there, was lost.
        "renamed": 4,
        # Five were of Helm 2, one moved to another namespace in its file.
        "reinstalled": 6,
    }


def test_what_people_lost(verified: list[fm.ReleaseVerification]) -> None:
    fields = Counter(
        field for each in verified for field in {difference.field for difference in each.differences}
    )
    assert {field: count for field, count in fields.items() if field not in EDITED} == {
        # One had an annotation that fluxd ignored it, and of six a kustomization gives the namespace.
        "managed": 1,
        "namespace": 6,
        # Nobody wrote down what Flux v1 did by default.
        "install.remediation.action": 203,
        "uninstall.wait": 203,
        "install.wait": 156,
        "upgrade.wait": 156,
        "install.wait_for_jobs": 43,
        "upgrade.wait_for_jobs": 43,
        # Every release that was rolled back is so no more.
        "upgrade.remediation.action": 43,
        # Charts from git are upgraded only when their version changes.
        "chart.new_chart_on": 88,
        # Another folder, another repository, or the chart of another release.
        "chart.chart": 29,
        "chart.kind": 6,
        # Secrets with values that were dropped or that the API does not see.
        "values_from": 19,
        # Fields of Flux v1 left in a manifest of Flux v2.
        "refused": 15,
        "helm_version": 5,
        "release_name": 4,
        # One moved to another namespace.
        "target_namespace": 1,
        "storage_namespace": 1,
        # Annotations that are no part of either Flux.
        "metadata": 2,
    }
    assert {field: fields[field] for field in EDITED} == {"chart.version": 25, "values": 123}


def leaves(before: Any, after: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Gives where two values differ, by another reader of YAML than the library's."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in {**before, **after}:
            if key in before and key in after:
                yield from leaves(before[key], after[key], (*path, str(key)))
            else:
                yield (*path, str(key)), before.get(key, ABSENT), after.get(key, ABSENT)
    elif before != after or isinstance(before, bool) is not isinstance(after, bool):
        yield path, before, after


def test_every_value_that_is_told_differs_as_another_reader_reads_it(shared: Path) -> None:
    told = seen = 0
    others = []
    for pair in read_pairs(shared):
        report = fm.verify_migration({pair.old_path: pair.old}, {pair.new_path: pair.new}, OPTIONS)
        found = {
            each.path: (thawed(each.before), thawed(each.after))
            for entry in report.releases
            for each in entry.differences
            if each.field == "values"
        }
        told += len(found)
        if found:
            old, new = (
                next(each for each in yaml.safe_load_all(text) if each and each["kind"] == "HelmRelease")
                for text in (pair.old, pair.new)
            )
            wanted = {
                path: (before, after)
                for path, before, after in leaves(
                    old["spec"].get("values", {}), new["spec"].get("values", {})
                )
            }
            same = {path for path in found.keys() & wanted.keys() if found[path] == wanted[path]}
            seen += len(same)
            others += [path[-1] for path in (found.keys() | wanted.keys()) - same]
    # A `yes` and dates without quotes, which kustomize reads as texts, and this reader does not.
    assert (told, seen, sorted(others)) == (818, 814, ["configs", "configs", *["extraScrapeConfigs"] * 2])


def test_which_leftovers_nobody_accepts(verified: list[fm.ReleaseVerification]) -> None:
    refused = Counter(
        field
        for each in verified
        for difference in each.differences
        if difference.field == "refused"
        for field in difference.after
    )
    assert refused == {
        "chart.name": 5,
        "chart.repository": 5,
        "chart.version": 5,
        "chart.git": 2,
        "chart.path": 2,
        "chart.ref": 2,
        "filterTags": 1,
        "forceUpgrade": 1,
        "interval": 2,
        "spec.timeout: Input should be a valid string": 1,
        "valueFileSecrets": 1,
        "valuesFrom[].kind": 3,
        "valuesFrom[].name": 3,
        "valuesFrom[].secretKeyRef": 3,
    }
