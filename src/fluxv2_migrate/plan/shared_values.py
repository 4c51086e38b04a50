"""Values that an anchor makes one with others, of which an update shall move only some."""

from __future__ import annotations

from collections.abc import Iterable

from fluxv2_migrate.plan.marker_edits import MarkerEdit
from fluxv2_migrate.yaml_text import alias_places, read_nodes, write_out


def write_out_shared(text: str, edits: Iterable[MarkerEdit]) -> str:
    r"""Gives a document in which aliases are written out that an update would move, and fluxd did not.

    fluxd wrote the scalar of an image's field alone, and a mapping that stands in several places in all of
    them. A scalar with aliases stays one where all of its fields get the same marker.

    Args:
        edits: the markers that are to be written.

    Raises:
        CannotEdit: an alias is written in a form in which it cannot be found.
        InvalidManifest: the document is no YAML.

    >>> text = "image: {tag: &tag 1.2.3}\nversion: *tag\n"
    >>> print(write_out_shared(text, [MarkerEdit(("image", "tag"), "flux-system:web:tag")]), end="")
    image: {tag: &tag 1.2.3}
    version: 1.2.3
    """
    if "&" not in text:
        return text
    root = read_nodes(text)
    policies = {_texts(each.path): each.policy for each in edits}
    apart = {
        here
        for here, there in ((_texts(alias), _texts(anchor)) for alias, anchor in alias_places(text, root))
        if policies.get(here) != policies.get(there)
    }
    return write_out(text, root, lambda path: _texts(path) in apart) if apart else text


def _texts(path: Iterable[str | int]) -> tuple[str, ...]:
    # The index of an item may be given as a text.
    return tuple(map(str, path))
