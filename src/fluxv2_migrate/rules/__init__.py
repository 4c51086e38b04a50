"""What becomes of each field of Flux v1: rules that read values and give operations."""

from fluxv2_migrate.rules.chart_source import (
    ChartSourceRequest,
    SourceReference,
    git_url_key,
    helm_url_key,
)
from fluxv2_migrate.rules.draft import Draft, Notice
from fluxv2_migrate.rules.helm_release import ReleaseDraft, draft_helm_release
from fluxv2_migrate.rules.image_automation import draft_image_automation
from fluxv2_migrate.rules.image_objects import (
    GitSync,
    image_policy_manifest,
    image_repository_manifest,
    image_update_automation_manifest,
)
from fluxv2_migrate.rules.images import (
    AutomatedImage,
    ImageAutomationDraft,
    MarkedField,
    PolicyRequest,
    RepositoryRequest,
)
from fluxv2_migrate.rules.pull_secrets import Lookup, PullSecret
from fluxv2_migrate.rules.tag_patterns import PolicyCandidate, PolicyTranslation, translate_tag_pattern
from fluxv2_migrate.rules.workload import PlacedComment, objects_in

__all__ = [
    "AutomatedImage",
    "ChartSourceRequest",
    "Draft",
    "GitSync",
    "ImageAutomationDraft",
    "Lookup",
    "MarkedField",
    "Notice",
    "PlacedComment",
    "PolicyCandidate",
    "PolicyRequest",
    "PolicyTranslation",
    "PullSecret",
    "ReleaseDraft",
    "RepositoryRequest",
    "SourceReference",
    "draft_helm_release",
    "draft_image_automation",
    "git_url_key",
    "helm_url_key",
    "image_policy_manifest",
    "image_repository_manifest",
    "image_update_automation_manifest",
    "objects_in",
    "translate_tag_pattern",
]
