"""What the first reconciliation of each release will do, and what to look at before it does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from fluxv2_migrate.cutover.expected_release import ExpectedRelease
from fluxv2_migrate.cutover.first_hour_picture import picture_of
from fluxv2_migrate.findings.finding import Finding
from fluxv2_migrate.flux2.releases import first_action, is_at_least
from fluxv2_migrate.pages import badge, code, element, fragment, joined, picture, prose, table
from fluxv2_migrate.quoting import as_cell, as_code, as_markdown_text
from fluxv2_migrate.quoting.records import as_data, json_text
from fluxv2_migrate.settings.inventory import HelmRecord, Inventory

Action = Literal["upgrade", "install", "fail", "stuck", "nothing"]
"""`upgrade`: the running release gets its next revision. `install`: no record is found, and one is made.
`fail`: each try fails until somebody acts on the record. `stuck`: Helm holds the record locked, and this
Flux release does not unlock it. `nothing`: the release is suspended, not applied, or not migrated as its
cluster contradicts the repository."""
Risk = Literal["high", "medium", "low"]

_RISKS: Final[Sequence[Risk]] = ("high", "medium", "low")
_BADGES: Final[Mapping[Risk, str]] = {"high": "error", "medium": "warning", "low": "good"}
_CONTRADICTIONS: Final = ("IN001", "IN002", "IN003")
_TAKES_OVER_SINCE: Final = "2.4"


@dataclass(frozen=True, slots=True)
class FirstReconciliation:
    """What helm-controller does with one release of one cluster when it first sees it.

    Attributes:
        cluster: its name, or empty.
        resource: `HelmRelease namespace/name`.
        release_name: that Helm is asked for; empty where the release stays one of Flux v1.
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

    @property
    def done(self) -> str:
        """What is done, with the revision that comes of it."""
        return self.action if self.revision is None else f"{self.action}, revision {self.revision}"

    @property
    def helm_release(self) -> str:
        """Storage namespace and release name; empty where Helm is not asked."""
        return f"{self.storage_namespace}/{self.release_name}" if self.release_name else ""


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
            name = each.resource.partition(" ")[2]
            texts = (each.risk, name, each.cluster, each.helm_release, each.done, each.why)
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
        """Gives the same as `to_dict` as a text of JSON.

        >>> import json
        >>> json.loads(FirstHour(()).to_json())["releases"]
        []
        """
        return json_text(self.to_dict())

    def to_svg(self) -> str:
        """Gives a picture of clusters and releases by what happens: one square for each release.

        >>> FirstHour(()).to_svg()[:4]
        '<svg'
        """
        return picture_of(
            [(each.cluster, each.resource, each.action, each.risk, each.why) for each in self.releases]
        )

    _repr_markdown_ = to_markdown

    def _repr_html_(self) -> str:
        if not self.releases:
            return fragment("The first hour", element("p", "No release is migrated."))
        rows = [
            (
                each.resource.partition(" ")[2],
                badge(f"{each.risk} risk", _BADGES[each.risk]),
                each.cluster,
                each.helm_release,
                each.done,
                element("span", prose(each.why), class_="message"),
                joined(code(command) for command in each.look_at),
            )
            for each in self.releases
        ]
        head = ("release", "risk", "cluster", "Helm release", "what is done", "why", "look at")
        shown = table("First reconciliations, the riskiest first", head, rows)
        return fragment("The first hour", picture("The first hour", self.to_svg()), shown)


def foresee_first_hour(
    expected: Sequence[ExpectedRelease],
    inventories: Mapping[str, Inventory],
    findings: Iterable[Finding] = (),
) -> FirstHour:
    """Gives what the first reconciliation of each release does.

    Args:
        expected: the releases of Flux v2 as their clusters will have them.
        findings: what a person must know: a release that its cluster contradicts is not migrated.
    """
    told = [each for finding in findings for each in _held_back(finding, inventories)]
    beside: dict[str, list[ExpectedRelease]] = {}
    for each in expected:
        beside.setdefault(each.cluster, []).append(each)
    told += [foresee_release(each, inventories.get(each.cluster), beside[each.cluster]) for each in expected]
    told.sort(key=lambda each: (_RISKS.index(each.risk), each.cluster, each.resource))
    known = {
        name
        for name, inventory in inventories.items()
        if inventory.records is not None or inventory.flux1_releases is not None
    }
    return FirstHour(tuple(told), tuple(sorted({each.cluster for each in expected} - known)))


