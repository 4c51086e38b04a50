"""What syncs each cluster once fluxd is gone: what is there, what is written, and what people create."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from fluxv2_migrate.clusters import ClusterView
from fluxv2_migrate.clusters.flux_kustomizations import FluxKustomization, is_flux_kustomization
from fluxv2_migrate.clusters.fluxd_clusters import repository_key
from fluxv2_migrate.clusters.shown_settings import unknown_branch
from fluxv2_migrate.clusters.units import overlapping
from fluxv2_migrate.cutover.existing_syncs import tell_of_existing_syncs, tell_of_turns
from fluxv2_migrate.cutover.flux1_manifests import Flux1Document
from fluxv2_migrate.cutover.running import RunningProgram, running_programs
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.flux1.installation import program_of_arguments
from fluxv2_migrate.flux2.releases import FluxVersion
from fluxv2_migrate.folders import is_below, normal_path
from fluxv2_migrate.images.git_syncs import answered_git_url
from fluxv2_migrate.kubernetes import as_object, mapping_at, namespace_and_name, resource_of
from fluxv2_migrate.meaning import GitReference
from fluxv2_migrate.meaning.flux2_chart import checked_out_of
from fluxv2_migrate.placement import (
    FieldComment,
    Generated,
    Homes,
    Needed,
    NoHome,
    Places,
    Prerequisite,
    Unplaced,
    note_needed,
    write_generated,
)
from fluxv2_migrate.quoting import shown_folder
from fluxv2_migrate.repository.reading import Document
from fluxv2_migrate.repository.workspace import Workspace
from fluxv2_migrate.rules import (
    DECRYPTION_SECRET,
    SIGNATURE_SECRET,
    SYNC_NAME,
    SyncSettings,
    git_repository_manifest,
    kustomization_manifest,
    notices_of,
    sync_name,
)
from fluxv2_migrate.surroundings.known import Surroundings
from fluxv2_migrate.yaml_text import CannotEdit

_PRUNE_COMMENT = "# fluxd collected garbage: set true when every release is ready"


@dataclass(frozen=True, slots=True)
class ExistingKustomization:
    """A Kustomization of Flux v2 that a cluster has already.

    Attributes:
        prunes: whether what leaves Git leaves the cluster.
    """

    namespace: str
    name: str
    path: str
    prunes: bool


@dataclass(frozen=True, slots=True)
class ClusterSync:
    """What syncs one cluster.

    Attributes:
        state: whether Flux v2 syncs it already, whether the objects are written into Git, or whether people
            create them.
        namespace: in which Flux v2 runs.
        settings: what the sync is made of.
        flux_version: the Flux release that will run.
        existing: the Kustomizations that are there already.
        kustomizations: names and paths of the Kustomizations that are made.
        file: in which they are written; empty where they are in none.
        by_hand: the file of the sync that is there already, where nothing applies that file; empty else.
        programs: what of Flux v1 runs there.
        has_helm_2: whether releases of Helm 2 may be there.
    """

    cluster: str
    state: Literal["there", "written", "commands"]
    namespace: str
    settings: SyncSettings
    flux_version: FluxVersion
    existing: tuple[ExistingKustomization, ...] = ()
    kustomizations: tuple[tuple[str, str], ...] = ()
    file: str = ""
    by_hand: str = ""
    programs: tuple[RunningProgram, ...] = ()
    has_helm_2: bool = True


@dataclass(frozen=True, slots=True)
class SyncLayout:
    """What syncs all clusters.

    Attributes:
        syncs: one for each cluster.
        generated: the objects that are written.
    """

    syncs: tuple[ClusterSync, ...] = ()
    generated: tuple[Generated, ...] = ()
    prerequisites: tuple[Prerequisite, ...] = ()


def settle_syncs(
    around: Surroundings,
    manifests: Sequence[Flux1Document],
    workspace: Workspace,
    findings: FindingGroups,
) -> SyncLayout:
    """Writes the sync of each cluster that has none yet, where only that cluster applies it."""
    syncs: list[ClusterSync] = []
    generated: list[Generated] = []
    needed: Needed = {}
    for view in around.clusters.clusters:
        _tell_settings(view, around, findings)
        tell_of_turns(view, around, findings)
        sync = _planned(view, around, manifests)
        # Where no fluxd is known, what Kustomizations make of the paths that a person gives is what runs.
        if sync.state == "there" or view.flux1.fluxd is not None:
            tell_of_existing_syncs(view, around, findings)
        if sync.state == "there":
            sync, made = _completed(sync, view, around, workspace, findings)
        else:
            _tell_given(view, findings)
            sync, made = _written(sync, view, around, workspace, findings)
            note_needed(needed, _prerequisites(sync))
        generated += made
        syncs.append(sync)
    return SyncLayout(tuple(syncs), tuple(generated), tuple(needed.values()))


def _tell_settings(view: ClusterView, around: Surroundings, findings: FindingGroups) -> None:
    programs = (view.flux1.fluxd, view.flux1.helm_operator)
    given = next((each for each in around.options.clusters if each.name == view.name), None)
    for program in (each for each in programs if each is not None):
        for notice in notices_of(program, given):
            place = notice.setting if notice.setting.path else program
            findings.say(notice.code, notice.message, place.path, max(place.line, 1))


def _tell_given(view: ClusterView, findings: FindingGroups) -> None:
    """Tells what the settings of a person ask for, where no fluxd of the repository shows them."""
    fluxd = view.settings.fluxd
    words = [
        *(["--sops"] if fluxd.sops else ()),
        *([f"--git-signing-key={fluxd.signing_key}"] if fluxd.signing_key else ()),
        *([f"--git-verify-signatures-mode={fluxd.verify_signatures}"] if fluxd.verify_signatures else ()),
    ]
    shown = view.flux1.fluxd
    told = set() if shown is None else {each.code for each in notices_of(shown)}
    for notice in notices_of(program_of_arguments(words, "fluxd")):
        if notice.code not in told:
            findings.say(notice.code, notice.message)


def _planned(view: ClusterView, around: Surroundings, manifests: Sequence[Flux1Document]) -> ClusterSync:
    namespace = around.options.flux_namespace
    settings = SyncSettings.of_cluster(
        view.settings,
        answered_git_url(view, around) or _written_url(view),
        has_submodules=any(synced.submodules for synced in view.sync_paths),
        decrypts=any(synced.decrypts for synced in view.sync_paths),
        unknown_branch=unknown_branch(view.flux1.fluxd),
    )
    existing = tuple(_existing(view, around))
    there = {each.path for each in existing}
    own = there.intersection(view.paths)
    version = around.versions[view.name]
    files = around.repository.texts
    synced_folders = [synced for synced in view.sync_paths if synced.path not in files]
    # Both would take turns at what is in the inner one.
    inner = {each for each, _ in overlapping(view.sync_paths, around.clusters.tree)}
    paths = [
        path
        for synced in synced_folders
        for path in (synced.builds if synced.files == "none" else (synced.path,))
        if path not in there and not _is_taken_in(path, own, around) and synced not in inner
    ]
    versions = view.settings.helm_operator.helm_versions
    running, has_helm_2 = running_programs(view, around, manifests), not versions or "v2" in versions
    wanted = list(dict.fromkeys(paths))
    sync = ClusterSync(
        view.name,
        "commands",
        namespace,
        settings,
        version,
        kustomizations=_named_paths(wanted, "", _taken_names(namespace, view, around)),
        programs=running,
        has_helm_2=has_helm_2,
    )
    if view.flux2_file or (synced_folders and not paths):
        missing = ((path, path) for path in wanted if not _is_taken_in(path, there, around))
        is_passed_over = bool(view.flux2_file) and around.clusters.tree.passes_over(view.flux2_file)
        by_hand = view.flux2_file if is_passed_over else ""
        named = tuple(missing)
        return replace(sync, state="there", existing=existing, kustomizations=named, by_hand=by_hand)
    return sync


def _is_taken_in(path: str, others: Collection[str], around: Surroundings) -> bool:
    """Gives whether all of a path comes with one of others that Kustomizations of Flux v2 apply."""
    tree = around.clusters.tree
    including = (path, *tree.ancestors(path))
    return any(
        each in including and tree.build(each).ok
        if tree.has_kustomization_file(each)
        else is_below(path, each)
        for each in others
    )


def _with_names(
    paths: Iterable[str], known: Iterable[tuple[str, str]] = (), taken: Sequence[str] = ()
) -> tuple[tuple[str, str], ...]:
    """Gives Kustomizations for paths, behind those that are known: the name and the path of each."""
    named = list(known)
    for path in paths:
        named.append((sync_name(path, [*taken, *(name for name, _ in named)]), path))
    return tuple(named)


def _named_paths(paths: Sequence[str], own: str, taken: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Gives Kustomizations for paths, of which one bears the name of a sync where that is free.

    Args:
        own: that one, or none for the first path.
    """
    first = own if own in paths else next(iter(paths), "")
    others = [path for path in paths if path != first]
    if not paths or SYNC_NAME in taken:
        return _with_names(paths, taken=taken)
    return _with_names(others, [(SYNC_NAME, first)], taken)


