"""What fluxd ignored in some builds only, as those say it to Flux v2.

A text says of an object what its own annotations said. Where a kustomization takes that back, or gives the
annotation, it does the same with that of Flux v2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fluxv2_migrate.clusters import Sighting, builds_alike
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux2.apply_annotations import PRUNE, RECONCILE
from fluxv2_migrate.images.ignored import unsaid_marks
from fluxv2_migrate.kustomize import Step, add_patch
from fluxv2_migrate.preparation.separation import SeparatedTexts
from fluxv2_migrate.repository.documents import Document
from fluxv2_migrate.repository.reading import is_old_release
from fluxv2_migrate.surroundings.known import Surroundings
from fluxv2_migrate.surroundings.scope import is_in_scope
from fluxv2_migrate.yaml_text import CannotEdit

__all__ = ["say_what_is_ignored"]

_Marks = Mapping[str, str | None]


def say_what_is_ignored(around: Surroundings) -> SeparatedTexts:
    """Gives kustomizations that say to Flux v2 what fluxd ignored in them, or did not."""
    files: dict[str, str] = {}
    reached: set[str] = set()
    is_needed = False
    for key, sightings in around.clusters.sightings.items():
        whole = [each for each in sightings if each.item is None and each.steps]
        document = around.repository.document(*key)
        if not (whole and is_in_scope(document, around)):
            continue
        for step, marks in _left(document, whole, around):
            try:
                text = files.get(step.path, around.clusters.tree.text(step.path))
                made = {**files, step.path: _with_patch(text, step, document, marks)}
            except (CannotEdit, InvalidManifest):
                continue
            if builds_alike(around.clusters.tree, around.clusters.builds, made, (RECONCILE, PRUNE)):
                files = made
                reached.add(document.path)
                # Flux v2 applies all that is no release of Flux v1.
                is_needed |= not is_old_release(document.manifest)
    return SeparatedTexts(files, frozenset(reached), is_needed)


def _left(
    document: Document, sightings: Sequence[Sighting], around: Surroundings
) -> Iterator[tuple[Step, _Marks]]:
    """Gives the outermost kustomizations that know what is to be written, each with that."""
    wanted = [(each, unsaid_marks(document, each, around.repository)) for each in sightings]
    by_step: dict[str, list[_Marks]] = {}
    for sighting, marks in wanted:
        for step in sighting.steps:
            known = by_step.setdefault(step.path, [])
            if marks not in known:
                known.append(marks)
    done: set[str] = set()
    for sighting, marks in wanted:
        own = [step for step in sighting.steps if len(by_step[step.path]) == 1]
        if marks and own and own[-1].path not in done:
            done.add(own[-1].path)
            yield own[-1], marks


def _with_patch(text: str, step: Step, document: Document, marks: _Marks) -> str:
    """Gives a kustomization with a patch that finds its object by what it says itself, and no other."""
    name = {"name": step.name, **({"namespace": step.namespace} if step.namespace else {})}
    patch: dict[str, Any] = {
        "apiVersion": document.manifest["apiVersion"],
        "kind": document.manifest["kind"],
        "metadata": {**name, "annotations": dict(marks)},
    }
    return add_patch(text, patch)
