"""The patches of a kustomization, and which objects they reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.kubernetes import annotations_of, mapping_at, with_annotations
from fluxv2_migrate.kustomize.building import ProblemKind
from fluxv2_migrate.kustomize.derived import Derived
from fluxv2_migrate.kustomize.json_patch import apply_operations
from fluxv2_migrate.kustomize.kustomization import KustomizationPatch
from fluxv2_migrate.kustomize.patches import PatchDocument
from fluxv2_migrate.kustomize.resources import Identity, PatchUse, Resource
from fluxv2_migrate.kustomize.selectors import Selector
from fluxv2_migrate.kustomize.values import Manifest

_FORMER_NAMES: Final = "internal.config.kubernetes.io/previousNames"


class _NoTarget(InvalidManifest):
    """There is no object that a patch is for."""


def apply_patches(
    resources: list[Resource],
    path: str,
    patches: Sequence[KustomizationPatch],
    read: Callable[[str], str],
    report: Callable[[ProblemKind, InvalidManifest, str, int | None], None],
    removed: list[Resource],
    derived: Derived,
    *,
    sees_all: bool,
) -> None:
    """Applies patches to all objects that they are for.

    Args:
        resources: the objects; the list and they are changed.
        derived: what was made of manifests already.
        sees_all: whether the objects are all that there are; else a patch may be for one that is not seen.

    Source: kustomize api 0.21 `PatchTransformer`, `PatchStrategicMergeTransformer`,
    `PatchJson6902Transformer`.
    """
    if not patches:
        return
    patching = _Patching(resources, path, removed, derived)
    for patch in patches:
        try:
            patching.apply(patch, read)
        except _NoTarget as error:
            report("patch" if sees_all else "remote", error, patch.field, patch.index)
        except InvalidManifest as error:
            report("patch", error, patch.field, patch.index)


class _Named:
    """Objects by every identity, and by every name, that they ever had: each patch asks for some."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self._resources = resources
        self._known: dict[Identity, list[Resource]] = {}
        self._by_name: dict[str, list[Resource]] = {}
        self._count = -1

    def called(self, identity: Identity) -> Sequence[Resource]:
        """Gives the objects that have an identity or had it."""
        self._look()
        return self._known.get(identity, ())

    def selected(self, selector: Selector) -> list[Resource]:
        """Gives the objects that a selector is for.

        Raises:
            InvalidManifest: the selector itself is invalid.
        """
        self._look()
        candidates = self._by_name.get(selector.name, ()) if selector.names_one else self._resources
        return [resource for resource in candidates if selector.selects(resource)]

    def forget(self) -> None:
        """Looks at the objects anew the next time: they may have other names then."""
        self._count = -1

    def _look(self) -> None:
        if len(self._resources) == self._count:
            return
        self._known, self._by_name, self._count = {}, {}, len(self._resources)
        for resource in self._resources:
            identities = set(resource.identities)
            for known in identities:
                self._known.setdefault(known, []).append(resource)
            for name in {known.name for known in identities}:
                self._by_name.setdefault(name, []).append(resource)


@dataclass(slots=True)
class _Patching:
    """Applies the patches of one kustomization."""

    resources: list[Resource]
    path: str
    removed: list[Resource]
    derived: Derived
    named: _Named = field(init=False)

    def __post_init__(self) -> None:
        self.named = _Named(self.resources)

    def apply(self, patch: KustomizationPatch, read: Callable[[str], str]) -> None:
        """Applies a patch.

        Raises:
            InvalidManifest: it is none, or for no object.
        """
        if bool(patch.path) == bool(patch.inline.strip()):
            raise InvalidManifest("a patch needs either a path or a text")
        documents, operations = self.derived.patch(read(patch.path) if patch.path else patch.inline.strip())
        if patch.form == "patchesStrategicMerge" and operations:
            raise InvalidManifest("JSON operations in a strategic merge patch")
        if patch.form == "patchesJson6902" and (not operations or not (patch.target or {}).get("name")):
            raise InvalidManifest("`patchesJson6902` needs operations, and a target with a name")
        if operations:
            self._operate(patch, operations)
        elif patch.target is not None:
            self._merge_into_targets(patch, patch.target, documents)
        else:
            for document in documents:
                self._merge_by_name(patch, document)

    def _use(self, patch: KustomizationPatch, document: int, kind: str) -> PatchUse:
        inline = patch.inline.strip()
        return PatchUse(self.path, patch.field, patch.index, patch.path, document, kind, inline)

    def _operate(self, patch: KustomizationPatch, operations: Sequence[Manifest]) -> None:
        if patch.target is None:
            raise InvalidManifest("JSON operations need a target")
        for resource in self.named.selected(Selector.of(patch.target)):
            before = resource.identity
            if patch.form == "patches":
                resource.remember()
            resource.manifest = _operated(resource.manifest, operations, is_noted=bool(resource.previous))
            if resource.identity != before:
                self.named.forget()
            resource.patches += (self._use(patch, 0, "json"),)

    def _merge_into_targets(
        self, patch: KustomizationPatch, target: Mapping[str, Any], documents: Sequence[PatchDocument]
    ) -> None:
        if len(documents) != 1:
            raise InvalidManifest("a patch with a target has to be one document")
        named = self.named
        selected = dict.fromkeys(resource.identity for resource in named.selected(Selector.of(target)))
        found = [each for wanted in selected for each in named.called(wanted) if each.identity == wanted]
        use = self._use(patch, documents[0].document, "merge")
        for resource in found:
            self._merge(resource, documents[0].manifest, patch, use)

    def _merge_by_name(self, patch: KustomizationPatch, document: PatchDocument) -> None:
        wanted = document.identity
        found = self.named.called(wanted)
        if not found:
            raise _NoTarget(f"no object is called {wanted}, which a patch is for")
        if len(found) > 1:
            raise InvalidManifest(f"several objects are called {wanted}, which a patch is for")
        self._merge(found[0], document.manifest, patch, self._use(patch, document.document, "merge"))

    def _merge(
        self, resource: Resource, manifest: Manifest, patch: KustomizationPatch, use: PatchUse
    ) -> None:
        if any(patch.options.get(option) is True for option in ("allowNameChange", "allowKindChange")):
            resource.remember()
        resource.patches += (use,)
        before = resource.identity
        merged = self.derived.merged(resource.manifest, manifest, patch)
        if merged is None:
            self.resources.remove(resource)
            self.removed.append(resource)
            return
        resource.manifest = merged
        # A patch may give another API, and with an option another name.
        if resource.identity != before:
            self.named.forget()


def _operated(manifest: Manifest, operations: Sequence[Manifest], *, is_noted: bool) -> Manifest:
    """Gives an object after operations.

    Args:
        is_noted: whether kustomize keeps former names of it in annotations, which operations find then.
    """
    if is_noted:
        metadata = mapping_at(manifest, "metadata")
        known = mapping_at(metadata, "annotations")
        manifest = {**manifest, "metadata": {**metadata, "annotations": {**known, _FORMER_NAMES: ""}}}
    after = apply_operations(manifest, operations)
    if "annotations" not in mapping_at(after, "metadata"):
        return after
    annotations = annotations_of(after).items()
    return with_annotations(after, {key: item for key, item in annotations if key != _FORMER_NAMES})
