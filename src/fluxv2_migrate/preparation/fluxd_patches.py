"""The patches that fluxd itself put over what kustomize builds, as patches of the kustomizations.

They hold what is deployed: fluxd wrote images and policies there. Flux v2 reads no `.flux.yaml`, so that a
kustomization lists them before anything else is looked at; what is built stays the same.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fluxv2_migrate.clusters import ClusterMap, SyncPath
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.flux1.flux_yaml import FluxYaml, find_flux_yaml
from fluxv2_migrate.flux1.policies import is_annotated
from fluxv2_migrate.given import as_text
from fluxv2_migrate.preparation.fluxd_patch_texts import PatchTexts, patched_builds, patched_over_builds
from fluxv2_migrate.preparation.patch_lists import lists_as_documents
from fluxv2_migrate.repository.reading import is_old_release
from fluxv2_migrate.repository.workspace import Workspace
from fluxv2_migrate.surroundings.known import is_put_off
from fluxv2_migrate.yaml_text import CannotEdit


@dataclass(frozen=True, slots=True)
class ListedPatches:
    """A file of patches that kustomizations list now.

    Attributes:
        flux_yaml: the file that named it.
        commands: that print with these texts what fluxd applied.
    """

    patch_file: str
    flux_yaml: str
    commands: tuple[str, ...]
    found: PatchTexts

    @property
    def is_divided(self) -> bool:
        """Whether the builds have files of their own, so that nothing is left of the one that fluxd wrote."""
        return self.patch_file not in self.found.texts

    @property
    def files(self) -> set[str]:
        """All files that have to do with what is built, those too that are written of the patches."""
        built = (file for build in self.found.builds for file in build.files)
        return {self.patch_file, *self.found.texts, *built}

    @property
    def holds_flux1(self) -> bool:
        """Whether something that is built may stay as it is, and fluxd with it."""
        manifests = [each.manifest for build in self.found.builds for each in build.objects]
        return any(is_old_release(each) or is_annotated(each) for each in manifests)


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
            result |= each.found.texts
            result[each.flux_yaml] = _printing(each.commands)
            if each.is_divided:
                del result[each.patch_file]
        return result


def list_fluxd_patches(files: Mapping[str, str | bytes], clusters: ClusterMap) -> FluxdPatches:
    """Lists the patches of `.flux.yaml` in the kustomizations that fluxd built."""
    found: dict[str, dict[str, SyncPath]] = {}
    for _, synced in clusters.sync_paths():
        if synced.patch_file in files and synced.builds:
            found.setdefault(synced.patch_file, {}).setdefault(synced.path, synced)
    listed: list[ListedPatches] = []
    left: dict[str, str] = {}
    for patch_file, by_path in sorted(found.items()):
        try:
            listed.append(_listed(tuple(by_path.values()), patch_file, files, clusters))
        except (CannotEdit, InvalidManifest) as error:
            left[patch_file] = str(error)
    # One text says what fluxd does in all paths that it serves.
    stuck = {find_flux_yaml(path, files.__contains__) for each in left for path in found[each]}
    for each in listed:
        if each.flux_yaml in stuck:
            left[each.patch_file] = f"{each.flux_yaml} serves a path in which no kustomization can"
    kept = tuple(each for each in listed if each.patch_file not in left)
    return FluxdPatches(kept, tuple(sorted(left.items())))


def tell_of_fluxd_patches(
    patches: FluxdPatches, originals: Mapping[str, str], workspace: Workspace, findings: FindingGroups
) -> tuple[ListedPatches, ...]:
    """Says what becomes of the patches of fluxd, and gives those that kustomizations list from now on.

    Where all of a build stays as it is, and fluxd with it, nothing is listed in it either.

    Args:
        originals: the texts of files that were written as Flux v1 read them before anything else was done.
    """
    changed = {path for path, text in workspace.changed.items() if text != originals.get(path)}
    deleted = set(workspace.deleted)
    puts_off = is_put_off(findings.options)
    used = tuple(
        each
        for each in patches.listed
        if changed & each.files or each.flux_yaml in deleted or not (puts_off or each.holds_flux1)
    )
    for each in used:
        for path, message in each.found.overruled:
            findings.say("RP072", message, path, related=(f"{each.patch_file}:1",))
    said = [
        each
        for key, members in findings.groups.items()
        if key[0] in ("RP019", "RP071")
        for each, _ in members
    ]
    for path, reason in patches.left:
        # Of one that reaches releases, or goes over what cannot be built, it is said with these.
        if not any(place.rpartition(":")[0] == path for finding in said for place in finding.related):
            message = f"fluxd patches with the file, and no kustomization can list it: {reason}"
            findings.say("RP071", message, path)
    return used


def _listed(
    paths: Sequence[SyncPath], patch_file: str, files: Mapping[str, str | bytes], clusters: ClusterMap
) -> ListedPatches:
    first, text = paths[0], lists_as_documents(as_text(files[patch_file]))
    flux_yaml = find_flux_yaml(first.path, files.__contains__)
    # Else its paths had no file of patches.
    assert flux_yaml is not None
    commands = FluxYaml.parse(as_text(files[flux_yaml]), path=flux_yaml).generators
    try:
        found = patched_builds(paths, text, clusters)
    except CannotEdit:
        is_alone = len(paths) == 1 and posixpath.dirname(flux_yaml) == first.path
        if not is_alone or first.path in first.builds:
            raise
        found, commands = patched_over_builds(first, text, clusters), ("kustomize build .",)
    return ListedPatches(patch_file, flux_yaml, commands, found)


def _printing(commands: Iterable[str]) -> str:
    """Gives a `.flux.yaml` that prints what commands give, with nothing over it."""
    # What fluxd wrote it still writes: only where is another question.
    updaters = [{"containerImage": {"command": "true"}, "policy": {"command": "true"}}]
    generated = {"generators": [{"command": each} for each in commands], "updaters": updaters}
    value: Any = {"version": 1, "commandUpdated": generated}
    return json.dumps(value)
