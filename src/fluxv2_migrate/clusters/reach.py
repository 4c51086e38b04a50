"""What kustomize-controller comes to from a sync path."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from fluxv2_migrate.clusters.units import is_below
from fluxv2_migrate.kustomize import KustomizeTree

__all__ = ["Reach", "reach_of"]


@dataclass(frozen=True, slots=True)
class Reach:
    """The kustomizations that are built for a sync path.

    Attributes:
        folders: of the kustomizations.
        listed: the files that they list.
    """

    folders: frozenset[str]
    listed: frozenset[str]


def reach_of(sync_path: str, tree: KustomizeTree) -> Reach:
    r"""Gives the kustomizations that are built for a sync path, and the files that they list.

    Args:
        sync_path: relative to the repository root; empty for the root.
        tree: the kustomizations.

    Returns:
        The kustomization of the path, or where it has none the outermost below it; and what these take in.

    Source: fluxcd/pkg `kustomize/kustomize_generator.go` `scan`.

    >>> tree = KustomizeTree({
    ...     "prod/kustomization.yaml": "resources: [web.yaml]",
    ...     "prod/a/kustomization.yaml": "resources: [x.yaml]",
    ... })
    >>> sorted(reach_of("prod", tree).listed), sorted(reach_of("prod/a", tree).listed)
    (['prod/web.yaml'], ['prod/a/x.yaml'])
    """
    pending = [folder for folder in tree.kustomizations if _is_outermost(folder, sync_path, tree)]
    folders: set[str] = set(pending)
    listed: set[str] = set()
    while pending:
        kustomization = tree.kustomizations[pending.pop()]
        for entry in (*kustomization.resources, *kustomization.components):
            if entry.path is None or entry.path in folders:
                continue
            if entry.path in tree.kustomizations:
                folders.add(entry.path)
                pending.append(entry.path)
            else:
                listed.add(entry.path)
    return Reach(frozenset(folders), frozenset(listed))


def _is_outermost(folder: str, sync_path: str, tree: KustomizeTree) -> bool:
    if not is_below(folder, sync_path):
        return False
    while folder != sync_path:
        folder = posixpath.dirname(folder)
        if folder in tree.kustomizations:
            return False
    return True
