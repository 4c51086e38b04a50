"""Releases held against what their clusters say of them: Helm's records, and the operator's own objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fluxv2_migrate.clusters import DocumentKey
from fluxv2_migrate.findings.groups import FindingGroups
from fluxv2_migrate.findings.notice import Notice, acceptance
from fluxv2_migrate.kubernetes import mapping_at
from fluxv2_migrate.releases.release import MigratingRelease
from fluxv2_migrate.settings.inventory import HelmRecord, Inventory
from fluxv2_migrate.settings.options import Override

__all__ = ["HelmRelease", "hold_against_clusters"]

HelmRelease = tuple[str, str, str]
"""Cluster, storage namespace and release name: what one Helm release is told from all others by."""

_HEALED: Final = frozenset({"deployed", "failed", "superseded"})
_NAME: Final = ("spec", "releaseName")
_STORAGE: Final = ("spec", "targetNamespace")


@dataclass(frozen=True, slots=True)
class _Seen:
    """One release in one cluster, and what the cluster says."""

    release: MigratingRelease
    cluster: str
    storage_namespace: str
    name: str
    inventory: Inventory
    claimed: frozenset[HelmRelease]
    lookalikes: frozenset[HelmRelease]

    @property
    def shown(self) -> str:
        return f"{self.storage_namespace}/{self.name}"

    @property
    def record(self) -> HelmRecord | None:
        return self.inventory.record(self.name, self.storage_namespace)

    @property
    def chart_source(self) -> Mapping[str, Any]:
        """The chart as the release of this cluster names it."""
        sightings = self.release.sightings
        manifest = next((each.manifest for each in sightings if each.cluster == self.cluster), None)
        return mapping_at(self.release.document.manifest if manifest is None else manifest, "spec", "chart")

    @property
    def chart(self) -> str:
        """The chart's name, or its path."""
        return str(self.chart_source.get("path" if self.chart_source.get("git") else "name") or "")

    def answer(self, **fields: object) -> Override:
        draft = self.release.draft
        patterns = {"cluster": self.cluster or "*", "namespace": draft.namespace or "*", "name": draft.name}
        return Override.model_validate({**patterns, **fields})

    def unclaimed(self) -> Iterator[HelmRecord]:
        """Gives the records that no other release of this cluster stands for, or looks like."""
        own = _lookalikes(self.release, self.cluster, self.storage_namespace)
        claimed = self.claimed | (self.lookalikes - own)
        for record in self.inventory.records or ():
            if (self.cluster, record.namespace, record.name) not in claimed:
                yield record


def hold_against_clusters(
    releases: Sequence[MigratingRelease],
    helm_releases: Callable[[MigratingRelease], Iterable[HelmRelease]],
    inventories: Mapping[str, Inventory],
    findings: FindingGroups,
) -> frozenset[DocumentKey]:
    """Gives the documents of the releases that some cluster contradicts, and tells what each side says.

    Args:
        releases: that are to be migrated.
        helm_releases: what each stands for in each cluster.
        inventories: by cluster, what runs there.
        findings: where it is told.
    """
    if not inventories:
        return frozenset()
    slots = {release.document.key: list(helm_releases(release)) for release in releases}
    claimed = frozenset(each for found in slots.values() for each in found)
    lookalikes = frozenset(
        each
        for release in releases
        for cluster, storage, _ in slots[release.document.key]
        for each in _lookalikes(release, cluster, storage)
    )
    contradicted: set[DocumentKey] = set()
    for release in releases:
        stopped = False
        for cluster, storage, name in slots[release.document.key]:
            inventory = inventories.get(cluster)
            if inventory is None:
                continue
            seen = _Seen(release, cluster, storage, name, inventory, claimed, lookalikes)
            for notice, stops in _told(seen):
                if release.draft.accepts(notice.code):
                    continue
                findings.add(release.document, release.resource, notice)
                stopped = stopped or stops
        if stopped:
            contradicted.add(release.document.key)
    return frozenset(contradicted)


def _lookalikes(release: MigratingRelease, cluster: str, storage: str) -> frozenset[HelmRelease]:
    """Gives the names that people and operators give a release of this name."""
    draft = release.draft
    names = {draft.name, *(f"{part}-{draft.name}" for part in (draft.namespace, storage))}
    return frozenset((cluster, storage, name) for name in names)


def _told(seen: _Seen) -> Iterator[tuple[Notice, bool]]:
    contradiction = _of_operator(seen) or _of_records(seen)
    if contradiction is not None:
        yield contradiction, True
        return
    yield from ((notice, False) for notice in _of_state(seen))


