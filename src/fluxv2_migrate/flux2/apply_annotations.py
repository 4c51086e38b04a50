"""The annotations by which an object tells kustomize-controller what to do with it.

Source: fluxcd/pkg `ssa/manager_apply.go`, `ssa/manager_delete.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fluxv2_migrate.kubernetes import annotations_of

RECONCILE: Final = "kustomize.toolkit.fluxcd.io/reconcile"
"""With `disabled` an object is never applied."""
SSA: Final = "kustomize.toolkit.fluxcd.io/ssa"
"""With `Ignore` an object is never applied, since Flux 2.1; with `IfNotPresent` only once."""
PRUNE: Final = "kustomize.toolkit.fluxcd.io/prune"
"""With `disabled` an object that leaves Git is not deleted."""


def is_disabled(manifest: Mapping[str, Any]) -> bool:
    """Gives whether kustomize-controller never applies an object because its annotation says so.

    >>> is_disabled({"metadata": {"annotations": {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}}})
    True
    >>> is_disabled({"metadata": {"annotations": {"kustomize.toolkit.fluxcd.io/ssa": "Ignore"}}})
    True
    """
    given = annotations_of(manifest)
    return str(given.get(RECONCILE)).lower() == "disabled" or str(given.get(SSA)).lower() == "ignore"


def is_applied_once(manifest: Mapping[str, Any]) -> bool:
    """Gives whether kustomize-controller only makes an object that is not there, as its annotation says.

    >>> is_applied_once({"metadata": {"annotations": {"kustomize.toolkit.fluxcd.io/ssa": "IfNotPresent"}}})
    True
    """
    return str(annotations_of(manifest).get(SSA)).lower() == "ifnotpresent"


def is_kept(manifest: Mapping[str, Any]) -> bool:
    """Gives whether kustomize-controller never deletes an object because its annotation says so.

    >>> is_kept({"metadata": {"annotations": {"kustomize.toolkit.fluxcd.io/prune": "disabled"}}})
    True
    """
    return annotations_of(manifest).get(PRUNE) == "disabled"
