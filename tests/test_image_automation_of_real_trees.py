"""Every image that fluxd would write in real repositories is marked, or it is said at its field why not.

What fluxd would write is found here by a walk of its own, over another reader of YAML.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import fluxv2_migrate as fm
from fluxv2_migrate.flux2 import FLUX_VERSIONS
from fluxv2_migrate.placement import ImageUse, layout_images, uses_of
from fluxv2_migrate.plan import apply_to_mapping
from fluxv2_migrate.rules import GitSync, draft_image_automation
from reference_trees import DEFINED_VERSIONS, LOADER, definitions_of, documents_of, read_tree, refusals

TREES = (
    "enterprise-overlays",
    "get-started",
    "helm-operator-get-started",
    "homelab",
    "homelab-crlf",
    "homelab-half-migrated",
    "kustomize-example",
    "multi-tenancy",
    "progressive-delivery",
)
# Workloads, containers, marked, fields of the marked ones, and the others by reason.
TABLE: Mapping[str, tuple[int, int, int, int, Mapping[str, int]]] = {
    "enterprise-overlays": (90, 120, 114, 133, {"IM017": 6}),
    "get-started": (1, 2, 2, 2, {}),
    "helm-operator-get-started": (3, 3, 3, 6, {}),
    "homelab": (17, 20, 17, 32, {"IM017": 3}),
    "homelab-crlf": (16, 18, 18, 36, {}),
    "homelab-half-migrated": (10, 12, 9, 18, {"IM017": 3}),
    "kustomize-example": (1, 1, 1, 1, {}),
    "multi-tenancy": (0, 0, 0, 0, {}),
    "progressive-delivery": (0, 0, 0, 0, {}),
}


def policy(annotations: Mapping[str, Any], name: str) -> str | None:
    for prefix in ("fluxcd.io", "flux.weave.works"):
        value = annotations.get(f"{prefix}/{name}")
        if value is not None:
            return str(value).lower() if isinstance(value, bool) else str(value)
    return None


def would_write(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Gives the field of each image of a workload that fluxd automates."""
    metadata, spec = manifest.get("metadata") or {}, manifest.get("spec") or {}
    annotations = metadata.get("annotations") or {}
    if policy(annotations, "automated") != "true" or "true" in (
        policy(annotations, "locked"),
        policy(annotations, "ignore"),
    ):
        return
    if manifest["kind"] in ("Deployment", "DaemonSet", "StatefulSet"):
        for group in ("containers", "initContainers"):
            for index, _ in enumerate(spec["template"]["spec"].get(group) or ()):
                yield f"spec.template.spec.{group}.{index}.image"
    elif manifest["kind"] == "HelmRelease" and manifest["apiVersion"] == "helm.fluxcd.io/v1":
        values = spec.get("values") or {}
        named = {
            key.partition("/")[2]: str(path)
            for key, path in annotations.items()
            if key.startswith("repository.fluxcd.io/")
        }
        fields: dict[str, str] = {}
        for name, holder in [("chart-image", values), *values.items()]:
            image = holder.get("image") if isinstance(holder, dict) else None
            below = "" if holder is values else f"{name}."
            if isinstance(image, str) and image:
                fields[name] = f"{below}image"
            elif isinstance(image, dict) and isinstance(image.get("repository"), str):
                fields[name] = f"{below}image.repository"
        for name, path in named.items():
            value: Any = values
            for key in path.split("."):
                value = value.get(key) if isinstance(value, dict) else None
            if isinstance(value, str):
                fields[name] = path
        yield from (f"spec.values.{path}" for path in fields.values())


