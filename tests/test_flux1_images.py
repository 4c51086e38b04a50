"""Images, tags and policies of Flux v1, held against what fluxd's own code answered."""

from __future__ import annotations

import contextlib
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fluxv2_migrate import InvalidImageReference, MissingBuildTime, Unstructured
from fluxv2_migrate.flux1 import ImageRef, TaggedImage, TagPattern, find_images, read_policies, sort_tags
from fluxv2_migrate.yaml_text import read_document
from measured import OWN, cases


def check_reference(case: dict[str, Any]) -> None:
    expected, text = case["expected"], case["input"]["image"]
    try:
        found = ImageRef.parse(text)
    except InvalidImageReference:
        assert expected["error"], text
        return
    assert expected["error"] is None, text
    digest = (
        found.digest.removeprefix("sha256:") if not expected["sha"].startswith("sha256:") else found.digest
    )
    assert (found.domain, found.image, found.tag, digest) == (
        expected["domain"],
        expected["image"],
        expected["tag"],
        expected["sha"],
    ), text
    assert found.registry == expected["canonical"]["registry"], text
    assert found.repository == expected["canonical"]["repository"], text
    # fluxd prints no tag beside a digest.
    if not (found.tag and found.digest):
        assert str(found) == expected["string"], text


def check_match(case: dict[str, Any]) -> None:
    given, expected = case["input"], case["expected"]
    pattern = TagPattern.parse(given["pattern"])
    assert (pattern.kind, pattern.valid, pattern.requires_timestamp, str(pattern)) == (
        expected["kind"],
        expected["valid"],
        expected["requires_timestamp"],
        expected["string"],
    ), given
    assert pattern.matches(given["tag"]) == expected["match"], given
    assert pattern.selects(given["tag"]) == expected["selectable"], given


def check_sort(case: dict[str, Any]) -> None:
    given, expected = case["input"], case["expected"]
    images = [
        TaggedImage(
            each["tag"],
            datetime.fromisoformat(each["created"]) if each["created"] else None,
            each.get("missing", False),
        )
        for each in given["images"]
    ]
    if expected["error"]:
        with pytest.raises(MissingBuildTime):
            sort_tags(images, given["pattern"])
    else:
        assert list(sort_tags(images, given["pattern"])) == expected["order"], given


def check_policies(case: dict[str, Any]) -> None:
    expected = case["expected"]
    found = read_policies(case["input"]["annotations"])
    assert found.policies == expected["policies"]
    assert {name: sorted(values) for name, values in found.conflicts.items()} == {
        name: sorted(values) for name, values in expected["ambiguous"].items()
    }
    for name, value in (("automated", found.automated), ("locked", found.locked), ("ignore", found.ignored)):
        if name not in found.conflicts:
            assert value == expected["has"][name]


def check_images(case: dict[str, Any]) -> None:
    given, expected = case["input"], case["expected"]
    if "manifest" in given:
        manifest = given["manifest"]
    else:
        text = given.get("values_yaml")
        values = given["values"] if text is None else read_document(text)[1]
        annotations = given.get("annotations")
        manifest = {
            "kind": "HelmRelease",
            "metadata": {"annotations": annotations},
            "spec": {"values": values},
        }
    if given.get("decoder") == "yaml.v2":
        # A decoder that no file goes through: its inner mappings are of a type that paths do not enter.
        paths = given.get("annotations") or {}
        shallow = {key: "no.where" if "." in path else path for key, path in paths.items()}
        manifest["metadata"] = {"annotations": shallow}
    if expected["error"]:
        return
    found = find_images(manifest)
    assert [(each.container, each.image.domain, each.image.image, each.image.tag) for each in found] == [
        (each["container"], each["domain"], each["image"], each["tag"]) for each in expected["containers"]
    ], given


