"""What the first reconciliation of each release will do, and what to look at before it does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from fluxv2_migrate.cutover.expected_release import ExpectedRelease
from fluxv2_migrate.cutover.first_hour_picture import picture_of
from fluxv2_migrate.flux2.releases import FLUX_VERSIONS
from fluxv2_migrate.pages import badge, code, element, fragment, joined, picture, prose, table
from fluxv2_migrate.quoting import as_cell, as_code, as_markdown_text
from fluxv2_migrate.quoting.records import as_data
from fluxv2_migrate.settings.inventory import HelmRecord, Inventory

__all__ = [
    "Action",
    "FirstHour",
    "FirstReconciliation",
    "Risk",
    "foresee_first_hour",
    "foresee_release",
    "unclaimed_records",
]

Action = Literal["upgrade", "install", "fail", "stuck", "nothing"]
"""`upgrade`: the running release gets its next revision. `install`: no record is found, and one is made.
`fail`: each try fails until somebody acts on the record. `stuck`: Helm holds the record locked, and this
Flux release does not unlock it. `nothing`: the release is suspended, or not applied."""
Risk = Literal["high", "medium", "low"]

_RISKS: Final[Sequence[Risk]] = ("high", "medium", "low")
_BADGES: Final[Mapping[Risk, str]] = {"high": "error", "medium": "warning", "low": "good"}
_UNLOCKS_SINCE: Final = FLUX_VERSIONS.index("2.2")
_TAKES_OVER_SINCE: Final = FLUX_VERSIONS.index("2.4")
_PENDING: Final = frozenset({"pending-install", "pending-upgrade", "pending-rollback"})
_UPGRADED: Final = frozenset({"deployed", "failed", "superseded"})


@dataclass(frozen=True, slots=True)
class FirstReconciliation:
    """What helm-controller does with one release of one cluster when it first sees it.

    Attributes:
        cluster: its name, or empty.
        resource: `HelmRelease namespace/name`.
        release_name: that Helm is asked for.
        storage_namespace: in which Helm is asked.
        action: what is done.
        revision: that the release has afterwards; `None` where no inventory tells it.
        risk: how much may go wrong.
        why: what decides.
        look_at: commands that show it.
    """

    cluster: str
    resource: str
    release_name: str
    storage_namespace: str
    action: Action
    revision: int | None
    risk: Risk
    why: str
    look_at: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FirstHour:
    """What the first reconciliations do, the riskiest first.

    Attributes:
        releases: one for each release of each cluster.
        without_inventory: the clusters of which nobody said what runs.
    """

    releases: tuple[FirstReconciliation, ...]
    without_inventory: tuple[str, ...] = ()

    def to_markdown(self) -> str:
        """Gives it as a table.

        >>> print(FirstHour(()).to_markdown(), end="")
        # The first hour
        <BLANKLINE>
        No release is migrated.
        """
        lines = ["# The first hour", ""]
        if self.without_inventory:
            named = as_markdown_text(", ".join(name for name in self.without_inventory if name))
            where = f" in {named}" if named else ""
            lines.append(
                f"No inventory says what runs{where}: that a release is found under its name is what the "
                "repository says, and nothing has checked it.\n"
            )
        if not self.releases:
            return "\n".join([*lines, "No release is migrated."]) + "\n"
        lines += ["| risk | release | cluster | Helm release | what is done | why | look at |"]
        lines += ["|---|---|---|---|---|---|---|"]
        for each in self.releases:
            done = each.action if each.revision is None else f"{each.action}, revision {each.revision}"
            texts = (
                each.risk,
                each.resource.partition(" ")[2],
                each.cluster,
                f"{each.storage_namespace}/{each.release_name}",
                done,
                each.why,
            )
            cells = [*map(as_markdown_text, texts), "<br>".join(map(as_code, each.look_at))]
            lines.append(f"| {' | '.join(map(as_cell, cells))} |")
        return "\n".join(lines) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """Gives it in JSON's types, as `schemas["first_hour"]` describes it.

        >>> FirstHour(()).to_dict()
        {'releases': [], 'without_inventory': []}
        """
        return as_data(self)

    def to_json(self) -> str:
        """Gives the same as a text of JSON."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False) + "\n"

    def to_svg(self) -> str:
        """Gives a picture of clusters and releases by what happens: one square for each release."""
        return picture_of(
            [(each.cluster, each.resource, each.action, each.risk, each.why) for each in self.releases]
        )

    def _repr_markdown_(self) -> str:
        return self.to_markdown()

    def _repr_html_(self) -> str:
        if not self.releases:
            return fragment("The first hour", element("p", "No release is migrated."))
        rows = [
            (
                each.resource.partition(" ")[2],
                badge(f"{each.risk} risk", _BADGES[each.risk]),
                each.cluster,
                f"{each.storage_namespace}/{each.release_name}",
                each.action if each.revision is None else f"{each.action}, revision {each.revision}",
                prose(each.why),
                joined(code(command) for command in each.look_at),
            )
            for each in self.releases
        ]
        head = ("release", "risk", "cluster", "Helm release", "what is done", "why", "look at")
        shown = table("First reconciliations, the riskiest first", head, rows)
        return fragment("The first hour", picture("The first hour", self.to_svg()), shown)


