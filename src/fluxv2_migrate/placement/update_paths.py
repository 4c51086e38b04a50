"""The folder that an ImageUpdateAutomation updates."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

__all__ = ["covers", "update_path"]


def covers(path: str, file: str) -> bool:
    """Gives whether a file is in a folder, or is it.

    >>> covers("./apps", "apps/web.yaml"), covers("", "web.yaml"), covers("./app", "apps/web.yaml")
    (True, True, False)
    """
    folder = posixpath.normpath(path.lstrip("/") or ".")
    return folder == "." or file == folder or file.startswith(f"{folder}/")


def update_path(sync_paths: Sequence[str], files: Sequence[str]) -> str:
    """Gives the folder that holds all files: a sync path where one does.

    >>> update_path(("clusters/prod",), ["clusters/prod/web.yaml"])
    './clusters/prod'
    >>> update_path(("apps/prod",), ["apps/prod/web.yaml", "apps/base/web.yaml"])
    './apps'
    """
    folders = {posixpath.normpath(path) for path in sync_paths or (".",)}
    for folder in sorted(folders, key=len, reverse=True):
        if all(covers(folder, file) for file in files):
            return "./" if folder == "." else f"./{folder}"
    common = _common([posixpath.dirname(file) for file in files])
    return f"./{common}"


def _common(folders: Sequence[str]) -> str:
    parts: list[str] = []
    for level in zip(*(folder.split("/") for folder in folders), strict=False):
        if len(set(level)) > 1:
            break
        parts.append(level[0])
    return "/".join(parts)
