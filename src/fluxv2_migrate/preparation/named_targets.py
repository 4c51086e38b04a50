"""Targets of patches that select by annotations of fluxd: they name what they find, since these are to go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fluxv2_migrate.clusters import builds_alike
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux1.policies import FLUXD_DOMAINS
from fluxv2_migrate.kustomize import BuiltObject, Kustomization, KustomizationPatch
from fluxv2_migrate.plan import edit_fields
from fluxv2_migrate.releases.patch_targets import narrowed
from fluxv2_migrate.releases.patched import HeldBack
from fluxv2_migrate.repository.workspace import RearrangedTexts
from fluxv2_migrate.surroundings.known import Surroundings
from fluxv2_migrate.yaml_text import CannotEdit, edit_document

_SELECTOR: Final = "annotationSelector"


def name_targets(around: Surroundings) -> RearrangedTexts:
    """Gives kustomizations in which patches name what they found by annotations of fluxd."""
    files: dict[str, str] = {}
    reached: set[str] = set()
    clusters = around.clusters
    for kustomization in clusters.tree.kustomizations.values():
        for patch in kustomization.patches:
            selector = str((patch.target or {}).get(_SELECTOR) or "")
            if not any(domain in selector for domain in FLUXD_DOMAINS):
                continue
            text = files.get(kustomization.path, kustomization.text)
            objects = list(_objects(kustomization, around))
            try:
                values = _named(kustomization, patch, objects)
                made = {**files, kustomization.path: _edited(text, patch, values)}
            except (CannotEdit, HeldBack, InvalidManifest):
                continue
            if builds_alike(clusters.tree, clusters.builds, made):
                files = made
                reached |= {built.path for built in objects if _has(built, kustomization, patch)}
    return RearrangedTexts(files, frozenset(reached))


def _objects(kustomization: Kustomization, around: Surroundings) -> Iterator[BuiltObject]:
    """Gives the objects that come through a kustomization."""
    for built in around.clusters.built():
        if any(step.path == kustomization.path for step in built.steps):
            yield built


def _has(built: BuiltObject, kustomization: Kustomization, patch: KustomizationPatch) -> bool:
    place = (kustomization.path, patch.field, patch.index)
    return any((use.kustomization, use.field, use.entry) == place for use in built.patches)


def _named(
    kustomization: Kustomization, patch: KustomizationPatch, objects: list[BuiltObject]
) -> Mapping[str, str]:
    found: dict[bool, set[tuple[str, str, str]]] = {True: set(), False: set()}
    for built in objects:
        for step in built.steps:
            if step.path == kustomization.path:
                kind = str(built.manifest.get("kind"))
                found[_has(built, kustomization, patch)].add((kind, step.namespace, step.name))
    kinds = sorted({kind for kind, _, _ in found[True]})
    if not kinds:
        raise HeldBack("it reaches nothing")
    wanted, others = (
        {(namespace, name) for kind, namespace, name in found[is_reached] if kind in kinds}
        for is_reached in (True, False)
    )
    return {"kind": "|".join(kinds), **narrowed(wanted, others)}


def _edited(text: str, patch: KustomizationPatch, values: Mapping[str, Any]) -> str:
    path = (patch.field, patch.index, "target")
    return edit_document(text, lambda document: edit_fields(document, path, values, [_SELECTOR]))
