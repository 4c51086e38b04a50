"""Replacements of kustomizations that read or write fields of releases, pointed to where these are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fluxv2_migrate.kustomize import PatchUse
from fluxv2_migrate.plan import Path
from fluxv2_migrate.releases.patched import HeldBack
from fluxv2_migrate.rules import CARRIED, VALUES

__all__ = ["ReplacementEdit", "edits_of_replacement"]

_GROUP: Final = "helm.toolkit.fluxcd.io"
_OLD_GROUP: Final = "helm.fluxcd.io"
_KIND: Final = "HelmRelease"


@dataclass(frozen=True, slots=True)
class ReplacementEdit:
    """What becomes of a part of a replacement.

    Attributes:
        path: of a mapping in the kustomization, or of a text in a list.
        values: that fields of the mapping get.
        text: that comes in the place of the other one.
        written: the field of a release of Flux v2 that it writes.
    """

    path: tuple[str | int, ...]
    values: Mapping[str, str] | None = None
    text: str = ""
    written: Path = ()


def edits_of_replacement(use: PatchUse, entry: Mapping[str, Any], version: str) -> Iterator[ReplacementEdit]:
    """Gives what becomes of a replacement that concerns releases.

    Args:
        use: of the replacement.
        entry: as its kustomization has it.
        version: of the API of releases of Flux v2.

    Raises:
        HeldBack: it concerns a field that has another form in Flux v2.
    """
    if use.path or entry.get("path"):
        raise HeldBack(f"a replacement in a file of its own, which {use.kustomization} names, concerns it")
    at: tuple[str | int, ...] = (use.field, use.index)
    source = entry.get("source")
    if isinstance(source, Mapping) and _is_for_releases(source):
        values = dict(_selector(source, version))
        if source.get("fieldPath"):
            values["fieldPath"] = _field(str(source["fieldPath"]))
        yield ReplacementEdit((*at, "source"), values)
    targets = entry.get("targets")
    for number, target in enumerate(targets if isinstance(targets, list) else ()):
        select = target.get("select")
        if not isinstance(select, Mapping) or not _is_for_releases(select):
            continue
        yield ReplacementEdit((*at, "targets", number, "select"), dict(_selector(select, version)))
        for index, path in enumerate(target.get("fieldPaths") or ()):
            text = _field(str(path))
            place = (*at, "targets", number, "fieldPaths", index)
            yield ReplacementEdit(place, text=text, written=tuple(text.split(".")))


def _is_for_releases(selector: Mapping[str, Any]) -> bool:
    return selector.get("kind") in (None, "", _KIND) and selector.get("group") in (None, "", _OLD_GROUP)


def _selector(selector: Mapping[str, Any], version: str) -> Iterator[tuple[str, str]]:
    if selector.get("group"):
        yield "group", _GROUP
    if selector.get("version"):
        yield "version", version


def _field(path: str) -> str:
    keys = tuple(path.split("."))
    if keys[0] == "metadata" or keys[:2] == VALUES:
        return path
    if keys not in CARRIED:
        raise HeldBack(f"a replacement concerns {path}, which has another form in Flux v2")
    return ".".join(CARRIED[keys])
