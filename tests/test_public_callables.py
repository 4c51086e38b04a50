"""Every public callable, given what is of another type: it is refused in words or taken, and nothing else."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import PurePosixPath
from types import ModuleType
from typing import Any, Final

import pytest
from pydantic import BaseModel, ValidationError

import fluxv2_migrate as fm
from built_clusters import release
from fluxv2_migrate import flux1, flux2, golang
from fluxv2_migrate.golang.versions import parse_version
from release_manifests import v1_release

MODULES: Final[tuple[ModuleType, ...]] = (fm, flux1, flux2, golang)
POLICY: Final = {"semver": {"range": "*"}}
GENERATE: Final = {"commandUpdated": {"generators": [{"command": "kustomize build ."}]}, "version": 1}
MIGRATION: Final = fm.migrate_repository({"apps/web.yaml": release()})
RECORD: Final = fm.HelmRecord(name="web", namespace="shop", chart="web-1.2.3")
INVENTORY: Final = fm.Inventory(records=(RECORD,))
REGEXP: Final = golang.Regexp.compile("a(b)")
RANGE: Final = golang.VersionRange.parse("1")
PATTERN: Final = flux1.TagPattern.parse("glob:*")
DEPLOYMENT: Final = {
    "kind": "Deployment",
    "spec": {"template": {"spec": {"containers": [{"name": "web", "image": "acme/web:1"}]}}},
}
ITSELF: Final[dict[str, Any]] = {}
ITSELF["again"] = ITSELF

Arguments = Mapping[str, Any]
CALLS: Final[Mapping[str, tuple[Callable[..., object], Arguments]]] = {
    "compare_tags": (
        fm.compare_tags,
        {
            "images": ["1.2.3"],
            "pattern": "semver:*",
            "policy": POLICY,
            "filter_tags": None,
            "flux_version": "2.9",
        },
    ),
    "convert_flux_yaml": (fm.convert_flux_yaml, {"flux_yaml": GENERATE, "folder": "", "options": None}),
    "convert_fluxd": (fm.convert_fluxd, {"manifest": ["--git-url=git@h.example:o/r"], "options": None}),
    "convert_helm_operator": (fm.convert_helm_operator, {"manifest": ["--workers=2"], "options": None}),
    "convert_helm_release": (fm.convert_helm_release, {"release": v1_release(), "options": None}),
    "explain": (fm.explain, {"resource": MIGRATION.resources[0], "field": "spec.interval"}),
    "migrate_repository": (fm.migrate_repository, {"files": {}, "options": None}),
    "migrate_text": (fm.migrate_text, {"text": release(), "path": "a.yaml", "options": None}),
    "parse_manifests": (fm.parse_manifests, {"text": release(), "path": "a.yaml"}),
    "resolve_release_name": (
        fm.resolve_release_name,
        {
            "name": "web",
            "namespace": "shop",
            "release_name": None,
            "target_namespace": None,
            "api_version": "helm.fluxcd.io/v1",
        },
    ),
    "simulate_image_update": (fm.simulate_image_update, {"files": {}, "tags": {}, "flux_version": "2.9"}),
    "translate_annotations": (fm.translate_annotations, {"manifest": DEPLOYMENT, "options": None}),
    "translate_tag_pattern": (
        fm.translate_tag_pattern,
        {"pattern": "glob:*", "current_tag": None, "images": None, "flux_version": "2.9"},
    ),
    "verify_cluster": (
        fm.verify_cluster,
        {"migration": MIGRATION, "inventory": INVENTORY, "cluster": None},
    ),
    "verify_migration": (
        fm.verify_migration,
        {"before": {}, "after": {}, "options": None, "declared": None, "operator": None},
    ),
    "Inventory.from_texts": (
        fm.Inventory.from_texts,
        dict.fromkeys(inspect.signature(fm.Inventory.from_texts).parameters),
    ),
    "Inventory.record": (INVENTORY.record, {"name": "web", "namespace": "shop"}),
    "Inventory.is_of_helm_3": (INVENTORY.is_of_helm_3, {"name": "web", "namespace": "shop"}),
    "Inventory.flux1_release": (INVENTORY.flux1_release, {"name": "web", "namespace": "shop"}),
    "HelmRecord.chart_version": (RECORD.chart_version, {"chart_name": "web"}),
    "HelmRecord.is_within": (RECORD.is_within, {"chart_name": "web", "version": "~1"}),
    "PolicyTranslation.compare": (fm.translate_tag_pattern("glob:*").compare, {"images": ["1.2.3"]}),
    "FindingType.is_accepted": (fm.FINDINGS["HR032"].is_accepted, {"codes": ["HR032"]}),
    "ImageRef.parse": (flux1.ImageRef.parse, {"text": "acme/web:1"}),
    "TagPattern.parse": (flux1.TagPattern.parse, {"text": "glob:*"}),
    "TagPattern.matches": (PATTERN.matches, {"tag": "1"}),
    "TagPattern.selects": (PATTERN.selects, {"tag": "1"}),
    "find_images": (flux1.find_images, {"manifest": DEPLOYMENT}),
    "read_policies": (flux1.read_policies, {"annotations": {"fluxcd.io/automated": "true"}}),
    "set_image": (
        flux1.set_image,
        {"manifest": DEPLOYMENT, "container": "web", "image": flux1.ImageRef.parse("acme/web:2")},
    ),
    "flux1.sort_tags": (flux1.sort_tags, {"images": [flux1.TaggedImage("1.0.0")], "pattern": "semver:*"}),
    "check_markers": (flux2.check_markers, {"files": {}, "flux_version": "2.9"}),
    "find_markers": (flux2.find_markers, {"text": ""}),
    "latest_tag": (
        flux2.latest_tag,
        {"tags": ["1.0.0"], "policy": POLICY, "filter_tags": None, "flux_version": "2.9"},
    ),
    "flux2.sort_tags": (
        flux2.sort_tags,
        {"tags": ["1.0.0"], "policy": POLICY, "filter_tags": None, "flux_version": "2.9"},
    ),
    "preferred_api_version": (
        flux2.preferred_api_version,
        {"kind": "HelmRelease", "flux_version": "2.9"},
    ),
    "served_api_versions": (flux2.served_api_versions, {"kind": "HelmRelease", "flux_version": "2.9"}),
    "Regexp.compile": (golang.Regexp.compile, {"pattern": "a"}),
    "Regexp.matches": (REGEXP.matches, {"s": "ab"}),
    "Regexp.find": (REGEXP.find, {"s": "ab"}),
    "Regexp.find_submatch": (REGEXP.find_submatch, {"s": "ab"}),
    "Regexp.expand": (REGEXP.expand, {"template": "$1", "s": "ab"}),
    "VersionRange.parse": (golang.VersionRange.parse, {"text": "1", "dialect": "flux2"}),
    "VersionRange.check": (RANGE.check, {"version": "1"}),
    "VersionRange.holds": (RANGE.holds, {"version": parse_version("1")}),
    "format_duration": (golang.format_duration, {"nanoseconds": 5}),
    "parse_duration": (golang.parse_duration, {"s": "5m"}),
    "parse_number": (golang.parse_number, {"s": "5"}),
}


class Foreign:
    """What nothing of the package knows."""


WRONG: Final[tuple[Any, ...]] = (
    *(None, "", "x", "\udcff", "\0", "- a", "{", b"x", b"\xff", 5, -1, 1.5, float("nan"), True, 10**400),
    *([], ["x"], [None], [5], (), {}, {"x": "y"}, {5: 6}, {None: None}, {"x": None}, set(), {"x"}),
    *(PurePosixPath("a"), range(3), Foreign(), Foreign, print, ITSELF),
    *(MIGRATION, MIGRATION.resources[0], INVENTORY, RECORD, fm.MigrationOptions(), fm.Cluster(name="a")),
    *(PATTERN, REGEXP, RANGE),
)


def wrongs() -> Iterator[Any]:
    yield from WRONG
    # These are used up by whoever looks at them.
    yield from ((each for each in "ab"), iter([None]))


def parameters(function: Callable[..., object]) -> tuple[str, ...]:
    return tuple(name for name in inspect.signature(function).parameters if name not in ("self", "cls"))


def public_callables() -> Iterator[tuple[str, Callable[..., object]]]:
    """Gives all functions that take something, those of public classes too, but for what makes a class."""
    for module in MODULES:
        for name in module.__all__:
            found = getattr(module, name)
            if inspect.isfunction(found):
                short = name if name != "sort_tags" else f"{module.__name__.rpartition('.')[2]}.{name}"
                yield short, found
            elif inspect.isclass(found):
                for each in vars(found):
                    function = getattr(found, each)
                    if not each.startswith("_") and callable(function) and parameters(function):
                        yield f"{name}.{each}", function


def test_the_table_has_every_public_callable_with_every_parameter() -> None:
    assert {name: parameters(function) for name, function in public_callables()}.keys() == CALLS.keys()
    for name, function in public_callables():
        assert {*parameters(function)} == {*CALLS[name][1]}, name


@pytest.mark.parametrize("name", CALLS)
def test_what_a_public_callable_takes_is_described_as_a_whole(name: str) -> None:
    function = CALLS[name][0]
    _, _, rest = (inspect.getdoc(function) or "").partition("\nArgs:\n")
    described = re.findall(r"^ {4}(\w+): ", rest.partition("\n\n")[0], re.MULTILINE)
    # One that takes a single thing may say it in its first sentence.
    assert set(described) == {*parameters(function)} if described else len(parameters(function)) < 2


@pytest.mark.parametrize("name", sorted(CALLS))
def test_what_is_of_another_type_raises_what_the_package_raises(name: str) -> None:
    function, arguments = CALLS[name]
    if name != "Inventory.from_texts":
        function(**arguments)
    for parameter in arguments:
        for wrong in wrongs():
            with suppress(fm.MigrationError, ValidationError):
                function(**{**arguments, parameter: wrong})


def models() -> list[type[BaseModel]]:
    classes = {each for module in MODULES for each in vars(module).values() if inspect.isclass(each)}
    return sorted((each for each in classes if issubclass(each, BaseModel)), key=lambda each: each.__name__)


@pytest.mark.parametrize("model", models())
def test_a_model_refuses_what_is_of_another_type_as_models_do(model: type[BaseModel]) -> None:
    for wrong in wrongs():
        with suppress(ValidationError):
            model.model_validate(wrong)
        for name in model.model_fields:
            with suppress(ValidationError):
                model.model_validate({name: wrong})


@pytest.mark.parametrize("count", [99, 200, 5000])
def test_what_is_nested_too_deep_is_refused_before_anybody_walks_through_it(count: int) -> None:
    values: Any = {}
    for _ in range(count):
        values = {"a": values}
    manifest = {**v1_release(), "spec": {**v1_release()["spec"], "values": values}}
    for take in (fm.convert_helm_release, fm.translate_annotations, flux1.find_images):
        with pytest.raises(fm.InvalidManifest, match="more than 100 levels"):
            take(manifest)
    with pytest.raises(fm.InvalidManifest, match="more than 100 levels"):
        fm.convert_flux_yaml({"version": values})
    with pytest.raises(ValidationError, match="more than 100 levels"):
        fm.Override(policy={"semver": values})
