"""The patches that fluxd itself put over what kustomize builds, as patches of the kustomizations.

They hold what is deployed: fluxd wrote images and policies there. Flux v2 reads no `.flux.yaml`, so that a
kustomization lists them before anything else is looked at; what is built stays the same.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fluxv2_migrate.clusters import ClusterMap, SyncPath
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.flux1 import find_images
from fluxv2_migrate.flux1.flux_yaml import FluxYaml, find_flux_yaml
from fluxv2_migrate.kubernetes.manifests import mapping_at
from fluxv2_migrate.kustomize import Build, Kustomization, list_patch_file
from fluxv2_migrate.plan import Operation, Remove, Set, apply_to_text
from fluxv2_migrate.repository.workspace import Workspace
from fluxv2_migrate.yaml_text import CannotEdit, detect_style, read_document, replace_text, split_documents

__all__ = ["FluxdPatches", "ListedPatches", "list_fluxd_patches", "tell_of_fluxd_patches"]


@dataclass(frozen=True, slots=True)
class ListedPatches:
    """A file of patches that a kustomization lists now.

    Attributes:
        patch_file: the file.
        kustomization: that lists it.
        text: of the kustomization.
        flux_yaml: the file that named it.
        build: what fluxd applied.
        patches: the text of the file, with the names that objects have where the kustomization patches them.
        overruled: what the kustomization said of images and fluxd's patches said otherwise, in words.
    """

    patch_file: str
    kustomization: str
    text: str
    flux_yaml: str
    build: Build
    patches: str
    overruled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FluxdPatches:
    """What became of the patches of fluxd.

    Attributes:
        listed: those that kustomizations list now.
        left: the other ones, each with the reason.
    """

    listed: tuple[ListedPatches, ...] = ()
    left: tuple[tuple[str, str], ...] = ()

    def seen(self, files: Mapping[str, str | bytes]) -> dict[str, str | bytes]:
        """Gives the repository in which kustomizations list the patches, and fluxd applies none over them."""
        result = dict(files)
        for each in self.listed:
            result[each.kustomization] = each.text
            result[each.patch_file] = each.patches
            result[each.flux_yaml] = _without_patches(_text(files[each.flux_yaml]), each.flux_yaml)
        return result


def list_fluxd_patches(files: Mapping[str, str | bytes], clusters: ClusterMap) -> FluxdPatches:
    """Lists the patches of `.flux.yaml` in the kustomizations that fluxd built.

    Args:
        files: of the repository.
        clusters: who syncs what.
    """
    found: dict[str, SyncPath] = {}
    for view in clusters.clusters:
        for synced in view.sync_paths:
            if synced.patch_file in files and synced.builds:
                found.setdefault(synced.patch_file, synced)
    listed: list[ListedPatches] = []
    left: list[tuple[str, str]] = []
    for patch_file, synced in sorted(found.items()):
        try:
            listed.append(_listed(synced, patch_file, files, clusters))
        except (CannotEdit, InvalidManifest) as error:
            left.append((patch_file, str(error)))
    return FluxdPatches(tuple(listed), tuple(left))


def tell_of_fluxd_patches(
    patches: FluxdPatches, workspace: Workspace, findings: FindingGroups
) -> tuple[ListedPatches, ...]:
    """Says what becomes of the patches of fluxd, and gives those that kustomizations list from now on.

    Where nothing of a build is migrated, nothing is listed in it either.

    Args:
        patches: of the repository.
        workspace: its texts by now.
        findings: where it is told.
    """
    changed = set(workspace.changed)
    used = tuple(each for each in patches.listed if changed & {*each.build.files, each.patch_file})
    for each in used:
        for message in each.overruled:
            findings.say("RP072", message, each.kustomization, related=(f"{each.patch_file}:1",))
    said = [each for key, members in findings.groups.items() if key[0] == "RP071" for each, _ in members]
    for path, reason in patches.left:
        # Of one that reaches releases it is said with these.
        if not any(place.rpartition(":")[0] == path for finding in said for place in finding.related):
            message = f"fluxd patches with the file, and no kustomization can list it: {reason}"
            findings.say("RP071", message, path)
    return used


def _listed(
    synced: SyncPath, patch_file: str, files: Mapping[str, str | bytes], clusters: ClusterMap
) -> ListedPatches:
    tree = clusters.tree
    if len(synced.builds) > 1:
        raise CannotEdit("it goes over several builds")
    folder = synced.builds[0]
    own, before = tree.kustomization(folder), clusters.builds[folder, patch_file]
    flux_yaml = find_flux_yaml(synced.path, files.__contains__)
    if not isinstance(own, Kustomization) or not before.ok or flux_yaml is None:
        raise CannotEdit("what it goes over cannot be built")
    others = [place for place in clusters.builds if own.path in clusters.builds[place].files]
    if any(place[0] != folder for place in others):
        raise CannotEdit(f"other kustomizations build on {own.path}, and would have its patches too")
    given = _text(files[patch_file])
    for patches in dict.fromkeys((given, _with_earlier_names(given, own, before))):
        for field in _fields(own, patches):
            text = list_patch_file(own.text, field, posixpath.relpath(patch_file, folder or "."))
            after = tree.with_files({own.path: text, patch_file: patches}).build(folder)
            overruled: tuple[str, ...] = ()
            if after.ok and not _same(before, after):
                text, overruled = _with_running_images(text, own, before)
                after = tree.with_files({own.path: text, patch_file: patches}).build(folder)
            if after.ok and _same(before, after):
                return ListedPatches(patch_file, own.path, text, flux_yaml, before, patches, overruled)
    raise CannotEdit(f"{own.path} would build something else with it")


def _with_earlier_names(text: str, own: Kustomization, before: Build) -> str:
    """Gives fluxd's patches for a kustomization that gives names and namespaces only after its patches.

    fluxd patched what was built, by the names that objects have at the end.

    Args:
        text: the patches.
        own: the kustomization.
        before: what fluxd applied.
    """
    plain = text.removeprefix("\ufeff")
    result = text[: len(text) - len(plain)]
    for span in split_documents(plain):
        part = plain[span.start : span.end]
        root, value = read_document(part)
        plan = tuple(_renaming(value, own, before)) if isinstance(value, dict) else ()
        result += apply_to_text(plan, part, root, detect_style(part)).text if plan else part
    return result


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


def _fields(own: Kustomization, text: str) -> Sequence[str]:
    several = len(split_documents(text)) > 1
    # Older releases of kustomize take one patch from a file under `patches`.
    return ("patchesStrategicMerge", "patches") if several else ("patches", "patchesStrategicMerge")


def _same(one: Build, other: Build) -> bool:
    return _objects(one) == _objects(other)


def _objects(build: Build) -> list[str]:
    return sorted(json.dumps(each.manifest, sort_keys=True) for each in build.objects)


def _with_running_images(text: str, own: Kustomization, before: Build) -> tuple[str, tuple[str, ...]]:
    """Gives the kustomization with the tags that fluxd's patches gave, since `images` come after patches."""
    running: dict[str, set[str]] = {}
    for built in before.objects:
        for found in find_images(built.manifest):
            running.setdefault(found.image.name, set()).add(found.image.tag)
    said: list[str] = []
    entries = own.document.get("images")
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        name, tag = entry.get("newName") or entry.get("name"), entry.get("newTag")
        tags = running.get(str(name), set())
        if tag is None or len(tags) != 1 or tag in tags:
            continue
        (wanted,) = tags
        text = _edited(text, ("images", index, "newTag"), wanted)
        said.append(f"{own.path} says {name}:{tag}, and {wanted} runs, as fluxd's patches say")
    return text, tuple(said)


def _edited(text: str, path: tuple[str | int, ...], value: str) -> str:
    plain = text.removeprefix("\ufeff")
    end = split_documents(plain)[0].end
    return text[: len(text) - len(plain)] + replace_text(plain[:end], path, value) + plain[end:]


def _without_patches(text: str, path: str) -> str:
    """Gives a `.flux.yaml` that generates the same, with nothing over it."""
    config = FluxYaml.parse(text, path=path)
    # What fluxd wrote it still writes: only where is another question.
    updaters = [{"containerImage": {"command": "true"}, "policy": {"command": "true"}}]
    generated = {"generators": _commands(config.generators), "updaters": updaters}
    value: Any = {"version": 1, "commandUpdated": generated}
    return json.dumps(value)


def _commands(generators: Iterable[str]) -> list[dict[str, str]]:
    return [{"command": each} for each in generators]


def _text(content: str | bytes) -> str:
    return content if isinstance(content, str) else content.decode("utf-8", "replace")
