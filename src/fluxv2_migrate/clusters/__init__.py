"""Which file is seen by which cluster, under which name and namespace."""

from fluxv2_migrate.clusters.inference import ClusterMap, DocumentKey, read_clusters
from fluxv2_migrate.clusters.model import ClusterView, Sighting, SyncPath
from fluxv2_migrate.clusters.units import is_below, normal_path

__all__ = [
    "ClusterMap",
    "ClusterView",
    "DocumentKey",
    "Sighting",
    "SyncPath",
    "is_below",
    "normal_path",
    "read_clusters",
]
