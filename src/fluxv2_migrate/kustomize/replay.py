"""The states that an object passes through while patches are applied to it, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kubernetes import mapping_at
from fluxv2_migrate.kustomize.json_patch import apply_operations
from fluxv2_migrate.kustomize.merging import merge_patch
from fluxv2_migrate.kustomize.resources import PatchUse
from fluxv2_migrate.kustomize.tree import KustomizeTree
from fluxv2_migrate.kustomize.values import Manifest, json_value

Patch: TypeAlias = Manifest | tuple[Manifest, ...]
"""The mapping of a strategic merge patch, or operations."""


@dataclass(frozen=True, slots=True)
class PatchedState:
    """An object before a patch and after it.

    Attributes:
        after: the same.
    """

    use: PatchUse
    before: Manifest
    after: Manifest


def patch_of(use: PatchUse, tree: KustomizeTree) -> Patch:
    """Gives what a patch says, in JSON's types: the mapping of a strategic merge patch, or operations."""
    documents, operations = tree.patch(tree.text(use.path) if use.path else use.inline)
    if operations:
        return tuple(json_value(each) for each in operations)
    return next(each.manifest for each in documents if each.document == use.document)


def is_in_a_list(use: PatchUse, tree: KustomizeTree) -> bool:
    r"""Gives whether a strategic merge patch is an item of a list, which kustomize takes for a document.

    >>> web = "kind: List\nitems:\n- kind: Service\n  metadata: {name: web}\n"
    >>> use = PatchUse("kustomization.yaml", "patches", 0, "web.yaml", 0, "merge")
    >>> is_in_a_list(use, KustomizeTree({"web.yaml": web}))
    True
    """
    documents, _ = tree.patch(tree.text(use.path) if use.path else use.inline)
    return any(each.is_in_a_list for each in documents if each.document == use.document)


def replay_patches(
    manifest: Manifest, ways: Iterable[tuple[PatchUse, ...]], said: Callable[[PatchUse], Patch]
) -> Iterator[PatchedState]:
    """Gives the states of an object; what transformers do to its metadata in between is left out.

    Args:
        ways: the patches that reach it in each build, in order; what several begin with is given once.
        said: gives what a patch says, as `patch_of` does.

    Raises:
        InvalidManifest: a patch cannot be applied to such an object.
    """
    known: dict[tuple[PatchUse, ...], Manifest] = {(): manifest}
    for uses in ways:
        for index, use in enumerate(uses):
            before, done = known[uses[:index]], uses[: index + 1]
            if done not in known:
                known[done] = _patched(before, said(use))
                yield PatchedState(use, before, known[done])


def _patched(manifest: Manifest, patch: Patch) -> Manifest:
    if not isinstance(patch, dict):
        return _operated(manifest, patch)
    # What a patch makes that deletes the object is nothing.
    return manifest if patch.get("$patch") == "delete" else merged_with(manifest, patch)


def merged_with(manifest: Manifest, patch: Manifest) -> Manifest:
    """Gives an object after a strategic merge patch, which changes neither its kind nor its name.

    Raises:
        InvalidManifest: kustomize refuses the merge, or nothing is left of the object.

    >>> merged_with({"kind": "A", "spec": {"a": 1}}, {"kind": "B", "spec": {"b": 2}})
    {'kind': 'A', 'spec': {'a': 1, 'b': 2}}
    """
    names: Manifest = {key: manifest[key] for key in ("apiVersion", "kind") if key in manifest}
    merged = merge_patch(manifest, patch | names, is_common=True)
    if merged is None:
        raise InvalidManifest("a patch that deletes the object")
    metadata = dict(mapping_at(merged, "metadata"))
    known = mapping_at(manifest, "metadata")
    for key in ("name", "namespace"):
        metadata.pop(key, None)
        if key in known:
            metadata[key] = known[key]
    if metadata or "metadata" in merged:
        merged = {**merged, "metadata": metadata}
    result: Manifest = json_value(merged)
    return result


def _operated(manifest: Manifest, operations: Iterable[Manifest]) -> Manifest:
    for operation in operations:
        try:
            manifest = apply_operations(manifest, [operation])
        except InvalidManifest:
            # Transformers may have made the metadata what the operation needs.
            if not str(operation.get("path")).startswith("/metadata"):
                raise
    return manifest
