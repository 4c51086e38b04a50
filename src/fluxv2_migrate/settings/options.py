"""What a person decides about a migration."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema, model_validator

from fluxv2_migrate.errors import MigrationError
from fluxv2_migrate.flux2.releases import FluxVersion
from fluxv2_migrate.frozen import FrozenDict, frozen
from fluxv2_migrate.given import checked_manifest
from fluxv2_migrate.kubernetes import LABEL_PATTERN, LONGEST_LABEL, LONGEST_NAME, NAME_PATTERN
from fluxv2_migrate.quoting.confidential import PrintedModel
from fluxv2_migrate.settings.inventory import Inventory
from fluxv2_migrate.settings.known_tags import KnownTag

_DURATION: Final = r"([0-9]+(\.[0-9]+)?(ms|s|m|h))+"
_CODE: Final = r"[A-Z]{2}[0-9]{3}(:[0-9a-f]{16})?"


def _matching(pattern: str, longest: int | None, what: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not re.fullmatch(pattern, text) or (longest is not None and len(text) > longest):
            raise ValueError(f"{text!r} is no {what}")
        return text

    return check


def _schema(pattern: str, longest: int | None = None) -> WithJsonSchema:
    limit = {} if longest is None else {"maxLength": longest}
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern}$", **limit})


_Namespace = Annotated[
    str,
    AfterValidator(
        _matching(LABEL_PATTERN, LONGEST_LABEL, "name of a namespace: up to 63 of a-z, 0-9 and -")
    ),
    _schema(LABEL_PATTERN, LONGEST_LABEL),
]
_ObjectName = Annotated[
    str,
    AfterValidator(
        _matching(NAME_PATTERN, LONGEST_NAME, "name of an object: up to 253 of a-z, 0-9, - and .")
    ),
    _schema(NAME_PATTERN, LONGEST_NAME),
]
_FluxDuration = Annotated[
    str,
    AfterValidator(_matching(_DURATION, None, "duration that Flux accepts, such as 10m, 90s or 1h30m")),
    _schema(_DURATION),
]
_Accepted = Annotated[
    str,
    AfterValidator(_matching(_CODE, None, "code of a finding, such as HR032 or HR032:<fingerprint>")),
    _schema(_CODE),
]
_NotEmpty = Annotated[str, Field(min_length=1)]
_Item = TypeVar("_Item")


def _frozen_if_walkable(value: Mapping[str, Any]) -> Any:
    checked_manifest(value, "the fields of an option")
    return frozen(value)


_Frozen = Annotated[_Item, AfterValidator(_frozen_if_walkable)]


class _Options(PrintedModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Placement(_Options):
    """Where generated objects go.

    Attributes:
        namespace: the Flux namespace, or that of the release that uses the object; a source for which no
            kustomization of a cluster leaves a place in the first goes to the second.
        file: one file each in one folder, or a file beside the release, or the release's own file.
    """

    namespace: Literal["flux", "release"] = "flux"
    file: Literal["folder", "beside", "same"] = "folder"


class Override(_Options):
    """What the repository cannot tell about the resources that match; empty patterns match all.

    Attributes:
        cluster: glob of the cluster's name; several are joined by a comma and a blank.
        kind: glob of the resource's kind, as it is in Flux v1.
        namespace: glob of the resource's namespace.
        name: glob of the resource's name.
        path: glob of the file.
        container: glob of the container, for what concerns one image.
        release_name: the live Helm release name.
        storage_namespace: where the records of the live Helm release are.
        ref_kind: what the git ref of the chart is.
        source_name: name of the chart's source.
        secret_name: Secret of the chart's source.
        policy: the `spec.policy` of the image's ImagePolicy.
        filter_tags: the `spec.filterTags` beside it.
        pull_secret: Secret with which the image's tags are read.
        helm_versions: `--enabled-helm-versions` of the helm-operators of the clusters that match.
        fluxd_version: of the fluxds of the clusters that match, such as `1.18.0`.
        git_url: `--git-url` of the fluxds of the clusters that match.
        update_images: update the images of what matches from now on, although fluxd never did.
        leave: leave the resource as it is.
        accept: codes of findings that a person has seen: they are not reported again. `HR003:` and a
            fingerprint accepts one finding of a code alone. Of the errors only those can be accepted that
            `FINDINGS` calls acceptable: all others would lose something.
    """

    cluster: str = "*"
    kind: str = "*"
    namespace: str = "*"
    name: str = "*"
    path: str = "*"
    container: str = "*"
    release_name: str | None = None
    storage_namespace: _Namespace | None = None
    ref_kind: Literal["branch", "tag", "commit"] | None = None
    source_name: _ObjectName | None = None
    secret_name: _ObjectName | None = None
    policy: _Frozen[Mapping[str, Any]] | None = None
    filter_tags: _Frozen[Mapping[str, str]] | None = None
    pull_secret: _ObjectName | None = None
    helm_versions: tuple[Literal["v2", "v3"], ...] = ()
    fluxd_version: _NotEmpty | None = None
    git_url: str | None = None
    update_images: bool = False
    leave: bool = False
    accept: tuple[_Accepted, ...] = ()


class Fluxd(_Options):
    """Settings of a fluxd; what is not given is what the repository shows, else fluxd's own default.

    Attributes:
        version: of its image, such as `1.25.4`.
        git_url: `--git-url`.
        git_user: `--git-user`.
        git_email: `--git-email`.
        commit_suffix: `--git-ci-skip-message`, or what `--git-ci-skip` stands for.
        read_only: `--git-readonly` or `--registry-disable-scanning`: no image is ever updated.
        manifest_generation: `--manifest-generation`: whether `.flux.yaml` counted.
        git_poll_interval: `--git-poll-interval`.
        git_timeout: `--git-timeout`.
        sync_interval: `--sync-interval`.
        sync_timeout: `--sync-timeout`.
        garbage_collection: `--sync-garbage-collection`, unless `--sync-garbage-collection-dry` is on.
        sops: `--sops`.
        verify_signatures: `--git-verify-signatures-mode`, or `"all"` for `--git-verify-signatures`.
        signing_key: `--git-signing-key`.
        secret_name: `--k8s-secret-name`, from which the runbook takes the key of the repository.
        secret_data_key: `--k8s-secret-data-key`, under which that Secret holds it.
        automation_interval: `--automation-interval`.
        exclude_images: `--registry-exclude-image`.
        include_images: `--registry-include-image`.
        ecr_regions: `--registry-ecr-region`.
        ecr_include_ids: `--registry-ecr-include-id`.
        ecr_exclude_ids: `--registry-ecr-exclude-id`.
    """

    version: _NotEmpty | None = None
    git_url: _NotEmpty | None = None
    git_user: str | None = None
    git_email: str | None = None
    commit_suffix: str | None = None
    read_only: bool | None = None
    manifest_generation: bool | None = None
    git_poll_interval: _FluxDuration | None = None
    git_timeout: _FluxDuration | None = None
    sync_interval: _FluxDuration | None = None
    sync_timeout: _FluxDuration | None = None
    garbage_collection: bool | None = None
    sops: bool | None = None
    verify_signatures: Literal["none", "all", "first-parent"] | None = None
    signing_key: str | None = None
    secret_name: _ObjectName | None = None
    secret_data_key: _NotEmpty | None = None
    automation_interval: _FluxDuration | None = None
    exclude_images: tuple[str, ...] | None = None
    include_images: tuple[str, ...] | None = None
    ecr_regions: tuple[str, ...] | None = None
    ecr_include_ids: tuple[str, ...] | None = None
    ecr_exclude_ids: tuple[str, ...] | None = None


class ImportedRepository(_Options):
    """A Helm repository of the helm-operator's `--helm-repository-import`, without what is secret in it.

    Attributes:
        url: as it is in the operator's repositories.yaml.
        login: whether it has a user and a password.
        client_certificate: whether it has a certFile and a keyFile.
        ca_certificate: whether it has a caFile.
        insecure_skip_tls_verify: as it is there.
        pass_credentials_all: as it is there.
    """

    url: _NotEmpty
    login: bool = False
    client_certificate: bool = False
    ca_certificate: bool = False
    insecure_skip_tls_verify: bool = False
    pass_credentials_all: bool = False


class HelmOperator(_Options):
    """Settings of a helm-operator; what is not given is what the repository shows, else its own default.

    Attributes:
        version: of its image, such as `1.4.4`.
        helm_versions: `--enabled-helm-versions`, the first one is the default; not known when not given.
        git_default_ref: `--git-default-ref`; that of the options when not given.
        git_poll_interval: `--git-poll-interval`, which becomes the interval of the charts' git repositories;
            `source_interval` of the options when not given.
        git_timeout: `--git-timeout`, which becomes the timeout of these; that of source-controller when not
            given.
        charts_sync_interval: `--charts-sync-interval`, which becomes the interval of the releases;
            `release_interval` of the options when not given.
        update_chart_deps: `--update-chart-deps`.
        allow_namespace: `--allow-namespace`: other releases were not looked at.
        repositories: of `--helm-repository-import`, those that need more than their URL.
        git_url: `--git-url` of the operators that knew FluxHelmReleases.
        git_branch: `--git-branch` of these.
        git_charts_path: `--git-charts-path` of these.
    """

    version: _NotEmpty | None = None
    helm_versions: tuple[Literal["v2", "v3"], ...] = ()
    git_default_ref: _NotEmpty | None = None
    git_poll_interval: _FluxDuration | None = None
    git_timeout: _FluxDuration | None = None
    charts_sync_interval: _FluxDuration | None = None
    update_chart_deps: bool | None = None
    allow_namespace: _Namespace | None = None
    repositories: tuple[ImportedRepository, ...] = ()
    git_url: _NotEmpty | None = None
    git_branch: _NotEmpty | None = None
    git_charts_path: str | None = None


class Flux1Workloads(_Options):
    """Where Flux v1 runs in a cluster; what is not given is what the repository shows.

    Attributes:
        namespace: of all of it.
        fluxd: its Deployment.
        fluxd_release: the Helm release that fluxd belongs to, where it was installed with its chart.
        memcached: the Deployment of the memcached beside it.
        helm_operator: its Deployment.
        helm_operator_release: the Helm release that it belongs to, where it was installed with its chart.
    """

    namespace: _Namespace | None = None
    fluxd: _ObjectName | None = None
    fluxd_release: _NotEmpty | None = None
    memcached: _ObjectName | None = None
    helm_operator: _ObjectName | None = None
    helm_operator_release: _NotEmpty | None = None


class Cluster(_Options):
    """A cluster and what of the repository reaches it; what is not given is what the repository shows.

    Attributes:
        name: how findings speak of it.
        sync_paths: each `--git-path` of fluxd; those of the fluxd that the repository shows when empty, else
            the whole repository.
        branch: that Flux v2 will follow; fluxd's `--git-branch` when not given.
        flux_version: the Flux release that will run; that of the options when not given.
        default_namespace: of manifests that name none; that of the options when not given.
        fluxd: its settings.
        helm_operator: its settings; for each that is not given here, that of the options counts.
        flux1_is: where Flux v1 runs.
        inventory: what its own tools say of what runs; not known when not given.
    """

    name: _NotEmpty
    sync_paths: tuple[str, ...] = ()
    branch: _NotEmpty | None = None
    flux_version: FluxVersion | None = None
    default_namespace: _Namespace | None = None
    fluxd: Fluxd = Fluxd()
    helm_operator: HelmOperator = HelmOperator()
    flux1_is: Flux1Workloads = Flux1Workloads()
    inventory: Inventory | None = None


class Scope(_Options):
    """Which releases and workloads are migrated now; globs, and an empty tuple is every one.

    What hangs together with something outside stays as a whole.

    Attributes:
        namespaces: of the resources.
        names: of the resources.
        paths: of the files.
    """

    namespaces: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


class MigrationOptions(_Options):
    """How to migrate.

    Attributes:
        flux_version: the Flux release that will run; inferred when not given: that of the repository's own
            `gotk-components`, else the newest that serves the v2 objects of the repository.
        flux_namespace: where Flux runs.
        clusters: the clusters that the repository serves; inferred when not given.
        sync_roots: the short form of `clusters`: one for each path.
        helm_operator: the short form for one cluster: the settings of its helm-operator.
        scope: which releases and workloads are migrated now.
        default_namespace: of manifests that name none; fluxd's default.
        git_default_ref: the helm-operator's `--git-default-ref`.
        sources: where HelmRepositories and GitRepositories go.
        images: where ImageRepositories, ImagePolicies and ImageUpdateAutomations go.
        cross_namespace_refs: whether the controllers follow references to other namespaces.
        reconcile_strategy: of charts from git; the helm-operator followed each commit.
        defaults: `"keep"` writes down what v1 did by default and v2 does not.
        failure_handling: `"safe"` lets a failed install be, whatever it is; `"exact"` uninstalls it and tries
            again as the helm-operator did, also where the record of a running release was not found.
        suspend_releases: write `suspend: true` into each release.
        release_interval: of HelmReleases.
        source_interval: of sources.
        image_interval: of ImageRepositories and ImageUpdateAutomations; that of fluxd when not given.
        image_tags: the known tags of image repositories, by the repository as fluxd or people write it; each
            as a text, or with its build time.
        keep_annotations: leave fluxd's annotations where they are.
        write_missing_namespaces: write the namespace that fluxd filled in into manifests that name none,
            where it is known, and a Namespace for each namespace that objects are in and nothing of their
            cluster defines; kustomize-controller adds neither, and applies nothing where one is missing.
        flux1: `"remove"` takes Flux v1's own manifests out of the repository, once nothing of it is left that
            they serve; `"keep"` leaves them there.
        sync_objects: write the GitRepository and the Kustomizations that sync a cluster which has none yet.
        overrides: what a person decided for single resources.
        inventory: the short form for one cluster: what its own tools say of what runs.
        write_what_flux1_read: scalars that Flux v2 would read otherwise, such as `no` and dates without
            quotes, are written as Flux v1 read them: in what is migrated (`"releases"`), in every manifest
            that a cluster applies (`"all"`), or nowhere (`"none"`).
    """

    flux_version: FluxVersion | None = None
    flux_namespace: _Namespace = "flux-system"
    clusters: tuple[Cluster, ...] = ()
    sync_roots: tuple[str, ...] = ()
    helm_operator: HelmOperator = HelmOperator()
    scope: Scope = Scope()
    default_namespace: _Namespace | None = None
    git_default_ref: _NotEmpty = "master"
    sources: Placement = Placement()
    images: Placement = Placement()
    cross_namespace_refs: bool = True
    reconcile_strategy: Literal["Revision", "ChartVersion"] = "Revision"
    defaults: Literal["keep", "flux2"] = "keep"
    failure_handling: Literal["safe", "exact"] = "safe"
    suspend_releases: bool = False
    release_interval: _FluxDuration = "5m"
    source_interval: _FluxDuration = "10m"
    image_interval: _FluxDuration | None = None
    image_tags: _Frozen[Mapping[str, tuple[KnownTag | str, ...]]] = Field(default_factory=FrozenDict)
    keep_annotations: bool = False
    write_missing_namespaces: bool = False
    flux1: Literal["remove", "keep"] = "remove"
    sync_objects: bool = True
    overrides: tuple[Override, ...] = ()
    inventory: Inventory | None = None
    write_what_flux1_read: Literal["releases", "all", "none"] = "releases"

    @model_validator(mode="after")
    def _clusters_are_told_apart(self) -> Self:
        names = [cluster.name for cluster in self.clusters]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two clusters have the name {twice[0]!r}")
        if self.inventory is not None and len(self.clusters or self.sync_roots) > 1:
            raise ValueError("inventory is of one cluster: give it with each of the clusters")
        if self.clusters and self.sync_roots:
            raise ValueError("sync_roots is the short form of clusters: give one of the two")
        return self


def checked_options(options: MigrationOptions | Mapping[str, Any] | None) -> MigrationOptions:
    """Gives the options that a caller gave: a model, what JSON gives for one, or nothing.

    Raises:
        MigrationError: it is something else.
        ValidationError: of pydantic: fields or values that options do not have.

    >>> checked_options({"sync_roots": ["apps"]}).sync_roots
    ('apps',)
    """
    if options is None:
        return MigrationOptions()
    if isinstance(options, Mapping):
        return MigrationOptions.model_validate(options)
    if not isinstance(options, MigrationOptions):
        raise MigrationError(f"options are a MigrationOptions or a mapping, not {type(options).__name__}")
    return options
