"""Kustomizations of Flux v2: what they sync, and what they put over what is built.

Source: fluxcd/pkg `kustomize/kustomize_generator.go` `WriteFile`; kustomize-controller `api/v1`,
`api/v1beta2`.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from fluxv2_migrate.clusters.model import SyncPath
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux1.policies import FLUXD_DOMAINS, is_annotated, is_of_fluxd
from fluxv2_migrate.flux2.apply_annotations import is_disabled
from fluxv2_migrate.folders import kustomization_files, normal_path
from fluxv2_migrate.kubernetes import (
    annotations_of,
    as_list,
    as_object,
    group_of,
    mapping_at,
    mappings_in,
    named_by,
    namespace_and_name,
    with_annotations,
)
from fluxv2_migrate.kustomize import (
    Build,
    BuiltObject,
    Kustomization,
    KustomizeTree,
    PatchUse,
    controller_build,
    generated_resources,
    keys_of_pointer,
)
from fluxv2_migrate.kustomize.fields import PATCH_FIELDS
from fluxv2_migrate.kustomize.patches import read_patch
from fluxv2_migrate.repository.reading import Document, Repository, read_documents

_TEXTS: Final = ("namePrefix", "nameSuffix")
_LISTS: Final = (*PATCH_FIELDS, "components", "images")
_OWN_FIELDS: Final = {name: f"spec.{name}" for name in PATCH_FIELDS}
FLUX_PATCHES: Final = _OWN_FIELDS["patches"]
"""The field of a Kustomization of Flux v2 whose patches go over all that its path builds."""
FLUX_PATCH_FIELDS: Final = frozenset(_OWN_FIELDS.values())
"""That field, and those beside it that the API of Kustomizations had once."""


class Rest(NamedTuple):
    """Why a Kustomization of Flux v2 applies nothing.

    Attributes:
        why: what it is or has, with a verb.
        field: that says so.
    """

    why: str
    field: tuple[str, ...]


def is_flux_kustomization(manifest: Mapping[str, Any]) -> bool:
    """Gives whether a manifest is a Kustomization of Flux v2.

    >>> is_flux_kustomization({"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"})
    False
    """
    return manifest.get("kind") == "Kustomization" and group_of(manifest) == "kustomize.toolkit.fluxcd.io"


@dataclass(frozen=True, slots=True)
class FluxKustomization:
    """A Kustomization of Flux v2, as far as it decides what a cluster sees.

    Attributes:
        file: where it stands.
        path: that it syncs, as it is written.
        target_namespace: of all that it applies; empty where it gives none.
        overlay: the fields that go over the kustomization of its path, as JSON; empty where there are none.
        substitutes: whether it replaces variables in what is built.
        manifest: all of it.
    """

    file: str
    path: str
    target_namespace: str
    overlay: str
    substitutes: bool
    manifest: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of_document(cls, document: Document) -> FluxKustomization | None:
        """Reads a document; nothing where it is no Kustomization of Flux v2."""
        return cls.of_manifest(document.manifest, document.path)

    @classmethod
    def of_manifest(cls, manifest: Mapping[str, Any], file: str) -> FluxKustomization | None:
        """Reads a manifest; nothing where it is no Kustomization of Flux v2."""
        if not is_flux_kustomization(manifest):
            return None
        given = mapping_at(manifest, "spec")
        overlay = _overlay(given)
        return cls(
            file,
            str(given.get("path") or ""),
            str(given.get("targetNamespace") or ""),
            json.dumps({"file": file, **overlay}, sort_keys=True) if overlay else "",
            bool(given.get("postBuild")),
            manifest,
        )

    @property
    def source(self) -> tuple[str, str]:
        """Namespace and name of what it syncs from."""
        reference = mapping_at(self.manifest, "spec", "sourceRef")
        return named_by(reference, namespace_and_name(self.manifest)[0])

    @property
    def shape(self) -> tuple[str, str]:
        """What it puts over what is built, wherever it stands, and the namespace of all of it."""
        given: dict[str, Any] = json.loads(self.overlay or "{}")
        over = json.dumps({key: value for key, value in given.items() if key != "file"}, sort_keys=True)
        return over, self.target_namespace

    def of_path(self, synced: SyncPath, folder: str = "") -> SyncPath:
        """Gives a path as this Kustomization syncs it.

        Args:
            folder: that is built of it; the path itself when not given.
        """
        if self.overlay:
            builds = (folder or synced.path,)
            synced = SyncPath(synced.path, builds, files="none", overlay=self.overlay)
        return replace(
            synced,
            target_namespace=self.target_namespace,
            substituted_by=self.file if self.substitutes else "",
        )

    def built(self, tree: KustomizeTree) -> Build:
        """Gives what kustomize-controller builds for it, before its target namespace."""
        path = normal_path(self.path)
        return overlaid_build(tree, path, self.overlay) if self.overlay else controller_build(tree, path)

    @property
    def naming(self) -> tuple[str, ...]:
        """What it makes of the names of all that it applies: their namespace, and what stands around them."""
        spec = mapping_at(self.manifest, "spec")
        return (self.target_namespace, *(str(spec.get(key) or "") for key in _TEXTS))

    @property
    def rest(self) -> Rest | None:
        """Why it applies nothing, as it stands; nothing where it applies what its path holds."""
        if mapping_at(self.manifest, "spec").get("suspend") is True:
            return Rest("is suspended", ("spec", "suspend"))
        if is_disabled(self.manifest):
            return Rest("is not applied: its annotation says `disabled`", ("metadata", "annotations"))
        if is_disabled({"metadata": mapping_at(self.manifest, "spec", "commonMetadata")}):
            return Rest("has commonMetadata that keep all from being applied", ("spec", "commonMetadata"))
        return None


def _overlay(spec: Mapping[str, Any]) -> dict[str, Any]:
    operations = mappings_in(spec.get("patchesJson6902"))
    fields = {
        "patches": _copies(spec.get("patches")),
        "patchesStrategicMerge": list(map(json.dumps, _copies(spec.get("patchesStrategicMerge")))),
        "patchesJson6902": [{**each, "patch": json.dumps(each.get("patch"))} for each in operations],
        "components": [each for each in as_list(spec.get("components")) if isinstance(each, str)],
        "images": _copies(spec.get("images")),
        **{key: spec.get(key) for key in _TEXTS},
    }
    return {key: value for key, value in fields.items() if value}


def _copies(value: Any) -> list[dict[str, Any]]:
    return list(map(dict, mappings_in(value)))


def annotated_fields(manifest: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    r"""Gives the fields of a Kustomization of Flux v2 with which it gives annotations of fluxd to objects.

    >>> patch = "- op: add\n  path: /metadata/annotations/fluxcd.io~1automated\n  value: 'true'\n"
    >>> manifest = {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization"}
    >>> list(annotated_fields({**manifest, "spec": {"patches": [{"patch": patch}]}}))
    [('spec', 'patches', '0')]
    """
    spec = mapping_at(manifest, "spec") if is_flux_kustomization(manifest) else {}
    for index, entry in enumerate(mappings_in(spec.get("patches"))):
        try:
            documents, operations = read_patch(str(entry.get("patch") or ""))
        except InvalidManifest:
            continue
        if any(is_annotated(each.manifest) for each in documents) or any(map(_annotates, operations)):
            yield "spec", "patches", str(index)
    for index, entry in enumerate(mappings_in(spec.get("patchesStrategicMerge"))):
        if is_annotated(entry):
            yield "spec", "patchesStrategicMerge", str(index)
    if is_annotated({"metadata": mapping_at(spec, "commonMetadata")}):
        yield "spec", "commonMetadata"


def _annotates(operation: Mapping[str, Any]) -> bool:
    """Gives whether an operation gives an annotation of fluxd."""
    path = keys_of_pointer(str(operation.get("path")))
    if operation.get("op") not in ("add", "replace") or path[:2] != ("metadata", "annotations"):
        return False
    return any(map(is_of_fluxd, path[2:] or as_object(operation.get("value"))))


def overlaid(tree: KustomizeTree, folder: str, overlay: str) -> tuple[Kustomization, bool] | None:
    """Gives the kustomization that kustomize-controller builds where a Kustomization puts something over it.

    Returns:
        The kustomization, and whether the folder has one of its own; nothing where that cannot be read.
    """
    more: dict[str, Any] = json.loads(overlay or "{}")
    own = tree.kustomization(folder)
    if isinstance(own, Kustomization):
        known = own
    elif own is None:
        listed = [posixpath.relpath(each, folder or ".") for each in generated_resources(tree, folder)]
        known = Kustomization(kustomization_files(folder)[0], folder, "", {"resources": listed})
    else:
        return None
    document = dict(known.document)
    for key in _LISTS:
        if more.get(key):
            document[key] = [*(document.get(key) or ()), *more[key]]
    document |= {key: more[key] for key in _TEXTS if key in more}
    return replace(known, document=document), own is not None


def overlaid_build(tree: KustomizeTree, folder: str, overlay: str) -> Build:
    """Gives what kustomize-controller builds of a folder for a Kustomization that puts something over it."""
    found = overlaid(tree, folder, overlay)
    if found is None:
        return tree.build(folder)
    kustomization, is_own = found
    file, path = file_over(overlay), kustomization.path
    own = tree.kustomization(folder)
    given = own.document if isinstance(own, Kustomization) else {}
    first = {name: len(given.get(name) or ()) for name in PATCH_FIELDS}
    build = tree.with_files({path: json.dumps(kustomization.document)}).build(folder)
    if any(map(overlay.__contains__, FLUXD_DOMAINS)):
        build = replace(build, objects=tuple(_as_fluxd_read(build, tree, folder)))
    objects, removed = (
        tuple(
            replace(
                built,
                # The kustomization that the controller writes is nobody's.
                steps=built.steps if is_own else built.steps[:-1],
                patches=tuple(
                    use._replace(
                        kustomization=file, field=_OWN_FIELDS[use.field], entry=use.entry - first[use.field]
                    )
                    if use.kustomization == path and use.entry >= first.get(use.field, use.entry + 1)
                    else use
                    for use in built.patches
                ),
            )
            for built in group
        )
        for group in (build.objects, build.removed)
    )
    files = tuple(each for each in build.files if is_own or each != path)
    return replace(build, objects=objects, files=files, removed=removed)


def _as_fluxd_read(build: Build, tree: KustomizeTree, folder: str) -> Iterator[BuiltObject]:
    """Gives what is built, with those annotations of fluxd alone that it has without the Kustomization.

    fluxd read what it is told of images from files of Git, and nothing of what others apply.

    Source: fluxcd/flux 1.25.4 `pkg/daemon/images.go` `pollForNewAutomatedWorkloadImages`.
    """
    alone = overlaid(tree, folder, "")
    assert alone is not None
    before = tree.with_files({alone[0].path: json.dumps(alone[0].document)}).build(folder)
    known = {each.place: _of_fluxd(each.manifest) for each in before.objects}
    for built in build.objects:
        marks = known.get(built.place, {})
        if marks == _of_fluxd(built.manifest):
            yield built
            continue
        own = {key: value for key, value in annotations_of(built.manifest).items() if not is_of_fluxd(key)}
        yield replace(built, manifest=with_annotations(built.manifest, {**own, **marks}))


def _of_fluxd(manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in annotations_of(manifest).items() if is_of_fluxd(key)}


def overlay_then(over: str, changed: Mapping[str, str], repository: Repository) -> str:
    """Gives what goes over a build once files changed: a Kustomization of Flux v2 may have other patches.

    Args:
        over: what goes over it now, as `SyncPath.over` has it.
        changed: the files, with their texts.
    """
    file = file_over(over)
    if file not in changed:
        return over
    indices = {
        document.index
        for document in repository.documents[file]
        if (known := FluxKustomization.of_document(document)) is not None and known.overlay == over
    }
    becomes = (
        FluxKustomization.of_document(each)
        for each in read_documents(file, changed[file])[0]
        if each.index in indices
    )
    return next((each.overlay for each in becomes if each is not None), over)


def puts_over(over: str, use: PatchUse) -> bool:
    """Gives whether what goes over a build has a patch; a file may hold several Kustomizations."""
    if file_over(over) != use.kustomization:
        return False
    entries = json.loads(over).get(use.field.rpartition(".")[2]) or []
    entry = entries[use.entry] if use.entry < len(entries) else ""
    return str(entry.get("patch") if isinstance(entry, dict) else entry).strip() == use.inline


def file_over(over: str) -> str:
    """Gives the file of the Kustomization of Flux v2 that goes over a build; empty where none does.

    >>> file_over('{"file": "prod/apps.yaml", "namePrefix": "us-"}'), file_over("a/patches.yaml")
    ('prod/apps.yaml', '')
    """
    return str(json.loads(over)["file"]) if over.startswith("{") else ""
