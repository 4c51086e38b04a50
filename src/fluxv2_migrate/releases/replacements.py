"""Replacements of kustomizations that read or write fields of releases, pointed to where these are."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from fluxv2_migrate.kubernetes import as_list, field_at
from fluxv2_migrate.kustomize import BuiltObject, pointer_to, split_field_path
from fluxv2_migrate.releases.configured_fields import (
    FieldEdit,
    LiteralEdit,
    Naming,
    OtherForm,
    SelectionEdit,
    field_edits,
    keys_in_flux_2,
)
from fluxv2_migrate.releases.patch_targets import moved_fields
from fluxv2_migrate.releases.patched import HeldBack
from fluxv2_migrate.releases.replacement_entries import (
    SOURCE_FIELDS,
    EntryPath,
    replacement_entries,
    selects,
    writer_name,
)
from fluxv2_migrate.rules import ChartSourceRequest, to_flux_git_url
from fluxv2_migrate.yaml_text import emit_scalar

_OF_RELEASES: Final = ("group", "version", "namespace", "labelSelector", "annotationSelector")


def edits_of_replacement(named: Naming) -> Iterator[FieldEdit | SelectionEdit | LiteralEdit]:
    """Gives what becomes of a replacement that concerns releases.

    Raises:
        HeldBack: it concerns a field that has another form in Flux v2.
    """
    for at, entry in replacement_entries(named.use, named.tree):
        try:
            edits: list[FieldEdit | SelectionEdit | LiteralEdit] = list(_edits_of_entry(at, entry, named))
        except OtherForm:
            literal = _literal(at, entry, named)
            if literal is None:
                raise
            edits = [literal]
        yield from edits


def _edits_of_entry(
    at: EntryPath, entry: Mapping[str, Any], named: Naming
) -> Iterator[FieldEdit | SelectionEdit]:
    source = entry.get("source")
    if isinstance(source, Mapping) and (values := moved_fields(source, named.version)) is not None:
        values = dict(values)
        if source.get("fieldPath"):
            values["fieldPath"] = _pointed(str(source["fieldPath"]), named.reached)[0]
        yield from field_edits(_file(named), (*at, "source"), values)
    for number, target in enumerate(as_list(entry.get("targets"))):
        yield from _edits_of_target((*at, "targets", number), target, named)


def _literal(at: EntryPath, entry: Mapping[str, Any], named: Naming) -> LiteralEdit | None:
    """Gives what writes what a replacement wrote; nothing where that is too much to say.

    What it wrote into releases is written with all that their patches have to say. Into other objects it
    wrote a value that stands in what the kustomization builds.
    """
    if named.use.path:
        return None
    folder = posixpath.dirname(named.use.kustomization)
    patches: list[tuple[Mapping[str, Any], str]] = []
    for target in as_list(entry.get("targets")):
        select = target["select"]
        if moved_fields(select, named.version) is not None:
            # What is written into a release is not said of one for all that a target may find.
            if any(_has_place(str(path), named) for path in target.get("fieldPaths") or ()):
                return None
            continue
        built = [each for each in named.tree.build(folder).objects if selects(target, each)]
        operations = [_operation(str(path), built) for path in target.get("fieldPaths") or ()]
        if target.get("options") or target.get("reject") or not all(operations):
            return None
        patches.append((select, "\n".join(operations)))
    return LiteralEdit(named.use.kustomization, at, entry, tuple(patches))


def _has_place(path: str, named: Naming) -> bool:
    """Gives whether a field that is written has a place of its own in Flux v2."""
    keys = split_field_path(path)
    try:
        return tuple(keys) in SOURCE_FIELDS or bool(keys_in_flux_2(keys, named.reached))
    except OtherForm:
        return False


def _operation(path: str, built: Sequence[BuiltObject]) -> str:
    """Gives the operation that writes a field as it is built; nothing where objects differ in it."""
    keys = split_field_path(path)
    values = [field_at(each.manifest, keys) for each in built]
    if not values or any(value is None or value != values[0] for value in values):
        return ""
    return f"- op: replace\n  path: {emit_scalar(pointer_to(keys))}\n  value: {json.dumps(values[0])}"


def _edits_of_target(
    at: EntryPath, target: Mapping[str, Any], named: Naming
) -> Iterator[FieldEdit | SelectionEdit]:
    select, version = target.get("select"), named.version
    values = moved_fields(select, version) if isinstance(select, Mapping) else None
    if not isinstance(select, Mapping) or values is None:
        return
    paths = [str(path) for path in target.get("fieldPaths") or ()]
    if any(tuple(split_field_path(path)) in SOURCE_FIELDS for path in paths):
        yield from _edits_of_source(at, select, paths, named)
        return
    yield from field_edits(_file(named), (*at, "select"), values)
    rejects = target.get("reject")
    for number, reject in enumerate(as_list(rejects)):
        moved = moved_fields(reject, version) if isinstance(reject, Mapping) else None
        yield from field_edits(_file(named), (*at, "reject", number), moved)
    for index, path in enumerate(paths):
        text, keys = _pointed(path, named.reached)
        yield FieldEdit(_file(named), (*at, "fieldPaths", index), text, tuple(keys))


def _edits_of_source(
    at: EntryPath, select: Mapping[str, Any], paths: Sequence[str], named: Naming
) -> Iterator[FieldEdit | SelectionEdit]:
    """Gives what becomes of a target that writes where charts come from: it finds the source."""
    sources = named.sources.get(writer_name(named.use, at), {})
    if len(sources) != 1:
        raise HeldBack(f"{_file(named)} writes where charts come from, for more than one source or for none")
    ((reference, request),) = sources.items()
    texts = [_field_of_source(path, request, named) for path in paths]
    values = {"kind": reference.kind, "name": reference.name}
    removed = tuple(name for name in _OF_RELEASES if name in select)
    yield SelectionEdit(_file(named), (*at, "select"), values, removed)
    for index, text in enumerate(texts):
        yield FieldEdit(_file(named), (*at, "fieldPaths", index), text)


def _field_of_source(path: str, request: ChartSourceRequest, named: Naming) -> str:
    keys = tuple(split_field_path(path))
    if keys not in SOURCE_FIELDS:
        raise HeldBack(f"{_file(named)} writes {path} together with where charts come from")
    if keys[-1] == "ref":
        if not request.ref:
            raise HeldBack(f"{_file(named)} writes {path}, and the chart comes from no git repository")
        return f"spec.ref.{request.ref[0][0]}"
    written = {str(((each.get("spec") or {}).get("chart") or {}).get(keys[-1])) for each in named.reached}
    if request.url not in written or (keys[-1] == "git" and to_flux_git_url(request.url) not in written):
        raise HeldBack(f"{_file(named)} writes {path} in a form that Flux v2 does not take")
    return "spec.url"


def _file(named: Naming) -> str:
    return named.use.path or named.use.kustomization


def _pointed(path: str, reached: Sequence[Mapping[str, Any]]) -> tuple[str, list[str]]:
    """Gives a field path as it becomes, and its keys."""
    known = split_field_path(path)
    keys = keys_in_flux_2(known, reached)
    return (path if keys == known else ".".join(keys)), keys
