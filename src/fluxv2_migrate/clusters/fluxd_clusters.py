"""Clusters as their fluxd shows them: which fluxds sync this repository, and what they read of it."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from fluxv2_migrate.clusters.cluster_map import DocumentKey
from fluxv2_migrate.clusters.model import ClusterNotice, ClusterView, SyncPath
from fluxv2_migrate.clusters.reader import ClusterReader, sight
from fluxv2_migrate.clusters.shown_settings import show_cluster
from fluxv2_migrate.clusters.units import read_sync_path
from fluxv2_migrate.flux1.flux_yaml import FLUX_YAML, find_flux_yaml
from fluxv2_migrate.flux1.installation import Flux1Installation, Flux1Program
from fluxv2_migrate.flux2.releases import is_of_flux2
from fluxv2_migrate.folders import folders_of, is_below, normal_path
from fluxv2_migrate.kubernetes import named
from fluxv2_migrate.kustomize import KustomizeTree
from fluxv2_migrate.meaning.locations import git_location
from fluxv2_migrate.quoting import shown_folders
from fluxv2_migrate.settings.options import MigrationOptions


@dataclass(frozen=True, slots=True)
class Flux1Programs:
    """The programs that a repository shows, sorted by what they sync.

    Attributes:
        own: the fluxds that sync this repository.
        others: those that sync another one.
        notices: what a person must know of them.
    """

    own: tuple[Flux1Program, ...] = ()
    others: tuple[Flux1Program, ...] = ()
    operators: tuple[Flux1Program, ...] = ()
    notices: tuple[ClusterNotice, ...] = ()


def repository_key(url: str) -> str:
    """Gives what is compared of a repository's URL: its host and path, whatever the protocol.

    >>> repository_key("git@git.example.com:Acme/fleet.git") == repository_key("https://git.example.com/acme/fleet")
    True
    """
    return git_location(url).url.partition("://")[2].rpartition("@")[2].lower()


def paths_of(fluxd: Flux1Program) -> tuple[str, ...]:
    """Gives the paths that a fluxd syncs; the root where it names none.

    Source: fluxcd/flux 1.25.4 `pkg/manifests/configaware.go`: a path that is a `.flux.yaml` is its folder.
    """
    paths = fluxd.items("git-path") if fluxd.given("git-path") else ()
    return tuple(dict.fromkeys(_folder_of(normal_path(each)) for each in paths)) or ("",)


def _folder_of(path: str) -> str:
    folder, name = posixpath.split(path)
    return folder if name == FLUX_YAML else path


def _knows_paths(fluxd: Flux1Program) -> bool:
    """Gives whether it is known what a fluxd syncs: what it was told, or that it was told nothing."""
    setting = fluxd.settings.get("git-path")
    return fluxd.is_complete if setting is None else not setting.is_placeholder


def with_filled_in_paths(fluxds: Iterable[Flux1Program]) -> Iterator[Flux1Program]:
    """Gives the fluxds of manifests of which something else fills in the paths, or tells them."""
    for each in fluxds:
        if not (_knows_paths(each) or each.is_text):
            yield each


def notice_of_filled_in_paths(fluxd: Flux1Program) -> ClusterNotice:
    """Tells that nobody knows what a fluxd syncs."""
    setting = fluxd.settings.get("git-path")
    if setting is None:
        unknown, line = "values of fluxd are not here, or cannot be read", fluxd.line
    else:
        unknown, line = f"something else fills in --git-path={setting.value} of fluxd", setting.line
    message = f"{unknown}, so nothing says what it syncs: no object that syncs it is written"
    return ClusterNotice("RP085", message, fluxd.path, max(line, 1))


def sort_programs(
    programs: Sequence[Flux1Program], reader: ClusterReader, synced_urls: Collection[str] = ()
) -> Flux1Programs:
    """Tells the fluxds of this repository from those of others.

    One of which no path is there syncs another repository, and so does one with another URL than those whose
    paths are there. What only a text tells counts where all such texts agree.

    Args:
        synced_urls: what is compared of the URLs under which Flux v2 syncs this repository already.
    """
    completed: list[ClusterNotice] = []
    fluxds = _completed([each for each in programs if each.program == "fluxd"], completed)
    operators = [each for each in programs if each.program == "helm-operator"]
    own, contested = _of_repository(fluxds, reader, synced_urls)
    others = [each for each in fluxds if each not in own]
    manifests = [each for each in own if not each.is_text]
    texts = [each for each in own if each.is_text]
    told, notices = _of_texts(texts, manifests)
    notices += completed
    notices += _of_contested(contested)
    notices += [_of_another(each) for each in _unlike(others) if each not in contested]
    return Flux1Programs((*manifests, *told), tuple(others), tuple(operators), tuple(notices))


def _completed(fluxds: Sequence[Flux1Program], notices: list[ClusterNotice]) -> list[Flux1Program]:
    """Gives fluxds; where not all values of a release are known, with what the one text says of it.

    A later run, which finds the release no more, would take all from that text.
    """
    found: list[Flux1Program] = []
    for each in fluxds:
        told = [one for one in fluxds if one.is_text and one.is_complete and _may_install(one, each)]
        if each.is_complete or len({tuple(sorted(one.settings.items())) for one in told}) != 1:
            found.append(each)
            continue
        text = told[0]
        found.append(replace(each, settings={**text.settings, **each.settings}, is_complete=True))
        message = (
            "not all values of fluxd are known here, and a text that installs it says the rest, which may "
            "not be how it runs"
        )
        notices.append(ClusterNotice("DA028", message, text.path, text.line, (each.place,)))
    return found


def _may_install(text: Flux1Program, fluxd: Flux1Program) -> bool:
    """Gives whether what a text installs syncs the paths of a fluxd, and no other repository."""
    urls = {_url_key(text), _url_key(fluxd)} - {""}
    return paths_of(text) == paths_of(fluxd) and len(urls) < 2


def _of_repository(
    fluxds: Sequence[Flux1Program], reader: ClusterReader, synced_urls: Collection[str]
) -> tuple[list[Flux1Program], list[Flux1Program]]:
    """Gives the fluxds of this repository, and those of which nobody knows whether they are."""
    folders = folders_of(reader.files) | set(reader.files)
    here = [each for each in fluxds if any(path and path in folders for path in paths_of(each))]
    # A text only tells of a command, and puts no manifest in doubt.
    telling = [each for each in here if not each.is_text] or here
    urls = _urls_of_repository(telling, reader.options)
    contested = _contested(telling) if len(urls) > 1 else []
    own = [each for each in fluxds if _syncs_from(each, folders, urls)]
    if not urls:
        # The root is there in every repository.
        if synced_urls:
            # This one may have another host or owner by now.
            names = {posixpath.basename(each) for each in synced_urls}
            own = [each for each in own if posixpath.basename(_url_key(each)) in ("", *names)]
        contested = _contested([each for each in own if not each.is_text])
    return [each for each in own if each not in contested], contested


def _of_contested(contested: Sequence[Flux1Program]) -> Iterator[ClusterNotice]:
    if contested:
        first, *more = contested
        message = (
            "several fluxds sync one path, each of another repository, and nothing says which is this one"
        )
        yield ClusterNotice("DA035", message, first.path, first.line, tuple(each.place for each in more))


def _contested(fluxds: Sequence[Flux1Program]) -> list[Flux1Program]:
    """Gives the fluxds with a path that one of another repository has, too."""
    return [
        each
        for each in fluxds
        if any(
            _url_key(each) and _url_key(other) not in ("", _url_key(each))
            for other in fluxds
            if set(paths_of(each)) & set(paths_of(other))
        )
    ]


def _syncs_from(fluxd: Flux1Program, folders: Collection[str], urls: Collection[str]) -> bool:
    """Gives whether a path of a fluxd is here, and its URL is none of another repository."""
    is_here = any(path in folders for path in paths_of(fluxd))
    return is_here and (not urls or _url_key(fluxd) in ("", *urls))


def _urls_of_repository(here: Iterable[Flux1Program], options: MigrationOptions) -> set[str]:
    """Gives the URLs of this repository: as a person says, or as fluxds say whose paths are here."""
    # Where a person names the repository, a path of the same name elsewhere says nothing.
    said = {repository_key(each.fluxd.git_url) for each in options.clusters if each.fluxd.git_url}
    return said or {_url_key(each) for each in here} - {""}


def _url_key(fluxd: Flux1Program) -> str:
    url = fluxd.repository_url
    return repository_key(url.value) if url is not None else ""


def _of_texts(
    texts: Sequence[Flux1Program], manifests: Sequence[Flux1Program]
) -> tuple[list[Flux1Program], list[ClusterNotice]]:
    """Gives the fluxds of texts that count, and what a person must know of them."""
    known = {paths_of(each) for each in manifests}
    told = [each for each in texts if paths_of(each) not in known]
    said = {(paths_of(each), each.text("git-branch")): each for each in reversed(told)}
    if not said:
        return [], []
    paths = [path for key in said for path in key[0]]
    is_apart = all(
        not is_below(one, other)
        for index, one in enumerate(paths)
        for other in (*paths[:index], *paths[index + 1 :])
    )
    if manifests and not is_apart:
        return [], []
    first, *more = sorted(told, key=lambda each: (each.path, each.line))
    related = tuple(each.place for each in more)
    if not is_apart:
        candidates = "; ".join(
            f"{'/'.join(key[0]) or 'the root'} of {key[1]} ({each.place})" for key, each in said.items()
        )
        message = f"texts say different things of fluxd's paths and branch: {candidates}"
        return [], [ClusterNotice("DA029", message, first.path, first.line, related)]
    message = "what fluxd syncs was read from a text, which may not be how it was installed: " + "; ".join(
        f"{_shown_paths(each)} of {each.text('git-branch')}" for each in said.values()
    )
    return list(said.values()), [ClusterNotice("DA028", message, first.path, first.line, related)]


def _shown_paths(fluxd: Flux1Program) -> str:
    """Gives the paths of a fluxd in words."""
    if not _knows_paths(fluxd):
        return "paths that something else fills in"
    return shown_folders(paths_of(fluxd))


def _unlike(fluxds: Iterable[Flux1Program]) -> Iterator[Flux1Program]:
    """Gives each fluxd once, those of manifests alone where they show one."""
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for each in fluxds:
        key = (_url_key(each), paths_of(each))
        if key not in seen and not each.is_text:
            yield each
        seen.add(key)


def _of_another(fluxd: Flux1Program) -> ClusterNotice:
    url = fluxd.repository_url
    what = f"fluxd {fluxd.namespace}/{fluxd.name}" if fluxd.name else "a fluxd"
    where = url.value if url is not None else "another repository"
    paths = shown_folders(paths_of(fluxd))
    message = f"{what} syncs {paths} of {where}, of which nothing is here"
    return ClusterNotice("DA027", message, fluxd.path, fluxd.line)


# Clusters


def of_fluxd(programs: Flux1Programs, reader: ClusterReader) -> tuple[list[ClusterView], list[ClusterNotice]]:
    """Gives those whose fluxd the repository shows; a fluxd that would see one thing twice shows none.

    Returns:
        The clusters, and what a person must know of the fluxds that show none.
    """
    found: dict[tuple[object, ...], ClusterView] = {}
    telling = [
        each
        for each in programs.own
        if _knows_paths(each) and not _is_overruled(each, programs.own, reader.tree)
    ]
    known = [paths_of(each) for each in telling]
    for fluxd in telling:
        paths = paths_of(fluxd)
        # A path that others have, too, tells nobody which cluster is meant.
        own = (path for path in paths if not any(path in other for other in known if other != paths))
        view = view_of_fluxds(next(own, ""), (fluxd,), programs, reader)
        found.setdefault((paths, fluxd.text("git-branch")), view)
    narrower = [view for view in found.values() if view.sync_paths[0].path] or list(found.values())
    doubles = [(view, _seen_twice(view, reader)) for view in narrower]
    notices = (_of_doubtful_paths(view, *twice, reader) for view, twice in doubles if twice is not None)
    return [view for view, twice in doubles if twice is None], list(filter(None, notices))


def _is_overruled(fluxd: Flux1Program, others: Iterable[Flux1Program], tree: KustomizeTree) -> bool:
    """Gives whether a patch says what fluxd was told in a base only, and each overlay tells it otherwise.

    A patch replaces the arguments of a container as a whole, and where the base of all is elsewhere, nothing
    is known of the programs but such patches.
    """
    over = {
        each.folder
        for other in others
        if other.path != fluxd.path and other.name == fluxd.name and other.settings
        for each in tree.patchers(other.path)
    }
    including = [set(tree.ancestors(each.folder)) for each in tree.patchers(fluxd.path)]
    return bool(including) and all(
        found
        and all(
            root in over or any(root in tree.ancestors(folder) for folder in over & found)
            for root in found & set(tree.roots)
        )
        for found in including
    )


def _seen_twice(view: ClusterView, reader: ClusterReader) -> tuple[str, Sequence[DocumentKey]] | None:
    """Gives why fluxd would refuse to sync at all, so that its flags come from elsewhere.

    It stops at a release of Flux v2 beside one of Flux v1 too, but not before somebody began to migrate.

    Returns:
        An object, and the documents that define it; nothing where there is none.
    """
    seen: dict[tuple[str, str, str, bool], DocumentKey] = {}
    for key, sighting in sight(view, reader):
        manifest = sighting.manifest
        if not manifest.get("kind"):
            # fluxd passed over it, and such files are many: workflows, values, kustomizations.
            continue
        identity = (str(manifest["kind"]), sighting.namespace, sighting.name, is_of_flux2(manifest))
        first = seen.setdefault(identity, key)
        if first != key:
            return named(*identity[:3]), (first, key)
    return None


def _of_doubtful_paths(
    view: ClusterView, name: str, defining: Sequence[DocumentKey], reader: ClusterReader
) -> ClusterNotice | None:
    """Tells that a fluxd is taken to have other paths than its manifest says; a text says little."""
    fluxd = view.flux1.fluxd
    if fluxd is None or fluxd.is_text:
        return None
    paths = shown_folders(synced.path for synced in view.sync_paths)
    message = (
        f"fluxd, whose manifest has it sync {paths}, would have refused all of it, for {name} is defined "
        "there twice: other paths are taken for its own"
    )
    places = (
        f"{path}:{each.line}"
        for path, index in defining
        for each in reader.documents_of(path)
        if each.index == index
    )
    return ClusterNotice("DA036", message, fluxd.path, fluxd.line, tuple(places))


def view_of_fluxds(
    name: str, fluxds: Sequence[Flux1Program], programs: Flux1Programs, reader: ClusterReader
) -> ClusterView:
    """Gives a cluster as its fluxd shows it.

    Args:
        name: of the cluster; that of its first path when empty.
    """
    first = fluxds[0]
    folders = folders_of(reader.files) | set(reader.files)
    paths = paths_of(first)
    shown = show_cluster(name or paths[0] or "cluster", fluxds, (), paths)
    generates = shown.settings.fluxd.manifest_generation
    synced = tuple(
        read_sync_path(each, reader.files, reader.tree, generates=generates, environment=first.environment)
        for each in paths
        if each in folders
    )
    notices = [_without_files(each, first) for each in paths if each not in folders]
    notices += [_of_file(each, first) for each in paths if each in reader.files]
    if generates is False:
        notices += _unread_flux_yaml(synced, first, reader)
    verb = "says that it runs its fluxd" if first.is_text else "runs its fluxd"
    places = {**shown.places, "sync_paths": _place_of_paths(first)}
    return ClusterView(
        shown.settings,
        synced,
        f"{first.path} {verb}",
        Flux1Installation(first, None, programs.others),
        places,
        tuple(notices),
    )


def _place_of_paths(fluxd: Flux1Program) -> str:
    setting = fluxd.given("git-path")
    return fluxd.place if setting is None else setting.place


def _without_files(path: str, fluxd: Flux1Program) -> ClusterNotice:
    message = f"fluxd syncs {path}, of which nothing is here: it is empty, or its files were not given"
    return ClusterNotice("DA026", message, *_position(_place_of_paths(fluxd)))


def _of_file(path: str, fluxd: Flux1Program) -> ClusterNotice:
    message = f"fluxd syncs the file {path}, and kustomize-controller applies folders only"
    return ClusterNotice("DA063", message, *_position(_place_of_paths(fluxd)), (f"{path}:1",))


def _unread_flux_yaml(
    synced: Iterable[SyncPath], fluxd: Flux1Program, reader: ClusterReader
) -> Iterator[ClusterNotice]:
    found = (find_flux_yaml(each.path, reader.files.__contains__) for each in synced)
    for path in dict.fromkeys(each for each in found if each is not None):
        message = f"fluxd ran without --manifest-generation and never read {path}: it applied plain files"
        yield ClusterNotice("DA030", message, path, 1, (fluxd.place,))


def _position(place: str) -> tuple[str, int]:
    path, _, line = place.rpartition(":")
    return path, int(line)
