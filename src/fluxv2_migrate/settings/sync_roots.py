"""The folders that Flux syncs, where nobody says which they are."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

from fluxv2_migrate.folders import folder_around, normal_path


def infer_sync_roots(releases: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Gives the folders that surely belong to one cluster each.

    One cluster cannot hold a resource twice: where files of two folders hold the same one, the folders belong
    to two clusters, and what lies beside the folders to none. Everything that is left together is taken for
    one cluster, under the folder that holds it all.

    Args:
        releases: path and `kind namespace/name` of each release.

    >>> infer_sync_roots([("a/x/web.yaml", "w"), ("a/y/db.yaml", "d")])
    ('a',)
    >>> infer_sync_roots([("a/x/web.yaml", "w"), ("a/y/web.yaml", "w")])
    ('a/x', 'a/y')
    >>> infer_sync_roots([("a/x/web.yaml", "w"), ("a/x/old/web.yaml", "w"), ("a/db.yaml", "d")])
    ('a',)

    Source: fluxcd/flux 1.25.4 `pkg/cluster/kubernetes/resource/load.go` (a duplicate definition is an error).
    """
    found = sorted(set(releases))
    roots: set[str] = set()
    pending = [found] if found else []
    while pending:
        group = pending.pop()
        root = common_folder([path for path, _ in group])
        inner: dict[str, list[tuple[str, str]]] = {}
        holders: dict[str, set[str]] = {}
        for path, resource in group:
            rest = path[len(root) + 1 :] if root else path
            folder, slash, _ = rest.partition("/")
            if slash:
                inner.setdefault(folder, []).append((path, resource))
                holders.setdefault(resource, set()).add(folder)
        if all(len(folders) == 1 for folders in holders.values()):
            roots.add(root)
        else:
            pending.extend(inner.values())
    return tuple(sorted(roots))


def common_folder(paths: Sequence[str]) -> str:
    """Gives the deepest folder that holds all files; the repository's root is empty.

    >>> common_folder(["a/b/c.yaml", "a/d.yaml"]), common_folder(["a/b.yaml", "c.yaml"])
    ('a', '')
    """
    folders = [posixpath.dirname(path) for path in paths]
    return posixpath.commonpath(folders) if all(folders) else ""


class SyncRoots:
    """Folders that are synced, among which the one around a file is found however many there are.

    >>> roots = SyncRoots(["a", "./a/b/"])
    >>> roots.around("a/b/c.yaml"), roots.around("a/x.yaml"), roots.around("x.yaml")
    ('a/b', 'a', None)
    >>> SyncRoots(["/"]).around("x.yaml")
    ''
    """

    def __init__(self, roots: Iterable[str]) -> None:
        self._roots = frozenset(map(normal_path, roots))

    def around(self, path: str) -> str | None:
        """Gives the deepest root that a file is under; the repository's root is empty."""
        return folder_around(path, self._roots)
