"""Folders of the repository, as people read of them."""

from __future__ import annotations


def shown_folder(path: str) -> str:
    """Names a folder or file of the repository, whose root has the empty path.

    Args:
        path: relative to the root.

    >>> shown_folder("apps/prod"), shown_folder("")
    ('apps/prod', '/')
    """
    return path or "/"
