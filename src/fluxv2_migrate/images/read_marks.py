"""Annotations of fluxd that a build itself reads: replacements, variables and operations copy them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from fluxv2_migrate.clusters import DocumentKey, build_with
from fluxv2_migrate.flux1.marks import is_of_fluxd
from fluxv2_migrate.kubernetes import annotations_of
from fluxv2_migrate.kustomize import Build
from fluxv2_migrate.surroundings.known import Surroundings

_READING: Final = re.compile(
    r"""fieldpath["']?\s*:\s*["']?metadata\.annotations|\bfrom["']?\s*:\s*["']?/metadata/annotations""",
    re.IGNORECASE,
)
_OF_EITHER_FLUX: Final = ("helm.fluxcd.io", "kustomize.toolkit.fluxcd.io")


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
