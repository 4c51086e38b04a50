"""What a cluster's and a registry's own tools say of what runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Final, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from fluxv2_migrate.errors import InvalidInventory, InvalidRange
from fluxv2_migrate.frozen import FrozenDict
from fluxv2_migrate.given import checked_text
from fluxv2_migrate.golang.ranges import VersionRange
from fluxv2_migrate.kubernetes import fault_of
from fluxv2_migrate.pages import Html, badge, element, fold, fragment, listed, table
from fluxv2_migrate.settings import inventory_texts
from fluxv2_migrate.settings.known_tags import KnownTag

_READY: Final = {True: badge("ready", "good"), False: badge("not ready", "error")}
_Rows = list[Sequence[str]] | None
_Item = TypeVar("_Item")


class _Live(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class HelmRecord(_Live):
    """The last record that Helm 3 or later has of a release.

    Attributes:
        name: the release name.
        namespace: in which the record is: Helm's storage namespace.
        revision: the number of the last record; `None` where the text does not say it.
        status: as Helm names it, such as `deployed` or `pending-upgrade`.
        chart: the chart's name, `-` and its version, as `helm list` prints it; empty where not said.
    """

    name: str
    namespace: str
    revision: int | None = None
    status: str = ""
    chart: str = ""

    def chart_version(self, chart_name: str) -> str | None:
        """Gives the version of the record's chart if it is a chart of this name, else `None`.

        Args:
            chart_name: as in the HelmRelease; of a path or an OCI name the last part counts.

        >>> record = HelmRecord(name="web", namespace="shop", chart="ingress-nginx-4.0.1")
        >>> record.chart_version("ingress-nginx"), record.chart_version("ingress")
        ('4.0.1', None)
        """
        checked_text(chart_name, "the name of a chart")
        name = chart_name.rstrip("/").rpartition("/")[2]
        version = self.chart.removeprefix(f"{name}-")
        if not name or version == self.chart or not version.removeprefix("v")[:1].isdecimal():
            return None
        return version

    def is_within(self, chart_name: str, version: str) -> bool:
        """Gives whether the record's chart is one that a version, or a range of versions, asks for.

        Args:
            chart_name: as in the HelmRelease.
            version: or range, as there.

        >>> record = HelmRecord(name="web", namespace="shop", chart="nginx-9.5.4")
        >>> record.is_within("nginx", "~9.5"), record.is_within("nginx", "9.5.3")
        (True, False)
        """
        checked_text(version, "a version")
        running = self.chart_version(chart_name)
        if running is None or running == version:
            return running is not None
        try:
            return VersionRange.parse(version).check(running)
        except InvalidRange:
            return False


class LiveFlux1Release(_Live):
    """A HelmRelease of Flux v1 as the cluster has it, without its values.

    Attributes:
        api_version: of the object.
        namespace: of the object.
        name: of the object.
        release_name: `status.releaseName`, else `spec.releaseName`; empty where neither is there.
        target_namespace: `spec.targetNamespace`, or empty; `None` where a table does not say it.
        helm_version: `spec.helmVersion`, or empty.
    """

    api_version: str
    namespace: str
    name: str
    release_name: str = ""
    target_namespace: str | None = ""
    helm_version: str = ""


class LiveFlux2Object(_Live):
    """An object of Flux v2 as the cluster has it.

    Attributes:
        kind: in lower case, as `flux get all` writes it.
        namespace: of the object.
        name: of the object.
        ready: what its condition `Ready` says; `None` where nothing is said.
        suspended: `spec.suspend`.
        message: of the condition.
    """

    kind: str
    namespace: str
    name: str
    ready: bool | None = None
    suspended: bool = False
    message: str = ""


class LiveImage(_Live):
    """An image that a workload runs.

    Attributes:
        kind: of the workload.
        namespace: of the workload.
        name: of the workload.
        container: that runs it.
        image: as the workload names it.
    """

    kind: str
    namespace: str
    name: str
    container: str
    image: str


class Inventory(_Live):
    """What runs in a cluster, and which tags registries have, as their own tools say it.

    It is the one protection against a second copy of a release: the repository says what should run, the
    cluster what does. What is `None` was not given; an empty tuple says that nothing is there.

    Attributes:
        records: the last record of each release of Helm 3 or later.
        helm2_releases: the names of the releases of Helm 2.
        flux1_releases: the HelmReleases of Flux v1.
        namespaces: that exist.
        images: that workloads run.
        flux2_objects: the objects of Flux v2, after the cut-over.
        tags: by image repository, those that its registry has.
        understood: one sentence for each text, with what it was read as.
    """

    records: tuple[HelmRecord, ...] | None = None
    helm2_releases: tuple[str, ...] | None = None
    flux1_releases: tuple[LiveFlux1Release, ...] | None = None
    namespaces: tuple[str, ...] | None = None
    images: tuple[LiveImage, ...] | None = None
    flux2_objects: tuple[LiveFlux2Object, ...] | None = None
    tags: Annotated[Mapping[str, tuple[KnownTag, ...]], AfterValidator(FrozenDict)] = Field(
        default_factory=FrozenDict
    )
    understood: tuple[str, ...] = ()

    @classmethod
    def from_texts(
        cls,
        *,
        helm_list: str | None = None,
        helm_releases: str | None = None,
        release_secrets: str | None = None,
        namespaces: str | None = None,
        workloads: str | None = None,
        flux: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> Self:
        """Reads what tools print, as JSON, as YAML or as their tables.

        Of Secrets only namespace and labels are read, of HelmReleases no values; nothing else is kept.

        Args:
            helm_list: of `helm list -A -a -m 0 -o json` (Helm 4 lists all statuses without `-a`); of Helm 2
                also.
            helm_releases: of `kubectl get helmreleases.helm.fluxcd.io -A -o json`; texts of the older kinds
                may stand behind it.
            release_secrets: of `kubectl get secrets -A -l owner=helm
                -o custom-columns=NS:.metadata.namespace,LABELS:.metadata.labels`, or with `-o json`; for
                Helm 2 of `kubectl get configmaps,secrets -A -l OWNER=TILLER`.
            namespaces: of `kubectl get namespaces -o json`, or `-o name`.
            workloads: of `kubectl get deployments,statefulsets,daemonsets,cronjobs -A -o json`.
            flux: of `flux get all -A`, or of `kubectl get` for kinds of Flux v2 with `-o json`.
            tags: by image repository, of `crane ls`, `skopeo list-tags`, or of the registry's own API.

        Returns:
            What they say.

        Raises:
            InvalidInventory: a text is none of these, or it is cut off.

        Source: helm 3 and 4 `pkg/cmd/list.go`; flux2 2.9 `cmd/flux/get.go`, which prints tables only.

        >>> printed = (
        ...     '[{"name": "web", "namespace": "shop", "revision": "4", "status": "deployed",'
        ...     ' "chart": "nginx-9.5.4", "app_version": "1"}]'
        ... )
        >>> inventory = Inventory.from_texts(helm_list=printed)
        >>> inventory.records[0].revision, inventory.understood
        (4, ('helm_list: 1 release, as JSON',))
        """
        given = {"helm_list": helm_list, "helm_releases": helm_releases, "release_secrets": release_secrets}
        given |= {"namespaces": namespaces, "workloads": workloads, "flux": flux}
        read = inventory_texts.read_inventory(given, {} if tags is None else tags)
        try:
            return cls.model_validate(read)
        except ValidationError as error:
            path, reason = fault_of(error)
            raise InvalidInventory(f"{'.'.join(path)} is not as its tool prints it: {reason}") from None

    def record(self, name: str, namespace: str) -> HelmRecord | None:
        """Gives the last record of a release, or `None` where Helm has none there.

        Args:
            name: of the Helm release.
            namespace: where Helm keeps its records.

        >>> running = Inventory(records=(HelmRecord(name="web", namespace="shop", revision=3),))
        >>> running.record("web", "shop").revision, running.record("web", "other")
        (3, None)
        """
        checked_text(name, "the name of a release")
        checked_text(namespace, "a namespace")
        return self._by_name.get((name, namespace))

    def running(self) -> Iterator[HelmRecord]:
        """Gives the last record of each release, but for those that were uninstalled.

        >>> gone = HelmRecord(name="web", namespace="shop", status="uninstalled")
        >>> list(Inventory(records=(gone,)).running())
        []
        """
        return (each for each in self.records or () if each.status != "uninstalled")

    def is_of_helm_3(self, name: str, namespace: str) -> bool:
        """Gives whether a release is one of Helm 3, and none that Helm 2 still has.

        Args:
            name: of the Helm release.
            namespace: where Helm keeps its records.

        >>> both = Inventory(records=(HelmRecord(name="web", namespace="shop"),), helm2_releases=("web",))
        >>> both.is_of_helm_3("web", "shop")
        False
        """
        return self.record(name, namespace) is not None and name not in (self.helm2_releases or ())

    def _repr_html_(self) -> str:
        return _fragment(self)

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, str], HelmRecord]:
        return {(each.name, each.namespace): each for each in self.records or ()}

    def flux1_release(self, namespace: str, name: str) -> LiveFlux1Release | None:
        """Gives the HelmRelease of Flux v1 of this name as it runs, or `None`.

        Args:
            namespace: of the HelmRelease.
            name: of the HelmRelease.

        >>> Inventory(flux1_releases=()).flux1_release("shop", "web") is None
        True
        """
        checked_text(namespace, "a namespace")
        checked_text(name, "the name of a release")
        there: Sequence[LiveFlux1Release] = self.flux1_releases or ()
        return next((each for each in there if (each.namespace, each.name) == (namespace, name)), None)


# What a notebook shows


def _fragment(inventory: Inventory) -> Html:
    """Gives what a notebook shows of an inventory: what was read, what it says, and what was not given."""
    tables = list(_tables(inventory))
    known = [(title, head, rows) for title, head, rows in tables if rows is not None]
    missing = [title for title, _, rows in tables if rows is None]
    return fragment(
        "Inventory",
        listed(inventory.understood),
        *(
            fold(f"{title} ({len(rows)})", table(title, head, rows), is_open=title == known[0][0])
            for title, head, rows in known
        ),
        *([element("p", f"Not given: {', '.join(missing)}.", class_="soft")] if missing else []),
    )


def _tables(inventory: Inventory) -> Iterator[tuple[str, tuple[str, ...], _Rows]]:
    """Gives each table with its title, the heads of its columns, and its rows, if they were given."""
    head: tuple[str, ...] = ("release name", "storage namespace", "revision", "status", "chart")
    yield "Helm releases", head, _rows(inventory.records, _record)
    yield "Releases of Helm 2", ("release name",), _rows(inventory.helm2_releases, lambda name: (name,))
    head = ("HelmRelease", "release name", "target namespace", "Helm")
    yield "HelmReleases of Flux v1", head, _rows(inventory.flux1_releases, _flux1_release)
    head = ("object", "ready", "suspended", "message")
    yield "Objects of Flux v2", head, _rows(inventory.flux2_objects, _flux2_object)
    yield "Namespaces", ("namespace",), _rows(inventory.namespaces, lambda name: (name,))
    head = ("workload", "container", "image")
    yield "Images that run", head, _rows(inventory.images, _image)
    head = ("image", "tags", "with build times")
    yield "Tags", head, _rows(tuple(inventory.tags.items()) or None, _tags)


def _rows(items: Iterable[_Item] | None, row: Callable[[_Item], Sequence[str]]) -> _Rows:
    return None if items is None else list(map(row, items))


def _record(each: HelmRecord) -> Sequence[str]:
    status = badge(each.status, "good" if each.status == "deployed" else "warning") if each.status else ""
    revision = "" if each.revision is None else str(each.revision)
    return each.name, each.namespace, revision, status, each.chart


def _flux1_release(each: LiveFlux1Release) -> Sequence[str]:
    target = "not known" if each.target_namespace is None else each.target_namespace
    return f"{each.namespace}/{each.name}", each.release_name, target, each.helm_version


def _flux2_object(each: LiveFlux2Object) -> Sequence[str]:
    ready = "not said" if each.ready is None else _READY[each.ready]
    suspended = "yes" if each.suspended else "no"
    return f"{each.kind} {each.namespace}/{each.name}", ready, suspended, each.message


def _image(each: LiveImage) -> Sequence[str]:
    return f"{each.kind} {each.namespace}/{each.name}", each.container, each.image


def _tags(each: tuple[str, Sequence[KnownTag]]) -> Sequence[str]:
    return each[0], str(len(each[1])), str(sum(tag.created is not None for tag in each[1]))
