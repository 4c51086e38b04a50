"""Namespaces that manifests must name for kustomize-controller, and those that it must find."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fluxv2_migrate.clusters import (
    AppliedDifferences,
    AppliedObject,
    ClusterMap,
    ClusterView,
    DocumentKey,
    DocumentPlace,
    SyncPath,
    shapes_objects,
)
from fluxv2_migrate.clusters.fluxd_objects import filled_in
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.flux1.policies import is_ignored
from fluxv2_migrate.flux2.apply_annotations import is_disabled
from fluxv2_migrate.kubernetes import (
    group_of,
    is_namespace_name,
    is_namespaced,
    mapping_at,
    namespace_and_name,
)
from fluxv2_migrate.kustomize import KustomizeTree
from fluxv2_migrate.placement import Homes, NoHome, Places, Unplaced, write_generated
from fluxv2_migrate.plan import Set, apply_to_text
from fluxv2_migrate.quoting import plural, shown_folder
from fluxv2_migrate.repository.workspace import Change, Workspace
from fluxv2_migrate.surroundings.known import Surroundings, is_in_scope
from fluxv2_migrate.yaml_text import CannotEdit, Place, detect_style, edit_documents, read_document

# Kubernetes makes these.
_BUILT_IN: Final = frozenset({"default", "kube-node-lease", "kube-public", "kube-system"})
_BEHIND_THE_NAME: Final = Place(after=("name",))
_Kind = tuple[str, str, str]
_Applied = Mapping[SyncPath, AppliedDifferences]


def settle_namespaces(
    applied: _Applied,
    taken_out: Collection[DocumentKey],
    around: Surroundings,
    workspace: Workspace,
    findings: FindingGroups,
) -> None:
    """Tells of namespaces that are missing, or writes them where that is wanted.

    Args:
        applied: what fluxd applied of the sync paths whose files it read, without what leaves the repository.
        taken_out: documents that leave it.
    """
    # What kustomize builds may be looked for by patches as it is written.
    _tell_of_namespaces(_built_without(taken_out, around), findings)
    nameless = _nameless_objects(applied, around)
    if not around.options.write_missing_namespaces:
        _tell_of_namespaces(nameless, findings)
        return
    _write_namespaces(nameless, around, workspace, findings)
    _place_namespaces(applied, around, workspace, findings)


@dataclass(frozen=True, slots=True)
class _Nameless:
    """Objects of one sync path that name no namespace and need one.

    Attributes:
        namespace: where fluxd put them; empty where nobody knows.
        objects: in the order of their files.
        others: what has that namespace already: group, kind and name.
    """

    path: str
    namespace: str
    objects: tuple[AppliedObject, ...]
    others: frozenset[_Kind] = field(default=frozenset(), repr=False)

    def told(self) -> tuple[str, str, int, list[str]]:
        """Gives what a finding says of it: message, file, line and other places."""
        places = [str(each.place) for each in self.objects]
        where = self.namespace or "its default namespace"
        objects = plural(len(places), "object")
        folder = shown_folder(self.path)
        named = (
            "names no namespace: fluxd put it" if len(places) == 1 else "name no namespace: fluxd put them"
        )
        message = (
            f"{objects} of {folder} {named} into {where}, and kustomize-controller applies nothing with it"
        )
        first = self.objects[0].place
        return message, first.path, first.line, places[1:]


def _nameless_objects(applied: _Applied, around: Surroundings) -> list[_Nameless]:
    """Gives the objects of each sync path that name no namespace and need one."""
    found: dict[SyncPath, _Nameless] = {}
    for view, synced in around.clusters.sync_paths():
        if synced not in applied or synced in found:
            continue
        # What a Kustomization puts into a namespace needs none.
        if around.clusters.afterwards(view.name, synced).target_namespace:
            continue
        namespace = around.clusters.default_namespace(view.name)
        # What becomes of a release without a namespace is told with the release.
        objects = (
            each for each in applied[synced].without_namespace if not each.kind.endswith("HelmRelease")
        )
        others = frozenset(
            (each.group, each.kind, each.name)
            for each in applied[synced].objects
            if each.namespace == namespace
        )
        found[synced] = _Nameless(synced.path, namespace, tuple(objects), others)
    return list(found.values())


def _built_without(taken_out: Collection[DocumentKey], around: Surroundings) -> Iterator[_Nameless]:
    """Gives the objects without a namespace that fluxd built, where Flux v2 is to apply them from now on."""
    clusters = around.clusters
    for view, synced in clusters.sync_paths():
        is_of_fluxd = (view.flux1.fluxd is not None or clusters.given) and not view.flux2_file
        if is_of_fluxd and not clusters.afterwards(view.name, synced).target_namespace:
            namespace = clusters.default_namespace(view.name)
            built = _built_objects(synced, around, with_releases=bool(namespace))
            objects = tuple(each for each in built if (each.place.path, each.document) not in taken_out)
            yield _Nameless(synced.path, namespace, objects)


def _built_objects(synced: SyncPath, around: Surroundings, *, with_releases: bool) -> Iterator[AppliedObject]:
    """Gives what is built for a path without a namespace.

    Args:
        with_releases: whether releases count: of one that is nowhere it is told with the release.
    """
    for build in around.clusters.synced.builds(synced):
        for built in build.objects:
            kind, (own, name) = str(built.manifest.get("kind")), namespace_and_name(built.manifest)
            is_needed = is_namespaced(group_of(built.manifest), kind)
            is_counted = is_needed and (with_releases or not kind.endswith("HelmRelease"))
            if own or not is_counted or is_disabled(built.manifest):
                continue
            if not is_ignored(built.manifest):
                path = built.path or build.folder
                line = around.repository.document(path, built.index).line if built.path else 1
                place = DocumentPlace(path, line)
                yield AppliedObject(place, group_of(built.manifest), kind, "", name, built.index)


def _write_namespaces(
    nameless: Sequence[_Nameless], around: Surroundings, workspace: Workspace, findings: FindingGroups
) -> None:
    """Writes the namespaces that fluxd filled in, and tells of those that cannot be written.

    One is written where it is known, where all clusters that have the file agree on it, and where no
    kustomization does more with the file than to list it.
    """
    written: dict[str, set[_Kind]] = {}
    clusters = around.clusters
    known = _namespaces_of_files(clusters)
    by_file: dict[str, list[AppliedObject]] = {}
    taken: set[tuple[str, _Kind]] = set()
    for group in nameless:
        taken |= {(group.namespace, other) for other in group.others}
        for each in group.objects:
            if is_in_scope(around.repository.document(each.place.path, each.document), around):
                by_file.setdefault(each.place.path, []).append(each)
    for path, objects in sorted(by_file.items()):
        namespace = min(known[path])
        if len(known[path]) > 1 or not namespace or not _is_only_listed(path, clusters.tree):
            continue
        free = {each for each in objects if (namespace, (each.group, each.kind, each.name)) not in taken}
        text, written[path] = with_namespaces(workspace.text(path) or "", free, namespace)
        changes: list[Change] = []
        for each in sorted(free, key=lambda each: each.place.line):
            if (each.group, each.kind, each.name) in written[path]:
                resource = f"{each.kind} {namespace}/{each.name}"
                place = (path, each.place.line, (), path, "metadata.namespace")
                changes.append(Change("namespace", resource, *place))
        if changes:
            workspace.rewrite(path, text, *changes)
    left = [
        replace(
            group,
            objects=tuple(
                each
                for each in group.objects
                if (each.group, each.kind, each.name) not in written.get(each.place.path, ())
            ),
        )
        for group in nameless
    ]
    _tell_of_namespaces(left, findings)


def _place_namespaces(
    applied: _Applied, around: Surroundings, workspace: Workspace, findings: FindingGroups
) -> None:
    """Makes a Namespace for each namespace that objects are in and nothing of their cluster defines.

    fluxd applied the other objects where one was missing; kustomize-controller applies none of them.
    A cluster of which a part is unknown may have its Namespaces there, and gets none. What a cluster itself
    says that it has is not missing.
    """
    inventories = around.inventories()
    missing: dict[str, set[str]] = {}
    defining: dict[str, set[str]] = {}
    for view in around.clusters.clusters:
        needed, defined = _namespaces_of(view, applied, around)
        for name in defined:
            defining.setdefault(name, set()).add(view.name)
        inventory = inventories.get(view.name)
        there = {*(inventory.namespaces or ())} if inventory is not None else set()
        for name in needed - defined - there - _BUILT_IN - {around.options.flux_namespace}:
            missing.setdefault(name, set()).add(view.name)
    for name, clusters in sorted(missing.items()):
        manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        tried = workspace.branch()
        wanted = Unplaced(
            "namespace-object",
            manifest,
            tuple(sorted(clusters)),
            "namespaces",
            (name, f"{name}-namespace"),
            (name,),
        )
        try:
            placed = Places(Homes(around.clusters, around.clusters.tree, tried)).place(wanted)
            if any(defining.get(name, set()).intersection(each.clusters) for each in placed):
                raise NoHome("another cluster that defines it would see it too")
        except (NoHome, CannotEdit) as error:
            findings.say("RP014", f"Namespace {name} has no place: {error}")
            continue
        write_generated(placed, tried)
        workspace.adopt(tried)


def _namespaces_of(view: ClusterView, applied: _Applied, around: Surroundings) -> tuple[set[str], set[str]]:
    """Gives the namespaces that the objects of a cluster are in, and those that it defines."""
    default = around.clusters.default_namespace(view.name)
    needed: set[str] = set()
    defined: set[str] = set()
    for synced in view.sync_paths:
        if synced.unknown or not around.clusters.synced.is_known(synced):
            return set(), set()
        # Flux v2 applies what it puts into a namespace, so that one is there.
        if synced in applied and not synced.target_namespace:
            needed |= {each.namespace for each in applied[synced].objects}
            needed |= {default for _ in applied[synced].without_namespace}
            defined |= {each.name for each in applied[synced].objects if each.kind == "Namespace"}
    for each in around.clusters.objects(view):
        needed.add(str(mapping_at(each.manifest, "metadata").get("namespace") or ""))
        if each.manifest.get("kind") == "Namespace":
            defined.add(each.name)
    return {name for name in needed if is_namespace_name(name)}, defined


def _tell_of_namespaces(nameless: Iterable[_Nameless], findings: FindingGroups) -> None:
    """Tells of objects that name no namespace."""
    for group in nameless:
        if group.objects and not findings.say("DA015", *group.told()):
            findings.declare_object(filled_in(group.namespace), "namespace")


def _namespaces_of_files(clusters: ClusterMap) -> dict[str, set[str]]:
    """Gives for each file the namespaces that fluxd filled in for the clusters that have it.

    Where nobody knows one, it is empty.
    """
    found: dict[str, set[str]] = {}
    for view, synced in clusters.sync_paths():
        files = {file for build in clusters.synced.builds(synced) for file in build.files}
        for file in files.union(clusters.synced.read_alone(synced, clusters.tree.files)):
            found.setdefault(file, set()).add(clusters.default_namespace(view.name))
    return found


def _is_only_listed(path: str, tree: KustomizeTree) -> bool:
    """Gives whether no kustomization does more with a file than to list it.

    One that patches or moves what it builds finds an object by the namespace that is written.
    """
    return not any(
        shapes_objects(tree.kustomizations[folder], tree)
        for each in tree.includers(path)
        for folder in (each.folder, *tree.ancestors(each.folder))
    )


def with_namespaces(text: str, objects: Iterable[AppliedObject], namespace: str) -> tuple[str, set[_Kind]]:
    r"""Writes a namespace into those documents of a file that are one of some objects and name none.

    Returns:
        The file, and group, kind and name of each object that names its namespace now.

    >>> from fluxv2_migrate.clusters import AppliedObject, DocumentPlace
    >>> web = AppliedObject(DocumentPlace("a.yaml", 1), "", "Service", "", "web")
    >>> text = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web # ours\n"
    >>> print(with_namespaces(text, [web], "shop")[0], end="")
    apiVersion: v1
    kind: Service
    metadata:
      name: web # ours
      namespace: shop
    """
    wanted = {(each.group, each.kind, each.name) for each in objects}
    style = detect_style(text)
    operation = Set(("metadata", "namespace"), namespace, _BEHIND_THE_NAME)
    written: set[_Kind] = set()

    def edit(document: str) -> str:
        try:
            root, value = read_document(document)
            kind = _nameless(value)
            if kind not in wanted:
                return document
            edited = apply_to_text((operation,), document, root, style, value)
        except (InvalidManifest, CannotEdit):
            return document
        written.add(kind)
        return edited.text

    return edit_documents(text, edit), written


def _nameless(value: Any) -> _Kind | None:
    """Gives group, kind and name of an object without a namespace; nothing where no edit is allowed."""
    metadata = value.get("metadata") if isinstance(value, Mapping) else None
    # A signature of sops is over all that the file says.
    if not isinstance(metadata, Mapping) or metadata.get("namespace") or "sops" in value:
        return None
    return group_of(value), str(value.get("kind")), str(metadata.get("name"))
