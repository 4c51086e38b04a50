"""The clusters of a repository, and how each sees what concerns Flux, before a migration and after it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Final

from fluxv2_migrate.clusters import ClusterMap, DocumentKey, flux_yaml_folders, read_clusters, read_sync_path
from fluxv2_migrate.clusters.flux_release import infer_flux_releases
from fluxv2_migrate.flux1.policies import is_annotated
from fluxv2_migrate.flux2.releases import is_at_least, is_of_flux2
from fluxv2_migrate.folders import is_below
from fluxv2_migrate.kubernetes import namespace_and_name
from fluxv2_migrate.kustomize import KustomizeTree
from fluxv2_migrate.repository.reading import Document, Repository, is_old_release, is_partial_release
from fluxv2_migrate.settings.options import MigrationOptions

_MARKS: Final = re.compile(r"(?:(?<!toolkit\.)fluxcd\.io|flux\.weave\.works)(?:/|~1)")
"""Beginnings of annotations, also as the path of a JSON patch has them; those of Flux v2 are none."""


def see_repository(
    files: Mapping[str, str | bytes],
    repository: Repository,
    options: MigrationOptions,
    before: ClusterMap | None = None,
) -> ClusterMap:
    """Gives the clusters of a repository, and how each sees what concerns Flux.

    Args:
        before: who saw what where the repository was looked at already, and some of its files were others.

    Returns:
        Who sees what; nobody anything where there is nothing of Flux v1.
    """
    files = _as_texts(files, repository)
    tree = _tree(files, repository, options, before)
    return _see(files, repository, options, tree)


def _as_texts(files: Mapping[str, str | bytes], repository: Repository) -> Mapping[str, str | bytes]:
    """Gives the files as the very texts that were read of them: each is looked at often, and read once."""
    return {**files, **repository.texts}


def _tree(
    files: Mapping[str, str | bytes],
    repository: Repository,
    options: MigrationOptions,
    before: ClusterMap | None,
) -> KustomizeTree:
    """Gives the kustomizations; what was built already of files that have not changed is not built again."""
    images_in_volumes = _images_in_volumes(repository, options)
    if before is not None and before.tree.images_in_volumes == images_in_volumes:
        tree = before.tree.with_files(before.tree.changes_to(files))
    else:
        tree = KustomizeTree(files, images_in_volumes=images_in_volumes)
    tree.know({each.text: each.value for each in repository.every_document()})
    return tree


def see_migrated_repository(
    files: Mapping[str, str | bytes], repository: Repository, options: MigrationOptions, before: ClusterMap
) -> ClusterMap:
    """Gives how the clusters of a repository of Flux v1 see it once somebody has migrated it.

    Returns:
        Who sees what. Where clusters were not given, what moved to a place of which only the repository
        afterwards shows that something is there may be anybody's: that is told by an empty name.
    """
    if not before.clusters:
        return ClusterMap()
    files = _as_texts(files, repository)
    tree = _tree(files, repository, options, before)
    own = _see(files, repository, options, tree, before)
    if before.given or _sync_paths(own) == _sync_paths(before):
        return own
    known = {view.name: view.settings for view in before.clusters}
    clusters = {"clusters": tuple(known.values()), "sync_roots": ()}
    options = options.model_copy(update=clusters)
    tree = _tree(files, repository, options, own)
    found = _see(files, repository, options, tree, before)
    for key, sightings in own.sightings.items():
        found.sightings.setdefault(
            key, [each if each.cluster in known else replace(each, cluster="") for each in sightings]
        )
    return found


def _sync_paths(clusters: ClusterMap) -> set[tuple[str, tuple[str, ...]]]:
    return {(view.name, tuple(synced.path for synced in view.sync_paths)) for view in clusters.clusters}


def _see(
    files: Mapping[str, str | bytes],
    repository: Repository,
    options: MigrationOptions,
    tree: KustomizeTree,
    before: ClusterMap | None = None,
) -> ClusterMap:
    concerns = {document.key: document for document in repository.every_document() if document.manifest}
    releases = [document for document in concerns.values() if is_old_release(document.manifest)]
    marking = _roots_with_marks(repository, tree)
    workloads = _workloads(repository, tree, concerns, marking)
    # A patch of a release looks like one, and shows no place where releases are. Those of Flux v2 do, so that
    # what is migrated already is still where it was.
    whole = {document.key for document in releases if not is_partial_release(document.manifest)}
    whole |= {document.key for document in repository.new_releases()}
    whole = whole or {document.key for document in releases}
    whole |= workloads
    # What is generated has no file.
    always = bool(releases or workloads or marking or before is not None)
    own_urls = () if before is None else before.own_urls
    return read_clusters(
        files, repository.documents, concerns, whole, tree, options, always=always, own_urls=own_urls
    )


def _images_in_volumes(repository: Repository, options: MigrationOptions) -> bool:
    """Gives whether the kustomize of some cluster's Flux release changes the images of volumes.

    Source: kustomize-controller's `go.mod`: 1.7.3, which Flux 2.7 ships, has kustomize api 0.21.
    """
    everywhere, of_clusters = infer_flux_releases(repository, options)
    return any(is_at_least(each.version, "2.7") for each in of_clusters.values() or (everywhere,))


def _workloads(
    repository: Repository,
    tree: KustomizeTree,
    concerns: dict[DocumentKey, Document],
    marking: Collection[str],
) -> set[DocumentKey]:
    """Gives the objects with annotations of fluxd; those that others annotate are of concern, too."""
    annotated = {
        key: document
        for key, document in concerns.items()
        if not is_old_release(document.manifest)
        and not is_of_flux2(document.manifest)
        and is_annotated(document.manifest)
        and repository.chart_around(document.path) is None
    }
    patching = {path for path, _ in annotated if tree.patchers(path)}
    by_fluxd = _patched_by_fluxd({path for path, _ in annotated} - patching, repository, tree)
    targets = {
        (root, _resource(document.manifest))
        for document in annotated.values()
        for root in by_fluxd.get(document.path, ())
    }
    whole = {key for key in annotated if key[0] not in patching | set(by_fluxd)}
    for root in sorted({*marking, *(root for root, _ in targets)}):
        for built in tree.build(root).objects:
            if not built.path:
                continue
            if is_annotated(built.manifest) or (root, _resource(built.manifest)) in targets:
                key = built.key
                document = concerns.setdefault(key, repository.adopt(*key))
                if not is_old_release(document.manifest):
                    whole.add(key)
    return whole


def _roots_with_marks(repository: Repository, tree: KustomizeTree) -> set[str]:
    """Gives the builds in which kustomize may annotate objects for fluxd."""
    # A JSON patch is no object, so its text is looked at.
    giving = {
        patcher.folder
        for path, text in repository.texts.items()
        for patcher in tree.patchers(path)
        if _names_marks(text)
    }
    giving |= {
        kustomization.folder
        for kustomization in tree.kustomizations.values()
        # The text of most shows that already; what is escaped in it shows only once it is read.
        if ("\\" in kustomization.text or _names_marks(kustomization.text))
        and _names_marks(kustomization.document)
    }
    return {root for folder in giving for root in (folder, *tree.ancestors(folder)) if root in tree.roots}


def _patched_by_fluxd(
    paths: set[str], repository: Repository, tree: KustomizeTree
) -> dict[str, tuple[str, ...]]:
    """Gives the files with which fluxd itself patches what kustomize builds, and the builds."""
    found: dict[str, tuple[str, ...]] = {}
    for folder in flux_yaml_folders(repository.texts):
        for root in (folder, *(root for root in tree.roots if is_below(root, folder))):
            synced = read_sync_path(root, repository.texts, tree)
            if synced.patch_file in paths:
                found[synced.patch_file] = (*found.get(synced.patch_file, ()), *synced.builds)
    return found


def _resource(manifest: Mapping[str, Any]) -> tuple[str, str]:
    return str(manifest.get("kind")), namespace_and_name(manifest)[1]


def _names_marks(value: Any) -> bool:
    """Gives whether a kustomization names an annotation of fluxd, in a patch or for all objects."""
    if isinstance(value, str):
        return _MARKS.search(value) is not None
    if isinstance(value, Mapping):
        return any(_names_marks(key) or _names_marks(item) for key, item in value.items())
    return isinstance(value, list) and any(map(_names_marks, value))
