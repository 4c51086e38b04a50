"""What may differ, as somebody declared it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fluxv2_migrate.given import item_index
from fluxv2_migrate.meaning import Difference
from fluxv2_migrate.meaning.comparison import ABSENT, in_cluster, same_json

Declared = Mapping[tuple[str, str], Collection[str] | Mapping[str, Any]]
"""By path before and resource, the fields that may differ: alone, or with the values expected afterwards, of
which `None` is any."""
_ANYTHING: Final = object()
_APPLIED: Final = "applied"
_CONTENTS: Final = "contents"
# They decide which release of Helm it is, and whether anything works at all.
_NO_CONTENTS: Final = ("managed", "managers", "namespace", "refused", "release_name")
_OF_THE_PLACE: Final = ("storage_namespace", "target_namespace")


@dataclass(frozen=True, slots=True)
class Declaration:
    """The fields of an object that were said to differ, with the values that they shall have.

    Attributes:
        own: that were said of the object itself.
        every: these, and what was said of it and others.
    """

    own: Mapping[str, Any]
    every: Mapping[str, Any]

    def explains(self, difference: Difference) -> bool:
        """Gives whether a difference is one that was declared, alone or with all that the object says."""
        if difference.field in _OF_THE_PLACE:
            if _APPLIED in self.every:
                # Another object stands for it, which is elsewhere.
                return True
        elif _CONTENTS in self.every and difference.field not in _NO_CONTENTS:
            return True
        return any(
            self.every[name] in (None, _ANYTHING) or _is_as_declared(difference, name, self.every[name])
            for name in _names(difference.field)
            if name in self.every
        )

    def knows(self, name: str) -> bool:
        """Gives whether it was said of a field that it may differ, be it known or not."""
        return any(each in self.every for each in _names(name))

    def parted(self, found: Sequence[Difference]) -> tuple[tuple[Difference, ...], tuple[Difference, ...]]:
        """Gives the differences that nobody declared, and those that somebody did."""
        left = tuple(each for each in found if not self.explains(each))
        return left, tuple(each for each in found if each not in left)

    def undue(self, fields: Collection[str]) -> tuple[str, ...]:
        """Gives what was declared of the object itself and differs nowhere, sorted."""
        known = {name for each in fields for name in _names(each)}
        return tuple(sorted(name for name in self.own if name not in known))


def _names(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts) + 1)]


def _is_as_declared(difference: Difference, name: str, expected: Any) -> bool:
    """Gives whether a difference leads to the value that was declared of its field."""
    if name != difference.field:
        return False
    for key in difference.path:
        if isinstance(expected, Mapping):
            expected = expected.get(key, ABSENT)
        elif isinstance(expected, tuple) and (index := item_index(key, len(expected))) is not None:
            expected = expected[index]
    return same_json(expected, difference.after)


@dataclass(frozen=True, slots=True)
class Declarations:
    """All that was declared.

    Attributes:
        given: by path before and resource; an empty path or resource stands for all.
    """

    given: Declared

    def of(self, path: str, resources: Sequence[str], cluster: str = "") -> Declaration:
        """Gives what was declared of an object.

        Args:
            path: its file before.
            resources: its names; it may have another one in each cluster.
            cluster: that has it; what differs between clusters is declared of each.
        """
        own: dict[str, Any] = {}
        for resource in resources:
            own |= self._fields(path, resource)
        for resource in resources if cluster else ():
            own |= self._fields(path, in_cluster(resource, cluster))
        every = dict(own)
        for key in ((path, ""), ("", ""), *(("", resource) for resource in resources)):
            every |= {name: value for name, value in self._fields(*key).items() if name not in every}
        return Declaration(own, every)

    def is_applied_elsewhere(self, resource: str) -> bool:
        """Gives whether it was declared of an object that something else applies it."""
        return _APPLIED in self._fields("", resource)

    def _fields(self, path: str, resource: str) -> dict[str, Any]:
        found = self.given.get((path, resource), ())
        return dict(found) if isinstance(found, Mapping) else dict.fromkeys(found, _ANYTHING)
