"""What is known of a cluster: what a person said, over what the repository shows, over the defaults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from fluxv2_migrate.folders import normal_path
from fluxv2_migrate.settings.inventory import Inventory
from fluxv2_migrate.settings.known_tags import KnownTag, joined_tags
from fluxv2_migrate.settings.options import Cluster, Fluxd, HelmOperator, MigrationOptions
from fluxv2_migrate.settings.sync_roots import SyncRoots

_ALL: Final = Cluster(name="all")
_DEFAULTS: Final = MigrationOptions()
_OF_OPERATOR: Final = ("update_chart_deps", "git_branch", "git_charts_path")
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class ReleaseSettings:
    """What decides, beside the manifests, what releases mean to one cluster.

    Attributes:
        cluster: its name; empty where no cluster is named.
        default_namespace: of manifests that name none; empty where nobody knows.
        git_default_ref: of charts from git that name no ref.
        git_interval: of the git repositories of charts.
        git_timeout: of one look at them; empty where nobody gave one.
        helm_operator: the settings of its helm-operator.
        inventory: what runs there, where anybody said it.
        update_chart_deps: whether the operator fetched what a chart depends on.
        git_branch: of the charts of FluxHelmReleases.
        git_charts_path: the folder of these charts.
        known_branches: of git repositories, by what is compared of their URLs.
    """

    cluster: str
    default_namespace: str
    git_default_ref: str
    release_interval: str
    git_interval: str
    git_timeout: str
    helm_operator: HelmOperator
    # It may be long, and is told apart by whose it is.
    inventory: Inventory | None = field(default=None, compare=False)
    update_chart_deps: bool = True
    git_branch: str = "master"
    git_charts_path: str = "charts"
    known_branches: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class FluxdSettings:
    """What a fluxd ran with, its own defaults where nobody said anything else.

    Attributes:
        version: of its image; empty where nobody knows.
        git_url: empty where nobody knows.
        commit_suffix: at the end of the messages of its commits.
        read_only: whether it never updated an image.
        automation_interval: after which it looked for new images.
        exclude_images: that it did not scan.
        include_images: that it scanned alone, where there are some.
        ecr_regions: of ECR, that it scanned alone; where there are none nobody knows its own one.
        ecr_include_ids: accounts of ECR that it scanned alone, where there are some.
        ecr_exclude_ids: accounts of ECR that it did not scan; by default those of EKS itself.

    Source: fluxcd/flux 1.25.4 `cmd/fluxd/main.go`.
    """

    version: str = ""
    git_url: str = ""
    git_user: str = "Weave Flux"
    git_email: str = "support@weave.works"
    commit_suffix: str = ""
    read_only: bool = False
    automation_interval: str = "5m"
    exclude_images: tuple[str, ...] = ("k8s.gcr.io/*",)
    include_images: tuple[str, ...] = ()
    ecr_regions: tuple[str, ...] = ()
    ecr_include_ids: tuple[str, ...] = ()
    ecr_exclude_ids: tuple[str, ...] = ("602401143452", "918309763551")


_LIMITS: Final = (
    "read_only",
    "exclude_images",
    "include_images",
    "ecr_regions",
    "ecr_include_ids",
    "ecr_exclude_ids",
)


def fluxd_settings_of(fluxd: Fluxd) -> FluxdSettings:
    """Gives what counts of the settings of a fluxd.

    >>> fluxd_settings_of(Fluxd(git_user="Bot")).git_user, fluxd_settings_of(Fluxd()).git_email
    ('Bot', 'support@weave.works')
    """
    known = {name: getattr(fluxd, name) for name in FluxdSettings.__dataclass_fields__}
    return FluxdSettings(**{name: value for name, value in known.items() if value is not None})


def limits_images(fluxd: Fluxd) -> bool:
    """Gives whether a fluxd was told of images that it does not update.

    >>> limits_images(Fluxd(include_images=("ghcr.io/acme/*",))), limits_images(Fluxd(git_user="Bot"))
    (True, False)
    """
    own, usual = fluxd_settings_of(fluxd), FluxdSettings()
    return any(getattr(own, name) != getattr(usual, name) for name in _LIMITS)


def said_over(said: _Model, shown: _Model) -> _Model:
    """Gives what is known of something, field by field: what was said, else what is shown.

    Args:
        said: counts where it says something; a field with its default says nothing.

    >>> said_over(Fluxd(git_user="Bot"), Fluxd(git_user="Flux", sops=True))
    Fluxd(git_user='Bot', sops=True)
    """
    update, given = {}, said.model_fields_set
    for name, default in _defaults_of(type(said)).items():
        if name not in given:
            continue
        value, known = getattr(said, name), getattr(shown, name)
        if isinstance(value, BaseModel) and isinstance(known, BaseModel):
            together = said_over(value, known)
            if together is not known:
                update[name] = together
        elif value is not default and value != default:
            update[name] = value
    return shown.model_copy(update=update) if update else shown


@cache
def _defaults_of(model: type[BaseModel]) -> Mapping[str, object]:
    """Gives the fields of a model with their defaults."""
    return {name: about.get_default() for name, about in model.model_fields.items()}


def with_fluxd(settings: Cluster, **known: Any) -> Cluster:
    """Gives the settings of a cluster with more that is known of its fluxd.

    >>> with_fluxd(Cluster(name="prod"), read_only=True).fluxd.read_only
    True
    """
    return settings.model_copy(update={"fluxd": settings.fluxd.model_copy(update=known)})


def with_options(options: MigrationOptions, said: Cluster, shown: Cluster) -> Cluster:
    """Gives all that is known of a cluster: what was said of it, else of all clusters, else what is shown.

    >>> shown = Cluster(name="x", branch="main", helm_operator=HelmOperator(git_default_ref="dev"))
    >>> options = MigrationOptions(default_namespace="apps", git_default_ref="trunk")
    >>> known = with_options(options, Cluster(name="prod"), shown)
    >>> known.name, known.branch, known.default_namespace, known.helm_operator.git_default_ref
    ('prod', 'main', 'apps', 'trunk')
    """
    operator = said_over(
        options.helm_operator,
        HelmOperator(
            git_default_ref=_unless_default(options.git_default_ref, _DEFAULTS.git_default_ref),
            charts_sync_interval=_unless_default(options.release_interval, _DEFAULTS.release_interval),
            git_poll_interval=_unless_default(options.source_interval, _DEFAULTS.source_interval),
        ),
    )
    every = Cluster(
        name=said.name,
        flux_version=options.flux_version,
        default_namespace=options.default_namespace,
        helm_operator=operator,
    )
    return said_over(said_over(said, every), shown)


def _unless_default(value: str, default: str) -> str | None:
    return None if value == default else value


class ClustersOfFiles:
    """For which cluster each file is: for that with the deepest sync path around it, the first of several.

    >>> one, other = Cluster(name="eu", sync_paths=("clusters/eu",)), Cluster(name="all")
    >>> clusters = ClustersOfFiles(MigrationOptions(clusters=(one, other)))
    >>> clusters.of("clusters/eu/web.yaml"), clusters.of("web.yaml")
    ('eu', 'all')
    """

    def __init__(self, options: MigrationOptions) -> None:
        self._names: dict[str, str] = {}
        for cluster in options.clusters:
            for path in cluster.sync_paths or ("",):
                self._names.setdefault(normal_path(path), cluster.name)
        self._roots = SyncRoots(self._names)

    def of(self, path: str) -> str | None:
        """Gives the name of a file's cluster; `None` where no sync path holds the file."""
        root = self._roots.around(path)
        return None if root is None else self._names[root]