def foresee_first_hour(
    expected: Sequence[ExpectedRelease], inventories: Mapping[str, Inventory]
) -> FirstHour:
    """Gives what the first reconciliation of each release does.

    Args:
        expected: the releases of Flux v2 as their clusters will have them.
        inventories: by cluster, what runs there.
    """
    told = [
        foresee_release(each, inventories.get(each.cluster), _of_cluster(expected, each.cluster))
        for each in expected
    ]
    told.sort(key=lambda each: (_RISKS.index(each.risk), each.cluster, each.resource))
    known = {name for name, inventory in inventories.items() if inventory.records is not None}
    return FirstHour(tuple(told), tuple(sorted({each.cluster for each in expected} - known)))


def _of_cluster(expected: Sequence[ExpectedRelease], cluster: str) -> list[ExpectedRelease]:
    return [each for each in expected if each.cluster == cluster]


def foresee_release(
    release: ExpectedRelease, inventory: Inventory | None, beside: Sequence[ExpectedRelease] = ()
) -> FirstReconciliation:
    """Gives what the first reconciliation of one release does.

    Args:
        release: as its cluster will have it.
        inventory: what runs there; nothing is checked without its records.
        beside: all releases of the cluster, whose records are theirs.

    Source: helm-controller 1.6.3 `internal/reconcile/state.go` `DetermineReleaseState` and
    `atomic_release.go`: without a history of its own the controller upgrades a record that is there, unlocks
    it first where it is pending (since 0.37, Flux 2.2), and installs where there is none, or where it says
    `uninstalled`; Helm then refuses a name with records.
    """
    action, risk, why = _decide(release, inventory, beside)
    record = _record(release, inventory)
    revision = None
    if action == "upgrade" and record is not None and record.revision is not None:
        revision = record.revision + 1
    elif action == "install" and inventory is not None and inventory.records is not None:
        revision = 1
    return FirstReconciliation(
        cluster=release.cluster,
        resource=release.resource,
        release_name=release.release_name,
        storage_namespace=release.storage_namespace,
        action=action,
        revision=revision,
        risk=risk,
        why=why,
        look_at=() if action == "nothing" else (release.history,),
    )


def _record(release: ExpectedRelease, inventory: Inventory | None) -> HelmRecord | None:
    return None if inventory is None else inventory.record(release.release_name, release.storage_namespace)


def _decide(
    release: ExpectedRelease, inventory: Inventory | None, beside: Sequence[ExpectedRelease]
) -> tuple[Action, Risk, str]:
    if release.suspended:
        return "nothing", "low", "it is suspended: nothing happens until it is resumed"
    if release.ignored:
        return "nothing", "low", "kustomize-controller does not apply it, as fluxd did not"
    if inventory is None or inventory.records is None:
        return "upgrade", "medium", "no inventory says whether the release is there under this name"
    record = _record(release, inventory)
    if record is None:
        return "install", "high", _why_install(release, inventory, beside)
    if record.status == "uninstalled":
        return (
            "fail",
            "high",
            ("the last record is `uninstalled`: Helm refuses to install under a name that has records"),
        )
    if record.status in _PENDING:
        if FLUX_VERSIONS.index(release.flux_version) < _UNLOCKS_SINCE:
            return "stuck", "high", f"the last record is `{record.status}`: roll back with Helm first"
        return "upgrade", "medium", f"the last record is `{record.status}`: it is unlocked first"
    if record.status not in _UPGRADED:
        return (
            "fail",
            "high",
            (
                f"the last record is `{record.status or 'unknown'}`: each upgrade fails with "
                "`has no deployed releases`"
            ),
        )
    return ("upgrade", *_change(release, record))


def _why_install(release: ExpectedRelease, inventory: Inventory, beside: Sequence[ExpectedRelease]) -> str:
    others = list(unclaimed_records(release, inventory, beside))
    if not others:
        return "Helm has no record of it: it is installed anew"
    shown = ", ".join(f"{each.namespace}/{each.name}" for each in others)
    why = f"Helm has no record of it, but runs {shown} of the same chart: a second copy"
    if any(each.name == release.release_name for each in others) and (
        FLUX_VERSIONS.index(release.flux_version) >= _TAKES_OVER_SINCE
    ):
        why = f"Helm has its record elsewhere, as {shown}: an installation takes over what runs"
    if release.uninstalls_failed_installs:
        why += ", and an installation that fails is uninstalled with it"
    return why


def unclaimed_records(
    release: ExpectedRelease, inventory: Inventory, beside: Sequence[ExpectedRelease]
) -> Iterator[HelmRecord]:
    """Gives the records of the release's chart that no release of the cluster stands for."""
    claimed = {(each.release_name, each.storage_namespace) for each in beside}
    for record in inventory.records or ():
        if (record.name, record.namespace) not in claimed and (
            record.name == release.release_name or record.chart_version(release.chart) is not None
        ):
            yield record


def _change(release: ExpectedRelease, record: HelmRecord) -> tuple[Risk, str]:
    found = f"the record is found, `{record.status}`"
    if release.follows_commits:
        return "medium", f"{found}; the chart's version gains the commit, which labels may carry"
    version = record.chart_version(release.chart)
    if version is not None and release.version and version != release.version:
        return "medium", f"{found}; the chart goes from {version} to {release.version}"
    if record.status != "deployed":
        return "medium", f"{found}: the helm-operator refused to go on with it, Flux v2 does"
    return "low", found
