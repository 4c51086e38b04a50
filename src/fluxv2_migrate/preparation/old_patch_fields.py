"""Patches of Flux v2's Kustomizations in fields that its API has no more, listed where it lists them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from fluxv2_migrate.clusters.builds import build_with
from fluxv2_migrate.clusters.flux_kustomizations import FLUX_PATCH_FIELDS, file_over, overlay_then
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kubernetes import as_list, mapping_at
from fluxv2_migrate.plan import Move, Operation, Remove, apply_to_text
from fluxv2_migrate.repository.reading import Document, is_old_release
from fluxv2_migrate.repository.workspace import RearrangedTexts
from fluxv2_migrate.surroundings.known import Surroundings
from fluxv2_migrate.yaml_text import (
    BlockText,
    CannotEdit,
    Node,
    SequenceNode,
    Style,
    column_of,
    detect_style,
    edit_document,
    emit_item,
    entry_at,
    line_end,
    line_start,
    read_document,
    read_edited,
    read_value,
    splice,
)
from fluxv2_migrate.yaml_text.nodes import colon_end, reindent

_LISTED: Final = "patches"
_MERGES: Final = "patchesStrategicMerge"
_OPERATIONS: Final = "patchesJson6902"
_IN_ORDER: Final = (_MERGES, _LISTED, _OPERATIONS)
"""The fields as kustomize takes them: one after the other."""


def list_old_patches(around: Surroundings) -> RearrangedTexts:
    """Gives Kustomizations of Flux v2 that list patches of releases in `patches`, as its API has them today.

    kustomize takes each field in its turn, and transformers between them: what is not built as it was before
    stays.

    Source: kustomize-controller `api/v1beta2`, which has all three fields, and `api/v1`, which has one.
    """
    files: dict[str, str] = {}
    owners: set[str] = set()
    reached: dict[str, set[str]] = {}
    for built in around.clusters.built(removed=True):
        for use in built.patches if is_old_release(built.manifest) else ():
            if use.field in FLUX_PATCH_FIELDS:
                reached.setdefault(use.kustomization, set()).add(built.path)
    for file, releases in reached.items():
        for document in around.repository.documents[file]:
            if not _has_old_fields(document):
                continue
            try:
                text = edit_document(files.get(file, around.repository.texts[file]), _listed, document.index)
            except (CannotEdit, InvalidManifest):
                continue
            if _builds_alike(file, text, around):
                files[file] = text
                owners |= releases
    return RearrangedTexts(files, frozenset(owners))


def _has_old_fields(document: Document) -> bool:
    spec = mapping_at(document.manifest, "spec")
    return bool(spec.get(_MERGES) or spec.get(_OPERATIONS))


def _builds_alike(file: str, text: str, around: Surroundings) -> bool:
    """Gives whether all that the Kustomizations of a file go over is built as it was before."""
    for (folder, over), before in around.clusters.builds.items():
        if file_over(over) != file:
            continue
        after = build_with(around.clusters.tree, folder, overlay_then(over, {file: text}, around.repository))
        if before.ok and [each.manifest for each in before.objects] != [
            each.manifest for each in after.objects
        ]:
            return False
    return True


def _listed(text: str) -> str:
    root, value = read_document(text)
    spec, style = value["spec"], detect_style(text)
    names = [name for name in _IN_ORDER if spec.get(name)]
    if not all(isinstance(each, Mapping) for name in names for each in as_list(spec[name]) or [None]):
        raise CannotEdit("a list that is none of patches")
    kept = _LISTED if _LISTED in names else names[0]
    key, node = entry_at(root, ("spec", kept))
    is_block = isinstance(node, SequenceNode) and not node.is_flow
    dash = column_of(text, node.start if is_block else key.start)
    lines = "".join(_lines(text, root, name, spec[name], dash) for name in names)
    pieces = []
    for name in names:
        key, node = entry_at(root, ("spec", name))
        # What is left of the others goes, with the comments above them where they are.
        new = f"{style.newline}{lines.rstrip()}" if name == kept else " []"
        pieces.append((colon_end(text, key), _end_of(text, node), new))
    text = splice(text, pieces)
    root, value = read_edited(text)
    plan: list[Operation] = [Remove(("spec", name)) for name in _IN_ORDER if name in spec and name != kept]
    if kept != _LISTED:
        plan.append(Move(("spec", kept), ("spec", _LISTED)))
    result = apply_to_text(tuple(plan), text, root, style, value)
    if not all(map(_is_same, result.value["spec"][_LISTED], _entries(spec))):
        raise CannotEdit("the list would be another one")
    return result.text


def _entries(spec: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Gives all patches as `patches` lists them, in the order in which they are taken."""
    yield from ({"patch": BlockText(json.dumps(each))} for each in as_list(spec.get(_MERGES)))
    yield from as_list(spec.get(_LISTED))
    yield from (
        {**each, "patch": BlockText(json.dumps(each.get("patch")))} for each in as_list(spec.get(_OPERATIONS))
    )


