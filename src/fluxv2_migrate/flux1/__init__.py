"""What Flux v1 means: fluxd and the helm-operator."""

from fluxv2_migrate.flux1.images import ContainerImage, ImagePaths, ImageRef, find_images, set_image
from fluxv2_migrate.flux1.models import (
    ChartFileSelector,
    ChartSource,
    Condition,
    ConfigMapKeySelector,
    ExternalSourceSelector,
    FluxHelmRelease,
    FluxHelmReleaseSpec,
    FluxHelmReleaseStatus,
    HelmRelease,
    HelmReleaseSpec,
    HelmReleaseStatus,
    LocalObjectReference,
    ObjectReference,
    Rollback,
    SecretKeySelector,
    Test,
    ValuesFromSource,
)
from fluxv2_migrate.flux1.policies import WorkloadPolicies, read_policies
from fluxv2_migrate.flux1.tags import TaggedImage, TagPattern, sort_tags

__all__ = [
    "ChartFileSelector",
    "ChartSource",
    "Condition",
    "ConfigMapKeySelector",
    "ContainerImage",
    "ExternalSourceSelector",
    "FluxHelmRelease",
    "FluxHelmReleaseSpec",
    "FluxHelmReleaseStatus",
    "HelmRelease",
    "HelmReleaseSpec",
    "HelmReleaseStatus",
    "ImagePaths",
    "ImageRef",
    "LocalObjectReference",
    "ObjectReference",
    "Rollback",
    "SecretKeySelector",
    "TagPattern",
    "TaggedImage",
    "Test",
    "ValuesFromSource",
    "WorkloadPolicies",
    "find_images",
    "read_policies",
    "set_image",
    "sort_tags",
]
