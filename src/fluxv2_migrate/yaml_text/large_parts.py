"""Large collections of a document, whose places are remembered so that they can be left out later."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

from fluxv2_migrate.yaml_text.nodes import MappingNode, SequenceNode

LEVELS: Final = 3
"""Levels below the root at which they are remembered, in mappings alone."""
LARGE: Final = 400
"""Characters of a collection that is worth leaving out."""

Parts: TypeAlias = Mapping[int, tuple[int, type[SequenceNode] | type[MappingNode]]]
"""Large block collections of a document that was read: their ends and kinds, by their begins."""
NO_PARTS: Final[Parts] = MappingProxyType({})


class KnownPart(NamedTuple):
    """A large part of a document that was read.

    Attributes:
        column: in which it stands.
        value: what it means.
        inner: the large parts in it.
    """

    text: str
    begin: int
    end: int
    column: int
    value: Any
    inner: Parts


class KnownParts:
    r"""What large parts mean that were read before: an edited text has most of what it had.

    >>> known, text = KnownParts(), "a:\n  b: " + 500 * "c"
    >>> known.remember(KnownPart(text, 5, len(text), 2, {"b": 500 * "c"}, NO_PARTS))
    >>> known.find("# ours\n" + text, 12, 2) is not None, known.find(text[:-1], 5, 2)
    (True, None)
    """

    def __init__(self) -> None:
        self._known: dict[int, KnownPart] = {}

    def remember(self, part: KnownPart) -> None:
        """Keeps what a part means, unless that hangs on blank lines behind it."""
        text, begin, end = part[:3]
        if text.find("|+", begin, end) < 0 and text.find(">+", begin, end) < 0:
            # A number takes less than a text does; that two beginnings have the same one is seen.
            self._known[hash(text[begin : begin + LARGE])] = part

    def find(self, text: str, begin: int, column: int) -> KnownPart | None:
        """Gives the part that stands in a text at an offset, as far as it is known."""
        known = self._known.get(hash(text[begin : begin + LARGE]))
        if known is None or known.column != column:
            return None
        part = known.text[known.begin : known.end]
        return known if text.startswith(part, begin) else None

    def let_go(self) -> None:
        """Lets go of all parts."""
        self._known.clear()