def _taken_names(namespace: str, view: ClusterView, around: Surroundings) -> list[str]:
    """Gives the names of the Kustomizations that a cluster has in the namespace of Flux."""
    return [
        name
        for document, own, name in _objects_of_flux(view, around)
        if is_flux_kustomization(document.manifest) and own == namespace
    ]


def _objects_of_flux(view: ClusterView, around: Surroundings) -> Iterator[tuple[Document, str, str]]:
    """Gives the objects of Flux v2 that a cluster has, each with its namespace and name there."""
    clusters = around.clusters
    for _, document in around.repository.new_objects():
        if view.name in clusters.having(document.key):
            for cluster, manifest in clusters.seen(document):
                if cluster in ("", view.name):
                    yield document, *namespace_and_name(manifest)


def _written_url(view: ClusterView) -> str:
    """Gives the URL as fluxd had it: a login that something else fills in is no part of where it is."""
    fluxd = view.flux1.fluxd
    setting = fluxd.settings.get("git-url") if fluxd is not None else None
    is_overridden = view.places.get("fluxd.git_url", "") == "" and view.settings.fluxd.git_url is not None
    return setting.value if setting is not None and not is_overridden else ""


def _existing(view: ClusterView, around: Surroundings) -> Iterator[ExistingKustomization]:
    """Gives the Kustomizations of Flux v2 that a cluster has, or may have."""
    for _, document in around.repository.new_objects():
        if document.key in around.clusters.foreign or not around.clusters.may_have(document.key, view.name):
            continue
        for cluster, manifest in around.clusters.seen(document):
            spec = as_object(manifest.get("spec"))
            if manifest.get("kind") == "Kustomization" and cluster in ("", view.name) and "sourceRef" in spec:
                namespace, name = document.identity
                about = mapping_at(manifest, "metadata")
                yield ExistingKustomization(
                    str(about.get("namespace") or namespace or around.options.flux_namespace),
                    str(about.get("name") or name),
                    normal_path(str(spec.get("path") or "")),
                    spec.get("prune") is True,
                )


