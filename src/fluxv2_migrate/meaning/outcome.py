"""What becomes of a running release when the new Flux takes it up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from fluxv2_migrate.meaning.release import ReleaseMeaning

Outcome = Literal["adopted", "renamed", "reinstalled", "taken-over"]
"""What becomes of a running release, in a word; `OUTCOMES` says what each of them does."""

OUTCOMES: Final[Mapping[Outcome, str]] = {
    "adopted": "the record of the running release is found, and the release is upgraded",
    "renamed": (
        "no record is found under the other name: a chart that names its objects after the release is "
        "installed a second time beside what runs; one with fixed names fails to install, or takes the "
        "running objects over where it may"
    ),
    "reinstalled": (
        "the objects are made a second time in the other namespace, and those that run go on without a "
        "record that leads to them; without a record of Helm 3 the install fails on them"
    ),
    "taken-over": (
        "an install takes the running objects over: two records stand for them, and a failed install that is "
        "uninstalled deletes them"
    ),
}
"""What each outcome does in the cluster."""


def outcome_in_the_cluster(before: ReleaseMeaning, after: ReleaseMeaning) -> Outcome:
    """Gives what becomes of a running release.

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
