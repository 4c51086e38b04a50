"""Fields of releases that kustomizations name by paths in configurations, and where these are in Flux v2."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fluxv2_migrate.flux1.apis import RELEASE_APIS, VALUES_SELECTORS
from fluxv2_migrate.given import item_index
from fluxv2_migrate.kustomize import (
    KustomizeTree,
    PatchUse,
    configured_entries,
    keys_of_path,
    split_variable_path,
)
from fluxv2_migrate.plan import Path
from fluxv2_migrate.releases.patch_targets import moved_fields
from fluxv2_migrate.releases.patched import HeldBack
from fluxv2_migrate.rules import CARRIED, VALUES, ChartSourceRequest, SourceReference
from fluxv2_migrate.yaml_text import read_document

_FROM: Final = ("spec", "valuesFrom")
_SECRETS: Final = ("spec", "valueFileSecrets")
_REFERENCE: Final = {"name": "name", "key": "valuesKey", "optional": "optional"}
"""The fields of a reference to values, each with what it is called in Flux v2."""
_KINDS: Final = frozenset(RELEASE_APIS.values())


@dataclass(frozen=True, slots=True)
class Naming:
    """What of a kustomization names fields of releases.

    Attributes:
        version: of the API of releases of Flux v2.
        reached: the releases that it names, as they are built.
        sources: where their charts come from, by what writes that, with what was asked for.
    """

    use: PatchUse
    tree: KustomizeTree
    version: str
    reached: Sequence[Mapping[str, Any]]
    sources: Mapping[str, Mapping[SourceReference, ChartSourceRequest]]


@dataclass(frozen=True, slots=True)
class SelectionEdit:
    """What becomes of a selection of objects.

    Attributes:
        file: the kustomization, or a file that it names.
    """

    file: str
    path: tuple[str | int, ...]
    values: Mapping[str, str]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FieldEdit:
    """What becomes of a text that names a field of a release, or the API of releases.

    Attributes:
        file: the kustomization, or a file that it names.
        text: that comes in the place of the other one.
        written: the field of a release of Flux v2 that is written then, if one is.
    """

    file: str
    path: tuple[str | int, ...]
    text: str
    written: Path = ()


def field_edits(
    file: str, at: tuple[str | int, ...], values: Mapping[str, str] | None
) -> Iterator[FieldEdit]:
    """Gives what becomes of the fields of a selector, or of any other mapping."""
    for name, text in (values or {}).items():
        yield FieldEdit(file, (*at, name), text)


@dataclass(frozen=True, slots=True)
class LiteralEdit:
    """What becomes of a replacement of a field that has another form in Flux v2: what it wrote is written.

    Attributes:
        patches: for what it wrote into other objects, each with its target and its operations; what it wrote
            into releases stands with the rest of these.
    """

    file: str
    path: tuple[str | int, ...]
    entry: Mapping[str, Any]
    patches: tuple[tuple[Mapping[str, Any], str], ...] = ()


class OtherForm(HeldBack):
    """A field has another form in Flux v2, so that no path can say where it is."""


def keys_in_flux_2(keys: Sequence[str], reached: Sequence[Mapping[str, Any]]) -> list[str]:
    """Gives the keys of where a field is in Flux v2, items of lists named by their place.

    Args:
        reached: the releases that it is read or written in, as they are built.

    Raises:
        OtherForm: it has another form there, or is not at the same place in all of them.
    """
    if keys[0] == "metadata" or tuple(keys[:2]) == VALUES:
        return list(keys)
    if tuple(keys) in CARRIED:
        return list(CARRIED[tuple(keys)])
    found = {_of_values(keys, manifest) for manifest in reached}
    if len(found) != 1 or None in found:
        raise OtherForm(f"{'.'.join(keys)}, which a kustomization names, has another form in Flux v2")
    return list(found.pop() or ())


def _passing_keys_in_flux_2(keys: Sequence[str]) -> list[str] | None:
    """Gives the same where paths pass through lists; nothing where it has another form.

    >>> _passing_keys_in_flux_2(["spec", "valuesFrom", "secretKeyRef", "name"])
    ['spec', 'valuesFrom', 'name']
    """
    if keys[0] == "metadata" or tuple(keys[:2]) == VALUES:
        return list(keys)
    if tuple(keys) == (*_SECRETS, "name"):
        return [*_FROM, "name"]
    if len(keys) == 4 and tuple(keys[:2]) == _FROM and keys[2] in VALUES_SELECTORS and keys[3] in _REFERENCE:
        return [*_FROM, _REFERENCE[keys[3]]]
    return list(CARRIED[tuple(keys)]) if tuple(keys) in CARRIED else None


def _of_values(keys: Sequence[str], manifest: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Gives where a field of a reference to values is, for one release."""
    spec = manifest.get("spec") or {}
    secrets = spec.get(_SECRETS[1]) or []
    if len(keys) == 4 and tuple(keys[:2]) == _SECRETS and keys[2].isdecimal() and keys[3] == "name":
        return (*_FROM, *keys[2:])
    if (
        len(keys) != 5
        or tuple(keys[:2]) != _FROM
        or keys[3] not in VALUES_SELECTORS
        or keys[4] not in _REFERENCE
    ):
        return None
    kind, name = VALUES_SELECTORS[keys[3]], _REFERENCE[keys[4]]
    if keys[2] == "*":
        return None if secrets and kind == "Secret" else (*_FROM, f"[kind={kind}]", name)
    entries = spec.get(_FROM[1]) or []
    number = item_index(keys[2], len(entries))
    if number is None:
        return None
    # What names a file of the chart is in another list.
    before = sum(not each.get("chartFileRef") for each in entries[:number])
    return (*_FROM, str(len(secrets) + before), name)


def with_replaced(form: Mapping[str, Any], wanted: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Gives a release in which a field has the value that a replacement writes.

    Args:
        path: of the field; items of lists are named by their place, by a value that they have, or by a star.

    >>> with_replaced({"a": [{"k": "x", "n": 1}]}, {"a": [{"k": "x", "n": 2}]}, ("a", "[k=x]", "n"))
    {'a': [{'k': 'x', 'n': 2}]}
    """
    found: dict[str, Any] = _replaced(form, wanted, path)
    return found


def _replaced(form: Any, wanted: Any, path: Path) -> Any:
    if not path:
        return wanted
    key, rest = path[0], path[1:]
    if isinstance(form, list) and isinstance(wanted, list) and len(form) == len(wanted):
        name, _, value = key.strip("[]").partition("=")
        return [
            _replaced(old, new, rest)
            if key in ("*", str(number)) or (value and isinstance(old, Mapping) and old.get(name) == value)
            else old
            for number, (old, new) in enumerate(zip(form, wanted, strict=True))
        ]
    if isinstance(form, Mapping) and isinstance(wanted, Mapping) and key in wanted:
        return {**form, key: _replaced(form.get(key, {} if rest else None), wanted[key], rest)}
    return form


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
    keys = _passing_keys_in_flux_2(known)
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
