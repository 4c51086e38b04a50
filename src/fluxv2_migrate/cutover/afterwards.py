"""Whether a cluster has every release as it should be, once Flux v2 has taken it up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, runtime_checkable

from fluxv2_migrate.cutover.expected_release import ExpectedRelease
from fluxv2_migrate.errors import InvalidInventory, MigrationError
from fluxv2_migrate.given import checked_kind
from fluxv2_migrate.pages import badge, fragment, prose, table
from fluxv2_migrate.quoting import as_markdown_text, without_credentials
from fluxv2_migrate.settings.inventory import HelmRecord, Inventory, LiveFlux2Object

ClusterStatus = Literal["as-expected", "not-yet", "failed", "missing", "doubled", "left-in-v1", "unready"]
"""`as-expected`: the record is there, deployed, and one revision on where the one before is known.
`not-yet`: Flux v2 has not applied or upgraded it. `failed`: the last record is not deployed. `missing`: Helm
has no record under the name. `doubled`: a second release of the same chart. `left-in-v1`: a HelmRelease of
Flux v1 that is still there. `unready`: an object of Flux v2 that is not ready."""

_IMAGE_KINDS: Final = frozenset({"imagerepository", "imagepolicy", "imageupdateautomation"})


class _Written(Protocol):
    """What of a manifest is asked for."""

    @property
    def manifest(self) -> Mapping[str, Any]: ...

    @property
    def cluster(self) -> str: ...


@runtime_checkable
class _Migrated(Protocol):
    """What of a migration is asked for."""

    @property
    def expected(self) -> Sequence[ExpectedRelease]: ...

    @property
    def inventories(self) -> Mapping[str, Inventory]: ...

    @property
    def manifests(self) -> Sequence[_Written]: ...


@dataclass(frozen=True, slots=True)
class LiveRelease:
    """What one release is in the cluster by now.

    Attributes:
        status: in a word.
        resource: `HelmRelease namespace/name`, or the object that is not ready.
        release_name: of the Helm release; empty for an object.
        storage_namespace: in which its records are; empty for an object.
        why: what shows it.
        what_to_do: one sentence; empty where nothing is to be done.
    """

    status: ClusterStatus
    resource: str
    release_name: str
    storage_namespace: str
    why: str
    what_to_do: str = ""


@dataclass(frozen=True, slots=True)
class ClusterReport:
    """What every release is in the cluster by now, what is not as it should be first.

    Attributes:
        releases: one entry for each release, doubled ones and objects that are not ready included.
    """

    releases: tuple[LiveRelease, ...]

    @property
    def ok(self) -> bool:
        """Whether everything is as it should be.

        >>> ClusterReport(()).ok
        True
        """
        return all(each.status == "as-expected" for each in self.releases)

    def to_markdown(self) -> str:
        """Gives it as Markdown.

        >>> print(ClusterReport(()).to_markdown(), end="")
        # The cluster
        <BLANKLINE>
        0 of 0 releases are as they should be.
        """
        good = [each for each in self.releases if each.status == "as-expected"]
        lines = ["# The cluster", "", f"{len(good)} of {len(self.releases)} releases are as they should be."]
        for each in self.releases:
            if each.status != "as-expected":
                said = f"{as_markdown_text(each.resource)}: {as_markdown_text(each.why)}"
                lines += ["", f"- **{each.status}** {said}", f"  - {as_markdown_text(each.what_to_do)}"]
        return "\n".join(lines) + "\n"

    _repr_markdown_ = to_markdown

    def _repr_html_(self) -> str:
        rows = [
            (
                each.resource,
                badge(each.status, "good" if each.status == "as-expected" else "error"),
                f"{each.storage_namespace}/{each.release_name}" if each.release_name else "",
                prose(each.why),
                prose(each.what_to_do),
            )
            for each in self.releases
        ]
        head = ("release or object", "status", "Helm release", "why", "what to do")
        return fragment("The cluster", table("What every release is by now", head, rows))


def verify_cluster(
    migration: _Migrated, inventory: Inventory, *, cluster: str | None = None
) -> ClusterReport:
    """Says of every migrated release whether the cluster has it as it should be by now.

    Args:
        migration: what was migrated; where its options held an inventory, revisions are compared with that.
        inventory: what the cluster's tools say afterwards, with `helm_list` or `release_secrets` at least.
        cluster: which cluster it is of, where the repository serves several.

    Returns:
        The report.

    Raises:
        InvalidInventory: it says nothing of Helm's records, or nobody says which cluster it is of.

    Source: helm-controller 1.6.3 `internal/reconcile/atomic_release.go`: the first reconciliation of a
    release that is found is one upgrade.

    >>> from fluxv2_migrate import migrate_text
    >>> verify_cluster(migrate_text("kind: Secret"), Inventory(records=())).releases
    ()
    """
    if not isinstance(migration, _Migrated):
        raise MigrationError(f"a migration is a Migration, not {type(migration).__name__}")
    checked_kind(inventory, Inventory, "an inventory", InvalidInventory)
    if inventory.records is None:
        raise InvalidInventory("it says nothing of Helm's records: give helm_list or release_secrets")
    names = list(dict.fromkeys(each.cluster for each in migration.expected))
    if cluster is None and len(names) > 1:
        raise InvalidInventory(f"say which cluster it is of: {', '.join(names)}")
    if cluster is not None and cluster not in names:
        raise InvalidInventory(f"no release was migrated for a cluster {cluster!r}")
    expected = [each for each in migration.expected if cluster is None or each.cluster == cluster]
    before = migration.inventories.get(names[0] if cluster is None and names else cluster or "")
    entries = [
        *(_of_release(each, inventory, before) for each in expected if not (each.suspended or each.ignored)),
        *_doubled(expected, inventory, before),
        *_left(inventory),
        *_not_applied(_own(migration, expected), inventory),
        *_unready(inventory.flux2_objects or ()),
    ]
    entries.sort(key=lambda each: each.status == "as-expected")
    return ClusterReport(tuple(entries))


def _of_release(release: ExpectedRelease, inventory: Inventory, before: Inventory | None) -> LiveRelease:
    record = inventory.record(release.release_name, release.storage_namespace)
    status, why, what = _compare(release, record, before)
    return LiveRelease(status, release.resource, release.release_name, release.storage_namespace, why, what)


def _compare(
    release: ExpectedRelease, record: HelmRecord | None, before: Inventory | None
) -> tuple[ClusterStatus, str, str]:
    shown = f"{release.storage_namespace}/{release.release_name}"
    if record is None:
        return "missing", f"Helm has no release {shown}", "Look at the events of the HelmRelease."
    if record.status.startswith("pending-"):
        why = f"the last record of {shown} is `{record.status}`"
        return "not-yet", why, f"Wait for it to end, and look at `{release.history}`."
    if record.status != "deployed":
        why = f"the last record of {shown} is `{record.status or 'unknown'}`"
        return "failed", why, f"Suspend the HelmRelease, and look at `{release.history}`."
    if record.chart and release.version and not record.is_within(release.chart, release.version):
        why = f"{shown} runs {record.chart}, and the release asks for {release.chart} {release.version}"
        return "not-yet", why, "Wait for the next reconciliation, or look at the events of the HelmRelease."
    known = None if before is None else before.record(release.release_name, release.storage_namespace)
    if known is None or known.revision is None or record.revision is None:
        return "as-expected", f"{shown} is deployed", ""
    if record.revision <= known.revision:
        why = f"{shown} is at revision {record.revision}, as before"
        return "not-yet", why, "Wait for the first reconciliation, or look at its events."
    if record.revision > known.revision + 1:
        why = f"{shown} went from revision {known.revision} to {record.revision}"
        return "as-expected", f"{why}: it was upgraded more than once", ""
    return "as-expected", f"{shown} is deployed as revision {record.revision}", ""


def _doubled(
    expected: Sequence[ExpectedRelease], inventory: Inventory, before: Inventory | None
) -> Iterator[LiveRelease]:
    claimed = {(each.release_name, each.storage_namespace) for each in expected}
    for record in inventory.running():
        if (record.name, record.namespace) in claimed:
            continue
        if before is not None and before.record(record.name, record.namespace) is not None:
            continue
        for release in expected:
            if _is_second(record, release):
                yield LiveRelease(
                    "doubled",
                    release.resource,
                    record.name,
                    record.namespace,
                    f"beside {release.storage_namespace}/{release.release_name} Helm has "
                    f"{record.namespace}/{record.name} of the same chart",
                    "Suspend the HelmRelease that made it, and find out which of the two serves, before "
                    "anything is uninstalled.",
                )
                break


def _is_second(record: HelmRecord, release: ExpectedRelease) -> bool:
    namespace, name = release.identity
    namespaces = {release.storage_namespace, release.target_namespace, namespace}
    if record.namespace not in namespaces:
        return False
    if record.chart_version(release.chart) is not None:
        return True
    # The labels of a Secret name no chart.
    alike = {release.release_name, name, *(f"{each}-{name}" for each in namespaces)}
    return record.name == release.release_name or (not record.chart and record.name in alike)


def _left(inventory: Inventory) -> Iterator[LiveRelease]:
    for live in inventory.flux1_releases or ():
        yield LiveRelease(
            "left-in-v1",
            f"HelmRelease {live.namespace}/{live.name}",
            live.release_name,
            live.target_namespace or live.namespace,
            f"the HelmRelease of {live.api_version or 'Flux v1'} is still there",
            "Delete the definitions of Flux v1 once no helm-operator runs any more.",
        )


def _own(migration: _Migrated, expected: Sequence[ExpectedRelease]) -> Iterator[tuple[str, str, str]]:
    """Gives kind, namespace and name of the objects of Flux v2 that a cluster gets by the migration."""
    for release in expected:
        if not release.ignored:
            yield "helmrelease", *release.identity
    clusters = {each.cluster for each in expected}
    for each in migration.manifests:
        kind, metadata = str(each.manifest["kind"]).lower(), each.manifest["metadata"]
        is_here = not each.cluster or not clusters.isdisjoint(each.cluster.split(", "))
        if is_here and kind != "helmrelease" and metadata.get("namespace"):
            yield kind, str(metadata["namespace"]), str(metadata["name"])


def _not_applied(own: Iterable[tuple[str, str, str]], inventory: Inventory) -> Iterator[LiveRelease]:
    """Gives the objects that the cluster has not, of kinds that its tools list with their namespaces."""
    there = {(each.kind, each.namespace, each.name) for each in inventory.flux2_objects or ()}
    listed = {kind for kind, _, _ in there} - {kind for kind, namespace, _ in there if not namespace}
    for kind, namespace, name in own:
        if kind in listed and (kind, namespace, name) not in there:
            why = "the cluster has none of that name"
            what = "Look at the Kustomization that applies it."
            yield LiveRelease("not-yet", f"{kind} {namespace}/{name}", "", "", why, what)


def _unready(objects: Sequence[LiveFlux2Object]) -> Iterator[LiveRelease]:
    for each in objects:
        if each.ready is False and not each.suspended:
            what = "Look at its events."
            if each.kind in _IMAGE_KINDS:
                what = "Look at its events: until it is ready no image is updated."
            resource = f"{each.kind} {each.namespace}/{each.name}"
            yield LiveRelease(
                "unready", resource, "", "", f"it is not ready: {without_credentials(each.message)}", what
            )
