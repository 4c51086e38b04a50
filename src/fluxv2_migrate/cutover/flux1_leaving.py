"""Flux v1 leaves the repository: last, and only what nothing of the cluster needs any more."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

from fluxv2_migrate.applied.existing_kustomizations import prunes_what
from fluxv2_migrate.clusters import ClusterView, DocumentKey, SyncPath, read_sync_path, take_out
from fluxv2_migrate.clusters.obstacles import clusters_patching_elsewhere
from fluxv2_migrate.cutover.flux1_manifests import Flux1Document
from fluxv2_migrate.cutover.left_releases import LeftReleases
from fluxv2_migrate.cutover.syncs import ClusterSync
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.flux1.apis import is_release_definition
from fluxv2_migrate.flux1.flux_yaml import FLUX_YAML, find_flux_yaml
from fluxv2_migrate.folders import KUSTOMIZATION_NAMES, is_below, is_kustomization_file
from fluxv2_migrate.quoting import few
from fluxv2_migrate.releases.patch_texts import ReleaseText
from fluxv2_migrate.repository.reading import Document
from fluxv2_migrate.repository.workspace import Change, Workspace
from fluxv2_migrate.settings.of_clusters import limits_images
from fluxv2_migrate.surroundings.known import Surroundings, is_in_scope
from fluxv2_migrate.yaml_text import YAML_ENDINGS

_SHOWN: Final = 8
_Going = TypeVar("_Going", Flux1Document, str)


def remove_flux1(
    around: Surroundings,
    documents: Sequence[Flux1Document],
    syncs: Sequence[ClusterSync],
    left: Mapping[str, LeftReleases],
    automated: Collection[DocumentKey],
    workspace: Workspace,
    findings: FindingGroups,
) -> frozenset[DocumentKey]:
    """Takes Flux v1's own manifests out of the repository, and tells which stay and why.

    Args:
        automated: the documents whose images nothing but fluxd updates yet.

    Returns:
        Which documents are gone.
    """
    elsewhere = _of_bases_elsewhere(documents, around)
    for each in elsewhere:
        message = (
            "it patches Flux v1 itself, which Flux v2 would start again, in a base outside of the repository"
        )
        findings.stop(each.document, "DA022", message)
    documents = [each for each in documents if each not in elsewhere]
    if around.options.flux1 == "keep":
        _tell_kept(documents, around, findings)
        return frozenset()
    serving = [each for each in documents if _serves(each, left)]
    outside = [each for each in documents if each not in serving and not is_in_scope(each.document, around)]
    _tell_kept(outside, around, findings, "it is outside of the scope")
    documents = [each for each in documents if each not in outside]
    telling = list(_keep_telling(documents, syncs, left, automated, workspace, around, findings))
    _tell_serving(serving, left, findings)
    pruned = _tell_pruned((each for each in documents if each not in serving), around, findings)
    leaving = [each for each in documents if each not in (*serving, *telling, *pruned)]
    gone = _take_out(leaving, workspace, around, findings)
    files = _take_files_out(list(_values_files(gone, workspace, around)), workspace, around)
    reading = {name for each in outside if each.program.program == "fluxd" for name in each.clusters}
    # Where one is gone, the next one above would count for its sync path.
    while taken := _take_files_out(
        list(_flux_yamls(syncs, left, automated, reading, workspace, around)), workspace, around
    ):
        files += taken
    _tell_gone(gone, files, findings)
    return frozenset(each.document.key for each in gone if not each.entries)


def _of_bases_elsewhere(documents: Sequence[Flux1Document], around: Surroundings) -> list[Flux1Document]:
    """Gives the patches of what is taken from elsewhere, but for what Flux v1 published, which leaves."""
    fetched = {each.program.key for each in documents if each.entries}
    return [
        each
        for each in documents
        if not each.entries
        and each.document.key not in fetched
        and clusters_patching_elsewhere(each.document, around.clusters)
    ]


def _keep_telling(
    documents: Sequence[Flux1Document],
    syncs: Sequence[ClusterSync],
    left: Mapping[str, LeftReleases],
    automated: Collection[DocumentKey],
    workspace: Workspace,
    around: Surroundings,
    findings: FindingGroups,
) -> Iterator[Flux1Document]:
    """Gives the documents that say of clusters what nothing else in Git says, and tells that they stay."""
    open_branch = {each.cluster for each in syncs if not each.settings.is_branch_known}
    reasons: list[tuple[Collection[str], str]] = [(open_branch, "nothing says which branch it follows")]
    if not around.clusters.given:
        asking = _updated_by_fluxd(automated, around)
        waiting = asking | _with_unread_marks(left, workspace, around)
        limited = {name for name in waiting if limits_images(around.clusters.view(name).settings.fluxd)}
        asking |= {name for name, each in left.items() if each.resources}
        # Where Git does not say yet what a cluster syncs, its fluxd does, as long as something asks for it.
        unsaid = {each.cluster for each in syncs if each.state == "commands" and each.cluster in asking}
        unsaid = _with_neighbours(unsaid, around.clusters.clusters)
        failing = {
            view.name
            for view in around.clusters.clusters
            if any(
                (not around.clusters.synced.is_known(synced) and view.name in asking)
                or _is_unknown(synced, around)
                for synced in view.sync_paths
            )
        }
        differing = _differing_over_images(automated, around)
        reasons += [
            (unsaid, "nothing else in Git says what is synced to the cluster"),
            (failing, "a build of what it syncs fails, and Flux v2 would sync no more of it"),
            (limited, "nothing else says which images of what is left it does not update"),
            (differing, "another fluxd is told something else of images that both sync"),
            (_with_unlike_operators(asking, around), "nothing else says which helm-operator is its own"),
        ]
    # Of those of which nobody knows the paths it is told where they stand.
    filled_in = {each.key for each in around.clusters.filled_in}
    staying = [each for each in documents if each.program.key in filled_in]
    for clusters, reason in reasons:
        telling = [each for each in documents if each not in staying and _tells(each, clusters)]
        _tell_kept(telling, around, findings, reason)
        staying += telling
    yield from staying


def _with_unlike_operators(names: Collection[str], around: Surroundings) -> set[str]:
    """Gives those of some clusters whose helm-operators, which differ, only their fluxds tell apart."""
    views = around.clusters.clusters
    operators = [view.settings.helm_operator for view in views]
    if all(each == operators[0] for each in operators):
        return set()
    return {view.name for view in views if view.name in names and not _syncs_its_operator(view)}


def _syncs_its_operator(view: ClusterView) -> bool:
    operator = view.flux1.helm_operator
    return operator is not None and view.syncs(operator.path)


def _updated_by_fluxd(automated: Collection[DocumentKey], around: Surroundings) -> set[str]:
    """Gives the clusters that have a workload whose images nothing but fluxd updates yet."""
    return {name for key in automated for name in around.clusters.seeing(key)}


def _with_unread_marks(
    left: Mapping[str, LeftReleases], workspace: Workspace, around: Surroundings
) -> set[str]:
    """Gives the clusters with images to update in releases that are left, or in files nobody can read."""
    errors = around.repository.errors
    found: set[str] = set()
    for view in around.clusters.clusters:
        places = left[view.name].places
        paths = {place.rpartition(":")[0] for place in places} | {each for each in errors if view.syncs(each)}
        # What is edited already is read as a later run finds it.
        if any("/automated" in (workspace.text(path) or "") for path in paths):
            found.add(view.name)
    return found


def _is_unknown(synced: SyncPath, around: Surroundings) -> bool:
    """Gives whether nobody can tell what asks for the fluxd of a sync path: a build gives nothing at all."""
    return any(not build.ok for build in around.clusters.synced.builds(synced))


def _with_neighbours(names: set[str], views: Sequence[ClusterView]) -> set[str]:
    """Gives clusters with those that share a path with one of them: only their fluxds tell them apart."""
    found = set(names)
    pending = [view for view in views if view.name in names]
    while pending:
        view = pending.pop()
        for other in views:
            if other.name not in found and any(view.meets(each.path) for each in other.sync_paths):
                found.add(other.name)
                pending.append(other)
    return found


def _differing_over_images(automated: Collection[DocumentKey], around: Surroundings) -> set[str]:
    """Gives the clusters that have a workload in common of which nobody updates the images yet.

    Only their fluxds say which of them shall, and a later run, which finds none, would let all of them.
    """
    seen = map(around.clusters.seeing, automated)
    return {name for names in seen if len(names) > 1 for name in names}


def _serves(each: Flux1Document, left: Mapping[str, LeftReleases]) -> bool:
    is_operator = each.program.program == "helm-operator"
    return is_operator and any(left[name].resources for name in _served(each, left))


def _served(each: Flux1Document, left: Mapping[str, LeftReleases]) -> list[str]:
    """Gives the clusters that a program is for: it may be any, where nothing tells."""
    return [name for name in each.clusters if name in left] if each.clusters else list(left)


def _tells(each: Flux1Document, clusters: Collection[str]) -> bool:
    return each.program.program == "fluxd" and not set(clusters).isdisjoint(each.clusters)


def _tell_serving(
    serving: Sequence[Flux1Document], left: Mapping[str, LeftReleases], findings: FindingGroups
) -> None:
    programs = {(each.program.path, each.program.line): each for each in reversed(serving)}
    for (path, line), each in sorted(programs.items()):
        of_clusters = [left[name] for name in _served(each, left)]
        served = list(dict.fromkeys(name for one in of_clusters for name in one.resources))
        message = f"the helm-operator stays with its definitions, for it serves {few(served, _SHOWN)}"
        places = dict.fromkeys(place for one in of_clusters for place in one.places)
        findings.say("DA055", message, path, max(line, 1), places)


def _tell_pruned(
    documents: Iterable[Flux1Document], around: Surroundings, findings: FindingGroups
) -> list[Flux1Document]:
    """Tells of definitions that something would delete with all their objects, and gives them: they stay."""
    found: list[Flux1Document] = []
    for each in documents:
        document = each.document
        is_definition = is_release_definition(document.manifest.get("kind"), document.identity[1])
        pruning = prunes_what(document, around) if is_definition else None
        if pruning is not None:
            found.append(each)
            place = f"{pruning.path}:{pruning.line}"
            message = f"the definition stays in Git: {place} prunes, and would delete it with all its objects"
            findings.say("DA060", message, document.path, document.line, (place,))
    return found


def _tell_kept(
    documents: Iterable[Flux1Document], around: Surroundings, findings: FindingGroups, reason: str = ""
) -> None:
    """Tells of what stays and would be started again: what no cluster applies is not."""
    programs = {each.program.key for each in documents}
    for each in documents:
        document = each.document
        is_applied = document.key in around.clusters.sightings or not around.clusters.clusters
        if each.entries or (document.key in programs and is_applied):
            why = f", and stays: {reason}" if reason else ""
            message = f"it is Flux v1 itself, which Flux v2 would start again{why}"
            findings.stop(document, "DA022", message)


def _take_out(
    leaving: Sequence[Flux1Document],
    workspace: Workspace,
    around: Surroundings,
    findings: FindingGroups,
) -> list[Flux1Document]:
    """Takes documents out, and gives those that are gone; what would break a build stays and is told."""

    def try_in(tried: Workspace, left: Sequence[Flux1Document]) -> Mapping[str, str]:
        for each in left:
            path, line = each.document.path, each.document.line
            tried.note(Change("flux-1", each.resource, path, line, (), path, ""))
        documents = [each.document for each in left if not each.entries]
        entries = [entry for each in left for entry in each.entries]
        reasons = take_out(documents, tried, around.clusters, with_folders=True, entries=entries)
        for path, reason in sorted(reasons.items()):
            _tell_kept([each for each in left if each.document.path == path], around, findings, reason)
        return reasons

    return _what_goes(leaving, lambda each: each.document.path, try_in, workspace)


def _what_goes(
    leaving: Sequence[_Going],
    path_of: Callable[[_Going], str],
    try_in: Callable[[Workspace, Sequence[_Going]], Mapping[str, str]],
    workspace: Workspace,
) -> list[_Going]:
    """Gives what can go together, and takes it out: what cannot stays, and all others are tried again.

    Args:
        try_in: takes some out of a workspace, and gives by file why those of it have to stay.
    """
    left = list(leaving)
    while left:
        tried = workspace.branch()
        reasons = try_in(tried, left)
        if not reasons:
            workspace.adopt(tried)
            break
        left = [each for each in left if path_of(each) not in reasons]
    return left


# Files that only Flux v1 read


def _take_files_out(paths: Sequence[str], workspace: Workspace, around: Surroundings) -> list[str]:
    """Takes files away, with the entries that list their objects, and gives those that are gone."""

    def try_in(tried: Workspace, left: Sequence[str]) -> Mapping[str, str]:
        objects: list[Document] = []
        for path in left:
            own = [each for each in around.repository.all_documents(path) if each.identity[1]]
            objects += own
            change = Change("flux-1", path, path, 1, (), path, "")
            if own:
                tried.note(change)
            else:
                tried.remove(path, change)
        return take_out(objects, tried, around.clusters, with_folders=True)

    return _what_goes(paths, str, try_in, workspace)


def _values_files(gone: Iterable[Flux1Document], workspace: Workspace, around: Surroundings) -> Iterator[str]:
    """Gives the files of values that only the programs that are gone had, and that no other text names."""
    texts = around.repository.texts
    found = {
        setting.path
        for each in gone
        for setting in (*each.program.settings.values(), *each.program.values.values())
    }
    # A text that installs a program is no file of its values, though it may tell some.
    for path in sorted(found - around.clusters.install_texts):
        if path not in texts or not workspace.has(path) or any(each.document.path == path for each in gone):
            continue
        documents = around.repository.all_documents(path)
        names = {each.identity[1] for each in documents if each.identity[1]}
        # What lists an object lets it go.
        listings = KUSTOMIZATION_NAMES if names else ()
        is_named = _is_named_elsewhere(posixpath.basename(path), path, workspace, passing_over=listings)
        is_named = is_named or any(_is_named_elsewhere(name, path, workspace) for name in names)
        if not is_named and _is_alone(documents):
            yield path


def remove_used_values(texts: Iterable[ReleaseText], around: Surroundings, workspace: Workspace) -> None:
    """Takes out files of values that releases have now, where Flux v2 would take them for manifests.

    Those that another text names stay.
    """
    used: dict[str, ReleaseText] = {}
    for each in texts:
        for path in each.release.values_files():
            used.setdefault(path, each)
    synced = [each.path for _, each in around.clusters.sync_paths() if each.files != "none"]
    for path, text in sorted(used.items()):
        is_read = any(is_below(path, each) for each in synced) and path not in around.clusters.apart
        if is_read and not _is_named_elsewhere(posixpath.basename(path), path, workspace):
            release = text.release
            place = (release.document.path, release.document.line, ("spec.valuesFrom",), path, "")
            workspace.remove(path, Change("values-of-a-file", release.resource, *place))


def _is_alone(documents: Sequence[Document]) -> bool:
    return len([each for each in documents if each.value is not None]) == 1


def _is_named_elsewhere(
    name: str, path: str, workspace: Workspace, *, passing_over: Collection[str] = ()
) -> bool:
    """Gives whether a text of the repository names something, other than the file that holds it.

    Args:
        passing_over: names of files that do not count.
    """
    pattern = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])")
    return any(
        name in text and pattern.search(text)
        for other in workspace.paths()
        if other != path
        and posixpath.basename(other) not in passing_over
        and (text := workspace.text(other)) is not None
    )


def _flux_yamls(
    syncs: Iterable[ClusterSync],
    left: Mapping[str, LeftReleases],
    automated: Collection[DocumentKey],
    reading: Collection[str],
    workspace: Workspace,
    around: Surroundings,
) -> Iterator[str]:
    """Gives the `.flux.yaml`s whose last object is migrated, unless nothing else says what is synced.

    Args:
        reading: the clusters whose fluxd is outside of the scope, and reads them on.
    """
    serving = {name for name, each in left.items() if each.resources} | _unsaid(syncs, around)
    serving |= {*reading}
    sightings = (each for key in automated for each in around.clusters.sightings.get(key, ()))
    updated = {(each.cluster, each.sync_path) for each in sightings}
    users = _users_of_flux_yamls(workspace, around)
    for path, members in sorted(users.items()):
        if any(
            synced.unknown
            or view.name in serving
            or (view.name, synced.path) in updated
            or _is_unknown(synced, around)
            for view, synced in members
        ):
            continue
        # What its commands wrote is made by nothing then, and a later run would read it for manifests.
        outputs = {file for _, synced in members for file in synced.outputs if workspace.has(file)}
        hidden = [each for each in _flux_yamls_above(path, workspace) if each not in users]
        if _is_needless((path, *hidden), members, outputs, workspace, around):
            yield from (path, *hidden, *sorted(outputs))


def _flux_yamls_above(path: str, workspace: Workspace) -> Iterator[str]:
    """Gives the `.flux.yaml`s that one hides from the folders below it."""
    folder = posixpath.dirname(path)
    while folder:
        folder = posixpath.dirname(folder)
        above = posixpath.join(folder, FLUX_YAML)
        if workspace.has(above):
            yield above


def _unsaid(syncs: Iterable[ClusterSync], around: Surroundings) -> set[str]:
    """Gives the clusters of which nothing but their `.flux.yaml` says what is synced."""
    unsaid = set() if around.clusters.given else {each.cluster for each in syncs if each.state == "commands"}
    # What others sync, too, stands in Git, and a later run knows no cluster that has nothing else.
    said = {synced.path for view, synced in around.clusters.sync_paths() if view.name not in unsaid}
    return unsaid - {view.name for view in around.clusters.clusters if said.issuperset(view.paths)}


def _is_needless(
    paths: Sequence[str],
    members: Sequence[tuple[ClusterView, SyncPath]],
    outputs: Collection[str],
    workspace: Workspace,
    around: Surroundings,
) -> bool:
    """Gives whether some `.flux.yaml`s patch nothing, and sync paths mean the same without them."""
    if any(workspace.has(synced.patch_file) for _, synced in members):
        return False
    if any(file in build.files for build in around.clusters.builds.values() for file in outputs):
        return False
    # What fluxd never read would count for a later run, which finds no fluxd.
    return all(
        view.settings.fluxd.manifest_generation is False or _is_read_alike(synced, paths, workspace, around)
        for view, synced in members
    )


def _users_of_flux_yamls(
    workspace: Workspace, around: Surroundings
) -> Mapping[str, Sequence[tuple[ClusterView, SyncPath]]]:
    """Gives each `.flux.yaml` that is there with the sync paths that it shapes.

    One below the sync path of a fluxd was never read; a later run, which finds no fluxd, would heed it.
    """
    users: dict[str, list[tuple[ClusterView, SyncPath]]] = {}
    below: dict[str, list[tuple[ClusterView, SyncPath]]] = {}
    files = (path for path in workspace.paths() if posixpath.basename(path) == FLUX_YAML)
    there = [path for path in files if workspace.has(path)]
    for view, synced in around.clusters.sync_paths():
        path = find_flux_yaml(synced.path, workspace.has)
        if path is not None:
            users.setdefault(path, []).append((view, synced))
        for each in there if view.flux1.fluxd is not None else ():
            if is_below(each, synced.path):
                below.setdefault(each, []).append((view, synced))
    return {**below, **users}


def _is_read_alike(
    synced: SyncPath, flux_yamls: Sequence[str], workspace: Workspace, around: Surroundings
) -> bool:
    """Gives whether a sync path means the same to a later run that does not find some `.flux.yaml`s."""
    clusters, texts = around.clusters, around.repository.texts
    going = {*flux_yamls, *synced.outputs}
    without = {path: text for path, text in texts.items() if path not in going and workspace.has(path)}
    again = read_sync_path(synced.path, without, clusters.tree)
    below = [path for path in without if is_below(path, synced.path) and path.endswith(YAML_ENDINGS)]
    alone, alone_again = (set(clusters.synced.read_alone(each, below)) for each in (synced, again))
    if again.builds == synced.builds and alone_again == alone:
        return True
    built = {file for folder in synced.builds for file in clusters.build_of(synced, folder).files}
    return all(path in built or is_kustomization_file(path) for path in below)


def _tell_gone(gone: Sequence[Flux1Document], files: Sequence[str], findings: FindingGroups) -> None:
    places = [f"{each.document.path}:{each.document.line}" for each in gone]
    places += [f"{path}:1" for path in files]
    if places:
        names = dict.fromkeys(each.resource for each in gone)
        shown = few([*names, *files], _SHOWN)
        message = f"Flux v1's own manifests leave the repository: {shown}"
        findings.say_at("DA056", message, places)