def _written(
    sync: ClusterSync,
    view: ClusterView,
    around: Surroundings,
    workspace: Workspace,
    findings: FindingGroups,
) -> tuple[ClusterSync, tuple[Generated, ...]]:
    """Gives the sync with the file that it is written into; without one where that cannot be."""
    is_known = sync.settings.is_branch_known and not around.clusters.filled_in
    if not around.options.sync_objects or not sync.kustomizations or not is_known:
        return sync, ()
    fluxd = view.flux1.fluxd
    place = (fluxd.path, max(fluxd.line, 1)) if fluxd is not None else ("", 1)
    if not sync.settings.url:
        if fluxd is not None or view.settings.fluxd.git_url:
            code, why = sync.settings.why_without_url
            message = f"the URL of the repository that {_named(view, around)} syncs {why}"
            findings.say(code, message, *place)
        return sync, ()
    known = _source_there(sync, view, around)
    own = [path for _, path in sync.kustomizations]
    if known is not None and not _fetches_alike(known, sync):
        shown = ", ".join(map(shown_folder, own))
        message = (
            f"fluxd synced {shown}, no Kustomization of Flux v2 does, and none can be written: "
            f"{resource_of(known.manifest)} is there already, and fetches something else or nothing"
        )
        findings.say("DA061", message, *place, (f"{known.path}:{known.line}",))
        return sync, ()
    tried = workspace.branch()
    try:
        # `flux bootstrap` puts them into the path that it is given.
        homes = Homes(around.clusters, around.clusters.tree, tried, own)
        taken = _taken_names(sync.namespace, view, around)
        named, generated = _placed(sync, view, homes, taken, with_source=known is None)
    except (NoHome, CannotEdit) as error:
        message = f"{_named(view, around)} has no path of its own for the objects that sync it: {error}"
        findings.say("DA057", message, *place)
        return sync, ()
    write_generated(generated, tried)
    workspace.adopt(tried)
    made = replace(sync, state="written", kustomizations=named, file=generated[0].file)
    return made, generated