def _of_operator(seen: _Seen) -> Notice | None:
    """Gives what the operator's own object contradicts."""
    draft = seen.release.draft
    live = seen.inventory.flux1_release(draft.namespace, draft.name)
    if live is None:
        return None
    if live.release_name not in ("", seen.name):
        message = (
            f"the cluster's own HelmRelease says that the release is called {live.release_name!r}, and the "
            f"repository makes it {seen.name!r}"
        )
        return Notice("IN001", message, _NAME, answer=seen.answer(release_name=live.release_name))
    namespace = live.target_namespace or live.namespace
    if namespace != seen.storage_namespace:
        message = (
            f"the cluster's own HelmRelease keeps the release {live.release_name or seen.name!r} in the "
            f"namespace {namespace!r}, and the repository makes it {seen.storage_namespace!r}"
        )
        return Notice("IN002", message, _STORAGE, answer=seen.answer(storage_namespace=namespace))
    if live.helm_version == "v2":
        message = "the cluster's own HelmRelease says helmVersion: v2: Flux v2 does not find its records"
        answer = acceptance("IN003", **_patterns(seen))
        return Notice("IN003", message, ("spec", "helmVersion"), answer=answer)
    return None


def _of_records(seen: _Seen) -> Notice | None:
    """Gives what Helm's records contradict."""
    if seen.inventory.records is None or seen.record is not None:
        return None
    unclaimed = list(seen.unclaimed())
    elsewhere = [record for record in unclaimed if record.name == seen.name]
    if elsewhere:
        places = ", ".join(f"{record.namespace}/{record.name}" for record in elsewhere)
        message = f"Helm keeps the release as {places}, and the repository makes it {seen.shown}"
        answer = seen.answer(storage_namespace=elsewhere[0].namespace)
        return Notice("IN002", message, _STORAGE, answer=answer)
    chart = seen.chart
    alike = [
        record
        for record in unclaimed
        if record.namespace == seen.storage_namespace and record.chart_version(chart) is not None
    ]
    if alike:
        names = ", ".join(record.name for record in alike)
        message = (
            f"Helm has no release {seen.name} in {seen.storage_namespace}, but of the same chart: {names}; "
            f"as {seen.name} a second copy is installed"
        )
        known = alike[0].name if len(alike) == 1 else ""
        return Notice("IN001", message, _NAME, answer=seen.answer(release_name=known))
    return None


def _of_state(seen: _Seen) -> Iterator[Notice]:
    """Gives what a person must know of the state in which the cluster has a release."""
    record = seen.record
    if record is None:
        if seen.inventory.records is not None:
            message = f"Helm has no release {seen.shown}: Flux v2 installs it anew"
            yield Notice("IN004", message, _NAME, answer=acceptance("IN004", **_patterns(seen)))
    elif record.status.startswith("pending-") or record.status in _HEALED - {"deployed"}:
        message = (
            f"the last record of {seen.shown} is `{record.status}`: the helm-operator refused to go on with "
            "it, and Flux v2 upgrades it at once"
        )
        yield Notice("IN006", message, _NAME, answer=acceptance("IN006", **_patterns(seen)))
    elif record.status not in _HEALED:
        message = (
            f"the last record of {seen.shown} is `{record.status or 'unknown'}`, in which Flux v2 can "
            "neither upgrade nor install the release"
        )
        yield Notice("IN005", message, _NAME, answer=acceptance("IN005", **_patterns(seen)))
    if record is not None:
        yield from _of_chart(seen, record)
    target = seen.release.draft.release_name.target_namespace or seen.release.draft.namespace
    if seen.inventory.namespaces is not None and target not in seen.inventory.namespaces:
        message = f"the cluster has no namespace {target!r}, into which the release goes"
        yield Notice("IN008", message, _STORAGE, answer=acceptance("IN008", **_patterns(seen)))


def _of_chart(seen: _Seen, record: HelmRecord) -> Iterator[Notice]:
    source = seen.chart_source
    version = str(source.get("version") or "")
    if source.get("git") or not record.chart or not version:
        return
    running = record.chart_version(seen.chart)
    if running is None:
        message = f"{seen.shown} runs {record.chart}, and the repository asks for {seen.chart}"
    elif running != version:
        message = f"{seen.shown} runs version {running} of the chart, and the repository asks for {version}"
    else:
        return
    path = ("spec", "chart", "name" if running is None else "version")
    yield Notice("IN007", message, path, answer=acceptance("IN007", **_patterns(seen)))


def _patterns(seen: _Seen) -> dict[str, str]:
    draft = seen.release.draft
    return {"cluster": seen.cluster or "*", "namespace": draft.namespace or "*", "name": draft.name}
