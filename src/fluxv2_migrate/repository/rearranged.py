"""Files that say the same in another way, written before anything is migrated."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field


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
