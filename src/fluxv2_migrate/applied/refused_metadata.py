"""Manifests, other than releases, that stop a whole sync path of Flux v2 for their metadata."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from fluxv2_migrate.clusters import ClusterView
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.findings.notice import Notice
from fluxv2_migrate.flux1.policies import read_policies
from fluxv2_migrate.kubernetes import annotations_of, mapping_at, resource_of
from fluxv2_migrate.plan import Path
from fluxv2_migrate.repository.documents import Document
from fluxv2_migrate.repository.reading import is_old_release
from fluxv2_migrate.rules.outside_spec import LIVE, METADATA
from fluxv2_migrate.surroundings.known import Surroundings
from fluxv2_migrate.surroundings.scope import is_in_scope
from fluxv2_migrate.yaml_text import YAML_ENDINGS

__all__ = ["tell_of_refused_metadata"]

# With another value of these than the object has, or with any, server-side apply refuses it.
_OF_ANOTHER: Final = ("managedFields", "resourceVersion", "uid")
# What is exported, what Kubernetes had once, and what people write in place of `annotations` and `labels`.
_SUSPECT: Final = re.compile(
    r"\b(?:managedFields|resourceVersion|uid|clusterName|initializers|annotation|annotaions|label|lables)\"?:"
)


def tell_of_refused_metadata(around: Surroundings, findings: FindingGroups) -> None:
    """Says which manifests, other than releases, the API server refuses for fields of their metadata.

    kubectl, with which fluxd applied, refused or passed over the one object; kustomize-controller applies
    nothing of a path then.

    Args:
        around: what is known of the repository.
        findings: where it is told.

    Source: Kubernetes 1.25 `apimachinery/pkg/apis/meta/v1/types.go` ObjectMeta; fluxcd/pkg `ssa`.
    """
    suspects = [
        path
        for path, text in sorted(around.repository.texts.items())
        if path.endswith(YAML_ENDINGS) and path not in around.repository.errors and _SUSPECT.search(text)
    ]
    applied: dict[str, None] = {}
    for view in around.clusters.clusters if suspects else ():
        # What Flux v2 applies already it goes on to apply so.
        applied |= dict.fromkeys(() if view.flux2_file else _applied(view, suspects, around))
    for path in applied:
        for document in around.repository.all_documents(path):
            if is_in_scope(document, around) and not findings.decided(document).leave:
                for field in _refused(document):
                    dotted = ".".join(field)
                    message = f"{dotted} stands in it, and the API server refuses the object for that"
                    notice = Notice("RP006", message, field, dotted)
                    findings.add(document, resource_of(document.manifest), notice)


def _applied(view: ClusterView, paths: list[str], around: Surroundings) -> Iterator[str]:
    """Gives those of some files of which a cluster applies something."""
    synced_files = around.clusters.synced
    for synced in view.sync_paths:
        built = {file for build in synced_files.builds(synced) for file in build.files}
        yield from (path for path in paths if path in built)
        yield from synced_files.read_alone(synced, paths)


def _refused(document: Document) -> Iterator[Path]:
    """Gives the fields for which the API server refuses an object that is none of Flux v1's releases."""
    manifest = document.manifest
    is_object = isinstance(manifest.get("kind"), str) and document.identity[1]
    if not is_object or is_old_release(manifest) or "sops" in manifest:
        return
    if read_policies(annotations_of(manifest)).ignored:
        return
    metadata: Mapping[str, Any] = mapping_at(manifest, "metadata")
    for key, value in metadata.items():
        is_of_another = key in _OF_ANOTHER and value
        if is_of_another or (key not in METADATA and key not in LIVE):
            yield ("metadata", str(key))
