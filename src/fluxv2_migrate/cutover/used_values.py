"""Files of values that a release had from a URL, and that would be in the way of a build."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from fluxv2_migrate.cutover.flux1_leaving import is_named_elsewhere
from fluxv2_migrate.folders import is_below
from fluxv2_migrate.releases.patch_texts import ReleaseText
from fluxv2_migrate.repository.changes import Change
from fluxv2_migrate.repository.workspace import Workspace
from fluxv2_migrate.surroundings.known import Surroundings


def remove_used_values(texts: Iterable[ReleaseText], around: Surroundings, workspace: Workspace) -> None:
    """Takes out files of values that releases have now, where Flux v2 would take them for manifests.

    Those that another text names stay.
    """
    used: dict[str, ReleaseText] = {}
    for each in texts:
        for path in each.release.values_files():
            used.setdefault(path, each)
    synced = [each.path for _, each in around.clusters.sync_paths() if each.files != "none"]
    for path, text in sorted(used.items()):
        is_read = any(is_below(path, each) for each in synced) and path not in around.clusters.apart
        if is_read and not is_named_elsewhere(posixpath.basename(path), path, workspace):
            release = text.release
            place = (release.document.path, release.document.line, ("spec.valuesFrom",), path, "")
            workspace.remove(path, Change("values-of-a-file", release.resource, *place))
