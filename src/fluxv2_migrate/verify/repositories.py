"""Whether two repositories mean the same to the Flux that runs them, whoever migrated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fluxv2_migrate.clusters.flux_release import infer_flux_releases
from fluxv2_migrate.clusters.reading import see_migrated_repository, see_repository
from fluxv2_migrate.clusters.reconciled import Reconciler
from fluxv2_migrate.clusters.seen_objects import see_objects
from fluxv2_migrate.errors import MigrationError
from fluxv2_migrate.flux2.marker_checks import texts_of
from fluxv2_migrate.flux2.markers import find_markers
from fluxv2_migrate.given import checked_files, checked_kind
from fluxv2_migrate.kubernetes import namespace_and_name, resource_of
from fluxv2_migrate.repository.flux1_readings import write_flux1_readings
from fluxv2_migrate.repository.reading import Repository, read_repository
from fluxv2_migrate.settings.of_clusters import with_tags_of_inventories
from fluxv2_migrate.settings.options import HelmOperator, MigrationOptions, checked_options
from fluxv2_migrate.verify.context import Context, Sources
from fluxv2_migrate.verify.declarations import Declarations, Declared
from fluxv2_migrate.verify.releases import verify_releases
from fluxv2_migrate.verify.report import VerificationReport
from fluxv2_migrate.verify.sync_paths import verify_sync_paths
from fluxv2_migrate.verify.workloads import verify_workloads
from fluxv2_migrate.verify.written_images import write_probes
from fluxv2_migrate.yaml_text.kept import lets_go


@lets_go
def verify_migration(
    before: Mapping[str, str | bytes],
    after: Mapping[str, str | bytes],
    options: MigrationOptions | Mapping[str, Any] | None = None,
    *,
    declared: Declared | None = None,
    operator: HelmOperator | None = None,
) -> VerificationReport:
    """Says of all that Flux v1 did whether Flux v2 does the same, and what clusters do with releases.

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
        The report, with one entry for each v1 release, each workload whose images fluxd updated, each sync
        path and each namespace that fluxd filled in, or several where clusters differ. Nothing that is in a
        file raises.

    >>> release = '''apiVersion: helm.fluxcd.io/v1
    ... kind: HelmRelease
    ... metadata: {name: web, namespace: shop}
    ... spec:
    ...   chart: {repository: https://charts.example.com, name: web, version: 1.2.3}
    ... '''
    >>> verify_migration({"web.yaml": release}, {}).releases[0].status
    'missing'
    """
    options = with_tags_of_inventories(checked_options(options))
    before, after = checked_files(before), checked_files(after)
    if not isinstance(declared, Mapping | None):
        raise MigrationError(f"declared differences are a mapping, not {type(declared).__name__}")
    if operator is not None:
        checked_kind(operator, HelmOperator, "a helm-operator")
    repositories = read_repository(before), read_repository(after, by_kustomize=True)
    # Where kustomize built what fluxd applied, it read YAML 1.1, too.
    before = write_flux1_readings(before, repositories[0], "all").files
    clusters = see_repository(before, repositories[0], options)
    migrated = see_migrated_repository(after, repositories[1], options, clusters)
    views = clusters.clusters
    # Folders that nothing names as paths tell what is applied only where both Fluxes agree on it.
    guess = Reconciler(clusters.tree, repositories[0].documents, views, clusters.foreign)
    declarations = Declarations(declared or {})
    resumed = frozenset(_said_to_rest(repositories[1], declarations))
    reconciler = Reconciler(migrated.tree, repositories[1].documents, views, migrated.foreign, resumed)
    known = [
        each
        for each in views
        if not each.is_assumed
        or (
            reconciler.agrees(each, migrated.sightings)
            and not reconciler.goes_beyond(each, clusters.sightings)
        )
        or guess.agrees(each, clusters.sightings)
    ]
    reconciled = reconciler.of_all(known)
    old_side = see_objects(repositories[0], clusters)
    new_side = see_objects(repositories[1], migrated, reconciled)
    inferred, of_clusters = infer_flux_releases(repositories[1], options)
    context = Context(
        options,
        operator,
        inferred.version,
        {name: each.version for name, each in of_clusters.items()},
        declarations,
        old_side,
        new_side,
        reconciled,
        Sources(new_side.sources, {view.name: view for view in views}, declarations),
        repositories[0],
        _marked(before),
    )
    written = write_probes(after, reconciler, known, reconciled, context.flux_version)
    workloads = tuple(verify_workloads(context, written))
    sync_paths, namespaces = verify_sync_paths(context, guess, reconciler, workloads)
    return VerificationReport(
        tuple(verify_releases(context)),
        context.flux_version,
        workloads,
        tuple(sync_paths),
        tuple(namespaces),
    )


def _marked(files: Mapping[str, str | bytes]) -> dict[str, frozenset[tuple[str, str]]]:
    """Gives the policies that the markers of each file name."""
    return {
        path: frozenset((each.namespace, each.policy) for each in find_markers(text))
        for path, text in texts_of(files).items()
        if "$imagepolicy" in text
    }


def _said_to_rest(repository: Repository, declared: Declarations) -> Iterator[tuple[str, str]]:
    """Gives the Kustomizations of which it was declared that they rest."""
    for _, document in repository.new_objects():
        if "suspended" in declared.of("", (resource_of(document.manifest),)).own:
            yield namespace_and_name(document.manifest)
