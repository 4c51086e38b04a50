"""Annotations of fluxd in what kustomizations build: what Flux v2 needs of them, and what takes them out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final

from fluxv2_migrate.clusters import DocumentKey, Sighting, build_with
from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.flux1 import read_policies
from fluxv2_migrate.flux1.policies import FLUXD_DOMAINS, is_annotated, is_of_fluxd
from fluxv2_migrate.flux2.apply_annotations import PRUNE, RECONCILE
from fluxv2_migrate.kubernetes import annotations_of, as_object, mapping_at
from fluxv2_migrate.kustomize import (
    Build,
    BuiltObject,
    Kustomization,
    KustomizationPatch,
    KustomizeTree,
    keys_of_pointer,
    listed_transformers,
    read_kustomization,
    remove_entry,
)
from fluxv2_migrate.kustomize.patches import read_patch
from fluxv2_migrate.plan import (
    AnnotationEdit,
    PatchOperation,
    Remove,
    Set,
    apply_to_any_text,
    apply_to_text,
    edit_annotations,
    edit_fields,
    write_operations,
)
from fluxv2_migrate.repository.reading import Repository
from fluxv2_migrate.repository.workspace import Workspace, kustomization_change
from fluxv2_migrate.rules import has_annotated_pods, marks_of_ignored
from fluxv2_migrate.surroundings.known import Surroundings
from fluxv2_migrate.yaml_text import (
    CannotEdit,
    detect_style,
    document_texts,
    edit_document,
    edit_documents,
    read_document,
    read_value,
    remove_item,
    replace_text,
)

_COMMON: Final = "commonAnnotations"
_GIVEN: Final = "annotations"
"""The field of a transformer that stands in a file."""
_NOBODY: Final = ("", 0)
"""What is never settled."""
_READING: Final = re.compile(
    r"""fieldpath["']?\s*:\s*["']?metadata\.annotations|\bfrom["']?\s*:\s*["']?/metadata/annotations""",
    re.IGNORECASE,
)
_OF_EITHER_FLUX: Final = ("helm.fluxcd.io", "kustomize.toolkit.fluxcd.io")


def take_out_marks(around: Surroundings, settled: Collection[DocumentKey], workspace: Workspace) -> None:
    """Takes the annotations of fluxd out of kustomizations that give them to nothing but what is settled.

    Args:
        settled: the documents of which nothing is lost with their annotations.
    """
    reached: dict[str, set[DocumentKey]] = {}
    for key, sightings in around.clusters.sightings.items():
        for sighting in sightings:
            if is_annotated(sighting.manifest):
                for step in sighting.steps:
                    reached.setdefault(step.path, set()).add(key)
    for built in around.clusters.built():
        needed = {_NOBODY} if _needs_marks(built, around.repository) else set()
        if needed or is_annotated(built.manifest):
            for step in built.steps:
                reached.setdefault(step.path, set()).update(needed)
    for path, keys in reached.items():
        text = workspace.text(path)
        if text is None or not keys <= set(settled):
            continue
        # What cannot be edited stays, and is told.
        with suppress(CannotEdit, InvalidManifest):
            if _gives_marks(path, text):
                workspace.edit(path, partial(edit_document, edit=_without_marks), kustomization_change(path))
    for file, listing in _marking_transformers(around.clusters.tree).items():
        if all(reached.get(each.path, set()) <= set(settled) for each in listing):
            with suppress(CannotEdit, InvalidManifest):
                _take_out_of_transformers(file, listing, workspace)


def _needs_marks(built: BuiltObject, repository: Repository) -> bool:
    """Gives whether something else than fluxd needs the annotations that an object is built with.

    Where nothing says to Flux v2 what fluxd ignored of what is generated, a person is to know of it. Pods are
    started anew where the annotations of their template change.
    """
    if not built.path:
        return bool(unsaid_marks({}, built, repository))
    return has_annotated_pods(built.manifest)


def still_marked(around: Surroundings, workspace: Workspace) -> Iterator[DocumentKey]:
    """Gives the documents to which what is built still gives annotations of fluxd."""
    tree = around.clusters.tree.with_files(workspace.differing)
    for folder, over in around.clusters.builds:
        for built in build_with(tree, folder, over).objects:
            if is_annotated(built.manifest):
                yield built.path, built.index


def _gives_marks(path: str, text: str) -> bool:
    if "\\" not in text and not any(domain in text for domain in FLUXD_DOMAINS):
        # Most need not be read.
        return False
    kustomization = read_kustomization(path, text)
    return bool(_common(kustomization)) or any(map(_marks_in, kustomization.patches))


