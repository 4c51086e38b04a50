"""Manifests of APIs that Kubernetes has given up, with which nothing of a sync path is applied."""

from __future__ import annotations

import re
from typing import Final

from fluxv2_migrate.applied.read_files import documents_applied_anew
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.findings.notice import Notice
from fluxv2_migrate.flux1.policies import read_policies
from fluxv2_migrate.flux2.apply_annotations import is_disabled
from fluxv2_migrate.kubernetes import REMOVED_APIS, annotations_of, objects_in, removed_with, resource_of
from fluxv2_migrate.surroundings.known import Surroundings
from fluxv2_migrate.yaml_text import YAML_ENDINGS

_REMOVED: Final = re.compile("|".join(map(re.escape, REMOVED_APIS)))
_VERSIONS: Final = tuple({f"/{api.rpartition('/')[2]}" for api in REMOVED_APIS})
"""One of these stands in whatever the pattern finds; most texts hold none, and Python finds words faster."""


def tell_of_removed_apis(around: Surroundings, findings: FindingGroups) -> None:
    """Says which manifests are of an API that the cluster knows no more, or will not after its next upgrade.

    fluxd passed over such an object and applied the rest; kustomize-controller applies nothing of a path.

    Source: fluxcd/flux 1.25.4 `pkg/cluster/kubernetes/manifests.go` `setEffectiveNamespaces`; fluxcd/pkg
    `ssa/manager_apply.go` `ApplyAll`, which asks the API server for all objects first.
    """
    suspects = [
        path
        for path, text in sorted(around.repository.texts.items())
        if path.endswith(YAML_ENDINGS) and path not in around.repository.errors and _is_suspect(text)
    ]
    for document in documents_applied_anew(suspects, around, findings):
        for at, manifest in objects_in(document.manifest):
            release = removed_with(manifest.get("apiVersion"), manifest.get("kind"))
            if release and not (read_policies(annotations_of(manifest)).ignored or is_disabled(manifest)):
                message = (
                    f"Kubernetes {release} and later do not know its API: fluxd passed over such an object, "
                    "and kustomize-controller applies nothing of a path with it"
                )
                notice = Notice("RP087", message, (*at, "apiVersion"), message)
                findings.add(document, resource_of(manifest), notice)


def _is_suspect(text: str) -> bool:
    return any(map(text.__contains__, _VERSIONS)) and _REMOVED.search(text) is not None
