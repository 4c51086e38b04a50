"""The public names of the package, which gives them to whoever asks for one."""

import fluxv2_migrate.flux1 as flux1
import fluxv2_migrate.flux2 as flux2
import fluxv2_migrate.golang as golang
from fluxv2_migrate.cutover.afterwards import ClusterReport, LiveRelease, verify_cluster
from fluxv2_migrate.cutover.cutover_cluster import RunbookStep
from fluxv2_migrate.cutover.first_hour import FirstHour, FirstReconciliation
from fluxv2_migrate.cutover.runbook import Runbook
from fluxv2_migrate.errors import (
    AmbiguousTag,
    InvalidDuration,
    InvalidImageReference,
    InvalidInventory,
    InvalidManifest,
    InvalidNumber,
    InvalidPath,
    InvalidPattern,
    InvalidPolicy,
    InvalidRange,
    MigrationError,
    MissingBuildTime,
)
from fluxv2_migrate.findings.finding import Finding
from fluxv2_migrate.findings.table import FINDINGS, FindingType
from fluxv2_migrate.images.simulation import simulate_image_update
from fluxv2_migrate.json_schemas import schemas
from fluxv2_migrate.kubernetes import (
    KubernetesModel,
    KubernetesObject,
    ObjectMeta,
    OwnerReference,
    Unstructured,
)
from fluxv2_migrate.meaning.comparison import Difference
from fluxv2_migrate.meaning.release_names import ReleaseName, resolve_release_name
from fluxv2_migrate.migrate import migrate_repository, migrate_text
from fluxv2_migrate.placement import Prerequisite
from fluxv2_migrate.report.context import ClusterContext, ContextReading, MigrationContext, OtherSync
from fluxv2_migrate.report.explanation import Explanation, explain
from fluxv2_migrate.report.finding_list import Findings
from fluxv2_migrate.report.migration import MigratedResource, Migration, StayingRelease
from fluxv2_migrate.repository.manifests import parse_manifests
from fluxv2_migrate.repository.workspace import Change
from fluxv2_migrate.rules.draft import FieldRow
from fluxv2_migrate.settings.inventory import (
    HelmRecord,
    Inventory,
    LiveFlux1Release,
    LiveFlux2Object,
    LiveImage,
)
from fluxv2_migrate.settings.known_tags import KnownTag
from fluxv2_migrate.settings.options import (
    Cluster,
    Flux1Workloads,
    Fluxd,
    HelmOperator,
    ImportedRepository,
    MigrationOptions,
    Override,
    Placement,
    Scope,
)
from fluxv2_migrate.single.flux1 import (
    Flux1Conversion,
    convert_flux_yaml,
    convert_fluxd,
    convert_helm_operator,
)
from fluxv2_migrate.single.helm_release import HelmReleaseConversion, convert_helm_release
from fluxv2_migrate.single.image_annotations import ImageAutomation, translate_annotations
from fluxv2_migrate.tags.comparison import TagComparison, compare_tags
from fluxv2_migrate.tags.patterns import PolicyTranslation, translate_tag_pattern
from fluxv2_migrate.tags.policies import PolicyCandidate
from fluxv2_migrate.verify.report import ObjectVerification, ReleaseVerification, VerificationReport
from fluxv2_migrate.verify.repositories import verify_migration

__all__ = [
    "FINDINGS",
    "AmbiguousTag",
    "Change",
    "Cluster",
    "ClusterContext",
    "ClusterReport",
    "ContextReading",
    "Difference",
    "Explanation",
    "FieldRow",
    "Finding",
    "FindingType",
    "Findings",
    "FirstHour",
    "FirstReconciliation",
    "Flux1Conversion",
    "Flux1Workloads",
    "Fluxd",
    "HelmOperator",
    "HelmRecord",
    "HelmReleaseConversion",
    "ImageAutomation",
    "ImportedRepository",
    "InvalidDuration",
    "InvalidImageReference",
    "InvalidInventory",
    "InvalidManifest",
    "InvalidNumber",
    "InvalidPath",
    "InvalidPattern",
    "InvalidPolicy",
    "InvalidRange",
    "Inventory",
    "KnownTag",
    "KubernetesModel",
    "KubernetesObject",
    "LiveFlux1Release",
    "LiveFlux2Object",
    "LiveImage",
    "LiveRelease",
    "MigratedResource",
    "Migration",
    "MigrationContext",
    "MigrationError",
    "MigrationOptions",
    "MissingBuildTime",
    "ObjectMeta",
    "ObjectVerification",
    "OtherSync",
    "Override",
    "OwnerReference",
    "Placement",
    "PolicyCandidate",
    "PolicyTranslation",
    "Prerequisite",
    "ReleaseName",
    "ReleaseVerification",
    "Runbook",
    "RunbookStep",
    "Scope",
    "StayingRelease",
    "TagComparison",
    "Unstructured",
    "VerificationReport",
    "compare_tags",
    "convert_flux_yaml",
    "convert_fluxd",
    "convert_helm_operator",
    "convert_helm_release",
    "explain",
    "flux1",
    "flux2",
    "golang",
    "migrate_repository",
    "migrate_text",
    "parse_manifests",
    "resolve_release_name",
    "schemas",
    "simulate_image_update",
    "translate_annotations",
    "translate_tag_pattern",
    "verify_cluster",
    "verify_migration",
]
