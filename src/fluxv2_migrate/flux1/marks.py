"""The annotations and labels by which fluxd knows what it has to do."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from fluxv2_migrate.kubernetes import as_object, mapping_at, objects_in

FLUXD_DOMAINS: Final = (
    "fluxcd.io",
    "flux.weave.works",
    "filter.fluxcd.io",
    "registry.fluxcd.io",
    "repository.fluxcd.io",
    "tag.fluxcd.io",
)
"""What stands before the `/` of an annotation that fluxd reads."""
_SHORTENED: Final = {"fluxcd": "fluxcd.io", "weave.works": "flux.weave.works"}


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
    >>> meant_domain("fluxcd.com"), meant_domain("fluxcd.example.com")
    ('fluxcd.io', '')
    """
    if domain in FLUXD_DOMAINS or domain.endswith((".fluxcd.io", ".flux.weave.works")):
        return ""
    if domain in _SHORTENED:
        return _SHORTENED[domain]
    if domain.partition(".")[0] == "fluxcd" and domain.count(".") == 1:
        return "fluxcd.io"
    return next(iter(difflib.get_close_matches(domain, FLUXD_DOMAINS, 1, 0.85)), "")


def is_annotated(manifest: Mapping[str, Any]) -> bool:
    """Gives whether a manifest, or one in a list, has annotations or labels of fluxd, misspelt ones included.

    >>> is_annotated({"metadata": {"annotations": {"fluxcd.io/automated": "true"}}})
    True
    """
    return any(_has_marks(each) for _, each in objects_in(manifest))


def _has_marks(manifest: Mapping[str, Any]) -> bool:
    metadata = mapping_at(manifest, "metadata")
    marks = [*as_object(metadata.get("annotations")), *as_object(metadata.get("labels"))]
    return any(is_meant_for_fluxd(str(key)) for key in marks)


def is_meant_for_fluxd(key: str) -> bool:
    """Gives whether an annotation is one that fluxd reads, or was surely written for it by mistake.

    >>> [is_meant_for_fluxd(key) for key in ("fluxcd.io/locked", "filter.fluxd.io/app", "team")]
    [True, True, False]
    """
    if "/" not in key:
        return False
    domain = key.partition("/")[0]
    return domain in FLUXD_DOMAINS or meant_domain(domain) != ""
