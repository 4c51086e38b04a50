"""Replacements of kustomizations as they are written, and which of them write where a chart comes from."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any, Final

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kubernetes import mapping_at
from fluxv2_migrate.kustomize import BuiltObject, KustomizeTree, PatchUse, Selector, split_field_path
from fluxv2_migrate.yaml_text import read_document

EntryPath = tuple[str | int, ...]
SOURCE_FIELDS: Final = frozenset(("spec", "chart", name) for name in ("repository", "git", "ref"))
"""The fields of a release of Flux v1 that its source has in Flux v2."""


def replacement_entries(use: PatchUse, tree: KustomizeTree) -> Iterator[tuple[EntryPath, Mapping[str, Any]]]:
    """Gives the replacements of an entry of a kustomization, each with where it stands in its file."""
    if not use.path:
        kustomization = tree.kustomizations[posixpath.dirname(use.kustomization)]
        yield (use.field, use.entry), kustomization.replacements[use.entry]
        return
    value = read_document(tree.text(use.path))[1]
    if isinstance(value, list):
        yield from (((number,), each) for number, each in enumerate(value))
    else:
        yield (), value


def writer_name(use: PatchUse, at: EntryPath) -> str:
    """Names a target of a replacement, so that what it writes is told from what others do.

    >>> writer_name(PatchUse("a/kustomization.yaml", "replacements", 0, "", 0, ""), ("replacements", 0))
    'a/kustomization.yaml 0 replacements.0'
    """
    return f"{use.kustomization} {use.entry} {'.'.join(map(str, at))}"


def source_writer(built: BuiltObject, tree: KustomizeTree) -> str:
    """Names the target of a replacement that writes where the chart of a release comes from; or nothing."""
    for use in built.replacements:
        for at, entry in replacement_entries(use, tree) if use.kind == "replacement" else ():
            for number, target in enumerate(entry.get("targets") or ()):
                paths = target.get("fieldPaths") or ()
                if any(tuple(split_field_path(str(path))) in SOURCE_FIELDS for path in paths) and selects(
                    target, built
                ):
                    return writer_name(use, (*at, "targets", number))
    return ""


def selects(target: Mapping[str, Any], built: BuiltObject) -> bool:
    """Gives whether a target of a replacement selects an object, by its names and its API."""
    select = mapping_at(target, "select")
    metadata = built.manifest.get("metadata") or {}
    own = (str(metadata.get("name") or ""), str(metadata.get("namespace") or "default"))
    known = {own, *((step.name, step.namespace or "default") for step in built.steps)}
    group, _, version = str(built.manifest.get("apiVersion")).partition("/")
    kind = str(built.manifest.get("kind"))
    try:
        return any(Selector.of(select).matches(group, version, kind, *each) for each in known)
    except InvalidManifest:
        return False
