"""Objects that name the APIs of Flux v1 to say what others may do, or what is looked at."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from fluxv2_migrate.clusters import DocumentKey
from fluxv2_migrate.cutover.flux1_manifests import Flux1Document
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.flux1.apis import RELEASE_GROUPS
from fluxv2_migrate.kubernetes import objects_in, resource_of
from fluxv2_migrate.quoting import few
from fluxv2_migrate.surroundings.known import Surroundings, is_path_in_scope

_HELM_CONTROLLER: Final = "helm.toolkit.fluxcd.io"
_SHOWN: Final = 5
_FIELD: Final = "apiGroups"


def tell_of_rights(
    going: Collection[DocumentKey],
    manifests: Sequence[Flux1Document],
    around: Surroundings,
    findings: FindingGroups,
) -> None:
    """Says which roles, webhooks and policies name the groups of Flux v1 and not that of releases of Flux v2.

    Args:
        going: the documents of releases of Flux v1 whose objects leave Git.

    Source: Kubernetes `rbac.authorization.k8s.io/v1` `PolicyRule`; `admissionregistration.k8s.io/v1` `Rule`.
    """
    if not going:
        return
    own = {each.document.key for each in manifests}
    places: list[tuple[str, int]] = []
    names: list[str] = []
    for path, documents in sorted(around.repository.documents.items()):
        if not is_path_in_scope(path, around) or around.repository.chart_around(path) is not None:
            continue
        for document in documents:
            # Only what is escaped may be named and not stand there.
            if _FIELD not in document.text and "\\" not in document.text:
                continue
            for at, manifest in objects_in(document.manifest):
                field = None if document.key in own else _names_flux_1(manifest)
                if field is not None:
                    places.append((path, document.position((*at, *field))[0]))
                    names.append(resource_of(manifest))
    if places:
        message = (
            f"releases are of the group {_HELM_CONTROLLER} from now on, and these name that of Flux v1 only: "
            f"{few(dict.fromkeys(names), _SHOWN)}"
        )
        findings.say_at("RP043", message, [f"{path}:{line}" for path, line in places])


def _names_flux_1(manifest: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Gives the first field of an object that names a group of Flux v1, unless one names that of Flux v2."""
    named = dict(_groups(manifest, ()))
    if {_HELM_CONTROLLER, "*"} & named.keys():
        return None
    return next((named[group] for group in RELEASE_GROUPS if group in named), None)


def _groups(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Gives each group that a field `apiGroups` lists, with where it is listed."""
    entries = value.items() if isinstance(value, Mapping) else enumerate(value)
    for key, item in entries:
        at = (*path, str(key))
        if key == _FIELD and isinstance(item, list):
            yield from ((str(group), (*at, str(index))) for index, group in reversed([*enumerate(item)]))
        # Most of what a manifest holds are texts.
        elif item.__class__ is not str and isinstance(item, (dict, list, Mapping)):
            yield from _groups(item, at)
