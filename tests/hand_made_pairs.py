"""Releases that people migrated by hand, against what the library makes of them: who lost what.

Run as a script it prints the table: `python tests/hand_made_pairs.py [--all]`.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import fluxv2_migrate as fm
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux2 import FLUX_VERSIONS, FluxVersion, preferred_api_version
from fluxv2_migrate.meaning import (
    Difference,
    ReleaseMeaning,
    compare_meanings,
    meaning_of_v1_release,
    meaning_of_v2_release,
)
from reference_trees import documents_of

__all__ = ["FieldVerdict", "Pair", "SortedPair", "read_pairs", "sort_pair", "table", "verify_pair"]

Verdict = Literal["same", "taste", "lost", "left", "wrong"]
"""`same`: no field differs. `taste`: what differs changes nothing, or was edited on the way. `lost`: the
human's release means something else than the one that ran. `left`: the library stops, for a reason that is
listed. `wrong`: the human kept what the library loses."""

# Releases of Helm 2 had been converted.
CONVERTED: Final = (fm.Override(accept=("HR030",)),)
# Fields of a meaning that people edited in the same commit.
EDITED: Final[Mapping[str, str]] = {"chart.version": "a version bump", "values": "an edit of values"}
# Fields of a manifest, and why they may differ while nothing of the meaning does. Nothing else is taste.
TASTE: Final[Mapping[str, str]] = {
    "metadata.annotations": "what fluxd alone read",
    "metadata.namespace": "files: the namespace stands in a kustomization",
    "spec.chart.spec.interval": "intervals",
    "spec.chart.spec.sourceRef": "names of sources, or files: the source stands in a base",
    "spec.chart.spec.version": "a default that is written down: that of a chart from git is not read",
    "spec.interval": "intervals",
    "spec.maxHistory": "a default that is written down",
    "spec.releaseName": "a default that is written down",
    "spec.rollback.timeout": "the same duration, or a default that is written down",
    "spec.timeout": "the same duration",
    "spec.upgrade.crds": "a default that is written down",
    "spec.values": "the same values",
    "spec.valuesFrom": "a default that is written down",
}
# Which fields of a meaning a field of a manifest decides. One that differs for them is told with them.
DECIDES: Final[Mapping[str, tuple[str, ...]]] = {
    "metadata.namespace": ("target_namespace", "storage_namespace"),
    "spec.chart.git": ("refused",),
    "spec.chart.name": ("refused",),
    "spec.chart.path": ("refused",),
    "spec.chart.ref": ("refused",),
    "spec.chart.repository": ("refused",),
    "spec.chart.spec.chart": ("chart.chart", "refused"),
    "spec.chart.spec.reconcileStrategy": ("chart.new_chart_on", "chart.kind"),
    "spec.chart.spec.sourceRef.kind": ("chart.kind", "refused"),
    "spec.chart.spec.version": ("chart.version", "chart.kind", "refused"),
    "spec.chart.version": ("refused",),
    "spec.filterTags": ("refused",),
    "spec.forceUpgrade": ("refused",),
    "spec.install": ("install",),
    "spec.releaseName": ("release_name",),
    "spec.rollback": ("rollback", "upgrade.remediation", "refused"),
    "spec.timeout": ("install.timeout", "refused"),
    "spec.upgrade": ("upgrade",),
    "spec.valueFileSecrets": ("refused",),
    "spec.values": ("values",),
    "spec.valuesFrom": ("values_from", "refused"),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """A v1 release and the v2 release that a human made of it."""

    name: str
    old_path: str
    new_path: str
    old: bytes
    new: bytes

    @property
    def flux_version(self) -> FluxVersion:
        """The first Flux release that would store the human's API version."""
        api = documents_of({"new.yaml": self.new})[0][1]["apiVersion"]
        return next(each for each in FLUX_VERSIONS if preferred_api_version("HelmRelease", each) == api)

    @property
    def options(self) -> fm.MigrationOptions:
        return fm.MigrationOptions(flux_version=self.flux_version, overrides=CONVERTED)


@dataclass(frozen=True, slots=True)
class FieldVerdict:
    """One field that differs between our release and the human's.

    Attributes:
        field: of the meaning, or of the manifest where nothing of the meaning differs.
        kind: whose doing it is; `declared`: we differ from Flux v1 as a finding says.
        why: what kind of taste it is, or what happens in the cluster.
    """

    field: str
    kind: Literal["taste", "lost", "declared", "wrong"]
    why: str


@dataclass(frozen=True, slots=True)
class SortedPair:
    """What a pair comes to, and every field that differs."""

    pair: Pair
    fields: tuple[FieldVerdict, ...]
    reasons: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        if self.reasons:
            return "left"
        kinds = {each.kind for each in self.fields}
        if "wrong" in kinds:
            return "wrong"
        return "lost" if "lost" in kinds else "taste" if kinds else "same"

    @property
    def lost(self) -> tuple[str, ...]:
        return tuple(each.field for each in self.fields if each.kind == "lost")


