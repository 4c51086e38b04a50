"""Whether two repositories mean the same to the Flux that runs them, whoever migrated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluxv2_migrate.clusters.flux_release import infer_flux_release
from fluxv2_migrate.clusters.reading import see_migrated_repository, see_repository
from fluxv2_migrate.clusters.reconciled import Reconciler
from fluxv2_migrate.clusters.seen_objects import see_objects
from fluxv2_migrate.given import checked_files
from fluxv2_migrate.repository.flux1_readings import write_flux1_readings
from fluxv2_migrate.repository.reading import read_repository
from fluxv2_migrate.settings.options import HelmOperator as OperatorSettings
from fluxv2_migrate.settings.options import MigrationOptions, checked_options
from fluxv2_migrate.verify.context import Context, Sources
from fluxv2_migrate.verify.declarations import Declarations, Declared
from fluxv2_migrate.verify.releases import verify_releases
from fluxv2_migrate.verify.report import VerificationReport

__all__ = ["verify_migration"]


def verify_migration(
    before: Mapping[str, str | bytes],
    after: Mapping[str, str | bytes],
    options: MigrationOptions | Mapping[str, Any] | None = None,
    *,
    declared: Declared | None = None,
    operator: OperatorSettings | None = None,
) -> VerificationReport:
    """Says for every release whether it still means the same, and what the cluster does with it.

    Both sides are read for what their controllers do in each cluster, so it does not matter who migrated.

    Args:
        before: path to text or bytes of the repository of Flux v1.
        after: the same of the repository of Flux v2.
        options: the Flux release, the clusters with their settings, and what a person knows better about
            single releases.
        declared: fields of a meaning that may differ, by path before and resource (`HelmRelease
            shop/web`), with the values that they have afterwards, or alone; an empty path or resource stands
            for all. A field without a value stands for all below it.
        operator: the helm-operator that ran the releases; that of the options where not given.

    Returns:
        The report, with one entry for each v1 release, or several where clusters differ. Nothing that is in
        a file raises.

    >>> release = '''apiVersion: helm.fluxcd.io/v1
    ... kind: HelmRelease
    ... metadata: {name: web, namespace: shop}
    ... spec:
    ...   chart: {repository: https://charts.example.com, name: web, version: 1.2.3}
    ... '''
    >>> verify_migration({"web.yaml": release}, {}).releases[0].status
    'missing'
    """
    options = checked_options(options)
    before, after = checked_files(before), checked_files(after)
    repositories = read_repository(before), read_repository(after, by_kustomize=True)
    # Where kustomize built what fluxd applied, it read YAML 1.1, too.
    before = write_flux1_readings(before, repositories[0], "all").files
    clusters = see_repository(before, repositories[0], options)
    migrated = see_migrated_repository(after, repositories[1], options, clusters)
    views = clusters.clusters
    # Folders that nothing names as paths tell what is applied only where both Fluxes agree on it.
    guess = Reconciler(clusters.tree, repositories[0].documents, views)
    known = [each for each in views if not each.is_assumed or guess.agrees(each, clusters.sightings)]
    reconciled = Reconciler(migrated.tree, repositories[1].documents, known).of_all()
    old_side = see_objects(repositories[0], clusters)
    new_side = see_objects(repositories[1], migrated, reconciled)
    context = Context(
        options,
        operator,
        infer_flux_release(repositories[1], options).version,
        {each.name: infer_flux_release(repositories[1], options, each).version for each in options.clusters},
        Declarations(declared or {}),
        old_side,
        new_side,
        reconciled,
        Sources(new_side.sources, {view.name: view for view in views}),
        repositories[0],
    )
    return VerificationReport(tuple(verify_releases(context)), context.flux_version)
