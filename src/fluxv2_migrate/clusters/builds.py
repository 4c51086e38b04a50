"""What is built of a folder for a cluster, with what goes over the folder's own kustomization."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from fluxv2_migrate.clusters.flux_kustomizations import overlaid_build
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kubernetes import annotations_of, as_object, namespace_and_name, with_annotations
from fluxv2_migrate.kustomize import Build, Kustomization, KustomizeTree
from fluxv2_migrate.yaml_text import document_texts, read_value

_OVER: Final = ".fluxd-patches"


def build_with(tree: KustomizeTree, folder: str, over: str) -> Build:
    r"""Gives what is built of a folder.

    Args:
        folder: path in the repository; empty for its root.
        over: what goes over the build, as `SyncPath.over` has it: what a Kustomization of Flux v2 adds, or
            the file of patches of a `.flux.yaml`, with all builds that it goes over where there are several;
            empty for what kustomize builds of the folder alone.

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
    patch_file, *builds = over.split("\n")
    if patch_file not in tree.files:
        return tree.build(folder)
    if builds:
        # What cannot be read is told as a problem of the build.
        with suppress(InvalidManifest):
            tree = tree.with_files({patch_file: patches_for(tree, folder, patch_file, builds)})
    return _patched(tree, folder, patch_file)


def patches_for(tree: KustomizeTree, folder: str, patch_file: str, builds: Iterable[str]) -> str:
    r"""Gives those patches of a `.flux.yaml` that are not for what others of its builds print.

    Args:
        builds: all folders that the patches go over.

    Raises:
        InvalidManifest: the file cannot be read.

    >>> web, api = ("kind: Service\nmetadata: {name: %s}\n" % name for name in ("web", "api"))
    >>> files = {"a/web.yaml": web, "b/api.yaml": api, "patches.yaml": f"{web}---\n{api}"}
    >>> files["a/kustomization.yaml"] = "resources: [web.yaml]"
    >>> files["b/kustomization.yaml"] = "resources: [api.yaml]"
    >>> print(patches_for(KustomizeTree(files), "b", "patches.yaml", ["a", "b"]), end="")
    ---
    kind: Service
    metadata: {name: api}
    """
    own, others = _identities(tree, (folder,)), _identities(tree, (each for each in builds if each != folder))
    parts = document_texts(tree.text(patch_file))
    return "".join(
        part for part in parts if (patched := _patched_object(part)) in own or patched not in others
    )


def _patched_object(text: str) -> tuple[str, str, str]:
    # fluxd asked for no group.
    manifest = as_object(read_value(text))
    return (str(manifest.get("kind")), *namespace_and_name(manifest))


def _identities(tree: KustomizeTree, folders: Iterable[str]) -> set[tuple[str, str, str]]:
    manifests = (each.manifest for folder in folders for each in tree.build(folder).objects)
    return {(str(each.get("kind")), *namespace_and_name(each)) for each in manifests}


def builds_alike(
    tree: KustomizeTree,
    builds: Mapping[tuple[str, str], Build],
    files: Mapping[str, str],
    but_for: Collection[str] = (),
) -> bool:
    """Gives whether everything that uses files builds what it built before they changed.

    Args:
        builds: what was built, by the folder and what went over it.
    """
    after = tree.with_files(files)
    for (folder, over), before in builds.items():
        if before.ok and not set(before.files).isdisjoint(files):
            build = build_with(after, folder, over)
            manifests = [
                [_without(each.manifest, but_for) for each in one.objects] for one in (before, build)
            ]
            if not build.ok or manifests[0] != manifests[1]:
                return False
    return True


def _without(manifest: Mapping[str, Any], annotations: Collection[str]) -> Mapping[str, Any]:
    if not annotations:
        return manifest
    kept = {key: value for key, value in annotations_of(manifest).items() if key not in annotations}
    return with_annotations(manifest, kept)


def _patched(tree: KustomizeTree, folder: str, patch_file: str) -> Build:
    """Builds as fluxd does: the patches of a `.flux.yaml` go over all that its generators gave.

    No kustomization could do that to the root of a repository, which it would lie in itself. Where the
    command fails there is nothing to be patched, even if a patch would bring what is missing.
    """
    alone = tree.build(folder)
    if alone.failure is not None:
        return alone
    gathered = tree.accumulator.folder(folder)
    over = Kustomization(_OVER, "", "", {"patchesStrategicMerge": [patch_file]})
    tree.accumulator.gather(over, gathered, ())
    gathered.files.discard(_OVER)
    for resource in gathered.resources:
        resource.steps = resource.steps[:-1]
    build = tree.finished(folder, gathered)
    problems = tuple(
        replace(each, path=patch_file, line=1) if each.path == _OVER else each for each in build.problems
    )
    return replace(build, problems=problems)
