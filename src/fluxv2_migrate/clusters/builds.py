"""What is built of a folder for a cluster, with what goes over the folder's own kustomization."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from fluxv2_migrate.clusters.flux_kustomizations import overlaid_build
from fluxv2_migrate.kustomize import Build, Kustomization, KustomizeTree

__all__ = ["build_with", "builds_alike", "file_over"]

_OVER: Final = ".fluxd-patches"


def build_with(tree: KustomizeTree, folder: str, over: str) -> Build:
    r"""Gives what is built of a folder.

    Args:
        tree: of the repository.
        folder: path in the repository; empty for its root.
        over: what goes over the build, as `SyncPath.over` has it: what a Kustomization of Flux v2 adds, or
            the file of patches of a `.flux.yaml`; empty for what kustomize builds of the folder alone.

    Source: fluxcd/pkg `kustomize/kustomize_generator.go`; fluxcd/flux 1.25.4 `pkg/manifests/configfile.go`.

    >>> files = {
    ...     "a/kustomization.yaml": "resources: [web.yaml]",
    ...     "a/web.yaml": "kind: Service\nmetadata: {name: web}\n",
    ...     "a/patches.yaml": "kind: Service\nmetadata: {name: web, labels: {team: a}}\n",
    ... }
    >>> build_with(KustomizeTree(files), "a", "a/patches.yaml").objects[0].manifest["metadata"]["labels"]
    {'team': 'a'}
    """
    if over.startswith("{"):
        return overlaid_build(tree, folder, over)
    if over not in tree.files:
        return tree.build(folder)
    return _patched(tree, folder, over)


def file_over(over: str) -> str:
    """Gives the file of the Kustomization of Flux v2 that goes over a build; empty where none does.

    Args:
        over: of `build_with`.

    >>> file_over('{"file": "prod/apps.yaml", "namePrefix": "us-"}'), file_over("a/patches.yaml")
    ('prod/apps.yaml', '')
    """
    return str(json.loads(over)["file"]) if over.startswith("{") else ""


def builds_alike(
    tree: KustomizeTree, builds: Mapping[tuple[str, str], Build], files: Mapping[str, str]
) -> bool:
    """Gives whether everything that uses files builds what it built before they changed.

    Args:
        tree: of the repository.
        builds: what was built, by the folder and what went over it.
        files: those that change or are new.
    """
    after = tree.with_files(files)
    for (folder, over), before in builds.items():
        if before.ok and not set(before.files).isdisjoint(files):
            build = build_with(after, folder, over)
            manifests = [[each.manifest for each in one.objects] for one in (before, build)]
            if not build.ok or manifests[0] != manifests[1]:
                return False
    return True


def _patched(tree: KustomizeTree, folder: str, patch_file: str) -> Build:
    """Builds as fluxd does: the patches of a `.flux.yaml` go over all that its generators gave.

    No kustomization could do that to the root of a repository, which it would lie in itself.
    """
    gathered = tree.accumulator.folder(folder)
    over = Kustomization(_OVER, "", "", {"patchesStrategicMerge": [patch_file]}, None)
    tree.accumulator.gather(over, gathered, ())
    gathered.files.discard(_OVER)
    for resource in gathered.resources:
        resource.steps = resource.steps[:-1]
    build = tree.finished(folder, gathered)
    problems = tuple(
        replace(each, path=patch_file, line=1) if each.path == _OVER else each for each in build.problems
    )
    return replace(build, problems=problems)
