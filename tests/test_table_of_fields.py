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
from fluxv2_migrate.flux2 import FLUX_VERSIONS
from fluxv2_migrate.kubernetes import KubernetesModel
from fluxv2_migrate.plan import Move, Operation, apply_to_mapping
from fluxv2_migrate.releases.reading import with_text_annotations
from fluxv2_migrate.rules import ReleaseDraft, SourceReference, draft_helm_release
from fluxv2_migrate.rules.table import FIELDS, mapping_page
from generated_releases import OLD_RELEASES, RELEASES
from reference_trees import LOADER, documents_of, read_tree

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


# The errors of each field, and no others: all else is carried over or told while the release is migrated.
MAY_STOP = {
    "apiVersion": {"HR002", "HR030"},
    "kind": {"HR002"},
    "metadata": {"RP063"},
    "metadata.name": {"HR014", "HR015", "HR016", "HR017", "HR113", "HR114", "RP006", "RP007"},
    "metadata.namespace": {"HR015", "HR017", "RP006"},
    "spec.chart.git": {"DA022", "HR043", "HR061", "HR120"},
    "spec.chart.ref": {"HR053"},
    "spec.chart.path": {"HR061", "HR063"},
    "spec.chart.repository": {"DA022", "HR043", "HR049", "HR061", "HR120"},
    "spec.chart.name": {"HR048", "HR061"},
    "spec.chart.version": {"HR041", "HR061"},
    "spec.releaseName": {"HR014", "HR113"},
    "spec.helmVersion": {"HR030", "HR032"},
    "status": {"HR125"},
    "spec.timeout": {"HR068", "HR121"},
    "spec.rollback.timeout": {"HR068", "HR121"},
    "spec.test.timeout": {"HR068", "HR121"},
    "spec.valueFileSecrets[].name": {"RP006"},
    "spec.valuesFrom[].configMapKeyRef.name": {"RP006"},
    "spec.valuesFrom[].configMapKeyRef.namespace": {"HR092"},
    "spec.valuesFrom[].configMapKeyRef.key": {"HR094"},
    "spec.valuesFrom[].secretKeyRef.name": {"RP006"},
    "spec.valuesFrom[].secretKeyRef.namespace": {"HR092"},
    "spec.valuesFrom[].secretKeyRef.key": {"HR094"},
    "spec.valuesFrom[].externalSourceRef": {"HR095"},
    "spec.valuesFrom[].externalSourceRef.url": {"HR095"},
    "spec.valuesFrom[].chartFileRef.path": {"HR096", "RP006"},
    "spec.valuesFrom[].chartFileRef.optional": {"HR099"},
    "spec.chartGitPath": {"DA022", "HR002", "HR061", "HR063"},
}


def test_only_what_cannot_be_carried_over_stops_a_release() -> None:
    errors = {code for code, finding in fm.FINDINGS.items() if finding.severity == "error"}
    stopping = {row.field: set(row.codes) & errors for row in FIELDS}
    assert {field: codes for field, codes in stopping.items() if codes} == MAY_STOP


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict) and value and path != ("spec", "values"):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list) and value and path != ("spec", "values"):
        for item in value:
            yield from leaves(item, (*path, "[]"))
    else:
        yield path, value


def touched_by(operation: Operation) -> tuple[str, ...]:
    return operation.source if isinstance(operation, Move) else operation.path


def codes_of(path: tuple[str, ...]) -> set[str]:
    """Gives the codes of a field, or of all that are in it."""
    dotted = ".".join(path)
    inside = (
        row for row in FIELDS if row.field == dotted or row.field.startswith((f"{dotted}.", f"{dotted}[]"))
    )
    return {code for row in inside for code in row.codes} | set(ROWS["metadata"].codes)


def told_wrongly(draft: ReleaseDraft) -> set[str]:
    """Says which notices speak of a field whose row does not name them."""
    everywhere = {"HR003", "HR032", "HR061", "HR080", "HR117"}
    return {
        f"{notice.code} of {'.'.join(notice.path)}"
        for notice in draft.notices
        if notice.code not in codes_of(notice.path) | everywhere
    }


def check(manifest: dict[str, Any], flux_version: Any) -> set[str]:
    """Says which leaves are neither written down, nor copied, nor told as their row says."""
    draft = draft_helm_release(manifest, fm.MigrationOptions(), flux_version)
    wrong = told_wrongly(draft)
    if draft.source is None:
        assert draft.stopped
        return wrong
    # Also of a release that stays: what would be lost beside the reason for which it does?
    plan = draft.plan(SourceReference("HelmRepository", "a", "b"))
    after = apply_to_mapping(plan, manifest)
    copied = list(leaves(after))
    told = {".".join(notice.path) for notice in draft.notices}
    for path, value in leaves(manifest):
        dotted = ".".join(path).replace(".[]", "[]")
        row = ROWS.get(dotted) or ROWS.get(path[0])
        consumed = any(path[: len(touched_by(each))] == touched_by(each) for each in plan)
        because = any(dotted.startswith(field) for each in plan for field in getattr(each, "because", ()))
        if row is None and not any(dotted.startswith(field) for field in told):
            wrong.add(f"{dotted}: not in the table and not told")
        elif not (consumed or because or (path, value) in copied):
            wrong.add(f"{dotted}: neither consumed nor copied")
    return wrong


@settings(max_examples=500)
@given(st.one_of(RELEASES, OLD_RELEASES), st.sampled_from(FLUX_VERSIONS))
def test_every_leaf_is_consumed_copied_or_told(manifest: dict[str, Any], flux_version: Any) -> None:
    assert check(manifest, flux_version) == set()


def test_a_leaf_that_goes_nowhere_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check itself, with a table that does not know where values go."""
    manifest = {
        "apiVersion": "helm.fluxcd.io/v1",
        "kind": "HelmRelease",
        "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}},
        "spec": {"helmVersion": "v3", "chart": CHART, "values": {"a": 1}, "elsewhere": {"x": 1}},
    }
    assert check(manifest, "2.9") == set()
    monkeypatch.delitem(ROWS, "spec.values")
    assert check(manifest, "2.9") == {"spec.values: not in the table and not told"}


CHART = {"repository": "https://charts.example.com", "name": "web", "version": "1.2.3"}
# Each tree, with the releases and the patches of releases that it holds.
TREES = {
    "enterprise-overlays": 292,
    "get-started": 3,
    "helm-operator-get-started": 4,
    "homelab": 43,
    "homelab-crlf": 87,
    "homelab-half-migrated": 18,
    "kustomize-example": 0,
    "multi-tenancy": 0,
    "progressive-delivery": 1,
}


@pytest.mark.parametrize("name", sorted(TREES))
def test_every_leaf_of_real_releases_is_consumed_copied_or_told(shared: Path, name: str) -> None:
    checked = 0
    for path, manifest in documents_of(read_tree(shared / "corpus" / name / "v1")):
        if manifest.get("apiVersion") not in ("helm.fluxcd.io/v1", "flux.weave.works/v1beta1"):
            continue
        # A patch says only what it changes; the chart is that of what it patches.
        spec = manifest.get("spec") or {}
        whole = {**manifest, "spec": {**spec, "chart": {**CHART, **(spec.get("chart") or {})}}}
        HelmRelease.model_validate(with_text_annotations(whole))
        assert check(whole, "2.9") == set(), path
        checked += 1
    assert checked == TREES[name]
