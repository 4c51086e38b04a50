"""The conductor: read, plan, apply, report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fluxv2_migrate.applied.existing_kustomizations import tell_of_health_checks, tell_of_pruning
from fluxv2_migrate.applied.left_alone import tell_of_annotated_objects, tell_of_disallowed_objects
from fluxv2_migrate.applied.namespaces import settle_namespaces
from fluxv2_migrate.applied.readings import settle_readings
from fluxv2_migrate.applied.refused_manifests import (
    tell_of_encrypted_secrets,
    tell_of_refused_metadata,
    tell_of_removed_apis,
)
from fluxv2_migrate.applied.refused_objects import tell_of_refused_objects
from fluxv2_migrate.applied.running_images import tell_of_running_images
from fluxv2_migrate.applied.syncing import compare_sync_paths, tell_of_syncing
from fluxv2_migrate.applied.unsynced import tell_of_unsynced
from fluxv2_migrate.clusters import ClusterMap, DocumentKey
from fluxv2_migrate.clusters.flux_release import infer_flux_releases, old_components
from fluxv2_migrate.cutover.flux1_leaving import remove_flux1, remove_used_values
from fluxv2_migrate.cutover.flux1_manifests import documents_of_flux1
from fluxv2_migrate.cutover.left_releases import left_releases
from fluxv2_migrate.cutover.rights import tell_of_rights
from fluxv2_migrate.cutover.syncs import SyncLayout, settle_syncs
from fluxv2_migrate.errors import InvalidPath
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.flux2.releases import FluxVersion
from fluxv2_migrate.given import checked_files, checked_text
from fluxv2_migrate.images.automation import MigratedImages, migrate_images, with_markers
from fluxv2_migrate.images.git_syncs import source_ignores
from fluxv2_migrate.images.out_of_scope import tell_out_of_scope
from fluxv2_migrate.images.reading import read_images
from fluxv2_migrate.placement import ExistingSource
from fluxv2_migrate.preparation.fluxd_patches import tell_of_fluxd_patches
from fluxv2_migrate.preparation.prepared import prepare
from fluxv2_migrate.quoting import shown_folders
from fluxv2_migrate.releases.closures import together
from fluxv2_migrate.releases.decisions import DecidedReleases, decide_releases, remove_twins
from fluxv2_migrate.releases.reading import read_releases
from fluxv2_migrate.releases.texts import ConvertedReleases, ReleaseTexts, tell_of_releases
from fluxv2_migrate.releases.ties import Ties
from fluxv2_migrate.report.assembly import assemble, over_given_files, staying_releases, tell_of_outcome
from fluxv2_migrate.report.context import ClusterContext, MigrationContext, cluster_context
from fluxv2_migrate.report.migration import Migration
from fluxv2_migrate.repository.reading import Repository
from fluxv2_migrate.repository.workspace import Workspace
from fluxv2_migrate.settings.of_clusters import with_options, with_tags_of_inventories
from fluxv2_migrate.settings.options import Cluster, MigrationOptions, checked_options
from fluxv2_migrate.surroundings.known import Surroundings, existing_sources, is_put_off
from fluxv2_migrate.yaml_text.kept import lets_go


def migrate_text(
    text: str, *, path: str = "manifest.yaml", options: MigrationOptions | Mapping[str, Any] | None = None
) -> Migration:
    r"""Gives one file after its migration, and the files of its sources.

    Args:
        text: exactly as stored.
        path: relative to the repository root.
        options: how to migrate.

    Returns:
        The migration of a repository that holds this file alone.

    Raises:
        InvalidPath: the path is none that is relative to the root.
        MigrationError: `text` or `options` are something else.

    >>> migration = migrate_text("kind: Secret\n")
    >>> migration.files, migration.ok
    ({'manifest.yaml': 'kind: Secret\n'}, True)
    """
    checked_text(path, "a path", InvalidPath)
    return migrate_repository({path: text}, options)


def migrate_repository(
    files: Mapping[str, str | bytes], options: MigrationOptions | Mapping[str, Any] | None = None
) -> Migration:
    r"""Gives a whole repository after its migration, and all that a person must know about it.

    Args:
        files: POSIX path relative to the repository root to the text exactly as stored, or to bytes.
        options: how to migrate.

    Returns:
        The migration. Nothing that is *in* a file raises: what cannot be migrated stays as it was, with a
        finding.

    Raises:
        InvalidPath: a key is no path relative to the root.
        MigrationError: `files` or `options` are something else.

    >>> migration = migrate_repository({"web.yaml": '''apiVersion: helm.fluxcd.io/v1
    ... kind: HelmRelease
    ... metadata:
    ...   name: web
    ...   namespace: shop
    ... spec:
    ...   helmVersion: v3
    ...   chart:
    ...     repository: https://charts.example.com
    ...     name: web
    ...     version: 1.2.3
    ... '''})
    >>> sorted(migration.created), migration.ok
    (['sources/example.yaml'], True)
    >>> print(migration.changed["web.yaml"].partition("  chart:")[0], end="")
    apiVersion: helm.toolkit.fluxcd.io/v2
    kind: HelmRelease
    metadata:
      name: web
      namespace: shop
    spec:
      interval: 5m
      releaseName: shop-web
    """
    return _migrate(checked_files(files), checked_options(options))


@lets_go
def _migrate(files: Mapping[str, str | bytes], options: MigrationOptions) -> Migration:
    prepared, is_tied = prepare(files, options), True
    while is_tied:
        findings = FindingGroups(prepared.options, prepared.clusters)
        options = _with_inventory(prepared.options, prepared.clusters, findings)
        flux_version, around, reasons = _surroundings(
            prepared.repository, prepared.clusters, options, findings
        )
        ties = Ties()
        existing = existing_sources(around)
        decided = decide_releases(read_releases(around, findings, ties), existing, around, findings)
        decided = together(decided, around, findings, ties)
        split = ties.split(around)
        is_tied = bool(split.files)
        if is_tied:
            # What stays keeps its patches, and the rest is looked at again without it.
            prepared = prepared.with_split(split)
    workspace = Workspace(around.repository.texts, prepared.files.keys())
    decided = remove_twins(decided, around, workspace, findings)
    tell_of_running_images(around, findings)
    converted, images = _converted(decided, existing, around, workspace, findings)
    # All that stands in documents is edited.
    around.repository.let_nodes_go()
    is_something_done = bool(converted.texts or decided.waiting or images.written)
    going = {each.release.document.key for each in converted.texts}
    going |= {each.release.document.key for each in decided.removed}
    left = left_releases(around, going)
    syncs, taken_out = SyncLayout(), frozenset[DocumentKey]()
    # Where all is out of scope or left nothing is asked of Flux v2 yet.
    if is_something_done or not is_put_off(options):
        manifests = documents_of_flux1(around, findings)
        syncs = settle_syncs(around, manifests, workspace, findings)
        updated = images.staying | tell_out_of_scope(around, findings)
        taken_out = remove_flux1(around, manifests, syncs.syncs, left, updated, workspace, findings)
        tell_of_rights(going, manifests, around, findings)
    remove_used_values(converted.texts, around, workspace)
    applied = compare_sync_paths(around, source_ignores(around), workspace.deleted, taken_out)
    settle_namespaces(applied, taken_out, around, workspace, findings)
    created = workspace.created
    settle_readings(prepared.readings, going, applied, taken_out, around, workspace, findings)
    if is_something_done or not is_put_off(options):
        tell_of_syncing(applied, around, findings, created=created, is_something_done=is_something_done)
        tell_of_disallowed_objects(taken_out, around, findings)
        tell_of_annotated_objects(around, findings)
        tell_of_refused_metadata(around, findings)
        tell_of_refused_objects(around, findings)
        tell_of_removed_apis(around, findings)
        tell_of_encrypted_secrets(around, findings)
        tell_of_pruning(going, around, findings)
        tell_of_health_checks(going, around, findings)
        tell_of_unsynced(going, around, findings)
    left_out = {each.place.path for found in applied.values() for each in found.left_out}
    tell_of_outcome(around, workspace, converted, decided, images, syncs, findings, left_out)
    used = tell_of_fluxd_patches(prepared.patches, prepared.readings.originals, workspace, findings)
    findings.tell_unmatched()
    context = MigrationContext(flux_version, tuple(_contexts(around)), tuple(reasons))
    staying = tuple(staying_releases(around, going | taken_out))
    migration = assemble(
        prepared.files,
        around,
        workspace,
        converted,
        images,
        syncs,
        left,
        findings,
        context,
        prepared.readings.originals,
        staying,
    )
    if not prepared.is_rearranged:
        return migration
    rearranged, gone = prepared.settled(used, {*migration.changed, *migration.created})
    return over_given_files(migration, files, rearranged, gone)


def _converted(
    decided: DecidedReleases,
    existing: Sequence[ExistingSource],
    around: Surroundings,
    workspace: Workspace,
    findings: FindingGroups,
) -> tuple[ConvertedReleases, MigratedImages]:
    """Writes releases and images; what was read of them is not needed afterwards."""
    annotated = read_images(around, {each.document.key for each in decided.migrating}, findings)
    texts = ReleaseTexts(around, existing, workspace, findings, annotated.plain, annotated.asked())
    converted = texts.convert(decided.migrating)
    around.clusters.tree.let_trials_go()
    tell_of_releases([each.release for each in converted.texts], converted.layout, existing, findings)
    if decided.waiting:
        # What an answer would bring is said at once.
        layout = texts.layout(decided.waiting, decided.migrating)
        tell_of_releases(decided.waiting, layout, existing, findings)
    images = migrate_images(annotated, around, converted, workspace, findings)
    return with_markers(converted, images), images


def _with_inventory(
    options: MigrationOptions, clusters: ClusterMap, findings: FindingGroups
) -> MigrationOptions:
    """Gives the options with what inventories know of tags, and without one that may be anybody's."""
    options = with_tags_of_inventories(options)
    if options.inventory is not None and len(clusters.clusters) > 1:
        names = ", ".join(view.name for view in clusters.clusters)
        findings.say("IN009", f"the inventory is of one cluster, and the repository serves {names}")
        return options.model_copy(update={"inventory": None})
    return options


