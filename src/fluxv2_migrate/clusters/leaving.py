"""Documents that leave a repository, with the files of which nothing is left and what lists these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from fluxv2_migrate.clusters.cluster_map import ClusterMap
from fluxv2_migrate.kustomize import Kustomization, remove_entry
from fluxv2_migrate.repository.changes import kustomization_change
from fluxv2_migrate.repository.documents import Document
from fluxv2_migrate.repository.workspace import Workspace
from fluxv2_migrate.yaml_text import CannotEdit, read_document

__all__ = ["take_out"]

_CONTENTS: Final = (
    "resources",
    "bases",
    "components",
    "configMapGenerator",
    "secretGenerator",
    "generators",
    "helmCharts",
)


def take_out(documents: Iterable[Document], workspace: Workspace, clusters: ClusterMap) -> Mapping[str, str]:
    """Takes documents out of their files, and files of which nothing is left out of what lists them.

    Args:
        documents: that leave.
        workspace: where it is done; to be thrown away where something cannot leave.
        clusters: who builds what.

    Returns:
        By file, why documents of it cannot leave: what lists it cannot be edited, or would not build.
    """
    leaving = list(documents)
    for document in leaving:
        workspace.delete(document)
    files = {document.path for document in leaving}
    gone = [path for path in sorted(files) if not workspace.has(path)]
    return _unlist(gone, workspace, clusters) or _broken(files, workspace, clusters)


def _unlist(gone: Iterable[str], workspace: Workspace, clusters: ClusterMap) -> dict[str, str]:
    """Takes files out of the kustomizations that list them, and gives why some cannot go."""
    tree = clusters.tree
    reasons: dict[str, str] = {}
    listing: dict[str, tuple[Kustomization, list[str]]] = {}
    for path in gone:
        for kustomization in tree.includers(path):
            change = kustomization_change(kustomization.path)
            try:
                for entry in kustomization.resources:
                    if entry.path == path:
                        workspace.edit(kustomization.path, _without(entry.field, entry.entry), change)
            except CannotEdit as error:
                reasons[path] = f"its entry in {kustomization.path} must go, which cannot be edited: {error}"
            listing.setdefault(kustomization.path, (kustomization, []))[1].append(path)
    synced_paths = [synced for view in clusters.clusters for synced in view.sync_paths]
    built = {folder for each in synced_paths if each.files == "none" for folder in each.builds}
    built.update(each.path for each in synced_paths)
    for kustomization, paths in listing.values():
        # Not every release of kustomize includes what is empty; one that a cluster builds may be.
        is_included = kustomization.folder not in built or tree.includers(kustomization.folder)
        if is_included and not _holds_anything(workspace.text(kustomization.path) or ""):
            reason = f"{kustomization.path} would hold nothing"
            reasons |= dict.fromkeys(paths, reason)
    return reasons


def _without(field: str, entry: Any) -> Any:
    return lambda text: remove_entry(text, field, entry)


def _holds_anything(kustomization: str) -> bool:
    value: Any = read_document(kustomization.removeprefix("\ufeff"))[1]
    return any(value.get(key) for key in _CONTENTS)


def _broken(sources: set[str], workspace: Workspace, clusters: ClusterMap) -> dict[str, str]:
    """Gives the files without whose documents a kustomization that builds would not build any more."""
    concerned = [
        build
        for (_, over), build in clusters.builds.items()
        if not over and build.ok and not sources.isdisjoint(build.files)
    ]
    if not concerned:
        return {}
    gone = dict.fromkeys(workspace.deleted)
    tree = clusters.tree.with_files({**workspace.changed, **workspace.created, **gone})
    reasons: dict[str, str] = {}
    for before in concerned:
        problem = next((each for each in tree.build(before.folder).problems if each.fails), None)
        if problem is not None:
            reason = (
                f"{before.folder or '/'} would not build: {problem.path}:{problem.line}: {problem.reason}"
            )
            reasons |= dict.fromkeys(sources & set(before.files), reason)
    return reasons
