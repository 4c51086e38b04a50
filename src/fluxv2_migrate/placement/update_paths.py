"""The folder that an ImageUpdateAutomation updates: fluxd wrote below its own git paths only."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Sequence

from fluxv2_migrate.folders import is_below, normal_path
from fluxv2_migrate.kubernetes import as_name


def covers(path: str, file: str) -> bool:
    """Gives whether a file is in a folder, or is it.

    >>> covers("./apps", "apps/web.yaml"), covers("", "web.yaml"), covers("./app", "apps/web.yaml")
    (True, True, False)
    """
    return is_below(file, normal_path(path))


def update_path(file: str, sync_paths: Sequence[str], others: Collection[str]) -> str:
    """Gives the folder that holds a file and belongs to one sync path, or to none.

    Args:
        sync_paths: of the cluster; the whole repository where there are none.
        others: the sync paths of all clusters.

    Returns:
        The sync path that holds it; for what lies outside of them, such as a base, the widest folder without
        a sync path of any cluster.

    Source: fluxcd/flux 1.25.4 `pkg/manifests/configaware.go`: files below the git paths are written.

    >>> update_path("clusters/prod/web.yaml", ("clusters/prod",), ("clusters/prod",))
    './clusters/prod'
    >>> update_path("apps/base/web/web.yaml", ("apps/prod",), ("apps/prod", "apps/test"))
    './apps/base'
    """
    folders = {posixpath.normpath(path) for path in sync_paths or (".",)}
    for folder in sorted(folders, key=len, reverse=True):
        if covers(folder, file):
            return "./" if folder == "." else f"./{folder}"
    found = file
    while found and not any(covers(posixpath.dirname(found), path) for path in others):
        found = posixpath.dirname(found)
    return f"./{found}"


def automation_name(sync: str, path: str, *, is_alone: bool) -> str:
    """Gives the name of the automation of a folder.

    Args:
        is_alone: whether it is the only one of its cluster, and no other cluster's too.

    >>> automation_name("flux-system", "./env/common", is_alone=False)
    'flux-system-env-common'
    """
    slug = "" if is_alone else as_name(path)
    return f"{sync}-{slug}" if slug else sync
