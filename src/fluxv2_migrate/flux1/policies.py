"""The annotations and labels by which fluxd knows what it has to do, and the policies that it reads there.

Source: fluxcd/flux 1.25.4 `pkg/policy/policy.go`, `pkg/cluster/kubernetes/resource/resource.go`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from fluxv2_migrate.given import checked_manifest
from fluxv2_migrate.kubernetes import annotations_of, as_object, mapping_at, objects_in
from fluxv2_migrate.yaml_text.readers import json_text

_PREFIXES: Final = {"fluxcd.io/": "", "flux.weave.works/": "", "filter.fluxcd.io/": "tag."}
_OF_FLUXD: Final = tuple(_PREFIXES)
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


@dataclass(frozen=True, slots=True)
class WorkloadPolicies:
    """What the annotations of a workload ask of fluxd.

    Attributes:
        automated: whether images are updated.
        locked: whether they are not, whatever `automated` says.
        ignored: whether the workload is not applied at all.
        sync_only: whether it is only spared from garbage collection.
        locked_user: who locked it.
        locked_msg: why.
        tag_patterns: the pattern of each container.
        conflicts: policies that two annotations claim with different values, with these values; fluxd takes
            one of them at random.
        policies: every policy by its name, those of unknown names included, without the conflicts.
    """

    automated: bool = False
    locked: bool = False
    ignored: bool = False
    sync_only: bool = False
    locked_user: str | None = None
    locked_msg: str | None = None
    tag_patterns: Mapping[str, str] = field(default_factory=dict)
    conflicts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    policies: Mapping[str, str] = field(default_factory=dict)


def read_policies(annotations: Mapping[str, Any] | None) -> WorkloadPolicies:
    """Reads the policies from the annotations of an object.

    Args:
        annotations: `metadata.annotations`; a value that YAML reads as no text is one for fluxd.

    Returns:
        The policies.

    Source: fluxcd/flux 1.25.4 `resource.go` `PoliciesFromAnnotations`.

    >>> read_policies({"fluxcd.io/automated": "true", "filter.fluxcd.io/app": "semver:~1"}).tag_patterns
    {'app': 'semver:~1'}
    >>> read_policies({"fluxcd.io/automated": "True"}).automated
    False
    """
    found: dict[str, list[str]] = {}
    checked_manifest({} if annotations is None else annotations, "annotations")
    for key, value in (annotations or {}).items():
        # Most annotations are of others.
        for prefix, name in _PREFIXES.items() if key.startswith(_OF_FLUXD) else ():
            if key.startswith(prefix):
                texts = found.setdefault(name + key[len(prefix) :], [])
                if (text := _text(value)) not in texts:
                    texts.append(text)
    if not found:
        return WorkloadPolicies()
    conflicts = {name: tuple(sorted(texts)) for name, texts in found.items() if len(texts) > 1}
    policies = {name: texts[0] for name, texts in found.items() if len(texts) == 1}
    return WorkloadPolicies(
        automated=policies.get("automated") == "true",
        locked=policies.get("locked") == "true",
        ignored=policies.get("ignore") == "true",
        sync_only=policies.get("ignore") == "sync_only",
        locked_user=policies.get("locked_user"),
        locked_msg=policies.get("locked_msg"),
        tag_patterns={name[4:]: text for name, text in policies.items() if name.startswith("tag.")},
        conflicts=conflicts,
        policies=policies,
    )


def is_ignored(manifest: Mapping[str, Any]) -> bool:
    """Gives whether annotations told fluxd to leave an object alone.

    >>> is_ignored({"metadata": {"annotations": {"fluxcd.io/ignore": "true"}}})
    True
    """
    return read_policies(annotations_of(manifest)).ignored


def _text(value: Any) -> str:
    return "" if value is None else json_text(value)


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
