"""Folders of the repository, as people read of them."""

from __future__ import annotations

from collections.abc import Iterable


def shown_folder(path: str) -> str:
    """Names a folder or file of the repository, whose root has the empty path.

    Args:
        path: relative to the root.

    >>> shown_folder("apps/prod"), shown_folder("")
    ('apps/prod', '/')
    """
    return path or "/"


def shown_folders(paths: Iterable[str]) -> str:
    """Names folders or files in a list.

    >>> shown_folders(["apps", ""])
    'apps, /'
    """
    return ", ".join(map(shown_folder, paths))