def settings_of(options: MigrationOptions, cluster: Cluster | None = None) -> ReleaseSettings:
    """Gives the settings of a cluster; what it does not say is that of the options.

    Args:
        cluster: what is known of one, or `None` where none is named.

    >>> settings_of(MigrationOptions(release_interval="1h")).release_interval
    '1h'
    """
    known = with_options(options, cluster or _ALL, _ALL)
    operator = known.helm_operator
    settings = ReleaseSettings(
        cluster="" if cluster is None else cluster.name,
        default_namespace=known.default_namespace or "",
        git_default_ref=operator.git_default_ref or options.git_default_ref,
        release_interval=operator.charts_sync_interval or options.release_interval,
        git_interval=operator.git_poll_interval or options.source_interval,
        git_timeout=operator.git_timeout or "",
        helm_operator=operator,
        inventory=known.inventory or options.inventory,
    )
    given = {name: getattr(operator, name) for name in _OF_OPERATOR}
    return replace(settings, **{name: value for name, value in given.items() if value is not None})


def with_tags_of_inventories(options: MigrationOptions) -> MigrationOptions:
    """Gives options whose `image_tags` hold what all inventories know of tags, too.

    What registries have is the same for all clusters, and who knows a build time is believed first.

    >>> inventory = Inventory(tags={"a/b": (KnownTag(tag="1.1"),)})
    >>> options = with_tags_of_inventories(MigrationOptions(inventory=inventory, image_tags={"a/b": ["1.0"]}))
    >>> [tag.tag for tag in options.image_tags["a/b"]]
    ['1.0', '1.1']
    """
    found: dict[str, Iterable[KnownTag | str]] = dict(options.image_tags)
    for inventory in _inventories(options):
        for image, tags in inventory.tags.items():
            found[image] = joined_tags([*found.get(image, ()), *tags])
    return options.model_copy(update={"image_tags": found}) if found else options


def _inventories(options: MigrationOptions) -> list[Inventory]:
    given = [options.inventory, *(cluster.inventory for cluster in options.clusters)]
    return [each for each in given if each is not None and each.tags]
