"""Which file is seen by which cluster, under which name and namespace."""

from fluxv2_migrate.clusters.applied import AppliedDifferences, ShapedObject, compare_applied
from fluxv2_migrate.clusters.closures import Closure, patched_closures
from fluxv2_migrate.clusters.inference import ClusterMap, DocumentKey, read_clusters
from fluxv2_migrate.clusters.manifests_of_files import AppliedObject, Place, Refusal
from fluxv2_migrate.clusters.model import ClusterView, Sighting, SyncPath
from fluxv2_migrate.clusters.units import is_below, normal_path, shapes_objects

__all__ = [
    "AppliedDifferences",
    "AppliedObject",
    "Closure",
    "ClusterMap",
    "ClusterView",
    "DocumentKey",
    "Place",
    "Refusal",
    "ShapedObject",
    "Sighting",
    "SyncPath",
    "compare_applied",
    "is_below",
    "normal_path",
    "patched_closures",
    "read_clusters",
    "shapes_objects",
]
