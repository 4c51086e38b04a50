"""Replacements of kustomizations that read or write fields of releases, pointed to where these are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fluxv2_migrate.kustomize import KustomizeTree, PatchUse, split_field_path
from fluxv2_migrate.releases.patch_targets import moved_fields
from fluxv2_migrate.releases.pointed_fields import FieldEdit, keys_in_flux_2
from fluxv2_migrate.yaml_text import read_document

__all__ = ["edits_of_replacement"]


def edits_of_replacement(
    use: PatchUse, tree: KustomizeTree, version: str, reached: Sequence[Mapping[str, Any]]
) -> Iterator[FieldEdit]:
    """Gives what becomes of a replacement that concerns releases.

    Args:
        use: of the replacement.
        tree: the repository.
        version: of the API of releases of Flux v2.
        reached: the releases that it reads or writes, as they are built.

    Raises:
        HeldBack: it concerns a field that has another form in Flux v2.
    """
    for at, entry in _entries(use, tree):
        source = entry.get("source")
        if isinstance(source, Mapping) and (values := moved_fields(source, version)) is not None:
            values = dict(values)
            if source.get("fieldPath"):
                values["fieldPath"] = _pointed(str(source["fieldPath"]), reached)[0]
            yield from _edits_of_fields(use, (*at, "source"), values)
        targets = entry.get("targets")
        for number, target in enumerate(targets if isinstance(targets, list) else ()):
            yield from _edits_of_target((*at, "targets", number), target, use, version, reached)


def _edits_of_target(
    at: tuple[str | int, ...],
    target: Mapping[str, Any],
    use: PatchUse,
    version: str,
    reached: Sequence[Mapping[str, Any]],
) -> Iterator[FieldEdit]:
    select = target.get("select")
    values = moved_fields(select, version) if isinstance(select, Mapping) else None
    if values is None:
        return
    yield from _edits_of_fields(use, (*at, "select"), values)
    rejects = target.get("reject")
    for number, reject in enumerate(rejects if isinstance(rejects, list) else ()):
        moved = moved_fields(reject, version) if isinstance(reject, Mapping) else None
        yield from _edits_of_fields(use, (*at, "reject", number), moved or {})
    for index, path in enumerate(target.get("fieldPaths") or ()):
        text, keys = _pointed(str(path), reached)
        yield FieldEdit(use.path or use.kustomization, (*at, "fieldPaths", index), text, tuple(keys))


def _edits_of_fields(
    use: PatchUse, at: tuple[str | int, ...], values: Mapping[str, str]
) -> Iterator[FieldEdit]:
    for name, text in values.items():
        yield FieldEdit(use.path or use.kustomization, (*at, name), text)


def _entries(use: PatchUse, tree: KustomizeTree) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Any]]]:
    """Gives the replacements of an entry, each with where it stands in its file."""
    if not use.path:
        (kustomization,) = (each for each in tree.kustomizations.values() if each.path == use.kustomization)
        yield (use.field, use.index), kustomization.replacements[use.index]
        return
    value = read_document(tree.text(use.path))[1]
    if isinstance(value, list):
        yield from (((number,), each) for number, each in enumerate(value))
    else:
        yield (), value


def _pointed(path: str, reached: Sequence[Mapping[str, Any]]) -> tuple[str, list[str]]:
    """Gives a field path as it becomes, and its keys."""
    known = split_field_path(path)
    keys = keys_in_flux_2(known, reached)
    return (path if keys == known else ".".join(keys)), keys
