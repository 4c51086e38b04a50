"""The resources of the helm-operator, all three APIs that it ever had.

Nothing is required inside a `spec`: kustomize patches of a release hold only what they change.

Source: helm-operator 1.4.4 `pkg/apis/helm.fluxcd.io/v1`; fluxcd/flux helm-0.10.1 `integrations/apis`.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr

from fluxv2_migrate.kubernetes import JsonObject, KubernetesModel, KubernetesObject, Sequence


class LocalObjectReference(KubernetesModel):
    """An object in the namespace of the release."""

    name: StrictStr | None = None


class ObjectReference(KubernetesModel):
    """An object in any namespace; that of the release where none is given."""

    name: StrictStr | None = None
    namespace: StrictStr | None = None


class ChartSource(KubernetesModel):
    """A chart from git or from a Helm repository; git wins where both are given."""

    git: StrictStr | None = None
    ref: StrictStr | None = None
    path: StrictStr | None = None
    secret_ref: ObjectReference | None = None
    skip_dep_update: StrictBool | None = None
    repository: StrictStr | None = None
    name: StrictStr | None = None
    version: StrictStr | None = None
    chart_pull_secret: LocalObjectReference | None = None


class ConfigMapKeySelector(KubernetesModel):
    """Values in a ConfigMap, under `values.yaml` where no key is given."""

    name: StrictStr | None = None
    namespace: StrictStr | None = None
    key: StrictStr | None = None
    optional: StrictBool | None = None


class SecretKeySelector(KubernetesModel):
    """Values in a Secret, under `values.yaml` where no key is given."""

    name: StrictStr | None = None
    namespace: StrictStr | None = None
    key: StrictStr | None = None
    optional: StrictBool | None = None


class ExternalSourceSelector(KubernetesModel):
    """Values behind a URL."""

    url: StrictStr | None = None
    optional: StrictBool | None = None


class ChartFileSelector(KubernetesModel):
    """Values in a file of the chart, for charts from git."""

    path: StrictStr | None = None
    optional: StrictBool | None = None


class ValuesFromSource(KubernetesModel):
    """One source of values; the first of these fields that is set decides."""

    config_map_key_ref: ConfigMapKeySelector | None = None
    secret_key_ref: SecretKeySelector | None = None
    external_source_ref: ExternalSourceSelector | None = None
    chart_file_ref: ChartFileSelector | None = None


class Rollback(KubernetesModel):
    """What happens after an upgrade that failed."""

    enable: StrictBool | None = None
    retry: StrictBool | None = None
    max_retries: StrictInt | None = None
    force: StrictBool | None = None
    recreate: StrictBool | None = None
    disable_hooks: StrictBool | None = None
    timeout: StrictInt | None = None
    wait: StrictBool | None = None


class Test(KubernetesModel):
    """Whether the tests of a release run after an installation or upgrade."""

    # Its name is helm-operator's; pytest shall not take it for a test.
    __test__ = False

    enable: StrictBool | None = None
    ignore_failures: StrictBool | None = None
    timeout: StrictInt | None = None
    cleanup: StrictBool | None = None


class HelmReleaseSpec(KubernetesModel):
    """What the helm-operator shall install, and how."""

    helm_version: Literal["v2", "v3"] | None = None
    chart: ChartSource | None = None
    release_name: StrictStr | None = None
    target_namespace: StrictStr | None = None
    max_history: StrictInt | None = None
    timeout: StrictInt | None = None
    wait: StrictBool | None = None
    force_upgrade: StrictBool | None = None
    reset_values: StrictBool | None = None
    skip_crds: StrictBool | None = None
    disable_open_api_validation: StrictBool | None = None
    value_file_secrets: Sequence[LocalObjectReference] | None = None
    values_from: Sequence[ValuesFromSource] | None = None
    values: JsonObject | None = None
    rollback: Rollback | None = None
    test: Test | None = None


class Condition(KubernetesModel):
    """What the helm-operator observed of a release."""

    type: StrictStr | None = None
    status: StrictStr | None = None
    reason: StrictStr | None = None
    message: StrictStr | None = None
    last_update_time: StrictStr | None = None
    last_transition_time: StrictStr | None = None


class HelmReleaseStatus(KubernetesModel):
    """What the helm-operator made of a release; its name here is the one that Helm knows."""

    observed_generation: StrictInt | None = None
    phase: StrictStr | None = None
    release_name: StrictStr | None = None
    release_status: StrictStr | None = None
    revision: StrictStr | None = None
    last_attempted_revision: StrictStr | None = None
    rollback_count: StrictInt | None = None
    values_checksum: StrictStr | None = None
    conditions: Sequence[Condition] | None = None


class HelmRelease(KubernetesObject):
    """A release of `helm.fluxcd.io/v1`, or of `flux.weave.works/v1beta1`, which has fewer fields.

    >>> release = HelmRelease.model_validate({
    ...     "apiVersion": "helm.fluxcd.io/v1", "kind": "HelmRelease", "metadata": {"name": "web"},
    ...     "spec": {"releaseName": "shop-web", "values": {"replicas": 2}}})
    >>> release.spec.release_name, release.spec.chart
    ('shop-web', None)
    """

    api_version: Literal["helm.fluxcd.io/v1", "flux.weave.works/v1beta1"]
    kind: Literal["HelmRelease"]
    spec: HelmReleaseSpec = Field(default_factory=HelmReleaseSpec)
    status: HelmReleaseStatus | None = None


class FluxHelmReleaseSpec(KubernetesModel):
    """What the first helm-operators shall install; the git repository stands in their flags."""

    chart_git_path: StrictStr | None = None
    release_name: StrictStr | None = None
    value_file_secrets: Sequence[LocalObjectReference] | None = None
    values: JsonObject | None = None


class FluxHelmReleaseStatus(KubernetesModel):
    """What the first helm-operators made of a release."""

    release_status: StrictStr | None = None


class FluxHelmRelease(KubernetesObject):
    """A release of `helm.integrations.flux.weave.works/v1alpha2`."""

    api_version: Literal["helm.integrations.flux.weave.works/v1alpha2"]
    kind: Literal["FluxHelmRelease"]
    spec: FluxHelmReleaseSpec = Field(default_factory=FluxHelmReleaseSpec)
    status: FluxHelmReleaseStatus | None = None
