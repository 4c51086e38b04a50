"""Large collections of a document, whose places are remembered so that they can be left out later."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from fluxv2_migrate.yaml_text.nodes import MappingNode, SequenceNode

LEVELS: Final = 3
"""Levels below the root at which they are remembered, in mappings alone."""
LARGE: Final = 400
"""Characters of a collection that is worth leaving out."""

Parts: TypeAlias = Mapping[int, tuple[int, type[SequenceNode] | type[MappingNode]]]
"""Large block collections of a document that was read: their ends and kinds, by their begins."""
NO_PARTS: Final[Parts] = MappingProxyType({})
