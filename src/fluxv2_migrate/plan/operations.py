"""What can be done to a manifest. What no operation names is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fluxv2_migrate.yaml_text import Place

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Set:
    """Gives a field a value; a new field goes to its place, an old one keeps its own.

    Attributes:
        value: its value, in JSON's types.
        place: where it goes if it is new.
        because: the v1 fields it is computed from.
        rule: the rule that asks for it.
        text: a document of this entry alone, as people wrote it elsewhere, with its comments; empty where
            the value is written anew.
    """

    path: Path
    value: Any
    place: Place = field(default_factory=Place)
    because: tuple[str, ...] = ()
    rule: str = ""
    text: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Move:
    """Moves a field's text with its comments; within one mapping it keeps its position."""

    source: Path
    target: Path
    place: Place = field(default_factory=Place)
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Remove:
    """Takes a field out; its comments stay, unless they go to `comments_to`, a new object's field."""

    path: Path
    comments_to: str | None = None
    rule: str = ""


Operation = Set | Move | Remove
Plan = tuple[Operation, ...]


def source_of(operation: Operation) -> Path:
    """Gives the field that an operation is about, as it is called before.

    >>> source_of(Move(("a",), ("b",))), source_of(Remove(("c",)))
    (('a',), ('c',))
    """
    return operation.source if isinstance(operation, Move) else operation.path
