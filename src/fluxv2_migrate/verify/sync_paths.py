"""What became of each sync path, and of each namespace that fluxd filled in.

Source: fluxcd/flux 1.25.4 `pkg/sync/sync.go`, `pkg/cluster/kubernetes/namespacer.go`;
kustomize-controller 1.9.4 `internal/controller/kustomization_controller.go`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, Final

from fluxv2_migrate.clusters import ClusterView, DocumentKey, SyncPath
from fluxv2_migrate.clusters.cluster_map import may_be_encrypted
from fluxv2_migrate.clusters.flux_kustomizations import FluxKustomization
from fluxv2_migrate.clusters.fluxd_objects import FluxdObject, filled_in, objects_of_fluxd
from fluxv2_migrate.clusters.reconciled import ReconciledCluster, ReconciledPath, Reconciler
from fluxv2_migrate.flux1.apis import RELEASE_GROUPS
from fluxv2_migrate.flux2.encrypted_secrets import is_encrypted_secret
from fluxv2_migrate.folders import is_below, normal_path
from fluxv2_migrate.kubernetes import (
    as_list,
    as_object,
    group_of,
    is_namespaced,
    mapping_at,
    named_by,
    namespace_and_name,
    resource_of,
)
from fluxv2_migrate.kustomize import UNFOLLOWED, Kustomization
from fluxv2_migrate.meaning import Difference
from fluxv2_migrate.quoting import plural, shown_folder
from fluxv2_migrate.verify.applied_objects import ObjectsOfCluster, compare_objects
from fluxv2_migrate.verify.context import Context, is_of_flux1
from fluxv2_migrate.verify.refused_objects import refusals, undecryptable
from fluxv2_migrate.verify.report import ObjectVerification, judged, together
from fluxv2_migrate.verify.sync_sources import compare_source, is_own_source, source_of

_NONE: Final = "(none)"
_Name = tuple[str, str]
"""Namespace and name."""
# What a Kustomization may do to all objects, and fluxd did to none; the rest is compared for itself.
_ON_TOP: Final = {
    "commonMetadata": "common_metadata",
    "deletionPolicy": "deletion_policy",
    "force": "force",
    "kubeConfig": "kube_config",
    "serviceAccountName": "service_account",
}
_HARMLESS: Final = ("MirrorPrune", "Orphan")


@dataclass(frozen=True, slots=True)
class _Path:
    """A sync path of a cluster, and what syncs it afterwards.

    Attributes:
        astray: the Kustomizations of the cluster that came with the migration and name no folder.
    """

    view: ClusterView
    synced: SyncPath
    now: tuple[ReconciledPath, ...]
    before: tuple[FluxKustomization, ...]
    objects: Sequence[FluxdObject]
    reconciler: Reconciler
    astray: tuple[FluxKustomization, ...] = ()

    @property
    def resource(self) -> str:
        return f"sync path {shown_folder(self.synced.path)}"


def verify_sync_paths(
    context: Context, before: Reconciler, after: Reconciler, told: Sequence[ObjectVerification]
) -> tuple[list[ObjectVerification], list[ObjectVerification]]:
    """Gives an entry for each sync path, and one for each namespace that fluxd filled in.

    Args:
        before: follows the Kustomizations that were there before.
        after: the same of those that are there now.
        told: the entries of workloads: what is said of one is not said of its path again.
    """
    paths: list[ObjectVerification] = []
    namespaces: list[ObjectVerification] = []
    for view in context.before.clusters.clusters:
        reconciled = context.reconciled.get(view.name)
        here = [each.resource for each in told if not each.cluster or view.name in each.cluster.split(", ")]
        seen = None if reconciled is None else ObjectsOfCluster(view, reconciled, before, here, context)
        had = before.reconcile(view).paths if before.kustomizations else ()
        beside = [*before.kustomizations, *(each.by for each in had if each.by is not None)]
        filled: list[FluxdObject] = []
        known_astray = before.without_folder(view)
        astray = tuple(each for each in after.without_folder(view) if each not in known_astray)
        for synced in view.sync_paths:
            objects = objects_of_fluxd(synced, context.before.clusters, context.repository)
            filled += [each for each in objects if not each.namespace]
            now = () if reconciled is None else reconciled.paths
            known = tuple(each for folder in synced.folders for each in before.syncing(folder, view))
            own = tuple(
                each for each in now if each.sync_path == synced.path and not _is_in(each.by, known, beside)
            )
            own = own or _covering(now, synced)
            path = _Path(view, synced, own, known, objects, before, astray)
            paths.append(_verify(path, reconciled, seen, context))
        namespaces += _filled_in(view, filled, reconciled, context)
    return list(together(((None, each) for each in paths), context.every_cluster)), namespaces


def _is_in(
    by: FluxKustomization | None,
    known: Sequence[FluxKustomization],
    beside: Sequence[FluxKustomization],
) -> bool:
    """Gives whether a Kustomization was there as it is, and syncs something else than this path."""
    if by is None or by in known:
        return False
    return any(each == by and each.manifest == by.manifest for each in beside)


def _covering(now: Sequence[ReconciledPath], synced: SyncPath) -> tuple[ReconciledPath, ...]:
    """Gives what is synced for another path of a cluster and takes this one in."""
    return tuple(
        each
        for each in now
        if each.by is not None and any(is_below(file, synced.path) for file in each.build.files)
    )


def _verify(
    path: _Path, reconciled: ReconciledCluster | None, seen: ObjectsOfCluster | None, context: Context
) -> ObjectVerification:
    name = path.view.name
    files = [each.by.file for each in path.now if each.by is not None]
    place = (path.resource, path.synced.path, 1, files[0] if files else "")
    if reconciled is None or seen is None:
        reason = "nothing but folders shows that it is synced, and kustomize builds something else of them"
        return ObjectVerification("same", *place, notes=(reason,), cluster=name)
    note = _nothing_to_compare(path, files, context) or _rested_before(path, context)
    if note:
        return ObjectVerification("same", *place, notes=(note,), cluster=name)
    reason = _why_missing(path, files, reconciled, context)
    if reason:
        return ObjectVerification("missing", *place, reason=reason, cluster=name)
    found = [*_of_kustomizations(path, context), *_lost(path, reconciled, context)]
    found += compare_objects(path.synced, seen)
    found += _untold(path, context)
    found += _refused(path, reconciled, context)
    found += _flux1_left(path, reconciled, context)
    declaration = context.declared.of(path.synced.path, (path.resource,))
    notes = [f"synced by {file}" for file in dict.fromkeys(files)] or ["synced from elsewhere"]
    of_objects = tuple(each for each in found if _is_declared(each, context))
    left = [each for each in found if each not in of_objects]
    entry = judged(place, left, declaration, notes, name)
    if not of_objects:
        return entry
    status = "declared" if entry.status == "same" else entry.status
    return replace(entry, status=status, declared=(*entry.declared, *of_objects))


def _is_declared(difference: Difference, context: Context) -> bool:
    """Gives whether what differs of an object was declared of that object."""
    match difference.field:
        case "sync.objects":
            resource, field = difference.before, "applied"
        case "sync.added":
            resource, field = difference.after, "applied"
        case "sync.contents":
            resource, field = difference.path[0], "contents"
        case "sync.encrypted":
            resource, field = difference.path[0], "encrypted"
        case "sync.suspended":
            resource, field = difference.path[0], "suspended"
        case "managed" | "sync.prune" if difference.path:
            resource, field = difference.path[0], difference.field
        case _:
            return False
    return field in context.declared.of("", (resource,)).every


def _nothing_to_compare(path: _Path, files: Sequence[str], context: Context) -> str:
    """Gives why there is nothing of a sync path; empty where there is something."""
    tree = context.before.clusters.tree
    if not tree.is_folder(path.synced.path) and path.synced.path not in tree.files:
        return "nothing of it is here"
    if path.view.is_assumed and not files and not context.after.clusters.tree.is_folder(path.synced.path):
        return "nothing but folders showed that it was synced, and it is there no more"
    return ""


def _rested_before(path: _Path, context: Context) -> str:
    """Gives why Kustomizations apply nothing of a path, if none did before and no fluxd is known."""
    if path.view.flux1.fluxd is not None or context.before.clusters.given or not path.before:
        return ""
    known = (each for each in path.reconciler.reconcile(path.view).paths if each.by in path.before)
    reasons = [each.obstacle for each in (*known, *path.now)]
    return f"Flux v2 applied nothing of it before either: {reasons[0]}" if reasons and all(reasons) else ""


def _why_missing(path: _Path, files: Sequence[str], reconciled: ReconciledCluster, context: Context) -> str:
    """Gives why nothing syncs a path any more; empty where something does, or never did."""
    obstacle = next((each.obstacle for each in path.now if each.obstacle), "")
    if obstacle or files:
        return obstacle
    if path.before:
        return f"no Kustomization syncs it any more; {path.before[0].file} did"
    for each in path.astray:
        if each.path:
            return f"no Kustomization syncs it, and {each.file} names {each.path}, which is not there"
        if path.synced.path and is_own_source(each, path.view, context):
            return (
                f"no Kustomization syncs it alone: {each.file} names no path, and syncs the whole repository"
            )
    # Where Flux v2 did not sync the cluster itself, what it had been given beside fluxd says nothing of that.
    # What is said of the cluster names no path that a Kustomization alone gives it.
    of_fluxd = {normal_path(each) for each in path.view.settings.sync_paths} or {*path.view.paths}
    known = [] if path.view.flux2_file else list(path.reconciler.kustomizations)
    known = [each for each in known if normal_path(each.path) not in of_fluxd]
    others = [
        each.by for each in reconciled.paths if each.by is not None and each.by.path and each.by not in known
    ]
    if path.synced.path and others and not path.view.is_assumed:
        return f"no Kustomization syncs it, though {others[0].file} says what is synced of this cluster"
    return ""


def _of_kustomizations(path: _Path, context: Context) -> Iterator[Difference]:
    """Gives what the Kustomizations of a path do that fluxd did not."""
    old = [as_object(each.manifest.get("spec")) for each in path.before]
    for each in path.now:
        if each.by is not None:
            if each.by.rest is not None:
                yield Difference("sync.suspended", False, True, (resource_of(each.by.manifest),))
            yield from _of_contents(path, each.by, context)
            yield from _of_objects(path, each.by)
            yield from _on_top(as_object(each.by.manifest.get("spec")), old)
            yield from _waiting(each.by, old, path.view, context)
            yield from compare_source(each.by, path.view, path.before, context)


def _of_contents(path: _Path, now: FluxKustomization, context: Context) -> Iterator[Difference]:
    """Gives whether a Kustomization deletes what leaves Git, and reads what is encrypted there, as before."""
    fluxd = path.view.settings.fluxd
    old = [as_object(each.manifest.get("spec")) for each in path.before]
    spec = as_object(now.manifest.get("spec"))
    prunes = any(one.get("prune") is True for one in old) or bool(fluxd.garbage_collection)
    if spec.get("prune") is True and not prunes:
        yield Difference("sync.prune", False, True)
    decrypted = any(one.get("decryption") for one in old)
    if fluxd.sops and not decrypted:
        # Where nothing is encrypted nothing is lost.
        decrypted = may_be_encrypted(path.synced, context.before.clusters)
    if decrypted and not spec.get("decryption"):
        yield Difference("sync.decryption", "sops", _NONE)


def _of_objects(path: _Path, now: FluxKustomization) -> Iterator[Difference]:
    """Gives what a Kustomization makes of each object that nothing made of it before."""
    namespaces = {one.target_namespace for one in path.before} or {""}
    if now.target_namespace not in namespaces:
        yield Difference("sync.target_namespace", min(namespaces) or _NONE, now.target_namespace or _NONE)
    if now.substitutes and not any(one.substitutes for one in path.before):
        yield Difference("sync.substitution", False, True)


def _on_top(spec: Mapping[str, Any], old: Sequence[Mapping[str, Any]]) -> Iterator[Difference]:
    """Gives what a Kustomization does to all that it applies, and nothing did before."""
    for name, field_name in _ON_TOP.items():
        given = spec.get(name)
        if given and given not in _HARMLESS and not any(one.get(name) == given for one in old):
            yield Difference(f"sync.{field_name}", next((one.get(name) for one in old), None) or _NONE, given)
    sources = [as_object(one.get("sourceRef")) for one in old]
    if sources and as_object(spec.get("sourceRef")) not in sources:
        yield Difference("sync.source", sources[0], as_object(spec.get("sourceRef")))


def _waiting(
    by: FluxKustomization, old: Sequence[Mapping[str, Any]], view: ClusterView, context: Context
) -> Iterator[Difference]:
    """Gives what a Kustomization waits for in vain.

    Kustomizations that no cluster has, those that wait in a circle, or for one that does, and releases of
    Flux v1.
    """
    own = namespace_and_name(by.manifest)
    known = {named_by(each, own[0]) for one in old for each in as_list(one.get("dependsOn"))}
    there = {
        namespace_and_name(each): _waited_for(each)
        # Of two that have one name, that of the cluster itself counts.
        for cluster in sorted(context.reconciled, key=view.name.__eq__)
        for each in _applied(context.reconciled[cluster], "")
        if each.get("kind") == "Kustomization"
    }
    there[own] = _waited_for(by.manifest)
    for name in there[own]:
        if name not in known and (name not in there or _leads_into_a_circle(name, there)):
            yield Difference("sync.dependencies", _NONE, "/".join(name))
    for each in map(as_object, as_list(mapping_at(by.manifest, "spec").get("healthChecks"))):
        if group_of(each) in RELEASE_GROUPS and not context.keeps_flux1(view.name):
            yield Difference("sync.health_checks", _NONE, f"{each.get('kind')} of {each.get('apiVersion')}")


def _waited_for(manifest: Mapping[str, Any]) -> list[_Name]:
    """Gives the Kustomizations that one waits for."""
    namespace = namespace_and_name(manifest)[0]
    return [named_by(each, namespace) for each in as_list(mapping_at(manifest, "spec").get("dependsOn"))]


def _leads_into_a_circle(name: _Name, there: Mapping[_Name, Sequence[_Name]]) -> bool:
    """Gives whether a Kustomization waits, if only by way of others, for one that waits for itself."""
    waiting: dict[_Name, Sequence[_Name]] = {}
    pending = [name]
    while pending:
        each = pending.pop()
        if each not in waiting:
            waiting[each] = there.get(each, ())
            pending += waiting[each]
    while ready := [each for each, others in waiting.items() if waiting.keys().isdisjoint(others)]:
        for each in ready:
            del waiting[each]
    return bool(waiting)


def _refused(path: _Path, reconciled: ReconciledCluster, context: Context) -> Iterator[Difference]:
    """Gives the objects that the API server refuses, and did not refuse before.

    What kustomize-controller cannot decrypt fluxd could, so that it was not refused before in any case.
    """
    here = (each for each in reconciled.all() if each.within.sync_path == path.synced.path)
    for reason in dict.fromkeys(undecryptable((each.path, each.manifest) for each in here)):
        yield Difference("sync.refused", _NONE, reason)
    yield from _encrypted(path, reconciled, context)
    version = context.version(path.view.name)
    # What syncs the path may be applied by nothing that is known, and is needed all the same.
    sources = (source_of(each.by, path.view, context) for each in path.now if each.by is not None)
    needed = (*_applied(reconciled, path.synced.path), *filter(None, sources))
    found = dict.fromkeys(reason for each in needed for reason in refusals(each, version))
    if found:
        known = _applied(path.reconciler.reconcile(path.view), "")
        there = (*known, *(each.manifest for each in context.before.sources))
        before = {reason for each in there for reason in refusals(each, version)}
        for reason in found:
            if reason not in before:
                yield Difference("sync.refused", _NONE, reason)


def _encrypted(path: _Path, reconciled: ReconciledCluster, context: Context) -> Iterator[Difference]:
    """Gives the Secrets that fluxd left encrypted, and with which kustomize-controller applies nothing."""
    view = path.view
    is_known = view.flux1.fluxd is not None or context.before.clusters.given
    if not is_known or view.settings.fluxd.sops or view.flux2_file:
        return
    for each in reconciled.all():
        by = each.within.by
        decrypts = by is not None and mapping_at(by.manifest, "spec").get("decryption")
        is_here = each.within.sync_path == path.synced.path and not each.obstacle
        if is_here and by is not None and not decrypts and is_encrypted_secret(each.manifest):
            yield Difference("sync.encrypted", False, True, (resource_of(each.manifest),))


def _untold(path: _Path, context: Context) -> Iterator[Difference]:
    """Gives what nobody can follow in the kustomizations that are built, and was not there before."""
    before, after = (each.clusters.tree.kustomizations.values() for each in (context.before, context.after))
    known = {entry for each in before for entry in _unfollowed(each)}
    built = {file for each in path.now for file in each.build.files}
    entries = (entry for each in after if each.path in built for entry in _unfollowed(each))
    for entry in dict.fromkeys(entry for entry in entries if entry not in known):
        yield Difference("sync.untold", _NONE, entry)


def _unfollowed(kustomization: Kustomization) -> Iterator[str]:
    """Gives what a kustomization includes from elsewhere, and its fields of which texts do not tell."""
    yield from (entry.entry for entry in kustomization.remote_entries)
    yield from (name for name in UNFOLLOWED if name in kustomization.document)


def _applied(reconciled: ReconciledCluster, sync_path: str) -> Iterator[Mapping[str, Any]]:
    """Gives what is applied of a sync path, or of all, with the Kustomizations that say so."""
    for path in reconciled.paths:
        if path.by is not None and (not sync_path or path.sync_path == sync_path):
            yield path.by.manifest
    for each in reconciled.all():
        if not each.obstacle and (not sync_path or each.within.sync_path == sync_path):
            yield each.manifest


def _lost(path: _Path, reconciled: ReconciledCluster, context: Context) -> Iterator[Difference]:
    """Gives the objects that fluxd applied and that are not applied any more."""
    default = context.settings(path.view.name).default_namespace
    applied = {
        (str(each.manifest.get("kind")), name, there)
        for each in reconciled.all()
        if not each.obstacle
        for namespace, name in [namespace_and_name(each.manifest)]
        for there in (namespace, namespace or default)
    }
    programs = context.before.clusters.programs
    unmanaged = _unmanaged(path, context)
    told: set[str] = set()
    for each in path.objects:
        if each.group in RELEASE_GROUPS or each.resource in told or is_of_flux1(each, programs):
            continue
        if (each.path, each.document) in unmanaged:
            continue
        # A Kustomization of Flux v2 may have moved all of the path before.
        moved = path.synced.target_namespace or each.namespace
        places = (each.namespace, moved) if each.namespace else ("", default)
        if not {(each.kind, each.name, place) for place in places} & applied:
            told.add(each.resource)
            yield Difference("sync.objects", each.resource, _NONE)


def _unmanaged(path: _Path, context: Context) -> Set[DocumentKey]:
    """Gives the documents of which Flux v2 applied nothing before either, as their annotations say."""
    if not path.view.flux2_file:
        return frozenset()
    return {
        key
        for key, seen in path.reconciler.reconcile(path.view).objects.items()
        if all(context.was_unmanaged(each.manifest, path.view.name) for each in seen)
    }


def _flux1_left(path: _Path, reconciled: ReconciledCluster, context: Context) -> Iterator[Difference]:
    """Gives the programs of Flux v1 that are still applied, though nothing of Flux v1 is left to them."""
    if context.keeps_flux1(path.view.name):
        return
    for program in context.after.clusters.programs:
        for each in reconciled.objects.get(program.key, ()):
            if not each.obstacle and each.within.sync_path == path.synced.path:
                yield Difference("sync.flux1", _NONE, resource_of(each.manifest))


def _filled_in(
    view: ClusterView,
    filled: Sequence[FluxdObject],
    reconciled: ReconciledCluster | None,
    context: Context,
) -> Iterator[ObjectVerification]:
    """Gives what is said of the namespace that fluxd filled in."""
    namespace = context.settings(view.name).default_namespace
    is_known = namespace or view.flux1.fluxd is not None or context.before.clusters.given
    if reconciled is None or not is_known:
        return
    # What becomes of a release is told with it, where nobody knows its namespace.
    known = {
        (each.kind, each.name): each
        for each in filled
        if is_namespaced(each.group, each.kind) and (namespace or not each.kind.endswith("HelmRelease"))
    }
    if not known:
        return
    left = [
        each
        for each in reconciled.all()
        if not each.obstacle
        and not namespace_and_name(each.manifest)[0]
        and (str(each.manifest.get("kind")), namespace_and_name(each.manifest)[1]) in known
    ]
    resource = filled_in(namespace)
    first = min(known.values(), key=lambda each: (each.path, each.line))
    found = tuple(
        Difference(
            "namespace",
            namespace or resource,
            _NONE,
            (f"{each.manifest.get('kind')} {namespace_and_name(each.manifest)[1]}",),
        )
        for each in left
    )
    declaration = context.declared.of("", (resource,))
    notes = (f"fluxd filled it in for {plural(len(known), 'object')}",)
    yield judged((resource, first.path, first.line, ""), found, declaration, notes, view.name)
