"""Sources of source-controller.

Source: source-controller 1.9.1 `api/v1`, and 1.0 `api/v1beta1`, `api/v1beta2` for what they had besides.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictStr, StringConstraints

from fluxv2_migrate.flux2.meta import AccessFrom, LocalObjectReference, ObjectReference
from fluxv2_migrate.kubernetes import JsonObject, KubernetesModel, KubernetesObject, Sequence

_ApiVersion = Annotated[StrictStr, StringConstraints(pattern=r"^source\.toolkit\.fluxcd\.io/v[a-z0-9]+$")]


class HelmRepositorySpec(KubernetesModel):
    """Where a Helm repository is, and how it is reached."""

    url: StrictStr | None = None
    type: StrictStr | None = None
    interval: StrictStr | None = None
    timeout: StrictStr | None = None
    secret_ref: LocalObjectReference | None = None
    cert_secret_ref: LocalObjectReference | None = None
    pass_credentials: StrictBool | None = None
    provider: StrictStr | None = None
    insecure: StrictBool | None = None
    suspend: StrictBool | None = None
    access_from: AccessFrom | None = None


class HelmRepository(KubernetesObject):
    """A Helm repository, over HTTP or of a registry."""

    api_version: _ApiVersion
    kind: Literal["HelmRepository"]
    spec: HelmRepositorySpec = Field(default_factory=HelmRepositorySpec)
    status: JsonObject | None = None


class GitRepositoryRef(KubernetesModel):
    """What is checked out: the commit, else the name, else the tag, else the range, else the branch."""

    branch: StrictStr | None = None
    tag: StrictStr | None = None
    semver: StrictStr | None = None
    name: StrictStr | None = None
    commit: StrictStr | None = None


class GitRepositoryVerification(KubernetesModel):
    """How signatures in git are checked."""

    mode: StrictStr | None = None
    secret_ref: LocalObjectReference | None = None


class GitRepositoryInclude(KubernetesModel):
    """A folder of another GitRepository that is put into this one."""

    repository: LocalObjectReference | None = None
    from_path: StrictStr | None = None
    to_path: StrictStr | None = None


class GitRepositorySpec(KubernetesModel):
    """Where a git repository is, and what is taken of it."""

    url: StrictStr | None = None
    interval: StrictStr | None = None
    timeout: StrictStr | None = None
    ref: GitRepositoryRef | None = None
    secret_ref: LocalObjectReference | None = None
    provider: StrictStr | None = None
    service_account_name: StrictStr | None = None
    verify: GitRepositoryVerification | None = None
    proxy_secret_ref: LocalObjectReference | None = None
    ignore: StrictStr | None = None
    recurse_submodules: StrictBool | None = None
    include: Sequence[GitRepositoryInclude] | None = None
    sparse_checkout: Sequence[StrictStr] | None = None
    suspend: StrictBool | None = None
    git_implementation: StrictStr | None = None
    access_from: AccessFrom | None = None


class GitRepository(KubernetesObject):
    """A git repository."""

    api_version: _ApiVersion
    kind: Literal["GitRepository"]
    spec: GitRepositorySpec = Field(default_factory=GitRepositorySpec)
    status: JsonObject | None = None


class BucketSTS(KubernetesModel):
    """The service that hands out temporary credentials of a bucket."""

    provider: StrictStr | None = None
    endpoint: StrictStr | None = None
    secret_ref: LocalObjectReference | None = None
    cert_secret_ref: LocalObjectReference | None = None


class BucketSpec(KubernetesModel):
    """Where a bucket is, and what is taken of it."""

    provider: StrictStr | None = None
    bucket_name: StrictStr | None = None
    endpoint: StrictStr | None = None
    sts: BucketSTS | None = None
    insecure: StrictBool | None = None
    region: StrictStr | None = None
    prefix: StrictStr | None = None
    secret_ref: LocalObjectReference | None = None
    service_account_name: StrictStr | None = None
    cert_secret_ref: LocalObjectReference | None = None
    proxy_secret_ref: LocalObjectReference | None = None
    interval: StrictStr | None = None
    timeout: StrictStr | None = None
    ignore: StrictStr | None = None
    suspend: StrictBool | None = None
    access_from: AccessFrom | None = None


class Bucket(KubernetesObject):
    """A bucket of an object storage."""

    api_version: _ApiVersion
    kind: Literal["Bucket"]
    spec: BucketSpec = Field(default_factory=BucketSpec)
    status: JsonObject | None = None


class OIDCIdentityMatch(KubernetesModel):
    """An identity that may have signed."""

    issuer: StrictStr | None = None
    subject: StrictStr | None = None


class OCIRepositoryVerification(KubernetesModel):
    """How the signature of an artifact is checked."""

    provider: StrictStr | None = None
    secret_ref: LocalObjectReference | None = None
    match_oidc_identity: Sequence[OIDCIdentityMatch] | None = None
    trusted_root_secret_ref: LocalObjectReference | None = None


class OCIRepositoryRef(KubernetesModel):
    """What is pulled: the digest, else the newest of a range, else the tag."""

    digest: StrictStr | None = None
    semver: StrictStr | None = None
    semver_filter: StrictStr | None = None
    tag: StrictStr | None = None


class OCILayerSelector(KubernetesModel):
    """The layer that is taken of an artifact, and whether it is unpacked."""

    media_type: StrictStr | None = None
    operation: StrictStr | None = None


class OCIRepositorySpec(KubernetesModel):
    """Where a repository of artifacts is, and what is taken of it."""

    url: StrictStr | None = None
    ref: OCIRepositoryRef | None = None
    layer_selector: OCILayerSelector | None = None
    provider: StrictStr | None = None
    secret_ref: LocalObjectReference | None = None
    verify: OCIRepositoryVerification | None = None
    service_account_name: StrictStr | None = None
    cert_secret_ref: LocalObjectReference | None = None
    proxy_secret_ref: LocalObjectReference | None = None
    interval: StrictStr | None = None
    timeout: StrictStr | None = None
    ignore: StrictStr | None = None
    insecure: StrictBool | None = None
    suspend: StrictBool | None = None


class OCIRepository(KubernetesObject):
    """A repository of artifacts in a container registry."""

    api_version: _ApiVersion
    kind: Literal["OCIRepository"]
    spec: OCIRepositorySpec = Field(default_factory=OCIRepositorySpec)
    status: JsonObject | None = None


class HelmChartSpec(KubernetesModel):
    """A chart, and the source that it comes from."""

    chart: StrictStr | None = None
    version: StrictStr | None = None
    source_ref: ObjectReference | None = None
    interval: StrictStr | None = None
    reconcile_strategy: StrictStr | None = None
    values_file: StrictStr | None = None
    values_files: Sequence[StrictStr] | None = None
    ignore_missing_values_files: StrictBool | None = None
    suspend: StrictBool | None = None
    access_from: AccessFrom | None = None
    verify: OCIRepositoryVerification | None = None


class HelmChart(KubernetesObject):
    """A chart; mostly made by helm-controller."""

    api_version: _ApiVersion
    kind: Literal["HelmChart"]
    spec: HelmChartSpec = Field(default_factory=HelmChartSpec)
    status: JsonObject | None = None


class ExternalArtifactSpec(KubernetesModel):
    """What made an artifact outside of source-controller."""

    source_ref: ObjectReference | None = None


class ExternalArtifact(KubernetesObject):
    """An artifact that another controller made."""

    api_version: _ApiVersion
    kind: Literal["ExternalArtifact"]
    spec: ExternalArtifactSpec = Field(default_factory=ExternalArtifactSpec)
    status: JsonObject | None = None