def _source_there(sync: ClusterSync, view: ClusterView, around: Surroundings) -> Document | None:
    """Gives the GitRepository that a cluster has already under the name of the one that would be made."""
    wanted = (sync.namespace, SYNC_NAME)
    for document, *name in _objects_of_flux(view, around):
        if document.manifest.get("kind") == "GitRepository" and tuple(name) == wanted:
            return document
    return None


def _fetches_alike(source: Document, sync: ClusterSync) -> bool:
    """Gives whether a GitRepository fetches what fluxd synced, all of it."""
    spec = mapping_at(source.manifest, "spec")
    is_same = repository_key(str(spec.get("url"))) == repository_key(sync.settings.url)
    follows = checked_out_of(source.manifest) == GitReference("branch", sync.settings.branch)
    return is_same and follows and not (spec.get("suspend") or spec.get("sparseCheckout"))


def _completed(
    sync: ClusterSync,
    view: ClusterView,
    around: Surroundings,
    workspace: Workspace,
    findings: FindingGroups,
) -> tuple[ClusterSync, tuple[Generated, ...]]:
    """Gives a sync that is there with Kustomizations for the paths of fluxd that it does not have."""
    paths = [path for _, path in sync.kustomizations]
    sync = replace(sync, kustomizations=())
    fluxd = view.flux1.fluxd
    if not paths or fluxd is None:
        return sync, ()
    tried = workspace.branch()
    try:
        if not around.options.sync_objects:
            raise NoHome("no sync objects are wanted")
        named, manifests = _further_kustomizations(sync, paths, view, around)
        homes = Homes(around.clusters, around.clusters.tree, tried)
        if not all(homes.leaves_alone(view.flux2_file, each) for each in manifests):
            raise NoHome(f"what builds {view.flux2_file} would change it")
        places = Places(homes)
        # Beside the sync that is there: what the new ones sync is applied by nothing yet.
        generated = [
            each
            for manifest in manifests
            for each in places.place(
                Unplaced(
                    "sync",
                    manifest,
                    (view.name,),
                    "flux-system",
                    ("further-sync",),
                    ("sync",),
                    _comments(sync),
                    "beside",
                    ((view.flux2_file, (view.name,)),),
                    ("further-sync",),
                )
            )
        ]
    except (NoHome, CannotEdit) as error:
        shown = ", ".join(paths)
        message = f"fluxd synced {shown}, no Kustomization of Flux v2 does, and none can be written: {error}"
        findings.say("DA061", message, fluxd.path, max(fluxd.line, 1), (f"{view.flux2_file}:1",))
        return sync, ()
    write_generated(generated, tried)
    workspace.adopt(tried)
    return replace(sync, kustomizations=named, file=generated[0].file), tuple(generated)


