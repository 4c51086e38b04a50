"""Folders of a repository, as texts: the root is empty, and none begins or ends with a slash."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable
from itertools import takewhile
from operator import eq
from typing import Final, Protocol, TypeVar

KUSTOMIZATION_NAMES: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""The names of the file that makes a folder a kustomization."""


class _InAFile(Protocol):
    @property
    def path(self) -> str: ...


_Object = TypeVar("_Object", bound=_InAFile)


def normal_path(path: str) -> str:
    """Gives a folder as the rest of the library writes it.

    >>> normal_path("./clusters/prod/"), normal_path("/"), normal_path(".")
    ('clusters/prod', '', '')
    """
    clean = posixpath.normpath(path.strip().lstrip("/") or ".")
    return "" if clean == "." else clean


def is_kustomization_file(path: str) -> bool:
    """Gives whether a file has one of the names of the file that makes a folder a kustomization.

    >>> is_kustomization_file("apps/kustomization.yml"), is_kustomization_file("apps/kustomize.yaml")
    (True, False)
    """
    return path.rpartition("/")[2] in KUSTOMIZATION_NAMES


def kustomization_files(folder: str) -> list[str]:
    """Gives the files of which one makes a folder a kustomization; the first one is what a new one is called.

    >>> kustomization_files("apps")
    ['apps/kustomization.yaml', 'apps/kustomization.yml', 'apps/Kustomization']
    """
    start = f"{folder}/" if folder else ""
    return [start + name for name in KUSTOMIZATION_NAMES]


def is_below(path: str, folder: str) -> bool:
    """Gives whether a path is a folder itself or something below it.

    >>> is_below("a/b", "a"), is_below("ab", "a"), is_below("x", "")
    (True, False, True)
    """
    return not folder or path == folder or path.startswith(folder + "/")


def overlap(one: str, other: str) -> bool:
    """Gives whether one of two folders holds the other one, or both are the same.

    >>> overlap("a", "a/b"), overlap("a/b", "a"), overlap("a", "ab")
    (True, True, False)
    """
    return is_below(one, other) or is_below(other, one)


def folders_of(files: Iterable[str]) -> set[str]:
    """Gives all folders that files are in, the root among them.

    >>> sorted(folders_of(["apps/web/web.yaml"]))
    ['', 'apps', 'apps/web']
    """
    found = {""}
    for path in files:
        folder = path.rpartition("/")[0]
        while folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found


def folder_around(path: str, folders: Collection[str]) -> str | None:
    """Gives the deepest of some folders that a file or a folder lies in; nothing where it lies in none.

    >>> folder_around("a/b/c.yaml", {"", "a"}), folder_around("a/b/c.yaml", {"b"}), folder_around("a", {"a"})
    ('a', None, None)
    """
    while path:
        path = path.rpartition("/")[0]
        if path in folders:
            return path
    return None


def in_common(one: str, other: str) -> int:
    """Gives how many parts two paths begin with in common; a file is nearest to itself.

    >>> in_common("a/b/x.yaml", "a/b/y.yaml"), in_common("a/b/x.yaml", "a/bc/x.yaml")
    (2, 1)
    """
    return sum(1 for _ in takewhile(bool, map(eq, one.split("/"), other.split("/"))))


def nearest(path: str, objects: Iterable[_Object]) -> _Object:
    """Gives the object whose file has the most folders in common with a path, the first of several.

    Several clusters in one repository have objects of the same name, each in its own folder.
    """
    return max(objects, key=lambda each: in_common(path, each.path))
