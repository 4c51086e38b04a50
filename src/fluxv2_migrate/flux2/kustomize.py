"""Kustomizations of kustomize-controller.

Source: kustomize-controller 1.9.4 `api/v1`, and 1.0 `api/v1beta1`, `api/v1beta2` for what they had besides.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, StrictBool, StrictStr

from fluxv2_migrate.flux2.meta import (
    CommonMetadata,
    CustomHealthCheck,
    DependencyReference,
    Image,
    JSON6902Patch,
    KubeConfigReference,
    LocalObjectReference,
    ObjectReference,
    Patch,
    Selector,
)
from fluxv2_migrate.kubernetes import (
    JsonObject,
    JsonValue,
    KubernetesModel,
    KubernetesObject,
    Sequence,
    Texts,
)


class Decryption(KubernetesModel):
    """How encrypted manifests are read."""

    provider: StrictStr | None = None
    secret_ref: LocalObjectReference | None = None
    service_account_name: StrictStr | None = None


class SubstituteReference(KubernetesModel):
    """Variables in a ConfigMap or Secret."""

    kind: StrictStr | None = None
    name: StrictStr | None = None
    optional: StrictBool | None = None


class PostBuild(KubernetesModel):
    """Variables that are filled into the built manifests."""

    substitute: Texts | None = None
    substitute_from: Sequence[SubstituteReference] | None = None
    substitute_strategy: StrictStr | None = None


class IgnoreFields(KubernetesModel):
    """Fields of objects that are left to others."""

    paths: Sequence[StrictStr] | None = None
    target: Selector | None = None


class KustomizationSpec(KubernetesModel):
    """Which folder of a source is applied, and how."""

    interval: StrictStr | None = None
    retry_interval: StrictStr | None = None
    timeout: StrictStr | None = None
    source_ref: ObjectReference | None = None
    path: StrictStr | None = None
    prune: StrictBool | None = None
    deletion_policy: StrictStr | None = None
    depends_on: Sequence[DependencyReference] | None = None
    suspend: StrictBool | None = None
    target_namespace: StrictStr | None = None
    name_prefix: StrictStr | None = None
    name_suffix: StrictStr | None = None
    service_account_name: StrictStr | None = None
    kube_config: KubeConfigReference | None = None
    decryption: Decryption | None = None
    post_build: PostBuild | None = None
    force: StrictBool | None = None
    wait: StrictBool | None = None
    health_checks: Sequence[ObjectReference] | None = None
    health_check_exprs: Sequence[CustomHealthCheck] | None = None
    common_metadata: CommonMetadata | None = None
    patches: Sequence[Patch] | None = None
    patches_strategic_merge: Sequence[JsonValue] | None = None
    patches_json6902: Sequence[JSON6902Patch] | None = None
    images: Sequence[Image] | None = None
    components: Sequence[StrictStr] | None = None
    ignore_missing_components: StrictBool | None = None
    ignore: Sequence[IgnoreFields] | None = None
    build_metadata: Sequence[StrictStr] | None = None
    validation: StrictStr | None = None


class Kustomization(KubernetesObject):
    """A folder that is applied to the cluster."""

    api_version: StrictStr = Field(pattern=r"^kustomize\.toolkit\.fluxcd\.io/v[a-z0-9]+$")
    kind: Literal["Kustomization"]
    spec: KustomizationSpec = Field(default_factory=KustomizationSpec)
    status: JsonObject | None = None