def read_pairs(shared: Path) -> Iterator[Pair]:
    """Reads every pair of the corpus."""
    for index in sorted((shared / "corpus").glob("*/pairs/index.json")):
        for each in json.loads(index.read_text("utf-8")):
            old, new = ((index.parent / f"{each['base']}.{side}.yaml").read_bytes() for side in ("v1", "v2"))
            name = f"{index.parent.parent.name}/{each['base']}"
            yield Pair(name, each["v1"]["path"], each["v2"]["path"], old, new)


def sort_pair(pair: Pair) -> SortedPair:
    """Says of every field that differs between our release and the human's whose doing it is."""
    migration = fm.migrate_repository({pair.old_path: pair.old}, pair.options)
    if not migration.changed:
        codes = {each.code for each in migration.findings if each.severity == "error"} - {"RP010"}
        return SortedPair(pair, (), tuple(sorted(codes)))
    old, theirs = (documents_of({"x.yaml": text})[0][1] for text in (pair.old, pair.new))
    ours = documents_of(dict(migration.changed))[0][1]
    sources = {
        (each["kind"], each["metadata"]["namespace"], each["metadata"]["name"]): each
        for _, each in documents_of(dict(migration.created))
    }
    before = meaning_of_v1_release(old, is_converted=True)
    mine = meaning_of_v2_release(ours, sources, flux_version=pair.flux_version)
    declared = {field for fields in migration.declared.values() for field in fields}
    try:
        human = meaning_of_v2_release(theirs, {}, flux_version=pair.flux_version)
    except InvalidManifest as error:
        return SortedPair(pair, (FieldVerdict("refused", "lost", f"it is not accepted: {error.reason}"),))
    found = tuple(_judge(before, mine, human, declared))
    told = {each.field for each in found}
    return SortedPair(pair, (*found, *_judge_leaves(ours, theirs, told)))


def _judge(
    before: ReleaseMeaning, ours: ReleaseMeaning, theirs: ReleaseMeaning, declared: set[str]
) -> Iterator[FieldVerdict]:
    lost_by_us = {each.field for each in compare_meanings(before, ours)}
    lost_by_them = {each.field for each in compare_meanings(before, theirs)}
    differing: dict[str, Difference] = {each.field: each for each in compare_meanings(ours, theirs)}
    # Who follows the commits of a chart from git cannot keep its version as it is.
    follows = "chart.new_chart_on" in differing or "chart.kind" in differing
    for field, difference in differing.items():
        if field in EDITED and field in lost_by_them:
            yield FieldVerdict(field, "taste", EDITED[field])
        elif field in lost_by_them:
            yield FieldVerdict(field, "lost", difference.consequence)
        elif follows and field in declared and field in lost_by_us:
            yield FieldVerdict(field, "declared", difference.consequence)
        else:
            yield FieldVerdict(field, "wrong", difference.consequence)


def _judge_leaves(
    ours: Mapping[str, Any], theirs: Mapping[str, Any], told: set[str]
) -> Iterator[FieldVerdict]:
    mine, human = dict(_leaves(ours)), dict(_leaves(theirs))
    for path in sorted({*mine, *human}):
        if path in mine and path in human and mine[path] == human[path]:
            continue
        decided = _of(DECIDES, path) or ()
        if any(field == name or field.startswith(f"{name}.") for field in told for name in decided):
            continue
        why = _of(TASTE, path)
        if why is None:
            yield FieldVerdict(path, "wrong", "nobody said why this may differ")
        else:
            yield FieldVerdict(path, "taste", why)


def _of(table: Mapping[str, Any], path: str) -> Any:
    parts = path.split(".")
    heads = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((table[head] for head in heads if head in table), None)


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value and path not in ("spec.values", "metadata.annotations"):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else key)
    else:
        yield path, value


def verify_pair(pair: Pair) -> fm.VerificationReport:
    """Gives what verification says of the human's release, each pair as a repository of its own."""
    return fm.verify_migration({pair.old_path: pair.old}, {pair.new_path: pair.new}, pair.options)


def table(sorted_pairs: Sequence[SortedPair], *, everything: bool = False) -> str:
    """Gives how many pairs and fields there are of each kind, and on demand who lost something."""
    lines = [f"pairs: {dict(Counter(each.verdict for each in sorted_pairs))}"]
    reasons = Counter(code for each in sorted_pairs for code in each.reasons)
    lines += [f"left: {number} {code} {fm.FINDINGS[code].slug}" for code, number in sorted(reasons.items())]
    rows: dict[tuple[str, str, str], list[str]] = {}
    for each in sorted_pairs:
        for field in each.fields:
            rows.setdefault((field.kind, field.field, field.why), []).append(each.pair.name)
    for (kind, name, why), members in sorted(rows.items()):
        lines.append(f"{kind:8} {name:34} {len(members):4}  {why}")
        if everything and kind in ("lost", "wrong"):
            lines += [f"{'':14}{member}" for member in members]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    found = [sort_pair(pair) for pair in read_pairs(Path(__file__).parents[2] / "shared")]
    sys.stdout.write(table(found, everything="--all" in sys.argv))
