"""Namespaces that fluxd filled in, and that manifests must name for kustomize-controller."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fluxv2_migrate.clusters import AppliedObject, ClusterMap, is_below, shapes_objects
from fluxv2_migrate.documents import BYTE_ORDER_MARK
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.finding_groups import FindingGroups
from fluxv2_migrate.kustomize import KustomizeTree
from fluxv2_migrate.migration import Change
from fluxv2_migrate.plan import Set, apply_to_text
from fluxv2_migrate.surroundings import Surroundings
from fluxv2_migrate.yaml_text import CannotEdit, Place, detect_style, read_document, split_documents

__all__ = ["NamelessObjects", "tell_of_namespaces", "with_namespaces", "write_namespaces"]

_SHOWN: Final = 5
_BEHIND_THE_NAME: Final = Place(after=("name",))
_Kind = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class NamelessObjects:
    """Objects of one sync path that name no namespace and need one.

    Attributes:
        path: the sync path.
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
        more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
        message = (
            f"{len(places)} object(s) of {self.path or '/'} name no namespace; fluxd put them into {where}: "
            f"{', '.join(places[:_SHOWN])}{more}"
        )
        first = self.objects[0].place
        return message, first.path, first.line, places[1:]


def write_namespaces(
    nameless: Sequence[NamelessObjects],
    around: Surroundings,
    texts: Mapping[str, str],
    findings: FindingGroups,
) -> tuple[dict[str, str], list[Change]]:
    """Writes the namespaces that fluxd filled in, and tells of those that cannot be written.

    One is written where it is known, where all clusters that have the file agree on it, and where no
    kustomization does more with the file than to list it.

    Args:
        nameless: the objects.
        around: what is known of the repository.
        texts: of its files as they are by now.
        findings: where it is told what stays.

    Returns:
        The files that differ now, and what was done.
    """
    changed: dict[str, str] = {}
    changes: list[Change] = []
    written: dict[str, set[_Kind]] = {}
    clusters = around.clusters
    known = _namespaces_of_files(clusters, around.options.default_namespace or "")
    by_file: dict[str, list[AppliedObject]] = {}
    taken: set[tuple[str, _Kind]] = set()
    for group in nameless:
        taken |= {(group.namespace, other) for other in group.others}
        for each in group.objects:
            by_file.setdefault(each.place.path, []).append(each)
    for path, objects in sorted(by_file.items()):
        namespace = min(known[path])
        if len(known[path]) > 1 or not namespace or not _is_only_listed(path, clusters.tree):
            continue
        free = {each for each in objects if (namespace, (each.group, each.kind, each.name)) not in taken}
        text, written[path] = with_namespaces(texts[path], free, namespace)
        if not written[path]:
            continue
        changed[path] = text
        for each in sorted(free, key=lambda each: each.place.line):
            if (each.group, each.kind, each.name) in written[path]:
                resource = f"{each.kind} {namespace}/{each.name}"
                place = (path, each.place.line, (), path, "metadata.namespace")
                changes.append(Change("namespace", resource, *place))
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
    tell_of_namespaces(left, findings)
    return changed, changes


def tell_of_namespaces(nameless: Iterable[NamelessObjects], findings: FindingGroups) -> None:
    """Tells of objects that name no namespace.

    Args:
        nameless: the objects.
        findings: where it is told.
    """
    for group in nameless:
        if group.objects:
            findings.say("DA015", *group.told())


def _namespaces_of_files(clusters: ClusterMap, fallback: str) -> dict[str, set[str]]:
    """Gives for each file the namespaces that fluxd filled in for the clusters that have it.

    Where nobody knows one, it is empty.
    """
    found: dict[str, set[str]] = {}
    for view in clusters.clusters:
        namespace = view.settings.default_namespace or fallback
        for synced in view.sync_paths:
            files = {
                file for folder in synced.builds for file in clusters.builds[folder, synced.patch_file].files
            }
            if synced.files != "none":
                apart = clusters.apart if synced.files == "rest" else frozenset()
                files |= {
                    file for file in clusters.tree.files if is_below(file, synced.path) and file not in apart
                }
            for file in files:
                found.setdefault(file, set()).add(namespace)
    return found


def _is_only_listed(path: str, tree: KustomizeTree) -> bool:
    """Gives whether no kustomization does more with a file than to list it.

    One that patches or moves what it builds finds an object by the namespace that is written.
    """
    return not any(
        shapes_objects(tree.kustomizations[folder])
        for each in tree.includers(path)
        for folder in (each.folder, *tree.ancestors(each.folder))
    )


def with_namespaces(text: str, objects: Iterable[AppliedObject], namespace: str) -> tuple[str, set[_Kind]]:
    r"""Writes a namespace into those documents of a file that are one of some objects and name none.

    Args:
        text: the file.
        objects: without a namespace.
        namespace: theirs.

    Returns:
        The file, and group, kind and name of each object that names its namespace now.

    >>> from fluxv2_migrate.clusters import AppliedObject, Place
    >>> web = AppliedObject(Place("a.yaml", 1), "", "Service", "", "web")
    >>> text = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web # ours\n"
    >>> print(with_namespaces(text, [web], "shop")[0], end="")
    apiVersion: v1
    kind: Service
    metadata:
      name: web # ours
      namespace: shop
    """
    wanted = {(each.group, each.kind, each.name) for each in objects}
    mark = BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
    body = text.removeprefix(BYTE_ORDER_MARK)
    style = detect_style(body)
    operation = Set(("metadata", "namespace"), namespace, _BEHIND_THE_NAME)
    written: set[_Kind] = set()
    for span in reversed(split_documents(body)):
        part = body[span.start : span.end]
        try:
            root, value = read_document(part)
            kind = _nameless(value)
            if root is None or kind not in wanted:
                continue
            edited = apply_to_text((operation,), part, root, style, value)
        except (InvalidManifest, CannotEdit):
            continue
        body = body[: span.start] + edited.text + body[span.end :]
        written.add(kind)
    return mark + body, written


def _nameless(value: Any) -> _Kind | None:
    """Gives group, kind and name of an object without a namespace; nothing where no edit is allowed."""
    metadata = value.get("metadata") if isinstance(value, Mapping) else None
    # A signature of sops is over all that the file says.
    if not isinstance(metadata, Mapping) or metadata.get("namespace") or "sops" in value:
        return None
    group = str(value.get("apiVersion")).rpartition("/")[0]
    return group, str(value.get("kind")), str(metadata.get("name"))
