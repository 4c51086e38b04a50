"""Markers that are asked for, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from fluxv2_migrate.flux2.marker_places import FieldPath
from fluxv2_migrate.yaml_text import alias_places, read_nodes, write_out

RefusalReason = Literal[
    "not-there",
    "no-scalar",
    "empty-value",
    "merge-key",
    "other-marker",
    "shared-value",
    "unparseable",
    "text-form",
]


@dataclass(frozen=True, slots=True)
class MarkerEdit:
    """A marker that is to be written.

    Attributes:
        path: the field in its document.
        policy: what the marker names: `namespace:policy`, with `:tag` or `:name` behind it or nothing.
    """

    path: FieldPath
    policy: str

    @property
    def comment(self) -> str:
        """The comment."""
        return f'# {{"$imagepolicy": "{self.policy}"}}'


@dataclass(frozen=True, slots=True)
class WrittenMarker:
    """A marker that stands in the text.

    Attributes:
        path: the field that it stands behind: another one where the field is an alias.
        line: of the comment in the document, 1-based.
        quoted: the value as it stood, if it was no text and is one now that it is quoted.
        changed: whether it had to be written.
    """

    edit: MarkerEdit
    path: FieldPath
    line: int
    quoted: str | None = None
    changed: bool = True


@dataclass(frozen=True, slots=True)
class RefusedMarker:
    """A marker that cannot be written.

    Attributes:
        reason: what it is, the same in every message of its kind.
    """

    edit: MarkerEdit
    reason: RefusalReason
    message: str


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A document with its markers.

    Attributes:
        markers: those that stand in it, in the order in which they were asked for.
        refused: those that do not.
    """

    text: str
    markers: tuple[WrittenMarker, ...]
    refused: tuple[RefusedMarker, ...] = ()


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
