"""The annotations, or labels, by which an object tells kustomize-controller what to do with it.

Source: fluxcd/pkg `ssa/manager_apply.go`, `ssa/manager_delete.go`, `ssa/utils/meta.go` `AnyInMetadata`,
which looks at both and takes a value in any case.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fluxv2_migrate.kubernetes import as_object, mapping_at

RECONCILE: Final = "kustomize.toolkit.fluxcd.io/reconcile"
"""With `disabled` an object is never applied."""
SSA: Final = "kustomize.toolkit.fluxcd.io/ssa"
"""With `Ignore` an object is never applied, since Flux 2.1; with `IfNotPresent` only once."""
PRUNE: Final = "kustomize.toolkit.fluxcd.io/prune"
"""With `disabled` an object that leaves Git is not deleted."""
_FIELDS: Final = ("annotations", "labels")
_NEVER: Final = ((RECONCILE, "disabled"), (SSA, "ignore"))
_ONCE: Final = (SSA, "ifnotpresent")


def is_disabled(manifest: Mapping[str, Any]) -> bool:
    """Gives whether kustomize-controller never applies an object because its annotation says so.

    >>> is_disabled({"metadata": {"annotations": {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}}})
    True
    >>> is_disabled({"metadata": {"labels": {"kustomize.toolkit.fluxcd.io/ssa": "Ignore"}}})
    True
    """
    return any(_field_with(manifest, key, value) for key, value in _NEVER)


def is_applied_once(manifest: Mapping[str, Any]) -> bool:
    """Gives whether kustomize-controller only makes an object that is not there, as its annotation says.

    >>> is_applied_once({"metadata": {"annotations": {"kustomize.toolkit.fluxcd.io/ssa": "IfNotPresent"}}})
    True
    """
    return bool(_field_with(manifest, *_ONCE))


def is_kept(manifest: Mapping[str, Any]) -> bool:
    """Gives whether kustomize-controller never deletes an object because its annotation says so.

    >>> is_kept({"metadata": {"annotations": {"kustomize.toolkit.fluxcd.io/prune": "disabled"}}})
    True
    """
    return bool(_field_with(manifest, PRUNE, "disabled"))


def holding_mark(manifest: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """Gives what keeps kustomize-controller from applying an object: a field of its metadata, key and value.

    >>> holding_mark({"metadata": {"labels": {"kustomize.toolkit.fluxcd.io/ssa": "Ignore"}}})
    ('labels', 'kustomize.toolkit.fluxcd.io/ssa', 'Ignore')
    """
    for key, value in (*_NEVER, _ONCE):
        if field := _field_with(manifest, key, value):
            return field, key, mapping_at(manifest, "metadata", field)[key]
    return None


def _field_with(manifest: Mapping[str, Any], key: str, value: str) -> str:
    metadata = mapping_at(manifest, "metadata")
    has_it = (each for each in _FIELDS if str(as_object(metadata.get(each)).get(key)).lower() == value)
    return next(has_it, "")
