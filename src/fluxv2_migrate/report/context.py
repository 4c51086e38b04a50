"""What is known of the clusters of a repository, and how it became known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel

from fluxv2_migrate.clusters import ClusterView
from fluxv2_migrate.flux1.installation import Flux1Program
from fluxv2_migrate.flux2.releases import FluxVersion
from fluxv2_migrate.pages import Html, badge, fold, fragment, listed, prose, table
from fluxv2_migrate.quoting import shown_folder, shown_folders, without_credentials
from fluxv2_migrate.report.outline import assumptions_of
from fluxv2_migrate.settings.of_clusters import with_fluxd
from fluxv2_migrate.settings.options import Cluster

_ASSUMED: Final = "assumed"
_GIVEN: Final = "as given"
_NOT_A_READING: Final = ("name", "inventory")


@dataclass(frozen=True, slots=True)
class ContextReading:
    """A thing that is known of a cluster, and from where.

    Attributes:
        setting: which one: a field of `Cluster`, dotted.
        value: as text.
        read_from: the file and line, as `path:line`; `as given`; or `assumed`.
    """

    setting: str
    value: str
    read_from: str

    @property
    def is_assumed(self) -> bool:
        """Whether nothing says it."""
        return self.read_from == _ASSUMED


@dataclass(frozen=True, slots=True)
class OtherSync:
    """A fluxd of the cluster that syncs another repository.

    Attributes:
        git_url: of that repository, without a login; empty where nobody knows.
        sync_paths: in it.
        namespace: in which the fluxd runs.
        name: of its Deployment.
        read_from: the file and line that show it.
    """

    git_url: str
    sync_paths: tuple[str, ...]
    namespace: str
    name: str
    read_from: str


@dataclass(frozen=True, slots=True)
class ClusterContext:
    """A cluster that the repository serves.

    Attributes:
        name: how findings speak of it.
        sync_paths: the folders that it syncs; empty for the root.
        branch: that it follows, where that is known.
        reason: how it became known.
        settings: all that is known of it.
        readings: each thing that is known of it, with where it was read.
        flux_version: the Flux release that will run in it.
        flux_namespace: in which Flux v2 runs or will run.
        flux2_file: the file of Flux v2's own sync, where the cluster has one already; empty else.
        other_syncs: what of Flux v1 syncs other repositories to it.
    """

    name: str
    sync_paths: tuple[str, ...]
    branch: str | None
    reason: str
    settings: Cluster
    readings: tuple[ContextReading, ...]
    flux_version: FluxVersion
    flux_namespace: str
    flux2_file: str = ""
    other_syncs: tuple[OtherSync, ...] = ()


@dataclass(frozen=True, slots=True)
class MigrationContext:
    """What was read and what was assumed, and why.

    Attributes:
        flux_version: the Flux release that will run, as the whole repository shows it.
        clusters: that the repository serves.
        reasons: one sentence for each thing that was inferred.
    """

    flux_version: FluxVersion
    clusters: tuple[ClusterContext, ...]
    reasons: tuple[str, ...]

    @property
    def sync_roots(self) -> tuple[str, ...]:
        """The folders that Flux syncs, of all clusters."""
        return tuple(dict.fromkeys(path for cluster in self.clusters for path in cluster.sync_paths))

    def as_clusters(self) -> tuple[Cluster, ...]:
        """Gives all that is known as options, for a later run that finds nothing of Flux v1 any more.

        Returns:
            A cluster each, ready for JSON; `MigrationOptions.clusters` takes them.

        >>> from fluxv2_migrate import migrate_text
        >>> text = "{apiVersion: helm.fluxcd.io/v1, kind: HelmRelease, metadata: {name: web}}"
        >>> migrate_text(text).context.as_clusters()[0].sync_paths
        ('',)
        """
        return tuple(
            each.settings.model_copy(update={"flux_version": each.flux_version, "inventory": None})
            for each in self.clusters
        )

    def _repr_html_(self) -> str:
        return fragment("What was read and assumed", *context_parts(self))


def cluster_context(
    view: ClusterView, said: Cluster | None, flux_version: FluxVersion, flux_namespace: str
) -> ClusterContext:
    """Gives what is known of a cluster, for people and for later runs.

    Args:
        said: what was said of it, or of all clusters.
    """
    paths = view.paths
    settings = view.settings
    if not settings.sync_paths:
        settings = settings.model_copy(update={"sync_paths": paths})
    if settings.fluxd.manifest_generation and all(
        each.files == "all" and not each.prints for each in view.sync_paths
    ):
        # No `.flux.yaml` counted: whoever looks for the name of a release later must not take one for gone.
        settings = with_fluxd(settings, manifest_generation=False)
    return ClusterContext(
        view.name,
        paths,
        settings.branch,
        view.reason,
        settings,
        tuple(_readings(settings, said, view)),
        flux_version,
        flux_namespace,
        view.flux2_file,
        tuple(_other_sync(each) for each in view.flux1.others if each.program == "fluxd"),
    )


def _readings(settings: Cluster, said: Cluster | None, view: ClusterView) -> Iterator[ContextReading]:
    known = dict(_fields(settings))
    given = dict(_fields(said)) if said is not None else {}
    for name in dict.fromkeys(("sync_paths", "branch", *known)):
        value = known.get(name, "master" if name == "branch" else "")
        if name in view.places:
            read_from = view.places[name]
        elif given.get(name) == value or (name == "sync_paths" and view.reason.startswith(_GIVEN)):
            read_from = _GIVEN
        else:
            read_from = _ASSUMED
        yield ContextReading(name, without_credentials(value), read_from)


def _fields(settings: BaseModel, above: str = "") -> Iterator[tuple[str, str]]:
    """Gives the fields of which something is known, dotted, with their values as text."""
    for name, about in type(settings).model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            if not above and name not in _NOT_A_READING:
                yield from _fields(value, f"{name}.")
        elif value != about.get_default() and name not in _NOT_A_READING:
            yield above + name, _text(value)


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(getattr(each, "url", None) or shown_folder(str(each)) for each in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _other_sync(fluxd: Flux1Program) -> OtherSync:
    url = fluxd.repository_url
    return OtherSync(
        url.value if url is not None else "",
        fluxd.items("git-path"),
        fluxd.namespace,
        fluxd.name,
        fluxd.place,
    )


def context_parts(context: MigrationContext) -> Iterator[Html]:
    """Gives what was assumed, a table of the clusters, and for each what was read of it and where."""
    yield listed(map(prose, assumptions_of(context)))
    rows = [
        (
            each.name,
            shown_folders(each.sync_paths),
            each.branch or "not known",
            f"{each.flux_version} in {each.flux_namespace}",
            each.reason,
        )
        for each in context.clusters
    ]
    yield table("Clusters", ("cluster", "sync paths", "branch", "Flux v2", "known from"), rows)
    for each in context.clusters:
        read = [
            (
                reading.setting,
                reading.value,
                badge("assumed", "warning") if reading.is_assumed else reading.read_from,
            )
            for reading in each.readings
        ]
        yield fold(
            f"Settings of {each.name}",
            table(f"Settings of {each.name}", ("setting", "value", "read from"), read),
        )