@pytest.mark.parametrize("tree", TREES)
def test_what_fluxd_would_write_is_what_is_marked_or_told(tree: str, shared: Path) -> None:
    options = fm.MigrationOptions()
    workloads = containers = marked = fields = 0
    excepted: Counter[str] = Counter()
    for path, document in documents_of(read_tree(shared / "corpus" / tree / "v1")):
        if not isinstance(document.get("kind"), str):
            continue
        for draft in draft_image_automation(document, options, FLUX_VERSIONS[-1], file=path):
            wanted = sorted(would_write(document))
            told = {".".join(notice.path): notice.code for notice in draft.notices}
            found: list[str] = []
            for image in draft.images:
                containers += 1
                if image.fields:
                    marked += 1
                    fields += len(image.fields)
                    names = [".".join(each.field) for each in image.fields if each.part != "tag"]
                    # Where the registry stands apart the tag alone is marked, beside the repository.
                    found += names or [".".join((*image.fields[0].field[:-1], "repository"))]
                else:
                    excepted[image.exception] += 1
                    found += [name for name, code in told.items() if code == image.exception]
            workloads += bool(draft.images)
            assert sorted(set(found)) == sorted(set(wanted)), path
    assert (workloads, containers, marked, fields, dict(excepted)) == TABLE[tree]


def uses_in(tree: str, shared: Path, **options: Any) -> list[ImageUse]:
    found: list[ImageUse] = []
    for index, (path, document) in enumerate(documents_of(read_tree(shared / "corpus" / tree / "v1"))):
        if isinstance(document.get("kind"), str):
            for draft in draft_image_automation(
                document, fm.MigrationOptions(**options), FLUX_VERSIONS[-1], file=path
            ):
                found += uses_of(draft, place=f"{path}:{index}")
    return found


@pytest.mark.parametrize("tree", TREES)
def test_all_objects_of_real_trees_are_valid_for_every_flux(tree: str, shared: Path) -> None:
    uses = uses_in(tree, shared)
    sync = GitSync("flux-system", "flux-system", "main")
    for version in DEFINED_VERSIONS:
        layout = layout_images(uses, (), (sync,), fm.MigrationOptions(), version)
        assert set(layout.policies) == {use.place for use in uses}
        for made in layout.generated:
            assert refusals(definitions_of(shared, version), made.manifest) == []


@pytest.mark.parametrize("tree", TREES)
def test_annotations_of_fluxd_are_gone_from_real_trees(tree: str, shared: Path) -> None:
    options = fm.MigrationOptions()
    for path, document in documents_of(read_tree(shared / "corpus" / tree / "v1")):
        if isinstance(document.get("kind"), str) and "items" not in document:
            (draft,) = draft_image_automation(document, options, FLUX_VERSIONS[-1], file=path)
            after = apply_to_mapping(draft.operations, document)
            (again,) = draft_image_automation(after, options, FLUX_VERSIONS[-1], file=path)
            assert (again.operations, again.images) == ((), ())
            left = str((after.get("metadata") or {}).get("annotations"))
            assert "flux.weave.works/" not in left
            assert draft.stopped is False


def markers_in(text: str) -> list[str]:
    return re.findall(r'"\$imagepolicy": "([^"]+)"', text)


def test_automation_made_by_hand_differs_only_where_the_image_moved(shared: Path) -> None:
    folder = shared / "corpus" / "enterprise-overlays" / "pairs"
    why: Counter[str] = Counter()
    for entry in json.loads((folder / "index.json").read_text("utf-8")):
        before, after = (
            (folder / f"{entry['base']}.{version}.yaml").read_text("utf-8") for version in ("v1", "v2")
        )
        found = fm.translate_annotations(before)
        codes = {finding.code for finding in found.findings}
        document = yaml.load(before, LOADER)
        annotations = document["metadata"].get("annotations") or {}
        # One image in several fields has one policy, and it bears the name of the release.
        assert {
            marker.split(":")[1].removeprefix(document["metadata"]["name"])[:1]
            for marker in found.markers.values()
        } <= {"", "-"}
        if markers_in(after) and not found.markers:
            automated = policy(annotations, "automated") == "true"
            assert ("AN019" in codes) is automated
            why["its image came into the values later" if automated else "marked, but not automated"] += 1
        elif found.markers and not markers_in(after):
            names = {str(each.spec.image) for each in found.repositories}
            kept = any(name in after for name in names)
            why["the marker was forgotten" if kept else "its image went to the overlays"] += 1
        else:
            assert not found.markers
            assert not codes & {"AN010", "AN015"}
    assert why == {
        "its image came into the values later": 19,
        "marked, but not automated": 3,
        "the marker was forgotten": 4,
        "its image went to the overlays": 35,
    }
