"""The repositories and schemas of the reference data, in the form that tests want."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from fluxv2_migrate.flux2 import FLUX_VERSIONS
from reference_data import SHARED

__all__ = [
    "DEFINED_VERSIONS",
    "LOADER",
    "PLAIN_TREES",
    "TREES",
    "definitions_of",
    "documents_of",
    "read_tree",
    "refusals",
]

DEFINED_VERSIONS = tuple(each for each in FLUX_VERSIONS if (SHARED / "crds" / each).is_dir()) or FLUX_VERSIONS
"""The releases of Flux whose definitions are among the reference data, for what draws one."""
PLAIN_TREES = ("homelab", "homelab-crlf", "get-started", "helm-operator-get-started", "progressive-delivery")
TREES = (
    *PLAIN_TREES,
    "enterprise-overlays",
    "homelab-half-migrated",
    "kustomize-example",
    "multi-tenancy",
)


class TextTimestamps(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Kubernetes knows no timestamps in YAML."""


TextTimestamps.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in TextTimestamps.yaml_implicit_resolvers.items()
}
LOADER = TextTimestamps


def definitions_of(shared: Path, flux_version: str) -> Path:
    """Gives the folder of the definitions that a release of Flux installs, where they are known."""
    folder = shared / "crds" / flux_version
    if not folder.is_dir():
        pytest.skip(f"no definitions of Flux {flux_version} among the reference data")
    return folder


def read_tree(folder: Path) -> dict[str, str | bytes]:
    """Reads every file of a folder byte for byte."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def documents_of(files: Mapping[str, str | bytes]) -> list[tuple[str, dict[str, Any]]]:
    """Reads all mappings of YAML files with another parser than that of the library."""
    found: list[tuple[str, dict[str, Any]]] = []
    for path, content in files.items():
        if not path.endswith((".yaml", ".yml")):
            continue
        try:
            documents = list(yaml.load_all(content, LOADER))
        except yaml.YAMLError:
            continue
        found += [(path, document) for document in documents if isinstance(document, dict)]
    return found


def _closed(schema: Any) -> Any:
    # An API server drops unknown fields in silence; here they are refused.
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: _closed(value) for key, value in schema.items()}
    is_object = isinstance(result.get("properties"), dict) and "type" in result
    is_open = result.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in result
    if is_object and not is_open:
        result["additionalProperties"] = False
    return result


@cache
def _validators(crds: Path) -> dict[tuple[str, str], Any]:
    found: dict[tuple[str, str], Any] = {}
    for path in sorted(crds.glob("*.yaml")):
        for definition in yaml.load_all(path.read_text("utf-8"), LOADER):
            spec = definition["spec"]
            for version in spec["versions"]:
                if not version["served"]:
                    continue
                schema = _closed(version["schema"]["openAPIV3Schema"])
                schema["properties"]["metadata"] = {"type": "object"}
                key = (f"{spec['group']}/{version['name']}", spec["names"]["kind"])
                found[key] = jsonschema_rs.validator_for(schema)
    return found


def refusals(crds: Path, manifest: Mapping[str, Any]) -> list[str]:
    """Says what the definitions of one Flux release refuse in a manifest."""
    validator = _validators(crds).get((manifest["apiVersion"], manifest["kind"]))
    if validator is None:
        return [f"{manifest['apiVersion']} {manifest['kind']} is not served"]
    return [f"{list(error.instance_path)}: {error.message}" for error in validator.iter_errors(manifest)]
