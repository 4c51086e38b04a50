"""Releases held against what their clusters say of them: Helm's records, and the operator's own objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from fluxv2_migrate.clusters import DocumentKey
from fluxv2_migrate.findings.groups import FindingGroups, Notice
from fluxv2_migrate.flux2.releases import FluxVersion, first_action
from fluxv2_migrate.kubernetes import mapping_at, namespace_and_name, objects_in
from fluxv2_migrate.quoting import few
from fluxv2_migrate.releases.release import MigratingRelease
from fluxv2_migrate.settings.inventory import HelmRecord, Inventory
from fluxv2_migrate.settings.options import Override
from fluxv2_migrate.surroundings.known import Surroundings

HelmRelease = tuple[str, str, str]
"""Cluster, storage namespace and release name: what one Helm release is told from all others by."""

_Namespace = tuple[str, str]
"""A cluster, and the name of one of its namespaces."""

_HELM_VERSION: Final = ("spec", "helmVersion")
_NAMESPACE: Final = ("metadata", "namespace")
_NAME: Final = ("spec", "releaseName")
_STORAGE: Final = ("spec", "targetNamespace")
_SHOWN: Final = 3
"""So many clusters are named that nobody gave an inventory of."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """One release in one cluster, and what the cluster says."""

    release: MigratingRelease
    cluster: str
    storage_namespace: str
    name: str
    inventory: Inventory
    flux_version: FluxVersion
    claimed: frozenset[HelmRelease]
    lookalikes: frozenset[HelmRelease]
    defined: frozenset[_Namespace]

    @property
    def shown(self) -> str:
        return f"{self.storage_namespace}/{self.name}"

    @property
    def record(self) -> HelmRecord | None:
        return self.inventory.record(self.name, self.storage_namespace)

    @property
    def namespace(self) -> str:
        """That of the object."""
        return self.release.draft.namespace

    @property
    def target_namespace(self) -> str:
        """Into which the release goes."""
        return self.release.draft.release_name.target_namespace or self.namespace

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
        patterns = {"namespace": draft.namespace or "*", "name": draft.name}
        return Override.model_validate({**patterns, **fields})

    def acceptance(self, code: str) -> Override:
        return self.answer(accept=(code,))

    def unclaimed(self) -> Iterator[HelmRecord]:
        """Gives the records of what runs that no other release of this cluster stands for, or looks like."""
        own = _lookalikes(self.release, self.cluster, self.storage_namespace)
        claimed = self.claimed | (self.lookalikes - own)
        for record in self.inventory.running():
            if (self.cluster, record.namespace, record.name) not in claimed:
                yield record

    def is_of_chart(self, record: HelmRecord) -> bool | None:
        """Gives whether a record is one of the release's chart; `None` where nobody can tell.

        The labels of a Secret name no chart, and a folder of charts may have another name than its chart.
        """
        if record.chart_version(self.chart) is not None:
            return True
        return None if not record.chart or self.chart_source.get("git") else False

    def may_be(self, record: HelmRecord) -> bool:
        """Gives whether a record of another name or namespace looks like that of the release."""
        is_of_chart = self.is_of_chart(record)
        names = {name for _, _, name in _lookalikes(self.release, self.cluster, record.namespace)}
        if record.namespace == self.storage_namespace and is_of_chart:
            return True
        return record.name in {*names, self.name} and is_of_chart is not False


def hold_against_clusters(
    releases: Sequence[MigratingRelease],
    helm_releases: Callable[[MigratingRelease], Iterable[HelmRelease]],
    around: Surroundings,
    findings: FindingGroups,
) -> frozenset[DocumentKey]:
    """Gives the documents of the releases that some cluster contradicts, and tells what each side says.

    Args:
        helm_releases: what each stands for in each cluster.
    """
    inventories = around.inventories()
    if not inventories:
        return frozenset()
    defined = frozenset(_defined_namespaces(around, inventories))
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
        told: dict[Notice, list[str]] = {}
        for cluster, storage, name in slots[release.document.key]:
            inventory = inventories.get(cluster)
            if inventory is None:
                continue
            version = around.oldest([cluster])
            seen = _Seen(release, cluster, storage, name, inventory, version, claimed, lookalikes, defined)
            for notice in _told(seen):
                if not findings.accepts(notice.code, release.document, cluster):
                    told.setdefault(notice, []).append(cluster)
        for notice, clusters in told.items():
            _tell(
                release,
                notice,
                clusters,
                [each for each in release.clusters if each not in inventories],
                findings,
            )
        if any(release.draft.stops(notice) for notice in told):
            contradicted.add(release.document.key)
    return frozenset(contradicted)


def _tell(
    release: MigratingRelease,
    notice: Notice,
    clusters: Sequence[str],
    silent: Sequence[str],
    findings: FindingGroups,
) -> None:
    """Says what clusters contradict: once where all that have the release do, else of each.

    Args:
        silent: the clusters of the release of which nobody gave an inventory.
    """
    if {*clusters} >= {*release.clusters}:
        findings.add(release.document, release.resource, notice)
        return
    if notice.answer is not None and notice.answer.accept != (notice.code,):
        # One manifest has one name in all of its clusters: that of another one is written into an overlay.
        notice = replace(notice, answer=None, is_acceptable=False)
        if silent:
            asked = (
                f"; give the inventory of {few(silent, _SHOWN)} too: where all say the same, it has an answer"
            )
            notice = replace(notice, message=f"{notice.message}{asked}")
    for cluster in clusters:
        group = f"{release.document.path} {release.resource} {cluster} {notice.message}"
        own = replace(notice, message=f"in {cluster}: {notice.message}", group=group)
        findings.add(release.document, release.resource, own, cluster=cluster)


def _defined_namespaces(around: Surroundings, inventories: Mapping[str, Inventory]) -> Iterator[_Namespace]:
    """Gives the namespaces that the repository makes, each with its cluster."""
    for view in around.clusters.clusters:
        inventory = inventories.get(view.name)
        if inventory is None or inventory.namespaces is None:
            continue
        for each in around.every_object(view):
            for _, manifest in objects_in(each.manifest):
                if manifest.get("kind") == "Namespace":
                    yield view.name, namespace_and_name(manifest)[1]


def _lookalikes(release: MigratingRelease, cluster: str, storage: str) -> frozenset[HelmRelease]:
    """Gives the names that people and operators give a release of this name."""
    draft = release.draft
    names = {draft.name, *(f"{part}-{draft.name}" for part in (draft.namespace, storage))}
    return frozenset((cluster, storage, name) for name in names)


def _told(seen: _Seen) -> Iterator[Notice]:
    if not seen.namespace or any(each.code == "RP063" for each in seen.release.draft.notices):
        # Where it is, or what it is called, nobody knows; that is asked already.
        return
    contradiction = _of_operator(seen) or _of_helm_2(seen) or _of_records(seen)
    if contradiction is not None:
        yield contradiction
        return
    yield from _of_state(seen)
    yield from _of_namespaces(seen)


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
    namespace = seen.storage_namespace
    if live.target_namespace is not None:
        namespace = live.target_namespace or live.namespace
    if namespace != seen.storage_namespace:
        message = (
            f"the cluster's own HelmRelease keeps the release {live.release_name or seen.name!r} in the "
            f"namespace {namespace!r}, and the repository makes it {seen.storage_namespace!r}"
        )
        return Notice("IN002", message, _STORAGE, answer=seen.answer(storage_namespace=namespace))
    if live.helm_version == "v2" and not seen.inventory.is_of_helm_3(seen.name, seen.storage_namespace):
        message = "the cluster's own HelmRelease says helmVersion: v2: Flux v2 does not find its records"
        return Notice("IN003", message, _HELM_VERSION, answer=seen.acceptance("IN003"))
    return None


def _of_helm_2(seen: _Seen) -> Notice | None:
    """Gives that Helm 2 has the release, and Helm 3 not."""
    if seen.record is not None or seen.name not in (seen.inventory.helm2_releases or ()):
        return None
    message = f"Helm 2 has the release {seen.name}, and Helm 3 has none in {seen.storage_namespace}"
    return Notice("IN003", message, _HELM_VERSION, answer=seen.acceptance("IN003"))


def _of_records(seen: _Seen) -> Notice | None:
    """Gives what Helm's records contradict."""
    if seen.inventory.records is None or seen.record is not None:
        return None
    alike = [record for record in seen.unclaimed() if seen.may_be(record)]
    # Nearest is what differs in one thing only.
    for named_alike in ([each for each in alike if each.name == seen.name], alike):
        here = [each for each in named_alike if each.namespace == seen.storage_namespace]
        found = here or named_alike
        if found:
            return _of_another(seen, found)
    return None


