"""Of which files the clusters of fluxd apply something."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.repository.documents import Document
from fluxv2_migrate.surroundings.known import Surroundings
from fluxv2_migrate.surroundings.scope import is_in_scope


def documents_applied_anew(
    paths: Sequence[str], around: Surroundings, findings: FindingGroups
) -> Iterator[Document]:
    """Gives the documents of those of some files of which Flux v2 is to apply something.

    What it applies already it goes on to apply so, and what a person leaves is the person's.
    """
    applied: dict[str, None] = {}
    synced_files = around.clusters.synced
    for view in around.clusters.clusters if paths else ():
        for synced in () if view.flux2_file else view.sync_paths:
            built = {file for build in synced_files.builds(synced) for file in build.files}
            applied |= dict.fromkeys(path for path in paths if path in built)
            applied |= dict.fromkeys(synced_files.read_alone(synced, paths))
    for path in applied:
        for document in around.repository.all_documents(path):
            if is_in_scope(document, around) and not findings.decided(document).leave:
                yield document
