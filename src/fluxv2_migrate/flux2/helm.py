"""Releases of helm-controller.

Source: helm-controller 1.6.3 `api/v2`, and 0.35 and 0.37 for what the betas had besides.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr

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


class HelmChartTemplateMetadata(KubernetesModel):
    """Labels and annotations of the HelmChart that helm-controller makes."""

    labels: Texts | None = None
    annotations: Texts | None = None


class HelmChartTemplateVerification(KubernetesModel):
    """How the signature of a chart is checked."""

    provider: StrictStr | None = None
    secret_ref: LocalObjectReference | None = None


class HelmChartTemplateSpec(KubernetesModel):
    """The chart, and the source that it comes from."""

    chart: StrictStr | None = None
    version: StrictStr | None = None
    source_ref: ObjectReference | None = None
    interval: StrictStr | None = None
    reconcile_strategy: StrictStr | None = None
    values_file: StrictStr | None = None
    values_files: Sequence[StrictStr] | None = None
    ignore_missing_values_files: StrictBool | None = None
    verify: HelmChartTemplateVerification | None = None


class HelmChartTemplate(KubernetesModel):
    """The HelmChart that helm-controller makes for a release."""

    metadata: HelmChartTemplateMetadata | None = None
    spec: HelmChartTemplateSpec | None = None


class ValuesReference(KubernetesModel):
    """Values in a ConfigMap or Secret, under `values.yaml` where no key is given."""

    kind: StrictStr | None = None
    name: StrictStr | None = None
    values_key: StrictStr | None = None
    target_path: StrictStr | None = None
    optional: StrictBool | None = None
    literal: StrictBool | None = None


class ActionStrategy(KubernetesModel):
    """What happens when an installation or upgrade fails."""

    name: StrictStr | None = None
    retry_interval: StrictStr | None = None


class InstallRemediation(KubernetesModel):
    """How a failed installation is put right."""

    retries: StrictInt | None = None
    ignore_test_failures: StrictBool | None = None
    remediate_last_failure: StrictBool | None = None


class Install(KubernetesModel):
    """How a release is installed."""

    timeout: StrictStr | None = None
    strategy: ActionStrategy | None = None
    remediation: InstallRemediation | None = None
    disable_take_ownership: StrictBool | None = None
    disable_wait: StrictBool | None = None
    disable_wait_for_jobs: StrictBool | None = None
    disable_hooks: StrictBool | None = None
    disable_open_api_validation: StrictBool | None = None
    disable_schema_validation: StrictBool | None = None
    replace: StrictBool | None = None
    skip_crds: StrictBool | None = None
    crds: StrictStr | None = None
    create_namespace: StrictBool | None = None
    server_side_apply: StrictBool | None = None


class UpgradeRemediation(KubernetesModel):
    """How a failed upgrade is put right."""

    retries: StrictInt | None = None
    ignore_test_failures: StrictBool | None = None
    remediate_last_failure: StrictBool | None = None
    strategy: StrictStr | None = None


class Upgrade(KubernetesModel):
    """How a release is upgraded."""

    timeout: StrictStr | None = None
    strategy: ActionStrategy | None = None
    remediation: UpgradeRemediation | None = None
    disable_take_ownership: StrictBool | None = None
    disable_wait: StrictBool | None = None
    disable_wait_for_jobs: StrictBool | None = None
    disable_hooks: StrictBool | None = None
    disable_open_api_validation: StrictBool | None = None
    disable_schema_validation: StrictBool | None = None
    force: StrictBool | None = None
    preserve_values: StrictBool | None = None
    cleanup_on_fail: StrictBool | None = None
    crds: StrictStr | None = None
    server_side_apply: StrictStr | None = None
    chart_name_change_strategy: StrictStr | None = None


class Filter(KubernetesModel):
    """A test of the chart, by name."""

    name: StrictStr | None = None
    exclude: StrictBool | None = None


class Test(KubernetesModel):
    """Whether the tests of a release run after an installation or upgrade."""

    # Its name is helm-controller's; pytest shall not take it for a test.
    __test__ = False

    enable: StrictBool | None = None
    timeout: StrictStr | None = None
    ignore_failures: StrictBool | None = None
    filters: Sequence[Filter] | None = None


class Rollback(KubernetesModel):
    """How a release is rolled back."""

    timeout: StrictStr | None = None
    disable_wait: StrictBool | None = None
    disable_wait_for_jobs: StrictBool | None = None
    disable_hooks: StrictBool | None = None
    recreate: StrictBool | None = None
    force: StrictBool | None = None
    cleanup_on_fail: StrictBool | None = None
    server_side_apply: StrictStr | None = None


class Uninstall(KubernetesModel):
    """How a release is uninstalled."""

    timeout: StrictStr | None = None
    disable_hooks: StrictBool | None = None
    keep_history: StrictBool | None = None
    disable_wait: StrictBool | None = None
    deletion_propagation: StrictStr | None = None


class IgnoreRule(KubernetesModel):
    """Fields of objects that may drift."""

    paths: Sequence[StrictStr] | None = None
    target: Selector | None = None


class DriftDetection(KubernetesModel):
    """What happens when objects differ from what the chart says."""

    mode: StrictStr | None = None
    ignore: Sequence[IgnoreRule] | None = None


class PostRendererKustomize(KubernetesModel):
    """What kustomize changes in the objects of the chart."""

    patches: Sequence[Patch] | None = None
    patches_strategic_merge: Sequence[JsonValue] | None = None
    patches_json6902: Sequence[JSON6902Patch] | None = None
    images: Sequence[Image] | None = None


class PostRenderer(KubernetesModel):
    """One step between the chart and the cluster."""

    kustomize: PostRendererKustomize | None = None


class WaitStrategy(KubernetesModel):
    """What waits until objects are ready."""

    name: StrictStr | None = None


class HelmReleaseSpec(KubernetesModel):
    """What helm-controller shall install, and how."""

    interval: StrictStr | None = None
    suspend: StrictBool | None = None
    release_name: StrictStr | None = None
    target_namespace: StrictStr | None = None
    storage_namespace: StrictStr | None = None
    service_account_name: StrictStr | None = None
    kube_config: KubeConfigReference | None = None
    depends_on: Sequence[DependencyReference] | None = None
    chart: HelmChartTemplate | None = None
    chart_ref: ObjectReference | None = None
    values_from: Sequence[ValuesReference] | None = None
    values: JsonObject | None = None
    timeout: StrictStr | None = None
    max_history: StrictInt | None = None
    persistent_client: StrictBool | None = None
    common_metadata: CommonMetadata | None = None
    drift_detection: DriftDetection | None = None
    wait_strategy: WaitStrategy | None = None
    health_check_exprs: Sequence[CustomHealthCheck] | None = None
    install: Install | None = None
    upgrade: Upgrade | None = None
    test: Test | None = None
    rollback: Rollback | None = None
    uninstall: Uninstall | None = None
    post_render_strategy: StrictStr | None = None
    post_renderers: Sequence[PostRenderer] | None = None


class HelmRelease(KubernetesObject):
    """A release of `helm.toolkit.fluxcd.io`, of any of its versions.

    >>> release = HelmRelease.model_validate({
    ...     "apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": {"name": "web"},
    ...     "spec": {"interval": "5m", "install": {"disableWait": True}}})
    >>> release.spec.interval, release.spec.install
    ('5m', Install(disable_wait=True))
    """

    api_version: StrictStr = Field(pattern=r"^helm\.toolkit\.fluxcd\.io/v[a-z0-9]+$")
    kind: Literal["HelmRelease"]
    spec: HelmReleaseSpec = Field(default_factory=HelmReleaseSpec)
    status: JsonObject | None = None
