"""The APIs of releases of Flux v1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RELEASE_APIS: Final[Mapping[str, str]] = {
    "helm.fluxcd.io/v1": "HelmRelease",
    "flux.weave.works/v1beta1": "HelmRelease",
    "helm.integrations.flux.weave.works/v1alpha2": "FluxHelmRelease",
}
"""The kind of releases in each API version, the last one first."""
LAST_RELEASE_API: Final = next(iter(RELEASE_APIS))
"""The only one that helm-operators since 1.0 and fluxd since 1.19 know."""
RELEASE_KINDS: Final = tuple(dict.fromkeys(RELEASE_APIS.values()))
"""What releases were called."""
VALUES_SELECTORS: Final[Mapping[str, str]] = {"configMapKeyRef": "ConfigMap", "secretKeyRef": "Secret"}
"""The kind of object that each of these fields of `valuesFrom` names."""
RELEASE_GROUPS: Final = tuple(version.partition("/")[0] for version in RELEASE_APIS)
"""The group of each."""
RELEASE_DEFINITIONS: Final = tuple(
    f"{kind.lower()}s.{group}" for kind, group in zip(RELEASE_APIS.values(), RELEASE_GROUPS, strict=True)
)
"""The name of each API's CustomResourceDefinition."""


def is_release_definition(kind: object, name: str) -> bool:
    """Gives whether an object defines an API of releases of Flux v1; its name ends with the group.

    >>> is_release_definition("CustomResourceDefinition", "helmreleases.helm.fluxcd.io")
    True
    """
    return kind == "CustomResourceDefinition" and name.partition(".")[2] in RELEASE_GROUPS
