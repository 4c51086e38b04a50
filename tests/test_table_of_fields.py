"""Nothing is dropped in silence: every field has its row, and every leaf goes where its row says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import fluxv2_migrate as fm
from fluxv2_migrate.flux1 import FluxHelmRelease, HelmRelease
from fluxv2_migrate.flux2.releases import FLUX_VERSIONS
from fluxv2_migrate.kubernetes import KubernetesModel
from fluxv2_migrate.plan import Move, Operation, apply_to_mapping
from fluxv2_migrate.rules import SourceReference, draft_helm_release
from fluxv2_migrate.rules.table import FIELDS, mapping_page
from reference_trees import LOADER, documents_of, read_tree
from test_laws_of_migration import RELEASES

ROWS = {row.field: row for row in FIELDS}
PAGE = Path(__file__).parent.parent / "docs" / "fields.md"
# Open objects: what is inside them is not the helm-operator's.
OPEN = ("metadata", "status", "spec.values")


def fields_of(model: type[KubernetesModel], path: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        here = f"{path}{field.alias or name}"
        if here in OPEN:
            yield here
            continue
        inner, item = None, ""
        pending = [field.annotation]
        while pending:
            annotation = pending.pop()
            if isinstance(annotation, type) and issubclass(annotation, KubernetesModel):
                inner = annotation
            elif getattr(annotation, "__origin__", None) is tuple:
                item = "[]"
                pending.extend(annotation.__args__)  # type: ignore[union-attr]
            else:
                pending.extend(getattr(annotation, "__args__", ()))
        if here not in ("spec", "spec.chart"):
            yield here
        if inner is not None:
            yield from fields_of(inner, f"{here}{item}.")


def schema_fields(schema: dict[str, Any], path: str = "") -> Iterator[str]:
    for name, part in schema.get("properties", {}).items():
        here = f"{path}{name}"
        if here in OPEN:
            yield here
            continue
        if here not in ("spec", "spec.chart"):
            yield here
        item = part.get("items")
        yield from schema_fields(item if item else part, f"{here}{'[]' if item else ''}.")


def test_every_field_of_every_model_has_its_row() -> None:
    known = {*fields_of(HelmRelease), *fields_of(FluxHelmRelease)}
    assert known - set(ROWS) == set()
    assert set(ROWS) - known == {"metadata.name", "metadata.namespace"}


def test_every_field_of_the_definition_has_its_row(shared: Path) -> None:
    text = (shared / "crds" / "v1" / "helm-operator-1.4.4.yaml").read_text("utf-8")
    checked = 0
    for definition in yaml.load_all(text, LOADER):
        for version in definition["spec"]["versions"]:
            fields = set(schema_fields(version["schema"]["openAPIV3Schema"]))
            assert fields - set(ROWS) == set()
            checked += len(fields)
    assert checked > 40


def test_rows_name_findings_that_exist() -> None:
    assert {code for row in FIELDS for code in row.codes} <= set(fm.FINDINGS)


def test_the_page_is_made_from_the_table() -> None:
    assert PAGE.read_text("utf-8") == mapping_page()


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict) and value and ".".join(path) not in OPEN:
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list) and value and ".".join(path) not in OPEN:
        for item in value:
            yield from leaves(item, (*path, "[]"))
    else:
        yield path, value


def touched_by(operation: Operation) -> tuple[str, ...]:
    return operation.source if isinstance(operation, Move) else operation.path


def check(manifest: dict[str, Any], flux_version: Any) -> set[str]:
    """Says which leaves are neither written down, nor copied, nor told."""
    draft = draft_helm_release(manifest, fm.MigrationOptions(), flux_version)
    if draft.stopped:
        return set()
    plan = draft.plan(SourceReference("HelmRepository", "a", "b"))
    after = apply_to_mapping(plan, manifest)
    copied = [path for path, _ in leaves(after)]
    told = {".".join(notice.path) for notice in draft.notices}
    lost: set[str] = set()
    for path, value in leaves(manifest):
        dotted = ".".join(path).replace(".[]", "[]")
        row = ROWS.get(dotted) or ROWS.get(path[0])
        consumed = any(path[: len(touched_by(each))] == touched_by(each) for each in plan)
        because = any(dotted.startswith(field) for each in plan for field in getattr(each, "because", ()))
        same = path in copied and (path[-1] == "[]" or dict(leaves(after))[path] == value)
        if row is None and dotted not in told and not any(dotted.startswith(field) for field in told):
            lost.add(f"{dotted}: not in the table and not told")
        elif not (consumed or because or same):
            lost.add(f"{dotted}: neither consumed nor copied")
    return lost


@settings(max_examples=150)
@given(RELEASES, st.sampled_from(FLUX_VERSIONS))
def test_every_leaf_is_consumed_copied_or_told(manifest: dict[str, Any], flux_version: Any) -> None:
    assert check(manifest, flux_version) == set()


TREES = (
    "homelab",
    "homelab-crlf",
    "get-started",
    "helm-operator-get-started",
    "enterprise-overlays",
    "homelab-half-migrated",
)


@pytest.mark.parametrize("name", TREES)
def test_every_leaf_of_real_releases_is_consumed_copied_or_told(shared: Path, name: str) -> None:
    checked = 0
    for path, manifest in documents_of(read_tree(shared / "corpus" / name / "v1")):
        if manifest.get("apiVersion") == "helm.fluxcd.io/v1" and "spec" in manifest:
            assert check(manifest, "2.9") == set(), path
            checked += 1
    assert checked