def _of_another(seen: _Seen, found: Sequence[HelmRecord]) -> Notice:
    """Gives that Helm has the release under another name, in another namespace, or both."""
    first = found[0]
    shown = ", ".join(f"{record.namespace}/{record.name}" for record in found)
    if first.name == seen.name:
        message = f"Helm keeps the release as {shown}, and the repository makes it {seen.shown}"
        return Notice("IN002", message, _STORAGE, answer=seen.answer(storage_namespace=first.namespace))
    answer = {"release_name": first.name if len(found) == 1 else ""}
    if first.namespace == seen.storage_namespace:
        shown = ", ".join(record.name for record in found)
        chart = "of the same chart" if all(map(seen.is_of_chart, found)) else "what looks like it"
        message = (
            f"Helm has no release {seen.name} in {seen.storage_namespace}, but {chart}: {shown}; "
            f"as {seen.name} a second copy is installed"
        )
    else:
        message = f"Helm has no release {seen.shown}, but {shown}; as {seen.name} a second copy is installed"
        answer["storage_namespace"] = first.namespace
    return Notice("IN001", message, _NAME, answer=seen.answer(**answer))


def _of_state(seen: _Seen) -> Iterator[Notice]:
    """Gives what a person must know of the state in which the cluster has a release."""
    record = seen.record
    if record is None:
        if seen.inventory.records is not None:
            message = f"Helm has no release {seen.shown}: Flux v2 installs it anew"
            yield Notice("IN004", message, _NAME, answer=seen.acceptance("IN004"))
        return
    action = first_action(record.status, seen.flux_version)
    shown = f"the last record of {seen.shown} is `{record.status or 'unknown'}`"
    if action == "locked":
        message = f"{shown}, and Flux {seen.flux_version} does not unlock it: each upgrade fails"
        yield Notice("IN005", message, _NAME, answer=seen.acceptance("IN005"))
    elif action in ("refused", "no-upgrade"):
        message = f"{shown}, in which Flux v2 can neither upgrade nor install the release"
        yield Notice("IN005", message, _NAME, answer=seen.acceptance("IN005"))
    elif record.status != "deployed":
        message = f"{shown}: the helm-operator refused to go on with it, and Flux v2 upgrades it at once"
        yield Notice("IN006", message, _NAME, answer=seen.acceptance("IN006"))
    yield from _of_chart(seen, record)


