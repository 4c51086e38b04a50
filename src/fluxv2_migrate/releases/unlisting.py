"""Files that go because nothing is left of them, taken out of the kustomizations that list them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from fluxv2_migrate.clusters import ClusterMap
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.findings.notice import Notice
from fluxv2_migrate.kustomize import Kustomization, KustomizeTree, remove_entry
from fluxv2_migrate.releases.decisions import DecidedReleases
from fluxv2_migrate.repository.documents import Document
from fluxv2_migrate.repository.removal import without_documents
from fluxv2_migrate.surroundings.known import Surroundings
from fluxv2_migrate.yaml_text import CannotEdit, read_document

__all__ = ["unlist_removed"]

_CONTENTS: Final = (
    "resources",
    "bases",
    "components",
    "configMapGenerator",
    "secretGenerator",
    "generators",
    "helmCharts",
)


def unlist_removed(
    decided: DecidedReleases, around: Surroundings, findings: FindingGroups
) -> tuple[DecidedReleases, dict[str, str]]:
    """Takes the files of releases that go out of the kustomizations that list them.

    A release stays where something would not build without it.

    Args:
        decided: what becomes of each release.
        around: what is known of the repository.
        findings: where it is told which releases stay.

    Returns:
        What becomes of each release now, and the edited kustomizations.
    """
    removed = list(decided.removed)
    while True:
        documents: dict[str, list[Document]] = {}
        for each in removed:
            document = each.release.document
            documents.setdefault(document.path, []).append(document)
        texts = {
            path: without_documents(around.repository.texts[path], going) for path, going in documents.items()
        }
        gone = [path for path, text in texts.items() if text is None]
        kustomizations, reasons = _unlisted(gone, around.clusters)
        reasons = reasons or _broken({**texts, **kustomizations}, set(documents), around.clusters)
        if not reasons:
            for each in removed:
                findings.declare(each.release.document, each.release.resource, each.differences)
            return replace(decided, removed=tuple(removed)), kustomizations
        for each in removed:
            release = each.release
            if (reason := reasons.get(release.document.path)) is not None:
                message = f"{each.twin.document.path} means the same, and without this one {reason}"
                # Nobody can accept what does not build.
                notice = Notice("RP007", message, (), is_acceptable=False)
                findings.add(release.document, release.resource, notice)
        removed = [each for each in removed if each.release.document.path not in reasons]


def _unlisted(gone: Iterable[str], clusters: ClusterMap) -> tuple[dict[str, str], dict[str, str]]:
    """Gives the kustomizations without the entries of files, and why some files cannot go."""
    tree = clusters.tree
    texts: dict[str, str] = {}
    reasons: dict[str, str] = {}
    listing: dict[str, tuple[Kustomization, list[str]]] = {}
    for path in sorted(gone):
        for kustomization in tree.includers(path):
            text = texts.get(kustomization.path, kustomization.text)
            try:
                for entry in kustomization.resources:
                    if entry.path == path:
                        text = remove_entry(text, entry.field, entry.entry)
            except CannotEdit as error:
                reasons[path] = f"its entry in {kustomization.path} must go, which cannot be edited: {error}"
            texts[kustomization.path] = text
            listing.setdefault(kustomization.path, (kustomization, []))[1].append(path)
    synced_paths = [synced for view in clusters.clusters for synced in view.sync_paths]
    built = {folder for each in synced_paths if each.files == "none" for folder in each.builds}
    built.update(each.path for each in synced_paths)
    for kustomization, paths in listing.values():
        # Not every release of kustomize includes what is empty; one that a cluster builds may be.
        is_included = kustomization.folder not in built or tree.includers(kustomization.folder)
        if is_included and not _holds_anything(texts[kustomization.path]):
            reason = f"{kustomization.path} would hold nothing"
            reasons |= dict.fromkeys(paths, reason)
    return texts, reasons


def _holds_anything(kustomization: str) -> bool:
    value: Any = read_document(kustomization.removeprefix("\ufeff"))[1]
    return any(value.get(key) for key in _CONTENTS)


def _broken(texts: Mapping[str, str | None], sources: set[str], clusters: ClusterMap) -> dict[str, str]:
    """Gives the files without whose documents a kustomization that builds would not build any more."""
    concerned = [
        build
        for (_, over), build in clusters.builds.items()
        if not over and build.ok and not sources.isdisjoint(build.files)
    ]
    if not concerned:
        return {}
    files = {**clusters.tree.files, **texts}
    tree = KustomizeTree({path: text for path, text in files.items() if text is not None})
    reasons: dict[str, str] = {}
    for before in concerned:
        problem = next((each for each in tree.build(before.folder).problems if each.fails), None)
        if problem is not None:
            reason = (
                f"{before.folder or '/'} would not build: {problem.path}:{problem.line}: {problem.reason}"
            )
            reasons |= dict.fromkeys(sources & set(before.files), reason)
    return reasons
