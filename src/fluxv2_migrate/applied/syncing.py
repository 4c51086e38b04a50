"""What a person must know of sync paths: which are guesses, and where both Fluxes part over them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from fluxv2_migrate.clusters import (
    AppliedDifferences,
    AppliedObject,
    ClusterMap,
    ClusterView,
    DocumentKey,
    DocumentPlace,
    Refusal,
    ShapedObject,
    SyncPath,
    build_with,
    compare_applied,
)
from fluxv2_migrate.clusters.flux_kustomizations import FluxKustomization
from fluxv2_migrate.clusters.fluxd_clusters import paths_of
from fluxv2_migrate.clusters.units import overlapping
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.flux1.apis import RELEASE_GROUPS
from fluxv2_migrate.flux1.placeholders import has_placeholder
from fluxv2_migrate.flux1.policies import is_annotated
from fluxv2_migrate.folders import normal_path
from fluxv2_migrate.kubernetes import group_of, named, namespace_and_name
from fluxv2_migrate.quoting import few, plural, shown_folder
from fluxv2_migrate.repository.reading import is_old_release
from fluxv2_migrate.surroundings.known import Surroundings, is_in_scope

_SHOWN: Final = 5
_OF_FILES: Final = "kustomize-controller refuses both"
_OF_PATHS: Final = "fluxd synced nothing with both, and the Kustomizations of both paths take turns at it"


def compare_sync_paths(
    around: Surroundings,
    ignores: Mapping[str, str],
    gone: Collection[str],
    taken_out: Collection[DocumentKey],
) -> dict[SyncPath, AppliedDifferences]:
    """Gives where both Fluxes part over the sync paths whose files fluxd read one by one.

    Args:
        ignores: `spec.ignore` of the GitRepository of each cluster that has one.
        gone: files that leave it, which are in nobody's way any more.
        taken_out: documents that leave it, those of files that stay too.
    """
    repository, clusters = around.repository, around.clusters
    documents = {path: each for path, each in repository.documents.items() if path not in repository.errors}
    found: dict[SyncPath, AppliedDifferences] = {}
    for view, synced in clusters.sync_paths():
        if _is_of_flux2_alone(view, around):
            continue
        # What a command makes of the files nobody can tell, and that is told where the command stands.
        if synced.files != "none" and not synced.unknown and synced not in found:
            apart = clusters.apart if synced.files == "rest" else frozenset()
            differences = compare_applied(
                synced,
                repository.texts,
                documents,
                clusters.tree,
                clusters.builds,
                apart,
                ignores.get(view.name),
                gone,
            )
            found[synced] = differences.without(gone, taken_out)
    return found


def _is_of_flux2_alone(view: ClusterView, around: Surroundings) -> bool:
    """Gives whether a cluster is one of Flux v2 that has nothing of Flux v1: no fluxd applies its files."""
    if not view.flux2_file or view.flux1.fluxd is not None:
        return False
    seen = around.clusters.sightings.values()
    return not any(
        each.cluster == view.name and (is_old_release(each.manifest) or is_annotated(each.manifest))
        for sightings in seen
        for each in sightings
    )


def tell_of_syncing(
    applied: Mapping[SyncPath, AppliedDifferences],
    around: Surroundings,
    findings: FindingGroups,
    *,
    created: Collection[str],
    is_something_done: bool,
) -> None:
    """Adds what is to be known of sync paths; of objects without a namespace nothing is told here.

    Args:
        is_something_done: whether anything is migrated, so that it matters where it goes.
    """
    clusters = around.clusters
    assumed = [view for view in clusters.clusters if view.is_assumed]
    if is_something_done and assumed:
        paths = dict.fromkeys(synced.path for view in assumed for synced in view.sync_paths)
        shown = few((shown_folder(path) for path in paths), _SHOWN)
        findings.say("RP009", f"sync paths were not given: what is generated goes under {shown}")
    if is_something_done and clusters.candidates:
        shown = few(clusters.candidates, _SHOWN)
        findings.say("RP017", f"these may be one cluster or several, and each is taken for one: {shown}")
    _tell_substituted(around, findings)
    _tell_unbuilt(around, findings)
    for synced, found in applied.items():
        _tell_differences(synced, found, found.proposal(created), around, findings)
    for view in clusters.clusters:
        if view.flux1.fluxd is not None or clusters.given:
            _tell_doubles(_doubles_of_paths(view, applied, around), _OF_PATHS, findings)
            _tell_overlapping(view, applied, around, findings)


def _doubles_of_paths(
    view: ClusterView, applied: Mapping[SyncPath, AppliedDifferences], around: Surroundings
) -> Iterator[tuple[AppliedObject, AppliedObject]]:
    """Gives the objects that several sync paths of a cluster define, each in a document or build of its own.

    What Flux v2 builds beside fluxd has names of its own.

    Source: fluxcd/flux 1.25.4 `pkg/cluster/kubernetes/resource/load.go`: one set of names for all paths.
    """
    seen: dict[tuple[str, str, str], tuple[str, AppliedObject]] = {}
    fluxd = view.flux1.fluxd
    own = tuple(map(normal_path, view.settings.sync_paths)) if fluxd is None else paths_of(fluxd)
    for synced in view.sync_paths if len(view.sync_paths) > 1 else ():
        read = applied[synced].objects if synced in applied else ()
        for each in (*read, *(_built_objects(synced, around) if synced.path in own else ())):
            path, first = seen.setdefault((each.namespace, each.kind, each.name), (synced.path, each))
            if path != synced.path and first.place != each.place:
                yield first, each


def _built_objects(synced: SyncPath, around: Surroundings) -> Iterator[AppliedObject]:
    """Gives what is built for a path, each where the kustomization stands that gives it last."""
    for build in around.clusters.synced.builds(synced):
        for built in build.objects:
            kind, (namespace, name) = str(built.manifest.get("kind")), namespace_and_name(built.manifest)
            place = DocumentPlace(built.steps[-1].path if built.steps else built.path, 1)
            yield AppliedObject(place, group_of(built.manifest), kind, namespace, name)


def _tell_overlapping(
    view: ClusterView,
    applied: Mapping[SyncPath, AppliedDifferences],
    around: Surroundings,
    findings: FindingGroups,
) -> None:
    """Tells of sync paths of which one lies in the other: fluxd had all of the inner one twice."""
    fluxd = view.flux1.fluxd
    place = ("", 1) if fluxd is None else (fluxd.path, max(fluxd.line, 1))
    for inner, outer in overlapping(view.sync_paths, around.clusters.tree):
        if inner in applied and applied[inner].objects:
            message = (
                f"the sync path {shown_folder(inner.path)} lies in {shown_folder(outer.path)}: fluxd synced "
                "nothing with both, and Flux v2 syncs the outer one"
            )
            findings.say("DA037", message, *place)


def _tell_substituted(around: Surroundings, findings: FindingGroups) -> None:
    """Tells of releases whose variables a Kustomization of Flux v2 replaces: nobody follows that."""
    repository, clusters = around.repository, around.clusters
    found: dict[str, list[str]] = {}
    for document in repository.every_document():
        if "${" not in document.text or not is_old_release(document.manifest):
            continue
        for sighting in clusters.sightings.get(document.key, ()):
            for synced in clusters.paths_to(sighting):
                if synced.substituted_by:
                    found.setdefault(synced.substituted_by, []).append(f"{document.path}:{document.line}")
    for file, places in found.items():
        shown = list(dict.fromkeys(places))
        message = (
            f"its postBuild replaces variables in {plural(len(shown), 'release')}, read here as they are "
            f"written: {few(shown, _SHOWN)}"
        )
        findings.say("RP023", message, file, 1, shown)


def _tell_unbuilt(around: Surroundings, findings: FindingGroups) -> None:
    """Tells of Kustomizations of Flux v2 that apply nothing: what they put over a path does not build."""
    clusters = around.clusters
    for document in around.repository.every_document():
        known = FluxKustomization.of_document(document)
        synced = None if known is None else _synced_by(known, clusters)
        if known is None or synced is None or not _holds_flux1(synced, around):
            continue
        build = build_with(clusters.tree, synced.path, known.overlay)
        problem = build.failure
        own = clusters.tree.kustomization(synced.path)
        # Of a folder that does not build without it either it is told at the kustomization there.
        if problem is not None and (own is None or clusters.tree.build(synced.path).ok):
            message = f"it applies nothing at all of {shown_folder(synced.path)}: {problem.reason}"
            findings.stop(document, "RP073", message, ("spec",))


def _synced_by(kustomization: FluxKustomization, clusters: ClusterMap) -> SyncPath | None:
    """Gives the sync path over which a Kustomization of Flux v2 puts something."""
    if not kustomization.overlay:
        return None
    return next((each for _, each in clusters.sync_paths() if each.overlay == kustomization.overlay), None)


def _holds_flux1(synced: SyncPath, around: Surroundings) -> bool:
    """Gives whether anything that is to be migrated lies in a sync path."""
    repository = around.repository
    return any(
        sighting.sync_path == synced.path and is_in_scope(repository.document(*key), around)
        for key, seen in around.clusters.sightings.items()
        for sighting in seen
        if is_old_release(sighting.manifest) or is_annotated(sighting.manifest)
    )


def _tell_differences(
    synced: SyncPath, found: AppliedDifferences, proposal: str, around: Surroundings, findings: FindingGroups
) -> None:
    repository = around.repository
    path = shown_folder(synced.path)
    # Of what decides the migration and cannot be read it is told that it stays.
    told = {path for path in repository.errors if repository.holds_flux(path)}
    refused = [each for each in found.refused if each.place.path not in told]
    if refused:
        message = (
            f"fluxd passed over {plural(len(refused), 'document')} of {path} with which kustomize-controller "
            f"applies nothing at all; the first: {refused[0].reason}"
        )
        findings.say_at("DA020", message, [str(each.place) for each in refused], proposal)
    broken = [each for each in found.broken if each.place.path not in told]
    for code, refusals in (("DA024", broken), ("RP019", found.unbuildable)):
        alike: dict[str, list[Refusal]] = {}
        for each in refusals:
            alike.setdefault(each.reason, []).append(each)
        for reason, members in alike.items():
            message = f"with this kustomize-controller applies nothing at all of {path}: {reason}"
            findings.say_at(code, message, [str(each.place) for each in members])
    _tell_objects(
        "RP015",
        found.left_out,
        f"of {path} that kustomize-controller leaves out, because a kustomization beside them does not list "
        "them",
        findings,
        proposal,
    )
    local = [each for each in found.ignored if each.is_local]
    # Of a release it is told that it is not applied.
    unseen = [each for each in found.ignored if not each.is_local and each.group not in RELEASE_GROUPS]
    _tell_objects(
        "RP024",
        unseen,
        f"of {path} whose files source-controller does not put into its artifact",
        findings,
    )
    _tell_objects("RP024", local, f"of {path} that kustomize takes for local configuration", findings)
    _tell_shaped(path, found.shaped, findings)
    _tell_doubles(found.doubles, _OF_FILES, findings)


def _tell_shaped(path: str, shaped: Iterable[ShapedObject], findings: FindingGroups) -> None:
    """Tells once for each kustomization what it makes of what fluxd applied as it was."""
    groups: dict[str, list[ShapedObject]] = {}
    for each in shaped:
        groups.setdefault(each.kustomization, []).append(each)
    for kustomization, group in groups.items():
        shown = few(dict.fromkeys(map(_shape, group)), _SHOWN)
        message = (
            f"fluxd passed over the kustomization, with which kustomize-controller applies of {path}: {shown}"
        )
        places = dict.fromkeys(str(each.place) for each in group if each.place.path != kustomization)
        findings.becoming_others.update(each.before for each in group if each.before)
        if not findings.say("RP022", message, kustomization, 1, places):
            for each in group:
                _declare_shaped(each, findings)


def _declare_shaped(each: ShapedObject, findings: FindingGroups) -> None:
    """Notes what a kustomization makes of an object where a person wants that."""
    if each.field:
        findings.declare_object(each.after, "contents")
        return
    for resource in filter(None, (each.before, each.after)):
        findings.declare_object(resource, "applied")


def _shape(each: ShapedObject) -> str:
    if each.field:
        return f"{each.after} with another {each.field}"
    return (
        f"{each.after} in place of {each.before}"
        if each.before
        else f"{each.after}, which fluxd did not apply"
    )


def _tell_doubles(
    doubles: Iterable[tuple[AppliedObject, AppliedObject]], why: str, findings: FindingGroups
) -> None:
    """Tells once for two files what both of them define."""
    groups: dict[tuple[str, str], list[tuple[AppliedObject, AppliedObject]]] = {}
    for one, other in doubles:
        # Names with placeholders become different ones.
        if not (has_placeholder(one.name) or has_placeholder(one.namespace)):
            groups.setdefault((one.place.path, other.place.path), []).append((one, other))
    for group in groups.values():
        first, second = group[0]
        verb = "is" if len(group) == 1 else "are"
        names = few((_name(one) for one, _ in group), _SHOWN)
        message = f"{names} {verb} defined in {first.place} too: {why}"
        places = [str(second.place), *(str(each.place) for pair in group for each in pair)]
        findings.say_at("RP016", message, dict.fromkeys(places))


def _tell_objects(
    code: str, objects: Sequence[AppliedObject], why: str, findings: FindingGroups, proposal: str = ""
) -> None:
    if objects:
        places = dict.fromkeys(str(each.place) for each in objects)
        message = f"fluxd applied {plural(len(objects), 'object')} {why}"
        if not findings.say_at(code, message, places, proposal):
            for each in objects:
                findings.declare_object(_name(each), "applied")


def _name(each: AppliedObject) -> str:
    return named(each.kind, each.namespace, each.name)
