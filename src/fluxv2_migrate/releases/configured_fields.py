"""Configurations and variables of kustomizations that name fields of releases, pointed to where these are."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from fluxv2_migrate.flux1.apis import RELEASE_APIS
from fluxv2_migrate.kustomize import configured_entries, keys_of_path, split_variable_path
from fluxv2_migrate.releases.patch_targets import moved_fields
from fluxv2_migrate.releases.patched import HeldBack
from fluxv2_migrate.releases.pointed_fields import (
    FieldEdit,
    Naming,
    field_edits,
    keys_in_flux_2,
    passing_keys_in_flux_2,
)
from fluxv2_migrate.yaml_text import read_document

_KINDS: Final = frozenset(RELEASE_APIS.values())


def edits_of_configuration(named: Naming) -> Iterator[FieldEdit]:
    """Gives what becomes of a configuration that names fields of releases.

    Raises:
        HeldBack: it changes a field that has another form in Flux v2.
    """
    use = named.use
    value = read_document(named.tree.text(use.path))[1]
    referred: set[tuple[str | int, ...]] = set()
    for at, _, target, entry in configured_entries(value):
        if target is not None and at[:2] not in referred and str(target.get("kind")) in _KINDS:
            referred.add(at[:2])
            yield from field_edits(use.path, at[:2], moved_fields(target, named.version))
        yield from _edits_of_path(use.path, at, entry, named)


def edits_of_labels(named: Naming) -> Iterator[FieldEdit]:
    """Gives what becomes of an entry of `labels` that names fields of releases.

    Raises:
        HeldBack: it changes a field that has another form in Flux v2.
    """
    use = named.use
    entry = named.tree.kustomizations[posixpath.dirname(use.kustomization)].labels[use.entry]
    for number, each in enumerate(entry.get("fields") or ()):
        yield from _edits_of_path(use.kustomization, (use.field, use.entry, "fields", number), each, named)


def _edits_of_path(
    file: str, at: tuple[str | int, ...], entry: Mapping[str, Any], named: Naming
) -> Iterator[FieldEdit]:
    """Gives what becomes of a path into objects that may be releases."""
    moved = moved_fields(entry, named.version)
    path = str(entry.get("path") or "")
    if moved is None or not path:
        return
    known = keys_of_path(path)
    keys = passing_keys_in_flux_2(known)
    if keys is None and not any(_has(manifest, known) for manifest in named.reached):
        # No release that is migrated now has it.
        return
    if keys is None or (keys != known and not entry.get("kind")):
        raise HeldBack(f"{path}, which {file} names, has another form in Flux v2")
    yield from field_edits(file, at, moved)
    text = path if keys == known else "/".join(keys)
    written = ("spec", "valuesFrom", "*", *keys[2:]) if keys[1:2] == ["valuesFrom"] else tuple(keys)
    yield FieldEdit(file, (*at, "path"), text, written)


def _has(value: Any, keys: Sequence[str]) -> bool:
    if isinstance(value, list):
        return any(_has(item, keys) for item in value)
    if not keys:
        return True
    return isinstance(value, Mapping) and keys[0] in value and _has(value[keys[0]], keys[1:])


def edits_of_variable(named: Naming) -> Iterator[FieldEdit]:
    """Gives what becomes of a variable that takes its value of a release.

    Raises:
        HeldBack: the field has another form in Flux v2.
    """
    use, version = named.use, named.version
    entry = named.tree.kustomizations[posixpath.dirname(use.kustomization)].mappings("vars")[use.entry]
    reference, at = entry["objref"], ("vars", use.entry)
    if reference.get("apiVersion"):
        api = moved_fields({"group": reference["apiVersion"].partition("/")[0]}, version) or {}
        yield FieldEdit(use.kustomization, (*at, "objref", "apiVersion"), f"{api['group']}/{version}")
    else:
        yield from field_edits(use.kustomization, (*at, "objref"), moved_fields(reference, version))
    path = (entry.get("fieldref") or {}).get("fieldpath")
    known = split_variable_path(path or "metadata.name")
    keys = keys_in_flux_2(known, named.reached)
    if keys != known:
        text = "".join(f"[{key}]" if key.isdecimal() else f".{key}" for key in keys).removeprefix(".")
        yield FieldEdit(use.kustomization, (*at, "fieldref", "fieldpath"), text)
