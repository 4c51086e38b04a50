"""What builds make of manifests, each thing once: the builds of a repository have most of it in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kubernetes import mapping_at
from fluxv2_migrate.kustomize.kustomization import KustomizationPatch
from fluxv2_migrate.kustomize.merging import merge_patch
from fluxv2_migrate.kustomize.patches import ReadPatch, patch_of_known, read_patch
from fluxv2_migrate.kustomize.resources import Resource, with_metadata
from fluxv2_migrate.kustomize.values import NOTHING_READ, Manifest, copy_value, is_common, json_value, text_of

_CHANGES: Final = ("allowKindChange", "allowNameChange")


class Derived:
    """Keeps what was made of manifests, by the very objects, which nobody changes.

    Attributes:
        values: of documents that were read before, by their texts.
        edited: these, and those of documents that were edited and are tried; none without a trial.
    """

    def __init__(self) -> None:
        # What something was made of is kept with it, so that no other object has its number.
        self.values = NOTHING_READ
        self.edited = NOTHING_READ
        self._patches: dict[str, ReadPatch] = {}
        self._tried: set[str] | None = None
        self._merged: dict[int, tuple[Manifest, Manifest, int, Manifest | None]] = {}
        self._common: dict[int, Manifest] = {}
        self._others: dict[int, tuple[Manifest, Manifest]] = {}

    @property
    def known(self) -> Mapping[str, Any]:
        """The values of all documents that were read, by their texts."""
        return self.edited or self.values

    def begin_trials(self) -> None:
        """Tells that what is read from now on may be of files that only a trial has."""
        if self._tried is None:
            self._tried = set()

    def let_go(self) -> None:
        """Lets go of everything but patches of the repository; who asks again has it made again."""
        self.let_merges_go()
        self._common.clear()
        self._others.clear()
        self.edited = NOTHING_READ

    def let_merges_go(self) -> None:
        """Lets go of what patches have made, and of those that were read for a trial."""
        for _, patch, _, merged in self._merged.values():
            self._common.pop(id(patch), None)
            self._common.pop(id(merged), None)
        self._merged.clear()
        for text in self._tried or ():
            self._patches.pop(text, None)
        self._tried = None if self._tried is None else set()

    def patch(self, text: str) -> ReadPatch:
        """Gives what a patch says.

        Args:
            text: of its file, or as it stands in a kustomization.

        Raises:
            InvalidManifest: it is no patch.
        """
        known = self._patches.get(text)
        if known is None:
            # One whose document was read is held as long as that, and so is one of a kustomization.
            is_read, values = text in self.values, self.known
            known = patch_of_known(text, values) if text in values else read_patch(text)
            self._patches[text] = known
            if self._tried is not None and not is_read:
                self._tried.add(text)
        return known

    def plain(self, manifest: Manifest) -> Manifest:
        """Gives a manifest in JSON's types alone."""
        return manifest if self._is_common(manifest) else self._others[id(manifest)][1]

    def _is_common(self, manifest: Manifest) -> bool:
        """Gives whether a manifest holds only what is written out, and no key without a name."""
        number = id(manifest)
        if number in self._common:
            return True
        if number in self._others:
            return False
        if is_common(manifest):
            self._common[number] = manifest
            return True
        self._others[number] = (manifest, json_value(manifest))
        return False

    def merged(self, manifest: Manifest, patch: Manifest, entry: KustomizationPatch) -> Manifest | None:
        """Gives an object after a strategic merge patch.

        Returns:
            The object, or `None` if the patch deletes it.

        Raises:
            InvalidManifest: kustomize refuses the merge.
        """
        takes_type = entry.target is not None or entry.field == "patchesStrategicMerge"
        changes_kind, changes_name = (entry.options.get(name) is True for name in _CHANGES)
        how = takes_type + 2 * changes_kind + 4 * changes_name
        # A number takes less than a tuple does; that two merges have the same one is seen.
        key = hash((id(manifest), id(patch), how))
        known = self._merged.get(key)
        if known is not None and known[0] is manifest and known[1] is patch and known[2] == how:
            return known[3]
        is_written_out = self._is_common(manifest)
        is_common = is_written_out and self._is_common(patch)
        if not is_common and (_has_empty_key(manifest) or _has_empty_key(patch)):
            raise InvalidManifest("a key that is an empty text, with which no merge patch can be applied")
        merged = _merged(
            manifest,
            patch,
            takes_type=takes_type,
            changes_kind=changes_kind,
            changes_name=changes_name,
            is_common=is_written_out,
        )
        self._merged[key] = (manifest, patch, how, merged)
        if is_common and merged is not None:
            # What it is made of was looked through.
            self._common[id(merged)] = merged
        return merged


def _has_empty_key(value: Any) -> bool:
    """Gives whether a mapping that a merge goes through has a key without a name.

    Source: kustomize 5.8.1, measured: the merge fails ("wrong node kind"), also where only the object has it;
    lists that are taken as a whole may hold such mappings.
    """
    return isinstance(value, dict) and ("" in value or any(_has_empty_key(each) for each in value.values()))


def _merged(
    manifest: Manifest,
    patch: Manifest,
    *,
    takes_type: bool,
    changes_kind: bool,
    changes_name: bool,
    is_common: bool,
) -> Manifest | None:
    before = Resource(manifest, "", 0)
    if takes_type:
        patch = {**_with_texts(patch), "apiVersion": manifest.get("apiVersion")}
    merged = merge_patch(manifest, patch, is_common=is_common)
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
