"""Which clusters a repository serves: as a person says, or as the repository shows."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Final, NamedTuple

from fluxv2_migrate.clusters.cluster_map import ClusterMap, DocumentKey, place_of
from fluxv2_migrate.clusters.flux1_programs import read_programs
from fluxv2_migrate.clusters.flux_kustomizations import FluxKustomization
from fluxv2_migrate.clusters.fluxd_clusters import (
    Flux1Programs,
    notice_of_filled_in_paths,
    of_fluxd,
    repository_key,
    sort_programs,
    view_of_fluxds,
    with_filled_in_paths,
)
from fluxv2_migrate.clusters.generated import generator_notices
from fluxv2_migrate.clusters.given_clusters import given_clusters
from fluxv2_migrate.clusters.model import ClusterNotice, ClusterView, Sighting
from fluxv2_migrate.clusters.operators import with_operators
from fluxv2_migrate.clusters.proposals import UNIT, of_flux_2, of_flux_yaml, of_folders, with_flux2_paths
from fluxv2_migrate.clusters.reader import ClusterReader, sight
from fluxv2_migrate.clusters.units import flux_yaml_folders
from fluxv2_migrate.flux1.flux_yaml import FLUX_YAML
from fluxv2_migrate.folders import is_below, normal_path
from fluxv2_migrate.kubernetes import mapping_at, numbered
from fluxv2_migrate.kustomize import KustomizeTree
from fluxv2_migrate.quoting import shown_folder
from fluxv2_migrate.repository.reading import Document, is_old_release
from fluxv2_migrate.settings.of_clusters import said_over, with_fluxd, with_options
from fluxv2_migrate.settings.options import Cluster, MigrationOptions


def read_clusters(
    files: Mapping[str, str | bytes],
    documents: Mapping[str, tuple[Document, ...]],
    concerns: Mapping[DocumentKey, Document],
    places: Collection[DocumentKey],
    tree: KustomizeTree,
    options: MigrationOptions,
    *,
    always: bool,
    own_urls: Collection[str] = (),
) -> ClusterMap:
    """Gives the clusters, and how each sees the documents that concern a migration.

    Args:
        places: those of them that show where clusters are.
        always: whether clusters are looked for also where nothing shows Flux v1.
        own_urls: what is compared of the URLs under which this repository is known already.
    """
    reader = ClusterReader(files, documents, concerns, places, tree, options)
    found = ClusterMap(
        given=bool(options.clusters or options.sync_roots),
        fallback_namespace=options.default_namespace or "",
    )
    found.patch_files = _patches_of_kustomizations(tree)
    shown = read_programs(reader)
    syncs = list(_flux2_syncs(reader))
    programs = sort_programs(shown, reader, _urls_that_sync_themselves(syncs))
    found.programs = (*programs.own, *programs.operators)
    found.other_programs = programs.others
    found.install_texts = frozenset(each.path for each in shown if each.is_text)
    found.own_urls, found.foreign = _foreign(programs, syncs, reader, own_urls)
    reader.foreign = found.foreign
    if not (always or shown or flux_yaml_folders(files)):
        return ClusterMap()
    doubtful: list[ClusterNotice] = []
    if found.given:
        views = with_operators(list(given_clusters(programs, reader)), programs, reader)
        known = [_with_options(view, options) for view in with_flux2_paths(list(views), reader)]
        apis = _apis_of_releases(reader)
        found.clusters = tuple(_with_old_fluxd(view, apis) for view in known)
        for view in found.clusters:
            _add(found.sightings, sight(view, reader))
    else:
        doubtful = _infer(programs, reader, found)
    if all(view.is_assumed for view in found.clusters):
        found.filled_in = tuple(with_filled_in_paths(programs.own))
    # A person who gives the clusters has settled which of several texts is right.
    of_programs = [each for each in programs.notices if each.code != "DA029" or not found.given]
    found.notices = (
        *of_programs,
        *doubtful,
        *map(notice_of_filled_in_paths, found.filled_in),
        *dict.fromkeys(notice for view in found.clusters for notice in view.notices),
        *generator_notices(found, reader),
    )
    _add_patches_of_fluxd(found, files)
    found.syncing = _by_path(reader)
    _move_sightings(found)
    for folder in tree.roots:
        reader.build(folder)
    for folder, overlay in _overlaid_paths(reader):
        reader.build(folder, overlay)
    found.tree = tree
    found.apart = frozenset(reader.claimed() | set(found.patch_files))
    found.builds = reader.builds
    return found


class _Flux2Sync(NamedTuple):
    """A Kustomization of Flux v2 whose GitRepository is here: what it applies, and what that may fetch."""

    document: Document
    path: str
    urls: set[str]

    @property
    def applies_itself(self) -> bool:
        """Whether its own file lies in the folder that it applies."""
        return bool(self.path) and is_below(self.document.path, self.path)


def _flux2_syncs(reader: ClusterReader) -> Iterator[_Flux2Sync]:
    sources = _repositories(reader)
    for document in reader.every_document() if sources else ():
        kustomization = FluxKustomization.of_document(document)
        urls = set() if kustomization is None else sources.get(kustomization.source, set())
        if kustomization is not None and urls:
            yield _Flux2Sync(document, normal_path(kustomization.path), urls)


def _urls_that_sync_themselves(syncs: Iterable[_Flux2Sync]) -> set[str]:
    return {url for each in syncs if each.applies_itself for url in each.urls}


def _foreign(
    programs: Flux1Programs, syncs: Sequence[_Flux2Sync], reader: ClusterReader, known: Collection[str]
) -> tuple[frozenset[str], frozenset[DocumentKey]]:
    """Gives the URLs of this repository, and the Kustomizations of Flux v2 that sync another one.

    This one is what the fluxds sync, and what a Kustomization syncs that applies its own file from a folder,
    under whatever URL. The root holds all files, those with the sync of a tenant too: there only a
    repository of the same name may be this one under another URL.
    """
    urls = [each.text("git-url") for each in programs.own]
    urls += [each.fluxd.git_url or "" for each in reader.options.clusters]
    own = {*known, *(repository_key(each) for each in urls if each), *_urls_that_sync_themselves(syncs)}
    names = {posixpath.basename(each) for each in own}
    foreign = (
        each.document.key
        for each in syncs
        if own
        and not each.applies_itself
        and each.urls.isdisjoint(own)
        and (each.path or names.isdisjoint(map(posixpath.basename, each.urls)))
    )
    return frozenset(own), frozenset(foreign)


def _repositories(reader: ClusterReader) -> dict[tuple[str, str], set[str]]:
    """Gives what the GitRepositories of a repository fetch, by namespace and name."""
    found: dict[tuple[str, str], set[str]] = {}
    for document in reader.every_document():
        url = mapping_at(document.manifest, "spec").get("url")
        if document.manifest.get("kind") == "GitRepository" and isinstance(url, str):
            found.setdefault(document.identity, set()).add(repository_key(url))
    return found


def _by_path(reader: ClusterReader) -> dict[str, list[tuple[DocumentKey, FluxKustomization]]]:
    """Gives the Kustomizations of Flux v2 that sync each folder."""
    by_path: dict[str, list[tuple[DocumentKey, FluxKustomization]]] = {}
    for document in reader.every_document():
        each = FluxKustomization.of_document(document)
        if each is not None and each.path and document.key not in reader.foreign:
            by_path.setdefault(normal_path(each.path), []).append((document.key, each))
    return by_path


def _move_sightings(found: ClusterMap) -> None:
    """Notes in which namespace Flux v2 applies what fluxd applied in another one."""
    moved = {
        (view.name, synced.path): becomes
        for view, synced in found.sync_paths()
        if not synced.target_namespace and (becomes := found.afterwards(view.name, synced).target_namespace)
    }
    for seen in found.sightings.values() if moved else ():
        for index, each in enumerate(seen):
            namespace = moved.get((each.cluster, each.sync_path))
            if namespace is not None:
                seen[index] = replace(each, applied_in=namespace)


def _add_patches_of_fluxd(found: ClusterMap, files: Mapping[str, str | bytes]) -> None:
    for _, synced in found.sync_paths():
        if synced.patch_file in files:
            found.patch_files.setdefault(synced.patch_file, posixpath.join(synced.path, FLUX_YAML))


def _overlaid_paths(reader: ClusterReader) -> Iterator[tuple[str, str]]:
    """Gives the folders with releases of Flux v1 over which a Kustomization of Flux v2 puts something.

    They are built also where no known cluster has that Kustomization: its patches work today.
    """
    files = {each.path for each in reader.concerns.values() if is_old_release(each.manifest)}
    for kustomization in reader.flux_kustomizations():
        folder = normal_path(kustomization.path)
        if not (kustomization.overlay and kustomization.path and reader.tree.is_folder(folder)):
            continue
        if any(is_below(file, folder) for file in files) or not files.isdisjoint(reader.build(folder).files):
            yield folder, kustomization.overlay


def _patches_of_kustomizations(tree: KustomizeTree) -> dict[str, str]:
    """Gives the files that are patches, each with the first kustomization that takes it for one."""
    found: dict[str, str] = {}
    for kustomization in tree.kustomizations.values():
        for patch in tree.patches(kustomization):
            if patch.path:
                found.setdefault(patch.path, kustomization.path)
    return found


def _add(sightings: dict[DocumentKey, list[Sighting]], new: Iterable[tuple[DocumentKey, Sighting]]) -> None:
    for key, sighting in new:
        sightings.setdefault(key, []).append(sighting)


def _with_unwritten(view: ClusterView) -> ClusterView:
    """Says of a cluster that fluxd wrote no image in it, where commands without updaters give all of it."""
    if view.settings.fluxd.read_only or not all(each.unwritten for each in view.sync_paths):
        return view
    places = {"fluxd.read_only": f"{view.sync_paths[0].unwritten}:1", **view.places}
    return replace(view, settings=with_fluxd(view.settings, read_only=True), places=places)


def _with_options(view: ClusterView, options: MigrationOptions) -> ClusterView:
    """Puts what was said of the cluster, or of all clusters, over what the repository shows of it."""
    said = next((each for each in options.clusters if each.name == view.name), Cluster(name=view.name))
    settings = with_options(options, said, view.settings)
    places = {
        name: place
        for name, place in view.places.items()
        if attrgetter(name)(settings) == attrgetter(name)(view.settings)
    }
    return replace(view, settings=settings, places=places)


_LAST_OF_OLD_RELEASES: Final = "1.18"
"""The fluxd up to which releases of the APIs before `helm.fluxcd.io/v1` were updated."""


def _apis_of_releases(reader: ClusterReader) -> set[str]:
    return {
        str(each.manifest.get("apiVersion"))
        for each in reader.concerns.values()
        if is_old_release(each.manifest)
    }


def _with_old_fluxd(view: ClusterView, apis: Collection[str]) -> ClusterView:
    """Takes the fluxd of a tree that holds only releases of older APIs for one that knew them."""
    if view.settings.fluxd.version is not None or not apis or "helm.fluxcd.io/v1" in apis:
        return view
    return replace(view, settings=with_fluxd(view.settings, version=_LAST_OF_OLD_RELEASES))


# What the repository shows


def _infer(programs: Flux1Programs, reader: ClusterReader, found: ClusterMap) -> list[ClusterNotice]:
    """Decides which of the proposals count: those of better evidence, and others where these say nothing.

    The order of the evidence is that of the rules. A later proposal counts only for folders of which no
    earlier one speaks; what Flux v2 syncs beside that is of the same cluster.

    Returns:
        What a person must know of fluxds that count for nothing.
    """
    views, doubtful = of_fluxd(programs, reader)
    views += (
        view
        for view in list(of_flux_yaml(reader))
        if not (
            _overlapping(view, views)
            or _only_installs(view, programs, reader)
            or _shows_nothing(view, views, reader)
        )
    )
    flux_2: list[ClusterView] = []
    for view in of_flux_2(reader):
        if _overlapping(view, views):
            views = _with_flux_2(view, views)
        elif same := [each for each in flux_2 if _is_nested(view, each)]:
            flux_2 = [_with_paths(each, view) if each is same[0] else each for each in flux_2]
        else:
            # Clusters of Flux v2 may share what is in none of their own folders.
            flux_2.append(view)
    views += flux_2
    # A sighting tells its cluster by the name, so names are told apart before anything is seen.
    views = list(with_flux2_paths(list(_with_own_names(views, set())), reader))
    views = list(map(_with_unwritten, views))
    views = [_with_options(view, reader.options) for view in with_operators(views, programs, reader)]
    for view in views:
        _add(found.sightings, sight(view, reader))
    rest = list(_with_own_names(of_folders(reader, found, views), {view.name for view in views}))
    rest = [_with_options(view, reader.options) for view in with_operators(rest, programs, reader)]
    known = set(found.sightings)
    for view in rest:
        # What a known cluster has does not make up another one.
        _add(found.sightings, (each for each in sight(view, reader) if each[0] not in known))
    clusters = _with_only_fluxd([*views, *rest], programs, reader)
    apis = _apis_of_releases(reader)
    found.clusters = tuple(_with_old_fluxd(view, apis) for view in clusters)
    found.candidates = _uncertain(found.clusters, reader)
    return doubtful


def _only_installs(view: ClusterView, programs: Flux1Programs, reader: ClusterReader) -> bool:
    """Gives whether all that a folder builds is Flux v1 itself, which syncs another one."""
    known = (*programs.own, *programs.operators, *programs.others)
    own = {each.key for each in known}
    builds = [reader.build(folder) for synced in view.sync_paths for folder in synced.builds]
    # What is installed may lie elsewhere, and may be built no more.
    installs = any(each.path in build.files for each in known for build in builds)
    return installs and _shown(view, reader) <= own


def _shows_nothing(view: ClusterView, views: Sequence[ClusterView], reader: ClusterReader) -> bool:
    """Gives whether nothing in a folder tells of a cluster, beside fluxds that say what they sync."""
    if all(each.flux1.fluxd is None for each in views):
        return False
    return not view.sync_paths[0].unknown and not _shown(view, reader)


def _shown(view: ClusterView, reader: ClusterReader) -> set[DocumentKey]:
    """Gives what shows a cluster in what the folders build; all that they read where that fails."""
    found: set[DocumentKey] = set()
    for build in (reader.build(folder) for synced in view.sync_paths for folder in synced.builds):
        built = {each.key for each in build.objects}
        found |= {key for key in reader.places if key in built or (not build.ok and key[0] in build.files)}
    return found


def _with_only_fluxd(
    views: list[ClusterView], programs: Flux1Programs, reader: ClusterReader
) -> list[ClusterView]:
    """Gives the one cluster of a repository what its one fluxd says, where its paths alone are not known."""
    if len(views) != 1 or len(programs.own) != 1 or views[0].flux1.fluxd is not None:
        return views
    (view,) = views
    shown = view_of_fluxds(view.name, programs.own, programs, reader)
    said = Cluster(name=view.name, sync_paths=view.settings.sync_paths)
    places = {name: place for name, place in shown.places.items() if name != "sync_paths"}
    flux1 = replace(shown.flux1, helm_operator=view.flux1.helm_operator)
    settings = said_over(said, said_over(view.settings, shown.settings))
    return [replace(view, settings=settings, flux1=flux1, places={**places, **view.places})]


def _overlapping(view: ClusterView, others: Iterable[ClusterView]) -> list[ClusterView]:
    """Gives the clusters of which a path is one of a cluster, lies in one, or holds one."""
    return [other for other in others if any(view.meets(each.path) for each in other.sync_paths)]


def _with_flux_2(view: ClusterView, views: list[ClusterView]) -> list[ClusterView]:
    """Takes in a cluster that Flux v2 syncs, as what one of the others has more."""
    same = _overlapping(view, views)
    if len(same) > 1 and any(each.flux1.fluxd is not None for each in same):
        # Each fluxd is a cluster; which of them Flux v2 runs in is not known.
        return views
    first = same[0]
    others = [synced for each in same[1:] for synced in each.sync_paths]
    merged = _with_paths(replace(first, sync_paths=(*first.sync_paths, *others)), view)
    reason = f"{first.reason}; {view.reason}"
    both = ClusterNotice("RP062", f"both Fluxes sync {first.name}: {reason}", view.flux2_file)
    merged = replace(merged, reason=reason, flux2_file=view.flux2_file, notices=(*first.notices, both))
    return [merged if each is first else each for each in views if each is first or each not in same]


def _with_paths(view: ClusterView, more: ClusterView) -> ClusterView:
    """Gives a cluster with the sync paths of another one that lie apart from its own."""
    paths = (
        *view.sync_paths,
        *(synced for synced in more.sync_paths if not view.meets(synced.path)),
    )
    settings = view.settings.model_copy(update={"sync_paths": tuple(each.path for each in paths)})
    return replace(view, settings=settings, sync_paths=paths)


def _is_nested(view: ClusterView, other: ClusterView) -> bool:
    """Gives whether the folder that begins a cluster of Flux v2 belongs to another one."""
    root, path = view.sync_paths[0].path, other.sync_paths[0].path
    return other.syncs(root) or is_below(path, root)


def _with_own_names(views: Iterable[ClusterView], taken: Collection[str]) -> Iterator[ClusterView]:
    names = set(taken)
    for view in list(views):
        name = next(each for each in numbered(view.name) if each not in names)
        names.add(name)
        settings = view.settings.model_copy(update={"name": name})
        yield view if name == view.name else replace(view, settings=settings)


def _uncertain(clusters: Sequence[ClusterView], reader: ClusterReader) -> tuple[str, ...]:
    """Gives the sync paths that may belong to one cluster, as nothing in them can be there only once."""
    uncertain = [view for view in clusters if view.reason.startswith(UNIT)]
    if len(uncertain) < 2:
        return ()
    seen = {view.name: _resources(view, reader) for view in uncertain}
    apart = all(
        seen[one.name] & seen[other.name]
        for index, one in enumerate(uncertain)
        for other in uncertain[:index]
    )
    return () if apart else tuple(shown_folder(view.sync_paths[0].path) for view in uncertain)


def _resources(view: ClusterView, reader: ClusterReader) -> set[tuple[str, str, str]]:
    return {
        (str(built.manifest.get("kind")), *place_of(built.manifest, "", synced))
        for synced in view.sync_paths
        for folder in synced.builds
        for built in reader.build_of(synced, folder).objects
    }