def _common(kustomization: Kustomization) -> list[str]:
    return [key for key in kustomization.pairs(_COMMON) if is_of_fluxd(key)]


def _marks_in(patch: KustomizationPatch) -> bool:
    """Gives whether a patch that stands in its kustomization gives annotations of fluxd."""
    if patch.path or not patch.inline.strip():
        return False
    documents, operations = read_patch(patch.inline.strip())
    keys = [key for each in documents for key in annotations_of(each.manifest) if is_of_fluxd(key)]
    return bool(keys) or any(map(_is_mark, operations))


def _is_mark(operation: Mapping[str, Any]) -> bool:
    keys = keys_of_pointer(str(operation.get("path")))
    return keys[:2] == ("metadata", "annotations") and len(keys) > 2 and is_of_fluxd(keys[2])


def _without_marks(document: str) -> str:
    """Gives a kustomization without what it gives of annotations of fluxd."""
    kustomization = read_kustomization("kustomization.yaml", document)
    common = _common(kustomization)
    if common and len(common) == len(kustomization.pairs(_COMMON)):
        root, value = read_document(document)
        document = apply_to_text((Remove((_COMMON,)),), document, root, detect_style(document), value).text
    elif common:
        document = edit_fields(document, (_COMMON,), {}, common)
    patches = sorted(kustomization.patches, key=lambda each: (each.field, each.index), reverse=True)
    for patch in filter(_marks_in, patches):
        after = _patch_without_marks(patch.inline.strip())
        if after is None:
            document = remove_item(document, patch.field, patch.index)
        else:
            inner = () if patch.field == "patchesStrategicMerge" else ("patch",)
            document = replace_text(document, (patch.field, patch.index, *inner), after)
    root, value = read_document(document)
    if not value.keys() - {"apiVersion", "kind"}:
        # kustomize refuses a kustomization that says nothing at all.
        plan = (Set(("resources",), []),)
        document = apply_to_text(plan, document, root, detect_style(document), value).text
    return document


def _patch_without_marks(text: str) -> str | None:
    """Gives a patch without the annotations of fluxd; nothing where it says nothing else."""
    documents, operations = read_patch(text)
    if operations:
        kept = [PatchOperation(each, index) for index, each in enumerate(operations) if not _is_mark(each)]
        return write_operations(text, kept) if kept else None
    says_more = False
    for each in documents:
        marks = tuple(key for key in annotations_of(each.manifest) if is_of_fluxd(key))
        says_more |= any(_says_more(each.manifest, marks))
        if marks:
            text = edit_document(text, partial(_without_annotations, keys=marks), each.document)
    return text if says_more else None


def _without_annotations(document: str, keys: tuple[str, ...]) -> str:
    return edit_annotations(document, [AnnotationEdit(keys)]).text


def _says_more(manifest: Mapping[str, Any], marks: Collection[str]) -> Iterator[bool]:
    """Gives whether a patch says anything but what it is for, and annotations of fluxd."""
    yield from (key not in ("apiVersion", "kind", "metadata") for key in manifest)
    metadata = manifest.get("metadata") or {}
    yield from (key not in ("name", "namespace", "annotations") for key in metadata)
    yield any(key not in marks for key in annotations_of(manifest))


# Transformers that stand in files


def _marking_transformers(tree: KustomizeTree) -> Mapping[str, Sequence[Kustomization]]:
    """Gives the files of transformers that give annotations of fluxd, each with what lists it."""
    found: dict[str, list[Kustomization]] = {}
    for kustomization in tree.kustomizations.values():
        for each in listed_transformers(kustomization, tree) or ():
            if each.path and any(map(is_of_fluxd, each.pairs)):
                found.setdefault(each.path, []).append(kustomization)
    return found


def _take_out_of_transformers(path: str, listing: Sequence[Kustomization], workspace: Workspace) -> None:
    """Takes the annotations of fluxd out of a file of transformers; one that gives nothing else goes.

    Raises:
        CannotEdit: a text is written in a form that cannot be edited.
    """
    texts = document_texts(workspace.text(path) or "")
    is_listed = all(path in {each.path for each in known.entries("transformers")} for known in listing)
    # A file that goes takes its comments along.
    is_left = len(texts) > 1 or "#" in texts[0] or not _gives_marks_alone(read_value(texts[0]))
    if is_left or not is_listed:
        workspace.edit(
            path, partial(edit_documents, edit=_transformer_without_marks), kustomization_change(path)
        )
        return
    trial = workspace.branch()
    for kustomization in listing:
        for entry in kustomization.entries("transformers"):
            if entry.path == path:
                edit = partial(remove_entry, field=entry.field, entry=entry.entry)
                trial.edit(kustomization.path, edit, kustomization_change(kustomization.path))
    trial.remove(path, kustomization_change(path))
    workspace.adopt(trial)


