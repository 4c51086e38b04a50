"""What becomes of each field of Flux v1: rules that read values and give operations."""

from fluxv2_migrate.rules.chart_source import (
    ChartSourceRequest,
    SourceReference,
    git_url_key,
    helm_url_key,
)
from fluxv2_migrate.rules.draft import Draft, Notice
from fluxv2_migrate.rules.helm_release import ReleaseDraft, SeenRelease, draft_helm_release
from fluxv2_migrate.rules.marker_fields import MarkerChoice, MarkerException, MarkerField, marker_fields
from fluxv2_migrate.rules.tag_comparison import TagComparison, compare_tags
from fluxv2_migrate.rules.tag_patterns import PolicyTranslation, translate_tag_pattern
from fluxv2_migrate.rules.tag_policies import PolicyCandidate

__all__ = [
    "ChartSourceRequest",
    "Draft",
    "MarkerChoice",
    "MarkerException",
    "MarkerField",
    "Notice",
    "PolicyCandidate",
    "PolicyTranslation",
    "ReleaseDraft",
    "SeenRelease",
    "SourceReference",
    "TagComparison",
    "compare_tags",
    "draft_helm_release",
    "git_url_key",
    "helm_url_key",
    "marker_fields",
    "translate_tag_pattern",
]