def _surroundings(
    repository: Repository, clusters: ClusterMap, options: MigrationOptions, findings: FindingGroups
) -> tuple[FluxVersion, Surroundings, list[str]]:
    inferred, judged = infer_flux_releases(repository, options)
    reasons = [inferred.reason]
    notices = [each for release in judged.values() or [inferred] for each in release.contradictions]
    # Where nothing of Flux v1 is found, nothing is written that would have to be served.
    notices += old_components(repository) if clusters.clusters else ()
    for notice in (*notices, *clusters.notices):
        findings.say(notice.code, notice.message, notice.path, notice.line, notice.related)
    versions = {view.name: judged.get(view.name, inferred).version for view in clusters.clusters}
    for view in clusters.clusters:
        paths = shown_folders(view.paths)
        reasons.append(f"cluster {view.name} syncs {paths} ({view.reason})")
    around = Surroundings(repository, clusters, options, versions or {"": inferred.version})
    return inferred.version, around, reasons


def _contexts(around: Surroundings) -> Iterator[ClusterContext]:
    options = around.options
    said = {each.name: each for each in options.clusters}
    for view in around.clusters.clusters:
        own = with_options(options, said.get(view.name, Cluster(name=view.name)), Cluster(name=view.name))
        yield cluster_context(view, own, around.versions[view.name], options.flux_namespace)
