"""Which objects of a cluster are Flux v1 itself: they may go, and nothing is missing then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fluxv2_migrate.clusters.fluxd_objects import FluxdObject
from fluxv2_migrate.flux1.apis import RELEASE_APIS, is_release_definition
from fluxv2_migrate.flux1.containers import POD_SPECS
from fluxv2_migrate.flux1.installation import Flux1Program

_HOLDERS_OF_VALUES: Final = ("ConfigMap", "Secret")
# Words of the names that the manifests and charts of Flux v1 give: `flux-git-deploy`, `prod-flux-memcached`.
_WORDS: Final = frozenset({"flux", "fluxd", "memcached"})
_NAMELESS_KINDS: Final = ("CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding")


def is_of_flux1(each: FluxdObject, programs: Sequence[Flux1Program]) -> bool:
    """Gives whether an object is fluxd, the operator, or what only they need: that may go."""
    if each.kind == "CustomResourceDefinition":
        return is_release_definition(each.kind, each.name)
    if (each.path, each.document) in {program.key for program in programs}:
        return True
    values = {value.path for program in programs for value in program.values.values()}
    if each.kind in _HOLDERS_OF_VALUES and each.path in values:
        return True
    namespaces = {program.namespace for program in programs}
    if each.kind == "Namespace":
        return each.name in namespaces
    words = each.name.split("-")
    if each.kind in POD_SPECS or each.kind in RELEASE_APIS.values():
        # What else runs in their namespace is somebody's.
        return each.namespace in namespaces and "memcached" in words
    is_named = not _WORDS.isdisjoint(words) or "helm-operator" in each.name
    return is_named and (each.namespace in namespaces or (bool(programs) and each.kind in _NAMELESS_KINDS))
