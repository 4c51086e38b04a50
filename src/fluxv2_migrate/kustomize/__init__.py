"""What kustomize means: who includes whom, what is transformed and patched, what the cluster gets."""

from __future__ import annotations

from fluxv2_migrate.kustomize.building import Build, BuildProblem, BuiltObject
from fluxv2_migrate.kustomize.controller import built_files, controller_build, generated_resources
from fluxv2_migrate.kustomize.edit import (
    add_patch,
    add_patches,
    add_resources,
    list_patch_file,
    new_kustomization,
    remove_entry,
    replace_entry,
)
from fluxv2_migrate.kustomize.field_specs import configured_entries, keys_of_path
from fluxv2_migrate.kustomize.json_patch import apply_operations, keys_of_pointer, pointer_to
from fluxv2_migrate.kustomize.kustomization import (
    TRANSFORMERS,
    UNFOLLOWED,
    Kustomization,
    KustomizationPatch,
    ListedEntry,
    PatchPlace,
    read_kustomization,
)
from fluxv2_migrate.kustomize.listed_transformers import listed_transformers
from fluxv2_migrate.kustomize.replacing import split_field_path
from fluxv2_migrate.kustomize.replay import (
    Patch,
    PatchedState,
    is_in_a_list,
    merged_with,
    patch_of,
    replay_patches,
)
from fluxv2_migrate.kustomize.resources import PatchUse, Step, steps_apart
from fluxv2_migrate.kustomize.selectors import Selector
from fluxv2_migrate.kustomize.source_ignore import artifact_files
from fluxv2_migrate.kustomize.tree import KustomizeTree
from fluxv2_migrate.kustomize.trials import try_object
from fluxv2_migrate.kustomize.variables import split_variable_path
