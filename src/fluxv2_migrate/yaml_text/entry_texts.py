"""Entries of a document as texts of their own, to be put into another one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from fluxv2_migrate.errors import InvalidManifest
from fluxv2_migrate.yaml_text.block import BlockMapping
from fluxv2_migrate.yaml_text.composer import read_document, read_nodes
from fluxv2_migrate.yaml_text.emitter import detect_style
from fluxv2_migrate.yaml_text.extents import CannotEdit, reindent
from fluxv2_migrate.yaml_text.readings import scalars_read_otherwise

_START: Final = re.compile(r"\A\s*(?:---[^\n]*\n)?|\A[ \t]*(?=#)")


def entry_text(text: str, path: Sequence[str]) -> str:
    r"""Gives one entry of a document as a document of its own, with the comments that belong to it.

    Returns:
        The text; an empty one where it cannot be taken out as it stands, or where kustomize reads a scalar in
        it otherwise than Flux v1 did.

    >>> print(entry_text("# of the shop\na:\n  # two\n  b: 2 # since May\nc: 3\n", ["a", "b"]), end="")
    # two
    b: 2 # since May
    """
    try:
        root = read_nodes(text)
        if scalars_read_otherwise(text, root):
            return ""
        mapping = BlockMapping.of_document(text, root, detect_style(text))
        for key in path[:-1]:
            mapping = mapping.child(key)
        entry = mapping.entry(path[-1])
        if entry is None:
            return ""
        opening = _START.sub("", mapping.opening) if mapping.entries[0] is entry else ""
        found = reindent(f"{opening}{entry.lead}{entry.head}{entry.body}", -mapping.indent)
        # An alias, for one, means nothing without the rest.
        read_document(found)
    except (CannotEdit, InvalidManifest):
        return ""
    return found.lstrip("\r\n")
