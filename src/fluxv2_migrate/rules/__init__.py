"""What becomes of each field of Flux v1: rules that read values and give operations."""

from fluxv2_migrate.rules.annotations import (
    has_annotated_pods,
    marks_of_ignored,
    policy_comments,
    remaining_operations,
)
from fluxv2_migrate.rules.chart_source import (
    ChartSourceRequest,
    SourceReference,
    clean_chart_path,
    git_url_key,
    helm_url_key,
    to_flux_git_url,
)
from fluxv2_migrate.rules.draft import ValuesConfigMap, ValuesOfUrl
from fluxv2_migrate.rules.flux1_settings import FLAG_RULES, VALUE_RULES, notices_of, rule_of_value
from fluxv2_migrate.rules.helm_release import ReleaseDraft, SeenRelease, draft_helm_release, read_by_draft
from fluxv2_migrate.rules.image_automation import (
    draft_image_automation,
    find_other_images,
    find_written_images,
)
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
    numbers_as_texts,
)
from fluxv2_migrate.rules.json_patches import JsonPatchDraft, NotFollowed, OldStep, draft_json_patch
from fluxv2_migrate.rules.patches import (
    CARRIED,
    VALUES,
    FormStep,
    PatchDraft,
    draft_merge_patch,
    unsaid_state,
)
from fluxv2_migrate.rules.registries import Lookup, PullSecret
from fluxv2_migrate.rules.sync_objects import (
    DECRYPTION_SECRET,
    SIGNATURE_SECRET,
    SYNC_NAME,
    SyncSettings,
    git_repository_manifest,
    kustomization_manifest,
    sync_name,
)