def _gives_marks_alone(transformer: Mapping[str, Any]) -> bool:
    return all(map(is_of_fluxd, mapping_at(transformer, _GIVEN)))


def _transformer_without_marks(document: str) -> str:
    root, value = read_document(document)
    marks = [key for key in mapping_at(value or {}, _GIVEN) if is_of_fluxd(key)]
    if not marks:
        return document
    if not _gives_marks_alone(value):
        return edit_fields(document, (_GIVEN,), {}, marks)
    return apply_to_any_text((Set((_GIVEN,), {}),), document, root, detect_style(document), value).text


def unsaid_marks(
    own: Mapping[str, Any], seen: Sighting | BuiltObject, repository: Repository
) -> Mapping[str, str | None]:
    """Gives the annotations that a kustomization must write, so that Flux v2 leaves what fluxd left.

    Each file says to Flux v2 what it said to fluxd. What it takes back is left over, and so is what a
    kustomization or an operation says.

    Args:
        own: the object as its file says it; nothing for a generated one.

    Returns:
        The annotations with their values, or with nothing where they must go.
    """
    there = annotations_of(seen.manifest)
    wanted, said = _marks(there), dict(_marks(annotations_of(own)))
    # What patches something generated stays as it is.
    for use in seen.patches if own else ():
        if use.path and use.kind == "merge":
            patch = repository.document(use.path, use.document)
            said |= _marks(annotations_of(patch.manifest))
    return {
        key: wanted.get(key)
        for key in (RECONCILE, PRUNE)
        if wanted.get(key) != said.get(key)
        and (not _takes_out(seen, key, repository) if key not in wanted else there.get(key) != wanted[key])
    }


def _takes_out(seen: Sighting | BuiltObject, key: str, repository: Repository) -> bool:
    """Gives whether a patch takes an annotation out already, of a file that does not have it yet."""
    patches = (
        repository.document(use.path, use.document).manifest
        if use.path
        else as_object(read_document(text)[1])
        for use in seen.patches
        if use.kind == "merge"
        for text in ([""] if use.path else document_texts(use.inline))
    )
    return any(annotations_of(each).get(key, "") is None for each in patches)


def _marks(annotations: Mapping[str, Any]) -> Mapping[str, str]:
    """Gives the annotations that say to Flux v2 what those of an object said to fluxd."""
    # Nearly no object is ignored, and each build of each one is asked.
    if not any(key.endswith("/ignore") for key in annotations):
        return {}
    return marks_of_ignored(read_policies(annotations))


def read_marks(around: Surroundings, files: Mapping[str, str | None]) -> frozenset[DocumentKey]:
    """Gives the documents without whose annotations of fluxd something else would be built.

    Args:
        files: those that change, without these annotations.
    """
    found: set[DocumentKey] = set()
    tree = around.clusters.tree
    built = {file for build in around.clusters.builds.values() for file in build.files}
    # In nearly all repositories none does.
    texts = {file: text for file in built if _reads(text := tree.text(file))}
    after = tree.with_files(files if texts else {})
    for (folder, over), before in around.clusters.builds.items():
        reading = [texts[file] for file in before.files if file in texts]
        if reading and before.ok and not over and not set(before.files).isdisjoint(files):
            build = build_with(after, folder, over)
            found.update(_different(before, build) if build.ok else _named(before, reading))
    return frozenset(found)


def _reads(text: str) -> bool:
    lowered = text.lower()
    # Words are found in a tenth of the time.
    return ("fieldpath" in lowered or "/metadata/annotations" in lowered) and bool(_READING.search(text))


def _different(before: Build, after: Build) -> Iterator[DocumentKey]:
    """Gives the objects that have lost other annotations than those of fluxd, or have others."""
    now = {each.place: _others(each.manifest) for each in after.objects}
    for each in before.objects:
        others = _others(each.manifest)
        if now.get(each.place, others) != others:
            yield each.path, each.index


def _others(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        key: value
        for key, value in annotations_of(manifest).items()
        if not is_of_fluxd(key) and key.partition("/")[0] not in _OF_EITHER_FLUX
    }


def _named(build: Build, texts: Collection[str]) -> Iterator[DocumentKey]:
    """Gives the objects of which texts name an annotation of fluxd, also as the pointer of an operation."""
    for each in build.objects:
        keys = [key for key in annotations_of(each.manifest) if is_of_fluxd(key)]
        names = {*keys, *(key.replace("/", "~1") for key in keys)}
        if any(name in text for name in names for text in texts):
            yield each.path, each.index
