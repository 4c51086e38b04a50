"""Whether the Kustomizations of Flux v2 that are there do what fluxd did with what they sync.

Source: source-controller 1.9.1 `internal/controller/gitrepository_controller.go`; kustomize-controller 1.9.4
`internal/controller/kustomization_controller.go`.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from fluxv2_migrate.clusters import ClusterView, SyncPath
from fluxv2_migrate.clusters.cluster_map import ClusterObject, may_be_encrypted, place_of
from fluxv2_migrate.clusters.flux_kustomizations import FluxKustomization, Rest, overlaid_build
from fluxv2_migrate.clusters.fluxd_clusters import repository_key
from fluxv2_migrate.clusters.reconciled import in_namespace, is_checked_out
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.flux1.policies import is_annotated
from fluxv2_migrate.folders import is_below, nearest, normal_path
from fluxv2_migrate.kubernetes import group_of, mapping_at, named, named_by, resource_of
from fluxv2_migrate.kustomize import BuiltObject, controller_build
from fluxv2_migrate.kustomize.values import json_value
from fluxv2_migrate.meaning import GitReference
from fluxv2_migrate.meaning.flux2_chart import checked_out_of
from fluxv2_migrate.quoting import few, plural, shown_folder
from fluxv2_migrate.repository.reading import Document, is_old_release
from fluxv2_migrate.surroundings.known import Surroundings, is_in_scope

_SHOWN: Final = 5


def tell_of_existing_syncs(view: ClusterView, around: Surroundings, findings: FindingGroups) -> None:
    """Tells of Kustomizations that shall sync what fluxd did, and do not do it as Git has them."""
    is_known = view.flux1.fluxd is not None or around.clusters.given
    synced_paths = view.sync_paths if is_known else ()
    places = _places_of_flux1(view, around)
    for document, own in _own_kustomizations(view, around):
        path = normal_path(own.path)
        is_for_fluxd = any(_is_taken_in(each, path) for each in synced_paths)
        if not is_for_fluxd and not places.get(path):
            continue
        if own.rest is not None:
            _tell_resting(document, own.rest, path, () if is_for_fluxd else places[path], findings)
        source = _source_of(document, around)
        for rest in _rests_of_source(source, path):
            message = f"it {rest.why}, and nothing of it reaches what syncs {shown_folder(path)}"
            _stop_resting(source or document, message, rest.field, (), findings)
        if is_for_fluxd:
            fields = [
                *_tell_other_revision(source, view, findings),
                *_tell_other_objects(document, own, _synced_before(view), around, findings),
                *_tell_undecrypted(document, view, around, findings),
            ]
            for synced in synced_paths if fields else ():
                findings.declare_object(f"sync path {shown_folder(synced.path)}", *fields)


def tell_of_turns(view: ClusterView, around: Surroundings, findings: FindingGroups) -> None:
    """Tells of Kustomizations that apply objects of fluxd from another path, and not as fluxd did."""
    clusters, tree = around.clusters, around.clusters.tree
    known = [
        (document, own, normal_path(own.path))
        for document, own in _own_kustomizations(view, around)
        if own.rest is None and tree.is_folder(normal_path(own.path))
    ]
    paths = {path for _, _, path in known}
    fluxds = [each for each in view.sync_paths if each.path not in paths]
    if view.flux1.fluxd is None or not fluxds:
        return
    by_path: dict[str, dict[tuple[str, ...], ClusterObject]] = {}
    for document, own, path in known:
        # Of a path that holds that of fluxd it is told what it makes of all of it.
        if view.name not in clusters.having(document.key) or any(_is_taken_in(each, path) for each in fluxds):
            continue
        if not by_path:
            for each in clusters.objects(view, around.repository.documents):
                by_path.setdefault(each.synced.path, {})[_identity(each)] = each
        applied = {
            _identity_of(manifest, clusters.default_namespace(view.name)): manifest
            for built in own.built(tree).objects
            for manifest in [in_namespace(built.manifest, own.target_namespace)]
        }
        for synced in fluxds:
            objects = by_path.get(synced.path, {}).items()
            changed = [
                each
                for identity, each in objects
                if identity in applied and json_value(each.manifest) != json_value(applied[identity])
            ]
            _tell_turns(document, path, synced.path, changed, findings)


def _tell_turns(
    document: Document, path: str, of_fluxd: str, changed: Sequence[ClusterObject], findings: FindingGroups
) -> None:
    if not changed:
        return
    names = {named(str(each.manifest.get("kind")), each.namespace, each.name): None for each in changed}
    message = (
        f"it applies other objects of {shown_folder(path)} than fluxd did of {shown_folder(of_fluxd)} under "
        f"the same names, and what syncs that takes turns with it: {few(names, _SHOWN)}"
    )
    findings.stop(document, "RP080", message, ("spec", "path"))
    if findings.accepts("RP080", document):
        for each in names:
            findings.declare_object(each, "applied", "contents")


def _identity(each: ClusterObject) -> tuple[str, ...]:
    return group_of(each.manifest), str(each.manifest.get("kind")), each.namespace, each.name


def _identity_of(manifest: Mapping[str, Any], default: str) -> tuple[str, ...]:
    return group_of(manifest), str(manifest.get("kind")), *place_of(manifest, default)


def _own_kustomizations(view: ClusterView, around: Surroundings) -> list[tuple[Document, FluxKustomization]]:
    """Gives the Kustomizations of Flux v2 that a cluster has, or may have, and that name a path."""
    clusters = around.clusters
    return [
        (document, own)
        for _, document in around.repository.new_objects()
        if (own := FluxKustomization.of_document(document)) is not None
        and own.path
        and document.key not in clusters.foreign
        and clusters.may_have(document.key, view.name)
    ]


def _is_taken_in(synced: SyncPath, path: str) -> bool:
    """Gives whether a folder holds what fluxd applied of a path, as it was read or built."""
    return any(is_below(folder, path) for folder in synced.folders)


def _tell_resting(
    document: Document, rest: Rest, path: str, places: tuple[str, ...] | list[str], findings: FindingGroups
) -> None:
    what = f"applies {plural(len(places), 'object')} of Flux v1 in" if places else "syncs"
    when = "" if places else " once fluxd is gone"
    message = f"it {rest.why}, and nothing else {what} {shown_folder(path)}{when}"
    _stop_resting(document, message, rest.field, places, findings)


def _stop_resting(
    document: Document,
    message: str,
    field: tuple[str, ...],
    places: tuple[str, ...] | list[str],
    findings: FindingGroups,
) -> None:
    findings.stop(document, "DA062", message, field, places)
    if findings.accepts("DA062", document):
        # What it will apply is looked at all the same.
        findings.declare_object(resource_of(document.manifest), "suspended")


def _places_of_flux1(view: ClusterView, around: Surroundings) -> dict[str, list[str]]:
    """Gives the places of the releases and annotated objects that a cluster sees, by sync path."""
    found: dict[str, list[str]] = {}
    for key, seen in around.clusters.sightings.items():
        for sighting in seen:
            document = around.repository.document(*key)
            if (
                sighting.cluster == view.name
                and (is_old_release(sighting.manifest) or is_annotated(sighting.manifest))
                and is_in_scope(document, around)
            ):
                found.setdefault(sighting.sync_path, []).append(f"{document.path}:{document.line}")
    return found


def _source_of(document: Document, around: Surroundings) -> Document | None:
    """Gives the GitRepository of a Kustomization; nothing where the repository does not hold it."""
    reference = mapping_at(document.manifest, "spec", "sourceRef")
    found = [
        each
        for each in around.repository.source_documents()
        if each.manifest.get("kind") == reference.get("kind") == "GitRepository"
        and each.identity == named_by(reference, document.identity[0])
    ]
    return nearest(document.path, found) if found else None


def _rests_of_source(source: Document | None, path: str) -> Iterator[Rest]:
    """Gives why nothing of a GitRepository is fetched, or not the folder that is synced of it."""
    spec: Mapping[str, Any] = mapping_at(source.manifest, "spec") if source is not None else {}
    if spec.get("suspend") is True:
        yield Rest("is suspended", ("spec", "suspend"))
    if not is_checked_out(path, spec):
        yield Rest(f"leaves {shown_folder(path)} out by its sparseCheckout", ("spec", "sparseCheckout"))


def _tell_other_revision(
    source: Document | None, view: ClusterView, findings: FindingGroups
) -> Iterator[str]:
    """Tells of a GitRepository that fetches something else than fluxd did; gives what is accepted of it."""
    reference, fluxd = checked_out_of(source.manifest) if source is not None else None, view.settings
    if source is None or reference is None:
        return
    if fluxd.branch and reference != GitReference("branch", fluxd.branch):
        who = "fluxd" if view.flux1.fluxd is not None else "the cluster, as given,"
        message = f"it follows the {reference.kind} {reference.value}, and {who} the branch {fluxd.branch}"
        findings.stop(source, "RP080", message, ("spec", "ref"))
        yield from ("sync.branch",) if findings.accepts("RP080", source) else ()
    ours, theirs = fluxd.fluxd.git_url, mapping_at(source.manifest, "spec").get("url")
    # The same repository may have another host or owner by now.
    if ours and _name_of(str(theirs)) != _name_of(ours):
        message = (
            f"it fetches the repository {_name_of(str(theirs))}, and {_synced_before(view)} {_name_of(ours)}"
        )
        findings.stop(source, "RP080", message, ("spec", "url"))
        yield from ("sync.source",) if findings.accepts("RP080", source) else ()


def _synced_before(view: ClusterView) -> str:
    """Says who synced a cluster: of the Flux v1 of one that is given alone nothing is known but its paths."""
    return "fluxd synced" if view.flux1.fluxd is not None else "Flux v1 is said to have synced"


def _name_of(url: str) -> str:
    return posixpath.basename(repository_key(url))


def _tell_undecrypted(
    document: Document, view: ClusterView, around: Surroundings, findings: FindingGroups
) -> Iterator[str]:
    """Tells of a Kustomization that decrypts nothing, where fluxd did; gives what is accepted of it."""
    path = normal_path(str(mapping_at(document.manifest, "spec").get("path")))
    synced = [each for each in view.sync_paths if _is_taken_in(each, path)]
    if (
        not view.settings.fluxd.sops
        or mapping_at(document.manifest, "spec").get("decryption")
        or not any(may_be_encrypted(each, around.clusters) for each in synced)
    ):
        return
    message = f"it has no decryption, and fluxd decrypted what sops encrypted of {shown_folder(path)}"
    findings.stop(document, "RP080", message, ("spec",))
    yield from ("sync.decryption",) if findings.accepts("RP080", document) else ()


def _places_of(objects: Iterable[BuiltObject], around: Surroundings) -> dict[str, None]:
    """Gives the places of the documents of which objects are built, each once."""
    found: dict[str, None] = {}
    for each in objects:
        # One that a generator makes has no document.
        for document in around.repository.all_documents(each.path) if each.path else ():
            if document.index == each.index:
                found[f"{document.path}:{document.line}"] = None
    return found


def _tell_other_objects(
    document: Document,
    own: FluxKustomization,
    synced_before: str,
    around: Surroundings,
    findings: FindingGroups,
) -> Iterator[str]:
    """Tells of a Kustomization that makes something else of what fluxd applied as it was built.

    Returns:
        What a person accepts of it, for all objects; what concerns one is noted of that one.
    """
    path, tree = normal_path(own.path), around.clusters.tree
    if not (own.overlay or own.target_namespace or own.substitutes):
        return
    plain = controller_build(tree, path)
    build = overlaid_build(tree, path, own.overlay) if own.overlay else plain
    if build.failure is not None and plain.failure is None:
        message = f"it applies nothing at all of {shown_folder(path)}: {build.failure}"
        findings.stop(document, "RP073", message, ("spec",))
        return
    gone = {each.key for each in around.clusters.programs}
    after = {each.key: in_namespace(each.manifest, own.target_namespace) for each in build.objects}
    changed = [
        each
        for each in plain.objects
        if each.key not in gone
        and (
            after.get(each.key) != each.manifest
            or (own.substitutes and "${" in json.dumps(each.manifest, default=str))
        )
    ]
    if changed:
        shown = few(dict.fromkeys(resource_of(each.manifest) for each in changed), _SHOWN)
        message = f"it makes something else of {shown_folder(path)} than what {synced_before}: {shown}"
        findings.becoming_others.update(resource_of(each.manifest) for each in changed)
        findings.stop(document, "RP080", message, ("spec",), _places_of(changed, around))
    if changed and findings.accepts("RP080", document):
        for each in changed:
            for manifest in (each.manifest, after.get(each.key, each.manifest)):
                findings.declare_object(resource_of(manifest), "applied", "contents")
        yield from ("sync.target_namespace",) if own.target_namespace else ()
        yield from ("sync.substitution",) if own.substitutes else ()
