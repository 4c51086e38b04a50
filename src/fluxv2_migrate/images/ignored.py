"""Annotations of fluxd in builds: whether those of Flux v2 say the same there, and what reads them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from fluxv2_migrate.clusters import DocumentKey, Sighting, build_with
from fluxv2_migrate.flux1 import read_policies
from fluxv2_migrate.flux1.policies import is_of_fluxd
from fluxv2_migrate.flux2.apply_annotations import PRUNE, RECONCILE
from fluxv2_migrate.kubernetes import annotations_of, as_object
from fluxv2_migrate.kustomize import Build, BuiltObject
from fluxv2_migrate.repository.reading import Repository
from fluxv2_migrate.rules import marks_of_ignored
from fluxv2_migrate.surroundings.known import Surroundings
from fluxv2_migrate.yaml_text import document_texts, read_document

_READING: Final = re.compile(
    r"""fieldpath["']?\s*:\s*["']?metadata\.annotations|\bfrom["']?\s*:\s*["']?/metadata/annotations""",
    re.IGNORECASE,
)
_OF_EITHER_FLUX: Final = ("helm.fluxcd.io", "kustomize.toolkit.fluxcd.io")


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


def read_marks(around: Surroundings, files: Mapping[str, str | None]) -> frozenset[DocumentKey]:
    """Gives the documents without whose annotations of fluxd something else would be built.

    Args:
        files: those that change, without these annotations.
    """
    found: set[DocumentKey] = set()
    tree = around.clusters.tree
    built = {file for build in around.clusters.builds.values() for file in build.files}
    # In nearly all repositories none does.
    texts = {file: text for file in built if _reads(text := tree.text(file))}
    after = tree.with_files(files if texts else {})
    for (folder, over), before in around.clusters.builds.items():
        reading = [texts[file] for file in before.files if file in texts]
        if reading and before.ok and not over and not set(before.files).isdisjoint(files):
            build = build_with(after, folder, over)
            found.update(_different(before, build) if build.ok else _named(before, reading))
    return frozenset(found)


def _reads(text: str) -> bool:
    lowered = text.lower()
    # Words are found in a tenth of the time.
    return ("fieldpath" in lowered or "/metadata/annotations" in lowered) and bool(_READING.search(text))


def _different(before: Build, after: Build) -> Iterator[DocumentKey]:
    """Gives the objects that have lost other annotations than those of fluxd, or have others."""
    now = {each.place: _others(each.manifest) for each in after.objects}
    for each in before.objects:
        others = _others(each.manifest)
        if now.get(each.place, others) != others:
            yield each.path, each.index


def _others(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        key: value
        for key, value in annotations_of(manifest).items()
        if not is_of_fluxd(key) and key.partition("/")[0] not in _OF_EITHER_FLUX
    }


def _named(build: Build, texts: Collection[str]) -> Iterator[DocumentKey]:
    """Gives the objects of which texts name an annotation of fluxd, also as the pointer of an operation."""
    for each in build.objects:
        keys = [key for key in annotations_of(each.manifest) if is_of_fluxd(key)]
        names = {*keys, *(key.replace("/", "~1") for key in keys)}
        if any(name in text for name in names for text in texts):
            yield each.path, each.index
