"""What kustomize-controller comes to from a sync path."""

from __future__ import annotations

from fluxv2_migrate.kustomize import KustomizeTree, generated_resources


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