def _is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Gives whether two entries are the same patch for the same objects, in whichever form it is written."""
    if one.keys() != other.keys() or any(one[key] != other[key] for key in one if key != "patch"):
        return False
    return bool(
        one.get("patch") == other.get("patch") or read_value(one["patch"]) == read_value(other["patch"])
    )


def _end_of(text: str, node: Node) -> int:
    """Gives the end of a value, or of the comment that stands on its last line."""
    rest = text[node.end : line_end(text, node.end)].rstrip()
    return node.end + len(rest) if rest.lstrip().startswith("#") else node.end


def _lines(text: str, root: Node | None, name: str, entries: Sequence[Any], dash: int) -> str:
    """Gives the lines of a list, with its comments, as they are to stand in `patches`."""
    key, node = entry_at(root, ("spec", name))
    start, end, style = colon_end(text, key), _end_of(text, node), detect_style(text)
    if not isinstance(node, SequenceNode) or node.is_flow:
        if "#" in text[start:end]:
            raise CannotEdit("comments in a list in brackets")
        return "".join(emit_item(each, dash, style) for each in _entries({name: entries}))
    first = line_end(text, start)
    beside = text[start:first].strip()
    if beside and not beside.startswith("#"):
        raise CannotEdit("an anchor before a list")
    pieces = []
    for index, (item, entry) in enumerate(zip(node.value, entries, strict=True)):
        if name == _MERGES:
            pieces.append(_merged(text, item, entry, style))
        elif name == _OPERATIONS:
            of_patch, patch = entry_at(root, ("spec", name, index, "patch"))
            pieces.append(_operated(text, of_patch, patch, entry.get("patch"), style))
    moved = splice(text[first:end], [(begin - first, until - first, new) for begin, until, new in pieces])
    lines = reindent(moved, dash - column_of(text, node.start)) + style.newline
    return f"{' ' * dash}{beside}{style.newline}{lines}" if beside else lines


def _merged(text: str, item: Node, value: Any, style: Style) -> tuple[int, int, str]:
    """Gives where an item is that is a patch itself, and what takes its place."""
    if text[line_start(text, item.start) : item.start].strip(" ") != "-":
        raise CannotEdit("an item that does not stand behind its dash")
    column, end = column_of(text, item.start), _end_of(text, item)
    lines = " " * column + text[item.start : end]
    block = _block(lines, column, column + style.step, value, style)
    return item.start, end, f"patch: |{style.newline}{block}"


def _operated(text: str, key: Node, node: Node, value: Any, style: Style) -> tuple[int, int, str]:
    """Gives where the operations of an entry are, and what takes their place."""
    start, end = colon_end(text, key), _end_of(text, node)
    behind = line_end(text, start)
    beside = text[start:behind].strip()
    # kustomize takes a list in brackets for JSON.
    is_flow = isinstance(node, SequenceNode) and node.is_flow
    if is_flow and "#" in text[start:end]:
        raise CannotEdit("comments in a list in brackets")
    lines = "" if is_flow or (beside and not beside.startswith("#")) else text[behind:end]
    indent = column_of(text, key.start) + style.step
    block = _block(lines, column_of(text, node.start), indent, value, style)
    comment = f"{' ' * indent}{beside}{style.newline}" if lines and beside else ""
    return start, end, f" |{style.newline}{comment}{block}"


def _block(lines: str, column: int, indent: int, value: Any, style: Style) -> str:
    """Gives what a value is as a block of text: its lines, where these alone mean it."""
    moved = "".join(
        # No comment may stand before the first column of the block.
        f"{' ' * max(indent, column_of(row, row.index('#')))}{row.lstrip()}"
        if row.lstrip().startswith("#")
        else row
        for row in reindent(lines, indent - column).splitlines(keepends=True)
    )
    try:
        is_same = read_value(moved) == value
    except InvalidManifest:
        # An alias of what stands elsewhere.
        is_same = False
    if is_same:
        return moved
    if "#" in lines:
        raise CannotEdit("comments in what has to be written anew")
    return f"{' ' * indent}{json.dumps(value)}"
