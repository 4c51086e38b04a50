"""What becomes of a running release when the new Flux takes it up."""

from __future__ import annotations

from typing import Literal

from fluxv2_migrate.meaning.release import ReleaseMeaning

__all__ = ["Outcome", "outcome_in_the_cluster"]

Outcome = Literal["adopted", "renamed", "reinstalled", "taken-over"]
"""`adopted`: the record is found and upgraded. `renamed`: another release is installed beside the running
one, under another name. `reinstalled`: the objects are made again, in another namespace, or the
installation fails on those that are there. `taken-over`: an installation takes the running objects, and the
old record stays behind."""


def outcome_in_the_cluster(before: ReleaseMeaning, after: ReleaseMeaning) -> Outcome:
    """Gives what becomes of a running release.

    Args:
        before: under the helm-operator.
        after: under helm-controller.

    Returns:
        The outcome once the release is not suspended; a namespace that is not known is taken for the right
        one.

    Source: helm-controller 1.6.3 `internal/reconcile/state.go`, `atomic_release.go`: the record of that
    name in the storage namespace decides between an upgrade and an installation, which Helm lets have
    objects that carry the same release name and namespace.
    """
    if before.release_name != after.release_name:
        return "renamed"
    if _differ(before.target_namespace, after.target_namespace):
        return "reinstalled"
    if before.helm_version != after.helm_version:
        # Helm 3 finds no record, and the objects do not say whose they are.
        return "taken-over" if after.install.take_ownership else "reinstalled"
    return "taken-over" if _differ(before.storage_namespace, after.storage_namespace) else "adopted"


def _differ(before: str | None, after: str | None) -> bool:
    return before is not None and after is not None and before != after
