"""What builds make of manifests, each thing once: the builds of a repository have most of it in common."""

from __future__ import annotations

from typing import Any

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kubernetes import mapping_at
from fluxv2_migrate.kustomize.kustomization import KustomizationPatch
from fluxv2_migrate.kustomize.merging import merge_patch
from fluxv2_migrate.kustomize.resources import Identity, Resource, with_metadata
from fluxv2_migrate.kustomize.values import Manifest, copy_value, is_common, json_value, text_of

__all__ = ["Derived"]


class Derived:
    """Keeps what was made of manifests, by the very objects, which nobody changes."""

    def __init__(self) -> None:
        # What something was made of is kept with it, so that no other object has its number.
        self._merged: dict[tuple[object, ...], tuple[Manifest, Manifest, Manifest | None]] = {}
        self._identities: dict[int, tuple[Manifest, Identity]] = {}
        self._plain: dict[int, tuple[Manifest, Manifest]] = {}
        self._common: dict[int, tuple[Manifest, bool]] = {}

    def let_go(self) -> None:
        """Lets go of everything; who asks for something again has it made again."""
        self._merged.clear()
        self._identities.clear()
        self._plain.clear()
        self._common.clear()

    def identity(self, patch: Manifest) -> Identity:
        """Gives the identity of the object that a patch names."""
        known = self._identities.get(id(patch))
        if known is None:
            known = self._identities[id(patch)] = (patch, Resource(patch, "", 0).identity)
        return known[1]

    def plain(self, manifest: Manifest) -> Manifest:
        """Gives a manifest in JSON's types alone."""
        known = self._plain.get(id(manifest))
        if known is None:
            plain = manifest if self._is_common(manifest) else json_value(manifest)
            known = self._plain[id(manifest)] = (manifest, plain)
        return known[1]

    def _is_common(self, manifest: Manifest) -> bool:
        """Gives whether a manifest holds only what is written out, and no key without a name."""
        known = self._common.get(id(manifest))
        if known is None:
            known = self._common[id(manifest)] = (manifest, is_common(manifest))
        return known[1]

    def merged(self, manifest: Manifest, patch: Manifest, entry: KustomizationPatch) -> Manifest | None:
        """Gives an object after a strategic merge patch.

        Args:
            manifest: the object.
            patch: a document of the patch.
            entry: of the kustomization that has the patch.

        Returns:
            The object, or `None` if the patch deletes it.

        Raises:
            InvalidManifest: kustomize refuses the merge.
        """
        changes_kind, changes_name = map(entry.options.get, ("allowKindChange", "allowNameChange"))
        is_targeted = entry.target is not None
        is_old = entry.field == "patchesStrategicMerge"
        key = (id(manifest), id(patch), is_targeted, is_old, changes_kind is True, changes_name is True)
        known = self._merged.get(key)
        if known is None:
            is_common = self._is_common(manifest) and self._is_common(patch)
            if not is_common and (_has_empty_key(manifest) or _has_empty_key(patch)):
                raise InvalidManifest("a key that is an empty text, with which no merge patch can be applied")
            merged = _merged(manifest, patch, *key[2:])
            known = self._merged[key] = (manifest, patch, merged)
            if is_common and merged is not None:
                # What it is made of was looked through.
                self._common[id(merged)] = (merged, True)
        return known[2]


def _has_empty_key(value: Any) -> bool:
    """Gives whether a mapping that a merge goes through has a key without a name.

    Source: kustomize 5.8.1, measured: the merge fails ("wrong node kind"), also where only the object has it;
    lists that are taken as a whole may hold such mappings.
    """
    return isinstance(value, dict) and ("" in value or any(_has_empty_key(each) for each in value.values()))


def _merged(
    manifest: Manifest,
    patch: Manifest,
    is_targeted: bool,
    is_old: bool,
    changes_kind: bool,
    changes_name: bool,
) -> Manifest | None:
    before = Resource(manifest, "", 0)
    if is_targeted or is_old:
        patch = {**_with_texts(patch), "apiVersion": manifest.get("apiVersion")}
    merged = merge_patch(manifest, patch)
    if merged is None:
        return None
    if not changes_kind and merged.get("kind") != before.kind:
        merged = {**merged, "kind": before.kind}
    if not changes_name:
        merged = with_metadata(merged, "name", before.name)
    return with_metadata(merged, "namespace", before.namespace)


def _with_texts(manifest: Manifest) -> Manifest:
    # Labels and annotations of a patch become texts before it is applied, nulls too.
    metadata: dict[str, Any] = copy_value(mapping_at(manifest, "metadata"))
    for field in ("labels", "annotations"):
        pairs = {key: text_of(value) for key, value in mapping_at(metadata, field).items()}
        metadata.pop(field, None)
        if pairs:
            metadata[field] = pairs
    return {**manifest, "metadata": metadata}
