"""What kustomize-controller builds from a folder, be there a kustomization in it or not."""

from __future__ import annotations

import posixpath

from fluxv2_migrate.folders import kustomization_files
from fluxv2_migrate.kustomize.accumulating import Accumulation
from fluxv2_migrate.kustomize.building import Build, BuildProblem
from fluxv2_migrate.kustomize.kustomization import Kustomization
from fluxv2_migrate.kustomize.tree import KustomizeTree
from fluxv2_migrate.yaml_text import YAML_ENDINGS


def generated_resources(tree: KustomizeTree, folder: str) -> tuple[str, ...]:
    r"""Gives what kustomize-controller lists in the kustomization that it writes for a folder without one.

    Every `.yaml` and `.yml` below it is a resource, but for folders with a kustomization file: such a
    folder is one resource as a whole, and what else lies in it counts no more.

    Args:
        folder: path in the repository; empty for its root.

    Returns:
        Paths in the repository, in the order in which the controller finds them.

    Source: fluxcd/pkg `kustomize/kustomize_generator.go` `scan`.

    >>> tree = KustomizeTree({"a/kustomization.yaml": "", "a/x.yaml": "", "b/y.yml": "", "b/z.json": ""})
    >>> generated_resources(tree, "")
    ('a', 'b/y.yml')
    """
    start = f"{folder}/" if folder else ""
    found: dict[str, None] = {}
    for path in tree.files_in_order:
        if not path.startswith(start):
            continue
        parts = path.removeprefix(start).split("/")[:-1]
        inner = (start + "/".join(parts[: count + 1]) for count in range(len(parts)))
        whole = next((place for place in inner if tree.has_kustomization_file(place)), None)
        if whole is not None:
            found[whole] = None
        elif posixpath.splitext(path)[1] in YAML_ENDINGS:
            found[path] = None
    return tuple(found)


def controller_build(tree: KustomizeTree, folder: str, *, ignore: str | None = None) -> Build:
    r"""Gives what kustomize-controller applies for a path.

    A folder with a kustomization file is built; for one without, the controller writes a kustomization
    that lists everything (`generated_resources`), and a single document without `kind` or
    `metadata.name` makes all of it fail. Files that source-controller leaves out do not exist.

    Args:
        folder: `spec.path` without its `./`; empty for the repository's root.
        ignore: `spec.ignore` of the GitRepository, if it has one.

    Returns:
        The objects as the cluster gets them, and what stood in the way.

    Source: fluxcd/pkg `kustomize/kustomize_generator.go`, `sourceignore/sourceignore.go`.

    >>> tree = KustomizeTree({"prod/a.yaml": "kind: A\nmetadata: {name: a}\n", "prod/values.yaml": "b: 1\n"})
    >>> build = controller_build(tree, "prod")
    >>> build.ok, build.problems[0].path, len(build.objects)
    (False, 'prod/values.yaml', 1)
    """
    artifact = tree.artifact(ignore)
    if artifact.has_kustomization_file(folder):
        return artifact.build(folder)
    gathered = Accumulation()
    if folder not in artifact.folders:
        gathered.problems.append(BuildProblem("missing", folder, 1, "there is no such folder"))
        return artifact.finished(folder, gathered)
    resources = generated_resources(artifact, folder)
    path = kustomization_files(folder)[0]
    if not resources:
        gathered.problems.append(
            BuildProblem("invalid", folder, 1, "there is nothing to apply in this folder")
        )
        return artifact.finished(folder, gathered)
    start = f"{folder}/" if folder else ""
    entries = [resource.removeprefix(start) for resource in resources]
    artifact.accumulator.gather(Kustomization(path, folder, "", {"resources": entries}), gathered, ())
    gathered.files.discard(path)
    gathered.folders.discard(folder)
    for resource in gathered.resources:
        # The kustomization that the controller writes is nobody's.
        resource.steps = resource.steps[:-1]
    return artifact.finished(folder, gathered)


def built_files(sync_path: str, tree: KustomizeTree) -> frozenset[str]:
    r"""Gives the files that the builds for a sync path read, kustomizations and what they list.

    Args:
        sync_path: relative to the repository root; empty for the root.

    Returns:
        Those of the kustomization of the path, or where it has none of the outermost below it.

    Source: fluxcd/pkg `kustomize/kustomize_generator.go` `scan`.

    >>> tree = KustomizeTree({
    ...     "prod/kustomization.yaml": "resources: [web.yaml]",
    ...     "prod/web.yaml": "",
    ...     "prod/a/kustomization.yaml": "resources: [x.yaml]",
    ...     "prod/a/x.yaml": "",
    ... })
    >>> sorted(built_files("prod", tree))
    ['prod/kustomization.yaml', 'prod/web.yaml']
    >>> sorted(built_files("prod/a", tree))
    ['prod/a/kustomization.yaml', 'prod/a/x.yaml']
    """
    if tree.has_kustomization_file(sync_path):
        folders: tuple[str, ...] = (sync_path,)
    else:
        folders = tuple(each for each in generated_resources(tree, sync_path) if each not in tree.files)
    return frozenset(file for folder in folders for file in tree.build(folder).files)
