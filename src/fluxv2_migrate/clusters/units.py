"""What fluxd reads below a sync path: files one by one, or what kustomize builds."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from fluxv2_migrate.clusters.model import SyncPath
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux1.flux_yaml import FLUX_YAML, FluxYaml, find_flux_yaml
from fluxv2_migrate.flux1.generators import Generator, read_generator
from fluxv2_migrate.folders import folders_of, is_below
from fluxv2_migrate.given import as_text
from fluxv2_migrate.kustomize import Kustomization, KustomizeTree

_WORDS: Final = re.compile(r"[^\s`,]+")


def chart_folders(files: Collection[str]) -> frozenset[str]:
    """Gives the folders that fluxd takes for charts, of which it reads nothing.

    Source: fluxcd/flux 1.25.4 `pkg/cluster/kubernetes/resource/load.go` `looksLikeChart`.

    >>> sorted(chart_folders({"a/Chart.yaml", "a/values.yaml", "b/Chart.yaml"}))
    ['a']
    """
    charts = [path for path in files if path.endswith("Chart.yaml")]
    folders = (path.rpartition("/")[0] for path in charts if f"/{path}".endswith("/Chart.yaml"))
    return frozenset(folder for folder in folders if posixpath.join(folder, "values.yaml") in files)


def shapes_objects(kustomization: Kustomization, tree: KustomizeTree) -> bool:
    """Gives whether a kustomization, or one that it includes, does more than to list files of its own folder.

    One that only lists changes nothing about what fluxd reads there; one that patches, renames or fetches
    from elsewhere makes sense only when kustomize builds it.
    """
    known = tree.shapers
    if kustomization.folder not in known:
        known[kustomization.folder] = _shapes_objects(kustomization, tree)
    return known[kustomization.folder]


def _shapes_objects(kustomization: Kustomization, tree: KustomizeTree) -> bool:
    pending, seen = [kustomization], {kustomization.folder}
    while pending:
        each = pending.pop()
        shaping = set(each.document) - {"apiVersion", "kind", "metadata", "resources"}
        if any(each.document.get(key) for key in shaping):
            return True
        for entry in each.resources:
            if entry.path is None or not is_below(entry.path, each.folder):
                return True
            inner = tree.kustomizations.get(entry.path)
            if inner is not None and inner.folder not in seen:
                seen.add(inner.folder)
                pending.append(inner)
    return False


def read_sync_path(
    path: str,
    files: Mapping[str, str | bytes],
    tree: KustomizeTree,
    *,
    generates: bool | None = None,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> SyncPath:
    """Gives what fluxd does with a sync path.

    Args:
        generates: whether fluxd heeds `.flux.yaml`; `None` where nobody knows: then one counts, and so does
            the path's own kustomization, and others that make sense only when they are built.
        environment: the variables of fluxd that are known: its commands have them.
    """
    if generates is not False:
        found = find_flux_yaml(path, files.__contains__)
        if found is not None:
            read = _of_flux_yaml(path, found, files, tree, environment)
            if not read.unknown:
                return read
            # What a command makes of them is not known; that it concerns them is.
            known = {name: getattr(read, name) for name in ("unknown", "decrypts", "outputs", "submodules")}
            return replace(unguided_sync_path(path, tree), **known)
    synced = unguided_sync_path(path, tree)
    if generates is not None or (synced.files == "rest" and _could_be_plain(synced, tree)):
        return SyncPath(path, files="all")
    return synced


def _could_be_plain(synced: SyncPath, tree: KustomizeTree) -> bool:
    """Gives whether fluxd could read all files of a path one by one although kustomizations shape some.

    Only a `.flux.yaml` has fluxd build; without one, a kustomization that patches files or reaches elsewhere
    shows that something else did, and any other one was nothing to fluxd.
    """
    return bool(synced.builds) and not any(_needs_build(tree.kustomizations[each]) for each in synced.builds)


def _needs_build(kustomization: Kustomization) -> bool:
    listed = (*kustomization.resources, *kustomization.components)
    return any(patch.path for patch in kustomization.patches) or any(
        entry.path is None or not is_below(entry.path, kustomization.folder) for entry in listed
    )


def unguided_sync_path(path: str, tree: KustomizeTree) -> SyncPath:
    """Gives what a sync path means where nothing but its kustomizations shows it."""
    kustomization = tree.kustomizations.get(path)
    if kustomization is not None and shapes_objects(kustomization, tree):
        return SyncPath(path, (path,), files="none")
    builds = (
        folder
        for folder in tree.roots
        if is_below(folder, path) and shapes_objects(tree.kustomizations[folder], tree)
    )
    if kustomization is not None and tree.includers(path):
        # What others include belongs to them, but here it is synced on its own.
        return SyncPath(path, (path, *builds))
    return SyncPath(path, tuple(builds))


def _of_flux_yaml(
    path: str,
    found: str,
    files: Mapping[str, str | bytes],
    tree: KustomizeTree,
    environment: Mapping[str, str],
) -> SyncPath:
    try:
        config = FluxYaml.parse(as_text(files[found]), path=found)
    except InvalidManifest as error:
        return SyncPath(path, unknown=f"fluxd refuses {found}: {error.reason}")
    if config.mode == "scanForFiles":
        return SyncPath(path, files="all")
    patch_file = posixpath.normpath(posixpath.join(path, config.patch_file)) if config.patch_file else ""
    read = _generated(path, config.generators, patch_file, files, environment)
    if config.mode == "commandUpdated" and not config.updaters:
        # fluxd 1.25.4 pkg/manifests/configfile.go makeNoCommandsRunErr.
        read = replace(read, unwritten=found)
    written = _waits_for(read, files, tree)
    if written and not read.unknown:
        name = posixpath.basename(written)
        return replace(read, unknown=next(each for each in config.generators if name in each))
    return read


def _generated(
    path: str,
    commands: Sequence[str],
    patch_file: str,
    files: Mapping[str, str | bytes],
    environment: Mapping[str, str],
) -> SyncPath:
    """Gives what the generators of a `.flux.yaml` print together."""
    found = [read_generator(command, path, files, environment) for command in commands]
    prints = tuple(glob for each in found for glob in each.prints)
    return SyncPath(
        path,
        tuple(dict.fromkeys(build for each in found for build in each.builds)),
        files="all" if prints else "none",
        patch_file=patch_file,
        unknown=_unknown_command(path, commands, found),
        prints=prints,
        decrypts=tuple(file for each in found for file in each.decrypts),
        outputs=tuple(file for each in found for file in each.writes),
        submodules=any(each.submodules for each in found),
    )


def _unknown_command(path: str, commands: Sequence[str], found: Sequence[Generator]) -> str:
    """Gives the first command that Flux v2 has no counterpart of; or nothing."""
    read = tuple(zip(commands, found, strict=True))
    unknown = next((command for command, each in read if each.unknown), "")
    if unknown:
        return unknown
    builds = any(each.builds for each in found)
    if not any(each.builds or each.prints or each.decrypts for each in found):
        return next(iter(commands), "")
    printing = [command for command, each in read if each.prints]
    is_outside = not all(is_below(glob.removeprefix("!"), path) for each in found for glob in each.prints)
    # Flux v2 applies one folder, or what one kustomization lists.
    return printing[0] if printing and (builds or is_outside) else ""


def _waits_for(synced: SyncPath, files: Mapping[str, str | bytes], tree: KustomizeTree) -> str:
    """Gives the file that a command writes and one of its builds reads, where it is not there; or nothing."""
    missing = [file for file in synced.outputs if file not in files]
    problems = [each for folder in synced.builds if missing for each in tree.build(folder).problems]
    # A kustomization names what it lists from its own folder.
    named = {
        posixpath.normpath(posixpath.join(posixpath.dirname(each.path), word))
        for each in problems
        for word in _WORDS.findall(each.reason)
    }
    return next((file for file in missing if file in named), "")


def written_files(files: Mapping[str, str | bytes], tree: KustomizeTree) -> frozenset[str]:
    """Gives the files that commands of a `.flux.yaml` write, whatever path is synced below it."""
    found: set[str] = set()
    for config in flux_yaml_folders(files):
        # Nearly none writes any, and each folder below would be read for nothing.
        if ">" in as_text(files[posixpath.join(config, FLUX_YAML)]):
            below = (folder for folder in folders_of(files) if is_below(folder, config))
            found.update(file for folder in below for file in read_sync_path(folder, files, tree).outputs)
    return frozenset(found)


def flux_yaml_folders(files: Iterable[str]) -> tuple[str, ...]:
    """Gives the folders that hold a `.flux.yaml`.

    >>> flux_yaml_folders(["prod/.flux.yaml", "web.yaml"])
    ('prod',)
    """
    inner = f"/{FLUX_YAML}"
    return tuple(sorted(path[: -len(inner)] for path in files if path == FLUX_YAML or path.endswith(inner)))


def overlapping(paths: Sequence[SyncPath], tree: KustomizeTree) -> Iterator[tuple[SyncPath, SyncPath]]:
    """Gives the sync paths of plain files that others hold, each with the one that holds it.

    A kustomization in the outer folder decides what Flux v2 takes of the inner one.
    """
    plain = [each for each in paths if each.files != "none" and not each.builds]
    for inner in plain:
        for outer in plain:
            is_inside = inner.path != outer.path and is_below(inner.path, outer.path)
            if is_inside and not tree.has_kustomization_file(outer.path):
                yield inner, outer
                break
