"""Image automation that people wrote by hand, against what the library makes of the same release.

Every field that one side marks and the other does not has a reason out of a closed list; none is that the
library is wrong. The policies of these people stand in files that are not at hand, so their filters are not
compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

import fluxv2_migrate as fm
from fields_fluxd_writes import Key, fields_of_text, plain, read_documents, read_place
from hand_made_pairs import Pair, read_pairs
from markers_in_text import FoundMarker, markers_in

PAGE: Final = Path(__file__).parent.parent / "docs" / "images.md"
# Trees whose people use image automation in Flux v2 at all.
AUTOMATED_TREES: Final = ("enterprise-overlays",)
CLUSTER: Final = fm.Cluster(name="live", branch="main")
# Fields by what came of them on both sides.
FIELDS: Final[Mapping[str, int]] = {
    # Where nobody uses image automation any more, markers are no loss: an automation is there to be removed.
    "the human uses no image automation": 62,
    "the human moved the image to the overlays": 95,
    "the human moved the image to this field": 20,
    # The base says `latest`, which the filter never selects; each overlay has a tag of its own.
    "the human marked the overlays alone": 4,
    "marked before the migration": 3,
    "the library marks nothing: IM017": 3,
    "the library marks nothing: RP003": 4,
}
# Markers of people by what the library makes of the same values.
MARKERS: Final[Mapping[str, int]] = {"the same": 19, "the human's name has the environment in it": 4}


def markers_of(path: str, text: str | bytes, options: fm.MigrationOptions) -> dict[Key, FoundMarker]:
    """Gives the markers that a release gets, by field."""
    options = options.model_copy(update={"clusters": (CLUSTER,)})
    migration = fm.migrate_repository({path: text}, options)
    return {each.key: each for each in markers_in(path, migration.files[path])}


def codes_of(pair: Pair) -> str:
    findings = fm.migrate_repository({pair.old_path: pair.old}, pair.options).findings
    found = {each.code for each in findings if each.severity == "error" or each.code == "IM017"}
    return " ".join(sorted(found - {"HR032", "RP010"}))


def reasons(pair: Pair) -> Iterator[str]:
    """Gives a reason for each field that somebody marked, or that fluxd wrote."""
    already = {each.key for each in markers_in(pair.old_path, pair.old)}
    ours = markers_of(pair.old_path, pair.old, pair.options)
    theirs = {each.key for each in markers_in(pair.new_path, pair.new)}
    old, new = ((read_documents("x.yaml", text) or [])[0] for text in (pair.old, pair.new))
    writes = {each.place.key for each in fields_of_text(pair.old_path, pair.old)}
    for key in ours.keys() | theirs | writes:
        before, after = plain(read_place(old, key)), plain(read_place(new, key))
        if key in already and key not in ours:
            yield "wrong"
        elif key in already and key in theirs:
            yield "marked before the migration"
        elif key in ours and key in theirs:
            yield "both"
        elif key in theirs:
            yield "wrong" if key in writes or before else "the human moved the image to this field"
        elif key not in ours:
            yield f"the library marks nothing: {codes_of(pair)}"
        elif pair.name.partition("/")[0] not in AUTOMATED_TREES:
            yield "the human uses no image automation"
        elif after is None:
            yield "the human moved the image to the overlays"
        else:
            yield "the human marked the overlays alone" if before == after else "wrong"


def test_every_field_that_differs_from_what_people_marked_has_a_reason(shared: Path) -> None:
    assert Counter(reason for pair in read_pairs(shared) for reason in reasons(pair)) == FIELDS


def as_flux1(release: Any) -> str:
    """Gives a release of fluxd with the values of a release that somebody migrated."""
    metadata = {
        "name": release["metadata"]["name"],
        "namespace": release["metadata"].get("namespace") or "default",
        "annotations": {"fluxcd.io/automated": "true"},
    }
    chart = {"repository": "https://charts.example.com", "name": "web", "version": "1.2.3"}
    spec = {"helmVersion": "v3", "chart": chart, "values": release["spec"]["values"]}
    manifest = {"apiVersion": "helm.fluxcd.io/v1", "kind": "HelmRelease", "metadata": metadata, "spec": spec}
    return yaml.safe_dump(manifest, sort_keys=False)


def compared_markers(pair: Pair) -> Iterator[str]:
    """Compares a human's markers with those that the library puts into the same values."""
    theirs = {each.key: each for each in markers_in(pair.new_path, pair.new)}
    if not theirs:
        return
    (release,) = (plain(each) for each in read_documents(pair.new_path, pair.new) or () if each)
    ours = markers_of("release.yaml", as_flux1(release), fm.MigrationOptions())
    for key in ours.keys() | theirs.keys():
        if key not in theirs:
            yield f"the human left {'.'.join(map(str, key))}"
        elif key not in ours or ours[key].part != theirs[key].part:
            yield "wrong"
        elif ours[key].policy == theirs[key].policy:
            yield "the same"
        elif theirs[key].policy.startswith(f"{ours[key].policy}-"):
            yield "the human's name has the environment in it"
        else:
            yield f"another name {ours[key].policy} {theirs[key].policy}"


def test_the_markers_that_people_wrote_come_of_the_same_values(shared: Path) -> None:
    assert Counter(each for pair in read_pairs(shared) for each in compared_markers(pair)) == MARKERS
    assert f"of {sum(MARKERS.values())} markers {MARKERS['the same']} name the same" in PAGE.read_text(
        "utf-8"
    )
