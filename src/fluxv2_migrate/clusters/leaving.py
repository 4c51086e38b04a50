"""Documents that leave a repository, with the files of which nothing is left and what lists these."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from fluxv2_migrate.clusters.cluster_map import ClusterMap, DocumentKey
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kubernetes import as_list, mapping_at
from fluxv2_migrate.kustomize import Kustomization, KustomizationPatch, ListedEntry, remove_entry
from fluxv2_migrate.quoting import shown_folder
from fluxv2_migrate.repository.reading import Document, read_documents
from fluxv2_migrate.repository.workspace import Workspace, kustomization_change
from fluxv2_migrate.yaml_text import CannotEdit, document_texts, read_value

_OF_FLUX_1: Final = re.compile(
    r"(?:flux|helm-operator|memcached)(?:-.*)?|.*\.(?:fluxcd\.io|flux\.weave\.works)", re.DOTALL
)
_CONTENTS: Final = (
    "resources",
    "bases",
    "components",
    "configMapGenerator",
    "secretGenerator",
    "generators",
    "helmCharts",
)


def take_out(
    documents: Iterable[Document],
    workspace: Workspace,
    clusters: ClusterMap,
    *,
    with_folders: bool = False,
    entries: Sequence[tuple[Kustomization, ListedEntry]] = (),
) -> Mapping[str, str]:
    """Takes documents out of their files, and all that is used up with them.

    Files of which nothing is left go, with the entries of kustomizations that list them and with the patches
    that reach nothing else.

    Args:
        with_folders: whether a kustomization that would hold nothing goes, too, with its own entries.
        entries: of kustomizations, of what lies elsewhere and leaves as well, with the patches for it.

    Returns:
        By file, why documents of it cannot leave: what lists it cannot be edited, or would not build.
    """
    leaving = list(documents)
    for document in leaving:
        workspace.delete(document)
    files = {document.path for document in leaving}
    _drop_patches({document.key for document in leaving}, workspace, clusters)
    reasons: dict[str, str] = {}
    for kustomization, entry in entries:
        reasons |= _drop_entry(kustomization, entry, workspace, clusters)
    if reasons:
        return reasons
    gone = [path for path in sorted(files) if not workspace.has(path)]
    emptied = [kustomization for kustomization, _ in entries]
    reasons = _unlist(gone, workspace, clusters, with_folders=with_folders, emptied=emptied)
    return reasons or _broken(files, workspace, clusters)


def _drop_patches(leaving: set[DocumentKey], workspace: Workspace, clusters: ClusterMap) -> None:
    """Takes out the patches that reach nothing but what leaves; what cannot be edited breaks its build."""
    reached: dict[tuple[str, str, int, str], set[DocumentKey]] = {}
    for built in clusters.built():
        for use in built.patches:
            key = (use.kustomization, use.field, use.entry, use.path)
            reached.setdefault(key, set()).add(built.key)
    used_up = [key for key, objects in reached.items() if objects <= leaving]
    kept = {path for key, objects in reached.items() if not objects <= leaving for path in key[3:] if path}
    for kustomization, field, index, path in sorted(used_up, key=lambda key: (key[0], key[1], -key[2])):
        entries = _entries(kustomization, field, clusters)
        if index >= len(entries):
            continue
        with suppress(CannotEdit):
            change = kustomization_change(kustomization)
            workspace.edit(kustomization, _without(field, entries[index]), change)
            if path and path not in kept:
                workspace.remove(path)
    reached_by = _reached(clusters)
    for path in sorted(kept):
        for document in _documents(path, clusters):
            if document.key in reached_by and reached_by[document.key] <= leaving:
                workspace.delete(document)


def _reached(clusters: ClusterMap) -> Mapping[DocumentKey, set[DocumentKey]]:
    """Gives by each document of a file of patches the objects that it reaches."""
    found: dict[DocumentKey, set[DocumentKey]] = {}
    for built in clusters.built():
        for use in built.patches:
            if use.kind == "merge":
                found.setdefault((use.path, use.document), set()).add(built.key)
    return found


def _drop_entry(
    kustomization: Kustomization, entry: ListedEntry, workspace: Workspace, clusters: ClusterMap
) -> dict[str, str]:
    """Takes out what lies elsewhere, and the patches for it; gives why that cannot be."""
    reaching = {
        (use.kustomization, use.field, use.entry) for built in clusters.built() for use in built.patches
    }
    change = kustomization_change(kustomization.path)
    try:
        workspace.edit(kustomization.path, _without(entry.field, entry.entry), change)
        for folder in (kustomization.folder, *clusters.tree.ancestors(kustomization.folder)):
            each = clusters.tree.kustomizations[folder]
            for patch in reversed(each.patches):
                if (each.path, patch.field, patch.index) not in reaching and _is_of_flux_1(patch, workspace):
                    listed = _entries(each.path, patch.field, clusters)[patch.index]
                    workspace.edit(each.path, _without(patch.field, listed), kustomization_change(each.path))
                    if workspace.has(patch.path):
                        workspace.remove(patch.path)
                elif patch.path and patch.target is None:
                    _drop_documents(patch.path, workspace, clusters)
    except CannotEdit as error:
        return {kustomization.path: f"{kustomization.path} cannot be edited: {error}"}
    return {}


def _drop_documents(path: str, workspace: Workspace, clusters: ClusterMap) -> None:
    """Takes the patches out of a file that are for something of Flux v1, and for nothing that is built."""
    reached = _reached(clusters)
    for document in _documents(path, clusters):
        if document.key not in reached and _OF_FLUX_1.fullmatch(document.identity[1]):
            workspace.delete(document)


def _documents(path: str, clusters: ClusterMap) -> tuple[Document, ...]:
    """Gives the documents of a file of patches as everything was built; none of one that is missing."""
    with suppress(InvalidManifest, KeyError):
        return read_documents(path, clusters.tree.text(path))[0]
    return ()


def _is_of_flux_1(patch: KustomizationPatch, workspace: Workspace) -> bool:
    """Gives whether a patch is for something of Flux v1, by the names that its own manifests have."""
    if patch.path in workspace.deleted:
        # It left as the document that tells how fluxd runs.
        return True
    names = [patch.target.get("name")] if patch.target is not None else []
    text = patch.inline or workspace.text(patch.path) or ""
    for document in document_texts(text) if not any(names) else ():
        with suppress(InvalidManifest):
            names.append(mapping_at(read_value(document), "metadata").get("name"))
    return bool(names) and all(_OF_FLUX_1.fullmatch(str(name)) for name in names)


def _entries(kustomization: str, field: str, clusters: ClusterMap) -> Sequence[Any]:
    for each in clusters.tree.kustomizations.values():
        if each.path == kustomization:
            found = each.document.get(field)
            return as_list(found)
    return ()


def _unlist(
    gone: Iterable[str],
    workspace: Workspace,
    clusters: ClusterMap,
    *,
    with_folders: bool,
    emptied: Iterable[Kustomization],
) -> dict[str, str]:
    """Takes files and folders out of the kustomizations that list them, and gives why some cannot go."""
    tree, built = clusters.tree, _built_folders(clusters)
    reasons: dict[str, str] = {}
    listing: dict[str, tuple[Kustomization, list[str]]] = {}
    # What goes, each with the file because of which it does.
    pending = [(path, path) for path in gone]

    def settle(kustomization: Kustomization, because: str) -> None:
        listing.setdefault(kustomization.path, (kustomization, []))[1].append(because)
        is_needed = kustomization.folder in built or not with_folders
        if (
            not is_needed
            and workspace.has(kustomization.path)
            and not _holds_anything(workspace, kustomization)
        ):
            workspace.remove(kustomization.path, kustomization_change(kustomization.path))
            pending.append((kustomization.folder, because))

    for each in emptied:
        settle(each, each.path)
    while pending:
        path, because = pending.pop(0)
        for kustomization in tree.includers(path):
            # It is there: what lists anything that goes was not empty so far.
            try:
                _take_entries(path, kustomization, workspace)
            except CannotEdit as error:
                reasons[because] = (
                    f"its entry in {kustomization.path} must go, which cannot be edited: {error}"
                )
                continue
            settle(kustomization, because)
    for kustomization, causes in listing.values():
        # Not every release of kustomize includes what is empty; one that a cluster builds may be.
        is_included = kustomization.folder not in built or tree.includers(kustomization.folder)
        is_there = workspace.has(kustomization.path)
        if is_included and is_there and not _holds_anything(workspace, kustomization):
            reasons |= dict.fromkeys(causes, f"{kustomization.path} would hold nothing")
    return reasons


def _built_folders(clusters: ClusterMap) -> set[str]:
    """Gives the folders that clusters build themselves, and so need however little is in them."""
    synced_paths = [synced for _, synced in clusters.sync_paths()]
    built = {folder for each in synced_paths if each.files == "none" for folder in each.builds}
    return built | {each.path for each in synced_paths}


def _take_entries(path: str, kustomization: Kustomization, workspace: Workspace) -> None:
    """Takes the entries of a file or folder out of a kustomization; raises `CannotEdit`."""
    change = kustomization_change(kustomization.path)
    for entry in kustomization.resources:
        if entry.path == path:
            workspace.edit(kustomization.path, _without(entry.field, entry.entry), change)


def _without(field: str, entry: Any) -> Any:
    return lambda text: remove_entry(text, field, entry)


def _holds_anything(workspace: Workspace, kustomization: Kustomization) -> bool:
    first, *others = document_texts(workspace.text(kustomization.path) or "")
    # kustomize reads the first document alone; what else is there is somebody's.
    return bool(others) or any(read_value(first).get(key) for key in _CONTENTS)


def _broken(sources: set[str], workspace: Workspace, clusters: ClusterMap) -> dict[str, str]:
    """Gives the files without whose documents a kustomization that builds would not build any more."""
    concerned = [
        build
        for (_, over), build in clusters.builds.items()
        if not over and build.ok and not sources.isdisjoint(build.files)
    ]
    if not concerned:
        return {}
    tree = clusters.tree.with_files(workspace.differing)
    reasons: dict[str, str] = {}
    for before in concerned:
        if before.folder not in tree.kustomizations:
            # It went itself, as nothing was left in it.
            continue
        problem = tree.build(before.folder).failure
        if problem is not None:
            reason = f"{shown_folder(before.folder)} would not build: {problem}"
            reasons |= dict.fromkeys(sources & set(before.files), reason)
    return reasons
