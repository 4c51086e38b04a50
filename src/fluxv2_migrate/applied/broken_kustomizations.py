"""Kustomizations of Flux v2 that no known cluster has, and whose builds break with what is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fluxv2_migrate.applied.result import Result
from fluxv2_migrate.clusters.flux_kustomizations import FluxKustomization, overlay_then
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.folders import is_below, normal_path
from fluxv2_migrate.quoting import shown_folder
from fluxv2_migrate.repository.documents import Document


def tell_of_broken_kustomizations(result: Result, findings: FindingGroups) -> None:
    """Says which Kustomizations apply nothing any more, though nothing tells whose they are.

    What is made for clusters goes where each of them gets it once; something else that takes in the paths of
    several gets it twice.
    """
    changed = {path: text for path, text in result.texts.items() if text is not None}
    for document, own in _unknown(result):
        path = normal_path(own.path)
        before = own.built(result.clusters.tree)
        is_touched = any(is_below(each, path) for each in result.texts)
        if before.failure is not None or not (is_touched or not result.texts.keys().isdisjoint(before.files)):
            continue
        then = replace(own, overlay=overlay_then(own.overlay, changed, result.repository))
        problem = then.built(result.tree).failure
        if problem is not None:
            message = (
                f"it applies {shown_folder(path)}, and kustomize fails after the migration: {problem.reason}"
            )
            findings.stop(document, "RP057", message, ("spec", "path"))


def _unknown(result: Result) -> Iterator[tuple[Document, FluxKustomization]]:
    """Gives the Kustomizations of folders that are no sync paths; of these it is told for each cluster."""
    clusters = result.clusters
    known = {folder for _, synced in clusters.sync_paths() for folder in synced.folders}
    for _, document in result.repository.new_objects():
        own = FluxKustomization.of_document(document)
        if own is None or not own.path or document.key in clusters.foreign:
            continue
        path = normal_path(own.path)
        if path not in known and clusters.tree.is_folder(path):
            yield document, own