def _further_kustomizations(
    sync: ClusterSync, paths: Sequence[str], view: ClusterView, around: Surroundings
) -> tuple[tuple[tuple[str, str], ...], list[dict[str, Any]]]:
    """Gives Kustomizations that have the source of the one that is there, with their names and paths.

    Raises:
        NoHome: the one that is there is the template of a chart.
    """
    known = [
        document
        for _, document in around.repository.new_objects()
        if FluxKustomization.of_document(document) is not None
    ]
    own = next((each for each in known if each.path == view.flux2_file), None)
    if own is None:
        raise NoHome(f"{view.flux2_file} is part of a chart")
    taken = [each.identity[1] for each in known]
    named = _with_names(paths, taken=taken)
    manifests: list[dict[str, Any]] = []
    for name, path in named:
        made = kustomization_manifest(
            sync.settings, path, sync.flux_version, namespace=sync.namespace, name=name
        )
        reference = dict(mapping_at(own.manifest, "spec", "sourceRef"))
        made["spec"]["sourceRef"] = reference
        made["metadata"]["namespace"] = own.identity[0] or sync.namespace
        manifests.append(made)
    return named, manifests


def _comments(sync: ClusterSync) -> tuple[FieldComment, ...]:
    return (FieldComment(("spec.prune",), _PRUNE_COMMENT),) if sync.settings.collected_garbage else ()


def _named(view: ClusterView, around: Surroundings) -> str:
    return "the cluster" if len(around.clusters.clusters) == 1 else f"cluster {view.name}"


def _placed(
    sync: ClusterSync, view: ClusterView, homes: Homes, taken: Sequence[str], *, with_source: bool
) -> tuple[tuple[tuple[str, str], ...], tuple[Generated, ...]]:
    version = sync.flux_version
    source = git_repository_manifest(sync.settings, version, namespace=sync.namespace)
    (home, served), *_ = homes.choose({view.name}, source)
    if served != (view.name,):
        others = ", ".join(name for name in served if name != view.name)
        raise NoHome(f"{others} would get them too")
    # The path that holds them bears the name under which `flux bootstrap` finds it again.
    paths = [path for _, path in sync.kustomizations]
    own = max((path for path in paths if is_below(home, path)), key=len, default="")
    named = _named_paths(paths, own, taken)
    manifests: list[tuple[dict[str, Any], tuple[FieldComment, ...]]] = [(source, ())] if with_source else []
    for name, path in named:
        made = kustomization_manifest(sync.settings, path, version, namespace=sync.namespace, name=name)
        manifests.append((made, _comments(sync)))
    places = Places(homes)
    generated = [
        each
        for manifest, said in manifests
        for each in places.place(
            Unplaced("sync", manifest, (view.name,), "flux-system", ("gotk-sync",), ("sync",), said)
        )
    ]
    return named, tuple(generated)


def _prerequisites(sync: ClusterSync) -> Iterator[Prerequisite]:
    namespace, settings = sync.namespace, sync.settings
    source = f"GitRepository {namespace}/{SYNC_NAME}"
    if settings.keys:
        yield Prerequisite("Secret", SYNC_NAME, namespace, settings.keys, (source,))
    if settings.is_verified:
        yield Prerequisite("Secret", SIGNATURE_SECRET, namespace, ("authors.asc",), (source,))
    if settings.is_decrypted:
        users = tuple(f"Kustomization {namespace}/{name}" for name, _ in sync.kustomizations)
        yield Prerequisite("Secret", DECRYPTION_SECRET, namespace, ("sops.asc",), users)