def _held_back(finding: Finding, inventories: Mapping[str, Inventory]) -> Iterator[FirstReconciliation]:
    if finding.code not in _CONTRADICTIONS:
        return
    for cluster in inventories:
        if finding.cluster in ("", cluster):
            yield FirstReconciliation(
                cluster=cluster,
                resource=finding.resource,
                release_name="",
                storage_namespace="",
                action="nothing",
                revision=None,
                risk="high",
                why=f"it stays a release of Flux v1: {finding.message}",
                look_at=("helm list -A -a -m 0",),
            )


def foresee_release(
    release: ExpectedRelease, inventory: Inventory | None, beside: Sequence[ExpectedRelease] = ()
) -> FirstReconciliation:
    """Gives what the first reconciliation of one release does.

    Args:
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
        return "upgrade", "medium", _why_unknown(release, inventory)
    record = _record(release, inventory)
    if record is None:
        return "install", "high", _why_install(release, inventory, beside)
    shown = f"the last record is `{record.status or 'unknown'}`"
    action = first_action(record.status, release.flux_version)
    if action == "refused":
        return "fail", "high", f"{shown}: Helm refuses to install under a name that has records"
    if action == "no-upgrade":
        return "fail", "high", f"{shown}: each upgrade fails with `has no deployed releases`"
    if action == "locked":
        return "stuck", "high", f"{shown}: roll back with Helm first"
    if action == "unlock":
        return "upgrade", "medium", f"{shown}: it is unlocked first"
    return ("upgrade", *_change(release, record))


def _why_unknown(release: ExpectedRelease, inventory: Inventory | None) -> str:
    live = None if inventory is None else inventory.flux1_release(*release.identity)
    if live is not None and live.release_name == release.release_name:
        return "the cluster's own HelmRelease has this name; what state it is in only Helm's records say"
    return "no inventory says whether the release is there under this name"


def _why_install(release: ExpectedRelease, inventory: Inventory, beside: Sequence[ExpectedRelease]) -> str:
    others = list(_unclaimed_records(release, inventory, beside))
    if not others:
        return "Helm has no record of it: it is installed anew"
    shown = ", ".join(f"{each.namespace}/{each.name}" for each in others)
    why = f"Helm has no record of it, but runs {shown} of the same chart: a second copy"
    # What is installed has the same objects only under the same name in the same namespace.
    is_same = any(
        (each.name, each.namespace) == (release.release_name, release.target_namespace) for each in others
    )
    if is_same and is_at_least(release.flux_version, _TAKES_OVER_SINCE):
        why = f"Helm has its record elsewhere, as {shown}: an installation takes over what runs"
    if release.uninstalls_failed_installs:
        why += ", and an installation that fails is uninstalled with it"
    return why


def _unclaimed_records(
    release: ExpectedRelease, inventory: Inventory, beside: Sequence[ExpectedRelease]
) -> Iterator[HelmRecord]:
    """Gives the records of the release's chart that no release of the cluster stands for."""
    claimed = {(each.release_name, each.storage_namespace) for each in beside}
    for record in inventory.running():
        # The labels of a Secret name no chart, and a folder of charts may have another name than its chart.
        is_named_so = record.name == release.release_name and (not record.chart or release.follows_commits)
        is_alike = is_named_so or record.chart_version(release.chart) is not None
        if is_alike and (record.name, record.namespace) not in claimed:
            yield record


def _change(release: ExpectedRelease, record: HelmRecord) -> tuple[Risk, str]:
    found = f"the record is found, `{record.status}`"
    if record.status != "deployed":
        found += ": the helm-operator refused to go on with it, Flux v2 does"
    if release.follows_commits:
        return "medium", f"{found}; the chart's version gains the commit, which labels may carry"
    running = record.chart_version(release.chart)
    if running is None and record.chart and release.version:
        return "high", f"{found}; it runs {record.chart}, and the chart becomes {release.chart}"
    if running is not None and release.version and not record.is_within(release.chart, release.version):
        return "medium", f"{found}; the chart goes from {running} to {release.version}"
    return "low" if record.status == "deployed" else "medium", found
