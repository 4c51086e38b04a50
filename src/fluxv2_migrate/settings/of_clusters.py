"""What a person said of the cluster that a file is for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from fluxv2_migrate.settings.inventory import Inventory
from fluxv2_migrate.settings.options import Cluster, HelmOperator, MigrationOptions
from fluxv2_migrate.settings.sync_roots import is_synced, root_of

__all__ = ["ReleaseSettings", "cluster_of", "settings_of"]

_NOT_GIVEN: Final = HelmOperator()
_ALL: Final = Cluster(name="all")


@dataclass(frozen=True, slots=True)
class ReleaseSettings:
    """What decides, beside the manifests, what releases mean to one cluster.

    Attributes:
        cluster: its name; empty where no cluster is named.
        default_namespace: of manifests that name none; empty where nobody knows.
        git_default_ref: of charts from git that name no ref.
        release_interval: of releases.
        helm_operator: the settings of its helm-operator.
        inventory: what runs there, where anybody said it.
    """

    cluster: str
    default_namespace: str
    git_default_ref: str
    release_interval: str
    helm_operator: HelmOperator
    # It may be long, and is told apart by whose it is.
    inventory: Inventory | None = field(default=None, compare=False)


def cluster_of(options: MigrationOptions, path: str) -> str | None:
    """Gives the cluster that a file is for: that with the deepest sync path around it.

    Args:
        options: the clusters.
        path: the file.

    Returns:
        Its name; the first of several; `None` where no sync path holds the file.

    >>> one, other = Cluster(name="eu", sync_paths=("clusters/eu",)), Cluster(name="all")
    >>> options = MigrationOptions(clusters=(one, other))
    >>> cluster_of(options, "clusters/eu/web.yaml"), cluster_of(options, "web.yaml")
    ('eu', 'all')
    """
    found: list[tuple[int, str]] = []
    for cluster in options.clusters:
        paths = cluster.sync_paths or ("",)
        if is_synced(path, paths):
            found.append((len(root_of(path, paths)), cluster.name))
    return max(found, key=lambda each: each[0])[1] if found else None


def settings_of(options: MigrationOptions, cluster: Cluster | None = None) -> ReleaseSettings:
    """Gives the settings of a cluster; what it does not say is that of the options.

    Args:
        options: what holds for all clusters.
        cluster: what is known of one, or `None` where none is named.

    >>> settings_of(MigrationOptions(release_interval="1h")).release_interval
    '1h'
    """
    known = cluster or _ALL
    given = known.helm_operator
    operator = options.helm_operator if given == _NOT_GIVEN else given
    return ReleaseSettings(
        cluster="" if cluster is None else cluster.name,
        default_namespace=known.default_namespace or options.default_namespace or "",
        git_default_ref=operator.git_default_ref or options.git_default_ref,
        release_interval=operator.charts_sync_interval or options.release_interval,
        helm_operator=operator,
        inventory=known.inventory or options.inventory,
    )
