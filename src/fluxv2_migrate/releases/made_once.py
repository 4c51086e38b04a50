"""Releases after a plan, each made once for all that differ from it in their values alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluxv2_migrate.flux1.marks import is_of_fluxd
from fluxv2_migrate.kubernetes import annotations_of, with_annotations
from fluxv2_migrate.plan import (
    Move,
    Operation,
    Plan,
    apply_to_mapping,
)


class MadeOnce:
    """Releases after a plan; what is made of one serves all that differ from it in their values alone.

    Most patches change nothing else, and builds share what no patch changes.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], tuple[Plan, dict[str, Any]]] = {}

    def after(self, plan: Plan, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Gives a release after a plan, without annotations of fluxd.

        Args:
            manifest: as a build gives it, which is held elsewhere.
        """
        spec = manifest.get("spec")
        if not isinstance(spec, dict) or "values" not in spec or any(map(_concerns_values, plan)):
            return _without_marks(apply_to_mapping(plan, manifest))
        of_object = ((key, item is spec or id(item)) for key, item in manifest.items())
        of_spec = ((key, key == "values" or id(item)) for key, item in spec.items())
        rest = (*of_object, None, *of_spec)
        known = self._known.get(rest)
        if known is None or known[0] != plan:
            known = self._known[rest] = (plan, _without_marks(apply_to_mapping(plan, manifest)))
        _, after = known
        return {**after, "spec": {**after["spec"], "values": spec["values"]}}


def _concerns_values(operation: Operation) -> bool:
    """Gives whether an operation reads, writes or moves values, or all that they stand in."""
    paths = (operation.source, operation.target) if isinstance(operation, Move) else (operation.path,)
    return any(path[:2] in (("spec",), ("spec", "values")) for path in paths)


def _without_marks(manifest: dict[str, Any]) -> dict[str, Any]:
    """Gives a release without the annotations of fluxd, which tell Flux v2 nothing."""
    annotations = annotations_of(manifest).items()
    return with_annotations(manifest, {key: value for key, value in annotations if not is_of_fluxd(key)})
