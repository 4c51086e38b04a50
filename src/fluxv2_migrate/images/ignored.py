"""Whether the annotations of Flux v2 say in each build what fluxd's say there of what it ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluxv2_migrate.clusters import Sighting
from fluxv2_migrate.flux1 import read_policies
from fluxv2_migrate.flux2.apply_annotations import PRUNE, RECONCILE
from fluxv2_migrate.kubernetes import annotations_of, as_object
from fluxv2_migrate.kustomize import BuiltObject
from fluxv2_migrate.repository.reading import Repository
from fluxv2_migrate.rules import marks_of_ignored
from fluxv2_migrate.yaml_text import document_texts, read_document


def unsaid_marks(
    own: Mapping[str, Any], seen: Sighting | BuiltObject, repository: Repository
) -> Mapping[str, str | None]:
    """Gives the annotations that a kustomization must write, so that Flux v2 leaves what fluxd left.

    Each file says to Flux v2 what it said to fluxd. What it takes back is left over, and so is what a
    kustomization or an operation says.

    Args:
        own: the object as its file says it; nothing for a generated one.

    Returns:
        The annotations with their values, or with nothing where they must go.
    """
    there = annotations_of(seen.manifest)
    wanted, said = _marks(there), dict(_marks(annotations_of(own)))
    # What patches something generated stays as it is.
    for use in seen.patches if own else ():
        if use.path and use.kind == "merge":
            patch = repository.document(use.path, use.document)
            said |= _marks(annotations_of(patch.manifest))
    return {
        key: wanted.get(key)
        for key in (RECONCILE, PRUNE)
        if wanted.get(key) != said.get(key)
        and (not _takes_out(seen, key, repository) if key not in wanted else there.get(key) != wanted[key])
    }


def _takes_out(seen: Sighting | BuiltObject, key: str, repository: Repository) -> bool:
    """Gives whether a patch takes an annotation out already, of a file that does not have it yet."""
    patches = (
        repository.document(use.path, use.document).manifest
        if use.path
        else as_object(read_document(text)[1])
        for use in seen.patches
        if use.kind == "merge"
        for text in ([""] if use.path else document_texts(use.inline))
    )
    return any(annotations_of(each).get(key, "") is None for each in patches)


def _marks(annotations: Mapping[str, Any]) -> Mapping[str, str]:
    """Gives the annotations that say to Flux v2 what those of an object said to fluxd."""
    # Nearly no object is ignored, and each build of each one is asked.
    if not any(key.endswith("/ignore") for key in annotations):
        return {}
    return marks_of_ignored(read_policies(annotations))
