"""The annotations and labels by which fluxd knows what it has to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

__all__ = ["FLUXD_DOMAINS", "annotations_of", "is_annotated", "is_of_fluxd", "meant_domain", "objects_in"]

FLUXD_DOMAINS: Final = (
    "fluxcd.io",
    "flux.weave.works",
    "filter.fluxcd.io",
    "registry.fluxcd.io",
    "repository.fluxcd.io",
    "tag.fluxcd.io",
)
"""What stands before the `/` of an annotation that fluxd reads."""


def is_of_fluxd(key: str) -> bool:
    """Gives whether fluxd reads an annotation.

    >>> [is_of_fluxd(key) for key in ("filter.fluxcd.io/app", "helm.fluxcd.io/migrate")]
    [True, False]
    """
    return key.partition("/")[0] in FLUXD_DOMAINS and "/" in key


@cache
def meant_domain(domain: str) -> str:
    """Gives the domain of fluxd for which another one was surely written by mistake, or an empty one.

    >>> meant_domain("filter.fluxd.io"), meant_domain("fluxcd.io"), meant_domain("linkerd.io")
    ('filter.fluxcd.io', '', '')
    """
    if domain in FLUXD_DOMAINS or domain.endswith((".fluxcd.io", ".flux.weave.works")):
        return ""
    return next(iter(difflib.get_close_matches(domain, FLUXD_DOMAINS, 1, 0.85)), "")


def objects_in(manifest: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Gives the objects of a document, with where they stand: itself, or the items of a list.

    Source: fluxcd/flux 1.25.4 `pkg/cluster/kubernetes/resource/load.go`: a list in a list is not unpacked.

    >>> list(objects_in({"kind": "List", "items": [{"kind": "Secret"}]}))
    [(('items', '0'), {'kind': 'Secret'})]
    """
    kind, items = manifest.get("kind"), manifest.get("items")
    if isinstance(kind, str) and kind.endswith("List") and isinstance(items, list):
        for index, item in enumerate(items):
            if isinstance(item, Mapping):
                yield ("items", str(index)), item
    else:
        yield (), manifest


def annotations_of(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """Gives the annotations of an object as they are written; what is no mapping holds none.

    >>> annotations_of({"metadata": {"annotations": {"fluxcd.io/automated": "true"}}})
    {'fluxcd.io/automated': 'true'}
    """
    metadata = manifest.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    return annotations if isinstance(annotations, Mapping) else {}


def is_annotated(manifest: Mapping[str, Any]) -> bool:
    """Gives whether a manifest, or one in a list, has annotations or labels of fluxd, misspelt ones included.

    >>> is_annotated({"metadata": {"annotations": {"fluxcd.io/automated": "true"}}})
    True
    """
    return any(_has_marks(each) for _, each in objects_in(manifest))


def _has_marks(manifest: Mapping[str, Any]) -> bool:
    metadata = manifest.get("metadata")
    if not isinstance(metadata, Mapping):
        return False
    for field_name in ("annotations", "labels"):
        marks = metadata.get(field_name)
        if isinstance(marks, Mapping) and any(map(_is_meant_for_fluxd, marks)):
            return True
    return False


def _is_meant_for_fluxd(key: Any) -> bool:
    domain, slash, _ = str(key).partition("/")
    return bool(slash) and (domain in FLUXD_DOMAINS or meant_domain(domain) != "")
