"""What a migration does, one change at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from fluxv2_migrate.plan import Operation, Path, Remove, Set

_OF_PATCHES: Final = "patch"
"""A patch says what is left of all rules for the release that it patches: none of them alone."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was done, and what it was computed from.

    Attributes:
        rule: which rule did it.
        resource: `kind namespace/name` of the v1 resource.
        path: the v1 file; empty for what is computed from no file.
        line: in that file, 1-based.
        fields: the v1 fields, dotted.
        target_path: the file that it went to.
        target_field: the v2 field, dotted; empty where something was removed.
    """

    rule: str
    resource: str
    path: str
    line: int
    fields: tuple[str, ...]
    target_path: str
    target_field: str


def kustomization_change(path: str) -> Change:
    """Gives what is done where a kustomization lists other files, or patches other objects, than before."""
    return Change("kustomization", f"Kustomization {path}", path, 1, (), path, "resources")


def change_of(operation: Operation, resource: str, path: str, line: int, target_path: str) -> Change:
    """Gives what an operation did, as provenance."""
    if isinstance(operation, Set):
        fields, target = operation.because, dotted(operation.path)
    elif isinstance(operation, Remove):
        fields, target = (dotted(operation.path),), ""
    else:
        fields, target = (dotted(operation.source),), dotted(operation.target)
    return Change(operation.rule or _OF_PATCHES, resource, path, line, fields, target_path, target)


@lru_cache(maxsize=256)
def dotted(path: Path) -> str:
    """Gives a field as changes name it: the same few change in all releases, and each is held once.

    >>> dotted(("spec", "timeout"))
    'spec.timeout'
    """
    return ".".join(path)


@dataclass(frozen=True, slots=True)
class RearrangedTexts:
    """Files of which what is built stays the same.

    Attributes:
        files: those that change or are new.
        owners: the files of the releases and workloads for which they are.
        is_needed: whether they are written although nothing else of them changes.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    owners: frozenset[str] = frozenset()
    is_needed: bool = False

    def with_more(self, other: RearrangedTexts) -> RearrangedTexts:
        """Gives these with those that were written afterwards."""
        return RearrangedTexts({**self.files, **other.files}, self.owners | other.owners)

    def stay(self, touched: Collection[str]) -> bool:
        """Gives whether they stay, once it is known which files the migration changes or makes."""
        return self.is_needed or not {*self.files, *self.owners}.isdisjoint(touched)
