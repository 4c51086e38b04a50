"""What a migration does, one change at a time."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Change"]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was done, and what it was computed from.

    Attributes:
        rule: which rule did it.
        resource: `kind namespace/name` of the v1 resource.
        path: the v1 file; empty for what is computed from no file.
        line: in that file, 1-based.
        fields: the v1 fields, dotted.
        target_path: the file that it went to.
        target_field: the v2 field, dotted; empty where something was removed.
    """

    rule: str
    resource: str
    path: str
    line: int
    fields: tuple[str, ...]
    target_path: str
    target_field: str
