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
from fluxv2_migrate.images.items import objects_of, own_manifest
from fluxv2_migrate.images.kustomization_marks import unsaid_marks
from fluxv2_migrate.kubernetes import metadata_of
from fluxv2_migrate.kustomize import BuiltObject, Step, add_patch, steps_apart
from fluxv2_migrate.repository.reading import is_old_release
from fluxv2_migrate.repository.workspace import RearrangedTexts
from fluxv2_migrate.surroundings.known import Surroundings, is_in_scope, is_item_in_scope
from fluxv2_migrate.yaml_text import CannotEdit

_Marks = Mapping[str, str | None]
_Object = tuple[Mapping[str, Any], str, Sequence[Sighting | BuiltObject]]
"""As its file says it, with that, and how it is seen."""


def say_what_is_ignored(around: Surroundings) -> RearrangedTexts:
    """Gives kustomizations that say to Flux v2 what fluxd ignored in them, or did not."""
    files: dict[str, str] = {}
    reached: set[str] = set()
    is_needed = False
    for own, path, seen in (*_written(around), *_generated(around)):
        for step, marks in _left(own, seen, around):
            try:
                text = files.get(step.path, around.clusters.tree.text(step.path))
                made = {**files, step.path: _with_patch(text, step, seen[0].manifest, marks)}
            except (CannotEdit, InvalidManifest):
                continue
            if builds_alike(around.clusters.tree, around.clusters.builds, made, (RECONCILE, PRUNE)):
                files = made
                reached.add(path)
                # Flux v2 applies all that is no release of Flux v1.
                is_needed |= not is_old_release(own)
    return RearrangedTexts(files, frozenset(reached), is_needed)


def _written(around: Surroundings) -> Iterator[_Object]:
    """Gives each object of a file, as clusters see it."""
    for key, sightings in around.clusters.sightings.items():
        document = around.repository.document(*key)
        built = [each for each in sightings if each.steps]
        if built and is_in_scope(document, around):
            for members in objects_of(built):
                yield own_manifest(document, members[0]), document.path, members


def _generated(around: Surroundings) -> Iterator[_Object]:
    """Gives each object that a kustomization generates, of which no file says anything, as it is built."""
    by_origin: dict[tuple[Step, str], list[BuiltObject]] = {}
    for built in around.clusters.built():
        if not built.path and built.steps:
            by_origin.setdefault((built.steps[0], str(built.manifest["kind"])), []).append(built)
    for (step, _), members in by_origin.items():
        kustomization = around.repository.document(step.path, 0)
        if all(is_item_in_scope(each.manifest, kustomization, around) for each in members):
            yield {}, step.path, members


def _left(
    own: Mapping[str, Any], seen: Sequence[Sighting | BuiltObject], around: Surroundings
) -> Iterator[tuple[Step, _Marks]]:
    """Gives the outermost kustomizations that know what is to be written, each with that."""
    wanted = [(each.steps, unsaid_marks(own, each, around.repository)) for each in seen]
    done: set[str] = set()
    for (_, marks), apart in zip(wanted, steps_apart(wanted), strict=True):
        if marks and apart and apart[-1].path not in done:
            done.add(apart[-1].path)
            yield apart[-1], marks


def _with_patch(text: str, step: Step, manifest: Mapping[str, Any], marks: _Marks) -> str:
    """Gives a kustomization with a patch that finds its object by what it says itself, and no other."""
    patch: dict[str, Any] = {
        "apiVersion": manifest["apiVersion"],
        "kind": manifest["kind"],
        "metadata": {**metadata_of(step.namespace, step.name), "annotations": dict(marks)},
    }
    return add_patch(text, patch)
