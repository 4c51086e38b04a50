"""The texts with which kustomizations patch what fluxd patched after them."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fluxv2_migrate.clusters import ClusterMap, SyncPath, patches_for
from fluxv2_migrate.folders import kustomization_files
from fluxv2_migrate.kubernetes.manifests import mapping_at
from fluxv2_migrate.kustomize import Build, Kustomization, KustomizeTree, list_patch_file, new_kustomization
from fluxv2_migrate.plan import Operation, Remove, Set, apply_to_text
from fluxv2_migrate.preparation.running_images import with_running_images
from fluxv2_migrate.quoting import shown_folder
from fluxv2_migrate.yaml_text import (
    CannotEdit,
    detect_style,
    document_texts,
    edit_documents,
    emit_scalar,
    read_document,
    read_value,
)


@dataclass(frozen=True, slots=True)
class PatchTexts:
    """Kustomizations that patch what fluxd patched.

    Attributes:
        texts: of the kustomizations, and of the files of patches that they list.
        builds: what fluxd applied.
        overruled: the kustomizations that said something of images that fluxd's patches said otherwise, each
            with that in words.
    """

    texts: Mapping[str, str]
    builds: tuple[Build, ...]
    overruled: tuple[tuple[str, str], ...] = ()


def patched_builds(paths: Sequence[SyncPath], text: str, clusters: ClusterMap) -> PatchTexts:
    """Gives the kustomizations that fluxd built with its patches, each with those for what it builds.

    Args:
        paths: the sync paths with one file of patches.

    Raises:
        CannotEdit: they would build something else, or others would have the patches too.
        InvalidManifest: a text is no YAML.
    """
    overs = {folder: synced.over for synced in paths for folder in synced.builds}
    patch_file = paths[0].patch_file
    texts: dict[str, str] = {}
    builds: list[Build] = []
    overruled: list[tuple[str, str]] = []
    for folder, (path, part) in _parts(tuple(overs), patch_file, text, clusters.tree).items():
        own = clusters.tree.kustomization(folder)
        before = clusters.builds[folder, overs[folder]]
        if not isinstance(own, Kustomization) or not before.ok:
            raise CannotEdit(_why_not_built(before, patch_file))
        if _is_shared(own.path, overs, patch_file, clusters):
            raise CannotEdit(f"other kustomizations build on {own.path}, and would have its patches too")
        found = _listed(own, path, part, before, clusters.tree)
        texts |= found.texts
        builds += found.builds
        overruled += found.overruled
    return PatchTexts(texts, tuple(builds), tuple(overruled))


def _why_not_built(build: Build, patch_file: str) -> str:
    """Gives why there is nothing to list patches in; of what they go over it is told where it stands."""
    failure = build.failure
    return failure.reason if failure and failure.path == patch_file else "what it goes over cannot be built"


def _is_shared(path: str, folders: Collection[str], patch_file: str, clusters: ClusterMap) -> bool:
    """Gives whether a kustomization serves other builds than those that fluxd's patches go over.

    Where a person gave the clusters, what none of them builds is nobody's.
    """
    files = {
        (folder, synced.over): synced.patch_file
        for _, synced in clusters.sync_paths()
        for folder in synced.builds
    }
    places = {place for place, build in clusters.builds.items() if path in build.files}
    built = places.intersection(files) if clusters.given else places
    return any(place[0] not in folders or files.get(place, patch_file) != patch_file for place in built)


def patched_over_builds(synced: SyncPath, text: str, clusters: ClusterMap) -> PatchTexts:
    """Gives a kustomization for a sync path that patches what others build too.

    Raises:
        CannotEdit: the sync path has a kustomization that says something else, or would build something else.
        InvalidManifest: a text is no YAML.
    """
    tree, folder = clusters.tree, synced.path
    builds = tuple(clusters.build_of(synced, each) for each in synced.builds)
    entries = (posixpath.relpath(each or ".", folder or ".") for each in synced.builds)
    several = len(document_texts(text)) > 1
    kustomization = list_patch_file(
        new_kustomization(map(emit_scalar, entries)),
        posixpath.relpath(synced.patch_file, folder or "."),
        "patchesStrategicMerge" if several else "patches",
    )
    path = kustomization_files(folder)[0]
    known = tree.kustomization(folder)
    if known is not None and not (isinstance(known, Kustomization) and known.text == kustomization):
        raise CannotEdit(f"{shown_folder(folder)} has a kustomization that is not what fluxd built there")
    after = tree.with_files({path: kustomization}).build(folder)
    if not all(each.ok for each in (*builds, after)) or _objects(*builds) != _objects(after):
        raise CannotEdit(f"{path} would build something else with it")
    return PatchTexts({path: kustomization, synced.patch_file: text}, builds)


def _parts(
    folders: Sequence[str], patch_file: str, text: str, tree: KustomizeTree
) -> dict[str, tuple[str, str]]:
    """Gives for each build that is patched the file with the patches for its objects, and its text."""
    if len(folders) == 1:
        return {folders[0]: (patch_file, text)}
    parts = {folder: patches_for(tree, folder, patch_file, folders) for folder in folders}
    values = {folder: map(read_value, document_texts(part)) for folder, part in parts.items()}
    patched = [folder for folder, found in values.items() if any(isinstance(each, dict) for each in found)]
    if len(patched) == 1:
        return dict.fromkeys(patched, (patch_file, text))
    named: dict[str, tuple[str, str]] = {}
    for folder in patched:
        path = posixpath.join(folder, posixpath.basename(patch_file))
        if path in tree.files and path != patch_file:
            raise CannotEdit(f"{path} is there already")
        named[folder] = (path, parts[folder])
    return named


def _listed(own: Kustomization, path: str, text: str, before: Build, tree: KustomizeTree) -> PatchTexts:
    """Gives a kustomization that lists the patches, which builds what fluxd applied."""
    for patches in dict.fromkeys((text, _with_earlier_names(text, own, before))):
        for listed in _listings(own, path, patches):
            texts = {own.path: listed, path: patches}
            after = tree.with_files(texts).build(own.folder)
            overruled: tuple[str, ...] = ()
            if after.ok and _objects(before) != _objects(after):
                running = with_running_images(own, listed, before, after)
                more = "".join(f"---\n{each}" for each in running.patches)
                end = "" if not more or patches.endswith("\n") else "\n"
                patches_too = _with_earlier_names(patches + end + more, own, before) if more else patches
                texts, overruled = {own.path: running.text, path: patches_too}, running.overruled
                after = tree.with_files(texts).build(own.folder)
            if after.ok and _objects(before) == _objects(after):
                return PatchTexts(texts, (before,), tuple((own.path, each) for each in overruled))
    raise CannotEdit(f"{own.path} would build something else with it")


def _with_earlier_names(text: str, own: Kustomization, before: Build) -> str:
    """Gives fluxd's patches for a kustomization that gives names and namespaces only after its patches.

    fluxd patched what was built, by the names that objects have at the end.
    """

    def edit(part: str) -> str:
        root, value = read_document(part)
        plan = tuple(_renaming(value, own, before)) if isinstance(value, dict) else ()
        return apply_to_text(plan, part, root, detect_style(part)).text if plan else part

    return edit_documents(text, edit)


def _renaming(patch: Mapping[str, Any], own: Kustomization, before: Build) -> Iterator[Operation]:
    metadata = mapping_at(patch, "metadata")
    for built in before.objects:
        same = mapping_at(built.manifest, "metadata")
        if (patch.get("kind"), metadata.get("name")) != (built.manifest.get("kind"), same.get("name")):
            continue
        step = next((each for each in reversed(built.steps) if each.path == own.path), None)
        if step is None or metadata.get("namespace") != same.get("namespace"):
            continue
        if step.name != metadata.get("name"):
            yield Set(("metadata", "name"), step.name)
        if step.namespace != metadata.get("namespace", ""):
            path = ("metadata", "namespace")
            yield Set(path, step.namespace) if step.namespace else Remove(path)
        return


def _listings(own: Kustomization, path: str, patches: str) -> Iterator[str]:
    """Gives the texts of a kustomization with a file of patches listed, the better one first."""
    if any(each.path == path for each in own.patches):
        return iter((own.text,))
    listed = posixpath.relpath(path, own.folder or ".")
    return (list_patch_file(own.text, listed, field) for field in _fields(patches))


def _fields(text: str) -> Sequence[str]:
    several = len(document_texts(text)) > 1
    # Older releases of kustomize take one patch from a file under `patches`.
    return ("patchesStrategicMerge", "patches") if several else ("patches", "patchesStrategicMerge")


def _objects(*builds: Build) -> list[str]:
    return sorted(json.dumps(each.manifest, sort_keys=True) for build in builds for each in build.objects)
