"""Markers that are asked for, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fluxv2_migrate.flux2.marker_places import FieldPath

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
