"""Patches of Flux v2's Kustomizations in fields that its API has no more, listed where it lists them."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Final

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kubernetes import as_list, mapping_at
from fluxv2_migrate.plan import Operation, Remove, Set, apply_to_text
from fluxv2_migrate.releases.patch_targets import FLUX_PATCHES
from fluxv2_migrate.repository.documents import Document
from fluxv2_migrate.repository.reading import is_old_release
from fluxv2_migrate.repository.rearranged import RearrangedTexts
from fluxv2_migrate.surroundings.known import Surroundings
from fluxv2_migrate.yaml_text import (
    BlockText,
    CannotEdit,
    Node,
    column_of,
    detect_style,
    edit_document,
    entry_at,
    find_field,
    read_document,
    read_value,
    splice,
)

_MERGES: Final = "patchesStrategicMerge"
_OPERATIONS: Final = "patchesJson6902"


def list_old_patches(around: Surroundings) -> RearrangedTexts:
    """Gives Kustomizations of Flux v2 that list patches of releases in `patches`, as its API has them today.

    Source: kustomize-controller `api/v1beta2`, which has all three fields, and `api/v1`, which has one.
    """
    files: dict[str, str] = {}
    owners: set[str] = set()
    reached: dict[str, set[str]] = {}
    for build in around.clusters.builds.values():
        for built in (*build.objects, *build.removed):
            for use in built.patches if is_old_release(built.manifest) else ():
                if use.field == FLUX_PATCHES:
                    reached.setdefault(use.kustomization, set()).add(built.path)
    for file, releases in reached.items():
        for document in around.repository.documents[file]:
            if not _has_old_fields(document):
                continue
            try:
                text = files.get(file, around.repository.texts[file])
                files[file] = edit_document(text, _listed, document.index)
                owners |= releases
            except (CannotEdit, InvalidManifest):
                continue
    return RearrangedTexts(files, frozenset(owners))


def _has_old_fields(document: Document) -> bool:
    spec = mapping_at(document.manifest, "spec")
    return bool(spec.get(_MERGES) or spec.get(_OPERATIONS)) and not spec.get("patches")


def _listed(text: str) -> str:
    root, value = read_document(text)
    entries = list(_entries(text, root, value["spec"]))
    names = [name for name in (_MERGES, _OPERATIONS) if name in value["spec"]]
    # Their comments have gone into the entries.
    text = splice(text, (_inside(text, root, name) for name in names))
    root, value = read_document(text)
    plan: list[Operation] = [Set(("spec", "patches"), entries)]
    plan += [Remove(("spec", name)) for name in names]
    return apply_to_text(tuple(plan), text, root, detect_style(text), value).text


def _inside(text: str, root: Node | None, name: str) -> tuple[int, int, str]:
    """Gives where the value of a field stands, and what takes its place."""
    key, node = entry_at(root, ("spec", name))
    colon = text.index(":", key.end) + 1
    if text[colon : node.start].strip():
        raise CannotEdit("something stands between a field and its list")
    return colon, node.end, " []"


def _entries(text: str, root: Node | None, spec: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for index, patch in enumerate(as_list(spec.get(_MERGES))):
        yield {"patch": _written(text, root, ("spec", _MERGES, index), patch)}
    for index, entry in enumerate(as_list(spec.get(_OPERATIONS))):
        path = ("spec", _OPERATIONS, index, "patch")
        yield {"target": entry["target"], "patch": _written(text, root, path, entry["patch"])}


def _written(text: str, root: Node | None, path: tuple[str | int, ...], value: Any) -> str:
    """Gives what stands at a path as a text of its own, with its comments where that is the same."""
    _, node = find_field(root, path)
    assert node is not None
    inner = " " * column_of(text, node.start) + text[node.start : node.end]
    lines = textwrap.dedent(inner).replace("\r\n", "\n")
    try:
        is_same = read_value(lines) == value
    except InvalidManifest:
        # An alias of what stands elsewhere.
        is_same = False
    # kustomize takes a list in brackets for JSON.
    is_kept = is_same and not lines.startswith("[")
    return BlockText(f"{lines.rstrip()}\n" if is_kept else json.dumps(value))
