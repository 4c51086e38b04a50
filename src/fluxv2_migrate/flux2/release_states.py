"""What helm-controller does with the last record that Helm has of a release, when it first sees it."""

from __future__ import annotations

from typing import Final, Literal

from fluxv2_migrate.flux2.releases import FluxVersion, is_at_least

FirstAction = Literal["upgrade", "unlock", "locked", "refused", "no-upgrade"]
"""`upgrade`: the release gets its next revision. `unlock`: it does so after the record was unlocked.
`locked`: Helm holds the record, and this Flux release does not unlock it. `refused`: Helm installs nothing
under a name with records. `no-upgrade`: Helm finds nothing to upgrade."""

_UNLOCKS_SINCE: Final = "2.2"
_PENDING: Final = frozenset({"pending-install", "pending-upgrade", "pending-rollback"})
_UPGRADED: Final = frozenset({"deployed", "failed", "superseded"})


def first_action(status: str, flux_version: FluxVersion) -> FirstAction:
    """Gives what the controller does with a release without a history of its own.

    Args:
        status: of the last record, as Helm names it.

    Source: helm-controller 1.6.3 `internal/reconcile/state.go` `DetermineReleaseState` and
    `atomic_release.go`; records are unlocked since 0.37 (Flux 2.2).

    >>> first_action("pending-upgrade", "2.9"), first_action("pending-upgrade", "2.1")
    ('unlock', 'locked')
    >>> first_action("uninstalled", "2.9"), first_action("uninstalling", "2.9")
    ('refused', 'no-upgrade')
    """
    if status in _UPGRADED:
        return "upgrade"
    if status in _PENDING:
        return "unlock" if is_at_least(flux_version, _UNLOCKS_SINCE) else "locked"
    return "refused" if status == "uninstalled" else "no-upgrade"
