"""The operations that a migration consists of, and their interpreters over mappings and over text."""

from fluxv2_migrate.plan.annotation_edits import AnnotationEdit, edit_annotations
from fluxv2_migrate.plan.fields import edit_fields, fields_part
from fluxv2_migrate.plan.flow_text import apply_to_any_text
from fluxv2_migrate.plan.marker_edits import MarkerEdit, RefusedMarker, WrittenMarker, write_out_shared
from fluxv2_migrate.plan.markers import write_markers
from fluxv2_migrate.plan.operations import (
    Move,
    Operation,
    Path,
    Plan,
    Remove,
    Set,
    apply_to_mapping,
    source_of,
)
from fluxv2_migrate.plan.patches import (
    REMOVED,
    Leaves,
    PatchOperation,
    as_patch,
    leaf_at,
    merge_difference,
    plan_between,
    write_operations,
)
from fluxv2_migrate.plan.text import AppliedText, apply_to_metadata, apply_to_text, write_comments
