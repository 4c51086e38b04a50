"""Which file is seen by which cluster, under which name and namespace."""

from fluxv2_migrate.clusters.applied import AppliedDifferences, ShapedObject, compare_applied
from fluxv2_migrate.clusters.builds import build_with, builds_alike, patches_for
from fluxv2_migrate.clusters.closures import Closure, Way, closure_of_one, patched_closures
from fluxv2_migrate.clusters.cluster_map import ClusterMap, DocumentKey
from fluxv2_migrate.clusters.fluxd_clusters import paths_of, repository_key
from fluxv2_migrate.clusters.inference import read_clusters
from fluxv2_migrate.clusters.leaving import take_out
from fluxv2_migrate.clusters.manifests_of_files import AppliedObject, DocumentPlace, Refusal
from fluxv2_migrate.clusters.model import ClusterView, Sighting, SyncPath
from fluxv2_migrate.clusters.obstacles import broken_build, unknown_generator
from fluxv2_migrate.clusters.trials import affixes_of, becomes, builds_with, is_left_alone
from fluxv2_migrate.clusters.units import flux_yaml_folders, read_sync_path, shapes_objects
