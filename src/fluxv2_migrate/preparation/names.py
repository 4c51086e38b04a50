"""Names that files say before anything is migrated: of releases, and of what patches are for.

The helm-operator made a name of the namespace and the name of its object, and a manifest that several
Kustomizations sync has several of them. What a Kustomization patches is told apart as all patches are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from fluxv2_migrate.clusters import DocumentKey, SyncPath, builds_alike
from fluxv2_migrate.clusters.cluster_map import place_of
from fluxv2_migrate.clusters.flux_kustomizations import FLUX_PATCHES, FluxKustomization
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux1.policies import FLUXD_DOMAINS
from fluxv2_migrate.folders import is_below, normal_path
from fluxv2_migrate.kubernetes import group_of, metadata_of, namespace_and_name
from fluxv2_migrate.kustomize import BuiltObject, Kustomization, KustomizationPatch, steps_apart
from fluxv2_migrate.meaning.release_names import installed_name
from fluxv2_migrate.plan import Set, apply_to_text, edit_fields
from fluxv2_migrate.releases.patch_targets import narrowed
from fluxv2_migrate.releases.patched import HeldBack
from fluxv2_migrate.repository.reading import Document, is_old_release
from fluxv2_migrate.repository.workspace import RearrangedTexts
from fluxv2_migrate.surroundings.known import Surroundings
from fluxv2_migrate.yaml_text import (
    BlockText,
    CannotEdit,
    SequenceNode,
    column_of,
    detect_style,
    edit_document,
    emit_item,
    entry_at,
    line_end,
    read_again,
    read_document,
    splice,
)

_SELECTOR: Final = "annotationSelector"


@dataclass(frozen=True, slots=True)
class _Named:
    """A release as one Kustomization of Flux v2 applies it.

    Attributes:
        release_name: under which it is installed.
        entering: its namespace and name as patches of the Kustomization find it.
    """

    by: DocumentKey
    release_name: str
    entering: tuple[str, str]


def name_releases(around: Surroundings) -> RearrangedTexts:
    """Gives Kustomizations of Flux v2 that say what releases are called to which they give several names."""
    files: dict[str, str] = {}
    owners: set[str] = set()
    for key in around.clusters.sightings:
        document = around.repository.document(*key)
        if not is_old_release(document.manifest) or not _is_not_told_apart(key, around):
            continue
        made = dict(files)
        try:
            for named in _named(document, around):
                path, index = named.by
                text = made.get(path, around.repository.texts[path])
                edit = partial(_with_name, named=named, document=document)
                made[path] = edit_document(text, edit, index)
        except (CannotEdit, InvalidManifest):
            continue
        if made != files:
            files = made
            owners.add(document.path)
    return RearrangedTexts(files, frozenset(owners))


def _is_not_told_apart(key: DocumentKey, around: Surroundings) -> bool:
    """Gives whether a release has several names, and no kustomization of its own for each."""
    wanted = [(each.steps, (each.namespace, each.name)) for each in around.clusters.sightings[key]]
    return len({place for _, place in wanted}) > 1 and not all(steps_apart(wanted))


def _named(document: Document, around: Surroundings) -> list[_Named]:
    """Gives a release as each Kustomization applies it; nothing where they all call it the same."""
    found = list(dict.fromkeys(_ways(document, around)))
    return found if len({each.release_name for each in found}) > 1 else []


def _ways(document: Document, around: Surroundings) -> Iterator[_Named]:
    for view in around.clusters.clusters:
        default = view.settings.default_namespace or around.options.default_namespace or ""
        for synced in view.sync_paths:
            for by in _syncing(synced, around):
                for manifest, entering in _applied(document, synced, around):
                    namespace, name = place_of(manifest, default, synced)
                    if not namespace:
                        raise CannotEdit("a release whose namespace is not known")
                    yield _Named(by, installed_name(manifest, namespace, name), entering)


def _syncing(synced: SyncPath, around: Surroundings) -> Iterator[DocumentKey]:
    """Gives the Kustomizations that make of a folder what a sync path is."""
    for _, document in around.repository.new_objects():
        known = FluxKustomization.of_document(document)
        if known is None or document.key in around.clusters.foreign or normal_path(known.path) != synced.path:
            continue
        if (known.overlay, known.target_namespace) == (synced.overlay, synced.target_namespace):
            yield document.key


def _applied(
    document: Document, synced: SyncPath, around: Surroundings
) -> Iterator[tuple[Mapping[str, object], tuple[str, str]]]:
    """Gives a release as it is built for a sync path, with its namespace and name before the last patches."""
    if not synced.builds and is_below(document.path, synced.path):
        yield document.manifest, namespace_and_name(document.manifest)
    for folder in synced.builds:
        for built in around.clusters.builds[folder, synced.over].objects:
            if built.key == document.key:
                step = built.steps[-1] if built.steps else None
                known = namespace_and_name(document.manifest)
                yield built.manifest, known if step is None else (step.namespace, step.name)


def _with_name(text: str, named: _Named, document: Document) -> str:
    """Gives a Kustomization with a patch for the name of a release."""
    root, value = read_document(text)
    holder, name = FLUX_PATCHES.split(".")
    operation = f"- op: add\n  path: /spec/releaseName\n  value: {named.release_name}\n"
    manifest = document.manifest
    target = {"group": group_of(manifest), "kind": manifest["kind"], **metadata_of(*named.entering)}
    entry = {"target": target, "patch": BlockText(operation)}
    listed = value[holder].get(name) or []
    style = detect_style(text)
    if not listed:
        return apply_to_text((Set((holder, name), [entry]),), text, root, style, value).text
    node = entry_at(root, (holder, name))[1]
    if not isinstance(node, SequenceNode) or node.is_flow:
        raise CannotEdit("patches in brackets")
    end = line_end(text, node.end)
    ended = "" if text.endswith("\n", 0, end) else style.newline
    added = ended + emit_item(entry, column_of(text, node.start), style)
    wanted = {**value, holder: {**value[holder], name: [*listed, entry]}}
    return read_again(splice(text, [(end, end, added)]), wanted)


def name_targets(around: Surroundings) -> RearrangedTexts:
    """Gives kustomizations in which patches name what they found by annotations of fluxd."""
    files: dict[str, str] = {}
    reached: set[str] = set()
    clusters = around.clusters
    for kustomization in clusters.tree.kustomizations.values():
        for patch in kustomization.patches:
            selector = str((patch.target or {}).get(_SELECTOR) or "")
            if not any(domain in selector for domain in FLUXD_DOMAINS):
                continue
            text = files.get(kustomization.path, kustomization.text)
            objects = list(_objects(kustomization, around))
            try:
                values = _fields_of_target(kustomization, patch, objects)
                made = {**files, kustomization.path: _edited(text, patch, values)}
            except (CannotEdit, HeldBack, InvalidManifest):
                continue
            if builds_alike(clusters.tree, clusters.builds, made):
                files = made
                reached |= {built.path for built in objects if _has(built, kustomization, patch)}
    return RearrangedTexts(files, frozenset(reached))


def _objects(kustomization: Kustomization, around: Surroundings) -> Iterator[BuiltObject]:
    """Gives the objects that come through a kustomization."""
    for built in around.clusters.built():
        if any(step.path == kustomization.path for step in built.steps):
            yield built


def _has(built: BuiltObject, kustomization: Kustomization, patch: KustomizationPatch) -> bool:
    place = (kustomization.path, patch.field, patch.index)
    return any((use.kustomization, use.field, use.entry) == place for use in built.patches)


def _fields_of_target(
    kustomization: Kustomization, patch: KustomizationPatch, objects: list[BuiltObject]
) -> Mapping[str, str]:
    found: dict[bool, set[tuple[str, str, str]]] = {True: set(), False: set()}
    for built in objects:
        for step in built.steps:
            if step.path == kustomization.path:
                kind = str(built.manifest.get("kind"))
                found[_has(built, kustomization, patch)].add((kind, step.namespace, step.name))
    kinds = sorted({kind for kind, _, _ in found[True]})
    if not kinds:
        raise HeldBack("it reaches nothing")
    wanted, others = (
        {(namespace, name) for kind, namespace, name in found[is_reached] if kind in kinds}
        for is_reached in (True, False)
    )
    return {"kind": "|".join(kinds), **narrowed(wanted, others)}


def _edited(text: str, patch: KustomizationPatch, values: Mapping[str, Any]) -> str:
    path = (patch.field, patch.index, "target")
    return edit_document(text, lambda document: edit_fields(document, path, values, [_SELECTOR]))
