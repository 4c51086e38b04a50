"""What must exist in a cluster before generated objects work, each thing once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from fluxv2_migrate.kubernetes import numbered


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """Something that must exist in the cluster before a generated object works.

    Attributes:
        kind: of Kubernetes.
        name: of the object.
        namespace: of the object.
        keys: of the Secret.
        used_by: `kind namespace/name` of what needs it.
        copy_of: `namespace/name` of the object that holds the same for Flux v1, or empty.
    """

    kind: Literal["Secret"]
    name: str
    namespace: str
    keys: tuple[str, ...]
    used_by: tuple[str, ...]
    copy_of: str = ""


Needed: TypeAlias = dict[tuple[str, str], Prerequisite]
"""What must exist first, by namespace and name."""


def name_of_copy(
    origin: tuple[str, str], namespace: str, needed: Needed, in_use: Collection[tuple[str, str]]
) -> str:
    """Gives the name that a Secret gets in another namespace: its own, unless that is another one's.

    Args:
        origin: namespace and name of the Secret.
        in_use: namespace and name of the Secrets that something reads where they are. What objects of Flux v2
            read that are there already is left out: it may be the very copy that an earlier migration made.

    >>> name_of_copy(("shop", "key"), "flux", {}, ())
    'key'
    >>> name_of_copy(("shop", "key"), "flux", {}, [("flux", "key")])
    'shop-key'
    """

    def is_free(name: str) -> bool:
        other = needed.get((namespace, name))
        if other is not None:
            return other.copy_of == "/".join(origin)
        return (namespace, name) not in in_use

    return next(filter(is_free, numbered(origin[1], "-".join(origin))))


def note_needed(needed: Needed, more: Iterable[Prerequisite]) -> None:
    """Adds what must exist first; what is needed already has the keys and serves the users of both.

    >>> needed = {}
    >>> note_needed(needed, [Prerequisite("Secret", "key", "flux", ("identity",), ("GitRepository flux/a",))])
    >>> note_needed(needed, [Prerequisite("Secret", "key", "flux", ("ca.crt",), ("HelmRepository flux/b",))])
    >>> needed["flux", "key"].keys, needed["flux", "key"].used_by
    (('identity', 'ca.crt'), ('GitRepository flux/a', 'HelmRepository flux/b'))
    """
    for each in more:
        known = needed.get((each.namespace, each.name), each)
        keys = tuple(dict.fromkeys((*known.keys, *each.keys)))
        users = tuple(dict.fromkeys((*known.used_by, *each.used_by)))
        copied = known.copy_of or each.copy_of
        needed[each.namespace, each.name] = replace(known, keys=keys, used_by=users, copy_of=copied)
