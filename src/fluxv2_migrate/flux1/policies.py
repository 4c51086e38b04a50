"""Policies of workloads, as fluxd reads them from annotations.

Source: fluxcd/flux 1.25.4 `pkg/policy/policy.go`, `pkg/cluster/kubernetes/resource/resource.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fluxv2_migrate.given import checked_manifest
from fluxv2_migrate.yaml_text.readers import json_text

_PREFIXES: Final = {"fluxcd.io/": "", "flux.weave.works/": "", "filter.fluxcd.io/": "tag."}
_OF_FLUXD: Final = tuple(_PREFIXES)


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


def _text(value: Any) -> str:
    return "" if value is None else json_text(value)