CHECKS = {
    "parse_ref": check_reference,
    "v1_match": check_match,
    "v1_sort": check_sort,
    "policies": check_policies,
    "hr_images": check_images,
}
COUNTS = {"parse_ref": 851, "v1_match": 1620, "v1_sort": 269, "policies": 154, "hr_images": 329}


@pytest.mark.parametrize("name", CHECKS)
def test_every_measured_case(shared: Path, name: str) -> None:
    failed = []
    checked = 0
    for case in cases(shared / "vectors", name):
        checked += 1
        try:
            CHECKS[name](case)
        except AssertionError as error:
            failed.append(str(error)[:600])
    assert not failed, f"{len(failed)} of {checked}\n" + "\n".join(failed[:12])
    assert checked == COUNTS[name]


@pytest.mark.parametrize("name", CHECKS)
def test_a_selection_of_measured_cases(name: str) -> None:
    checked = 0
    for case in cases(OWN, name):
        CHECKS[name](case)
        checked += 1
    assert checked > 5


@given(st.text("ab./:@*-", max_size=30), st.text("ab./:@*-", max_size=30))
def test_references_come_back_and_patterns_always_answer(text: str, tag: str) -> None:
    with contextlib.suppress(InvalidImageReference):
        assert str(ImageRef.parse(text)) == text
    TagPattern.parse(text).selects(tag)


def test_a_glob_is_matched_in_time() -> None:
    assert not TagPattern.parse("*a" * 30 + "b").matches("a" * 5000)


MANIFEST = """
apiVersion: v1
kind: List
items:
- kind: Deployment
  metadata: {name: web, namespace: shop}
  spec: {template: {spec: {initContainers: [{name: i, image: "a:1"}], containers: [{name: c, image: "b:2"}]}}}
- kind: CronJob
  metadata: {name: job}
  spec:
    jobTemplate: {spec: {template: {spec: {containers: [{name: c, image: c}, {name: d}, {image: "::"}]}}}}
- kind: Secret
- nothing
- kind: List
  items: [{kind: Deployment, spec: {template: {spec: {containers: [{name: x, image: x}]}}}}]
"""


def test_images_of_workloads_have_the_paths_of_their_fields() -> None:
    manifest = yaml.safe_load(MANIFEST)
    found = find_images(manifest)
    assert [(each.resource, each.container, str(each.image)) for each in found] == [
        ("Deployment shop/web", "c", "b:2"),
        ("Deployment shop/web", "i", "a:1"),
        ("CronJob job", "c", "c"),
    ]
    for each in found:
        value = manifest
        for key in each.paths.repository:
            value = value[key]
        assert value == str(each.image)
    assert find_images({}) == ()
    assert find_images(MANIFEST) == found
    assert find_images(Unstructured.model_validate({"apiVersion": "v1", "kind": "Secret"})) == ()


def test_who_locked_a_workload_and_why_is_kept() -> None:
    found = read_policies(
        {
            "fluxcd.io/locked": True,
            "fluxcd.io/locked_user": "me",
            "fluxcd.io/locked_msg": None,
            "fluxcd.io/ignore": "sync_only",
        }
    )
    assert (found.locked, found.locked_user, found.locked_msg, found.sync_only) == (True, "me", "", True)
    assert read_policies(None) == read_policies({})


def test_no_pattern_is_refused_however_large_its_numbers_are() -> None:
    huge = "9" * 5000
    assert not TagPattern.parse(f"semver:>={huge}").valid
    assert not TagPattern.parse("semver:*").matches(huge)


# Measured with fluxd 1.25.4: ghodss/yaml makes texts of what YAML reads as something else.
def test_numbers_in_annotations_are_texts_as_go_writes_them() -> None:
    annotations = {
        "fluxcd.io/tag.a": 1.0,
        "fluxcd.io/tag.b": 1e3,
        "fluxcd.io/tag.c": 1.10,
        "fluxcd.io/x": None,
    }
    assert read_policies(annotations).policies == {"tag.a": "1", "tag.b": "1000", "tag.c": "1.1", "x": ""}
