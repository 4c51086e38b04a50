"""Inventories made of a migration: one that agrees with it, and some that contradict it in one thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import fluxv2_migrate as fm
from fluxv2_migrate import LiveFlux1Release
from fluxv2_migrate.cutover.expected_release import ExpectedRelease

__all__ = [
    "CONTRADICTIONS",
    "REVISION",
    "Contradicted",
    "Running",
    "agreeing",
    "contradicted",
    "inventory_of",
    "options_with",
    "told_of",
]

REVISION = 3


@dataclass(frozen=True)
class Running:
    """What one cluster runs of one release."""

    release: ExpectedRelease
    record: fm.HelmRecord | None
    live: LiveFlux1Release
    helm2_name: str = ""
    namespaces: frozenset[str] = field(default_factory=frozenset)

    @property
    def key(self) -> tuple[str, str]:
        return self.release.cluster, self.release.resource


@dataclass(frozen=True)
class Contradicted:
    """A contradiction: what must be told of it, and the texts that must be named."""

    running: Running
    code: str
    named: tuple[str, ...]


def agreeing(migration: fm.Migration) -> list[Running]:
    """Gives what the clusters of a migration run if all is as it says."""
    found = []
    for each in migration.expected:
        namespace, _, name = each.resource.partition(" ")[2].partition("/")
        chart = each.chart.rstrip("/").rpartition("/")[2]
        exact = each.version[:1].isdecimal() and each.version.count(".") == 2 and each.version[-1].isdecimal()
        shown = f"{chart}-{each.version}" if exact else ""
        record = fm.HelmRecord(
            name=each.release_name,
            namespace=each.storage_namespace,
            revision=REVISION,
            status="deployed",
            chart=shown,
        )
        live = LiveFlux1Release(
            api_version="helm.fluxcd.io/v1",
            namespace=namespace,
            name=name,
            release_name=each.release_name,
            target_namespace=each.storage_namespace,
        )
        found.append(Running(each, record, live, namespaces=frozenset({namespace, each.target_namespace})))
    return found


def _record(running: Running, **fields: object) -> Running:
    assert running.record is not None
    return replace(running, record=running.record.model_copy(update=fields))


def _other_name(running: Running) -> str:
    namespace, name = running.live.namespace, running.live.name
    names = (name, f"{namespace}-{name}")
    return next(each for each in names if each != running.release.release_name)


def _renamed(running: Running) -> Contradicted | None:
    other = _other_name(running)
    live = running.live.model_copy(update={"release_name": ""})
    changed = replace(_record(running, name=other), live=live)
    return Contradicted(changed, "IN001", (other, running.release.release_name))


def _moved(running: Running) -> Contradicted:
    here = running.release.storage_namespace
    live = running.live.model_copy(update={"target_namespace": None})
    return Contradicted(
        replace(_record(running, namespace="elsewhere"), live=live), "IN002", ("elsewhere", here)
    )


def _renamed_folder(running: Running) -> Contradicted | None:
    """Gives a release of a folder whose chart is called otherwise: nobody can tell that it is another one."""
    if running.release.version:
        return None
    other = _other_name(running)
    live = running.live.model_copy(update={"release_name": ""})
    changed = replace(_record(running, name=other, chart="called-otherwise-1.0.0"), live=live)
    return Contradicted(changed, "IN001", (other, running.release.release_name))


def _moved_folder(running: Running) -> Contradicted | None:
    if running.release.version:
        return None
    moved = _moved(running)
    return replace(moved, running=_record(moved.running, chart="called-otherwise-1.0.0"))


def _uninstalled(running: Running) -> Contradicted:
    changed = _record(running, status="uninstalled")
    return Contradicted(changed, "IN005", ("uninstalled", running.release.release_name))


def _pending(running: Running) -> Contradicted:
    changed = _record(running, status="pending-upgrade")
    return Contradicted(changed, "IN006", ("pending-upgrade", running.release.release_name))


def _of_another_version(running: Running) -> Contradicted | None:
    assert running.record is not None
    if not running.record.chart:
        return None
    name = running.record.chart.removesuffix(f"-{running.release.version}")
    return Contradicted(
        _record(running, chart=f"{name}-99.9.9"), "IN007", ("99.9.9", running.release.version)
    )


def _of_another_chart(running: Running) -> Contradicted | None:
    if not running.record or not running.record.chart:
        return None
    changed = _record(running, chart="another-1.0.0")
    return Contradicted(changed, "IN007", ("another-1.0.0", running.release.chart))


def _named_by_the_operator(running: Running) -> Contradicted:
    live = running.live.model_copy(update={"release_name": "live-name"})
    named = ("live-name", running.release.release_name)
    return Contradicted(replace(running, live=live), "IN001", named)


def _placed_by_the_operator(running: Running) -> Contradicted:
    live = running.live.model_copy(update={"target_namespace": "elsewhere"})
    named = ("elsewhere", running.release.storage_namespace)
    return Contradicted(replace(running, live=live), "IN002", named)


def _of_helm_2(running: Running) -> Contradicted:
    name = running.release.release_name
    return Contradicted(replace(running, record=None, helm2_name=name), "IN003", (name, "Helm 2"))


def _run_by_helm_2(running: Running) -> Contradicted:
    live = running.live.model_copy(update={"helm_version": "v2"})
    return Contradicted(replace(running, record=None, live=live), "IN003", ("helmVersion: v2",))


def _not_there(running: Running) -> Contradicted:
    named = (running.release.release_name, running.release.storage_namespace)
    return Contradicted(replace(running, record=None), "IN004", named)


CONTRADICTIONS: Sequence[Callable[[Running], Contradicted | None]] = (
    _renamed,
    _moved,
    _renamed_folder,
    _moved_folder,
    _uninstalled,
    _pending,
    _of_another_version,
    _of_another_chart,
    _named_by_the_operator,
    _placed_by_the_operator,
    _of_helm_2,
    _run_by_helm_2,
    _not_there,
)


def contradicted(running: Sequence[Running], start: int = 0) -> Iterator[Running | Contradicted]:
    """Contradicts every second release in one thing, each time in another one.

    Args:
        running: what agrees.
        start: with which contradiction it begins.
    """
    # A release whose record may be taken for that of another one cannot be contradicted in one thing only.
    charts = Counter((each.release.cluster, each.release.chart) for each in running)
    turn = start
    for index, each in enumerate(running):
        is_alone = charts[each.release.cluster, each.release.chart] == 1
        found = CONTRADICTIONS[turn % len(CONTRADICTIONS)](each) if index % 2 == 0 and is_alone else None
        turn += index % 2 == 0
        yield found or each


def options_with(migration: fm.Migration, running: Sequence[Running]) -> fm.MigrationOptions:
    """Gives options in which each cluster has its inventory."""
    clusters = []
    for known in migration.context.clusters:
        own = [each for each in running if each.release.cluster == known.name]
        clusters.append(known.settings.model_copy(update={"inventory": inventory_of(own)}))
    return fm.MigrationOptions(clusters=tuple(clusters))


def inventory_of(running: Sequence[Running], revision: int | None = None) -> fm.Inventory:
    """Gives what a cluster says, before the migration or with all releases at a later revision."""
    records = [each.record for each in running if each.record is not None]
    if revision is not None:
        return fm.Inventory(records=tuple(each.model_copy(update={"revision": revision}) for each in records))
    return fm.Inventory(
        records=tuple(records),
        flux1_releases=tuple(each.live for each in running),
        helm2_releases=tuple(each.helm2_name for each in running if each.helm2_name),
        namespaces=tuple(sorted(frozenset().union(*(each.namespaces for each in running)))),
    )


def told_of(migration: fm.Migration) -> Mapping[tuple[str, str], dict[str, str]]:
    """Gives by cluster and resource what is said of an inventory: codes, each with its message."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    names = [each.name for each in migration.context.clusters]
    for finding in migration.findings:
        if finding.code.startswith("IN"):
            for name in names if not finding.cluster else finding.cluster.split(", "):
                found.setdefault((name, finding.resource), {})[finding.code] = finding.message
    return found
