"""What callers give: files, options and lists are looked at before anything is done with them."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

import pytest

import fluxv2_migrate as fm
from built_clusters import release
from release_manifests import v1_release

WRONG_PATHS = [
    "/srv/a.yaml",
    "../a.yaml",
    "./a.yaml",
    "a/../b.yaml",
    "a//b.yaml",
    "a/",
    "",
    ".",
    "a\0b",
    "C:/a.yaml",
    "a\\b.yaml",
    "C:\\srv\\a.yaml",
]
TAKING_FILES: list[Callable[[Any], object]] = [
    fm.migrate_repository,
    lambda files: fm.migrate_text("", path=next(iter(files))),
    lambda files: fm.verify_migration(files, {}),
    lambda files: fm.verify_migration({}, files),
    fm.flux2.check_markers,
    lambda files: fm.simulate_image_update(files, {}),
]
TAKING_OPTIONS: list[Callable[[Any], object]] = [
    lambda options: fm.migrate_repository({}, options),
    lambda options: fm.migrate_text("", options=options),
    lambda options: fm.verify_migration({}, {}, options),
    lambda options: fm.convert_helm_release(v1_release(), options),
    lambda options: fm.translate_annotations({"kind": "Deployment"}, options),
]
VERSIONS = {"semver": {"range": "*"}}


@pytest.mark.parametrize("path", WRONG_PATHS)
@pytest.mark.parametrize("take", TAKING_FILES)
def test_a_path_that_is_not_below_the_root_is_refused(take: Callable[[Any], object], path: str) -> None:
    with pytest.raises(fm.InvalidPath) as error:
        take({path: ""})
    assert repr(path) in str(error.value)


@pytest.mark.parametrize("take", [each for index, each in enumerate(TAKING_FILES) if index != 1])
def test_files_are_texts_or_bytes_by_their_paths(take: Callable[[Any], object]) -> None:
    with pytest.raises(fm.InvalidPath, match="str"):
        take({PurePosixPath("a.yaml"): ""})
    with pytest.raises(fm.MigrationError, match="str or bytes"):
        take({"a.yaml": None})
    with pytest.raises(fm.MigrationError, match="mapping"):
        take(["a.yaml"])
    take({"...": "", "a.b/..c": b"\xff"})


@pytest.mark.parametrize("take", TAKING_OPTIONS)
def test_options_are_a_model_or_what_json_gives_for_one(take: Callable[[Any], object]) -> None:
    take({"sync_roots": ["apps"]})
    take(fm.MigrationOptions())
    with pytest.raises(ValueError, match="sync_root"):
        take({"sync_root": "apps"})
    with pytest.raises(fm.MigrationError, match="MigrationOptions"):
        take("apps")


def test_options_of_json_mean_what_the_model_means() -> None:
    files = {"apps/web.yaml": release(), "other/db.yaml": release()}
    of_json = fm.migrate_repository(files, {"sync_roots": ["apps"]})
    assert of_json == fm.migrate_repository(files, fm.MigrationOptions(sync_roots=("apps",)))


@pytest.mark.parametrize(
    "take",
    [
        lambda: fm.flux2.sort_tags("1.2.3", VERSIONS),
        lambda: fm.flux2.latest_tag("1.2.3", VERSIONS),
        lambda: fm.flux1.sort_tags("1.2.3", "glob:*"),  # type: ignore[arg-type]
        lambda: fm.translate_tag_pattern("glob:*", images="1.2.3"),  # type: ignore[arg-type]
        lambda: fm.simulate_image_update({}, {"acme/web": "1.2.3"}),
    ],
)
def test_one_text_is_no_list_of_tags(take: Callable[[], object]) -> None:
    with pytest.raises(fm.MigrationError, match=r"give \['1.2.3'\]"):
        take()


NOTHING: Any = None
NUMBER: Any = 5
BYTES: Any = b"1.2"


@pytest.mark.parametrize(
    "take",
    [
        lambda: fm.flux2.sort_tags(NOTHING, VERSIONS),
        lambda: fm.flux2.latest_tag([NUMBER], VERSIONS),
        lambda: fm.flux2.latest_tag([NOTHING], VERSIONS),
        lambda: fm.flux2.latest_tag(["1.2.3"], VERSIONS, flux_version="9.9"),  # type: ignore[arg-type]
        lambda: fm.flux1.sort_tags(["1.2.3"], "glob:*"),  # type: ignore[list-item]
        lambda: fm.translate_tag_pattern(NOTHING),
        lambda: fm.translate_tag_pattern("glob:*", current_tag=NUMBER),
        lambda: fm.simulate_image_update({}, NOTHING),
        lambda: fm.verify_migration({}, {}, declared=NUMBER),
        lambda: fm.convert_helm_release(NOTHING),
        lambda: fm.convert_helm_release(NUMBER),
        lambda: fm.convert_fluxd(NUMBER),
        lambda: fm.parse_manifests(BYTES),
        lambda: fm.resolve_release_name(name=NOTHING, namespace="shop"),
        lambda: fm.resolve_release_name(name="web", namespace="shop", api_version="helm.fluxcd.io/v2"),
        lambda: fm.Inventory.from_texts(helm_list=BYTES),
        lambda: fm.golang.Regexp.compile(BYTES),
        lambda: fm.golang.VersionRange.parse(NOTHING),
        lambda: fm.golang.VersionRange.parse("1", dialect="flux3"),  # type: ignore[arg-type]
        lambda: fm.flux1.TagPattern.parse(NOTHING),
        lambda: fm.flux1.read_policies(NUMBER),
        lambda: fm.flux1.read_policies({NUMBER: "true"}),
        lambda: fm.flux1.find_images(NOTHING),
        lambda: fm.flux2.find_markers(NOTHING),
    ],
)
def test_what_is_of_another_type_is_refused_in_words(take: Callable[[], object]) -> None:
    with pytest.raises(fm.MigrationError, match=r"is a str|are a (?:list|mapping)|: give one of"):
        take()


def test_the_same_types_are_taken() -> None:
    fm.simulate_image_update({}, {"acme/web": [fm.KnownTag(tag="1.2.3"), "1.2.4"]})
    assert fm.flux1.read_policies(None) == fm.flux1.read_policies({})
    assert fm.flux2.latest_tag((tag for tag in ("1.2.3",)), VERSIONS) == "1.2.3"


CHANGES: list[Callable[[Any], object]] = [
    lambda each: each.__setitem__("x", "y"),
    lambda each: each.__delitem__(next(iter(each))),
    lambda each: each.update(x="y"),
    lambda each: each.__ior__({"x": "y"}),
    lambda each: each.pop(next(iter(each))),
    lambda each: each.setdefault("x", "y"),
    lambda each: each.popitem(),
    lambda each: each.clear(),
]


@pytest.mark.parametrize("name", ["files", "changed", "created", "before", "declared", "inventories"])
def test_a_result_cannot_be_changed_by_whoever_reads_it(name: str) -> None:
    files = {"apps/web.yaml": release()}
    migration = fm.migrate_repository(files)
    mapping = getattr(migration, name)
    known = dict(mapping)
    for change in CHANGES[0:1] + CHANGES[2:4] + CHANGES[5:] if not known else CHANGES:
        with pytest.raises(TypeError, match="cannot be changed"):
            change(mapping)
    files.clear()
    assert mapping == known
    assert pickle.loads(pickle.dumps(migration)) == migration == copy.deepcopy(migration)
    assert {**mapping, "x": "y"} == mapping | {"x": "y"} == {**known, "x": "y"}
