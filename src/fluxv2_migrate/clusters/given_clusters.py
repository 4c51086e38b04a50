"""Clusters as a person gives them, with what the fluxd of each shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

from fluxv2_migrate.clusters.fluxd_clusters import Flux1Programs, paths_of, repository_key, view_of_fluxds
from fluxv2_migrate.clusters.model import ClusterView
from fluxv2_migrate.clusters.proposals import overlaid_paths
from fluxv2_migrate.clusters.reader import ClusterReader
from fluxv2_migrate.clusters.units import read_sync_path
from fluxv2_migrate.flux1.installation import Flux1Program
from fluxv2_migrate.flux2.releases import is_of_flux2
from fluxv2_migrate.folders import normal_path, overlap
from fluxv2_migrate.settings.options import Cluster


def given_clusters(programs: Flux1Programs, reader: ClusterReader) -> Iterator[ClusterView]:
    """Gives the clusters that the options name, or those of which they name the sync paths."""
    given = reader.options.clusters or tuple(_of_roots(reader.options.sync_roots, programs))
    for said in given:
        fluxds = _fluxds_of(said, programs) or (_only_one(said, programs, reader) if len(given) == 1 else ())
        shown = view_of_fluxds(said.name, fluxds, programs, reader) if fluxds else None
        paths = [normal_path(path) for path in said.sync_paths]
        generates = said.fluxd.manifest_generation
        is_shown = shown is not None and generates in (None, shown.settings.fluxd.manifest_generation)
        if shown is not None and is_shown and (not paths or set(paths) == set(paths_of(fluxds[0]))):
            yield replace(shown, reason=f"as given; {shown.reason}")
            continue
        paths = paths or list(paths_of(fluxds[0]) if fluxds else ())
        generates = _generates(said, shown, reader)
        known = fluxds[0].environment if fluxds else {}
        synced = tuple(
            read_sync_path(path, reader.files, reader.tree, generates=generates, environment=known)
            for path in dict.fromkeys(paths or [""])
        )
        if shown is None:
            ways = (((each,) if each.over else overlaid_paths(each, reader)) for each in synced)
            synced = tuple(chain.from_iterable(ways))
            yield ClusterView(Cluster(name=said.name), synced, "as given")
        else:
            yield replace(shown, sync_paths=synced, reason="as given", notices=())


def _generates(said: Cluster, shown: ClusterView | None, reader: ClusterReader) -> bool | None:
    """Gives whether fluxd ran the commands of `.flux.yaml`s; nothing where these themselves tell."""
    generates = said.fluxd.manifest_generation
    if generates is None and shown is not None:
        return shown.settings.fluxd.manifest_generation
    is_open = generates and shown is None
    if is_open and (said.flux_version or any(is_of_flux2(each.manifest) for each in reader.every_document())):
        # The `.flux.yaml` may have left with an earlier migration, and what it built stays built: what
        # that one knew of a cluster names the Flux release, too.
        return None
    return generates


def _of_roots(roots: Sequence[str], programs: Flux1Programs) -> Iterator[Cluster]:
    """Gives a cluster for each root; roots that one fluxd syncs together are one cluster."""
    groups: dict[int | str, list[str]] = {}
    for root in dict.fromkeys(roots):
        path = normal_path(root)
        together = [index for index, fluxd in enumerate(programs.own) if path in paths_of(fluxd)]
        groups.setdefault(together[0] if together else path, []).append(root)
    for group in groups.values():
        yield Cluster(name=normal_path(group[0]) or "cluster", sync_paths=tuple(group))


def _fluxds_of(said: Cluster, programs: Flux1Programs) -> tuple[Flux1Program, ...]:
    """Gives the fluxds that may be that of a cluster which a person named."""
    paths = {normal_path(path) for path in said.sync_paths}
    found = [each for each in _of_its_url(said, programs) if paths & set(paths_of(each))]
    if len(found) > 1 and said.branch is not None:
        found = [each for each in found if each.text("git-branch") == said.branch] or found
    return tuple(found)


def _only_one(said: Cluster, programs: Flux1Programs, reader: ClusterReader) -> tuple[Flux1Program, ...]:
    """Gives the only fluxd for the only cluster, unless its paths are those of another one."""
    known = _of_its_url(said, programs)
    if len({paths_of(each) for each in known}) != 1:
        return ()
    paths = paths_of(known[0]) if known[0].given("git-path") else ()
    own = [normal_path(path) for path in said.sync_paths]
    is_of_another = any(map(reader.files_below, paths)) and not any(
        overlap(path, each) for path in paths for each in own
    )
    return () if own and is_of_another else known


def _of_its_url(said: Cluster, programs: Flux1Programs) -> tuple[Flux1Program, ...]:
    if not said.fluxd.git_url:
        return programs.own
    key = repository_key(said.fluxd.git_url)
    return tuple(each for each in programs.own if repository_key(each.text("git-url")) in ("", key))
