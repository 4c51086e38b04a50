"""What people lost when they migrated by hand, what was taste, and that the library lost nothing of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import fluxv2_migrate as fm
from hand_made_pairs import Pair, SortedPair, read_pairs, sort_pair, table, verify_pair
from manifest_texts import CHART, release_text


@pytest.fixture(scope="module")
def pairs(shared: Path) -> list[SortedPair]:
    """Every pair, sorted."""
    return [sort_pair(pair) for pair in read_pairs(shared)]


def test_nobody_kept_what_the_library_loses(pairs: list[SortedPair]) -> None:
    assert [each for each in pairs if each.verdict == "wrong"] == []
    assert Counter(each.verdict for each in pairs) == {"lost": 212, "left": 5}


def test_the_library_stops_for_reasons_that_a_reader_accepts(pairs: list[SortedPair]) -> None:
    assert {each.pair.name: each.reasons for each in pairs if each.reasons} == {
        # Patches: their charts stand in what they patch.
        "enterprise-overlays/jenkins__jenkins__1": ("HR041",),
        "homelab-crlf/default__radarr__1": ("HR061",),
        "homelab-crlf/default__tautulli__1": ("HR061",),
        "homelab-crlf/network__step-certificates": ("HR061",),
        # One mapping says a key twice.
        "homelab/default__teslamate": ("RP003",),
    }


def test_what_people_lost_is_listed(pairs: list[SortedPair]) -> None:
    assert Counter(field for each in pairs for field in each.lost) == {
        "install.wait": 163,
        "upgrade.wait": 163,
        "install.wait_for_jobs": 44,
        "upgrade.wait_for_jobs": 44,
        "upgrade.remediation.action": 44,
        "chart.new_chart_on": 91,
        "chart.chart": 30,
        "chart.kind": 7,
        "values_from": 20,
        "refused": 15,
        "storage_namespace": 9,
        "target_namespace": 9,
        "release_name": 4,
    }


def test_taste_is_a_closed_list(pairs: list[SortedPair]) -> None:
    kinds = Counter(
        field.why.partition(":")[0] for each in pairs for field in each.fields if field.kind == "taste"
    )
    assert set(kinds) <= {
        "a default that is written down",
        "a version bump",
        "an edit of values",
        "files",
        "intervals",
        "names of sources, or files",
        "the same duration",
        "what fluxd alone read",
    }


def test_verification_finds_everything_that_people_lost(pairs: list[SortedPair]) -> None:
    outcomes: Counter[str] = Counter()
    for each in pairs:
        report = verify_pair(each.pair)
        assert not report.ok
        (entry, *others) = sorted(report.releases, key=lambda found: found.status == "extra")
        assert all(other.status == "extra" for other in others)
        if entry.status == "missing":
            # The running release has no successor, and the new one no predecessor.
            assert "target_namespace" in each.lost
            assert len(others) == 1
        elif each.lost:
            assert entry.status == "different"
            assert set(each.lost) <= {difference.field for difference in entry.differences}, each.pair.name
        outcomes[entry.outcome or entry.status] += 1
    assert outcomes == {
        "adopted": 198,
        "renamed": 4,
        "missing": 8,
        "reinstalled": 1,
        "unknown": 5,
        "different": 1,
    }


OLD = release_text(CHART)


def invented(old: str, new: str) -> SortedPair:
    return sort_pair(Pair("invented", "web.yaml", "web.yaml", old.encode(), new.encode()))


def test_a_human_who_keeps_everything_loses_nothing() -> None:
    ours = fm.migrate_text(OLD, path="web.yaml", options=fm.MigrationOptions(flux_version="2.9"))
    kept = ours.changed["web.yaml"]
    # The first Flux with this version of the API has fewer fields than the newest.
    kept = kept.replace("    disableTakeOwnership: true\n", "")
    assert invented(OLD, kept).verdict == "same"
    assert invented(OLD, kept.replace("interval: 5m", "interval: 9m")).verdict == "taste"
    assert invented(OLD, kept.replace("version: 1.2.3", "version: 1.2.4")).verdict == "taste"
    assert invented(OLD, kept.replace("releaseName: shop-web", "releaseName: web")).lost == ("release_name",)
    assert invented(OLD, f"{kept}  dependsOn:\n  - name: other\n").lost == ("dependencies",)


def test_a_field_that_nobody_thought_of_is_wrong() -> None:
    kept = fm.migrate_text(OLD, path="web.yaml", options=fm.MigrationOptions(flux_version="2.3")).changed
    labels = kept["web.yaml"].replace("  name: web\n", "  name: web\n  labels: {app: web}\n", 1)
    assert invented(OLD, labels).verdict == "wrong"


def test_the_table_is_readable(pairs: list[SortedPair]) -> None:
    lines = table(pairs, everything=True).splitlines()
    assert lines[0] == "pairs: {'lost': 212, 'left': 5}"
    named = [line for line in lines if line.startswith("lost     release_name")]
    start = lines.index(named[0])
    assert [line.strip() for line in lines[start + 1 : start + 5]] == [
        "enterprise-overlays/neuvector__neuvector__1",
        "enterprise-overlays/neuvector__neuvector__2",
        "enterprise-overlays/admin__traefik-auth-proxy",
        "enterprise-overlays/admin__traefik-no-proxy",
    ]
