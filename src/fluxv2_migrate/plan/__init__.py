"""The operations that a migration consists of, and their interpreters over mappings and over text."""

from fluxv2_migrate.plan.annotations import AnnotatedText, AnnotationEdit, edit_annotations
from fluxv2_migrate.plan.comments import write_comments
from fluxv2_migrate.plan.mappings import apply_to_mapping
from fluxv2_migrate.plan.marker_edits import (
    MarkedText,
    MarkerEdit,
    RefusalReason,
    RefusedMarker,
    WrittenMarker,
)
from fluxv2_migrate.plan.markers import write_markers
from fluxv2_migrate.plan.operations import Move, Operation, Path, Plan, Remove, Set
from fluxv2_migrate.plan.text import AppliedText, apply_to_metadata, apply_to_text

__all__ = [
    "AnnotatedText",
    "AnnotationEdit",
    "AppliedText",
    "MarkedText",
    "MarkerEdit",
    "Move",
    "Operation",
    "Path",
    "Plan",
    "RefusalReason",
    "RefusedMarker",
    "Remove",
    "Set",
    "WrittenMarker",
    "apply_to_mapping",
    "apply_to_metadata",
    "apply_to_text",
    "edit_annotations",
    "write_comments",
    "write_markers",
]
