"""What kustomize means: who includes whom, what is transformed and patched, what the cluster gets."""

from __future__ import annotations

from fluxv2_migrate.kustomize.building import Build, BuildProblem, BuiltObject, ProblemKind
from fluxv2_migrate.kustomize.kustomization import (
    FILE_NAMES,
    Kustomization,
    KustomizationPatch,
    ListedEntry,
    is_remote,
    join_path,
    read_kustomization,
)
from fluxv2_migrate.kustomize.resources import PatchUse, Step
from fluxv2_migrate.kustomize.tree import KustomizeTree, build, find_kustomizations

__all__ = [
    "FILE_NAMES",
    "Build",
    "BuildProblem",
    "BuiltObject",
    "Kustomization",
    "KustomizationPatch",
    "KustomizeTree",
    "ListedEntry",
    "PatchUse",
    "ProblemKind",
    "Step",
    "build",
    "find_kustomizations",
    "is_remote",
    "join_path",
    "read_kustomization",
]