def _of_chart(seen: _Seen, record: HelmRecord) -> Iterator[Notice]:
    source = seen.chart_source
    version = str(source.get("version") or "")
    if source.get("git") or not record.chart or not seen.chart:
        return
    running = record.chart_version(seen.chart)
    if running is None:
        message = f"{seen.shown} runs {record.chart}, and the repository asks for {seen.chart} {version}"
    elif version and not record.is_within(seen.chart, version):
        message = f"{seen.shown} runs version {running} of the chart, and the repository asks for {version}"
    else:
        return
    path = ("spec", "chart", "name" if running is None else "version")
    yield Notice("IN007", message.rstrip(), path, answer=seen.acceptance("IN007"))


def _of_namespaces(seen: _Seen) -> Iterator[Notice]:
    """Gives the namespaces of a release that are not there, and that nothing of the repository makes."""
    there = seen.inventory.namespaces
    if there is None:
        return
    for namespace, path in ((seen.namespace, _NAMESPACE), (seen.target_namespace, _STORAGE)):
        if namespace not in there and (seen.cluster, namespace) not in seen.defined:
            message = (
                f"the cluster has no namespace {namespace!r}, and the repository puts {seen.shown} there"
            )
            yield Notice("IN008", message, path, answer=seen.acceptance("IN008"))
            return
