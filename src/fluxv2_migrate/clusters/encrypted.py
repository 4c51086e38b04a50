"""Whether sops encrypted anything that a cluster syncs."""

from __future__ import annotations

from fluxv2_migrate.clusters.cluster_map import ClusterMap
from fluxv2_migrate.clusters.model import SyncPath
from fluxv2_migrate.folders import is_below

_SIGNATURE = "sops"


def may_be_encrypted(synced: SyncPath, clusters: ClusterMap) -> bool:
    """Gives whether a file of a sync path, or one of its builds reads, speaks of sops as its signature does.

    Args:
        synced: of one of the clusters.
        clusters: with the files as they are.
    """
    files = clusters.tree.files
    built = {path for build in clusters.synced.builds(synced) for path in build.files}
    here = {path for path in files if is_below(path, synced.path)}
    return any(isinstance(text := files.get(path), str) and _SIGNATURE in text for path in here | built)
