"""Turns GitOps repositories of Flux v1 and the helm-operator into Flux v2: text in, text out, no I/O."""

from fluxv2_migrate.errors import (
    AmbiguousTag,
    InvalidDuration,
    InvalidImageReference,
    InvalidManifest,
    InvalidNumber,
    InvalidPattern,
    InvalidPolicy,
    InvalidRange,
    MigrationError,
    MissingBuildTime,
)
from fluxv2_migrate.findings import FINDINGS, Finding, FindingType
from fluxv2_migrate.kubernetes import Unstructured
from fluxv2_migrate.options import MigrationOptions, Override, Placement
from fluxv2_migrate.release_names import ReleaseName, resolve_release_name

__all__ = [
    "FINDINGS",
    "AmbiguousTag",
    "Finding",
    "FindingType",
    "InvalidDuration",
    "InvalidImageReference",
    "InvalidManifest",
    "InvalidNumber",
    "InvalidPattern",
    "InvalidPolicy",
    "InvalidRange",
    "MigrationError",
    "MigrationOptions",
    "MissingBuildTime",
    "Override",
    "Placement",
    "ReleaseName",
    "Unstructured",
    "resolve_release_name",
]
