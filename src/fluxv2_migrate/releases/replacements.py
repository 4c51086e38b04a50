"""Replacements of kustomizations that read or write fields of releases, pointed to where these are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fluxv2_migrate.kustomize import KustomizeTree, PatchUse, split_field_path
from fluxv2_migrate.plan import Path
from fluxv2_migrate.releases.patch_targets import moved_fields
from fluxv2_migrate.releases.patched import HeldBack
from fluxv2_migrate.rules import CARRIED, VALUES
from fluxv2_migrate.yaml_text import read_document

__all__ = ["ReplacementEdit", "edits_of_replacement", "with_replaced"]

_FROM: Final = ("spec", "valuesFrom")
_SECRETS: Final = ("spec", "valueFileSecrets")
_KINDS: Final = {"configMapKeyRef": "ConfigMap", "secretKeyRef": "Secret"}
_REFERENCE: Final = {"name": "name", "key": "valuesKey", "optional": "optional"}
"""The fields of a reference to values, each with what it is called in Flux v2."""


@dataclass(frozen=True, slots=True)
class ReplacementEdit:
    """What becomes of a field of a replacement.

    Attributes:
        file: the kustomization, or the file of replacements that it names.
        path: of the field.
        text: that comes in the place of the other one.
        written: the field of a release of Flux v2 that it writes, if it names one.
    """

    file: str
    path: tuple[str | int, ...]
    text: str
    written: Path = ()


def edits_of_replacement(
    use: PatchUse, tree: KustomizeTree, version: str, reached: Sequence[Mapping[str, Any]]
) -> Iterator[ReplacementEdit]:
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
) -> Iterator[ReplacementEdit]:
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
        yield ReplacementEdit(use.path or use.kustomization, (*at, "fieldPaths", index), text, tuple(keys))


def _edits_of_fields(
    use: PatchUse, at: tuple[str | int, ...], values: Mapping[str, str]
) -> Iterator[ReplacementEdit]:
    for name, text in values.items():
        yield ReplacementEdit(use.path or use.kustomization, (*at, name), text)


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
    keys = _field(path, reached)
    return (path if keys == split_field_path(path) else ".".join(keys)), keys


def _field(path: str, reached: Sequence[Mapping[str, Any]]) -> list[str]:
    """Gives the keys of where a field is in Flux v2."""
    keys = split_field_path(path)
    if keys[0] == "metadata" or tuple(keys[:2]) == VALUES:
        return keys
    if tuple(keys) in CARRIED:
        return list(CARRIED[tuple(keys)])
    found = {_of_values(keys, manifest) for manifest in reached}
    if len(found) != 1 or None in found:
        raise HeldBack(f"a replacement concerns {path}, which has another form in Flux v2")
    return list(found.pop() or ())


def _of_values(keys: Sequence[str], manifest: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Gives where a field of a reference to values is, for one release."""
    spec = manifest.get("spec") or {}
    secrets = spec.get(_SECRETS[1]) or []
    if len(keys) == 4 and tuple(keys[:2]) == _SECRETS and keys[2].isdecimal() and keys[3] == "name":
        return (*_FROM, *keys[2:])
    if len(keys) != 5 or tuple(keys[:2]) != _FROM or keys[3] not in _KINDS or keys[4] not in _REFERENCE:
        return None
    kind, name = _KINDS[keys[3]], _REFERENCE[keys[4]]
    if keys[2] == "*":
        return None if secrets and kind == "Secret" else (*_FROM, f"[kind={kind}]", name)
    entries = spec.get(_FROM[1]) or []
    number = int(keys[2]) if keys[2].isdecimal() else len(entries)
    if number >= len(entries):
        return None
    # What names a file of the chart is in another list.
    before = sum(not each.get("chartFileRef") for each in entries[:number])
    return (*_FROM, str(len(secrets) + before), name)


def with_replaced(form: Mapping[str, Any], wanted: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Gives a release in which a field has the value that a replacement writes.

    Args:
        form: the release without it.
        wanted: as it shall be.
        path: of the field; items of lists are named by their place, or by a value that they have.

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
            if key == str(number) or (value and isinstance(old, Mapping) and old.get(name) == value)
            else old
            for number, (old, new) in enumerate(zip(form, wanted, strict=True))
        ]
    if isinstance(form, Mapping) and isinstance(wanted, Mapping) and key in wanted:
        return {**form, key: _replaced(form.get(key, {} if rest else None), wanted[key], rest)}
    return form
