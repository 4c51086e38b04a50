"""What becomes of each field of Flux v1: rules that read values and give operations."""

from fluxv2_migrate.flux1.marks import is_of_fluxd, objects_in
from fluxv2_migrate.rules.annotations import policy_comments, remaining_operations
from fluxv2_migrate.rules.chart_source import (
    ChartSourceRequest,
    SourceReference,
    clean_chart_path,
    git_url_key,
    helm_url_key,
    to_flux_git_url,
)
from fluxv2_migrate.rules.draft import Draft, ValuesOfUrl
from fluxv2_migrate.rules.helm_release import ReleaseDraft, SeenRelease, draft_helm_release
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
from fluxv2_migrate.rules.json_patches import JsonPatchDraft, NotFollowed, OldStep, draft_json_patch
from fluxv2_migrate.rules.patches import FormStep, PatchDraft, draft_merge_patch, shared_leaves
from fluxv2_migrate.rules.pull_secrets import Lookup, PullSecret
from fluxv2_migrate.rules.workload import PlacedComment
from fluxv2_migrate.tags.comparison import TagComparison, compare_tags
from fluxv2_migrate.tags.patterns import PolicyTranslation, translate_tag_pattern
from fluxv2_migrate.tags.policies import PINNED, PolicyCandidate

__all__ = [
    "PINNED",
    "AutomatedImage",
    "ChartSourceRequest",
    "Draft",
    "FormStep",
    "GitSync",
    "ImageAutomationDraft",
    "JsonPatchDraft",
    "Lookup",
    "MarkedField",
    "NotFollowed",
    "OldStep",
    "PatchDraft",
    "PlacedComment",
    "PolicyCandidate",
    "PolicyRequest",
    "PolicyTranslation",
    "PullSecret",
    "ReleaseDraft",
    "RepositoryRequest",
    "SeenRelease",
    "SourceReference",
    "TagComparison",
    "ValuesOfUrl",
    "clean_chart_path",
    "compare_tags",
    "draft_helm_release",
    "draft_image_automation",
    "draft_json_patch",
    "draft_merge_patch",
    "git_url_key",
    "helm_url_key",
    "image_policy_manifest",
    "image_repository_manifest",
    "image_update_automation_manifest",
    "is_of_fluxd",
    "objects_in",
    "policy_comments",
    "remaining_operations",
    "shared_leaves",
    "to_flux_git_url",
    "translate_tag_pattern",
]
