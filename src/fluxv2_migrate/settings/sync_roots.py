"""The folders that Flux syncs, where nobody says which they are."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from functools import lru_cache


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


def root_of(path: str, roots: Sequence[str]) -> str:
    """Gives the sync root that a file is under, the deepest one; the repository's root where none is.

    >>> root_of("a/b/c.yaml", ("a", "a/b")), root_of("x.yaml", ("a",))
    ('a/b', '')
    """
    return max(_around(path, roots), key=len, default="")


def is_synced(path: str, roots: Sequence[str]) -> bool:
    """Gives whether a file is under one of the sync roots.

    >>> is_synced("a/b.yaml", ("./a/",)), is_synced("b.yaml", ("a",)), is_synced("b.yaml", ("/",))
    (True, False, True)
    """
    return bool(_around(path, roots))


def _around(path: str, roots: Sequence[str]) -> list[str]:
    return [root for root in map(_clean, roots) if not root or path.startswith(root + "/")]


@lru_cache(maxsize=256)
def _clean(root: str) -> str:
    # Each file asks for the same few.
    return posixpath.normpath(root).strip("/") if root not in ("", "/", ".") else ""
