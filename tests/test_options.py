"""Options refuse what cannot be meant, and say what they take."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
from pydantic import ValidationError

import fluxv2_migrate as fm

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"release_interval": "5 minutes"}, "'5 minutes' is no duration that Flux accepts"),
    ({"source_interval": ""}, "'' is no duration"),
    ({"image_interval": "-5m"}, "is no duration"),
    ({"flux_namespace": ""}, "'' is no name of a namespace"),
    ({"flux_namespace": "Flux"}, "'Flux' is no name of a namespace"),
    ({"default_namespace": "a" * 64}, "is no name of a namespace"),
    ({"git_default_ref": ""}, "at least 1 character"),
    ({"helm_operator": {"git_url": ""}}, "at least 1 character"),
    ({"flux_version": "1.0"}, "'2.9'"),
    ({"unknown": 1}, "not permitted"),
    ({"clusters": [{"name": ""}]}, "at least 1 character"),
    ({"clusters": [{"name": "a"}, {"name": "a"}]}, "two clusters have the name 'a'"),
    ({"clusters": [{"name": "a"}], "sync_roots": ["b"]}, "give one of the two"),
    ({"sync_roots": ["a", "b"], "inventory": {}}, "inventory is of one cluster"),
    ({"helm_operator": {"charts_sync_interval": "3"}}, "'3' is no duration"),
    ({"helm_operator": {"helm_versions": ["v4"]}}, "'v2' or 'v3'"),
    ({"helm_operator": {"git_branch": ""}}, "at least 1 character"),
    ({"overrides": [{"storage_namespace": "a.b"}]}, "'a.b' is no name of a namespace"),
    ({"overrides": [{"source_name": "a_b"}]}, "'a_b' is no name of an object"),
    ({"overrides": [{"secret_name": "-"}]}, "'-' is no name of an object"),
    ({"overrides": [{"ref_kind": "head"}]}, "'branch', 'tag' or 'commit'"),
    ({"overrides": [{"accept": ["HR32"]}]}, "'HR32' is no code of a finding"),
]
ACCEPTED: list[dict[str, Any]] = [
    {},
    {"release_interval": "1h30m", "source_interval": "90s", "image_interval": "0.5h"},
    {"overrides": [{"accept": ["HR032", "HR003:0123456789abcdef"], "release_name": ""}]},
    {"overrides": [{"source_name": "a.b-c", "storage_namespace": "a-b"}]},
    {"clusters": [{"name": "a", "helm_operator": {"helm_versions": ["v3"]}}, {"name": "b"}]},
    {"image_tags": {"a/b": ["1.0", {"tag": "1.1"}]}},
]


@pytest.mark.parametrize(("given", "reason"), REFUSED)
def test_what_cannot_be_meant_is_refused_with_the_reason(given: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=r"(?s).+") as error:
        fm.MigrationOptions.model_validate(given)
    assert reason in str(error.value)


@pytest.mark.parametrize("given", ACCEPTED)
def test_options_are_data(given: dict[str, Any]) -> None:
    options = fm.MigrationOptions.model_validate_json(json.dumps(given))
    assert fm.MigrationOptions.model_validate_json(options.model_dump_json()) == options


def test_the_schema_says_the_same_as_the_options() -> None:
    schema = fm.MigrationOptions.model_json_schema()
    validator = jsonschema_rs.validator_for(schema)
    assert set(schema["properties"]) == set(fm.MigrationOptions.model_fields)
    for given in ACCEPTED:
        assert validator.is_valid(given)
    # What concerns several fields at once is beyond a schema.
    together = ("two clusters", "give one", "inventory is of one cluster")
    for given, reason in REFUSED:
        assert validator.is_valid(given) == reason.startswith(together), given


def test_what_is_dumped_fits_the_schema() -> None:
    validator = jsonschema_rs.validator_for(fm.MigrationOptions.model_json_schema())
    for given in ACCEPTED:
        dumped = fm.MigrationOptions.model_validate(given).model_dump_json(exclude_defaults=True)
        assert validator.is_valid(json.loads(dumped))


def test_options_are_shown_as_they_were_given() -> None:
    override = fm.Override(namespace="shop", ref_kind="tag")
    assert repr(override) == "Override(namespace='shop', ref_kind='tag')"
    assert eval(repr(override), {"Override": fm.Override}) == override
    assert repr(fm.MigrationOptions()) == "MigrationOptions()"
